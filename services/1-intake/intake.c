/* The ledger: founded, opened, committed, served. */
#include "services/1-intake/intake.h"

#include <stdlib.h>
#include <string.h>

#include "proto/receipt.h"
#include "services/1-intake/state.h"
#include "services/stage/clock.h"
#include "services/stage/log.h"

#define DEF_FILE "services/1-intake/intake.def"
#include "proto/define.h"

const table_t intake_tables[TABLE_COUNT] = {
    [TABLE_SUBMISSIONS] = {"submissions", intake_submission_type},
    [TABLE_KEYS] = {"keys", intake_key_type},
    [TABLE_COMMANDS] = {"commands", intake_command_type},
    [TABLE_QUARANTINES] = {"quarantines", quarantined_type},
    [TABLE_FORKS] = {"forks", ledger_restored_type},
    [TABLE_PARTS] = {"plan_parts", intake_part_type},
    [TABLE_LOGINS] = {"logins", login_row_type},
    [TABLE_NOTICES] = {"notices", intake_notice_type},
    [TABLE_OFFICERS] = {"officers", intake_officer_type},
    [TABLE_PIECES] = {"pieces", intake_part_type},
    [TABLE_DOCUMENTS] = {"documents", intake_document_type},
    [TABLE_OBJECTIONS] = {"objections", intake_objection_type},
};

enum { VERIFY_STEP = 65536 }; /* entries that a start verifies at most; after a clean stop it is none */

store_key_t key_of_unit_generation(text_t unit, uint64_t generation) {
    store_key_t key = key_new();
    key_add_text(&key, unit);
    key_add_u64(&key, generation);
    return key;
}

uint32_t unit_position(const intake_t *self, text_t unit) {
    const unit_t *found = planbook_unit(self->book, unit);
    return found == NULL ? UNIT_UNKNOWN : planbook_unit_index(self->book, found);
}

void intake_read_clock(intake_t *self, int64_t wall_ms, int64_t steady_ms) {
    if (!ledger_clock_read(&self->clock, wall_ms, steady_ms)) return;
    static const char *const trusts[] = {"agrees", "held", "behind"};
    log_warn("clock_trust", "trust=%s wall_ms=%lld reading_ms=%lld last_stamp_ms=%lld", trusts[self->clock.trust],
             (long long)wall_ms, (long long)self->clock.reading_ms, (long long)self->clock.last_ms);
}

void intake_tick(intake_t *self, int64_t wall_ms, int64_t steady_ms) {
    intake_read_clock(self, wall_ms, steady_ms);
    bool silent = doors_are_silent(self);
    if ((silent || ledger_clock_due(&self->clock) > 0) && group_begin(self)) group_stamp(self);
    if (silent && self->group != NULL) doors_note(self);
}

bool intake_pending(const intake_t *self) { return self->advance.active; }

void intake_continue(intake_t *self, buffer_t *later) {
    if (self->advance.active && group_begin(self)) advance_step(self, later);
}

bool intake_has_group(const intake_t *self) { return self->group != NULL || self->err != OK; }

/* One signature a group: every receipt of it carries the same head. */
static void head_sign(intake_t *self) {
    receipt_t head = {.epoch = self->epoch, .head_seq = self->durable.seq};
    memcpy(head.ledger_id, self->opened.ledger_id, sizeof head.ledger_id);
    memcpy(head.head_hash, self->durable.hash, sizeof head.head_hash);
    receipt_sign(self->signer_secret, &head);
    self->shared = (receipts_t){.epoch = head.epoch,
                                .received_ms = (uint64_t)self->group_ms,
                                .head_seq = head.head_seq,
                                .backup_seq = self->backup_seq};
    memcpy(self->shared.ledger_id, head.ledger_id, sizeof self->shared.ledger_id);
    memcpy(self->shared.head_hash, head.head_hash, sizeof self->shared.head_hash);
    memcpy(self->shared.signature, head.signature, sizeof self->shared.signature);
}

/* What was committed so long ago is on the disk, whatever happens now. */
static void verified_note(intake_t *self, txn_t *txn, uint64_t seq) {
    txn_fact_put(txn, FACT_VERIFIED, seq);
    self->verified = seq;
}

err_t intake_rest(intake_t *self) {
    if (self->err != OK || self->group != NULL || self->verified == self->durable.seq) return self->err;
    txn_t *txn = store_write(self->store);
    if (txn == NULL) return ERR_STORE;
    verified_note(self, txn, self->durable.seq);
    return txn_commit(&txn);
}

err_t intake_commit(intake_t *self) {
    if (self->err != OK || self->group == NULL) return self->err;
    if (self->group_count == 0) { /* only looked things up */
        self->err = txn_error(self->group);
        txn_abort(&self->group);
        return self->err;
    }
    head_t head = txn_head(self->group);
    if (head.seq >= self->verified + VERIFY_STEP) verified_note(self, self->group, head.seq);
    self->err = txn_commit(&self->group);
    if (self->err != OK) return self->err;
    bool grew = head.seq != self->durable.seq;
    self->durable = head;
    if (grew) head_sign(self);
    return OK;
}

receipts_t intake_shared(const intake_t *self) { return self->shared; }

bool intake_is_receipt(bytes_t answer) {
    enum { FIX_MAP = 0x80 };
    return answer.size > 0 && (answer.at[0] & 0xf0) == FIX_MAP; /* a packet is an array */
}

void intake_complete(const receipts_t *shared, bytes_t answer, buffer_t *out) {
    if (!intake_is_receipt(answer)) {
        buffer_add(out, answer.at, answer.size);
        return;
    }
    receipt_row_t row;
    fault_t fault = {0};
    err_t err = wire_decode(receipt_row_type(), answer, NULL, &row, &fault);
    ASSERT(err == OK); /* we wrote it */
    receipt_t receipt = receipt_of_row(shared, &row);
    packet_encode(row.request_id, receipt_type(), &receipt, out);
}

void intake_complete_many(const receipts_t *shared, bytes_t receipts, uint32_t count, buffer_t *out) {
    packet_encode_rows(receipts_type(), shared, receipts, count, out);
}

void intake_finish(intake_t *self, buffer_t *later) {
    buffer_t done = {0};
    uint32_t size = 0;
    fault_t fault = {0};
    for (size_t at = 0; at < later->size; at += size) {
        err_t err = wire_scan_first((bytes_t){later->at + at, (uint32_t)(later->size - at)}, &size, &fault);
        ASSERT(err == OK); /* we wrote it */
        intake_complete(&self->shared, (bytes_t){later->at + at, size}, &done);
    }
    buffer_destroy(later);
    *later = done;
}

void intake_allow_restore(intake_t *self) { self->restoring = true; }

uint64_t intake_epoch(const intake_t *self) { return self->epoch; }

err_t intake_verify(const char *path, head_t *head, ledger_opened_t *opened, uint64_t *epoch) {
    store_t *store = NULL;
    err_t err = store_open(path, intake_tables, TABLE_COUNT, &store);
    if (err == OK) err = store_verify(store, head);
    arena_t *arena = arena_new();
    txn_t *txn = err == OK ? store_read(store) : NULL;
    event_t first, last;
    fault_t fault = {0};
    if (err == OK && (txn == NULL || !txn_event(txn, 1, arena, &first, NULL) ||
                      !txn_event(txn, head->seq, arena, &last, NULL) ||
                      event_body(&first, ledger_opened_type(), arena, opened, &fault) != OK))
        err = ERR_CORRUPT;
    if (err == OK) *epoch = last.epoch;
    txn_abort(&txn);
    arena_destroy(&arena);
    store_close(&store);
    return err;
}

head_t intake_head(const intake_t *self) { return self->durable; }

int64_t intake_now_ms(const intake_t *self) { return ledger_clock_stamp(&self->clock); }

store_t *intake_store(intake_t *self) { return self->store; }

void intake_keep_free(intake_t *self, uint64_t reserve) { self->reserve = reserve; }

bool intake_serve(intake_t *self, const fetch_t *fetch, arena_t *arena, batch_t *batch) {
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return false;
    bool served = stream_serve(txn, STREAM_ENTRIES, self->durable, fetch, arena, batch);
    batch->rooted = true;
    txn_abort(&txn);
    return served;
}

static uint64_t append_founding(txn_t *txn, const event_t *header, const message_t *type, const void *value) {
    event_t own = *header;
    own.cause_seq = txn_head(txn).seq + 1;
    uint64_t seq = 0;
    txn_append(txn, &own, type, value, &seq);
    return seq;
}

err_t intake_found(const char *path, const ledger_opened_t *opened, const plan_t *plan, uint64_t rules_version, int64_t at_ms) {
    fault_t fault = {0};
    rules_activated_t rules = {.version = rules_version};
    if (at_ms < 1 || wire_check(ledger_opened_type(), opened, &fault) != OK ||
        wire_check(plan_type(), plan, &fault) != OK || wire_check(rules_activated_type(), &rules, &fault) != OK) {
        log_error("found_refused", "code=%s path=\"%s\"", fault.code == NULL ? "out_of_range" : fault.code, fault.path);
        return ERR_BAD;
    }
    store_t *store = NULL;
    err_t err = store_open(path, intake_tables, TABLE_COUNT, &store);
    if (err != OK) return err;
    txn_t *txn = store_write(store);
    if (txn == NULL)
        err = ERR_STORE;
    else if (txn_head(txn).seq != 0)
        err = ERR_REFUSED;
    if (err == OK) {
        event_t header = {.epoch = opened->epoch, .at_ms = at_ms};
        append_founding(txn, &header, ledger_opened_type(), opened);
        adoption_found(txn, &header, plan);
        append_founding(txn, &header, rules_activated_type(), &rules);
        err = txn_commit(&txn);
    } else if (txn != NULL)
        txn_abort(&txn);
    store_close(&store);
    return err;
}

static err_t load_opening(intake_t *self, txn_t *txn) {
    event_t event;
    fault_t fault = {0};
    if (!txn_event(txn, 1, self->kept, &event, NULL)) return ERR_MISSING;
    if (event_body(&event, ledger_opened_type(), self->kept, &self->opened, &fault) != OK) return ERR_CORRUPT;
    seal_key_make(self->signer_secret, self->opened.ledger_id, self->seal_key);
    /* an Ed25519 secret ends with its public half */
    if (memcmp(self->signer_secret + SIGN_PUBLIC_SIZE, self->opened.signer_key, SIGN_PUBLIC_SIZE) == 0) return OK;
    log_error("signer_wrong", "why=\"keys/signer.key is not the signer that the ledger names\"");
    return ERR_REFUSED;
}

static err_t load_clock(intake_t *self, txn_t *txn) {
    event_t event;
    if (!txn_event(txn, self->durable.seq, self->arena, &event, NULL)) return ERR_CORRUPT;
    bool rehearsal = self->opened.clock_mode == clock_mode_rehearsal;
    self->clock = ledger_clock_new(rehearsal, event.at_ms, event.kind == KIND_clock_ticked);
    uint64_t closed_seq = txn_fact(txn, FACT_CLOSED);
    self->is_sealed = txn_fact(txn, FACT_SEALED) != 0;
    if (closed_seq != 0 && !txn_event(txn, closed_seq, self->arena, &event, NULL)) return ERR_CORRUPT;
    if (closed_seq != 0) self->closed_ms = event.at_ms;
    self->backup_seq = txn_fact(txn, FACT_BACKUP);
    return OK;
}

static err_t load_forks(intake_t *self, txn_t *txn) {
    self->epoch = self->opened.epoch;
    store_key_t all = key_new();
    scan_t scan = scan_begin(txn, TABLE_FORKS, &all, NULL);
    ledger_restored_t row;
    while (scan_next(&scan, self->arena, &row)) forks_add(self, &row);
    scan_end(&scan);
    return txn_error(txn);
}

static err_t verify_chain(intake_t *self, txn_t *txn) {
    uint64_t bad = 0;
    self->verified = txn_fact(txn, FACT_VERIFIED);
    err_t err = txn_verify_chain(txn, self->verified == 0 ? 1 : self->verified, &bad);
    if (err != OK) log_error("chain_broken", "seq=%llu", (unsigned long long)bad);
    return err;
}

static err_t intake_load(intake_t *self) {
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return ERR_STORE;
    self->durable = txn_head(txn);
    self->tail_seq = self->durable.seq;
    err_t err = load_opening(self, txn);
    if (err == OK) err = verify_chain(self, txn);
    if (err == OK) err = load_clock(self, txn);
    if (err == OK) err = load_forks(self, txn);
    if (err == OK) err = adoption_load(self, txn);
    if (err == OK) err = officers_load(self, txn);
    if (err == OK) doors_load(self, txn);
    txn_abort(&txn);
    if (err == OK) head_sign(self);
    return err;
}

err_t intake_open(const char *path, const uint8_t signer_secret[64], intake_t **out) {
    *out = NULL;
    intake_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    (void)message_of_kind(0); /* fills its table before there is a second thread */
    self->path = strdup(path);
    self->arena = arena_new();
    self->preparer = (preparer_t){arena_new(), UNIT_UNKNOWN};
    self->kept = arena_new();
    self->counts = intake_counts_new();
    self->reserve = LIMIT_STORE_RESERVE;
    self->started_steady_ms = clock_steady_ms();
    memcpy(self->signer_secret, signer_secret, sizeof self->signer_secret);
    crypto_start();
    err_t err = store_open(path, intake_tables, TABLE_COUNT, &self->store);
    if (err == OK) err = intake_load(self);
    if (err != OK) intake_close(&self);
    *out = self;
    return err;
}

void intake_close(intake_t **self_at) {
    intake_t *self = *self_at;
    if (self == NULL) return;
    if (self->group != NULL) txn_abort(&self->group);
    if (self->store != NULL) store_close(&self->store);
    planbook_destroy(&self->book);
    intake_keys_destroy(&self->keys);
    intake_counts_destroy(&self->counts);
    arena_destroy(&self->arena);
    arena_destroy(&self->preparer.arena);
    arena_destroy(&self->kept);
    free(self->path);
    explicit_bzero(self->seal_key, sizeof self->seal_key);
    explicit_bzero(self->signer_secret, sizeof self->signer_secret);
    free(self);
    *self_at = NULL;
}
