/* The links of a chain: what hangs on what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/chain.h"

static const uint8_t before[HASH_SIZE] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
                                          17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};

static bytes_t view(const buffer_t *buffer) { return (bytes_t){buffer->at, (uint32_t)buffer->size}; }

/* An entry that is a report, and where the report lies in it. */
static bytes_t report_entry(buffer_t *out) {
    static const figure_t figure = {.indicator = {"funds", 5}, .amount = {true, 120000}};
    report_t report = {.submission_id = {7},
                       .task = text_of("pairing"),
                       .period = text_of("2021-08"),
                       .figures = &figure,
                       .figures_count = 1,
                       .progress = text_of("走访两次")};
    report_received_t received = {.report = report, .unit = text_of("chengmen"), .door = door_gateway, .key_generation = 1};
    event_t header = {.epoch = 1, .cause_seq = 4, .at_ms = 1627747200000};
    event_encode(&header, report_received_type(), &received, out);
    event_t event;
    fault_t fault;
    assert_int_equal(event_decode(view(out), &event, &fault), OK);
    return wire_peek(report_received_type(), event.body, offsetof(report_received_t, report));
}

/* As Python says: hashlib.sha256(bytes(range(1, 33)) + bytes(8) + b"entry"). */
static void a_link_of_the_sealed_chain_is_sha256_of_the_hash_before_no_part_and_the_entry(void **state) {
    (void)state;
    static const uint8_t wanted[HASH_SIZE] = {0xb6, 0x6b, 0xba, 0x7e, 0x36, 0xa4, 0xfc, 0xba, 0x5e, 0xdd, 0x30,
                                              0x26, 0x20, 0x22, 0xc1, 0x41, 0xba, 0xe4, 0x4b, 0xd1, 0x2f, 0xd6,
                                              0x39, 0x11, 0x1a, 0x1b, 0xb3, 0xec, 0x94, 0x09, 0x53, 0xae};
    uint8_t hash[HASH_SIZE];
    memcpy(hash, before, HASH_SIZE);
    hash_chain(CHAIN_SEALED, hash, (bytes_t){(const uint8_t *)"entry", 5}, hash);
    assert_memory_equal(hash, wanted, HASH_SIZE);
}

static void entries_of_every_size_are_hashed_alike(void **state) {
    (void)state;
    enum { MOST = 1100 };
    static const uint8_t place[8];
    static uint8_t entry[MOST];
    buffer_t hashed = {0};
    uint8_t link[HASH_SIZE], wanted[HASH_SIZE];
    for (size_t at = 0; at < MOST; at++) entry[at] = (uint8_t)(at * 7);
    for (uint32_t size = 1; size <= MOST; size++) {
        buffer_clear(&hashed);
        buffer_add(&hashed, before, HASH_SIZE);
        buffer_add(&hashed, place, sizeof place);
        buffer_add(&hashed, entry, size);
        hash_of(view(&hashed), wanted);
        hash_chain(CHAIN_SEALED, before, (bytes_t){entry, size}, link);
        assert_memory_equal(link, wanted, HASH_SIZE);
    }
    buffer_destroy(&hashed);
}

static void a_report_stands_in_its_link_by_its_own_hash(void **state) {
    (void)state;
    buffer_t entry = {0}, hashed = {0};
    bytes_t report = report_entry(&entry);
    uint32_t begin = (uint32_t)(report.at - entry.at), end = begin + report.size;
    assert_true(begin < UINT8_MAX && report.size < UINT8_MAX && end < entry.size);
    uint8_t place[8] = {0, 0, 0, (uint8_t)begin, 0, 0, 0, (uint8_t)report.size}, hash[HASH_SIZE], link[HASH_SIZE];
    hash_of(report, hash);
    buffer_add(&hashed, before, HASH_SIZE);
    buffer_add(&hashed, place, sizeof place);
    buffer_add(&hashed, hash, HASH_SIZE);
    buffer_add(&hashed, entry.at, begin);
    buffer_add(&hashed, entry.at + end, entry.size - end);
    hash_of(view(&hashed), hash);
    hash_chain(CHAIN_SEALED, before, view(&entry), link);
    assert_memory_equal(link, hash, HASH_SIZE);
    buffer_destroy(&hashed);
    buffer_destroy(&entry);
}

static void the_link_is_the_same_from_a_hash_that_was_at_hand(void **state) {
    (void)state;
    buffer_t entry = {0};
    bytes_t report = report_entry(&entry);
    uint8_t hash[HASH_SIZE], link[HASH_SIZE], other[HASH_SIZE];
    hash_of(report, hash);
    chain_sealed(before, view(&entry), hash, report.size, link);
    chain_sealed(before, view(&entry), NULL, report.size, other);
    assert_memory_equal(link, other, HASH_SIZE);
    hash_chain(CHAIN_SEALED, before, view(&entry), other);
    assert_memory_equal(link, other, HASH_SIZE);
    buffer_destroy(&entry);
}

static void every_bit_of_an_entry_and_its_end_are_in_its_link(void **state) {
    (void)state;
    buffer_t entry = {0};
    report_entry(&entry);
    uint8_t link[HASH_SIZE], other[HASH_SIZE];
    hash_chain(CHAIN_SEALED, before, view(&entry), link);
    for (uint32_t bit = 0; bit < 8 * entry.size; bit++) {
        entry.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
        hash_chain(CHAIN_SEALED, before, view(&entry), other);
        assert_memory_not_equal(link, other, HASH_SIZE);
        entry.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (uint32_t size = 0; size < entry.size; size++) {
        hash_chain(CHAIN_SEALED, before, (bytes_t){entry.at, size}, other);
        assert_memory_not_equal(link, other, HASH_SIZE);
    }
    buffer_destroy(&entry);
}

/* What is hashed of an entry must not be what is hashed of another, however that one was made. */
static void bytes_with_the_hash_in_the_reports_place_have_another_link(void **state) {
    (void)state;
    buffer_t entry = {0}, forged = {0};
    bytes_t report = report_entry(&entry);
    uint32_t begin = (uint32_t)(report.at - entry.at), end = begin + report.size;
    uint8_t place[8] = {0, 0, 0, (uint8_t)begin, 0, 0, 0, (uint8_t)report.size}, hash[HASH_SIZE], link[HASH_SIZE], other[HASH_SIZE];
    hash_of(report, hash);
    hash_chain(CHAIN_SEALED, before, view(&entry), link);
    buffer_add(&forged, place, sizeof place);
    buffer_add(&forged, hash, HASH_SIZE);
    buffer_add(&forged, entry.at, begin);
    buffer_add(&forged, entry.at + end, entry.size - end);
    hash_chain(CHAIN_SEALED, before, view(&forged), other);
    assert_memory_not_equal(link, other, HASH_SIZE);
    /* without the place, without the hash too */
    for (size_t drop = sizeof place; drop <= sizeof place + HASH_SIZE; drop += HASH_SIZE) {
        hash_chain(CHAIN_SEALED, before, (bytes_t){forged.at + drop, (uint32_t)(forged.size - drop)}, other);
        assert_memory_not_equal(link, other, HASH_SIZE);
    }
    buffer_destroy(&forged);
    buffer_destroy(&entry);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_of_the_sealed_chain_is_sha256_of_the_hash_before_no_part_and_the_entry),
        cmocka_unit_test(entries_of_every_size_are_hashed_alike),
        cmocka_unit_test(a_report_stands_in_its_link_by_its_own_hash),
        cmocka_unit_test(the_link_is_the_same_from_a_hash_that_was_at_hand),
        cmocka_unit_test(every_bit_of_an_entry_and_its_end_are_in_its_link),
        cmocka_unit_test(bytes_with_the_hash_in_the_reports_place_have_another_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
