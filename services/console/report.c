/* Reports by HTTP: the same checks, the same idempotency, the same verdicts as at the units' own door. */
#include <stdlib.h>
#include <string.h>

#include "services/console/state.h"
#include "services/door/door_rules.h"
#include "services/plan/amount.h"
#include "services/plan/report_file.h"

/* A report on its way, in the memory of its request. */
typedef struct {
    report_t report;
    text_t *texts;
    uint32_t texts_count;
    receipt_t receipt;
    report_way_t way;
} sending_t;

/* --- reading --- */

/* UUIDv7: ids ordered in time fall together in the ledger's index. */
void fresh_id(const console_t *console, uint8_t id[16]) {
    uint64_t ms = (uint64_t)console->wall_ms;
    crypto_random(id, 16);
    for (int index = 0; index < 6; index++) id[index] = (uint8_t)(ms >> (40 - 8 * index));
    id[6] = (uint8_t)(0x70 | (id[6] & 0x0f));
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
}

/* Intake counts what was refused here, by unit and code; the text never leaves. */
void refusal_note(request_t *self, text_t code) {
    refusals_note_t note = {.unit = text_of(self->who.unit), .code = code};
    hash_of((bytes_t){self->body.at, (uint32_t)self->body.size}, note.frame_hash);
    tell(self->console, AT_INTAKE_DOOR, 0, refusals_note_type(), &note);
    self->console->refused++;
}

static void refuse(request_t *self, unsigned status, const reason_t *reasons, uint32_t count) {
    refusal_note(self, reasons[0].code);
    reply_reasons(self, status, reasons, count);
}

/* A fault of the decoder: its sentence, or for an amount what is wrong with it. */
static void refuse_fault(request_t *self, const fault_t *fault, const char *why) {
    reason_t reason = reason_of_fault(fault, NULL, self->arena);
    if (why != NULL) {
        reason.zh = text_of(amount_reason_zh(why));
        reason.en = text_of(why);
    }
    refuse(self, 422, &reason, 1);
}

/* The report, looked at as at every door; takes the reference. NULL: refused. */
static sending_t *report_read(request_t *self, json_t *json) {
    const console_t *console = self->console;
    if (json == NULL) return NULL;
    sending_t *sending = ARENA_NEW(self->arena, sending_t, 1);
    uint8_t id[16];
    fault_t fault = {0};
    const char *why = NULL;
    fresh_id(console, id);
    err_t err = report_from_json(json, console->book, id, self->arena, &sending->report, &fault, &why);
    json_decref(json);
    if (err != OK) {
        refuse_fault(self, &fault, why);
        return NULL;
    }
    reason_t *reasons = ARENA_NEW(self->arena, reason_t, LIMIT_REASONS);
    uint32_t count = report_refusals(&sending->report, reasons, LIMIT_REASONS, self->arena);
    sending->texts = ARENA_NEW(self->arena, text_t, PERSONAL_TEXTS);
    sending->texts_count = personal_texts(&sending->report, sending->texts, PERSONAL_TEXTS);
    if (count == 0 && sending->texts_count > PERSONAL_TEXTS) {
        reasons[count++] = (reason_t){.code = REASON_OF(too_many), .path = text_of("report.figures")};
        reason_tell(&reasons[0], self->arena);
    }
    if (count > 0) refuse(self, 422, reasons, count);
    self->own = sending;
    return count > 0 ? NULL : sending;
}

static json_t *verdict_json(request_t *self, verdict_t verdict) {
    verdict.reasons = reasons_told(verdict.reasons, verdict.reasons_count, self->arena);
    json_t *json = message_to_json(verdict_type(), &verdict);
    json_object_set_new(json, "accepted", json_boolean(verdict.accepted));
    return json;
}

/* --- the dry run --- */

static void on_checked(request_t *self, const packet_t *packet) {
    verdict_t verdict;
    if (answer_is(self, packet, verdict_type(), &verdict)) reply_json(self, 200, verdict_json(self, verdict));
}

/* Nothing is kept, so the vault is not asked: persons only have to differ from one another. */
void on_check(request_t *self) {
    sending_t *sending = report_read(self, request_json(self));
    if (sending == NULL) return;
    personal_t *refs = ARENA_NEW(self->arena, personal_t, sending->texts_count);
    for (uint32_t index = 0; index < sending->texts_count; index++)
        refs_throwaway(self->console->refs, sending->texts[index], &refs[index]);
    personal_swap(&sending->report, refs, sending->texts_count, self->arena);
    check_ask_t question = {.unit = text_of(self->who.unit), .report = sending->report};
    ask(self, AT_VALIDATION, check_ask_type(), &question, on_checked);
}

/* --- sending --- */

static json_t *receipt_json(const sending_t *sending) {
    json_t *json = json_object();
    json_object_set_new(json, "receipt", message_to_json(receipt_type(), &sending->receipt));
    return json;
}

/* The report is in the ledger whatever happens here: without a verdict the receipt is told, and where to ask. */
static void on_verdict(request_t *self, const packet_t *packet) {
    const sending_t *sending = self->own;
    verdict_t verdict;
    fault_t fault;
    json_t *json = receipt_json(sending);
    bool judged = packet->kind == KIND_verdict && packet_body(packet, verdict_type(), self->arena, &verdict, &fault) == OK;
    if (judged && verdict.accepted && sending->way.accepted != NULL) sending->way.accepted(self, sending->way.what);
    if (judged) json_object_set_new(json, "verdict", verdict_json(self, verdict));
    reply_json(self, !judged ? 202 : verdict.accepted ? 200 : 422, json);
}

static void verdict_is_late(request_t *self) { reply_json(self, 202, receipt_json(self->own)); }

static void on_received(request_t *self, const packet_t *packet) {
    sending_t *sending = self->own;
    if (packet->kind == KIND_refusal) self->console->refused++;
    if (!answer_is(self, packet, receipt_type(), &sending->receipt)) return;
    self->console->reports++;
    self->on_late = verdict_is_late;
    verdict_ask_t question = {.seq = sending->receipt.seq};
    ask(self, AT_VALIDATION, verdict_ask_type(), &question, on_verdict);
}

static void append(request_t *self, sending_t *sending) {
    attested_append_t question = {
        .unit = text_of(self->who.unit), .login = text_of(self->who.login), .report = sending->report};
    question.drafted_by = sending->way.drafted_by;
    memcpy(question.session, self->who.session, HASH_SIZE);
    ask(self, AT_INTAKE_DOOR, attested_append_type(), &question, on_received);
}

static bool refs_are_good(const vault_kept_t *kept, uint32_t count) {
    if (kept->refs_count != count) return false;
    for (uint32_t index = 0; index < count; index++)
        if (kept->refs[index].text.size > 0 || bytes_are_zero(kept->refs[index].hash, HASH_SIZE)) return false;
    return true;
}

static void on_names_kept(request_t *self, const packet_t *packet) {
    sending_t *sending = self->own;
    vault_kept_t kept;
    if (!answer_is(self, packet, vault_kept_type(), &kept)) return;
    if (!refs_are_good(&kept, sending->texts_count)) {
        reply_busy(self);
        return;
    }
    for (uint32_t index = 0; index < sending->texts_count; index++)
        refs_keep(self->console->refs, sending->texts[index], self->console->now_ms, &kept.refs[index]);
    personal_swap(&sending->report, kept.refs, sending->texts_count, self->arena);
    append(self, sending);
}

/* Names go to the vault first, unless it has lately said what stands for them. */
void report_send(request_t *self, json_t *json, report_way_t way) {
    sending_t *sending = report_read(self, json);
    if (sending == NULL) return;
    sending->way = way;
    personal_t *refs = ARENA_NEW(self->arena, personal_t, sending->texts_count);
    bool known = true;
    for (uint32_t index = 0; known && index < sending->texts_count; index++)
        known = refs_find(self->console->refs, sending->texts[index], self->console->now_ms, &refs[index]);
    if (known) {
        personal_swap(&sending->report, refs, sending->texts_count, self->arena);
        append(self, sending);
        return;
    }
    vault_keep_t question = {.texts = sending->texts, .texts_count = sending->texts_count};
    ask(self, AT_VAULT_DOOR, vault_keep_type(), &question, on_names_kept);
}

void on_submit(request_t *self) { report_send(self, request_json(self), (report_way_t){.accepted = NULL}); }
