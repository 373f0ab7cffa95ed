/* Keys that several claim: the one whose claim counts for now and the coordinator hear of it, once an episode. */
#ifndef ALERTING_CLAIMS_H
#define ALERTING_CLAIMS_H

#include "services/4-alerting/alerting_rules.h"
#include "services/4-alerting/alerting_subject.h"

/* Keys that came to be disputed open subjects, those that are no longer close them; LIMIT_AGENDA_STEP pieces a step. */
void on_disputes_changed(turn_t *turn, const event_t *event, uint64_t step);
/* What parts the subjects of one indicator: the kind and the key, of a person the hash. */
void claim_key_add(store_key_t *key, const claim_t *claim);
/* Told once in an episode, within office hours; there is no ladder, since it is the coordinator who has to act. */
rung_choice_t claim_choose(const plan_t *plan, const alerting_subject_t *subject, int64_t now_ms);
/* The warning's fields that come from the claim; then its sentences. */
void claim_warning_fill(const alerting_subject_t *subject, arena_t *arena, warning_raised_t *warning);
void tell_claim(const planbook_t *book, arena_t *arena, warning_raised_t *warning);

#endif
