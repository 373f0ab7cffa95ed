/* What follows a warning: a unit's own people answer for it, with a day; everybody sees what was promised and pressed for. */
#include <string.h>

#include "services/console/state.h"
#include "services/door/door_rules.h"

static const text_t nothing = {NULL, 0};

/* --- a clerk answers --- */

static json_t *receipt_json(const receipt_t *receipt) {
    json_t *json = json_object();
    json_object_set_new(json, "receipt", message_to_json(receipt_type(), receipt));
    return json;
}

/* The answer is in the ledger whatever happens here. */
static void verdict_is_late(request_t *self) { reply_json(self, 202, receipt_json(self->own)); }

static void on_ruled(request_t *self, const packet_t *packet) {
    verdict_t verdict;
    fault_t fault;
    if (packet->kind != KIND_verdict || packet_body(packet, verdict_type(), self->arena, &verdict, &fault) != OK) {
        verdict_is_late(self);
        return;
    }
    json_t *json = receipt_json(self->own);
    verdict.reasons = reasons_told(verdict.reasons, verdict.reasons_count, self->arena);
    json_t *told = message_to_json(verdict_type(), &verdict);
    json_object_set_new(told, "accepted", json_boolean(verdict.accepted));
    json_object_set_new(json, "verdict", told);
    reply_json(self, verdict.accepted ? 200 : 422, json);
}

static void on_answer_received(request_t *self, const packet_t *packet) {
    receipt_t *receipt = ARENA_NEW(self->arena, receipt_t, 1);
    if (packet->kind == KIND_refusal) self->console->refused++;
    if (!answer_is(self, packet, receipt_type(), receipt)) return;
    self->own = receipt;
    self->on_late = verdict_is_late;
    verdict_ask_t question = {.seq = receipt->seq};
    ask(self, AT_VALIDATION, verdict_ask_type(), &question, on_ruled);
}

/* The page's own id of the answer, so that a lost one can be sent again; a fresh one where it has none. */
static json_t *answer_read(request_t *self) {
    uint8_t id[16];
    json_t *json = request_json(self);
    if (json == NULL) return NULL;
    json_object_set_new(json, "decision", json_string(WORD_NAME(warning_decision, warning_decision_answered)));
    if (json_object_get(json, "submission_id") != NULL) return json;
    crypto_random(id, sizeof id);
    json_object_set_new(json, "submission_id", json_string(hex_of(id, sizeof id, self->arena).at));
    return json;
}

void on_warning_answer(request_t *self) {
    attested_decide_t question = {.unit = text_of(self->who.unit), .login = text_of(self->who.login)};
    fault_t fault = {0};
    json_t *json = answer_read(self);
    if (json == NULL) return;
    err_t err = message_from_json(warning_decide_type(), json, self->arena, &question.decide, &fault);
    json_decref(json);
    if (err != OK) {
        reason_t reason = reason_of_fault(&fault, NULL, self->arena);
        reply_reasons(self, 422, &reason, 1);
        return;
    }
    memcpy(question.session, self->who.session, HASH_SIZE);
    ask(self, AT_INTAKE_DOOR, attested_decide_type(), &question, on_answer_received);
}

/* --- what was promised, what was pressed for --- */

static void on_follows_told(request_t *self, const packet_t *packet) {
    follows_t answer;
    uint64_t after = 0;
    if (!answer_is(self, packet, follows_type(), &answer)) return;
    json_t *json = message_to_json(follows_type(), &answer);
    if (answer.rows_count == 0) json_object_set_new(json, "rows", json_array());
    if (answer.more && request_number(self, "after", &after))
        json_object_set_new(json, "next", json_integer((json_int_t)(after + answer.rows_count)));
    reply_json(self, 200, json);
}

void on_follows(request_t *self) {
    follows_ask_t question = {.unit = unit_asked(self)};
    if (question.unit.size == 0 && !role_sees_all(self->who.role)) { /* no unit: nothing is his */
        reply_code(self, 403, REASON_OF(role_lacks), "unit", nothing);
        return;
    }
    if (request_number(self, "after", &question.after) && request_number(self, "at_least", &question.at_least))
        ask_checked(self, AT_VALIDATION, follows_ask_type(), &question, on_follows_told);
}
