/* Drafts of reports: kept sealed until they are sent, each change against the version that was looked at. */
#include <string.h>

#include "services/stage/log.h"
#include "services/vault/draft_rules.h"
#include "services/vault/vault_inner.h"

#define FACT_DRAFTS "drafts" /* version: grows with every change of any draft, so that no number comes twice */

static store_key_t key_of_draft(text_t unit, text_t period, text_t task) {
    store_key_t key = key_new();
    key_add_text(&key, unit);
    if (period.size == 0) return key;
    key_add_text(&key, period);
    key_add_text(&key, task);
    return key;
}

/* A key of their own, out of the vault's. */
static void draft_key(const vault_t *self, uint8_t key[HASH_KEY_SIZE]) {
    static const char purpose[] = "drafts";
    hash_keyed(self->hash_key, (bytes_t){(const uint8_t *)purpose, sizeof purpose - 1}, key);
}

/* Bound to its place and version: what was sealed elsewhere, or before, does not open here. */
static bytes_t place_of(const store_key_t *at, uint64_t version, arena_t *arena) {
    store_key_t place = *at;
    key_add_u64(&place, version);
    return arena_bytes(arena, (bytes_t){place.bytes, place.size});
}

static bool draft_open(vault_t *self, const store_key_t *at, const vault_draft_t *kept, draft_row_t *row) {
    uint8_t key[HASH_KEY_SIZE];
    fault_t fault;
    if (kept->sealed.size < BOX_EXTRA) return false;
    bytes_t opened = {arena_room(self->arena, kept->sealed.size), kept->sealed.size - BOX_EXTRA};
    draft_key(self, key);
    bool whole = box_open(key, place_of(at, kept->version, self->arena), kept->sealed, (uint8_t *)(uintptr_t)opened.at);
    explicit_bzero(key, sizeof key);
    return whole && wire_decode(draft_row_type(), opened, self->arena, row, &fault) == OK && row->version == kept->version;
}

/* What is there; version 0: nothing, or what another key has sealed, which is as good as nothing. */
static draft_row_t draft_read(vault_t *self, const store_key_t *at) {
    vault_draft_t kept;
    draft_row_t row;
    if (!txn_get(self->group, VAULT_DRAFTS, at, self->arena, &kept)) return (draft_row_t){0};
    if (draft_open(self, at, &kept, &row)) return row;
    log_warn("draft_unreadable", "version=%llu", (unsigned long long)kept.version);
    return (draft_row_t){0};
}

static void draft_write(vault_t *self, const store_key_t *at, const draft_row_t *row) {
    uint8_t key[HASH_KEY_SIZE];
    buffer_t plain = {0};
    wire_encode(draft_row_type(), row, &plain);
    uint8_t *sealed = arena_room(self->arena, plain.size + BOX_EXTRA);
    draft_key(self, key);
    box_seal(key, place_of(at, row->version, self->arena), (bytes_t){plain.at, (uint32_t)plain.size}, sealed);
    vault_draft_t kept = {.version = row->version, .sealed = {sealed, (uint32_t)plain.size + BOX_EXTRA}};
    txn_put(self->group, VAULT_DRAFTS, at, &kept);
    explicit_bzero(key, sizeof key);
    explicit_bzero(plain.at, plain.size);
    buffer_destroy(&plain);
}

static uint64_t version_next(vault_t *self) {
    uint64_t version = txn_fact(self->group, FACT_DRAFTS) + 1;
    txn_fact_put(self->group, FACT_DRAFTS, version);
    self->group_count++;
    return version;
}

static bool room_is_left(vault_t *self, text_t unit) {
    uint32_t count = 0;
    vault_draft_t kept;
    store_key_t all = key_of_draft(unit, text_of(NULL), text_of(NULL));
    scan_t scan = scan_begin(self->group, VAULT_DRAFTS, &all, NULL);
    while (count < LIMIT_DRAFTS && scan_next(&scan, self->arena, &kept)) count++;
    scan_end(&scan);
    return count < LIMIT_DRAFTS;
}

/* Refused, with who changed it and what it is now. */
static void draft_refuse(const packet_t *packet, text_t code, const char *path, const draft_row_t *now, buffer_t *out) {
    text_t args[] = {now->state == draft_state_back ? now->back_by : now->login, text_of(WORD_ZH(draft_state, now->state)),
                     text_of(WORD_EN(draft_state, now->state))};
    bool changed = text_equal(code, REASON_OF(draft_changed)), step = text_equal(code, REASON_OF(draft_step));
    reason_t reason = {.code = code, .path = text_of(path), .args = step ? args + 1 : args};
    reason.args_count = changed ? 3 : step ? 2 : 0;
    refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
    packet_encode(packet->request_id, refusal_type(), &refusal, out);
}

static bool body_read(vault_t *self, const packet_t *packet, const message_t *type, void *value, buffer_t *now) {
    fault_t fault = {0};
    if (packet_body(packet, type, self->arena, value, &fault) == OK) return true;
    vault_refuse(packet, text_of(fault.code), fault.path, now);
    return false;
}

static void on_put(vault_t *self, const packet_t *packet, buffer_t *now, buffer_t *later) {
    draft_put_t put;
    const char *path = "";
    if (!body_read(self, packet, draft_put_type(), &put, now) || !vault_group_begin(self)) return;
    store_key_t at = key_of_draft(put.unit, put.period, put.task);
    draft_row_t before = draft_read(self, &at);
    text_t code = draft_refusal(&before, &put, &path);
    if (code.size > 0) {
        draft_refuse(packet, code, path, &before, now);
        return;
    }
    if (self->group_count == 0 && vault_space_is_low(self)) {
        vault_say_busy(packet->request_id, now);
        return;
    }
    if (before.version == 0 && !room_is_left(self, put.unit)) {
        vault_refuse(packet, REASON_OF(too_many), "", now);
        return;
    }
    draft_row_t after = draft_after(&before, &put);
    after.version = version_next(self);
    draft_write(self, &at, &after);
    draft_kept_t kept = {.version = after.version, .state = after.state};
    packet_encode(packet->request_id, draft_kept_type(), &kept, later);
}

static void on_drop(vault_t *self, const packet_t *packet, buffer_t *now, buffer_t *later) {
    draft_drop_t drop;
    if (!body_read(self, packet, draft_drop_type(), &drop, now) || !vault_group_begin(self)) return;
    store_key_t at = key_of_draft(drop.unit, drop.period, drop.task);
    draft_kept_t gone = {0};
    draft_row_t row = draft_read(self, &at);
    if (row.version != 0 && row.version != drop.version) {
        draft_refuse(packet, REASON_OF(draft_changed), "version", &row, now);
        return;
    }
    if (row.version == 0) { /* gone already: asked again */
        packet_encode(packet->request_id, draft_kept_type(), &gone, self->group_count > 0 ? later : now);
        return;
    }
    txn_delete(self->group, VAULT_DRAFTS, &at);
    self->group_count++;
    packet_encode(packet->request_id, draft_kept_type(), &gone, later);
}

/* One draft with what was typed, or the heads of all of them. */
static uint32_t drafts_find(vault_t *self, txn_t *txn, const draft_ask_t *ask, draft_row_t *rows) {
    bool one = ask->period.size > 0;
    uint32_t count = 0;
    vault_draft_t kept;
    store_key_t prefix = key_of_draft(ask->unit, ask->period, ask->task);
    scan_t scan = scan_begin(txn, VAULT_DRAFTS, &prefix, NULL);
    while (count < LIMIT_DRAFTS && scan_next(&scan, self->arena, &kept)) {
        store_key_t at = key_new();
        key_add_bytes(&at, scan.key.at, scan.key.size);
        if (!draft_open(self, &at, &kept, &rows[count])) continue;
        if (!one) rows[count].body = (bytes_t){0};
        count++;
    }
    scan_end(&scan);
    return count;
}

static void on_ask(vault_t *self, const packet_t *packet, buffer_t *now) {
    draft_ask_t ask;
    if (!body_read(self, packet, draft_ask_type(), &ask, now)) return;
    if ((ask.task.size > 0) != (ask.period.size > 0)) {
        vault_refuse(packet, REASON_OF(missing_field), ask.task.size > 0 ? "period" : "task", now);
        return;
    }
    txn_t *txn = store_read(self->store);
    draft_row_t *rows = ARENA_NEW(self->arena, draft_row_t, LIMIT_DRAFTS);
    drafts_t told = {.rows = rows};
    if (txn != NULL) told.rows_count = drafts_find(self, txn, &ask, rows);
    if (txn != NULL && txn_error(txn) == OK) packet_encode(packet->request_id, drafts_type(), &told, now);
    else vault_say_busy(packet->request_id, now);
    txn_abort(&txn);
}

bool drafts_take(vault_t *self, door_t door, const packet_t *packet, buffer_t *now, buffer_t *later) {
    if (door != door_console) return false;
    switch (packet->kind) {
    case KIND_draft_put: on_put(self, packet, now, later); return true;
    case KIND_draft_drop: on_drop(self, packet, now, later); return true;
    case KIND_draft_ask: on_ask(self, packet, now); return true;
    default: return false;
    }
}
