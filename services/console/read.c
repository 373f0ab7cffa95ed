/* Views: one question to a service, its answer as JSON. Whoever belongs to a unit sees that unit's rows, and the plan's totals. */
#include <stdlib.h>
#include <string.h>

#include "services/console/state.h"

#include "proto/content.h"
#include "services/plan/amount.h"

static const text_t nothing = {NULL, 0};

/* A question built from parameters that nobody vouches for: checked, then asked. */
void ask_checked(request_t *self, service_at_t service, const message_t *type, const void *question,
                 void (*on)(request_t *self, const packet_t *packet)) {
    fault_t fault = {0};
    if (wire_check(type, question, &fault) == OK) ask(self, service, type, question, on);
    else reply_code(self, 400, text_of(fault.code), arena_text(self->arena, text_of(fault.path)).at, nothing);
}

/* The unit that is asked for; of those who see one unit only, theirs. */
text_t unit_asked(request_t *self) {
    return role_sees_all(self->who.role) ? request_parameter(self, "unit") : text_of(self->who.unit);
}

/* An answer as it is, with `next` where there is another page. */
static void told(request_t *self, json_t *json, uint64_t after) {
    json_t *rows = json_object_get(json, "rows");
    if (rows == NULL) json_object_set_new(json, "rows", json_array());
    if (json_is_true(json_object_get(json, "more")))
        json_object_set_new(json, "next", json_integer((json_int_t)(after + json_array_size(json_object_get(json, "rows")))));
    reply_json(self, 200, json);
}

static uint64_t after_of(const request_t *self) {
    const uint64_t *after = self->own;
    return after == NULL ? 0 : *after;
}

static bool after_read(request_t *self, uint64_t *after) {
    uint64_t *kept = ARENA_NEW(self->arena, uint64_t, 1);
    if (!request_number(self, "after", kept)) return false;
    self->own = kept;
    *after = *kept;
    return true;
}

/* --- obligations, late --- */

static void on_obligations_told(request_t *self, const packet_t *packet) {
    obligations_t answer;
    if (!answer_is(self, packet, obligations_type(), &answer)) return;
    json_t *json = message_to_json(obligations_type(), &answer); /* its `next` is aggregation's own */
    if (answer.rows_count == 0) json_object_set_new(json, "rows", json_array());
    reply_json(self, 200, json);
}

static bool row_is_late(const obligation_changed_t *row) {
    return row->timeliness == timeliness_late || row->timeliness == timeliness_missing || row->standing == standing_overdue;
}

static void on_late_told(request_t *self, const packet_t *packet) {
    obligations_t answer;
    if (!answer_is(self, packet, obligations_type(), &answer)) return;
    obligation_changed_t *late = ARENA_NEW(self->arena, obligation_changed_t, answer.rows_count);
    uint32_t count = 0;
    for (uint32_t index = 0; index < answer.rows_count; index++)
        if (row_is_late(&answer.rows[index])) late[count++] = answer.rows[index];
    answer.rows = late;
    answer.rows_count = count;
    json_t *json = message_to_json(obligations_type(), &answer);
    if (count == 0) json_object_set_new(json, "rows", json_array());
    reply_json(self, 200, json);
}

static void obligations_ask_for(request_t *self, void (*on)(request_t *self, const packet_t *packet)) {
    obligations_ask_t question = {.unit = unit_asked(self),
                                  .task = request_parameter(self, "task"),
                                  .period = request_parameter(self, "period"),
                                  .open_only = text_is(request_parameter(self, "open"), "1")};
    if (after_read(self, &question.after) && request_number(self, "at_least", &question.at_least))
        ask_checked(self, AT_AGGREGATION, obligations_ask_type(), &question, on);
}

void on_obligations(request_t *self) { obligations_ask_for(self, on_obligations_told); }
void on_late(request_t *self) { obligations_ask_for(self, on_late_told); }

/* --- progress, figures --- */

static void on_targets_told(request_t *self, const packet_t *packet) {
    targets_t answer;
    if (answer_is(self, packet, targets_type(), &answer)) told(self, message_to_json(targets_type(), &answer), after_of(self));
}

void on_progress(request_t *self) {
    targets_ask_t question = {.task = request_parameter(self, "task")};
    if (after_read(self, &question.after) && request_number(self, "at_least", &question.at_least))
        ask_checked(self, AT_AGGREGATION, targets_ask_type(), &question, on_targets_told);
}

/* Another unit's rows are not for a clerk; the total is everybody's. */
static void on_figures_told(request_t *self, const packet_t *packet) {
    figures_t answer;
    if (!answer_is(self, packet, figures_type(), &answer)) return;
    proof_row_t *rows = ARENA_NEW(self->arena, proof_row_t, answer.rows_count);
    uint32_t count = 0, all = answer.rows_count;
    for (uint32_t index = 0; index < all; index++)
        if (role_sees_all(self->who.role) || text_is(answer.rows[index].unit, self->who.unit)) rows[count++] = answer.rows[index];
    answer.rows = rows;
    answer.rows_count = count;
    json_t *json = message_to_json(figures_type(), &answer);
    if (count == 0) json_object_set_new(json, "rows", json_array());
    reply_json(self, 200, json);
}

void on_figures(request_t *self) {
    figures_ask_t question = {.indicator = request_parameter(self, "indicator"), .member = request_parameter(self, "member")};
    if (after_read(self, &question.after) && request_number(self, "at_least", &question.at_least))
        ask_checked(self, AT_AGGREGATION, figures_ask_type(), &question, on_figures_told);
}

/* --- what stands, with its verdicts --- */

static void on_standing_told(request_t *self, const packet_t *packet) {
    standing_told_t answer;
    if (!answer_is(self, packet, standing_told_type(), &answer)) return;
    verdict_t *verdicts = ARENA_NEW(self->arena, verdict_t, answer.submissions_count);
    for (uint32_t index = 0; index < answer.submissions_count; index++) {
        verdicts[index] = answer.submissions[index];
        reason_t *reasons = ARENA_NEW(self->arena, reason_t, verdicts[index].reasons_count);
        for (uint32_t one = 0; one < verdicts[index].reasons_count; one++) {
            reasons[one] = verdicts[index].reasons[one];
            reason_tell(&reasons[one], self->arena);
        }
        verdicts[index].reasons = reasons;
    }
    answer.submissions = verdicts;
    reply_json(self, 200, message_to_json(standing_told_type(), &answer));
}

void on_standing(request_t *self) {
    standing_ask_t question = {
        .unit = unit_asked(self), .task = request_parameter(self, "task"), .period = request_parameter(self, "period")};
    text_t id = request_parameter(self, "submission_id");
    if (id.size > 0 && !hex_read(id, question.submission_id, sizeof question.submission_id)) {
        reply_code(self, 400, REASON_OF(wrong_type), "submission_id", nothing);
        return;
    }
    if (request_number(self, "at_least", &question.at_least))
        ask_checked(self, AT_VALIDATION, standing_ask_type(), &question, on_standing_told);
}

/* --- warnings --- */

static void on_warnings_told(request_t *self, const packet_t *packet) {
    warnings_t answer;
    if (!answer_is(self, packet, warnings_type(), &answer)) return;
    json_t *json = message_to_json(warnings_type(), &answer);
    if (answer.rows_count == 0) json_object_set_new(json, "rows", json_array());
    else if (answer.more)
        json_object_set_new(json, "next", json_integer((json_int_t)answer.rows[answer.rows_count - 1].seq));
    reply_json(self, 200, json);
}

void on_warnings(request_t *self) {
    warnings_ask_t question = {.unit = unit_asked(self), .open_only = text_is(request_parameter(self, "open"), "1")};
    if (request_number(self, "after", &question.after) && request_number(self, "at_least", &question.at_least))
        ask_checked(self, AT_ALERTING, warnings_ask_type(), &question, on_warnings_told);
}

/* --- one entry of the ledger --- */

/* Is it a report of this unit? */
static bool entry_is_of(const event_t *event, const char *unit, arena_t *arena) {
    report_received_t received;
    fault_t fault;
    return event->kind == KIND_report_received && event_body(event, report_received_type(), arena, &received, &fault) == OK &&
           text_is(received.unit, unit);
}

static json_t *entry_json(const entry_told_t *told, const event_t *event, arena_t *arena) {
    const message_t *type = message_of_kind(event->kind);
    fault_t fault;
    json_t *json = json_object();
    json_object_set_new(json, "seq", json_integer((json_int_t)told->seq));
    json_object_set_new(json, "kind", json_string(type == NULL ? "?" : type->name));
    json_object_set_new(json, "epoch", json_integer((json_int_t)event->epoch));
    json_object_set_new(json, "at_ms", json_integer(event->at_ms));
    json_object_set_new(json, "chain", json_string(hex_of(told->chain, sizeof told->chain, arena).at));
    json_object_set_new(json, "previous", json_string(hex_of(told->previous, sizeof told->previous, arena).at));
    json_object_set_new(json, "head_seq", json_integer((json_int_t)told->head_seq));
    if (type == NULL || type->kind == KIND_plan_adopted || type->kind == KIND_plan_part) return json; /* /api/v1/plan shows it */
    void *body = arena_take(arena, type->size);
    if (event_body(event, type, arena, body, &fault) != OK) return json;
    report_received_t *received = type->kind == KIND_report_received ? body : NULL;
    if (received != NULL) received_content_hash(received, arena, received->content_hash);
    json_object_set_new(json, "body", message_to_json(type, body));
    return json;
}

static void on_entry_told(request_t *self, const packet_t *packet) {
    entry_told_t answer;
    event_t event;
    fault_t fault;
    if (!answer_is(self, packet, entry_told_type(), &answer)) return;
    if (event_decode(answer.event, &event, &fault) != OK) reply_busy(self);
    else if (!role_sees_all(self->who.role) && !entry_is_of(&event, self->who.unit, self->arena))
        reply_code(self, 403, REASON_OF(role_lacks), "", role_shown(self));
    else reply_json(self, 200, entry_json(&answer, &event, self->arena));
}

void on_entry(request_t *self) {
    entry_ask_t question = {0};
    bool good = self->tail.size > 0 && self->tail.size <= 18;
    for (uint32_t index = 0; good && index < self->tail.size; index++) {
        good = self->tail.at[index] >= '0' && self->tail.at[index] <= '9';
        if (good) question.seq = question.seq * 10 + (uint64_t)(self->tail.at[index] - '0');
    }
    if (good) ask_checked(self, AT_INTAKE, entry_ask_type(), &question, on_entry_told);
    else reply_code(self, 404, REASON_OF(no_such_page), "", nothing);
}

/* --- how an amount is read --- */

void on_amount(request_t *self) {
    text_t text = request_parameter(self, "text"), indicator_id = request_parameter(self, "indicator");
    const indicator_t *indicator = self->console->book == NULL ? NULL : planbook_indicator(self->console->book, indicator_id);
    measure_t measure = indicator == NULL ? measure_money : indicator->measure;
    text_t word = indicator == NULL ? text_of("元") : indicator->unit_word;
    text_t bare = request_parameter(self, "bare");
    int64_t value = 0;
    const char *why = text.size > LIMIT_NAME ? "too long" : amount_read(text, measure, bare.size > 0 ? bare.at : NULL, &value);
    if (why != NULL) {
        reason_t reason = {.code = REASON_OF(wrong_type), .path = text_of("text"), .en = text_of(why)};
        reason.zh = text_of(amount_reason_zh(why));
        reply_reasons(self, 422, &reason, 1);
        return;
    }
    json_t *json = json_object();
    text_t shown = amount_show(value, measure, word, self->arena);
    json_object_set_new(json, "value", json_integer(value));
    json_object_set_new(json, "shown", json_stringn(shown.at, shown.size));
    reply_json(self, 200, json);
}
