/* Evidence in the vault: durable before it is said to be kept, whole, whose it is, erased; and hostile pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/evidence_world.h"

/* --- kept --- */

static void a_file_comes_back_byte_for_byte_after_a_restart(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(3 * PIECE + 777, 1);
    evidence_told_t told;
    (void)state;
    assert_int_equal(kept(&world, "chengmen", &file).type, file_type_pdf);
    world_reopen(&world);
    uint64_t at = 0;
    while (at < file.size) {
        fetch(&world, door_gateway, "chengmen", &file, at);
        answer_read(&world, evidence_told_type(), &told);
        assert_int_equal(told.size, file.size);
        assert_memory_equal(told.bytes.at, file.at + at, told.bytes.size);
        at += told.bytes.size;
    }
    assert_int_equal(at, file.size);
    buffer_destroy(&file);
    world_end(&world);
}

static void offering_a_kept_file_again_sends_nothing(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(5000, 1);
    evidence_at_t at;
    (void)state;
    kept(&world, "chengmen", &file);
    offer(&world, "chengmen", &file);
    answer_read(&world, evidence_at_type(), &at);
    assert_true(at.kept);
    assert_int_equal(at.scan, file_scan_none);
    buffer_destroy(&file);
    world_end(&world);
}

static void an_upload_goes_on_where_it_was_left(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(2 * PIECE + 9, 1);
    evidence_at_t at;
    (void)state;
    offer(&world, "chengmen", &file);
    piece(&world, "chengmen", &file, 0, PIECE);
    offer(&world, "chengmen", &file); /* the line broke; another connection */
    answer_read(&world, evidence_at_type(), &at);
    assert_int_equal(at.offset, PIECE);
    piece(&world, "chengmen", &file, 0, PIECE); /* and a piece came twice */
    answer_read(&world, evidence_at_type(), &at);
    assert_int_equal(at.offset, PIECE);
    kept(&world, "chengmen", &file);
    buffer_destroy(&file);
    world_end(&world);
}

static void what_was_half_here_at_a_crash_begins_anew_and_leaves_nothing(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(2 * PIECE + 9, 1);
    evidence_at_t at;
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "%s/coming/9", world.folder);
    FILE *left = fopen(path, "w");
    assert_non_null(left);
    fclose(left);
    world_reopen(&world);
    assert_int_not_equal(access(path, F_OK), 0);
    offer(&world, "chengmen", &file);
    answer_read(&world, evidence_at_type(), &at);
    assert_int_equal(at.offset, 0);
    buffer_destroy(&file);
    world_end(&world);
}

static void bytes_without_a_row_are_thrown_away_at_the_next_start(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(5000, 1);
    (void)state;
    FILE *left = fopen(path_of(&world, "files", &file), "w"); /* named, and then the process died before its commit */
    assert_non_null(left);
    fclose(left);
    world_reopen(&world);
    assert_int_not_equal(access(path_of(&world, "files", &file), F_OK), 0);
    kept(&world, "chengmen", &file);
    buffer_destroy(&file);
    world_end(&world);
}

static void nothing_on_the_disk_shows_the_plain_bytes(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(5000, 1);
    (void)state;
    kept(&world, "chengmen", &file);
    FILE *stored = fopen(path_of(&world, "files", &file), "r");
    char bytes[8192];
    size_t size = fread(bytes, 1, sizeof bytes, stored);
    fclose(stored);
    assert_int_equal(size, file.size + SEAL_EXTRA);
    assert_null(memmem(bytes, size, "%PDF", 4));
    buffer_destroy(&file);
    world_end(&world);
}

/* --- refused --- */

static void bytes_that_do_not_have_the_announced_hash_are_refused(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(5000, 1), other = pdf(5000, 2);
    evidence_piece_t next = {.unit = text_of("chengmen"), .bytes = {other.at, (uint32_t)other.size}};
    (void)state;
    offer(&world, "chengmen", &file);
    sha256_of(&file, next.sha256);
    ask_at(&world, door_gateway, evidence_piece_type(), &next);
    refused_as(&world, "evidence_hash");
    assert_false(checked(&world, &file).there);
    assert_false(checked(&world, &other).there);
    buffer_destroy(&file);
    buffer_destroy(&other);
    world_end(&world);
}

static void a_piece_that_does_not_follow_is_refused_and_told_where_to_go_on(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(3 * PIECE, 1);
    (void)state;
    piece(&world, "chengmen", &file, 0, PIECE);
    refused_as(&world, "evidence_unknown");
    offer(&world, "chengmen", &file);
    piece(&world, "chengmen", &file, PIECE, PIECE); /* a hole */
    refused_as(&world, "evidence_piece");
    piece(&world, "chengmen", &file, 0, 100); /* cut off */
    refused_as(&world, "evidence_piece");
    kept(&world, "chengmen", &file);
    buffer_destroy(&file);
    world_end(&world);
}

static void a_program_that_calls_itself_a_document_is_refused_and_gone(void **state) {
    world_t world = world_new();
    buffer_t file = {0};
    (void)state;
    sample_put(&file, "MZ\x90");
    sample_number(&file, 0, 4);
    send_all(&world, "chengmen", &file);
    refused_as(&world, "evidence_type");
    assert_int_equal(evidence_count(world.store), 0);
    buffer_destroy(&file);
    world_end(&world);
}

static void limits_hold_for_a_file_a_report_and_a_unit(void **state) {
    evidence_settings_t small = usual;
    small.file_most = 10000, small.report_most = 15000, small.unit_most = 20000;
    world_t world = world_with(small);
    buffer_t large = pdf(10001, 1), one = pdf(9000, 2), two = pdf(9000, 3), three = pdf(9000, 4);
    evidence_offer_t wanted;
    (void)state;
    offer(&world, "chengmen", &large);
    refused_as(&world, "evidence_large");
    wanted = offer_of("chengmen", &one);
    wanted.submission_id[0] = 1;
    ask_at(&world, door_gateway, evidence_offer_type(), &wanted);
    kept(&world, "chengmen", &one);
    wanted = offer_of("chengmen", &two);
    wanted.submission_id[0] = 1;
    ask_at(&world, door_gateway, evidence_offer_type(), &wanted);
    refused_as(&world, "evidence_report_full");
    kept(&world, "chengmen", &two); /* for another report */
    offer(&world, "chengmen", &three);
    refused_as(&world, "evidence_unit_full");
    kept(&world, "gaishan", &three); /* another unit's own room */
    buffer_destroy(&large), buffer_destroy(&one), buffer_destroy(&two), buffer_destroy(&three);
    world_end(&world);
}

static void a_unit_holds_no_more_uploads_than_its_share(void **state) {
    world_t world = world_new();
    (void)state;
    for (int number = 0; number <= LIMIT_EVIDENCE_OF_UNIT; number++) {
        buffer_t file = pdf(5000, number);
        offer(&world, "chengmen", &file);
        assert_int_equal(world.answer.kind, number < LIMIT_EVIDENCE_OF_UNIT ? KIND_evidence_at : KIND_busy);
        buffer_destroy(&file);
    }
    buffer_t file = pdf(5000, 99);
    world.now_ms += LIMIT_EVIDENCE_IDLE_MS + 1; /* those that went silent make room */
    evidence_step(world.store, world.now_ms);
    kept(&world, "chengmen", &file);
    buffer_destroy(&file);
    world_end(&world);
}

static void garbage_is_answered_and_changes_nothing(void **state) {
    world_t world = world_new();
    static const uint8_t garbage[] = {0x94, 0xcd, 0x02, 0xbc, 0xff, 0xff};
    (void)state;
    evidence_take(world.store, door_gateway, (bytes_t){garbage, sizeof garbage}, world.now_ms, &world.out);
    assert_true(world.out.size > 0);
    evidence_erase_t what = {.sha256 = {1}};
    ask_at(&world, door_gateway, evidence_erase_type(), &what); /* not at this door */
    refused_as(&world, "not_permitted");
    world_end(&world);
}

/* --- whose it is --- */

static void another_unit_is_told_that_there_is_no_such_file(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(5000, 1);
    evidence_at_t at;
    (void)state;
    kept(&world, "chengmen", &file);
    fetch(&world, door_gateway, "gaishan", &file, 0);
    refused_as(&world, "evidence_missing");
    fetch(&world, door_gateway, "", &file, 0);
    refused_as(&world, "evidence_missing");
    offer(&world, "gaishan", &file); /* knowing the hash is not having the file */
    answer_read(&world, evidence_at_type(), &at);
    assert_false(at.kept);
    assert_int_equal(at.offset, 0);
    assert_int_equal(fetch(&world, door_console, "", &file, 0), KIND_evidence_told); /* the coordinator, as the console vouches */
    buffer_destroy(&file);
    world_end(&world);
}

static void two_units_may_send_the_same_file(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(5000, 1);
    evidence_list_ask_t all = {0};
    evidence_list_t list;
    (void)state;
    kept(&world, "chengmen", &file);
    kept(&world, "gaishan", &file);
    assert_int_equal(fetch(&world, door_gateway, "gaishan", &file, 0), KIND_evidence_told);
    ask_at(&world, door_operator, evidence_list_ask_type(), &all);
    answer_read(&world, evidence_list_type(), &list);
    assert_int_equal(list.rows_count, 2);
    assert_true(text_is(list.rows[0].unit, "chengmen") && text_is(list.rows[1].unit, "gaishan"));
    assert_int_equal(evidence_count(world.store), 1);
    buffer_destroy(&file);
    world_end(&world);
}

/* --- erased, lost, damaged --- */

static void an_erased_file_is_gone_and_does_not_come_back(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(5000, 1);
    evidence_erased_t erased;
    (void)state;
    kept(&world, "chengmen", &file);
    erase(&world, &file);
    answer_read(&world, evidence_erased_type(), &erased);
    assert_true(erased.erased);
    assert_int_not_equal(access(path_of(&world, "files", &file), F_OK), 0);
    fetch(&world, door_gateway, "chengmen", &file, 0);
    refused_as(&world, "evidence_erased");
    offer(&world, "chengmen", &file);
    refused_as(&world, "evidence_erased");
    assert_int_equal(checked(&world, &file).erased_ms, world.now_ms);
    erase(&world, &file); /* twice is no mistake */
    answer_read(&world, evidence_erased_type(), &erased);
    assert_false(erased.erased);
    buffer_destroy(&file);
    world_end(&world);
}

static void erased_bytes_that_come_back_from_a_backup_cannot_be_read(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(5000, 1);
    (void)state;
    kept(&world, "chengmen", &file);
    const char *path = path_of(&world, "files", &file), *copy = arena_format(world.arena, "%s/copy", world.folder).at;
    assert_int_equal(link(path, copy), 0);
    erase(&world, &file);
    assert_int_equal(rename(copy, path), 0);
    fetch(&world, door_operator, "", &file, 0);
    refused_as(&world, "evidence_erased");
    world_reopen(&world);
    assert_int_not_equal(access(path, F_OK), 0);
    buffer_destroy(&file);
    world_end(&world);
}

static void a_file_that_a_restore_lost_is_told_and_may_be_sent_again(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(5000, 1);
    evidence_found_t found;
    (void)state;
    kept(&world, "chengmen", &file);
    assert_int_equal(unlink(path_of(&world, "files", &file)), 0);
    assert_false(checked(&world, &file).there);
    evidence_close(&world.store);
    assert_int_equal(evidence_verify(world.folder, hash_key, &found), OK);
    assert_int_equal(found.files, 1);
    assert_int_equal(found.absent, 1);
    assert_int_equal(evidence_open(world.folder, hash_key, &world.settings, &world.store), OK);
    kept(&world, "chengmen", &file);
    assert_true(checked(&world, &file).whole);
    buffer_destroy(&file);
    world_end(&world);
}

static void a_turned_bit_is_seen_and_never_delivered(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(PIECE + 5000, 1);
    evidence_found_t found;
    (void)state;
    kept(&world, "chengmen", &file);
    FILE *stored = fopen(path_of(&world, "files", &file), "r+");
    assert_int_equal(fseek(stored, PIECE + 200, SEEK_SET), 0);
    int byte = fgetc(stored);
    assert_int_equal(fseek(stored, PIECE + 200, SEEK_SET), 0);
    fputc(byte ^ 1, stored);
    fclose(stored);
    assert_int_equal(fetch(&world, door_gateway, "chengmen", &file, 0), KIND_evidence_told);
    fetch(&world, door_gateway, "chengmen", &file, PIECE);
    refused_as(&world, "evidence_damaged");
    evidence_checked_t told = checked(&world, &file);
    assert_true(told.there && !told.whole);
    evidence_close(&world.store);
    assert_int_equal(evidence_verify(world.folder, hash_key, &found), OK);
    assert_int_equal(found.damaged, 1);
    assert_int_equal(evidence_open(world.folder, hash_key, &world.settings, &world.store), OK);
    buffer_destroy(&file);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_comes_back_byte_for_byte_after_a_restart),
        cmocka_unit_test(offering_a_kept_file_again_sends_nothing),
        cmocka_unit_test(an_upload_goes_on_where_it_was_left),
        cmocka_unit_test(what_was_half_here_at_a_crash_begins_anew_and_leaves_nothing),
        cmocka_unit_test(bytes_without_a_row_are_thrown_away_at_the_next_start),
        cmocka_unit_test(nothing_on_the_disk_shows_the_plain_bytes),
        cmocka_unit_test(bytes_that_do_not_have_the_announced_hash_are_refused),
        cmocka_unit_test(a_piece_that_does_not_follow_is_refused_and_told_where_to_go_on),
        cmocka_unit_test(a_program_that_calls_itself_a_document_is_refused_and_gone),
        cmocka_unit_test(limits_hold_for_a_file_a_report_and_a_unit),
        cmocka_unit_test(a_unit_holds_no_more_uploads_than_its_share),
        cmocka_unit_test(garbage_is_answered_and_changes_nothing),
        cmocka_unit_test(another_unit_is_told_that_there_is_no_such_file),
        cmocka_unit_test(two_units_may_send_the_same_file),
        cmocka_unit_test(an_erased_file_is_gone_and_does_not_come_back),
        cmocka_unit_test(erased_bytes_that_come_back_from_a_backup_cannot_be_read),
        cmocka_unit_test(a_file_that_a_restore_lost_is_told_and_may_be_sent_again),
        cmocka_unit_test(a_turned_bit_is_seen_and_never_delivered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
