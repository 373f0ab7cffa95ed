/* The coordinator decides which of several claims of one key counts; whether it stands is validation's to say. */
#include "services/1-intake/state.h"

#include <string.h>

/* Whose posting it is may come up as long as postings are confirmed. */
static bool is_posting(const intake_t *self, const claim_credit_t *credit) {
    const indicator_t *indicator = planbook_indicator(self->book, credit->indicator);
    return indicator != NULL && indicator->target.shape == shape_lasting;
}

void on_claim_credit(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    claim_credit_t credit;
    if (!visit_body(visit, body, claim_credit_type(), &credit) || !remark_is_clean(visit, credit.why)) return;
    if (!plan_is_open_for(visit, is_posting(self, &credit))) return;
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
