/* What every writer of a stream and every answerer of queries shares: batches, parked fetches, the query desk. */
#ifndef STAGE_SERVE_H
#define STAGE_SERVE_H

#include "services/stage/link.h"
#include "services/stage/store.h"

/* Fills `batch` with what follows fetch->after, from a transaction that sees the stream (the open write transaction, so that
 * the tail is there too, or a read transaction). `durable` is the committed head. Says BEHIND if the stream is shorter than
 * the reader, DIVERGED if its hash at `after` differs. false: nothing new for this reader, park the fetch.
 * at_end: no events; the reader goes on after `from - 1`, whose hash is last_hash. */
bool stream_serve(txn_t *txn, stream_t stream, head_t durable, const fetch_t *fetch, arena_t *arena, batch_t *batch);

/* A stream's ROUTER with its parked fetches. The owner calls stream_door_step whenever the handle is readable, after each
 * apply and commit, and at least every LIMIT_PARK_MS; it never waits. `view` gives a transaction to read from, the durable
 * head and whether the stream is rooted (link.def), `done` gives it back. */
typedef struct {
    void *self;
    txn_t *(*view)(void *self, head_t *durable, bool *rooted);
    void (*done)(void *self, txn_t *txn);
} stream_view_t;
typedef struct stream_door stream_door_t;
err_t stream_door_open(const char *endpoint, stream_t stream, stream_view_t view, stream_door_t **out);
void stream_door_settle(stream_door_t *self); /* gives back the room that batches took */
void stream_door_close(stream_door_t **self);
void stream_door_step(stream_door_t *self, int64_t steady_ms);
void stream_door_serve(stream_door_t *self, int64_t steady_ms); /* the same where no fetch has come: its handle is not readable */
void *stream_door_handle(stream_door_t *self);

/* Reads a stream: one outstanding fetch, asked again when the writer was silent. For stages and doors alike. */
typedef struct stream_reader stream_reader_t;
err_t stream_reader_open(const char *endpoint, stream_reader_t **out);
void stream_reader_close(stream_reader_t **self);
void *stream_reader_handle(stream_reader_t *self);
/* Sends `fetch` unless one is outstanding (sent again after 2 × LIMIT_PARK_MS without an answer) or the writer has just said
 * BEHIND (asked again 100 ms later). */
void stream_reader_ask(stream_reader_t *self, const fetch_t *fetch, int64_t steady_ms);
/* Takes an answer without waiting; its views hold until the next is taken. false: none. */
bool stream_reader_take(stream_reader_t *self, arena_t *arena, batch_t *batch);
void stream_reader_forget(stream_reader_t *self); /* the answer to what was asked last is not wanted any more */
/* Splits a batch into events: call until it returns false; *at starts at 0. event->seq is set. ERR_BAD via *err. */
bool batch_next(const batch_t *batch, uint32_t *at, uint64_t *seq, event_t *event, err_t *err);

/* Steps `hash`, on which the event before it ends, to that of this event of a batch. false: it does not follow. What follows a
 * derived stream is told by its hash alone, which whoever reads all of a batch compares with last_hash. The ledger's events come
 * with their hashes and a sum beside each: whether its seals are right is not asked again at each reader, but where it is opened,
 * verified and copied. */
bool batch_follows(const batch_t *batch, const event_t *event, uint8_t hash[32]);
/* All of a batch of `stream`, to its last hash: does it go on from `at`, which then steps to its end? Who shows events, or acts on
 * them one by one, asks this before the first: some that changed on their way are known by the end alone. */
bool batch_goes_on(const batch_t *batch, stream_t stream, head_t *at);
/* The same, and its events, batch->count of them, in the arena. NULL: it does not go on. */
const event_t *batch_events(const batch_t *batch, stream_t stream, head_t *at, arena_t *arena);

/* The query desk: a thread of its own with its own ROUTER at HOME_DESK_FORMAT; `answer` reads from read transactions and
 * returns false to park the question (at_least), at most LIMIT_QUERY_PARK_MS. */
typedef struct desk desk_t;
err_t desk_start(const char *service, bool (*answer)(void *self, const packet_t *ask, buffer_t *out), void *self, desk_t **out);
void desk_stop(desk_t **self);
void desk_nudge(desk_t *self);               /* something was committed: try the parked questions now. From any thread. */

#endif
