/* JSON of messages: strict both ways, driven by the same table as the wire. */
#include "proto/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static arena_t *arena;

static int begin(void **state) {
    (void)state;
    arena = arena_new();
    return 0;
}

static int end(void **state) {
    (void)state;
    arena_destroy(&arena);
    return 0;
}

static err_t read_report(const char *text, report_t *report, fault_t *fault) {
    int line;
    char what[128];
    json_t *json = json_read(text_of(text), &line, what, sizeof what);
    assert_non_null(json);
    err_t err = message_from_json(report_type(), json, arena, report, fault);
    json_decref(json);
    return err;
}

static void assert_fault(const char *text, const char *code, const char *path) {
    report_t report;
    fault_t fault;
    assert_int_equal(read_report(text, &report, &fault), ERR_BAD);
    assert_string_equal(fault.code, code);
    assert_string_equal(fault.path, path);
}

#define ID "\"submission_id\":\"0190f0a1b2c37d4e8f00112233445566\",\"task\":\"donation\",\"period\":\"2021-11\""

static void a_report_goes_to_json_and_back_unchanged(void **state) {
    (void)state;
    static const char text[] =
        "{" ID ",\"figures\":[{\"indicator\":\"transferred\",\"items\":[{\"key_kind\":\"receipt\","
        "\"key\":\"BK-1\",\"fact_day\":\"2021-10-29\",\"amount\":300000000}]},"
        "{\"indicator\":\"raised\",\"nil\":true}],\"progress\":\"已拨付\",\"prepared_by\":{\"text\":\"张三\"}}";
    report_t report;
    fault_t fault;
    assert_int_equal(read_report(text, &report, &fault), OK);
    assert_int_equal(report.figures[0].items[0].fact_day, 20211029);
    assert_int_equal(report.figures[0].items[0].amount.value, 300000000);
    assert_true(report.figures[1].nil);
    json_t *json = message_to_json(report_type(), &report);
    char *again = json_dumps(json, JSON_COMPACT);
    assert_string_equal(again, text);
    free(again);
    json_decref(json);
}

static void what_json_gives_has_the_same_bytes_on_the_wire(void **state) {
    (void)state;
    verdict_t verdict = {
        .accepted = false, .unit = text_of("csh"), .task = text_of("donation"), .period = text_of("2021-11"), .seq = 7};
    memset(verdict.submission_id, 0xab, sizeof verdict.submission_id);
    reason_t reason = {.code = text_of("negative"), .path = text_of("figures[0].amount"), .soft = false};
    verdict.reasons = &reason;
    verdict.reasons_count = 1;
    verdict_t back;
    fault_t fault;
    json_t *json = message_to_json(verdict_type(), &verdict);
    assert_int_equal(message_from_json(verdict_type(), json, arena, &back, &fault), OK);
    json_decref(json);
    buffer_t one = {0}, other = {0};
    wire_encode(verdict_type(), &verdict, &one);
    wire_encode(verdict_type(), &back, &other);
    assert_int_equal(one.size, other.size);
    assert_memory_equal(one.at, other.at, one.size);
    buffer_destroy(&one);
    buffer_destroy(&other);
}

static void a_zero_that_is_given_is_kept_apart_from_nothing(void **state) {
    (void)state;
    report_t report;
    fault_t fault;
    assert_int_equal(
        read_report("{" ID ",\"figures\":[{\"indicator\":\"raised\",\"amount\":0},{\"indicator\":\"b\"}]}", &report, &fault),
        OK);
    assert_true(report.figures[0].amount.given);
    assert_false(report.figures[1].amount.given);
}

static void an_unknown_key_is_refused_with_its_path(void **state) {
    (void)state;
    assert_fault("{" ID ",\"figures\":[{\"indicator\":\"raised\",\"amont\":1}]}", "unknown_field", "figures[0].amont");
}

static void a_double_is_never_an_amount(void **state) {
    (void)state;
    assert_fault("{" ID ",\"figures\":[{\"indicator\":\"raised\",\"amount\":1.0}]}", "wrong_type", "figures[0].amount");
}

static void a_negative_amount_has_its_own_code(void **state) {
    (void)state;
    assert_fault("{" ID ",\"figures\":[{\"indicator\":\"raised\",\"amount\":-1}]}", "negative", "figures[0].amount");
}

static void a_day_that_does_not_exist_is_refused(void **state) {
    (void)state;
    assert_fault("{" ID
                 ",\"figures\":[{\"indicator\":\"a\",\"items\":[{\"key_kind\":\"receipt\",\"fact_day\":\"2021-02-30\"}]}]}",
                 "bad_day", "figures[0].items[0].fact_day");
}

static void an_unknown_word_is_refused(void **state) {
    (void)state;
    assert_fault("{" ID ",\"figures\":[{\"indicator\":\"a\",\"items\":[{\"key_kind\":\"ticket\"}]}]}", "unknown_word",
                 "figures[0].items[0].key_kind");
}

static void a_missing_required_field_is_named(void **state) {
    (void)state;
    assert_fault("{\"task\":\"donation\",\"period\":\"2021-11\"}", "missing_field", "submission_id");
}

static void a_hash_of_the_wrong_length_is_refused(void **state) {
    (void)state;
    assert_fault("{\"submission_id\":\"abcd\",\"task\":\"a\",\"period\":\"b\"}", "too_long", "submission_id");
}

static void a_key_that_stands_twice_is_refused_with_its_line(void **state) {
    (void)state;
    int line = 0;
    char what[128];
    assert_null(json_read(text_of("{\"task\":\"a\",\n\"task\":\"b\"}"), &line, what, sizeof what));
    assert_int_equal(line, 2);
}

static void every_message_has_an_empty_json_when_it_is_zero(void **state) {
    (void)state;
    size_t count;
    const message_t *const *all = message_all(&count);
    for (size_t index = 0; index < count; index++) {
        json_t *json = message_to_json(all[index], arena_take(arena, all[index]->size));
        assert_int_equal(json_object_size(json), 0);
        json_decref(json);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_report_goes_to_json_and_back_unchanged, begin, end),
        cmocka_unit_test_setup_teardown(what_json_gives_has_the_same_bytes_on_the_wire, begin, end),
        cmocka_unit_test_setup_teardown(a_zero_that_is_given_is_kept_apart_from_nothing, begin, end),
        cmocka_unit_test_setup_teardown(an_unknown_key_is_refused_with_its_path, begin, end),
        cmocka_unit_test_setup_teardown(a_double_is_never_an_amount, begin, end),
        cmocka_unit_test_setup_teardown(a_negative_amount_has_its_own_code, begin, end),
        cmocka_unit_test_setup_teardown(a_day_that_does_not_exist_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(an_unknown_word_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_missing_required_field_is_named, begin, end),
        cmocka_unit_test_setup_teardown(a_hash_of_the_wrong_length_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_key_that_stands_twice_is_refused_with_its_line, begin, end),
        cmocka_unit_test_setup_teardown(every_message_has_an_empty_json_when_it_is_zero, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
