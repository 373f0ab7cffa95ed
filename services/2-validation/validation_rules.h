/* The rules of validation: pure, from a report, the plan and what stands to a ruling. Touches no store. */
#ifndef VALIDATION_RULES_H
#define VALIDATION_RULES_H

#include "services/plan/plan.h"

#define DEF_FILE "services/2-validation/validation_rows.def"
#include "proto/declare.h"

/* What a report is about, looked up in the plan once. */
typedef struct {
    const planbook_t *book; /* NULL: no plan is adopted yet, and so is all that follows */
    const plan_t *plan;
    const unit_t *unit;     /* NULL: unknown, as the next two */
    const task_t *task;
    const period_t *period;
} validation_place_t;
validation_place_t validation_place(const planbook_t *book, text_t unit, text_t task, text_t period);

/* What a month says beside its amount, which few do. */
typedef struct {
    text_t member;
    maybe_t opening; /* opening balance */
    maybe_t typed;   /* running total as it was typed; it may disagree once an earlier month is corrected */
} month_more_t;

/* One month of one figure, as the newest valid revision says. Small: many thousands are at hand. */
typedef struct {
    uint64_t amount;
    uint32_t period_from; /* first day of the period: stays when an amendment adds periods */
    bool carried; /* a revision of this report carried the opening balance: a later one may restate it */
    bool gone;    /* no figure: all that is left of months that carried the opening balance, so that it may be restated */
    const month_more_t *more; /* NULL: nothing of it */
} month_t;
static inline bool month_is_of(const month_t *self, text_t member) {
    return self->more == NULL ? member.size == 0 : text_equal(self->more->member, member);
}
/* No member, no opening balance, no running total typed, not gone, and carrying nothing. */
static inline bool month_is_bare(const month_t *self) { return self->more == NULL && !self->carried && !self->gone; }
static inline text_t month_member(const month_t *self) { return self->more == NULL ? text_of(NULL) : self->more->member; }
static inline maybe_t month_opening(const month_t *self) { return self->more == NULL ? (maybe_t){false, 0} : self->more->opening; }
static inline maybe_t month_typed(const month_t *self) { return self->more == NULL ? (maybe_t){false, 0} : self->more->typed; }

/* All months of (unit, indicator), ascending by (period, member): previous totals are sums over it, never stored. */
typedef struct {
    text_t indicator;
    const month_t *months;
    uint32_t months_count;
    bool bare;      /* it is known that no month says anything but its amount, as most: then less need be looked at */
    uint32_t place; /* among those of its sheet, from 1; 0: it is in none */
} validation_history_t;

/* All that a ruling depends on. */
typedef struct {
    validation_place_t place;
    const report_t *report;
    text_t unit;                           /* the authenticated unit */
    int64_t received_ms;
    uint8_t body_hash[QUICK_SIZE];         /* report_body_hash of the report */
    validation_standing_t standing;        /* of (unit, task, period); all zero: nothing */
    const validation_history_t *histories; /* one per figure of the report, of (unit, figure's indicator) */
    text_t skipped;                        /* the period before, if it is owed and not reported though an earlier one is */
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

/* The months of one period: ascending by member. */
typedef struct {
    const month_t *at;
    uint32_t begin, count; /* where they are in their history, or belong */
} months_t;
months_t validation_months(const validation_history_t *history, uint32_t period_from);
/* What `figures` (the accepted, normalised ones of a whole report; others' are skipped) say of the indicator for the period that
 * begins on `period_from`, where `old` was known of it. None: the period's months are gone. `said`: the same figures as they were
 * sent, for the running totals typed in them. */
months_t validation_months_said(const months_t *old, text_t indicator, uint32_t period_from, const figure_t *figures,
                                const figure_t *said, uint32_t figures_count, arena_t *arena);
/* The history of (unit, indicator) with those in their place. */
validation_history_t validation_history_replace(const validation_history_t *old, text_t indicator, uint32_t period_from,
                                                const figure_t *figures, const figure_t *said, uint32_t figures_count,
                                                arena_t *arena);

/* Does one of the first `count` figures name the indicator? */
bool figures_name(const report_t *report, uint32_t count, text_t indicator);

/* What a history says about one figure, seen from a period. No sum overflows: LIMIT_TOTAL bounds it. */
typedef struct {
    int64_t before;                        /* amounts and opening balances of earlier periods 上期累计 */
    int64_t others;                        /* the same of all periods but this one */
    int64_t last;                          /* the last earlier month's amount that is not 0; 0: none */
    int64_t later;                         /* the first later month's amount that is not 0; 0: none */
    uint32_t months;                       /* other periods whose amount is not 0, and the least and the most of those amounts */
    int64_t least, most;
    bool opening_taken;                    /* an opening balance comes too late */
} validation_past_t;
validation_past_t validation_past(const validation_history_t *history, text_t member, uint32_t period_from);
/* The same where the period's months are at hand; there are months. */
validation_past_t validation_past_around(const validation_history_t *history, text_t member, const months_t *own);
/* The median of the other periods' amounts that are not 0; 0: there are none. */
int64_t validation_median(const validation_history_t *history, text_t member, uint32_t period_from, arena_t *arena);
/* How many months in a row, up to the last one before the period, hold this amount; *last_from: where the last of them begins. */
uint32_t validation_equal_months(const validation_history_t *history, text_t member, uint32_t period_from, int64_t amount,
                                 uint32_t *last_from);

/* The id of the period that begins then. `guess`: its place in the plan, if it is that. Empty: the plan has none. */
text_t period_id_of(const plan_t *plan, uint32_t guess, uint32_t period_from);

/* What the figures of the period that begins on `period_from` come to: at most `room` rows of the indicator's members. */
uint32_t validation_standings(const validation_history_t *history, text_t indicator, uint32_t period_from,
                              figure_standing_t *out, uint32_t room);
/* The history of (unit, indicator), and what it said before of the period that was reported, corrected or returned. */
typedef struct {
    const validation_history_t *fresh;
    months_t old;
    months_t own; /* the months of `fresh` for that period */
    text_t indicator;
    const plan_t *plan;
    bool back;            /* by a return: what comes back may have been typed as a running total that agrees no longer */
} restated_case_t;
/* The figures whose later running totals differ between the two: at most `room` rows. */
uint32_t validation_restated(const restated_case_t *given, arena_t *arena, restated_total_t *out, uint32_t room);

/* Which revision counts, and its entry: the newest valid one, or where that is returned the one below it. 0: none. */
uint64_t standing_counts(const validation_standing_t *standing);
uint64_t standing_counts_seq(const validation_standing_t *standing);

/* All that a decision on a report depends on. */
typedef struct {
    const planbook_t *book; /* NULL: no plan is adopted yet */
    const report_decided_t *decided;
    validation_standing_t standing;
    int64_t counts_since_ms; /* when the revision that counts was received */
} decision_case_t;
enum { DECISION_REASONS = 4 };
/* Why it does not hold, into DECISION_REASONS of room; returns how many. 0: it holds. */
uint32_t decision_judge(const decision_case_t *given, reason_t *reasons, arena_t *arena);

/* All that a request for more time depends on. */
typedef struct {
    const planbook_t *book; /* NULL: no plan is adopted yet */
    const extension_requested_t *requested;
    validation_standing_t standing;
    request_row_t newest; /* the request before it; seq 0: there is none */
    uint64_t due_ms;      /* as things stand */
    int64_t now_ms;
} request_case_t;
/* Why it is not taken, into DECISION_REASONS of room; returns how many. 0: it waits for an answer. */
uint32_t request_judge(const request_case_t *given, reason_t *reasons, arena_t *arena);

/* All that what is said of a planned measure depends on. */
typedef struct {
    const planbook_t *book;
    const measure_entered_t *entered;
    measure_row_t standing; /* revision 0: there is none of that number */
    uint64_t count;         /* measures that the unit has */
    uint64_t same;          /* number of one that stands and says the same; 0: none */
    int64_t now_ms;
} measure_case_t;
enum { MEASURE_REASONS = 16 };
/* Why it does not hold, into MEASURE_REASONS of room; returns how many. 0: it holds. */
uint32_t measure_judge(const measure_case_t *given, reason_t *reasons, arena_t *arena);
/* What was said, filled up by what stands. */
planned_measure_t measure_merged(const measure_row_t *standing, const planned_measure_t *said);
bool measure_equal(const planned_measure_t *a, const planned_measure_t *b); /* its reason and number aside */

/* Unified social credit code 统一社会信用代码, GB 32100-2015: 18 characters without I O S V Z, the last one a check. */
bool uscc_is_valid(text_t code);

/* Why a decision on warnings does not hold, at now_ms; *count 0: it does. reported: a valid report for its period is there;
 * follow: what was pressed for before. */
const reason_t *warning_reasons(const planbook_t *book, const warning_decided_t *decided, bool reported,
                                const follow_row_t *follow, int64_t now_ms, arena_t *arena, uint32_t *count);

#endif
