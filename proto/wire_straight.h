/* What the straight-line code of messages is made of (straight.h): one function a field lays into memory or takes out of it.
 * They report nothing. On any doubt they give NULL, and the code driven by the field table says what is wrong, and where. */
#ifndef PROTO_WIRE_STRAIGHT_H
#define PROTO_WIRE_STRAIGHT_H

#include "proto/wire_inner.h"
#include "proto/wire_pack.h"

/* Room in bytes: the most that a tag, a number, a head with a count takes; and what is always left behind `limit`: more than all
 * fields of a known size take in any message (straight.h holds each against it). So room is asked for where a message begins, by
 * each field whose size is its value's, and behind lists and objects: what lies between them fits. */
enum { TAG_ROOM = 1, NUMBER_ROOM = 9, HEAD_ROOM = 5, SPARE_ROOM = 1024 };

/* A value being laid. Places go from hand to hand in registers; this stays where it is. */
struct laying {
    const uint8_t *limit;      /* SPARE_ROOM before the end of the room */
    const wire_known_t *known; /* never NULL */
    bool checks;               /* the characters of texts too: ranges and sizes are always looked at */
    bool full;                 /* the doubt is the room's */
};

/* A value being taken; it is all zero before. */
struct taking {
    const uint8_t *end; /* of the bytes */
    arena_t *arena;
    wire_known_t *known; /* never NULL */
    bool checks;         /* as laying has it */
};

/* Where the next byte is, NULL for a doubt, and the number, count or size in front of it. Travels in two registers. */
typedef struct {
    const uint8_t *at;
    uint64_t number;
} taken_t;

/* Bit n is set where n is a word of the set. */
#define SET(set) static const uint64_t set##_bits = 0
#define WORD_IN(set, word, number, zh, en) | UINT64_C(1) << (number)
#define SET_END(set) ;
#include "proto/words.def"
#undef SET
#undef WORD_IN
#undef SET_END

static inline bool is_within(uint64_t number, uint64_t low, uint64_t high) { return number >= low && number <= high; }
static inline bool is_word(uint32_t number, uint64_t bits) { return number < 64 && (bits >> number & 1) != 0; }

/* Is there room for so many bytes of a value's own? */
static inline bool lay_fits(laying_t *laying, const uint8_t *at, size_t size) {
    if (laying->limit - at >= (ptrdiff_t)size) return true;
    laying->full = true;
    return false;
}

/* Are the object's bytes at hand? */
static inline bool is_known(const laying_t *laying, const void *object) {
    return object == laying->known->object && laying->known->bytes.size > 0;
}

/* Each lays a tag and what it says behind it, and gives the place behind that. */
uint8_t *lay_wide(uint8_t *at, uint64_t number) __attribute__((returns_nonnull)); /* a number of more than one byte, no tag */
uint8_t *lay_slug(const laying_t *laying, uint8_t *at, uint8_t tag, text_t slug);
uint8_t *lay_text(laying_t *laying, uint8_t *at, uint8_t tag, text_t text);
uint8_t *lay_bytes(laying_t *laying, uint8_t *at, uint8_t tag, bytes_t bytes);
uint8_t *lay_slugs(laying_t *laying, uint8_t *at, uint8_t tag, const text_t *slugs, uint32_t count);
uint8_t *lay_texts(laying_t *laying, uint8_t *at, uint8_t tag, const text_t *texts, uint32_t count, uint64_t most);
uint8_t *lay_days(laying_t *laying, uint8_t *at, uint8_t tag, const uint32_t *days, uint32_t count);
uint8_t *lay_known(laying_t *laying, uint8_t *at);
uint8_t *lay_long_head(uint8_t *head, uint8_t *at, uint32_t count);

/* Tags are below 128 and so a head of their own. */
static inline uint8_t *lay_tag(uint8_t *at, uint8_t tag) { return pack_append(at, &tag, sizeof tag); }

/* Most numbers are small. */
static inline uint8_t *lay_plain(uint8_t *at, uint64_t number) {
    return number < 0x80 ? pack_uint8(at, (uint8_t)number) : lay_wide(at, number);
}

static inline uint8_t *lay_number(uint8_t *at, uint8_t tag, uint64_t number) { return lay_plain(lay_tag(at, tag), number); }

static inline uint8_t *lay_true(uint8_t *at, uint8_t tag) { return pack_true(lay_tag(at, tag)); }

static inline uint8_t *lay_fixed(uint8_t *at, uint8_t tag, const uint8_t *bytes, size_t size) {
    return pack_append(pack_bin(lay_tag(at, tag), size), bytes, size);
}

static inline uint8_t *lay_list(laying_t *laying, uint8_t *at, uint8_t tag, const void *first, uint32_t count, size_t size,
                                lay_message_t *element) {
    at = pack_array(lay_tag(at, tag), count);
    for (const uint8_t *value = first; count > 0 && at != NULL; count--, value += size) at = element(laying, at, value);
    return at != NULL && lay_fits(laying, at, 0) ? at : NULL;
}

/* An object that has something in it: others are not there. */
static inline uint8_t *lay_object(laying_t *laying, uint8_t *at, uint8_t tag, const void *object, lay_message_t *lay) {
    at = lay_tag(at, tag);
    if (is_known(laying, object)) return lay_known(laying, at);
    at = lay(laying, at, object);
    return at != NULL && lay_fits(laying, at, 0) ? at : NULL;
}

enum { HEAD_SHORT = 15 /* what a head of one byte counts */, LACKING = 1 << 16 /* added to the count for a field that lacks */ };

/* The head counts what was laid behind it: one byte is kept free for it, and the rare long one moves the fields up. */
static inline uint8_t *lay_end(const laying_t *laying, uint8_t *head, uint8_t *at, uint32_t count) {
    if (count >= LACKING) {
        if (laying->checks) return NULL;
        count &= LACKING - 1;
    }
    if (count > HEAD_SHORT) return lay_long_head(head, at, count);
    *head = (uint8_t)(0x80 | count);
    return at;
}

/* Spelled out: so a compiler sees that each is one load. */
static inline uint64_t big_endian(const uint8_t *at, uint32_t width) {
    switch (width) {
    case 1: return at[0];
    case 2: return (uint64_t)at[0] << 8 | at[1];
    case 4: return (uint64_t)at[0] << 24 | (uint64_t)at[1] << 16 | (uint64_t)at[2] << 8 | at[3];
    default:
        return (uint64_t)at[0] << 56 | (uint64_t)at[1] << 48 | (uint64_t)at[2] << 40 | (uint64_t)at[3] << 32 |
               (uint64_t)at[4] << 24 | (uint64_t)at[5] << 16 | (uint64_t)at[6] << 8 | at[7];
    }
}

/* The number behind a head of more than one byte, where eight bytes follow it: one load has it, whatever its width is. Less than
 * `floor` would have had a shorter form. */
static inline taken_t take_wide(const uint8_t *at) {
    static const uint64_t floors[] = {128, UINT64_C(1) << 8, UINT64_C(1) << 16, UINT64_C(1) << 32};
    static const uint8_t shifts[] = {56, 48, 32, 0}, sizes[] = {2, 3, 5, 9};
    uint32_t form = *at - 0xccu;
    if (form > 3) return (taken_t){NULL, 0};
    uint64_t number = big_endian(at + 1, 8) >> shifts[form];
    return number < floors[form] ? (taken_t){NULL, 0} : (taken_t){at + sizes[form], number};
}

/* Each takes one value that stands at `at`, strictly: one encoding a value. */
taken_t take_long_number(const uint8_t *at, const uint8_t *end);
taken_t take_long_text(const uint8_t *at, const uint8_t *end); /* the bytes themselves are behind the size */
taken_t take_long_count(const uint8_t *at, const uint8_t *end);
taken_t take_long_head(const uint8_t *at, const uint8_t *end);
const uint8_t *take_day(const taking_t *taking, const uint8_t *at, uint32_t *out);
const uint8_t *take_text(const taking_t *taking, const uint8_t *at, text_t *out, uint64_t low, uint64_t high);
const uint8_t *take_bytes(const taking_t *taking, const uint8_t *at, bytes_t *out, uint64_t low, uint64_t high);
const uint8_t *take_slugs(const taking_t *taking, taken_t count, const text_t **out, uint32_t *out_count);
const uint8_t *take_texts(const taking_t *taking, taken_t count, const text_t **out, uint32_t *out_count, uint64_t most);
const uint8_t *take_days(const taking_t *taking, taken_t count, const uint32_t **out, uint32_t *out_count);

/* Most numbers are small. */
static inline taken_t take_unsigned(const uint8_t *at, const uint8_t *end) {
    return at < end && *at <= 0x7f ? (taken_t){at + 1, *at} : take_long_number(at, end);
}

static inline const uint8_t *take_number(const taking_t *taking, const uint8_t *at, uint64_t *out, uint64_t low, uint64_t high) {
    taken_t taken = take_unsigned(at, taking->end);
    *out = taken.number;
    return is_within(taken.number, low, high) ? taken.at : NULL;
}

static inline const uint8_t *take_maybe(const taking_t *taking, const uint8_t *at, maybe_t *out, uint64_t low, uint64_t high) {
    taken_t taken = take_unsigned(at, taking->end);
    *out = (maybe_t){true, (int64_t)taken.number};
    return is_within(taken.number, low, high) ? taken.at : NULL;
}

/* A text of 1..31 bytes, or a longer one. */
static inline taken_t take_string(const uint8_t *at, const uint8_t *end) {
    if (at < end && *at > 0xa0 && *at <= 0xbf && *at - 0xa0 < end - at) return (taken_t){at + 1, *at - 0xa0u};
    return take_long_text(at, end);
}

static inline const uint8_t *take_slug(const taking_t *taking, const uint8_t *at, text_t *out, uint64_t low, uint64_t high) {
    taken_t slug = take_string(at, taking->end);
    if (slug.at == NULL || !is_within(slug.number, low, high)) return NULL;
    *out = (text_t){(const char *)slug.at, (uint32_t)slug.number};
    return !taking->checks || slug_is_clean(slug.at, slug.number) ? slug.at + slug.number : NULL;
}

/* Of less than 256 bytes: their head is two. */
static inline const uint8_t *take_fixed(const taking_t *taking, const uint8_t *at, uint8_t *out, size_t size) {
    if ((size_t)(taking->end - at) < 2 + size || at[0] != 0xc4 || at[1] != size || bytes_are_zero(at + 2, size)) return NULL;
    memcpy(out, at + 2, size);
    return at + 2 + size;
}

/* The count of a list that has something in it: not more than there are bytes left for. */
static inline taken_t take_count(const taking_t *taking, const uint8_t *at, uint64_t low, uint64_t high) {
    bool few = at < taking->end && *at > 0x90 && *at <= 0x9f;
    taken_t count = few ? (taken_t){at + 1, *at - 0x90u} : take_long_count(at, taking->end);
    bool believed = count.at != NULL && count.number <= (size_t)(taking->end - count.at);
    return believed && is_within(count.number, low, high) ? count : (taken_t){NULL, 0};
}

static inline const uint8_t *take_list(const taking_t *taking, taken_t count, void *out, uint32_t *out_count, size_t size,
                                       take_message_t *element) {
    const uint8_t *at = count.at;
    if (at == NULL) return NULL;
    uint8_t *first = arena_take(taking->arena, size * count.number), *next = first;
    for (uint64_t left = count.number; at != NULL && left > 0; left--, next += size) at = element(taking, at, next);
    memcpy(out, &first, sizeof first);
    *out_count = (uint32_t)count.number;
    return at;
}

static inline const uint8_t *take_object(const taking_t *taking, const uint8_t *at, void *out, take_message_t *take) {
    const uint8_t *behind = take(taking, at, out);
    if (behind == NULL || behind == at + 1) return NULL; /* a head alone: it would not have been written */
    if (out == taking->known->object) taking->known->bytes = (bytes_t){at, (uint32_t)(behind - at)};
    return behind;
}

static inline const uint8_t *take_true(const taking_t *taking, const uint8_t *at, bool *out) {
    if (at >= taking->end || *at != 0xc3) return NULL;
    *out = true;
    return at + 1;
}

/* Words are small numbers. */
static inline const uint8_t *take_word(const taking_t *taking, const uint8_t *at, uint32_t *out, uint64_t bits) {
    if (at >= taking->end || !is_word(*at, bits) || *at == 0) return NULL;
    *out = *at;
    return at + 1;
}

/* The head of a message: how many fields it has. */
static inline taken_t take_head(const taking_t *taking, const uint8_t *at) {
    if (at < taking->end && (*at & 0xf0) == 0x80) return (taken_t){at + 1, *at & 0x0f};
    return take_long_head(at, taking->end);
}

/* What stands where a tag is wanted: the tag, or that there is none left. No field has one of the others. */
enum { TAG_END = 0x100, TAG_CUT = 0x101 };
static inline uint32_t take_tag(const taking_t *taking, taken_t *next) {
    if (next->number == 0) return TAG_END;
    next->number--;
    return next->at < taking->end ? *next->at++ : TAG_CUT;
}

/* Copies: each part begins at a multiple of eight, for lists hold numbers and pointers. */
static inline size_t whole_words(size_t size) { return (size + 7) & ~(size_t)7; }
size_t room_texts(const text_t *texts, uint32_t count);
size_t room_list(const void *first, uint32_t count, size_t size, room_message_t *element);
/* Each copies what its first argument points to into the room, and gives the room that is left. */
uint8_t *settle_text(text_t *text, uint8_t *room);
uint8_t *settle_bytes(bytes_t *bytes, uint8_t *room);
uint8_t *settle_texts(const text_t **texts, uint32_t count, uint8_t *room);
uint8_t *settle_days(const uint32_t **days, uint32_t count, uint8_t *room);
uint8_t *settle_list(const void *first, uint32_t count, size_t size, settle_message_t *element, void *out, uint8_t *room);

#endif
