/* Aggregation as a fold: obligations through a month, targets of every shape, told once, found again by queries. */
#include "tests/unit/aggregation_world.h"

/* ---------- obligations ---------- */

static void an_obligation_is_not_due_then_due_then_overdue_then_reported(void **state) {
    world_t *world = *state;
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").standing, standing_not_due);
    world_tick(world, at(20210801, 0, 0));
    obligation_changed_t row = world_obligation(world, "t-north", "pair", "2021-08");
    assert_int_equal(row.standing, standing_due);
    assert_int_equal(row.timeliness, timeliness_pending);
    world_tick(world, at(20210825, 23, 0));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").standing, standing_due);
    world_tick(world, at(20210826, 0, 0));
    row = world_obligation(world, "t-north", "pair", "2021-08");
    assert_int_equal(row.standing, standing_overdue);
    assert_int_equal(row.timeliness, timeliness_missing);
    figure_t figure = amount_of("town-fund", "m-north", WAN);
    world_report(world, "t-north", "pair", "2021-08", 1, &figure, 1, at(20210827, 10, 0));
    row = world_obligation(world, "t-north", "pair", "2021-08");
    assert_int_equal(row.standing, standing_reported);
    assert_int_equal(row.timeliness, timeliness_late);
    assert_int_equal(row.days_late, 2);
    assert_int_equal(row.missing_count, 0);
}

static void a_late_correction_of_a_timely_report_stays_on_time(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("town-fund", "m-north", WAN);
    world_tick(world, at(20210801, 0, 0));
    world_report(world, "t-north", "pair", "2021-08", 1, &figure, 1, at(20210825, 23, 59));
    world_tick(world, at(20210826, 0, 0));
    world_report(world, "t-north", "pair", "2021-08", 2, &figure, 1, at(20210901, 10, 0));
    obligation_changed_t row = world_obligation(world, "t-north", "pair", "2021-08");
    assert_int_equal(row.timeliness, timeliness_on_time);
    assert_int_equal(row.first_valid_ms, at(20210825, 23, 59));
    assert_int_equal(row.revision, 2);
}

static void a_late_report_corrected_later_stays_late_by_as_much(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("town-fund", "m-north", WAN);
    world_tick(world, at(20210801, 0, 0));
    world_tick(world, at(20210826, 0, 0));
    world_report(world, "t-north", "pair", "2021-08", 1, &figure, 1, at(20210826, 9, 0));
    world_report(world, "t-north", "pair", "2021-08", 2, &figure, 1, at(20210910, 9, 0));
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").timeliness, timeliness_late);
    assert_int_equal(world_obligation(world, "t-north", "pair", "2021-08").days_late, 1);
}

static void an_obligation_names_the_figures_owed_or_words(void **state) {
    world_t *world = *state;
    world_tick(world, at(20210801, 0, 0));
    obligation_changed_t figures = world_obligation(world, "t-north", "fund", "2021-08");
    assert_int_equal(figures.missing_count, 1);
    assert_true(text_is(figures.missing[0], "raised"));
    obligation_changed_t words = world_obligation(world, "bureau", "pair", "2021-08");
    assert_int_equal(words.missing_count, 1);
    assert_true(text_is(words.missing[0], "progress"));
}

static void opening_and_overdue_are_told_once_for_each_obligation(void **state) {
    world_t *world = *state;
    plan_t plan = aggregation_plan();
    planbook_t *book = planbook_new(&plan);
    uint32_t owed = planbook_obligation_count(book, &planbook_plan(book)->periods[0]);
    planbook_destroy(&book);
    assert_int_equal(owed, 7);
    world_listen(world);
    world_tick(world, at(20210801, 0, 0));
    assert_int_equal(world_told(world, obligation_changed_type(), NULL), owed);
    for (uint32_t hour = 1; hour < 24; hour++) world_tick(world, at(20210801, hour, 0));
    assert_int_equal(world_told(world, obligation_changed_type(), NULL), 0);
    world_tick(world, at(20210826, 0, 0));
    assert_int_equal(world_told(world, obligation_changed_type(), NULL), owed);
}

static void a_confirmation_period_is_owed_by_contributors_of_lasting_targets_only(void **state) {
    world_t *world = *state;
    world_tick(world, at(20220101, 0, 0));
    obligations_t told = world_obligations(world, (obligations_ask_t){.period = text_of("2022-01")});
    assert_int_equal(told.rows_count, 1);
    assert_true(text_is(told.rows[0].unit, "bureau"));
    assert_int_equal(told.rows[0].missing_count, 1);
    assert_true(text_is(told.rows[0].missing[0], "teachers"));
}

static void months_asleep_are_caught_up_in_one_tick(void **state) {
    world_t *world = *state;
    world_tick(world, at(20211127, 0, 0));
    assert_int_equal(world_obligation(world, "charity", "fund", "2021-08").standing, standing_overdue);
    assert_int_equal(world_obligation(world, "charity", "fund", "2021-11").standing, standing_overdue);
    assert_int_equal(world_obligation(world, "charity", "fund", "2021-12").standing, standing_not_due);
}

static void open_obligations_are_those_due_and_overdue(void **state) {
    world_t *world = *state;
    world_tick(world, at(20210901, 0, 0));
    world_report(world, "charity", "fund", "2021-08", 1, NULL, 0, at(20210901, 9, 0));
    obligations_t told = world_obligations(world, (obligations_ask_t){.open_only = true});
    assert_int_equal(told.rows_count, 13);
    assert_false(told.more);
    assert_int_equal(told.next, 0);
    told = world_obligations(world, (obligations_ask_t){.open_only = true, .after = INT64_MAX});
    assert_int_equal(told.rows_count, 0);
}

/* ---------- targets ---------- */

static figure_t transfer(item_t *item, uint32_t day, int64_t amount) {
    *item = (item_t){.key_kind = key_kind_receipt, .key = text_of("R1"), .fact_day = day, .amount = {true, amount}};
    return (figure_t){.indicator = text_of("transferred"), .amount = {true, amount}, .items = item, .items_count = 1};
}

static void a_transfer_of_29_october_reported_in_november_is_met_reported_late(void **state) {
    world_t *world = *state;
    world_tick(world, at(20211031, 23, 0));
    assert_int_equal(world_target(world, "transferred").reach, reach_not_yet);
    world_tick(world, at(20211101, 0, 0));
    assert_int_equal(world_target(world, "transferred").reach, reach_past_due_unknown);
    assert_int_equal(world_target(world, "transferred").owing_count, 1);
    item_t item;
    figure_t figure = transfer(&item, 20211029, 300 * (int64_t)WAN);
    world_report(world, "charity", "fund", "2021-11", 1, &figure, 1, at(20211120, 10, 0));
    target_changed_t target = world_target(world, "transferred");
    assert_int_equal(target.reach, reach_met);
    assert_int_equal(target.reported, reported_late);
    assert_int_equal(target.lamp, lamp_green);
    assert_int_equal(target.reached_day, 20211029);
    assert_int_equal(target.owing_count, 0);
    assert_int_equal(target.proof_count, 1);
    assert_int_equal(target.proof[0].received_ms, at(20211120, 10, 0));
    assert_int_equal(target.proof[0].cause_seq, world->count);
}

static void a_transfer_reported_in_time_stays_in_time_when_it_is_corrected_later(void **state) {
    world_t *world = *state;
    item_t item;
    figure_t figure = transfer(&item, 20211020, 300 * (int64_t)WAN);
    world_report(world, "charity", "fund", "2021-10", 1, &figure, 1, at(20211024, 10, 0));
    assert_int_equal(world_target(world, "transferred").reported, reported_in_time);
    figure = transfer(&item, 20211020, 320 * (int64_t)WAN);
    world_report(world, "charity", "fund", "2021-10", 2, &figure, 1, at(20211110, 10, 0));
    assert_int_equal(world_target(world, "transferred").reported, reported_in_time);
    assert_int_equal(world_target(world, "transferred").done, 320 * (int64_t)WAN);
}

static void a_correction_that_takes_the_proof_away_is_past_due_again(void **state) {
    world_t *world = *state;
    item_t item;
    figure_t figure = transfer(&item, 20211020, 300 * (int64_t)WAN);
    world_report(world, "charity", "fund", "2021-10", 1, &figure, 1, at(20211024, 10, 0));
    figure = transfer(&item, 20211020, 30 * (int64_t)WAN);
    world_report(world, "charity", "fund", "2021-10", 2, &figure, 1, at(20211110, 10, 0));
    target_changed_t target = world_target(world, "transferred");
    assert_int_equal(target.reach, reach_past_due_unknown);
    assert_int_equal(target.lamp, lamp_red);
    assert_int_equal(target.proof_count, 0);
}

static void a_figure_without_rows_counts_on_the_last_day_of_its_period(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("poor", "", 90);
    world_report(world, "bureau", "talent", "2021-12", 1, &figure, 1, at(20220110, 9, 0));
    target_changed_t target = world_target(world, "poor");
    assert_int_equal(target.reach, reach_met);
    assert_int_equal(target.reached_day, 20211231);
    assert_int_equal(target.reported, reported_late);
}

static void not_met_is_said_when_the_plan_is_closed(void **state) {
    world_t *world = *state;
    world_tick(world, at(20220115, 0, 0));
    assert_int_equal(world_target(world, "poor").reach, reach_past_due_unknown);
    world_feed(world, plan_closed_type(), &(plan_closed_t){0}, at(20220115, 9, 0));
    assert_int_equal(world_target(world, "poor").reach, reach_not_met);
    assert_int_equal(world_target(world, "invested").reach, reach_not_yet);
    assert_int_not_equal(world_target(world, "invested").lamp, lamp_red);
}

static void behind_the_close_a_confirmation_is_still_due_and_behind_the_seal_no_time_passes(void **state) {
    world_t *world = *state;
    world_feed(world, plan_closed_type(), &(plan_closed_t){0}, at(20220106, 9, 0));
    world_tick(world, at(20220120, 0, 0));
    assert_int_equal(world_obligation(world, "bureau", "talent", "2022-01").standing, standing_due);
    world_feed(world, plan_sealed_type(), &(plan_sealed_t){0}, at(20220125, 9, 0));
    world_listen(world);
    for (uint32_t day = 1; day < 28; day++) world_tick(world, at(20220200 + day, 0, 0));
    assert_int_equal(world_told(world, obligation_changed_type(), NULL), 0);
    assert_int_equal(world_told(world, target_changed_type(), NULL), 0);
    assert_int_equal(world_obligation(world, "bureau", "talent", "2022-01").standing, standing_due);
}

static void each_names_the_members_below_and_who_owes_them(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("town-fund", "m-north", 95 * (int64_t)WAN);
    world_report(world, "t-north", "pair", "2021-08", 1, &figure, 1, at(20210810, 9, 0));
    target_changed_t target = world_target(world, "town-fund");
    assert_int_equal(target.done, 10 * (int64_t)WAN);
    assert_int_equal(target.goal, 20 * (int64_t)WAN);
    assert_int_equal(target.missing_count, 1);
    assert_true(text_is(target.missing[0], "m-south"));
    assert_int_equal(target.owing_count, 1);
    assert_true(text_is(target.owing[0], "t-south"));
    figure = amount_of("town-fund", "m-south", 10 * (int64_t)WAN);
    world_report(world, "t-south", "pair", "2021-09", 1, &figure, 1, at(20210910, 9, 0));
    target = world_target(world, "town-fund");
    assert_int_equal(target.reach, reach_met);
    assert_int_equal(target.reached_day, 20210930);
    assert_int_equal(target.missing_count + target.owing_count, 0);
    assert_int_equal(target.proof_count, 2);
}

static void opening_balances_are_shown_apart_inside_the_total(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("raised", "", 20 * (int64_t)WAN);
    figure.opening = (maybe_t){true, 100 * (int64_t)WAN};
    world_listen(world);
    world_report(world, "t-north", "fund", "2021-08", 1, &figure, 1, at(20210810, 9, 0));
    total_changed_t total;
    assert_int_equal(world_told(world, total_changed_type(), &total), 1);
    assert_int_equal(total.amount.value, 20 * (int64_t)WAN);
    assert_int_equal(total.total.value, 120 * (int64_t)WAN);
    assert_int_equal(total.opening.value, 100 * (int64_t)WAN);
    target_changed_t target = world_target(world, "raised");
    assert_int_equal(target.opening, 100 * (int64_t)WAN);
    assert_int_equal(target.done, 120 * (int64_t)WAN);
    figures_t figures;
    world_ask(world, figures_ask_type(), &(figures_ask_t){.indicator = text_of("raised")}, figures_type(), &figures);
    assert_int_equal(figures.total.value, 120 * (int64_t)WAN);
    assert_int_equal(figures.rows_count, 2);
    assert_int_equal(figures.rows[0].amount.value + figures.rows[1].amount.value, figures.total.value);
}

static void a_figure_of_a_unit_that_does_not_contribute_is_ignored(void **state) {
    world_t *world = *state;
    figure_t figures[] = {amount_of("transferred", "", 5), amount_of("raised", "", 7)};
    world_report(world, "t-north", "fund", "2021-08", 1, figures, 2, at(20210810, 9, 0));
    assert_int_equal(world_target(world, "transferred").done, 0);
    assert_int_equal(world_target(world, "raised").done, 7);
}

static void a_figure_left_out_by_a_revision_is_taken_out_again(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("raised", "", 7);
    world_report(world, "t-north", "fund", "2021-08", 1, &figure, 1, at(20210810, 9, 0));
    world_listen(world);
    world_report(world, "t-north", "fund", "2021-08", 2, NULL, 0, at(20210811, 9, 0));
    total_changed_t total;
    assert_int_equal(world_told(world, total_changed_type(), &total), 1);
    assert_false(total.amount.given);
    assert_int_equal(total.total.value, 0);
}

static void a_revision_that_says_the_same_moves_nothing(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("raised", "", 7);
    world_report(world, "t-north", "fund", "2021-08", 1, &figure, 1, at(20210810, 9, 0));
    world_listen(world);
    world_report(world, "t-north", "fund", "2021-08", 2, &figure, 1, at(20210810, 10, 0));
    uint64_t before = world->told;
    assert_int_equal(world_told(world, total_changed_type(), NULL), 0);
    world->told = before;
    assert_int_equal(world_told(world, target_changed_type(), NULL), 0);
}

static void a_target_is_told_when_it_changes_and_not_every_day(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("raised", "", 300 * (int64_t)WAN);
    world_report(world, "t-north", "fund", "2021-08", 1, &figure, 1, at(20210810, 9, 0));
    world_listen(world);
    for (uint32_t day = 20210811; day < 20210831; day++) world_tick(world, at(day, 0, 0));
    target_changed_t last;
    uint32_t told = world_told(world, target_changed_type(), &last);
    assert_in_range(told, 0, 6); /* lamps of the others that fall behind the pace, once each */
}

static void a_refused_report_changes_nothing(void **state) {
    world_t *world = *state;
    reason_t reason = {.code = REASON_OF(figure_missing)};
    report_refused_t refused = {.unit = text_of("t-north"),
                                .task = text_of("fund"),
                                .period = text_of("2021-08"),
                                .reasons = &reason,
                                .reasons_count = 1};
    refused.submission_id[0] = 1;
    world_listen(world);
    uint64_t before = world->told;
    world_feed(world, report_refused_type(), &refused, at(20210810, 9, 0));
    world_told(world, target_changed_type(), NULL);
    assert_int_equal(world->told, before);
}

/* ---------- teachers ---------- */

enum { TEACHERS = 9 };
typedef struct {
    item_t items[TEACHERS];
    uint32_t count;
} staff_t;

static void staff_add(staff_t *staff, uint8_t who, uint32_t in_day, uint32_t out_day) {
    item_t *item = &staff->items[staff->count++];
    *item = (item_t){.key_kind = key_kind_person, .fact_day = in_day, .out_day = out_day};
    item->person.key_id = 1;
    item->person.hash[0] = who;
}

static staff_t seven(void) {
    staff_t staff = {0};
    for (uint8_t who = 1; who <= 7; who++) staff_add(&staff, who, 20210824u + who % 3, 0);
    return staff;
}

static void report_staff(world_t *world, const char *period, uint32_t revision, const staff_t *staff, int64_t at_ms) {
    figure_t figure = {
        .indicator = text_of("teachers"), .amount = {true, staff->count}, .items = staff->items, .items_count = staff->count};
    world_report(world, "bureau", "talent", period, revision, &figure, 1, at_ms);
}

static void seven_teachers_in_place_by_31_august_hold_and_then_keep(void **state) {
    world_t *world = *state;
    staff_t staff = seven();
    report_staff(world, "2021-08", 1, &staff, at(20210825, 9, 0));
    report_staff(world, "2021-09", 1, &staff, at(20210925, 9, 0)); /* stated again: still seven */
    target_changed_t target = world_target(world, "teachers");
    assert_int_equal(target.done, 7);
    assert_int_equal(target.reach, reach_met);
    assert_int_equal(target.reported, reported_in_time);
    assert_int_equal(target.tenure, tenure_holding);
    assert_int_equal(target.proof_count, 7);
    world_tick(world, at(20220228, 23, 0));
    assert_int_equal(world_target(world, "teachers").tenure, tenure_holding);
    world_tick(world, at(20220301, 0, 0));
    assert_int_equal(world_target(world, "teachers").tenure, tenure_kept);
}

static void a_teacher_who_leaves_in_month_4_breaks_it_and_a_successor_does_not_mend(void **state) {
    world_t *world = *state;
    staff_t staff = seven();
    report_staff(world, "2021-08", 1, &staff, at(20210825, 9, 0));
    staff.items[2].out_day = 20211215;
    staff_add(&staff, 8, 20211216, 0);
    report_staff(world, "2021-12", 1, &staff, at(20211224, 9, 0));
    target_changed_t target = world_target(world, "teachers");
    assert_int_equal(target.reach, reach_met);
    assert_int_equal(target.tenure, tenure_broken);
    assert_int_equal(target.lamp, lamp_red);
    assert_int_equal(target.proof_count, 1);
    assert_int_equal(target.proof[0].person[0], 3);
    assert_int_equal(target.proof[0].out_day, 20211215);
    assert_int_equal(target.proof[0].cause_seq, world->count);
    staff.items[2].out_day = 0; /* it was a clerk's mistake: the revision takes it back */
    report_staff(world, "2021-12", 2, &staff, at(20211226, 9, 0));
    assert_int_equal(world_target(world, "teachers").tenure, tenure_holding);
}

static void an_eighth_teacher_from_the_start_keeps_it_whole(void **state) {
    world_t *world = *state;
    staff_t staff = seven();
    staff_add(&staff, 8, 20210830, 0);
    staff.items[0].out_day = 20211101;
    report_staff(world, "2021-11", 1, &staff, at(20211124, 9, 0));
    target_changed_t target = world_target(world, "teachers");
    assert_int_equal(target.tenure, tenure_holding);
    assert_int_equal(target.done, 7);
    assert_int_equal(target.reported, reported_late);
}

static void teachers_who_come_in_september_are_met_after_due(void **state) {
    world_t *world = *state;
    staff_t staff = seven();
    staff.items[6].fact_day = 20210906;
    report_staff(world, "2021-09", 1, &staff, at(20210924, 9, 0));
    target_changed_t target = world_target(world, "teachers");
    assert_int_equal(target.reach, reach_met_after_due);
    assert_int_equal(target.reached_day, 20210906);
    assert_int_equal(target.tenure, tenure_holding);
    assert_int_equal(target.lamp, lamp_yellow);
}

/* ---------- questions ---------- */

static void a_question_ahead_of_the_ledger_parks(void **state) {
    world_t *world = *state;
    buffer_t frame = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    assert_int_equal(stage_commit(world->stage), OK);
    packet_encode(1, targets_ask_type(), &(targets_ask_t){.at_least = world->count + 1}, &frame);
    assert_int_equal(packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault), OK);
    assert_false(stage_answer(world->stage, &packet, &out));
    buffer_destroy(&frame);
    buffer_destroy(&out);
}

static void the_pace_is_told_for_the_day_of_the_question(void **state) {
    world_t *world = *state;
    world_tick(world, at(20210801, 0, 0));
    uint64_t first = world_target(world, "raised").expected;
    world_tick(world, at(20210802, 0, 0));
    assert_int_equal(first, (300 * (uint64_t)WAN + 91) / 92);
    assert_int_equal(world_target(world, "raised").expected, (600 * (uint64_t)WAN + 91) / 92);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(an_obligation_is_not_due_then_due_then_overdue_then_reported),
        IN_A_WORLD(a_late_correction_of_a_timely_report_stays_on_time),
        IN_A_WORLD(a_late_report_corrected_later_stays_late_by_as_much),
        IN_A_WORLD(an_obligation_names_the_figures_owed_or_words),
        IN_A_WORLD(opening_and_overdue_are_told_once_for_each_obligation),
        IN_A_WORLD(a_confirmation_period_is_owed_by_contributors_of_lasting_targets_only),
        IN_A_WORLD(months_asleep_are_caught_up_in_one_tick),
        IN_A_WORLD(open_obligations_are_those_due_and_overdue),
        IN_A_WORLD(a_transfer_of_29_october_reported_in_november_is_met_reported_late),
        IN_A_WORLD(a_transfer_reported_in_time_stays_in_time_when_it_is_corrected_later),
        IN_A_WORLD(a_correction_that_takes_the_proof_away_is_past_due_again),
        IN_A_WORLD(a_figure_without_rows_counts_on_the_last_day_of_its_period),
        IN_A_WORLD(not_met_is_said_when_the_plan_is_closed),
        IN_A_WORLD(behind_the_close_a_confirmation_is_still_due_and_behind_the_seal_no_time_passes),
        IN_A_WORLD(each_names_the_members_below_and_who_owes_them),
        IN_A_WORLD(opening_balances_are_shown_apart_inside_the_total),
        IN_A_WORLD(a_figure_of_a_unit_that_does_not_contribute_is_ignored),
        IN_A_WORLD(a_figure_left_out_by_a_revision_is_taken_out_again),
        IN_A_WORLD(a_revision_that_says_the_same_moves_nothing),
        IN_A_WORLD(a_target_is_told_when_it_changes_and_not_every_day),
        IN_A_WORLD(a_refused_report_changes_nothing),
        IN_A_WORLD(seven_teachers_in_place_by_31_august_hold_and_then_keep),
        IN_A_WORLD(a_teacher_who_leaves_in_month_4_breaks_it_and_a_successor_does_not_mend),
        IN_A_WORLD(an_eighth_teacher_from_the_start_keeps_it_whole),
        IN_A_WORLD(teachers_who_come_in_september_are_met_after_due),
        IN_A_WORLD(a_question_ahead_of_the_ledger_parks),
        IN_A_WORLD(the_pace_is_told_for_the_day_of_the_question),
    };
    return cmocka_run_group_tests_name("aggregation fold", tests, NULL, NULL);
}
