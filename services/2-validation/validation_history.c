/* The months behind a running total: summed when asked, replaced when revised, never incremented. */
#include "services/2-validation/validation_rules.h"

#include <string.h>

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

/* Where the months of the period begin, or belong. */
static uint32_t month_place(const validation_history_t *history, uint32_t period_from) {
    uint32_t at = 0;
    while (at < history->months_count && history->months[at].period_from < period_from) at++;
    return at;
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

static const validation_month_t *month_of(const validation_history_t *history, text_t member, uint32_t period_from) {
    for (uint32_t index = month_place(history, period_from); index < history->months_count; index++) {
        if (history->months[index].period_from > period_from) break;
        if (text_equal(history->months[index].member, member)) return &history->months[index];
    }
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

/* One member: the months after the one at hand, all moved by the same difference. */
static restated_total_t member_restated(const restated_case_t *given, text_t member, arena_t *arena) {
    const validation_history_t *fresh = given->fresh;
    const validation_month_t *own = month_of(fresh, member, given->period_from), *last = NULL;
    int64_t before = running_at(given->old, member, given->period_from), after = running_at(fresh, member, given->period_from);
    restated_typed_t *typed = arena_room(arena, sizeof *typed * fresh->months_count);
    restated_total_t row = {
        .indicator = given->indicator, .member = member, .before = (uint64_t)before, .after = (uint64_t)after, .typed = typed};
    if (given->back && own != NULL && own->typed.value != after) typed_add(given, own, after, typed, &row.typed_count);
    int64_t running = after; /* may come to `before` on its way, and what is behind has moved all the same */
    for (uint32_t index = month_place(fresh, given->period_from); before != after && index < fresh->months_count; index++) {
        const validation_month_t *month = &fresh->months[index];
        if (month->gone || month->period_from <= given->period_from || !text_equal(month->member, member)) continue;
        if (row.months++ == 0) row.first = period_id(given->plan, month->period_from);
        last = month;
        typed_add(given, month, running += month_total(month), typed, &row.typed_count);
    }
    if (last != NULL) row.last = period_id(given->plan, last->period_from);
    return row;
}

static bool is_moved(const restated_case_t *given, const validation_month_t *old, const validation_month_t *fresh) {
    if (given->back && fresh != NULL && fresh->typed.given) return true; /* by an earlier month, perhaps */
    return (old == NULL ? 0 : month_total(old)) != (fresh == NULL ? 0 : month_total(fresh));
}

/* The members of `side`'s months at hand that the other side has too, or that it lacks. */
static uint32_t side_restated(const restated_case_t *given, bool only_old, arena_t *arena, restated_total_t *out, uint32_t room) {
    const validation_history_t *side = only_old ? given->old : given->fresh, *other = only_old ? given->fresh : given->old;
    uint32_t count = 0;
    for (uint32_t index = month_place(side, given->period_from); index < side->months_count && count < room; index++) {
        const validation_month_t *month = &side->months[index];
        if (month->period_from > given->period_from) break;
        const validation_month_t *match = month_of(other, month->member, given->period_from);
        if (only_old ? match != NULL || !is_moved(given, month, NULL) : !is_moved(given, match, month)) continue;
        out[count] = member_restated(given, month->member, arena);
        count += out[count].months > 0 || out[count].typed_count > 0;
    }
    return count;
}

uint32_t validation_restated(const restated_case_t *given, arena_t *arena, restated_total_t *out, uint32_t room) {
    uint32_t count = side_restated(given, false, arena, out, room);
    return count + side_restated(given, true, arena, out + count, room - count);
}

static int month_compare(const validation_month_t *a, const validation_month_t *b) {
    if (a->period_from != b->period_from) return a->period_from < b->period_from ? -1 : 1;
    return text_compare(a->member, b->member);
}

static void months_copy(validation_month_t *to, const validation_month_t *from, uint32_t count) {
    if (count > 0) memcpy(to, from, count * sizeof *to);
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
                                                arena_t *arena) {
    validation_month_t *months = arena_room(arena, sizeof *months * ((size_t)old->months_count + figures_count + 1));
    uint32_t begin = month_place(old, period_from), end = begin, count = begin;
    bool carried = false;
    while (end < old->months_count && old->months[end].period_from == period_from) carried |= old->months[end++].carried;
    months_copy(months, old->months, begin);
    for (uint32_t index = 0; index < figures_count; index++) {
        const figure_t *figure = &figures[index];
        if (!text_equal(figure->indicator, indicator) || !figure->amount.given) continue;
        month_insert(months, &count,
                     (validation_month_t){.period_from = period_from,
                                          .member = figure->member,
                                          .amount = (uint64_t)figure->amount.value,
                                          .opening = figure->opening,
                                          .carried = carried || figure->opening.given,
                                          .typed = said[index].running});
    }
    if (carried && count == begin)
        month_insert(months, &count,
                     (validation_month_t){.period_from = period_from, .carried = true, .gone = true});
    uint32_t later = old->months_count - end;
    months_copy(months + count, old->months + end, later);
    return (validation_history_t){.indicator = indicator, .months = months, .months_count = count + later};
}
