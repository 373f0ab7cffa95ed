/* Rows of many answers to one unit: numbers that count on from row to row are left out. */
#ifndef PROTO_ROWS_H
#define PROTO_ROWS_H

#include "proto/wire.h"

/* What the row before said; before the first: zeros. */
typedef struct {
    uint64_t request_id;
    uint64_t seq;
} rows_at_t;

/* Is this number told from one that was left out? Only 0 is not. */
static inline bool rows_can_tell(uint64_t request_id) { return request_id != 0; }

static inline uint64_t number_short(uint64_t *before, uint64_t number) {
    bool counts_on = number == *before + 1;
    *before = number;
    return counts_on ? 0 : number;
}

static inline uint64_t number_whole(uint64_t *before, uint64_t number) {
    return *before = number != 0 ? number : *before + 1;
}

/* Before a row is written. */
static inline void row_shorten(rows_at_t *at, uint64_t *request_id, uint64_t *seq) {
    *request_id = number_short(&at->request_id, *request_id);
    *seq = number_short(&at->seq, *seq);
}

/* After it was read: the same numbers again. */
static inline void row_complete(rows_at_t *at, uint64_t *request_id, uint64_t *seq) {
    *request_id = number_whole(&at->request_id, *request_id);
    *seq = number_whole(&at->seq, *seq);
}

#endif
