/* One fetch after the other; the events of a batch are given out one by one. */
#include "services/minning/walk.h"

#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WALK_SILENT_MS = 5000, WHERE_ROOM = 64 };

struct walk {
    cli_t *cli;
    stream_t stream;
    stream_reader_t *reader;
    fetch_t fetch;
    batch_t batch;
    head_t end;    /* of the batch, where the next one must go on */
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

int walk_broken(const cli_t *cli, stream_t stream, uint64_t seq) {
    char where[WHERE_ROOM];
    snprintf(where, sizeof where, "%s %llu", stream_name(stream), (unsigned long long)seq);
    return cli_fail(
        cli, EX_DATAERR,
        "数据流在此条之后接不上，后面的内容不予显示；请再试一次，仍如此请做备份（minning backup），它会通读全部数据",
        "the stream does not go on after this event, and nothing behind it is shown: try again; if it stays so, "
        "minning backup reads all there is",
        where);
}

arena_t *walk_arena(walk_t *self) { return self->arena; }

static int fetch_batch(walk_t *self) {
    int64_t until_ms = clock_steady_ms() + WALK_SILENT_MS;
    arena_reset(self->arena);
    self->at = 0;
    self->batch = (batch_t){0};
    self->fetch.after = self->fetch.ack = self->end.seq;
    memcpy(self->fetch.after_hash, self->end.hash, sizeof self->end.hash);
    while (clock_steady_ms() < until_ms) {
        stream_reader_ask(self->reader, &self->fetch, clock_steady_ms());
        void *handle = stream_reader_handle(self->reader);
        link_wait(&handle, 1, 200);
        if (!stream_reader_take(self->reader, self->arena, &self->batch)) continue;
        if (self->batch.state == batch_state_behind) continue; /* it re-derives: wait */
        if (self->batch.state == batch_state_ok) {
            self->asked = batch_goes_on(&self->batch, self->stream, &self->end);
            return self->asked ? EXIT_WELL : walk_broken(self->cli, self->stream, self->end.seq);
        }
        return cli_fail(self->cli, EX_TEMPFAIL, "数据流已改写，请再试一次", "the stream was rebuilt meanwhile: try again",
                        stream_name(self->stream));
    }
    return cli_fail_err(self->cli, ERR_TIMEOUT, stream_name(self->stream), NULL);
}

static bool is_enough(const walk_t *self, uint64_t until) {
    if (!self->asked || self->end.seq < self->batch.durable_head) return false;
    return until == 0 || self->batch.cause_head >= until || (self->stream == STREAM_ENTRIES && self->end.seq >= until);
}

int walk_next(walk_t *self, uint64_t until, event_t *event, bool *there) {
    err_t err = OK;
    *there = false;
    while (!self->pending) {
        self->pending = self->asked && batch_next(&self->batch, &self->at, &self->seq, &self->event, &err);
        if (self->pending) break;
        if (err != OK) return cli_fail(self->cli, EX_SOFTWARE, "数据流读取出错", "the stream cannot be read", err_name(err));
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
