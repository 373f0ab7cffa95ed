/* The writer against msgpack-c: the same bytes for every head at every boundary; many packets in one frame; the checksum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <msgpack.h>

#include "proto/crypto.h"
#include "proto/wire.h"

static void expect_same(const msgpack_sbuffer *wanted, const buffer_t *written) {
    assert_int_equal(written->size, wanted->size);
    assert_memory_equal(written->at, wanted->data, wanted->size);
}

/* One field of each shape that has a head of its own, packed by both. */
static void numbers_have_the_heads_that_msgpack_writes(void **state) {
    (void)state;
    for (uint32_t bit = 0; bit < 64; bit++) {
        for (uint64_t off = 0; off < 3; off++) {
            uint64_t number = (1ULL << bit) + off - 1;
            if (number == 0) continue;
            clock_ticked_t tick = {.at_ms = number};
            figure_t figure = {.amount = {true, -(int64_t)(number >> 1)}};
            buffer_t written = {0}, negative = {0};
            msgpack_sbuffer wanted, wanted_negative;
            msgpack_packer packer;
            msgpack_sbuffer_init(&wanted);
            msgpack_packer_init(&packer, &wanted, msgpack_sbuffer_write);
            msgpack_pack_map(&packer, 1);
            msgpack_pack_int(&packer, 1);
            msgpack_pack_uint64(&packer, number);
            wire_encode(clock_ticked_type(), &tick, &written);
            expect_same(&wanted, &written);
            msgpack_sbuffer_init(&wanted_negative);
            msgpack_packer_init(&packer, &wanted_negative, msgpack_sbuffer_write);
            msgpack_pack_map(&packer, 1);
            msgpack_pack_int(&packer, 4);
            msgpack_pack_int64(&packer, figure.amount.value);
            wire_encode(figure_type(), &figure, &negative);
            expect_same(&wanted_negative, &negative);
            msgpack_sbuffer_destroy(&wanted);
            msgpack_sbuffer_destroy(&wanted_negative);
            buffer_destroy(&written);
            buffer_destroy(&negative);
        }
    }
}

static const uint32_t sizes[] = {1, 15, 16, 31, 32, 33, 255, 256, 257, 65535, 65536, 70000};
enum { SIZES = sizeof sizes / sizeof sizes[0], LONGEST = 70000 };

static void texts_and_bytes_have_the_heads_that_msgpack_writes(void **state) {
    (void)state;
    static char letters[LONGEST];
    memset(letters, 'x', sizeof letters);
    for (size_t index = 0; index < SIZES; index++) {
        plan_closed_t closed = {.why = {letters, sizes[index]}};
        batch_t batch = {.events = {(const uint8_t *)letters, sizes[index]}};
        buffer_t text = {0}, bytes = {0};
        msgpack_sbuffer wanted;
        msgpack_packer packer;
        msgpack_sbuffer_init(&wanted);
        msgpack_packer_init(&packer, &wanted, msgpack_sbuffer_write);
        msgpack_pack_map(&packer, 1);
        msgpack_pack_int(&packer, 1);
        msgpack_pack_str_with_body(&packer, letters, sizes[index]);
        wire_encode(plan_closed_type(), &closed, &text);
        expect_same(&wanted, &text);
        msgpack_sbuffer_clear(&wanted);
        msgpack_pack_map(&packer, 1);
        msgpack_pack_int(&packer, 8);
        msgpack_pack_bin_with_body(&packer, letters, sizes[index]);
        wire_encode(batch_type(), &batch, &bytes);
        expect_same(&wanted, &bytes);
        msgpack_sbuffer_destroy(&wanted);
        buffer_destroy(&text);
        buffer_destroy(&bytes);
    }
}

static void lists_and_long_messages_have_the_heads_that_msgpack_writes(void **state) {
    (void)state;
    static text_t names[LONGEST];
    for (uint32_t index = 0; index < LONGEST; index++) names[index] = text_of("n");
    for (size_t index = 0; index < SIZES; index++) {
        vault_keep_t keep = {.texts = names, .texts_count = sizes[index]};
        buffer_t written = {0};
        msgpack_sbuffer wanted;
        msgpack_packer packer;
        msgpack_sbuffer_init(&wanted);
        msgpack_packer_init(&packer, &wanted, msgpack_sbuffer_write);
        msgpack_pack_map(&packer, 1);
        msgpack_pack_int(&packer, 1);
        msgpack_pack_array(&packer, sizes[index]);
        for (uint32_t each = 0; each < sizes[index]; each++) msgpack_pack_str_with_body(&packer, "n", 1);
        wire_encode(vault_keep_type(), &keep, &written);
        expect_same(&wanted, &written);
        msgpack_sbuffer_destroy(&wanted);
        buffer_destroy(&written);
    }
    warning_raised_t warning = {.id = {1},
                                .episode = 1,
                                .kind = 1,
                                .rung = text_of("T"),
                                .level = 1,
                                .unit = text_of("u"),
                                .addressee = 1,
                                .task = text_of("t"),
                                .period = text_of("p"),
                                .indicator = text_of("i"),
                                .due_ms = 1,
                                .missing = names,
                                .missing_count = 1,
                                .zh = text_of("z"),
                                .en = text_of("e"),
                                .owner = text_of("o"),
                                .rehearsal = true,
                                .bundle = {1},
                                .life = life_raised}; /* 18 fields: the head no longer fits into a byte */
    buffer_t written = {0};
    wire_encode(warning_raised_type(), &warning, &written);
    assert_memory_equal(written.at, "\xde\x00\x12\x01\xc4\x10", 6);
    arena_t *arena = arena_new();
    warning_raised_t back;
    fault_t fault;
    assert_int_equal(wire_decode(warning_raised_type(), (bytes_t){written.at, (uint32_t)written.size}, arena, &back, &fault),
                     OK);
    assert_true(back.rehearsal && text_is(back.owner, "o"));
    arena_destroy(&arena);
    buffer_destroy(&written);
}

/* An optional object with required fields of its own: left out when empty, faulty when half there. */
static void an_empty_object_lacks_nothing_and_a_half_one_does(void **state) {
    (void)state;
    fault_t fault;
    report_t report = {.submission_id = {1}, .task = text_of("t"), .period = text_of("p")};
    append_ask_t ask = {.unit = text_of("u"), .key_generation = 1, .report = report};
    assert_int_equal(wire_check(append_ask_type(), &ask, &fault), OK);
    ask.report.task = text_of(NULL);
    assert_int_equal(wire_check(append_ask_type(), &ask, &fault), ERR_BAD);
    assert_string_equal(fault.code, "missing_field");
    assert_string_equal(fault.path, "report.task");
    ask.report = (report_t){0};
    assert_int_equal(wire_check(append_ask_type(), &ask, &fault), ERR_BAD);
    assert_string_equal(fault.code, "missing_field");
    assert_string_equal(fault.path, "report");
}

static void a_frame_gives_back_the_packets_that_were_put_into_it(void **state) {
    (void)state;
    static const uint32_t counts[] = {1, 2, 15, 16, 256};
    for (size_t index = 0; index < sizeof counts / sizeof counts[0]; index++) {
        buffer_t frame = {0};
        busy_t busy = {.retry_after_ms = 7};
        packets_begin(&frame);
        for (uint32_t each = 0; each < counts[index]; each++) packet_encode(each, busy_type(), &busy, &frame);
        bytes_t sent = packets_end(&frame, counts[index]);
        fault_t fault;
        assert_int_equal(wire_scan(sent, &fault), OK);
        uint32_t count = 0, taken = 0;
        packet_t packet;
        for (bytes_t rest = packets_of(sent, &count); rest.size > 0; taken++) {
            assert_int_equal(packet_decode(rest, &packet, &fault), OK);
            assert_int_equal(packet.request_id, taken);
            rest = (bytes_t){rest.at + packet.raw.size, rest.size - packet.raw.size};
        }
        assert_int_equal(count, counts[index]);
        assert_int_equal(taken, counts[index]);
        buffer_destroy(&frame);
    }
}

/* What is read out of order, or shifted by a word, is not what was written. */
static void two_words_changed_about_change_the_checksum(void **state) {
    (void)state;
    enum { WORDS = 24 };
    uint64_t words[WORDS];
    for (uint64_t index = 0; index < WORDS; index++) words[index] = index * index;
    bytes_t whole = {(const uint8_t *)words, sizeof words}, name = {(const uint8_t *)"name", 4};
    uint64_t sum = checksum64(name, whole);
    for (size_t a = 0; a < WORDS; a++)
        for (size_t b = a + 1; b < WORDS; b++) {
            uint64_t kept = words[a];
            words[a] = words[b], words[b] = kept;
            assert_true(checksum64(name, whole) != sum);
            words[b] = words[a], words[a] = kept;
        }
}

static void every_flipped_bit_and_every_cut_changes_the_checksum(void **state) {
    (void)state;
    uint8_t bytes[189], name[] = "name"; /* long enough for whatever is summed side by side, and a rest */
    for (size_t index = 0; index < sizeof bytes; index++)
        bytes[index] = (uint8_t)(index < 16 || index > 140 ? 0 : index * 37); /* zeros at the end count too */
    uint64_t whole = checksum64((bytes_t){name, 4}, (bytes_t){bytes, sizeof bytes});
    for (size_t bit = 0; bit < sizeof bytes * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(checksum64((bytes_t){name, 4}, (bytes_t){bytes, sizeof bytes}) != whole);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (uint32_t size = 0; size < sizeof bytes; size++)
        assert_true(checksum64((bytes_t){name, 4}, (bytes_t){bytes, size}) != whole);
    assert_true(checksum64((bytes_t){name, 3}, (bytes_t){bytes, sizeof bytes}) != whole);
}

static void every_flipped_bit_of_an_entry_and_of_its_hashes_changes_the_sum_beside_it(void **state) {
    (void)state;
    uint8_t all[2 * HASH_SIZE + 189];
    for (size_t index = 0; index < sizeof all; index++) all[index] = (uint8_t)(index * 37);
    bytes_t entry = {all + 2 * HASH_SIZE, sizeof all - 2 * HASH_SIZE};
    uint64_t whole = link_sum(all, all + HASH_SIZE, entry);
    for (size_t bit = 0; bit < sizeof all * 8; bit++) {
        all[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(link_sum(all, all + HASH_SIZE, entry) != whole);
        all[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(link_sum(all + HASH_SIZE, all, entry) != whole);
}

int main(void) {
    crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_the_heads_that_msgpack_writes),
        cmocka_unit_test(texts_and_bytes_have_the_heads_that_msgpack_writes),
        cmocka_unit_test(lists_and_long_messages_have_the_heads_that_msgpack_writes),
        cmocka_unit_test(an_empty_object_lacks_nothing_and_a_half_one_does),
        cmocka_unit_test(a_frame_gives_back_the_packets_that_were_put_into_it),
        cmocka_unit_test(two_words_changed_about_change_the_checksum),
        cmocka_unit_test(every_flipped_bit_and_every_cut_changes_the_checksum),
        cmocka_unit_test(every_flipped_bit_of_an_entry_and_of_its_hashes_changes_the_sum_beside_it),
    };
    return cmocka_run_group_tests_name("the writer", tests, NULL, NULL);
}
