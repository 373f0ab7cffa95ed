/* 序时进度: is a target ahead, on, or behind an even pace on its own window, and what is still needed a period. Pure. */
#ifndef PLAN_PACE_H
#define PLAN_PACE_H

#include "services/plan/plan.h"

typedef struct {
    pace_t pace;         /* none: not begun, without a goal, lasting, or not yet judged */
    uint32_t day;        /* the day it is judged for: the resolved deadline of the last report that was due */
    uint64_t expected;   /* what an even pace would have by that day, opening balance included */
    int64_t points;      /* done − expected in per cent of the goal, rounded towards zero */
    uint64_t needed;     /* run-rate still needed a period, rounded up to the digit shown */
    uint32_t periods_left;
} pace_told_t;

/* Judges `target` at now_ms. Figures come once a period, so the pace is that of the last reporting deadline, never of today. */
pace_told_t pace_of(const planbook_t *book, const target_changed_t *target, int64_t now_ms);
/* The same for the last period being plan->periods[period]; period < 0: none was due yet. */
pace_told_t pace_after(const planbook_t *book, const target_changed_t *target, int64_t period);
/* The last ordinary period whose deadline, grace included, is past; −1: none. */
int64_t pace_period(const plan_t *plan, int64_t now_ms);
/* `amount` rounded up to the digit that amount_show shows of it. */
uint64_t pace_round_up(uint64_t amount, measure_t measure);

#endif
