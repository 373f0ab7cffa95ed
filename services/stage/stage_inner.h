/* What the files of the stage share. Included by stage*.c only. */
#ifndef STAGE_STAGE_INNER_H
#define STAGE_STAGE_INNER_H

#include "services/stage/stage.h"

#include <stdatomic.h>

/* Where a stage stands; kept as facts of its store, written in the transaction that holds what it stands for. */
typedef struct {
    uint64_t in_seq;        /* last event of the stream it reads that is wholly applied */
    uint8_t in_hash[32];    /* chained hash there */
    uint64_t cause_seq;     /* ledger entry whose consequences are all applied */
    int64_t now_ms;         /* received instant of the last applied event */
    uint64_t agenda_seq;    /* event in_seq + 1 while its agenda is open; 0: none is */
    uint64_t agenda_step;   /* what to resume it with */
    uint64_t memory_seq;    /* counts turn_forget: the query thread sees that its snapshot is old */
    uint64_t verified_upto; /* the own stream was verified up to here */
} place_t;

/* One of the two who look at the state: the loop, or the query thread. Each has its own memory. */
struct turn {
    stage_t *stage;
    txn_t *txn;
    arena_t *arena;
    const event_t *event; /* NULL in a query */
    uint64_t cause_seq;
    int64_t now_ms;
    bool continues; /* turn_continue was called */
    uint64_t step;
    bool stopped;        /* an event the role does not know or cannot read */
    bool parked;         /* a query that waits */
    bool memory_known;   /* memory is what memory_load gave, which may be NULL */
    uint64_t memory_seq; /* query thread: the count its memory was loaded at */
    void *memory;
};

struct stage {
    const role_t *role;
    store_t *store;
    txn_t *txn; /* the open write transaction, or NULL */
    arena_t *batch_arena;
    place_t place;   /* applied */
    place_t durable; /* committed */
    head_t head;     /* committed head of the own stream */
    turn_t loop;
    turn_t query;
    int64_t started_ms;
    atomic_uint_fast64_t in_head; /* the writer's durable head as last heard */
    stage_hooks_t hooks;
};

struct reply {
    uint64_t request_id;
    buffer_t *out;
    size_t begin; /* where in out this answer begins */
    arena_t *arena;
    bool given;
};

place_t place_read(txn_t *txn);
void place_write(txn_t *txn, const place_t *place);
void turn_memory_drop(turn_t *self);

#endif
