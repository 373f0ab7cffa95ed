/* Sentences: who, what, by when, what is missing. Every part is bounded by the plan's own limits, lists by LIST_SHOWN. */
#include "services/4-alerting/alerting_text.h"
#include "services/4-alerting/alerting_claims.h"
#include "services/4-alerting/alerting_words.h"

#include "services/plan/amount.h"
#include "services/plan/calendar.h"

enum { LIST_SHOWN = 6, DAY_MINUTES = 1440 };

text_t said_unit(const planbook_t *book, text_t id) {
    const unit_t *unit = planbook_unit(book, id);
    return unit == NULL ? id : unit->name;
}

text_t said_task(const planbook_t *book, text_t id) {
    const task_t *task = planbook_task(book, id);
    return task == NULL ? id : task->name;
}

text_t said_indicator(const planbook_t *book, text_t id) {
    const indicator_t *indicator = planbook_indicator(book, id);
    return indicator == NULL ? id : indicator->name;
}

text_t said_due_zh(const plan_t *plan, uint64_t due_ms, arena_t *arena) {
    due_shown_t due = due_shown((int64_t)plan->offset_minutes, (int64_t)due_ms);
    uint32_t year = due.day / 10000, month = due.day / 100 % 100, date = due.day % 100;
    text_t day = year == plan->from / 10000 ? arena_format(arena, "%u月%u日", month, date)
                                            : arena_format(arena, "%u年%u月%u日", year, month, date);
    return arena_format(arena, TEXT_FORMAT "%u:%02u", TEXT_ARGS(day), due.minute / 60, due.minute % 60);
}

text_t said_due_en(const plan_t *plan, uint64_t due_ms, arena_t *arena) {
    due_shown_t due = due_shown((int64_t)plan->offset_minutes, (int64_t)due_ms);
    return arena_format(arena, "%u:%02u on %04u-%02u-%02u", due.minute / 60, due.minute % 60, due.day / 10000,
                        due.day / 100 % 100, due.day % 100);
}

static int64_t days_to(const plan_t *plan, uint64_t due_ms, int64_t now_ms) {
    return day_between(day_of_instant(plan, now_ms), day_of_instant(plan, (int64_t)due_ms));
}

static bool is_overdue(warning_kind_t kind) {
    return kind == warning_kind_report_overdue || kind == warning_kind_target_overdue;
}

/* 还有5天 / 今日截止 / 已逾期3天 */
static text_t left_zh(const plan_t *plan, const warning_raised_t *warning, int64_t now_ms, arena_t *arena) {
    int64_t days = days_to(plan, warning->due_ms, now_ms);
    if (is_overdue(warning->kind)) return arena_format(arena, "已逾期%lld天", (long long)(days < 0 ? -days : 1));
    return days > 0 ? arena_format(arena, "还有%lld天", (long long)days) : text_of("今日截止");
}

static text_t left_en(const plan_t *plan, const warning_raised_t *warning, int64_t now_ms, arena_t *arena) {
    int64_t days = days_to(plan, warning->due_ms, now_ms);
    if (is_overdue(warning->kind)) {
        long long late = days < 0 ? -days : 1;
        return arena_format(arena, "%lld day%s overdue", late, late == 1 ? "" : "s");
    }
    return days > 0 ? arena_format(arena, "%lld day%s left", (long long)days, days == 1 ? "" : "s") : text_of("due today");
}

text_t said_tag_zh(const warning_raised_t *warning, arena_t *arena) {
    bool report = warning->kind == warning_kind_report_due || warning->kind == warning_kind_report_overdue;
    const char *drill = warning->rehearsal ? "【演练】" : "";
    if (warning->pressed_by.size > 0) return arena_format(arena, "%s【催办】", drill);
    const char *noun = report && is_overdue(warning->kind) ? "催报" : "预警";
    if (warning->level == level_remind)
        return arena_format(arena, "%s【%s】", drill, is_overdue(warning->kind) ? noun : "提醒");
    return arena_format(arena, "%s【%s色%s】", drill, WORD_ZH(level, warning->level), noun);
}

text_t said_tag_en(const warning_raised_t *warning, arena_t *arena) {
    const char *drill = warning->rehearsal ? "[Rehearsal] " : "";
    if (warning->pressed_by.size > 0) return arena_format(arena, "%s[Pressed for]", drill);
    if (warning->level == level_remind && !is_overdue(warning->kind)) return arena_format(arena, "%s[Reminder]", drill);
    return arena_format(arena, "%s[%s, %s]", drill, WORD_EN(warning_kind, warning->kind), WORD_EN(level, warning->level));
}

/* The words for one missing thing: a figure by its name, in English by its id too, since names are Chinese; the progress in words;
 * a member by its name. */
static text_t missing_shown(const planbook_t *book, const indicator_t *of, text_t id, bool zh, arena_t *arena) {
    const member_t *member = of == NULL ? NULL : indicator_member(of, id);
    if (member != NULL) return member->name;
    if (text_is(id, "progress")) return text_of(zh ? "进展文字" : "progress in words");
    const indicator_t *indicator = planbook_indicator(book, id);
    if (indicator == NULL) return id;
    if (zh) return indicator->name;
    return arena_format(arena, TEXT_FORMAT " (" TEXT_FORMAT ")", TEXT_ARGS(indicator->name), TEXT_ARGS(id));
}

/* A list of names, cut after LIST_SHOWN: …等n项. */
static text_t list_shown(const planbook_t *book, const indicator_t *of, const text_t *ids, uint32_t count, bool zh,
                         arena_t *arena) {
    text_t out = text_of("");
    for (uint32_t index = 0; index < count && index < LIST_SHOWN; index++) {
        text_t name = missing_shown(book, of, ids[index], zh, arena);
        const char *comma = index == 0 ? "" : zh ? "、" : ", ";
        out = arena_format(arena, TEXT_FORMAT "%s" TEXT_FORMAT, TEXT_ARGS(out), comma, TEXT_ARGS(name));
    }
    if (count <= LIST_SHOWN) return out;
    return arena_format(arena, zh ? TEXT_FORMAT "等%u项" : TEXT_FORMAT " and others, %u in all", TEXT_ARGS(out), count);
}

/* The units that owe, by name; the recipient alone is not told to himself. */
static text_t owing_shown(const planbook_t *book, const target_changed_t *target, const warning_raised_t *warning, bool zh,
                          arena_t *arena) {
    text_t out = text_of("");
    bool alone = target->owing_count == 1 && text_equal(target->owing[0], warning->unit);
    for (uint32_t index = 0; index < target->owing_count && index < LIST_SHOWN && !alone; index++) {
        text_t name = said_unit(book, target->owing[index]);
        const char *comma = index == 0 ? (zh ? "；责任单位：" : "; owing: ") : zh ? "、" : ", ";
        out = arena_format(arena, TEXT_FORMAT "%s" TEXT_FORMAT, TEXT_ARGS(out), comma, TEXT_ARGS(name));
    }
    if (alone || target->owing_count <= LIST_SHOWN) return out;
    return arena_format(arena, zh ? TEXT_FORMAT "等%u个单位" : TEXT_FORMAT " and others, %u units in all", TEXT_ARGS(out),
                        target->owing_count);
}

/* What the officer wrote with a reminder. */
static void add_words(const warning_raised_t *warning, arena_t *arena, text_t *zh, text_t *en) {
    if (warning->pressed_by.size == 0 || warning->why.size == 0) return;
    *zh = arena_format(arena, TEXT_FORMAT "附言：" TEXT_FORMAT, TEXT_ARGS(*zh), TEXT_ARGS(warning->why));
    *en = arena_format(arena, TEXT_FORMAT " It is added: " TEXT_FORMAT, TEXT_ARGS(*en), TEXT_ARGS(warning->why));
}

static void tell_report(const planbook_t *book, int64_t now_ms, arena_t *arena, warning_raised_t *warning) {
    const plan_t *plan = planbook_plan(book);
    bool above = warning->owner.size > 0;
    text_t who = said_unit(book, above ? warning->owner : warning->unit);
    text_t task = said_task(book, warning->task);
    text_t zh = list_shown(book, NULL, warning->missing, warning->missing_count, true, arena);
    text_t en = list_shown(book, NULL, warning->missing, warning->missing_count, false, arena);
    text_t tag = said_tag_zh(warning, arena), due = said_due_zh(plan, warning->due_ms, arena);
    text_t left = left_zh(plan, warning, now_ms, arena);
    warning->zh = arena_format(arena, TEXT_FORMAT TEXT_FORMAT "：" TEXT_FORMAT " " TEXT_FORMAT " 进度报告应于" TEXT_FORMAT
                               "前报送，" TEXT_FORMAT "%s" TEXT_FORMAT "%s。",
                               TEXT_ARGS(tag), TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(warning->period), TEXT_ARGS(due),
                               TEXT_ARGS(left), zh.size > 0 ? "，还缺：" : "", TEXT_ARGS(zh), above ? "；请督促" : "");
    tag = said_tag_en(warning, arena);
    due = said_due_en(plan, warning->due_ms, arena);
    left = left_en(plan, warning, now_ms, arena);
    warning->en = arena_format(arena, TEXT_FORMAT " " TEXT_FORMAT ": the report on " TEXT_FORMAT " for " TEXT_FORMAT
                               " is due by " TEXT_FORMAT ", " TEXT_FORMAT "%s" TEXT_FORMAT "%s.",
                               TEXT_ARGS(tag), TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(warning->period), TEXT_ARGS(due),
                               TEXT_ARGS(left), en.size > 0 ? "; still missing: " : "", TEXT_ARGS(en),
                               above ? "; please press for it" : "");
    add_words(warning, arena, &warning->zh, &warning->en);
}

/* Returned: the objection is what there is to do. */
static void tell_returned(const planbook_t *book, int64_t now_ms, arena_t *arena, warning_raised_t *warning) {
    const plan_t *plan = planbook_plan(book);
    bool above = warning->owner.size > 0, late = now_ms > (int64_t)warning->due_ms;
    text_t who = said_unit(book, above ? warning->owner : warning->unit), task = said_task(book, warning->task);
    long long days = (long long)-days_to(plan, warning->due_ms, now_ms);
    text_t tag = said_tag_zh(warning, arena), due = said_due_zh(plan, warning->due_ms, arena);
    warning->zh = arena_format(arena, TEXT_FORMAT TEXT_FORMAT "：" TEXT_FORMAT " " TEXT_FORMAT " 进度报告被退回，须于" TEXT_FORMAT
                               "前重报%s。退回意见：" TEXT_FORMAT "%s",
                               TEXT_ARGS(tag), TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(warning->period), TEXT_ARGS(due),
                               late ? arena_format(arena, "，已逾期%lld天", days < 1 ? 1 : days).at : "",
                               TEXT_ARGS(warning->why), above ? "；请督促" : "");
    tag = said_tag_en(warning, arena);
    due = said_due_en(plan, warning->due_ms, arena);
    warning->en = arena_format(arena, TEXT_FORMAT " " TEXT_FORMAT ": the report on " TEXT_FORMAT " for " TEXT_FORMAT
                               " was returned and is due again by " TEXT_FORMAT "%s. The objection: " TEXT_FORMAT "%s",
                               TEXT_ARGS(tag), TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(warning->period), TEXT_ARGS(due),
                               late ? arena_format(arena, ", %lld day(s) overdue", days < 1 ? 1 : days).at : "",
                               TEXT_ARGS(warning->why), above ? "; please press for it" : "");
}

text_t said_amount(uint64_t value, const indicator_t *indicator, arena_t *arena) {
    if (indicator == NULL) return arena_format(arena, "%llu", (unsigned long long)value);
    return amount_show((int64_t)value, indicator->measure, indicator->unit_word, arena);
}

static void tell_target(const planbook_t *book, const target_changed_t *target, int64_t now_ms, arena_t *arena,
                        warning_raised_t *warning) {
    const plan_t *plan = planbook_plan(book);
    const indicator_t *indicator = planbook_indicator(book, warning->indicator);
    text_t who = said_unit(book, warning->unit), task = said_task(book, warning->task);
    text_t name = said_indicator(book, warning->indicator);
    text_t goal = said_amount(target->goal, indicator, arena), done = said_amount(target->done, indicator, arena);
    text_t gap = said_amount(target->goal > target->done ? target->goal - target->done : 0, indicator, arena);
    text_t below = list_shown(book, indicator, target->missing, target->missing_count, true, arena);
    text_t owing = owing_shown(book, target, warning, true, arena);
    text_t tag = said_tag_zh(warning, arena), due = said_due_zh(plan, warning->due_ms, arena);
    text_t left = left_zh(plan, warning, now_ms, arena);
    warning->zh = arena_format(arena, TEXT_FORMAT TEXT_FORMAT "：" TEXT_FORMAT "“" TEXT_FORMAT "”须于" TEXT_FORMAT
                               "前达到" TEXT_FORMAT "，目前" TEXT_FORMAT "，还差" TEXT_FORMAT "，" TEXT_FORMAT "%s" TEXT_FORMAT
                               TEXT_FORMAT "。",
                               TEXT_ARGS(tag), TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(name), TEXT_ARGS(due),
                               TEXT_ARGS(goal), TEXT_ARGS(done), TEXT_ARGS(gap), TEXT_ARGS(left),
                               below.size > 0 ? "；未达标：" : "", TEXT_ARGS(below), TEXT_ARGS(owing));
    below = list_shown(book, indicator, target->missing, target->missing_count, false, arena);
    owing = owing_shown(book, target, warning, false, arena);
    tag = said_tag_en(warning, arena);
    due = said_due_en(plan, warning->due_ms, arena);
    left = left_en(plan, warning, now_ms, arena);
    warning->en = arena_format(arena, TEXT_FORMAT " " TEXT_FORMAT ": " TEXT_FORMAT ", \"" TEXT_FORMAT "\" is to reach "
                               TEXT_FORMAT " by " TEXT_FORMAT "; it stands at " TEXT_FORMAT ", " TEXT_FORMAT " to go, "
                               TEXT_FORMAT "%s" TEXT_FORMAT TEXT_FORMAT ".",
                               TEXT_ARGS(tag), TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(name), TEXT_ARGS(goal),
                               TEXT_ARGS(due), TEXT_ARGS(done), TEXT_ARGS(gap), TEXT_ARGS(left),
                               below.size > 0 ? "; below their goal: " : "", TEXT_ARGS(below), TEXT_ARGS(owing));
}

static void tell_tenure(const planbook_t *book, const target_changed_t *target, arena_t *arena, warning_raised_t *warning) {
    const indicator_t *indicator = planbook_indicator(book, warning->indicator);
    text_t who = said_unit(book, warning->unit), task = said_task(book, warning->task);
    text_t name = said_indicator(book, warning->indicator), goal = said_amount(target->goal, indicator, arena);
    unsigned months = indicator == NULL ? 0 : (unsigned)indicator->target.months;
    text_t tag = said_tag_zh(warning, arena);
    warning->zh = arena_format(arena, TEXT_FORMAT TEXT_FORMAT "：" TEXT_FORMAT "“" TEXT_FORMAT "”要求" TEXT_FORMAT
                               "在岗满%u个月，现有人提前离岗，在岗已中断。",
                               TEXT_ARGS(tag), TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(name), TEXT_ARGS(goal), months);
    tag = said_tag_en(warning, arena);
    warning->en = arena_format(arena, TEXT_FORMAT " " TEXT_FORMAT ": " TEXT_FORMAT ", \"" TEXT_FORMAT "\" asks for "
                               TEXT_FORMAT " in post for %u months; somebody left early, the tenure is broken.",
                               TEXT_ARGS(tag), TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(name), TEXT_ARGS(goal), months);
}

void warning_tell(const planbook_t *book, const target_changed_t *target, int64_t now_ms, arena_t *arena,
                  warning_raised_t *warning) {
    if (warning->kind == warning_kind_report_returned) tell_returned(book, now_ms, arena, warning);
    else if (warning->kind == warning_kind_claim_contested) tell_claim(book, arena, warning);
    else if (target == NULL) tell_report(book, now_ms, arena, warning);
    else if (warning->kind == warning_kind_tenure_broken) tell_tenure(book, target, arena, warning);
    else if (warning->kind == warning_kind_tenure_risk) tell_risk(book, target, arena, warning);
    else if (warning->kind == warning_kind_pace_slow) tell_pace(book, target, now_ms, arena, warning);
    else tell_target(book, target, now_ms, arena, warning);
}

/* Why it is withdrawn, in words. */
static const char *cause_of(const warning_raised_t *told, bool moved, bool zh) {
    if (told->kind == warning_kind_claim_contested)
        return moved ? zh ? "改由另一单位在先" : "another's claim counts now"
                     : zh ? "已认定，或已无人另报" : "it is decided, or nobody else claims it";
    if (moved && told->kind == warning_kind_pace_slow)
        return zh ? "时限已到，由任务提醒接替" : "the deadline has come, the target's own warnings go on";
    if (moved) return zh ? "时限已调整或已无欠项" : "the deadline moved, or nothing is owed any more";
    if (told->period.size > 0) return zh ? "进度报告已报送" : "the report has arrived";
    if (told->kind == warning_kind_tenure_risk) return zh ? "在岗余量已变化" : "those in post are others now";
    if (told->kind == warning_kind_pace_slow) return zh ? "进度已跟上" : "the pace is kept again";
    if (told->kind == warning_kind_tenure_broken) return zh ? "更正后在岗未中断" : "after a correction the tenure is not broken";
    return zh ? "目标已完成" : "the target is met";
}

warning_resolved_t withdrawal_of(const planbook_t *book, const warning_raised_t *told, bool moved, arena_t *arena) {
    warning_resolved_t out = {.episode = told->episode, .kind = told->kind, .rung = told->rung, .level = told->level,
                              .unit = told->unit, .addressee = told->addressee, .task = told->task, .period = told->period,
                              .indicator = told->indicator, .due_ms = told->due_ms, .owner = told->owner,
                              .rehearsal = told->rehearsal};
    for (size_t index = 0; index < sizeof out.id; index++) out.id[index] = told->id[index];
    bool report = told->period.size > 0;
    text_t who = said_unit(book, report && told->owner.size > 0 ? told->owner : told->unit), task = said_task(book, told->task);
    text_t what = report ? told->period : said_indicator(book, told->indicator);
    if (told->kind == warning_kind_claim_contested && told->missing_count > 0)
        what = arena_format(arena, TEXT_FORMAT " " TEXT_FORMAT, TEXT_ARGS(what), TEXT_ARGS(told->missing[0]));
    out.zh = arena_format(arena, "%s【解除】" TEXT_FORMAT "：" TEXT_FORMAT " " TEXT_FORMAT "，%s，%s（" TEXT_FORMAT "）撤回。",
                          told->rehearsal ? "【演练】" : "", TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(what),
                          cause_of(told, moved, true), WORD_ZH(warning_kind, told->kind), TEXT_ARGS(told->rung));
    out.en = arena_format(arena, "%s[Withdrawn] " TEXT_FORMAT ": " TEXT_FORMAT ", " TEXT_FORMAT ": %s; \"%s\" (" TEXT_FORMAT
                          ") no longer stands.",
                          told->rehearsal ? "[Rehearsal] " : "", TEXT_ARGS(who), TEXT_ARGS(task), TEXT_ARGS(what),
                          cause_of(told, moved, false), WORD_EN(warning_kind, told->kind), TEXT_ARGS(told->rung));
    return out;
}
