/* What intake refuses, as pure rules on values: the reason code, or the empty text. */
#ifndef INTAKE_RULES_H
#define INTAKE_RULES_H

#include "proto/proto.h"

/* May this kind of packet come through this door? The endpoint decides, never the packet. */
text_t kind_refusal(door_t door, uint32_t kind);
/* May a signed command hold this kind? */
text_t command_kind_refusal(uint32_t kind);
/* May an officer in this office have a command of this kind obeyed? */
text_t office_refusal(uint32_t kind, office_t office);
/* "A decision on one's own unit's report needs the supervisor." */
text_t own_unit_refusal(office_t office, text_t own, text_t unit);
/* What the console may vouch for: decisions on reports, by those whose office they are; keys and plans are signed. */
/* May somebody be registered in this office, for this unit (empty: for none)? */
text_t officer_refusal(office_t office, text_t unit);
/* The key's generation must follow the newest one. */
text_t generation_refusal(uint64_t generation, uint64_t newest);
/* advance_clock: only in a rehearsal, only forwards, only so far at once. */
text_t advance_refusal(clock_mode_t mode, int64_t now_ms, uint64_t to_ms);

/* A door that was heard last then, is it away now? */
bool door_is_away(int64_t heard_ms, int64_t now_ms);
/* May a command say that this door is away or back? A real ledger finds that out by itself. */
text_t door_refusal(clock_mode_t mode, door_t door);

#endif
