/* The guard of the connections, over real ones: who is cut off and who is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/gateway/guard.h"
#include "services/stage/log.h"

enum { LINK = 64 * 1024, ALL = 150 * 1024, SILENT_MS = 1000, STEP_MS = 1000, PAIRS = 60, FEW = 160 };

/* Both ends of a connection: ours, of which libzmq would read, and the unit's. */
typedef struct {
    int ours, theirs;
    gateway_peer_t peer;
} pair_t;

typedef struct {
    guard_t *guard;
    int listener;
    int64_t now_ms;
} bench_t;

static bench_t bench;

static int begin(void **state) {
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    log_start("test");
    bench = (bench_t){.guard = guard_new(&(guard_bounds_t){LINK, ALL, SILENT_MS}), .listener = socket(AF_INET, SOCK_STREAM, 0)};
    assert_int_equal(bind(bench.listener, (struct sockaddr *)(void *)&address, sizeof address), 0);
    assert_int_equal(listen(bench.listener, 128), 0);
    return 0;
}

static int end(void **state) {
    (void)state;
    close(bench.listener);
    guard_destroy(&bench.guard);
    return 0;
}

static pair_t pair_make(uint8_t name) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    pair_t pair = {.theirs = socket(AF_INET, SOCK_STREAM, 0)};
    assert_int_equal(getsockname(bench.listener, (struct sockaddr *)(void *)&address, &size), 0);
    assert_int_equal(connect(pair.theirs, (struct sockaddr *)(void *)&address, size), 0);
    pair.ours = accept(bench.listener, NULL, NULL);
    assert_true(pair.ours > 0);
    pair.peer = (gateway_peer_t){.bytes = {name}, .size = 1, .descriptor = pair.ours};
    return pair;
}

static void pair_close(pair_t *pair) {
    close(pair->ours);
    close(pair->theirs);
}

static bool readable(int descriptor, int timeout_ms) {
    struct pollfd poller = {.fd = descriptor, .events = POLLIN};
    return poll(&poller, 1, timeout_ms) > 0;
}

/* The unit sends, libzmq takes it all. */
static void carry(int from, int to, size_t size) {
    static uint8_t room[16 * 1024];
    for (size_t done = 0; done < size;) {
        size_t piece = size - done < sizeof room ? size - done : sizeof room;
        assert_int_equal(send(from, room, piece, 0), piece);
        for (size_t taken = 0; taken < piece;) {
            assert_true(readable(to, 2000));
            ssize_t got = recv(to, room, piece - taken, 0);
            assert_true(got > 0);
            taken += (size_t)got;
        }
        done += piece;
    }
}

static bool is_cut(const pair_t *pair) {
    uint8_t byte;
    return readable(pair->theirs, 0) && recv(pair->theirs, &byte, 1, MSG_PEEK) == 0;
}

static void look(void) { guard_step(bench.guard, bench.now_ms += STEP_MS); }

static void a_message_that_does_not_end_ends_its_connection(void **state) {
    (void)state;
    pair_t endless = pair_make(1), other = pair_make(2);
    carry(endless.theirs, endless.ours, LINK / 2);
    look();
    assert_false(is_cut(&endless));
    carry(endless.theirs, endless.ours, LINK);
    look();
    assert_true(is_cut(&endless));
    assert_false(is_cut(&other));
    assert_int_equal(guard_state(bench.guard).cut, 1);
    pair_close(&endless);
    pair_close(&other);
}

static void what_was_delivered_does_not_count(void **state) {
    (void)state;
    pair_t unit = pair_make(1);
    for (int message = 0; message < 10; message++) {
        carry(unit.theirs, unit.ours, LINK / 2);
        guard_received(bench.guard, &unit.peer, LINK / 2, "jyj#1");
        look();
    }
    assert_false(is_cut(&unit));
    assert_int_equal(guard_state(bench.guard).waiting_in, 0);
    pair_close(&unit);
}

static void answers_that_nobody_reads_end_the_connection(void **state) {
    (void)state;
    pair_t reader = pair_make(1), deaf = pair_make(2);
    gateway_peer_t unit_end = {.bytes = {3}, .size = 1, .descriptor = reader.theirs};
    guard_received(bench.guard, &reader.peer, 0, "jyj#1");
    guard_received(bench.guard, &deaf.peer, 0, "wjj#1");
    for (int answer = 0; answer < 4; answer++) {
        guard_sent(bench.guard, &reader.peer, LINK / 2);
        carry(reader.ours, reader.theirs, LINK / 2);
        guard_received(bench.guard, &unit_end, LINK / 2, NULL); /* the guard sees the unit's end too: it is of this process */
        guard_sent(bench.guard, &deaf.peer, LINK / 2);          /* it stays with libzmq: the kernel takes no more */
    }
    look();
    assert_false(is_cut(&reader));
    assert_true(is_cut(&deaf));
    pair_close(&reader);
    pair_close(&deaf);
}

static void a_descriptor_used_again_inherits_no_credit(void **state) {
    (void)state;
    pair_t honest = pair_make(1);
    carry(honest.theirs, honest.ours, LINK);
    guard_received(bench.guard, &honest.peer, LINK, "jyj#1");
    look();
    int descriptor = honest.ours;
    pair_close(&honest);
    pair_t endless = pair_make(2);
    assert_true(endless.ours == descriptor || endless.theirs == descriptor);
    if (endless.ours != descriptor) { /* the end that took it is ours */
        int ours = endless.theirs;
        endless.theirs = endless.ours;
        endless.ours = ours;
    }
    carry(endless.theirs, endless.ours, LINK + LINK / 2);
    look();
    assert_true(is_cut(&endless));
    pair_close(&endless);
}

static void a_descriptor_used_again_inherits_no_debt(void **state) {
    (void)state;
    pair_t deaf = pair_make(1);
    guard_received(bench.guard, &deaf.peer, 0, "jyj#1");
    guard_sent(bench.guard, &deaf.peer, 3 * LINK);
    look();
    assert_true(is_cut(&deaf));
    pair_close(&deaf);
    pair_t honest = pair_make(2);
    carry(honest.theirs, honest.ours, 100);
    look();
    assert_false(is_cut(&honest));
    assert_int_equal(guard_state(bench.guard).cut, 1);
    pair_close(&honest);
}

static void those_with_most_go_when_it_is_too_much_together(void **state) {
    (void)state;
    pair_t all[4];
    for (uint8_t index = 0; index < 4; index++) {
        all[index] = pair_make(index);
        carry(all[index].theirs, all[index].ours, LINK - 16384 * (size_t)(3 - index)); /* 16, 32, 48, 64 KiB */
    }
    look();
    assert_true(is_cut(&all[3]));
    for (int index = 0; index < 3; index++) assert_false(is_cut(&all[index]));
    assert_true(guard_state(bench.guard).waiting_in <= ALL);
    for (int index = 0; index < 4; index++) pair_close(&all[index]);
}

static void who_said_nothing_makes_room_and_who_spoke_stays(void **state) {
    (void)state;
    struct rlimit before, few;
    static pair_t all[PAIRS];
    for (uint8_t index = 0; index < PAIRS; index++) all[index] = pair_make(index);
    guard_received(bench.guard, &all[0].peer, 0, "jyj#1");
    guard_received(bench.guard, &(gateway_peer_t){.bytes = {200}, .size = 1, .descriptor = all[0].theirs}, 0, "jyj#1");
    look();
    look();
    assert_int_equal(guard_state(bench.guard).cut, 0);
    getrlimit(RLIMIT_NOFILE, &before);
    few = (struct rlimit){FEW, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    look();
    setrlimit(RLIMIT_NOFILE, &before);
    assert_true(guard_state(bench.guard).cut > 0);
    assert_true(guard_state(bench.guard).links < FEW);
    assert_false(is_cut(&all[0]));
    for (uint8_t index = 0; index < PAIRS; index++) pair_close(&all[index]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_message_that_does_not_end_ends_its_connection), TEST(what_was_delivered_does_not_count),
        TEST(answers_that_nobody_reads_end_the_connection),    TEST(a_descriptor_used_again_inherits_no_credit),
        TEST(a_descriptor_used_again_inherits_no_debt),        TEST(those_with_most_go_when_it_is_too_much_together),
        TEST(who_said_nothing_makes_room_and_who_spoke_stays),
    };
    return cmocka_run_group_tests_name("gateway guard", tests, NULL, NULL);
}
