/* Decisions in the totals: a return brings back what lay below, with its instants; a deadline that moved takes timeliness along. */
#include "tests/unit/aggregation_world.h"

static void world_return(world_t *world, const char *unit, const char *task, const char *period, uint32_t revision,
                         uint32_t counts, int64_t at_ms) {
    report_returned_t returned = {.command_id = {1},
                                  .unit = text_of(unit),
                                  .task = text_of(task),
                                  .period = text_of(period),
                                  .revision = revision,
                                  .why = text_of("与台账不符"),
                                  .again_ms = (uint64_t)at_ms + 3 * 86400000,
                                  .counts = counts,
                                  .office = office_coordinator};
    world_feed(world, report_returned_type(), &returned, at_ms);
}

static void world_extend(world_t *world, const char *unit, const char *task, const char *period, int64_t due_ms, int64_t at_ms) {
    extension_granted_t granted = {.command_id = {2},
                                   .unit = text_of(unit),
                                   .task = text_of(task),
                                   .period = text_of(period),
                                   .due_ms = (uint64_t)due_ms,
                                   .office = office_coordinator};
    world_feed(world, extension_granted_type(), &granted, at_ms);
}

static void world_away(world_t *world, int64_t from_ms, int64_t to_ms, const char *unit, int64_t at_ms) {
    text_t units[] = {text_of(unit)};
    outage_counted_t counted = {.command_id = {3}, .from_ms = (uint64_t)from_ms, .to_ms = (uint64_t)to_ms, .units = units,
                                .units_count = unit == NULL ? 0 : 1};
    world_feed(world, outage_counted_type(), &counted, at_ms);
}

static figure_t transfer(item_t *item, uint32_t day, int64_t amount) {
    *item = (item_t){.key_kind = key_kind_receipt, .key = text_of("bk-1"), .fact_day = day, .amount = {true, amount}};
    return (figure_t){.indicator = text_of("transferred"), .amount = {true, amount}, .items = item, .items_count = 1};
}

static void a_return_leaves_no_trace_in_any_pile(void **state) {
    world_t *world = *state;
    item_t item;
    world_tick(world, at(20211001, 0, 0));
    figure_t figure = transfer(&item, 20211005, 300 * (int64_t)WAN);
    world_report(world, "charity", "fund", "2021-10", 1, &figure, 1, at(20211020, 10, 0));
    assert_int_equal(world_target(world, "transferred").reach, reach_met);
    world_return(world, "charity", "fund", "2021-10", 1, 0, at(20211021, 10, 0));
    target_changed_t target = world_target(world, "transferred");
    assert_int_equal(target.reach, reach_not_yet);
    assert_int_equal(target.done, 0);
    assert_int_equal(target.proof_count, 0);
    figures_t figures;
    world_ask(world, figures_ask_type(), &(figures_ask_t){.indicator = text_of("transferred")}, figures_type(), &figures);
    assert_int_equal(figures.rows_count, 0);
    obligation_changed_t row = world_obligation(world, "charity", "fund", "2021-10");
    assert_int_equal(row.standing, standing_returned);
    assert_int_equal(row.timeliness, timeliness_on_time);
    assert_true(row.counts.given && row.counts.value == 0);
    assert_true(text_is(row.why, "与台账不符"));
    assert_true(row.missing_count > 0);
}

static void what_a_return_revives_was_still_said_in_time(void **state) {
    world_t *world = *state;
    item_t item;
    figure_t figure = transfer(&item, 20211020, 300 * (int64_t)WAN);
    world_report(world, "charity", "fund", "2021-10", 1, &figure, 1, at(20211024, 10, 0));
    figure = transfer(&item, 20211020, 30 * (int64_t)WAN);
    world_report(world, "charity", "fund", "2021-10", 2, &figure, 1, at(20211110, 10, 0));
    assert_int_equal(world_target(world, "transferred").reach, reach_past_due_unknown);
    world_return(world, "charity", "fund", "2021-10", 2, 1, at(20211112, 10, 0));
    target_changed_t target = world_target(world, "transferred");
    assert_int_equal(target.reach, reach_met);
    assert_int_equal(target.reported, reported_in_time);
    assert_int_equal(target.proof[0].received_ms, at(20211024, 10, 0));
}

static void a_revision_after_a_return_takes_the_place_of_what_counts(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("town-fund", "m-north", 10 * (int64_t)WAN);
    world_report(world, "t-north", "pair", "2021-08", 1, &figure, 1, at(20210820, 9, 0));
    figure = amount_of("town-fund", "m-north", 20 * (int64_t)WAN);
    world_report(world, "t-north", "pair", "2021-08", 2, &figure, 1, at(20210821, 9, 0));
    world_return(world, "t-north", "pair", "2021-08", 2, 1, at(20210822, 9, 0));
    figure = amount_of("town-fund", "m-north", 30 * (int64_t)WAN);
    world_report(world, "t-north", "pair", "2021-08", 3, &figure, 1, at(20210823, 9, 0));
    world_return(world, "t-north", "pair", "2021-08", 3, 1, at(20210824, 9, 0)); /* the first again, not the second */
    figures_t figures;
    world_ask(world, figures_ask_type(), &(figures_ask_t){.indicator = text_of("town-fund")}, figures_type(), &figures);
    assert_int_equal(figures.total.value, 10 * (int64_t)WAN);
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").revision, 3);
}

static void world_restart(world_t *world) {
    assert_int_equal(stage_commit(world->stage), OK);
    stage_close(&world->stage);
    assert_int_equal(stage_open(aggregation_role(), world->path, &world->stage), OK);
}

static int64_t town_fund_total(world_t *world) {
    figures_t figures;
    world_ask(world, figures_ask_type(), &(figures_ask_t){.indicator = text_of("town-fund")}, figures_type(), &figures);
    return figures.total.value;
}

/* Two towns take turns, so that the revisions of both lie on each shelf; the one's are taken off, the other's stay. */
static void tall_piles_come_off_one_by_one_though_the_stage_ends_between(void **state) {
    enum { REVISIONS = 90 };
    static const char *const towns[] = {"t-north", "t-south"}, *const members[] = {"m-north", "m-south"};
    world_t *world = *state;
    int64_t at_ms = at(20210820, 9, 0);
    for (uint32_t revision = 1; revision <= REVISIONS; revision++) {
        for (uint32_t town = 0; town < 2; town++) {
            figure_t figure = amount_of("town-fund", members[town], revision * (int64_t)WAN);
            world_report(world, towns[town], "pair", "2021-08", revision, &figure, 1, at_ms += 1000);
        }
        if (revision % 7 == 0) assert_int_equal(stage_commit(world->stage), OK);
        if (revision % 40 == 0) world_restart(world);
    }
    for (uint32_t revision = REVISIONS; revision > 0; revision--) {
        world_return(world, "t-north", "pair", "2021-08", revision, revision - 1, at_ms += 1000);
        if (revision % 20 == 0) world_restart(world);
        assert_int_equal(town_fund_total(world), (REVISIONS + revision - 1) * (int64_t)WAN);
    }
    for (uint32_t revision = REVISIONS; revision > 0; revision--) {
        world_return(world, "t-south", "pair", "2021-08", revision, revision - 1, at_ms += 1000);
        assert_int_equal(town_fund_total(world), (revision - 1) * (int64_t)WAN);
    }
    world_restart(world);
    assert_null(strstr(world_dump(world).at, "row below ")); /* nothing is left of what was laid down */
}

/* The plan with another day by which the transfer is due. */
static void transferred_is_due(world_t *world, uint32_t due, int64_t at_ms) {
    indicator_t indicators[8];
    task_t tasks[8];
    plan_adopted_t adopted = {.plan = aggregation_plan()};
    memcpy(tasks, adopted.plan.tasks, sizeof *tasks * adopted.plan.tasks_count);
    memcpy(indicators, tasks[0].indicators, sizeof *indicators * tasks[0].indicators_count);
    assert_true(text_is(indicators[1].id, "transferred"));
    indicators[1].target.due = due;
    tasks[0].indicators = indicators;
    adopted.plan.tasks = tasks;
    world_feed(world, plan_adopted_type(), &adopted, at_ms);
}

/* Also of what did not count when the plan moved the deadline it is told whether it was said in time, and what stood since. */
static void a_pile_comes_off_one_by_one_whatever_plan_came_between(void **state) {
    enum { REVISIONS = 5 };
    static const int64_t amounts[REVISIONS] = {301 * (int64_t)WAN, 302 * (int64_t)WAN, 200 * (int64_t)WAN, 304 * (int64_t)WAN,
                                               305 * (int64_t)WAN};
    static const reported_t reported[REVISIONS] = {reported_in_time, reported_in_time, reported_none, reported_late,
                                                   reported_late}; /* 200 is all that stood from the day on */
    world_t *world = *state;
    item_t item;
    for (uint32_t revision = 1; revision <= REVISIONS; revision++) {
        figure_t figure = transfer(&item, 20211020, amounts[revision - 1]);
        world_report(world, "charity", "fund", "2021-10", revision, &figure, 1, at(20211023 + revision, 10, 0));
    }
    transferred_is_due(world, 20211025, at(20211101, 9, 0)); /* it was the 31st: the third and all after it came too late now */
    for (uint32_t revision = REVISIONS; revision > 0; revision--) {
        target_changed_t target = world_target(world, "transferred");
        assert_int_equal(target.done, amounts[revision - 1]);
        assert_int_equal(target.reported, reported[revision - 1]);
        assert_int_equal(target.proof_count, target.reported == reported_none ? 0 : 1);
        if (target.proof_count > 0) assert_int_equal(target.proof[0].received_ms, at(20211023 + revision, 10, 0));
        world_return(world, "charity", "fund", "2021-10", revision, revision - 1, at(20211102, 10, revision));
    }
    assert_int_equal(world_target(world, "transferred").done, 0);
    assert_int_equal(world_target(world, "transferred").proof_count, 0);
    figure_t figure = transfer(&item, 20211020, 7);
    world_report(world, "charity", "fund", "2021-10", REVISIONS + 1, &figure, 1, at(20211103, 10, 0));
    world_return(world, "charity", "fund", "2021-10", REVISIONS + 1, 0, at(20211104, 10, 0)); /* nothing lies below any more */
    assert_int_equal(world_target(world, "transferred").done, 0);
}

/* The day goes back and forth; what had been said by it, and stood since, is what it was. */
static void a_due_day_that_is_moved_and_moved_back_leaves_what_was_in_time(void **state) {
    world_t *world = *state;
    item_t item;
    figure_t figure = transfer(&item, 20211020, 310 * (int64_t)WAN);
    world_report(world, "charity", "fund", "2021-10", 1, &figure, 1, at(20211024, 10, 0));
    transferred_is_due(world, 20211025, at(20211024, 12, 0));
    figure = transfer(&item, 20211020, 300 * (int64_t)WAN);
    world_report(world, "charity", "fund", "2021-10", 2, &figure, 1, at(20211026, 10, 0));
    figure = transfer(&item, 20211020, 320 * (int64_t)WAN);
    world_report(world, "charity", "fund", "2021-10", 3, &figure, 1, at(20211027, 10, 0));
    assert_int_equal(world_target(world, "transferred").reported, reported_in_time); /* 300 stood from the 25th on */
    transferred_is_due(world, 20211105, at(20211028, 12, 0));
    assert_int_equal(world_target(world, "transferred").reported, reported_in_time);
    figure = transfer(&item, 20211020, 330 * (int64_t)WAN);
    world_report(world, "charity", "fund", "2021-10", 4, &figure, 1, at(20211029, 10, 0));
    transferred_is_due(world, 20211025, at(20211030, 12, 0));
    assert_int_equal(world_target(world, "transferred").reported, reported_in_time);
    world_return(world, "charity", "fund", "2021-10", 4, 3, at(20211031, 10, 0));
    assert_int_equal(world_target(world, "transferred").reported, reported_in_time);
}

/* A row that another claims, said in time and again too late; then it counts. What the plan does to the day behind is no matter. */
static void what_is_free_at_last_was_said_in_time_whatever_plan_comes_behind(void **state) {
    world_t *world = *state;
    item_t items[] = {{.key_kind = key_kind_receipt, .fact_day = 20211020, .amount = {true, 200 * (int64_t)WAN}},
                      {.key_kind = key_kind_receipt, .fact_day = 20211020, .amount = {true, 110 * (int64_t)WAN}}};
    figure_t figure = amount_of("transferred", NULL, 310 * (int64_t)WAN);
    figure.items = items;
    figure.items_count = 2;
    claim_t claim = {.indicator = figure.indicator, .key_kind = key_kind_receipt, .key = text_of("R1"), .unit = text_of("charity"),
                     .period = text_of("2021-10"), .fact_day = 20211020, .amount = items[1].amount, .seq = 2, .since_seq = 2,
                     .since_ms = (uint64_t)at(20211024, 10, 0), .contested = true, .item = 1};
    report_accepted_t report = {.submission_id = {1}, .unit = claim.unit, .task = text_of("fund"), .period = claim.period,
                                .revision = 1, .figures = &figure, .figures_count = 1, .claims = &claim, .claims_count = 1};
    world_feed(world, report_accepted_type(), &report, (int64_t)claim.since_ms);
    report.revision = 2;
    claim.seq = 3;
    world_feed(world, report_accepted_type(), &report, at(20211102, 10, 0)); /* due was the 31st */
    assert_int_equal(world_target(world, "transferred").done, 200 * (int64_t)WAN);
    claim.contested = false;
    credit_taken_t taken = {.claim = claim, .why = text_of("原件"), .claims = &claim, .claims_count = 1, .command_id = {1},
                            .task = report.task};
    world_feed(world, credit_taken_type(), &taken, at(20211103, 10, 0));
    assert_int_equal(world_target(world, "transferred").done, 310 * (int64_t)WAN);
    assert_int_equal(world_target(world, "transferred").reported, reported_in_time);
    transferred_is_due(world, 20211030, at(20211104, 10, 0));
    assert_int_equal(world_target(world, "transferred").reported, reported_in_time);
}

static void an_approval_is_told(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("town-fund", "m-north", WAN);
    world_report(world, "t-north", "pair", "2021-08", 1, &figure, 1, at(20210820, 9, 0));
    report_approved_t approved = {.command_id = {1}, .unit = text_of("t-north"), .task = text_of("pair"),
                                  .period = text_of("2021-08"), .revision = 1, .office = office_coordinator};
    world_feed(world, report_approved_type(), &approved, at(20210821, 9, 0));
    obligation_changed_t row = world_obligation(world, "t-north", "pair", "2021-08");
    assert_int_equal(row.standing, standing_approved);
    assert_int_equal(row.missing_count, 0);
    assert_int_equal(row.decided_seq, 3);
}

static void an_extension_keeps_one_report_due_while_the_others_are_overdue(void **state) {
    world_t *world = *state;
    world_tick(world, at(20210801, 0, 0));
    world_extend(world, "t-north", "pair", "2021-08", at(20210831, 0, 0) - 1, at(20210824, 9, 0));
    world_tick(world, at(20210826, 0, 0));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").standing, standing_due);
    assert_int_equal(world_obligation(world, "t-south", "pair", "2021-08").standing, standing_overdue);
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").due_ms, at(20210831, 0, 0) - 1);
    world_tick(world, at(20210830, 0, 0));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").standing, standing_due);
    world_tick(world, at(20210831, 0, 0));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").standing, standing_overdue);
}

static void a_late_report_is_in_time_by_an_extension_granted_afterwards(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("town-fund", "m-north", WAN);
    world_tick(world, at(20210826, 0, 0));
    world_report(world, "t-north", "pair", "2021-08", 1, &figure, 1, at(20210828, 9, 0));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").days_late, 3);
    world_extend(world, "t-north", "pair", "2021-08", at(20210827, 0, 0) - 1, at(20210829, 9, 0));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").days_late, 2);
    world_extend(world, "t-north", "pair", "2021-08", at(20210829, 0, 0) - 1, at(20210829, 9, 1));
    obligation_changed_t row = world_obligation(world, "t-north", "pair", "2021-08");
    assert_int_equal(row.timeliness, timeliness_on_time);
    assert_int_equal(row.days_late, 0);
    assert_int_equal(row.due_seq, 5);
}

/* The charity is responsible for the pairs too, from now on. */
static void charity_pairs_too(world_t *world, int64_t at_ms) {
    const text_t responsible[] = {text_of("bureau"), text_of("charity")};
    task_t tasks[8];
    plan_adopted_t adopted = {.plan = aggregation_plan()};
    memcpy(tasks, adopted.plan.tasks, sizeof *tasks * adopted.plan.tasks_count);
    assert_true(text_is(tasks[1].id, "pair"));
    tasks[1].responsible = responsible;
    tasks[1].responsible_count = 2;
    adopted.plan.tasks = tasks;
    world_feed(world, plan_adopted_type(), &adopted, at_ms);
}

static void whoever_is_given_time_for_what_was_past_before_the_plan_named_him_owes_it_by_then(void **state) {
    world_t *world = *state;
    obligations_ask_t question = {.unit = text_of("charity"), .task = text_of("pair"), .period = text_of("2021-08")};
    world_tick(world, at(20210826, 0, 0));
    charity_pairs_too(world, at(20210827, 9, 0));
    assert_int_equal(world_obligations(world, question).rows_count, 0);
    world_extend(world, "charity", "pair", "2021-08", at(20210905, 0, 0) - 1, at(20210827, 10, 0));
    assert_int_equal(world_obligation(world, "charity", "pair", "2021-08").standing, standing_due);
    world_tick(world, at(20210905, 0, 0));
    assert_int_equal(world_obligation(world, "charity", "pair", "2021-08").standing, standing_overdue);
    world_report(world, "charity", "pair", "2021-08", 1, NULL, 0, at(20210906, 9, 0));
    obligation_changed_t row = world_obligation(world, "charity", "pair", "2021-08");
    assert_int_equal(row.days_late, 2); /* behind the day that he was given */
    assert_int_equal(row.due_ms, at(20210905, 0, 0) - 1);
}

/* June comes before all others, and February 2022 behind them. */
static void the_year_gets_longer(world_t *world, int64_t at_ms) {
    period_t periods[8] = {{text_of("2021-06"), 20210601, 20210630, 20210625, false}};
    plan_adopted_t adopted = {.plan = aggregation_plan()};
    uint32_t count = adopted.plan.periods_count;
    memcpy(periods + 1, adopted.plan.periods, sizeof *periods * count);
    periods[count + 1] = (period_t){text_of("2022-02"), 20220201, 20220228, 20220225, true};
    adopted.plan.periods = periods;
    adopted.plan.periods_count = count + 2;
    world_feed(world, plan_adopted_type(), &adopted, at_ms);
}

static void a_period_that_is_past_when_an_amendment_brings_it_is_owed_by_nobody(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("town-fund", "m-north", WAN);
    obligations_ask_t june = {.period = text_of("2021-06")};
    world_report(world, "t-north", "pair", "2021-08", 1, &figure, 1, at(20210820, 9, 0));
    world_tick(world, at(20210826, 0, 0));
    the_year_gets_longer(world, at(20210827, 9, 0));
    assert_int_equal(world_obligations(world, june).rows_count, 0);
    world_tick(world, at(20210828, 0, 0));
    assert_int_equal(world_obligations(world, june).rows_count, 0);
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").standing, standing_reported);
    assert_int_equal(world_obligation(world, "t-south", "pair", "2021-08").standing, standing_overdue);
    assert_int_equal(world_obligation(world, "bureau", "talent", "2022-02").standing, standing_not_due);
    world_report(world, "t-north", "pair", "2021-06", 1, &figure, 1, at(20210829, 9, 0)); /* who reports it is thanked */
    assert_int_equal(world_obligations(world, june).rows_count, 1);
    world_extend(world, "t-south", "pair", "2021-06", at(20210905, 0, 0) - 1, at(20210829, 10, 0));
    assert_int_equal(world_obligation(world, "t-south", "pair", "2021-06").standing, standing_due);
    world_tick(world, at(20210905, 0, 0));
    assert_int_equal(world_obligation(world, "t-south", "pair", "2021-06").standing, standing_overdue);
}

static void a_report_may_be_extended_before_its_period_opens(void **state) {
    world_t *world = *state;
    world_extend(world, "t-north", "pair", "2021-09", at(20210929, 0, 0) - 1, at(20210801, 9, 0));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-09").standing, standing_not_due);
    world_tick(world, at(20210901, 0, 0));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-09").standing, standing_due);
    world_tick(world, at(20210927, 0, 0));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-09").standing, standing_due);
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-09").due_seq, 2);
}

/* The towns are valid to the end of this day; 0: without an end. */
static void towns_end(world_t *world, uint32_t to, int64_t at_ms) {
    unit_t units[8];
    plan_adopted_t adopted = {.plan = aggregation_plan()};
    memcpy(units, adopted.plan.units, sizeof *units * adopted.plan.units_count);
    for (uint32_t index = 0; index < adopted.plan.units_count; index++)
        if (units[index].kind == unit_kind_town) units[index].to = to;
    adopted.plan.units = units;
    world_feed(world, plan_adopted_type(), &adopted, at_ms);
}

static void more_time_that_a_unit_was_given_holds_when_it_is_back(void **state) {
    world_t *world = *state;
    obligations_ask_t september = {.task = text_of("pair"), .period = text_of("2021-09")};
    world_tick(world, at(20210901, 0, 0));
    uint32_t owers = world_obligations(world, september).rows_count;
    world_extend(world, "t-north", "pair", "2021-09", at(20211011, 0, 0) - 1, at(20210910, 9, 0));
    towns_end(world, 20210915, at(20210915, 9, 0));
    assert_int_equal(world_obligations(world, september).rows_count, owers - 2);
    world_tick(world, at(20211001, 0, 0)); /* the others' deadline is over, and nobody is called late */
    world_away(world, at(20211009, 9, 0), at(20211009, 10, 0), NULL, at(20211009, 11, 0));
    assert_int_equal(world_obligations(world, september).rows_count, owers - 2);
    towns_end(world, 0, at(20211010, 9, 0));
    obligation_changed_t back = world_obligation(world, "t-north", "pair", "2021-09");
    assert_int_equal(back.standing, standing_due);
    assert_int_equal(back.due_seq, 3);
    assert_int_equal(world_obligations(world, september).rows_count, owers - 1); /* it was past for the other */
    world_tick(world, at(20211011, 0, 0));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-09").standing, standing_overdue);
}

static void more_time_that_is_over_when_a_unit_is_back_makes_it_owe_nothing(void **state) {
    world_t *world = *state;
    obligations_ask_t september = {.unit = text_of("t-north"), .task = text_of("pair"), .period = text_of("2021-09")};
    world_extend(world, "t-north", "pair", "2021-09", at(20210929, 0, 0) - 1, at(20210801, 9, 0)); /* before it opens */
    towns_end(world, 20210831, at(20210820, 9, 0));
    world_tick(world, at(20211001, 0, 0));
    towns_end(world, 0, at(20211002, 9, 0));
    assert_int_equal(world_obligations(world, september).rows_count, 0);
    world_extend(world, "t-north", "pair", "2021-09", at(20211005, 0, 0) - 1, at(20211002, 10, 0));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-09").standing, standing_due);
}

static void a_target_that_is_due_when_a_unit_is_gone_is_not_owed_by_it(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("raised", NULL, WAN);
    world_report(world, "t-north", "fund", "2021-08", 1, &figure, 1, at(20210810, 9, 0));
    assert_int_equal(world_target(world, "raised").owing_count, 2);
    world_listen(world);
    towns_end(world, 20210930, at(20210912, 9, 0));
    assert_true(world_told(world, target_changed_type(), NULL) > 0);
    assert_int_equal(world_target(world, "raised").owing_count, 0);
    assert_int_equal(world_target(world, "raised").done, WAN); /* what it reported stays */
    figure = amount_of("raised", NULL, 2 * WAN);
    world_report(world, "t-north", "fund", "2021-08", 2, &figure, 1, at(20210913, 9, 0)); /* and may be corrected */
    assert_int_equal(world_target(world, "raised").done, 2 * WAN);
    towns_end(world, 20211031, at(20210914, 9, 0));
    assert_int_equal(world_target(world, "raised").owing_count, 2);
}

static void a_return_is_nothing_to_do_again_for_a_unit_that_is_gone(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("town-fund", "m-north", WAN);
    world_report(world, "t-north", "pair", "2021-09", 1, &figure, 1, at(20210910, 9, 0));
    world_report(world, "t-south", "pair", "2021-09", 1, NULL, 0, at(20210910, 9, 0));
    world_return(world, "t-north", "pair", "2021-09", 1, 0, at(20210911, 9, 0));
    uint64_t again_ms = world_obligation(world, "t-north", "pair", "2021-09").again_ms;
    towns_end(world, 20210831, at(20210912, 9, 0));
    obligation_changed_t gone = world_obligation(world, "t-north", "pair", "2021-09");
    assert_int_equal(gone.standing, standing_lifted);
    assert_int_equal(gone.revision, 1);
    assert_int_equal(gone.again_ms, 0);
    assert_int_equal(gone.missing_count, 0);
    assert_int_equal(world_obligation(world, "t-south", "pair", "2021-09").standing, standing_reported);
    world_return(world, "t-south", "pair", "2021-09", 1, 0, at(20210913, 9, 0)); /* it counts no more, and that is all */
    assert_int_equal(world_obligation(world, "t-south", "pair", "2021-09").standing, standing_lifted);
    towns_end(world, 0, at(20210914, 9, 0));
    obligation_changed_t back = world_obligation(world, "t-north", "pair", "2021-09");
    assert_int_equal(back.standing, standing_returned);
    assert_true(text_is(back.why, "与台账不符"));
    assert_int_equal(back.again_ms, again_ms);
    assert_int_equal(world_obligation(world, "t-south", "pair", "2021-09").standing, standing_returned);
}

static void an_absence_of_ours_gives_the_time_back_to_whom_it_kept_out(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("town-fund", "m-north", WAN);
    world_tick(world, at(20210826, 0, 0));
    world_report(world, "t-north", "pair", "2021-08", 1, &figure, 1, at(20210826, 1, 30));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").timeliness, timeliness_late);
    world_away(world, at(20210825, 20, 0), at(20210825, 22, 0), "t-north", at(20210826, 9, 0));
    obligation_changed_t row = world_obligation(world, "t-north", "pair", "2021-08");
    assert_int_equal(row.timeliness, timeliness_on_time);
    assert_int_equal(row.due_ms, at(20210826, 2, 0) - 1);
    assert_int_equal(row.due_seq, 4);
    assert_int_equal(world_obligation(world, "t-south", "pair", "2021-08").due_seq, 0);
    assert_int_equal(world_obligation(world, "t-south", "pair", "2021-08").standing, standing_overdue);
}

static void an_absence_of_everybodys_door_moves_every_deadline_near_it(void **state) {
    world_t *world = *state;
    world_tick(world, at(20210825, 12, 0));
    world_away(world, at(20210825, 9, 0), at(20210825, 12, 0), NULL, at(20210825, 12, 30));
    world_tick(world, at(20210826, 0, 0));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").standing, standing_due);
    assert_int_equal(world_obligation(world, "t-south", "fund", "2021-08").standing, standing_due);
    world_tick(world, at(20210826, 3, 0));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").standing, standing_overdue);
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-09").due_seq, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_return_leaves_no_trace_in_any_pile),
        IN_A_WORLD(what_a_return_revives_was_still_said_in_time),
        IN_A_WORLD(a_revision_after_a_return_takes_the_place_of_what_counts),
        IN_A_WORLD(tall_piles_come_off_one_by_one_though_the_stage_ends_between),
        IN_A_WORLD(a_pile_comes_off_one_by_one_whatever_plan_came_between),
        IN_A_WORLD(a_due_day_that_is_moved_and_moved_back_leaves_what_was_in_time),
        IN_A_WORLD(what_is_free_at_last_was_said_in_time_whatever_plan_comes_behind),
        IN_A_WORLD(an_approval_is_told),
        IN_A_WORLD(an_extension_keeps_one_report_due_while_the_others_are_overdue),
        IN_A_WORLD(whoever_is_given_time_for_what_was_past_before_the_plan_named_him_owes_it_by_then),
        IN_A_WORLD(a_period_that_is_past_when_an_amendment_brings_it_is_owed_by_nobody),
        IN_A_WORLD(a_late_report_is_in_time_by_an_extension_granted_afterwards),
        IN_A_WORLD(a_report_may_be_extended_before_its_period_opens),
        IN_A_WORLD(more_time_that_a_unit_was_given_holds_when_it_is_back),
        IN_A_WORLD(more_time_that_is_over_when_a_unit_is_back_makes_it_owe_nothing),
        IN_A_WORLD(a_target_that_is_due_when_a_unit_is_gone_is_not_owed_by_it),
        IN_A_WORLD(a_return_is_nothing_to_do_again_for_a_unit_that_is_gone),
        IN_A_WORLD(an_absence_of_ours_gives_the_time_back_to_whom_it_kept_out),
        IN_A_WORLD(an_absence_of_everybodys_door_moves_every_deadline_near_it),
    };
    return cmocka_run_group_tests_name("decisions in the totals", tests, NULL, NULL);
}
