/* Files on their way: offered, sent piece by piece, looked at, kept. What is half here dies with the process: it was never said
 * to be kept, and the next offer tells to begin anew. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "services/stage/home.h"
#include "services/stage/log.h"
#include "services/vault/evidence_inner.h"

enum { MEBI = 1 << 20, DAY_MS = 86400000 };

static const text_t nothing = {NULL, 0};

static upload_t *upload_find(evidence_store_t *self, text_t unit, const uint8_t sha256[HASH_SIZE]) {
    for (size_t index = 0; index < LIMIT_EVIDENCE_UPLOADS; index++) {
        upload_t *upload = &self->uploads[index];
        if (upload->used && text_is(unit, upload->unit) && memcmp(upload->sha256, sha256, HASH_SIZE) == 0) return upload;
    }
    return NULL;
}

static void upload_drop(evidence_store_t *self, upload_t *upload) {
    if (upload->scanner != NULL) self->scanners--;
    scanner_end(&upload->scanner);
    sealed_close(&upload->file);
    unlink(upload->path);
    explicit_bzero(upload, sizeof *upload);
}

void uploads_end(evidence_store_t *self) {
    for (size_t index = 0; index < LIMIT_EVIDENCE_UPLOADS; index++)
        if (self->uploads[index].used) upload_drop(self, &self->uploads[index]);
}

static void say_at(const evidence_ask_t *ask, const uint8_t sha256[HASH_SIZE], uint64_t offset, const vault_file_t *kept) {
    evidence_at_t at = {.offset = offset, .kept = kept != NULL};
    memcpy(at.sha256, sha256, HASH_SIZE);
    if (kept != NULL) at.type = kept->type, at.scan = kept->scan;
    packet_encode(ask->packet->request_id, evidence_at_type(), &at, ask->out);
}

static void refuse_most(const evidence_ask_t *ask, text_t code, uint64_t bytes, uint64_t files) {
    text_t most = arena_format(ask->store->arena, "%llu", (unsigned long long)(bytes / MEBI));
    text_t more = files == 0 ? nothing : arena_format(ask->store->arena, "%llu", (unsigned long long)files);
    evidence_refuse(ask, code, most, more);
}

/* --- offers --- */

/* What the unit has and is sending. */
typedef struct {
    uint64_t files, bytes, of_report;
    uint32_t under_way, all_under_way;
    uint64_t to_come; /* bytes that everybody's uploads still want of the disk */
} holding_t;

static void holding_add(holding_t *has, const evidence_offer_t *offer, const uint8_t submission_id[16], uint64_t size) {
    bool for_report = !bytes_are_zero(offer->submission_id, sizeof offer->submission_id);
    has->files++;
    has->bytes += size;
    if (for_report && memcmp(offer->submission_id, submission_id, sizeof offer->submission_id) == 0) has->of_report += size;
}

static holding_t holding_of(evidence_store_t *self, txn_t *txn, const evidence_offer_t *offer) {
    holding_t has = {0};
    store_key_t prefix = key_new();
    key_add_text(&prefix, offer->unit);
    vault_owner_t owner;
    scan_t scan = scan_begin(txn, EVIDENCE_OWNERS, &prefix, NULL);
    while (scan_next(&scan, self->arena, &owner)) holding_add(&has, offer, owner.submission_id, owner.size);
    scan_end(&scan);
    for (size_t index = 0; index < LIMIT_EVIDENCE_UPLOADS; index++) {
        const upload_t *upload = &self->uploads[index];
        if (!upload->used) continue;
        has.all_under_way++;
        has.to_come += upload->size - upload->have;
        if (!text_is(offer->unit, upload->unit)) continue;
        has.under_way++;
        holding_add(&has, offer, upload->submission_id, upload->size);
    }
    return has;
}

/* May so much more come? false: refused, or told to come again. */
static bool offer_fits(const evidence_ask_t *ask, txn_t *txn, const evidence_offer_t *offer) {
    evidence_store_t *self = ask->store;
    const evidence_settings_t *most = &self->settings;
    if (offer->size > most->file_most) {
        refuse_most(ask, REASON_OF(evidence_large), most->file_most, 0);
        return false;
    }
    holding_t has = holding_of(self, txn, offer);
    if (has.of_report + offer->size > most->report_most)
        refuse_most(ask, REASON_OF(evidence_report_full), most->report_most, 0);
    else if (has.bytes + offer->size > most->unit_most || has.files >= LIMIT_EVIDENCE_FILES)
        refuse_most(ask, REASON_OF(evidence_unit_full), most->unit_most, LIMIT_EVIDENCE_FILES);
    else if (has.under_way >= LIMIT_EVIDENCE_OF_UNIT || has.all_under_way >= LIMIT_EVIDENCE_UPLOADS ||
             evidence_low_space(self, has.to_come + offer->size))
        evidence_busy(ask);
    else
        return true;
    return false;
}

static upload_t *upload_begin(evidence_store_t *self, const evidence_offer_t *offer) {
    upload_t *upload = self->uploads;
    while (upload->used) upload++; /* offer_fits has seen a free one */
    *upload = (upload_t){.size = offer->size, .touched_ms = self->now_ms, .file.fd = -1};
    memcpy(upload->unit, offer->unit.at, offer->unit.size);
    memcpy(upload->sha256, offer->sha256, HASH_SIZE);
    memcpy(upload->submission_id, offer->submission_id, sizeof upload->submission_id);
    sha256_begin(&upload->hash);
    do crypto_random(upload->salt, sizeof upload->salt);
    while (bytes_are_zero(upload->salt, sizeof upload->salt));
    snprintf(upload->path, sizeof upload->path, "%s/coming/%llu", self->path, (unsigned long long)++self->serial);
    uint8_t key[HASH_SIZE];
    sealed_key(self->hash_key, upload->salt, key);
    err_t err = sealed_create(upload->path, key, upload->size, &upload->file);
    explicit_bzero(key, sizeof key);
    if (err != OK) {
        log_error("evidence_not_begun", "error=%s errno=%d", err_name(err), errno);
        return NULL;
    }
    upload->used = true;
    return upload;
}

/* A file that is kept is offered again before each report that names it: that it is wanted need not be written down each time. */
static void offered_again(evidence_store_t *self, const evidence_offer_t *offer, vault_file_t *row) {
    if (self->now_ms - (int64_t)row->offered_ms < DAY_MS) return;
    txn_t *txn = store_write(self->store);
    if (txn == NULL) return;
    store_key_t key = evidence_key(offer->sha256);
    row->offered_ms = (uint64_t)self->now_ms;
    txn_put(txn, EVIDENCE_FILES, &key, row);
    (void)evidence_commit(txn); /* a date, not a promise */
}

/* What is known of this file for this unit. true: answered. */
static bool offer_known(const evidence_ask_t *ask, txn_t *txn, const evidence_offer_t *offer, vault_file_t *row, bool *again) {
    evidence_store_t *self = ask->store;
    store_key_t key = evidence_key(offer->sha256), mine = evidence_owner_key(offer->unit, offer->sha256);
    vault_owner_t owner;
    if (!txn_get(txn, EVIDENCE_FILES, &key, self->arena, row) || evidence_is_lost(self, offer->sha256, row)) return false;
    *again = row->erased_ms == 0 && row->scan != file_scan_infected && txn_get(txn, EVIDENCE_OWNERS, &mine, self->arena, &owner);
    if (row->erased_ms != 0) evidence_refuse(ask, REASON_OF(evidence_erased), nothing, nothing);
    else if (row->scan == file_scan_infected) evidence_refuse(ask, REASON_OF(evidence_infected), nothing, nothing);
    else if (*again) say_at(ask, offer->sha256, row->size, row);
    else return false;
    return true;
}

void evidence_on_offer(const evidence_ask_t *ask) {
    evidence_store_t *self = ask->store;
    evidence_offer_t offer;
    if (!evidence_body(ask, evidence_offer_type(), &offer)) return;
    if (offer.unit.size == 0) {
        evidence_refuse(ask, REASON_OF(missing_field), nothing, nothing);
        return;
    }
    upload_t *upload = upload_find(self, offer.unit, offer.sha256);
    if (upload != NULL && upload->size == offer.size) {
        upload->touched_ms = self->now_ms;
        say_at(ask, offer.sha256, upload->have, NULL);
        return;
    }
    if (upload != NULL) upload_drop(self, upload);
    txn_t *txn = store_read(self->store);
    if (txn == NULL) {
        evidence_busy(ask);
        return;
    }
    vault_file_t row = {0};
    bool again = false;
    bool begins = !offer_known(ask, txn, &offer, &row, &again) && offer_fits(ask, txn, &offer);
    txn_abort(&txn);
    if (again) offered_again(self, &offer, &row);
    if (!begins) return;
    if (upload_begin(self, &offer) == NULL) evidence_busy(ask);
    else say_at(ask, offer.sha256, 0, NULL);
}

/* --- keeping --- */

static void owner_put(txn_t *txn, const upload_t *upload, int64_t now_ms) {
    vault_owner_t owner = {.size = upload->size, .since_ms = (uint64_t)now_ms};
    memcpy(owner.submission_id, upload->submission_id, sizeof owner.submission_id);
    store_key_t mine = evidence_owner_key(text_of(upload->unit), upload->sha256);
    store_key_t turned = evidence_holder_key(upload->sha256, text_of(upload->unit));
    txn_put(txn, EVIDENCE_OWNERS, &mine, &owner);
    txn_put(txn, EVIDENCE_HOLDERS, &turned, &owner);
}

/* The bytes are synced: give them their name, make that durable, then the row. Whoever dies in between leaves a file without a row,
 * which the next start throws away. */
static err_t upload_name(evidence_store_t *self, const upload_t *upload) {
    char path[EVIDENCE_PATH];
    evidence_path(self, "files", upload->sha256, path);
    if (rename(upload->path, path) != 0) return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_SYSTEM;
    return home_sync_name(path);
}

/* Somebody else may have sent it meanwhile; what a restore has lost is healed. */
static err_t upload_keep(evidence_store_t *self, const upload_t *upload, const vault_file_t *as, vault_file_t *row) {
    txn_t *txn = store_write(self->store);
    if (txn == NULL) return ERR_STORE;
    store_key_t key = evidence_key(upload->sha256);
    bool known = txn_get(txn, EVIDENCE_FILES, &key, self->arena, row) && !evidence_is_lost(self, upload->sha256, row);
    err_t err = txn_error(txn);
    if (err == OK && !known) {
        *row = *as;
        err = upload_name(self, upload);
        txn_put(txn, EVIDENCE_FILES, &key, row);
    }
    if (err == OK && row->erased_ms == 0) owner_put(txn, upload, self->now_ms);
    if (err == OK) return evidence_commit(txn);
    log_error("evidence_not_kept", "error=%s errno=%d", err_name(err), errno);
    txn_abort(&txn);
    return err;
}

/* All is there and looked at. The upload is over, whatever comes of it; ask: who is told, NULL nobody waits. */
static void upload_finish(evidence_store_t *self, upload_t *upload, file_scan_t scan, const evidence_ask_t *ask) {
    uint8_t sha256[HASH_SIZE];
    memcpy(sha256, upload->sha256, sizeof sha256);
    uint64_t now_ms = (uint64_t)self->now_ms;
    vault_file_t row = {0};
    vault_file_t as = {.size = upload->size, .type = upload->type, .scan = scan, .kept_ms = now_ms, .offered_ms = now_ms};
    memcpy(as.salt, upload->salt, sizeof as.salt);
    err_t err = scan == file_scan_infected ? evidence_quarantine(self, upload->path, sha256, &as)
                                           : upload_keep(self, upload, &as, &row);
    log_info("evidence", "unit=%s bytes=%llu type=%s scan=%s error=%s", upload->unit, (unsigned long long)upload->size,
             WORD_NAME(file_type, upload->type), WORD_NAME(file_scan, scan), err_name(err));
    upload_drop(self, upload);
    if (ask == NULL) return;
    if (err != OK) evidence_busy(ask);
    else if (row.erased_ms != 0) evidence_refuse(ask, REASON_OF(evidence_erased), nothing, nothing);
    else say_at(ask, sha256, row.size, &row);
}

/* The last byte came: is it what was announced, and something that is taken? */
static void upload_look(const evidence_ask_t *ask, upload_t *upload) {
    evidence_store_t *self = ask->store;
    uint8_t sha256[HASH_SIZE];
    sha256_end(&upload->hash, sha256);
    if (memcmp(sha256, upload->sha256, HASH_SIZE) != 0) {
        upload_drop(self, upload);
        evidence_refuse(ask, REASON_OF(evidence_hash), nothing, nothing);
        return;
    }
    file_kind_t kind = file_kind_of(&(file_source_t){&upload->file, sealed_read, upload->size});
    if (kind.type == file_type_none) {
        upload_drop(self, upload);
        evidence_refuse(ask, kind.code, text_of(kind.what), nothing);
        return;
    }
    upload->type = kind.type;
    upload->whole = true;
    if (sealed_sync(&upload->file) != OK) {
        log_error("evidence_not_synced", "errno=%d", errno);
        upload_drop(self, upload); /* what a failed sync left on the disk nobody knows */
        evidence_busy(ask);
    } else if (self->settings.scanner[0] == NULL) {
        upload_finish(self, upload, file_scan_none, ask);
    } else {
        say_at(ask, upload->sha256, upload->size, NULL);
    }
}

void evidence_on_piece(const evidence_ask_t *ask) {
    evidence_store_t *self = ask->store;
    evidence_piece_t piece;
    if (!evidence_body(ask, evidence_piece_type(), &piece)) return;
    upload_t *upload = upload_find(self, piece.unit, piece.sha256);
    if (upload == NULL) {
        evidence_refuse(ask, REASON_OF(evidence_unknown), nothing, nothing);
        return;
    }
    upload->touched_ms = self->now_ms;
    if (piece.offset < upload->have || upload->whole) { /* it came twice */
        say_at(ask, piece.sha256, upload->have, NULL);
        return;
    }
    uint64_t left = upload->size - upload->have;
    uint64_t wanted = left < LIMIT_EVIDENCE_PIECE ? left : LIMIT_EVIDENCE_PIECE;
    if (piece.offset != upload->have || piece.bytes.size != wanted) {
        text_t at = arena_format(self->arena, "%llu", (unsigned long long)upload->have);
        evidence_refuse(ask, REASON_OF(evidence_piece), at, nothing);
        return;
    }
    err_t err = sealed_write(&upload->file, piece.offset, piece.bytes);
    if (err == OK && (piece.offset + piece.bytes.size) % LIMIT_EVIDENCE_FLUSH == 0) err = sealed_sync(&upload->file);
    if (err != OK) {
        log_warn("evidence_not_written", "error=%s errno=%d", err_name(err), errno);
        upload_drop(self, upload);
        evidence_busy(ask);
        return;
    }
    sha256_add(&upload->hash, piece.bytes);
    upload->have += piece.bytes.size;
    if (upload->have < upload->size) say_at(ask, piece.sha256, upload->have, NULL);
    else upload_look(ask, upload);
}

/* --- while they wait --- */

static void upload_scan(evidence_store_t *self, upload_t *upload) {
    sealed_file_t file;
    uint8_t key[HASH_SIZE];
    if (self->scanners >= LIMIT_EVIDENCE_SCANS) return;
    memcpy(key, upload->file.key, sizeof key);
    if (sealed_open(upload->path, key, upload->size, &file) == OK) upload->scanner = scanner_start(&self->settings, &file);
    explicit_bzero(key, sizeof key);
    if (upload->scanner != NULL) {
        self->scanners++;
        return;
    }
    sealed_close(&file);
    upload_finish(self, upload, file_scan_none, NULL);
}

/* Without a scanner's word it is kept and told as not scanned: the evening of the 25th does not wait for a daemon. */
static void upload_step(evidence_store_t *self, upload_t *upload) {
    if (upload->whole && upload->scanner == NULL) {
        upload_scan(self, upload);
        return;
    }
    if (upload->whole) {
        scanner_state_t state = scanner_state(upload->scanner);
        if (state == SCAN_RUNS) return;
        file_scan_t scan = state == SCAN_CLEAN ? file_scan_clean : state == SCAN_INFECTED ? file_scan_infected : file_scan_none;
        upload_finish(self, upload, scan, NULL);
    } else if (self->now_ms - upload->touched_ms > LIMIT_EVIDENCE_IDLE_MS) {
        log_info("evidence_given_up", "unit=%s bytes=%llu of=%llu", upload->unit, (unsigned long long)upload->have,
                 (unsigned long long)upload->size);
        upload_drop(self, upload);
    }
}

bool uploads_step(evidence_store_t *self) {
    bool busy = false;
    for (size_t index = 0; index < LIMIT_EVIDENCE_UPLOADS; index++) {
        upload_t *upload = &self->uploads[index];
        if (upload->used) upload_step(self, upload);
        busy = busy || (upload->used && upload->whole);
    }
    return busy;
}
