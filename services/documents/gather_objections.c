/* Objections to what was announced: all of them for those who answer, and what became of them for the edition. */
#include "services/documents/gather_inner.h"

err_t gather_objections(const gather_t *from, document_kind_t kind, text_t period, text_t unit, objections_t *objections) {
    objections_t page = {.more = true};
    *objections = (objections_t){0};
    for (uint32_t pages = 0; page.more && pages < GATHER_PAGES; pages++) {
        objections_ask_t ask = {.kind = kind, .period = period, .unit = unit, .after = objections->rows_count};
        page = (objections_t){0};
        err_t err = from->ask(from->self, DESK_INTAKE, objections_ask_type(), &ask, objections_type(), &page);
        if (err != OK) return err;
        objections->rows =
            gather_joined(from->arena, objections->rows, objections->rows_count, page.rows, page.rows_count, sizeof *page.rows);
        objections->rows_count += page.rows_count;
        objections->as_of = page.as_of;
        if (page.rows_count == 0) break;
    }
    return OK;
}

err_t gather_edition_objections(gathering_t *self, edition_t *edition) {
    objections_t all;
    err_t err = gather_objections(self->from, edition->kind, edition->period, (text_t){0}, &all);
    if (err != OK) return err;
    edition_objection_t *list = ARENA_NEW(self->from->arena, edition_objection_t, LIMIT_OBJECTIONS);
    edition->objections = list;
    for (uint32_t index = 0; index < all.rows_count && edition->objections_count < LIMIT_OBJECTIONS; index++) {
        const objection_row_t *row = &all.rows[index];
        bool same = text_equal(row->raised.period, edition->period); /* an empty period asks for all of its kind */
        if (!same || row->seq > self->as_of) continue;
        bool answered = row->answered_seq > 0 && row->answered_seq <= self->as_of;
        list[edition->objections_count++] =
            (edition_objection_t){.unit = row->raised.unit,
                                  .seq = row->seq,
                                  .ruling = answered ? row->answered.ruling : objection_ruling_none,
                                  .answered_seq = answered ? row->answered_seq : 0};
    }
    return OK;
}
