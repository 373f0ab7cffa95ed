/* Rows that go straight to the store: whatever is read, put, deleted, walked, rolled back, they say what rows at hand say. */
#include "stage_bench.h"

enum { KEYS = 400, STEPS = 40000, A_COMMIT = 700, ROWS = 3000 };
enum { T_HAND, T_STRAIGHT, T_APPENDED, T_TABLES };

static const table_t tables[] = {[T_HAND] = {"hand", key_registered_type},
                                 [T_STRAIGHT] = {"straight", key_registered_type},
                                 [T_APPENDED] = {"appended", key_registered_type}};

static store_t *opened(void) {
    store_t *store;
    assert_int_equal(store_open_derived("data/d", tables, T_TABLES, &store), OK);
    store_rows_go(store, T_STRAIGHT, ROWS_STRAIGHT);
    store_rows_go(store, T_APPENDED, ROWS_APPENDED);
    return store;
}

static uint64_t luck_of(uint64_t *state, uint64_t end) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (*state >> 33) % end;
}

static store_key_t key_at(uint64_t number) {
    store_key_t key = key_new();
    key_add_u64(&key, number);
    return key;
}

static void put(txn_t *txn, size_t table, uint64_t number, uint64_t value) {
    static const char *const units[] = {"u", "unit-of-a-longer-name", "one-more-unit-whose-name-is-longer"}; /* sizes differ */
    store_key_t key = key_at(number);
    key_registered_t row = {.unit = text_of(units[value % 3]), .generation = 1 + value};
    memset(row.key, 7, sizeof row.key);
    txn_put(txn, table, &key, &row);
}

static uint64_t get(txn_t *txn, size_t table, uint64_t number, arena_t *arena) {
    store_key_t key = key_at(number);
    key_registered_t row;
    return txn_get(txn, table, &key, arena, &row) ? row.generation : 0;
}

static uint64_t sum_of(txn_t *txn, size_t table, arena_t *arena) {
    uint64_t sum = 0;
    store_key_t all = key_new();
    key_registered_t row;
    scan_t scan = scan_begin(txn, table, &all, NULL);
    while (scan_next(&scan, arena, &row)) sum = sum * 31 + row.generation;
    scan_end(&scan);
    return sum;
}

/* The same done to every table, which all say the same. */
static void step(txn_t *txn, uint64_t what, uint64_t number, uint64_t value, arena_t *arena) {
    uint64_t sums[T_TABLES];
    for (size_t table = 0; table < T_TABLES; table++) {
        store_key_t key = key_at(number);
        sums[table] = get(txn, table, number, arena);
        if (what < 6) put(txn, table, number, value);
        else if (what == 6) txn_delete(txn, table, &key);
        else if (what == 7) put(txn, table, number + 1, value); /* another than was looked for */
        else if (what == 8 && value % 50 == 0) sums[table] = sum_of(txn, table, arena);
        else if (what == 9 && value % 500 == 0) txn_clear(txn, table);
    }
    for (size_t table = 1; table < T_TABLES; table++) assert_int_equal(sums[table], sums[T_HAND]);
    assert_int_equal(txn_error(txn), OK);
}

static void all_three_ways_say_the_same_through_commits_and_rollbacks(void **state) {
    (void)state;
    store_t *store = opened();
    arena_t *arena = arena_new();
    uint64_t luck = 7;
    txn_t *txn = store_write(store);
    for (uint32_t at = 1; at <= STEPS; at++) {
        arena_reset(arena);
        step(txn, luck_of(&luck, 10), luck_of(&luck, KEYS), luck_of(&luck, 1000), arena);
        if (at % A_COMMIT != 0) continue;
        if (luck_of(&luck, 3) == 0) txn_abort(&txn);
        else assert_int_equal(txn_commit(&txn), OK);
        txn = store_write(store);
    }
    assert_int_equal(txn_commit(&txn), OK);
    head_t head;
    assert_int_equal(store_verify(store, &head), OK);
    txn = store_read(store);
    assert_true(sum_of(txn, T_HAND, arena) != 0);
    for (size_t table = 1; table < T_TABLES; table++) assert_int_equal(sum_of(txn, table, arena), sum_of(txn, T_HAND, arena));
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
}

static void a_row_that_is_appended_may_lie_before_others_nevertheless(void **state) {
    (void)state;
    store_t *store = opened();
    arena_t *arena = arena_new();
    txn_t *txn = store_write(store);
    for (uint64_t number = 10; number < 20; number++) put(txn, T_APPENDED, number, number);
    put(txn, T_APPENDED, 5, 5);
    put(txn, T_APPENDED, 12, 40);
    put(txn, T_APPENDED, 20, 20);
    assert_int_equal(txn_commit(&txn), OK);
    txn = store_read(store);
    assert_int_equal(get(txn, T_APPENDED, 5, arena), 6);
    assert_int_equal(get(txn, T_APPENDED, 12, arena), 41);
    assert_int_equal(get(txn, T_APPENDED, 20, arena), 21);
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
}

static void an_object_of_a_row_becomes_a_row_by_the_bytes_it_was_read_from(void **state) {
    (void)state;
    static const table_t both[] = {{"asks", append_ask_type}, {"reports", report_type}};
    store_t *store;
    arena_t *arena = arena_new();
    append_ask_t ask = {.unit = text_of("csh"), .key_generation = 3}, read;
    ask.report = (report_t){.submission_id = {7}, .task = text_of("pair"), .period = text_of("2021-08"), .progress = text_of("走访")};
    store_key_t key = key_at(1), other = key_at(2);
    assert_int_equal(store_open_derived("data/d", both, 2, &store), OK);
    txn_t *txn = store_write(store);
    txn_put(txn, 0, &key, &ask);
    wire_known_t known = {.object = &read.report};
    assert_true(txn_get_known(txn, 0, &key, arena, &read, &known));
    assert_true(known.bytes.size > 0);
    read.report.progress = text_of("not looked at: the bytes are at hand");
    txn_put_known(txn, 1, &key, &read.report, &known);
    known.object = &ask.report; /* another than is put: it is packed */
    txn_put_known(txn, 1, &other, &read.report, &known);
    report_t report;
    assert_true(txn_get(txn, 1, &key, arena, &report) && text_is(report.progress, "走访"));
    assert_true(txn_get(txn, 1, &other, arena, &report) && text_equal(report.progress, read.report.progress));
    assert_int_equal(txn_commit(&txn), OK);
    head_t head;
    assert_int_equal(store_verify(store, &head), OK);
    arena_destroy(&arena);
    store_close(&store);
}

/* Rows of which a page holds two, or none: a transaction says that it is full before the map is. */
static void rows_put(store_t *store, txn_t **txn, size_t table, uint32_t size) {
    static const uint8_t bytes[4096];
    uint64_t luck = 3;
    for (uint64_t at = 0; at < ROWS; at++) {
        store_key_t key = key_at(table == T_APPENDED ? at : luck_of(&luck, 1U << 30));
        plan_part_t row = {.hash = {1}, .bytes = {bytes, size}};
        txn_put(*txn, table, &key, &row);
        assert_int_equal(txn_error(*txn), OK);
        if (!txn_is_full(*txn)) continue;
        assert_int_equal(txn_commit(txn), OK);
        *txn = store_write(store);
    }
}

static void large_rows_fill_a_transaction_before_the_map(void **state) {
    (void)state;
    static const table_t large[] = {[T_HAND] = {"hand", plan_part_type},
                                    [T_STRAIGHT] = {"straight", plan_part_type},
                                    [T_APPENDED] = {"appended", plan_part_type}};
    static const uint32_t sizes[] = {1300, 2500, 3900};
    for (size_t size = 0; size < sizeof sizes / sizeof sizes[0]; size++) {
        for (size_t table = 0; table < T_TABLES; table++) {
            store_t *store;
            char path[32];
            snprintf(path, sizeof path, "data/%zu-%zu", size, table);
            assert_int_equal(store_open_derived(path, large, T_TABLES, &store), OK);
            store_rows_go(store, T_STRAIGHT, ROWS_STRAIGHT);
            store_rows_go(store, T_APPENDED, ROWS_APPENDED);
            txn_t *txn = store_write(store);
            rows_put(store, &txn, table, sizes[size]);
            assert_int_equal(txn_commit(&txn), OK);
            store_close(&store);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(all_three_ways_say_the_same_through_commits_and_rollbacks),
        BENCH_TEST(a_row_that_is_appended_may_lie_before_others_nevertheless),
        BENCH_TEST(large_rows_fill_a_transaction_before_the_map),
        BENCH_TEST(an_object_of_a_row_becomes_a_row_by_the_bytes_it_was_read_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
