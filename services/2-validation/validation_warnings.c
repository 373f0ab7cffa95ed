/* Whether an answer to a warning, or a silence, holds: what it is about, whose it is, for how long. Pure. */
#include "services/2-validation/validation_state.h"
#include "services/plan/calendar.h"

enum { REASONS_ROOM = 8 };

/* Reasons being gathered. */
typedef struct {
    const planbook_t *book;
    const warning_decided_t *decided;
    const follow_row_t *follow; /* what was promised and pressed for so far */
    int64_t now_ms;
    arena_t *arena;
    reason_t *reasons;
    uint32_t count;
} ruling_t;

static void add(ruling_t *self, text_t code, const char *path, const text_t *values, uint32_t count) {
    text_t *args = ARENA_NEW(self->arena, text_t, LIMIT_ARGS);
    for (uint32_t index = 0; index < count; index++) args[index] = values[index];
    self->reasons[self->count++] = (reason_t){.code = code, .path = text_of(path), .args = args, .args_count = count};
}

static text_t day_shown(uint32_t day, arena_t *arena) {
    return arena_format(arena, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
}

/* Names that the plan does not have; an empty one is no name. */
static void names_check(ruling_t *self) {
    const warning_decided_t *decided = self->decided;
    const indicator_t *indicator = planbook_indicator(self->book, decided->indicator);
    const task_t *task = planbook_task(self->book, decided->task);
    if (decided->unit.size > 0 && planbook_unit(self->book, decided->unit) == NULL)
        add(self, REASON_OF(unknown_unit), "unit", &decided->unit, 1);
    if (decided->task.size > 0 && task == NULL) add(self, REASON_OF(unknown_task), "task", &decided->task, 1);
    if (decided->period.size > 0 && planbook_period(self->book, decided->period) == NULL)
        add(self, REASON_OF(unknown_period), "period", &decided->period, 1);
    bool strange = indicator == NULL || (task != NULL && planbook_task_of(self->book, indicator) != task);
    text_t values[] = {decided->indicator, decided->task};
    if (decided->indicator.size > 0 && strange) add(self, REASON_OF(unknown_indicator), "indicator", values, 2);
}

/* "To whom it is owed": a lead, a responsible unit, or the coordinator may have been told. */
static bool is_concerned(const ruling_t *self, const task_t *task) {
    text_t unit = self->decided->unit;
    return task_owed_by(task, unit) || text_equal(planbook_plan(self->book)->coordinator, unit);
}

static void answer_check(ruling_t *self, bool reported) {
    const warning_decided_t *decided = self->decided;
    const plan_t *plan = planbook_plan(self->book);
    const task_t *task = planbook_task(self->book, decided->task);
    uint32_t today = day_of_instant(plan, self->now_ms), last = day_add(today, LIMIT_PROMISE_DAYS);
    if (decided->unit.size == 0) add(self, REASON_OF(missing_field), "unit", NULL, 0);
    if (decided->task.size == 0) add(self, REASON_OF(missing_field), "task", NULL, 0);
    if ((decided->period.size > 0) == (decided->indicator.size > 0)) add(self, REASON_OF(decision_about), "period", NULL, 0);
    text_t span[] = {day_shown(today, self->arena), day_shown(last, self->arena)}, whose[] = {decided->task, decided->unit};
    if (decided->by < today || decided->by > last) add(self, REASON_OF(promise_day), "by", span, 2);
    if (task != NULL && !is_concerned(self, task)) add(self, REASON_OF(not_your_task), "task", whose, 2);
    if (reported && decided->period.size > 0) add(self, REASON_OF(nothing_to_answer), "period", &decided->period, 1);
}

static void silence_check(ruling_t *self) {
    int64_t most_ms = self->now_ms + (int64_t)LIMIT_SILENCE_DAYS * 86400000, until_ms = (int64_t)self->decided->until_ms;
    text_t days = arena_format(self->arena, "%d", LIMIT_SILENCE_DAYS);
    if (until_ms <= self->now_ms || until_ms > most_ms) add(self, REASON_OF(silence_end), "until_ms", &days, 1);
}

/* "One click, once a day": pressed for is one report that is owed, whose period has begun, and that is not in. */
static void remind_check(ruling_t *self, bool reported) {
    const warning_decided_t *decided = self->decided;
    const plan_t *plan = planbook_plan(self->book);
    const unit_t *unit = planbook_unit(self->book, decided->unit);
    const task_t *task = planbook_task(self->book, decided->task);
    const period_t *period = planbook_period(self->book, decided->period);
    uint32_t today = day_of_instant(plan, self->now_ms);
    if (decided->unit.size == 0) add(self, REASON_OF(missing_field), "unit", NULL, 0);
    if (decided->task.size == 0) add(self, REASON_OF(missing_field), "task", NULL, 0);
    if (decided->period.size == 0) add(self, REASON_OF(missing_field), "period", NULL, 0);
    if (unit == NULL || task == NULL || period == NULL) return;
    text_t owed[] = {unit->name, task->name}, opens[] = {decided->period, day_shown(period->from, self->arena)};
    if (!planbook_owes(self->book, unit, task, period)) add(self, REASON_OF(not_owed), "task", owed, 2);
    else if (period->from > today) add(self, REASON_OF(period_not_open), "period", opens, 2);
    else if (reported) add(self, REASON_OF(nothing_to_remind), "period", &unit->name, 1);
    const follow_row_t *follow = self->follow;
    if (follow->reminded_ms == 0 || day_of_instant(plan, (int64_t)follow->reminded_ms) != today) return;
    text_t before[] = {follow->reminded_by, when_text(plan, (int64_t)follow->reminded_ms, self->arena)};
    add(self, REASON_OF(reminded_today), "period", before, 2);
}

const reason_t *warning_reasons(const planbook_t *book, const warning_decided_t *decided, bool reported,
                                const follow_row_t *follow, int64_t now_ms, arena_t *arena, uint32_t *count) {
    ruling_t ruling = {book, decided, follow, now_ms, arena, ARENA_NEW(arena, reason_t, REASONS_ROOM * 2), 0};
    names_check(&ruling);
    if (decided->decision == warning_decision_answered) answer_check(&ruling, reported);
    if (decided->decision == warning_decision_silenced) silence_check(&ruling);
    if (decided->decision == warning_decision_reminded) remind_check(&ruling, reported);
    *count = ruling.count;
    return ruling.reasons;
}
