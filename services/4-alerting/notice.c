/* warning_raised and warning_resolved → JSON, in a fixed order of fields: equal events have equal bytes. */
#include "services/4-alerting/notice.h"

#include "proto/crypto.h"
#include "services/plan/calendar.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND_MS = 1000, MINUTE_MS = 60000, HOUR_MINUTES = 60 };

text_t notice_stream(const notice_plan_t *plan, arena_t *arena) {
    return arena_format(arena, "minning:v1:" TEXT_FORMAT ":warnings", TEXT_ARGS(plan->plan));
}

bool notice_is_due(uint32_t kind) { return kind == KIND_warning_raised || kind == KIND_warning_resolved; }

/* 2021-08-25T23:59:59.999+08:00 */
static text_t instant_shown(const notice_plan_t *plan, uint64_t at_ms, arena_t *arena) {
    plan_t local = {.offset_minutes = plan->offset_minutes};
    uint32_t day = day_of_instant(&local, (int64_t)at_ms), minute = minute_of_instant(&local, (int64_t)at_ms);
    uint32_t rest_ms = (uint32_t)(at_ms % MINUTE_MS), offset = (uint32_t)plan->offset_minutes;
    return arena_format(arena, "%04u-%02u-%02uT%02u:%02u:%02u.%03u+%02u:%02u", day / 10000, day / 100 % 100, day % 100,
                        minute / HOUR_MINUTES, minute % HOUR_MINUTES, rest_ms / SECOND_MS, rest_ms % SECOND_MS,
                        offset / HOUR_MINUTES, offset % HOUR_MINUTES);
}

static void add_text(json_t *object, const char *name, text_t text) {
    json_object_set_new(object, name, json_stringn(text.at == NULL ? "" : text.at, text.size));
}

/* A withdrawal carries the same fields as what it withdraws, but nothing is missing any more. */
static bool read_body(const event_t *event, arena_t *arena, warning_raised_t *warning) {
    fault_t fault;
    if (event->kind == KIND_warning_raised) return event_body(event, warning_raised_type(), arena, warning, &fault) == OK;
    warning_resolved_t resolved;
    if (event_body(event, warning_resolved_type(), arena, &resolved, &fault) != OK) return false;
    *warning = (warning_raised_t){.episode = resolved.episode, .kind = resolved.kind, .rung = resolved.rung,
                                  .level = resolved.level, .unit = resolved.unit, .addressee = resolved.addressee,
                                  .task = resolved.task, .period = resolved.period, .indicator = resolved.indicator,
                                  .due_ms = resolved.due_ms, .zh = resolved.zh, .en = resolved.en, .owner = resolved.owner,
                                  .rehearsal = resolved.rehearsal};
    memcpy(warning->id, resolved.id, sizeof warning->id);
    return true;
}

static text_t body_of(const notice_plan_t *plan, const event_t *event, const warning_raised_t *warning, arena_t *arena) {
    json_t *object = json_object(), *missing = json_array();
    json_object_set_new(object, "seq", json_integer((json_int_t)event->seq));
    add_text(object, "id", hex_of(warning->id, sizeof warning->id, arena));
    json_object_set_new(object, "episode", json_integer((json_int_t)warning->episode));
    add_text(object, "state", text_of(event->kind == KIND_warning_raised ? "raised" : "resolved"));
    add_text(object, "kind", text_of(WORD_NAME(warning_kind, warning->kind)));
    add_text(object, "rung", warning->rung);
    add_text(object, "level", text_of(WORD_NAME(level, warning->level)));
    add_text(object, "unit", warning->unit);
    add_text(object, "owner", warning->owner);
    add_text(object, "addressee", text_of(WORD_NAME(addressee, warning->addressee)));
    add_text(object, "task", warning->task);
    add_text(object, "period", warning->period);
    add_text(object, "indicator", warning->indicator);
    add_text(object, "due", instant_shown(plan, warning->due_ms, arena));
    for (uint32_t index = 0; index < warning->missing_count; index++)
        json_array_append_new(missing, json_stringn(warning->missing[index].at, warning->missing[index].size));
    json_object_set_new(object, "missing", missing);
    add_text(object, "zh", warning->zh);
    add_text(object, "en", warning->en);
    json_object_set_new(object, "rehearsal", json_boolean(warning->rehearsal));
    char *line = json_dumps(object, JSON_COMPACT);
    ASSERT(line != NULL);
    text_t body = arena_text(arena, text_of(line));
    free(line);
    json_decref(object);
    return body;
}

bool notice_read(const notice_plan_t *plan, const event_t *event, arena_t *arena, notice_t *notice) {
    warning_raised_t warning;
    if (!notice_is_due(event->kind) || !read_body(event, arena, &warning)) return false;
    notice->seq = event->seq;
    notice->raised = event->kind == KIND_warning_raised;
    memcpy(notice->warning_id, warning.id, sizeof notice->warning_id);
    notice->epoch = event->epoch;
    notice->unit = arena_text(arena, warning.unit);
    text_t name = text_equal(warning.unit, plan->coordinator) ? text_of("coordinator") : warning.unit;
    notice->channel = arena_format(arena, "minning:v1:" TEXT_FORMAT ":" TEXT_FORMAT, TEXT_ARGS(plan->plan), TEXT_ARGS(name));
    notice->body = body_of(plan, event, &warning, arena);
    return true;
}
