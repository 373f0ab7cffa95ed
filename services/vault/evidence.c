/* The store of evidence: who may read what, what is erased, what is told; files on their way are evidence_upload.c. */
#include "services/vault/evidence_inner.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "services/stage/home.h"
#include "services/stage/log.h"

const table_t evidence_tables[EVIDENCE_TABLES] = {[EVIDENCE_FILES] = {"files", vault_file_type},
                                                  [EVIDENCE_OWNERS] = {"owners", vault_owner_type},
                                                  [EVIDENCE_HOLDERS] = {"holders", vault_owner_type}};
static const text_t nothing = {NULL, 0};

/* --- keys and names --- */

store_key_t evidence_key(const uint8_t sha256[HASH_SIZE]) {
    store_key_t key = key_new();
    key_add_bytes(&key, sha256, HASH_SIZE);
    return key;
}

store_key_t evidence_owner_key(text_t unit, const uint8_t sha256[HASH_SIZE]) {
    store_key_t key = key_new();
    key_add_text(&key, unit);
    key_add_bytes(&key, sha256, HASH_SIZE);
    return key;
}

store_key_t evidence_holder_key(const uint8_t sha256[HASH_SIZE], text_t unit) {
    store_key_t key = evidence_key(sha256);
    key_add_text(&key, unit);
    return key;
}

void evidence_path(const evidence_store_t *self, const char *folder, const uint8_t sha256[HASH_SIZE], char path[EVIDENCE_PATH]) {
    int size = snprintf(path, EVIDENCE_PATH, "%s/%s/", self->path, folder);
    ASSERT(size > 0 && size + 2 * HASH_SIZE < EVIDENCE_PATH); /* evidence_open has seen that it fits */
    for (int index = 0; index < HASH_SIZE; index++) snprintf(path + size + 2 * index, 3, "%02x", sha256[index]);
}

bool evidence_is_lost(const evidence_store_t *self, const uint8_t sha256[HASH_SIZE], const vault_file_t *row) {
    char path[EVIDENCE_PATH];
    if (row->erased_ms != 0 || row->scan == file_scan_infected) return false;
    evidence_path(self, "files", sha256, path);
    return access(path, F_OK) != 0;
}

bool evidence_low_space(const evidence_store_t *self, uint64_t more) {
    struct statvfs disk;
    uint64_t used = 0, size = 0;
    store_usage(self->store, &used, &size);
    if (used >= size || statvfs(self->path, &disk) != 0) return true;
    return (uint64_t)disk.f_bavail * disk.f_frsize < LIMIT_STORE_RESERVE + more;
}

err_t evidence_commit(txn_t *txn) {
    txn_fact_put(txn, "serial", txn_fact(txn, "serial") + 1);
    err_t err = txn_commit(&txn);
    if (err != OK) log_error("evidence_not_committed", "error=%s", err_name(err));
    return err;
}

/* --- opening --- */

/* Half files of a process that is no more, and files whose row was never written or was erased. */
static void folder_clean(evidence_store_t *self, const char *name, txn_t *rows) {
    char path[EVIDENCE_PATH];
    snprintf(path, sizeof path, "%s/%s", self->path, name);
    DIR *folder = opendir(path);
    uint32_t dropped = 0;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        uint8_t sha256[HASH_SIZE];
        vault_file_t row;
        if (entry->d_name[0] == '.') continue;
        bool named = rows != NULL && hex_read(text_of(entry->d_name), sha256, HASH_SIZE);
        store_key_t key = evidence_key(sha256);
        arena_reset(self->arena);
        if (named && txn_get(rows, EVIDENCE_FILES, &key, self->arena, &row) && row.erased_ms == 0) continue;
        dropped += unlinkat(dirfd(folder), entry->d_name, 0) == 0;
    }
    if (folder != NULL) closedir(folder);
    if (dropped > 0) log_info("evidence_cleaned", "folder=%s files=%u", name, dropped);
}

static err_t folders_open(evidence_store_t *self) {
    static const char *const folders[] = {"coming", "files", "quarantine"};
    char path[EVIDENCE_PATH];
    if (strlen(self->path) + 2 * HASH_SIZE + 16 >= EVIDENCE_PATH) return ERR_BAD;
    err_t err = OK;
    for (size_t index = 0; err == OK && index < sizeof folders / sizeof folders[0]; index++) {
        snprintf(path, sizeof path, "%s/%s", self->path, folders[index]);
        err = home_make_folder(path);
    }
    if (err == OK) err = home_sync_folder(self->path);
    txn_t *rows = err == OK ? store_read(self->store) : NULL;
    if (err == OK && rows == NULL) err = ERR_STORE;
    if (err == OK) folder_clean(self, "coming", NULL);
    if (err == OK) folder_clean(self, "files", rows);
    if (err == OK) err = txn_error(rows);
    txn_abort(&rows);
    return err;
}

err_t evidence_open(const char *path, const uint8_t hash_key[HASH_KEY_SIZE], const evidence_settings_t *settings,
                    evidence_store_t **out) {
    *out = NULL;
    evidence_store_t *self = calloc(1, sizeof *self);
    if (self == NULL) return ERR_NOMEM;
    self->path = strdup(path);
    self->arena = arena_new();
    self->settings = *settings;
    memcpy(self->hash_key, hash_key, HASH_KEY_SIZE);
    err_t err = store_open(path, evidence_tables, EVIDENCE_TABLES, &self->store);
    if (err == OK) err = folders_open(self);
    if (err != OK) evidence_close(&self);
    *out = self;
    return err;
}

void evidence_close(evidence_store_t **self_at) {
    evidence_store_t *self = *self_at;
    if (self == NULL) return;
    uploads_end(self);
    scanner_end(&self->rescan);
    if (self->store != NULL) store_close(&self->store);
    arena_destroy(&self->arena);
    free(self->path);
    explicit_bzero(self->hash_key, sizeof self->hash_key);
    free(self);
    *self_at = NULL;
}

/* --- one question --- */

bool evidence_body(const evidence_ask_t *ask, const message_t *type, void *value) {
    fault_t fault = {0};
    if (packet_body(ask->packet, type, ask->store->arena, value, &fault) == OK) return true;
    reason_t reason = {.code = text_of(fault.code), .path = text_of(fault.path)};
    refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
    reason_tell(&reason, ask->store->arena);
    packet_encode(ask->packet->request_id, refusal_type(), &refusal, ask->out);
    return false;
}

void evidence_refuse(const evidence_ask_t *ask, text_t code, text_t arg, text_t more) {
    text_t args[] = {arg, more};
    reason_t reason = {.code = code, .args = args, .args_count = more.size > 0 ? 2 : arg.size > 0};
    reason_tell(&reason, ask->store->arena);
    refusal_t refusal = {.reasons = &reason, .reasons_count = 1};
    packet_encode(ask->packet->request_id, refusal_type(), &refusal, ask->out);
}

void evidence_busy(const evidence_ask_t *ask) {
    busy_t busy = {.retry_after_ms = LIMIT_BUSY_RETRY_MS};
    packet_encode(ask->packet->request_id, busy_type(), &busy, ask->out);
}

bool evidence_row_find(evidence_store_t *self, const uint8_t sha256[HASH_SIZE], vault_file_t *row) {
    txn_t *txn = store_read(self->store);
    store_key_t key = evidence_key(sha256);
    bool found = txn != NULL && txn_get(txn, EVIDENCE_FILES, &key, self->arena, row);
    txn_abort(&txn);
    return found;
}

bool evidence_row_open(evidence_store_t *self, const uint8_t sha256[HASH_SIZE], const vault_file_t *row, sealed_file_t *file) {
    char path[EVIDENCE_PATH];
    uint8_t key[HASH_SIZE];
    evidence_path(self, row->scan == file_scan_infected ? "quarantine" : "files", sha256, path);
    sealed_key(self->hash_key, row->salt, key);
    err_t err = row->erased_ms != 0 ? ERR_MISSING : sealed_open(path, key, row->size, file);
    explicit_bzero(key, sizeof key);
    return err == OK;
}

static bool unit_holds(evidence_store_t *self, text_t unit, const uint8_t sha256[HASH_SIZE]) {
    txn_t *txn = store_read(self->store);
    store_key_t key = evidence_owner_key(unit, sha256);
    vault_owner_t owner;
    bool holds = txn != NULL && txn_get(txn, EVIDENCE_OWNERS, &key, self->arena, &owner);
    txn_abort(&txn);
    return holds;
}

/* Whose a file is not is told like one that is not there. */
static void on_fetch(const evidence_ask_t *ask) {
    evidence_store_t *self = ask->store;
    evidence_fetch_t fetch;
    vault_file_t row;
    sealed_file_t file = {.fd = -1};
    if (!evidence_body(ask, evidence_fetch_type(), &fetch)) return;
    bool anybodys = fetch.unit.size == 0 && ask->door != door_gateway;
    if (!evidence_row_find(self, fetch.sha256, &row) || (!anybodys && !unit_holds(self, fetch.unit, fetch.sha256)))
        evidence_refuse(ask, REASON_OF(evidence_missing), nothing, nothing);
    else if (row.erased_ms != 0)
        evidence_refuse(ask, REASON_OF(evidence_erased), nothing, nothing);
    else if (row.scan == file_scan_infected)
        evidence_refuse(ask, REASON_OF(evidence_infected), nothing, nothing);
    else if (fetch.offset % LIMIT_EVIDENCE_PIECE != 0 || fetch.offset > row.size)
        evidence_refuse(ask, REASON_OF(out_of_range), nothing, nothing);
    else if (!evidence_row_open(self, fetch.sha256, &row, &file))
        evidence_refuse(ask, REASON_OF(evidence_missing), nothing, nothing);
    else {
        uint64_t left = row.size - fetch.offset;
        uint32_t size = left < LIMIT_EVIDENCE_PIECE ? (uint32_t)left : LIMIT_EVIDENCE_PIECE;
        uint8_t *bytes = arena_room(self->arena, (size_t)size + 1);
        evidence_told_t told = {.size = row.size, .type = row.type, .scan = row.scan, .offset = fetch.offset};
        told.bytes = (bytes_t){bytes, size};
        memcpy(told.sha256, fetch.sha256, HASH_SIZE);
        if (sealed_read(&file, fetch.offset, size, bytes))
            packet_encode(ask->packet->request_id, evidence_told_type(), &told, ask->out);
        else
            evidence_refuse(ask, REASON_OF(evidence_damaged), nothing, nothing);
    }
    sealed_close(&file);
}

/* --- erasing --- */

/* What counted against its units counts no more; that they had it stays known. */
void evidence_owners_release(evidence_store_t *self, txn_t *txn, const uint8_t sha256[HASH_SIZE], bool forget) {
    store_key_t prefix = evidence_key(sha256);
    vault_owner_t owner;
    scan_t scan;
    for (uint32_t index = 0; index < LIMIT_UNITS; index++) {
        scan = scan_begin(txn, EVIDENCE_HOLDERS, &prefix, NULL);
        bool found = false;
        store_key_t turned = key_new();
        while (!found && scan_next(&scan, self->arena, &owner)) {
            found = forget || owner.size > 0;
            if (found) key_add_bytes(&turned, scan.key.at, scan.key.size);
        }
        scan_end(&scan);
        if (!found) return;
        uint32_t at = HASH_SIZE;
        text_t unit = arena_text(self->arena, key_next_text((bytes_t){turned.bytes, turned.size}, &at));
        store_key_t mine = evidence_owner_key(unit, sha256);
        owner.size = 0;
        if (forget) {
            txn_delete(txn, EVIDENCE_OWNERS, &mine);
            txn_delete(txn, EVIDENCE_HOLDERS, &turned);
        } else {
            txn_put(txn, EVIDENCE_OWNERS, &mine, &owner);
            txn_put(txn, EVIDENCE_HOLDERS, &turned, &owner);
        }
    }
}

void evidence_unlink(const evidence_store_t *self, const uint8_t sha256[HASH_SIZE]) {
    char path[EVIDENCE_PATH];
    evidence_path(self, "files", sha256, path);
    unlink(path);
    evidence_path(self, "quarantine", sha256, path);
    unlink(path);
}

/* First the salt, then the bytes: once the commit is there, nobody reads them again, wherever they lie. */
static void on_erase(const evidence_ask_t *ask) {
    evidence_store_t *self = ask->store;
    evidence_erase_t what;
    vault_file_t row = {0};
    if (!evidence_body(ask, evidence_erase_type(), &what)) return;
    evidence_erased_t erased = {.erased = evidence_row_find(self, what.sha256, &row) && row.erased_ms == 0};
    memcpy(erased.sha256, what.sha256, HASH_SIZE);
    if (erased.erased) {
        txn_t *txn = store_write(self->store);
        store_key_t key = evidence_key(what.sha256);
        row.erased_ms = (uint64_t)self->now_ms;
        memset(row.salt, 0, sizeof row.salt);
        if (txn != NULL) {
            txn_put(txn, EVIDENCE_FILES, &key, &row);
            evidence_owners_release(self, txn, what.sha256, false);
        }
        if (txn == NULL || evidence_commit(txn) != OK) {
            evidence_busy(ask);
            return;
        }
        evidence_unlink(self, what.sha256);
    }
    packet_encode(ask->packet->request_id, evidence_erased_type(), &erased, ask->out);
}

err_t evidence_quarantine(evidence_store_t *self, const char *from, const uint8_t sha256[HASH_SIZE], const vault_file_t *as) {
    char path[EVIDENCE_PATH];
    vault_file_t row = *as;
    txn_t *txn = store_write(self->store);
    if (txn == NULL) return ERR_STORE;
    store_key_t key = evidence_key(sha256);
    (void)txn_get(txn, EVIDENCE_FILES, &key, self->arena, &row);
    row.scan = file_scan_infected;
    evidence_path(self, "quarantine", sha256, path);
    if (rename(from, path) != 0) log_warn("not_moved_apart", "errno=%d", errno);
    txn_put(txn, EVIDENCE_FILES, &key, &row);
    err_t err = evidence_commit(txn);
    if (err == OK) {
        evidence_path(self, "files", sha256, path);
        unlink(path);
    }
    return err;
}

/* --- asking --- */

static void on_list(const evidence_ask_t *ask) {
    evidence_store_t *self = ask->store;
    evidence_list_ask_t wanted;
    if (!evidence_body(ask, evidence_list_ask_type(), &wanted)) return;
    txn_t *txn = store_read(self->store);
    if (txn == NULL) {
        evidence_busy(ask);
        return;
    }
    evidence_row_t *rows = ARENA_NEW(self->arena, evidence_row_t, LIMIT_EVIDENCE_ROWS);
    evidence_list_t list = {.rows = rows};
    store_key_t prefix = key_new(), from = evidence_owner_key(wanted.after_unit, wanted.after);
    if (wanted.unit.size > 0) key_add_text(&prefix, wanted.unit);
    vault_owner_t owner;
    scan_t scan = scan_begin(txn, EVIDENCE_OWNERS, &prefix, wanted.after_unit.size > 0 ? &from : NULL);
    while (scan_next(&scan, self->arena, &owner)) {
        uint32_t at = 0;
        if (scan.key.size == from.size && memcmp(scan.key.at, from.bytes, from.size) == 0) continue;
        list.more = list.rows_count == LIMIT_EVIDENCE_ROWS;
        if (list.more) break;
        evidence_row_t *row = &rows[list.rows_count++];
        row->unit = arena_text(self->arena, key_next_text(scan.key, &at));
        memcpy(row->sha256, scan.key.at + at, HASH_SIZE);
        store_key_t key = evidence_key(row->sha256);
        vault_file_t file;
        row->kept_ms = owner.since_ms;
        if (!txn_get(txn, EVIDENCE_FILES, &key, self->arena, &file)) continue;
        row->size = file.size, row->type = file.type, row->scan = file.scan;
        row->erased_ms = file.erased_ms, row->named_seq = file.named_seq;
    }
    scan_end(&scan);
    txn_abort(&txn);
    packet_encode(ask->packet->request_id, evidence_list_type(), &list, ask->out);
}

static void on_check(const evidence_ask_t *ask) {
    evidence_check_ask_t wanted;
    vault_file_t row = {0};
    sealed_file_t file = {.fd = -1};
    uint8_t sha256[HASH_SIZE];
    if (!evidence_body(ask, evidence_check_ask_type(), &wanted)) return;
    evidence_checked_t checked = {0};
    memcpy(checked.sha256, wanted.sha256, HASH_SIZE);
    if (evidence_row_find(ask->store, wanted.sha256, &row)) {
        checked.size = row.size, checked.type = row.type, checked.scan = row.scan, checked.erased_ms = row.erased_ms;
        checked.there = evidence_row_open(ask->store, wanted.sha256, &row, &file);
        checked.whole = checked.there && sealed_hash(&file, sha256) && memcmp(sha256, wanted.sha256, HASH_SIZE) == 0;
        sealed_close(&file);
    }
    packet_encode(ask->packet->request_id, evidence_checked_type(), &checked, ask->out);
}

/* Which door may ask what. A unit is named at the gateway's and the console's by who vouches for it. */
static const struct {
    uint32_t kind;
    bool gateway, console, operator;
    void (*on)(const evidence_ask_t *ask);
} handlers[] = {
    {KIND_evidence_offer, true, true, false, evidence_on_offer}, {KIND_evidence_piece, true, true, false, evidence_on_piece},
    {KIND_evidence_fetch, true, true, true, on_fetch},           {KIND_evidence_erase, false, false, true, on_erase},
    {KIND_evidence_list_ask, false, false, true, on_list},       {KIND_evidence_check_ask, false, false, true, on_check},
};

void evidence_take(evidence_store_t *self, door_t door, bytes_t frame, int64_t now_ms, buffer_t *out) {
    packet_t packet = {0};
    fault_t fault = {0};
    arena_reset(self->arena);
    self->now_ms = now_ms;
    evidence_ask_t ask = {self, &packet, door, out};
    if (packet_decode(frame, &packet, &fault) != OK) {
        evidence_refuse(&ask, text_of(fault.code), nothing, nothing);
        return;
    }
    for (size_t index = 0; index < sizeof handlers / sizeof handlers[0]; index++) {
        bool may = (door == door_gateway && handlers[index].gateway) || (door == door_console && handlers[index].console) ||
                   (door == door_operator && handlers[index].operator);
        if (handlers[index].kind != packet.kind || !may) continue;
        if (packet.raw.size != frame.size) evidence_refuse(&ask, REASON_OF(malformed), nothing, nothing);
        else handlers[index].on(&ask);
        return;
    }
    bool known = message_of_kind(packet.kind) != NULL;
    evidence_refuse(&ask, known ? REASON_OF(not_permitted) : REASON_OF(unknown_message), nothing, nothing);
}
