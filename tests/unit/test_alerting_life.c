/* Escalation, bundles, what is not sent, pace and postings: the life of a warning beyond its ladder. */
#include "tests/unit/alerting_world.h"

#include "services/4-alerting/life.h"
#include "services/plan/pace.h"

static const text_t the_leads[] = {ID("renshe"), ID("shangwu")};

/* --- the table of arrows --- */

static void a_warning_is_raised_repeated_escalated_and_resolved_along_the_table(void **state) {
    (void)state;
    assert_int_equal(life_next(life_waiting, LIFE_sound), life_raised);
    assert_int_equal(life_next(life_raised, LIFE_sound), life_repeated);
    assert_int_equal(life_next(life_repeated, LIFE_rise), life_escalated);
    assert_int_equal(life_next(life_escalated, LIFE_settle), life_resolved);
    assert_int_equal(life_next(life_resolved, LIFE_recur), life_waiting);
}

static void what_is_not_in_the_table_cannot_happen(void **state) {
    (void)state;
    assert_int_equal(life_next(life_superseded, LIFE_sound), life_none);
    assert_int_equal(life_next(life_resolved, LIFE_settle), life_none);
    assert_int_equal(life_next(life_stale, LIFE_answer), life_none);
    assert_int_equal(life_next(life_waiting, LIFE_overtake), life_none);
}

static void every_state_but_the_final_ones_can_be_left_and_every_state_can_be_reached(void **state) {
    (void)state;
    for (uint32_t number = life_waiting; number <= life_stale; number++) {
        bool reached = number == life_waiting, left = false;
        for (uint32_t from = life_waiting; from <= life_stale; from++)
            for (uint32_t event = 0; event < LIFE_EVENTS; event++)
                reached |= life_next((life_t)from, (life_event_t)event) == (life_t)number;
        for (uint32_t event = 0; event < LIFE_EVENTS; event++) left |= life_next((life_t)number, (life_event_t)event) != life_none;
        assert_true(reached);
        assert_true(left == (number != life_superseded && number != life_stale));
    }
}

static void the_diagram_shows_every_arrow(void **state) {
    (void)state;
    buffer_t out = {0};
    life_print(&out);
    buffer_add(&out, "", 1);
    assert_non_null(strstr((const char *)out.at, "    raised --> escalated : 到了更重的梯次\n"));
    assert_non_null(strstr((const char *)out.at, "    resolved --> waiting : 条件再次出现\n"));
    buffer_destroy(&out);
}

/* --- escalation --- */

static void red_comes_no_sooner_than_three_working_days_after_orange(void **state) {
    (void)state;
    world_t *world = world_new(at(20210901, 0, 0));
    world_obligation(world, "shangwu", 20210925, standing_not_due, at(20210901, 0, 0));
    world_pass(world, at(20210926, 12, 0));
    world_told(world);
    world_pass(world, at(20211013, 0, 0));
    /* T+7 waits behind the holiday week until 10-08, T+14 falls on the make-up Saturday 10-09: one working day later */
    assert_string_equal(world_told(world), "09-28 09:00 report_overdue T+3 blue shangwu as owner e1\n"
                                           "10-08 09:00 report_overdue T+7 orange shangwu as owner e1\n"
                                           "10-08 09:00 report_overdue T+7 orange nongye as lead e1\n"
                                           "10-12 09:00 report_overdue T+14 red shangwu as owner e1\n"
                                           "10-12 09:00 report_overdue T+14 red nongye as lead e1\n");
    world_destroy(world);
}

static void orange_waits_for_an_answer_to_blue_and_the_first_telling_does_not_wait(void **state) {
    (void)state;
    past_t blue = {.told_ms = at(20210831, 9, 0), .level = level_blue, .level_ms = at(20210831, 9, 0)}, none = {0};
    int64_t due_ms = (int64_t)end_of(20210825);
    rung_choice_t choice = rung_choose(&world_plan, &world_plan.report_ladder, due_ms, &blue, at(20210901, 9, 0));
    assert_false(choice.sound); /* T+7 is 09-01, blue was told the day before */
    assert_true(choice.at_ms == at(20210903, 9, 0));
    choice = rung_choose(&world_plan, &world_plan.report_ladder, due_ms, &none, at(20210901, 9, 0));
    assert_true(choice.sound);
    assert_int_equal(choice.level, level_orange);
}

static void leads_and_coordinator_hear_at_orange_the_supervisor_only_at_red(void **state) {
    (void)state;
    task_t more[COUNT(tasks)];
    memcpy(more, tasks, sizeof tasks);
    more[0].lead = the_leads;
    more[0].lead_count = 2;
    plan_t plan = world_plan;
    plan.tasks = more;
    plan.supervisor = text_of("gongshanglian");
    world_t *world = world_new_of(&plan, clock_mode_real, at(20210801, 0, 0));
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210831, 0, 0));
    world_told(world);
    world_pass(world, at(20210908, 12, 0));
    assert_string_equal(world_told(world), "09-01 09:00 report_overdue T+7 orange shangwu as owner e1\n"
                                           "09-01 09:00 report_overdue T+7 orange nongye as coordinator e1\n"
                                           "09-01 09:00 report_overdue T+7 orange renshe as lead e1\n"
                                           "09-08 09:00 report_overdue T+14 red shangwu as owner e1\n"
                                           "09-08 09:00 report_overdue T+14 red gongshanglian as supervisor e1\n"
                                           "09-08 09:00 report_overdue T+14 red nongye as coordinator e1\n"
                                           "09-08 09:00 report_overdue T+14 red renshe as lead e1\n");
    world_obligation(world, "shangwu", 20210825, standing_reported, at(20210909, 10, 0));
    assert_string_equal(world_told(world), "09-09 10:00 withdrawn T+14 shangwu e1\n"
                                           "09-09 10:00 withdrawn T+14 nongye e1\n"
                                           "09-09 10:00 withdrawn T+14 renshe e1\n"
                                           "09-09 10:00 withdrawn T+14 gongshanglian e1\n");
    world_destroy(world);
}

static void repeats_grow_up_to_the_plans_longest_step(void **state) {
    (void)state;
    ladder_t ladder = world_plan.report_ladder;
    assert_int_equal(repeat_after_days(&ladder, 3), 21);
    ladder.repeat_most = 21;
    static const int64_t days[] = {7, 21, 42, 63, 84}; /* steps of 7, 14, 21, 21, 21 */
    for (uint32_t n = 1; n <= COUNT(days); n++) assert_int_equal(repeat_after_days(&ladder, n), days[n - 1]);
    past_t told = {.told_ms = at(20210915, 9, 0), .level = level_red, .level_ms = at(20210908, 9, 0)}; /* T+21 */
    rung_choice_t choice = rung_choose(&world_plan, &ladder, (int64_t)end_of(20210825), &told, at(20210915, 9, 0));
    assert_true(choice.at_ms == at(20210929, 9, 0)); /* T+35 */
    ladder.repeat_days = 0;
    assert_int_equal(repeat_after_days(&ladder, 3), 0);
}

/* --- bundles --- */

/* The bundles of the stream from `from` on; how many there were. */
static uint32_t bundles_of(world_t *world, uint64_t from, bundle_told_t *bundles, uint32_t room) {
    world_flush(world);
    uint32_t count = 0;
    fault_t fault;
    txn_t *txn = store_read(stage_store(world->stage));
    for (uint64_t seq = from + 1; seq <= txn_head(txn).seq && count < room; seq++) {
        event_t event;
        assert_true(txn_event(txn, seq, world->arena, &event, NULL));
        if (event.kind != KIND_bundle_told) continue;
        text_t copy = arena_text(world->arena, (text_t){(const char *)event.body.at, event.body.size});
        event.body.at = (const uint8_t *)copy.at;
        assert_int_equal(event_body(&event, bundle_told_type(), world->arena, &bundles[count++], &fault), OK);
    }
    txn_abort(&txn);
    return count;
}

static void several_reminders_of_one_unit_are_one_message(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    bundle_told_t bundles[4];
    obligation_changed_t second = {.unit = text_of("shangwu"), .task = text_of("society"), .period = text_of("2021-08"),
                                   .standing = standing_not_due, .timeliness = timeliness_pending, .due_ms = end_of(20210825)};
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_obligation(world, "cishan", 20210825, standing_not_due, at(20210801, 0, 0));
    world_tell(world, obligation_changed_type(), &second, at(20210801, 0, 0));
    world_pass(world, at(20210820, 9, 0));
    assert_int_equal(bundles_of(world, 0, bundles, 4), 2);
    assert_true(text_is(bundles[0].unit, "cishan"));
    assert_int_equal(bundles[0].count, 1);
    assert_true(text_is(bundles[1].unit, "shangwu"));
    assert_int_equal(bundles[1].count, 2);
    assert_int_equal(bundles[1].ids_count, 2);
    assert_memory_equal(bundles[1].id, bundles[1].ids[0].id, 16);
    assert_false(bundles[1].digest);
    assert_non_null(strstr(arena_text(world->arena, bundles[1].zh).at, "消费帮扶"));
    assert_non_null(strstr(arena_text(world->arena, bundles[1].zh).at, "\n【提醒】区商务局：社会帮扶"));
    world_destroy(world);
}

static void a_warning_names_its_bundle_and_what_it_overtakes(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210820, 9, 0));
    warning_raised_t first = world_last(world);
    assert_memory_equal(first.bundle, first.id, 16);
    assert_true(bytes_are_zero(first.supersedes, 16));
    assert_int_equal(first.life, life_raised);
    world_pass(world, at(20210824, 9, 0));
    warning_raised_t second = world_last(world);
    assert_memory_equal(second.supersedes, first.id, 16);
    assert_int_equal(second.life, life_repeated);
    world_pass(world, at(20210901, 9, 0));
    world_flush(world);
    world_destroy(world);
}

static void more_than_twenty_at_once_become_a_digest_with_the_loudest(void **state) {
    (void)state;
    enum { MANY = 30 };
    world_t *world = world_new(at(20210801, 0, 0));
    bundle_told_t bundles[64];
    for (uint32_t index = 0; index < MANY; index++) {
        char unit[16];
        snprintf(unit, sizeof unit, "unit-%02u", index);
        world_obligation(world, unit, 20210825, standing_not_due, at(20210801, 0, 0));
    }
    world_pass(world, at(20210820, 8, 0));
    world_tick(world, at(20210901, 9, 0)); /* everything stood still in between: the first telling is orange */
    uint32_t count = bundles_of(world, 0, bundles, 64);
    assert_int_equal(count, MANY + 1);
    assert_true(text_is(bundles[0].unit, "nongye"));
    assert_true(bundles[0].digest);
    assert_int_equal(bundles[0].count, MANY);
    assert_int_equal(bundles[0].ids_count, LIMIT_BUNDLE);
    assert_int_equal(bundles[0].level, level_orange);
    const char *zh = arena_text(world->arena, bundles[0].zh).at;
    assert_non_null(strstr(zh, "【汇总】区农业农村局：共30项提醒（橙30项），其中报送30项、任务0项"));
    assert_non_null(strstr(zh, "unit-04"));
    assert_null(strstr(zh, "unit-05")); /* the first five of the loudest */
    assert_true(bundles[1].boss);       /* to the units themselves: their leaders hear from orange on */
    assert_false(bundles[0].boss);
    world_destroy(world);
}

/* --- pace --- */

static target_changed_t sales_of(uint64_t done, uint64_t opening) {
    return (target_changed_t){.task = text_of("consumption"), .indicator = text_of("sales"), .reach = reach_not_yet,
                              .lamp = lamp_yellow, .done = done, .goal = 300000000000, .opening = opening,
                              .due_ms = end_of(20211231), .owing = swj, .owing_count = 1};
}

static void pace_runs_on_the_tasks_own_window_from_the_opening_balance(void **state) {
    (void)state;
    planbook_t *book = planbook_new(&world_plan);
    target_changed_t told = sales_of(60000000000, 0);
    pace_told_t pace = pace_after(book, &told, 1); /* 09-25: day 56 of 153 */
    assert_int_equal(pace.day, 20210925);
    assert_true(pace.expected == (300000000000ULL * 56 + 152) / 153);
    assert_int_equal(pace.pace, pace_slow);
    assert_int_equal(pace.points, -16);
    assert_int_equal(pace.periods_left, 1);
    told = sales_of(150000000000, 150000000000);
    assert_true(pace_after(book, &told, 1).expected == 150000000000ULL + (150000000000ULL * 56 + 152) / 153);
    told = sales_of(110000000000, 0);
    assert_int_equal(pace_after(book, &told, 1).pace, pace_even); /* 36.6 % of 36.6 % */
    told = sales_of(200000000000, 0);
    assert_int_equal(pace_after(book, &told, 1).pace, pace_ahead);
    planbook_destroy(&book);
}

static void exactly_five_points_behind_is_on_the_pace_and_one_fen_less_is_not(void **state) {
    (void)state;
    planbook_t *book = planbook_new(&world_plan);
    target_changed_t told = sales_of(0, 0);
    told.goal = 15300; /* a share of 5600 by day 56 of 153: nothing to round */
    told.done = 5600 - 765;
    assert_int_equal(pace_after(book, &told, 1).pace, pace_even);
    told.done--;
    assert_int_equal(pace_after(book, &told, 1).pace, pace_slow);
    planbook_destroy(&book);
}

static void the_run_rate_still_needed_is_rounded_up_to_the_digit_shown(void **state) {
    (void)state;
    assert_true(pace_round_up(1, measure_money) == 10000);
    assert_true(pace_round_up(10000, measure_money) == 10000);
    assert_true(pace_round_up(10000000001, measure_money) == 10001000000);
    assert_true(pace_round_up(7, measure_people) == 7);
    assert_true(pace_round_up(UINT64_MAX, measure_money) == UINT64_MAX);
}

static void who_is_behind_is_told_after_the_deadline_and_released_when_the_figures_come(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    target_changed_t told = sales_of(0, 0);
    world_tell(world, target_changed_type(), &told, at(20210801, 0, 0));
    world_pass(world, at(20210826, 8, 0));
    assert_string_equal(world_told(world), "");
    world_pass(world, at(20210826, 9, 0));
    assert_string_equal(world_told(world), "08-26 09:00 pace_slow pace-1 blue nongye as lead e1\n"
                                           "08-26 09:00 pace_slow pace-1 blue shangwu as owner e1\n");
    warning_raised_t warning = world_last(world);
    assert_true(warning.expected > 0 && warning.needed == 150000000000);
    assert_non_null(strstr(arena_text(world->arena, warning.zh).at, "余下2期每期须完成15.0000亿元"));
    told.done = 60000000000;
    world_tell(world, target_changed_type(), &told, at(20210827, 10, 0));
    assert_string_equal(world_told(world), "08-27 10:00 withdrawn pace-1 nongye e1\n"
                                           "08-27 10:00 withdrawn pace-1 shangwu e1\n");
    world_pass(world, at(20210926, 9, 0)); /* and behind again a month later: a new episode, blue again */
    assert_string_equal(world_told(world), "09-26 09:00 pace_slow pace-2 blue nongye as lead e2\n"
                                           "09-26 09:00 pace_slow pace-2 blue shangwu as owner e2\n");
    world_destroy(world);
}

/* --- postings --- */

static void a_posting_without_anybody_to_spare_is_at_risk_once_somebody_has_left(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    target_changed_t teachers = {.task = text_of("talent"), .indicator = text_of("teachers"), .reach = reach_met,
                                 .tenure = tenure_holding, .lamp = lamp_green, .done = 8, .goal = 7,
                                 .due_ms = end_of(20210831)};
    world_tell(world, target_changed_type(), &teachers, at(20210825, 10, 0));
    assert_string_equal(world_told(world), "");
    teachers.done = 7;
    world_tell(world, target_changed_type(), &teachers, at(20211020, 10, 0));
    assert_string_equal(world_told(world), "10-20 10:00 tenure_risk risk blue jiaoyu as owner e1\n"
                                           "10-20 10:00 tenure_risk risk blue nongye as coordinator e1\n"
                                           "10-20 10:00 tenure_risk risk blue renshe as lead e1\n");
    teachers.done = 6;
    teachers.tenure = tenure_broken;
    world_tell(world, target_changed_type(), &teachers, at(20211120, 10, 0));
    assert_string_equal(world_told(world), "11-20 10:00 tenure_broken broken red jiaoyu as owner e1\n"
                                           "11-20 10:00 tenure_broken broken red nongye as coordinator e1\n"
                                           "11-20 10:00 tenure_broken broken red renshe as lead e1\n"
                                           "11-20 10:00 withdrawn risk jiaoyu e1\n"
                                           "11-20 10:00 withdrawn risk nongye e1\n"
                                           "11-20 10:00 withdrawn risk renshe e1\n");
    world_destroy(world);
}

static void seven_of_seven_from_the_start_are_no_risk(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_teachers(world, reach_met, tenure_holding, at(20210825, 10, 0));
    world_teachers(world, reach_met, tenure_holding, at(20210925, 10, 0));
    assert_string_equal(world_told(world), "");
    world_destroy(world);
}

/* --- doors --- */

static void while_a_door_is_away_nobody_is_called_late_and_each_rung_is_recorded_once(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    door_down_t down = {.door = door_gateway, .since_ms = (uint64_t)at(20210825, 20, 0)};
    door_up_t up = {.door = door_gateway, .since_ms = down.since_ms, .until_ms = (uint64_t)at(20210831, 10, 0)};
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210825, 20, 0));
    world_told(world);
    world_tell(world, door_down_type(), &down, at(20210825, 20, 2));
    world_pass(world, at(20210831, 9, 59));
    assert_string_equal(world_told(world), "08-26 09:00 withheld outage T+1 shangwu e1\n"
                                           "08-30 09:00 withheld outage T+3 shangwu e1\n");
    world_tell(world, door_up_type(), &up, at(20210831, 10, 0));
    world_pass(world, at(20210831, 12, 0)); /* the most severe that still holds is told within the hour */
    assert_string_equal(world_told(world), "08-31 11:00 report_overdue T+3 blue shangwu as owner e1\n");
    world_destroy(world);
}

static void reminders_before_the_deadline_go_on_while_a_door_is_away(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    door_down_t down = {.door = door_console, .since_ms = (uint64_t)at(20210819, 20, 0)};
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_tell(world, door_down_type(), &down, at(20210819, 20, 2));
    world_pass(world, at(20210820, 12, 0));
    assert_string_equal(world_told(world), "08-20 09:00 report_due T-5 remind shangwu as owner e1\n");
    world_destroy(world);
}

static void a_report_that_lands_during_an_outage_leaves_nothing_to_withdraw(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    door_down_t down = {.door = door_gateway, .since_ms = (uint64_t)at(20210801, 0, 0)};
    world_obligation(world, "shangwu", 20210825, standing_overdue, at(20210826, 8, 0));
    world_tell(world, door_down_type(), &down, at(20210826, 8, 2));
    world_pass(world, at(20210826, 12, 0));
    world_told(world);
    world_obligation(world, "shangwu", 20210825, standing_reported, at(20210826, 13, 0));
    assert_string_equal(world_told(world), "");
    world_destroy(world);
}

int main(void) {
    const struct CMUnitTest all[] = {
        cmocka_unit_test(a_warning_is_raised_repeated_escalated_and_resolved_along_the_table),
        cmocka_unit_test(what_is_not_in_the_table_cannot_happen),
        cmocka_unit_test(every_state_but_the_final_ones_can_be_left_and_every_state_can_be_reached),
        cmocka_unit_test(the_diagram_shows_every_arrow),
        cmocka_unit_test(red_comes_no_sooner_than_three_working_days_after_orange),
        cmocka_unit_test(orange_waits_for_an_answer_to_blue_and_the_first_telling_does_not_wait),
        cmocka_unit_test(leads_and_coordinator_hear_at_orange_the_supervisor_only_at_red),
        cmocka_unit_test(repeats_grow_up_to_the_plans_longest_step),
        cmocka_unit_test(several_reminders_of_one_unit_are_one_message),
        cmocka_unit_test(a_warning_names_its_bundle_and_what_it_overtakes),
        cmocka_unit_test(more_than_twenty_at_once_become_a_digest_with_the_loudest),
        cmocka_unit_test(pace_runs_on_the_tasks_own_window_from_the_opening_balance),
        cmocka_unit_test(exactly_five_points_behind_is_on_the_pace_and_one_fen_less_is_not),
        cmocka_unit_test(the_run_rate_still_needed_is_rounded_up_to_the_digit_shown),
        cmocka_unit_test(who_is_behind_is_told_after_the_deadline_and_released_when_the_figures_come),
        cmocka_unit_test(a_posting_without_anybody_to_spare_is_at_risk_once_somebody_has_left),
        cmocka_unit_test(seven_of_seven_from_the_start_are_no_risk),
        cmocka_unit_test(while_a_door_is_away_nobody_is_called_late_and_each_rung_is_recorded_once),
        cmocka_unit_test(reminders_before_the_deadline_go_on_while_a_door_is_away),
        cmocka_unit_test(a_report_that_lands_during_an_outage_leaves_nothing_to_withdraw),
    };
    return cmocka_run_group_tests_name("alerting_life", all, NULL, NULL);
}
