/* A plan indexed for look-ups: who is what, who owes what. */
#include "services/plan/plan.h"

#include <stdlib.h>

#include "services/plan/calendar.h"
#include "services/plan/catalogue.h"
#include "services/plan/plan_copy.h"

struct planbook {
    arena_t *arena;
    plan_t plan;
    catalogue_t units, tasks, periods, indicators;
    int64_t *opens_ms;       /* [period] */
    bool *owed;              /* [task][unit]: lead or responsible */
    uint32_t *confirm_until; /* [task][unit]: last day of the longest term the unit confirms; 0 none */
    uint32_t *first_row;     /* [task]: of its indicators in the next two; one after the other from there */
    uint64_t *contributed;   /* a bit a unit: does the indicator count its figure? */
    uint64_t *contributed_any; /* the same of any member too */
};

static void index_things(planbook_t *self) {
    const plan_t *plan = &self->plan;
    uint32_t indicator_count = 0;
    for (uint32_t index = 0; index < plan->tasks_count; index++) indicator_count += plan->tasks[index].indicators_count;
    self->units = catalogue_new(self->arena, plan->units_count);
    self->tasks = catalogue_new(self->arena, plan->tasks_count);
    self->periods = catalogue_new(self->arena, plan->periods_count);
    self->indicators = catalogue_new(self->arena, indicator_count);
    for (uint32_t index = 0; index < plan->units_count; index++)
        catalogue_add(&self->units, plan->units[index].id, &plan->units[index], NULL);
    self->opens_ms = ARENA_NEW(self->arena, int64_t, plan->periods_count);
    for (uint32_t index = 0; index < plan->periods_count; index++) {
        catalogue_add(&self->periods, plan->periods[index].id, &plan->periods[index], NULL);
        self->opens_ms[index] = instant_of_day(plan, plan->periods[index].from, 0);
    }
    for (uint32_t index = 0; index < plan->tasks_count; index++) {
        const task_t *task = &plan->tasks[index];
        catalogue_add(&self->tasks, task->id, task, NULL);
        for (uint32_t each = 0; each < task->indicators_count; each++)
            catalogue_add(&self->indicators, task->indicators[each].id, &task->indicators[each], task);
    }
}

static uint32_t bit_words(const planbook_t *self) { return self->plan.units_count / 64 + 1; }

static uint64_t *bit_row(const planbook_t *self, uint64_t *bits, const task_t *task, const indicator_t *indicator) {
    uint32_t row = self->first_row[task - self->plan.tasks] + (uint32_t)(indicator - task->indicators);
    return bits + (size_t)row * bit_words(self);
}

static void mark_bits(const planbook_t *self, uint64_t *row, const text_t *ids, uint32_t count) {
    for (uint32_t index = 0; index < count; index++) {
        const unit_t *unit = planbook_unit(self, ids[index]);
        uint32_t at = unit == NULL ? 0 : planbook_unit_index(self, unit);
        if (unit != NULL) row[at / 64] |= (uint64_t)1 << at % 64;
    }
}

/* Of the members' own contributors, who are few each, no table is made: it could be much larger than the plan. */
static void index_contributors(planbook_t *self) {
    const plan_t *plan = &self->plan;
    uint32_t rows = 0;
    self->first_row = ARENA_NEW(self->arena, uint32_t, plan->tasks_count + 1);
    for (uint32_t index = 0; index < plan->tasks_count; index++) {
        self->first_row[index] = rows;
        rows += plan->tasks[index].indicators_count;
    }
    self->contributed = ARENA_NEW(self->arena, uint64_t, (size_t)rows * bit_words(self) + 1);
    self->contributed_any = ARENA_NEW(self->arena, uint64_t, (size_t)rows * bit_words(self) + 1);
    for (uint32_t index = 0; index < plan->tasks_count; index++) {
        const task_t *task = &plan->tasks[index];
        for (uint32_t each = 0; each < task->indicators_count; each++) {
            const indicator_t *indicator = &task->indicators[each];
            uint64_t *any = bit_row(self, self->contributed_any, task, indicator);
            mark_bits(self, bit_row(self, self->contributed, task, indicator), indicator->contributors,
                      indicator->contributors_count);
            mark_bits(self, any, indicator->contributors, indicator->contributors_count);
            for (uint32_t member = 0; member < indicator->members_count; member++)
                mark_bits(self, any, indicator->members[member].contributors, indicator->members[member].contributors_count);
        }
    }
}

static size_t cell_of(const planbook_t *self, const task_t *task, const unit_t *unit) {
    return (size_t)(task - self->plan.tasks) * self->plan.units_count + planbook_unit_index(self, unit);
}

static void mark_owed(planbook_t *self, const task_t *task, const text_t *ids, uint32_t count) {
    for (uint32_t index = 0; index < count; index++) {
        const unit_t *unit = planbook_unit(self, ids[index]);
        if (unit != NULL) self->owed[cell_of(self, task, unit)] = true;
    }
}

static void mark_confirming(planbook_t *self, const task_t *task, const text_t *ids, uint32_t count, uint32_t until) {
    for (uint32_t index = 0; index < count; index++) {
        const unit_t *unit = planbook_unit(self, ids[index]);
        if (unit == NULL) continue;
        uint32_t *cell = &self->confirm_until[cell_of(self, task, unit)];
        if (*cell < until) *cell = until;
    }
}

static void index_obligations(planbook_t *self) {
    const plan_t *plan = &self->plan;
    size_t cells = (size_t)plan->tasks_count * plan->units_count;
    self->owed = ARENA_NEW(self->arena, bool, cells == 0 ? 1 : cells);
    self->confirm_until = ARENA_NEW(self->arena, uint32_t, cells == 0 ? 1 : cells);
    for (uint32_t index = 0; index < plan->tasks_count; index++) {
        const task_t *task = &plan->tasks[index];
        mark_owed(self, task, task->lead, task->lead_count);
        mark_owed(self, task, task->responsible, task->responsible_count);
        for (uint32_t each = 0; each < task->indicators_count; each++) {
            const indicator_t *indicator = &task->indicators[each];
            if (indicator->target.shape != shape_lasting) continue;
            uint32_t due = indicator->target.due != 0 ? indicator->target.due : task->due;
            uint32_t until = day_add_months(due, (uint32_t)indicator->target.months);
            mark_confirming(self, task, indicator->contributors, indicator->contributors_count, until);
            for (uint32_t member = 0; member < indicator->members_count; member++)
                mark_confirming(self, task, indicator->members[member].contributors,
                                indicator->members[member].contributors_count, until);
        }
    }
}

planbook_t *planbook_new(const plan_t *plan) {
    planbook_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    self->arena = arena_new();
    plan_copy(plan, self->arena, &self->plan);
    index_things(self);
    index_obligations(self);
    index_contributors(self);
    return self;
}

void planbook_destroy(planbook_t **self) {
    if (*self == NULL) return;
    arena_destroy(&(*self)->arena);
    free(*self);
    *self = NULL;
}

const plan_t *planbook_plan(const planbook_t *self) { return &self->plan; }

static const void *thing_found(const catalogue_t *catalogue, text_t id) {
    const entry_t *entry = catalogue_find(catalogue, id);
    return entry == NULL ? NULL : entry->thing;
}

const unit_t *planbook_unit(const planbook_t *self, text_t id) { return thing_found(&self->units, id); }

const task_t *planbook_task(const planbook_t *self, text_t id) { return thing_found(&self->tasks, id); }

const period_t *planbook_period(const planbook_t *self, text_t id) { return thing_found(&self->periods, id); }

const indicator_t *planbook_indicator(const planbook_t *self, text_t id) { return thing_found(&self->indicators, id); }

const task_t *planbook_task_of(const planbook_t *self, const indicator_t *indicator) {
    const entry_t *entry = catalogue_find(&self->indicators, indicator->id);
    return entry == NULL ? NULL : entry->above;
}

const member_t *indicator_member(const indicator_t *self, text_t id) {
    for (uint32_t index = 0; index < self->members_count; index++)
        if (text_equal(self->members[index].id, id)) return &self->members[index];
    return NULL;
}

uint32_t planbook_unit_index(const planbook_t *self, const unit_t *unit) {
    ASSERT(unit >= self->plan.units && unit < self->plan.units + self->plan.units_count);
    return (uint32_t)(unit - self->plan.units);
}

uint32_t planbook_period_index(const planbook_t *self, const period_t *period) {
    ASSERT(period >= self->plan.periods && period < self->plan.periods + self->plan.periods_count);
    return (uint32_t)(period - self->plan.periods);
}

int64_t planbook_opens_ms(const planbook_t *self, const period_t *period) {
    return self->opens_ms[planbook_period_index(self, period)];
}

bool task_led_by(const task_t *self, text_t unit) { return text_find(self->lead, self->lead_count, unit); }

bool task_owed_by(const task_t *self, text_t unit) {
    return task_led_by(self, unit) || text_find(self->responsible, self->responsible_count, unit);
}

bool indicator_contributed_by(const indicator_t *self, text_t member, text_t unit) {
    if (member.size == 0) return text_find(self->contributors, self->contributors_count, unit);
    const member_t *found = indicator_member(self, member);
    return found != NULL && text_find(found->contributors, found->contributors_count, unit);
}

bool indicator_any_contributed_by(const indicator_t *self, text_t unit) {
    if (text_find(self->contributors, self->contributors_count, unit)) return true;
    for (uint32_t index = 0; index < self->members_count; index++)
        if (text_find(self->members[index].contributors, self->members[index].contributors_count, unit)) return true;
    return false;
}

static bool bit_of(const planbook_t *self, uint64_t *bits, const task_t *task, const indicator_t *indicator, const unit_t *unit) {
    uint32_t at = planbook_unit_index(self, unit);
    return bit_row(self, bits, task, indicator)[at / 64] >> at % 64 & 1;
}

bool planbook_contributes(const planbook_t *self, const task_t *task, const indicator_t *indicator, text_t member,
                          const unit_t *unit) {
    if (member.size > 0) return indicator_contributed_by(indicator, member, unit->id);
    return bit_of(self, self->contributed, task, indicator, unit);
}

bool planbook_contributes_any(const planbook_t *self, const task_t *task, const indicator_t *indicator, const unit_t *unit) {
    return bit_of(self, self->contributed_any, task, indicator, unit);
}

bool key_kind_is_unique(const plan_t *plan, key_kind_t kind) {
    for (uint32_t index = 0; index < plan->key_rules_count; index++)
        if (plan->key_rules[index].kind == kind) return plan->key_rules[index].unique;
    return false;
}

approval_t plan_approval(const plan_t *plan, const task_t *task, const unit_t *unit) {
    approval_t most = plan->approval > task->approval ? plan->approval : task->approval;
    return most > unit->approval ? most : unit->approval;
}

bool unit_is_there(const unit_t *self, uint32_t day) {
    return (self->from == 0 || self->from <= day) && (self->to == 0 || self->to >= day);
}

/* A unit owes what falls due while it exists; a period due after its own end is owed by who existed to its end. */
static bool unit_valid_for(const unit_t *unit, const period_t *period) {
    uint32_t day = period->due < period->to ? period->due : period->to;
    return unit_is_there(unit, day);
}

bool planbook_owes(const planbook_t *self, const unit_t *unit, const task_t *task, const period_t *period) {
    if (!unit_valid_for(unit, period)) return false;
    size_t cell = cell_of(self, task, unit);
    return period->confirmation ? self->confirm_until[cell] >= period->from : self->owed[cell];
}

bool planbook_owed_by(const planbook_t *self, const task_t *task, const unit_t *unit) {
    return self->owed[cell_of(self, task, unit)];
}

uint32_t planbook_obligation_count(const planbook_t *self, const period_t *period) {
    uint32_t count = 0;
    for (uint32_t task = 0; task < self->plan.tasks_count; task++)
        for (uint32_t unit = 0; unit < self->plan.units_count; unit++)
            if (planbook_owes(self, &self->plan.units[unit], &self->plan.tasks[task], period)) count++;
    return count;
}
