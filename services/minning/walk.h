/* A stream read event by event up to what is durable, for verbs that look at history. Inside a home, the services up. */
#ifndef MINNING_WALK_H
#define MINNING_WALK_H

#include "services/minning/cli.h"

typedef struct walk walk_t;
/* 0, or an exit after telling. */
int walk_open(cli_t *cli, stream_t stream, walk_t **out);
void walk_close(walk_t **self);
/* The next event; views are void at the next call. *there false: everything that follows from ledger entry `until` was given
 * (0: everything that was durable when asked). 0, or an exit after telling. */
int walk_next(walk_t *self, uint64_t until, event_t *event, bool *there);
/* Tells that a batch of the stream did not follow its event `seq`, of which the chain is whole. The exit. */
int walk_broken(const cli_t *cli, stream_t stream, uint64_t seq);
arena_t *walk_arena(walk_t *self); /* for bodies; void at the next call that fetches */

#endif
