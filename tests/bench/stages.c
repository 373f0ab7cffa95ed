/* What each part costs, inside one process: codec, hashes, commits by group size, each stage's fold over the same ledger.
 * usage: bench stages PROGRAMS */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/chain.h"
#include "proto/crypto.h"
#include "services/2-validation/validation.h"
#include "services/2-validation/validation_rules.h"
#include "services/3-aggregation/aggregation.h"
#include "services/4-alerting/alerting.h"
#include "services/plan/plan_file.h"
#include "services/stage/clock.h"
#include "tests/bench/home.h"
#include "tests/sim/pump.h"

enum { ROUNDS = 200000 };

/* A stretch of work: wall clock, and CPU, which other programs on the machine disturb less. */
typedef struct {
    int64_t wall_ns, cpu_ns;
} stretch_t;

static stretch_t stretch_begin(void) { return (stretch_t){bench_now_ns(), process_cpu_ns(getpid())}; }

static void stretch_tell(const stretch_t *begun, const char *what, uint64_t count) {
    double wall = (double)(bench_now_ns() - begun->wall_ns), cpu = (double)(process_cpu_ns(getpid()) - begun->cpu_ns);
    printf("| %s | %.0f | %.0f | %.0f |\n", what, wall / (double)count, cpu / (double)count, (double)count * 1e9 / wall);
}

/* --- codec and hashes --- */

static void measure_codec(void) {
    static owed_t owed;
    job_t job = job_next(&owed, bench_now_ns());
    job_parts_t parts;
    append_ask_t ask = {.unit = name_unit(0), .key_generation = 1}, read;
    job_report(&job, &ask.report, &parts);
    buffer_t out = {0};
    arena_t *arena = arena_new();
    packet_t packet;
    fault_t fault;
    stretch_t begun = stretch_begin();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        buffer_clear(&out);
        packet_encode(round, append_ask_type(), &ask, &out);
    }
    stretch_tell(&begun, "encode a report", ROUNDS);
    bytes_t bytes = {out.at, (uint32_t)out.size};
    begun = stretch_begin();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        arena_reset(arena);
        bool read_well =
            packet_decode(bytes, &packet, &fault) == OK && packet_body(&packet, append_ask_type(), arena, &read, &fault) == OK;
        if (!read_well) bench_fail("a report does not read");
    }
    stretch_tell(&begun, "scan and decode it", ROUNDS);
    begun = stretch_begin();
    for (uint32_t round = 0; round < ROUNDS; round++)
        if (wire_scan(bytes, &fault) != OK) bench_fail("a report is not whole");
    stretch_tell(&begun, "scan alone", ROUNDS);
    uint8_t hash[HASH_SIZE] = {0};
    begun = stretch_begin();
    for (uint32_t round = 0; round < ROUNDS; round++) hash_chain(CHAIN_SEALED, hash, bytes, hash);
    stretch_tell(&begun, "chain an entry (SHA-256)", ROUNDS);
    begun = stretch_begin();
    for (uint32_t round = 0; round < ROUNDS; round++) hash_chain(CHAIN_QUICK, hash, bytes, hash);
    stretch_tell(&begun, "chain a derived event (XXH3)", ROUNDS);
    uint8_t id[16];
    begun = stretch_begin();
    for (uint32_t round = 0; round < ROUNDS; round++) uuid7_new((int64_t)round, id);
    stretch_tell(&begun, "a submission id", ROUNDS);
    printf("\nThe report has %u bytes as a packet.\n", bytes.size);
    arena_destroy(&arena);
    buffer_destroy(&out);
}

/* --- rules --- */

static void measure_rules(void) {
    arena_t *keep = arena_new(), *arena = arena_new();
    plan_t plan;
    file_fault_t faults[PLAN_FAULTS];
    uint32_t count;
    static owed_t owed;
    job_t job = job_next(&owed, bench_now_ns());
    job_parts_t parts;
    report_t report;
    job_report(&job, &report, &parts);
    if (plan_read(plan_text(keep), keep, &plan, faults, &count) != OK) bench_fail("the plan has faults");
    planbook_t *book = planbook_new(&plan);
    validation_history_t history = {0};
    validation_case_t given = {
        .report = &report, .unit = name_unit(0), .received_ms = 1640000000000, .histories = &history};
    stretch_t begun = stretch_begin();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        arena_reset(arena);
        given.place = validation_place(book, given.unit, report.task, report.period);
        if (!validation_judge(&given, arena).accepted) bench_fail("the rules refuse the report");
    }
    stretch_tell(&begun, "validation's rules alone", ROUNDS);
    planbook_destroy(&book);
    arena_destroy(&arena);
    arena_destroy(&keep);
}

/* --- the ledger --- */

typedef struct {
    intake_t *intake;
    owed_t owed[UNITS];
    buffer_t frame, now, later;
    uint64_t count;
} writer_t;

static void append_one(writer_t *self) {
    uint32_t unit = (uint32_t)(self->count % UNITS);
    job_t job = job_next(&self->owed[unit], bench_now_ns());
    job_parts_t parts;
    append_ask_t ask = {.unit = name_unit(unit), .key_generation = 1};
    job_report(&job, &ask.report, &parts);
    buffer_clear(&self->frame);
    packet_encode(++self->count, append_ask_type(), &ask, &self->frame);
    bytes_t frame = {self->frame.at, (uint32_t)self->frame.size};
    intake_take(self->intake, door_gateway, frame, clock_wall_ms(), clock_steady_ms(), &self->now, &self->later);
    if (self->now.size > 0) bench_fail("the ledger refused a report");
}

/* With the receipts' heads filled in, as the loop does. */
static void commit_group(writer_t *self) {
    if (intake_commit(self->intake) != OK) bench_fail("the ledger did not commit");
    intake_finish(self->intake, &self->later);
    buffer_clear(&self->later);
}

static void measure_groups(writer_t *self, uint64_t reports) {
    static const uint32_t sizes[] = {1, 16, 64, 256, 1024, 4096};
    for (uint32_t index = 0; index < sizeof sizes / sizeof sizes[0]; index++) {
        uint64_t count = sizes[index] == 1 ? 500 : sizes[index] * 100ULL < reports ? sizes[index] * 100ULL : reports;
        char what[64];
        stretch_t begun = stretch_begin();
        for (uint64_t at = 1; at <= count; at++) {
            append_one(self);
            if (at % sizes[index] == 0 || at == count) commit_group(self);
        }
        snprintf(what, sizeof what, "append and commit, %u a group", sizes[index]);
        stretch_tell(&begun, what, count);
    }
}

static void measure_verify(store_t *ledger) {
    prctl(PR_SET_NAME, "verify");
    txn_t *txn = store_read(ledger);
    uint64_t bad = 0, count = txn_head(txn).seq;
    stretch_t begun = stretch_begin();
    if (txn_verify_chain(txn, 1, &bad) != OK) bench_fail("the chain is broken");
    stretch_tell(&begun, "verify the ledger's chain, an entry", count);
    txn_abort(&txn);
}

/* --- the folds --- */

/* One stage, rebuilt from its stream: events in and out, and what that took. */
typedef struct {
    const char *name;
    uint64_t events;
    double wall_ns, cpu_ns;
} rebuilt_t;

static rebuilt_t rebuild(const role_t *role, store_t *writer, stage_t **stage) {
    prctl(PR_SET_NAME, role->name); /* a profiler then tells them apart */
    txn_t *txn = store_read(writer);
    rebuilt_t rebuilt = {.name = role->name, .events = txn_head(txn).seq};
    txn_abort(&txn);
    stretch_t begun = stretch_begin();
    if (pump_replay(role, "replay", writer, role->reads, stage) != OK) bench_fail("a stage does not fold");
    rebuilt.wall_ns = (double)(bench_now_ns() - begun.wall_ns);
    rebuilt.cpu_ns = (double)(process_cpu_ns(getpid()) - begun.cpu_ns);
    return rebuilt;
}

/* By its own CPU: what it would do with a core to itself, whatever else this machine does. */
static void print_rebuilt(const rebuilt_t *all, uint32_t count, uint64_t reports) {
    const double aim = 1e6;
    printf("\nRebuilt in one process from %" PRIu64 " reports, one stage after the other; the aim is a million a second.\n\n"
           "| stage | events read | CPU ns a report | reports a second | by its CPU alone | of the aim |\n"
           "|---|--:|--:|--:|--:|--:|\n",
           reports);
    for (uint32_t index = 0; index < count; index++) {
        const rebuilt_t *one = &all[index];
        double by_cpu = (double)reports * 1e9 / one->cpu_ns;
        printf("| %s | %" PRIu64 " | %.0f | %.0f k | %.0f k | %.0f %% |\n", one->name, one->events,
               one->cpu_ns / (double)reports, (double)reports * 1e6 / one->wall_ns, by_cpu / 1e3, by_cpu * 100 / aim);
    }
}

static void measure_folds(store_t *ledger, uint64_t reports) {
    const role_t *roles[] = {validation_role(), aggregation_role(), alerting_role()};
    enum { STAGES = sizeof roles / sizeof roles[0] };
    stage_t *stages[STAGES] = {0};
    rebuilt_t rebuilt[STAGES];
    store_t *writer = ledger;
    for (uint32_t index = 0; index < STAGES; index++) {
        rebuilt[index] = rebuild(roles[index], writer, &stages[index]);
        writer = stage_store(stages[index]);
    }
    print_rebuilt(rebuilt, STAGES, reports);
    for (uint32_t index = 0; index < STAGES; index++) stage_close(&stages[index]);
}

int stages_main(const char *folder) {
    static writer_t writer;
    bench_home_t home;
    uint64_t reports = bench_number("BENCH_STAGE_REPORTS", 200000);
    printf("\n| what | ns | CPU ns | a second |\n|---|--:|--:|--:|\n");
    measure_rules();
    measure_codec();
    printf("\n| what | ns | CPU ns | a second |\n|---|--:|--:|--:|\n");
    home_found(&home, folder, false);
    home_open_ledger(&writer.intake);
    measure_groups(&writer, reports);
    while (writer.count < reports) {
        append_one(&writer);
        if (writer.count % LIMIT_GROUP == 0 || writer.count == reports) commit_group(&writer);
    }
    measure_verify(intake_store(writer.intake));
    measure_folds(intake_store(writer.intake), writer.count);
    intake_close(&writer.intake);
    buffer_destroy(&writer.frame);
    buffer_destroy(&writer.now);
    buffer_destroy(&writer.later);
    home_remove(&home);
    return 0;
}
