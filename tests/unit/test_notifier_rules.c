/* Who hears what, when, under which id; how fast; what is said; what answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/crypto.h"
#include "services/notifier/letter.h"
#include "services/notifier/mail.h"
#include "services/notifier/outbox_rules.h"
#include "services/plan/calendar.h"

static arena_t *arena;

static int setup(void **state) {
    (void)state;
    crypto_start();
    arena = arena_new();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_destroy(&arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static plan_t plan_2021(void) {
    static const uint32_t holidays[] = {20210919, 20210920, 20210921}, workdays[] = {20210918, 20210926};
    return (plan_t){.id = text_of("p"), .offset_minutes = 480, .holidays = holidays, .holidays_count = 3,
                    .workdays = workdays, .workdays_count = 2};
}

static int64_t at(const plan_t *plan, uint32_t day, uint32_t hour, uint32_t minute) {
    return instant_of_day(plan, day, hour * 60 + minute);
}

static notifier_told_t told(const char *unit, level_t level, uint64_t at_ms) {
    notifier_told_t out = {.seq = 9, .at_ms = at_ms, .state = notice_state_raised,
                           .warning = {.rung = text_of("T-5"), .level = level, .unit = text_of(unit), .task = text_of("sales")}};
    memset(out.warning.id, 7, sizeof out.warning.id);
    return out;
}

static void a_route_takes_what_is_its_units_its_level_and_not_older_than_itself(void **state) {
    (void)state;
    route_t route = {.unit = text_of("chengmen"), .least = level_blue, .since_ms = 100};
    notifier_told_t one = told("chengmen", level_blue, 100);
    assert_true(route_takes(&route, &one));
    one.at_ms = 99;
    assert_false(route_takes(&route, &one));
    one = told("gaishan", level_red, 100);
    assert_false(route_takes(&route, &one));
    one = told("chengmen", level_remind, 100);
    assert_false(route_takes(&route, &one));
}

static void a_contact_is_told_its_own_units_warnings_where_it_has_the_address_that_the_channel_needs(void **state) {
    (void)state;
    contact_t contact = {.unit = text_of("chengmen"), .mail = text_of("a@b"), .since_ms = 50};
    notifier_told_t one = told("chengmen", level_blue, 100);
    assert_true(contact_takes(&contact, channel_mail, &one));
    assert_false(contact_takes(&contact, channel_sms, &one));
    one.at_ms = 49;
    assert_false(contact_takes(&contact, channel_mail, &one));
}

static void the_id_of_a_notice_depends_on_everything_that_makes_it_another_one(void **state) {
    (void)state;
    uint8_t ref[32] = {1}, other_ref[32] = {2}, id[16], again[16], other[16];
    notifier_told_t one = told("chengmen", level_blue, 100), two = one;
    outbox_id_of(&one, text_of("mail"), ref, id);
    two.seq = 77; /* a rebuild may number it otherwise */
    two.at_ms = 1;
    outbox_id_of(&two, text_of("mail"), ref, again);
    assert_memory_equal(id, again, 16);
    outbox_id_of(&one, text_of("mail2"), ref, other);
    assert_memory_not_equal(id, other, 16);
    outbox_id_of(&one, text_of("mail"), other_ref, other);
    assert_memory_not_equal(id, other, 16);
    two = one, two.state = notice_state_resolved;
    outbox_id_of(&two, text_of("mail"), ref, other);
    assert_memory_not_equal(id, other, 16);
    two = one, two.warning.rung = text_of("T-1");
    outbox_id_of(&two, text_of("mail"), ref, other);
    assert_memory_not_equal(id, other, 16);
}

static void hours_hold_a_message_until_the_next_permitted_minute(void **state) {
    (void)state;
    plan_t plan = plan_2021();
    route_t route = {0};
    contact_t contact = {.from_minute = 510, .until_minute = 1050};
    int64_t early = at(&plan, 20210824, 7, 0), late = at(&plan, 20210824, 17, 30);
    assert_int_equal(hours_wait(&plan, &route, &contact, level_blue, early), 90 * 60000);
    assert_int_equal(hours_wait(&plan, &route, &contact, level_blue, at(&plan, 20210824, 8, 30)), 0);
    assert_int_equal(hours_wait(&plan, &route, &contact, level_blue, late), 15 * 3600000);
    assert_int_equal(hours_wait(&plan, &route, NULL, level_blue, early), 0);
}

static void working_days_know_holidays_and_make_up_days(void **state) {
    (void)state;
    plan_t plan = plan_2021();
    route_t route = {.working_days = true};
    assert_int_equal(hours_wait(&plan, &route, NULL, level_blue, at(&plan, 20210918, 9, 0)), 0); /* a Saturday of work */
    assert_int_equal(hours_wait(&plan, &route, NULL, level_blue, at(&plan, 20210919, 0, 0)), 3 * 86400000LL);
}

static void an_urgent_level_knows_no_hours(void **state) {
    (void)state;
    plan_t plan = plan_2021();
    route_t route = {.urgent = level_red, .from_minute = 510, .until_minute = 1050};
    assert_int_equal(hours_wait(&plan, &route, NULL, level_red, at(&plan, 20210824, 3, 0)), 0);
    assert_true(hours_wait(&plan, &route, NULL, level_orange, at(&plan, 20210824, 3, 0)) > 0);
}

static void where_route_and_contact_have_no_hour_in_common_the_contacts_hours_hold(void **state) {
    (void)state;
    plan_t plan = plan_2021();
    route_t route = {.from_minute = 60, .until_minute = 120};
    contact_t contact = {.from_minute = 600, .until_minute = 660};
    assert_int_equal(hours_wait(&plan, &route, &contact, level_blue, at(&plan, 20210824, 10, 0)), 0);
}

static void pauses_grow_threefold_and_differ_by_the_message_never_by_chance(void **state) {
    (void)state;
    uint8_t id[16] = {1, 2, 3, 4}, other[16] = {9, 9, 1, 7};
    for (uint64_t attempt = 1; attempt < 8; attempt++) {
        int64_t exact = 1000, pause = backoff_ms(attempt, 1000, id);
        for (uint64_t index = 1; index < attempt; index++) exact *= 3;
        assert_true(pause >= exact * 3 / 4 && pause <= exact * 5 / 4);
        assert_int_equal(pause, backoff_ms(attempt, 1000, id));
    }
    assert_int_not_equal(backoff_ms(3, 1000, id), backoff_ms(3, 1000, other));
}

static void no_minute_ever_holds_more_than_the_bucket(void **state) {
    (void)state;
    rate_t rate = {.per_minute = 20};
    int64_t sent[200], now = 0;
    for (int index = 0; index < 200; index++) {
        now += rate_wait(&rate, now);
        rate_spend(&rate, now);
        sent[index] = now;
    }
    for (int index = 20; index < 200; index++) assert_true(sent[index] - sent[index - 20] >= 60000);
    assert_int_equal(sent[19], 0);      /* a burst is let through at once */
    assert_int_equal(sent[199], 540000); /* and not a millisecond is lost */
}

static void both_bounds_of_a_robot_hold_and_a_shut_robot_rests(void **state) {
    (void)state;
    rate_t rate = {.per_minute = 100, .per_second = 5};
    for (int index = 0; index < 5; index++) {
        assert_int_equal(rate_wait(&rate, 10), 0);
        rate_spend(&rate, 10);
    }
    assert_int_equal(rate_wait(&rate, 10), 1000);
    rate_close(&rate, 600000);
    assert_int_equal(rate_wait(&rate, 2000), 598000);
}

static void channels_have_the_limits_of_their_makers_unless_the_route_says_otherwise(void **state) {
    (void)state;
    uint32_t minute, second;
    route_t route = {.channel = channel_dingtalk};
    rate_of(&route, &minute, &second);
    assert_int_equal(minute, 20);
    route.channel = channel_feishu;
    rate_of(&route, &minute, &second);
    assert_int_equal(minute * 10 + second, 1005);
    route.per_minute = 7;
    rate_of(&route, &minute, &second);
    assert_int_equal(minute, 7);
}

/* --- letters --- */

static line_t line_of(const char *zh, level_t level, notice_state_t what) {
    return (line_t){.part = {.state = what, .rung = text_of("T-5"), .unit = text_of("chengmen")}, .level = level,
                    .kind = warning_kind_report_due, .unit_name = text_of("城门镇"), .due_ms = 1629907199999,
                    .at_ms = 1629421200000, .zh = text_of(zh), .en = text_of("x")};
}

static letter_t letter_of(const line_t *lines, uint32_t count) {
    return (letter_t){.plan = text_of("cangshan-2021"), .lines = lines, .count = count, .wall_ms = 1629421200000,
                      .offset_minutes = 480, .to = text_of("lin@example.org"), .to_name = text_of("林某")};
}

static void signatures_are_what_openssl_says(void **state) {
    (void)state;
    /* printf '1629421200000\nSECabc' | openssl dgst -sha256 -hmac SECabc -binary | base64, URL-encoded */
    text_t ding = dingtalk_sign(text_of("SECabc"), 1629421200000, arena);
    assert_true(text_is(ding, "5b%2FVtpiNU1EsN9R2whvjUZ%2FjLahdc7ZcOOY4x%2FdZmuc%3D"));
    /* printf '' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$(printf '1629421200\nabc' | xxd -p) -binary | base64 */
    text_t feishu = feishu_sign(text_of("abc"), 1629421200, arena);
    assert_true(text_is(feishu, "K1ied2dD66f5I3Ag1tKs4KlxPGG0D5mmiXB7Z3YUDTg="));
}

static void a_message_says_how_much_of_what_and_rehearsals_say_so(void **state) {
    (void)state;
    line_t lines[] = {line_of("甲", level_remind, notice_state_raised), line_of("乙", level_orange, notice_state_raised),
                      line_of("丙", level_red, notice_state_resolved)};
    letter_t letter = letter_of(lines, 3);
    assert_true(text_is(letter_subject(&letter, arena), "【闽宁协作】城门镇：提醒预警 2 项（最高：橙），解除 1 项"));
    letter.rehearsal = true;
    text_t text = letter_text(&letter, 10000, arena);
    assert_true(text_is(text, "【闽宁协作】【演练 rehearsal】城门镇：提醒预警 2 项（最高：橙），解除 1 项\n1. 甲\n2. 乙\n3. 丙\n"
                              "（系统自动发送，编号 00000000；演练，无须处理）"));
}

static void a_long_text_is_cut_between_two_characters_within_the_bytes_that_the_channel_takes(void **state) {
    (void)state;
    char big[5000];
    for (size_t index = 0; index + 3 <= 4998; index += 3) memcpy(big + index, "闽", 3);
    big[4998] = '\0';
    line_t line = line_of(big, level_blue, notice_state_raised);
    letter_t letter = letter_of(&line, 1);
    for (uint32_t most = 500; most < 520; most++) {
        text_t text = letter_text(&letter, most, arena);
        assert_true(text.size <= most);
        const char *first = strstr(text.at, "1. ");
        text_t words = {first, (uint32_t)(strchr(first, '\n') - first)};
        uint32_t back = words.size - 1; /* the last character is an ellipsis, whole; the one before it a whole 闽 */
        while (((uint8_t)words.at[back] & 0xc0) == 0x80) back--;
        assert_memory_equal(words.at + back, "…", 3);
        assert_memory_equal(words.at + back - 3, "闽", 3);
    }
}

static void what_does_not_fit_into_one_message_of_a_channel_is_left_for_the_next(void **state) {
    (void)state;
    char zh[1000];
    memset(zh, 'x', 999);
    zh[999] = '\0';
    line_t lines[] = {line_of(zh, level_blue, notice_state_raised), line_of(zh, level_blue, notice_state_raised)};
    letter_t letter = letter_of(lines, 2);
    assert_int_equal(letter_fits(channel_mail, &letter), 2);
    assert_int_equal(letter_fits(channel_wecom, &letter), 1);
    assert_int_equal(letter_fits(channel_sms, &letter), 2);
    text_t text = letter_text(&letter, 600, arena);
    assert_true(text.size <= 600);
    assert_non_null(strstr(text.at, "另有 1 项"));
}

static void nothing_of_a_name_or_a_subject_reaches_a_mail_header_unencoded(void **state) {
    (void)state;
    line_t line = line_of("甲", level_red, notice_state_raised);
    line.unit_name = text_of("城门镇\r\nBcc: evil@example.org");
    letter_t letter = letter_of(&line, 1);
    letter.to_name = text_of("林某\r\nX-Evil: 1");
    route_t route = {.id = text_of("office"), .channel = channel_mail, .sender = text_of("minning@example.org")};
    text_t mail = mail_of(&route, &letter, arena);
    assert_null(strstr(mail.at, "Bcc"));
    assert_null(strstr(mail.at, "Evil"));
    assert_non_null(strstr(mail.at, "\r\nMessage-ID: <00000000000000000000000000000000@example.org>\r\n"));
    const char *body = strstr(mail.at, "\r\n\r\n");
    for (const char *from = mail.at; from < body;) {
        const char *end = strstr(from, "\r\n");
        assert_true(end - from <= 76);
        from = end + 2;
    }
}

static void a_date_of_mail_is_local_and_says_its_offset(void **state) {
    (void)state;
    assert_true(text_is(mail_date(1632531600000, 480, arena), "Sat, 25 Sep 2021 09:00:00 +0800"));
}

/* --- answers --- */

static verdict_of_answer_t answered(channel_t channel, uint32_t transport, uint32_t status, const char *body) {
    response_t response = {transport, status, text_of(body)};
    return letter_verdict(channel, &response, arena);
}

static void two_hundred_is_not_delivery_unless_the_body_says_so(void **state) {
    (void)state;
    static const channel_t robots[] = {channel_wecom, channel_dingtalk, channel_feishu, channel_sms};
    for (size_t index = 0; index < 4; index++) {
        assert_int_equal(answered(robots[index], 0, 200, "").answer, ANSWER_AGAIN);
        assert_int_equal(answered(robots[index], 0, 200, "<html>log in</html>").answer, ANSWER_AGAIN);
        assert_int_equal(answered(robots[index], 0, 200, "{\"errcode\":").answer, ANSWER_AGAIN);
        assert_int_equal(answered(robots[index], 0, 200, "{\"errcode\":\"0\"}").answer, ANSWER_AGAIN);
        assert_int_equal(answered(robots[index], 0, 200, "{\"errcode\":0}").answer, ANSWER_DELIVERED);
        assert_int_equal(answered(robots[index], 0, 200, "{\"code\":0}").answer, ANSWER_DELIVERED);
        assert_int_equal(answered(robots[index], 0, 500, "{\"errcode\":0}").answer, ANSWER_AGAIN);
        assert_int_equal(answered(robots[index], 28, 0, "").answer, ANSWER_AGAIN);
        assert_int_equal(answered(robots[index], 18, 200, "{\"errcode\":0}").answer, ANSWER_AGAIN); /* cut off */
    }
    assert_int_equal(answered(channel_dingtalk, 0, 200, "{\"errcode\":310000}").code, 310000);
    assert_int_equal(answered(channel_wecom, 0, 200, "{\"errcode\":-1}").code, 4294967295);
}

static void a_robot_that_is_too_fast_rests_as_long_as_its_maker_shuts_it(void **state) {
    (void)state;
    assert_int_equal(answered(channel_dingtalk, 0, 200, "{\"errcode\":130101}").pause_ms, 600000);
    assert_int_equal(answered(channel_wecom, 0, 200, "{\"errcode\":45009}").answer, ANSWER_SLOWER);
    assert_int_equal(answered(channel_feishu, 0, 200, "{\"code\":11232}").answer, ANSWER_SLOWER);
    assert_int_equal(answered(channel_webhook, 0, 429, "").answer, ANSWER_SLOWER);
}

static void a_hook_promises_no_body_but_may_refuse_by_one(void **state) {
    (void)state;
    assert_int_equal(answered(channel_webhook, 0, 204, "").answer, ANSWER_DELIVERED);
    assert_int_equal(answered(channel_webhook, 0, 200, "fine").answer, ANSWER_DELIVERED);
    assert_int_equal(answered(channel_webhook, 0, 200, "{\"errcode\":7}").answer, ANSWER_AGAIN);
    assert_int_equal(answered(channel_webhook, 0, 302, "").answer, ANSWER_AGAIN);
    assert_int_equal(answered(channel_webhook, 0, 422, "").answer, ANSWER_REFUSED);
    assert_int_equal(answered(channel_webhook, 0, 401, "").answer, ANSWER_AGAIN);
}

static void a_mailbox_that_is_not_there_is_final_and_a_relay_in_trouble_is_not(void **state) {
    (void)state;
    assert_int_equal(answered(channel_mail, 0, 250, "").answer, ANSWER_DELIVERED);
    assert_int_equal(answered(channel_mail, 55, 550, "").answer, ANSWER_REFUSED);
    assert_int_equal(answered(channel_mail, 55, 450, "").answer, ANSWER_AGAIN);
    assert_int_equal(answered(channel_mail, 67, 535, "").answer, ANSWER_AGAIN);
    verdict_of_answer_t cut = answered(channel_mail, 28, 250, ""); /* the reply to an earlier step */
    assert_int_equal(cut.answer, ANSWER_AGAIN);
    assert_int_equal(cut.code, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_route_takes_what_is_its_units_its_level_and_not_older_than_itself),
        TEST(a_contact_is_told_its_own_units_warnings_where_it_has_the_address_that_the_channel_needs),
        TEST(the_id_of_a_notice_depends_on_everything_that_makes_it_another_one),
        TEST(hours_hold_a_message_until_the_next_permitted_minute),
        TEST(working_days_know_holidays_and_make_up_days),
        TEST(an_urgent_level_knows_no_hours),
        TEST(where_route_and_contact_have_no_hour_in_common_the_contacts_hours_hold),
        TEST(pauses_grow_threefold_and_differ_by_the_message_never_by_chance),
        TEST(no_minute_ever_holds_more_than_the_bucket),
        TEST(both_bounds_of_a_robot_hold_and_a_shut_robot_rests),
        TEST(channels_have_the_limits_of_their_makers_unless_the_route_says_otherwise),
        TEST(signatures_are_what_openssl_says),
        TEST(a_message_says_how_much_of_what_and_rehearsals_say_so),
        TEST(a_long_text_is_cut_between_two_characters_within_the_bytes_that_the_channel_takes),
        TEST(what_does_not_fit_into_one_message_of_a_channel_is_left_for_the_next),
        TEST(nothing_of_a_name_or_a_subject_reaches_a_mail_header_unencoded),
        TEST(a_date_of_mail_is_local_and_says_its_offset),
        TEST(two_hundred_is_not_delivery_unless_the_body_says_so),
        TEST(a_robot_that_is_too_fast_rests_as_long_as_its_maker_shuts_it),
        TEST(a_hook_promises_no_body_but_may_refuse_by_one),
        TEST(a_mailbox_that_is_not_there_is_final_and_a_relay_in_trouble_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
