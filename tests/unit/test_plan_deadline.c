/* The reasoning of a deadline: the table of 2021, leap days, year ends, and what next year's notice changes. */
#include "services/plan/deadline.h"
#include "tests/unit/plan_fixture.h"

static fixture_t *the_2021;
static arena_t *arena;

static int begin(void **state) {
    (void)state;
    the_2021 = fixture_of_file(PLAN_2021);
    fixture_tell(the_2021);
    arena = arena_new();
    return the_2021->err == OK ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    fixture_free(the_2021);
    arena_destroy(&arena);
    return 0;
}

static plan_t rolled(roll_t roll) {
    plan_t plan = the_2021->plan;
    plan.roll = roll;
    return plan;
}

/* Does any line of the reasoning hold these words? */
static bool says(const deadline_told_t *told, const char *words) {
    for (uint32_t index = 0; index < told->line_count; index++) {
        text_t zh = arena_text(arena, told->lines[index].zh), en = arena_text(arena, told->lines[index].en);
        if (strstr(zh.at, words) != NULL || strstr(en.at, words) != NULL) return true;
    }
    return false;
}

static void the_table_of_2021_comes_out_with_the_day_named_in_the_reasoning(void **state) {
    (void)state;
    static const uint32_t table[][4] = {
        {20210825, 20210825, 20210825, 20210825}, {20210925, 20210925, 20210926, 20210924},
        {20211025, 20211025, 20211025, 20211025}, {20211125, 20211125, 20211125, 20211125},
        {20211225, 20211225, 20211227, 20211224}, {20210831, 20210831, 20210831, 20210831},
        {20211031, 20211031, 20211101, 20211029},
    };
    for (size_t row = 0; row < sizeof table / sizeof table[0]; row++)
        for (uint32_t roll = roll_none; roll <= roll_back; roll++) {
            plan_t plan = rolled((roll_t)roll);
            deadline_told_t told = deadline_explain(&plan, table[row][0], arena);
            uint32_t day = table[row][1 + roll];
            assert_int_equal(told.deadline.day, day);
            text_t date = arena_format(arena, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
            assert_true(says(&told, date.at));
            assert_true(told.known);
        }
}

static void a_make_up_workday_and_a_holiday_are_called_so(void **state) {
    (void)state;
    plan_t forward = rolled(roll_forward);
    deadline_told_t september = deadline_explain(&forward, 20210925, arena), october = deadline_explain(&forward, 20211001, arena);
    assert_true(says(&september, "2021-09-26，星期日，调休上班日：时限顺延至此日"));
    assert_true(says(&october, "2021-10-07，星期四，法定节假日"));
    assert_true(says(&october, "2021-10-08 is a Friday, a working day: it is moved forward to this day"));
}

static void every_day_passed_over_has_a_line_and_the_first_late_instant_follows_the_last_in_time(void **state) {
    (void)state;
    for (uint32_t roll = roll_none; roll <= roll_back; roll++) {
        plan_t plan = rolled((roll_t)roll);
        for (uint32_t day = 20210101; day <= 20220228; day = day_add(day, 1)) {
            arena_reset(arena);
            deadline_told_t told = deadline_explain(&plan, day, arena);
            deadline_t resolved = deadline_resolve(&plan, day);
            int64_t passed = day_between(day, resolved.day);
            assert_int_equal(told.deadline.due_ms, resolved.due_ms);
            assert_true(told.line_count >= (uint32_t)(passed < 0 ? -passed : passed) + 3);
            uint32_t late = day_of_instant(&plan, resolved.due_ms + 1);
            text_t line = arena_format(arena, "自 %04u-%02u-%02u 00:00 起收到为迟报", late / 10000, late / 100 % 100, late % 100);
            assert_true(says(&told, line.at));
        }
    }
}

static void a_leap_day_is_a_day_and_rolls_over_the_end_of_february(void **state) {
    (void)state;
    plan_t forward = rolled(roll_forward), back = rolled(roll_back);
    assert_int_equal(deadline_explain(&forward, 20240229, arena).deadline.day, 20240229); /* Thursday */
    assert_int_equal(deadline_explain(&forward, 20200229, arena).deadline.day, 20200302); /* Saturday */
    assert_int_equal(deadline_explain(&back, 20480301, arena).deadline.day, 20480228);     /* Sunday, behind a leap Saturday */
}

static void a_deadline_rolls_over_the_end_of_the_year(void **state) {
    (void)state;
    plan_t forward = rolled(roll_forward), back = rolled(roll_back);
    assert_int_equal(deadline_explain(&forward, 20220101, arena).deadline.day, 20220104);
    assert_int_equal(deadline_explain(&back, 20220101, arena).deadline.day, 20211231);
}

static void next_years_notice_moves_a_date_of_december_and_before_it_the_answer_says_so(void **state) {
    (void)state;
    static const uint32_t holidays[] = {20221231, 20230101, 20230102};
    plan_t before = rolled(roll_forward), after = before;
    after.holidays = holidays; /* as the notice of 2023 arranged it */
    after.holidays_count = 3;
    deadline_told_t guess = deadline_explain(&before, 20221231, arena), fact = deadline_explain(&after, 20221231, arena);
    assert_int_equal(guess.deadline.day, 20230102);
    assert_false(guess.known);
    assert_true(says(&guess, "日历中没有2023年的放假安排"));
    assert_int_equal(fact.deadline.day, 20230103);
    assert_true(fact.known);
}

static void where_rest_days_do_not_count_no_notice_is_awaited(void **state) {
    (void)state;
    plan_t none = rolled(roll_none);
    assert_true(deadline_explain(&none, 20221231, arena).known);
}

static void cut_off_and_grace_are_told_with_their_hours(void **state) {
    (void)state;
    plan_t plan = rolled(roll_none);
    plan.cutoff_minute = 1050;
    plan.grace_minutes = 90;
    deadline_told_t told = deadline_explain(&plan, 20210825, arena);
    assert_true(says(&told, "2021-08-25 17:30 之前收到为按时"));
    assert_true(says(&told, "Grace of 90 minutes"));
    assert_true(says(&told, "From 2021-08-25 19:00 on it is late, by 1 day"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_of_2021_comes_out_with_the_day_named_in_the_reasoning),
        cmocka_unit_test(a_make_up_workday_and_a_holiday_are_called_so),
        cmocka_unit_test(every_day_passed_over_has_a_line_and_the_first_late_instant_follows_the_last_in_time),
        cmocka_unit_test(a_leap_day_is_a_day_and_rolls_over_the_end_of_february),
        cmocka_unit_test(a_deadline_rolls_over_the_end_of_the_year),
        cmocka_unit_test(next_years_notice_moves_a_date_of_december_and_before_it_the_answer_says_so),
        cmocka_unit_test(where_rest_days_do_not_count_no_notice_is_awaited),
        cmocka_unit_test(cut_off_and_grace_are_told_with_their_hours),
    };
    return cmocka_run_group_tests_name("plan_deadline", tests, begin, end);
}
