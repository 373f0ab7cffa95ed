/* A second opinion on every total: the ledger folded by separate, simple code, without a line of services/3-aggregation. */
#ifndef MINNING_VERIFY_H
#define MINNING_VERIFY_H

#include "proto/wire.h"
#include "services/plan/plan.h"

/* One figure of the report that stands for (unit, task, period). Ordinals count from 0 in the order of the plan; member 0 is
 * none. */
typedef struct {
    uint32_t indicator, member;
    bool given; /* a month's amount is known; persons have none */
    int64_t month, opening;
    bool opened;
    bool counted, covered; /* it says something; evidence is named */
    bool people;       /* rows are persons in post */
    int64_t contested; /* of the month: others' claims of the same keys count (verify_settle) */
    uint32_t part_count, person_count, claim_count;
    struct verify_part {
        uint32_t day;
        int64_t amount;
        uint32_t item; /* 1 + the row it comes from; 0: none */
        bool contested;
    } * parts; /* by day of the fact */
    struct verify_person {
        uint8_t hash[32];
        uint32_t in_day, out_day;
        uint64_t since_seq; /* the report that first said so */
        uint32_t item;
        bool contested;
    } * persons;
    struct verify_claim {
        key_kind_t kind;
        uint32_t size, item; /* bytes of the key; the row, from 0 */
        uint8_t key[LIMIT_KEY_TEXT];
        uint64_t since_seq;
    } * claims; /* rows whose key counts once */
} verify_figure_t;

typedef struct verify_report {
    uint32_t unit, task, period;
    uint64_t cause_seq, revision; /* of what counts; the newest valid one */
    uint64_t own_revision;        /* of what counts; 0: nothing does */
    decision_t decision;          /* on the newest */
    uint64_t decided_seq, again_ms;
    struct verify_report *below;  /* counts again when this one is returned; NULL: nothing */
    int64_t first_valid_ms, received_ms;
    uint64_t days_late; /* of the first valid report, by the deadline as it stood then */
    verify_figure_t *figures;
    uint32_t figure_count;
} verify_report_t;

typedef struct verify verify_t;
verify_t *verify_new(void);
void verify_destroy(verify_t **self);
/* One entry of stream 1, in order. `accepted`: what stream 2 says of it. NULL, or what is wrong with it. */
const char *verify_entry(verify_t *self, const event_t *entry, bool accepted, arena_t *arena);

/* --- what follows from the entries so far --- */
const planbook_t *verify_book(const verify_t *self); /* NULL: no plan yet */
int64_t verify_now_ms(const verify_t *self);
uint32_t verify_plans(const verify_t *self); /* how many were adopted: the book is void when one more is */
/* The report that stands, or NULL. */
const verify_report_t *verify_standing(const verify_t *self, uint32_t unit, uint32_t task, uint32_t period);
/* Walks what stands: *at begins at 0. NULL: no more. */
const verify_report_t *verify_next(const verify_t *self, uint32_t *at);

/* Works out which claims count, before anything below is asked; done once for what was folded so far. */
void verify_settle(verify_t *self);
/* The total of (indicator, member); member empty: of the indicator. Openings included; of persons those in place. */
int64_t verify_total(const verify_t *self, const indicator_t *indicator, text_t member);

/* How many figures stand behind an indicator, nil ones left out, and with how many of them evidence came. */
typedef struct {
    uint64_t figures, covered;
} verify_coverage_t;
verify_coverage_t verify_coverage(const verify_t *self, const indicator_t *indicator);

typedef struct {
    reach_t reach;
    tenure_t tenure;
    uint64_t done, goal, opening;
    uint32_t reached_day;
} verify_target_t;
/* *judged false for shapes that this does not rebuild, or that have no goal. */
verify_target_t verify_target(const verify_t *self, const task_t *task, const indicator_t *indicator, bool *judged);

typedef struct {
    standing_t standing;
    timeliness_t timeliness;
    uint64_t first_valid_ms, days_late, revision, due_ms, due_seq, decided_seq, again_ms;
} verify_obligation_t;
/* Does it stand among what is owed? */
bool verify_owes(const verify_t *self, uint32_t unit, uint32_t task, uint32_t period);
verify_obligation_t verify_obligation(const verify_t *self, uint32_t unit, uint32_t task, uint32_t period);

/* Ordinals. UINT32_MAX: the plan has none. */
uint32_t verify_task(const verify_t *self, text_t id);
uint32_t verify_indicator(const task_t *task, text_t id);
uint32_t verify_member(const indicator_t *indicator, text_t id); /* 0: none; n: the nth */

#endif
