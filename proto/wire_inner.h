/* What writing and reading share: where in a message we are, and what a field's values may be. Included by wire_*.c only. */
#ifndef PROTO_WIRE_INNER_H
#define PROTO_WIRE_INNER_H

#include "proto/wire.h"

/* Where we are, as a chain on the C stack: written out only when something is wrong. */
typedef struct path {
    const struct path *above;
    const char *name; /* NULL: the index counts */
    uint32_t index;
} path_t;

/* Notes code and path; ERR_BAD. */
err_t wire_wrong(fault_t *fault, const path_t *path, const char *code);

/* The checks of one value. NULL, or the code of what is wrong. */
const char *number_wrong(const field_t *field, uint64_t number);
const char *text_wrong(const field_t *field, const uint8_t *at, uint64_t size);
const char *bytes_wrong(const field_t *field, uint64_t size);
const char *count_wrong(const field_t *field, uint64_t count); /* of a list that has something in it */
const char *negative_wrong(const field_t *field);
bool field_is_required(const field_t *field);
bool text_is_clean(const uint8_t *at, uint64_t size); /* well-formed UTF-8, no control characters but tab and line feed */
bool slug_is_clean(const uint8_t *at, uint64_t size);

/* The same where it stands: may these characters stand in a slug? */
extern const bool slug_characters[256];
static inline bool four_are_of_slug(const uint8_t *at) {
    return slug_characters[at[0]] & slug_characters[at[1]] & slug_characters[at[2]] & slug_characters[at[3]];
}
static inline bool are_of_slug(const uint8_t *at, uint64_t size) {
    const uint8_t *end = at + size;
    for (; end - at > 4; at += 4)
        if (!four_are_of_slug(at)) return false;
    if (size >= 4) return four_are_of_slug(end - 4); /* some of them twice */
    for (; at < end; at++)
        if (!slug_characters[*at]) return false;
    return true;
}

/* The two ways of writing and reading: driven by the field table, which says what is wrong; and the straight-line code of the
 * message, which only says that there is a doubt. wire_encode and wire_decode try the straight one first. */
err_t wire_encode_by_table(const message_t *type, const void *value, const wire_known_t *known, buffer_t *out, fault_t *fault);
bool wire_encode_straight(const message_t *type, const void *value, const wire_known_t *known, bool checks, buffer_t *out);
err_t wire_decode_by_table(const message_t *type, bytes_t bytes, arena_t *arena, void *value, fault_t *fault);
bool wire_decode_straight(const message_t *type, bytes_t bytes, arena_t *arena, void *value, wire_known_t *known,
                          bool checks);

#endif
