/* Backups noted, a restore declared, lost reports with their receipts, quarantines listed. */
#include "tests/unit/intake_world.h"

#include "services/minning/copies.h"

static command_done_t note_backup(world_t *world, uint8_t number) {
    head_t head = intake_head(world->intake);
    backup_taken_t taken = {.seq = head.seq, .at_ms = (uint64_t)world->wall_ms};
    memcpy(taken.head_hash, head.hash, sizeof taken.head_hash);
    return world_done(world, number, backup_taken_type(), &taken);
}

/* What `minning backup` and `minning restore` do with the file. */
static void keep_copy(world_t *world) {
    char from[96], to[96];
    snprintf(from, sizeof from, "%s/data.mdb", world->folder);
    snprintf(to, sizeof to, "%s/copy.mdb", world->folder);
    unlink(to);
    intake_close(&world->intake);
    assert_int_equal(copies_file(from, to, 0600), OK);
    assert_int_equal(intake_open(world->folder, world->signer_secret, &world->intake), OK);
}

static void lose_everything_since(world_t *world) {
    char from[96], to[96];
    snprintf(from, sizeof from, "%s/copy.mdb", world->folder);
    snprintf(to, sizeof to, "%s/data.mdb", world->folder);
    intake_close(&world->intake);
    unlink(to);
    assert_int_equal(copies_file(from, to, 0600), OK);
    assert_int_equal(intake_open(world->folder, world->signer_secret, &world->intake), OK);
}

static ledger_restored_t restored_now(const world_t *world, uint64_t epoch) {
    head_t head = intake_head(world->intake);
    ledger_restored_t restored = {.fork_seq = head.seq, .epoch = epoch};
    memcpy(restored.fork_hash, head.hash, sizeof restored.fork_hash);
    return restored;
}

static void declare_epoch(world_t *world, uint8_t number, uint64_t epoch) {
    ledger_restored_t restored = restored_now(world, epoch);
    intake_allow_restore(world->intake);
    world_done(world, number, ledger_restored_type(), &restored);
}

static void send_with(world_t *world, const char *unit, const report_t *report, const receipt_t *receipt) {
    append_ask_t ask = {.unit = text_of(unit), .key_generation = 1, .report = *report, .receipt = *receipt};
    world_ask(world, door_gateway, append_ask_type(), &ask);
    world_commit(world);
}

static receipt_t receipt_with(world_t *world, const char *unit, const report_t *report, const receipt_t *receipt) {
    receipt_t given;
    send_with(world, unit, report, receipt);
    answer_read(world, world->later.size > 0 ? &world->later : &world->now, receipt_type(), &given);
    return given;
}

static void assert_receipt_refused(world_t *world, const char *unit, const report_t *report, const receipt_t *receipt,
                                   const char *path) {
    refusal_t refusal;
    send_with(world, unit, report, receipt);
    assert_int_equal(world->later.size, 0);
    answer_read(world, &world->now, refusal_type(), &refusal);
    assert_true(text_is(refusal.reasons[0].code, "receipt_invalid"));
    assert_true(text_is(refusal.reasons[0].path, path));
}

/* A ledger with a key and a copy; then a report that the copy lacks, lost again: back at the copy, in epoch 2. */
static receipt_t lose_one(world_t *world, const report_t *report) {
    world_register(world);
    keep_copy(world);
    world_pass(world, HOUR_MS);
    receipt_t receipt = world_receipt(world, "chengmen", 1, report);
    lose_everything_since(world);
    world_pass(world, HOUR_MS);
    declare_epoch(world, 9, 2);
    return receipt;
}

static void every_receipt_after_a_backup_says_up_to_where_it_reaches(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    report_t report = report_numbered(1, "进展"), other = report_numbered(2, "又一份");
    world_register(&world);
    assert_int_equal(world_receipt(&world, "chengmen", 1, &report).backup_seq, 0);
    uint64_t head = world_head(&world);
    note_backup(&world, 5);
    assert_int_equal(world_receipt(&world, "chengmen", 1, &other).backup_seq, head);
    world_reopen(&world);
    world_send(&world, "chengmen", 1, &other);
    receipt_t again;
    answer_read(&world, &world.now, receipt_type(), &again);
    assert_int_equal(again.backup_seq, head);
    world_end(&world);
}

static void a_backup_of_something_else_is_not_noted(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    head_t head = intake_head(world.intake);
    backup_taken_t taken = {.seq = head.seq, .at_ms = 1};
    memcpy(taken.head_hash, head.hash, sizeof taken.head_hash);
    taken.head_hash[3] ^= 1;
    world_command(&world, 5, backup_taken_type(), &taken);
    assert_refused(&world, "wrong_head");
    taken.head_hash[3] ^= 1;
    taken.seq++;
    world_command(&world, 6, backup_taken_type(), &taken);
    assert_refused(&world, "wrong_head");
    world_end(&world);
}

static void a_running_ledger_takes_no_restore(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    ledger_restored_t restored = restored_now(&world, 2);
    world_command(&world, 5, ledger_restored_type(), &restored);
    assert_refused(&world, "not_permitted");
    world_end(&world);
}

static void a_restore_declares_where_it_forks_and_raises_the_epoch(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    report_t report = report_numbered(1, "进展");
    world_register(&world);
    ledger_restored_t restored = restored_now(&world, 1);
    intake_allow_restore(world.intake);
    world_command(&world, 5, ledger_restored_type(), &restored);
    assert_refused(&world, "out_of_range"); /* not above the epoch in force */
    restored = restored_now(&world, 2);
    restored.fork_seq--;
    world_command(&world, 6, ledger_restored_type(), &restored);
    assert_refused(&world, "out_of_range"); /* not at the head */
    declare_epoch(&world, 7, 2);
    uint64_t seq = world_head(&world);
    assert_int_equal(world_event(&world, seq).epoch, 2);
    assert_int_equal(world_event(&world, seq - 1).epoch, 1);
    assert_int_equal(world_receipt(&world, "chengmen", 1, &report).epoch, 2);
    world_reopen(&world);
    assert_int_equal(intake_epoch(world.intake), 2);
    assert_int_equal(world_event(&world, world_head(&world)).epoch, 2);
    world_end(&world);
}

static void a_lost_report_with_its_receipt_keeps_its_instant(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    report_t report = report_numbered(1, "进展");
    receipt_t lost = lose_one(&world, &report), given = receipt_with(&world, "chengmen", &report, &lost);
    report_received_t received;
    assert_false(given.duplicate);
    assert_int_equal(given.received_ms, lost.received_ms);
    assert_int_equal(given.epoch, 2);
    assert_true(receipt_verify(&given, world.signer_public));
    world_body(&world, given.seq, report_received_type(), &received);
    assert_int_equal(received.original_received_ms, lost.received_ms);
    assert_true(world_event(&world, given.seq).at_ms > (int64_t)lost.received_ms);
    receipt_t again = receipt_with(&world, "chengmen", &report, &lost);
    assert_true(again.duplicate);
    assert_int_equal(again.seq, given.seq);
    assert_int_equal(again.received_ms, lost.received_ms);
    world_end(&world);
}

static void without_its_receipt_it_is_a_report_of_today(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    report_t report = report_numbered(1, "进展");
    receipt_t lost = lose_one(&world, &report), given = world_receipt(&world, "chengmen", 1, &report);
    assert_true(given.received_ms > lost.received_ms);
    world_end(&world);
}

static void an_instant_that_the_ledger_never_gave_is_not_taken(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    report_t report = report_numbered(1, "进展"), other = report_numbered(1, "别的内容");
    receipt_t lost = lose_one(&world, &report), forged = lost;
    uint64_t head = world_head(&world);
    forged.received_ms -= HOUR_MS;
    assert_receipt_refused(&world, "chengmen", &report, &forged, "receipt.seal");
    forged = lost;
    forged.head_hash[0] ^= 1;
    assert_receipt_refused(&world, "chengmen", &report, &forged, "receipt.signature");
    forged = lost;
    forged.ledger_id[0] ^= 1;
    assert_receipt_refused(&world, "chengmen", &report, &forged, "receipt.ledger_id");
    forged = lost;
    forged.epoch = 2;
    assert_receipt_refused(&world, "chengmen", &report, &forged, "receipt.epoch");
    forged = lost;
    forged.seq = 3; /* that entry is here, and it is something else */
    assert_receipt_refused(&world, "chengmen", &report, &forged, "receipt.seq");
    assert_receipt_refused(&world, "chengmen", &other, &lost, "receipt.content_hash");
    assert_int_equal(world_head(&world), head);
    key_registered_t key = key_of("gaishan", 1, 0x22);
    world_done(&world, 12, key_registered_type(), &key);
    assert_receipt_refused(&world, "gaishan", &report, &lost, "receipt.seal"); /* another unit's */
    world_end(&world);
}

/* Lost, sent again, lost again: the second receipt carries the first instant. */
static void a_second_restore_keeps_the_first_instant(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    report_t report = report_numbered(1, "进展");
    receipt_t first = lose_one(&world, &report), second = receipt_with(&world, "chengmen", &report, &first);
    lose_everything_since(&world);
    world_pass(&world, HOUR_MS);
    declare_epoch(&world, 20, 3);
    receipt_t third = receipt_with(&world, "chengmen", &report, &second);
    assert_false(third.duplicate);
    assert_int_equal(third.received_ms, first.received_ms);
    assert_int_equal(third.epoch, 3);
    world_end(&world);
}

static void a_stage_is_told_its_own_quarantines(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    quarantined_t ours = {.stage = text_of("validation"), .seq = 3, .why = text_of("ASSERT")}, other = ours;
    memset(ours.hash, 7, sizeof ours.hash);
    memset(other.hash, 8, sizeof other.hash);
    other.stage = text_of("alerting");
    world_done(&world, 5, quarantined_type(), &ours);
    world_done(&world, 6, quarantined_type(), &other);
    world_reopen(&world);
    buffer_t frame = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    quarantines_t told;
    packet_encode(1, quarantines_ask_type(), &(quarantines_ask_t){.stage = text_of("validation")}, &frame);
    assert_int_equal(packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault), OK);
    assert_true(intake_answer(world.intake, &packet, &out));
    assert_int_equal(packet_decode((bytes_t){out.at, (uint32_t)out.size}, &packet, &fault), OK);
    assert_int_equal(packet_body(&packet, quarantines_type(), world.arena, &told, &fault), OK);
    assert_int_equal(told.rows_count, 1);
    assert_int_equal(told.rows[0].seq, 3);
    assert_memory_equal(told.rows[0].hash, ours.hash, sizeof ours.hash);
    buffer_destroy(&frame);
    buffer_destroy(&out);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_receipt_after_a_backup_says_up_to_where_it_reaches),
        cmocka_unit_test(a_backup_of_something_else_is_not_noted),
        cmocka_unit_test(a_running_ledger_takes_no_restore),
        cmocka_unit_test(a_restore_declares_where_it_forks_and_raises_the_epoch),
        cmocka_unit_test(a_lost_report_with_its_receipt_keeps_its_instant),
        cmocka_unit_test(without_its_receipt_it_is_a_report_of_today),
        cmocka_unit_test(an_instant_that_the_ledger_never_gave_is_not_taken),
        cmocka_unit_test(a_second_restore_keeps_the_first_instant),
        cmocka_unit_test(a_stage_is_told_its_own_quarantines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
