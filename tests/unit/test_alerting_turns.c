/* The publisher where Redis is lost, or stream 4 derived anew, in the middle of what it does: each warning rings once. */
#include "tests/unit/alerting_world.h"
#include "tests/unit/redis_model.h"

#include "services/4-alerting/position.h"
#include "services/4-alerting/publisher.h"

#include <sys/stat.h>

/* A world, the model of Redis, and a publisher that is driven by hand. */
typedef struct {
    world_t *world;
    char file[96];
    publisher_t *publisher;
} hand_t;

static void allow(hand_t *hand) { publisher_allow(hand->publisher, stage_sure(hand->world->stage)); }

static void publisher_again(hand_t *hand) {
    redis_place_t place = {.socket = "model"};
    publisher_destroy(&hand->publisher);
    hand->publisher = publisher_new(stage_store(hand->world->stage), &place, hand->file);
    allow(hand);
}

static void year_begin(world_t *world) {
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_obligation(world, "nongye", 20210825, standing_not_due, at(20210801, 0, 0));
}

/* Until 08-24 four are told: two at T-5, two at T-1. */
static hand_t *hand_told(int64_t to_ms) {
    hand_t *hand = calloc(1, sizeof *hand);
    hand->world = world_new(at(20210801, 0, 0));
    snprintf(hand->file, sizeof hand->file, "%s/published", hand->world->folder);
    model = (redis_t){.answers_left = UINT32_MAX, .arena = arena_new(), .owner = hand};
    year_begin(hand->world);
    world_pass(hand->world, to_ms);
    world_flush(hand->world);
    publisher_again(hand);
    assert_true(publisher_work(hand->publisher));
    return hand;
}

static void hand_destroy(hand_t *hand) {
    publisher_destroy(&hand->publisher);
    arena_destroy(&model.arena);
    world_destroy(hand->world);
    free(hand);
}

/* Stream 3 is another: what is told by `tell` first, then the same year. Warnings have later numbers. */
static void derived_anew(hand_t *hand, void (*tell)(world_t *), int64_t to_ms) {
    world_t *world = hand->world;
    ledger_opened_t opened = {.ledger_id = {1}, .epoch = 1, .clock_mode = clock_mode_real, .operator_key = {1}, .signer_key = {1}};
    plan_adopted_t adopted = {.plan = world_plan};
    assert_int_equal(stage_drop(world->stage), OK);
    world->seq = world->cause = 0;
    memset(world->hash, 0, sizeof world->hash);
    world_tell(world, ledger_opened_type(), &opened, at(20210801, 0, 0));
    world_tell(world, plan_adopted_type(), &adopted, at(20210801, 0, 0));
    tell(world);
    year_begin(world);
    world_pass(world, to_ms);
    world_flush(world);
    allow(hand);
}

static void ticks(world_t *world) {
    for (uint32_t minute = 1; minute < 6; minute++) world_tick(world, at(20210801, 0, 0) + minute * 60000);
}

static void one_more_unit(world_t *world) {
    world_obligation(world, "renshe", 20210825, standing_not_due, at(20210801, 0, 0));
}

/* Rung again and again; a tick among them looks at Redis too. */
static void rounds(hand_t *hand) {
    for (int round = 0; round < 4; round++) (void)publisher_work(hand->publisher);
    world_pass(hand->world, at(20210824, 10, 0));
    world_flush(hand->world);
    allow(hand);
    assert_true(publisher_work(hand->publisher));
    health_t health = {.ok = true};
    publisher_show(hand->publisher, &health);
    assert_true(health.ok);
    assert_int_equal(health.published, stage_sure(hand->world->stage).seq);
}

static void derived_by_now(void *owner) { derived_anew(owner, ticks, at(20210824, 9, 0)); }

/* The place lags behind what was told, as after a stop of the machine. */
static void place_lost(hand_t *hand) {
    arena_t *arena = arena_new();
    published_t start = {.newest = "0-0"};
    assert_int_equal(published_write(hand->file, &start, arena), OK);
    arena_destroy(&arena);
    publisher_again(hand);
}

/* Behind any answer: what was told is compared, and what follows is read, of one stream or not at all. */
static void what_lies_behind_the_place_is_compared_with_the_stream_that_is_told_from(void **state) {
    (void)state;
    uint32_t happened = 0;
    for (uint32_t others = 0; others < 8; others++) {
        hand_t *hand = hand_told(at(20210824, 9, 0));
        assert_int_equal(model.rings, 4);
        place_lost(hand);
        model.between = derived_by_now;
        model.others = others;
        (void)publisher_work(hand->publisher);
        happened += model.between == NULL;
        model.between = NULL;
        rounds(hand);
        assert_int_equal(model.rings, 4);
        hand_destroy(hand);
    }
    assert_true(happened >= 4);
}

/* Two more are told, of one more unit each. */
static void otherwise(hand_t *hand) { derived_anew(hand, one_more_unit, at(20210824, 9, 0)); }

static void dropped_by_now(void *owner) {
    hand_t *hand = owner;
    assert_int_equal(stage_drop(hand->world->stage), OK);
}

/* Behind any answer: what is put back is all of it, and who finds the stream gone waits for it. */
static void a_redis_lost_while_the_stream_is_derived_once_more_gets_all_back(void **state) {
    (void)state;
    for (uint32_t others = 0; others < 8; others++) {
        hand_t *hand = hand_told(at(20210824, 9, 0));
        otherwise(hand);
        assert_true(publisher_work(hand->publisher));
        world_tick(hand->world, at(20210824, 9, 30));
        world_flush(hand->world);
        allow(hand);
        model.count = 0;
        model.between = dropped_by_now;
        model.others = others;
        (void)publisher_work(hand->publisher);
        model.between = NULL;
        otherwise(hand);
        rounds(hand);
        assert_int_equal(model.count, 6);
        assert_int_equal(model.rings, 6);
        hand_destroy(hand);
    }
}

/* Redis answers so often yet, and is empty when it comes again. What was told is in a file then? */
static bool redis_lost_after(hand_t *hand, uint32_t answers, bool last_is_lost, bool stopped) {
    char file[128];
    snprintf(file, sizeof file, "%s.told", hand->file);
    model.answers_left = answers;
    model.last_is_lost = last_is_lost;
    (void)publisher_work(hand->publisher);
    if (stopped) publisher_again(hand); /* and the machine stops */
    model.count = 0;
    model.answers_left = UINT32_MAX;
    return access(file, R_OK) == 0;
}

/* At each place of what is done: answers that come yet, the last one done or not, the publisher stopped or not. */
static void redis_lost_anywhere(void (*begin)(hand_t *), uint32_t rings) {
    uint32_t kept = 0;
    for (uint32_t place = 0; place < 64; place++) {
        hand_t *hand = hand_told(at(20210824, 9, 0));
        begin(hand);
        bool known = redis_lost_after(hand, place / 4, place % 2 == 1, place / 2 % 2 == 1);
        rounds(hand);
        if (known) assert_in_range(model.rings, rings, rings + (place % 2)); /* that answer was all that is known of it */
        if (known) assert_int_equal(model.count, rings);
        kept += known;
        hand_destroy(hand);
    }
    assert_true(kept > 32);
}

static void a_redis_lost_while_all_is_gone_through_again_rings_each_once(void **state) {
    (void)state;
    redis_lost_anywhere(otherwise, 6);
}

/* Who told all the same would tell twice once Redis is lost; who said nothing of it would be silent and well. */
static void what_was_told_and_cannot_be_kept_is_an_alarm_until_it_can(void **state) {
    (void)state;
    char file[160], aside[160];
    health_t health = {.ok = true};
    hand_t *hand = hand_told(at(20210824, 9, 0));
    snprintf(file, sizeof file, "%s.told", hand->file);
    snprintf(aside, sizeof aside, "%s.aside", hand->file);
    assert_int_equal(rename(file, aside), 0);
    assert_int_equal(mkdir(file, 0700), 0);
    otherwise(hand);
    assert_false(publisher_work(hand->publisher));
    publisher_show(hand->publisher, &health);
    assert_false(health.ok);
    assert_int_equal(model.rings, 4);
    assert_int_equal(rmdir(file), 0);
    assert_int_equal(rename(aside, file), 0);
    rounds(hand);
    assert_int_equal(model.rings, 6);
    hand_destroy(hand);
}

static void place_forgotten(hand_t *hand) {
    publisher_destroy(&hand->publisher);
    assert_int_equal(unlink(hand->file), 0);
    publisher_again(hand);
}

static void a_redis_lost_behind_a_place_that_was_lost_rings_none_again(void **state) {
    (void)state;
    redis_lost_anywhere(place_forgotten, 4);
}

static void otherwise_behind(hand_t *hand) {
    place_lost(hand);
    derived_anew(hand, ticks, at(20210824, 9, 0));
}

static void a_redis_lost_where_the_place_lagged_rings_none_again(void **state) {
    (void)state;
    redis_lost_anywhere(otherwise_behind, 4);
}

static void lost_by_now(void *owner) {
    (void)owner;
    model.count = 0;
}

/* Behind any answer of putting back what an older snapshot lacks: what was seen there first is gone too. */
static void a_redis_lost_while_it_is_put_back_gets_all_back(void **state) {
    (void)state;
    for (uint32_t others = 0; others < 24; others++) {
        hand_t *hand = hand_told(at(20210824, 9, 0));
        publisher_again(hand);
        model.count = others % 3;
        model.between = lost_by_now;
        model.others = others / 3;
        (void)publisher_work(hand->publisher);
        model.between = NULL;
        rounds(hand);
        assert_int_equal(model.count, 4);
        assert_int_equal(model.rings, 4);
        hand_destroy(hand);
    }
}

static void lost_too(hand_t *hand) {
    otherwise(hand);
    model.count = 0;
}

static void a_redis_lost_before_anybody_saw_that_the_stream_was_derived_otherwise_rings_what_is_new(void **state) {
    (void)state;
    redis_lost_anywhere(lost_too, 6);
}

static void place_and_redis_lost(hand_t *hand) {
    place_forgotten(hand);
    model.count = 0;
}

static void a_redis_lost_with_the_place_rings_none_again(void **state) {
    (void)state;
    redis_lost_anywhere(place_and_redis_lost, 4);
}

/* The file of what was told is behind nothing that rang: it is written before the place goes on, and read where it did not. */
static void what_was_told_behind_a_place_that_lags_is_known_where_redis_is_lost(void **state) {
    (void)state;
    hand_t *hand = hand_told(at(20210824, 9, 0));
    place_lost(hand);
    model.count = 0;
    rounds(hand);
    assert_int_equal(model.rings, 4);
    assert_int_equal(model.count, 4);
    hand_destroy(hand);
}

/* --- what is told, as a file --- */

static notice_t notice_of(uint8_t number) { return (notice_t){.seq = number, .epoch = 1, .warning_id = {number}, .raised = true}; }

/* Two notices, one file, read again. */
static told_t *told_two(hand_t *hand) {
    told_t *told = told_new(hand->file);
    notice_t one = notice_of(1), two = notice_of(2);
    told_note(told, &one);
    told_note(told, &two);
    assert_int_equal(told_keep(told), OK);
    told_destroy(&told);
    told = told_new(hand->file);
    assert_int_equal(told_recall(told, 0), OK);
    return told;
}

static bool rang(const told_t *told, uint8_t number) {
    notice_t notice = notice_of(number);
    return told_rang(told, &notice);
}

static void file_change(const hand_t *hand, long place, bool cut) {
    FILE *file = fopen(hand->file, "r+");
    assert_non_null(file);
    fseek(file, place, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, place, SEEK_SET);
    if (cut) assert_int_equal(ftruncate(fileno(file), place), 0);
    else fputc(byte ^ 4, file);
    fclose(file);
}

static void of_what_was_told_a_flipped_bit_takes_one_record_and_no_more(void **state) {
    (void)state;
    for (long place = 0; place < 24; place++) {
        hand_t *hand = hand_told(at(20210820, 9, 0));
        unlink(hand->file);
        told_t *told = told_two(hand);
        file_change(hand, place, false);
        assert_int_equal(told_recall(told, 0), OK);
        assert_false(rang(told, 1));
        assert_true(rang(told, 2));
        told_destroy(&told);
        hand_destroy(hand);
    }
}

static void a_torn_record_is_written_over_by_the_next(void **state) {
    (void)state;
    hand_t *hand = hand_told(at(20210820, 9, 0));
    unlink(hand->file);
    told_t *told = told_two(hand);
    file_change(hand, 24 + 5, true);
    notice_t three = notice_of(3);
    told_note(told, &three);
    assert_int_equal(told_keep(told), OK);
    assert_int_equal(told_recall(told, 0), OK);
    assert_true(rang(told, 1) && !rang(told, 2) && rang(told, 3));
    told_destroy(&told);
    hand_destroy(hand);
}

static void the_place_covers_what_it_has_passed_and_only_the_rest_is_read_again(void **state) {
    (void)state;
    uint64_t records = 0;
    hand_t *hand = hand_told(at(20210820, 9, 0));
    unlink(hand->file);
    told_t *told = told_two(hand);
    assert_int_equal(told_recall(told, 1), OK);
    assert_true(!rang(told, 1) && rang(told, 2));
    assert_false(told_covered(told, &records)); /* the place is behind the first */
    notice_t two = notice_of(2);
    told_note(told, &two);
    assert_true(told_covered(told, &records));
    assert_int_equal(records, 2);
    told_destroy(&told);
    hand_destroy(hand);
}

static told_t *told_full(hand_t *hand, told_t *told) {
    char why[REDIS_WHY];
    model.entries[0].body = text_of("{\"id\":\"00112233445566778899aabbccddeeff\",\"state\":\"raised\"}"); /* a million are read */
    model.full = LIMIT_REDIS_STREAM;
    model.count = 1;
    if (told == NULL) told = told_new(hand->file);
    assert_int_equal(told_load_all(told, &model, text_of("stream"), why), OK);
    return told;
}

/* Under whatever number it was told: the file says what a full stream has lost. */
static void what_a_full_stream_has_lost_was_told_if_the_file_says_so(void **state) {
    (void)state;
    hand_t *hand = hand_told(at(20210820, 9, 0));
    unlink(hand->file);
    told_t *told = told_two(hand);
    notice_t one = notice_of(1), other = notice_of(7); /* derived otherwise, with a number below what is left */
    assert_false(told_has(told, &one));
    told = told_full(hand, told);
    assert_true(told_has(told, &one));
    assert_false(told_has(told, &other));
    told_destroy(&told);
    hand_destroy(hand);
}

/* A full stream of epoch 1 begins at 1001. What it had before was told; what epoch 2 tells under those numbers was not. */
static void without_the_file_what_a_full_stream_has_lost_was_told_in_its_epoch_and_in_no_later_one(void **state) {
    (void)state;
    hand_t *hand = hand_told(at(20210820, 9, 0));
    unlink(hand->file);
    told_t *told = told_full(hand, NULL);
    notice_t trimmed = {.seq = 1000, .epoch = 1}, later = {.seq = 5000, .epoch = 1}, forked = {.seq = 1000, .epoch = 2};
    assert_true(told_has(told, &trimmed));
    assert_false(told_has(told, &later));
    assert_false(told_has(told, &forked));
    told_destroy(&told);
    hand_destroy(hand);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_behind_the_place_is_compared_with_the_stream_that_is_told_from),
        cmocka_unit_test(a_redis_lost_while_the_stream_is_derived_once_more_gets_all_back),
        cmocka_unit_test(a_redis_lost_while_all_is_gone_through_again_rings_each_once),
        cmocka_unit_test(what_was_told_and_cannot_be_kept_is_an_alarm_until_it_can),
        cmocka_unit_test(a_redis_lost_behind_a_place_that_was_lost_rings_none_again),
        cmocka_unit_test(a_redis_lost_where_the_place_lagged_rings_none_again),
        cmocka_unit_test(a_redis_lost_while_it_is_put_back_gets_all_back),
        cmocka_unit_test(a_redis_lost_before_anybody_saw_that_the_stream_was_derived_otherwise_rings_what_is_new),
        cmocka_unit_test(a_redis_lost_with_the_place_rings_none_again),
        cmocka_unit_test(what_was_told_behind_a_place_that_lags_is_known_where_redis_is_lost),
        cmocka_unit_test(of_what_was_told_a_flipped_bit_takes_one_record_and_no_more),
        cmocka_unit_test(a_torn_record_is_written_over_by_the_next),
        cmocka_unit_test(the_place_covers_what_it_has_passed_and_only_the_rest_is_read_again),
        cmocka_unit_test(what_a_full_stream_has_lost_was_told_if_the_file_says_so),
        cmocka_unit_test(without_the_file_what_a_full_stream_has_lost_was_told_in_its_epoch_and_in_no_later_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
