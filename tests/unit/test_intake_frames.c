/* Many packets in one frame: each is taken and answered as if it had come alone, in their order. */
#include "tests/unit/intake_world.h"

#include "proto/content.h"
#include "proto/receipt.h"

enum { MOST = 64 };

/* A world, a frame, and what came of each packet of it. */
typedef struct {
    world_t world;
    buffer_t frame;
    uint32_t taken;
    struct {
        uint32_t kind;
        uint64_t request_id;
        bool at_once;
        uint8_t content_hash[HASH_SIZE]; /* of a receipt that waits for the commit */
    } answers[MOST];
    size_t read; /* of `later` */
} taken_t;

static void taking_begin(taken_t *self) {
    *self = (taken_t){.world = world_new(clock_mode_real)};
    world_register(&self->world);
}

static void taking_end(taken_t *self) {
    buffer_destroy(&self->frame);
    world_end(&self->world);
}

static void answer_note(taken_t *self) {
    world_t *world = &self->world;
    bool at_once = world->now.size > 0;
    bytes_t bytes = {world->later.at + self->read, (uint32_t)(world->later.size - self->read)};
    if (at_once) bytes = (bytes_t){world->now.at, (uint32_t)world->now.size};
    packet_t packet = {0};
    receipt_row_t row;
    fault_t fault;
    if (intake_is_receipt(bytes)) {
        assert_int_equal(wire_decode(receipt_row_type(), bytes, world->arena, &row, &fault), OK); /* one, and no more */
        packet.kind = KIND_receipt;
        packet.request_id = row.request_id;
        memcpy(self->answers[self->taken].content_hash, row.content_hash, HASH_SIZE);
    } else if (bytes.size > 0) {
        assert_int_equal(packet_decode(bytes, &packet, &fault), OK);
        assert_int_equal(packet.raw.size, bytes.size); /* one answer */
    }
    self->answers[self->taken].kind = packet.kind;
    self->answers[self->taken].request_id = packet.request_id;
    self->answers[self->taken++].at_once = at_once;
    self->read = world->later.size;
    buffer_clear(&world->now);
}

/* Gives how many bytes are left. */
static uint32_t take_all(taken_t *self, uint32_t count) {
    world_t *world = &self->world;
    bytes_t rest = {self->frame.at, (uint32_t)self->frame.size};
    buffer_clear(&world->now);
    buffer_clear(&world->later);
    for (; count > 0 && rest.size > 0; count--) {
        uint32_t took = intake_take_next(world->intake, door_gateway, rest, world->wall_ms, world->steady_ms, &world->now,
                                         &world->later);
        rest = (bytes_t){rest.at + took, rest.size - took};
        answer_note(self);
    }
    return rest.size;
}

/* The packet at `at` of the buffer, whole; gives its size. */
static size_t packet_at(world_t *world, const buffer_t *buffer, size_t at, packet_t *packet, const message_t *type, void *value) {
    fault_t fault;
    assert_int_equal(packet_decode((bytes_t){buffer->at + at, (uint32_t)(buffer->size - at)}, packet, &fault), OK);
    assert_int_equal(packet_body(packet, type, world->arena, value, &fault), OK);
    return packet->raw.size;
}

static void add_report(buffer_t *frame, uint64_t request_id, const char *unit, uint8_t number, const char *progress) {
    append_ask_t ask = {.unit = text_of(unit), .key_generation = 1, .report = report_numbered(number, progress)};
    packet_encode(request_id, append_ask_type(), &ask, frame);
}

static void a_frame_of_many_reports_is_as_many_entries_and_each_says_its_own(void **state) {
    (void)state;
    taken_t taking;
    world_t *world = &taking.world;
    taking_begin(&taking);
    uint64_t before = world_head(world);
    char texts[MOST][400];
    for (uint8_t number = 1; number <= 29; number++) { /* of one block and of several */
        memset(texts[number], 'a' + number % 26, sizeof texts[number]);
        texts[number][number % 3 == 0 ? 399 : number] = '\0';
        add_report(&taking.frame, 100 + number, "chengmen", number, texts[number]);
    }
    assert_int_equal(take_all(&taking, 29), 0);
    assert_int_equal(taking.taken, 29);
    world_commit(world);
    assert_int_equal(world_head(world), before + 29);
    for (uint8_t number = 1; number <= 29; number++) {
        report_received_t received;
        uint8_t hash[HASH_SIZE];
        world_body(world, before + number, report_received_type(), &received);
        received_content_hash(&received, world->arena, hash);
        assert_memory_equal(taking.answers[number - 1].content_hash, hash, HASH_SIZE);
        assert_true(text_is(received.report.progress, texts[number]));
        assert_int_equal(taking.answers[number - 1].request_id, 100 + number);
        assert_int_equal(taking.answers[number - 1].kind, KIND_receipt);
    }
    taking_end(&taking);
}

/* Whether a report is known, and whose it may be, is decided when its turn comes. */
static void what_a_frame_repeats_contradicts_or_may_not_say_is_answered_in_its_turn(void **state) {
    (void)state;
    taken_t taking;
    world_t *world = &taking.world;
    taking_begin(&taking);
    refusals_note_t note = {.code = text_of("malformed"), .frame_hash = {1}};
    report_submit_t foreign = {.report = report_numbered(9, "走访")};
    add_report(&taking.frame, 1, "chengmen", 1, "走访");
    add_report(&taking.frame, 2, "chengmen", 1, "走访");        /* the same again */
    add_report(&taking.frame, 3, "chengmen", 1, "走访三次");    /* another under its id */
    add_report(&taking.frame, 4, "jianxin", 2, "走访");         /* no key of its own */
    add_report(&taking.frame, 5, "chengmen", 3, "13800138000"); /* a mobile number */
    packet_encode(6, report_submit_type(), &foreign, &taking.frame); /* of no door */
    packet_encode(7, refusals_note_type(), &note, &taking.frame);    /* has no answer */
    add_report(&taking.frame, 8, "chengmen", 4, "座谈");
    uint64_t before = world_head(world);
    assert_int_equal(take_all(&taking, 8), 0);
    static const uint32_t kinds[] = {KIND_receipt, KIND_receipt, KIND_refusal, KIND_refusal,
                                     KIND_refusal, KIND_refusal, 0,            KIND_receipt};
    for (uint32_t index = 0; index < 8; index++) {
        assert_int_equal(taking.answers[index].kind, kinds[index]);
        if (kinds[index] != 0) assert_int_equal(taking.answers[index].request_id, index + 1);
        assert_int_equal(taking.answers[index].at_once, kinds[index] == KIND_refusal);
    }
    assert_int_equal(taking.taken, 8);
    world_commit(world);
    assert_int_equal(world_head(world), before + 2);
    taking_end(&taking);
}

/* What it says when each is told alone. */
static void receipts_of_a_group_told_together_are_those_told_one_by_one(void **state) {
    (void)state;
    taken_t taking;
    world_t *world = &taking.world;
    buffer_t together = {0};
    taking_begin(&taking);
    for (uint8_t number = 1; number <= 20; number++) {
        add_report(&taking.frame, 100 + number, "chengmen", number < 20 ? number : 1, "走访"); /* the last is the first again */
    }
    assert_int_equal(take_all(&taking, 20), 0);
    buffer_t before = {0};
    buffer_add(&before, world->later.at, world->later.size);
    world_commit(world);
    receipts_t shared = intake_shared(world->intake);
    intake_complete_many(&shared, (bytes_t){before.at, (uint32_t)before.size}, 20, &together);
    packet_t packet;
    receipts_t receipts;
    (void)packet_at(world, &together, 0, &packet, receipts_type(), &receipts);
    assert_int_equal(receipts.rows_count, 20);
    size_t at = 0;
    for (uint32_t index = 0; index < 20; index++) {
        receipt_t alone, row = receipt_of_row(&receipts, &receipts.rows[index]);
        at += packet_at(world, &world->later, at, &packet, receipt_type(), &alone);
        assert_int_equal(packet.request_id, receipts.rows[index].request_id);
        assert_memory_equal(&alone, &row, sizeof row);
        assert_true(receipt_verify(&row, world->signer_public));
        assert_int_equal(row.duplicate, index == 19);
    }
    buffer_destroy(&before);
    buffer_destroy(&together);
    taking_end(&taking);
}

/* One that was sent again after a restore keeps its own instant, and so does one of a later turn of the same group. */
static void an_entry_of_a_later_turn_of_the_group_tells_its_own_instant(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    report_t one = report_numbered(1, "走访"), two = report_numbered(2, "走访");
    buffer_t all = {0};
    world_send(&world, "chengmen", 1, &one);
    buffer_add(&all, world.later.at, world.later.size);
    world_pass(&world, 7);
    world_send(&world, "chengmen", 1, &two);
    buffer_add(&all, world.later.at, world.later.size);
    assert_int_equal(intake_commit(world.intake), OK);
    intake_finish(world.intake, &all);
    uint64_t head = world_head(&world);
    size_t at = 0;
    for (uint64_t index = 0; index < 2; index++) {
        packet_t packet;
        receipt_t receipt;
        at += packet_at(&world, &all, at, &packet, receipt_type(), &receipt);
        assert_int_equal(receipt.seq, head - 1 + index);
        assert_int_equal(receipt.received_ms, world_event(&world, receipt.seq).at_ms);
    }
    assert_int_equal(world_event(&world, head).at_ms, world_event(&world, head - 1).at_ms + 7);
    buffer_destroy(&all);
    world_end(&world);
}

static void what_cannot_be_read_ends_a_frame_with_one_refusal_and_what_came_before_stands(void **state) {
    (void)state;
    taken_t taking;
    world_t *world = &taking.world;
    taking_begin(&taking);
    uint64_t before = world_head(world);
    for (uint8_t number = 1; number <= 3; number++) add_report(&taking.frame, number, "chengmen", number, "走访");
    taking.frame.size -= 1; /* the last one is cut off */
    assert_int_equal(take_all(&taking, 9), 0);
    assert_int_equal(taking.taken, 3);
    assert_int_equal(taking.answers[2].kind, KIND_refusal);
    world_commit(world);
    assert_int_equal(world_head(world), before + 2);
    taking_end(&taking);
}

static void what_stands_behind_the_last_packet_is_left(void **state) {
    (void)state;
    taken_t taking;
    world_t *world = &taking.world;
    taking_begin(&taking);
    add_report(&taking.frame, 1, "chengmen", 1, "走访");
    size_t first = taking.frame.size;
    add_report(&taking.frame, 2, "chengmen", 2, "走访");
    assert_int_equal(take_all(&taking, 1), taking.frame.size - first);
    assert_int_equal(taking.taken, 1);
    world_commit(world);
    taking_end(&taking);
}

/* Whoever asks chooses the number, out of all that eight bytes hold. */
static void a_receipt_bears_whatever_number_its_question_had(void **state) {
    (void)state;
    static const uint64_t numbers[] = {0, 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    for (uint8_t at = 0; at < sizeof numbers / sizeof numbers[0]; at++) {
        buffer_t frame = {0};
        packet_t packet;
        receipt_t receipt;
        add_report(&frame, numbers[at], "chengmen", (uint8_t)(at + 1), "走访");
        world_take(&world, door_gateway, (bytes_t){frame.at, (uint32_t)frame.size});
        world_commit(&world);
        (void)packet_at(&world, &world.later, 0, &packet, receipt_type(), &receipt);
        assert_true(packet.request_id == numbers[at]);
        assert_true(receipt_verify(&receipt, world.signer_public));
        buffer_destroy(&frame);
    }
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receipt_bears_whatever_number_its_question_had),
        cmocka_unit_test(a_frame_of_many_reports_is_as_many_entries_and_each_says_its_own),
        cmocka_unit_test(what_a_frame_repeats_contradicts_or_may_not_say_is_answered_in_its_turn),
        cmocka_unit_test(receipts_of_a_group_told_together_are_those_told_one_by_one),
        cmocka_unit_test(an_entry_of_a_later_turn_of_the_group_tells_its_own_instant),
        cmocka_unit_test(what_cannot_be_read_ends_a_frame_with_one_refusal_and_what_came_before_stands),
        cmocka_unit_test(what_stands_behind_the_last_packet_is_left),
    };
    return cmocka_run_group_tests_name("intake frames", tests, NULL, NULL);
}
