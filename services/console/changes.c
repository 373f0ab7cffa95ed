/* The history of a figure, or of all figures of a unit: old and new from validation, who and why from the ledger's own entries.
 */
#include <string.h>

#include "services/console/state.h"
#include "services/door/door_rules.h"

static const text_t nothing = {NULL, 0};

enum { CHANGES_AT_ONCE = 200 }; /* entries that are looked up for one page */

/* Who sent a value, through which door, and in which words. */
typedef struct {
    int64_t at_ms;
    door_t door;
    text_t login, drafted_by, officer, why;
    uint64_t key_generation;
} source_t;

/* One page on its way, in the memory of its request. */
typedef struct {
    history_t history;
    source_t sources[CHANGES_AT_ONCE]; /* of its rows */
    uint64_t after;
    uint32_t at; /* the row whose entry is asked for */
} changes_t;

static void text_put(json_t *json, const char *name, text_t text) {
    if (text.size > 0) json_object_set_new(json, name, json_stringn(text.at, text.size));
}

static json_t *row_json(figure_change_t row, const source_t *source, arena_t *arena) {
    row.explained = reasons_told(row.explained, row.explained_count, arena);
    json_t *json = message_to_json(figure_change_type(), &row), *who = json_object();
    json_object_set_new(json, "at_ms", json_integer(source->at_ms));
    if (source->door != door_none) json_object_set_new(who, "door", json_string(WORD_NAME(door, source->door)));
    text_put(who, "login", source->login);
    text_put(who, "drafted_by", source->drafted_by);
    text_put(who, "officer", source->officer);
    if (source->key_generation > 0)
        json_object_set_new(who, "key_generation", json_integer((json_int_t)source->key_generation));
    json_object_set_new(json, "who", who);
    text_put(json, "why", source->why);
    return json;
}

static void changes_reply(request_t *self, const changes_t *changes) {
    const history_t *history = &changes->history;
    json_t *json = json_object(), *rows = json_array();
    for (uint32_t index = 0; index < history->rows_count; index++)
        json_array_append_new(rows, row_json(history->rows[index], &changes->sources[index], self->arena));
    json_object_set_new(json, "rows", rows);
    json_object_set_new(json, "as_of", json_integer((json_int_t)history->as_of));
    json_object_set_new(json, "cut", json_boolean(history->cut));
    json_object_set_new(json, "now_ms", json_integer(self->console->ledger_ms));
    if (history->more) json_object_set_new(json, "next", json_integer((json_int_t)(changes->after + history->rows_count)));
    reply_json(self, 200, json);
}

static source_t source_of(const event_t *event, arena_t *arena) {
    report_received_t received;
    report_decided_t decided;
    fault_t fault;
    source_t source = {.at_ms = event->at_ms};
    if (event->kind == KIND_report_decided && event_body(event, report_decided_type(), arena, &decided, &fault) == OK) {
        source.officer = arena_text(arena, decided.actor.officer);
        source.why = arena_text(arena, decided.why);
        return source;
    }
    if (event_body(event, report_received_type(), arena, &received, &fault) != OK) return source;
    source.door = received.door;
    source.login = arena_text(arena, received.login);
    source.drafted_by = arena_text(arena, received.drafted_by);
    source.officer = arena_text(arena, received.entered_by.officer);
    source.why = arena_text(arena, received.report.progress);
    source.key_generation = received.key_generation;
    return source;
}

static void on_change_entry(request_t *self, const packet_t *packet);

static void entry_next(request_t *self, const changes_t *changes) {
    if (changes->at == changes->history.rows_count) {
        changes_reply(self, changes);
        return;
    }
    entry_ask_t question = {.seq = changes->history.rows[changes->at].cause_seq};
    ask(self, AT_INTAKE, entry_ask_type(), &question, on_change_entry);
}

/* Rows of one report share its entry. */
static void on_change_entry(request_t *self, const packet_t *packet) {
    changes_t *changes = self->own;
    const history_t *history = &changes->history;
    entry_told_t told;
    event_t event;
    fault_t fault;
    if (!answer_is(self, packet, entry_told_type(), &told)) return;
    source_t source = {0};
    if (event_decode(told.event, &event, &fault) == OK) source = source_of(&event, self->arena);
    while (changes->at < history->rows_count && history->rows[changes->at].cause_seq == told.seq)
        changes->sources[changes->at++] = source;
    entry_next(self, changes);
}

static void on_history_told(request_t *self, const packet_t *packet) {
    changes_t *changes = self->own;
    packet_t kept = *packet; /* the frame is gone when the entries come */
    kept.body = arena_bytes(self->arena, packet->body);
    if (!answer_is(self, &kept, history_type(), &changes->history)) return;
    if (changes->history.rows_count > CHANGES_AT_ONCE) {
        changes->history.rows_count = CHANGES_AT_ONCE;
        changes->history.more = true;
    }
    entry_next(self, changes);
}

void on_history(request_t *self) {
    changes_t *changes = ARENA_NEW(self->arena, changes_t, 1);
    history_ask_t question = {.unit = unit_asked(self),
                              .indicator = request_parameter(self, "indicator"),
                              .member = request_parameter(self, "member"),
                              .period = request_parameter(self, "period")};
    text_t named = request_parameter(self, "unit");
    self->own = changes;
    if (named.size > 0 && !text_equal(named, question.unit)) { /* a neighbour's: never his own under its name */
        reply_code(self, 403, REASON_OF(role_lacks), "unit", nothing);
        return;
    }
    if (question.unit.size == 0) {
        reply_code(self, 400, REASON_OF(missing_field), "unit", nothing);
        return;
    }
    if (request_number(self, "after", &changes->after) && request_number(self, "at_least", &question.at_least)) {
        question.after = changes->after;
        ask_checked(self, AT_VALIDATION, history_ask_type(), &question, on_history_told);
    }
}
