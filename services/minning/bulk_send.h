/* What became of the reports of a file, told to people and to programs. */
#ifndef MINNING_BULK_SEND_H
#define MINNING_BULK_SEND_H

#include "services/minning/bulk.h"
#include "services/minning/report_talk.h"

typedef enum {
    STATE_UNSENT,   /* nothing was tried */
    STATE_BLANK,    /* its rows are not filled in */
    STATE_FAULTY,   /* its cells cannot be read */
    STATE_CHECKED,  /* a dry run found nothing */
    STATE_STANDING, /* this very content stands already, under another id */
    STATE_ACCEPTED,
    STATE_REFUSED,
    STATE_SILENT /* no verdict in time: run the same command again */
} bulk_state_t;

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

/* The summary: a table and every fault by its cell; with --json one object a report and one summary. */
void bulk_tell(cli_t *cli, const bulk_t *bulk, const bulk_outcome_t *outcomes, bool check);
/* Faults of the file as a whole. Returns EX_DATAERR. */
int bulk_tell_file(cli_t *cli, const bulk_t *bulk);

#endif
