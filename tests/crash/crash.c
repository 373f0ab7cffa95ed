/* kill -9 of any service at random while units report: every acked entry is in the ledger, and the stages replayed over that
 * ledger give the same dumps as the disturbed run. usage: crash BIN_FOLDER PLAN [SECONDS] [SEED] */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/content.h"
#include "proto/crypto.h"
#include "services/1-intake/intake.h"
#include "services/2-validation/validation.h"
#include "services/3-aggregation/aggregation.h"
#include "services/4-alerting/alerting.h"
#include "services/plan/plan_file.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/link.h"
#include "services/unit/unit.h"
#include "tests/sim/pump.h"
#include "tests/sim/temporary.h"

enum { SENDERS = 4, UNITS = 22, PERIODS = 5, ACKS = 100000, ENDPOINT_PORT = 17350 };

typedef struct {
    uint8_t submission_id[16];
    uint8_t content_hash[32];
    uint64_t seq;
    bool judged, accepted;
} ack_t;

/* One sender thread: the units it speaks for, what it was told. */
typedef struct {
    uint32_t number, ack_count, resent, busy;
    ack_t *acks;
    uint64_t revisions[UNITS][PERIODS];
    unsigned seed;
    pthread_t thread;
} sender_t;

static char bin_folder[4096], home_folder[400];
static const char *units[UNITS];
static char gateway_public[UNIT_KEY_TEXT + 1];
static volatile bool leaving;

static int fail(const char *what) {
    fprintf(stderr, "crash: %s\n", what);
    exit(1);
}

static pid_t start(const char *program, char *const *arguments, bool quiet) {
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", bin_folder, program);
    pid_t pid = fork();
    if (pid != 0) return pid;
    if (quiet && (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)) _exit(74);
    execv(path, arguments);
    _exit(127);
}

static int finish(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

#define MINNING(quiet, ...) finish(start("minning", (char *[]){(char[]){"minning"}, __VA_ARGS__, NULL}, quiet))
#define WORDS(text) ((char[400]){text})

/* execv wants writable words. */
static char *word(arena_t *arena, const char *format, const char *value) {
    char *out = arena_take(arena, 1024);
    snprintf(out, 1024, format, value);
    return out;
}

/* A report of a random amount of sales, now and then a wrong one: a figure that is not the unit's, or an old revision. */
static void make_report(sender_t *self, uint32_t unit, uint32_t period, figure_t *figure, char *period_id, report_t *report) {
    unsigned draw = (unsigned)rand_r(&self->seed);
    snprintf(period_id, 16, "2021-%02u", 8 + period);
    *figure = (figure_t){.indicator = text_of(draw % 17 == 0 ? "raised" : "sales"), .amount = {true, 100 + draw % 5000000}};
    *report = (report_t){.task = text_of("consumption"),
                         .period = text_of(period_id),
                         .figures = figure,
                         .figures_count = 1,
                         .progress = text_of("进展正常"),
                         .replaces = draw % 23 == 0 ? 99 : self->revisions[unit][period]};
    static const explanation_t why[] = {{.code = {"no_evidence", 11}, .text = {"随后补送", 12}},
                                        {.code = {"factor_10000", 12}, .text = {"属实", 6}},
                                        {.code = {"outlier", 7}, .text = {"属实", 6}},
                                        {.code = {"same_as_before", 14}, .text = {"属实", 6}},
                                        {.code = {"month_skipped", 13}, .text = {"补报中", 9}}};
    report->explanations = why;
    report->explanations_count = sizeof why / sizeof why[0];
    uuid7_new(clock_wall_ms(), report->submission_id);
}

static void note_outcome(sender_t *self, uint32_t unit, uint32_t period, const report_t *report,
                         const unit_outcome_t *outcome) {
    if (!outcome->received || self->ack_count == ACKS) return;
    ack_t *ack = &self->acks[self->ack_count++];
    memcpy(ack->submission_id, report->submission_id, 16);
    memcpy(ack->content_hash, outcome->receipt.content_hash, 32);
    ack->seq = outcome->receipt.seq;
    ack->judged = outcome->judged;
    ack->accepted = outcome->judged && outcome->verdict.accepted;
    if (ack->accepted) self->revisions[unit][period] = outcome->verdict.revision;
}

static void *sender_run(void *argument) {
    sender_t *self = argument;
    arena_t *arena = arena_new();
    unit_link_t *links[UNITS] = {0};
    for (uint32_t unit = self->number; unit < UNITS; unit += SENDERS) {
        unit_key_t key;
        char stem[512], endpoint[64];
        snprintf(stem, sizeof stem, "%s/units/%s", home_folder, units[unit]);
        snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", ENDPOINT_PORT);
        if (unit_key_load(stem, &key) != OK || unit_open(endpoint, gateway_public, &key, &links[unit]) != OK) fail("no link");
    }
    while (!leaving) {
        uint32_t unit =
            self->number + SENDERS * ((unsigned)rand_r(&self->seed) % ((UNITS - self->number + SENDERS - 1) / SENDERS));
        uint32_t period = (unsigned)rand_r(&self->seed) % 2;
        figure_t figure;
        report_t report;
        char period_id[16];
        unit_outcome_t outcome = {0};
        make_report(self, unit, period, &figure, period_id, &report);
        unit_report(links[unit], &report, clock_wall_ms(), 20000, arena, &outcome);
        note_outcome(self, unit, period, &report, &outcome);
        if (!outcome.received && !outcome.refused) self->busy++;
        if (outcome.received && rand_r(&self->seed) % 5 == 0) { /* once more, the very same */
            unit_outcome_t again = {0};
            unit_report(links[unit], &report, clock_wall_ms(), 20000, arena, &again);
            if (again.received && again.receipt.seq != outcome.receipt.seq) fail("a repeated report got another entry");
            self->resent += again.received;
        }
        arena_reset(arena);
    }
    for (uint32_t unit = 0; unit < UNITS; unit++)
        if (links[unit] != NULL) unit_close(&links[unit]);
    arena_destroy(&arena);
    return NULL;
}

/* The children of `up`, by the kernel's own list. */
static uint32_t children_of(pid_t parent, pid_t *pids, uint32_t room) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
    FILE *file = fopen(path, "r");
    uint32_t count = 0;
    int pid;
    while (file != NULL && count < room && fscanf(file, "%d", &pid) == 1) pids[count++] = pid;
    if (file != NULL) fclose(file);
    return count;
}

static void name_of(pid_t pid, char *name, size_t room) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(name, (int)room, file) == NULL) snprintf(name, room, "gone");
    if (file != NULL) fclose(file);
    name[strcspn(name, "\n")] = '\0';
}

/* Kills one child every 300–900 ms, and lets the rehearsal clock go on now and then. */
static uint32_t disturb(pid_t up, int64_t seconds, unsigned seed, arena_t *arena) {
    int64_t end = clock_steady_ms() + seconds * 1000;
    uint32_t kills = 0;
    for (uint32_t day = 2; clock_steady_ms() < end; kills++) {
        link_wait(NULL, 0, 300 + rand_r(&seed) % 600);
        pid_t pids[16];
        uint32_t count = children_of(up, pids, 16);
        if (count == 0) continue;
        pid_t victim = pids[(unsigned)rand_r(&seed) % count];
        char name[32];
        name_of(victim, name, sizeof name);
        kill(victim, SIGKILL);
        printf("  kill -9 %s\n", name);
        if (kills % 3 == 2 && day < 28) {
            char instant[32];
            snprintf(instant, sizeof instant, "2021-09-%02uT10:00", day++);
            MINNING(true, WORDS("--home"), home_folder, WORDS("clock"), WORDS("advance"), WORDS("--no-wait"),
                    word(arena, "%s", instant));
        }
    }
    return kills;
}

/* Waits until alerting has applied the whole ledger. */
static void drain(uint64_t *head) {
    arena_t *arena = arena_new();
    for (uint32_t attempt = 0; attempt < 120; attempt++) {
        health_t intake = {0}, alerting = {0};
        health_ask_t ask = {0};
        arena_reset(arena);
        err_t err = link_ask("ipc://run/intake.desk", health_ask_type(), &ask, health_type(), &intake, NULL, arena, 1000);
        if (err == OK)
            err = link_ask("ipc://run/alerting.desk", health_ask_type(), &ask, health_type(), &alerting, NULL, arena, 1000);
        if (err == OK && intake.out_head > 0 && alerting.cause_seq == intake.out_head &&
            alerting.published == alerting.out_head) {
            *head = intake.out_head;
            arena_destroy(&arena);
            return;
        }
        link_wait(NULL, 0, 500);
    }
    fail("the system did not drain within a minute");
}

static int compare_acks(const void *a, const void *b) {
    const ack_t *one = a, *other = b;
    return one->seq < other->seq ? -1 : one->seq > other->seq;
}

/* Every ack is in the ledger with its hash; no submission is there twice. */
static void check_ledger(store_t *ledger, const ack_t *acks, size_t ack_count) {
    arena_t *arena = arena_new();
    txn_t *txn = store_read(ledger);
    for (size_t index = 0; index < ack_count; index++) {
        event_t event;
        report_received_t received;
        fault_t fault;
        arena_reset(arena);
        if (!txn_event(txn, acks[index].seq, arena, &event, NULL)) fail("an acked entry is not in the ledger");
        if (event_body(&event, report_received_type(), arena, &received, &fault) != OK)
            fail("an acked entry is something else");
        if (memcmp(received.report.submission_id, acks[index].submission_id, 16) != 0) fail("an acked entry is another report");
        received_content_hash(&received, arena, received.content_hash);
        if (memcmp(received.content_hash, acks[index].content_hash, 32) != 0) fail("an acked entry has another hash");
        if (index > 0 && acks[index].seq == acks[index - 1].seq) fail("two acks share one entry");
    }
    uint64_t bad = 0;
    if (txn_verify_chain(txn, 1, &bad) != OK) fail("the ledger's chain is broken");
    txn_abort(&txn);
    arena_destroy(&arena);
}

/* Replays each stage from its writer's disturbed stream and compares the dumps: byte for byte. */
static void check_replay(store_t *ledger) {
    const role_t *roles[] = {validation_role(), aggregation_role(), alerting_role()};
    store_t *writer = ledger;
    stage_t *replayed[3] = {0};
    for (uint32_t index = 0; index < 3; index++) {
        stage_t *disturbed = NULL;
        char path[64], one[64], other[64];
        snprintf(path, sizeof path, "data/%s", roles[index]->name);
        snprintf(one, sizeof one, "%s.disturbed", roles[index]->name);
        snprintf(other, sizeof other, "%s.replayed", roles[index]->name);
        if (stage_open(roles[index], path, &disturbed) != OK) fail("a disturbed stage does not open");
        if (pump_replay(roles[index], "replay", writer, roles[index]->reads, &replayed[index]) != OK) fail("replay failed");
        if (stage_dump(disturbed, one) != OK || stage_dump(replayed[index], other) != OK) fail("no dump");
        if (!pump_files_equal(one, other)) fail("the replay differs from the disturbed run");
        printf("  %s: the replay equals the disturbed run\n", roles[index]->name);
        stage_close(&disturbed);
        writer = stage_store(replayed[index]);
    }
    for (uint32_t index = 0; index < 3; index++) stage_close(&replayed[index]);
}

static void found_home(const char *plan, arena_t *arena) {
    text_t yaml;
    plan_t read;
    file_fault_t faults[PLAN_FAULTS];
    uint32_t fault_count;
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", ENDPOINT_PORT);
    if (home_read(plan, arena, LIMIT_PLAN_FILE, &yaml) != OK) fail("no plan");
    if (plan_read(yaml, arena, &read, faults, &fault_count) != OK) fail("the plan has faults");
    planbook_t *book = planbook_new(&read);
    const task_t *task = planbook_task(book, text_of("consumption"));
    uint32_t count = 0;
    for (uint32_t index = 0; index < read.units_count && count < UNITS; index++)
        if (task_owed_by(task, read.units[index].id)) units[count++] = word(arena, "%s", read.units[index].id.at);
    planbook_destroy(&book);
    if (count != UNITS) fail("the plan does not have 22 units that sell");
    if (MINNING(true, WORDS("init"), home_folder, WORDS("--plan"), word(arena, "%s", plan), WORDS("--rehearsal"),
                WORDS("2021-09-01T08:00"), WORDS("--endpoint"), word(arena, "%s", endpoint)) != 0)
        fail("init failed");
}

/* Until every service answers. */
static void wait_until_well(void) {
    for (uint32_t attempt = 0; attempt < 100; attempt++) {
        if (MINNING(true, WORDS("--home"), home_folder, WORDS("status")) == 0) return;
        link_wait(NULL, 0, 100);
    }
    fail("the services do not come up");
}

static void register_units(arena_t *arena) {
    for (uint32_t unit = 0; unit < UNITS; unit++) {
        char public_path[600];
        snprintf(public_path, sizeof public_path, "%s/units/%s.pub", home_folder, units[unit]);
        char *name = word(arena, "%s", units[unit]);
        if (MINNING(true, WORDS("--home"), home_folder, WORDS("key"), WORDS("new"), name) != 0) fail("key new failed");
        if (MINNING(true, WORDS("--home"), home_folder, WORDS("unit"), WORDS("add"), name, word(arena, "%s", public_path)) != 0)
            fail("unit add failed");
    }
}

static size_t gather_acks(sender_t *senders, ack_t **out) {
    size_t count = 0;
    *out = calloc(SENDERS * (size_t)ACKS, sizeof **out);
    for (uint32_t index = 0; index < SENDERS; index++) {
        memcpy(*out + count, senders[index].acks, senders[index].ack_count * sizeof **out);
        count += senders[index].ack_count;
    }
    qsort(*out, count, sizeof **out, compare_acks);
    return count;
}

static void run(int64_t seconds, unsigned seed, arena_t *arena) {
    pid_t up = start("minning", (char *[]){(char[]){"minning"}, WORDS("--home"), home_folder, WORDS("up"), NULL}, true);
    wait_until_well();
    register_units(arena);
    sender_t senders[SENDERS] = {0};
    for (uint32_t index = 0; index < SENDERS; index++) {
        senders[index] = (sender_t){.number = index, .seed = seed + index, .acks = calloc(ACKS, sizeof(ack_t))};
        if (pthread_create(&senders[index].thread, NULL, sender_run, &senders[index]) != 0) fail("no thread");
    }
    uint32_t kills = disturb(up, seconds, seed, arena);
    leaving = true;
    uint32_t resent = 0, unanswered = 0;
    for (uint32_t index = 0; index < SENDERS; index++) {
        pthread_join(senders[index].thread, NULL);
        resent += senders[index].resent;
        unanswered += senders[index].busy;
    }
    uint64_t head = 0;
    drain(&head);
    kill(up, SIGTERM);
    if (finish(up) != 0) fail("up did not leave well");
    ack_t *acks;
    size_t ack_count = gather_acks(senders, &acks);
    printf("  %u kills, %zu acks, %u repeated with the same receipt, %u without an answer in time, ledger of %" PRIu64 "\n",
           kills, ack_count, resent, unanswered, head);
    if (ack_count < 100 || kills < 5) fail("too little happened to prove anything");
    store_t *ledger = NULL;
    intake_t *intake = NULL;
    uint8_t signer[SIGN_SECRET_SIZE];
    text_t hex;
    if (home_read("keys/signer.key", arena, 1024, &hex) != OK) fail("no signer");
    while (hex.size > 0 && hex.at[hex.size - 1] == '\n') hex.size--;
    if (!hex_read(hex, signer, sizeof signer)) fail("the signer's key does not read");
    if (intake_open("data/intake", signer, &intake) != OK) fail("the ledger does not open");
    ledger = intake_store(intake);
    check_ledger(ledger, acks, ack_count);
    check_replay(ledger);
    intake_close(&intake);
    free(acks);
    for (uint32_t index = 0; index < SENDERS; index++) free(senders[index].acks);
}

int main(int argc, char **argv) {
    if (argc < 3) return fprintf(stderr, "usage: crash BIN_FOLDER PLAN [SECONDS] [SEED]\n"), 64;
    int64_t seconds = argc > 3 ? strtoll(argv[3], NULL, 10) : 15;
    unsigned seed = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : (unsigned)getpid();
    arena_t *arena = arena_new();
    setvbuf(stdout, NULL, _IOLBF, 0);
    crypto_start();
    link_start();
    char plan[4096];
    if (realpath(argv[1], bin_folder) == NULL || realpath(argv[2], plan) == NULL) fail("no such folder or plan");
    snprintf(home_folder, sizeof home_folder, "%s/minning-crash-XXXXXX", temporary_base());
    if (mkdtemp(home_folder) == NULL) fail("no temporary folder");
    printf("crash: seed %u, %" PRId64 " s of reports under kill -9\n", seed, seconds);
    found_home(plan, arena);
    if (home_enter(home_folder) != OK) fail("no home");
    if (unit_public_load("keys/gateway.pub", gateway_public) != OK) fail("no gateway key");
    run(seconds, seed, arena);
    if (chdir("/") == 0) pump_remove(home_folder);
    arena_destroy(&arena);
    printf("crash: 1 passed, 0 failed\n");
    return 0;
}
