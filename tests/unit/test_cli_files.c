/* What people write in files: a report, and the scenario of a rehearsal. */
#include "services/minning/phrase.h"
#include "services/minning/rehearsal.h"
#include "services/plan/report_file.h"

#include "services/plan/calendar.h"
#include "tests/unit/cli_plan.h"

/* --- reports --- */

static err_t read_file(const char *text, report_t *report, fault_t *fault) {
    static const uint8_t fresh[16] = {1, 2, 3};
    int line;
    char what[128];
    json_t *json = json_read(text_of(text), &line, what, sizeof what);
    assert_non_null(json);
    err_t err = report_from_json(json, cli.book, fresh, cli.arena, report, fault, NULL);
    json_decref(json);
    return err;
}

static void amounts_are_written_as_people_type_them(void **state) {
    (void)state;
    report_t report;
    fault_t fault;
    assert_int_equal(read_file("{\"task\":\"donation\",\"period\":\"2021-11\",\"figures\":[{\"indicator\":\"transferred\","
                               "\"items\":[{\"key_kind\":\"receipt\","
                               "\"key\":\"BK-1\",\"fact_day\":\"2021-10-29\",\"amount\":\"300万元\"}]},{\"indicator\":"
                               "\"raised\",\"opening\":\"0.03亿\",\"amount\":5}]}",
                               &report, &fault),
                     OK);
    assert_int_equal(report.figures[0].items[0].amount.value, 300000000);
    assert_int_equal(report.figures[1].opening.value, 300000000);
    assert_int_equal(report.figures[1].amount.value, 5);
}

static void a_bare_number_of_money_as_text_is_refused_with_its_path(void **state) {
    (void)state;
    report_t report;
    fault_t fault;
    assert_int_equal(
        read_file("{\"task\":\"donation\",\"period\":\"2021-11\",\"figures\":[{\"indicator\":\"raised\",\"amount\":\"300\"}]}",
                  &report, &fault),
        ERR_BAD);
    assert_string_equal(fault.code, "wrong_type");
    assert_string_equal(fault.path, "figures[0].amount");
}

static void a_negative_amount_is_told_as_one_however_wide_its_sign(void **state) {
    (void)state;
    static const char *const typed[] = {"-3万元", " -3万元", "－３万元", "−3万元", "负3万元"};
    for (size_t index = 0; index < sizeof typed / sizeof typed[0]; index++) {
        report_t report;
        fault_t fault;
        text_t json = arena_format(cli.arena,
                                   "{\"task\":\"donation\",\"period\":\"2021-11\",\"figures\":[{\"indicator\":\"raised\","
                                   "\"amount\":\"%s\"}]}",
                                   typed[index]);
        assert_int_equal(read_file(json.at, &report, &fault), ERR_BAD);
        assert_string_equal(fault.code, "negative");
        assert_string_equal(fault.path, "figures[0].amount");
    }
}

static void people_are_named_in_plain_words(void **state) {
    (void)state;
    report_t report;
    fault_t fault;
    assert_int_equal(
        read_file(
            "{\"task\":\"talent\",\"period\":\"2021-08\",\"prepared_by\":\"张三\",\"figures\":[{\"indicator\":\"teachers\","
            "\"items\":[{\"key_kind\":\"person\",\"person\":\"王老师\",\"fact_day\":\"2021-08-10\"}]}]}",
            &report, &fault),
        OK);
    assert_true(text_is(report.prepared_by.text, "张三"));
    assert_true(text_is(report.figures[0].items[0].person.text, "王老师"));
}

static void a_submission_id_is_made_where_none_is_written(void **state) {
    (void)state;
    report_t report;
    fault_t fault;
    assert_int_equal(read_file("{\"task\":\"a\",\"period\":\"b\"}", &report, &fault), OK);
    assert_int_equal(report.submission_id[2], 3);
    assert_int_equal(read_file("{\"submission_id\":\"0190f0a1-b2c3-7d4e-8f00-112233445566\",\"task\":\"a\",\"period\":\"b\"}",
                               &report, &fault),
                     OK);
    assert_int_equal(report.submission_id[0], 0x01);
    assert_int_equal(report.submission_id[15], 0x66);
}

/* --- scenarios --- */

static int read_scenario(const char *text, scenario_t *scenario) {
    return scenario_read(&cli, "scenario.txt", text_of(text), scenario);
}

static void a_monthly_line_is_spread_over_five_periods(void **state) {
    (void)state;
    scenario_t scenario;
    assert_int_equal(read_scenario("每月 15 10:00 区工商联 donation raised={10|15|20|5|4}万元 佐证 说 {期}", &scenario),
                     EXIT_WELL);
    assert_int_equal(scenario.act_count, 5);
    assert_true(text_is(scenario.acts[2].phrase, "donation 2021-10 raised=20万元 佐证 说 2021-10"));
    assert_int_equal(scenario.acts[2].at_ms, instant_of_day(planbook_plan(cli.book), 20211015, 600));
}

static void everybody_with_a_task_speaks_once_and_a_line_of_ones_own_comes_first(void **state) {
    (void)state;
    scenario_t scenario;
    assert_int_equal(
        read_scenario(
            "每月 15 10:00 全体 donation 说 大家\n每月 10 09:00 区工商联 donation 说 自己\n除 金山街道 donation 2021-12",
            &scenario),
        EXIT_WELL);
    assert_int_equal(scenario.act_count, 15 * 5 - 1);
    uint32_t own = 0;
    for (uint32_t index = 0; index < scenario.act_count; index++)
        if (text_is(scenario.acts[index].unit, "gsl"))
            own += memmem(scenario.acts[index].phrase.at, scenario.acts[index].phrase.size, "自己", 6) != NULL;
    assert_int_equal(own, 5);
}

static void acts_stand_in_the_order_of_time(void **state) {
    (void)state;
    scenario_t scenario;
    assert_int_equal(
        read_scenario(
            "时 2021-12-01 09:00\n报 区工商联 donation 2021-11 说 后\n时 2021-08-01 09:00\n报 区工商联 donation 2021-08 说 先",
            &scenario),
        EXIT_WELL);
    assert_int_equal(scenario.act_count, 2);
    assert_true(scenario.acts[0].at_ms < scenario.acts[1].at_ms);
    assert_int_equal(scenario.acts[0].line, 4);
}

static void what_is_expected_is_read_off_the_end(void **state) {
    (void)state;
    scenario_t scenario;
    assert_int_equal(
        read_scenario("时 2021-08-03 09:00\n报#甲 区工商联 donation 2021-08 raised=-5万元 说 冲减 => 拒收 negative", &scenario),
        EXIT_WELL);
    const act_t *act = &scenario.acts[0];
    assert_int_equal(act->expect, EXPECT_TURNED_AWAY);
    assert_int_equal(act->code_count, 1);
    assert_true(text_is(act->codes[0], "negative"));
    assert_true(text_is(act->name, "甲"));
    assert_true(text_is(act->negated, "raised"));
    assert_true(text_is(act->phrase, "donation 2021-08 raised=5万元 说 冲减"));
}

static void a_scenario_that_does_not_read_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {"飞 区工商联",
                                        "报 区工商联 donation 2021-08",
                                        "时 2021-13-01 09:00",
                                        "每月 15 25:00 全体 donation 说 a",
                                        "每月 15 10:00 全体 nothing 说 a",
                                        "除 区工商联 donation 2023-01",
                                        "时 2021-08-03 09:00\n报 无此单位 donation 2021-08 说 a",
                                        "时 2021-08-03 09:00\n报 区工商联 donation 2021-08 说 a => 也许",
                                        "时 2021-08-03 09:00\n报 区工商联 donation 2021-08 说 a => 退回 no_such_code"};
    scenario_t scenario;
    for (size_t index = 0; index < sizeof wrong / sizeof wrong[0]; index++)
        assert_int_equal(read_scenario(wrong[index], &scenario), EX_DATAERR);
}

static void every_act_of_the_2021_scenario_reads_as_a_report(void **state) {
    (void)state;
    text_t text;
    scenario_t scenario;
    assert_int_equal(cli_read_file(&cli, "deploy/rehearsal/2021.txt", LIMIT_PLAN_FILE, &text), EXIT_WELL);
    assert_int_equal(scenario_read(&cli, "2021.txt", text, &scenario), EXIT_WELL);
    assert_true(scenario.act_count > 258);
    for (uint32_t index = 0; index < scenario.act_count; index++) {
        report_t report;
        act_kind_t kind = scenario.acts[index].kind;
        if (kind != ACT_REPORT && kind != ACT_CHECK && kind != ACT_MISUSE) continue;
        assert_null(phrase_read(cli.book, scenario.acts[index].phrase, cli.arena, &report));
    }
}

/* --- what is meant by what is typed --- */

/* The shipped plan, its first task and unit named as the second ones are numbered. */
static planbook_t *misnamed(void) {
    const plan_t *shipped = planbook_plan(cli.book);
    plan_t plan = *shipped;
    task_t *tasks = ARENA_NEW(cli.arena, task_t, plan.tasks_count);
    unit_t *units = ARENA_NEW(cli.arena, unit_t, plan.units_count);
    memcpy(tasks, shipped->tasks, sizeof *tasks * plan.tasks_count);
    memcpy(units, shipped->units, sizeof *units * plan.units_count);
    tasks[0].name = tasks[1].id;
    units[0].name = units[1].id;
    plan.tasks = tasks;
    plan.units = units;
    return planbook_new(&plan);
}

static const char *typed(text_t text) { return arena_format(cli.arena, TEXT_FORMAT, TEXT_ARGS(text)).at; }

static void an_id_is_meant_before_a_name_that_is_written_like_it(void **state) {
    (void)state;
    planbook_t *shipped = cli.book;
    const plan_t *plan = planbook_plan(shipped);
    assert_true(text_equal(cli_task_named(&cli, typed(plan->tasks[0].name)), plan->tasks[0].id));
    assert_true(text_equal(cli_unit_named(&cli, typed(plan->units[0].name)), plan->units[0].id));
    cli.book = misnamed();
    assert_true(text_equal(cli_task_named(&cli, typed(plan->tasks[1].id)), plan->tasks[1].id));
    assert_true(text_equal(cli_unit_named(&cli, typed(plan->units[1].id)), plan->units[1].id));
    planbook_destroy(&shipped);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(amounts_are_written_as_people_type_them),
        TEST(a_bare_number_of_money_as_text_is_refused_with_its_path),
        TEST(a_negative_amount_is_told_as_one_however_wide_its_sign),
        TEST(people_are_named_in_plain_words),
        TEST(a_submission_id_is_made_where_none_is_written),
        TEST(a_monthly_line_is_spread_over_five_periods),
        TEST(everybody_with_a_task_speaks_once_and_a_line_of_ones_own_comes_first),
        TEST(acts_stand_in_the_order_of_time),
        TEST(what_is_expected_is_read_off_the_end),
        TEST(a_scenario_that_does_not_read_is_refused),
        TEST(an_id_is_meant_before_a_name_that_is_written_like_it),
        TEST(every_act_of_the_2021_scenario_reads_as_a_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
