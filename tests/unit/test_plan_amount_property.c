/* Amounts against a second implementation: a regular expression for the grammar, the decimal point moved through a string. */
#include "services/plan/amount.h"
#include "tests/unit/plan_fixture.h"

#include <regex.h>
#include <stdio.h>

enum { ROUNDS = 60000, TEXT_ROOM = 256 };

/* --- the other implementation --- */

static const char number_grammar[] = "([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\\.([0-9]+))?";
static const char count_words[] =
    "名|人|位|人次|个|次|场|场次|项|件|批|批次|家|户|期|对|所|村|份|篇|条|台|套|只|头|亩|吨|处|班|类|笔|车|间|"
    "座|棵|公里";
static regex_t money_form, count_form;
enum { GROUP_SIGN = 1, GROUP_WHOLE = 2, GROUP_FRACTION = 5, GROUP_SCALE = 6, GROUP_WORD = 7, GROUPS = 8 };

static int compile_forms(void **state) {
    (void)state;
    char form[1024];
    snprintf(form, sizeof form, "^[ \t]*(¥)?[ \t]*%s[ \t]*(万|亿)?[ \t]*(元)?[ \t]*$", number_grammar);
    if (regcomp(&money_form, form, REG_EXTENDED) != 0) return -1;
    snprintf(form, sizeof form, "^[ \t]*()%s[ \t]*(万|亿)?[ \t]*(%s)?[ \t]*$", number_grammar, count_words);
    return regcomp(&count_form, form, REG_EXTENDED);
}

static int free_forms(void **state) {
    (void)state;
    regfree(&money_form);
    regfree(&count_form);
    return 0;
}

/* Full-width forms as what they stand for, one character at a time. */
static void make_plain(const char *typed, char *out) {
    static const char *const wide[][2] = {{"．", "."}, {"，", ","}, {"　", " "}, {"￥", "¥"}, {"萬", "万"}, {"億", "亿"}};
    while (*typed != '\0') {
        size_t index = 0;
        while (index < 6 && strncmp(typed, wide[index][0], strlen(wide[index][0])) != 0) index++;
        if (index < 6) {
            out += sprintf(out, "%s", wide[index][1]);
            typed += strlen(wide[index][0]);
        } else if (strncmp(typed, "\xef\xbc", 2) == 0 && (uint8_t)typed[2] >= 0x90 && (uint8_t)typed[2] <= 0x99) {
            *out++ = (char)('0' + ((uint8_t)typed[2] - 0x90));
            typed += 3;
        } else
            *out++ = *typed++;
    }
    *out = '\0';
}

static size_t group_size(const regmatch_t *group) { return group->rm_so < 0 ? 0 : (size_t)(group->rm_eo - group->rm_so); }

/* Moves the point of whole.fraction by `places` to the right; false if anything but zeros is left behind it. */
static bool move_point(const char *whole, const char *fraction, size_t places, char *out) {
    size_t used = (size_t)sprintf(out, "%s", whole), left = strlen(fraction);
    for (; places > 0; places--) {
        out[used++] = left > 0 ? *fraction : '0';
        fraction += left > 0;
        left -= left > 0;
    }
    out[used] = '\0';
    return strspn(fraction, "0") == left;
}

static bool fits_int64(const char *digits, int64_t *value) {
    static const char largest[] = "9223372036854775807";
    digits += strspn(digits, "0");
    size_t size = strlen(digits);
    if (size > 19 || (size == 19 && strcmp(digits, largest) > 0)) return false;
    *value = size == 0 ? 0 : strtoll(digits, NULL, 10);
    return true;
}

static size_t zeros_of(const char *scale, size_t size) {
    if (size == 0) return 0;
    return strncmp(scale, "万", size) == 0 ? 4 : 8;
}

/* The same question, answered by other means. bare: the unit that the column shows, or NULL. */
static bool other_read(const char *typed, bool money, const char *bare, int64_t *value) {
    char plain[TEXT_ROOM * 2], whole[TEXT_ROOM], fraction[TEXT_ROOM], digits[TEXT_ROOM * 2];
    regmatch_t groups[GROUPS];
    make_plain(typed, plain);
    if (regexec(money ? &money_form : &count_form, plain, GROUPS, groups, 0) != 0) return false;
    size_t used = 0;
    for (regoff_t at = groups[GROUP_WHOLE].rm_so; at < groups[GROUP_WHOLE].rm_eo; at++)
        if (plain[at] != ',') whole[used++] = plain[at];
    whole[used] = '\0';
    snprintf(fraction, sizeof fraction, "%.*s", (int)group_size(&groups[GROUP_FRACTION]), plain + groups[GROUP_FRACTION].rm_so);
    if (group_size(&groups[GROUP_FRACTION]) == 0) fraction[0] = '\0';
    size_t scale = zeros_of(plain + groups[GROUP_SCALE].rm_so, group_size(&groups[GROUP_SCALE]));
    bool worded = scale > 0 || group_size(&groups[GROUP_WORD]) > 0;
    bool signed_ = money && group_size(&groups[GROUP_SIGN]) > 0;
    if (money && !worded && !signed_) {
        if (bare == NULL) return false;
        scale = zeros_of(bare, strlen(bare) > 3 ? 3 : 0);
    }
    return move_point(whole, fraction, scale + (money ? 2 : 0), digits) && fits_int64(digits, value);
}

/* --- random spellings --- */

static uint64_t dice = UINT64_C(0x2545f4914f6cdd1d);

static uint32_t roll(uint32_t sides) {
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (uint32_t)((dice >> 33) % sides);
}

static void put(char *out, const char *piece) {
    if (strlen(out) + strlen(piece) < 90) strcat(out, piece);
}

static void put_digit(char *out, bool wide) {
    char piece[4];
    uint32_t digit = roll(4) == 0 ? 0 : roll(10);
    if (wide)
        snprintf(piece, sizeof piece, "\xef\xbc%c", (char)(0x90 + digit));
    else
        snprintf(piece, sizeof piece, "%u", digit);
    put(out, piece);
}

static void put_number(char *out) {
    bool wide = roll(6) == 0, commas = roll(3) == 0;
    uint32_t whole = 1 + roll(roll(8) == 0 ? 22 : 9);
    for (uint32_t left = whole; left > 0; left--) {
        put_digit(out, wide);
        if (commas && left > 1 && (left - 1) % 3 == 0) put(out, roll(5) == 0 ? "，" : ",");
    }
    if (roll(2) == 0) return;
    put(out, roll(8) == 0 ? "．" : ".");
    for (uint32_t count = 1 + roll(roll(6) == 0 ? 14 : 4); count > 0; count--) put_digit(out, wide);
}

#define PICK(list) ((list)[roll(sizeof(list) / sizeof((list)[0]))])

static void make_spelling(char *out) {
    static const char *const blanks[] = {"", "", "", "", " ", "　", "\t", "  "};
    static const char *const words[] = {"元", "万元", "亿元", "万",   "亿",     "",     "名",    "人次", "个", "萬元",
                                        "億", "万人", "公里", "美元", "亿万元", "元整", "万 元", "场次", "人", "次"};
    static const char *const noise[] = {"约", ",",  ".",  "-",  "¥",    "e", "余", "1", "０",
                                        " ",  "万", "元", "负", "以上", "x", "，", "多"};
    out[0] = '\0';
    put(out, PICK(blanks));
    if (roll(10) == 0) put(out, roll(2) == 0 ? "¥" : "￥");
    put(out, PICK(blanks));
    if (roll(40) != 0) put_number(out);
    if (roll(12) == 0) put(out, PICK(noise));
    put(out, PICK(blanks));
    put(out, PICK(words));
    put(out, PICK(blanks));
    if (roll(30) == 0) put(out, PICK(noise));
}

/* --- the tests --- */

static void check(const char *typed, bool money, const char *bare, uint32_t *taken) {
    int64_t ours = -1, others = -1;
    const char *why = amount_read(text_of(typed), money ? measure_money : measure_count, bare, &ours);
    bool other = other_read(typed, money, bare, &others);
    if ((why == NULL) != other || (other && ours != others))
        fail_msg("“%s” as %s in a column of %s: %s %lld, the other implementation %s %lld", typed, money ? "money" : "count",
                 bare == NULL ? "nothing" : bare, why == NULL ? "read as" : why, (long long)ours, other ? "reads" : "refuses",
                 (long long)others);
    *taken += other;
}

static void random_spellings_read_as_the_other_implementation_reads_them(void **state) {
    (void)state;
    static const char *const money_columns[] = {NULL, "元", "万元", "亿元"}, *const count_columns[] = {NULL, "名", "数量"};
    uint32_t money = 0, counts = 0;
    char typed[TEXT_ROOM];
    for (uint32_t round = 0; round < ROUNDS; round++) {
        make_spelling(typed);
        check(typed, true, PICK(money_columns), &money);
        check(typed, false, PICK(count_columns), &counts);
    }
    print_message("%d spellings: %u read as money, %u as counts, all alike\n", ROUNDS, money, counts);
    assert_in_range(money, ROUNDS / 10, ROUNDS - ROUNDS / 10); /* the dice try what is taken and what is not */
    assert_in_range(counts, ROUNDS / 20, ROUNDS - ROUNDS / 10);
}

static void the_largest_amounts_are_told_apart_to_the_last_fen(void **state) {
    (void)state;
    uint32_t taken = 0;
    char typed[TEXT_ROOM];
    for (int offset = -3; offset <= 3; offset++) {
        uint64_t value = (uint64_t)INT64_MAX + (uint64_t)(int64_t)offset;
        snprintf(typed, sizeof typed, "%llu.%02llu元", (unsigned long long)(value / 100), (unsigned long long)(value % 100));
        check(typed, true, NULL, &taken);
        snprintf(typed, sizeof typed, "%llu.%06llu万元", (unsigned long long)(value / 1000000),
                 (unsigned long long)(value % 1000000));
        check(typed, true, NULL, &taken);
        snprintf(typed, sizeof typed, "%llu个", (unsigned long long)value);
        check(typed, false, NULL, &taken);
    }
    assert_int_equal(taken, 12); /* four of seven offsets, three spellings */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_spellings_read_as_the_other_implementation_reads_them),
                                       cmocka_unit_test(the_largest_amounts_are_told_apart_to_the_last_fen)};
    return cmocka_run_group_tests_name("amounts, by a second implementation", tests, compile_forms, free_forms);
}
