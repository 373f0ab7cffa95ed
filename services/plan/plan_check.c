/* Is a plan wrong in itself? The plan's own frame: days, units, periods, calendar, ladders. */
#include "services/plan/plan_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"
#include "services/plan/plan_sentence.h"

static const text_t nothing;

void plan_check_tell(check_t *self, text_t base, const char *field, const char *zh, const char *en, text_t a, text_t b) {
    if (self->count < self->room) {
        plan_fault_t *fault = &self->faults[self->count];
        snprintf(fault->path, sizeof fault->path, TEXT_FORMAT "%s", TEXT_ARGS(base), field);
        sentence_fill(fault->what, sizeof fault->what, en, a, b);
        sentence_fill(fault->what_zh, sizeof fault->what_zh, zh, a, b);
    }
    self->count++;
}

void plan_check_tell_at(check_t *self, text_t base, const char *field, uint32_t index, const char *zh, const char *en, text_t a,
                        text_t b) {
    plan_check_tell(self, arena_format(self->arena, TEXT_FORMAT "%s[%u]", TEXT_ARGS(base), field, index), "", zh, en, a, b);
}

typedef struct {
    text_t id;
    uint32_t index;
} place_t;

static int place_compare(const void *a, const void *b) {
    const place_t *one = a, *other = b;
    int order = text_compare(one->id, other->id);
    return order != 0 ? order : one->index < other->index ? -1 : one->index > other->index;
}

static int text_compare_void(const void *a, const void *b) { return text_compare(*(const text_t *)a, *(const text_t *)b); }

/* Of the list at hand: a large plan has a thousand of thousands. */
static place_t *places_new(check_t *self, uint32_t count) {
    arena_reset(self->passing);
    return ARENA_NEW(self->passing, place_t, count + 1);
}

static const text_t *unit_found(const check_t *self, text_t id) {
    return bsearch(&id, self->unit_ids, self->plan->units_count, sizeof id, text_compare_void);
}

bool plan_check_knows_unit(const check_t *self, text_t id) { return unit_found(self, id) != NULL; }

bool plan_check_is_owed(const check_t *self, text_t id) {
    const text_t *found = unit_found(self, id);
    return found != NULL && self->owed[found - self->unit_ids];
}

static void units_mark(check_t *self, const text_t *ids, uint32_t count) {
    for (uint32_t index = 0; index < count; index++) {
        const text_t *found = unit_found(self, ids[index]);
        if (found != NULL) self->owed[found - self->unit_ids] = true;
    }
}

void plan_check_owed(check_t *self, const task_t *task) {
    memset(self->owed, 0, self->plan->units_count);
    units_mark(self, task->lead, task->lead_count);
    units_mark(self, task->responsible, task->responsible_count);
}

void plan_check_unique(check_t *self, const char *list, const void *records, size_t stride, uint32_t count) {
    place_t *places = places_new(self, count);
    for (uint32_t index = 0; index < count; index++)
        places[index] = (place_t){*(const text_t *)(const void *)((const uint8_t *)records + stride * index), index};
    qsort(places, count, sizeof places[0], place_compare);
    for (uint32_t index = 1; index < count; index++) {
        if (places[index].id.size == 0 || !text_equal(places[index].id, places[index - 1].id)) continue;
        text_t base = arena_format(self->arena, "%s[%u]", list, places[index].index);
        plan_check_tell(self, base, ".id", "编号 {1} 重复", "the id {1} stands twice", places[index].id, nothing);
    }
}

void plan_check_unit_list(check_t *self, text_t base, const char *field, const text_t *ids, uint32_t count) {
    place_t *places = places_new(self, count);
    for (uint32_t index = 0; index < count; index++) {
        places[index] = (place_t){ids[index], index};
        if (!plan_check_knows_unit(self, ids[index]))
            plan_check_tell_at(self, base, field, index, "没有单位 {1}", "there is no unit {1}", ids[index], nothing);
    }
    qsort(places, count, sizeof places[0], place_compare);
    for (uint32_t index = 1; index < count; index++)
        if (text_equal(places[index].id, places[index - 1].id))
            plan_check_tell_at(self, base, field, places[index].index, "单位 {1} 重复列出", "the unit {1} is listed twice",
                               places[index].id, nothing);
}

static void check_frame(check_t *self) {
    const plan_t *plan = self->plan;
    if (plan->from != 0 && plan->to != 0 && plan->to < plan->from)
        plan_check_tell(self, nothing, "to", "计划的结束日期早于开始日期", "the plan ends before it begins", nothing, nothing);
    if (plan->coordinator.size > 0 && !plan_check_knows_unit(self, plan->coordinator))
        plan_check_tell(self, nothing, "coordinator", "统筹单位 {1} 不在单位名单中",
                        "the coordinator {1} is not among the units", plan->coordinator, nothing);
    if (plan->supervisor.size == 0) return;
    if (!plan_check_knows_unit(self, plan->supervisor))
        plan_check_tell(self, nothing, "supervisor", "督办单位 {1} 不在单位名单中", "the supervisor {1} is not among the units",
                        plan->supervisor, nothing);
    if (text_equal(plan->supervisor, plan->coordinator))
        plan_check_tell(self, nothing, "supervisor", "督办单位不能就是统筹单位：自己的报告须由别人裁定",
                        "the supervisor cannot be the coordinator: its own reports are for somebody else to decide", nothing,
                        nothing);
}

static void check_units(check_t *self) {
    const plan_t *plan = self->plan;
    plan_check_unique(self, "units", plan->units, sizeof plan->units[0], plan->units_count);
    for (uint32_t index = 0; index < plan->units_count; index++) {
        const unit_t *unit = &plan->units[index];
        if (unit->from == 0 || unit->to == 0 || unit->from <= unit->to) continue;
        plan_check_tell(self, arena_format(self->arena, "units[%u]", index), ".to", "单位 {1} 的终止日期早于起始日期",
                        "the unit {1} ends before it begins", unit->id, nothing);
    }
}

static void check_period(check_t *self, uint32_t index) {
    const plan_t *plan = self->plan;
    const period_t *period = &plan->periods[index];
    text_t base = arena_format(self->arena, "periods[%u]", index);
    if (period->from == 0 || period->to == 0 || period->due == 0) return;
    if (period->to < period->from)
        plan_check_tell(self, base, ".to", "报送期 {1} 的结束早于开始", "the period {1} ends before it begins", period->id,
                        nothing);
    if (period->due < period->from)
        plan_check_tell(self, base, ".due", "报送期 {1} 的截止日期早于开始日期", "the period {1} is due before it begins",
                        period->id, nothing);
    if (index > 0 && plan->periods[index - 1].to >= period->from)
        plan_check_tell(self, base, ".from", "报送期 {1} 与上一期重叠或次序颠倒",
                        "the period {1} overlaps the one before it, or comes before it", period->id, nothing);
    if (plan->from == 0 || plan->to == 0) return;
    if (!period->confirmation && (period->to < plan->from || period->from > plan->to))
        plan_check_tell(self, base, ".from", "报送期 {1} 不在计划期内", "the period {1} lies outside the plan", period->id,
                        nothing);
    if (period->confirmation && period->from <= plan->to)
        plan_check_tell(self, base, ".confirmation", "确认期 {1} 应在计划期之后",
                        "the confirmation period {1} must lie after the plan", period->id, nothing);
}

static void check_days(check_t *self, const char *list, const uint32_t *days, uint32_t count) {
    for (uint32_t index = 1; index < count; index++)
        if (days[index] <= days[index - 1])
            plan_check_tell_at(self, nothing, list, index, "日期须升序且不重复", "the days must ascend, each once", nothing,
                               nothing);
}

static void check_calendar(check_t *self) {
    const plan_t *plan = self->plan;
    check_days(self, "holidays", plan->holidays, plan->holidays_count);
    check_days(self, "workdays", plan->workdays, plan->workdays_count);
    for (uint32_t rest = 0, work = 0; rest < plan->holidays_count && work < plan->workdays_count;) {
        if (plan->holidays[rest] == plan->workdays[work])
            plan_check_tell_at(self, nothing, "workdays", work, "{1} 既是节假日又是调休上班日",
                               "{1} is both a holiday and a make-up workday",
                               arena_format(self->arena, "%u", plan->workdays[work]), nothing);
        if (plan->holidays[rest] <= plan->workdays[work])
            rest++;
        else
            work++;
    }
    if (plan->day_ends < plan->day_begins)
        plan_check_tell(self, nothing, "day_ends", "下班时间早于上班时间", "working hours end before they begin", nothing,
                        nothing);
}

/* Days from the deadline, negative before it. */
static int64_t rung_place(const rung_t *rung) { return rung->after ? (int64_t)rung->days : -(int64_t)rung->days; }

static void check_ladder(check_t *self, const char *name, const ladder_t *ladder) {
    for (uint32_t index = 0; index < ladder->rungs_count; index++) {
        const rung_t *rung = &ladder->rungs[index];
        text_t base = arena_format(self->arena, "%s.rungs[%u]", name, index);
        if (rung->level == level_none)
            plan_check_tell(self, base, ".level", "提醒 {1} 没有级别", "the rung {1} has no level", rung->name, nothing);
        if (index > 0 && rung_place(rung) <= rung_place(&ladder->rungs[index - 1]))
            plan_check_tell(self, base, "", "提醒 {1} 须按时间先后排列，且每天至多一次",
                            "the rung {1} must come later than the one before it", rung->name, nothing);
    }
    if (ladder->repeat_most > 0 && ladder->repeat_most < ladder->repeat_days)
        plan_check_tell(self, text_of(name), ".repeat_most", "最长间隔小于 repeat_days", "the longest step is shorter than repeat_days",
                        nothing, nothing);
    if (ladder->repeat_days == 0 || ladder->rungs_count == 0) return;
    if (!ladder->rungs[ladder->rungs_count - 1].after)
        plan_check_tell(self, text_of(name), ".repeat_days", "只有截止后的提醒可以重复",
                        "only a rung after the deadline can repeat", nothing, nothing);
}

static void check_key_rules(check_t *self) {
    const plan_t *plan = self->plan;
    for (uint32_t index = 0; index < plan->key_rules_count; index++)
        for (uint32_t other = 0; other < index; other++)
            if (plan->key_rules[index].kind == plan->key_rules[other].kind)
                plan_check_tell_at(self, nothing, "key_rules", index, "同一类编号有两条规则", "this kind of key has two rules",
                                   nothing, nothing);
}

static void check_soft_rules(check_t *self) {
    const plan_t *plan = self->plan;
    for (uint32_t index = 0; index < plan->soft_rules_count; index++) {
        const soft_rule_t *rule = &plan->soft_rules[index];
        if (rule->code.size > 0 && !soft_rule_exists(rule->code))
            plan_check_tell_at(self, nothing, "soft_rules", index, "没有软规则 {1}", "there is no soft rule {1}", rule->code,
                               nothing);
        for (uint32_t other = 0; other < index; other++)
            if (rule->code.size > 0 && text_equal(rule->code, plan->soft_rules[other].code))
                plan_check_tell_at(self, nothing, "soft_rules", index, "软规则 {1} 写了两次", "the soft rule {1} stands twice",
                                   rule->code, nothing);
    }
    thresholds_t here = plan_thresholds(plan);
    if (here.factor_low > here.factor_high)
        plan_check_tell(self, text_of("thresholds"), ".factor_high", "倍数的上限低于下限",
                        "the factor ends before it begins", nothing, nothing);
    if (here.outlier_times == 1 || here.same_months == 1)
        plan_check_tell(self, text_of("thresholds"), "", "界限为 1 时，每份报告都要说明",
                        "with a threshold of 1 every report would have to be explained", nothing, nothing);
}

/* Only where nothing else is wrong: it names the first fault alone, in the codec's words. */
static void check_bounds(check_t *self) {
    fault_t fault = {0};
    if (wire_check(plan_type(), self->plan, &fault) != OK) {
        const reason_text_t *reason = reason_find(text_of(fault.code));
        const char *zh = reason == NULL ? "内容不合规" : reason->zh, *en = reason == NULL ? "not valid" : reason->en;
        plan_check_tell(self, text_of(fault.path), "", zh, en, text_of(fault.code), nothing);
        return;
    }
    buffer_t bytes = {0};
    wire_encode(plan_type(), self->plan, &bytes);
    if (bytes.size > LIMIT_PLAN)
        plan_check_tell(self, nothing, "", "计划过大", "the plan is too large", nothing, nothing);
    buffer_destroy(&bytes);
}

static uint32_t check_run(const plan_t *plan, bool bounds, plan_fault_t *faults, uint32_t room) {
    arena_t *arena = arena_new();
    text_t *ids = ARENA_NEW(arena, text_t, plan->units_count + 1);
    for (uint32_t index = 0; index < plan->units_count; index++) ids[index] = plan->units[index].id;
    qsort(ids, plan->units_count, sizeof ids[0], text_compare_void);
    check_t self = {.plan = plan, .arena = arena, .passing = arena_new(), .faults = faults, .room = room, .unit_ids = ids};
    self.owed = ARENA_NEW(arena, bool, plan->units_count + 1);
    check_frame(&self);
    check_units(&self);
    plan_check_unique(&self, "score", plan->score, sizeof plan->score[0], plan->score_count);
    plan_check_unique(&self, "periods", plan->periods, sizeof plan->periods[0], plan->periods_count);
    for (uint32_t index = 0; index < plan->periods_count; index++) check_period(&self, index);
    plan_check_tasks(&self);
    check_calendar(&self);
    check_ladder(&self, "report_ladder", &plan->report_ladder);
    check_ladder(&self, "target_ladder", &plan->target_ladder);
    check_key_rules(&self);
    check_soft_rules(&self);
    if (bounds && self.count == 0) check_bounds(&self);
    arena_destroy(&self.passing);
    arena_destroy(&arena);
    return self.count;
}

uint32_t plan_check(const plan_t *plan, plan_fault_t *faults, uint32_t room) { return check_run(plan, true, faults, room); }

uint32_t plan_check_sense(const plan_t *plan, plan_fault_t *faults, uint32_t room) {
    return check_run(plan, false, faults, room);
}
