/* The rules of aggregation, one sentence of the domain a test: timeliness, parts of a figure, tenure, verdicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "services/3-aggregation/aggregation_rules.h"
#include "tests/unit/aggregation_plan.h"

/* ---------- timeliness ---------- */

static punctuality_t august(int64_t received_ms) {
    plan_t plan = aggregation_plan();
    deadline_t deadline = deadline_resolve(&plan, 20210825);
    return report_punctuality(&plan, &deadline, received_ms);
}

static void a_report_is_on_time_until_the_last_ms_of_the_25th(void **state) {
    (void)state;
    assert_int_equal(august(at(20210826, 0, 0) - 1).timeliness, timeliness_on_time);
    assert_int_equal(august(at(20210826, 0, 0) - 1).days_late, 0);
}

static void midnight_after_the_25th_is_late_by_one_day(void **state) {
    (void)state;
    assert_int_equal(august(at(20210826, 0, 0)).timeliness, timeliness_late);
    assert_int_equal(august(at(20210826, 0, 0)).days_late, 1);
    assert_int_equal(august(at(20210828, 9, 0)).days_late, 3);
}

static void a_report_within_the_grace_is_on_time(void **state) {
    (void)state;
    plan_t plan = aggregation_plan();
    plan.grace_minutes = 60;
    deadline_t deadline = deadline_resolve(&plan, 20210825);
    assert_int_equal(report_punctuality(&plan, &deadline, at(20210826, 0, 59)).timeliness, timeliness_on_time);
    assert_int_equal(report_punctuality(&plan, &deadline, at(20210826, 1, 0)).timeliness, timeliness_late);
}

/* ---------- targets ---------- */

static aim_t aim_of(shape_t shape, uint64_t goal, uint32_t due) {
    return (aim_t){.shape = shape, .goal = goal, .from = 20210801, .due = due, .due_day = due, .due_ms = at(due, 24, 0) - 1};
}

static moment_t moment(uint32_t day) { return (moment_t){.ms = at(day, 12, 0), .day = day}; }

static judgement_t judged(aim_t aim, pile_t pile, moment_t now) {
    stay_t stay = {0};
    return target_judgement(&aim, &pile, 1, &stay, now, pace_on(&aim, now.day));
}

static void a_transfer_of_29_october_reported_in_november_is_met_reported_late(void **state) {
    (void)state;
    pile_t pile = {.total = 300 * (wide_t)WAN, .timely = 0, .crossed = 20211029};
    judgement_t verdict = judged(aim_of(shape_sum, 300 * (uint64_t)WAN, 20211031), pile, moment(20211120));
    assert_int_equal(verdict.reach, reach_met);
    assert_int_equal(verdict.reported, reported_late);
    assert_int_equal(verdict.lamp, lamp_green);
    assert_int_equal(verdict.reached_day, 20211029);
}

static void what_is_not_reported_by_the_due_instant_is_past_due_unknown(void **state) {
    (void)state;
    aim_t aim = aim_of(shape_sum, 300, 20211031);
    moment_t last = {.ms = aim.due_ms, .day = 20211031}, over = {.ms = aim.due_ms + 1, .day = 20211101};
    assert_int_equal(judged(aim, (pile_t){.total = 299}, last).reach, reach_not_yet);
    assert_int_equal(judged(aim, (pile_t){.total = 299}, over).reach, reach_past_due_unknown);
    assert_int_equal(judged(aim, (pile_t){.total = 299}, over).lamp, lamp_red);
}

static void not_met_is_said_only_at_the_close(void **state) {
    (void)state;
    moment_t closed = moment(20220120);
    closed.closed = true;
    assert_int_equal(judged(aim_of(shape_sum, 300, 20211031), (pile_t){.total = 299}, moment(20220120)).reach,
                     reach_past_due_unknown);
    assert_int_equal(judged(aim_of(shape_sum, 300, 20211031), (pile_t){.total = 299}, closed).reach, reach_not_met);
}

static void a_fact_after_the_due_day_is_met_after_due_and_never_green(void **state) {
    (void)state;
    pile_t pile = {.total = 400, .crossed = 20211101};
    judgement_t verdict = judged(aim_of(shape_sum, 300, 20211031), pile, moment(20211120));
    assert_int_equal(verdict.reach, reach_met_after_due);
    assert_int_equal(verdict.reported, reported_late);
    assert_int_equal(verdict.lamp, lamp_yellow);
}

static void at_least_includes_the_number_itself(void **state) {
    (void)state;
    pile_t pile = {.total = 300, .timely = 300, .crossed = 20210930};
    judgement_t verdict = judged(aim_of(shape_sum, 300, 20211031), pile, moment(20211001));
    assert_int_equal(verdict.reach, reach_met);
    assert_int_equal(verdict.reported, reported_in_time);
}

static void a_stretch_target_never_turns_red_nor_past_due(void **state) {
    (void)state;
    aim_t aim = aim_of(shape_sum, 300, 20211031);
    aim.stretch = true;
    moment_t closed = moment(20220120);
    closed.closed = true;
    assert_int_equal(judged(aim, (pile_t){.total = 1}, moment(20211120)).reach, reach_not_yet);
    assert_int_equal(judged(aim, (pile_t){.total = 1}, moment(20211120)).lamp, lamp_yellow);
    assert_int_equal(judged(aim, (pile_t){.total = 1}, closed).lamp, lamp_yellow);
}

static void without_a_target_the_lamp_is_grey(void **state) {
    (void)state;
    judgement_t verdict = judged(aim_of(shape_none, 0, 20211231), (pile_t){.total = 12}, moment(20211120));
    assert_int_equal(verdict.reach, reach_none);
    assert_int_equal(verdict.lamp, lamp_grey);
    assert_true(verdict.done == 12);
}

static void each_is_capped_so_that_one_town_helps_no_other(void **state) {
    (void)state;
    aim_t aim = aim_of(shape_each, 10, 20211231);
    pile_t piles[] = {
        {.total = 95, .timely = 95, .crossed = 20210910}, {.total = 4}, {.total = 10, .timely = 10, .crossed = 20211001}};
    stay_t stay = {0};
    judgement_t verdict = target_judgement(&aim, piles, 3, &stay, moment(20211120), pace_on(&aim, 20211120));
    assert_true(verdict.done == 24);
    assert_true(verdict.goal == 30);
    assert_int_equal(verdict.reach, reach_not_yet);
    piles[1] = (pile_t){.total = 10, .timely = 10, .crossed = 20211118};
    verdict = target_judgement(&aim, piles, 3, &stay, moment(20211120), pace_on(&aim, 20211120));
    assert_int_equal(verdict.reach, reach_met);
    assert_int_equal(verdict.reached_day, 20211118);
}

static void each_without_a_single_member_is_not_met(void **state) {
    (void)state;
    aim_t aim = aim_of(shape_each, 10, 20211231);
    stay_t stay = {0};
    assert_int_equal(target_judgement(&aim, NULL, 0, &stay, moment(20211120), pace_on(&aim, 20211120)).reach, reach_not_yet);
}

static void a_subset_is_judged_by_its_own_sum(void **state) {
    (void)state;
    pile_t pile = {.total = 90, .timely = 90, .crossed = 20211210};
    assert_int_equal(judged(aim_of(shape_subset, 90, 20211231), pile, moment(20211212)).reach, reach_met);
}

/* ---------- 序时 ---------- */

static void pace_counts_the_day_in_full_and_is_one_on_the_last(void **state) {
    (void)state;
    aim_t aim = aim_of(shape_sum, 153000, 20211231);
    assert_true(expected_progress(&aim, 153000, 0, pace_on(&aim, 20210801)) == 1000);
    assert_true(expected_progress(&aim, 153000, 0, pace_on(&aim, 20211231)) == 153000);
    assert_true(expected_progress(&aim, 153000, 0, pace_on(&aim, 20220301)) == 153000);
}

static void pace_runs_from_the_opening_balance_to_the_goal(void **state) {
    (void)state;
    aim_t aim = aim_of(shape_sum, 253000, 20211231);
    assert_true(expected_progress(&aim, 253000, 100000, pace_on(&aim, 20210801)) == 101000);
    assert_true(expected_progress(&aim, 253000, 100000, pace_on(&aim, 20210731)) == 100000);
    assert_true(expected_progress(&aim, 253000, 400000, pace_on(&aim, 20210801)) == 253000);
}

static void the_lamp_is_green_at_pace_and_yellow_below_it(void **state) {
    (void)state;
    aim_t aim = aim_of(shape_sum, 153000, 20211231);
    assert_int_equal(judged(aim, (pile_t){.total = 1000}, moment(20210801)).lamp, lamp_green);
    assert_int_equal(judged(aim, (pile_t){.total = 999}, moment(20210801)).lamp, lamp_yellow);
}

static void pace_is_exact_near_the_largest_amount(void **state) {
    (void)state;
    aim_t aim = aim_of(shape_sum, INT64_MAX, 20211231);
    wide_t goal = INT64_MAX;
    assert_true(expected_progress(&aim, goal, 0, pace_on(&aim, 20210801)) == (goal + 152) / 153);
}

static void totals_above_the_largest_amount_do_not_overflow(void **state) {
    (void)state;
    aim_t aim = aim_of(shape_each, INT64_MAX, 20211231);
    pile_t piles[] = {{.total = (wide_t)INT64_MAX * 4096, .crossed = 20210802}, {.total = INT64_MAX, .crossed = 20210803}};
    stay_t stay = {0};
    judgement_t verdict = target_judgement(&aim, piles, 2, &stay, moment(20210901), pace_on(&aim, 20210901));
    assert_int_equal(verdict.reach, reach_met);
    assert_true(verdict.done == (wide_t)INT64_MAX * 2);
    assert_true(wide_shown(verdict.done) == INT64_MAX);
    uint64_t low = (uint64_t)verdict.done, high = (uint64_t)(verdict.done >> 64);
    assert_true(wide_join(low, high) == verdict.done);
}

/* ---------- lasting ---------- */

static aim_t teachers(void) {
    aim_t aim = aim_of(shape_lasting, 7, 20210831);
    aim.months = 6;
    return aim;
}

static judgement_t lasting(pile_t pile, stay_t stay, uint32_t day) {
    aim_t aim = teachers();
    return target_judgement(&aim, &pile, 1, &stay, moment(day), pace_on(&aim, day));
}

static void six_months_from_31_august_end_on_28_february(void **state) {
    (void)state;
    assert_int_equal(term_last_day(20210831, 6), 20220228);
    pile_t pile = {.total = 7, .timely = 7, .crossed = 20210830};
    stay_t stay = {.by_due = 7, .all = 7};
    assert_int_equal(lasting(pile, stay, 20220228).tenure, tenure_holding);
    assert_int_equal(lasting(pile, stay, 20220301).tenure, tenure_kept);
    assert_int_equal(lasting(pile, stay, 20220301).lamp, lamp_green);
}

static void who_leaves_in_month_4_breaks_the_tenure(void **state) {
    (void)state;
    tenure_of_t person = {.in_day = 20210825, .out_day = 20211215};
    assert_true(person_counts(&person, 20210831));
    assert_false(person_stays(&person, 20210831, 20220228));
    judgement_t verdict =
        lasting((pile_t){.total = 7, .timely = 7, .crossed = 20210825}, (stay_t){.by_due = 6, .all = 6}, 20211220);
    assert_int_equal(verdict.reach, reach_met);
    assert_int_equal(verdict.tenure, tenure_broken);
    assert_int_equal(verdict.lamp, lamp_red);
    assert_true(verdict.done == 6);
}

static void a_successor_does_not_mend_a_broken_tenure(void **state) {
    (void)state;
    pile_t pile = {.total = 8, .timely = 7, .crossed = 20210825};
    assert_int_equal(lasting(pile, (stay_t){.by_due = 6, .all = 7}, 20211220).tenure, tenure_broken);
}

static void an_eighth_teacher_there_from_the_start_counts(void **state) {
    (void)state;
    pile_t pile = {.total = 8, .timely = 8, .crossed = 20210825};
    assert_int_equal(lasting(pile, (stay_t){.by_due = 7, .all = 7}, 20211220).tenure, tenure_holding);
}

static void the_last_day_of_the_term_is_still_kept(void **state) {
    (void)state;
    tenure_of_t until_last = {.in_day = 20210825, .out_day = 20220228}, day_before = {.in_day = 20210825, .out_day = 20220227};
    assert_true(person_stays(&until_last, 20210831, 20220228));
    assert_false(person_stays(&day_before, 20210831, 20220228));
}

static void who_left_before_the_due_day_was_never_in_place(void **state) {
    (void)state;
    tenure_of_t gone = {.in_day = 20210301, .out_day = 20210630}, never = {.out_day = 20211001};
    assert_false(person_counts(&gone, 20210831));
    assert_false(person_counts(&never, 20210831));
}

static void teachers_in_place_after_the_due_day_are_met_after_due(void **state) {
    (void)state;
    pile_t pile = {.total = 7, .timely = 6, .crossed = 20210906};
    judgement_t verdict = lasting(pile, (stay_t){.by_due = 6, .all = 7, .by_crossing = 7}, 20210920);
    assert_int_equal(verdict.reach, reach_met_after_due);
    assert_int_equal(verdict.tenure, tenure_holding);
    assert_int_equal(verdict.lamp, lamp_yellow);
}

static void a_person_restated_every_month_keeps_the_earliest_first_day(void **state) {
    (void)state;
    agg_presence_t rows[] = {{.fact_day = 20210825, .cause_seq = 10, .received_ms = 100},
                             {.fact_day = 20210901, .cause_seq = 20, .received_ms = 200},
                             {.fact_day = 20210825, .out_day = 20211215, .cause_seq = 30, .received_ms = 300}};
    tenure_of_t forth = {0}, back = {0};
    for (size_t index = 0; index < 3; index++) person_merge(&forth, &rows[index]);
    for (size_t index = 3; index > 0; index--) person_merge(&back, &rows[index - 1]);
    assert_int_equal(forth.in_day, 20210825);
    assert_int_equal(forth.out_day, 20211215);
    assert_int_equal(forth.received_ms, 100);
    assert_memory_equal(&forth, &back, sizeof forth);
}

/* ---------- parts of a figure ---------- */

typedef struct {
    arena_t *arena;
    source_t source;
} parts_bench_t;

static int parts_setup(void **state) {
    static parts_bench_t bench;
    bench = (parts_bench_t){
        arena_new(),
        {.cause_seq = 5, .received_ms = 1000, .timely_until_ms = 2000, .plan_from = 20210101, .period_to = 20211031}};
    *state = &bench;
    return 0;
}

/* The next report of the same figure. */
static void revise(parts_bench_t *bench, uint64_t seq, int64_t received_ms) {
    bench->source.old_seq = bench->source.cause_seq;
    bench->source.old_received_ms = bench->source.received_ms;
    bench->source.cause_seq = seq;
    bench->source.received_ms = received_ms;
}

static uint64_t timely(const parts_bench_t *bench, const agg_part_t *part) {
    return part_timely(part, bench->source.received_ms, bench->source.timely_until_ms);
}

static int parts_teardown(void **state) {
    arena_destroy(&((parts_bench_t *)*state)->arena);
    return 0;
}

static void what_another_claims_stands_apart_and_comes_back_as_timely_as_it_was(void **state) {
    parts_bench_t *bench = *state;
    static const bool contested[] = {true, false};
    item_t items[] = {{.fact_day = 20211029, .amount = {true, 200}}, {.fact_day = 20211029, .amount = {true, 30}}};
    figure_t figure = {.amount = {true, 230}, .items = items, .items_count = 2};
    agg_share_t share = {.amount = {true, 230}, .contested = 200};
    figure_parts(&figure, &bench->source, NULL, contested, bench->arena, &share);
    assert_int_equal(share.parts_count, 2);
    assert_true(share.parts[0].amount == 30 && !share.parts[0].contested);
    assert_true(share.parts[1].amount == 200 && share.parts[1].contested);
    claim_t claim = {.fact_day = 20211029, .amount = {true, 200}, .seq = 5, .since_ms = 1000};
    share_settle(&share, &claim, &bench->source, bench->arena);
    assert_int_equal(share.contested, 0);
    assert_int_equal(share.parts_count, 1);
    assert_int_equal(share.parts[0].amount, 230);
    assert_int_equal(timely(bench, &share.parts[0]), 230); /* it was reported in time, whoever counted meanwhile */
    claim.contested = true;
    share_settle(&share, &claim, &bench->source, bench->arena);
    assert_int_equal(share.contested, 200);
    assert_true(share.parts[0].amount == 30 && timely(bench, &share.parts[0]) == 30);
}

static void a_claim_that_came_late_takes_nothing_timely_away(void **state) {
    parts_bench_t *bench = *state;
    agg_part_t parts[] = {{.day = 20211029, .amount = 150, .kept = 100}};
    agg_share_t share = {.amount = {true, 150}, .parts = parts, .parts_count = 1};
    bench->source.received_ms = 3000;
    claim_t late = {.fact_day = 20211029, .amount = {true, 50}, .seq = 9, .since_ms = 3000, .contested = true};
    share_settle(&share, &late, &bench->source, bench->arena);
    assert_true(share.parts[0].amount == 100 && timely(bench, &share.parts[0]) == 100);
    assert_true(share.parts[1].amount == 50 && timely(bench, &share.parts[1]) == 0 && share.parts[1].contested);
}

/* 50 were said in time; a late revision adds 50 of the same day that another claims. */
static void what_is_claimed_late_is_not_timely_once_it_is_free(void **state) {
    parts_bench_t *bench = *state;
    static const bool contested[] = {false, true};
    item_t items[] = {{.fact_day = 20211029, .amount = {true, 50}}, {.fact_day = 20211029, .amount = {true, 50}}};
    figure_t figure = {.amount = {true, 50}, .items = items, .items_count = 1};
    agg_share_t first = {.amount = {true, 50}}, second = {.amount = {true, 100}, .contested = 50};
    figure_parts(&figure, &bench->source, NULL, NULL, bench->arena, &first);
    revise(bench, 6, 3000);
    figure.amount.value = 100;
    figure.items_count = 2;
    figure_parts(&figure, &bench->source, &first, contested, bench->arena, &second);
    assert_int_equal(second.parts_count, 2);
    assert_int_equal(timely(bench, &second.parts[0]), 50);
    claim_t claim = {.fact_day = 20211029, .amount = {true, 50}, .seq = 6, .since_ms = 3000};
    share_settle(&second, &claim, &bench->source, bench->arena);
    assert_int_equal(second.parts[0].amount, 100);
    assert_int_equal(timely(bench, &second.parts[0]), 50);
}

static void a_figure_counts_by_the_days_of_its_facts(void **state) {
    parts_bench_t *bench = *state;
    item_t items[] = {{.fact_day = 20211029, .amount = {true, 200}},
                      {.fact_day = 20211005, .amount = {true, 50}},
                      {.fact_day = 20211029, .amount = {true, 30}}};
    figure_t figure = {.amount = {true, 280}, .items = items, .items_count = 3};
    agg_share_t share = {0};
    figure_parts(&figure, &bench->source, NULL, NULL, bench->arena, &share);
    assert_int_equal(share.parts_count, 2);
    assert_int_equal(share.parts[0].day, 20211005);
    assert_int_equal(share.parts[1].amount, 230);
    assert_int_equal(timely(bench, &share.parts[1]), 230);
}

static void a_figure_without_rows_counts_at_the_end_of_its_period(void **state) {
    parts_bench_t *bench = *state;
    figure_t figure = {.amount = {true, 280}, .opening = {true, 40}};
    agg_share_t share = {0};
    figure_parts(&figure, &bench->source, NULL, NULL, bench->arena, &share);
    assert_int_equal(share.parts_count, 2);
    assert_int_equal(share.parts[0].day, 20210101);
    assert_true(share.parts[0].opening);
    assert_int_equal(share.parts[1].day, 20211031);
    assert_int_equal(share.parts[1].amount, 280);
}

static void persons_without_amounts_stand_for_one_each(void **state) {
    parts_bench_t *bench = *state;
    item_t items[] = {{.fact_day = 20211003}, {.fact_day = 20211004}};
    figure_t figure = {.amount = {true, 5}, .items = items, .items_count = 2};
    agg_share_t share = {0};
    figure_parts(&figure, &bench->source, NULL, NULL, bench->arena, &share);
    assert_int_equal(share.parts_count, 3);
    assert_int_equal(share.parts[0].amount, 1);
    assert_int_equal(share.parts[2].amount, 3);
}

static void a_late_correction_leaves_timely_what_was_timely(void **state) {
    parts_bench_t *bench = *state;
    agg_share_t first = {0}, second = {0}, third = {0};
    figure_t figure = {.amount = {true, 280}};
    figure_parts(&figure, &bench->source, NULL, NULL, bench->arena, &first);
    revise(bench, 9, 3000);
    figure.amount.value = 310;
    figure_parts(&figure, &bench->source, &first, NULL, bench->arena, &second);
    assert_int_equal(timely(bench, &second.parts[0]), 280);
    assert_int_equal(second.parts[0].cause_seq, 0); /* its own */
    revise(bench, 12, 4000);
    figure.amount.value = 100;
    figure_parts(&figure, &bench->source, &second, NULL, bench->arena, &third);
    assert_int_equal(timely(bench, &third.parts[0]), 100);
}

static void a_part_restated_alike_keeps_its_report(void **state) {
    parts_bench_t *bench = *state;
    agg_share_t first = {0}, second = {0};
    figure_t figure = {.amount = {true, 280}};
    figure_parts(&figure, &bench->source, NULL, NULL, bench->arena, &first);
    revise(bench, 9, 3000);
    figure_parts(&figure, &bench->source, &first, NULL, bench->arena, &second);
    assert_int_equal(second.parts[0].cause_seq, 5);
    assert_int_equal(second.parts[0].received_ms, 1000);
    assert_int_equal(timely(bench, &second.parts[0]), 280);
}

static void a_person_named_twice_in_one_figure_is_one_person(void **state) {
    parts_bench_t *bench = *state;
    item_t items[3] = {{.fact_day = 20210901}, {.fact_day = 20210825, .out_day = 20211215}, {.fact_day = 20210825}};
    items[0].person.hash[0] = items[1].person.hash[0] = 7;
    items[2].person.hash[0] = 3;
    figure_t figure = {.items = items, .items_count = 3};
    agg_share_t share = {0};
    figure_persons(&figure, &bench->source, NULL, NULL, bench->arena, &share);
    assert_int_equal(share.persons_count, 2);
    assert_int_equal(share.persons[0].person[0], 3);
    assert_int_equal(share.persons[1].fact_day, 20210825);
    assert_int_equal(share.persons[1].out_day, 20211215);
}

#define WITH_PARTS(test) cmocka_unit_test_setup_teardown(test, parts_setup, parts_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_on_time_until_the_last_ms_of_the_25th),
        cmocka_unit_test(midnight_after_the_25th_is_late_by_one_day),
        cmocka_unit_test(a_report_within_the_grace_is_on_time),
        cmocka_unit_test(a_transfer_of_29_october_reported_in_november_is_met_reported_late),
        cmocka_unit_test(what_is_not_reported_by_the_due_instant_is_past_due_unknown),
        cmocka_unit_test(not_met_is_said_only_at_the_close),
        cmocka_unit_test(a_fact_after_the_due_day_is_met_after_due_and_never_green),
        cmocka_unit_test(at_least_includes_the_number_itself),
        cmocka_unit_test(a_stretch_target_never_turns_red_nor_past_due),
        cmocka_unit_test(without_a_target_the_lamp_is_grey),
        cmocka_unit_test(each_is_capped_so_that_one_town_helps_no_other),
        cmocka_unit_test(each_without_a_single_member_is_not_met),
        cmocka_unit_test(a_subset_is_judged_by_its_own_sum),
        cmocka_unit_test(pace_counts_the_day_in_full_and_is_one_on_the_last),
        cmocka_unit_test(pace_runs_from_the_opening_balance_to_the_goal),
        cmocka_unit_test(the_lamp_is_green_at_pace_and_yellow_below_it),
        cmocka_unit_test(pace_is_exact_near_the_largest_amount),
        cmocka_unit_test(totals_above_the_largest_amount_do_not_overflow),
        cmocka_unit_test(six_months_from_31_august_end_on_28_february),
        cmocka_unit_test(who_leaves_in_month_4_breaks_the_tenure),
        cmocka_unit_test(a_successor_does_not_mend_a_broken_tenure),
        cmocka_unit_test(an_eighth_teacher_there_from_the_start_counts),
        cmocka_unit_test(the_last_day_of_the_term_is_still_kept),
        cmocka_unit_test(who_left_before_the_due_day_was_never_in_place),
        cmocka_unit_test(teachers_in_place_after_the_due_day_are_met_after_due),
        cmocka_unit_test(a_person_restated_every_month_keeps_the_earliest_first_day),
        WITH_PARTS(a_figure_counts_by_the_days_of_its_facts),
        WITH_PARTS(what_another_claims_stands_apart_and_comes_back_as_timely_as_it_was),
        WITH_PARTS(what_is_claimed_late_is_not_timely_once_it_is_free),
        WITH_PARTS(a_claim_that_came_late_takes_nothing_timely_away),
        WITH_PARTS(a_figure_without_rows_counts_at_the_end_of_its_period),
        WITH_PARTS(persons_without_amounts_stand_for_one_each),
        WITH_PARTS(a_late_correction_leaves_timely_what_was_timely),
        WITH_PARTS(a_part_restated_alike_keeps_its_report),
        WITH_PARTS(a_person_named_twice_in_one_figure_is_one_person),
    };
    return cmocka_run_group_tests_name("aggregation rules", tests, NULL, NULL);
}
