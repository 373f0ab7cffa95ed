/* What the straight-line code of messages is made of (straight.h): one function a field lays into memory or takes out of it.
 * They report nothing. On any doubt they give NULL, and the code driven by the field table says what is wrong, and where. */
#ifndef PROTO_WIRE_STRAIGHT_H
#define PROTO_WIRE_STRAIGHT_H

#include <string.h>

#include "proto/wire.h"

/* A value being laid. Places go from hand to hand in registers; this stays where it is. */
struct laying {
    const uint8_t *end; /* of the room */
    wire_known_t known;
    bool checks; /* the characters of texts too: ranges and sizes are always looked at */
    bool full;   /* the doubt is the room's */
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

static inline bool lay_fits(laying_t *laying, const uint8_t *at, size_t size) {
    if ((size_t)(laying->end - at) >= size) return true;
    laying->full = true;
    return false;
}

/* The head of an event or a packet: so many numbers, and one thing more. There is room for it: at most NUMBER_ROOM each, and
 * one byte. */
enum { NUMBER_ROOM = 9 };
uint8_t *lay_header(uint8_t *at, const uint64_t *numbers, size_t count);
/* Each lays a tag and what it says behind it, and gives the place behind that. */
uint8_t *lay_number(laying_t *laying, uint8_t *at, uint8_t tag, uint64_t number);
uint8_t *lay_true(laying_t *laying, uint8_t *at, uint8_t tag);
uint8_t *lay_day(laying_t *laying, uint8_t *at, uint8_t tag, uint32_t day);
uint8_t *lay_slug(laying_t *laying, uint8_t *at, uint8_t tag, text_t slug);
uint8_t *lay_text(laying_t *laying, uint8_t *at, uint8_t tag, text_t text);
uint8_t *lay_bytes(laying_t *laying, uint8_t *at, uint8_t tag, bytes_t bytes);
uint8_t *lay_fixed(laying_t *laying, uint8_t *at, uint8_t tag, const uint8_t *bytes, size_t size);
uint8_t *lay_slugs(laying_t *laying, uint8_t *at, uint8_t tag, const text_t *slugs, uint32_t count);
uint8_t *lay_texts(laying_t *laying, uint8_t *at, uint8_t tag, const text_t *texts, uint32_t count, uint64_t most);
uint8_t *lay_days(laying_t *laying, uint8_t *at, uint8_t tag, const uint32_t *days, uint32_t count);
uint8_t *lay_list(laying_t *laying, uint8_t *at, uint8_t tag, const void *first, uint32_t count, size_t size,
                  lay_message_t *element);
/* Gives `at` itself for an object that has nothing in it: it is not there then. */
uint8_t *lay_object(laying_t *laying, uint8_t *at, uint8_t tag, const void *object, lay_message_t *lay);
uint8_t *lay_long_head(laying_t *laying, uint8_t *head, uint8_t *at, uint32_t count);

enum { HEAD_SHORT = 15 /* what a head of one byte counts */, LACKING = 1 << 16 /* added to the count for a field that lacks */ };

/* The head counts what was laid behind it: one byte is kept free for it, and the rare long one moves the fields up. An object
 * that is not there lacks nothing. */
static inline uint8_t *lay_end(laying_t *laying, uint8_t *head, uint8_t *at, uint32_t count, bool whole) {
    if (count >= LACKING) {
        count &= LACKING - 1;
        if (laying->checks && (whole || count > 0)) return NULL;
    }
    if (count > HEAD_SHORT) return lay_long_head(laying, head, at, count);
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

/* `width` bytes that count, behind a head byte; less than `floor` would have had a shorter form. */
static inline taken_t take_counted(const uint8_t *at, const uint8_t *end, uint32_t width, uint64_t floor) {
    if ((size_t)(end - at) < width) return (taken_t){NULL, 0};
    uint64_t number = big_endian(at, width);
    return number < floor ? (taken_t){NULL, 0} : (taken_t){at + width, number};
}

static inline taken_t take_unsigned_near_end(const uint8_t *at, const uint8_t *end) {
    if (at >= end) return (taken_t){NULL, 0};
    switch (*at) {
    case 0xcc: return take_counted(at + 1, end, 1, 128);
    case 0xcd: return take_counted(at + 1, end, 2, UINT64_C(1) << 8);
    case 0xce: return take_counted(at + 1, end, 4, UINT64_C(1) << 16);
    case 0xcf: return take_counted(at + 1, end, 8, UINT64_C(1) << 32);
    default: return *at <= 0x7f ? (taken_t){at + 1, *at} : (taken_t){NULL, 0};
    }
}

/* Where eight bytes follow the head, one load has the number whatever its width is. */
static inline taken_t take_unsigned(const uint8_t *at, const uint8_t *end) {
    if (end - at <= 8) return take_unsigned_near_end(at, end);
    if (*at <= 0x7f) return (taken_t){at + 1, *at};
    static const uint64_t floors[] = {128, UINT64_C(1) << 8, UINT64_C(1) << 16, UINT64_C(1) << 32};
    static const uint8_t shifts[] = {56, 48, 32, 0}, sizes[] = {2, 3, 5, 9};
    uint32_t form = *at - 0xccu;
    if (form > 3) return (taken_t){NULL, 0};
    uint64_t number = big_endian(at + 1, 8) >> shifts[form];
    return number < floors[form] ? (taken_t){NULL, 0} : (taken_t){at + sizes[form], number};
}

/* Each takes one value that stands at `at`, strictly: one encoding a value. */
const uint8_t *take_number(const taking_t *taking, const uint8_t *at, uint64_t *out, uint64_t low, uint64_t high);
const uint8_t *take_maybe(const taking_t *taking, const uint8_t *at, maybe_t *out, uint64_t low, uint64_t high);
const uint8_t *take_day(const taking_t *taking, const uint8_t *at, uint32_t *out);
const uint8_t *take_slug(const taking_t *taking, const uint8_t *at, text_t *out, uint64_t low, uint64_t high);
const uint8_t *take_text(const taking_t *taking, const uint8_t *at, text_t *out, uint64_t low, uint64_t high);
const uint8_t *take_bytes(const taking_t *taking, const uint8_t *at, bytes_t *out, uint64_t low, uint64_t high);
const uint8_t *take_fixed(const taking_t *taking, const uint8_t *at, uint8_t *out, size_t size);
/* The count of a list that has something in it; then what is in it. */
taken_t take_count(const taking_t *taking, const uint8_t *at, uint64_t low, uint64_t high);
const uint8_t *take_slugs(const taking_t *taking, taken_t count, const text_t **out, uint32_t *out_count);
const uint8_t *take_texts(const taking_t *taking, taken_t count, const text_t **out, uint32_t *out_count, uint64_t most);
const uint8_t *take_days(const taking_t *taking, taken_t count, const uint32_t **out, uint32_t *out_count);
const uint8_t *take_list(const taking_t *taking, taken_t count, void *out, uint32_t *out_count, size_t size,
                         take_message_t *element);
const uint8_t *take_object(const taking_t *taking, const uint8_t *at, void *out, take_message_t *take);
taken_t take_long_head(const taking_t *taking, const uint8_t *at);

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
    return take_long_head(taking, at);
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
