/* BLAKE2b-256 of several short texts side by side (RFC 7693): each word of a vector belongs to another text, so that what one
 * waits for the others do meanwhile. The same hashes as hash_of gives, which stays the second opinion in the tests. */
#include <endian.h>
#include <string.h>

#include "proto/crypto.h"

enum { LANES = 8, BLOCK = 128, WORDS = BLOCK / 8, ROUNDS = 12, LONGEST = 8 * BLOCK /* longer ones gain nothing */ };

typedef uint64_t lanes_t __attribute__((vector_size(8 * LANES)));

static const uint64_t begin[8] = {
    UINT64_C(0x6a09e667f3bcc908) ^ 0x01010000 ^ HASH_SIZE, UINT64_C(0xbb67ae8584caa73b), UINT64_C(0x3c6ef372fe94f82b),
    UINT64_C(0xa54ff53a5f1d36f1), UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f), UINT64_C(0x1f83d9abfb41bd6b),
    UINT64_C(0x5be0cd19137e2179)};

static const uint8_t order[10][WORDS] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                         {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
                                         {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
                                         {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
                                         {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
                                         {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
                                         {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
                                         {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
                                         {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
                                         {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

/* One block of each text; a text without one keeps its state, and is given zeros. */
typedef struct {
    lanes_t state[8];
    lanes_t words[WORDS];
    lanes_t counted; /* bytes so far, with this block */
    lanes_t last;    /* all ones where it is the text's last block */
    lanes_t live;    /* all ones where there is a block */
} step_t;

#define TURN(x, by) ((x) >> (by) | (x) << (64 - (by)))
#define MIX(a, b, c, d, x, y)                                                                                                    \
    a += b + (x), d ^= a, d = TURN(d, 32), c += d, b ^= c, b = TURN(b, 24);                                                      \
    a += b + (y), d ^= a, d = TURN(d, 16), c += d, b ^= c, b = TURN(b, 63)

static inline __attribute__((always_inline)) void compress(step_t *self) {
    lanes_t v[16];
    for (int index = 0; index < 8; index++) {
        v[index] = self->state[index];
        v[8 + index] = (lanes_t){0} + (index == 0 ? begin[0] ^ 0x01010000 ^ HASH_SIZE : begin[index]);
    }
    v[12] ^= self->counted;
    v[14] ^= self->last;
    for (int round = 0; round < ROUNDS; round++) {
        const uint8_t *at = order[round % 10];
        const lanes_t *m = self->words;
        MIX(v[0], v[4], v[8], v[12], m[at[0]], m[at[1]]);
        MIX(v[1], v[5], v[9], v[13], m[at[2]], m[at[3]]);
        MIX(v[2], v[6], v[10], v[14], m[at[4]], m[at[5]]);
        MIX(v[3], v[7], v[11], v[15], m[at[6]], m[at[7]]);
        MIX(v[0], v[5], v[10], v[15], m[at[8]], m[at[9]]);
        MIX(v[1], v[6], v[11], v[12], m[at[10]], m[at[11]]);
        MIX(v[2], v[7], v[8], v[13], m[at[12]], m[at[13]]);
        MIX(v[3], v[4], v[9], v[14], m[at[14]], m[at[15]]);
    }
    for (int index = 0; index < 8; index++) self->state[index] ^= (v[index] ^ v[8 + index]) & self->live;
}

/* The same code for what the machine has: rotations and wide words are where the time goes. */
static __attribute__((noinline)) void compress_plain(step_t *self) { compress(self); }
#if defined(__x86_64__)
static __attribute__((noinline, target("avx2"))) void compress_avx2(step_t *self) { compress(self); }
static __attribute__((noinline, target("avx512f"))) void compress_avx512(step_t *self) { compress(self); }
#endif

typedef void (*compress_t)(step_t *self);

/* NULL: not on this machine. */
static compress_t compress_of(hash_way_t way) {
#if defined(__x86_64__)
    if (way == HASH_WAY_512) return __builtin_cpu_supports("avx512f") ? compress_avx512 : NULL;
    if (way == HASH_WAY_256) return __builtin_cpu_supports("avx2") ? compress_avx2 : NULL;
#endif
    return way == HASH_WAY_PLAIN ? compress_plain : NULL;
}

static uint64_t word_little(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return le64toh(word);
}

/* The words of one text's block, from `from` on. */
static void lane_fill(step_t *step, uint32_t lane, bytes_t text, uint32_t from) {
    uint8_t padded[BLOCK] = {0};
    uint32_t left = text.size - from;
    const uint8_t *at = text.at + from;
    if (left < BLOCK) {
        if (left > 0) memcpy(padded, at, left);
        at = padded;
    }
    for (uint32_t index = 0; index < WORDS; index++) step->words[index][lane] = word_little(at + 8 * index);
    step->counted[lane] = from + (left < BLOCK ? left : BLOCK);
    step->last[lane] = left <= BLOCK ? UINT64_MAX : 0;
    step->live[lane] = UINT64_MAX;
}

static void hash_lanes(compress_t with, const bytes_t *texts, uint32_t count, uint8_t (*out)[HASH_SIZE]) {
    step_t step;
    for (int index = 0; index < 8; index++) step.state[index] = (lanes_t){0} + begin[index];
    bool more = true;
    for (uint32_t from = 0; more; from += BLOCK) {
        more = false;
        memset(&step.words, 0, sizeof step.words);
        step.counted = step.last = step.live = (lanes_t){0};
        for (uint32_t lane = 0; lane < count; lane++) {
            if (from > 0 && from >= texts[lane].size) continue;
            lane_fill(&step, lane, texts[lane], from);
            more |= step.last[lane] == 0;
        }
        with(&step);
    }
    for (uint32_t lane = 0; lane < count; lane++)
        for (int index = 0; index < HASH_SIZE / 8; index++) {
            uint64_t word = htole64(step.state[index][lane]);
            memcpy(out[lane] + 8 * index, &word, sizeof word);
        }
}

bool hash_many_by(hash_way_t way, const bytes_t *texts, uint32_t count, uint8_t (*out)[HASH_SIZE]) {
    compress_t with = compress_of(way);
    if (with == NULL) return false;
    for (uint32_t lanes; count > 0; texts += lanes, out += lanes, count -= lanes) {
        uint32_t longest = 0;
        lanes = count < LANES ? count : LANES;
        for (uint32_t index = 0; index < lanes; index++)
            if (texts[index].size > longest) longest = texts[index].size;
        if (lanes > 2 && longest <= LONGEST) hash_lanes(with, texts, lanes, out);
        else
            for (uint32_t index = 0; index < lanes; index++) hash_of(texts[index], out[index]);
    }
    return true;
}

void hash_many(const bytes_t *texts, uint32_t count, uint8_t (*out)[HASH_SIZE]) {
    hash_way_t way = HASH_WAY_512;
    while (!hash_many_by(way, texts, count, out)) way--;
}
