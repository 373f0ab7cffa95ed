/* Reads chunks, and single events by what they are called outside. */
#include "services/4-alerting/chunk.h"

#include "services/stage/log.h"

#include <string.h>

uint64_t chunk_sure(txn_t *txn, head_t sure) {
    return sure.seq > 0 && txn_stands(txn, sure.seq, sure.hash) ? sure.seq : 0;
}

static notice_t notice_kept(const notice_t *read, arena_t *arena) {
    notice_t kept = *read;
    kept.unit = arena_text(arena, read->unit);
    kept.channel = arena_text(arena, read->channel);
    kept.body = arena_text(arena, read->body);
    return kept;
}

/* false: what stands there cannot be read. Of an event only its notice is kept: there are bundles and parts of a plan among them,
 * thousands before the chunk has its notices. */
static bool event_add(chunk_t *chunk, txn_t *txn, const notice_plan_t *plan, uint64_t seq, arena_t *passing, arena_t *arena) {
    event_t event;
    notice_t notice;
    position_t at = {.seq = seq};
    arena_reset(passing);
    if (!txn_event(txn, seq, passing, &event, at.hash)) return false;
    event.seq = seq;
    at.epoch = event.epoch;
    at.cause = event.cause_seq;
    if (notice_is_due(event.kind)) {
        if (!notice_read(plan, &event, passing, &notice)) return false;
        chunk->notices[chunk->count] = notice_kept(&notice, arena);
        chunk->at[chunk->count++] = at;
    }
    chunk->ticked |= event.kind == KIND_clock_ticked;
    chunk->forked = event.kind == KIND_ledger_restored;
    chunk->last = at;
    return true;
}

chunk_t *chunk_read(store_t *store, const notice_plan_t *plan, head_t sure, const position_t *after, uint64_t last,
                    arena_t *arena) {
    arena_reset(arena);
    chunk_t *chunk = ARENA_NEW(arena, chunk_t, 1);
    chunk->last = *after;
    txn_t *txn = store_read(store);
    if (txn == NULL) return chunk;
    uint64_t head = chunk_sure(txn, sure), until = last == 0 || last > head ? head : last;
    /* nobody goes on in another stream than the one he came from: between two chunks it may have been derived anew */
    bool more = after->seq < until && txn_stands(txn, after->seq, after->hash);
    arena_t *passing = arena_new();
    for (uint64_t seq = after->seq + 1; more; seq++) {
        more = event_add(chunk, txn, plan, seq, passing, arena) && seq < until && seq - after->seq < CHUNK_EVENTS;
        more = more && chunk->count < CHUNK_NOTICES && !chunk->forked; /* what lost epochs told is read before it goes on */
    }
    arena_destroy(&passing);
    if (txn_error(txn) != OK)
        log_error("warnings_unreadable", "after=%llu err=%s", (unsigned long long)after->seq, err_name(txn_error(txn)));
    txn_abort(&txn);
    return chunk;
}

entry_t chunk_entry(store_t *store, const notice_plan_t *plan, head_t sure, numbering_t numbering, const redis_newest_t *entry,
                    uint64_t *seq, arena_t *arena) {
    uint64_t epoch = 0, number = 0;
    if (!told_id_parse(entry->id, &epoch, &number) || !told_is_warning(entry->body)) return ENTRY_FOREIGN;
    txn_t *txn = store_read(store);
    if (txn == NULL) return ENTRY_UNSURE;
    event_t event;
    notice_t notice;
    char id[REDIS_ID];
    uint64_t until = chunk_sure(txn, sure);
    entry_t seen = until == 0 ? ENTRY_UNSURE : ENTRY_OF_OLD;
    *seq = number % VOLUME_ROOM;
    if (*seq > 0 && *seq <= until && txn_event(txn, *seq, arena, &event, NULL)) {
        event.seq = *seq;
        told_id(numbering, event.epoch, *seq, id);
        bool told = strcmp(id, entry->id) == 0, same = told && notice_read(plan, &event, arena, &notice);
        if (told) seen = same && text_equal(notice.body, entry->body) ? ENTRY_SAME : ENTRY_OTHER;
    }
    txn_abort(&txn);
    return seen;
}
