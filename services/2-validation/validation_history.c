/* The months behind a running total: summed when asked, replaced when revised, never incremented. */
#include "services/2-validation/validation_rules.h"

#include <string.h>

static int64_t opening_of(const validation_month_t *month) { return month->opening.given ? month->opening.value : 0; }

static const validation_month_t *months_end(const validation_history_t *history) {
    return history->months == NULL ? NULL : history->months + history->months_count;
}

/* Amounts above 0: how many, the least, the most. */
typedef struct {
    uint32_t count;
    int64_t least, most;
} spread_t;

static inline spread_t spread_with(spread_t spread, int64_t amount) {
    if (amount == 0) return spread;
    if (spread.count == 0 || amount < spread.least) spread.least = amount;
    if (amount > spread.most) spread.most = amount;
    spread.count++;
    return spread;
}

validation_past_t validation_past(const validation_history_t *history, text_t member, uint32_t period_from) {
    const validation_month_t *month = history->months, *end = months_end(history);
    int64_t before = 0, behind = 0, last = 0, later = 0;
    bool opening_taken = month != end;
    spread_t spread = {0};
    for (; month != end && month->period_from < period_from; month++) {
        if (!text_equal(month->member, member)) continue;
        int64_t amount = (int64_t)month->amount;
        spread = spread_with(spread, amount);
        before += amount + opening_of(month);
        if (amount > 0) last = amount; /* ascending: the last one stays */
    }
    for (; month != end && month->period_from == period_from; month++)
        if (month->carried) opening_taken = false;
    for (; month != end; month++) {
        if (!text_equal(month->member, member)) continue;
        int64_t amount = (int64_t)month->amount;
        spread = spread_with(spread, amount);
        behind += amount + opening_of(month);
        if (later == 0) later = amount;
    }
    return (validation_past_t){.before = before,
                               .others = before + behind,
                               .last = last,
                               .later = later,
                               .months = spread.count,
                               .least = spread.least,
                               .most = spread.most,
                               .opening_taken = opening_taken};
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

static inline int64_t month_total(const validation_month_t *month) { return (int64_t)month->amount + opening_of(month); }

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

months_t validation_months(const validation_history_t *history, uint32_t period_from) {
    months_t months = {0};
    uint32_t at = 0;
    while (at < history->months_count && history->months[at].period_from < period_from) at++;
    months.begin = at;
    while (at < history->months_count && history->months[at].period_from == period_from) at++;
    months.count = at - months.begin;
    if (months.count > 0) months.at = &history->months[months.begin];
    return months;
}

static text_t period_id(const plan_t *plan, uint32_t period_from) {
    for (uint32_t index = 0; index < plan->periods_count; index++)
        if (plan->periods[index].from == period_from) return plan->periods[index].id;
    return text_of(NULL);
}

static const validation_month_t *month_of(const months_t *months, text_t member) {
    for (uint32_t index = 0; index < months->count; index++)
        if (text_equal(months->at[index].member, member)) return &months->at[index];
    return NULL;
}

/* A running total that was typed for this month, held against what it comes to. */
static void typed_add(const restated_case_t *given, const validation_month_t *month, int64_t after, restated_typed_t *typed,
                      uint32_t *count) {
    if (!month->typed.given) return;
    typed[(*count)++] = (restated_typed_t){.period = period_id(given->plan, month->period_from),
                                           .typed = (uint64_t)month->typed.value,
                                           .after = (uint64_t)after};
}

static int64_t total_of(const validation_month_t *month) { return month == NULL ? 0 : month_total(month); }

/* One member, and what it had and has in the month at hand: the months after it, all moved by the same difference. */
static restated_total_t member_restated(const restated_case_t *given, text_t member, const validation_month_t *old,
                                        const validation_month_t *own, arena_t *arena) {
    const validation_month_t *month = given->fresh->months, *end = months_end(given->fresh), *last = NULL;
    int64_t earlier = 0;
    for (; month != end && month->period_from < given->period_from; month++)
        if (text_equal(month->member, member)) earlier += month_total(month);
    while (month != end && month->period_from == given->period_from) month++;
    int64_t before = earlier + total_of(old), after = earlier + total_of(own);
    restated_typed_t *typed = arena_room(arena, sizeof *typed * ((size_t)(end - month) + 1));
    restated_total_t row = {
        .indicator = given->indicator, .member = member, .before = (uint64_t)before, .after = (uint64_t)after, .typed = typed};
    if (given->back && own != NULL && own->typed.value != after) typed_add(given, own, after, typed, &row.typed_count);
    int64_t running = after; /* may come to `before` on its way, and what is behind has moved all the same */
    for (; before != after && month != end; month++) {
        if (month->gone || !text_equal(month->member, member)) continue;
        if (row.months++ == 0) row.first = period_id(given->plan, month->period_from);
        last = month;
        typed_add(given, month, running += month_total(month), typed, &row.typed_count);
    }
    if (last != NULL) row.last = period_id(given->plan, last->period_from);
    return row;
}

static bool is_moved(const restated_case_t *given, const validation_month_t *old, const validation_month_t *fresh) {
    if (given->back && fresh != NULL && fresh->typed.given) return true; /* by an earlier month, perhaps */
    return total_of(old) != total_of(fresh);
}

/* Adds the row of a member that moved, if that moved anything else. */
static uint32_t restate(const restated_case_t *given, const validation_month_t *old, const validation_month_t *own, arena_t *arena,
                        restated_total_t *out) {
    if (!is_moved(given, old, own)) return 0;
    *out = member_restated(given, (own == NULL ? old : own)->member, old, own, arena);
    return out->months > 0 || out->typed_count > 0;
}

uint32_t validation_restated(const restated_case_t *given, arena_t *arena, restated_total_t *out, uint32_t room) {
    months_t own = validation_months(given->fresh, given->period_from);
    const months_t *old = &given->old;
    uint32_t count = 0;
    for (uint32_t index = 0; index < own.count && count < room; index++)
        count += restate(given, month_of(old, own.at[index].member), &own.at[index], arena, out + count);
    for (uint32_t index = 0; index < old->count && count < room; index++) /* what is stated no more */
        if (month_of(&own, old->at[index].member) == NULL)
            count += restate(given, &old->at[index], NULL, arena, out + count);
    return count;
}

static int month_compare(const validation_month_t *a, const validation_month_t *b) {
    if (a->period_from != b->period_from) return a->period_from < b->period_from ? -1 : 1;
    return text_compare(a->member, b->member);
}

static void months_copy(validation_month_t *to, const validation_month_t *from, uint32_t begin, uint32_t count) {
    if (count > 0) memcpy(to, from + begin, count * sizeof *to); /* where there are none, `from` is NULL */
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

months_t validation_months_said(const months_t *old, text_t indicator, uint32_t period_from, const figure_t *figures,
                                const figure_t *said, uint32_t figures_count, arena_t *arena) {
    validation_month_t *months = arena_room(arena, sizeof *months * ((size_t)figures_count + 1));
    uint32_t count = 0;
    bool carried = false;
    for (uint32_t index = 0; index < old->count; index++) carried |= old->at[index].carried;
    for (uint32_t index = 0; index < figures_count; index++) {
        const figure_t *figure = &figures[index];
        if (!id_equal(figure->indicator, indicator) || !figure->amount.given) continue;
        month_insert(months, &count,
                     (validation_month_t){.period_from = period_from,
                                          .member = figure->member,
                                          .amount = (uint64_t)figure->amount.value,
                                          .opening = figure->opening,
                                          .carried = carried || figure->opening.given,
                                          .typed = said[index].running});
    }
    if (carried && count == 0)
        month_insert(months, &count, (validation_month_t){.period_from = period_from, .carried = true, .gone = true});
    return (months_t){.at = months, .begin = old->begin, .count = count};
}

validation_history_t validation_history_replace(const validation_history_t *old, text_t indicator, uint32_t period_from,
                                                const figure_t *figures, const figure_t *said, uint32_t figures_count,
                                                arena_t *arena) {
    months_t known = validation_months(old, period_from);
    months_t fresh = validation_months_said(&known, indicator, period_from, figures, said, figures_count, arena);
    uint32_t behind = known.begin + known.count, later = old->months_count - behind;
    validation_month_t *months = arena_room(arena, sizeof *months * ((size_t)old->months_count + fresh.count));
    months_copy(months, old->months, 0, known.begin);
    months_copy(months + known.begin, fresh.at, 0, fresh.count);
    months_copy(months + known.begin + fresh.count, old->months, behind, later);
    return (validation_history_t){.indicator = indicator, .months = months, .months_count = known.begin + fresh.count + later};
}
