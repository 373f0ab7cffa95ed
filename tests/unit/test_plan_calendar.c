/* Days, working days, deadlines, rungs and pace against the table of 2021. */
#include "services/plan/calendar.h"
#include "tests/unit/plan_fixture.h"

static fixture_t *the_2021;

static int begin(void **state) {
    (void)state;
    the_2021 = fixture_of_file(PLAN_2021);
    fixture_tell(the_2021);
    return the_2021->err == OK ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    fixture_free(the_2021);
    return 0;
}

static plan_t rolled(roll_t roll) {
    plan_t plan = the_2021->plan;
    plan.roll = roll;
    return plan;
}

static void day_numbers_count_from_1970_and_back_for_every_day_to_2199(void **state) {
    (void)state;
    assert_int_equal(day_number(19700101), 0);
    assert_int_equal(day_number(20210831), 18870);
    uint32_t previous = 0;
    for (int64_t number = 0; number < 84006; number++) {
        uint32_t day = day_of_number(number);
        assert_true(day > previous && day_number(day) == number);
        previous = day;
    }
    assert_int_equal(previous, 21991231);
}

static void leap_days_and_year_ends_are_where_the_gregorian_calendar_has_them(void **state) {
    (void)state;
    assert_int_equal(day_add(20240228, 1), 20240229);
    assert_int_equal(day_add(20210228, 1), 20210301);
    assert_int_equal(day_add(20000228, 1), 20000229);
    assert_int_equal(day_add(21000228, 1), 21000301);
    assert_int_equal(day_add(20211231, 1), 20220101);
    assert_int_equal(day_add(20220101, -1), 20211231);
    assert_int_equal(day_between(20210801, 20211231), 152);
    assert_int_equal(day_weekday(19700101), 4);
    assert_int_equal(day_weekday(20210925), 6);
    assert_int_equal(day_weekday(20211031), 7);
    assert_int_equal(day_weekday(20240229), 4);
}

static void six_months_from_31_august_end_on_28_february(void **state) {
    (void)state;
    assert_int_equal(day_add_months(20210831, 6), 20220228);
    assert_int_equal(day_add_months(20230831, 6), 20240229);
    assert_int_equal(day_add_months(20211231, 12), 20221231);
    assert_int_equal(day_add_months(20210115, 0), 20210115);
    assert_int_equal(day_add_months(20211130, 1), 20211230);
}

static void deadlines_of_2021_roll_as_the_table_says(void **state) {
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
            assert_int_equal(deadline_resolve(&plan, table[row][0]).day, table[row][1 + roll]);
        }
}

static void a_deadline_is_the_last_millisecond_of_its_day_in_local_time(void **state) {
    (void)state;
    plan_t plan = rolled(roll_none);
    deadline_t deadline = deadline_resolve(&plan, 20210825);
    assert_int_equal(deadline.due_ms, 1629907199999); /* 2021-08-25T15:59:59.999Z */
    assert_int_equal(deadline.grace_ms, 0);
    assert_int_equal(day_of_instant(&plan, deadline.due_ms), 20210825);
    assert_int_equal(day_of_instant(&plan, deadline.due_ms + 1), 20210826);
    assert_int_equal(minute_of_instant(&plan, deadline.due_ms), 1439);
    assert_int_equal(minute_of_instant(&plan, deadline.due_ms + 1), 0);
}

static void a_deadline_says_the_rule_that_gave_it(void **state) {
    (void)state;
    plan_t none = rolled(roll_none), forward = rolled(roll_forward), back = rolled(roll_back), cut = rolled(roll_none);
    cut.cutoff_minute = 1020;
    cut.grace_minutes = 60;
    assert_non_null(strstr(deadline_resolve(&none, 20210925).rule_en, "do not move it"));
    assert_non_null(strstr(deadline_resolve(&none, 20210925).rule_zh, "节假日不顺延"));
    assert_non_null(strstr(deadline_resolve(&forward, 20210925).rule_zh, "已顺延"));
    assert_non_null(strstr(deadline_resolve(&forward, 20210825).rule_en, "a working day"));
    assert_non_null(strstr(deadline_resolve(&back, 20211031).rule_en, "brought back to"));
    assert_non_null(strstr(deadline_resolve(&cut, 20210825).rule_en, "cut-off"));
    assert_non_null(strstr(deadline_resolve(&cut, 20210825).rule_zh, "宽限"));
}

static void late_counts_calendar_days_from_the_first_millisecond_of_the_next(void **state) {
    (void)state;
    plan_t plan = rolled(roll_none);
    deadline_t deadline = deadline_resolve(&plan, 20210925);
    int64_t next = instant_of_day(&plan, 20210926, 0);
    assert_int_equal(deadline_days_late(&plan, &deadline, deadline.due_ms), 0);
    assert_int_equal(deadline_days_late(&plan, &deadline, next), 1);
    assert_int_equal(deadline_days_late(&plan, &deadline, next + 1), 1);
    assert_int_equal(deadline_days_late(&plan, &deadline, instant_of_day(&plan, 20210927, 0) - 1), 1);
    assert_int_equal(deadline_days_late(&plan, &deadline, instant_of_day(&plan, 20211009, 600)), 14);
}

static void after_a_cutoff_hour_on_the_day_itself_a_report_is_late_by_one(void **state) {
    (void)state;
    plan_t plan = rolled(roll_none);
    plan.cutoff_minute = 1020;
    deadline_t deadline = deadline_resolve(&plan, 20210825);
    assert_int_equal(deadline_days_late(&plan, &deadline, instant_of_day(&plan, 20210825, 1020) - 1), 0);
    assert_int_equal(deadline_days_late(&plan, &deadline, instant_of_day(&plan, 20210825, 1020)), 1);
    assert_int_equal(deadline_days_late(&plan, &deadline, instant_of_day(&plan, 20210826, 0)), 1);
    plan.grace_minutes = 60;
    deadline = deadline_resolve(&plan, 20210825);
    assert_int_equal(deadline_days_late(&plan, &deadline, instant_of_day(&plan, 20210825, 1079)), 0);
    assert_int_equal(deadline_days_late(&plan, &deadline, instant_of_day(&plan, 20210825, 1081)), 1);
}

static void working_days_follow_holidays_and_make_up_workdays(void **state) {
    (void)state;
    const plan_t *plan = &the_2021->plan;
    assert_false(day_is_working(plan, 20211001)); /* Friday, a holiday */
    assert_true(day_is_working(plan, 20211009));  /* Saturday, made up */
    assert_false(day_is_working(plan, 20211010));
    assert_true(day_is_working(plan, 20210926));
    assert_false(day_is_working(plan, 20220131));
    assert_true(day_is_working(plan, 20220130));
}

static void working_days_between_count_the_last_day_and_not_the_first(void **state) {
    (void)state;
    const plan_t *plan = &the_2021->plan;
    assert_int_equal(working_days_between(plan, 20210825, 20210825), 0);
    assert_int_equal(working_days_between(plan, 20210825, 20210826), 1);
    assert_int_equal(working_days_between(plan, 20210930, 20211008), 1);
    assert_int_equal(working_days_between(plan, 20210930, 20211011), 3); /* 8th, 9th, 11th */
    assert_int_equal(working_days_between(plan, 20210917, 20210922), 2); /* 18th made up, 22nd */
    assert_int_equal(working_days_between(plan, 20211011, 20210930), -3);
}

static void rung_is(const plan_t *plan, bool after, uint64_t days, uint32_t deadline, uint32_t sounds) {
    rung_t rung = {.after = after, .days = days, .level = level_remind};
    int64_t at_ms = rung_instant(plan, &plan->report_ladder, &rung, deadline);
    assert_int_equal(day_of_instant(plan, at_ms), sounds);
    assert_int_equal(minute_of_instant(plan, at_ms), 540);
    assert_int_equal(at_ms % 60000, 0);
}

static void rungs_before_a_deadline_are_brought_forward_and_those_after_it_wait(void **state) {
    (void)state;
    plan_t plan = rolled(roll_none);
    rung_is(&plan, false, 0, 20210925, 20210924); /* Saturday */
    rung_is(&plan, false, 1, 20210925, 20210924);
    rung_is(&plan, false, 5, 20210925, 20210918); /* the 20th and 19th are holidays, the 18th is made up */
    rung_is(&plan, true, 1, 20210925, 20210926);  /* a Sunday that is worked */
    rung_is(&plan, true, 7, 20210925, 20211008);  /* 2 October lies in the holiday week */
    rung_is(&plan, true, 1, 20210930, 20211008);
    rung_is(&plan, false, 0, 20211001, 20210930);
    rung_is(&plan, false, 30, 20211031, 20210930);
    rung_is(&plan, true, 1, 20210831, 20210901);
}

static void rungs_are_counted_from_the_resolved_day(void **state) {
    (void)state;
    plan_t plan = rolled(roll_forward);
    rung_is(&plan, false, 0, 20210925, 20210926);
    rung_is(&plan, true, 1, 20210925, 20210927);
}

static void a_rung_sounds_inside_working_hours(void **state) {
    (void)state;
    plan_t plan = rolled(roll_none);
    ladder_t night = plan.report_ladder, early = plan.report_ladder;
    night.at_minute = 1380;
    early.at_minute = 60;
    rung_t rung = {.level = level_remind};
    assert_int_equal(minute_of_instant(&plan, rung_instant(&plan, &night, &rung, 20210825)), 1050);
    assert_int_equal(minute_of_instant(&plan, rung_instant(&plan, &early, &rung, 20210825)), 510);
}

static void pace_is_1_of_153_on_1_august_and_whole_on_31_december(void **state) {
    (void)state;
    int64_t numerator, denominator;
    pace_expected(20210801, 20211231, 20210801, &numerator, &denominator);
    assert_true(numerator == 1 && denominator == 153);
    pace_expected(20210801, 20211231, 20211231, &numerator, &denominator);
    assert_true(numerator == 153 && denominator == 153);
    pace_expected(20210801, 20211231, 20210731, &numerator, &denominator);
    assert_int_equal(numerator, 0);
    pace_expected(20210801, 20211231, 20220301, &numerator, &denominator);
    assert_int_equal(numerator, 153);
}

static void an_absence_moves_a_deadline_by_what_it_took_of_the_last_day(void **state) {
    (void)state;
    plan_t plan = rolled(roll_none);
    deadline_t due = deadline_resolve(&plan, 20210825);
    int64_t hour = 3600000;
    assert_int_equal(deadline_after_outage(&plan, due, due.due_ms - 30 * hour, due.due_ms - 25 * hour).due_ms, due.due_ms);
    assert_int_equal(deadline_after_outage(&plan, due, due.due_ms - 26 * hour, due.due_ms - 22 * hour).due_ms,
                     due.due_ms + 2 * hour);
    assert_int_equal(deadline_after_outage(&plan, due, due.due_ms - 2 * hour, due.due_ms - hour).due_ms, due.due_ms + hour);
    /* back only after the deadline: the time runs from there */
    assert_int_equal(deadline_after_outage(&plan, due, due.due_ms - 2 * hour, due.due_ms + 3 * hour).due_ms,
                     due.due_ms + 5 * hour);
    assert_int_equal(deadline_after_outage(&plan, due, due.due_ms + 1, due.due_ms + 3 * hour).due_ms, due.due_ms);
    assert_int_equal(deadline_after_outage(&plan, due, due.due_ms - 2 * hour, due.due_ms - hour).day, 20210826);
}

static void a_returned_report_is_due_again_after_working_days(void **state) {
    (void)state;
    plan_t plan = rolled(roll_none);
    int64_t friday = instant_of_day(&plan, 20210820, 600);
    assert_int_equal(return_deadline(&plan, friday).day, 20210825);
    assert_int_equal(return_remind_day(&plan, friday), 20210823);
    plan.return_days = 1;
    assert_int_equal(return_deadline(&plan, friday).day, 20210823);
    assert_int_equal(day_add_working(&plan, 20210930, 1), 20211008); /* over the holidays of October */
}

static void a_deadline_at_the_end_of_a_day_is_told_as_its_24_00_and_never_as_another_day(void **state) {
    (void)state;
    const plan_t *plan = &the_2021->plan;
    int64_t midnight_ms = instant_of_day(plan, 20210826, 0);
    for (int64_t apart_ms = -1; apart_ms <= 30000; apart_ms++) { /* its last ms, its end, and seconds behind it */
        due_shown_t shown = due_shown(480, midnight_ms + apart_ms);
        assert_int_equal(shown.day, 20210825);
        assert_int_equal(shown.minute, 1440);
    }
    due_shown_t before = due_shown(480, midnight_ms - 2), after = due_shown(480, midnight_ms + 60000);
    assert_true(before.day == 20210825 && before.minute == 1439);
    assert_true(after.day == 20210826 && after.minute == 1);
    due_shown_t cut = due_shown(480, instant_of_day(plan, 20210825, 1050) - 1), moved = due_shown(480, midnight_ms - 90001);
    assert_true(cut.day == 20210825 && cut.minute == 1050); /* 17:30 */
    assert_int_equal(moved.minute, 1438);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(day_numbers_count_from_1970_and_back_for_every_day_to_2199),
        cmocka_unit_test(leap_days_and_year_ends_are_where_the_gregorian_calendar_has_them),
        cmocka_unit_test(six_months_from_31_august_end_on_28_february),
        cmocka_unit_test(deadlines_of_2021_roll_as_the_table_says),
        cmocka_unit_test(a_deadline_is_the_last_millisecond_of_its_day_in_local_time),
        cmocka_unit_test(a_deadline_says_the_rule_that_gave_it),
        cmocka_unit_test(late_counts_calendar_days_from_the_first_millisecond_of_the_next),
        cmocka_unit_test(after_a_cutoff_hour_on_the_day_itself_a_report_is_late_by_one),
        cmocka_unit_test(working_days_follow_holidays_and_make_up_workdays),
        cmocka_unit_test(working_days_between_count_the_last_day_and_not_the_first),
        cmocka_unit_test(rungs_before_a_deadline_are_brought_forward_and_those_after_it_wait),
        cmocka_unit_test(rungs_are_counted_from_the_resolved_day),
        cmocka_unit_test(a_rung_sounds_inside_working_hours),
        cmocka_unit_test(pace_is_1_of_153_on_1_august_and_whole_on_31_december),
        cmocka_unit_test(an_absence_moves_a_deadline_by_what_it_took_of_the_last_day),
        cmocka_unit_test(a_deadline_at_the_end_of_a_day_is_told_as_its_24_00_and_never_as_another_day),
        cmocka_unit_test(a_returned_report_is_due_again_after_working_days),
    };
    return cmocka_run_group_tests_name("plan_calendar", tests, begin, end);
}
