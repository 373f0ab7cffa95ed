/* The vault's own loop: drain its door, one commit, all answers. */
#include <stdlib.h>
#include <sysexits.h>

#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/log.h"
#include "services/stage/serve.h"
#include "services/vault/evidence.h"
#include "services/vault/logins.h"
#include "services/stage/watch.h"
#include "services/vault/vault.h"

enum { IDLE_MS = 1000, LOGIN_DESKS = 4 };

typedef struct {
    logins_store_t *logins;
    logins_door_t door;
} login_door_t;

enum { AT_GATEWAY, AT_OPERATOR, AT_NOTIFIER, AT_CONSOLE, DOORS };
static const door_t doors[DOORS] = {
    [AT_GATEWAY] = door_gateway, [AT_OPERATOR] = door_operator, [AT_NOTIFIER] = door_notifier, [AT_CONSOLE] = door_console};
static const char *const endpoints[DOORS] = {
    [AT_GATEWAY] = HOME_VAULT, [AT_OPERATOR] = HOME_VAULT_OPERATOR, [AT_NOTIFIER] = HOME_VAULT_NOTIFIER,
    [AT_CONSOLE] = HOME_VAULT_CONSOLE};

/* Who waits for a packet, and at which door. */
typedef struct {
    peer_t peer;
    uint32_t at;
} asker_t;

typedef struct {
    vault_t *vault;
    server_t *servers[DOORS];
    desk_t *desk;
    logins_store_t *logins;
    login_door_t login_doors[LOGIN_DESKS];
    desk_t *login_desks[LOGIN_DESKS]; /* each a thread of its own: a password takes its time */
    evidence_service_t *evidence;     /* so has a file */
    buffer_t now;
    buffer_t later; /* one packet for each of askers, in their order */
    asker_t *askers;
    uint32_t asker_count;
} loop_t;

static void drain(loop_t *self) {
    bytes_t frame;
    for (uint32_t at = 0; at < DOORS; at++) {
        asker_t asker = {.at = at};
        for (uint32_t frames = 0; frames < LIMIT_GROUP && server_receive(self->servers[at], &asker.peer, &frame); frames++) {
            size_t before = self->later.size;
            buffer_clear(&self->now);
            vault_take_at(self->vault, doors[at], frame, &self->now, &self->later);
            if (self->now.size > 0)
                server_send(self->servers[at], &asker.peer, (bytes_t){self->now.at, (uint32_t)self->now.size});
            if (self->later.size > before) self->askers[self->asker_count++] = asker;
        }
    }
}

static void answers_send(loop_t *self) {
    size_t at = 0;
    for (uint32_t index = 0; index < self->asker_count; index++) {
        packet_t packet;
        fault_t fault = {0};
        err_t err = packet_decode((bytes_t){self->later.at + at, (uint32_t)(self->later.size - at)}, &packet, &fault);
        ASSERT(err == OK); /* we wrote it */
        server_send(self->servers[self->askers[index].at], &self->askers[index].peer, packet.raw);
        at += packet.raw.size;
    }
    self->asker_count = 0;
    buffer_clear(&self->later);
}

static bool desk_answer(void *self, const packet_t *ask, buffer_t *out) { return vault_answer(self, ask, out); }

/* The desk reads the same store in a thread of its own: it is shut while the file is written anew. */
static err_t rewrite(loop_t *self) {
    if (!vault_wants_rewrite(self->vault)) return OK;
    desk_stop(&self->desk);
    err_t err = vault_rewrite(self->vault);
    return err == OK ? desk_start("vault", desk_answer, self->vault, &self->desk) : err;
}

static err_t loop_run(loop_t *self) {
    void *const handles[DOORS] = {server_handle(self->servers[AT_GATEWAY]), server_handle(self->servers[AT_OPERATOR]),
                                  server_handle(self->servers[AT_NOTIFIER]), server_handle(self->servers[AT_CONSOLE])};
    while (true) {
        bool leave = (link_wait(handles, DOORS, IDLE_MS) & LINK_STOP) != 0;
        drain(self);
        err_t err = vault_commit(self->vault);
        if (err == OK) err = rewrite(self);
        if (err != OK) return err;
        answers_send(self);
        if (leave) return OK;
    }
}

static bool login_answer(void *self, const packet_t *ask, buffer_t *out) {
    const login_door_t *door = self;
    logins_answer(door->logins, door->door, ask, clock_wall_ms(), out);
    return true;
}

static err_t logins_start(loop_t *self) {
    static const char *const desks[LOGIN_DESKS] = {HOME_LOGIN_DESKS, "door-console/session", "door-operator/vault"};
    static const logins_door_t of[LOGIN_DESKS] = {LOGINS_CONSOLE, LOGINS_CONSOLE, LOGINS_SESSIONS, LOGINS_OPERATOR};
    err_t err = logins_open("data/logins", &self->logins);
    for (int desk = 0; err == OK && desk < LOGIN_DESKS; desk++) {
        self->login_doors[desk] = (login_door_t){self->logins, of[desk]};
        err = desk_start(desks[desk], login_answer, &self->login_doors[desk], &self->login_desks[desk]);
    }
    return err;
}

/* The store, and with it the lock, comes before every socket. */
static err_t loop_open(loop_t *self) {
    uint8_t key[HASH_KEY_SIZE];
    err_t err = home_read_key("keys/vault.key", key, sizeof key);
    if (err != OK) log_error("key_unreadable", "file=keys/vault.key error=%s", err_name(err));
    if (err == OK) err = vault_open("data/vault", key, &self->vault);
    if (err != OK) return err;
    self->askers = calloc((size_t)LIMIT_GROUP * DOORS, sizeof *self->askers);
    if (self->askers == NULL) return ERR_NOMEM;
    for (uint32_t at = 0; err == OK && at < DOORS; at++) err = server_bind(endpoints[at], &self->servers[at]);
    if (err == OK) err = logins_start(self);
    if (err == OK) err = evidence_service_start(key, &self->evidence);
    if (err == OK) err = desk_start("vault", desk_answer, self->vault, &self->desk);
    return err;
}

static void loop_close(loop_t *self) {
    if (self->desk != NULL) desk_stop(&self->desk);
    for (int door = 0; door < LOGIN_DESKS; door++) desk_stop(&self->login_desks[door]);
    logins_close(&self->logins);
    evidence_service_stop(&self->evidence);
    for (uint32_t at = 0; at < DOORS; at++) server_destroy(&self->servers[at]);
    vault_close(&self->vault);
    free(self->askers);
    buffer_destroy(&self->now);
    buffer_destroy(&self->later);
    watch_stop();
    link_stop();
}

static int open_exit_code(err_t err) {
    if (err == OK) return EX_OK;
    if (err == ERR_LOCKED) return EX_TEMPFAIL;
    if (err == ERR_MISSING) return EX_NOINPUT;
    return err == ERR_BAD ? EX_CONFIG : err == ERR_SYSTEM ? EX_OSERR : EX_IOERR;
}

int vault_main(int argc, char **argv) {
    log_start("vault");
    if (argc != 2) {
        log_error("usage", "usage=\"minning-vault <home>\"");
        return EX_USAGE;
    }
    crypto_start();
    link_watch_signals();
    link_start();
    loop_t loop = {0};
    err_t err = home_enter(argv[1]);
    if (err == OK) err = loop_open(&loop);
    int code = open_exit_code(err);
    if (err == OK) {
        log_info("started", "texts=%llu", (unsigned long long)vault_count(loop.vault));
        watch_start(watch_setting());
        watch_join("loop");
        err = loop_run(&loop);
        watch_leave();
        code = err == OK ? EX_OK : EX_IOERR;
    }
    if (err == OK)
        log_info("stopped", "code=0");
    else
        log_error("leaving", "error=%s code=%d", err_name(err), code);
    loop_close(&loop);
    return code;
}
