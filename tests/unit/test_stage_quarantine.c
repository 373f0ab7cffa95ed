/* Quarantined events: skipped once, said in the own stream, and the same bytes on every replay. */
#include "tests/unit/stage_bench.h"

#include "services/stage/stage_inner.h"

#include <signal.h>
#include <sys/wait.h>

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
    stage->crashes = (crashes_t){.count = LIMIT_CRASHES, .from = 4, .seq = 4};
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

/* --- what goes wrong when a commit makes rows of the memory --- */

enum { POISON = 9, BITTER = 5, LIVES = 8 };

/* Counts as counter does, but in memory; "bitter" makes a row that the schema refuses, "deadly" an ASSERT. */
typedef struct {
    uint64_t sum;
    bool bitter, deadly;
} brood_t;

static brood_t *brood_of(turn_t *turn) { return turn_memory(turn); }

static void *brood_load(turn_t *turn) {
    brood_t *brood = calloc(1, sizeof *brood);
    brood->sum = count_get(turn, "all");
    return brood;
}

static void brood_destroy(void **memory) {
    free(*memory);
    *memory = NULL;
}

static void brood_settle(turn_t *turn, void *memory);

/* "stir" makes rows at once, as a plan that is amended does. */
static void brood_apply(turn_t *turn, const event_t *event) {
    refusals_counted_t work;
    if (event->kind != KIND_refusals_counted || !turn_body(turn, event, refusals_counted_type(), &work)) return;
    brood_t *brood = brood_of(turn);
    brood->sum += work.count;
    brood->bitter |= text_is(work.code, "bitter");
    brood->deadly |= text_is(work.code, "deadly");
    if (text_is(work.code, "stir")) brood_settle(turn, brood);
    turn_emit(turn, refusals_counted_type(), &work);
}

static void brood_settle(turn_t *turn, void *memory) {
    const brood_t *brood = memory;
    store_key_t key = count_key("all");
    refusals_counted_t row = {
        .code = brood->bitter ? (text_t){NULL, 0} : text_of("all"), .count = brood->sum, .door = door_gateway};
    ASSERT(!brood->deadly);
    txn_put(turn_txn(turn), TABLE_COUNTS, &key, &row);
}

static const role_t brooder = {.name = "counter",
                               .reads = STREAM_ENTRIES,
                               .writes = STREAM_VERDICTS,
                               .tables = counter_tables,
                               .table_count = 1,
                               .apply = brood_apply,
                               .memory_load = brood_load,
                               .memory_destroy = brood_destroy,
                               .settle = brood_settle};

/* Sixteen entries, the ninth of which is `code`; one stirs, or none: 0. */
static store_t *ledger_with(const char *code, uint64_t stirs) {
    store_t *ledger;
    assert_int_equal(store_open("ledger", NULL, 0, &ledger), OK);
    for (uint64_t seq = 1; seq <= 16; seq++) ledger_add(ledger, seq == POISON ? code : seq == stirs ? "stir" : "a", 1);
    return ledger;
}

/* One life of a process: applies all it can get in large transactions, and commits as the loop does. */
static err_t life(stage_t *stage, store_t *ledger, const quarantined_t *rows, uint32_t count) {
    arena_t *arena = arena_new();
    batch_t batch;
    err_t err = stage_quarantine(stage, rows, count);
    while (err == OK && ledger_serve(ledger, stage_fetch(stage), 0, arena, &batch)) {
        err = stage_step(stage, &batch);
        bool over = stage_fetch(stage).after == ledger_head(ledger).seq || stage_halted(stage) != 0;
        if (err == OK && (stage_is_full(stage) || over)) err = stage_commit(stage);
        if (stage_halted(stage) != 0) break;
    }
    arena_destroy(&arena);
    return err;
}

/* Lives until one ends well. Returns how many ended otherwise; the stage is left open. */
static uint32_t lives_until_well(store_t *ledger, bool forks, stage_t **stage) {
    for (uint32_t died = 0; died < LIVES; died++) {
        int status = 0;
        pid_t child = forks ? fork() : 0;
        if (child == 0) {
            assert_int_equal(stage_open(&brooder, "stage", stage), OK);
            crashes_watch(*stage, "stage");
            err_t err = life(*stage, ledger, NULL, 0);
            if (!forks && err == OK) return died;
            if (forks) _exit(0);
            assert_int_equal(err, ERR_REFUSED);
            stage_close(stage);
            continue;
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status)) return lives_until_well(ledger, false, stage) == 0 ? died : LIVES;
        assert_int_equal(WTERMSIG(status), SIGABRT);
    }
    return LIVES;
}

static void stands_before_the_poison_and_goes_on_without_it(const char *code, uint64_t stirs, bool forks) {
    store_t *ledger = ledger_with(code, stirs);
    stage_t *stage = NULL;
    quarantined_t row = quarantine_of(ledger, POISON);
    /* the first life blames all up to where it died, the last of them by name; three that went one by one blame the ninth */
    assert_int_equal(lives_until_well(ledger, forks, &stage), 1 + LIMIT_CRASHES);
    assert_int_equal(stage_halted(stage), POISON);
    assert_int_equal(stage_fetch(stage).after, POISON - 1);
    assert_int_equal(life(stage, ledger, &row, 1), OK);
    assert_int_equal(stage_halted(stage), 0);
    assert_int_equal(stage_fetch(stage).after, 16);
    assert_int_equal(kinds_in(stage, KIND_event_skipped), 1);
    assert_int_equal(stage_dump(stage, "lived.dump"), OK);
    stage_close(&stage);
    assert_int_equal(stage_open(&brooder, "fresh", &stage), OK); /* on replay too */
    assert_int_equal(life(stage, ledger, &row, 1), OK);
    assert_int_equal(stage_dump(stage, "fresh.dump"), OK);
    assert_same_files("lived.dump", "fresh.dump");
    stage_close(&stage);
    store_close(&ledger);
}

static void a_row_refused_at_the_commit_counts_against_the_event_it_came_from(void **state) {
    (void)state;
    stands_before_the_poison_and_goes_on_without_it("bitter", 0, false);
}

static void a_crash_at_the_commit_counts_against_the_event_it_came_from(void **state) {
    (void)state;
    stands_before_the_poison_and_goes_on_without_it("deadly", 0, true);
}

static void what_shows_in_the_turn_of_a_later_event_counts_against_the_one_it_came_from(void **state) {
    (void)state;
    stands_before_the_poison_and_goes_on_without_it("bitter", 12, false);
}

static void a_crash_in_the_turn_of_a_later_event_counts_against_the_one_it_came_from(void **state) {
    (void)state;
    stands_before_the_poison_and_goes_on_without_it("deadly", 12, true);
}

static void after_a_crash_that_does_not_come_again_all_is_as_if_it_had_not_been(void **state) {
    (void)state;
    store_t *ledger = ledger_with("a", 0);
    quarantined_t row = quarantine_of(ledger, BITTER);
    stage_t *stage;
    assert_int_equal(stage_open(&brooder, "stage", &stage), OK);
    stage->crashes = (crashes_t){.count = 1, .from = 1, .seq = BITTER};
    memcpy(stage->crashes.hash, row.hash, sizeof row.hash);
    assert_int_equal(life(stage, ledger, NULL, 0), OK);
    assert_int_equal(stage->crashes.count, 0);
    assert_int_equal(stage_dump(stage, "lived.dump"), OK);
    stage_close(&stage);
    assert_int_equal(stage_open(&brooder, "fresh", &stage), OK);
    assert_int_equal(life(stage, ledger, NULL, 0), OK);
    assert_int_equal(stage_dump(stage, "fresh.dump"), OK);
    assert_same_files("lived.dump", "fresh.dump");
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
        BENCH_TEST(a_row_refused_at_the_commit_counts_against_the_event_it_came_from),
        BENCH_TEST(a_crash_at_the_commit_counts_against_the_event_it_came_from),
        BENCH_TEST(what_shows_in_the_turn_of_a_later_event_counts_against_the_one_it_came_from),
        BENCH_TEST(a_crash_in_the_turn_of_a_later_event_counts_against_the_one_it_came_from),
        BENCH_TEST(after_a_crash_that_does_not_come_again_all_is_as_if_it_had_not_been),
        BENCH_TEST(a_reader_of_a_lost_epoch_is_told_diverged_and_not_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
