/* A small plan by hand, and a bench on which a report is laid before the rules: for the tests of validation. */
#ifndef TESTS_VALIDATION_PLAN_H
#define TESTS_VALIDATION_PLAN_H

#include "services/plan/calendar.h"
#include "services/plan/plan.h"

#define T(literal) ((text_t){(literal), sizeof(literal) - 1})
#define S(literal)                                                                                                             \
    { (literal), sizeof(literal) - 1 } /* the same where only constants may stand */
#define COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))
#define YUAN(yuan) ((int64_t)(yuan)*100)
#define GIVEN(number) ((maybe_t){true, (number)})

/* Two towns and a bureau; money with a subset and rows, a set of villages, people who stay, and a task in words. */
static inline plan_t validation_plan(void) {
    static const text_t towns[] = {{"350104100", 9}, {"350104101", 9}};
    static const text_t first[] = {{"350104100", 9}}, second[] = {{"350104101", 9}};
    static const text_t bureau[] = {{"rensheju", 8}};
    static const member_t villages[] = {{S("village-1"), S("甲村"), first, 1}, {S("village-2"), S("乙村"), second, 1}};
    static const indicator_t funds[] = {{.id = S("raised"),
                                         .name = S("募集资金"),
                                         .measure = measure_money,
                                         .unit_word = S("元"),
                                         .contributors = towns,
                                         .contributors_count = 2,
                                         .items = need_optional,
                                         .opening = true,
                                         .required = true},
                                        {.id = S("raised-society"),
                                         .name = S("其中社会捐赠"),
                                         .measure = measure_money,
                                         .unit_word = S("元"),
                                         .contributors = towns,
                                         .contributors_count = 2,
                                         .subset_of = S("raised"),
                                         .items = need_none,
                                         .opening = true},
                                        {.id = S("transferred"),
                                         .name = S("拨付资金"),
                                         .measure = measure_money,
                                         .unit_word = S("元"),
                                         .contributors = first,
                                         .contributors_count = 1,
                                         .items = need_required,
                                         .key_kind = key_kind_receipt,
                                         .opening = true,
                                         .target = {.shape = shape_sum, .goal = 30000000, .due = 20211031, .by_fact = true}}};
    static const indicator_t pairs[] = {{.id = S("village-fund"),
                                         .name = S("村级帮扶资金"),
                                         .measure = measure_money,
                                         .unit_word = S("元"),
                                         .members = villages,
                                         .members_count = 2,
                                         .items = need_optional,
                                         .opening = true,
                                         .required = true}};
    static const indicator_t talent[] = {{.id = S("teachers"),
                                          .name = S("选派教师"),
                                          .measure = measure_people,
                                          .unit_word = S("名"),
                                          .contributors = bureau,
                                          .contributors_count = 1,
                                          .items = need_required,
                                          .key_kind = key_kind_person,
                                          .required = true,
                                          .target = {.shape = shape_lasting, .goal = 2, .due = 20210831, .months = 6}},
                                         {.id = S("projects"),
                                          .name = S("新签项目"),
                                          .measure = measure_count,
                                          .unit_word = S("个"),
                                          .contributors = bureau,
                                          .contributors_count = 1,
                                          .items = need_optional}};
    static const task_t tasks[] = {{S("fund"), S("六"), S("社会帮扶"), towns, 1, second, 1, 20210801, 20211031, funds, 3,
                                    approval_none},
                                   {S("pair"), S("二"), S("结对帮扶"), towns, 2, NULL, 0, 20210801, 20211231, pairs, 1,
                                    approval_none},
                                   {S("talent"), S("七"), S("专技人才"), bureau, 1, NULL, 0, 20210801, 20210831, talent, 2,
                                    approval_none},
                                   {S("words"), S("一"), S("组织领导"), towns, 2, bureau, 1, 20210801, 20211231, NULL, 0,
                                    approval_none}};
    static const unit_t units[] = {{.id = S("350104100"), .name = S("仓山镇"), .kind = unit_kind_town},
                                   {.id = S("350104101"), .name = S("城门镇"), .kind = unit_kind_town},
                                   {.id = S("rensheju"), .name = S("区人社局"), .kind = unit_kind_body}};
    static const period_t periods[] = {{S("2021-08"), 20210801, 20210831, 20210825, false},
                                       {S("2021-09"), 20210901, 20210930, 20210925, false},
                                       {S("2021-10"), 20211001, 20211031, 20211025, false},
                                       {S("2021-11"), 20211101, 20211130, 20211125, false},
                                       {S("2022-01"), 20220101, 20220131, 20220125, true}};
    static const key_rule_t rules[] = {
        {key_kind_receipt, true}, {key_kind_contract, false}, {key_kind_uscc, false}, {key_kind_person, true}};
    static const rung_t rungs[] = {{S("T-1"), false, 1, level_remind}};
    ladder_t ladder = {.rungs = rungs, .rungs_count = 1, .at_minute = 540};
    return (plan_t){.id = T("test-2021"),
                    .title = T("测试计划"),
                    .from = 20210801,
                    .to = 20211231,
                    .coordinator = T("rensheju"),
                    .offset_minutes = 480,
                    .cycle = cycle_month,
                    .periods = periods,
                    .periods_count = COUNT(periods),
                    .units = units,
                    .units_count = COUNT(units),
                    .tasks = tasks,
                    .tasks_count = COUNT(tasks),
                    .report_ladder = ladder,
                    .target_ladder = ladder,
                    .pace_points = 5,
                    .key_rules = rules,
                    .key_rules_count = COUNT(rules),
                    .day_begins = 510,
                    .day_ends = 1050,
                    .escalate_days = 3};
}

/* A person by number, as the ledger knows one: a keyed hash. */
static inline personal_t person_of(uint8_t number) {
    personal_t person = {.key_id = 1};
    person.hash[0] = person.commitment[0] = number;
    return person;
}

static inline item_t item_of(key_kind_t kind, text_t key, uint32_t day, int64_t amount) {
    item_t item = {.key_kind = kind, .key = key, .fact_day = day, .amount = GIVEN(amount)};
    item.evidence[0] = 1;
    return item;
}

static inline item_t teacher_of(uint8_t number, uint32_t in, uint32_t out) {
    return (item_t){.key_kind = key_kind_person, .person = person_of(number), .fact_day = in, .out_day = out};
}

static inline report_t report_of(uint8_t id, text_t task, text_t period, uint64_t replaces) {
    static const evidence_t scan = {.name = S("盖章件.pdf"), .sha256 = {7}, .kind = S("scan")};
    report_t report = {.task = task, .period = period, .replaces = replaces, .evidence = &scan, .evidence_count = 1};
    report.submission_id[0] = id;
    return report;
}

#endif
