/* The registry in memory: which CURVE keys are in force, whose they are, and of which generation. Pure; holds no socket. */
#ifndef GATEWAY_KEYS_H
#define GATEWAY_KEYS_H

#include "proto/proto.h"

enum { KEY_SIZE = 32, USER_ID_SIZE = LIMIT_ID + 12 }; /* "<unit>#<generation>" and a NUL */

typedef struct keys keys_t;

/* What is known of one key. `unit` is terminated. */
typedef struct {
    uint8_t key[KEY_SIZE];
    char unit[LIMIT_ID + 1];
    uint32_t generation;
    bool revoked;
} keys_row_t;

keys_t *keys_new(void);
void keys_destroy(keys_t **self);
/* Takes a key in. The same (unit, generation) again changes nothing: what is revoked stays revoked. ERR_FULL beyond LIMIT_KEYS,
 * ERR_BAD for a unit or a generation that no registry has. */
err_t keys_register(keys_t *self, text_t unit, uint64_t generation, const uint8_t key[KEY_SIZE]);
void keys_revoke(keys_t *self, text_t unit, uint64_t generation); /* unknown: nothing happens */
uint32_t keys_count(const keys_t *self);                          /* keys known, revoked ones too */

/* The row of a key, or NULL. Valid until the next registration. */
const keys_row_t *keys_find(const keys_t *self, const uint8_t key[KEY_SIZE]);
/* The row a User-Id names, if it is in force now; NULL otherwise. */
const keys_row_t *keys_in_force(const keys_t *self, const char *user_id);
/* "<unit>#<generation>". */
void keys_user_id(const keys_row_t *row, char out[USER_ID_SIZE]);

#endif
