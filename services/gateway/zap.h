/* ZAP 1.0 (RFC 27): libzmq asks us at every handshake who may come in. The decision is a pure function of the registry. */
#ifndef GATEWAY_ZAP_H
#define GATEWAY_ZAP_H

#include "services/gateway/keys.h"

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ZAP_DOMAIN "minning"

/* One request, as it came. */
typedef struct {
    text_t version;
    text_t domain;
    text_t mechanism;
    bytes_t credential; /* the first one: of CURVE the public key */
    uint32_t credential_count;
} zap_request_t;

/* 200 with a User-Id; 300 (come again: the registry is not loaded yet; libzmq's client does so by itself); 400 refused. */
typedef struct {
    const char *status;
    const char *text;
    char user_id[USER_ID_SIZE];
} zap_answer_t;

/* `keys` NULL: the registry is not loaded. */
zap_answer_t zap_decide(const keys_t *keys, const zap_request_t *request);

/* The handler's socket, bound before any door is. One turn answers all requests that wait. */
typedef struct zap zap_t;
err_t zap_open(zap_t **out);
void zap_close(zap_t **self);
void *zap_handle(zap_t *self);
void zap_step(zap_t *self, const keys_t *keys);

#endif
