/* How far stream 4 was carried to Redis, in a small file: the seq, and the epoch it was counted in. */
#ifndef ALERTING_POSITION_H
#define ALERTING_POSITION_H

#include "services/stage/store.h"

typedef struct {
    uint64_t seq;
    uint64_t epoch;
} position_t;

/* {0, 0} where there is none, or none that can be read. */
position_t position_read(const char *file, arena_t *arena);
err_t position_write(const char *file, position_t position, arena_t *arena);
/* The same position in the stream as it is now: where a later epoch began at or before it, what it counted is lost from there
 * on, and it goes back to the fork. */
position_t position_now(store_t *store, position_t position);

#endif
