/* The same job done by Redis: Lua calls, pipelined, the append-only file flushed before every answer. Either each client has its
 * own connection and each report its own call; or clients share a few, and many reports go in one call. */
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

/* Once for ever by (submission, unit); compare and set of the revision; totals by replacement, one command a task and call; the
 * verdict is the answer. ARGV, for each report: submission id and unit, unit|task|period, task, replaces, amount, content hash,
 * report. */
static const char script[] =
    "local call, answers, sums = redis.call, {}, {}\n"
    "local seq = call('INCRBY', 'seq', #ARGV / 7) - #ARGV / 7\n"
    "for at = 1, #ARGV, 7 do\n"
    "    seq = seq + 1\n"
    "    local id, submission, place = string.format('1-%d', seq), ARGV[at], ARGV[at + 1]\n"
    "    if call('HSETNX', 'submissions', submission, id .. ARGV[at + 5]) == 0 then\n"
    "        answers[#answers + 1] = {call('HGET', 'submissions', submission), 'duplicate'}\n"
    "    else\n"
    "        local standing = call('HMGET', place, 'r', 'a')\n"
    "        local revision, verdict = tonumber(standing[1] or '0'), 'accepted'\n"
    "        if revision ~= tonumber(ARGV[at + 3]) then verdict = 'superseded' end\n"
    "        call('XADD', 'reports', id, 's', submission, 'v', verdict, 'd', ARGV[at + 6])\n"
    "        if verdict == 'accepted' then\n"
    "            local task, amount = ARGV[at + 2], ARGV[at + 4]\n"
    "            call('HSET', place, 'r', revision + 1, 'a', amount)\n"
    "            sums[task] = (sums[task] or 0) + amount - (standing[2] or 0)\n"
    "        end\n"
    "        answers[#answers + 1] = {id, verdict, revision + 1}\n"
    "    end\n"
    "end\n"
    "for task, sum in pairs(sums) do call('HINCRBY', 'totals', task, string.format('%d', sum)) end\n"
    "return answers\n";

enum { CALLS_MAX = 1024 /* under way on one connection */, AT_ONCE = 256 /* then the other connections have their turn */,
       BATCH_MAX = 512, WORDS = 7 };

/* One call: so many reports of these units; or of one unit, where it is one report. */
typedef struct {
    int64_t sent_ns;
    uint32_t count;
    uint16_t of[UNITS];
} call_t;

typedef struct {
    redisContext *link;
    call_t calls[CALLS_MAX]; /* answers come in the order of the questions */
    uint32_t first, under_way;
    uint32_t turn; /* whose reports go along next */
} connection_t;

typedef struct {
    owed_t owed;
    uint32_t under_way; /* reports */
} sender_t;

typedef struct {
    pid_t server;
    bool lua;
    char sha[64];
    char folder[400];
    connection_t connections[UNITS];
    sender_t senders[UNITS];
    uint32_t links, most; /* connections; reports in one call */
    buffer_t bodies;
} bench_t;

/* What one report adds to a call. */
typedef struct {
    uint8_t submission[16 + 16], hash[HASH_SIZE];
    char place[48], task[16], replaces[16], amount[24];
    uint32_t submission_size, body_at, body_size;
} words_t;

static void words_of(bench_t *self, uint32_t unit, const job_t *job, words_t *words) {
    report_t report;
    job_parts_t parts;
    job_report(job, &report, &parts);
    words->body_at = (uint32_t)self->bodies.size;
    wire_encode(report_type(), &report, &self->bodies);
    words->body_size = (uint32_t)self->bodies.size - words->body_at;
    hash_of((bytes_t){self->bodies.at + words->body_at, words->body_size}, words->hash);
    memcpy(words->submission, job->submission_id, 16);
    int size = snprintf((char *)words->submission + 16, 16, TEXT_FORMAT, TEXT_ARGS(name_unit(unit)));
    words->submission_size = 16 + (uint32_t)size;
    snprintf(words->task, sizeof words->task, TEXT_FORMAT, TEXT_ARGS(report.task));
    snprintf(words->place, sizeof words->place, "o:" TEXT_FORMAT "|" TEXT_FORMAT "|" TEXT_FORMAT, TEXT_ARGS(name_unit(unit)),
             TEXT_ARGS(report.task), TEXT_ARGS(report.period));
    snprintf(words->replaces, sizeof words->replaces, "%u", job->revision);
    snprintf(words->amount, sizeof words->amount, "%lld", (long long)parts.figure.amount.value);
}

static void send_words(bench_t *self, connection_t *connection, const words_t *all, uint32_t count) {
    static const char *argv[3 + WORDS * BATCH_MAX];
    static size_t sizes[3 + WORDS * BATCH_MAX];
    const char *head[] = {"EVALSHA", self->sha, "0"};
    uint32_t at = 0;
    for (; at < 3; at++) argv[at] = head[at], sizes[at] = strlen(head[at]);
    for (uint32_t index = 0; index < count; index++) {
        const words_t *words = &all[index];
        const char *texts[] = {words->place, words->task, words->replaces, words->amount};
        argv[at] = (const char *)words->submission, sizes[at++] = words->submission_size;
        for (uint32_t text = 0; text < 4; text++) argv[at] = texts[text], sizes[at++] = strlen(texts[text]);
        argv[at] = (const char *)words->hash, sizes[at++] = HASH_SIZE;
        argv[at] = (const char *)self->bodies.at + words->body_at, sizes[at++] = words->body_size;
    }
    redisAppendCommandArgv(connection->link, (int)at, argv, sizes);
}

/* One call with what there is; the units take turns. false: nothing is left to send. */
static bool send_call(bench_t *self, uint32_t which, const load_t *load, measured_t *measured, int64_t now_ns) {
    static words_t words[BATCH_MAX];
    connection_t *connection = &self->connections[which];
    uint32_t links = self->links < load->clients ? self->links : load->clients, units = (load->clients - which + links - 1) / links;
    call_t call = {.sent_ns = now_ns};
    buffer_clear(&self->bodies);
    for (uint32_t tried = 0; tried < units && call.count < self->most; tried++) {
        uint32_t unit = which + connection->turn % units * links;
        sender_t *sender = &self->senders[unit];
        while (call.count < self->most && sender->under_way < load->window) {
            job_t job = job_next(&sender->owed, now_ns);
            words_of(self, unit, &job, &words[call.count++]);
            call.of[unit]++;
            sender->under_way++;
        }
        if (call.count < self->most) connection->turn++;
    }
    if (call.count == 0) return false;
    if (self->lua) send_words(self, connection, words, call.count);
    else redisAppendCommand(connection->link, "XADD reports * d %b", self->bodies.at, self->bodies.size);
    connection->calls[(connection->first + connection->under_way++) % CALLS_MAX] = call;
    measured->total += call.count;
    return true;
}

static void fill_windows(bench_t *self, uint32_t which, const load_t *load, measured_t *measured, int64_t now_ns) {
    for (uint32_t count = 0; count < AT_ONCE && self->connections[which].under_way < CALLS_MAX; count++)
        if (!send_call(self, which, load, measured, now_ns)) return;
}

/* true: the socket is full, something is left. */
static bool write_left(connection_t *connection) {
    int done = 0;
    if (redisBufferWrite(connection->link, &done) != REDIS_OK) bench_fail("Redis: %s", connection->link->errstr);
    return !done;
}

static void check_reply(const bench_t *self, const redisReply *reply, const call_t *call) {
    if (reply->type == REDIS_REPLY_ERROR) bench_fail("Redis: %s", reply->str);
    if (!self->lua) return;
    bool whole = reply->type == REDIS_REPLY_ARRAY && reply->elements == call->count;
    for (uint32_t index = 0; whole && index < call->count; index++) {
        const redisReply *one = reply->element[index];
        whole = one->type == REDIS_REPLY_ARRAY && one->elements == 3 && strcmp(one->element[1]->str, "accepted") == 0;
    }
    if (!whole) bench_fail("Redis refused a report");
}

static void take_answers(bench_t *self, connection_t *connection, timespan_t *span, measured_t *measured) {
    if (redisBufferRead(connection->link) != REDIS_OK) bench_fail("Redis: %s", connection->link->errstr);
    int64_t now_ns = bench_now_ns();
    void *reply = NULL;
    while (redisGetReplyFromReader(connection->link, &reply) == REDIS_OK && reply != NULL) {
        const call_t *call = &connection->calls[connection->first];
        check_reply(self, reply, call);
        freeReplyObject(reply);
        for (uint32_t unit = 0; unit < UNITS; unit++) self->senders[unit].under_way -= call->of[unit];
        for (uint32_t index = 0; index < call->count; index++) {
            span_answered(span, now_ns);
            if (!span_holds(span, now_ns)) continue;
            measured->answered++;
            histogram_add(&measured->ack, now_ns - call->sent_ns);
            histogram_add(&measured->whole, now_ns - call->sent_ns);
        }
        connection->first = (connection->first + 1) % CALLS_MAX;
        connection->under_way--;
    }
}

static void bench_run(void *context, const load_t *load, measured_t *measured) {
    bench_t *self = context;
    processes_add(&measured->processes, "redis-server", self->server, false);
    timespan_t span = span_begin(load, measured);
    struct pollfd items[UNITS];
    uint32_t links = self->links < load->clients ? self->links : load->clients;
    for (uint32_t which = 0; which < links; which++)
        items[which] = (struct pollfd){self->connections[which].link->fd, POLLIN, 0};
    for (uint64_t under_way = 1; under_way > 0;) {
        int64_t now_ns = bench_now_ns();
        under_way = 0;
        for (uint32_t which = 0; which < links; which++) {
            connection_t *connection = &self->connections[which];
            if (items[which].revents & POLLIN) take_answers(self, connection, &span, measured);
            if (!span_is_over(&span, now_ns)) fill_windows(self, which, load, measured, now_ns);
            items[which].events = write_left(connection) ? POLLIN | POLLOUT : POLLIN;
            under_way += connection->under_way;
        }
        if (under_way > 0) poll(items, links, 1000);
    }
    span_end(&span, measured);
    processes_end(&measured->processes);
}

static void connect_all(bench_t *self) {
    char path[440];
    snprintf(path, sizeof path, "%s/redis.sock", self->folder);
    for (uint32_t which = 0; which < self->links; which++) {
        connection_t *connection = &self->connections[which];
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

static void *open_server(const char *folder, bool lua, bool pooled) {
    bench_t *self = calloc(1, sizeof *self);
    if (self == NULL || mkdir(folder, 0700) != 0) bench_fail("no folder %s", folder);
    self->lua = lua;
    self->links = pooled ? (uint32_t)bench_number("BENCH_REDIS_LINKS", 8) : UNITS;
    self->most = pooled ? (uint32_t)bench_number("BENCH_REDIS_BATCH", 64) : 1;
    if (self->links < 1 || self->links > UNITS || self->most < 1 || self->most > BATCH_MAX)
        bench_fail("BENCH_REDIS_LINKS is 1 to %d, BENCH_REDIS_BATCH 1 to %d", UNITS, BATCH_MAX);
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
        for (uint32_t unit = 0; unit < UNITS; unit++) expected += owed_total(&self->senders[unit].owed, task);
        redisReply *reply = redisCommand(link, "HGET totals %s", name_task(task).at);
        if (reply == NULL) bench_fail("Redis: %s", link->errstr);
        if (strtoll(reply->str == NULL ? "0" : reply->str, NULL, 10) != expected) bench_fail("a total in Redis is wrong");
        freeReplyObject(reply);
    }
    redisFree(link);
}

static void bench_close(void **context) {
    bench_t *self = *context;
    for (uint32_t which = 0; which < self->links; which++) redisFree(self->connections[which].link);
    process_stop(self->server, SIGTERM);
    folder_remove(self->folder);
    buffer_destroy(&self->bodies);
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

static void *open_loaded(const char *folder, uint64_t preload, bool lua, bool pooled) {
    bench_t *self = open_server(folder, lua, pooled);
    load_t load = {.clients = 16, .window = 256, .in_frame = 1, .seconds = 1, .reports = preload};
    static measured_t unused;
    if (preload == 0) return self;
    unused = (measured_t){0};
    uint32_t most = self->most;
    self->most = lua ? 256 : 1; /* however it is measured then, it is filled in large calls */
    configure(self, "no");
    bench_run(self, &load, &unused);
    configure(self, "always");
    self->most = most;
    return self;
}

static void *open_lua(const char *folder, uint64_t preload) { return open_loaded(folder, preload, true, false); }
static void *open_pooled(const char *folder, uint64_t preload) { return open_loaded(folder, preload, true, true); }
static void *open_xadd(const char *folder, uint64_t preload) { return open_loaded(folder, preload, false, false); }

const system_t system_redis_lua = {"Redis Lua", open_lua, bench_run, bench_check, bench_close};
const system_t system_redis_pooled = {"Lua pooled", open_pooled, bench_run, bench_check, bench_close};
const system_t system_redis_xadd = {"Redis XADD", open_xadd, bench_run, bench_check, bench_close};
