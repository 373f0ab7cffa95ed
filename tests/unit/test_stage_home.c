/* The home folder: entering, settings, small files written whole or not at all. */
#include "stage_bench.h"

#include "services/stage/home.h"

static void a_folder_without_configuration_is_no_home(void **state) {
    (void)state;
    assert_int_equal(home_enter("nowhere"), ERR_MISSING);
    assert_int_equal(home_make("home"), OK);
    assert_int_equal(home_make("home"), OK); /* twice is as good as once */
    assert_int_equal(home_enter("home"), ERR_MISSING);
    assert_int_equal(home_write(HOME_CONF, text_of("gateway\n    endpoint = tcp://127.0.0.1:5500\n"), 0600), OK);
    assert_int_equal(chdir(".."), 0);
    assert_int_equal(home_enter("home"), OK);
    assert_string_equal(home_setting("gateway/endpoint", "none"), "tcp://127.0.0.1:5500");
    assert_string_equal(home_setting("gateway/missing", "none"), "none");
    struct stat status;
    assert_int_equal(stat("run/door-gateway", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
}

static void a_small_file_is_replaced_whole_and_keeps_its_mode(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    text_t content;
    struct stat status;
    assert_int_equal(home_write("secret.key", text_of("first"), 0600), OK);
    assert_int_equal(home_write("secret.key", text_of("second"), 0600), OK);
    assert_int_equal(home_read("secret.key", arena, 100, &content), OK);
    assert_true(text_is(content, "second"));
    assert_int_equal(stat("secret.key", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(access("secret.key.new", F_OK), -1);
    assert_int_equal(home_read("secret.key", arena, 3, &content), ERR_BAD);
    assert_int_equal(home_read("missing.key", arena, 100, &content), ERR_MISSING);
    arena_destroy(&arena);
}

static void a_key_is_read_whatever_ends_its_line_and_nothing_else_is_one(void **state) {
    (void)state;
    static const uint8_t wanted[3] = {0x01, 0xab, 0xff};
    static const char *const good[] = {"01abff", "01abff\n", "01ABFF\r\n", "01abff \n\n"};
    static const char *const bad[] = {"", "\n", "01abf", "01abff00", "01abfg", " 01abff", "01ab ff"};
    uint8_t key[3];
    for (size_t index = 0; index < sizeof good / sizeof good[0]; index++) {
        assert_int_equal(home_write("some.key", text_of(good[index]), 0600), OK);
        memset(key, 0, sizeof key);
        assert_int_equal(home_read_key("some.key", key, sizeof key), OK);
        assert_memory_equal(key, wanted, sizeof key);
    }
    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++) {
        assert_int_equal(home_write("some.key", text_of(bad[index]), 0600), OK);
        assert_int_equal(home_read_key("some.key", key, sizeof key), ERR_BAD);
    }
    assert_int_equal(home_read_key("no.key", key, sizeof key), ERR_MISSING);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_folder_without_configuration_is_no_home),
        BENCH_TEST(a_small_file_is_replaced_whole_and_keeps_its_mode),
        BENCH_TEST(a_key_is_read_whatever_ends_its_line_and_nothing_else_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
