/* The units' socket: options, frames in and out. */
#include "services/gateway/edge.h"

#include <czmq.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/crypto.h"
#include "services/stage/link.h"

/* Draft names that Debian's header hides, not its library. */
#define OPTION_ENFORCE_DOMAIN 93 /* ZMQ_ZAP_ENFORCE_DOMAIN */
#define OPTION_ZERO_COPY 10      /* ZMQ_ZERO_COPY_RECV, of the context */

/* A frame above LIMIT_EDGE_FRAME is refused with a reason; one above EDGE_LARGEST ends its connection unread. */
enum { EDGE_QUEUE = 8192, ENDPOINT_SIZE = 256, EDGE_LARGEST = 2 * LIMIT_EDGE_FRAME };

struct edge {
    zsock_t *socket;
    void *raw;       /* the same, for libzmq: CZMQ asks itself each time what it was given */
    zmq_msg_t frame; /* of the last message received */
    guard_t *guard;
    char endpoint[ENDPOINT_SIZE];
};

static bool option_number(void *socket, int option, int value) {
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool option_text(void *socket, int option, const char *value) {
    return zmq_setsockopt(socket, option, value, strlen(value)) == 0;
}

/* The kernel asks whether the other side is there, not ZMTP: libzmq looks through all its timers to cancel one, and with ten
 * thousand connections that beat it does nothing else. Units beat towards us, which costs us no timer. */
static bool gone_noticed(void *socket) {
    enum { BEAT_S = LIMIT_HEARTBEAT_MS / 1000, BEATS = 3 };
    return option_number(socket, ZMQ_TCP_KEEPALIVE, 1) && option_number(socket, ZMQ_TCP_KEEPALIVE_IDLE, BEAT_S) &&
           option_number(socket, ZMQ_TCP_KEEPALIVE_INTVL, BEAT_S) && option_number(socket, ZMQ_TCP_KEEPALIVE_CNT, BEATS) &&
           option_number(socket, ZMQ_TCP_MAXRT, BEATS * LIMIT_HEARTBEAT_MS);
}

/* Without a domain and its enforcement CURVE fails open: every client with any key would be let in. */
static bool options_set(void *socket, const char *secret_text) {
    return option_number(socket, ZMQ_CURVE_SERVER, 1) && option_text(socket, ZMQ_CURVE_SECRETKEY, secret_text) &&
           option_text(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN) && option_number(socket, OPTION_ENFORCE_DOMAIN, 1) &&
           option_number(socket, ZMQ_HANDSHAKE_IVL, LIMIT_HANDSHAKE_MS) &&
           gone_noticed(socket) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &(int64_t){EDGE_LARGEST}, sizeof(int64_t)) == 0 &&
           option_number(socket, ZMQ_BACKLOG, LIMIT_BACKLOG) && option_number(socket, ZMQ_ROUTER_MANDATORY, 1) &&
           option_number(socket, ZMQ_SNDHWM, EDGE_QUEUE) && option_number(socket, ZMQ_RCVHWM, EDGE_QUEUE) &&
           option_number(socket, ZMQ_LINGER, 200);
}

static void routing_ids_seed(void) {
    unsigned seed;
    crypto_random(&seed, sizeof seed);
    srandom(seed); /* libzmq seeds from the clock and takes its first routing id from random() */
}

err_t edge_open(const char *endpoint, const char *secret_text, edge_t **out) {
    edge_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    zmq_msg_init(&self->frame);
    self->guard = guard_new(&(guard_bounds_t){LIMIT_EDGE_LINK_BYTES, LIMIT_EDGE_ALL_BYTES, LIMIT_EDGE_SILENT_MS});
    routing_ids_seed();
    /* Or each part that waits may hold the 18 KiB into which it was received: 500 times what came over the wire. */
    zmq_ctx_set(zsys_init(), OPTION_ZERO_COPY, 0);
    self->socket = zsock_new(ZMQ_ROUTER);
    void *socket = self->raw = self->socket == NULL ? NULL : zsock_resolve(self->socket);
    size_t size = sizeof self->endpoint;
    if (socket == NULL || !options_set(socket, secret_text) || zmq_bind(socket, endpoint) != 0 ||
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, self->endpoint, &size) != 0) {
        int why = errno;
        edge_close(&self);
        errno = why;
        return ERR_SYSTEM;
    }
    *out = self;
    return OK;
}

void edge_close(edge_t **self) {
    if (*self == NULL) return;
    if ((*self)->raw != NULL) link_gone((*self)->raw);
    zmq_msg_close(&(*self)->frame);
    zsock_destroy(&(*self)->socket);
    guard_destroy(&(*self)->guard);
    free(*self);
    *self = NULL;
}

void *edge_handle(edge_t *self) { return self->raw; }

const char *edge_endpoint(const edge_t *self) { return self->endpoint; }

static bool peer_take(void *socket, gateway_peer_t *peer, bool *more) {
    zmq_msg_t part;
    zmq_msg_init(&part);
    bool taken = zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) >= 0;
    if (taken) {
        size_t size = zmq_msg_size(&part);
        peer->size = (uint8_t)(size <= PEER_SIZE ? size : 0);
        memcpy(peer->bytes, zmq_msg_data(&part), peer->size);
        *more = zmq_msg_more(&part) != 0;
    }
    zmq_msg_close(&part);
    return taken;
}

bool edge_receive(edge_t *self, edge_message_t *message) {
    void *socket = self->raw;
    bool more = false;
    uint64_t wire_bytes = 0;
    *message = (edge_message_t){0};
    bool taken = peer_take(socket, &message->peer, &more);
    link_used(socket, taken || zmq_errno() != EAGAIN); /* interrupted, it may have taken the sign of what is there */
    if (!taken) return false;
    while (more) {
        if (zmq_msg_recv(&self->frame, socket, ZMQ_DONTWAIT) < 0) return false; /* cannot be: messages arrive whole */
        message->parts++;
        wire_bytes += guard_wire_size(zmq_msg_size(&self->frame));
        more = zmq_msg_more(&self->frame) != 0;
    }
    if (message->parts == 0) return true;
    message->frame = (bytes_t){zmq_msg_data(&self->frame), (uint32_t)zmq_msg_size(&self->frame)};
    message->user_id = zmq_msg_gets(&self->frame, "User-Id"); /* frame 0 lacks it in 4.3.4 */
    if (message->user_id != NULL && message->user_id[0] == '\0') message->user_id = NULL;
    message->peer.descriptor = zmq_msg_get(&self->frame, ZMQ_SRCFD);
    guard_received(self->guard, &message->peer, wire_bytes, message->user_id);
    return true;
}

bool edge_send(edge_t *self, const gateway_peer_t *peer, bytes_t frame) {
    void *socket = self->raw;
    link_used(socket, true);
    if (zmq_send(socket, peer->bytes, peer->size, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) return false;
    if (zmq_send(socket, frame.at, frame.size, ZMQ_DONTWAIT) < 0) return false;
    guard_sent(self->guard, peer, guard_wire_size(frame.size));
    return true;
}

void edge_guard(edge_t *self, int64_t steady_ms) { guard_step(self->guard, steady_ms); }

guard_state_t edge_state(const edge_t *self) { return guard_state(self->guard); }
