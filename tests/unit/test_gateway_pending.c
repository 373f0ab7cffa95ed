/* Conversations that wait: their bounds, their order, and how they are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/gateway/pending.h"

enum { PLACES = 8, BYTES = 100 };

static const bytes_t nothing = {NULL, 0};

static int pending_make(void **state) {
    *state = pending_new(PLACES, BYTES);
    return 0;
}

static int pending_free(void **state) {
    pending_destroy((pending_t **)state);
    return 0;
}

static void no_more_conversations_than_places_and_a_closed_one_makes_room(void **state) {
    conversation_t *first = pending_open(*state, nothing, 1);
    for (int index = 1; index < PLACES; index++) assert_non_null(pending_open(*state, nothing, 1));
    assert_null(pending_open(*state, nothing, 1));
    assert_int_equal(pending_count(*state), PLACES);
    pending_close(*state, first);
    assert_non_null(pending_open(*state, nothing, 1));
}

static void kept_messages_are_bounded_in_bytes(void **state) {
    uint8_t message[60] = {0};
    conversation_t *first = pending_open(*state, (bytes_t){message, sizeof message}, 1);
    assert_non_null(first);
    assert_null(pending_open(*state, (bytes_t){message, sizeof message}, 1));
    pending_forget_packet(*state, first);
    conversation_t *second = pending_open(*state, (bytes_t){message, sizeof message}, 1);
    assert_non_null(second);
    pending_close(*state, second);
    assert_non_null(pending_open(*state, (bytes_t){message, BYTES - 60}, 1));
}

static void a_number_is_never_used_twice(void **state) {
    conversation_t *first = pending_open(*state, nothing, 1);
    uint64_t id = first->id;
    assert_ptr_equal(pending_find(*state, id), first);
    pending_close(*state, first);
    assert_null(pending_find(*state, id));
    conversation_t *second = pending_open(*state, nothing, 1); /* takes the same place */
    assert_true(second->id != id);
    assert_null(pending_find(*state, id));
    assert_null(pending_find(*state, 0));
    assert_null(pending_find(*state, UINT64_MAX));
}

static void an_entry_is_awaited_by_one_conversation_only(void **state) {
    conversation_t *first = pending_open(*state, nothing, 1), *second = pending_open(*state, nothing, 1);
    assert_true(pending_await_entry(*state, first, 42));
    assert_false(pending_await_entry(*state, second, 42));
    assert_ptr_equal(pending_of_entry(*state, 42), first);
    pending_close(*state, second);
    assert_ptr_equal(pending_of_entry(*state, 42), first);
    pending_close(*state, first);
    assert_null(pending_of_entry(*state, 42));
}

static void entries_that_share_a_slot_are_found_after_any_of_them_is_gone(void **state) {
    enum { SLOTS = 2 * PLACES };
    static const uint64_t seqs[] = {15, 15 + SLOTS, 16, 15 + 2 * SLOTS, 17, 31 + 3 * SLOTS};
    enum { COUNT = sizeof seqs / sizeof seqs[0] };
    for (size_t gone = 0; gone < COUNT; gone++) {
        pending_t *pending = pending_new(PLACES, BYTES);
        conversation_t *waiting[COUNT];
        for (size_t index = 0; index < COUNT; index++) {
            waiting[index] = pending_open(pending, nothing, 1);
            assert_true(pending_await_entry(pending, waiting[index], seqs[index]));
        }
        pending_close(pending, waiting[gone]);
        for (size_t index = 0; index < COUNT; index++) {
            conversation_t *wanted = index == gone ? NULL : waiting[index];
            assert_ptr_equal(pending_of_entry(pending, seqs[index]), wanted);
        }
        pending_destroy(&pending);
    }
    (void)state;
}

static void the_oldest_comes_first_whatever_was_closed_between(void **state) {
    conversation_t *all[4];
    for (int index = 0; index < 4; index++) all[index] = pending_open(*state, nothing, 10 + index);
    pending_close(*state, all[1]);
    assert_ptr_equal(pending_oldest(*state), all[0]);
    assert_ptr_equal(pending_newer(*state, all[0]), all[2]);
    pending_close(*state, all[0]);
    assert_int_equal(pending_oldest(*state)->until_ms, 12);
    pending_close(*state, all[3]);
    assert_null(pending_newer(*state, all[2]));
    pending_close(*state, all[2]);
    assert_null(pending_oldest(*state));
    assert_int_equal(pending_count(*state), 0);
}

static void all_places_of_a_full_house_come_back(void **state) {
    for (int round = 0; round < 100; round++) {
        for (uint64_t index = 0; index < PLACES; index++) {
            conversation_t *fresh = pending_open(*state, nothing, round);
            assert_non_null(fresh);
            assert_true(pending_await_entry(*state, fresh, 1 + (uint64_t)round * 7 + index));
        }
        while (pending_oldest(*state) != NULL) pending_close(*state, pending_oldest(*state));
    }
    assert_int_equal(pending_count(*state), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pending_make, pending_free)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(no_more_conversations_than_places_and_a_closed_one_makes_room),
        TEST(kept_messages_are_bounded_in_bytes),
        TEST(a_number_is_never_used_twice),
        TEST(an_entry_is_awaited_by_one_conversation_only),
        TEST(entries_that_share_a_slot_are_found_after_any_of_them_is_gone),
        TEST(the_oldest_comes_first_whatever_was_closed_between),
        TEST(all_places_of_a_full_house_come_back),
    };
    return cmocka_run_group_tests_name("gateway pending", tests, NULL, NULL);
}
