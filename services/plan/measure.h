/* Where a planned measure 帮扶措施 is in time: running, nearly due, overdue, done in time or late. Pure. */
#ifndef PLAN_MEASURE_H
#define PLAN_MEASURE_H

#include "services/plan/calendar.h"

/* "By the end of this day": the day that is stated, whatever the plan does with rest days. *days: days left, today not counted;
 * overdue or done late: days late; else 0. */
measure_phase_t measure_phase_at(const plan_t *plan, const measure_row_t *row, int64_t now_ms, uint64_t *days);

#endif
