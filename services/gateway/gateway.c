/* The gateway's life: sockets up behind a passed self-test, one turn of the loop, sockets down. */
#include "services/gateway/gateway.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "services/gateway/state.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/log.h"

#define SELF_TEST_ENDPOINT "ipc://run/gateway.selftest"
#define DESK_ENDPOINT "ipc://run/gateway.desk"
#define VALIDATION_DESK "ipc://run/validation.desk"

enum {
    MESSAGES_A_TURN = 256,                   /* from units, before everybody else has a turn again */
    TURN_MS = 250,                           /* longest wait: what is to be asked again is due at some time */
    JOIN_TURN_MS = 50,                       /* while the registry is not loaded */
    KEPT_BYTES = 64 * 1024 * 1024,           /* of reports that wait for the vault */
    REFS_KEEP_MS = 60 * 60 * 1000,
};

static err_t inner_sockets_open(gateway_t *self) {
    follow_sink_t sink = {self, inner_event, inner_gap};
    err_t err = follow_open(sink, &self->follow);
    if (err == OK) err = client_connect(HOME_DOOR_GATEWAY, &self->intake);
    if (err == OK) err = client_connect(HOME_VAULT, &self->vault);
    if (err == OK) err = client_connect(HOME_EVIDENCE_GATEWAY, &self->evidence);
    if (err == OK) err = client_connect(VALIDATION_DESK, &self->validation);
    if (err == OK) err = server_bind(DESK_ENDPOINT, &self->desk);
    return err;
}

static err_t edge_sockets_open(gateway_t *self, const char *endpoint, const char *public_text, const char *secret_text) {
    err_t err = zap_open(&self->zap);
    if (err == OK) err = edge_self_test(SELF_TEST_ENDPOINT, self->zap, public_text, secret_text);
    if (err != OK) return err;
    log_info("self_test_passed", "unknown_key=refused no_curve=refused");
    err = edge_open(endpoint, secret_text, &self->edge);
    if (err != OK) log_error("bind_failed", "endpoint=%s error=\"%s\"", endpoint, strerror(errno));
    return err;
}

err_t gateway_open(const char *endpoint, const char *public_text, const char *secret_text, gateway_t **out) {
    link_start();
    gateway_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    self->started_ms = self->now_ms = clock_steady_ms();
    self->arena = arena_new();
    self->pending = pending_new(LIMIT_PENDING, KEPT_BYTES);
    self->early = early_new();
    self->refs = refs_new(REFS_KEEP_MS);
    err_t err = edge_sockets_open(self, endpoint, public_text, secret_text);
    if (err == OK) err = inner_sockets_open(self);
    if (err != OK) {
        gateway_close(&self);
        return err;
    }
    log_info("bound", "endpoint=%s", edge_endpoint(self->edge));
    *out = self;
    return OK;
}

void gateway_close(gateway_t **owner) {
    gateway_t *self = *owner;
    if (self == NULL) return;
    if (self->edge != NULL) {
        conversations_expire(self, INT64_MAX);
        unit_answers_send(self);
    }
    if (self->desk != NULL) server_destroy(&self->desk);
    if (self->validation != NULL) client_destroy(&self->validation);
    if (self->evidence != NULL) client_destroy(&self->evidence);
    if (self->vault != NULL) client_destroy(&self->vault);
    if (self->intake != NULL) client_destroy(&self->intake);
    follow_close(&self->follow);
    edge_close(&self->edge);
    zap_close(&self->zap);
    refs_destroy(&self->refs);
    pending_destroy(&self->pending);
    early_destroy(&self->early);
    arena_destroy(&self->arena);
    buffer_destroy(&self->out);
    buffer_destroy(&self->asks);
    buffer_destroy(&self->replies);
    buffer_destroy(&self->receipts);
    buffer_destroy(&self->verdicts);
    free(self);
    *owner = NULL;
}

/* The order of turn_wait's handles. */
enum { AT_ZAP, AT_EDGE, AT_INTAKE, AT_VAULT, AT_VALIDATION, AT_EVIDENCE, AT_DESK, AT_FOLLOW, HANDLES = AT_FOLLOW + FOLLOW_HANDLES };

static bool is_ready(uint32_t ready, uint32_t at) { return (ready & 1u << at) != 0; }

static uint32_t turn_wait(gateway_t *self, int64_t timeout_ms) {
    void *handles[HANDLES] = {[AT_ZAP] = zap_handle(self->zap),
                              [AT_EDGE] = edge_handle(self->edge),
                              [AT_INTAKE] = client_handle(self->intake),
                              [AT_VAULT] = client_handle(self->vault),
                              [AT_VALIDATION] = client_handle(self->validation),
                              [AT_EVIDENCE] = client_handle(self->evidence),
                              [AT_DESK] = server_handle(self->desk)};
    follow_handles(self->follow, handles + AT_FOLLOW);
    int64_t longest_ms = follow_current(self->follow) ? TURN_MS : JOIN_TURN_MS;
    return link_wait(handles, HANDLES, timeout_ms < longest_ms ? timeout_ms : longest_ms);
}

/* A sign of life to intake: its absence becomes an entry of the ledger, and moves deadlines. */
static void beat(gateway_t *self) {
    if (self->now_ms < self->beat_ms) return;
    door_beat_t sign = {.number = ++self->beats};
    self->beat_ms = self->now_ms + LIMIT_DOOR_BEAT_MS;
    buffer_clear(&self->out);
    packet_encode(0, door_beat_type(), &sign, &self->out);
    client_send(self->intake, (bytes_t){self->out.at, (uint32_t)self->out.size});
}

static void answers_take(gateway_t *self, uint32_t ready) {
    if (is_ready(ready, AT_INTAKE)) inner_answers_take(self, self->intake);
    if (is_ready(ready, AT_VALIDATION)) inner_answers_take(self, self->validation);
    if (is_ready(ready, AT_VAULT)) inner_answers_take(self, self->vault);
    if (is_ready(ready, AT_EVIDENCE)) inner_answers_take(self, self->evidence);
}

/* Only who gave a sign is asked: an empty socket costs two system calls. The registry comes before the units' messages: a key that
 * was revoked meanwhile speaks no more. Receipts come before verdicts: that is their order to a unit. */
bool gateway_step(gateway_t *self, int64_t timeout_ms) {
    uint32_t ready = turn_wait(self, timeout_ms);
    self->now_ms = clock_steady_ms();
    answers_take(self, ready);
    follow_step(self->follow, self->now_ms, ready >> AT_FOLLOW);
    if (is_ready(ready, AT_ZAP)) zap_step(self->zap, follow_keys(self->follow));
    edge_message_t message;
    for (int taken = is_ready(ready, AT_EDGE) ? 0 : MESSAGES_A_TURN; taken < MESSAGES_A_TURN; taken++) {
        if (!edge_receive(self->edge, &message)) break;
        unit_message_take(self, &message);
    }
    inner_appends_send(self);
    edge_guard(self->edge, self->now_ms);
    if (follow_keys(self->follow) != NULL) beat(self); /* before that it serves nobody */
    health_step(self, is_ready(ready, AT_DESK));
    conversations_expire(self, self->now_ms);
    unit_answers_send(self);
    return (ready & LINK_STOP) == 0;
}

bool gateway_ready(const gateway_t *self) { return follow_keys(self->follow) != NULL && !self->leaving; }
uint32_t gateway_pending(const gateway_t *self) { return pending_count(self->pending); }
const char *gateway_endpoint(const gateway_t *self) { return edge_endpoint(self->edge); }
void gateway_refuse_new(gateway_t *self) { self->leaving = true; }
