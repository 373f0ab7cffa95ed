/* Packets on their way into the ledger: in their order, whoever puts them there, and answered when they are durable. */
#include "tests/unit/intake_world.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>

#include "services/1-intake/gather.h"
#include "services/1-intake/ink.h"

enum { MOST = 6000, TURNS = 1000 };

/* What was answered to one question: by its number. */
typedef struct {
    uint32_t kind;
    uint64_t seq;
    bool duplicate;
    uint32_t times;
} answer_t;

typedef struct {
    world_t world;
    gather_t *gather;
    answer_t answers[MOST];
    uint32_t answered;
    uint64_t newest; /* number of the last question that a group's answers were to */
} hall_t;

static void note(hall_t *self, uint64_t request_id, answer_t answer) {
    assert_in_range(request_id, 1, MOST - 1);
    answer.times = self->answers[request_id].times + 1;
    self->answers[request_id] = answer;
    self->answered++;
}

static void on_now(void *argument, const asker_t *asker, bytes_t bytes) {
    hall_t *self = argument;
    packet_t packet;
    fault_t fault;
    (void)asker;
    assert_int_equal(packet_decode(bytes, &packet, &fault), OK);
    note(self, packet.request_id, (answer_t){.kind = packet.kind});
}

/* One answer of a durable group, as a packet. */
static void answer_note(hall_t *self, bytes_t answer, const receipts_t *shared) {
    buffer_t whole = {0};
    packet_t packet;
    receipt_t receipt = {0};
    fault_t fault;
    intake_complete(shared, answer, &whole);
    assert_int_equal(packet_decode((bytes_t){whole.at, (uint32_t)whole.size}, &packet, &fault), OK);
    bool is_receipt = packet.kind == KIND_receipt;
    if (is_receipt) assert_int_equal(packet_body(&packet, receipt_type(), self->world.arena, &receipt, &fault), OK);
    assert_true(receipt.seq <= shared->head_seq);
    assert_true(packet.request_id > self->newest);
    self->newest = packet.request_id;
    note(self, packet.request_id, (answer_t){packet.kind, receipt.seq, receipt.duplicate, 0});
    buffer_destroy(&whole);
}

static void on_durable(void *argument, const asker_t *askers, uint32_t count, bytes_t answers, const receipts_t *shared) {
    hall_t *self = argument;
    for (uint32_t index = 0; index < count; index++) {
        assert_in_range(askers[index].size, 1, answers.size);
        answer_note(self, (bytes_t){answers.at, askers[index].size}, shared);
        answers = (bytes_t){answers.at + askers[index].size, answers.size - askers[index].size};
    }
    assert_int_equal(answers.size, 0);
}

static void hall_open(hall_t *self) {
    assert_int_equal(gather_open(self->world.intake, (gather_out_t){self, on_now, on_durable}, &self->gather), OK);
}

static hall_t *hall_new(void) {
    hall_t *self = test_calloc(1, sizeof *self);
    self->world = world_new(clock_mode_real);
    world_register(&self->world);
    hall_open(self);
    return self;
}

static void hall_end(hall_t *self) {
    gather_close(&self->gather);
    world_end(&self->world);
    test_free(self);
}

static err_t begin(hall_t *self) { return gather_begin(self->gather, self->world.wall_ms, self->world.steady_ms); }

static void knock(hall_t *self, door_t door, buffer_t *frame) {
    asker_t asker = {0};
    gather_frame(self->gather, door, &asker, (bytes_t){frame->at, (uint32_t)frame->size});
    buffer_destroy(frame);
}

/* A report under the next number; its submission id is made of `id`. Gives the number. */
static uint64_t report_put(hall_t *self, uint32_t id, const char *progress, buffer_t *frame) {
    append_ask_t ask = {.unit = text_of("chengmen"), .key_generation = 1, .report = report_numbered(0xab, progress)};
    memcpy(ask.report.submission_id, &id, sizeof id);
    packet_encode(++self->world.request_id, append_ask_type(), &ask, frame);
    return self->world.request_id;
}

static uint64_t report_knock(hall_t *self, uint32_t id, const char *progress) {
    buffer_t frame = {0};
    uint64_t number = report_put(self, id, progress, &frame);
    knock(self, door_gateway, &frame);
    return number;
}

static uint64_t reports_knock(hall_t *self, uint32_t from, uint32_t count) {
    buffer_t frame = {0};
    packets_begin(&frame);
    for (uint32_t id = from; id < from + count; id++) report_put(self, id, "走访", &frame);
    bytes_t whole = packets_end(&frame, count);
    asker_t asker = {0};
    gather_frame(self->gather, door_gateway, &asker, whole);
    buffer_destroy(&frame);
    return self->world.request_id;
}

static uint64_t key_knock(hall_t *self, uint8_t number, const char *unit, uint8_t filling) {
    key_registered_t key = key_of(unit, 1, filling);
    uint8_t command_id[16];
    buffer_t frame = {0};
    memset(command_id, number, sizeof command_id);
    world_t *world = &self->world;
    command_sign(++world->request_id, command_id, world->ledger_id, key_registered_type(), &key, world->operator_secret, &frame);
    knock(self, door_operator, &frame);
    return self->world.request_id;
}

/* Turns until all that was asked is answered. */
static void settle(hall_t *self) {
    for (int turn = 0; turn < TURNS && self->answered < self->world.request_id - 1; turn++) {
        struct pollfd sign = {.fd = gather_sign(self->gather), .events = POLLIN};
        poll(&sign, 1, 1000);
        assert_int_equal(begin(self), OK);
        assert_int_equal(gather_end(self->gather), OK);
    }
    assert_int_equal(self->answered, self->world.request_id - 1); /* the first was world_register's */
}

static void turn_of_reports(hall_t *self, uint32_t from, uint32_t count) {
    assert_int_equal(begin(self), OK);
    reports_knock(self, from, count);
    assert_int_equal(gather_end(self->gather), OK);
}

static void reports_stand_in_the_order_in_which_they_came_and_each_is_answered_once(void **state) {
    (void)state;
    hall_t *hall = hall_new();
    uint64_t head = world_head(&hall->world);
    for (uint32_t turn = 0; turn < 40; turn++) turn_of_reports(hall, 1 + 50 * turn, 50); /* most while the ink is at work */
    settle(hall);
    assert_int_equal(gather_head(hall->gather).seq, head + 2000);
    for (uint32_t id = 1; id <= 2000; id++) {
        const answer_t *answer = &hall->answers[id + 1];
        report_received_t received;
        assert_int_equal(answer->kind, KIND_receipt);
        assert_int_equal(answer->times, 1);
        assert_int_equal(answer->seq, head + id);
        world_body(&hall->world, answer->seq, report_received_type(), &received);
        assert_memory_equal(received.report.submission_id, &id, sizeof id);
        if (id % 64 == 0) arena_reset(hall->world.arena);
    }
    gather_close(&hall->gather);
    world_reopen(&hall->world); /* which verifies the chain */
    hall_end(hall);
}

static void what_is_no_report_stands_where_it_came_between_them(void **state) {
    (void)state;
    hall_t *hall = hall_new();
    uint64_t head = world_head(&hall->world), first, command, last;
    turn_of_reports(hall, 1, 50); /* with the ink */
    assert_int_equal(begin(hall), OK);
    first = report_knock(hall, 101, "走访"); /* read, and not with it */
    command = key_knock(hall, 2, "gaishan", 0x22);
    last = report_knock(hall, 102, "走访");
    assert_int_equal(gather_end(hall->gather), OK);
    settle(hall);
    key_registered_t key;
    assert_int_equal(hall->answers[first].seq, head + 51);
    assert_int_equal(hall->answers[command].kind, KIND_command_done);
    world_body(&hall->world, head + 52, key_registered_type(), &key);
    assert_int_equal(hall->answers[last].seq, head + 53);
    turn_of_reports(hall, 201, 10); /* and the ink goes on */
    settle(hall);
    assert_int_equal(hall->answers[hall->world.request_id].seq, head + 63);
    hall_end(hall);
}

static void a_repeat_has_the_receipt_of_the_first_wherever_that_is_on_its_way(void **state) {
    (void)state;
    hall_t *hall = hall_new();
    uint64_t head = world_head(&hall->world), again[3];
    assert_int_equal(begin(hall), OK);
    report_knock(hall, 7, "走访");
    again[0] = report_knock(hall, 7, "走访"); /* in the group of the first */
    assert_int_equal(gather_end(hall->gather), OK);
    assert_int_equal(begin(hall), OK);
    again[1] = report_knock(hall, 7, "走访"); /* while that is with the ink */
    uint64_t other = report_knock(hall, 7, "座谈");
    assert_int_equal(gather_end(hall->gather), OK);
    settle(hall);
    assert_int_equal(begin(hall), OK);
    again[2] = report_knock(hall, 7, "走访"); /* when it is durable */
    assert_int_equal(gather_end(hall->gather), OK);
    settle(hall);
    for (uint32_t index = 0; index < 3; index++) {
        assert_int_equal(hall->answers[again[index]].kind, KIND_receipt);
        assert_int_equal(hall->answers[again[index]].seq, head + 1);
        assert_true(hall->answers[again[index]].duplicate);
    }
    assert_int_equal(hall->answers[other].kind, KIND_refusal);
    assert_int_equal(gather_head(hall->gather).seq, head + 1);
    hall_end(hall);
}

static void what_is_not_plain_is_told_so_and_holds_nobody_up(void **state) {
    (void)state;
    hall_t *hall = hall_new();
    uint64_t head = world_head(&hall->world);
    turn_of_reports(hall, 1, 20);
    assert_int_equal(begin(hall), OK);
    uint64_t personal = report_knock(hall, 100, "联系人 13905910000"), well = report_knock(hall, 101, "走访");
    assert_int_equal(gather_end(hall->gather), OK);
    settle(hall);
    assert_int_equal(hall->answers[personal].kind, KIND_refusal);
    assert_int_equal(hall->answers[well].seq, head + 21);
    hall_end(hall);
}

static void a_tick_that_is_due_stands_before_the_reports_that_are_read_behind_it(void **state) {
    (void)state;
    hall_t *hall = hall_new();
    uint64_t head = world_head(&hall->world);
    turn_of_reports(hall, 1, 20);
    settle(hall);
    world_pass(&hall->world, MINUTE_MS);
    turn_of_reports(hall, 101, 20);
    settle(hall);
    clock_ticked_t ticked;
    world_body(&hall->world, head + 21, clock_ticked_type(), &ticked);
    assert_int_equal(hall->answers[hall->world.request_id].seq, head + 41);
    hall_end(hall);
}

/* As under a load that never ends: the ink is given the next group at the end of every turn, and is dry at the begin of none. */
static void time_goes_on_although_the_ink_is_always_at_work(void **state) {
    enum { ROUNDS = 30 };
    (void)state;
    hall_t *hall = hall_new();
    uint64_t head = world_head(&hall->world), ticks = 0;
    turn_of_reports(hall, 1, 10);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        struct pollfd sign = {.fd = gather_sign(hall->gather), .events = POLLIN};
        world_pass(&hall->world, 10000);
        assert_int_equal(begin(hall), OK);
        poll(&sign, 1, 100); /* if the ink was quicker than we are, it is dry already */
        reports_knock(hall, 1000 * round, 10);
        assert_int_equal(gather_end(hall->gather), OK);
    }
    settle(hall);
    event_t event = {0};
    for (uint64_t seq = head + 1; seq <= gather_head(hall->gather).seq; seq++) {
        event = world_event(&hall->world, seq);
        ticks += event.kind == KIND_clock_ticked;
    }
    assert_in_range(ticks, ROUNDS * 10 / 60 - 1, ROUNDS * 10 / 60 + 1);
    assert_in_range(event.at_ms, FOUNDED_MS + 1000 + (ROUNDS - 1) * 10000, hall->world.wall_ms);
    hall_end(hall);
}

static void a_flood_fills_a_group_and_no_more_until_the_ink_is_dry(void **state) {
    (void)state;
    hall_t *hall = hall_new();
    uint64_t head = world_head(&hall->world);
    uint32_t sent = 0;
    turn_of_reports(hall, 1000000, 1); /* with the ink */
    for (int turn = 0; turn < TURNS && sent < 5120; turn++) {
        assert_int_equal(begin(hall), OK);
        for (; sent < 5120 && !gather_is_full(hall->gather); sent += 256) reports_knock(hall, 1 + sent, 256);
        assert_int_equal(gather_end(hall->gather), OK);
    }
    settle(hall);
    assert_int_equal(gather_head(hall->gather).seq, head + 1 + 5120);
    hall_end(hall);
}

static void who_leaves_has_all_that_was_read_durable_and_answered(void **state) {
    (void)state;
    hall_t *hall = hall_new();
    uint64_t head = world_head(&hall->world);
    turn_of_reports(hall, 1, 50);
    turn_of_reports(hall, 101, 50);
    assert_int_equal(gather_rest(hall->gather), OK);
    assert_int_equal(hall->answered, 100);
    assert_int_equal(gather_head(hall->gather).seq, head + 100);
    hall_end(hall);
}

static void a_disk_that_refuses_answers_nobody_and_is_told_until_one_leaves(void **state) {
    (void)state;
    hall_t *hall = hall_new();
    uint64_t head = world_head(&hall->world);
    struct rlimit before, full;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    full = before;
    full.rlim_cur = 64 * 1024;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    for (uint32_t turn = 0; turn < 3; turn++) {
        if (begin(hall) != OK) break;
        for (uint32_t frame = 0; frame < 4; frame++) reports_knock(hall, 1 + 1000 * turn + 250 * frame, 250);
        if (gather_end(hall->gather) != OK) break;
    }
    assert_int_not_equal(gather_rest(hall->gather), OK);
    assert_int_not_equal(gather_rest(hall->gather), OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(hall->answered, 0);
    gather_close(&hall->gather);
    world_reopen(&hall->world);
    assert_int_equal(world_head(&hall->world), head);
    hall_end(hall);
}

static void add_one(void *number) { ++*(int *)number; }

static void the_ink_does_what_it_is_given_and_says_when_it_is_done(void **state) {
    (void)state;
    int number = 0;
    ink_t *ink = ink_start(add_one, &number);
    assert_non_null(ink);
    assert_false(ink_is_at_work(ink));
    ink_wait(ink); /* nothing was given */
    for (int round = 1; round <= 100; round++) {
        ink_give(ink);
        assert_true(ink_is_at_work(ink));
        struct pollfd sign = {.fd = ink_sign(ink), .events = POLLIN};
        assert_int_equal(poll(&sign, 1, 60000), 1);
        assert_true(ink_is_done(ink));
        ink_wait(ink);
        assert_false(ink_is_done(ink));
        assert_int_equal(number, round);
    }
    ink_give(ink);
    ink_stop(&ink);
    assert_null(ink);
    assert_int_equal(number, 101);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_stand_in_the_order_in_which_they_came_and_each_is_answered_once),
        cmocka_unit_test(what_is_no_report_stands_where_it_came_between_them),
        cmocka_unit_test(a_repeat_has_the_receipt_of_the_first_wherever_that_is_on_its_way),
        cmocka_unit_test(what_is_not_plain_is_told_so_and_holds_nobody_up),
        cmocka_unit_test(a_tick_that_is_due_stands_before_the_reports_that_are_read_behind_it),
        cmocka_unit_test(time_goes_on_although_the_ink_is_always_at_work),
        cmocka_unit_test(a_flood_fills_a_group_and_no_more_until_the_ink_is_dry),
        cmocka_unit_test(who_leaves_has_all_that_was_read_durable_and_answered),
        cmocka_unit_test(a_disk_that_refuses_answers_nobody_and_is_told_until_one_leaves),
        cmocka_unit_test(the_ink_does_what_it_is_given_and_says_when_it_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
