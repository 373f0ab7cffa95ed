/* The console's life: sockets up, one turn of the loop, everybody answered, sockets down. */
#include "services/console/console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "services/console/state.h"
#include "services/stage/clock.h"
#include "services/stage/log.h"

#define DESK_ENDPOINT "ipc://run/console.desk"

enum { TURN_MS = 100, REFS_KEEP_MS = 60 * 60 * 1000, FDS = 2 };

static void clocks_read(console_t *self) {
    self->now_ms = clock_steady_ms();
    self->wall_ms = clock_wall_ms();
}

err_t console_open(const console_door_t *door, console_t **out) {
    *out = NULL;
    link_start();
    console_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    clocks_read(self);
    self->door = *door;
    if (self->door.answer_ms == 0) self->door.answer_ms = LIMIT_HTTP_ANSWER_MS;
    self->started_ms = self->now_ms;
    self->arena = arena_new();
    self->refs = refs_new(REFS_KEEP_MS);
    self->sessions = calloc(SESSION_PLACES, sizeof *self->sessions);
    ASSERT(self->sessions != NULL);
    overview_open(self);
    err_t err = http_open(self);
    unsigned port = door->port;
    if (err != OK) log_error("bind_failed", "address=%s port=%u error=\"%s\"", door->address, port, strerror(errno));
    if (err == OK) err = press_open(&self->press);
    if (err == OK) err = talk_open(self);
    if (err == OK) err = news_open(self);
    if (err == OK) err = server_bind(DESK_ENDPOINT, &self->desk);
    if (err != OK) console_close(&self);
    *out = self;
    return err;
}

void console_close(console_t **owner) {
    console_t *self = *owner;
    if (self == NULL) return;
    http_close(self);
    front_close(&self->front);
    news_close(self);
    talk_close(self);
    press_close(&self->press);
    server_destroy(&self->desk);
    registry_destroy(self);
    planbook_destroy(&self->book);
    buffer_destroy(&self->plan_json);
    free(self->sessions);
    refs_destroy(&self->refs);
    arena_destroy(&self->arena);
    buffer_destroy(&self->out);
    free(self);
    *owner = NULL;
}

static bool turn_wait(console_t *self, int64_t timeout_ms) {
    void *handles[SERVICE_COUNT + 2];
    size_t count = 0;
    for (int at = 0; at < SERVICE_COUNT; at++) handles[count++] = client_handle(self->services[at]);
    handles[count++] = stream_reader_handle(self->reader);
    handles[count++] = server_handle(self->desk);
    int fds[FDS] = {self->daemon_fd, front_handle(self->front)};
    uint32_t ready = link_wait_with(handles, count, fds, FDS, http_wait_ms(self, timeout_ms < TURN_MS ? timeout_ms : TURN_MS));
    return (ready & LINK_STOP) == 0;
}

/* A sign of life to intake: its absence becomes an entry of the ledger, and moves deadlines. */
static void beat(console_t *self) {
    if (self->now_ms < self->beat_ms || !console_ready(self)) return;
    self->beat_ms = self->now_ms + LIMIT_DOOR_BEAT_MS;
    door_beat_t sign = {.number = ++self->beats};
    tell(self, AT_INTAKE_DOOR, 0, door_beat_type(), &sign);
}

bool console_step(console_t *self, int64_t timeout_ms) {
    bool stay = turn_wait(self, timeout_ms);
    clocks_read(self);
    beat(self);
    answers_take(self);
    news_step(self);
    registry_step(self);
    book_step(self);
    overview_step(self);
    front_step(self->front, self->now_ms);
    requests_expire(self, self->now_ms);
    http_step(self);
    return stay;
}

uint16_t console_port(const console_t *self) { return front_port(self->front); }
bool console_ready(const console_t *self) { return self->logins_loaded && self->book != NULL && !self->leaving; }

uint32_t console_waiting(const console_t *self) {
    uint32_t count = 0;
    for (const request_t *at = self->waiting; at != NULL; at = at->next) count += !at->live;
    return count;
}

void console_refuse_new(console_t *self) {
    news_end(self);
    front_stop_accepting(self->front);
}
