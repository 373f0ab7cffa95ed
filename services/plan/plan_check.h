/* What the files of plan_check share: the list of faults found so far. Not for other rooms. */
#ifndef PLAN_PLAN_CHECK_H
#define PLAN_PLAN_CHECK_H

#include "services/plan/plan.h"

typedef struct {
    const plan_t *plan;
    arena_t *arena, *passing;
    plan_fault_t *faults;
    uint32_t room;
    uint32_t count;
    const text_t *unit_ids; /* sorted */
    bool *owed;             /* of the task at hand, in their order: lead or responsible */
} check_t;

/* Notes a fault at `base` + `field` (".due"); the sentences' {1} and {2} are a and b. */
void plan_check_tell(check_t *self, text_t base, const char *field, const char *zh, const char *en, text_t a, text_t b);
/* The same for ids listed one by one: base + field + "[index]". */
void plan_check_tell_at(check_t *self, text_t base, const char *field, uint32_t index, const char *zh, const char *en, text_t a,
                        text_t b);
bool plan_check_knows_unit(const check_t *self, text_t id);
void plan_check_owed(check_t *self, const task_t *task); /* fills `owed` */
bool plan_check_is_owed(const check_t *self, text_t id);
/* An id list in which the same stands twice, or which names an unknown unit. */
void plan_check_unit_list(check_t *self, text_t base, const char *field, const text_t *ids, uint32_t count);
/* Ids of `count` records of `stride` bytes, the id first in each: whichever stands twice, at "list[index].id". */
void plan_check_unique(check_t *self, const char *list, const void *records, size_t stride, uint32_t count);

/* plan_check of a plan that could not be read in full: says nothing of what is missing. */
uint32_t plan_check_sense(const plan_t *plan, plan_fault_t *faults, uint32_t room);

void plan_check_tasks(check_t *self); /* plan_check_tasks.c */

#endif
