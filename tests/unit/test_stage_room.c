/* The loop of a stage whose map is full while somebody reads, as a backup does: it waits, and goes on when that is over. */
#include "stage_bench.h"

#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/link.h"

#include <lmdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { ENTRIES = 40000 /* more than the map holds before it grows */, PATIENCE_MS = 20 };

/* --- the writer: a process of its own, until it is ended --- */
static store_t *ledger;

static txn_t *ledger_view(void *self, head_t *durable, bool *rooted) {
    (void)self;
    txn_t *txn = store_read(ledger);
    *durable = txn_head(txn);
    *rooted = true;
    return txn;
}

static void ledger_done(void *self, txn_t *txn) {
    (void)self;
    txn_abort(&txn);
}

static bool nothing_is_quarantined(void *self, const packet_t *ask, buffer_t *out) {
    (void)self;
    packet_encode(ask->request_id, quarantines_type(), &(quarantines_t){0}, out);
    return true;
}

static int serve(void) {
    stream_door_t *door;
    desk_t *desk;
    stream_view_t view = {.view = ledger_view, .done = ledger_done};
    if (store_open("data/ledger", NULL, 0, &ledger) != OK) return 1;
    if (stream_door_open(HOME_ENTRIES, STREAM_ENTRIES, view, &door) != OK) return 1;
    if (desk_start("intake", nothing_is_quarantined, NULL, &desk) != OK) return 1;
    void *handle = stream_door_handle(door);
    while ((link_wait(&handle, 1, PATIENCE_MS) & LINK_STOP) == 0) stream_door_step(door, clock_steady_ms());
    return 0;
}

/* --- the reader: there from the first entry until one is applied again --- */
static stage_t *whose;
static txn_t *reader;
static uint64_t furthest;
static bool came_again;

static void apply(turn_t *turn, const event_t *event) {
    char code[LIMIT_ID];
    if (event->seq <= furthest) {
        came_again = true;
        txn_abort(&reader);
    }
    if (furthest == 0) reader = store_read(stage_store(whose));
    if (event->seq > furthest) furthest = event->seq;
    snprintf(code, sizeof code, "c-%llu", (unsigned long long)event->seq);
    count_up(turn, code, 1);
    if (event->seq == ENTRIES) raise(SIGTERM);
}

static int begin(stage_t *stage, stage_hooks_t *hooks) {
    (void)hooks;
    whose = stage;
    return 0;
}

static void ledger_fill(void) {
    assert_int_equal(store_open("data/ledger", NULL, 0, &ledger), OK);
    txn_t *txn = store_write(ledger);
    refusals_counted_t work = {.code = text_of("a"), .count = 1, .door = door_gateway};
    for (uint64_t seq = 1; seq <= ENTRIES; seq++) {
        event_t header = {.epoch = 1, .at_ms = T0 + (int64_t)seq};
        txn_append(txn, &header, refusals_counted_type(), &work, NULL);
    }
    assert_int_equal(txn_commit(&txn), OK);
    store_close(&ledger);
}

static void a_stage_waits_for_room_until_nobody_reads(void **state) {
    (void)state;
    role_t role = counter;
    role.apply = apply;
    assert_int_equal(home_make("."), OK);
    assert_int_equal(home_write(HOME_CONF, text_of("\n"), 0600), OK);
    ledger_fill();
    pid_t writer = fork();
    if (writer == 0) _exit(serve());
    pid_t child = fork();
    if (child == 0) {
        int code = stage_main_hooked(&role, ".", begin, NULL);
        _exit(code != 0 ? code : came_again ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    stage_t *stage;
    assert_int_equal(stage_open(&role, "data/counter", &stage), OK);
    assert_int_equal(stage_fetch(stage).after, ENTRIES);
    stage_close(&stage);
}

/* --- a stage that is asked to leave when its map is full to the last page --- */
typedef enum { READER_STAYS, READER_ENDS, READER_ENDS_DISK_FULL, STRANGER_STAYS_DISK_FULL } obstacle_t;
static obstacle_t obstacle;
enum { FEW = 10, SOON_MS = 60 };

/* An operator's own tool, such as mdb_copy: it reads by LMDB's lock table, the stage knows nothing of it. */
static int strangers_cue[2], strangers_word[2]; /* pipes: to it, from it */

static int stranger(void) {
    char word;
    MDB_env *env;
    MDB_txn *txn;
    if (read(strangers_cue[0], &word, 1) != 1 || mdb_env_create(&env) != 0) return 1;
    if (mdb_env_open(env, "data/counter", MDB_RDONLY, 0) != 0 || mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0) return 1;
    if (write(strangers_word[1], "r", 1) != 1) return 1;
    while (pause() != 0) continue; /* until it is ended */
    return 1;
}

static void stranger_reads(void) {
    char word;
    if (write(strangers_cue[1], "c", 1) != 1 || read(strangers_word[0], &word, 1) != 1) abort();
}

static void apply_few(turn_t *turn, const event_t *event) {
    count_up(turn, "few", 1);
    if (event->seq == FEW) raise(SIGTERM);
}

/* Writes rows that nobody will read until not even one more fits. */
static void map_fill(store_t *store) {
    static int number;
    for (int rows = 1024; rows > 0;) {
        txn_t *txn = store_write(store);
        if (txn == NULL) return;
        for (int row = 0; row < rows; row++) {
            char name[32];
            snprintf(name, sizeof name, "fill-%08d", number++);
            store_key_t key = key_new();
            key_add_text(&key, text_of(name));
            txn_put(txn, TABLE_COUNTS, &key, &(refusals_counted_t){.code = text_of(name), .count = 1, .door = door_gateway});
        }
        if (txn_commit(&txn) != OK) rows /= 2;
    }
}

static void *reader_ends(void *argument) {
    (void)argument;
    poll(NULL, 0, SOON_MS);
    txn_abort(&reader);
    return NULL;
}

static void on_committed(void *self, stage_t *stage, uint64_t head) {
    static bool filled;
    pthread_t thread;
    struct stat file;
    (void)self, (void)head;
    if (filled || stage_fetch(stage).ack < FEW) return;
    filled = true;
    if (obstacle == STRANGER_STAYS_DISK_FULL) stranger_reads();
    else reader = store_read(stage_store(stage));
    if (obstacle >= READER_ENDS_DISK_FULL && stat("data/counter/data.mdb", &file) == 0)
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){(rlim_t)file.st_size, (rlim_t)file.st_size}); /* no block can be taken behind */
    map_fill(stage_store(stage));
    if (obstacle == READER_ENDS || obstacle == READER_ENDS_DISK_FULL) pthread_create(&thread, NULL, reader_ends, NULL);
}

static int begin_few(stage_t *stage, stage_hooks_t *hooks) {
    (void)stage;
    signal(SIGXFSZ, SIG_IGN);
    hooks->committed = on_committed;
    return 0;
}

/* Its exit code; *rested: the next start need not verify what it has. */
static int leave_under(obstacle_t what, bool *rested) {
    role_t role = counter;
    role.apply = apply_few;
    obstacle = what;
    assert_int_equal(home_make("."), OK);
    assert_int_equal(home_write(HOME_CONF, text_of("\n"), 0600), OK);
    assert_int_equal(store_open("data/ledger", NULL, 0, &ledger), OK);
    for (int entry = 0; entry < FEW; entry++) ledger_add(ledger, "a", 1);
    store_close(&ledger);
    assert_true(pipe(strangers_cue) == 0 && pipe(strangers_word) == 0);
    pid_t writer = fork();
    if (writer == 0) _exit(serve());
    pid_t other = fork();
    if (other == 0) _exit(stranger());
    pid_t child = fork();
    if (child == 0) _exit(freopen("said", "we", stderr) == NULL ? 1 : stage_main_hooked(&role, ".", begin_few, NULL));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    kill(writer, SIGKILL);
    kill(other, SIGKILL);
    waitpid(writer, NULL, 0);
    waitpid(other, NULL, 0);
    for (int end = 0; end < 2; end++) assert_true(close(strangers_cue[end]) == 0 && close(strangers_word[end]) == 0);
    assert_true(WIFEXITED(status));
    stage_t *stage;
    assert_int_equal(stage_open(&role, "data/counter", &stage), OK);
    assert_int_equal(stage_fetch(stage).after, FEW);
    txn_t *txn = store_read(stage_store(stage));
    *rested = txn_fact(txn, "verified_upto") == txn_head(txn).seq;
    txn_abort(&txn);
    stage_close(&stage);
    return WEXITSTATUS(status);
}

static bool said(const char *words) {
    size_t size;
    char *log = bench_file("said", &size);
    bool there = strstr(log, words) != NULL;
    free(log);
    return there;
}

static void a_stage_that_leaves_waits_for_a_reader_who_ends_soon(void **state) {
    bool rested = false;
    (void)state;
    assert_int_equal(leave_under(READER_ENDS, &rested), 0);
    assert_true(rested);
}

static void a_stage_leaves_well_although_a_reader_stays(void **state) {
    bool rested = true;
    (void)state;
    assert_int_equal(leave_under(READER_STAYS, &rested), 0);
    assert_false(rested);
    assert_true(said("not_rested why=somebody_reads"));
}

static void a_stage_that_leaves_takes_what_a_reader_gave_back_where_the_disk_has_no_more(void **state) {
    bool rested = false;
    (void)state;
    assert_int_equal(leave_under(READER_ENDS_DISK_FULL, &rested), 0);
    assert_true(rested);
}

/* The pages that the last commits freed are held by somebody whom the stage cannot see, and there are no others. */
static void a_stage_leaves_well_although_its_disk_is_full_to_the_last_page(void **state) {
    bool rested = true;
    (void)state;
    assert_int_equal(leave_under(STRANGER_STAYS_DISK_FULL, &rested), 0);
    assert_false(rested);
    assert_true(said("not_rested why=disk_full"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_stage_waits_for_room_until_nobody_reads),
        BENCH_TEST(a_stage_that_leaves_waits_for_a_reader_who_ends_soon),
        BENCH_TEST(a_stage_leaves_well_although_a_reader_stays),
        BENCH_TEST(a_stage_that_leaves_takes_what_a_reader_gave_back_where_the_disk_has_no_more),
        BENCH_TEST(a_stage_leaves_well_although_its_disk_is_full_to_the_last_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
