/* Absences of ours, and what they do to a report's deadline: the one rule by which every stage says when a report is due. Pure. */
#ifndef PLAN_ABSENCE_H
#define PLAN_ABSENCE_H

#include "services/plan/calendar.h"
#include "services/plan/plan.h"

/* One that was declared by ledger entry `seq`: from when to when; a bit a unit: was it its door? */
typedef struct {
    uint64_t seq;
    int64_t from_ms, to_ms;
    const uint64_t *units;
} absence_t;

/* In the order of the ledger, at most LIMIT_OUTAGES. */
typedef struct {
    absence_t *all; /* NULL until the first is added */
    uint32_t count;
} absences_t;

/* Notes one more, in memory of the arena; units: none means everybody's. Past LIMIT_OUTAGES nothing happens: intake takes none. */
void absences_add(absences_t *self, const planbook_t *book, uint64_t seq, const outage_counted_t *outage, arena_t *arena);

/* When this unit's report is due, all told: by the plan (`deadline`: its resolved day) or by the extension in force, where that is
 * later (extended_ms, 0: none; extended_seq), and then by what absences took of its last day. *seq: the entry that moved it last;
 * 0: the plan's own rule. */
deadline_t deadline_in_force(const planbook_t *book, deadline_t deadline, text_t unit, uint64_t extended_ms, uint64_t extended_seq,
                             const absences_t *absences, uint64_t *seq);

#endif
