/* One frame: read, sent to its handler, answered with what it deserves. */
#include <string.h>

#include "proto/receipt.h"
#include "services/1-intake/intake_rules.h"
#include "services/1-intake/state.h"

void visit_count(visit_t *self, text_t code) {
    uint8_t hash[HASH_SIZE];
    hash_of(self->frame, hash);
    intake_counts_add(self->intake->counts, self->unit, code, self->door, hash);
}

void visit_refuse_all(visit_t *self, const reason_t *reasons, uint32_t count) {
    visit_count(self, reasons[0].code);
    refusal_t refusal = {.reasons = reasons, .reasons_count = count};
    memcpy(refusal.submission_id, self->submission_id, sizeof refusal.submission_id);
    packet_encode(self->packet.request_id, refusal_type(), &refusal, self->now);
}

void visit_refuse(visit_t *self, text_t code, text_t path, const text_t *args, uint32_t args_count) {
    reason_t reason = {.code = code, .path = path, .args = args, .args_count = args_count};
    visit_refuse_all(self, &reason, 1);
}

void visit_busy(visit_t *self) {
    busy_t busy = {.retry_after_ms = LIMIT_BUSY_RETRY_MS};
    packet_encode(self->packet.request_id, busy_type(), &busy, self->now);
}

bool visit_body(visit_t *self, const packet_t *packet, const message_t *type, void *value) {
    fault_t fault = {0};
    if (packet_body(packet, type, self->intake->arena, value, &fault) == OK) return true;
    text_t arg = arena_format(self->intake->arena, "%u", packet->version);
    bool version = text_is(REASON_OF(unknown_version), fault.code);
    visit_refuse(self, text_of(fault.code), text_of(fault.path), &arg, version ? 1 : 0);
    return false;
}

buffer_t *visit_buffer(const visit_t *self, uint64_t seq) { return seq > self->intake->durable.seq ? self->later : self->now; }

static void visit_dispatch(visit_t *self) {
    switch (self->packet.kind) {
    case KIND_append_ask: on_append_ask(self); break;
    case KIND_attested_append: on_attested_append(self); break;
    case KIND_attested_command: on_attested_command(self); break;
    case KIND_unit_act: on_unit_act(self); break;
    case KIND_attested_act: on_attested_act(self); break;
    case KIND_refusals_note: on_refusals_note(self); break;
    case KIND_door_beat: on_door_beat(self); break;
    case KIND_registry_ask: on_registry_ask(self); break;
    case KIND_command: on_command(self); break;
    case KIND_notice_sent: on_notice_sent(self); break;
    case KIND_notice_failed: on_notice_failed(self); break;
    default: break; /* kind_refusal let nothing else pass */
    }
}

/* What the receipts of its group share is not known before the commit. */
static void receipt_later(const visit_t *self, receipt_row_t *row) {
    if (row->received_ms == (uint64_t)self->intake->group_ms) row->received_ms = 0;
    wire_encode(receipt_row_type(), row, self->later);
}

/* Under the head of the last group: it lies behind the entry. */
static void receipt_now(const visit_t *self, const receipt_row_t *row) {
    receipt_t receipt = receipt_of_row(&self->intake->shared, row);
    receipt.backup_seq = self->intake->backup_seq;
    packet_encode(row->request_id, receipt_type(), &receipt, self->now);
}

void visit_receipt(visit_t *self, text_t unit, const intake_submission_t *kept, bool duplicate) {
    receipt_row_t row = {
        .request_id = self->packet.request_id, .seq = kept->seq, .received_ms = kept->received_ms, .duplicate = duplicate};
    memcpy(row.submission_id, self->submission_id, sizeof row.submission_id);
    memcpy(row.content_hash, kept->content_hash, sizeof row.content_hash);
    receipt_seal(self->intake, unit, &(sealed_t){self->intake->epoch, row.seq, row.received_ms, row.content_hash}, row.seal);
    if (row.seq > self->intake->durable.seq) receipt_later(self, &row);
    else receipt_now(self, &row);
}

/* false: it cannot be read; the refusal is given. */
static bool visit_read(visit_t *self) {
    fault_t fault = {0};
    if (packet_decode(self->frame, &self->packet, &fault) == OK) return true;
    visit_refuse(self, text_of(fault.code), text_of(fault.path), NULL, 0);
    return false;
}

static void visit_do(visit_t *self) {
    text_t code = kind_refusal(self->door, self->packet.kind);
    if (code.size == 0) {
        visit_dispatch(self);
        return;
    }
    text_t kind = arena_format(self->intake->arena, "%u", self->packet.kind);
    visit_refuse(self, code, text_of(NULL), &kind, 1);
}

static visit_t visit_new(intake_t *self, door_t door, bytes_t frame, int64_t wall_ms, int64_t steady_ms, buffer_t *now,
                         buffer_t *later) {
    arena_reset(self->arena);
    intake_read_clock(self, wall_ms, steady_ms);
    return (visit_t){.intake = self, .door = door, .frame = frame, .unit = UNIT_UNKNOWN, .now = now, .later = later};
}

/* Almost every packet is a report that came by the gateway, and well. Returns what it took; 0: it is something else. `whole`:
 * nothing may stand behind it. */
static uint32_t report_read(visit_t *self, bool whole) {
    intake_t *intake = self->intake;
    prepared_t report;
    uint32_t took = 0;
    if (!intake_is_plain(intake) || !intake_prepare(intake, &intake->preparer, self->door, self->frame, &report, &took)) return 0;
    if (whole && took != self->frame.size) return 0;
    intake_take_prepared(intake, &report, self->now, self->later);
    return took;
}

void intake_take(intake_t *self, door_t door, bytes_t frame, int64_t wall_ms, int64_t steady_ms, buffer_t *now,
                 buffer_t *later) {
    visit_t visit = visit_new(self, door, frame, wall_ms, steady_ms, now, later);
    if (report_read(&visit, true) > 0 || !visit_read(&visit)) return;
    if (visit.packet.raw.size == frame.size) visit_do(&visit);
    else visit_refuse(&visit, REASON_OF(malformed), text_of(NULL), NULL, 0);
}

uint32_t intake_take_next(intake_t *self, door_t door, bytes_t bytes, int64_t wall_ms, int64_t steady_ms, buffer_t *now,
                          buffer_t *later) {
    visit_t visit = visit_new(self, door, bytes, wall_ms, steady_ms, now, later);
    uint32_t took = report_read(&visit, false);
    if (took > 0) return took;
    if (!visit_read(&visit)) return bytes.size;
    visit.frame = visit.packet.raw;
    visit_do(&visit);
    return visit.packet.raw.size;
}
