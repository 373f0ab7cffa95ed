/* The year counted once more, by simple code, from the ledger alone: what stands, since when, and how much it is. */
#ifndef SIM_RECOUNT_H
#define SIM_RECOUNT_H

#include "tests/sim/sim.h"

enum { SIM_ROWS = 4 };

/* What stands for (unit, task, period): the newest valid revision, decoded from its entry. */
typedef struct stand {
    uint64_t revision; /* newest valid */
    uint64_t counts;   /* of `report`; another than the newest where that is returned */
    decision_t decision; /* on the newest */
    uint64_t decided_seq, again_ms;
    struct stand *below;  /* what counts again when this one is returned */
    int64_t extended_ms, extended_at_ms; /* due by, as an extension says; and when that was said */
    uint64_t extended_seq;
    text_t carried_of[8]; /* indicators whose opening balance came with a revision of this report, whatever became of it */
    uint32_t carried_count;
    int64_t first_valid_ms;
    int64_t days_late; /* of it, by the deadline that it met, or that was moved for it since */
    report_t report; /* of the revision that counts; no figures where none does */
    uint64_t seq;    /* its entry */
    uint8_t body_hash[QUICK_SIZE];
    int64_t amounts[16]; /* of its figures, as they count; -1: none */
    uint64_t said_seq[16][SIM_ROWS]; /* of its rows about persons: the entry that said it so first, in this report */
    int64_t since_ms;    /* when the ledger had it first, in this epoch of the ledger */
} stand_t;

/* A row of a standing report whose key counts once. */
typedef struct {
    uint32_t unit, task, period, figure, row;
    bool people;
    text_t indicator, member, key;
    key_kind_t kind;
    uint8_t person[32];
    uint64_t seq, since_seq; /* the report that says it now; the entry since which it is claimed */
} saying_t;
typedef struct {
    saying_t saying; /* that was credited */
    bool open;       /* another came after the decision */
} ruling_t;
enum { SIM_SAYINGS = 4096, SIM_DECISIONS = 64 };

/* An absence of ours, as declared. */
typedef struct {
    outage_declared_t declared;
    uint64_t seq;
    int64_t at_ms;
} absence_t;

/* An answer for (unit, task, period) that holds. */
typedef struct {
    uint32_t unit, task, period;
    int64_t at_ms;
    int64_t until_ms; /* end of the promised day */
    int64_t over_ms;  /* when a report, a return or a moved deadline ended its episode; INT64_MAX: none has */
    int64_t due_ms;   /* its episode: due by then, behind this revision and this decision */
    uint64_t revision, decided_seq;
    bool open; /* the period was open, so that there was somebody to leave alone */
} promise_t;

/* An officer pressed for a report, or tried to. */
typedef struct {
    int64_t at_ms;
    text_t officer, unit, period;
} press_t;

/* One revision of a planned measure, merged with what stood before. */
typedef struct {
    text_t unit;
    planned_measure_t all;
    uint64_t revision, seq;
} sim_measure_t;

/* A request for more time that was taken. */
typedef struct {
    uint32_t unit, task, period, until;
    text_t why;
    uint64_t seq, decided_seq;
    request_state_t state;
} sim_request_t;
enum { SIM_MEASURES = 512, SIM_REQUESTS = 256 };

/* A report that its unit owed, and does not owe from here to there. */
typedef struct {
    uint32_t unit, task, period;
    int64_t from_ms, to_ms; /* INT64_MAX: it owes it no more */
} quiet_t;
enum { SIM_QUIETS = 4096 };

typedef struct {
    sim_t *sim;
    absence_t absences[SIM_ORDERS + LIMIT_OUTAGES];
    uint32_t absence_count;
    txn_t *ledger, *verdicts;
    uint64_t verdict_at, credit_at, measure_at, request_at; /* stream 2: looked at up to here */
    sim_measure_t measures[SIM_MEASURES]; /* every revision, in the order of the ledger */
    uint32_t measure_count;
    sim_request_t requests[SIM_REQUESTS];
    uint32_t request_count;
    saying_t sayings[SIM_SAYINGS];
    uint32_t saying_count;
    ruling_t decisions[SIM_DECISIONS];
    uint32_t decision_count;
    stand_t stands[SIM_UNITS][SIM_TASKS][SIM_PERIODS];
    bool spared[SIM_UNITS][SIM_TASKS][SIM_PERIODS]; /* it came into the plan when it was past */
    int64_t since_ms[SIM_UNITS][SIM_TASKS][SIM_PERIODS]; /* an amendment brought it, or moved it; 0: none did */
    quiet_t quiets[SIM_QUIETS]; /* in the order of the ledger */
    uint32_t quiet_count;
    bool amended; /* the plan at hand is not the first */
    int64_t *ticks; /* instants of the ledger's ticks, and of what else makes time pass */
    uint64_t tick_count;
    int64_t *gone; /* of the gateway: the entry that says it is away, the one that says it is back, in turn */
    uint64_t gone_count;
    promise_t *promises; /* in the order of the ledger */
    uint64_t promise_count;
    press_t *presses;
    uint64_t press_count;
    int64_t passed_ms; /* the last instant at which time was looked at */
    int64_t now_ms;    /* of the last entry */
    int64_t claims_ms; /* the last entry that may have changed who claims what */
    int64_t closed_ms, sealed_ms; /* 0: not closed, not sealed */
} recount_t;

bool sim_is_there(const plan_t *plan, uint32_t unit, uint32_t day); /* valid, as an officer bounded it */
/* Does the unit owe this report, by the rules as they are written down? (sim_judge.c) */
bool sim_owes(const plan_t *plan, uint32_t unit, uint32_t task, uint32_t period);
/* Is it in the books? Nobody owes what was past when it came into the plan; what was reported stays, whoever is gone. */
bool sim_is_owed(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period);
/* It is owed again, or somebody was given time for it, or reports it all the same: it is spoken of from here on. */
void sim_quiet_end(recount_t *count, uint32_t unit, uint32_t task, uint32_t period, int64_t at_ms);
void sim_plan_count(recount_t *count, const event_t *event);
/* Is this report valid, by what stood before it? Fills the amounts of its figures. (sim_judge.c) */
bool sim_judge(const recount_t *count, uint32_t unit, const report_t *report, int64_t received_ms, stand_t *fresh);
/* What a valid report claims, in the place of what its revision before claimed; a decision; does a row count? (sim_claims.c) */
void sim_claims_of(recount_t *count, uint32_t unit, uint32_t task, uint32_t period, const stand_t *stand, uint64_t now_seq);
void sim_credit_count(recount_t *count, const event_t *event);
bool sim_counts(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period, uint32_t figure, uint32_t row);
/* Every key that several claim and nobody has decided on, with the unit whose claim counts. */
void sim_each_dispute(const recount_t *count, void (*look)(void *self, const claim_t *key, text_t holder), void *self);
void sim_recount_claims(const recount_t *count);   /* against validation's answer */
/* When it is due, all told; which entry moved that last; when it was looked at beside the passing of time. */
deadline_t sim_deadline(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period, uint64_t *seq, int64_t *looked_ms);
/* Holds what is told of later running totals against what an accepted report moved: `stands` of its unit and task, `changed` its
 * period, `before` what stood there; `back`: it came back by a return. (sim_restated.c) */
void sim_recount_restated(recount_t *count, uint64_t seq, const stand_t *stands, uint32_t changed, const stand_t *before,
                          bool back);
void sim_recount_figures(const recount_t *count);  /* against validation's answers (sim_restated.c) */
void sim_recount_targets(const recount_t *count);  /* against aggregation's answers (sim_targets.c) */
/* A target of persons, against aggregation's answers. (sim_persons.c) */
void sim_recount_persons(const recount_t *count, uint32_t task, const indicator_t *indicator, const target_changed_t *row);
/* A measure that was entered, held against stream 2; what stands of all, against validation's answers. (sim_measures.c) */
void sim_measure_count(recount_t *count, const event_t *event);
void sim_recount_measures(recount_t *count);
/* A request that was entered, likewise; does this one wait; it is answered by entry `seq`. (sim_requests.c) */
void sim_request_count(recount_t *count, const event_t *event);
bool sim_request_waits(recount_t *count, uint32_t unit, uint32_t task, uint32_t period, uint64_t seq);
void sim_request_answered(recount_t *count, uint32_t unit, uint32_t task, uint32_t period, bool granted, uint64_t seq);
void sim_recount_requests(recount_t *count);
void sim_recount_warnings(const recount_t *count); /* against stream 4 (sim_warnings.c) */
void sim_recount_episodes(sim_t *sim); /* its episodes of reports against the ledger (sim_episodes.c) */
/* Asks a stage as a stranger would; in the middle of a world, where it may know no plan yet: false. */
bool sim_ask_early(sim_t *sim, const char *stage, const message_t *ask, const void *question, const message_t *answer, void *value);
void sim_ask(sim_t *sim, const char *stage, const message_t *ask, const void *question, const message_t *answer, void *value);

#endif
