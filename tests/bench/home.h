/* A home for the benchmark: a plan of UNITS × TASKS × PERIODS, a running system, a key for every unit. */
#ifndef BENCH_HOME_H
#define BENCH_HOME_H

#include "services/1-intake/intake.h"
#include "services/unit/unit.h"
#include "tests/bench/bench.h"

typedef struct {
    char folder[400];
    char log[420];
    char endpoint[96];
    char gateway_public[UNIT_KEY_TEXT + 1];
    unit_key_t keys[UNITS];
    pid_t up;
    bool plain; /* without CURVE */
} bench_home_t;

void home_found(bench_home_t *self, const char *folder, bool plain); /* founded, a key registered for
                                                                                  every unit; chdir into it */
void home_up(bench_home_t *self);                                    /* every service is well */
void home_open_ledger(intake_t **intake);                            /* in process, before home_up */
void home_down(bench_home_t *self);
void home_remove(bench_home_t *self);
uint64_t home_ledger_head(void);  /* of the running intake */
bool home_applied(uint64_t head); /* alerting has applied so much, and Redis holds what followed */
text_t plan_text(arena_t *arena); /* the plan file */

#endif
