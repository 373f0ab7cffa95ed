/* The open group: entries, ticks and counts on their way to one commit. */
#include <sys/statvfs.h>

#include "services/1-intake/state.h"

bool space_is_low(const intake_t *self) {
    struct statvfs disk;
    uint64_t used = 0, size = 0;
    store_usage(self->store, &used, &size);
    if (used >= size || statvfs(self->path, &disk) != 0) return true;
    return (uint64_t)disk.f_bavail * disk.f_frsize < self->reserve;
}

bool group_begin(intake_t *self) {
    if (self->group != NULL) return true;
    if (self->err != OK) return false;
    self->group = store_write(self->store);
    if (self->group == NULL) {
        self->err = ERR_STORE;
        return false;
    }
    self->group_count = 0;
    self->group_ms = ledger_clock_stamp(&self->clock);
    self->tail_seq = txn_head(self->group).seq;
    self->busy = space_is_low(self);
    return true;
}

uint64_t group_append(intake_t *self, const message_t *type, const void *value, int64_t at_ms) {
    return group_append_known(self, type, value, NULL, NULL, at_ms);
}

uint64_t group_append_known(intake_t *self, const message_t *type, const void *value, const wire_known_t *known,
                            const uint8_t *hash, int64_t at_ms) {
    uint64_t seq = 0;
    self->tail_seq++;
    event_t header = {.epoch = self->epoch, .cause_seq = self->tail_seq, .at_ms = at_ms};
    txn_append_known(self->group, &header, type, value, known, hash, &seq);
    if (txn_error(self->group) == OK && seq != self->tail_seq) txn_fail(self->group, ERR_CORRUPT);
    self->group_count++;
    ledger_clock_passed(&self->clock, at_ms, type->kind == KIND_clock_ticked);
    return self->tail_seq;
}

void group_append_counts(intake_t *self) {
    const plan_t *plan = planbook_plan(self->book);
    for (uint32_t index = 0; index < intake_counts_size(self->counts); index++) {
        uint32_t unit = UNIT_UNKNOWN;
        refusals_counted_t counted = intake_counts_at(self->counts, index, &unit);
        if (unit != UNIT_UNKNOWN) counted.unit = plan->units[unit].id;
        group_append(self, refusals_counted_type(), &counted, ledger_clock_floor(&self->clock));
    }
    intake_counts_clear(self->counts);
}

void group_append_tick(intake_t *self, int64_t at_ms) {
    clock_ticked_t ticked = {.at_ms = (uint64_t)at_ms};
    group_append(self, clock_ticked_type(), &ticked, at_ms);
}

int64_t group_stamp(intake_t *self) {
    int64_t due_ms = ledger_clock_due(&self->clock);
    if (due_ms > 0) {
        group_append_counts(self);
        group_append_tick(self, due_ms);
    }
    return ledger_clock_stamp(&self->clock);
}
