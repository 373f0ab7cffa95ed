/* What stages answer to queries, all pages joined; and how one row of it reads. For the verbs and the rehearsal. */
#ifndef MINNING_ROWS_H
#define MINNING_ROWS_H

#include "services/minning/ask.h"

/* 0, or an exit after telling. Lists live in the arena. `ask->after` is overwritten. */
int rows_obligations(cli_t *cli, obligations_ask_t *ask, obligations_t *answer);
int rows_targets(cli_t *cli, targets_ask_t *ask, targets_t *answer);
int rows_warnings(cli_t *cli, warnings_ask_t *ask, warnings_t *answer);
int rows_figures(cli_t *cli, figures_ask_t *ask, figures_t *answer);

/* ● green, ▲ yellow, ■ red, ○ grey: a lamp is never told by its colour alone. */
const char *lamp_shape(lamp_t lamp);
const char *lamp_colour(lamp_t lamp);
/* Done in percent of the goal, in tenths, cut off (never shown as more than there is); -1 without a goal. */
int64_t rate_tenths(uint64_t done, uint64_t goal);
/* The table of targets, printed. */
void rows_print_targets(cli_t *cli, const targets_t *targets, FILE *out);

/* By when it is due, and which entry says so where it is not the plan's own rule: an extension, an absence of ours, a return. */
text_t rows_due(cli_t *cli, const obligation_changed_t *row);
/* In time, or late by how many days. */
text_t rows_lateness(cli_t *cli, const obligation_changed_t *row);
/* What is missing, by its names. */
text_t rows_missing(cli_t *cli, const obligation_changed_t *row);

#endif
