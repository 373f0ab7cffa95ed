/* Latencies in buckets: no allocation, at most three per cent off. */
#include "tests/bench/bench.h"

static uint32_t bucket_of(uint64_t ns) {
    if (ns < 32) return (uint32_t)ns;
    uint32_t power = 63 - (uint32_t)__builtin_clzll(ns);
    return (power - 4) * 32 + (uint32_t)(ns >> (power - 5) & 31);
}

static int64_t middle_of(uint32_t bucket) {
    if (bucket < 32) return bucket;
    uint32_t power = bucket / 32 + 4;
    uint64_t low = (uint64_t)(32 + bucket % 32) << (power - 5);
    return (int64_t)(low + ((uint64_t)1 << (power - 5)) / 2);
}

void histogram_add(histogram_t *self, int64_t ns) {
    self->buckets[bucket_of(ns > 0 ? (uint64_t)ns : 0)]++;
    self->count++;
}

int64_t histogram_at(const histogram_t *self, uint32_t per_mille) {
    uint64_t wanted = self->count * per_mille / 1000, seen = 0;
    for (uint32_t bucket = 0; bucket < 64 * 32; bucket++) {
        seen += self->buckets[bucket];
        if (seen > wanted) return middle_of(bucket);
    }
    return 0;
}
