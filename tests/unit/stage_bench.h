/* What the tests of the stage share: a folder of their own, a ledger to read from, and a role that only counts. */
#ifndef TESTS_STAGE_BENCH_H
#define TESTS_STAGE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>

#include "services/stage/serve.h"
#include "services/stage/stage.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define T0 INT64_C(1629853200000) /* 2021-08-25 09:00 in Dali */

/* --- a folder of its own for every test: the working directory --- */
static char bench_folder[256];

static inline int bench_setup(void **state) {
    (void)state;
    const char *root = getenv("TMPDIR");
    snprintf(bench_folder, sizeof bench_folder, "%s/minning-test-XXXXXX", root == NULL ? "/tmp" : root);
    return mkdtemp(bench_folder) == NULL || chdir(bench_folder) != 0;
}

static inline int bench_remove(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static inline int bench_teardown(void **state) {
    (void)state;
    return chdir("/") != 0 || nftw(bench_folder, bench_remove, 16, FTW_DEPTH | FTW_PHYS) != 0;
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

/* Turns one bit of an open file. */
static inline void bench_flip(FILE *file, long at, int bit) {
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 1 << bit, file), byte ^ 1 << bit);
    assert_int_equal(fflush(file), 0);
}

static inline char *bench_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size + 1);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    bytes[*size] = '\0';
    fclose(file);
    return bytes;
}

static inline void assert_same_files(const char *a, const char *b) {
    size_t a_size, b_size;
    char *a_bytes = bench_file(a, &a_size), *b_bytes = bench_file(b, &b_size);
    assert_string_equal(a_bytes, b_bytes);
    assert_int_equal(a_size, b_size);
    free(a_bytes);
    free(b_bytes);
}

/* --- a ledger: refusals_counted for work, clock_ticked for control --- */
static inline void ledger_add(store_t *ledger, const char *code, uint64_t count) {
    txn_t *txn = store_write(ledger);
    event_t header = {.epoch = 1, .at_ms = T0 + (int64_t)txn_head(txn).seq};
    refusals_counted_t work = {.code = text_of(code), .count = count, .door = door_gateway};
    txn_append(txn, &header, refusals_counted_type(), &work, NULL);
    assert_int_equal(txn_commit(&txn), OK);
}

static inline void ledger_tick(store_t *ledger) {
    txn_t *txn = store_write(ledger);
    event_t header = {.epoch = 1, .at_ms = T0 + (int64_t)txn_head(txn).seq};
    clock_ticked_t tick = {.at_ms = (uint64_t)header.at_ms};
    txn_append(txn, &header, clock_ticked_type(), &tick, NULL);
    assert_int_equal(txn_commit(&txn), OK);
}

static inline head_t ledger_head(store_t *ledger) {
    txn_t *txn = store_read(ledger);
    head_t head = txn_head(txn);
    txn_abort(&txn);
    return head;
}

/* --- the counting role --- */
enum { TABLE_COUNTS };

static const table_t counter_tables[] = {{"counts", refusals_counted_type}};

static inline store_key_t count_key(const char *code) {
    store_key_t key = key_new();
    key_add_text(&key, text_of(code));
    return key;
}

static inline uint64_t count_get(turn_t *turn, const char *code) {
    refusals_counted_t row;
    store_key_t key = count_key(code);
    return turn_get(turn, TABLE_COUNTS, &key, &row) ? row.count : 0;
}

/* Adds to the count of `code` and tells the new one. */
static inline void count_up(turn_t *turn, const char *code, uint64_t more) {
    refusals_counted_t row = {.code = text_of(code), .count = count_get(turn, code) + more, .door = door_gateway};
    store_key_t key = count_key(code);
    turn_put(turn, TABLE_COUNTS, &key, &row);
    turn_emit(turn, refusals_counted_type(), &row);
}

/* A report of code `much` asks for one step of work for each of its count. */
static inline void counter_resume(turn_t *turn, const event_t *event, uint64_t step) {
    refusals_counted_t work;
    if (!turn_body(turn, event, refusals_counted_type(), &work)) return;
    count_up(turn, "step", step);
    if (step < work.count) turn_continue(turn, step + 1);
}

static inline void counter_apply(turn_t *turn, const event_t *event) {
    refusals_counted_t work;
    uint64_t *ticks;
    switch (event->kind) {
    case KIND_refusals_counted:
        if (!turn_body(turn, event, refusals_counted_type(), &work)) return;
        count_up(turn, arena_text(turn_arena(turn), work.code).at, work.count);
        if (text_is(work.code, "much")) turn_continue(turn, 1);
        break;
    case KIND_clock_ticked:
        ticks = turn_memory(turn); /* what it was before this tick */
        count_up(turn, "seen", ticks == NULL ? 1 : *ticks + 1);
        count_up(turn, "tick", 1);
        turn_forget(turn);
        break;
    case KIND_rules_activated: count_up(turn, "rules", 1); break;
    default: turn_unknown(turn, event);
    }
}

static inline void *counter_memory_load(turn_t *turn) {
    uint64_t ticks = count_get(turn, "tick");
    if (ticks == 0) return NULL;
    uint64_t *memory = malloc(sizeof *memory);
    *memory = ticks;
    return memory;
}

static inline void counter_memory_destroy(void **memory) {
    free(*memory);
    *memory = NULL;
}

/* targets_ask → targets: as_of is the cause, now_ms the remembered ticks. */
static inline void counter_answer(turn_t *turn, const packet_t *ask, reply_t *reply) {
    targets_ask_t question;
    fault_t fault;
    if (ask->kind != KIND_targets_ask || packet_body(ask, targets_ask_type(), turn_arena(turn), &question, &fault) != OK)
        return;
    if (turn_waits(turn, question.at_least)) return;
    const uint64_t *ticks = turn_memory(turn);
    targets_t targets = {.as_of = turn_cause(turn), .now_ms = ticks == NULL ? 0 : *ticks};
    reply_with(reply, targets_type(), &targets);
}

static const role_t counter = {.name = "counter",
                               .reads = STREAM_ENTRIES,
                               .writes = STREAM_VERDICTS,
                               .tables = counter_tables,
                               .table_count = 1,
                               .apply = counter_apply,
                               .resume = counter_resume,
                               .memory_load = counter_memory_load,
                               .memory_destroy = counter_memory_destroy,
                               .answer = counter_answer};

/* What the ledger sends for this fetch, at most max_bytes of it. */
static inline bool ledger_serve(store_t *ledger, fetch_t fetch, uint64_t max_bytes, arena_t *arena, batch_t *batch) {
    fetch.max_bytes = max_bytes;
    txn_t *txn = store_read(ledger);
    bool served = stream_serve(txn, STREAM_ENTRIES, txn_head(txn), &fetch, arena, batch);
    txn_abort(&txn);
    return served;
}

/* Steps until there is nothing left; commits after every `commit_every` steps and at the end. */
static inline void counter_drain(stage_t *stage, store_t *ledger, uint64_t max_bytes, uint32_t commit_every) {
    arena_t *arena = arena_new();
    batch_t batch;
    for (uint32_t step = 1; ledger_serve(ledger, stage_fetch(stage), max_bytes, arena, &batch); step++) {
        assert_int_equal(batch.state, batch_state_ok);
        assert_int_equal(stage_step(stage, &batch), OK);
        if (step % commit_every == 0) assert_int_equal(stage_commit(stage), OK);
        arena_reset(arena);
    }
    assert_int_equal(stage_commit(stage), OK);
    arena_destroy(&arena);
}

#endif
