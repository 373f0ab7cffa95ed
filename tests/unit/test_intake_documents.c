/* Documents at the operator's door: announced, kept open for objections, published once under the next number. */
#include "tests/unit/intake_document.h"

static documents_t documents_now(world_t *world) {
    documents_ask_t ask = {0};
    documents_t told;
    buffer_t frame = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(++world->request_id, documents_ask_type(), &ask, &frame);
    assert_int_equal(packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault), OK);
    buffer_clear(&world->now);
    assert_true(intake_answer(world->intake, &packet, &world->now));
    answer_read(world, &world->now, documents_type(), &told);
    buffer_destroy(&frame);
    return told;
}

static void what_was_not_announced_is_not_published(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    try_publish(&world, 1, 1);
    assert_refused(&world, "document_unannounced");
    world_end(&world);
}

static void before_48_hours_of_working_days_nothing_is_published(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real); /* Sunday 1 August: the window begins on Monday, and ends on Wednesday 00:00 */
    announce(&world, 1);
    world_pass(&world, 3 * 24 * HOUR_MS - 2000);
    try_publish(&world, 5, 1);
    assert_refused(&world, "objections_open");
    world_pass(&world, 2000);
    try_publish(&world, 7, 1);
    assert_int_equal(answer_kind(&world.later), KIND_command_done);
    world_end(&world);
}

static void a_second_publication_is_refused_and_so_is_a_second_announcement(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    announce(&world, 1);
    world_pass(&world, 4 * 24 * HOUR_MS);
    try_publish(&world, 5, 1);
    try_publish(&world, 7, 2);
    assert_refused(&world, "document_known");
    kept_t kept = edition_of(&world, 0, "再来");
    send_part(&world, 9, &kept);
    document_announced_t told = announced_of(&kept);
    world_command(&world, 10, document_announced_type(), &told);
    assert_refused(&world, "document_known");
    buffer_destroy(&kept.bytes);
    world_end(&world);
}

static void the_number_is_the_next_one(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    announce(&world, 1);
    world_pass(&world, 4 * 24 * HOUR_MS);
    try_publish(&world, 5, 2);
    assert_refused(&world, "document_number");
    world_end(&world);
}

static void parts_that_do_not_make_up_the_hash_are_refused(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    kept_t kept = edition_of(&world, 0, "无");
    document_announced_t told = announced_of(&kept);
    world_command(&world, 1, document_announced_type(), &told);
    assert_refused(&world, "document_part_missing");
    kept.bytes.at[kept.bytes.size / 2] ^= 1;
    send_part(&world, 2, &kept);
    world_command(&world, 3, document_announced_type(), &told);
    assert_refused(&world, "document_part_missing");
    buffer_destroy(&kept.bytes);
    world_end(&world);
}

static void an_edition_of_another_period_is_refused(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    kept_t kept = edition_of(&world, 0, "无");
    send_part(&world, 1, &kept);
    document_announced_t told = announced_of(&kept);
    told.period = text_of("2021-09");
    world_command(&world, 2, document_announced_type(), &told);
    assert_refused(&world, "unknown_period");
    told = announced_of(&kept);
    told.as_of++;
    world_command(&world, 3, document_announced_type(), &told);
    assert_refused(&world, "out_of_range");
    buffer_destroy(&kept.bytes);
    world_end(&world);
}

static void a_mobile_number_in_a_quotation_is_refused_before_the_ink(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    kept_t kept = edition_of(&world, 0, "请拨13805910000");
    uint64_t before = intake_head(world.intake).seq;
    document_part_t part = {.bytes = {kept.bytes.at, (uint32_t)kept.bytes.size}};
    memcpy(part.hash, kept.hash, sizeof part.hash);
    world_command(&world, 1, document_part_type(), &part);
    assert_refused(&world, "mobile_number");
    world_commit(&world);
    assert_int_equal(intake_head(world.intake).seq, before);
    buffer_destroy(&kept.bytes);
    world_end(&world);
}

static void what_is_published_is_listed_and_given_back_after_a_restart(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    announce(&world, 1);
    world_pass(&world, 4 * 24 * HOUR_MS);
    kept_t kept = edition_of(&world, 1, "无");
    send_part(&world, 5, &kept);
    document_published_t told = published_of(&kept, 1);
    command_done_t done = world_done(&world, 6, document_published_type(), &told);
    world_reopen(&world);
    documents_t all = documents_now(&world);
    assert_int_equal(all.rows_count, 1);
    assert_int_equal(all.rows[0].published_seq, done.seq);
    assert_int_equal(all.rows[0].published.number, 1);
    assert_memory_equal(all.rows[0].published.hash, kept.hash, HASH_SIZE);
    assert_true(text_is(all.rows[0].period, "2021-08"));
    buffer_destroy(&kept.bytes);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_announced_is_not_published),
        cmocka_unit_test(before_48_hours_of_working_days_nothing_is_published),
        cmocka_unit_test(a_second_publication_is_refused_and_so_is_a_second_announcement),
        cmocka_unit_test(the_number_is_the_next_one),
        cmocka_unit_test(parts_that_do_not_make_up_the_hash_are_refused),
        cmocka_unit_test(an_edition_of_another_period_is_refused),
        cmocka_unit_test(a_mobile_number_in_a_quotation_is_refused_before_the_ink),
        cmocka_unit_test(what_is_published_is_listed_and_given_back_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
