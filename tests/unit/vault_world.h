/* A vault in a folder of its own, and questions at its doors. */
#ifndef TESTS_VAULT_WORLD_H
#define TESTS_VAULT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/wire.h"
#include "services/vault/vault.h"
#include "tests/sim/temporary.h"

typedef struct {
    char folder[64];
    vault_t *vault;
    buffer_t now, later;
    arena_t *arena;
} world_t;

static uint8_t hash_key[HASH_KEY_SIZE] = {1, 2, 3};

static inline world_t world_new(void) {
    world_t self = {.arena = arena_new()};
    crypto_start();
    temporary_folder(self.folder, sizeof self.folder);
    assert_int_equal(vault_open(self.folder, hash_key, &self.vault), OK);
    return self;
}

static inline void world_reopen(world_t *self) {
    vault_close(&self->vault);
    assert_int_equal(vault_open(self->folder, hash_key, &self->vault), OK);
}

static inline void world_end(world_t *self) {
    vault_close(&self->vault);
    buffer_destroy(&self->now);
    buffer_destroy(&self->later);
    arena_destroy(&self->arena);
    temporary_remove(self->folder);
}

/* One question at a door, committed; the answer's packet. */
static inline packet_t say(world_t *self, door_t door, const message_t *type, const void *value) {
    buffer_t frame = {0};
    packet_encode(7, type, value, &frame);
    buffer_clear(&self->now);
    buffer_clear(&self->later);
    vault_take_at(self->vault, door, (bytes_t){frame.at, (uint32_t)frame.size}, &self->now, &self->later);
    assert_int_equal(vault_commit(self->vault), OK);
    const buffer_t *said = self->now.size > 0 ? &self->now : &self->later;
    assert_true(said->size > 0);
    text_t copy = arena_text(self->arena, (text_t){(const char *)said->at, (uint32_t)said->size});
    packet_t packet;
    fault_t fault;
    assert_int_equal(packet_decode((bytes_t){(const uint8_t *)copy.at, copy.size}, &packet, &fault), OK);
    buffer_destroy(&frame);
    return packet;
}

#endif
