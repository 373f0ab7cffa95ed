/* A plan indexed for look-ups: who is what, who owes what. */
#include "services/plan/plan.h"

#include <stdlib.h>

#include "services/plan/calendar.h"
#include "services/plan/plan_copy.h"

typedef struct {
    text_t id;
    const void *thing;
    const task_t *task; /* of an indicator */
} entry_t;

/* Sorted by id, for bisection. */
typedef struct {
    entry_t *entries;
    uint32_t count;
} catalogue_t;

struct planbook {
    arena_t *arena;
    plan_t plan;
    catalogue_t units, tasks, periods, indicators;
    bool *owed;              /* [task][unit]: lead or responsible */
    uint32_t *confirm_until; /* [task][unit]: last day of the longest term the unit confirms; 0 none */
};

static int entry_compare(const void *a, const void *b) {
    return text_compare(((const entry_t *)a)->id, ((const entry_t *)b)->id);
}

static catalogue_t catalogue_new(arena_t *arena, uint32_t room) {
    return (catalogue_t){.entries = ARENA_NEW(arena, entry_t, room == 0 ? 1 : room), .count = 0};
}

static void catalogue_add(catalogue_t *self, text_t id, const void *thing, const task_t *task) {
    self->entries[self->count++] = (entry_t){.id = id, .thing = thing, .task = task};
}

static void catalogue_close(catalogue_t *self) { qsort(self->entries, self->count, sizeof self->entries[0], entry_compare); }

static const entry_t *catalogue_find(const catalogue_t *self, text_t id) {
    entry_t wanted = {.id = id};
    return bsearch(&wanted, self->entries, self->count, sizeof self->entries[0], entry_compare);
}

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
    for (uint32_t index = 0; index < plan->periods_count; index++)
        catalogue_add(&self->periods, plan->periods[index].id, &plan->periods[index], NULL);
    for (uint32_t index = 0; index < plan->tasks_count; index++) {
        const task_t *task = &plan->tasks[index];
        catalogue_add(&self->tasks, task->id, task, NULL);
        for (uint32_t each = 0; each < task->indicators_count; each++)
            catalogue_add(&self->indicators, task->indicators[each].id, &task->indicators[each], task);
    }
    catalogue_close(&self->units);
    catalogue_close(&self->tasks);
    catalogue_close(&self->periods);
    catalogue_close(&self->indicators);
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
    return entry == NULL ? NULL : entry->task;
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

bool key_kind_is_unique(const plan_t *plan, key_kind_t kind) {
    for (uint32_t index = 0; index < plan->key_rules_count; index++)
        if (plan->key_rules[index].kind == kind) return plan->key_rules[index].unique;
    return false;
}

approval_t plan_approval(const plan_t *plan, const task_t *task, const unit_t *unit) {
    approval_t most = plan->approval > task->approval ? plan->approval : task->approval;
    return most > unit->approval ? most : unit->approval;
}

/* A unit owes what falls due while it exists; a period due after its own end is owed by who existed to its end. */
static bool unit_valid_for(const unit_t *unit, const period_t *period) {
    uint32_t day = period->due < period->to ? period->due : period->to;
    return (unit->from == 0 || unit->from <= day) && (unit->to == 0 || unit->to >= day);
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
