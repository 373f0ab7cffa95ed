/* The second opinion on totals: entries folded by simple code; and a plan that is amended under what stands. */
#include "services/minning/cli.h"
#include "services/minning/verify.h"

#include "services/plan/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PLAN_FILE "deploy/plans/2021-cangshan.yaml" /* tests run from the top of the checkout */

typedef struct {
    arena_t *arena;
    plan_t plan;
    verify_t *fold;
    uint64_t seq;
} world_t;

static void tells(world_t *world, int64_t at_ms, const message_t *type, const void *value, bool accepted, const char *wrong) {
    event_t header = {.epoch = 1, .cause_seq = ++world->seq, .at_ms = at_ms}, event;
    fault_t fault;
    buffer_t bytes = {0};
    event_encode(&header, type, value, &bytes);
    bytes_t kept = arena_bytes(world->arena, (bytes_t){bytes.at, (uint32_t)bytes.size});
    buffer_destroy(&bytes);
    assert_int_equal(event_decode(kept, &event, &fault), OK);
    event.seq = world->seq;
    const char *said = verify_entry(world->fold, &event, accepted, world->arena);
    if (wrong == NULL && said != NULL) fail_msg("%s", said);
    if (wrong != NULL && (said == NULL || strstr(said, wrong) == NULL)) fail_msg("not %s", wrong);
}

static int64_t noon(const world_t *world, uint32_t day) { return instant_of_day(&world->plan, day, 720); }

static void ticks(world_t *world, uint32_t day) {
    clock_ticked_t tick = {.at_ms = (uint64_t)noon(world, day)};
    tells(world, noon(world, day), clock_ticked_type(), &tick, false, NULL);
}

static void adopts(world_t *world, uint32_t day) {
    plan_adopted_t adopted = {.plan = world->plan};
    tells(world, noon(world, day), plan_adopted_type(), &adopted, false, NULL);
}

static void reports(world_t *world, uint32_t day, const char *unit, const char *task, const char *period, uint64_t replaces,
                    const figure_t *figures, uint32_t count, const char *wrong) {
    report_received_t received = {.unit = text_of(unit), .door = door_gateway, .key_generation = 1};
    received.report = (report_t){
        .task = text_of(task), .period = text_of(period), .replaces = replaces, .figures = figures, .figures_count = count};
    memset(received.report.submission_id, (int)world->seq + 1, 16);
    memset(received.content_hash, 1, 32);
    tells(world, noon(world, day), report_received_type(), &received, true, wrong);
}

static int begin(void **state) {
    world_t *world = calloc(1, sizeof *world);
    cli_t cli;
    text_t yaml;
    uint32_t count = 0;
    world->arena = arena_new();
    cli_start(&cli);
    file_fault_t *faults = ARENA_NEW(world->arena, file_fault_t, PLAN_FAULTS);
    if (cli_read_file(&cli, PLAN_FILE, LIMIT_PLAN_FILE, &yaml) != EXIT_WELL) return -1;
    yaml = arena_text(world->arena, yaml);
    cli_end(&cli);
    if (plan_read(yaml, world->arena, &world->plan, faults, &count) != OK) return -1;
    world->fold = verify_new();
    adopts(world, 20210731);
    *state = world;
    return 0;
}

static int end(void **state) {
    world_t *world = *state;
    verify_destroy(&world->fold);
    arena_destroy(&world->arena);
    free(world);
    return 0;
}

static const indicator_t *indicator_of(const world_t *world, const char *id) {
    return planbook_indicator(verify_book(world->fold), text_of(id));
}

static int64_t total(const world_t *world, const char *id, const char *member) {
    return verify_total(world->fold, indicator_of(world, id), text_of(member));
}

static void running_totals_become_months_and_revisions_replace(void **state) {
    world_t *world = *state;
    figure_t first = {.indicator = text_of("sales"), .amount = {true, 500}, .opening = {true, 1000}};
    figure_t second = {.indicator = text_of("sales"), .running = {true, 1700}};
    figure_t corrected = {.indicator = text_of("sales"), .amount = {true, 600}, .opening = {true, 1000}};
    reports(world, 20210810, "swj", "consumption", "2021-08", 0, &first, 1, NULL);
    reports(world, 20210910, "swj", "consumption", "2021-09", 0, &second, 1, NULL);
    assert_int_equal(total(world, "sales", ""), 1700);
    reports(world, 20210911, "swj", "consumption", "2021-08", 1, &corrected, 1, NULL);
    assert_int_equal(total(world, "sales", ""), 1800); /* September keeps its 200 */
    reports(world, 20210912, "swj", "consumption", "2021-08", 1, &corrected, 1, "does not replace what stands");
}

static void each_target_is_capped_and_dated_by_its_facts(void **state) {
    world_t *world = *state;
    bool judged = false;
    const task_t *task = planbook_task(verify_book(world->fold), text_of("donation"));
    item_t items[] = {{.key_kind = key_kind_receipt, .key = text_of("A"), .fact_day = 20211029, .amount = {true, 30000000000}}};
    figure_t figure = {.indicator = text_of("transferred"), .items = items, .items_count = 1};
    ticks(world, 20211120);
    reports(world, 20211120, "csh", "donation", "2021-11", 0, &figure, 1, NULL);
    verify_target_t said = verify_target(world->fold, task, indicator_of(world, "transferred"), &judged);
    assert_true(judged);
    assert_int_equal(said.reached_day, 20211029); /* reported later, met in time */
    assert_int_equal(said.reach, reach_met);
    figure_t town = {.indicator = text_of("town-fund"), .member = text_of("town-350104101"), .amount = {true, 99000000}};
    reports(world, 20211121, "350104101", "pairing", "2021-11", 0, &town, 1, NULL);
    task = planbook_task(verify_book(world->fold), text_of("pairing"));
    said = verify_target(world->fold, task, indicator_of(world, "town-fund"), &judged);
    assert_int_equal(said.done, 10000000); /* what one town has too much helps no other */
    assert_int_equal(said.goal, 30000000);
    assert_int_equal(said.reach, reach_not_yet);
}

static void persons_count_once_and_only_while_in_place(void **state) {
    world_t *world = *state;
    item_t items[2] = {{.key_kind = key_kind_person, .fact_day = 20210810},
                       {.key_kind = key_kind_person, .fact_day = 20210811}};
    for (int person = 0; person < 2; person++) {
        items[person].person.key_id = 1;
        memset(items[person].person.hash, person + 1, 32);
        memset(items[person].person.commitment, 7, 32);
    }
    figure_t figure = {.indicator = text_of("teachers"), .items = items, .items_count = 2};
    reports(world, 20210815, "jyj", "talent", "2021-08", 0, &figure, 1, NULL);
    assert_int_equal(total(world, "teachers", ""), 2);
    items[1].out_day = 20210820; /* gone before the due day: was never in place */
    reports(world, 20210915, "jyj", "talent", "2021-09", 0, &figure, 1, NULL);
    assert_int_equal(total(world, "teachers", ""), 1);
}

static void an_amended_plan_keeps_what_stands_and_owes_nothing_that_was_past(void **state) {
    world_t *world = *state;
    figure_t figure = {.indicator = text_of("sales"), .amount = {true, 500}};
    reports(world, 20210826, "swj", "consumption", "2021-08", 0, &figure, 1, NULL);
    ticks(world, 20210910);
    const planbook_t *book = verify_book(world->fold);
    uint32_t swj = planbook_unit_index(book, planbook_unit(book, text_of("swj"))),
             consumption = verify_task(world->fold, text_of("consumption"));
    assert_int_equal(verify_obligation(world->fold, swj, consumption, 0).days_late, 1);

    /* every unit moves one place, and a newcomer owes labor from now on */
    plan_t old = world->plan;
    unit_t *units = ARENA_NEW(world->arena, unit_t, old.units_count);
    for (uint32_t unit = 0; unit < old.units_count; unit++) units[unit] = old.units[(unit + 1) % old.units_count];
    world->plan.units = units;
    task_t *tasks = ARENA_NEW(world->arena, task_t, old.tasks_count);
    memcpy(tasks, old.tasks, sizeof *tasks * old.tasks_count);
    text_t *responsible = ARENA_NEW(world->arena, text_t, 3);
    memcpy(responsible, tasks[2].responsible, sizeof *responsible * 2);
    responsible[2] = text_of("zgh");
    tasks[2].responsible = responsible;
    tasks[2].responsible_count = 3;
    world->plan.tasks = tasks;
    adopts(world, 20210911);

    assert_int_equal(total(world, "sales", ""), 500);
    book = verify_book(world->fold);
    swj = planbook_unit_index(book, planbook_unit(book, text_of("swj")));
    assert_int_equal(verify_obligation(world->fold, swj, consumption, 0).days_late, 1);
    uint32_t zgh = planbook_unit_index(book, planbook_unit(book, text_of("zgh"))),
             labor = verify_task(world->fold, text_of("labor"));
    assert_false(verify_owes(world->fold, zgh, labor, 0)); /* August was past */
    assert_true(verify_owes(world->fold, zgh, labor, 1));
    assert_true(verify_owes(world->fold, swj, consumption, 0));

    extension_decided_t decided = {.command_id = {9}, .unit = text_of("zgh"), .task = text_of("labor"),
                                   .period = text_of("2021-08"), .decision = decision_extended, .until = 20210920,
                                   .actor = {.officer = text_of("lin"), .office = office_coordinator,
                                             .credential = credential_signature, .door = door_operator}};
    tells(world, noon(world, 20210912), extension_decided_type(), &decided, true, NULL);
    assert_true(verify_owes(world->fold, zgh, labor, 0)); /* by the day that he was given */
    assert_int_equal(verify_obligation(world->fold, zgh, labor, 0).standing, standing_due);
}

/* The second opinion on a period that comes when it is past, and that moves all others by one. */
static void a_period_that_comes_when_it_is_past_is_owed_by_nobody(void **state) {
    world_t *world = *state;
    figure_t figure = {.indicator = text_of("sales"), .amount = {true, 500}};
    reports(world, 20210826, "swj", "consumption", "2021-08", 0, &figure, 1, NULL);
    ticks(world, 20210910);
    plan_t old = world->plan;
    period_t *periods = ARENA_NEW(world->arena, period_t, old.periods_count + 1);
    periods[0] = (period_t){text_of("2021-07"), 20210701, 20210731, 20210725, false};
    memcpy(periods + 1, old.periods, sizeof *periods * old.periods_count);
    world->plan.periods = periods;
    world->plan.periods_count++;
    adopts(world, 20210911);
    const planbook_t *book = verify_book(world->fold);
    uint32_t swj = planbook_unit_index(book, planbook_unit(book, text_of("swj"))),
             consumption = verify_task(world->fold, text_of("consumption"));
    assert_false(verify_owes(world->fold, swj, consumption, 0));
    assert_int_equal(verify_obligation(world->fold, swj, consumption, 1).days_late, 1);
    assert_true(verify_owes(world->fold, swj, consumption, 2));
}

/* The unit is valid to the end of this day; 0: without an end. */
static void unit_ends(world_t *world, uint32_t day, const char *unit, uint32_t to) {
    unit_t *units = ARENA_NEW(world->arena, unit_t, world->plan.units_count);
    memcpy(units, world->plan.units, sizeof *units * world->plan.units_count);
    for (uint32_t index = 0; index < world->plan.units_count; index++)
        if (text_is(units[index].id, unit)) units[index].to = to;
    world->plan.units = units;
    adopts(world, day);
}

static void a_unit_that_ends_owes_nothing_and_is_back_with_the_time_that_it_was_given(void **state) {
    world_t *world = *state;
    figure_t figure = {.indicator = text_of("sales"), .amount = {true, 500}};
    const uint32_t august = 0, september = 1, october = 2;
    extension_decided_t extended = {.command_id = {9}, .unit = text_of("swj"), .task = text_of("consumption"),
                                    .period = text_of("2021-09"), .decision = decision_extended, .until = 20211010,
                                    .actor = {.officer = text_of("lin"), .office = office_coordinator,
                                              .credential = credential_signature, .door = door_operator}};
    report_decided_t returned = {.command_id = {8}, .unit = text_of("swj"), .task = text_of("consumption"),
                                 .period = text_of("2021-08"), .decision = decision_returned, .revision = 1, .why = text_of("不符"),
                                 .actor = extended.actor};
    reports(world, 20210820, "swj", "consumption", "2021-08", 0, &figure, 1, NULL);
    tells(world, noon(world, 20210821), report_decided_type(), &returned, true, NULL);
    tells(world, noon(world, 20210822), extension_decided_type(), &extended, true, NULL);
    unit_ends(world, 20210823, "swj", 20210815);
    const planbook_t *book = verify_book(world->fold);
    uint32_t swj = planbook_unit_index(book, planbook_unit(book, text_of("swj"))),
             consumption = verify_task(world->fold, text_of("consumption"));
    assert_int_equal(verify_obligation(world->fold, swj, consumption, august).standing, standing_lifted);
    assert_true(verify_owes(world->fold, swj, consumption, august)); /* it was reported */
    assert_false(verify_owes(world->fold, swj, consumption, september));
    ticks(world, 20211026);
    unit_ends(world, 20211027, "swj", 0);
    assert_int_equal(verify_obligation(world->fold, swj, consumption, august).standing, standing_returned);
    assert_false(verify_owes(world->fold, swj, consumption, september)); /* the time that it was given is over too */
    assert_false(verify_owes(world->fold, swj, consumption, october));
    unit_ends(world, 20211027, "swj", 20210815);
    extended.until = 20211110;
    unit_ends(world, 20211028, "swj", 0);
    tells(world, noon(world, 20211028), extension_decided_type(), &extended, true, NULL);
    unit_ends(world, 20211029, "swj", 20210815);
    assert_false(verify_owes(world->fold, swj, consumption, september));
    unit_ends(world, 20211030, "swj", 0);
    assert_true(verify_owes(world->fold, swj, consumption, september));
    assert_int_equal(verify_obligation(world->fold, swj, consumption, september).standing, standing_due);
}

static void claims(world_t *world, uint32_t day, const char *unit, const char *period, uint64_t replaces, const char *key,
                   int64_t amount) {
    item_t item = {.key_kind = key_kind_receipt, .key = text_of(key), .fact_day = 20210810, .amount = {true, amount}};
    figure_t figure = {.indicator = text_of("raised"), .amount = {true, amount}, .items = &item, .items_count = 1};
    reports(world, day, unit, "donation", period, replaces, &figure, 1, NULL);
    verify_settle(world->fold);
}

static void credits(world_t *world, const char *unit, const char *period, const char *wrong) {
    claim_credited_t credited = {.indicator = text_of("raised"), .key_kind = key_kind_receipt, .key = text_of("JK-1"),
                                 .unit = text_of(unit), .period = text_of(period), .seq = 2, .why = text_of("已核实"),
                                 .command_id = {1}, .actor = {.credential = credential_signature, .door = door_operator}};
    tells(world, noon(world, 20210903), claim_credited_type(), &credited, true, wrong);
    verify_settle(world->fold);
}

static void what_is_claimed_twice_counts_once_by_age_or_by_decision(void **state) {
    world_t *world = *state;
    claims(world, 20210820, "350104101", "2021-08", 0, "JK-1", 500);
    claims(world, 20210821, "350104102", "2021-08", 0, "JK-1", 700);
    assert_int_equal(total(world, "raised", ""), 500);
    credits(world, "350104102", "2021-08", NULL);
    assert_int_equal(total(world, "raised", ""), 700);
    claims(world, 20210904, "350104102", "2021-08", 1, "JK-2", 10); /* what was credited is withdrawn */
    assert_int_equal(total(world, "raised", ""), 510);
    claims(world, 20210905, "350104102", "2021-08", 2, "JK-1", 700); /* and is the younger one when it comes back */
    assert_int_equal(total(world, "raised", ""), 500);
    credits(world, "350104103", "2021-08", "does not stand");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(running_totals_become_months_and_revisions_replace, begin, end),
        cmocka_unit_test_setup_teardown(each_target_is_capped_and_dated_by_its_facts, begin, end),
        cmocka_unit_test_setup_teardown(what_is_claimed_twice_counts_once_by_age_or_by_decision, begin, end),
        cmocka_unit_test_setup_teardown(persons_count_once_and_only_while_in_place, begin, end),
        cmocka_unit_test_setup_teardown(an_amended_plan_keeps_what_stands_and_owes_nothing_that_was_past, begin, end),
        cmocka_unit_test_setup_teardown(a_period_that_comes_when_it_is_past_is_owed_by_nobody, begin, end),
        cmocka_unit_test_setup_teardown(a_unit_that_ends_owes_nothing_and_is_back_with_the_time_that_it_was_given, begin, end)};
    return cmocka_run_group_tests_name("totals, by a second opinion", tests, NULL, NULL);
}
