/* A gateway of another version, whose answers are no canonical bytes: its client says so at once, instead of waiting in vain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <czmq.h>
#include <pthread.h>
#include <string.h>

#include "proto/crypto.h"
#include "services/stage/clock.h"
#include "services/stage/link.h"
#include "services/unit/unit.h"

enum { PATIENCE_MS = 10000, SOON_MS = 2500 /* before anything is sent again */ };
#define SEQ 0x12345678 /* a number that takes four bytes */

typedef struct {
    zsock_t *door;
    void *raw;
    unit_link_t *link;
    arena_t *arena;
} scene_t;

static int setup(void **state) {
    scene_t *self = calloc(1, sizeof *self);
    unit_key_t server, client;
    char endpoint[128];
    size_t size = sizeof endpoint;
    int yes = 1;
    self->arena = arena_new();
    self->door = zsock_new(ZMQ_ROUTER);
    self->raw = zsock_resolve(self->door);
    bool good = unit_key_new(&server) == OK && unit_key_new(&client) == OK;
    good = good && zmq_setsockopt(self->raw, ZMQ_CURVE_SERVER, &yes, sizeof yes) == 0;
    good = good && zmq_setsockopt(self->raw, ZMQ_CURVE_SECRETKEY, server.secret_text, UNIT_KEY_TEXT) == 0;
    good = good && zmq_bind(self->raw, "tcp://127.0.0.1:*") == 0;
    good = good && zmq_getsockopt(self->raw, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0;
    good = good && unit_open(endpoint, server.public_text, &client, &self->link) == OK;
    *state = self;
    return good ? 0 : 1;
}

static int teardown(void **state) {
    scene_t *self = *state;
    unit_close(&self->link);
    zsock_destroy(&self->door);
    arena_destroy(&self->arena);
    free(self);
    return 0;
}

static report_t report_make(void) {
    report_t report = {.task = text_of("pairing"), .period = text_of("2021-08"), .progress = text_of("进展")};
    uuid7_new(1629878400000, report.submission_id);
    return report;
}

static receipt_t receipt_make(void) {
    receipt_t receipt = {.epoch = 1, .seq = SEQ, .received_ms = 1};
    memset(receipt.submission_id, 1, sizeof receipt.submission_id);
    memset(receipt.ledger_id, 1, sizeof receipt.ledger_id);
    memset(receipt.content_hash, 1, sizeof receipt.content_hash);
    return receipt;
}

/* The same value, and valid msgpack, but SEQ takes eight bytes where four would do. */
static void widen(buffer_t *frame) {
    static const uint8_t four[] = {0xce, 0x12, 0x34, 0x56, 0x78}, eight[] = {0xcf, 0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78};
    uint8_t *at = memmem(frame->at, frame->size, four, sizeof four);
    assert_non_null(at);
    buffer_t wider = {0};
    size_t before = (size_t)(at - frame->at);
    buffer_add(&wider, frame->at, before);
    buffer_add(&wider, eight, sizeof eight);
    buffer_add(&wider, at + sizeof four, frame->size - before - sizeof four);
    buffer_destroy(frame);
    *frame = wider;
}

/* Waits for one sending and answers it. */
static void answer(scene_t *self, const message_t *type, const void *value, bool wide) {
    zmq_msg_t peer, frame;
    packet_t packet;
    fault_t fault;
    zmq_msg_init(&peer);
    zmq_msg_init(&frame);
    assert_true(zmq_msg_recv(&peer, self->raw, 0) >= 0 && zmq_msg_recv(&frame, self->raw, 0) >= 0);
    assert_int_equal(packet_decode((bytes_t){zmq_msg_data(&frame), (uint32_t)zmq_msg_size(&frame)}, &packet, &fault), OK);
    buffer_t out = {0};
    packet_encode(packet.request_id, type, value, &out);
    if (wide) widen(&out);
    assert_true(zmq_send(self->raw, zmq_msg_data(&peer), zmq_msg_size(&peer), ZMQ_SNDMORE) >= 0);
    assert_true(zmq_send(self->raw, out.at, out.size, 0) >= 0);
    buffer_destroy(&out);
    zmq_msg_close(&peer);
    zmq_msg_close(&frame);
}

static void assert_unread(const scene_t *self, uint32_t count) {
    fault_t why;
    assert_int_equal(unit_unread(self->link, &why), count);
    assert_string_equal(why.code, "not_canonical");
    assert_non_null(strstr(why.path, "seq"));
}

static void a_receipt_in_other_bytes_is_told_and_the_next_answer_is_read(void **state) {
    scene_t *self = *state;
    report_t report = report_make();
    receipt_t receipt = receipt_make();
    unit_answer_t told;
    unit_send_report(self->link, &report, 0);
    answer(self, receipt_type(), &receipt, true);
    int64_t begin_ms = clock_steady_ms();
    assert_false(unit_poll(self->link, PATIENCE_MS, self->arena, &told));
    assert_true(clock_steady_ms() - begin_ms < SOON_MS);
    assert_unread(self, 1);
    unit_send_report(self->link, &report, 0);
    answer(self, receipt_type(), &receipt, false);
    assert_true(unit_poll(self->link, PATIENCE_MS, self->arena, &told));
    assert_int_equal(told.receipt.seq, SEQ);
    assert_unread(self, 1);
}

static void many_receipts_in_other_bytes_are_told_too(void **state) {
    scene_t *self = *state;
    report_t report = report_make();
    receipt_row_t row = {.request_id = 1, .seq = SEQ};
    unit_answer_t told;
    memset(row.submission_id, 1, sizeof row.submission_id);
    memset(row.content_hash, 1, sizeof row.content_hash);
    receipts_t receipts = {.epoch = 1, .received_ms = 1, .head_seq = 1, .rows = &row, .rows_count = 1};
    memset(receipts.ledger_id, 1, sizeof receipts.ledger_id);
    unit_send_report(self->link, &report, 0);
    answer(self, receipts_type(), &receipts, true);
    assert_false(unit_poll(self->link, PATIENCE_MS, self->arena, &told));
    assert_unread(self, 1);
    unit_send_report(self->link, &report, 0);
    answer(self, receipts_type(), &receipts, false);
    assert_true(unit_poll(self->link, PATIENCE_MS, self->arena, &told));
    assert_int_equal(told.kind, KIND_receipt);
    assert_int_equal(told.receipt.seq, SEQ);
}

static void a_frame_that_is_no_packet_is_told(void **state) {
    scene_t *self = *state;
    report_t report = report_make();
    receipt_t receipt = receipt_make();
    unit_answer_t told;
    fault_t why;
    zmq_msg_t peer;
    zmq_msg_init(&peer);
    unit_send_report(self->link, &report, 0);
    assert_true(zmq_msg_recv(&peer, self->raw, 0) >= 0);
    assert_true(zmq_send(self->raw, zmq_msg_data(&peer), zmq_msg_size(&peer), ZMQ_SNDMORE) >= 0);
    assert_true(zmq_send(self->raw, "HTTP/1.1 400", 12, 0) >= 0);
    zmq_msg_close(&peer);
    assert_false(unit_poll(self->link, PATIENCE_MS, self->arena, &told));
    assert_int_equal(unit_unread(self->link, &why), 1);
    zmq_msg_t rest; /* the report itself */
    zmq_msg_init(&rest);
    assert_true(zmq_msg_recv(&rest, self->raw, 0) >= 0);
    zmq_msg_close(&rest);
    unit_send_report(self->link, &report, 0);
    answer(self, receipt_type(), &receipt, false);
    assert_true(unit_poll(self->link, PATIENCE_MS, self->arena, &told));
}

static void *receipt_give(void *argument) {
    receipt_t receipt = receipt_make();
    answer(argument, receipt_type(), &receipt, true);
    return NULL;
}

static void a_report_ends_with_an_error_of_its_own_before_it_is_sent_again(void **state) {
    scene_t *self = *state;
    report_t report = report_make();
    unit_outcome_t outcome;
    pthread_t thread;
    int64_t begin_ms = clock_steady_ms();
    assert_int_equal(pthread_create(&thread, NULL, receipt_give, self), 0);
    assert_int_equal(unit_report(self->link, &report, 0, PATIENCE_MS, self->arena, &outcome), ERR_BAD);
    pthread_join(thread, NULL);
    assert_true(clock_steady_ms() - begin_ms < SOON_MS);
    assert_false(outcome.received || outcome.refused || outcome.judged);
    assert_unread(self, 1);
}

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    crypto_start();
    link_start();
    const struct CMUnitTest tests[] = {
        SCENE_TEST(a_receipt_in_other_bytes_is_told_and_the_next_answer_is_read),
        SCENE_TEST(many_receipts_in_other_bytes_are_told_too),
        SCENE_TEST(a_frame_that_is_no_packet_is_told),
        SCENE_TEST(a_report_ends_with_an_error_of_its_own_before_it_is_sent_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
