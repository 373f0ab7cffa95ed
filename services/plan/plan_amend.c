/* May this plan follow that one in the same ledger? What was reported must keep its place: nothing that has an id goes, and
 * what totals are added up by stays. Units end by their last day, not by being left out. */
#include "services/plan/plan_check.h"

static const text_t nothing;

static void tell_gone(check_t *self, text_t base, const char *field, text_t id) {
    plan_check_tell(self, base, field, "{1} 已在计划中，修订时不能删去", "{1} is in the plan: an amendment cannot leave it out",
                    id, nothing);
}

static void tell_fixed(check_t *self, text_t base, const char *field, text_t id) {
    plan_check_tell(self, base, field, "{1}：已有数据按原样累计，修订时不能改",
                    "{1}: totals are kept by it, an amendment cannot change it", id, nothing);
}

static bool is_judged(const indicator_t *indicator) {
    return indicator->target.shape != shape_none && indicator->target.goal > 0;
}

static void indicator_amend(check_t *self, text_t base, const indicator_t *old, const indicator_t *now) {
    if (now->measure != old->measure) tell_fixed(self, base, ".measure", old->id);
    if (now->target.shape != old->target.shape || is_judged(now) != is_judged(old))
        tell_fixed(self, base, ".target.shape", old->id);
    if ((now->members_count > 0) != (old->members_count > 0)) tell_fixed(self, base, ".members", old->id);
    for (uint32_t index = 0; index < old->members_count; index++)
        if (indicator_member(now, old->members[index].id) == NULL) tell_gone(self, base, ".members", old->members[index].id);
}

static void indicators_amend(check_t *self, const planbook_t *old, const planbook_t *now) {
    const plan_t *plan = planbook_plan(old);
    for (uint32_t task = 0; task < plan->tasks_count; task++) {
        for (uint32_t index = 0; index < plan->tasks[task].indicators_count; index++) {
            const indicator_t *before = &plan->tasks[task].indicators[index], *after = planbook_indicator(now, before->id);
            if (after == NULL || !text_equal(planbook_task_of(now, after)->id, plan->tasks[task].id)) {
                tell_gone(self, text_of("tasks"), "", before->id);
                continue;
            }
            uint32_t place = (uint32_t)(planbook_task_of(now, after) - planbook_plan(now)->tasks);
            uint32_t at = (uint32_t)(after - planbook_plan(now)->tasks[place].indicators);
            indicator_amend(self, arena_format(self->arena, "tasks[%u].indicators[%u]", place, at), before, after);
        }
    }
}

/* A figure without rows counts on the last day of its period; an opening balance on the plan's first. */
static void periods_amend(check_t *self, const planbook_t *old, const planbook_t *now) {
    const plan_t *plan = planbook_plan(old);
    for (uint32_t index = 0; index < plan->periods_count; index++) {
        const period_t *before = &plan->periods[index], *after = planbook_period(now, before->id);
        if (after == NULL) {
            tell_gone(self, text_of("periods"), "", before->id);
            continue;
        }
        bool same = after->from == before->from && after->to == before->to && after->confirmation == before->confirmation;
        if (!same)
            tell_fixed(self, arena_format(self->arena, "periods[%u]", planbook_period_index(now, after)), "", before->id);
    }
}

uint32_t plan_amend_check(const planbook_t *old, const planbook_t *now, plan_fault_t *faults, uint32_t room) {
    const plan_t *before = planbook_plan(old), *after = planbook_plan(now);
    arena_t *arena = arena_new();
    check_t self = {.plan = after, .arena = arena, .faults = faults, .room = room};
    if (!text_equal(before->id, after->id)) tell_fixed(&self, nothing, "id", before->id);
    if (before->from != after->from) tell_fixed(&self, nothing, "from", before->id);
    if (before->offset_minutes != after->offset_minutes) tell_fixed(&self, nothing, "offset_minutes", before->id);
    for (uint32_t index = 0; index < before->units_count; index++)
        if (planbook_unit(now, before->units[index].id) == NULL)
            tell_gone(&self, text_of("units"), "", before->units[index].id);
    for (uint32_t index = 0; index < before->tasks_count; index++)
        if (planbook_task(now, before->tasks[index].id) == NULL)
            tell_gone(&self, text_of("tasks"), "", before->tasks[index].id);
    indicators_amend(&self, old, now);
    periods_amend(&self, old, now);
    arena_destroy(&arena);
    return self.count;
}
