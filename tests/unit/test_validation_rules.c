/* Every hard rule of validation, one test a reason code: a report that breaks only this rule, and the code and path it gets. */
#include "services/2-validation/validation_rules.h"
#include "proto/wire.h"
#include "tests/unit/validation_bench.h"

/* --- the plan --- */

static void a_unit_that_the_plan_does_not_know_is_refused(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->given.unit = T("350104999");
    refused_only(bench, "unknown_unit", "unit");
}

static void a_task_that_the_plan_does_not_have_is_refused(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->report.task = T("charity");
    refused_only(bench, "unknown_task", "task");
}

static void a_period_that_the_plan_does_not_have_is_refused(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->report.period = T("2021-13");
    refused_only(bench, "unknown_period", "period");
}

static void unit_task_and_period_are_judged_at_once(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->given.unit = bench->report.task = bench->report.period = T("nobody");
    validation_ruling_t ruling = bench_judge(bench);
    assert_int_equal(ruling.reasons_count, 3);
}

static void without_a_plan_nothing_is_known(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->unplanned = true;
    validation_ruling_t ruling = bench_judge(bench);
    assert_false(ruling.accepted);
    assert_int_equal(ruling.reasons_count, 3);
}

static void a_report_for_october_is_refused_in_september(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->report.period = T("2021-10");
    const reason_t *reason = refused_only(bench, "period_not_open", "period");
    assert_text(reason->args[1], "2021-10-01");
    bench->given.received_ms = instant_of_day(&bench->plan, 20211001, 0);
    accepted(bench);
}

static void a_task_that_a_unit_does_not_owe_is_not_its_to_report(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->report.task = T("talent");
    bench->report.figures_count = 0;
    const reason_t *reason = refused_only(bench, "not_your_task", "task");
    assert_text(reason->args[1], "仓山镇");
}

static void a_confirmation_takes_nothing_but_postings(void **state) {
    bench_t *bench = bench_teachers(state);
    bench->report.period = T("2022-01");
    bench->given.received_ms = instant_of_day(&bench->plan, 20220120, 600);
    bench_add(bench, (figure_t){.indicator = T("projects"), .amount = GIVEN(1)});
    assert_text(refused_only(bench, "only_confirmed", "figures[1].indicator")->args[1], "2022-01");
    bench->figures[1].nil = true;
    bench->figures[1].amount = (maybe_t){0};
    refused_only(bench, "only_confirmed", "figures[1].indicator");
}

/* --- revisions --- */

static void an_old_revision_is_superseded_and_told_who_stands_since_when(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->given.standing = (validation_standing_t){
        .revision = 2, .body_hash = {9}, .received_ms = (uint64_t)instant_of_day(&bench->plan, 20210918, 631)};
    bench->report.replaces = 1;
    const reason_t *reason = refused_only(bench, "superseded", "replaces");
    assert_text(reason->args[0], "2");
    assert_text(reason->args[1], "1");
    assert_text(reason->args[2], "仓山镇");
    assert_text(reason->args[3], "2021-09-18 10:31");
    bench->report.replaces = 2;
    assert_int_equal(accepted(bench).revision, 3);
}

static void a_first_report_replaces_nothing(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->report.replaces = 1;
    refused_only(bench, "superseded", "replaces");
}

static void what_stands_already_is_told_so_whatever_it_replaces(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->given.standing = (validation_standing_t){.revision = 3, .body_hash = {5}};
    bench->given.body_hash[0] = 5;
    const reason_t *reason = refused_only(bench, "already_reported", "");
    assert_text(reason->args[0], "3");
}

static void an_approved_report_is_locked_until_it_is_returned(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->report.replaces = 3;
    bench->given.standing = (validation_standing_t){.revision = 3, .decision = decision_approved, .decided_ms = 1632106800000,
                                                    .body_hash = {5}};
    assert_text(refused_only(bench, "locked", "replaces")->args[1], "2021-09-20 11:00");
}

static void what_was_returned_is_not_sent_again_as_it_was(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->given.standing = (validation_standing_t){.revision = 3, .decision = decision_returned, .body_hash = {5}};
    bench->given.body_hash[0] = 5;
    assert_text(refused_only(bench, "returned_unchanged", "")->args[0], "3");
}

/* --- whose figure --- */

static void an_indicator_of_another_task_is_unknown_here(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench_add(bench, (figure_t){.indicator = T("teachers"), .nil = true});
    refused_only(bench, "unknown_indicator", "figures[1].indicator");
}

static void a_member_that_the_set_does_not_have_is_refused(void **state) {
    bench_t *bench = bench_village(state, T("village-1"));
    bench_add(bench, (figure_t){.indicator = T("village-fund"), .member = T("village-7"), .nil = true});
    refused_only(bench, "unknown_member", "figures[1].member");
}

static void a_member_of_an_indicator_without_a_set_is_refused(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench_add(bench, (figure_t){.indicator = T("transferred"), .member = T("village-1"), .nil = true});
    refused_only(bench, "unknown_member", "figures[1].member");
}

static void an_indicator_with_a_set_is_reported_by_member(void **state) {
    bench_t *bench = bench_village(state, T("village-1"));
    bench_add(bench, (figure_t){.indicator = T("village-fund"), .nil = true});
    refused_only(bench, "member_missing", "figures[1].member");
}

static void another_town_s_village_is_not_this_town_s_figure(void **state) {
    bench_t *bench = bench_village(state, T("village-1"));
    bench_add(bench, (figure_t){.indicator = T("village-fund"), .member = T("village-2"), .nil = true});
    refused_only(bench, "not_your_figure", "figures[1].indicator");
}

static void the_same_figure_stands_once(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench_add(bench, (figure_t){.indicator = T("raised"), .amount = GIVEN(YUAN(5))});
    refused_only(bench, "same_figure_twice", "figures[1]");
}

static void a_required_figure_that_is_missing_is_named(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->report.figures_count = 0;
    bench->report.progress = T("已开展动员");
    const reason_t *reason = refused_only(bench, "figure_missing", "figures");
    assert_text(reason->args[0], "募集资金");
}

static void every_member_that_a_unit_contributes_to_is_required(void **state) {
    bench_t *bench = bench_village(state, T("village-1"));
    bench->report.figures_count = 0;
    bench->report.progress = T("已开展动员");
    const reason_t *reason = refused_only(bench, "figure_missing", "figures");
    assert_text(reason->args[0], "村级帮扶资金（甲村）");
}

static void a_unit_without_figures_owes_words(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->report.task = T("words");
    bench->report.figures_count = 0;
    refused_only(bench, "nothing_reported", "progress");
    bench->report.progress = T("召开会议一次");
    accepted(bench);
}

/* --- amounts --- */

static void nil_beside_an_amount_is_refused(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->figures[0].nil = true;
    refused_only(bench, "nil_with_amount", "figures[0].nil");
}

static void a_figure_that_says_nothing_is_refused(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->figures[0].amount.given = false;
    refused_only(bench, "amount_missing", "figures[0].amount");
}

static void a_row_without_an_amount_is_refused(void **state) {
    bench_t *bench = bench_transferred(state);
    bench->figures[1].amount.given = false;
    bench->items[0].amount.given = false;
    refused_only(bench, "amount_missing", "figures[1].items[0].amount");
}

static void a_running_total_is_the_previous_one_plus_the_month(void **state) {
    bench_t *bench = bench_raised(state, YUAN(300000));
    bench_past(bench, 0, 20210801, YUAN(200000), YUAN(100000));
    bench->figures[0].running = GIVEN(YUAN(700000));
    const reason_t *reason = refused_only(bench, "running_disagrees", "figures[0].running");
    assert_text(reason->args[0], "70.00万元");
    assert_text(reason->args[1], "30.00万元");
    assert_text(reason->args[2], "30.00万元");
}

static void a_running_total_does_not_fall(void **state) {
    bench_t *bench = bench_raised(state, YUAN(0));
    bench_past(bench, 0, 20210801, YUAN(200000), 0);
    bench->figures[0].amount.given = false;
    bench->figures[0].running = GIVEN(YUAN(199999));
    const reason_t *reason = refused_only(bench, "running_falls", "figures[0].running");
    assert_text(reason->args[0], "199999.00元");
}

static void an_opening_balance_comes_with_the_first_valid_report_only(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->figures[0].opening = GIVEN(YUAN(50));
    accepted(bench);
    bench_past(bench, 0, 20210801, YUAN(90), 0);
    refused_only(bench, "opening_not_taken", "figures[0].opening");
}

static void a_revision_of_the_report_with_the_opening_balance_restates_it(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench_past(bench, 0, 20210901, YUAN(90), YUAN(40));
    bench->given.standing = (validation_standing_t){.revision = 1, .body_hash = {9}};
    bench->report.replaces = 1;
    bench->figures[0].opening = GIVEN(YUAN(50));
    accepted(bench);
}

static void a_part_never_exceeds_its_whole_with_balances_included(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100000));
    bench_add(bench, (figure_t){.indicator = T("raised-society"), .amount = GIVEN(YUAN(90000)), .opening = GIVEN(YUAN(20000))});
    const reason_t *reason = refused_only(bench, "subset_exceeds", "figures[1].amount");
    assert_text(reason->args[0], "11.00万元");
    assert_text(reason->args[1], "10.00万元");
    assert_text(reason->args[2], "募集资金");
    bench->figures[0].opening = GIVEN(YUAN(20000));
    accepted(bench);
}

static void an_amount_that_cannot_be_added_up_is_refused(void **state) {
    bench_t *bench = bench_raised(state, INT64_MAX);
    refused_only(bench, "too_large", "figures[0].amount");
    bench->figures[0].amount = GIVEN(LIMIT_TOTAL);
    accepted(bench);
    bench_past(bench, 0, 20211001, 1, 0);
    refused_only(bench, "too_large", "figures[0].amount");
}

static void rows_whose_sum_overflows_are_refused(void **state) {
    bench_t *bench = bench_transferred(state);
    bench->figures[1].amount.given = false;
    bench->items[0].amount = bench->items[1].amount = GIVEN(LIMIT_TOTAL);
    refused_only(bench, "too_large", "figures[1].items[1].amount");
}

/* --- rows --- */

static void an_indicator_with_a_by_date_demands_rows(void **state) {
    bench_t *bench = bench_transferred(state);
    bench->figures[1].items_count = 0;
    refused_only(bench, "items_missing", "figures[1].items");
}

static void people_are_rows_not_a_number(void **state) {
    bench_t *bench = bench_teachers(state);
    bench->figures[0].items_count = 0;
    bench->figures[0].amount = GIVEN(2);
    refused_only(bench, "items_missing", "figures[0].items");
}

static void an_indicator_without_rows_takes_none(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->items[0] = item_of(key_kind_receipt, T("r-1"), 20210910, YUAN(10));
    bench_add(bench, (figure_t){.indicator = T("raised-society"), .items = bench->items, .items_count = 1});
    refused_only(bench, "items_not_taken", "figures[1].items");
}

static void rows_add_up_to_the_amount(void **state) {
    bench_t *bench = bench_transferred(state);
    bench->figures[1].amount = GIVEN(YUAN(5000));
    const reason_t *reason = refused_only(bench, "items_disagree", "figures[1].amount");
    assert_text(reason->args[0], "0.30万元");
    assert_text(reason->args[1], "0.50万元");
}

static void a_receipt_stands_once_below_a_figure(void **state) {
    bench_t *bench = bench_transferred(state);
    bench->items[1].key = bench->items[0].key;
    const reason_t *reason = refused_only(bench, "item_twice", "figures[1].items[1]");
    assert_text(reason->args[0], "figures[1].items[0]");
}

static void a_person_stands_once(void **state) {
    bench_t *bench = bench_teachers(state);
    bench->items[1].person = bench->items[0].person;
    refused_only(bench, "item_twice", "figures[0].items[1]");
}

static void a_contract_paid_in_two_parts_recurs_but_the_same_part_does_not(void **state) {
    bench_t *bench = bench_raised(state, YUAN(30));
    bench->items[0] = item_of(key_kind_contract, T("ht-1"), 20210910, YUAN(10));
    bench->items[1] = item_of(key_kind_contract, T("ht-1"), 20210917, YUAN(20));
    bench->figures[0].items = bench->items;
    bench->figures[0].items_count = 2;
    accepted(bench);
    bench->items[0] = bench->items[1];
    bench->figures[0].amount = GIVEN(YUAN(40));
    refused_only(bench, "item_twice", "figures[0].items[1]");
}

static void a_row_without_a_number_is_refused(void **state) {
    bench_t *bench = bench_transferred(state);
    bench->items[0].key = T("");
    refused_only(bench, "item_key_missing", "figures[1].items[0].key");
}

static void a_person_without_a_hash_is_refused(void **state) {
    bench_t *bench = bench_teachers(state);
    bench->items[1].person = (personal_t){0};
    refused_only(bench, "item_key_missing", "figures[0].items[1].person");
}

static void rows_are_keyed_as_the_plan_says(void **state) {
    bench_t *bench = bench_transferred(state);
    bench->items[1].key_kind = key_kind_contract;
    const reason_t *reason = refused_only(bench, "item_kind_wrong", "figures[1].items[1].key_kind");
    assert_text(reason->args[1], "凭证号");
}

static void a_row_without_a_day_is_refused(void **state) {
    bench_t *bench = bench_transferred(state);
    bench->items[0].fact_day = 0;
    refused_only(bench, "fact_day_missing", "figures[1].items[0].fact_day");
}

static void a_fact_after_the_local_day_of_receipt_is_refused(void **state) {
    bench_t *bench = bench_transferred(state);
    bench->items[0].fact_day = 20210921;
    const reason_t *reason = refused_only(bench, "fact_day_future", "figures[1].items[0].fact_day");
    assert_text(reason->args[0], "2021-09-21");
    assert_text(reason->args[1], "2021-09-20");
    bench->given.received_ms = instant_of_day(&bench->plan, 20210921, 0);
    accepted(bench);
}

static void a_fact_before_the_plan_is_refused(void **state) {
    bench_t *bench = bench_transferred(state);
    bench->items[0].fact_day = 20210731;
    const reason_t *reason = refused_only(bench, "fact_day_outside", "figures[1].items[0].fact_day");
    assert_text(reason->args[1], "2021-08-01");
    assert_text(reason->args[2], "2021-12-31");
}

static void a_person_does_not_leave_before_coming(void **state) {
    bench_t *bench = bench_teachers(state);
    bench->items[0].out_day = 20210820;
    refused_only(bench, "out_before_in", "figures[0].items[0].out_day");
}

static void a_planned_term_is_of_six_months_from_the_first_day_in_post(void **state) {
    bench_t *bench = bench_teachers(state);
    bench->items[0].out_day = 20220224; /* 2021-08-25 and six months: 2022-02-25 */
    bench->given.received_ms = instant_of_day(&bench->plan, 20210920, 600);
    validation_ruling_t ruling = bench_judge(bench);
    assert_int_equal(ruling.reasons_count, 2); /* and outside the plan of this bench, which ends in January */
    assert_text(ruling.reasons[0].code, "term_short");
    assert_text(ruling.reasons[0].path, "figures[0].items[0].out_day");
    assert_text(ruling.reasons[0].args[2], "6");
    bench->items[0].out_day = 20220131;
    const reason_t *reason = refused_only(bench, "term_short", "figures[0].items[0].out_day");
    assert_text(reason->args[0], "2021-08-25");
    assert_text(reason->args[1], "2022-01-31");
}

static void who_has_left_is_always_taken_however_short_the_term(void **state) {
    bench_t *bench = bench_teachers(state);
    bench->items[0].out_day = 20210920; /* the day of receipt: a fact */
    accepted(bench);
    bench->items[0].out_day = 20210921;
    refused_only(bench, "term_short", "figures[0].items[0].out_day");
}

static void a_person_is_counted_and_carries_no_amount(void **state) {
    bench_t *bench = bench_teachers(state);
    bench->items[1].amount = GIVEN(YUAN(3));
    const reason_t *reason = refused_only(bench, "wrong_measure", "figures[0].items[1].amount");
    assert_text(reason->args[0], "选派教师");
    assert_text(reason->args[1], "名");
}

static void a_receipt_has_no_last_day_in_post(void **state) {
    bench_t *bench = bench_transferred(state);
    bench->items[0].out_day = 20210910;
    refused_only(bench, "wrong_measure", "figures[1].items[0].out_day");
}

static void a_part_stands_beside_its_total(void **state) {
    bench_t *bench = bench_raised(state, YUAN(5));
    bench->figures[0].indicator = T("raised-society");
    validation_ruling_t ruling = bench_judge(bench);
    assert_int_equal(ruling.reasons_count, 2);
    assert_text(ruling.reasons[0].code, "whole_missing");
    assert_text(ruling.reasons[0].path, "figures[0]");
    assert_text(ruling.reasons[0].args[1], "募集资金");
    assert_text(ruling.reasons[1].code, "figure_missing"); /* this total is required besides */
    bench->figures[0].amount = GIVEN(0); /* nothing is part of anything */
    refused_only(bench, "figure_missing", "figures");
}

static void a_credit_code_with_a_wrong_check_digit_is_refused(void **state) {
    bench_t *bench = bench_raised(state, YUAN(10));
    bench->items[0] = item_of(key_kind_uscc, T("91350100M000100Y44"), 20210910, YUAN(10));
    bench->figures[0].items = bench->items;
    bench->figures[0].items_count = 1;
    refused_only(bench, "bad_uscc", "figures[0].items[0].key");
}

/* --- all of them --- */

static void every_fault_is_told_at_once(void **state) {
    bench_t *bench = bench_approving(bench_transferred(state), approval_signed);
    bench->report.replaces = 4;
    bench->figures[0].nil = true;
    bench->items[0].key = T("");
    bench->items[1].fact_day = 20220101;
    bench_add(bench, (figure_t){.indicator = T("nothing"), .nil = true});
    validation_ruling_t ruling = bench_judge(bench);
    assert_int_equal(ruling.reasons_count, 9); /* the last fact is outside and in the future; three names are missing */
}

static void every_hard_code_was_produced_by_a_test(void **state) {
    (void)state;
    all_produced(REASON_hard);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_unit_that_the_plan_does_not_know_is_refused),
        TEST(a_task_that_the_plan_does_not_have_is_refused),
        TEST(a_period_that_the_plan_does_not_have_is_refused),
        TEST(unit_task_and_period_are_judged_at_once),
        TEST(without_a_plan_nothing_is_known),
        TEST(a_report_for_october_is_refused_in_september),
        TEST(a_task_that_a_unit_does_not_owe_is_not_its_to_report),
        TEST(a_confirmation_takes_nothing_but_postings),
        TEST(an_old_revision_is_superseded_and_told_who_stands_since_when),
        TEST(a_first_report_replaces_nothing),
        TEST(what_stands_already_is_told_so_whatever_it_replaces),
        TEST(an_approved_report_is_locked_until_it_is_returned),
        TEST(what_was_returned_is_not_sent_again_as_it_was),
        TEST(an_indicator_of_another_task_is_unknown_here),
        TEST(a_member_that_the_set_does_not_have_is_refused),
        TEST(a_member_of_an_indicator_without_a_set_is_refused),
        TEST(an_indicator_with_a_set_is_reported_by_member),
        TEST(another_town_s_village_is_not_this_town_s_figure),
        TEST(the_same_figure_stands_once),
        TEST(a_required_figure_that_is_missing_is_named),
        TEST(every_member_that_a_unit_contributes_to_is_required),
        TEST(a_unit_without_figures_owes_words),
        TEST(nil_beside_an_amount_is_refused),
        TEST(a_figure_that_says_nothing_is_refused),
        TEST(a_row_without_an_amount_is_refused),
        TEST(a_running_total_is_the_previous_one_plus_the_month),
        TEST(a_running_total_does_not_fall),
        TEST(an_opening_balance_comes_with_the_first_valid_report_only),
        TEST(a_revision_of_the_report_with_the_opening_balance_restates_it),
        TEST(a_part_never_exceeds_its_whole_with_balances_included),
        TEST(an_amount_that_cannot_be_added_up_is_refused),
        TEST(rows_whose_sum_overflows_are_refused),
        TEST(an_indicator_with_a_by_date_demands_rows),
        TEST(people_are_rows_not_a_number),
        TEST(an_indicator_without_rows_takes_none),
        TEST(rows_add_up_to_the_amount),
        TEST(a_receipt_stands_once_below_a_figure),
        TEST(a_person_stands_once),
        TEST(a_contract_paid_in_two_parts_recurs_but_the_same_part_does_not),
        TEST(a_row_without_a_number_is_refused),
        TEST(a_person_without_a_hash_is_refused),
        TEST(rows_are_keyed_as_the_plan_says),
        TEST(a_row_without_a_day_is_refused),
        TEST(a_fact_after_the_local_day_of_receipt_is_refused),
        TEST(a_fact_before_the_plan_is_refused),
        TEST(a_person_does_not_leave_before_coming),
        TEST(a_credit_code_with_a_wrong_check_digit_is_refused),
        TEST(a_planned_term_is_of_six_months_from_the_first_day_in_post),
        TEST(who_has_left_is_always_taken_however_short_the_term),
        TEST(a_person_is_counted_and_carries_no_amount),
        TEST(a_receipt_has_no_last_day_in_post),
        TEST(a_part_stands_beside_its_total),
        TEST(every_fault_is_told_at_once),
        cmocka_unit_test(every_hard_code_was_produced_by_a_test),
    };
    return cmocka_run_group_tests_name("validation rules", tests, NULL, NULL);
}
