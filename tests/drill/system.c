/* What system.h promises. */
#include "tests/drill/system.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/crypto.h"
#include "services/2-validation/validation.h"
#include "services/3-aggregation/aggregation.h"
#include "services/4-alerting/alerting.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "tests/sim/pump.h"
#include "tests/sim/temporary.h"

void system_must(system_t *self, bool holds, const char *condition, const char *file, int line) {
    if (holds) return;
    fprintf(stderr, "%s: %s:%d: not so: %s\nthe last command said: %s\nthe home stays: %s\n", self->name, file, line, condition,
            self->out, self->folder);
    system_disconnect(self);
    if (self->up > 0) {
        kill(self->up, SIGTERM);
        system_finish(self->up);
    }
    exit(1);
}

pid_t system_start(system_t *self, const char *const *words, const char *log) {
    char path[4200];
    union {
        const char *const *given;
        char *const *wanted;
    } argv = {.given = words};
    snprintf(path, sizeof path, "%s/%s", self->bin, words[0]);
    fflush(stdout);
    pid_t pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execv(path, argv.wanted);
    _exit(127);
}

int system_finish(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void file_read(const char *path, char *out, size_t room) {
    FILE *file = fopen(path, "re");
    size_t size = file == NULL ? 0 : fread(out, 1, room - 1, file);
    out[size] = '\0';
    if (file != NULL) fclose(file);
}

int system_run(system_t *self, const char *const *words) {
    const char *all[32] = {"minning", "--home", self->home, "--lang", "en"};
    char log[128];
    for (size_t at = 5, index = 0; words[index] != NULL; index++) all[at++] = words[index];
    snprintf(log, sizeof log, "%s/command.log", self->folder);
    unlink(log);
    int code = system_finish(system_start(self, all, log));
    file_read(log, self->out, sizeof self->out);
    return code;
}

bool system_has(const system_t *self, const char *text) { return strstr(self->out, text) != NULL; }

bool system_log_has(const system_t *self, const char *service, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/log/%s.log", self->home, service);
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    while (file != NULL && !found && getline(&line, &room, file) > 0) found = strstr(line, text) != NULL;
    free(line);
    if (file != NULL) fclose(file);
    return found;
}

static void find_units(system_t *self) {
    text_t yaml;
    plan_t plan;
    file_fault_t faults[PLAN_FAULTS];
    uint32_t fault_count, count = 0;
    MUST(self, home_read(self->plan, self->arena, LIMIT_PLAN_FILE, &yaml) == OK);
    MUST(self, plan_read(yaml, self->arena, &plan, faults, &fault_count) == OK);
    planbook_t *book = planbook_new(&plan);
    const task_t *task = planbook_task(book, text_of("consumption"));
    for (uint32_t index = 0; index < plan.units_count && count < SYSTEM_UNITS; index++)
        if (task_owed_by(task, plan.units[index].id)) self->units[count++] = arena_text(self->arena, plan.units[index].id).at;
    planbook_destroy(&book);
    MUST(self, count == SYSTEM_UNITS);
}

void system_begin(system_t *self, const char *name, const char *bin, const char *plan, const char *start) {
    *self = (system_t){.name = name, .arena = arena_new()};
    crypto_start();
    link_start();
    MUST(self, realpath(bin, self->bin) != NULL && realpath(plan, self->plan) != NULL);
    snprintf(self->folder, sizeof self->folder, "%s/minning-%s-XXXXXX", temporary_base(), name);
    MUST(self, mkdtemp(self->folder) != NULL);
    snprintf(self->home, sizeof self->home, "%s/home", self->folder);
    find_units(self);
    MUST(self, RUN(self, "init", self->home, "--plan", self->plan, "--rehearsal", start, "--endpoint", "auto") == 0);
    MUST(self, home_enter(self->home) == OK);
}

const char *system_file(system_t *self, const char *name) { return arena_format(self->arena, "%s/%s", self->folder, name).at; }

void system_end(system_t *self) {
    system_disconnect(self);
    if (self->up > 0) system_down(self);
    MUST(self, chdir("/") == 0);
    pump_remove(self->folder);
    arena_destroy(&self->arena);
}

void system_up(system_t *system, bool wait_until_well) {
    char log[128];
    snprintf(log, sizeof log, "%s/up.log", system->folder);
    system->up = system_start(system, (const char *const[]){"minning", "--home", system->home, "up", NULL}, log);
    if (wait_until_well) UNTIL(system, RUN(system, "status") == 0);
}

void system_down(system_t *self) {
    kill(self->up, SIGTERM);
    int code = system_finish(self->up);
    self->up = 0;
    MUST(self, code == 0);
}

void system_disconnect(system_t *self) {
    for (uint32_t unit = 0; unit < SYSTEM_UNITS; unit++) unit_close(&self->links[unit]);
}

void system_connect(system_t *self) {
    char server[UNIT_KEY_TEXT + 1], stem[160];
    MUST(self, unit_public_load("keys/gateway.pub", server) == OK);
    for (uint32_t unit = 0; unit < SYSTEM_UNITS; unit++) {
        unit_key_t key;
        snprintf(stem, sizeof stem, "units/%s", self->units[unit]);
        MUST(self, unit_key_load(stem, &key) == OK);
        MUST(self, unit_open(home_setting("gateway/endpoint", ""), server, &key, &self->links[unit]) == OK);
    }
}

void system_register(system_t *self) {
    for (uint32_t unit = 0; unit < SYSTEM_UNITS; unit++) {
        const char *file = arena_format(self->arena, "%s/units/%s.pub", self->home, self->units[unit]).at;
        MUST(self, RUN(self, "key", "new", self->units[unit]) == 0);
        MUST(self, RUN(self, "unit", "add", self->units[unit], file) == 0);
    }
    system_connect(self);
}

/* One question to a desk; again while the service is being started. */
static bool ask(system_t *self, const char *service, const message_t *type, const void *question, const message_t *answer,
                void *value) {
    const char *desk = arena_format(self->arena, HOME_DESK_FORMAT, service).at;
    return link_ask(desk, type, question, answer, value, NULL, self->arena, 2000) == OK;
}

health_t system_health(system_t *system, const char *service) {
    health_ask_t question = {0};
    health_t health = {0};
    UNTIL(system, ask(system, service, health_ask_type(), &question, health_type(), &health));
    return health;
}

/* Each stage, not the last alone: one that is being rebuilt lies behind those that read it. */
static bool is_settled(system_t *self) {
    uint64_t head = system_health(self, "intake").out_head;
    health_t alerting = system_health(self, "alerting");
    return system_health(self, "validation").cause_seq == head && system_health(self, "aggregation").cause_seq == head &&
           alerting.cause_seq == head && alerting.published == alerting.out_head;
}

void system_settle(system_t *system) { UNTIL(system, is_settled(system)); }

void system_advance(system_t *self, const char *instant) { MUST(self, RUN(self, "clock", "advance", instant) == 0); }

void system_kill(system_t *self, const char *service) {
    health_t health = system_health(self, service);
    MUST(self, health.pid > 1 && kill((pid_t)health.pid, SIGKILL) == 0);
}

report_t system_report(system_t *self, int64_t fen) {
    figure_t *figure = ARENA_NEW(self->arena, figure_t, 1);
    static const char *const codes[] = {"no_evidence", "factor_10000", "outlier", "same_as_before", "month_skipped"};
    enum { CODES = sizeof codes / sizeof codes[0] };
    explanation_t *why = ARENA_NEW(self->arena, explanation_t, CODES);
    for (size_t index = 0; index < CODES; index++)
        why[index] = (explanation_t){.code = text_of(codes[index]), .text = text_of("属实，材料随后补送")};
    *figure = (figure_t){.indicator = text_of("sales"), .amount = {true, fen}};
    report_t report = {.task = text_of("consumption"),
                       .period = text_of("2021-08"),
                       .progress = text_of("进展正常"),
                       .figures = figure,
                       .figures_count = 1,
                       .explanations = why,
                       .explanations_count = CODES};
    report.prepared_by.text = text_of("张三");
    uuid7_new(clock_wall_ms(), report.submission_id);
    return report;
}

unit_outcome_t system_send(system_t *self, uint32_t unit, const report_t *report, const receipt_t *receipt) {
    unit_outcome_t outcome = {0};
    unit_report_with_receipt(self->links[unit], report, receipt, clock_wall_ms(), SYSTEM_PATIENCE_MS, self->arena, &outcome);
    return outcome;
}

obligation_changed_t system_obligation(system_t *self, uint32_t unit) {
    obligations_ask_t question = {
        .unit = text_of(self->units[unit]), .task = text_of("consumption"), .period = text_of("2021-08")};
    obligations_t told = {0};
    system_settle(self);
    MUST(self, ask(self, "aggregation", obligations_ask_type(), &question, obligations_type(), &told));
    MUST(self, told.rows_count == 1);
    return told.rows[0];
}

uint64_t system_sales(system_t *self) {
    targets_ask_t question = {.task = text_of("consumption")};
    targets_t told = {0};
    system_settle(self);
    MUST(self, ask(self, "aggregation", targets_ask_type(), &question, targets_type(), &told));
    for (uint32_t index = 0; index < told.rows_count; index++)
        if (text_is(told.rows[index].indicator, "sales")) return told.rows[index].done;
    MUST(self, false);
    return 0;
}

void system_replays(system_t *self) {
    const role_t *roles[] = {validation_role(), aggregation_role(), alerting_role()};
    store_t *ledger = NULL, *writer;
    stage_t *replayed[3] = {0};
    MUST(self, store_open("data/intake", NULL, 0, &ledger) == OK);
    writer = ledger;
    for (uint32_t index = 0; index < 3; index++) {
        stage_t *lived = NULL;
        char path[64], one[64], other[64];
        snprintf(path, sizeof path, "data/%s", roles[index]->name);
        snprintf(one, sizeof one, "%s.lived", roles[index]->name);
        snprintf(other, sizeof other, "%s.replayed", roles[index]->name);
        MUST(self, stage_open(roles[index], path, &lived) == OK);
        MUST(self, pump_replay(roles[index], "replay", writer, roles[index]->reads, &replayed[index]) == OK);
        MUST(self, stage_dump(lived, one) == OK && stage_dump(replayed[index], other) == OK);
        MUST(self, pump_files_equal(one, other));
        stage_close(&lived);
        writer = stage_store(replayed[index]);
    }
    for (uint32_t index = 0; index < 3; index++) stage_close(&replayed[index]);
    store_close(&ledger);
    pump_remove("replay");
}
