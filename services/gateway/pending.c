/* Places in a ring, taken one after the other, a row by age, and an index by ledger entry. */
#include "services/gateway/pending.h"

#include <stdlib.h>
#include <string.h>

enum {
    PLACES_MOST = 1 << 17,
    SHARES = 2 * LIMIT_UNITS,
    SHARE_OF_FREE = 4,
    LINE = 64,
};
_Static_assert((int)SHARES < (int)PENDING_UNOWNED, "a share has a number");
_Static_assert(sizeof(conversation_t) == LINE, "what is used of each is in a line");

/* What few conversations have. */
typedef struct {
    uint8_t *packet; /* the unit's message, while it has to be read again */
    uint32_t packet_size;
    uint8_t peer[PEER_SIZE]; /* where it is longer than its beginning */
} seldom_t;

/* What a unit holds. A share of which nothing is held may become another's. */
typedef struct {
    uint64_t bytes;
    uint32_t count;
    char unit[LIMIT_ID + 1];
} share_t;

struct pending {
    void *memory;
    conversation_t *places; /* in it, each at the beginning of a line */
    seldom_t *seldom;       /* by place; touched only where it is needed */
    uint32_t *by_entry; /* place + 1; 0: free slot */
    uint32_t place_count, free_count, slot_count;
    uint32_t oldest, newest; /* place + 1 */
    uint64_t bytes, bytes_room;
    uint64_t last_id;
    share_t *shares;  /* by a hash of the unit's name, or behind */
    uint16_t last;    /* the share asked for last */
};

static void *memory_or_die(void *memory) {
    ASSERT(memory != NULL);
    return memory;
}

pending_t *pending_new(uint32_t places, uint64_t bytes) {
    ASSERT(places > 0 && places <= PLACES_MOST && (places & (places - 1)) == 0);
    pending_t *self = memory_or_die(calloc(1, sizeof *self));
    self->place_count = self->free_count = places;
    self->slot_count = places * 2;
    self->bytes_room = bytes;
    self->memory = memory_or_die(calloc(places + 1, sizeof *self->places)); /* touched only as far as it is needed */
    self->places = (conversation_t *)(((uintptr_t)self->memory + LINE - 1) / LINE * LINE);
    self->seldom = memory_or_die(calloc(places, sizeof *self->seldom));
    self->by_entry = memory_or_die(calloc(self->slot_count, sizeof *self->by_entry));
    self->shares = memory_or_die(calloc(SHARES, sizeof *self->shares));
    return self;
}

void pending_destroy(pending_t **self) {
    if (*self == NULL) return;
    for (conversation_t *at = pending_oldest(*self); at != NULL; at = pending_newer(*self, at)) pending_forget_packet(*self, at);
    free((*self)->memory);
    free((*self)->seldom);
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

uint16_t pending_owner(pending_t *self, const char *unit) {
    ASSERT(strlen(unit) <= LIMIT_ID);
    share_t *share = share_find(self, unit);
    if (share == NULL) return PENDING_UNOWNED;
    if (share->count == 0) memcpy(share->unit, unit, strlen(unit) + 1);
    return self->last = (uint16_t)(share - self->shares);
}

/* Four times what is free: alone a unit may hold four fifths, two of them four ninths each; some is free for everybody else. */
bool pending_fair(const pending_t *self, uint16_t owner, uint32_t size) {
    if (owner == PENDING_UNOWNED) return false;
    const share_t *share = &self->shares[owner];
    bool bytes_fair = size == 0 || share->bytes + size <= SHARE_OF_FREE * (self->bytes_room - self->bytes);
    return share->count < (uint64_t)SHARE_OF_FREE * self->free_count && bytes_fair;
}

void pending_own(pending_t *self, conversation_t *conversation, uint16_t owner) {
    ASSERT(conversation->owner == PENDING_UNOWNED && owner != PENDING_UNOWNED); /* pending_fair said so */
    share_t *share = &self->shares[owner];
    share->count++;
    if (conversation->keeps) share->bytes += pending_packet(self, conversation).size;
    conversation->owner = owner;
}

const char *pending_unit(const pending_t *self, const conversation_t *conversation) {
    ASSERT(conversation->owner != PENDING_UNOWNED);
    return self->shares[conversation->owner].unit;
}

static bool is_long(uint32_t peer_size) { return peer_size > sizeof(uint64_t); }

void pending_answer_to(pending_t *self, conversation_t *conversation, const gateway_peer_t *peer) {
    conversation->descriptor = peer->descriptor;
    conversation->peer_size = peer->size;
    conversation->peer_begin = word_at(peer->bytes);
    if (is_long(peer->size)) memcpy(self->seldom[place_of(self, conversation)].peer, peer->bytes, peer->size);
}

void pending_peer(const pending_t *self, const conversation_t *conversation, gateway_peer_t *peer) {
    peer->descriptor = conversation->descriptor;
    peer->size = conversation->peer_size;
    memcpy(peer->bytes, &conversation->peer_begin, sizeof conversation->peer_begin);
    if (is_long(peer->size)) memcpy(peer->bytes, self->seldom[place_of(self, conversation)].peer, peer->size);
}

bytes_t pending_packet(const pending_t *self, const conversation_t *conversation) {
    if (!conversation->keeps) return (bytes_t){NULL, 0};
    const seldom_t *seldom = &self->seldom[place_of(self, conversation)];
    return (bytes_t){seldom->packet, seldom->packet_size};
}

static conversation_t *at_id(const pending_t *self, uint64_t id) { return &self->places[id & (self->place_count - 1)]; }

/* Numbers count on from one conversation to the next, but for those whose place is not free yet. These are few: no unit may hold
 * more than four times what is free. An empty house begins at its first place again, so that no more is touched than is needed. */
static uint64_t next_id(const pending_t *self) {
    uint64_t last = self->free_count == self->place_count ? self->last_id | (self->place_count - 1) : self->last_id;
    while (at_id(self, ++last)->id != 0) {
    }
    return last;
}

conversation_t *pending_open(pending_t *self, bytes_t packet, int64_t until_ms) {
    if (self->free_count == 0 || self->bytes_room - self->bytes < packet.size) return NULL;
    self->last_id = next_id(self);
    self->free_count--;
    conversation_t *fresh = at_id(self, self->last_id);
    uint32_t place = place_of(self, fresh);
    fresh->id = self->last_id;
    fresh->until_ms = until_ms;
    fresh->older = self->newest;
    fresh->newer = 0;
    fresh->request_id = fresh->seq = 0;
    fresh->generation = 0;
    fresh->owner = PENDING_UNOWNED;
    fresh->many = fresh->keeps = false;
    fresh->peer_size = 0;
    if (packet.size > 0) {
        seldom_t *seldom = &self->seldom[place];
        seldom->packet = memory_or_die(malloc(packet.size));
        memcpy(seldom->packet, packet.at, packet.size);
        seldom->packet_size = packet.size;
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
    seldom_t *seldom = &self->seldom[place_of(self, conversation)];
    self->bytes -= seldom->packet_size;
    if (conversation->owner != PENDING_UNOWNED) self->shares[conversation->owner].bytes -= seldom->packet_size;
    free(seldom->packet);
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
    if (conversation->owner != PENDING_UNOWNED) self->shares[conversation->owner].count--;
    conversation->id = conversation->seq = 0;
    conversation->waits = WAITS_FOR_NOTHING;
    conversation->owner = PENDING_UNOWNED;
    self->free_count++;
}

conversation_t *pending_find(pending_t *self, uint64_t id) {
    conversation_t *found = at_id(self, id);
    return id != 0 && found->id == id ? found : NULL;
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
