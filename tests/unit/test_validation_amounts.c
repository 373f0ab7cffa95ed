/* What validation makes of figures that hold: the month's amount, histories by replacement, what is left out, credit codes. */
#include "proto/wire.h"
#include "services/2-validation/validation_rules.h"
#include "tests/unit/validation_bench.h"

#define MORE(...) .more = &(const month_more_t){__VA_ARGS__}
#define HISTORY(list, count) {.months = (list), .months_count = (count)}

static void a_running_total_alone_becomes_the_month_s_amount(void **state) {
    bench_t *bench = bench_raised(state, 0);
    bench_past(bench, 0, 20210801, YUAN(200), YUAN(100));
    bench->figures[0].amount.given = false;
    bench->figures[0].running = GIVEN(YUAN(450));
    validation_ruling_t ruling = accepted(bench);
    assert_true(ruling.figures[0].amount.given);
    assert_int_equal(ruling.figures[0].amount.value, YUAN(150));
    assert_int_equal(ruling.figures[0].running.value, YUAN(450)); /* as it was typed: a return may bring it back */
}

static void a_first_running_total_includes_the_opening_balance(void **state) {
    bench_t *bench = bench_raised(state, 0);
    bench->figures[0].amount.given = false;
    bench->figures[0].opening = GIVEN(YUAN(100));
    bench->figures[0].running = GIVEN(YUAN(130));
    assert_int_equal(accepted(bench).figures[0].amount.value, YUAN(30));
}

static void a_later_month_does_not_count_as_previous(void **state) {
    bench_t *bench = bench_raised(state, YUAN(50));
    bench_past(bench, 0, 20211001, YUAN(200), 0);
    bench->figures[0].running = GIVEN(YUAN(50));
    accepted(bench);
}

static void rows_alone_make_the_amount(void **state) {
    bench_t *bench = bench_transferred(state);
    bench->figures[1].amount.given = false;
    validation_ruling_t ruling = accepted(bench);
    assert_int_equal(ruling.figures[1].amount.value, YUAN(3000));
    assert_int_equal(ruling.figures[1].items_count, 2);
}

static void nil_is_an_amount_of_zero_and_stays_nil(void **state) {
    bench_t *bench = bench_raised(state, 0);
    bench->figures[0] = (figure_t){.indicator = T("raised"), .nil = true};
    validation_ruling_t ruling = accepted(bench);
    assert_true(ruling.figures[0].nil);
    assert_true(ruling.figures[0].amount.given);
    assert_int_equal(ruling.figures[0].amount.value, 0);
}

static void people_keep_their_rows_and_carry_no_amount(void **state) {
    bench_t *bench = bench_teachers(state);
    bench->figures[0].amount = GIVEN(2);
    validation_ruling_t ruling = accepted(bench);
    assert_false(ruling.figures[0].amount.given);
    assert_int_equal(ruling.figures[0].items_count, 2);
    assert_int_equal(ruling.figures[0].items[1].person.hash[0], 2);
}

static void a_head_count_beside_the_rows_must_count_them(void **state) {
    bench_t *bench = bench_teachers(state);
    bench->figures[0].amount = GIVEN(7);
    refused_only(bench, "items_disagree", "figures[0].amount");
}

static void a_teacher_confirmed_after_the_plan_year_is_taken(void **state) {
    bench_t *bench = bench_teachers(state);
    bench->report.period = T("2022-01");
    bench->given.received_ms = instant_of_day(&bench->plan, 20220120, 600);
    bench->items[0].out_day = 20220115;
    assert_int_equal(accepted(bench).missing_count, 0); /* only what lasts is owed now */
    bench->items[0] = teacher_of(1, 20210725, 20220201); /* planned, for longer than the plan's last confirmation */
    refused_only(bench, "fact_day_outside", "figures[0].items[0].out_day");
}

static void a_task_without_lasting_targets_owes_no_confirmation(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->report.period = T("2022-01");
    bench->given.received_ms = instant_of_day(&bench->plan, 20220120, 600);
    bench->report.figures_count = 0;
    refused_only(bench, "not_your_task", "task");
}

static void what_may_be_left_out_and_is_left_out_is_named(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    validation_ruling_t ruling = accepted(bench);
    assert_int_equal(ruling.missing_count, 2);
    assert_text(ruling.missing[0], "raised-society");
    assert_text(ruling.missing[1], "transferred");
}

static void what_another_unit_contributes_is_not_missing(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    bench->given.unit = T("350104101");
    validation_ruling_t ruling = accepted(bench);
    assert_int_equal(ruling.missing_count, 1);
    assert_text(ruling.missing[0], "raised-society");
}

static void a_factor_is_suspicious_from_5000_to_20000_either_way(void **state) {
    static const struct {
        int64_t amount;
        bool suspicious;
    } cases[] = {{YUAN(4999), false}, {YUAN(5000), true}, {YUAN(20000), true}, {YUAN(20001), false}};
    for (uint32_t index = 0; index < COUNT(cases); index++) {
        bench_t *bench = bench_raised(state, cases[index].amount);
        bench_past(bench, 0, 20210801, YUAN(1), 0);
        assert_int_equal(bench_judge(bench).accepted, !cases[index].suspicious);
        bench->figures[0].amount = GIVEN(YUAN(1));
        bench_past(bench, 0, 20210801, cases[index].amount, 0);
        assert_int_equal(bench_judge(bench).accepted, !cases[index].suspicious);
    }
}

static void a_report_is_compared_with_the_last_month_that_was_not_nil(void **state) {
    const month_t months[] = {{.period_from = 20210801, .amount = 77},
                                         {.period_from = 20210901, .amount = 0},
                                         {.period_from = 20211101, .amount = 5}};
    validation_history_t history = HISTORY(months, 3);
    validation_past_t past = validation_past(&history, T(""), 20211001);
    assert_int_equal(past.last, 77);
    assert_int_equal(past.before, 77);
    assert_int_equal(past.others, 82);
    (void)state;
}

static void a_row_with_evidence_is_evidence_enough(void **state) {
    bench_t *bench = bench_transferred(state);
    bench->report.evidence_count = 0;
    bench->figures[0] = (figure_t){.indicator = T("raised"), .nil = true};
    accepted(bench);
    memset(bench->items[1].evidence, 0, sizeof bench->items[1].evidence);
    refused_only(bench, "no_evidence", "figures[1]");
}

static void an_explanation_of_another_code_does_not_help(void **state) {
    bench_t *bench = bench_raised(state, YUAN(30));
    bench->report.evidence_count = 0;
    bench_explain(bench, T("factor_10000"));
    refused_only(bench, "no_evidence", "figures[0]");
}

static void a_hard_fault_is_not_explained_away(void **state) {
    bench_t *bench = bench_raised(state, YUAN(30));
    bench->figures[0].nil = true;
    bench_explain(bench, T("nil_with_amount"));
    refused_only(bench, "nil_with_amount", "figures[0].nil");
}

static void a_revision_replaces_its_month_and_leaves_the_others(void **state) {
    bench_t *bench = *state;
    const figure_t first[] = {{.indicator = T("raised"), .amount = GIVEN(10)}, {.indicator = T("other"), .amount = GIVEN(99)}};
    const figure_t again[] = {{.indicator = T("raised"), .amount = GIVEN(12)}};
    validation_history_t none = {0};
    validation_history_t september = validation_history_replace(&none, T("raised"), 20210901, first, first, 2, bench->arena);
    validation_history_t both = validation_history_replace(&september, T("raised"), 20210801, again, again, 1, bench->arena);
    assert_int_equal(both.months_count, 2);
    assert_int_equal(both.months[0].period_from, 20210801); /* ascending, whatever came first */
    validation_history_t revised = validation_history_replace(&both, T("raised"), 20210901, again, again, 1, bench->arena);
    assert_int_equal(revised.months_count, 2);
    assert_int_equal(revised.months[1].amount, 12);
    validation_history_t dropped = validation_history_replace(&revised, T("raised"), 20210901, NULL, NULL, 0, bench->arena);
    assert_int_equal(dropped.months_count, 1);
}

static void a_revision_may_bring_back_the_opening_balance_it_dropped(void **state) {
    bench_t *bench = *state;
    const figure_t opened[] = {{.indicator = T("raised"), .amount = GIVEN(10), .opening = GIVEN(5)}};
    const figure_t bare[] = {{.indicator = T("raised"), .amount = GIVEN(10)}};
    validation_history_t none = {0};
    validation_history_t history = validation_history_replace(&none, T("raised"), 20210801, opened, opened, 1, bench->arena);
    history = validation_history_replace(&history, T("raised"), 20210801, bare, bare, 1, bench->arena);
    assert_false(validation_past(&history, T(""), 20210801).opening_taken);
    assert_true(validation_past(&history, T(""), 20210901).opening_taken);
    assert_int_equal(validation_past(&history, T(""), 20210901).before, 10);
}

static void credit_codes_follow_gb_32100(void **state) {
    (void)state;
    assert_true(uscc_is_valid(T("91350100M000100Y43")));
    assert_true(uscc_is_valid(T("91110000100000589A")));
    assert_true(uscc_is_valid(T("911100001000000020"))); /* the sum is a multiple of 31 */
    assert_true(uscc_is_valid(T("91110000100000021Y"))); /* the last sign of the alphabet */
    assert_false(uscc_is_valid(T("91350100M000100Y4")));
    assert_false(uscc_is_valid(T("91350100M000100Y430")));
    assert_false(uscc_is_valid(T("91350100m000100y43")));
    assert_false(uscc_is_valid(T("19350100M000100Y43"))); /* digits exchanged */
    assert_false(uscc_is_valid(T("9135O100M000100Y43"))); /* the letter O */
    assert_false(uscc_is_valid(T("")));
}

static void a_teacher_may_be_in_post_before_the_plan_begins(void **state) {
    bench_t *bench = bench_teachers(state);
    bench->items[0].fact_day = 20210715;
    accepted(bench);
}

static void a_receipt_may_stand_under_raised_and_transferred(void **state) {
    bench_t *bench = bench_transferred(state);
    bench->figures[0].items = bench->items;
    bench->figures[0].items_count = 1;
    bench->figures[0].amount = bench->items[0].amount;
    accepted(bench);
}

static void no_more_than_the_limit_is_told(void **state) {
    bench_t *bench = bench_raised(state, YUAN(100));
    item_t *items = ARENA_NEW(bench->arena, item_t, LIMIT_ITEMS);
    for (uint32_t index = 0; index < LIMIT_ITEMS; index++) items[index].key_kind = key_kind_receipt;
    bench_add(bench, (figure_t){.indicator = T("transferred"), .items = items, .items_count = LIMIT_ITEMS});
    assert_int_equal(bench_judge(bench).reasons_count, LIMIT_REASONS);
}

/* What is told when `fresh` takes the place of `old` for the month that begins on 2021-09-01. */
static uint32_t restated_of(const bench_t *bench, const validation_history_t *old, const validation_history_t *fresh, bool back,
                            restated_total_t *rows, uint32_t room) {
    restated_case_t given = {.old = validation_months(old, 20210901),
                             .own = validation_months(fresh, 20210901),
                             .fresh = fresh,
                             .indicator = T("raised"),
                             .plan = &bench->plan,
                             .back = back};
    return validation_restated(&given, bench->arena, rows, room);
}

static void each_member_that_moved_is_told_once_with_its_later_months(void **state) {
    bench_t *bench = *state;
    const month_t before[] = {{.period_from = 20210801, .amount = 7, MORE(.member = T("a"))},
                                         {.period_from = 20210901, .amount = 10, MORE(.member = T("a"))},
                                         {.period_from = 20210901, .amount = 20, MORE(.member = T("b"))},
                                         {.period_from = 20210901, .amount = 30, MORE(.member = T("c"))},
                                         {.period_from = 20211001, .amount = 1, MORE(.member = T("a"), .typed = GIVEN(18))},
                                         {.period_from = 20211001, .amount = 2, MORE(.member = T("b"))},
                                         {.period_from = 20211101, .amount = 3, MORE(.member = T("a"))}};
    month_t after[COUNT(before)];
    memcpy(after, before, sizeof before);
    after[1].amount = 12; /* a: 2 more; b as it was; c is stated no more, and has no later month */
    memmove(&after[3], &after[4], 3 * sizeof after[0]);
    validation_history_t old = HISTORY(before, COUNT(before)), fresh = HISTORY(after, COUNT(before) - 1);
    restated_total_t rows[4];
    assert_int_equal(restated_of(bench, &old, &fresh, false, rows, 4), 1);
    assert_text(rows[0].member, "a");
    assert_int_equal(rows[0].before, 17);
    assert_int_equal(rows[0].after, 19);
    assert_int_equal(rows[0].months, 2);
    assert_text(rows[0].first, "2021-10");
    assert_text(rows[0].last, "2021-11");
    assert_int_equal(rows[0].typed_count, 1);
    assert_int_equal(rows[0].typed[0].typed, 18);
    assert_int_equal(rows[0].typed[0].after, 20);
    assert_int_equal(restated_of(bench, &fresh, &fresh, false, rows, 4), 0);
    assert_int_equal(restated_of(bench, &old, &fresh, false, rows, 0), 0); /* never more than there is room for */
}

/* World 14708 of the simulation: the months behind it were told up to the one at which the new total came to the old one. */
static void later_months_have_moved_though_the_new_total_comes_to_the_old_one_on_its_way(void **state) {
    bench_t *bench = *state;
    month_t before[] = {{.period_from = 20210901, .amount = 31},
                                   {.period_from = 20211001, .amount = 25},
                                   {.period_from = 20211101, .amount = 17, MORE(.typed = GIVEN(73))}};
    month_t after[COUNT(before)];
    memcpy(after, before, sizeof before);
    after[0].amount = 6;
    validation_history_t old = HISTORY(before, COUNT(before)), fresh = HISTORY(after, COUNT(after));
    restated_total_t row;
    assert_int_equal(restated_of(bench, &old, &fresh, false, &row, 1), 1);
    assert_int_equal(row.after, 6);
    assert_int_equal(row.months, 2);
    assert_text(row.last, "2021-11");
    assert_int_equal(row.typed_count, 1);
    assert_int_equal(row.typed[0].after, 48);
}

static void a_figure_that_is_stated_no_more_moves_the_months_after_it(void **state) {
    bench_t *bench = *state;
    const month_t before[] = {{.period_from = 20210901, .amount = 10, MORE(.opening = GIVEN(90)), .carried = true},
                                         {.period_from = 20211001, .amount = 1}};
    const month_t after[] = {{.period_from = 20210901, .carried = true, .gone = true},
                                        {.period_from = 20211001, .amount = 1}};
    validation_history_t old = HISTORY(before, 2), gone = HISTORY(after, 2), nothing = HISTORY(&after[1], 1);
    restated_total_t row;
    assert_int_equal(restated_of(bench, &old, &gone, false, &row, 1), 1);
    assert_int_equal(row.before, 100); /* the opening balance goes with it */
    assert_int_equal(row.after, 0);
    assert_int_equal(restated_of(bench, &old, &nothing, false, &row, 1), 1);
    assert_int_equal(row.months, 1);
    assert_int_equal(restated_of(bench, &gone, &old, false, &row, 1), 1); /* and comes back with it */
    assert_int_equal(row.after, 100);
    assert_int_equal(restated_of(bench, &gone, &nothing, true, &row, 1), 0);
}

static void what_comes_back_is_held_against_what_was_typed_then(void **state) {
    bench_t *bench = *state;
    month_t before[] = {{.period_from = 20210801, .amount = 5}, {.period_from = 20210901, .amount = 10}};
    month_t after[] = {{.period_from = 20210801, .amount = 5},
                                  {.period_from = 20210901, .amount = 10, MORE(.typed = GIVEN(14))}};
    validation_history_t old = HISTORY(before, 2), fresh = HISTORY(after, 2);
    restated_total_t row;
    assert_int_equal(restated_of(bench, &old, &fresh, false, &row, 1), 0); /* a report was judged by it, and agrees */
    assert_int_equal(restated_of(bench, &old, &fresh, true, &row, 1), 1);
    assert_int_equal(row.months, 0);
    assert_text(row.typed[0].period, "2021-09");
    assert_int_equal(row.typed[0].after, 15);
    after[1].more = &(const month_more_t){.typed = GIVEN(15)};
    assert_int_equal(restated_of(bench, &old, &fresh, true, &row, 1), 0);
}

/* The bounds that spare the median say the same as the median. */
static void an_outlier_is_told_by_the_median_whatever_the_least_and_the_most_are(void **state) {
    const int64_t months[] = {YUAN(10), YUAN(100), YUAN(120), YUAN(2000)};
    struct {
        int64_t amount;
        bool odd;
    } cases[] = {{YUAN(21), true}, {YUAN(22), true}, {YUAN(23), false}, {YUAN(110), false}, {YUAN(549), false},
                 {YUAN(550), true}, {YUAN(15), true}};
    for (uint32_t index = 0; index < COUNT(cases); index++) {
        bench_t *bench = bench_raised(state, cases[index].amount);
        bench_months(bench, 0, months, COUNT(months));
        validation_past_t past = validation_past(&bench->histories[0], T(""), 20210901);
        assert_int_equal(past.months, COUNT(months));
        assert_int_equal(past.least, YUAN(10));
        assert_int_equal(past.most, YUAN(2000));
        assert_int_equal(validation_median(&bench->histories[0], T(""), 20210901, bench->arena), YUAN(110));
        assert_int_equal(!bench_judge(bench).accepted, cases[index].odd);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(no_more_than_the_limit_is_told),
        TEST(a_receipt_may_stand_under_raised_and_transferred),
        TEST(a_teacher_may_be_in_post_before_the_plan_begins),
        TEST(a_running_total_alone_becomes_the_month_s_amount),
        TEST(a_first_running_total_includes_the_opening_balance),
        TEST(a_later_month_does_not_count_as_previous),
        TEST(rows_alone_make_the_amount),
        TEST(nil_is_an_amount_of_zero_and_stays_nil),
        TEST(people_keep_their_rows_and_carry_no_amount),
        TEST(a_head_count_beside_the_rows_must_count_them),
        TEST(a_teacher_confirmed_after_the_plan_year_is_taken),
        TEST(a_task_without_lasting_targets_owes_no_confirmation),
        TEST(what_may_be_left_out_and_is_left_out_is_named),
        TEST(what_another_unit_contributes_is_not_missing),
        TEST(a_factor_is_suspicious_from_5000_to_20000_either_way),
        TEST(a_report_is_compared_with_the_last_month_that_was_not_nil),
        TEST(a_row_with_evidence_is_evidence_enough),
        TEST(an_explanation_of_another_code_does_not_help),
        TEST(a_hard_fault_is_not_explained_away),
        TEST(a_revision_replaces_its_month_and_leaves_the_others),
        TEST(a_revision_may_bring_back_the_opening_balance_it_dropped),
        TEST(each_member_that_moved_is_told_once_with_its_later_months),
        TEST(later_months_have_moved_though_the_new_total_comes_to_the_old_one_on_its_way),
        TEST(a_figure_that_is_stated_no_more_moves_the_months_after_it),
        TEST(what_comes_back_is_held_against_what_was_typed_then),
        TEST(an_outlier_is_told_by_the_median_whatever_the_least_and_the_most_are),
        cmocka_unit_test(credit_codes_follow_gb_32100),
    };
    return cmocka_run_group_tests_name("validation amounts", tests, NULL, NULL);
}
