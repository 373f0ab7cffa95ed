/* Validation: stream 1 becomes stream 2; every report is valid or refused with all its reasons. */
#ifndef VALIDATION_VALIDATION_H
#define VALIDATION_VALIDATION_H

#include "services/stage/stage.h"

/* Version of the rules in this binary; a ledger that activates another one stops the stage. */
enum { VALIDATION_RULES = 1 };

/* What is kept; keys in the order of their parts. */
enum {
    VALIDATION_PLAN,        /* () → plan_adopted, the one in force */
    VALIDATION_PLAN_PARTS,  /* (hash, index) → plan_part */
    VALIDATION_RULES_ROW,   /* () → validation_rules */
    VALIDATION_SHEET,       /* (task, unit) → validation_sheet: the standings of all periods, the months of all figures */
    VALIDATION_STRAY,       /* (period, task, unit) → validation_standing: of submissions that name what the plan lacks */
    VALIDATION_CLAIM,       /* (indicator, key kind, key, unit, period, member) → validation_claim */
    VALIDATION_CONTEST,     /* (indicator, key kind, key) → validation_contest: whose claim counts; none is looked for */
    VALIDATION_DISPUTE,     /* (indicator, key kind, key) → validation_dispute; only where more than one claim it */
    VALIDATION_CLAIMS,      /* (period, task, unit, revision) → validation_claims; only where there are any */
    VALIDATION_DECISION,    /* (seq) → validation_decision */
    VALIDATION_FOLLOW,      /* (period, task, unit, indicator) → follow_row: what was promised, what was pressed for */
    VALIDATION_MEASURE,     /* (unit, number) → measure_row: as it stands; what stood before is in stream 2 */
    VALIDATION_ISSUES,      /* () → validation_issues */
    VALIDATION_OUTAGE,      /* (seq) → outage_counted: an absence of ours */
    VALIDATION_REQUEST,     /* (seq) → request_row: a request for more time */
    VALIDATION_TABLES
};

const role_t *validation_role(void);

#endif
