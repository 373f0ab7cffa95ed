/* The publisher against a real Redis on a private socket: what a stranger finds in the stream and hears on the channels. */
#include "tests/unit/alerting_scene.h"

#include <jansson.h>

static const char *json_text(json_t *object, const char *name) { return json_string_value(json_object_get(object, name)); }

static void a_warning_stands_in_the_stream_and_rings_its_units_channel_once(void **state) {
    (void)state;
    scene_t *scene = scene_told(at(20210820, 9, 0));
    assert_int_equal(stream_length(scene), 2);
    assert_int_equal(publish_calls(scene), 2);
    text_t heard = hear(scene);
    const char *body = strchr(heard.at, ' ') + 1;
    assert_int_equal(strncmp(heard.at, "minning:v1:test-2021:coordinator ", strlen("minning:v1:test-2021:coordinator ")), 0);
    heard = hear(scene);
    body = strchr(heard.at, ' ') + 1;
    assert_int_equal(strncmp(heard.at, "minning:v1:test-2021:shangwu ", strlen("minning:v1:test-2021:shangwu ")), 0);
    assert_non_null(strstr(stream_text(scene).at, body)); /* the doorbell says what the mailbox holds */
    json_t *object = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    assert_string_equal(json_text(object, "state"), "raised");
    assert_string_equal(json_text(object, "kind"), "report_due");
    assert_string_equal(json_text(object, "rung"), "T-5");
    assert_string_equal(json_text(object, "unit"), "shangwu");
    assert_string_equal(json_text(object, "period"), "2021-08");
    assert_string_equal(json_text(object, "due"), "2021-08-25T23:59:59.999+08:00");
    assert_int_equal(strlen(json_text(object, "id")), 32);
    assert_string_equal(json_string_value(json_array_get(json_object_get(object, "missing"), 0)), "sales");
    assert_true(json_is_false(json_object_get(object, "rehearsal")));
    char id[32];
    snprintf(id, sizeof id, "1-%lld ", (long long)json_integer_value(json_object_get(object, "seq")));
    assert_non_null(strstr(stream_text(scene).at, id));
    json_decref(object);
    scene_destroy(scene);
}

static void a_withdrawal_carries_the_id_of_what_it_withdraws(void **state) {
    (void)state;
    scene_t *scene = scene_new();
    publisher_begin_here(scene);
    pass(scene, at(20210820, 9, 0));
    json_t *raised = NULL, *resolved = NULL;
    hear(scene);
    raised = json_loads(strchr(hear(scene).at, ' ') + 1, 0, NULL);
    world_obligation(scene->world, "shangwu", 20210825, standing_reported, at(20210820, 10, 0));
    world_flush(scene->world);
    ring(scene);
    resolved = json_loads(strchr(hear(scene).at, ' ') + 1, 0, NULL);
    assert_string_equal(json_text(resolved, "state"), "resolved");
    assert_string_equal(json_text(resolved, "id"), json_text(raised, "id"));
    json_decref(raised);
    json_decref(resolved);
    scene_destroy(scene);
}

static void after_flushall_a_tick_restores_the_stream_without_ringing_again(void **state) {
    (void)state;
    scene_t *scene = scene_told(at(20210824, 9, 0));
    text_t before = stream_text(scene);
    assert_int_equal(stream_length(scene), 4);
    redisReply *flushed = ask(scene, "FLUSHALL"); /* the publisher may look again at once: an empty stream is not to be seen */
    assert_string_equal(flushed->str, "OK");
    freeReplyObject(flushed);
    pass(scene, at(20210824, 10, 0)); /* a tick, nothing to tell */
    UNTIL(stream_length(scene) == 4);
    text_t after = stream_text(scene);
    assert_int_equal(publish_calls(scene), 4);
    assert_true(text_equal(before, after));
    assert_true(health(scene).ok);
    scene_destroy(scene);
}

static void after_flushall_the_next_warning_finds_the_old_ones_restored_before_it(void **state) {
    (void)state;
    scene_t *scene = scene_told(at(20210820, 9, 0));
    freeReplyObject(ask(scene, "FLUSHALL"));
    world_obligation(scene->world, "shangwu", 20210825, standing_reported, at(20210820, 10, 0)); /* no tick in between */
    world_flush(scene->world);
    ring(scene);
    UNTIL(published_all(scene));
    assert_int_equal(stream_length(scene), 3);
    assert_int_equal(publish_calls(scene), 3);
    scene_destroy(scene);
}

static void a_redis_that_was_killed_and_comes_back_empty_gets_everything_and_rings_only_the_new(void **state) {
    (void)state;
    scene_t *scene = scene_told(at(20210820, 9, 0));
    redis_kill(scene);
    pass(scene, at(20210823, 9, 0));
    UNTIL(strncmp(health(scene).note.at == NULL ? "" : health(scene).note.at, "redis away", strlen("redis away")) == 0);
    assert_true(health(scene).ok);   /* for a minute that is nothing */
    UNTIL(published_all(scene));     /* ticks are nothing to Redis */
    pass(scene, at(20210824, 9, 0)); /* T-1, while it is away */
    assert_false(published_all(scene));
    redis_begin(scene);
    UNTIL(published_all(scene));
    assert_int_equal(stream_length(scene), 4);
    assert_int_equal(publish_calls(scene), 2);
    UNTIL(health(scene).note.size == 0);
    scene_destroy(scene);
}

static void a_redis_that_comes_up_late_gets_everything(void **state) {
    (void)state;
    scene_t *scene = scene_new();
    redis_kill(scene);
    publisher_begin_here(scene);
    pass(scene, at(20210820, 9, 0));
    UNTIL(health(scene).note.size > 0);
    redis_begin(scene);
    UNTIL(published_all(scene));
    assert_int_equal(publish_calls(scene), 2);
    scene_destroy(scene);
}

static void a_foreign_entry_raises_the_alarm_until_it_is_gone(void **state) {
    (void)state;
    scene_t *scene = scene_told(at(20210820, 9, 0));
    freeReplyObject(ask(scene, "XADD " STREAM " * json forged"));
    pass(scene, at(20210820, 10, 0));
    UNTIL(!health(scene).ok);
    assert_non_null(strstr(health(scene).note.at, "foreign entry"));
    pass(scene, at(20210824, 9, 0)); /* two more cannot be put behind it: they are kept back, not lost */
    assert_false(published_all(scene));
    freeReplyObject(ask(scene, "DEL " STREAM));
    UNTIL(published_all(scene));
    UNTIL(health(scene).ok);
    assert_int_equal(stream_length(scene), 4);
    assert_int_equal(publish_calls(scene), 4);
    scene_destroy(scene);
}

static void another_body_under_our_id_raises_the_alarm(void **state) {
    (void)state;
    scene_t *scene = scene_new();
    world_pass(scene->world, at(20210820, 9, 0));
    world_flush(scene->world);
    char forged[96];
    snprintf(forged, sizeof forged, "XADD " STREAM " 1-%llu json forged", (unsigned long long)head(scene) - 1);
    freeReplyObject(ask(scene, forged));
    publisher_begin_here(scene);
    UNTIL(!health(scene).ok);
    assert_int_equal(publish_calls(scene), 0);
    scene_destroy(scene);
}

static void a_publisher_that_starts_again_rings_nothing_twice_even_without_its_file(void **state) {
    (void)state;
    scene_t *scene = scene_told(at(20210820, 9, 0));
    publisher_stop(&scene->publisher);
    publisher_begin_here(scene);
    UNTIL(published_all(scene));
    assert_int_equal(publish_calls(scene), 2);
    publisher_stop(&scene->publisher);
    assert_int_equal(unlink(scene->file), 0);
    publisher_begin_here(scene);
    UNTIL(published_all(scene));
    assert_told(scene, 2, 2);
    scene_destroy(scene);
}

static void the_connection_is_named_and_the_wrong_password_is_an_absence(void **state) {
    (void)state;
    scene_t *scene = scene_told(at(20210820, 9, 0));
    redisReply *clients = ask(scene, "CLIENT LIST");
    assert_non_null(strstr(clients->str, "name=minning-alerting"));
    freeReplyObject(clients);
    publisher_stop(&scene->publisher);
    freeReplyObject(ask(scene, "CONFIG SET requirepass geheim"));
    redis_place_t place = {.socket = scene->socket, .password = "wrong"};
    redis_t *redis = NULL;
    char why[REDIS_WHY];
    assert_int_equal(redis_open(&place, &redis, why), ERR_SYSTEM);
    assert_null(redis);
    place.password = "geheim";
    assert_int_equal(redis_open(&place, &redis, why), OK);
    redis_close(&redis);
    scene_destroy(scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_warning_stands_in_the_stream_and_rings_its_units_channel_once),
        cmocka_unit_test(a_withdrawal_carries_the_id_of_what_it_withdraws),
        cmocka_unit_test(after_flushall_a_tick_restores_the_stream_without_ringing_again),
        cmocka_unit_test(after_flushall_the_next_warning_finds_the_old_ones_restored_before_it),
        cmocka_unit_test(a_redis_that_was_killed_and_comes_back_empty_gets_everything_and_rings_only_the_new),
        cmocka_unit_test(a_redis_that_comes_up_late_gets_everything),
        cmocka_unit_test(a_foreign_entry_raises_the_alarm_until_it_is_gone),
        cmocka_unit_test(another_body_under_our_id_raises_the_alarm),
        cmocka_unit_test(a_publisher_that_starts_again_rings_nothing_twice_even_without_its_file),
        cmocka_unit_test(the_connection_is_named_and_the_wrong_password_is_an_absence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
