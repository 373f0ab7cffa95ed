/* The validation stage over a made-up ledger: what stands, what is told, and that only the entries decide it. */
#include "proto/verdict.h"
#include "tests/unit/validation_ledger.h"

static void assert_text(text_t text, const char *wanted) {
    if (!text_is(text, wanted)) fail_msg("\"" TEXT_FORMAT "\" is not \"%s\"", TEXT_ARGS(text), wanted);
}

static void assert_code(verdict_t verdict, const char *code) {
    assert_false(verdict.accepted);
    assert_int_equal(verdict.reasons_count, 1);
    assert_text(verdict.reasons[0].code, code);
}

static void control_entries_are_passed_on_and_make_nothing_else(void **state) {
    ledger_t *ledger = *state;
    clock_ticked_t tick = {.at_ms = (uint64_t)at_ten(ledger, 20210802)};
    key_registered_t key = {.unit = T("350104100"), .key = {4}, .generation = 1};
    ledger_append(ledger, key_registered_type(), &key, at_ten(ledger, 20210802));
    ledger_append(ledger, clock_ticked_type(), &tick, at_ten(ledger, 20210802));
    ledger_feed(ledger);
    event_t last = ledger_last(ledger);
    assert_int_equal(last.seq, 5);
    assert_int_equal(last.kind, KIND_clock_ticked);
    refusals_counted_t counted = {.code = T("id_number"), .count = 3, .door = door_gateway};
    ledger_append(ledger, refusals_counted_type(), &counted, at_ten(ledger, 20210802));
    ledger_feed(ledger);
    assert_int_equal(ledger_last(ledger).seq, 5);
}

static void a_report_without_fault_is_accepted_with_its_month(void **state) {
    ledger_t *ledger = *state;
    uint64_t seq = raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    event_t event = ledger_last(ledger);
    report_accepted_t accepted;
    fault_t fault;
    assert_int_equal(event.cause_seq, seq);
    assert_int_equal(event.at_ms, at_ten(ledger, 20210820));
    assert_int_equal(event_body(&event, report_accepted_type(), ledger->arena, &accepted, &fault), OK);
    assert_int_equal(accepted.revision, 1);
    assert_int_equal(accepted.figures[0].amount.value, YUAN(100));
    assert_int_equal(accepted.missing_count, 2);
}

static void the_same_content_again_is_already_reported(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    uint64_t again = raised_at(ledger, 2, T("2021-08"), 0, YUAN(100), 20210821);
    assert_code(verdict_at(ledger, again), "already_reported");
    again = raised_at(ledger, 3, T("2021-08"), 1, YUAN(100), 20210821);
    assert_code(verdict_at(ledger, again), "already_reported");
    assert_int_equal(standing_at(ledger, T("2021-08")).revision, 1);
}

static void a_refused_report_is_corrected_and_sent_again(void **state) {
    ledger_t *ledger = *state;
    report_t wrong = raised_report(ledger, 1, T("2021-08"), 0, YUAN(100));
    wrong.evidence_count = 0;
    uint64_t refused = ledger_report(ledger, T("350104100"), wrong, at_ten(ledger, 20210820));
    ledger_feed(ledger);
    assert_int_equal(ledger_last(ledger).kind, KIND_report_refused);
    uint64_t corrected = raised_at(ledger, 2, T("2021-08"), 0, YUAN(100), 20210821);
    assert_code(verdict_at(ledger, refused), "no_evidence");
    assert_true(verdict_at(ledger, corrected).accepted);
    standing_told_t told = standing_at(ledger, T("2021-08"));
    assert_int_equal(told.first_valid_ms, at_ten(ledger, 20210821)); /* the refused one does not count as received in time */
    assert_int_equal(told.submissions_count, 2);
    assert_int_equal(told.submissions[0].seq, corrected);
    assert_int_equal(told.submissions[1].seq, refused);
}

static void a_superseded_report_is_told_who_stands_since_when(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    verdict_t verdict = verdict_at(ledger, raised_at(ledger, 2, T("2021-08"), 0, YUAN(120), 20210821));
    assert_code(verdict, "superseded");
    assert_text(verdict.reasons[0].args[0], "1");
    assert_text(verdict.reasons[0].args[1], "0");
    assert_text(verdict.reasons[0].args[2], "仓山镇");
    assert_text(verdict.reasons[0].args[3], "2021-08-20 10:00");
}

static void the_instant_of_the_first_valid_report_is_frozen(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    uint64_t seq = raised_at(ledger, 2, T("2021-08"), 1, YUAN(120), 20210828);
    standing_told_t told = standing_at(ledger, T("2021-08"));
    assert_int_equal(told.revision, 2);
    assert_int_equal(told.seq, seq);
    assert_int_equal(told.first_valid_ms, at_ten(ledger, 20210820));
    assert_int_equal(told.due_ms, instant_of_day(&ledger->plan, 20210826, 0) - 1);
}

static void an_old_month_s_correction_moves_the_running_total(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    raised_at(ledger, 2, T("2021-09"), 0, YUAN(50), 20210920);
    raised_at(ledger, 3, T("2021-08"), 1, YUAN(70), 20210921);
    report_t october = raised_report(ledger, 4, T("2021-10"), 0, YUAN(10));
    figure_t figure = {.indicator = T("raised"), .running = GIVEN(YUAN(150))};
    october.figures = &figure;
    uint64_t seq = ledger_report(ledger, T("350104100"), october, at_ten(ledger, 20211020));
    ledger_feed(ledger);
    assert_true(verdict_at(ledger, seq).accepted);
    event_t event = ledger_last(ledger);
    report_accepted_t accepted;
    fault_t fault;
    assert_int_equal(event_body(&event, report_accepted_type(), ledger->arena, &accepted, &fault), OK);
    assert_int_equal(accepted.figures[0].amount.value, YUAN(30));
}

/* August 100, September typed as a running total of 150. */
static void typed_in_september(ledger_t *ledger) {
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    report_t september = raised_report(ledger, 2, T("2021-09"), 0, 0);
    figure_t figure = {.indicator = T("raised"), .running = GIVEN(YUAN(150))};
    september.figures = &figure;
    ledger_report(ledger, T("350104100"), september, at_ten(ledger, 20210920));
    ledger_feed(ledger);
}

static restated_total_t restated_last(ledger_t *ledger) {
    event_t event = ledger_last(ledger);
    restated_told_t told;
    assert_int_equal(event.kind, KIND_report_accepted);
    assert_true(restated_of_event(&event, ledger->arena, &told));
    assert_int_equal(told.rows_count, 1);
    assert_text(told.period, "2021-08");
    assert_text(told.rows[0].indicator, "raised"); /* though the verdict, of this figure alone, names it once */
    return told.rows[0];
}

static void an_old_month_s_correction_flags_the_total_that_was_typed_after_it(void **state) {
    ledger_t *ledger = *state;
    typed_in_september(ledger);
    raised_at(ledger, 3, T("2021-08"), 1, YUAN(70), 20210921);
    restated_total_t row = restated_last(ledger);
    assert_text(row.first, "2021-09");
    assert_text(row.last, "2021-09");
    assert_int_equal(row.months, 1);
    assert_int_equal(row.before, YUAN(100));
    assert_int_equal(row.after, YUAN(70));
    assert_int_equal(row.typed_count, 1);
    assert_text(row.typed[0].period, "2021-09");
    assert_int_equal(row.typed[0].typed, YUAN(150));
    assert_int_equal(row.typed[0].after, YUAN(120)); /* it no longer agrees */
    standing_told_t told = standing_at(ledger, T("2021-09"));
    assert_int_equal(told.revision, 1); /* not judged again */
    assert_int_equal(told.figures_count, 1);
    assert_int_equal(told.figures[0].amount.value, YUAN(50));
    assert_int_equal(told.figures[0].running.value, YUAN(120));
    assert_true(told.figures[0].stale);
}

static void a_typed_total_that_agrees_again_is_told_so(void **state) {
    ledger_t *ledger = *state;
    typed_in_september(ledger);
    raised_at(ledger, 3, T("2021-08"), 1, YUAN(70), 20210921);
    raised_at(ledger, 4, T("2021-08"), 2, YUAN(100), 20210922);
    restated_total_t row = restated_last(ledger);
    assert_int_equal(row.typed_count, 1);
    assert_int_equal(row.typed[0].after, row.typed[0].typed);
    assert_false(standing_at(ledger, T("2021-09")).figures[0].stale);
}

static void a_correction_with_the_same_amount_restates_nothing(void **state) {
    ledger_t *ledger = *state;
    typed_in_september(ledger);
    report_t august = raised_report(ledger, 3, T("2021-08"), 1, YUAN(100));
    august.progress = T("补充说明");
    ledger_report(ledger, T("350104100"), august, at_ten(ledger, 20210921));
    ledger_feed(ledger);
    event_t event = ledger_last(ledger);
    restated_told_t told;
    assert_true(restated_of_event(&event, ledger->arena, &told));
    assert_int_equal(told.rows_count, 0);
}

static void a_late_first_month_restates_the_months_after_it(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-09"), 0, YUAN(50), 20210920); /* the first of all: nothing was skipped */
    raised_at(ledger, 2, T("2021-08"), 0, YUAN(100), 20210921);
    restated_total_t row = restated_last(ledger);
    assert_int_equal(row.before, 0);
    assert_int_equal(row.after, YUAN(100));
    assert_int_equal(row.months, 1);
    assert_int_equal(row.typed_count, 0);
}

static void a_month_that_was_skipped_is_asked_for(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    verdict_t verdict = verdict_at(ledger, raised_at(ledger, 2, T("2021-10"), 0, YUAN(50), 20211020));
    assert_code(verdict, "month_skipped");
    assert_text(verdict.reasons[0].args[0], "2021-09");
    raised_at(ledger, 3, T("2021-09"), 0, YUAN(30), 20211020);
    assert_true(verdict_at(ledger, raised_at(ledger, 4, T("2021-10"), 0, YUAN(50), 20211020)).accepted);
}

static void a_report_in_words_alone_can_skip_a_month_too(void **state) {
    ledger_t *ledger = *state;
    static const text_t periods[] = {S("2021-08"), S("2021-10")};
    uint64_t seq = 0;
    for (uint8_t index = 0; index < 2; index++) {
        report_t report = report_of((uint8_t)(index + 1), T("words"), periods[index], 0);
        report.progress = T("召开会议一次");
        seq = ledger_report(ledger, T("350104100"), report, at_ten(ledger, index == 0 ? 20210820 : 20211020));
        ledger_feed(ledger);
    }
    assert_code(verdict_at(ledger, seq), "month_skipped");
}

static void a_dry_run_shows_month_and_running_total_whichever_was_typed(void **state) {
    ledger_t *ledger = *state;
    typed_in_september(ledger);
    report_t october = raised_report(ledger, 3, T("2021-10"), 0, YUAN(30));
    check_ask_t ask = {.unit = T("350104100"), .report = october};
    verdict_t verdict;
    ledger_ask(ledger, check_ask_type(), &ask, verdict_type(), &verdict);
    assert_false(verdict.accepted); /* October has not begun */
    ask.report = raised_report(ledger, 3, T("2021-09"), 1, YUAN(30));
    ledger_ask(ledger, check_ask_type(), &ask, verdict_type(), &verdict);
    assert_true(verdict.accepted);
    assert_int_equal(verdict.figures_count, 1);
    assert_int_equal(verdict.figures[0].amount.value, YUAN(30));
    assert_int_equal(verdict.figures[0].running.value, YUAN(130));
    assert_false(verdict.figures[0].typed.given);
}

static void a_figure_that_a_revision_drops_no_longer_stands(void **state) {
    ledger_t *ledger = *state;
    report_t report = raised_report(ledger, 1, T("2021-08"), 0, YUAN(100));
    const figure_t both[] = {{.indicator = T("raised"), .amount = GIVEN(YUAN(100))},
                             {.indicator = T("raised-society"), .amount = GIVEN(YUAN(80))}};
    report.figures = both;
    report.figures_count = COUNT(both);
    ledger_report(ledger, T("350104100"), report, at_ten(ledger, 20210820));
    ledger_feed(ledger);
    raised_at(ledger, 2, T("2021-08"), 1, YUAN(100), 20210821);
    const figure_t running[] = {{.indicator = T("raised"), .amount = GIVEN(YUAN(10))},
                                {.indicator = T("raised-society"), .amount = GIVEN(YUAN(7)), .running = GIVEN(YUAN(7))}};
    report = raised_report(ledger, 3, T("2021-09"), 0, 0);
    report.figures = running;
    report.figures_count = COUNT(running);
    uint64_t seq = ledger_report(ledger, T("350104100"), report, at_ten(ledger, 20210920));
    ledger_feed(ledger);
    assert_true(verdict_at(ledger, seq).accepted);
}

static void one_unit_s_reports_are_nothing_to_another(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    report_t same = raised_report(ledger, 1, T("2021-08"), 0, YUAN(100));
    uint64_t seq = ledger_report(ledger, T("350104101"), same, at_ten(ledger, 20210820));
    ledger_feed(ledger);
    assert_true(verdict_at(ledger, seq).accepted);
    assert_int_equal(verdict_at(ledger, seq).revision, 1);
}

static void a_dry_run_says_the_same_and_keeps_nothing(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    check_ask_t ask = {.unit = T("350104100"), .report = raised_report(ledger, 2, T("2021-08"), 0, YUAN(120))};
    verdict_t verdict;
    ledger_ask(ledger, check_ask_type(), &ask, verdict_type(), &verdict);
    assert_true(verdict.dry_run);
    assert_code(verdict, "superseded");
    ask.report.replaces = 1;
    ledger_ask(ledger, check_ask_type(), &ask, verdict_type(), &verdict);
    assert_true(verdict.accepted);
    assert_int_equal(verdict.revision, 2);
    assert_int_equal(standing_at(ledger, T("2021-08")).submissions_count, 1);
}

static void a_dry_run_after_the_close_says_what_intake_would(void **state) {
    ledger_t *ledger = *state;
    ledger_append(ledger, plan_closed_type(), &(plan_closed_t){0}, at_ten(ledger, 20220106));
    ledger_feed(ledger);
    check_ask_t ask = {.unit = T("350104100"), .report = raised_report(ledger, 1, T("2021-08"), 0, YUAN(120))};
    verdict_t verdict;
    ledger_ask(ledger, check_ask_type(), &ask, verdict_type(), &verdict);
    assert_false(verdict.accepted);
    assert_code(verdict, "plan_is_closed");
    ask.report.period = T("2022-01"); /* of a confirmation it says what the rules say, until the seal */
    ledger_ask(ledger, check_ask_type(), &ask, verdict_type(), &verdict);
    assert_int_equal(verdict.reasons_count, 2);
    assert_text(verdict.reasons[0].code, "not_your_task");
    ledger_append(ledger, plan_sealed_type(), &(plan_sealed_t){0}, at_ten(ledger, 20220301));
    ledger_feed(ledger);
    ledger_ask(ledger, check_ask_type(), &ask, verdict_type(), &verdict);
    assert_code(verdict, "plan_is_sealed");
}

static bool is_told(const verdict_t *verdict, const char *code) {
    for (uint32_t index = 0; index < verdict->reasons_count; index++)
        if (text_is(verdict->reasons[index].code, code)) return true;
    return false;
}

static void who_corrects_what_a_bulletin_shows_is_told_which_and_who_changes_words_is_not(void **state) {
    ledger_t *ledger = *state;
    raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    document_published_t out = {.kind = document_kind_bulletin, .period = T("2021-08"), .hash = {1}, .size = 9, .parts = 1,
                                .as_of = 4, .number = 7, .layout = 1, .html_hash = {1}, .docx_hash = {1}};
    ledger_append(ledger, document_published_type(), &out, at_ten(ledger, 20210901));
    ledger_feed(ledger);
    uint64_t seq = raised_at(ledger, 2, T("2021-08"), 1, YUAN(110), 20210910);
    verdict_t corrected = verdict_at(ledger, seq);
    assert_true(corrected.accepted && is_told(&corrected, "already_published"));
    assert_text(corrected.reasons[0].args[0], "2021-08(7)");
    report_t words = raised_report(ledger, 3, T("2021-08"), 2, YUAN(110));
    words.problems = T("无");
    seq = ledger_report(ledger, T("350104100"), words, at_ten(ledger, 20210911));
    ledger_feed(ledger);
    verdict_t same = verdict_at(ledger, seq);
    assert_true(same.accepted && !is_told(&same, "already_published"));
    verdict_t next = verdict_at(ledger, raised_at(ledger, 4, T("2021-09"), 0, YUAN(90), 20210926));
    assert_false(is_told(&next, "already_published"));
}

static void one_submission_is_found_by_its_id(void **state) {
    ledger_t *ledger = *state;
    uint64_t first = raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    raised_at(ledger, 2, T("2021-08"), 1, YUAN(110), 20210821);
    standing_ask_t ask = {.unit = T("350104100"), .task = T("fund"), .period = T("2021-08"), .submission_id = {1}};
    standing_told_t told;
    ledger_ask(ledger, standing_ask_type(), &ask, standing_told_type(), &told);
    assert_int_equal(told.submissions_count, 1);
    assert_int_equal(told.submissions[0].seq, first);
    ask.unit = T("350104101");
    ledger_ask(ledger, standing_ask_type(), &ask, standing_told_type(), &told);
    assert_int_equal(told.submissions_count, 0);
}

static void a_question_about_an_entry_to_come_parks(void **state) {
    ledger_t *ledger = *state;
    buffer_t asked = {0}, answered = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(7, verdict_ask_type(), &(verdict_ask_t){.seq = 99}, &asked);
    assert_int_equal(packet_decode((bytes_t){asked.at, (uint32_t)asked.size}, &packet, &fault), OK);
    assert_false(stage_answer(ledger->stage, &packet, &answered));
    assert_int_equal(answered.size, 0);
    buffer_destroy(&asked);
    buffer_destroy(&answered);
}

static void the_verdict_of_an_entry_is_told_of_its_own_epoch_alone(void **state) {
    ledger_t *ledger = *state;
    uint64_t seq = raised_at(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    verdict_t verdict;
    busy_t busy;
    ledger_ask(ledger, verdict_ask_type(), &(verdict_ask_t){.seq = seq, .epoch = 1}, verdict_type(), &verdict);
    assert_int_equal(verdict.seq, seq);
    ledger_ask(ledger, verdict_ask_type(), &(verdict_ask_t){.seq = seq, .epoch = 2}, busy_type(), &busy);
    assert_true(busy.retry_after_ms > 0);
}

static void rules_that_this_binary_does_not_contain_stop_the_stage(void **state) {
    ledger_t *ledger = *state;
    ledger_append(ledger, rules_activated_type(), &(rules_activated_t){.version = 2}, at_ten(ledger, 20210802));
    assert_int_not_equal(ledger_try(ledger), OK);
}

static void batches_may_end_anywhere(void **state) {
    ledger_t *one_by_one = *state;
    void *other = NULL;
    ledger_setup(&other);
    ledger_t *at_once = other;
    for (uint8_t id = 1; id < 6; id++) {
        raised_at(one_by_one, id, T("2021-08"), (uint64_t)id - 1, YUAN(id), 20210820);
        report_t report = raised_report(at_once, id, T("2021-08"), (uint64_t)id - 1, YUAN(id));
        ledger_report(at_once, T("350104100"), report, at_ten(at_once, 20210820));
    }
    ledger_feed(at_once);
    uint8_t hashes[2][HASH_SIZE];
    ledger_t *ledgers[] = {one_by_one, at_once};
    for (uint32_t index = 0; index < 2; index++) {
        txn_t *txn = store_read(stage_store(ledgers[index]->stage));
        assert_int_equal(txn_head(txn).seq, 8);
        memcpy(hashes[index], txn_head(txn).hash, HASH_SIZE);
        txn_abort(&txn);
    }
    assert_memory_equal(hashes[0], hashes[1], HASH_SIZE);
    ledger_teardown(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_dry_run_shows_month_and_running_total_whichever_was_typed),
        TEST(a_report_in_words_alone_can_skip_a_month_too),
        TEST(a_month_that_was_skipped_is_asked_for),
        TEST(a_late_first_month_restates_the_months_after_it),
        TEST(a_correction_with_the_same_amount_restates_nothing),
        TEST(a_typed_total_that_agrees_again_is_told_so),
        TEST(an_old_month_s_correction_flags_the_total_that_was_typed_after_it),
        TEST(control_entries_are_passed_on_and_make_nothing_else),
        TEST(a_report_without_fault_is_accepted_with_its_month),
        TEST(the_same_content_again_is_already_reported),
        TEST(a_refused_report_is_corrected_and_sent_again),
        TEST(a_superseded_report_is_told_who_stands_since_when),
        TEST(the_instant_of_the_first_valid_report_is_frozen),
        TEST(an_old_month_s_correction_moves_the_running_total),
        TEST(a_figure_that_a_revision_drops_no_longer_stands),
        TEST(one_unit_s_reports_are_nothing_to_another),
        TEST(a_dry_run_says_the_same_and_keeps_nothing),
        TEST(a_dry_run_after_the_close_says_what_intake_would),
        TEST(who_corrects_what_a_bulletin_shows_is_told_which_and_who_changes_words_is_not),
        TEST(one_submission_is_found_by_its_id),
        TEST(a_question_about_an_entry_to_come_parks),
        TEST(the_verdict_of_an_entry_is_told_of_its_own_epoch_alone),
        TEST(rules_that_this_binary_does_not_contain_stop_the_stage),
        TEST(batches_may_end_anywhere),
    };
    return cmocka_run_group_tests_name("validation fold", tests, NULL, NULL);
}
