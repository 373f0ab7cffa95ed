/* The conversations that wait for an answer: bounded in number, bytes, time and share, found by our own number or by the
 * ledger's. */
#ifndef GATEWAY_PENDING_H
#define GATEWAY_PENDING_H

#include "proto/base.h"
#include "proto/limits.h"

#include <string.h>

enum { PEER_SIZE = 255 }; /* libzmq allows no more */

/* A unit's connection, to answer later. */
typedef struct {
    int32_t descriptor; /* of the connection it came by; 0: not known */
    uint8_t size;
    uint8_t bytes[PEER_SIZE]; /* libzmq's own ids take five of them */
} gateway_peer_t;

/* Its first bytes as a number, 0 where there are none: almost every id is no longer, and nobody looks at more of its memory. */
static inline uint64_t peer_begin(const gateway_peer_t *peer) {
    uint64_t begin;
    memcpy(&begin, peer->bytes, sizeof begin);
    return peer->size >= sizeof begin ? begin : begin & (((uint64_t)1 << 8 * peer->size) - 1);
}

/* As much of it as there is. */
static inline void peer_copy(gateway_peer_t *to, const gateway_peer_t *from) {
    to->descriptor = from->descriptor;
    to->size = from->size;
    memcpy(to->bytes, from->bytes, from->size <= sizeof(uint64_t) ? sizeof(uint64_t) : from->size);
}

static inline bool peers_same(const gateway_peer_t *a, const gateway_peer_t *b) {
    if (a->size != b->size || peer_begin(a) != peer_begin(b)) return false;
    return a->size <= sizeof(uint64_t) || memcmp(a->bytes, b->bytes, a->size) == 0;
}

typedef enum {
    WAITS_FOR_NOTHING, /* a free place */
    WAITS_FOR_VAULT,
    WAITS_FOR_RECEIPT,
    WAITS_FOR_VERDICT, /* on stream 2 */
    WAITS_FOR_TOLD     /* an answer of the validation desk that ends the conversation */
} waits_for_t;

/* A line of memory: each line more that is touched is a miss for every report. */
typedef struct conversation {
    uint64_t id;         /* our number in questions to other services; ascends, never used twice */
    uint64_t request_id; /* the unit's number in all answers */
    uint64_t seq;        /* ledger entry, once there is a receipt */
    int64_t until_ms;    /* steady clock */
    uint32_t older, newer; /* the row of all conversations by age: place + 1 */
    uint32_t generation; /* of the key it was opened with */
    uint16_t owner;      /* whose it is: pending_unit tells */
    uint8_t epoch;       /* of its entry, once there is a receipt: its last eight bits */
    uint8_t waits : 6;   /* waits_for_t */
    bool many : 1;       /* the unit sent an array: it may be answered in one */
    bool keeps : 1;      /* a packet */
    int32_t descriptor;  /* of the peer: pending_peer tells all of it */
    uint8_t peer_size;
    uint64_t peer_begin;
} conversation_t;

typedef struct pending pending_t;
/* At most `places` (a power of two, 131072 at most) conversations and `bytes` of kept messages. */
pending_t *pending_new(uint32_t places, uint64_t bytes);
void pending_destroy(pending_t **self);
uint32_t pending_count(const pending_t *self);

/* Opens a conversation that ends at until_ms (never earlier than those before it); a copy of `packet` is kept if it has a size.
 * NULL: full. */
conversation_t *pending_open(pending_t *self, bytes_t packet, int64_t until_ms);
/* The number under which a unit holds conversations, for pending_fair and pending_own; good until it is asked for another unit's.
 * PENDING_UNOWNED: more units than a plan can have hold something. */
enum { PENDING_UNOWNED = UINT16_MAX };
uint16_t pending_owner(pending_t *self, const char *unit);
/* Would one more with a kept message of `size` bytes leave the others their share? A unit holds at most four times what is
 * free. */
bool pending_fair(const pending_t *self, uint16_t owner, uint32_t size);
void pending_own(pending_t *self, conversation_t *conversation, uint16_t owner); /* once, right after pending_open */
const char *pending_unit(const pending_t *self, const conversation_t *conversation); /* whose it is, until it is closed */
void pending_answer_to(pending_t *self, conversation_t *conversation, const gateway_peer_t *peer);
void pending_peer(const pending_t *self, const conversation_t *conversation, gateway_peer_t *peer); /* whom it was opened for */
bytes_t pending_packet(const pending_t *self, const conversation_t *conversation);  /* the unit's message; empty if none is kept */
void pending_forget_packet(pending_t *self, conversation_t *conversation);         /* it need not be read again */
void pending_close(pending_t *self, conversation_t *conversation);
conversation_t *pending_find(pending_t *self, uint64_t id); /* NULL: over, or never was */

/* From now on found by its ledger entry. false: another conversation waits for that entry already, or (rare) has its slot. */
bool pending_await_entry(pending_t *self, conversation_t *conversation, uint64_t seq);
conversation_t *pending_of_entry(pending_t *self, uint64_t seq);

conversation_t *pending_oldest(pending_t *self);                                    /* NULL: none */
conversation_t *pending_newer(pending_t *self, const conversation_t *conversation); /* NULL: it was the newest */

#endif
