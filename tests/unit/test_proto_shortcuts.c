/* What the common path saves: fields looked up without decoding, objects copied instead of encoded, quick hashes, short MACs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/chain.h"
#include "proto/content.h"
#include "proto/wire.h"

static bytes_t view(const buffer_t *buffer) { return (bytes_t){buffer->at, (uint32_t)buffer->size}; }

static append_ask_t ask_of(figure_t *figure) {
    *figure = (figure_t){.indicator = text_of("sales"), .amount = {true, 123456}};
    append_ask_t ask = {.unit = text_of("csh"), .key_generation = 3};
    ask.report = (report_t){.submission_id = {7},
                            .task = text_of("consumption"),
                            .period = text_of("2021-08"),
                            .figures = figure,
                            .figures_count = 1,
                            .progress = text_of("走访")};
    return ask;
}

static void a_field_is_found_without_decoding_and_a_missing_one_is_empty(void **state) {
    (void)state;
    figure_t figure;
    append_ask_t ask = ask_of(&figure);
    buffer_t map = {0}, report = {0};
    wire_encode(append_ask_type(), &ask, &map);
    wire_encode(report_type(), &ask.report, &report);
    bytes_t found = wire_peek(append_ask_type(), view(&map), offsetof(append_ask_t, report));
    assert_int_equal(found.size, report.size);
    assert_memory_equal(found.at, report.at, report.size);
    assert_int_equal(wire_peek_u64(append_ask_type(), view(&map), offsetof(append_ask_t, key_generation)), 3);
    assert_int_equal(wire_peek(append_ask_type(), view(&map), offsetof(append_ask_t, receipt)).size, 0);
    assert_int_equal(wire_peek_u64(report_type(), found, offsetof(report_t, replaces)), 0);
    buffer_destroy(&map);
    buffer_destroy(&report);
}

static void kept_bytes_are_read_without_a_look_at_their_characters_and_all_else_is_refused(void **state) {
    (void)state;
    figure_t figure;
    append_ask_t ask = ask_of(&figure), read;
    ask.unit = text_of("c h");
    arena_t *arena = arena_new();
    buffer_t map = {0};
    fault_t fault;
    wire_encode(append_ask_type(), &ask, &map);
    assert_int_equal(wire_decode(append_ask_type(), view(&map), arena, &read, &fault), ERR_BAD);
    assert_string_equal(fault.code, "bad_slug");
    assert_int_equal(wire_decode_kept(append_ask_type(), view(&map), arena, &read, NULL, &fault), OK);
    assert_true(text_is(read.unit, "c h") && text_is(read.report.task, "consumption"));
    for (uint32_t size = 0; size < map.size; size++)
        assert_int_equal(wire_decode_kept(append_ask_type(), (bytes_t){map.at, size}, arena, &read, NULL, &fault), ERR_BAD);
    buffer_destroy(&map);
    arena_destroy(&arena);
}

static void a_field_of_bytes_that_are_cut_off_is_not_found(void **state) {
    (void)state;
    figure_t figure;
    append_ask_t ask = ask_of(&figure);
    buffer_t map = {0};
    wire_encode(append_ask_type(), &ask, &map);
    for (uint32_t size = 0; size < map.size; size++) {
        uint8_t *copy = test_malloc(size + 1); /* cmocka guards what lies behind it */
        memcpy(copy, map.at, size);
        assert_int_equal(wire_peek(append_ask_type(), (bytes_t){copy, size}, offsetof(append_ask_t, report)).size, 0);
        test_free(copy);
    }
    buffer_destroy(&map);
}

static void a_known_object_is_copied_and_the_bytes_are_the_same(void **state) {
    (void)state;
    figure_t figure;
    append_ask_t ask = ask_of(&figure);
    buffer_t anew = {0}, copied = {0}, report = {0};
    packet_encode(9, append_ask_type(), &ask, &anew);
    wire_encode(report_type(), &ask.report, &report);
    packet_encode_known(9, append_ask_type(), &ask, &(wire_known_t){&ask.report, view(&report)}, &copied);
    assert_int_equal(copied.size, anew.size);
    assert_memory_equal(copied.at, anew.at, anew.size);
    buffer_clear(&copied);
    packet_encode_known(9, append_ask_type(), &ask, &(wire_known_t){&ask.report, {NULL, 0}}, &copied);
    assert_int_equal(copied.size, anew.size);
    buffer_destroy(&anew);
    buffer_destroy(&copied);
    buffer_destroy(&report);
}

static void reading_notes_the_bytes_of_an_object_and_of_one_that_is_not_there_none(void **state) {
    (void)state;
    figure_t figure;
    append_ask_t ask = ask_of(&figure), read;
    arena_t *arena = arena_new();
    buffer_t sent = {0}, report = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(9, append_ask_type(), &ask, &sent);
    wire_encode(report_type(), &ask.report, &report);
    assert_int_equal(packet_decode(view(&sent), &packet, &fault), OK);
    wire_known_t known = {.object = &read.report};
    assert_int_equal(packet_body_known(&packet, append_ask_type(), arena, &read, &known, &fault), OK);
    assert_int_equal(known.bytes.size, report.size);
    assert_memory_equal(known.bytes.at, report.at, report.size);
    known.object = &read.receipt;
    assert_int_equal(packet_body_known(&packet, append_ask_type(), arena, &read, &known, &fault), OK);
    assert_int_equal(known.bytes.size, 0);
    known = (wire_known_t){&read.report, {report.at, 3}};
    packet.version++;
    assert_int_equal(packet_body_known(&packet, append_ask_type(), arena, &read, &known, &fault), ERR_BAD);
    assert_int_equal(known.bytes.size, 0);
    packet.version--;
    buffer_clear(&sent);
    wire_encode(append_ask_type(), &ask, &sent);
    buffer_add(&sent, "", 1); /* the report is whole, and something stands behind it all */
    packet.body = view(&sent);
    known.bytes = view(&report);
    assert_int_equal(packet_body_known(&packet, append_ask_type(), arena, &read, &known, &fault), ERR_BAD);
    assert_int_equal(known.bytes.size, 0);
    buffer_destroy(&sent);
    buffer_destroy(&report);
    arena_destroy(&arena);
}

static void a_first_look_takes_one_packet_of_several_and_knows_nothing_of_what_it_doubts(void **state) {
    (void)state;
    figure_t figure;
    append_ask_t ask = ask_of(&figure), read;
    arena_t *arena = arena_new();
    buffer_t sent = {0};
    packet_t packet;
    wire_known_t known = {.object = &read.report};
    packet_encode(9, append_ask_type(), &ask, &sent);
    bytes_t one = view(&sent);
    packet_encode(10, append_ask_type(), &ask, &sent);
    one.at = sent.at;
    assert_true(packet_first(view(&sent), append_ask_type(), arena, &packet, &read, &known));
    assert_int_equal(packet.request_id, 9);
    assert_int_equal(packet.raw.size, one.size);
    assert_true(known.bytes.size > 0);
    sent.at[one.size - 1] = 0xc1; /* behind the report */
    assert_false(packet_first(view(&sent), append_ask_type(), arena, &packet, &read, &known));
    assert_int_equal(known.bytes.size, 0);
    buffer_destroy(&sent);
    arena_destroy(&arena);
}

static void a_packet_is_passed_on_under_another_number(void **state) {
    (void)state;
    busy_t busy = {.retry_after_ms = 500};
    buffer_t first = {0}, second = {0}, wanted = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(1, busy_type(), &busy, &first);
    assert_int_equal(packet_decode(view(&first), &packet, &fault), OK);
    packet_copy(70000, &packet, &second);
    packet_encode(70000, busy_type(), &busy, &wanted);
    assert_int_equal(second.size, wanted.size);
    assert_memory_equal(second.at, wanted.at, wanted.size);
    buffer_destroy(&first);
    buffer_destroy(&second);
    buffer_destroy(&wanted);
}

static void the_content_of_a_report_is_the_same_whether_its_bytes_are_at_hand_or_not(void **state) {
    (void)state;
    figure_t figure;
    append_ask_t ask = ask_of(&figure);
    arena_t *arena = arena_new();
    buffer_t report = {0};
    uint8_t a[HASH_SIZE], b[HASH_SIZE];
    for (int committed = 0; committed < 2; committed++) {
        ask.report.prepared_by = (personal_t){.key_id = (uint64_t)committed};
        if (committed) ask.report.prepared_by.hash[0] = ask.report.prepared_by.commitment[0] = 1;
        buffer_clear(&report);
        wire_encode(report_type(), &ask.report, &report);
        report_content_hash(&ask.report, view(&report), arena, a);
        report_content_hash(&ask.report, (bytes_t){NULL, 0}, arena, b);
        assert_memory_equal(a, b, HASH_SIZE);
    }
    buffer_destroy(&report);
    arena_destroy(&arena);
}

static void every_link_of_a_quick_chain_hangs_on_all_before_it(void **state) {
    (void)state;
    static const char *const events[] = {"one", "two", "three", "four"};
    uint8_t right[HASH_SIZE] = {0};
    for (size_t index = 0; index < 4; index++)
        hash_chain(CHAIN_QUICK, right, (bytes_t){(const uint8_t *)events[index], (uint32_t)strlen(events[index])}, right);
    for (size_t other = 0; other < 4; other++) { /* one of them changed, whichever */
        uint8_t wrong[HASH_SIZE] = {0};
        for (size_t index = 0; index < 4; index++) {
            const char *event = index == other ? "else" : events[index];
            hash_chain(CHAIN_QUICK, wrong, (bytes_t){(const uint8_t *)event, (uint32_t)strlen(event)}, wrong);
        }
        assert_memory_not_equal(right, wrong, QUICK_SIZE / 2);
        assert_memory_not_equal(right + QUICK_SIZE / 2, wrong + QUICK_SIZE / 2, QUICK_SIZE / 2);
    }
}

/* The published vector of SipHash-2-4-128: key 00…0f, input 00…0e. */
static void a_mac_is_siphash_of_128_bits(void **state) {
    (void)state;
    uint8_t key[MAC_KEY_SIZE], input[15], out[MAC_SIZE];
    static const uint8_t wanted[MAC_SIZE] = {0x54, 0x93, 0xe9, 0x99, 0x33, 0xb0, 0xa8, 0x11,
                                             0x7e, 0x08, 0xec, 0x0f, 0x97, 0xcf, 0xc3, 0xd9};
    for (uint8_t index = 0; index < sizeof key; index++) key[index] = index;
    for (uint8_t index = 0; index < sizeof input; index++) input[index] = index;
    mac_of(key, (bytes_t){input, sizeof input}, out);
    assert_memory_equal(out, wanted, sizeof wanted);
}

enum { MANY = 100 };

/* `count` ids, the last of which may be another. */
static text_t *ids_of(arena_t *arena, uint32_t count, const char *last) {
    text_t *ids = ARENA_NEW(arena, text_t, count);
    for (uint32_t index = 0; index < count; index++) ids[index] = arena_format(arena, "u%u", index);
    ids[count - 1] = text_of(last);
    return ids;
}

static void equal_long_lists_of_ids_are_read_once_and_others_each_for_itself(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    member_t members[] = {{text_of("a"), text_of("a"), ids_of(arena, MANY, "z"), MANY},
                          {text_of("b"), text_of("b"), ids_of(arena, MANY, "z"), MANY},
                          {text_of("c"), text_of("c"), ids_of(arena, MANY, "y"), MANY},
                          {text_of("d"), text_of("d"), ids_of(arena, MANY - 1, "z"), MANY - 1}};
    indicator_t indicator = {.id = text_of("i"), .name = text_of("i"), .measure = measure_count, .unit_word = text_of("x"),
                             .contributors = members[0].contributors, .contributors_count = MANY, .members = members,
                             .members_count = 4};
    buffer_t map = {0}, again = {0};
    fault_t fault = {0};
    indicator_t read;
    wire_encode(indicator_type(), &indicator, &map);
    assert_int_equal(wire_decode_shared(indicator_type(), view(&map), arena, &read, &fault), OK);
    wire_encode(indicator_type(), &read, &again);
    assert_int_equal(again.size, map.size);
    assert_memory_equal(again.at, map.at, map.size);
    assert_ptr_equal(read.members[0].contributors, read.contributors);
    assert_ptr_equal(read.members[1].contributors, read.contributors);
    assert_ptr_not_equal(read.members[2].contributors, read.contributors);
    assert_ptr_not_equal(read.members[3].contributors, read.contributors);
    buffer_destroy(&map);
    buffer_destroy(&again);
    arena_destroy(&arena);
}

/* What is right in one field may be too much in another; and where bytes end, no list is. */
static void a_list_that_is_known_is_bound_by_its_own_field_and_by_the_bytes_that_are_there(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    text_t *ids = ids_of(arena, MANY, "z");
    unit_t unit = {.id = text_of("u"), .name = text_of("u"), .kind = unit_kind_body, .groups = ids, .groups_count = MANY};
    task_t task = {.id = text_of("t"), .number = text_of("1"), .name = text_of("t"), .lead = ids, .lead_count = MANY,
                   .responsible = ids, .responsible_count = MANY, .from = 20210101, .due = 20211231};
    buffer_t map = {0};
    fault_t fault = {0};
    task_t read;
    unit_t refused;
    wire_encode(task_type(), &task, &map);
    for (uint32_t size = 0; size < map.size; size++)
        assert_int_equal(wire_decode_shared(task_type(), (bytes_t){map.at, size}, arena, &read, &fault), ERR_BAD);
    assert_int_equal(wire_decode_shared(task_type(), view(&map), arena, &read, &fault), OK);
    assert_ptr_equal(read.lead, read.responsible);
    buffer_clear(&map);
    wire_encode(unit_type(), &unit, &map);
    assert_true(MANY > LIMIT_GROUPS);
    assert_int_equal(wire_decode_shared(unit_type(), view(&map), arena, &refused, &fault), ERR_BAD);
    assert_string_equal(fault.code, "too_many");
    buffer_destroy(&map);
    arena_destroy(&arena);
}

int main(void) {
    crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_long_lists_of_ids_are_read_once_and_others_each_for_itself),
        cmocka_unit_test(a_list_that_is_known_is_bound_by_its_own_field_and_by_the_bytes_that_are_there),
        cmocka_unit_test(a_field_is_found_without_decoding_and_a_missing_one_is_empty),
        cmocka_unit_test(kept_bytes_are_read_without_a_look_at_their_characters_and_all_else_is_refused),
        cmocka_unit_test(a_field_of_bytes_that_are_cut_off_is_not_found),
        cmocka_unit_test(a_known_object_is_copied_and_the_bytes_are_the_same),
        cmocka_unit_test(reading_notes_the_bytes_of_an_object_and_of_one_that_is_not_there_none),
        cmocka_unit_test(a_first_look_takes_one_packet_of_several_and_knows_nothing_of_what_it_doubts),
        cmocka_unit_test(a_packet_is_passed_on_under_another_number),
        cmocka_unit_test(the_content_of_a_report_is_the_same_whether_its_bytes_are_at_hand_or_not),
        cmocka_unit_test(every_link_of_a_quick_chain_hangs_on_all_before_it),
        cmocka_unit_test(a_mac_is_siphash_of_128_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
