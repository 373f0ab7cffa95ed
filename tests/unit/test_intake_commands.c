/* Signed commands: who may give them, what they do once, what they answer for ever. */
#include "tests/unit/intake_world.h"

static void a_command_signed_by_somebody_else_is_refused(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    uint8_t stranger_public[32], stranger_secret[64];
    sign_keypair(stranger_public, stranger_secret);
    key_registered_t key = key_of("chengmen", 1, 0x11);
    world_command_as(&world, stranger_secret, 1, key_registered_type(), &key);
    assert_refused(&world, "bad_signature");
    world_commit(&world);
    assert_int_equal(world_head(&world), 3);
    world_end(&world);
}

static void a_command_without_a_signature_or_for_another_ledger_is_refused(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    key_registered_t key = key_of("chengmen", 1, 0x11);
    uint8_t id[16] = {1}, elsewhere[16] = {9};
    command_t command = command_make(id, world.ledger_id, key_registered_type(), &key, world.operator_secret, world.arena);
    memset(command.signature, 0, sizeof command.signature);
    world_ask(&world, door_operator, command_type(), &command);
    assert_refused(&world, "missing_field");
    memset(command.signature, 3, sizeof command.signature);
    world_ask(&world, door_operator, command_type(), &command);
    assert_refused(&world, "bad_signature");
    command = command_make(id, elsewhere, key_registered_type(), &key, world.operator_secret, world.arena);
    world_ask(&world, door_operator, command_type(), &command);
    assert_refused(&world, "wrong_ledger");
    memcpy(command.ledger_id, world.ledger_id, sizeof command.ledger_id); /* the signature covers the ledger */
    world_ask(&world, door_operator, command_type(), &command);
    assert_refused(&world, "bad_signature");
    world_end(&world);
}

static void each_door_takes_only_its_own_kinds(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    key_registered_t key = key_of("gaishan", 1, 0x22);
    uint8_t id[16] = {2};
    command_t command = command_make(id, world.ledger_id, key_registered_type(), &key, world.operator_secret, world.arena);
    world_ask(&world, door_gateway, command_type(), &command);
    assert_refused(&world, "not_permitted");
    append_ask_t ask = {.unit = text_of("chengmen"), .key_generation = 1, .report = report_numbered(1, "走访")};
    world_ask(&world, door_operator, append_ask_type(), &ask);
    assert_refused(&world, "not_permitted");
    clock_ticked_t ticked = {.at_ms = 1};
    world_ask(&world, door_gateway, clock_ticked_type(), &ticked);
    assert_refused(&world, "not_permitted");
    world_command(&world, 3, clock_ticked_type(), &ticked);
    assert_refused(&world, "not_permitted");
    world_end(&world);
}

static void keys_come_generation_by_generation_to_units_of_the_plan_and_never_twice(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    key_registered_t key = key_of("chengmen", 2, 0x11);
    world_command(&world, 1, key_registered_type(), &key);
    assert_refused(&world, "stale_key");
    key = key_of("nobody", 1, 0x11);
    world_command(&world, 1, key_registered_type(), &key);
    assert_refused(&world, "unknown_unit");
    key = key_of("chengmen", 1, 0x11);
    assert_int_equal(world_done(&world, 1, key_registered_type(), &key).seq, 4);
    key = key_of("gaishan", 1, 0x11);
    world_command(&world, 2, key_registered_type(), &key);
    assert_refused(&world, "key_taken");
    key = key_of("chengmen", 2, 0x12);
    assert_int_equal(world_done(&world, 2, key_registered_type(), &key).seq, 5);
    world_reopen(&world);
    key = key_of("chengmen", 2, 0x13);
    world_command(&world, 3, key_registered_type(), &key);
    assert_refused(&world, "stale_key");
    world_end(&world);
}

static void both_generations_work_until_the_old_one_is_revoked(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    key_registered_t key = key_of("chengmen", 2, 0x12);
    world_done(&world, 2, key_registered_type(), &key);
    report_t one = report_numbered(1, "一"), two = report_numbered(2, "二"), three = report_numbered(3, "三");
    world_receipt(&world, "chengmen", 1, &one);
    world_receipt(&world, "chengmen", 2, &two);
    key_revoked_t revoked = {.unit = text_of("chengmen"), .generation = 1, .why = text_of("换机")};
    world_done(&world, 3, key_revoked_type(), &revoked);
    world_send(&world, "chengmen", 1, &three);
    assert_refused(&world, "unknown_key");
    world_receipt(&world, "chengmen", 2, &three);
    world_command(&world, 4, key_revoked_type(), &revoked);
    assert_refused(&world, "unknown_key"); /* it is at its end already */
    world_end(&world);
}

static void a_command_sent_again_gets_the_same_answer_and_does_nothing(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    key_registered_t key = key_of("chengmen", 1, 0x11);
    command_done_t first = world_done(&world, 1, key_registered_type(), &key), again;
    assert_false(first.duplicate);
    world_reopen(&world);
    world_command(&world, 1, key_registered_type(), &key);
    answer_read(&world, &world.now, command_done_type(), &again);
    assert_true(again.duplicate);
    assert_int_equal(again.seq, first.seq);
    assert_int_equal(again.now_ms, first.now_ms);
    world_commit(&world);
    assert_int_equal(world_head(&world), first.seq);
    key = key_of("gaishan", 1, 0x22);
    world_command(&world, 1, key_registered_type(), &key);
    assert_refused(&world, "conflict");
    world_end(&world);
}

static void a_remark_with_a_mobile_number_is_refused(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    key_revoked_t revoked = {.unit = text_of("chengmen"), .generation = 1, .why = text_of("问13800138000")};
    world_command(&world, 2, key_revoked_type(), &revoked);
    assert_refused(&world, "mobile_number");
    world_end(&world);
}

static void only_a_rehearsal_takes_a_new_time(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    advance_clock_t advance = {.to_ms = FOUNDED_MS + 5 * HOUR_MS};
    world_command(&world, 1, advance_clock_type(), &advance);
    assert_refused(&world, "not_rehearsal");
    world_end(&world);
}

static void a_rehearsal_ticks_on_every_hour_and_at_the_instant_itself(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_rehearsal);
    advance_clock_t advance = {.to_ms = FOUNDED_MS + 3 * HOUR_MS + 1234};
    command_done_t done = world_done(&world, 1, advance_clock_type(), &advance);
    const int64_t expected[] = {FOUNDED_MS + HOUR_MS, FOUNDED_MS + 2 * HOUR_MS, FOUNDED_MS + 3 * HOUR_MS,
                                FOUNDED_MS + 3 * HOUR_MS + 1234};
    assert_int_equal(done.seq, 7);
    assert_int_equal(done.now_ms, advance.to_ms);
    for (uint64_t index = 0; index < 4; index++) {
        clock_ticked_t ticked;
        world_body(&world, 4 + index, clock_ticked_type(), &ticked);
        assert_int_equal(ticked.at_ms, expected[index]);
        assert_int_equal(world_event(&world, 4 + index).at_ms, expected[index]);
    }
    world_end(&world);
}

static void time_in_a_rehearsal_moves_by_command_only(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_rehearsal);
    world_register(&world);
    world_pass(&world, 400 * HOUR_MS); /* the wall clock does not matter */
    report_t one = report_numbered(1, "一"), two = report_numbered(2, "二");
    assert_int_equal(world_receipt(&world, "chengmen", 1, &one).received_ms, FOUNDED_MS);
    intake_tick(world.intake, world.wall_ms, world.steady_ms);
    assert_false(intake_has_group(world.intake));
    advance_clock_t advance = {.to_ms = FOUNDED_MS + HOUR_MS};
    world_done(&world, 2, advance_clock_type(), &advance);
    assert_int_equal(world_receipt(&world, "chengmen", 1, &two).received_ms, FOUNDED_MS + HOUR_MS + 1); /* more than the tick */
    advance.to_ms = FOUNDED_MS;
    world_command(&world, 3, advance_clock_type(), &advance);
    assert_refused(&world, "time_backwards");
    refusal_t refusal;
    answer_read(&world, &world.now, refusal_type(), &refusal);
    assert_true(text_is(refusal.reasons[0].args[0], "2021-08-01 01:00"));
    advance.to_ms = INT64_MAX;
    world_command(&world, 4, advance_clock_type(), &advance);
    assert_refused(&world, "out_of_range");
    world_end(&world);
}

static void an_advance_sent_again_after_it_was_done_adds_no_tick(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_rehearsal);
    advance_clock_t advance = {.to_ms = FOUNDED_MS + 30 * HOUR_MS};
    command_done_t first = world_done(&world, 1, advance_clock_type(), &advance), again;
    world_command(&world, 1, advance_clock_type(), &advance);
    answer_read(&world, &world.now, command_done_type(), &again);
    assert_true(again.duplicate);
    assert_int_equal(again.seq, first.seq);
    command_done_t other = world_done(&world, 2, advance_clock_type(), &advance); /* where we are already */
    assert_int_equal(other.seq, first.seq);
    assert_int_equal(world_head(&world), first.seq);
    world_end(&world);
}

static void a_year_is_advanced_in_groups_of_bounded_size_and_answered_when_the_last_is_durable(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_rehearsal);
    enum { HOURS = 9000 };
    advance_clock_t advance = {.to_ms = FOUNDED_MS + HOURS * HOUR_MS};
    world_command(&world, 1, advance_clock_type(), &advance);
    uint32_t groups = 1;
    uint64_t before = world_head(&world);
    while (intake_pending(world.intake)) {
        assert_int_equal(world.later.size, 0);
        world_commit(&world);
        assert_true(world_head(&world) - before <= LIMIT_GROUP);
        before = world_head(&world);
        intake_continue(world.intake, &world.later);
        groups++;
    }
    world_commit(&world);
    command_done_t done;
    answer_read(&world, &world.later, command_done_type(), &done);
    assert_int_equal(groups, 3);
    assert_int_equal(done.seq, 3 + HOURS);
    assert_int_equal(done.seq, world_head(&world));
    assert_int_equal(done.now_ms, advance.to_ms);
    world_end(&world);
}

static void an_advance_that_a_crash_cut_short_goes_on_when_sent_again(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_rehearsal);
    enum { HOURS = 9000 };
    advance_clock_t advance = {.to_ms = FOUNDED_MS + HOURS * HOUR_MS};
    world_command(&world, 1, advance_clock_type(), &advance);
    world_commit(&world);
    world_reopen(&world);
    assert_false(intake_pending(world.intake));
    assert_int_equal(world_head(&world), 3 + LIMIT_GROUP);
    world_command(&world, 1, advance_clock_type(), &advance);
    while (intake_pending(world.intake)) {
        world_commit(&world);
        intake_continue(world.intake, &world.later);
    }
    world_commit(&world);
    command_done_t done;
    answer_read(&world, &world.later, command_done_type(), &done);
    assert_false(done.duplicate);
    assert_int_equal(done.seq, 3 + HOURS); /* not one tick twice */
    world_end(&world);
}

static void the_registry_is_told_with_the_entry_it_is_true_for(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    key_registered_t key = key_of("gaishan", 1, 0x22);
    world_done(&world, 2, key_registered_type(), &key);
    key_revoked_t revoked = {.unit = text_of("chengmen"), .generation = 1};
    world_done(&world, 3, key_revoked_type(), &revoked);
    registry_ask_t ask = {0};
    registry_t registry;
    world_ask(&world, door_gateway, registry_ask_type(), &ask);
    answer_read(&world, &world.now, registry_type(), &registry);
    assert_int_equal(registry.as_of, 6);
    assert_int_equal(registry.keys_count, 2);
    assert_false(registry.more);
    assert_true(text_is(registry.keys[0].unit, "chengmen"));
    assert_true(registry.keys[0].revoked);
    assert_true(text_is(registry.keys[1].unit, "gaishan"));
    assert_false(registry.keys[1].revoked);
    assert_memory_equal(registry.keys[1].key, key.key, 32);
    assert_memory_equal(registry.ledger_id, world.ledger_id, 16);
    ask.after = 1;
    world_ask(&world, door_operator, registry_ask_type(), &ask);
    answer_read(&world, &world.now, registry_type(), &registry);
    assert_int_equal(registry.keys_count, 1);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_signed_by_somebody_else_is_refused),
        cmocka_unit_test(a_command_without_a_signature_or_for_another_ledger_is_refused),
        cmocka_unit_test(each_door_takes_only_its_own_kinds),
        cmocka_unit_test(keys_come_generation_by_generation_to_units_of_the_plan_and_never_twice),
        cmocka_unit_test(both_generations_work_until_the_old_one_is_revoked),
        cmocka_unit_test(a_command_sent_again_gets_the_same_answer_and_does_nothing),
        cmocka_unit_test(a_remark_with_a_mobile_number_is_refused),
        cmocka_unit_test(only_a_rehearsal_takes_a_new_time),
        cmocka_unit_test(a_rehearsal_ticks_on_every_hour_and_at_the_instant_itself),
        cmocka_unit_test(time_in_a_rehearsal_moves_by_command_only),
        cmocka_unit_test(an_advance_sent_again_after_it_was_done_adds_no_tick),
        cmocka_unit_test(a_year_is_advanced_in_groups_of_bounded_size_and_answered_when_the_last_is_durable),
        cmocka_unit_test(an_advance_that_a_crash_cut_short_goes_on_when_sent_again),
        cmocka_unit_test(the_registry_is_told_with_the_entry_it_is_true_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
