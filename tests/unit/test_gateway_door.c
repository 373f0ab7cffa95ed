/* The gateway's door from outside: who gets in, what gets through, what comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zmq.h>

#include "tests/unit/gateway_clerk.h"

static void a_registered_unit_gets_receipt_then_verdict_under_its_own_request_id(void **state) {
    world_t *w = *state;
    report_t report = report_make();
    uint64_t id = unit_send_report(clerk_link, &report, 1);
    unit_answer_t receipt = next(w, KIND_receipt);
    assert_int_equal(receipt.request_id, id);
    assert_memory_equal(receipt.receipt.submission_id, report.submission_id, 16);
    assert_int_equal(receipt.receipt.seq, w->seq);
    unit_answer_t verdict = next(w, KIND_verdict);
    assert_int_equal(verdict.request_id, id);
    assert_true(verdict.verdict.accepted);
    assert_int_equal(verdict.verdict.seq, w->seq);
    assert_memory_equal(verdict.verdict.submission_id, report.submission_id, 16);
    assert_true(text_is(w->last_unit, "chengmen"));
    assert_int_equal(gateway_pending(w->gateway), 0);
}

static void names_never_reach_intake_as_text_and_the_vault_is_asked_once(void **state) {
    world_t *w = *state;
    report_passes(w);
    assert_int_equal(w->keeps, 1);
    report_passes(w);
    assert_int_equal(w->keeps, 1);
    assert_int_equal(w->appends, 2);
    uint8_t hash[HASH_SIZE];
    hash_of((bytes_t){(const uint8_t *)writer.text.at, writer.text.size}, hash);
    assert_non_null(memmem(w->seen.at, w->seen.size, hash, sizeof hash));
    assert_false(world_saw(w, "陈志强"));
    assert_true(world_saw(w, "拨付10万元"));
}

static void persons_below_figures_are_swapped_too(void **state) {
    world_t *w = *state;
    item_t items[] = {{.key_kind = key_kind_person, .person = {.text = text_of("林小红")}, .fact_day = 20210815},
                      {.key_kind = key_kind_person, .person = {.text = text_of("黄大伟")}, .fact_day = 20210816}};
    figure_t figure = {.indicator = text_of("teachers"), .items = items, .items_count = 2};
    report_t report = report_make();
    report.figures = &figure;
    report.figures_count = 1;
    unit_send_report(clerk_link, &report, 0);
    next(w, KIND_receipt);
    next(w, KIND_verdict);
    assert_false(world_saw(w, "林小红"));
    assert_false(world_saw(w, "黄大伟"));
    assert_true(world_saw(w, "teachers"));
}

static void an_unknown_key_cannot_send_until_its_registration_is_heard(void **state) {
    world_t *w = *state;
    unit_key_t stranger;
    unit_link_t *link = NULL;
    report_t report = report_make();
    unit_answer_t answer;
    assert_int_equal(unit_key_new(&stranger), OK);
    assert_int_equal(unit_open(gateway_endpoint(w->gateway), w->server.public_text, &stranger, &link), OK);
    unit_send_report(link, &report, 0);
    WORLD_UNTIL(w, (unit_poll(link, 0, w->arena, &answer), unit_refused(link)));
    assert_int_equal(w->appends, 0);
    world_register(w, "jianxin", 1, &stranger, true);
    WORLD_UNTIL(w, w->fetched_after == w->event_count);
    assert_int_equal(unit_reconnect(link), OK);
    unit_send_report(link, &report, 0);
    assert_true(world_answer(w, link, &answer));
    assert_int_equal(answer.kind, KIND_receipt);
    assert_true(text_is(w->last_unit, "jianxin"));
    unit_close(&link);
}

static void a_connection_without_curve_gets_nothing_through(void **state) {
    world_t *w = *state;
    client_t *bare = NULL;
    report_submit_t submit = {.report = report_make()};
    buffer_t packet = {0};
    bytes_t frame;
    packet_encode(1, report_submit_type(), &submit, &packet);
    assert_int_equal(client_connect(gateway_endpoint(w->gateway), &bare), OK);
    assert_int_equal(client_send(bare, (bytes_t){packet.at, (uint32_t)packet.size}), OK);
    report_passes(w);
    report_passes(w);
    assert_int_equal(w->appends, 2);
    assert_int_equal(w->notes, 0);
    assert_false(client_receive(bare, &frame));
    client_destroy(&bare);
    buffer_destroy(&packet);
}

static void a_key_revoked_while_connected_is_refused_at_its_next_message(void **state) {
    world_t *w = *state;
    report_passes(w);
    world_revoke(w, "chengmen", 1);
    WORLD_UNTIL(w, w->fetched_after == w->event_count);
    report_t report = report_make();
    unit_send_report(clerk_link, &report, 0);
    refused_next(w, "unknown_key");
    assert_int_equal(w->appends, 1);
}

static void bytes_of_any_kind_get_a_refusal_and_the_service_stays(void **state) {
    world_t *w = *state;
    static const struct {
        const char *bytes;
        uint32_t size;
        const char *code;
    } cases[] = {
        {"", 0, "malformed"},
        {"\xc1", 1, "wrong_type"},
        {"\xdd\xff\xff\xff\xff", 5, "malformed"},
        {"\x94\xcd\x02\x58\x01\x07\x80\x00", 8, "malformed"},           /* a byte behind the message */
        {"\x94\xcd\x02\x58\x01\x07\x80", 7, "missing_field"},           /* an empty report_submit */
        {"\x94\xcd\x03\xe7\x01\x07\x80", 7, "unknown_message"},         /* kind 999 */
        {"\x94\xcd\x02\x58\x09\x07\x80", 7, "unknown_version"},         /* report_submit version 9 */
        {"\x94\xcd\x02\x6c\x01\x07\x80", 7, "not_permitted"},           /* append_ask is intake's */
        {"\x80", 1, "wrong_type"},
        {"\x91\x91\x01", 3, "wrong_type"},                              /* a batch of one that is no message */
    };
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        assert_true(unit_send_raw(clerk_link, (bytes_t){(const uint8_t *)cases[index].bytes, cases[index].size}));
        refused_next(w, cases[index].code);
    }
    assert_true(text_is(w->last_note_unit, "chengmen"));
    report_passes(w);
}

static void random_bytes_are_always_answered(void **state) {
    world_t *w = *state;
    uint32_t random = 20210825;
    for (int round = 0; round < 300; round++) {
        uint8_t bytes[64];
        for (size_t index = 0; index < sizeof bytes; index++) {
            random = random * 1664525u + 1013904223u;
            bytes[index] = (uint8_t)(random >> 24);
        }
        assert_true(unit_send_raw(clerk_link, (bytes_t){bytes, 1 + random % sizeof bytes}));
        next(w, KIND_refusal);
    }
    report_passes(w);
}

static void a_frame_above_the_limit_is_refused_as_oversize(void **state) {
    world_t *w = *state;
    uint8_t *bytes = calloc(1, LIMIT_EDGE_FRAME + 1);
    assert_true(unit_send_raw(clerk_link, (bytes_t){bytes, LIMIT_EDGE_FRAME + 1}));
    refused_next(w, "oversize");
    free(bytes);
    report_passes(w);
}

static void a_message_of_many_parts_is_refused_whole(void **state) {
    world_t *w = *state;
    report_submit_t submit = {.report = report_make()};
    buffer_t packet = {0};
    packet_encode(1, report_submit_type(), &submit, &packet);
    void *socket = unit_handle(clerk_link);
    assert_true(zmq_send(socket, packet.at, packet.size, ZMQ_SNDMORE) >= 0);
    assert_true(zmq_send(socket, packet.at, packet.size, 0) >= 0);
    refused_next(w, "too_many_parts");
    assert_int_equal(w->appends, 0);
    buffer_destroy(&packet);
    report_passes(w);
}

static void an_id_card_number_is_refused_at_the_door_and_counted(void **state) {
    world_t *w = *state;
    report_t report = report_make();
    report.progress = text_of("联系人身份证 11010519491231002X");
    unit_send_report(clerk_link, &report, 0);
    refused_next(w, "id_number");
    assert_true(text_is(w->last_note_unit, "chengmen"));
    assert_int_equal(w->appends + w->keeps, 0);
    assert_false(world_saw(w, "11010519491231002X"));
}

static void a_planned_measure_is_looked_at_like_a_report(void **state) {
    world_t *w = *state;
    char words[LIMIT_MEASURE_ITEM + 2] = {0};
    buffer_t packet = {0};
    measure_enter_t enter = {.submission_id = {1},
                             .measure = {.task = text_of("pairing"), .state = measure_state_planned, .item = text_of("结对走访"),
                                         .plan = text_of("请打13800138000"), .due = 20211031}};
    packet_encode(1, measure_enter_type(), &enter, &packet);
    assert_true(unit_send_raw(clerk_link, (bytes_t){packet.at, (uint32_t)packet.size}));
    refused_next(w, "mobile_number");
    memset(words, 'a', sizeof words - 1);
    enter.measure.item = text_of(words);
    buffer_clear(&packet);
    packet_encode(2, measure_enter_type(), &enter, &packet);
    assert_true(unit_send_raw(clerk_link, (bytes_t){packet.at, (uint32_t)packet.size}));
    refused_next(w, "too_long");
    assert_false(world_saw(w, "结对走访"));
    buffer_destroy(&packet);
    report_passes(w);
}

static void a_hash_stated_by_a_unit_is_refused_since_only_the_vault_makes_them(void **state) {
    world_t *w = *state;
    report_t report = report_make();
    report.reviewed_by = (personal_t){.key_id = 1, .hash = {5}};
    unit_send_report(clerk_link, &report, 0);
    unit_answer_t answer = next(w, KIND_refusal);
    assert_true(text_is(answer.refusal.reasons[0].code, "not_permitted"));
    assert_true(text_is(answer.refusal.reasons[0].path, "report.reviewed_by"));
    assert_int_equal(w->appends, 0);
}

static void sending_again_gives_the_same_receipt_and_the_verdict_again(void **state) {
    world_t *w = *state;
    report_t report = report_make();
    unit_send_report(clerk_link, &report, 0);
    uint64_t seq = next(w, KIND_receipt).receipt.seq;
    next(w, KIND_verdict);
    unit_send_report(clerk_link, &report, 0);
    unit_answer_t again = next(w, KIND_receipt);
    assert_true(again.receipt.duplicate);
    assert_int_equal(again.receipt.seq, seq);
    assert_int_equal(next(w, KIND_verdict).verdict.seq, seq);
    assert_int_equal(w->verdict_asks, 1);
    assert_int_equal(w->asked_epoch, 0); /* the entry may be of an epoch before a restore; the receipt is of today's */
}

static void many_reports_in_one_frame_are_each_answered(void **state) {
    world_t *w = *state;
    enum { COUNT = 20 };
    report_t reports[COUNT];
    const report_t *pointers[COUNT];
    for (int index = 0; index < COUNT; index++) {
        reports[index] = report_make();
        pointers[index] = &reports[index];
    }
    uint64_t first = unit_send_reports(clerk_link, pointers, COUNT, 0);
    uint32_t receipts = 0, verdicts = 0;
    for (int answers = 0; answers < 2 * COUNT; answers++) {
        unit_answer_t answer;
        assert_true(world_answer(w, clerk_link, &answer));
        assert_true(answer.request_id >= first && answer.request_id < first + COUNT);
        receipts += answer.kind == KIND_receipt;
        verdicts += answer.kind == KIND_verdict;
    }
    assert_int_equal(receipts, COUNT);
    assert_int_equal(verdicts, COUNT);
}

/* Two reports and, between them, what may be anything: a frame is read whole or not at all. */
static void frame_of_three(buffer_t *frame, const message_t *type, const void *between) {
    report_submit_t one = {.report = report_make()}, three = {.report = report_make()};
    packets_begin(frame);
    packet_encode(501, report_submit_type(), &one, frame);
    packet_encode(502, type, between, frame);
    packet_encode(503, report_submit_type(), &three, frame);
}

static void an_array_of_which_a_message_cannot_be_read_is_refused_whole(void **state) {
    world_t *w = *state;
    buffer_t frame = {0};
    report_submit_t two = {.report = report_make()};
    frame_of_three(&frame, report_submit_type(), &two);
    bytes_t whole = packets_end(&frame, 3);
    assert_true(unit_send_raw(clerk_link, (bytes_t){whole.at, whole.size - 1})); /* the last one ends too early */
    refused_next(w, "malformed");
    assert_int_equal(w->appends, 0);
    buffer_destroy(&frame);
}

static void an_array_of_messages_of_several_kinds_is_answered_message_by_message(void **state) {
    world_t *w = *state;
    buffer_t frame = {0};
    status_ask_t ask = {.task = text_of("pairing"), .period = text_of("2021-08")};
    frame_of_three(&frame, status_ask_type(), &ask);
    assert_true(unit_send_raw(clerk_link, packets_end(&frame, 3)));
    uint32_t receipts = 0, verdicts = 0, standings = 0;
    for (int answers = 0; answers < 5; answers++) {
        unit_answer_t answer;
        assert_true(world_answer(w, clerk_link, &answer));
        receipts += answer.kind == KIND_receipt && answer.request_id != 502;
        verdicts += answer.kind == KIND_verdict && answer.request_id != 502;
        standings += answer.kind == KIND_standing_told && answer.request_id == 502;
    }
    assert_int_equal(receipts * 100 + verdicts * 10 + standings, 221);
    buffer_destroy(&frame);
}

static void a_report_without_a_task_among_others_is_refused_by_name_and_the_others_pass(void **state) {
    world_t *w = *state;
    buffer_t frame = {0};
    report_submit_t two = {.report = report_make()};
    two.report.task = (text_t){NULL, 0};
    frame_of_three(&frame, report_submit_type(), &two);
    assert_true(unit_send_raw(clerk_link, packets_end(&frame, 3)));
    uint32_t receipts = 0, refusals = 0;
    for (int answers = 0; answers < 5; answers++) {
        unit_answer_t answer;
        assert_true(world_answer(w, clerk_link, &answer));
        receipts += answer.kind == KIND_receipt;
        if (answer.kind != KIND_refusal) continue;
        refusals++;
        assert_int_equal(answer.request_id, 502);
        assert_true(text_is(answer.refusal.reasons[0].code, "missing_field"));
        assert_true(text_is(answer.refusal.reasons[0].path, "report.task"));
    }
    assert_int_equal(receipts * 10 + refusals, 21);
    buffer_destroy(&frame);
}

static void a_dry_run_keeps_nothing_and_shows_no_names(void **state) {
    world_t *w = *state;
    report_t report = report_make();
    unit_send_check(clerk_link, &report);
    unit_answer_t answer = next(w, KIND_verdict);
    assert_true(answer.verdict.dry_run);
    assert_true(text_is(answer.verdict.unit, "chengmen"));
    assert_true(answer.verdict.reasons[0].zh.size > 0);
    assert_int_equal(w->checks, 1);
    assert_int_equal(w->keeps + w->appends, 0);
    assert_false(world_saw(w, "陈志强"));
}

static void status_is_asked_for_the_unit_that_the_key_names(void **state) {
    world_t *w = *state;
    status_ask_t ask = {.task = text_of("pairing"), .period = text_of("2021-08")};
    uint64_t id = unit_send_status(clerk_link, &ask);
    unit_answer_t answer = next(w, KIND_standing_told);
    assert_int_equal(answer.request_id, id);
    assert_true(text_is(answer.standing.unit, "chengmen"));
    assert_int_equal(answer.standing.revision, 2);
}

static void a_file_goes_to_the_vault_under_the_unit_that_the_key_names(void **state) {
    world_t *w = *state;
    buffer_t frame = {0};
    uint8_t *bytes = calloc(1, LIMIT_EVIDENCE_PIECE);
    evidence_offer_t offer = {.unit = text_of("gaishan"), .sha256 = {1}, .size = LIMIT_EVIDENCE_PIECE};
    evidence_piece_t piece = {.sha256 = {1}, .bytes = {bytes, LIMIT_EVIDENCE_PIECE}};
    packet_encode(41, evidence_offer_type(), &offer, &frame);
    assert_true(unit_send_raw(clerk_link, (bytes_t){frame.at, (uint32_t)frame.size}));
    assert_int_equal(next(w, KIND_evidence_at).request_id, 41);
    assert_true(text_is(w->evidence_unit, "chengmen"));
    buffer_clear(&frame);
    packet_encode(42, evidence_piece_type(), &piece, &frame);
    assert_true(unit_send_raw(clerk_link, (bytes_t){frame.at, (uint32_t)frame.size}));
    unit_answer_t answer = next(w, KIND_evidence_at);
    assert_true(answer.evidence_at.kept);
    assert_int_equal(answer.evidence_at.offset, LIMIT_EVIDENCE_PIECE);
    assert_int_equal(w->evidence_bytes, LIMIT_EVIDENCE_PIECE);
    free(bytes);
    buffer_destroy(&frame);
}

static void a_unit_cannot_erase_a_file(void **state) {
    world_t *w = *state;
    buffer_t frame = {0};
    evidence_erase_t erase = {.sha256 = {1}};
    packet_encode(43, evidence_erase_type(), &erase, &frame);
    assert_true(unit_send_raw(clerk_link, (bytes_t){frame.at, (uint32_t)frame.size}));
    refused_next(w, "not_permitted");
    buffer_destroy(&frame);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_registered_unit_gets_receipt_then_verdict_under_its_own_request_id),
        TEST(names_never_reach_intake_as_text_and_the_vault_is_asked_once),
        TEST(persons_below_figures_are_swapped_too),
        TEST(an_unknown_key_cannot_send_until_its_registration_is_heard),
        TEST(a_connection_without_curve_gets_nothing_through),
        TEST(a_key_revoked_while_connected_is_refused_at_its_next_message),
        TEST(bytes_of_any_kind_get_a_refusal_and_the_service_stays),
        TEST(random_bytes_are_always_answered),
        TEST(a_frame_above_the_limit_is_refused_as_oversize),
        TEST(a_message_of_many_parts_is_refused_whole),
        TEST(an_id_card_number_is_refused_at_the_door_and_counted),
        TEST(a_planned_measure_is_looked_at_like_a_report),
        TEST(a_hash_stated_by_a_unit_is_refused_since_only_the_vault_makes_them),
        TEST(sending_again_gives_the_same_receipt_and_the_verdict_again),
        TEST(many_reports_in_one_frame_are_each_answered),
        TEST(an_array_of_which_a_message_cannot_be_read_is_refused_whole),
        TEST(an_array_of_messages_of_several_kinds_is_answered_message_by_message),
        TEST(a_report_without_a_task_among_others_is_refused_by_name_and_the_others_pass),
        TEST(a_file_goes_to_the_vault_under_the_unit_that_the_key_names),
        TEST(a_unit_cannot_erase_a_file),
        TEST(a_dry_run_keeps_nothing_and_shows_no_names),
        TEST(status_is_asked_for_the_unit_that_the_key_names),
    };
    return cmocka_run_group_tests_name("gateway door", tests, NULL, NULL);
}
