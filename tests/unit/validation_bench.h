/* The bench: one report of the small plan laid before the rules; a test breaks one thing and reads the ruling. */
#ifndef TESTS_VALIDATION_BENCH_H
#define TESTS_VALIDATION_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/validation_plan.h"

enum { BENCH_FIGURES = 4, BENCH_ITEMS = 4, BENCH_MONTHS = 4 };

typedef struct {
    arena_t *arena;
    plan_t plan;
    planbook_t *book;
    figure_t figures[BENCH_FIGURES];
    item_t items[BENCH_ITEMS];
    explanation_t explanation;
    month_t months[BENCH_FIGURES];
    month_more_t more[BENCH_FIGURES];
    month_t many[BENCH_MONTHS];
    soft_rule_t rule;
    validation_history_t histories[LIMIT_FIGURES];
    report_t report;
    validation_case_t given;
    bool unplanned; /* no plan is adopted */
} bench_t;

/* Which codes a test has seen; the index is that of reason_all. */
static bool produced[256];

static inline int bench_setup(void **state) {
    bench_t *bench = calloc(1, sizeof *bench);
    bench->arena = arena_new();
    bench->plan = validation_plan();
    bench->book = planbook_new(&bench->plan);
    *state = bench;
    return 0;
}

static inline int bench_teardown(void **state) {
    bench_t *bench = *state;
    planbook_destroy(&bench->book);
    arena_destroy(&bench->arena);
    free(bench);
    return 0;
}

static inline bench_t *bench_lay(void **state, text_t unit, text_t task, figure_t first) {
    bench_t *bench = *state;
    bench->report = report_of(1, task, T("2021-09"), 0);
    bench->figures[0] = first;
    bench->report.figures = bench->figures;
    bench->report.figures_count = 1;
    bench->given = (validation_case_t){.report = &bench->report, .unit = unit,
                                       .received_ms = instant_of_day(&bench->plan, 20210920, 600),
                                       .histories = bench->histories};
    return bench;
}

static inline bench_t *bench_raised(void **state, int64_t amount) {
    return bench_lay(state, T("350104100"), T("fund"), (figure_t){.indicator = T("raised"), .amount = GIVEN(amount)});
}

static inline bench_t *bench_village(void **state, text_t village) {
    return bench_lay(state, T("350104100"), T("pair"),
                     (figure_t){.indicator = T("village-fund"), .member = village, .amount = GIVEN(YUAN(50000))});
}

static inline void bench_add(bench_t *bench, figure_t figure) {
    assert_true(bench->report.figures_count < BENCH_FIGURES);
    bench->figures[bench->report.figures_count++] = figure;
}

/* Raised 5,000 元, transferred 3,000 元 in two receipts. */
static inline bench_t *bench_transferred(void **state) {
    bench_t *bench = bench_raised(state, YUAN(5000));
    bench->items[0] = item_of(key_kind_receipt, T("bk-0901"), 20210901, YUAN(1000));
    bench->items[1] = item_of(key_kind_receipt, T("bk-0902"), 20210902, YUAN(2000));
    bench_add(bench, (figure_t){.indicator = T("transferred"), .amount = GIVEN(YUAN(3000)), .items = bench->items,
                                .items_count = 2});
    return bench;
}

/* Two teachers in post since late August. */
static inline bench_t *bench_teachers(void **state) {
    bench_t *bench = bench_lay(state, T("rensheju"), T("talent"), (figure_t){.indicator = T("teachers")});
    bench->items[0] = teacher_of(1, 20210825, 0);
    bench->items[1] = teacher_of(2, 20210830, 0);
    bench->figures[0].items = bench->items;
    bench->figures[0].items_count = 2;
    return bench;
}

/* The figure at `index` has a month in the past (or in the same period: the revision before). */
static inline void bench_past(bench_t *bench, uint32_t index, uint32_t period_from, int64_t amount, int64_t opening) {
    bench->more[index] = (month_more_t){.member = bench->figures[index].member, .opening = {opening > 0, opening}};
    bench->months[index] = (month_t){.period_from = period_from,
                                     .amount = (uint64_t)amount,
                                     .carried = opening > 0,
                                     .more = &bench->more[index]};
    bench->histories[index] = (validation_history_t){.months = &bench->months[index], .months_count = 1};
}

/* Months of the figure at `index` before the plan of this bench begins: they are compared with, and none is the month before. */
static inline void bench_months(bench_t *bench, uint32_t index, const int64_t *amounts, uint32_t count) {
    assert_true(count <= BENCH_MONTHS);
    assert_int_equal(bench->figures[index].member.size, 0);
    for (uint32_t month = 0; month < count; month++)
        bench->many[month] = (month_t){.period_from = 20210401 + month * 100, .amount = (uint64_t)amounts[month]};
    bench->histories[index] = (validation_history_t){.months = bench->many, .months_count = count};
}

/* The plan is stricter, or laxer, in this. */
static inline void bench_strict(bench_t *bench, soft_rule_t rule) {
    bench->rule = rule;
    bench->plan.soft_rules = &bench->rule;
    bench->plan.soft_rules_count = 1;
    planbook_destroy(&bench->book);
    bench->book = planbook_new(&bench->plan);
}

/* The plan asks for approval inside the report's unit. */
static inline bench_t *bench_approving(bench_t *bench, approval_t approval) {
    static unit_t units[8];
    assert_true(bench->plan.units_count <= 8);
    memcpy(units, bench->plan.units, bench->plan.units_count * sizeof *units);
    for (uint32_t index = 0; index < bench->plan.units_count; index++)
        units[index].approval = text_equal(units[index].id, bench->given.unit) ? approval : approval_none;
    bench->plan.units = units;
    planbook_destroy(&bench->book);
    bench->book = planbook_new(&bench->plan);
    return bench;
}

static inline void bench_explain(bench_t *bench, text_t code) {
    bench->explanation = (explanation_t){.code = code, .text = T("已核实，数额无误")};
    bench->report.explanations = &bench->explanation;
    bench->report.explanations_count = 1;
}

static inline validation_ruling_t bench_judge(bench_t *bench) {
    bench->given.place = validation_place(bench->unplanned ? NULL : bench->book, bench->given.unit, bench->report.task,
                                          bench->report.period);
    validation_ruling_t ruling = validation_judge(&bench->given, bench->arena);
    size_t count;
    const reason_text_t *all = reason_all(&count);
    for (uint32_t index = 0; index < ruling.reasons_count; index++) {
        fault_t fault;
        assert_int_equal(wire_check(reason_type(), &ruling.reasons[index], &fault), OK);
        for (size_t code = 0; code < count; code++) produced[code] |= text_is(ruling.reasons[index].code, all[code].code);
    }
    return ruling;
}

/* Every code of this layer has a test in this program. */
static inline void all_produced(int layer) {
    size_t count;
    const reason_text_t *all = reason_all(&count);
    for (size_t index = 0; index < count; index++)
        if ((int)all[index].layer == layer && !produced[index]) fail_msg("no test produces %s", all[index].code);
}

static inline void assert_text(text_t text, const char *wanted) {
    if (!text_is(text, wanted)) fail_msg("\"" TEXT_FORMAT "\" is not \"%s\"", TEXT_ARGS(text), wanted);
}

/* Refused, with this reason and no other. */
static inline const reason_t *refused_only(bench_t *bench, const char *code, const char *path) {
    validation_ruling_t ruling = bench_judge(bench);
    assert_false(ruling.accepted);
    for (uint32_t index = 0; index < ruling.reasons_count; index++) {
        assert_text(ruling.reasons[index].code, code);
        assert_text(ruling.reasons[index].path, path);
    }
    assert_int_equal(ruling.reasons_count, 1);
    return &ruling.reasons[0];
}

static inline validation_ruling_t accepted(bench_t *bench) {
    validation_ruling_t ruling = bench_judge(bench);
    if (!ruling.accepted)
        fail_msg("refused: " TEXT_FORMAT " at " TEXT_FORMAT, TEXT_ARGS(ruling.reasons[0].code),
                 TEXT_ARGS(ruling.reasons[0].path));
    return ruling;
}

#endif
