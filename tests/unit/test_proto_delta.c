/* What differs between bytes, told and put in again: any two, and what nobody ever told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/delta.h"
#include "proto/limits.h"

enum { MOST = 1 << 20 };

static bytes_t view_of(const buffer_t *buffer) { return (bytes_t){buffer->at, (uint32_t)buffer->size}; }
static bytes_t bytes_of(const char *text) { return (bytes_t){(const uint8_t *)text, (uint32_t)strlen(text)}; }

/* Tells and puts; how many bytes the pieces take. */
static size_t there_and_back(bytes_t before, bytes_t now, arena_t *arena) {
    buffer_t pieces = {0};
    bytes_t again;
    delta_tell(before, now, &pieces);
    size_t size = pieces.size;
    assert_null(delta_put(before, view_of(&pieces), MOST, arena, &again));
    assert_int_equal(again.size, now.size);
    if (now.size > 0) assert_memory_equal(again.at, now.at, now.size);
    buffer_destroy(&pieces);
    return size;
}

static uint32_t drawn(uint32_t *state, uint32_t below) {
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % below;
}

/* Some of `bytes` become others, and now and then some are gone or more than there were. */
static void bytes_change(uint32_t *state, buffer_t *bytes) {
    uint32_t at = drawn(state, (uint32_t)bytes->size + 1), most = (uint32_t)bytes->size - at;
    uint32_t way = drawn(state, 4), count = drawn(state, 40) % (most + 1);
    if (way == 0) { /* gone */
        memmove(bytes->at + at, bytes->at + at + count, most - count);
        bytes->size -= count;
    } else if (way == 1) { /* more */
        count = drawn(state, 300);
        buffer_room(bytes, count);
        memmove(bytes->at + at + count, bytes->at + at, most);
        bytes->size += count;
    }
    if (way > 0)
        for (uint32_t index = 0; index < count; index++) bytes->at[at + index] = (uint8_t)drawn(state, 3);
}

static void any_bytes_come_back_from_any_others(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    for (uint32_t seed = 1; seed <= 20000; seed++) {
        uint32_t draws = seed, size = drawn(&draws, 400);
        buffer_t before = {0}, now = {0};
        for (uint8_t byte; before.size < size; buffer_add(&before, &byte, 1))
            byte = (uint8_t)drawn(&draws, seed % 2 == 0 ? 3 : 256);
        buffer_add(&now, before.at, before.size);
        buffer_room(&now, 1);
        for (uint32_t changes = drawn(&draws, 6); changes > 0; changes--) bytes_change(&draws, &now);
        there_and_back(view_of(&before), view_of(&now), arena);
        there_and_back(view_of(&now), view_of(&before), arena);
        buffer_destroy(&before);
        buffer_destroy(&now);
        arena_reset(arena);
    }
    arena_destroy(&arena);
}

static void what_is_equal_takes_nothing_and_what_differs_little_more_than_itself(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    bytes_t nothing = {NULL, 0}, text = bytes_of("2021-08 rice and beef from Longde, 300000 fen");
    assert_int_equal(there_and_back(nothing, nothing, arena), 0);
    assert_int_equal(there_and_back(text, text, arena), 0);
    assert_int_equal(there_and_back(nothing, text, arena), text.size + 3);
    assert_int_equal(there_and_back(text, nothing, arena), 3);
    assert_int_equal(there_and_back(text, bytes_of("2021-09 rice and beef from Longde, 400000 fen"), arena), 3 + 3);
    assert_int_equal(there_and_back(text, bytes_of("2021-08 rice and some beef from Longde, 300000 fen"), arena), 3 + 5);
    assert_int_equal(there_and_back(text, bytes_of("2021-08 rice and from Longde, 300000 fen"), arena), 3);
    arena_destroy(&arena);
}

static void four_bytes_that_are_equal_are_kept_wherever_they_are_and_three_are_not(void **state) {
    (void)state;
    enum { SIZE = 40 };
    arena_t *arena = arena_new();
    uint8_t before[SIZE], now[SIZE];
    memset(before, 0, sizeof before);
    for (uint32_t size = 6; size <= SIZE; size++)
        for (uint32_t at = 1; at + 4 < size; at++) {
            for (uint32_t index = 0; index < size; index++) now[index] = (uint8_t)(1u << drawn(&(uint32_t){at * SIZE + index}, 8));
            memset(now + at, 0, 3);
            assert_int_equal(there_and_back((bytes_t){before, size}, (bytes_t){now, size}, arena), size + 2);
            now[at + 3] = 0;
            assert_int_equal(there_and_back((bytes_t){before, size}, (bytes_t){now, size}, arena), size - 4 + 2 + 2);
            arena_reset(arena);
        }
    arena_destroy(&arena);
}

static void sizes_beyond_a_byte_are_told_in_more(void **state) {
    (void)state;
    static uint8_t before[LIMIT_EDGE_FRAME], now[LIMIT_EDGE_FRAME];
    static const uint32_t places[] = {0, 1, 63, 64, 127, 128, 129, 16383, 16384, 100000, LIMIT_EDGE_FRAME - 1};
    enum { PLACES = sizeof places / sizeof places[0] };
    arena_t *arena = arena_new();
    for (uint32_t from = 0; from < PLACES; from++)
        for (uint32_t to = from; to < PLACES; to++) {
            memset(now, 0, sizeof now);
            memset(now + places[from], 1, places[to] - places[from] + 1);
            size_t size = there_and_back((bytes_t){before, sizeof before}, (bytes_t){now, sizeof now}, arena);
            assert_in_range(size, places[to] - places[from] + 3, places[to] - places[from] + 1 + 6 + 3);
            there_and_back((bytes_t){before, places[to]}, (bytes_t){now, places[from]}, arena);
            there_and_back((bytes_t){before, places[from]}, (bytes_t){now, places[to]}, arena);
            arena_reset(arena);
        }
    arena_destroy(&arena);
}

static void is_refused(bytes_t before, const char *pieces, uint32_t size, const char *code) {
    arena_t *arena = arena_new();
    bytes_t now;
    const char *said = delta_put(before, (bytes_t){(const uint8_t *)pieces, size}, 12, arena, &now);
    assert_non_null(said);
    assert_string_equal(said, code);
    arena_destroy(&arena);
}

static void pieces_that_do_not_fit_are_refused(void **state) {
    (void)state;
    bytes_t before = bytes_of("0123456789");
    is_refused(before, "\x05", 1, "malformed");                       /* no number of bytes that follow */
    is_refused(before, "\x05\x06xx", 4, "malformed");                 /* fewer follow */
    is_refused(before, "\x0b\x02x", 3, "malformed");                  /* more kept than there is */
    is_refused(before, "\x0a\x02x", 3, "malformed");                  /* in the place of one that is not there */
    is_refused(before, "\x05\x03\x06x", 4, "malformed");              /* in the place of six, of which five are there */
    is_refused(before, "\x05\x03", 2, "malformed");                   /* in the place of how many? */
    is_refused(before, "\x05\x80", 2, "malformed");                   /* a number without an end */
    is_refused(before, "\xff\xff\xff\xff\xff\x01\x02x", 8, "malformed"); /* larger than any size */
    is_refused(before, "\x80\x80\x80\x80\x00\x02x", 7, "malformed");
    is_refused(before, "\x00\x07\x00xxx", 6, "too_long");             /* 13 of 12 */
    is_refused((bytes_t){NULL, 0}, "\x01\x02x", 3, "malformed");
}

/* Whatever the bytes are: what comes out is no larger than both, or they are refused. */
static void bytes_that_nobody_told_do_no_harm(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    for (uint32_t seed = 1; seed <= 200000; seed++) {
        uint32_t draws = seed, size = drawn(&draws, 24);
        uint8_t *pieces = malloc(size + 1), *before = malloc(16); /* of just their size, for who watches over memory */
        for (uint32_t index = 0; index < size; index++) pieces[index] = (uint8_t)drawn(&draws, drawn(&draws, 4) == 0 ? 256 : 9);
        memset(before, 7, 16);
        bytes_t now;
        const char *code = delta_put((bytes_t){before, 16}, (bytes_t){pieces, size}, MOST, arena, &now);
        if (code == NULL) assert_true(now.size <= 16 + size);
        free(pieces);
        free(before);
        arena_reset(arena);
    }
    arena_destroy(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_come_back_from_any_others),
        cmocka_unit_test(what_is_equal_takes_nothing_and_what_differs_little_more_than_itself),
        cmocka_unit_test(four_bytes_that_are_equal_are_kept_wherever_they_are_and_three_are_not),
        cmocka_unit_test(sizes_beyond_a_byte_are_told_in_more),
        cmocka_unit_test(pieces_that_do_not_fit_are_refused),
        cmocka_unit_test(bytes_that_nobody_told_do_no_harm),
    };
    return cmocka_run_group_tests_name("proto delta", tests, NULL, NULL);
}
