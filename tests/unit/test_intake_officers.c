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

/* --- decisions --- */

static report_decide_t decide_of(const char *unit, decision_t decision, const char *why) {
    return (report_decide_t){.decision = decision, .unit = text_of(unit), .task = text_of("pairing"), .period = text_of("2021-08"),
                             .revision = 1, .why = text_of(why)};
}

static void a_decision_carries_who_made_it_in_which_office(void **state) {
    (void)state;
    world_t world = office();
    officer_registered_t chen = officer_of("chen", office_supervisor, "chengmen", 1, 2);
    world_done(&world, 3, officer_registered_type(), &chen);
    report_decide_t decide = decide_of("chengmen", decision_returned, "与台账不符");
    command_by(&world, "chen", secrets[2], 9, report_decide_type(), &decide);
    world_commit(&world);
    report_decided_t decided;
    world_body(&world, world_head(&world), report_decided_type(), &decided);
    assert_true(text_is(decided.actor.officer, "chen"));
    assert_int_equal(decided.actor.office, office_supervisor);
    assert_int_equal(decided.actor.credential, credential_signature);
    assert_int_equal(decided.command_id[0], 9);
    world_end(&world);
}

static void nobody_but_a_supervisor_decides_on_his_own_units_report(void **state) {
    (void)state;
    world_t world = office();
    report_decide_t decide = decide_of("chengmen", decision_approved, "");
    command_by(&world, "lin", secrets[1], 9, report_decide_type(), &decide);
    assert_refused(&world, "own_unit");
    world_end(&world);
}

static void the_root_key_and_operators_do_not_decide_on_reports(void **state) {
    (void)state;
    world_t world = office();
    report_decide_t decide = decide_of("chengmen", decision_approved, "");
    world_command(&world, 8, report_decide_type(), &decide);
    assert_refused(&world, "office_missing");
    command_by(&world, "ops", secrets[0], 9, report_decide_type(), &decide);
    assert_refused(&world, "office_missing");
    world_end(&world);
}

static void the_same_decision_sent_twice_is_one_entry(void **state) {
    (void)state;
    world_t world = office();
    officer_registered_t chen = officer_of("chen", office_supervisor, "chengmen", 1, 2);
    world_done(&world, 3, officer_registered_type(), &chen);
    report_decide_t decide = decide_of("chengmen", decision_returned, "与台账不符");
    command_by(&world, "chen", secrets[2], 9, report_decide_type(), &decide);
    world_commit(&world);
    uint64_t head = world_head(&world);
    command_done_t done;
    command_by(&world, "chen", secrets[2], 9, report_decide_type(), &decide);
    world_commit(&world);
    answer_read(&world, &world.now, command_done_type(), &done);
    assert_true(done.duplicate && done.seq == head && world_head(&world) == head);
    decide.why = text_of("另一个意见");
    command_by(&world, "chen", secrets[2], 9, report_decide_type(), &decide);
    assert_refused(&world, "conflict");
    world_end(&world);
}

static void an_absence_ends_before_it_is_declared(void **state) {
    (void)state;
    world_t world = office();
    outage_declare_t declare = {.from_ms = (uint64_t)world.wall_ms - 7200000, .to_ms = (uint64_t)world.wall_ms + 7200000};
    world_command(&world, 8, outage_declare_type(), &declare);
    assert_refused(&world, "outage_wrong");
    declare.to_ms = declare.from_ms;
    world_command(&world, 9, outage_declare_type(), &declare);
    assert_refused(&world, "outage_wrong");
    declare.to_ms = (uint64_t)world.wall_ms - 3600000;
    command_by(&world, "lin", secrets[1], 10, outage_declare_type(), &declare);
    assert_refused(&world, "office_missing");
    world_done(&world, 11, outage_declare_type(), &declare);
    world_end(&world);
}

static void a_paper_report_is_entered_under_both_names_once(void **state) {
    (void)state;
    world_t world = office();
    report_enter_t enter = {.unit = text_of("chengmen"), .report = report_numbered(5, "纸质报告，统筹代录")};
    command_by(&world, "lin", secrets[1], 9, report_enter_type(), &enter);
    assert_refused(&world, "missing_field"); /* nobody is named who prepared it */
    enter.report.prepared_by = (personal_t){.key_id = 1, .hash = {7}, .commitment = {8}};
    command_by(&world, "lin", secrets[1], 9, report_enter_type(), &enter);
    world_commit(&world);
    receipt_t receipt, again;
    answer_read(&world, &world.later, receipt_type(), &receipt);
    report_received_t received;
    world_body(&world, receipt.seq, report_received_type(), &received);
    assert_true(text_is(received.unit, "chengmen"));
    assert_true(text_is(received.entered_by.officer, "lin"));
    assert_int_equal(received.report.prepared_by.hash[0], 7);
    command_by(&world, "lin", secrets[1], 10, report_enter_type(), &enter);
    world_commit(&world);
    answer_read(&world, &world.now, receipt_type(), &again);
    assert_true(again.duplicate && again.seq == receipt.seq);
    world_end(&world);
}

static void a_login_decides_by_its_role_through_the_console_alone(void **state) {
    (void)state;
    world_t world = office();
    login_granted_t clerk = {.login = text_of("clerk"), .role = login_role_clerk, .unit = text_of("chengmen")};
    login_granted_t chief = {.login = text_of("chief"), .role = login_role_supervisor, .unit = text_of("chengmen")};
    world_done(&world, 3, login_granted_type(), &clerk);
    world_done(&world, 4, login_granted_type(), &chief);
    report_decide_t decide = decide_of("chengmen", decision_returned, "与台账不符");
    buffer_t body = {0};
    packet_encode(0, report_decide_type(), &decide, &body);
    attested_command_t attested = {
        .command_id = {6}, .login = text_of("clerk"), .session = {1}, .body = {body.at, (uint32_t)body.size}};
    world_ask(&world, door_console, attested_command_type(), &attested);
    assert_refused(&world, "role_lacks");
    attested.login = text_of("chief");
    world_ask(&world, door_gateway, attested_command_type(), &attested);
    assert_refused(&world, "not_permitted");
    world_ask(&world, door_console, attested_command_type(), &attested);
    world_commit(&world);
    report_decided_t decided;
    world_body(&world, world_head(&world), report_decided_type(), &decided);
    assert_int_equal(decided.actor.credential, credential_session);
    assert_true(text_is(decided.actor.officer, "chief"));
    buffer_clear(&body);
    key_registered_t key = key_of("chengmen", 1, 0x22);
    packet_encode(0, key_registered_type(), &key, &body);
    attested.body = (bytes_t){body.at, (uint32_t)body.size};
    attested.command_id[0]++;
    world_ask(&world, door_console, attested_command_type(), &attested);
    assert_refused(&world, "office_missing");
    buffer_destroy(&body);
    world_end(&world);
}

static void a_units_validity_is_an_entry_with_its_author_and_an_amended_plan_behind_it(void **state) {
    (void)state;
    world_t world = office();
    officer_registered_t chen = officer_of("chen", office_supervisor, "chengmen", 1, 2);
    world_done(&world, 3, officer_registered_type(), &chen);
    unit_bound_t bound = {.unit = text_of("chengmen"), .to = 20211031, .why = text_of("撤并")};
    command_by(&world, "lin", secrets[1], 8, unit_bound_type(), &bound);
    assert_refused(&world, "own_unit");
    command_by(&world, "chen", secrets[2], 9, unit_bound_type(), &bound);
    world_commit(&world);
    unit_bounded_t bounded;
    plan_adopted_t adopted;
    world_body(&world, world_head(&world) - 1, unit_bounded_type(), &bounded);
    world_body(&world, world_head(&world), plan_adopted_type(), &adopted);
    assert_true(text_is(bounded.actor.officer, "chen") && text_is(bounded.unit, "chengmen"));
    uint32_t found = 0;
    for (uint32_t index = 0; index < adopted.plan.units_count; index++)
        if (text_is(adopted.plan.units[index].id, "chengmen")) found = adopted.plan.units[index].to;
    assert_int_equal(found, 20211031);
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
        cmocka_unit_test(a_decision_carries_who_made_it_in_which_office),
        cmocka_unit_test(nobody_but_a_supervisor_decides_on_his_own_units_report),
        cmocka_unit_test(the_root_key_and_operators_do_not_decide_on_reports),
        cmocka_unit_test(the_same_decision_sent_twice_is_one_entry),
        cmocka_unit_test(an_absence_ends_before_it_is_declared),
        cmocka_unit_test(a_paper_report_is_entered_under_both_names_once),
        cmocka_unit_test(a_login_decides_by_its_role_through_the_console_alone),
        cmocka_unit_test(a_units_validity_is_an_entry_with_its_author_and_an_amended_plan_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
