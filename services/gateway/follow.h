/* What the gateway learns from inside: the registry as of a ledger entry, then stream 2 from where it was joined. */
#ifndef GATEWAY_FOLLOW_H
#define GATEWAY_FOLLOW_H

#include "services/gateway/keys.h"
#include "proto/wire.h"

/* Who listens. `event`: one event of stream 2, not yet durable perhaps. `gap`: the stream was joined anew, events in between
 * were not seen. */
typedef struct {
    void *self;
    void (*event)(void *self, const event_t *event);
    void (*gap)(void *self);
} follow_sink_t;

typedef struct follow follow_t;
err_t follow_open(follow_sink_t sink, follow_t **out);
void follow_close(follow_t **self);
enum { FOLLOW_HANDLES = 2 };
void follow_handles(follow_t *self, void *handles[FOLLOW_HANDLES]);

/* Asks what is to be asked, takes what was answered; never waits. Three steps, again after BEHIND or DIVERGED: join stream 2
 * at its end; load the registry; then follow, applying key entries that are younger than the registry. */
void follow_step(follow_t *self, int64_t steady_ms, uint32_t ready); /* bit i: handle i has something to read */

const keys_t *follow_keys(const follow_t *self);  /* NULL until the registry was loaded once; the old one while loading anew */
bool follow_current(const follow_t *self);        /* the registry is loaded and the stream is followed */
uint64_t follow_seen(const follow_t *self);       /* what follows from ledger entries up to here was seen, or skipped */
uint64_t follow_position(const follow_t *self);   /* in stream 2 */
uint64_t follow_head(const follow_t *self);       /* the writer's durable head as last heard */
int64_t follow_now_ms(const follow_t *self);      /* stamp of the last event seen; 0: none */

#endif
