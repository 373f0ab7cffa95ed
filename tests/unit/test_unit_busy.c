/* A client that is told "not now" comes again when it was told to, not earlier, under the same submission id. */
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

enum { RETRY_MS = 400, PATIENCE_MS = 10000, KEPT = 16 };

/* A gateway that has no room for the first `busy` sendings. */
typedef struct {
    void *socket;
    pthread_t thread;
    uint32_t busy;
    uint32_t count;
    int64_t at_ms[KEPT];
    uint8_t ids[KEPT][16];
} waiting_door_t;

static void answer(waiting_door_t *door, zmq_msg_t *peer, const message_t *type, const void *value, uint64_t request_id) {
    buffer_t out = {0};
    packet_encode(request_id, type, value, &out);
    zmq_send(door->socket, zmq_msg_data(peer), zmq_msg_size(peer), ZMQ_SNDMORE);
    zmq_send(door->socket, out.at, out.size, 0);
    buffer_destroy(&out);
}

static void take(waiting_door_t *door, arena_t *arena) {
    zmq_msg_t peer, frame;
    packet_t packet;
    report_submit_t submit;
    fault_t fault;
    zmq_msg_init(&peer);
    zmq_msg_init(&frame);
    if (zmq_msg_recv(&peer, door->socket, 0) < 0 || zmq_msg_recv(&frame, door->socket, 0) < 0) return;
    bytes_t bytes = {zmq_msg_data(&frame), (uint32_t)zmq_msg_size(&frame)};
    if (packet_decode(bytes, &packet, &fault) == OK &&
        packet_body(&packet, report_submit_type(), arena, &submit, &fault) == OK && door->count < KEPT) {
        door->at_ms[door->count] = clock_steady_ms();
        memcpy(door->ids[door->count++], submit.report.submission_id, 16);
        busy_t busy = {.retry_after_ms = RETRY_MS};
        receipt_t receipt = {.epoch = 1, .seq = 7, .received_ms = 1};
        verdict_t verdict = {.accepted = true};
        memcpy(receipt.submission_id, submit.report.submission_id, 16);
        memcpy(verdict.submission_id, submit.report.submission_id, 16);
        memset(receipt.ledger_id, 1, sizeof receipt.ledger_id);
        memset(receipt.content_hash, 1, sizeof receipt.content_hash);
        if (door->count <= door->busy) answer(door, &peer, busy_type(), &busy, packet.request_id);
        if (door->count > door->busy) answer(door, &peer, receipt_type(), &receipt, packet.request_id);
        if (door->count > door->busy) answer(door, &peer, verdict_type(), &verdict, packet.request_id);
    }
    zmq_msg_close(&peer);
    zmq_msg_close(&frame);
}

static volatile bool leaving;

static void *door_run(void *argument) {
    waiting_door_t *door = argument;
    arena_t *arena = arena_new();
    while (!leaving) {
        zmq_pollitem_t item = {.socket = door->socket, .events = ZMQ_POLLIN};
        if (zmq_poll(&item, 1, 20) > 0) take(door, arena);
    }
    arena_destroy(&arena);
    return NULL;
}

static unit_outcome_t report_through(waiting_door_t *door, int64_t timeout_ms, err_t *err) {
    unit_key_t server, client;
    char endpoint[128];
    size_t size = sizeof endpoint;
    int yes = 1;
    zsock_t *socket = zsock_new(ZMQ_ROUTER);
    door->socket = zsock_resolve(socket);
    leaving = false;
    assert_int_equal(unit_key_new(&server), OK);
    assert_int_equal(unit_key_new(&client), OK);
    assert_int_equal(zmq_setsockopt(door->socket, ZMQ_CURVE_SERVER, &yes, sizeof yes), 0);
    assert_int_equal(zmq_setsockopt(door->socket, ZMQ_CURVE_SECRETKEY, server.secret_text, UNIT_KEY_TEXT), 0);
    assert_int_equal(zmq_bind(door->socket, "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(door->socket, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
    assert_int_equal(pthread_create(&door->thread, NULL, door_run, door), 0);
    unit_link_t *link = NULL;
    arena_t *arena = arena_new();
    report_t report = {.task = text_of("pairing"), .period = text_of("2021-08"), .progress = text_of("进展")};
    uuid7_new(1629878400000, report.submission_id);
    unit_outcome_t outcome;
    assert_int_equal(unit_open(endpoint, server.public_text, &client, &link), OK);
    *err = unit_report(link, &report, 1629878400000, timeout_ms, arena, &outcome);
    unit_close(&link);
    leaving = true;
    pthread_join(door->thread, NULL);
    zsock_destroy(&socket);
    arena_destroy(&arena);
    outcome.refusal = (refusal_t){0}; /* its arena is gone */
    return outcome;
}

static void it_comes_again_when_it_was_told_to_and_not_earlier(void **state) {
    (void)state;
    waiting_door_t door = {.busy = 3};
    err_t err;
    unit_outcome_t outcome = report_through(&door, PATIENCE_MS, &err);
    assert_int_equal(err, OK);
    assert_true(outcome.received && outcome.judged && !outcome.busy);
    assert_int_equal(door.count, 4);
    for (uint32_t index = 1; index < door.count; index++) {
        assert_true(door.at_ms[index] - door.at_ms[index - 1] >= RETRY_MS - 5);
        assert_memory_equal(door.ids[index], door.ids[0], 16);
    }
}

static void in_the_end_it_says_that_it_was_busy_and_for_how_long(void **state) {
    (void)state;
    waiting_door_t door = {.busy = KEPT};
    err_t err;
    unit_outcome_t outcome = report_through(&door, 1000, &err);
    assert_int_equal(err, ERR_TIMEOUT);
    assert_true(outcome.busy && !outcome.received && !outcome.refused);
    assert_int_equal(outcome.retry_after_ms, RETRY_MS);
    assert_true(door.count >= 2 && door.count <= 4);
}

int main(void) {
    crypto_start();
    link_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_again_when_it_was_told_to_and_not_earlier),
        cmocka_unit_test(in_the_end_it_says_that_it_was_busy_and_for_how_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
