/* Documents at the console's door: who sees a draft, what may be announced, and that objections are commands of their login. */
#include "tests/unit/console_world.h"

static void a_clerk_sees_no_draft_and_the_press_is_not_asked(void **state) {
    world_t *w = *state;
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/documents/bulletin/2021-08", SESSION, "")), 403);
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/documents/summary?edition=issue", SESSION, "")), 403);
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/ledger", SESSION, "")), 403);
}

static void a_document_that_cannot_be_is_told_so(void **state) {
    world_t *w = *state;
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/documents/bulletin/2021-13", SESSION, "")), 404);
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/documents/summary/2021-08", SESSION, "")), 404);
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/documents/poem", SESSION, "")), 404);
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/documents/summary?edition=last", SESSION, "")), 400);
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/documents/summary?form=pdf", SESSION, "")), 400);
}

static void what_nobody_has_looked_at_is_neither_announced_nor_published(void **state) {
    world_t *w = *state;
    static const char body[] = "{\"action\":\"%s\",\"kind\":\"bulletin\",\"period\":\"2021-08\",\"hash\":\"" COOKIE "\"}";
    static const char *const actions[] = {"announce", "publish"};
    for (int index = 0; index < 2; index++) {
        char typed[256];
        snprintf(typed, sizeof typed, body, actions[index]);
        const char *answer = ask(w, "POST", "/api/v1/documents", session_fields(w), typed);
        assert_int_equal(status_of(answer), 409);
        assert_non_null(strstr(answer, "edition_gone"));
    }
    char typed[256];
    snprintf(typed, sizeof typed, body, "burn");
    assert_int_equal(status_of(ask(w, "POST", "/api/v1/documents", session_fields(w), typed)), 422);
    assert_true(w->seen.size < 64); /* a sign of life, no command */
}

static void an_objection_goes_to_intake_as_a_command_of_the_login(void **state) {
    world_t *w = *state;
    ask(w, "POST", "/api/v1/objections", session_fields(w),
        "{\"kind\":\"bulletin\",\"period\":\"2021-08\",\"announced_seq\":8,\"why\":\"金额不符\"}");
    assert_non_null(memmem(w->seen.at, w->seen.size, "金额不符", strlen("金额不符")));
    assert_non_null(memmem(w->seen.at, w->seen.size, "chengmen", strlen("chengmen")));
    assert_int_equal(status_of(ask(w, "POST", "/api/v1/objections", session_fields(w), "{\"kind\":\"bulletin\"}")), 422);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_clerk_sees_no_draft_and_the_press_is_not_asked, world_make, world_unmake),
        cmocka_unit_test_setup_teardown(a_document_that_cannot_be_is_told_so, world_make_auditor, world_unmake),
        cmocka_unit_test_setup_teardown(what_nobody_has_looked_at_is_neither_announced_nor_published, world_make_coordinator,
                                        world_unmake),
        cmocka_unit_test_setup_teardown(an_objection_goes_to_intake_as_a_command_of_the_login, world_make, world_unmake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
