/* Events and packets: a header and a body. What is read writes to the same bytes, under any header. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void same(const buffer_t *again, bytes_t raw, const char *what) {
    bool equal = again->size == raw.size && memcmp(again->at, raw.at, raw.size) == 0;
    PROMISE(equal, "%s of %u bytes encodes to %zu", what, raw.size, again->size);
}

static void try_event(bytes_t input, arena_t *arena) {
    event_t event;
    fault_t fault = {0};
    buffer_t again = {0};
    if (event_decode(input, &event, &fault) != OK) return;
    PROMISE(event.raw.at == input.at && event.raw.size <= input.size, "it took %u of %u", event.raw.size, input.size);
    PROMISE(event.at_ms >= 0, "an instant below zero");
    event_copy(&event, &again);
    same(&again, event.raw, "a copied event");
    const message_t *type = message_of_kind(event.kind);
    if (type != NULL) {
        void *value = arena_take(arena, type->size);
        if (event_body(&event, type, arena, value, &fault) == OK) {
            buffer_clear(&again);
            event_encode(&event, type, value, &again);
            same(&again, event.raw, "an event");
        }
    }
    buffer_destroy(&again);
}

static void try_packet(bytes_t input, arena_t *arena) {
    packet_t packet;
    fault_t fault = {0};
    if (packet_decode(input, &packet, &fault) != OK) return;
    PROMISE(packet.raw.at == input.at && packet.raw.size <= input.size, "it took %u of %u", packet.raw.size, input.size);
    const message_t *type = message_of_kind(packet.kind);
    if (type == NULL) return;
    void *value = arena_take(arena, type->size);
    if (packet_body(&packet, type, arena, value, &fault) != OK) return;
    buffer_t again = {0};
    packet_encode(packet.request_id, type, value, &again);
    same(&again, packet.raw, "a packet");
    buffer_destroy(&again);
}

FUZZ(event) {
    try_event(input, arena);
    try_packet(input, arena);
}
