/* Waiting for sockets whose descriptor tells each thing once: what came is seen although its sign is gone. */
#include "stage_bench.h"

#include "services/stage/clock.h"

#include <errno.h>
#include <poll.h>
#include <zmq.h>

enum { PATIENCE_MS = 5000 };

/* libzmq's looks at a socket's mailbox: which one of them from now on a signal interrupts; 0: none. */
static _Thread_local int interrupted;

/* Stands before the C library's, also for libzmq. */
int poll(struct pollfd *fds, nfds_t count, int timeout_ms) {
    if (count == 1 && timeout_ms == 0 && interrupted > 0 && --interrupted == 0) return errno = EINTR, -1;
    struct timespec timeout = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L};
    return ppoll(fds, count, timeout_ms < 0 ? NULL : &timeout, NULL);
}

static bool sign_shows(void *socket, int timeout_ms) {
    int fd;
    size_t size = sizeof fd;
    assert_int_equal(zmq_getsockopt(socket, ZMQ_FD, &fd, &size), 0);
    return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, timeout_ms) > 0;
}

static const bytes_t word = {(const uint8_t *)"word", 4};

/* A server and a client that know each other; both have said that nothing waits in them. */
typedef struct {
    server_t *server;
    client_t *client;
    peer_t peer;
    void *at_server[1], *at_client[1];
} talk_t;

static void talk_open(talk_t *self) {
    bytes_t frame;
    link_start();
    assert_int_equal(server_bind("ipc://run/talk", &self->server), OK);
    assert_int_equal(client_connect("ipc://run/talk", &self->client), OK);
    self->at_server[0] = server_handle(self->server);
    self->at_client[0] = client_handle(self->client);
    assert_int_equal(client_send(self->client, word), OK);
    assert_int_equal(link_wait(self->at_server, 1, PATIENCE_MS), 1);
    assert_true(server_receive(self->server, &self->peer, &frame));
    assert_int_equal(link_wait(self->at_server, 1, 0), 0);
    assert_int_equal(link_wait(self->at_client, 1, 0), 0);
}

static void talk_close(talk_t *self) {
    client_destroy(&self->client);
    server_destroy(&self->server);
}

static void a_message_whose_sign_a_sending_took_is_seen_without_another_one(void **state) {
    (void)state;
    talk_t talk;
    talk_open(&talk);
    server_send(talk.server, &talk.peer, word);
    assert_true(sign_shows(talk.at_client[0], PATIENCE_MS));
    for (int64_t until = clock_steady_ms() + PATIENCE_MS; sign_shows(talk.at_client[0], 0) && clock_steady_ms() < until;)
        client_send(talk.client, word); /* it looks at the mailbox now and then, and always when it is full */
    assert_false(sign_shows(talk.at_client[0], 0));
    assert_int_equal(link_wait(talk.at_client, 1, PATIENCE_MS), 1);
    talk_close(&talk);
}

static void messages_that_were_left_are_seen_at_the_next_wait(void **state) {
    (void)state;
    talk_t talk;
    bytes_t frame;
    talk_open(&talk);
    for (int count = 0; count < 3; count++) server_send(talk.server, &talk.peer, word);
    for (int count = 0; count < 3; count++) {
        assert_int_equal(link_wait(talk.at_client, 1, PATIENCE_MS), 1);
        assert_true(client_receive(talk.client, &frame));
    }
    assert_int_equal(link_wait(talk.at_client, 1, 0), 0);
    talk_close(&talk);
}

/* Not made by link, as the units' socket of the gateway is not. */
static void a_socket_of_another_is_seen_too_once_it_said_that_nothing_is_there(void **state) {
    (void)state;
    char byte;
    void *context = zmq_ctx_new(), *near = zmq_socket(context, ZMQ_PAIR), *far = zmq_socket(context, ZMQ_PAIR);
    assert_int_equal(zmq_bind(near, "inproc://near"), 0);
    assert_int_equal(zmq_connect(far, "inproc://near"), 0);
    for (int round = 0; round < 3; round++) {
        for (int count = 0; count < 2; count++) assert_int_equal(zmq_send(far, "x", 1, ZMQ_DONTWAIT), 1);
        assert_int_equal(link_wait(&near, 1, PATIENCE_MS), 1);
        assert_int_equal(zmq_recv(near, &byte, 1, ZMQ_DONTWAIT), 1);
        link_used(near, true);
        assert_int_equal(link_wait(&near, 1, 0), 1); /* no sign shows of the second */
        assert_int_equal(zmq_recv(near, &byte, 1, ZMQ_DONTWAIT), 1);
        assert_int_equal(zmq_recv(near, &byte, 1, ZMQ_DONTWAIT), -1);
        link_used(near, zmq_errno() != EAGAIN);
        assert_int_equal(link_wait(&near, 1, 0), 0);
    }
    link_gone(near);
    zmq_close(near);
    zmq_close(far);
    zmq_ctx_term(context);
}

static void a_message_is_seen_whichever_look_at_the_mailbox_a_signal_interrupts(void **state) {
    (void)state;
    talk_t talk;
    bytes_t frame;
    talk_open(&talk);
    for (int look = 1; look <= 3; look++) {
        assert_int_equal(client_send(talk.client, word), OK);
        assert_true(sign_shows(talk.at_server[0], PATIENCE_MS));
        interrupted = look;
        assert_int_equal(link_wait(talk.at_server, 1, PATIENCE_MS), 1);
        interrupted = 0;
        assert_true(server_receive(talk.server, &talk.peer, &frame));
        assert_int_equal(link_wait(talk.at_server, 1, 0), 0);
    }
    talk_close(&talk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_message_whose_sign_a_sending_took_is_seen_without_another_one),
        BENCH_TEST(messages_that_were_left_are_seen_at_the_next_wait),
        BENCH_TEST(a_socket_of_another_is_seen_too_once_it_said_that_nothing_is_there),
        BENCH_TEST(a_message_is_seen_whichever_look_at_the_mailbox_a_signal_interrupts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
