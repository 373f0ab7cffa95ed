/* A second opinion on whether a report is valid: naive, from the rules as they are written down, not from validation's code. */
#include <string.h>

#include "proto/content.h"
#include "proto/crypto.h"
#include "tests/sim/sim_judge.h"

static uint32_t period_index_of(const plan_t *plan, text_t id) {
    for (uint32_t index = 0; index < plan->periods_count; index++)
        if (text_equal(plan->periods[index].id, id)) return index;
    return UINT32_MAX;
}

static const figure_t *figure_of(const report_t *report, text_t indicator, text_t member, uint32_t *index) {
    for (*index = 0; *index < report->figures_count; ++*index)
        if (text_equal(report->figures[*index].indicator, indicator) && text_equal(report->figures[*index].member, member))
            return &report->figures[*index];
    return NULL;
}

static bool carried_in(const stand_t *stand, text_t indicator) {
    for (uint32_t index = 0; index < stand->carried_count; index++)
        if (text_equal(stand->carried_of[index], indicator)) return true;
    return false;
}

/* What this unit's other periods say of (indicator, member), in all and before this one; and whether they say anything. */
static bool months_before(const case_t *given, text_t indicator, text_t member, int64_t *before) {
    const plan_t *plan = &given->count->sim->plan;
    bool any = false;
    *before = 0;
    for (uint32_t period = 0; period < plan->periods_count; period++) {
        const stand_t *stand = &given->count->stands[given->unit][given->task_index][period];
        any = any || (period != given->period_index && carried_in(stand, indicator));
        for (uint32_t index = 0; stand->revision > 0 && index < stand->report.figures_count; index++) {
            const figure_t *figure = &stand->report.figures[index];
            if (!text_equal(figure->indicator, indicator) || stand->amounts[index] < 0) continue;
            any = any || period != given->period_index || !carried_in(stand, indicator);
            if (period >= given->period_index || !text_equal(figure->member, member)) continue;
            *before += stand->amounts[index] + (figure->opening.given ? figure->opening.value : 0);
        }
    }
    return any;
}

/* Did an earlier revision of this very report bring the opening balance of the indicator? Then this one may restate it. */
static bool opening_is_ours(const case_t *given, text_t indicator) {
    return carried_in(&given->count->stands[given->unit][given->task_index][given->period_index], indicator);
}

static bool opening_holds(const case_t *given, const indicator_t *indicator, const figure_t *figure) {
    int64_t unused;
    if (!figure->opening.given) return true;
    if (!indicator->opening || indicator->measure == measure_people) return false;
    return opening_is_ours(given, indicator->id) || !months_before(given, indicator->id, figure->member, &unused);
}

static bool rows_hold(const case_t *given, const indicator_t *indicator, const figure_t *figure, int64_t *sum) {
    const plan_t *plan = &given->count->sim->plan;
    uint32_t today = day_of_instant(plan, given->received_ms);
    bool people = indicator->measure == measure_people;
    *sum = 0;
    for (uint32_t row = 0; row < figure->items_count; row++) {
        const item_t *item = &figure->items[row];
        bool lasts = indicator->target.shape == shape_lasting; /* a successor comes until the last confirmation */
        uint32_t last = lasts ? plan->periods[plan->periods_count - 1].to : plan->to;
        if (item->fact_day > today || item->fact_day < plan->from || item->fact_day > last) return false;
        if (indicator->key_kind != key_kind_none && item->key_kind != indicator->key_kind) return false;
        if (item->amount.given) *sum += item->amount.value;
    }
    return people || figure->items_count == 0 || indicator->items != need_none;
}

/* What the figure counts for, or -1 for people; false: it is wrong. */
static bool amount_holds(const case_t *given, const indicator_t *indicator, const figure_t *figure, int64_t *amount) {
    int64_t sum, before;
    bool people = indicator->measure == measure_people;
    *amount = people ? -1 : 0;
    if (figure->nil) return figure->items_count == 0 && !figure->amount.given && !figure->running.given;
    if (!rows_hold(given, indicator, figure, &sum)) return false;
    if (people) return figure->items_count > 0;
    if (!figure->amount.given && !figure->running.given && figure->items_count == 0) return false;
    if (figure->items_count > 0 && figure->amount.given && figure->amount.value != sum) return false;
    months_before(given, indicator->id, figure->member, &before);
    before += figure->opening.given ? figure->opening.value : 0;
    if (figure->items_count > 0)
        *amount = sum;
    else if (figure->amount.given)
        *amount = figure->amount.value;
    else
        *amount = figure->running.value - before;
    if (figure->running.given && (figure->running.value < before || figure->running.value - before != *amount)) return false;
    bool needs = indicator->items == need_required || indicator->target.by_fact;
    return *amount == 0 || figure->items_count > 0 || !needs;
}

static bool is_confirmed_only(const case_t *given, const indicator_t *indicator) {
    return given->count->sim->plan.periods[given->period_index].confirmation && indicator->target.shape != shape_lasting;
}

static const indicator_t *indicator_of(const task_t *task, text_t id) {
    for (uint32_t index = 0; index < task->indicators_count; index++)
        if (text_equal(task->indicators[index].id, id)) return &task->indicators[index];
    return NULL;
}

static bool figures_hold(const case_t *given) {
    text_t unit = given->count->sim->plan.units[given->unit].id;
    for (uint32_t index = 0; index < given->report->figures_count; index++) {
        const figure_t *figure = &given->report->figures[index];
        const indicator_t *indicator = indicator_of(given->task, figure->indicator);
        uint32_t first;
        figure_of(given->report, figure->indicator, figure->member, &first);
        if (first != index || indicator == NULL || is_confirmed_only(given, indicator)) return false;
        if ((indicator->members_count > 0) != (figure->member.size > 0)) return false;
        if (!indicator_contributed_by(indicator, figure->member, unit)) return false;
        if (!opening_holds(given, indicator, figure)) return false;
        if (!amount_holds(given, indicator, figure, &given->fresh->amounts[index])) return false;
    }
    return given->report->figures_count > 0 || given->report->progress.size > 0;
}

static bool required_hold(const case_t *given) {
    text_t unit = given->count->sim->plan.units[given->unit].id;
    uint32_t at;
    for (uint32_t index = 0; index < given->task->indicators_count; index++) {
        const indicator_t *indicator = &given->task->indicators[index];
        if (!indicator->required || is_confirmed_only(given, indicator)) continue;
        bool whole = indicator->members_count == 0 && indicator_contributed_by(indicator, text_of(NULL), unit);
        if (whole && figure_of(given->report, indicator->id, text_of(NULL), &at) == NULL) return false;
        for (uint32_t each = 0; each < indicator->members_count; each++) {
            text_t member = indicator->members[each].id;
            if (!indicator_contributed_by(indicator, member, unit)) continue;
            if (figure_of(given->report, indicator->id, member, &at) == NULL) return false;
        }
    }
    return true;
}

static bool is_named(const personal_t *name) { return !bytes_are_zero(name->hash, sizeof name->hash); }

static bool names_hold(const case_t *given) {
    const plan_t *plan = &given->count->sim->plan;
    const report_t *report = given->report;
    approval_t asked = plan_approval(plan, given->task, &plan->units[given->unit]);
    return asked == approval_none || (is_named(&report->prepared_by) && is_named(&report->reviewed_by) &&
                                      (asked == approval_reviewed || is_named(&report->signed_by)));
}

/* "A unit owes what falls due while it exists"; of what is due when its period is over, the period's end decides. */
static uint32_t day_of_owing(const period_t *period) { return period->due < period->to ? period->due : period->to; }

bool sim_is_there(const plan_t *plan, uint32_t unit, uint32_t day) {
    uint32_t from = plan->units[unit].from, to = plan->units[unit].to;
    return day >= from && (to == 0 || day <= to);
}

bool sim_owes(const plan_t *plan, uint32_t unit, uint32_t task_index, uint32_t period) {
    const task_t *task = &plan->tasks[task_index];
    if (!sim_is_there(plan, unit, day_of_owing(&plan->periods[period]))) return false;
    bool owes = !plan->periods[period].confirmation && task_owed_by(task, plan->units[unit].id);
    for (uint32_t index = 0; plan->periods[period].confirmation && index < task->indicators_count; index++) {
        const indicator_t *indicator = &task->indicators[index];
        uint32_t due = indicator->target.due != 0 ? indicator->target.due : task->due;
        bool lasts = indicator->target.shape == shape_lasting;
        lasts = lasts && day_add_months(due, (uint32_t)indicator->target.months) >= plan->periods[period].from;
        owes |= lasts && indicator_any_contributed_by(indicator, plan->units[unit].id);
    }
    return owes;
}

bool sim_judge(const recount_t *count, uint32_t unit, const report_t *report, int64_t received_ms, stand_t *fresh) {
    const plan_t *plan = &count->sim->plan;
    const task_t *task = planbook_task(count->sim->book, report->task);
    uint32_t period = period_index_of(plan, report->period);
    if (task == NULL || period == UINT32_MAX) return false;
    case_t given = {.count = count,
                    .task = task,
                    .unit = unit,
                    .task_index = (uint32_t)(task - planbook_plan(count->sim->book)->tasks),
                    .period_index = period,
                    .received_ms = received_ms,
                    .report = report,
                    .fresh = fresh};
    const stand_t *stand = &count->stands[unit][given.task_index][period];
    *fresh = *stand;
    fresh->report = *report;
    report_body_hash(report, (bytes_t){NULL, 0}, count->sim->moment, fresh->body_hash);
    if (!sim_owes(plan, unit, given.task_index, period)) return false;
    if (received_ms < instant_of_day(plan, plan->periods[period].from, 0)) return false;
    if (stand->revision > 0 && memcmp(fresh->body_hash, stand->body_hash, sizeof fresh->body_hash) == 0) return false;
    if (report->replaces != stand->revision || stand->decision == decision_approved) return false;
    if (!names_hold(&given) || !figures_hold(&given) || !required_hold(&given) || !sim_judge_soft(&given)) return false;
    fresh->revision = fresh->counts = stand->revision + 1;
    fresh->decision = decision_none;
    fresh->decided_seq = fresh->again_ms = 0;
    for (uint32_t index = 0; index < report->figures_count; index++)
        if (report->figures[index].opening.given && !carried_in(fresh, report->figures[index].indicator))
            fresh->carried_of[fresh->carried_count++] = report->figures[index].indicator;
    if (stand->revision == 0) fresh->first_valid_ms = received_ms;
    return true;
}
