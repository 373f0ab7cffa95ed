/* The history of a figure: every value it took, found again in the verdicts, with who said so, when, and what was explained. */
#include "tests/unit/validation_ledger.h"

static history_t history_of(ledger_t *ledger, history_ask_t ask) {
    history_t told;
    ask.unit = T("350104100");
    if (ask.indicator.size == 0) ask.indicator = T("raised");
    ledger_ask(ledger, history_ask_type(), &ask, history_type(), &told);
    return told;
}

static void change_is(const figure_change_t *row, const char *period, uint64_t revision, int64_t before, int64_t after) {
    assert_true(text_is(row->period, period));
    assert_int_equal(row->revision, revision);
    assert_int_equal(row->before.given, before >= 0);
    if (before >= 0) assert_int_equal(row->before.value, before);
    assert_int_equal(row->after.given, after >= 0);
    if (after >= 0) assert_int_equal(row->after.value, after);
}

static void a_corrected_figure_tells_what_it_was_and_when_it_changed(void **state) {
    ledger_t *ledger = *state;
    uint64_t first = raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    raised_at(ledger, 2, T("2021-09"), 0, YUAN(40), 20210920);
    uint64_t second = raised_at(ledger, 3, T("2021-08"), 1, YUAN(70), 20210921);
    history_t told = history_of(ledger, (history_ask_t){0});
    assert_int_equal(told.rows_count, 3);
    change_is(&told.rows[0], "2021-08", 1, -1, YUAN(100));
    change_is(&told.rows[1], "2021-08", 2, YUAN(100), YUAN(70));
    change_is(&told.rows[2], "2021-09", 1, -1, YUAN(40));
    assert_int_equal(told.rows[0].cause_seq, first);
    assert_int_equal(told.rows[1].cause_seq, second);
    assert_int_equal(told.rows[0].received_ms, at_ten(ledger, 20210820));
    assert_int_equal(told.rows[1].received_ms, at_ten(ledger, 20210921));
    assert_false(told.more || told.cut);
}

static void a_refused_report_changes_nothing_and_the_chain_goes_on_behind_it(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    raised_at(ledger, 2, T("2021-08"), 0, YUAN(90), 20210821); /* superseded */
    raised_at(ledger, 3, T("2021-08"), 1, YUAN(100), 20210822); /* already reported */
    raised_at(ledger, 4, T("2021-08"), 1, YUAN(80), 20210823);
    history_t told = history_of(ledger, (history_ask_t){.period = T("2021-08")});
    assert_int_equal(told.rows_count, 2);
    change_is(&told.rows[1], "2021-08", 2, YUAN(100), YUAN(80));
}

static void a_revision_that_says_the_same_of_the_figure_is_no_change_of_it(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    report_t report = raised_report(ledger, 2, T("2021-08"), 1, YUAN(100));
    report.progress = T("补充说明");
    ledger_report(ledger, T("350104100"), report, at_ten(ledger, 20210821));
    ledger_feed(ledger);
    assert_int_equal(history_of(ledger, (history_ask_t){0}).rows_count, 1);
}

static void a_figure_that_a_revision_no_longer_states_ends_there(void **state) {
    ledger_t *ledger = *state;
    const figure_t both[] = {{.indicator = T("raised"), .amount = GIVEN(YUAN(100))},
                             {.indicator = T("raised-society"), .amount = GIVEN(YUAN(80))}};
    report_t report = raised_report(ledger, 1, T("2021-08"), 0, 0);
    report.figures = both;
    report.figures_count = 2;
    ledger_report(ledger, T("350104100"), report, at_ten(ledger, 20210820));
    ledger_feed(ledger);
    raised_at(ledger, 2, T("2021-08"), 1, YUAN(100), 20210821);
    history_t told = history_of(ledger, (history_ask_t){.indicator = T("raised-society")});
    assert_int_equal(told.rows_count, 2);
    change_is(&told.rows[0], "2021-08", 1, -1, YUAN(80));
    change_is(&told.rows[1], "2021-08", 2, YUAN(80), -1);
}

static void an_explanation_stands_with_the_value_that_it_let_pass(void **state) {
    ledger_t *ledger = *state;
    static const explanation_t why = {.code = S("no_evidence"), .text = S("凭证月底寄到")};
    report_t report = raised_report(ledger, 1, T("2021-08"), 0, YUAN(100));
    report.evidence_count = 0;
    report.explanations = &why;
    report.explanations_count = 1;
    ledger_report(ledger, T("350104100"), report, at_ten(ledger, 20210820));
    ledger_feed(ledger);
    history_t told = history_of(ledger, (history_ask_t){0});
    assert_int_equal(told.rows_count, 1);
    assert_int_equal(told.rows[0].explained_count, 1);
    assert_true(text_is(told.rows[0].explained[0].code, "no_evidence"));
    assert_true(text_is(told.rows[0].explained[0].explanation, "凭证月底寄到"));
}

static void the_next_page_begins_behind_the_rows_already_had(void **state) {
    ledger_t *ledger = *state;
    for (uint8_t revision = 0; revision < 5; revision++)
        raised_at(ledger, (uint8_t)(revision + 1), T("2021-08"), revision, YUAN(100 + revision), 20210820);
    history_t told = history_of(ledger, (history_ask_t){.after = 3});
    assert_int_equal(told.rows_count, 2);
    change_is(&told.rows[0], "2021-08", 4, YUAN(102), YUAN(103));
}

static void give_back(ledger_t *ledger, uint64_t revision, uint32_t day) {
    report_decided_t decided = {.command_id = {9},
                                .actor = {.officer = T("lin"), .office = office_coordinator, .unit = T("nongyeju"),
                                          .generation = 1, .credential = credential_signature, .door = door_operator},
                                .decision = decision_returned, .unit = T("350104100"), .task = T("fund"),
                                .period = T("2021-08"), .revision = revision, .why = T("与台账不符")};
    ledger_append(ledger, report_decided_type(), &decided, at_ten(ledger, day));
    ledger_feed(ledger);
}

static void a_return_is_a_change_and_what_comes_behind_it_is_held_against_what_it_left(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    raised_at(ledger, 2, T("2021-08"), 1, YUAN(70), 20210821);
    give_back(ledger, 2, 20210822);
    raised_at(ledger, 3, T("2021-08"), 2, YUAN(100), 20210823); /* as it was left: no change */
    give_back(ledger, 3, 20210824);
    give_back(ledger, 1, 20210825);
    raised_at(ledger, 4, T("2021-08"), 3, YUAN(60), 20210826);
    history_t told = history_of(ledger, (history_ask_t){0});
    assert_int_equal(told.rows_count, 5);
    change_is(&told.rows[0], "2021-08", 1, -1, YUAN(100));
    change_is(&told.rows[1], "2021-08", 2, YUAN(100), YUAN(70));
    change_is(&told.rows[2], "2021-08", 1, YUAN(70), YUAN(100));
    change_is(&told.rows[3], "2021-08", 0, YUAN(100), -1);
    change_is(&told.rows[4], "2021-08", 4, -1, YUAN(60));
    assert_true(told.rows[2].returned && told.rows[3].returned);
    assert_false(told.rows[1].returned || told.rows[4].returned);
    assert_int_equal(told.rows[2].received_ms, at_ten(ledger, 20210822));
    assert_int_equal(history_of(ledger, (history_ask_t){.after = 4}).rows_count, 1);
}

static void without_an_indicator_all_figures_of_the_unit_are_told(void **state) {
    ledger_t *ledger = *state;
    const figure_t both[] = {{.indicator = T("raised"), .amount = GIVEN(YUAN(100))},
                             {.indicator = T("raised-society"), .amount = GIVEN(YUAN(80))}};
    report_t report = raised_report(ledger, 1, T("2021-08"), 0, 0);
    report.figures = both;
    report.figures_count = 2;
    ledger_report(ledger, T("350104100"), report, at_ten(ledger, 20210820));
    ledger_feed(ledger);
    raised_at(ledger, 2, T("2021-08"), 1, YUAN(120), 20210821);
    history_t told;
    ledger_ask(ledger, history_ask_type(), &(history_ask_t){.unit = T("350104100")}, history_type(), &told);
    assert_int_equal(told.rows_count, 4);
    uint32_t of_raised = 0;
    for (uint32_t index = 0; index < told.rows_count; index++) {
        assert_true(told.rows[index].task.size > 0);
        of_raised += text_is(told.rows[index].indicator, "raised");
    }
    assert_int_equal(of_raised, 2);
}

static void a_figure_that_nobody_reported_or_that_is_none_has_no_history(void **state) {
    ledger_t *ledger = *state;
    assert_int_equal(history_of(ledger, (history_ask_t){0}).rows_count, 0);
    assert_int_equal(history_of(ledger, (history_ask_t){.indicator = T("nothing")}).rows_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_corrected_figure_tells_what_it_was_and_when_it_changed),
        TEST(a_refused_report_changes_nothing_and_the_chain_goes_on_behind_it),
        TEST(a_revision_that_says_the_same_of_the_figure_is_no_change_of_it),
        TEST(a_figure_that_a_revision_no_longer_states_ends_there),
        TEST(a_return_is_a_change_and_what_comes_behind_it_is_held_against_what_it_left),
        TEST(an_explanation_stands_with_the_value_that_it_let_pass),
        TEST(the_next_page_begins_behind_the_rows_already_had),
        TEST(without_an_indicator_all_figures_of_the_unit_are_told),
        TEST(a_figure_that_nobody_reported_or_that_is_none_has_no_history),
    };
    return cmocka_run_group_tests_name("validation changes", tests, NULL, NULL);
}
