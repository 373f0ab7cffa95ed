/* What another plan in the middle of the year means for obligations, by the rules as they are written down. */
#include "tests/sim/sim_recount.h"

bool sim_is_owed(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period) {
    bool reported = count->stands[unit][task][period].revision > 0;
    return sim_owes(&count->sim->plan, unit, task, period) && (reported || !count->spared[unit][task][period]);
}

static bool is_past(const plan_t *plan, uint32_t period, int64_t at_ms) {
    deadline_t due = deadline_resolve(plan, plan->periods[period].due);
    return at_ms > due.due_ms + due.grace_ms;
}

/* "What an amendment makes owed when it is past already is owed by nobody." */
static bool comes_too_late(const recount_t *count, const plan_t *old, uint32_t period, int64_t at_ms) {
    const plan_t *plan = &count->sim->plan;
    bool past = is_past(plan, period, at_ms);
    if (period >= old->periods_count) return past && at_ms >= instant_of_day(plan, plan->periods[period].from, 0);
    bool open = count->passed_ms >= instant_of_day(old, old->periods[period].from, 0); /* a day off may bring it forward */
    return open && past && is_past(old, period, count->passed_ms);
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
    for (uint32_t unit = 0; count->amended && unit < plan->units_count; unit++)
        for (uint32_t task = 0; task < plan->tasks_count; task++)
            for (uint32_t period = 0; period < plan->periods_count; period++) {
                bool was = owed[unit][task][period], moved = was && plan->periods[period].due != old.periods[period].due;
                if (moved || !was) count->since_ms[unit][task][period] = event->at_ms;
                count->spared[unit][task][period] = !was && comes_too_late(count, &old, period, event->at_ms);
            }
    count->amended = true;
}
