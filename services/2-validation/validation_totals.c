/* Running totals around a report: the month that was skipped, later totals that it moves, and what its figures come to. */
#include "services/2-validation/validation_state.h"

/* Does a valid report stand for this period? */
static bool is_reported(const sheet_t *sheet, const period_t *period) { return sheet_revision(sheet, period) > 0; }

text_t period_skipped(const validation_place_t *place, const sheet_t *sheet) {
    if (sheet == NULL || place->period == NULL) return text_of(NULL);
    uint32_t index = planbook_period_index(place->book, place->period);
    if (index < 2) return text_of(NULL);
    const period_t *before = &place->plan->periods[index - 1];
    if (is_reported(sheet, before)) return text_of(NULL);
    if (!planbook_owes(place->book, place->unit, place->task, before)) return text_of(NULL);
    for (uint32_t earlier = index - 1; earlier-- > 0;)
        if (is_reported(sheet, &place->plan->periods[earlier])) return before->id;
    return text_of(NULL);
}

/* Adds the figures whose later running totals differ between two states of a history. */
static void restated_add(turn_t *turn, restated_t *restated, const restated_case_t *given) {
    bool later = given->own.begin + given->own.count < given->fresh->months_count;
    if (!later && !given->back) return;
    if (restated->rows == NULL) restated->rows = arena_room(turn_arena(turn), sizeof *restated->rows * LIMIT_RESTATED);
    restated->count += validation_restated(given, turn_arena(turn), restated->rows + restated->count,
                                           LIMIT_RESTATED - restated->count);
}

/* A copy: their place will hold others. */
static months_t months_copied(turn_t *turn, months_t months) {
    month_t *copies = arena_room(turn_arena(turn), sizeof *copies * months.count);
    for (uint32_t index = 0; index < months.count; index++) copies[index] = months.at[index];
    months.at = copies;
    return months;
}

void history_exchange(turn_t *turn, sheet_t *sheet, const stated_t *stated, text_t indicator, restated_t *restated) {
    uint32_t period_from = stated->place->period->from;
    validation_history_t history = sheet_history(sheet, indicator);
    restated_case_t moved = {.fresh = &history, .indicator = indicator, .plan = stated->place->plan, .back = stated->back};
    moved.old = months_copied(turn, validation_months(&history, period_from));
    moved.own = validation_months_said(&moved.old, indicator, period_from, stated->figures, stated->said, stated->count,
                                       turn_arena(turn));
    if (moved.own.count == 0 && history.months_count == 0) return; /* it has no months, and gets none */
    sheet_months_put(turn, sheet, &history, indicator, &moved.old, &moved.own);
    restated_add(turn, restated, &moved);
}

const figure_standing_t *figures_after(turn_t *turn, const validation_case_t *given, const validation_ruling_t *ruling,
                                       uint32_t *count) {
    const report_t *report = given->report;
    uint32_t period_from = given->place.period->from;
    figure_standing_t *rows = ARENA_NEW(turn_arena(turn), figure_standing_t, LIMIT_FIGURES);
    for (uint32_t index = 0; index < report->figures_count; index++) {
        text_t indicator = report->figures[index].indicator;
        if (figures_name(report, index, indicator)) continue; /* its months were looked at */
        validation_history_t fresh =
            validation_history_replace(&given->histories[index], indicator, period_from, ruling->figures, report->figures,
                                       ruling->figures_count, turn_arena(turn));
        *count += validation_standings(&fresh, indicator, period_from, rows + *count, LIMIT_FIGURES - *count);
    }
    return rows;
}

const figure_standing_t *figures_standing(turn_t *turn, const standing_ask_t *ask, uint32_t *count) {
    validation_place_t place = place_meant(turn, ask->unit, ask->task, ask->period);
    const sheet_t *sheet = place.period == NULL ? NULL : sheet_of(turn, &place);
    figure_standing_t *rows = ARENA_NEW(turn_arena(turn), figure_standing_t, LIMIT_FIGURES);
    for (uint32_t index = 0; sheet != NULL && index < place.task->indicators_count; index++) {
        text_t indicator = place.task->indicators[index].id;
        validation_history_t history = sheet_history(sheet, indicator);
        *count += validation_standings(&history, indicator, place.period->from, rows + *count, LIMIT_FIGURES - *count);
    }
    return rows;
}
