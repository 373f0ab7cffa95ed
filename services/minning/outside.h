/* What the verbs about the outside share. */
#ifndef MINNING_OUTSIDE_H
#define MINNING_OUTSIDE_H

#include "services/minning/cli.h"

enum { OUTSIDE_TEST_MS = 60000 };

/* All contacts and routes, without secrets. 0, or an exit after telling. */
int outside_directory(cli_t *cli, directory_t *all);

#endif
