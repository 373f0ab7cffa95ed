/* What a door decides by looking alone: frames into messages, refusals before the ink. Pure. */
#ifndef DOOR_RULES_H
#define DOOR_RULES_H

#include "proto/wire.h"

/* Splits a frame into the messages it carries: itself, or the elements of an array whose first element is an array. Views into
 * the frame. 0: *fault tells. */
uint32_t frame_messages(bytes_t frame, bytes_t messages[LIMIT_EDGE_BATCH], fault_t *fault);

/* Reasons of a report that has no business behind the door; 0: none. With sentences. */
uint32_t report_refusals(const report_t *report, reason_t *reasons, uint32_t room, arena_t *arena);
/* The same behind a report that was not refused: what both state in the same words is not looked at again. */
uint32_t report_refusals_after(const report_t *clean, const report_t *report, reason_t *reasons, uint32_t room, arena_t *arena);

/* The same of what a unit sends beside reports: warning_decide, measure_enter. Its submission id stands first in each. */
uint32_t act_refusals(const message_t *type, const void *act, reason_t *reasons, uint32_t room, arena_t *arena);
const uint8_t *act_id(const message_t *type, const void *act);

/* The personal texts of a report, in a fixed order. Returns their number, which may be above `room`. */
uint32_t personal_texts(const report_t *report, text_t *texts, uint32_t room);
/* Writes refs[i] in the place of the i-th personal text; lists are copied into the arena. */
void personal_swap(report_t *report, const personal_t *refs, uint32_t count, arena_t *arena);

/* A fault of the decoder as a reason with its sentence. */
reason_t reason_of_fault(const fault_t *fault, const packet_t *packet, arena_t *arena);
/* A copy of the reasons with their sentences. */
const reason_t *reasons_told(const reason_t *reasons, uint32_t count, arena_t *arena);

#endif
