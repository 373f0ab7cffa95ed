/* What a unit's own people do beside reporting: an answer to a warning, a planned measure. Intake decides whether this login may,
 * validation whether it holds. */
#include <string.h>

#include "services/console/state.h"
#include "services/door/door_rules.h"

static json_t *receipt_json(const receipt_t *receipt) {
    json_t *json = json_object();
    json_object_set_new(json, "receipt", message_to_json(receipt_type(), receipt));
    return json;
}

/* It is in the ledger whatever happens here. */
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

static void on_act_received(request_t *self, const packet_t *packet) {
    receipt_t *receipt = ARENA_NEW(self->arena, receipt_t, 1);
    if (packet->kind == KIND_refusal) self->console->refused++;
    if (!answer_is(self, packet, receipt_type(), receipt)) return;
    self->own = receipt;
    self->on_late = verdict_is_late;
    verdict_ask_t question = {.seq = receipt->seq};
    ask(self, AT_VALIDATION, verdict_ask_type(), &question, on_ruled);
}

/* The page's own id of it, so that what was lost can be sent again; a fresh one where it has none. */
static void id_fill(request_t *self, json_t *json) {
    uint8_t id[16];
    if (json_object_get(json, "submission_id") != NULL) return;
    crypto_random(id, sizeof id);
    json_object_set_new(json, "submission_id", json_string(hex_of(id, sizeof id, self->arena).at));
}

/* Before the ink, as at the units' own door. Intake looks again, and counts. */
static bool act_is_clean(request_t *self, const message_t *type, const void *act) {
    reason_t *reasons = ARENA_NEW(self->arena, reason_t, LIMIT_REASONS);
    uint32_t count = act_refusals(type, act, reasons, LIMIT_REASONS, self->arena);
    if (count == 0) return true;
    refusals_note_t note = {.unit = text_of(self->who.unit), .code = reasons[0].code};
    hash_of((bytes_t){self->body.at, (uint32_t)self->body.size}, note.frame_hash);
    tell(self->console, AT_INTAKE_DOOR, 0, refusals_note_type(), &note);
    self->console->refused++;
    reply_reasons(self, 422, reasons, count);
    return false;
}

static void act_send(request_t *self, const message_t *type, const void *act) {
    buffer_t body = {0};
    packet_encode(0, type, act, &body);
    attested_act_t question = {
        .unit = text_of(self->who.unit), .login = text_of(self->who.login), .body = {body.at, (uint32_t)body.size}};
    memcpy(question.session, self->who.session, HASH_SIZE);
    ask(self, AT_INTAKE_DOOR, attested_act_type(), &question, on_act_received);
    buffer_destroy(&body);
}

void act_take(request_t *self, json_t *json, const message_t *type) {
    fault_t fault = {0};
    void *act = arena_take(self->arena, type->size);
    id_fill(self, json);
    err_t err = message_from_json(type, json, self->arena, act, &fault);
    json_decref(json);
    if (err != OK) {
        reason_t reason = reason_of_fault(&fault, NULL, self->arena);
        reply_reasons(self, 422, &reason, 1);
    } else if (act_is_clean(self, type, act))
        act_send(self, type, act);
}
