/* A made-up ledger in front of the validation stage: each entry goes in as a batch of its own or together with others. */
#ifndef TESTS_VALIDATION_LEDGER_H
#define TESTS_VALIDATION_LEDGER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/chain.h"
#include "proto/crypto.h"
#include "services/2-validation/validation.h"
#include "tests/sim/temporary.h"
#include "tests/unit/validation_plan.h"

typedef struct {
    arena_t *arena;
    plan_t plan;
    char path[256];
    stage_t *stage;
    uint64_t seq;            /* last entry made */
    uint64_t fed;            /* last entry the stage has */
    uint8_t hash[HASH_SIZE];
    buffer_t waiting;        /* entries made and not fed */
} ledger_t;

/* Makes an entry; it waits for ledger_feed. */
static inline uint64_t ledger_append(ledger_t *ledger, const message_t *type, const void *value, int64_t at_ms) {
    event_t header = {.epoch = 1, .cause_seq = ++ledger->seq, .at_ms = at_ms};
    size_t begin = ledger->waiting.size;
    fault_t fault;
    if (wire_check(type, value, &fault) != OK) fail_msg("%s at %s", fault.code, fault.path);
    event_encode(&header, type, value, &ledger->waiting);
    bytes_t entry = {ledger->waiting.at + begin, (uint32_t)(ledger->waiting.size - begin)};
    hash_chain(CHAIN_SEALED, ledger->hash, entry, ledger->hash);
    return ledger->seq;
}

static inline err_t ledger_try(ledger_t *ledger) {
    batch_t batch = {.stream = STREAM_ENTRIES, .state = batch_state_ok, .from = ledger->fed + 1,
                     .count = ledger->seq - ledger->fed, .durable_head = ledger->seq, .tail_head = ledger->seq,
                     .events = {ledger->waiting.at, (uint32_t)ledger->waiting.size}};
    memcpy(batch.last_hash, ledger->hash, sizeof batch.last_hash);
    err_t err = stage_step(ledger->stage, &batch);
    if (err == OK) err = stage_commit(ledger->stage);
    buffer_clear(&ledger->waiting);
    ledger->fed = ledger->seq;
    return err;
}

static inline void ledger_feed(ledger_t *ledger) { assert_int_equal(ledger_try(ledger), OK); }

/* The day's 10:00. */
static inline int64_t at_ten(const ledger_t *ledger, uint32_t day) { return instant_of_day(&ledger->plan, day, 600); }

static inline int ledger_setup(void **state) {
    crypto_start();
    ledger_t *ledger = calloc(1, sizeof *ledger);
    ledger->arena = arena_new();
    ledger->plan = validation_plan();
    temporary_folder(ledger->path, sizeof ledger->path);
    assert_int_equal(stage_open(validation_role(), ledger->path, &ledger->stage), OK);
    int64_t start = at_ten(ledger, 20210801);
    ledger_opened_t opened = {.ledger_id = {1}, .epoch = 1, .clock_mode = clock_mode_rehearsal,
                              .operator_key = {2}, .signer_key = {3}};
    plan_adopted_t adopted = {.plan = ledger->plan};
    ledger_append(ledger, ledger_opened_type(), &opened, start);
    ledger_append(ledger, plan_adopted_type(), &adopted, start);
    ledger_append(ledger, rules_activated_type(), &(rules_activated_t){.version = 1}, start);
    ledger_feed(ledger);
    *state = ledger;
    return 0;
}

static inline int ledger_teardown(void **state) {
    ledger_t *ledger = *state;
    stage_close(&ledger->stage);
    temporary_remove(ledger->path);
    buffer_destroy(&ledger->waiting);
    arena_destroy(&ledger->arena);
    free(ledger);
    return 0;
}

static inline uint64_t ledger_report(ledger_t *ledger, text_t unit, report_t report, int64_t at_ms) {
    report_received_t received = {.report = report, .unit = unit, .door = door_gateway, .key_generation = 1,
                                  .content_hash = {1}};
    return ledger_append(ledger, report_received_type(), &received, at_ms);
}

/* 仓山镇 reports what it raised. */
static inline report_t raised_report(ledger_t *ledger, uint8_t id, text_t period, uint64_t replaces, int64_t amount) {
    report_t report = report_of(id, T("fund"), period, replaces);
    figure_t *figure = ARENA_NEW(ledger->arena, figure_t, 1);
    *figure = (figure_t){.indicator = T("raised"), .amount = GIVEN(amount)};
    report.figures = figure;
    report.figures_count = 1;
    return report;
}

/* Reports, and feeds it at once. */
static inline uint64_t raised_at(ledger_t *ledger, uint8_t id, text_t period, uint64_t replaces, int64_t amount, uint32_t day) {
    uint64_t seq =
        ledger_report(ledger, T("350104100"), raised_report(ledger, id, period, replaces, amount), at_ten(ledger, day));
    ledger_feed(ledger);
    return seq;
}

/* Asks the stage; the answer must be of this kind. */
static inline void ledger_ask(ledger_t *ledger, const message_t *ask, const void *question, const message_t *type,
                              void *value) {
    buffer_t asked = {0}, answered = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(7, ask, question, &asked);
    assert_int_equal(packet_decode((bytes_t){asked.at, (uint32_t)asked.size}, &packet, &fault), OK);
    assert_true(stage_answer(ledger->stage, &packet, &answered));
    uint8_t *copy = arena_take(ledger->arena, answered.size);
    memcpy(copy, answered.at, answered.size);
    assert_int_equal(packet_decode((bytes_t){copy, (uint32_t)answered.size}, &packet, &fault), OK);
    assert_int_equal(packet.kind, type->kind);
    assert_int_equal(packet_body(&packet, type, ledger->arena, value, &fault), OK);
    buffer_destroy(&asked);
    buffer_destroy(&answered);
}

static inline verdict_t verdict_at(ledger_t *ledger, uint64_t seq) {
    verdict_t verdict;
    ledger_ask(ledger, verdict_ask_type(), &(verdict_ask_t){.seq = seq}, verdict_type(), &verdict);
    return verdict;
}

static inline standing_told_t standing_at(ledger_t *ledger, text_t period) {
    standing_told_t told;
    standing_ask_t ask = {.unit = T("350104100"), .task = T("fund"), .period = period};
    ledger_ask(ledger, standing_ask_type(), &ask, standing_told_type(), &told);
    return told;
}

/* The last event of stream 2. */
static inline event_t ledger_last(ledger_t *ledger) {
    event_t event;
    txn_t *txn = store_read(stage_store(ledger->stage));
    assert_true(txn_event(txn, txn_head(txn).seq, ledger->arena, &event, NULL));
    txn_abort(&txn);
    return event;
}

/* The last one of a kind; there has to be one. */
static inline event_t ledger_last_of(ledger_t *ledger, uint32_t kind) {
    event_t event = {0};
    txn_t *txn = store_read(stage_store(ledger->stage));
    for (uint64_t seq = txn_head(txn).seq; seq > 0 && event.kind != kind; seq--)
        assert_true(txn_event(txn, seq, ledger->arena, &event, NULL));
    txn_abort(&txn);
    assert_int_equal(event.kind, kind);
    return event;
}

#endif
