/* A fixed number of places, one for each hash: the newest text takes it. */
#include "services/door/refs.h"

#include <stdlib.h>
#include <string.h>

#include "proto/crypto.h"

enum { PLACES = 8192 };

typedef struct {
    uint8_t text_hash[HASH_SIZE];
    personal_t ref;
    int64_t until_ms; /* 0: free */
} place_t;

struct refs {
    uint8_t seed[HASH_KEY_SIZE];
    int64_t keep_ms;
    place_t places[PLACES];
};

refs_t *refs_new(int64_t keep_ms) {
    refs_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    crypto_random(self->seed, sizeof self->seed);
    self->keep_ms = keep_ms;
    return self;
}

void refs_destroy(refs_t **self) {
    free(*self);
    *self = NULL;
}

static uint32_t place_of(const refs_t *self, text_t text, uint8_t hash[HASH_SIZE]) {
    uint32_t place;
    hash_keyed(self->seed, (bytes_t){(const uint8_t *)text.at, text.size}, hash);
    memcpy(&place, hash, sizeof place);
    return place % PLACES;
}

bool refs_find(const refs_t *self, text_t text, int64_t steady_ms, personal_t *ref) {
    uint8_t hash[HASH_SIZE];
    const place_t *place = &self->places[place_of(self, text, hash)];
    if (place->until_ms <= steady_ms || memcmp(place->text_hash, hash, HASH_SIZE) != 0) return false;
    *ref = place->ref;
    return true;
}

void refs_keep(refs_t *self, text_t text, int64_t steady_ms, const personal_t *ref) {
    uint8_t hash[HASH_SIZE];
    place_t *place = &self->places[place_of(self, text, hash)];
    memcpy(place->text_hash, hash, HASH_SIZE);
    place->ref = *ref;
    place->ref.text = (text_t){NULL, 0};
    place->until_ms = steady_ms + self->keep_ms;
}

void refs_throwaway(const refs_t *self, text_t text, personal_t *ref) {
    *ref = (personal_t){0};
    place_of(self, text, ref->hash);
}
