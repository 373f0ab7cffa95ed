/* Conversations that wait: their bounds, their order, and how they are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

/* Opens for `unit` as long as it is fair. Returns how many. */
static uint32_t take_all(pending_t *pending, const char *unit, bytes_t packet) {
    uint32_t taken = 0;
    uint16_t owner = pending_owner(pending, unit);
    for (conversation_t *fresh; pending_fair(pending, owner, packet.size); taken++) {
        fresh = pending_open(pending, packet, 1);
        assert_non_null(fresh);
        pending_own(pending, fresh, owner);
    }
    return taken;
}

static void one_unit_alone_leaves_places_for_the_others(void **state) {
    assert_int_equal(take_all(*state, "hog", nothing), 7); /* of 8 */
    assert_int_equal(take_all(*state, "jyj", nothing), 1);
    assert_int_equal(take_all(*state, "wjj", nothing), 0);
}

static void one_unit_alone_leaves_bytes_for_the_others(void **state) {
    uint8_t message[20] = {0};
    assert_int_equal(take_all(*state, "hog", (bytes_t){message, sizeof message}), 4); /* 80 of 100 bytes */
    assert_int_equal(take_all(*state, "jyj", (bytes_t){message, sizeof message}), 1);
}

static void what_a_unit_gives_back_it_may_take_again(void **state) {
    uint8_t message[20] = {0};
    take_all(*state, "hog", (bytes_t){message, sizeof message});
    conversation_t *oldest = pending_oldest(*state);
    assert_false(pending_fair(*state, pending_owner(*state, "hog"), sizeof message));
    pending_forget_packet(*state, oldest);
    assert_true(pending_fair(*state, pending_owner(*state, "hog"), sizeof message));
    while ((oldest = pending_oldest(*state)) != NULL) pending_close(*state, oldest);
    assert_int_equal(take_all(*state, "hog", (bytes_t){message, sizeof message}), 4);
}

/* More units than a plan has ever, one after the other: what they held before them was given back. */
static void whose_a_conversation_is_is_told_however_many_units_came_before(void **state) {
    conversation_t *kept = pending_open(*state, nothing, 1);
    pending_own(*state, kept, pending_owner(*state, "jyj"));
    for (int index = 0; index < 3 * LIMIT_UNITS; index++) {
        char unit[24];
        snprintf(unit, sizeof unit, "u%d", index);
        uint16_t owner = pending_owner(*state, unit);
        assert_true(pending_fair(*state, owner, 0));
        conversation_t *fresh = pending_open(*state, nothing, 1);
        pending_own(*state, fresh, owner);
        assert_string_equal(pending_unit(*state, fresh), unit);
        pending_close(*state, fresh);
    }
    assert_string_equal(pending_unit(*state, kept), "jyj");
    assert_int_equal(take_all(*state, "jyj", nothing), 6); /* and it still counts */
}

/* libzmq's own ids take five bytes; a client may choose one of any size. */
static void a_peer_is_told_whole_whatever_its_size(void **state) {
    gateway_peer_t peers[PLACES], told;
    conversation_t *all[PLACES];
    for (int round = 0; round < 2; round++) {
        for (uint32_t index = 0; index < PLACES; index++) {
            static const uint8_t sizes[PLACES] = {5, 0, 8, 9, PEER_SIZE, 7, 1, 16};
            peers[index] = (gateway_peer_t){.descriptor = (int32_t)index + 3, .size = sizes[(index + (uint32_t)round) % PLACES]};
            for (uint32_t at = 0; at < peers[index].size; at++) peers[index].bytes[at] = (uint8_t)(at * 7 + index + 1);
            all[index] = pending_open(*state, nothing, 1);
            pending_answer_to(*state, all[index], &peers[index]);
        }
        for (uint32_t index = 0; index < PLACES; index++) {
            pending_peer(*state, all[index], &told);
            assert_int_equal(told.descriptor, peers[index].descriptor);
            assert_true(peers_same(&told, &peers[index]));
            if (told.size > 0) assert_memory_equal(told.bytes, peers[index].bytes, told.size);
            pending_close(*state, all[index]);
        }
    }
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
    assert_int_equal(pending_packet(*state, first).size, 0);
    assert_int_equal(pending_packet(*state, second).size, sizeof message);
    assert_memory_equal(pending_packet(*state, second).at, message, sizeof message);
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

static void numbers_count_on_and_pass_over_whoever_is_still_there(void **state) {
    conversation_t *kept = pending_open(*state, nothing, 1);
    uint64_t last = kept->id;
    for (int round = 1; round < 5 * PLACES; round++) {
        conversation_t *fresh = pending_open(*state, nothing, 1);
        assert_int_equal(fresh->id, last + ((last + 1) % PLACES == kept->id % PLACES ? 2 : 1));
        last = fresh->id;
        assert_ptr_equal(pending_find(*state, last), fresh);
        pending_close(*state, fresh);
    }
    assert_ptr_equal(pending_find(*state, kept->id), kept);
}

static void an_empty_house_begins_at_its_first_place_again(void **state) {
    conversation_t *first = pending_open(*state, nothing, 1), *second = pending_open(*state, nothing, 1);
    uint64_t last = second->id;
    pending_close(*state, first);
    pending_close(*state, second);
    conversation_t *again = pending_open(*state, nothing, 1);
    assert_ptr_equal(again, first);
    assert_true(again->id > last);
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

static void an_entry_whose_slot_is_taken_is_told_so_and_takes_nothing(void **state) {
    enum { SLOTS = 2 * PLACES };
    conversation_t *first = pending_open(*state, nothing, 1), *second = pending_open(*state, nothing, 1);
    assert_true(pending_await_entry(*state, first, 15));
    assert_false(pending_await_entry(*state, second, 15 + SLOTS));
    assert_ptr_equal(pending_of_entry(*state, 15), first);
    assert_null(pending_of_entry(*state, 15 + SLOTS));
    pending_close(*state, second);
    assert_ptr_equal(pending_of_entry(*state, 15), first);
    pending_close(*state, first);
    conversation_t *third = pending_open(*state, nothing, 1);
    assert_true(pending_await_entry(*state, third, 15 + SLOTS));
    assert_ptr_equal(pending_of_entry(*state, 15 + SLOTS), third);
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
        TEST(one_unit_alone_leaves_places_for_the_others),
        TEST(one_unit_alone_leaves_bytes_for_the_others),
        TEST(what_a_unit_gives_back_it_may_take_again),
        TEST(whose_a_conversation_is_is_told_however_many_units_came_before),
        TEST(a_peer_is_told_whole_whatever_its_size),
        TEST(a_number_is_never_used_twice),
        TEST(numbers_count_on_and_pass_over_whoever_is_still_there),
        TEST(an_empty_house_begins_at_its_first_place_again),
        TEST(an_entry_is_awaited_by_one_conversation_only),
        TEST(an_entry_whose_slot_is_taken_is_told_so_and_takes_nothing),
        TEST(the_oldest_comes_first_whatever_was_closed_between),
        TEST(all_places_of_a_full_house_come_back),
    };
    return cmocka_run_group_tests_name("gateway pending", tests, NULL, NULL);
}
