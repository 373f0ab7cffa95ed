/* The head of a request: what two readers could read in two ways is refused before anybody routes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/console/http_rules.h"

static unsigned check_sized(const char *bytes, size_t size) {
    http_head_t head;
    return http_head_check((bytes_t){(const uint8_t *)bytes, (uint32_t)size}, &head);
}

static unsigned check(const char *text) { return check_sized(text, strlen(text)); }

static unsigned check_fields(const char *fields) {
    char text[512];
    snprintf(text, sizeof text, "POST /api/v1/login HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);
    return check(text);
}

static void a_plain_get_and_a_plain_post_are_good(void **state) {
    (void)state;
    http_head_t head;
    const char *get = "GET /api/v1/plan?x=1 HTTP/1.1\r\nHost: a:1\r\nAccept: */*\r\nX-Name: \xe4\xb8\xad\r\n\r\nrest";
    assert_int_equal(http_head_check((bytes_t){(const uint8_t *)get, (uint32_t)strlen(get)}, &head), 200);
    assert_true(head.get);
    assert_int_equal(head.size, strlen(get) - 4);
    const char *post = "POST / HTTP/1.0\r\nContent-Length: 17\r\n\r\n";
    assert_int_equal(http_head_check((bytes_t){(const uint8_t *)post, (uint32_t)strlen(post)}, &head), 200);
    assert_false(head.get);
    assert_int_equal(head.content_length, 17);
}

static void a_head_that_is_not_whole_is_waited_for_up_to_its_bound(void **state) {
    (void)state;
    const char *get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for (size_t size = 0; size < strlen(get); size++) assert_int_equal(check_sized(get, size), 0);
    char *long_head = malloc(LIMIT_HTTP_HEAD + 1);
    memset(long_head, 'a', LIMIT_HTTP_HEAD + 1);
    assert_int_equal(check_sized(long_head, LIMIT_HTTP_HEAD - 1), 0);
    assert_int_equal(check_sized(long_head, LIMIT_HTTP_HEAD), 431);
    free(long_head);
}

static void two_content_lengths_are_refused_even_if_they_agree(void **state) {
    (void)state;
    assert_int_equal(check_fields("Content-Length: 5\r\n"), 200);
    assert_int_equal(check_fields("Content-Length: 5\r\nContent-Length: 6\r\n"), 400);
    assert_int_equal(check_fields("Content-Length: 5\r\ncontent-length: 5\r\n"), 400);
    assert_int_equal(check_fields("Content-Length: 5, 5\r\n"), 400);
}

static void a_content_length_is_digits_and_nothing_else(void **state) {
    (void)state;
    const char *wrong[] = {"+5", "-5", "0x5", "5 5", "5;", "", "5\t5", "\xef\xbc\x95"};
    for (size_t index = 0; index < sizeof wrong / sizeof wrong[0]; index++) {
        char field[64];
        snprintf(field, sizeof field, "Content-Length: %s\r\n", wrong[index]);
        assert_int_equal(check_fields(field), 400);
    }
    assert_int_equal(check_fields("Content-Length: 99999999999999999999\r\n"), 413);
    assert_int_equal(check_fields("Content-Length: 999999999\r\n"), 413);
}

static void only_a_file_may_be_larger_and_only_up_to_its_own_limit(void **state) {
    (void)state;
    http_head_t head;
    static const struct {
        const char *target;
        unsigned status;
    } targets[] = {{"/api/v1/evidence?sha256=00", 200}, {"/api/v1/evidence", 200},         {"/api/v1/evidence/offer", 413},
                   {"/api/v1/reports", 413},            {"/api/v1/evidenceX", 413},         {"/API/V1/EVIDENCE", 413},
                   {"//api/v1/evidence", 413},          {"/x?/api/v1/evidence?a", 413},     {"/api/v1/evidence%3f", 413}};
    for (size_t index = 0; index < sizeof targets / sizeof targets[0]; index++) {
        char text[256];
        int size = snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", targets[index].target,
                            LIMIT_HTTP_BODY + 1);
        assert_int_equal(http_head_check((bytes_t){(const uint8_t *)text, (uint32_t)size}, &head), targets[index].status);
        assert_int_equal(head.upload, targets[index].status == 200);
    }
    char text[256];
    static const char format[] = "POST /api/v1/evidence HTTP/1.1\r\nHost: a\r\nContent-Length: %llu\r\n\r\n";
    snprintf(text, sizeof text, format, (unsigned long long)LIMIT_EVIDENCE_FILE + 1);
    assert_int_equal(check(text), 413);
    assert_int_equal(check("GET /api/v1/evidence HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n"), 413);
    assert_int_equal(check("POST /api/v1/evidence HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), 501);
}

static void any_transfer_encoding_is_refused_with_and_without_a_length(void **state) {
    (void)state;
    assert_int_equal(check_fields("Transfer-Encoding: chunked\r\n"), 501);
    assert_int_equal(check_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 501);
    assert_int_equal(check_fields("transfer-encoding: identity\r\nContent-Length: 5\r\n"), 501);
    assert_int_equal(check_fields("Content-Length: 5\r\nTransfer-Encoding : chunked\r\n"), 400);
}

static void folded_fields_and_a_blank_before_the_colon_are_refused(void **state) {
    (void)state;
    assert_int_equal(check_fields("X-A: 1\r\n 2\r\nContent-Length: 5\r\n"), 400);
    assert_int_equal(check_fields("X-A: 1\r\n\tb: 2\r\nContent-Length: 5\r\n"), 400);
    assert_int_equal(check_fields("Content-Length : 5\r\n"), 400);
    assert_int_equal(check_fields("Content-Length\t: 5\r\n"), 400);
    assert_int_equal(check_fields(": 5\r\n"), 400);
    assert_int_equal(check_fields("no colon\r\n"), 400);
}

static void one_host_and_only_one(void **state) {
    (void)state;
    assert_int_equal(check("GET / HTTP/1.1\r\nAccept: a\r\n\r\n"), 400);
    assert_int_equal(check("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
    assert_int_equal(check("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400);
    assert_int_equal(check("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400);
    assert_int_equal(check("GET / HTTP/1.0\r\n\r\n"), 200);
}

static void nul_and_other_control_characters_are_refused_wherever_they_stand(void **state) {
    (void)state;
    const char nul[] = "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n\r\n";
    assert_int_equal(check_sized(nul, sizeof nul - 1), 400);
    const char early[] = "GET / HTTP/1.1\r\nHost: a\0";
    assert_int_equal(check_sized(early, sizeof early - 1), 400);
    assert_int_equal(check_fields("X-A: b\x01\r\nContent-Length: 5\r\n"), 400);
    assert_int_equal(check_fields("X-A: b\x7f\r\nContent-Length: 5\r\n"), 400);
    assert_int_equal(check("GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    assert_int_equal(check("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    assert_int_equal(check("GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

static void a_cr_or_lf_that_stands_alone_is_refused(void **state) {
    (void)state;
    assert_int_equal(check("GET / HTTP/1.1\nHost: a\r\n\r\n"), 400);
    assert_int_equal(check("GET / HTTP/1.1\r\nHost: a\nX-B: c\r\n\r\n"), 400);
    assert_int_equal(check("GET / HTTP/1.1\r\nHost: a\rX-B: c\r\n\r\n"), 400);
    assert_int_equal(check("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

static void the_request_line_is_three_words_and_a_path(void **state) {
    (void)state;
    assert_int_equal(check("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    assert_int_equal(check("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400);
    assert_int_equal(check("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    assert_int_equal(check("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    assert_int_equal(check("GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    assert_int_equal(check("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
    assert_int_equal(check("GET / http/1.1\r\nHost: a\r\n\r\n"), 400);
    assert_int_equal(check("PUT / HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
    assert_int_equal(check("get / HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
    assert_int_equal(check("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
}

static void a_post_states_its_length_and_a_get_has_no_body(void **state) {
    (void)state;
    assert_int_equal(check_fields(""), 411);
    assert_int_equal(check("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"), 400);
    assert_int_equal(check("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), 200);
}

static void fields_that_say_who_asks_stand_once(void **state) {
    (void)state;
    assert_int_equal(check_fields("Content-Length: 5\r\nCookie: a=1\r\nCookie: a=2\r\n"), 400);
    assert_int_equal(check_fields("Content-Length: 5\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n"), 400);
    assert_int_equal(check_fields("Content-Length: 5\r\nX-CSRF-Token: a\r\nx-csrf-token: b\r\n"), 400);
    assert_int_equal(check_fields("Content-Length: 5\r\nAccept: a\r\nAccept: b\r\n"), 200);
}

static void too_many_fields_and_too_long_a_target_are_refused(void **state) {
    (void)state;
    char *text = calloc(1, LIMIT_HTTP_HEAD);
    strncpy(text, "GET / HTTP/1.1\r\nHost: a\r\n", 64);
    size_t used = strlen(text);
    for (int field = 1; field < LIMIT_HTTP_FIELDS; field++) used += (size_t)snprintf(text + used, 16, "A%d: b\r\n", field);
    strncpy(text + used, "\r\n", 8);
    assert_int_equal(check(text), 200);
    strncpy(text + used, "B: c\r\n\r\n", 16);
    assert_int_equal(check(text), 431);
    memset(text, 'a', LIMIT_HTTP_TARGET + 64);
    memcpy(text, "GET /", 5);
    strncpy(text + LIMIT_HTTP_TARGET + 6, " HTTP/1.1\r\nHost: a\r\n\r\n", 64);
    assert_int_equal(check(text), 414);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_get_and_a_plain_post_are_good),
        cmocka_unit_test(a_head_that_is_not_whole_is_waited_for_up_to_its_bound),
        cmocka_unit_test(two_content_lengths_are_refused_even_if_they_agree),
        cmocka_unit_test(a_content_length_is_digits_and_nothing_else),
        cmocka_unit_test(only_a_file_may_be_larger_and_only_up_to_its_own_limit),
        cmocka_unit_test(any_transfer_encoding_is_refused_with_and_without_a_length),
        cmocka_unit_test(folded_fields_and_a_blank_before_the_colon_are_refused),
        cmocka_unit_test(one_host_and_only_one),
        cmocka_unit_test(nul_and_other_control_characters_are_refused_wherever_they_stand),
        cmocka_unit_test(a_cr_or_lf_that_stands_alone_is_refused),
        cmocka_unit_test(the_request_line_is_three_words_and_a_path),
        cmocka_unit_test(a_post_states_its_length_and_a_get_has_no_body),
        cmocka_unit_test(fields_that_say_who_asks_stand_once),
        cmocka_unit_test(too_many_fields_and_too_long_a_target_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
