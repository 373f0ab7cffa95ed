/* What crypto.h promises, by libsodium. */
#include "proto/crypto.h"

#include <sodium.h>
#include <string.h>

void crypto_start(void) { ASSERT(sodium_init() >= 0); }

void crypto_random(void *out, size_t size) { randombytes_buf(out, size); }

void hash_of(bytes_t bytes, uint8_t out[HASH_SIZE]) {
    crypto_generichash(out, HASH_SIZE, bytes.at, bytes.size, NULL, 0);
}

void hash_keyed(const uint8_t key[HASH_KEY_SIZE], bytes_t bytes, uint8_t out[HASH_SIZE]) {
    crypto_generichash(out, HASH_SIZE, bytes.at, bytes.size, key, HASH_KEY_SIZE);
}

void hash_chain(const uint8_t previous[HASH_SIZE], bytes_t bytes, uint8_t out[HASH_SIZE]) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
    crypto_generichash_update(&state, previous, HASH_SIZE);
    crypto_generichash_update(&state, bytes.at, bytes.size);
    crypto_generichash_final(&state, out, HASH_SIZE);
}

uint64_t checksum64(bytes_t name, bytes_t content) {
    static const uint8_t fixed[crypto_shorthash_KEYBYTES] = "minning record";
    uint8_t key[crypto_shorthash_KEYBYTES];
    uint8_t sum[crypto_shorthash_BYTES];
    memcpy(key, fixed, sizeof key);
    crypto_shorthash(key, name.at, name.size, fixed); /* its 8 bytes make the first half of the key */
    crypto_shorthash(sum, content.at, content.size, key);
    uint64_t number;
    memcpy(&number, sum, sizeof number);
    return number;
}

void sign_keypair(uint8_t public_key[SIGN_PUBLIC_SIZE], uint8_t secret_key[SIGN_SECRET_SIZE]) {
    crypto_sign_keypair(public_key, secret_key);
}

void sign_bytes(const uint8_t secret_key[SIGN_SECRET_SIZE], bytes_t bytes, uint8_t signature[SIGNATURE_SIZE]) {
    crypto_sign_detached(signature, NULL, bytes.at, bytes.size, secret_key);
}

bool sign_verify(const uint8_t public_key[SIGN_PUBLIC_SIZE], bytes_t bytes, const uint8_t signature[SIGNATURE_SIZE]) {
    return crypto_sign_verify_detached(signature, bytes.at, bytes.size, public_key) == 0;
}

bool bytes_are_zero(const uint8_t *bytes, size_t size) { return sodium_is_zero(bytes, size) == 1; }

text_t hex_of(const uint8_t *bytes, size_t size, arena_t *arena) {
    char *out = arena_take(arena, size * 2 + 1);
    sodium_bin2hex(out, size * 2 + 1, bytes, size);
    return (text_t){out, (uint32_t)(size * 2)};
}

bool hex_read(text_t hex, uint8_t *out, size_t size) {
    size_t read = 0;
    if (hex.size != size * 2) return false;
    return sodium_hex2bin(out, size, hex.at, hex.size, NULL, &read, NULL) == 0 && read == size;
}
