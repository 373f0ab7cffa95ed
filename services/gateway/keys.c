/* The registry: rows in the order of their registration, and two hashed indexes over them. */
#include "services/gateway/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/crypto.h"

enum { SLOTS = 2 * LIMIT_KEYS };

struct keys {
    uint8_t seed[HASH_KEY_SIZE]; /* units choose their keys: without a secret they could choose them to collide */
    keys_row_t *rows;
    uint32_t count;
    uint32_t room;
    uint32_t *by_key; /* index of a row + 1; 0: free. Rows are never removed, so no slot is ever freed. */
    uint32_t *by_user;
};

static void *memory_or_die(void *memory) {
    ASSERT(memory != NULL);
    return memory;
}

keys_t *keys_new(void) {
    keys_t *self = memory_or_die(calloc(1, sizeof *self));
    crypto_random(self->seed, sizeof self->seed);
    self->by_key = memory_or_die(calloc(SLOTS, sizeof *self->by_key));
    self->by_user = memory_or_die(calloc(SLOTS, sizeof *self->by_user));
    return self;
}

void keys_destroy(keys_t **self) {
    if (*self == NULL) return;
    free((*self)->rows);
    free((*self)->by_key);
    free((*self)->by_user);
    free(*self);
    *self = NULL;
}

static uint32_t slot_of(const keys_t *self, const void *bytes, size_t size) {
    uint8_t hash[HASH_SIZE];
    uint32_t slot;
    hash_keyed(self->seed, (bytes_t){bytes, (uint32_t)size}, hash);
    memcpy(&slot, hash, sizeof slot);
    return slot % SLOTS;
}

void keys_user_id(const keys_row_t *row, char out[USER_ID_SIZE]) {
    snprintf(out, USER_ID_SIZE, "%s#%u", row->unit, (unsigned)row->generation);
}

/* The slot of a key: where it stands, or the free one where it belongs. */
static uint32_t *key_slot(const keys_t *self, const uint8_t *key) {
    uint32_t slot = slot_of(self, key, KEY_SIZE);
    for (;; slot = (slot + 1) % SLOTS) {
        uint32_t index = self->by_key[slot];
        if (index == 0 || memcmp(self->rows[index - 1].key, key, KEY_SIZE) == 0) return &self->by_key[slot];
    }
}

static uint32_t *user_slot(const keys_t *self, const char *user_id) {
    uint32_t slot = slot_of(self, user_id, strlen(user_id));
    for (;; slot = (slot + 1) % SLOTS) {
        uint32_t index = self->by_user[slot];
        if (index == 0) return &self->by_user[slot];
        char other[USER_ID_SIZE];
        keys_user_id(&self->rows[index - 1], other);
        if (strcmp(other, user_id) == 0) return &self->by_user[slot];
    }
}

static bool row_named(text_t unit, uint64_t generation, keys_row_t *row) {
    *row = (keys_row_t){0};
    if (unit.size == 0 || unit.size > LIMIT_ID || generation == 0 || generation > UINT32_MAX) return false;
    memcpy(row->unit, unit.at, unit.size);
    row->generation = (uint32_t)generation;
    return true;
}

err_t keys_register(keys_t *self, text_t unit, uint64_t generation, const uint8_t key[KEY_SIZE]) {
    keys_row_t row;
    if (!row_named(unit, generation, &row)) return ERR_BAD;
    memcpy(row.key, key, KEY_SIZE);
    char user_id[USER_ID_SIZE];
    keys_user_id(&row, user_id);
    uint32_t *by_user = user_slot(self, user_id), *by_key = key_slot(self, key);
    if (*by_user != 0 || *by_key != 0) return OK; /* intake registers no key twice: this is the same entry read again */
    if (self->count == LIMIT_KEYS) return ERR_FULL;
    if (self->count == self->room) {
        self->room = self->room == 0 ? 64 : self->room * 2;
        self->rows = memory_or_die(realloc(self->rows, sizeof *self->rows * self->room));
    }
    self->rows[self->count++] = row;
    *by_user = *by_key = self->count;
    return OK;
}

void keys_revoke(keys_t *self, text_t unit, uint64_t generation) {
    keys_row_t row;
    if (!row_named(unit, generation, &row)) return;
    char user_id[USER_ID_SIZE];
    keys_user_id(&row, user_id);
    uint32_t index = *user_slot(self, user_id);
    if (index != 0) self->rows[index - 1].revoked = true;
}

uint32_t keys_count(const keys_t *self) { return self->count; }

const keys_row_t *keys_find(const keys_t *self, const uint8_t key[KEY_SIZE]) {
    uint32_t index = *key_slot(self, key);
    return index == 0 ? NULL : &self->rows[index - 1];
}

const keys_row_t *keys_in_force(const keys_t *self, const char *user_id) {
    if (user_id == NULL || strlen(user_id) >= USER_ID_SIZE) return NULL;
    uint32_t index = *user_slot(self, user_id);
    return index == 0 || self->rows[index - 1].revoked ? NULL : &self->rows[index - 1];
}
