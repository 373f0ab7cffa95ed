/* Streams and queries over real sockets: parked fetches, the desk, bounded frames. */
#include "stage_bench.h"

#include "services/stage/clock.h"
#include "services/stage/home.h"

#include <signal.h>
#include <sys/wait.h>
#include <zmq.h>

enum { PATIENCE_MS = 5000 };

/* A writer: a ledger with a door. */
typedef struct {
    store_t *ledger;
    stream_door_t *door;
} writer_t;

static txn_t *writer_view(void *self, head_t *durable, bool *rooted) {
    *rooted = true;
    txn_t *txn = store_read(((writer_t *)self)->ledger);
    *durable = txn_head(txn);
    return txn;
}

static void writer_done(void *self, txn_t *txn) {
    (void)self;
    txn_abort(&txn);
}

static void writer_open(writer_t *self) {
    assert_int_equal(store_open("data/ledger", NULL, 0, &self->ledger), OK);
    stream_view_t view = {.self = self, .view = writer_view, .done = writer_done};
    assert_int_equal(stream_door_open(HOME_ENTRIES, STREAM_ENTRIES, view, &self->door), OK);
}

static void writer_close(writer_t *self) {
    stream_door_close(&self->door);
    store_close(&self->ledger);
}

/* Both ends in one thread: until the reader has an answer. */
static bool answer_wait(writer_t *writer, stream_reader_t *reader, int64_t steady_ms, arena_t *arena, batch_t *batch) {
    void *const handles[] = {stream_door_handle(writer->door), stream_reader_handle(reader)};
    for (int64_t until = clock_steady_ms() + PATIENCE_MS; clock_steady_ms() < until;) {
        link_wait(handles, 2, 100);
        stream_door_step(writer->door, steady_ms);
        if (stream_reader_take(reader, arena, batch)) return true;
    }
    return false;
}

/* Lets the writer take the fetch that is under way. */
static void fetch_arrives(writer_t *writer, int64_t steady_ms) {
    void *const handles[] = {stream_door_handle(writer->door)};
    assert_int_equal(link_wait(handles, 1, PATIENCE_MS), 1);
    stream_door_step(writer->door, steady_ms);
}

static void a_parked_fetch_is_answered_when_something_arrives(void **state) {
    (void)state;
    writer_t writer;
    stream_reader_t *reader;
    arena_t *arena = arena_new();
    batch_t batch;
    writer_open(&writer);
    ledger_add(writer.ledger, "a", 1);
    assert_int_equal(stream_reader_open(HOME_ENTRIES, &reader), OK);
    fetch_t fetch = {.stream = STREAM_ENTRIES, .reader = text_of("test")};
    stream_reader_ask(reader, &fetch, 0);
    assert_true(answer_wait(&writer, reader, 0, arena, &batch));
    assert_int_equal(batch.count, 1);
    fetch.after = 1;
    memcpy(fetch.after_hash, batch.last_hash, sizeof fetch.after_hash);
    stream_reader_ask(reader, &fetch, 0);
    fetch_arrives(&writer, 0);
    assert_false(stream_reader_take(reader, arena, &batch));
    ledger_add(writer.ledger, "b", 2);
    stream_door_step(writer.door, 0);
    assert_true(answer_wait(&writer, reader, 0, arena, &batch));
    assert_int_equal(batch.from, 2);
    assert_int_equal(batch.count, 1);
    uint32_t at = 0;
    uint64_t seq;
    event_t event;
    err_t err;
    assert_true(batch_next(&batch, &at, &seq, &event, &err));
    assert_int_equal(event.seq, 2);
    assert_int_equal(event.cause_seq, 2);
    assert_false(batch_next(&batch, &at, &seq, &event, &err));
    assert_int_equal(err, OK);
    arena_destroy(&arena);
    stream_reader_close(&reader);
    writer_close(&writer);
}

static void a_fetch_parked_for_its_time_is_answered_with_the_heads(void **state) {
    (void)state;
    writer_t writer;
    stream_reader_t *reader;
    arena_t *arena = arena_new();
    batch_t batch;
    writer_open(&writer);
    assert_int_equal(stream_reader_open(HOME_ENTRIES, &reader), OK);
    fetch_t fetch = {.stream = STREAM_ENTRIES, .reader = text_of("test")};
    stream_reader_ask(reader, &fetch, 0);
    fetch_arrives(&writer, 0);
    stream_door_step(writer.door, LIMIT_PARK_MS - 1);
    assert_false(stream_reader_take(reader, arena, &batch));
    assert_true(answer_wait(&writer, reader, LIMIT_PARK_MS, arena, &batch));
    assert_int_equal(batch.state, batch_state_ok);
    assert_int_equal(batch.count, 0);
    arena_destroy(&arena);
    stream_reader_close(&reader);
    writer_close(&writer);
}

static void a_reader_asks_a_writer_that_was_restarted_again(void **state) {
    (void)state;
    writer_t writer;
    stream_reader_t *reader;
    arena_t *arena = arena_new();
    batch_t batch;
    writer_open(&writer);
    assert_int_equal(stream_reader_open(HOME_ENTRIES, &reader), OK);
    fetch_t fetch = {.stream = STREAM_ENTRIES, .reader = text_of("test")};
    stream_reader_ask(reader, &fetch, 0);
    fetch_arrives(&writer, 0);
    writer_close(&writer); /* with the fetch parked */
    writer_open(&writer);  /* the old socket file is no hindrance */
    ledger_add(writer.ledger, "a", 1);
    bool answered = false; /* what goes into the dying connection is lost: asked again after each silence */
    int64_t until = clock_steady_ms() + PATIENCE_MS;
    for (int64_t silence = 1; !answered && clock_steady_ms() < until; silence++) {
        void *const handles[] = {stream_door_handle(writer.door), stream_reader_handle(reader)};
        stream_reader_ask(reader, &fetch, silence * 2 * LIMIT_PARK_MS);
        link_wait(handles, 2, 100);
        stream_door_step(writer.door, 0);
        answered = stream_reader_take(reader, arena, &batch);
    }
    assert_true(answered);
    assert_int_equal(batch.count, 1);
    arena_destroy(&arena);
    stream_reader_close(&reader);
    writer_close(&writer);
}

static void a_reader_that_is_ahead_is_told_behind_and_pauses(void **state) {
    (void)state;
    writer_t writer;
    stream_reader_t *reader;
    arena_t *arena = arena_new();
    batch_t batch;
    writer_open(&writer);
    assert_int_equal(stream_reader_open(HOME_ENTRIES, &reader), OK);
    fetch_t fetch = {.stream = STREAM_ENTRIES, .after = 5, .reader = text_of("test")};
    stream_reader_ask(reader, &fetch, 0);
    assert_true(answer_wait(&writer, reader, 0, arena, &batch));
    assert_int_equal(batch.state, batch_state_behind);
    void *const handles[] = {stream_door_handle(writer.door)};
    stream_reader_ask(reader, &fetch, 10);
    stream_reader_ask(reader, &fetch, 60);
    assert_int_equal(link_wait(handles, 1, 20), 0); /* nothing was sent */
    stream_reader_ask(reader, &fetch, 200);
    assert_int_equal(link_wait(handles, 1, PATIENCE_MS), 1);
    arena_destroy(&arena);
    stream_reader_close(&reader);
    writer_close(&writer);
}

static void frames_that_are_no_fetch_are_dropped_and_the_door_stays_open(void **state) {
    (void)state;
    writer_t writer;
    client_t *client;
    stream_reader_t *reader;
    arena_t *arena = arena_new();
    batch_t batch;
    writer_open(&writer);
    ledger_add(writer.ledger, "a", 1);
    assert_int_equal(client_connect(HOME_ENTRIES, &client), OK);
    static const uint8_t junk[] = {0x94, 0xcd, 0x01, 0xf4, 0x01, 0xdd, 0xff, 0xff, 0xff, 0xff};
    assert_int_equal(client_send(client, (bytes_t){junk, sizeof junk}), OK);
    assert_int_equal(client_send(client, (bytes_t){junk, 0}), OK);
    fetch_arrives(&writer, 0);
    assert_int_equal(stream_reader_open(HOME_ENTRIES, &reader), OK);
    fetch_t fetch = {.stream = STREAM_ENTRIES, .reader = text_of("test")};
    stream_reader_ask(reader, &fetch, 0);
    assert_true(answer_wait(&writer, reader, 0, arena, &batch));
    assert_int_equal(batch.count, 1);
    arena_destroy(&arena);
    client_destroy(&client);
    stream_reader_close(&reader);
    writer_close(&writer);
}

static void a_message_of_several_parts_is_dropped(void **state) {
    (void)state;
    server_t *server;
    client_t *client;
    peer_t peer;
    bytes_t frame;
    assert_int_equal(server_bind("ipc://run/deep/down/parts", &server), OK); /* its folder is made */
    assert_int_equal(client_connect("ipc://run/deep/down/parts", &client), OK);
    assert_int_equal(zmq_send(client_handle(client), "one", 3, ZMQ_SNDMORE), 3);
    assert_int_equal(zmq_send(client_handle(client), "two", 3, 0), 3);
    assert_int_equal(client_send(client, (bytes_t){(const uint8_t *)"good", 4}), OK);
    void *const handles[] = {server_handle(server)};
    bool received = false;
    for (int64_t until = clock_steady_ms() + PATIENCE_MS; !received && clock_steady_ms() < until;) {
        link_wait(handles, 1, 100);
        received = server_receive(server, &peer, &frame);
    }
    assert_true(received);
    assert_int_equal(frame.size, 4);
    assert_memory_equal(frame.at, "good", 4);
    server_send(server, &peer, frame);
    void *const answers[] = {client_handle(client)};
    assert_int_equal(link_wait(answers, 1, PATIENCE_MS), 1);
    assert_true(client_receive(client, &frame));
    peer.bytes[0] ^= 1; /* somebody who is not there: forgotten, no error */
    server_send(server, &peer, frame);
    client_destroy(&client);
    server_destroy(&server);
}

static void a_stage_follows_a_ledger_over_sockets_and_serves_its_own_stream(void **state) {
    (void)state;
    writer_t writer;
    stream_reader_t *reader;
    stage_t *stage;
    arena_t *arena = arena_new();
    batch_t batch;
    writer_open(&writer);
    assert_int_equal(stream_reader_open(HOME_ENTRIES, &reader), OK);
    assert_int_equal(stage_open(&counter, "data/counter", &stage), OK);
    for (uint64_t round = 0; round < 200; round++) ledger_add(writer.ledger, "a", 1);
    for (int64_t now_ms = 0; stage_fetch(stage).after < 200; now_ms++) {
        fetch_t fetch = stage_fetch(stage);
        fetch.max_bytes = 1000;
        stream_reader_ask(reader, &fetch, now_ms);
        assert_true(answer_wait(&writer, reader, now_ms, arena, &batch));
        assert_int_equal(stage_step(stage, &batch), OK);
        arena_reset(arena);
    }
    assert_int_equal(stage_commit(stage), OK);
    fetch_t own = {.stream = STREAM_VERDICTS, .reader = text_of("test")};
    assert_true(stage_serve(stage, &own, arena, &batch));
    assert_int_equal(batch.count, 200);
    arena_destroy(&arena);
    stage_close(&stage);
    stream_reader_close(&reader);
    writer_close(&writer);
}

static bool desk_answer(void *self, const packet_t *ask, buffer_t *out) { return stage_answer(self, ask, out); }

static void the_desk_answers_from_another_thread_and_parks_until_the_entry_is_committed(void **state) {
    (void)state;
    store_t *ledger;
    stage_t *stage;
    desk_t *desk;
    client_t *client;
    arena_t *arena = arena_new();
    targets_t targets;
    assert_int_equal(store_open("data/ledger", NULL, 0, &ledger), OK);
    assert_int_equal(stage_open(&counter, "data/counter", &stage), OK);
    assert_int_equal(desk_start("counter", desk_answer, stage, &desk), OK);
    assert_int_equal(client_connect("ipc://run/counter.desk", &client), OK);
    assert_int_equal(
        client_ask(client, targets_ask_type(), &(targets_ask_t){0}, targets_type(), &targets, NULL, arena, PATIENCE_MS), OK);
    assert_int_equal(targets.as_of, 0);
    buffer_t ask = {0};
    packet_encode(77, targets_ask_type(), &(targets_ask_t){.at_least = 50}, &ask);
    assert_int_equal(client_send(client, (bytes_t){ask.at, (uint32_t)ask.size}), OK);
    for (int round = 0; round < 50; round++) {
        bytes_t early;
        assert_false(client_receive(client, &early));
        if (round % 5 == 0)
            ledger_tick(ledger);
        else
            ledger_add(ledger, "a", 1);
        counter_drain(stage, ledger, 0, 1);
        desk_nudge(desk);
    }
    void *const handles[] = {client_handle(client)};
    assert_int_equal(link_wait(handles, 1, PATIENCE_MS), 1);
    bytes_t frame;
    packet_t packet;
    fault_t fault;
    assert_true(client_receive(client, &frame));
    assert_int_equal(packet_decode(frame, &packet, &fault), OK);
    assert_int_equal(packet.request_id, 77);
    assert_int_equal(packet_body(&packet, targets_type(), arena, &targets, &fault), OK);
    assert_int_equal(targets.as_of, 50);
    assert_int_equal(targets.now_ms, 10);
    buffer_destroy(&ask);
    arena_destroy(&arena);
    client_destroy(&client);
    desk_stop(&desk);
    stage_close(&stage);
    store_close(&ledger);
}

static void the_desk_refuses_junk_and_unknown_questions_with_reasons(void **state) {
    (void)state;
    stage_t *stage;
    desk_t *desk;
    arena_t *arena = arena_new();
    refusal_t refusal;
    warnings_t warnings;
    client_t *client;
    assert_int_equal(stage_open(&counter, "data/counter", &stage), OK);
    assert_int_equal(desk_start("counter", desk_answer, stage, &desk), OK);
    err_t err = link_ask("ipc://run/counter.desk", warnings_ask_type(), &(warnings_ask_t){0}, warnings_type(), &warnings,
                         &refusal, arena, PATIENCE_MS);
    assert_int_equal(err, ERR_REFUSED);
    assert_true(text_is(refusal.reasons[0].code, "unknown_message"));
    assert_int_equal(client_connect("ipc://run/counter.desk", &client), OK);
    assert_int_equal(client_send(client, (bytes_t){(const uint8_t *)"\xc1", 1}), OK);
    void *const handles[] = {client_handle(client)};
    assert_int_equal(link_wait(handles, 1, PATIENCE_MS), 1);
    bytes_t frame;
    packet_t packet;
    fault_t fault;
    assert_true(client_receive(client, &frame));
    assert_int_equal(packet_decode(frame, &packet, &fault), OK);
    assert_int_equal(packet_body(&packet, refusal_type(), arena, &refusal, &fault), OK);
    assert_true(text_is(refusal.reasons[0].code, "wrong_type"));
    client_destroy(&client);
    arena_destroy(&arena);
    desk_stop(&desk);
    stage_close(&stage);
}

static void a_question_to_nobody_times_out(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    health_t health;
    err_t err =
        link_ask("ipc://run/nobody.desk", health_ask_type(), &(health_ask_t){0}, health_type(), &health, NULL, arena, 30);
    assert_int_equal(err, ERR_TIMEOUT);
    arena_destroy(&arena);
}

/* --- the whole service, as a process --- */

static void home_of_a_test(void) {
    assert_int_equal(home_make("home"), OK);
    assert_int_equal(home_write("home/" HOME_CONF, text_of("gateway\n    endpoint = \"tcp://127.0.0.1:5500\"\n"), 0600), OK);
}

static pid_t service_start(void) {
    pid_t child = fork();
    if (child == 0) {
        char name[] = "minning-counter", home[] = "home";
        char *argv[] = {name, home, NULL};
        _exit(stage_main(&counter, 2, argv));
    }
    return child;
}

static int exit_of(pid_t child) {
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* Intake's desk, as a stage needs it before it begins: nothing is quarantined. */
static bool nothing_quarantined(void *self, const packet_t *ask, buffer_t *out) {
    (void)self;
    packet_encode(ask->request_id, quarantines_type(), &(quarantines_t){0}, out);
    return true;
}

/* The parent never has a ZeroMQ context before it forks: children ask and write the ledger for it. */
static int drive_the_service(pid_t service) {
    writer_t writer;
    arena_t *arena = arena_new();
    health_t health = {0};
    client_t *desk;
    desk_t *intake;
    if (chdir("home") != 0) return 1;
    writer_open(&writer);
    if (desk_start("intake", nothing_quarantined, NULL, &intake) != OK) return 5;
    for (int round = 0; round < 20; round++) ledger_add(writer.ledger, "a", 1);
    ledger_tick(writer.ledger);
    if (client_connect("ipc://run/counter.desk", &desk) != OK) return 2;
    for (int64_t until = clock_steady_ms() + PATIENCE_MS; health.cause_seq < 21 && clock_steady_ms() < until;) {
        void *const handles[] = {stream_door_handle(writer.door)};
        link_wait(handles, 1, 5);
        stream_door_step(writer.door, clock_steady_ms());
        client_ask(desk, health_ask_type(), &(health_ask_t){0}, health_type(), &health, NULL, arena, 5);
    }
    if (health.cause_seq != 21 || health.out_head != 20 + 3 || health.pid != (uint64_t)service) return 3;
    if (kill(service, SIGTERM) != 0) return 4;
    return 0;
}

static void the_service_folds_answers_and_leaves_in_time_on_sigterm(void **state) {
    (void)state;
    home_of_a_test();
    pid_t service = service_start();
    pid_t driver = fork();
    if (driver == 0) _exit(drive_the_service(service));
    assert_int_equal(exit_of(driver), 0);
    int64_t asked_ms = clock_steady_ms();
    assert_int_equal(exit_of(service), 0);
    assert_true(clock_steady_ms() - asked_ms < LIMIT_STOP_MS);
    stage_t *stage;
    assert_int_equal(stage_open(&counter, "home/data/counter", &stage), OK);
    assert_int_equal(stage_fetch(stage).after, 21);
    stage_close(&stage);
}

static void a_service_with_a_damaged_store_sets_it_aside_and_rebuilds(void **state) {
    (void)state;
    home_of_a_test();
    stage_t *stage;
    assert_int_equal(stage_open(&counter, "home/data/counter", &stage), OK);
    stage_close(&stage);
    assert_int_equal(truncate("home/data/counter/data.mdb", 5000), 0);
    pid_t service = service_start();
    pid_t driver = fork();
    if (driver == 0) _exit(drive_the_service(service));
    assert_int_equal(exit_of(driver), 0);
    assert_int_equal(exit_of(service), 0);
    assert_int_equal(access("home/data/counter.damaged-1/data.mdb", F_OK), 0);
}

static void a_second_instance_of_a_service_and_a_missing_home_have_their_exit_codes(void **state) {
    (void)state;
    home_of_a_test();
    stage_t *stage;
    assert_int_equal(stage_open(&counter, "home/data/counter", &stage), OK);
    assert_int_equal(exit_of(service_start()), 75);
    stage_close(&stage);
    assert_int_equal(rename("home", "elsewhere"), 0);
    assert_int_equal(exit_of(service_start()), 66);
    char name[] = "minning-counter";
    char *argv[] = {name, NULL};
    assert_int_equal(stage_main(&counter, 1, argv), 64);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        /* first those that fork: libzmq's context does not survive it */
        BENCH_TEST(the_service_folds_answers_and_leaves_in_time_on_sigterm),
        BENCH_TEST(a_service_with_a_damaged_store_sets_it_aside_and_rebuilds),
        BENCH_TEST(a_second_instance_of_a_service_and_a_missing_home_have_their_exit_codes),
        BENCH_TEST(a_parked_fetch_is_answered_when_something_arrives),
        BENCH_TEST(a_fetch_parked_for_its_time_is_answered_with_the_heads),
        BENCH_TEST(a_reader_asks_a_writer_that_was_restarted_again),
        BENCH_TEST(a_reader_that_is_ahead_is_told_behind_and_pauses),
        BENCH_TEST(frames_that_are_no_fetch_are_dropped_and_the_door_stays_open),
        BENCH_TEST(a_message_of_several_parts_is_dropped),
        BENCH_TEST(a_stage_follows_a_ledger_over_sockets_and_serves_its_own_stream),
        BENCH_TEST(the_desk_answers_from_another_thread_and_parks_until_the_entry_is_committed),
        BENCH_TEST(the_desk_refuses_junk_and_unknown_questions_with_reasons),
        BENCH_TEST(a_question_to_nobody_times_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
