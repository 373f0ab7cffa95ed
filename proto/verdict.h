/* The verdict of a report as the doors tell it, from the event of stream 2 that states it. */
#ifndef PROTO_VERDICT_H
#define PROTO_VERDICT_H

#include "proto/wire.h"

/* Is an event of this kind the answer to what a unit sent, through its own door? */
bool kind_judges_a_unit(uint32_t kind);
/* Reasons without their sentences. `previous` (may be NULL): the entry of the submission before it for the same obligation, 0 none.
 * false: the event states no verdict of a report. */
bool verdict_of_event(const event_t *event, arena_t *arena, verdict_t *verdict, uint64_t *previous);

/* What a report's verdict says beside what all of `shared` say, under its question's number; its reasons are the verdict's. */
verdict_row_t row_of_verdict(const verdicts_t *shared, const verdict_t *verdict, uint64_t request_id);
/* And back, all of it: unit, task, period and submission are empty, for who asked knows them by the number. */
void verdict_put(const verdicts_t *shared, const verdict_row_t *row, verdict_t *verdict);

/* What a verdict or a return says of later running totals. */
typedef struct {
    text_t unit, task, period; /* the month that was reported, corrected or returned */
    const restated_total_t *rows;
    uint32_t rows_count; /* 0: it moved none */
} restated_told_t;
/* false: the event is neither of the two. */
bool restated_of_event(const event_t *event, arena_t *arena, restated_told_t *told);
/* Entry of the revision that counted until this one was accepted; 0: none did. */
uint64_t accepted_below(const report_accepted_t *accepted);

#endif
