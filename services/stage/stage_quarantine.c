/* Events that a stage may skip: a signed entry names them, the stage says so in its own stream, and on replay too. */
#include "services/stage/stage_inner.h"

#include "services/stage/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What became of an event that some quarantine names by its seq: its chained hash, and whether that was the one named. Kept in
 * the transaction that applies it, so that a list that came later is noticed. */
typedef struct {
    uint8_t hash[HASH_SIZE];
    uint8_t skipped;
} met_t;

static void met_name(uint64_t seq, char name[MET_NAME]) { snprintf(name, MET_NAME, "met-%llu", (unsigned long long)seq); }

static bool met_read(txn_t *txn, uint64_t seq, met_t *met) {
    char name[MET_NAME];
    uint8_t bytes[HASH_SIZE + 1];
    met_name(seq, name);
    if (!txn_fact_bytes(txn, name, bytes, sizeof bytes)) return false;
    memcpy(met->hash, bytes, HASH_SIZE);
    met->skipped = bytes[HASH_SIZE];
    return true;
}

static void met_write(txn_t *txn, uint64_t seq, const met_t *met) {
    char name[MET_NAME];
    uint8_t bytes[HASH_SIZE + 1];
    met_name(seq, name);
    memcpy(bytes, met->hash, HASH_SIZE);
    bytes[HASH_SIZE] = met->skipped;
    txn_fact_bytes_put(txn, name, bytes, sizeof bytes);
    if (met->skipped) txn_fact_put(txn, "skips", txn_fact(txn, "skips") + 1);
}

bool turn_skipped(turn_t *self, uint64_t seq) {
    met_t met;
    return met_read(self->txn, seq, &met) && met.skipped;
}

bool quarantine_names(const stage_t *self, const link_t *link) {
    for (uint32_t index = 0; index < self->quarantine_count; index++) {
        const quarantine_t *row = &self->quarantines[index];
        if (row->seq == link->event.seq && memcmp(row->hash, link->hash, HASH_SIZE) == 0) return true;
    }
    return false;
}

bool quarantine_meet(stage_t *self, const link_t *link) {
    bool named = false;
    for (uint32_t index = 0; index < self->quarantine_count && !named; index++)
        named = self->quarantines[index].seq == link->event.seq;
    if (!named) return false;
    met_t met = {.skipped = quarantine_names(self, link)};
    memcpy(met.hash, link->hash, HASH_SIZE);
    met_write(self->txn, link->event.seq, &met);
    return met.skipped;
}

void event_skip(turn_t *turn, const link_t *link) {
    stage_t *self = turn->stage;
    log_warn("event_skipped", "stage=%s stream=%s seq=%llu kind=%u why=quarantined", self->role->name,
             stream_name(self->role->reads), (unsigned long long)link->event.seq, link->event.kind);
    if (self->role->writes == STREAM_NONE) return;
    event_skipped_t skipped = {.stage = text_of(self->role->name), .seq = link->event.seq};
    memcpy(skipped.hash, link->hash, sizeof skipped.hash);
    turn_emit(turn, event_skipped_type(), &skipped);
}

void quarantine_notice(stage_t *self, const link_t *link) {
    quarantined_t entry;
    fault_t fault;
    if (event_body(&link->event, quarantined_type(), self->loop.arena, &entry, &fault) != OK) return; /* the role says so */
    if (text_is(entry.stage, self->role->name)) self->quarantine_news = true;
}

/* Is what this stage has behind it what a replay under this list would give? */
static bool list_is_kept(stage_t *self, txn_t *txn) {
    uint64_t skips = 0;
    for (uint32_t index = 0; index < self->quarantine_count; index++) {
        const quarantine_t *row = &self->quarantines[index];
        met_t met;
        if (row->seq > self->place.in_seq && row->seq != self->place.agenda_seq) continue;
        if (!met_read(txn, row->seq, &met)) return false; /* applied before anybody named it */
        bool same = memcmp(met.hash, row->hash, HASH_SIZE) == 0;
        if (same && !met.skipped) return false;
        skips += same;
    }
    return skips == txn_fact(txn, "skips"); /* fewer: one was skipped that nobody names any more */
}

err_t stage_quarantine(stage_t *self, const quarantined_t *rows, uint32_t count) {
    err_t err = stage_commit(self);
    if (err != OK) return err;
    free(self->quarantines);
    self->quarantines = calloc(count + 1, sizeof *self->quarantines);
    self->quarantine_count = 0;
    if (self->quarantines == NULL) return ERR_NOMEM;
    for (uint32_t index = 0; index < count; index++) {
        if (!text_is(rows[index].stage, self->role->name)) continue;
        quarantine_t *row = &self->quarantines[self->quarantine_count++];
        row->seq = rows[index].seq;
        memcpy(row->hash, rows[index].hash, sizeof row->hash);
    }
    self->quarantine_news = false;
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return ERR_STORE;
    bool kept = list_is_kept(self, txn);
    err = txn_error(txn);
    txn_abort(&txn);
    if (err != OK || kept) return err;
    log_warn("quarantine_changed", "stage=%s in_seq=%llu action=drop_and_rebuild", self->role->name,
             (unsigned long long)self->place.in_seq);
    return stage_drop(self);
}
