/* Dead letters: remembered until somebody has them tried again, once, however old; their next end is another result. */
#include "tests/unit/outbox_world.h"

/* A warning that the mailbox refuses, and the ledger knows it. */
static notice_failed_t dead_letter(world_t *world, text_t *name) {
    uint32_t slot;
    request_t request;
    notice_sent_t sent;
    notice_failed_t failed = {0};
    one_mail_one_person(world);
    raise_of(world, 1, "chengmen", "sales");
    tick(world, NINE);
    plan(world);
    assert_true(next(world, &slot, &request));
    *name = request.name;
    answered(world, slot, 55, 550);
    assert_int_equal(note(world, &sent, &failed), KIND_notice_failed);
    tick(world, NINE + 1);
    plan(world);
    return failed;
}

static void retry(world_t *world, const char *route, const uint8_t *message) {
    notice_retried_t retried = {.route = text_of(route)};
    if (message != NULL) memcpy(retried.message, message, sizeof retried.message);
    world->entry++;
    emit(world, notice_retried_type(), &retried);
    tick(world, world->at_ms + 1);
    plan(world);
}

static dead_letters_t dead(world_t *world) {
    dead_ask_t ask = {0};
    dead_letters_t told;
    buffer_t frame = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(7, dead_ask_type(), &ask, &frame);
    assert_int_equal(packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault), OK);
    assert_true(stage_answer(world->stage, &packet, &out));
    assert_int_equal(packet_decode(arena_bytes(world->arena, (bytes_t){out.at, (uint32_t)out.size}), &packet, &fault), OK);
    assert_int_equal(packet_body(&packet, dead_letters_type(), world->arena, &told, &fault), OK);
    buffer_destroy(&frame);
    buffer_destroy(&out);
    return told;
}

static void a_dead_letter_rests_until_somebody_asks_then_leaves_under_its_own_name(void **state) {
    (void)state;
    world_t world = world_new(false);
    uint32_t slot;
    request_t request;
    notice_sent_t sent;
    notice_failed_t failed;
    text_t name;
    dead_letter(&world, &name);
    assert_false(next(&world, &slot, &request));
    assert_int_equal(dead(&world).rows_count, 1);
    assert_int_equal(dead(&world).rows[0].result.why, notice_why_refused);
    assert_true(text_is(dead(&world).rows[0].unit, "chengmen"));
    assert_int_equal(outbox_state(world.outbox).dead_in_all, 1);
    retry(&world, "", NULL);
    assert_int_equal(dead(&world).rows_count, 0);
    assert_true(next(&world, &slot, &request));
    assert_true(text_equal(request.name, name));
    answered(&world, slot, 0, 250);
    assert_int_equal(note(&world, &sent, &failed), KIND_notice_sent);
    tick(&world, NINE + 10);
    plan(&world);
    assert_false(next(&world, &slot, &request));
    assert_int_equal(outbox_state(world.outbox).dead_in_all, 0);
    world_end(&world);
}

static void its_second_end_is_another_result_and_it_is_dead_again(void **state) {
    (void)state;
    world_t world = world_new(false);
    uint32_t slot;
    request_t request;
    notice_sent_t sent;
    notice_failed_t again;
    text_t name;
    notice_failed_t failed = dead_letter(&world, &name);
    retry(&world, "", failed.id);
    assert_true(next(&world, &slot, &request));
    answered(&world, slot, 55, 550);
    assert_int_equal(note(&world, &sent, &again), KIND_notice_failed);
    assert_memory_not_equal(again.id, failed.id, sizeof failed.id); /* the ledger takes each result once */
    assert_int_equal(again.attempt, 1);
    tick(&world, NINE + 10);
    plan(&world);
    assert_int_equal(dead(&world).rows_count, 1);
    assert_int_equal(outbox_state(world.outbox).dead_in_all, 1);
    world_end(&world);
}

static void another_route_or_another_message_leaves_it_where_it_is(void **state) {
    (void)state;
    world_t world = world_new(false);
    uint8_t other[16] = {9};
    uint32_t slot;
    request_t request;
    text_t name;
    dead_letter(&world, &name);
    retry(&world, "robots", NULL);
    retry(&world, "", other);
    assert_false(next(&world, &slot, &request));
    assert_int_equal(dead(&world).rows_count, 1);
    retry(&world, "office", NULL);
    assert_true(next(&world, &slot, &request));
    world_end(&world);
}

static void who_asks_for_another_try_knows_how_old_it_is(void **state) {
    (void)state;
    world_t world = world_new(false);
    uint32_t slot;
    request_t request;
    text_t name;
    dead_letter(&world, &name);
    tick(&world, NINE + 100 * HOUR_MS);
    retry(&world, "", NULL);
    assert_true(next(&world, &slot, &request));
    world_end(&world);
}

static void what_was_withdrawn_meanwhile_is_not_sent_for_a_retry(void **state) {
    (void)state;
    world_t world = world_new(false);
    uint32_t slot;
    request_t request;
    notice_sent_t sent;
    notice_failed_t failed;
    text_t name;
    dead_letter(&world, &name);
    resolve(&world, 1, "chengmen");
    tick(&world, NINE + 5);
    plan(&world);
    retry(&world, "", NULL);
    assert_false(next(&world, &slot, &request));
    assert_int_equal(note(&world, &sent, &failed), KIND_notice_failed);
    assert_int_equal(failed.why, notice_why_withdrawn);
    world_end(&world);
}

static void a_retry_survives_a_rebuild_of_the_fold(void **state) {
    (void)state;
    world_t world = world_new(false);
    uint32_t slot;
    request_t request;
    text_t name;
    dead_letter(&world, &name);
    retry(&world, "", NULL);
    outbox_down(&world);
    outbox_up(&world);
    one_mail_one_person(&world);
    plan(&world);
    assert_true(next(&world, &slot, &request));
    assert_true(text_equal(request.name, name));
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_letter_rests_until_somebody_asks_then_leaves_under_its_own_name),
        cmocka_unit_test(its_second_end_is_another_result_and_it_is_dead_again),
        cmocka_unit_test(another_route_or_another_message_leaves_it_where_it_is),
        cmocka_unit_test(who_asks_for_another_try_knows_how_old_it_is),
        cmocka_unit_test(what_was_withdrawn_meanwhile_is_not_sent_for_a_retry),
        cmocka_unit_test(a_retry_survives_a_rebuild_of_the_fold),
    };
    return cmocka_run_group_tests_name("notifier_retry", tests, NULL, NULL);
}
