/* The one runtime: a stage reads one stream, folds it, writes one stream. It knows no domain word.
 *
 * For each batch one write transaction holds the stage's new state, its input position and the events it emits. After a crash
 * all three are there or none. `apply` returns nothing: bad input is an event too; a store error sticks to the turn and rolls
 * the batch back. Control entries (kinds 1-99) are passed on by the runtime after the role has applied them. */
#ifndef STAGE_STAGE_H
#define STAGE_STAGE_H

#include "services/stage/store.h"

typedef struct stage stage_t;
typedef struct turn turn_t;

/* What a role does with one question: fills `reply` by reply_with, or leaves it empty to say "not mine". */
typedef struct reply reply_t;
void reply_with(reply_t *self, const message_t *type, const void *value);
/* A refusal with one reason of reasons.def, its sentences filled in; `path` may be "" and `arg` empty. */
void reply_refuse(reply_t *self, text_t code, const char *path, text_t arg);

typedef struct {
    const char *name;                 /* "validation": its folder under data/ and its sockets */
    stream_t reads;                   /* STREAM_NONE: intake */
    stream_t writes;
    const table_t *tables;
    size_t table_count;
    const rows_way_t *ways;           /* of each table, see store_rows_go; NULL: all at hand */
    /* One event. Unknown kinds must be answered by turn_unknown: a stage never skips. */
    void (*apply)(turn_t *turn, const event_t *event);
    /* Re-entry of an event that asked for it with turn_continue(turn, step); NULL if it never does. */
    void (*resume)(turn_t *turn, const event_t *event, uint64_t step);
    /* Derives what is kept in memory (the decoded plan, …) from the store. NULL result: nothing yet. Called again whenever
     * turn_forget was called or a batch was rolled back, and once by the query thread for its own snapshot. */
    void *(*memory_load)(turn_t *turn);
    void (*memory_destroy)(void **memory);
    /* Before a commit, if memory is loaded: what the role changed in memory alone becomes rows (by txn_put, it is no event's turn).
     * NULL: it keeps nothing there. The memory is dropped with all changes where the transaction is rolled back. */
    void (*settle)(turn_t *turn, void *memory);
    /* A query, from a read transaction, in another thread than apply. Must not emit or put. */
    void (*answer)(turn_t *turn, const packet_t *ask, reply_t *reply);
} role_t;

/* --- inside apply, resume, answer --- */
arena_t *turn_arena(turn_t *self);                 /* void after this event */
txn_t *turn_txn(turn_t *self);                     /* for scans */
void *turn_memory(turn_t *self);                   /* what memory_load gave, loaded on first use; NULL: nothing yet */
void turn_forget(turn_t *self);                    /* the state behind the memory changed: load it anew on next use */
const event_t *turn_event(const turn_t *self);     /* the event at hand; NULL in a query */
int64_t turn_now_ms(const turn_t *self);           /* received instant of the event at hand; in a query: of the last applied */
uint64_t turn_cause(const turn_t *self);           /* ledger seq of the event at hand; in a query: of the last applied */
bool turn_get(turn_t *self, size_t table, const store_key_t *key, void *row);
void turn_put(turn_t *self, size_t table, const store_key_t *key, const void *row);
void turn_delete(turn_t *self, size_t table, const store_key_t *key);
/* Decodes the event's body; on failure the stage stops with an error (our own stream is never malformed). false then. */
bool turn_body(turn_t *self, const event_t *event, const message_t *type, void *value);
/* The same, and known->bytes become what known->object was read from. */
bool turn_body_known(turn_t *self, const event_t *event, const message_t *type, void *value, wire_known_t *known);
void turn_emit(turn_t *self, const message_t *type, const void *value); /* epoch, cause and instant are the event's */
void turn_continue(turn_t *self, uint64_t step);   /* come back for this event with `step`, before the next event */
void turn_unknown(turn_t *self, const event_t *event); /* stops the stage: its binary is older than its ledger */
/* In a query: was event `seq` of the stream that this stage reads skipped under a quarantine? */
bool turn_skipped(turn_t *self, uint64_t seq);
/* In a query: true if ledger entry `at_least` is not yet applied and committed here. Then return without a reply: the question
 * is parked and asked again. */
bool turn_waits(turn_t *self, uint64_t at_least);

/* --- for the loop, the simulator and the tests --- */
/* Opens data/<name>, runs the barrier and verifies the chain. `path` is the store's folder. */
err_t stage_open(const role_t *role, const char *path, stage_t **out);
void stage_close(stage_t **self);
/* Reads a stage's store that no service has open, from end to end: up to where it has applied its writer's stream, and its own
 * head. ERR_CORRUPT, ERR_LOCKED. */
err_t stage_verify(const role_t *role, const char *path, head_t *in, head_t *out);
/* One batch into the open transaction (begun if there is none): applied, not committed. Never waits. OK; ERR_BAD when the batch
 * does not follow (a gap, another hash, not decodable): nothing of it was applied; ERR_REFUSED when the role met an event that
 * it does not know or cannot read; else the store's error. After the last two everything not committed is rolled back.
 *
 * Of each event, in this order: a control entry is passed on; apply; then its agenda (resume, until turn_continue is not called
 * any more); a tick is passed on last, behind all that it changes. Events up to batch->durable_head only. A batch that repeats
 * what is applied is harmless. When one event asks for very much work the step ends in the middle of its agenda (stage_pending):
 * commit, or not, and step again with the same batch, or with what the writer sends for stage_fetch.
 *
 * The same in pieces: stage_take checks the batch, stage_step_on applies at most the events of stage_pace, and again while
 * stage_unfinished; the batch's bytes must live so long. A rollback forgets what waited. */
err_t stage_step(stage_t *self, const batch_t *batch);
err_t stage_take(stage_t *self, const batch_t *batch);
err_t stage_step_on(stage_t *self, const batch_t *batch);
void stage_pace(stage_t *self, uint32_t events);   /* 0, as it begins: no bound */
bool stage_unfinished(const stage_t *self);        /* checked events of the batch at hand wait */
bool stage_pending(const stage_t *self);           /* an agenda is open: there is work without any new event */
bool stage_is_full(const stage_t *self);           /* the open transaction should be committed: it holds rows in memory, and room */
err_t stage_commit(stage_t *self);                 /* what was applied becomes durable; nothing open: OK */
void stage_rollback(stage_t *self);
/* The whole list of quarantines, before the first step and whenever it has changed; rows of other stages are passed over. Where
 * a replay under this list would give another stream than the one that is there, everything is dropped and rebuilt. */
err_t stage_quarantine(stage_t *self, const quarantined_t *rows, uint32_t count);
/* The event it stands still before, having crashed LIMIT_CRASHES times on it; 0: none. A quarantine lets it go on. */
uint64_t stage_halted(const stage_t *self);
/* Before a clean stop: the next start need not verify what is committed. */
err_t stage_rest(stage_t *self);
err_t stage_drop(stage_t *self);                   /* forget everything: after DIVERGED, rebuild from the start */
fetch_t stage_fetch(stage_t *self);                /* what to ask the writer for next */
fetch_t stage_fetch_ahead(stage_t *self);          /* the same, behind the checked events that wait */
/* Answers a fetch of this stage's own output from its tail and durable head. false: nothing new, park it. */
bool stage_serve(stage_t *self, const fetch_t *fetch, arena_t *arena, batch_t *batch);
store_t *stage_store(stage_t *self);
/* Up to here what is committed is known to follow from the ledger as it stands: from there to here every writer has compared
 * hashes with its own since it was started. {0}: nothing is known yet. What goes outside goes no further. A place in the own
 * stream; of a stage that writes none (the notifier), in the one that it reads. */
head_t stage_sure(const stage_t *self);
/* Answers one query packet from a fresh read transaction; appends the answer packet to `out`. false: it must park
 * (at_least not reached). Unknown questions are answered by a refusal. Callable from one thread beside the loop. */
bool stage_answer(stage_t *self, const packet_t *ask, buffer_t *out);
/* A logical dump: every table row and every stream event as one line of text, in order. For tests and `verify`. */
err_t stage_dump(stage_t *self, const char *file);

/* A hook that runs in the loop after each commit, with the durable head, and when stage_sure is another. Alerting rings its
 * publisher with it. */
typedef struct {
    void *self;
    void (*committed)(void *self, stage_t *stage, uint64_t durable_head);
    void (*health)(void *self, health_t *health); /* from the query thread */
} stage_hooks_t;

/* The service: opens, binds, fetches, serves, answers queries, commits every LIMIT_GATHER_MS, leaves on SIGTERM.
 * argv: <home>. Returns an exit code of sysexits.h. */
int stage_main(const role_t *role, int argc, char **argv);
int stage_main_hooked(const role_t *role, const char *home, int (*begin)(stage_t *stage, stage_hooks_t *hooks),
                      void (*end)(stage_hooks_t *hooks));

#endif
