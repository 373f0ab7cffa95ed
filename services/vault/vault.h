/* The vault: personal texts live here, under keys of its own, and can be erased; the ledger holds only references to them.
 * A reference is {key id, keyed hash, salted commitment}: equal texts have equal references as long as they are not erased. */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include "proto/crypto.h"
#include "services/stage/store.h"

typedef struct vault vault_t;

/* Opens the vault's own store in folder `path`. hash_key: keys/vault.key. */
err_t vault_open(const char *path, const uint8_t hash_key[HASH_KEY_SIZE], vault_t **out);
void vault_close(vault_t **self);

/* Takes one frame (vault_keep) into the open group. The answer, one packet, goes to `now` if all it names is durable already
 * (or it is a refusal or busy), otherwise to `later`: it may leave after vault_commit only. Never waits, never fails on input.
 */
void vault_take(vault_t *self, bytes_t frame, buffer_t *now, buffer_t *later);
/* The same at the operator's or the notifier's door: contacts and routes. Secrets of routes leave by the notifier's only. */
void vault_take_at(vault_t *self, door_t door, bytes_t frame, buffer_t *now, buffer_t *later);
/* Makes the group durable. OK, or an error after which the process must leave. Nothing new: nothing is written. */
err_t vault_commit(vault_t *self);
bool vault_has_group(const vault_t *self);
/* Reads a vault that no service has open, from end to end; *serial: texts ever kept. ERR_CORRUPT, ERR_LOCKED. */
err_t vault_verify(const char *path, uint64_t *serial);
/* The desk: health_ask, backup_ask. Callable from one thread beside the loop. */
bool vault_answer(vault_t *self, const packet_t *ask, buffer_t *out);

/* The text behind a reference's hash, as a copy in arena. false: never kept, or erased. Sees what is durable. */
bool vault_text(vault_t *self, const uint8_t hash[HASH_SIZE], arena_t *arena, text_t *text);
/* Erases one text in the open group. The same text kept later gets a new commitment, so that nothing links the two. */
void vault_erase(vault_t *self, const uint8_t hash[HASH_SIZE]);
/* Behind the commit of an erasure the file is written anew, so that the text is gone from it; nobody else may use the vault
 * meanwhile. A crash in between: the next opening does it. */
bool vault_wants_rewrite(const vault_t *self);
err_t vault_rewrite(vault_t *self);
uint64_t vault_count(vault_t *self);                   /* texts ever kept, durable */
void vault_keep_free(vault_t *self, uint64_t reserve); /* bytes; busy when less is left */

/* The service: argv[1] is the home. Returns an exit code of sysexits.h. */
int vault_main(int argc, char **argv);

#endif
