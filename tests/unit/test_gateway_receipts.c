/* Receipts of a group, and verdicts, go to whom they belong: many in one packet to who sends arrays, alone to all others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zmq.h>

#include "tests/unit/gateway_clerk.h"

static unit_link_t *other_link; /* of jianxin */

static int two_start(void **state) {
    static unit_key_t other;
    world_t *w = world_make();
    assert_int_equal(unit_key_new(&clerk), OK);
    assert_int_equal(unit_key_new(&other), OK);
    world_register(w, "chengmen", 1, &clerk, false);
    world_register(w, "jianxin", 1, &other, false);
    WORLD_UNTIL(w, gateway_ready(w->gateway));
    assert_int_equal(unit_open(gateway_endpoint(w->gateway), w->server.public_text, &clerk, &clerk_link), OK);
    assert_int_equal(unit_open(gateway_endpoint(w->gateway), w->server.public_text, &other, &other_link), OK);
    w->gather_receipts = true;
    *state = w;
    return 0;
}

static int two_end(void **state) {
    unit_close(&other_link);
    return world_end(state);
}

/* `count` reports in one frame, their ids in `sent`. The number of the first. */
static uint64_t send_many(unit_link_t *link, uint32_t count, report_t *sent) {
    const report_t *pointers[LIMIT_EDGE_BATCH];
    for (uint32_t index = 0; index < count; index++) {
        sent[index] = report_make();
        pointers[index] = &sent[index];
    }
    return unit_send_reports(link, pointers, count, 0);
}

/* The same by our clerk, and all receipts are given together. */
static uint64_t send_as_group(world_t *w, uint32_t count, report_t *sent) {
    uint64_t first = send_many(clerk_link, count, sent);
    WORLD_UNTIL(w, w->row_count == count);
    world_receipts_give(w);
    return first;
}

static void receipts_take(world_t *w, unit_link_t *link, uint64_t first, uint32_t count, const report_t *sent) {
    bool given[LIMIT_EDGE_BATCH] = {false};
    for (uint32_t taken = 0; taken < count; taken++) {
        unit_answer_t answer;
        assert_true(world_answer(w, link, &answer));
        assert_int_equal(answer.kind, KIND_receipt);
        assert_true(answer.request_id >= first && answer.request_id < first + count);
        assert_false(given[answer.request_id - first]);
        given[answer.request_id - first] = true;
        assert_memory_equal(answer.receipt.submission_id, sent[answer.request_id - first].submission_id, 16);
        assert_int_equal(answer.receipt.received_ms, 1629878400000); /* what all share is in each */
        assert_int_equal(answer.receipt.ledger_id[0], 1);
        assert_int_equal(answer.receipt.head_seq, w->seq);
    }
}

static void rows_exchange(world_t *w, uint32_t a, uint32_t b) {
    receipt_row_t row = w->rows[a];
    w->rows[a] = w->rows[b];
    w->rows[b] = row;
}

static void each_unit_gets_its_own_of_the_receipts_of_a_group_and_no_others(void **state) {
    world_t *w = *state;
    report_t ours[3], theirs[2];
    w->hold_verdicts = true;
    uint64_t first = send_many(clerk_link, 3, ours), other = send_many(other_link, 2, theirs);
    WORLD_UNTIL(w, w->row_count == 5);
    rows_exchange(w, 1, 3); /* as they may come: one unit's between the other's */
    rows_exchange(w, 0, 4);
    world_receipts_give(w);
    receipts_take(w, clerk_link, first, 3, ours);
    receipts_take(w, other_link, other, 2, theirs);
    unit_answer_t answer;
    for (int turn = 0; turn < 20; turn++) {
        world_step(w);
        assert_false(unit_poll(clerk_link, 0, w->arena, &answer));
        assert_false(unit_poll(other_link, 0, w->arena, &answer));
    }
}

static void verdicts_follow_receipts_that_were_given_together(void **state) {
    world_t *w = *state;
    report_t sent[20];
    uint64_t first = send_as_group(w, 20, sent);
    bool received[20] = {false};
    for (uint32_t answers = 0; answers < 40; answers++) {
        unit_answer_t answer;
        assert_true(world_answer(w, clerk_link, &answer));
        bool receipt = answer.kind == KIND_receipt;
        assert_true(receipt || answer.kind == KIND_verdict);
        assert_int_equal(received[answer.request_id - first], !receipt); /* never before its receipt */
        received[answer.request_id - first] = true;
    }
    assert_int_equal(gateway_pending(w->gateway), 0);
}

/* The next frame as it came, beside the library. */
static zmq_msg_t frame_next(world_t *w) {
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    WORLD_UNTIL(w, zmq_msg_recv(&frame, unit_handle(clerk_link), ZMQ_DONTWAIT) >= 0);
    return frame;
}

static void who_sends_no_arrays_is_given_a_receipt_of_its_own(void **state) {
    world_t *w = *state;
    w->hold_verdicts = true;
    report_t one = report_make(), two = report_make();
    uint64_t first = unit_send_report(clerk_link, &one, 0);
    unit_send_report(clerk_link, &two, 0);
    WORLD_UNTIL(w, w->row_count == 2);
    world_receipts_give(w);
    for (uint64_t index = 0; index < 2; index++) {
        zmq_msg_t frame = frame_next(w);
        packet_t packet;
        receipt_t receipt;
        fault_t fault;
        assert_int_equal(packet_decode((bytes_t){zmq_msg_data(&frame), (uint32_t)zmq_msg_size(&frame)}, &packet, &fault), OK);
        assert_int_equal(packet.raw.size, zmq_msg_size(&frame));
        assert_int_equal(packet.request_id, first + index);
        assert_int_equal(packet_body(&packet, receipt_type(), w->arena, &receipt, &fault), OK);
        assert_int_equal(receipt.head_seq, w->seq);
        zmq_msg_close(&frame);
    }
}

static void a_frame_of_receipts_is_one_packet_and_no_longer_than_a_frame_may_be(void **state) {
    world_t *w = *state;
    w->hold_verdicts = true;
    report_t sent[60];
    send_as_group(w, 60, sent);
    zmq_msg_t frame = frame_next(w);
    packet_t packet;
    receipts_t receipts;
    fault_t fault;
    assert_int_equal(packet_decode((bytes_t){zmq_msg_data(&frame), (uint32_t)zmq_msg_size(&frame)}, &packet, &fault), OK);
    assert_int_equal(packet_body(&packet, receipts_type(), w->arena, &receipts, &fault), OK);
    assert_int_equal(receipts.rows_count, 60);
    zmq_msg_close(&frame);
}

static void a_receipt_that_nobody_waits_for_is_dropped(void **state) {
    world_t *w = *state;
    w->hold_verdicts = true;
    report_t sent[2];
    uint64_t first = send_many(clerk_link, 2, sent);
    WORLD_UNTIL(w, w->row_count == 2);
    w->rows[w->row_count] = w->rows[0]; /* twice */
    w->rows[w->row_count + 1] = (receipt_row_t){.request_id = 77, .submission_id = {9}, .seq = 9, .content_hash = {9}};
    w->row_count += 2;
    world_receipts_give(w);
    receipts_take(w, clerk_link, first, 2, sent);
    unit_answer_t answer;
    for (int turn = 0; turn < 20; turn++) {
        world_step(w);
        assert_false(unit_poll(clerk_link, 0, w->arena, &answer));
    }
}

/* A program of somebody else's may number its questions as it likes. */
static void receipts_answer_questions_of_any_number(void **state) {
    world_t *w = *state;
    static const uint64_t numbers[] = {7, 8, 0, 1, (uint64_t)INT64_MAX + 1, UINT64_MAX, 0};
    enum { COUNT = sizeof numbers / sizeof numbers[0] };
    w->hold_verdicts = true;
    buffer_t frame = {0};
    packets_begin(&frame);
    for (uint32_t index = 0; index < COUNT; index++) {
        report_submit_t submit = {.report = report_make()};
        packet_encode(numbers[index], report_submit_type(), &submit, &frame);
    }
    bytes_t whole = packets_end(&frame, COUNT);
    assert_true(zmq_send(unit_handle(clerk_link), whole.at, whole.size, 0) >= 0);
    WORLD_UNTIL(w, w->row_count == COUNT);
    world_receipts_give(w);
    for (uint32_t index = 0; index < COUNT; index++) assert_true(next(w, KIND_receipt).request_id == numbers[index]);
    buffer_destroy(&frame);
}

/* The packets of verdicts among those of a frame, and their rows. */
static void verdicts_count(world_t *w, bytes_t frame, uint32_t *packets, uint32_t *rows) {
    uint32_t count = 0;
    bytes_t rest = packets_of(frame, &count);
    for (; count > 0; count--) {
        packet_t packet;
        verdicts_t verdicts;
        fault_t fault;
        assert_int_equal(packet_decode(rest, &packet, &fault), OK);
        assert_int_not_equal(packet.kind, KIND_verdict);
        if (packet.kind == KIND_verdicts) {
            assert_int_equal(packet_body(&packet, verdicts_type(), w->arena, &verdicts, &fault), OK);
            *rows += verdicts.rows_count;
            (*packets)++;
        }
        rest = (bytes_t){rest.at + packet.raw.size, rest.size - packet.raw.size};
    }
    assert_int_equal(rest.size, 0);
}

static void verdicts_on_reports_of_an_array_come_in_one_packet(void **state) {
    world_t *w = *state;
    report_t sent[20];
    send_as_group(w, 20, sent);
    uint32_t packets = 0, rows = 0;
    while (rows < 20) {
        zmq_msg_t frame = frame_next(w);
        verdicts_count(w, (bytes_t){zmq_msg_data(&frame), (uint32_t)zmq_msg_size(&frame)}, &packets, &rows);
        zmq_msg_close(&frame);
    }
    assert_int_equal(rows, 20);
    assert_true(packets <= 2); /* some may have come by before their receipts */
}

static void a_verdict_among_many_says_entry_revision_and_instant(void **state) {
    world_t *w = *state;
    report_t sent[2];
    uint64_t first = send_as_group(w, 2, sent);
    uint64_t seqs[2] = {0};
    for (uint32_t answers = 0; answers < 4; answers++) {
        unit_answer_t answer;
        assert_true(world_answer(w, clerk_link, &answer));
        if (answer.kind == KIND_receipt) {
            seqs[answer.request_id - first] = answer.receipt.seq;
            continue;
        }
        assert_int_equal(answer.kind, KIND_verdict);
        assert_true(answer.verdict.accepted);
        assert_int_equal(answer.verdict.revision, 1);
        assert_int_equal(answer.verdict.seq, seqs[answer.request_id - first]);
        assert_int_equal(answer.verdict.received_ms, 1629878400000 + answer.verdict.seq);
        assert_int_equal(answer.verdict.unit.size, 0); /* who sent the report knows */
    }
}

/* A refusal keeps its reasons, and their words outlive the frame that brought them. */
static void a_refusal_among_many_verdicts_keeps_all_its_reasons(void **state) {
    world_t *w = *state;
    report_t sent[3];
    w->refuse_odd = true;
    uint64_t first = send_as_group(w, 3, sent);
    unit_answer_t verdicts[3];
    for (uint32_t answers = 0, judged = 0; answers < 6; answers++) {
        unit_answer_t answer;
        assert_true(world_answer(w, clerk_link, &answer));
        if (answer.kind == KIND_verdict) verdicts[judged++] = answer;
    }
    report_t one = report_make();
    w->gather_receipts = false;
    unit_send_report(clerk_link, &one, 0); /* another frame comes */
    next(w, KIND_receipt);
    uint32_t refused = 0;
    for (uint32_t index = 0; index < 3; index++) {
        const verdict_t *verdict = &verdicts[index].verdict;
        assert_true(verdicts[index].request_id >= first && verdicts[index].request_id < first + 3);
        assert_int_equal(verdict->accepted, verdict->seq % 2 == 0);
        assert_int_equal(verdict->reasons_count, verdict->accepted ? 0 : 2);
        if (verdict->accepted) continue;
        refused++;
        assert_true(text_is(verdict->reasons[0].code, "unknown_task"));
        assert_true(text_is(verdict->reasons[1].path, "report.period"));
        assert_true(verdict->reasons[1].zh.size > 0 && verdict->reasons[1].en.size > 0);
    }
    assert_true(refused > 0);
}

static void who_sends_no_arrays_is_given_a_verdict_of_its_own(void **state) {
    world_t *w = *state;
    w->gather_receipts = false;
    report_t one = report_make();
    unit_send_report(clerk_link, &one, 0);
    for (uint32_t taken = 0; taken < 2; taken++) {
        zmq_msg_t frame = frame_next(w);
        packet_t packet;
        verdict_t verdict;
        fault_t fault;
        assert_int_equal(packet_decode((bytes_t){zmq_msg_data(&frame), (uint32_t)zmq_msg_size(&frame)}, &packet, &fault), OK);
        assert_int_equal(packet.kind, taken == 0 ? KIND_receipt : KIND_verdict);
        if (taken == 1) assert_int_equal(packet_body(&packet, verdict_type(), w->arena, &verdict, &fault), OK);
        if (taken == 1) assert_true(text_is(verdict.unit, "chengmen"));
        zmq_msg_close(&frame);
    }
}

#define TWO(name) cmocka_unit_test_setup_teardown(name, two_start, two_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TWO(each_unit_gets_its_own_of_the_receipts_of_a_group_and_no_others),
        TWO(verdicts_follow_receipts_that_were_given_together),
        TWO(who_sends_no_arrays_is_given_a_receipt_of_its_own),
        TWO(a_frame_of_receipts_is_one_packet_and_no_longer_than_a_frame_may_be),
        TWO(receipts_answer_questions_of_any_number),
        TWO(a_receipt_that_nobody_waits_for_is_dropped),
        TWO(verdicts_on_reports_of_an_array_come_in_one_packet),
        TWO(a_verdict_among_many_says_entry_revision_and_instant),
        TWO(a_refusal_among_many_verdicts_keeps_all_its_reasons),
        TWO(who_sends_no_arrays_is_given_a_verdict_of_its_own),
    };
    int failed = cmocka_run_group_tests_name("gateway receipts", tests, NULL, NULL);
    link_stop();
    return failed;
}
