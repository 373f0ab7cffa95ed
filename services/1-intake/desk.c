/* What intake answers from read transactions: its health, and the keys in force. Also from the desk's thread. */
#include <string.h>
#include <unistd.h>

#include "services/1-intake/state.h"
#include "services/stage/clock.h"

void desk_busy(const packet_t *ask, buffer_t *out) {
    busy_t busy = {.retry_after_ms = LIMIT_BUSY_RETRY_MS};
    packet_encode(ask->request_id, busy_type(), &busy, out);
}

void desk_refuse(const packet_t *ask, text_t code, const char *path, buffer_t *out) {
    reason_t reason = {.code = code, .path = text_of(path)};
    refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
    packet_encode(ask->request_id, refusal_type(), &refusal, out);
}

/* One page of the registry, in the order of (unit, generation). as_of comes from the same snapshot as the keys: who follows the
 * entries behind the first page's as_of misses nothing. */
static void answer_registry(const intake_t *self, txn_t *txn, const packet_t *ask, uint64_t after, arena_t *arena,
                            buffer_t *out) {
    registry_key_t *keys = ARENA_NEW(arena, registry_key_t, LIMIT_ROWS);
    registry_t registry = {.as_of = txn_head(txn).seq, .keys = keys};
    memcpy(registry.ledger_id, self->opened.ledger_id, sizeof registry.ledger_id);
    store_key_t all = key_new();
    scan_t scan = scan_begin(txn, TABLE_KEYS, &all, NULL);
    intake_key_t row;
    for (uint64_t index = 0; !registry.more && scan_next(&scan, arena, &row); index++) {
        if (index < after) continue;
        registry.more = registry.keys_count == LIMIT_ROWS;
        if (registry.more) break;
        registry_key_t *key = &keys[registry.keys_count++];
        *key = (registry_key_t){.unit = row.unit, .generation = row.generation, .revoked = row.revoked_seq != 0};
        memcpy(key->key, row.key, sizeof key->key);
    }
    scan_end(&scan);
    if (txn_error(txn) == OK)
        packet_encode(ask->request_id, registry_type(), &registry, out);
    else
        desk_busy(ask, out);
}

static void on_registry(const intake_t *self, const packet_t *ask, arena_t *arena, buffer_t *out) {
    registry_ask_t question;
    fault_t fault = {0};
    if (packet_body(ask, registry_ask_type(), arena, &question, &fault) != OK) {
        desk_refuse(ask, text_of(fault.code), fault.path, out);
        return;
    }
    txn_t *txn = store_read(self->store);
    if (txn == NULL)
        desk_busy(ask, out);
    else
        answer_registry(self, txn, ask, question.after, arena, out);
    txn_abort(&txn);
}

static void answer_health(const intake_t *self, txn_t *txn, const packet_t *ask, arena_t *arena, buffer_t *out) {
    head_t head = txn_head(txn);
    event_t last = {0};
    bool whole = txn_event(txn, head.seq, arena, &last, NULL);
    bool low = space_is_low(self);
    health_t health = {.service = text_of("intake"),
                       .pid = (uint64_t)getpid(),
                       .uptime_ms = (uint64_t)(clock_steady_ms() - self->started_steady_ms),
                       .out_stream = STREAM_ENTRIES,
                       .out_head = head.seq,
                       .cause_seq = head.seq,
                       .now_ms = (uint64_t)last.at_ms,
                       .ok = whole && !low,
                       .plan = self->plan_id};
    if (low) health.note = text_of("storage is nearly full: doors are told BUSY");
    store_usage(self->store, &health.store_used, &health.store_size);
    packet_encode(ask->request_id, health_type(), &health, out);
}

static void on_quarantines(const intake_t *self, const packet_t *ask, arena_t *arena, buffer_t *out) {
    quarantines_ask_t question;
    fault_t fault = {0};
    if (packet_body(ask, quarantines_ask_type(), arena, &question, &fault) != OK) {
        desk_refuse(ask, text_of(fault.code), fault.path, out);
        return;
    }
    txn_t *txn = store_read(self->store);
    if (txn == NULL) {
        desk_busy(ask, out);
        return;
    }
    quarantined_t *rows = ARENA_NEW(arena, quarantined_t, LIMIT_ROWS);
    quarantines_t told = {.rows = rows};
    store_key_t prefix = key_new();
    key_add_text(&prefix, question.stage);
    scan_t scan = scan_begin(txn, TABLE_QUARANTINES, &prefix, NULL);
    while (told.rows_count < LIMIT_ROWS && scan_next(&scan, arena, &rows[told.rows_count])) told.rows_count++;
    scan_end(&scan);
    if (txn_error(txn) == OK)
        packet_encode(ask->request_id, quarantines_type(), &told, out);
    else
        desk_busy(ask, out);
    txn_abort(&txn);
}

/* --- documents, as they stand in the ledger --- */

/* What a question finds in the ledger is encoded into `out`. false: it is not there. */
typedef bool (*find_t)(const intake_t *self, txn_t *txn, const packet_t *ask, const void *question, arena_t *arena, buffer_t *out);

static bool find_documents(const intake_t *self, txn_t *txn, const packet_t *ask, const void *question, arena_t *arena,
                           buffer_t *out) {
    (void)self;
    documents_t told;
    documents_list(txn, question, arena, &told);
    packet_encode(ask->request_id, documents_type(), &told, out);
    return true;
}

static bool find_part(const intake_t *self, txn_t *txn, const packet_t *ask, const void *question, arena_t *arena,
                      buffer_t *out) {
    (void)self;
    document_part_t part;
    if (!document_part_find(txn, question, arena, &part)) return false;
    packet_encode(ask->request_id, document_part_type(), &part, out);
    return true;
}

static bool find_objections(const intake_t *self, txn_t *txn, const packet_t *ask, const void *question, arena_t *arena,
                            buffer_t *out) {
    (void)self;
    objections_t told;
    objections_list(txn, question, arena, &told);
    packet_encode(ask->request_id, objections_type(), &told, out);
    return true;
}

static void on_find(const intake_t *self, const packet_t *ask, const message_t *type, find_t find, arena_t *arena,
                    buffer_t *out) {
    void *question = arena_take(arena, type->size);
    fault_t fault = {0};
    if (packet_body(ask, type, arena, question, &fault) != OK) {
        desk_refuse(ask, text_of(fault.code), fault.path, out);
        return;
    }
    txn_t *txn = store_read(self->store);
    size_t before = out->size;
    bool there = txn != NULL && find(self, txn, ask, question, arena, out);
    bool well = txn != NULL && txn_error(txn) == OK;
    if (!well) out->size = before;
    if (!well)
        desk_busy(ask, out);
    else if (!there)
        desk_refuse(ask, REASON_OF(not_there), "", out);
    if (txn != NULL) txn_abort(&txn);
}

/* false: the entry asked for is not durable yet. */
static bool on_health(const intake_t *self, const packet_t *ask, arena_t *arena, buffer_t *out) {
    health_ask_t question;
    fault_t fault = {0};
    if (packet_body(ask, health_ask_type(), arena, &question, &fault) != OK) {
        desk_refuse(ask, text_of(fault.code), fault.path, out);
        return true;
    }
    txn_t *txn = store_read(self->store);
    if (txn == NULL) {
        desk_busy(ask, out);
        return true;
    }
    bool reached = txn_head(txn).seq >= question.at_least;
    if (reached) answer_health(self, txn, ask, arena, out);
    txn_abort(&txn);
    return reached;
}

bool intake_answer(intake_t *self, const packet_t *ask, buffer_t *out) {
    arena_t *arena = arena_new();
    bool answered = true;
    if (ask->kind == KIND_health_ask)
        answered = on_health(self, ask, arena, out);
    else if (ask->kind == KIND_registry_ask)
        on_registry(self, ask, arena, out);
    else if (ask->kind == KIND_quarantines_ask)
        on_quarantines(self, ask, arena, out);
    else if (ask->kind == KIND_logins_ask)
        answer_logins(self, ask, arena, out);
    else if (ask->kind == KIND_entry_ask)
        answer_entry(self, ask, arena, out);
    else if (ask->kind == KIND_officers_ask)
        on_officers_ask(self, ask, arena, out);
    else if (ask->kind == KIND_documents_ask)
        on_find(self, ask, documents_ask_type(), find_documents, arena, out);
    else if (ask->kind == KIND_document_part_ask)
        on_find(self, ask, document_part_ask_type(), find_part, arena, out);
    else if (ask->kind == KIND_objections_ask)
        on_find(self, ask, objections_ask_type(), find_objections, arena, out);
    else if (ask->kind == KIND_backup_ask)
        store_copy_answer(self->store, ask, out);
    else
        desk_refuse(ask, message_of_kind(ask->kind) == NULL ? REASON_OF(unknown_message) : REASON_OF(not_permitted), "",
                       out);
    arena_destroy(&arena);
    return answered;
}

void on_registry_ask(visit_t *visit) { (void)intake_answer(visit->intake, &visit->packet, visit->now); }
