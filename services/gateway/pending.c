/* Places in an array, a list of the free ones, a row by age, and an index by ledger entry. */
#include "services/gateway/pending.h"

#include <stdlib.h>
#include <string.h>

enum { PLACE_BITS = 16 };

struct pending {
    conversation_t *places;
    uint32_t *free_places;
    uint32_t *by_entry; /* place + 1; 0: free slot; open addressing, holes are closed on removal */
    uint32_t place_count, free_count, slot_count;
    uint32_t oldest, newest; /* place + 1 */
    uint64_t bytes, bytes_room;
    uint64_t opened;
};

static void *memory_or_die(void *memory) {
    ASSERT(memory != NULL);
    return memory;
}

pending_t *pending_new(uint32_t places, uint64_t bytes) {
    ASSERT(places > 0 && places <= 1u << PLACE_BITS);
    pending_t *self = memory_or_die(calloc(1, sizeof *self));
    self->place_count = self->free_count = places;
    self->slot_count = places * 2;
    self->bytes_room = bytes;
    self->places = memory_or_die(calloc(places, sizeof *self->places));
    self->free_places = memory_or_die(calloc(places, sizeof *self->free_places));
    self->by_entry = memory_or_die(calloc(self->slot_count, sizeof *self->by_entry));
    for (uint32_t index = 0; index < places; index++) self->free_places[index] = places - 1 - index;
    return self;
}

void pending_destroy(pending_t **self) {
    if (*self == NULL) return;
    for (uint32_t index = 0; index < (*self)->place_count; index++) free((*self)->places[index].packet);
    free((*self)->places);
    free((*self)->free_places);
    free((*self)->by_entry);
    free(*self);
    *self = NULL;
}

uint32_t pending_count(const pending_t *self) { return self->place_count - self->free_count; }

static uint32_t place_of(const pending_t *self, const conversation_t *conversation) {
    return (uint32_t)(conversation - self->places);
}

static conversation_t *at_link(pending_t *self, uint32_t link) { return link == 0 ? NULL : &self->places[link - 1]; }

conversation_t *pending_open(pending_t *self, bytes_t packet, int64_t until_ms) {
    if (self->free_count == 0 || self->bytes_room - self->bytes < packet.size) return NULL;
    uint32_t place = self->free_places[--self->free_count];
    conversation_t *fresh = &self->places[place];
    *fresh = (conversation_t){.id = ++self->opened << PLACE_BITS | place, .until_ms = until_ms, .older = self->newest};
    if (packet.size > 0) {
        fresh->packet = memory_or_die(malloc(packet.size));
        memcpy(fresh->packet, packet.at, packet.size);
        fresh->packet_size = packet.size;
        self->bytes += packet.size;
    }
    conversation_t *before = at_link(self, self->newest);
    if (before != NULL) before->newer = place + 1;
    else self->oldest = place + 1;
    self->newest = place + 1;
    return fresh;
}

void pending_forget_packet(pending_t *self, conversation_t *conversation) {
    self->bytes -= conversation->packet_size;
    free(conversation->packet);
    conversation->packet = NULL;
    conversation->packet_size = 0;
}

/* Entries follow one another, so their own low bits spread them. */
static uint32_t home_slot(const pending_t *self, uint64_t seq) { return (uint32_t)(seq % self->slot_count); }

static uint32_t entry_slot(const pending_t *self, uint64_t seq) {
    uint32_t slot = home_slot(self, seq);
    while (self->by_entry[slot] != 0 && self->places[self->by_entry[slot] - 1].seq != seq) slot = (slot + 1) % self->slot_count;
    return slot;
}

/* Removes a slot and moves up those behind it that would no longer be found. */
static void entry_remove(pending_t *self, uint32_t slot) {
    uint32_t count = self->slot_count;
    self->by_entry[slot] = 0;
    for (uint32_t next = (slot + 1) % count; self->by_entry[next] != 0; next = (next + 1) % count) {
        uint32_t home = home_slot(self, self->places[self->by_entry[next] - 1].seq);
        if ((next + count - home) % count < (next + count - slot) % count) continue;
        self->by_entry[slot] = self->by_entry[next];
        self->by_entry[next] = 0;
        slot = next;
    }
}

void pending_close(pending_t *self, conversation_t *conversation) {
    uint32_t place = place_of(self, conversation);
    ASSERT(place < self->place_count && conversation->id != 0);
    if (conversation->seq != 0) {
        uint32_t slot = entry_slot(self, conversation->seq);
        if (self->by_entry[slot] == place + 1) entry_remove(self, slot);
    }
    conversation_t *older = at_link(self, conversation->older), *newer = at_link(self, conversation->newer);
    if (older != NULL) older->newer = conversation->newer;
    else self->oldest = conversation->newer;
    if (newer != NULL) newer->older = conversation->older;
    else self->newest = conversation->older;
    pending_forget_packet(self, conversation);
    *conversation = (conversation_t){0};
    self->free_places[self->free_count++] = place;
}

conversation_t *pending_find(pending_t *self, uint64_t id) {
    uint64_t place = id & ((1u << PLACE_BITS) - 1);
    if (id == 0 || place >= self->place_count || self->places[place].id != id) return NULL;
    return &self->places[place];
}

bool pending_await_entry(pending_t *self, conversation_t *conversation, uint64_t seq) {
    ASSERT(seq != 0 && conversation->seq == 0);
    uint32_t slot = entry_slot(self, seq);
    if (self->by_entry[slot] != 0) return false;
    conversation->seq = seq;
    self->by_entry[slot] = place_of(self, conversation) + 1;
    return true;
}

conversation_t *pending_of_entry(pending_t *self, uint64_t seq) {
    uint32_t link = seq == 0 ? 0 : self->by_entry[entry_slot(self, seq)];
    return at_link(self, link);
}

conversation_t *pending_oldest(pending_t *self) { return at_link(self, self->oldest); }

conversation_t *pending_newer(pending_t *self, const conversation_t *conversation) {
    return at_link(self, conversation->newer);
}
