/* Single cells of a table as people and spreadsheets write them: headers, days, periods, tasks, yes. */
#include "services/sheet/bulk.h"

#include "proto/wire.h"
#include "services/plan/amount.h"

#include <string.h>

static bool begins(text_t text, const char *mark) {
    size_t size = strlen(mark);
    return text.size >= size && memcmp(text.at, mark, size) == 0;
}

static text_t behind(text_t text, size_t size) { return (text_t){text.at + size, text.size - (uint32_t)size}; }

/* Blanks that nobody sees: also the full-width one, the one that does not break, and a BOM in the middle of nowhere. */
static const char *const blanks[] = {" ", "\t", "\n", "\r", "\xe3\x80\x80", "\xc2\xa0", "\xef\xbb\xbf"};
enum { BLANKS = sizeof blanks / sizeof blanks[0] };

text_t cell_trimmed(text_t text) {
    for (size_t index = 0; index < BLANKS; index++) {
        size_t size = strlen(blanks[index]);
        bool front = begins(text, blanks[index]);
        bool back = !front && text.size >= size && memcmp(text.at + text.size - size, blanks[index], size) == 0;
        if (front) text = behind(text, size);
        if (back) text.size -= (uint32_t)size;
        if (front || back) index = (size_t)-1; /* from the start again */
    }
    return text;
}

text_t cell_plain(text_t text, arena_t *arena) {
    char *out = arena_room(arena, text.size + 1);
    uint32_t used = 0;
    for (uint32_t at = 0; at < text.size; at++) {
        const uint8_t *wide = (const uint8_t *)text.at + at; /* U+FF01 … U+FF5E are ！ … ～: EF BC 81 … EF BD 9E */
        bool full = text.size - at >= 3 && wide[0] == 0xef && (wide[1] == 0xbc || wide[1] == 0xbd) && wide[2] >= 0x80;
        uint32_t code = full ? 0x20U + ((uint32_t)(wide[1] - 0xbc) << 6) + (uint32_t)(wide[2] - 0x80) : 0;
        if (!full || code < 0x21 || code > 0x7e) {
            out[used++] = text.at[at];
            continue;
        }
        out[used++] = (char)code;
        at += 2;
    }
    return cell_trimmed((text_t){out, used});
}

/* --- days and periods --- */

/* Numbers apart by one and the same of - / . or by 年 月 日. */
static bool date_parts(text_t text, uint32_t parts[3], uint32_t *count) {
    static const char *const chinese[] = {"年", "月", "日"};
    char mark = '\0';
    *count = 0;
    while (text.size > 0 && *count < 3) {
        uint32_t digits = 0, number = 0;
        for (; digits < text.size && text.at[digits] >= '0' && text.at[digits] <= '9' && digits < 9; digits++)
            number = number * 10 + (uint32_t)(text.at[digits] - '0');
        if (digits == 0 || digits > 8) return false;
        parts[(*count)++] = number;
        text = behind(text, digits);
        if (text.size == 0) break;
        bool word = begins(text, chinese[*count - 1]);
        char found = word ? 'C' : text.at[0];
        if ((!word && memchr("-/.", found, 3) == NULL) || (mark != '\0' && mark != found)) return false;
        mark = found;
        text = behind(text, word ? strlen(chinese[0]) : 1);
        if (text.size == 0 && !word) return false;
    }
    return text.size == 0 && *count > 0;
}

/* 2021/8/10 0:00, 2021-08-10 00:00:00: a spreadsheet's midnight, which says nothing. */
static text_t midnight_cut(text_t text) {
    static const char *const midnights[] = {" 0:00", " 00:00", " 0:00:00", " 00:00:00"};
    for (size_t index = 0; index < sizeof midnights / sizeof midnights[0]; index++) {
        uint32_t size = (uint32_t)strlen(midnights[index]);
        if (text.size > size && memcmp(text.at + text.size - size, midnights[index], size) == 0)
            return (text_t){text.at, text.size - size};
    }
    return text;
}

/* 1 … 12 at the front of `text`; 0: no month. */
static uint32_t english_month_at(text_t text) {
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (uint32_t index = 0; index < 12 && text.size >= 3; index++)
        if (memcmp(names + (size_t)index * 3, text.at, 3) == 0) return index + 1;
    return 0;
}

/* 10-Aug-21, 10-Aug-2021: what spreadsheets make of a date in an English cell. */
static bool english_day(text_t text, uint32_t *day) {
    uint32_t numbers[2] = {0}, sizes[2] = {0};
    text_t rest = text;
    for (uint32_t part = 0; part < 2; part++) {
        for (; rest.size > 0 && rest.at[0] >= '0' && rest.at[0] <= '9' && sizes[part] < 4;
             rest = behind(rest, 1), sizes[part]++)
            numbers[part] = numbers[part] * 10 + (uint32_t)(rest.at[0] - '0');
        if (part == 1) break;
        uint32_t month = rest.size > 5 && rest.at[0] == '-' && rest.at[4] == '-' ? english_month_at(behind(rest, 1)) : 0;
        if (month == 0) return false;
        *day = month * 100;
        rest = behind(rest, 5);
    }
    if (rest.size > 0 || sizes[0] < 1 || sizes[0] > 2 || (sizes[1] != 2 && sizes[1] != 4)) return false;
    *day += (sizes[1] == 2 ? 2000 + numbers[1] : numbers[1]) * 10000 + numbers[0];
    return day_exists(*day);
}

bool cell_is_serial(text_t text) { /* 40000 is 2009, 49999 is 2036 */
    for (uint32_t at = 0; at < text.size; at++)
        if (text.at[at] < '0' || text.at[at] > '9') return false;
    return text.size == 5 && text.at[0] == '4';
}

bool cell_day(text_t text, uint32_t *day) {
    uint32_t parts[3], count;
    text = midnight_cut(text);
    if (english_day(text, day)) return true;
    if (!date_parts(text, parts, &count)) return false;
    if (count == 1)
        *day = parts[0];
    else if (count == 3 && parts[0] < 10000 && parts[1] < 100 && parts[2] < 100)
        *day = parts[0] * 10000 + parts[1] * 100 + parts[2];
    else
        return false;
    return day_exists(*day);
}

/* Aug-21: what spreadsheets make of 2021-08. */
static bool english_month(text_t text, uint32_t *month) {
    uint32_t index = english_month_at(text);
    if (text.size != 6 || text.at[3] != '-' || index == 0) return false;
    uint32_t tens = (uint32_t)(text.at[4] - '0'), ones = (uint32_t)(text.at[5] - '0');
    *month = (2000 + tens * 10 + ones) * 100 + index;
    return tens < 10 && ones < 10;
}

const period_t *cell_period(const planbook_t *book, text_t text) {
    text = midnight_cut(text);
    const period_t *found = planbook_period(book, text);
    uint32_t parts[3] = {0}, count = 0, month = 0;
    if (found != NULL) return found;
    bool read = english_month(text, &month);
    if (!read && date_parts(text, parts, &count) && count >= 2 && parts[0] < 10000 && parts[1] < 100) {
        month = parts[0] * 100 + parts[1];
        read = count == 2 || parts[2] == 1;
    }
    const plan_t *plan = planbook_plan(book);
    for (uint32_t index = 0; read && index < plan->periods_count; index++) {
        if (plan->periods[index].from / 100 != month) continue;
        if (found != NULL) return NULL; /* weeks: several begin in one month */
        found = &plan->periods[index];
    }
    return found;
}

/* --- tasks, yes, mangled numbers --- */

static bool task_is(const task_t *task, text_t text) {
    if (text_equal(text, task->id) || text_equal(text, task->name) || text_equal(text, task->number)) return true;
    if (task->number.size == 0 || text.size <= task->number.size || memcmp(text.at, task->number.at, task->number.size) != 0)
        return false;
    text = cell_trimmed(behind(text, task->number.size));
    if (begins(text, "、")) text = cell_trimmed(behind(text, strlen("、")));
    return text_equal(text, task->name);
}

const task_t *cell_task(const planbook_t *book, text_t text) {
    const plan_t *plan = planbook_plan(book);
    const task_t *found = planbook_task(book, text);
    for (uint32_t index = 0; found == NULL && index < plan->tasks_count; index++)
        if (task_is(&plan->tasks[index], text)) found = &plan->tasks[index];
    return found;
}

static bool among(const char *const *words, size_t count, text_t text) {
    for (size_t index = 0; index < count; index++)
        if (text_is(text, words[index])) return true;
    return false;
}

int cell_yes(text_t text) {
    static const char *const yes[] = {"是", "无变化", "√", "✓", "1", "yes", "Yes", "YES", "y", "Y", "true", "TRUE", "x", "X"};
    static const char *const no[] = {"", "否", "0", "no", "No", "NO", "n", "N", "false", "FALSE"};
    if (among(yes, sizeof yes / sizeof yes[0], text)) return 1;
    return among(no, sizeof no / sizeof no[0], text) ? 0 : -1;
}

bool cell_is_mangled(text_t text) {
    uint32_t at = 0, digits = 0;
    for (; at < text.size && ((text.at[at] >= '0' && text.at[at] <= '9') || text.at[at] == '.'); at++) digits++;
    if (digits == 0 || digits > 16 || at + 3 > text.size || (text.at[at] != 'E' && text.at[at] != 'e')) return false;
    if (text.at[at + 1] != '+' && text.at[at + 1] != '-') return false;
    for (at += 2; at < text.size; at++)
        if (text.at[at] < '0' || text.at[at] > '9') return false;
    return true;
}

bool cell_is_error(text_t text) {
    static const char *const errors[] = {"#VALUE!", "#REF!", "#DIV/0!", "#NAME?", "#N/A", "#NUM!", "#NULL!", "#SPILL!"};
    uint32_t marks = 0;
    while (marks < text.size && text.at[marks] == '#') marks++;
    return (marks >= 2 && marks == text.size) || among(errors, sizeof errors / sizeof errors[0], text);
}

/* --- headers --- */

typedef struct {
    const char *symbol, *zh, *en, *others;
    char kind;
} column_text_t;

#define COLUMN(name, kind, zh, en, others) {#name, zh, en, others, (#kind)[0]},
static const column_text_t columns[] = {
#include "services/sheet/bulk_columns.def"
};
#undef COLUMN

const char *column_name(column_t column, bool zh) {
    ASSERT(column < COLUMN_COUNT);
    return zh ? columns[column].zh : columns[column].en;
}

const char *column_others(column_t column) {
    ASSERT(column < COLUMN_COUNT);
    return columns[column].others;
}

const char *column_symbol(column_t column) {
    ASSERT(column < COLUMN_COUNT);
    return columns[column].symbol;
}

bool column_is_amount(column_t column) { return column < COLUMN_COUNT && columns[column].kind == 'a'; }

static text_t folded(text_t text, arena_t *arena) {
    char *out = arena_take(arena, text.size + 1);
    uint32_t used = 0;
    for (uint32_t at = 0; at < text.size;) {
        bool skipped = false;
        for (size_t index = 0; index < BLANKS && !skipped; index++) {
            skipped = begins(behind(text, at), blanks[index]);
            if (skipped) at += (uint32_t)strlen(blanks[index]);
        }
        if (skipped) continue;
        char c = text.at[at++];
        if (c == '-' || c == '_') continue;
        out[used++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (text_t){out, used};
}

/* "本月数（万元）" → 本月数 and 万元. */
static text_t brackets_cut(text_t text, text_t *inside) {
    static const char *const opening[] = {"(", "（"}, *const closing[] = {")", "）"};
    *inside = text_of("");
    for (uint32_t at = 0; at < text.size; at++)
        for (size_t index = 0; index < 2; index++) {
            if (!begins(behind(text, at), opening[index])) continue;
            text_t rest = behind(text, at + strlen(opening[index]));
            for (uint32_t end = 0; end < rest.size; end++)
                if (begins(behind(rest, end), closing[0]) || begins(behind(rest, end), closing[1])) rest.size = end;
            *inside = cell_trimmed(rest);
            return (text_t){text.at, at};
        }
    return text;
}

static bool word_among(const char *list, text_t word, arena_t *arena) {
    while (*list != '\0') {
        size_t size = strcspn(list, "|");
        if (text_equal(folded((text_t){list, (uint32_t)size}, arena), word)) return true;
        list += size + (list[size] == '|');
    }
    return false;
}

column_t cell_column(text_t text, arena_t *arena, text_t *unit) {
    text_t name = folded(brackets_cut(cell_trimmed(text), unit), arena);
    for (size_t index = 0; index < COLUMN_COUNT; index++) {
        const column_text_t *column = &columns[index];
        if (word_among(column->zh, name, arena) || word_among(column->en, name, arena) ||
            word_among(column->others, name, arena))
            return (column_t)index;
    }
    return COLUMN_COUNT;
}
