/* Keys in one array, chained by unit: a unit has few, a plan has thousands. */
#include "services/1-intake/registry.h"

#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

typedef struct {
    uint8_t key[32];
    uint64_t generation;
    uint32_t unit;
    uint32_t before; /* the unit's key before this one, as position + 1; 0: none */
    bool revoked;
} slot_t;

struct intake_keys {
    slot_t *slots;
    uint32_t count;
    uint32_t room;
    uint32_t *newest; /* by unit: position + 1 of its newest key */
    uint32_t unit_count;
};

static void *grown(void *memory, size_t size) {
    void *bigger = realloc(memory, size);
    ASSERT(bigger != NULL);
    return bigger;
}

intake_keys_t *intake_keys_new(uint32_t unit_count) {
    intake_keys_t *self = grown(NULL, sizeof *self);
    *self = (intake_keys_t){.unit_count = unit_count};
    self->newest = grown(NULL, sizeof *self->newest * ((size_t)unit_count + 1));
    memset(self->newest, 0, sizeof *self->newest * ((size_t)unit_count + 1));
    return self;
}

void intake_keys_destroy(intake_keys_t **self) {
    if (*self == NULL) return;
    free((*self)->slots);
    free((*self)->newest);
    free(*self);
    *self = NULL;
}

bool intake_keys_full(const intake_keys_t *self) { return self->count >= LIMIT_KEYS; }

static slot_t *slot_find(const intake_keys_t *self, uint32_t unit, uint64_t generation) {
    ASSERT(unit < self->unit_count);
    for (uint32_t at = self->newest[unit]; at != 0; at = self->slots[at - 1].before)
        if (self->slots[at - 1].generation == generation) return &self->slots[at - 1];
    return NULL;
}

uint64_t intake_keys_newest(const intake_keys_t *self, uint32_t unit) {
    ASSERT(unit < self->unit_count);
    return self->newest[unit] == 0 ? 0 : self->slots[self->newest[unit] - 1].generation;
}

bool intake_keys_in_force(const intake_keys_t *self, uint32_t unit, uint64_t generation) {
    const slot_t *slot = slot_find(self, unit, generation);
    return slot != NULL && !slot->revoked;
}

bool intake_keys_holder(const intake_keys_t *self, const uint8_t key[32], uint32_t *unit) {
    for (uint32_t index = 0; index < self->count; index++) {
        if (memcmp(self->slots[index].key, key, sizeof self->slots[index].key) != 0) continue;
        *unit = self->slots[index].unit;
        return true;
    }
    return false;
}

void intake_keys_add(intake_keys_t *self, uint32_t unit, const uint8_t key[32], uint64_t generation, bool revoked) {
    ASSERT(unit < self->unit_count);
    if (self->count == self->room) {
        self->room = self->room == 0 ? 64 : self->room * 2;
        self->slots = grown(self->slots, sizeof *self->slots * self->room);
    }
    slot_t *slot = &self->slots[self->count++];
    *slot = (slot_t){.generation = generation, .unit = unit, .before = self->newest[unit], .revoked = revoked};
    memcpy(slot->key, key, sizeof slot->key);
    self->newest[unit] = self->count;
}

void intake_keys_revoke(intake_keys_t *self, uint32_t unit, uint64_t generation) {
    slot_t *slot = slot_find(self, unit, generation);
    ASSERT(slot != NULL);
    slot->revoked = true;
}
