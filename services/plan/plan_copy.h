/* A deep copy of a plan in which equal texts and equal lists of ids stand once. Not for other rooms. */
#ifndef PLAN_PLAN_COPY_H
#define PLAN_PLAN_COPY_H

#include "services/plan/plan.h"

/* Three thousand units in two hundred tasks are named a million times, by a dozen different lists. */
void plan_copy(const plan_t *plan, arena_t *arena, plan_t *out);

#endif
