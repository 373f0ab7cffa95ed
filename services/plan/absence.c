/* Absences of ours: kept as a bit a unit, applied one after the other. */
#include "services/plan/absence.h"

/* An absence may name thousands, and is looked at for every obligation: a bit each. */
static const uint64_t *bits_of(const planbook_t *book, const outage_counted_t *outage, arena_t *arena) {
    uint32_t words = planbook_plan(book)->units_count / 64 + 1;
    uint64_t *bits = ARENA_NEW(arena, uint64_t, words);
    for (uint32_t word = 0; outage->units_count == 0 && word < words; word++) bits[word] = UINT64_MAX;
    for (uint32_t index = 0; index < outage->units_count; index++) {
        const unit_t *unit = planbook_unit(book, outage->units[index]);
        uint32_t at = unit == NULL ? 0 : planbook_unit_index(book, unit);
        if (unit != NULL) bits[at / 64] |= (uint64_t)1 << at % 64;
    }
    return bits;
}

void absences_add(absences_t *self, const planbook_t *book, uint64_t seq, const outage_counted_t *outage, arena_t *arena) {
    if (self->count == LIMIT_OUTAGES) return;
    if (self->all == NULL) self->all = ARENA_NEW(arena, absence_t, LIMIT_OUTAGES);
    self->all[self->count++] = (absence_t){.seq = seq,
                                           .from_ms = (int64_t)outage->from_ms,
                                           .to_ms = (int64_t)outage->to_ms,
                                           .units = bits_of(book, outage, arena)};
}

deadline_t deadline_in_force(const planbook_t *book, deadline_t deadline, text_t unit, uint64_t extended_ms, uint64_t extended_seq,
                             const absences_t *absences, uint64_t *seq) {
    const plan_t *plan = planbook_plan(book);
    *seq = 0;
    if ((int64_t)extended_ms > deadline.due_ms) { /* an amendment may give more than an extension did */
        deadline.due_ms = (int64_t)extended_ms;
        deadline.day = day_of_instant(plan, deadline.due_ms);
        *seq = extended_seq;
    }
    if (absences->count == 0) return deadline;
    const unit_t *whose = planbook_unit(book, unit);
    uint32_t at = whose == NULL ? 0 : planbook_unit_index(book, whose);
    for (uint32_t index = 0; whose != NULL && index < absences->count; index++) {
        const absence_t *absence = &absences->all[index];
        if ((absence->units[at / 64] >> at % 64 & 1) == 0) continue;
        int64_t before_ms = deadline.due_ms;
        deadline = deadline_after_outage(plan, deadline, absence->from_ms, absence->to_ms);
        if (deadline.due_ms != before_ms) *seq = absence->seq;
    }
    return deadline;
}
