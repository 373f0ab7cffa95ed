/* Sheets: what stands of a unit for a task, and the months behind its running totals. In memory as values between two commits, so
 * that a row that many reports touch is read and written once; whoever asks reads the row of his snapshot. */
#ifndef VALIDATION_SHEET_H
#define VALIDATION_SHEET_H

#include "services/2-validation/validation_rules.h"
#include "services/stage/stage.h"

typedef struct sheet sheet_t;

/* Those at hand; of the fold alone. */
typedef struct {
    arena_t *arena; /* all of them live in it */
    arena_t *scratch; /* for one row */
    sheet_t **places; /* task by task each unit's, as the plan has them; NULL: not at hand */
    size_t places_count;
    uint64_t *changed; /* a bit for each place, set since they were settled */
    uint32_t changed_count;
    sheet_t *newest; /* the one that was looked for last, or NULL */
    size_t bytes;
    bool strays; /* there is a stray, perhaps */
} sheets_t;

void sheets_begin(turn_t *turn, sheets_t *self, const plan_t *plan);
void sheets_destroy(sheets_t *self);
void sheets_settle(turn_t *turn, sheets_t *self); /* they become rows */
void sheets_trim(turn_t *turn, sheets_t *self);   /* between two events: where many are at hand, none are afterwards */

/* The sheet of the place. NULL: the plan lacks its unit or its task. Views of it hold until it is changed, or trimmed. */
sheet_t *sheet_of(turn_t *turn, const validation_place_t *place);
/* What stands there for one period; all zero: nothing. */
validation_standing_t sheet_standing(const sheet_t *self, const period_t *period);
uint64_t sheet_revision(const sheet_t *self, const period_t *period);
/* The months of a figure; none: of an indicator that it does not know, too. */
validation_history_t sheet_history(const sheet_t *self, text_t indicator);
/* `fresh` are those of one period from now on, in the place of `old`. `history`: what sheet_history gave; then what it is now. */
void sheet_months_put(turn_t *turn, sheet_t *self, validation_history_t *history, text_t indicator, const months_t *old,
                      const months_t *fresh);

/* What stands for (unit, task, period), be they in the plan or not; all zero: nothing. */
validation_standing_t standing_get(turn_t *turn, text_t unit, text_t task, text_t period);
void standing_put(turn_t *turn, text_t unit, text_t task, text_t period, const validation_standing_t *standing);
/* The same where they were looked up: `sheet` is the place's, NULL where the plan lacks unit or task. */
void standing_of(turn_t *turn, const sheet_t *sheet, const validation_place_t *place, text_t unit, text_t task, text_t period,
                 validation_standing_t *standing);
void standing_keep(turn_t *turn, sheet_t *sheet, const validation_place_t *place, text_t unit, text_t task, text_t period,
                   validation_standing_t *standing); /* its period_from is set */

#endif
