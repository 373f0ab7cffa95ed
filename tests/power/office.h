/* A small real office for the tests of durability: a ledger, the validation stage and the vault, driven by function calls. */
#ifndef POWER_OFFICE_H
#define POWER_OFFICE_H

#include "proto/crypto.h"
#include "services/1-intake/intake.h"
#include "services/stage/stage.h"
#include "services/vault/vault.h"

enum { OFFICE_ACKS = 4096, OFFICE_PATH = 256 };

/* What a sender holds in his hand once intake_finish gave it to him. */
typedef struct {
    uint64_t seq;
    uint8_t submission_id[16];
    uint8_t content_hash[HASH_SIZE];
} ack_t;

/* Who founds, signs and reports; the same in every process of a test. Instants are made up: equal calls leave equal bytes. */
typedef struct {
    ledger_opened_t opened;
    uint8_t operator_secret[SIGN_SECRET_SIZE];
    uint8_t signer_secret[SIGN_SECRET_SIZE];
    int64_t wall_ms;
    uint64_t request_id;
    uint32_t ack_count;
    ack_t acks[OFFICE_ACKS];
    buffer_t now;   /* answers to the frames since the last commit */
    buffer_t later; /* those that wait for it */
    arena_t *arena;
} bureau_t;

bureau_t *office_new(void);
void office_destroy(bureau_t **self);

err_t office_found(bureau_t *self, const char *path);                /* intake_found, one second after wall_ms began */
err_t office_open(bureau_t *self, const char *path, intake_t **out); /* intake_open */
void office_register(bureau_t *self, intake_t *intake);              /* keys of the two towns, into the open group */
/* One report by number: 仓山镇 when even, 城门镇 when odd. Into the open group; 10 s pass. */
void office_report(bureau_t *self, intake_t *intake, uint32_t number);
/* intake_commit, intake_finish; only then the receipts become acks. */
err_t office_commit(bureau_t *self, intake_t *intake);
/* Is the newest answer of kind `kind`? */
bool office_answered(const buffer_t *buffer, uint32_t kind);

/* Lets the stage read what follows in the ledger, at most max_bytes a batch (0: the limit), one batch. *more: there was one. */
err_t office_step(stage_t *stage, store_t *ledger, uint32_t max_bytes, bool *more);
err_t office_drain(stage_t *stage, store_t *ledger, uint32_t max_bytes); /* step and commit until nothing follows */

/* The vault: person by number. */
text_t office_person(uint32_t number, char room[LIMIT_NAME]);
void office_keep(bureau_t *self, vault_t *vault, uint32_t number);
bool office_kept(vault_t *vault, uint32_t number, arena_t *arena); /* is this text there, and this very text? */
extern const uint8_t office_vault_key[HASH_KEY_SIZE];

/* What a store says, in one hash: every row of every table, the facts of the state, the head. */
typedef struct {
    uint8_t hash[HASH_SIZE];
    uint64_t head;
    err_t err; /* while reading */
} digest_t;
digest_t office_ledger_digest(store_t *store);
digest_t office_stage_digest(store_t *store);
bool digest_equal(const digest_t *a, const digest_t *b);
/* Is the ack's entry there with its hash? */
bool office_ack_holds(txn_t *txn, const ack_t *ack, arena_t *arena);

/* Files of the tests. */
void office_copy(const char *from, const char *to); /* a folder of plain files */
void office_remove(const char *folder);
void office_folder(char *folder, size_t room); /* a new one in /dev/shm, or in TMPDIR */

#endif
