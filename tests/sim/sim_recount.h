/* The year counted once more, by simple code, from the ledger alone: what stands, since when, and how much it is. */
#ifndef SIM_RECOUNT_H
#define SIM_RECOUNT_H

#include "tests/sim/sim.h"

/* What stands for (unit, task, period): the newest valid revision, decoded from its entry. */
typedef struct {
    uint64_t revision;
    int64_t first_valid_ms;
    report_t report; /* of the newest valid revision */
    uint8_t body_hash[QUICK_SIZE];
    int64_t amounts[16]; /* of its figures, as they count; -1: none */
    bool carried[16];    /* the opening balance came with this report, in this revision or an earlier one */
    int64_t since_ms;    /* when the ledger had it first, in this epoch of the ledger */
} stand_t;

typedef struct {
    sim_t *sim;
    txn_t *ledger, *verdicts;
    uint64_t verdict_at; /* stream 2: looked at up to here */
    stand_t stands[SIM_UNITS][SIM_TASKS][SIM_PERIODS];
    int64_t *ticks; /* instants of the ledger's ticks, and of what else makes time pass */
    uint64_t tick_count;
    int64_t passed_ms; /* the last instant at which time was looked at */
    int64_t now_ms;    /* of the last entry */
    int64_t closed_ms; /* 0: not closed */
} recount_t;

/* Is this report valid, by what stood before it? Fills the amounts of its figures. (sim_judge.c) */
bool sim_judge(const recount_t *count, uint32_t unit, const report_t *report, int64_t received_ms, stand_t *fresh);
void sim_recount_targets(const recount_t *count);  /* against aggregation's answers (sim_targets.c) */
void sim_recount_warnings(const recount_t *count); /* against stream 4 (sim_warnings.c) */
/* Asks a stage as a stranger would. */
void sim_ask(sim_t *sim, const char *stage, const message_t *ask, const void *question, const message_t *answer, void *value);

#endif
