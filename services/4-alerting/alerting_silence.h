/* Silences: whose warnings, about what, until when, by whom and why; in memory as long as they are in force. */
#ifndef ALERTING_SILENCE_H
#define ALERTING_SILENCE_H

#include "services/4-alerting/alerting_subject.h"

/* Everything in the table, in the order of ids; lives in `arena`. */
const silence_row_t *silences_load(turn_t *turn, arena_t *arena, uint32_t *count);
void silence_begin(turn_t *turn, const warning_decided_t *decided);
void silence_end(turn_t *turn, const warning_decided_t *decided);
/* The end of the silence that covers the subject now, 0: none does. A broken tenure is never silenced. */
uint64_t silence_until(turn_t *turn, const alerting_subject_t *subject);
void on_silences_ask(turn_t *turn, const packet_t *packet, reply_t *reply);

#endif
