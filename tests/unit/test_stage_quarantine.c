/* Quarantined events: skipped once, said in the own stream, and the same bytes on every replay. */
#include "tests/unit/stage_bench.h"

#include "services/stage/stage_inner.h"

/* A ledger of twelve: work, a tick, much work at 7, work, a tick. */
static store_t *ledger_new(void) {
    store_t *ledger;
    assert_int_equal(store_open("ledger", NULL, 0, &ledger), OK);
    for (int round = 0; round < 5; round++) ledger_add(ledger, "a", 1);
    ledger_tick(ledger);
    ledger_add(ledger, "much", 200); /* an agenda of 200 steps: more than one round */
    for (int round = 0; round < 4; round++) ledger_add(ledger, "b", 1);
    ledger_tick(ledger);
    return ledger;
}

static quarantined_t quarantine_of(store_t *ledger, uint64_t seq) {
    quarantined_t row = {.stage = text_of("counter"), .seq = seq};
    txn_t *txn = store_read(ledger);
    assert_true(txn_hash(txn, seq, row.hash));
    txn_abort(&txn);
    return row;
}

static stage_t *stage_new(const char *path) {
    stage_t *stage;
    assert_int_equal(stage_open(&counter, path, &stage), OK);
    return stage;
}

/* The dump of a stage that knew the list from the beginning. */
static void dump_fresh(store_t *ledger, const quarantined_t *rows, uint32_t count, const char *name) {
    stage_t *stage = stage_new(name);
    char file[64];
    assert_int_equal(stage_quarantine(stage, rows, count), OK);
    counter_drain(stage, ledger, 0, 1);
    snprintf(file, sizeof file, "%s.dump", name);
    assert_int_equal(stage_dump(stage, file), OK);
    stage_close(&stage);
}

static uint32_t kinds_in(stage_t *stage, uint32_t kind) {
    txn_t *txn = store_read(stage_store(stage));
    arena_t *arena = arena_new();
    uint32_t count = 0;
    event_t event;
    for (uint64_t seq = 1; seq <= txn_head(txn).seq; seq++)
        if (txn_event(txn, seq, arena, &event, NULL)) count += event.kind == kind;
    arena_destroy(&arena);
    txn_abort(&txn);
    return count;
}

static void a_quarantined_event_is_skipped_and_the_stream_says_so(void **state) {
    (void)state;
    store_t *ledger = ledger_new();
    quarantined_t row = quarantine_of(ledger, 3);
    stage_t *stage = stage_new("stage");
    assert_int_equal(stage_quarantine(stage, &row, 1), OK);
    counter_drain(stage, ledger, 1, 1);
    assert_int_equal(kinds_in(stage, KIND_event_skipped), 1);
    assert_int_equal(stage_fetch(stage).after, 12);
    stage_close(&stage);
    store_close(&ledger);
}

static void a_quarantined_tick_is_still_passed_on(void **state) {
    (void)state;
    store_t *ledger = ledger_new();
    quarantined_t row = quarantine_of(ledger, 6);
    stage_t *stage = stage_new("stage");
    assert_int_equal(stage_quarantine(stage, &row, 1), OK);
    counter_drain(stage, ledger, 0, 1);
    assert_int_equal(kinds_in(stage, KIND_clock_ticked), 2);
    assert_int_equal(kinds_in(stage, KIND_event_skipped), 1);
    stage_close(&stage);
    store_close(&ledger);
}

static void another_hash_or_another_stage_skips_nothing(void **state) {
    (void)state;
    store_t *ledger = ledger_new();
    quarantined_t rows[] = {quarantine_of(ledger, 3), quarantine_of(ledger, 4)};
    rows[0].hash[5] ^= 1;
    rows[1].stage = text_of("validation");
    dump_fresh(ledger, NULL, 0, "plain");
    dump_fresh(ledger, rows, 2, "listed");
    assert_same_files("plain.dump", "listed.dump");
    store_close(&ledger);
}

/* What was applied before anybody named it must look as if it had been named at once. */
static void a_quarantine_of_what_is_applied_already_rebuilds(void **state) {
    (void)state;
    store_t *ledger = ledger_new();
    quarantined_t row = quarantine_of(ledger, 3);
    stage_t *stage = stage_new("stage");
    assert_int_equal(stage_quarantine(stage, NULL, 0), OK);
    counter_drain(stage, ledger, 0, 1);
    assert_int_equal(stage_quarantine(stage, &row, 1), OK);
    assert_int_equal(stage_fetch(stage).after, 0);
    counter_drain(stage, ledger, 0, 1);
    assert_int_equal(stage_quarantine(stage, &row, 1), OK); /* the second time there is nothing to do */
    assert_int_equal(stage_fetch(stage).after, 12);
    assert_int_equal(stage_dump(stage, "lived.dump"), OK);
    stage_close(&stage);
    dump_fresh(ledger, &row, 1, "fresh");
    assert_same_files("lived.dump", "fresh.dump");
    store_close(&ledger);
}

static void a_quarantine_in_the_middle_of_an_agenda_rebuilds(void **state) {
    (void)state;
    store_t *ledger = ledger_new();
    quarantined_t row = quarantine_of(ledger, 7);
    stage_t *stage = stage_new("stage");
    arena_t *arena = arena_new();
    batch_t batch;
    assert_int_equal(stage_quarantine(stage, NULL, 0), OK);
    assert_true(ledger_serve(ledger, stage_fetch(stage), 0, arena, &batch));
    assert_int_equal(stage_step(stage, &batch), OK);
    assert_true(stage_pending(stage)); /* half of it is done, and about to be committed */
    assert_int_equal(stage_quarantine(stage, &row, 1), OK);
    assert_false(stage_pending(stage));
    assert_int_equal(stage_fetch(stage).after, 0);
    counter_drain(stage, ledger, 0, 1);
    assert_int_equal(stage_dump(stage, "lived.dump"), OK);
    arena_destroy(&arena);
    stage_close(&stage);
    dump_fresh(ledger, &row, 1, "fresh");
    assert_same_files("lived.dump", "fresh.dump");
    store_close(&ledger);
}

/* The ledger was restored to before the quarantine: it holds no longer. */
static void a_quarantine_that_is_gone_rebuilds(void **state) {
    (void)state;
    store_t *ledger = ledger_new();
    quarantined_t row = quarantine_of(ledger, 3);
    stage_t *stage = stage_new("stage");
    assert_int_equal(stage_quarantine(stage, &row, 1), OK);
    counter_drain(stage, ledger, 0, 1);
    assert_int_equal(stage_quarantine(stage, NULL, 0), OK);
    counter_drain(stage, ledger, 0, 1);
    assert_int_equal(kinds_in(stage, KIND_event_skipped), 0);
    assert_int_equal(stage_dump(stage, "lived.dump"), OK);
    stage_close(&stage);
    dump_fresh(ledger, NULL, 0, "fresh");
    assert_same_files("lived.dump", "fresh.dump");
    store_close(&ledger);
}

static void a_stage_that_crashed_three_times_stands_before_that_very_event(void **state) {
    (void)state;
    store_t *ledger = ledger_new();
    quarantined_t row = quarantine_of(ledger, 4);
    stage_t *stage = stage_new("stage");
    stage->crashes = (crashes_t){.count = LIMIT_CRASHES, .seq = 4};
    arena_t *arena = arena_new();
    batch_t batch;
    memcpy(stage->crashes.hash, row.hash, sizeof row.hash);
    assert_int_equal(stage_quarantine(stage, NULL, 0), OK);
    assert_true(ledger_serve(ledger, stage_fetch(stage), 0, arena, &batch));
    assert_int_equal(stage_step(stage, &batch), OK);
    assert_int_equal(stage_commit(stage), OK);
    assert_int_equal(stage_halted(stage), 4);
    assert_int_equal(stage_fetch(stage).after, 3); /* all before it is done */
    assert_int_equal(stage_quarantine(stage, &row, 1), OK);
    counter_drain(stage, ledger, 0, 1);
    assert_int_equal(stage_halted(stage), 0);
    assert_int_equal(stage_fetch(stage).after, 12);
    arena_destroy(&arena);
    stage_close(&stage);
    store_close(&ledger);
}

static void another_event_at_that_seq_is_tried(void **state) {
    (void)state;
    store_t *ledger = ledger_new();
    stage_t *stage = stage_new("stage");
    stage->crashes = (crashes_t){.count = LIMIT_CRASHES, .seq = 4}; /* of another history */
    counter_drain(stage, ledger, 0, 1);
    assert_int_equal(stage_halted(stage), 0);
    assert_int_equal(stage_fetch(stage).after, 12);
    stage_close(&stage);
    store_close(&ledger);
}

/* A reader that has seen an epoch which a restore has lost need not wait: what it has will never come. */
static void a_reader_of_a_lost_epoch_is_told_diverged_and_not_behind(void **state) {
    (void)state;
    store_t *ledger = ledger_new();
    txn_t *txn = store_write(ledger);
    event_t header = {.epoch = 2, .at_ms = T0 + 100};
    clock_ticked_t tick = {.at_ms = T0 + 100};
    txn_append(txn, &header, clock_ticked_type(), &tick, NULL);
    assert_int_equal(txn_commit(&txn), OK);
    arena_t *arena = arena_new();
    batch_t batch;
    fetch_t fetch = {.stream = STREAM_ENTRIES, .after = 20, .epoch = 1, .reader = text_of("counter")};
    assert_true(ledger_serve(ledger, fetch, 0, arena, &batch));
    assert_int_equal(batch.state, batch_state_diverged);
    fetch.epoch = 2; /* the same epoch: the writer is deriving again what it had */
    assert_true(ledger_serve(ledger, fetch, 0, arena, &batch));
    assert_int_equal(batch.state, batch_state_behind);
    arena_destroy(&arena);
    store_close(&ledger);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_quarantined_event_is_skipped_and_the_stream_says_so),
        BENCH_TEST(a_quarantined_tick_is_still_passed_on),
        BENCH_TEST(another_hash_or_another_stage_skips_nothing),
        BENCH_TEST(a_quarantine_of_what_is_applied_already_rebuilds),
        BENCH_TEST(a_quarantine_in_the_middle_of_an_agenda_rebuilds),
        BENCH_TEST(a_quarantine_that_is_gone_rebuilds),
        BENCH_TEST(a_stage_that_crashed_three_times_stands_before_that_very_event),
        BENCH_TEST(another_event_at_that_seq_is_tried),
        BENCH_TEST(a_reader_of_a_lost_epoch_is_told_diverged_and_not_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
