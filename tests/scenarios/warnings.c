/* Warnings in scenarios: how they are shown, who answers, what is silenced, when a door is away. */
#include "services/minning/phrase.h"
#include "services/plan/calendar.h"
#include "tests/scenarios/scenarios.h"

static bool is_watched(const scene_t *self, text_t unit) {
    for (uint32_t index = 0; index < self->watched_count; index++)
        if (text_is(unit, self->watched[index])) return true;
    return false;
}

/* Reports of others that a unit is to press for are shown by their number alone, in the line of the bundle. */
static void say_raised(scene_t *self, const event_t *event, const warning_raised_t *raised) {
    bool of_other = raised->owner.size > 0 && raised->period.size > 0;
    if (!is_watched(self, raised->unit) || (of_other && !self->others)) return;
    scene_say(self, "预警 " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT,
              TEXT_ARGS(scene_when(self, event->at_ms)), TEXT_ARGS(raised->unit), TEXT_ARGS(raised->rung),
              TEXT_ARGS(raised->zh));
}

static void say_bundle(scene_t *self, const event_t *event, const bundle_told_t *bundle) {
    if (!is_watched(self, bundle->unit) || bundle->count == 1) return;
    scene_say(self, "合并 " TEXT_FORMAT " " TEXT_FORMAT " 一条通知，%llu项，最重%s%s%s", TEXT_ARGS(scene_when(self, event->at_ms)),
              TEXT_ARGS(bundle->unit), (unsigned long long)bundle->count, WORD_ZH(level, bundle->level),
              bundle->boss ? "，并报负责人" : "", bundle->digest ? "，汇总" : "");
}

void scene_warning(scene_t *self, const event_t *event) {
    warning_acknowledged_t acknowledged;
    warning_raised_t raised;
    warning_resolved_t resolved;
    warning_withheld_t withheld;
    bundle_told_t bundle;
    fault_t fault;
    if (event_body(event, warning_raised_type(), self->arena, &raised, &fault) == OK) say_raised(self, event, &raised);
    else if (event_body(event, bundle_told_type(), self->arena, &bundle, &fault) == OK) say_bundle(self, event, &bundle);
    else if (event_body(event, warning_acknowledged_type(), self->arena, &acknowledged, &fault) == OK &&
             is_watched(self, acknowledged.unit))
        scene_say(self, "认领 " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT, TEXT_ARGS(scene_when(self, event->at_ms)),
                  TEXT_ARGS(acknowledged.unit), TEXT_ARGS(acknowledged.zh));
    else if (event_body(event, warning_withheld_type(), self->arena, &withheld, &fault) == OK && is_watched(self, withheld.unit))
        scene_say(self, "未发 " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT, TEXT_ARGS(scene_when(self, event->at_ms)),
                  TEXT_ARGS(withheld.unit), TEXT_ARGS(withheld.zh));
    else if (event_body(event, warning_resolved_type(), self->arena, &resolved, &fault) == OK &&
             is_watched(self, resolved.unit) && (resolved.owner.size == 0 || resolved.period.size == 0 || self->others))
        scene_say(self, "解除 " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT,
                  TEXT_ARGS(scene_when(self, event->at_ms)), TEXT_ARGS(resolved.unit), TEXT_ARGS(resolved.rung),
                  TEXT_ARGS(resolved.zh));
}

/* UNIT 认领 TASK PERIOD|INDICATOR DAY [why]: the unit answers for a warning. */
void scene_answer(scene_t *self, text_t unit, text_t rest) {
    warning_decide_t decide = {.decision = warning_decision_answered, .unit = unit, .task = phrase_word(&rest)};
    text_t what = phrase_word(&rest);
    if (planbook_indicator(self->book, what) != NULL) decide.indicator = what;
    else decide.period = what;
    if (!phrase_day(phrase_word(&rest), &decide.by)) scene_say(self, "承诺日期写作 YYYY-MM-DD");
    decide.why = phrase_word(&rest);
    crypto_random(decide.submission_id, sizeof decide.submission_id);
    world_answer_t answer = world_decide(self->world, unit, &decide, self->arena);
    if (answer.refused) {
        scene_reasons(self, "拒收", answer.refusal.reasons, answer.refusal.reasons_count);
        return;
    }
    scene_say(self, "回执 " TEXT_FORMAT "，%s", TEXT_ARGS(scene_when(self, (int64_t)answer.receipt.received_ms)),
              answer.verdict.accepted ? "认领有效" : "不能认领");
    scene_reasons(self, "原因", answer.verdict.reasons, answer.verdict.reasons_count);
}

/* 静默 UNIT TASK YYYY-MM-DD 缘由: until the end of that day; – stands for everybody, for every task. */
void scene_silence(scene_t *self, text_t rest) {
    warning_decide_t decide = {.decision = warning_decision_silenced, .unit = phrase_word(&rest), .task = phrase_word(&rest)};
    refusal_t refusal = {0};
    uint32_t day = 0;
    if (text_is(decide.unit, "–")) decide.unit = text_of("");
    if (text_is(decide.task, "–")) decide.task = text_of("");
    if (!phrase_day(phrase_word(&rest), &day)) scene_say(self, "截止日期写作 YYYY-MM-DD");
    else decide.until_ms = (uint64_t)(instant_of_day(&self->plan, day_add(day, 1), 0) - 1);
    decide.why = phrase_word(&rest);
    verdict_t verdict = {0};
    if (!world_command_judged(self->world, warning_decide_type(), &decide, &refusal, &verdict, self->arena))
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
    else
        scene_say(self, verdict.accepted ? "静默生效" : "静默无效");
    scene_reasons(self, "原因", verdict.reasons, verdict.reasons_count);
}

/* OFFICER 催办 UNIT TASK PERIOD 附言. */
void scene_press(scene_t *self, text_t officer, text_t rest) {
    warning_decide_t decide = {.decision = warning_decision_reminded, .unit = phrase_word(&rest), .task = phrase_word(&rest),
                               .period = phrase_word(&rest), .why = phrase_word(&rest)};
    refusal_t refusal = {0};
    uint64_t seq = 0;
    if (!world_command_as(self->world, officer, warning_decide_type(), &decide, &seq, &refusal, self->arena)) {
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
        return;
    }
    verdict_t verdict = {0};
    verdict_ask_t question = {.seq = seq};
    world_ask(self->world, WORLD_VALIDATION, verdict_ask_type(), &question, verdict_type(), &verdict, self->arena);
    scene_say(self, verdict.accepted ? "已催办" : "不能催办");
    scene_reasons(self, "原因", verdict.reasons, verdict.reasons_count);
}

/* 跟进: what was promised, what was pressed for. */
void scene_follows(scene_t *self, text_t rest) {
    (void)rest;
    follows_ask_t ask = {0};
    follows_t told;
    world_ask(self->world, WORLD_VALIDATION, follows_ask_type(), &ask, follows_type(), &told, self->arena);
    for (uint32_t index = 0; index < told.rows_count; index++) {
        const follow_row_t *row = &told.rows[index];
        text_t what = row->period.size > 0 ? row->period : row->indicator;
        if (row->promised_ms > 0)
            scene_say(self, "承诺 " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " %u " TEXT_FORMAT, TEXT_ARGS(row->unit),
                      TEXT_ARGS(row->task), TEXT_ARGS(what), row->by, TEXT_ARGS(row->why));
        if (row->reminded_ms > 0)
            scene_say(self, "催办 " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " 共%llu次",
                      TEXT_ARGS(row->unit), TEXT_ARGS(row->task), TEXT_ARGS(what),
                      TEXT_ARGS(scene_when(self, (int64_t)row->reminded_ms)), TEXT_ARGS(row->reminded_by),
                      (unsigned long long)row->reminded_count);
    }
}

static bool door_named(text_t word, door_t *door) {
    *door = text_is(word, "网页") ? door_console : text_is(word, "网关") ? door_gateway : door_none;
    return *door != door_none;
}

/* 停用 网关 / 恢复 网关: in a rehearsal the absence of a door is a command. */
void scene_door_down(scene_t *self, text_t rest) {
    door_down_t down = {0};
    refusal_t refusal = {0};
    if (!door_named(phrase_word(&rest), &down.door)) scene_say(self, "入口为 网关 或 网页");
    else if (!world_command(self->world, door_down_type(), &down, &refusal, self->arena))
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
}

void scene_door_up(scene_t *self, text_t rest) {
    door_up_t up = {0};
    refusal_t refusal = {0};
    if (!door_named(phrase_word(&rest), &up.door)) scene_say(self, "入口为 网关 或 网页");
    else if (!world_command(self->world, door_up_type(), &up, &refusal, self->arena))
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
}
