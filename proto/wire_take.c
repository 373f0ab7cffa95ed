/* Values out of bytes, for the straight-line code of messages: what is not the one encoding of a sound value is not taken. */
#include "proto/wire_straight.h"

static const taken_t nothing = {NULL, 0};

/* `width` bytes that count, behind a head byte; less than `floor` would have had a shorter form. */
static inline taken_t take_counted(const uint8_t *at, const uint8_t *end, uint32_t width, uint64_t floor) {
    if ((size_t)(end - at) < width) return nothing;
    uint64_t number = big_endian(at, width);
    return number < floor ? nothing : (taken_t){at + width, number};
}

static taken_t number_near_end(const uint8_t *at, const uint8_t *end) {
    switch (*at) {
    case 0xcc: return take_counted(at + 1, end, 1, 128);
    case 0xcd: return take_counted(at + 1, end, 2, UINT64_C(1) << 8);
    case 0xce: return take_counted(at + 1, end, 4, UINT64_C(1) << 16);
    case 0xcf: return take_counted(at + 1, end, 8, UINT64_C(1) << 32);
    default: return nothing;
    }
}

taken_t take_long_number(const uint8_t *at, const uint8_t *end) {
    if (end - at > 8) return take_wide(at);
    return at < end ? number_near_end(at, end) : nothing;
}

taken_t take_long_text(const uint8_t *at, const uint8_t *end) {
    if (at >= end) return nothing;
    uint8_t first = *at++;
    taken_t text = first == 0xd9   ? take_counted(at, end, 1, 32)
                   : first == 0xda ? take_counted(at, end, 2, UINT64_C(1) << 8)
                   : first == 0xdb ? take_counted(at, end, 4, UINT64_C(1) << 16)
                                   : nothing;
    return text.at == NULL || text.number > (size_t)(end - text.at) ? nothing : text;
}

taken_t take_long_count(const uint8_t *at, const uint8_t *end) {
    if (at >= end) return nothing;
    uint8_t first = *at++;
    return first == 0xdc   ? take_counted(at, end, 2, 16)
           : first == 0xdd ? take_counted(at, end, 4, UINT64_C(1) << 16)
                           : nothing;
}

taken_t take_long_head(const uint8_t *at, const uint8_t *end) {
    return at < end && *at == 0xde ? take_counted(at + 1, end, 2, 16) : nothing;
}

const uint8_t *take_day(const taking_t *taking, const uint8_t *at, uint32_t *out) {
    taken_t taken = take_unsigned(at, taking->end);
    *out = (uint32_t)taken.number;
    return taken.number > 0 && taken.number <= UINT32_MAX && (!taking->checks || day_exists(*out)) ? taken.at : NULL;
}

const uint8_t *take_text(const taking_t *taking, const uint8_t *at, text_t *out, uint64_t low, uint64_t high) {
    taken_t text = take_string(at, taking->end);
    if (text.at == NULL || !is_within(text.number, low, high)) return NULL;
    *out = (text_t){(const char *)text.at, (uint32_t)text.number};
    return !taking->checks || text_is_clean(text.at, text.number) ? text.at + text.number : NULL;
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

const uint8_t *take_bytes(const taking_t *taking, const uint8_t *at, bytes_t *out, uint64_t low, uint64_t high) {
    taken_t bytes = bytes_at(at, taking->end);
    if (bytes.at == NULL || bytes.number == 0 || !is_within(bytes.number, low, high)) return NULL;
    *out = (bytes_t){bytes.at, (uint32_t)bytes.number};
    return bytes.at + bytes.number;
}

/* --- lists of what is no message --- */

static const uint8_t *take_strings(const taking_t *taking, taken_t count, const text_t **out, uint32_t *out_count, uint64_t most,
                                   bool slug) {
    const uint8_t *at = count.at;
    if (at == NULL) return NULL;
    text_t *texts = arena_room(taking->arena, sizeof *texts * count.number);
    for (uint64_t index = 0; at != NULL && index < count.number; index++)
        at = slug ? take_slug(taking, at, &texts[index], 1, most) : take_text(taking, at, &texts[index], 1, most);
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
    uint32_t *days = arena_room(taking->arena, sizeof *days * count.number);
    for (uint64_t index = 0; at != NULL && index < count.number; index++) at = take_day(taking, at, &days[index]);
    *out = days;
    *out_count = (uint32_t)count.number;
    return at;
}
