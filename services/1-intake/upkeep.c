/* What keeps a ledger alive: backups noted, a restore declared, events set aside for one stage. Signed commands like the
 * others. */
#include <string.h>

#include "services/1-intake/state.h"

/* Does the ledger hold this chained hash at `seq`? */
static bool head_is_ours(visit_t *visit, uint64_t seq, const uint8_t hash[HASH_SIZE]) {
    if (txn_stands(visit->intake->group, seq, hash)) return true;
    text_t shown = arena_format(visit->intake->arena, "%llu", (unsigned long long)seq);
    visit_refuse(visit, REASON_OF(wrong_head), text_of("seq"), &shown, 1);
    return false;
}

void on_backup_taken(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    backup_taken_t taken;
    if (!visit_body(visit, body, backup_taken_type(), &taken) || !head_is_ours(visit, taken.seq, taken.head_hash)) return;
    uint64_t seq = group_append(self, backup_taken_type(), &taken, group_stamp(self));
    if (taken.seq > self->backup_seq) self->backup_seq = taken.seq;
    txn_fact_put(self->group, FACT_BACKUP, self->backup_seq);
    command_obeyed(visit, command, seq);
}

void on_quarantined(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    quarantined_t entry;
    if (!visit_body(visit, body, quarantined_type(), &entry) || !remark_is_clean(visit, entry.why)) return;
    store_key_t key = key_new();
    key_add_text(&key, entry.stage);
    key_add_u64(&key, entry.seq);
    key_add_bytes(&key, entry.hash, sizeof entry.hash);
    uint64_t seq = group_append(self, quarantined_type(), &entry, group_stamp(self));
    txn_put(self->group, TABLE_QUARANTINES, &key, &entry);
    command_obeyed(visit, command, seq);
}

void forks_add(intake_t *self, const ledger_restored_t *restored) {
    fork_t *forks = ARENA_NEW(self->kept, fork_t, self->fork_count + 1);
    if (self->fork_count > 0) memcpy(forks, self->forks, sizeof *forks * self->fork_count);
    forks[self->fork_count++] = (fork_t){.epoch = restored->epoch, .seq = restored->fork_seq};
    self->forks = forks;
    self->epoch = restored->epoch;
}

uint64_t fork_since(const intake_t *self, uint64_t epoch) {
    uint64_t seq = UINT64_MAX;
    for (uint32_t index = 0; index < self->fork_count; index++)
        if (self->forks[index].epoch > epoch && self->forks[index].seq < seq) seq = self->forks[index].seq;
    return seq;
}

/* Offline only, by who restores: no door of a running ledger takes it. */
void on_ledger_restored(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    ledger_restored_t restored;
    if (!self->restoring) {
        visit_refuse(visit, REASON_OF(not_permitted), text_of("body"), NULL, 0);
        return;
    }
    if (!visit_body(visit, body, ledger_restored_type(), &restored)) return;
    if (restored.epoch <= self->epoch || restored.fork_seq != self->tail_seq) {
        bool epoch = restored.epoch <= self->epoch;
        visit_refuse(visit, REASON_OF(out_of_range), text_of(epoch ? "epoch" : "fork_seq"), NULL, 0);
        return;
    }
    if (!head_is_ours(visit, restored.fork_seq, restored.fork_hash)) return;
    forks_add(self, &restored); /* this entry is the first of its epoch */
    uint64_t seq = group_append(self, ledger_restored_type(), &restored, ledger_clock_floor(&self->clock));
    store_key_t key = key_new();
    key_add_u64(&key, restored.epoch);
    txn_put(self->group, TABLE_FORKS, &key, &restored);
    self->backup_seq = restored.fork_seq; /* it has just been read back */
    txn_fact_put(self->group, FACT_BACKUP, self->backup_seq);
    self->restoring = false;
    command_obeyed(visit, command, seq);
}
