/* The ZAP handler: frames to a request, the decision, an answer to frames. */
#include "services/gateway/zap.h"

#include <czmq.h>
#include <errno.h>
#include <stdlib.h>

#include "services/stage/link.h"

enum { ZAP_PARTS = 9 }; /* version, request id, domain, address, identity, mechanism, credentials (PLAIN has two) */

struct zap {
    zsock_t *socket;
};

static zap_answer_t refused(const char *text) { return (zap_answer_t){.status = "400", .text = text}; }

zap_answer_t zap_decide(const keys_t *keys, const zap_request_t *request) {
    if (!text_is(request->version, "1.0")) return refused("version");
    if (!text_is(request->domain, ZAP_DOMAIN)) return refused("domain");
    if (!text_is(request->mechanism, "CURVE")) return refused("mechanism");
    if (request->credential_count != 1 || request->credential.size != KEY_SIZE) return refused("credential");
    if (keys == NULL) return (zap_answer_t){.status = "300", .text = "not ready"};
    const keys_row_t *row = keys_find(keys, request->credential.at);
    if (row == NULL) return refused("unknown key");
    if (row->revoked) return refused("revoked key");
    zap_answer_t answer = {.status = "200", .text = "OK"};
    keys_user_id(row, answer.user_id);
    return answer;
}

err_t zap_open(zap_t **out) {
    zap_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    self->socket = zsock_new(ZMQ_REP);
    if (self->socket == NULL || zsock_bind(self->socket, "%s", ZAP_ENDPOINT) != 0) {
        zap_close(&self);
        return ERR_SYSTEM;
    }
    *out = self;
    return OK;
}

void zap_close(zap_t **self) {
    if (*self == NULL) return;
    /* Closing alone frees the name only when libzmq's reaper comes round to it. */
    if ((*self)->socket != NULL) zmq_unbind(zsock_resolve((*self)->socket), ZAP_ENDPOINT);
    if ((*self)->socket != NULL) link_gone(zsock_resolve((*self)->socket));
    zsock_destroy(&(*self)->socket);
    free(*self);
    *self = NULL;
}

void *zap_handle(zap_t *self) { return zsock_resolve(self->socket); }

static text_t part_text(zmq_msg_t *part) { return (text_t){zmq_msg_data(part), (uint32_t)zmq_msg_size(part)}; }

/* Takes the parts of one request without waiting. Returns how many came; 0: none. Those beyond ZAP_PARTS are dropped. */
static uint32_t parts_take(void *socket, zmq_msg_t *parts) {
    uint32_t count = 0;
    bool more = true;
    while (more) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&part);
            return count;
        }
        more = zmq_msg_more(&part) != 0;
        if (count < ZAP_PARTS) parts[count++] = part;
        else zmq_msg_close(&part);
    }
    return count;
}

static void answer_send(void *socket, text_t request_id, const zap_answer_t *answer) {
    const text_t parts[] = {text_of("1.0"),           request_id,
                            text_of(answer->status),  text_of(answer->text),
                            text_of(answer->user_id), {NULL, 0}};
    size_t count = sizeof parts / sizeof parts[0];
    for (size_t index = 0; index < count; index++)
        zmq_send(socket, parts[index].at, parts[index].size, ZMQ_DONTWAIT | (index + 1 < count ? ZMQ_SNDMORE : 0));
}

static zap_request_t request_of(zmq_msg_t *parts, uint32_t count) {
    if (count < 6) return (zap_request_t){0}; /* refused for its version */
    zap_request_t request = {
        .version = part_text(&parts[0]),
        .domain = part_text(&parts[2]),
        .mechanism = part_text(&parts[5]),
        .credential_count = count - 6,
    };
    if (count > 6) request.credential = (bytes_t){zmq_msg_data(&parts[6]), (uint32_t)zmq_msg_size(&parts[6])};
    return request;
}

void zap_step(zap_t *self, const keys_t *keys) {
    void *socket = zsock_resolve(self->socket);
    zmq_msg_t parts[ZAP_PARTS];
    for (uint32_t count; (count = parts_take(socket, parts)) > 0;) {
        zap_request_t request = request_of(parts, count);
        zap_answer_t answer = zap_decide(keys, &request);
        answer_send(socket, count > 1 ? part_text(&parts[1]) : (text_t){NULL, 0}, &answer);
        for (uint32_t index = 0; index < count; index++) zmq_msg_close(&parts[index]);
    }
    link_used(socket, zmq_errno() != EAGAIN);
}
