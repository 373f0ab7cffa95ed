/* The works that must survive any trouble: how each begins, is done, and is looked at afterwards. */
#ifndef LOOPS_WORKS_H
#define LOOPS_WORKS_H

#include "tests/power/office.h"

enum { TOLD_ACKS = 16, TOLD_PERSONS = 8, WORK_STATES = 64 };

/* What the process that met trouble had promised before it ended; shared with its parent. */
typedef struct {
    bool finished; /* the work came to its end, well or with an error */
    bool met;      /* trouble struck */
    err_t err;     /* of the work */
    uint32_t ack_count;
    ack_t acks[TOLD_ACKS];
    uint32_t persons; /* the first so many are kept */
    uint32_t commits; /* of a stage, or of the founding */
} told_t;

typedef struct {
    bureau_t *office;
    char start[OFFICE_PATH];  /* the folder as it is before the work */
    char folder[OFFICE_PATH]; /* a copy of it, where the work is done */
    told_t *told;
    digest_t states[WORK_STATES]; /* that may be found, in order */
    uint32_t state_count;
} bench_t;

typedef struct {
    const char *name;
    void (*begin)(bench_t *self);                    /* makes the start */
    err_t (*work)(bench_t *self, void (*arm)(void)); /* in the folder; calls arm when trouble may begin */
    const char *(*look)(bench_t *self);              /* NULL: well; what is not done is done again, and must be well then */
} work_t;

extern const work_t works[];
extern const size_t work_count;

#endif
