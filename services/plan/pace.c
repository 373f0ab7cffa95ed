/* Pace by whole numbers: shares of a window in 128 bits, rounded against the one who asks for less. */
#include "services/plan/pace.h"

#include "services/plan/calendar.h"

__extension__ typedef unsigned __int128 wide_t;

int64_t pace_period(const plan_t *plan, int64_t now_ms) {
    int64_t last = -1;
    for (uint32_t index = 0; index < plan->periods_count; index++) {
        if (plan->periods[index].confirmation) continue;
        deadline_t deadline = deadline_resolve(plan, plan->periods[index].due);
        if (deadline.due_ms + deadline.grace_ms < now_ms) last = index;
    }
    return last;
}

uint64_t pace_round_up(uint64_t amount, measure_t measure) {
    static const uint64_t wan = 1000000, yi = 10000000000;
    if (measure != measure_money) return amount;
    uint64_t digit = amount < yi ? wan / 100 : yi / 10000;
    uint64_t rest = amount % digit;
    return rest == 0 || amount > UINT64_MAX - digit ? amount : amount - rest + digit;
}

/* Periods behind `period` in which something can still be done for a target that is due on `due_day`. */
static uint32_t periods_left(const plan_t *plan, int64_t period, uint32_t due_day) {
    uint32_t left = 0;
    for (uint32_t index = (uint32_t)(period + 1); index < plan->periods_count; index++)
        left += !plan->periods[index].confirmation && plan->periods[index].from <= due_day;
    return left;
}

/* What an even pace would have on `day`, exactly: a number of `of`ths. */
typedef struct {
    wide_t share;
    wide_t of;
} even_t;

static even_t even_by(const task_t *task, const target_changed_t *target, uint32_t due_day, uint32_t day) {
    int64_t numerator = 0, denominator = 1;
    if (target->opening >= target->goal || day >= due_day) return (even_t){target->goal, 1};
    pace_expected(task->from, due_day, day, &numerator, &denominator);
    wide_t of = (uint64_t)denominator;
    return (even_t){target->opening * of + (wide_t)(target->goal - target->opening) * (uint64_t)numerator, of};
}

/* The word, and how many points of the goal it is ahead (behind: below 0), rounded towards zero. */
static void compare(const plan_t *plan, const target_changed_t *target, even_t even, pace_told_t *told) {
    wide_t done = target->done * even.of, goal = target->goal * even.of;
    bool behind = done < even.share;
    wide_t gap = behind ? even.share - done : done - even.share;
    int64_t points = (int64_t)(uint64_t)(gap * 100 / goal);
    told->points = behind ? -points : points;
    told->pace = gap * 100 <= plan->pace_points * goal ? pace_even : behind ? pace_slow : pace_ahead;
}

pace_told_t pace_after(const planbook_t *book, const target_changed_t *target, int64_t period) {
    const plan_t *plan = planbook_plan(book);
    const indicator_t *indicator = planbook_indicator(book, target->indicator);
    const task_t *task = planbook_task(book, target->task);
    pace_told_t told = {0};
    if (indicator == NULL || task == NULL || period < 0 || target->goal == 0 || target->due_ms == 0) return told;
    if (indicator->target.shape == shape_lasting || indicator->target.shape == shape_none) return told;
    uint32_t due_day = day_of_instant(plan, (int64_t)target->due_ms);
    told.day = deadline_resolve(plan, plan->periods[period].due).day;
    if (told.day < task->from) return told;
    even_t even = even_by(task, target, due_day, told.day);
    told.expected = (uint64_t)((even.share + even.of - 1) / even.of);
    compare(plan, target, even, &told);
    told.periods_left = periods_left(plan, period, due_day);
    uint64_t rest = target->done >= target->goal ? 0 : target->goal - target->done;
    uint64_t share = told.periods_left < 2 ? rest : (rest + told.periods_left - 1) / told.periods_left;
    told.needed = pace_round_up(share, indicator->measure);
    return told;
}

pace_told_t pace_of(const planbook_t *book, const target_changed_t *target, int64_t now_ms) {
    return pace_after(book, target, pace_period(planbook_plan(book), now_ms));
}
