/* Reports on their way into the ledger: durable before the receipt, once for ever, only with a key, never with a person's
 * number. */
#include "tests/unit/intake_world.h"

#include "proto/content.h"
#include "services/plan/calendar.h"

static void a_receipt_is_complete_only_after_the_commit(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    report_t report = report_numbered(7, "走访两次");
    receipt_t receipt;
    uint64_t before = world_head(&world);
    world_send(&world, "chengmen", 1, &report);
    assert_int_equal(world.now.size, 0);
    assert_true(intake_is_receipt((bytes_t){world.later.at, (uint32_t)world.later.size})); /* nothing is promised yet */
    assert_int_equal(world_head(&world), before);
    world_commit(&world);
    answer_read(&world, &world.later, receipt_type(), &receipt);
    assert_int_equal(receipt.seq, world_head(&world));
    assert_int_equal(receipt.head_seq, world_head(&world));
    assert_true(receipt_verify(&receipt, world.signer_public));
    receipt.head_hash[0] ^= 1;
    assert_false(receipt_verify(&receipt, world.signer_public));
    world_end(&world);
}

static void a_committed_report_is_there_after_a_reopen_with_everything_it_said(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    report_t report = report_numbered(7, "走访两次");
    receipt_t receipt = world_receipt(&world, "chengmen", 1, &report);
    world_reopen(&world);
    report_received_t received;
    event_t event = world_event(&world, receipt.seq);
    world_body(&world, receipt.seq, report_received_type(), &received);
    assert_int_equal(event.cause_seq, receipt.seq);
    assert_int_equal(event.epoch, 1);
    assert_int_equal(event.at_ms, receipt.received_ms);
    assert_true(text_is(received.unit, "chengmen"));
    assert_true(text_is(received.report.progress, "走访两次"));
    assert_int_equal(received.door, door_gateway);
    assert_int_equal(received.key_generation, 1);
    received_content_hash(&received, world.arena, received.content_hash);
    assert_memory_equal(received.content_hash, receipt.content_hash, 32);
    world_end(&world);
}

static void what_was_not_committed_is_not_there_after_a_reopen(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    uint64_t before = world_head(&world);
    report_t report = report_numbered(7, "走访两次");
    world_send(&world, "chengmen", 1, &report);
    world_reopen(&world); /* the process died before its commit */
    assert_int_equal(world_head(&world), before);
    receipt_t receipt = world_receipt(&world, "chengmen", 1, &report);
    assert_false(receipt.duplicate);
    world_end(&world);
}

static void the_same_submission_again_gets_the_original_receipt_even_after_a_reopen(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    report_t report = report_numbered(7, "走访两次");
    receipt_t first = world_receipt(&world, "chengmen", 1, &report), again;
    uint64_t head = world_head(&world);
    world_reopen(&world);
    world_pass(&world, 20000);
    world_send(&world, "chengmen", 1, &report);
    answer_read(&world, &world.now, receipt_type(), &again);
    assert_true(again.duplicate);
    assert_int_equal(again.seq, first.seq);
    assert_int_equal(again.received_ms, first.received_ms);
    assert_memory_equal(again.content_hash, first.content_hash, 32);
    assert_true(receipt_verify(&again, world.signer_public));
    world_commit(&world);
    assert_int_equal(world_head(&world), head);
    world_end(&world);
}

static void a_repeat_within_the_open_group_waits_for_the_same_commit(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    report_t report = report_numbered(7, "走访两次");
    world_send(&world, "chengmen", 1, &report);
    world_send(&world, "chengmen", 1, &report);
    assert_int_equal(world.now.size, 0); /* the original is not durable: no answer may leave */
    world_commit(&world);
    receipt_t receipt;
    answer_read(&world, &world.later, receipt_type(), &receipt);
    assert_true(receipt.duplicate);
    assert_int_equal(receipt.seq, world_head(&world));
    assert_true(receipt_verify(&receipt, world.signer_public));
    world_end(&world);
}

static void one_signature_covers_every_receipt_of_a_group(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    buffer_t all = {0};
    for (uint8_t number = 1; number <= 20; number++) {
        report_t report = report_numbered(number, "走访");
        world_send(&world, "chengmen", 1, &report);
        buffer_add(&all, world.later.at, world.later.size);
    }
    assert_int_equal(intake_commit(world.intake), OK);
    intake_finish(world.intake, &all);
    size_t at = 0;
    uint8_t signature[64];
    for (uint8_t number = 1; number <= 20; number++) {
        packet_t packet;
        fault_t fault;
        receipt_t receipt;
        assert_int_equal(packet_decode((bytes_t){all.at + at, (uint32_t)(all.size - at)}, &packet, &fault), OK);
        assert_int_equal(packet_body(&packet, receipt_type(), world.arena, &receipt, &fault), OK);
        assert_true(receipt_verify(&receipt, world.signer_public));
        assert_int_equal(receipt.submission_id[0], number);
        if (number == 1) memcpy(signature, receipt.signature, sizeof signature);
        assert_memory_equal(signature, receipt.signature, sizeof signature);
        at += packet.raw.size;
    }
    assert_int_equal(at, all.size);
    buffer_destroy(&all);
    world_end(&world);
}

static void other_content_under_the_same_id_is_a_conflict_that_names_the_original(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    report_t report = report_numbered(7, "走访两次");
    receipt_t first = world_receipt(&world, "chengmen", 1, &report);
    report.progress = text_of("走访三次");
    world_send(&world, "chengmen", 1, &report);
    assert_refused(&world, "conflict");
    refusal_t refusal;
    answer_read(&world, &world.now, refusal_type(), &refusal);
    assert_int_equal(strtoull(refusal.reasons[0].args[0].at, NULL, 10), first.seq);
    assert_memory_equal(refusal.submission_id, report.submission_id, 16);
    world_end(&world);
}

static void two_units_may_use_the_same_submission_id(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    key_registered_t key = key_of("gaishan", 1, 0x22);
    world_done(&world, 2, key_registered_type(), &key);
    report_t report = report_numbered(7, "走访两次");
    receipt_t first = world_receipt(&world, "chengmen", 1, &report);
    receipt_t second = world_receipt(&world, "gaishan", 1, &report);
    assert_false(second.duplicate);
    assert_int_equal(second.seq, first.seq + 1);
    world_end(&world);
}

static void a_new_commitment_of_the_vault_is_not_new_content(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    report_t report = report_numbered(7, "走访两次");
    report.prepared_by.key_id = 1;
    memset(report.prepared_by.hash, 5, 32);
    memset(report.prepared_by.commitment, 6, 32);
    item_t item = {.key_kind = key_kind_person, .person = report.prepared_by, .fact_day = 20210801};
    figure_t figure = {.indicator = text_of("people"), .items = &item, .items_count = 1};
    report.figures = &figure;
    report.figures_count = 1;
    receipt_t first = world_receipt(&world, "chengmen", 1, &report), again;
    memset(report.prepared_by.commitment, 9, 32);
    memset(item.person.commitment, 8, 32);
    world_send(&world, "chengmen", 1, &report);
    answer_read(&world, &world.now, receipt_type(), &again);
    assert_true(again.duplicate);
    assert_int_equal(again.seq, first.seq);
    memset(item.person.hash, 7, 32); /* another person is other content */
    world_send(&world, "chengmen", 1, &report);
    assert_refused(&world, "conflict");
    world_end(&world);
}

static void the_body_hash_sees_through_id_and_revision_but_not_through_content(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    report_t one = report_numbered(1, "走访"), two = report_numbered(2, "走访");
    two.replaces = 3;
    const bytes_t none = {NULL, 0};
    uint8_t a[QUICK_SIZE], b[QUICK_SIZE], content[HASH_SIZE], other[HASH_SIZE];
    report_body_hash(&one, none, arena, a);
    report_body_hash(&two, none, arena, b);
    assert_memory_equal(a, b, QUICK_SIZE);
    report_content_hash(&one, none, arena, content);
    report_content_hash(&two, none, arena, other);
    assert_memory_not_equal(content, other, HASH_SIZE);
    two.progress = text_of("座谈");
    report_body_hash(&one, none, arena, a);
    report_body_hash(&two, none, arena, b);
    assert_memory_not_equal(a, b, QUICK_SIZE);
    arena_destroy(&arena);
}

/* Written, read back, and hashed from what was read. */
static void body_hash_as_read(const report_t *report, arena_t *arena, uint8_t out[QUICK_SIZE]) {
    buffer_t bytes = {0};
    report_t read;
    fault_t fault;
    wire_encode(report_type(), report, &bytes);
    assert_int_equal(wire_decode(report_type(), (bytes_t){bytes.at, (uint32_t)bytes.size}, arena, &read, &fault), OK);
    report_body_hash(&read, (bytes_t){bytes.at, (uint32_t)bytes.size}, arena, out);
    buffer_destroy(&bytes);
}

static void the_body_hash_is_the_same_from_the_bytes_as_read(void **state) {
    (void)state;
    static const uint64_t replaced[] = {0, 1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX};
    arena_t *arena = arena_new();
    uint8_t built[QUICK_SIZE], hash[QUICK_SIZE];
    report_t report = report_numbered(1, "走访");
    report_body_hash(&report, (bytes_t){NULL, 0}, arena, built);
    for (size_t index = 0; index < sizeof replaced / sizeof replaced[0]; index++) {
        report.replaces = replaced[index];
        body_hash_as_read(&report, arena, hash);
        assert_memory_equal(hash, built, QUICK_SIZE);
    }
    memset(report.prepared_by.hash, 5, sizeof report.prepared_by.hash);
    body_hash_as_read(&report, arena, built);
    assert_memory_not_equal(hash, built, QUICK_SIZE);
    memset(report.prepared_by.commitment, 7, sizeof report.prepared_by.commitment); /* which is no content */
    body_hash_as_read(&report, arena, hash);
    assert_memory_equal(hash, built, QUICK_SIZE);
    arena_destroy(&arena);
}

static void a_revoked_or_unregistered_key_appends_nothing(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    report_t report = report_numbered(7, "走访两次");
    world_send(&world, "chengmen", 1, &report);
    assert_refused(&world, "unknown_key");
    world_register(&world);
    world_send(&world, "chengmen", 2, &report);
    assert_refused(&world, "unknown_key");
    world_send(&world, "nobody", 1, &report);
    assert_refused(&world, "unknown_key");
    key_revoked_t revoked = {.unit = text_of("chengmen"), .generation = 1};
    world_done(&world, 2, key_revoked_type(), &revoked);
    uint64_t head = world_head(&world);
    world_send(&world, "chengmen", 1, &report);
    assert_refused(&world, "unknown_key");
    world_reopen(&world); /* the registry comes back from the store */
    world_send(&world, "chengmen", 1, &report);
    assert_refused(&world, "unknown_key");
    world_commit(&world);
    assert_int_equal(world_head(&world), head);
    world_end(&world);
}

static void personal_numbers_and_names_are_refused_before_the_ink(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    uint64_t head = world_head(&world);
    report_t report = report_numbered(7, "联系人 138-0013-8000");
    world_send(&world, "chengmen", 1, &report);
    assert_refused(&world, "mobile_number");
    report = report_numbered(8, "走访");
    report.reviewed_by.text = text_of("林某某");
    world_send(&world, "chengmen", 1, &report);
    assert_refused(&world, "personal_text");
    refusal_t refusal;
    answer_read(&world, &world.now, refusal_type(), &refusal);
    assert_true(text_is(refusal.reasons[0].path, "reviewed_by"));
    world_commit(&world);
    assert_int_equal(world_head(&world), head);
    world_end(&world);
}

static void a_closed_plan_takes_no_report_but_still_knows_the_old_ones(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    report_t report = report_numbered(7, "走访两次"), late = report_numbered(8, "走访三次");
    receipt_t first = world_receipt(&world, "chengmen", 1, &report), again;
    plan_closed_t closed = {.why = text_of("年度总结已印发")};
    world_done(&world, 2, plan_closed_type(), &closed);
    world_reopen(&world);
    world_send(&world, "chengmen", 1, &late);
    assert_refused(&world, "plan_is_closed");
    world_send(&world, "chengmen", 1, &report);
    answer_read(&world, &world.now, receipt_type(), &again);
    assert_int_equal(again.seq, first.seq);
    world_command(&world, 3, plan_closed_type(), &closed);
    assert_refused(&world, "plan_is_closed");
    world_end(&world);
}

static void a_confirmation_is_taken_behind_the_close_and_nothing_behind_the_seal(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_rehearsal);
    world_register(&world);
    plan_closed_t closed = {0};
    plan_sealed_t sealed = {0};
    world_command(&world, 2, plan_sealed_type(), &sealed);
    assert_refused(&world, "plan_not_closed");
    world_done(&world, 3, plan_closed_type(), &closed);
    report_t report = report_numbered(7, "六名教师在岗"), again = report_numbered(8, "一名教师返回"), other = report_numbered(9, "补报");
    report.period = again.period = text_of("2022-01");
    receipt_t first = world_receipt(&world, "chengmen", 1, &report), same;
    world_send(&world, "chengmen", 1, &other);
    assert_refused(&world, "plan_is_closed");
    world_command(&world, 4, plan_sealed_type(), &sealed);
    assert_refused(&world, "seal_too_soon");
    refusal_t refusal;
    answer_read(&world, &world.now, refusal_type(), &refusal);
    assert_true(text_is(refusal.reasons[0].args[0], "2022-01"));
    assert_true(text_is(refusal.reasons[0].args[1], "2022-02-01 00:00"));
    plan_t plan = world_plan();
    for (uint8_t month = 0; month < 6; month++) {
        advance_clock_t advance = {.to_ms = (uint64_t)instant_of_day(&plan, day_add_months(20210901, month), 0)};
        world_done(&world, (uint8_t)(5 + month), advance_clock_type(), &advance);
    }
    world_done(&world, 20, plan_sealed_type(), &sealed);
    world_reopen(&world);
    world_send(&world, "chengmen", 1, &again);
    assert_refused(&world, "plan_is_sealed");
    world_send(&world, "chengmen", 1, &report);
    answer_read(&world, &world.now, receipt_type(), &same);
    assert_int_equal(same.seq, first.seq);
    world_command(&world, 21, plan_closed_type(), &closed);
    assert_refused(&world, "plan_is_sealed");
    world_end(&world);
}

static void a_disk_that_runs_full_is_answered_busy_and_the_original_receipts_still_come(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    report_t report = report_numbered(7, "走访两次"), fresh = report_numbered(8, "座谈");
    world_receipt(&world, "chengmen", 1, &report);
    uint64_t head = world_head(&world);
    intake_keep_free(world.intake, UINT64_MAX);
    world_send(&world, "chengmen", 1, &fresh);
    busy_t busy;
    answer_read(&world, &world.now, busy_type(), &busy);
    assert_true(busy.retry_after_ms > 0);
    world_send(&world, "chengmen", 1, &report);
    assert_int_equal(answer_kind(&world.now), KIND_receipt);
    world_commit(&world);
    assert_int_equal(world_head(&world), head);
    intake_keep_free(world.intake, 0);
    receipt_t receipt = world_receipt(&world, "chengmen", 1, &fresh);
    assert_false(receipt.duplicate);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receipt_is_complete_only_after_the_commit),
        cmocka_unit_test(a_committed_report_is_there_after_a_reopen_with_everything_it_said),
        cmocka_unit_test(what_was_not_committed_is_not_there_after_a_reopen),
        cmocka_unit_test(the_same_submission_again_gets_the_original_receipt_even_after_a_reopen),
        cmocka_unit_test(a_repeat_within_the_open_group_waits_for_the_same_commit),
        cmocka_unit_test(one_signature_covers_every_receipt_of_a_group),
        cmocka_unit_test(other_content_under_the_same_id_is_a_conflict_that_names_the_original),
        cmocka_unit_test(two_units_may_use_the_same_submission_id),
        cmocka_unit_test(a_new_commitment_of_the_vault_is_not_new_content),
        cmocka_unit_test(the_body_hash_sees_through_id_and_revision_but_not_through_content),
        cmocka_unit_test(the_body_hash_is_the_same_from_the_bytes_as_read),
        cmocka_unit_test(a_revoked_or_unregistered_key_appends_nothing),
        cmocka_unit_test(personal_numbers_and_names_are_refused_before_the_ink),
        cmocka_unit_test(a_closed_plan_takes_no_report_but_still_knows_the_old_ones),
        cmocka_unit_test(a_confirmation_is_taken_behind_the_close_and_nothing_behind_the_seal),
        cmocka_unit_test(a_disk_that_runs_full_is_answered_busy_and_the_original_receipts_still_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
