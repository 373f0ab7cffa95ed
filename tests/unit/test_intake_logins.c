/* Logins in the ledger: granted and revoked by the operator, asked where a report is appended. */
#include "proto/chain.h"
#include "tests/unit/intake_world.h"

static login_granted_t grant(const char *login, login_role_t role, const char *unit) {
    return (login_granted_t){.login = text_of(login), .role = role, .unit = text_of(unit)};
}

static void world_grant(world_t *self, uint8_t number, const char *login, login_role_t role, const char *unit) {
    login_granted_t granted = grant(login, role, unit);
    world_done(self, number, login_granted_type(), &granted);
}

static void world_attest(world_t *self, const char *login, const char *unit, const report_t *report) {
    attested_append_t ask = {.unit = text_of(unit), .login = text_of(login), .report = *report};
    memset(ask.session, 7, sizeof ask.session);
    world_ask(self, door_console, attested_append_type(), &ask);
}

static void a_clerk_who_is_granted_reports_for_his_unit_and_the_entry_says_who_and_how(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_grant(&world, 1, "chengmen.clerk", login_role_clerk, "chengmen");
    report_t report = report_numbered(1, "走访");
    world_attest(&world, "chengmen.clerk", "chengmen", &report);
    world_commit(&world);
    receipt_t receipt;
    answer_read(&world, &world.later, receipt_type(), &receipt);
    report_received_t received;
    world_body(&world, receipt.seq, report_received_type(), &received);
    assert_int_equal(received.door, door_console);
    assert_int_equal(received.key_generation, 0);
    assert_true(text_is(received.login, "chengmen.clerk"));
    assert_int_equal(received.session[31], 7);
    world_end(&world);
}

static void the_same_report_through_the_console_again_gets_its_first_receipt(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_grant(&world, 1, "chengmen.clerk", login_role_clerk, "chengmen");
    report_t report = report_numbered(1, "走访");
    receipt_t first, again;
    world_attest(&world, "chengmen.clerk", "chengmen", &report);
    world_commit(&world);
    answer_read(&world, &world.later, receipt_type(), &first);
    world_pass(&world, 5000);
    world_attest(&world, "chengmen.clerk", "chengmen", &report);
    answer_read(&world, &world.now, receipt_type(), &again);
    assert_true(again.duplicate);
    assert_int_equal(again.seq, first.seq);
    assert_int_equal(again.received_ms, first.received_ms);
    world_end(&world);
}

static void nobody_reports_for_another_unit_nor_without_a_role_that_reports(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_grant(&world, 1, "chengmen.clerk", login_role_clerk, "chengmen");
    world_grant(&world, 2, "office", login_role_coordinator, "nongye");
    report_t report = report_numbered(1, "走访");
    world_attest(&world, "chengmen.clerk", "gaishan", &report);
    assert_refused(&world, "role_lacks");
    world_attest(&world, "office", "nongye", &report);
    assert_refused(&world, "role_lacks");
    world_attest(&world, "stranger", "chengmen", &report);
    assert_refused(&world, "login_revoked");
    world_end(&world);
}

static void a_revoked_login_and_one_whose_time_is_over_append_nothing(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    report_t report = report_numbered(1, "走访");
    world_grant(&world, 1, "chengmen.clerk", login_role_clerk, "chengmen");
    login_revoked_t revoked = {.login = text_of("chengmen.clerk"), .why = text_of("调离")};
    world_done(&world, 2, login_revoked_type(), &revoked);
    world_attest(&world, "chengmen.clerk", "chengmen", &report);
    assert_refused(&world, "login_revoked");
    login_granted_t granted = grant("chengmen.guest", login_role_clerk, "chengmen");
    granted.until_ms = (uint64_t)world.wall_ms + 60000;
    world_done(&world, 3, login_granted_type(), &granted);
    world_pass(&world, 2 * MINUTE_MS);
    world_attest(&world, "chengmen.guest", "chengmen", &report);
    assert_refused(&world, "login_revoked");
    world_end(&world);
}

static void only_the_consoles_door_takes_attested_reports_and_it_takes_no_others(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    world_grant(&world, 2, "chengmen.clerk", login_role_clerk, "chengmen");
    attested_append_t attested = {.unit = text_of("chengmen"), .login = text_of("chengmen.clerk")};
    attested.report = report_numbered(1, "走访");
    memset(attested.session, 7, sizeof attested.session);
    world_ask(&world, door_gateway, attested_append_type(), &attested);
    assert_refused(&world, "not_permitted");
    append_ask_t ask = {.unit = text_of("chengmen"), .key_generation = 1, .report = report_numbered(1, "走访")};
    world_ask(&world, door_console, append_ask_type(), &ask);
    assert_refused(&world, "not_permitted");
    world_end(&world);
}

static void a_grant_needs_a_unit_of_the_plan_where_the_role_reports_and_no_mobile_number_for_a_name(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    login_granted_t granted = grant("a", login_role_clerk, "elsewhere");
    world_command(&world, 1, login_granted_type(), &granted);
    assert_refused(&world, "unknown_unit");
    granted = grant("a", login_role_program, NULL);
    world_command(&world, 2, login_granted_type(), &granted);
    assert_refused(&world, "missing_field");
    granted = grant("13812345678", login_role_auditor, NULL);
    world_command(&world, 3, login_granted_type(), &granted);
    assert_refused(&world, "mobile_number");
    login_revoked_t revoked = {.login = text_of("a")};
    world_command(&world, 4, login_revoked_type(), &revoked);
    assert_refused(&world, "login_revoked");
    world_end(&world);
}

/* A command of a login, as the console attests it. */
static void world_command_of(world_t *self, door_t door, uint8_t number, const char *login, const message_t *type,
                             const void *value) {
    buffer_t body = {0};
    packet_encode(0, type, value, &body);
    attested_command_t attested = {.login = text_of(login), .body = {body.at, (uint32_t)body.size}};
    memset(attested.command_id, number, sizeof attested.command_id);
    memset(attested.session, 7, sizeof attested.session);
    world_ask(self, door, attested_command_type(), &attested);
    buffer_destroy(&body);
}

static claim_credit_t decide(const char *unit) {
    return (claim_credit_t){.indicator = text_of("raised"),
                            .key_kind = key_kind_receipt,
                            .key = text_of("HX-001"),
                            .unit = text_of(unit),
                            .period = text_of("2021-08"),
                            .seq = 4,
                            .why = text_of("凭证抬头")};
}

static void a_coordinators_session_decides_in_its_office_and_the_entry_says_so(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_grant(&world, 1, "office", login_role_coordinator, NULL);
    claim_credit_t credit = decide("chengmen");
    command_done_t done, again;
    world_command_of(&world, door_console, 9, "office", claim_credit_type(), &credit);
    world_commit(&world);
    answer_read(&world, &world.later, command_done_type(), &done);
    claim_credited_t entry;
    world_body(&world, done.seq, claim_credited_type(), &entry);
    assert_true(text_is(entry.actor.officer, "office"));
    assert_int_equal(entry.actor.office, office_coordinator);
    assert_true(text_is(entry.actor.unit, "nongye"));
    assert_int_equal(entry.actor.credential, credential_session);
    assert_int_equal(entry.actor.door, door_console);
    world_command_of(&world, door_console, 9, "office", claim_credit_type(), &credit);
    answer_read(&world, &world.now, command_done_type(), &again);
    assert_true(again.duplicate);
    assert_int_equal(again.seq, done.seq);
    world_end(&world);
}

static void no_session_commands_beyond_its_office_nor_through_another_door(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_grant(&world, 1, "office", login_role_coordinator, NULL);
    world_grant(&world, 2, "chengmen.clerk", login_role_clerk, "chengmen");
    world_grant(&world, 3, "ops", login_role_operator, NULL);
    claim_credit_t credit = decide("chengmen");
    world_command_of(&world, door_console, 9, "chengmen.clerk", claim_credit_type(), &credit);
    assert_refused(&world, "role_lacks");
    world_command_of(&world, door_console, 9, "ops", claim_credit_type(), &credit);
    assert_refused(&world, "role_lacks");
    world_command_of(&world, door_console, 9, "stranger", claim_credit_type(), &credit);
    assert_refused(&world, "login_revoked");
    key_registered_t key = key_of("chengmen", 1, 0x11);
    world_command_of(&world, door_console, 9, "office", key_registered_type(), &key);
    assert_refused(&world, "office_missing");
    world_command_of(&world, door_gateway, 9, "office", claim_credit_type(), &credit);
    assert_refused(&world, "not_permitted");
    world_end(&world);
}

static void answer_of(world_t *self, const message_t *type, const void *question, const message_t *answer, void *value) {
    buffer_t frame = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(++self->request_id, type, question, &frame);
    assert_int_equal(packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault), OK);
    assert_true(intake_answer(self->intake, &packet, &out));
    answer_read(self, &out, answer, value);
    buffer_destroy(&frame);
    buffer_destroy(&out);
}

static void the_desk_lists_logins_and_shows_an_entry_with_its_place_in_the_chain(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_grant(&world, 1, "b", login_role_auditor, NULL);
    world_grant(&world, 2, "a", login_role_clerk, "chengmen");
    logins_t page;
    logins_ask_t ask = {0};
    answer_of(&world, logins_ask_type(), &ask, logins_type(), &page);
    assert_int_equal(page.rows_count, 2);
    assert_true(text_is(page.rows[0].granted.login, "a"));
    entry_told_t told;
    entry_ask_t entry = {.seq = page.rows[0].granted_seq};
    answer_of(&world, entry_ask_type(), &entry, entry_told_type(), &told);
    uint8_t chain[HASH_SIZE];
    hash_chain(CHAIN_SEALED, told.previous, told.event, chain);
    assert_memory_equal(chain, told.chain, sizeof chain);
    entry.seq = world_head(&world) + 1;
    refusal_t refusal;
    answer_of(&world, entry_ask_type(), &entry, refusal_type(), &refusal);
    assert_true(text_is(refusal.reasons[0].code, "out_of_range"));
    world_end(&world);
}

/* The world's plan, amended: reports on its task are approved inside the unit. */
static world_t approving_world(void) {
    world_t world = world_new(clock_mode_real);
    plan_t plan = world_plan();
    static task_t task;
    task = plan.tasks[0];
    task.approval = approval_reviewed;
    plan.tasks = &task;
    plan_adopted_t adopted = {.plan = plan};
    world_done(&world, 80, plan_adopted_type(), &adopted);
    world_grant(&world, 81, "chengmen.clerk", login_role_clerk, "chengmen");
    world_grant(&world, 82, "chengmen.boss", login_role_approver, "chengmen");
    world_grant(&world, 83, "gaishan.clerk", login_role_clerk, "gaishan");
    world_grant(&world, 84, "chengmen.token", login_role_program, "chengmen");
    return world;
}

static void world_attest_of(world_t *self, const char *login, const char *drafted_by, const report_t *report) {
    attested_append_t ask = {.unit = text_of("chengmen"), .login = text_of(login), .report = *report};
    ask.drafted_by = text_of(drafted_by);
    memset(ask.session, 7, sizeof ask.session);
    world_ask(self, door_console, attested_append_type(), &ask);
}

static void where_approval_is_asked_for_a_clerk_sends_nothing_and_the_approver_what_another_drafted(void **state) {
    (void)state;
    world_t world = approving_world();
    report_t report = report_numbered(1, "走访");
    world_attest_of(&world, "chengmen.clerk", "", &report);
    assert_refused(&world, "approval_needed");
    world_attest_of(&world, "chengmen.clerk", "chengmen.boss", &report);
    assert_refused(&world, "approval_needed");
    world_attest_of(&world, "chengmen.boss", "", &report);
    assert_refused(&world, "drafter_missing");
    world_attest_of(&world, "chengmen.boss", "chengmen.boss", &report);
    assert_refused(&world, "drafter_missing");
    world_attest_of(&world, "chengmen.boss", "gaishan.clerk", &report);
    assert_refused(&world, "drafter_missing");
    world_attest_of(&world, "chengmen.boss", "chengmen.clerk", &report);
    world_commit(&world);
    receipt_t receipt;
    answer_read(&world, &world.later, receipt_type(), &receipt);
    report_received_t received;
    world_body(&world, receipt.seq, report_received_type(), &received);
    assert_true(text_is(received.login, "chengmen.boss") && text_is(received.drafted_by, "chengmen.clerk"));
    world_end(&world);
}

static void what_a_revoked_login_drafted_is_not_sent(void **state) {
    (void)state;
    world_t world = approving_world();
    report_t report = report_numbered(1, "走访");
    login_revoked_t revoked = {.login = text_of("chengmen.clerk")};
    world_done(&world, 90, login_revoked_type(), &revoked);
    world_attest_of(&world, "chengmen.boss", "chengmen.clerk", &report);
    assert_refused(&world, "drafter_missing");
    world_end(&world);
}

static void a_program_and_the_units_own_key_are_the_unit(void **state) {
    (void)state;
    world_t world = approving_world();
    report_t report = report_numbered(1, "走访"), other = report_numbered(2, "再走访");
    world_register(&world);
    world_attest_of(&world, "chengmen.token", "", &report);
    world_commit(&world);
    assert_int_equal(answer_kind(&world.later), KIND_receipt);
    world_receipt(&world, "chengmen", 1, &other);
    world_end(&world);
}

static void nobody_claims_a_drafter_that_is_none_where_approval_is_not_asked_for_either(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    report_t report = report_numbered(1, "走访");
    world_grant(&world, 81, "chengmen.clerk", login_role_clerk, "chengmen");
    world_grant(&world, 82, "chengmen.boss", login_role_approver, "chengmen");
    world_attest_of(&world, "chengmen.boss", "stranger", &report);
    assert_refused(&world, "drafter_missing");
    world_attest_of(&world, "chengmen.boss", "chengmen.clerk", &report);
    world_commit(&world);
    assert_int_equal(answer_kind(&world.later), KIND_receipt);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clerk_who_is_granted_reports_for_his_unit_and_the_entry_says_who_and_how),
        cmocka_unit_test(the_same_report_through_the_console_again_gets_its_first_receipt),
        cmocka_unit_test(nobody_reports_for_another_unit_nor_without_a_role_that_reports),
        cmocka_unit_test(a_revoked_login_and_one_whose_time_is_over_append_nothing),
        cmocka_unit_test(only_the_consoles_door_takes_attested_reports_and_it_takes_no_others),
        cmocka_unit_test(a_grant_needs_a_unit_of_the_plan_where_the_role_reports_and_no_mobile_number_for_a_name),
        cmocka_unit_test(a_coordinators_session_decides_in_its_office_and_the_entry_says_so),
        cmocka_unit_test(no_session_commands_beyond_its_office_nor_through_another_door),
        cmocka_unit_test(where_approval_is_asked_for_a_clerk_sends_nothing_and_the_approver_what_another_drafted),
        cmocka_unit_test(what_a_revoked_login_drafted_is_not_sent),
        cmocka_unit_test(a_program_and_the_units_own_key_are_the_unit),
        cmocka_unit_test(nobody_claims_a_drafter_that_is_none_where_approval_is_not_asked_for_either),
        cmocka_unit_test(the_desk_lists_logins_and_shows_an_entry_with_its_place_in_the_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
