/* How far stream 4 was carried to Redis, what stood there, and where the stream in Redis ended then: a small file. */
#ifndef ALERTING_POSITION_H
#define ALERTING_POSITION_H

#include "services/4-alerting/told.h"
#include "services/stage/store.h"

/* An event of stream 4, and by its chained hash all before it. seq 0: the beginning. */
typedef struct {
    uint64_t seq;
    uint64_t epoch;
    uint64_t cause;    /* its ledger entry */
    uint8_t hash[32];
} position_t;

typedef struct {
    position_t at;
    numbering_t numbering;
    bool told_all;         /* numbers do not say what was told: all that lies in Redis is read */
    uint64_t records;      /* of what was told that it covers: the first so many of that file */
    char newest[REDIS_ID]; /* entry of the stream in Redis; "0-0": none */
} published_t;

/* At the beginning where there is none, or none that can be read: then nobody knows what was told. */
published_t published_read(const char *file, arena_t *arena);
err_t published_write(const char *file, const published_t *published, arena_t *arena);
/* `id`: behind it lies in Redis what the place says nothing of. false: the newest is such an entry: it was seen there, or told
 * and its answer lost, and the place did not come so far yet. */
bool published_known(const published_t *published, char id[REDIS_ID]);

/* The event at `seq`; the beginning where it cannot be read. */
position_t position_of(txn_t *txn, uint64_t seq, arena_t *arena);
typedef enum {
    LOOK_SAME,  /* what was told up to there is what stands there */
    LOOK_AHEAD, /* the stream is shorter: it is being derived, and will come there again */
    LOOK_OTHER  /* it is another stream than what was told */
} look_t;
/* Looks for the position in a stream that is sure up to `sure`. */
look_t position_look(txn_t *txn, uint64_t sure, const position_t *position, arena_t *arena);

#endif
