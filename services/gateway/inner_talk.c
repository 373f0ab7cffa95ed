/* What the services behind the door are asked, what they answer, and to whom that goes. */
#include <string.h>

#include "proto/verdict.h"
#include "services/gateway/state.h"
#include "services/stage/log.h"

enum { ASKS_BYTES = 1 << 20 }; /* a frame of reports is not let grow far above this */

/* Good until it is asked for another conversation's. */
static answer_to_t asker_of(gateway_t *self, const conversation_t *conversation) {
    pending_peer(self->pending, conversation, &self->asker);
    return (answer_to_t){&self->asker, conversation->request_id, conversation->many};
}

static void answer(gateway_t *self, const conversation_t *conversation, const message_t *type, const void *value) {
    answer_to_t to = asker_of(self, conversation);
    unit_answer(self, &to, type, value);
}

/* The last word of a conversation. */
static void finish(gateway_t *self, conversation_t *conversation, const message_t *type, const void *value) {
    answer(self, conversation, type, value);
    pending_close(self->pending, conversation);
}

static void finish_busy(gateway_t *self, conversation_t *conversation) {
    answer_to_t to = asker_of(self, conversation);
    unit_busy(self, &to);
    pending_close(self->pending, conversation);
}

void inner_ask(gateway_t *self, client_t *service, conversation_t *conversation, const message_t *type, const void *question,
               waits_for_t waits) {
    conversation->waits = (unsigned)waits & 0x3fu;
    buffer_clear(&self->out);
    packet_encode(conversation->id, type, question, &self->out);
    if (client_send(service, (bytes_t){self->out.at, (uint32_t)self->out.size}) != OK) finish_busy(self, conversation);
}

void inner_append(gateway_t *self, conversation_t *conversation, const report_submit_t *submit, bytes_t encoded) {
    append_ask_t ask = {.unit = text_of(pending_unit(self->pending, conversation)), .key_generation = conversation->generation};
    if (encoded.size == 0) ask.report = submit->report;
    if (submit->receipt.seq > 0) ask.receipt = submit->receipt;
    conversation->waits = WAITS_FOR_RECEIPT;
    if (self->asks_count == 0) packets_begin(&self->asks);
    packet_encode_known(conversation->id, append_ask_type(), &ask, &(wire_known_t){&ask.report, encoded}, &self->asks);
    self->asks_ids[self->asks_count++] = conversation->id;
    if (self->asks_count == LIMIT_PACKETS || self->asks.size >= ASKS_BYTES) inner_appends_send(self);
}

void inner_appends_send(gateway_t *self) {
    uint32_t count = self->asks_count;
    self->asks_count = 0;
    if (count == 0 || client_send(self->intake, packets_end(&self->asks, count)) == OK) return;
    for (uint32_t index = 0; index < count; index++) {
        conversation_t *conversation = pending_find(self->pending, self->asks_ids[index]);
        if (conversation != NULL) finish_busy(self, conversation);
    }
}

static uint64_t epoch_of(const gateway_t *self, const conversation_t *conversation) {
    uint8_t earlier = (uint8_t)(self->epoch - conversation->epoch); /* so many restores ago */
    return self->epoch - earlier;
}

/* `epoch`: of the entry; 0: whichever it stands in. */
static void verdict_ask(gateway_t *self, conversation_t *conversation, uint64_t seq, uint64_t epoch) {
    verdict_ask_t ask = {.seq = seq, .epoch = epoch};
    inner_ask(self, self->validation, conversation, verdict_ask_type(), &ask, WAITS_FOR_TOLD);
}

static bool refs_are_good(const vault_kept_t *kept, uint32_t count) {
    static const uint8_t nothing[32];
    if (kept->refs_count != count) return false;
    for (uint32_t index = 0; index < count; index++) {
        const personal_t *ref = &kept->refs[index];
        if (ref->text.size > 0 || memcmp(ref->hash, nothing, sizeof nothing) == 0) return false;
    }
    return true;
}

/* The texts are durable in the vault: now the report may go on without them. */
static void on_vault_kept(gateway_t *self, conversation_t *conversation, const packet_t *packet) {
    vault_kept_t kept;
    report_submit_t submit;
    packet_t original;
    fault_t fault = {0};
    bytes_t raw = pending_packet(self->pending, conversation);
    bool good = packet_body(packet, vault_kept_type(), self->arena, &kept, &fault) == OK &&
                packet_decode(raw, &original, &fault) == OK &&
                packet_body(&original, report_submit_type(), self->arena, &submit, &fault) == OK;
    text_t *texts = arena_room(self->arena, sizeof *texts * GATEWAY_PERSONAL);
    uint32_t count = good ? personal_texts(&submit.report, texts, GATEWAY_PERSONAL) : 0;
    if (!good || !refs_are_good(&kept, count)) {
        log_error("vault_answer_bad", "code=%s", fault.code == NULL ? "refs" : fault.code);
        finish_busy(self, conversation);
        return;
    }
    for (uint32_t index = 0; index < count; index++) refs_keep(self->refs, texts[index], self->now_ms, &kept.refs[index]);
    personal_swap(&submit.report, kept.refs, count, self->arena);
    uint64_t id = conversation->id;
    inner_append(self, conversation, &submit, (bytes_t){NULL, 0});
    conversation = pending_find(self->pending, id); /* it is over if intake could not be asked */
    if (conversation != NULL) pending_forget_packet(self->pending, conversation);
}

/* The last word on a report, from the event that says it. */
static void judge(gateway_t *self, conversation_t *conversation, const event_t *event) {
    verdict_t verdict;
    if (!verdict_of_event(event, self->arena, &verdict, NULL)) {
        finish_busy(self, conversation);
        return;
    }
    verdict.reasons = reasons_told(verdict.reasons, verdict.reasons_count, self->arena);
    bool of_report = event->kind == KIND_report_accepted || event->kind == KIND_report_refused;
    if (!of_report) { /* an act's verdict may name what its unit did not */
        finish(self, conversation, verdict_type(), &verdict);
        return;
    }
    answer_to_t to = asker_of(self, conversation);
    unit_verdict(self, &to, &verdict);
    pending_close(self->pending, conversation);
}

/* The receipt has left. Its verdict comes on stream 2, unless it has passed by there already: then it was kept, or is asked for. */
static void verdict_await(gateway_t *self, conversation_t *conversation, uint64_t seq, uint64_t epoch, bool duplicate) {
    self->epoch = epoch;
    conversation->epoch = (uint8_t)epoch;
    bool to_come = !duplicate && seq > follow_seen(self->follow);
    event_t event;
    if (to_come && pending_await_entry(self->pending, conversation, seq)) conversation->waits = WAITS_FOR_VERDICT;
    else if (early_find(self->early, seq, epoch, &event)) judge(self, conversation, &event);
    else verdict_ask(self, conversation, seq, duplicate ? 0 : epoch); /* a repeat's entry may be of an epoch before */
}

static void on_receipt(gateway_t *self, conversation_t *conversation, const packet_t *packet) {
    receipt_t receipt;
    fault_t fault;
    if (packet_body(packet, receipt_type(), self->arena, &receipt, &fault) != OK) {
        finish_busy(self, conversation);
        return;
    }
    answer_to_t to = asker_of(self, conversation);
    unit_answer_passed(self, &to, packet);
    verdict_await(self, conversation, receipt.seq, receipt.epoch, receipt.duplicate);
}

static void on_verdict(gateway_t *self, conversation_t *conversation, const packet_t *packet) {
    verdict_t verdict;
    fault_t fault;
    if (packet_body(packet, verdict_type(), self->arena, &verdict, &fault) != OK) {
        finish_busy(self, conversation);
        return;
    }
    verdict.reasons = reasons_told(verdict.reasons, verdict.reasons_count, self->arena);
    finish(self, conversation, verdict_type(), &verdict);
}

static void on_standing_told(gateway_t *self, conversation_t *conversation, const packet_t *packet) {
    standing_told_t told;
    fault_t fault;
    if (packet_body(packet, standing_told_type(), self->arena, &told, &fault) != OK) {
        finish_busy(self, conversation);
        return;
    }
    verdict_t *verdicts = ARENA_NEW(self->arena, verdict_t, told.submissions_count);
    for (uint32_t index = 0; index < told.submissions_count; index++) {
        verdicts[index] = told.submissions[index];
        verdicts[index].reasons = reasons_told(verdicts[index].reasons, verdicts[index].reasons_count, self->arena);
    }
    told.submissions = verdicts;
    finish(self, conversation, standing_told_type(), &told);
}

/* Rows, or hundreds of kilobytes of a file, that nobody here needs to look at. */
static void on_passed(gateway_t *self, conversation_t *conversation, const packet_t *packet) {
    answer_to_t to = asker_of(self, conversation);
    unit_answer_passed(self, &to, packet);
    pending_close(self->pending, conversation);
}

static void on_refusal(gateway_t *self, conversation_t *conversation, const packet_t *packet) {
    refusal_t refusal;
    fault_t fault;
    if (packet_body(packet, refusal_type(), self->arena, &refusal, &fault) != OK) {
        finish_busy(self, conversation);
        return;
    }
    refusal.reasons = reasons_told(refusal.reasons, refusal.reasons_count, self->arena);
    finish(self, conversation, refusal_type(), &refusal);
}

static void on_busy(gateway_t *self, conversation_t *conversation, const packet_t *packet) {
    busy_t busy;
    fault_t fault;
    if (packet_body(packet, busy_type(), self->arena, &busy, &fault) != OK) busy.retry_after_ms = LIMIT_BUSY_RETRY_MS;
    finish(self, conversation, busy_type(), &busy);
}

/* Which answer ends which waiting. An answer that nobody waits for (any more) is dropped. */
static const struct {
    uint32_t kind;
    waits_for_t waits; /* WAITS_FOR_NOTHING: whatever it waits for, as long as it was asked */
    void (*on)(gateway_t *self, conversation_t *conversation, const packet_t *packet);
} answers[] = {
    {KIND_vault_kept, WAITS_FOR_VAULT, on_vault_kept},
    {KIND_receipt, WAITS_FOR_RECEIPT, on_receipt},
    {KIND_verdict, WAITS_FOR_TOLD, on_verdict},
    {KIND_standing_told, WAITS_FOR_TOLD, on_standing_told},
    {KIND_measures, WAITS_FOR_TOLD, on_passed},
    {KIND_evidence_at, WAITS_FOR_TOLD, on_passed},
    {KIND_evidence_told, WAITS_FOR_TOLD, on_passed},
    {KIND_refusal, WAITS_FOR_NOTHING, on_refusal},
    {KIND_busy, WAITS_FOR_NOTHING, on_busy},
};

static void answer_take(gateway_t *self, const packet_t *packet) {
    conversation_t *conversation = pending_find(self->pending, packet->request_id);
    if (conversation == NULL || conversation->waits == WAITS_FOR_VERDICT) return;
    arena_reset(self->arena);
    for (size_t index = 0; index < sizeof answers / sizeof answers[0]; index++) {
        if (answers[index].kind != packet->kind) continue;
        bool wanted = answers[index].waits == WAITS_FOR_NOTHING || answers[index].waits == conversation->waits;
        if (wanted) answers[index].on(self, conversation, packet);
        return;
    }
}

static void receipt_take(gateway_t *self, const receipts_t *shared, const receipt_row_t *row) {
    conversation_t *conversation = pending_find(self->pending, row->request_id);
    if (conversation == NULL || conversation->waits != WAITS_FOR_RECEIPT) return;
    answer_to_t to = asker_of(self, conversation);
    unit_receipt(self, &to, shared, row);
    verdict_await(self, conversation, row->seq, shared->epoch, row->duplicate);
}

/* Almost every answer is one of many receipts: read in one look, not scanned first. false: it is something else. */
static bool receipts_take(gateway_t *self, bytes_t rest, packet_t *packet) {
    receipts_t receipts;
    if (!packet_first(rest, receipts_type(), self->arena, packet, &receipts, NULL)) return false;
    rows_at_t at = {0};
    for (uint32_t index = 0; index < receipts.rows_count; index++) {
        receipt_row_t row = receipts.rows[index];
        row_complete(&at, &row.request_id, &row.seq);
        receipt_take(self, &receipts, &row);
    }
    unit_receipts_end(self);
    arena_reset(self->arena);
    return true;
}

static void frame_take(gateway_t *self, bytes_t frame) {
    uint32_t count = 0;
    packet_t packet;
    fault_t fault;
    for (bytes_t rest = packets_of(frame, &count); count > 0; count--) {
        if (!receipts_take(self, rest, &packet)) {
            if (packet_decode(rest, &packet, &fault) != OK) return;
            answer_take(self, &packet);
        }
        rest = (bytes_t){rest.at + packet.raw.size, rest.size - packet.raw.size};
    }
}

void inner_answers_take(gateway_t *self, client_t *service) {
    bytes_t frame;
    while (client_receive(service, &frame)) frame_take(self, frame);
}

void inner_event(void *gateway, const event_t *event) {
    gateway_t *self = gateway;
    bool judged = kind_judges_a_unit(event->kind);
    if (!judged && event->kind != KIND_event_skipped) return;
    conversation_t *conversation = pending_of_entry(self->pending, event->cause_seq);
    if (conversation != NULL && conversation->epoch != (uint8_t)event->epoch) conversation = NULL; /* a restore lies between */
    if (conversation == NULL && judged) early_keep(self->early, event);
    if (conversation == NULL || conversation->waits != WAITS_FOR_VERDICT) return;
    if (!judged) { /* there will be none: validation says why */
        verdict_ask(self, conversation, conversation->seq, epoch_of(self, conversation));
        return;
    }
    arena_reset(self->arena);
    judge(self, conversation, event);
}

void inner_gap(void *gateway) {
    gateway_t *self = gateway;
    for (conversation_t *at = pending_oldest(self->pending), *next; at != NULL; at = next) {
        next = pending_newer(self->pending, at);
        if (at->waits == WAITS_FOR_VERDICT) verdict_ask(self, at, at->seq, epoch_of(self, at));
    }
}

void conversations_expire(gateway_t *self, int64_t now_ms) {
    uint32_t expired = 0;
    for (conversation_t *oldest; (oldest = pending_oldest(self->pending)) != NULL && oldest->until_ms <= now_ms; expired++)
        finish_busy(self, oldest);
    if (expired > 0) log_warn("unanswered", "conversations=%u", expired);
}
