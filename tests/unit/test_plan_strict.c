/* How strictly a plan applies the soft rules: read from the file, checked, printed, amended, with defaults for what it leaves
 * out. */
#include "tests/unit/plan_fixture.h"

#define RULES "  factor_10000: soft          # 与往期相差约一万倍（万元当成元）\n"

static fixture_t *with_rules(const char *rules) {
    fixture_t *self = fixture_edited(PLAN_2021, RULES, rules);
    fixture_tell(self);
    return self;
}

static void what_a_plan_does_not_state_is_soft(void **state) {
    (void)state;
    fixture_t *self = fixture_of_file(PLAN_2023);
    assert_int_equal(self->plan.soft_rules_count, 0);
    assert_int_equal(plan_strictness(&self->plan, text_of("outlier")), strictness_soft);
    thresholds_t here = plan_thresholds(&self->plan);
    assert_int_equal(here.outlier_times, 5);
    assert_int_equal(here.outlier_months, 2);
    assert_int_equal(here.same_months, 2);
    assert_int_equal(here.factor_low, 5000);
    assert_int_equal(here.factor_high, 20000);
    assert_false(here.evidence_always);
    fixture_free(self);
}

static void the_file_states_strictness_in_either_language(void **state) {
    (void)state;
    fixture_t *self = with_rules("  factor_10000: 一律退回\n");
    assert_int_equal(self->err, OK);
    assert_int_equal(plan_strictness(&self->plan, text_of("factor_10000")), strictness_hard);
    assert_int_equal(plan_strictness(&self->plan, text_of("no_evidence")), strictness_soft);
    fixture_free(self);
    self = with_rules("  factor_10000: off\n");
    assert_int_equal(plan_strictness(&self->plan, text_of("factor_10000")), strictness_off);
    fixture_free(self);
}

static void a_code_that_is_no_soft_rule_is_told_with_those_that_are(void **state) {
    (void)state;
    fixture_t *self = with_rules("  running_falls: off\n"); /* a hard rule is nothing to choose */
    const file_fault_t *fault = fixture_fault(self, "soft_rules[0]", "there is no soft rule running_falls");
    assert_non_null(fault);
    assert_non_null(strstr(fault->en, "month_skipped"));
    fixture_free(self);
}

static void strictness_that_is_no_word_and_a_rule_that_stands_twice_are_told(void **state) {
    (void)state;
    fixture_t *self = with_rules("  factor_10000: strict\n");
    assert_true(self->err != OK);
    assert_non_null(strstr(self->faults[0].path, "soft_rules[0]"));
    fixture_free(self);
    self = with_rules(RULES "  factor_10000: hard\n");
    assert_non_null(fixture_fault(self, "soft_rules[1]", "stands twice"));
    fixture_free(self);
}

static void thresholds_that_make_no_sense_are_told(void **state) {
    (void)state;
    fixture_t *self = fixture_edited(PLAN_2021, "factor_high: 20000", "factor_high: 400");
    assert_non_null(fixture_fault(self, "thresholds.factor_high", "ends before it begins"));
    fixture_free(self);
    self = fixture_edited(PLAN_2021, "outlier_times: 5", "outlier_times: 1");
    assert_non_null(fixture_fault(self, "thresholds.outlier_times", "between 2 and"));
    fixture_free(self);
    self = fixture_edited(PLAN_2021, "same_months: 2", "same_month: 2");
    assert_non_null(fixture_fault(self, "thresholds.?", "did you mean same_months"));
    fixture_free(self);
}

static void a_printed_plan_names_every_soft_rule_and_how_strict_it_is(void **state) {
    (void)state;
    fixture_t *self = with_rules("  factor_10000: hard\n");
    buffer_t out = {0};
    plan_print(self->book, true, &out);
    buffer_add(&out, "", 1);
    const char *text = (const char *)out.at, *row = strstr(text, "factor_10000");
    assert_non_null(row);
    assert_non_null(strstr(row, "一律退回"));
    assert_non_null(strstr(text, "month_skipped"));
    assert_non_null(strstr(text, "outlier_times=5"));
    assert_non_null(strstr(text, "逐月相同属正常"));
    buffer_destroy(&out);
    fixture_free(self);
}

static void an_amendment_may_make_a_rule_stricter_in_mid_year(void **state) {
    (void)state;
    fixture_t *before = fixture_of_file(PLAN_2021), *after = with_rules("  factor_10000: hard\n");
    plan_fault_t faults[4];
    assert_int_equal(plan_amend_check(before->book, after->book, faults, 4), 0);
    fixture_free(before);
    fixture_free(after);
}

static void the_file_asks_for_approval_of_a_plan_a_task_or_a_unit(void **state) {
    (void)state;
    fixture_t *self = fixture_edited(PLAN_2021, "pace_points: 5", "approval: reviewed\npace_points: 5");
    assert_int_equal(self->err, OK);
    assert_int_equal(self->plan.approval, approval_reviewed);
    assert_int_equal(self->plan.units[0].approval, approval_none);
    fixture_free(self);
    self = fixture_edited(PLAN_2021, "{id: nyncj, name: 区农业农村局, kind: body}",
                          "{id: nyncj, name: 区农业农村局, kind: body, approval: 须审核并由负责人签发}");
    assert_int_equal(self->err, OK);
    uint32_t asked = 0;
    for (uint32_t index = 0; index < self->plan.units_count; index++) asked += self->plan.units[index].approval == approval_signed;
    assert_int_equal(asked, 1);
    fixture_free(self);
    self = fixture_edited(PLAN_2021, "pace_points: 5", "approval: perhaps\npace_points: 5");
    assert_non_null(fixture_fault(self, "approval", "perhaps is not one of"));
    fixture_free(self);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_plan_does_not_state_is_soft),
        cmocka_unit_test(the_file_states_strictness_in_either_language),
        cmocka_unit_test(the_file_asks_for_approval_of_a_plan_a_task_or_a_unit),
        cmocka_unit_test(a_code_that_is_no_soft_rule_is_told_with_those_that_are),
        cmocka_unit_test(strictness_that_is_no_word_and_a_rule_that_stands_twice_are_told),
        cmocka_unit_test(thresholds_that_make_no_sense_are_told),
        cmocka_unit_test(a_printed_plan_names_every_soft_rule_and_how_strict_it_is),
        cmocka_unit_test(an_amendment_may_make_a_rule_stricter_in_mid_year),
    };
    return cmocka_run_group_tests_name("plan_strict", tests, NULL, NULL);
}
