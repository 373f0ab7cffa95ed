/* ID-card and mobile numbers in free text: what is found, and what is nobody's number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/vault/privacy.h"

#define ID_STANDARD "11010519491231002X" /* the example of GB 11643 itself */

static void assert_found(const char *text, const char *code) {
    const char *found = privacy_finding(text_of(text));
    if (found == NULL || strcmp(found, code) != 0)
        fail_msg("%s: %s, expected %s", text, found == NULL ? "nothing" : found, code);
}

static void assert_nothing(const char *text) {
    const char *found = privacy_finding(text_of(text));
    if (found != NULL) fail_msg("%s: %s, expected nothing", text, found);
}

/* Adds the check digit by the polynomial form of GB 11643: Σ a_i · 2^(i-1) ≡ 1 (mod 11), counted from the right. */
static void id_complete(char id[19]) {
    uint32_t rest = 0;
    for (int index = 0; index < 17; index++) rest = (rest * 2 + (uint32_t)(id[index] - '0') * 2) % 11;
    uint32_t check = (12 - rest) % 11;
    id[17] = check == 10 ? 'X' : (char)('0' + check);
    id[18] = '\0';
}

static void every_valid_id_number_is_found_and_with_another_check_digit_it_is_not(void **state) {
    (void)state;
    for (uint32_t serial = 0; serial < 1000; serial++) {
        char id[32], text[96];
        snprintf(id, sizeof id, "350104%04u%02u%02u%03u", 1930 + serial % 90, 1 + serial % 12, 1 + serial % 28, serial);
        id_complete(id);
        snprintf(text, sizeof text, "务工人员林某%s已到岗", id);
        assert_found(text, "id_number");
        char right = id[17];
        for (const char *wrong = "0123456789X"; *wrong != '\0'; wrong++) {
            if (*wrong == right) continue;
            id[17] = *wrong;
            snprintf(text, sizeof text, "编号%s。", id);
            assert_nothing(text);
        }
    }
}

static void the_examples_of_the_standard_are_found(void **state) {
    (void)state;
    assert_found(ID_STANDARD, "id_number");
    assert_found("440524188001010014", "id_number");
}

static void an_id_number_is_found_however_it_is_written(void **state) {
    (void)state;
    assert_found("身份证11010519491231002x。", "id_number");
    assert_found("１１０１０５１９４９１２３１００２Ｘ", "id_number");
    assert_found("110105 19491231 002X", "id_number");
    assert_found("110105-19491231-002 X", "id_number");
    assert_found("(11010519491231002X)", "id_number");
    assert_found("ID:11010519491231002X,女", "id_number");
    assert_found("身份证号ID11010519491231002X", "id_number");
    assert_found("1101\xe2\x80\x8b"
                 "0519491231002X",
                 "id_number"); /* a zero-width space hides nothing */
}

static void a_day_that_does_not_exist_is_no_birthday(void **state) {
    (void)state;
    char id[32] = "35010419990230001";
    id_complete(id);
    assert_nothing(id);
}

static void the_old_form_needs_a_province_and_a_birthday(void **state) {
    (void)state;
    assert_found("旧证350104560307123号", "id_number");
    assert_nothing("旧证350104561307123号");  /* month 13 */
    assert_nothing("旧证990104560307123号");  /* no such province */
    assert_nothing("旧证A350104560307123号"); /* part of another number */
    assert_nothing("流水3501045603071230号");
}

static void a_mobile_number_is_found_however_it_is_written(void **state) {
    (void)state;
    static const char *const numbers[] = {"13800138000",
                                          "联系13800138000。",
                                          "138 0013 8000",
                                          "138-0013-8000",
                                          "1380013 8000",
                                          "138－0013－8000",
                                          "１３８００１３８０００",
                                          "１３８ 00１3 8000",
                                          "+8613800138000",
                                          "+86 138 0013 8000",
                                          "+86-138-0013-8000",
                                          "8613800138000",
                                          "008613800138000",
                                          "0086 13800138000",
                                          "(13800138000)",
                                          "（13800138000）",
                                          "电话（138 0013 8000）",
                                          "(+86)13800138000",
                                          "电话:13800138000",
                                          "tel13800138000",
                                          "19912345678",
                                          "16612345678",
                                          ("138\xc2\xa0"
                                          "0013\xe3\x80\x80"
                                          "8000"),
                                          "138 - 0013 - 8000",
                                          "2021-08-25 13800138000",
                                          "共3名 13800138000",
                                          "13800138000/13900139000",
                                          ("138\xe2\x80\x91"
                                          "0013\xe2\x80\x91"
                                          "8000"),
                                          ("\xe2\x80\xad"
                                          "13800138000\xe2\x80\xac")};
    for (size_t index = 0; index < sizeof numbers / sizeof numbers[0]; index++) assert_found(numbers[index], "mobile_number");
}

static void numbers_of_things_are_nobodys_numbers(void **state) {
    (void)state;
    static const char *const numbers[] = {
        "",
        "BK20211029001",
        "银行回单6222021001116245", /* 16 digits of a slip */
        "6222 0210 0111 6245 702",
        "回单1380013800012345", /* a mobile number's digits inside a longer run */
        "发票013001900111号码12345678",
        "913501006628507389", /* credit codes (GB 32100) */
        "91350104MA2Y1XYZ3T",
        "13350104138001380A",
        "销售12345678.90元",
        "3000万元，完成85.5%",
        "2021-08-25",
        "2021年10月29日14:00",
        "20211029 20211030 20211031",
        "0591-83456789",
        "12345678901", /* eleven digits, but no mobile begins with 12 */
        "1380013800",
        "第1-3季度 15 2021 12345",
        "走访 13 户 800 人 138 次 000",
        "1380013\n8000",
    };
    for (size_t index = 0; index < sizeof numbers / sizeof numbers[0]; index++) assert_nothing(numbers[index]);
}

static void a_number_is_found_wherever_it_stands_in_a_text_of_any_size(void **state) {
    (void)state;
    enum { MOST = 70, NUMBER = 11 };
    for (uint32_t size = NUMBER; size <= MOST; size++)
        for (uint32_t at = 0; at + NUMBER <= size; at++) {
            char text[MOST];
            memset(text, '.', sizeof text);
            memcpy(text + at, "13800138000", NUMBER);
            assert_non_null(privacy_finding((text_t){text, size}));
            text[at + NUMBER - 1] = '.';
            assert_null(privacy_finding((text_t){text, size}));
        }
}

static void broken_utf8_is_read_to_its_end_and_no_further(void **state) {
    (void)state;
    for (uint32_t first = 0x80; first < 0x100; first++) {
        char *text = test_malloc(13);
        memcpy(text, "13800138000", 11);
        text[11] = (char)first;
        assert_string_equal(privacy_finding((text_t){text, 12}), "mobile_number");
        text[0] = (char)first;
        privacy_finding((text_t){text, 12});
        test_free(text);
    }
    assert_null(privacy_finding((text_t){NULL, 0}));
}

static void every_free_text_of_a_report_is_looked_at(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    item_t items[] = {{.key = text_of("BK20211029001")}, {.key = text_of("13800138000")}, {.key = text_of(ID_STANDARD)}};
    figure_t figures[] = {{.indicator = text_of("a")}, {.indicator = text_of("b"), .items = items, .items_count = 3}};
    evidence_t evidence[] = {{.name = text_of("回单.pdf")}, {.name = text_of("13900139000.jpg")}};
    explanation_t explanations[] = {{.code = text_of("no_evidence"), .text = text_of("问 137-0013-7000")}};
    report_t report = {.figures = figures,
                       .figures_count = 2,
                       .evidence = evidence,
                       .evidence_count = 2,
                       .explanations = explanations,
                       .explanations_count = 1,
                       .progress = text_of("电话13800138000"),
                       .problems = text_of("无"),
                       .next_step = text_of("联系" ID_STANDARD)};
    reason_t reasons[8];
    static const char *const expected[][2] = {{"id_number", "figures[1].items[2].key"},
                                              {"mobile_number", "progress"},
                                              {"id_number", "next_step"},
                                              {"mobile_number", "evidence[1].name"},
                                              {"mobile_number", "explanations[0].text"}};
    assert_int_equal(privacy_refusals(&report, reasons, 8, arena), 5);
    for (size_t index = 0; index < 5; index++) {
        assert_true(text_is(reasons[index].code, expected[index][0]));
        assert_true(text_is(reasons[index].path, expected[index][1]));
    }
    assert_int_equal(privacy_refusals(&report, reasons, 2, arena), 2);
    arena_destroy(&arena);
}

static void a_person_is_swapped_wholly_or_not_at_all(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    item_t items[2] = {{.key_kind = key_kind_receipt}, {.key_kind = key_kind_person}};
    figure_t figure = {.items = items, .items_count = 2};
    report_t report = {.figures = &figure, .figures_count = 1};
    assert_int_equal(privacy_unswapped(&report, arena).size, 0);
    items[1].person.text = text_of("林某某");
    assert_true(text_is(privacy_unswapped(&report, arena), "figures[0].items[1].person"));
    assert_int_equal(privacy_swapped(&report, arena).size, 0);
    items[1].person.text = text_of(NULL);
    memset(items[1].person.hash, 1, 32);
    assert_true(text_is(privacy_unswapped(&report, arena), "figures[0].items[1].person")); /* a reference that proves nothing */
    assert_true(text_is(privacy_swapped(&report, arena), "figures[0].items[1].person"));
    memset(items[1].person.commitment, 2, 32);
    items[1].person.key_id = 1;
    assert_int_equal(privacy_unswapped(&report, arena).size, 0);
    report.signed_by.text = text_of("王某");
    assert_true(text_is(privacy_unswapped(&report, arena), "signed_by"));
    arena_destroy(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_valid_id_number_is_found_and_with_another_check_digit_it_is_not),
        cmocka_unit_test(the_examples_of_the_standard_are_found),
        cmocka_unit_test(an_id_number_is_found_however_it_is_written),
        cmocka_unit_test(a_day_that_does_not_exist_is_no_birthday),
        cmocka_unit_test(the_old_form_needs_a_province_and_a_birthday),
        cmocka_unit_test(a_mobile_number_is_found_however_it_is_written),
        cmocka_unit_test(numbers_of_things_are_nobodys_numbers),
        cmocka_unit_test(a_number_is_found_wherever_it_stands_in_a_text_of_any_size),
        cmocka_unit_test(broken_utf8_is_read_to_its_end_and_no_further),
        cmocka_unit_test(every_free_text_of_a_report_is_looked_at),
        cmocka_unit_test(a_person_is_swapped_wholly_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
