/* What the document verbs share: editions gathered from this home's services, and bytes put where the caller wants them. */
#ifndef MINNING_COLLECT_H
#define MINNING_COLLECT_H

#include "services/documents/gather.h"
#include "services/minning/ask.h"

/* How this home is asked; `exit_code` holds what was told when an answer failed. */
typedef struct {
    cli_t *cli;
    gather_t gather;
    int exit_code;
} collect_t;

/* Enters the home and reads its plan. 0, or an exit after telling. `self` must not move afterwards. */
int collect_begin(collect_t *self, cli_t *cli);
/* The exit for what a gather_… function returned, told unless it was told already. */
int collect_failed(collect_t *self, err_t err);
/* The edition of `period` (empty: the whole year). 0, or an exit after telling. */
int collect_edition(collect_t *self, document_kind_t kind, text_t period, edition_t *edition);

/* To the file of --output, or to standard output; what is not text does not go to a terminal. 0, or an exit after telling. */
int collect_write(cli_t *cli, const buffer_t *bytes, bool binary);

#endif
