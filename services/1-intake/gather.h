/* Packets on their way into the ledger, group by group.
 *
 * Almost all that comes are plain reports. They are read, looked at and hashed by the caller's thread, while a thread beside
 * (ink.h) writes the group before them and makes it durable: a flush is half of a small group's time. Whatever else comes is taken
 * by the caller's thread itself, behind all that was read before it: with those in one group, or where they are with the ink
 * already, after them. So entries stand in the order in which packets came, and answers leave in that order, each after its group
 * is durable. */
#ifndef INTAKE_GATHER_H
#define INTAKE_GATHER_H

#include "services/1-intake/intake.h"
#include "services/stage/link.h"

/* Who waits for a packet. */
typedef struct {
    peer_t peer;
    uint32_t at;   /* which door: the caller's number */
    bool many;     /* it asked in an array, and is answered in one */
    uint32_t size; /* of its answer */
} asker_t;

/* Where answers go. Both are called by the caller's thread. */
typedef struct {
    void *self;
    void (*now)(void *self, const asker_t *asker, bytes_t packet); /* of nothing that has to be durable first */
    /* Of a group that is durable: one answer for each asker, one behind the other, as intake_take puts them in `later`, and what
     * its receipts share. The next group may be with the ink already: of the ledger itself nothing may be asked. */
    void (*durable)(void *self, const asker_t *askers, uint32_t count, bytes_t answers, const receipts_t *shared);
} gather_out_t;

typedef struct gather gather_t;
/* ERR_NOMEM, ERR_SYSTEM. The ledger is the gather's until it is closed: others may only read its store. */
err_t gather_open(intake_t *intake, gather_out_t out, gather_t **out_gather);
/* What was read and is not with the ink is forgotten: nobody was answered. */
void gather_close(gather_t **self);

/* A turn: begin, any number of frames, end. An error means: leave, nothing more is answered. */
err_t gather_begin(gather_t *self, int64_t wall_ms, int64_t steady_ms);
void gather_frame(gather_t *self, door_t door, asker_t *asker, bytes_t frame); /* a packet, or an array of at most LIMIT_PACKETS */
bool gather_is_full(const gather_t *self);   /* it takes no further frame in this turn */
bool gather_enough(const gather_t *self);    /* it pays to end the turn now */
bool gather_may_grow(const gather_t *self);  /* it pays to wait a moment for more */
err_t gather_end(gather_t *self);
/* All that was read is durable and answered. Between turns. */
err_t gather_rest(gather_t *self);

int gather_sign(const gather_t *self);    /* a descriptor that can be read when a turn is due because a group is durable */
head_t gather_head(const gather_t *self); /* of the ledger, durable and answered */

#endif
