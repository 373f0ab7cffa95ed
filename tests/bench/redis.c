/* The same job done by Redis: one Lua call a report, pipelined, the append-only file flushed before every answer. */
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/crypto.h"
#include "proto/wire.h"
#include "tests/bench/bench.h"

/* Once for ever by (submission, unit); compare and set of the revision; totals by replacement; the verdict is the answer.
 * ARGV: submission id, unit, task|period, task, replaces, amount, content hash, report. */
static const char script[] =
    "local submission = ARGV[1] .. ARGV[2]\n"
    "local original = redis.call('HGET', 'submissions', submission)\n"
    "if original then return {original, 'duplicate'} end\n"
    "local place = 'o:' .. ARGV[2] .. '|' .. ARGV[3]\n"
    "local standing = redis.call('HMGET', place, 'r', 'a')\n"
    "local revision = tonumber(standing[1] or '0')\n"
    "local verdict = 'accepted'\n"
    "if revision ~= tonumber(ARGV[5]) then verdict = 'superseded' end\n"
    "local id = redis.call('XADD', 'reports', '*', 'u', ARGV[2], 's', ARGV[1], 'v', verdict, 'd', ARGV[8])\n"
    "redis.call('HSET', 'submissions', submission, id .. ARGV[7])\n"
    "if verdict == 'accepted' then\n"
    "    redis.call('HSET', place, 'r', revision + 1, 'a', ARGV[6])\n"
    "    redis.call('HINCRBY', 'totals', ARGV[4], tonumber(ARGV[6]) - tonumber(standing[2] or '0'))\n"
    "end\n"
    "return {id, verdict, revision + 1}\n";

enum { WINDOW_MAX = 1024, AT_ONCE = 256 /* then the other connections have their turn */ };

typedef struct {
    redisContext *link;
    job_t jobs[WINDOW_MAX]; /* answers come in the order of the questions */
    uint32_t first, under_way;
    owed_t owed;
} connection_t;

typedef struct {
    pid_t server;
    bool lua;
    char sha[64];
    char folder[400];
    connection_t connections[UNITS];
    buffer_t body;
} bench_t;

static void send_job(bench_t *self, connection_t *connection, uint32_t unit, const job_t *job) {
    report_t report;
    figure_t figure;
    uint8_t hash[HASH_SIZE];
    job_report(job, &report, &figure);
    buffer_clear(&self->body);
    wire_encode(report_type(), &report, &self->body);
    if (!self->lua) {
        redisAppendCommand(connection->link, "XADD reports * d %b", self->body.at, self->body.size);
        return;
    }
    char place[32], task[16], replaces[16], amount[24], name[16];
    snprintf(name, sizeof name, TEXT_FORMAT, TEXT_ARGS(name_unit(unit)));
    snprintf(task, sizeof task, TEXT_FORMAT, TEXT_ARGS(report.task));
    snprintf(place, sizeof place, "%s|" TEXT_FORMAT, task, TEXT_ARGS(report.period));
    snprintf(replaces, sizeof replaces, "%u", job->revision);
    snprintf(amount, sizeof amount, "%lld", (long long)figure.amount.value);
    hash_of((bytes_t){self->body.at, (uint32_t)self->body.size}, hash);
    const char *words[] = {"EVALSHA",
                           self->sha,
                           "0",
                           (const char *)job->submission_id,
                           name,
                           place,
                           task,
                           replaces,
                           amount,
                           (const char *)hash,
                           (const char *)self->body.at};
    const size_t sizes[] = {
        7,         strlen(self->sha), 1, 16, strlen(name), strlen(place), strlen(task), strlen(replaces), strlen(amount),
        HASH_SIZE, self->body.size};
    redisAppendCommandArgv(connection->link, 11, words, sizes);
}

static void fill_window(bench_t *self, uint32_t unit, const load_t *load, measured_t *measured, int64_t now_ns) {
    connection_t *connection = &self->connections[unit];
    for (uint32_t count = 0; count < AT_ONCE && connection->under_way < load->window; count++) {
        job_t *job = &connection->jobs[(connection->first + connection->under_way++) % WINDOW_MAX];
        *job = job_next(&connection->owed, now_ns);
        send_job(self, connection, unit, job);
        measured->total++;
    }
}

/* true: the socket is full, something is left. */
static bool write_left(connection_t *connection) {
    int done = 0;
    if (redisBufferWrite(connection->link, &done) != REDIS_OK) bench_fail("Redis: %s", connection->link->errstr);
    return !done;
}

static void check_reply(const bench_t *self, const redisReply *reply) {
    if (reply->type == REDIS_REPLY_ERROR) bench_fail("Redis: %s", reply->str);
    if (!self->lua) return;
    bool accepted = reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 && strcmp(reply->element[1]->str, "accepted") == 0;
    if (!accepted) bench_fail("Redis refused a report");
}

static void take_answers(bench_t *self, connection_t *connection, span_t *span, measured_t *measured) {
    if (redisBufferRead(connection->link) != REDIS_OK) bench_fail("Redis: %s", connection->link->errstr);
    int64_t now_ns = bench_now_ns();
    void *reply = NULL;
    while (redisGetReplyFromReader(connection->link, &reply) == REDIS_OK && reply != NULL) {
        check_reply(self, reply);
        freeReplyObject(reply);
        int64_t sent_ns = connection->jobs[connection->first].sent_ns;
        connection->first = (connection->first + 1) % WINDOW_MAX;
        connection->under_way--;
        span_answered(span, now_ns);
        if (!span_holds(span, now_ns)) continue;
        measured->answered++;
        histogram_add(&measured->ack, now_ns - sent_ns);
        histogram_add(&measured->whole, now_ns - sent_ns);
    }
}

static void bench_run(void *context, const load_t *load, measured_t *measured) {
    bench_t *self = context;
    processes_add(&measured->processes, "redis-server", self->server, false);
    span_t span = span_begin(load, measured);
    struct pollfd items[UNITS];
    for (uint32_t unit = 0; unit < load->clients; unit++)
        items[unit] = (struct pollfd){self->connections[unit].link->fd, POLLIN, 0};
    for (uint64_t under_way = 1; under_way > 0;) {
        int64_t now_ns = bench_now_ns();
        under_way = 0;
        bool full = true;
        for (uint32_t unit = 0; unit < load->clients; unit++) {
            connection_t *connection = &self->connections[unit];
            if (items[unit].revents & POLLIN) take_answers(self, connection, &span, measured);
            if (!span_is_over(&span, now_ns)) fill_window(self, unit, load, measured, now_ns);
            items[unit].events = write_left(connection) ? POLLIN | POLLOUT : POLLIN;
            full &= connection->under_way == load->window || span_is_over(&span, now_ns);
            under_way += connection->under_way;
        }
        if (under_way > 0) poll(items, load->clients, full ? 1000 : 0);
    }
    span_end(&span, measured);
    processes_end(&measured->processes);
}

static void connect_all(bench_t *self) {
    char path[440];
    snprintf(path, sizeof path, "%s/redis.sock", self->folder);
    for (uint32_t unit = 0; unit < UNITS; unit++) {
        connection_t *connection = &self->connections[unit];
        for (uint32_t attempt = 0; attempt < 500; attempt++) {
            connection->link = redisConnectUnixNonBlock(path);
            if (connection->link != NULL && connection->link->err == 0) break;
            redisFree(connection->link);
            connection->link = NULL;
            poll(NULL, 0, 20);
        }
        if (connection->link == NULL) bench_fail("Redis does not come up, see %s/log", self->folder);
    }
    redisContext *link = redisConnectUnix(path);
    redisReply *reply = redisCommand(link, "SCRIPT LOAD %s", script);
    if (reply == NULL || reply->type != REDIS_REPLY_STRING) bench_fail("Redis takes no script");
    snprintf(self->sha, sizeof self->sha, "%s", reply->str);
    freeReplyObject(reply);
    redisFree(link);
}

static void *open_server(const char *folder, bool lua) {
    bench_t *self = calloc(1, sizeof *self);
    if (self == NULL || mkdir(folder, 0700) != 0) bench_fail("no folder %s", folder);
    self->lua = lua;
    snprintf(self->folder, sizeof self->folder, "%s", folder);
    char log[440], socket_path[440];
    snprintf(log, sizeof log, "%s/log", folder);
    snprintf(socket_path, sizeof socket_path, "%s/redis.sock", folder);
    self->server = process_start(log, (char *[]){"redis-server", "--port", "0", "--unixsocket", socket_path, "--dir",
                                                 self->folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always",
                                                 "--auto-aof-rewrite-percentage", "0", NULL});
    connect_all(self);
    return self;
}

static void bench_check(void *context) {
    const bench_t *self = context;
    char path[440];
    if (!self->lua) return;
    snprintf(path, sizeof path, "%s/redis.sock", self->folder);
    redisContext *link = redisConnectUnix(path);
    for (uint32_t task = 0; task < TASKS; task++) {
        int64_t expected = 0;
        for (uint32_t unit = 0; unit < UNITS; unit++) expected += owed_total(&self->connections[unit].owed, task);
        redisReply *reply = redisCommand(link, "HGET totals %s", name_task(task).at);
        if (reply == NULL) bench_fail("Redis: %s", link->errstr);
        if (strtoll(reply->str == NULL ? "0" : reply->str, NULL, 10) != expected) bench_fail("a total in Redis is wrong");
        freeReplyObject(reply);
    }
    redisFree(link);
}

static void bench_close(void **context) {
    bench_t *self = *context;
    for (uint32_t unit = 0; unit < UNITS; unit++) redisFree(self->connections[unit].link);
    process_stop(self->server, SIGTERM);
    folder_remove(self->folder);
    buffer_destroy(&self->body);
    free(self);
    *context = NULL;
}

static void configure(bench_t *self, const char *appendfsync) {
    char path[440];
    snprintf(path, sizeof path, "%s/redis.sock", self->folder);
    redisContext *link = redisConnectUnix(path);
    redisReply *reply = redisCommand(link, "CONFIG SET appendfsync %s", appendfsync);
    if (reply == NULL || reply->type != REDIS_REPLY_STATUS) bench_fail("Redis takes no setting");
    freeReplyObject(reply);
    redisFree(link);
}

static void *open_loaded(const char *folder, uint64_t preload, bool lua) {
    bench_t *self = open_server(folder, lua);
    load_t load = {.clients = 16, .window = 256, .in_frame = 1, .seconds = 1, .reports = preload};
    static measured_t unused;
    if (preload == 0) return self;
    unused = (measured_t){0};
    configure(self, "no");
    bench_run(self, &load, &unused);
    configure(self, "always");
    return self;
}

static void *open_lua(const char *folder, uint64_t preload) { return open_loaded(folder, preload, true); }
static void *open_xadd(const char *folder, uint64_t preload) { return open_loaded(folder, preload, false); }

const system_t system_redis_lua = {"Redis Lua", open_lua, bench_run, bench_check, bench_close};
const system_t system_redis_xadd = {"Redis XADD", open_xadd, bench_run, bench_check, bench_close};
