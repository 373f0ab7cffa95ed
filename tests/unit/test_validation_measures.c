/* Planned measures: which revision is meant, which days hold, what is nearly due, what is kept of what stood before. */
#include "tests/unit/validation_ledger.h"

#include "services/2-validation/validation_rules.h"

static planned_measure_t fair(const char *item) {
    return (planned_measure_t){.task = T("fund"), .state = measure_state_planned, .item = text_of(item), .plan = T("分两批"),
                               .due = 20211031};
}

static uint64_t say_as(ledger_t *ledger, text_t unit, planned_measure_t measure, uint64_t replaces, uint32_t day) {
    measure_entered_t entered = {.submission_id = {(uint8_t)(ledger->seq + 1)},
                                 .actor = {.unit = unit, .generation = 1, .credential = credential_curve, .door = door_gateway},
                                 .unit = unit,
                                 .measure = measure,
                                 .replaces = replaces};
    uint64_t seq = ledger_append(ledger, measure_entered_type(), &entered, at_ten(ledger, day));
    ledger_feed(ledger);
    return seq;
}

static verdict_t say(ledger_t *ledger, planned_measure_t measure, uint64_t replaces, uint32_t day) {
    return verdict_at(ledger, say_as(ledger, T("350104100"), measure, replaces, day));
}

/* It does not hold, for this and nothing else. */
static void assert_only(verdict_t verdict, const char *code, const char *path) {
    assert_false(verdict.accepted);
    assert_int_equal(verdict.reasons_count, 1);
    if (!text_is(verdict.reasons[0].code, code)) fail_msg(TEXT_FORMAT, TEXT_ARGS(verdict.reasons[0].code));
    if (!text_is(verdict.reasons[0].path, path)) fail_msg(TEXT_FORMAT, TEXT_ARGS(verdict.reasons[0].path));
}

static measures_t all_of(ledger_t *ledger, measures_ask_t ask) {
    measures_t told;
    ledger_ask(ledger, measures_ask_type(), &ask, measures_type(), &told);
    return told;
}

static void tick(ledger_t *ledger, uint32_t day) {
    ledger_append(ledger, clock_ticked_type(), &(clock_ticked_t){(uint64_t)at_ten(ledger, day)}, at_ten(ledger, day));
    ledger_feed(ledger);
}

static void a_measure_gets_the_next_number_of_its_unit_and_the_end_of_its_day(void **state) {
    ledger_t *ledger = *state;
    verdict_t first = say(ledger, fair("募捐晚会"), 0, 20210810), second = say(ledger, fair("义卖"), 0, 20210811);
    verdict_t other = verdict_at(ledger, say_as(ledger, T("350104101"), fair("募捐晚会"), 0, 20210812));
    assert_true(first.accepted && second.accepted && other.accepted);
    assert_int_equal(first.measure, 1);
    assert_int_equal(second.measure, 2);
    assert_int_equal(other.measure, 1);
    assert_int_equal(first.revision, 1);
    assert_int_equal(first.due_ms, instant_of_day(&ledger->plan, 20211101, 0) - 1);
}

static void a_change_keeps_what_it_does_not_name_and_the_history_keeps_both(void **state) {
    ledger_t *ledger = *state;
    say(ledger, fair("募捐晚会"), 0, 20210810);
    planned_measure_t change = {.number = 1, .state = measure_state_planned, .due = 20211130, .why = T("场地未定")};
    verdict_t verdict = say(ledger, change, 1, 20210901);
    assert_true(verdict.accepted);
    assert_int_equal(verdict.revision, 2);
    measure_row_t now = all_of(ledger, (measures_ask_t){0}).rows[0].row;
    assert_true(text_is(now.measure.item, "募捐晚会") && text_is(now.measure.plan, "分两批"));
    assert_int_equal(now.measure.due, 20211130);
    assert_int_equal(now.since_ms, at_ten(ledger, 20210810));
    measure_history_t told;
    measure_history_ask_t ask = {.unit = T("350104100"), .number = 1};
    ledger_ask(ledger, measure_history_ask_type(), &ask, measure_history_type(), &told);
    assert_int_equal(told.rows_count, 2);
    assert_int_equal(told.rows[0].measure.due, 20211130);
    assert_true(text_is(told.rows[0].measure.why, "场地未定"));
    assert_int_equal(told.rows[1].measure.due, 20211031);
    assert_int_equal(told.rows[1].actor.credential, credential_curve);
}

static void a_change_of_what_does_not_stand_is_told_what_does_since_when(void **state) {
    ledger_t *ledger = *state;
    say(ledger, fair("募捐晚会"), 0, 20210810);
    planned_measure_t change = {.number = 1, .state = measure_state_planned, .due = 20211130};
    say(ledger, change, 1, 20210901);
    change.due = 20211201;
    verdict_t verdict = say(ledger, change, 1, 20210902);
    assert_only(verdict, "measure_moved", "replaces");
    assert_true(text_is(verdict.reasons[0].args[0], "2") && text_is(verdict.reasons[0].args[1], "2021-09-01"));
    change.number = 7;
    assert_only(say(ledger, change, 1, 20210902), "measure_unknown", "measure.number");
}

static void another_units_measure_is_not_there(void **state) {
    ledger_t *ledger = *state;
    say(ledger, fair("募捐晚会"), 0, 20210810);
    planned_measure_t theirs = {.number = 1, .state = measure_state_done, .done_day = 20210820, .result = T("已办")};
    assert_only(verdict_at(ledger, say_as(ledger, T("350104101"), theirs, 1, 20210820)), "measure_unknown", "measure.number");
}

static void a_measure_is_of_a_task_that_the_unit_owes(void **state) {
    ledger_t *ledger = *state;
    planned_measure_t strange = fair("募捐晚会"), foreign = fair("募捐晚会"), none = fair("募捐晚会");
    strange.task = T("fishery");
    foreign.task = T("talent");
    none.task = T("");
    assert_only(say(ledger, strange, 0, 20210810), "unknown_task", "measure.task");
    assert_only(say(ledger, foreign, 0, 20210810), "not_your_task", "measure.task");
    assert_only(say(ledger, none, 0, 20210810), "missing_field", "measure.task");
    say(ledger, fair("募捐晚会"), 0, 20210810);
    planned_measure_t moved = {.number = 1, .state = measure_state_planned, .task = T("pair")};
    assert_only(say(ledger, moved, 1, 20210811), "measure_task", "measure.task");
}

static void a_due_day_lies_ahead_and_within_the_plan(void **state) {
    ledger_t *ledger = *state;
    planned_measure_t past = fair("义卖"), today = fair("义卖"), far = fair("义卖"), early = fair("义卖");
    past.due = 20210809;
    today.due = 20210810;
    far.due = 20221231;
    early.due = 20201231;
    assert_only(say(ledger, past, 0, 20210810), "measure_due_past", "measure.due");
    assert_only(say(ledger, far, 0, 20210810), "measure_due_outside", "measure.due");
    assert_only(say(ledger, early, 0, 20210810), "measure_due_outside", "measure.due");
    assert_true(say(ledger, today, 0, 20210810).accepted);
}

static void what_is_overdue_can_be_reworded_but_not_put_off_into_the_past(void **state) {
    ledger_t *ledger = *state;
    say(ledger, fair("义卖"), 0, 20210810);
    planned_measure_t words = {.number = 1, .state = measure_state_planned, .plan = T("改为线上")};
    planned_measure_t days = {.number = 1, .state = measure_state_planned, .due = 20211109};
    assert_true(say(ledger, words, 1, 20211110).accepted);
    assert_only(say(ledger, days, 2, 20211110), "measure_due_past", "measure.due");
}

static void what_is_done_says_when_and_what_came_of_it(void **state) {
    ledger_t *ledger = *state;
    say(ledger, fair("义卖"), 0, 20210810);
    planned_measure_t done = {.number = 1, .state = measure_state_done};
    verdict_t verdict = say(ledger, done, 1, 20210901);
    assert_int_equal(verdict.reasons_count, 2);
    assert_true(text_is(verdict.reasons[0].path, "measure.done_day") && text_is(verdict.reasons[1].path, "measure.result"));
    done.result = T("义卖所得三万元");
    done.done_day = 20210902;
    assert_only(say(ledger, done, 1, 20210901), "measure_done_day", "measure.done_day");
    done.done_day = 20210901;
    assert_true(say(ledger, done, 1, 20210901).accepted);
    assert_int_equal(all_of(ledger, (measures_ask_t){0}).rows[0].phase, measure_phase_in_time);
}

static void a_measure_that_is_planned_has_no_result(void **state) {
    ledger_t *ledger = *state;
    planned_measure_t early = fair("义卖");
    early.result = T("三万元");
    assert_only(say(ledger, early, 0, 20210810), "measure_not_done", "measure.done_day");
}

static void what_was_called_done_by_mistake_is_planned_again(void **state) {
    ledger_t *ledger = *state;
    say(ledger, fair("义卖"), 0, 20210810);
    planned_measure_t done = {.number = 1, .state = measure_state_done, .done_day = 20210901, .result = T("三万元")};
    planned_measure_t again = {.number = 1, .state = measure_state_planned, .why = T("记错了一项")};
    assert_true(say(ledger, done, 1, 20210901).accepted);
    assert_true(say(ledger, again, 2, 20210902).accepted);
    measure_row_t now = all_of(ledger, (measures_ask_t){0}).rows[0].row;
    assert_int_equal(now.measure.state, measure_state_planned);
    assert_int_equal(now.measure.done_day, 0);
    assert_int_equal(now.measure.result.size, 0);
}

static void what_is_withdrawn_has_a_reason_and_changes_no_more(void **state) {
    ledger_t *ledger = *state;
    say(ledger, fair("义卖"), 0, 20210810);
    planned_measure_t away = {.number = 1, .state = measure_state_withdrawn};
    assert_only(say(ledger, away, 1, 20210901), "missing_field", "measure.why");
    away.why = T("改由区工商联办");
    assert_true(say(ledger, away, 1, 20210901).accepted);
    planned_measure_t back = {.number = 1, .state = measure_state_planned};
    assert_only(say(ledger, back, 2, 20210902), "measure_over", "measure.number");
    assert_true(say(ledger, fair("义卖"), 0, 20210903).accepted); /* entered anew, under another number */
}

static void the_same_measure_twice_is_told_the_number_of_the_first(void **state) {
    ledger_t *ledger = *state;
    say(ledger, fair("义卖"), 0, 20210810);
    verdict_t verdict = say(ledger, fair("义卖"), 0, 20210811);
    assert_only(verdict, "measure_known", "measure");
    assert_true(text_is(verdict.reasons[0].args[0], "1"));
    assert_int_equal(all_of(ledger, (measures_ask_t){0}).rows_count, 1);
}

static void a_unit_has_so_many_measures_and_no_more(void **state) {
    ledger_t *ledger = *state;
    for (uint32_t index = 0; index < LIMIT_MEASURES; index++) {
        measure_entered_t entered = {.submission_id = {1}, .unit = T("350104100"),
                                     .actor = {.credential = credential_curve, .door = door_gateway},
                                     .measure = fair(arena_format(ledger->arena, "义卖 %u", index).at)};
        ledger_append(ledger, measure_entered_type(), &entered, at_ten(ledger, 20210810));
    }
    ledger_feed(ledger);
    assert_only(say(ledger, fair("再来一场"), 0, 20210811), "measures_full", "measure");
}

static void the_phase_follows_the_ledgers_clock(void **state) {
    ledger_t *ledger = *state;
    say(ledger, fair("义卖"), 0, 20210810);
    static const struct {
        uint32_t day;
        measure_phase_t phase;
        uint64_t days;
    } known[] = {{20211016, measure_phase_running, 15}, {20211017, measure_phase_near, 14}, {20211031, measure_phase_near, 0},
                 {20211101, measure_phase_overdue, 1}};
    for (size_t index = 0; index < sizeof known / sizeof known[0]; index++) {
        tick(ledger, known[index].day);
        measures_t told = all_of(ledger, (measures_ask_t){.pressing_only = known[index].phase != measure_phase_running});
        assert_int_equal(told.rows_count, 1);
        assert_int_equal(told.rows[0].phase, known[index].phase);
        assert_int_equal(told.rows[0].days, known[index].days);
    }
    planned_measure_t done = {.number = 1, .state = measure_state_done, .done_day = 20211103, .result = T("三万元")};
    assert_true(say(ledger, done, 1, 20211104).accepted);
    assert_int_equal(all_of(ledger, (measures_ask_t){0}).rows[0].phase, measure_phase_late);
    assert_int_equal(all_of(ledger, (measures_ask_t){0}).rows[0].days, 3);
    assert_int_equal(all_of(ledger, (measures_ask_t){.open_only = true}).rows_count, 0);
}

static void long_words_come_in_pages_and_none_is_lost(void **state) {
    ledger_t *ledger = *state;
    char words[1501] = {0};
    memset(words, 'a', sizeof words - 1);
    for (uint32_t index = 0; index < 200; index++) {
        planned_measure_t measure = fair(arena_format(ledger->arena, "义卖 %u", index).at);
        measure.plan = text_of(words);
        measure_entered_t entered = {.submission_id = {1}, .unit = T("350104100"), .measure = measure,
                                     .actor = {.credential = credential_curve, .door = door_gateway}};
        ledger_append(ledger, measure_entered_type(), &entered, at_ten(ledger, 20210810));
    }
    ledger_feed(ledger);
    measures_ask_t ask = {.unit = T("350104100")};
    measures_t page = {.more = true};
    while (page.more) {
        page = all_of(ledger, ask);
        for (uint32_t index = 0; index < page.rows_count; index++)
            assert_int_equal(page.rows[index].row.measure.number, ask.after + index + 1);
        ask.after += page.rows_count;
    }
    assert_int_equal(ask.after, 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_measure_gets_the_next_number_of_its_unit_and_the_end_of_its_day),
        TEST(a_change_keeps_what_it_does_not_name_and_the_history_keeps_both),
        TEST(a_change_of_what_does_not_stand_is_told_what_does_since_when),
        TEST(another_units_measure_is_not_there),
        TEST(a_measure_is_of_a_task_that_the_unit_owes),
        TEST(a_due_day_lies_ahead_and_within_the_plan),
        TEST(what_is_overdue_can_be_reworded_but_not_put_off_into_the_past),
        TEST(what_is_done_says_when_and_what_came_of_it),
        TEST(a_measure_that_is_planned_has_no_result),
        TEST(what_was_called_done_by_mistake_is_planned_again),
        TEST(what_is_withdrawn_has_a_reason_and_changes_no_more),
        TEST(the_same_measure_twice_is_told_the_number_of_the_first),
        TEST(a_unit_has_so_many_measures_and_no_more),
        TEST(the_phase_follows_the_ledgers_clock),
        TEST(long_words_come_in_pages_and_none_is_lost),
    };
    return cmocka_run_group_tests_name("validation_measures", tests, NULL, NULL);
}
