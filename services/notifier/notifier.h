/* The notifier's memory: a fold over stream 4 of what was told, and of what became of it outside. Rebuilt like every stage. */
#ifndef NOTIFIER_NOTIFIER_H
#define NOTIFIER_NOTIFIER_H

#include "services/plan/plan.h"
#include "services/stage/stage.h"

#define DEF_FILE "services/notifier/notifier.def"
#include "proto/declare.h"

/* The tables of data/notifier. Keys: PLAN and MODE none; PLAN_PARTS (hash, index); TOLD (seq in stream 4); TOLD_TO (unit, seq);
 * PLACE (warning id, state); RESULT (warning id, state, outbox id); MESSAGE (message id); DEAD as RESULT: what is
 * given up, refused or unreachable, until somebody has it tried again. */
enum {
    NOTIFIER_PLAN, NOTIFIER_PLAN_PARTS, NOTIFIER_MODE, NOTIFIER_TOLD, NOTIFIER_TOLD_TO, NOTIFIER_PLACE, NOTIFIER_RESULT,
    NOTIFIER_MESSAGE, NOTIFIER_DEAD, NOTIFIER_TABLES
};

const role_t *notifier_role(void);

/* What the sender reads, from a read transaction of the same store. */
store_key_t told_key(uint64_t seq);
store_key_t result_key(const uint8_t warning_id[16], notice_state_t state, const uint8_t outbox_id[16]);
store_key_t message_key(const uint8_t message_id[16]);
notifier_mode_t notifier_mode(txn_t *txn, arena_t *arena);
/* Does what the fold has follow from the ledger as it stands: did its input come as far as `sure`, no other way and no further?
 * No transaction: nothing is known, so no. */
bool notifier_is_sure(txn_t *txn, const head_t *sure);
/* The warning whose message tells of this one: itself, or the first one of the digest that it is in. */
void notifier_messenger(txn_t *txn, const notifier_told_t *told, arena_t *arena, uint8_t id[16]);
planbook_t *notifier_book(txn_t *txn); /* NULL: no plan yet. The caller owns it. */

#endif
