/* Why a deadline is when it is: every step from a day to the last instant in time, in words anybody can check. Pure. */
#ifndef PLAN_DEADLINE_H
#define PLAN_DEADLINE_H

#include "services/plan/calendar.h"

typedef struct {
    text_t zh;
    text_t en;
} deadline_line_t;

enum { DEADLINE_LINES = LIMIT_DAYS };

typedef struct {
    deadline_t deadline;
    deadline_line_t *lines; /* in the order of the reasoning; live in the arena */
    uint32_t line_count;
    bool known;             /* the calendar speaks of every year that was looked at; false: a later notice may move it */
} deadline_told_t;

/* deadline_resolve with its reasoning: weekday, holiday or make-up workday, each day that was rolled over, cut-off, grace, the
 * first instant that is late, and what the calendar does not know. */
deadline_told_t deadline_explain(const plan_t *plan, uint32_t day, arena_t *arena);

/* What kind of day it is, and by what: 法定节假日, 调休上班, 周末, 工作日. Working or not: day_is_working. */
const char *day_kind(const plan_t *plan, uint32_t day, bool zh);
/* 星期六, Saturday. */
const char *weekday_name(uint32_t day, bool zh);
/* Does the plan's calendar name any rest day or make-up workday of that year? If not, the year's notice is not in it. */
bool calendar_knows_year(const plan_t *plan, uint32_t year);

#endif
