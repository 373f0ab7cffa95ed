/* Requests for more time by HTTP: a unit's own people ask, each sees what its role may; the answer is a decision (decide.c). */
#include "services/console/state.h"

static const text_t nothing = {NULL, 0};

void on_extension_request(request_t *self) {
    json_t *json = request_json(self);
    if (json != NULL) act_take(self, json, extension_request_type());
}

static void on_requests_told(request_t *self, const packet_t *packet) {
    requests_t answer;
    if (!answer_is(self, packet, requests_type(), &answer)) return;
    json_t *json = message_to_json(requests_type(), &answer);
    if (answer.rows_count == 0) json_object_set_new(json, "rows", json_array());
    else if (answer.more) json_object_set_new(json, "next", json_integer((json_int_t)answer.rows[answer.rows_count - 1].seq));
    reply_json(self, 200, json);
}

void on_extensions(request_t *self) {
    requests_ask_t question = {.unit = unit_asked(self),
                               .task = request_parameter(self, "task"),
                               .period = request_parameter(self, "period"),
                               .open_only = text_is(request_parameter(self, "open"), "1")};
    if (question.unit.size == 0 && !role_sees_all(self->who.role)) { /* no unit: nothing is his */
        reply_code(self, 403, REASON_OF(role_lacks), "unit", nothing);
        return;
    }
    if (request_number(self, "after", &question.after) && request_number(self, "at_least", &question.at_least))
        ask_checked(self, AT_VALIDATION, requests_ask_type(), &question, on_requests_told);
}
