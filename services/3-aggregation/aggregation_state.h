/* Inside aggregation: tables, keys, the plan as it is used in every turn, and what its files call of each other. */
#ifndef AGGREGATION_AGGREGATION_STATE_H
#define AGGREGATION_AGGREGATION_STATE_H

#include "services/3-aggregation/aggregation_rules.h"
#include "services/plan/absence.h"
#include "services/plan/plan_kept.h"
#include "services/stage/stage.h"

enum { T_PLAN, T_PASS, T_PERIODS, T_DOSSIERS, T_BELOW, T_TALLIES, T_DAYS, T_SPOTS, T_PERSONS, T_TARGETS,
       T_PLAN_PARTS, T_AIMS, T_OUTAGES, T_COUNT };
extern const table_t aggregation_tables[T_COUNT];
extern const plan_tables_t aggregation_plan_tables;

typedef struct hand hand_t;

/* An indicator under watch: what a turn needs of it, worked out once. Watches stand in the order of the plan. */
typedef struct {
    const task_t *task;
    const indicator_t *indicator;
    aim_t aim;
    int64_t due_ms;             /* without grace, as shown */
    uint32_t term_last;         /* lasting: last day of the term that runs from the due day */
    bool judged;                /* it has a goal: piles keep days */
    const text_t *contributors; /* of the indicator and of all its members, who are there when the target is due, each once, in
                                   the order of the plan's units */
    uint32_t contributors_count;
    uint8_t contributors_hash[QUICK_SIZE];
    const uint64_t *contributes; /* a bit a unit: does its figure count, whether it is there then or not? */
    const text_t *absent; /* contributors, and leads of the task, who are not there when the target is due */
    uint32_t absent_count;
    hand_t *hand;
    uint8_t owed_hash[QUICK_SIZE], settled_hash[QUICK_SIZE]; /* as in agg_told: all contributors owe; nobody does */
} watch_t;

/* An indicator's own pile with what the newest reports brought its days, and its verdict as it was told last: values between two
 * commits (aggregation_hand.c). */
/* All that the verdict of a pile goes by: while it is the same, so is the verdict. */
typedef struct {
    wide_t opening, expected; /* 序时 */
    uint32_t day, crossed;    /* day 0: not known yet */
    bool timely, ahead;       /* does what was reported in time reach the goal; is it at least at 序时? */
    bool past, closed;        /* the target's deadline; the plan */
} grounds_t;

enum { DAYS_AT_HAND = 16 };
typedef enum { HAND_UNKNOWN, HAND_ABSENT, HAND_CLEAN, HAND_CHANGED } hand_state_t;
struct hand {
    hand_state_t tally_state, told_state;
    agg_tally_t tally;
    agg_told_t told;
    struct {
        uint32_t day;
        wide_t change; /* what its row does not know yet */
    } days[DAYS_AT_HAND];
    uint32_t days_count;
    grounds_t grounds; /* of `told` */
    uint32_t paced_day; /* the day that `pace` is of; 0: of none yet */
    stride_t pace;
};

/* Whose report, for which task and period: looked up once an event. */
typedef struct {
    const unit_t *unit;
    const task_t *task;
    const period_t *period;
    uint32_t unit_index, task_index, period_index;
    const watch_t *watches; /* of the task's indicators, in their order */
} place_t;

/* What the fold looked up last: most events are of the same day, task and period as the one before. */
typedef struct {
    int64_t day_from_ms, day_to_ms; /* the day: from, until before */
    uint32_t day;
    place_t place; /* a part of it that is NULL: none yet */
} lately_t;

/* What a unit owes and has reported for one task (aggregation_dossier.c); those at hand, of the fold alone. */
typedef struct dossier dossier_t;
typedef struct {
    arena_t *arena; /* all of them live in it */
    arena_t *scratch; /* for the row that one is read from */
    dossier_t *newest; /* that was looked at; NULL: none is at hand */
    dossier_t ***of; /* of each task, by unit; NULL: none of it is at hand */
    dossier_t **changed; /* since they were settled, each once */
    uint32_t changed_count, changed_room;
    bool disordered; /* these do not stand in the order of their places */
    size_t bytes;
    buffer_t packed; /* for use while an obligation, or a row, is laid */
} dossiers_t;

/* The last row of those that lie below others, as it grows (aggregation_below.c). */
typedef struct {
    bool known;    /* it is what it would be if all were written */
    bool changed;  /* but the store knows less */
    uint64_t first; /* its key; 0: there is none */
    buffer_t laid;
} shelf_t;

/* The plan in force, indexed: what memory_load derives from the store. */
typedef struct {
    arena_t *arena;
    planbook_t *book;
    bool *marks;    /* one a unit, for use while it is made */
    uint64_t *bits; /* the same, packed */
    const plan_t *plan;
    watch_t *watches;
    uint32_t watches_count;
    dossiers_t dossiers;
    shelf_t shelf;
    lately_t *lately;
    uint32_t *first_watch; /* of each task */
    deadline_t *deadlines; /* of each period */
    int64_t *opens_ms;     /* of each period */
    bool closed;           /* the annual summary is published */
    absences_t absences;   /* of ours */
    uint32_t **owers;      /* of each task: indexes of the units that may owe it, ascending */
    uint32_t *owers_count;
} memory_t;

/* false: the plan has no such place. */
bool place_find(const memory_t *memory, text_t unit, text_t task, text_t period, place_t *place);
place_t place_of(const memory_t *memory, const unit_t *unit, const task_t *task, const period_t *period);
/* The day of the event at hand. */
uint32_t memory_today(const memory_t *memory, const turn_t *turn);
/* When this unit's report is due, all told: by the plan or an extension, and the time given back. *seq: the entry that moved it
 * last; 0: the plan's own rule. `row` may be NULL. */
deadline_t memory_deadline(const memory_t *memory, const place_t *place, const agg_obligation_t *row, uint64_t *seq);
void *aggregation_memory_load(turn_t *turn);
void aggregation_memory_destroy(void **memory);
const watch_t *memory_watch(const memory_t *memory, const task_t *task, text_t indicator); /* NULL: not of this task */
const watch_t *place_watch(const place_t *place, text_t indicator);                         /* the same */
/* Does the unit contribute to any member of it? A bit, where a list of thousands would be searched at every report. */
bool watch_contributed_by(const watch_t *watch, uint32_t unit_index);
uint32_t memory_task_index(const memory_t *memory, const task_t *task);
/* Is it the pile by which the target is judged? For `each` those of the members, otherwise the indicator's own. */
bool watch_judges(const watch_t *watch, text_t member);

void texts_hash(const text_t *texts, uint32_t count, buffer_t *out); /* appends QUICK_SIZE bytes */

/* --- keys --- */
store_key_t key_of(const text_t *texts, uint32_t count);
#define KEY(...) key_of((const text_t[]){__VA_ARGS__}, sizeof((const text_t[]){__VA_ARGS__}) / sizeof(text_t))

/* --- obligations and the passing of time (aggregation_time.c) --- */
agg_pass_t pass_get(turn_t *turn);
void pass_put(turn_t *turn, const agg_pass_t *pass);
/* Does what falls due by the instant of the turn, LIMIT_AGENDA_STEP pieces; asks for more by turn_continue(step + 1). */
void pass_step(turn_t *turn, uint64_t step);
void pass_outage(turn_t *turn); /* an absence was declared: whoever it concerns has another deadline */
void pass_amend(turn_t *turn); /* a plan was adopted, the first or another */
/* Around a plan's coming: the periods of the one in force, none before the first; and what the new one adds. A period that is past
 * when an amendment brings it has opened before anybody owed it: "owed by nobody". */
typedef struct {
    const text_t *ids;
    uint32_t count;
} known_periods_t;
known_periods_t periods_known(turn_t *turn);
void periods_come(turn_t *turn, const known_periods_t *known);
/* Begins a pass if something changes by now; `judging`: every target is judged anew in any case. */
void pass_begin(turn_t *turn, bool judging);
/* When a report was received: the instant that its entry carries, or that of the receipt it came back with after a restore. */
int64_t report_instant(const turn_t *turn, const report_accepted_t *report);
/* *row as the report makes it, told where that is news; what counts of it, and that it is kept, is totals_replace's matter. */
void obligation_report(turn_t *turn, const place_t *place, const report_accepted_t *report, agg_obligation_t *row);
/* The report is due at another instant, by this event: told, and its timeliness follows. */
void obligation_extend(turn_t *turn, const memory_t *memory, const place_t *place, uint64_t due_ms);
void obligation_emit(turn_t *turn, const memory_t *memory, const place_t *place, const agg_obligation_t *row); /* told */
/* Kept and told. */
void obligation_put(turn_t *turn, const memory_t *memory, const place_t *place, const agg_obligation_t *row);
/* The row as told: derived where there is none. false: the unit does not owe it. `scratch`: for what its report says, which is not
 * told here: of a whole plan's rows that would be much. */
bool obligation_tell(turn_t *turn, const memory_t *memory, const place_t *place, arena_t *scratch, obligation_changed_t *told);

/* --- dossiers (aggregation_dossier.c) --- */
/* An obligation; all zero, and false: there is none. In the fold what was kept last, in a query that of its snapshot. */
bool obligation_get(turn_t *turn, const place_t *place, agg_obligation_t *row);
/* The same into another arena, with the bytes of what counts; they hold until that is another. */
bool obligation_read(turn_t *turn, const place_t *place, arena_t *arena, agg_obligation_t *row, wire_known_t *counting);
void obligation_keep(turn_t *turn, const place_t *place, const agg_obligation_t *row);
/* In the fold: the obligation itself, where it is plain. NULL: there is none, or it says more. Who changed it says so. */
agg_leaf_t *obligation_plain(turn_t *turn, const place_t *place);
void obligation_plain_changed(turn_t *turn, const place_t *place);
void obligation_lift(turn_t *turn, const place_t *place); /* nobody owes it any more */
/* For who walks the rows: what a dossier holds, and one of that. None, or false: it cannot be read, which sticks. */
const agg_leaf_t *dossier_leaves(turn_t *turn, const agg_dossier_t *row, arena_t *arena, uint32_t *count);
bool leaf_read(turn_t *turn, const agg_leaf_t *leaf, arena_t *arena, agg_obligation_t *row, wire_known_t *counting);
/* A value that was packed cannot be read, or cannot be packed: logged, and sticks to the transaction. */
void obligation_broken(turn_t *turn, const char *what, const fault_t *fault, err_t err);
void dossiers_settle(turn_t *turn, memory_t *memory); /* they become rows */
void dossiers_trim(turn_t *turn); /* between two events: where many are at hand, none are afterwards */
void dossiers_destroy(dossiers_t *self);

/* --- amendments (aggregation_amend.c) --- */
/* Is another than under the plan before to report for the task, or is something else missing? */
bool duty_has_changed(turn_t *turn, const memory_t *memory, uint32_t task_index);
/* Derives the piles of every indicator anew whose goal or deadline is another. true: finished. */
bool amendment_advance(turn_t *turn, memory_t *memory, agg_pass_t *pass, uint32_t *pieces);

/* --- decisions (aggregation_decisions.c) --- */
void on_report_returned(turn_t *turn, const event_t *event);
void on_report_approved(turn_t *turn, const event_t *event);
void on_extension_granted(turn_t *turn, const event_t *event);
void on_outage_counted(turn_t *turn, const event_t *event);

/* --- the pile of a report (aggregation_below.c) --- */
/* What lies below the revision of this entry: it counts again when that one is returned. All zero, and false: nothing. */
bool below_get(turn_t *turn, uint64_t seq, agg_revision_t *below);
/* `known`: its bytes, if they are at hand. */
void below_put(turn_t *turn, uint64_t seq, const agg_revision_t *below, const wire_known_t *known);
void below_put_plain(turn_t *turn, uint64_t seq, const agg_plain_t *below);
void below_delete(turn_t *turn, uint64_t seq);
void below_settle(turn_t *turn, memory_t *memory); /* what was laid down becomes rows */
/* What its figures of the indicator keep of what lies below it, by the deadline in force. false: no more or less than they did. */
bool revision_retime(turn_t *turn, const watch_t *watch, agg_revision_t *revision);

/* --- totals (aggregation_totals.c) --- */
wide_t share_timely(const agg_share_t *share, uint64_t received_ms, const watch_t *watch); /* NULL: nothing */
/* Takes out what counts in *row and puts in `now`, which counts from now on; keeps the row. `claims`: which claims of others count,
 * or do so no longer, by that. */
void totals_exchange(turn_t *turn, const place_t *place, const claim_t *claims, uint32_t claims_count, agg_obligation_t *row,
                     const agg_revision_t *now);
/* A revision that does not count yet gets its claims as validation tells them now. */
void revision_contest(turn_t *turn, const place_t *place, const claim_t *claims, uint32_t claims_count, agg_revision_t *revision);
/* The report counts from now on, on top of what counted. `counting`: the bytes of what counted, if they are at hand. */
void totals_replace(turn_t *turn, const place_t *place, const report_accepted_t *report, agg_obligation_t *row,
                    const wire_known_t *counting);
/* All that is to be done of a report, where it and what it takes the place of are plain: nearly always. false: nothing is done. */
bool totals_replace_plain(turn_t *turn, const place_t *place, const report_accepted_t *report);
const agg_share_t *share_find(const agg_revision_t *revision, text_t indicator, text_t member); /* NULL: it has none */
/* A claim of another report counts from now on, or does so no longer; judges nothing. */
void claim_settle(turn_t *turn, const claim_t *claim);
void totals_credit(turn_t *turn, const credit_taken_t *taken); /* the coordinator has decided */
maybe_t share_credited(const agg_share_t *share);              /* of its amount what counts */
wide_t tally_total(const agg_tally_t *tally);

/* --- what nearly every report touches (aggregation_hand.c) --- */
static const text_t own_pile = {NULL, 0}; /* the pile that is no member's */
bool tally_find(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *tally); /* all zero, and false: there is none */
agg_tally_t tally_get(turn_t *turn, const watch_t *watch, text_t member);
/* To be read, or changed and put, where it is: at hand, or in *room. */
agg_tally_t *tally_at(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *room);
void tally_put(turn_t *turn, const watch_t *watch, text_t member, const agg_tally_t *tally);
stride_t watch_pace(turn_t *turn, const watch_t *watch, uint32_t day);
/* What is at hand of an indicator. NULL: in a query, which has its snapshot; and of members, which may be thousands. */
hand_t *hand_of(turn_t *turn, const watch_t *watch, text_t member);
/* In the fold only: with its own pile. Who changes that says so in its state. */
hand_t *hand_at(turn_t *turn, const watch_t *watch);
/* In the fold only. NULL: it was never told. */
const agg_told_t *told_at(turn_t *turn, const watch_t *watch);
void told_put(turn_t *turn, const watch_t *watch, const agg_told_t *told);
void hands_settle(turn_t *turn, void *memory); /* what changed becomes rows */
void memory_forget(turn_t *turn);              /* turn_forget, and nothing that was at hand is lost */

/* --- persons (aggregation_persons.c) --- */
/* Takes the rows of `old` out and puts those of `new` in; *tally follows. Either may be NULL. */
void persons_replace(turn_t *turn, const watch_t *watch, const place_t *place, const agg_share_t *old, const agg_share_t *share,
                     agg_tally_t *tally);
void persons_anew(turn_t *turn, const watch_t *watch, agg_tally_t *tally); /* weighs all of them again: the aim is another */
/* Walks the persons of an indicator, each once, merged. */
typedef struct {
    scan_t scan;
    bool pending; /* `row` was read and belongs to the next person */
    proof_row_t row;
} people_t;
people_t people_begin(turn_t *turn, const watch_t *watch);
bool people_next(people_t *self, arena_t *arena, tenure_of_t *person, proof_row_t *row);
void people_end(people_t *self);

/* --- piles by day (aggregation_days.c) --- */
/* Adds to a pile and to its day; the crossing is found again where it moved. */
void pile_add(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *tally, uint32_t day, wide_t amount);
void pile_settle(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *tally);
void pile_anew(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *tally); /* the goal is another */
void days_settle(turn_t *turn, const watch_t *watch, hand_t *hand); /* what is at hand of days becomes rows */
void pile_days_settle(turn_t *turn, const watch_t *watch, text_t member); /* the same of a pile, if it is at hand */
#define TALLY_WIDE(tally, field) wide_join((tally)->field, (tally)->field##_high)
#define TALLY_SET(tally, field, value)                                                                                         \
    do {                                                                                                                       \
        wide_t wide_ = (value);                                                                                                \
        (tally)->field = (uint64_t)wide_;                                                                                      \
        (tally)->field##_high = (uint64_t)(wide_ >> 64);                                                                       \
    } while (0)

/* --- targets (aggregation_targets.c) --- */
/* The verdict now, from what the tables hold, with the rows that make or break it. */
target_changed_t target_now(turn_t *turn, const watch_t *watch, moment_t now);
/* Judges it and tells if it changed. `daily`: at a day's change, when also a mere movement of `done` is told. */
void target_judge(turn_t *turn, const watch_t *watch, bool daily);
void watch_hashes(watch_t *watch); /* what target_judge compares with most of the time, worked out once */

void aggregation_answer(turn_t *turn, const packet_t *ask, reply_t *reply);

#endif
