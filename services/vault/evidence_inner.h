/* What the files about evidence share: sealed files, uploads, scanners, the open store. Private to this room. */
#ifndef VAULT_EVIDENCE_INNER_H
#define VAULT_EVIDENCE_INNER_H

#include "services/vault/evidence.h"
#include "services/vault/evidence_type.h"

#define DEF_FILE "services/vault/vault.def"
#include "proto/declare.h"

enum { EVIDENCE_FILES, EVIDENCE_OWNERS, EVIDENCE_HOLDERS, EVIDENCE_TABLES };
enum { EVIDENCE_PATH = 512 };

/* --- evidence_file.c: bytes on the disk, in sealed blocks --- */
typedef struct {
    int fd; /* -1: none */
    uint64_t size;
    uint8_t key[HASH_SIZE];
    uint64_t block_at; /* place + 1 of the block in hand; 0: none */
    uint32_t block_size;
    uint8_t *block;    /* plain; LIMIT_EVIDENCE_BLOCK, allocated when first read */
} sealed_file_t;
void sealed_key(const uint8_t hash_key[HASH_KEY_SIZE], const uint8_t salt[HASH_SIZE], uint8_t key[HASH_SIZE]);
/* A new file of `size` bytes in all, mode 0600; ERR_SYSTEM: errno tells. */
err_t sealed_create(const char *path, const uint8_t key[HASH_SIZE], uint64_t size, sealed_file_t *out);
err_t sealed_open(const char *path, const uint8_t key[HASH_SIZE], uint64_t size, sealed_file_t *out); /* ERR_MISSING */
void sealed_close(sealed_file_t *self);
/* Writes whole blocks at a multiple of LIMIT_EVIDENCE_BLOCK; only the last of the file may be shorter. ERR_FULL, ERR_SYSTEM. */
err_t sealed_write(sealed_file_t *self, uint64_t offset, bytes_t bytes);
err_t sealed_sync(sealed_file_t *self);
/* Any bytes of it. false: damaged, or beyond the end. Fits file_source_t. */
bool sealed_read(void *self, uint64_t offset, uint32_t size, uint8_t *into);
bool sealed_hash(sealed_file_t *self, uint8_t sha256[HASH_SIZE]); /* false: damaged */

/* --- evidence_scanner.c: the virus scanner --- */
typedef enum { SCAN_RUNS, SCAN_CLEAN, SCAN_INFECTED, SCAN_UNAVAILABLE } scanner_state_t;
typedef struct scanner scanner_t;
/* Starts the program with the file's plain bytes as its standard input, in a process group of its own, without a shell, with no
 * other descriptor and an empty environment. Exit 0: clean; 1: infected; all else, or too late: unavailable. Takes `file` over. */
scanner_t *scanner_start(const evidence_settings_t *settings, sealed_file_t *file);
scanner_state_t scanner_state(scanner_t *self);
void scanner_end(scanner_t **self); /* ends the program if it still runs */

/* --- evidence_upload.c: files on their way --- */
typedef struct {
    bool used;
    bool whole; /* all bytes came, hash and type are right, synced: it waits for the scanner */
    char unit[LIMIT_ID + 1];
    uint8_t sha256[HASH_SIZE];
    uint8_t submission_id[16];
    uint8_t salt[HASH_SIZE];
    char path[EVIDENCE_PATH];
    uint64_t size, have;
    int64_t touched_ms;
    sha256_t hash;
    sealed_file_t file;
    file_type_t type;
    scanner_t *scanner;
} upload_t;

struct evidence_store {
    store_t *store;
    char *path;
    uint8_t hash_key[HASH_KEY_SIZE];
    evidence_settings_t settings;
    arena_t *arena; /* of the frame at hand */
    int64_t now_ms;
    uint64_t serial; /* of temporary names */
    upload_t uploads[LIMIT_EVIDENCE_UPLOADS];
    uint32_t scanners;
    /* files that no scanner has seen yet */
    scanner_t *rescan;
    uint8_t rescan_sha256[HASH_SIZE];
    int64_t rescan_ms; /* when to look again */
};

/* What a handler needs to answer. */
typedef struct {
    evidence_store_t *store;
    const packet_t *packet;
    door_t door;
    buffer_t *out;
} evidence_ask_t;
bool evidence_body(const evidence_ask_t *ask, const message_t *type, void *value); /* false: refused already */
void evidence_refuse(const evidence_ask_t *ask, text_t code, text_t arg, text_t more);
void evidence_busy(const evidence_ask_t *ask);
void evidence_on_offer(const evidence_ask_t *ask);
void evidence_on_piece(const evidence_ask_t *ask);
bool uploads_step(evidence_store_t *self);
void uploads_end(evidence_store_t *self);

/* --- evidence.c: rows and names --- */
extern const table_t evidence_tables[EVIDENCE_TABLES];
store_key_t evidence_key(const uint8_t sha256[HASH_SIZE]);
store_key_t evidence_owner_key(text_t unit, const uint8_t sha256[HASH_SIZE]);
store_key_t evidence_holder_key(const uint8_t sha256[HASH_SIZE], text_t unit);
void evidence_path(const evidence_store_t *self, const char *folder, const uint8_t sha256[HASH_SIZE], char path[EVIDENCE_PATH]);
bool evidence_row_find(evidence_store_t *self, const uint8_t sha256[HASH_SIZE], vault_file_t *row);
bool evidence_row_open(evidence_store_t *self, const uint8_t sha256[HASH_SIZE], const vault_file_t *row, sealed_file_t *file);
/* It should be there, and its bytes are not: a restore without them. It may be sent again. */
bool evidence_is_lost(const evidence_store_t *self, const uint8_t sha256[HASH_SIZE], const vault_file_t *row);
bool evidence_low_space(const evidence_store_t *self, uint64_t more);
/* The file is infected: kept apart, still sealed, and known by its hash. `as`: its row, unless there is one. */
err_t evidence_quarantine(evidence_store_t *self, const char *from, const uint8_t sha256[HASH_SIZE], const vault_file_t *as);
/* What the file counts against its units counts no more; forget: nor that they ever had it. */
void evidence_owners_release(evidence_store_t *self, txn_t *txn, const uint8_t sha256[HASH_SIZE], bool forget);
void evidence_unlink(const evidence_store_t *self, const uint8_t sha256[HASH_SIZE]);
err_t evidence_commit(txn_t *txn); /* logs what goes wrong */

/* --- evidence_sweep.c --- */
bool rescan_step(evidence_store_t *self);

#endif
