/* What the files of validation share while they look into its store: keys, and the running totals around a report. */
#ifndef VALIDATION_STATE_H
#define VALIDATION_STATE_H

#include "services/2-validation/validation.h"
#include "services/2-validation/validation_rules.h"

/* The period first: a month's reports then fall together, however many years and units there are. */
static inline store_key_t key_standing(text_t unit, text_t task, text_t period) {
    store_key_t key = key_new();
    key_add_text(&key, period);
    key_add_text(&key, task);
    key_add_text(&key, unit);
    return key;
}

static inline store_key_t key_history(text_t unit, text_t indicator) {
    store_key_t key = key_new();
    key_add_text(&key, indicator);
    key_add_text(&key, unit);
    return key;
}

/* Running totals of later months that a report moved. */
typedef struct {
    restated_total_t *rows;
    uint32_t count;
} restated_t;

/* Adds those that differ between two states of a history, where the period that begins on `period_from` was reported. */
void restated_add(turn_t *turn, restated_t *restated, const validation_history_t *old, const validation_history_t *fresh,
                  text_t indicator, uint32_t period_from);
/* Emits totals_restated, if there is anything to tell. */
void restated_tell(turn_t *turn, const validation_case_t *given, const validation_ruling_t *ruling, const restated_t *restated);

/* The period before, if it is owed and not reported although an earlier one is: a month was skipped. Who has not reported at all
 * yet skips nothing: it is late, or came to owe the task in mid-year. */
text_t period_skipped(turn_t *turn, const validation_case_t *given);

/* What the figures of a report that passes would come to: who typed the month sees the running total, and the reverse. */
const figure_standing_t *figures_after(turn_t *turn, const validation_case_t *given, const validation_ruling_t *ruling,
                                       uint32_t *count);
/* What the figures that stand for (unit, task, period) come to. */
const figure_standing_t *figures_standing(turn_t *turn, const standing_ask_t *ask, uint32_t *count);

#endif
