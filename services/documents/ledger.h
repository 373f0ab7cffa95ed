/* The ledger 台账: one line a measure, with plan, result, rate, pace, units, deadline, evidence, state. Pure. */
#ifndef DOCUMENTS_LEDGER_H
#define DOCUMENTS_LEDGER_H

#include "services/documents/documents.h"
#include "services/documents/grid.h"

grid_t ledger_grid(const edition_t *edition, arena_t *arena);

#endif
