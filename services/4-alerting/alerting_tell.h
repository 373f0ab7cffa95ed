/* Telling: a warning goes into stream 4, is kept for queries, joins what its recipient hears at this instant, is withdrawn. */
#ifndef ALERTING_TELL_H
#define ALERTING_TELL_H

#include "services/4-alerting/alerting_rules.h"
#include "services/4-alerting/alerting_subject.h"

/* Tells the subject with this rung: its unit, and those above a late report. Moves its life. The caller stores the subject. */
void subject_tell(turn_t *turn, alerting_subject_t *subject, const rung_choice_t *choice);
/* Records that rungs were not told, and why; nothing is sent. */
void subject_withhold(turn_t *turn, alerting_subject_t *subject, const rung_choice_t *choice, withheld_t cause);
/* Withdraws what stands. moved: because the deadline moved or nothing is owed by this unit any more. */
void subject_withdraw(turn_t *turn, alerting_subject_t *subject, bool moved);
/* The standing warning at `seq` (0: none) is answered for; its id goes to `id`. */
void told_answer(turn_t *turn, uint64_t seq, uint32_t by, uint8_t id[16]);
bool subject_stands(const alerting_subject_t *subject);
/* The target that a subject is about, as last heard of; NULL for a report. */
const target_changed_t *subject_target(turn_t *turn, const alerting_subject_t *subject);

/* Tells each recipient of this round what he hears in one message; at most LIMIT_AGENDA_STEP. true: there may be more. */
bool round_close(turn_t *turn);

#endif
