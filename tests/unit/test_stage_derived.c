/* A derived store: it outlives its process, not the machine; its map grows under nobody, and a full disk is an error. */
#include "stage_bench.h"

#include "services/stage/home.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define ANOTHER_BOOT "00000000-0000-4000-8000-000000000000"
enum { FEW = 100, MANY = 60000, A_COMMIT = 5000 };

static const table_t tables[] = {{"keys", key_registered_type}};

static store_t *opened(void) {
    store_t *store;
    assert_int_equal(store_open_derived("data/d", tables, 1, &store), OK);
    return store;
}

static store_key_t key_at(uint64_t number) {
    store_key_t key = key_new();
    key_add_u64(&key, number);
    return key;
}

static void put(txn_t *txn, uint64_t number) {
    store_key_t key = key_at(number);
    key_registered_t row = {.unit = text_of("u01"), .generation = number};
    memset(row.key, 7, sizeof row.key);
    txn_put(txn, 0, &key, &row);
}

/* Commits whenever it should, as the loop of a stage does. */
static err_t fill(store_t *store, uint64_t from, uint64_t count) {
    txn_t *txn = store_write(store);
    err_t err = txn == NULL ? ERR_STORE : OK;
    for (uint64_t number = from; err == OK && number < from + count; number++) {
        put(txn, number);
        if (!txn_is_full(txn) && number % A_COMMIT != 0) continue;
        err = txn_commit(&txn);
        txn = err == OK ? store_write(store) : NULL;
        if (err == OK && txn == NULL) err = ERR_STORE;
    }
    return err == OK ? txn_commit(&txn) : err;
}

static bool has(txn_t *txn, uint64_t number) {
    arena_t *arena = arena_new();
    store_key_t key = key_at(number);
    key_registered_t row;
    bool there = txn_get(txn, 0, &key, arena, &row) && row.generation == number;
    arena_destroy(&arena);
    return there;
}

static bool store_has(store_t *store, uint64_t number) {
    txn_t *txn = store_read(store);
    bool there = has(txn, number);
    assert_int_equal(txn_error(txn), OK);
    txn_abort(&txn);
    return there;
}

static int status_of(pid_t child) {
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Commits, and is gone without a word. */
static void die_with_a_commit(void) {
    store_t *store;
    if (store_open_derived("data/d", tables, 1, &store) != OK || fill(store, 1, FEW) != OK) _exit(1);
    raise(SIGKILL);
}

static void a_killed_process_leaves_what_it_committed(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) die_with_a_commit();
    assert_true(WIFSIGNALED(status_of(child)));
    store_t *store = opened();
    assert_true(store_has(store, FEW));
    store_close(&store);
}

static void what_another_boot_left_open_begins_anew(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) die_with_a_commit();
    assert_true(WIFSIGNALED(status_of(child)));
    assert_int_equal(home_write("data/d/boot", text_of(ANOTHER_BOOT), 0600), OK);
    store_t *store = opened();
    assert_false(store_has(store, 1));
    assert_int_equal(fill(store, 1, FEW), OK);
    assert_true(store_has(store, FEW));
    store_close(&store);
}

static void a_copy_of_an_open_store_is_not_believed(void **state) {
    (void)state;
    store_t *store = opened();
    assert_int_equal(fill(store, 1, FEW), OK);
    assert_int_equal(system("cp -r data/d data/copy"), 0); /* NOLINT: what an operator would type */
    store_close(&store);
    assert_int_equal(store_open_derived("data/copy", tables, 1, &store), OK);
    assert_false(store_has(store, 1));
    store_close(&store);
    assert_int_equal(system("cp -r data/d data/closed"), 0); /* NOLINT */
    assert_int_equal(store_open_derived("data/closed", tables, 1, &store), OK);
    assert_true(store_has(store, FEW));
    store_close(&store);
}

static void what_was_closed_survives_the_machine(void **state) {
    (void)state;
    store_t *store = opened();
    assert_int_equal(fill(store, 1, FEW), OK);
    store_close(&store);
    arena_t *arena = arena_new();
    text_t line;
    assert_int_equal(home_read("data/d/boot", arena, 128, &line), OK);
    assert_true(text_is(line, "clean")); /* no boot is named, so none can differ */
    arena_destroy(&arena);
    store = opened();
    assert_true(store_has(store, FEW));
    store_close(&store);
}

static void what_another_version_wrote_begins_anew(void **state) {
    static const char *const formats[] = {"0 0123456789abcdef", "" /* as before there was any */};
    (void)state;
    for (size_t index = 0; index < sizeof formats / sizeof formats[0]; index++) {
        store_t *store = opened();
        assert_int_equal(fill(store, 1, FEW), OK);
        store_close(&store);
        if (formats[index][0] == '\0') assert_int_equal(unlink("data/d/format"), 0);
        else assert_int_equal(home_write("data/d/format", text_of(formats[index]), 0600), OK);
        store = opened();
        assert_false(store_has(store, 1));
        assert_int_equal(fill(store, 1, FEW), OK);
        store_close(&store);
        store = opened(); /* and is ours from then on */
        assert_true(store_has(store, FEW));
        store_close(&store);
    }
}

/* Rows of another shape, in a file that LMDB opens gladly. */
static void rows_of_another_shape_are_another_version(void **state) {
    static const table_t others[] = {{"counts", clock_ticked_type}};
    (void)state;
    store_t *store = opened();
    assert_int_equal(fill(store, 1, FEW), OK);
    store_close(&store);
    assert_int_equal(store_open_derived("data/d", others, 1, &store), OK);
    assert_false(store_has(store, 1));
    store_close(&store);
}

static void who_does_not_know_the_tables_drops_nothing(void **state) {
    (void)state;
    store_t *store = opened();
    assert_int_equal(fill(store, 1, FEW), OK);
    store_close(&store);
    assert_int_equal(store_open_derived("data/d", NULL, 0, &store), OK);
    store_close(&store);
    store = opened();
    assert_true(store_has(store, FEW));
    store_close(&store);
    assert_true(unlink("data/d/boot") == 0 && unlink("data/d/format") == 0); /* as in a backup */
    assert_int_equal(store_open_derived("data/d", NULL, 0, &store), OK);
    store_close(&store);
    store = opened();
    assert_true(store_has(store, FEW));
    store_close(&store);
}

static uint64_t file_size(void) {
    struct stat status;
    assert_int_equal(stat("data/d/data.mdb", &status), 0);
    return (uint64_t)status.st_size;
}

static void the_map_grows_with_what_is_kept(void **state) {
    (void)state;
    store_t *store = opened();
    uint64_t before = file_size();
    assert_int_equal(fill(store, 1, MANY), OK);
    assert_true(file_size() > before);
    assert_true(store_has(store, 1) && store_has(store, MANY));
    store_close(&store);
    store = opened();
    assert_true(store_has(store, 1) && store_has(store, MANY));
    store_close(&store);
}

static void the_map_stays_where_it_is_while_somebody_reads(void **state) {
    (void)state;
    store_t *store = opened();
    assert_int_equal(fill(store, 1, FEW), OK);
    uint64_t before = file_size();
    txn_t *reader = store_read(store);
    err_t err = fill(store, FEW + 1, MANY);
    assert_true(err == OK || err == ERR_FULL);
    assert_int_equal(file_size(), before);
    assert_true(has(reader, FEW)); /* a map that moved would end this in a signal */
    assert_false(has(reader, FEW + 1));
    assert_int_equal(store_more_room(store), ROOM_LATER);
    txn_abort(&reader);
    assert_int_equal(store_more_room(store), ROOM_MORE);
    assert_int_equal(fill(store, FEW + 1, MANY), OK);
    assert_true(store_has(store, FEW + MANY));
    store_close(&store);
}

/* --- a desk that is never idle --- */
enum { DESKS = 3, TRIES = 200 };

typedef struct {
    store_t *store;
    pthread_t thread;
    sem_t reads;
    atomic_bool *over;
} busy_desk_t;

static void *busy_desk(void *given) {
    busy_desk_t *self = given;
    while (!atomic_load(self->over)) {
        txn_t *reader = store_read(self->store);
        sem_post(&self->reads);
        for (uint64_t row = 1; row <= FEW; row++)
            if (!has(reader, row)) abort();
        txn_abort(&reader);
    }
    return NULL;
}

/* Whoever read when this was called has ended, however slow the machine is: the second beginning from now on lies behind it. */
static void all_begin_anew(busy_desk_t *desks) {
    for (int index = 0; index < DESKS; index++) {
        while (sem_trywait(&desks[index].reads) == 0) continue;
        for (int begun = 0; begun < 2; begun++)
            while (sem_wait(&desks[index].reads) != 0) continue;
    }
}

static void the_map_grows_although_there_is_always_somebody_who_reads(void **state) {
    (void)state;
    store_t *store = opened();
    assert_int_equal(fill(store, 1, FEW), OK);
    uint64_t before = file_size();
    atomic_bool over = false;
    busy_desk_t desks[DESKS];
    for (int index = 0; index < DESKS; index++) {
        desks[index] = (busy_desk_t){.store = store, .over = &over};
        sem_init(&desks[index].reads, 0, 0);
        assert_int_equal(pthread_create(&desks[index].thread, NULL, busy_desk, &desks[index]), 0);
        while (sem_wait(&desks[index].reads) != 0) continue;
    }
    map_room_t room = ROOM_LATER;
    for (int tries = 0; tries < TRIES && room == ROOM_LATER; tries++) {
        all_begin_anew(desks); /* whom it could not wait for it holds nobody for again while he stays */
        room = store_more_room(store);
    }
    atomic_store(&over, true);
    for (int index = 0; index < DESKS; index++) {
        pthread_join(desks[index].thread, NULL);
        sem_destroy(&desks[index].reads);
    }
    assert_int_equal(room, ROOM_MORE);
    assert_true(file_size() > before);
    store_close(&store);
}

/* A file size limit stands for a full disk. */
static int fill_the_disk(void) {
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = {16 << 20, 16 << 20};
    store_t *store;
    if (setrlimit(RLIMIT_FSIZE, &small) != 0 || store_open_derived("data/d", tables, 1, &store) != OK) return 1;
    err_t err = fill(store, 1, 100 * MANY);
    bool more = store_more_room(store) == ROOM_MORE;
    store_close(&store);
    return err == ERR_FULL && !more ? 77 : 2;
}

static void on_a_full_disk_a_commit_fails_and_nobody_is_hit_by_a_signal(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) _exit(fill_the_disk());
    int status = status_of(child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 77);
    store_t *store = opened();
    assert_true(store_has(store, 1));
    assert_int_equal(fill(store, 200 * (uint64_t)MANY, MANY), OK);
    assert_true(store_has(store, 200 * (uint64_t)MANY));
    store_close(&store);
}

static void rows_stand_in_the_order_of_their_keys_whatever_came_first(void **state) {
    (void)state;
    store_t *store = opened();
    assert_int_equal(fill(store, 1, FEW), OK);               /* an empty table */
    assert_int_equal(fill(store, 2 * FEW, FEW), OK);         /* behind all there are */
    assert_int_equal(fill(store, FEW / 2, 2 * FEW), OK);     /* before, among and on them */
    assert_int_equal(fill(store, 3 * FEW - 1, FEW + 1), OK); /* from the last one on */
    arena_t *arena = arena_new();
    txn_t *txn = store_read(store);
    scan_t scan = scan_begin(txn, 0, NULL, NULL);
    key_registered_t row;
    uint64_t expected = 1;
    for (; scan_next(&scan, arena, &row); expected++) assert_int_equal(row.generation, expected);
    assert_int_equal(expected, 4 * FEW);
    scan_end(&scan);
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_killed_process_leaves_what_it_committed),
        BENCH_TEST(what_another_boot_left_open_begins_anew),
        BENCH_TEST(what_another_version_wrote_begins_anew),
        BENCH_TEST(rows_of_another_shape_are_another_version),
        BENCH_TEST(who_does_not_know_the_tables_drops_nothing),
        BENCH_TEST(a_copy_of_an_open_store_is_not_believed),
        BENCH_TEST(what_was_closed_survives_the_machine),
        BENCH_TEST(rows_stand_in_the_order_of_their_keys_whatever_came_first),
        BENCH_TEST(the_map_grows_with_what_is_kept),
        BENCH_TEST(the_map_stays_where_it_is_while_somebody_reads),
        BENCH_TEST(the_map_grows_although_there_is_always_somebody_who_reads),
        BENCH_TEST(on_a_full_disk_a_commit_fails_and_nobody_is_hit_by_a_signal),
    };
    return cmocka_run_group_tests_name("derived store", tests, NULL, NULL);
}
