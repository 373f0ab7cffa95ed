/* Days, instants, working days, deadlines. Days are yyyymmdd, instants ms since 1970 UTC. Pure. */
#ifndef PLAN_CALENDAR_H
#define PLAN_CALENDAR_H

#include "proto/proto.h"

int64_t day_number(uint32_t day);                       /* days since 1970-01-01 */
uint32_t day_of_number(int64_t number);
uint32_t day_add(uint32_t day, int64_t days);
uint32_t day_add_months(uint32_t day, uint32_t months); /* same date of the month, or the month's last day */
int64_t day_between(uint32_t from, uint32_t to);        /* calendar days, to − from */
uint32_t day_weekday(uint32_t day);                     /* 1 Monday … 7 Sunday */
bool day_is_working(const plan_t *plan, uint32_t day);  /* weekends, 法定节假日, 调休 */
int64_t working_days_between(const plan_t *plan, uint32_t from, uint32_t to); /* first not counted, last counted */

/* The instant at which so many hours of working days have passed since `at_ms`; rest days do not count. */
int64_t working_hours_after(const plan_t *plan, int64_t at_ms, uint32_t hours);

int64_t instant_of_day(const plan_t *plan, uint32_t day, uint32_t minute);    /* local time → instant */
uint32_t day_of_instant(const plan_t *plan, int64_t at_ms);                   /* local day */
uint32_t minute_of_instant(const plan_t *plan, int64_t at_ms);                /* local minute of the day */
/* How a deadline is told, everywhere: the last ms of a minute is that minute's end, and the end of a day its 24:00, never 23:59 and
 * never the next day's 00:00. Any other instant loses its seconds. */
typedef struct {
    uint32_t day;
    uint32_t minute; /* 1 … 1440 */
} due_shown_t;
due_shown_t due_shown(int64_t offset_minutes, int64_t due_ms);
text_t due_text(int64_t offset_minutes, int64_t due_ms, arena_t *arena); /* 2021-08-25 24:00 */
text_t when_text(const plan_t *plan, int64_t at_ms, arena_t *arena);     /* 2021-08-26 09:00, local time */
text_t local_text(uint32_t day, uint32_t minute, arena_t *arena);        /* the same, of a local day and a minute of it */
/* The last ms of a deadline: an instant ≤ due is in time. 24:00 of the day is the last ms of the day itself. */
typedef struct {
    uint32_t day;            /* after roll */
    int64_t due_ms;          /* last instant in time, without grace: 23:59:59.999 local, or the cut-off minute */
    int64_t grace_ms;        /* until due_ms + grace_ms it is on time, and shown as such */
    const char *rule_zh;     /* e.g. "25日前，含当日24:00；节假日不顺延" */
    const char *rule_en;
} deadline_t;
deadline_t deadline_resolve(const plan_t *plan, uint32_t day);
/* Calendar days from the resolved day to the instant's day; after a cut-off on the day itself 1; 0 if in time. */
uint32_t deadline_days_late(const plan_t *plan, const deadline_t *deadline, int64_t at_ms);
/* When rung `rung` of `ladder` sounds for a deadline on `day`: T-n brought forward to a working day, T+n moved to the next one,
 * at ladder->at_minute, inside working hours. */
int64_t rung_instant(const plan_t *plan, const ladder_t *ladder, const rung_t *rung, uint32_t day);
/* The day that is `count` working days after `day`: the first not counted, the last counted. */
uint32_t day_add_working(const plan_t *plan, uint32_t day, uint64_t count);
/* "If a door was away in the last 24 hours before a deadline, its units get the time back": the deadline after an absence. What lay
 * within LIMIT_OUTAGE_MS before it is added, from the end of the absence on where that is later. The same: not touched. */
deadline_t deadline_after_outage(const plan_t *plan, deadline_t deadline, int64_t from_ms, int64_t to_ms);
/* When a report that was returned at this instant is due again, and the day on which its unit is reminded. */
deadline_t return_deadline(const plan_t *plan, int64_t returned_ms);
uint32_t return_remind_day(const plan_t *plan, int64_t returned_ms);
/* 序时: expected share of [from, due] on `day`, that day counted in full, as numerator of `of` (days in the window). */
void pace_expected(uint32_t from, uint32_t due, uint32_t day, int64_t *numerator, int64_t *denominator);

#endif
