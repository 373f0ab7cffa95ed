/* Aggregation: verdicts in, tallies out. What each unit owes, what the reports add up to, how far each target is. */
#ifndef AGGREGATION_AGGREGATION_H
#define AGGREGATION_AGGREGATION_H

#include "services/stage/stage.h"

/* The role the stage runs: reads stream 2, writes stream 3, answers targets_ask, obligations_ask, figures_ask. */
const role_t *aggregation_role(void);

#endif
