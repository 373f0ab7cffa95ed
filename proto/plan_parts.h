/* A plan on its way through the ledger: in one entry where it fits, else in parts closed by the hash of the whole. */
#ifndef PROTO_PLAN_PARTS_H
#define PROTO_PLAN_PARTS_H

#include "proto/crypto.h"
#include "proto/wire.h"

/* Does `plan_adopted` hold the plan itself when it may have `room` bytes? Otherwise parts go before it. */
typedef struct {
    plan_adopted_t adopted;
    buffer_t bytes; /* the canonical plan, if it is parted */
} plan_parts_t;
/* OK; ERR_BAD: the plan is not valid, fault tells; ERR_FULL: larger than LIMIT_PLAN. The plan must outlive it. */
err_t plan_parts_make(const plan_t *plan, uint32_t room, plan_parts_t *out, fault_t *fault);
void plan_parts_destroy(plan_parts_t *self);
plan_part_t plan_parts_at(const plan_parts_t *self, uint32_t index); /* index < adopted.parts; a view */

/* Where the parts are kept: part `index` of the plan with this hash, views in `arena`. false: not there. */
typedef struct {
    void *self;
    bool (*get)(void *self, const uint8_t hash[HASH_SIZE], uint32_t index, arena_t *arena, plan_part_t *part);
} plan_parts_source_t;
/* The plan that was adopted. OK; ERR_MISSING: a part is not there; ERR_BAD: the parts do not make up the hash, or no plan, or
 * there is none. Its lists live in `arena`, equal ones once, its texts there or where those of `adopted` do. */
err_t plan_adopted_read(const plan_adopted_t *adopted, plan_parts_source_t source, arena_t *arena, plan_t *plan);

#endif
