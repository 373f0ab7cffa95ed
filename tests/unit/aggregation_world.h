/* A world for the tests of aggregation: a stage in a folder of its own, fed event by event. No clock, no socket. */
#ifndef TESTS_AGGREGATION_WORLD_H
#define TESTS_AGGREGATION_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/chain.h"
#include "proto/crypto.h"
#include "services/3-aggregation/aggregation.h"
#include "tests/unit/aggregation_plan.h"
#include "tests/sim/temporary.h"

typedef struct {
    char path[64];
    stage_t *stage;
    arena_t *arena;
    buffer_t raw; /* every event fed so far */
    uint64_t count;
    uint64_t fed; /* of which the stage has seen */
    size_t fed_bytes;
    uint8_t hash[32]; /* chained hash of all of them */
    uint8_t fed_hash[32];
    uint64_t told; /* head of stream 3 up to which the test has looked */
} world_t;

static inline void world_open(world_t *world) {
    *world = (world_t){.arena = arena_new()};
    crypto_start();
    temporary_folder(world->path, sizeof world->path);
    assert_int_equal(stage_open(aggregation_role(), world->path, &world->stage), OK);
}

static inline void world_close(world_t *world) {
    stage_close(&world->stage);
    temporary_remove(world->path);
    buffer_destroy(&world->raw);
    arena_destroy(&world->arena);
}

/* Writes one event at the end of stream 2, as validation would. */
static inline void world_write(world_t *world, const message_t *type, const void *value, int64_t at_ms) {
    event_t header = {.epoch = 1, .cause_seq = ++world->count, .at_ms = at_ms};
    size_t begin = world->raw.size;
    event_encode(&header, type, value, &world->raw);
    hash_chain(CHAIN_QUICK, world->hash, (bytes_t){world->raw.at + begin, (uint32_t)(world->raw.size - begin)}, world->hash);
}

/* Lets the stage apply all that was written, in one batch. */
static inline void world_apply(world_t *world) {
    batch_t batch = {
        .stream = STREAM_VERDICTS, .state = batch_state_ok, .from = world->fed + 1, .count = world->count - world->fed};
    batch.durable_head = batch.tail_head = world->count;
    batch.events = (bytes_t){world->raw.at + world->fed_bytes, (uint32_t)(world->raw.size - world->fed_bytes)};
    memcpy(batch.last_hash, world->hash, sizeof batch.last_hash);
    if (batch.count == 0) return;
    do {
        assert_int_equal(stage_step(world->stage, &batch), OK);
        if (stage_is_full(world->stage)) assert_int_equal(stage_commit(world->stage), OK); /* as the loop does */
    } while (stage_pending(world->stage) || stage_fetch(world->stage).after < world->count);
    world->fed = world->count;
    world->fed_bytes = world->raw.size;
}

static inline void world_feed(world_t *world, const message_t *type, const void *value, int64_t at_ms) {
    world_write(world, type, value, at_ms);
    world_apply(world);
}

static inline void world_adopt(world_t *world, int64_t at_ms) {
    plan_adopted_t adopted = {.plan = aggregation_plan()};
    world_feed(world, plan_adopted_type(), &adopted, at_ms);
}

static inline void world_tick(world_t *world, int64_t at_ms) {
    world_feed(world, clock_ticked_type(), &(clock_ticked_t){(uint64_t)at_ms}, at_ms);
}

static inline void world_report(world_t *world, const char *unit, const char *task, const char *period, uint32_t revision,
                                const figure_t *figures, uint32_t count, int64_t at_ms) {
    report_accepted_t report = {.unit = text_of(unit),
                                .task = text_of(task),
                                .period = text_of(period),
                                .revision = revision,
                                .figures = figures,
                                .figures_count = count};
    report.submission_id[0] = 1;
    world_feed(world, report_accepted_type(), &report, at_ms);
}

/* One figure with an amount; for more, build figure_t yourself. */
static inline figure_t amount_of(const char *indicator, const char *member, int64_t amount) {
    return (figure_t){.indicator = text_of(indicator), .member = text_of(member), .amount = {true, amount}};
}

static inline void world_ask(world_t *world, const message_t *ask, const void *question, const message_t *answer, void *value) {
    buffer_t frame = {0}, *out = arena_take(world->arena, sizeof *out);
    packet_t packet;
    fault_t fault = {0};
    assert_int_equal(stage_commit(world->stage), OK);
    packet_encode(7, ask, question, &frame);
    assert_int_equal(packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault), OK);
    assert_true(stage_answer(world->stage, &packet, out));
    buffer_destroy(&frame);
    text_t copy = arena_text(world->arena, (text_t){(const char *)out->at, (uint32_t)out->size});
    buffer_destroy(out);
    assert_int_equal(packet_decode((bytes_t){(const uint8_t *)copy.at, copy.size}, &packet, &fault), OK);
    assert_int_equal(packet_body(&packet, answer, world->arena, value, &fault), OK);
}

static inline target_changed_t world_target(world_t *world, const char *indicator) {
    targets_t targets;
    world_ask(world, targets_ask_type(), &(targets_ask_t){0}, targets_type(), &targets);
    for (uint32_t index = 0; index < targets.rows_count; index++)
        if (text_is(targets.rows[index].indicator, indicator)) return targets.rows[index];
    fail_msg("no target %s", indicator);
    return (target_changed_t){0};
}

static inline obligations_t world_obligations(world_t *world, obligations_ask_t question) {
    obligations_t told;
    world_ask(world, obligations_ask_type(), &question, obligations_type(), &told);
    return told;
}

static inline obligation_changed_t world_obligation(world_t *world, const char *unit, const char *task, const char *period) {
    obligations_ask_t question = {.unit = text_of(unit), .task = text_of(task), .period = text_of(period)};
    obligations_t told = world_obligations(world, question);
    assert_int_equal(told.rows_count, 1);
    return told.rows[0];
}

/* How many events of `kind` stream 3 told since the last call; the last of them in *value (may be NULL). */
static inline uint32_t world_told(world_t *world, const message_t *type, void *value) {
    assert_int_equal(stage_commit(world->stage), OK);
    txn_t *txn = store_read(stage_store(world->stage));
    uint64_t head = txn_head(txn).seq;
    uint32_t count = 0;
    for (; world->told < head; world->told++) {
        event_t event;
        fault_t fault;
        assert_true(txn_event(txn, world->told + 1, world->arena, &event, NULL));
        if (event.kind != type->kind) continue;
        count++;
        if (value != NULL) assert_int_equal(event_body(&event, type, world->arena, value, &fault), OK);
    }
    txn_abort(&txn);
    return count;
}

/* What follows from here on is counted by the next world_told. */
static inline void world_listen(world_t *world) { world_told(world, target_changed_type(), NULL); }

static inline text_t world_dump(world_t *world) {
    char file[96];
    snprintf(file, sizeof file, "%s/dump", world->path);
    assert_int_equal(stage_commit(world->stage), OK);
    assert_int_equal(stage_dump(world->stage, file), OK);
    FILE *stream = fopen(file, "r");
    assert_non_null(stream);
    fseek(stream, 0, SEEK_END);
    long size = ftell(stream);
    rewind(stream);
    char *at_text = arena_take(world->arena, (size_t)size + 1);
    assert_int_equal(fread(at_text, 1, (size_t)size, stream), size);
    fclose(stream);
    return (text_t){at_text, (uint32_t)size};
}

static inline int world_setup(void **state) {
    world_t *world = malloc(sizeof *world);
    world_open(world);
    world_adopt(world, at(20210720, 9, 0));
    *state = world;
    return 0;
}

static inline int world_teardown(void **state) {
    world_close(*state);
    free(*state);
    return 0;
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

#endif
