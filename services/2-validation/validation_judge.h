/* What the rule files share while one report is judged: the faults found so far and what is known about the case. */
#ifndef VALIDATION_JUDGE_H
#define VALIDATION_JUDGE_H

#include "services/2-validation/validation_rules.h"
#include "services/plan/amount.h"
#include "services/plan/calendar.h"

/* A growing list of reasons, at most LIMIT_REASONS; what comes after is dropped: nobody mends 64 faults at once. */
typedef struct {
    reason_t *at;
    uint32_t count;
} faults_t;

typedef struct {
    const validation_case_t *given;
    arena_t *arena;
    const plan_t *plan; /* NULL: none yet */
    const unit_t *unit; /* NULL: unknown, as the next two */
    const task_t *task;
    const period_t *period;
    uint32_t received_day; /* local; known where there are rows */
    faults_t faults;
    faults_t explained;
} judge_t;

/* One figure under judgement. */
typedef struct {
    uint32_t index;
    const figure_t *said;
    const indicator_t *indicator; /* NULL: unknown */
    const validation_history_t *history; /* of (unit, indicator) */
    validation_past_t past;
    figure_t *norm; /* normalised */
    bool known;     /* norm->amount can be relied on */
} exhibit_t;

/* Adds a fault; soft ones that the report explains go to `explained`. args: at most LIMIT_ARGS. */
void judge_fault(judge_t *self, text_t code, text_t path, const text_t *args, uint32_t args_count);
#define FAULT(judge, code, path) judge_fault((judge), REASON_OF(code), (path), NULL, 0)
#define FAULT_WITH(judge, code, path, ...)                                                                                     \
    judge_fault((judge), REASON_OF(code), (path), (const text_t[]){__VA_ARGS__},                                               \
                sizeof((const text_t[]){__VA_ARGS__}) / sizeof(text_t))

/* Are so many faults told that no other would be? Then nobody need look on: 32,768 rows have their sentences put together in
 * 0.3 s. */
bool judge_is_full(const judge_t *self);

/* Values as people read them. */
text_t judge_shown(judge_t *self, const indicator_t *indicator,
                   int64_t value);             /* 万元 if that is exact, to the fen otherwise */
text_t judge_day(judge_t *self, uint32_t day); /* 2021-09-25 */

/* The path of a figure's field, and of an item's; an empty field names the whole. */
text_t figure_path(judge_t *self, uint32_t figure, const char *field);
text_t item_path(judge_t *self, uint32_t figure, uint32_t item, const char *field);

bool indicator_lasts(const indicator_t *indicator); /* persons who stay */
bool indicator_needs_items(const indicator_t *indicator);

/* Figure by figure; fills exhibit->norm, whose place is given. */
void judge_figure(judge_t *self, exhibit_t *exhibits, uint32_t index);
/* What asks for an explanation: an amount that is odd beside the unit's own months, or that nothing proves. */
void judge_soft(judge_t *self, const exhibit_t *exhibit, int64_t amount);
void judge_evidence(judge_t *self, const exhibit_t *exhibit);
/* Is it known at a glance that no rule finds this amount, which is above 0, odd beside the other months? */
bool soft_is_quiet(const indicator_t *indicator, const validation_past_t *past, int64_t amount, const thresholds_t *from);
/* Across figures of the report: 其中 never above the total. */
void judge_subsets(judge_t *self, const exhibit_t *exhibits, uint32_t count);
/* Not more rows than one verdict can speak of, where their keys count once. */
void judge_claim_count(judge_t *self);
/* The rows of one figure that has some. */
void judge_items(judge_t *self, const exhibit_t *exhibit);
/* Their sum. false: a fault was added. */
bool judge_items_sum(judge_t *self, const exhibit_t *exhibit, int64_t *sum);

#endif
