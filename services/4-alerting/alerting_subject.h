/* A subject: one thing that somebody is reminded of, from its opening over its rungs to its withdrawal. */
#ifndef ALERTING_SUBJECT_H
#define ALERTING_SUBJECT_H

#include "services/4-alerting/alerting.h"
#include "services/4-alerting/life.h"

typedef enum { SUBJECT_REPORT = 1, SUBJECT_TARGET = 2, SUBJECT_TENURE = 3, SUBJECT_PACE = 4, SUBJECT_RISK = 5,
               SUBJECT_CLAIM = 6 } subject_t;

/* Report: (what, task, period, unit). Claim: (what, indicator, kind, key, unit). The others: (what, indicator, unit): those of one
 * indicator lie together. */
store_key_t subject_key(const alerting_subject_t *subject);
/* Begins the key of every subject of that kind of an indicator. */
store_key_t subject_prefix(subject_t what, text_t indicator);

/* From now on `wanted` (what, unit, task, period or indicator, role, due_ms, missing) is to be reminded of. Already open:
 * takes over role and missing. Its deadline moved: withdraws and begins anew. A broken tenure, or one at risk, is told at once. */
void subject_open(turn_t *turn, const alerting_subject_t *wanted);
/* Nothing more to remind of. withdraw: what stands is withdrawn; moved: because it is no longer this unit's. */
void subject_close(turn_t *turn, const alerting_subject_t *wanted, bool withdraw, bool moved);
/* Looks at the subjects whose time has come, at most LIMIT_AGENDA_STEP; true if there may be more. */
bool subject_sound_due(turn_t *turn);
/* The one who is told answers for it: what stands stays, nothing more is told up to the end of the promised day. */
void subject_answer(turn_t *turn, const warning_decided_t *decided);
/* An officer presses for a report 催办: its unit is told now, whatever the hour; a silence keeps its word. */
void subject_press(turn_t *turn, const warning_decided_t *decided);
/* Stores the subject with the instant at which it is looked at next (0: never); its old place in the agenda goes. */
void subject_keep(turn_t *turn, alerting_subject_t *subject, uint64_t next_ms);
/* Moves it along an arrow of life.def; an arrow that is not there is our own mistake. */
void subject_live(alerting_subject_t *subject, life_event_t event);

#endif
