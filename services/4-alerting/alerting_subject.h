/* A subject: one thing that somebody is reminded of, from its opening over its rungs to its withdrawal. */
#ifndef ALERTING_SUBJECT_H
#define ALERTING_SUBJECT_H

#include "services/4-alerting/alerting.h"

typedef enum { SUBJECT_REPORT = 1, SUBJECT_TARGET = 2, SUBJECT_TENURE = 3 } subject_t;

/* Report: (what, task, period, unit). Target and tenure: (what, indicator, unit): those of one indicator lie together. */
store_key_t subject_key(const alerting_subject_t *subject);
/* Begins the key of every target or tenure subject of an indicator. */
store_key_t subject_prefix(subject_t what, text_t indicator);

/* From now on `wanted` (what, unit, task, period or indicator, role, due_ms, missing) is to be reminded of. Already open:
 * takes over role and missing. Its deadline moved: withdraws and begins anew. A broken tenure is told at once. */
void subject_open(turn_t *turn, const alerting_subject_t *wanted);
/* Nothing more to remind of. withdraw: what stands is withdrawn; moved: because it is no longer this unit's. */
void subject_close(turn_t *turn, const alerting_subject_t *wanted, bool withdraw, bool moved);
/* Looks at the subjects whose time has come, at most LIMIT_AGENDA_STEP; true if there may be more. */
bool subject_sound_due(turn_t *turn);

#endif
