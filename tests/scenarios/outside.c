/* The outside in scenarios: contacts, routes, an answer that the scenario chooses; the real outbox in between, and its results in
 * the ledger. Times are those of the rehearsal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/minning/phrase.h"
#include "services/notifier/outbox.h"
#include "tests/scenarios/scenarios.h"
#include "tests/sim/temporary.h"

enum { CONTACTS = 8, ROUTES = 4 };

struct scene_outside {
    char file[64];
    journal_t *journal;
    outbox_t *outbox;
    arena_t *kept;
    contact_t contacts[CONTACTS];
    route_t routes[ROUTES];
    uint32_t contact_count, route_count;
    uint64_t version;
    response_t response; /* of everybody */
};

static scene_outside_t *outside_of(scene_t *self) {
    static const outbox_conf_t conf = {.retry_ms = 3600000, .attempts = 3, .age_ms = LIMIT_NOTICE_AGE_MS};
    if (self->outside != NULL) return self->outside;
    scene_outside_t *outside = calloc(1, sizeof *outside);
    ASSERT(outside != NULL);
    snprintf(outside->file, sizeof outside->file, "%s/minning-scene-%d", temporary_base(), (int)getpid());
    unlink(outside->file);
    err_t err = journal_open(outside->file, &outside->journal);
    ASSERT(err == OK);
    outside->outbox = outbox_new(&conf, outside->journal);
    outside->kept = arena_new();
    outside->response.status = 250;
    self->outside = outside;
    return outside;
}

void scene_outside_end(scene_t *self) {
    scene_outside_t *outside = self->outside;
    if (outside == NULL) return;
    outbox_destroy(&outside->outbox);
    journal_close(&outside->journal);
    unlink(outside->file);
    arena_destroy(&outside->kept);
    free(outside);
    self->outside = NULL;
}

static void directory_tell(scene_outside_t *outside) {
    directory_t directory = {.version = ++outside->version, .routes = outside->routes, .routes_count = outside->route_count,
                             .contacts = outside->contacts, .contacts_count = outside->contact_count};
    outbox_directory(outside->outbox, &directory);
}

/* 联系人 NAME UNIT [HH] — at which hour of the day, on working days; 联系人 NAME 删除 */
void scene_contact(scene_t *self, text_t rest) {
    scene_outside_t *outside = outside_of(self);
    text_t name = arena_text(outside->kept, phrase_word(&rest)), unit = arena_text(outside->kept, phrase_word(&rest));
    text_t hour = arena_text(outside->kept, phrase_word(&rest));
    uint32_t at = 0;
    while (at < outside->contact_count && !text_equal(outside->contacts[at].id, name)) at++;
    ASSERT(at < CONTACTS);
    if (text_is(unit, "删除")) {
        outside->contacts[at] = outside->contacts[--outside->contact_count];
    } else {
        contact_t contact = {.id = name, .unit = unit, .name = name, .since_ms = (uint64_t)world_now_ms(self->world)};
        contact.mail = arena_format(outside->kept, TEXT_FORMAT "@example.org", TEXT_ARGS(name));
        if (hour.size > 0) contact.from_minute = strtoul(hour.at, NULL, 10) * 60;
        if (hour.size > 0) contact.until_minute = contact.from_minute + 60;
        contact.working_days = hour.size > 0;
        hash_of((bytes_t){(const uint8_t *)contact.mail.at, contact.mail.size}, contact.mail_ref);
        outside->contacts[at] = contact;
        if (at == outside->contact_count) outside->contact_count++;
    }
    directory_tell(outside);
}

/* 通道 NAME */
void scene_route(scene_t *self, text_t rest) {
    scene_outside_t *outside = outside_of(self);
    ASSERT(outside->route_count < ROUTES);
    route_t route = {.id = arena_text(outside->kept, phrase_word(&rest)), .channel = channel_mail, .live = true,
                     .url = text_of("smtps://mail.example.org"), .sender = text_of("minning@example.org"),
                     .since_ms = (uint64_t)world_now_ms(self->world)};
    hash_of((bytes_t){(const uint8_t *)route.id.at, route.id.size}, route.ref);
    outside->routes[outside->route_count++] = route;
    directory_tell(outside);
}

/* 邮局 通|不通|拒收 */
void scene_post(scene_t *self, text_t rest) {
    scene_outside_t *outside = outside_of(self);
    text_t how = phrase_word(&rest);
    outside->response = (response_t){.status = 250};
    if (text_is(how, "不通")) outside->response = (response_t){.transport = 7};
    if (text_is(how, "拒收")) outside->response = (response_t){.transport = 55, .status = 550};
}

/* The subject, out of the mail's own header. */
static text_t subject_of(scene_t *self, text_t mail) {
    buffer_t out = {0};
    const char *at = strstr(mail.at, "Subject: "), *end = strstr(mail.at, "\r\nDate: ");
    for (; at != NULL && (at = strstr(at, "?B?")) != NULL && at < end; at++) {
        uint32_t bits = 0, have = 0;
        for (at += 3; *at != '?' && *at != '='; at++) {
            static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            bits = bits << 6 | (uint32_t)(strchr(digits, *at) - digits);
            have += 6;
            if (have < 8) continue;
            have -= 8;
            uint8_t byte = (uint8_t)(bits >> have);
            buffer_add(&out, &byte, 1);
        }
    }
    text_t subject = arena_text(self->arena, (text_t){(const char *)out.at, (uint32_t)out.size});
    buffer_destroy(&out);
    return subject;
}

static void notes_tell(scene_t *self, outbox_t *outbox) {
    const message_t *type;
    bytes_t body;
    uint64_t ticket;
    while (outbox_note(outbox, self->arena, &type, &body, &ticket)) {
        void *value = arena_take(self->arena, type->size);
        fault_t fault;
        err_t err = wire_decode(type, body, self->arena, value, &fault);
        ASSERT(err == OK);
        outbox_noted(outbox, ticket, world_note(self->world, type, value, self->arena));
    }
}

static uint64_t position_of(store_t *store) {
    txn_t *txn = store_read(store);
    ASSERT(txn != NULL);
    uint64_t seq = txn_fact(txn, "in_seq");
    txn_abort(&txn);
    return seq;
}

/* What is to go out goes out, and its results into the ledger. */
void scene_deliver(scene_t *self) {
    if (self->outside == NULL || self->world == NULL) return;
    outbox_t *outbox = self->outside->outbox;
    store_t *store = world_store(self->world, WORLD_NOTIFIER);
    instants_t now = {world_now_ms(self->world), world_now_ms(self->world)};
    uint32_t slot;
    int64_t wait_ms;
    request_t request;
    outbox_plan(outbox, store, position_of(store), &now);
    while (outbox_next(outbox, store, &now, self->arena, &slot, &request, &wait_ms)) {
        bool taken = self->outside->response.transport == 0;
        scene_say(self, "%s " TEXT_FORMAT " " TEXT_FORMAT, taken ? "送达" : "未通", TEXT_ARGS(request.to),
                  TEXT_ARGS(subject_of(self, request.body)));
        outbox_answered(outbox, slot, &self->outside->response, &now);
    }
    notes_tell(self, outbox);
}

/* 证明 UNIT: what became of each warning to it. */
void scene_proof(scene_t *self, text_t rest) {
    notices_ask_t ask = {.unit = phrase_word(&rest)};
    notices_t told;
    world_ask(self->world, WORLD_NOTIFIER, notices_ask_type(), &ask, notices_type(), &told, self->arena);
    for (uint32_t index = 0; index < told.rows_count; index++) {
        const notice_told_t *row = &told.rows[index];
        text_t when = scene_when(self, (int64_t)row->at_ms);
        if (row->results_count == 0)
            scene_say(self, "%s " TEXT_FORMAT " 决定于 " TEXT_FORMAT "，未发给任何人", WORD_ZH(notice_state, row->state),
                      TEXT_ARGS(row->rung), TEXT_ARGS(when));
        for (uint32_t way = 0; way < row->results_count; way++) {
            const notice_row_t *result = &row->results[way];
            text_t entered = scene_when(self, (int64_t)result->entry_ms);
            scene_say(self, "%s " TEXT_FORMAT " 决定于 " TEXT_FORMAT "，%s%s，%lu 次，应答 %lu，入账 " TEXT_FORMAT,
                      WORD_ZH(notice_state, row->state), TEXT_ARGS(row->rung), TEXT_ARGS(when),
                      result->sent ? "已送达" : "未发：", result->sent ? "" : WORD_ZH(notice_why, result->why),
                      (unsigned long)result->attempt, (unsigned long)result->code, TEXT_ARGS(entered));
        }
    }
}

/* 死信: what did not reach somebody, and why. */
void scene_dead(scene_t *self, text_t rest) {
    dead_letters_t told;
    (void)rest;
    world_ask(self->world, WORLD_NOTIFIER, dead_ask_type(), &(dead_ask_t){0}, dead_letters_type(), &told, self->arena);
    if (told.rows_count == 0) scene_say(self, "没有死信");
    for (uint32_t index = 0; index < told.rows_count; index++) {
        const dead_row_t *row = &told.rows[index];
        scene_say(self, "%s " TEXT_FORMAT " " TEXT_FORMAT "，" TEXT_FORMAT "：%s，%lu 次，应答 %lu，入账 " TEXT_FORMAT,
                  WORD_ZH(notice_state, row->state), TEXT_ARGS(row->unit), TEXT_ARGS(row->rung), TEXT_ARGS(row->result.route),
                  WORD_ZH(notice_why, row->result.why), (unsigned long)row->result.attempt, (unsigned long)row->result.code,
                  TEXT_ARGS(scene_when(self, (int64_t)row->result.entry_ms)));
    }
}

/* 重发 [ROUTE]: all of them, or those of one way. */
void scene_retry(scene_t *self, text_t rest) {
    notice_retried_t retried = {.route = phrase_word(&rest)};
    refusal_t refusal = {0};
    if (!world_command(self->world, notice_retried_type(), &retried, &refusal, self->arena))
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
}
