/* Alerting as a stage: events of stream 3 in, a transcript of warnings out. The world's ticks come every hour. */
#include "tests/unit/alerting_world.h"

static void a_report_that_never_comes_climbs_the_whole_ladder(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210922, 23, 0));
    assert_string_equal(world_told(world),
                        "08-20 09:00 report_due T-5 remind shangwu as owner e1\n"
                        "08-24 09:00 report_due T-1 remind shangwu as owner e1\n"
                        "08-25 09:00 report_due T-0 remind shangwu as owner e1\n"
                        "08-26 09:00 report_overdue T+1 blue shangwu as owner e1\n"
                        "08-30 09:00 report_overdue T+3 blue shangwu as owner e1\n" /* 08-28 is a Saturday */
                        "09-01 09:00 report_overdue T+7 orange shangwu as owner e1\n"
                        "09-01 09:00 report_overdue T+7 orange nongye as lead e1\n"
                        "09-08 09:00 report_overdue T+14 red shangwu as owner e1\n"
                        "09-08 09:00 report_overdue T+14 red nongye as lead e1\n"
                        "09-15 09:00 report_overdue T+21 red shangwu as owner e1\n"
                        "09-15 09:00 report_overdue T+21 red nongye as lead e1\n"
                        "09-22 09:00 report_overdue T+28 red shangwu as owner e1\n"
                        "09-22 09:00 report_overdue T+28 red nongye as lead e1\n");
    warning_raised_t last = world_last(world);
    assert_true(text_is(last.owner, "shangwu"));
    assert_true(text_is(last.unit, "nongye"));
    assert_int_equal(last.missing_count, 1);
    assert_true(text_is(last.missing[0], "sales"));
    world_destroy(world);
}

static void reminders_of_a_deadline_on_saturday_are_brought_forward_and_become_one(void **state) {
    (void)state;
    world_t *world = world_new(at(20210901, 0, 0));
    world_obligation(world, "shangwu", 20210925, standing_not_due, at(20210901, 0, 0));
    world_pass(world, at(20210926, 12, 0));
    assert_string_equal(world_told(world),
                        /* 09-20 is Mid-Autumn, 09-18 a make-up workday */
                        "09-18 09:00 report_due T-5 remind shangwu as owner e1\n"
                        "09-24 09:00 report_due T-0 remind shangwu as owner e1\n"  /* T-1 and T-0 */
                        "09-26 09:00 report_overdue T+1 blue shangwu as owner e1\n"); /* Sunday, a make-up workday */
    world_destroy(world);
}

static void who_has_reported_hears_nothing(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_obligation(world, "shangwu", 20210825, standing_reported, at(20210819, 10, 0));
    world_pass(world, at(20210910, 0, 0));
    assert_string_equal(world_told(world), "");
    world_destroy(world);
}

static void a_reminder_is_withdrawn_the_moment_the_report_lands(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210901, 9, 0));
    world_told(world);
    world_obligation(world, "shangwu", 20210825, standing_reported, at(20210901, 15, 17));
    assert_string_equal(world_told(world), "09-01 15:17 withdrawn T+7 shangwu e1\n"
                                           "09-01 15:17 withdrawn T+7 nongye e1\n");
    world_obligation(world, "shangwu", 20210825, standing_approved, at(20210902, 10, 0));
    world_pass(world, at(20211001, 0, 0));
    assert_string_equal(world_told(world), "");
    world_destroy(world);
}

static void a_returned_report_is_a_new_episode(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_obligation(world, "shangwu", 20210825, standing_due, at(20210801, 0, 0));
    world_pass(world, at(20210820, 9, 0));
    world_obligation(world, "shangwu", 20210825, standing_reported, at(20210820, 11, 0));
    world_obligation(world, "shangwu", 20210825, standing_returned, at(20210823, 11, 0));
    world_pass(world, at(20210827, 9, 0));
    world_obligation(world, "shangwu", 20210825, standing_reported, at(20210827, 10, 0));
    assert_string_equal(world_told(world), "08-20 09:00 report_due T-5 remind shangwu as owner e1\n"
                                           "08-20 11:00 withdrawn T-5 shangwu e1\n"
                                           "08-23 11:00 report_returned returned remind shangwu as owner e2\n"
                                           "08-24 09:00 report_returned T-2 remind shangwu as owner e2\n"
                                           "08-26 09:00 report_returned T-0 remind shangwu as owner e2\n"
                                           "08-27 09:00 report_returned T+1 blue shangwu as owner e2\n"
                                           "08-27 10:00 withdrawn T+1 shangwu e2\n");
    world_destroy(world);
}

static void a_report_returned_again_is_told_its_new_objection(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    obligation_changed_t told = {.unit = text_of("shangwu"), .task = text_of("consumption"), .period = text_of("2021-08"),
                                 .standing = standing_returned, .timeliness = timeliness_on_time, .due_ms = end_of(20210825),
                                 .again_ms = end_of(20210826), .why = text_of("金额不符")};
    world_tell(world, obligation_changed_type(), &told, at(20210823, 11, 0));
    world_tell(world, obligation_changed_type(), &told, at(20210823, 11, 5)); /* nothing new */
    told.why = text_of("单位也不符");
    world_tell(world, obligation_changed_type(), &told, at(20210823, 11, 10));
    assert_string_equal(world_told(world), "08-23 11:00 report_returned returned remind shangwu as owner e1\n"
                                           "08-23 11:10 withdrawn returned shangwu e1\n"
                                           "08-23 11:10 report_returned returned remind shangwu as owner e2\n");
    world_destroy(world);
}

static void an_extended_deadline_withdraws_what_was_said_of_the_old_one(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210826, 9, 0));
    world_told(world);
    obligation_changed_t later = {.unit = text_of("shangwu"), .task = text_of("consumption"), .period = text_of("2021-08"),
                                  .standing = standing_due, .timeliness = timeliness_pending, .due_ms = end_of(20210903)};
    world_tell(world, obligation_changed_type(), &later, at(20210826, 14, 30));
    world_pass(world, at(20210830, 12, 0));
    assert_string_equal(world_told(world), "08-26 14:30 withdrawn T+1 shangwu e1\n"
                                           "08-27 09:00 report_due T-5 remind shangwu as owner e2\n");
    world_destroy(world);
}

static void the_coordinators_own_late_report_is_told_to_it_once(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_obligation(world, "nongye", 20210825, standing_overdue, at(20210901, 8, 0));
    world_pass(world, at(20210901, 12, 0));
    assert_string_equal(world_told(world), "09-01 09:00 report_overdue T+7 orange nongye as owner e1\n");
    world_destroy(world);
}

static void after_a_gap_only_the_most_severe_that_still_holds_is_told(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210820, 8, 0));
    world_tick(world, at(20210904, 3, 0)); /* two weeks without a tick, back on a Saturday night */
    assert_string_equal(world_told(world), "");
    world_pass(world, at(20210907, 0, 0));
    assert_string_equal(world_told(world), "09-06 09:00 withheld stale T-5 T-1 T-0 T+1 T+3 shangwu e1\n"
                                           "09-06 09:00 report_overdue T+7 orange shangwu as owner e1\n"
                                           "09-06 09:00 report_overdue T+7 orange nongye as lead e1\n");
    world_destroy(world);
}

static void a_gap_that_ends_within_office_hours_is_caught_up_at_once(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_tick(world, at(20210824, 11, 20));
    world_pass(world, at(20210824, 23, 0));
    assert_string_equal(world_told(world), "08-24 11:20 withheld stale T-5 shangwu e1\n"
                                           "08-24 11:20 report_due T-1 remind shangwu as owner e1\n");
    world_destroy(world);
}

static void the_transfer_due_at_the_end_of_october_is_warned_about_until_it_is_there(void **state) {
    (void)state;
    world_t *world = world_new(at(20210901, 0, 0));
    world->no_pace = true;
    world_transfer(world, reach_not_yet, 0, at(20210901, 0, 0));
    world_pass(world, at(20211018, 0, 0));
    /* 10-01 is a holiday: T-30 is brought forward to 09-30; 10-17 is a Sunday: T-14 to Friday the 15th */
    assert_string_equal(world_told(world), "09-30 09:00 target_due T-30 remind cishan as owner e1\n"
                                           "09-30 09:00 target_due T-30 remind gongshanglian as lead e1\n"
                                           "09-30 09:00 target_due T-30 remind nongye as coordinator e1\n"
                                           "10-15 09:00 target_due T-14 remind cishan as owner e1\n"
                                           "10-15 09:00 target_due T-14 remind gongshanglian as lead e1\n"
                                           "10-15 09:00 target_due T-14 remind nongye as coordinator e1\n");
    world_transfer(world, reach_not_yet, 100000000, at(20211020, 10, 0)); /* part of it: nothing is withdrawn */
    world_pass(world, at(20211102, 0, 0));
    assert_string_equal(world_told(world), "10-22 09:00 target_due T-7 blue cishan as owner e1\n"
                                           "10-22 09:00 target_due T-7 blue gongshanglian as lead e1\n"
                                           "10-22 09:00 target_due T-7 blue nongye as coordinator e1\n"
                                           "10-28 09:00 target_due T-3 orange cishan as owner e1\n"
                                           "10-28 09:00 target_due T-3 orange gongshanglian as lead e1\n"
                                           "10-28 09:00 target_due T-3 orange nongye as coordinator e1\n"
                                           "10-29 09:00 target_due T-0 red cishan as owner e1\n" /* T-1 and T-0: the louder */
                                           "10-29 09:00 target_due T-0 red gongshanglian as lead e1\n"
                                           "10-29 09:00 target_due T-0 red nongye as coordinator e1\n"
                                           "11-01 09:00 target_overdue T+1 red cishan as owner e1\n"
                                           "11-01 09:00 target_overdue T+1 red gongshanglian as lead e1\n"
                                           "11-01 09:00 target_overdue T+1 red nongye as coordinator e1\n");
    assert_non_null(strstr(world_last(world).zh.at, "目前100.00万元，还差200.00万元，已逾期1天"));
    world_transfer(world, reach_met, 300000000, at(20211105, 16, 5));
    world_pass(world, at(20211201, 0, 0));
    assert_string_equal(world_told(world), "11-05 16:05 withdrawn T+1 cishan e1\n"
                                           "11-05 16:05 withdrawn T+1 gongshanglian e1\n"
                                           "11-05 16:05 withdrawn T+1 nongye e1\n");
    world_destroy(world);
}

static void a_correction_that_unmeets_a_target_raises_it_anew_as_the_next_episode(void **state) {
    (void)state;
    world_t *world = world_new(at(20210901, 0, 0));
    world_transfer(world, reach_not_yet, 0, at(20210901, 0, 0));
    world_pass(world, at(20210930, 9, 0));
    uint8_t first_id[16];
    warning_raised_t first = world_last(world);
    memcpy(first_id, first.id, sizeof first_id);
    world_transfer(world, reach_met, 300000000, at(20211008, 10, 30));
    world_told(world);
    world_transfer(world, reach_not_yet, 200000000, at(20211009, 10, 30));
    world_pass(world, at(20211009, 12, 0));
    assert_string_equal(world_told(world), "10-09 11:00 target_due T-30 remind cishan as owner e2\n"
                                           "10-09 11:00 target_due T-30 remind gongshanglian as lead e2\n"
                                           "10-09 11:00 target_due T-30 remind nongye as coordinator e2\n");
    assert_memory_not_equal(world_last(world).id, first_id, sizeof first_id);
    world_destroy(world);
}

static void who_no_longer_owes_is_released_while_the_others_go_on(void **state) {
    (void)state;
    world_t *world = world_new(at(20210901, 0, 0));
    target_changed_t target = {.task = text_of("talent"), .indicator = text_of("teachers"), .reach = reach_not_yet,
                               .lamp = lamp_yellow, .done = 3, .goal = 7, .due_ms = end_of(20211031), .owing = talent_units,
                               .owing_count = 1};
    world_tell(world, target_changed_type(), &target, at(20210901, 0, 0));
    world_pass(world, at(20210930, 9, 0));
    world_told(world);
    target.owing_count = 0;
    world_tell(world, target_changed_type(), &target, at(20211008, 10, 0));
    world_pass(world, at(20211015, 9, 0));
    assert_string_equal(world_told(world), "10-08 10:00 withdrawn T-30 jiaoyu e1\n"
                                           "10-15 09:00 target_due T-14 remind nongye as coordinator e1\n"
                                           "10-15 09:00 target_due T-14 remind renshe as lead e1\n");
    world_destroy(world);
}

static void a_target_not_met_at_the_close_falls_silent_but_is_not_withdrawn(void **state) {
    (void)state;
    world_t *world = world_new(at(20210901, 0, 0));
    world->no_pace = true;
    world_transfer(world, reach_not_yet, 0, at(20210901, 0, 0));
    world_pass(world, at(20211101, 9, 0));
    world_told(world);
    world_transfer(world, reach_not_met, 0, at(20211102, 10, 0));
    world_pass(world, at(20211201, 9, 0));
    assert_string_equal(world_told(world), "");
    world_transfer(world, reach_met_after_due, 300000000, at(20211202, 10, 0)); /* and yet */
    assert_string_equal(world_told(world), "12-02 10:00 withdrawn T+1 cishan e1\n"
                                           "12-02 10:00 withdrawn T+1 gongshanglian e1\n"
                                           "12-02 10:00 withdrawn T+1 nongye e1\n");
    world_destroy(world);
}

static void a_stretch_target_is_never_overdue_and_never_more_than_blue(void **state) {
    (void)state;
    world_t *world = world_new(at(20210901, 0, 0));
    target_changed_t target = {.task = text_of("consumption"), .indicator = text_of("sales"), .reach = reach_not_yet,
                               .lamp = lamp_yellow, .goal = 100, .due_ms = end_of(20211031), .owing = swj, .owing_count = 1,
                               .stretch = true};
    world_tell(world, target_changed_type(), &target, at(20210901, 0, 0));
    world_pass(world, at(20211201, 0, 0));
    assert_string_equal(world_told(world), "09-01 09:00 pace_slow pace-1 blue nongye as lead e1\n"
                                           "09-01 09:00 pace_slow pace-1 blue shangwu as owner e1\n"
                                           "09-26 09:00 pace_slow pace-2 blue nongye as lead e1\n"
                                           "09-26 09:00 pace_slow pace-2 blue shangwu as owner e1\n"
                                           "10-26 09:00 pace_slow pace-3 blue nongye as lead e1\n"
                                           "10-26 09:00 pace_slow pace-3 blue shangwu as owner e1\n");
    world_destroy(world);
}

static void a_broken_tenure_is_told_at_once_and_withdrawn_when_it_was_a_mistake(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_teachers(world, reach_met, tenure_holding, at(20210825, 10, 0));
    world_pass(world, at(20211224, 0, 0));
    assert_string_equal(world_told(world), "");
    world_teachers(world, reach_met, tenure_broken, at(20211224, 22, 41));
    world_pass(world, at(20211226, 10, 0));
    assert_string_equal(world_told(world), "12-24 22:41 tenure_broken broken red jiaoyu as owner e1\n"
                                           "12-24 22:41 tenure_broken broken red nongye as coordinator e1\n"
                                           "12-24 22:41 tenure_broken broken red renshe as lead e1\n");
    world_teachers(world, reach_met, tenure_holding, at(20211227, 9, 0));
    assert_string_equal(world_told(world), "12-27 09:00 withdrawn broken jiaoyu e1\n"
                                           "12-27 09:00 withdrawn broken nongye e1\n"
                                           "12-27 09:00 withdrawn broken renshe e1\n");
    world_teachers(world, reach_met, tenure_broken, at(20211228, 9, 0));
    assert_non_null(strstr(world_told(world), "12-28 09:00 tenure_broken broken red jiaoyu as owner e2\n"));
    world_destroy(world);
}

static void a_closed_plan_reminds_of_confirmations_and_a_sealed_one_of_nothing(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    plan_closed_t closed = {.why = text_of("办结")};
    world_tell(world, plan_closed_type(), &closed, at(20210802, 0, 0));
    world_pass(world, at(20210910, 0, 0));
    assert_string_equal(world_told(world), "");
    world_obligation(world, "shangwu", 20220125, standing_not_due, at(20220110, 0, 0));
    world_pass(world, at(20220124, 10, 0));
    assert_string_equal(world_told(world), "01-20 09:00 report_due T-5 remind shangwu as owner e1\n"
                                           "01-24 09:00 report_due T-1 remind shangwu as owner e1\n");
    world_obligation(world, "shangwu", 20220225, standing_not_due, at(20220124, 11, 0));
    world_tell(world, plan_sealed_type(), &(plan_sealed_t){0}, at(20220124, 12, 0));
    world_pass(world, at(20220310, 0, 0));
    assert_string_equal(world_told(world), "");
    world_destroy(world);
}

static void a_rehearsal_says_so_in_every_text(void **state) {
    (void)state;
    world_t *world = world_new_of(&world_plan, clock_mode_rehearsal, at(20210801, 0, 0));
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210820, 9, 0));
    warning_raised_t warning = world_last(world);
    assert_true(warning.rehearsal);
    assert_int_equal(strncmp(warning.zh.at, "【演练】", strlen("【演练】")), 0);
    assert_int_equal(strncmp(warning.en.at, "[Rehearsal]", strlen("[Rehearsal]")), 0);
    world_destroy(world);
}

static void twelve_hundred_units_late_at_one_tick_are_all_told(void **state) {
    (void)state;
    enum { MANY = 1200 };
    world_t *world = world_new(at(20210801, 0, 0));
    for (uint32_t index = 0; index < MANY; index++) {
        char unit[16];
        snprintf(unit, sizeof unit, "unit-%04u", index);
        world_obligation(world, unit, 20210825, standing_not_due, at(20210801, 0, 0));
    }
    world_tick(world, at(20210820, 9, 0));
    const char *told = world_told(world);
    uint32_t lines = 0;
    for (const char *next = told; (next = strchr(next, '\n')) != NULL; next++) lines++;
    assert_int_equal(lines, MANY);
    assert_non_null(strstr(told, "unit-1199"));
    world_destroy(world);
}

/* A stream of every kind of event, told in batches of so many; gives the head of stream 4. */
static head_t head_of_story(uint64_t batch_events) {
    world_t *world = world_new(at(20210801, 0, 0));
    world->batch_events = batch_events;
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_obligation(world, "nongye", 20210825, standing_not_due, at(20210801, 0, 0));
    world_transfer(world, reach_not_yet, 0, at(20210801, 0, 0));
    world_pass(world, at(20210824, 12, 0));
    world_obligation(world, "nongye", 20210825, standing_reported, at(20210824, 13, 0));
    world_teachers(world, reach_met, tenure_holding, at(20210825, 10, 0));
    world_pass(world, at(20211020, 0, 0));
    world_obligation(world, "shangwu", 20210825, standing_reported, at(20211020, 13, 0));
    world_transfer(world, reach_met, 300000000, at(20211021, 0, 0));
    world_teachers(world, reach_met, tenure_broken, at(20211022, 10, 0));
    world_transfer(world, reach_not_yet, 200000000, at(20211025, 0, 0));
    world_pass(world, at(20211103, 0, 0));
    world_flush(world);
    txn_t *txn = store_read(stage_store(world->stage));
    head_t head = txn_head(txn);
    txn_abort(&txn);
    world_destroy(world);
    return head;
}

static void a_replay_gives_identical_bytes_wherever_batches_end(void **state) {
    (void)state;
    head_t whole = head_of_story(0), small = head_of_story(7), single = head_of_story(1);
    assert_true(whole.seq > 1000);
    assert_true(whole.seq == small.seq && whole.seq == single.seq);
    assert_memory_equal(whole.hash, small.hash, sizeof whole.hash);
    assert_memory_equal(whole.hash, single.hash, sizeof whole.hash);
}

static warnings_t ask(world_t *world, const warnings_ask_t *question, buffer_t *out) {
    buffer_t packet = {0};
    packet_encode(7, warnings_ask_type(), question, &packet);
    packet_t asked, answered;
    fault_t fault;
    warnings_t told;
    assert_int_equal(packet_decode((bytes_t){packet.at, (uint32_t)packet.size}, &asked, &fault), OK);
    buffer_clear(out);
    assert_true(stage_answer(world->stage, &asked, out));
    assert_int_equal(packet_decode((bytes_t){out->at, (uint32_t)out->size}, &answered, &fault), OK);
    assert_int_equal(packet_body(&answered, warnings_type(), world->arena, &told, &fault), OK);
    buffer_destroy(&packet);
    return told;
}

static void a_query_tells_what_was_told_and_what_still_stands(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    buffer_t out = {0};
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_obligation(world, "cishan", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(world, at(20210824, 12, 0));
    world_obligation(world, "cishan", 20210825, standing_reported, at(20210824, 13, 0));
    world_flush(world);
    warnings_t all = ask(world, &(warnings_ask_t){0}, &out);
    assert_int_equal(all.rows_count, 4);
    assert_false(all.more);
    warnings_t after = ask(world, &(warnings_ask_t){.after = all.rows[1].seq}, &out);
    assert_int_equal(after.rows_count, 2);
    assert_true(after.rows[0].seq == all.rows[2].seq);
    warnings_t unit = ask(world, &(warnings_ask_t){.unit = text_of("cishan")}, &out);
    assert_int_equal(unit.rows_count, 2);
    assert_true(unit.rows[1].resolved);
    warnings_t standing = ask(world, &(warnings_ask_t){.open_only = true}, &out);
    assert_int_equal(standing.rows_count, 1); /* T-5 was overtaken by T-1, cishan's are withdrawn */
    assert_true(text_is(standing.rows[0].warning.unit, "shangwu"));
    assert_true(text_is(standing.rows[0].warning.rung, "T-1"));
    buffer_destroy(&out);
    world_destroy(world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_that_never_comes_climbs_the_whole_ladder),
        cmocka_unit_test(reminders_of_a_deadline_on_saturday_are_brought_forward_and_become_one),
        cmocka_unit_test(who_has_reported_hears_nothing),
        cmocka_unit_test(a_reminder_is_withdrawn_the_moment_the_report_lands),
        cmocka_unit_test(a_returned_report_is_a_new_episode),
        cmocka_unit_test(a_report_returned_again_is_told_its_new_objection),
        cmocka_unit_test(an_extended_deadline_withdraws_what_was_said_of_the_old_one),
        cmocka_unit_test(the_coordinators_own_late_report_is_told_to_it_once),
        cmocka_unit_test(after_a_gap_only_the_most_severe_that_still_holds_is_told),
        cmocka_unit_test(a_gap_that_ends_within_office_hours_is_caught_up_at_once),
        cmocka_unit_test(the_transfer_due_at_the_end_of_october_is_warned_about_until_it_is_there),
        cmocka_unit_test(a_correction_that_unmeets_a_target_raises_it_anew_as_the_next_episode),
        cmocka_unit_test(who_no_longer_owes_is_released_while_the_others_go_on),
        cmocka_unit_test(a_target_not_met_at_the_close_falls_silent_but_is_not_withdrawn),
        cmocka_unit_test(a_stretch_target_is_never_overdue_and_never_more_than_blue),
        cmocka_unit_test(a_broken_tenure_is_told_at_once_and_withdrawn_when_it_was_a_mistake),
        cmocka_unit_test(a_closed_plan_reminds_of_confirmations_and_a_sealed_one_of_nothing),
        cmocka_unit_test(a_rehearsal_says_so_in_every_text),
        cmocka_unit_test(twelve_hundred_units_late_at_one_tick_are_all_told),
        cmocka_unit_test(a_replay_gives_identical_bytes_wherever_batches_end),
        cmocka_unit_test(a_query_tells_what_was_told_and_what_still_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
