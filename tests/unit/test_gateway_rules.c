/* The pure part of the door: frames into messages, personal texts out of reports, events into verdicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "proto/crypto.h"
#include "proto/verdict.h"
#include "services/door/door_rules.h"
#include "services/door/refs.h"

static int arena_make(void **state) {
    crypto_start();
    *state = arena_new();
    return 0;
}

static int arena_free(void **state) {
    arena_destroy((arena_t **)state);
    return 0;
}

static bytes_t frame_of(const char *bytes, uint32_t size) { return (bytes_t){(const uint8_t *)bytes, size}; }

static void one_message_is_one_message(void **state) {
    (void)state;
    bytes_t messages[LIMIT_EDGE_BATCH];
    fault_t fault;
    bytes_t frame = frame_of("\x94\x01\x02\x03\x80", 5);
    assert_int_equal(frame_messages(frame, messages, &fault), 1);
    assert_ptr_equal(messages[0].at, frame.at);
    assert_int_equal(messages[0].size, 5);
}

static void an_array_of_arrays_is_as_many_messages(void **state) {
    (void)state;
    bytes_t messages[LIMIT_EDGE_BATCH];
    fault_t fault;
    bytes_t frame = frame_of("\x92\x94\x01\x02\x03\x80\x91\x05", 8);
    assert_int_equal(frame_messages(frame, messages, &fault), 2);
    assert_ptr_equal(messages[0].at, frame.at + 1);
    assert_int_equal(messages[0].size, 5);
    assert_ptr_equal(messages[1].at, frame.at + 6);
    assert_int_equal(messages[1].size, 2);
}

static void a_batch_above_the_limit_is_refused(void **state) {
    (void)state;
    bytes_t messages[LIMIT_EDGE_BATCH];
    fault_t fault = {0};
    uint8_t frame[3 + LIMIT_EDGE_BATCH + 1] = {0xdc, LIMIT_EDGE_BATCH >> 8, LIMIT_EDGE_BATCH & 0xff};
    memset(frame + 3, 0x90, LIMIT_EDGE_BATCH + 1);
    assert_int_equal(frame_messages((bytes_t){frame, sizeof frame - 1}, messages, &fault), LIMIT_EDGE_BATCH);
    frame[2]++;
    assert_int_equal(frame_messages((bytes_t){frame, sizeof frame}, messages, &fault), 0);
    assert_string_equal(fault.code, "too_many");
}

static report_t report_of_persons(item_t items[3], figure_t *figure) {
    for (int index = 0; index < 3; index++) items[index] = (item_t){.key_kind = key_kind_person, .fact_day = 20210831};
    items[0].person.text = text_of("甲");
    items[2].person.text = text_of("乙");
    *figure = (figure_t){.indicator = text_of("teachers"), .items = items, .items_count = 3};
    report_t report = {.figures = figure, .figures_count = 1};
    report.signed_by.text = text_of("丙");
    return report;
}

static void every_personal_text_is_swapped_in_its_own_place(void **state) {
    item_t items[3];
    figure_t figure;
    report_t report = report_of_persons(items, &figure);
    text_t texts[8];
    assert_int_equal(personal_texts(&report, texts, 8), 3);
    assert_true(text_is(texts[0], "甲") && text_is(texts[1], "乙") && text_is(texts[2], "丙"));
    personal_t refs[] = {{.hash = {1}}, {.hash = {2}}, {.hash = {3}}};
    personal_swap(&report, refs, 3, *state);
    assert_int_equal(report.figures[0].items[0].person.hash[0], 1);
    assert_int_equal(report.figures[0].items[1].person.hash[0], 0);
    assert_int_equal(report.figures[0].items[2].person.hash[0], 2);
    assert_int_equal(report.signed_by.hash[0], 3);
    assert_int_equal(personal_texts(&report, texts, 8), 0);
    assert_true(text_is(items[0].person.text, "甲")); /* the original is not written to */
}

static void texts_beyond_the_room_are_counted_but_not_written(void **state) {
    (void)state;
    item_t items[3];
    figure_t figure;
    report_t report = report_of_persons(items, &figure);
    text_t texts[2] = {{NULL, 0}, {"untouched", 9}};
    assert_int_equal(personal_texts(&report, texts, 1), 3);
    assert_true(text_is(texts[1], "untouched"));
}

static void a_commitment_below_a_figure_is_named_by_its_path(void **state) {
    item_t items[3];
    figure_t figure;
    report_t report = report_of_persons(items, &figure);
    items[1].person.commitment[31] = 1;
    reason_t reasons[LIMIT_REASONS];
    assert_int_equal(report_refusals(&report, reasons, LIMIT_REASONS, *state), 1);
    assert_true(text_is(reasons[0].code, "not_permitted"));
    assert_true(text_is(reasons[0].path, "report.figures[0].items[1].person"));
}

static void a_refused_event_becomes_a_verdict_and_tells_what_came_before_it(void **state) {
    text_t args[] = {text_of("x"), text_of("chengmen")};
    reason_t reason = {.code = REASON_OF(not_your_task), .path = text_of("task"), .args = args, .args_count = 2};
    report_refused_t refused = {.submission_id = {1}, .unit = text_of("chengmen"), .task = text_of("x"),
                                .period = text_of("2021-08"), .reasons = &reason, .reasons_count = 1, .previous = 7};
    event_t header = {.epoch = 1, .cause_seq = 42, .at_ms = 1629878400000}, event;
    buffer_t bytes = {0};
    fault_t fault;
    verdict_t verdict;
    event_encode(&header, report_refused_type(), &refused, &bytes);
    assert_int_equal(event_decode((bytes_t){bytes.at, (uint32_t)bytes.size}, &event, &fault), OK);
    uint64_t previous = 0;
    assert_true(verdict_of_event(&event, *state, &verdict, &previous));
    assert_int_equal(previous, 7);
    assert_false(verdict.accepted);
    assert_int_equal(verdict.seq, 42);
    assert_int_equal(verdict.received_ms, 1629878400000);
    assert_true(text_is(reasons_told(verdict.reasons, 1, *state)[0].zh, "任务 x 不由 chengmen 报送。"));
    buffer_destroy(&bytes);
}

static void a_tick_states_no_verdict(void **state) {
    clock_ticked_t tick = {.at_ms = 1629878400000};
    event_t header = {.epoch = 1, .cause_seq = 42, .at_ms = 1629878400000}, event;
    buffer_t bytes = {0};
    fault_t fault;
    verdict_t verdict;
    event_encode(&header, clock_ticked_type(), &tick, &bytes);
    assert_int_equal(event_decode((bytes_t){bytes.at, (uint32_t)bytes.size}, &event, &fault), OK);
    assert_false(verdict_of_event(&event, *state, &verdict, NULL));
    buffer_destroy(&bytes);
}

static void what_the_vault_said_is_remembered_for_its_time_only(void **state) {
    (void)state;
    refs_t *refs = refs_new(1000);
    personal_t ref = {.text = text_of("甲"), .key_id = 3, .hash = {1}}, found;
    assert_false(refs_find(refs, text_of("甲"), 5000, &found));
    refs_keep(refs, text_of("甲"), 5000, &ref);
    assert_true(refs_find(refs, text_of("甲"), 5999, &found));
    assert_int_equal(found.key_id, 3);
    assert_int_equal(found.text.size, 0);
    assert_false(refs_find(refs, text_of("乙"), 5999, &found));
    assert_false(refs_find(refs, text_of("甲"), 6000, &found));
    refs_destroy(&refs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_make, arena_free)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(one_message_is_one_message),
        TEST(an_array_of_arrays_is_as_many_messages),
        TEST(a_batch_above_the_limit_is_refused),
        TEST(every_personal_text_is_swapped_in_its_own_place),
        TEST(texts_beyond_the_room_are_counted_but_not_written),
        TEST(a_commitment_below_a_figure_is_named_by_its_path),
        TEST(a_refused_event_becomes_a_verdict_and_tells_what_came_before_it),
        TEST(a_tick_states_no_verdict),
        TEST(what_the_vault_said_is_remembered_for_its_time_only),
    };
    return cmocka_run_group_tests_name("gateway rules", tests, NULL, NULL);
}
