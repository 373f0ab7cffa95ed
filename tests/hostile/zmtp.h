/* A ZMTP 3.1 client written from the RFCs (23, 26), byte by byte, so that it can do what libzmq's would not. One thread,
 * blocking, each call at most ZMTP_PATIENCE_MS. */
#ifndef HOSTILE_ZMTP_H
#define HOSTILE_ZMTP_H

#include "services/unit/unit.h"

enum { ZMTP_PATIENCE_MS = 10000 };

typedef struct {
    int descriptor; /* -1: closed by us */
    uint64_t nonce;
    uint8_t short_public[32], short_secret[32], server_short[32], shared[32];
    buffer_t said; /* every byte sent, if `record` is set */
    bool record;
} zmtp_t;

/* One property of the handshake's metadata. */
typedef struct {
    const char *name;
    const char *value;
} zmtp_property_t;

bool zmtp_connect(zmtp_t *self, int port);
void zmtp_close(zmtp_t *self);
bool zmtp_write(zmtp_t *self, const void *bytes,
                size_t size);                      /* raw; false: it was ended from the other side, or takes nothing */
bool zmtp_ended(zmtp_t *self, int64_t timeout_ms); /* did the other side end it? What it says meanwhile is read */
void zmtp_quiet(zmtp_t *self);                     /* ends it with a reset: leaves nothing behind */

bool zmtp_greet(zmtp_t *self, const char *mechanism); /* both greetings */
bool zmtp_command(zmtp_t *self, const char *name, const void *body, size_t size);
/* Metadata as bytes; returns its size. */
size_t zmtp_metadata(const zmtp_property_t *properties, uint8_t *out, size_t room);

/* Greeting and CURVE handshake. false: refused, or ended. `properties` ends with a NULL name; NULL: Socket-Type DEALER. */
bool zmtp_curve(zmtp_t *self, const char *server_public, const unit_key_t *key, const zmtp_property_t *properties);
/* A frame of a message inside CURVE; more: another frame follows, perhaps. */
bool zmtp_send(zmtp_t *self, const void *bytes, size_t size, bool more);
/* The next message frame, decrypted, into `room`. Returns its size; -1: none came, or it was ended. */
int64_t zmtp_receive(zmtp_t *self, uint8_t *room, size_t size, int64_t timeout_ms);

#endif
