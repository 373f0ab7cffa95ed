/* The plan amended in mid-year, in one entry or in parts: names, how much is aimed at, by when reports are due; and what comes in:
 * a task, a unit with a key of its own, a period behind the others or between them. What is added up ends as if the last plan had
 * been there from its start, and what was judged stays judged. */
#include <string.h>

#include "proto/plan_parts.h"
#include "tests/sim/sim.h"

static const indicator_t *goals_amended(sim_t *sim, const task_t *task) {
    indicator_t *indicators = ARENA_NEW(sim->arena, indicator_t, task->indicators_count + 1);
    for (uint32_t index = 0; index < task->indicators_count; index++) {
        indicators[index] = task->indicators[index];
        uint64_t *goal = &indicators[index].target.goal;
        if (*goal > 0 && sim_chance(sim, 500)) *goal = 1 + sim_draw(sim, *goal * 2);
        uint32_t *due = &indicators[index].target.due;
        bool lasts = indicators[index].target.shape == shape_lasting; /* who owes confirmations hangs on it */
        uint32_t moved = *due == 0 || lasts ? 0 : day_add(*due, (int64_t)sim_draw(sim, 5) - 2);
        if (moved > task->from && moved <= task->due && sim_chance(sim, 400)) *due = moved;
    }
    return indicators;
}

/* Some are due sooner, some later; what is past may be due again. */
static period_t *periods_amended(sim_t *sim, const plan_t *plan) {
    period_t *periods = ARENA_NEW(sim->arena, period_t, SIM_PERIODS);
    memcpy(periods, plan->periods, sizeof *periods * plan->periods_count);
    if (!sim_chance(sim, 500)) return periods;
    for (uint32_t index = 0; index < plan->periods_count; index++) {
        uint64_t days = (uint64_t)day_between(periods[index].from, periods[index].to) + 1;
        if (sim_chance(sim, 400)) periods[index].due = day_add(periods[index].from, (int64_t)sim_draw(sim, days + 2));
    }
    return periods;
}

/* --- a unit comes in --- */

static const text_t *with_one_more(sim_t *sim, const text_t *ids, uint32_t *count, text_t id) {
    text_t *more = ARENA_NEW(sim->arena, text_t, *count + 1);
    if (*count > 0) memcpy(more, ids, sizeof *more * *count);
    more[(*count)++] = id;
    return more;
}

static void contributor_add(sim_t *sim, indicator_t *indicator, text_t id) {
    if (indicator->members_count == 0) {
        indicator->contributors = with_one_more(sim, indicator->contributors, &indicator->contributors_count, id);
        return;
    }
    member_t *members = ARENA_NEW(sim->arena, member_t, indicator->members_count);
    memcpy(members, indicator->members, sizeof *members * indicator->members_count);
    member_t *member = &members[sim_draw(sim, indicator->members_count)];
    member->contributors = with_one_more(sim, member->contributors, &member->contributors_count, id);
    indicator->members = members;
}

/* It owes some of the tasks from then on, with figures or in words; its key comes when the plan knows it. */
static void unit_join(sim_t *sim, plan_t *plan, unit_t *units, task_t *tasks) {
    unit_t *unit = &units[plan->units_count];
    *unit = (unit_t){.id = arena_format(sim->arena, "u%u", plan->units_count), .name = text_of("新单位"), .kind = unit_kind_town};
    if (sim_chance(sim, 120)) unit->approval = approval_reviewed;
    plan->units_count++;
    for (uint32_t index = 0; index < plan->tasks_count; index++) {
        task_t *task = &tasks[index];
        if (!sim_chance(sim, 500)) continue;
        task->responsible = with_one_more(sim, task->responsible, &task->responsible_count, unit->id);
        indicator_t *indicators = ARENA_NEW(sim->arena, indicator_t, task->indicators_count + 1);
        if (task->indicators_count > 0) memcpy(indicators, task->indicators, sizeof *indicators * task->indicators_count);
        for (uint32_t at = 0; at < task->indicators_count; at++)
            if (sim_chance(sim, 600)) contributor_add(sim, &indicators[at], unit->id);
        task->indicators = indicators;
    }
}

/* --- a period comes in: the year is longer than it was, somebody is to confirm beyond it, or a hole is filled --- */

static void period_join(sim_t *sim, plan_t *plan, period_t *periods) {
    const period_t *last = &periods[plan->periods_count - 1];
    uint32_t days = (uint32_t)day_between(last->from, last->to) + 1;
    period_t *period = &periods[plan->periods_count];
    *period = (period_t){.id = arena_format(sim->arena, "p%u", plan->periods_count),
                         .from = day_add(last->to, 1),
                         .to = day_add(last->to, days),
                         .confirmation = last->confirmation || sim_chance(sim, 250)};
    period->due = day_add(period->from, (int64_t)sim_draw(sim, days));
    plan->periods_count++;
    if (!period->confirmation) plan->to = period->to;
    sim->confirms |= period->confirmation;
    sim->end_ms += days * 86400000LL;
}

/* Behind how many periods it would stand; the days that are free there. false: there is no hole. */
static bool hole_find(sim_t *sim, const plan_t *plan, const period_t *periods, uint32_t *place, uint32_t *from, uint32_t *to) {
    uint32_t first = (uint32_t)sim_draw(sim, plan->periods_count);
    for (uint32_t count = 0; count < plan->periods_count; count++) {
        *place = (first + count) % plan->periods_count;
        *from = *place == 0 ? plan->from : day_add(periods[*place - 1].to, 1);
        *to = day_add(periods[*place].from, -1);
        if (*to >= *from) return true;
    }
    return false;
}

static void period_fill(sim_t *sim, plan_t *plan, period_t *periods) {
    uint32_t place, from, to;
    if (!hole_find(sim, plan, periods, &place, &from, &to)) return;
    from = day_add(from, (int64_t)sim_draw(sim, (uint64_t)day_between(from, to) + 1));
    to = day_add(from, (int64_t)sim_draw(sim, (uint64_t)day_between(from, to) + 1));
    memmove(&periods[place + 1], &periods[place], sizeof *periods * (plan->periods_count - place));
    periods[place] = (period_t){.id = arena_format(sim->arena, "p%u", plan->periods_count),
                                .from = from,
                                .to = to,
                                .due = day_add(from, (int64_t)sim_draw(sim, (uint64_t)day_between(from, to) + 3)),
                                .confirmation = periods[place + 1].confirmation};
    sim_trace(sim, "a period comes in as the %u. of %u", place + 1, ++plan->periods_count);
}

/* What no amendment may do: a period goes, or its days are others. */
static void period_wrong(sim_t *sim, plan_t *plan) {
    period_t *periods = ARENA_NEW(sim->arena, period_t, SIM_PERIODS);
    uint32_t place = (uint32_t)sim_draw(sim, plan->periods_count), behind = plan->periods_count - place - 1;
    memcpy(periods, plan->periods, sizeof *periods * plan->periods_count);
    plan->periods = periods;
    if (periods[place].from < periods[place].to && sim_chance(sim, 500)) {
        periods[place].to = day_add(periods[place].to, -1);
        return;
    }
    memmove(&periods[place], &periods[place + 1], sizeof *periods * behind);
    plan->periods_count--;
}

static plan_t plan_amended(sim_t *sim) {
    plan_t plan = sim->plan;
    unit_t *units = ARENA_NEW(sim->arena, unit_t, SIM_UNITS);
    task_t *tasks = ARENA_NEW(sim->arena, task_t, SIM_TASKS);
    period_t *periods = periods_amended(sim, &plan);
    uint32_t number = ++sim->amendments;
    memcpy(units, plan.units, sizeof *units * plan.units_count);
    memcpy(tasks, plan.tasks, sizeof *tasks * plan.tasks_count);
    for (uint32_t index = 0; index < plan.units_count; index++) units[index].name = arena_format(sim->arena, "单位%u", number);
    for (uint32_t index = 0; index < plan.tasks_count; index++) {
        tasks[index].name = arena_format(sim->arena, "任务%u", number);
        tasks[index].indicators = goals_amended(sim, &tasks[index]);
    }
    if (plan.units_count < SIM_UNITS && sim_chance(sim, 400)) unit_join(sim, &plan, units, tasks);
    if (plan.periods_count < SIM_PERIODS && sim_chance(sim, 300)) period_join(sim, &plan, periods);
    if (plan.periods_count < SIM_PERIODS && sim_chance(sim, 750)) period_fill(sim, &plan, periods);
    if (plan.tasks_count < SIM_TASKS && sim_chance(sim, 500)) {
        tasks[plan.tasks_count] = sim_task_make(sim, plan.tasks_count);
        plan.tasks_count++;
    }
    plan.periods = periods;
    plan.title = arena_format(sim->arena, "模拟计划（修订%u）", number);
    plan.units = units;
    plan.tasks = tasks;
    return plan;
}

/* --- the operator's file, and the plan that the world goes by --- */

/* An amended file may name units and tasks in another order: what is kept of them is kept by their ids. */
static plan_t shuffled(sim_t *sim, const plan_t *plan) {
    plan_t other = *plan;
    unit_t *units = ARENA_NEW(sim->arena, unit_t, plan->units_count);
    task_t *tasks = ARENA_NEW(sim->arena, task_t, plan->tasks_count);
    uint32_t first_unit = (uint32_t)sim_draw(sim, plan->units_count), first_task = (uint32_t)sim_draw(sim, plan->tasks_count);
    for (uint32_t index = 0; index < plan->units_count; index++)
        units[index] = plan->units[(first_unit + index) % plan->units_count];
    for (uint32_t index = 0; index < plan->tasks_count; index++)
        tasks[index] = plan->tasks[(first_task + index) % plan->tasks_count];
    other.units = units;
    other.tasks = tasks;
    return other;
}

/* As the world numbers them: u0, u1, …; t0, t1, … */
static plan_t in_order(sim_t *sim, const plan_t *plan) {
    plan_t other = *plan;
    unit_t *units = ARENA_NEW(sim->arena, unit_t, plan->units_count);
    task_t *tasks = ARENA_NEW(sim->arena, task_t, plan->tasks_count);
    for (uint32_t index = 0; index < plan->units_count; index++)
        units[(uint32_t)(plan->units[index].id.at[1] - '0')] = plan->units[index];
    for (uint32_t index = 0; index < plan->tasks_count; index++)
        tasks[(uint32_t)(plan->tasks[index].id.at[1] - '0')] = plan->tasks[index];
    other.units = units;
    other.tasks = tasks;
    return other;
}

static void plan_set(sim_t *sim, const plan_t *plan) {
    sim->plan = *plan;
    planbook_destroy(&sim->book);
    sim->book = planbook_new(&sim->plan);
}

uint32_t sim_period_now(const plan_t *plan, const plan_t *old, uint32_t period) {
    uint32_t now = 0;
    while (now < plan->periods_count && !text_equal(plan->periods[now].id, old->periods[period].id)) now++;
    ASSERT(now < plan->periods_count); /* no amendment leaves one out */
    return now;
}

/* Whoever remembers something of a period finds it in its new place. */
static void periods_follow(sim_t *sim, const plan_t *plan) {
    uint64_t known[SIM_UNITS][SIM_TASKS][SIM_PERIODS] = {{{0}}};
    for (uint32_t period = 0; period < sim->plan.periods_count; period++) {
        uint32_t now = sim_period_now(plan, &sim->plan, period);
        for (uint32_t place = 0; place < SIM_UNITS * SIM_TASKS; place++)
            known[place / SIM_TASKS][place % SIM_TASKS][now] = sim->known_revision[place / SIM_TASKS][place % SIM_TASKS][period];
    }
    for (uint32_t index = 0; index < sim->submission_count; index++)
        sim->submissions[index].period = sim_period_now(plan, &sim->plan, sim->submissions[index].period);
    sim->bulletin = sim_period_now(plan, &sim->plan, sim->bulletin);
    memcpy(sim->known_revision, known, sizeof known);
}

/* In one entry or in parts; the parts may come too late, or twice. */
void sim_plan_amend_order(sim_t *sim) {
    bool wrong = sim_chance(sim, 100) && sim->plan.periods_count > 1;
    plan_t plan = wrong ? sim->plan : plan_amended(sim), file;
    if (wrong) period_wrong(sim, &plan);
    file = sim_chance(sim, 300) ? shuffled(sim, &plan) : plan;
    plan_parts_t parts;
    fault_t fault;
    err_t err = plan_parts_make(&file, sim_chance(sim, 500) ? 1 : UINT32_MAX, &parts, &fault);
    SIM_HOLDS(sim, "plan_is_right", err == OK, "amended: %s, %s at %s", err_name(err), err == OK ? "" : fault.code, fault.path);
    bool late = sim_chance(sim, 100);
    if (late) sim_order_new(sim, plan_adopted_type(), &parts.adopted);
    for (uint32_t index = 0; index < parts.adopted.parts; index++) {
        plan_part_t part = plan_parts_at(&parts, index);
        sim_order_new(sim, plan_part_type(), &part);
    }
    if (!late) sim_order_new(sim, plan_adopted_type(), &parts.adopted);
    sim_trace(sim, "operator amends the plan%s: %llu parts; %u units, %u tasks, %u periods", wrong ? " as he may not" : "",
              (unsigned long long)parts.adopted.parts, plan.units_count, plan.tasks_count, plan.periods_count);
    plan_parts_destroy(&parts);
    if (wrong) return;
    periods_follow(sim, &plan);
    plan_set(sim, &plan); /* whoever reports goes by it from now on, in force or not */
}

static bool part_find(void *ledger, const uint8_t hash[HASH_SIZE], uint32_t index, arena_t *arena, plan_part_t *part) {
    event_t event;
    fault_t fault;
    for (uint64_t seq = 1; txn_event(ledger, seq, arena, &event, NULL); seq++)
        if (event_body(&event, plan_part_type(), arena, part, &fault) == OK && part->index == index &&
            memcmp(part->hash, hash, HASH_SIZE) == 0)
            return true;
    return false;
}

void sim_plan_take(sim_t *sim, txn_t *ledger, uint64_t seq) {
    event_t event; /* the plan's texts lie in it */
    plan_adopted_t adopted;
    plan_t plan;
    fault_t fault;
    bool there = txn_event(ledger, seq, sim->arena, &event, NULL);
    err_t err = there ? event_body(&event, plan_adopted_type(), sim->arena, &adopted, &fault) : ERR_MISSING;
    if (err == OK) err = plan_adopted_read(&adopted, (plan_parts_source_t){ledger, part_find}, sim->arena, &plan);
    SIM_HOLDS(sim, "ledger_is_readable", err == OK, "the plan of entry %llu: %s", (unsigned long long)seq, err_name(err));
    plan = in_order(sim, &plan);
    plan_set(sim, &plan);
}

/* The plan by which everything is counted at the end: the last that was adopted. */
void sim_plan_in_force(sim_t *sim) {
    txn_t *ledger = store_read(intake_store(sim->ledger.intake));
    event_t event;
    ASSERT(ledger != NULL);
    uint64_t seq = txn_head(ledger).seq;
    while (txn_event(ledger, seq, sim->arena, &event, NULL) && event.kind != KIND_plan_adopted) seq--;
    sim_plan_take(sim, ledger, seq);
    txn_abort(&ledger);
}
