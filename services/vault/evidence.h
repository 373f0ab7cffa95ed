/* Evidence files: content-addressed by SHA-256, sealed on the disk, durable before they are acknowledged, and erasable.
 * A unit proves that it has a file by sending all of it; that somebody else sent it before helps nobody to read it. */
#ifndef VAULT_EVIDENCE_H
#define VAULT_EVIDENCE_H

#include "proto/crypto.h"
#include "services/stage/store.h"

enum { SCANNER_WORDS = 16 };

/* What an operator may set (minning.conf, evidence/…); evidence_settings reads them. */
typedef struct {
    uint64_t file_most, report_most, unit_most; /* bytes */
    int64_t orphan_ms;                          /* a file that no report names is collected then */
    int64_t scan_ms;                            /* a scanner may take so long */
    const char *scanner[SCANNER_WORDS + 1];     /* program and arguments, no shell; empty: no scanner */
} evidence_settings_t;
evidence_settings_t evidence_settings(void);

typedef struct evidence_store evidence_store_t;

/* Opens the store in folder `path` and throws away what was never acknowledged. hash_key: keys/vault.key. */
err_t evidence_open(const char *path, const uint8_t hash_key[HASH_KEY_SIZE], const evidence_settings_t *settings,
                    evidence_store_t **out);
void evidence_close(evidence_store_t **self);

/* Answers one frame that came in at this door, always and at once, by one packet in `out`. now_ms: the wall clock. */
void evidence_take(evidence_store_t *self, door_t door, bytes_t frame, int64_t now_ms, buffer_t *out);
/* Does what is due: results of scanners, uploads that went silent. true: something is under way, come back soon. */
bool evidence_step(evidence_store_t *self, int64_t now_ms);

/* Orphans. Is a file old enough that only the ledger can tell whether it is still wanted? */
bool evidence_sweep_wanted(evidence_store_t *self, int64_t now_ms);
/* The ledger up to here was looked through (evidence_position), and goes on with this batch. false: not what follows, or not as it
 * was written. */
head_t evidence_position(evidence_store_t *self);
bool evidence_entries_take(evidence_store_t *self, const batch_t *batch);
void evidence_position_forget(evidence_store_t *self); /* another ledger now: from the beginning */
/* After the whole ledger: collects what nobody named in time. How many. */
uint32_t evidence_sweep(evidence_store_t *self, int64_t now_ms);

uint64_t evidence_count(evidence_store_t *self); /* files kept */

/* Reads a store that no service has open, from end to end, and looks for every file: *files kept, *absent of them. The bytes are
 * looked at too where hash_key is not NULL: *damaged. */
typedef struct {
    uint64_t files, bytes, absent, damaged;
    uint64_t serial; /* of its last change: of two copies of one store the later has more */
} evidence_found_t;
err_t evidence_verify(const char *path, const uint8_t *hash_key, evidence_found_t *found);

/* The thread of the service: sockets of all doors, HOME_EVIDENCE_*. */
typedef struct evidence_service evidence_service_t;
err_t evidence_service_start(const uint8_t hash_key[HASH_KEY_SIZE], evidence_service_t **out);
void evidence_service_stop(evidence_service_t **self);

#endif
