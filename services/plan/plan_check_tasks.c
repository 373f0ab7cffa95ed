/* Is a plan wrong in itself? Its tasks: who leads, whose figure counts, which target can be judged. */
#include <stddef.h>
#include <stdlib.h>

#include "services/plan/plan_check.h"

static const text_t nothing;

static void contributors_check(check_t *self, const task_t *task, text_t base, const text_t *ids, uint32_t count) {
    plan_check_unit_list(self, base, ".contributors", ids, count);
    for (uint32_t index = 0; index < count; index++)
        if (plan_check_knows_unit(self, ids[index]) && !plan_check_is_owed(self, ids[index]))
            plan_check_tell_at(self, base, ".contributors", index, "{1} 不是任务 {2} 的牵头或责任单位",
                               "{1} is neither lead nor responsible for the task {2}", ids[index], task->id);
}

static void members_check(check_t *self, const task_t *task, const indicator_t *indicator, text_t base) {
    text_t list = arena_format(self->arena, TEXT_FORMAT ".members", TEXT_ARGS(base));
    plan_check_unique(self, list.at, indicator->members, sizeof indicator->members[0], indicator->members_count);
    for (uint32_t index = 0; index < indicator->members_count; index++) {
        const member_t *member = &indicator->members[index];
        text_t place = arena_format(self->arena, TEXT_FORMAT "[%u]", TEXT_ARGS(list), index);
        contributors_check(self, task, place, member->contributors, member->contributors_count);
        if (member->contributors_count == 0)
            plan_check_tell(self, place, ".contributors", "分项 {1} 没有填数单位", "the member {1} has no contributor",
                            member->id, nothing);
    }
}

static void days_check(check_t *self, const task_t *task, const indicator_t *indicator, text_t base) {
    uint32_t due = indicator->target.due;
    if (due == 0) return;
    if (task->from != 0 && due < task->from)
        plan_check_tell(self, base, ".target.due", "指标 {1} 的时限早于任务开始日期",
                        "the target of {1} is due before its task begins", indicator->id, nothing);
    if (task->due != 0 && due > task->due)
        plan_check_tell(self, base, ".target.due", "指标 {1} 的时限晚于任务时限", "the target of {1} is due after its task",
                        indicator->id, nothing);
}

static void lasting_check(check_t *self, const indicator_t *indicator, text_t base) {
    const target_t *target = &indicator->target;
    if (target->shape != shape_lasting) {
        if (target->months > 0)
            plan_check_tell(self, base, ".target.months", "只有“到位并持续”的目标才有月数", "only a lasting target has months",
                            nothing, nothing);
        return;
    }
    if (target->months == 0)
        plan_check_tell(self, base, ".target.months", "须写明持续几个月", "a lasting target states its months", nothing,
                        nothing);
    if (target->due == 0)
        plan_check_tell(self, base, ".target.due", "须写明到位时限", "a lasting target states its due day", nothing, nothing);
    if (indicator->measure != measure_people)
        plan_check_tell(self, base, ".measure", "“到位并持续”的指标应按人员计", "a lasting target counts people", nothing,
                        nothing);
    if (indicator->items != need_required)
        plan_check_tell(self, base, ".items", "“到位并持续”的指标须逐人填写明细",
                        "a lasting target demands items, one a person", nothing, nothing);
    if (indicator->key_kind != key_kind_person)
        plan_check_tell(self, base, ".key_kind", "“到位并持续”的明细应以人员为编号",
                        "items of a lasting target are keyed by person", nothing, nothing);
}

static void target_check(check_t *self, const task_t *task, const indicator_t *indicator, text_t base) {
    const target_t *target = &indicator->target;
    if (target->shape == shape_none) {
        if (target->goal > 0 || target->due > 0 || target->months > 0 || target->stretch || target->by_fact)
            plan_check_tell(self, base, ".target.shape", "写了目标却没有写明目标类型", "a target without its shape", nothing,
                            nothing);
        return;
    }
    if (target->goal == 0)
        plan_check_tell(self, base, ".target.goal", "指标 {1} 的目标值应大于零", "the goal of {1} must be more than zero",
                        indicator->id, nothing);
    if (target->shape == shape_each && indicator->members_count == 0)
        plan_check_tell(self, base, ".members", "“逐个”的目标须列出分项", "a target for each needs members", nothing, nothing);
    if (target->shape == shape_subset && indicator->subset_of.size == 0)
        plan_check_tell(self, base, ".subset_of", "“其中”的目标须写明总数指标", "a subset target names its total", nothing,
                        nothing);
    if (target->by_fact && indicator->items != need_required)
        plan_check_tell(self, base, ".items", "按发生日期考核的指标须逐笔填写明细",
                        "a target by the facts' own days demands items", nothing, nothing);
    lasting_check(self, indicator, base);
    days_check(self, task, indicator, base);
}

static const indicator_t *indicator_of(const task_t *task, text_t id) {
    for (uint32_t index = 0; index < task->indicators_count; index++)
        if (text_equal(task->indicators[index].id, id)) return &task->indicators[index];
    return NULL;
}

static bool subset_is_cyclic(const task_t *task, const indicator_t *indicator) {
    const indicator_t *at = indicator;
    for (uint32_t step = 0; step <= task->indicators_count; step++) {
        if (at->subset_of.size == 0) return false;
        at = indicator_of(task, at->subset_of);
        if (at == NULL) return false;
        if (at == indicator) return true;
    }
    return false; /* it leads into a cycle of others, told there */
}

static void subset_check(check_t *self, const task_t *task, const indicator_t *indicator, text_t base) {
    if (indicator->subset_of.size == 0) return;
    const indicator_t *total = indicator_of(task, indicator->subset_of);
    if (total == NULL) {
        plan_check_tell(self, base, ".subset_of", "任务 {2} 没有指标 {1}", "the task {2} has no indicator {1}",
                        indicator->subset_of, task->id);
        return;
    }
    if (subset_is_cyclic(task, indicator)) {
        plan_check_tell(self, base, ".subset_of", "指标 {1} 与 {2} 互为其中项，成了循环",
                        "{1} is a part of {2} and of itself: a cycle", indicator->id, total->id);
        return;
    }
    if (total->measure != indicator->measure)
        plan_check_tell(self, base, ".measure", "其中项 {1} 与总数 {2} 的计量不同",
                        "the part {1} and its total {2} differ in measure", indicator->id, total->id);
    for (uint32_t index = 0; index < indicator->contributors_count; index++)
        if (!text_find(total->contributors, total->contributors_count, indicator->contributors[index]))
            plan_check_tell_at(self, base, ".contributors", index, "{1} 不填报总数 {2}，无法核对其中项",
                               "{1} does not report the total {2}", indicator->contributors[index], total->id);
}

static void indicator_check(check_t *self, const task_t *task, const indicator_t *indicator, text_t base) {
    contributors_check(self, task, base, indicator->contributors, indicator->contributors_count);
    members_check(self, task, indicator, base);
    if (indicator->contributors_count == 0 && indicator->members_count == 0)
        plan_check_tell(self, base, ".contributors", "指标 {1} 没有填数单位", "the indicator {1} has no contributor",
                        indicator->id, nothing);
    if (indicator->contributors_count > 0 && indicator->members_count > 0)
        plan_check_tell(self, base, ".contributors", "指标 {1} 有分项，填数单位应写在分项上",
                        "the members of {1} name their own contributors", indicator->id, nothing);
    if (indicator->items == need_none && indicator->key_kind != key_kind_none)
        plan_check_tell(self, base, ".key_kind", "指标 {1} 不填明细，无须写编号种类", "{1} takes no items, so they have no key",
                        indicator->id, nothing);
    if (indicator->key_kind == key_kind_person && indicator->measure != measure_people)
        plan_check_tell(self, base, ".key_kind", "只有按人员计的指标才以人员为编号",
                        "only an indicator of people is keyed by person", nothing, nothing);
    target_check(self, task, indicator, base);
    subset_check(self, task, indicator, base);
}

static void task_check(check_t *self, uint32_t index) {
    const plan_t *plan = self->plan;
    const task_t *task = &plan->tasks[index];
    text_t base = arena_format(self->arena, "tasks[%u]", index);
    plan_check_owed(self, task);
    plan_check_unit_list(self, base, ".lead", task->lead, task->lead_count);
    plan_check_unit_list(self, base, ".responsible", task->responsible, task->responsible_count);
    if (task->from != 0 && task->due != 0 && task->due < task->from)
        plan_check_tell(self, base, ".due", "任务 {1} 的时限早于开始日期", "the task {1} is due before it begins", task->id,
                        nothing);
    if (task->from != 0 && plan->from != 0 && task->from < plan->from)
        plan_check_tell(self, base, ".from", "任务 {1} 早于计划开始", "the task {1} begins before the plan", task->id, nothing);
    if (task->due != 0 && plan->to != 0 && task->due > plan->to)
        plan_check_tell(self, base, ".due", "任务 {1} 的时限晚于计划结束", "the task {1} is due after the plan ends", task->id,
                        nothing);
    for (uint32_t each = 0; each < task->indicators_count; each++)
        indicator_check(self, task, &task->indicators[each],
                        arena_format(self->arena, TEXT_FORMAT ".indicators[%u]", TEXT_ARGS(base), each));
}

typedef struct {
    text_t id;
    uint32_t task;
    uint32_t index;
} indicator_place_t;

static int place_compare(const void *a, const void *b) {
    const indicator_place_t *one = a, *other = b;
    int order = text_compare(one->id, other->id);
    if (order != 0) return order;
    if (one->task != other->task) return one->task < other->task ? -1 : 1;
    return one->index < other->index ? -1 : one->index > other->index;
}

/* Unique in the whole plan: a figure names its indicator alone. */
static void indicators_unique(check_t *self) {
    const plan_t *plan = self->plan;
    uint32_t count = 0, next = 0;
    for (uint32_t task = 0; task < plan->tasks_count; task++) count += plan->tasks[task].indicators_count;
    indicator_place_t *places = ARENA_NEW(self->arena, indicator_place_t, count + 1);
    for (uint32_t task = 0; task < plan->tasks_count; task++)
        for (uint32_t index = 0; index < plan->tasks[task].indicators_count; index++)
            places[next++] = (indicator_place_t){plan->tasks[task].indicators[index].id, task, index};
    qsort(places, count, sizeof places[0], place_compare);
    for (uint32_t at = 1; at < count; at++)
        if (places[at].id.size > 0 && text_equal(places[at].id, places[at - 1].id))
            plan_check_tell(self, arena_format(self->arena, "tasks[%u].indicators[%u]", places[at].task, places[at].index),
                            ".id", "指标编号 {1} 在计划中重复", "the indicator id {1} stands twice in the plan", places[at].id,
                            nothing);
}

void plan_check_tasks(check_t *self) {
    const plan_t *plan = self->plan;
    plan_check_unique(self, "tasks", plan->tasks, sizeof plan->tasks[0], plan->tasks_count);
    indicators_unique(self);
    for (uint32_t index = 0; index < plan->tasks_count; index++) task_check(self, index);
}
