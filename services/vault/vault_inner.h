/* What the files of the vault share: the open store and the group under way. Private to this room. */
#ifndef VAULT_VAULT_INNER_H
#define VAULT_VAULT_INNER_H

#include "services/vault/vault.h"

#define DEF_FILE "services/vault/vault.def"
#include "proto/declare.h"

enum { VAULT_PERSONS, VAULT_CONTACTS, VAULT_ROUTES, VAULT_DRAFTS, VAULT_TABLES };

struct vault {
    store_t *store;
    char *path;
    txn_t *group;         /* NULL: none open */
    uint64_t group_count; /* writes in it */
    err_t err;
    arena_t *arena; /* of the frame at hand */
    uint8_t hash_key[HASH_KEY_SIZE];
    uint64_t reserve;
    int64_t started_steady_ms;
    bool rewrites; /* somebody was erased: his text is still in the file */
};

bool vault_group_begin(vault_t *self);
void vault_note_erased(vault_t *self); /* in the open group: the file is to be rewritten behind the commit, also after a crash */
bool vault_space_is_low(const vault_t *self);
void vault_say_busy(uint64_t request_id, buffer_t *now);
void vault_refuse(const packet_t *packet, text_t code, const char *path, buffer_t *now);

store_key_t vault_person_key(const uint8_t hash[HASH_SIZE]);
/* Persons told and erased, at the operator's door alone (persons.c). false: not such a packet. */
bool persons_take(vault_t *self, door_t door, const packet_t *packet, buffer_t *now, buffer_t *later);
/* Reports that are not sent yet, at the console's door alone (drafts.c). false: not such a packet. */
bool drafts_take(vault_t *self, door_t door, const packet_t *packet, buffer_t *now, buffer_t *later);
/* Contacts and routes (directory.c). false: this door does not take such a packet. */
bool directory_take(vault_t *self, door_t door, const packet_t *packet, buffer_t *now, buffer_t *later);

#endif
