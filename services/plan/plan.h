/* A plan in memory: the canonical message, indexed. Pure: reads no clock, no environment, no file. */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "proto/proto.h"

typedef struct planbook planbook_t; /* an indexed copy of one plan, immutable */

/* Copies `plan` deeply and indexes it. Never fails on a plan that plan_check accepted. */
planbook_t *planbook_new(const plan_t *plan);
void planbook_destroy(planbook_t **self);
const plan_t *planbook_plan(const planbook_t *self);

/* Look-ups; NULL if there is none. Pointers live as long as the book. */
const unit_t *planbook_unit(const planbook_t *self, text_t id);
const task_t *planbook_task(const planbook_t *self, text_t id);
const period_t *planbook_period(const planbook_t *self, text_t id);
const indicator_t *planbook_indicator(const planbook_t *self, text_t id); /* unique in the plan */
const task_t *planbook_task_of(const planbook_t *self, const indicator_t *indicator);
const member_t *indicator_member(const indicator_t *self, text_t id);
uint32_t planbook_unit_index(const planbook_t *self, const unit_t *unit);     /* 0-based position in the plan */
uint32_t planbook_period_index(const planbook_t *self, const period_t *period);
int64_t planbook_opens_ms(const planbook_t *self, const period_t *period);    /* the first instant of its first day */

/* Does the unit owe reports for this task (lead or responsible)? */
bool task_owed_by(const task_t *self, text_t unit);
bool task_led_by(const task_t *self, text_t unit);
/* Whose figure counts: contributors of the member, or of the indicator where it has no members (member empty). */
bool indicator_contributed_by(const indicator_t *self, text_t member, text_t unit);
bool indicator_any_contributed_by(const indicator_t *self, text_t unit); /* of any member */
/* The same without searching lists of thousands; `indicator` is one of `task`'s, all of them this book's own. */
bool planbook_contributes(const planbook_t *self, const task_t *task, const indicator_t *indicator, text_t member,
                          const unit_t *unit);
bool planbook_contributes_any(const planbook_t *self, const task_t *task, const indicator_t *indicator, const unit_t *unit);
bool key_kind_is_unique(const plan_t *plan, key_kind_t kind);

/* How strictly a soft rule is applied: what the plan says of its code, soft where it says nothing. */
strictness_t plan_strictness(const plan_t *plan, text_t code);
/* Where soft rules begin, defaults filled in. */
thresholds_t plan_thresholds(const plan_t *plan);
bool soft_rule_exists(text_t code); /* is there a soft rule of this code? */

/* Is this unit's report on this task approved inside the unit, and by whose names? The strictest of plan, task and unit. */
approval_t plan_approval(const plan_t *plan, const task_t *task, const unit_t *unit);

/* Is the unit valid on this day? */
bool unit_is_there(const unit_t *self, uint32_t day);
/* Is (unit, task, period) owed? Ordinary periods: every lead and responsible unit, once, while the unit is valid.
 * Confirmation periods: contributors of the task's lasting targets whose term is not over when the period begins. */
bool planbook_owes(const planbook_t *self, const unit_t *unit, const task_t *task, const period_t *period);
/* Lead or responsible? As task_owed_by, without searching lists of thousands. */
bool planbook_owed_by(const planbook_t *self, const task_t *task, const unit_t *unit);
/* Counts them: 52 a month, 260 ordinary ones in the 2021 plan. */
uint32_t planbook_obligation_count(const planbook_t *self, const period_t *period);

/* Wrong in itself? Unknown units, duplicate ids, subset cycles, days outside… The first `room` faults; count returned.
 * path as in wire faults; the file reader maps paths to lines. */
typedef struct {
    char path[LIMIT_NAME];
    char what[256];         /* English; the CLI adds line and column */
    char what_zh[256];
} plan_fault_t;
uint32_t plan_check(const plan_t *plan, plan_fault_t *faults, uint32_t room);
/* May `now`, right in itself, follow `old` in the middle of the year? Faults as in plan_check. */
uint32_t plan_amend_check(const planbook_t *old, const planbook_t *now, plan_fault_t *faults, uint32_t room);

#endif
