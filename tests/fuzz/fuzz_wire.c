/* The strict decoder of every message and part: the first byte picks the type, the rest is its encoding. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

FUZZ(wire) {
    size_t count;
    const message_t *const *all = message_all(&count);
    const message_t *type = all[fuzz_byte(&input) % count];
    fault_t fault = {0};
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
