/* Reports on their way into one frame: one alone is said as it is, of many each tells what differs from the one before it. */
#include "proto/delta.h"
#include "services/unit/unit_inner.h"

static bytes_t view_of(const buffer_t *buffer) { return (bytes_t){buffer->at, (uint32_t)buffer->size}; }

static void row_put(gathered_t *self) {
    buffer_clear(&self->pieces);
    delta_tell(view_of(&self->last), view_of(&self->next), &self->pieces);
    report_row_t row = {.pieces = view_of(&self->pieces)};
    wire_encode(report_row_type(), &row, &self->rows);
}

void gathered_put(gathered_t *self, uint64_t request_id, const report_t *report, int64_t client_ms) {
    ASSERT(self->count < LIMIT_EDGE_BATCH && (self->count == 0 || request_id == self->shared.request_id + self->count));
    if (self->count == 0) {
        self->shared.request_id = request_id;
        self->shared.client_ms = client_ms > 0 ? (uint64_t)client_ms : 0;
    }
    buffer_clear(&self->next);
    wire_encode(report_type(), report, &self->next);
    row_put(self);
    self->count++;
    self->size += (uint32_t)self->next.size;
    buffer_t before = self->last;
    self->last = self->next;
    self->next = before;
}

bytes_t gathered_frame(const gathered_t *self, buffer_t *out) {
    ASSERT(self->count > 0);
    buffer_clear(out);
    if (self->count > 1) {
        packet_encode_rows(reports_type(), &self->shared, view_of(&self->rows), self->count, out);
        return view_of(out);
    }
    report_submit_t submit = {.client_ms = self->shared.client_ms};
    wire_known_t known = {&submit.report, view_of(&self->last)};
    packet_encode_known(self->shared.request_id, report_submit_type(), &submit, &known, out);
    return view_of(out);
}

void gathered_forget(gathered_t *self) {
    self->count = self->size = 0;
    buffer_clear(&self->rows);
    buffer_clear(&self->last);
}

void gathered_destroy(gathered_t *self) {
    buffer_destroy(&self->rows);
    buffer_destroy(&self->last);
    buffer_destroy(&self->next);
    buffer_destroy(&self->pieces);
    *self = (gathered_t){0};
}
