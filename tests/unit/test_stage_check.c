/* The look at a store's pages before LMDB sees them: healthy stores are always let in, damaged ones never. */
#include "tests/unit/stage_bench.h"

#include <fcntl.h>

static const table_t tables[] = {{"small", refusals_counted_type}, {"large", report_type}};
enum { SMALL, LARGE, TABLES };

static store_t *opened(void) {
    store_t *store = NULL;
    assert_int_equal(store_open("data/a", tables, TABLES, &store), OK);
    return store;
}

static uint32_t drawn;
static uint32_t draw(uint32_t below) { /* xorshift: the same world every time */
    drawn ^= drawn << 13;
    drawn ^= drawn >> 17;
    drawn ^= drawn << 5;
    return drawn % below;
}

static void put_large(txn_t *txn, uint64_t number, uint32_t size) {
    static char text[LIMIT_TEXT + 1];
    memset(text, 'x', LIMIT_TEXT);
    report_t report = {
        .submission_id = {1}, .task = text_of("t"), .period = text_of("p"), .progress = {text, size}, .problems = {text, size}};
    store_key_t key = key_new();
    key_add_u64(&key, number);
    txn_put(txn, LARGE, &key, &report);
}

static void put_small(txn_t *txn, uint64_t number) {
    refusals_counted_t row = {.code = text_of("code"), .count = number + 1, .door = door_gateway};
    store_key_t key = key_new();
    key_add_u64(&key, number * UINT64_C(0x9e3779b97f4a7c15));
    txn_put(txn, SMALL, &key, &row);
}

/* Anything that a stage may do in one transaction, at random. */
static void disturb(txn_t *txn) {
    for (uint32_t step = draw(40); step > 0; step--) {
        uint32_t number = draw(300), what = draw(100);
        store_key_t key = key_new();
        key_add_u64(&key, what < 60 ? number : number * UINT64_C(0x9e3779b97f4a7c15));
        if (what < 30)
            put_large(txn, number, 1 + draw(LIMIT_TEXT));
        else if (what < 60)
            txn_delete(txn, LARGE, &key);
        else if (what < 80)
            put_small(txn, number);
        else if (what < 97)
            txn_delete(txn, SMALL, &key);
        else if (what < 98)
            txn_clear(txn, draw(TABLES));
        else if (what < 99)
            txn_clear_stream(txn);
        else
            txn_fact_put(txn, "fact", number);
        event_t header = {.epoch = 1, .at_ms = T0};
        refusals_counted_t work = {.code = text_of("one"), .count = 1, .door = door_gateway};
        txn_append(txn, &header, refusals_counted_type(), &work, NULL);
    }
}

static void a_store_that_grew_and_shrank_at_random_is_always_let_in(void **state) {
    (void)state;
    drawn = 20210901;
    for (uint32_t life = 0; life < 400; life++) {
        store_t *store = opened();
        for (uint32_t commits = 1 + draw(4); commits > 0; commits--) {
            txn_t *txn = store_write(store);
            disturb(txn);
            if (draw(10) == 0)
                txn_abort(&txn);
            else
                assert_int_equal(txn_commit(&txn), OK);
        }
        store_close(&store);
    }
}

static void a_file_whose_last_free_pages_were_never_written_is_let_in(void **state) {
    (void)state;
    store_t *store = opened();
    txn_t *txn = store_write(store);
    put_small(txn, 1);
    for (uint64_t number = 0; number < 20; number++) put_large(txn, number, LIMIT_TEXT);
    for (uint64_t number = 0; number < 20; number++) {
        store_key_t key = key_new();
        key_add_u64(&key, number);
        txn_delete(txn, LARGE, &key);
    }
    assert_int_equal(txn_commit(&txn), OK);
    store_close(&store);
    store = opened();
    store_close(&store);
}

static void byte_flip(off_t at, uint8_t flip) {
    int fd = open("data/a/data.mdb", O_RDWR | O_CLOEXEC);
    uint8_t byte;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= flip;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void a_turned_bit_in_the_structure_refuses_the_start(void **state) {
    (void)state;
    store_t *store = opened();
    for (uint64_t number = 0; number < 300; number++) {
        txn_t *txn = store_write(store);
        put_small(txn, number);
        if (number % 10 == 0) put_large(txn, number, LIMIT_TEXT);
        assert_int_equal(txn_commit(&txn), OK);
    }
    store_close(&store);
    /* of both metas: page size, root of the tables, last page; and each one's own number */
    static const off_t places[] = {0, 4096, 10, 4106, 16, 4112, 41, 4137};
    for (size_t index = 0; index < sizeof places / sizeof places[0]; index++) {
        byte_flip(places[index], 4);
        assert_int_equal(store_open("data/a", tables, TABLES, &store), ERR_CORRUPT);
        byte_flip(places[index], 4);
    }
    store = opened();
    store_close(&store);
}

static void an_empty_file_is_refused_and_no_file_is_a_new_store(void **state) {
    (void)state;
    store_t *store = opened();
    store_close(&store);
    assert_int_equal(truncate("data/a/data.mdb", 0), 0);
    assert_int_equal(store_open("data/a", tables, TABLES, &store), ERR_CORRUPT);
    assert_int_equal(unlink("data/a/data.mdb"), 0);
    store = opened();
    store_close(&store);
}

static void what_a_cut_short_birth_left_is_no_store(void **state) {
    (void)state;
    assert_int_equal(mkdir("data", 0700), 0);
    assert_int_equal(mkdir("data/a", 0700), 0);
    int fd = open("data/a/data.mdb.new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "half of a page", 14), 14);
    close(fd);
    store_t *store = opened();
    store_close(&store);
    assert_int_not_equal(access("data/a/data.mdb.new", F_OK), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_store_that_grew_and_shrank_at_random_is_always_let_in),
        BENCH_TEST(a_file_whose_last_free_pages_were_never_written_is_let_in),
        BENCH_TEST(a_turned_bit_in_the_structure_refuses_the_start),
        BENCH_TEST(an_empty_file_is_refused_and_no_file_is_a_new_store),
        BENCH_TEST(what_a_cut_short_birth_left_is_no_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
