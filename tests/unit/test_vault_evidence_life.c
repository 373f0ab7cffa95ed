/* Evidence in time: what a scanner says of it, and what becomes of files that no report names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/chain.h"
#include "tests/unit/evidence_world.h"

/* --- the scanner --- */

/* A scanner of a few lines: it reads all, and finds what says VIRUS. */
static const char *scanner_make(world_t *self, const char *body) {
    const char *path = arena_format(self->arena, "%s/scanner", self->folder).at;
    FILE *script = fopen(path, "w");
    assert_non_null(script);
    fprintf(script, "#!/bin/sh\n%s\n", body);
    fclose(script);
    assert_int_equal(chmod(path, 0700), 0);
    return path;
}

static world_t world_scanned(const char *body, int64_t scan_ms) {
    world_t world = world_new();
    world.settings.scanner[0] = scanner_make(&world, body);
    world.settings.scan_ms = scan_ms;
    world_reopen(&world);
    return world;
}

/* Steps until nothing is under way: the program is another process, and takes its time. */
static void scanned(world_t *self) {
    int64_t until_ms = clock_steady_ms() + 20000;
    while (evidence_step(self->store, self->now_ms) && clock_steady_ms() < until_ms) {
    }
}

static evidence_at_t offered(world_t *self, const char *unit, const buffer_t *file) {
    evidence_at_t at = {0};
    offer(self, unit, file);
    if (self->answer.kind == KIND_evidence_at) answer_read(self, evidence_at_type(), &at);
    return at;
}

static void a_clean_file_says_that_it_was_scanned(void **state) {
    world_t world = world_scanned("cat >/dev/null; exit 0", 10000);
    buffer_t file = pdf(3 * PIECE, 1);
    (void)state;
    send_all(&world, "chengmen", &file);
    assert_false(offered(&world, "chengmen", &file).kept); /* all is here, and looked at */
    scanned(&world);
    assert_int_equal(offered(&world, "chengmen", &file).scan, file_scan_clean);
    buffer_destroy(&file);
    world_end(&world);
}

static void an_infected_file_is_refused_kept_apart_and_known_again(void **state) {
    world_t world = world_scanned("cat | grep -q VIRUS && exit 1; exit 0", 10000);
    buffer_t file = {0};
    (void)state;
    sample_put(&file, "a harmless line\nVIRUS\n");
    send_all(&world, "chengmen", &file);
    scanned(&world);
    offer(&world, "chengmen", &file);
    refused_as(&world, "evidence_infected");
    assert_int_equal(access(path_of(&world, "quarantine", &file), F_OK), 0);
    assert_int_not_equal(access(path_of(&world, "files", &file), F_OK), 0);
    fetch(&world, door_operator, "", &file, 0);
    refused_as(&world, "evidence_infected");
    world_reopen(&world);
    offer(&world, "gaishan", &file);
    refused_as(&world, "evidence_infected");
    buffer_destroy(&file);
    world_end(&world);
}

static void without_the_scanners_word_the_file_is_kept_as_not_scanned(void **state) {
    static const char *const bodies[] = {"exit 2", "sleep 60; exit 0 # a group that hangs", "kill -9 $$",
                                         "exit 0 # read nothing"};
    (void)state;
    for (size_t index = 0; index < sizeof bodies / sizeof bodies[0]; index++) {
        world_t world = world_scanned(bodies[index], 300);
        buffer_t file = pdf(3 * PIECE, 1);
        send_all(&world, "chengmen", &file);
        scanned(&world);
        evidence_at_t at = offered(&world, "chengmen", &file);
        assert_true(at.kept);
        assert_int_equal(at.scan, file_scan_none);
        buffer_destroy(&file);
        world_end(&world);
    }
}

static void a_scanner_that_does_not_exist_holds_nobody_up(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(5000, 1);
    (void)state;
    world.settings.scanner[0] = "/nonexistent/scanner";
    world_reopen(&world);
    send_all(&world, "chengmen", &file);
    scanned(&world);
    assert_true(offered(&world, "chengmen", &file).kept);
    buffer_destroy(&file);
    world_end(&world);
}

static void what_was_kept_without_a_scanner_is_scanned_once_there_is_one(void **state) {
    world_t world = world_new();
    buffer_t clean = pdf(5000, 1), infected = {0};
    (void)state;
    sample_put(&infected, "VIRUS in a text\n");
    kept(&world, "chengmen", &clean);
    kept(&world, "chengmen", &infected);
    world.settings.scanner[0] = scanner_make(&world, "cat | grep -q VIRUS && exit 1; exit 0");
    world_reopen(&world);
    scanned(&world);
    assert_int_equal(offered(&world, "chengmen", &clean).scan, file_scan_clean);
    fetch(&world, door_gateway, "chengmen", &infected, 0);
    refused_as(&world, "evidence_infected");
    buffer_destroy(&clean);
    buffer_destroy(&infected);
    world_end(&world);
}

/* --- orphans --- */

/* The ledger's first entry: a report that names a file. */
static batch_t naming(const uint8_t sha256[HASH_SIZE], buffer_t *events) {
    static const uint8_t nothing[HASH_SIZE];
    evidence_t named = {.name = text_of("凭证.pdf")};
    memcpy(named.sha256, sha256, HASH_SIZE);
    report_received_t entry = {.unit = text_of("chengmen"), .door = door_gateway, .key_generation = 1, .content_hash = {1}};
    entry.report = (report_t){.submission_id = {9}, .task = text_of("donation"), .period = text_of("2021-08"),
                              .evidence = &named, .evidence_count = 1};
    event_t header = {.kind = KIND_report_received, .version = 1, .epoch = 1, .seq = 1, .cause_seq = 1, .at_ms = 5};
    event_encode(&header, report_received_type(), &entry, events);
    batch_t batch = {.stream = STREAM_ENTRIES, .state = batch_state_ok, .from = 1, .count = 1, .durable_head = 1,
                     .events = {events->at, (uint32_t)events->size}};
    hash_chain(CHAIN_SEALED, nothing, batch.events, batch.last_hash);
    return batch;
}

static void a_file_without_a_report_is_collected_in_time(void **state) {
    world_t world = world_new();
    buffer_t named = pdf(5000, 1), orphan = pdf(5000, 2);
    buffer_t events = {0};
    uint8_t sha256[HASH_SIZE];
    (void)state;
    kept(&world, "chengmen", &named);
    kept(&world, "chengmen", &orphan);
    sha256_of(&named, sha256);
    assert_false(evidence_sweep_wanted(world.store, world.now_ms + 60LL * DAY_MS));
    world.now_ms += 60LL * DAY_MS + 1;
    assert_true(evidence_sweep_wanted(world.store, world.now_ms));
    batch_t batch = naming(sha256, &events);
    assert_true(evidence_entries_take(world.store, &batch));
    assert_int_equal(evidence_position(world.store).seq, 1);
    assert_int_equal(evidence_sweep(world.store, world.now_ms), 1);
    assert_true(checked(&world, &named).whole);
    assert_false(checked(&world, &orphan).there);
    assert_int_not_equal(access(path_of(&world, "files", &orphan), F_OK), 0);
    kept(&world, "chengmen", &orphan); /* collected, not erased: it may come again */
    buffer_destroy(&events);
    buffer_destroy(&named);
    buffer_destroy(&orphan);
    world_end(&world);
}

static void a_file_that_is_offered_again_is_still_wanted(void **state) {
    world_t world = world_new();
    buffer_t file = pdf(5000, 1);
    (void)state;
    kept(&world, "chengmen", &file);
    world.now_ms += 59LL * DAY_MS;
    offer(&world, "chengmen", &file);
    world.now_ms += 59LL * DAY_MS;
    assert_int_equal(evidence_sweep(world.store, world.now_ms), 0);
    buffer_destroy(&file);
    world_end(&world);
}

static void entries_that_do_not_follow_are_not_taken(void **state) {
    world_t world = world_new();
    batch_t batch = {.stream = STREAM_ENTRIES, .state = batch_state_ok, .from = 7, .count = 1};
    (void)state;
    assert_false(evidence_entries_take(world.store, &batch));
    assert_int_equal(evidence_position(world.store).seq, 0);
    world_end(&world);
}

static void an_entry_that_changed_on_its_way_is_not_taken(void **state) {
    static const uint8_t sha256[HASH_SIZE] = {1, 2, 3};
    world_t world = world_new();
    buffer_t events = {0};
    batch_t batch = naming(sha256, &events);
    (void)state;
    for (size_t bit = 0; bit < events.size * 8; bit++) {
        events.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(evidence_entries_take(world.store, &batch));
        events.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_equal(evidence_position(world.store).seq, 0);
    assert_true(evidence_entries_take(world.store, &batch));
    buffer_destroy(&events);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_file_says_that_it_was_scanned),
        cmocka_unit_test(an_infected_file_is_refused_kept_apart_and_known_again),
        cmocka_unit_test(without_the_scanners_word_the_file_is_kept_as_not_scanned),
        cmocka_unit_test(a_scanner_that_does_not_exist_holds_nobody_up),
        cmocka_unit_test(what_was_kept_without_a_scanner_is_scanned_once_there_is_one),
        cmocka_unit_test(a_file_without_a_report_is_collected_in_time),
        cmocka_unit_test(a_file_that_is_offered_again_is_still_wanted),
        cmocka_unit_test(entries_that_do_not_follow_are_not_taken),
        cmocka_unit_test(an_entry_that_changed_on_its_way_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
