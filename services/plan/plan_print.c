/* A plan for people: tasks, units, obligations, every deadline with its instant and its rule; in Chinese or in English. */
#include <stdarg.h>
#include <stdio.h>

#include "services/plan/amount.h"
#include "services/plan/calendar.h"
#include "services/plan/plan_file.h"
#include "services/plan/text_table.h"

typedef struct {
    const planbook_t *book;
    const plan_t *plan;
    arena_t *arena;
    buffer_t *out;
    bool zh;
} printer_t;

static const text_t nothing;

static const char *either(const printer_t *self, const char *zh, const char *en) { return self->zh ? zh : en; }

static text_t say(const printer_t *self, const char *zh, const char *en) { return text_of(either(self, zh, en)); }

static void line(const printer_t *self, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line(const printer_t *self, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (size > 0) buffer_add(self->out, text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
    buffer_add(self->out, "\n", 1);
}

static text_t day_text(const printer_t *self, uint32_t day) {
    return arena_format(self->arena, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
}

static const char *weekday_text(const printer_t *self, uint32_t day) {
    static const char *const names[7][2] = {{"周一", "Mon"}, {"周二", "Tue"}, {"周三", "Wed"}, {"周四", "Thu"},
                                            {"周五", "Fri"}, {"周六", "Sat"}, {"周日", "Sun"}};
    const char *const *name = names[day_weekday(day) - 1];
    return either(self, name[0], name[1]);
}

static text_t instant_text(const printer_t *self, int64_t at_ms) {
    uint32_t day = day_of_instant(self->plan, at_ms), minute = minute_of_instant(self->plan, at_ms);
    uint32_t offset = (uint32_t)self->plan->offset_minutes;
    int64_t ms = at_ms - instant_of_day(self->plan, day, minute);
    return arena_format(self->arena, TEXT_FORMAT "T%02u:%02u:%02u.%03u+%02u:%02u", TEXT_ARGS(day_text(self, day)), minute / 60,
                        minute % 60, (uint32_t)(ms / 1000), (uint32_t)(ms % 1000), offset / 60, offset % 60);
}

static text_t unit_name(const printer_t *self, text_t id) {
    const unit_t *unit = planbook_unit(self->book, id);
    return unit == NULL ? id : unit->name;
}

/* The first eight by name, the rest by number. */
static text_t unit_names(const printer_t *self, const text_t *ids, uint32_t count) {
    enum { NAMED = 8 };
    text_t names = {0};
    if (count == 0) return text_of("–");
    for (uint32_t index = 0; index < count && index < NAMED; index++)
        names = arena_format(self->arena, TEXT_FORMAT "%s" TEXT_FORMAT, TEXT_ARGS(names),
                             index == 0 ? "" : either(self, "、", ", "), TEXT_ARGS(unit_name(self, ids[index])));
    if (count <= NAMED) return names;
    return self->zh ? arena_format(self->arena, TEXT_FORMAT "等%u家", TEXT_ARGS(names), count)
                    : arena_format(self->arena, TEXT_FORMAT " and %u more", TEXT_ARGS(names), count - NAMED);
}

static void print_head(const printer_t *self) {
    const plan_t *plan = self->plan;
    line(self, TEXT_FORMAT "  [" TEXT_FORMAT "]", TEXT_ARGS(plan->title), TEXT_ARGS(plan->id));
    if (plan->region.size > 0 || plan->partner.size > 0)
        line(self, "  " TEXT_FORMAT " " TEXT_FORMAT " → " TEXT_FORMAT " " TEXT_FORMAT, TEXT_ARGS(plan->region_name),
             TEXT_ARGS(plan->region), TEXT_ARGS(plan->partner_name), TEXT_ARGS(plan->partner));
    line(self, "  %s " TEXT_FORMAT " – " TEXT_FORMAT, either(self, "计划期", "plan from"),
         TEXT_ARGS(day_text(self, plan->from)), TEXT_ARGS(day_text(self, plan->to)));
    line(self, "  %s " TEXT_FORMAT "%s" TEXT_FORMAT, either(self, "统筹单位", "coordinator"),
         TEXT_ARGS(unit_name(self, plan->coordinator)),
         plan->supervisor.size == 0 ? "" : either(self, "；督办单位 ", "; supervisor "),
         TEXT_ARGS(plan->supervisor.size == 0 ? nothing : unit_name(self, plan->supervisor)));
    line(self, "  %s %s; roll=%s grace=%llu min cutoff=%02llu:%02llu", either(self, "报送周期", "cycle"),
         either(self, WORD_ZH(cycle, plan->cycle), WORD_EN(cycle, plan->cycle)), WORD_NAME(roll, plan->roll),
         (unsigned long long)plan->grace_minutes,
         (unsigned long long)(plan->cutoff_minute == 0 ? 24 : plan->cutoff_minute / 60),
         (unsigned long long)(plan->cutoff_minute % 60));
}

/* Which reports are approved inside the unit; nothing where none is. */
static void print_approval(const printer_t *self) {
    const plan_t *plan = self->plan;
    if (plan->approval != approval_none)
        line(self, "  %s %s", either(self, "单位内部审核", "approval inside the unit"),
             either(self, WORD_ZH(approval, plan->approval), WORD_EN(approval, plan->approval)));
    for (uint32_t index = 0; index < plan->tasks_count; index++)
        if (plan->tasks[index].approval > plan->approval)
            line(self, "    " TEXT_FORMAT " %s", TEXT_ARGS(plan->tasks[index].name),
                 either(self, WORD_ZH(approval, plan->tasks[index].approval), WORD_EN(approval, plan->tasks[index].approval)));
    for (uint32_t index = 0; index < plan->units_count; index++)
        if (plan->units[index].approval > plan->approval)
            line(self, "    " TEXT_FORMAT " %s", TEXT_ARGS(plan->units[index].name),
                 either(self, WORD_ZH(approval, plan->units[index].approval), WORD_EN(approval, plan->units[index].approval)));
}

static text_t target_text(const printer_t *self, const indicator_t *indicator) {
    const target_t *target = &indicator->target;
    if (target->shape == shape_none) return say(self, "不设目标", "counted only");
    const char *shape = either(self, WORD_ZH(shape, target->shape), WORD_EN(shape, target->shape));
    text_t goal = amount_show((int64_t)target->goal, indicator->measure, indicator->unit_word, self->arena);
    text_t text = arena_format(self->arena, "%s ≥ " TEXT_FORMAT, shape, TEXT_ARGS(goal));
    if (target->shape == shape_each)
        text = arena_format(self->arena, TEXT_FORMAT " × %u", TEXT_ARGS(text), indicator->members_count);
    if (target->months > 0)
        text = arena_format(self->arena, either(self, TEXT_FORMAT "，%llu个月", TEXT_FORMAT ", %llu months"), TEXT_ARGS(text),
                            (unsigned long long)target->months);
    if (target->stretch) text = arena_format(self->arena, "%.*s%s", TEXT_ARGS(text), either(self, "（争取）", " (stretch)"));
    return text;
}

static text_t traits_text(const printer_t *self, const indicator_t *indicator) {
    text_t text = {0};
    const char *traits[] = {
        indicator->required ? either(self, "必报", "required") : NULL,
        indicator->opening ? either(self, "可填期初", "opening") : NULL,
        indicator->items == need_required ? either(self, "须有明细", "items required") : NULL,
        indicator->target.by_fact ? either(self, "按发生日期", "by fact") : NULL,
        indicator->steady ? either(self, "逐月相同属正常", "equal months are normal") : NULL,
    };
    for (size_t index = 0; index < sizeof traits / sizeof traits[0]; index++)
        if (traits[index] != NULL)
            text = arena_format(self->arena, TEXT_FORMAT "%s%s", TEXT_ARGS(text), text.size > 0 ? either(self, "、", ", ") : "",
                                traits[index]);
    return text;
}

static uint32_t contributor_count(const printer_t *self, const indicator_t *indicator) {
    uint32_t count = 0;
    if (indicator->members_count == 0) return indicator->contributors_count; /* each once: plan_check saw to it */
    for (uint32_t unit = 0; unit < self->plan->units_count; unit++)
        if (indicator_any_contributed_by(indicator, self->plan->units[unit].id)) count++;
    return count;
}

static void print_task(const printer_t *self, const task_t *task) {
    line(self, "\n  " TEXT_FORMAT " " TEXT_FORMAT "  [" TEXT_FORMAT "]  " TEXT_FORMAT " – " TEXT_FORMAT,
         TEXT_ARGS(task->number), TEXT_ARGS(task->name), TEXT_ARGS(task->id), TEXT_ARGS(day_text(self, task->from)),
         TEXT_ARGS(day_text(self, task->due)));
    line(self, "    %s  " TEXT_FORMAT, either(self, "牵头", "lead       "),
         TEXT_ARGS(unit_names(self, task->lead, task->lead_count)));
    line(self, "    %s  " TEXT_FORMAT, either(self, "责任", "responsible"),
         TEXT_ARGS(unit_names(self, task->responsible, task->responsible_count)));
    if (task->indicators_count == 0) return;
    text_t head[] = {say(self, "指标", "indicator"), say(self, "名称", "name"), say(self, "填数", "by"),
                     say(self, "目标", "target"), say(self, "要求", "demands")};
    text_table_t table = text_table_new(self->arena, 5, 1u << 2, head);
    for (uint32_t index = 0; index < task->indicators_count; index++) {
        const indicator_t *indicator = &task->indicators[index];
        text_t cells[] = {indicator->id, indicator->name, arena_format(self->arena, "%u", contributor_count(self, indicator)),
                          target_text(self, indicator), traits_text(self, indicator)};
        text_table_add(&table, cells);
    }
    text_table_print(&table, 4, self->out);
}

static text_t tasks_owed(const printer_t *self, const unit_t *unit) {
    text_t text = {0};
    for (uint32_t index = 0; index < self->plan->tasks_count; index++) {
        const task_t *task = &self->plan->tasks[index];
        if (!planbook_owed_by(self->book, task, unit)) continue;
        text = arena_format(self->arena, TEXT_FORMAT "%s" TEXT_FORMAT, TEXT_ARGS(text), text.size > 0 ? " " : "",
                            TEXT_ARGS(task->number));
    }
    return text;
}

/* Every soft rule with its strictness, whether the file states it or not. */
static void print_soft_rules(const printer_t *self) {
    size_t count;
    const reason_text_t *all = reason_all(&count);
    thresholds_t here = plan_thresholds(self->plan);
    line(self, "\n%s", either(self, "软规则", "Soft rules"));
    text_t head[] = {say(self, "代码", "code"), say(self, "严格程度", "strictness"), say(self, "说明", "sentence")};
    text_table_t table = text_table_new(self->arena, 3, 0, head);
    for (size_t index = 0; index < count; index++) {
        if (all[index].layer != REASON_soft) continue;
        strictness_t how = plan_strictness(self->plan, text_of(all[index].code));
        text_t cells[] = {text_of(all[index].code), say(self, WORD_ZH(strictness, how), WORD_EN(strictness, how)),
                          say(self, all[index].zh, all[index].en)};
        text_table_add(&table, cells);
    }
    text_table_print(&table, 2, self->out);
    line(self, "  outlier_times=%llu outlier_months=%llu same_months=%llu factor=%llu..%llu evidence_always=%s",
         (unsigned long long)here.outlier_times, (unsigned long long)here.outlier_months, (unsigned long long)here.same_months,
         (unsigned long long)here.factor_low, (unsigned long long)here.factor_high, here.evidence_always ? "yes" : "no");
}

static void print_units(const printer_t *self) {
    line(self, "\n%s (%u)", either(self, "单位", "Units"), self->plan->units_count);
    text_t head[] = {say(self, "编号", "id"), say(self, "名称", "name"), say(self, "类别", "kind"), say(self, "任务", "tasks")};
    text_table_t table = text_table_new(self->arena, 4, 0, head);
    for (uint32_t index = 0; index < self->plan->units_count; index++) {
        const unit_t *unit = &self->plan->units[index];
        text_t cells[] = {unit->id, unit->name, say(self, WORD_ZH(unit_kind, unit->kind), WORD_EN(unit_kind, unit->kind)),
                          tasks_owed(self, unit)};
        text_table_add(&table, cells);
    }
    text_table_print(&table, 2, self->out);
}

static void print_obligations(const printer_t *self) {
    uint32_t reports = 0, confirmations = 0;
    line(self, "\n%s", either(self, "报送义务", "Obligations"));
    text_t head[] = {say(self, "报送期", "period"), say(self, "起", "from"), say(self, "止", "to"),
                     say(self, "份数", "reports"), nothing};
    text_table_t table = text_table_new(self->arena, 5, 1u << 3, head);
    for (uint32_t index = 0; index < self->plan->periods_count; index++) {
        const period_t *period = &self->plan->periods[index];
        uint32_t count = planbook_obligation_count(self->book, period);
        *(period->confirmation ? &confirmations : &reports) += count;
        text_t cells[] = {period->id, day_text(self, period->from), day_text(self, period->to),
                          arena_format(self->arena, "%u", count),
                          period->confirmation ? say(self, "在岗确认", "confirmation") : nothing};
        text_table_add(&table, cells);
    }
    text_table_print(&table, 2, self->out);
    line(self, either(self, "  合计 %u 份，另有确认 %u 份", "  %u in all, and %u confirmations beside them"), reports,
         confirmations);
}

static void deadline_add(const printer_t *self, text_table_t *table, text_t what, uint32_t day) {
    deadline_t deadline = deadline_resolve(self->plan, day);
    text_t cells[] = {what,
                      arena_format(self->arena, TEXT_FORMAT " %s", TEXT_ARGS(day_text(self, day)), weekday_text(self, day)),
                      instant_text(self, deadline.due_ms), say(self, deadline.rule_zh, deadline.rule_en)};
    text_table_add(table, cells);
}

static void task_deadlines_add(const printer_t *self, text_table_t *table, const task_t *task) {
    deadline_add(self, table, arena_format(self->arena, "%s " TEXT_FORMAT, either(self, "任务", "task"), TEXT_ARGS(task->name)),
                 task->due);
    for (uint32_t index = 0; index < task->indicators_count; index++) {
        const indicator_t *indicator = &task->indicators[index];
        uint32_t due = indicator->target.due;
        if (due == 0) continue;
        deadline_add(self, table, arena_format(self->arena, "  " TEXT_FORMAT, TEXT_ARGS(indicator->name)), due);
        if (indicator->target.months == 0) continue;
        text_t term = arena_format(self->arena, "  " TEXT_FORMAT "%s", TEXT_ARGS(indicator->name),
                                   either(self, "（期满）", " (term ends)"));
        uint32_t ends = day_add_months(due, (uint32_t)indicator->target.months);
        text_t cells[] = {
            term, arena_format(self->arena, TEXT_FORMAT " %s", TEXT_ARGS(day_text(self, ends)), weekday_text(self, ends)),
            instant_text(self, instant_of_day(self->plan, ends, 1440) - 1),
            say(self, "含当日24:00；期限不因节假日变动", "through 24:00 of the day; a term never moves")};
        text_table_add(table, cells);
    }
}

static void print_deadlines(const printer_t *self) {
    line(self, "\n%s", either(self, "截止时间", "Deadlines"));
    text_t head[] = {say(self, "事项", "what"), say(self, "日期", "day"), say(self, "最后时刻", "last instant in time"),
                     say(self, "依据", "rule")};
    text_table_t table = text_table_new(self->arena, 4, 0, head);
    for (uint32_t index = 0; index < self->plan->periods_count; index++) {
        const period_t *period = &self->plan->periods[index];
        text_t what =
            arena_format(self->arena, TEXT_FORMAT " %s", TEXT_ARGS(period->id),
                         period->confirmation ? either(self, "在岗确认", "confirmation") : either(self, "报送", "report"));
        deadline_add(self, &table, what, period->due);
    }
    for (uint32_t index = 0; index < self->plan->tasks_count; index++)
        task_deadlines_add(self, &table, &self->plan->tasks[index]);
    text_table_print(&table, 2, self->out);
}

void plan_print(const planbook_t *book, bool zh, buffer_t *out) {
    arena_t *arena = arena_new();
    printer_t self = {.book = book, .plan = planbook_plan(book), .arena = arena, .out = out, .zh = zh};
    print_head(&self);
    print_approval(&self);
    line(&self, "\n%s (%u)", either(&self, "任务", "Tasks"), self.plan->tasks_count);
    for (uint32_t index = 0; index < self.plan->tasks_count; index++) print_task(&self, &self.plan->tasks[index]);
    print_units(&self);
    print_obligations(&self);
    print_deadlines(&self);
    print_soft_rules(&self);
    arena_destroy(&arena);
}
