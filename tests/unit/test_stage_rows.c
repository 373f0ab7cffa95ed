/* Rows at hand: what a derived store's transactions see is what they would see without them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/stage/store_rows.h"

static bytes_t bytes_of(const char *text) { return (bytes_t){(const uint8_t *)text, (uint32_t)strlen(text)}; }

static void expect_content(const row_t *row, const char *content) {
    assert_non_null(row);
    assert_int_equal(row->size, strlen(content));
    assert_memory_equal(row->content, content, row->size);
}

static void a_row_is_found_by_its_table_and_key_as_it_was_written_last(void **state) {
    (void)state;
    rows_t *rows = rows_new();
    assert_null(rows_find(rows, 1, bytes_of("a")));
    assert_true(rows_write(rows, 1, bytes_of("a"), bytes_of("one")));
    assert_false(rows_write(rows, 1, bytes_of("a"), bytes_of("a longer one")));
    assert_true(rows_write(rows, 2, bytes_of("a"), bytes_of("of another table")));
    expect_content(rows_find(rows, 1, bytes_of("a")), "a longer one");
    expect_content(rows_find(rows, 2, bytes_of("a")), "of another table");
    assert_null(rows_find(rows, 1, bytes_of("ab")));
    rows_destroy(&rows);
}

static void what_the_store_does_not_know_is_given_once_in_the_order_of_keys(void **state) {
    (void)state;
    rows_t *rows = rows_new();
    uint32_t count = 0;
    rows_read(rows, 0, bytes_of("read"), bytes_of("clean"));
    rows_write(rows, 0, bytes_of("b"), bytes_of("2"));
    rows_write(rows, 0, bytes_of("ab"), bytes_of("1b"));
    rows_write(rows, 0, bytes_of("a"), bytes_of("1"));
    rows_write(rows, 1, bytes_of("a"), (bytes_t){NULL, 0});
    const row_t *const *taken = rows_take(rows, 0, &count);
    assert_int_equal(count, 3);
    assert_memory_equal(taken[0]->key, "a", 1);
    assert_memory_equal(taken[1]->key, "ab", 2);
    assert_memory_equal(taken[2]->key, "b", 1);
    assert_int_equal(taken[0]->state, ROW_CLEAN);
    taken = rows_take(rows, ROWS_ALL, &count);
    assert_int_equal(count, 1);
    assert_int_equal(taken[0]->state, ROW_ABSENT); /* to be deleted */
    rows_take(rows, ROWS_ALL, &count);
    assert_int_equal(count, 0);
    assert_true(rows_write(rows, 0, bytes_of("b"), bytes_of("3"))); /* known until now, not any more */
    rows_destroy(&rows);
}

static void that_there_is_no_row_is_at_hand_too(void **state) {
    (void)state;
    rows_t *rows = rows_new();
    rows_read(rows, 0, bytes_of("a"), (bytes_t){NULL, 0});
    assert_int_equal(rows_find(rows, 0, bytes_of("a"))->state, ROW_ABSENT);
    rows_write(rows, 0, bytes_of("a"), bytes_of("now"));
    expect_content(rows_find(rows, 0, bytes_of("a")), "now");
    rows_forget(rows);
    assert_null(rows_find(rows, 0, bytes_of("a")));
    rows_destroy(&rows);
}

static void a_hundred_thousand_rows_are_found_and_sorted(void **state) {
    (void)state;
    enum { ROWS = 100000 };
    rows_t *rows = rows_new();
    for (uint32_t index = 0; index < ROWS; index++) {
        uint32_t key = index * 2654435761u;
        assert_true(rows_write(rows, index % 3, (bytes_t){(const uint8_t *)&key, sizeof key},
                               (bytes_t){(const uint8_t *)&index, sizeof index}));
    }
    for (uint32_t index = 0; index < ROWS; index++) {
        uint32_t key = index * 2654435761u;
        const row_t *row = rows_find(rows, index % 3, (bytes_t){(const uint8_t *)&key, sizeof key});
        assert_memory_equal(row->content, &index, sizeof index);
    }
    uint32_t count = 0;
    const row_t *const *taken = rows_take(rows, ROWS_ALL, &count);
    assert_int_equal(count, ROWS);
    for (uint32_t index = 1; index < count; index++) {
        bool ascends = taken[index - 1]->table < taken[index]->table || memcmp(taken[index - 1]->key, taken[index]->key, 4) < 0;
        assert_true(ascends);
    }
    rows_destroy(&rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_found_by_its_table_and_key_as_it_was_written_last),
        cmocka_unit_test(what_the_store_does_not_know_is_given_once_in_the_order_of_keys),
        cmocka_unit_test(that_there_is_no_row_is_at_hand_too),
        cmocka_unit_test(a_hundred_thousand_rows_are_found_and_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
