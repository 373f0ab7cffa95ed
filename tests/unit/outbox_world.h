/* The outbox, driven by hand: real fold, real store, real journal; the outside is a response that the test gives. */
#ifndef TESTS_OUTBOX_WORLD_H
#define TESTS_OUTBOX_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/crypto.h"
#include "services/notifier/outbox.h"
#include "services/stage/serve.h"
#include "tests/sim/temporary.h"

#define NINE INT64_C(1629421200000) /* 2021-08-20 09:00 in Fuzhou */
#define HOUR_MS INT64_C(3600000)

typedef struct {
    char folder[64];
    store_t *stream; /* stands for alerting's */
    stage_t *stage;
    journal_t *journal;
    outbox_t *outbox;
    arena_t *arena;
    uint64_t entry; /* ledger entries so far */
    int64_t at_ms;  /* the ledger's clock */
    instants_t now;
    bool rehearsal;
} world_t;

static const outbox_conf_t conf = {.retry_ms = 1000, .attempts = 3, .age_ms = 72 * HOUR_MS};

static inline const char *path_of(world_t *self, const char *name) {
    return arena_format(self->arena, "%s/%s", self->folder, name).at;
}

static inline void outbox_up(world_t *self) {
    assert_int_equal(stage_open(notifier_role(), path_of(self, "notifier"), &self->stage), OK);
    assert_int_equal(journal_open(path_of(self, "journal"), &self->journal), OK);
    self->outbox = outbox_new(&conf, self->journal);
}

static inline void outbox_down(world_t *self) {
    outbox_destroy(&self->outbox);
    journal_close(&self->journal);
    stage_close(&self->stage);
}

static inline void emit(world_t *self, const message_t *type, const void *value) {
    txn_t *txn = store_write(self->stream);
    event_t header = {.epoch = 1, .cause_seq = self->entry, .at_ms = self->at_ms};
    txn_append(txn, &header, type, value, NULL);
    txn_fact_put(txn, "cause_seq", self->entry);
    assert_int_equal(txn_commit(&txn), OK);
}

static inline void tick(world_t *self, int64_t at_ms) {
    clock_ticked_t ticked = {.at_ms = (uint64_t)at_ms};
    self->entry++;
    self->at_ms = at_ms;
    emit(self, clock_ticked_type(), &ticked);
}

/* The fold catches up. */
static inline void fold(world_t *self) {
    arena_t *arena = arena_new();
    while (true) {
        fetch_t fetch = stage_fetch(self->stage);
        batch_t batch = {0};
        txn_t *txn = store_read(self->stream);
        bool more = stream_serve(txn, STREAM_WARNINGS, txn_head(txn), &fetch, arena, &batch);
        txn_abort(&txn);
        if (!more || batch.count == 0) break;
        assert_int_equal(stage_step(self->stage, &batch), OK);
        assert_int_equal(stage_commit(self->stage), OK);
        arena_reset(arena);
    }
    arena_destroy(&arena);
}

static inline world_t world_new(bool rehearsal) {
    world_t self = {.arena = arena_new(), .entry = 1, .at_ms = NINE - HOUR_MS, .now = {NINE, 1000000}, .rehearsal = rehearsal};
    crypto_start();
    temporary_folder(self.folder, sizeof self.folder);
    assert_int_equal(store_open_derived(path_of(&self, "stream"), NULL, 0, &self.stream), OK);
    ledger_opened_t opened = {.epoch = 1, .clock_mode = rehearsal ? clock_mode_rehearsal : clock_mode_real};
    memset(opened.ledger_id, 1, sizeof opened.ledger_id);
    memset(opened.operator_key, 1, sizeof opened.operator_key);
    memset(opened.signer_key, 1, sizeof opened.signer_key);
    emit(&self, ledger_opened_type(), &opened);
    outbox_up(&self);
    return self;
}

static inline void world_end(world_t *self) {
    outbox_down(self);
    store_close(&self->stream);
    arena_destroy(&self->arena);
    temporary_remove(self->folder);
}

static inline warning_raised_t warning(uint8_t number, const char *unit) {
    warning_raised_t raised = {.episode = 1, .kind = warning_kind_report_due, .rung = text_of("T-5"), .level = level_remind,
                               .unit = text_of(unit), .addressee = addressee_owner, .task = text_of("sales"),
                               .period = text_of("2021-08"), .due_ms = (uint64_t)(NINE + 5 * 24 * HOUR_MS),
                               .life = life_raised, .zh = text_of("还差五天"), .en = text_of("five days left")};
    memset(raised.id, number, sizeof raised.id);
    memset(raised.bundle, number, sizeof raised.bundle);
    return raised;
}

static inline void raise_of(world_t *self, uint8_t number, const char *unit, const char *task) {
    warning_raised_t raised = warning(number, unit);
    raised.task = text_of(task);
    emit(self, warning_raised_type(), &raised);
}

static inline void resolve(world_t *self, uint8_t number, const char *unit) {
    warning_resolved_t resolved = {.episode = 1, .kind = warning_kind_report_due, .rung = text_of("T-5"), .level = level_remind,
                                   .unit = text_of(unit), .addressee = addressee_owner, .task = text_of("sales"),
                                   .period = text_of("2021-08"), .due_ms = 1, .zh = text_of("解除"), .en = text_of("withdrawn")};
    memset(resolved.id, number, sizeof resolved.id);
    emit(self, warning_resolved_type(), &resolved);
}

static inline route_t mail_route(void) {
    route_t route = {.id = text_of("office"), .channel = channel_mail, .url = text_of("smtps://mail.example.org"),
                     .sender = text_of("minning@example.org"), .live = true};
    memset(route.ref, 0x77, sizeof route.ref);
    return route;
}

static inline contact_t person(uint8_t number, const char *id) {
    contact_t contact = {.id = text_of(id), .unit = text_of("chengmen"), .mail = text_of("someone@example.org")};
    memset(contact.mail_ref, number, sizeof contact.mail_ref);
    return contact;
}

static inline void directory(world_t *self, const route_t *routes, uint32_t route_count, const contact_t *contacts,
                             uint32_t count) {
    static uint64_t version;
    directory_t told = {.version = ++version, .routes = routes, .routes_count = route_count, .contacts = contacts,
                        .contacts_count = count};
    outbox_directory(self->outbox, &told);
}

static inline void one_mail_one_person(world_t *self) {
    route_t route = mail_route();
    contact_t lin = person(1, "lin");
    directory(self, &route, 1, &lin, 1);
}

static inline void plan(world_t *self) {
    fold(self);
    outbox_plan(self->outbox, stage_store(self->stage), UINT64_MAX, &self->now);
}

static inline bool next(world_t *self, uint32_t *slot, request_t *request) {
    int64_t wait_ms;
    return outbox_next(self->outbox, stage_store(self->stage), &self->now, self->arena, slot, request, &wait_ms);
}

static inline void answered(world_t *self, uint32_t slot, uint32_t transport, uint32_t status) {
    response_t response = {.transport = transport, .status = status};
    outbox_answered(self->outbox, slot, &response, &self->now);
}

/* The next result, as the ledger would hear it; it goes into the ledger and comes down the stream. */
static inline uint32_t note(world_t *self, notice_sent_t *sent, notice_failed_t *failed) {
    const message_t *type;
    bytes_t body;
    uint64_t ticket;
    fault_t fault;
    if (!outbox_note(self->outbox, self->arena, &type, &body, &ticket)) return 0;
    void *value = type->kind == KIND_notice_sent ? (void *)sent : (void *)failed;
    assert_int_equal(wire_decode(type, body, self->arena, value, &fault), OK);
    self->entry++;
    emit(self, type, value);
    outbox_noted(self->outbox, ticket, self->entry);
    return type->kind;
}

static inline uint32_t deliver_all(world_t *self) {
    uint32_t slot, count = 0;
    request_t request;
    notice_sent_t sent;
    notice_failed_t failed;
    while (next(self, &slot, &request)) {
        answered(self, slot, 0, 250);
        count++;
    }
    while (note(self, &sent, &failed) != 0) {
    }
    fold(self);
    return count;
}

static inline bool says(const request_t *request, const char *text) {
    return request->body.size > 0 && strstr(request->body.at, text) != NULL;
}

static inline uint32_t notices_in(const request_t *request) {
    uint32_t count = 0;
    for (const char *at = request->body.at; (at = strstr(at, "X-Minning-Notice: ")) != NULL; at++) count++;
    return count;
}

#endif
