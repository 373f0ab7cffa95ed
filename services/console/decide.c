/* Decisions by the coordinator and the supervisor, and what waits for one: the page's words become the body of a command; intake
 * decides whether this login's office may give it, validation whether it holds. */
#include <string.h>

#include "services/console/state.h"
#include "services/door/door_rules.h"

static const text_t nothing = {NULL, 0};

/* One decision on its way, in the memory of its request. */
typedef struct {
    command_done_t done;
} deciding_t;

static json_t *done_json(const deciding_t *deciding) {
    json_t *json = json_object();
    json_object_set_new(json, "seq", json_integer((json_int_t)deciding->done.seq));
    json_object_set_new(json, "duplicate", json_boolean(deciding->done.duplicate));
    return json;
}

/* The decision is in the ledger whatever happens here. */
static void verdict_is_late(request_t *self) { reply_json(self, 202, done_json(self->own)); }

static void on_judged(request_t *self, const packet_t *packet) {
    verdict_t verdict;
    fault_t fault;
    if (packet->kind != KIND_verdict || packet_body(packet, verdict_type(), self->arena, &verdict, &fault) != OK) {
        verdict_is_late(self);
        return;
    }
    json_t *json = done_json(self->own);
    verdict.reasons = reasons_told(verdict.reasons, verdict.reasons_count, self->arena);
    json_t *told = message_to_json(verdict_type(), &verdict);
    json_object_set_new(told, "accepted", json_boolean(verdict.accepted));
    json_object_set_new(json, "verdict", told);
    reply_json(self, verdict.accepted ? 200 : 422, json);
}

static void on_obeyed(request_t *self, const packet_t *packet) {
    deciding_t *deciding = ARENA_NEW(self->arena, deciding_t, 1);
    self->own = deciding;
    if (!answer_is(self, packet, command_done_type(), &deciding->done)) return;
    self->on_late = verdict_is_late;
    verdict_ask_t question = {.seq = deciding->done.seq};
    ask(self, AT_VALIDATION, verdict_ask_type(), &question, on_judged);
}

void command_give(request_t *self, const uint8_t command_id[16], bytes_t body,
                  void (*on)(request_t *self, const packet_t *packet)) {
    attested_command_t attested = {.login = text_of(self->who.login), .body = body};
    memcpy(attested.command_id, command_id, sizeof attested.command_id);
    memcpy(attested.session, self->who.session, HASH_SIZE);
    ask(self, AT_INTAKE_DOOR, attested_command_type(), &attested, on);
}

static void command_send(request_t *self, const uint8_t command_id[16], const message_t *type, const void *value) {
    buffer_t body = {0};
    packet_encode(0, type, value, &body);
    command_give(self, command_id, (bytes_t){body.at, (uint32_t)body.size}, on_obeyed);
    buffer_destroy(&body);
}

bool command_id_read(request_t *self, json_t *json, uint8_t id[16]) {
    text_t hex = json_member_text(json, "command_id", self->arena);
    json_object_del(json, "command_id");
    if (hex.size == 0) crypto_random(id, 16);
    else if (!hex_read(hex, id, 16) || bytes_are_zero(id, 16)) {
        reply_code(self, 400, REASON_OF(wrong_type), "command_id", nothing);
        return false;
    }
    return true;
}

/* What may be decided here: the page's word, the body of the command, and whether the word stands in it. */
static const struct {
    const char *decision;
    const message_t *(*type)(void);
    bool in_body;
} kinds[] = {
    {"credited", claim_credit_type, false},
    {"returned", report_decide_type, true},
    {"approved", report_decide_type, true},
    {"extended", extension_decide_type, true},
    {"denied", extension_decide_type, true},
    {"reminded", warning_decide_type, true},
};

static void decide(request_t *self, json_t *json, const message_t *type) {
    uint8_t id[16];
    fault_t fault = {0};
    void *value = arena_take(self->arena, type->size);
    if (!command_id_read(self, json, id)) return;
    if (message_from_json(type, json, self->arena, value, &fault) == OK) {
        command_send(self, id, type, value);
        return;
    }
    reason_t reason = reason_of_fault(&fault, NULL, self->arena);
    reply_reasons(self, 422, &reason, 1);
}

void on_decide(request_t *self) {
    json_t *json = request_json(self);
    if (json == NULL) return;
    text_t decision = json_member_text(json, "decision", self->arena);
    size_t index = 0, count = sizeof kinds / sizeof kinds[0];
    while (index < count && !text_is(decision, kinds[index].decision)) index++;
    if (index < count && !kinds[index].in_body) json_object_del(json, "decision");
    if (index < count) decide(self, json, kinds[index].type());
    else reply_code(self, 422, REASON_OF(unknown_word), "decision", nothing);
    json_decref(json);
}

static void on_claims_told(request_t *self, const packet_t *packet) {
    claims_t answer;
    if (!answer_is(self, packet, claims_type(), &answer)) return;
    json_t *json = message_to_json(claims_type(), &answer);
    if (answer.rows_count == 0) json_object_set_new(json, "rows", json_array());
    uint64_t after = 0;
    if (answer.more && request_number(self, "after", &after))
        json_object_set_new(json, "next", json_integer((json_int_t)(after + answer.rows_count)));
    reply_json(self, 200, json);
}

void on_claims(request_t *self) {
    claims_ask_t question = {.indicator = request_parameter(self, "indicator"),
                             .open_only = text_is(request_parameter(self, "open"), "1")};
    if (request_number(self, "after", &question.after) && request_number(self, "at_least", &question.at_least))
        ask_checked(self, AT_VALIDATION, claims_ask_type(), &question, on_claims_told);
}

static void on_decisions_told(request_t *self, const packet_t *packet) {
    decisions_t answer;
    if (!answer_is(self, packet, decisions_type(), &answer)) return;
    decision_row_t *rows = ARENA_NEW(self->arena, decision_row_t, answer.rows_count);
    for (uint32_t index = 0; index < answer.rows_count; index++) {
        rows[index] = answer.rows[index];
        rows[index].reasons = reasons_told(rows[index].reasons, rows[index].reasons_count, self->arena);
    }
    answer.rows = rows;
    json_t *json = message_to_json(decisions_type(), &answer);
    if (answer.rows_count == 0) json_object_set_new(json, "rows", json_array());
    else if (answer.more) json_object_set_new(json, "next", json_integer((json_int_t)answer.rows[answer.rows_count - 1].seq));
    reply_json(self, 200, json);
}

void on_decisions(request_t *self) {
    decisions_ask_t question = {.unit = unit_asked(self),
                                .task = request_parameter(self, "task"),
                                .period = request_parameter(self, "period")};
    if (request_number(self, "after", &question.after) && request_number(self, "at_least", &question.at_least))
        ask_checked(self, AT_VALIDATION, decisions_ask_type(), &question, on_decisions_told);
}
