/* The months behind a running total: summed when asked, replaced when revised, never incremented. */
#include "services/2-validation/validation_rules.h"

static int64_t opening_of(const validation_month_t *month) { return month->opening.given ? month->opening.value : 0; }

validation_past_t validation_past(const validation_history_t *history, text_t member, uint32_t period_from) {
    validation_past_t past = {.opening_taken = history->months_count > 0};
    for (uint32_t index = 0; index < history->months_count; index++) {
        const validation_month_t *month = &history->months[index];
        bool ours = month->period_from == period_from;
        if (ours && month->carried) past.opening_taken = false;
        if (ours || !text_equal(month->member, member)) continue;
        int64_t amount = (int64_t)month->amount;
        past.others += amount + opening_of(month);
        if (amount > 0) {
            if (past.months == 0 || amount < past.least) past.least = amount;
            if (amount > past.most) past.most = amount;
            past.months++;
        }
        if (month->period_from > period_from && past.later == 0) past.later = amount;
        if (month->period_from > period_from) continue;
        past.before += amount + opening_of(month);
        if (amount > 0) past.last = amount; /* ascending: the last one stays */
    }
    return past;
}

int64_t validation_median(const validation_history_t *history, text_t member, uint32_t period_from, arena_t *arena) {
    int64_t *amounts = arena_room(arena, sizeof *amounts * history->months_count);
    uint32_t count = 0;
    for (uint32_t index = 0; index < history->months_count; index++) {
        const validation_month_t *month = &history->months[index];
        if (month->period_from == period_from || month->gone || month->amount == 0 || !text_equal(month->member, member)) continue;
        uint32_t at = count++; /* of one member there are LIMIT_PERIODS at most */
        for (; at > 0 && amounts[at - 1] > (int64_t)month->amount; at--) amounts[at] = amounts[at - 1];
        amounts[at] = (int64_t)month->amount;
    }
    return count == 0 ? 0 : (amounts[(count - 1) / 2] + amounts[count / 2]) / 2; /* LIMIT_TOTAL: no overflow */
}

uint32_t validation_equal_months(const validation_history_t *history, text_t member, uint32_t period_from, int64_t amount,
                                 uint32_t *last_from) {
    uint32_t run = 0;
    for (uint32_t index = 0; index < history->months_count; index++) {
        const validation_month_t *month = &history->months[index];
        if (month->period_from >= period_from) break;
        if (month->gone || !text_equal(month->member, member)) continue;
        run = (int64_t)month->amount == amount ? run + 1 : 0;
        *last_from = month->period_from;
    }
    return run;
}

static int64_t month_total(const validation_month_t *month) { return (int64_t)month->amount + opening_of(month); }

uint32_t validation_standings(const validation_history_t *history, text_t indicator, uint32_t period_from,
                              figure_standing_t *out, uint32_t room) {
    uint32_t count = 0;
    for (uint32_t index = 0; index < history->months_count && count < room; index++) {
        const validation_month_t *month = &history->months[index];
        if (month->gone || month->period_from != period_from) continue;
        int64_t running = validation_past(history, month->member, period_from).before + month_total(month);
        out[count++] = (figure_standing_t){.indicator = indicator,
                                           .member = month->member,
                                           .amount = {true, (int64_t)month->amount},
                                           .running = {true, running},
                                           .typed = month->typed,
                                           .stale = month->typed.given && month->typed.value != running};
    }
    return count;
}

/* What a member's months up to and with the one that begins on `period_from` come to. */
static int64_t running_at(const validation_history_t *history, text_t member, uint32_t period_from) {
    int64_t sum = 0;
    for (uint32_t index = 0; index < history->months_count && history->months[index].period_from <= period_from; index++)
        if (text_equal(history->months[index].member, member)) sum += month_total(&history->months[index]);
    return sum;
}

static text_t period_id(const plan_t *plan, uint32_t period_from) {
    for (uint32_t index = 0; index < plan->periods_count; index++)
        if (plan->periods[index].from == period_from) return plan->periods[index].id;
    return text_of(NULL);
}

/* The later months of one member, all moved by the same difference. */
static uint32_t member_restated(const validation_history_t *old, const validation_history_t *fresh, text_t indicator,
                                text_t member, const plan_t *plan, uint32_t period_from, restated_total_t *out,
                                uint32_t room) {
    int64_t before = running_at(old, member, period_from), after = running_at(fresh, member, period_from);
    uint32_t count = 0;
    if (before == after) return 0;
    for (uint32_t index = 0; index < fresh->months_count && count < room; index++) {
        const validation_month_t *month = &fresh->months[index];
        if (month->gone || month->period_from <= period_from || !text_equal(month->member, member)) continue;
        before += month_total(month);
        after += month_total(month);
        out[count++] = (restated_total_t){.indicator = indicator,
                                          .member = member,
                                          .period = period_id(plan, month->period_from),
                                          .before = (uint64_t)before,
                                          .after = (uint64_t)after,
                                          .typed = month->typed,
                                          .stale = month->typed.given && month->typed.value != after};
    }
    return count;
}

uint32_t validation_restated(const validation_history_t *old, const validation_history_t *fresh, text_t indicator,
                             const plan_t *plan, uint32_t period_from, restated_total_t *out, uint32_t room) {
    uint32_t count = 0;
    if (fresh->months_count == 0 || fresh->months[fresh->months_count - 1].period_from <= period_from) return 0;
    for (uint32_t index = 0; index < fresh->months_count; index++) { /* each member once: at its first later month */
        const validation_month_t *month = &fresh->months[index];
        if (month->period_from <= period_from) continue;
        uint32_t earlier = index;
        while (earlier > 0 && fresh->months[earlier - 1].period_from > period_from &&
               !text_equal(fresh->months[earlier - 1].member, month->member))
            earlier--;
        bool first = earlier == 0 || fresh->months[earlier - 1].period_from <= period_from;
        if (!first) continue;
        count += member_restated(old, fresh, indicator, month->member, plan, period_from, out + count, room - count);
    }
    return count;
}

uint32_t validation_stale(const validation_history_t *old, const validation_history_t *fresh, text_t indicator, const plan_t *plan,
                          uint32_t period_from, restated_total_t *out, uint32_t room) {
    uint32_t count = 0;
    for (uint32_t index = 0; index < fresh->months_count && count < room; index++) {
        const validation_month_t *month = &fresh->months[index];
        if (month->gone || month->period_from != period_from || !month->typed.given) continue;
        int64_t after = running_at(fresh, month->member, period_from);
        if (month->typed.value == after) continue;
        out[count++] = (restated_total_t){.indicator = indicator,
                                          .member = month->member,
                                          .period = period_id(plan, period_from),
                                          .before = (uint64_t)running_at(old, month->member, period_from),
                                          .after = (uint64_t)after,
                                          .typed = month->typed,
                                          .stale = true};
    }
    return count;
}

static int month_compare(const validation_month_t *a, const validation_month_t *b) {
    if (a->period_from != b->period_from) return a->period_from < b->period_from ? -1 : 1;
    return text_compare(a->member, b->member);
}

static void month_insert(validation_month_t *months, uint32_t *count, validation_month_t month) {
    uint32_t at = *count;
    while (at > 0 && month_compare(&months[at - 1], &month) > 0) {
        months[at] = months[at - 1];
        at--;
    }
    months[at] = month;
    (*count)++;
}

validation_history_t validation_history_replace(const validation_history_t *old, text_t indicator, uint32_t period_from,
                                                const figure_t *figures, const figure_t *said, uint32_t figures_count,
                                                uint64_t revision, arena_t *arena) {
    validation_month_t *months = arena_room(arena, sizeof *months * ((size_t)old->months_count + figures_count + 1));
    uint32_t count = 0, ours = 0;
    bool carried = false;
    for (uint32_t index = 0; index < old->months_count; index++) {
        if (old->months[index].period_from != period_from) months[count++] = old->months[index];
        else carried |= old->months[index].carried;
    }
    for (uint32_t index = 0; index < figures_count; index++) {
        const figure_t *figure = &figures[index];
        if (!text_equal(figure->indicator, indicator) || !figure->amount.given) continue;
        month_insert(months, &count,
                     (validation_month_t){.period_from = period_from,
                                          .member = figure->member,
                                          .amount = (uint64_t)figure->amount.value,
                                          .opening = figure->opening,
                                          .carried = carried || figure->opening.given,
                                          .revision = revision,
                                          .typed = said[index].running});
        ours++;
    }
    if (carried && ours == 0)
        month_insert(months, &count,
                     (validation_month_t){.period_from = period_from, .carried = true, .revision = revision, .gone = true});
    return (validation_history_t){.months = months, .months_count = count};
}
