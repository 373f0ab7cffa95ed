/* Dead letters: remembered until somebody has them tried again, once, however old; their next end is another result. */
#include "tests/unit/outbox_world.h"

/* A warning that the mailbox refused, and the ledger knows it. */
typedef struct {
    world_t world;
    uint32_t slot;         /* of what leaves next */
    request_t request;     /* that */
    notice_sent_t sent;    /* what is told of it, or … */
    notice_failed_t again; /* … the second end */
    notice_failed_t first;
    text_t name; /* under which it left */
} refused_t;

static int letter_dies(void **state) {
    refused_t *letter = calloc(1, sizeof *letter);
    letter->world = world_new(false);
    world_t *world = &letter->world;
    one_mail_one_person(world);
    raise_of(world, 1, "chengmen", "sales");
    tick(world, NINE);
    plan(world);
    assert_true(next(world, &letter->slot, &letter->request));
    letter->name = letter->request.name;
    answered(world, letter->slot, 55, 550);
    assert_int_equal(note(world, &letter->sent, &letter->first), KIND_notice_failed);
    tick(world, NINE + 1);
    plan(world);
    *state = letter;
    return 0;
}

static int letter_is_put_away(void **state) {
    refused_t *letter = *state;
    world_end(&letter->world);
    free(letter);
    return 0;
}

static bool leaves(refused_t *letter) { return next(&letter->world, &letter->slot, &letter->request); }

static uint32_t comes_back(refused_t *letter) { return note(&letter->world, &letter->sent, &letter->again); }

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
    refused_t *letter = *state;
    world_t *world = &letter->world;
    assert_false(leaves(letter));
    assert_int_equal(dead(world).rows_count, 1);
    assert_int_equal(dead(world).rows[0].result.why, notice_why_refused);
    assert_true(text_is(dead(world).rows[0].unit, "chengmen"));
    assert_int_equal(outbox_state(world->outbox).dead_in_all, 1);
    retry(world, "", NULL);
    assert_int_equal(dead(world).rows_count, 0);
    assert_true(leaves(letter));
    assert_true(text_equal(letter->request.name, letter->name));
    answered(world, letter->slot, 0, 250);
    assert_int_equal(comes_back(letter), KIND_notice_sent);
    tick(world, NINE + 10);
    plan(world);
    assert_false(leaves(letter));
    assert_int_equal(outbox_state(world->outbox).dead_in_all, 0);
}

static void its_second_end_is_another_result_and_it_is_dead_again(void **state) {
    refused_t *letter = *state;
    world_t *world = &letter->world;
    retry(world, "", letter->first.id);
    assert_true(leaves(letter));
    answered(world, letter->slot, 55, 550);
    assert_int_equal(comes_back(letter), KIND_notice_failed);
    assert_memory_not_equal(letter->again.id, letter->first.id, sizeof letter->first.id); /* the ledger takes each result once */
    assert_int_equal(letter->again.attempt, 1);
    tick(world, NINE + 10);
    plan(world);
    assert_int_equal(dead(world).rows_count, 1);
    assert_int_equal(outbox_state(world->outbox).dead_in_all, 1);
}

static void another_route_or_another_message_leaves_it_where_it_is(void **state) {
    refused_t *letter = *state;
    world_t *world = &letter->world;
    uint8_t other[16] = {9};
    retry(world, "robots", NULL);
    retry(world, "", other);
    assert_false(leaves(letter));
    assert_int_equal(dead(world).rows_count, 1);
    retry(world, "office", NULL);
    assert_true(leaves(letter));
}

static void who_asks_for_another_try_knows_how_old_it_is(void **state) {
    refused_t *letter = *state;
    tick(&letter->world, NINE + 100 * HOUR_MS);
    retry(&letter->world, "", NULL);
    assert_true(leaves(letter));
}

/* Withdrawn meanwhile, and then tried again. */
static void withdrawn_and_retried(world_t *world) {
    resolve(world, 1, "chengmen");
    tick(world, NINE + 5);
    plan(world);
    retry(world, "", NULL);
}

static void what_was_withdrawn_meanwhile_is_not_sent_for_a_retry(void **state) {
    refused_t *letter = *state;
    world_t *world = &letter->world;
    withdrawn_and_retried(world);
    assert_false(leaves(letter));
    assert_int_equal(comes_back(letter), KIND_notice_failed);
    assert_int_equal(letter->again.why, notice_why_withdrawn);
}

static void an_end_that_is_no_dead_letter_is_the_last_word_whoever_asks(void **state) {
    refused_t *letter = *state;
    world_t *world = &letter->world;
    withdrawn_and_retried(world);
    assert_int_equal(comes_back(letter), KIND_notice_failed); /* withdrawn, and so over */
    tick(world, NINE + 6);
    plan(world);
    assert_int_equal(dead(world).rows_count, 0);
    notice_failed_t over = letter->again;
    retry(world, "", over.id);
    retry(world, "", letter->first.id);
    retry(world, "office", NULL);
    assert_false(leaves(letter));
    assert_int_equal(comes_back(letter), 0);
    outbox_down(world);
    outbox_up(world);
    one_mail_one_person(world);
    plan(world);
    assert_false(leaves(letter));
    assert_int_equal(comes_back(letter), 0);
    assert_int_equal(outbox_state(world->outbox).dead_in_all, 0);
}

static void a_retry_survives_a_rebuild_of_the_fold(void **state) {
    refused_t *letter = *state;
    world_t *world = &letter->world;
    retry(world, "", NULL);
    outbox_down(world);
    outbox_up(world);
    one_mail_one_person(world);
    plan(world);
    assert_true(leaves(letter));
    assert_true(text_equal(letter->request.name, letter->name));
}

#define LETTER_TEST(name) cmocka_unit_test_setup_teardown(name, letter_dies, letter_is_put_away)

static void a_fold_that_cannot_be_read_is_not_held_to_follow_from_the_ledger(void **state) {
    (void)state;
    enum { MOST = 4096 };
    world_t world = world_new(false);
    tick(&world, NINE);
    fold(&world);
    fetch_t next = stage_fetch(world.stage);
    head_t sure = {.seq = next.after};
    memcpy(sure.hash, next.after_hash, sizeof sure.hash);
    txn_t *readers[MOST] = {0};
    uint32_t count = 0;
    while (count < MOST && (readers[count] = store_read(stage_store(world.stage))) != NULL) count++;
    assert_in_range(count, 1, MOST - 1); /* it has so many readers that nobody gets in */
    assert_true(notifier_is_sure(readers[0], &sure));
    assert_false(notifier_is_sure(readers[count], &sure));
    sure.hash[0] ^= 1;
    assert_false(notifier_is_sure(readers[0], &sure)); /* another way to the same number */
    for (uint32_t index = 0; index < count; index++) txn_abort(&readers[index]);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fold_that_cannot_be_read_is_not_held_to_follow_from_the_ledger),
        LETTER_TEST(a_dead_letter_rests_until_somebody_asks_then_leaves_under_its_own_name),
        LETTER_TEST(its_second_end_is_another_result_and_it_is_dead_again),
        LETTER_TEST(another_route_or_another_message_leaves_it_where_it_is),
        LETTER_TEST(who_asks_for_another_try_knows_how_old_it_is),
        LETTER_TEST(what_was_withdrawn_meanwhile_is_not_sent_for_a_retry),
        LETTER_TEST(an_end_that_is_no_dead_letter_is_the_last_word_whoever_asks),
        LETTER_TEST(a_retry_survives_a_rebuild_of_the_fold),
    };
    return cmocka_run_group_tests_name("notifier_retry", tests, NULL, NULL);
}
