/* What the client sent in arrays: found by number as long as it is under way, however much of it there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/unit/unit_inner.h"

static void id_of(uint64_t request_id, uint8_t submission_id[16]) {
    memset(submission_id, 7, 16);
    memcpy(submission_id, &request_id, sizeof request_id);
}

static void keep(sent_table_t *table, uint64_t request_id) {
    uint8_t submission_id[16];
    id_of(request_id, submission_id);
    sent_keep(table, request_id, submission_id);
}

static bool is_found(const sent_table_t *table, uint64_t request_id) {
    uint8_t found[16] = {0}, wanted[16];
    id_of(request_id, wanted);
    sent_find(table, request_id, found);
    return memcmp(found, wanted, sizeof found) == 0;
}

static void as_many_are_found_as_a_door_holds(void **state) {
    (void)state;
    sent_table_t table = {0};
    for (uint64_t id = 1; id <= LIMIT_PENDING; id++) keep(&table, id);
    for (uint64_t id = 1; id <= LIMIT_PENDING; id++) assert_true(is_found(&table, id));
    assert_false(is_found(&table, LIMIT_PENDING + 1));
    sent_forget(&table);
}

static void what_is_judged_makes_room_and_what_is_not_is_kept(void **state) {
    (void)state;
    sent_table_t table = {0};
    for (uint64_t id = 1; id <= 100000; id++) { /* each tenth is answered much later, each other at once */
        keep(&table, id);
        if (id % 10 != 0 || id <= 50000) sent_end(&table, id);
    }
    for (uint64_t id = 1; id <= 100000; id++) assert_int_equal(is_found(&table, id), id % 10 == 0 && id > 50000);
    sent_forget(&table);
    for (uint64_t id = 1; id <= 100000; id++) { /* sixty under way */
        keep(&table, id);
        if (id > 60) sent_end(&table, id - 60);
        assert_true(is_found(&table, id));
    }
    assert_int_equal(table.room, 64);
    sent_forget(&table);
}

static void what_never_gets_an_answer_takes_no_more_than_so_much(void **state) {
    (void)state;
    sent_table_t table = {0};
    for (uint64_t id = 1; id <= 3 * LIMIT_PENDING; id++) keep(&table, id);
    assert_int_equal(table.room, 2 * LIMIT_PENDING);
    assert_false(is_found(&table, 1));
    for (uint64_t id = LIMIT_PENDING + 1; id <= 3 * LIMIT_PENDING; id++) assert_true(is_found(&table, id));
    sent_forget(&table);
}

static void a_number_that_did_not_leave_is_used_again(void **state) {
    (void)state;
    sent_table_t table = {0};
    for (int turn = 0; turn < 1000; turn++) keep(&table, 1);
    assert_int_equal(table.room, 64);
    assert_true(is_found(&table, 1));
    assert_false(is_found(&table, 0));
    sent_forget(&table);
    assert_false(is_found(&table, 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_are_found_as_a_door_holds),
        cmocka_unit_test(what_is_judged_makes_room_and_what_is_not_is_kept),
        cmocka_unit_test(what_never_gets_an_answer_takes_no_more_than_so_much),
        cmocka_unit_test(a_number_that_did_not_leave_is_used_again),
    };
    return cmocka_run_group_tests_name("unit sent", tests, NULL, NULL);
}
