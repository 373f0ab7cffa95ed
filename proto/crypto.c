/* What crypto.h promises, by libsodium, nettle and xxHash. */
#include "proto/crypto.h"

#include <nettle/sha2.h>
#include <sodium.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

void crypto_start(void) { ASSERT(sodium_init() >= 0); }

void crypto_random(void *out, size_t size) { randombytes_buf(out, size); }

/* By nettle: it asks the processor for its own instructions, which libsodium's does not. */
_Static_assert(sizeof(struct sha256_ctx) <= sizeof(sha256_t), "room for its state");

static struct sha256_ctx *sha256_state(sha256_t *self) { return (struct sha256_ctx *)(void *)self->state; }

void sha256_begin(sha256_t *self) { sha256_init(sha256_state(self)); }
void sha256_add(sha256_t *self, bytes_t bytes) { sha256_update(sha256_state(self), bytes.size, bytes.at); }
void sha256_end(sha256_t *self, uint8_t out[HASH_SIZE]) { sha256_digest(sha256_state(self), HASH_SIZE, out); }

void hash_of(bytes_t bytes, uint8_t out[HASH_SIZE]) {
    sha256_t state;
    sha256_begin(&state);
    sha256_add(&state, bytes);
    sha256_end(&state, out);
}

void hash_keyed(const uint8_t key[HASH_KEY_SIZE], bytes_t bytes, uint8_t out[HASH_SIZE]) {
    crypto_generichash(out, HASH_SIZE, bytes.at, bytes.size, key, HASH_KEY_SIZE);
}

void mac_of(const uint8_t key[MAC_KEY_SIZE], bytes_t bytes, uint8_t out[MAC_SIZE]) {
    crypto_shorthash_siphashx24(out, bytes.at, bytes.size, key);
}

void hash_quick(bytes_t bytes, uint8_t out[QUICK_SIZE]) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.at, bytes.size));
    memcpy(out, canonical.digest, QUICK_SIZE);
}

/* The lower half seeds the next link; the upper half is carried along by a multiplication that loses nothing. */
void chain_quick(const uint8_t previous[HASH_SIZE], bytes_t bytes, uint8_t out[HASH_SIZE]) {
    XXH128_canonical_t canonical;
    memcpy(canonical.digest, previous, QUICK_SIZE);
    XXH128_hash_t before = XXH128_hashFromCanonical(&canonical);
    XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.at, bytes.size, before.low64);
    hash.high64 += before.high64 * UINT64_C(0x9e3779b97f4a7c15);
    XXH128_canonicalFromHash(&canonical, hash);
    memcpy(out, canonical.digest, QUICK_SIZE);
    memset(out + QUICK_SIZE, 0, HASH_SIZE - QUICK_SIZE);
}

/* Multiplying by an odd number and turning are both reversible: for equal words behind it, another state before stays another. */
static uint64_t sum_word(uint64_t sum, uint64_t word) {
    sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return sum << 29 | sum >> 35;
}

/* Four sums side by side, since each step waits for the one before: a changed word changes one of them, and what they are folded
 * into, whatever the others are. The size is in it from the start, so that zeros at the end count too. */
static uint64_t sum_bytes(uint64_t sum, bytes_t bytes) {
    uint32_t left = bytes.size;
    const uint8_t *at = bytes.at;
    sum += left;
    if (left >= 64) {
        uint64_t second = 1, third = 2, fourth = 3;
        for (; left >= 32; at += 32, left -= 32) {
            sum = sum_word(sum, word_at(at));
            second = sum_word(second, word_at(at + 8));
            third = sum_word(third, word_at(at + 16));
            fourth = sum_word(fourth, word_at(at + 24));
        }
        sum = sum_word(sum_word(sum, second), sum_word(third, fourth));
    }
    for (; left >= 8; at += 8, left -= 8) sum = sum_word(sum, word_at(at));
    uint64_t word = 0;
    if (left > 0) memcpy(&word, at, left);
    return left > 0 ? sum_word(sum, word) : sum;
}

uint64_t link_sum(const uint8_t previous[HASH_SIZE], const uint8_t own[HASH_SIZE], bytes_t bytes) {
    uint64_t sum = sum_bytes(0, (bytes_t){previous, HASH_SIZE});
    return sum_bytes(sum_bytes(sum, (bytes_t){own, HASH_SIZE}), bytes);
}

uint64_t checksum64(bytes_t name, bytes_t content) { return sum_bytes(sum_bytes(0, name), content); }

void sign_keypair(uint8_t public_key[SIGN_PUBLIC_SIZE], uint8_t secret_key[SIGN_SECRET_SIZE]) {
    crypto_sign_keypair(public_key, secret_key);
}

void sign_bytes(const uint8_t secret_key[SIGN_SECRET_SIZE], bytes_t bytes, uint8_t signature[SIGNATURE_SIZE]) {
    crypto_sign_detached(signature, NULL, bytes.at, bytes.size, secret_key);
}

bool sign_verify(const uint8_t public_key[SIGN_PUBLIC_SIZE], bytes_t bytes, const uint8_t signature[SIGNATURE_SIZE]) {
    return crypto_sign_verify_detached(signature, bytes.at, bytes.size, public_key) == 0;
}

void hmac_sha256(text_t key, text_t text, uint8_t out[HASH_SIZE]) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const uint8_t *)key.at, key.size);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)text.at, text.size);
    crypto_auth_hmacsha256_final(&state, out);
}

text_t base64_of(const uint8_t *bytes, size_t size, arena_t *arena) {
    size_t room = sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL);
    char *out = arena_take(arena, room);
    sodium_bin2base64(out, room, bytes, size, sodium_base64_VARIANT_ORIGINAL);
    return (text_t){out, (uint32_t)room - 1};
}

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

void secret_hash(text_t secret, char out[SECRET_HASH_SIZE]) {
    _Static_assert((int)SECRET_HASH_SIZE >= (int)crypto_pwhash_STRBYTES, "room for the hash");
    memset(out, 0, SECRET_HASH_SIZE);
    int failed = crypto_pwhash_str(out, secret.at, secret.size, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                   crypto_pwhash_MEMLIMIT_INTERACTIVE);
    ASSERT(failed == 0); /* out of memory */
}

bool secret_matches(const char hash[SECRET_HASH_SIZE], text_t secret) {
    return crypto_pwhash_str_verify(hash, secret.at, secret.size) == 0;
}

bool bytes_are_equal(const uint8_t *a, const uint8_t *b, size_t size) { return sodium_memcmp(a, b, size) == 0; }

enum { NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };
_Static_assert(SEAL_EXTRA == crypto_aead_xchacha20poly1305_ietf_ABYTES, "what sealing adds");

/* A place is sealed once under a key: no nonce comes twice. */
static void nonce_of(uint64_t place, uint8_t nonce[NONCE_SIZE]) {
    memset(nonce, 0, NONCE_SIZE);
    for (int index = 0; index < 8; index++) nonce[index] = (uint8_t)(place >> (8 * index));
}

void seal_block(const uint8_t key[HASH_SIZE], uint64_t place, bytes_t bytes, uint8_t *out) {
    uint8_t nonce[NONCE_SIZE];
    nonce_of(place, nonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, bytes.at, bytes.size, NULL, 0, NULL, nonce, key);
}

bool open_block(const uint8_t key[HASH_SIZE], uint64_t place, bytes_t sealed, uint8_t *out) {
    uint8_t nonce[NONCE_SIZE];
    nonce_of(place, nonce);
    return sealed.size >= SEAL_EXTRA &&
           crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.at, sealed.size, NULL, 0, nonce, key) == 0;
}

enum { BOX_NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };
_Static_assert(BOX_EXTRA == BOX_NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES, "what sealing adds");

void box_seal(const uint8_t key[HASH_KEY_SIZE], bytes_t place, bytes_t bytes, uint8_t *out) {
    randombytes_buf(out, BOX_NONCE); /* 192 bits: no two are ever the same */
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + BOX_NONCE, NULL, bytes.at, bytes.size, place.at, place.size, NULL, out, key);
}

bool box_open(const uint8_t key[HASH_KEY_SIZE], bytes_t place, bytes_t sealed, uint8_t *out) {
    return sealed.size >= BOX_EXTRA &&
           crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.at + BOX_NONCE, sealed.size - BOX_NONCE, place.at,
                                                      place.size, sealed.at, key) == 0;
}
