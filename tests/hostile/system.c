/* The system under attack: founded, started, watched, stopped, and its ledger held against every acknowledgement. */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/content.h"
#include "proto/crypto.h"
#include "services/1-intake/intake.h"
#include "services/plan/plan_file.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/link.h"
#include "tests/hostile/hostile.h"
#include "tests/sim/pump.h"
#include "tests/sim/temporary.h"

static pid_t keeper; /* of our system: it is not left behind */

static _Noreturn void give_up(const char *what) {
    fprintf(stderr, "hostile: %s\n", what);
    if (keeper > 0) kill(keeper, SIGTERM);
    exit(1);
}

static int port_free(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    bool found = bind(descriptor, (struct sockaddr *)(void *)&address, size) == 0 &&
                 getsockname(descriptor, (struct sockaddr *)(void *)&address, &size) == 0;
    close(descriptor);
    if (!found) give_up("no free port");
    return ntohs(address.sin_port);
}

static pid_t start(hostile_t *self, char *const *arguments) {
    char path[4200];
    snprintf(path, sizeof path, "%s/minning", self->bin);
    pid_t pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* whatever becomes of us */
    if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL) _exit(74);
    execv(path, arguments);
    _exit(127);
}

static int finish(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int hostile_minning(hostile_t *self, char *const *words) {
    char *arguments[16] = {(char[]){"minning"}, (char[]){"--home"}, self->home};
    size_t count = 3;
    for (; words[count - 3] != NULL && count < 15; count++) arguments[count] = words[count - 3];
    return finish(start(self, arguments));
}

#define WORD(text) ((char[400]){text})
#define MINNING(self, ...) hostile_minning((self), (char *[]){__VA_ARGS__, NULL})

static char *copied(arena_t *arena, text_t text) {
    char *out = arena_take(arena, (size_t)text.size + 1);
    memcpy(out, text.at, text.size);
    return out;
}

/* The units of the plan that sell: the first is the well-behaved one. */
static void units_choose(hostile_t *self, const char *plan_path) {
    text_t yaml;
    plan_t plan;
    file_fault_t faults[PLAN_FAULTS];
    uint32_t fault_count, chosen = 0;
    if (home_read(plan_path, self->arena, LIMIT_PLAN_FILE, &yaml) != OK) give_up("no plan");
    if (plan_read(yaml, self->arena, &plan, faults, &fault_count) != OK) give_up("the plan has faults");
    planbook_t *book = planbook_new(&plan);
    const task_t *task = planbook_task(book, text_of("consumption"));
    for (uint32_t index = 0; index < plan.units_count && chosen <= HOGS; index++) {
        if (!task_owed_by(task, plan.units[index].id)) continue;
        char *name = copied(self->arena, plan.units[index].id);
        if (chosen++ == 0)
            self->unit = name;
        else
            self->hogs[chosen - 2] = name;
    }
    planbook_destroy(&book);
    if (chosen <= HOGS) give_up("too few units sell");
}

static unit_key_t unit_register(hostile_t *self, const char *unit) {
    char *name = copied(self->arena, text_of(unit)), *path = arena_take(self->arena, 600);
    unit_key_t key;
    snprintf(path, 600, "%s/units/%s.pub", self->home, unit);
    if (MINNING(self, WORD("key"), WORD("new"), name) != 0) give_up("key new failed");
    if (MINNING(self, WORD("unit"), WORD("add"), name, path) != 0) give_up("unit add failed");
    snprintf(path, 600, "units/%s", unit);
    if (unit_key_load(path, &key) != OK) give_up("no key");
    return key;
}

void hostile_start(hostile_t *self, const char *bin, const char *plan) {
    char plan_path[4096];
    self->arena = arena_new();
    self->begun_ms = clock_steady_ms();
    self->acks = calloc(ACKS_MOST, sizeof *self->acks);
    if (realpath(bin, self->bin) == NULL || realpath(plan, plan_path) == NULL) give_up("no such folder or plan");
    snprintf(self->home, sizeof self->home, "%s/minning-hostile-XXXXXX", temporary_base());
    self->port = port_free();
    snprintf(self->endpoint, sizeof self->endpoint, "tcp://127.0.0.1:%d", self->port);
    if (mkdtemp(self->home) == NULL) give_up("no temporary folder");
    units_choose(self, plan_path);
    char *init[] = {(char[]){"minning"},
                    WORD("init"),
                    self->home,
                    WORD("--plan"),
                    plan_path,
                    WORD("--rehearsal"),
                    WORD("2021-09-01T08:00"),
                    WORD("--endpoint"),
                    self->endpoint,
                    NULL};
    if (finish(start(self, init)) != 0) give_up("init failed");
    if (home_enter(self->home) != OK || unit_public_load("keys/gateway.pub", self->server_public) != OK) give_up("no home");
    self->up = start(self, (char *[]){(char[]){"minning"}, WORD("--home"), self->home, WORD("up"), NULL});
    keeper = self->up;
    for (uint32_t attempt = 0; MINNING(self, WORD("status")) != 0; attempt++) {
        if (attempt == 300) give_up("the services do not come up");
        link_wait(NULL, 0, 100);
    }
    unit_key_t key = unit_register(self, self->unit);
    for (uint32_t hog = 0; hog < HOGS; hog++) self->keys[hog] = unit_register(self, self->hogs[hog]);
    if (unit_open(self->endpoint, self->server_public, &key, &self->link) != OK) give_up("no link");
    hostile_rss_kib(self);
}

pid_t hostile_service(const hostile_t *self, const char *name) {
    char path[64], comm[32], wanted[32];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", self->up, self->up);
    snprintf(wanted, sizeof wanted, "minning-%s", name);
    wanted[15] = '\0'; /* as the kernel keeps it */
    FILE *children = fopen(path, "r");
    int pid;
    pid_t found = 0;
    while (children != NULL && found == 0 && fscanf(children, "%d", &pid) == 1) {
        snprintf(path, sizeof path, "/proc/%d/comm", pid);
        FILE *file = fopen(path, "r");
        if (file != NULL && fgets(comm, sizeof comm, file) != NULL) {
            comm[strcspn(comm, "\n")] = '\0';
            if (strcmp(comm, wanted) == 0) found = pid;
        }
        if (file != NULL) fclose(file);
    }
    if (children != NULL) fclose(children);
    return found;
}

uint64_t hostile_rss_kib(hostile_t *self) {
    pid_t pid = hostile_service(self, "gateway");
    if (pid != 0 && self->gateway != 0 && pid != self->gateway) self->restarts++;
    if (pid != 0) self->gateway = pid;
    char path[64], line[128];
    snprintf(path, sizeof path, "/proc/%d/status", self->gateway);
    FILE *file = fopen(path, "r");
    uint64_t now = 0, peak = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) now = strtoull(line + 6, NULL, 10);
        if (strncmp(line, "VmHWM:", 6) == 0) peak = strtoull(line + 6, NULL, 10);
    }
    if (file != NULL) fclose(file);
    if (peak > self->peak_kib) self->peak_kib = peak;
    return now;
}

static uint64_t noted(const char *note, const char *what) {
    const char *at = strstr(note, what);
    return at == NULL ? 0 : strtoull(at + strlen(what), NULL, 10);
}

uint64_t hostile_health(uint64_t *links, uint64_t *cut, uint64_t *pending) {
    arena_t *arena = arena_new();
    health_t health = {0};
    health_ask_t ask = {0};
    uint64_t uptime_ms = 0;
    if (link_ask("ipc://run/gateway.desk", health_ask_type(), &ask, health_type(), &health, NULL, arena, 2000) == OK) {
        const char *note = arena_text(arena, health.note).at;
        uptime_ms = health.uptime_ms;
        *links = noted(note, "links=");
        *cut = noted(note, "cut=");
        *pending = noted(note, "pending=");
    }
    arena_destroy(&arena);
    return uptime_ms;
}

void hostile_ack(hostile_t *self, const receipt_t *receipt, const char *unit) {
    if (self->ack_count == ACKS_MOST) return;
    ack_t *ack = &self->acks[self->ack_count++];
    *ack = (ack_t){.seq = receipt->seq, .unit = unit};
    memcpy(ack->submission_id, receipt->submission_id, sizeof ack->submission_id);
    memcpy(ack->content_hash, receipt->content_hash, sizeof ack->content_hash);
}

report_t hostile_report(arena_t *arena, uint64_t replaces) {
    static int64_t amount = 100000;
    figure_t *figure = ARENA_NEW(arena, figure_t, 1);
    explanation_t *why = ARENA_NEW(arena, explanation_t, 2);
    *figure = (figure_t){.indicator = text_of("sales"), .amount = {true, amount += 100}};
    why[0] = (explanation_t){.code = text_of("no_evidence"), .text = text_of("随后补送")};
    why[1] = (explanation_t){.code = text_of("factor_10000"), .text = text_of("属实")};
    report_t report = {.task = text_of("consumption"),
                       .period = text_of("2021-08"),
                       .figures = figure,
                       .figures_count = 1,
                       .progress = text_of("进展正常"),
                       .replaces = replaces,
                       .explanations = why,
                       .explanations_count = 2};
    uuid7_new(clock_wall_ms(), report.submission_id);
    return report;
}

int64_t hostile_well(hostile_t *self) {
    arena_t *arena = arena_new();
    report_t report = hostile_report(arena, self->revision);
    unit_outcome_t outcome = {0};
    int64_t begun_ms = clock_steady_ms();
    err_t err = unit_report(self->link, &report, clock_wall_ms(), WELL_MS, arena, &outcome);
    int64_t took_ms = clock_steady_ms() - begun_ms;
    if (outcome.received) hostile_ack(self, &outcome.receipt, self->unit);
    if (outcome.judged && outcome.verdict.accepted) self->revision = outcome.verdict.revision;
    bool well = err == OK && outcome.judged && outcome.verdict.accepted;
    if (!well) {
        self->failures++;
        printf("  FAILED: the well-behaved unit is not served: %s after %" PRId64 " ms, received=%d\n", err_name(err), took_ms,
               outcome.received);
    }
    hostile_rss_kib(self);
    arena_destroy(&arena);
    return took_ms;
}

void hostile_say(hostile_t *self, bool as_wanted, const char *attack, const char *format, ...) {
    va_list args;
    int64_t well_ms = hostile_well(self);
    printf("  %s %-22s ", as_wanted ? "ok    " : "FAILED", attack);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("; then a report in %" PRId64 " ms", well_ms);
    if (self->restarts != self->restarts_told) printf("; THE GATEWAY CAME BACK");
    self->restarts_told = self->restarts;
    printf(" [%" PRId64 " s]\n", (clock_steady_ms() - self->begun_ms) / 1000);
    fflush(stdout);
    self->failures += !as_wanted;
}

/* Until alerting has applied what intake holds. */
static void drain(void) {
    arena_t *arena = arena_new();
    for (uint32_t attempt = 0; attempt < 120; attempt++) {
        health_t intake = {0}, alerting = {0};
        health_ask_t ask = {0};
        arena_reset(arena);
        err_t err = link_ask("ipc://run/intake.desk", health_ask_type(), &ask, health_type(), &intake, NULL, arena, 1000);
        if (err == OK)
            err = link_ask("ipc://run/alerting.desk", health_ask_type(), &ask, health_type(), &alerting, NULL, arena, 1000);
        if (err == OK && intake.out_head > 0 && alerting.cause_seq == intake.out_head) {
            arena_destroy(&arena);
            return;
        }
        link_wait(NULL, 0, 250);
    }
    give_up("the stages behind the door do not drain");
}

static void ack_check(hostile_t *self, txn_t *txn, const ack_t *ack, arena_t *arena) {
    event_t event;
    report_received_t received;
    fault_t fault;
    const char *wrong = NULL;
    uint8_t content[HASH_SIZE];
    arena_reset(arena);
    if (!txn_event(txn, ack->seq, arena, &event, NULL))
        wrong = "is not there";
    else if (event_body(&event, report_received_type(), arena, &received, &fault) != OK)
        wrong = "is something else";
    else if (memcmp(received.report.submission_id, ack->submission_id, 16) != 0)
        wrong = "is another report";
    else if (received_content_hash(&received, arena, content), memcmp(content, ack->content_hash, HASH_SIZE) != 0)
        wrong = "has another content";
    else if (!text_is(received.unit, ack->unit))
        wrong = "stands under another unit";
    if (wrong == NULL) return;
    self->failures++;
    printf("  FAILED: acknowledged entry %" PRIu64 " of %s %s\n", ack->seq, ack->unit, wrong);
}

static void ledger_check(hostile_t *self) {
    uint8_t signer[SIGN_SECRET_SIZE];
    text_t hex;
    intake_t *intake = NULL;
    if (home_read("keys/signer.key", self->arena, 1024, &hex) != OK) give_up("no signer");
    while (hex.size > 0 && hex.at[hex.size - 1] == '\n') hex.size--;
    if (!hex_read(hex, signer, sizeof signer)) give_up("the signer's key does not read");
    if (intake_open("data/intake", signer, &intake) != OK) give_up("the ledger does not open");
    arena_t *arena = arena_new();
    txn_t *txn = store_read(intake_store(intake));
    for (uint32_t index = 0; index < self->ack_count; index++) ack_check(self, txn, &self->acks[index], arena);
    printf("  ledger of %" PRIu64 ": all %u acknowledged entries looked up\n", txn_head(txn).seq, self->ack_count);
    txn_abort(&txn);
    arena_destroy(&arena);
    intake_close(&intake);
}

/* What the services said of their ends: to be read where one ended. */
static void tell_deaths(void) {
    char line[512];
    FILE *log = fopen("log/gateway.log", "r");
    while (log != NULL && fgets(line, sizeof line, log) != NULL)
        if (strstr(line, "level=info") == NULL && strstr(line, "event=link_cut") == NULL) printf("  log: %s", line);
    if (log != NULL) fclose(log);
}

void hostile_finish(hostile_t *self) {
    if (self->restarts > 0) tell_deaths();
    unit_close(&self->link);
    drain();
    kill(self->up, SIGTERM);
    if (finish(self->up) != 0) give_up("up did not leave well");
    ledger_check(self);
    if (chdir("/") == 0) pump_remove(self->home);
    arena_destroy(&self->arena);
    free(self->acks);
}
