/* Answers of units and silences of officers on their way into the ledger: who may, what stays out, once for ever. */
#include "tests/unit/intake_world.h"

static uint8_t officer_secret[SIGN_SECRET_SIZE];

static warning_decide_t answer_numbered(uint8_t number) {
    warning_decide_t decide = {.decision = warning_decision_answered, .task = text_of("pairing"), .period = text_of("2021-08"),
                               .by = 20210831, .why = text_of("正在核对")};
    memset(decide.submission_id, number, sizeof decide.submission_id);
    return decide;
}

static void world_answer(world_t *world, const char *unit, const warning_decide_t *decide) {
    world_act(world, unit, warning_decide_type(), decide);
}

static world_t office_of(office_t office) {
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    officer_registered_t officer = {.officer = text_of("lin"), .office = office, .unit = text_of("nongye"), .generation = 1};
    sign_keypair(officer.key, officer_secret);
    world_done(&world, 90, officer_registered_type(), &officer);
    return world;
}

static void officer_decides(world_t *world, const warning_decide_t *decide) {
    uint8_t id[16] = {7};
    command_t command =
        command_make_as(text_of("lin"), id, world->ledger_id, warning_decide_type(), decide, officer_secret, world->arena);
    world_ask(world, door_operator, command_type(), &command);
}

static void a_units_answer_is_an_entry_with_its_key_and_a_receipt(void **state) {
    (void)state;
    world_t world = office_of(office_coordinator);
    warning_decide_t decide = answer_numbered(1);
    receipt_t receipt;
    warning_decided_t decided;
    world_answer(&world, "chengmen", &decide);
    world_commit(&world);
    answer_read(&world, &world.later, receipt_type(), &receipt);
    world_body(&world, receipt.seq, warning_decided_type(), &decided);
    assert_true(text_is(decided.unit, "chengmen") && text_is(decided.actor.unit, "chengmen"));
    assert_int_equal(decided.actor.credential, credential_curve);
    assert_int_equal(decided.by, 20210831);
    assert_memory_equal(decided.id, decide.submission_id, 16);
    world_end(&world);
}

static void the_same_answer_again_gets_its_receipt_and_another_under_its_id_is_a_conflict(void **state) {
    (void)state;
    world_t world = office_of(office_coordinator);
    warning_decide_t decide = answer_numbered(1);
    receipt_t first, again;
    world_answer(&world, "chengmen", &decide);
    world_commit(&world);
    answer_read(&world, &world.later, receipt_type(), &first);
    world_answer(&world, "chengmen", &decide);
    answer_read(&world, &world.now, receipt_type(), &again);
    assert_true(again.duplicate && again.seq == first.seq && again.received_ms == first.received_ms);
    decide.by = 20210830;
    world_answer(&world, "chengmen", &decide);
    assert_refused(&world, "conflict");
    world_commit(&world);
    world_end(&world);
}

static void a_unit_answers_for_itself_and_silences_nobody(void **state) {
    (void)state;
    world_t world = office_of(office_coordinator);
    warning_decide_t other = answer_numbered(1), silence = answer_numbered(2);
    other.unit = text_of("gaishan");
    silence.decision = warning_decision_silenced;
    world_answer(&world, "chengmen", &other);
    assert_refused(&world, "not_permitted");
    world_answer(&world, "chengmen", &silence);
    assert_refused(&world, "not_permitted");
    world_end(&world);
}

static void a_mobile_number_and_a_strange_key_stay_out_of_the_ledger(void **state) {
    (void)state;
    world_t world = office_of(office_coordinator);
    warning_decide_t decide = answer_numbered(1);
    decide.why = text_of("请打13800138000");
    uint64_t head = world_head(&world);
    world_answer(&world, "chengmen", &decide);
    assert_refused(&world, "mobile_number");
    world_answer(&world, "stranger", &decide);
    assert_refused(&world, "unknown_key");
    assert_int_equal(world_head(&world), head);
    world_end(&world);
}

static void world_attest(world_t *world, const char *login, const char *unit, const warning_decide_t *decide) {
    buffer_t body = {0};
    packet_encode(0, warning_decide_type(), decide, &body);
    attested_act_t ask = {.unit = text_of(unit), .login = text_of(login), .body = {body.at, (uint32_t)body.size}};
    memset(ask.session, 7, sizeof ask.session);
    world_ask(world, door_console, attested_act_type(), &ask);
    buffer_destroy(&body);
}

static void grant(world_t *world, uint8_t number, const char *login, login_role_t role, const char *unit) {
    login_granted_t granted = {.login = text_of(login), .role = role, .unit = text_of(unit)};
    world_done(world, number, login_granted_type(), &granted);
}

static void a_clerk_answers_through_the_console_and_the_entry_names_his_login(void **state) {
    (void)state;
    world_t world = office_of(office_coordinator);
    warning_decide_t decide = answer_numbered(1);
    receipt_t receipt, again;
    warning_decided_t decided;
    grant(&world, 91, "chengmen.clerk", login_role_clerk, "chengmen");
    world_attest(&world, "chengmen.clerk", "chengmen", &decide);
    world_commit(&world);
    answer_read(&world, &world.later, receipt_type(), &receipt);
    world_body(&world, receipt.seq, warning_decided_type(), &decided);
    assert_true(text_is(decided.unit, "chengmen") && text_is(decided.actor.officer, "chengmen.clerk"));
    assert_int_equal(decided.actor.credential, credential_session);
    assert_int_equal(decided.actor.office, office_none);
    world_attest(&world, "chengmen.clerk", "chengmen", &decide);
    answer_read(&world, &world.now, receipt_type(), &again);
    assert_true(again.duplicate && again.seq == receipt.seq);
    world_end(&world);
}

static void nobody_answers_for_another_unit_nor_after_his_login_is_revoked(void **state) {
    (void)state;
    world_t world = office_of(office_coordinator);
    warning_decide_t decide = answer_numbered(1);
    grant(&world, 91, "chengmen.clerk", login_role_clerk, "chengmen");
    grant(&world, 92, "audit", login_role_auditor, NULL);
    world_attest(&world, "chengmen.clerk", "gaishan", &decide);
    assert_refused(&world, "role_lacks");
    world_attest(&world, "audit", "chengmen", &decide);
    assert_refused(&world, "role_lacks");
    login_revoked_t revoked = {.login = text_of("chengmen.clerk")};
    world_done(&world, 93, login_revoked_type(), &revoked);
    world_attest(&world, "chengmen.clerk", "chengmen", &decide);
    assert_refused(&world, "login_revoked");
    memset(decide.submission_id, 0, sizeof decide.submission_id);
    world_answer(&world, "chengmen", &decide);
    assert_refused(&world, "missing_field");
    world_end(&world);
}

static void an_operator_presses_nobody_the_coordinator_does(void **state) {
    (void)state;
    warning_decide_t press = {.decision = warning_decision_reminded, .unit = text_of("chengmen"), .task = text_of("pairing"),
                              .period = text_of("2021-08")};
    world_t world = office_of(office_operator);
    officer_decides(&world, &press);
    assert_refused(&world, "office_missing");
    world_end(&world);
    world = office_of(office_coordinator);
    officer_decides(&world, &press);
    world_commit(&world);
    assert_int_equal(answer_kind(&world.later), KIND_command_done);
    world_end(&world);
}

static void a_silence_has_a_reason_and_is_not_for_the_coordinators_own_unit(void **state) {
    (void)state;
    world_t world = office_of(office_coordinator);
    warning_decide_t silence = {.decision = warning_decision_silenced, .unit = text_of("chengmen"), .until_ms = FOUNDED_MS * 2};
    officer_decides(&world, &silence);
    assert_refused(&world, "missing_field");
    silence.why = text_of("机房迁移");
    silence.unit = text_of("nongye");
    officer_decides(&world, &silence);
    assert_refused(&world, "own_unit");
    silence.unit = text_of("");
    officer_decides(&world, &silence); /* everybody: its own unit too */
    assert_refused(&world, "own_unit");
    silence.unit = text_of("chengmen");
    officer_decides(&world, &silence);
    world_commit(&world);
    assert_int_equal(answer_kind(&world.later), KIND_command_done);
    world_end(&world);
}

static void a_supervisor_silences_everybody_an_auditor_nobody(void **state) {
    (void)state;
    world_t world = office_of(office_supervisor), other = office_of(office_auditor);
    warning_decide_t silence = {.decision = warning_decision_silenced, .until_ms = FOUNDED_MS * 2, .why = text_of("停电")};
    officer_decides(&other, &silence); /* signed by the officer of the last office made */
    assert_refused(&other, "office_missing");
    world_end(&other);
    world_end(&world);
    world = office_of(office_supervisor);
    officer_decides(&world, &silence);
    world_commit(&world);
    assert_int_equal(answer_kind(&world.later), KIND_command_done);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_units_answer_is_an_entry_with_its_key_and_a_receipt),
        cmocka_unit_test(the_same_answer_again_gets_its_receipt_and_another_under_its_id_is_a_conflict),
        cmocka_unit_test(a_unit_answers_for_itself_and_silences_nobody),
        cmocka_unit_test(a_mobile_number_and_a_strange_key_stay_out_of_the_ledger),
        cmocka_unit_test(a_clerk_answers_through_the_console_and_the_entry_names_his_login),
        cmocka_unit_test(nobody_answers_for_another_unit_nor_after_his_login_is_revoked),
        cmocka_unit_test(an_operator_presses_nobody_the_coordinator_does),
        cmocka_unit_test(a_silence_has_a_reason_and_is_not_for_the_coordinators_own_unit),
        cmocka_unit_test(a_supervisor_silences_everybody_an_auditor_nobody),
    };
    return cmocka_run_group_tests_name("intake_warnings", tests, NULL, NULL);
}
