/* Amounts as people type them: exact to the fen, or refused with the reason; and text columns. */
#include "services/plan/amount.h"
#include "services/plan/width.h"
#include "tests/unit/plan_fixture.h"

static void reads(const char *typed, measure_t measure, const char *bare, int64_t expected) {
    int64_t value = -1;
    const char *why = amount_read(text_of(typed), measure, bare, &value);
    if (why != NULL || value != expected) fail_msg("%s: %s, %lld", typed, why == NULL ? "read" : why, (long long)value);
}

static void refuses(const char *typed, measure_t measure, const char *words) {
    int64_t value = -1;
    const char *why = amount_read(text_of(typed), measure, NULL, &value);
    if (why == NULL || strstr(why, words) == NULL) fail_msg("%s: %s", typed, why == NULL ? "taken" : why);
    assert_int_equal(value, -1);
    assert_string_not_equal(amount_reason_zh(why), why);
}

static void money_is_read_in_every_spelling_of_the_table(void **state) {
    (void)state;
    reads("3000万元", measure_money, NULL, 3000000000);
    reads("3000万", measure_money, NULL, 3000000000);
    reads("0.3亿", measure_money, NULL, 3000000000);
    reads("0.3亿元", measure_money, NULL, 3000000000);
    reads("1亿元", measure_money, NULL, 10000000000);
    reads("12,345.67元", measure_money, NULL, 1234567);
    reads("１２，３４５．６７元", measure_money, NULL, 1234567);
    reads("　30,000,000 元 ", measure_money, NULL, 3000000000);
    reads("¥12.50", measure_money, NULL, 1250);
    reads("￥3万元", measure_money, NULL, 3000000);
    reads("0元", measure_money, NULL, 0);
    reads("0.0001万元", measure_money, NULL, 100);
    reads("12.340元", measure_money, NULL, 1234);
}

static void a_bare_number_is_taken_only_where_the_column_shows_its_unit(void **state) {
    (void)state;
    refuses("3000", measure_money, "bare number");
    reads("3000", measure_money, "万元", 3000000000);
    reads("3000", measure_money, "元", 300000);
    reads("3000元", measure_money, "万元", 300000); /* what is typed wins over the column */
    reads("300", measure_people, NULL, 300);
    reads("300", measure_count, "公顷", 300);
    reads("300公顷", measure_count, "公顷", 300);
}

static void counts_are_whole_numbers_with_a_word(void **state) {
    (void)state;
    reads("300名", measure_people, NULL, 300);
    reads("1.2万人", measure_people, NULL, 12000);
    reads("1个", measure_count, NULL, 1);
    reads("1,234场", measure_count, NULL, 1234);
    refuses("1.5名", measure_people, "whole");
    refuses("300元", measure_people, "money");
    refuses("¥300", measure_count, "money");
    refuses("300名", measure_money, "count");
}

static void vague_words_are_refused(void **state) {
    (void)state;
    static const char *const typed[] = {"约3000万元", "3000余万元", "3000万元左右", "3000万元以上",   "近3000万元",
                                        "超3000万元", "≥3000万元",  "3000多万元",   "3000～4000万元", "不足1万元"};
    for (size_t index = 0; index < sizeof typed / sizeof typed[0]; index++)
        refuses(typed[index], measure_money, "exact figure");
}

static void negative_amounts_are_refused(void **state) {
    (void)state;
    refuses("-5元", measure_money, "negative");
    refuses("－5元", measure_money, "negative");
    refuses("−5元", measure_money, "negative");
    refuses("负5元", measure_money, "negative");
}

static void finer_than_a_fen_is_refused_and_never_rounded(void **state) {
    (void)state;
    refuses("0.001元", measure_money, "fen");
    refuses("1.2345678万元", measure_money, "fen");
    reads("1.234567万元", measure_money, NULL, 1234567);
    refuses("0.00000000001亿元", measure_money, "fen");
}

static void commas_must_part_thousands(void **state) {
    (void)state;
    static const char *const typed[] = {"1,23元",     "12,34,567元", "1234,567元",  "1,2345元",
                                        "1,234,56元", "1,,234元",    "1,234.5,6元", "1,元"};
    for (size_t index = 0; index < sizeof typed / sizeof typed[0]; index++) refuses(typed[index], measure_money, "thousands");
}

static void what_is_no_amount_is_refused(void **state) {
    (void)state;
    refuses("", measure_money, "no amount");
    refuses("  　 ", measure_money, "no amount");
    refuses("元", measure_money, "not a number");
    refuses(".5元", measure_money, "not a number");
    refuses("5.元", measure_money, "not a number");
    refuses(",500元", measure_money, "not a number");
    refuses("1e5元", measure_money, "power of ten");
    refuses("1.2E+07", measure_money, "power of ten");
    refuses("3E", measure_count, "unit");
    refuses("5美元", measure_money, "unit");
    refuses("1亿2000万元", measure_money, "unit");
    refuses("三千万元", measure_money, "in digits");
    refuses("壹佰元", measure_money, "in digits");
    refuses("120%", measure_money, "percentage");
    refuses("１２０％", measure_count, "percentage");
    for (const char *const *typed = (const char *const[]){"3。5万元", "3、5万元", "3·5", "３；５元", NULL}; *typed != NULL; typed++)
        refuses(*typed, measure_money, "decimal point");
    refuses("3。", measure_money, "unit");
    refuses("3.5。5元", measure_money, "unit");
    refuses("3.3.3元", measure_money, "unit");
}

static void too_large_is_refused_up_to_the_last_fen(void **state) {
    (void)state;
    reads("92233720368547758.07元", measure_money, NULL, INT64_MAX);
    refuses("92233720368547758.08元", measure_money, "too large");
    refuses("9999999999999999亿元", measure_money, "too large");
    refuses("99999999999999999999999999999999999999元", measure_money, "too large");
    reads("9223372036854775807个", measure_count, NULL, INT64_MAX);
    refuses("9223372036854775808个", measure_count, "too large");
}

/* 1234567 → 1,234,567 */
static text_t with_commas(int64_t whole, arena_t *arena) {
    if (whole < 1000) return arena_format(arena, "%lld", (long long)whole);
    return arena_format(arena, TEXT_FORMAT ",%03lld", TEXT_ARGS(with_commas(whole / 1000, arena)), (long long)(whole % 1000));
}

static text_t full_width(text_t text, arena_t *arena) {
    char *out = arena_take(arena, (size_t)text.size * 3 + 1);
    uint32_t used = 0;
    for (uint32_t index = 0; index < text.size; index++) {
        uint8_t byte = (uint8_t)text.at[index];
        if (byte >= 0x80) {
            out[used++] = text.at[index];
            continue;
        }
        uint32_t point = byte + 0xfee0u;
        out[used++] = (char)(0xe0u | point >> 12);
        out[used++] = (char)(0x80u | (point >> 6 & 0x3fu));
        out[used++] = (char)(0x80u | (point & 0x3fu));
    }
    return (text_t){out, used};
}

/* A fixed sequence (a linear congruence), so that a failure comes back. */
static void every_spelling_of_a_value_gives_the_same_value(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    uint64_t seed = 20210825;
    for (int round = 0; round < 3000; round++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        int64_t fen = (int64_t)(seed >> (11 + seed % 40));
        text_t spellings[] = {
            arena_format(arena, "%lld.%02lld元", (long long)(fen / 100), (long long)(fen % 100)),
            arena_format(arena, TEXT_FORMAT ".%02lld 元", TEXT_ARGS(with_commas(fen / 100, arena)), (long long)(fen % 100)),
            arena_format(arena, "%lld.%06lld万元", (long long)(fen / 1000000), (long long)(fen % 1000000)),
            arena_format(arena, "%lld.%06lld万", (long long)(fen / 1000000), (long long)(fen % 1000000)),
            arena_format(arena, "%lld.%010lld亿元", (long long)(fen / 10000000000), (long long)(fen % 10000000000)),
            arena_format(arena, "¥%lld.%02lld", (long long)(fen / 100), (long long)(fen % 100)),
            full_width(
                arena_format(arena, TEXT_FORMAT ".%02lld元", TEXT_ARGS(with_commas(fen / 100, arena)), (long long)(fen % 100)),
                arena),
            amount_exact(fen, arena),
        };
        for (size_t index = 0; index < sizeof spellings / sizeof spellings[0]; index++) {
            text_t ended = arena_text(arena, spellings[index]);
            reads(ended.at, measure_money, NULL, fen);
        }
        arena_reset(arena);
    }
    arena_destroy(&arena);
}

static void shows(int64_t value, measure_t measure, const char *word, const char *expected) {
    arena_t *arena = arena_new();
    text_t shown = arena_text(arena, amount_show(value, measure, text_of(word), arena));
    assert_string_equal(shown.at, expected);
    arena_destroy(&arena);
}

static void amounts_are_shown_in_wan_and_yi_rounded_half_up(void **state) {
    (void)state;
    shows(3000000000, measure_money, "元", "3000.00万元");
    shows(1234567, measure_money, "元", "1.23万元");
    shows(1235000, measure_money, "元", "1.24万元");
    shows(1234999, measure_money, "元", "1.23万元");
    shows(0, measure_money, "元", "0.00万元");
    shows(9999999999, measure_money, "元", "10000.00万元");
    shows(10000000000, measure_money, "元", "1.0000亿元");
    shows(12345500000, measure_money, "元", "1.2346亿元");
    shows(INT64_MAX, measure_money, "元", "922337203.6855亿元");
    shows(300, measure_people, "名", "300名");
}

static void a_chinese_character_takes_two_columns(void **state) {
    (void)state;
    assert_int_equal(text_width(text_of("abc")), 3);
    assert_int_equal(text_width(text_of("仓山区")), 6);
    assert_int_equal(text_width(text_of("（待定）")), 8);
    assert_int_equal(text_width(text_of("e\u0301")), 1);
    assert_int_equal(text_width(text_of("")), 0);
    assert_int_equal(text_width((text_t){"\xe4\xbb", 2}), 2); /* cut off: a stray byte is a column, nothing is read beyond */
}

static void padding_fills_to_the_column_and_never_cuts(void **state) {
    (void)state;
    buffer_t out = {0};
    text_pad(&out, text_of("仓山"), 6);
    text_pad_left(&out, text_of("12"), 4);
    text_pad(&out, text_of("长于两列"), 2);
    buffer_add(&out, "", 1);
    assert_string_equal((const char *)out.at, "仓山    12长于两列");
    buffer_destroy(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(money_is_read_in_every_spelling_of_the_table),
        cmocka_unit_test(a_bare_number_is_taken_only_where_the_column_shows_its_unit),
        cmocka_unit_test(counts_are_whole_numbers_with_a_word),
        cmocka_unit_test(vague_words_are_refused),
        cmocka_unit_test(negative_amounts_are_refused),
        cmocka_unit_test(finer_than_a_fen_is_refused_and_never_rounded),
        cmocka_unit_test(commas_must_part_thousands),
        cmocka_unit_test(what_is_no_amount_is_refused),
        cmocka_unit_test(too_large_is_refused_up_to_the_last_fen),
        cmocka_unit_test(every_spelling_of_a_value_gives_the_same_value),
        cmocka_unit_test(amounts_are_shown_in_wan_and_yi_rounded_half_up),
        cmocka_unit_test(a_chinese_character_takes_two_columns),
        cmocka_unit_test(padding_fills_to_the_column_and_never_cuts),
    };
    return cmocka_run_group_tests_name("plan_amount", tests, NULL, NULL);
}
