/* Single values of a plan file: texts, ids, numbers, days, words, clock times, goals; each refused in its own sentence. */
#include <string.h>

#include "proto/wire.h"
#include "services/plan/amount.h"
#include "services/plan/plan_file_read.h"

static const text_t nothing;

bool file_value_expect(reader_t *self, const node_t *node, const place_t *place) {
    if (node->kind != NODE_TEXT) {
        file_reader_tell(self, node, place, "此处应为单个值", "a single value belongs here", nothing, nothing);
        return false;
    }
    bool empty = node->plain && (node->text.size == 0 || text_is(node->text, "~") || text_is(node->text, "null"));
    if (empty) file_reader_tell(self, node, place, "没有填写", "nothing stands here", nothing, nothing);
    return !empty;
}

bool file_digits_read(text_t text, uint64_t *number) {
    if (text.size == 0 || text.size > 18 || (text.size > 1 && text.at[0] == '0')) return false;
    uint64_t value = 0;
    for (uint32_t index = 0; index < text.size; index++) {
        if (text.at[index] < '0' || text.at[index] > '9') return false;
        value = value * 10 + (uint64_t)(text.at[index] - '0');
    }
    *number = value;
    return true;
}

/* Two digits, leading zero kept. */
static bool pair_read(const char *at, uint64_t *number) {
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9') return false;
    *number = (uint64_t)(at[0] - '0') * 10 + (uint64_t)(at[1] - '0');
    return true;
}

bool file_day_read(text_t text, uint32_t *day) {
    uint64_t year, month, date;
    if (text.size != 10 || text.at[4] != '-' || text.at[7] != '-') return false;
    if (!file_digits_read((text_t){text.at, 4}, &year) || !pair_read(text.at + 5, &month) || !pair_read(text.at + 8, &date))
        return false;
    *day = (uint32_t)(year * 10000 + month * 100 + date);
    return true;
}

bool file_clock_read(text_t text, uint64_t *minute) {
    uint64_t hours, minutes;
    if (text.size != 5 || text.at[2] != ':' || !pair_read(text.at, &hours) || !pair_read(text.at + 3, &minutes)) return false;
    *minute = hours * 60 + minutes;
    return minutes < 60 && *minute <= 1440;
}

/* Would YAML readers take it for a number or a truth value? */
static bool looks_like_number(const node_t *node) {
    bool digit = false;
    for (uint32_t index = 0; index < node->text.size; index++) {
        char c = node->text.at[index];
        if (c >= '0' && c <= '9')
            digit = true;
        else if (strchr("+-.,_eE", c) == NULL)
            return text_is(node->text, "true") || text_is(node->text, "false");
    }
    return digit;
}

/* Control characters never; everything else is already UTF-8. */
static bool text_is_clean(text_t text) {
    for (uint32_t index = 0; index < text.size; index++) {
        uint8_t byte = (uint8_t)text.at[index];
        if (byte < 0x20 || byte == 0x7f) return false;
        if (byte == 0xc2 && index + 1 < text.size && (uint8_t)text.at[index + 1] < 0xa0) return false;
    }
    return true;
}

void file_read_text(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    if (!file_value_expect(self, node, place)) return;
    if (node->plain && looks_like_number(node)) {
        file_reader_tell(self, node, place, "此处应为文字，而 {1} 是数字；确为文字请加引号",
                         "text belongs here, {1} is a number; quote it if it is meant", node->text, nothing);
        return;
    }
    if (!text_is_clean(node->text))
        file_reader_tell(self, node, place, "文字中含有控制字符", "the text contains control characters", nothing, nothing);
    else if (node->text.size < spec->low || node->text.size > spec->high)
        file_reader_tell(self, node, place, "文字过长或为空", "the text is too long or empty", nothing, nothing);
    else
        *(text_t *)out = node->text;
}

static bool slug_is_clean(text_t text) {
    for (uint32_t index = 0; index < text.size; index++) {
        char c = text.at[index];
        bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!good && c != '-' && c != '_' && c != '.') return false;
    }
    return true;
}

void file_read_slug(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    if (!file_value_expect(self, node, place)) return;
    *(text_t *)out = node->text; /* even if it is wrong: what names it shall not be told as unknown besides */
    if (!slug_is_clean(node->text))
        file_reader_tell(self, node, place, "编号 {1} 只能用字母、数字、点、横线和下划线",
                         "the id {1} may hold letters, digits, dot, hyphen and underscore only", node->text, nothing);
    else if (node->text.size < spec->low || node->text.size > LIMIT_ID)
        file_reader_tell(self, node, place, "编号过长或为空", "the id is too long or empty", nothing, nothing);
}

void file_read_number(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    if (!file_value_expect(self, node, place)) return;
    uint64_t number;
    if (!node->plain || !file_digits_read(node->text, &number)) {
        file_reader_tell(self, node, place, "此处应为纯数字，不是 {1}", "a plain number belongs here, not {1}", node->text,
                         nothing);
        return;
    }
    if (number < spec->low || number > spec->high) {
        file_reader_tell(self, node, place, "数字应在 {1} 至 {2} 之间", "the number must lie between {1} and {2}",
                         arena_format(self->arena, "%llu", (unsigned long long)spec->low),
                         arena_format(self->arena, "%llu", (unsigned long long)spec->high));
        return;
    }
    *(uint64_t *)out = number;
}

void file_read_bool(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    if (!file_value_expect(self, node, place)) return;
    bool yes = text_is(node->text, "true") || text_is(node->text, "是");
    bool no = text_is(node->text, "false") || text_is(node->text, "否");
    if (yes || no)
        *(bool *)out = yes;
    else
        file_reader_tell(self, node, place, "此处应为 true 或 false（是、否），不是 {1}", "true or false belongs here, not {1}",
                         node->text, nothing);
}

void file_read_day(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    if (!file_value_expect(self, node, place)) return;
    uint32_t day;
    if (!file_day_read(node->text, &day))
        file_reader_tell(self, node, place, "日期应写作 2021-08-31 的样子，不是 {1}",
                         "a date is written like 2021-08-31, not {1}", node->text, nothing);
    else if (!day_exists(day))
        file_reader_tell(self, node, place, "没有 {1} 这一天", "there is no day {1}", node->text, nothing);
    else
        *(uint32_t *)out = day;
}

/* The words by their names or, as clerks write them, in Chinese. */
void file_read_word(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    if (!file_value_expect(self, node, place)) return;
    text_t allowed = {0};
    for (const word_t *word = spec->words; word->name != NULL; word++) {
        if (text_is(node->text, word->name) || (word->zh[0] != '\0' && text_is(node->text, word->zh))) {
            *(uint32_t *)out = word->number;
            return;
        }
        if (word->zh[0] == '\0') continue;
        allowed = arena_format(self->arena, TEXT_FORMAT "%s%s", TEXT_ARGS(allowed), allowed.size > 0 ? ", " : "", word->name);
    }
    file_reader_tell(self, node, place, "不认识 {1}，可以写：{2}", "{1} is not one of {2}", node->text, allowed);
}

void file_read_clock(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    if (!file_value_expect(self, node, place)) return;
    uint64_t minute;
    if (file_clock_read(node->text, &minute) && minute <= spec->high)
        *(uint64_t *)out = minute;
    else
        file_reader_tell(self, node, place, "时刻应写作 09:00 的样子，不是 {1}", "a time is written like 09:00, not {1}",
                         node->text, nothing);
}

/* 08:30-17:30; `out` is the plan. */
void file_read_hours(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    if (!file_value_expect(self, node, place)) return;
    plan_t *plan = out;
    text_t text = node->text;
    uint64_t begins, ends;
    bool good = text.size == 11 && text.at[5] == '-' && file_clock_read((text_t){text.at, 5}, &begins) &&
                file_clock_read((text_t){text.at + 6, 5}, &ends) && begins < ends;
    if (!good) {
        file_reader_tell(self, node, place, "工作时间应写作 08:30-17:30 的样子，不是 {1}",
                         "working hours are written like 08:30-17:30, not {1}", text, nothing);
        return;
    }
    plan->day_begins = begins;
    plan->day_ends = ends;
}

void file_read_offset(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    if (!file_value_expect(self, node, place)) return;
    text_t text = node->text;
    uint64_t minutes;
    bool good =
        text.size == 6 && text.at[0] == '+' && file_clock_read((text_t){text.at + 1, 5}, &minutes) && minutes <= spec->high;
    if (good)
        *(uint64_t *)out = minutes;
    else
        file_reader_tell(self, node, place, "时区应写作 +08:00 的样子，不是 {1}", "an offset is written like +08:00, not {1}",
                         text, nothing);
}

/* The number in front of the indicator's own unit word; false: another word stands there. */
static bool word_taken_off(text_t *text, text_t word) {
    if (text->size > word.size && text_equal((text_t){text->at + text->size - word.size, word.size}, word))
        text->size -= word.size;
    while (text->size > 0 && text->at[text->size - 1] == ' ') text->size--;
    if (text->size == 0) return false;
    char last = text->at[text->size - 1];
    if (last >= '0' && last <= '9') return true;
    text_t scale = text->size < 3 ? *text : (text_t){text->at + text->size - 3, 3};
    return text_is(scale, "万") || text_is(scale, "亿");
}

/* An amount as people type it, in the measure of the indicator at hand: 3000万元, 300名. */
void file_read_goal(reader_t *self, const node_t *node, const place_t *place, const spec_t *spec, void *out) {
    (void)spec;
    if (!file_value_expect(self, node, place) || self->indicator == NULL || self->indicator->measure == measure_none) return;
    bool money = self->indicator->measure == measure_money;
    text_t text = node->text, word = self->indicator->unit_word;
    int64_t value = 0;
    const char *why = amount_read(text, self->indicator->measure, NULL, &value);
    bool own = !money && word_taken_off(&text, word);
    if (own)
        why = amount_read(text, self->indicator->measure, NULL, &value);
    else if (!money && why == NULL) {
        file_reader_tell(self, node, place, "{1} 的单位应为 {2}", "{1} should be stated in {2}", node->text, word);
        return;
    }
    if (why == NULL) {
        *(uint64_t *)out = (uint64_t)value;
        return;
    }
    const char *zh = amount_reason_zh(why);
    file_reader_tell(self, node, place, arena_format(self->arena, "{1}：%s", zh).at,
                     arena_format(self->arena, "{1}: %s", why).at, node->text, nothing);
}
