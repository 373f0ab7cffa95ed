/* The plan in force as a stage keeps it: adopted in one row, its parts, if it came in parts, in rows of their own. */
#ifndef PLAN_PLAN_KEPT_H
#define PLAN_PLAN_KEPT_H

#include "services/plan/plan.h"
#include "services/stage/store.h"

/* Tables of the store: `adopted` of plan_adopted, `parts` of plan_part. */
typedef struct {
    size_t adopted, parts;
} plan_tables_t;

/* Errors stick to the transaction. */
void plan_keep(txn_t *txn, plan_tables_t tables, const plan_adopted_t *adopted);
void plan_keep_part(txn_t *txn, plan_tables_t tables, const plan_part_t *part);
/* The plan, indexed. NULL: none was adopted yet, or it cannot be read, which sticks as ERR_CORRUPT: intake has read it already. */
planbook_t *plan_kept(txn_t *txn, plan_tables_t tables);

#endif
