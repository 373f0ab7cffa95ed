/* Drafts: kept by the vault until they are sent; written by a clerk, handed over to the approver of the unit, who sends or gives
 * back. Whether a login may send is decided by intake. */
#include <stdlib.h>
#include <string.h>

#include "services/console/state.h"

static const text_t nothing = {NULL, 0};

/* A draft that is to be sent, in the memory of its request. */
typedef struct {
    uint64_t version; /* that was looked at */
    text_t names[2];  /* 审核人 reviewed_by, 负责人 signed_by; empty: what the draft says */
} sending_off_t;

/* Programs have no drafts: they send. */
static bool drafts_may(request_t *self) {
    if (self->who.token) reply_code(self, 403, REASON_OF(role_lacks), "", role_shown(self));
    return !self->who.token;
}

/* --- which there are --- */

static json_t *draft_json(const draft_row_t *row) {
    json_t *json = message_to_json(draft_row_type(), row);
    json_error_t error;
    json_object_del(json, "body");
    if (row->body.size == 0) return json;
    json_t *report = json_loadb((const char *)row->body.at, row->body.size, JSON_REJECT_DUPLICATES, &error);
    if (report != NULL) json_object_set_new(json, "report", report);
    return json;
}

static void on_drafts_told(request_t *self, const packet_t *packet) {
    drafts_t answer;
    if (!answer_is(self, packet, drafts_type(), &answer)) return;
    json_t *rows = json_array(), *json = json_object();
    for (uint32_t index = 0; index < answer.rows_count; index++) json_array_append_new(rows, draft_json(&answer.rows[index]));
    json_object_set_new(json, "rows", rows);
    reply_json(self, 200, json);
}

void on_drafts(request_t *self) {
    draft_ask_t question = {.unit = text_of(self->who.unit),
                            .task = request_parameter(self, "task"),
                            .period = request_parameter(self, "period")};
    if (drafts_may(self)) ask_checked(self, AT_DRAFTS, draft_ask_type(), &question, on_drafts_told);
}

/* --- keeping, handing over, giving back --- */

static void on_draft_kept(request_t *self, const packet_t *packet) {
    draft_kept_t kept;
    if (answer_is(self, packet, draft_kept_type(), &kept)) reply_json(self, 200, message_to_json(draft_kept_type(), &kept));
}

static void put(request_t *self, json_t *json, draft_put_t *question) {
    fault_t fault = {0};
    json_t *report = json_object_get(json, "report");
    char *typed = json_is_object(report) ? json_dumps(report, JSON_COMPACT) : NULL;
    if (typed != NULL) question->body = (bytes_t){(const uint8_t *)typed, (uint32_t)strlen(typed)};
    if (question->state == draft_state_back && self->who.role != login_role_approver)
        reply_code(self, 403, REASON_OF(role_lacks), "state", role_shown(self));
    else if (wire_check(draft_put_type(), question, &fault) != OK)
        reply_code(self, 422, text_of(fault.code), arena_text(self->arena, text_of(fault.path)).at, nothing);
    else
        ask(self, AT_DRAFTS, draft_put_type(), question, on_draft_kept);
    free(typed);
}

static uint64_t number_of(const json_t *json, const char *name) {
    json_int_t number = json_integer_value(json_object_get(json, name));
    return number > 0 ? (uint64_t)number : 0;
}

static draft_state_t state_of(text_t word) {
    for (draft_state_t state = draft_state_kept; state <= draft_state_back; state++)
        if (text_is(word, WORD_NAME(draft_state, state))) return state;
    return draft_state_none;
}

void on_draft_put(request_t *self) {
    if (!drafts_may(self)) return;
    json_t *json = request_json(self);
    if (json == NULL) return;
    const json_t *report = json_object_get(json, "report");
    draft_put_t question = {.unit = text_of(self->who.unit),
                            .task = json_member_text(json, "task", self->arena),
                            .period = json_member_text(json, "period", self->arena),
                            .version = number_of(json, "version"),
                            .state = state_of(json_member_text(json, "state", self->arena)),
                            .login = text_of(self->who.login),
                            .replaces = number_of(report, "replaces"),
                            .why = json_member_text(json, "why", self->arena),
                            .at_ms = (uint64_t)self->console->ledger_ms};
    put(self, json, &question);
    json_decref(json);
}

void on_draft_drop(request_t *self) {
    if (!drafts_may(self)) return;
    json_t *json = request_json(self);
    if (json == NULL) return;
    draft_drop_t question = {.unit = text_of(self->who.unit),
                             .task = json_member_text(json, "task", self->arena),
                             .period = json_member_text(json, "period", self->arena),
                             .version = number_of(json, "version"),
                             .login = text_of(self->who.login)};
    json_decref(json);
    ask_checked(self, AT_DRAFTS, draft_drop_type(), &question, on_draft_kept);
}

/* --- the approver sends --- */

/* The report stands: the draft has done its work. Should this get lost, the page tells that it was overtaken. */
static void draft_is_sent(request_t *self, const void *draft) {
    const draft_row_t *row = draft;
    draft_drop_t drop = {.unit = row->unit, .task = row->task, .period = row->period, .version = row->version};
    drop.login = text_of(self->who.login);
    tell(self->console, AT_DRAFTS, ++self->console->next_id, draft_drop_type(), &drop);
}

static const char *const names[] = {"reviewed_by", "signed_by"};

static void names_add(json_t *report, const sending_off_t *off) {
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++)
        if (off->names[index].size > 0)
            json_object_set_new(report, names[index], json_stringn(off->names[index].at, off->names[index].size));
}

/* The id under which it is sent: the same draft with the same names gets its first receipt again, with other names it is another
 * sending. The draft's own id is random and stands nowhere else, so nobody can try names against this one. */
static void id_settle(json_t *report, const sending_off_t *off, arena_t *arena) {
    uint8_t id[16], hash[HASH_SIZE];
    text_t typed = json_member_text(report, "submission_id", arena);
    if (!hex_read(typed, id, sizeof id)) return;
    text_t bound = arena_format(arena, TEXT_FORMAT "\n" TEXT_FORMAT "\n" TEXT_FORMAT, TEXT_ARGS(typed), TEXT_ARGS(off->names[0]),
                                TEXT_ARGS(off->names[1]));
    hash_of((bytes_t){(const uint8_t *)bound.at, bound.size}, hash);
    memcpy(id + 9, hash, sizeof id - 9); /* its instant stays: ids ordered in time fall together */
    json_object_set_new(report, "submission_id", json_string(hex_of(id, sizeof id, arena).at));
}

/* The packet is gone when the verdict comes. */
static const draft_row_t *row_copy(const draft_row_t *row, arena_t *arena) {
    draft_row_t *copy = ARENA_NEW(arena, draft_row_t, 1);
    *copy = *row;
    copy->unit = arena_text(arena, row->unit);
    copy->task = arena_text(arena, row->task);
    copy->period = arena_text(arena, row->period);
    copy->login = arena_text(arena, row->login);
    return copy;
}

static void on_draft_found(request_t *self, const packet_t *packet) {
    const sending_off_t *off = self->own;
    drafts_t answer;
    json_error_t error;
    if (!answer_is(self, packet, drafts_type(), &answer)) return;
    const draft_row_t *row = answer.rows;
    if (answer.rows_count == 0 || row->version != off->version) {
        reply_code(self, 409, REASON_OF(draft_gone), "version", nothing);
        return;
    }
    if (row->state != draft_state_handed) {
        reply_code(self, 409, REASON_OF(draft_step), "state", text_of(WORD_ZH(draft_state, row->state)));
        return;
    }
    json_t *report = json_loadb((const char *)row->body.at, row->body.size, JSON_REJECT_DUPLICATES, &error);
    ASSERT(json_is_object(report)); /* we wrote it */
    names_add(report, off);
    id_settle(report, off, self->arena);
    row = row_copy(row, self->arena);
    report_send(self, report, (report_way_t){row->login, draft_is_sent, row});
}

void on_draft_send(request_t *self) {
    if (self->who.role != login_role_approver || !drafts_may(self)) {
        if (self->response == NULL) reply_code(self, 403, REASON_OF(role_lacks), "", role_shown(self));
        return;
    }
    json_t *json = request_json(self);
    if (json == NULL) return;
    sending_off_t *off = ARENA_NEW(self->arena, sending_off_t, 1);
    off->version = number_of(json, "version");
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++)
        off->names[index] = json_member_text(json, names[index], self->arena);
    draft_ask_t question = {.unit = text_of(self->who.unit),
                            .task = json_member_text(json, "task", self->arena),
                            .period = json_member_text(json, "period", self->arena)};
    json_decref(json);
    self->own = off;
    if (question.task.size > 0 && question.period.size > 0)
        ask_checked(self, AT_DRAFTS, draft_ask_type(), &question, on_draft_found);
    else
        reply_code(self, 422, REASON_OF(missing_field), question.task.size > 0 ? "period" : "task", nothing);
}
