/* Who hears what, when, under which id. Pure. */
#ifndef NOTIFIER_OUTBOX_RULES_H
#define NOTIFIER_OUTBOX_RULES_H

#include "services/notifier/notifier.h"
#include "services/notifier/rate.h"

/* Does this warning take this route at all: unit, level, made before it was raised? */
bool route_takes(const route_t *route, const notifier_told_t *told);
/* Is this contact for this warning, and does it have an address that the channel needs? */
bool contact_takes(const contact_t *contact, channel_t channel, const notifier_told_t *told);
/* The keyed hash that stands for the address in the ledger; a robot is its own contact (contact NULL). */
const uint8_t *contact_ref(const route_t *route, const contact_t *contact);

/* hash(warning id, state, rung, route, contact ref): the same warning to the same address has it for ever, whoever computes it. */
void outbox_id_of(const notifier_told_t *told, text_t route, const uint8_t ref[32], uint8_t id[16]);
/* The id of a message (or result) is a hash of what is in it and of what it is. */
void message_id_of(const char *what, const uint8_t (*outbox_ids)[16], uint32_t count, uint8_t id[16]);
/* How long until route and contact may be used; 0: now. Urgent levels know no hours. Where the two leave no time in common, the
 * contact's hours hold. plan may be NULL: then every day is a working day. */
int64_t hours_wait(const plan_t *plan, const route_t *route, const contact_t *contact, level_t level, int64_t now_ms);

/* The pause before try `attempt` + 1: base × 3^(attempt - 1), a quarter more or less by the message's own id. */
int64_t backoff_ms(uint64_t attempt, int64_t base_ms, const uint8_t id[16]);
/* How fast the channel may be used, by the route or by what is known of the channel: per minute and per second, 0 unbounded. */
void rate_of(const route_t *route, uint32_t *per_minute, uint32_t *per_second);

#endif
