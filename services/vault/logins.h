/* Credentials: passwords, one-time codes, sessions, tokens. They prove who somebody is; what he may do stands in the ledger.
 * A store of its own, so that a slow password never holds up a report, and so that it can be thrown away. */
#ifndef VAULT_LOGINS_H
#define VAULT_LOGINS_H

#include "proto/crypto.h"
#include "services/stage/store.h"

typedef struct logins_store logins_store_t;

err_t logins_open(const char *path, logins_store_t **out);
void logins_close(logins_store_t **self);

/* Who asks: each door has its own endpoint, and the endpoint fixes what it may ask. */
typedef enum {
    LOGINS_CONSOLE,  /* login_try, secret_change: slow */
    LOGINS_SESSIONS, /* session_ask, session_end: quick */
    LOGINS_OPERATOR  /* login_keep, token_keep, login_drop */
} logins_door_t;

/* Answers one question; what it says is durable. From any thread, and from several at once. */
void logins_answer(logins_store_t *self, logins_door_t door, const packet_t *ask, int64_t wall_ms, buffer_t *out);

/* How long a login is locked after so many failures in a row; 0: not at all. Pure. */
int64_t logins_lock_ms(uint64_t failures);

#endif
