/* The store: rows in order, all or nothing, damage found, one instance. */
#include "stage_bench.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const table_t tables[] = {{"keys", key_registered_type}, {"other", key_registered_type}};

static key_registered_t key_row(const char *unit, uint64_t generation) {
    key_registered_t row = {.unit = text_of(unit), .generation = generation};
    memset(row.key, 7, sizeof row.key);
    return row;
}

static store_key_t key_of(const char *unit, uint64_t generation) {
    store_key_t key = key_new();
    key_add_text(&key, text_of(unit));
    key_add_u64(&key, generation);
    return key;
}

static void put(txn_t *txn, size_t table, const char *unit, uint64_t generation) {
    store_key_t key = key_of(unit, generation);
    key_registered_t row = key_row(unit, generation);
    txn_put(txn, table, &key, &row);
}

static store_t *opened(void) {
    store_t *store;
    assert_int_equal(store_open("data/a", tables, 2, &store), OK);
    return store;
}

static void a_row_put_is_there_after_the_store_was_closed_and_opened(void **state) {
    (void)state;
    store_t *store = opened();
    txn_t *txn = store_write(store);
    put(txn, 0, "u01", 3);
    assert_int_equal(txn_commit(&txn), OK);
    store_close(&store);
    store = opened();
    arena_t *arena = arena_new();
    txn = store_read(store);
    key_registered_t row;
    store_key_t key = key_of("u01", 3), missing = key_of("u01", 4);
    assert_true(txn_get(txn, 0, &key, arena, &row));
    assert_true(text_is(row.unit, "u01"));
    assert_int_equal(row.generation, 3);
    assert_false(txn_get(txn, 0, &missing, arena, &row));
    assert_false(txn_get(txn, 1, &key, arena, &row));
    assert_int_equal(txn_error(txn), OK);
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
}

static void a_scan_gives_the_rows_of_its_prefix_in_the_order_of_the_key_parts(void **state) {
    (void)state;
    store_t *store = opened();
    arena_t *arena = arena_new();
    txn_t *txn = store_write(store);
    const uint64_t generations[] = {300, 1, 256, 2, 70000};
    for (size_t index = 0; index < 5; index++) put(txn, 0, "u01", generations[index]);
    put(txn, 0, "u0", 9);
    put(txn, 0, "u010", 9);
    store_key_t prefix = key_new();
    key_add_text(&prefix, text_of("u01"));
    const uint64_t ordered[] = {1, 2, 256, 300, 70000};
    key_registered_t row;
    scan_t scan = scan_begin(txn, 0, &prefix, NULL);
    for (size_t index = 0; index < 5; index++) {
        assert_true(scan_next(&scan, arena, &row));
        assert_int_equal(row.generation, ordered[index]);
        uint32_t at = 0;
        assert_true(text_is(key_next_text(scan.key, &at), "u01"));
        assert_int_equal(key_next_u64(scan.key, &at), ordered[index]);
    }
    assert_false(scan_next(&scan, arena, &row));
    scan_end(&scan);
    store_key_t from = key_of("u01", 3);
    scan = scan_begin(txn, 0, &prefix, &from);
    assert_true(scan_next(&scan, arena, &row));
    assert_int_equal(row.generation, 256);
    assert_true(scan_last(&scan, arena, &row));
    assert_int_equal(row.generation, 70000);
    scan_end(&scan);
    scan = scan_begin(txn, 0, NULL, NULL);
    uint32_t count = 0;
    while (scan_next(&scan, arena, &row)) count++;
    assert_int_equal(count, 7);
    assert_true(scan_last(&scan, arena, &row));
    assert_true(text_is(row.unit, "u010"));
    scan_end(&scan);
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
}

static uint64_t generation_before(txn_t *txn, arena_t *arena, const char *unit, uint64_t generation) {
    store_key_t prefix = key_new(), from = key_of(unit, generation);
    key_add_text(&prefix, text_of("u01"));
    key_registered_t row = {0};
    scan_t scan = scan_begin(txn, 0, &prefix, &from);
    bool there = scan_before(&scan, arena, &row);
    scan_end(&scan);
    return there ? row.generation : 0;
}

static void a_scan_finds_the_last_row_that_does_not_lie_behind_a_key(void **state) {
    (void)state;
    store_t *store = opened();
    arena_t *arena = arena_new();
    txn_t *txn = store_write(store);
    assert_int_equal(generation_before(txn, arena, "u01", 5), 0);
    const uint64_t generations[] = {2, 256, 70000};
    for (size_t index = 0; index < 3; index++) put(txn, 0, "u01", generations[index]);
    put(txn, 0, "u00", 9);
    assert_int_equal(generation_before(txn, arena, "u01", 256), 256);
    assert_int_equal(generation_before(txn, arena, "u01", 255), 2);
    assert_int_equal(generation_before(txn, arena, "u01", 70001), 70000);
    assert_int_equal(generation_before(txn, arena, "u01", 1), 0); /* what lies there has another prefix */
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
}

static void a_transaction_given_up_leaves_nothing_and_a_deleted_row_is_gone(void **state) {
    (void)state;
    store_t *store = opened();
    arena_t *arena = arena_new();
    key_registered_t row;
    store_key_t first = key_of("u01", 1), second = key_of("u02", 1);
    txn_t *txn = store_write(store);
    put(txn, 0, "u01", 1);
    txn_fact_put(txn, "in_seq", 7);
    assert_int_equal(txn_commit(&txn), OK);
    txn = store_write(store);
    put(txn, 0, "u02", 1);
    txn_fact_put(txn, "in_seq", 8);
    txn_delete(txn, 0, &first);
    assert_false(txn_get(txn, 0, &first, arena, &row));
    txn_abort(&txn);
    txn = store_read(store);
    assert_true(txn_get(txn, 0, &first, arena, &row));
    assert_false(txn_get(txn, 0, &second, arena, &row));
    assert_int_equal(txn_fact(txn, "in_seq"), 7);
    assert_int_equal(txn_fact(txn, "never_put"), 0);
    txn_abort(&txn);
    txn = store_write(store);
    txn_delete(txn, 0, &first);
    txn_delete(txn, 0, &second);
    assert_int_equal(txn_commit(&txn), OK);
    txn = store_read(store);
    assert_false(txn_get(txn, 0, &first, arena, &row));
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
}

static void a_row_put_as_new_is_kept_and_one_that_is_there_is_read_instead(void **state) {
    (void)state;
    enum { ROWS = 500 };
    store_t *store = opened();
    arena_t *arena = arena_new();
    key_registered_t row = key_row("u01", 0), there;
    txn_t *txn = store_write(store);
    for (uint64_t at = 0; at < ROWS; at++) { /* now ahead, now behind: over many pages, and with other puts between */
        uint64_t generation = at * 7919 % ROWS + 1;
        store_key_t key = key_of("u01", generation);
        row.generation = generation;
        assert_true(txn_put_new(txn, 0, &key, &row, arena, &there));
        if (at % 3 == 0) put(txn, 0, "u02", generation);
    }
    assert_int_equal(txn_commit(&txn), OK);
    txn = store_write(store);
    for (uint64_t generation = 1; generation <= ROWS; generation++) {
        store_key_t key = key_of("u01", generation);
        row.generation = ROWS + 1;
        assert_false(txn_put_new(txn, 0, &key, &row, arena, &there));
        assert_int_equal(there.generation, generation);
        assert_true(txn_get(txn, 0, &key, arena, &there));
        assert_int_equal(there.generation, generation);
    }
    assert_int_equal(txn_error(txn), OK);
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
}

static void a_row_may_be_kept_under_the_empty_key(void **state) {
    (void)state;
    store_t *store = opened();
    arena_t *arena = arena_new();
    store_key_t only = key_new();
    key_registered_t row = key_row("u01", 5), read;
    txn_t *txn = store_write(store);
    txn_put(txn, 0, &only, &row);
    assert_true(txn_get(txn, 0, &only, arena, &read));
    assert_int_equal(read.generation, 5);
    assert_int_equal(txn_commit(&txn), OK);
    arena_destroy(&arena);
    store_close(&store);
}

static void an_error_sticks_to_the_transaction_and_nothing_of_it_is_kept(void **state) {
    (void)state;
    store_t *store = opened();
    arena_t *arena = arena_new();
    txn_t *txn = store_write(store);
    put(txn, 0, "u01", 1);
    key_registered_t invalid = key_row("not a slug", 1), row;
    store_key_t key = key_of("u02", 1), first = key_of("u01", 1);
    txn_put(txn, 0, &key, &invalid);
    assert_int_equal(txn_error(txn), ERR_BAD);
    assert_false(txn_get(txn, 0, &first, arena, &row));
    assert_int_equal(txn_commit(&txn), ERR_BAD);
    txn = store_read(store);
    assert_false(txn_get(txn, 0, &first, arena, &row));
    assert_int_equal(txn_error(txn), OK);
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
}

static void readers_beside_the_open_write_transaction_see_what_is_committed(void **state) {
    (void)state;
    store_t *store = opened();
    arena_t *arena = arena_new();
    key_registered_t row;
    store_key_t key = key_of("u01", 1);
    txn_t *write = store_write(store);
    put(write, 0, "u01", 1);
    txn_t *before = store_read(store);
    assert_true(txn_get(write, 0, &key, arena, &row));
    assert_false(txn_get(before, 0, &key, arena, &row));
    assert_int_equal(txn_commit(&write), OK);
    txn_t *after = store_read(store);
    assert_false(txn_get(before, 0, &key, arena, &row));
    assert_true(txn_get(after, 0, &key, arena, &row));
    txn_abort(&before);
    txn_abort(&after);
    arena_destroy(&arena);
    store_close(&store);
}

/* Turns one bit of the first place where `bytes` stand in the file, `skip` bytes behind their beginning. */
static void damage(const char *path, const char *bytes, size_t skip) {
    size_t size;
    char *content = bench_file(path, &size);
    char *found = memmem(content, size, bytes, strlen(bytes));
    assert_non_null(found);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    char changed = (char)(found[skip] ^ 1);
    for (char *at = found; at != NULL; at = memmem(at + 1, size - (size_t)(at + 1 - content), bytes, strlen(bytes)))
        assert_int_equal(pwrite(fd, &changed, 1, at - content + (long)skip), 1); /* older copies of the page as well */
    close(fd);
    free(content);
}

static void a_bit_turned_in_a_stored_row_is_found_when_it_is_read(void **state) {
    (void)state;
    store_t *store = opened();
    txn_t *txn = store_write(store);
    store_key_t key = key_of("u01", 1);
    key_registered_t row = key_row("findme", 1);
    txn_put(txn, 0, &key, &row);
    put(txn, 0, "u02", 1);
    assert_int_equal(txn_commit(&txn), OK);
    damage("data/a/data.mdb", "findme", 2); /* under the open store: the next start would refuse it */
    arena_t *arena = arena_new();
    txn = store_read(store);
    assert_false(txn_get(txn, 0, &key, arena, &row));
    assert_int_equal(txn_error(txn), ERR_CORRUPT);
    txn_abort(&txn);
    txn = store_read(store);
    key = key_of("u02", 1);
    assert_true(txn_get(txn, 0, &key, arena, &row));
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
}

static void a_changed_event_is_found_by_its_chain_with_its_seq(void **state) {
    (void)state;
    store_t *store = opened();
    uint64_t bad;
    ledger_add(store, "one", 1);
    ledger_add(store, "findme", 2);
    ledger_add(store, "three", 3);
    txn_t *txn = store_read(store);
    assert_int_equal(txn_verify_chain(txn, 1, &bad), OK);
    assert_int_equal(txn_verify_chain(txn, 3, &bad), OK);
    assert_int_equal(txn_verify_chain(txn, 4, &bad), OK);
    assert_int_equal(txn_verify_chain(txn, 5, &bad), ERR_CORRUPT);
    txn_abort(&txn);
    store_close(&store);
    damage("data/a/data.mdb", "findme", 2);
    store = opened();
    arena_t *arena = arena_new();
    txn = store_read(store);
    assert_int_equal(txn_verify_chain(txn, 1, &bad), ERR_CORRUPT);
    assert_int_equal(bad, 2);
    event_t event;
    assert_true(txn_event(txn, 1, arena, &event, NULL));
    assert_false(txn_event(txn, 2, arena, &event, NULL));
    assert_int_equal(txn_error(txn), ERR_CORRUPT);
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
}

static void a_truncated_file_is_refused_with_an_error_and_no_signal(void **state) {
    (void)state;
    store_t *store = opened();
    txn_t *txn = store_write(store);
    for (uint64_t generation = 1; generation < 2000; generation++) put(txn, 0, "u01", generation);
    assert_int_equal(txn_commit(&txn), OK);
    store_close(&store);
    assert_int_equal(truncate("data/a/data.mdb", 40000), 0);
    assert_int_equal(store_open("data/a", tables, 2, &store), ERR_CORRUPT);
    assert_null(store);
    assert_int_equal(truncate("data/a/data.mdb", 5000), 0);
    assert_int_equal(store_open("data/a", tables, 2, &store), ERR_CORRUPT);
}

static store_key_t part_key(uint64_t index) {
    store_key_t key = key_new();
    key_add_u64(&key, index);
    return key;
}

static void part_put(txn_t *txn, uint64_t index, uint32_t size) {
    static uint8_t bytes[LIMIT_PLAN_PART];
    plan_part_t part = {.hash = {1}, .index = index, .bytes = {bytes, size}};
    store_key_t key = part_key(index);
    txn_put(txn, 0, &key, &part);
}

static void part_delete(txn_t *txn, uint64_t index) {
    store_key_t key = part_key(index);
    txn_delete(txn, 0, &key);
}

/* The pages of a large row that a commit puts and deletes again are never written, and the file ends before them. */
static void a_file_that_ends_before_pages_which_nothing_uses_is_whole(void **state) {
    (void)state;
    static const table_t parts[] = {{"parts", plan_part_type}};
    struct stat before, after;
    store_t *store;
    for (uint64_t round = 0; round < 8; round++) {
        assert_int_equal(store_open("data/a", parts, 1, &store), OK);
        txn_t *txn = store_write(store);
        part_put(txn, round, 9000);
        if (round > 1) part_delete(txn, round - 2); /* so that there are free pages, too few in a row for what follows */
        assert_int_equal(txn_commit(&txn), OK);
        store_close(&store);
    }
    assert_int_equal(store_open("data/a", parts, 1, &store), OK);
    assert_int_equal(stat("data/a/data.mdb", &before), 0);
    txn_t *txn = store_write(store);
    part_put(txn, 100, 9000);
    part_put(txn, 101, LIMIT_PLAN_PART);
    part_delete(txn, 101);
    assert_int_equal(txn_commit(&txn), OK);
    store_close(&store);
    assert_int_equal(stat("data/a/data.mdb", &after), 0);
    assert_true(after.st_size < before.st_size + LIMIT_PLAN_PART); /* or this test shows nothing */
    assert_int_equal(store_open("data/a", parts, 1, &store), OK);
    txn = store_write(store);
    part_put(txn, 102, LIMIT_PLAN_PART); /* uses those pages */
    assert_int_equal(txn_commit(&txn), OK);
    store_close(&store);
    assert_int_equal(store_open("data/a", parts, 1, &store), OK);
    store_close(&store);
}

static int exit_of(pid_t child) {
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static void a_second_instance_is_locked_out_and_the_first_goes_on(void **state) {
    (void)state;
    store_t *store = opened();
    pid_t child = fork();
    if (child == 0) {
        store_t *second;
        _exit((int)store_open("data/a", tables, 2, &second));
    }
    assert_int_equal(exit_of(child), ERR_LOCKED);
    store_t *third;
    assert_int_equal(store_open("data/a", tables, 2, &third), ERR_LOCKED);
    txn_t *txn = store_write(store);
    put(txn, 0, "u01", 1);
    assert_int_equal(txn_commit(&txn), OK);
    store_close(&store);
    store = opened();
    store_close(&store);
}

/* A file size limit stands for a full disk: the kernel cuts the write short in the same way. */
static int fill_the_disk(void) {
    store_t *store = opened();
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = {1 << 20, 1 << 20};
    if (setrlimit(RLIMIT_FSIZE, &small) != 0) return 1;
    for (uint64_t generation = 1;; generation += 1000) {
        txn_t *txn = store_write(store);
        if (txn == NULL) return 2;
        for (uint64_t more = 0; more < 1000; more++) put(txn, 0, "u01", generation + more);
        err_t err = txn_commit(&txn);
        if (err == ERR_FULL || err == ERR_STORE) return generation > 1 ? 77 : 3;
        if (err != OK) return 4;
    }
}

static void a_full_disk_is_an_error_and_what_was_committed_stays(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) _exit(fill_the_disk());
    assert_int_equal(exit_of(child), 77);
    store_t *store = opened();
    arena_t *arena = arena_new();
    txn_t *txn = store_read(store);
    scan_t scan = scan_begin(txn, 0, NULL, NULL);
    key_registered_t row;
    uint32_t count = 0;
    while (scan_next(&scan, arena, &row)) count++;
    scan_end(&scan);
    assert_true(count > 0 && count % 1000 == 0);
    assert_int_equal(txn_error(txn), OK);
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
}

static void usage_grows_with_what_is_stored_and_stays_below_the_limit(void **state) {
    (void)state;
    store_t *store = opened();
    uint64_t before, after, size;
    store_usage(store, &before, &size);
    txn_t *txn = store_write(store);
    for (uint64_t generation = 1; generation < 5000; generation++) put(txn, 0, "u01", generation);
    assert_int_equal(txn_commit(&txn), OK);
    store_usage(store, &after, &size);
    assert_true(after > before);
    assert_true(size <= LIMIT_STORE_SIZE - LIMIT_STORE_RESERVE);
    store_close(&store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_row_put_is_there_after_the_store_was_closed_and_opened),
        BENCH_TEST(a_scan_gives_the_rows_of_its_prefix_in_the_order_of_the_key_parts),
        BENCH_TEST(a_scan_finds_the_last_row_that_does_not_lie_behind_a_key),
        BENCH_TEST(a_transaction_given_up_leaves_nothing_and_a_deleted_row_is_gone),
        BENCH_TEST(a_row_put_as_new_is_kept_and_one_that_is_there_is_read_instead),
        BENCH_TEST(a_row_may_be_kept_under_the_empty_key),
        BENCH_TEST(an_error_sticks_to_the_transaction_and_nothing_of_it_is_kept),
        BENCH_TEST(readers_beside_the_open_write_transaction_see_what_is_committed),
        BENCH_TEST(a_bit_turned_in_a_stored_row_is_found_when_it_is_read),
        BENCH_TEST(a_changed_event_is_found_by_its_chain_with_its_seq),
        BENCH_TEST(a_truncated_file_is_refused_with_an_error_and_no_signal),
        BENCH_TEST(a_file_that_ends_before_pages_which_nothing_uses_is_whole),
        BENCH_TEST(a_second_instance_is_locked_out_and_the_first_goes_on),
        BENCH_TEST(a_full_disk_is_an_error_and_what_was_committed_stays),
        BENCH_TEST(usage_grows_with_what_is_stored_and_stays_below_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
