/* Every soft rule of validation: what asks for an explanation, how it is kept, and what a plan makes of it. */
#include "services/2-validation/validation_rules.h"
#include "proto/wire.h"
#include "tests/unit/validation_bench.h"

static void a_factor_of_10000_asks_for_an_explanation(void **state) {
    bench_t *bench = bench_raised(state, YUAN(30));
    bench_past(bench, 0, 20210801, YUAN(300000), 0);
    const reason_t *reason = refused_only(bench, "factor_10000", "figures[0].amount");
    assert_true(reason->soft);
    bench_explain(bench, T("factor_10000"));
    assert_int_equal(accepted(bench).explained_count, 1);
}

static void a_first_month_that_comes_late_is_held_against_the_month_after_it(void **state) {
    bench_t *bench = bench_raised(state, YUAN(300000));
    bench_past(bench, 0, 20211001, YUAN(30), 0);
    refused_only(bench, "factor_10000", "figures[0].amount");
}

static void an_amount_without_evidence_asks_for_an_explanation(void **state) {
    bench_t *bench = bench_raised(state, YUAN(30));
    bench->report.evidence_count = 0;
    assert_true(refused_only(bench, "no_evidence", "figures[0]")->soft);
    bench_explain(bench, T("no_evidence"));
    validation_ruling_t ruling = accepted(bench);
    assert_int_equal(ruling.explained_count, 1);
    assert_text(ruling.explained[0].code, "no_evidence");
    assert_text(ruling.explained[0].explanation, "已核实，数额无误"); /* kept with what it explains */
}

static void one_text_explains_many_figures_and_is_kept_once(void **state) {
    bench_t *bench = bench_raised(state, YUAN(30));
    bench_add(bench, (figure_t){.indicator = T("raised-society"), .amount = GIVEN(YUAN(20))});
    bench->report.evidence_count = 0;
    bench_explain(bench, T("no_evidence"));
    validation_ruling_t ruling = accepted(bench);
    assert_int_equal(ruling.explained_count, 2);
    assert_text(ruling.explained[0].explanation, "已核实，数额无误");
    assert_int_equal(ruling.explained[1].explanation.size, 0);
}

static void an_amount_far_from_the_unit_s_own_months_asks_for_an_explanation(void **state) {
    bench_t *bench = bench_raised(state, YUAN(500));
    bench_months(bench, 0, (const int64_t[]){YUAN(90), YUAN(110)}, 2);
    const reason_t *reason = refused_only(bench, "outlier", "figures[0].amount");
    assert_true(reason->soft);
    assert_text(reason->args[1], "0.01万元");
    assert_text(reason->args[2], "5");
    bench->figures[0].amount = GIVEN(YUAN(500) - 1);
    accepted(bench);
    bench->figures[0].amount = GIVEN(YUAN(20));
    refused_only(bench, "outlier", "figures[0].amount");
    bench_explain(bench, T("outlier"));
    accepted(bench);
}

static void one_month_is_no_history_and_a_factor_is_told_alone(void **state) {
    bench_t *bench = bench_raised(state, YUAN(600));
    bench_past(bench, 0, 20210801, YUAN(100), 0);
    accepted(bench);
    bench_months(bench, 0, (const int64_t[]){YUAN(90), YUAN(110)}, 2);
    bench->figures[0].amount = GIVEN(YUAN(1000000));
    refused_only(bench, "factor_10000", "figures[0].amount");
}

static void the_amount_of_the_month_before_asks_for_an_explanation(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench_past(bench, 0, 20210801, YUAN(100), 0);
    const reason_t *reason = refused_only(bench, "same_as_before", "figures[0].amount");
    assert_text(reason->args[1], "2021-08");
    bench_explain(bench, T("same_as_before"));
    accepted(bench);
}

static void equal_months_are_normal_where_rows_prove_them_or_the_plan_says_so(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench_past(bench, 0, 20210801, YUAN(100), 0);
    bench->items[0] = item_of(key_kind_receipt, T("r-1"), 20210910, YUAN(100));
    bench->figures[0].items = bench->items;
    bench->figures[0].items_count = 1;
    accepted(bench);
    bench->figures[0].items_count = 0;
    bench_strict(bench, (soft_rule_t){.code = T("same_as_before"), .strictness = strictness_off});
    accepted(bench);
    bench->figures[0].amount = GIVEN(0);
    bench_past(bench, 0, 20210801, 0, 0);
    accepted(bench); /* nothing, again */
}

static void a_month_that_is_skipped_asks_for_an_explanation(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->given.skipped = T("2021-08");
    const reason_t *reason = refused_only(bench, "month_skipped", "period");
    assert_text(reason->args[0], "2021-08");
    bench_explain(bench, T("month_skipped"));
    accepted(bench);
}

/* --- strictness --- */

static void a_soft_rule_that_the_plan_makes_hard_cannot_be_explained_away(void **state) {
    bench_t *bench = bench_raised(state, YUAN(30));
    bench->report.evidence_count = 0;
    bench_strict(bench, (soft_rule_t){.code = T("no_evidence"), .strictness = strictness_hard});
    bench_explain(bench, T("no_evidence"));
    assert_false(refused_only(bench, "no_evidence", "figures[0]")->soft);
}

static void a_soft_rule_that_the_plan_turns_off_is_not_looked_for(void **state) {
    bench_t *bench = bench_raised(state, YUAN(30));
    bench->report.evidence_count = 0;
    bench_strict(bench, (soft_rule_t){.code = T("no_evidence"), .strictness = strictness_off});
    assert_int_equal(accepted(bench).explained_count, 0);
}

static void the_plan_says_where_a_soft_rule_begins(void **state) {
    bench_t *bench = bench_raised(state, YUAN(250));
    bench_months(bench, 0, (const int64_t[]){YUAN(90), YUAN(110)}, 2);
    accepted(bench);
    bench->plan.thresholds.outlier_times = 2;
    bench_strict(bench, (soft_rule_t){.code = T("outlier"), .strictness = strictness_soft});
    refused_only(bench, "outlier", "figures[0].amount");
    bench->plan.thresholds.outlier_months = 3;
    bench_strict(bench, (soft_rule_t){.code = T("outlier"), .strictness = strictness_soft});
    accepted(bench);
}

static void a_plan_may_want_evidence_of_people_too(void **state) {
    bench_t *bench = bench_teachers(state);
    bench->report.evidence_count = 0;
    accepted(bench);
    bench->plan.thresholds.evidence_always = true;
    bench_strict(bench, (soft_rule_t){.code = T("no_evidence"), .strictness = strictness_soft});
    refused_only(bench, "no_evidence", "figures[0]");
}

static void every_soft_code_was_produced_by_a_test(void **state) {
    (void)state;
    all_produced(REASON_soft);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_factor_of_10000_asks_for_an_explanation),
        TEST(a_first_month_that_comes_late_is_held_against_the_month_after_it),
        TEST(an_amount_without_evidence_asks_for_an_explanation),
        TEST(one_text_explains_many_figures_and_is_kept_once),
        TEST(an_amount_far_from_the_unit_s_own_months_asks_for_an_explanation),
        TEST(one_month_is_no_history_and_a_factor_is_told_alone),
        TEST(the_amount_of_the_month_before_asks_for_an_explanation),
        TEST(equal_months_are_normal_where_rows_prove_them_or_the_plan_says_so),
        TEST(a_month_that_is_skipped_asks_for_an_explanation),
        TEST(a_soft_rule_that_the_plan_makes_hard_cannot_be_explained_away),
        TEST(a_soft_rule_that_the_plan_turns_off_is_not_looked_for),
        TEST(the_plan_says_where_a_soft_rule_begins),
        TEST(a_plan_may_want_evidence_of_people_too),
        cmocka_unit_test(every_soft_code_was_produced_by_a_test),
    };
    return cmocka_run_group_tests_name("validation soft rules", tests, NULL, NULL);
}
