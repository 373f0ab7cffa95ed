/* Officers: who may sign what, decided by the registry as of the entry. */
#include "tests/unit/intake_world.h"

static uint8_t secrets[4][SIGN_SECRET_SIZE];

static officer_registered_t officer_of(const char *officer, office_t office, const char *unit, uint64_t generation, int key) {
    officer_registered_t entry = {
        .officer = text_of(officer), .office = office, .unit = text_of(unit), .generation = generation};
    sign_keypair(entry.key, secrets[key]);
    return entry;
}

static void command_by(world_t *self, const char *officer, const uint8_t secret[SIGN_SECRET_SIZE], uint8_t number,
                       const message_t *type, const void *value) {
    uint8_t command_id[16];
    memset(command_id, number, sizeof command_id);
    command_t command = command_make_as(text_of(officer), command_id, self->ledger_id, type, value, secret, self->arena);
    world_ask(self, door_operator, command_type(), &command);
}

static world_t office(void) {
    world_t world = world_new(clock_mode_real);
    officer_registered_t operator = officer_of("ops", office_operator, "", 1, 0);
    officer_registered_t coordinator = officer_of("lin", office_coordinator, "chengmen", 1, 1);
    world_done(&world, 1, officer_registered_type(), &operator);
    world_done(&world, 2, officer_registered_type(), &coordinator);
    return world;
}

static void an_operator_registers_a_units_key(void **state) {
    (void)state;
    world_t world = office();
    key_registered_t key = key_of("chengmen", 1, 0x22);
    command_by(&world, "ops", secrets[0], 9, key_registered_type(), &key);
    world_commit(&world);
    assert_int_equal(answer_kind(&world.later), KIND_command_done);
    world_end(&world);
}

static void a_coordinator_registers_nobodys_key(void **state) {
    (void)state;
    world_t world = office();
    key_registered_t key = key_of("chengmen", 1, 0x22);
    command_by(&world, "lin", secrets[1], 9, key_registered_type(), &key);
    assert_refused(&world, "office_missing");
    world_end(&world);
}

static void only_the_root_key_registers_officers(void **state) {
    (void)state;
    world_t world = office();
    officer_registered_t more = officer_of("more", office_operator, "", 1, 2);
    command_by(&world, "ops", secrets[0], 9, officer_registered_type(), &more);
    assert_refused(&world, "office_missing");
    world_end(&world);
}

static void another_key_does_not_sign_for_an_officer(void **state) {
    (void)state;
    world_t world = office();
    key_registered_t key = key_of("chengmen", 1, 0x22);
    command_by(&world, "ops", secrets[1], 9, key_registered_type(), &key);
    assert_refused(&world, "bad_signature");
    command_by(&world, "nobody", secrets[1], 9, key_registered_type(), &key);
    assert_refused(&world, "unknown_officer");
    world_end(&world);
}

static void a_revoked_officer_signs_no_more(void **state) {
    (void)state;
    world_t world = office();
    officer_revoked_t end = {.officer = text_of("ops"), .generation = 1, .why = text_of("调离")};
    key_registered_t key = key_of("chengmen", 1, 0x22);
    world_done(&world, 3, officer_revoked_type(), &end);
    command_by(&world, "ops", secrets[0], 9, key_registered_type(), &key);
    assert_refused(&world, "unknown_officer");
    world_command(&world, 4, officer_revoked_type(), &end);
    assert_refused(&world, "unknown_officer");
    world_end(&world);
}

static void a_new_key_of_an_officer_ends_the_old_one(void **state) {
    (void)state;
    world_t world = office();
    uint8_t old[SIGN_SECRET_SIZE];
    memcpy(old, secrets[0], sizeof old);
    officer_registered_t again = officer_of("ops", office_operator, "", 2, 0);
    key_registered_t key = key_of("chengmen", 1, 0x22);
    world_done(&world, 3, officer_registered_type(), &again);
    command_by(&world, "ops", old, 9, key_registered_type(), &key);
    assert_refused(&world, "bad_signature");
    command_by(&world, "ops", secrets[0], 10, key_registered_type(), &key);
    assert_int_equal(answer_kind(&world.later), KIND_command_done);
    world_end(&world);
}

static void officers_are_known_again_after_a_restart(void **state) {
    (void)state;
    world_t world = office();
    intake_close(&world.intake);
    assert_int_equal(intake_open(world.folder, world.signer_secret, &world.intake), OK);
    key_registered_t key = key_of("chengmen", 1, 0x22);
    command_by(&world, "ops", secrets[0], 9, key_registered_type(), &key);
    assert_int_equal(answer_kind(&world.later), KIND_command_done);
    world_end(&world);
}

static void what_cannot_be_an_officer_is_refused(void **state) {
    (void)state;
    world_t world = office();
    officer_registered_t entry = officer_of("x", office_coordinator, "", 1, 2);
    world_command(&world, 11, officer_registered_type(), &entry);
    assert_refused(&world, "officer_unit_missing");
    entry = officer_of("x", office_supervisor, "atlantis", 1, 2);
    world_command(&world, 12, officer_registered_type(), &entry);
    assert_refused(&world, "unknown_unit");
    entry = officer_of("x", office_root, "", 1, 2);
    world_command(&world, 13, officer_registered_type(), &entry);
    assert_refused(&world, "unknown_word");
    entry = officer_of("ops", office_operator, "", 3, 2);
    world_command(&world, 14, officer_registered_type(), &entry);
    assert_refused(&world, "stale_key");
    entry = officer_of("x", office_operator, "", 1, 2);
    memcpy(entry.key, secrets[0] + SIGN_SECRET_SIZE - SIGN_PUBLIC_SIZE, sizeof entry.key);
    world_command(&world, 15, officer_registered_type(), &entry);
    assert_refused(&world, "key_taken");
    entry = officer_of("x", office_operator, "", 1, 2);
    entry.title = text_of("电话13800138000");
    world_command(&world, 16, officer_registered_type(), &entry);
    assert_refused(&world, "mobile_number");
    world_end(&world);
}

static void the_same_command_id_of_two_officers_is_two_commands(void **state) {
    (void)state;
    world_t world = office();
    key_registered_t key = key_of("chengmen", 1, 0x22);
    command_by(&world, "ops", secrets[0], 1, key_registered_type(), &key); /* command 1 of the root key was another */
    assert_int_equal(answer_kind(&world.later), KIND_command_done);
    world_end(&world);
}

static void the_desk_tells_every_officer(void **state) {
    (void)state;
    world_t world = office();
    officer_revoked_t end = {.officer = text_of("ops"), .generation = 1};
    world_done(&world, 3, officer_revoked_type(), &end);
    buffer_t frame = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    officers_t told;
    packet_encode(1, officers_ask_type(), &(officers_ask_t){0}, &frame);
    assert_int_equal(packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault), OK);
    assert_true(intake_answer(world.intake, &packet, &out));
    assert_int_equal(packet_decode((bytes_t){out.at, (uint32_t)out.size}, &packet, &fault), OK);
    assert_int_equal(packet_body(&packet, officers_type(), world.arena, &told, &fault), OK);
    assert_int_equal(told.rows_count, 2);
    assert_true(text_is(told.rows[0].officer.officer, "lin") && !told.rows[0].revoked);
    assert_true(text_is(told.rows[1].officer.officer, "ops") && told.rows[1].revoked);
    buffer_destroy(&frame);
    buffer_destroy(&out);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_operator_registers_a_units_key),
        cmocka_unit_test(a_coordinator_registers_nobodys_key),
        cmocka_unit_test(only_the_root_key_registers_officers),
        cmocka_unit_test(another_key_does_not_sign_for_an_officer),
        cmocka_unit_test(a_revoked_officer_signs_no_more),
        cmocka_unit_test(a_new_key_of_an_officer_ends_the_old_one),
        cmocka_unit_test(officers_are_known_again_after_a_restart),
        cmocka_unit_test(what_cannot_be_an_officer_is_refused),
        cmocka_unit_test(the_same_command_id_of_two_officers_is_two_commands),
        cmocka_unit_test(the_desk_tells_every_officer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
