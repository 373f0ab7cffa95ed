/* A batch is applied in pieces, and what follows it is asked for before. */
#include "tests/unit/stage_bench.h"

/* A ledger of five entries, and a stage that takes two of them in a step. */
static store_t *ledger_of_five(stage_t **stage) {
    store_t *ledger;
    assert_int_equal(store_open("data/ledger", NULL, 0, &ledger), OK);
    for (uint64_t count = 1; count <= 5; count++) ledger_add(ledger, "a", count);
    assert_int_equal(stage_open(&counter, "data/counter", stage), OK);
    stage_pace(*stage, 2);
    return ledger;
}

static void a_batch_is_applied_in_pieces_while_the_next_is_asked_for(void **state) {
    (void)state;
    stage_t *stage;
    store_t *ledger = ledger_of_five(&stage);
    arena_t *arena = arena_new();
    batch_t batch, next;
    assert_true(ledger_serve(ledger, stage_fetch(stage), 0, arena, &batch));
    for (uint64_t count = 6; count <= 7; count++) ledger_add(ledger, "a", count);
    assert_int_equal(stage_take(stage, &batch), OK);
    assert_int_equal(stage_fetch(stage).after, 0);
    assert_int_equal(stage_fetch_ahead(stage).after, 5);
    assert_true(ledger_serve(ledger, stage_fetch_ahead(stage), 0, arena, &next)); /* its hash is the ledger's own */
    assert_int_equal(next.state, batch_state_ok);
    for (uint64_t applied = 2; applied <= 4; applied += 2) {
        assert_int_equal(stage_step_on(stage, &batch), OK);
        assert_true(stage_unfinished(stage));
        assert_int_equal(stage_fetch(stage).after, applied);
        assert_int_equal(stage_commit(stage), OK); /* between two pieces or not */
    }
    assert_int_equal(stage_step_on(stage, &batch), OK);
    assert_false(stage_unfinished(stage));
    assert_int_equal(stage_fetch_ahead(stage).after, 5);
    assert_int_equal(stage_step(stage, &next), OK);
    head_t head = ledger_head(ledger);
    assert_int_equal(stage_fetch(stage).after, 7);
    assert_memory_equal(stage_fetch(stage).after_hash, head.hash, 32);
    arena_destroy(&arena);
    stage_close(&stage);
    store_close(&ledger);
}

static void what_waits_of_a_batch_is_forgotten_with_a_rollback(void **state) {
    (void)state;
    stage_t *stage;
    store_t *ledger = ledger_of_five(&stage);
    arena_t *arena = arena_new();
    batch_t batch;
    assert_true(ledger_serve(ledger, stage_fetch(stage), 0, arena, &batch));
    assert_int_equal(stage_step(stage, &batch), OK);
    assert_true(stage_unfinished(stage));
    stage_rollback(stage);
    assert_false(stage_unfinished(stage));
    assert_int_equal(stage_fetch_ahead(stage).after, 0);
    assert_int_equal(stage_step_on(stage, &batch), OK); /* nothing waits: nothing is applied */
    assert_int_equal(stage_fetch(stage).after, 0);
    arena_destroy(&arena);
    stage_close(&stage);
    store_close(&ledger);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_batch_is_applied_in_pieces_while_the_next_is_asked_for),
        BENCH_TEST(what_waits_of_a_batch_is_forgotten_with_a_rollback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
