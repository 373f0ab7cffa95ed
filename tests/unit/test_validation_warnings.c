/* Whether an answer to a warning, or a silence, holds. */
#include "tests/unit/alerting_world.h"

#include "services/2-validation/validation_rules.h"

static planbook_t *book;
static arena_t *arena;
static follow_row_t follow; /* what was pressed for before */

static int begin(void **state) {
    (void)state;
    book = planbook_new(&world_plan);
    arena = arena_new();
    return 0;
}

static int end(void **state) {
    (void)state;
    planbook_destroy(&book);
    arena_destroy(&arena);
    return 0;
}

static warning_decided_t answer_of(const char *unit, const char *task, const char *period, const char *indicator, uint32_t by) {
    return (warning_decided_t){.id = {1}, .decision = warning_decision_answered, .unit = text_of(unit), .task = text_of(task),
                               .period = text_of(period), .indicator = text_of(indicator), .by = by};
}

/* The codes of the reasons, one blank between them; on 2021-08-26 at noon. */
static const char *said(const warning_decided_t *decided, bool reported) {
    uint32_t count = 0;
    const reason_t *reasons = warning_reasons(book, decided, reported, &follow, at(20210826, 12, 0), arena, &count);
    text_t out = text_of("");
    for (uint32_t index = 0; index < count; index++)
        out = arena_format(arena, TEXT_FORMAT "%s" TEXT_FORMAT, TEXT_ARGS(out), index > 0 ? " " : "",
                           TEXT_ARGS(reasons[index].code));
    return out.size == 0 ? "" : out.at;
}

static void an_answer_of_who_owes_with_a_day_to_come_holds(void **state) {
    (void)state;
    warning_decided_t today = answer_of("shangwu", "consumption", "2021-08", "", 20210826);
    warning_decided_t last = answer_of("shangwu", "consumption", "2021-08", "", 20210926);
    warning_decided_t target = answer_of("cishan", "society", "", "transferred", 20210901);
    assert_string_equal(said(&today, false), "");
    assert_string_equal(said(&last, false), "");
    assert_string_equal(said(&target, false), "");
}

static void the_coordinator_may_answer_for_what_it_was_told(void **state) {
    (void)state;
    warning_decided_t coordinator = answer_of("nongye", "society", "", "transferred", 20210901);
    warning_decided_t stranger = answer_of("renshe", "society", "", "transferred", 20210901);
    assert_string_equal(said(&coordinator, false), "");
    assert_string_equal(said(&stranger, false), "not_your_task");
}

static void a_promise_lies_neither_in_the_past_nor_more_than_a_month_ahead(void **state) {
    (void)state;
    warning_decided_t past = answer_of("shangwu", "consumption", "2021-08", "", 20210825);
    warning_decided_t far = answer_of("shangwu", "consumption", "2021-08", "", 20210927);
    warning_decided_t none = answer_of("shangwu", "consumption", "2021-08", "", 0);
    assert_string_equal(said(&past, false), "promise_day");
    assert_string_equal(said(&far, false), "promise_day");
    assert_string_equal(said(&none, false), "promise_day");
}

static void an_answer_names_one_period_or_one_indicator(void **state) {
    (void)state;
    warning_decided_t neither = answer_of("shangwu", "consumption", "", "", 20210827);
    warning_decided_t both = answer_of("shangwu", "consumption", "2021-08", "sales", 20210827);
    assert_string_equal(said(&neither, false), "decision_about");
    assert_string_equal(said(&both, false), "decision_about");
}

static void what_is_reported_needs_no_answer(void **state) {
    (void)state;
    warning_decided_t answer = answer_of("shangwu", "consumption", "2021-08", "", 20210827);
    assert_string_equal(said(&answer, true), "nothing_to_answer");
}

static void every_name_that_the_plan_lacks_is_told_at_once(void **state) {
    (void)state;
    warning_decided_t strange = answer_of("nobody", "nothing", "2021-13", "", 20210827);
    warning_decided_t elsewhere = answer_of("shangwu", "consumption", "", "transferred", 20210827);
    assert_string_equal(said(&strange, false), "unknown_unit unknown_task unknown_period");
    assert_string_equal(said(&elsewhere, false), "unknown_indicator");
}

static void a_silence_ends_later_than_now_and_within_a_quarter(void **state) {
    (void)state;
    warning_decided_t silence = {.id = {1}, .decision = warning_decision_silenced, .until_ms = end_of(20210910)};
    assert_string_equal(said(&silence, true), "");
    silence.until_ms = (uint64_t)at(20210826, 12, 0);
    assert_string_equal(said(&silence, false), "silence_end");
    silence.until_ms = end_of(20211231);
    assert_string_equal(said(&silence, false), "silence_end");
}

static warning_decided_t press_of(const char *unit, const char *task, const char *period) {
    return (warning_decided_t){.id = {1}, .decision = warning_decision_reminded, .unit = text_of(unit), .task = text_of(task),
                               .period = text_of(period)};
}

static void a_report_that_is_owed_and_not_in_may_be_pressed_for_once_a_day(void **state) {
    (void)state;
    warning_decided_t press = press_of("shangwu", "consumption", "2021-08");
    assert_string_equal(said(&press, false), "");
    assert_string_equal(said(&press, true), "nothing_to_remind");
    follow = (follow_row_t){.reminded_ms = (uint64_t)at(20210826, 0, 0), .reminded_by = text_of("lin")};
    assert_string_equal(said(&press, false), "reminded_today");
    follow.reminded_ms = (uint64_t)at(20210825, 23, 59);
    assert_string_equal(said(&press, false), "");
    follow = (follow_row_t){0};
}

static void nobody_is_pressed_for_what_he_does_not_owe_or_what_has_not_begun(void **state) {
    (void)state;
    warning_decided_t stranger = press_of("renshe", "consumption", "2021-08");
    warning_decided_t early = press_of("shangwu", "consumption", "2021-09"), nothing = press_of("", "", "");
    assert_string_equal(said(&stranger, false), "not_owed");
    assert_string_equal(said(&early, false), "period_not_open");
    assert_string_equal(said(&nothing, false), "missing_field missing_field missing_field");
}

int main(void) {
    const struct CMUnitTest all[] = {
        cmocka_unit_test(an_answer_of_who_owes_with_a_day_to_come_holds),
        cmocka_unit_test(the_coordinator_may_answer_for_what_it_was_told),
        cmocka_unit_test(a_promise_lies_neither_in_the_past_nor_more_than_a_month_ahead),
        cmocka_unit_test(an_answer_names_one_period_or_one_indicator),
        cmocka_unit_test(what_is_reported_needs_no_answer),
        cmocka_unit_test(every_name_that_the_plan_lacks_is_told_at_once),
        cmocka_unit_test(a_silence_ends_later_than_now_and_within_a_quarter),
        cmocka_unit_test(a_report_that_is_owed_and_not_in_may_be_pressed_for_once_a_day),
        cmocka_unit_test(nobody_is_pressed_for_what_he_does_not_owe_or_what_has_not_begun),
    };
    return cmocka_run_group_tests_name("validation_warnings", all, begin, end);
}
