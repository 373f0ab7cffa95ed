/* Places in an array, a list of the free ones, a row by age, and an index by ledger entry. */
#include "services/gateway/pending.h"

#include <stdlib.h>
#include <string.h>

enum {
    PLACE_BITS = 17,
    SHARES = 2 * LIMIT_UNITS,
    UNOWNED = UINT16_MAX,
    SHARE_OF_FREE = 4,
    LINE = 64,
    PEER_BEGINS = offsetof(conversation_t, peer) + offsetof(gateway_peer_t, bytes),
};
_Static_assert(SHARES < UNOWNED, "a share has a number");
_Static_assert(sizeof(conversation_t) % LINE == 0 && PEER_BEGINS + sizeof(uint64_t) <= LINE, "what is used often is in a line");

/* What a unit holds. A share of which nothing is held may become another's. */
typedef struct {
    uint64_t bytes;
    uint32_t count;
    char unit[LIMIT_ID + 1];
} share_t;

struct pending {
    void *memory;
    conversation_t *places; /* in it, each at the beginning of a line */
    uint32_t *free_places;
    uint32_t *by_entry; /* place + 1; 0: free slot */
    uint32_t place_count, free_count, slot_count;
    uint32_t oldest, newest; /* place + 1 */
    uint64_t bytes, bytes_room;
    uint64_t opened;
    share_t *shares;  /* by a hash of the unit's name, or behind */
    uint16_t last;    /* the share looked for last */
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
    self->memory = memory_or_die(calloc(places + 1, sizeof *self->places)); /* touched only as far as it is needed */
    self->places = (conversation_t *)(((uintptr_t)self->memory + LINE - 1) / LINE * LINE);
    self->free_places = memory_or_die(calloc(places, sizeof *self->free_places));
    self->by_entry = memory_or_die(calloc(self->slot_count, sizeof *self->by_entry));
    self->shares = memory_or_die(calloc(SHARES, sizeof *self->shares));
    for (uint32_t index = 0; index < places; index++) self->free_places[index] = places - 1 - index;
    return self;
}

void pending_destroy(pending_t **self) {
    if (*self == NULL) return;
    for (uint32_t index = 0; index < (*self)->place_count; index++) free((*self)->places[index].packet);
    free((*self)->memory);
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

/* The unit's share, or a place for it. NULL: more units than a plan can have hold something. */
static share_t *share_find(const pending_t *self, const char *unit) {
    share_t *last = &self->shares[self->last], *unheld = NULL;
    if (strcmp(last->unit, unit) == 0) return last;
    uint32_t hash = 2166136261; /* FNV-1a */
    for (const char *at = unit; *at != '\0'; at++) hash = (hash ^ (uint8_t)*at) * 16777619;
    for (uint32_t probe = 0; probe < SHARES; probe++) {
        share_t *share = &self->shares[(hash + probe) % SHARES];
        if (strcmp(share->unit, unit) == 0) return share;
        if (unheld == NULL && share->count == 0) unheld = share;
        if (share->unit[0] == '\0') break;
    }
    return unheld;
}

/* Four times what is free: alone a unit may hold four fifths, two of them four ninths each; some is free for everybody else. */
bool pending_fair(const pending_t *self, const char *unit, uint32_t size) {
    const share_t *share = share_find(self, unit);
    if (share == NULL) return false;
    bool bytes_fair = size == 0 || share->bytes + size <= SHARE_OF_FREE * (self->bytes_room - self->bytes);
    return share->count < (uint64_t)SHARE_OF_FREE * self->free_count && bytes_fair;
}

void pending_own(pending_t *self, conversation_t *conversation, const char *unit) {
    ASSERT(conversation->owner == UNOWNED && strlen(unit) <= LIMIT_ID);
    share_t *share = share_find(self, unit);
    ASSERT(share != NULL); /* pending_fair said so */
    if (share->count == 0) memcpy(share->unit, unit, strlen(unit) + 1);
    share->count++;
    if (conversation->keeps) share->bytes += conversation->packet_size;
    conversation->owner = self->last = (uint16_t)(share - self->shares);
}

const char *pending_unit(const pending_t *self, const conversation_t *conversation) {
    ASSERT(conversation->owner != UNOWNED);
    return self->shares[conversation->owner].unit;
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
    fresh->owner = UNOWNED;
    fresh->many = fresh->keeps = false;
    fresh->peer.size = 0;
    if (packet.size > 0) {
        fresh->packet = memory_or_die(malloc(packet.size));
        memcpy(fresh->packet, packet.at, packet.size);
        fresh->packet_size = packet.size;
        fresh->keeps = true;
        self->bytes += packet.size;
    }
    conversation_t *before = at_link(self, self->newest);
    if (before != NULL) before->newer = place + 1;
    else self->oldest = place + 1;
    self->newest = place + 1;
    return fresh;
}

void pending_forget_packet(pending_t *self, conversation_t *conversation) {
    if (!conversation->keeps) return;
    self->bytes -= conversation->packet_size;
    if (conversation->owner != UNOWNED) self->shares[conversation->owner].bytes -= conversation->packet_size;
    free(conversation->packet);
    conversation->packet = NULL;
    conversation->packet_size = 0;
    conversation->keeps = false;
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
    if (conversation->owner != UNOWNED) self->shares[conversation->owner].count--;
    conversation->id = conversation->seq = 0;
    conversation->waits = WAITS_FOR_NOTHING;
    conversation->owner = UNOWNED;
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
