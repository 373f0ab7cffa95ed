/* Verbs that read a stream: what changed on its way is not shown, and that is said. */
#include "services/minning/walk.h"
#include "services/stage/home.h"
#include "services/stage/link.h"
#include "tests/unit/stage_bench.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

enum { EVENTS = 6, BATCH_BYTES = 200 };

/* Both sides are children: sockets do not outlive a fork. */
static pid_t child_begin(int (*run)(void)) {
    pid_t child = fork();
    if (child != 0) return child;
    int out = open("out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
        err = open("err", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0 || err < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0) _exit(126);
    int exit_code = run();
    fflush(NULL);
    _exit(exit_code);
}

static int run_tail(void) {
    char *line[] = {(char[]){"minning"}, (char[]){"tail"},   (char[]){"entries"},
                    (char[]){"--json"},  (char[]){"--lang"}, (char[]){"en"},
                    (char[]){"--home"},  (char[]){"."},      NULL};
    return cli_main(8, line);
}

/* What verbs that walk a stream do: one line an event. */
static int run_walk(void) {
    cli_t cli = {0};
    walk_t *walk = NULL;
    event_t event;
    bool there = true;
    cli_start(&cli);
    cli.zh = false;
    int exit_code = walk_open(&cli, STREAM_ENTRIES, &walk);
    while (exit_code == EXIT_WELL && there) {
        exit_code = walk_next(walk, 0, &event, &there);
        if (exit_code == EXIT_WELL && there) printf("%u\n", (unsigned)event.seq);
    }
    walk_close(&walk);
    cli_end(&cli);
    return exit_code;
}

/* One batch of the ledger; in that which holds event `spoilt` its last byte changes (0: in none). `shown` gets a byte for
 * each event that leaves whole, before it leaves: whoever has it may end us at once. */
static void batch_leaves(store_t *ledger, server_t *server, const peer_t *peer, bytes_t frame, uint64_t spoilt, FILE *shown,
                         arena_t *arena) {
    packet_t packet;
    fetch_t fetch;
    fault_t fault;
    batch_t batch;
    buffer_t out = {0};
    ASSERT(packet_decode(frame, &packet, &fault) == OK);
    ASSERT(packet_body(&packet, fetch_type(), arena, &fetch, &fault) == OK);
    if (!ledger_serve(ledger, fetch, BATCH_BYTES, arena, &batch)) return;
    bool spoils = spoilt >= batch.from && spoilt < batch.from + batch.count;
    uint8_t *events = arena_take(arena, batch.events.size + 1);
    memcpy(events, batch.events.at, batch.events.size);
    if (spoils) events[batch.events.size - 1] ^= 1;
    batch.events.at = events;
    for (uint64_t left = spoils ? 0 : batch.count; left > 0; left--) fputc('\n', shown);
    fflush(shown);
    packet_encode(packet.request_id, batch_type(), &batch, &out);
    server_send(server, peer, (bytes_t){out.at, (uint32_t)out.size});
    buffer_destroy(&out);
}

/* A child that serves the ledger until it is killed. */
static pid_t writer_begin(uint64_t spoilt) {
    pid_t child = fork();
    if (child != 0) return child;
    store_t *ledger = NULL;
    server_t *server = NULL;
    arena_t *arena = arena_new();
    FILE *shown = fopen("shown", "we");
    link_start();
    ASSERT(shown != NULL && store_open("data/ledger", NULL, 0, &ledger) == OK && server_bind(HOME_ENTRIES, &server) == OK);
    for (;;) {
        void *handle = server_handle(server);
        peer_t peer;
        bytes_t frame;
        link_wait(&handle, 1, 1000);
        arena_reset(arena);
        if (!server_receive(server, &peer, &frame)) continue;
        batch_leaves(ledger, server, &peer, frame, spoilt, shown, arena);
    }
}

static uint64_t lines_of(const char *path) {
    size_t size;
    uint64_t lines = 0;
    char *text = bench_file(path, &size);
    for (size_t at = 0; at < size; at++) lines += text[at] == '\n';
    free(text);
    return lines;
}

/* Runs it beside a writer. Returns the exit code. */
static int run_beside(int (*run)(void), uint64_t spoilt) {
    int status = 0;
    store_t *ledger = NULL;
    assert_int_equal(home_write(HOME_CONF, text_of("ledger\n    plan = \"test\"\n"), 0600), OK);
    assert_int_equal(store_open("data/ledger", NULL, 0, &ledger), OK);
    for (uint64_t count = 1; count <= EVENTS; count++) ledger_add(ledger, "a", count);
    store_close(&ledger);
    pid_t writer = writer_begin(spoilt), reader = child_begin(run);
    assert_true(writer > 0 && reader > 0);
    assert_int_equal(waitpid(reader, &status, 0), reader);
    kill(writer, SIGKILL);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void what_comes_whole_is_shown(int (*run)(void)) {
    assert_int_equal(run_beside(run, 0), EXIT_WELL);
    assert_int_equal(lines_of("shown"), EVENTS);
    assert_int_equal(lines_of("out"), EVENTS);
}

static void what_changed_is_said(int (*run)(void)) {
    size_t size;
    assert_int_equal(run_beside(run, EVENTS - 1), EX_DATAERR);
    assert_in_range(lines_of("shown"), 1, EVENTS - 2); /* some came whole, and are there */
    assert_int_equal(lines_of("out"), lines_of("shown"));
    char *said = bench_file("err", &size);
    assert_non_null(strstr(said, "the stream does not go on after this event"));
    free(said);
}

static void tail_shows_what_came_whole(void **state) {
    (void)state;
    what_comes_whole_is_shown(run_tail);
}

static void tail_shows_nothing_of_a_batch_that_changed_on_its_way_and_says_so(void **state) {
    (void)state;
    what_changed_is_said(run_tail);
}

static void a_walk_gives_what_came_whole(void **state) {
    (void)state;
    what_comes_whole_is_shown(run_walk);
}

static void a_walk_gives_nothing_of_a_batch_that_changed_on_its_way_and_says_so(void **state) {
    (void)state;
    what_changed_is_said(run_walk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(tail_shows_what_came_whole),
        BENCH_TEST(tail_shows_nothing_of_a_batch_that_changed_on_its_way_and_says_so),
        BENCH_TEST(a_walk_gives_what_came_whole),
        BENCH_TEST(a_walk_gives_nothing_of_a_batch_that_changed_on_its_way_and_says_so),
    };
    return cmocka_run_group_tests_name("cli stream", tests, NULL, NULL);
}
