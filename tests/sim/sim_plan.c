/* A small plan out of luck: a few units, two or three tasks with every shape of target, short periods, ladders, rest days. */
#include <stdio.h>

#include "tests/sim/sim.h"

enum { FIRST_DAY = 20210802, RUNGS = 6 };

static text_t id_of(sim_t *sim, const char *format, uint32_t a, uint32_t b) { return arena_format(sim->arena, format, a, b); }

/* Some of `from`, at least one, in order. */
static const text_t *some_of(sim_t *sim, const text_t *from, uint32_t from_count, uint32_t *count) {
    text_t *some = ARENA_NEW(sim->arena, text_t, from_count);
    *count = 0;
    uint32_t sure = (uint32_t)sim_draw(sim, from_count);
    for (uint32_t index = 0; index < from_count; index++)
        if (index == sure || sim_chance(sim, 500)) some[(*count)++] = from[index];
    return some;
}

static void members_make(sim_t *sim, indicator_t *indicator, const text_t *owers, uint32_t owers_count) {
    uint32_t count = 2 + (uint32_t)sim_draw(sim, 2);
    member_t *members = ARENA_NEW(sim->arena, member_t, count);
    for (uint32_t index = 0; index < count; index++) {
        members[index] = (member_t){.id = id_of(sim, "m%u", index, 0), .name = text_of("分项")};
        members[index].contributors = some_of(sim, owers, owers_count, &members[index].contributors_count);
    }
    indicator->members = members;
    indicator->members_count = count;
}

static void lasting_make(sim_t *sim, indicator_t *indicator, uint32_t due) {
    sim->people = true;
    indicator->measure = measure_people;
    indicator->unit_word = text_of("名");
    indicator->items = need_required;
    indicator->key_kind = key_kind_person;
    indicator->target = (target_t){.shape = shape_lasting, .goal = 1 + sim_draw(sim, 3), .due = due, .months = 1};
}

static indicator_t indicator_make(sim_t *sim, uint32_t task, uint32_t number, const text_t *owers, uint32_t owers_count,
                                  uint32_t due) {
    indicator_t indicator = {.id = id_of(sim, "i%u-%u", task, number),
                             .name = text_of("指标"),
                             .measure = measure_count,
                             .unit_word = text_of("个"),
                             .required = sim_chance(sim, 600),
                             .opening = sim_chance(sim, 300),
                             .steady = sim_chance(sim, 200)};
    if (sim_chance(sim, 500)) {
        indicator.measure = measure_money;
        indicator.unit_word = text_of("元");
    }
    bool each = sim_chance(sim, 350);
    if (each)
        members_make(sim, &indicator, owers, owers_count);
    else
        indicator.contributors = some_of(sim, owers, owers_count, &indicator.contributors_count);
    indicator.items = (need_t)sim_draw(sim, 3);
    if (indicator.items != need_none && sim_chance(sim, 700)) indicator.key_kind = key_kind_receipt;
    if (!each && sim_chance(sim, sim->confirms ? 500 : 150)) {
        lasting_make(sim, &indicator, due);
        return indicator;
    }
    if (!each && sim_chance(sim, 150)) return indicator; /* counted, not judged */
    uint64_t goal = sim_chance(sim, 400) ? 1 + sim_draw(sim, 50) : 20 + sim_draw(sim, 300);
    indicator.target = (target_t){.shape = each ? shape_each : shape_sum,
                                  .goal = indicator.measure == measure_money ? goal * 10000 : goal,
                                  .stretch = sim_chance(sim, 100),
                                  .by_fact = indicator.items == need_required};
    if (sim_chance(sim, 500)) indicator.target.due = due;
    return indicator;
}

/* A number, and nothing beside it: what a busy ledger is full of. */
static indicator_t plain_make(sim_t *sim, uint32_t task, const text_t *owers, uint32_t owers_count, uint32_t due) {
    return (indicator_t){.id = id_of(sim, "i%u-%u", task, 0),
                         .name = text_of("指标"),
                         .measure = measure_count,
                         .unit_word = text_of("个"),
                         .required = true,
                         .contributors = owers,
                         .contributors_count = owers_count,
                         .target = {.shape = shape_sum, .goal = 1 + sim_draw(sim, 300), .due = due}};
}

/* In every third year the task that is reported for most of all has one figure, and that is plain. */
static bool is_plain_year(const sim_t *sim) { return sim->seed % 3 == 0; }

task_t sim_task_make(sim_t *sim, uint32_t number) {
    const plan_t *plan = &sim->plan;
    uint32_t days = (uint32_t)day_between(plan->from, plan->to) + 1;
    text_t *units = ARENA_NEW(sim->arena, text_t, plan->units_count);
    for (uint32_t index = 0; index < plan->units_count; index++) units[index] = plan->units[index].id;
    task_t task = {.id = id_of(sim, "t%u", number, 0), .number = text_of("一"), .name = text_of("任务"), .from = FIRST_DAY};
    task.due = day_add(FIRST_DAY, days > 3 ? (int64_t)(2 + sim_draw(sim, days - 2)) : days - 1);
    uint32_t owers_count;
    const text_t *owers = some_of(sim, units, plan->units_count, &owers_count);
    task.lead = owers;
    task.lead_count = 1;
    task.responsible = owers + 1;
    task.responsible_count = owers_count - 1;
    indicator_t *indicators = ARENA_NEW(sim->arena, indicator_t, SIM_INDICATORS);
    task.indicators_count = (uint32_t)sim_draw(sim, SIM_INDICATORS + 1);
    if (number == 0 && task.indicators_count == 0) task.indicators_count = 1;
    uint32_t due = day_add(FIRST_DAY, (int64_t)(1 + sim_draw(sim, (uint64_t)day_between(FIRST_DAY, task.due))));
    bool plain = number == 0 && is_plain_year(sim);
    if (plain) {
        task.indicators_count = 1;
        indicators[0] = plain_make(sim, number, owers, owers_count, due);
    }
    for (uint32_t index = 0; !plain && index < task.indicators_count; index++)
        indicators[index] = indicator_make(sim, number, index, owers, owers_count, due);
    task.indicators = indicators;
    return task;
}

static ladder_t ladder_make(sim_t *sim) {
    static const rung_t all[RUNGS] = {{{"T-3", 3}, false, 3, level_remind}, {{"T-1", 3}, false, 1, level_remind},
                                      {{"T-0", 3}, false, 0, level_blue},   {{"T+1", 3}, true, 1, level_blue},
                                      {{"T+3", 3}, true, 3, level_orange},  {{"T+7", 3}, true, 7, level_red}};
    rung_t *rungs = ARENA_NEW(sim->arena, rung_t, RUNGS);
    ladder_t ladder = {.rungs = rungs, .repeat_days = sim_draw(sim, 3) * 3, .repeat_most = sim_draw(sim, 3) * 6,
                       .at_minute = 480 + sim_draw(sim, 240)};
    for (uint32_t index = 0; index < RUNGS; index++)
        if (index == 3 || sim_chance(sim, 700)) rungs[ladder.rungs_count++] = all[index];
    return ladder;
}

static void periods_make(sim_t *sim, uint32_t days_each) {
    plan_t *plan = &sim->plan;
    period_t *periods = ARENA_NEW(sim->arena, period_t, SIM_PERIODS);
    plan->periods_count = 2 + (uint32_t)sim_draw(sim, SIM_PERIODS - 1);
    /* in some years postings are confirmed beyond the last report */
    uint32_t beyond = sim_chance(sim, 350) ? 1 + (uint32_t)sim_draw(sim, plan->periods_count - 1) : 0;
    uint32_t last = plan->periods_count - beyond;
    bool holes = sim_chance(sim, 600); /* for which somebody will think of a period only in mid-year */
    for (uint32_t index = 0, from = FIRST_DAY; index < plan->periods_count; index++, from = day_add(from, days_each)) {
        if (holes && sim_chance(sim, 450)) from = day_add(from, (int64_t)(1 + sim_draw(sim, days_each)));
        periods[index] = (period_t){.id = id_of(sim, "p%u", index, 0),
                                    .from = from,
                                    .to = day_add(from, days_each - 1),
                                    .due = day_add(from, (int64_t)sim_draw(sim, days_each)),
                                    .confirmation = index >= last};
    }
    plan->periods = periods;
    plan->to = periods[last - 1].to;
    sim->confirms = beyond > 0;
}

static void calendar_make(sim_t *sim, uint32_t days) {
    uint32_t *holidays = ARENA_NEW(sim->arena, uint32_t, days), *workdays = ARENA_NEW(sim->arena, uint32_t, days);
    for (uint32_t index = 0; index < days; index++) {
        uint32_t day = day_add(FIRST_DAY, index);
        bool weekend = day_weekday(day) > 5;
        if (!weekend && sim_chance(sim, 80)) holidays[sim->plan.holidays_count++] = day;
        if (weekend && sim_chance(sim, 150)) workdays[sim->plan.workdays_count++] = day;
    }
    sim->plan.holidays = holidays;
    sim->plan.workdays = workdays;
}

/* Some plans leave the soft rules as they are, some are stricter, some do not look. */
static void soft_rules_make(sim_t *sim) {
    static const text_t codes[] = {{"no_evidence", 11}, {"factor_10000", 12}, {"outlier", 7}, {"same_as_before", 14},
                                   {"month_skipped", 13}};
    soft_rule_t *rules = ARENA_NEW(sim->arena, soft_rule_t, sizeof codes / sizeof codes[0]);
    for (size_t index = 0; index < sizeof codes / sizeof codes[0]; index++) {
        if (!sim_chance(sim, 250)) continue;
        bool hard = codes[index].size > 11 && sim_chance(sim, 200); /* never the evidence: no report would pass */
        rules[sim->plan.soft_rules_count++] = (soft_rule_t){codes[index], hard ? strictness_hard : strictness_off};
    }
    sim->plan.soft_rules = rules;
}

void sim_plan_make(sim_t *sim) {
    plan_t *plan = &sim->plan;
    *plan = (plan_t){.id = text_of("sim"),
                     .title = text_of("模拟计划"),
                     .from = FIRST_DAY,
                     .offset_minutes = 480,
                     .cycle = cycle_dates,
                     .pace_points = 5,
                     .day_begins = 510,
                     .day_ends = 1050,
                     .escalate_days = 3,
                     .roll = (roll_t)sim_draw(sim, 3)};
    if (sim_chance(sim, 300)) plan->grace_minutes = 60 * sim_draw(sim, 12);
    if (sim_chance(sim, 300)) plan->cutoff_minute = 1020;
    periods_make(sim, sim->rehearsal ? 2 + (uint32_t)sim_draw(sim, 2) : 6 + (uint32_t)sim_draw(sim, 10));
    uint32_t days = (uint32_t)day_between(plan->from, plan->to) + 1;
    plan->units_count = 3 + (uint32_t)sim_draw(sim, SIM_UNITS - 2);
    sim->founders = plan->units_count;
    unit_t *units = ARENA_NEW(sim->arena, unit_t, plan->units_count);
    for (uint32_t index = 0; index < plan->units_count; index++) {
        units[index] = (unit_t){.id = id_of(sim, "u%u", index, 0), .name = text_of("单位"), .kind = unit_kind_town};
        if (sim_chance(sim, 120)) units[index].approval = sim_chance(sim, 600) ? approval_reviewed : approval_signed;
    }
    plan->units = units;
    plan->coordinator = units[0].id;
    plan->tasks_count = 2 + (uint32_t)sim_draw(sim, SIM_TASKS - 2);
    task_t *tasks = ARENA_NEW(sim->arena, task_t, plan->tasks_count);
    for (uint32_t index = 0; index < plan->tasks_count; index++) tasks[index] = sim_task_make(sim, index);
    if (sim_chance(sim, 150)) tasks[0].approval = approval_reviewed;
    plan->tasks = tasks;
    static const key_rule_t rules[] = {{key_kind_receipt, true}, {key_kind_person, true}, {key_kind_contract, false}};
    if (sim_chance(sim, 600)) {
        plan->key_rules = rules;
        plan->key_rules_count = 3;
    }
    plan->report_ladder = ladder_make(sim);
    plan->target_ladder = ladder_make(sim);
    calendar_make(sim, days + 14);
    soft_rules_make(sim);
    plan_fault_t faults[4];
    uint32_t wrong = plan_check(plan, faults, 4);
    SIM_HOLDS(sim, "plan_is_right", wrong == 0, "%s: %s", faults[0].path, faults[0].what);
    sim->book = planbook_new(plan);
    sim->end_ms = instant_of_day(plan, plan->periods[plan->periods_count - 1].to, 0) + (sim->rehearsal ? 3 : 12) * 86400000LL;
}
