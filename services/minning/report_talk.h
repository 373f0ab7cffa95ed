/* A unit's conversation with the gateway as the verbs of `report` hold it, one report or a file of them. */
#ifndef MINNING_REPORT_TALK_H
#define MINNING_REPORT_TALK_H

#include "services/minning/cli.h"
#include "services/unit/unit.h"

/* One conversation: who speaks, where to, for how long. */
typedef struct {
    cli_t *cli;
    unit_link_t *link;
    int64_t timeout_ms;
    report_t report;
    uint8_t secret[32]; /* a hash of the unit's secret key: keys the submission ids of a file */
} talk_t;

/* Loads the keys that the options name and connects. 0, or an exit; unit_close(&talk->link) in any case. */
int talk_open(cli_t *cli, talk_t *talk);
/* The plan of --plan, or of the home. NULL: there is none, or *exit_code tells. */
const planbook_t *talk_plan(cli_t *cli, int *exit_code);

struct evidence_files;
/* A report as a file holds it, with a fresh submission id where it names none; `files` gets the evidence files that it, or the
 * option, names by their path (NULL: none may be). 0, or an exit after telling. */
int talk_read(cli_t *cli, text_t text, struct evidence_files *files, report_t *report);
/* Sends talk->report and tells what came of it; `old`: its receipt of an earlier epoch, or all zero. An exit. */
int talk_send(cli_t *cli, talk_t *talk, const receipt_t *old);
int talk_tell(cli_t *cli, const receipt_t *receipt, const verdict_t *verdict);

/* FILE.csv, a file of many reports: bulk_send.c. `check`: nothing is sent. */
bool bulk_is_table(const char *file);
int bulk_verb(cli_t *cli, bool check);

#endif
