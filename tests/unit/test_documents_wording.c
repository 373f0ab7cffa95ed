/* The words and figures of documents. */
#include "tests/unit/document_fixture.h"

#include "services/plan/calendar.h"

#define DEADLINE_MS 1632585599999LL /* 2021-09-25 23:59:59.999 in Fuzhou */

static void a_deadline_names_the_hour_at_which_it_is_over(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = {.offset_minutes = 480};
    assert_true(text_is(wording_deadline(&edition, DEADLINE_MS, arena), "2021年9月25日24时"));
    assert_true(text_is(wording_due(&edition, DEADLINE_MS, arena), "09-25 24:00"));
    assert_true(text_is(wording_deadline(&edition, DEADLINE_MS - 6 * 3600000 - 1800000, arena), "2021年9月25日17时30分"));
    arena_destroy(&arena);
}

static void numbers_up_to_99_are_written_in_chinese(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    assert_true(text_is(wording_ordinal(1, arena), "一"));
    assert_true(text_is(wording_ordinal(10, arena), "十"));
    assert_true(text_is(wording_ordinal(12, arena), "十二"));
    assert_true(text_is(wording_ordinal(30, arena), "三十"));
    assert_true(text_is(wording_ordinal(99, arena), "九十九"));
    assert_true(text_is(wording_ordinal(100, arena), "100"));
    arena_destroy(&arena);
}

static void five_points_are_still_at_pace_and_a_fen_more_is_not(void **state) {
    (void)state;
    edition_t edition = {.pace_points = 5};
    edition_target_t target = {.goal = 10000, .expected = 5000, .done = 5500};
    assert_int_equal(tempo_of(&edition, &target), TEMPO_EVEN);
    target.done = 5501;
    assert_int_equal(tempo_of(&edition, &target), TEMPO_AHEAD);
    target.done = 4500;
    assert_int_equal(tempo_of(&edition, &target), TEMPO_EVEN);
    target.done = 4499;
    assert_int_equal(tempo_of(&edition, &target), TEMPO_BEHIND);
    target.goal = 0;
    assert_int_equal(tempo_of(&edition, &target), TEMPO_NONE);
}

static void the_largest_amounts_do_not_overflow_pace_and_rates(void **state) {
    (void)state;
    edition_t edition = {.pace_points = 100};
    edition_target_t target = {.goal = INT64_MAX, .expected = 0, .done = INT64_MAX};
    assert_int_equal(tempo_of(&edition, &target), TEMPO_EVEN); /* exactly 100 points ahead */
    assert_int_equal(tenths_of(INT64_MAX, INT64_MAX), 1000);
    assert_int_equal(tenths_of(INT64_MAX, 1), 999999);
    assert_int_equal(tenths_of(1, 0), -1);
}

static void what_is_still_needed_a_month_is_rounded_up_to_the_digit_shown(void **state) {
    (void)state;
    edition_target_t target = {.measure = measure_money, .goal = 300000000, .done = 176400001, .left = 3};
    assert_int_equal(run_rate(&target), 41200000); /* 411,999,99.67 fen → 41.20万元 */
    target.done = 300000000;
    assert_int_equal(run_rate(&target), 0);
    target.done = 0;
    target.left = 0;
    assert_int_equal(run_rate(&target), 0);
    edition_target_t workers = {.measure = measure_count, .goal = 300, .done = 185, .left = 3};
    assert_int_equal(run_rate(&workers), 39);
}

static void the_objection_window_skips_rest_days(void **state) {
    (void)state;
    static const uint32_t holidays[] = {20211001, 20211002, 20211003, 20211004, 20211005, 20211006, 20211007};
    static const uint32_t workdays[] = {20211009};
    plan_t plan = {.offset_minutes = 480, .holidays = holidays, .holidays_count = 7, .workdays = workdays, .workdays_count = 1};
    int64_t announced_ms = instant_of_day(&plan, 20210930, 600); /* Thursday 10:00, before the National Day holidays */
    int64_t over_ms = working_hours_after(&plan, announced_ms, 48);
    assert_int_equal(over_ms, instant_of_day(&plan, 20211009, 600)); /* 14 h on the 30th, 24 h on the 8th, 10 h on the 9th */
    assert_int_equal(working_hours_after(&plan, instant_of_day(&plan, 20211002, 900), 24), instant_of_day(&plan, 20211009, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deadline_names_the_hour_at_which_it_is_over),
        cmocka_unit_test(numbers_up_to_99_are_written_in_chinese),
        cmocka_unit_test(five_points_are_still_at_pace_and_a_fen_more_is_not),
        cmocka_unit_test(the_largest_amounts_do_not_overflow_pace_and_rates),
        cmocka_unit_test(what_is_still_needed_a_month_is_rounded_up_to_the_digit_shown),
        cmocka_unit_test(the_objection_window_skips_rest_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
