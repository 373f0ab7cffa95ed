/* Alerting: folds stream 3 into stream 4, and says who is warned of what, when, once an episode, and what is withdrawn. */
#ifndef ALERTING_ALERTING_H
#define ALERTING_ALERTING_H

#include "services/4-alerting/alerting_rules.h"
#include "services/stage/stage.h"

#define DEF_FILE "services/4-alerting/alerting.def"
#include "proto/declare.h"

/* The tables of data/alerting. Keys: PLAN and MODE none; SUBJECT see subject_key; AGENDA (next_ms, subject key);
 * TARGET (indicator); TOLD (seq in stream 4); TOLD_TO (unit, seq); PLAN_PARTS (hash, index); ROUND (recipient);
 * SILENCES (id). */
enum {
    ALERTING_PLAN, ALERTING_MODE, ALERTING_SUBJECT, ALERTING_AGENDA, ALERTING_TARGET, ALERTING_TOLD, ALERTING_TOLD_TO,
    ALERTING_PLAN_PARTS, ALERTING_ROUND, ALERTING_SILENCES,
    ALERTING_TABLES
};

/* What rung_choose was asked last, and what it said: a period that opens, a deadline that passes asks the same for everybody. */
typedef struct {
    const ladder_t *ladder; /* NULL: nothing yet */
    int64_t due_ms, now_ms;
    past_t past;
    rung_choice_t choice;
} alerting_choice_t;

/* What is kept in memory, derived from PLAN and MODE. */
typedef struct {
    planbook_t *book;
    bool rehearsal;
    bool closed;
    bool sealed;
    uint64_t away; /* doors, a bit each */
    arena_t *arena; /* of the silences */
    const silence_row_t *silences; /* in force when they were loaded */
    uint32_t silence_count;
    alerting_choice_t last;
} alerting_memory_t;

const role_t *alerting_role(void);

#endif
