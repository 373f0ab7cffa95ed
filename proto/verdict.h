/* The verdict of a report as the doors tell it, from the event of stream 2 that states it. */
#ifndef PROTO_VERDICT_H
#define PROTO_VERDICT_H

#include "proto/wire.h"

/* Is an event of this kind the answer to what a unit sent, through its own door? */
bool kind_judges_a_unit(uint32_t kind);
/* Reasons without their sentences. `previous` (may be NULL): the entry of the submission before it for the same obligation, 0 none.
 * false: the event states no verdict of a report. */
bool verdict_of_event(const event_t *event, arena_t *arena, verdict_t *verdict, uint64_t *previous);

#endif
