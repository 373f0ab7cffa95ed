/* What the second opinion of the simulation knows while it judges one report. */
#ifndef SIM_JUDGE_H
#define SIM_JUDGE_H

#include "tests/sim/sim_recount.h"

typedef struct {
    const recount_t *count;
    const task_t *task;
    uint32_t unit, task_index, period_index;
    int64_t received_ms;
    const report_t *report;
    stand_t *fresh; /* its amounts are known when the soft rules are asked */
} case_t;

/* Do all soft faults pass, by an explanation or because the plan does not look for them? */
bool sim_judge_soft(const case_t *given);

#endif
