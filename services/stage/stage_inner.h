/* What the files of the stage share. Included by stage*.c only. */
#ifndef STAGE_STAGE_INNER_H
#define STAGE_STAGE_INNER_H

#include "proto/crypto.h"
#include "services/stage/stage.h"

#include <stdatomic.h>

/* Where a stage stands; kept as facts of its store, written in the transaction that holds what it stands for. */
typedef struct {
    uint64_t in_seq;        /* last event of the stream it reads that is wholly applied */
    uint8_t in_hash[32];    /* chained hash there */
    uint64_t epoch;         /* of that event */
    uint64_t cause_seq;     /* ledger entry whose consequences are all applied */
    int64_t now_ms;         /* received instant of the last applied event */
    uint64_t agenda_seq;    /* event in_seq + 1 while its agenda is open; 0: none is */
    uint64_t agenda_step;   /* what to resume it with */
    uint64_t memory_seq;    /* counts turn_forget: the query thread sees that its snapshot is old */
    uint64_t verified_upto; /* the own stream was verified up to here */
} place_t;

/* An event of a batch with the chained hash that it ends on. */
typedef struct {
    event_t event;
    uint8_t hash[HASH_SIZE];
} link_t;

/* What may be skipped. */
typedef struct {
    uint64_t seq;
    uint8_t hash[HASH_SIZE];
} quarantine_t;

/* Crashes on one event; as it lies in the file. */
typedef struct {
    uint64_t program; /* which binary crashed */
    uint64_t count;
    uint64_t from; /* the event to blame is none before this one, */
    uint64_t seq;  /* and none behind this one */
    uint8_t hash[HASH_SIZE];
} crashes_t;

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
    link_t *links; /* of the batch at hand, checked: those from links_at on wait to be applied */
    uint64_t links_count, links_at;
    uint32_t pace; /* events a step takes; 0: all */
    place_t place;   /* applied */
    place_t durable; /* committed */
    head_t head;     /* committed head of the own stream */
    link_t last;     /* the last event of the open transaction: its seq and hash; seq 0: none */
    head_t sure;     /* the last of these of which it is known that it follows from the ledger as it stands */
    bool rooted;     /* what is applied does, too */
    turn_t loop;
    turn_t query;
    int64_t started_ms;
    atomic_uint_fast64_t in_head; /* the writer's durable head as last heard */
    stage_hooks_t hooks;
    quarantine_t *quarantines;
    uint32_t quarantine_count;
    bool quarantine_news;             /* an entry that was just applied names this stage: the list is to be asked for again */
    crashes_t crashes;                /* as the process found them when it began */
    atomic_uint_fast64_t halted_seq;  /* the event it stands before; 0: it does not */
    uint8_t halted_hash[HASH_SIZE];   /* written while halted_seq is 0 */
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

/* --- stage_quarantine.c --- */
enum { MET_NAME = 32 };
bool quarantine_names(const stage_t *self, const link_t *link);
/* Called once an event, inside its transaction, where there are any. true: skip it. */
bool quarantine_meet(stage_t *self, const link_t *link);
void event_skip(turn_t *turn, const link_t *link); /* says in the own stream that it was skipped */
void quarantine_notice(stage_t *self, const link_t *link); /* of an entry that names one */

/* --- stage_crashes.c --- */
/* Counts crashes in <folder>/crashes from now on. For a process that is one stage. */
void crashes_watch(stage_t *self, const char *folder);
/* The event that is being applied now, NULL: none; or the last of several from `from` on that are to blame together. */
void crashes_hold(const link_t *link, uint64_t from);
void crashes_add(const link_t *link, uint64_t from); /* the role refused it, or what the memory became of it */
bool crashes_near(const stage_t *self, uint64_t seq); /* to be committed alone: one of those that may be to blame */
void crashes_survived(stage_t *self, const link_t *link);
bool crashes_halt(const stage_t *self, const link_t *link); /* it has crashed this program too often */

#endif
