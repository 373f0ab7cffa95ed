/* What differs between two strings of bytes that are alike, byte against byte from the front and, if their sizes differ, from the
 * end. */
#include "proto/delta.h"

#include <string.h>

enum {
    KEPT_LEAST = 4,  /* fewer equal bytes are told again: a piece costs two */
    NUMBER_BITS = 7,
    NUMBER_MORE = 1 << NUMBER_BITS,
    NUMBER_ROOM = 5, /* bytes of the largest */
    WORD = sizeof(uint64_t),
};

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* How many bytes of a word that is not 0 lie before the first in which a bit is set. */
static uint32_t zeros_before(uint64_t word) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (uint32_t)__builtin_ctzll(word) / 8;
#else
    return (uint32_t)__builtin_clzll(word) / 8;
#endif
}

/* How many bytes are equal from the front. */
static uint32_t equal_count(const uint8_t *a, const uint8_t *b, uint32_t size) {
    uint32_t count = 0;
    for (; size - count >= WORD; count += WORD) {
        uint64_t difference = word_at(a + count) ^ word_at(b + count);
        if (difference != 0) return count + zeros_before(difference);
    }
    while (count < size && a[count] == b[count]) count++;
    return count;
}

static uint32_t equal_at_end(bytes_t a, bytes_t b) {
    uint32_t most = smaller(a.size, b.size), count = 0;
    while (count < most && a.at[a.size - 1 - count] == b.at[b.size - 1 - count]) count++;
    return count;
}

/* Of two words: the top bit of each byte from which on as many are equal as are worth keeping. */
static uint64_t kept_tops(uint64_t difference) {
    static const uint64_t tops = 0x8080808080808080;
    uint64_t equal = ~(((difference & ~tops) + ~tops) | difference) & tops; /* of bytes that are 0: no carry leaves its byte */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    equal &= equal >> 8;
    return equal & equal >> 16;
#else
    equal &= equal << 8;
    return equal & equal << 16;
#endif
}

/* How many bytes lie before the next ones that are worth keeping. */
static uint32_t other_count(const uint8_t *a, const uint8_t *b, uint32_t size) {
    uint32_t count = 0;
    for (; size - count >= WORD; count += WORD - KEPT_LEAST + 1) {
        uint64_t kept = kept_tops(word_at(a + count) ^ word_at(b + count));
        if (kept != 0) return count + zeros_before(kept);
    }
    while (size - count >= KEPT_LEAST && half_word_at(a + count) != half_word_at(b + count)) count++;
    return size - count >= KEPT_LEAST ? count : size;
}

static inline uint8_t *number_tell(uint8_t *at, uint32_t number) {
    for (; number >= NUMBER_MORE; number >>= NUMBER_BITS) *at++ = (uint8_t)(number | NUMBER_MORE);
    *at++ = (uint8_t)number;
    return at;
}

/* Writes where there is room for it; the place behind it. */
static inline uint8_t *piece_tell(uint8_t *at, uint32_t kept, uint32_t replaced, bytes_t others) {
    at = number_tell(at, kept);
    at = number_tell(at, others.size << 1 | (replaced != others.size));
    if (replaced != others.size) at = number_tell(at, replaced);
    if (others.size > 0) memcpy(at, others.at, others.size);
    return at + others.size;
}

/* What all pieces of so many bytes take at most: between two of them at least KEPT_LEAST are kept. */
static size_t pieces_room(uint32_t size) { return size + ((size_t)size / (KEPT_LEAST + 1) + 2) * 3 * NUMBER_ROOM; }

void delta_tell(bytes_t before, bytes_t now, buffer_t *out) {
    ASSERT(now.size <= UINT32_MAX >> 1);
    uint32_t tail = before.size == now.size ? 0 : equal_at_end(before, now);
    uint32_t before_end = before.size - tail, now_end = now.size - tail, both = smaller(before_end, now_end);
    uint8_t *begin = buffer_room(out, pieces_room(now.size)), *to = begin;
    uint32_t kept = equal_count(before.at, now.at, both), at = kept;
    while (at < both) {
        uint32_t others = other_count(before.at + at, now.at + at, both - at);
        if (others == both - at) break; /* with what one of them has more */
        to = piece_tell(to, kept, others, (bytes_t){now.at + at, others});
        at += others;
        kept = equal_count(before.at + at, now.at + at, both - at);
        at += kept;
    }
    bool is_more = at < before_end || at < now_end;
    const uint8_t *others = at < now_end ? now.at + at : NULL;
    if (is_more) to = piece_tell(to, kept, before_end - at, (bytes_t){others, now_end - at});
    out->size += (size_t)(to - begin);
}

typedef struct {
    uint32_t kept, replaced, others;
} piece_t;

/* The place behind a number; NULL: it has no end, or is larger than any size here. */
static inline const uint8_t *number_take(const uint8_t *at, const uint8_t *end, uint32_t *number) {
    if (at != NULL && at < end && *at < NUMBER_MORE) { /* as almost all are */
        *number = *at;
        return at + 1;
    }
    *number = 0;
    for (uint32_t bits = 0; at != NULL && at < end && bits < (NUMBER_ROOM - 1) * NUMBER_BITS; bits += NUMBER_BITS) {
        *number |= (uint32_t)(*at & (NUMBER_MORE - 1)) << bits;
        if (*at++ < NUMBER_MORE) return at;
    }
    return NULL;
}

/* What a piece says before its own bytes, which follow. */
static const uint8_t *piece_take(const uint8_t *at, const uint8_t *end, piece_t *piece) {
    at = number_take(at, end, &piece->kept);
    at = number_take(at, end, &piece->others);
    bool is_told = (piece->others & 1) != 0;
    piece->replaced = piece->others >>= 1;
    return is_told ? number_take(at, end, &piece->replaced) : at;
}

static uint8_t *bytes_put(uint8_t *to, const uint8_t *from, uint32_t size) {
    if (size > 0) memcpy(to, from, size);
    return to + size;
}

/* All of `before` is copied at once, and stays where it is as long as each piece is as long as what it replaces. From the first
 * that is not on, everything goes to its own place. */
const char *delta_put(bytes_t before, bytes_t pieces, uint32_t most, arena_t *arena, bytes_t *now) {
    uint8_t *room = arena_room(arena, (size_t)before.size + pieces.size), *to = room;
    const uint8_t *at = pieces.at, *end = pieces.size == 0 ? at : at + pieces.size;
    bool is_there = true;
    bytes_put(room, before.at, before.size);
    while (at != end) {
        piece_t piece;
        at = piece_take(at, end, &piece);
        bool fits = at != NULL && piece.kept <= before.size && piece.replaced <= before.size - piece.kept &&
                    piece.others <= (size_t)(end - at);
        if (!fits) return "malformed";
        to = is_there ? to + piece.kept : bytes_put(to, before.at, piece.kept);
        to = bytes_put(to, at, piece.others);
        is_there = is_there && piece.replaced == piece.others;
        at += piece.others;
        uint32_t done = piece.kept + piece.replaced;
        if (done > 0) before = (bytes_t){before.at + done, before.size - done};
    }
    to = is_there ? to + before.size : bytes_put(to, before.at, before.size);
    *now = (bytes_t){room, (uint32_t)(to - room)};
    return now->size > most ? "too_long" : NULL;
}
