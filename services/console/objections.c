/* Objections over HTTP: what a unit says against an announced document, what the office answers; intake decides on both. */
#include "services/console/state.h"
#include "services/door/door_rules.h"

static void on_objections_told(request_t *self, const packet_t *packet) {
    objections_t answer;
    uint64_t after = 0;
    if (!answer_is(self, packet, objections_type(), &answer) || !request_number(self, "after", &after)) return;
    json_t *json = message_to_json(objections_type(), &answer);
    if (answer.rows_count == 0) json_object_set_new(json, "rows", json_array());
    if (answer.more) json_object_set_new(json, "next", json_integer((json_int_t)(after + answer.rows_count)));
    reply_json(self, 200, json);
}

void on_objections(request_t *self) {
    objections_ask_t question = {.unit = unit_asked(self), .period = request_parameter(self, "period")};
    if (request_number(self, "after", &question.after))
        ask_checked(self, AT_INTAKE, objections_ask_type(), &question, on_objections_told);
}

static void on_obeyed(request_t *self, const packet_t *packet) {
    command_done_t done;
    if (!answer_is(self, packet, command_done_type(), &done)) return;
    json_t *json = json_object();
    json_object_set_new(json, "seq", json_integer((json_int_t)done.seq));
    json_object_set_new(json, "duplicate", json_boolean(done.duplicate));
    reply_json(self, 200, json);
}

/* The body of the request is the body of the command, but for its id. */
static void command_of_body(request_t *self, const message_t *type) {
    json_t *json = request_json(self);
    uint8_t id[16];
    fault_t fault = {0};
    buffer_t body = {0};
    if (json == NULL) return;
    void *value = arena_take(self->arena, type->size);
    bool named = command_id_read(self, json, id);
    bool read = named && message_from_json(type, json, self->arena, value, &fault) == OK;
    json_decref(json);
    if (read) {
        packet_encode(0, type, value, &body);
        command_give(self, id, (bytes_t){body.at, (uint32_t)body.size}, on_obeyed);
        buffer_destroy(&body);
    } else if (named) {
        reason_t reason = reason_of_fault(&fault, NULL, self->arena);
        reply_reasons(self, 422, &reason, 1);
    }
}

void on_objection(request_t *self) { command_of_body(self, objection_raise_type()); }
void on_objection_answered(request_t *self) { command_of_body(self, objection_answer_type()); }
