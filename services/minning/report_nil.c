/* What report_nil.h promises. */
#include "services/minning/report_nil.h"

static void figure_nil(figure_t *figures, uint32_t *count, text_t indicator, text_t member) {
    if (*count < LIMIT_FIGURES) figures[(*count)++] = (figure_t){.indicator = indicator, .member = member, .nil = true};
}

/* The indicator, or each member of it that is the unit's to report. */
static void indicator_nil(const indicator_t *indicator, text_t unit, figure_t *figures, uint32_t *count) {
    if (indicator->members_count == 0 && indicator_contributed_by(indicator, text_of(NULL), unit))
        figure_nil(figures, count, indicator->id, text_of(NULL));
    for (uint32_t index = 0; index < indicator->members_count; index++)
        if (indicator_contributed_by(indicator, indicator->members[index].id, unit))
            figure_nil(figures, count, indicator->id, indicator->members[index].id);
}

const char *report_nil(const planbook_t *book, text_t unit_id, text_t task_id, text_t period_id, arena_t *arena, report_t *report) {
    const unit_t *unit = planbook_unit(book, unit_id);
    const task_t *task = planbook_task(book, task_id);
    const period_t *period = planbook_period(book, period_id);
    if (unit == NULL || task == NULL || period == NULL) return "no such unit, task or period in the plan";
    figure_t *figures = ARENA_NEW(arena, figure_t, LIMIT_FIGURES);
    *report = (report_t){.task = task->id, .period = period->id, .figures = figures, .progress = text_of("无变化")};
    for (uint32_t index = 0; index < task->indicators_count; index++) {
        const indicator_t *indicator = &task->indicators[index];
        if (!period->confirmation || indicator->target.shape == shape_lasting)
            indicator_nil(indicator, unit->id, figures, &report->figures_count);
    }
    return NULL;
}
