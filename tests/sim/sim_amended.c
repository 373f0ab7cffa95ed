/* What another plan in the middle of the year means for obligations, by the rules as they are written down. */
#include "tests/sim/sim_recount.h"

enum { NEW = UINT32_MAX }; /* it stood nowhere before */

bool sim_is_owed(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period) {
    bool reported = count->stands[unit][task][period].revision > 0; /* that stays in the books, whoever is gone since */
    return reported || (sim_owes(&count->sim->plan, unit, task, period) && !count->spared[unit][task][period]);
}

static bool is_past(const plan_t *plan, uint32_t period, int64_t at_ms) {
    deadline_t due = deadline_resolve(plan, plan->periods[period].due);
    return at_ms > due.due_ms + due.grace_ms;
}

/* "What an amendment makes owed when it is past already is owed by nobody." */
static bool comes_too_late(const recount_t *count, const plan_t *old, uint32_t period, uint32_t before, int64_t at_ms) {
    const plan_t *plan = &count->sim->plan;
    bool past = is_past(plan, period, at_ms);
    if (before == NEW) return past && at_ms >= instant_of_day(plan, plan->periods[period].from, 0);
    bool open = count->passed_ms >= instant_of_day(old, old->periods[before].from, 0); /* a day off may bring it forward */
    return open && past && is_past(old, before, count->passed_ms);
}

/* "Unless an extension gives time for it": one that was granted while it was owed before holds when it is owed again. */
static bool has_time(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period, int64_t at_ms) {
    uint64_t seq;
    int64_t looked_ms;
    deadline_t own = sim_deadline(count, unit, task, period, &seq, &looked_ms);
    return count->stands[unit][task][period].extended_seq != 0 && at_ms <= own.due_ms + own.grace_ms;
}

/* Nothing is said of it from here on until it is owed again. */
static void quiet_begin(recount_t *count, uint32_t unit, uint32_t task, uint32_t period, int64_t at_ms) {
    ASSERT(count->quiet_count < SIM_QUIETS);
    count->quiets[count->quiet_count++] =
        (quiet_t){.unit = unit, .task = task, .period = period, .from_ms = at_ms, .to_ms = INT64_MAX};
}

void sim_quiet_end(recount_t *count, uint32_t unit, uint32_t task, uint32_t period, int64_t at_ms) {
    for (uint32_t index = 0; index < count->quiet_count; index++) {
        quiet_t *quiet = &count->quiets[index];
        bool same = quiet->unit == unit && quiet->task == task && quiet->period == period;
        if (same && quiet->to_ms == INT64_MAX) quiet->to_ms = at_ms;
    }
}

/* Where each period of the plan at hand stood before. "Nothing that has an id goes": it has the days that it had. */
static void periods_before(const recount_t *count, const plan_t *old, uint32_t before[SIM_PERIODS]) {
    const plan_t *plan = &count->sim->plan;
    for (uint32_t period = 0; period < SIM_PERIODS; period++) before[period] = NEW;
    for (uint32_t period = 0; count->amended && period < old->periods_count; period++) {
        uint32_t now = sim_period_now(plan, old, period);
        const period_t *was = &old->periods[period], *is = &plan->periods[now];
        bool same = was->from == is->from && was->to == is->to && was->confirmation == is->confirmation;
        SIM_HOLDS(count->sim, "periods_keep_their_days", same, "p%u", period);
        before[now] = period;
    }
}

/* What is counted stands by a period's place. */
static void places_follow(recount_t *count, const plan_t *old) {
    const plan_t *plan = &count->sim->plan;
    uint32_t now[SIM_PERIODS] = {0};
    for (uint32_t period = 0; period < old->periods_count; period++) now[period] = sim_period_now(plan, old, period);
    for (uint32_t unit = 0; unit < SIM_UNITS; unit++)
        for (uint32_t task = 0; task < SIM_TASKS; task++)
            for (uint32_t period = old->periods_count; period > 0; period--) { /* places only grow */
                uint32_t from = period - 1, to = now[from];
                if (from == to) continue;
                count->stands[unit][task][to] = count->stands[unit][task][from];
                count->since_ms[unit][task][to] = count->since_ms[unit][task][from];
                count->stands[unit][task][from] = (stand_t){0};
                count->since_ms[unit][task][from] = 0;
            }
    for (uint32_t index = 0; index < count->saying_count; index++) count->sayings[index].period = now[count->sayings[index].period];
    for (uint32_t index = 0; index < count->decision_count; index++)
        count->decisions[index].saying.period = now[count->decisions[index].saying.period];
    for (uint64_t index = 0; index < count->promise_count; index++)
        count->promises[index].period = now[count->promises[index].period];
    for (uint32_t index = 0; index < count->request_count; index++)
        count->requests[index].period = now[count->requests[index].period];
    for (uint32_t index = 0; index < count->quiet_count; index++) count->quiets[index].period = now[count->quiets[index].period];
}

void sim_plan_count(recount_t *count, const event_t *event) {
    sim_t *sim = count->sim;
    plan_t old = sim->plan;
    bool owed[SIM_UNITS][SIM_TASKS][SIM_PERIODS] = {{{false}}};
    for (uint32_t unit = 0; count->amended && unit < old.units_count; unit++)
        for (uint32_t task = 0; task < old.tasks_count; task++)
            for (uint32_t period = 0; period < old.periods_count; period++)
                owed[unit][task][period] = sim_owes(&old, unit, task, period) && !count->spared[unit][task][period];
    sim_plan_take(sim, count->ledger, event->seq);
    const plan_t *plan = &sim->plan;
    uint32_t before[SIM_PERIODS];
    periods_before(count, &old, before);
    if (count->amended) places_follow(count, &old);
    for (uint32_t unit = 0; count->amended && unit < plan->units_count; unit++)
        for (uint32_t task = 0; task < plan->tasks_count; task++)
            for (uint32_t period = 0; period < plan->periods_count; period++) {
                uint32_t place = before[period];
                bool was = place != NEW && owed[unit][task][place];
                bool moved = was && plan->periods[period].due != old.periods[place].due;
                if (moved || !was) count->since_ms[unit][task][period] = event->at_ms;
                bool late = !was && comes_too_late(count, &old, period, place, event->at_ms);
                count->spared[unit][task][period] = late && !has_time(count, unit, task, period, event->at_ms);
                bool owes = sim_owes(plan, unit, task, period);
                if (was && !owes) quiet_begin(count, unit, task, period, event->at_ms);
                if (owes && sim_is_owed(count, unit, task, period)) sim_quiet_end(count, unit, task, period, event->at_ms);
            }
    count->amended = true;
}
