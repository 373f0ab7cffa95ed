/* Evidence beside every figure: how many stand behind a target, with how many of them evidence came, and what was explained. */
#include "tests/unit/aggregation_world.h"

/* Reports with so many files in all, the explanations of soft faults with it. */
static void report_with(world_t *world, const char *unit, uint32_t revision, const figure_t *figures, uint32_t count,
                        uint64_t evidence, const reason_t *explained, uint32_t explained_count) {
    report_accepted_t report = {.unit = text_of(unit),
                                .task = text_of("fund"),
                                .period = text_of("2021-08"),
                                .revision = revision,
                                .figures = figures,
                                .figures_count = count,
                                .explained = explained,
                                .explained_count = explained_count,
                                .evidence = evidence};
    report.submission_id[0] = 1;
    world_feed(world, report_accepted_type(), &report, at(20210820, 10, 0));
}

static void coverage_is(world_t *world, const char *indicator, uint64_t covered, uint64_t figures) {
    target_changed_t row = world_target(world, indicator);
    assert_int_equal(row.figures, figures);
    assert_int_equal(row.covered, covered);
}

static void a_figure_is_covered_by_a_file_of_its_report(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("raised", "", WAN);
    report_with(world, "t-north", 1, &figure, 1, 0, NULL, 0);
    coverage_is(world, "raised", 0, 1);
    report_with(world, "t-south", 1, &figure, 1, 2, NULL, 0);
    coverage_is(world, "raised", 1, 2);
}

static void a_correction_replaces_what_the_revision_before_it_counted(void **state) {
    world_t *world = *state;
    figure_t figure = amount_of("raised", "", WAN), nil = {.indicator = S("raised"), .nil = true, .amount = {true, 0}};
    report_with(world, "t-north", 1, &figure, 1, 1, NULL, 0);
    report_with(world, "t-north", 2, &figure, 1, 0, NULL, 0);
    coverage_is(world, "raised", 0, 1);
    report_with(world, "t-north", 3, &nil, 1, 1, NULL, 0);
    coverage_is(world, "raised", 0, 0); /* nothing wants no evidence */
    report_with(world, "t-north", 4, &figure, 1, 1, NULL, 0);
    coverage_is(world, "raised", 1, 1);
}

static void rows_cover_their_own_figure_and_no_other(void **state) {
    world_t *world = *state;
    item_t items[2] = {{.key_kind = key_kind_receipt, .key = S("r-1"), .fact_day = 20210810, .amount = {true, WAN}},
                       {.key_kind = key_kind_receipt, .key = S("r-2"), .fact_day = 20210811, .amount = {true, WAN}}};
    items[0].evidence[0] = items[1].evidence[0] = 9;
    figure_t figures[] = {amount_of("invested", "", WAN), amount_of("transferred", "", 2 * WAN)};
    figures[1].items = items;
    figures[1].items_count = 2;
    report_with(world, "charity", 1, figures, 2, 2, NULL, 0);
    coverage_is(world, "transferred", 1, 1);
    coverage_is(world, "invested", 0, 1);
    memset(items[1].evidence, 0, sizeof items[1].evidence);
    report_with(world, "charity", 2, figures, 2, 1, NULL, 0);
    coverage_is(world, "transferred", 0, 1);
}

static void what_was_explained_stands_beside_the_figure_each_code_once(void **state) {
    world_t *world = *state;
    const reason_t explained[] = {
        {.code = S("outlier"), .soft = true}, {.code = S("no_evidence"), .soft = true}, {.code = S("outlier"), .soft = true}};
    figure_t figure = amount_of("raised", "", WAN);
    report_with(world, "t-north", 1, &figure, 1, 0, explained, 3);
    figures_t told;
    world_ask(world, figures_ask_type(), &(figures_ask_t){.indicator = text_of("raised")}, figures_type(), &told);
    assert_int_equal(told.rows_count, 1);
    assert_int_equal(told.rows[0].explained_count, 2);
    assert_true(text_is(told.rows[0].explained[0], "outlier"));
    assert_true(text_is(told.rows[0].explained[1], "no_evidence"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_figure_is_covered_by_a_file_of_its_report),
        IN_A_WORLD(a_correction_replaces_what_the_revision_before_it_counted),
        IN_A_WORLD(rows_cover_their_own_figure_and_no_other),
        IN_A_WORLD(what_was_explained_stands_beside_the_figure_each_code_once),
    };
    return cmocka_run_group_tests_name("aggregation coverage", tests, NULL, NULL);
}
