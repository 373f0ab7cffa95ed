/* Whether what a unit says of a planned measure holds: whose it is, which revision is meant, which days. Pure. */
#include "services/2-validation/validation_rules.h"
#include "services/plan/calendar.h"

#include <inttypes.h>
#include <string.h>

/* Reasons being gathered. */
typedef struct {
    const measure_case_t *given;
    const plan_t *plan;
    arena_t *arena;
    reason_t *reasons;
    uint32_t count;
} hearing_t;

static void add(hearing_t *self, text_t code, const char *path, const text_t *values, uint32_t count) {
    ASSERT(self->count < MEASURE_REASONS);
    text_t *args = ARENA_NEW(self->arena, text_t, LIMIT_ARGS);
    for (uint32_t index = 0; index < count; index++) args[index] = values[index];
    self->reasons[self->count++] = (reason_t){.code = code, .path = text_of(path), .args = args, .args_count = count};
}

static text_t day_shown(const hearing_t *self, uint32_t day) {
    return arena_format(self->arena, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
}

static text_t number_shown(const hearing_t *self, uint64_t number) { return arena_format(self->arena, "%" PRIu64, number); }

/* --- which measure, which revision of it --- */

static void place_judge(hearing_t *self, const planned_measure_t *said) {
    const planbook_t *book = self->given->book;
    text_t whose = self->given->entered->unit;
    const unit_t *unit = planbook_unit(book, whose);
    const task_t *task = planbook_task(book, said->task);
    text_t values[] = {said->task, whose};
    if (unit == NULL) add(self, REASON_OF(unknown_unit), "unit", &whose, 1);
    if (said->task.size == 0) add(self, REASON_OF(missing_field), "measure.task", NULL, 0);
    else if (task == NULL) add(self, REASON_OF(unknown_task), "measure.task", &said->task, 1);
    else if (unit != NULL && !planbook_owed_by(book, task, unit))
        add(self, REASON_OF(not_your_task), "measure.task", values, 2);
}

static void standing_judge(hearing_t *self, const planned_measure_t *said) {
    const measure_row_t *standing = &self->given->standing;
    const unit_t *unit = planbook_unit(self->given->book, self->given->entered->unit);
    if (standing->revision == 0) {
        text_t values[] = {unit == NULL ? self->given->entered->unit : unit->name, number_shown(self, said->number)};
        add(self, REASON_OF(measure_unknown), "measure.number", values, 2);
        return;
    }
    text_t since = day_shown(self, day_of_instant(self->plan, (int64_t)standing->at_ms));
    if (standing->measure.state == measure_state_withdrawn) {
        add(self, REASON_OF(measure_over), "measure.number", &since, 1);
        return;
    }
    text_t moved[] = {number_shown(self, standing->revision), since, number_shown(self, self->given->entered->replaces)};
    if (standing->revision != self->given->entered->replaces) add(self, REASON_OF(measure_moved), "replaces", moved, 3);
    text_t tasks[] = {number_shown(self, said->number), standing->measure.task, said->task};
    if (said->task.size > 0 && !text_equal(said->task, standing->measure.task))
        add(self, REASON_OF(measure_task), "measure.task", tasks, 3);
}

/* --- what it says --- */

static void words_judge(hearing_t *self, const planned_measure_t *whole) {
    bool done = whole->state == measure_state_done;
    if (whole->item.size == 0) add(self, REASON_OF(missing_field), "measure.item", NULL, 0);
    if (whole->plan.size == 0) add(self, REASON_OF(missing_field), "measure.plan", NULL, 0);
    if (whole->due == 0) add(self, REASON_OF(missing_field), "measure.due", NULL, 0);
    if (done && whole->done_day == 0) add(self, REASON_OF(missing_field), "measure.done_day", NULL, 0);
    if (done && whole->result.size == 0) add(self, REASON_OF(missing_field), "measure.result", NULL, 0);
    if (whole->state == measure_state_withdrawn && whole->why.size == 0)
        add(self, REASON_OF(missing_field), "measure.why", NULL, 0);
}

/* The plan ends with the last period that anything is reported for: 2021's confirmations reach into 2022. */
static uint32_t last_day(const plan_t *plan) {
    uint32_t last = plan->to;
    for (uint32_t index = 0; index < plan->periods_count; index++)
        if (plan->periods[index].to > last) last = plan->periods[index].to;
    return last;
}

/* A 时限 that is stated now lies ahead, unless the thing is done already; one that stands may have passed. */
static void days_judge(hearing_t *self, const planned_measure_t *whole) {
    uint32_t today = day_of_instant(self->plan, self->given->now_ms), last = last_day(self->plan);
    text_t span[] = {day_shown(self, whole->due), day_shown(self, self->plan->from), day_shown(self, last)};
    text_t over[] = {span[0], day_shown(self, today)};
    bool stated = whole->due != 0 && whole->due != self->given->standing.measure.due;
    if (stated && (whole->due < self->plan->from || whole->due > last))
        add(self, REASON_OF(measure_due_outside), "measure.due", span, 3);
    else if (stated && whole->due < today && whole->state == measure_state_planned)
        add(self, REASON_OF(measure_due_past), "measure.due", over, 2);
    text_t done[] = {day_shown(self, whole->done_day), span[1], over[1]};
    if (whole->done_day != 0 && (whole->done_day < self->plan->from || whole->done_day > today))
        add(self, REASON_OF(measure_done_day), "measure.done_day", done, 3);
}

planned_measure_t measure_merged(const measure_row_t *standing, const planned_measure_t *said) {
    const planned_measure_t *before = &standing->measure;
    planned_measure_t whole = *said;
    if (whole.task.size == 0) whole.task = before->task;
    if (whole.item.size == 0) whole.item = before->item;
    if (whole.plan.size == 0) whole.plan = before->plan;
    if (whole.due == 0) whole.due = before->due;
    if (whole.state == measure_state_planned) return whole; /* what was done is not done any more */
    if (whole.done_day == 0) whole.done_day = before->done_day;
    if (whole.result.size == 0) whole.result = before->result;
    return whole;
}

bool measure_equal(const planned_measure_t *a, const planned_measure_t *b) {
    return text_equal(a->task, b->task) && a->state == b->state && text_equal(a->item, b->item) &&
           text_equal(a->plan, b->plan) && a->due == b->due && a->done_day == b->done_day && text_equal(a->result, b->result);
}

uint32_t measure_judge(const measure_case_t *given, reason_t *reasons, arena_t *arena) {
    const planned_measure_t *said = &given->entered->measure;
    hearing_t hearing = {given, planbook_plan(given->book), arena, reasons, 0};
    planned_measure_t whole = measure_merged(&given->standing, said);
    if (said->number > 0) standing_judge(&hearing, said);
    if (said->number == 0 && given->entered->replaces > 0) add(&hearing, REASON_OF(out_of_range), "replaces", NULL, 0);
    if (said->number == 0 && said->state == measure_state_withdrawn)
        add(&hearing, REASON_OF(missing_field), "measure.number", NULL, 0);
    if (hearing.count > 0) return hearing.count; /* what the rest would be said of is not known */
    place_judge(&hearing, &whole);
    words_judge(&hearing, &whole);
    days_judge(&hearing, &whole);
    if (said->state == measure_state_planned && (said->done_day != 0 || said->result.size > 0))
        add(&hearing, REASON_OF(measure_not_done), "measure.done_day", NULL, 0);
    text_t same = number_shown(&hearing, given->same), most = number_shown(&hearing, LIMIT_MEASURES);
    if (given->same != 0) add(&hearing, REASON_OF(measure_known), "measure", &same, 1);
    if (said->number == 0 && given->count >= LIMIT_MEASURES) add(&hearing, REASON_OF(measures_full), "measure", &most, 1);
    return hearing.count;
}
