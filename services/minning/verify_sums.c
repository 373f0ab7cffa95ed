/* Totals, targets, obligations: worked out from what stands, the simple way. */
#include "services/minning/verify_inner.h"

#include <stdlib.h>
#include <string.h>

/* --- totals --- */

int64_t verify_total(const verify_t *self, const indicator_t *indicator, text_t member) {
    const task_t *task = planbook_task_of(self->book, indicator);
    uint32_t task_at = verify_task(self, task->id), at = verify_indicator(task, indicator->id);
    uint32_t member_at = verify_member(indicator, member);
    int64_t total = 0;
    if (indicator->target.shape == shape_lasting) {
        uint32_t due = indicator->target.due != 0 ? indicator->target.due : task->due;
        return member.size > 0 ? 0 : verify_people(self, task_at, at, deadline_resolve(planbook_plan(self->book), due).day);
    }
    for (uint32_t report = 0; report < self->count; report++) {
        if (self->reports[report].task != task_at) continue;
        for (uint32_t index = 0; index < self->reports[report].figure_count; index++) {
            const verify_figure_t *figure = &self->reports[report].figures[index];
            if (figure->indicator == at && (member_at == 0 || figure->member == member_at))
                total += figure->month + figure->opening - figure->contested;
        }
    }
    return total;
}

verify_coverage_t verify_coverage(const verify_t *self, const indicator_t *indicator) {
    const task_t *task = planbook_task_of(self->book, indicator);
    uint32_t task_at = verify_task(self, task->id), at = verify_indicator(task, indicator->id);
    verify_coverage_t all = {0};
    for (uint32_t report = 0; report < self->count; report++)
        for (uint32_t index = 0; self->reports[report].task == task_at && index < self->reports[report].figure_count; index++) {
            const verify_figure_t *figure = &self->reports[report].figures[index];
            if (figure->indicator != at) continue;
            all.figures += figure->counted;
            all.covered += figure->covered;
        }
    return all;
}

/* --- targets --- */

static int by_day(const void *a, const void *b) {
    const struct verify_part *one = a, *other = b;
    return one->day < other->day ? -1 : one->day > other->day;
}

typedef struct {
    int64_t total, opening;
    uint32_t reached_day;
} pile_t;

/* Everything reported of an indicator (or member), in the order of its days, until the goal is reached. */
static pile_t pile_of(const verify_t *self, uint32_t task, uint32_t indicator, uint32_t member, int64_t goal) {
    struct verify_part *parts = NULL;
    uint32_t count = 0, room = 0;
    pile_t pile = {0};
    for (uint32_t at = 0; at < self->count; at++)
        for (uint32_t index = 0; self->reports[at].task == task && index < self->reports[at].figure_count; index++) {
            const verify_figure_t *figure = &self->reports[at].figures[index];
            if (figure->indicator != indicator || (member != 0 && figure->member != member)) continue;
            pile.total += figure->month + figure->opening - figure->contested;
            pile.opening += figure->opening;
            if (count + figure->part_count > room) {
                room = (count + figure->part_count) * 2;
                parts = verify_grown(parts, room, sizeof *parts);
            }
            for (uint32_t part = 0; part < figure->part_count; part++)
                if (!figure->parts[part].contested) parts[count++] = figure->parts[part];
        }
    if (count > 1) qsort(parts, count, sizeof *parts, by_day);
    int64_t sum = 0;
    for (uint32_t part = 0; part < count && pile.reached_day == 0; part++) {
        sum += parts[part].amount;
        if (sum >= goal) pile.reached_day = parts[part].day;
    }
    free(parts);
    return pile;
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

verify_target_t verify_target(const verify_t *self, const task_t *task, const indicator_t *indicator, bool *judged) {
    const target_t *target = &indicator->target;
    bool each = target->shape == shape_each, all = true;
    verify_target_t said = {0};
    bool lasting = target->shape == shape_lasting;
    *judged = target->goal > 0 && (each || lasting || target->shape == shape_sum || target->shape == shape_subset);
    if (!*judged) return said;
    uint32_t task_at = verify_task(self, task->id), at = verify_indicator(task, indicator->id);
    uint32_t piles = each ? indicator->members_count : 1;
    int64_t goal = (int64_t)target->goal;
    deadline_t due = deadline_resolve(planbook_plan(self->book), target->due != 0 ? target->due : task->due);
    if (lasting) verify_lasting(self, task_at, at, target, due.day, &said);
    for (uint32_t index = 0; !lasting && index < piles; index++) {
        pile_t pile = pile_of(self, task_at, at, each ? index + 1 : 0, goal);
        said.done += (uint64_t)(each ? smaller(pile.total, goal) : pile.total);
        said.opening += (uint64_t)(each ? smaller(pile.opening, goal) : pile.opening);
        all &= pile.reached_day != 0;
        if (pile.reached_day > said.reached_day) said.reached_day = pile.reached_day;
    }
    if (!all) said.reached_day = 0;
    if (!lasting) said.goal = target->goal * piles;
    if (said.reached_day != 0)
        said.reach = said.reached_day <= due.day ? reach_met : reach_met_after_due;
    else if (target->stretch)
        said.reach = reach_not_yet;
    else if (self->closed)
        said.reach = reach_not_met;
    else
        said.reach = self->now_ms > due.due_ms + due.grace_ms ? reach_past_due_unknown : reach_not_yet;
    return said;
}

/* --- obligations --- */

verify_obligation_t verify_obligation(const verify_t *self, uint32_t unit, uint32_t task, uint32_t period) {
    const plan_t *plan = planbook_plan(self->book);
    uint64_t due_seq;
    int64_t looked_ms;
    deadline_t due = verify_deadline(self, unit, task, period, &due_seq, &looked_ms);
    verify_obligation_t said = {.due_ms = (uint64_t)due.due_ms, .due_seq = due_seq, .timeliness = timeliness_pending};
    const verify_report_t *report = verify_standing(self, unit, task, period);
    if (report != NULL) {
        bool owes = planbook_owes(self->book, &plan->units[unit], &plan->tasks[task], &plan->periods[period]);
        standing_t again = owes ? standing_returned : standing_lifted;
        said.standing = report->decision == decision_returned   ? again
                        : report->decision == decision_approved ? standing_approved
                                                                : standing_reported;
        said.decided_seq = report->decided_seq;
        said.again_ms = owes ? report->again_ms : 0;
        said.first_valid_ms = (uint64_t)report->first_valid_ms;
        said.revision = report->revision;
        said.timeliness = report->days_late > 0 ? timeliness_late : timeliness_on_time;
        said.days_late = report->days_late;
        return said;
    }
    if (looked_ms < self->pass_ms) looked_ms = self->pass_ms;
    bool past = looked_ms > due.due_ms + due.grace_ms;
    if (past) said.timeliness = timeliness_missing;
    if (past)
        said.standing = standing_overdue;
    else
        said.standing = self->pass_ms >= instant_of_day(plan, plan->periods[period].from, 0) ? standing_due : standing_not_due;
    return said;
}

static size_t spared_bit(const plan_t *plan, uint32_t unit, uint32_t task, uint32_t period) {
    return ((size_t)unit * plan->tasks_count + task) * plan->periods_count + period;
}

void verify_owe(verify_t *self, uint32_t unit, uint32_t task, uint32_t period) {
    size_t bit = spared_bit(planbook_plan(self->book), unit, task, period);
    if (self->spared != NULL) self->spared[bit / 8] &= (uint8_t)~(1u << (bit % 8));
}

/* Who came into the plan when a period was past does not owe it, unless he was given time for it; who was in it and reported stays
 * in the books. */
bool verify_owes(const verify_t *self, uint32_t unit, uint32_t task, uint32_t period) {
    const plan_t *plan = planbook_plan(self->book);
    if (verify_standing(self, unit, task, period) != NULL)
        return task_owed_by(&plan->tasks[task], plan->units[unit].id) ||
               planbook_owes(self->book, &plan->units[unit], &plan->tasks[task], &plan->periods[period]);
    size_t bit = spared_bit(plan, unit, task, period);
    bool spared = self->spared != NULL && (self->spared[bit / 8] >> (bit % 8) & 1) != 0;
    return !spared && planbook_owes(self->book, &plan->units[unit], &plan->tasks[task], &plan->periods[period]);
}
