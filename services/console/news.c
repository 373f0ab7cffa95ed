/* Stream 3 followed from its end: pages that listen are told that something is new, and since when; they ask for the rest. */
#include <stdio.h>
#include <string.h>

#include "services/console/state.h"
#include "services/stage/home.h"
#include "services/stage/log.h"

enum { JOIN_PAUSE_MS = 200, BATCHES_A_TURN = 8, TELL_MS = 300, HEARTBEAT_MS = 15000, LINE_ROOM = 128 };

err_t news_open(console_t *self) { return stream_reader_open(HOME_TALLIES, &self->reader); }

void news_close(console_t *self) {
    if (self->reader != NULL) stream_reader_close(&self->reader);
}

static void join_again(console_t *self) {
    self->joined = false;
    self->join_ms = self->now_ms + JOIN_PAUSE_MS;
}

static void on_event(console_t *self, const event_t *event) {
    self->news++;
    self->news_cause = event->cause_seq;
    self->ledger_ms = event->at_ms;
    if (event->kind == KIND_login_granted || event->kind == KIND_login_revoked) registry_stale(self);
    if (event->kind == KIND_plan_adopted) book_stale(self);
}

/* false: the batch does not continue what we have; join anew. */
static bool batch_apply(console_t *self, const batch_t *batch) {
    uint32_t place = 0;
    uint64_t seq = 0;
    event_t event;
    err_t err = OK;
    if (!batch_goes_on(batch, STREAM_TALLIES, &self->at)) return false;
    while (batch_next(batch, &place, &seq, &event, &err)) on_event(self, &event);
    if (err == OK && batch->cause_head > self->news_cause) {
        self->news++; /* something that no total shows: a newer revision with the same figures */
        self->news_cause = batch->cause_head;
    }
    return err == OK;
}

static void batch_take(console_t *self, const batch_t *batch) {
    self->durable_head = batch->durable_head;
    if (!self->joined && batch->state == batch_state_ok && batch->count == 0) {
        self->joined = true;
        self->at.seq = batch->from == 0 ? 0 : batch->from - 1;
        memcpy(self->at.hash, batch->last_hash, sizeof self->at.hash);
        self->news_cause = batch->cause_head; /* smaller than before where a restore lies between */
        self->news++; /* what came meanwhile was not seen: pages ask anew */
        registry_stale(self);
        return;
    }
    if (!self->joined || (batch->state == batch_state_ok && batch_apply(self, batch))) return;
    log_warn("stream_lost", "stream=tallies state=%s", WORD_NAME(batch_state, batch->state));
    join_again(self);
}

/* Only what is durable: whoever is told then asks the desk, which sees no tail. */
static void fetch_ask(console_t *self) {
    fetch_t fetch = {.stream = STREAM_TALLIES, .reader = text_of("console")};
    if (!self->joined) {
        if (self->now_ms < self->join_ms) return;
        fetch.at_end = true;
    } else {
        fetch.after = fetch.ack = self->at.seq;
        memcpy(fetch.after_hash, self->at.hash, sizeof fetch.after_hash);
    }
    stream_reader_ask(self->reader, &fetch, self->now_ms);
}

/* --- pages that listen --- */

/* One line when there is something new, else nothing: then the connection is suspended until there is. */
static ssize_t line_next(void *request, uint64_t position, char *out, size_t room) {
    request_t *self = request;
    console_t *console = self->console;
    (void)position;
    if (console->leaving || self->until_ms <= console->now_ms) return MHD_CONTENT_READER_END_OF_STREAM;
    bool beat = console->now_ms - self->live_beat_ms >= HEARTBEAT_MS;
    if (self->live_told == console->news && !beat) {
        self->suspended = true;
        waiting_add(self);
        MHD_suspend_connection(self->connection);
        return 0;
    }
    bool fresh = self->live_told != console->news;
    self->live_told = console->news;
    self->live_beat_ms = console->now_ms;
    int size = fresh ? snprintf(out, room, "event: news\ndata: {\"cause_seq\":%llu,\"now_ms\":%lld}\n\n",
                                (unsigned long long)console->news_cause, (long long)console->ledger_ms)
                     : snprintf(out, room, ": beat\n\n");
    return size > 0 && (size_t)size < room ? size : MHD_CONTENT_READER_END_WITH_ERROR;
}

void on_events(request_t *self) {
    console_t *console = self->console;
    if (console->live_count >= LIMIT_HTTP_LIVE) {
        reply_busy(self);
        return;
    }
    self->live = true;
    console->live_count++;
    self->live_told = UINT64_MAX; /* the first line goes out at once */
    self->live_beat_ms = console->now_ms;
    self->until_ms = console->now_ms + LIMIT_HTTP_LIVE_MS;
    front_extend(console->front, self->fd, self->until_ms + LIMIT_HTTP_REQUEST_MS);
    self->status = 200;
    self->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, LINE_ROOM, line_next, self, NULL);
    ASSERT(self->response != NULL);
    reply_header(self, "Content-Type", "text/event-stream");
    reply_header(self, "Cache-Control", "no-store");
    reply_header(self, "Connection", "close");
    reply_header(self, "X-Accel-Buffering", "no");
    reply_ready(self);
}

void news_gone(request_t *self) { self->console->live_count--; }

static void wake(console_t *self, bool all) {
    for (request_t *at = self->waiting, *next; at != NULL; at = next) {
        next = at->next;
        bool due = at->live_told != self->news || self->now_ms - at->live_beat_ms >= HEARTBEAT_MS;
        if (at->live && (all || due || at->until_ms <= self->now_ms)) reply_ready(at);
    }
}

void news_end(console_t *self) {
    self->leaving = true;
    wake(self, true);
}

void news_step(console_t *self) {
    batch_t batch;
    for (int turn = 0; turn < BATCHES_A_TURN; turn++) {
        fetch_ask(self);
        arena_reset(self->arena);
        if (!stream_reader_take(self->reader, self->arena, &batch)) break;
        batch_take(self, &batch);
    }
    if (self->live_count == 0 || self->now_ms - self->news_told_ms < TELL_MS) return;
    self->news_told_ms = self->now_ms;
    wake(self, false);
}
