/* The table behind planbook's look-ups: linear probing, never more than half full. */
#include "services/plan/catalogue.h"

#include <string.h>

static uint64_t mixed(uint64_t sum, uint64_t word) {
    sum = (sum ^ word) * 0xD6E8FEB86659FD93u;
    return sum ^ sum >> 32; /* the last figure of a number stands high in its word: it must reach the low bits, too */
}

/* Ids are often numbered alike. Who writes a plan of ids that meet all the same makes its own look-ups slow, and no more. */
static uint32_t hash_of_id(text_t id) {
    uint64_t sum = id.size, last = 0;
    uint32_t half = 0;
    if (id.size >= sizeof last) {
        for (uint32_t at = 0; at + sizeof last < id.size; at += sizeof last) sum = mixed(sum, word_at(id.at + at));
        last = word_at(id.at + id.size - sizeof last);
    } else if (id.size >= sizeof half) {
        memcpy(&half, id.at, sizeof half);
        sum = sum << 32 ^ half;
        memcpy(&half, id.at + id.size - sizeof half, sizeof half);
        last = (uint64_t)half << 32;
    } else {
        for (uint32_t index = 0; index < id.size; index++) last = last << 8 | (uint8_t)id.at[index];
    }
    sum = mixed(sum, last) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(sum >> 32);
}

static inline entry_t *slot_of(const catalogue_t *self, text_t id) {
    uint32_t at = hash_of_id(id) & self->mask;
    while (self->slots[at].thing != NULL && !id_equal(self->slots[at].id, id)) at = (at + 1) & self->mask;
    return &self->slots[at];
}

catalogue_t catalogue_new(arena_t *arena, uint32_t room) {
    uint32_t slots = 2;
    while (slots < 2 * (uint64_t)room) slots *= 2;
    return (catalogue_t){.slots = ARENA_NEW(arena, entry_t, slots), .mask = slots - 1};
}

void catalogue_add(catalogue_t *self, text_t id, const void *thing, const void *above) {
    entry_t *slot = slot_of(self, id);
    if (slot->thing == NULL) *slot = (entry_t){.id = id, .thing = thing, .above = above};
}

const entry_t *catalogue_find(const catalogue_t *self, text_t id) {
    const entry_t *slot = slot_of(self, id);
    return slot->thing == NULL ? NULL : slot;
}
