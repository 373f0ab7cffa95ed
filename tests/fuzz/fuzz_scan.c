/* The bounded scan of untrusted bytes: what it takes is one whole object, and the walk of the first object agrees with it. */
#include "tests/fuzz/fuzz.h"

#include <msgpack.h>
#include <string.h>

/* A second opinion on sizes: msgpack-c's own reader ends the first object at the same byte. Small inputs only, since it
 * believes counts; the scan has bounded them by then. */
static void second_opinion(bytes_t input, uint32_t size) {
    if (size > 4096) return;
    msgpack_zone zone;
    msgpack_object object;
    size_t at = 0;
    if (!msgpack_zone_init(&zone, 2048)) return;
    msgpack_unpack_return read = msgpack_unpack((const char *)input.at, input.size, &at, &zone, &object);
    PROMISE(read == MSGPACK_UNPACK_SUCCESS || read == MSGPACK_UNPACK_EXTRA_BYTES, "msgpack-c refuses what was scanned: %d",
            read);
    PROMISE(at == size, "scanned %u bytes, msgpack-c read %zu", size, at);
    msgpack_zone_destroy(&zone);
}

FUZZ(scan) {
    (void)arena;
    fault_t fault = {0}, first_fault = {0};
    uint32_t size = 0;
    err_t whole = wire_scan(input, &fault), first = wire_scan_first(input, &size, &first_fault);
    PROMISE(whole == OK || fault.code != NULL, "a refusal without a code");
    PROMISE(whole == OK || reason_find(text_of(fault.code)) != NULL, "no such reason: %s", fault.code);
    if (whole == OK) PROMISE(first == OK && size == input.size, "whole %u, first %u", input.size, size);
    if (first != OK) return;
    PROMISE(size > 0 && size <= input.size, "first object of %u in %u bytes", size, input.size);
    PROMISE(wire_scan((bytes_t){input.at, size}, &fault) == OK, "the first object alone is refused: %s", fault.code);
    second_opinion(input, size);
}
