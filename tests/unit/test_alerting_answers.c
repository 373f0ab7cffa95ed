/* Answers and silences as alerting takes them: the ladder rests, what is silenced is recorded, the most severe comes after. */
#include "tests/unit/alerting_world.h"

static void decide(world_t *world, const warning_decided_t *decided, int64_t at_ms) {
    warning_ruling_t ruling = {.decided = *decided};
    if (decided->actor.credential == credential_none)
        ruling.decided.actor = (actor_t){.credential = credential_curve, .door = door_gateway};
    world_tell(world, warning_ruling_type(), &ruling, at_ms);
}

static warning_decided_t answer_of(const char *unit, uint32_t by) {
    return (warning_decided_t){.id = {1}, .decision = warning_decision_answered, .unit = text_of(unit),
                               .task = text_of("consumption"), .period = text_of("2021-08"), .by = by};
}

static warning_decided_t silence_of(const char *unit, uint8_t number, uint32_t until_day) {
    return (warning_decided_t){.id = {number}, .decision = warning_decision_silenced, .unit = text_of(unit),
                               .until_ms = end_of(until_day), .why = text_of("机房迁移")};
}

static void who_has_promised_is_left_alone_until_that_day_is_over(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    warning_decided_t answer = answer_of("shangwu", 20210901);
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210826, 10, 0));
    world_told(world);
    decide(world, &answer, at(20210826, 11, 0));
    assert_string_equal(world_told(world), "08-26 11:00 acknowledged by 20210901 shangwu e1\n");
    world_pass(world, at(20210902, 8, 0));
    assert_string_equal(world_told(world), "");
    world_pass(world, at(20210902, 9, 0)); /* T+7 of 09-01 is told; nothing was missed meanwhile */
    assert_string_equal(world_told(world), "09-02 09:00 report_overdue T+7 orange shangwu as owner e1\n"
                                           "09-02 09:00 report_overdue T+7 orange nongye as lead e1\n");
    world_destroy(world);
}

static void a_promise_that_is_kept_withdraws_what_stood(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    warning_decided_t answer = answer_of("shangwu", 20210901);
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210826, 10, 0));
    decide(world, &answer, at(20210826, 11, 0));
    world_told(world);
    world_obligation(world, "shangwu", 20210825, standing_reported, at(20210831, 16, 0));
    assert_string_equal(world_told(world), "08-31 16:00 withdrawn T+1 shangwu e1\n");
    world_destroy(world);
}

static void a_return_is_told_at_once_and_the_promise_before_it_holds_no_longer(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    warning_decided_t answer = answer_of("shangwu", 20210910);
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210826, 10, 0));
    decide(world, &answer, at(20210826, 11, 0));
    world_obligation(world, "shangwu", 20210825, standing_reported, at(20210827, 9, 0));
    world_told(world);
    world_obligation(world, "shangwu", 20210825, standing_returned, at(20210827, 11, 0));
    assert_string_equal(world_told(world), "08-27 11:00 report_returned returned remind shangwu as owner e2\n");
    world_pass(world, at(20210906, 10, 0));
    assert_string_equal(world_told(world), "08-30 09:00 report_returned T-2 remind shangwu as owner e2\n"
                                           "09-01 09:00 report_returned T-0 remind shangwu as owner e2\n"
                                           "09-02 09:00 report_returned T+1 blue shangwu as owner e2\n"
                                           "09-06 09:00 report_returned T+3 blue shangwu as owner e2\n");
    world_destroy(world);
}

static void a_moved_deadline_ends_the_promise_that_was_made_for_the_old_one(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    warning_decided_t answer = answer_of("shangwu", 20210910);
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210824, 10, 0));
    decide(world, &answer, at(20210824, 11, 0));
    world_told(world);
    world_obligation(world, "shangwu", 20210830, standing_due, at(20210824, 15, 0));
    world_pass(world, at(20210831, 10, 0));
    assert_string_equal(world_told(world), "08-24 15:00 withdrawn T-1 shangwu e1\n"
                                           "08-25 09:00 report_due T-5 remind shangwu as owner e2\n"
                                           "08-27 09:00 report_due T-1 remind shangwu as owner e2\n"
                                           "08-30 09:00 report_due T-0 remind shangwu as owner e2\n"
                                           "08-31 09:00 report_overdue T+1 blue shangwu as owner e2\n");
    world_destroy(world);
}

static void an_answer_before_the_first_reminder_rests_too_and_one_about_nothing_is_nothing(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    warning_decided_t answer = answer_of("shangwu", 20210820), other = answer_of("cishan", 20210820);
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    decide(world, &answer, at(20210802, 11, 0));
    decide(world, &other, at(20210802, 12, 0));
    assert_string_equal(world_told(world), "08-02 11:00 acknowledged by 20210820 shangwu e1\n");
    world_pass(world, at(20210824, 12, 0)); /* T-5 fell on the 20th; after the promise it is T-5's turn, then T-1's */
    assert_string_equal(world_told(world), "08-23 09:00 report_due T-5 remind shangwu as owner e1\n"
                                           "08-24 09:00 report_due T-1 remind shangwu as owner e1\n");
    world_destroy(world);
}

static void what_is_silenced_is_recorded_once_a_rung_and_told_when_the_silence_is_over(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    warning_decided_t silence = silence_of("shangwu", 1, 20210831);
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_obligation(world, "cishan", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210825, 12, 0));
    world_told(world);
    decide(world, &silence, at(20210825, 12, 30));
    world_pass(world, at(20210831, 23, 0));
    assert_string_equal(world_told(world), "08-26 09:00 report_overdue T+1 blue cishan as owner e1\n"
                                           "08-26 09:00 withheld silenced T+1 shangwu e1\n"
                                           "08-30 09:00 report_overdue T+3 blue cishan as owner e1\n"
                                           "08-30 09:00 withheld silenced T+3 shangwu e1\n");
    world_pass(world, at(20210901, 12, 0));
    assert_string_equal(world_told(world), "09-01 09:00 report_overdue T+7 orange cishan as owner e1\n"
                                           "09-01 09:00 report_overdue T+7 orange nongye as lead e1\n"
                                           "09-01 09:00 report_overdue T+7 orange shangwu as owner e1\n"
                                           "09-01 09:00 report_overdue T+7 orange nongye as lead e1\n");
    world_destroy(world);
}

static void a_silence_that_is_ended_ends_the_next_morning(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    warning_decided_t silence = silence_of("", 3, 20210930), end = {.id = {9}, .decision = warning_decision_unsilenced};
    memcpy(end.silence, silence.id, sizeof end.silence);
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    decide(world, &silence, at(20210825, 12, 30));
    world_pass(world, at(20210826, 12, 0));
    world_told(world);
    decide(world, &end, at(20210826, 13, 0));
    world_pass(world, at(20210827, 12, 0));
    assert_string_equal(world_told(world), "08-27 09:00 report_overdue T+1 blue shangwu as owner e1\n");
    world_destroy(world);
}

static void a_broken_tenure_is_never_silenced(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    warning_decided_t silence = silence_of("", 1, 20211031);
    world_teachers(world, reach_met, tenure_holding, at(20210825, 10, 0));
    decide(world, &silence, at(20210825, 12, 30));
    world_teachers(world, reach_met, tenure_broken, at(20210924, 22, 41));
    assert_non_null(strstr(world_told(world), "09-24 22:41 tenure_broken broken red jiaoyu as owner e1\n"));
    world_destroy(world);
}

static void silences_are_told_when_asked_and_those_past_their_end_are_not(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    warning_decided_t first = silence_of("shangwu", 1, 20210831), second = silence_of("cishan", 2, 20210930);
    decide(world, &first, at(20210825, 12, 30));
    decide(world, &second, at(20210825, 12, 31));
    world_pass(world, at(20210902, 0, 0));
    world_flush(world);
    silences_ask_t ask = {0};
    silences_t told;
    buffer_t packet = {0}, out = {0};
    packet_t asked, answered;
    fault_t fault;
    packet_encode(7, silences_ask_type(), &ask, &packet);
    assert_int_equal(packet_decode((bytes_t){packet.at, (uint32_t)packet.size}, &asked, &fault), OK);
    assert_true(stage_answer(world->stage, &asked, &out));
    assert_int_equal(packet_decode((bytes_t){out.at, (uint32_t)out.size}, &answered, &fault), OK);
    assert_int_equal(packet_body(&answered, silences_type(), world->arena, &told, &fault), OK);
    assert_int_equal(told.rows_count, 1);
    assert_true(text_is(told.rows[0].silence.unit, "cishan"));
    assert_true(text_is(told.rows[0].silence.why, "机房迁移"));
    buffer_destroy(&packet);
    buffer_destroy(&out);
    world_destroy(world);
}

static warning_decided_t press_of(const char *unit) {
    return (warning_decided_t){.id = {1}, .decision = warning_decision_reminded, .unit = text_of(unit),
                               .task = text_of("consumption"), .period = text_of("2021-08"),
                               .actor = {.officer = text_of("lin"), .office = office_coordinator, .unit = text_of("nongye"),
                                         .credential = credential_session, .door = door_console}};
}

static void who_is_pressed_hears_it_at_once_and_alone_and_the_ladder_goes_on_as_if_nothing_was_said(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    warning_decided_t press = press_of("shangwu");
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210901, 8, 0));
    world_told(world);
    decide(world, &press, at(20210901, 8, 30));
    assert_string_equal(world_told(world), "09-01 08:30 report_overdue R-20210901 blue shangwu as owner e1\n");
    world_pass(world, at(20210901, 9, 0));
    assert_string_equal(world_told(world), "09-01 09:00 report_overdue T+7 orange shangwu as owner e1\n"
                                           "09-01 09:00 report_overdue T+7 orange nongye as lead e1\n");
    world_destroy(world);
}

static void a_promise_outlasts_being_pressed_and_a_silence_keeps_its_word(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    warning_decided_t answer = answer_of("shangwu", 20210901), press = press_of("shangwu");
    warning_decided_t silence = silence_of("shangwu", 1, 20210915);
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210826, 10, 0));
    decide(world, &answer, at(20210826, 11, 0));
    world_told(world);
    decide(world, &press, at(20210827, 11, 0));
    assert_string_equal(world_told(world), "08-27 11:00 report_overdue R-20210827 blue shangwu as owner e1\n");
    world_pass(world, at(20210902, 8, 0));
    assert_string_equal(world_told(world), "");
    decide(world, &silence, at(20210902, 8, 10));
    decide(world, &press, at(20210902, 8, 20));
    assert_non_null(strstr(world_told(world), "R-20210902"));
    world_destroy(world);
}

static void who_owes_nothing_is_not_pressed(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    warning_decided_t press = press_of("shangwu");
    world_obligation(world, "shangwu", 20210825, standing_reported, at(20210820, 0, 0));
    decide(world, &press, at(20210826, 11, 0));
    assert_string_equal(world_told(world), "");
    world_destroy(world);
}

int main(void) {
    const struct CMUnitTest all[] = {
        cmocka_unit_test(who_has_promised_is_left_alone_until_that_day_is_over),
        cmocka_unit_test(a_promise_that_is_kept_withdraws_what_stood),
        cmocka_unit_test(a_return_is_told_at_once_and_the_promise_before_it_holds_no_longer),
        cmocka_unit_test(a_moved_deadline_ends_the_promise_that_was_made_for_the_old_one),
        cmocka_unit_test(an_answer_before_the_first_reminder_rests_too_and_one_about_nothing_is_nothing),
        cmocka_unit_test(what_is_silenced_is_recorded_once_a_rung_and_told_when_the_silence_is_over),
        cmocka_unit_test(a_silence_that_is_ended_ends_the_next_morning),
        cmocka_unit_test(a_broken_tenure_is_never_silenced),
        cmocka_unit_test(silences_are_told_when_asked_and_those_past_their_end_are_not),
        cmocka_unit_test(who_is_pressed_hears_it_at_once_and_alone_and_the_ladder_goes_on_as_if_nothing_was_said),
        cmocka_unit_test(a_promise_outlasts_being_pressed_and_a_silence_keeps_its_word),
        cmocka_unit_test(who_owes_nothing_is_not_pressed),
    };
    return cmocka_run_group_tests_name("alerting_answers", all, NULL, NULL);
}
