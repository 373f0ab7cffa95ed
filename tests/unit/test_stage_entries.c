/* Entries of the ledger share records up to their commit: each is found, what is durable is never written again, and each flipped
 * bit is told with the entry it is in. */
#include "proto/chain.h"
#include "stage_bench.h"

#include <endian.h>
#include <lmdb.h>

enum { ENTRIES = 300, MAP = 64 << 20, FRAME = SIZE_SIZE + LINK_SIZE };

static store_t *opened(void) {
    store_t *store;
    assert_int_equal(store_open("data/a", NULL, 0, &store), OK);
    return store;
}

static void append(txn_t *txn, uint64_t number) {
    event_t header = {.epoch = 1, .at_ms = T0 + (int64_t)number};
    refusals_counted_t work = {.code = text_of("malformed"), .count = number, .door = door_gateway};
    txn_append(txn, &header, refusals_counted_type(), &work, NULL);
}

/* Entries up to the number `last`, in commits of `step`; in each somebody looks at what is not committed, and goes on. */
static void fill(store_t *store, uint64_t last, uint64_t step) {
    arena_t *arena = arena_new();
    event_t event;
    txn_t *txn = store_write(store);
    for (uint64_t number = txn_head(txn).seq + 1; number <= last; number++) {
        append(txn, number);
        if (number % step == step / 2) assert_true(txn_event(txn, number, arena, &event, NULL));
        if (number % step != 0) continue;
        assert_int_equal(txn_commit(&txn), OK);
        txn = store_write(store);
    }
    assert_int_equal(txn_commit(&txn), OK);
    arena_destroy(&arena);
}

static void each_entry_is_found_with_its_hash_wherever_commits_ended(void **state) {
    (void)state;
    store_t *store = opened();
    fill(store, 20, 1);
    fill(store, 60, 7);
    fill(store, ENTRIES, ENTRIES);
    txn_t *txn = store_read(store);
    arena_t *arena = arena_new();
    uint8_t chained[HASH_SIZE] = {0}, hash[HASH_SIZE];
    uint64_t bad;
    event_t event;
    assert_int_equal(txn_head(txn).seq, ENTRIES);
    for (uint64_t seq = 1; seq <= ENTRIES; seq++) {
        events_t rest = {0};
        assert_true(txn_event(txn, seq, arena, &event, hash));
        assert_int_equal(event.cause_seq, seq);
        hash_chain(CHAIN_SEALED, chained, event.raw, chained);
        assert_memory_equal(hash, chained, HASH_SIZE);
        assert_true(txn_stands(txn, seq, chained));
        assert_int_equal(txn_verify_chain(txn, seq, &bad), OK);
        uint32_t count = txn_events(txn, seq - 1, ENTRIES, 5 * FRAME, &rest);
        assert_true(count == 1 || rest.events.size <= 5 * FRAME);
        assert_true(count > 1 || seq == ENTRIES);
        assert_true(txn_stands(txn, seq - 1 + count, rest.last_hash));
        assert_memory_equal(rest.events.at + SIZE_SIZE, chained, HASH_SIZE);
        buffer_destroy(&rest.events);
    }
    assert_memory_equal(txn_head(txn).hash, chained, HASH_SIZE);
    assert_false(txn_event(txn, ENTRIES + 1, arena, &event, hash));
    assert_int_equal(txn_error(txn), OK);
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
}

/* All that batches of at most `room` bytes carry, one behind the other. */
static buffer_t gathered(store_t *store, uint32_t room) {
    buffer_t all = {0};
    txn_t *txn = store_read(store);
    uint64_t head = txn_head(txn).seq;
    for (uint64_t after = 0, count; after < head; after += count) {
        events_t events = {0};
        count = txn_events(txn, after, head, room, &events);
        assert_true(count > 0 && (count == 1 || events.events.size <= room));
        assert_true(txn_stands(txn, after + count, events.last_hash));
        buffer_add(&all, events.events.at, events.events.size);
        buffer_destroy(&events.events);
    }
    txn_abort(&txn);
    return all;
}

static void entries_of_any_size_lie_beside_each_other_and_leave_in_batches_of_any_size(void **state) {
    (void)state;
    enum { LARGEST = 60000, COUNT = 120 };
    static const uint32_t sizes[] = {1, 16200, 16280, 100, 2000, 16368, LARGEST, 7, 4096, 300};
    static const uint32_t rooms[] = {1, 500, 4096, 40000, 1000000};
    static uint8_t bytes[LARGEST];
    store_t *store = opened();
    txn_t *txn = store_write(store);
    for (uint32_t index = 0; index < COUNT; index++) {
        event_t header = {.epoch = 1, .at_ms = T0 + index};
        plan_part_t part = {.hash = {1}, .index = index % 4, .bytes = {bytes, sizes[index % 10] + index}};
        if (part.bytes.size > LARGEST) part.bytes.size = LARGEST;
        memset(bytes, (int)index, sizeof bytes);
        txn_append(txn, &header, plan_part_type(), &part, NULL);
        if (index % 33 == 32) assert_int_equal(txn_commit(&txn), OK);
        if (txn == NULL) txn = store_write(store);
    }
    assert_int_equal(txn_commit(&txn), OK);
    head_t head;
    assert_int_equal(store_verify(store, &head), OK);
    assert_int_equal(head.seq, COUNT);
    buffer_t one = gathered(store, 1);
    for (size_t index = 1; index < sizeof rooms / sizeof rooms[0]; index++) {
        buffer_t other = gathered(store, rooms[index]);
        assert_int_equal(other.size, one.size);
        assert_memory_equal(other.at, one.at, one.size);
        buffer_destroy(&other);
    }
    buffer_destroy(&one);
    store_close(&store);
}

/* Records as they lie in the file, one behind the other: key, value. */
static buffer_t records_read(uint64_t *count) {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_cursor *cursor;
    MDB_val key, value;
    buffer_t out = {0};
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_mapsize(env, MAP), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
    assert_int_equal(mdb_env_open(env, "data/a", MDB_RDONLY, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "~entries", 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
    for (*count = 0; mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0; ++*count) {
        buffer_add(&out, key.mv_data, key.mv_size);
        buffer_add(&out, value.mv_data, value.mv_size);
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return out;
}

static void what_is_durable_is_never_written_again(void **state) {
    (void)state;
    uint64_t few = 0, more = 0;
    for (uint64_t last = 1; last <= 12; last++) {
        store_t *store = opened();
        fill(store, 10 * last - 7, 1000);
        store_close(&store);
        buffer_t before = records_read(&few);
        assert_int_equal(few, 2 * last - 1); /* one a commit, however small */
        store = opened();
        fill(store, 10 * last, 1000);
        store_close(&store);
        buffer_t after = records_read(&more);
        assert_int_equal(more, 2 * last);
        assert_true(after.size > before.size);
        assert_memory_equal(after.at, before.at, before.size);
        buffer_destroy(&before);
        buffer_destroy(&after);
    }
}

static void entries_of_one_commit_share_records_of_at_most_four_pages(void **state) {
    (void)state;
    uint64_t count = 0;
    store_t *store = opened();
    fill(store, ENTRIES, ENTRIES);
    store_close(&store);
    buffer_t records = records_read(&count);
    assert_int_equal(count, (records.size - 8 * count + 16367) / 16368);
    assert_true(count > 1);
    buffer_destroy(&records);
}

static void each_flipped_bit_of_a_record_is_told_with_the_entry_it_is_in(void **state) {
    (void)state;
    enum { FIRST = 3, LAST = 60 /* the record has pages of its own, so it is in the file once */ };
    store_t *store = opened();
    fill(store, FIRST - 1, 1);
    fill(store, LAST, 1000);
    fill(store, LAST + 5, 1000);
    size_t size;
    char *bytes = bench_file("data/a/data.mdb", &size);
    FILE *file = fopen("data/a/data.mdb", "r+e");
    arena_t *arena = arena_new();
    for (uint64_t seq = FIRST; seq <= LAST; seq++) {
        event_t event;
        txn_t *sound = store_read(store);
        assert_true(txn_event(sound, seq, arena, &event, NULL));
        txn_abort(&sound);
        const char *found = memmem(bytes, size, event.raw.at, event.raw.size);
        assert_non_null(found);
        assert_null(memmem(found + 1, size - (size_t)(found + 1 - bytes), event.raw.at, event.raw.size));
        for (int index = 0; index < FRAME + (int)event.raw.size; index++) {
            uint64_t bad = 0;
            bench_flip(file, found - bytes - FRAME + index, index % 8);
            txn_t *txn = store_read(store);
            assert_int_equal(txn_verify_chain(txn, 1, &bad), ERR_CORRUPT);
            assert_int_equal(bad, seq);
            txn_abort(&txn);
            txn = store_read(store);
            assert_int_equal(txn_verify_chain(txn, LAST, &bad), ERR_CORRUPT); /* it shares the record */
            assert_int_equal(bad, seq);
            txn_abort(&txn);
            txn = store_read(store);
            assert_false(txn_event(txn, seq, arena, &event, NULL));
            assert_int_equal(txn_error(txn), ERR_CORRUPT);
            txn_abort(&txn);
            txn = store_read(store);
            assert_true(txn_event(txn, FIRST - 1, arena, &event, NULL)); /* what stands before it is well */
            assert_true(seq == FIRST || txn_event(txn, seq - 1, arena, &event, NULL));
            txn_abort(&txn);
            bench_flip(file, found - bytes - FRAME + index, index % 8);
        }
    }
    fclose(file);
    free(bytes);
    arena_destroy(&arena);
    store_close(&store);
}

/* The store's file by LMDB alone, past all that the store checks. */
static MDB_txn *lmdb_begin(MDB_env **env) {
    MDB_txn *txn;
    assert_int_equal(mdb_env_create(env), 0);
    assert_int_equal(mdb_env_set_mapsize(*env, MAP), 0);
    assert_int_equal(mdb_env_set_maxdbs(*env, 4), 0);
    assert_int_equal(mdb_env_open(*env, "data/a", 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(*env, NULL, 0, &txn), 0);
    return txn;
}

static void lmdb_end(MDB_env *env, MDB_txn *txn) {
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void a_ledger_of_an_older_version_is_refused_and_not_taken_for_damaged(void **state) {
    (void)state;
    MDB_env *env;
    MDB_dbi dbi;
    uint64_t seq = htobe64(1);
    uint8_t record[LINK_SIZE + 50] = {1};
    MDB_val key = {sizeof seq, &seq}, value = {sizeof record, record};
    store_t *store = opened();
    store_close(&store);
    MDB_txn *txn = lmdb_begin(&env);
    assert_int_equal(mdb_dbi_open(txn, "~entries", 0, &dbi), 0);
    assert_int_equal(mdb_drop(txn, dbi, 1), 0);
    assert_int_equal(mdb_dbi_open(txn, "~stream", MDB_CREATE, &dbi), 0);
    lmdb_end(env, txn);
    store = opened(); /* a store that had none is none the worse */
    store_close(&store);
    txn = lmdb_begin(&env);
    assert_int_equal(mdb_dbi_open(txn, "~stream", 0, &dbi), 0);
    assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    lmdb_end(env, txn);
    assert_int_equal(store_open("data/a", NULL, 0, &store), ERR_REFUSED);
    assert_null(store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(each_entry_is_found_with_its_hash_wherever_commits_ended),
        BENCH_TEST(entries_of_any_size_lie_beside_each_other_and_leave_in_batches_of_any_size),
        BENCH_TEST(what_is_durable_is_never_written_again),
        BENCH_TEST(entries_of_one_commit_share_records_of_at_most_four_pages),
        BENCH_TEST(each_flipped_bit_of_a_record_is_told_with_the_entry_it_is_in),
        BENCH_TEST(a_ledger_of_an_older_version_is_refused_and_not_taken_for_damaged),
    };
    return cmocka_run_group_tests_name("entries that share records", tests, NULL, NULL);
}
