/* Running totals around a report: the month that was skipped, later totals that it moves, and what its figures come to. */
#include "services/2-validation/validation_state.h"

/* Does a valid report stand for this period? The months at hand say so; only where they do not, the store is asked. */
static bool is_reported(turn_t *turn, const validation_case_t *given, const period_t *period) {
    for (uint32_t index = 0; index < given->report->figures_count; index++)
        for (uint32_t month = given->histories[index].months_count; month-- > 0;)
            if (given->histories[index].months[month].period_from == period->from) return true;
    store_key_t key = key_standing(given->unit, given->report->task, period->id);
    validation_standing_t standing;
    return turn_get(turn, VALIDATION_STANDING, &key, &standing) && standing.revision > 0;
}

text_t period_skipped(turn_t *turn, const validation_case_t *given) {
    const validation_place_t *place = &given->place;
    if (place->unit == NULL || place->task == NULL || place->period == NULL) return text_of(NULL);
    uint32_t index = planbook_period_index(place->book, place->period);
    if (index < 2) return text_of(NULL);
    const period_t *before = &place->plan->periods[index - 1];
    if (is_reported(turn, given, before)) return text_of(NULL);
    if (!planbook_owes(place->book, place->unit, place->task, before)) return text_of(NULL);
    for (uint32_t earlier = index - 1; earlier-- > 0;)
        if (is_reported(turn, given, &place->plan->periods[earlier])) return before->id;
    return text_of(NULL);
}

void restated_add(turn_t *turn, restated_t *restated, const restated_case_t *given) {
    const validation_history_t *fresh = given->fresh;
    bool later = fresh->months_count > 0 && fresh->months[fresh->months_count - 1].period_from > given->period_from;
    if (!later && !given->back) return;
    if (restated->rows == NULL) restated->rows = arena_room(turn_arena(turn), sizeof *restated->rows * LIMIT_RESTATED);
    restated->count += validation_restated(given, turn_arena(turn), restated->rows + restated->count,
                                           LIMIT_RESTATED - restated->count);
}

/* Does one of the first `count` figures name it? Then its months were looked at. */
static bool is_earlier(const report_t *report, uint32_t count, text_t indicator) {
    for (uint32_t index = 0; index < count; index++)
        if (text_equal(report->figures[index].indicator, indicator)) return true;
    return false;
}

const figure_standing_t *figures_after(turn_t *turn, const validation_case_t *given, const validation_ruling_t *ruling,
                                       uint32_t *count) {
    const report_t *report = given->report;
    uint32_t period_from = given->place.period->from;
    figure_standing_t *rows = ARENA_NEW(turn_arena(turn), figure_standing_t, LIMIT_FIGURES);
    for (uint32_t index = 0; index < report->figures_count; index++) {
        text_t indicator = report->figures[index].indicator;
        if (is_earlier(report, index, indicator)) continue;
        validation_history_t fresh =
            validation_history_replace(&given->histories[index], indicator, period_from, ruling->figures, report->figures,
                                       ruling->figures_count, turn_arena(turn));
        *count += validation_standings(&fresh, indicator, period_from, rows + *count, LIMIT_FIGURES - *count);
    }
    return rows;
}

const figure_standing_t *figures_standing(turn_t *turn, const standing_ask_t *ask, uint32_t *count) {
    const planbook_t *book = plan_book(turn);
    const task_t *task = book == NULL ? NULL : planbook_task(book, ask->task);
    const period_t *period = book == NULL ? NULL : planbook_period(book, ask->period);
    figure_standing_t *rows = ARENA_NEW(turn_arena(turn), figure_standing_t, LIMIT_FIGURES);
    for (uint32_t index = 0; task != NULL && period != NULL && index < task->indicators_count; index++) {
        text_t indicator = task->indicators[index].id;
        store_key_t key = key_history(ask->unit, indicator);
        validation_history_t history;
        if (turn_get(turn, VALIDATION_HISTORY, &key, &history))
            *count += validation_standings(&history, indicator, period->from, rows + *count, LIMIT_FIGURES - *count);
    }
    return rows;
}
