/* What units do beside reporting, on its way into the ledger: who may, what stays out, once for ever. */
#include "tests/unit/intake_world.h"

static measure_enter_t measure_numbered(uint8_t number) {
    measure_enter_t enter = {.measure = {.task = text_of("pairing"), .state = measure_state_planned, .item = text_of("结对走访"),
                                         .plan = text_of("每季一次"), .due = 20211130}};
    memset(enter.submission_id, number, sizeof enter.submission_id);
    return enter;
}

static void a_measure_is_an_entry_with_the_units_key_and_a_receipt(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    measure_enter_t enter = measure_numbered(1);
    receipt_t receipt;
    measure_entered_t entered;
    world_act(&world, "chengmen", measure_enter_type(), &enter);
    world_commit(&world);
    answer_read(&world, &world.later, receipt_type(), &receipt);
    world_body(&world, receipt.seq, measure_entered_type(), &entered);
    assert_true(text_is(entered.unit, "chengmen") && text_is(entered.actor.unit, "chengmen"));
    assert_int_equal(entered.actor.credential, credential_curve);
    assert_int_equal(entered.actor.door, door_gateway);
    assert_true(text_is(entered.measure.item, "结对走访"));
    assert_memory_equal(entered.submission_id, enter.submission_id, 16);
    world_end(&world);
}

static void the_same_measure_again_gets_its_receipt_and_another_under_its_id_is_a_conflict(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    measure_enter_t enter = measure_numbered(1);
    receipt_t first, again;
    world_act(&world, "chengmen", measure_enter_type(), &enter);
    world_commit(&world);
    answer_read(&world, &world.later, receipt_type(), &first);
    world_act(&world, "chengmen", measure_enter_type(), &enter);
    answer_read(&world, &world.now, receipt_type(), &again);
    assert_true(again.duplicate && again.seq == first.seq && again.received_ms == first.received_ms);
    enter.measure.due = 20211201;
    world_act(&world, "chengmen", measure_enter_type(), &enter);
    assert_refused(&world, "conflict");
    world_commit(&world);
    world_end(&world);
}

static void one_id_is_not_for_a_measure_and_an_answer_both(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    measure_enter_t enter = measure_numbered(1);
    warning_decide_t decide = {.decision = warning_decision_answered, .task = text_of("pairing"), .period = text_of("2021-08"),
                               .by = 20210831};
    memcpy(decide.submission_id, enter.submission_id, sizeof decide.submission_id);
    world_act(&world, "chengmen", measure_enter_type(), &enter);
    world_act(&world, "chengmen", warning_decide_type(), &decide);
    assert_refused(&world, "conflict");
    world_commit(&world);
    world_end(&world);
}

static void every_word_of_a_measure_is_looked_at_before_the_ink(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    uint64_t head = world_head(&world);
    for (uint32_t field = 0; field < 4; field++) {
        measure_enter_t enter = measure_numbered(1);
        text_t *words[] = {&enter.measure.item, &enter.measure.plan, &enter.measure.result, &enter.measure.why};
        *words[field] = text_of("请打13800138000");
        world_act(&world, "chengmen", measure_enter_type(), &enter);
        assert_refused(&world, "mobile_number");
    }
    assert_int_equal(world_head(&world), head);
    world_end(&world);
}

static void a_strange_key_and_a_closed_plan_take_nothing(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    measure_enter_t enter = measure_numbered(1);
    world_act(&world, "stranger", measure_enter_type(), &enter);
    assert_refused(&world, "unknown_key");
    world_done(&world, 90, plan_closed_type(), &(plan_closed_t){0});
    world_act(&world, "chengmen", measure_enter_type(), &enter);
    assert_refused(&world, "plan_is_closed");
    world_end(&world);
}

static void what_is_no_act_is_refused_inside_the_packet_too(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    plan_closed_t closed = {0};
    world_act(&world, "chengmen", plan_closed_type(), &closed);
    assert_refused(&world, "not_permitted");
    unit_act_t broken = {.unit = text_of("chengmen"), .key_generation = 1, .body = {(const uint8_t *)"\x91\x01", 2}};
    world_ask(&world, door_gateway, unit_act_type(), &broken);
    assert_int_equal(answer_kind(&world.now), KIND_refusal);
    world_end(&world);
}

/* --- through the console --- */

static void login_acts_for(world_t *world, const char *login, const char *unit, const measure_enter_t *enter) {
    buffer_t body = {0};
    packet_encode(0, measure_enter_type(), enter, &body);
    attested_act_t ask = {
        .unit = text_of(unit), .login = text_of(login), .session = {1}, .body = {body.at, (uint32_t)body.size}};
    world_ask(world, door_console, attested_act_type(), &ask);
    buffer_destroy(&body);
}

static void a_clerks_login_acts_for_its_own_unit_and_is_named(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    login_granted_t granted = {.login = text_of("zhang"), .role = login_role_clerk, .unit = text_of("chengmen")};
    login_granted_t auditor = {.login = text_of("shen"), .role = login_role_auditor};
    world_done(&world, 91, login_granted_type(), &granted);
    world_done(&world, 92, login_granted_type(), &auditor);
    measure_enter_t enter = measure_numbered(1);
    receipt_t receipt;
    measure_entered_t entered;
    login_acts_for(&world, "zhang", "gaishan", &enter);
    assert_refused(&world, "role_lacks");
    login_acts_for(&world, "shen", "chengmen", &enter);
    assert_refused(&world, "role_lacks");
    login_acts_for(&world, "nobody", "chengmen", &enter);
    assert_refused(&world, "login_revoked");
    login_acts_for(&world, "zhang", "chengmen", &enter);
    world_commit(&world);
    answer_read(&world, &world.later, receipt_type(), &receipt);
    world_body(&world, receipt.seq, measure_entered_type(), &entered);
    assert_true(text_is(entered.actor.officer, "zhang") && text_is(entered.actor.unit, "chengmen"));
    assert_int_equal(entered.actor.credential, credential_session);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_measure_is_an_entry_with_the_units_key_and_a_receipt),
        cmocka_unit_test(the_same_measure_again_gets_its_receipt_and_another_under_its_id_is_a_conflict),
        cmocka_unit_test(one_id_is_not_for_a_measure_and_an_answer_both),
        cmocka_unit_test(every_word_of_a_measure_is_looked_at_before_the_ink),
        cmocka_unit_test(a_strange_key_and_a_closed_plan_take_nothing),
        cmocka_unit_test(what_is_no_act_is_refused_inside_the_packet_too),
        cmocka_unit_test(a_clerks_login_acts_for_its_own_unit_and_is_named),
    };
    return cmocka_run_group_tests_name("intake_acts", tests, NULL, NULL);
}
