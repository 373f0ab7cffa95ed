/* The start-up self-test: knock at our own door as those would who must not come in, and see them turned away. */
#include "services/gateway/edge.h"

#include <czmq.h>
#include <errno.h>
#include <string.h>

#include "services/stage/clock.h"
#include "services/stage/log.h"

/* Another name each time: one is free again only some time after its socket is closed. */
#define MONITOR_FORMAT "inproc://minning.gateway.monitor.%u"

enum { TRY_MS = 5000, TRY_TURN_MS = 20 };

/* What the socket monitor says of one handshake: OK it went well, ERR_REFUSED it did not, ERR_TIMEOUT nothing yet. */
static err_t monitor_take(void *monitor) {
    while (true) {
        uint8_t head[6];
        if (zmq_recv(monitor, head, sizeof head, ZMQ_DONTWAIT) < 0) return ERR_TIMEOUT;
        char where[256];
        zmq_recv(monitor, where, sizeof where, ZMQ_DONTWAIT);
        uint16_t event;
        memcpy(&event, head, sizeof event);
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) return OK;
        if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH || event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) return ERR_REFUSED;
    }
}

static zsock_t *knock(const char *endpoint, const char *server_public, const char *client_public, const char *client_secret) {
    zsock_t *client = zsock_new(ZMQ_DEALER);
    if (client == NULL) return NULL;
    void *socket = zsock_resolve(client);
    int linger = 0;
    bool well = zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger) == 0;
    if (client_public != NULL)
        well = well && zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_public, strlen(server_public)) == 0 &&
               zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, client_public, strlen(client_public)) == 0 &&
               zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, client_secret, strlen(client_secret)) == 0;
    well = well && zmq_connect(socket, endpoint) == 0;
    /* who was turned away before this line has no pipe left to send by: what the door said is the monitor's to tell */
    well = well && (zmq_send(socket, "?", 1, ZMQ_DONTWAIT) > 0 || errno == EAGAIN);
    if (!well) zsock_destroy(&client);
    return client;
}

static err_t watch(edge_t *edge, zap_t *zap, const keys_t *keys, void *monitor) {
    int64_t until_ms = clock_steady_ms() + TRY_MS;
    while (clock_steady_ms() < until_ms) {
        zmq_pollitem_t items[] = {{zap_handle(zap), 0, ZMQ_POLLIN, 0}, {monitor, 0, ZMQ_POLLIN, 0}};
        zmq_poll(items, 2, TRY_TURN_MS);
        zap_step(zap, keys);
        edge_message_t message;
        if (edge_receive(edge, &message)) return OK;
        err_t said = monitor_take(monitor);
        if (said != ERR_TIMEOUT) return said;
    }
    return ERR_TIMEOUT;
}

err_t edge_try(edge_t *self, zap_t *zap, const keys_t *keys, const char *server_public, const char *client_public,
               const char *client_secret) {
    static unsigned tries;
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, MONITOR_FORMAT, ++tries);
    err_t err = ERR_SYSTEM;
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
    zsock_t *monitor = zsock_new(ZMQ_PAIR), *client = NULL;
    if (monitor == NULL || zmq_socket_monitor(edge_handle(self), endpoint, events) != 0) goto out;
    if (zmq_connect(zsock_resolve(monitor), endpoint) != 0) goto out;
    client = knock(edge_endpoint(self), server_public, client_public, client_secret);
    if (client != NULL) err = watch(self, zap, keys, zsock_resolve(monitor));
out:
    zsock_destroy(&client);
    zmq_socket_monitor(edge_handle(self), NULL, 0);
    zsock_destroy(&monitor);
    return err;
}

err_t edge_self_test(const char *endpoint, zap_t *zap, const char *public_text, const char *secret_text) {
    edge_t *edge = NULL;
    char stranger_public[41], stranger_secret[41];
    if (zmq_curve_keypair(stranger_public, stranger_secret) != 0) return ERR_REFUSED;
    keys_t *keys = keys_new(); /* a loaded registry that knows nobody */
    err_t stranger = ERR_SYSTEM, bare = ERR_SYSTEM;
    if (edge_open(endpoint, secret_text, &edge) == OK) {
        stranger = edge_try(edge, zap, keys, public_text, stranger_public, stranger_secret);
        bare = edge_try(edge, zap, keys, public_text, NULL, NULL);
    }
    edge_close(&edge);
    keys_destroy(&keys);
    bool closed = stranger == ERR_REFUSED && bare == ERR_REFUSED;
    if (!closed) log_error("self_test_failed", "unknown_key=%s no_curve=%s", err_name(stranger), err_name(bare));
    return closed ? OK : ERR_REFUSED;
}
