/* The notifier's door: results of deliveries are noted once, and nothing else comes in there. */
#include "tests/unit/intake_world.h"

static notice_part_t part_of(const char *unit) {
    notice_part_t part = {.state = notice_state_raised, .rung = text_of("T-5"), .unit = text_of(unit)};
    memset(part.outbox_id, 0x0b, sizeof part.outbox_id);
    memset(part.warning_id, 0x0c, sizeof part.warning_id);
    return part;
}

static notice_sent_t sent_of(uint8_t number, const notice_part_t *parts) {
    notice_sent_t sent = {.route = text_of("office"), .channel = channel_mail, .attempt = 1, .code = 250, .sent_ms = 1,
                          .parts = parts, .parts_count = 1};
    memset(sent.id, number, sizeof sent.id);
    memset(sent.contact, 0x0d, sizeof sent.contact);
    return sent;
}

static notice_noted_t noted(world_t *world, const message_t *type, const void *value) {
    notice_noted_t answer;
    world_ask(world, door_notifier, type, value);
    world_commit(world);
    answer_read(world, world->later.size > 0 ? &world->later : &world->now, notice_noted_type(), &answer);
    return answer;
}

static void a_result_is_an_entry_and_its_repeat_is_not(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    notice_part_t part = part_of("chengmen");
    notice_sent_t sent = sent_of(1, &part), kept;
    notice_noted_t first = noted(&world, notice_sent_type(), &sent);
    assert_int_equal(first.seq, world_head(&world));
    world_body(&world, first.seq, notice_sent_type(), &kept);
    assert_int_equal(kept.code, 250);
    assert_true(text_is(kept.parts[0].unit, "chengmen"));
    sent.attempt = 2; /* the notifier crashed before it heard, and tells it again */
    notice_noted_t again = noted(&world, notice_sent_type(), &sent);
    assert_true(again.duplicate);
    assert_int_equal(again.seq, first.seq);
    assert_int_equal(world_head(&world), first.seq);
    world_end(&world);
}

static void the_answer_waits_for_the_commit(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    notice_part_t part = part_of("chengmen");
    notice_sent_t sent = sent_of(1, &part);
    world_ask(&world, door_notifier, notice_sent_type(), &sent);
    assert_int_equal(world.now.size, 0);
    world_commit(&world);
    assert_int_equal(answer_kind(&world.later), KIND_notice_noted);
    world_end(&world);
}

static void a_repeat_is_known_after_a_restart(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    notice_part_t part = part_of("gaishan");
    notice_failed_t failed = {.route = text_of("office"), .channel = channel_sms, .failed_ms = 1, .parts = &part,
                              .parts_count = 1, .why = notice_why_withdrawn};
    memset(failed.id, 9, sizeof failed.id);
    memset(failed.contact, 0x0d, sizeof failed.contact);
    uint64_t seq = noted(&world, notice_failed_type(), &failed).seq;
    world_reopen(&world);
    notice_noted_t again = noted(&world, notice_failed_type(), &failed);
    assert_true(again.duplicate && again.seq == seq);
    world_end(&world);
}

static void a_result_about_a_unit_that_the_plan_does_not_have_is_refused(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    notice_part_t part = part_of("nowhere");
    notice_sent_t sent = sent_of(1, &part);
    world_ask(&world, door_notifier, notice_sent_type(), &sent);
    assert_refused(&world, "unknown_unit");
    world_end(&world);
}

static void no_other_door_takes_results_and_this_one_takes_nothing_else(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    notice_part_t part = part_of("chengmen");
    notice_sent_t sent = sent_of(1, &part);
    static const door_t others[] = {door_gateway, door_operator, door_console};
    for (size_t index = 0; index < sizeof others / sizeof others[0]; index++) {
        world_ask(&world, others[index], notice_sent_type(), &sent);
        assert_refused(&world, "not_permitted");
    }
    refusals_note_t note = {.code = text_of("malformed")};
    world_ask(&world, door_notifier, refusals_note_type(), &note);
    assert_refused(&world, "not_permitted");
    plan_closed_t closed = {0};
    world_ask(&world, door_notifier, plan_closed_type(), &closed);
    assert_refused(&world, "not_permitted");
    world_end(&world);
}

static void a_closed_plan_still_learns_what_was_delivered(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    plan_closed_t closed = {0};
    world_done(&world, 3, plan_closed_type(), &closed);
    notice_part_t part = part_of("chengmen");
    notice_sent_t sent = sent_of(1, &part);
    assert_false(noted(&world, notice_sent_type(), &sent).duplicate);
    world_end(&world);
}

static void a_full_disk_says_busy_but_knows_what_it_has(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    notice_part_t part = part_of("chengmen");
    notice_sent_t sent = sent_of(1, &part), other = sent_of(2, &part);
    noted(&world, notice_sent_type(), &sent);
    intake_keep_free(world.intake, UINT64_MAX);
    world_ask(&world, door_notifier, notice_sent_type(), &other);
    assert_int_equal(answer_kind(&world.now), KIND_busy);
    world_commit(&world);
    assert_true(noted(&world, notice_sent_type(), &sent).duplicate);
    world_end(&world);
}

/* --- dead letters --- */

static void retry(world_t *world, uint8_t number, const char *officer, const uint8_t *secret, const notice_retried_t *retried) {
    uint8_t command_id[16];
    memset(command_id, number, sizeof command_id);
    command_t command = command_make_as(text_of(officer), command_id, world->ledger_id, notice_retried_type(), retried,
                                        secret, world->arena);
    world_ask(world, door_operator, command_type(), &command);
    world_commit(world);
}

static void an_operator_has_a_letter_tried_again_and_nobody_else(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    uint8_t secrets[2][SIGN_SECRET_SIZE];
    static const office_t offices[] = {office_operator, office_coordinator};
    static const char *const names[] = {"ops", "lin"};
    for (uint8_t index = 0; index < 2; index++) {
        officer_registered_t entry = {.officer = text_of(names[index]), .office = offices[index], .generation = 1,
                                      .unit = text_of(index == 0 ? "" : "chengmen")};
        sign_keypair(entry.key, secrets[index]);
        world_done(&world, (uint8_t)(index + 1), officer_registered_type(), &entry);
    }
    notice_part_t part = part_of("chengmen");
    notice_failed_t failed = {.route = text_of("office"), .channel = channel_mail, .failed_ms = 1, .parts = &part,
                              .parts_count = 1, .why = notice_why_refused};
    memset(failed.id, 9, sizeof failed.id);
    memset(failed.contact, 0x0d, sizeof failed.contact);
    noted(&world, notice_failed_type(), &failed);
    notice_retried_t kept, retried = {.actor = {.officer = text_of("somebody"), .office = office_operator,
                                                .credential = credential_session, .door = door_console}};
    memset(retried.message, 9, sizeof retried.message);
    retry(&world, 3, "lin", secrets[1], &retried);
    assert_refused(&world, "office_missing");
    retry(&world, 4, "ops", secrets[0], &retried);
    assert_int_equal(answer_kind(&world.later), KIND_command_done);
    world_body(&world, world_head(&world), notice_retried_type(), &kept);
    assert_true(text_is(kept.actor.officer, "ops")); /* who signed, whatever the command says */
    assert_int_equal(kept.message[0], 9);
    world_end(&world);
}

static void a_letter_that_the_ledger_never_heard_of_is_not_tried_again_all_of_them_always_are(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    notice_retried_t retried = {.route = text_of("office")};
    world_done(&world, 1, notice_retried_type(), &retried);
    memset(retried.message, 9, sizeof retried.message);
    uint64_t head = world_head(&world);
    world_command(&world, 2, notice_retried_type(), &retried);
    assert_refused(&world, "not_there");
    assert_int_equal(world_head(&world), head);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_is_an_entry_and_its_repeat_is_not),
        cmocka_unit_test(the_answer_waits_for_the_commit),
        cmocka_unit_test(a_repeat_is_known_after_a_restart),
        cmocka_unit_test(a_result_about_a_unit_that_the_plan_does_not_have_is_refused),
        cmocka_unit_test(no_other_door_takes_results_and_this_one_takes_nothing_else),
        cmocka_unit_test(a_closed_plan_still_learns_what_was_delivered),
        cmocka_unit_test(a_full_disk_says_busy_but_knows_what_it_has),
        cmocka_unit_test(an_operator_has_a_letter_tried_again_and_nobody_else),
        cmocka_unit_test(a_letter_that_the_ledger_never_heard_of_is_not_tried_again_all_of_them_always_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
