/* Reports of one frame, each told by what differs from the one before it: each arrives whole, as if it had come alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/delta.h"
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

/* Sixty of them are larger than a frame may be. */
static report_t report_large(void) {
    static char words[LIMIT_TEXT];
    memset(words, 'a', sizeof words);
    report_t report = report_with(&scan);
    report.progress = report.problems = (text_t){words, sizeof words};
    return report;
}

static bool has_reached_intake(const world_t *w, const report_t *report) {
    buffer_t bytes = {0};
    bytes_t whole = encoded_of(report, &bytes);
    bool found = w->seen.size > 0 && memmem(w->seen.at, w->seen.size, whole.at, whole.size) != NULL;
    buffer_destroy(&bytes);
    return found;
}

/* --- a client's frame --- */

static void every_report_that_a_client_sends_together_reaches_intake_whole(void **state) {
    world_t *w = *state;
    static const evidence_t *const said[] = {&scan, &scan, &photo, &photo, NULL, NULL, &scan, &scan};
    static const char *const words[] = {"", "两场", "产销对接两场", "产销对接两场", "按计划推进，产销对接三场", "x"};
    enum { COUNT = 60 };
    static report_t reports[COUNT];
    const report_t *pointers[COUNT];
    figure_t figures[COUNT];
    for (uint32_t index = 0; index < COUNT; index++) {
        figures[index] = (figure_t){.indicator = {"sales", 5}, .amount = {true, (int64_t)index * index * 40}};
        reports[index] = report_with(said[index % 8]);
        reports[index].replaces = index % 5 == 0 ? 0 : index;
        reports[index].task = text_of(index < 30 ? "pairing" : "consumption");
        reports[index].progress = text_of(words[index % 6]);
        if (index % 7 != 0) reports[index].figures = &figures[index], reports[index].figures_count = 1;
        pointers[index] = &reports[index];
    }
    assert_true(unit_send_reports(clerk_link, pointers, COUNT, 0) != 0);
    WORLD_UNTIL(w, w->appends == COUNT);
    for (uint32_t index = 0; index < COUNT; index++) assert_true(has_reached_intake(w, &reports[index]));
}

static void a_report_needs_to_live_no_longer_than_the_call_that_gathers_it(void **state) {
    world_t *w = *state;
    report_t reports[5];
    for (uint32_t index = 0; index < 5; index++) {
        evidence_t own = scan;
        own.sha256[1] = (uint8_t)index;
        reports[index] = report_with(&own);
        assert_true(unit_gather_report(clerk_link, &reports[index], 0) != 0);
        own = (evidence_t){0};
        if (index == 1) assert_true(unit_flush(clerk_link));
    }
    assert_true(unit_flush(clerk_link));
    WORLD_UNTIL(w, w->appends == 5);
    for (uint32_t index = 0; index < 5; index++) {
        evidence_t own = scan;
        own.sha256[1] = (uint8_t)index;
        reports[index].evidence = &own;
        assert_true(has_reached_intake(w, &reports[index]));
    }
}

static void what_is_gathered_leaves_before_what_is_sent_at_once(void **state) {
    world_t *w = *state;
    report_t first = report_with(&scan), second = report_with(&photo), third = report_with(&photo);
    const report_t *both[] = {&second, &third};
    uint64_t gathered = unit_gather_report(clerk_link, &first, 0);
    assert_int_equal(unit_send_reports(clerk_link, both, 2, 0), gathered + 1);
    WORLD_UNTIL(w, w->appends == 3);
    assert_true(has_reached_intake(w, &first) && has_reached_intake(w, &second) && has_reached_intake(w, &third));
}

/* A frame of these would be larger than a door takes, if each were said as it is; gathered, they leave in several. */
static void large_reports_that_are_alike_all_pass(void **state) {
    world_t *w = *state;
    enum { COUNT = 60 };
    report_t report = report_large();
    for (uint32_t index = 0; index < COUNT; index++) {
        uuid7_new(1629878400000, report.submission_id);
        assert_true(unit_gather_report(clerk_link, &report, 0) != 0);
    }
    assert_true(unit_flush(clerk_link));
    WORLD_UNTIL(w, w->appends == COUNT);
}

/* --- any program's frame --- */

typedef struct {
    reports_t reports;
    report_row_t rows[LIMIT_EDGE_BATCH];
    buffer_t bytes[LIMIT_EDGE_BATCH];
    buffer_t last;
    uint8_t hash[32]; /* of what was sent */
} frame_t;

/* A row that makes `now` of the bytes of the one before. */
static void row_add(frame_t *frame, bytes_t now) {
    uint32_t index = frame->reports.rows_count++;
    delta_tell((bytes_t){frame->last.at, (uint32_t)frame->last.size}, now, &frame->bytes[index]);
    frame->rows[index].pieces = (bytes_t){frame->bytes[index].at, (uint32_t)frame->bytes[index].size};
    buffer_clear(&frame->last);
    buffer_add(&frame->last, now.at, now.size);
}

static void report_add(frame_t *frame, const report_t *report) {
    buffer_t bytes = {0};
    row_add(frame, encoded_of(report, &bytes));
    buffer_destroy(&bytes);
}

/* Sends it under the numbers from 1 on. */
static void frame_send(frame_t *frame) {
    buffer_t out = {0};
    frame->reports.request_id = 1;
    frame->reports.rows = frame->rows;
    packet_encode(0, reports_type(), &frame->reports, &out);
    assert_true(unit_send_raw(clerk_link, (bytes_t){out.at, (uint32_t)out.size}));
    hash_of((bytes_t){out.at, (uint32_t)out.size}, frame->hash);
    buffer_destroy(&out);
    for (uint32_t index = 0; index < frame->reports.rows_count; index++) buffer_destroy(&frame->bytes[index]);
    buffer_destroy(&frame->last);
}

/* Takes `count` answers; the numbers of what is refused, one digit each, and the code and path of the last refusal. */
static uint64_t refused_of(world_t *w, uint32_t count, char code[LIMIT_NAME], char path[LIMIT_NAME]) {
    uint64_t refused = 0;
    code[0] = path[0] = '\0';
    for (uint32_t answers = 0; answers < count; answers++) {
        unit_answer_t answer;
        assert_true(world_answer(w, clerk_link, &answer));
        if (answer.kind != KIND_refusal) continue;
        refused = refused * 10 + answer.request_id;
        snprintf(code, LIMIT_NAME, TEXT_FORMAT, TEXT_ARGS(answer.refusal.reasons[0].code));
        snprintf(path, LIMIT_NAME, TEXT_FORMAT, TEXT_ARGS(answer.refusal.reasons[0].path));
    }
    return refused;
}

static void a_report_that_cannot_be_read_is_refused_by_name_and_those_behind_it_pass(void **state) {
    world_t *w = *state;
    frame_t frame = {0};
    char code[LIMIT_NAME], path[LIMIT_NAME];
    report_t reports[3] = {report_with(&scan), report_with(&photo), report_with(&photo)};
    reports[1].task = text_of("not a task");
    for (uint32_t index = 0; index < 3; index++) report_add(&frame, &reports[index]);
    frame_send(&frame);
    assert_int_equal(refused_of(w, 2 + 1 + 2, code, path), 2);
    assert_string_equal(code, "bad_slug");
    assert_string_equal(path, "report.task");
    assert_int_equal(w->appends, 2);
    assert_true(has_reached_intake(w, &reports[0]) && has_reached_intake(w, &reports[2]));
}

static void bytes_that_are_no_report_are_refused_in_every_row(void **state) {
    world_t *w = *state;
    static const char *const rows[] = {"", "\x81", "\xc1", "\x93\x93\x93", "\xdd\xff\xff\xff\xff"};
    frame_t frame = {0};
    char code[LIMIT_NAME], path[LIMIT_NAME];
    for (uint32_t index = 0; index < 5; index++)
        row_add(&frame, (bytes_t){(const uint8_t *)rows[index], (uint32_t)strlen(rows[index])});
    frame_send(&frame);
    assert_int_equal(refused_of(w, 5, code, path), 12345);
    assert_string_equal(code, "malformed");
    assert_string_equal(path, "report");
    assert_int_equal(w->appends, 0);
    report_passes(w);
}

static void a_row_whose_pieces_do_not_fit_is_refused_with_all_behind_it(void **state) {
    world_t *w = *state;
    frame_t frame = {0};
    char code[LIMIT_NAME], path[LIMIT_NAME];
    report_t first = report_with(&scan), third = report_with(&scan);
    report_add(&frame, &first);
    buffer_add(&frame.bytes[1], "\xff\x7f\x02x", 4); /* keeps more than there is */
    frame.rows[frame.reports.rows_count++].pieces = (bytes_t){frame.bytes[1].at, (uint32_t)frame.bytes[1].size};
    report_add(&frame, &third);
    frame_send(&frame);
    assert_int_equal(refused_of(w, 2 + 2, code, path), 23);
    assert_string_equal(code, "malformed");
    assert_int_equal(w->appends, 1);
    assert_true(has_reached_intake(w, &first));
}

static void each_refusal_of_a_frame_is_counted_with_the_hash_of_that_frame(void **state) {
    world_t *w = *state;
    uint8_t wanted[2][32];
    char code[LIMIT_NAME], path[LIMIT_NAME];
    for (uint32_t turn = 0; turn < 2; turn++) {
        frame_t frame = {0};
        report_t report = report_with(&scan);
        report.task = text_of(turn == 0 ? "no task" : "no task either");
        report_add(&frame, &report);
        report_add(&frame, &report);
        frame_send(&frame);
        memcpy(wanted[turn], frame.hash, sizeof wanted[turn]);
        assert_int_equal(refused_of(w, 2, code, path), 12);
    }
    WORLD_UNTIL(w, w->notes == 4);
    for (uint32_t note = 0; note < 4; note++) assert_memory_equal(w->note_hashes[note], wanted[note / 2], 32);
    assert_memory_not_equal(wanted[0], wanted[1], 32);
}

static void the_reports_of_a_frame_grow_no_larger_than_a_frame(void **state) {
    world_t *w = *state;
    enum { COUNT = 60 };
    static frame_t frame;
    report_t report = report_large();
    for (uint32_t index = 0; index < COUNT; index++) {
        uuid7_new(1629878400000, report.submission_id);
        report_add(&frame, &report);
    }
    size_t size = frame.last.size;
    frame_send(&frame);
    uint32_t passed = (uint32_t)(LIMIT_EDGE_FRAME / size), refused = 0;
    for (uint32_t answers = 0; answers < 2 * passed + (COUNT - passed); answers++) {
        unit_answer_t answer;
        assert_true(world_answer(w, clerk_link, &answer));
        if (answer.kind != KIND_refusal) continue;
        assert_true(answer.request_id > passed);
        assert_true(text_is(answer.refusal.reasons[0].code, "too_long"));
        refused++;
    }
    assert_int_equal(refused, COUNT - passed);
    assert_int_equal(w->appends, passed);
}

static void reports_told_in_rows_are_not_taken_among_other_messages(void **state) {
    world_t *w = *state;
    buffer_t frame = {0}, pieces = {0}, bytes = {0};
    report_t report = report_with(&scan);
    delta_tell((bytes_t){NULL, 0}, encoded_of(&report, &bytes), &pieces);
    report_row_t row = {.pieces = {pieces.at, (uint32_t)pieces.size}};
    reports_t reports = {.request_id = 7, .rows = &row, .rows_count = 1};
    packets_begin(&frame);
    packet_encode(5, reports_type(), &reports, &frame);
    packet_encode(6, reports_type(), &reports, &frame);
    assert_true(unit_send_raw(clerk_link, packets_end(&frame, 2)));
    for (uint32_t answers = 0; answers < 2; answers++)
        assert_true(text_is(next(w, KIND_refusal).refusal.reasons[0].code, "not_permitted"));
    assert_int_equal(w->appends, 0);
    buffer_destroy(&frame);
    buffer_destroy(&pieces);
    buffer_destroy(&bytes);
}

static void a_frame_of_rows_that_cannot_be_read_is_refused_whole(void **state) {
    world_t *w = *state;
    buffer_t frame = {0};
    report_row_t row = {0};
    packet_encode(9, reports_type(), &(reports_t){.request_id = 1, .rows = &row, .rows_count = 1}, &frame);
    assert_true(unit_send_raw(clerk_link, (bytes_t){frame.at, (uint32_t)frame.size - 1}));
    refused_next(w, "malformed");
    buffer_clear(&frame);
    packet_encode(9, busy_type(), &(busy_t){.retry_after_ms = 1}, &frame); /* fields of another message */
    frame.at[1] = 0xcd, frame.at[2] = KIND_reports >> 8, frame.at[3] = KIND_reports & 0xff;
    assert_true(unit_send_raw(clerk_link, (bytes_t){frame.at, (uint32_t)frame.size}));
    refused_next(w, "missing_field");
    assert_int_equal(w->appends, 0);
    buffer_destroy(&frame);
}

static void a_number_of_a_person_is_found_wherever_it_is_told_from(void **state) {
    world_t *w = *state;
    char code[LIMIT_NAME], path[LIMIT_NAME];
    report_t reports[3] = {report_with(&scan), report_with(&scan), report_with(&scan)};
    const report_t *pointers[] = {&reports[0], &reports[1], &reports[2]};
    reports[0].progress = text_of("请联系 13800138001 办理"); /* said in the first, */
    reports[1].progress = text_of("请联系 13800138002 办理"); /* a digit of it in the second, */
    reports[2].progress = text_of("请联系 13800138002 办理"); /* and nothing of it in the third */
    uint64_t first = unit_send_reports(clerk_link, pointers, 3, 0);
    assert_int_equal(refused_of(w, 3, code, path), first * 111 + 12);
    assert_string_equal(code, "mobile_number");
    assert_int_equal(w->appends, 0);
    assert_false(world_saw(w, "1380013800"));
}

static void what_was_found_clean_once_makes_nothing_else_clean(void **state) {
    world_t *w = *state;
    static const char *const words[] = {"两场", "13800138001", "13800138001", "两场", "13800138002", "三场"};
    enum { COUNT = sizeof words / sizeof words[0] };
    char code[LIMIT_NAME], path[LIMIT_NAME];
    report_t reports[COUNT];
    const report_t *pointers[COUNT];
    evidence_t evidence[COUNT];
    for (uint32_t turn = 0; turn < 2; turn++) { /* in the text, then in the name of a file */
        for (uint32_t index = 0; index < COUNT; index++) {
            evidence[index] = scan;
            reports[index] = report_with(&evidence[index]);
            if (turn == 0) reports[index].progress = text_of(words[index]);
            else evidence[index].name = text_of(words[index]);
            pointers[index] = &reports[index];
        }
        uint64_t first = unit_send_reports(clerk_link, pointers, COUNT, 0);
        assert_int_equal(refused_of(w, 3 + 3 * 2, code, path), first == 1 ? 235 : 100 * (first + 1) + 10 * (first + 2) + first + 4);
        assert_string_equal(code, "mobile_number");
        assert_string_equal(path, turn == 0 ? "progress" : "evidence[0].name");
        WORLD_UNTIL(w, w->appends == 3 * (turn + 1));
    }
    assert_false(world_saw(w, "1380013800"));
}

static void names_told_in_rows_go_to_the_vault_and_never_further(void **state) {
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

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(every_report_that_a_client_sends_together_reaches_intake_whole),
        TEST(a_report_needs_to_live_no_longer_than_the_call_that_gathers_it),
        TEST(what_is_gathered_leaves_before_what_is_sent_at_once),
        TEST(large_reports_that_are_alike_all_pass),
        TEST(a_report_that_cannot_be_read_is_refused_by_name_and_those_behind_it_pass),
        TEST(bytes_that_are_no_report_are_refused_in_every_row),
        TEST(a_row_whose_pieces_do_not_fit_is_refused_with_all_behind_it),
        TEST(each_refusal_of_a_frame_is_counted_with_the_hash_of_that_frame),
        TEST(the_reports_of_a_frame_grow_no_larger_than_a_frame),
        TEST(reports_told_in_rows_are_not_taken_among_other_messages),
        TEST(a_frame_of_rows_that_cannot_be_read_is_refused_whole),
        TEST(a_number_of_a_person_is_found_wherever_it_is_told_from),
        TEST(what_was_found_clean_once_makes_nothing_else_clean),
        TEST(names_told_in_rows_go_to_the_vault_and_never_further),
    };
    return cmocka_run_group_tests_name("gateway reports", tests, NULL, NULL);
}
