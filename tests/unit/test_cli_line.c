/* The command line: what is understood, what is refused, and with which exit. */
#include "services/minning/cli.h"
#include "services/minning/rows.h"
#include "services/minning/supervise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static cli_t cli;
static int exit_code;

static int begin(void **state) {
    (void)state;
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("MINNING_HOME", "/tmp/nowhere", 1);
    cli_start(&cli);
    exit_code = -1;
    return 0;
}

static int end(void **state) {
    (void)state;
    cli_end(&cli);
    return 0;
}

static void anew(void **state) {
    end(state);
    begin(state);
}

#define PARSE(...)                                                                                                             \
    parse((const char *[]){"minning", __VA_ARGS__}, sizeof((const char *[]){"minning", __VA_ARGS__}) / sizeof(const char *))

static int parse(const char **given, size_t count) {
    char *argv[16] = {0};
    for (size_t index = 0; index < count; index++) argv[index] = strdup(given[index]);
    return cli_parse(&cli, (int)count, argv, &exit_code); /* the texts live on: cli points into them */
}

static void a_verb_of_two_words_leaves_its_arguments(void **state) {
    (void)state;
    assert_int_equal(PARSE("plan", "check", "a.yaml"), 0);
    assert_string_equal(cli.verb->words, "plan check");
    assert_int_equal(cli.arg_count, 1);
    assert_string_equal(cli.args[0], "a.yaml");
}

static void help_is_told_of_all_verbs_of_some_or_of_one_and_only_then_is_it_well(void **state) {
    (void)state;
    assert_int_equal(PARSE("help"), 1);
    assert_int_equal(exit_code, 0);
    anew(state);
    assert_int_equal(PARSE("help", "report", "send"), 1);
    assert_int_equal(exit_code, 0);
    anew(state);
    assert_int_equal(PARSE("report", "--help"), 1);
    assert_int_equal(exit_code, 0);
}

static void a_word_that_begins_verbs_is_answered_with_them_but_is_no_verb(void **state) {
    (void)state;
    assert_int_equal(PARSE("report"), 1);
    assert_int_equal(exit_code, EX_USAGE);
    anew(state);
    assert_int_equal(PARSE("help", "nosuch"), 1);
    assert_int_equal(exit_code, EX_USAGE);
}

static void options_may_stand_anywhere_and_carry_their_value_either_way(void **state) {
    (void)state;
    assert_int_equal(PARSE("--home=/tmp/a", "report", "status", "--unit", "csh", "donation", "2021-11", "--json"), 0);
    assert_string_equal(cli.home, "/tmp/a");
    assert_string_equal(cli_option(&cli, OPTION_unit), "csh");
    assert_true(cli.json);
    assert_int_equal(cli.arg_count, 2);
}

static void an_option_of_another_verb_is_a_usage_error(void **state) {
    (void)state;
    assert_int_equal(PARSE("status", "--unit", "csh"), 1);
    assert_int_equal(exit_code, EX_USAGE);
}

static void an_unknown_verb_is_a_usage_error(void **state) {
    (void)state;
    assert_int_equal(PARSE("fly"), 1);
    assert_int_equal(exit_code, EX_USAGE);
}

static void a_missing_argument_is_a_usage_error(void **state) {
    (void)state;
    assert_int_equal(PARSE("plan", "check"), 1);
    assert_int_equal(exit_code, EX_USAGE);
}

static void an_option_without_its_value_is_a_usage_error(void **state) {
    (void)state;
    assert_int_equal(PARSE("status", "--home"), 1);
    assert_int_equal(exit_code, EX_USAGE);
}

static void help_of_a_verb_is_well(void **state) {
    (void)state;
    assert_int_equal(PARSE("report", "send", "--help"), 1);
    assert_int_equal(exit_code, EXIT_WELL);
}

static void the_language_may_be_chosen_and_no_other(void **state) {
    (void)state;
    assert_false(cli.zh);
    assert_int_equal(PARSE("status", "--lang", "zh"), 0);
    assert_true(cli.zh);
    assert_int_equal(PARSE("status", "--lang", "fr"), 1);
    assert_int_equal(exit_code, EX_USAGE);
}

static void the_home_comes_from_the_environment(void **state) {
    (void)state;
    assert_int_equal(PARSE("status"), 0);
    assert_string_equal(cli.home, "/tmp/nowhere");
}

static void a_home_that_is_not_there_is_no_input(void **state) {
    (void)state;
    assert_int_equal(PARSE("plan", "show"), 0);
    assert_int_equal(cli.verb->run(&cli), EX_NOINPUT);
}

static void every_verb_can_be_reached_by_its_own_words(void **state) {
    (void)state;
    for (const verb_t *verb = cli_verbs; verb->words != NULL; verb++) {
        char words[64];
        snprintf(words, sizeof words, "%s", verb->words);
        char *blank = strchr(words, ' ');
        if (blank != NULL) *blank = '\0';
        cli.arg_count = 0;
        memset(cli.values, 0, sizeof cli.values);
        if (blank != NULL)
            assert_int_equal(PARSE(words, blank + 1, "--help"), 1);
        else
            assert_int_equal(PARSE(words, "--help"), 1);
        assert_ptr_equal(cli.verb, verb);
        assert_int_equal(exit_code, EXIT_WELL);
    }
}

static void an_instant_is_read_in_local_time(void **state) {
    (void)state;
    int64_t at_ms;
    assert_true(cli_instant("2021-07-31", 480, &at_ms));
    assert_int_equal(at_ms, 1627660800000);
    assert_true(cli_instant("2021-08-20T09:00", 480, &at_ms));
    assert_int_equal(at_ms, 1629421200000);
    assert_true(cli_instant("2021-08-25T24:00", 480, &at_ms));
    assert_string_equal(cli_when(&cli, 480, at_ms).at, "2021-08-26 00:00");
}

static void a_deadline_is_told_as_the_end_of_its_day(void **state) {
    (void)state;
    int64_t at_ms;
    assert_true(cli_instant("2021-08-25T24:00", 480, &at_ms));
    assert_string_equal(cli_due(&cli, 480, (uint64_t)at_ms - 1).at, "2021-08-25 24:00");
    assert_string_equal(cli_due(&cli, 480, (uint64_t)at_ms).at, "2021-08-25 24:00");
    assert_string_equal(cli_due(&cli, 480, 0).at, "-");
}

static void an_instant_that_is_none_is_refused(void **state) {
    (void)state;
    static const char *const none[] = {
        "",         "2021-02-30", "2021-7-31", "2021-08-20T9:00", "2021-08-20T25:00", "2021-08-20T09:61", "2021-08-20T09:00x",
        "20210820", "2021-08-20T"};
    int64_t at_ms;
    for (size_t index = 0; index < sizeof none / sizeof none[0]; index++) assert_false(cli_instant(none[index], 480, &at_ms));
}

static void a_number_has_digits_only(void **state) {
    (void)state;
    uint64_t number;
    assert_true(cli_number("42", &number));
    assert_int_equal(number, 42);
    assert_false(cli_number("-1", &number));
    assert_false(cli_number("4x", &number));
    assert_false(cli_number("", &number));
    assert_false(cli_number("99999999999999999999999", &number));
}

static void a_pause_doubles_up_to_its_bound_and_is_forgiven(void **state) {
    (void)state;
    int64_t pause = supervise_pause(0, 5);
    assert_int_equal(pause, 100);
    for (int deaths = 0; deaths < 4; deaths++) pause = supervise_pause(pause, 5);
    assert_int_equal(pause, 1600);
    for (int deaths = 0; deaths < 20; deaths++) pause = supervise_pause(pause, 5);
    assert_int_equal(pause, SUPERVISE_PAUSE_MAX_MS);
    assert_int_equal(supervise_pause(pause, SUPERVISE_WELL_MS), 100);
}

static void a_rate_is_cut_off_never_rounded_up(void **state) {
    (void)state;
    assert_int_equal(rate_tenths(2999, 3000), 999);
    assert_int_equal(rate_tenths(3000, 3000), 1000);
    assert_int_equal(rate_tenths(5, 0), -1);
    assert_int_equal(rate_tenths(UINT64_MAX / 2, UINT64_MAX / 2), 1000);
}

static void a_lamp_is_never_told_by_colour_alone(void **state) {
    (void)state;
    for (lamp_t one = lamp_grey; one <= lamp_red; one++)
        for (lamp_t other = lamp_grey; other < one; other++) assert_string_not_equal(lamp_shape(one), lamp_shape(other));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_verb_of_two_words_leaves_its_arguments),
        TEST(help_is_told_of_all_verbs_of_some_or_of_one_and_only_then_is_it_well),
        TEST(a_word_that_begins_verbs_is_answered_with_them_but_is_no_verb),
        TEST(options_may_stand_anywhere_and_carry_their_value_either_way),
        TEST(an_option_of_another_verb_is_a_usage_error),
        TEST(an_unknown_verb_is_a_usage_error),
        TEST(a_missing_argument_is_a_usage_error),
        TEST(an_option_without_its_value_is_a_usage_error),
        TEST(help_of_a_verb_is_well),
        TEST(the_language_may_be_chosen_and_no_other),
        TEST(the_home_comes_from_the_environment),
        TEST(a_home_that_is_not_there_is_no_input),
        TEST(every_verb_can_be_reached_by_its_own_words),
        TEST(an_instant_is_read_in_local_time),
        TEST(a_deadline_is_told_as_the_end_of_its_day),
        TEST(an_instant_that_is_none_is_refused),
        TEST(a_number_has_digits_only),
        TEST(a_pause_doubles_up_to_its_bound_and_is_forgiven),
        TEST(a_rate_is_cut_off_never_rounded_up),
        TEST(a_lamp_is_never_told_by_colour_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
