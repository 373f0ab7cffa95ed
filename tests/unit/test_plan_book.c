/* The 2021 plan as data: who owes what, whose figure counts, and that another plan needs no code. */
#include "proto/wire.h"
#include "services/plan/calendar.h"
#include "services/plan/catalogue.h"
#include "tests/unit/plan_fixture.h"

static fixture_t *the_2021;

static int begin(void **state) {
    (void)state;
    the_2021 = fixture_of_file(PLAN_2021);
    fixture_tell(the_2021);
    return the_2021->err == OK ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    fixture_free(the_2021);
    return 0;
}

static uint32_t owed_in(const planbook_t *book, const char *task, const char *period) {
    const plan_t *plan = planbook_plan(book);
    uint32_t count = 0;
    for (uint32_t unit = 0; unit < plan->units_count; unit++)
        if (planbook_owes(book, &plan->units[unit], planbook_task(book, text_of(task)), planbook_period(book, text_of(period))))
            count++;
    return count;
}

static bool owes(const char *unit, const char *task, const char *period) {
    const planbook_t *book = the_2021->book;
    return planbook_owes(book, planbook_unit(book, text_of(unit)), planbook_task(book, text_of(task)),
                         planbook_period(book, text_of(period)));
}

static void a_month_of_2021_has_52_obligations_and_the_year_260(void **state) {
    (void)state;
    static const struct {
        const char *task;
        uint32_t count;
    } tasks[] = {{"organization", 3}, {"pairing", 5},   {"labor", 2}, {"consumption", 22},
                 {"investment", 1},   {"donation", 15}, {"talent", 4}};
    for (size_t index = 0; index < sizeof tasks / sizeof tasks[0]; index++)
        assert_int_equal(owed_in(the_2021->book, tasks[index].task, "2021-08"), tasks[index].count);
    uint32_t reports = 0, confirmations = 0;
    for (uint32_t index = 0; index < the_2021->plan.periods_count; index++) {
        const period_t *period = &planbook_plan(the_2021->book)->periods[index];
        uint32_t count = planbook_obligation_count(the_2021->book, period);
        assert_int_equal(count, period->confirmation ? 2 : 52);
        *(period->confirmation ? &confirmations : &reports) += count;
    }
    assert_int_equal(reports, 260);
    assert_int_equal(confirmations, 4);
}

static void only_education_and_health_confirm_in_january_and_february(void **state) {
    (void)state;
    assert_true(owes("jyj", "talent", "2022-01") && owes("wjj", "talent", "2022-02"));
    assert_false(owes("zzb", "talent", "2022-01"));
    assert_false(owes("jyj", "consumption", "2022-01"));
    assert_true(owes("jyj", "consumption", "2021-12"));
    assert_false(owes("qwb", "talent", "2021-08"));
}

static void confirmation_ends_with_the_term(void **state) {
    (void)state;
    fixture_t *longer = fixture_edited(PLAN_2021, "confirm_until: 2022-02", "confirm_until: 2022-03");
    assert_int_equal(longer->err, OK);
    assert_int_equal(planbook_obligation_count(longer->book, planbook_period(longer->book, text_of("2022-02"))), 2);
    assert_int_equal(planbook_obligation_count(longer->book, planbook_period(longer->book, text_of("2022-03"))), 0);
    fixture_free(longer);
}

static void months_run_from_the_first_to_the_last_and_are_due_on_the_25th(void **state) {
    (void)state;
    static const uint32_t rows[][3] = {{20210801, 20210831, 20210825}, {20210901, 20210930, 20210925},
                                       {20211001, 20211031, 20211025}, {20211101, 20211130, 20211125},
                                       {20211201, 20211231, 20211225}, {20220101, 20220131, 20220125},
                                       {20220201, 20220228, 20220225}};
    assert_int_equal(the_2021->plan.periods_count, 7);
    for (uint32_t index = 0; index < 7; index++) {
        const period_t *period = &the_2021->plan.periods[index];
        assert_true(period->from == rows[index][0] && period->to == rows[index][1] && period->due == rows[index][2]);
        assert_int_equal(period->confirmation, index >= 5);
    }
}

static void targets_of_2021_are_those_of_the_work_plan(void **state) {
    (void)state;
    static const struct {
        const char *id;
        shape_t shape;
        uint64_t goal;
        uint32_t due;
    } rows[] = {
        {"meetings", shape_none, 0, 0},
        {"visits", shape_none, 0, 0},
        {"job-fairs", shape_none, 0, 0},
        {"town-fund", shape_each, 10000000, 20211231},
        {"village-fund", shape_each, 5000000, 20211231},
        {"workers-placed", shape_sum, 300, 20211231},
        {"workers-poor", shape_subset, 90, 20211231},
        {"sales", shape_sum, 3000000000, 20211231},
        {"projects", shape_sum, 1, 20211231},
        {"new-investment", shape_sum, 10000000000, 20211231},
        {"raised", shape_sum, 300000000, 20211031},
        {"transferred", shape_sum, 300000000, 20211031},
        {"teachers", shape_lasting, 7, 20210831},
        {"doctors", shape_lasting, 2, 20210831},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        const indicator_t *indicator = planbook_indicator(the_2021->book, text_of(rows[index].id));
        assert_non_null(indicator);
        assert_int_equal(indicator->target.shape, rows[index].shape);
        assert_int_equal(indicator->target.goal, rows[index].goal);
        assert_int_equal(indicator->target.due, rows[index].due);
        assert_non_null(planbook_task_of(the_2021->book, indicator));
    }
    assert_true(planbook_indicator(the_2021->book, text_of("new-investment"))->target.stretch);
    assert_true(planbook_indicator(the_2021->book, text_of("transferred"))->target.by_fact);
    assert_int_equal(planbook_indicator(the_2021->book, text_of("teachers"))->target.months, 6);
    assert_true(
        text_is(planbook_task_of(the_2021->book, planbook_indicator(the_2021->book, text_of("raised")))->id, "donation"));
}

static void a_figure_counts_only_from_its_contributor(void **state) {
    (void)state;
    const indicator_t *villages = planbook_indicator(the_2021->book, text_of("village-fund"));
    const indicator_t *transferred = planbook_indicator(the_2021->book, text_of("transferred"));
    assert_int_equal(villages->members_count, 6);
    assert_true(indicator_contributed_by(villages, text_of("village-3"), text_of("350104102")));
    assert_false(indicator_contributed_by(villages, text_of("village-3"), text_of("350104101")));
    assert_false(indicator_contributed_by(villages, text_of(""), text_of("350104102")));
    assert_false(indicator_contributed_by(villages, text_of("village-9"), text_of("350104102")));
    assert_true(indicator_any_contributed_by(villages, text_of("350104101")));
    assert_false(indicator_any_contributed_by(villages, text_of("nyncj")));
    assert_true(indicator_contributed_by(transferred, text_of(""), text_of("csh")));
    assert_false(indicator_contributed_by(transferred, text_of(""), text_of("gsl")));
    assert_int_equal(planbook_indicator(the_2021->book, text_of("sales"))->contributors_count, 22);
    assert_int_equal(planbook_indicator(the_2021->book, text_of("raised"))->contributors_count, 15);
}

static void who_contributes_is_the_same_by_list_and_by_table(void **state) {
    (void)state;
    const planbook_t *book = the_2021->book;
    const plan_t *plan = planbook_plan(book);
    uint32_t contributions = 0;
    for (uint32_t at = 0; at < plan->tasks_count * plan->units_count; at++) {
        const task_t *task = &plan->tasks[at / plan->units_count];
        const unit_t *unit = &plan->units[at % plan->units_count];
        for (uint32_t index = 0; index < task->indicators_count; index++) {
            const indicator_t *indicator = &task->indicators[index];
            bool any = indicator_any_contributed_by(indicator, unit->id);
            assert_int_equal(planbook_contributes_any(book, task, indicator, unit), any);
            assert_int_equal(planbook_contributes(book, task, indicator, text_of(NULL), unit),
                             indicator_contributed_by(indicator, text_of(NULL), unit->id));
            for (uint32_t member = 0; member < indicator->members_count; member++)
                assert_int_equal(planbook_contributes(book, task, indicator, indicator->members[member].id, unit),
                                 indicator_contributed_by(indicator, indicator->members[member].id, unit->id));
            contributions += any;
        }
    }
    assert_true(contributions > 22 + 15);
}

/* Ids that begin and end alike and have one size meet in one slot: each is found, and what is not there is not. */
static void things_are_found_by_ids_that_meet_in_the_table(void **state) {
    (void)state;
    enum { COUNT = 90 };
    char ids[COUNT + 1][24];
    arena_t *arena = arena_new();
    catalogue_t catalogue = catalogue_new(arena, COUNT);
    assert_null(catalogue_find(&catalogue, text_of("")));
    for (uint32_t index = 0; index <= COUNT; index++) snprintf(ids[index], sizeof ids[index], "village-%02u-village", index);
    for (uint32_t index = 0; index < COUNT; index++) catalogue_add(&catalogue, text_of(ids[index]), ids[index], NULL);
    for (uint32_t index = 0; index < COUNT; index++)
        assert_ptr_equal(catalogue_find(&catalogue, text_of(ids[index]))->thing, ids[index]);
    assert_null(catalogue_find(&catalogue, text_of(ids[COUNT])));
    assert_null(catalogue_find(&catalogue, text_of("village")));
    arena_destroy(&arena);
}

/* The longest run of slots in use: no look-up takes more steps. */
static uint32_t longest_run(const char *format, uint32_t count) {
    arena_t *arena = arena_new();
    catalogue_t catalogue = catalogue_new(arena, count);
    char id[24];
    uint32_t longest = 0, run = 0;
    for (uint32_t index = 0; index < count; index++) {
        snprintf(id, sizeof id, format, index);
        catalogue_add(&catalogue, arena_text(arena, text_of(id)), "a thing", NULL);
    }
    for (uint32_t at = 0; at <= catalogue.mask; at++) {
        run = catalogue.slots[at].thing == NULL ? 0 : run + 1;
        if (run > longest) longest = run;
    }
    arena_destroy(&arena);
    return longest;
}

static void numbered_ids_do_not_crowd_in_the_table(void **state) {
    (void)state;
    static const char *const formats[] = {"unit-%04u", "35010400%u", "u%03u", "2021-%02u", "village-%u-school"};
    for (size_t index = 0; index < sizeof formats / sizeof formats[0]; index++) {
        assert_in_range(longest_run(formats[index], 3000), 1, 40);
        assert_in_range(longest_run(formats[index], 64), 1, 16);
    }
}

static void units_carry_their_group_and_a_place(void **state) {
    (void)state;
    const planbook_t *book = the_2021->book;
    uint32_t in_group = 0;
    for (uint32_t index = 0; index < 28; index++) {
        const unit_t *unit = &planbook_plan(book)->units[index];
        assert_int_equal(planbook_unit_index(book, planbook_unit(book, unit->id)), index);
        if (text_find(unit->groups, unit->groups_count, text_of("towns-and-streets"))) in_group++;
    }
    assert_int_equal(in_group, 13);
    assert_null(planbook_unit(book, text_of("350104009")));
    assert_int_equal(planbook_period_index(book, planbook_period(book, text_of("2021-12"))), 4);
}

static void receipts_and_persons_are_unique_contracts_and_enterprises_recur(void **state) {
    (void)state;
    assert_true(key_kind_is_unique(&the_2021->plan, key_kind_receipt) && key_kind_is_unique(&the_2021->plan, key_kind_person));
    assert_false(key_kind_is_unique(&the_2021->plan, key_kind_contract) || key_kind_is_unique(&the_2021->plan, key_kind_uscc));
}

static void a_plan_survives_its_canonical_encoding(void **state) {
    (void)state;
    fault_t fault = {0};
    assert_int_equal(wire_check(plan_type(), &the_2021->plan, &fault), OK);
    buffer_t one = {0}, other = {0};
    wire_encode(plan_type(), &the_2021->plan, &one);
    wire_encode(plan_type(), planbook_plan(the_2021->book), &other);
    assert_true(one.size == other.size && memcmp(one.at, other.at, one.size) == 0);
    buffer_destroy(&one);
    buffer_destroy(&other);
}

static void another_county_and_cycle_is_only_another_file(void **state) {
    (void)state;
    fixture_t *other = fixture_of_file(PLAN_2023);
    fixture_tell(other);
    assert_int_equal(other->err, OK);
    static const uint32_t dues[] = {20230410, 20230710, 20231010, 20240110};
    static const uint32_t counts[] = {5, 5, 4, 4}; /* a unit ends on 30 June: it owes the second quarter still, not the third */
    assert_int_equal(other->plan.periods_count, 4);
    for (uint32_t index = 0; index < 4; index++) {
        assert_int_equal(other->plan.periods[index].due, dues[index]);
        assert_int_equal(planbook_obligation_count(other->book, &planbook_plan(other->book)->periods[index]), counts[index]);
    }
    assert_true(text_is(other->plan.periods[2].id, "2023-Q3"));
    assert_int_equal(planbook_indicator(other->book, text_of("road-length"))->target.goal, 1200);
    assert_int_equal(planbook_indicator(other->book, text_of("paid"))->target.goal, 15000000000);
    assert_int_equal(planbook_indicator(other->book, text_of("paid"))->target.due, 20231130);
    assert_int_equal(other->plan.workdays[0], 20231007); /* listed out of order */
    assert_int_equal(deadline_resolve(&other->plan, 20231005).day, 20231007);
    fixture_free(other);
}

static void a_book_is_a_copy_that_outlives_what_it_was_made_from(void **state) {
    (void)state;
    fixture_t *short_lived = fixture_of_file(PLAN_2023);
    planbook_t *book = planbook_new(&short_lived->plan);
    fixture_free(short_lived);
    assert_true(text_is(planbook_unit(book, text_of("bsz"))->name, "白沙镇"));
    planbook_destroy(&book);
    assert_null(book);
}

static void printed_holds(const char *path, bool zh, const char *const *pieces, size_t count) {
    fixture_t *self = fixture_of_file(path);
    assert_int_equal(self->err, OK);
    buffer_t out = {0};
    plan_print(self->book, zh, &out);
    buffer_add(&out, "", 1);
    for (size_t index = 0; index < count; index++)
        if (strstr((const char *)out.at, pieces[index]) == NULL) fail_msg("not printed: %s", pieces[index]);
    buffer_destroy(&out);
    fixture_free(self);
}

static void a_printed_plan_shows_obligations_instants_and_rules(void **state) {
    (void)state;
    static const char *const zh[] = {"合计 260 份，另有确认 4 份",    "2021-09-25T23:59:59.999+08:00", "节假日不顺延",
                                     "2022-02-28T23:59:59.999+08:00", "逐个 ≥ 5.00万元 × 6",           "单位 (28)"};
    static const char *const en[] = {"18 in all", "2023-04-10T16:59:59.999+08:00", "rest days move it forward", "Units (3)"};
    printed_holds(PLAN_2021, true, zh, sizeof zh / sizeof zh[0]);
    printed_holds(PLAN_2023, false, en, sizeof en / sizeof en[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_month_of_2021_has_52_obligations_and_the_year_260),
        cmocka_unit_test(only_education_and_health_confirm_in_january_and_february),
        cmocka_unit_test(confirmation_ends_with_the_term),
        cmocka_unit_test(months_run_from_the_first_to_the_last_and_are_due_on_the_25th),
        cmocka_unit_test(targets_of_2021_are_those_of_the_work_plan),
        cmocka_unit_test(a_figure_counts_only_from_its_contributor),
        cmocka_unit_test(who_contributes_is_the_same_by_list_and_by_table),
        cmocka_unit_test(things_are_found_by_ids_that_meet_in_the_table),
        cmocka_unit_test(numbered_ids_do_not_crowd_in_the_table),
        cmocka_unit_test(units_carry_their_group_and_a_place),
        cmocka_unit_test(receipts_and_persons_are_unique_contracts_and_enterprises_recur),
        cmocka_unit_test(a_plan_survives_its_canonical_encoding),
        cmocka_unit_test(another_county_and_cycle_is_only_another_file),
        cmocka_unit_test(a_book_is_a_copy_that_outlives_what_it_was_made_from),
        cmocka_unit_test(a_printed_plan_shows_obligations_instants_and_rules),
    };
    return cmocka_run_group_tests_name("plan_book", tests, begin, end);
}
