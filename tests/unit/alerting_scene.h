/* A world of alerting with a Redis of its own on a private socket, and a publisher between them. */
#ifndef ALERTING_SCENE_H
#define ALERTING_SCENE_H

#include "tests/unit/alerting_world.h"

#include "services/4-alerting/publisher.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
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

static inline bool reachable(scene_t *scene) {
    if (scene->redis != NULL) redisFree(scene->redis);
    scene->redis = redisConnectUnix(scene->socket);
    if (scene->redis == NULL || scene->redis->err != 0) return false;
    redisReply *reply = redisCommand(scene->redis, "PING");
    bool good = reply != NULL && reply->type == REDIS_REPLY_STATUS;
    freeReplyObject(reply);
    return good;
}

static inline void redis_begin(scene_t *scene) {
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

static inline void redis_kill(scene_t *scene) {
    int status;
    kill(scene->server, SIGKILL);
    assert_int_equal(waitpid(scene->server, &status, 0), scene->server);
    unlink(scene->socket);
}

static inline void listen_to_all(scene_t *scene) {
    if (scene->ear != NULL) redisFree(scene->ear);
    scene->ear = redisConnectUnix(scene->socket);
    assert_non_null(scene->ear);
    redisReply *reply = redisCommand(scene->ear, "PSUBSCRIBE minning:v1:*");
    assert_non_null(reply);
    freeReplyObject(reply);
}

/* As the hook of the stage does. */
static inline void ring(scene_t *scene) {
    publisher_allow(scene->publisher, stage_sure(scene->world->stage));
    publisher_ring(scene->publisher);
}

static inline void publisher_begin_here(scene_t *scene) {
    redis_place_t place = {.socket = scene->socket};
    assert_int_equal(publisher_start(stage_store(scene->world->stage), &place, scene->file, &scene->publisher), OK);
    ring(scene);
}

/* A year of two units that owe a report by 08-25. */
static inline world_t *world_of_two(void) {
    world_t *world = world_new(at(20210801, 0, 0));
    world_obligation(world, "shangwu", 20210825, standing_not_due, at(20210801, 0, 0));
    world_obligation(world, "nongye", 20210825, standing_not_due, at(20210801, 0, 0));
    return world;
}

static inline scene_t *scene_new(void) {
    scene_t *scene = calloc(1, sizeof *scene);
    temporary_folder(scene->folder, sizeof scene->folder);
    snprintf(scene->socket, sizeof scene->socket, "%s/redis.sock", scene->folder);
    snprintf(scene->file, sizeof scene->file, "%s/published", scene->folder);
    scene->world = world_of_two();
    redis_begin(scene);
    listen_to_all(scene);
    return scene;
}

static inline void scene_destroy(scene_t *scene) {
    publisher_stop(&scene->publisher);
    redisFree(scene->redis);
    redisFree(scene->ear);
    redis_kill(scene);
    char told[104];
    snprintf(told, sizeof told, "%s.told", scene->file);
    unlink(told);
    unlink(scene->file);
    assert_int_equal(rmdir(scene->folder), 0);
    world_destroy(scene->world);
    free(scene);
}

/* Time passes, is committed, the publisher is rung. */
static inline void pass(scene_t *scene, int64_t to_ms) {
    world_pass(scene->world, to_ms);
    world_flush(scene->world);
    ring(scene);
}

static inline uint64_t head(scene_t *scene) {
    txn_t *txn = store_read(stage_store(scene->world->stage));
    uint64_t seq = txn_head(txn).seq;
    txn_abort(&txn);
    return seq;
}

static inline health_t health(scene_t *scene) {
    health_t now = {.ok = true};
    publisher_show(scene->publisher, &now);
    return now;
}

static inline bool published_all(scene_t *scene) { return health(scene).published == head(scene); }

static inline redisReply *ask(scene_t *scene, const char *command) {
    redisReply *reply = redisCommand(scene->redis, command);
    assert_non_null(reply);
    return reply;
}

static inline long long stream_length(scene_t *scene) {
    redisReply *reply = ask(scene, "XLEN " STREAM);
    long long length = reply->integer;
    freeReplyObject(reply);
    return length;
}

/* How often PUBLISH ran since this server began, by its own count. */
static inline long long publish_calls(scene_t *scene) {
    redisReply *reply = ask(scene, "INFO commandstats");
    const char *found = strstr(reply->str, "cmdstat_publish:calls=");
    long long calls = found == NULL ? 0 : strtoll(found + strlen("cmdstat_publish:calls="), NULL, 10);
    freeReplyObject(reply);
    return calls;
}

/* The stream as text, to compare. */
static inline text_t stream_text(scene_t *scene) {
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
static inline text_t hear(scene_t *scene) {
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

/* A scene in which all that came up to then was told. */
static inline scene_t *scene_told(int64_t to_ms) {
    scene_t *scene = scene_new();
    publisher_begin_here(scene);
    pass(scene, to_ms);
    UNTIL(published_all(scene));
    return scene;
}

/* So many stand in the stream, so many rang, and all is well. */
static inline void assert_told(scene_t *scene, int entries, int rings) {
    assert_int_equal(stream_length(scene), entries);
    assert_int_equal(publish_calls(scene), rings);
    assert_true(health(scene).ok);
}

#endif
