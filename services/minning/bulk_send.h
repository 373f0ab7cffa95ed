/* What became of the reports of a file, told to people and to programs. */
#ifndef MINNING_BULK_SEND_H
#define MINNING_BULK_SEND_H

#include "services/minning/report_talk.h"
#include "services/sheet/bulk_check.h"

/* The summary: a table and every fault by its cell; with --json one object a report and one summary. */
void bulk_tell(cli_t *cli, const bulk_t *bulk, const bulk_outcome_t *outcomes, bool check);
/* Faults of the file as a whole. Returns EX_DATAERR. */
int bulk_tell_file(cli_t *cli, const bulk_t *bulk);

#endif
