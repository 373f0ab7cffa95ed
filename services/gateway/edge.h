/* The units' socket: a ROUTER behind CURVE with every bound set. It knows frames and who sent them, no message. */
#ifndef GATEWAY_EDGE_H
#define GATEWAY_EDGE_H

#include "services/gateway/guard.h"
#include "services/gateway/zap.h"

typedef struct edge edge_t;

/* One message from a peer. `user_id` is what the ZAP handler gave the connection, terminated; NULL: none. */
typedef struct {
    gateway_peer_t peer;
    bytes_t frame;     /* the last payload frame */
    uint32_t parts;    /* payload frames it came in */
    const char *user_id;
} edge_message_t;

/* Binds. Keys are Z85. The ZAP handler must be open. ERR_SYSTEM: errno tells (address in use, no such folder). */
err_t edge_open(const char *endpoint, const char *secret_text, edge_t **out);
void edge_close(edge_t **self);
void *edge_handle(edge_t *self);
const char *edge_endpoint(const edge_t *self);

/* Takes one message without waiting; it is valid until the next call. false: none. */
bool edge_receive(edge_t *self, edge_message_t *message);
/* Sends without waiting. false: the peer is gone or takes nothing; it asks again. */
bool edge_send(edge_t *self, const gateway_peer_t *peer, bytes_t frame);

/* Cuts off connections that have too much waiting, and makes room when there are too many. Once a turn. */
void edge_guard(edge_t *self, int64_t steady_ms);
guard_state_t edge_state(const edge_t *self);

/* Would this door, with this registry, let in a peer that holds the pair, or (both NULL) one without CURVE? OK: yes, it got
 * through. ERR_REFUSED: it was turned away. ERR_TIMEOUT: neither was seen. Only before the door serves anybody. */
err_t edge_try(edge_t *self, zap_t *zap, const keys_t *keys, const char *server_public, const char *client_public,
               const char *client_secret);
/* The start-up self-test: a door with the same options must turn away an unknown key and a peer without CURVE. OK or
 * ERR_REFUSED. */
err_t edge_self_test(const char *endpoint, zap_t *zap, const char *public_text, const char *secret_text);

#endif
