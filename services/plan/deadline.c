/* The reasoning behind deadline_resolve, line by line; the two are held together by a test over every day of a year. */
#include "services/plan/deadline.h"

enum { MINUTES_OF_DAY = 1440, MS_OF_MINUTE = 60000 };

const char *weekday_name(uint32_t day, bool zh) {
    static const char *const names[][2] = {{"星期一", "Monday"}, {"星期二", "Tuesday"},  {"星期三", "Wednesday"},
                                           {"星期四", "Thursday"}, {"星期五", "Friday"}, {"星期六", "Saturday"},
                                           {"星期日", "Sunday"}};
    return names[day_weekday(day) - 1][zh ? 0 : 1];
}

static bool is_listed(const uint32_t *days, uint32_t count, uint32_t day) {
    for (uint32_t index = 0; index < count; index++)
        if (days[index] == day) return true;
    return false;
}

const char *day_kind(const plan_t *plan, uint32_t day, bool zh) {
    if (is_listed(plan->workdays, plan->workdays_count, day)) return zh ? "调休上班日" : "a make-up workday";
    if (is_listed(plan->holidays, plan->holidays_count, day)) return zh ? "法定节假日" : "a public holiday";
    if (!day_is_working(plan, day)) return zh ? "周末休息日" : "a weekend";
    return zh ? "工作日" : "a working day";
}

static bool has_year(const uint32_t *days, uint32_t count, uint32_t year) {
    for (uint32_t index = 0; index < count; index++)
        if (days[index] / 10000 == year) return true;
    return false;
}

bool calendar_knows_year(const plan_t *plan, uint32_t year) {
    return has_year(plan->holidays, plan->holidays_count, year) || has_year(plan->workdays, plan->workdays_count, year);
}

static text_t day_text(uint32_t day, arena_t *arena) {
    return arena_format(arena, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
}

static void add_line(deadline_told_t *told, text_t zh, text_t en) {
    if (told->line_count < DEADLINE_LINES) told->lines[told->line_count++] = (deadline_line_t){zh, en};
}

/* What the day itself is. */
static void tell_day(deadline_told_t *told, const plan_t *plan, uint32_t day, arena_t *arena) {
    text_t date = day_text(day, arena);
    add_line(told,
             arena_format(arena, TEXT_FORMAT "，%s，%s。", TEXT_ARGS(date), weekday_name(day, true), day_kind(plan, day, true)),
             arena_format(arena, TEXT_FORMAT " is a %s, %s.", TEXT_ARGS(date), weekday_name(day, false),
                          day_kind(plan, day, false)));
}

/* What rest days do to it: each that is passed over is named. */
static void tell_roll(deadline_told_t *told, const plan_t *plan, uint32_t day, arena_t *arena) {
    uint32_t resolved = told->deadline.day;
    if (plan->roll == roll_none) {
        add_line(told, text_of("规则：节假日不顺延，时限仍为当日。"), text_of("Rule: rest days do not move it; it stays on that day."));
        return;
    }
    int64_t step = plan->roll == roll_forward ? 1 : -1;
    add_line(told, text_of(step > 0 ? "规则：遇节假日顺延至下一工作日。" : "规则：遇节假日提前至上一工作日。"),
             text_of(step > 0 ? "Rule: a rest day moves it forward to the next working day."
                              : "Rule: a rest day brings it back to the last working day."));
    if (resolved == day) {
        add_line(told, text_of("当日上班，时限不动。"), text_of("That day is worked: it does not move."));
        return;
    }
    for (uint32_t at = day_add(day, step); at != resolved; at = day_add(at, step)) tell_day(told, plan, at, arena);
    text_t date = day_text(resolved, arena);
    add_line(told,
             arena_format(arena, TEXT_FORMAT "，%s，%s：时限%s至此日。", TEXT_ARGS(date), weekday_name(resolved, true),
                          day_kind(plan, resolved, true), step > 0 ? "顺延" : "提前"),
             arena_format(arena, TEXT_FORMAT " is a %s, %s: it is %s to this day.", TEXT_ARGS(date),
                          weekday_name(resolved, false), day_kind(plan, resolved, false),
                          step > 0 ? "moved forward" : "brought back"));
}

/* The last instant in time, the grace, and from when a report is late. */
static void tell_hours(deadline_told_t *told, const plan_t *plan, arena_t *arena) {
    const deadline_t *deadline = &told->deadline;
    text_t date = day_text(deadline->day, arena);
    bool cut = plan->cutoff_minute > 0 && plan->cutoff_minute < MINUTES_OF_DAY;
    unsigned hour = cut ? (unsigned)plan->cutoff_minute / 60 : 24, minute = cut ? (unsigned)plan->cutoff_minute % 60 : 0;
    if (cut)
        add_line(told,
                 arena_format(arena, "截止时刻：" TEXT_FORMAT " %02u:%02u 之前收到为按时；当日过此时刻，迟1天。", TEXT_ARGS(date),
                              hour, minute),
                 arena_format(arena, "Cut-off: received before %02u:%02u on " TEXT_FORMAT
                              " is on time; later that day is late by 1.", hour, minute, TEXT_ARGS(date)));
    else
        add_line(told,
                 arena_format(arena, "含当日：" TEXT_FORMAT " 24:00（23:59:59.999）以前收到为按时。", TEXT_ARGS(date)),
                 arena_format(arena, "Inclusive: received by 24:00 (23:59:59.999) on " TEXT_FORMAT " is on time.",
                              TEXT_ARGS(date)));
    if (deadline->grace_ms > 0)
        add_line(told,
                 arena_format(arena, "宽限 %llu 分钟：其内收到视为按时，并注明。", (unsigned long long)plan->grace_minutes),
                 arena_format(arena, "Grace of %llu minutes: received within it is on time, and shown as such.",
                              (unsigned long long)plan->grace_minutes));
    int64_t first_late_ms = deadline->due_ms + deadline->grace_ms + 1;
    uint32_t late_day = day_of_instant(plan, first_late_ms), late_minute = minute_of_instant(plan, first_late_ms);
    text_t late = day_text(late_day, arena);
    unsigned days = deadline_days_late(plan, deadline, first_late_ms);
    add_line(told,
             arena_format(arena, "自 " TEXT_FORMAT " %02u:%02u 起收到为迟报，先记迟%u天，以后按日历日计。", TEXT_ARGS(late),
                          late_minute / 60, late_minute % 60, days),
             arena_format(arena, "From " TEXT_FORMAT " %02u:%02u on it is late, by %u day%s at first, then by calendar days.",
                          TEXT_ARGS(late), late_minute / 60, late_minute % 60, days, days == 1 ? "" : "s"));
}

/* A year of which no notice is in the calendar: beyond weekends nothing is known of it. */
static void tell_unknown(deadline_told_t *told, const plan_t *plan, uint32_t day, arena_t *arena) {
    uint32_t years[] = {day / 10000, told->deadline.day / 10000};
    uint32_t first = years[0] < years[1] ? years[0] : years[1], last = years[0] < years[1] ? years[1] : years[0];
    /* New Year's rest days are arranged by the next year's notice, which may reach back into the last days of December. */
    bool at_the_end = plan->roll != roll_none && day % 10000 >= 1225;
    if (at_the_end && last == day / 10000) last++;
    told->known = true;
    for (uint32_t year = first; year <= last; year++) {
        if (calendar_knows_year(plan, year)) continue;
        told->known = false;
        add_line(told,
                 arena_format(arena, "日历中没有%u年的放假安排：只按周末推算，通知公布后可能变动。", year),
                 arena_format(arena, "The calendar has no notice of %u: weekends only; the notice, when it comes, may move it.",
                              year));
    }
}

deadline_told_t deadline_explain(const plan_t *plan, uint32_t day, arena_t *arena) {
    deadline_told_t told = {.deadline = deadline_resolve(plan, day), .lines = ARENA_NEW(arena, deadline_line_t, DEADLINE_LINES)};
    tell_day(&told, plan, day, arena);
    tell_roll(&told, plan, day, arena);
    tell_hours(&told, plan, arena);
    tell_unknown(&told, plan, day, arena);
    return told;
}
