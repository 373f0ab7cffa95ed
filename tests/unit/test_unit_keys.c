/* A unit's key files and submission ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/crypto.h"
#include "services/unit/unit.h"
#include "tests/sim/temporary.h"

static char folder[64], stem[96], secret_path[128], public_path[128];

static int folder_make(void **state) {
    (void)state;
    crypto_start();
    temporary_folder(folder, sizeof folder);
    snprintf(stem, sizeof stem, "%s/chengmen", folder);
    snprintf(secret_path, sizeof secret_path, "%s.key", stem);
    snprintf(public_path, sizeof public_path, "%s.pub", stem);
    return 0;
}

static int folder_remove(void **state) {
    (void)state;
    unlink(secret_path);
    unlink(public_path);
    return rmdir(folder);
}

static void a_stored_pair_is_loaded_again_and_only_its_owner_may_read_the_secret(void **state) {
    (void)state;
    unit_key_t made, loaded;
    assert_int_equal(unit_key_new(&made), OK);
    assert_int_equal(unit_key_store(stem, &made), OK);
    struct stat secret;
    assert_int_equal(stat(secret_path, &secret), 0);
    assert_int_equal(secret.st_mode & 0777, 0600);
    assert_int_equal(unit_key_load(stem, &loaded), OK);
    assert_memory_equal(&made, &loaded, sizeof made);
}

static void a_secret_half_that_was_carried_away_alone_is_the_pair(void **state) {
    (void)state;
    unit_key_t made, loaded;
    assert_int_equal(unit_key_new(&made), OK);
    assert_int_equal(unit_key_store(stem, &made), OK);
    assert_int_equal(unlink(public_path), 0);
    assert_int_equal(unit_key_load(stem, &loaded), OK);
    assert_memory_equal(&made, &loaded, sizeof made);
    assert_int_equal(unlink(secret_path), 0);
    assert_int_equal(unit_key_load(stem, &loaded), ERR_MISSING);
}

static void a_pair_is_never_overwritten(void **state) {
    (void)state;
    unit_key_t first, second, loaded;
    unit_key_new(&first);
    unit_key_new(&second);
    assert_int_equal(unit_key_store(stem, &first), OK);
    assert_int_equal(unit_key_store(stem, &second), ERR_LOCKED);
    unlink(secret_path);
    assert_int_equal(unit_key_store(stem, &second), ERR_LOCKED); /* a public half alone is kept too */
    assert_int_equal(access(secret_path, F_OK), -1);
    assert_int_equal(unit_public_load(public_path, loaded.public_text), OK);
    assert_string_equal(loaded.public_text, first.public_text);
}

static void halves_of_different_pairs_are_no_pair(void **state) {
    (void)state;
    unit_key_t first, second, loaded;
    unit_key_new(&first);
    unit_key_new(&second);
    memcpy(first.public_text, second.public_text, sizeof first.public_text);
    assert_int_equal(unit_key_store(stem, &first), OK);
    assert_int_equal(unit_key_load(stem, &loaded), ERR_BAD);
}

static void what_is_not_there_is_missing(void **state) {
    (void)state;
    unit_key_t key;
    assert_int_equal(unit_key_load(stem, &key), ERR_MISSING);
}

static void a_public_key_has_32_bytes_and_the_same_text_again(void **state) {
    (void)state;
    unit_key_t key;
    uint8_t raw[UNIT_KEY_RAW];
    char text[UNIT_KEY_TEXT + 1];
    unit_key_new(&key);
    assert_true(unit_key_raw(key.public_text, raw));
    unit_key_text(raw, text);
    assert_string_equal(text, key.public_text);
    assert_false(unit_key_raw("too short", raw));
    assert_false(unit_key_raw("\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"", raw));
}

static void submission_ids_ascend_within_one_millisecond_and_beyond(void **state) {
    (void)state;
    enum { COUNT = 20000, MS = 1629878400000 / 1000 };
    uint8_t last[16], next[16];
    int64_t ms = (int64_t)MS * 1000;
    uuid7_new(ms, last);
    for (int index = 1; index < COUNT; index++) {
        uuid7_new(ms, next); /* far more in one millisecond than its counter holds */
        assert_true(memcmp(last, next, sizeof last) < 0);
        memcpy(last, next, sizeof last);
    }
    uuid7_new(ms + 1000, next);
    assert_true(memcmp(last, next, sizeof last) < 0);
}

static void a_submission_id_states_its_version_variant_and_time(void **state) {
    (void)state;
    uint8_t id[16];
    static const uint8_t stamp[] = {0x01, 0x7b, 0x7c, 0xd5, 0xc4, 0x00};
    uuid7_new(0x017b7cd5c400, id);
    assert_memory_equal(id, stamp, sizeof stamp);
    assert_int_equal(id[6] >> 4, 7);
    assert_int_equal(id[8] >> 6, 2);
}

static void a_process_and_its_copy_make_no_id_twice_in_one_millisecond(void **state) {
    (void)state;
    uint8_t first[16], own[16], other[16];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    uuid7_new(1629878400000, first);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        uuid7_new(1629878400000, other);
        _exit(write(ends[1], other, sizeof other) == sizeof other ? 0 : 1);
    }
    uuid7_new(1629878400000, own);
    assert_int_equal(read(ends[0], other, sizeof other), sizeof other);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_memory_not_equal(own, other, sizeof own);
    close(ends[0]);
    close(ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_stored_pair_is_loaded_again_and_only_its_owner_may_read_the_secret),
        TEST(a_secret_half_that_was_carried_away_alone_is_the_pair),
        TEST(a_pair_is_never_overwritten),
        TEST(halves_of_different_pairs_are_no_pair),
        TEST(what_is_not_there_is_missing),
        TEST(a_public_key_has_32_bytes_and_the_same_text_again),
        TEST(submission_ids_ascend_within_one_millisecond_and_beyond),
        TEST(a_submission_id_states_its_version_variant_and_time),
        TEST(a_process_and_its_copy_make_no_id_twice_in_one_millisecond),
    };
    return cmocka_run_group_tests_name("unit keys", tests, NULL, NULL);
}
