/* A table of reports checked before anything is sent: what to ask of validation, one dry run after the other, and what came of
 * each report. Pure: whoever walks it asks, over whatever wire. */
#ifndef SHEET_BULK_CHECK_H
#define SHEET_BULK_CHECK_H

#include "services/sheet/bulk.h"

typedef enum {
    STATE_UNSENT,   /* nothing was tried */
    STATE_BLANK,    /* its rows are not filled in */
    STATE_FAULTY,   /* its cells cannot be read */
    STATE_CHECKED,  /* a dry run found nothing */
    STATE_STANDING, /* this very content stands already, under another id */
    STATE_ACCEPTED,
    STATE_REFUSED,
    STATE_SILENT, /* no verdict in time: run the same command again */
    STATES
} bulk_state_t;

typedef struct {
    const char *name, *zh, *en;
} state_text_t;
const state_text_t *bulk_state_text(bulk_state_t state);

typedef struct {
    bulk_state_t state;
    uint8_t submission_id[16];
    bool received;
    receipt_t receipt;
    uint64_t revision;
    fault_list_t faults;
    fault_list_t notes;               /* soft faults that passed with their explanation */
    const figure_standing_t *figures; /* of a dry run: month and running total, in full */
    uint32_t figures_count;
} bulk_outcome_t;

/* The only reason is that this content stands already. */
bool verdict_is_standing(const verdict_t *verdict);
/* A verdict, or a refusal of the door, as the outcome of one report. `taken`: what it is when it is accepted, CHECKED or
 * ACCEPTED. Everything must live in the arena. */
void outcome_take(const bulk_report_t *report, const verdict_t *verdict, bulk_state_t taken, arena_t *arena,
                  bulk_outcome_t *outcome);
void outcome_refuse(const bulk_report_t *report, const reason_t *reasons, uint32_t count, arena_t *arena,
                    bulk_outcome_t *outcome);

/* What the cells alone tell: FAULTY, BLANK, or UNSENT. One outcome a report. */
bulk_outcome_t *bulk_outcomes(const bulk_t *bulk, arena_t *arena);

typedef struct {
    const bulk_t *bulk;
    bulk_outcome_t *outcomes;
    const report_t *rehearsed; /* the reports as they will stand once those before them in the file are in */
    const bulk_faults_t *rehearsed_faults;
    arena_t *arena;
    uint32_t at;  /* which report is asked about */
    bool as_will; /* as it will stand, not as it stands */
} bulk_check_t;

/* The plan is looked at here for the last time. */
bulk_check_t bulk_check_begin(const bulk_t *bulk, bulk_outcome_t *outcomes, arena_t *arena);
/* The report whose dry run is to be asked for, without a submission id; the answer goes to one of the next two before the next
 * is asked for. NULL: all are checked. */
const report_t *bulk_check_next(bulk_check_t *self);
void bulk_check_take(bulk_check_t *self, const verdict_t *verdict);
void bulk_check_refuse(bulk_check_t *self, const reason_t *reasons, uint32_t count);
/* Nothing stands in the way of any report. */
bool bulk_check_is_well(const bulk_check_t *self);

/* 2-4,9: rows as a person would write them. */
text_t bulk_rows_text(const bulk_report_t *report, arena_t *arena);
/* The header of the column that a spot stands in; empty: none. */
text_t bulk_header(const bulk_t *bulk, spot_t spot);

#endif
