/* Amounts as people type them: a tiny grammar in exact integer arithmetic, nothing guessed. */
#include "services/plan/amount.h"

#include <string.h>

/* Every reason in both languages; amount_reason_zh finds the second by the first. */
#define REASONS(X)                                                                                                             \
    X(EMPTY, "no amount is given", "没有填写数额")                                                                             \
    X(VAGUE, "words such as 约, 余, 左右, 以上 are not taken: state the exact figure",                                         \
      "不接受约、余、左右、以上等字样，请填准确数")                                                                            \
    X(NEGATIVE, "a negative amount is never taken: a correction is a revision", "不能为负数；更正请提交修订")                  \
    X(NUMBER, "not a number", "不是数字")                                                                                      \
    X(POINT, "the decimal point is written as “.”", "小数点请写成“.”，不是句号、顿号")                                         \
    X(WORDS, "a number in words: write it in digits", "请用阿拉伯数字填写")                                                    \
    X(PERCENT, "a percentage where a figure belongs", "此处不填百分比，请填数额")                                              \
    X(GROUPS, "the commas do not part the number into thousands", "千位分隔逗号的位置不对")                                    \
    X(WORD, "the unit behind the number is not understood: money takes 元, 万元, 亿元",                                        \
      "数字后面的单位无法识别：金额写元、万元、亿元")                                                                          \
    X(BARE, "a bare number: state its unit (元, 万元, 亿元)", "只有数字没有单位，请写明元、万元或亿元")                        \
    X(MONEY, "a sum of money where a count belongs", "此处应填数量，不是金额")                                                 \
    X(COUNT, "a count where a sum of money belongs", "此处应填金额，不是数量")                                                 \
    X(SCIENCE, "rewritten by a spreadsheet as a power of ten: type the number in full",                                        \
      "已被表格软件改写为科学计数法，请把数写全")                                                                              \
    X(FINE, "finer than a fen", "数额精确到分，小数位过多")                                                                    \
    X(PARTS, "not a whole number", "应为整数")                                                                                 \
    X(LARGE, "too large", "数额过大")
#define AS_NAME(name, en, zh) WHY_##name,
#define AS_PAIR(name, en, zh) {en, zh},
typedef enum { REASONS(AS_NAME) WHY_COUNT_OF, WHY_NOT = WHY_COUNT_OF } why_t;
static const char *const why_texts[][2] = {REASONS(AS_PAIR)};

const char *amount_reason_zh(const char *reason) {
    for (size_t index = 0; index < WHY_COUNT_OF; index++)
        if (strcmp(why_texts[index][0], reason) == 0) return why_texts[index][1];
    return reason;
}

bool amount_reason_negative(const char *reason) { return strcmp(why_texts[WHY_NEGATIVE][0], reason) == 0; }

enum { AMOUNT_ROOM = 96 }; /* no amount is longer than this */

typedef struct {
    const char *from;
    const char *to;
} swap_t;

/* Full-width forms that input methods leave behind. */
static const swap_t swaps[] = {{"０", "0"}, {"１", "1"}, {"２", "2"},  {"３", "3"},  {"４", "4"}, {"５", "5"}, {"６", "6"},
                               {"７", "7"}, {"８", "8"}, {"９", "9"},  {"．", "."},  {"，", ","}, {"－", "-"}, {"−", "-"},
                               {"　", " "}, {"￥", "¥"}, {"負", "负"}, {"萬", "万"}, {"億", "亿"}};

static bool begins_with(text_t text, uint32_t at, const char *what) {
    size_t size = strlen(what);
    return text.size - at >= size && memcmp(text.at + at, what, size) == 0;
}

/* Copies with full-width forms made plain. false: longer than any amount. */
static bool plain_of(text_t text, char room[AMOUNT_ROOM], text_t *plain) {
    uint32_t used = 0;
    for (uint32_t at = 0; at < text.size;) {
        const swap_t *swap = NULL;
        for (size_t index = 0; swap == NULL && index < sizeof swaps / sizeof swaps[0]; index++)
            if (begins_with(text, at, swaps[index].from)) swap = &swaps[index];
        const char *piece = swap == NULL ? text.at + at : swap->to;
        size_t size = swap == NULL ? 1 : strlen(swap->to);
        if (used + size > AMOUNT_ROOM) return false;
        memcpy(room + used, piece, size);
        used += (uint32_t)size;
        at += swap == NULL ? 1 : (uint32_t)strlen(swap->from);
    }
    *plain = (text_t){room, used};
    return true;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static text_t trimmed(text_t text) {
    while (text.size > 0 && is_blank(text.at[0])) text = (text_t){text.at + 1, text.size - 1};
    while (text.size > 0 && is_blank(text.at[text.size - 1])) text.size--;
    return text;
}

static bool is_vague(text_t text) {
    static const char *const words[] = {"约", "近", "余",   "多",   "左右", "上下", "以上", "以下", "以内", "不足", "超", "逾",
                                        "几", "数", "若干", "至少", "~",    "～",   "≈",    "≥",    "≤",    ">",    "<"};
    for (size_t index = 0; index < sizeof words / sizeof words[0]; index++)
        for (uint32_t at = 0; at < text.size; at++)
            if (begins_with(text, at, words[index])) return true;
    return false;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* What input methods make of a decimal point, between digits. */
static bool is_point(text_t word) {
    static const char *const marks[] = {"。", "．", "、", "·", "：", "；", ";"};
    for (size_t index = 0; index < sizeof marks / sizeof marks[0]; index++) {
        size_t size = strlen(marks[index]);
        if (begins_with(word, 0, marks[index]) && word.size > size && is_digit(word.at[size])) return true;
    }
    return false;
}

/* 三万, 壹佰元. */
static bool is_words(text_t text) {
    static const char *const words[] = {"一", "二", "两", "三", "四", "五", "六", "七", "八", "九", "十", "百", "千", "零",
                                        "〇", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖", "拾", "佰", "仟"};
    for (size_t index = 0; index < sizeof words / sizeof words[0]; index++)
        if (begins_with(text, 0, words[index])) return true;
    return false;
}

/* The number at the front: digits without commas and point, and how many of them stand behind the point. */
typedef struct {
    char digits[AMOUNT_ROOM];
    uint32_t count;
    uint32_t fraction;
    uint32_t taken; /* bytes of the text */
} number_t;

static why_t whole_read(text_t text, number_t *number) {
    uint32_t at = 0, run = 0;
    bool grouped = false;
    for (; at < text.size && (is_digit(text.at[at]) || text.at[at] == ','); at++) {
        if (text.at[at] != ',') {
            number->digits[number->count++] = text.at[at];
            run++;
            continue;
        }
        if (grouped ? run != 3 : run < 1 || run > 3) return run == 0 && !grouped ? WHY_NUMBER : WHY_GROUPS;
        grouped = true;
        run = 0;
    }
    number->taken = at;
    if (number->count == 0) return WHY_NUMBER;
    return grouped && run != 3 ? WHY_GROUPS : WHY_NOT;
}

static why_t number_read(text_t text, number_t *number) {
    *number = (number_t){.count = 0};
    why_t why = whole_read(text, number);
    if (why != WHY_NOT) return why;
    uint32_t at = number->taken;
    if (at == text.size || text.at[at] != '.') return WHY_NOT;
    for (at++; at < text.size && is_digit(text.at[at]); at++, number->fraction++) number->digits[number->count++] = text.at[at];
    number->taken = at;
    if (number->fraction == 0) return WHY_NUMBER;
    return at < text.size && text.at[at] == ',' ? WHY_GROUPS : WHY_NOT;
}

/* digits × 10^(scale − fraction), exact. */
static why_t number_value(const number_t *number, uint32_t scale, why_t too_fine, int64_t *value) {
    int64_t sum = 0;
    uint32_t whole = number->count - number->fraction;
    for (uint32_t index = 0; index < whole + scale || index < number->count; index++) {
        int digit = index < number->count ? number->digits[index] - '0' : 0;
        if (index >= whole + scale) {
            if (digit != 0) return too_fine;
            continue;
        }
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, digit, &sum)) return WHY_LARGE;
    }
    *value = sum;
    return WHY_NOT;
}

static const char *const count_words[] = {"名", "人", "位", "人次", "个", "次", "场", "场次", "项", "件", "批", "批次",
                                          "家", "户", "期", "对",   "所", "村", "份", "篇",   "条", "台", "套", "只",
                                          "头", "亩", "吨", "处",   "班", "类", "笔", "车",   "间", "座", "棵", "公里"};

static bool is_count_word(text_t word) {
    for (size_t index = 0; index < sizeof count_words / sizeof count_words[0]; index++)
        if (text_is(word, count_words[index])) return true;
    return false;
}

/* Powers of ten of a scale word at the front of `word`, which moves behind it. */
static uint32_t scale_take(text_t *word) {
    uint32_t scale = begins_with(*word, 0, "万") ? 4 : begins_with(*word, 0, "亿") ? 8 : 0;
    if (scale > 0) {
        uint32_t size = (uint32_t)strlen("万");
        *word = trimmed((text_t){word->at + size, word->size - size});
    }
    return scale;
}

/* 元 = 100 fen. A scale alone (3000万) is money's own way to write 万元. */
static why_t money_scale(text_t word, uint32_t *scale) {
    uint32_t power = scale_take(&word);
    *scale = power + 2;
    if (text_is(word, "元") || (power > 0 && word.size == 0)) return WHY_NOT;
    return is_count_word(word) ? WHY_COUNT : WHY_WORD;
}

static why_t count_scale(text_t word, uint32_t *scale) {
    *scale = scale_take(&word);
    if (word.size == 0 || is_count_word(word)) return WHY_NOT;
    return text_is(word, "元") ? WHY_MONEY : WHY_WORD;
}

static why_t amount_parse(text_t text, measure_t measure, const char *bare_word, int64_t *value) {
    char room[AMOUNT_ROOM];
    text_t plain;
    if (!plain_of(text, room, &plain)) return WHY_NUMBER;
    plain = trimmed(plain);
    if (plain.size == 0) return WHY_EMPTY;
    if (begins_with(plain, 0, "-") || begins_with(plain, 0, "负")) return WHY_NEGATIVE;
    if (is_vague(plain)) return WHY_VAGUE;
    bool money = measure == measure_money, sign = begins_with(plain, 0, "¥");
    if (sign && !money) return WHY_MONEY;
    uint32_t skip = sign ? (uint32_t)strlen("¥") : 0;
    plain = trimmed((text_t){plain.at + skip, plain.size - skip});
    number_t number;
    why_t why = number_read(plain, &number);
    if (why == WHY_NUMBER && is_words(plain)) why = WHY_WORDS;
    if (why != WHY_NOT) return why;
    text_t word = trimmed((text_t){plain.at + number.taken, plain.size - number.taken});
    if (number.fraction == 0 && is_point(word)) return WHY_POINT;
    if (begins_with(word, 0, "%") || begins_with(word, 0, "％")) return WHY_PERCENT;
    bool science = word.size > 1 && (word.at[0] == 'E' || word.at[0] == 'e') && memchr("+-0123456789", word.at[1], 12) != NULL;
    if (science) return WHY_SCIENCE;
    if (word.size == 0 && sign) word = text_of("元");
    bool bare = word.size == 0 || (bare_word != NULL && text_is(word, bare_word));
    if (bare && bare_word != NULL) word = text_of(bare_word);
    if (bare && money && word.size == 0) return WHY_BARE;
    uint32_t scale = 0;
    if (money)
        why = money_scale(word, &scale);
    else if (bare)
        scale = scale_take(&word); /* whatever word the column counts in */
    else
        why = count_scale(word, &scale);
    return why != WHY_NOT ? why : number_value(&number, scale, money ? WHY_FINE : WHY_PARTS, value);
}

const char *amount_read(text_t text, measure_t measure, const char *bare_word, int64_t *value) {
    int64_t read = 0;
    why_t why = amount_parse(text, measure, bare_word, &read);
    if (why != WHY_NOT) return why_texts[why][0];
    *value = read;
    return NULL;
}

/* value / unit with `places` decimals, half rounded up. */
static text_t decimal_show(int64_t value, int64_t unit, int places, const char *word, arena_t *arena) {
    int64_t parts = 1;
    for (int place = 0; place < places; place++) parts *= 10;
    int64_t step = unit / parts, shown = value / step + (value % step >= step - step / 2 ? 1 : 0);
    return arena_format(arena, "%lld.%0*lld%s", (long long)(shown / parts), places, (long long)(shown % parts), word);
}

text_t amount_show(int64_t value, measure_t measure, text_t unit_word, arena_t *arena) {
    static const int64_t wan = 1000000, yi = 10000000000;
    if (value < 0) return arena_format(arena, "-" TEXT_FORMAT, TEXT_ARGS(amount_show(-value, measure, unit_word, arena)));
    if (measure != measure_money) return arena_format(arena, "%lld" TEXT_FORMAT, (long long)value, TEXT_ARGS(unit_word));
    return value < yi ? decimal_show(value, wan, 2, "万元", arena) : decimal_show(value, yi, 4, "亿元", arena);
}

text_t amount_exact(int64_t fen, arena_t *arena) {
    if (fen < 0) return arena_format(arena, "-" TEXT_FORMAT, TEXT_ARGS(amount_exact(-fen, arena)));
    return arena_format(arena, "%lld.%02lld元", (long long)(fen / 100), (long long)(fen % 100));
}
