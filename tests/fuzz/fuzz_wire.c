/* The strict decoder of every message and part: the first byte picks the type, the rest is its encoding. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "proto/wire_inner.h"

/* The straight-line code and the field table take the same bytes for the same values, and write them alike. */
static void both_ways_agree(const message_t *type, bytes_t input, arena_t *arena) {
    void *straight = arena_take(arena, type->size), *table = arena_take(arena, type->size), *shared = arena_take(arena, type->size);
    fault_t fault;
    bool kept = wire_decode_straight(type, input, arena, straight, NULL, false); /* no characters looked at: still within bounds */
    bool taken = wire_decode_straight(type, input, arena, straight, NULL, true);
    bool sound = wire_decode_by_table(type, input, arena, table, &fault) == OK;
    PROMISE(taken == sound, "%s: taken %d, by its table %s at %s", type->name, taken, sound ? "sound" : fault.code, fault.path);
    bool once = wire_decode_shared(type, input, arena, shared, &fault) == OK;
    PROMISE(once == sound, "%s: another answer where equal lists stand once", type->name);
    PROMISE(kept || !taken, "%s: taken, but not where less is looked at", type->name);
    if (!taken) return;
    buffer_t by_table = {0}, again = {0};
    fuzz_same_bytes(type, shared, input);
    wire_encode_by_table(type, straight, NULL, &by_table, NULL);
    PROMISE(wire_encode_straight(type, table, NULL, true, &again), "%s: sound, and not written straight", type->name);
    bool same = by_table.size == input.size && again.size == input.size && memcmp(by_table.at, again.at, again.size) == 0;
    PROMISE(same, "%s: %u bytes, written straight %zu, by its table %zu", type->name, input.size, again.size, by_table.size);
    buffer_destroy(&by_table);
    buffer_destroy(&again);
}

FUZZ(wire) {
    size_t count;
    const message_t *const *all = message_all(&count);
    const message_t *type = all[fuzz_byte(&input) % count];
    fault_t fault = {0};
    both_ways_agree(type, input, arena);
    void *value = arena_take(arena, type->size);
    err_t err = wire_decode(type, input, arena, value, &fault);
    if (err != OK) {
        PROMISE(err == ERR_BAD && fault.code != NULL, "%s: a refusal without a code", type->name);
        PROMISE(reason_find(text_of(fault.code)) != NULL, "%s: no such reason: %s", type->name, fault.code);
        PROMISE(memchr(fault.path, '\0', sizeof fault.path) != NULL, "%s: a path without an end", type->name);
        return;
    }
    fuzz_same_bytes(type, value, input);
    PROMISE(wire_scan(input, &fault) == OK, "%s decodes but is not scanned: %s", type->name, fault.code);
    PROMISE(wire_check(type, value, &fault) == OK, "%s decodes but is not valid: %s at %s", type->name, fault.code, fault.path);
}
