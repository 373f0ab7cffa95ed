/* Sockets of the sender, and who is owed an answer. */
#include "services/notifier/questions.h"

#include "services/stage/home.h"
#include "services/stage/log.h"

#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 2000, DIRECTORY_MS = 1000, TESTS = 8, NOTED = 256 };
#define TEST_TICKET (UINT64_C(1) << 40) /* above every slot of the outbox */

typedef struct {
    bool used;
    peer_t peer;
    uint64_t request_id;
    channel_t channel;
    int64_t begun_ms;
} test_t;

struct questions {
    client_t *vault, *intake, *desk;
    server_t *door;
    buffer_t out;
    arena_t *arena;     /* of the packet at hand */
    /* the ledger's head */
    bool head_known;
    uint64_t head, head_id, head_cause;
    int64_t head_ask_ms;
    /* the directory, page after page */
    arena_t *pages;
    directory_t directory;
    bool asking, came, unchanged, asked_ever;
    uint64_t ask_id, ask_known, asked_seq;
    int64_t asked_ms;
    /* results */
    uint64_t noted[NOTED], noted_at[NOTED]; /* tickets; the entries that they became */
    uint32_t noted_count;
    uint32_t untold; /* told and not noted */
    int64_t noted_ms; /* of the last answer, or of the first question since */
    /* tests */
    test_t tests[TESTS];
    test_t asker; /* of the test at hand */
};

err_t questions_open_all(questions_t **out) {
    *out = NULL;
    questions_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    self->arena = arena_new();
    self->pages = arena_new();
    *out = self;
    err_t err = client_connect(HOME_VAULT_NOTIFIER, &self->vault);
    if (err == OK) err = client_connect(HOME_DOOR_NOTIFIER, &self->intake);
    if (err == OK) err = client_connect(HOME_ENTRIES_DESK, &self->desk);
    if (err == OK) err = server_bind(HOME_NOTIFIER_OPERATOR, &self->door);
    if (err != OK) questions_close(out);
    return err;
}

void questions_close(questions_t **self_at) {
    questions_t *self = *self_at;
    if (self == NULL) return;
    client_destroy(&self->vault);
    client_destroy(&self->intake);
    client_destroy(&self->desk);
    server_destroy(&self->door);
    arena_destroy(&self->arena);
    arena_destroy(&self->pages);
    buffer_destroy(&self->out);
    free(self);
    *self_at = NULL;
}

static void ask(questions_t *self, client_t *client, uint64_t id, const message_t *type, const void *value) {
    buffer_clear(&self->out);
    packet_encode(id, type, value, &self->out);
    client_send(client, (bytes_t){self->out.at, (uint32_t)self->out.size}); /* full: asked again anyway */
}

/* --- the ledger's head --- */

static void head_step(questions_t *self, uint64_t cause_seq, int64_t steady_ms) {
    bytes_t frame;
    packet_t packet;
    fault_t fault;
    health_t health;
    while (client_receive(self->desk, &frame)) {
        arena_reset(self->arena);
        if (packet_decode(frame, &packet, &fault) != OK || packet.request_id != self->head_id || self->head_known) continue;
        if (packet_body(&packet, health_type(), self->arena, &health, &fault) != OK) continue;
        self->head = health.out_head;
        self->head_known = true;
    }
    if (self->head_known || steady_ms < self->head_ask_ms) return;
    health_ask_t question = {0};
    ask(self, self->desk, ++self->head_id, health_ask_type(), &question);
    self->head_cause = cause_seq;
    self->head_ask_ms = steady_ms + AGAIN_MS;
}

void questions_head_void(questions_t *self) {
    self->head_known = false;
    self->head_id++; /* an older answer does not count */
    self->head_ask_ms = 0;
}

bool questions_head(const questions_t *self, uint64_t *head, uint64_t *asked_at) {
    *head = self->head;
    *asked_at = self->head_cause;
    return self->head_known;
}

/* --- the directory --- */

static void page_ask(questions_t *self, int64_t steady_ms) {
    directory_ask_t question = {.known = self->ask_known, .after = self->directory.contacts_count};
    if (self->directory.contacts_count > 0) question.known = 0;
    ask(self, self->vault, ++self->ask_id, directory_ask_type(), &question);
    self->asked_ms = steady_ms;
}

void questions_directory_ask(questions_t *self, uint64_t in_seq, uint64_t known, int64_t steady_ms) {
    bool due = !self->asked_ever || in_seq != self->asked_seq || steady_ms - self->asked_ms >= DIRECTORY_MS;
    bool lost = self->asking && steady_ms - self->asked_ms >= AGAIN_MS;
    if (self->came || (self->asking && !lost) || !due) return;
    arena_reset(self->pages);
    self->directory = (directory_t){0};
    self->ask_known = known;
    self->asked_seq = in_seq;
    self->asking = self->asked_ever = true;
    page_ask(self, steady_ms);
}

uint32_t questions_directory_void(questions_t *self) {
    self->asked_ever = false;
    return self->asking || self->came ? 1 : 0;
}

static void page_join(questions_t *self, const directory_t *page) {
    uint32_t had = self->directory.contacts_count, more = page->contacts_count;
    contact_t *all = ARENA_NEW(self->pages, contact_t, had + more + 1);
    if (had > 0) memcpy(all, self->directory.contacts, had * sizeof *all);
    if (more > 0) memcpy(all + had, page->contacts, more * sizeof *all);
    if (had == 0) {
        self->directory.routes = page->routes;
        self->directory.routes_count = page->routes_count;
    }
    self->directory.contacts = all;
    self->directory.contacts_count = had + more;
}

static void on_page(questions_t *self, const directory_t *page, int64_t steady_ms) {
    bool first = self->directory.contacts_count == 0;
    if (!first && page->version != self->directory.version) { /* it changed between two pages */
        self->asking = self->asked_ever = false;
        return;
    }
    self->directory.version = page->version;
    self->unchanged = first && self->ask_known > 0 && page->version == self->ask_known;
    page_join(self, page);
    bool more = page->more && page->contacts_count > 0 && self->directory.contacts_count < LIMIT_CONTACTS;
    if (more) page_ask(self, steady_ms);
    self->asking = more;
    self->came = !more;
}

static void vault_step(questions_t *self, int64_t steady_ms) {
    bytes_t frame;
    packet_t packet;
    fault_t fault;
    directory_t page;
    while (client_receive(self->vault, &frame)) {
        if (packet_decode(frame, &packet, &fault) != OK || packet.request_id != self->ask_id || !self->asking) continue;
        bytes_t copy = arena_bytes(self->pages, packet.raw); /* the page's texts are views into it */
        if (packet_decode(copy, &packet, &fault) != OK) continue;
        if (packet_body(&packet, directory_type(), self->pages, &page, &fault) == OK) on_page(self, &page, steady_ms);
    }
}

bool questions_directory(questions_t *self, const directory_t **directory, uint64_t *until) {
    if (!self->came) return false;
    self->came = false;
    *directory = self->unchanged ? NULL : &self->directory;
    *until = self->asked_seq;
    return true;
}

/* --- results --- */

void questions_note(questions_t *self, const message_t *type, bytes_t body, uint64_t ticket, int64_t steady_ms) {
    union {
        max_align_t aligned;
        notice_sent_t sent;
        notice_failed_t failed;
    } value;
    fault_t fault;
    arena_reset(self->arena);
    err_t err = wire_decode(type, body, self->arena, &value, &fault);
    ASSERT(err == OK); /* we wrote it */
    if (self->untold == 0) self->noted_ms = steady_ms;
    self->untold++;
    ask(self, self->intake, ticket, type, &value);
}

static void on_intake(questions_t *self, const packet_t *packet) {
    notice_noted_t noted = {.seq = 1}; /* what is refused is dropped at once */
    fault_t fault;
    if (packet->kind == KIND_busy) return; /* told again later */
    if (packet->kind != KIND_notice_noted || packet_body(packet, notice_noted_type(), self->arena, &noted, &fault) != OK)
        log_error("result_refused", "ticket=%llu kind=%u", (unsigned long long)packet->request_id, packet->kind);
    self->noted_at[self->noted_count] = noted.seq;
    self->noted[self->noted_count++] = packet->request_id;
    if (self->untold > 0) self->untold--;
}

static void intake_step(questions_t *self, int64_t steady_ms) {
    bytes_t frame;
    packet_t packet;
    fault_t fault;
    while (self->noted_count < NOTED && client_receive(self->intake, &frame)) {
        if (packet_decode(frame, &packet, &fault) != OK) continue;
        self->noted_ms = steady_ms;
        on_intake(self, &packet);
    }
}

bool questions_noted(questions_t *self, uint64_t *ticket, uint64_t *entry) {
    if (self->noted_count == 0) return false;
    *ticket = self->noted[--self->noted_count];
    *entry = self->noted_at[self->noted_count];
    return true;
}

bool questions_note_again(questions_t *self, int64_t steady_ms) {
    if (self->untold == 0 || steady_ms - self->noted_ms < AGAIN_MS) return false;
    self->untold = 0;
    return true;
}

/* --- tests of routes --- */

static void answer(questions_t *self, const test_t *to, const message_t *type, const void *value) {
    buffer_clear(&self->out);
    packet_encode(to->request_id, type, value, &self->out);
    server_send(self->door, &to->peer, (bytes_t){self->out.at, (uint32_t)self->out.size});
}

static test_t *test_free(questions_t *self) {
    for (size_t index = 0; index < TESTS; index++)
        if (!self->tests[index].used) return &self->tests[index];
    return NULL;
}

void questions_refuse_test(questions_t *self, text_t code, text_t arg) {
    reason_t reason = {.code = code, .args = &arg, .args_count = arg.size > 0 ? 1 : 0};
    reason_tell(&reason, self->arena);
    refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
    answer(self, &self->asker, refusal_type(), &refusal);
}

bool questions_test(questions_t *self, arena_t *arena, route_test_t *test) {
    bytes_t frame;
    packet_t packet;
    fault_t fault;
    while (test_free(self) != NULL && server_receive(self->door, &self->asker.peer, &frame)) {
        arena_reset(self->arena);
        self->asker.request_id = 0;
        if (packet_decode(arena_bytes(arena, frame), &packet, &fault) != OK) {
            questions_refuse_test(self, text_of(fault.code), text_of(NULL));
            continue;
        }
        self->asker.request_id = packet.request_id;
        if (packet.kind == KIND_route_test && packet_body(&packet, route_test_type(), arena, test, &fault) == OK) return true;
        questions_refuse_test(self, packet.kind == KIND_route_test ? text_of(fault.code) : REASON_OF(not_permitted), text_of(NULL));
    }
    return false;
}

uint64_t questions_test_begun(questions_t *self, channel_t channel, int64_t steady_ms) {
    test_t *test = test_free(self);
    ASSERT(test != NULL);
    *test = self->asker;
    test->used = true;
    test->channel = channel;
    test->begun_ms = steady_ms;
    return TEST_TICKET + (uint64_t)(test - self->tests);
}

bool questions_tested(questions_t *self, uint64_t ticket, const response_t *response, int64_t steady_ms) {
    if (ticket < TEST_TICKET) return false;
    test_t *test = &self->tests[ticket - TEST_TICKET];
    arena_reset(self->arena);
    verdict_of_answer_t verdict = letter_verdict(test->channel, response, self->arena);
    route_tested_t told = {.delivered = verdict.answer == ANSWER_DELIVERED, .code = verdict.code,
                           .transport = verdict.transport, .said = verdict.said,
                           .took_ms = (uint64_t)(steady_ms - test->begun_ms)};
    answer(self, test, route_tested_type(), &told);
    test->used = false;
    return true;
}

/* --- all of them --- */

void questions_step(questions_t *self, uint64_t cause_seq, int64_t steady_ms) {
    head_step(self, cause_seq, steady_ms);
    vault_step(self, steady_ms);
    intake_step(self, steady_ms);
}

bool questions_answered(const questions_t *self) { return self->head_known && self->asked_ever && !self->asking; }
bool questions_open(const questions_t *self) { return !self->head_known || self->asking || self->untold > 0; }
