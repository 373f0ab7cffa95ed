/* msgpack-c's packer, as functions from a place to the place behind what they pack there: `pack_uint64(at, number)`. It writes the
 * shortest heads, which is what canonical means here. Nothing is asked about room. */
#ifndef PROTO_WIRE_PACK_H
#define PROTO_WIRE_PACK_H

#include <msgpack.h>
#include <string.h>

static inline uint8_t *pack_append(uint8_t *at, const void *bytes, size_t size) {
    memcpy(at, bytes, size);
    return at + size;
}

/* Its template, a second time, with memory in the place of a callback; it undefines these names itself. */
#define msgpack_pack_inline_func(name) static inline uint8_t *pack##name
#define msgpack_pack_user uint8_t *
#define msgpack_pack_append_buffer(at, bytes, size) return pack_append(at, bytes, size)
#include <msgpack/pack_template.h>

#endif
