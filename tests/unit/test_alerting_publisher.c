/* The publisher against a real Redis on a private socket: what a stranger finds in the stream and hears on the channels. */
#include "tests/unit/alerting_world.h"

#include "services/4-alerting/publisher.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { PATIENCE_MS = 10000, STEP_MS = 5 };
#define STREAM "minning:v1:test-2021:warnings"

/* The world with a Redis of its own and a publisher between them. */
typedef struct {
    world_t *world;
    char folder[64];
    char socket[96];
    char file[96];
    pid_t server;
    redisContext *redis;
    redisContext *ear;       /* subscribed to everything */
    publisher_t *publisher;
} scene_t;

/* Asks again until `condition` is true; a bound instead of a wait. */
#define UNTIL(condition)                                                                                               \
    do {                                                                                                               \
        int spent_ = 0;                                                                                                \
        while (!(condition) && spent_ < PATIENCE_MS) spent_ += STEP_MS + poll(NULL, 0, STEP_MS);                       \
        assert_true(condition);                                                                                        \
    } while (0)

static bool reachable(scene_t *scene) {
    if (scene->redis != NULL) redisFree(scene->redis);
    scene->redis = redisConnectUnix(scene->socket);
    if (scene->redis == NULL || scene->redis->err != 0) return false;
    redisReply *reply = redisCommand(scene->redis, "PING");
    bool good = reply != NULL && reply->type == REDIS_REPLY_STATUS;
    freeReplyObject(reply);
    return good;
}

static void redis_begin(scene_t *scene) {
    scene->server = fork();
    assert_true(scene->server >= 0);
    if (scene->server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no server behind */
        int quiet = open("/dev/null", O_RDWR | O_CLOEXEC);
        dup2(quiet, STDOUT_FILENO);
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", scene->socket, "--save", "", "--appendonly", "no",
               "--dir", scene->folder, "--daemonize", "no", (char *)NULL);
        _exit(127);
    }
    UNTIL(reachable(scene));
}

static void redis_kill(scene_t *scene) {
    int status;
    kill(scene->server, SIGKILL);
    assert_int_equal(waitpid(scene->server, &status, 0), scene->server);
    unlink(scene->socket);
}

static void listen_to_all(scene_t *scene) {
    if (scene->ear != NULL) redisFree(scene->ear);
    scene->ear = redisConnectUnix(scene->socket);
    assert_non_null(scene->ear);
    redisReply *reply = redisCommand(scene->ear, "PSUBSCRIBE minning:v1:*");
    assert_non_null(reply);
    freeReplyObject(reply);
}

/* As the hook of the stage does. */
static void ring(scene_t *scene) {
    publisher_allow(scene->publisher, stage_sure(scene->world->stage));
    publisher_ring(scene->publisher);
}

static void publisher_begin_here(scene_t *scene) {
    redis_place_t place = {.socket = scene->socket};
    assert_int_equal(publisher_start(stage_store(scene->world->stage), &place, scene->file, &scene->publisher), OK);
    ring(scene);
}

static scene_t *scene_new(void) {
    scene_t *scene = calloc(1, sizeof *scene);
    char folder[] = "/tmp/alerting-redis-XXXXXX";
    assert_non_null(mkdtemp(folder));
    snprintf(scene->folder, sizeof scene->folder, "%s", folder);
    snprintf(scene->socket, sizeof scene->socket, "%s/redis.sock", folder);
    snprintf(scene->file, sizeof scene->file, "%s/published", folder);
    scene->world = world_new(at(20210801, 0, 0));
    world_obligation(scene->world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_obligation(scene->world, "nongye", 20210825, standing_not_due, at(20210801, 0, 0));
    redis_begin(scene);
    listen_to_all(scene);
    return scene;
}

static void scene_destroy(scene_t *scene) {
    publisher_stop(&scene->publisher);
    redisFree(scene->redis);
    redisFree(scene->ear);
    redis_kill(scene);
    unlink(scene->file);
    assert_int_equal(rmdir(scene->folder), 0);
    world_destroy(scene->world);
    free(scene);
}

/* Time passes, is committed, the publisher is rung. */
static void pass(scene_t *scene, int64_t to_ms) {
    world_pass(scene->world, to_ms);
    world_flush(scene->world);
    ring(scene);
}

static uint64_t head(scene_t *scene) {
    txn_t *txn = store_read(stage_store(scene->world->stage));
    uint64_t seq = txn_head(txn).seq;
    txn_abort(&txn);
    return seq;
}

static health_t health(scene_t *scene) {
    health_t now = {.ok = true};
    publisher_show(scene->publisher, &now);
    return now;
}

static bool published_all(scene_t *scene) { return health(scene).published == head(scene); }

static redisReply *ask(scene_t *scene, const char *command) {
    redisReply *reply = redisCommand(scene->redis, command);
    assert_non_null(reply);
    return reply;
}

static long long stream_length(scene_t *scene) {
    redisReply *reply = ask(scene, "XLEN " STREAM);
    long long length = reply->integer;
    freeReplyObject(reply);
    return length;
}

/* How often PUBLISH ran since this server began, by its own count. */
static long long publish_calls(scene_t *scene) {
    redisReply *reply = ask(scene, "INFO commandstats");
    const char *found = strstr(reply->str, "cmdstat_publish:calls=");
    long long calls = found == NULL ? 0 : strtoll(found + strlen("cmdstat_publish:calls="), NULL, 10);
    freeReplyObject(reply);
    return calls;
}

/* The stream as text, to compare. */
static text_t stream_text(scene_t *scene) {
    redisReply *reply = ask(scene, "XRANGE " STREAM " - +");
    buffer_t out = {0};
    for (size_t index = 0; index < reply->elements; index++) {
        redisReply *entry = reply->element[index], *fields = entry->element[1];
        buffer_add(&out, entry->element[0]->str, entry->element[0]->len);
        for (size_t field = 0; field < fields->elements; field++) {
            buffer_add(&out, " ", 1);
            buffer_add(&out, fields->element[field]->str, fields->element[field]->len);
        }
        buffer_add(&out, "\n", 1);
    }
    freeReplyObject(reply);
    text_t text = arena_text(scene->world->arena, (text_t){(const char *)out.at, (uint32_t)out.size});
    buffer_destroy(&out);
    return text;
}

/* The next message on any channel: "channel body"; bounded. */
static text_t hear(scene_t *scene) {
    void *heard = NULL;
    struct pollfd ear = {.fd = scene->ear->fd, .events = POLLIN};
    for (int spent = 0; heard == NULL && spent < PATIENCE_MS; spent += STEP_MS) {
        assert_int_equal(redisGetReplyFromReader(scene->ear, &heard), REDIS_OK);
        if (heard == NULL && poll(&ear, 1, STEP_MS) > 0) assert_int_equal(redisBufferRead(scene->ear), REDIS_OK);
    }
    assert_non_null(heard);
    redisReply *message = heard;
    assert_string_equal(message->element[0]->str, "pmessage");
    text_t text = arena_format(scene->world->arena, "%s %s", message->element[2]->str, message->element[3]->str);
    freeReplyObject(message);
    return text;
}

static const char *json_text(json_t *object, const char *name) { return json_string_value(json_object_get(object, name)); }

static void a_warning_stands_in_the_stream_and_rings_its_units_channel_once(void **state) {
    (void)state;
    scene_t *scene = scene_new();
    publisher_begin_here(scene);
    pass(scene, at(20210820, 9, 0));
    UNTIL(published_all(scene));
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
    scene_t *scene = scene_new();
    publisher_begin_here(scene);
    pass(scene, at(20210824, 9, 0));
    UNTIL(published_all(scene));
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
    scene_t *scene = scene_new();
    publisher_begin_here(scene);
    pass(scene, at(20210820, 9, 0));
    UNTIL(published_all(scene));
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
    scene_t *scene = scene_new();
    publisher_begin_here(scene);
    pass(scene, at(20210820, 9, 0));
    UNTIL(published_all(scene));
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
    scene_t *scene = scene_new();
    publisher_begin_here(scene);
    pass(scene, at(20210820, 9, 0));
    UNTIL(published_all(scene));
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
    scene_t *scene = scene_new();
    publisher_begin_here(scene);
    pass(scene, at(20210820, 9, 0));
    UNTIL(published_all(scene));
    publisher_stop(&scene->publisher);
    publisher_begin_here(scene);
    UNTIL(published_all(scene));
    assert_int_equal(publish_calls(scene), 2);
    publisher_stop(&scene->publisher);
    assert_int_equal(unlink(scene->file), 0);
    publisher_begin_here(scene);
    UNTIL(published_all(scene));
    assert_int_equal(publish_calls(scene), 2);
    assert_int_equal(stream_length(scene), 2);
    assert_true(health(scene).ok);
    scene_destroy(scene);
}

static void the_connection_is_named_and_the_wrong_password_is_an_absence(void **state) {
    (void)state;
    scene_t *scene = scene_new();
    publisher_begin_here(scene);
    pass(scene, at(20210820, 9, 0));
    UNTIL(published_all(scene));
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
