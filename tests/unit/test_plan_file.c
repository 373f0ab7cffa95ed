/* A plan file that is wrong: every fault at once, each at its line and column. */
#include "tests/unit/plan_fixture.h"

/* The 2021 plan with `before` changed to `after` has this fault, where `after` stands. */
static void one_edit_gives(const char *before, const char *after, const char *path, const char *words) {
    fixture_t *self = fixture_edited(PLAN_2021, before, after);
    assert_int_equal(self->err, ERR_BAD);
    const file_fault_t *fault = fixture_fault(self, path, words);
    if (fault == NULL) {
        fixture_tell(self);
        fail_msg("no fault at %s: %s", path, words);
    }
    assert_true(fault->line > 0 && fault->column > 0 && fault->zh[0] != '\0');
    fixture_free(self);
}

static void a_word_where_a_plain_number_belongs_is_refused(void **state) {
    (void)state;
    one_edit_gives("months: 6", "months: 6名", "tasks[6].indicators[0].target.months", "a plain number belongs here, not 6名");
    one_edit_gives("pace_points: 5", "pace_points: \"5\"", "pace_points", "a plain number");
    one_edit_gives("escalate_days: 3", "escalate_days: 300名", "ladders.escalate_days", "not 300名");
    one_edit_gives("escalate_days: 3", "escalate_days: 61", "ladders.escalate_days", "between 0 and 60");
    one_edit_gives("due: 25", "due: 25日", "reporting.due", "not 25日");
}

static void repeats_may_grow_up_to_a_longest_step_that_is_no_shorter_than_the_first(void **state) {
    (void)state;
    fixture_t *self = fixture_edited(PLAN_2021, "repeat_days: 7", "repeat_days: 7\n    repeat_most: 28");
    fixture_tell(self);
    assert_int_equal(self->err, OK);
    assert_int_equal(self->plan.report_ladder.repeat_most, 28);
    fixture_free(self);
    one_edit_gives("repeat_days: 7", "repeat_days: 7\n    repeat_most: 401", "ladders.report.repeat_most", "between 0 and 400");
}

static void a_number_where_text_belongs_is_refused(void **state) {
    (void)state;
    one_edit_gives("name: 组织领导", "name: 2021", "tasks[0].name", "text belongs here");
    one_edit_gives("title: 2021年仓山区闽宁协作工作要点", "title: 2021", "title", "quote it");
}

static void impossible_dates_are_refused(void **state) {
    (void)state;
    one_edit_gives("due: 2021-10-31\n", "due: 2021-09-31\n", "tasks[5].due", "there is no day 2021-09-31");
    one_edit_gives("from: 2021-01-01", "from: 2021-02-29", "from", "there is no day");
    one_edit_gives("from: 2021-01-01", "from: 1 January", "from", "a date is written");
    one_edit_gives("2021-10-01..2021-10-07", "2021-10-07..2021-10-01", "calendar.holidays[1]", "ends before it begins");
    one_edit_gives("2021-10-01..2021-10-07", "2021-10-01..2021-10-32", "calendar.holidays[1]", "no such day");
    one_edit_gives("2021-09-18,", "2021-09-18, 2021-09-18,", "calendar.workdays[1]", "listed twice");
    one_edit_gives("2021-09-18,", "2021-09-20,", "calendar.workdays[0]", "both a holiday and a make-up workday");
}

static void keys_unknown_repeated_and_missing_are_told(void **state) {
    (void)state;
    one_edit_gives("coordinator:", "coordinater:", "?", "did you mean coordinator?");
    one_edit_gives("coordinator:", "coordinater:", "coordinator", "is missing");
    one_edit_gives("pace_points: 5", "pace_points: 5\npace_points: 6", "pace_points", "stands twice");
    one_edit_gives("        measure: money\n", "", "tasks[1].indicators[0].measure", "is missing");
    one_edit_gives("{id: qwb, name: 区委办, kind: body}", "{id: qwb, name: 区委办}", "units[0].kind", "is missing");
}

static void unknown_names_are_told_where_they_stand(void **state) {
    (void)state;
    one_edit_gives("lead: [区委办, 区政府办]", "lead: [区委办, 区府办]", "tasks[0].lead[1]", "no unit or group 区府办");
    one_edit_gives("responsible: [各镇街]", "responsible: [各乡镇]", "tasks[5].responsible[0]", "no unit or group 各乡镇");
    one_edit_gives("coordinator: 区农业农村局", "coordinator: 区农业局", "coordinator", "no unit");
    one_edit_gives("subset_of: workers-placed", "subset_of: workers", "tasks[2].indicators[1].subset_of",
                   "has no indicator workers");
    one_edit_gives("roll: none", "roll: sideways", "deadlines.roll", "not one of none, forward, back");
}

static void ids_that_stand_twice_are_told(void **state) {
    (void)state;
    one_edit_gives("{id: gsl,", "{id: csh,", "units[13].id", "the id csh stands twice");
    one_edit_gives("id: pairing", "id: organization", "tasks[1].id", "stands twice");
    one_edit_gives("id: doctors", "id: sales", "tasks[6].indicators[1].id", "stands twice in the plan");
    one_edit_gives("id: village-2", "id: village-1", "tasks[1].indicators[1].members[1].id", "stands twice");
    one_edit_gives("lead: [区委办, 区政府办]", "lead: [区委办, qwb]", "tasks[0].lead[1]", "listed twice");
}

static void a_contributor_must_lead_or_be_responsible(void **state) {
    (void)state;
    one_edit_gives("contributors: [区卫健局]", "contributors: [区财政局]", "tasks[6].indicators[1].contributors[0]",
                   "czj is neither lead nor responsible");
}

static void a_part_must_not_be_its_own_total(void **state) {
    (void)state;
    one_edit_gives("subset_of: workers-placed", "subset_of: workers-poor", "tasks[2].indicators[1].subset_of", "a cycle");
    one_edit_gives("        unit: 名\n        contributors: [区人社局]\n        opening",
                   "        unit: 名\n        contributors: [区人社局]\n"
                   "        subset_of: workers-poor\n        opening",
                   "tasks[2].indicators[0].subset_of", "a cycle");
}

static void days_must_follow_each_other(void **state) {
    (void)state;
    one_edit_gives("due: 2021-08-31\n", "due: 2021-07-31\n", "tasks[6].due", "due before it begins");
    one_edit_gives("at_least: 7名, due: 2021-08-31", "at_least: 7名, due: 2021-07-31", "tasks[6].indicators[0].target.due",
                   "before its task begins");
    one_edit_gives("at_least: 7名, due: 2021-08-31", "at_least: 7名, due: 2021-09-30", "tasks[6].indicators[0].target.due",
                   "after its task");
    one_edit_gives("to: 2021-12-31", "to: 2020-12-31", "to", "ends before it begins");
    one_edit_gives("last: 2021-12", "last: 2021-07", "reporting.last", "before the first");
    one_edit_gives("confirm_until: 2022-02", "confirm_until: 2021-12", "reporting.confirm_until", "after the last");
    one_edit_gives("T-5: remind, T-1: remind", "T-1: remind, T-5: remind", "ladders.report.rungs[1]", "must come later");
}

static void goals_are_amounts_in_the_indicators_own_unit(void **state) {
    (void)state;
    one_edit_gives("at_least: 3000万元", "at_least: 约3000万元", "tasks[3].indicators[0].target.at_least", "exact figure");
    one_edit_gives("at_least: 3000万元", "at_least: 3000", "tasks[3].indicators[0].target.at_least", "bare number");
    one_edit_gives("at_least: 3000万元", "at_least: 3000名", "tasks[3].indicators[0].target.at_least", "count");
    one_edit_gives("at_least: 300名", "at_least: 300场", "tasks[2].indicators[0].target.at_least", "should be stated in 名");
    one_edit_gives("at_least: 300名", "at_least: 0名", "tasks[2].indicators[0].target.at_least", "more than zero");
    one_edit_gives("at_least: 300名", "at_least: 300元", "tasks[2].indicators[0].target.at_least", "money");
}

static void targets_that_could_not_be_judged_are_refused(void **state) {
    (void)state;
    one_edit_gives(", months: 6}", "}", "tasks[6].indicators[0].target.months", "states its months");
    one_edit_gives("        items: required       #", "        items: optional #", "tasks[5].indicators[1].items",
                   "demands items");
    one_edit_gives("shape: sum, at_least: 3000万元", "shape: each, at_least: 3000万元", "tasks[3].indicators[0].members",
                   "needs members");
}

static void every_fault_is_told_at_once_in_the_order_of_lines(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    text_t whole = fixture_file(PLAN_2021, arena);
    static const char *const edits[][2] = {{"roll: none", "roll: maybe"},           {"due: 25", "due: 32"},
                                           {"kind: street}", "kind: road}"},        {"lead: [区商务局]", "lead: [商务局]"},
                                           {"at_least: 300名", "at_least: 几百名"}, {"months: 6", "months: 6名"},
                                           {"pace_points: 5", "pace_points: five"}};
    enum { EDITS = sizeof edits / sizeof edits[0] };
    text_t text = whole;
    for (size_t index = 0; index < EDITS; index++) {
        const char *at = strstr(text.at, edits[index][0]);
        assert_non_null(at);
        text = arena_format(arena, "%.*s%s%s", (int)(at - text.at), text.at, edits[index][1], at + strlen(edits[index][0]));
    }
    fixture_t *self = fixture_of_text(text);
    assert_true(self->count >= EDITS);
    for (size_t index = 0; index < EDITS; index++) {
        uint32_t found = 0;
        const char *at = strstr(text.at, edits[index][1]);
        uint32_t line = 1;
        for (const char *before = text.at; before < at; before++) line += *before == '\n';
        for (uint32_t fault = 0; fault < self->count; fault++) found += self->faults[fault].line == line;
        if (found == 0) fail_msg("no fault told in line %u: %s", line, edits[index][1]);
    }
    for (uint32_t fault = 1; fault < self->count; fault++)
        assert_true(self->faults[fault - 1].line <= self->faults[fault].line);
    fixture_free(self);
    arena_destroy(&arena);
}

static void a_fault_stands_at_its_line_and_column_counted_in_characters(void **state) {
    (void)state;
    fixture_t *self = fixture_of_text(text_of("plan: a\ntitle: 标题\n区域: x\nfrom: 2021-13-01\n"));
    const file_fault_t *day = fixture_fault(self, "from", "there is no day");
    const file_fault_t *key = fixture_fault(self, "?", "unknown key 区域");
    assert_non_null(day);
    assert_non_null(key);
    assert_true(day->line == 4 && day->column == 7);
    assert_true(key->line == 3 && key->column == 1);
    fixture_free(self);
}

static void what_is_no_yaml_or_no_plan_is_told_not_crashed_on(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t line;
        const char *words;
    } rows[] = {{"", 1, "empty"},
                {"# nothing\n", 1, "empty"},
                {"- a\n- b\n", 1, "a map"},
                {"just text", 1, "a map"},
                {"plan: a\ntitle: [b\n", 3, "not YAML"},
                {"plan: a\n\xff\xfe: b\n", 2, "not UTF-8"},
                {"a: &x 1\nb: *x\n", 1, "anchors"},
                {"plan: a\n---\nplan: b\n", 2, "one plan"},
                {"&a [*a]\n", 1, "anchors"},
                {"? [a, b]\n: c\n", 1, "unknown key"},
                {"plan:\n", 1, "nothing stands here"},
                {"plan: {a: 1}\n", 1, "a single value"}};
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        fixture_t *self = fixture_of_text(text_of(rows[index].text));
        bool found = false;
        for (uint32_t fault = 0; fault < self->count; fault++)
            found = found ||
                    (strstr(self->faults[fault].en, rows[index].words) != NULL && self->faults[fault].line == rows[index].line);
        if (!found) {
            fixture_tell(self);
            fail_msg("row %zu: %s", index, rows[index].words);
        }
        assert_int_equal(self->err, ERR_BAD);
        fixture_free(self);
    }
}

static void a_plan_cut_off_anywhere_is_refused(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    text_t whole = fixture_file(PLAN_2023, arena);
    for (uint32_t size = 0; size + 20 < whole.size; size += 7) {
        fixture_t *self = fixture_of_text((text_t){whole.at, size});
        if (self->err == OK || self->count == 0) fail_msg("taken when cut at %u", size);
        fixture_free(self);
    }
    arena_destroy(&arena);
}

static fixture_t *with_reporting(const char *reporting) {
    fixture_t *self = fixture_edited(PLAN_2023, "{cycle: quarter, first: 2023-Q1, last: 2023-Q4, due: end+10}", reporting);
    fixture_tell(self);
    return self;
}

static void period_is(const fixture_t *self, uint32_t index, const char *id, uint32_t from, uint32_t to, uint32_t due) {
    assert_true(index < self->plan.periods_count);
    const period_t *period = &self->plan.periods[index];
    assert_true(text_is(period->id, id));
    assert_true(period->from == from && period->to == to && period->due == due);
}

static void half_years_weeks_and_a_table_of_dates_become_periods(void **state) {
    (void)state;
    fixture_t *halves = with_reporting("{cycle: half_year, first: 2023-H1, last: 2023-H2, due: 31, confirm_until: 2024-H1}");
    assert_int_equal(halves->plan.periods_count, 3);
    period_is(halves, 0, "2023-H1", 20230101, 20230630, 20230630);
    period_is(halves, 2, "2024-H1", 20240101, 20240630, 20240630);
    assert_true(halves->plan.periods[2].confirmation && !halves->plan.periods[1].confirmation);
    fixture_t *weeks = with_reporting("{cycle: week, first: 2023-W01, last: 2023-W52, due: 5}");
    assert_int_equal(weeks->plan.periods_count, 52);
    period_is(weeks, 0, "2023-W01", 20230102, 20230108, 20230106);
    period_is(weeks, 51, "2023-W52", 20231225, 20231231, 20231229);
    fixture_t *dates =
        with_reporting("{cycle: dates, periods: [{id: spring, from: 2023-01-01, to: 2023-05-31, due: 2023-06-15},"
                       " {id: autumn, from: 2023-06-01, to: 2023-12-31, due: 2023-12-20}]}");
    assert_int_equal(dates->plan.periods_count, 2);
    period_is(dates, 1, "autumn", 20230601, 20231231, 20231220);
    fixture_t *months = with_reporting("{cycle: month, first: 2023-01, last: 2023-03, due: end-1}");
    period_is(months, 1, "2023-02", 20230201, 20230228, 20230227);
    fixture_free(halves);
    fixture_free(weeks);
    fixture_free(dates);
    fixture_free(months);
}

static void a_cycle_that_does_not_fit_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *reporting;
        const char *path;
        const char *words;
    } rows[] = {{"{cycle: quarter, first: 2023-Q1, last: 2023-Q5, due: 25}", "reporting.last", "written like 2021-Q3"},
                {"{cycle: week, first: 2023-W01, last: 2023-W53, due: 5}", "reporting.last", "written like"},
                {"{cycle: week, first: 2023-W01, last: 2023-W52, due: 8}", "reporting.due", "weekday"},
                {"{cycle: month, first: 2013-01, last: 2023-12, due: 25}", "reporting.last", "too many periods"},
                {"{cycle: dates, first: 2023-01}", "reporting.first", "takes no first"},
                {"{cycle: dates}", "reporting.periods", "is missing"},
                {"{cycle: month, first: 2023-01, due: 25}", "reporting.last", "is missing"},
                {"{cycle: dates, periods: [{id: a, from: 2023-01-01, to: 2023-05-31, due: 2022-06-15}]}",
                 "reporting.periods[0].due", "due before"},
                {"{cycle: month, first: 2022-11, last: 2022-12, due: 25}", "reporting", "outside the plan"}};
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        fixture_t *self =
            fixture_edited(PLAN_2023, "{cycle: quarter, first: 2023-Q1, last: 2023-Q4, due: end+10}", rows[index].reporting);
        bool found = false;
        for (uint32_t fault = 0; fault < self->count; fault++)
            found = found || (strstr(self->faults[fault].path, rows[index].path) == self->faults[fault].path &&
                              strstr(self->faults[fault].en, rows[index].words) != NULL);
        if (!found) {
            fixture_tell(self);
            fail_msg("row %zu: %s", index, rows[index].words);
        }
        fixture_free(self);
    }
}

static uint32_t line_of(const fixture_t *self, const char *words) {
    uint32_t line = 1;
    for (const char *at = self->yaml.at, *found = strstr(at, words); at < found; at++) line += *at == '\n';
    return line;
}

static void a_unit_that_its_group_names_again_is_told_where_the_group_stands(void **state) {
    (void)state;
    fixture_t *self = fixture_edited(PLAN_2021, "responsible: [各镇街]",
                                     "responsible:\n      - 区教育局\n      - 仓前街道\n      - 各镇街\n      - 区卫健局");
    const file_fault_t *fault = fixture_fault(self, "tasks[5].responsible[7]", "listed twice");
    assert_non_null(fault);
    assert_int_equal(fault->line, line_of(self, "- 各镇街"));
    fixture_free(self);
    self = fixture_edited(PLAN_2021, "responsible: [各镇街]", "responsible:\n      - 各镇街\n      - 仓前街道");
    fault = fixture_fault(self, "tasks[5].responsible[13]", "listed twice");
    assert_non_null(fault);
    assert_int_equal(fault->line, line_of(self, "- 各镇街") + 1);
    fixture_free(self);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_that_its_group_names_again_is_told_where_the_group_stands),
        cmocka_unit_test(a_word_where_a_plain_number_belongs_is_refused),
        cmocka_unit_test(repeats_may_grow_up_to_a_longest_step_that_is_no_shorter_than_the_first),
        cmocka_unit_test(a_number_where_text_belongs_is_refused),
        cmocka_unit_test(impossible_dates_are_refused),
        cmocka_unit_test(keys_unknown_repeated_and_missing_are_told),
        cmocka_unit_test(unknown_names_are_told_where_they_stand),
        cmocka_unit_test(ids_that_stand_twice_are_told),
        cmocka_unit_test(a_contributor_must_lead_or_be_responsible),
        cmocka_unit_test(a_part_must_not_be_its_own_total),
        cmocka_unit_test(days_must_follow_each_other),
        cmocka_unit_test(goals_are_amounts_in_the_indicators_own_unit),
        cmocka_unit_test(targets_that_could_not_be_judged_are_refused),
        cmocka_unit_test(every_fault_is_told_at_once_in_the_order_of_lines),
        cmocka_unit_test(a_fault_stands_at_its_line_and_column_counted_in_characters),
        cmocka_unit_test(what_is_no_yaml_or_no_plan_is_told_not_crashed_on),
        cmocka_unit_test(a_plan_cut_off_anywhere_is_refused),
        cmocka_unit_test(half_years_weeks_and_a_table_of_dates_become_periods),
        cmocka_unit_test(a_cycle_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests_name("plan_file", tests, NULL, NULL);
}
