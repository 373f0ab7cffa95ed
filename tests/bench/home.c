/* Founds, starts and stops a home of the real programs. */
#include "tests/bench/home.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/command.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/link.h"

#define MINNING(self, ...) process_run((self)->log, (char *[]){program_path(self, "minning"), __VA_ARGS__, NULL})

static char *program_path(const bench_home_t *self, const char *name) {
    static char path[4200];
    snprintf(path, sizeof path, "%s%s/%s", bench_programs, self->plain ? "-plain" : "", name);
    return path;
}

static void read_secret(const char *path, uint8_t *out, size_t size, arena_t *arena) {
    text_t hex;
    if (home_read(path, arena, 1024, &hex) != OK) bench_fail("no %s", path);
    while (hex.size > 0 && hex.at[hex.size - 1] == '\n') hex.size--;
    if (!hex_read(hex, out, size)) bench_fail("%s does not read", path);
}

void home_open_ledger(intake_t **intake) {
    arena_t *arena = arena_new();
    uint8_t signer[SIGN_SECRET_SIZE];
    read_secret("keys/signer.key", signer, sizeof signer, arena);
    err_t err = intake_open("data/intake", signer, intake);
    if (err != OK) bench_fail("the ledger does not open: %s", err_name(err));
    arena_destroy(&arena);
}

/* By signed commands, as `minning unit add` does, but all in one group. */
static void register_units(bench_home_t *self) {
    arena_t *arena = arena_new();
    uint8_t secret[SIGN_SECRET_SIZE], ledger_id[16], command_id[16];
    buffer_t frame = {0}, now = {0}, later = {0};
    intake_t *intake = NULL;
    read_secret("keys/operator.key", secret, sizeof secret, arena);
    read_secret("keys/ledger.id", ledger_id, sizeof ledger_id, arena);
    home_open_ledger(&intake);
    for (uint32_t unit = 0; unit < UNITS; unit++) {
        key_registered_t entry = {.unit = name_unit(unit), .generation = 1};
        if (unit_key_new(&self->keys[unit]) != OK || !unit_key_raw(self->keys[unit].public_text, entry.key))
            bench_fail("no key");
        crypto_random(command_id, sizeof command_id);
        buffer_clear(&frame);
        command_sign(unit + 1, command_id, ledger_id, key_registered_type(), &entry, secret, &frame);
        intake_take(intake, door_operator, (bytes_t){frame.at, (uint32_t)frame.size}, clock_wall_ms(), clock_steady_ms(), &now,
                    &later);
    }
    if (now.size > 0 || intake_commit(intake) != OK) bench_fail("the units were not registered");
    intake_close(&intake);
    buffer_destroy(&frame);
    buffer_destroy(&now);
    buffer_destroy(&later);
    arena_destroy(&arena);
}

static bool ask_health(const char *service, health_t *health, arena_t *arena) {
    char desk[64];
    snprintf(desk, sizeof desk, HOME_DESK_FORMAT, service);
    health_ask_t ask = {0};
    return link_ask(desk, health_ask_type(), &ask, health_type(), health, NULL, arena, 2000) == OK;
}

/* Not by home_setting, which remembers the first home it saw. */
static void read_endpoint(bench_home_t *self) {
    arena_t *arena = arena_new();
    text_t conf;
    if (home_read(HOME_CONF, arena, 4096, &conf) != OK) bench_fail("no " HOME_CONF);
    const char *at = strstr(arena_text(arena, conf).at, "endpoint = \"");
    if (at == NULL) bench_fail("no endpoint in " HOME_CONF);
    at += strlen("endpoint = \"");
    snprintf(self->endpoint, sizeof self->endpoint, "%.*s", (int)strcspn(at, "\""), at);
    arena_destroy(&arena);
}

void home_found(bench_home_t *self, const char *folder, bool plain) {
    arena_t *arena = arena_new();
    char plan[440];
    *self = (bench_home_t){.plain = plain};
    snprintf(self->folder, sizeof self->folder, "%s", folder);
    snprintf(self->log, sizeof self->log, "%s.log", folder);
    snprintf(plan, sizeof plan, "%s.yaml", folder);
    if (home_write(plan, plan_text(arena), 0600) != OK) bench_fail("cannot write %s", plan);
    char rehearsal[] = "2021-12-20T10:00"; /* every period is open; time stands still, so that no tick disturbs */
    if (MINNING(self, "init", self->folder, "--plan", plan, "--rehearsal", rehearsal, "--endpoint", "auto") != 0)
        bench_fail("init failed, see %s", self->log);
    if (home_enter(self->folder) != OK) bench_fail("no home");
    if (unit_public_load("keys/gateway.pub", self->gateway_public) != OK) bench_fail("no key of the gateway");
    read_endpoint(self);
    register_units(self);
    arena_destroy(&arena);
}

void home_up(bench_home_t *self) {
    static const char *const services[] = {"vault", "intake", "validation", "aggregation", "alerting", "gateway"};
    arena_t *arena = arena_new();
    self->up = process_start(self->log, (char *[]){program_path(self, "minning"), "--home", self->folder, "up", NULL});
    int64_t until_ms = clock_steady_ms() + 1800000; /* a preloaded ledger is verified before anybody answers */
    for (uint32_t index = 0; index < sizeof services / sizeof services[0]; index++) {
        health_t health = {0};
        while (!ask_health(services[index], &health, arena) || !health.ok) {
            if (clock_steady_ms() > until_ms) bench_fail("%s does not come up, see %s", services[index], self->log);
            link_wait(NULL, 0, 20);
            arena_reset(arena);
        }
    }
    arena_destroy(&arena);
}

void home_down(bench_home_t *self) {
    if (self->up != 0) process_stop(self->up, SIGTERM);
    self->up = 0;
}

void home_remove(bench_home_t *self) {
    char plan[440];
    if (chdir("/") != 0) bench_fail("no root folder");
    folder_remove(self->folder);
    snprintf(plan, sizeof plan, "%s.yaml", self->folder);
    unlink(plan);
    unlink(self->log);
}

uint64_t home_ledger_head(void) {
    arena_t *arena = arena_new();
    health_t health = {0};
    if (!ask_health("intake", &health, arena)) bench_fail("intake does not answer");
    arena_destroy(&arena);
    return health.out_head;
}

bool home_applied(uint64_t head) {
    arena_t *arena = arena_new();
    health_t health = {0};
    bool answered = ask_health("alerting", &health, arena);
    arena_destroy(&arena);
    return answered && health.cause_seq >= head && health.published >= health.out_head;
}
