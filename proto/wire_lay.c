/* Values into memory, for the straight-line code of messages: what is too long to stand in each of them. */
#include "proto/wire_straight.h"

uint8_t *lay_wide(uint8_t *at, uint64_t number) { return pack_uint64(at, number); }

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

/* An id in a list or behind its tag. */
static inline uint8_t *lay_id(const laying_t *laying, uint8_t *at, text_t id) {
    if (laying->checks && !are_of_slug((const uint8_t *)id.at, id.size)) return NULL;
    at = pack_str(at, id.size);
    copy_short(at, id.at, id.size);
    return at + id.size;
}

static inline uint8_t *lay_string(laying_t *laying, uint8_t *at, text_t text) {
    if (laying->checks && !text_is_clean((const uint8_t *)text.at, text.size)) return NULL;
    at = pack_str(at, text.size);
    return lay_fits(laying, at, text.size) ? pack_append(at, text.at, text.size) : NULL;
}

uint8_t *lay_slug(const laying_t *laying, uint8_t *at, uint8_t tag, text_t slug) { return lay_id(laying, lay_tag(at, tag), slug); }

uint8_t *lay_text(laying_t *laying, uint8_t *at, uint8_t tag, text_t text) {
    return lay_string(laying, lay_tag(at, tag), text);
}

uint8_t *lay_bytes(laying_t *laying, uint8_t *at, uint8_t tag, bytes_t bytes) {
    at = pack_bin(lay_tag(at, tag), bytes.size);
    return lay_fits(laying, at, bytes.size) ? pack_append(at, bytes.at, bytes.size) : NULL;
}

uint8_t *lay_slugs(laying_t *laying, uint8_t *at, uint8_t tag, const text_t *slugs, uint32_t count) {
    at = pack_array(lay_tag(at, tag), count);
    for (uint32_t index = 0; index < count; index++) {
        if (!is_within(slugs[index].size, 1, LIMIT_ID) || (at = lay_id(laying, at, slugs[index])) == NULL) return NULL;
        if (!lay_fits(laying, at, 0)) return NULL;
    }
    return at;
}

uint8_t *lay_texts(laying_t *laying, uint8_t *at, uint8_t tag, const text_t *texts, uint32_t count, uint64_t most) {
    at = pack_array(lay_tag(at, tag), count);
    for (uint32_t index = 0; index < count; index++)
        if (!is_within(texts[index].size, 1, most) || (at = lay_string(laying, at, texts[index])) == NULL) return NULL;
    return at;
}

uint8_t *lay_days(laying_t *laying, uint8_t *at, uint8_t tag, const uint32_t *days, uint32_t count) {
    at = pack_array(lay_tag(at, tag), count);
    for (uint32_t index = 0; index < count; index++) {
        if (!day_exists(days[index])) return NULL;
        at = pack_uint64(at, days[index]);
        if (!lay_fits(laying, at, 0)) return NULL;
    }
    return at;
}

uint8_t *lay_known(laying_t *laying, uint8_t *at) {
    bytes_t known = laying->known->bytes;
    return lay_fits(laying, at, known.size) ? pack_append(at, known.at, known.size) : NULL;
}

uint8_t *lay_long_head(uint8_t *head, uint8_t *at, uint32_t count) {
    memmove(head + 3, head + 1, (size_t)(at - head) - 1);
    pack_map(head, count);
    return at + 2;
}
