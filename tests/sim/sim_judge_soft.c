/* The second opinion on soft rules: naive, from the rules as they are written down. */
#include "tests/sim/sim_judge.h"

/* Is this soft fault, if it is there, one that lets the report pass? */
static bool passes(const case_t *given, const char *code) {
    const plan_t *plan = &given->count->sim->plan;
    strictness_t how = strictness_soft;
    for (uint32_t index = 0; index < plan->soft_rules_count; index++)
        if (text_is(plan->soft_rules[index].code, code)) how = plan->soft_rules[index].strictness;
    if (how != strictness_soft) return how == strictness_off;
    for (uint32_t index = 0; index < given->report->explanations_count; index++)
        if (text_is(given->report->explanations[index].code, code)) return true;
    return false;
}

/* What the unit's other reports say of the figure, period by period; 0 where they say nothing or nil. */
static int64_t month_in(const case_t *given, const figure_t *figure, uint32_t period) {
    const stand_t *stand = &given->count->stands[given->unit][given->task_index][period];
    for (uint32_t index = 0; stand->revision > 0 && index < stand->report.figures_count; index++) {
        const figure_t *one = &stand->report.figures[index];
        if (text_equal(one->indicator, figure->indicator) && text_equal(one->member, figure->member) &&
            stand->amounts[index] > 0)
            return stand->amounts[index];
    }
    return 0;
}

/* Was the figure said at all in that period, if only as nil? */
static bool is_said(const case_t *given, const figure_t *figure, uint32_t period) {
    const stand_t *stand = &given->count->stands[given->unit][given->task_index][period];
    for (uint32_t index = 0; stand->revision > 0 && index < stand->report.figures_count; index++)
        if (text_equal(stand->report.figures[index].indicator, figure->indicator) &&
            text_equal(stand->report.figures[index].member, figure->member) && stand->amounts[index] >= 0)
            return true;
    return false;
}

static bool factor_fits(int64_t amount, int64_t last) {
    int64_t small = amount < last ? amount : last, large = amount < last ? last : amount;
    return small > 0 && large >= small * 5000 && large <= small * 20000;
}

/* Five times the median, or a fifth of it, where there are two months or more. */
static bool median_is_far(const case_t *given, const figure_t *figure, int64_t amount) {
    int64_t months[SIM_PERIODS];
    uint32_t count = 0;
    for (uint32_t period = 0; period < given->count->sim->plan.periods_count; period++) {
        int64_t month = period == given->period_index ? 0 : month_in(given, figure, period);
        if (month == 0) continue;
        uint32_t at = count++;
        for (; at > 0 && months[at - 1] > month; at--) months[at] = months[at - 1];
        months[at] = month;
    }
    if (count < 2) return false;
    int64_t median = count % 2 == 1 ? months[count / 2] : (months[count / 2 - 1] + months[count / 2]) / 2;
    return amount >= median * 5 || amount <= median / 5;
}

static bool figure_passes(const case_t *given, const indicator_t *indicator, const figure_t *figure, int64_t amount) {
    bool money = indicator->measure == measure_money;
    int64_t last = 0, before = 0;
    for (uint32_t period = 0; period < given->period_index; period++) {
        int64_t month = month_in(given, figure, period);
        if (month > 0) last = month;
        if (is_said(given, figure, period)) before = month;
    }
    for (uint32_t period = given->period_index + 1; last == 0 && period < given->count->sim->plan.periods_count; period++)
        last = month_in(given, figure, period);
    bool factor = money && factor_fits(amount, last);
    if (factor && !passes(given, "factor_10000")) return false;
    if (!factor && median_is_far(given, figure, amount) && !passes(given, "outlier")) return false;
    bool same = money && !indicator->steady && figure->items_count == 0 && before == amount;
    if (same && !passes(given, "same_as_before")) return false;
    return !money || passes(given, "no_evidence"); /* reports of the simulation bring none */
}

static bool month_is_skipped(const case_t *given) {
    const stand_t *stands = given->count->stands[given->unit][given->task_index];
    uint32_t at = given->period_index;
    if (at < 2 || stands[at].revision > 0 || stands[at - 1].revision > 0) return false;
    if (!sim_owes(&given->count->sim->plan, given->unit, given->task_index, at - 1)) return false;
    for (uint32_t period = 0; period + 1 < at; period++)
        if (stands[period].revision > 0) return true;
    return false;
}

bool sim_judge_soft(const case_t *given) {
    if (month_is_skipped(given) && !passes(given, "month_skipped")) return false;
    for (uint32_t index = 0; index < given->report->figures_count; index++) {
        const figure_t *figure = &given->report->figures[index];
        const indicator_t *indicator = planbook_indicator(given->count->sim->book, figure->indicator);
        int64_t amount = given->fresh->amounts[index];
        if (amount > 0 && !figure_passes(given, indicator, figure, amount)) return false;
    }
    return true;
}
