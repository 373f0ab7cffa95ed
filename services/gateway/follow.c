/* Join, load, follow: the gateway's view of the ledger, all of it in memory. */
#include "services/gateway/follow.h"

#include <stdlib.h>
#include <string.h>

#include "services/stage/home.h"
#include "services/stage/log.h"
#include "services/stage/serve.h"

enum { ASK_AGAIN_MS = 1000, JOIN_PAUSE_MS = 200, AT_READER = 0, AT_REGISTRY };

typedef enum { JOINING, LOADING, FOLLOWING } phase_t;

struct follow {
    follow_sink_t sink;
    stream_reader_t *reader;
    client_t *registry;
    arena_t *arena;
    buffer_t out;
    phase_t phase;
    keys_t *keys;           /* in force */
    keys_t *loading;        /* pages come in here */
    uint64_t as_of;         /* oldest page of the registry in force: younger key entries are applied */
    uint64_t loading_as_of;
    uint64_t pages_after;   /* next page */
    uint64_t ask_id;        /* of the page asked for */
    int64_t ask_again_ms;
    int64_t join_ms;        /* not before */
    head_t at; /* the last event taken */
    uint64_t seen, durable_head;
    int64_t now_ms;
};

err_t follow_open(follow_sink_t sink, follow_t **out) {
    follow_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    self->sink = sink;
    self->arena = arena_new();
    err_t err = stream_reader_open(HOME_VERDICTS, &self->reader);
    if (err == OK) err = client_connect(HOME_DOOR_GATEWAY, &self->registry);
    if (err != OK) follow_close(&self);
    else *out = self;
    return err;
}

void follow_close(follow_t **self) {
    if (*self == NULL) return;
    if ((*self)->reader != NULL) stream_reader_close(&(*self)->reader);
    if ((*self)->registry != NULL) client_destroy(&(*self)->registry);
    keys_destroy(&(*self)->keys);
    keys_destroy(&(*self)->loading);
    arena_destroy(&(*self)->arena);
    buffer_destroy(&(*self)->out);
    free(*self);
    *self = NULL;
}

void follow_handles(follow_t *self, void *handles[FOLLOW_HANDLES]) {
    handles[AT_READER] = stream_reader_handle(self->reader);
    handles[AT_REGISTRY] = client_handle(self->registry);
}

static void join_again(follow_t *self, int64_t steady_ms) {
    self->phase = JOINING;
    self->join_ms = steady_ms + JOIN_PAUSE_MS;
}

/* Joined: from here on nothing is missed. Only now is the registry asked for, so that it is not older than this. */
static void on_joined(follow_t *self, const batch_t *batch) {
    self->at.seq = batch->from == 0 ? 0 : batch->from - 1;
    memcpy(self->at.hash, batch->last_hash, sizeof self->at.hash);
    self->phase = LOADING;
    keys_destroy(&self->loading);
    self->loading = keys_new();
    self->loading_as_of = UINT64_MAX;
    self->pages_after = 0;
    self->ask_again_ms = 0;
    log_info("joined", "stream=verdicts after=%llu", (unsigned long long)self->at.seq);
}

static void registry_ask(follow_t *self, int64_t steady_ms) {
    if (steady_ms < self->ask_again_ms) return;
    registry_ask_t ask = {.after = self->pages_after};
    buffer_clear(&self->out);
    packet_encode(++self->ask_id, registry_ask_type(), &ask, &self->out);
    client_send(self->registry, (bytes_t){self->out.at, (uint32_t)self->out.size}); /* full: asked again later anyway */
    self->ask_again_ms = steady_ms + ASK_AGAIN_MS;
}

static void on_registry(follow_t *self, const registry_t *page) {
    if (page->as_of < self->loading_as_of) self->loading_as_of = page->as_of;
    for (uint32_t index = 0; index < page->keys_count; index++) {
        const registry_key_t *row = &page->keys[index];
        err_t err = keys_register(self->loading, row->unit, row->generation, row->key);
        if (err != OK) log_error("key_not_taken", "unit=" TEXT_FORMAT " error=%s", TEXT_ARGS(row->unit), err_name(err));
        if (row->revoked) keys_revoke(self->loading, row->unit, row->generation);
    }
    self->pages_after += page->keys_count;
    self->ask_again_ms = 0;
    if (page->more && page->keys_count > 0) return;
    bool first = self->keys == NULL;
    keys_destroy(&self->keys);
    self->keys = self->loading;
    self->loading = NULL;
    self->as_of = self->loading_as_of;
    self->seen = self->as_of; /* verdicts on what is older may have passed by; behind a restore, nothing newer has */
    self->phase = FOLLOWING;
    log_info("registry_loaded", "keys=%u as_of=%llu", (unsigned)keys_count(self->keys), (unsigned long long)self->as_of);
    if (!first) self->sink.gap(self->sink.self);
}

static void registry_take(follow_t *self) {
    bytes_t frame;
    packet_t packet;
    fault_t fault;
    registry_t page;
    while (client_receive(self->registry, &frame)) {
        if (self->phase != LOADING || packet_decode(frame, &packet, &fault) != OK) continue;
        if (packet.request_id != self->ask_id) continue; /* an answer to an older question */
        arena_reset(self->arena);
        if (packet_body(&packet, registry_type(), self->arena, &page, &fault) == OK) on_registry(self, &page);
    }
}

static void on_key_registered(follow_t *self, const event_t *event) {
    key_registered_t entry;
    fault_t fault;
    if (event_body(event, key_registered_type(), self->arena, &entry, &fault) != OK) return;
    err_t err = keys_register(self->keys, entry.unit, entry.generation, entry.key);
    log_info("key_registered", "unit=" TEXT_FORMAT " generation=%llu result=%s", TEXT_ARGS(entry.unit),
             (unsigned long long)entry.generation, err_name(err));
}

static void on_key_revoked(follow_t *self, const event_t *event) {
    key_revoked_t entry;
    fault_t fault;
    if (event_body(event, key_revoked_type(), self->arena, &entry, &fault) != OK) return;
    keys_revoke(self->keys, entry.unit, entry.generation);
    log_info("key_revoked", "unit=" TEXT_FORMAT " generation=%llu", TEXT_ARGS(entry.unit),
             (unsigned long long)entry.generation);
}

static void on_event(follow_t *self, const event_t *event) {
    bool younger = event->cause_seq > self->as_of;
    if (event->kind == KIND_key_registered && younger) on_key_registered(self, event);
    if (event->kind == KIND_key_revoked && younger) on_key_revoked(self, event);
    if (event->cause_seq > self->seen) self->seen = event->cause_seq;
    self->now_ms = event->at_ms;
    self->sink.event(self->sink.self, event);
}

/* false: the batch does not continue what we have; join anew. */
static bool on_batch(follow_t *self, const batch_t *batch) {
    const event_t *events = batch_events(batch, STREAM_VERDICTS, &self->at, self->arena);
    for (uint64_t index = 0; events != NULL && index < batch->count; index++) on_event(self, &events[index]);
    return events != NULL;
}

static void batch_take(follow_t *self, const batch_t *batch, int64_t steady_ms) {
    self->durable_head = batch->durable_head;
    if (self->phase == JOINING) {
        if (batch->state == batch_state_ok && batch->count == 0) on_joined(self, batch);
        return;
    }
    if (batch->state == batch_state_ok && (self->phase == LOADING || on_batch(self, batch))) return;
    log_warn("stream_lost", "stream=verdicts state=%s after=%llu", WORD_NAME(batch_state, batch->state),
             (unsigned long long)self->at.seq);
    join_again(self, steady_ms);
}

static void stream_ask(follow_t *self, int64_t steady_ms) {
    fetch_t fetch = {.stream = STREAM_VERDICTS, .tail = true, .reader = text_of("gateway")};
    if (self->phase == JOINING) {
        if (steady_ms < self->join_ms) return;
        fetch.at_end = true;
    } else {
        fetch.after = fetch.ack = self->at.seq;
        memcpy(fetch.after_hash, self->at.hash, sizeof fetch.after_hash);
    }
    stream_reader_ask(self->reader, &fetch, steady_ms);
}

void follow_step(follow_t *self, int64_t steady_ms, uint32_t ready) {
    batch_t batch;
    if ((ready & 1u << AT_REGISTRY) != 0) registry_take(self);
    arena_reset(self->arena);
    bool come = (ready & 1u << AT_READER) != 0;
    if (come && stream_reader_take(self->reader, self->arena, &batch)) batch_take(self, &batch, steady_ms);
    if (self->phase != LOADING) stream_ask(self, steady_ms);
    if (self->phase == LOADING) registry_ask(self, steady_ms);
}

const keys_t *follow_keys(const follow_t *self) { return self->keys; }
bool follow_current(const follow_t *self) { return self->phase == FOLLOWING; }
uint64_t follow_seen(const follow_t *self) { return self->seen; }
uint64_t follow_position(const follow_t *self) { return self->at.seq; }
uint64_t follow_head(const follow_t *self) { return self->durable_head; }
int64_t follow_now_ms(const follow_t *self) { return self->now_ms; }
