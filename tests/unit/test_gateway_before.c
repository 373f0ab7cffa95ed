/* Reports of one frame that leave evidence and names to the one before them: each arrives whole, as if it had said them itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/gateway/before.h"
#include "tests/unit/gateway_clerk.h"

static const evidence_t scan = {.name = {"scan.pdf", 8}, .sha256 = {1}, .kind = {"scan", 4}};
static const evidence_t photo = {.name = {"photo.jpg", 9}, .sha256 = {2}};

/* Nobody's names: those the door changes. */
static report_t report_with(const evidence_t *evidence) {
    report_t report = report_make();
    report.prepared_by = report.reviewed_by = report.signed_by = (personal_t){0};
    report.evidence = evidence;
    report.evidence_count = evidence != NULL;
    return report;
}

static bytes_t encoded_of(const report_t *report, buffer_t *out) {
    buffer_clear(out);
    wire_encode(report_type(), report, out);
    return (bytes_t){out->at, (uint32_t)out->size};
}

/* --- pure --- */

static report_t first_numbered(uint32_t number) {
    static const explanation_t why = {.code = {"outlier", 7}, .text = {"合同", 6}};
    report_t report = report_with(number % 3 == 0 ? NULL : &scan);
    if ((number & 4) != 0) report.reviewed_by = writer;
    if ((number & 8) != 0) report.explanations = &why, report.explanations_count = 1;
    return report;
}

static report_t second_numbered(uint32_t number) {
    static const explanation_t why = {.code = {"outlier", 7}, .text = {"捐赠", 6}};
    static const figure_t figure = {.indicator = {"sales", 5}, .amount = {true, 300}};
    report_t report = report_with(NULL);
    report.replaces = number;
    if ((number & 1) != 0) report.next_step = text_of("再办一场");
    if ((number & 2) != 0) report.figures = &figure, report.figures_count = 1;
    if ((number & 4) != 0) report.explanations = &why, report.explanations_count = 1;
    return report;
}

static void what_a_report_leaves_out_is_what_the_one_before_it_states(void **state) {
    (void)state;
    buffer_t bytes[3] = {0};
    arena_t *arena = arena_new();
    uint32_t at_hand = 0;
    for (uint32_t number = 0; number < 16 * 8; number++) {
        report_t first = first_numbered(number / 8), second = second_numbered(number % 8), whole = second;
        whole.evidence = first.evidence;
        whole.evidence_count = first.evidence_count;
        whole.reviewed_by = first.reviewed_by;
        before_t before = {0};
        fault_t fault;
        bytes_t encoded = encoded_of(&second, &bytes[1]), expected = encoded_of(&whole, &bytes[2]);
        before_keep(&before, &first, encoded_of(&first, &bytes[0]), arena);
        assert_true(before_take(&before, &second, &encoded, arena, &fault));
        if (encoded.size > 0) {
            at_hand++;
            assert_int_equal(encoded.size, expected.size);
            assert_memory_equal(encoded.at, expected.at, expected.size);
        }
        bytes_t again = encoded_of(&second, &bytes[1]);
        assert_int_equal(again.size, expected.size);
        assert_memory_equal(again.at, expected.at, expected.size);
    }
    assert_int_equal(at_hand, 2 * 4); /* where evidence is the last that is said */
    arena_destroy(&arena);
    for (uint32_t index = 0; index < 3; index++) buffer_destroy(&bytes[index]);
}

static void fault_is(before_t *before, report_t report, text_t code, arena_t *arena) {
    fault_t fault = {0};
    bytes_t encoded = {NULL, 0};
    assert_false(before_take(before, &report, &encoded, arena, &fault));
    assert_true(text_is(code, fault.code));
    assert_string_equal(fault.path, "as_before");
}

static void a_report_leaves_nothing_to_none_and_nothing_that_it_states(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    before_t before = {0};
    report_t first = report_with(&scan), named = report_with(NULL);
    named.signed_by = writer;
    fault_is(&before, report_with(NULL), REASON_OF(missing_field), arena);
    before_keep(&before, &first, (bytes_t){NULL, 0}, arena);
    fault_is(&before, report_with(&photo), REASON_OF(not_canonical), arena);
    fault_is(&before, named, REASON_OF(not_canonical), arena);
    before_forget(&before);
    fault_is(&before, report_with(NULL), REASON_OF(missing_field), arena);
    arena_destroy(&arena);
}

static void the_reports_of_a_frame_grow_no_larger_than_a_frame(void **state) {
    (void)state;
    static char name[LIMIT_NAME];
    evidence_t many[LIMIT_EVIDENCE];
    memset(name, 'n', sizeof name);
    for (uint32_t index = 0; index < LIMIT_EVIDENCE; index++) many[index] = (evidence_t){.name = {name, LIMIT_NAME}, .sha256 = {1}};
    arena_t *arena = arena_new();
    buffer_t bytes = {0};
    before_t before = {0};
    fault_t fault;
    bytes_t encoded = {NULL, 0};
    report_t first = report_with(many), last = report_with(NULL);
    first.evidence_count = LIMIT_EVIDENCE;
    uint32_t taken = 0;
    for (before_keep(&before, &first, encoded_of(&first, &bytes), arena); taken < LIMIT_EDGE_BATCH; taken++) {
        report_t report = report_with(NULL);
        if (!before_take(&before, &report, &encoded, arena, &fault)) break;
    }
    assert_in_range(taken, LIMIT_EDGE_FRAME / (LIMIT_EVIDENCE * 240), LIMIT_EDGE_FRAME / (LIMIT_EVIDENCE * LIMIT_NAME));
    before_keep(&before, &first, encoded_of(&first, &bytes), arena); /* said again: the frame is the same */
    fault_is(&before, last, REASON_OF(too_long), arena);
    buffer_destroy(&bytes);
    arena_destroy(&arena);
}

/* --- through the door --- */

static bool has_reached_intake(const world_t *w, const report_t *report) {
    buffer_t bytes = {0};
    bytes_t whole = encoded_of(report, &bytes);
    bool found = w->seen.size > 0 && memmem(w->seen.at, w->seen.size, whole.at, whole.size) != NULL;
    buffer_destroy(&bytes);
    return found;
}

/* The packet of a report that leaves to the one before what `report` states. */
static void packet_as_before(uint64_t id, report_t report, buffer_t *frame) {
    report.evidence_count = 0;
    packet_encode(id, report_submit_type(), &(report_submit_t){.report = report, .as_before = true}, frame);
}

static void packet_whole(uint64_t id, const report_t *report, buffer_t *frame) {
    packet_encode(id, report_submit_type(), &(report_submit_t){.report = *report}, frame);
}

static void evidence_said_once_in_a_frame_reaches_intake_with_each_report(void **state) {
    world_t *w = *state;
    report_t reports[3] = {report_with(&scan), report_with(&scan), report_with(&scan)};
    status_ask_t ask = {.task = text_of("pairing"), .period = text_of("2021-08")};
    for (uint32_t other = 0; other < 2; other++) { /* alone, and with a message of another kind between them */
        buffer_t frame = {0};
        for (uint32_t index = 0; index < 3; index++) uuid7_new(1629878400000, reports[index].submission_id);
        packets_begin(&frame);
        packet_whole(1, &reports[0], &frame);
        packet_as_before(2, reports[1], &frame);
        if (other == 1) packet_encode(4, status_ask_type(), &ask, &frame);
        packet_as_before(3, reports[2], &frame);
        assert_true(unit_send_raw(clerk_link, packets_end(&frame, 3 + other)));
        WORLD_UNTIL(w, w->appends == 3 + 3 * other);
        for (uint32_t index = 0; index < 3; index++) assert_true(has_reached_intake(w, &reports[index]));
        buffer_destroy(&frame);
    }
}

static void a_report_that_leaves_its_evidence_to_none_is_refused_by_name(void **state) {
    world_t *w = *state;
    buffer_t frame = {0};
    packets_begin(&frame);
    packet_as_before(1, report_with(&scan), &frame);
    assert_true(unit_send_raw(clerk_link, packets_end(&frame, 1)));
    unit_answer_t answer = next(w, KIND_refusal);
    assert_int_equal(answer.request_id, 1);
    assert_true(text_equal(answer.refusal.reasons[0].code, REASON_OF(missing_field)));
    assert_true(text_is(answer.refusal.reasons[0].path, "as_before"));
    assert_int_equal(w->appends, 0);
    buffer_destroy(&frame);
}

static void behind_a_report_that_cannot_be_read_nothing_is_taken_over(void **state) {
    world_t *w = *state;
    buffer_t frame = {0};
    report_t first = report_with(&scan), broken = report_with(&photo);
    broken.task = text_of("not a task");
    packets_begin(&frame);
    packet_whole(1, &first, &frame);
    packet_whole(2, &broken, &frame);
    packet_as_before(3, report_with(&photo), &frame);
    assert_true(unit_send_raw(clerk_link, packets_end(&frame, 3)));
    uint64_t refused = 0;
    for (uint32_t answers = 0; answers < 4; answers++) {
        unit_answer_t answer;
        assert_true(world_answer(w, clerk_link, &answer));
        if (answer.kind == KIND_refusal) refused = refused * 10 + answer.request_id;
        else assert_int_equal(answer.request_id, 1);
    }
    assert_int_equal(refused, 23);
    assert_int_equal(w->appends, 1);
    buffer_destroy(&frame);
}

static void names_said_once_in_a_frame_go_to_the_vault_and_never_further(void **state) {
    world_t *w = *state;
    report_t reports[3] = {report_make(), report_make(), report_make()};
    const report_t *pointers[3] = {&reports[0], &reports[1], &reports[2]};
    reports[2].evidence = &photo;
    reports[2].evidence_count = 1;
    assert_true(unit_send_reports(clerk_link, pointers, 3, 0) != 0);
    WORLD_UNTIL(w, w->appends == 3);
    assert_true(w->keeps > 0);
    assert_false(world_saw(w, "陈志强"));
    for (uint32_t index = 0; index < 3; index++) {
        reports[index].prepared_by = (personal_t){.key_id = 1}; /* as the stand-in for the vault does it */
        hash_of((bytes_t){(const uint8_t *)writer.text.at, writer.text.size}, reports[index].prepared_by.hash);
        memset(reports[index].prepared_by.commitment, 7, sizeof reports[index].prepared_by.commitment);
        reports[index].reviewed_by = reports[index].signed_by = reports[index].prepared_by;
        assert_true(has_reached_intake(w, &reports[index]));
    }
}

static void a_client_says_again_what_is_another_and_what_is_of_another_frame(void **state) {
    world_t *w = *state;
    static const evidence_t *const said[] = {&scan, &scan, &photo, &photo, NULL, NULL, &scan, &scan};
    enum { COUNT = sizeof said / sizeof said[0] };
    report_t reports[3 * COUNT];
    const report_t *between[COUNT];
    for (uint32_t index = 0; index < 3 * COUNT; index++) reports[index] = report_with(said[index % COUNT]);
    for (uint32_t index = 0; index < COUNT; index++) {
        assert_true(unit_gather_report(clerk_link, &reports[index], 0) != 0);
        between[index] = &reports[COUNT + index];
        if (index == 3) assert_true(unit_send_reports(clerk_link, between, 4, 0) != 0); /* while others are gathered */
    }
    assert_true(unit_flush(clerk_link));
    for (uint32_t index = 0; index < COUNT; index++) {
        evidence_t own = *said[0]; /* it lives no longer than the call */
        report_t report = reports[2 * COUNT + index];
        if (said[index] != NULL) own = *said[index], report.evidence = &own;
        assert_true(unit_gather_report(clerk_link, &report, 0) != 0);
        own = (evidence_t){0};
    }
    assert_true(unit_flush(clerk_link));
    WORLD_UNTIL(w, w->appends == 2 * COUNT + 4);
    for (uint32_t index = 0; index < 3 * COUNT; index++)
        if (index < COUNT + 4 || index >= 2 * COUNT) assert_true(has_reached_intake(w, &reports[index]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_report_leaves_out_is_what_the_one_before_it_states),
        cmocka_unit_test(a_report_leaves_nothing_to_none_and_nothing_that_it_states),
        cmocka_unit_test(the_reports_of_a_frame_grow_no_larger_than_a_frame),
        TEST(evidence_said_once_in_a_frame_reaches_intake_with_each_report),
        TEST(a_report_that_leaves_its_evidence_to_none_is_refused_by_name),
        TEST(behind_a_report_that_cannot_be_read_nothing_is_taken_over),
        TEST(names_said_once_in_a_frame_go_to_the_vault_and_never_further),
        TEST(a_client_says_again_what_is_another_and_what_is_of_another_frame),
    };
    return cmocka_run_group_tests_name("gateway before", tests, NULL, NULL);
}
