/* The same job done by PostgreSQL: one statement a batch of reports, committed with fsync before its answer. Either each client
 * has a connection of its own, as it has with us; or clients share a few, each of which takes along whatever has gathered while it
 * was away: what an expert would put in front, and what costs nothing here, since it is in the same process. */
#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/crypto.h"
#include "proto/wire.h"
#include "tests/bench/bench.h"

/* Once for ever by (submission, unit); compare and set of the revision; totals by replacement, a row per unit and task, so that
 * no two connections wait for one row (minning and Redis keep the sum over all units at once: a present to PostgreSQL). */
static const char schema[] =
    "CREATE SEQUENCE seqs CACHE 256;"
    "CREATE TABLE reports (seq bigint DEFAULT nextval('seqs'), submission uuid, unit int, accepted bool, revision int,"
    "  hash bytea, body bytea, PRIMARY KEY (submission, unit));"
    "CREATE TABLE standing (unit int, task int, period int, revision int, amount bigint, PRIMARY KEY (unit, task, period))"
    "  WITH (fillfactor = 50);"
    "CREATE TABLE totals (unit int, task int, total bigint, PRIMARY KEY (unit, task)) WITH (fillfactor = 50);";
static const char statement[] =
    "WITH given AS (SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[], $6::bigint[], $7::bytea[],"
    "    $8::bytea[]) AS g(submission, unit, task, period, replaces, amount, hash, body)),"
    " judged AS (SELECT g.*, coalesce(s.revision, 0) AS revision, coalesce(s.amount, 0) AS old"
    "   FROM given g LEFT JOIN LATERAL (SELECT t.revision, t.amount FROM standing t" /* by its index, whatever is guessed */
    "     WHERE t.unit = g.unit AND t.task = g.task AND t.period = g.period OFFSET 0) s ON true),"
    " fresh AS (INSERT INTO reports (submission, unit, accepted, revision, hash, body)"
    "   SELECT submission, unit, replaces = revision, revision + 1, hash, body FROM judged"
    "   ON CONFLICT DO NOTHING RETURNING submission, unit, seq, accepted),"
    " valid AS (SELECT j.*, f.seq FROM judged j JOIN fresh f USING (submission, unit) WHERE f.accepted),"
    " kept AS (INSERT INTO standing SELECT unit, task, period, revision + 1, amount FROM valid"
    "   ON CONFLICT (unit, task, period) DO UPDATE SET revision = excluded.revision, amount = excluded.amount),"
    " summed AS (INSERT INTO totals SELECT unit, task, sum(amount - old)::bigint FROM valid GROUP BY unit, task"
    "   ON CONFLICT (unit, task) DO UPDATE SET total = totals.total + excluded.total)"
    " SELECT count(*) FILTER (WHERE accepted) FROM fresh";

enum { COLUMNS = 8, PARTS_MAX = 2 };
static const uint32_t element_oids[COLUMNS] = {2950, 23, 23, 23, 23, 20, 17, 17};
static const Oid array_oids[COLUMNS] = {2951, 1007, 1007, 1007, 1007, 1016, 1001, 1001};

typedef struct {
    int64_t sent_ns;
    uint32_t count;
    uint16_t of[UNITS]; /* whose reports are in it */
} batch_sent_t;

/* Serves the units whose number modulo the number of connections is its own: no two wait for one row. */
typedef struct {
    PGconn *link;
    batch_sent_t sent[PARTS_MAX];
    uint32_t first, under_way; /* statements, answered in order */
} connection_t;

typedef struct {
    owed_t owed;
    uint32_t under_way; /* reports */
} sender_t;

typedef struct {
    pid_t server;
    char folder[400];
    connection_t connections[UNITS];
    sender_t senders[UNITS];
    uint32_t links, most; /* connections; reports in one statement */
    buffer_t columns[COLUMNS], body;
    uint32_t parts; /* what is there goes in so many statements */
} bench_t;

/* --- arrays in PostgreSQL's binary form --- */

static void add_u32(buffer_t *out, uint32_t value) {
    uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    buffer_add(out, bytes, sizeof bytes);
}

static void add_element(buffer_t *out, const void *bytes, size_t size) {
    add_u32(out, (uint32_t)size);
    buffer_add(out, bytes, size);
}

static void add_int(buffer_t *out, uint32_t value) {
    add_u32(out, 4);
    add_u32(out, value);
}

static void add_bigint(buffer_t *out, int64_t value) {
    add_u32(out, 8);
    add_u32(out, (uint32_t)((uint64_t)value >> 32));
    add_u32(out, (uint32_t)value);
}

static void begin_columns(bench_t *self, uint32_t count) {
    for (uint32_t index = 0; index < COLUMNS; index++) {
        buffer_t *out = &self->columns[index];
        buffer_clear(out);
        add_u32(out, 1); /* dimensions */
        add_u32(out, 0); /* no nulls */
        add_u32(out, element_oids[index]);
        add_u32(out, count);
        add_u32(out, 1); /* first index */
    }
}

static void add_job(bench_t *self, uint32_t unit, const job_t *job) {
    report_t report;
    job_parts_t parts;
    uint8_t hash[HASH_SIZE];
    job_report(job, &report, &parts);
    buffer_clear(&self->body);
    wire_encode(report_type(), &report, &self->body);
    hash_of((bytes_t){self->body.at, (uint32_t)self->body.size}, hash);
    add_element(&self->columns[0], job->submission_id, sizeof job->submission_id);
    add_int(&self->columns[1], unit);
    add_int(&self->columns[2], job->obligation / PERIODS);
    add_int(&self->columns[3], job->obligation % PERIODS);
    add_int(&self->columns[4], job->revision);
    add_bigint(&self->columns[5], parts.figure.amount.value);
    add_element(&self->columns[6], hash, sizeof hash);
    add_element(&self->columns[7], self->body.at, self->body.size);
}

/* --- statements --- */

/* How many of each unit's reports go along. Returns how many in all. */
static uint32_t batch_gather(bench_t *self, uint32_t which, const load_t *load, uint16_t of[UNITS]) {
    uint32_t room = 0, count = 0, links = self->links < load->clients ? self->links : load->clients;
    memset(of, 0, UNITS * sizeof of[0]);
    for (uint32_t unit = which; unit < load->clients; unit += links) room += load->window;
    uint32_t most = room / self->parts > 0 ? room / self->parts : 1;
    if (most > self->most) most = self->most;
    for (uint32_t unit = which; unit < load->clients && count < most; unit += links) {
        uint32_t fits = load->window - self->senders[unit].under_way;
        of[unit] = (uint16_t)(fits < most - count ? fits : most - count);
        count += of[unit];
    }
    return count;
}

static void send_batch(bench_t *self, uint32_t which, const batch_sent_t *batch) {
    connection_t *connection = &self->connections[which];
    begin_columns(self, batch->count);
    for (uint32_t unit = 0; unit < UNITS; unit++) {
        self->senders[unit].under_way += batch->of[unit];
        for (uint32_t index = 0; index < batch->of[unit]; index++) {
            job_t job = job_next(&self->senders[unit].owed, batch->sent_ns);
            add_job(self, unit, &job);
        }
    }
    const char *values[COLUMNS];
    int sizes[COLUMNS], formats[COLUMNS];
    for (uint32_t index = 0; index < COLUMNS; index++) {
        values[index] = (const char *)self->columns[index].at;
        sizes[index] = (int)self->columns[index].size;
        formats[index] = 1;
    }
    bool sent = PQsendQueryPrepared(connection->link, "report", COLUMNS, values, sizes, formats, 1) == 1 &&
                PQpipelineSync(connection->link) == 1;
    if (!sent || PQflush(connection->link) < 0) bench_fail("PostgreSQL: %s", PQerrorMessage(connection->link));
    connection->sent[(connection->first + connection->under_way++) % PARTS_MAX] = *batch;
}

static void fill_windows(bench_t *self, uint32_t which, const load_t *load, measured_t *measured, int64_t now_ns) {
    while (self->connections[which].under_way < self->parts) {
        batch_sent_t batch = {.sent_ns = now_ns};
        batch.count = batch_gather(self, which, load, batch.of);
        if (batch.count == 0) return;
        send_batch(self, which, &batch);
        measured->total += batch.count;
    }
}

static void on_result(bench_t *self, connection_t *connection, const PGresult *result, timespan_t *span, measured_t *measured) {
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_PIPELINE_SYNC) {
        connection->first = (connection->first + 1) % PARTS_MAX;
        connection->under_way--;
        return;
    }
    if (status != PGRES_TUPLES_OK) bench_fail("PostgreSQL: %s", PQresultErrorMessage(result));
    int64_t now_ns = bench_now_ns();
    const batch_sent_t *sent = &connection->sent[connection->first];
    uint64_t accepted = 0;
    for (int index = 0; index < 8; index++) accepted = accepted << 8 | (uint8_t)PQgetvalue(result, 0, 0)[index];
    if (accepted != sent->count) bench_fail("PostgreSQL refused a report");
    for (uint32_t unit = 0; unit < UNITS; unit++) self->senders[unit].under_way -= sent->of[unit];
    for (uint32_t index = 0; index < sent->count; index++) {
        span_answered(span, now_ns);
        if (!span_holds(span, now_ns)) continue;
        measured->answered++;
        histogram_add(&measured->ack, now_ns - sent->sent_ns);
        histogram_add(&measured->whole, now_ns - sent->sent_ns);
    }
}

/* In pipeline mode a statement's results end with NULL, then comes its sync. */
static void take_answers(bench_t *self, connection_t *connection, timespan_t *span, measured_t *measured) {
    if (PQconsumeInput(connection->link) != 1) bench_fail("PostgreSQL: %s", PQerrorMessage(connection->link));
    while (connection->under_way > 0 && !PQisBusy(connection->link)) {
        PGresult *result = PQgetResult(connection->link);
        if (result == NULL) continue;
        on_result(self, connection, result, span, measured);
        PQclear(result);
    }
}

static void bench_run(void *context, const load_t *load, measured_t *measured) {
    bench_t *self = context;
    processes_add(&measured->processes, "postgres", self->server, true);
    timespan_t span = span_begin(load, measured);
    struct pollfd items[UNITS];
    uint32_t links = self->links < load->clients ? self->links : load->clients;
    for (uint32_t which = 0; which < links; which++)
        items[which] = (struct pollfd){PQsocket(self->connections[which].link), POLLIN, 0};
    for (uint64_t under_way = 1; under_way > 0;) {
        int64_t now_ns = bench_now_ns();
        under_way = 0;
        for (uint32_t which = 0; which < links; which++) {
            connection_t *connection = &self->connections[which];
            if (items[which].revents != 0) take_answers(self, connection, &span, measured);
            if (!span_is_over(&span, now_ns)) fill_windows(self, which, load, measured, now_ns);
            int left = PQflush(connection->link); /* 1: the socket was full */
            items[which].events = (short)(left == 1 ? POLLIN | POLLOUT : POLLIN);
            under_way += connection->under_way;
        }
        if (under_way > 0) poll(items, links, 1000);
    }
    span_end(&span, measured);
    processes_end(&measured->processes);
}

/* --- a private cluster --- */

/* PostgreSQL does not run as root. */
static uint32_t as_postgres(char **words) {
    static char *const drop[] = {"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"};
    if (geteuid() != 0) return 0;
    for (uint32_t index = 0; index < 4; index++) words[index] = drop[index];
    return 4;
}

static void start_server(bench_t *self) {
    char log[440], data[440], initdb[300], server[300], *words[64] = {0};
    const char *programs = bench_option("BENCH_POSTGRES", "/usr/lib/postgresql/15/bin");
    snprintf(log, sizeof log, "%s.log", self->folder);
    snprintf(data, sizeof data, "%s/data", self->folder);
    snprintf(initdb, sizeof initdb, "%s/initdb", programs);
    snprintf(server, sizeof server, "%s/postgres", programs);
    if (geteuid() == 0 && process_run(log, (char *[]){"chown", "postgres", self->folder, NULL}) != 0)
        bench_fail("no user postgres");
    uint32_t count = as_postgres(words);
    char *found[] = {initdb, "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", NULL};
    memcpy(words + count, found, sizeof found);
    if (process_run(log, words) != 0) bench_fail("initdb failed, see %s", log);
    char *run[] = {server,
                   "-D",
                   data,
                   "-k",
                   self->folder,
                   "-c",
                   "listen_addresses=",
                   "-c",
                   "fsync=on",
                   "-c",
                   "synchronous_commit=on",
                   "-c",
                   "shared_buffers=512MB",
                   "-c",
                   "max_wal_size=8GB",
                   "-c",
                   "checkpoint_timeout=30min",
                   "-c",
                   "wal_buffers=16MB",
                   "-c",
                   "max_connections=80",
                   "-c",
                   "jit=off",
                   NULL};
    memcpy(words + count, run, sizeof run);
    self->server = process_start(log, words);
}

static PGconn *connect_one(const bench_t *self) {
    char target[480];
    snprintf(target, sizeof target, "host=%s user=bench dbname=postgres", self->folder);
    for (uint32_t attempt = 0; attempt < 500; attempt++) {
        PGconn *link = PQconnectdb(target);
        if (PQstatus(link) == CONNECTION_OK) return link;
        PQfinish(link);
        poll(NULL, 0, 20);
    }
    bench_fail("PostgreSQL does not come up, see %s.log", self->folder);
}

static void execute(PGconn *link, const char *sql) {
    PGresult *result = PQexec(link, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) bench_fail("PostgreSQL: %s", PQresultErrorMessage(result));
    PQclear(result);
}

static void prepare(PGconn *link, const char *synchronous_commit) {
    char set[80];
    snprintf(set, sizeof set, "SET synchronous_commit = %s", synchronous_commit);
    if (PQpipelineStatus(link) != PQ_PIPELINE_OFF && PQexitPipelineMode(link) != 1)
        bench_fail("no end of the pipeline: %s", PQerrorMessage(link));
    if (PQsetnonblocking(link, 0) != 0) bench_fail("no blocking");
    execute(link, set);
    if (PQsetnonblocking(link, 1) != 0 || PQenterPipelineMode(link) != 1) bench_fail("no pipeline");
}

static void preload_reports(bench_t *self, uint64_t count) {
    static measured_t unused;
    unused = (measured_t){0};
    load_t load = {.clients = 16, .window = 512, .in_frame = 1, .seconds = 1, .reports = count};
    for (uint32_t which = 0; which < self->links; which++) prepare(self->connections[which].link, "off");
    bench_run(self, &load, &unused);
    PGconn *link = connect_one(self);
    execute(link, "VACUUM ANALYZE");
    execute(link, "CHECKPOINT");
    PQfinish(link);
    for (uint32_t which = 0; which < self->links; which++) prepare(self->connections[which].link, "on");
}

static void *bench_open(const char *folder, uint64_t preload, bool pooled) {
    bench_t *self = calloc(1, sizeof *self);
    if (self == NULL || mkdir(folder, 0755) != 0) bench_fail("no folder %s", folder);
    snprintf(self->folder, sizeof self->folder, "%s", folder);
    self->parts = (uint32_t)bench_number("BENCH_POSTGRES_PARTS", 1);
    self->links = pooled ? (uint32_t)bench_number("BENCH_POSTGRES_LINKS", 4) : UNITS;
    self->most = pooled ? (uint32_t)bench_number("BENCH_POSTGRES_BATCH", 1024) : UINT32_MAX;
    bool good = self->links >= 1 && self->links <= UNITS && self->parts >= 1 && self->parts <= PARTS_MAX && self->most >= 1;
    if (!good) bench_fail("BENCH_POSTGRES_LINKS is 1 to %d, BENCH_POSTGRES_PARTS 1 to %d", UNITS, PARTS_MAX);
    start_server(self);
    for (uint32_t which = 0; which < self->links; which++) {
        PGconn *link = self->connections[which].link = connect_one(self);
        if (which == 0) execute(link, schema);
        PGresult *result = PQprepare(link, "report", statement, COLUMNS, array_oids);
        if (PQresultStatus(result) != PGRES_COMMAND_OK) bench_fail("PostgreSQL: %s", PQresultErrorMessage(result));
        PQclear(result);
        prepare(link, "on");
    }
    if (preload > 0) preload_reports(self, preload);
    return self;
}

static void bench_check(void *context) {
    const bench_t *self = context;
    PGconn *link = connect_one(self);
    for (uint32_t task = 0; task < TASKS; task++) {
        int64_t expected = 0;
        char sql[80];
        for (uint32_t unit = 0; unit < UNITS; unit++) expected += owed_total(&self->senders[unit].owed, task);
        snprintf(sql, sizeof sql, "SELECT coalesce(sum(total), 0) FROM totals WHERE task = %u", task);
        PGresult *result = PQexec(link, sql);
        if (PQresultStatus(result) != PGRES_TUPLES_OK) bench_fail("PostgreSQL: %s", PQresultErrorMessage(result));
        if (strtoll(PQgetvalue(result, 0, 0), NULL, 10) != expected) bench_fail("a total in PostgreSQL is wrong");
        PQclear(result);
    }
    PQfinish(link);
}

static void bench_close(void **context) {
    bench_t *self = *context;
    for (uint32_t which = 0; which < self->links; which++) PQfinish(self->connections[which].link);
    process_stop(self->server, SIGINT);
    folder_remove(self->folder);
    for (uint32_t index = 0; index < COLUMNS; index++) buffer_destroy(&self->columns[index]);
    buffer_destroy(&self->body);
    free(self);
    *context = NULL;
}

static void *open_each(const char *folder, uint64_t preload) { return bench_open(folder, preload, false); }
static void *open_pooled(const char *folder, uint64_t preload) { return bench_open(folder, preload, true); }

const system_t system_postgres = {"PostgreSQL", open_each, bench_run, bench_check, bench_close};
const system_t system_postgres_pooled = {"PG pooled", open_pooled, bench_run, bench_check, bench_close};
