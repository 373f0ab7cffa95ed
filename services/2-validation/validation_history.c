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
        if (month->period_from > period_from) continue;
        past.before += amount + opening_of(month);
        if (amount > 0) past.last = amount; /* ascending: the last one stays */
    }
    return past;
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
                                                const figure_t *figures, uint32_t figures_count, uint64_t revision,
                                                arena_t *arena) {
    validation_month_t *months = ARENA_NEW(arena, validation_month_t, old->months_count + figures_count);
    uint32_t count = 0;
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
                                          .revision = revision});
    }
    return (validation_history_t){.months = months, .months_count = count};
}
