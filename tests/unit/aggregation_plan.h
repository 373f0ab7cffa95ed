/* A small plan by hand, with every target shape: for the tests of aggregation. */
#ifndef TESTS_AGGREGATION_PLAN_H
#define TESTS_AGGREGATION_PLAN_H

#include "services/plan/calendar.h"
#include "services/plan/plan.h"

#define S(literal)                                                                                                             \
    { (literal), sizeof(literal) - 1 }
#define COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))

enum { WAN = 1000000 }; /* fen in 1万元 */

/* Two towns, a charity, a bureau. Money by a date (transferred) and as a stretch; each of two towns; workers with a subset;
 * teachers who stay; a count without a target; words only for who contributes nothing. */
static inline plan_t aggregation_plan(void) {
    static const text_t towns[] = {S("t-north"), S("t-south")}, north[] = {S("t-north")}, south[] = {S("t-south")};
    static const text_t charity[] = {S("charity")}, bureau[] = {S("bureau")};
    static const member_t members[] = {{S("m-north"), S("北镇"), north, 1}, {S("m-south"), S("南镇"), south, 1}};
    static const indicator_t funds[] = {
        {.id = S("raised"),
         .name = S("募集"),
         .measure = measure_money,
         .unit_word = S("元"),
         .contributors = towns,
         .contributors_count = 2,
         .items = need_optional,
         .opening = true,
         .required = true,
         .target = {.shape = shape_sum, .goal = 300 * (uint64_t)WAN, .due = 20211031}},
        {.id = S("transferred"),
         .name = S("拨付"),
         .measure = measure_money,
         .unit_word = S("元"),
         .contributors = charity,
         .contributors_count = 1,
         .items = need_required,
         .key_kind = key_kind_receipt,
         .required = true,
         .target = {.shape = shape_sum, .goal = 300 * (uint64_t)WAN, .due = 20211031, .by_fact = true}},
        {.id = S("invested"),
         .name = S("投资"),
         .measure = measure_money,
         .unit_word = S("元"),
         .contributors = charity,
         .contributors_count = 1,
         .items = need_optional,
         .target = {.shape = shape_sum, .goal = 10000 * (uint64_t)WAN, .due = 20211231, .stretch = true}}};
    static const indicator_t pairs[] = {{.id = S("town-fund"),
                                         .name = S("镇级"),
                                         .measure = measure_money,
                                         .unit_word = S("元"),
                                         .members = members,
                                         .members_count = 2,
                                         .items = need_optional,
                                         .opening = true,
                                         .required = true,
                                         .target = {.shape = shape_each, .goal = 10 * (uint64_t)WAN}},
                                        {.id = S("visits"),
                                         .name = S("互访"),
                                         .measure = measure_count,
                                         .unit_word = S("次"),
                                         .contributors = towns,
                                         .contributors_count = 2,
                                         .items = need_none}};
    static const indicator_t talent[] = {
        {.id = S("teachers"),
         .name = S("教师"),
         .measure = measure_people,
         .unit_word = S("名"),
         .contributors = bureau,
         .contributors_count = 1,
         .items = need_required,
         .key_kind = key_kind_person,
         .required = true,
         .target = {.shape = shape_lasting, .goal = 7, .due = 20210831, .months = 6, .by_fact = true}},
        {.id = S("poor"),
         .name = S("脱贫人口"),
         .measure = measure_count,
         .unit_word = S("名"),
         .contributors = bureau,
         .contributors_count = 1,
         .subset_of = S("visits"),
         .items = need_none,
         .target = {.shape = shape_subset, .goal = 90, .due = 20211231}}};
    static const task_t tasks[] = {{S("fund"), S("六"), S("社会帮扶"), charity, 1, towns, 2, 20210801, 20211031, funds, 3,
                                    approval_none},
                                   {S("pair"), S("二"), S("结对帮扶"), towns, 2, bureau, 1, 20210801, 20211231, pairs, 2,
                                    approval_none},
                                   {S("talent"), S("七"), S("专技人才"), bureau, 1, NULL, 0, 20210801, 20211231, talent, 2,
                                    approval_none}};
    static const unit_t units[] = {{.id = S("t-north"), .name = S("北镇"), .kind = unit_kind_town},
                                   {.id = S("t-south"), .name = S("南镇"), .kind = unit_kind_town},
                                   {.id = S("charity"), .name = S("慈善总会"), .kind = unit_kind_body},
                                   {.id = S("bureau"), .name = S("教育局"), .kind = unit_kind_body}};
    static const period_t periods[] = {
        {S("2021-08"), 20210801, 20210831, 20210825, false}, {S("2021-09"), 20210901, 20210930, 20210925, false},
        {S("2021-10"), 20211001, 20211031, 20211025, false}, {S("2021-11"), 20211101, 20211130, 20211125, false},
        {S("2021-12"), 20211201, 20211231, 20211225, false}, {S("2022-01"), 20220101, 20220131, 20220125, true}};
    static const rung_t rungs[] = {{S("T-1"), false, 1, level_remind}};
    ladder_t ladder = {.rungs = rungs, .rungs_count = 1, .at_minute = 540};
    static const plan_t plan = {.id = S("test-2021"),
                                .title = S("测试计划"),
                                .from = 20210101,
                                .to = 20211231,
                                .coordinator = S("bureau"),
                                .offset_minutes = 480,
                                .cycle = cycle_month,
                                .periods = periods,
                                .periods_count = COUNT(periods),
                                .units = units,
                                .units_count = COUNT(units),
                                .tasks = tasks,
                                .tasks_count = COUNT(tasks),
                                .pace_points = 5,
                                .day_begins = 510,
                                .day_ends = 1050,
                                .escalate_days = 3};
    plan_t copy = plan;
    copy.report_ladder = copy.target_ladder = ladder;
    return copy;
}

/* Local time of the plan → instant. */
static inline int64_t at(uint32_t day, uint32_t hour, uint32_t minute) {
    plan_t plan = aggregation_plan();
    return instant_of_day(&plan, day, hour * 60 + minute);
}

#endif
