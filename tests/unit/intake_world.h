/* A ledger of its own in a temporary folder, with three units, an operator and hands to knock at its doors. */
#ifndef TESTS_INTAKE_WORLD_H
#define TESTS_INTAKE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/command.h"
#include "proto/receipt.h"
#include "services/1-intake/intake.h"
#include "services/plan/plan.h"
#include "tests/sim/temporary.h"

#define MINUTE_MS 60000LL
#define HOUR_MS 3600000LL
#define FOUNDED_MS 1627747200000LL /* 2021-08-01 00:00 in Fuzhou */

typedef struct {
    char folder[64];
    intake_t *intake;
    uint8_t ledger_id[16];
    uint8_t operator_secret[SIGN_SECRET_SIZE];
    uint8_t signer_public[SIGN_PUBLIC_SIZE];
    uint8_t signer_secret[SIGN_SECRET_SIZE];
    int64_t wall_ms;
    int64_t steady_ms;
    uint64_t request_id;
    buffer_t now;
    buffer_t later;
    arena_t *arena;
} world_t;

static inline plan_t world_plan(void) {
    static const text_t lead[] = {{"nongye", 6}};
    static const text_t towns[] = {{"chengmen", 8}, {"gaishan", 7}};
    static unit_t units[3];
    static task_t tasks[1];
    static period_t periods[2];
    static rung_t rungs[1];
    units[0] = (unit_t){.id = text_of("nongye"), .name = text_of("区农业农村局"), .kind = unit_kind_body};
    units[1] = (unit_t){.id = text_of("chengmen"), .name = text_of("城门镇"), .kind = unit_kind_town};
    units[2] = (unit_t){.id = text_of("gaishan"), .name = text_of("盖山镇"), .kind = unit_kind_town};
    tasks[0] = (task_t){.id = text_of("pairing"),
                        .number = text_of("二"),
                        .name = text_of("结对帮扶"),
                        .lead = lead,
                        .lead_count = 1,
                        .responsible = towns,
                        .responsible_count = 2,
                        .from = 20210801,
                        .due = 20211231};
    periods[0] = (period_t){.id = text_of("2021-08"), .from = 20210801, .to = 20210831, .due = 20210825};
    periods[1] = (period_t){
        .id = text_of("2022-01"), .from = 20220101, .to = 20220131, .due = 20220125, .confirmation = true};
    rungs[0] = (rung_t){.name = text_of("T-1"), .days = 1, .level = level_remind};
    ladder_t ladder = {.rungs = rungs, .rungs_count = 1, .at_minute = 540};
    return (plan_t){.id = text_of("test-2021"),
                    .title = text_of("要点"),
                    .from = 20210101,
                    .to = 20211231,
                    .coordinator = text_of("nongye"),
                    .offset_minutes = 480,
                    .cycle = cycle_month,
                    .periods = periods,
                    .periods_count = 2,
                    .units = units,
                    .units_count = 3,
                    .tasks = tasks,
                    .tasks_count = 1,
                    .report_ladder = ladder,
                    .target_ladder = ladder,
                    .day_begins = 510,
                    .day_ends = 1050};
}

static inline void world_reopen(world_t *self) {
    intake_close(&self->intake);
    assert_int_equal(intake_open(self->folder, self->signer_secret, &self->intake), OK);
}

static inline world_t world_new(clock_mode_t mode) {
    world_t self = {.wall_ms = FOUNDED_MS + 1000, .steady_ms = 5000, .arena = arena_new()};
    crypto_start();
    temporary_folder(self.folder, sizeof self.folder);
    ledger_opened_t opened = {.epoch = 1, .clock_mode = mode};
    crypto_random(self.ledger_id, sizeof self.ledger_id);
    memcpy(opened.ledger_id, self.ledger_id, sizeof opened.ledger_id);
    sign_keypair(opened.operator_key, self.operator_secret);
    sign_keypair(opened.signer_key, self.signer_secret);
    memcpy(self.signer_public, opened.signer_key, sizeof self.signer_public);
    plan_t plan = world_plan();
    assert_int_equal(intake_found(self.folder, &opened, &plan, 1, FOUNDED_MS), OK);
    assert_int_equal(intake_open(self.folder, self.signer_secret, &self.intake), OK);
    return self;
}

static inline void world_end(world_t *self) {
    intake_close(&self->intake);
    buffer_destroy(&self->now);
    buffer_destroy(&self->later);
    arena_destroy(&self->arena);
    temporary_remove(self->folder);
}

static inline void world_pass(world_t *self, int64_t ms) {
    self->wall_ms += ms;
    self->steady_ms += ms;
}

static inline void world_take(world_t *self, door_t door, bytes_t frame) {
    buffer_clear(&self->now);
    buffer_clear(&self->later);
    intake_take(self->intake, door, frame, self->wall_ms, self->steady_ms, &self->now, &self->later);
}

/* One question at a door; its answer stands in now or later. */
static inline void world_ask(world_t *self, door_t door, const message_t *type, const void *value) {
    buffer_t frame = {0};
    packet_encode(++self->request_id, type, value, &frame);
    world_take(self, door, (bytes_t){frame.at, (uint32_t)frame.size});
    buffer_destroy(&frame);
}

/* What a unit does beside reporting, through the gateway's door. */
static inline void world_act(world_t *self, const char *unit, const message_t *type, const void *act) {
    buffer_t body = {0};
    packet_encode(0, type, act, &body);
    unit_act_t ask = {.unit = text_of(unit), .key_generation = 1, .body = {body.at, (uint32_t)body.size}};
    world_ask(self, door_gateway, unit_act_type(), &ask);
    buffer_destroy(&body);
}

static inline void world_commit(world_t *self) {
    assert_int_equal(intake_commit(self->intake), OK);
    intake_finish(self->intake, &self->later);
}

static inline uint32_t answer_kind(const buffer_t *buffer) {
    packet_t packet;
    fault_t fault;
    if (buffer->size == 0) return 0;
    if (intake_is_receipt((bytes_t){buffer->at, (uint32_t)buffer->size})) return KIND_receipt; /* or will be, after the commit */
    assert_int_equal(packet_decode((bytes_t){buffer->at, (uint32_t)buffer->size}, &packet, &fault), OK);
    return packet.kind;
}

/* Reads the one packet of `buffer`, which must be of this type and answer the last question. */
static inline void answer_read(world_t *self, const buffer_t *buffer, const message_t *type, void *value) {
    packet_t packet;
    fault_t fault;
    assert_int_equal(answer_kind(buffer), type->kind);
    text_t copy = arena_text(self->arena, (text_t){(const char *)buffer->at, (uint32_t)buffer->size});
    assert_int_equal(packet_decode((bytes_t){(const uint8_t *)copy.at, copy.size}, &packet, &fault), OK);
    assert_int_equal(packet.raw.size, buffer->size);
    assert_int_equal(packet.request_id, self->request_id);
    assert_int_equal(packet_body(&packet, type, self->arena, value, &fault), OK);
}

static inline void assert_refused(world_t *self, const char *code) {
    refusal_t refusal;
    assert_int_equal(self->later.size, 0);
    answer_read(self, &self->now, refusal_type(), &refusal);
    assert_true(text_is(refusal.reasons[0].code, code));
}

static inline report_t report_numbered(uint8_t number, const char *progress) {
    report_t report = {.task = text_of("pairing"), .period = text_of("2021-08"), .progress = text_of(progress)};
    memset(report.submission_id, number, sizeof report.submission_id);
    return report;
}

static inline void world_send(world_t *self, const char *unit, uint64_t generation, const report_t *report) {
    append_ask_t ask = {.unit = text_of(unit), .key_generation = generation, .report = *report};
    world_ask(self, door_gateway, append_ask_type(), &ask);
}

/* Sends, commits, reads the receipt. */
static inline receipt_t world_receipt(world_t *self, const char *unit, uint64_t generation, const report_t *report) {
    receipt_t receipt;
    world_send(self, unit, generation, report);
    world_commit(self);
    answer_read(self, &self->later, receipt_type(), &receipt);
    return receipt;
}

static inline void world_command_as(world_t *self, const uint8_t secret[SIGN_SECRET_SIZE], uint8_t number,
                                    const message_t *type, const void *value) {
    uint8_t command_id[16];
    memset(command_id, number, sizeof command_id);
    buffer_t frame = {0};
    command_sign(++self->request_id, command_id, self->ledger_id, type, value, secret, &frame);
    world_take(self, door_operator, (bytes_t){frame.at, (uint32_t)frame.size});
    buffer_destroy(&frame);
}

static inline void world_command(world_t *self, uint8_t number, const message_t *type, const void *value) {
    world_command_as(self, self->operator_secret, number, type, value);
}

static inline command_done_t world_done(world_t *self, uint8_t number, const message_t *type, const void *value) {
    command_done_t done;
    world_command(self, number, type, value);
    world_commit(self);
    answer_read(self, &self->later, command_done_type(), &done);
    return done;
}

static inline key_registered_t key_of(const char *unit, uint64_t generation, uint8_t filling) {
    key_registered_t key = {.unit = text_of(unit), .generation = generation};
    memset(key.key, filling, sizeof key.key);
    return key;
}

/* Key 1 of chengmen, by command 1. */
static inline void world_register(world_t *self) {
    key_registered_t key = key_of("chengmen", 1, 0x11);
    world_done(self, 1, key_registered_type(), &key);
}

/* Entry `seq` as it stands in the store. */
static inline event_t world_event(world_t *self, uint64_t seq) {
    event_t event;
    txn_t *txn = store_read(intake_store(self->intake));
    assert_non_null(txn);
    bool there = txn_event(txn, seq, self->arena, &event, NULL);
    txn_abort(&txn);
    assert_true(there);
    return event;
}

static inline void world_body(world_t *self, uint64_t seq, const message_t *type, void *value) {
    event_t event = world_event(self, seq);
    fault_t fault;
    assert_int_equal(event_body(&event, type, self->arena, value, &fault), OK);
}

static inline uint64_t world_head(const world_t *self) { return intake_head(self->intake).seq; }

#endif
