/* One number of a receipt, however it was typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/plan/key_fold.h"

static arena_t *arena;

static bool same(const char *one, const char *other) {
    return text_equal(key_folded(text_of(one), arena), key_folded(text_of(other), arena));
}

static void a_document_number_is_one_in_any_brackets(void **state) {
    (void)state;
    assert_true(text_is(key_folded(text_of("仓慈〔2021〕9号"), arena), "仓慈(2021)9号"));
    assert_true(same("仓慈〔2021〕9号", "仓慈[2021]9号"));
    assert_true(same("仓慈〔2021〕9号", "仓慈（2021）9号"));
    assert_true(same("仓慈〔2021〕9号", "仓慈(2021)9号"));
    assert_true(same("仓慈〔2021〕9号", "仓慈【2021】9号"));
    assert_true(same("仓慈〔2021〕9号", "仓慈［２０２１］９号"));
    assert_true(same("仓慈〔2021〕9号", "仓慈{2021}9号"));
}

static void a_voucher_is_one_in_capitals_full_width_and_with_blanks(void **state) {
    (void)state;
    assert_true(text_is(key_folded(text_of("pz-2021-10-0031"), arena), "PZ-2021-10-0031"));
    assert_true(same("PZ-2021-10-0031", "ｐｚ－２０２１－１０－００３１"));
    assert_true(same("PZ-2021-10-0031", " PZ-2021-10 -0031 "));
    assert_true(same("PZ-2021-10-0031", "PZ－2021–10—0031"));
    assert_true(same("PZ-2021-10-0031", "PZ-2021-10-\xc2\xa0" "0031"));
    assert_true(same("PZ-2021-10-0031", "\xef\xbb\xbfPZ-2021-10-0031\xe2\x80\x8b"));
    assert_true(same("闽财票 3501 2021 0099", "闽财票　350120210099"));
    assert_true(same("No.00123456", "ＮＯ．00123456"));
}

static void what_differs_in_a_character_is_another_number(void **state) {
    (void)state;
    assert_false(same("仓慈〔2021〕9号", "仓慈〔2021〕10号"));
    assert_false(same("仓慈〔2021〕9号", "仓慈〔2021〕9"));
    assert_false(same("仓慈〔2021〕9号", "仓慈2021 9号"));
    assert_false(same("PZ-2021-10-0031", "PZ-2021-100031"));
    assert_false(same("PZ-0O1", "PZ-001")); /* nobody can know which was meant */
    assert_false(same("Ⅸ-9", "IX-9"));
}

static void a_key_of_blanks_is_none(void **state) {
    (void)state;
    assert_int_equal(key_folded(text_of(" \t　\xe2\x80\x8b"), arena).size, 0);
    assert_int_equal(key_folded(text_of(""), arena).size, 0);
    assert_int_equal(key_folded(text_of(NULL), arena).size, 0);
}

static void what_is_folded_stays_as_it_is_and_nothing_grows(void **state) {
    (void)state;
    text_t typed = text_of("仓慈(2021)9号");
    assert_ptr_equal(key_folded(typed, arena).at, typed.at);
    uint64_t luck = 7;
    for (uint32_t round = 0; round < 20000; round++) {
        static const char *const pieces[] = {"仓", "慈", "〔", "】", "［", "ａ", "z", " ", "　", "９", "—", "\xf0\xa0\x80\x80", "é", "9"};
        char text[64] = "";
        for (uint32_t piece = 0; piece < 12; piece++) {
            luck = luck * 6364136223846793005u + 1442695040888963407u;
            strcat(text, pieces[(luck >> 33) % (sizeof pieces / sizeof pieces[0])]);
        }
        text_t once = key_folded(text_of(text), arena);
        assert_true(once.size <= strlen(text));
        assert_true(text_equal(key_folded(once, arena), once));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_document_number_is_one_in_any_brackets),
                                       cmocka_unit_test(a_voucher_is_one_in_capitals_full_width_and_with_blanks),
                                       cmocka_unit_test(what_differs_in_a_character_is_another_number),
                                       cmocka_unit_test(a_key_of_blanks_is_none),
                                       cmocka_unit_test(what_is_folded_stays_as_it_is_and_nothing_grows)};
    arena = arena_new();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_destroy(&arena);
    return failed;
}
