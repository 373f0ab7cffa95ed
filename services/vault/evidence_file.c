/* A file in sealed blocks: each is XChaCha20-Poly1305 under a key of this file alone, bound to its place. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/stage/home.h"
#include "services/vault/evidence_inner.h"

enum { BLOCK = LIMIT_EVIDENCE_BLOCK, SEALED = BLOCK + SEAL_EXTRA };

/* Without the salt, which an erasure destroys, the key of the vault opens nothing. */
void sealed_key(const uint8_t hash_key[HASH_KEY_SIZE], const uint8_t salt[HASH_SIZE], uint8_t key[HASH_SIZE]) {
    static const char purpose[] = "minning evidence file";
    uint8_t input[sizeof purpose + HASH_SIZE];
    memcpy(input, purpose, sizeof purpose);
    memcpy(input + sizeof purpose, salt, HASH_SIZE);
    hash_keyed(hash_key, (bytes_t){input, sizeof input}, key);
    explicit_bzero(input, sizeof input);
}

static err_t sealed_with(int fd, const uint8_t key[HASH_SIZE], uint64_t size, sealed_file_t *out) {
    *out = (sealed_file_t){.fd = fd, .size = size};
    memcpy(out->key, key, HASH_SIZE);
    if (fd >= 0) return OK;
    return errno == ENOENT ? ERR_MISSING : errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_SYSTEM;
}

err_t sealed_create(const char *path, const uint8_t key[HASH_SIZE], uint64_t size, sealed_file_t *out) {
    return sealed_with(open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), key, size, out);
}

err_t sealed_open(const char *path, const uint8_t key[HASH_SIZE], uint64_t size, sealed_file_t *out) {
    return sealed_with(open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), key, size, out);
}

void sealed_close(sealed_file_t *self) {
    if (self->fd >= 0) close(self->fd);
    self->fd = -1;
    if (self->block != NULL) explicit_bzero(self->block, BLOCK);
    free(self->block);
    self->block = NULL;
    explicit_bzero(self->key, sizeof self->key);
}

err_t sealed_write(sealed_file_t *self, uint64_t offset, bytes_t bytes) {
    static _Thread_local uint8_t sealed[SEALED];
    ASSERT(offset % BLOCK == 0 && offset + bytes.size <= self->size);
    self->block_at = 0;
    for (uint32_t at = 0; at < bytes.size;) {
        uint32_t size = bytes.size - at < BLOCK ? bytes.size - at : BLOCK;
        uint64_t place = (offset + at) / BLOCK;
        ASSERT(size == BLOCK || offset + at + size == self->size);
        seal_block(self->key, place, (bytes_t){bytes.at + at, size}, sealed);
        err_t err = home_write_at(self->fd, (bytes_t){sealed, size + SEAL_EXTRA}, place * SEALED);
        if (err != OK) return err;
        at += size;
    }
    return OK;
}

err_t sealed_sync(sealed_file_t *self) { return fsync(self->fd) == 0 ? OK : ERR_SYSTEM; }

static bool read_whole(int fd, uint8_t *into, uint32_t size, uint64_t offset) {
    uint32_t got = size;
    return home_read_at(fd, into, &got, offset) && got == size;
}

/* The block of this place, in hand. */
static bool block_load(sealed_file_t *self, uint64_t place) {
    static _Thread_local uint8_t sealed[SEALED];
    if (self->block_at == place + 1) return true;
    if (self->block == NULL) self->block = malloc(BLOCK);
    if (self->block == NULL) return false;
    uint64_t left = self->size - place * BLOCK;
    uint32_t size = left < BLOCK ? (uint32_t)left : BLOCK;
    self->block_at = 0;
    if (!read_whole(self->fd, sealed, size + SEAL_EXTRA, place * SEALED)) return false;
    if (!open_block(self->key, place, (bytes_t){sealed, size + SEAL_EXTRA}, self->block)) return false;
    self->block_size = size;
    self->block_at = place + 1;
    return true;
}

bool sealed_read(void *sealed, uint64_t offset, uint32_t size, uint8_t *into) {
    sealed_file_t *self = sealed;
    if (offset > self->size || size > self->size - offset) return false;
    while (size > 0) {
        uint64_t place = offset / BLOCK;
        uint32_t from = (uint32_t)(offset % BLOCK);
        if (!block_load(self, place)) return false;
        uint32_t part = self->block_size - from < size ? self->block_size - from : size;
        memcpy(into, self->block + from, part);
        into += part;
        offset += part;
        size -= part;
    }
    return true;
}

bool sealed_hash(sealed_file_t *self, uint8_t sha256[HASH_SIZE]) {
    sha256_t hash;
    sha256_begin(&hash);
    for (uint64_t place = 0; place * BLOCK < self->size; place++) {
        if (!block_load(self, place)) return false;
        sha256_add(&hash, (bytes_t){self->block, self->block_size});
    }
    sha256_end(&hash, sha256);
    return true;
}
