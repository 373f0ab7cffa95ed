/* The rules of aggregation: timeliness, parts of a figure, tenure, the verdict of a target. Pure functions on values. */
#ifndef AGGREGATION_AGGREGATION_RULES_H
#define AGGREGATION_AGGREGATION_RULES_H

#include "services/plan/calendar.h"

#define DEF_FILE "services/3-aggregation/aggregation.def"
#include "proto/declare.h"

/* Sums of amounts: no sum of int64 amounts that a plan can hold overflows it. */
__extension__ typedef __int128 wide_t;
__extension__ typedef unsigned __int128 wide_bits_t;
static inline wide_t wide_join(uint64_t low, uint64_t high) { return (wide_t)((wide_bits_t)high << 64 | low); }
uint64_t wide_shown(wide_t value); /* for messages: 0 … INT64_MAX */

/* --- obligations --- */
bool deadline_is_past(const deadline_t *deadline, int64_t now_ms); /* grace included in the deadline */

/* 按时 / 迟报: decided by the received instant of the first valid report, for ever. */
typedef struct {
    timeliness_t timeliness;
    uint32_t days_late;
} punctuality_t;
punctuality_t report_punctuality(const plan_t *plan, const deadline_t *deadline, int64_t received_ms);

/* --- figures --- */
/* Where and when a figure was reported, and until when it is timely for its target (0: no target); the revision before likewise. */
typedef struct {
    uint64_t old_seq;
    int64_t old_received_ms;
    uint64_t cause_seq;
    int64_t received_ms;
    int64_t timely_until_ms;
    uint32_t plan_from; /* opening balances count here */
    uint32_t period_to; /* what has no row of its own counts here */
} source_t;

/* Which of a figure's rows do not count, since another's claim of the same key does. NULL: none. */
typedef const bool *contested_t;

/* Splits a figure's amount and opening by the days of its facts: ascending, one part a day, the opening apart. A part that the
 * revision before (`old`) stated alike keeps its report and instant; what was timely is kept as far as it still stands. */
void figure_parts(const figure_t *figure, const source_t *source, const agg_share_t *old, contested_t contested, arena_t *arena,
                  agg_share_t *share);
/* The persons among a figure's rows, by hash; a person named twice keeps the earliest first day. As figure_parts for `old`. */
void figure_persons(const figure_t *figure, const source_t *source, const agg_share_t *old, contested_t contested,
                    arena_t *arena, agg_share_t *share);
/* Counts one claim of the share, or does so no longer (claim->contested); the rest of it stays as it is. Of the source what tells
 * timely from late is looked at. A new list of parts is made in arena where there is one. */
void share_settle(agg_share_t *share, const claim_t *claim, const source_t *source, arena_t *arena);
/* The same of a person. false: the share does not name it, or it is so already. */
bool share_settle_person(agg_share_t *share, const claim_t *claim, arena_t *arena);

/* What of a part is timely: all of it, if its revision was received by the target's deadline; otherwise what is kept. */
uint64_t part_timely(const agg_part_t *part, int64_t received_ms, int64_t timely_until_ms);
/* What a share says of the part's day, whether it counts or not; a share may be NULL. */
uint64_t day_said(const agg_share_t *share, const agg_part_t *like);
/* Of what was said of its day in time what a part keeps: what counts before what does not. Those before it are kept already. */
uint64_t day_keep(const agg_part_t *parts, uint32_t index, uint64_t timely);
/* The entry and the instant that a part of this revision bears. */
uint64_t part_cause(const agg_revision_t *revision, const agg_part_t *part);
uint64_t part_instant(const agg_revision_t *revision, const agg_part_t *part);

/* --- how they are kept --- */
/* A revision of one figure at the most, which says one amount of one day: nearly every one is. */
typedef struct {
    uint64_t seq, received_ms; /* as in agg_revision */
    text_t indicator;          /* none: it has no figure */
    uint64_t amount;
    uint32_t day;      /* of the fact; 0: it has no part */
    bool covered;      /* as in agg_share */
    uint64_t evidence; /* as in agg_revision */
    uint64_t kept, stated_seq, stated_ms; /* as kept, cause_seq and received_ms in agg_part */
} agg_plain_t;

/* A page of a dossier: an obligation. */
typedef struct {
    uint32_t period_from; /* first day of the period */
    standing_t standing;  /* this and the rest as in agg_obligation, whose other fields are zero */
    timeliness_t timeliness;
    uint32_t revision, days_late;
    uint64_t first_valid_ms;
    bytes_t obligation; /* packed; none where it is plain, and what stands here is all of it */
    agg_plain_t counting;
} agg_leaf_t;

/* A revision that lies below another. */
typedef struct {
    uint64_t seq;     /* the entry that lies on it */
    bytes_t revision; /* packed; none where it is plain */
    agg_plain_t plain;
} agg_laid_t;

/* What says no more than one amount of one day is kept plain, field by field, all else packed. false: it says more. Views. */
bool revision_fold(const agg_revision_t *revision, agg_plain_t *plain);
bool obligation_fold(const agg_obligation_t *row, agg_leaf_t *leaf);
/* And back. */
agg_revision_t revision_unfold(const agg_plain_t *plain, arena_t *arena);
agg_obligation_t obligation_unfold(const agg_leaf_t *leaf, arena_t *arena);

/* Appended to what their row holds. */
void leaf_lay(const agg_leaf_t *leaf, buffer_t *out);
void laid_lay(const agg_laid_t *laid, buffer_t *out);
/* The next one of a row, as a view. false: the row ends here, or *at is not its size and it is broken. */
bool leaf_take(bytes_t row, uint32_t *at, agg_leaf_t *leaf);
bool laid_take(bytes_t row, uint32_t *at, agg_laid_t *laid);

/* A figure without a date, a row, an opening balance of its own. */
bool figure_is_plain(const figure_t *figure);
/* What such a figure makes of a plain revision with the same indicator, or of none (all zero), by a report that names so many
 * files: what shares and parts would come to. Of the source what tells of this report counts. `dated`: its indicator is judged. */
agg_plain_t plain_revision(const figure_t *figure, const source_t *source, const agg_plain_t *old, uint64_t evidence, bool dated);
uint64_t plain_timely(const agg_plain_t *plain, int64_t timely_until_ms);

/* --- persons of a lasting target --- */
typedef struct {
    uint32_t in_day;     /* the earliest stated; 0: none */
    uint32_t out_day;    /* as the newest report that states one says; 0: none */
    int64_t received_ms; /* when the person was first reported in place */
    uint64_t cause_seq;  /* of that report; of the one that states out_day where there is one */
    uint64_t out_seq;    /* the report that states out_day */
} tenure_of_t;
/* Adds what one report says of a person to what is known: the order of the calls does not matter. */
void person_merge(tenure_of_t *known, const agg_presence_t *row);
bool person_counts(const tenure_of_t *person, uint32_t due_day); /* in place, and not gone before the due day */
bool person_stays(const tenure_of_t *person, uint32_t due_day,
                  uint32_t term_last); /* and not gone before the term's last day */

/* --- targets --- */
/* What is wanted. `due` is the day as planned (end of the window of 序时); day and due_ms are resolved, grace included. */
typedef struct {
    shape_t shape;
    uint64_t goal; /* for `each` of every member */
    bool stretch;
    uint32_t from;
    uint32_t due;
    uint32_t due_day;
    int64_t due_ms;
    uint32_t months;
} aim_t;

/* What there is: one pile, or for `each` one a member. */
typedef struct {
    wide_t total;
    wide_t opening;
    wide_t timely;    /* what was reported by the deadline */
    uint32_t crossed; /* day of the fact that reached the goal; 0: it is not reached */
} pile_t;

/* Lasting targets: how many stay. */
typedef struct {
    uint64_t by_due;      /* of those in place by the due day, until the term that runs from it is over */
    uint64_t all;         /* whenever they came */
    uint64_t by_crossing; /* reached after the due day only: of those in place then, the term running from then */
} stay_t;

typedef struct {
    int64_t ms;
    uint32_t day; /* local day of ms */
    bool closed;  /* the annual summary is published */
} moment_t;

typedef struct {
    reach_t reach;
    reported_t reported;
    tenure_t tenure;
    lamp_t lamp;
    wide_t done;
    wide_t goal;
    wide_t opening;
    wide_t expected; /* 序时, rounded up: done ≥ expected exactly when it is not behind */
    uint32_t reached_day;
} judgement_t;
/* 序时 on a day: so many `of`ths of the way from the opening to the goal. Costs as much as all else of a verdict. */
typedef struct {
    int64_t part, of;
} stride_t;
stride_t pace_on(const aim_t *aim, uint32_t day);
/* `pace`: of the moment's day. */
judgement_t target_judgement(const aim_t *aim, const pile_t *piles, uint32_t count, const stay_t *stay, moment_t now,
                             stride_t pace);
uint32_t term_last_day(uint32_t first_due_day, uint32_t months); /* 08-31 and six months: 02-28, 24:00 */
wide_t expected_progress(const aim_t *aim, wide_t goal, wide_t opening, stride_t pace);

#endif
