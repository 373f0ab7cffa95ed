/* An operator's command: built and signed by the CLI, verified where it is appended. */
#ifndef PROTO_COMMAND_H
#define PROTO_COMMAND_H

#include "proto/crypto.h"
#include "proto/wire.h"

/* Builds a signed command. `type` and `value` are its body: key_registered, key_revoked, plan_closed or advance_clock. The body
 * lives in arena. command_id: 16 random bytes of the operator's own, the same again when a command is sent again. */
command_t command_make(const uint8_t command_id[16], const uint8_t ledger_id[16], const message_t *type, const void *value,
                       const uint8_t operator_secret[SIGN_SECRET_SIZE], arena_t *arena);
/* The same, signed by an officer with the officer's own key. */
command_t command_make_as(text_t officer, const uint8_t command_id[16], const uint8_t ledger_id[16], const message_t *type,
                          const void *value, const uint8_t secret[SIGN_SECRET_SIZE], arena_t *arena);
/* The same as a whole packet, appended to `out`. */
void command_sign(uint64_t request_id, const uint8_t command_id[16], const uint8_t ledger_id[16], const message_t *type,
                  const void *value, const uint8_t operator_secret[SIGN_SECRET_SIZE], buffer_t *out);
/* Is the signature over {command_id, ledger_id, body} by this operator? */
bool command_verify(const command_t *command, const uint8_t operator_public[SIGN_PUBLIC_SIZE]);

#endif
