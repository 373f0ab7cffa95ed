/* Queries beside the fold: snapshots, at_least, health, the query thread's own memory. */
#include "stage_bench.h"

static store_t *ledger_open(const char *path) {
    store_t *ledger;
    assert_int_equal(store_open(path, NULL, 0, &ledger), OK);
    return ledger;
}

static stage_t *counter_open(const char *path) {
    stage_t *stage;
    assert_int_equal(stage_open(&counter, path, &stage), OK);
    return stage;
}

static void dump_and_close(stage_t **stage, const char *file) {
    assert_int_equal(stage_dump(*stage, file), OK);
    stage_close(stage);
}

static void the_undisturbed_run(store_t *ledger, const char *file) {
    stage_t *stage = counter_open("data/undisturbed");
    counter_drain(stage, ledger, 0, 1);
    dump_and_close(&stage, file);
}

/* A second counter behind the first. */
static const role_t second = {.name = "second",
                              .reads = STREAM_VERDICTS,
                              .writes = STREAM_TALLIES,
                              .tables = counter_tables,
                              .table_count = 1,
                              .apply = counter_apply,
                              .resume = counter_resume,
                              .answer = counter_answer};

static uint64_t as_of(stage_t *stage, uint64_t at_least, bool *answered) {
    buffer_t ask = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    targets_t targets = {0};
    arena_t *arena = arena_new();
    packet_encode(5, targets_ask_type(), &(targets_ask_t){.at_least = at_least}, &ask);
    assert_int_equal(packet_decode((bytes_t){ask.at, (uint32_t)ask.size}, &packet, &fault), OK);
    *answered = stage_answer(stage, &packet, &out);
    if (*answered) {
        assert_int_equal(packet_decode((bytes_t){out.at, (uint32_t)out.size}, &packet, &fault), OK);
        assert_int_equal(packet.request_id, 5);
        assert_int_equal(packet_body(&packet, targets_type(), arena, &targets, &fault), OK);
    } else
        assert_int_equal(out.size, 0);
    buffer_destroy(&ask);
    buffer_destroy(&out);
    arena_destroy(&arena);
    return targets.as_of;
}

static void a_question_with_at_least_waits_until_all_of_that_entry_is_committed(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    stage_t *first = counter_open("data/first"), *then;
    assert_int_equal(stage_open(&second, "data/second", &then), OK);
    bool answered;
    ledger_add(ledger, "a", 1);
    ledger_add(ledger, "much", 3); /* four events of one cause */
    arena_t *arena = arena_new();
    batch_t batch;
    assert_true(ledger_serve(ledger, stage_fetch(first), 0, arena, &batch));
    assert_int_equal(stage_step(first, &batch), OK);
    as_of(first, 2, &answered);
    assert_false(answered); /* applied, not committed */
    assert_int_equal(stage_commit(first), OK);
    assert_int_equal(as_of(first, 2, &answered), 2);
    assert_true(answered);
    fetch_t fetch = stage_fetch(then);
    fetch.max_bytes = 1;
    for (int event = 1; event <= 4; event++) {
        assert_true(stage_serve(first, &fetch, arena, &batch));
        assert_int_equal(stage_step(then, &batch), OK);
        assert_int_equal(stage_commit(then), OK);
        as_of(then, 2, &answered);
        assert_false(answered); /* more of entry 2 is to come */
        fetch = stage_fetch(then);
        fetch.max_bytes = 1;
    }
    assert_true(stage_serve(first, &fetch, arena, &batch));
    assert_int_equal(stage_step(then, &batch), OK);
    assert_int_equal(stage_commit(then), OK);
    assert_int_equal(as_of(then, 2, &answered), 2);
    assert_true(answered);
    arena_destroy(&arena);
    stage_close(&then);
    stage_close(&first);
    store_close(&ledger);
}

static void an_entry_without_consequences_is_known_downstream_from_the_heads_alone(void **state) {
    (void)state;
    stage_t *then;
    bool answered;
    assert_int_equal(stage_open(&second, "data/second", &then), OK);
    batch_t heads = {.stream = STREAM_VERDICTS, .state = batch_state_ok, .cause_head = 9};
    assert_int_equal(stage_step(then, &heads), OK);
    assert_int_equal(stage_commit(then), OK);
    assert_int_equal(as_of(then, 9, &answered), 9);
    assert_true(answered);
    heads.cause_head = 12;
    heads.durable_head = 4; /* there are events that are not here yet */
    assert_int_equal(stage_step(then, &heads), OK);
    assert_int_equal(stage_commit(then), OK);
    as_of(then, 12, &answered);
    assert_false(answered);
    stage_close(&then);
}

static uint64_t remembered(stage_t *stage) {
    buffer_t ask = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    targets_t targets;
    arena_t *arena = arena_new();
    packet_encode(1, targets_ask_type(), &(targets_ask_t){0}, &ask);
    assert_int_equal(packet_decode((bytes_t){ask.at, (uint32_t)ask.size}, &packet, &fault), OK);
    assert_true(stage_answer(stage, &packet, &out));
    assert_int_equal(packet_decode((bytes_t){out.at, (uint32_t)out.size}, &packet, &fault), OK);
    assert_int_equal(packet_body(&packet, targets_type(), arena, &targets, &fault), OK);
    buffer_destroy(&ask);
    buffer_destroy(&out);
    arena_destroy(&arena);
    return targets.now_ms;
}

static void memory_follows_the_committed_state_in_queries_and_the_rolled_back_one_in_the_fold(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    stage_t *stage = counter_open("data/counter");
    arena_t *arena = arena_new();
    batch_t batch;
    assert_int_equal(remembered(stage), 0);
    ledger_tick(ledger);
    counter_drain(stage, ledger, 0, 1);
    assert_int_equal(remembered(stage), 1);
    ledger_tick(ledger);
    assert_true(ledger_serve(ledger, stage_fetch(stage), 0, arena, &batch));
    assert_int_equal(stage_step(stage, &batch), OK);
    assert_int_equal(remembered(stage), 1); /* not committed yet */
    stage_rollback(stage);
    counter_drain(stage, ledger, 0, 1);
    assert_int_equal(remembered(stage), 2);
    assert_int_equal(stage_drop(stage), OK);
    assert_int_equal(remembered(stage), 0);
    counter_drain(stage, ledger, 0, 1);
    assert_int_equal(remembered(stage), 2);
    dump_and_close(&stage, "counter.txt");
    the_undisturbed_run(ledger, "undisturbed.txt");
    assert_same_files("undisturbed.txt", "counter.txt");
    arena_destroy(&arena);
    store_close(&ledger);
}

/* --- memory that could not be read whole --- */

static bool is_torn;
static uint32_t loads, drops;

static void *torn_memory_load(turn_t *turn) {
    loads++;
    if (is_torn) txn_fail(turn_txn(turn), ERR_CORRUPT); /* as a row does that lost a bit */
    return malloc(1);
}

static void torn_memory_destroy(void **memory) {
    drops++;
    free(*memory);
    *memory = NULL;
}

static void torn_apply(turn_t *turn, const event_t *event) {
    (void)event;
    const void *first = turn_memory(turn);
    assert_ptr_equal(turn_memory(turn), first); /* a handler has views into it */
}

static void torn_answer(turn_t *turn, const packet_t *ask, reply_t *reply) {
    torn_apply(turn, NULL);
    counter_answer(turn, ask, reply);
}

static const role_t torn = {.name = "torn",
                            .reads = STREAM_ENTRIES,
                            .writes = STREAM_VERDICTS,
                            .tables = counter_tables,
                            .table_count = 1,
                            .apply = torn_apply,
                            .memory_load = torn_memory_load,
                            .memory_destroy = torn_memory_destroy,
                            .answer = torn_answer};

static uint16_t kind_answered(stage_t *stage) {
    buffer_t ask = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(1, targets_ask_type(), &(targets_ask_t){0}, &ask);
    assert_int_equal(packet_decode((bytes_t){ask.at, (uint32_t)ask.size}, &packet, &fault), OK);
    assert_true(stage_answer(stage, &packet, &out));
    assert_int_equal(packet_decode((bytes_t){out.at, (uint32_t)out.size}, &packet, &fault), OK);
    buffer_destroy(&ask);
    buffer_destroy(&out);
    return (uint16_t)packet.kind;
}

static void memory_that_was_read_in_vain_stays_until_its_transaction_ends_and_no_longer(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    stage_t *stage;
    arena_t *arena = arena_new();
    batch_t batch;
    is_torn = true;
    loads = drops = 0;
    assert_int_equal(stage_open(&torn, "data/torn", &stage), OK);
    ledger_tick(ledger);
    assert_true(ledger_serve(ledger, stage_fetch(stage), 0, arena, &batch));
    assert_int_equal(stage_step(stage, &batch), ERR_CORRUPT);
    assert_int_equal(loads, 1);
    assert_int_equal(drops, 1);
    assert_int_equal(kind_answered(stage), KIND_busy);
    assert_int_equal(loads, 2);
    assert_int_equal(drops, 2);
    is_torn = false;
    assert_int_equal(stage_step(stage, &batch), OK);
    assert_int_equal(kind_answered(stage), KIND_targets);
    assert_int_equal(loads, 4); /* one for the fold, one for questions */
    stage_close(&stage);
    assert_int_equal(drops, 4);
    arena_destroy(&arena);
    store_close(&ledger);
}

static packet_t answer_of(stage_t *stage, const message_t *type, const void *question, buffer_t *out) {
    buffer_t ask = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(8, type, question, &ask);
    assert_int_equal(packet_decode((bytes_t){ask.at, (uint32_t)ask.size}, &packet, &fault), OK);
    assert_true(stage_answer(stage, &packet, out));
    assert_int_equal(packet_decode((bytes_t){out->at, (uint32_t)out->size}, &packet, &fault), OK);
    assert_int_equal(packet.request_id, 8);
    buffer_destroy(&ask);
    return packet;
}

static void health_tells_positions_and_an_unknown_question_is_refused(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    stage_t *stage = counter_open("data/counter");
    arena_t *arena = arena_new();
    buffer_t out = {0};
    fault_t fault;
    ledger_add(ledger, "a", 1);
    ledger_tick(ledger);
    counter_drain(stage, ledger, 0, 1);
    packet_t packet = answer_of(stage, health_ask_type(), &(health_ask_t){.at_least = 2}, &out);
    health_t health;
    assert_int_equal(packet_body(&packet, health_type(), arena, &health, &fault), OK);
    assert_true(text_is(health.service, "counter"));
    assert_int_equal(health.pid, getpid());
    assert_int_equal(health.in_applied, 2);
    assert_int_equal(health.in_head, 2);
    assert_int_equal(health.out_head, 4);
    assert_int_equal(health.cause_seq, 2);
    assert_int_equal(health.now_ms, T0 + 1);
    assert_true(health.ok && health.store_used > 0 && health.store_size > health.store_used);
    buffer_clear(&out);
    packet = answer_of(stage, warnings_ask_type(), &(warnings_ask_t){0}, &out);
    refusal_t refusal;
    assert_int_equal(packet_body(&packet, refusal_type(), arena, &refusal, &fault), OK);
    assert_true(text_is(refusal.reasons[0].code, "unknown_message"));
    assert_true(text_is(refusal.reasons[0].args[0], "720"));
    buffer_destroy(&out);
    arena_destroy(&arena);
    stage_close(&stage);
    store_close(&ledger);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_question_with_at_least_waits_until_all_of_that_entry_is_committed),
        BENCH_TEST(an_entry_without_consequences_is_known_downstream_from_the_heads_alone),
        BENCH_TEST(memory_follows_the_committed_state_in_queries_and_the_rolled_back_one_in_the_fold),
        BENCH_TEST(memory_that_was_read_in_vain_stays_until_its_transaction_ends_and_no_longer),
        BENCH_TEST(health_tells_positions_and_an_unknown_question_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
