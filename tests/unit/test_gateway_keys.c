/* The registry in memory and the ZAP decision over it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "proto/crypto.h"
#include "services/gateway/zap.h"

static void key_make(uint32_t number, uint8_t key[KEY_SIZE]) {
    hash_of((bytes_t){(const uint8_t *)&number, sizeof number}, key);
}

static int registry_make(void **state) {
    crypto_start();
    *state = keys_new();
    return 0;
}

static int registry_free(void **state) {
    keys_destroy((keys_t **)state);
    return 0;
}

static void a_registered_key_is_found_with_its_unit_and_generation(void **state) {
    uint8_t key[KEY_SIZE], other[KEY_SIZE];
    key_make(1, key);
    key_make(2, other);
    assert_int_equal(keys_register(*state, text_of("chengmen"), 3, key), OK);
    const keys_row_t *row = keys_find(*state, key);
    assert_non_null(row);
    assert_string_equal(row->unit, "chengmen");
    assert_int_equal(row->generation, 3);
    assert_null(keys_find(*state, other));
}

static void a_revoked_key_is_not_in_force_and_the_next_generation_is(void **state) {
    uint8_t first[KEY_SIZE], second[KEY_SIZE];
    key_make(1, first);
    key_make(2, second);
    keys_register(*state, text_of("350104100"), 1, first);
    keys_register(*state, text_of("350104100"), 2, second);
    assert_non_null(keys_in_force(*state, "350104100#1"));
    keys_revoke(*state, text_of("350104100"), 1);
    assert_null(keys_in_force(*state, "350104100#1"));
    assert_non_null(keys_in_force(*state, "350104100#2"));
}

static void a_registration_read_again_does_not_revive_a_revoked_key(void **state) {
    uint8_t key[KEY_SIZE];
    key_make(1, key);
    keys_register(*state, text_of("a"), 1, key);
    keys_revoke(*state, text_of("a"), 1);
    assert_int_equal(keys_register(*state, text_of("a"), 1, key), OK);
    assert_null(keys_in_force(*state, "a#1"));
    assert_int_equal(keys_count(*state), 1);
}

static void user_ids_that_name_no_key_are_not_in_force(void **state) {
    uint8_t key[KEY_SIZE];
    key_make(1, key);
    keys_register(*state, text_of("a"), 1, key);
    char longer[400];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    const char *const strangers[] = {"", "a", "a#", "a#2", "a#01", "A#1", "#1", longer};
    for (size_t index = 0; index < sizeof strangers / sizeof strangers[0]; index++)
        assert_null(keys_in_force(*state, strangers[index]));
    assert_null(keys_in_force(*state, NULL));
}

static void units_and_generations_that_no_registry_has_are_not_taken(void **state) {
    uint8_t key[KEY_SIZE];
    char longer[LIMIT_ID + 1];
    memset(longer, 'u', sizeof longer);
    key_make(1, key);
    assert_int_equal(keys_register(*state, (text_t){longer, sizeof longer}, 1, key), ERR_BAD);
    assert_int_equal(keys_register(*state, text_of(""), 1, key), ERR_BAD);
    assert_int_equal(keys_register(*state, text_of("a"), 0, key), ERR_BAD);
    assert_int_equal(keys_register(*state, text_of("a"), 1ULL << 32, key), ERR_BAD);
    assert_int_equal(keys_count(*state), 0);
}

static void three_thousand_units_find_their_own_keys(void **state) {
    enum { UNITS = 3000 };
    char unit[16];
    uint8_t key[KEY_SIZE];
    for (uint32_t number = 0; number < UNITS; number++) {
        snprintf(unit, sizeof unit, "unit-%u", number);
        key_make(number, key);
        assert_int_equal(keys_register(*state, text_of(unit), 1, key), OK);
    }
    for (uint32_t number = 0; number < UNITS; number++) {
        snprintf(unit, sizeof unit, "unit-%u", number);
        key_make(number, key);
        assert_string_equal(keys_find(*state, key)->unit, unit);
    }
}

static zap_request_t request_of(const uint8_t *key) {
    return (zap_request_t){text_of("1.0"), text_of(ZAP_DOMAIN), text_of("CURVE"), {key, KEY_SIZE}, 1};
}

static void a_known_key_gets_200_and_its_user_id(void **state) {
    uint8_t key[KEY_SIZE];
    key_make(1, key);
    keys_register(*state, text_of("chengmen"), 7, key);
    zap_request_t request = request_of(key);
    zap_answer_t answer = zap_decide(*state, &request);
    assert_string_equal(answer.status, "200");
    assert_string_equal(answer.user_id, "chengmen#7");
}

static void unknown_and_revoked_keys_get_400_and_no_user_id(void **state) {
    uint8_t known[KEY_SIZE], unknown[KEY_SIZE];
    key_make(1, known);
    key_make(2, unknown);
    keys_register(*state, text_of("a"), 1, known);
    keys_revoke(*state, text_of("a"), 1);
    zap_request_t revoked = request_of(known), stranger = request_of(unknown);
    assert_string_equal(zap_decide(*state, &revoked).status, "400");
    assert_string_equal(zap_decide(*state, &revoked).user_id, "");
    assert_string_equal(zap_decide(*state, &stranger).status, "400");
    assert_string_equal(zap_decide(*state, &stranger).user_id, "");
}

static void anything_but_curve_in_our_domain_gets_400(void **state) {
    uint8_t key[KEY_SIZE];
    key_make(1, key);
    keys_register(*state, text_of("a"), 1, key);
    zap_request_t bad[6];
    for (size_t index = 0; index < 6; index++) bad[index] = request_of(key);
    bad[0].mechanism = text_of("NULL");
    bad[1].mechanism = text_of("PLAIN");
    bad[2].domain = text_of("global");
    bad[3].version = text_of("2.0");
    bad[4].credential.size = KEY_SIZE - 1;
    bad[5].credential_count = 2;
    for (size_t index = 0; index < 6; index++) assert_string_equal(zap_decide(*state, &bad[index]).status, "400");
    zap_request_t nothing = {0};
    assert_string_equal(zap_decide(*state, &nothing).status, "400");
}

static void before_the_registry_is_loaded_everybody_is_told_to_come_again(void **state) {
    (void)state;
    uint8_t key[KEY_SIZE];
    key_make(1, key);
    zap_request_t request = request_of(key);
    zap_answer_t answer = zap_decide(NULL, &request);
    assert_string_equal(answer.status, "300");
    assert_string_equal(answer.user_id, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, registry_make, registry_free)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_registered_key_is_found_with_its_unit_and_generation),
        TEST(a_revoked_key_is_not_in_force_and_the_next_generation_is),
        TEST(a_registration_read_again_does_not_revive_a_revoked_key),
        TEST(user_ids_that_name_no_key_are_not_in_force),
        TEST(units_and_generations_that_no_registry_has_are_not_taken),
        TEST(three_thousand_units_find_their_own_keys),
        TEST(a_known_key_gets_200_and_its_user_id),
        TEST(unknown_and_revoked_keys_get_400_and_no_user_id),
        TEST(anything_but_curve_in_our_domain_gets_400),
        TEST(before_the_registry_is_loaded_everybody_is_told_to_come_again),
    };
    return cmocka_run_group_tests_name("gateway keys and zap", tests, NULL, NULL);
}
