/* The console with stand-ins for the services behind it, all in one thread: who is let in, what reaches intake, what is said
 * when nobody answers, and that nothing is left suspended at the end. */
#include "tests/unit/console_world.h"

#define REPORT                                                                                                                 \
    "{\"task\":\"consumption\",\"period\":\"2021-08\",\"figures\":[{\"indicator\":\"sales\",\"amount\":\"12.5万元\"}]%s}"

static const char *send_report(world_t *w, const char *more) {
    char body[1024];
    snprintf(body, sizeof body, REPORT, more);
    return ask(w, "POST", "/api/v1/reports", session_fields(w), body);
}

/* --- the tests --- */

static void nobody_without_a_session_reads_or_sends_anything(void **state) {
    world_t *w = *state;
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/plan", "", "")), 401);
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/plan", "Cookie: minning_session=zz\r\n", "")), 401);
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/plan", "Authorization: Bearer " STRANGER "\r\n", "")), 401);
    assert_int_equal(status_of(ask(w, "POST", "/api/v1/reports", "", "{}")), 401);
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/plan", SESSION, "")), 200);
    assert_int_equal(w->appends, 0);
}

static void a_report_reaches_intake_with_login_session_and_unit_and_without_a_name(void **state) {
    world_t *w = *state;
    const char *answer = send_report(w, ",\"prepared_by\":\"林某某\"");
    assert_int_equal(status_of(answer), 200);
    assert_non_null(strstr(answer, "\"receipt\""));
    assert_int_equal(w->appends, 1);
    assert_int_equal(w->keeps, 1);
    assert_true(text_is(w->last.unit, "350104101"));
    assert_true(text_is(w->last.login, "chengmen"));
    uint8_t session[HASH_SIZE];
    hash_of((bytes_t){(const uint8_t *)COOKIE, 64}, session);
    assert_memory_equal(w->last.session, session, sizeof session);
    assert_int_equal(w->last.report.figures[0].amount.value, 12500000);
    assert_null(memmem(w->seen.at, w->seen.size, "林某某", strlen("林某某")));
    assert_null(memmem(w->seen.at, w->seen.size, COOKIE, 64));
}

static void a_name_that_the_vault_lately_took_is_not_asked_for_again(void **state) {
    world_t *w = *state;
    send_report(w, ",\"prepared_by\":\"林某某\"");
    send_report(w, ",\"prepared_by\":\"林某某\"");
    assert_int_equal(w->appends, 2);
    assert_int_equal(w->keeps, 1);
}

static void a_post_without_the_other_half_of_the_cookie_is_refused(void **state) {
    world_t *w = *state;
    assert_int_equal(status_of(ask(w, "POST", "/api/v1/reports", SESSION, "{}")), 403);
    assert_int_equal(status_of(ask(w, "POST", "/api/v1/reports", SESSION "X-CSRF-Token: " COOKIE "\r\n", "{}")), 403);
    assert_int_equal(w->appends, 0);
}

static void a_mobile_number_is_refused_here_and_counted_at_intake_without_its_text(void **state) {
    world_t *w = *state;
    const char *answer = send_report(w, ",\"progress\":\"联系 13812345678\"");
    assert_int_equal(status_of(answer), 422);
    assert_non_null(strstr(answer, "\"mobile_number\""));
    for (int more = 0; more < 50 && w->notes == 0; more++) turn(w);
    assert_int_equal(w->notes, 1);
    assert_int_equal(w->appends, 0);
    assert_null(memmem(w->seen.at, w->seen.size, "13812345678", 11));
}

static void a_role_that_does_not_report_cannot(void **state) {
    world_t *w = *state;
    assert_int_equal(status_of(send_report(w, "")), 403);
    assert_int_equal(w->appends, 0);
}

static void a_session_that_a_code_began_does_nothing_before_a_password_is_set(void **state) {
    world_t *w = *state;
    w->by_code = true;
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/me", SESSION, "")), 200);
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/plan", SESSION, "")), 403);
    assert_int_equal(status_of(ask(w, "POST", "/api/v1/reports", SESSION, "{}")), 403);
}

static void a_cookie_is_kept_from_scripts_and_from_other_sites(void **state) {
    world_t *w = *state;
    const char *answer = ask(w, "POST", "/api/v1/login", "", "{\"login\":\"chengmen\",\"secret\":\"x\"}");
    assert_int_equal(status_of(answer), 200);
    const char *cookie = strstr(answer, "Set-Cookie: minning_session=");
    assert_non_null(cookie);
    assert_non_null(strstr(cookie, "HttpOnly"));
    assert_non_null(strstr(cookie, "SameSite=Strict"));
}

static void an_address_that_tries_too_often_is_told_to_wait_and_the_vault_is_left_alone(void **state) {
    world_t *w = *state;
    int status = 200;
    for (int attempt = 0; attempt < 2 * LIMIT_LOGIN_TRIES + 2 && status == 200; attempt++)
        status = status_of(ask(w, "POST", "/api/v1/login", "", "{\"login\":\"chengmen\",\"secret\":\"x\"}"));
    assert_int_equal(status, 429);
    assert_true(w->tries <= 2 * LIMIT_LOGIN_TRIES); /* a minute may end in between */
}

static void everything_that_is_not_there_is_404_and_the_wrong_method_405(void **state) {
    world_t *w = *state;
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/nothing", SESSION, "")), 404);
    assert_int_equal(status_of(ask(w, "GET", "/../keys/operator.key", "", "")), 404);
    assert_int_equal(status_of(ask(w, "GET", "/api/v1/reports", SESSION, "")), 405);
    assert_int_equal(status_of(ask(w, "POST", "/api/v1/plan", SESSION, "{}")), 405);
}

static void a_body_that_is_too_large_never_comes_in(void **state) {
    world_t *w = *state;
    char request[256];
    snprintf(request, sizeof request, "POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n",
             LIMIT_HTTP_BODY + 1);
    int fd = client_send_raw(w, request);
    assert_int_equal(status_of(client_read(w, fd, PATIENCE_MS)), 413);
    close(fd);
}

static void nothing_is_left_suspended_when_the_console_leaves(void **state) {
    world_t *w = *state;
    char request[512];
    snprintf(request, sizeof request, "GET /api/v1/obligations HTTP/1.1\r\nHost: a\r\n" SESSION "\r\n");
    int waiting = client_send_raw(w, request);
    snprintf(request, sizeof request, "GET /api/v1/events HTTP/1.1\r\nHost: a\r\n" SESSION "\r\n");
    int listening = client_send_raw(w, request);
    client_read(w, listening, 300);
    assert_true(console_waiting(w->console) > 0);
    console_close(&w->console);
    assert_int_equal(status_of(client_read(w, waiting, 500)), 503);
    close(waiting);
    close(listening);
}

static void a_batch_that_changed_on_its_way_is_no_news_and_the_stream_is_joined_anew(void **state) {
    world_t *w = *state;
    while (!w->waits) turn(w);
    assert_int_equal(w->joins, 1);
    tallies_tell(w, true);
    while (!w->waits) turn(w);
    assert_int_equal(w->joins, 2);
    int listening = client_send_raw(w, "GET /api/v1/events HTTP/1.1\r\nHost: a\r\n" SESSION "\r\n");
    assert_null(strstr(client_read(w, listening, 300), "\"cause_seq\":6"));
    tallies_tell(w, false);
    assert_non_null(strstr(client_read(w, listening, 600), "\"cause_seq\":6"));
    assert_int_equal(w->joins, 2);
    close(listening);
}

/* A ledger that was restored counts again from where its copy was made. */
static void what_is_new_after_a_restore_is_told_though_its_number_was_heard_before(void **state) {
    world_t *w = *state;
    batch_t gone = {.stream = STREAM_TALLIES, .state = batch_state_diverged};
    batch_t quiet = {.stream = STREAM_TALLIES, .state = batch_state_ok, .from = 1, .cause_head = 4}; /* no total changed */
    while (!w->waits) turn(w);
    tallies_tell(w, false);
    while (!w->waits) turn(w);
    w->waits = false;
    reply(w, AT_TALLIES, &w->listener, w->listening.request_id, batch_type(), &gone);
    while (!w->waits) turn(w);
    assert_int_equal(w->joins, 2);
    int listening = client_send_raw(w, "GET /api/v1/events HTTP/1.1\r\nHost: a\r\n" SESSION "\r\n");
    client_read(w, listening, 300);
    w->waits = false;
    reply(w, AT_TALLIES, &w->listener, w->listening.request_id, batch_type(), &quiet);
    assert_non_null(strstr(client_read(w, listening, 600), "\"cause_seq\":4"));
    close(listening);
}

static void a_report_whose_verdict_is_late_is_told_its_receipt(void **state) {
    world_t *w = *state;
    char body[512], request[1024];
    w->hold_verdicts = true;
    snprintf(body, sizeof body, REPORT, "");
    static const char format[] = "POST /api/v1/reports HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n%s";
    snprintf(request, sizeof request, format, session_fields(w), strlen(body), body);
    int fd = client_send_raw(w, request);
    const char *answer = client_read(w, fd, ANSWER_MS + PATIENCE_MS);
    assert_int_equal(status_of(answer), 202);
    assert_non_null(strstr(answer, "\"receipt\""));
    assert_null(strstr(answer, "\"verdict\""));
    close(fd);
}

/* --- tables of many reports --- */

static const char *check_sheet(world_t *w, const char *body) {
    return ask(w, "POST", "/api/v1/sheets/check", session_fields(w), body);
}

static uint32_t times(const char *text, const char *word) {
    uint32_t count = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) count++;
    return count;
}

#define HEADS "[\"任务\",\"报送期\",\"指标\",\"本月数（万元）\",\"进展\"]"

static void a_table_is_checked_report_by_report_and_nothing_reaches_intake(void **state) {
    world_t *w = *state;
    const char *answer = check_sheet(w, "{\"rows\":[" HEADS ",[\"消费帮扶\",\"2021-08\",\"宁夏特色产品销售额\",\"12.5\",\"\"],"
                                        "[\"社会帮扶\",\"2021-08\",\"募集资金\",\"3\",\"\"]]}");
    assert_int_equal(status_of(answer), 200);
    assert_int_equal(times(answer, "\"state\":\"checked\""), 2);
    assert_non_null(strstr(answer, "\"amount\":12500000"));
    assert_non_null(strstr(answer, "\"well\":true"));
    assert_null(strstr(answer, "submission_id"));
    assert_int_equal(w->appends + w->keeps, 0);
}

static void a_wrong_cell_is_told_by_row_and_column_and_holds_up_its_own_report_alone(void **state) {
    world_t *w = *state;
    const char *answer = check_sheet(w, "{\"rows\":[" HEADS ",[\"消费帮扶\",\"2021-08\",\"宁夏特色产品销售额\",\"约12\"],"
                                        "[\"社会帮扶\",\"2021-08\",\"募集资金\",\"3\"]]}");
    assert_non_null(strstr(answer, "\"bad_amount\""));
    assert_non_null(strstr(answer, "\"row\":2,\"column\":4,\"header\":\"本月数（万元）\""));
    assert_int_equal(times(answer, "\"state\":\"checked\""), 1);
    assert_non_null(strstr(answer, "\"well\":false"));
}

static void a_mobile_number_in_a_table_is_told_at_its_cell_and_counted_once(void **state) {
    world_t *w = *state;
    const char *answer =
        check_sheet(w, "{\"rows\":[" HEADS ",[\"消费帮扶\",\"2021-08\",\"宁夏特色产品销售额\",\"1\",\"找13812345678\"],"
                       "[\"社会帮扶\",\"2021-08\",\"募集资金\",\"3\",\"找13812345678\"]]}");
    assert_int_equal(times(answer, "\"code\":\"mobile_number\""), 2);
    assert_non_null(strstr(answer, "\"row\":3,\"column\":5"));
    for (int more = 0; more < 50 && w->notes == 0; more++) turn(w);
    assert_int_equal(w->notes, 1);
    assert_null(memmem(w->seen.at, w->seen.size, "13812345678", 11));
}

static void the_text_of_a_csv_file_comes_back_as_cells(void **state) {
    world_t *w = *state;
    const char *answer = check_sheet(w, "{\"csv\":\"任务,报送期,进展\\r\\n消费帮扶,2021-08,\\\"一\\n二\\\"\\r\\n\"}");
    assert_non_null(strstr(answer, "\"rows\":[[\"任务\",\"报送期\",\"进展\"],[\"消费帮扶\",\"2021-08\",\"一\\n二\"]]"));
    answer = check_sheet(w, "{\"csv\":\"任务,报送期\\n\\\"消费帮扶,2021-08\"}");
    assert_int_equal(status_of(answer), 200);
    assert_non_null(strstr(answer, "\"quote_open\""));
}

static void cells_that_are_no_texts_are_refused(void **state) {
    world_t *w = *state;
    static const char *const bodies[] = {"{}",          "{\"rows\":3}",       "{\"rows\":[3]}", "{\"rows\":[[\"a\",1]]}",
                                         "{\"csv\":1}", "{\"rows\":[[null]]}"};
    for (size_t index = 0; index < sizeof bodies / sizeof bodies[0]; index++)
        assert_int_equal(status_of(check_sheet(w, bodies[index])), 422);
    assert_non_null(strstr(check_sheet(w, "{\"rows\":[]}"), "\"no_rows\""));
}

static void a_table_that_nobody_answers_is_busy_and_nothing_is_left(void **state) {
    world_t *w = *state;
    w->hold_checks = true;
    const char *answer = check_sheet(w, "{\"rows\":[" HEADS ",[\"消费帮扶\",\"2021-08\",\"宁夏特色产品销售额\",\"1\"]]}");
    assert_int_equal(status_of(answer), 503);
    assert_int_equal(console_waiting(w->console), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_unmake)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(nobody_without_a_session_reads_or_sends_anything),
        TEST(a_report_reaches_intake_with_login_session_and_unit_and_without_a_name),
        TEST(a_name_that_the_vault_lately_took_is_not_asked_for_again),
        TEST(a_post_without_the_other_half_of_the_cookie_is_refused),
        TEST(a_mobile_number_is_refused_here_and_counted_at_intake_without_its_text),
        cmocka_unit_test_setup_teardown(a_role_that_does_not_report_cannot, world_make_auditor, world_unmake),
        TEST(a_session_that_a_code_began_does_nothing_before_a_password_is_set),
        TEST(a_cookie_is_kept_from_scripts_and_from_other_sites),
        TEST(an_address_that_tries_too_often_is_told_to_wait_and_the_vault_is_left_alone),
        TEST(everything_that_is_not_there_is_404_and_the_wrong_method_405),
        TEST(a_body_that_is_too_large_never_comes_in),
        TEST(nothing_is_left_suspended_when_the_console_leaves),
        TEST(a_batch_that_changed_on_its_way_is_no_news_and_the_stream_is_joined_anew),
        TEST(what_is_new_after_a_restore_is_told_though_its_number_was_heard_before),
        TEST(a_report_whose_verdict_is_late_is_told_its_receipt),
        TEST(a_table_is_checked_report_by_report_and_nothing_reaches_intake),
        TEST(a_wrong_cell_is_told_by_row_and_column_and_holds_up_its_own_report_alone),
        TEST(a_mobile_number_in_a_table_is_told_at_its_cell_and_counted_once),
        TEST(the_text_of_a_csv_file_comes_back_as_cells),
        TEST(cells_that_are_no_texts_are_refused),
        TEST(a_table_that_nobody_answers_is_busy_and_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
