/* Deep copies of decoded values: whole, in the room that was promised, and independent of where they came from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/golden.h"

/* Copied, then everything it was copied from is overwritten: what the copy encodes to is what was there before. */
static void outlives(const message_t *type, uint8_t *bytes, uint32_t size) {
    arena_t *arena = arena_new();
    fault_t fault;
    void *value = arena_take(arena, type->size), *copy = test_malloc(type->size);
    uint8_t *before = test_malloc(size);
    memcpy(before, bytes, size);
    assert_int_equal(wire_decode(type, (bytes_t){bytes, size}, arena, value, &fault), OK);
    size_t taken = wire_room(type, value);
    assert_int_equal(taken % 8, 0);
    void *room = test_malloc(taken + 1);
    memset(room, 0xee, taken + 1);
    wire_copy(type, value, copy, room);
    assert_int_equal(((uint8_t *)room)[taken], 0xee);
    assert_int_equal(wire_room(type, copy), taken);
    memset(bytes, 0xdd, size);
    arena_destroy(&arena);
    buffer_t again = {0};
    assert_int_equal(wire_encode_checked(type, copy, &again, &fault), OK);
    assert_int_equal(again.size, size);
    assert_memory_equal(again.at, before, size);
    buffer_destroy(&again);
    test_free(before);
    test_free(room);
    test_free(copy);
}

static void a_copy_of_every_message_outlives_the_bytes_it_was_read_from(void **state) {
    (void)state;
    assert_true(golden_each(outlives) > 400);
}

static void what_points_nowhere_takes_no_room(void **state) {
    (void)state;
    clock_ticked_t tick = {.at_ms = 7}, copy;
    assert_int_equal(wire_room(clock_ticked_type(), &tick), 0);
    wire_copy(clock_ticked_type(), &tick, &copy, NULL);
    assert_int_equal(copy.at_ms, 7);
    report_t empty = {0};
    assert_int_equal(wire_room(report_type(), &empty), 0);
}

static void what_is_empty_points_nowhere_in_the_copy(void **state) {
    (void)state;
    report_t copy, report = {.task = {"x", 0}, .figures = (const figure_t *)&copy, .figures_count = 0};
    wire_copy(report_type(), &report, &copy, NULL);
    assert_null(copy.task.at);
    assert_null(copy.figures);
}

static void lists_within_lists_are_copied_each_from_a_multiple_of_eight_on(void **state) {
    (void)state;
    item_t items[2] = {{.key = {"receipt-1", 9}}, {.key = {"2", 1}}};
    figure_t figures[2] = {{.indicator = {"sales", 5}, .items = items, .items_count = 2}, {.indicator = {"villages", 8}}};
    report_t copy, report = {.figures = figures, .figures_count = 2};
    size_t taken = wire_room(report_type(), &report);
    assert_int_equal(taken, sizeof figures + 8 + sizeof items + 16 + 8 + 8);
    uint64_t *room = test_malloc(taken);
    wire_copy(report_type(), &report, &copy, room);
    assert_ptr_equal(copy.figures, room);
    assert_int_equal((uintptr_t)copy.figures[0].items % 8, 0);
    assert_true(text_is(copy.figures[0].items[0].key, "receipt-1") && text_is(copy.figures[0].items[1].key, "2"));
    assert_true(copy.figures[0].items[0].key.at != items[0].key.at);
    assert_true(text_is(copy.figures[1].indicator, "villages") && copy.figures[1].items == NULL);
    test_free(room);
}

int main(void) {
    crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_of_every_message_outlives_the_bytes_it_was_read_from),
        cmocka_unit_test(what_points_nowhere_takes_no_room),
        cmocka_unit_test(what_is_empty_points_nowhere_in_the_copy),
        cmocka_unit_test(lists_within_lists_are_copied_each_from_a_multiple_of_eight_on),
    };
    return cmocka_run_group_tests_name("copies", tests, NULL, NULL);
}
