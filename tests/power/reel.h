/* The three stores whose power is cut: what was done to each, on tape, and how to tell whether an image of it is well. */
#ifndef POWER_REEL_H
#define POWER_REEL_H

#include "tests/power/explore.h"
#include "tests/power/office.h"

enum { REEL_LEDGER, REEL_STAGE, REEL_VAULT, REELS };
enum { STATES_MOST = 512, PERSONS = 64 };

/* What a store must say in one of its states. */
typedef struct {
    digest_t digest;
    uint32_t ack_count;   /* ledger: acks given when this state was durable */
    uint64_t kept;        /* vault: which persons are there, a bit each */
    uint64_t vault_count; /* vault: ever kept */
} reel_state_t;

typedef struct {
    tape_t tapes[REELS];
    reel_state_t states[REELS][STATES_MOST];
    uint32_t state_count[REELS];
    bureau_t *office;
    uint32_t variant; /* of the work */
    char folder[OFFICE_PATH]; /* of the recording: ledger, stage and vault as they ended */
} reel_t;

extern const char *const reel_names[REELS];

/* Lets the services work, `groups` commits of the ledger, and records them. Another seed is other work. */
reel_t *reel_record(const char *folder, uint32_t groups, uint64_t seed);
void reel_destroy(reel_t **self);

/* One worker's table for looking at images. */
typedef struct {
    reel_t *reel;
    char folder[OFFICE_PATH];
    bool same_boot;  /* the stage is made to believe that the power never failed */
    store_t *source; /* the whole ledger, for stages to go on with */
    arena_t *arena;
    uint64_t refused; /* images that did not open before anything was promised */
    uint64_t went_on; /* images that were worked on with, after the check */
} table_top_t;
void top_open(table_top_t *self, reel_t *reel, const char *folder);
void top_close(table_top_t *self);
/* Lays the image in the folder and opens it. NULL: well. Otherwise what is wrong. go_on: also works on with it. */
const char *top_check(table_top_t *self, uint32_t which, const crash_t *crash, bool go_on);

#endif
