/* What units say to the door: one handler per message, every fault a refusal with reasons. */
#include <string.h>

#include "proto/delta.h"
#include "proto/receipt.h"
#include "proto/verdict.h"
#include "services/gateway/state.h"

/* Of a frame, once somebody asked for it: one frame may hold hundreds of messages that are refused. */
typedef struct {
    bool made;
    uint8_t bytes[HASH_SIZE];
} frame_hash_t;

/* Who speaks. `row` is the key in force, NULL: none. */
typedef struct {
    const gateway_peer_t *peer;
    const keys_row_t *row;
    uint16_t owner; /* its number in self->pending, where there is a row */
    bytes_t frame;
    frame_hash_t *hash;
    bool many; /* it sent an array of messages, or of reports */
    const report_t *clean; /* a report of the same frame that was not refused, or an empty one */
} asker_t;

enum { REPLIES_BYTES = 1 << 16 }; /* a frame of answers is not let grow far above this */

/* The rows of one message become a packet of the frame. */
static void rows_end(gateway_t *self, const message_t *type, const void *shared, buffer_t *rows, uint32_t *count) {
    if (*count == 0) return;
    packet_encode_rows(type, shared, (bytes_t){rows->at, (uint32_t)rows->size}, *count, &self->replies);
    *count = 0;
    buffer_clear(rows);
    self->replies_count++;
}

void unit_receipts_end(gateway_t *self) {
    rows_end(self, receipts_type(), &self->receipts_shared, &self->receipts, &self->receipts_count);
}

/* Receipts first: a verdict never comes before its own. */
static void all_rows_end(gateway_t *self) {
    unit_receipts_end(self);
    rows_end(self, verdicts_type(), &self->verdicts_shared, &self->verdicts, &self->verdicts_count);
}

void unit_answers_send(gateway_t *self) {
    all_rows_end(self);
    uint32_t count = self->replies_count;
    self->replies_count = self->replies_answers = 0;
    if (count > 0) edge_send(self->edge, &self->replies_peer, packets_end(&self->replies, count)); /* gone or full: it asks again */
}

/* Room for one more answer to this asker. */
static void replies_begin(gateway_t *self, const answer_to_t *to) {
    size_t size = self->replies.size + self->receipts.size + self->verdicts.size;
    bool full = self->replies_answers == LIMIT_EDGE_BATCH || size >= REPLIES_BYTES;
    if (full || !to->many || !peers_same(&self->replies_peer, to->peer)) unit_answers_send(self);
    if (self->replies_answers++ == 0) {
        packets_begin(&self->replies);
        peer_copy(&self->replies_peer, to->peer);
    }
}

/* Room for one more packet, behind the rows that came before it. */
static void packet_begin(gateway_t *self, const answer_to_t *to) {
    replies_begin(self, to);
    all_rows_end(self);
    self->replies_count++;
}

void unit_answer(gateway_t *self, const answer_to_t *to, const message_t *type, const void *value) {
    packet_begin(self, to);
    packet_encode(to->request_id, type, value, &self->replies);
    if (!to->many) unit_answers_send(self);
}

void unit_answer_passed(gateway_t *self, const answer_to_t *to, const packet_t *packet) {
    packet_begin(self, to);
    packet_copy(to->request_id, packet, &self->replies);
    if (!to->many) unit_answers_send(self);
}

void unit_receipt(gateway_t *self, const answer_to_t *to, const receipts_t *shared, const receipt_row_t *row) {
    if (!to->many || !rows_can_tell(to->request_id)) {
        receipt_t receipt = receipt_of_row(shared, row);
        unit_answer(self, to, receipt_type(), &receipt);
        return;
    }
    replies_begin(self, to);
    if (self->receipts_count++ == 0) {
        self->receipts_shared = *shared;
        self->receipts_shared.rows_count = 0;
        self->receipts_at = (rows_at_t){0};
    }
    receipt_row_t own = *row;
    own.request_id = to->request_id;
    memset(own.submission_id, 0, sizeof own.submission_id);
    row_shorten(&self->receipts_at, &own.request_id, &own.seq);
    wire_encode(receipt_row_type(), &own, &self->receipts);
}

void unit_verdict(gateway_t *self, const answer_to_t *to, const verdict_t *verdict) {
    if (!to->many || !rows_can_tell(to->request_id)) {
        unit_answer(self, to, verdict_type(), verdict);
        return;
    }
    replies_begin(self, to);
    if (self->verdicts_count++ == 0) {
        self->verdicts_shared = (verdicts_t){.due_ms = verdict->due_ms, .received_ms = verdict->received_ms};
        self->verdicts_at = (rows_at_t){0};
    }
    verdict_row_t row = row_of_verdict(&self->verdicts_shared, verdict, to->request_id);
    row_shorten(&self->verdicts_at, &row.request_id, &row.seq);
    wire_encode(verdict_row_type(), &row, &self->verdicts);
}

void unit_busy(gateway_t *self, const answer_to_t *to) {
    busy_t busy = {.retry_after_ms = LIMIT_BUSY_RETRY_MS};
    unit_answer(self, to, busy_type(), &busy);
}

/* Intake counts what was refused, by unit and code; the text never leaves. */
static void refusal_note(gateway_t *self, const asker_t *asker, text_t code) {
    refusals_note_t note = {.code = code};
    if (asker->row != NULL) note.unit = text_of(asker->row->unit);
    if (!asker->hash->made) hash_of(asker->frame, asker->hash->bytes);
    asker->hash->made = true;
    memcpy(note.frame_hash, asker->hash->bytes, sizeof note.frame_hash);
    buffer_clear(&self->out);
    packet_encode(0, refusals_note_type(), &note, &self->out);
    client_send(self->intake, (bytes_t){self->out.at, (uint32_t)self->out.size}); /* a count, not a promise */
}

static void refuse(gateway_t *self, const asker_t *asker, uint64_t request_id, const uint8_t *submission_id,
                   const reason_t *reasons, uint32_t count) {
    refusal_t refusal = {.reasons = reasons, .reasons_count = count};
    if (submission_id != NULL) memcpy(refusal.submission_id, submission_id, sizeof refusal.submission_id);
    unit_answer(self, &(answer_to_t){asker->peer, request_id, asker->many}, refusal_type(), &refusal);
    refusal_note(self, asker, reasons[0].code);
    self->refused++;
}

static void refuse_fault(gateway_t *self, const asker_t *asker, const packet_t *packet, const fault_t *fault) {
    reason_t reason = reason_of_fault(fault, packet, self->arena);
    refuse(self, asker, packet == NULL ? 0 : packet->request_id, NULL, &reason, 1);
}

static void refuse_code(gateway_t *self, const asker_t *asker, uint64_t request_id, text_t code, text_t value) {
    reason_t reason = {.code = code, .args = &value, .args_count = value.size > 0};
    reason_tell(&reason, self->arena);
    refuse(self, asker, request_id, NULL, &reason, 1);
}

static conversation_t *converse(gateway_t *self, const asker_t *asker, const packet_t *packet, bytes_t kept) {
    bool fair = !self->leaving && pending_fair(self->pending, asker->owner, kept.size);
    conversation_t *conversation = fair ? pending_open(self->pending, kept, self->now_ms + LIMIT_PENDING_MS) : NULL;
    if (conversation == NULL) {
        unit_busy(self, &(answer_to_t){asker->peer, packet->request_id, asker->many});
        return NULL;
    }
    conversation->request_id = packet->request_id;
    pending_answer_to(self->pending, conversation, asker->peer);
    conversation->many = asker->many;
    conversation->generation = asker->row->generation;
    pending_own(self->pending, conversation, asker->owner);
    return conversation;
}

/* What a report must satisfy before anything behind the door sees it. */
static bool report_may_pass(gateway_t *self, const asker_t *asker, const packet_t *packet, const report_t *report,
                            uint32_t personal_count) {
    reason_t reasons[LIMIT_REASONS]; /* not of the arena: of each report of a frame it would be lines of memory never used again */
    uint32_t count = report_refusals_after(asker->clean, report, reasons, LIMIT_REASONS, self->arena);
    if (count == 0 && personal_count > GATEWAY_PERSONAL) {
        reasons[count++] = (reason_t){.code = REASON_OF(too_many), .path = text_of("report.figures")};
        reason_tell(&reasons[0], self->arena);
    }
    if (count > 0) refuse(self, asker, packet->request_id, report->submission_id, reasons, count);
    return count == 0;
}

/* Are all personal texts known from lately? Then the report need not wait for the vault. */
static bool swap_from_memory(gateway_t *self, report_t *report, const text_t *texts, uint32_t count) {
    personal_t *refs = ARENA_NEW(self->arena, personal_t, count);
    for (uint32_t index = 0; index < count; index++)
        if (!refs_find(self->refs, texts[index], self->now_ms, &refs[index])) return false;
    personal_swap(report, refs, count, self->arena);
    return true;
}

/* The message as it is read again when the vault has answered. */
static bytes_t packet_alone(gateway_t *self, const packet_t *packet, const report_submit_t *submit, bytes_t encoded) {
    if (packet->raw.size > 0) return packet->raw;
    buffer_clear(&self->out);
    packet_encode_known(packet->request_id, report_submit_type(), submit, &(wire_known_t){&submit->report, encoded}, &self->out);
    return (bytes_t){self->out.at, (uint32_t)self->out.size};
}

/* `encoded`: the report's own bytes. false: refused for what it says. */
static bool submit_take(gateway_t *self, const asker_t *asker, const packet_t *packet, report_submit_t *submit, bytes_t encoded) {
    uint32_t count = personal_texts(&submit->report, NULL, 0);
    if (!report_may_pass(self, asker, packet, &submit->report, count)) return false;
    text_t *texts = arena_room(self->arena, sizeof *texts * count);
    if (count > 0) personal_texts(&submit->report, texts, count);
    bool swapped = count == 0 || swap_from_memory(self, &submit->report, texts, count);
    bytes_t alone = swapped ? (bytes_t){NULL, 0} : packet_alone(self, packet, submit, encoded);
    conversation_t *conversation = converse(self, asker, packet, alone);
    vault_keep_t keep = {.texts = texts, .texts_count = count};
    if (conversation == NULL) return true;
    if (swapped) inner_append(self, conversation, submit, count == 0 ? encoded : (bytes_t){NULL, 0});
    else inner_ask(self, self->vault, conversation, vault_keep_type(), &keep, WAITS_FOR_VAULT);
    return true;
}

static void on_report_submit(gateway_t *self, const asker_t *asker, const packet_t *packet) {
    report_submit_t submit;
    wire_known_t known = {.object = &submit.report};
    fault_t fault;
    if (packet_body_known(packet, report_submit_type(), self->arena, &submit, &known, &fault) == OK)
        submit_take(self, asker, packet, &submit, known.bytes);
    else
        refuse_fault(self, asker, packet, &fault);
}

/* --- many reports, each told by what differs from the one before it --- */

/* The fault of a report that came as a row, named as it would be of one that came alone. */
static void refuse_row(gateway_t *self, const asker_t *asker, const packet_t *packet, const fault_t *fault) {
    reason_t reason = reason_of_fault(fault, packet, self->arena);
    text_t path = reason.path;
    reason.path = path.size == 0 ? text_of("report") : arena_format(self->arena, "report." TEXT_FORMAT, TEXT_ARGS(path));
    refuse(self, asker, packet->request_id, NULL, &reason, 1);
}

/* false: refused, or it cannot be read. */
static bool row_take(gateway_t *self, const asker_t *asker, const packet_t *packet, report_submit_t *submit, bytes_t encoded) {
    fault_t fault = {0};
    bool good = wire_first(report_type(), encoded, self->arena, &submit->report);
    if (!good && wire_scan(encoded, &fault) == OK)
        good = wire_decode(report_type(), encoded, self->arena, &submit->report, &fault) == OK;
    if (good) return submit_take(self, asker, packet, submit, encoded);
    refuse_row(self, asker, packet, &fault);
    return false;
}

static void reports_take(gateway_t *self, const asker_t *asker, const reports_t *reports) {
    asker_t many = *asker;
    report_submit_t submits[2] = {0};
    packet_t packet = {.kind = KIND_report_submit, .version = report_submit_type()->version};
    fault_t fault = {0};
    bytes_t whole = {NULL, 0};
    uint32_t left = LIMIT_EDGE_FRAME; /* each row may make a large report of few bytes */
    many.many = true;
    for (uint32_t index = 0; index < reports->rows_count; index++) {
        packet.request_id = reports->request_id + index;
        if (fault.code == NULL) fault.code = delta_put(whole, reports->rows[index].pieces, left, self->arena, &whole);
        if (fault.code != NULL) { /* and what follows it says only what differs from it */
            refuse_row(self, &many, &packet, &fault);
            continue;
        }
        left -= whole.size;
        report_submit_t *submit = &submits[many.clean == &submits[0].report];
        if (row_take(self, &many, &packet, submit, whole)) many.clean = &submit->report;
    }
}

/* A dry run keeps nothing, so the vault is not asked: persons only have to differ from one another. */
static void swap_throwaway(gateway_t *self, report_t *report) {
    text_t *texts = arena_room(self->arena, sizeof *texts * GATEWAY_PERSONAL);
    uint32_t count = personal_texts(report, texts, GATEWAY_PERSONAL);
    personal_t *refs = ARENA_NEW(self->arena, personal_t, count);
    for (uint32_t index = 0; index < count; index++) refs_throwaway(self->refs, texts[index], &refs[index]);
    personal_swap(report, refs, count, self->arena);
}

static void on_report_check(gateway_t *self, const asker_t *asker, const packet_t *packet) {
    report_check_t check;
    fault_t fault;
    if (packet_body(packet, report_check_type(), self->arena, &check, &fault) != OK) {
        refuse_fault(self, asker, packet, &fault);
        return;
    }
    if (!report_may_pass(self, asker, packet, &check.report, personal_texts(&check.report, NULL, 0))) return;
    swap_throwaway(self, &check.report);
    conversation_t *conversation = converse(self, asker, packet, (bytes_t){NULL, 0});
    if (conversation == NULL) return;
    check_ask_t ask = {.unit = text_of(pending_unit(self->pending, conversation)), .report = check.report};
    inner_ask(self, self->validation, conversation, check_ask_type(), &ask, WAITS_FOR_TOLD);
}

static void on_status_ask(gateway_t *self, const asker_t *asker, const packet_t *packet) {
    status_ask_t status;
    fault_t fault;
    if (packet_body(packet, status_ask_type(), self->arena, &status, &fault) != OK) {
        refuse_fault(self, asker, packet, &fault);
        return;
    }
    conversation_t *conversation = converse(self, asker, packet, (bytes_t){NULL, 0});
    if (conversation == NULL) return;
    standing_ask_t ask = {.unit = text_of(pending_unit(self->pending, conversation)), .task = status.task, .period = status.period};
    memcpy(ask.submission_id, status.submission_id, sizeof ask.submission_id);
    inner_ask(self, self->validation, conversation, standing_ask_type(), &ask, WAITS_FOR_TOLD);
}

/* --- what units do beside reporting: no personal fields, but words, which are looked at like a report's --- */

static const struct {
    uint32_t kind;
    const message_t *(*type)(void);
} acts[] = {
    {KIND_warning_decide, warning_decide_type},
    {KIND_measure_enter, measure_enter_type},
    {KIND_extension_request, extension_request_type},
};

static const message_t *act_type(uint32_t kind) {
    for (size_t index = 0; index < sizeof acts / sizeof acts[0]; index++)
        if (acts[index].kind == kind) return acts[index].type();
    return NULL;
}

static void on_unit_act(gateway_t *self, const asker_t *asker, const packet_t *packet, const message_t *type) {
    void *act = arena_take(self->arena, type->size);
    fault_t fault;
    if (packet_body(packet, type, self->arena, act, &fault) != OK) {
        refuse_fault(self, asker, packet, &fault);
        return;
    }
    reason_t *reasons = arena_room(self->arena, sizeof *reasons * LIMIT_REASONS);
    uint32_t count = act_refusals(type, act, reasons, LIMIT_REASONS, self->arena);
    if (count > 0) {
        refuse(self, asker, packet->request_id, act_id(type, act), reasons, count);
        return;
    }
    conversation_t *conversation = converse(self, asker, packet, (bytes_t){NULL, 0});
    if (conversation == NULL) return;
    buffer_t body = {0};
    packet_copy(0, packet, &body);
    unit_act_t ask = {.unit = text_of(pending_unit(self->pending, conversation)), .key_generation = conversation->generation,
                      .body = {body.at, (uint32_t)body.size}};
    inner_ask(self, self->intake, conversation, unit_act_type(), &ask, WAITS_FOR_RECEIPT);
    buffer_destroy(&body);
}

/* Its own measures: whatever unit it names. */
static void on_measures_ask(gateway_t *self, const asker_t *asker, const packet_t *packet) {
    measures_ask_t ask;
    fault_t fault;
    if (packet_body(packet, measures_ask_type(), self->arena, &ask, &fault) != OK) {
        refuse_fault(self, asker, packet, &fault);
        return;
    }
    conversation_t *conversation = converse(self, asker, packet, (bytes_t){NULL, 0});
    if (conversation == NULL) return;
    ask.unit = text_of(pending_unit(self->pending, conversation));
    inner_ask(self, self->validation, conversation, measures_ask_type(), &ask, WAITS_FOR_TOLD);
}

/* A file in pieces: the key says whose it is, the vault everything else. */
static void on_evidence(gateway_t *self, const asker_t *asker, const packet_t *packet, const message_t *type) {
    union {
        text_t unit; /* the first field of all three */
        evidence_offer_t offer;
        evidence_piece_t piece;
        evidence_fetch_t fetch;
    } said;
    fault_t fault;
    if (packet_body(packet, type, self->arena, &said, &fault) != OK) {
        refuse_fault(self, asker, packet, &fault);
        return;
    }
    conversation_t *conversation = converse(self, asker, packet, (bytes_t){NULL, 0});
    if (conversation == NULL) return;
    said.unit = text_of(pending_unit(self->pending, conversation));
    inner_ask(self, self->evidence, conversation, type, &said, WAITS_FOR_TOLD);
}

static void on_reports(gateway_t *self, const asker_t *asker, const packet_t *packet) {
    reports_t reports;
    fault_t fault;
    if (packet_body(packet, reports_type(), self->arena, &reports, &fault) == OK) reports_take(self, asker, &reports);
    else refuse_fault(self, asker, packet, &fault);
}

/* Almost every frame of many reports, read in one look. false: it is something else, or there is doubt. */
static bool rows_frame_take(gateway_t *self, const asker_t *asker) {
    packet_t packet;
    reports_t reports;
    bool whole = packet_first(asker->frame, reports_type(), self->arena, &packet, &reports, NULL) &&
                 packet.raw.size == asker->frame.size;
    if (whole) reports_take(self, asker, &reports);
    return whole;
}

static void packet_take(gateway_t *self, const asker_t *asker, bytes_t bytes) {
    packet_t packet;
    fault_t fault;
    if (packet_open(bytes, &packet, &fault) != OK) { /* frame_messages has scanned it */
        refuse_fault(self, asker, NULL, &fault);
        return;
    }
    switch (packet.kind) {
    case KIND_report_submit: on_report_submit(self, asker, &packet); return;
    case KIND_reports:
        if (asker->many) break; /* alone in a frame, which bounds what it may come to */
        on_reports(self, asker, &packet);
        return;
    case KIND_report_check: on_report_check(self, asker, &packet); return;
    case KIND_status_ask: on_status_ask(self, asker, &packet); return;
    case KIND_measures_ask: on_measures_ask(self, asker, &packet); return;
    case KIND_evidence_offer: on_evidence(self, asker, &packet, evidence_offer_type()); return;
    case KIND_evidence_piece: on_evidence(self, asker, &packet, evidence_piece_type()); return;
    case KIND_evidence_fetch: on_evidence(self, asker, &packet, evidence_fetch_type()); return;
    default: break;
    }
    const message_t *act = act_type(packet.kind);
    if (act != NULL) {
        on_unit_act(self, asker, &packet, act);
        return;
    }
    text_t kind = arena_format(self->arena, "%u", packet.kind);
    text_t code = message_of_kind(packet.kind) == NULL ? REASON_OF(unknown_message) : REASON_OF(not_permitted);
    refuse_code(self, asker, packet.request_id, code, kind);
}

typedef struct {
    packet_t packet;
    report_submit_t submit;
    bytes_t encoded; /* the report's own bytes */
} submitted_t;

/* Almost every frame is reports and no more, all well: read in one look, not scanned first. false: it is not so, nothing was done,
 * and the others tell. */
static bool submits_frame_take(gateway_t *self, asker_t *asker) {
    uint32_t count = 0;
    bytes_t rest = packets_of(asker->frame, &count);
    if (count > LIMIT_EDGE_BATCH) return false;
    submitted_t *all = arena_room(self->arena, sizeof *all * count);
    for (uint32_t index = 0; index < count; index++) {
        submitted_t *one = &all[index];
        wire_known_t known = {.object = &one->submit.report};
        if (!packet_first(rest, report_submit_type(), self->arena, &one->packet, &one->submit, &known)) return false;
        one->encoded = known.bytes;
        rest = (bytes_t){rest.at + one->packet.raw.size, rest.size - one->packet.raw.size};
    }
    if (rest.size > 0) return false;
    asker->many = count > 1;
    for (uint32_t index = 0; index < count; index++)
        submit_take(self, asker, &all[index].packet, &all[index].submit, all[index].encoded);
    return true;
}

void unit_message_take(gateway_t *self, const edge_message_t *message) {
    arena_reset(self->arena);
    static const report_t nothing;
    frame_hash_t hash = {.made = false};
    asker_t asker = {.peer = &message->peer, .frame = message->frame, .hash = &hash, .clean = &nothing};
    const keys_t *keys = follow_keys(self->follow);
    if (keys != NULL) asker.row = keys_in_force(keys, message->user_id);
    if (asker.row == NULL) {
        refuse_code(self, &asker, 0, REASON_OF(unknown_key), (text_t){NULL, 0});
        return;
    }
    asker.owner = pending_owner(self->pending, asker.row->unit);
    if (message->parts != 1) {
        text_t parts = arena_format(self->arena, "%u", message->parts);
        refuse_code(self, &asker, 0, REASON_OF(too_many_parts), parts);
        return;
    }
    if (message->frame.size > LIMIT_EDGE_FRAME) {
        text_t limit = arena_format(self->arena, "%d", LIMIT_EDGE_FRAME);
        refuse_code(self, &asker, 0, REASON_OF(oversize), limit);
        return;
    }
    if (rows_frame_take(self, &asker) || submits_frame_take(self, &asker)) return;
    arena_reset(self->arena);
    bytes_t messages[LIMIT_EDGE_BATCH];
    fault_t fault;
    uint32_t count = frame_messages(message->frame, messages, &fault);
    asker.many = count > 1;
    if (count == 0) refuse_fault(self, &asker, NULL, &fault);
    for (uint32_t index = 0; index < count; index++) packet_take(self, &asker, messages[index]);
}
