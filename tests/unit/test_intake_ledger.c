/* The ledger itself: founding, opening, time, counted refusals, garbage, readers. */
#include "tests/unit/intake_world.h"

#include <signal.h>
#include <sys/resource.h>

#include "services/1-intake/counts.h"
#include "services/1-intake/ledger_clock.h"

static void a_new_ledger_begins_with_its_opening_the_plan_and_the_rules(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    ledger_opened_t opened;
    plan_adopted_t adopted;
    rules_activated_t rules;
    assert_int_equal(world_head(&world), 3);
    world_body(&world, 1, ledger_opened_type(), &opened);
    world_body(&world, 2, plan_adopted_type(), &adopted);
    world_body(&world, 3, rules_activated_type(), &rules);
    assert_memory_equal(opened.ledger_id, world.ledger_id, 16);
    assert_true(text_is(adopted.plan.id, "test-2021"));
    assert_int_equal(adopted.plan.units_count, 3);
    assert_int_equal(rules.version, 1);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        assert_int_equal(world_event(&world, seq).at_ms, FOUNDED_MS);
        assert_int_equal(world_event(&world, seq).cause_seq, seq);
    }
    world_end(&world);
}

static void a_ledger_is_founded_once(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    intake_close(&world.intake);
    ledger_opened_t opened = {.epoch = 1, .clock_mode = clock_mode_real};
    memset(opened.ledger_id, 1, 16), memset(opened.operator_key, 1, 32), memset(opened.signer_key, 1, 32);
    plan_t plan = world_plan();
    assert_int_equal(intake_found(world.folder, &opened, &plan, 1, FOUNDED_MS), ERR_REFUSED);
    plan.units_count = 0;
    assert_int_equal(intake_found(world.folder, &opened, &plan, 1, FOUNDED_MS), ERR_BAD);
    assert_int_equal(intake_open(world.folder, world.signer_secret, &world.intake), OK);
    assert_int_equal(world_head(&world), 3);
    world_end(&world);
}

static void a_second_opening_is_locked_out_and_leaves_the_first_untouched(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    intake_t *second = NULL;
    assert_int_equal(intake_open(world.folder, world.signer_secret, &second), ERR_LOCKED);
    assert_null(second);
    world_register(&world);
    assert_int_equal(world_head(&world), 4);
    world_end(&world);
}

static void a_signer_that_the_ledger_does_not_name_is_not_taken(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    intake_close(&world.intake);
    uint8_t other_public[32], other_secret[64];
    sign_keypair(other_public, other_secret);
    assert_int_equal(intake_open(world.folder, other_secret, &world.intake), ERR_REFUSED);
    assert_null(world.intake);
    world_end(&world);
}

static void a_clock_that_steps_back_is_clamped_to_the_last_stamp(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    report_t one = report_numbered(1, "一"), two = report_numbered(2, "二"), three = report_numbered(3, "三");
    world_pass(&world, 30000);
    uint64_t first_ms = world_receipt(&world, "chengmen", 1, &one).received_ms;
    assert_int_equal(first_ms, world.wall_ms);
    world.wall_ms -= HOUR_MS;
    assert_int_equal(world_receipt(&world, "chengmen", 1, &two).received_ms, first_ms);
    intake_tick(world.intake, world.wall_ms, world.steady_ms);
    world_commit(&world);
    world.wall_ms += HOUR_MS + 5000;
    world.steady_ms += 5000;
    assert_int_equal(world_receipt(&world, "chengmen", 1, &three).received_ms, world.wall_ms);
    world_end(&world);
}

static void a_clock_that_stepped_back_before_a_restart_is_clamped_too(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    report_t one = report_numbered(1, "一"), two = report_numbered(2, "二");
    uint64_t first_ms = world_receipt(&world, "chengmen", 1, &one).received_ms;
    world.wall_ms -= 48 * HOUR_MS;
    world_reopen(&world);
    assert_int_equal(world_receipt(&world, "chengmen", 1, &two).received_ms, first_ms);
    world_end(&world);
}

static void a_leap_of_the_wall_clock_is_held_to_the_steady_clock_until_both_agree(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    report_t one = report_numbered(1, "一"), two = report_numbered(2, "二"), three = report_numbered(3, "三");
    intake_tick(world.intake, world.wall_ms, world.steady_ms);
    int64_t right_ms = world.wall_ms;
    world.wall_ms += 24 * HOUR_MS; /* somebody set the date */
    world.steady_ms += 10000;
    assert_int_equal(world_receipt(&world, "chengmen", 1, &one).received_ms, right_ms + 10000);
    world_pass(&world, 20000);
    assert_int_equal(world_receipt(&world, "chengmen", 1, &two).received_ms, right_ms + 30000);
    uint64_t head = world_head(&world);
    intake_tick(world.intake, world.wall_ms, world.steady_ms);
    world_commit(&world);
    assert_int_equal(world_head(&world), head); /* no tick of tomorrow */
    world.wall_ms = right_ms + 31000;           /* and set it right again */
    world.steady_ms += 1000;
    assert_int_equal(world_receipt(&world, "chengmen", 1, &three).received_ms, right_ms + 31000);
    world_end(&world);
}

static void a_sleep_that_the_steady_clock_confirms_is_believed(void **state) {
    (void)state;
    ledger_clock_t clock = ledger_clock_new(false, FOUNDED_MS, false);
    ledger_clock_read(&clock, FOUNDED_MS, 1000);
    assert_false(ledger_clock_read(&clock, FOUNDED_MS + 9 * HOUR_MS, 1000 + 9 * HOUR_MS));
    assert_int_equal(clock.trust, CLOCK_AGREES);
    assert_int_equal(ledger_clock_stamp(&clock), FOUNDED_MS + 9 * HOUR_MS);
}

static void a_real_ledger_ticks_on_the_minute_and_later_entries_carry_more(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    world.wall_ms = FOUNDED_MS + MINUTE_MS; /* exactly on it */
    world.steady_ms += 59000;
    intake_tick(world.intake, world.wall_ms, world.steady_ms);
    world_commit(&world);
    clock_ticked_t ticked;
    uint64_t tick_seq = world_head(&world);
    world_body(&world, tick_seq, clock_ticked_type(), &ticked);
    assert_int_equal(ticked.at_ms, FOUNDED_MS + MINUTE_MS);
    report_t one = report_numbered(1, "一"), two = report_numbered(2, "二");
    assert_int_equal(world_receipt(&world, "chengmen", 1, &one).received_ms, FOUNDED_MS + MINUTE_MS + 1);
    intake_tick(world.intake, world.wall_ms, world.steady_ms);
    assert_false(intake_has_group(world.intake)); /* one a minute */
    world_pass(&world, MINUTE_MS + 500);
    receipt_t receipt = world_receipt(&world, "chengmen", 1, &two); /* nobody ticked: the report brings the tick along */
    assert_int_equal(receipt.received_ms, world.wall_ms);
    world_body(&world, receipt.seq - 1, clock_ticked_type(), &ticked);
    assert_int_equal(ticked.at_ms, FOUNDED_MS + 2 * MINUTE_MS);
    world_end(&world);
}

static void minutes_that_nobody_counted_are_a_gap_and_not_made_up(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    intake_tick(world.intake, world.wall_ms, world.steady_ms);
    world_reopen(&world);
    world_pass(&world, 100 * HOUR_MS);
    intake_tick(world.intake, world.wall_ms, world.steady_ms);
    world_commit(&world);
    assert_int_equal(world_head(&world), 4);
    assert_int_equal(world_event(&world, 4).at_ms, FOUNDED_MS + 100 * HOUR_MS);
    world_end(&world);
}

static void refusals_are_counted_by_unit_and_code_before_the_next_tick_and_without_text(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    report_t report = report_numbered(1, "电话13800138000");
    for (int times = 0; times < 3; times++) world_send(&world, "chengmen", 1, &report);
    refusals_note_t note = {.unit = text_of("chengmen"), .code = text_of("mobile_number")};
    memset(note.frame_hash, 0x77, 32);
    world_ask(&world, door_gateway, refusals_note_type(), &note);
    assert_int_equal(world.now.size + world.later.size, 0); /* a note has no answer */
    note.code = text_of("oversize");
    note.unit = text_of(NULL);
    world_ask(&world, door_gateway, refusals_note_type(), &note);
    world_commit(&world);
    assert_int_equal(world_head(&world), 4); /* nothing yet */
    world_pass(&world, MINUTE_MS);
    intake_tick(world.intake, world.wall_ms, world.steady_ms);
    world_commit(&world);
    assert_int_equal(world_head(&world), 7);
    refusals_counted_t counted;
    world_body(&world, 5, refusals_counted_type(), &counted);
    assert_true(text_is(counted.unit, "chengmen"));
    assert_true(text_is(counted.code, "mobile_number"));
    assert_int_equal(counted.count, 4);
    assert_int_equal(counted.door, door_gateway);
    assert_int_equal(counted.last_hash[5], 0x77);
    world_body(&world, 6, refusals_counted_type(), &counted);
    assert_int_equal(counted.unit.size, 0);
    assert_int_equal(counted.count, 1);
    assert_int_equal(world_event(&world, 7).kind, KIND_clock_ticked);
    assert_true(world_event(&world, 6).at_ms <= world_event(&world, 7).at_ms);
    world_pass(&world, MINUTE_MS);
    intake_tick(world.intake, world.wall_ms, world.steady_ms);
    world_commit(&world);
    assert_int_equal(world_head(&world), 8); /* counted once */
    world_end(&world);
}

static void a_rehearsal_writes_its_counts_before_the_next_tick_of_the_advance(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_rehearsal);
    report_t report = report_numbered(1, "一");
    world_send(&world, "chengmen", 1, &report);
    assert_refused(&world, "unknown_key");
    advance_clock_t advance = {.to_ms = FOUNDED_MS + 2 * HOUR_MS};
    world_done(&world, 1, advance_clock_type(), &advance);
    refusals_counted_t counted;
    world_body(&world, 4, refusals_counted_type(), &counted);
    assert_true(text_is(counted.code, "unknown_key"));
    assert_int_equal(world_event(&world, 4).at_ms, FOUNDED_MS);
    assert_int_equal(world_head(&world), 6);
    world_end(&world);
}

static void distinct_counters_are_bounded_and_no_refusal_is_lost(void **state) {
    (void)state;
    intake_counts_t *counts = intake_counts_new();
    uint8_t hash[32] = {0};
    for (uint32_t unit = 0; unit < LIMIT_COUNTERS + 500; unit++)
        intake_counts_add(counts, unit, REASON_OF(malformed), door_gateway, hash);
    intake_counts_add(counts, 9, text_of("no_such_code"), door_gateway, hash);
    assert_int_equal(intake_counts_size(counts), LIMIT_COUNTERS + 2);
    uint64_t all = 0;
    for (uint32_t index = 0; index < intake_counts_size(counts); index++) {
        uint32_t unit;
        all += intake_counts_at(counts, index, &unit).count;
    }
    assert_int_equal(all, LIMIT_COUNTERS + 501);
    intake_counts_destroy(&counts);
}

/* A small generator of our own: the same garbage in every run. */
static uint64_t garbage_next(uint64_t *seed) {
    *seed ^= *seed << 13, *seed ^= *seed >> 7, *seed ^= *seed << 17;
    return *seed;
}

static void random_frames_are_refused_and_leave_the_ledger_as_it_was(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    uint64_t seed = 0x9e3779b97f4a7c15ULL;
    for (int round = 0; round < 4000; round++) {
        uint8_t frame[300];
        uint32_t size = (uint32_t)(garbage_next(&seed) % sizeof frame);
        for (uint32_t at = 0; at < size; at++) frame[at] = (uint8_t)garbage_next(&seed);
        if (size > 0 && round % 2 == 0) frame[0] = 0x94; /* looks like a packet */
        world_take(&world, round % 3 == 0 ? door_operator : door_gateway, (bytes_t){frame, size});
        assert_int_equal(world.later.size, 0);
        assert_int_equal(answer_kind(&world.now), KIND_refusal);
    }
    world_commit(&world);
    assert_int_equal(world_head(&world), 3);
    world_end(&world);
}

static void truncated_and_damaged_frames_never_get_a_receipt_for_what_was_not_said(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    append_ask_t ask = {.unit = text_of("chengmen"), .key_generation = 1, .report = report_numbered(1, "走访两次")};
    buffer_t frame = {0};
    packet_encode(1, append_ask_type(), &ask, &frame);
    for (uint32_t size = 0; size < frame.size; size++) {
        world_take(&world, door_gateway, (bytes_t){frame.at, size});
        assert_int_equal(answer_kind(&world.now), KIND_refusal);
        assert_int_equal(world.later.size, 0);
    }
    uint8_t more = 0;
    buffer_add(&frame, &more, 1);
    world_take(&world, door_gateway, (bytes_t){frame.at, (uint32_t)frame.size});
    assert_int_equal(answer_kind(&world.now), KIND_refusal);
    for (uint32_t bit = 0; bit < (frame.size - 1) * 8; bit++) { /* whatever is answered, it is answered */
        frame.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        world_take(&world, door_gateway, (bytes_t){frame.at, (uint32_t)frame.size - 1});
        uint32_t kind = answer_kind(world.now.size > 0 ? &world.now : &world.later);
        bool note = kind == 0; /* a flipped bit may make it a refusals_note, which has no answer */
        assert_true(note || kind == KIND_refusal || kind == KIND_receipt || kind == KIND_registry);
        frame.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    world_commit(&world);
    world_reopen(&world); /* the chain is whole */
    buffer_destroy(&frame);
    world_end(&world);
}

static void readers_are_served_what_is_durable_and_nothing_else(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    report_t report = report_numbered(1, "一");
    world_send(&world, "chengmen", 1, &report);
    fetch_t fetch = {.stream = STREAM_ENTRIES, .tail = true, .reader = text_of("test")};
    batch_t batch;
    assert_true(intake_serve(world.intake, &fetch, world.arena, &batch));
    assert_int_equal(batch.count, 4);
    assert_int_equal(batch.durable_head, 4);
    fetch.after = 4;
    memcpy(fetch.after_hash, batch.last_hash, 32);
    assert_false(intake_serve(world.intake, &fetch, world.arena, &batch)); /* parked */
    world_commit(&world);
    assert_true(intake_serve(world.intake, &fetch, world.arena, &batch));
    assert_int_equal(batch.from, 5);
    assert_int_equal(batch.durable_head, 5);
    world_end(&world);
}

static void a_commit_that_the_disk_refuses_acknowledges_nothing_and_is_final(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_register(&world);
    struct rlimit before, full;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    full = before;
    full.rlim_cur = 64 * 1024; /* the largest file this process may write: a disk of that size */
    char *words = test_malloc(5001);
    memset(words, 'x', 5000);
    words[5000] = '\0';
    for (uint8_t number = 1; number <= 100; number++) {
        report_t report = report_numbered(number, words);
        world_send(&world, "chengmen", 1, &report);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    err_t err = intake_commit(world.intake);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_not_equal(err, OK);
    assert_int_equal(world_head(&world), 4);
    assert_true(intake_has_group(world.intake)); /* so that the loop asks, and leaves */
    report_t report = report_numbered(101, "走访");
    world_send(&world, "chengmen", 1, &report);
    assert_int_equal(world.now.size + world.later.size, 0);
    assert_int_equal(intake_commit(world.intake), err);
    world_reopen(&world);
    assert_int_equal(world_head(&world), 4);
    world_receipt(&world, "chengmen", 1, &report);
    test_free(words);
    world_end(&world);
}

static void health_says_where_the_ledger_stands_and_waits_for_what_is_asked(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    buffer_t frame = {0}, out = {0};
    health_ask_t ask = {.at_least = 4};
    packet_encode(++world.request_id, health_ask_type(), &ask, &frame);
    packet_t packet;
    fault_t fault;
    assert_int_equal(packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault), OK);
    assert_false(intake_answer(world.intake, &packet, &out));
    uint64_t request_id = world.request_id;
    world_register(&world);
    assert_true(intake_answer(world.intake, &packet, &out));
    world.request_id = request_id;
    health_t health;
    answer_read(&world, &out, health_type(), &health);
    assert_true(text_is(health.service, "intake"));
    assert_true(text_is(health.plan, "test-2021"));
    assert_int_equal(health.out_stream, STREAM_ENTRIES);
    assert_int_equal(health.out_head, 4);
    assert_int_equal(health.now_ms, world.wall_ms);
    assert_true(health.ok);
    buffer_clear(&out);
    intake_keep_free(world.intake, UINT64_MAX);
    assert_true(intake_answer(world.intake, &packet, &out));
    answer_read(&world, &out, health_type(), &health);
    assert_false(health.ok);
    buffer_destroy(&frame);
    buffer_destroy(&out);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_ledger_begins_with_its_opening_the_plan_and_the_rules),
        cmocka_unit_test(a_ledger_is_founded_once),
        cmocka_unit_test(a_second_opening_is_locked_out_and_leaves_the_first_untouched),
        cmocka_unit_test(a_signer_that_the_ledger_does_not_name_is_not_taken),
        cmocka_unit_test(a_clock_that_steps_back_is_clamped_to_the_last_stamp),
        cmocka_unit_test(a_clock_that_stepped_back_before_a_restart_is_clamped_too),
        cmocka_unit_test(a_leap_of_the_wall_clock_is_held_to_the_steady_clock_until_both_agree),
        cmocka_unit_test(a_sleep_that_the_steady_clock_confirms_is_believed),
        cmocka_unit_test(a_real_ledger_ticks_on_the_minute_and_later_entries_carry_more),
        cmocka_unit_test(minutes_that_nobody_counted_are_a_gap_and_not_made_up),
        cmocka_unit_test(refusals_are_counted_by_unit_and_code_before_the_next_tick_and_without_text),
        cmocka_unit_test(a_rehearsal_writes_its_counts_before_the_next_tick_of_the_advance),
        cmocka_unit_test(distinct_counters_are_bounded_and_no_refusal_is_lost),
        cmocka_unit_test(random_frames_are_refused_and_leave_the_ledger_as_it_was),
        cmocka_unit_test(truncated_and_damaged_frames_never_get_a_receipt_for_what_was_not_said),
        cmocka_unit_test(readers_are_served_what_is_durable_and_nothing_else),
        cmocka_unit_test(a_commit_that_the_disk_refuses_acknowledges_nothing_and_is_final),
        cmocka_unit_test(health_says_where_the_ledger_stands_and_waits_for_what_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
