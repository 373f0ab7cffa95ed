/* What a power cut may leave of a file: images made from a tape, each with what may and what must be found in it. */
#ifndef POWER_EXPLORE_H
#define POWER_EXPLORE_H

#include "tests/power/tape.h"

#include <stddef.h>

enum { SECTOR = 512, PAGE = 4096 };

/* One crash state, named so that it can be made again: after `point` entries of the tape, the sample-th choice. */
typedef struct {
    uint32_t point;
    uint32_t sample;
    uint32_t must;        /* newest state that was promised */
    uint32_t may;         /* newest state that may be there */
    const uint8_t *image; /* size bytes */
    size_t size;
    bool unborn; /* the image lies under the name data.mdb.new, and there is no data.mdb */
} crash_t;

typedef struct explorer explorer_t;
/* `seed` draws the random choices; `samples` of them a point, at most. Explores the points whose newest possible state is
 * `part` modulo `parts`; skips what comes before from_point, from_sample. */
explorer_t *explorer_new(const tape_t *tape, uint64_t seed, uint32_t samples, uint32_t part, uint32_t parts);
void explorer_destroy(explorer_t **self);
void explorer_skip(explorer_t *self, uint32_t point, uint32_t sample); /* up to and with this one */
/* The next image that was not there before with the same promises. false: that was all. */
bool explorer_next(explorer_t *self, crash_t *crash);
uint64_t explorer_repeats(const explorer_t *self); /* images made that were there before */

#endif
