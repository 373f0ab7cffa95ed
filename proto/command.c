/* Commands: what is signed, and by whom. */
#include "proto/command.h"

#include <string.h>

static void command_bytes(const command_t *command, buffer_t *out) {
    buffer_add(out, command->command_id, sizeof command->command_id);
    buffer_add(out, command->ledger_id, sizeof command->ledger_id);
    buffer_add(out, command->body.at, command->body.size);
}

command_t command_make(const uint8_t command_id[16], const uint8_t ledger_id[16], const message_t *type, const void *value,
                       const uint8_t operator_secret[SIGN_SECRET_SIZE], arena_t *arena) {
    command_t command = {0};
    memcpy(command.command_id, command_id, sizeof command.command_id);
    memcpy(command.ledger_id, ledger_id, sizeof command.ledger_id);
    buffer_t bytes = {0};
    packet_encode(0, type, value, &bytes);
    uint8_t *body = arena_take(arena, bytes.size);
    memcpy(body, bytes.at, bytes.size);
    command.body = (bytes_t){body, (uint32_t)bytes.size};
    buffer_clear(&bytes);
    command_bytes(&command, &bytes);
    sign_bytes(operator_secret, (bytes_t){bytes.at, (uint32_t)bytes.size}, command.signature);
    buffer_destroy(&bytes);
    return command;
}

command_t command_make_as(text_t officer, const uint8_t command_id[16], const uint8_t ledger_id[16], const message_t *type,
                          const void *value, const uint8_t secret[SIGN_SECRET_SIZE], arena_t *arena) {
    command_t command = command_make(command_id, ledger_id, type, value, secret, arena);
    command.officer = officer;
    return command;
}

void command_sign(uint64_t request_id, const uint8_t command_id[16], const uint8_t ledger_id[16], const message_t *type,
                  const void *value, const uint8_t operator_secret[SIGN_SECRET_SIZE], buffer_t *out) {
    arena_t *arena = arena_new();
    command_t command = command_make(command_id, ledger_id, type, value, operator_secret, arena);
    packet_encode(request_id, command_type(), &command, out);
    arena_destroy(&arena);
}

bool command_verify(const command_t *command, const uint8_t operator_public[SIGN_PUBLIC_SIZE]) {
    buffer_t bytes = {0};
    command_bytes(command, &bytes);
    bool good = sign_verify(operator_public, (bytes_t){bytes.at, (uint32_t)bytes.size}, command->signature);
    buffer_destroy(&bytes);
    return good;
}
