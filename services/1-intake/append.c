/* A report on its way into the ledger: authority, privacy, idempotency, stamp. */
#include <string.h>

#include "proto/content.h"
#include "services/1-intake/state.h"
#include "services/vault/privacy.h"

enum { MOST = LIMIT_ENTRY - 1024 /* bytes: an entry is the report with a little around it */ };

/* Written where it is kept: a key has room for the longest, and would be copied with it. */
static void key_of_submission(const uint8_t submission_id[16], text_t unit, store_key_t *key) {
    key->size = 0;
    key_add_bytes(key, submission_id, 16);
    key_add_text(key, unit);
}

/* A report's own bytes; bare: they hold no commitments, so that the hash of its content is theirs. */
typedef struct {
    bytes_t bytes;
    bool bare;
} encoded_t;

static bool size_holds(visit_t *visit) {
    if (visit->frame.size <= MOST) return true;
    text_t most = arena_format(visit->intake->arena, "%d", MOST);
    visit_refuse(visit, REASON_OF(oversize), text_of("report"), &most, 1);
    return false;
}

/* Is the key that the door authenticated still in force here, where the entry is appended? */
static bool authority_holds(visit_t *visit, const append_ask_t *ask) {
    uint32_t unit = unit_position(visit->intake, ask->unit);
    visit->unit = unit;
    if (unit != UNIT_UNKNOWN && intake_keys_in_force(visit->intake->keys, unit, ask->key_generation)) return true;
    visit_refuse(visit, REASON_OF(unknown_key), text_of(NULL), NULL, 0);
    return false;
}

/* The door has looked already; a ledger forgets nothing, so it is looked at again before the ink. */
static bool privacy_holds(visit_t *visit, const report_t *report) {
    arena_t *arena = visit->intake->arena;
    reason_t *reasons = arena_room(arena, sizeof *reasons * LIMIT_REASONS);
    uint32_t count = privacy_refusals(report, reasons, LIMIT_REASONS - 1, arena);
    text_t unswapped = privacy_unswapped(report, arena);
    if (unswapped.size > 0) reasons[count++] = (reason_t){.code = REASON_OF(personal_text), .path = unswapped};
    if (count == 0) return true;
    visit_refuse_all(visit, reasons, count);
    return false;
}

/* The row of a report names its entry, which says what the row of an act says itself. false: stuck. */
static bool submission_whole(intake_t *self, intake_submission_t *kept) {
    event_t event;
    report_received_t received;
    fault_t fault;
    if (!bytes_are_zero(kept->content_hash, sizeof kept->content_hash)) return true;
    bool read = txn_event(self->group, kept->seq, self->arena, &event, NULL) &&
                event_body(&event, report_received_type(), self->arena, &received, &fault) == OK;
    if (!read) return txn_fail(self->group, ERR_CORRUPT), false;
    kept->received_ms = received.original_received_ms != 0 ? received.original_received_ms : (uint64_t)event.at_ms;
    received_content_hash(&received, self->arena, kept->content_hash);
    return true;
}

static void answer_known(visit_t *visit, text_t unit, const uint8_t content_hash[HASH_SIZE], intake_submission_t *kept) {
    intake_t *self = visit->intake;
    if (!submission_whole(self, kept)) return;
    if (memcmp(kept->content_hash, content_hash, HASH_SIZE) != 0) {
        text_t seq = arena_format(self->arena, "%llu", (unsigned long long)kept->seq);
        visit_refuse(visit, REASON_OF(conflict), text_of("submission_id"), &seq, 1);
        return;
    }
    visit_receipt(visit, unit, kept, true);
}

/* The entry, and its receipt. Its row stands in the table, or will. */
static void entry_append(visit_t *visit, report_received_t *received, const encoded_t *encoded, int64_t stamp_ms,
                         const intake_submission_t *kept) {
    intake_t *self = visit->intake;
    if (!encoded->bare) memcpy(received->content_hash, kept->content_hash, HASH_SIZE);
    wire_known_t known = {&received->report, encoded->bytes};
    const uint8_t *hash = encoded->bare ? kept->content_hash : NULL;
    uint64_t seq = group_append_known(self, report_received_type(), received, &known, hash, stamp_ms);
    ASSERT(seq == kept->seq);
    visit_receipt(visit, received->unit, kept, false);
}

/* What will be known of it if the next entry is this report's. `original_ms`: when the ledger took it first, 0: now. Not by
 * value: to copy what was written a moment ago by halves waits for both. */
static void submission_next(const intake_t *self, uint64_t original_ms, const uint8_t content_hash[HASH_SIZE],
                            intake_submission_t *kept) {
    kept->seq = self->tail_seq + 1;
    kept->received_ms = original_ms != 0 ? original_ms : (uint64_t)ledger_clock_stamp(&self->clock);
    memcpy(kept->content_hash, content_hash, HASH_SIZE);
}

/* Is it known already? Then that is its answer. */
static bool is_known(visit_t *visit, const store_key_t *key, text_t unit, const uint8_t content_hash[HASH_SIZE]) {
    intake_submission_t kept;
    bool known = txn_get(visit->intake->group, TABLE_SUBMISSIONS, key, visit->intake->arena, &kept);
    if (known) answer_known(visit, unit, content_hash, &kept);
    return known;
}

bool intake_is_plain(const intake_t *self) { return self->closed_ms == 0 && ledger_clock_due(&self->clock) == 0; }

/* Almost every report: nothing but its being known already, or a full disk, can keep it out, and nothing has to be appended before
 * it. So it is looked for and put in one walk. */
void intake_take_prepared(intake_t *self, const prepared_t *report, buffer_t *now, buffer_t *later) {
    visit_t visit = {
        .intake = self, .door = door_gateway, .frame = report->encoded, .unit = report->unit, .now = now, .later = later};
    visit.packet.request_id = report->request_id;
    memcpy(visit.submission_id, report->submission_id, sizeof visit.submission_id);
    arena_reset(self->arena);
    if (!group_begin(self)) return;
    text_t unit = planbook_plan(self->book)->units[report->unit].id;
    store_key_t key;
    key_of_submission(report->submission_id, unit, &key);
    if (self->busy) {
        if (!is_known(&visit, &key, unit, report->content_hash)) visit_busy(&visit);
        return;
    }
    intake_submission_t kept, there;
    submission_next(self, 0, report->content_hash, &kept);
    intake_submission_t row = {.seq = kept.seq};
    if (txn_put_new(self->group, TABLE_SUBMISSIONS, &key, &row, self->arena, &there)) {
        report_received_t received = {.unit = unit, .door = door_gateway, .key_generation = report->key_generation};
        entry_append(&visit, &received, &(encoded_t){report->encoded, report->bare}, ledger_clock_stamp(&self->clock), &kept);
    } else if (txn_error(self->group) == OK)
        answer_known(&visit, unit, report->content_hash, &there);
}

static report_received_t received_of(const visit_t *visit, const append_ask_t *ask) {
    report_received_t received = {
        .report = ask->report, .unit = ask->unit, .door = visit->door, .key_generation = ask->key_generation};
    received.login = visit->login;
    received.drafted_by = visit->drafted_by;
    if (visit->door == door_operator) received.entered_by = visit->actor;
    memcpy(received.session, visit->session, sizeof received.session);
    if (ask->receipt.seq != 0) received.original_received_ms = ask->receipt.received_ms;
    return received;
}

/* Who sends it may: now what is sent. `bytes`: the report's own; the reader takes canonical ones only. */
void report_take(visit_t *visit, const append_ask_t *ask, bytes_t bytes) {
    intake_t *self = visit->intake;
    if (!privacy_holds(visit, &ask->report) || !group_begin(self)) return;
    uint8_t content_hash[HASH_SIZE];
    encoded_t encoded = {bytes, report_content_hash(&ask->report, bytes, self->arena, content_hash)};
    memcpy(visit->submission_id, ask->report.submission_id, sizeof visit->submission_id);
    store_key_t key;
    key_of_submission(visit->submission_id, ask->unit, &key);
    if (is_known(visit, &key, ask->unit, content_hash) || !period_is_open(visit, ask->report.period)) return;
    if (self->busy) {
        visit_busy(visit);
        return;
    }
    if (!receipt_holds(visit, ask, content_hash)) return;
    int64_t stamp_ms = group_stamp(self);
    intake_submission_t kept;
    submission_next(self, ask->receipt.seq != 0 ? ask->receipt.received_ms : 0, content_hash, &kept);
    report_received_t received = received_of(visit, ask);
    txn_put(self->group, TABLE_SUBMISSIONS, &key, &(intake_submission_t){.seq = kept.seq});
    entry_append(visit, &received, &encoded, stamp_ms, &kept);
}

/* The unit of the report before is most likely this one's: one comparison for a look-up. */
static uint32_t unit_of_report(const intake_t *self, preparer_t *preparer, text_t unit) {
    const plan_t *plan = planbook_plan(self->book);
    bool same = preparer->unit_before < plan->units_count && text_equal(plan->units[preparer->unit_before].id, unit);
    if (!same) preparer->unit_before = unit_position(self, unit);
    return preparer->unit_before;
}

/* The door has looked for personal texts already; a ledger forgets nothing, so it is looked again before the ink. */
static bool may_be_plain(const intake_t *self, const append_ask_t *ask, uint32_t unit, arena_t *arena) {
    reason_t reason;
    return unit != UNIT_UNKNOWN && ask->receipt.seq == 0 && intake_keys_in_force(self->keys, unit, ask->key_generation) &&
           privacy_refusals(&ask->report, &reason, 1, arena) == 0 && privacy_unswapped(&ask->report, arena).size == 0;
}

bool intake_prepare(const intake_t *self, preparer_t *preparer, door_t door, bytes_t bytes, prepared_t *report, uint32_t *took) {
    append_ask_t ask;
    packet_t packet;
    wire_known_t known = {.object = &ask.report};
    arena_reset(preparer->arena);
    if (door != door_gateway || !packet_first(bytes, append_ask_type(), preparer->arena, &packet, &ask, &known)) return false;
    uint32_t unit = unit_of_report(self, preparer, ask.unit);
    if (packet.raw.size > MOST || !may_be_plain(self, &ask, unit, preparer->arena)) return false;
    *took = packet.raw.size;
    *report = (prepared_t){
        .request_id = packet.request_id, .key_generation = ask.key_generation, .unit = unit, .encoded = known.bytes};
    memcpy(report->submission_id, ask.report.submission_id, sizeof report->submission_id);
    report->bare = report_content_hash(&ask.report, known.bytes, preparer->arena, report->content_hash);
    return true;
}

void on_append_ask(visit_t *visit) {
    append_ask_t ask;
    if (!size_holds(visit) || !visit_body(visit, &visit->packet, append_ask_type(), &ask)) return;
    memcpy(visit->submission_id, ask.report.submission_id, sizeof visit->submission_id);
    bytes_t encoded = wire_peek(append_ask_type(), visit->packet.body, offsetof(append_ask_t, report));
    if (authority_holds(visit, &ask)) report_take(visit, &ask, encoded);
}

/* The console vouches for who is logged in; whether that login may speak for the unit is decided here. */
void on_attested_append(visit_t *visit) {
    attested_append_t attested;
    if (!size_holds(visit) || !visit_body(visit, &visit->packet, attested_append_type(), &attested)) return;
    memcpy(visit->submission_id, attested.report.submission_id, sizeof visit->submission_id);
    visit->unit = unit_position(visit->intake, attested.unit);
    if (!login_holds(visit, attested.login, attested.unit) || !approval_holds(visit, &attested)) return;
    visit->login = attested.login;
    visit->drafted_by = attested.drafted_by;
    memcpy(visit->session, attested.session, sizeof visit->session);
    append_ask_t ask = {.unit = attested.unit, .report = attested.report, .receipt = attested.receipt};
    report_take(visit, &ask, wire_peek(attested_append_type(), visit->packet.body, offsetof(attested_append_t, report)));
}

void on_refusals_note(visit_t *visit) {
    refusals_note_t note;
    fault_t fault = {0};
    if (packet_body(&visit->packet, refusals_note_type(), visit->intake->arena, &note, &fault) != OK) {
        visit_count(visit, text_of(fault.code)); /* a note has no answer */
        return;
    }
    uint32_t unit = note.unit.size == 0 ? UNIT_UNKNOWN : unit_position(visit->intake, note.unit);
    intake_counts_add(visit->intake->counts, unit, note.code, visit->door, note.frame_hash);
}
