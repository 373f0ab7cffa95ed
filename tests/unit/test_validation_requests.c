/* Requests for more time: what waits, what replaces it, what answers it; and that one rule says when a report is due. */
#include "tests/unit/validation_ledger.h"

static uint64_t request_at(ledger_t *ledger, uint32_t until, const char *why, uint32_t day) {
    extension_requested_t requested = {.submission_id = {(uint8_t)(ledger->seq + 1)},
                                       .actor = {.unit = T("350104100"), .credential = credential_curve, .door = door_gateway},
                                       .unit = T("350104100"),
                                       .task = T("fund"),
                                       .period = T("2021-08"),
                                       .until = until,
                                       .why = text_of(why)};
    uint64_t seq = ledger_append(ledger, extension_requested_type(), &requested, at_ten(ledger, day));
    ledger_feed(ledger);
    return seq;
}

static verdict_t decide_at(ledger_t *ledger, decision_t decision, uint64_t request_seq, uint32_t until, uint32_t day) {
    extension_decided_t decided = {.command_id = {9},
                                   .actor = {.officer = T("lin"), .office = office_coordinator, .unit = T("nongyeju"),
                                             .credential = credential_signature, .door = door_operator},
                                   .decision = decision,
                                   .unit = T("350104100"),
                                   .task = T("fund"),
                                   .period = T("2021-08"),
                                   .until = until,
                                   .request_seq = request_seq,
                                   .why = T("情况属实")};
    uint64_t seq = ledger_append(ledger, extension_decided_type(), &decided, at_ten(ledger, day));
    ledger_feed(ledger);
    return verdict_at(ledger, seq);
}

static void assert_only(verdict_t verdict, const char *code) {
    assert_false(verdict.accepted);
    assert_int_equal(verdict.reasons_count, 1);
    if (!text_is(verdict.reasons[0].code, code)) fail_msg(TEXT_FORMAT, TEXT_ARGS(verdict.reasons[0].code));
}

static requests_t waiting(ledger_t *ledger) {
    requests_ask_t ask = {.open_only = true};
    requests_t told;
    ledger_ask(ledger, requests_ask_type(), &ask, requests_type(), &told);
    return told;
}

static uint64_t end_of(ledger_t *ledger, uint32_t day) { return (uint64_t)instant_of_day(&ledger->plan, day_add(day, 1), 0) - 1; }

static void asking_waits_for_an_answer_and_moves_no_deadline(void **state) {
    ledger_t *ledger = *state;
    uint64_t seq = request_at(ledger, 20210830, "数据未到", 20210824);
    assert_true(verdict_at(ledger, seq).accepted);
    assert_int_equal(ledger_last(ledger).kind, KIND_request_taken);
    assert_int_equal(waiting(ledger).rows_count, 1);
    assert_int_equal(waiting(ledger).rows[0].seq, seq);
    standing_told_t standing = standing_at(ledger, T("2021-08"));
    assert_int_equal(standing.due_ms, end_of(ledger, 20210825));
    assert_int_equal(standing.request.state, request_state_pending);
}

static void a_newer_request_replaces_the_one_that_waits(void **state) {
    ledger_t *ledger = *state;
    uint64_t first = request_at(ledger, 20210830, "数据未到", 20210824);
    uint64_t second = request_at(ledger, 20210831, "数据未到", 20210824);
    assert_int_equal(waiting(ledger).rows_count, 1);
    assert_int_equal(waiting(ledger).rows[0].seq, second);
    assert_only(decide_at(ledger, decision_extended, first, 20210830, 20210824), "nothing_asked");
    assert_true(decide_at(ledger, decision_extended, second, 20210830, 20210824).accepted);
}

static void a_decision_is_the_answer_and_the_unit_sees_it(void **state) {
    ledger_t *ledger = *state;
    uint64_t seq = request_at(ledger, 20210831, "数据未到", 20210824);
    assert_true(decide_at(ledger, decision_extended, seq, 20210830, 20210825).accepted);
    standing_told_t standing = standing_at(ledger, T("2021-08"));
    assert_int_equal(standing.request.state, request_state_granted);
    assert_int_equal(standing.request.due_ms, end_of(ledger, 20210830));
    assert_true(text_is(standing.request.officer, "lin") && text_is(standing.request.answer, "情况属实"));
    assert_int_equal(waiting(ledger).rows_count, 0);
    assert_only(decide_at(ledger, decision_denied, seq, 0, 20210825), "nothing_asked"); /* once */
    uint64_t again = request_at(ledger, 20210902, "仍未到", 20210826); /* a new one */
    assert_true(decide_at(ledger, decision_denied, again, 0, 20210826).accepted);
    standing = standing_at(ledger, T("2021-08"));
    assert_int_equal(standing.request.state, request_state_denied);
    assert_int_equal(standing.due_ms, end_of(ledger, 20210830));
}

static void a_decision_that_does_not_hold_leaves_the_request_waiting(void **state) {
    ledger_t *ledger = *state;
    uint64_t seq = request_at(ledger, 20210831, "数据未到", 20210824);
    assert_only(decide_at(ledger, decision_extended, seq, 20210824, 20210824), "not_later");
    assert_int_equal(waiting(ledger).rows_count, 1);
    assert_true(decide_at(ledger, decision_extended, 0, 20210830, 20210824).accepted); /* by another way */
    assert_int_equal(waiting(ledger).rows_count, 1);
}

static void what_cannot_be_asked_is_refused_with_its_reason(void **state) {
    ledger_t *ledger = *state;
    assert_only(verdict_at(ledger, request_at(ledger, 0, "数据未到", 20210824)), "missing_field");
    assert_only(verdict_at(ledger, request_at(ledger, 20210830, "", 20210824)), "missing_field");
    assert_only(verdict_at(ledger, request_at(ledger, 20210823, "数据未到", 20210824)), "until_past");
    assert_only(verdict_at(ledger, request_at(ledger, 20210825, "数据未到", 20210824)), "not_later");
    assert_only(verdict_at(ledger, request_at(ledger, 20290825, "数据未到", 20210824)), "until_far");
    request_at(ledger, 20210830, "数据未到", 20210824);
    assert_only(verdict_at(ledger, request_at(ledger, 20210830, "数据未到", 20210824)), "request_known");
    assert_int_equal(waiting(ledger).rows_count, 1);
}

static void what_came_in_time_needs_no_answer_what_came_late_may_have_one(void **state) {
    ledger_t *ledger = *state;
    request_at(ledger, 20210830, "数据未到", 20210824);
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210825);
    assert_int_equal(waiting(ledger).rows_count, 0);
    assert_int_equal(standing_at(ledger, T("2021-08")).request.state, request_state_moot);
    assert_only(verdict_at(ledger, request_at(ledger, 20210831, "数据未到", 20210825)), "request_needless");
}

static void who_reported_late_may_ask_for_the_days_it_took(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210827);
    assert_only(verdict_at(ledger, request_at(ledger, 20210826, "停电", 20210830)), "until_past");
    uint64_t seq = request_at(ledger, 20210827, "停电", 20210830);
    assert_true(verdict_at(ledger, seq).accepted);
    assert_true(decide_at(ledger, decision_extended, seq, 20210827, 20210830).accepted);
}

/* --- one rule for deadlines --- */

static void outage_at(ledger_t *ledger, int64_t from_ms, int64_t to_ms, const text_t *units, uint32_t count) {
    outage_declared_t declared = {.command_id = {3},
                                  .actor = {.office = office_root, .credential = credential_signature, .door = door_operator},
                                  .from_ms = (uint64_t)from_ms,
                                  .to_ms = (uint64_t)to_ms,
                                  .units = units,
                                  .units_count = count};
    ledger_append(ledger, outage_declared_type(), &declared, to_ms + 60000);
    ledger_feed(ledger);
}

static void a_verdict_and_what_stands_tell_the_deadline_with_the_time_that_was_given_back(void **state) {
    ledger_t *ledger = *state;
    int64_t ten = instant_of_day(&ledger->plan, 20210825, 22 * 60);
    const text_t other[] = {T("350104101")};
    outage_at(ledger, ten, ten + 3600000, other, 1); /* another's door */
    assert_int_equal(standing_at(ledger, T("2021-08")).due_ms, end_of(ledger, 20210825));
    outage_at(ledger, ten, ten + 3600000, NULL, 0); /* everybody's: an hour of the last day */
    assert_int_equal(standing_at(ledger, T("2021-08")).due_ms, end_of(ledger, 20210825) + 3600000);
    uint64_t seq = raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210827);
    assert_int_equal(verdict_at(ledger, seq).due_ms, end_of(ledger, 20210825) + 3600000);
    stage_close(&ledger->stage); /* it is kept, not only remembered */
    assert_int_equal(stage_open(validation_role(), ledger->path, &ledger->stage), OK);
    assert_int_equal(standing_at(ledger, T("2021-08")).due_ms, end_of(ledger, 20210825) + 3600000);
}

static void an_extension_is_compared_with_the_deadline_that_an_absence_moved(void **state) {
    ledger_t *ledger = *state;
    int64_t from = instant_of_day(&ledger->plan, 20210825, 0);
    outage_at(ledger, from, from + 3 * 86400000LL, NULL, 0); /* three days: due on the 29th */
    assert_only(decide_at(ledger, decision_extended, 0, 20210827, 20210828), "not_later");
    assert_true(decide_at(ledger, decision_extended, 0, 20210830, 20210828).accepted);
    assert_int_equal(standing_at(ledger, T("2021-08")).due_ms, end_of(ledger, 20210830));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(asking_waits_for_an_answer_and_moves_no_deadline),
        TEST(a_newer_request_replaces_the_one_that_waits),
        TEST(a_decision_is_the_answer_and_the_unit_sees_it),
        TEST(a_decision_that_does_not_hold_leaves_the_request_waiting),
        TEST(what_cannot_be_asked_is_refused_with_its_reason),
        TEST(what_came_in_time_needs_no_answer_what_came_late_may_have_one),
        TEST(who_reported_late_may_ask_for_the_days_it_took),
        TEST(a_verdict_and_what_stands_tell_the_deadline_with_the_time_that_was_given_back),
        TEST(an_extension_is_compared_with_the_deadline_that_an_absence_moved),
    };
    return cmocka_run_group_tests_name("validation_requests", tests, NULL, NULL);
}
