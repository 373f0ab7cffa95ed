/* JSON to message and back: the first byte picks the type. What is read is valid, and its JSON gives the same bytes. */
#include "proto/json.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void there_and_back(const message_t *type, const void *value, arena_t *arena) {
    fault_t fault = {0};
    buffer_t bytes = {0};
    PROMISE(wire_check(type, value, &fault) == OK, "%s was read, but: %s at %s", type->name, fault.code, fault.path);
    wire_encode(type, value, &bytes);
    json_t *told = message_to_json(type, value);
    void *again = arena_take(arena, type->size);
    err_t err = message_from_json(type, told, arena, again, &fault);
    PROMISE(err == OK, "%s: its own JSON is refused: %s at %s", type->name, fault.code, fault.path);
    fuzz_same_bytes(type, again, (bytes_t){bytes.at, (uint32_t)bytes.size});
    json_decref(told);
    buffer_destroy(&bytes);
}

FUZZ(json) {
    size_t count;
    const message_t *const *all = message_all(&count);
    const message_t *type = all[fuzz_byte(&input) % count];
    void *value = arena_take(arena, type->size);
    fault_t fault = {0};
    if (wire_decode(type, input, arena, value, &fault) == OK) { /* an encoding: its JSON must read back */
        there_and_back(type, value, arena);
        return;
    }
    char what[128] = "";
    int line = 0;
    json_t *json = json_read(fuzz_text(input), &line, what, sizeof what);
    if (json == NULL) {
        PROMISE(what[0] != '\0', "refused without a word");
        return;
    }
    if (message_from_json(type, json, arena, value, &fault) == OK)
        there_and_back(type, value, arena);
    else
        PROMISE(fault.code != NULL, "%s: a refusal without a code", type->name);
    json_decref(json);
}
