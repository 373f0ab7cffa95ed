/* A round: what each recipient hears at one instant, gathered into one message; above LIMIT_BUNDLE a digest. */
#ifndef ALERTING_ROUND_H
#define ALERTING_ROUND_H

#include "services/4-alerting/alerting.h"

/* The warning joins what its recipient hears now: fills warning->bundle. Sentences and id are there already. */
void round_join(turn_t *turn, warning_raised_t *warning);

#endif
