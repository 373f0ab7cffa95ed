/* Hashing several texts at once gives what hashing each of them gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/crypto.h"

enum { MOST = 24, ROOM = 3000 };

static uint8_t material[ROOM];

static void material_make(void) {
    for (uint32_t index = 0; index < ROOM; index++) material[index] = (uint8_t)(index * 167 + index / 251);
}

static void compare(const bytes_t *texts, uint32_t count) {
    uint8_t many[MOST][HASH_SIZE], one[HASH_SIZE];
    for (hash_way_t way = HASH_WAY_PLAIN; way <= HASH_WAY_512; way++) {
        memset(many, 0x5a, sizeof many);
        if (!hash_many_by(way, texts, count, many)) continue; /* not on this machine */
        for (uint32_t index = 0; index < count; index++) {
            hash_of(texts[index], one);
            assert_memory_equal(many[index], one, HASH_SIZE);
        }
        for (uint32_t index = count; index < MOST; index++) assert_int_equal(many[index][0], 0x5a);
    }
}

static void every_size_up_to_three_blocks_hashes_as_it_does_alone(void **state) {
    (void)state;
    for (uint32_t size = 0; size <= 3 * 128 + 1; size++) {
        bytes_t texts[8];
        for (uint32_t index = 0; index < 8; index++) texts[index] = (bytes_t){material + index, size};
        compare(texts, 8);
    }
}

static void texts_of_any_sizes_side_by_side_hash_as_they_do_alone(void **state) {
    (void)state;
    static const uint32_t sizes[] = {0, 1, 127, 128, 129, 255, 256, 257, 64, 383, 384, 385, 1023, 1024, 1025, 2999};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    for (uint32_t round = 0; round < 400; round++) {
        bytes_t texts[MOST];
        for (uint32_t index = 0; index < MOST; index++) {
            uint32_t size = sizes[(round * 7 + index * (1 + round % 5)) % SIZES];
            texts[index] = (bytes_t){material + (ROOM - size) * (index % 2), size};
        }
        compare(texts, 1 + round % MOST);
    }
}

static void a_machine_without_wide_words_hashes_all_the_same(void **state) {
    (void)state;
    uint8_t many[1][HASH_SIZE], one[HASH_SIZE];
    bytes_t text = {material, 300};
    assert_true(hash_many_by(HASH_WAY_PLAIN, &text, 1, many));
    hash_many(&text, 1, many);
    hash_of(text, one);
    assert_memory_equal(many[0], one, HASH_SIZE);
}

static void no_texts_are_no_hashes(void **state) {
    (void)state;
    compare(NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_up_to_three_blocks_hashes_as_it_does_alone),
        cmocka_unit_test(texts_of_any_sizes_side_by_side_hash_as_they_do_alone),
        cmocka_unit_test(a_machine_without_wide_words_hashes_all_the_same),
        cmocka_unit_test(no_texts_are_no_hashes),
    };
    crypto_start();
    material_make();
    return cmocka_run_group_tests_name("proto hash", tests, NULL, NULL);
}
