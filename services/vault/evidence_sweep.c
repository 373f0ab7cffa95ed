/* What happens to files in time: those that no scanner has seen are offered to it again; those that no report names are collected.
 * Which are named only the ledger knows; it is looked through when a file is old enough to ask, and only from where it was left. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/stage/home.h"
#include "services/stage/log.h"
#include "services/stage/serve.h"
#include "services/vault/evidence_inner.h"

enum { DAY_MS = 86400000, SWEPT_AT_ONCE = 256, SETTING_ROOM = 512 };
#define FACT_SEQ "entries_seq"
#define FACT_HASH "entries_hash"

/* --- settings --- */

static uint64_t setting(const char *path, uint64_t usual, uint64_t most) {
    const char *text = home_setting(path, "");
    char *end = NULL;
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] == '\0') return usual;
    if (*end == '\0' && text[0] >= '0' && text[0] <= '9' && number > 0 && number <= most) return number;
    log_warn("setting_ignored", "setting=%s most=%llu", path, (unsigned long long)most);
    return usual;
}

/* The words of a command, split at blanks: no shell sees them. The program is named by its whole path. */
static void scanner_read(evidence_settings_t *out) {
    static char words[SETTING_ROOM];
    const char *text = home_setting("evidence/scanner", "");
    size_t size = strlen(text), count = 0;
    if (size == 0) return;
    if (text[0] != '/' || size >= sizeof words) {
        log_error("scanner_ignored", "why=\"a whole path, at most %d characters\"", SETTING_ROOM - 1);
        return;
    }
    memcpy(words, text, size + 1);
    for (char *rest = words; count < SCANNER_WORDS && *rest != '\0';) {
        size_t length = strcspn(rest, " ");
        bool last = rest[length] == '\0';
        rest[length] = '\0';
        if (length > 0) out->scanner[count++] = rest;
        rest += length + !last;
    }
}

evidence_settings_t evidence_settings(void) {
    static const uint64_t mebi = 1 << 20;
    evidence_settings_t out = {0};
    out.file_most = setting("evidence/file_mib", LIMIT_EVIDENCE_FILE / mebi, LIMIT_EVIDENCE_FILE / mebi) * mebi;
    out.report_most = setting("evidence/report_mib", LIMIT_EVIDENCE_REPORT / mebi, LIMIT_EVIDENCE_REPORT / mebi) * mebi;
    out.unit_most = setting("evidence/unit_mib", LIMIT_EVIDENCE_UNIT / mebi, 1 << 20) * mebi;
    out.orphan_ms = (int64_t)setting("evidence/orphan_days", LIMIT_EVIDENCE_ORPHAN_DAYS, 3660) * DAY_MS;
    out.scan_ms = (int64_t)setting("evidence/scan_seconds", LIMIT_EVIDENCE_SCAN_MS / 1000, 3600) * 1000;
    scanner_read(&out);
    return out;
}

/* --- scanned later --- */

static void rescan_end(evidence_store_t *self, scanner_state_t state) {
    char path[EVIDENCE_PATH];
    vault_file_t row;
    scanner_end(&self->rescan);
    if (state == SCAN_UNAVAILABLE) self->rescan_ms = self->now_ms + LIMIT_EVIDENCE_RESCAN_MS;
    if (state == SCAN_UNAVAILABLE || !evidence_row_find(self, self->rescan_sha256, &row) || row.erased_ms != 0) return;
    if (state == SCAN_INFECTED) {
        evidence_path(self, "files", self->rescan_sha256, path);
        log_warn("evidence_infected", "type=%s", WORD_NAME(file_type, row.type));
        (void)evidence_quarantine(self, path, self->rescan_sha256, &row);
        return;
    }
    txn_t *txn = store_write(self->store);
    if (txn == NULL) return;
    store_key_t key = evidence_key(self->rescan_sha256);
    row.scan = file_scan_clean;
    txn_put(txn, EVIDENCE_FILES, &key, &row);
    (void)evidence_commit(txn); /* it is scanned again if this is lost */
}

/* The next file without a verdict, from where the last one was; at the end wait for the next time. */
static bool rescan_next(evidence_store_t *self, vault_file_t *row) {
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return false;
    store_key_t all = key_new(), from = evidence_key(self->rescan_sha256);
    scan_t scan = scan_begin(txn, EVIDENCE_FILES, &all, &from);
    bool found = false;
    while (!found && scan_next(&scan, self->arena, row)) {
        bool same = memcmp(scan.key.at, self->rescan_sha256, HASH_SIZE) == 0;
        found = !same && row->scan == file_scan_none && row->erased_ms == 0;
        if (found) memcpy(self->rescan_sha256, scan.key.at, HASH_SIZE);
    }
    scan_end(&scan);
    txn_abort(&txn);
    if (!found) memset(self->rescan_sha256, 0, HASH_SIZE);
    return found;
}

bool rescan_step(evidence_store_t *self) {
    vault_file_t row;
    sealed_file_t file;
    if (self->settings.scanner[0] == NULL) return false;
    if (self->rescan != NULL) {
        scanner_state_t state = scanner_state(self->rescan);
        if (state != SCAN_RUNS) rescan_end(self, state);
        return true;
    }
    if (self->now_ms < self->rescan_ms) return false;
    if (!rescan_next(self, &row)) {
        self->rescan_ms = self->now_ms + LIMIT_EVIDENCE_RESCAN_MS;
        return false;
    }
    if (!evidence_row_open(self, self->rescan_sha256, &row, &file)) return true; /* lost: the next one */
    self->rescan = scanner_start(&self->settings, &file);
    if (self->rescan == NULL) sealed_close(&file);
    return true;
}

bool evidence_step(evidence_store_t *self, int64_t now_ms) {
    arena_reset(self->arena);
    self->now_ms = now_ms;
    bool uploads = uploads_step(self), rescan = rescan_step(self);
    return uploads || rescan;
}

/* --- orphans --- */

static bool is_orphan(const evidence_store_t *self, const vault_file_t *row, int64_t now_ms) {
    uint64_t wanted_ms = row->offered_ms > row->kept_ms ? row->offered_ms : row->kept_ms;
    return row->named_seq == 0 && row->erased_ms == 0 && now_ms - (int64_t)wanted_ms > self->settings.orphan_ms;
}

/* At most SWEPT_AT_ONCE of them. */
static uint32_t orphans_find(evidence_store_t *self, int64_t now_ms, uint8_t (*found)[HASH_SIZE], uint32_t most) {
    txn_t *txn = store_read(self->store);
    uint32_t count = 0;
    store_key_t all = key_new();
    vault_file_t row;
    if (txn == NULL) return 0;
    arena_reset(self->arena);
    scan_t scan = scan_begin(txn, EVIDENCE_FILES, &all, NULL);
    while (count < most && scan_next(&scan, self->arena, &row))
        if (is_orphan(self, &row, now_ms)) memcpy(found[count++], scan.key.at, HASH_SIZE);
    scan_end(&scan);
    txn_abort(&txn);
    return count;
}

bool evidence_sweep_wanted(evidence_store_t *self, int64_t now_ms) {
    uint8_t one[1][HASH_SIZE];
    return orphans_find(self, now_ms, one, 1) > 0;
}

head_t evidence_position(evidence_store_t *self) {
    head_t head = {0};
    txn_t *txn = store_read(self->store);
    if (txn == NULL) return head;
    head.seq = txn_fact(txn, FACT_SEQ);
    if (!txn_fact_bytes(txn, FACT_HASH, head.hash, HASH_SIZE)) head = (head_t){0};
    txn_abort(&txn);
    return head;
}

void evidence_position_forget(evidence_store_t *self) {
    static const uint8_t zero[HASH_SIZE];
    txn_t *txn = store_write(self->store);
    if (txn == NULL) return;
    txn_fact_put(txn, FACT_SEQ, 0);
    txn_fact_bytes_put(txn, FACT_HASH, zero, HASH_SIZE);
    (void)evidence_commit(txn);
}

static void name_it(evidence_store_t *self, txn_t *txn, const uint8_t sha256[HASH_SIZE], uint64_t seq) {
    store_key_t key = evidence_key(sha256);
    vault_file_t row;
    if (bytes_are_zero(sha256, HASH_SIZE) || !txn_get(txn, EVIDENCE_FILES, &key, self->arena, &row) || row.named_seq != 0) return;
    row.named_seq = seq;
    txn_put(txn, EVIDENCE_FILES, &key, &row);
}

static err_t entry_take(evidence_store_t *self, txn_t *txn, const event_t *event) {
    report_received_t entry;
    fault_t fault;
    if (event->kind != KIND_report_received) return OK;
    arena_reset(self->arena);
    if (event_body(event, report_received_type(), self->arena, &entry, &fault) != OK) return ERR_BAD;
    const report_t *report = &entry.report;
    for (uint32_t index = 0; index < report->evidence_count; index++)
        name_it(self, txn, report->evidence[index].sha256, event->seq);
    for (uint32_t figure = 0; figure < report->figures_count; figure++)
        for (uint32_t item = 0; item < report->figures[figure].items_count; item++)
            name_it(self, txn, report->figures[figure].items[item].evidence, event->seq);
    return OK;
}

/* Entries that follow from `hash`, to the last one. What changed on its way would leave a named file without a name. */
static err_t entries_take(evidence_store_t *self, txn_t *txn, const batch_t *batch, uint8_t hash[HASH_SIZE]) {
    uint32_t place = 0;
    uint64_t seq = 0;
    event_t event;
    err_t err = OK;
    arena_reset(self->arena);
    while (err == OK && batch_next(batch, &place, &seq, &event, &err))
        err = batch_follows(batch, &event, hash) ? entry_take(self, txn, &event) : ERR_BAD;
    if (err == OK && memcmp(hash, batch->last_hash, HASH_SIZE) != 0) err = ERR_BAD;
    return err;
}

bool evidence_entries_take(evidence_store_t *self, const batch_t *batch) {
    head_t at = evidence_position(self);
    if (batch->count == 0) return true;
    if (batch->stream != STREAM_ENTRIES || batch->from != at.seq + 1) return false;
    txn_t *txn = store_write(self->store);
    if (txn == NULL) return false;
    if (entries_take(self, txn, batch, at.hash) == OK) {
        txn_fact_put(txn, FACT_SEQ, batch->from + batch->count - 1);
        txn_fact_bytes_put(txn, FACT_HASH, batch->last_hash, HASH_SIZE);
        return evidence_commit(txn) == OK;
    }
    txn_abort(&txn);
    return false;
}

uint32_t evidence_sweep(evidence_store_t *self, int64_t now_ms) {
    static uint8_t orphans[SWEPT_AT_ONCE][HASH_SIZE];
    uint32_t count = orphans_find(self, now_ms, orphans, SWEPT_AT_ONCE);
    txn_t *txn = count == 0 ? NULL : store_write(self->store);
    if (txn == NULL) return 0;
    for (uint32_t index = 0; index < count; index++) {
        store_key_t key = evidence_key(orphans[index]);
        txn_delete(txn, EVIDENCE_FILES, &key);
        evidence_owners_release(self, txn, orphans[index], true);
    }
    if (evidence_commit(txn) != OK) return 0;
    for (uint32_t index = 0; index < count; index++) evidence_unlink(self, orphans[index]);
    log_info("evidence_collected", "files=%u", count);
    return count;
}

/* --- reading all of it --- */

uint64_t evidence_count(evidence_store_t *self) {
    txn_t *txn = store_read(self->store);
    uint64_t count = 0;
    store_key_t all = key_new();
    vault_file_t row;
    if (txn == NULL) return 0;
    scan_t scan = scan_begin(txn, EVIDENCE_FILES, &all, NULL);
    while (scan_next(&scan, self->arena, &row)) count += row.erased_ms == 0;
    scan_end(&scan);
    txn_abort(&txn);
    return count;
}

static void file_verify(evidence_store_t *self, const uint8_t *sha256, const vault_file_t *row, bool bytes,
                        evidence_found_t *found) {
    sealed_file_t file = {.fd = -1};
    uint8_t there[HASH_SIZE];
    if (row->erased_ms != 0 || row->scan == file_scan_infected) return;
    found->files++;
    found->bytes += row->size;
    if (!evidence_row_open(self, sha256, row, &file)) found->absent++;
    else if (bytes && (!sealed_hash(&file, there) || memcmp(there, sha256, HASH_SIZE) != 0)) found->damaged++;
    sealed_close(&file);
}

err_t evidence_verify(const char *path, const uint8_t *hash_key, evidence_found_t *found) {
    evidence_store_t self = {0};
    head_t head;
    vault_file_t row;
    char folder[EVIDENCE_PATH];
    *found = (evidence_found_t){0};
    size_t size = strlen(path);
    if (size + 2 * HASH_SIZE + 16 >= sizeof folder) return ERR_BAD;
    memcpy(folder, path, size + 1);
    self.path = folder;
    self.arena = arena_new();
    if (hash_key != NULL) memcpy(self.hash_key, hash_key, HASH_KEY_SIZE);
    err_t err = store_open(path, evidence_tables, EVIDENCE_TABLES, &self.store);
    if (err == OK) err = store_verify(self.store, &head);
    txn_t *txn = err == OK ? store_read(self.store) : NULL;
    if (txn != NULL) found->serial = txn_fact(txn, "serial");
    store_key_t all = key_new();
    if (txn != NULL) {
        scan_t scan = scan_begin(txn, EVIDENCE_FILES, &all, NULL);
        while (scan_next(&scan, self.arena, &row)) file_verify(&self, scan.key.at, &row, hash_key != NULL, found);
        scan_end(&scan);
    }
    txn_abort(&txn);
    store_close(&self.store);
    arena_destroy(&self.arena);
    explicit_bzero(self.hash_key, sizeof self.hash_key);
    return err;
}
