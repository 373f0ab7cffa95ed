/* Pace and postings: when a target is found behind its pace, when a posting is at risk. */
#ifndef ALERTING_PACE_H
#define ALERTING_PACE_H

#include "services/4-alerting/alerting_rules.h"
#include "services/4-alerting/alerting_subject.h"

/* Each reporting deadline is followed by one look, at the ladder's hour of the next working day: behind the pace, it sounds as
 * `pace-N`, N the period's number: 蓝, 橙 if it was behind the last time already; a stretch target is never more than 蓝. */
rung_choice_t pace_choose(turn_t *turn, const alerting_subject_t *subject);
/* It was looked at and does not sound: what stands is withdrawn if the pace is kept again. */
void pace_rest(turn_t *turn, alerting_subject_t *subject, uint64_t next_ms);
/* New figures have come: where the pace is kept again, what stands is withdrawn at once. */
void pace_catch_up(turn_t *turn, const target_changed_t *target);
/* Is this target watched for its pace? */
bool pace_is_watched(const target_changed_t *target);
/* Somebody left a posting, and those who stay are exactly as many as are wanted. */
bool tenure_at_risk(const target_changed_t *before, const target_changed_t *now);
/* The risk is over: there is one to spare again, or the term is over, or it has come true. */
bool tenure_risk_is_over(const target_changed_t *now);

#endif
