/* Values into memory, for the straight-line code of messages. Packed by msgpack-c: it writes the shortest heads, which is what
 * canonical means here. */
#include "proto/wire_straight.h"

#include <msgpack.h>

#include "proto/wire_inner.h"

enum { TAG_ROOM = 1, HEAD_ROOM = 5 }; /* the most that a tag, a head with a count takes */

/* For a place that has the room. */
static int lay_write(void *data, const char *bytes, size_t size) {
    uint8_t **at = data;
    memcpy(*at, bytes, size);
    *at += size;
    return 0;
}

static msgpack_packer packer_at(uint8_t **at) { return (msgpack_packer){at, lay_write}; }

uint8_t *lay_header(uint8_t *at, const uint64_t *numbers, size_t count) {
    msgpack_packer packer = packer_at(&at);
    msgpack_pack_array(&packer, count + 1);
    for (size_t index = 0; index < count; index++) msgpack_pack_uint64(&packer, numbers[index]);
    return at;
}

uint8_t *lay_number(laying_t *laying, uint8_t *at, uint8_t tag, uint64_t number) {
    if (!lay_fits(laying, at, TAG_ROOM + NUMBER_ROOM)) return NULL;
    msgpack_packer packer = packer_at(&at);
    msgpack_pack_uint8(&packer, tag);
    msgpack_pack_uint64(&packer, number);
    return at;
}

uint8_t *lay_true(laying_t *laying, uint8_t *at, uint8_t tag) {
    if (!lay_fits(laying, at, TAG_ROOM + 1)) return NULL;
    msgpack_packer packer = packer_at(&at);
    msgpack_pack_uint8(&packer, tag);
    msgpack_pack_true(&packer);
    return at;
}

uint8_t *lay_day(laying_t *laying, uint8_t *at, uint8_t tag, uint32_t day) {
    return laying->checks && !day_exists(day) ? NULL : lay_number(laying, at, tag, day);
}

/* Ids are short: two words that overlap are all of one. */
static inline void copy_short(uint8_t *to, const char *from, uint32_t size) {
    uint64_t first, last;
    uint32_t first_half, last_half;
    if (size >= sizeof first && size <= 2 * sizeof first) {
        memcpy(&first, from, sizeof first);
        memcpy(&last, from + size - sizeof last, sizeof last);
        memcpy(to, &first, sizeof first);
        memcpy(to + size - sizeof last, &last, sizeof last);
    } else if (size >= sizeof first_half && size < sizeof first) {
        memcpy(&first_half, from, sizeof first_half);
        memcpy(&last_half, from + size - sizeof last_half, sizeof last_half);
        memcpy(to, &first_half, sizeof first_half);
        memcpy(to + size - sizeof last_half, &last_half, sizeof last_half);
    } else {
        memcpy(to, from, size);
    }
}

/* A text in a list or behind its tag. */
static inline uint8_t *lay_string(laying_t *laying, uint8_t *at, text_t text) {
    if (!lay_fits(laying, at, HEAD_ROOM + (size_t)text.size)) return NULL;
    msgpack_packer packer = packer_at(&at);
    msgpack_pack_str(&packer, text.size);
    copy_short(at, text.at, text.size);
    return at + text.size;
}

static inline uint8_t *lay_tag(laying_t *laying, uint8_t *at, uint8_t tag) {
    if (!lay_fits(laying, at, TAG_ROOM)) return NULL;
    msgpack_packer packer = packer_at(&at);
    msgpack_pack_uint8(&packer, tag);
    return at;
}

uint8_t *lay_slug(laying_t *laying, uint8_t *at, uint8_t tag, text_t slug) {
    if (laying->checks && !slug_is_clean((const uint8_t *)slug.at, slug.size)) return NULL;
    at = lay_tag(laying, at, tag);
    return at == NULL ? NULL : lay_string(laying, at, slug);
}

uint8_t *lay_text(laying_t *laying, uint8_t *at, uint8_t tag, text_t text) {
    if (laying->checks && !text_is_clean((const uint8_t *)text.at, text.size)) return NULL;
    at = lay_tag(laying, at, tag);
    return at == NULL ? NULL : lay_string(laying, at, text);
}

uint8_t *lay_bytes(laying_t *laying, uint8_t *at, uint8_t tag, bytes_t bytes) {
    return lay_fixed(laying, at, tag, bytes.at, bytes.size);
}

uint8_t *lay_fixed(laying_t *laying, uint8_t *at, uint8_t tag, const uint8_t *bytes, size_t size) {
    if (!lay_fits(laying, at, TAG_ROOM + HEAD_ROOM + size)) return NULL;
    msgpack_packer packer = packer_at(&at);
    msgpack_pack_uint8(&packer, tag);
    msgpack_pack_bin(&packer, size);
    memcpy(at, bytes, size);
    return at + size;
}

static uint8_t *lay_array(laying_t *laying, uint8_t *at, uint8_t tag, uint32_t count) {
    if (!lay_fits(laying, at, TAG_ROOM + HEAD_ROOM)) return NULL;
    msgpack_packer packer = packer_at(&at);
    msgpack_pack_uint8(&packer, tag);
    msgpack_pack_array(&packer, count);
    return at;
}

uint8_t *lay_slugs(laying_t *laying, uint8_t *at, uint8_t tag, const text_t *slugs, uint32_t count) {
    at = lay_array(laying, at, tag, count);
    for (uint32_t index = 0; at != NULL && index < count; index++) {
        text_t slug = slugs[index];
        bool sound = is_within(slug.size, 1, LIMIT_ID) && (!laying->checks || slug_is_clean((const uint8_t *)slug.at, slug.size));
        at = sound ? lay_string(laying, at, slug) : NULL;
    }
    return at;
}

uint8_t *lay_texts(laying_t *laying, uint8_t *at, uint8_t tag, const text_t *texts, uint32_t count, uint64_t most) {
    at = lay_array(laying, at, tag, count);
    for (uint32_t index = 0; at != NULL && index < count; index++) {
        text_t text = texts[index];
        bool sound = is_within(text.size, 1, most) && (!laying->checks || text_is_clean((const uint8_t *)text.at, text.size));
        at = sound ? lay_string(laying, at, text) : NULL;
    }
    return at;
}

uint8_t *lay_days(laying_t *laying, uint8_t *at, uint8_t tag, const uint32_t *days, uint32_t count) {
    at = lay_array(laying, at, tag, count);
    for (uint32_t index = 0; at != NULL && index < count; index++) {
        if (!day_exists(days[index]) || !lay_fits(laying, at, NUMBER_ROOM)) return NULL;
        msgpack_packer packer = packer_at(&at);
        msgpack_pack_uint64(&packer, days[index]);
    }
    return at;
}

uint8_t *lay_list(laying_t *laying, uint8_t *at, uint8_t tag, const void *first, uint32_t count, size_t size,
                  lay_message_t *element) {
    at = lay_array(laying, at, tag, count);
    for (uint32_t index = 0; at != NULL && index < count; index++)
        at = element(laying, at, (const uint8_t *)first + size * index, true);
    return at;
}

uint8_t *lay_object(laying_t *laying, uint8_t *at, uint8_t tag, const void *object, lay_message_t *lay) {
    uint8_t *begin = at, *behind = lay_tag(laying, at, tag);
    if (behind == NULL) return NULL;
    if (object == laying->known.object && laying->known.bytes.size > 0) {
        if (!lay_fits(laying, behind, laying->known.bytes.size)) return NULL;
        memcpy(behind, laying->known.bytes.at, laying->known.bytes.size);
        return behind + laying->known.bytes.size;
    }
    at = lay(laying, behind, object, false);
    return at == behind + 1 ? begin : at; /* a head alone */
}

uint8_t *lay_long_head(laying_t *laying, uint8_t *head, uint8_t *at, uint32_t count) {
    if (!lay_fits(laying, at, 2)) return NULL;
    memmove(head + 3, head + 1, (size_t)(at - head) - 1);
    head[0] = 0xde, head[1] = (uint8_t)(count >> 8), head[2] = (uint8_t)count;
    return at + 2;
}
