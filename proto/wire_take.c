/* Values out of bytes, for the straight-line code of messages: what is not the one encoding of a sound value is not taken. */
#include "proto/wire_straight.h"

#include "proto/wire_inner.h"

static const taken_t nothing = {NULL, 0};

/* The bytes themselves are behind the size. */
static inline taken_t text_at(const uint8_t *at, const uint8_t *end) {
    if (at >= end) return nothing;
    uint8_t first = *at++;
    taken_t text = first >= 0xa0 && first <= 0xbf ? (taken_t){at, first & 0x1f}
                   : first == 0xd9                ? take_counted(at, end, 1, 32)
                   : first == 0xda                ? take_counted(at, end, 2, UINT64_C(1) << 8)
                   : first == 0xdb                ? take_counted(at, end, 4, UINT64_C(1) << 16)
                                                  : nothing;
    return text.at == NULL || text.number > (size_t)(end - text.at) ? nothing : text;
}

static inline taken_t bytes_at(const uint8_t *at, const uint8_t *end) {
    if (at >= end) return nothing;
    uint8_t first = *at++;
    taken_t bytes = first == 0xc4   ? take_counted(at, end, 1, 0)
                    : first == 0xc5 ? take_counted(at, end, 2, UINT64_C(1) << 8)
                    : first == 0xc6 ? take_counted(at, end, 4, UINT64_C(1) << 16)
                                    : nothing;
    return bytes.at == NULL || bytes.number > (size_t)(end - bytes.at) ? nothing : bytes;
}

const uint8_t *take_number(const taking_t *taking, const uint8_t *at, uint64_t *out, uint64_t low, uint64_t high) {
    taken_t taken = take_unsigned(at, taking->end);
    *out = taken.number;
    return is_within(taken.number, low, high) ? taken.at : NULL;
}

const uint8_t *take_maybe(const taking_t *taking, const uint8_t *at, maybe_t *out, uint64_t low, uint64_t high) {
    taken_t taken = take_unsigned(at, taking->end);
    *out = (maybe_t){true, (int64_t)taken.number};
    return is_within(taken.number, low, high) ? taken.at : NULL;
}

const uint8_t *take_day(const taking_t *taking, const uint8_t *at, uint32_t *out) {
    taken_t taken = take_unsigned(at, taking->end);
    *out = (uint32_t)taken.number;
    return taken.number > 0 && taken.number <= UINT32_MAX && (!taking->checks || day_exists(*out)) ? taken.at : NULL;
}

static inline const uint8_t *take_string(const taking_t *taking, const uint8_t *at, text_t *out, uint64_t low, uint64_t high,
                                         bool slug) {
    taken_t text = text_at(at, taking->end);
    if (text.at == NULL || text.number == 0 || !is_within(text.number, low, high)) return NULL;
    *out = (text_t){(const char *)text.at, (uint32_t)text.number};
    bool clean = !taking->checks || (slug ? slug_is_clean(text.at, text.number) : text_is_clean(text.at, text.number));
    return clean ? text.at + text.number : NULL;
}

const uint8_t *take_slug(const taking_t *taking, const uint8_t *at, text_t *out, uint64_t low, uint64_t high) {
    return take_string(taking, at, out, low, high, true);
}

const uint8_t *take_text(const taking_t *taking, const uint8_t *at, text_t *out, uint64_t low, uint64_t high) {
    return take_string(taking, at, out, low, high, false);
}

const uint8_t *take_bytes(const taking_t *taking, const uint8_t *at, bytes_t *out, uint64_t low, uint64_t high) {
    taken_t bytes = bytes_at(at, taking->end);
    if (bytes.at == NULL || bytes.number == 0 || !is_within(bytes.number, low, high)) return NULL;
    *out = (bytes_t){bytes.at, (uint32_t)bytes.number};
    return bytes.at + bytes.number;
}

const uint8_t *take_fixed(const taking_t *taking, const uint8_t *at, uint8_t *out, size_t size) {
    taken_t bytes = bytes_at(at, taking->end);
    if (bytes.at == NULL || bytes.number != size || bytes_are_zero(bytes.at, size)) return NULL;
    memcpy(out, bytes.at, size);
    return bytes.at + size;
}

taken_t take_count(const taking_t *taking, const uint8_t *at, uint64_t low, uint64_t high) {
    if (at >= taking->end) return nothing;
    uint8_t first = *at++;
    taken_t count = first >= 0x90 && first <= 0x9f ? (taken_t){at, first & 0x0f}
                    : first == 0xdc                ? take_counted(at, taking->end, 2, 16)
                    : first == 0xdd                ? take_counted(at, taking->end, 4, UINT64_C(1) << 16)
                                                   : nothing;
    bool believed = count.at != NULL && count.number > 0 && count.number <= (size_t)(taking->end - count.at);
    return believed && is_within(count.number, low, high) ? count : nothing;
}

taken_t take_long_head(const taking_t *taking, const uint8_t *at) {
    if (at >= taking->end) return nothing;
    return *at == 0xde ? take_counted(at + 1, taking->end, 2, 16) : nothing;
}

static inline const uint8_t *take_strings(const taking_t *taking, taken_t count, const text_t **out, uint32_t *out_count,
                                          uint64_t most, bool slug) {
    const uint8_t *at = count.at;
    if (at == NULL) return NULL;
    text_t *texts = ARENA_NEW(taking->arena, text_t, count.number);
    for (uint64_t index = 0; at != NULL && index < count.number; index++)
        at = take_string(taking, at, &texts[index], 1, most, slug);
    *out = texts;
    *out_count = (uint32_t)count.number;
    return at;
}

const uint8_t *take_slugs(const taking_t *taking, taken_t count, const text_t **out, uint32_t *out_count) {
    return take_strings(taking, count, out, out_count, LIMIT_ID, true);
}

const uint8_t *take_texts(const taking_t *taking, taken_t count, const text_t **out, uint32_t *out_count, uint64_t most) {
    return take_strings(taking, count, out, out_count, most, false);
}

const uint8_t *take_days(const taking_t *taking, taken_t count, const uint32_t **out, uint32_t *out_count) {
    const uint8_t *at = count.at;
    if (at == NULL) return NULL;
    uint32_t *days = ARENA_NEW(taking->arena, uint32_t, count.number);
    for (uint64_t index = 0; at != NULL && index < count.number; index++) at = take_day(taking, at, &days[index]);
    *out = days;
    *out_count = (uint32_t)count.number;
    return at;
}

const uint8_t *take_list(const taking_t *taking, taken_t count, void *out, uint32_t *out_count, size_t size,
                         take_message_t *element) {
    const uint8_t *at = count.at;
    if (at == NULL) return NULL;
    uint8_t *first = arena_take(taking->arena, size * count.number);
    for (uint64_t index = 0; at != NULL && index < count.number; index++) at = element(taking, at, first + size * index);
    memcpy(out, &first, sizeof first);
    *out_count = (uint32_t)count.number;
    return at;
}

const uint8_t *take_object(const taking_t *taking, const uint8_t *at, void *out, take_message_t *take) {
    const uint8_t *behind = take(taking, at, out);
    if (behind == NULL || behind == at + 1) return NULL; /* a head alone: it would not have been written */
    if (out == taking->known->object) taking->known->bytes = (bytes_t){at, (uint32_t)(behind - at)};
    return behind;
}
