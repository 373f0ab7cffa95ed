/* The table behind planbook's look-ups: linear probing, never more than half full. */
#include "services/plan/catalogue.h"

#include <string.h>

/* The first and the last bytes of an id tell it from most others. Who writes a plan of ids that meet makes its own look-ups
 * slow, and no more. */
static uint32_t hash_of_id(text_t id) {
    uint64_t first = 0, last = 0;
    uint32_t half = 0;
    if (id.size >= sizeof first) {
        first = word_at(id.at);
        last = word_at(id.at + id.size - sizeof last);
    } else if (id.size >= sizeof half) {
        memcpy(&half, id.at, sizeof half);
        first = half;
        memcpy(&half, id.at + id.size - sizeof half, sizeof half);
        last = half;
    } else {
        for (uint32_t index = 0; index < id.size; index++) last = last << 8 | (uint8_t)id.at[index];
    }
    uint64_t mixed = (first * 0x9E3779B97F4A7C15u ^ last) + id.size;
    return (uint32_t)(mixed * 0xD6E8FEB86659FD93u >> 32);
}

static entry_t *slot_of(const catalogue_t *self, text_t id) {
    uint32_t at = hash_of_id(id) & self->mask;
    while (self->slots[at].thing != NULL && !text_equal(self->slots[at].id, id)) at = (at + 1) & self->mask;
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
