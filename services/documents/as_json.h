/* Papers, tables and scores as JSON: for the console's pages, and for programs. Pure. */
#ifndef DOCUMENTS_AS_JSON_H
#define DOCUMENTS_AS_JSON_H

#include "proto/json.h"
#include "services/documents/grid.h"
#include "services/documents/score.h"

/* {title, blocks: [{kind, text} | {kind: "table", heads, right, centre, rows: [{strong, cells}]}]}: kinds as in paper.h, in
 * lower case. */
json_t *paper_json(const paper_t *paper);
/* {title, note, columns: [{head, number}], rows: [{head: cell}]} */
json_t *grid_json(const grid_t *grid);
json_t *grid_row_json(const grid_t *grid, const grid_row_t *row);
/* {unit, name, lines: [{rule, name, basis, applies, part, whole, hundredths, sum, why}], gained, possible, lost, total}:
 * hundredths */
json_t *score_json(const score_t *score, const edition_t *edition, arena_t *arena);

#endif
