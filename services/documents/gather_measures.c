/* Planned measures for the ledger: validation's desk is ahead of the edition's entry, so what came since is left out. */
#include "services/documents/gather_inner.h"
#include "services/plan/measure.h"

/* The revision that stood as of the edition's entry. false: it was not entered yet. */
static bool as_it_stood(gathering_t *self, measure_row_t *row, err_t *err) {
    const gather_t *from = self->from;
    measure_history_ask_t ask = {.unit = row->unit, .number = row->measure.number};
    measure_history_t told = {0};
    *err = OK;
    if (row->seq <= self->as_of) return true;
    *err = from->ask(from->self, DESK_VALIDATION, measure_history_ask_type(), &ask, measure_history_type(), &told);
    for (uint32_t index = 0; *err == OK && index < told.rows_count; index++) {
        if (told.rows[index].seq > self->as_of) continue;
        *row = told.rows[index];
        return true;
    }
    return false;
}

static void measure_add(const gathering_t *self, const measure_row_t *row, edition_t *edition, edition_measure_t *list) {
    const planned_measure_t *measure = &row->measure;
    edition_measure_t one = {.unit = row->unit,
                             .task = measure->task,
                             .number = measure->number,
                             .item = measure->item,
                             .plan = measure->plan,
                             .due = measure->due,
                             .done_day = measure->done_day,
                             .result = measure->result};
    one.phase = measure_phase_at(planbook_plan(self->from->book), row, (int64_t)edition->now_ms, &one.days);
    if (one.phase != measure_phase_withdrawn && edition->measures_count < LIMIT_EDITION_MEASURES)
        list[edition->measures_count++] = one;
}

err_t gather_measures(gathering_t *self, edition_t *edition) {
    const gather_t *from = self->from;
    measures_ask_t ask = {.at_least = self->as_of};
    measures_t page = {.more = true};
    err_t err = OK;
    edition_measure_t *list = ARENA_NEW(from->arena, edition_measure_t, LIMIT_EDITION_MEASURES);
    edition->measures = list;
    for (uint32_t pages = 0; page.more && pages < GATHER_PAGES; pages++) {
        page = (measures_t){0};
        err = from->ask(from->self, DESK_VALIDATION, measures_ask_type(), &ask, measures_type(), &page);
        if (err != OK) return err;
        for (uint32_t index = 0; index < page.rows_count; index++) {
            measure_row_t row = page.rows[index].row;
            if (as_it_stood(self, &row, &err)) measure_add(self, &row, edition, list);
            if (err != OK) return err;
        }
        ask.after += page.rows_count;
        if (page.rows_count == 0) break;
    }
    return OK;
}
