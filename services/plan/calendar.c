/* Days, instants, working days and deadlines, by integer arithmetic on the proleptic Gregorian calendar. */
#include "services/plan/calendar.h"

#include <inttypes.h>

enum { MINUTES_OF_DAY = 1440, MS_OF_MINUTE = 60000 };

static int64_t floor_divide(int64_t number, int64_t by) { return number / by - (number % by < 0 ? 1 : 0); }

/* Years are counted from March, so that the leap day is the last of its year; 400 of them are an era of 146,097 days. */
int64_t day_number(uint32_t day) {
    int64_t month = day / 100 % 100, year = (int64_t)(day / 10000) - (month <= 2 ? 1 : 0);
    int64_t era = floor_divide(year, 400), year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)(day % 100) - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

uint32_t day_of_number(int64_t number) {
    int64_t shifted = number + 719468, era = floor_divide(shifted, 146097), day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * day_of_year + 2) / 153;
    int64_t date = day_of_year - (153 * from_march + 2) / 5 + 1, month = from_march + (from_march < 10 ? 3 : -9);
    int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    return (uint32_t)(year * 10000 + month * 100 + date);
}

uint32_t day_add(uint32_t day, int64_t days) { return day_of_number(day_number(day) + days); }

static uint32_t month_length(uint32_t year, uint32_t month) {
    uint32_t next = month == 12 ? (year + 1) * 10000 + 101 : year * 10000 + (month + 1) * 100 + 1;
    return day_of_number(day_number(next) - 1) % 100;
}

uint32_t day_add_months(uint32_t day, uint32_t months) {
    uint32_t count = day / 10000 * 12 + (day / 100 % 100 - 1) + months;
    uint32_t year = count / 12, month = count % 12 + 1, length = month_length(year, month);
    uint32_t date = day % 100 < length ? day % 100 : length;
    return year * 10000 + month * 100 + date;
}

int64_t day_between(uint32_t from, uint32_t to) { return day_number(to) - day_number(from); }

/* 1970-01-01 was a Thursday. */
uint32_t day_weekday(uint32_t day) {
    int64_t from_monday = day_number(day) + 3;
    return (uint32_t)(from_monday - floor_divide(from_monday, 7) * 7) + 1;
}

static bool days_hold(const uint32_t *days, uint32_t count, uint32_t wanted) {
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (days[middle] == wanted) return true;
        if (days[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool day_is_working(const plan_t *plan, uint32_t day) {
    if (days_hold(plan->workdays, plan->workdays_count, day)) return true;
    if (days_hold(plan->holidays, plan->holidays_count, day)) return false;
    return day_weekday(day) <= 5;
}

int64_t working_days_between(const plan_t *plan, uint32_t from, uint32_t to) {
    if (from > to) return -working_days_between(plan, to, from);
    int64_t count = 0;
    for (int64_t number = day_number(from) + 1; number <= day_number(to); number++)
        if (day_is_working(plan, day_of_number(number))) count++;
    return count;
}

int64_t instant_of_day(const plan_t *plan, uint32_t day, uint32_t minute) {
    return (day_number(day) * MINUTES_OF_DAY + (int64_t)minute - (int64_t)plan->offset_minutes) * MS_OF_MINUTE;
}

static int64_t local_minutes(const plan_t *plan, int64_t at_ms) {
    return floor_divide(at_ms, MS_OF_MINUTE) + (int64_t)plan->offset_minutes;
}

uint32_t day_of_instant(const plan_t *plan, int64_t at_ms) {
    return day_of_number(floor_divide(local_minutes(plan, at_ms), MINUTES_OF_DAY));
}

uint32_t minute_of_instant(const plan_t *plan, int64_t at_ms) {
    int64_t minutes = local_minutes(plan, at_ms);
    return (uint32_t)(minutes - floor_divide(minutes, MINUTES_OF_DAY) * MINUTES_OF_DAY);
}

due_shown_t due_shown(int64_t offset_minutes, int64_t due_ms) {
    int64_t minutes = floor_divide(due_ms + 1, MS_OF_MINUTE) + offset_minutes;
    int64_t number = floor_divide(minutes - 1, MINUTES_OF_DAY);
    return (due_shown_t){day_of_number(number), (uint32_t)(minutes - number * MINUTES_OF_DAY)};
}

text_t local_text(uint32_t day, uint32_t minute, arena_t *arena) {
    return arena_format(arena, "%04" PRIu32 "-%02" PRIu32 "-%02" PRIu32 " %02" PRIu32 ":%02" PRIu32, day / 10000, day / 100 % 100,
                        day % 100, minute / 60, minute % 60);
}

text_t due_text(int64_t offset_minutes, int64_t due_ms, arena_t *arena) {
    due_shown_t due = due_shown(offset_minutes, due_ms);
    return local_text(due.day, due.minute, arena);
}

text_t when_text(const plan_t *plan, int64_t at_ms, arena_t *arena) {
    return local_text(day_of_instant(plan, at_ms), minute_of_instant(plan, at_ms), arena);
}

/* The working day at `day` or, where it is a rest day, the next one in direction `step`. Ends: rest days are finitely many. */
static uint32_t working_day_towards(const plan_t *plan, uint32_t day, int64_t step) {
    while (!day_is_working(plan, day)) day = day_add(day, step);
    return day;
}

int64_t working_hours_after(const plan_t *plan, int64_t at_ms, uint32_t hours) {
    int64_t left_ms = (int64_t)hours * 60 * MS_OF_MINUTE;
    for (;;) {
        uint32_t day = day_of_instant(plan, at_ms), working = working_day_towards(plan, day, 1);
        if (working != day) at_ms = instant_of_day(plan, working, 0);
        int64_t day_ends_ms = instant_of_day(plan, day_add(working, 1), 0);
        if (at_ms + left_ms <= day_ends_ms) return at_ms + left_ms;
        left_ms -= day_ends_ms - at_ms;
        at_ms = day_ends_ms;
    }
}

/* Every sentence a deadline can be given, so that a status never has to build one: [cut-off hour][grace][what rest days do]. */
#define RULES(zh_when, en_when, zh_grace, en_grace)                                                                            \
    {                                                                                                                          \
        {zh_when "；节假日不顺延" zh_grace, en_when "; rest days do not move it" en_grace},                                    \
            {zh_when "；遇节假日顺延，当日为工作日" zh_grace, en_when "; rest days move it forward; a working day" en_grace},  \
            {zh_when "；遇节假日已顺延至下一工作日" zh_grace, en_when "; moved forward to the next working day" en_grace},     \
            {zh_when "；遇节假日提前，当日为工作日" zh_grace, en_when "; rest days bring it back; a working day" en_grace},    \
            {zh_when "；遇节假日已提前至上一工作日" zh_grace, en_when "; brought back to the last working day" en_grace},      \
    }
#define GRACE_ZH "；宽限期内视为按时"
#define GRACE_EN "; within the grace it is on time"
#define DAY_ZH "含当日24:00"
#define DAY_EN "through 24:00 of the day"
#define HOUR_ZH "当日截止时刻之前"
#define HOUR_EN "before the cut-off hour of the day"
static const char *const rules[2][2][5][2] = {
    {RULES(DAY_ZH, DAY_EN, "", ""), RULES(DAY_ZH, DAY_EN, GRACE_ZH, GRACE_EN)},
    {RULES(HOUR_ZH, HOUR_EN, "", ""), RULES(HOUR_ZH, HOUR_EN, GRACE_ZH, GRACE_EN)},
};

deadline_t deadline_resolve(const plan_t *plan, uint32_t day) {
    uint32_t rolled = day, which = 0;
    if (plan->roll == roll_forward) {
        rolled = working_day_towards(plan, day, 1);
        which = rolled == day ? 1 : 2;
    } else if (plan->roll == roll_back) {
        rolled = working_day_towards(plan, day, -1);
        which = rolled == day ? 3 : 4;
    }
    bool cut = plan->cutoff_minute > 0 && plan->cutoff_minute < MINUTES_OF_DAY;
    uint32_t minute = cut ? (uint32_t)plan->cutoff_minute : MINUTES_OF_DAY;
    const char *const *rule = rules[cut][plan->grace_minutes > 0][which];
    return (deadline_t){
        .day = rolled,
        .due_ms = instant_of_day(plan, rolled, minute) - 1,
        .grace_ms = (int64_t)plan->grace_minutes * MS_OF_MINUTE,
        .rule_zh = rule[0],
        .rule_en = rule[1],
    };
}

uint32_t deadline_days_late(const plan_t *plan, const deadline_t *deadline, int64_t at_ms) {
    if (at_ms <= deadline->due_ms + deadline->grace_ms) return 0;
    int64_t days = day_between(deadline->day, day_of_instant(plan, at_ms));
    return days < 1 ? 1 : (uint32_t)days;
}

int64_t rung_instant(const plan_t *plan, const ladder_t *ladder, const rung_t *rung, uint32_t day) {
    uint32_t resolved = deadline_resolve(plan, day).day;
    int64_t step = rung->after ? 1 : -1;
    uint32_t sounds = working_day_towards(plan, day_add(resolved, step * (int64_t)rung->days), step);
    uint64_t minute = ladder->at_minute;
    if (plan->day_ends > plan->day_begins) {
        if (minute > plan->day_ends) minute = plan->day_ends;
        if (minute < plan->day_begins) minute = plan->day_begins;
    }
    return instant_of_day(plan, sounds, (uint32_t)minute);
}

void pace_expected(uint32_t from, uint32_t due, uint32_t day, int64_t *numerator, int64_t *denominator) {
    int64_t window = day_between(from, due) + 1, gone = day_between(from, day) + 1;
    *denominator = window < 1 ? 1 : window;
    *numerator = gone < 0 ? 0 : gone > *denominator ? *denominator : gone;
}

uint32_t day_add_working(const plan_t *plan, uint32_t day, uint64_t count) {
    for (; count > 0; count--) day = working_day_towards(plan, day_add(day, 1), 1);
    return day;
}

/* "A returned report: due again in 3 working days, reminded after 1", unless the plan says otherwise. */
deadline_t return_deadline(const plan_t *plan, int64_t returned_ms) {
    uint64_t days = plan->return_days == 0 ? 3 : plan->return_days;
    return deadline_resolve(plan, day_add_working(plan, day_of_instant(plan, returned_ms), days));
}

uint32_t return_remind_day(const plan_t *plan, int64_t returned_ms) {
    uint64_t days = plan->return_remind_days == 0 ? 1 : plan->return_remind_days;
    return day_add_working(plan, day_of_instant(plan, returned_ms), days);
}

deadline_t deadline_after_outage(const plan_t *plan, deadline_t deadline, int64_t from_ms, int64_t to_ms) {
    int64_t opens_ms = deadline.due_ms - LIMIT_OUTAGE_MS;
    int64_t begins_ms = from_ms > opens_ms ? from_ms : opens_ms, ends_ms = to_ms < deadline.due_ms ? to_ms : deadline.due_ms;
    if (ends_ms <= begins_ms) return deadline;
    deadline.due_ms = (to_ms > deadline.due_ms ? to_ms : deadline.due_ms) + (ends_ms - begins_ms);
    deadline.day = day_of_instant(plan, deadline.due_ms);
    deadline.rule_zh = "系统故障，时间已补还";
    deadline.rule_en = "ours was away: the time was given back";
    return deadline;
}
