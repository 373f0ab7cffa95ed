/* `minning tail`: the events of any stream, one a line. */
#include "services/minning/ask.h"
#include "services/minning/cli.h"
#include "services/minning/walk.h"

#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/serve.h"

#include <stdlib.h>
#include <string.h>

enum { TAIL_SILENT_MS = 5000 };

typedef struct {
    cli_t *cli;
    stream_t stream;
    stream_reader_t *reader;
    fetch_t fetch;
    head_t at;        /* shown up to here */
    uint64_t from;    /* events before it are read, for their hashes, and not shown */
    const char *kind; /* NULL: all */
    bool follow;
    arena_t *arena; /* void after each batch */
} tail_t;

static void print_event(const tail_t *tail, uint64_t seq, const event_t *event) {
    const cli_t *cli = tail->cli;
    const message_t *type = message_of_kind(event->kind);
    if (tail->kind != NULL && (type == NULL || strcmp(type->name, tail->kind) != 0)) return;
    json_t *body = NULL;
    fault_t fault;
    void *value = type == NULL ? NULL : arena_take(tail->arena, type->size);
    if (type != NULL && event_body(event, type, tail->arena, value, &fault) == OK) body = message_to_json(type, value);
    if (body == NULL) body = json_null();
    if (!cli->json) {
        char *text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
        printf("%lu  " TEXT_FORMAT "  #%lu  %s  %s\n", (unsigned long)seq,
               TEXT_ARGS(cli_when(cli, cli_offset(tail->cli), event->at_ms)), (unsigned long)event->cause_seq,
               type != NULL ? type->name : "?", text != NULL ? text : "");
        free(text);
        json_decref(body);
        return;
    }
    json_t *json = json_object();
    json_object_set_new(json, "seq", json_integer((json_int_t)seq));
    json_object_set_new(json, "cause_seq", json_integer((json_int_t)event->cause_seq));
    json_object_set_new(json, "at_ms", json_integer(event->at_ms));
    json_object_set_new(json, "kind", json_string(type != NULL ? type->name : "?"));
    json_object_set_new(json, "body", body);
    cli_print_json(json);
}

/* Prints what came. *head: how far the stream reaches. 0, or an exit. */
static int take_batch(tail_t *tail, uint64_t *head) {
    batch_t batch;
    arena_reset(tail->arena);
    if (!stream_reader_take(tail->reader, tail->arena, &batch)) return EXIT_WELL;
    if (batch.state == batch_state_diverged || batch.state == batch_state_behind)
        return cli_fail(tail->cli, EX_DATAERR, "该数据流没有这一段", "the stream has no such part",
                        WORD_NAME(batch_state, batch.state));
    *head = batch.durable_head;
    if (tail->fetch.at_end) {
        tail->fetch.at_end = false;
        tail->at.seq = batch.durable_head;
        memcpy(tail->at.hash, batch.last_hash, sizeof tail->at.hash);
        return EXIT_WELL;
    }
    if (!batch_goes_on(&batch, tail->stream, &tail->at)) return walk_broken(tail->cli, tail->stream, tail->at.seq);
    uint32_t place = 0;
    uint64_t seq = 0;
    event_t event;
    err_t err = OK;
    while (batch_next(&batch, &place, &seq, &event, &err))
        if (seq >= tail->from) print_event(tail, seq, &event);
    fflush(stdout);
    return err == OK ? EXIT_WELL
                     : cli_fail(tail->cli, EX_SOFTWARE, "数据流读取出错", "the stream cannot be read", err_name(err));
}

static int run_tail(tail_t *tail) {
    uint64_t head = UINT64_MAX;
    int64_t heard_ms = clock_steady_ms();
    for (;;) {
        tail->fetch.after = tail->fetch.ack = tail->at.seq;
        memcpy(tail->fetch.after_hash, tail->at.hash, sizeof tail->at.hash);
        stream_reader_ask(tail->reader, &tail->fetch, clock_steady_ms());
        void *handle = stream_reader_handle(tail->reader);
        uint32_t ready = link_wait(&handle, 1, 200);
        if (ready & LINK_STOP) return EXIT_WELL;
        if (ready & 1u) {
            heard_ms = clock_steady_ms();
            int exit_code = take_batch(tail, &head);
            if (exit_code != EXIT_WELL) return exit_code;
        }
        if (!tail->follow && head != UINT64_MAX && tail->at.seq >= head) return EXIT_WELL;
        if (!tail->follow && clock_steady_ms() - heard_ms > TAIL_SILENT_MS)
            return cli_fail_err(tail->cli, ERR_TIMEOUT, stream_name(tail->stream), NULL);
    }
}

int verb_tail(cli_t *cli) {
    static const char *const endpoints[] = {NULL, HOME_ENTRIES, HOME_VERDICTS, HOME_TALLIES, HOME_WARNINGS};
    tail_t tail = {.cli = cli,
                   .stream = stream_named(text_of(cli->args[0])),
                   .follow = cli_option(cli, OPTION_follow) != NULL,
                   .kind = cli_option(cli, OPTION_kind)};
    if (tail.stream == STREAM_NONE)
        return cli_fail(cli, EX_USAGE, "数据流有 entries verdicts tallies warnings",
                        "streams are entries verdicts tallies warnings", cli->args[0]);
    if (cli_option(cli, OPTION_from) != NULL && !cli_number(cli_option(cli, OPTION_from), &tail.from))
        return cli_fail(cli, EX_USAGE, "序号从 1 起", "events are numbered from 1", cli_option(cli, OPTION_from));
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    link_start();
    link_watch_signals();
    tail.fetch =
        (fetch_t){.stream = tail.stream, .at_end = cli_option(cli, OPTION_end) != NULL, .reader = text_of("minning-tail")};
    err_t err = stream_reader_open(endpoints[tail.stream], &tail.reader);
    if (err != OK) return cli_fail_err(cli, err, cli->args[0], NULL);
    tail.arena = arena_new();
    exit_code = run_tail(&tail);
    stream_reader_close(&tail.reader);
    arena_destroy(&tail.arena);
    return exit_code;
}
