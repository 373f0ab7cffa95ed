/* Which characters a text and an id may have: what is looked at many bytes at once, against rules spelled out byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/wire_inner.h"

/* RFC 3629, section 4, by code points: 0, or the bytes of the character. */
static size_t one_character(const uint8_t *at, size_t left) {
    uint32_t point = 0, least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = at[0] < 0x80 ? 1 : (at[0] & 0xe0) == 0xc0 ? 2 : (at[0] & 0xf0) == 0xe0 ? 3 : (at[0] & 0xf8) == 0xf0 ? 4 : 0;
    if (size == 0 || size > left) return 0;
    point = size == 1 ? at[0] : at[0] & (0x7fu >> size);
    for (size_t next = 1; next < size; next++) {
        if ((at[next] & 0xc0) != 0x80) return 0;
        point = point << 6 | (at[next] & 0x3f);
    }
    bool surrogate = point >= 0xd800 && point <= 0xdfff, control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    if (point < least[size] || point > 0x10ffff || surrogate) return 0;
    return control && point != '\n' && point != '\t' ? 0 : size;
}

static bool is_text(const uint8_t *at, size_t size) {
    for (size_t more; size > 0; at += more, size -= more)
        if ((more = one_character(at, size)) == 0) return false;
    return true;
}

static bool is_slug(const uint8_t *at, size_t size) {
    for (size_t index = 0; index < size; index++)
        if (at[index] == 0 || strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._", at[index]) == NULL)
            return false;
    return true;
}

/* In a block of exactly its size: a sanitizer sees a read beyond it, and cmocka a write. */
static void judged_alike(const uint8_t *at, size_t size) {
    uint8_t *copy = test_malloc(size);
    memcpy(copy, at, size);
    assert_int_equal(text_is_clean(copy, size), is_text(copy, size));
    assert_int_equal(slug_is_clean(copy, size), is_slug(copy, size));
    test_free(copy);
}

/* Around every place of a run: what stands before and behind decides how many bytes are looked at together. */
static void any_two_bytes_anywhere_in_a_text_are_judged_as_one_by_one(void **state) {
    (void)state;
    static const char *const around[] = {"abcdefghijklmnopqrstuvwxyz0123456789", "隆德县十二月进展情况说明", "按a计划b推进，9场"};
    for (size_t text = 0; text < 3; text++) {
        uint8_t bytes[64];
        size_t size = strlen(around[text]);
        for (size_t at = 0; at + 2 <= size; at++)
            for (uint32_t pair = 0; pair < 65536; pair += 1 + (pair % 3)) {
                memcpy(bytes, around[text], size);
                bytes[at] = (uint8_t)(pair >> 8), bytes[at + 1] = (uint8_t)pair;
                bool text_right = text_is_clean(bytes, size) == is_text(bytes, size);
                bool slug_right = slug_is_clean(bytes, size) == is_slug(bytes, size);
                if (!text_right || !slug_right) fail_msg("text %zu, bytes %04x at %zu", text, pair, at);
            }
    }
}

static void every_character_is_judged_as_its_code_point(void **state) {
    (void)state;
    for (uint32_t lead = 0x80; lead < 0x100; lead++)
        for (uint32_t rest = 0; rest < 65536; rest++) {
            uint8_t bytes[] = {(uint8_t)lead, (uint8_t)(rest >> 8), (uint8_t)rest, 0xe4, 0xb8, 0xad, 0xe4, 0xb8, 0xad,
                               0xe4, 0xb8, 0xad, 0xe4, 0xb8, 0xad, 0xe4, 0xb8, 0xad, 'a'}; /* before 中 twice, and five times */
            bool among_few = text_is_clean(bytes, 9) == is_text(bytes, 9);
            bool among_many = text_is_clean(bytes, sizeof bytes) == is_text(bytes, sizeof bytes);
            if (!among_few || !among_many) fail_msg("%02x %04x", lead, rest);
        }
}

static void texts_of_every_length_are_judged_alike_whatever_their_last_byte(void **state) {
    (void)state;
    static const char plain[] = "Abc-123._Abc-123._Abc-123._Abc-123._Abc-123._Abc-123._", wide[] = "隆德县十二月进展情况说明材料隆德县";
    for (size_t size = 1; size < sizeof plain; size++)
        for (uint32_t last = 0; last < 256; last++) {
            uint8_t bytes[sizeof plain];
            memcpy(bytes, plain, size);
            bytes[size - 1] = (uint8_t)last;
            judged_alike(bytes, size);
            if (size >= sizeof wide) continue;
            memcpy(bytes, wide, size);
            bytes[size - 1] = (uint8_t)last;
            judged_alike(bytes, size);
        }
    assert_true(text_is_clean((const uint8_t *)wide, sizeof wide - 1));
    assert_true(slug_is_clean((const uint8_t *)plain, sizeof plain - 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_two_bytes_anywhere_in_a_text_are_judged_as_one_by_one),
        cmocka_unit_test(every_character_is_judged_as_its_code_point),
        cmocka_unit_test(texts_of_every_length_are_judged_alike_whatever_their_last_byte),
    };
    return cmocka_run_group_tests_name("characters", tests, NULL, NULL);
}
