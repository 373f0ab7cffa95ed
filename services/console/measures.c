/* Planned measures by HTTP: a unit's own people enter and change them, each sees what its role may. */
#include <string.h>

#include "services/console/state.h"

static const text_t nothing = {NULL, 0};

void on_measure_enter(request_t *self) {
    json_t *json = request_json(self);
    if (json != NULL) act_take(self, json, measure_enter_type());
}

/* A login without a unit, and without the right to see all, sees none. */
static bool unit_may_ask(request_t *self, text_t unit) {
    if (unit.size > 0 || role_sees_all(self->who.role)) return true;
    reply_code(self, 403, REASON_OF(role_lacks), "unit", nothing);
    return false;
}

static void on_measures_told(request_t *self, const packet_t *packet) {
    measures_t answer;
    uint64_t after = 0;
    if (!answer_is(self, packet, measures_type(), &answer)) return;
    json_t *json = message_to_json(measures_type(), &answer);
    if (answer.rows_count == 0) json_object_set_new(json, "rows", json_array());
    if (answer.more && request_number(self, "after", &after))
        json_object_set_new(json, "next", json_integer((json_int_t)(after + answer.rows_count)));
    reply_json(self, 200, json);
}

void on_measures(request_t *self) {
    measures_ask_t question = {.unit = unit_asked(self),
                               .task = request_parameter(self, "task"),
                               .open_only = text_is(request_parameter(self, "open"), "1"),
                               .pressing_only = text_is(request_parameter(self, "pressing"), "1")};
    if (!unit_may_ask(self, question.unit)) return;
    if (request_number(self, "after", &question.after) && request_number(self, "at_least", &question.at_least))
        ask_checked(self, AT_VALIDATION, measures_ask_type(), &question, on_measures_told);
}

static void on_measure_history_told(request_t *self, const packet_t *packet) {
    measure_history_t answer;
    if (!answer_is(self, packet, measure_history_type(), &answer)) return;
    json_t *json = message_to_json(measure_history_type(), &answer);
    if (answer.rows_count == 0) json_object_set_new(json, "rows", json_array());
    reply_json(self, 200, json);
}

void on_measure_history(request_t *self) {
    measure_history_ask_t question = {.unit = unit_asked(self)};
    if (question.unit.size == 0) {
        reply_code(self, role_sees_all(self->who.role) ? 400 : 403,
                   role_sees_all(self->who.role) ? REASON_OF(missing_field) : REASON_OF(role_lacks), "unit", nothing);
        return;
    }
    if (request_number(self, "number", &question.number) && request_number(self, "at_least", &question.at_least))
        ask_checked(self, AT_VALIDATION, measure_history_ask_type(), &question, on_measure_history_told);
}
