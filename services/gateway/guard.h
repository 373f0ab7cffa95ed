/* What libzmq holds for each connection is bounded here, since no option of it does: parts of a message that never ends are not
 * counted by its high-water marks, nor are bytes. The kernel's count of a connection's bytes, less what was delivered to us or
 * acknowledged by the peer, is what waits in between; whoever has too much of it waiting is cut off, and comes again. */
#ifndef GATEWAY_GUARD_H
#define GATEWAY_GUARD_H

#include "services/gateway/pending.h"

/* The bounds, beside the kernel's on descriptors, of which an eighth is kept free: then those who said nothing make room, then
 * those of the unit that has most. Those of limits.h unless a test wants smaller ones. */
typedef struct {
    uint64_t link_bytes; /* on the wire, which are up to four times as many in memory; waiting for one connection, in either
                            direction */
    uint64_t all_bytes;  /* waiting for all of them */
    int64_t silent_ms;   /* a connection that said nothing for so long is silent */
} guard_bounds_t;

typedef struct guard guard_t;
guard_t *guard_new(const guard_bounds_t *bounds);
void guard_destroy(guard_t **self);

/* A message came whole: `bytes` on the wire, from the connection on descriptor `peer->descriptor`. user_id:
 * "<unit>#<generation>" as the ZAP handler gave it, or NULL. */
void guard_received(guard_t *self, const gateway_peer_t *peer, uint64_t bytes, const char *user_id);
/* A message was handed to libzmq for the peer. */
void guard_sent(guard_t *self, const gateway_peer_t *peer, uint64_t bytes);
/* What a frame of `size` takes on a CURVE wire. */
uint64_t guard_wire_size(uint64_t size);

/* Looks at every connection, at most every GUARD_STEP_MS; cuts off whoever is beyond a bound. */
void guard_step(guard_t *self, int64_t steady_ms);

/* As of the last look. */
typedef struct {
    uint32_t links;       /* connections of the network that are open */
    uint64_t waiting_in;  /* bytes that came and were not delivered */
    uint64_t waiting_out; /* bytes that were sent and not acknowledged */
    uint64_t cut;         /* connections cut off so far */
} guard_state_t;
guard_state_t guard_state(const guard_t *self);

#endif
