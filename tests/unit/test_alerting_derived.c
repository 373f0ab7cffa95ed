/* The publisher where stream 4 is not what it was when it was told, or not yet known to follow from the ledger. */
#include "tests/unit/alerting_scene.h"

#include "services/4-alerting/chunk.h"

/* The publisher goes on, but stream 4 is another: the same year, told from a ledger in which some stage skipped or did something
 * else, so that what was told has other numbers and there is more of it. */
static void world_derived_otherwise(scene_t *scene, int64_t to_ms) {
    publisher_stop(&scene->publisher);
    world_destroy(scene->world);
    scene->world = world_new(at(20210801, 0, 0));
    world_obligation(scene->world, "renshe", 20210825, standing_not_due, at(20210801, 0, 0));
    world_obligation(scene->world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_obligation(scene->world, "nongye", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(scene->world, to_ms);
    world_flush(scene->world);
    publisher_begin_here(scene);
}

/* How many entries of the stream carry this text. */
static uint32_t entries_with(scene_t *scene, const char *what) {
    uint32_t count = 0;
    for (const char *at = stream_text(scene).at; (at = strstr(at, what)) != NULL; at++) count++;
    return count;
}

static void what_was_derived_otherwise_is_told_behind_what_stands_and_nothing_twice(void **state) {
    (void)state;
    scene_t *scene = scene_told(at(20210820, 9, 0));
    world_derived_otherwise(scene, at(20210820, 9, 0));
    UNTIL(published_all(scene));
    assert_int_equal(stream_length(scene), 3);
    assert_int_equal(publish_calls(scene), 3);
    assert_int_equal(entries_with(scene, "\"unit\":\"shangwu\""), 1);
    assert_int_equal(entries_with(scene, "\"unit\":\"renshe\""), 1);
    assert_int_equal(entries_with(scene, "1-1000000000"), 1); /* the new one, in a second volume */
    assert_true(health(scene).ok);
    pass(scene, at(20210824, 9, 0)); /* and on */
    UNTIL(published_all(scene));
    assert_told(scene, 6, 6);
    scene_destroy(scene);
}

static void a_publisher_without_its_file_finds_by_the_stream_that_it_was_derived_otherwise(void **state) {
    (void)state;
    scene_t *scene = scene_told(at(20210820, 9, 0));
    publisher_stop(&scene->publisher);
    assert_int_equal(unlink(scene->file), 0);
    world_derived_otherwise(scene, at(20210824, 9, 0));
    UNTIL(published_all(scene));
    assert_told(scene, 6, 6);
    scene_destroy(scene);
}

/* The same warnings, behind more of what is nothing to Redis: their new numbers are free there. */
static void world_told_under_later_numbers(scene_t *scene) {
    world_destroy(scene->world);
    scene->world = world_of_two();
    world_pass(scene->world, at(20210819, 12, 0));
    for (uint32_t minute = 10; minute < 60; minute += 10) world_tick(scene->world, at(20210819, 12, minute)); /* others behind */
    scene->world->now_ms = at(20210819, 12, 50);
    world_pass(scene->world, at(20210820, 9, 0));
    world_flush(scene->world);
}

static void a_publisher_without_its_file_tells_nothing_under_another_number(void **state) {
    (void)state;
    scene_t *scene = scene_told(at(20210820, 9, 0));
    publisher_stop(&scene->publisher);
    assert_int_equal(unlink(scene->file), 0);
    world_told_under_later_numbers(scene);
    publisher_begin_here(scene);
    UNTIL(published_all(scene));
    assert_told(scene, 2, 2);
    scene_destroy(scene);
}

static void where_redis_was_lost_too_what_was_told_is_put_back_and_what_is_new_rings(void **state) {
    (void)state;
    scene_t *scene = scene_told(at(20210820, 9, 0));
    publisher_stop(&scene->publisher);
    freeReplyObject(ask(scene, "FLUSHALL"));
    world_derived_otherwise(scene, at(20210820, 9, 0));
    UNTIL(published_all(scene));
    UNTIL(stream_length(scene) == 3);
    assert_told(scene, 3, 3); /* of three, two had rung before */
    scene_destroy(scene);
}

static void a_shorter_stream_of_later_entries_is_another_and_is_not_waited_for(void **state) {
    (void)state;
    scene_t *scene = scene_new();
    world_obligation(scene->world, "renshe", 20210825, standing_not_due, at(20210801, 0, 0));
    publisher_begin_here(scene);
    pass(scene, at(20210820, 9, 0));
    UNTIL(published_all(scene));
    uint64_t before = head(scene);
    publisher_stop(&scene->publisher);
    world_destroy(scene->world);
    scene->world = world_new(at(20210801, 0, 0));
    world_obligation(scene->world, "jiaoyu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_pass(scene->world, at(20210820, 12, 0));
    world_flush(scene->world);
    assert_true(head(scene) < before);
    publisher_begin_here(scene);
    UNTIL(published_all(scene));
    assert_int_equal(entries_with(scene, "\"unit\":\"jiaoyu\""), 1);
    assert_int_equal(publish_calls(scene), 4);
    scene_destroy(scene);
}

static void nothing_goes_out_before_it_is_known_to_follow_from_the_ledger(void **state) {
    (void)state;
    scene_t *scene = scene_new();
    redis_place_t place = {.socket = scene->socket};
    world_pass(scene->world, at(20210820, 9, 0));
    world_flush(scene->world);
    publisher_t *publisher = publisher_new(stage_store(scene->world->stage), &place, scene->file);
    assert_true(publisher_work(publisher));
    assert_int_equal(stream_length(scene), 0);
    head_t sure = stage_sure(scene->world->stage);
    sure.hash[7] ^= 1; /* of a stream that was derived otherwise meanwhile */
    publisher_allow(publisher, sure);
    assert_true(publisher_work(publisher));
    assert_int_equal(stream_length(scene), 0);
    publisher_allow(publisher, stage_sure(scene->world->stage));
    assert_true(publisher_work(publisher));
    assert_int_equal(stream_length(scene), 2);
    publisher_destroy(&publisher);
    scene_destroy(scene);
}

/* The machine stopped after Redis took what was told and before the file said so: Redis has lost nothing. */
static void a_file_that_lags_behind_redis_does_not_say_that_redis_was_lost(void **state) {
    (void)state;
    scene_t *scene = scene_told(at(20210820, 9, 0));
    publisher_stop(&scene->publisher);
    arena_t *arena = arena_new();
    published_t before = published_read(scene->file, arena);
    publisher_begin_here(scene);
    pass(scene, at(20210824, 9, 0));
    UNTIL(published_all(scene));
    publisher_stop(&scene->publisher);
    assert_int_equal(publish_calls(scene), 4);
    assert_int_equal(published_write(scene->file, &before, arena), OK);
    arena_destroy(&arena);
    world_derived_otherwise(scene, at(20210824, 9, 0));
    UNTIL(published_all(scene));
    assert_told(scene, 6, 6);
    scene_destroy(scene);
}

/* The place stays at the beginning, whatever was told; `newest`: what Redis ends with is known. Then stream 4 is derived
 * otherwise. */
static void place_lags(scene_t *scene, bool newest) {
    publisher_stop(&scene->publisher);
    arena_t *arena = arena_new();
    published_t start = {.newest = "0-0"}, last = published_read(scene->file, arena);
    if (newest) memcpy(start.newest, last.newest, sizeof start.newest);
    assert_int_equal(published_write(scene->file, &start, arena), OK);
    arena_destroy(&arena);
    world_told_under_later_numbers(scene);
    publisher_begin_here(scene);
    UNTIL(published_all(scene));
}

/* The place is one that both streams have; what stands behind it in Redis was told before the machine stopped, and by another. */
static void what_was_told_behind_the_place_is_not_told_under_another_number(void **state) {
    (void)state;
    scene_t *scene = scene_told(at(20210820, 9, 0));
    place_lags(scene, false);
    assert_told(scene, 2, 2);
    pass(scene, at(20210824, 9, 0)); /* and on */
    UNTIL(published_all(scene));
    assert_told(scene, 4, 4);
    scene_destroy(scene);
}

/* The answer was lost twice: the entry is known as the newest by then, and yet the place did not come so far. */
static void the_newest_entry_is_compared_too_where_it_lies_behind_the_place(void **state) {
    (void)state;
    scene_t *scene = scene_told(at(20210820, 9, 0));
    place_lags(scene, true);
    assert_told(scene, 2, 2);
    scene_destroy(scene);
}

/* Dropped and derived anew between two chunks: the number is there, what was told up to it is not. */
static void a_chunk_goes_on_behind_what_was_told_only_where_that_stands(void **state) {
    (void)state;
    scene_t *scene = scene_new();
    world_pass(scene->world, at(20210820, 9, 0));
    world_flush(scene->world);
    store_t *store = stage_store(scene->world->stage);
    head_t sure = stage_sure(scene->world->stage);
    notice_plan_t plan = {.plan = text_of("test-2021"), .coordinator = text_of("nongye"), .offset_minutes = 480};
    arena_t *arena = arena_new();
    txn_t *txn = store_read(store);
    position_t after = position_of(txn, 2, arena);
    txn_abort(&txn);
    chunk_t *chunk = chunk_read(store, &plan, sure, &after, 0, arena);
    assert_int_equal(chunk->last.seq, sure.seq);
    assert_int_equal(chunk->count, 2);
    after.hash[3] ^= 1;
    chunk = chunk_read(store, &plan, sure, &after, 0, arena);
    assert_int_equal(chunk->last.seq, after.seq);
    assert_int_equal(chunk->count, 0);
    arena_destroy(&arena);
    scene_destroy(scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_derived_otherwise_is_told_behind_what_stands_and_nothing_twice),
        cmocka_unit_test(a_publisher_without_its_file_finds_by_the_stream_that_it_was_derived_otherwise),
        cmocka_unit_test(a_publisher_without_its_file_tells_nothing_under_another_number),
        cmocka_unit_test(where_redis_was_lost_too_what_was_told_is_put_back_and_what_is_new_rings),
        cmocka_unit_test(a_shorter_stream_of_later_entries_is_another_and_is_not_waited_for),
        cmocka_unit_test(a_file_that_lags_behind_redis_does_not_say_that_redis_was_lost),
        cmocka_unit_test(what_was_told_behind_the_place_is_not_told_under_another_number),
        cmocka_unit_test(the_newest_entry_is_compared_too_where_it_lies_behind_the_place),
        cmocka_unit_test(a_chunk_goes_on_behind_what_was_told_only_where_that_stands),
        cmocka_unit_test(nothing_goes_out_before_it_is_known_to_follow_from_the_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
