/* Places in an array, a list of the free ones, a row by age, and an index by ledger entry. */
#include "services/gateway/pending.h"

#include <stdlib.h>
#include <string.h>

enum { PLACE_BITS = 17, SHARES = 8192, SHARE_OF_FREE = 4 };

/* What a unit holds, or the few whose names fall together. The plan names the units: nobody chooses with whom. */
typedef struct {
    uint32_t count;
    uint64_t bytes;
} share_t;

struct pending {
    conversation_t *places;
    uint32_t *free_places;
    uint32_t *by_entry; /* place + 1; 0: free slot */
    uint32_t place_count, free_count, slot_count;
    uint32_t oldest, newest; /* place + 1 */
    uint64_t bytes, bytes_room;
    uint64_t opened;
    share_t *shares;
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
    self->shares = memory_or_die(calloc(SHARES, sizeof *self->shares));
    for (uint32_t index = 0; index < places; index++) self->free_places[index] = places - 1 - index;
    return self;
}

void pending_destroy(pending_t **self) {
    if (*self == NULL) return;
    for (uint32_t index = 0; index < (*self)->place_count; index++) free((*self)->places[index].packet);
    free((*self)->places);
    free((*self)->free_places);
    free((*self)->by_entry);
    free((*self)->shares);
    free(*self);
    *self = NULL;
}

uint32_t pending_count(const pending_t *self) { return self->place_count - self->free_count; }

static uint32_t place_of(const pending_t *self, const conversation_t *conversation) {
    return (uint32_t)(conversation - self->places);
}

static conversation_t *at_link(pending_t *self, uint32_t link) { return link == 0 ? NULL : &self->places[link - 1]; }

static share_t *share_of(const pending_t *self, const char *unit) {
    uint32_t hash = 2166136261; /* FNV-1a */
    for (; *unit != '\0'; unit++) hash = (hash ^ (uint8_t)*unit) * 16777619;
    return &self->shares[(hash ^ hash >> 16) % SHARES];
}

/* Four times what is free: alone a unit may hold four fifths, two of them four ninths each; some is free for everybody else. */
bool pending_fair(const pending_t *self, const char *unit, uint32_t size) {
    const share_t *share = share_of(self, unit);
    bool bytes_fair = size == 0 || share->bytes + size <= SHARE_OF_FREE * (self->bytes_room - self->bytes);
    return share->count < (uint64_t)SHARE_OF_FREE * self->free_count && bytes_fair;
}

void pending_own(pending_t *self, conversation_t *conversation, const char *unit) {
    ASSERT(conversation->unit[0] == '\0' && strlen(unit) < sizeof conversation->unit);
    memcpy(conversation->unit, unit, strlen(unit) + 1);
    share_t *share = share_of(self, unit);
    share->count++;
    share->bytes += conversation->packet_size;
}

conversation_t *pending_open(pending_t *self, bytes_t packet, int64_t until_ms) {
    if (self->free_count == 0 || self->bytes_room - self->bytes < packet.size) return NULL;
    uint32_t place = self->free_places[--self->free_count];
    conversation_t *fresh = &self->places[place];
    fresh->id = ++self->opened << PLACE_BITS | place;
    fresh->until_ms = until_ms;
    fresh->older = self->newest;
    fresh->newer = 0;
    fresh->request_id = fresh->seq = 0;
    fresh->generation = 0;
    fresh->many = false;
    fresh->peer.size = 0;
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
    if (conversation->unit[0] != '\0') share_of(self, conversation->unit)->bytes -= conversation->packet_size;
    free(conversation->packet);
    conversation->packet = NULL;
    conversation->packet_size = 0;
}

/* Entries follow one another: each has a slot of its own until they are slot_count apart. */
static uint32_t *entry_slot(pending_t *self, uint64_t seq) { return &self->by_entry[seq % self->slot_count]; }

void pending_close(pending_t *self, conversation_t *conversation) {
    uint32_t place = place_of(self, conversation);
    ASSERT(place < self->place_count && conversation->id != 0);
    if (conversation->seq != 0) *entry_slot(self, conversation->seq) = 0;
    conversation_t *older = at_link(self, conversation->older), *newer = at_link(self, conversation->newer);
    if (older != NULL) older->newer = conversation->newer;
    else self->oldest = conversation->newer;
    if (newer != NULL) newer->older = conversation->older;
    else self->newest = conversation->older;
    pending_forget_packet(self, conversation);
    if (conversation->unit[0] != '\0') share_of(self, conversation->unit)->count--;
    conversation->id = conversation->seq = 0;
    conversation->waits = WAITS_FOR_NOTHING;
    conversation->unit[0] = '\0';
    self->free_places[self->free_count++] = place;
}

conversation_t *pending_find(pending_t *self, uint64_t id) {
    uint64_t place = id & ((1u << PLACE_BITS) - 1);
    if (id == 0 || place >= self->place_count || self->places[place].id != id) return NULL;
    return &self->places[place];
}

bool pending_await_entry(pending_t *self, conversation_t *conversation, uint64_t seq) {
    ASSERT(seq != 0 && conversation->seq == 0);
    uint32_t *slot = entry_slot(self, seq);
    if (*slot != 0) return false;
    conversation->seq = seq;
    *slot = place_of(self, conversation) + 1;
    return true;
}

conversation_t *pending_of_entry(pending_t *self, uint64_t seq) {
    conversation_t *found = at_link(self, *entry_slot(self, seq));
    return found != NULL && found->seq == seq ? found : NULL;
}

conversation_t *pending_oldest(pending_t *self) { return at_link(self, self->oldest); }

conversation_t *pending_newer(pending_t *self, const conversation_t *conversation) {
    return at_link(self, conversation->newer);
}
