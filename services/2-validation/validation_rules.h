/* The rules of validation: pure, from a report, the plan and what stands to a ruling. Touches no store. */
#ifndef VALIDATION_RULES_H
#define VALIDATION_RULES_H

#include "services/plan/plan.h"

#define DEF_FILE "services/2-validation/validation_rows.def"
#include "proto/declare.h"

/* All that a ruling depends on. */
typedef struct {
    const planbook_t *book;                /* NULL: no plan is adopted yet */
    const report_t *report;
    text_t unit;                           /* the authenticated unit */
    int64_t received_ms;
    uint8_t body_hash[32];                 /* report_body_hash of the report */
    validation_standing_t standing;        /* of (unit, task, period); all zero: nothing */
    const validation_history_t *histories; /* one per figure of the report, of (unit, figure's indicator) */
} validation_case_t;

/* What is said. All lists live in the arena given, or view the report. */
typedef struct {
    bool accepted;
    uint64_t revision;                     /* if accepted: the standing one + 1 */
    const reason_t *reasons;               /* if refused: every fault, at most LIMIT_REASONS, soft ones marked */
    uint32_t reasons_count;
    const reason_t *explained;             /* soft faults that passed with an explanation */
    uint32_t explained_count;
    const figure_t *figures;               /* if accepted: normalised, see validation_judge */
    uint32_t figures_count;
    const text_t *missing;                 /* if accepted: contributed indicators, not required, without a figure */
    uint32_t missing_count;
} validation_ruling_t;

/* Judges a report by all hard and soft rules at once. Normalised figures: `amount` is the month's amount (0 where nil), running
 * totals are gone; figures of people have neither, their rows are the figure. Paths begin at the report: figures[2].amount. */
validation_ruling_t validation_judge(const validation_case_t *given, arena_t *arena);

/* The history of (unit, indicator) with the months of the period that begins on `period_from` replaced by what `figures` (the
 * accepted, normalised ones of the whole report; others' are skipped) say. None: the period's months are gone. */
validation_history_t validation_history_replace(const validation_history_t *old, text_t indicator, uint32_t period_from,
                                                const figure_t *figures, uint32_t figures_count, uint64_t revision,
                                                arena_t *arena);

/* What a history says about one figure, seen from a period. No sum overflows: LIMIT_TOTAL bounds it. */
typedef struct {
    int64_t before;                        /* amounts and opening balances of earlier periods 上期累计 */
    int64_t others;                        /* the same of all periods but this one */
    int64_t last;                          /* the last earlier month's amount that is not 0; 0: none */
    bool opening_taken;                    /* an opening balance comes too late */
} validation_past_t;
validation_past_t validation_past(const validation_history_t *history, text_t member, uint32_t period_from);

/* Unified social credit code 统一社会信用代码, GB 32100-2015: 18 characters without I O S V Z, the last one a check. */
bool uscc_is_valid(text_t code);

#endif
