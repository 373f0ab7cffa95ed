/* Hashes, signatures, random bytes, hex. The one file that knows the names of libsodium, nettle and xxHash is crypto.c. */
#ifndef PROTO_CRYPTO_H
#define PROTO_CRYPTO_H

#include "proto/base.h"

enum { HASH_SIZE = 32, SIGNATURE_SIZE = 64, SIGN_PUBLIC_SIZE = 32, SIGN_SECRET_SIZE = 64, HASH_KEY_SIZE = 32 };
enum { QUICK_SIZE = 16, MAC_SIZE = 16, MAC_KEY_SIZE = 16 };

void crypto_start(void);                              /* once per process, before anything else here */
void crypto_random(void *out, size_t size);
void hash_of(bytes_t bytes, uint8_t out[HASH_SIZE]);  /* SHA-256: anybody has a program that says the same */
/* BLAKE2b-256 under a key. */
void hash_keyed(const uint8_t key[HASH_KEY_SIZE], bytes_t bytes, uint8_t out[HASH_SIZE]);
/* Against rot and mistakes, not against people: XXH3, 128 bits. */
void hash_quick(bytes_t bytes, uint8_t out[QUICK_SIZE]);
/* What a chain is to withstand. Sealed: people; SHA-256, for the ledger. Quick: rot and mistakes; XXH3 of 128 bits and 16 zero
 * bytes, for what anybody can derive from the ledger again. chain.h says what is hashed of an event. */
typedef enum { CHAIN_SEALED, CHAIN_QUICK } chain_t;
/* The next link of a quick one. previous and out may be the same. */
void chain_quick(const uint8_t previous[HASH_SIZE], bytes_t bytes, uint8_t out[HASH_SIZE]);
/* Beside a link of a sealed chain, for those who read it often: ties `bytes` to their chained hash `own` and to the one before.
 * Against rot and mistakes, at a tenth of the price, and as sharp as checksum64. */
uint64_t link_sum(const uint8_t previous[HASH_SIZE], const uint8_t own[HASH_SIZE], bytes_t bytes);
/* SipHash-2-4 of 128 bits: who does not have the key can neither make nor guess it. */
void mac_of(const uint8_t key[MAC_KEY_SIZE], bytes_t bytes, uint8_t out[MAC_SIZE]);
/* A fast check against rot, not against people, of `content` bound to the `name` it is kept under. Whatever changes within one
 * aligned word of eight bytes is always seen; of other changes one in 2^64 is not, but of flips of just two bits, in words 32 bytes
 * apart, about one in 60,000. */
uint64_t checksum64(bytes_t name, bytes_t content);
void sign_keypair(uint8_t public_key[SIGN_PUBLIC_SIZE], uint8_t secret_key[SIGN_SECRET_SIZE]);
void sign_bytes(const uint8_t secret_key[SIGN_SECRET_SIZE], bytes_t bytes, uint8_t signature[SIGNATURE_SIZE]);
bool sign_verify(const uint8_t public_key[SIGN_PUBLIC_SIZE], bytes_t bytes, const uint8_t signature[SIGNATURE_SIZE]);
/* argon2id of a password, salted, with its cost in it, as text. Slow on purpose: about 0.1 s and 64 MiB. */
enum { SECRET_HASH_SIZE = 128 };
void secret_hash(text_t secret, char out[SECRET_HASH_SIZE]);
bool secret_matches(const char hash[SECRET_HASH_SIZE], text_t secret);
bool bytes_are_equal(const uint8_t *a, const uint8_t *b, size_t size); /* in the same time wherever they differ */
/* SHA-256 of what comes piece by piece: evidence files. */
typedef struct {
    uint64_t state[16];
} sha256_t;
void sha256_begin(sha256_t *self);
void sha256_add(sha256_t *self, bytes_t bytes);
void sha256_end(sha256_t *self, uint8_t out[HASH_SIZE]);
/* One block of a file, sealed: XChaCha20-Poly1305 under a key of that file alone, bound to its place. `out` has SEAL_EXTRA bytes
 * more than `bytes`; open_block gives them back, false: not the block that was sealed there. */
enum { SEAL_EXTRA = 16 };
void seal_block(const uint8_t key[HASH_SIZE], uint64_t place, bytes_t bytes, uint8_t *out);
bool open_block(const uint8_t key[HASH_SIZE], uint64_t place, bytes_t sealed, uint8_t *out);
/* Sealed under a key and bound to a place, with a fresh nonce in front: `out` has BOX_EXTRA bytes more than `bytes`. box_open gives
 * them back; false: not what was sealed under this key for this place. XChaCha20-Poly1305. */
enum { BOX_EXTRA = 40 };
void box_seal(const uint8_t key[HASH_KEY_SIZE], bytes_t place, bytes_t bytes, uint8_t *out);
bool box_open(const uint8_t key[HASH_KEY_SIZE], bytes_t place, bytes_t sealed, uint8_t *out);
void hmac_sha256(text_t key, text_t text, uint8_t out[HASH_SIZE]); /* as robots ask for it */
text_t base64_of(const uint8_t *bytes, size_t size, arena_t *arena); /* with padding, NUL behind it */
text_t hex_of(const uint8_t *bytes, size_t size, arena_t *arena);
bool hex_read(text_t hex, uint8_t *out, size_t size); /* false unless exactly size*2 hex digits */

#endif
