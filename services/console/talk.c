/* The services behind: questions under our own numbers, answers to whoever waits for them. */
#include <string.h>

#include "services/console/state.h"
#include "services/console/press.h"
#include "services/stage/home.h"
#include "services/stage/log.h"

static const char *const endpoints[SERVICE_COUNT] = {
    [AT_INTAKE_DOOR] = HOME_DOOR_CONSOLE,
    [AT_INTAKE] = "ipc://run/intake.desk",
    [AT_VALIDATION] = "ipc://run/validation.desk",
    [AT_AGGREGATION] = "ipc://run/aggregation.desk",
    [AT_ALERTING] = "ipc://run/alerting.desk",
    [AT_VAULT_DOOR] = HOME_VAULT,
    [AT_DRAFTS] = HOME_VAULT_CONSOLE,
    [AT_VAULT] = "ipc://run/vault.desk",
    [AT_GATEWAY] = "ipc://run/gateway.desk",
    [AT_NOTIFIER] = "ipc://run/notifier.desk",
    [AT_SESSIONS] = "ipc://run/door-console/session.desk",
    [AT_EVIDENCE] = HOME_EVIDENCE_CONSOLE,
    [AT_PRESS] = PRESS_ENDPOINT,
};

err_t talk_open(console_t *self) {
    static const char *const logins[] = {HOME_LOGINS};
    err_t err = client_connect_all(logins, sizeof logins / sizeof logins[0], &self->services[AT_LOGINS]);
    for (int at = 0; err == OK && at < SERVICE_COUNT; at++)
        if (endpoints[at] != NULL) err = client_connect(endpoints[at], &self->services[at]);
    return err;
}

void talk_close(console_t *self) {
    for (int at = 0; at < SERVICE_COUNT; at++) client_destroy(&self->services[at]);
}

static err_t send_packet(console_t *self, service_at_t service, uint64_t id, const message_t *type, const void *value) {
    buffer_clear(&self->out);
    packet_encode(id, type, value, &self->out);
    return client_send(self->services[service], (bytes_t){self->out.at, (uint32_t)self->out.size});
}

void tell(console_t *self, service_at_t service, uint64_t id, const message_t *type, const void *value) {
    (void)send_packet(self, service, id, type, value); /* full: it is told, or asked, again later */
}

void ask(request_t *self, service_at_t service, const message_t *type, const void *question,
         void (*on)(request_t *self, const packet_t *packet)) {
    console_t *console = self->console;
    if (self->until_ms == 0) self->until_ms = console->now_ms + console->door.answer_ms;
    self->id = ++console->next_id;
    self->on_answer = on;
    if (send_packet(console, service, self->id, type, question) != OK) reply_busy(self);
}

static request_t *request_of(const console_t *self, uint64_t id) {
    request_t *at = self->waiting;
    while (at != NULL && at->id != id) at = at->next;
    return at;
}

static void answer_take(console_t *self, const packet_t *packet) {
    request_t *request = request_of(self, packet->request_id);
    if (request == NULL) {
        if (packet->kind == KIND_logins || packet->kind == KIND_busy) registry_take(self, packet);
        if (packet->kind == KIND_health) overview_take(self, packet);
        return;
    }
    request->id = 0;
    request->on_answer(request, packet);
    if (request->id != 0 || request->response != NULL || request->live || request->taking) return;
    log_error("request_left", "path=\"" TEXT_FORMAT "\"", TEXT_ARGS(request->path));
    reply_busy(request);
}

void answers_take(console_t *self) {
    bytes_t frame;
    packet_t packet;
    fault_t fault;
    for (int at = 0; at < SERVICE_COUNT; at++)
        while (client_receive(self->services[at], &frame)) {
            uint32_t count = 0;
            for (bytes_t rest = packets_of(frame, &count); count > 0 && packet_decode(rest, &packet, &fault) == OK; count--) {
                answer_take(self, &packet);
                rest = (bytes_t){rest.at + packet.raw.size, rest.size - packet.raw.size};
            }
        }
}

/* What a refusal of a service is in HTTP. */
static unsigned status_of(text_t code) {
    if (text_equal(code, REASON_OF(conflict)) || text_equal(code, REASON_OF(edition_gone))) return 409;
    if (text_equal(code, REASON_OF(draft_changed)) || text_equal(code, REASON_OF(draft_gone))) return 409;
    if (text_equal(code, REASON_OF(draft_step))) return 409;
    if (text_equal(code, REASON_OF(approval_needed)) || text_equal(code, REASON_OF(drafter_missing))) return 403;
    if (text_equal(code, REASON_OF(login_failed)) || text_equal(code, REASON_OF(no_session))) return 401;
    if (text_equal(code, REASON_OF(locked_out))) return 429;
    if (text_equal(code, REASON_OF(own_unit)) || text_equal(code, REASON_OF(office_missing))) return 403;
    if (text_equal(code, REASON_OF(role_lacks)) || text_equal(code, REASON_OF(login_revoked))) return 403;
    if (text_equal(code, REASON_OF(out_of_range)) || text_equal(code, REASON_OF(evidence_missing))) return 404;
    if (text_equal(code, REASON_OF(not_there))) return 404;
    if (text_equal(code, REASON_OF(evidence_erased))) return 410;
    if (text_equal(code, REASON_OF(evidence_large))) return 413;
    if (text_equal(code, REASON_OF(evidence_type))) return 415;
    if (text_equal(code, REASON_OF(evidence_piece)) || text_equal(code, REASON_OF(evidence_unknown))) return 409;
    return 422;
}

bool answer_is(request_t *self, const packet_t *packet, const message_t *type, void *value) {
    fault_t fault;
    refusal_t refusal;
    if (packet->kind == type->kind && packet_body(packet, type, self->arena, value, &fault) == OK) return true;
    if (packet->kind == KIND_refusal && packet_body(packet, refusal_type(), self->arena, &refusal, &fault) == OK)
        reply_reasons(self, status_of(refusal.reasons[0].code), refusal.reasons, refusal.reasons_count);
    else
        reply_busy(self);
    return false;
}

void requests_expire(console_t *self, int64_t now_ms) {
    for (request_t *at = self->waiting, *next; at != NULL; at = next) {
        next = at->next;
        if (at->live || at->until_ms > now_ms) continue;
        log_warn("unanswered", "path=\"" TEXT_FORMAT "\"", TEXT_ARGS(at->path));
        at->id = 0;
        if (at->on_late != NULL) at->on_late(at);
        else reply_busy(at);
    }
}
