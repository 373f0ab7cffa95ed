/* Objections to an announced document: who may raise one, until when, and that nothing goes out before each has its answer. */
#include "tests/unit/intake_document.h"

static uint8_t secrets[2][SIGN_SECRET_SIZE]; /* lin of the coordinator, chen of the supervisor */

static world_t world_with_people(void) {
    static const struct {
        const char *officer;
        office_t office;
    } officers[] = {{"lin", office_coordinator}, {"chen", office_supervisor}};
    world_t world = world_new(clock_mode_real);
    for (uint8_t index = 0; index < 2; index++) {
        officer_registered_t entry = {.officer = text_of(officers[index].officer),
                                      .office = officers[index].office,
                                      .unit = text_of("nongye"),
                                      .generation = 1};
        sign_keypair(entry.key, secrets[index]);
        world_done(&world, (uint8_t)(200 + index), officer_registered_type(), &entry);
    }
    login_granted_t clerk = {.login = text_of("chengmen.clerk"), .role = login_role_clerk, .unit = text_of("chengmen")};
    login_granted_t office = {.login = text_of("office"), .role = login_role_coordinator};
    login_granted_t program = {.login = text_of("robot"), .role = login_role_program, .unit = text_of("chengmen")};
    world_done(&world, 210, login_granted_type(), &clerk);
    world_done(&world, 211, login_granted_type(), &office);
    world_done(&world, 212, login_granted_type(), &program);
    return world;
}

static void attest(world_t *self, uint8_t number, const char *login, const message_t *type, const void *value) {
    buffer_t body = {0};
    packet_encode(0, type, value, &body);
    attested_command_t attested = {.login = text_of(login), .body = {body.at, (uint32_t)body.size}};
    memset(attested.command_id, number, sizeof attested.command_id);
    memset(attested.session, 7, sizeof attested.session);
    world_ask(self, door_console, attested_command_type(), &attested);
    buffer_destroy(&body);
}

static void sign_as(world_t *self, uint32_t officer, uint8_t number, const message_t *type, const void *value) {
    static const char *const names[] = {"lin", "chen"};
    uint8_t command_id[16];
    buffer_t frame = {0};
    memset(command_id, number, sizeof command_id);
    command_t command =
        command_make_as(text_of(names[officer]), command_id, self->ledger_id, type, value, secrets[officer], self->arena);
    packet_encode(++self->request_id, command_type(), &command, &frame);
    world_take(self, door_operator, (bytes_t){frame.at, (uint32_t)frame.size});
    buffer_destroy(&frame);
}

static uint64_t obeyed(world_t *self) {
    command_done_t done;
    world_commit(self);
    answer_read(self, self->later.size > 0 ? &self->later : &self->now, command_done_type(), &done);
    return done.seq;
}

static objection_raise_t raise_of(uint64_t announced_seq, const char *unit) {
    return (objection_raise_t){.kind = document_kind_bulletin,
                               .period = text_of("2021-08"),
                               .announced_seq = announced_seq,
                               .unit = text_of(unit),
                               .why = text_of("我镇8月24日已报")};
}

static uint64_t raised_by_clerk(world_t *world, uint8_t number, uint64_t announced_seq) {
    objection_raise_t raise = raise_of(announced_seq, "");
    attest(world, number, "chengmen.clerk", objection_raise_type(), &raise);
    return obeyed(world);
}

static objections_t objections_now(world_t *world, const objections_ask_t *ask) {
    objections_t told;
    buffer_t frame = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(++world->request_id, objections_ask_type(), ask, &frame);
    assert_int_equal(packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault), OK);
    buffer_clear(&world->now);
    assert_true(intake_answer(world->intake, &packet, &world->now));
    answer_read(world, &world->now, objections_type(), &told);
    buffer_destroy(&frame);
    return told;
}

static void a_clerk_objects_for_his_own_unit_and_the_entry_says_who_and_to_what(void **state) {
    (void)state;
    world_t world = world_with_people();
    uint64_t announced = announce(&world, 1), seq = raised_by_clerk(&world, 9, announced);
    objections_t all = objections_now(&world, &(objections_ask_t){.kind = document_kind_bulletin});
    assert_int_equal(all.rows_count, 1);
    assert_int_equal(all.rows[0].seq, seq);
    assert_int_equal(all.rows[0].answered_seq, 0);
    const objection_raised_t *raised = &all.rows[0].raised;
    assert_true(text_is(raised->unit, "chengmen"));
    assert_true(text_is(raised->actor.officer, "chengmen.clerk"));
    assert_int_equal(raised->actor.office, office_none);
    assert_int_equal(raised->actor.credential, credential_session);
    assert_int_equal(raised->announced_seq, announced);
    world_end(&world);
}

static void a_clerk_neither_objects_for_another_unit_nor_answers_nor_decides(void **state) {
    (void)state;
    world_t world = world_with_people();
    uint64_t announced = announce(&world, 1), seq = raised_by_clerk(&world, 9, announced);
    objection_raise_t raise = raise_of(announced, "gaishan");
    attest(&world, 10, "chengmen.clerk", objection_raise_type(), &raise);
    assert_refused(&world, "role_lacks");
    objection_answer_t answer = {.objection_seq = seq, .ruling = objection_ruling_upheld, .why = text_of("是")};
    attest(&world, 11, "chengmen.clerk", objection_answer_type(), &answer);
    assert_refused(&world, "role_lacks");
    attest(&world, 12, "robot", objection_raise_type(), &raise);
    assert_refused(&world, "role_lacks");
    world_end(&world);
}

static void the_same_objection_sent_again_is_the_same_entry(void **state) {
    (void)state;
    world_t world = world_with_people();
    uint64_t announced = announce(&world, 1), seq = raised_by_clerk(&world, 9, announced);
    assert_int_equal(raised_by_clerk(&world, 9, announced), seq);
    assert_int_equal(objections_now(&world, &(objections_ask_t){0}).rows_count, 1);
    world_end(&world);
}

static void an_objection_needs_an_announcement_the_newest_one_and_an_open_window(void **state) {
    (void)state;
    world_t world = world_with_people();
    objection_raise_t raise = raise_of(1, "");
    attest(&world, 9, "chengmen.clerk", objection_raise_type(), &raise);
    assert_refused(&world, "document_unannounced");
    uint64_t first = announce(&world, 1), second;
    world_pass(&world, HOUR_MS);
    second = announce(&world, 3);
    raise = raise_of(first, "");
    attest(&world, 10, "chengmen.clerk", objection_raise_type(), &raise);
    assert_refused(&world, "announced_anew");
    world_pass(&world, 4 * 24 * HOUR_MS);
    raise = raise_of(second, "");
    attest(&world, 11, "chengmen.clerk", objection_raise_type(), &raise);
    assert_refused(&world, "objections_closed");
    try_publish(&world, 5, 1);
    attest(&world, 12, "chengmen.clerk", objection_raise_type(), &raise);
    assert_refused(&world, "document_known");
    world_end(&world);
}

static void nothing_is_published_before_each_objection_has_its_answer(void **state) {
    (void)state;
    world_t world = world_with_people();
    uint64_t announced = announce(&world, 1), seq = raised_by_clerk(&world, 9, announced);
    world_pass(&world, 4 * 24 * HOUR_MS);
    try_publish(&world, 5, 1);
    assert_refused(&world, "objection_unanswered");
    objection_answer_t answer = {.objection_seq = seq, .ruling = objection_ruling_upheld, .why = text_of("已核实，改为按时")};
    sign_as(&world, 0, 20, objection_answer_type(), &answer);
    uint64_t answered = obeyed(&world);
    world_reopen(&world);
    try_publish(&world, 7, 1);
    assert_int_equal(answer_kind(&world.later), KIND_command_done);
    objections_t all = objections_now(&world, &(objections_ask_t){.period = text_of("2021-08"), .unit = text_of("chengmen")});
    assert_int_equal(all.rows[0].answered_seq, answered);
    assert_int_equal(all.rows[0].answered.ruling, objection_ruling_upheld);
    assert_true(text_is(all.rows[0].answered.actor.officer, "lin"));
    world_end(&world);
}

static void an_objection_is_answered_once(void **state) {
    (void)state;
    world_t world = world_with_people();
    uint64_t announced = announce(&world, 1), seq = raised_by_clerk(&world, 9, announced);
    objection_answer_t answer = {.objection_seq = seq, .ruling = objection_ruling_dismissed, .why = text_of("以收到时刻为准")};
    attest(&world, 20, "office", objection_answer_type(), &answer);
    (void)obeyed(&world);
    sign_as(&world, 0, 21, objection_answer_type(), &answer);
    assert_refused(&world, "objection_answered_before");
    answer.objection_seq = announced;
    sign_as(&world, 0, 22, objection_answer_type(), &answer);
    assert_refused(&world, "no_objection");
    answer.objection_seq = 1ull << 40;
    sign_as(&world, 0, 23, objection_answer_type(), &answer);
    assert_refused(&world, "no_objection");
    world_end(&world);
}

static void the_objection_of_the_coordinators_own_unit_is_answered_by_the_supervisor(void **state) {
    (void)state;
    world_t world = world_with_people();
    objection_raise_t raise = raise_of(announce(&world, 1), "nongye");
    sign_as(&world, 0, 20, objection_raise_type(), &raise);
    objection_answer_t answer = {.objection_seq = obeyed(&world), .ruling = objection_ruling_upheld, .why = text_of("是")};
    sign_as(&world, 0, 21, objection_answer_type(), &answer);
    assert_refused(&world, "own_unit");
    sign_as(&world, 1, 22, objection_answer_type(), &answer);
    (void)obeyed(&world);
    world_end(&world);
}

static void the_root_key_neither_objects_nor_answers(void **state) {
    (void)state;
    world_t world = world_with_people();
    objection_raise_t raise = raise_of(announce(&world, 1), "chengmen");
    world_command(&world, 20, objection_raise_type(), &raise);
    assert_refused(&world, "office_missing");
    world_end(&world);
}

static void a_mobile_number_an_unknown_figure_and_no_reason_are_refused_before_the_ink(void **state) {
    (void)state;
    world_t world = world_with_people();
    objection_raise_t raise = raise_of(announce(&world, 1), "");
    uint64_t before = intake_head(world.intake).seq;
    raise.why = text_of("请拨13805910000");
    attest(&world, 9, "chengmen.clerk", objection_raise_type(), &raise);
    assert_refused(&world, "mobile_number");
    raise.why = text_of("金额不符");
    raise.indicator = text_of("unheard");
    attest(&world, 10, "chengmen.clerk", objection_raise_type(), &raise);
    assert_refused(&world, "unknown_indicator");
    raise.why = raise.indicator = (text_t){0};
    attest(&world, 11, "chengmen.clerk", objection_raise_type(), &raise);
    assert_refused(&world, "missing_field");
    world_commit(&world);
    assert_int_equal(intake_head(world.intake).seq, before);
    world_end(&world);
}

static void one_unit_does_not_fill_the_book_of_objections(void **state) {
    (void)state;
    world_t world = world_with_people();
    uint64_t announced = announce(&world, 1);
    for (uint8_t number = 0; number < LIMIT_OBJECTIONS_OF_UNIT; number++)
        raised_by_clerk(&world, (uint8_t)(30 + number), announced);
    objection_raise_t raise = raise_of(announced, "");
    attest(&world, 90, "chengmen.clerk", objection_raise_type(), &raise);
    assert_refused(&world, "too_many");
    raise = raise_of(announced, "gaishan");
    sign_as(&world, 0, 91, objection_raise_type(), &raise);
    (void)obeyed(&world);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clerk_objects_for_his_own_unit_and_the_entry_says_who_and_to_what),
        cmocka_unit_test(a_clerk_neither_objects_for_another_unit_nor_answers_nor_decides),
        cmocka_unit_test(the_same_objection_sent_again_is_the_same_entry),
        cmocka_unit_test(an_objection_needs_an_announcement_the_newest_one_and_an_open_window),
        cmocka_unit_test(nothing_is_published_before_each_objection_has_its_answer),
        cmocka_unit_test(an_objection_is_answered_once),
        cmocka_unit_test(the_objection_of_the_coordinators_own_unit_is_answered_by_the_supervisor),
        cmocka_unit_test(the_root_key_neither_objects_nor_answers),
        cmocka_unit_test(a_mobile_number_an_unknown_figure_and_no_reason_are_refused_before_the_ink),
        cmocka_unit_test(one_unit_does_not_fill_the_book_of_objections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
