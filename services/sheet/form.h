/* The table to fill in: what a unit still owes in a period, a row a figure, with what it said last. Pure. */
#ifndef SHEET_FORM_H
#define SHEET_FORM_H

#include "services/sheet/bulk.h"

/* The figures of one indicator, as aggregation tells them; rows of other units may stand among them. */
typedef struct {
    text_t indicator;
    const proof_row_t *rows;
    uint32_t count;
} form_figures_t;

typedef struct {
    const planbook_t *book;
    const unit_t *unit;
    const period_t *period;
    const obligation_changed_t *owed; /* of this unit and period */
    uint32_t owed_count;
    bool all; /* with what is reported already, to correct it */
    const form_figures_t *figures;
    uint32_t figures_count;
    bool zh;
    arena_t *arena;
} form_t;

/* The newest period that has begun; before that the first. */
const period_t *form_period(const planbook_t *book, int64_t now_ms);
/* The indicators that the table will have rows of: whoever makes a form asks for their figures. Returns how many; at most
 * `room` are written. */
uint32_t form_indicators(const form_t *self, const indicator_t **list, uint32_t room);
/* Header and rows, as `bulk_of` reads them. Only columns that the unit needs; amounts twice where it reports money and counts.
 */
csv_t form_table(const form_t *self);

#endif
