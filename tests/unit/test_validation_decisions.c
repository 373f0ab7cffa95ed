/* Decisions on reports: which revision they mean, what they leave standing, and what they tell. */
#include "proto/verdict.h"
#include "tests/unit/validation_ledger.h"

#include "services/2-validation/validation_rules.h"

static uint64_t decide_at(ledger_t *ledger, decision_t decision, text_t period, uint64_t revision, uint32_t day) {
    report_decided_t decided = {.command_id = {9},
                                .actor = {.officer = T("lin"), .office = office_coordinator, .unit = T("nongyeju"),
                                          .generation = 1, .credential = credential_signature, .door = door_operator},
                                .decision = decision,
                                .unit = T("350104100"),
                                .task = T("fund"),
                                .period = period,
                                .revision = revision,
                                .why = T("与台账不符")};
    uint64_t seq = ledger_append(ledger, report_decided_type(), &decided, at_ten(ledger, day));
    ledger_feed(ledger);
    return seq;
}

static void assert_only(verdict_t verdict, const char *code) {
    assert_false(verdict.accepted);
    assert_int_equal(verdict.reasons_count, 1);
    if (!text_is(verdict.reasons[0].code, code)) fail_msg(TEXT_FORMAT, TEXT_ARGS(verdict.reasons[0].code));
}

/* Months 100 and 300 of August, the second late. */
static void two_revisions(ledger_t *ledger) {
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    raised_at(ledger, 2, T("2021-08"), 1, YUAN(300), 20210826);
}

static int64_t running_of_september(ledger_t *ledger) {
    report_t report = raised_report(ledger, 77, T("2021-09"), 0, YUAN(1));
    check_ask_t ask = {.unit = T("350104100"), .report = report};
    verdict_t verdict;
    ledger_ask(ledger, check_ask_type(), &ask, verdict_type(), &verdict);
    assert_true(verdict.accepted);
    return verdict.figures[0].running.value - YUAN(1);
}

static void a_return_revives_the_revision_below(void **state) {
    ledger_t *ledger = *state;
    two_revisions(ledger);
    ledger_append(ledger, clock_ticked_type(), &(clock_ticked_t){(uint64_t)at_ten(ledger, 20210901)}, at_ten(ledger, 20210901));
    ledger_feed(ledger);
    assert_int_equal(running_of_september(ledger), YUAN(300));
    uint64_t seq = decide_at(ledger, decision_returned, T("2021-08"), 2, 20210901);
    assert_true(verdict_at(ledger, seq).accepted);
    assert_int_equal(running_of_september(ledger), YUAN(100));
    standing_told_t standing = standing_at(ledger, T("2021-08"));
    assert_int_equal(standing.revision, 2);
    assert_int_equal(standing.counts, 1);
    assert_int_equal(standing.decision, decision_returned);
    assert_int_equal(standing.first_valid_ms, at_ten(ledger, 20210820));
    assert_int_equal(standing.again_ms, instant_of_day(&ledger->plan, 20210907, 0) - 1); /* Wed + 3 working days: Mon 24:00 */
    assert_true(text_is(standing.why, "与台账不符"));
}

static uint64_t below_of(ledger_t *ledger) {
    report_accepted_t accepted;
    fault_t fault;
    event_t event = ledger_last_of(ledger, KIND_report_accepted);
    assert_int_equal(event_body(&event, report_accepted_type(), ledger->arena, &accepted, &fault), OK);
    return accepted_below(&accepted);
}

static void each_revision_says_which_one_it_takes_the_place_of(void **state) {
    ledger_t *ledger = *state;
    uint64_t first = raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    assert_int_equal(below_of(ledger), 0);
    uint64_t second = raised_at(ledger, 2, T("2021-08"), 1, YUAN(300), 20210821);
    assert_int_equal(below_of(ledger), first); /* the submission before it */
    raised_at(ledger, 3, T("2021-08"), 7, YUAN(310), 20210822);
    raised_at(ledger, 4, T("2021-08"), 2, YUAN(320), 20210823);
    assert_int_equal(below_of(ledger), second); /* not the one that was refused meanwhile */
    for (uint64_t left = 3; left > 0; left--) decide_at(ledger, decision_returned, T("2021-08"), left == 3 ? 3 : left, 20210824);
    raised_at(ledger, 5, T("2021-08"), 3, YUAN(330), 20210825);
    assert_int_equal(below_of(ledger), 0); /* all were returned, and none counted */
}

/* September typed as a running total of 500, August corrected since: what comes back by a return is flagged like any other. */
static void a_typed_running_total_that_comes_back_by_a_return_is_flagged_where_it_is_wrong_now(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    report_t typed = raised_report(ledger, 2, T("2021-09"), 0, 0);
    figure_t figure = typed.figures[0];
    figure.amount = (maybe_t){0};
    figure.running = GIVEN(YUAN(500));
    typed.figures = &figure;
    ledger_report(ledger, T("350104100"), typed, at_ten(ledger, 20210920));
    raised_at(ledger, 3, T("2021-09"), 1, YUAN(300), 20210921);
    raised_at(ledger, 4, T("2021-08"), 1, YUAN(120), 20210922);
    assert_false(standing_at(ledger, T("2021-09")).figures[0].stale);
    uint64_t seq = decide_at(ledger, decision_returned, T("2021-09"), 2, 20210923);
    assert_true(verdict_at(ledger, seq).accepted);
    figure_standing_t standing = standing_at(ledger, T("2021-09")).figures[0];
    assert_int_equal(standing.amount.value, YUAN(400));
    assert_int_equal(standing.typed.value, YUAN(500));
    assert_true(standing.stale);
    event_t event = ledger_last_of(ledger, KIND_report_returned);
    restated_told_t told;
    assert_true(restated_of_event(&event, ledger->arena, &told));
    assert_int_equal(event.cause_seq, seq);
    assert_int_equal(told.rows_count, 1);
    assert_int_equal(told.rows[0].months, 0); /* none is later */
    assert_int_equal(told.rows[0].typed_count, 1);
    assert_true(text_is(told.rows[0].typed[0].period, "2021-09"));
    assert_int_equal(told.rows[0].typed[0].typed, YUAN(500));
    assert_int_equal(told.rows[0].typed[0].after, YUAN(520));
    assert_int_equal(told.rows[0].before, YUAN(420));
    assert_int_equal(told.rows[0].after, YUAN(520));
    decide_at(ledger, decision_returned, T("2021-08"), 2, 20210923); /* and agrees again when August does */
    assert_false(standing_at(ledger, T("2021-09")).figures[0].stale);
}

static void a_return_of_the_only_revision_leaves_nothing(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    decide_at(ledger, decision_returned, T("2021-08"), 1, 20210901);
    assert_int_equal(standing_at(ledger, T("2021-08")).counts, 0);
    assert_int_equal(running_of_september(ledger), 0);
    uint64_t again = raised_at(ledger, 2, T("2021-08"), 1, YUAN(200), 20210902);
    assert_true(verdict_at(ledger, again).accepted);
    assert_int_equal(verdict_at(ledger, again).revision, 2);
    assert_int_equal(standing_at(ledger, T("2021-08")).decision, decision_none);
    assert_int_equal(standing_at(ledger, T("2021-08")).first_valid_ms, at_ten(ledger, 20210820));
}

static void returns_take_revision_after_revision_off_the_pile(void **state) {
    ledger_t *ledger = *state;
    two_revisions(ledger);
    decide_at(ledger, decision_returned, T("2021-08"), 2, 20210901);
    raised_at(ledger, 3, T("2021-08"), 2, YUAN(500), 20210902);
    /* below it lies the first, not the returned second */
    uint64_t seq = decide_at(ledger, decision_returned, T("2021-08"), 3, 20210903);
    assert_true(verdict_at(ledger, seq).accepted);
    assert_int_equal(standing_at(ledger, T("2021-08")).counts, 1);
    seq = decide_at(ledger, decision_returned, T("2021-08"), 1, 20210903);
    assert_true(verdict_at(ledger, seq).accepted);
    assert_int_equal(standing_at(ledger, T("2021-08")).counts, 0);
    assert_int_equal(running_of_september(ledger), 0);
}

static void a_decision_on_what_does_not_count_says_what_does_since_when(void **state) {
    ledger_t *ledger = *state;
    two_revisions(ledger);
    verdict_t verdict = verdict_at(ledger, decide_at(ledger, decision_returned, T("2021-08"), 1, 20210901));
    assert_only(verdict, "decision_stale");
    assert_true(text_is(verdict.reasons[0].args[1], "2"));
    assert_true(text_is(verdict.reasons[0].args[2], "2021-08-26 10:00"));
    assert_int_equal(ledger_last(ledger).kind, KIND_decision_refused);
}

static void the_same_decision_twice_is_told_when_it_was_made(void **state) {
    ledger_t *ledger = *state;
    two_revisions(ledger);
    decide_at(ledger, decision_approved, T("2021-08"), 2, 20210901);
    assert_only(verdict_at(ledger, decide_at(ledger, decision_approved, T("2021-08"), 2, 20210902)), "already_approved");
    decide_at(ledger, decision_returned, T("2021-08"), 2, 20210903);
    assert_only(verdict_at(ledger, decide_at(ledger, decision_returned, T("2021-08"), 2, 20210903)), "already_returned");
}

static void what_was_returned_is_not_approved_by_the_one_below(void **state) {
    ledger_t *ledger = *state;
    two_revisions(ledger);
    decide_at(ledger, decision_returned, T("2021-08"), 2, 20210901);
    assert_only(verdict_at(ledger, decide_at(ledger, decision_approved, T("2021-08"), 1, 20210901)), "newest_returned");
}

static void there_is_nothing_to_decide_before_a_valid_report(void **state) {
    ledger_t *ledger = *state;
    assert_only(verdict_at(ledger, decide_at(ledger, decision_returned, T("2021-08"), 1, 20210901)), "nothing_to_decide");
}

static void a_decision_outside_the_plan_is_refused(void **state) {
    ledger_t *ledger = *state;
    assert_only(verdict_at(ledger, decide_at(ledger, decision_returned, T("2021-13"), 1, 20210901)), "unknown_period");
}

static void a_returned_opening_balance_may_be_stated_again(void **state) {
    ledger_t *ledger = *state;
    report_t report = raised_report(ledger, 1, T("2021-08"), 0, YUAN(100));
    figure_t *figure = ARENA_NEW(ledger->arena, figure_t, 1);
    *figure = report.figures[0];
    figure->opening = GIVEN(YUAN(700));
    report.figures = figure;
    ledger_report(ledger, T("350104100"), report, at_ten(ledger, 20210820));
    ledger_feed(ledger);
    raised_at(ledger, 2, T("2021-09"), 0, YUAN(50), 20210920);
    decide_at(ledger, decision_returned, T("2021-08"), 1, 20210921);
    report.replaces = 1;
    report.submission_id[0] = 44;
    figure_t *mended = ARENA_NEW(ledger->arena, figure_t, 1);
    *mended = *figure;
    mended->opening = GIVEN(YUAN(800));
    report.figures = mended;
    uint64_t seq = ledger_report(ledger, T("350104100"), report, at_ten(ledger, 20210922));
    ledger_feed(ledger);
    assert_true(verdict_at(ledger, seq).accepted);
}

static void every_decision_is_listed_with_what_came_of_it(void **state) {
    ledger_t *ledger = *state;
    two_revisions(ledger);
    decide_at(ledger, decision_returned, T("2021-08"), 1, 20210901);
    decide_at(ledger, decision_approved, T("2021-08"), 2, 20210901);
    decisions_t told;
    ledger_ask(ledger, decisions_ask_type(), &(decisions_ask_t){.unit = T("350104100")}, decisions_type(), &told);
    assert_int_equal(told.rows_count, 2);
    assert_false(told.rows[0].accepted);
    assert_true(told.rows[1].accepted);
    assert_true(text_is(told.rows[1].officer, "lin"));
    ledger_ask(ledger, decisions_ask_type(), &(decisions_ask_t){.after = told.rows[0].seq}, decisions_type(), &told);
    assert_int_equal(told.rows_count, 1);
    ledger_ask(ledger, decisions_ask_type(), &(decisions_ask_t){.unit = T("nongyeju")}, decisions_type(), &told);
    assert_int_equal(told.rows_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_return_revives_the_revision_below),
        TEST(each_revision_says_which_one_it_takes_the_place_of),
        TEST(a_typed_running_total_that_comes_back_by_a_return_is_flagged_where_it_is_wrong_now),
        TEST(a_return_of_the_only_revision_leaves_nothing),
        TEST(returns_take_revision_after_revision_off_the_pile),
        TEST(a_decision_on_what_does_not_count_says_what_does_since_when),
        TEST(the_same_decision_twice_is_told_when_it_was_made),
        TEST(what_was_returned_is_not_approved_by_the_one_below),
        TEST(there_is_nothing_to_decide_before_a_valid_report),
        TEST(a_decision_outside_the_plan_is_refused),
        TEST(a_returned_opening_balance_may_be_stated_again),
        TEST(every_decision_is_listed_with_what_came_of_it),
    };
    return cmocka_run_group_tests_name("decisions", tests, NULL, NULL);
}
