/* What follows a warning: a unit's own people answer for it, with a day; everybody sees what was promised and pressed for. */
#include "services/console/state.h"

static const text_t nothing = {NULL, 0};

void on_warning_answer(request_t *self) {
    json_t *json = request_json(self);
    if (json == NULL) return;
    json_object_set_new(json, "decision", json_string(WORD_NAME(warning_decision, warning_decision_answered)));
    act_take(self, json, warning_decide_type());
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
