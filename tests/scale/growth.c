/* A ledger that grows: filled through intake's library in large groups, and at each size: what a start costs, a report, and
 * each stage, which follows in a process of its own. usage: growth [ENTRIES [STAGED]]: the stages follow up to STAGED entries,
 * then their stores make room for the ledger. */
#include "tests/scale/scale.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/command.h"
#include "services/1-intake/intake.h"
#include "services/2-validation/validation.h"
#include "services/3-aggregation/aggregation.h"
#include "services/4-alerting/alerting.h"
#include "services/plan/calendar.h"
#include "services/stage/clock.h"
#include "tests/sim/pump.h"
#include "tests/sim/temporary.h"

#define MUST(condition)                                                                                                        \
    do {                                                                                                                       \
        if (!(condition)) {                                                                                                    \
            fprintf(stderr, "growth: %s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            exit(1);                                                                                                           \
        }                                                                                                                      \
    } while (0)

enum { UNITS = 3000, TASKS = 20, PERIODS = 5, STAGES = 3, SMALL_GROUP = 64, SMALL_GROUPS = 100, LARGE_GROUPS = 4 };
enum { LOOK_GROUPS = 64, PRIVATE_MOST_MIB = 64 };
#define SAVED_BYTES (25ULL << 30) /* of the disk, for the others */

typedef struct {
    char folder[128];
    plan_t plan;
    uint8_t operator_secret[SIGN_SECRET_SIZE], signer_secret[SIGN_SECRET_SIZE];
    ledger_opened_t opened;
    intake_t *intake;
    double seconds[STAGES]; /* what each has taken for all it has done: its rebuild */
    double cpu[STAGES];
    uint64_t reports; /* appended */
    bool large;       /* a service kept too much to itself */
    int64_t wall_ms;
    uint64_t request_id;
    buffer_t frame, now, later;
    arena_t *arena;
} growth_t;

static double wall_now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static double cpu_now(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static void path_of(const growth_t *self, const char *name, char *path, size_t room) {
    snprintf(path, room, "%s/%s", self->folder, name);
}

static void commit(growth_t *self) {
    MUST(intake_commit(self->intake) == OK);
    intake_finish(self->intake, &self->later);
    buffer_clear(&self->later);
}

static void take(growth_t *self, door_t door, const message_t *type, const void *value) {
    buffer_clear(&self->frame);
    buffer_clear(&self->now);
    packet_encode(++self->request_id, type, value, &self->frame);
    intake_take(self->intake, door, (bytes_t){self->frame.at, (uint32_t)self->frame.size}, self->wall_ms, self->wall_ms,
                &self->now, &self->later);
    if (self->now.size == 0) return; /* nothing is refused, nothing is known already */
    packet_t packet;
    refusal_t refusal;
    fault_t fault;
    MUST(packet_decode((bytes_t){self->now.at, (uint32_t)self->now.size}, &packet, &fault) == OK);
    MUST(packet.kind != KIND_busy);
    MUST(packet_body(&packet, refusal_type(), self->arena, &refusal, &fault) == OK);
    fprintf(stderr, "growth: " TEXT_FORMAT " " TEXT_FORMAT "\n", TEXT_ARGS(refusal.reasons[0].code),
            TEXT_ARGS(refusal.reasons[0].path));
    exit(1);
}

/* The report number `self->reports`: units in turn, then tasks, then periods, then revisions. Ids are ordered in time. */
static void append(growth_t *self) {
    uint64_t number = self->reports++;
    uint32_t unit = (uint32_t)(number % UNITS), task = (uint32_t)(number / UNITS % TASKS);
    uint32_t period = (uint32_t)(number / UNITS / TASKS % PERIODS);
    uint64_t revision = number / UNITS / TASKS / PERIODS;
    const task_t *at = &self->plan.tasks[task];
    figure_t figure = {.indicator = at->indicators[0].id,
                       .amount = {true, (int64_t)(1000000 + revision * 100 + period * 777 + unit)}};
    evidence_t evidence = {.name = text_of("scan.pdf")};
    memset(evidence.sha256, (int)(unit % 255 + 1), sizeof evidence.sha256);
    append_ask_t ask = {.unit = self->plan.units[unit].id, .key_generation = 1};
    ask.report = (report_t){.task = at->id, .period = self->plan.periods[period].id, .replaces = revision};
    ask.report.figures = &figure;
    ask.report.figures_count = 1;
    ask.report.evidence = &evidence;
    ask.report.evidence_count = 1;
    ask.report.progress = text_of("本月按计划推进，完成采购对接与结算，无异常情况。");
    self->wall_ms++;
    uint64_t ordered[2] = {__builtin_bswap64((uint64_t)self->wall_ms << 16), number * 0x9e3779b97f4a7c15ULL};
    memcpy(ask.report.submission_id, ordered, sizeof ask.report.submission_id);
    take(self, door_gateway, append_ask_type(), &ask);
}

static bool disk_has_room(const growth_t *self) {
    struct statvfs disk;
    return statvfs(self->folder, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize > SAVED_BYTES;
}

/* Stops early where the disk would become too full for the others. */
static void fill(growth_t *self, uint64_t reports, uint32_t group) {
    for (uint64_t index = 1; index <= reports; index++) {
        append(self);
        if (index % group == 0 || index == reports) commit(self);
        if (index % ((uint64_t)group * LOOK_GROUPS) == 0 && !disk_has_room(self)) return;
    }
}

static void open_ledger(growth_t *self) {
    char path[160];
    path_of(self, "intake", path, sizeof path);
    MUST(intake_open(path, self->signer_secret, &self->intake) == OK);
}

static const role_t *role_of(uint32_t stage) {
    return stage == 0 ? validation_role() : stage == 1 ? aggregation_role() : alerting_role();
}

static void found(growth_t *self) {
    static const size_of_plan_t size = {UNITS, TASKS, 1, 12, false, 0};
    char path[160];
    self->plan = plan_generated(&size, self->arena);
    self->opened = (ledger_opened_t){.epoch = 1, .clock_mode = clock_mode_real};
    self->wall_ms = instant_of_day(&self->plan, 20211201, 600);
    crypto_start();
    crypto_random(self->opened.ledger_id, sizeof self->opened.ledger_id);
    sign_keypair(self->opened.operator_key, self->operator_secret);
    sign_keypair(self->opened.signer_key, self->signer_secret);
    path_of(self, "intake", path, sizeof path);
    MUST(intake_found(path, &self->opened, &self->plan, 1, self->wall_ms) == OK);
    open_ledger(self);
    arena_t *arena = arena_new();
    for (uint32_t unit = 0; unit < self->plan.units_count; unit++) {
        key_registered_t key = {.unit = self->plan.units[unit].id, .generation = 1};
        uint8_t id[16];
        crypto_random(key.key, sizeof key.key);
        crypto_random(id, sizeof id);
        arena_reset(arena);
        command_t command = command_make(id, self->opened.ledger_id, key_registered_type(), &key, self->operator_secret, arena);
        take(self, door_operator, command_type(), &command);
    }
    commit(self);
    arena_destroy(&arena);
}

/* ---------- what is measured ---------- */

static double bytes_each(store_t *store, uint64_t reports) {
    uint64_t used, size;
    store_usage(store, &used, &size);
    return (double)used / (double)reports;
}

/* What a child tells of its stage. */
typedef struct {
    double wall, cpu, killed_s, clean_s, bytes;
    uint64_t events, private_kib;
} staged_t;

static double stage_start(const role_t *role, const char *path, stage_t **stage) {
    stage_close(stage);
    double begin = wall_now();
    MUST(stage_open(role, path, stage) == OK);
    return wall_now() - begin;
}

/* Follows its writer to the end, then is started twice: as if killed, and after a clean stop. */
static staged_t stage_follow(growth_t *self, uint32_t stage) {
    const role_t *role = role_of(stage);
    char path[160], writer_path[160];
    store_t *writer = NULL;
    stage_t *opened = NULL;
    staged_t told = {0};
    uint64_t before_kib = memory_use().private_kib, used, size;
    path_of(self, role->name, path, sizeof path);
    path_of(self, stage == 0 ? "intake" : role_of(stage - 1)->name, writer_path, sizeof writer_path);
    MUST((stage == 0 ? store_open : store_open_derived)(writer_path, NULL, 0, &writer) == OK);
    MUST(stage_open(role, path, &opened) == OK);
    uint64_t from = stage_fetch(opened).after;
    double wall = wall_now(), cpu = cpu_now();
    MUST(pump_from_store(opened, writer, role->reads, 0) == OK);
    told.wall = wall_now() - wall;
    told.cpu = cpu_now() - cpu;
    told.private_kib = memory_use().private_kib - before_kib;
    told.events = stage_fetch(opened).after - from;
    if (stage == 0) MUST(scale_refused(stage_store(opened)) == 0);
    store_usage(stage_store(opened), &used, &size);
    told.bytes = (double)used;
    told.killed_s = stage_start(role, path, &opened);
    MUST(stage_rest(opened) == OK);
    told.clean_s = stage_start(role, path, &opened);
    stage_close(&opened);
    store_close(&writer);
    return told;
}

static staged_t in_child(growth_t *self, uint32_t stage) {
    int channel[2], status = 0;
    staged_t told = {0};
    MUST(pipe(channel) == 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        told = stage_follow(self, stage);
        _exit(write(channel[1], &told, sizeof told) == (ssize_t)sizeof told ? 0 : 1);
    }
    close(channel[1]);
    MUST(pid > 0 && read(channel[0], &told, sizeof told) == (ssize_t)sizeof told);
    MUST(waitpid(pid, &status, 0) == pid && status == 0);
    close(channel[0]);
    return told;
}

/* With the ledger closed: its lock is the process's. */
static void measure_stages(growth_t *self) {
    for (uint32_t stage = 0; stage < STAGES; stage++) {
        staged_t told = in_child(self, stage);
        self->seconds[stage] += told.wall;
        self->cpu[stage] += told.cpu;
        printf(
            "            | %-11s +%.2f M events at %6.0f k/s (cpu %5.2f us each); from nothing %5.1f s a million reports (cpu "
            "%5.1f); start %6.1f ms after kill, %6.1f clean; private %4.1f MB, %4.0f bytes a report\n",
            role_of(stage)->name, (double)told.events / 1e6, (double)told.events / told.wall / 1e3,
            told.cpu * 1e6 / (double)told.events, self->seconds[stage] * 1e6 / (double)self->reports,
            self->cpu[stage] * 1e6 / (double)self->reports, told.killed_s * 1e3, told.clean_s * 1e3,
            (double)told.private_kib / 1024, told.bytes / (double)self->reports);
        self->large = self->large || told.private_kib / 1024 >= PRIVATE_MOST_MIB;
    }
}

/* Time of the ledger's start; `clean`: it was stopped, not killed. */
static double measure_start(growth_t *self, bool clean) {
    if (clean) MUST(intake_rest(self->intake) == OK);
    if (self->intake != NULL) intake_close(&self->intake);
    double begin = wall_now();
    open_ledger(self);
    return wall_now() - begin;
}

static double measure_verify(growth_t *self) {
    uint64_t bad = 0;
    double begin = wall_now();
    txn_t *txn = store_read(intake_store(self->intake));
    MUST(txn != NULL && txn_verify_chain(txn, 1, &bad) == OK);
    txn_abort(&txn);
    return wall_now() - begin;
}

typedef struct {
    double wall_us, cpu_us;
} cost_t;

static cost_t measure_cost(growth_t *self, uint32_t groups, uint32_t group) {
    double wall = wall_now(), cpu = cpu_now(), reports = (double)groups * (double)group;
    fill(self, (uint64_t)groups * group, group);
    return (cost_t){(wall_now() - wall) * 1e6 / reports, (cpu_now() - cpu) * 1e6 / reports};
}

static bool sample(growth_t *self, bool stages, double *limit_start_s) {
    intake_close(&self->intake);
    if (stages) measure_stages(self);
    double killed_s = measure_start(self, false), clean_s = measure_start(self, true);
    double verify_s = measure_verify(self), millions = (double)self->reports / 1e6;
    cost_t small = measure_cost(self, SMALL_GROUPS, SMALL_GROUP), large = measure_cost(self, LARGE_GROUPS, LIMIT_GROUP);
    memory_use_t memory = memory_use();
    printf(
        "            | intake      start %6.1f ms after kill, %6.1f clean; whole chain verified in %5.2f s a million; a report "
        "in "
        "groups of 64 %6.1f us (cpu %4.1f), of 4096 %5.1f us (cpu %4.1f); private %4.1f MB, resident %7.1f MB, %4.0f bytes a "
        "report\n",
        killed_s * 1e3, clean_s * 1e3, verify_s / millions, small.wall_us, small.cpu_us, large.wall_us, large.cpu_us,
        (double)memory.private_kib / 1024, (double)memory.resident_kib / 1024,
        bytes_each(intake_store(self->intake), self->reports));
    fflush(stdout);
    if (*limit_start_s == 0) *limit_start_s = 2.0 + 10 * killed_s; /* a start does not grow with the ledger */
    if (killed_s <= *limit_start_s) return true;
    fprintf(stderr, "growth: a start took %.1f s, bound %.1f s\n", killed_s, *limit_start_s);
    return false;
}

/* 10,000, 100,000, 1 M, 3 M, 10 M, 30 M, 100 M. */
static uint64_t next_size(uint64_t size) {
    uint64_t unit = 1;
    while (unit * 10 <= size) unit *= 10;
    return size < 1000000 ? size * 10 : size == unit ? unit * 3 : unit * 10;
}

static void stages_remove(growth_t *self) {
    char path[160];
    for (uint32_t stage = 0; stage < STAGES; stage++) {
        path_of(self, role_of(stage)->name, path, sizeof path);
        pump_remove(path);
    }
}

static bool grow(growth_t *self, uint64_t entries, uint64_t staged) {
    uint64_t next = 10000;
    double limit_start_s = 0;
    bool well = true;
    while (well && self->reports < entries && disk_has_room(self)) {
        uint64_t goal = next < entries ? next : entries, had = self->reports;
        double begin = wall_now(), cpu = cpu_now();
        if (goal > had) fill(self, goal - had, LIMIT_GROUP);
        printf("%9.2f M | filled at %.0f entries/s (cpu %.1f us each)\n", (double)self->reports / 1e6,
               (double)(self->reports - had) / (wall_now() - begin), (cpu_now() - cpu) * 1e6 / (double)(self->reports - had));
        well = sample(self, goal <= staged, &limit_start_s);
        next = next_size(next);
        if (next > staged) stages_remove(self);
    }
    if (self->reports < entries)
        printf("            | stopped before %.0f M: the disk is needed by others\n", (double)entries / 1e6);
    return well && !self->large;
}

int scale_growth(int argc, char **argv) {
    growth_t self = {.arena = arena_new()};
    uint64_t entries = argc > 0 ? strtoull(argv[0], NULL, 10) : 1000000;
    uint64_t staged = argc > 1 ? strtoull(argv[1], NULL, 10) : entries;
    snprintf(self.folder, sizeof self.folder, "%s/minning-growth-XXXXXX", temporary_base());
    MUST(mkdtemp(self.folder) != NULL);
    found(&self);
    double begin = wall_now();
    bool well = grow(&self, entries, staged);
    printf("            | %.0f s in all\n", wall_now() - begin);
    if (self.large) fprintf(stderr, "growth: a stage keeps more than %d MB to itself\n", PRIVATE_MOST_MIB);
    intake_close(&self.intake);
    pump_remove(self.folder);
    buffer_destroy(&self.frame);
    buffer_destroy(&self.now);
    buffer_destroy(&self.later);
    arena_destroy(&self.arena);
    return well ? 0 : 1;
}
