/* What asks for an explanation: amounts that are odd beside the unit's own months, and amounts that nothing proves. */
#include "services/2-validation/validation_judge.h"

#include <inttypes.h>

#include "proto/crypto.h"

static bool items_have_evidence(const figure_t *figure) {
    for (uint32_t index = 0; index < figure->items_count; index++)
        if (bytes_are_zero(figure->items[index].evidence, HASH_SIZE)) return false;
    return figure->items_count > 0;
}

void judge_evidence(judge_t *self, const exhibit_t *exhibit) {
    if (self->given->report->evidence_count == 0 && !items_have_evidence(exhibit->said))
        FAULT(self, no_evidence, figure_path(self, exhibit->index, ""));
}

/* Is `large` at least, or at most, so many times `small`? Both are above 0; a product that does not fit is larger than both. */
static bool is_at_least(int64_t large, int64_t small, uint64_t times) {
    int64_t product;
    return !__builtin_mul_overflow(small, times, &product) && large >= product;
}
static bool is_at_most(int64_t large, int64_t small, uint64_t times) {
    int64_t product;
    return __builtin_mul_overflow(small, times, &product) || large <= product;
}

/* What a month is held against: the month before. A first one that comes late: the month after it. */
static int64_t neighbour_of(const validation_past_t *past) { return past->last != 0 ? past->last : past->later; }

static bool is_off_by_factor(const indicator_t *indicator, const validation_past_t *past, int64_t amount,
                             const thresholds_t *from) {
    int64_t last = neighbour_of(past);
    int64_t small = amount < last ? amount : last, large = amount < last ? last : amount;
    if (indicator->measure != measure_money || small == 0) return false;
    return is_at_least(large, small, from->factor_low) && is_at_most(large, small, from->factor_high);
}

/* 万元 typed as 元, or the other way round. */
static bool judge_factor(judge_t *self, const exhibit_t *exhibit, int64_t amount, const thresholds_t *from) {
    if (!is_off_by_factor(exhibit->indicator, &exhibit->past, amount, from)) return false;
    FAULT_WITH(self, factor_10000, figure_path(self, exhibit->index, "amount"), judge_shown(self, exhibit->indicator, amount),
               judge_shown(self, exhibit->indicator, neighbour_of(&exhibit->past)));
    return true;
}

/* Far from one of the other months at least: if not, it is not far from their median, which lies between the two. */
static bool is_far(const validation_past_t *past, int64_t amount, const thresholds_t *from) {
    if (past->months == 0 || past->months < from->outlier_months) return false;
    return is_at_least(amount, past->least, from->outlier_times) || is_at_least(past->most, amount, from->outlier_times);
}

/* So many times the median, or that part of it: a nought too many, a nought too few. The median, so that one odd month of the
 * past neither hides the next one nor makes the ordinary ones odd. */
static void judge_outlier(judge_t *self, const exhibit_t *exhibit, int64_t amount, const thresholds_t *from) {
    if (!is_far(&exhibit->past, amount, from)) return;
    int64_t median = validation_median(exhibit->history, exhibit->said->member, self->period->from, self->arena);
    if (!is_at_least(amount, median, from->outlier_times) && !is_at_least(median, amount, from->outlier_times)) return;
    FAULT_WITH(self, outlier, figure_path(self, exhibit->index, "amount"), judge_shown(self, exhibit->indicator, amount),
               judge_shown(self, exhibit->indicator, median), arena_format(self->arena, "%" PRIu64, from->outlier_times));
}

static bool is_alike(const indicator_t *indicator, const validation_past_t *past, int64_t amount) {
    bool differs = indicator->measure == measure_money && !indicator->steady;
    return differs && past->last == amount; /* the month before, if it was not 0 */
}

/* Sums of money differ from month to month, unless the plan says that they are steady; rows prove a month by themselves. */
static void judge_same(judge_t *self, const exhibit_t *exhibit, int64_t amount, const thresholds_t *from) {
    const indicator_t *indicator = exhibit->indicator;
    if (!is_alike(indicator, &exhibit->past, amount) || exhibit->said->items_count > 0) return;
    uint32_t last_from = 0;
    uint32_t run = validation_equal_months(exhibit->history, exhibit->said->member, self->period->from, amount, &last_from);
    if (run + 1 < from->same_months || run == 0) return;
    text_t period = judge_day(self, last_from);
    for (uint32_t index = 0; index < self->plan->periods_count; index++)
        if (self->plan->periods[index].from == last_from) period = self->plan->periods[index].id;
    FAULT_WITH(self, same_as_before, figure_path(self, exhibit->index, "amount"), judge_shown(self, indicator, amount), period);
}

void judge_soft(judge_t *self, const exhibit_t *exhibit, int64_t amount) {
    thresholds_t from = plan_thresholds(self->plan);
    if (amount == 0) return;
    if (!judge_factor(self, exhibit, amount, &from)) judge_outlier(self, exhibit, amount, &from);
    judge_same(self, exhibit, amount, &from);
    if (exhibit->indicator->measure == measure_money || from.evidence_always) judge_evidence(self, exhibit);
}

bool soft_is_quiet(const indicator_t *indicator, const validation_past_t *past, int64_t amount, const thresholds_t *from) {
    return !is_off_by_factor(indicator, past, amount, from) && !is_far(past, amount, from) && !is_alike(indicator, past, amount);
}
