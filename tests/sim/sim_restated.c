/* Running totals counted once more: what a report for an old month moved, what each figure comes to, which typed total is
 * stale. */
#include "tests/sim/sim_judge.h"

#include "proto/verdict.h"

static int64_t opening_of(const figure_t *figure) { return figure->opening.given ? figure->opening.value : 0; }

/* Where the figure stands in a report; -1: nowhere, or it is about people. */
static int32_t place_in(const stand_t *stand, const figure_t *like) {
    for (uint32_t index = 0; stand->revision > 0 && index < stand->report.figures_count; index++)
        if (text_equal(stand->report.figures[index].indicator, like->indicator) &&
            text_equal(stand->report.figures[index].member, like->member) && stand->amounts[index] >= 0)
            return (int32_t)index;
    return -1;
}

/* All months through `until`, in which the report of `changed` says what `instead` says. */
static int64_t running_through(const stand_t *stands, const figure_t *like, uint32_t until, uint32_t changed,
                               const stand_t *instead) {
    int64_t sum = 0;
    for (uint32_t period = 0; period <= until; period++) {
        const stand_t *stand = period == changed ? instead : &stands[period];
        int32_t at = place_in(stand, like);
        if (at >= 0) sum += stand->amounts[at] + opening_of(&stand->report.figures[at]);
    }
    return sum;
}

static const restated_total_t *row_of(const restated_told_t *told, const figure_t *like) {
    for (uint32_t index = 0; index < told->rows_count; index++)
        if (text_equal(told->rows[index].indicator, like->indicator) && text_equal(told->rows[index].member, like->member))
            return &told->rows[index];
    return NULL;
}

static bool typed_holds(const restated_total_t *row, text_t period, maybe_t typed, int64_t after) {
    for (uint32_t index = 0; index < row->typed_count; index++)
        if (text_equal(row->typed[index].period, period))
            return typed.given && row->typed[index].typed == (uint64_t)typed.value && row->typed[index].after == (uint64_t)after;
    return !typed.given;
}

/* What is expected of one entry, counted as it is gone through. */
typedef struct {
    recount_t *count;
    const restated_told_t *told;
    const stand_t *stands, *before;
    uint32_t changed;
    uint32_t months, typed; /* that the event has to tell */
} restated_check_t;

static uint32_t place_of(const restated_check_t *check, text_t period) {
    const planbook_t *book = check->count->sim->book;
    const period_t *found = planbook_period(book, period);
    return found == NULL ? UINT32_MAX : planbook_period_index(book, found);
}

/* A month that is reported, of a figure that moved by as much as its row says. */
static bool month_holds(restated_check_t *check, const figure_t *figure, uint32_t period, int64_t was, int64_t is) {
    text_t id = check->count->sim->plan.periods[period].id;
    const restated_total_t *row = row_of(check->told, figure);
    if (row == NULL || row->after - row->before != (uint64_t)is - (uint64_t)was) return false;
    bool later = period > check->changed;
    check->months += later;
    check->typed += figure->running.given;
    if (later && (period < place_of(check, row->first) || period > place_of(check, row->last))) return false;
    return typed_holds(row, id, figure->running, is) &&
           row->after == (uint64_t)running_through(check->stands, figure, check->changed, check->changed,
                                                   &check->stands[check->changed]);
}

static void months_hold(restated_check_t *check, uint64_t seq, uint32_t period, bool back) {
    sim_t *sim = check->count->sim;
    const stand_t *stand = &check->stands[period];
    for (uint32_t index = 0; stand->revision > 0 && index < stand->report.figures_count; index++) {
        const figure_t *figure = &stand->report.figures[index];
        if (stand->amounts[index] < 0) continue;
        int64_t was = running_through(check->stands, figure, period, check->changed, check->before);
        int64_t is = running_through(check->stands, figure, period, check->changed, &check->stands[check->changed]);
        bool stale = figure->running.given && figure->running.value != is;
        if (period == check->changed ? !back || !stale : was == is) continue; /* what came back and was typed may be wrong now */
        SIM_HOLDS(sim, "later_totals_are_restated", month_holds(check, figure, period, was, is),
                  "entry %llu moved period %u from %lld to %lld", (unsigned long long)seq, period, (long long)was, (long long)is);
    }
}

void sim_recount_restated(recount_t *count, uint64_t seq, const stand_t *stands, uint32_t changed, const stand_t *before,
                          bool back) {
    sim_t *sim = count->sim;
    event_t event;
    restated_told_t told = {0};
    restated_check_t check = {.count = count, .told = &told, .stands = stands, .before = before, .changed = changed};
    bool there = false;
    uint64_t months = 0;
    uint32_t typed = 0;
    for (uint64_t at = count->verdict_at; !there && txn_event(count->verdicts, at, sim->moment, &event, NULL); at++) {
        if (event.cause_seq != seq) break;
        there = restated_of_event(&event, sim->moment, &told);
    }
    for (uint32_t period = changed; period < sim->plan.periods_count; period++) months_hold(&check, seq, period, back);
    for (uint32_t index = 0; index < told.rows_count; index++) {
        months += told.rows[index].months;
        typed += told.rows[index].typed_count;
    }
    SIM_HOLDS(sim, "later_totals_are_restated",
              there && months == check.months && typed == check.typed && (told.rows_count > 0) == (months + typed > 0),
              "entry %llu: %llu months and %u typed told, %u and %u moved", (unsigned long long)seq, (unsigned long long)months,
              typed, check.months, check.typed);
}

/* Every figure that stands, as validation tells it: month, running total, stale or not. */
static void standing_compare(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period) {
    sim_t *sim = count->sim;
    const stand_t *stands = count->stands[unit][task], *stand = &stands[period];
    standing_ask_t ask = {
        .unit = sim->plan.units[unit].id, .task = sim->plan.tasks[task].id, .period = sim->plan.periods[period].id};
    standing_told_t told;
    uint32_t expected = 0;
    sim_ask(sim, "validation", standing_ask_type(), &ask, standing_told_type(), &told);
    for (uint32_t index = 0; index < stand->report.figures_count; index++) {
        const figure_t *figure = &stand->report.figures[index];
        if (stand->amounts[index] < 0) continue;
        int64_t running = running_through(stands, figure, period, period, stand);
        maybe_t typed = figure->running;
        bool found = false;
        for (uint32_t row = 0; row < told.figures_count; row++) {
            const figure_standing_t *one = &told.figures[row];
            if (!text_equal(one->indicator, figure->indicator) || !text_equal(one->member, figure->member)) continue;
            found = one->amount.value == stand->amounts[index] && one->running.value == running &&
                    one->stale == (typed.given && typed.value != running);
        }
        SIM_HOLDS(sim, "figures_are_recounted", found, "u%u t%u p%u: not %lld in the month, %lld in all", unit, task, period,
                  (long long)stand->amounts[index], (long long)running);
        expected++;
    }
    SIM_HOLDS(sim, "figures_are_recounted", told.figures_count == expected, "u%u t%u p%u: %u figures told, %u stand", unit,
              task, period, told.figures_count, expected);
}

/* The newest value in a figure's history is what stands, unless that was returned: a return is no submission. */
static void history_compare(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period) {
    sim_t *sim = count->sim;
    const stand_t *stand = &count->stands[unit][task][period];
    for (uint32_t index = 0; index < stand->report.figures_count; index++) {
        if (stand->amounts[index] < 0) continue;
        const figure_t *figure = &stand->report.figures[index];
        history_ask_t ask = {.unit = sim->plan.units[unit].id,
                             .indicator = figure->indicator,
                             .member = figure->member,
                             .period = sim->plan.periods[period].id};
        history_t told;
        maybe_t newest = {0};
        sim_ask(sim, "validation", history_ask_type(), &ask, history_type(), &told);
        for (uint32_t row = 0; row < told.rows_count; row++)
            if (text_equal(told.rows[row].member, figure->member)) newest = told.rows[row].after;
        SIM_HOLDS(sim, "histories_end_in_what_stands", newest.given && newest.value == stand->amounts[index],
                  "u%u t%u p%u: %lld, not %lld", unit, task, period, (long long)newest.value, (long long)stand->amounts[index]);
    }
}

void sim_recount_figures(const recount_t *count) {
    const plan_t *plan = &count->sim->plan;
    for (uint32_t unit = 0; unit < plan->units_count; unit++)
        for (uint32_t task = 0; task < plan->tasks_count; task++)
            for (uint32_t period = 0; period < plan->periods_count; period++) {
                if (count->stands[unit][task][period].revision == 0) continue;
                arena_reset(count->sim->moment);
                standing_compare(count, unit, task, period);
                const stand_t *stand = &count->stands[unit][task][period];
                if (stand->revision > 1 && stand->counts == stand->revision) history_compare(count, unit, task, period);
            }
}
