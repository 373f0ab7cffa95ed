/* Events of a derived stream share records: where commits end is not seen in them, each is found, and each flipped bit is. */
#include "proto/chain.h"
#include "stage_bench.h"

enum { EVENTS = 200, IN_ONE = 40, FLIPPED = 1500 };

static store_t *opened(const char *path) {
    store_t *store;
    assert_int_equal(store_open_derived(path, NULL, 0, &store), OK);
    return store;
}

static void append(txn_t *txn, uint64_t number) {
    key_registered_t value = {.unit = text_of("u01"), .generation = number};
    event_t header = {.epoch = 1, .cause_seq = number, .at_ms = 5};
    memset(value.key, 7, sizeof value.key);
    txn_append(txn, &header, key_registered_type(), &value, NULL);
}

/* Commits after every `step` events; each time somebody reads the tail before. */
static store_t *filled(const char *path, uint64_t step) {
    store_t *store = opened(path);
    txn_t *txn = store_write(store);
    for (uint64_t number = 1; number <= EVENTS; number++) {
        uint8_t hash[HASH_SIZE];
        append(txn, number);
        if (number % step != 0) continue;
        assert_true(txn_hash(txn, number, hash));
        append(txn, ++number);
        assert_int_equal(txn_commit(&txn), OK);
        txn = store_write(store);
    }
    assert_int_equal(txn_commit(&txn), OK);
    return store;
}

static void records_do_not_tell_where_commits_ended(void **state) {
    (void)state;
    store_t *one = filled("data/one", 3), *other = filled("data/other", EVENTS - 1);
    assert_true(store_equals(one, other));
    store_close(&one);
    store_close(&other);
}

static void each_event_is_found_with_its_hash_wherever_it_lies(void **state) {
    (void)state;
    store_t *store = filled("data/one", 7);
    txn_t *txn = store_read(store);
    arena_t *arena = arena_new();
    uint8_t chained[HASH_SIZE] = {0}, hash[HASH_SIZE];
    event_t event;
    for (uint64_t seq = 1; seq <= txn_head(txn).seq; seq++) {
        events_t rest = {0};
        assert_true(txn_event(txn, seq, arena, &event, hash));
        assert_int_equal(event.cause_seq, seq);
        hash_chain(CHAIN_QUICK, chained, event.raw, chained);
        assert_memory_equal(hash, chained, HASH_SIZE);
        assert_true(txn_stands(txn, seq, chained));
        assert_int_equal(txn_events(txn, seq - 1, seq, 0, &rest), 1);
        assert_memory_equal(rest.last_hash, chained, HASH_SIZE);
        assert_int_equal(rest.events.size, SIZE_SIZE + event.raw.size);
        buffer_destroy(&rest.events);
    }
    assert_false(txn_event(txn, txn_head(txn).seq + 1, arena, &event, hash));
    assert_int_equal(txn_error(txn), OK);
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
}

/* Where the first record of the stream begins in the file: with the hash of the last event in it. */
static long record_in_file(FILE *file, store_t *store) {
    static uint8_t bytes[1 << 20];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    txn_t *txn = store_read(store);
    const uint8_t *found = NULL;
    for (uint64_t seq = 2; found == NULL && seq < IN_ONE; seq++) {
        uint8_t hash[HASH_SIZE];
        assert_true(txn_hash(txn, seq, hash));
        found = memmem(bytes, size, hash, QUICK_SIZE);
    }
    txn_abort(&txn);
    assert_non_null(found);
    return (long)(found - bytes);
}

static void every_flipped_byte_of_a_record_is_found(void **state) {
    (void)state;
    store_t *store = filled("data/one", EVENTS - 1);
    FILE *file = fopen("data/one/data.mdb", "r+e");
    assert_non_null(file);
    long begin = record_in_file(file, store);
    txn_t *sound = store_read(store);
    uint64_t last = txn_span(sound, 1).last;
    assert_true(last > 1 && last < txn_head(sound).seq);
    assert_int_equal(txn_span(sound, last).first, 1);
    assert_int_equal(txn_span(sound, last + 1).first, last + 1);
    assert_int_equal(txn_span(sound, txn_head(sound).seq).last, txn_head(sound).seq);
    txn_abort(&sound);
    for (int index = 0; index < FLIPPED; index++) {
        uint64_t bad = 0;
        bench_flip(file, begin + index, index % 8);
        txn_t *txn = store_read(store);
        assert_int_equal(txn_verify_chain(txn, 1, &bad), ERR_CORRUPT);
        span_t span = txn_span(txn, bad);
        assert_int_equal(span.first, 1);
        assert_int_equal(span.last, last); /* whatever is broken: it is one of these */
        txn_abort(&txn);
        bench_flip(file, begin + index, index % 8);
    }
    fclose(file);
    store_close(&store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(records_do_not_tell_where_commits_ended),
        BENCH_TEST(each_event_is_found_with_its_hash_wherever_it_lies),
        BENCH_TEST(every_flipped_byte_of_a_record_is_found),
    };
    return cmocka_run_group_tests_name("records of several events", tests, NULL, NULL);
}
