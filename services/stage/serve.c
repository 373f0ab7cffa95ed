/* Serves a stream to its readers: batches, parked fetches. */
#include "services/stage/serve.h"

#include "proto/chain.h"
#include "proto/crypto.h"
#include "services/stage/log.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* The cause up to which every consequence is committed. In the ledger an entry is its own cause. */
static uint64_t cause_head(txn_t *txn, stream_t stream, head_t durable) {
    return stream == STREAM_ENTRIES ? durable.seq : txn_fact(txn, "cause_seq");
}

/* Gathers what follows fetch->after, up to `last`, in the arena. Of the room for a full batch, or for one event of any size, only
 * what is written is memory; and the arena keeps it for the next one. */
static bool batch_fill(txn_t *txn, uint64_t last, const fetch_t *fetch, arena_t *arena, batch_t *batch) {
    enum { ROOM = LIMIT_ENTRY + SIZE_SIZE + LINK_SIZE };
    _Static_assert((int)LIMIT_BATCH <= (int)ROOM, "what fits into a batch has room");
    events_t events = {.events = {.at = arena_room(arena, ROOM), .room = ROOM}};
    uint32_t count = txn_events(txn, fetch->after, last, (uint32_t)fetch->max_bytes, &events);
    if (count == 0) return false;
    batch->events = (bytes_t){events.events.at, (uint32_t)events.events.size};
    memcpy(batch->last_hash, events.last_hash, sizeof batch->last_hash);
    batch->count = count;
    batch->framed = true;
    return true;
}

/* A reader that is longer than we are usually waits until we have derived again what it has. But where our last event belongs
 * to a later epoch than its last one, a restore lies between: what it has will never come. */
static bool outlives(txn_t *txn, uint64_t tail, const fetch_t *fetch, arena_t *arena) {
    event_t last;
    return fetch->epoch != 0 && tail > 0 && txn_event(txn, tail, arena, &last, NULL) && last.epoch > fetch->epoch;
}

bool stream_serve(txn_t *txn, stream_t stream, head_t durable, const fetch_t *fetch, arena_t *arena, batch_t *batch) {
    head_t tail = txn_head(txn);
    uint64_t last = fetch->tail ? tail.seq : durable.seq < tail.seq ? durable.seq : tail.seq;
    *batch = (batch_t){.stream = stream,
                       .state = batch_state_ok,
                       .durable_head = durable.seq,
                       .tail_head = tail.seq,
                       .cause_head = cause_head(txn, stream, durable)};
    if (txn_error(txn) != OK || fetch->stream != stream) return false;
    if (fetch->at_end) {
        batch->from = last + 1;
        return txn_hash(txn, last, batch->last_hash);
    }
    if (fetch->after > tail.seq) {
        batch->state = outlives(txn, tail.seq, fetch, arena) ? batch_state_diverged : batch_state_behind;
        return true;
    }
    uint8_t hash[32];
    if (!txn_hash(txn, fetch->after, hash)) return false;
    if (fetch->after > 0 && memcmp(hash, fetch->after_hash, sizeof hash) != 0) {
        batch->state = batch_state_diverged;
        return true;
    }
    batch->from = fetch->after + 1;
    memcpy(batch->last_hash, hash, sizeof hash);
    return batch_fill(txn, last, fetch, arena, batch);
}

/* The event at the head of `rest`: cut by the size before it, or found by reading it where none stands there. Who follows a chain
 * finds in the hash whatever was cut wrongly. */
static inline err_t event_cut(const batch_t *batch, bytes_t rest, event_t *event) {
    fault_t fault;
    uint32_t size, head = SIZE_SIZE + (stream_chain((stream_t)batch->stream) == CHAIN_SEALED ? LINK_SIZE : 0);
    if (!batch->framed) return event_decode(rest, event, &fault);
    if (rest.size <= head) return ERR_BAD;
    memcpy(&size, rest.at, sizeof size);
    size = le32toh(size);
    return size == 0 || size > rest.size - head ? ERR_BAD : event_open((bytes_t){rest.at + head, size}, event, &fault);
}

bool batch_next(const batch_t *batch, uint32_t *at, uint64_t *seq, event_t *event, err_t *err) {
    *err = OK;
    uint64_t next = *at == 0 ? batch->from : *seq + 1;
    if (*at >= batch->events.size) {
        uint64_t had = *at == 0 ? 0 : next - batch->from;
        if (had != batch->count) *err = ERR_BAD;
        return false;
    }
    bytes_t rest = {batch->events.at + *at, batch->events.size - *at};
    bool stated = batch->from != 0 && next - batch->from < batch->count;
    *err = stated ? event_cut(batch, rest, event) : ERR_BAD;
    if (*err != OK) return false;
    event->seq = *seq = next;
    *at = (uint32_t)(event->raw.at - batch->events.at) + event->raw.size;
    return true;
}

bool batch_follows(const batch_t *batch, const event_t *event, uint8_t hash[HASH_SIZE]) {
    chain_t chain = stream_chain((stream_t)batch->stream);
    if (chain == CHAIN_QUICK || !batch->framed) {
        hash_chain(chain, hash, event->raw, hash);
        return true;
    }
    uint64_t sum;
    const uint8_t *link = event->raw.at - LINK_SIZE;
    memcpy(&sum, link + HASH_SIZE, sizeof sum);
    bool follows = le64toh(sum) == link_sum(hash, link, event->raw);
    memcpy(hash, link, HASH_SIZE);
    return follows;
}

/* `events`: room for as many as the batch says it has, or NULL. */
static bool goes_on(const batch_t *batch, stream_t stream, head_t *at, event_t *events) {
    head_t end = *at;
    uint32_t place = 0;
    event_t event;
    err_t err = OK;
    if (batch->stream != stream || (batch->count > 0 && batch->from != at->seq + 1)) return false;
    while (batch_next(batch, &place, &end.seq, &event, &err)) {
        if (!batch_follows(batch, &event, end.hash)) return false;
        if (events != NULL) *events++ = event;
    }
    if (err != OK || (batch->count > 0 && memcmp(end.hash, batch->last_hash, sizeof end.hash) != 0)) return false;
    *at = end;
    return true;
}

bool batch_goes_on(const batch_t *batch, stream_t stream, head_t *at) { return goes_on(batch, stream, at, NULL); }

const event_t *batch_events(const batch_t *batch, stream_t stream, head_t *at, arena_t *arena) {
    if (batch->count > batch->events.size) return NULL; /* none is empty */
    event_t *events = arena_room(arena, sizeof *events * batch->count);
    return goes_on(batch, stream, at, events) ? events : NULL;
}

/* A fetch that waits for something new. */
typedef struct {
    peer_t peer;
    uint64_t request_id;
    fetch_t fetch;
    int64_t until_ms;
} parked_t;

struct stream_door {
    server_t *server;
    stream_t stream;
    stream_view_t view;
    arena_t *arena;
    buffer_t out;
    uint32_t parked_count;
    parked_t parked[LIMIT_READERS];
};

err_t stream_door_open(const char *endpoint, stream_t stream, stream_view_t view, stream_door_t **out) {
    *out = NULL;
    stream_door_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    self->stream = stream;
    self->view = view;
    self->arena = arena_new();
    err_t err = server_bind(endpoint, &self->server);
    if (err != OK) stream_door_close(&self);
    *out = self;
    return err;
}

void stream_door_settle(stream_door_t *self) {
    arena_destroy(&self->arena);
    self->arena = arena_new();
    buffer_destroy(&self->out);
}

void stream_door_close(stream_door_t **self) {
    if (*self == NULL) return;
    server_destroy(&(*self)->server);
    arena_destroy(&(*self)->arena);
    buffer_destroy(&(*self)->out);
    free(*self);
    *self = NULL;
}

void *stream_door_handle(stream_door_t *self) { return server_handle(self->server); }

static void batch_send(stream_door_t *self, const parked_t *parked, const batch_t *batch) {
    enum { BESIDE = 4096 /* more than the numbers around the events take */ };
    buffer_clear(&self->out);
    buffer_room(&self->out, batch->events.size + BESIDE); /* at once: it is given away, and begins with nothing every time */
    packet_encode(parked->request_id, batch_type(), batch, &self->out);
    server_give(self->server, &parked->peer, &self->out);
}

/* What there is for one reader, or at the end of its wait the heads alone. true: it has its answer. */
static bool parked_answer(stream_door_t *self, txn_t *txn, head_t durable, bool rooted, const parked_t *parked, bool over) {
    arena_reset(self->arena);
    batch_t batch;
    bool answered = stream_serve(txn, self->stream, durable, &parked->fetch, self->arena, &batch);
    if (!answered && (!over || txn_error(txn) != OK)) return over;
    batch.rooted = rooted;
    batch_send(self, parked, &batch);
    return true;
}

/* One outstanding fetch a reader: a new one takes the place of the old. When all places are taken the oldest goes unanswered.
 */
static parked_t *place_for(stream_door_t *self, const peer_t *peer) {
    uint32_t oldest = 0;
    for (uint32_t index = 0; index < self->parked_count; index++) {
        parked_t *parked = &self->parked[index];
        if (parked->peer.size == peer->size && memcmp(parked->peer.bytes, peer->bytes, peer->size) == 0) return parked;
        if (parked->until_ms < self->parked[oldest].until_ms) oldest = index;
    }
    if (self->parked_count < LIMIT_READERS) return &self->parked[self->parked_count++];
    log_warn("readers_full", "stream=%s", stream_name(self->stream));
    return &self->parked[oldest];
}

static void fetch_take(stream_door_t *self, const peer_t *peer, bytes_t frame, int64_t steady_ms) {
    packet_t packet;
    fetch_t fetch;
    fault_t fault;
    arena_reset(self->arena);
    err_t err = packet_decode(frame, &packet, &fault);
    if (err == OK) err = packet_body(&packet, fetch_type(), self->arena, &fetch, &fault);
    if (err != OK || packet.raw.size != frame.size || fetch.stream != self->stream) {
        log_warn("fetch_malformed", "stream=%s code=%s", stream_name(self->stream), err != OK ? fault.code : "wrong_stream");
        return;
    }
    fetch.reader = (text_t){NULL, 0}; /* a view into the frame: not kept */
    *place_for(self, peer) =
        (parked_t){.peer = *peer, .request_id = packet.request_id, .fetch = fetch, .until_ms = steady_ms + LIMIT_PARK_MS};
}

void stream_door_step(stream_door_t *self, int64_t steady_ms) {
    peer_t peer;
    bytes_t frame;
    while (server_receive(self->server, &peer, &frame)) fetch_take(self, &peer, frame, steady_ms);
    stream_door_serve(self, steady_ms);
}

void stream_door_serve(stream_door_t *self, int64_t steady_ms) {
    if (self->parked_count == 0) return;
    head_t durable = {0};
    bool rooted = false;
    txn_t *txn = self->view.view(self->view.self, &durable, &rooted);
    if (txn == NULL) return;
    uint32_t kept = 0;
    for (uint32_t index = 0; index < self->parked_count; index++) {
        const parked_t *parked = &self->parked[index];
        if (!parked_answer(self, txn, durable, rooted, parked, steady_ms >= parked->until_ms)) self->parked[kept++] = *parked;
    }
    self->parked_count = kept;
    self->view.done(self->view.self, txn);
}
