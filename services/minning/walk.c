/* One fetch after the other; the events of a batch are given out one by one. */
#include "services/minning/walk.h"

#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/serve.h"

#include <stdlib.h>
#include <string.h>

enum { WALK_SILENT_MS = 5000 };

struct walk {
    cli_t *cli;
    stream_t stream;
    stream_reader_t *reader;
    fetch_t fetch;
    batch_t batch;
    uint32_t at;   /* in the batch */
    uint64_t seq;  /* of the event last split off */
    bool asked;    /* a batch was had */
    event_t event; /* read ahead, so that the last of a cause is known to be the last */
    bool pending;
    arena_t *arena; /* of the batch */
};

int walk_open(cli_t *cli, stream_t stream, walk_t **out) {
    static const char *const endpoints[] = {NULL, HOME_ENTRIES, HOME_VERDICTS, HOME_TALLIES, HOME_WARNINGS};
    link_start();
    walk_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    self->cli = cli;
    self->stream = stream;
    self->arena = arena_new();
    self->fetch = (fetch_t){.stream = stream, .reader = text_of("minning")};
    err_t err = stream_reader_open(endpoints[stream], &self->reader);
    *out = self;
    return err == OK ? EXIT_WELL : cli_fail_err(cli, err, stream_name(stream), NULL);
}

void walk_close(walk_t **self) {
    if (*self == NULL) return;
    stream_reader_close(&(*self)->reader);
    arena_destroy(&(*self)->arena);
    free(*self);
    *self = NULL;
}

arena_t *walk_arena(walk_t *self) { return self->arena; }

static int fetch_batch(walk_t *self) {
    int64_t until_ms = clock_steady_ms() + WALK_SILENT_MS;
    arena_reset(self->arena);
    self->at = 0;
    self->batch = (batch_t){0};
    self->fetch.ack = self->fetch.after;
    while (clock_steady_ms() < until_ms) {
        stream_reader_ask(self->reader, &self->fetch, clock_steady_ms());
        void *handle = stream_reader_handle(self->reader);
        link_wait(&handle, 1, 200);
        if (!stream_reader_take(self->reader, self->arena, &self->batch)) continue;
        if (self->batch.state == batch_state_behind) continue; /* it re-derives: wait */
        if (self->batch.state == batch_state_ok) {
            self->asked = true;
            return EXIT_WELL;
        }
        return cli_fail(self->cli, EX_TEMPFAIL, "数据流已改写，请再试一次", "the stream was rebuilt meanwhile: try again",
                        stream_name(self->stream));
    }
    return cli_fail_err(self->cli, ERR_TIMEOUT, stream_name(self->stream), NULL);
}

static bool is_enough(const walk_t *self, uint64_t until) {
    if (!self->asked || self->fetch.after < self->batch.durable_head) return false;
    return until == 0 || self->batch.cause_head >= until || (self->stream == STREAM_ENTRIES && self->fetch.after >= until);
}

int walk_next(walk_t *self, uint64_t until, event_t *event, bool *there) {
    err_t err = OK;
    *there = false;
    while (!self->pending) {
        if (self->asked && batch_next(&self->batch, &self->at, &self->seq, &self->event, &err)) {
            self->pending = self->seq > self->fetch.after;
            if (!self->pending) continue;
            self->fetch.after = self->seq;
            break;
        }
        if (err != OK) return cli_fail(self->cli, EX_SOFTWARE, "数据流读取出错", "the stream cannot be read", err_name(err));
        if (self->asked && self->batch.count > 0)
            memcpy(self->fetch.after_hash, self->batch.last_hash, sizeof self->batch.last_hash);
        if (is_enough(self, until)) return EXIT_WELL;
        int exit_code = fetch_batch(self);
        if (exit_code != EXIT_WELL) return exit_code;
    }
    if (until != 0 && self->event.cause_seq > until) return EXIT_WELL; /* kept for the next call */
    self->pending = false;
    *event = self->event;
    *there = true;
    return EXIT_WELL;
}
