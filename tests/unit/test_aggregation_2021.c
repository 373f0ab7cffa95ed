/* Aggregation on the 2021 plan as it stands in deploy/plans: obligations a month, the year's targets. */
#include "services/plan/plan_file.h"
#include "tests/unit/aggregation_world.h"

static void plan_2021(world_t *world, plan_t *plan) {
    FILE *file = fopen("deploy/plans/2021-cangshan.yaml", "r");
    assert_non_null(file);
    char *at_text = arena_take(world->arena, LIMIT_PLAN_FILE);
    size_t size = fread(at_text, 1, LIMIT_PLAN_FILE, file);
    fclose(file);
    static file_fault_t faults[PLAN_FAULTS];
    uint32_t count = 0;
    assert_int_equal(plan_read((text_t){at_text, (uint32_t)size}, world->arena, plan, faults, &count), OK);
}

static int year_setup(void **state) {
    world_t *world = malloc(sizeof *world);
    world_open(world);
    plan_adopted_t adopted = {0};
    plan_2021(world, &adopted.plan);
    world_feed(world, plan_adopted_type(), &adopted, at(20210720, 9, 0));
    *state = world;
    return 0;
}

static void fifty_two_reports_a_month_and_260_in_the_year_become_due(void **state) {
    world_t *world = *state;
    static const uint32_t opens[] = {20210801, 20210901, 20211001, 20211101, 20211201};
    uint32_t sum = 0;
    for (uint32_t month = 0; month < COUNT(opens); month++) {
        world_listen(world);
        world_tick(world, at(opens[month], 0, 0));
        obligations_t told = world_obligations(world, (obligations_ask_t){.open_only = true});
        sum = told.rows_count;
        assert_int_equal(sum, 52 * (month + 1));
        uint32_t due = 0;
        for (uint32_t row = 0; row < told.rows_count; row++) due += told.rows[row].standing == standing_due;
        assert_int_equal(due, 52);
    }
    assert_int_equal(sum, 260);
}

static void every_indicator_has_a_first_verdict_and_those_with_a_goal_an_owing_unit(void **state) {
    world_t *world = *state;
    targets_t targets;
    world_ask(world, targets_ask_type(), &(targets_ask_t){0}, targets_type(), &targets);
    assert_true(targets.rows_count >= 12);
    uint32_t told = world_told(world, target_changed_type(), NULL);
    assert_int_equal(told, targets.rows_count);
    for (uint32_t row = 0; row < targets.rows_count; row++) {
        const target_changed_t *target = &targets.rows[row];
        assert_int_equal(target->goal > 0, target->reach == reach_not_yet);
        assert_int_equal(target->goal > 0, target->owing_count > 0);
        assert_int_equal(target->goal > 0, target->lamp != lamp_grey);
    }
}

static void nobody_reports_and_all_but_the_stretch_target_turn_red(void **state) {
    world_t *world = *state;
    world_tick(world, at(20220101, 0, 0));
    targets_t targets;
    world_ask(world, targets_ask_type(), &(targets_ask_t){0}, targets_type(), &targets);
    uint32_t stretch = 0;
    for (uint32_t row = 0; row < targets.rows_count; row++) {
        const target_changed_t *target = &targets.rows[row];
        if (target->goal == 0) continue;
        stretch += target->stretch;
        assert_int_equal(target->lamp == lamp_red, !target->stretch);
    }
    assert_int_equal(stretch, 1);
}

#define IN_2021(test) cmocka_unit_test_setup_teardown(test, year_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_2021(fifty_two_reports_a_month_and_260_in_the_year_become_due),
        IN_2021(every_indicator_has_a_first_verdict_and_those_with_a_goal_an_owing_unit),
        IN_2021(nobody_reports_and_all_but_the_stretch_target_turn_red),
    };
    return cmocka_run_group_tests_name("aggregation 2021", tests, NULL, NULL);
}
