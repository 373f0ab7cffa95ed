/* Stream 4 as it goes outside: notices, a chunk at a time, and nothing of which it is not known that it follows from the ledger. */
#ifndef ALERTING_CHUNK_H
#define ALERTING_CHUNK_H

#include "services/4-alerting/notice.h"
#include "services/4-alerting/position.h"

enum { CHUNK_NOTICES = 256, CHUNK_EVENTS = 8192 };

typedef struct {
    notice_t notices[CHUNK_NOTICES];
    position_t at[CHUNK_NOTICES]; /* of each */
    uint32_t count;
    position_t last; /* the last event looked at */
    bool ticked;   /* a tick lay among them */
    bool forked;   /* the last of them begins a new epoch */
} chunk_t;

/* How far this snapshot is sure: up to `sure`, if that is in it; what was derived otherwise has another hash there, and
 * then nothing is: 0. */
uint64_t chunk_sure(txn_t *txn, head_t sure);
/* The notices behind `after`, which is not in the arena, up to `last` (0: all), as far as they are sure; none where `after` is not
 * what stands there. They live in the arena, which is reset. The transaction is over when this returns. */
chunk_t *chunk_read(store_t *store, const notice_plan_t *plan, head_t sure, const position_t *after, uint64_t last,
                    arena_t *arena);

typedef enum {
    ENTRY_SAME,   /* what stream 4 tells under that id */
    ENTRY_OTHER,  /* stream 4 tells something else under it, or nothing */
    ENTRY_OF_OLD, /* no event has that id: it is of a stream that a restore has lost, or that was derived otherwise */
    ENTRY_UNSURE, /* what is sure does not stand there now: nothing follows from it */
    ENTRY_FOREIGN /* no warning of ours */
} entry_t;
/* What an entry of the stream in Redis is to stream 4, as far as that is sure. *seq: the event that its id names. */
entry_t chunk_entry(store_t *store, const notice_plan_t *plan, head_t sure, numbering_t numbering, const redis_newest_t *entry,
                    uint64_t *seq, arena_t *arena);

#endif
