/* Where a planned measure is in time. */
#include "services/plan/measure.h"

static measure_phase_t phase_planned(const plan_t *plan, const measure_row_t *row, uint32_t today, int64_t *days) {
    uint64_t near = plan->measure_days == 0 ? 14 : plan->measure_days;
    *days = day_between(today, row->measure.due);
    if (*days < 0) return measure_phase_overdue;
    return (uint64_t)*days <= near ? measure_phase_near : measure_phase_running;
}

measure_phase_t measure_phase_at(const plan_t *plan, const measure_row_t *row, int64_t now_ms, uint64_t *days) {
    const planned_measure_t *measure = &row->measure;
    int64_t apart = 0;
    measure_phase_t phase = measure_phase_withdrawn;
    if (measure->state == measure_state_planned) phase = phase_planned(plan, row, day_of_instant(plan, now_ms), &apart);
    if (measure->state == measure_state_done) {
        bool late = measure->done_day > measure->due;
        if (late) apart = day_between(measure->due, measure->done_day);
        phase = late ? measure_phase_late : measure_phase_in_time;
    }
    *days = (uint64_t)(apart < 0 ? -apart : apart);
    return phase;
}
