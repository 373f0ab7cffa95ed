/* Ledger, score and calendar of a rehearsed September: what they hold, and that a cell is never a formula. */
#include "tests/unit/document_fixture.h"

#include "services/documents/feed.h"
#include "services/documents/ledger.h"
#include "services/documents/score.h"

static bool says(const buffer_t *bytes, const char *words) {
    return memmem(bytes->at, bytes->size, words, strlen(words)) != NULL;
}

static grid_t hostile_grid(arena_t *arena) {
    static const grid_column_t columns[] = {{.head = "事项", .width = 20},
                                            {.head = "累计（单位：万元）", .width = 10, .number = true}};
    grid_t grid = {.arena = arena,
                   .name = text_of("台账"),
                   .title = text_of("试"),
                   .note = text_of("单位：万元"),
                   .made_ms = 1633658400000,
                   .columns = columns,
                   .column_count = 2};
    static const char *const cells[] = {"=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "甲,\"乙\"\n丙", "=HYPERLINK(\"http://x\")"};
    for (size_t index = 0; index < sizeof cells / sizeof cells[0]; index++) {
        text_t row[] = {text_of(cells[index]), text_of("12.50")};
        grid_add(&grid, row);
    }
    return grid;
}

static void the_ledger_reads_as_the_golden_csv(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena);
    grid_t grid = ledger_grid(&edition, arena);
    buffer_t csv = {0};
    assert_int_equal(grid_csv(&grid, false, &csv), OK);
    assert_golden("tests/unit/data/ledger-2021-09.csv", &csv, arena);
    buffer_destroy(&csv);
    arena_destroy(&arena);
}

static void a_planned_measure_is_a_line_below_its_task_in_the_units_own_words(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena);
    const edition_measure_t measures[] = {
        {.unit = text_of("swj"), .task = text_of("investment"), .number = 1, .item = text_of("赴隆德招商推介"),
         .plan = text_of("组织十家企业"), .due = 20211031, .phase = measure_phase_running, .days = 23},
        {.unit = text_of("swj"), .task = text_of("investment"), .number = 2, .item = text_of("=cmd()"),
         .plan = text_of("走访"), .due = 20210915, .phase = measure_phase_overdue, .days = 10},
        {.unit = text_of("swj"), .task = text_of("investment"), .number = 3, .item = text_of("展销"), .plan = text_of("设专柜"),
         .due = 20210930, .phase = measure_phase_late, .days = 2, .done_day = 20211002, .result = text_of("签约两家")}};
    edition.measures = measures;
    edition.measures_count = 3;
    grid_t grid = ledger_grid(&edition, arena);
    buffer_t csv = {0};
    assert_int_equal(grid_csv(&grid, false, &csv), OK);
    assert_true(says(&csv, "五、招商引资｜赴隆德招商推介,组织十家企业,尚未完成,,,区商务局,区商务局,2021-10-31,第1号措施,○ 进行中"));
    assert_true(says(&csv, "五、招商引资｜=cmd(),走访,尚未完成,,,区商务局,区商务局,2021-09-15,第2号措施,■ 逾期未完成10天"));
    assert_true(says(&csv, "设专柜,2021-10-02完成。签约两家,,,区商务局,区商务局,2021-09-30,第3号措施,▲ 逾期完成2天"));
    assert_true(says(&csv, "五、招商引资：新引进项目,不少于1个,"));
    assert_true(says(&csv, "（未录入帮扶措施）"));
    buffer_destroy(&csv);
    arena_destroy(&arena);
}

static void what_begins_like_a_formula_gets_an_apostrophe_in_csv(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    grid_t grid = hostile_grid(arena);
    buffer_t csv = {0};
    assert_int_equal(grid_csv(&grid, false, &csv), OK);
    static const char wanted[] =
        "\xEF\xBB\xBF事项,累计（单位：万元）\r\n'=1+1,12.50\r\n'+86,12.50\r\n'-2,12.50\r\n'@SUM(A1),12.50\r\n"
        "'\t=1,12.50\r\n\"甲,\"\"乙\"\"\n丙\",12.50\r\n\"'=HYPERLINK(\"\"http://x\"\")\",12.50\r\n";
    assert_int_equal(csv.size, sizeof wanted - 1);
    assert_memory_equal(csv.at, wanted, csv.size);
    buffer_destroy(&csv);
    arena_destroy(&arena);
}

static void gb18030_is_written_without_a_bom(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    grid_t grid = hostile_grid(arena);
    buffer_t csv = {0};
    assert_int_equal(grid_csv(&grid, true, &csv), OK);
    assert_memory_equal(csv.at, "\xCA\xC2\xCF\xEE,", 5); /* 事项, */
    buffer_destroy(&csv);
    arena_destroy(&arena);
}

static void equal_grids_give_equal_workbooks(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena);
    buffer_t first = {0}, second = {0};
    grid_t grid = ledger_grid(&edition, arena), again = ledger_grid(&edition, arena);
    assert_int_equal(grid_xlsx(&grid, &first), OK);
    assert_int_equal(grid_xlsx(&again, &second), OK);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.at, second.at, first.size);
    assert_memory_equal(first.at, "PK\3\4", 4);
    buffer_destroy(&first);
    buffer_destroy(&second);
    arena_destroy(&arena);
}

/* --- score --- */

static edition_t scored(arena_t *arena, const score_rule_t *rules, uint32_t count) {
    edition_t edition = fixture_edition(arena);
    edition.score = rules;
    edition.score_count = count;
    return edition;
}

static void a_share_gains_its_part_of_the_points_and_a_case_costs(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    const score_rule_t rules[] = {
        {.id = text_of("timely"), .name = text_of("按时"), .basis = score_basis_on_time, .points = 4000},
        {.id = text_of("late"), .name = text_of("迟报"), .basis = score_basis_late, .points = 50, .limit = 500}};
    edition_t edition = scored(arena, rules, 2);
    score_t score = score_of(&edition, text_of("350104006"), arena); /* 上渡街道: one of two reports came three days late */
    assert_true(text_is(score.lines[0].sum, "40 × 1 ÷ 2 = 20.00"));
    assert_true(text_is(score.lines[1].sum, "-0.5 × 1 = -0.50"));
    assert_true(text_is(score.lines[1].why, "2021-09 社会帮扶 迟3天"));
    assert_true(text_is(score_sum(&score, arena), "100 × 20.00 ÷ 40.00 − 0.50 = 49.50"));
    assert_int_equal(score.total, 4950);
    arena_destroy(&arena);
}

static void a_case_costs_no_more_than_its_limit_and_a_total_is_never_negative(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    const score_rule_t rules[] = {
        {.id = text_of("timely"), .name = text_of("按时"), .basis = score_basis_on_time, .points = 1},
        {.id = text_of("late"), .name = text_of("迟报"), .basis = score_basis_late, .points = 90000, .limit = 60000}};
    edition_t edition = scored(arena, rules, 2);
    score_t score = score_of(&edition, text_of("350104006"), arena);
    assert_int_equal(score.lines[1].points, -60000);
    assert_int_equal(score.total, 0);
    arena_destroy(&arena);
}

static void each_town_is_scored_by_its_own_member(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    const score_rule_t rules[] = {
        {.id = text_of("goals"), .name = text_of("目标"), .basis = score_basis_reach, .points = 4000}};
    edition_t edition = scored(arena, rules, 1);
    score_t score =
        score_of(&edition, text_of("350104103"), arena); /* 建新镇: 3 of 10万元 for the town, not the 13 of 30 of all */
    assert_non_null(memmem(score.lines[0].why.at, score.lines[0].why.size, "镇级结对帮扶资金·建新镇 30.00%",
                           strlen("镇级结对帮扶资金·建新镇 30.00%")));
    arena_destroy(&arena);
}

static void what_does_not_apply_counts_for_nobody(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    const score_rule_t rules[] = {
        {.id = text_of("timely"), .name = text_of("按时"), .basis = score_basis_on_time, .points = 4000},
        {.id = text_of("goals"), .name = text_of("目标"), .basis = score_basis_reach, .points = 4000}};
    edition_t edition = scored(arena, rules, 2);
    score_t score = score_of(&edition, text_of("zzb"), arena); /* 区委组织部 contributes no figure */
    assert_false(score.lines[1].applies);
    assert_int_equal(score.possible, 4000);
    assert_int_equal(score.total, 10000);
    score = score_of(&edition, text_of("nobody"), arena);
    assert_false(score.scored);
    arena_destroy(&arena);
}

/* --- calendar --- */

static void a_deadline_is_a_whole_day_whose_end_is_the_next_day(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena);
    buffer_t feed = {0};
    feed_calendar(&edition, text_of("csh"), arena, &feed);
    assert_true(says(&feed, "UID:cangshan-2021.csh.report.2021-09@minning\r\n"));
    assert_true(says(&feed, "DTSTART;VALUE=DATE:20210925\r\nDTEND;VALUE=DATE:20210926\r\n"));
    assert_true(says(&feed, "UID:cangshan-2021.target.transferred@minning\r\n"));
    assert_true(says(&feed, "DTSTART;VALUE=DATE:20211031\r\nDTEND;VALUE=DATE:20211101\r\n"));
    assert_false(says(&feed, "target.teachers")); /* not this unit's */
    buffer_destroy(&feed);
    arena_destroy(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ledger_reads_as_the_golden_csv),
        cmocka_unit_test(a_planned_measure_is_a_line_below_its_task_in_the_units_own_words),
        cmocka_unit_test(what_begins_like_a_formula_gets_an_apostrophe_in_csv),
        cmocka_unit_test(gb18030_is_written_without_a_bom),
        cmocka_unit_test(equal_grids_give_equal_workbooks),
        cmocka_unit_test(a_share_gains_its_part_of_the_points_and_a_case_costs),
        cmocka_unit_test(a_case_costs_no_more_than_its_limit_and_a_total_is_never_negative),
        cmocka_unit_test(each_town_is_scored_by_its_own_member),
        cmocka_unit_test(what_does_not_apply_counts_for_nobody),
        cmocka_unit_test(a_deadline_is_a_whole_day_whose_end_is_the_next_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
