/* The months behind a running total: summed when asked, replaced when revised, never incremented. */
#include "services/2-validation/validation_rules.h"

#include <string.h>

static inline int64_t opening_of(const month_t *month) {
    maybe_t opening = month_opening(month);
    return opening.given ? opening.value : 0;
}

/* Months of one figure that follow one another, added up. */
typedef struct {
    int64_t sum; /* with opening balances */
    int64_t first, last; /* amount that is not 0; 0: none */
    uint32_t count; /* of such amounts, */
    int64_t least, most; /* and the bounds of them: INT64_MAX and 0 where there are none */
} stretch_t;

static stretch_t stretch_of(const month_t *month, const month_t *end, text_t member) {
    stretch_t stretch = {.least = INT64_MAX};
    for (; month != end; month++) {
        int64_t amount = (int64_t)month->amount;
        if (!month_is_of(month, member)) continue;
        stretch.sum += amount + opening_of(month);
        if (amount == 0) continue;
        if (stretch.count++ == 0) stretch.first = amount;
        stretch.last = amount;
        if (amount < stretch.least) stretch.least = amount;
        if (amount > stretch.most) stretch.most = amount;
    }
    return stretch;
}

/* The same of bare months. */
static inline stretch_t stretch_bare(const month_t *month, const month_t *end) {
    int64_t sum = 0, most = 0;
    uint64_t least = INT64_MAX - 1; /* of amounts less 1: 0 is far above them */
    uint32_t zeros = 0;
    for (const month_t *at = month; at != end; at++) {
        uint64_t amount = at->amount;
        sum += (int64_t)amount;
        zeros += amount == 0;
        least = amount - 1 < least ? amount - 1 : least;
        most = (int64_t)amount > most ? (int64_t)amount : most;
    }
    stretch_t stretch = {.sum = sum, .count = (uint32_t)(end - month) - zeros, .least = (int64_t)least + 1, .most = most};
    if (stretch.count == 0) return (stretch_t){.least = INT64_MAX};
    while (month->amount == 0) month++;
    while (end[-1].amount == 0) end--;
    stretch.first = (int64_t)month->amount;
    stretch.last = (int64_t)end[-1].amount;
    return stretch;
}

validation_past_t validation_past(const validation_history_t *history, text_t member, uint32_t period_from) {
    if (history->months_count == 0) return (validation_past_t){0};
    months_t own = validation_months(history, period_from);
    return validation_past_around(history, member, &own);
}

validation_past_t validation_past_around(const validation_history_t *history, text_t member, const months_t *own) {
    const month_t *from = history->months, *end = from + history->months_count;
    const month_t *begin = from + own->begin, *later = begin + own->count;
    bool bare = history->bare && member.size == 0, opening_taken = true;
    stretch_t before = bare ? stretch_bare(from, begin) : stretch_of(from, begin, member);
    stretch_t behind = bare ? stretch_bare(later, end) : stretch_of(later, end, member);
    for (const month_t *month = begin; month != later; month++)
        if (month->carried) opening_taken = false;
    return (validation_past_t){.before = before.sum,
                               .others = before.sum + behind.sum,
                               .last = before.last,
                               .later = behind.first,
                               .months = before.count + behind.count,
                               .least = before.count + behind.count == 0 ? 0
                                        : before.least < behind.least    ? before.least
                                                                         : behind.least,
                               .most = before.most > behind.most ? before.most : behind.most,
                               .opening_taken = opening_taken};
}

int64_t validation_median(const validation_history_t *history, text_t member, uint32_t period_from, arena_t *arena) {
    int64_t *amounts = arena_room(arena, sizeof *amounts * history->months_count);
    uint32_t count = 0;
    for (uint32_t index = 0; index < history->months_count; index++) {
        const month_t *month = &history->months[index];
        if (month->period_from == period_from || month->gone || month->amount == 0 || !month_is_of(month, member)) continue;
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
        const month_t *month = &history->months[index];
        if (month->period_from >= period_from) break;
        if (month->gone || !month_is_of(month, member)) continue;
        run = (int64_t)month->amount == amount ? run + 1 : 0;
        *last_from = month->period_from;
    }
    return run;
}

static inline int64_t month_total(const month_t *month) { return (int64_t)month->amount + opening_of(month); }

uint32_t validation_standings(const validation_history_t *history, text_t indicator, uint32_t period_from,
                              figure_standing_t *out, uint32_t room) {
    uint32_t count = 0;
    for (uint32_t index = 0; index < history->months_count && count < room; index++) {
        const month_t *month = &history->months[index];
        if (month->gone || month->period_from != period_from) continue;
        maybe_t typed = month_typed(month);
        int64_t running = validation_past(history, month_member(month), period_from).before + month_total(month);
        out[count++] = (figure_standing_t){.indicator = indicator,
                                           .member = month_member(month),
                                           .amount = {true, (int64_t)month->amount},
                                           .running = {true, running},
                                           .typed = typed,
                                           .stale = typed.given && typed.value != running};
    }
    return count;
}

months_t validation_months(const validation_history_t *history, uint32_t period_from) {
    months_t months = {0};
    uint32_t at = 0;
    for (uint32_t left = history->months_count, half = 0; left > 0; left -= half) { /* the first one that is not earlier */
        half = (left + 1) / 2;
        if (history->months[at + half - 1].period_from < period_from) at += half;
    }
    months.begin = at;
    while (at < history->months_count && history->months[at].period_from == period_from) at++;
    months.count = at - months.begin;
    if (months.count > 0) months.at = &history->months[months.begin];
    return months;
}

text_t period_id_of(const plan_t *plan, uint32_t guess, uint32_t period_from) {
    if (guess < plan->periods_count && plan->periods[guess].from == period_from) return plan->periods[guess].id;
    for (uint32_t index = 0; index < plan->periods_count; index++)
        if (plan->periods[index].from == period_from) return plan->periods[index].id;
    return text_of(NULL);
}

/* Of a month of `fresh`. Where none was left out, it has the same place in the plan. */
static text_t period_id(const restated_case_t *given, const month_t *month) {
    return period_id_of(given->plan, (uint32_t)(month - given->fresh->months), month->period_from);
}

static const month_t *month_of(const months_t *months, text_t member) {
    for (uint32_t index = 0; index < months->count; index++)
        if (month_is_of(&months->at[index], member)) return &months->at[index];
    return NULL;
}

/* A running total that was typed for this month, held against what it comes to. */
static void typed_add(const restated_case_t *given, const month_t *month, int64_t after, restated_typed_t *typed, uint32_t *count) {
    maybe_t said = month_typed(month);
    if (!said.given) return;
    typed[(*count)++] = (restated_typed_t){.period = period_id(given, month),
                                           .typed = (uint64_t)said.value,
                                           .after = (uint64_t)after};
}

static int64_t total_of(const month_t *month) { return month == NULL ? 0 : month_total(month); }

/* What a member had in the months before the one at hand. */
static int64_t total_before(const restated_case_t *given, text_t member) {
    const month_t *month = given->fresh->months, *end = month + given->own.begin;
    int64_t sum = 0;
    if (given->fresh->bare)
        for (; month != end; month++) sum += (int64_t)month->amount;
    for (; month != end; month++)
        if (month_is_of(month, member)) sum += month_total(month);
    return sum;
}

/* The months of a member after the one at hand, which come to another running total than before. */
static void months_restated(const restated_case_t *given, int64_t running, restated_typed_t *typed, restated_total_t *row) {
    const validation_history_t *fresh = given->fresh;
    uint32_t behind = given->own.begin + given->own.count;
    const month_t *last = NULL;
    if (behind == fresh->months_count) return;
    if (fresh->bare) { /* all of them, and nothing was typed */
        row->months = fresh->months_count - behind;
        row->first = period_id(given, &fresh->months[behind]);
        row->last = period_id(given, &fresh->months[fresh->months_count - 1]);
        return;
    }
    for (uint32_t index = behind; index < fresh->months_count; index++) {
        const month_t *month = &fresh->months[index];
        if (month->gone || !month_is_of(month, row->member)) continue;
        if (row->months++ == 0) row->first = period_id(given, month);
        last = month;
        running += month_total(month);
        typed_add(given, month, running, typed, &row->typed_count);
    }
    if (last != NULL) row->last = period_id(given, last);
}

/* One member, and what it had and has in the month at hand: the months after it have all moved by the same difference. */
static void member_restated(const restated_case_t *given, const month_t *old, const month_t *own, arena_t *arena,
                            restated_total_t *row) {
    text_t member = month_member(own == NULL ? old : own);
    int64_t earlier = total_before(given, member), before = earlier + total_of(old), after = earlier + total_of(own);
    restated_typed_t *typed = given->fresh->bare ? NULL : arena_room(arena, sizeof *typed * (given->fresh->months_count + 1));
    *row = (restated_total_t){
        .indicator = given->indicator, .member = member, .before = (uint64_t)before, .after = (uint64_t)after, .typed = typed};
    if (given->back && own != NULL && month_typed(own).value != after) typed_add(given, own, after, typed, &row->typed_count);
    /* on its way the new running total may come to the old one, and what is behind has moved all the same */
    if (before != after) months_restated(given, after, typed, row);
}

static bool is_moved(const restated_case_t *given, const month_t *old, const month_t *fresh) {
    if (given->back && fresh != NULL && month_typed(fresh).given) return true; /* by an earlier month, perhaps */
    return total_of(old) != total_of(fresh);
}

/* Adds the row of a member that moved, if that moved anything else. */
static uint32_t restate(const restated_case_t *given, const month_t *old, const month_t *own, arena_t *arena,
                        restated_total_t *out) {
    if (!is_moved(given, old, own)) return 0;
    member_restated(given, old, own, arena, out);
    return out->months > 0 || out->typed_count > 0;
}

uint32_t validation_restated(const restated_case_t *given, arena_t *arena, restated_total_t *out, uint32_t room) {
    const months_t *old = &given->old, *own = &given->own;
    uint32_t count = 0;
    for (uint32_t index = 0; index < own->count && count < room; index++)
        count += restate(given, month_of(old, month_member(&own->at[index])), &own->at[index], arena, out + count);
    for (uint32_t index = 0; index < old->count && count < room; index++) /* what is stated no more */
        if (month_of(own, month_member(&old->at[index])) == NULL)
            count += restate(given, &old->at[index], NULL, arena, out + count);
    return count;
}

static int month_compare(const month_t *a, const month_t *b) {
    if (a->period_from != b->period_from) return a->period_from < b->period_from ? -1 : 1;
    return text_compare(month_member(a), month_member(b));
}

static void months_copy(month_t *to, const month_t *from, uint32_t begin, uint32_t count) {
    if (count > 0) memcpy(to, from + begin, count * sizeof *to); /* where there are none, `from` is NULL */
}

/* The last one of them goes where it belongs. */
static inline void month_sink(month_t *months, uint32_t count) {
    for (uint32_t at = count - 1; at > 0 && month_compare(&months[at - 1], &months[at]) > 0; at--) {
        month_t earlier = months[at - 1];
        months[at - 1] = months[at];
        months[at] = earlier;
    }
}

static inline const month_more_t *more_said(const figure_t *figure, maybe_t typed, arena_t *arena) {
    if (figure->member.size == 0 && !figure->opening.given && !typed.given) return NULL;
    month_more_t *more = arena_room(arena, sizeof *more);
    *more = (month_more_t){.member = figure->member, .opening = figure->opening, .typed = typed};
    return more;
}

months_t validation_months_said(const months_t *old, text_t indicator, uint32_t period_from, const figure_t *figures,
                                const figure_t *said, uint32_t figures_count, arena_t *arena) {
    month_t *months = arena_room(arena, sizeof *months * ((size_t)figures_count + 1));
    uint32_t count = 0;
    bool carried = false;
    for (uint32_t index = 0; index < old->count; index++) carried |= old->at[index].carried;
    for (uint32_t index = 0; index < figures_count; index++) {
        const figure_t *figure = &figures[index];
        if (!id_equal(figure->indicator, indicator) || !figure->amount.given) continue;
        months[count++] = (month_t){.period_from = period_from,
                                    .amount = (uint64_t)figure->amount.value,
                                    .carried = carried || figure->opening.given,
                                    .more = more_said(figure, said[index].running, arena)};
        month_sink(months, count);
    }
    if (carried && count == 0) months[count++] = (month_t){.period_from = period_from, .carried = true, .gone = true};
    return (months_t){.at = months, .begin = old->begin, .count = count};
}

validation_history_t validation_history_replace(const validation_history_t *old, text_t indicator, uint32_t period_from,
                                                const figure_t *figures, const figure_t *said, uint32_t figures_count,
                                                arena_t *arena) {
    months_t known = validation_months(old, period_from);
    months_t fresh = validation_months_said(&known, indicator, period_from, figures, said, figures_count, arena);
    uint32_t behind = known.begin + known.count, later = old->months_count - behind;
    month_t *months = arena_room(arena, sizeof *months * ((size_t)old->months_count + fresh.count));
    months_copy(months, old->months, 0, known.begin);
    months_copy(months + known.begin, fresh.at, 0, fresh.count);
    months_copy(months + known.begin + fresh.count, old->months, behind, later);
    return (validation_history_t){.indicator = indicator, .months = months, .months_count = known.begin + fresh.count + later};
}
