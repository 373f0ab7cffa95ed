/* A plan of 3,000 units and 200 tasks through every stage, each in a process of its own: adopted in parts, a period opened,
 * reports, an amendment, all questions page by page; time and private memory of each. */
#include "tests/scale/scale.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/command.h"
#include "proto/plan_parts.h"
#include "services/1-intake/intake.h"
#include "services/2-validation/validation.h"
#include "services/3-aggregation/aggregation.h"
#include "services/4-alerting/alerting.h"
#include "services/plan/calendar.h"
#include "tests/sim/pump.h"
#include "tests/sim/temporary.h"

#define MUST(condition)                                                                                                        \
    do {                                                                                                                       \
        if (!(condition)) {                                                                                                    \
            fprintf(stderr, "stages: %s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            exit(1);                                                                                                           \
        }                                                                                                                      \
    } while (0)

enum { STAGES = 3, REPORTS = 2000, GROUP = 64, PRIVATE_MOST_MIB = 64 };

typedef struct {
    char folder[128];
    uint8_t operator_secret[SIGN_SECRET_SIZE], signer_secret[SIGN_SECRET_SIZE];
    ledger_opened_t opened;
    intake_t *intake;
    int64_t now_ms;
    uint64_t request_id;
    uint32_t in_group; /* taken, not committed */
    buffer_t later;    /* answers to them */
    arena_t *arena;
    plan_t plan, amended;
} large_t;

static double wall_now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static const role_t *role_of(uint32_t stage) {
    return stage == 0 ? validation_role() : stage == 1 ? aggregation_role() : alerting_role();
}

static const char *path_of(large_t *self, const char *name) {
    return arena_format(self->arena, "%s/%s", self->folder, name).at;
}

/* ---------- the ledger ---------- */

/* The open group, and what hangs on it. */
static void commit(large_t *self) {
    while (intake_has_group(self->intake)) {
        MUST(intake_commit(self->intake) == OK);
        intake_finish(self->intake, &self->later);
        if (intake_pending(self->intake)) intake_continue(self->intake, &self->later);
    }
    MUST(self->in_group == 0 || self->later.size > 0);
    self->in_group = 0;
    buffer_clear(&self->later);
}

static void take(large_t *self, door_t door, const message_t *type, const void *value) {
    buffer_t frame = {0}, now = {0};
    packet_encode(++self->request_id, type, value, &frame);
    MUST(door != door_operator || frame.size <= LIMIT_EDGE_FRAME + 512);
    intake_take(self->intake, door, (bytes_t){frame.at, (uint32_t)frame.size}, self->now_ms, self->now_ms, &now, &self->later);
    packet_t packet;
    fault_t fault;
    refusal_t refusal;
    if (now.size > 0 && packet_decode((bytes_t){now.at, (uint32_t)now.size}, &packet, &fault) == OK &&
        packet_body(&packet, refusal_type(), self->arena, &refusal, &fault) == OK)
        fprintf(stderr, "stages: " TEXT_FORMAT " " TEXT_FORMAT "\n", TEXT_ARGS(refusal.reasons[0].code),
                TEXT_ARGS(refusal.reasons[0].path));
    MUST(now.size == 0);
    if (++self->in_group == GROUP) commit(self);
    buffer_destroy(&frame);
    buffer_destroy(&now);
}

static void command(large_t *self, const message_t *type, const void *value) {
    uint8_t id[16];
    arena_t *arena = arena_new();
    crypto_random(id, sizeof id);
    command_t made = command_make(id, self->opened.ledger_id, type, value, self->operator_secret, arena);
    take(self, door_operator, command_type(), &made);
    arena_destroy(&arena);
}

static void advance(large_t *self, uint32_t day, uint32_t hour) {
    self->now_ms = instant_of_day(&self->plan, day, hour * 60);
    commit(self);
    command(self, advance_clock_type(), &(advance_clock_t){.to_ms = (uint64_t)self->now_ms});
    commit(self);
}

static void report(large_t *self, uint32_t number) {
    const task_t *task = &self->plan.tasks[number % self->plan.tasks_count];
    figure_t figures[LIMIT_INDICATORS];
    for (uint32_t index = 0; index < task->indicators_count; index++)
        figures[index] = (figure_t){.indicator = task->indicators[index].id, .amount = {true, 100000 + number}};
    evidence_t evidence = {.name = text_of("scan.pdf"), .sha256 = {1}};
    append_ask_t ask = {.key_generation = 1};
    ask.unit = task->responsible[number / self->plan.tasks_count % task->responsible_count]; /* no report twice */
    ask.report = (report_t){.task = task->id, .period = self->plan.periods[0].id, .figures = figures};
    ask.report.figures_count = task->indicators_count;
    ask.report.evidence = &evidence;
    ask.report.evidence_count = 1;
    ask.report.progress = text_of("正常");
    memcpy(ask.report.submission_id, &number, sizeof number);
    ask.report.submission_id[15] = 1;
    take(self, door_gateway, append_ask_type(), &ask);
}

static void found(large_t *self) {
    self->opened = (ledger_opened_t){.epoch = 1, .clock_mode = clock_mode_rehearsal};
    crypto_start();
    crypto_random(self->opened.ledger_id, sizeof self->opened.ledger_id);
    sign_keypair(self->opened.operator_key, self->operator_secret);
    sign_keypair(self->opened.signer_key, self->signer_secret);
    self->now_ms = instant_of_day(&self->plan, 20210731, 0);
    MUST(intake_found(path_of(self, "intake"), &self->opened, &self->plan, 1, self->now_ms) == OK);
    MUST(intake_open(path_of(self, "intake"), self->signer_secret, &self->intake) == OK);
    for (uint32_t unit = 0; unit < self->plan.units_count; unit++) {
        key_registered_t key = {.unit = self->plan.units[unit].id, .generation = 1};
        crypto_random(key.key, sizeof key.key);
        command(self, key_registered_type(), &key);
    }
    advance(self, 20210801, 9); /* the first period is open */
    for (uint32_t number = 0; number < REPORTS; number++) report(self, number);
    commit(self);
}

static void amend(large_t *self) {
    plan_parts_t parts;
    fault_t fault;
    MUST(plan_parts_make(&self->amended, LIMIT_PLAN_PART, &parts, &fault) == OK);
    for (uint32_t index = 0; index < parts.adopted.parts; index++) {
        plan_part_t part = plan_parts_at(&parts, index);
        command(self, plan_part_type(), &part);
    }
    command(self, plan_adopted_type(), &parts.adopted);
    printf("stages: plan of %zu bytes in %llu parts\n", parts.bytes.size, (unsigned long long)parts.adopted.parts);
    plan_parts_destroy(&parts);
    report(self, REPORTS); /* life goes on */
    commit(self);
}

/* ---------- one stage, in a child ---------- */

/* Asks, and reads the answer into `told`, which lives in `arena`. */
static void ask_stage(stage_t *stage, const message_t *ask, const void *question, const message_t *answer, arena_t *arena,
                      void *told) {
    buffer_t frame = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(1, ask, question, &frame);
    MUST(packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault) == OK);
    MUST(stage_answer(stage, &packet, &out) && out.size <= LIMIT_FRAME);
    MUST(packet_decode(arena_bytes(arena, (bytes_t){out.at, (uint32_t)out.size}), &packet, &fault) == OK);
    MUST(packet_body(&packet, answer, arena, told, &fault) == OK);
    buffer_destroy(&frame);
    buffer_destroy(&out);
}

static uint32_t ask_all_targets(stage_t *stage) {
    uint32_t rows = 0;
    arena_t *arena = arena_new();
    targets_t told;
    do {
        arena_reset(arena);
        ask_stage(stage, targets_ask_type(), &(targets_ask_t){.after = rows}, targets_type(), arena, &told);
        rows += told.rows_count;
    } while (told.more);
    arena_destroy(&arena);
    return rows;
}

/* Of one period. */
static uint32_t ask_all_obligations(stage_t *stage, text_t period) {
    uint32_t rows = 0;
    arena_t *arena = arena_new();
    obligations_t told = {0};
    do {
        arena_reset(arena);
        ask_stage(stage, obligations_ask_type(), &(obligations_ask_t){.period = period, .after = told.next}, obligations_type(),
                  arena, &told);
        rows += told.rows_count;
    } while (told.more);
    arena_destroy(&arena);
    return rows;
}

static void ask_all(const large_t *self, stage_t *stage) {
    double begin = wall_now();
    uint32_t targets = ask_all_targets(stage);
    MUST(targets == self->plan.tasks_count * self->plan.tasks[0].indicators_count);
    double middle = wall_now();
    uint32_t rows = ask_all_obligations(stage, self->plan.periods[0].id);
    MUST(rows >= self->plan.units_count * self->plan.tasks_count);
    printf("stages: %u targets told page by page in %.1f s, %u obligations of a month in %.1f s\n", targets, middle - begin, rows,
           wall_now() - middle);
}

/* A dry run: the query thread has a plan of its own then. */
static void check_one(large_t *self, stage_t *stage) {
    buffer_t ask = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    report_t report = {.task = self->plan.tasks[0].id, .period = self->plan.periods[0].id, .submission_id = {1}};
    packet_encode(1, check_ask_type(), &(check_ask_t){.unit = self->plan.units[0].id, .report = report}, &ask);
    MUST(packet_decode((bytes_t){ask.at, (uint32_t)ask.size}, &packet, &fault) == OK);
    MUST(stage_answer(stage, &packet, &out) && packet_decode((bytes_t){out.at, (uint32_t)out.size}, &packet, &fault) == OK);
    MUST(packet.kind == KIND_verdict);
    buffer_destroy(&ask);
    buffer_destroy(&out);
}

static bool is_large(const char *name, uint64_t most_kib) {
    bool large = most_kib / 1024 >= PRIVATE_MOST_MIB;
    if (large) fprintf(stderr, "stages: %s had %llu MB to itself, %d at most\n", name, (unsigned long long)most_kib / 1024,
                       PRIVATE_MOST_MIB);
    return large;
}

/* Private memory of a child is what it takes beyond the parent's. */
static int stage_run(large_t *self, uint32_t stage) {
    const role_t *role = role_of(stage);
    store_t *writer = NULL;
    stage_t *opened = NULL;
    uint64_t before_kib = memory_use().private_kib;
    if (stage == 0) MUST(store_open(path_of(self, "intake"), NULL, 0, &writer) == OK);
    else MUST(store_open_derived(path_of(self, role_of(stage - 1)->name), NULL, 0, &writer) == OK);
    MUST(stage_open(role, path_of(self, role->name), &opened) == OK);
    txn_t *txn = store_read(writer);
    uint64_t events = txn_head(txn).seq;
    txn_abort(&txn);
    memory_follow();
    double begin = wall_now();
    MUST(pump_from_store(opened, writer, role->reads, 0) == OK);
    double took = wall_now() - begin;
    if (stage == 0) check_one(self, opened);
    if (stage == 0) MUST(scale_refused(stage_store(opened)) == 0);
    if (stage == 1) ask_all(self, opened);
    uint64_t kept_kib = memory_use().private_kib - before_kib, most_kib = memory_most_kib() - before_kib, used, size;
    store_usage(stage_store(opened), &used, &size);
    stage_close(&opened);
    begin = wall_now();
    MUST(stage_open(role, path_of(self, role->name), &opened) == OK);
    printf("stages: %-11s %8llu events in %6.1f s, start %5.0f ms, private %5.1f MB, %5.1f at most, store %6.1f MB\n", role->name,
           (unsigned long long)events, took, (wall_now() - begin) * 1e3, (double)kept_kib / 1024, (double)most_kib / 1024,
           (double)used / 1048576);
    stage_close(&opened);
    store_close(&writer);
    return is_large(role->name, most_kib) ? 1 : 0;
}

static int intake_run(large_t *self) {
    uint64_t before_kib = memory_use().private_kib;
    memory_follow();
    double begin = wall_now();
    MUST(intake_open(path_of(self, "intake"), self->signer_secret, &self->intake) == OK);
    double took = wall_now() - begin;
    uint64_t kept_kib = memory_use().private_kib - before_kib, most_kib = memory_most_kib() - before_kib;
    printf("stages: %-11s %8llu entries,       start %5.0f ms, private %5.1f MB, %5.1f at most\n", "intake",
           (unsigned long long)intake_head(self->intake).seq, took * 1e3, (double)kept_kib / 1024, (double)most_kib / 1024);
    intake_close(&self->intake);
    return is_large("intake", most_kib) ? 1 : 0;
}

static int in_child(large_t *self, uint32_t stage) {
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int code = stage == STAGES ? intake_run(self) : stage_run(self, stage);
        fflush(stdout);
        _exit(code);
    }
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int scale_stages(int argc, char **argv) {
    size_of_plan_t size = {3000, 200, 2, 12, false, 0};
    uint32_t *const numbers[] = {&size.units, &size.tasks, &size.indicators, &size.groups};
    for (int index = 0; index < argc && index < 4; index++) *numbers[index] = (uint32_t)strtoul(argv[index], NULL, 10);
    large_t self = {.arena = arena_new()};
    snprintf(self.folder, sizeof self.folder, "%s/minning-stages-XXXXXX", temporary_base());
    MUST(mkdtemp(self.folder) != NULL);
    double begin = wall_now();
    self.plan = plan_generated(&size, self.arena);
    double read_s = wall_now() - begin;
    size.amendment = 1;
    self.amended = plan_generated(&size, self.arena);
    begin = wall_now();
    found(&self);
    double found_s = wall_now() - begin;
    begin = wall_now();
    amend(&self);
    printf("stages: %u units, %u tasks: read in %.1f s, founded with %u keys and %u reports in %.1f s, amended in %.1f s\n",
           size.units, size.tasks, read_s, size.units, (uint32_t)REPORTS, found_s, wall_now() - begin);
    intake_close(&self.intake);
    int code = in_child(&self, STAGES);
    for (uint32_t stage = 0; stage < STAGES; stage++) code |= in_child(&self, stage);
    pump_remove(self.folder);
    buffer_destroy(&self.later);
    arena_destroy(&self.arena);
    return code;
}
