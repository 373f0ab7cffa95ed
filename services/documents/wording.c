/* The words and figures of documents, from integers alone. */
#include "services/documents/wording.h"

#include "services/plan/amount.h"
#include "services/plan/calendar.h"

#include <string.h>

__extension__ typedef __int128 wide_t;

enum { MINUTE_MS = 60000, FEN_OF_WAN = 1000000, FEN_OF_CELL = 10000 };

text_t wording_day(uint32_t day, arena_t *arena) {
    return arena_format(arena, "%u年%u月%u日", day / 10000, day / 100 % 100, day % 100);
}

text_t wording_iso_day(uint32_t day, arena_t *arena) {
    return arena_format(arena, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
}

static int64_t local_minute(const edition_t *edition, int64_t at_ms) {
    return at_ms / MINUTE_MS + (int64_t)edition->offset_minutes;
}

uint32_t wording_day_of(const edition_t *edition, int64_t at_ms) { return day_of_number(local_minute(edition, at_ms) / 1440); }

text_t wording_instant(const edition_t *edition, int64_t at_ms, arena_t *arena) {
    uint32_t minute = (uint32_t)(local_minute(edition, at_ms) % 1440);
    text_t day = wording_day(wording_day_of(edition, at_ms), arena);
    if (minute % 60 == 0) return arena_format(arena, TEXT_FORMAT "%u时", TEXT_ARGS(day), minute / 60);
    return arena_format(arena, TEXT_FORMAT "%u时%u分", TEXT_ARGS(day), minute / 60, minute % 60);
}

text_t wording_deadline(const edition_t *edition, int64_t due_ms, arena_t *arena) {
    due_shown_t due = due_shown((int64_t)edition->offset_minutes, due_ms);
    text_t day = wording_day(due.day, arena);
    if (due.minute % 60 == 0) return arena_format(arena, TEXT_FORMAT "%u时", TEXT_ARGS(day), due.minute / 60);
    return arena_format(arena, TEXT_FORMAT "%u时%u分", TEXT_ARGS(day), due.minute / 60, due.minute % 60);
}

text_t wording_stamp(const edition_t *edition, int64_t at_ms, arena_t *arena) {
    uint32_t minute = (uint32_t)(local_minute(edition, at_ms) % 1440), day = wording_day_of(edition, at_ms);
    return arena_format(arena, "%02u-%02u %02u:%02u", day / 100 % 100, day % 100, minute / 60, minute % 60);
}

text_t wording_due(const edition_t *edition, int64_t due_ms, arena_t *arena) {
    due_shown_t due = due_shown((int64_t)edition->offset_minutes, due_ms);
    return arena_format(arena, "%02u-%02u %02u:%02u", due.day / 100 % 100, due.day % 100, due.minute / 60, due.minute % 60);
}

text_t wording_ordinal(uint32_t number, arena_t *arena) {
    static const char *const digits[] = {"", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
    if (number == 0 || number > 99) return arena_format(arena, "%u", number);
    if (number < 10) return text_of(digits[number]);
    return arena_format(arena, "%s十%s", number < 20 ? "" : digits[number / 10], digits[number % 10]);
}

text_t wording_period(const edition_t *edition, arena_t *arena) {
    uint32_t year = edition->to / 10000, month = edition->to / 100 % 100;
    if (edition->period.size == 0) return arena_format(arena, "%u年度", year);
    if (edition->cycle == cycle_month) return arena_format(arena, "%u年%u月份", year, month);
    if (edition->cycle == cycle_quarter)
        return arena_format(arena, "%u年第%s季度", year, wording_ordinal((month + 2) / 3, arena).at);
    if (edition->cycle == cycle_half_year) return arena_format(arena, "%u年%s半年", year, month <= 6 ? "上" : "下");
    text_t from = wording_day(edition->from, arena), to = wording_day(edition->to, arena);
    return arena_format(arena, TEXT_FORMAT "至" TEXT_FORMAT, TEXT_ARGS(from), TEXT_ARGS(to));
}

int64_t tenths_of(uint64_t part, uint64_t whole) {
    if (whole == 0) return -1;
    wide_t tenths = (wide_t)part * 1000 / (wide_t)whole;
    return tenths > 999999 ? 999999 : (int64_t)tenths;
}

text_t wording_tenths(int64_t tenths, arena_t *arena) {
    if (tenths < 0) return text_of("-");
    return arena_format(arena, "%lld.%lld%%", (long long)(tenths / 10), (long long)(tenths % 10));
}

text_t wording_amount(const edition_target_t *target, uint64_t value, arena_t *arena) {
    return amount_show((int64_t)value, target->measure, target->unit_word, arena);
}

uint64_t wording_rounded(measure_t measure, uint64_t value) {
    return measure == measure_money ? value / FEN_OF_CELL + (value % FEN_OF_CELL >= FEN_OF_CELL / 2) : value * 100;
}

text_t wording_cell(measure_t measure, uint64_t value, arena_t *arena) {
    if (measure != measure_money) return arena_format(arena, "%llu", (unsigned long long)value);
    uint64_t shown = wording_rounded(measure, value);
    return arena_format(arena, "%llu.%02llu", (unsigned long long)(shown / 100), (unsigned long long)(shown % 100));
}

text_t wording_join(const text_t *texts, uint32_t count, const char *between, arena_t *arena) {
    size_t size = 1, gap = strlen(between);
    for (uint32_t index = 0; index < count; index++) size += texts[index].size + gap;
    char *room = arena_take(arena, size);
    uint32_t at = 0;
    for (uint32_t index = 0; index < count; index++) {
        if (index > 0) memcpy(room + at, between, gap), at += (uint32_t)gap;
        if (texts[index].size > 0) memcpy(room + at, texts[index].at, texts[index].size), at += texts[index].size;
    }
    return (text_t){room, at};
}

/* --- pace --- */

bool target_is_met(const edition_target_t *target) {
    return target->reach == reach_met || target->reach == reach_met_after_due;
}

tempo_t tempo_of(const edition_t *edition, const edition_target_t *target) {
    if (target->goal == 0) return TEMPO_NONE;
    wide_t apart = ((wide_t)target->done - (wide_t)target->expected) * 100;
    wide_t room = (wide_t)target->goal * (wide_t)edition->pace_points;
    return apart > room ? TEMPO_AHEAD : apart < -room ? TEMPO_BEHIND : TEMPO_EVEN;
}

const char *pace_word(tempo_t pace) {
    static const char *const words[] = {"", "超序时", "按序时", "慢序时"};
    return words[pace];
}

int64_t pace_points_tenths(const edition_target_t *target) {
    return tenths_of(target->done, target->goal) - tenths_of(target->expected, target->goal);
}

uint64_t run_rate(const edition_target_t *target) {
    if (target->left == 0 || target->done >= target->goal || target->shape == shape_lasting) return 0;
    uint64_t rest = target->goal - target->done, rate = rest / target->left + (rest % target->left > 0);
    if (target->measure != measure_money) return rate;
    uint64_t digit = rate < 10000000000 ? FEN_OF_CELL : FEN_OF_WAN; /* 0.01万元, 0.0001亿元 */
    return (rate / digit + (rate % digit > 0)) * digit;
}

text_t wording_need(const edition_t *edition, const edition_target_t *target, arena_t *arena) {
    uint64_t rate = run_rate(target), rest = target->goal - target->done;
    if (rate == 0) return text_of("");
    text_t each = wording_amount(target, rate, arena), all = wording_amount(target, rest, arena);
    if (target->measure != measure_money && rest < target->left)
        return arena_format(arena, "时限前还需" TEXT_FORMAT, TEXT_ARGS(all));
    return arena_format(arena, "其后%llu%s%s还需" TEXT_FORMAT, (unsigned long long)target->left,
                        edition->cycle == cycle_month ? "个月每月" : "期每期", target->shape == shape_each ? "合计" : "",
                        TEXT_ARGS(each));
}

text_t lamp_word(lamp_t lamp) {
    static const char *const words[] = {"", "灰灯", "绿灯", "黄灯", "红灯"};
    return text_of(lamp <= lamp_red ? words[lamp] : "");
}

/* --- names --- */

text_t edition_unit_name(const edition_t *edition, text_t unit) {
    for (uint32_t index = 0; index < edition->units_count; index++)
        if (text_equal(edition->units[index].id, unit)) return edition->units[index].name;
    return unit;
}

const edition_task_t *edition_task_of(const edition_t *edition, text_t task) {
    for (uint32_t index = 0; index < edition->tasks_count; index++)
        if (text_equal(edition->tasks[index].id, task)) return &edition->tasks[index];
    return NULL;
}

text_t edition_unit_names(const edition_t *edition, const text_t *units, uint32_t count, arena_t *arena) {
    text_t *names = ARENA_NEW(arena, text_t, count + 1);
    for (uint32_t index = 0; index < count; index++) names[index] = edition_unit_name(edition, units[index]);
    return wording_join(names, count, "、", arena);
}
