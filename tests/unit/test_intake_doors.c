/* Doors that beat, fall silent and come back: each absence is an entry. */
#include "services/1-intake/intake_rules.h"
#include "tests/unit/intake_world.h"

static void beat(world_t *world, door_t door) {
    door_beat_t sign = {.number = 1};
    world_ask(world, door, door_beat_type(), &sign);
    assert_int_equal(world->now.size + world->later.size, 0); /* nobody answers it */
    world_commit(world);
}

static void tick(world_t *world) {
    intake_tick(world->intake, world->wall_ms, world->steady_ms);
    world_commit(world);
}

/* What the last absence says, as "down 60000" or "up 60000..120000", in ms since the ledger was founded; "" if there is none. */
static const char *last_absence(world_t *world) {
    static char said[64];
    txn_t *txn = store_read(intake_store(world->intake));
    snprintf(said, sizeof said, "%s", "");
    for (uint64_t seq = txn_head(txn).seq; seq > 0 && said[0] == '\0'; seq--) {
        event_t event;
        fault_t fault;
        door_down_t down;
        door_up_t up;
        assert_true(txn_event(txn, seq, world->arena, &event, NULL));
        if (event_body(&event, door_down_type(), world->arena, &down, &fault) == OK)
            snprintf(said, sizeof said, "down %lld", (long long)down.since_ms - FOUNDED_MS);
        else if (event_body(&event, door_up_type(), world->arena, &up, &fault) == OK)
            snprintf(said, sizeof said, "up %lld..%lld", (long long)up.since_ms - FOUNDED_MS, (long long)up.until_ms - FOUNDED_MS);
    }
    txn_abort(&txn);
    return said;
}

static void a_door_that_beats_leaves_no_entry(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    for (int count = 0; count < 20; count++) {
        beat(&world, door_gateway);
        world_pass(&world, LIMIT_DOOR_BEAT_MS);
        tick(&world);
    }
    assert_string_equal(last_absence(&world), "");
    world_end(&world);
}

static void a_door_that_was_never_there_is_not_missed(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    world_pass(&world, 3600000);
    tick(&world);
    assert_string_equal(last_absence(&world), "");
    world_end(&world);
}

static void a_silence_is_an_entry_that_counts_from_the_last_sign_of_life(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    beat(&world, door_gateway); /* one second after the founding */
    world_pass(&world, LIMIT_DOOR_SILENT_MS);
    tick(&world);
    assert_string_equal(last_absence(&world), "");
    world_pass(&world, 1000);
    tick(&world);
    assert_string_equal(last_absence(&world), "down 1000");
    world_pass(&world, 600000);
    tick(&world);
    beat(&world, door_gateway);
    assert_string_equal(last_absence(&world), "up 1000..692000");
    world_end(&world);
}

static void each_door_has_its_own_absence(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    beat(&world, door_gateway);
    beat(&world, door_console);
    world_pass(&world, 80000);
    beat(&world, door_console);
    world_pass(&world, 20000);
    tick(&world);
    uint64_t head = intake_head(world.intake).seq;
    assert_string_equal(last_absence(&world), "down 1000");
    world_pass(&world, 30000);
    beat(&world, door_console); /* was never away */
    assert_true(intake_head(world.intake).seq - head <= 1); /* a tick at most */
    world_end(&world);
}

static void when_intake_was_away_every_known_door_was(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    beat(&world, door_gateway);
    tick(&world);
    world_reopen(&world);
    world_pass(&world, 7200000);
    tick(&world); /* the first thing a start does: the gap behind the last entry */
    assert_string_equal(last_absence(&world), "down 0");
    beat(&world, door_gateway);
    assert_non_null(strstr(last_absence(&world), "up 0..72"));
    world_end(&world);
}

/* The door is away from 2021-08-25 at `hour` (in Fuzhou) for so long; how many outages the ledger declares for it. */
static uint32_t outages_after(int64_t hour, int64_t away_ms) {
    world_t world = world_new(clock_mode_real);
    uint32_t count = 0;
    world_pass(&world, 24 * 24 * HOUR_MS + hour * HOUR_MS);
    tick(&world);
    beat(&world, door_gateway);
    world_pass(&world, away_ms);
    tick(&world);
    beat(&world, door_gateway);
    for (uint64_t seq = 1; seq <= world_head(&world); seq++) {
        outage_declared_t declared;
        event_t event = world_event(&world, seq);
        fault_t fault;
        if (event_body(&event, outage_declared_type(), world.arena, &declared, &fault) != OK) continue;
        assert_int_equal(declared.actor.credential, credential_beat);
        assert_int_equal(declared.actor.door, door_gateway);
        assert_int_equal(declared.to_ms - declared.from_ms, away_ms);
        assert_int_equal(declared.units_count, 0);
        count++;
    }
    world_end(&world);
    return count;
}

static void an_absence_in_the_last_day_before_a_deadline_is_an_outage_that_gives_time_back(void **state) {
    (void)state;
    assert_int_equal(outages_after(20, 2 * HOUR_MS), 1);
    assert_int_equal(outages_after(1, 2 * HOUR_MS), 1);  /* the 25th has just begun: within the last day */
    assert_int_equal(outages_after(20, 10 * HOUR_MS), 1); /* over the deadline */
    assert_int_equal(outages_after(-10, 2 * HOUR_MS), 0); /* the afternoon of the 24th */
    assert_int_equal(outages_after(25, 2 * HOUR_MS), 0);  /* it was over already */
    assert_int_equal(outages_after(20, 4 * MINUTE_MS), 0); /* too short to matter */
}

static void an_absence_outlives_a_restart(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_real);
    beat(&world, door_gateway);
    world_pass(&world, 100000);
    tick(&world);
    world_reopen(&world);
    world_pass(&world, 100000);
    tick(&world);
    assert_string_equal(last_absence(&world), "down 1000"); /* said once */
    beat(&world, door_gateway);
    assert_string_equal(last_absence(&world), "up 1000..201000");
    world_end(&world);
}

static void a_rehearsal_takes_absences_as_commands_and_no_beats(void **state) {
    (void)state;
    world_t world = world_new(clock_mode_rehearsal);
    beat(&world, door_gateway);
    door_down_t down = {.door = door_gateway};
    door_up_t up = {.door = door_gateway};
    world_done(&world, 1, door_down_type(), &down);
    assert_string_equal(last_absence(&world), "down 0");
    world_done(&world, 2, door_up_type(), &up);
    assert_string_equal(last_absence(&world), "up 0..0");
    world_end(&world);
}

static void a_real_ledger_takes_no_such_command_and_units_doors_say_nothing_else(void **state) {
    (void)state;
    assert_true(text_equal(door_refusal(clock_mode_real, door_gateway), REASON_OF(not_rehearsal)));
    assert_true(text_equal(door_refusal(clock_mode_rehearsal, door_operator), REASON_OF(unknown_word)));
    assert_int_equal(door_refusal(clock_mode_rehearsal, door_console).size, 0);
    assert_true(text_equal(kind_refusal(door_operator, KIND_door_beat), REASON_OF(not_permitted)));
    assert_int_equal(kind_refusal(door_console, KIND_door_beat).size, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_door_that_beats_leaves_no_entry),
        cmocka_unit_test(a_door_that_was_never_there_is_not_missed),
        cmocka_unit_test(a_silence_is_an_entry_that_counts_from_the_last_sign_of_life),
        cmocka_unit_test(each_door_has_its_own_absence),
        cmocka_unit_test(when_intake_was_away_every_known_door_was),
        cmocka_unit_test(an_absence_in_the_last_day_before_a_deadline_is_an_outage_that_gives_time_back),
        cmocka_unit_test(an_absence_outlives_a_restart),
        cmocka_unit_test(a_rehearsal_takes_absences_as_commands_and_no_beats),
        cmocka_unit_test(a_real_ledger_takes_no_such_command_and_units_doors_say_nothing_else),
    };
    return cmocka_run_group_tests_name("intake_doors", tests, NULL, NULL);
}
