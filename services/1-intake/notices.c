/* What was delivered outside, or was not: noted once, whatever the notifier repeats. */
#include <string.h>

#include "services/1-intake/state.h"

static store_key_t key_of_notice(const uint8_t id[16]) {
    store_key_t key = key_new();
    key_add_bytes(&key, id, 16);
    return key;
}

/* A result may be about any unit of the plan, and about no other. */
static bool units_are_known(visit_t *visit, const notice_part_t *parts, uint32_t count) {
    for (uint32_t index = 0; index < count; index++) {
        if (unit_position(visit->intake, parts[index].unit) != UNIT_UNKNOWN) continue;
        text_t path = arena_format(visit->intake->arena, "parts[%u].unit", index);
        visit_refuse(visit, REASON_OF(unknown_unit), path, &parts[index].unit, 1);
        return false;
    }
    return true;
}

static void note(visit_t *visit, const message_t *type, const void *value, const uint8_t id[16]) {
    intake_t *self = visit->intake;
    if (!group_begin(self)) return;
    store_key_t key = key_of_notice(id);
    intake_notice_t kept;
    notice_noted_t noted = {.duplicate = txn_get(self->group, TABLE_NOTICES, &key, self->arena, &kept)};
    if (!noted.duplicate) {
        if (self->busy) {
            visit_busy(visit);
            return;
        }
        kept.seq = group_append(self, type, value, group_stamp(self));
        txn_put(self->group, TABLE_NOTICES, &key, &kept);
    }
    noted.seq = kept.seq;
    packet_encode(visit->packet.request_id, notice_noted_type(), &noted, visit_buffer(visit, kept.seq));
}

void on_notice_sent(visit_t *visit) {
    notice_sent_t sent;
    if (!visit_body(visit, &visit->packet, notice_sent_type(), &sent)) return;
    if (units_are_known(visit, sent.parts, sent.parts_count)) note(visit, notice_sent_type(), &sent, sent.id);
}

void on_notice_failed(visit_t *visit) {
    notice_failed_t failed;
    if (!visit_body(visit, &visit->packet, notice_failed_type(), &failed)) return;
    if (units_are_known(visit, failed.parts, failed.parts_count)) note(visit, notice_failed_type(), &failed, failed.id);
}

/* Which letters are dead the notifier knows; a result that the ledger never heard of is nobody's. */
void on_notice_retried(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    notice_retried_t retried;
    intake_notice_t kept;
    if (!visit_body(visit, body, notice_retried_type(), &retried)) return;
    store_key_t key = key_of_notice(retried.message);
    bool one = !bytes_are_zero(retried.message, sizeof retried.message);
    if (one && !txn_get(self->group, TABLE_NOTICES, &key, self->arena, &kept)) {
        visit_refuse(visit, REASON_OF(not_there), text_of("message"), NULL, 0);
        return;
    }
    retried.actor = visit->actor;
    command_obeyed(visit, command, group_append(self, notice_retried_type(), &retried, group_stamp(self)));
}
