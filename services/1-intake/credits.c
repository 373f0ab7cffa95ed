/* The coordinator decides which of several claims of one key counts; whether it stands is validation's to say. */
#include "services/1-intake/state.h"

#include <string.h>

void on_claim_credit(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    claim_credit_t credit;
    if (!visit_body(visit, body, claim_credit_type(), &credit) || !remark_is_clean(visit, credit.why)) return;
    if (self->closed) {
        visit_refuse(visit, REASON_OF(plan_is_closed), text_of(NULL), NULL, 0);
        return;
    }
    if (unit_position(self, credit.unit) == UNIT_UNKNOWN) {
        visit_refuse(visit, REASON_OF(unknown_unit), text_of("unit"), &credit.unit, 1);
        return;
    }
    if (visit->actor.office == office_coordinator && text_equal(visit->actor.unit, credit.unit)) {
        visit_refuse(visit, REASON_OF(own_unit), text_of("unit"), &credit.unit, 1);
        return;
    }
    claim_credited_t credited = {.indicator = credit.indicator,
                                 .key_kind = credit.key_kind,
                                 .key = credit.key,
                                 .unit = credit.unit,
                                 .period = credit.period,
                                 .member = credit.member,
                                 .seq = credit.seq,
                                 .why = credit.why,
                                 .actor = visit->actor};
    memcpy(credited.person, credit.person, sizeof credited.person);
    memcpy(credited.command_id, command->command_id, sizeof credited.command_id);
    uint64_t seq = group_append(self, claim_credited_type(), &credited, group_stamp(self));
    command_obeyed(visit, command, seq);
}
