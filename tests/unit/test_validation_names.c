/* Whose names a report carries where the plan asks for approval inside the unit, and which approval that is. */
#include "services/2-validation/validation_rules.h"
#include "proto/wire.h"
#include "tests/unit/validation_bench.h"

static void where_approval_is_asked_for_who_prepared_and_who_reviewed_it_are_named(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench_explain(bench, T("no_evidence"));
    bench_approving(bench, approval_reviewed);
    bench->report.reviewed_by.hash[0] = 1;
    refused_only(bench, "name_missing", "prepared_by");
    bench->report.prepared_by.hash[0] = 2;
    bench->report.reviewed_by.hash[0] = 0;
    refused_only(bench, "name_missing", "reviewed_by");
    bench->report.reviewed_by.hash[0] = 1;
    assert_true(bench_judge(bench).accepted);
}

static void where_it_is_signed_too_who_is_responsible_is_named(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench_explain(bench, T("no_evidence"));
    bench_approving(bench, approval_signed);
    bench->report.prepared_by.hash[0] = 2;
    bench->report.reviewed_by.hash[0] = 1;
    refused_only(bench, "name_missing", "signed_by");
    bench->report.signed_by.hash[0] = 3;
    assert_true(bench_judge(bench).accepted);
}

static void another_units_approval_asks_nothing_of_this_one(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench_explain(bench, T("no_evidence"));
    bench->given.unit = T("350104101");
    bench_approving(bench, approval_signed);
    bench->given.unit = T("350104100");
    assert_true(bench_judge(bench).accepted);
}

static void the_strictest_of_plan_task_and_unit_counts(void **state) {
    (void)state;
    plan_t plan = {.approval = approval_reviewed};
    task_t task = {.approval = approval_none};
    unit_t unit = {.approval = approval_signed};
    assert_int_equal(plan_approval(&plan, &task, &unit), approval_signed);
    unit.approval = approval_none;
    assert_int_equal(plan_approval(&plan, &task, &unit), approval_reviewed);
    plan.approval = approval_none;
    assert_int_equal(plan_approval(&plan, &task, &unit), approval_none);
    task.approval = approval_signed;
    assert_int_equal(plan_approval(&plan, &task, &unit), approval_signed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(where_approval_is_asked_for_who_prepared_and_who_reviewed_it_are_named),
        TEST(where_it_is_signed_too_who_is_responsible_is_named),
        TEST(another_units_approval_asks_nothing_of_this_one),
        cmocka_unit_test(the_strictest_of_plan_task_and_unit_counts),
    };
    return cmocka_run_group_tests_name("validation names", tests, NULL, NULL);
}
