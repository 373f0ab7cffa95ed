/* A table of reports checked before anything is sent: what is asked next, and what an answer makes of each report. */
#include "services/sheet/bulk_check.h"
#include "tests/unit/bulk_table.h"

#define HEAD "任务,报送期,修订,指标,本月数（万元）,累计数（万元）,期初累计（万元）,进展\n"

/* Wrong cells may be in it. */
static bulk_t takes(const char *csv) {
    bulk_t bulk = read_as("csh", csv);
    if (bulk.faults.count > 0) fail_msg(TEXT_FORMAT, TEXT_ARGS(bulk.faults.at[0].reason.en));
    return bulk;
}

static bulk_check_t begins(const bulk_t *bulk) { return bulk_check_begin(bulk, bulk_outcomes(bulk, cli.arena), cli.arena); }

static verdict_t refusal(const char *code, const char *path, const char *arg) {
    reason_t *reason = ARENA_NEW(cli.arena, reason_t, 1);
    text_t *args = ARENA_NEW(cli.arena, text_t, 1);
    args[0] = text_of(arg);
    *reason = (reason_t){.code = text_of(code), .path = text_of(path), .args = args, .args_count = arg[0] != '\0'};
    return (verdict_t){.reasons = reason, .reasons_count = 1};
}

static void asks(bulk_check_t *check, const char *period) {
    const report_t *report = bulk_check_next(check);
    if (report == NULL)
        fail_msg("nothing is asked, %s is wanted", period);
    else
        assert_true(text_is(report->period, period));
}

static void a_report_with_wrong_cells_is_not_asked_about(void **state) {
    (void)state;
    bulk_t bulk = takes(HEAD "消费帮扶,2021-08,,宁夏特色产品销售额,约3,,,\n消费帮扶,2021-09,,宁夏特色产品销售额,3,,,\n");
    bulk_check_t check = begins(&bulk);
    asks(&check, "2021-09");
    bulk_check_take(&check, &(verdict_t){.accepted = true});
    assert_null(bulk_check_next(&check));
    assert_int_equal(check.outcomes[0].state, STATE_FAULTY);
    assert_int_equal(check.outcomes[1].state, STATE_CHECKED);
    assert_false(bulk_check_is_well(&check));
}

static void rows_that_say_nothing_are_blank_and_hold_up_nobody(void **state) {
    (void)state;
    bulk_t bulk = takes(HEAD "消费帮扶,2021-08,,宁夏特色产品销售额,,,,\n消费帮扶,2021-09,,宁夏特色产品销售额,3,,,\n");
    bulk_check_t check = begins(&bulk);
    asks(&check, "2021-09");
    bulk_check_take(&check, &(verdict_t){.accepted = true});
    assert_int_equal(check.outcomes[0].state, STATE_BLANK);
    assert_true(bulk_check_is_well(&check));
}

static void a_reason_of_validation_stands_at_its_cell(void **state) {
    (void)state;
    bulk_t bulk = takes(HEAD "消费帮扶,2021-08,,宁夏特色产品销售额,3,,,\n");
    bulk_check_t check = begins(&bulk);
    asks(&check, "2021-08");
    verdict_t verdict = refusal("no_evidence", "report.figures[0].amount", "");
    bulk_check_take(&check, &verdict);
    assert_int_equal(check.outcomes[0].faults.count, 1);
    assert_true(text_is(csv_spot_name(check.outcomes[0].faults.at[0].spot, cli.arena), "E2"));
    assert_true(text_is(bulk_header(&bulk, check.outcomes[0].faults.at[0].spot), "本月数（万元）"));
}

static void a_running_total_that_is_refused_alone_is_asked_about_as_it_will_stand(void **state) {
    (void)state;
    bulk_t bulk = takes(HEAD "消费帮扶,2021-08,,宁夏特色产品销售额,3,,10,\n消费帮扶,2021-09,,宁夏特色产品销售额,,18,,\n");
    bulk_check_t check = begins(&bulk);
    asks(&check, "2021-08");
    bulk_check_take(&check, &(verdict_t){.accepted = true});
    asks(&check, "2021-09");
    verdict_t verdict = refusal("running_disagrees", "report.figures[0].running", "");
    bulk_check_take(&check, &verdict);
    const report_t *again = bulk_check_next(&check);
    assert_non_null(again);
    assert_false(again->figures[0].running.given);
    assert_int_equal(again->figures[0].amount.value, 5 * 1000000);
    bulk_check_take(&check, &(verdict_t){.accepted = true});
    assert_null(bulk_check_next(&check));
    assert_true(bulk_check_is_well(&check));
}

static void a_month_that_the_file_reports_itself_is_not_skipped(void **state) {
    (void)state;
    bulk_t bulk = takes(HEAD "消费帮扶,2021-08,,宁夏特色产品销售额,3,,,\n消费帮扶,2021-09,,宁夏特色产品销售额,5,,,\n");
    bulk_check_t check = begins(&bulk);
    asks(&check, "2021-08");
    bulk_check_take(&check, &(verdict_t){.accepted = true});
    asks(&check, "2021-09");
    verdict_t verdict = refusal("month_skipped", "period", "2021-08");
    bulk_check_take(&check, &verdict);
    assert_int_equal(check.outcomes[1].state, STATE_CHECKED);
    assert_int_equal(check.outcomes[1].faults.count, 0);
}

static void a_month_whose_own_report_is_refused_stays_skipped(void **state) {
    (void)state;
    bulk_t bulk = takes(HEAD "消费帮扶,2021-08,,宁夏特色产品销售额,3,,,\n消费帮扶,2021-09,,宁夏特色产品销售额,5,,,\n");
    bulk_check_t check = begins(&bulk);
    asks(&check, "2021-08");
    verdict_t verdict = refusal("no_evidence", "report.figures[0].amount", "");
    bulk_check_take(&check, &verdict);
    asks(&check, "2021-09");
    verdict = refusal("month_skipped", "period", "2021-08");
    bulk_check_take(&check, &verdict);
    assert_int_equal(check.outcomes[1].state, STATE_REFUSED);
}

static void two_opening_balances_are_one_too_many_although_each_is_well(void **state) {
    (void)state;
    bulk_t bulk = takes(HEAD "消费帮扶,2021-08,,宁夏特色产品销售额,3,,10,\n消费帮扶,2021-09,,宁夏特色产品销售额,5,,10,\n");
    bulk_check_t check = begins(&bulk);
    asks(&check, "2021-08");
    bulk_check_take(&check, &(verdict_t){.accepted = true});
    asks(&check, "2021-09");
    bulk_check_take(&check, &(verdict_t){.accepted = true});
    assert_int_equal(check.outcomes[1].state, STATE_FAULTY);
    assert_true(text_is(check.outcomes[1].faults.at[0].reason.code, "opening_twice"));
}

static void content_that_stands_already_is_no_fault(void **state) {
    (void)state;
    bulk_t bulk = takes(HEAD "消费帮扶,2021-08,,宁夏特色产品销售额,3,,,\n");
    bulk_check_t check = begins(&bulk);
    asks(&check, "2021-08");
    verdict_t verdict = refusal("already_reported", "", "");
    bulk_check_take(&check, &verdict);
    assert_int_equal(check.outcomes[0].state, STATE_STANDING);
    assert_true(bulk_check_is_well(&check));
}

static void a_refusal_of_the_door_stands_at_its_cell_too(void **state) {
    (void)state;
    bulk_t bulk = takes(HEAD "消费帮扶,2021-08,,宁夏特色产品销售额,3,,,请联系 13812345678\n");
    bulk_check_t check = begins(&bulk);
    asks(&check, "2021-08");
    verdict_t verdict = refusal("mobile_number", "report.progress", "");
    bulk_check_refuse(&check, verdict.reasons, 1);
    assert_true(text_is(csv_spot_name(check.outcomes[0].faults.at[0].spot, cli.arena), "H2"));
}

static void what_was_read_does_not_lean_on_the_plan(void **state) {
    (void)state;
    text_t yaml;
    plan_t plan;
    uint32_t count = 0;
    file_fault_t *faults = ARENA_NEW(cli.arena, file_fault_t, PLAN_FAULTS);
    assert_int_equal(cli_read_file(&cli, PLAN_FILE, LIMIT_PLAN_FILE, &yaml), EXIT_WELL);
    assert_int_equal(plan_read(yaml, cli.arena, &plan, faults, &count), OK);
    planbook_t *book = planbook_new(&plan);
    static const char csv[] = HEAD "消费帮扶,2021-08,,宁夏特色产品销售额,3,,,\n";
    bulk_t bulk = bulk_read((bytes_t){(const uint8_t *)csv, sizeof csv - 1}, book, text_of("csh"), cli.arena);
    bulk_check_t check = begins(&bulk);
    planbook_destroy(&book);
    asks(&check, "2021-08"); /* a sanitizer would tell */
    assert_true(text_is(bulk_check_next(&check)->figures[0].indicator, "sales"));
    bulk_check_take(&check, &(verdict_t){.accepted = true});
    assert_true(bulk_check_is_well(&check));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_with_wrong_cells_is_not_asked_about),
        cmocka_unit_test(rows_that_say_nothing_are_blank_and_hold_up_nobody),
        cmocka_unit_test(a_reason_of_validation_stands_at_its_cell),
        cmocka_unit_test(a_running_total_that_is_refused_alone_is_asked_about_as_it_will_stand),
        cmocka_unit_test(a_month_that_the_file_reports_itself_is_not_skipped),
        cmocka_unit_test(a_month_whose_own_report_is_refused_stays_skipped),
        cmocka_unit_test(two_opening_balances_are_one_too_many_although_each_is_well),
        cmocka_unit_test(content_that_stands_already_is_no_fault),
        cmocka_unit_test(a_refusal_of_the_door_stands_at_its_cell_too),
        cmocka_unit_test(what_was_read_does_not_lean_on_the_plan),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
