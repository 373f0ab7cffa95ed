/* The commands of scenarios: each does one thing in the world and says what came of it, in the words of the office. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/json.h"
#include "services/minning/phrase.h"
#include "services/plan/amount.h"
#include "services/plan/calendar.h"
#include "services/plan/deadline.h"
#include "services/plan/plan_file.h"
#include "services/stage/home.h"
#include "tests/scenarios/scenarios.h"

text_t scene_when(const scene_t *self, int64_t at_ms) {
    const plan_t *plan = planbook_plan(self->book);
    uint32_t day = day_of_instant(plan, at_ms), minute = minute_of_instant(plan, at_ms);
    return arena_format(self->arena, "%04u-%02u-%02u %02u:%02u", day / 10000, day / 100 % 100, day % 100, minute / 60,
                        minute % 60);
}

text_t scene_due(const scene_t *self, uint64_t due_ms) {
    due_shown_t due = due_shown((int64_t)planbook_plan(self->book)->offset_minutes, (int64_t)due_ms);
    return arena_format(self->arena, "%04u-%02u-%02u %02u:%02u", due.day / 10000, due.day / 100 % 100, due.day % 100,
                        due.minute / 60, due.minute % 60);
}

void scene_reasons(scene_t *self, const char *what, const reason_t *reasons, uint32_t count) {
    for (uint32_t index = 0; index < count; index++) {
        reason_t reason = reasons[index];
        reason_tell(&reason, self->arena);
        scene_say(self, "%s " TEXT_FORMAT " " TEXT_FORMAT "：" TEXT_FORMAT, what, TEXT_ARGS(reason.code),
                  TEXT_ARGS(reason.path), TEXT_ARGS(reason.zh));
    }
}

/* What the watched units were told since the last command. */
static void say_warnings(scene_t *self) {
    event_t event;
    if (self->world == NULL) return;
    while (world_event(self->world, WORLD_ALERTING, &self->warning_seq, &event, self->arena)) scene_warning(self, &event);
    scene_deliver(self); /* and what of it goes outside */
}

static void do_plan(scene_t *self, text_t rest) {
    static arena_t *kept; /* the plan outlives the command */
    text_t yaml, path = arena_text(self->arena, phrase_word(&rest));
    file_fault_t faults[PLAN_FAULTS];
    uint32_t count = 0;
    if (kept == NULL) kept = arena_new();
    arena_reset(kept);
    if (home_read(path.at, kept, LIMIT_PLAN_FILE, &yaml) != OK)
        scene_say(self, "读不到计划文件");
    else if (plan_read(yaml, kept, &self->plan, faults, &count) == OK)
        self->book = planbook_new(&self->plan);
    for (uint32_t index = 0; index < count; index++)
        scene_say(self, "%u:%u %s", faults[index].line, faults[index].column, faults[index].zh);
}

/* 时限 DATE [不顺延|顺延|提前]: the reasoning, and the reminders of a report that is due then. */
static void do_deadline(scene_t *self, text_t rest) {
    uint32_t day;
    text_t word = phrase_word(&rest), roll = phrase_word(&rest);
    if (self->book == NULL || !phrase_day(word, &day)) {
        scene_say(self, "先有计划，再写日期 YYYY-MM-DD");
        return;
    }
    plan_t plan = self->plan;
    for (roll_t wanted = roll_none; wanted <= roll_back; wanted++)
        if (text_is(roll, WORD_ZH(roll, wanted))) plan.roll = wanted;
    deadline_told_t told = deadline_explain(&plan, day, self->arena);
    for (uint32_t index = 0; index < told.line_count; index++) scene_say(self, TEXT_FORMAT, TEXT_ARGS(told.lines[index].zh));
    for (uint32_t index = 0; index < plan.report_ladder.rungs_count; index++) {
        const rung_t *rung = &plan.report_ladder.rungs[index];
        int64_t at_ms = rung_instant(&plan, &plan.report_ladder, rung, day);
        scene_say(self, TEXT_FORMAT " " TEXT_FORMAT " %s", TEXT_ARGS(rung->name), TEXT_ARGS(scene_when(self, at_ms)),
                  weekday_name(day_of_instant(&plan, at_ms), true));
    }
}

static void do_begin(scene_t *self, text_t rest) {
    int64_t at_ms;
    while (rest.size > 0 && rest.at[0] == ' ') rest = (text_t){rest.at + 1, rest.size - 1};
    if (self->book == NULL || !phrase_instant(&self->plan, rest, &at_ms))
        scene_say(self, "先有计划，再写时刻 YYYY-MM-DD HH:MM");
    else
        self->world = world_new(&self->plan, at_ms);
}

static void do_at(scene_t *self, text_t rest) {
    int64_t at_ms;
    refusal_t refusal = {0};
    while (rest.size > 0 && rest.at[0] == ' ') rest = (text_t){rest.at + 1, rest.size - 1};
    if (!phrase_instant(&self->plan, rest, &at_ms))
        scene_say(self, "时刻写作 YYYY-MM-DD HH:MM");
    else if (!world_advance(self->world, at_ms, &refusal, self->arena))
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
}

static void do_watch(scene_t *self, text_t rest) {
    event_t event;
    for (text_t unit = phrase_word(&rest); unit.size > 0 && self->watched_count < SCENE_WATCHED; unit = phrase_word(&rest))
        if (text_is(unit, "全部"))
            self->others = true;
        else
            snprintf(self->watched[self->watched_count++], LIMIT_ID + 1, TEXT_FORMAT, TEXT_ARGS(unit));
    while (world_event(self->world, WORLD_ALERTING, &self->warning_seq, &event, self->arena)) {
    }
}

static void do_target(scene_t *self, text_t rest) {
    text_t id = phrase_word(&rest);
    const indicator_t *indicator = planbook_indicator(self->book, id);
    targets_ask_t ask = {0};
    targets_t targets;
    world_ask(self->world, WORLD_AGGREGATION, targets_ask_type(), &ask, targets_type(), &targets, self->arena);
    for (uint32_t index = 0; index < targets.rows_count && indicator != NULL; index++) {
        const target_changed_t *row = &targets.rows[index];
        if (!text_equal(row->indicator, id)) continue;
        text_t done = amount_show((int64_t)row->done, indicator->measure, indicator->unit_word, self->arena);
        text_t goal = amount_show((int64_t)row->goal, indicator->measure, indicator->unit_word, self->arena);
        scene_say(self, TEXT_FORMAT "：%s %s %s %s灯，" TEXT_FORMAT " / " TEXT_FORMAT, TEXT_ARGS(indicator->name),
                  WORD_ZH(reach, row->reach), WORD_ZH(reported, row->reported), WORD_ZH(tenure, row->tenure),
                  WORD_ZH(lamp, row->lamp), TEXT_ARGS(done), TEXT_ARGS(goal));
        if (row->covered < row->figures) scene_say(self, "佐证 %" PRIu64 "/%" PRIu64 " 份数据", row->covered, row->figures);
        if (row->reached_day > 0)
            scene_say(self, "达标之日 %04u-%02u-%02u", row->reached_day / 10000, row->reached_day / 100 % 100,
                      row->reached_day % 100);
        for (uint32_t proof = 0; proof < row->proof_count; proof++) {
            const proof_row_t *why = &row->proof[proof];
            scene_say(self, "依据 " TEXT_FORMAT " " TEXT_FORMAT " 事实日 %u 离岗 %u 收到 " TEXT_FORMAT, TEXT_ARGS(why->unit),
                      TEXT_ARGS(why->period), why->fact_day, why->out_day,
                      TEXT_ARGS(scene_when(self, (int64_t)why->received_ms)));
        }
    }
}

static void say_moved(scene_t *self, const obligation_changed_t *row) {
    if (row->due_seq == 0) return;
    scene_say(self, "时限已由第%" PRIu64 "条移至 " TEXT_FORMAT, row->due_seq,
              TEXT_ARGS(scene_due(self, row->due_ms)));
}

static void say_return(scene_t *self, const obligation_changed_t *row) {
    if (row->again_ms == 0) return;
    scene_say(self, "须于 " TEXT_FORMAT " 前重报，计入第%lld版，退回意见：" TEXT_FORMAT,
              TEXT_ARGS(scene_due(self, row->again_ms)), (long long)row->counts.value, TEXT_ARGS(row->why));
}

static void do_owes(scene_t *self, text_t rest) {
    obligations_ask_t ask = {.unit = phrase_word(&rest), .period = phrase_word(&rest)};
    obligations_t answer;
    world_ask(self->world, WORLD_AGGREGATION, obligations_ask_type(), &ask, obligations_type(), &answer, self->arena);
    for (uint32_t index = 0; index < answer.rows_count; index++) {
        const obligation_changed_t *row = &answer.rows[index];
        buffer_t missing = {0};
        for (uint32_t slot = 0; slot < row->missing_count; slot++) {
            buffer_add(&missing, " ", 1);
            buffer_add(&missing, row->missing[slot].at, row->missing[slot].size);
        }
        scene_say(self, TEXT_FORMAT " " TEXT_FORMAT " %s %s 迟%" PRIu64 "天 第%" PRIu64 "版 缺%.*s", TEXT_ARGS(row->period),
                  TEXT_ARGS(row->task), WORD_ZH(standing, row->standing), WORD_ZH(timeliness, row->timeliness), row->days_late,
                  row->revision, (int)missing.size, missing.size == 0 ? "" : (const char *)missing.at);
        buffer_destroy(&missing);
        say_moved(self, row);
        say_return(self, row);
    }
}

static scene_report_t *kept_of(scene_t *self, text_t unit) {
    for (uint32_t index = 0; index < self->kept_count; index++)
        if (text_is(unit, self->kept[index].unit)) return &self->kept[index];
    ASSERT(self->kept_count < SCENE_KEPT);
    scene_report_t *kept = &self->kept[self->kept_count++];
    snprintf(kept->unit, sizeof kept->unit, TEXT_FORMAT, TEXT_ARGS(unit));
    return kept;
}

static void send(scene_t *self, text_t unit, text_t line, const uint8_t *submission_id) {
    report_t report;
    const char *wrong = phrase_read(self->book, line, self->arena, &report);
    if (wrong != NULL) {
        scene_say(self, "读不懂：%s", wrong);
        return;
    }
    memcpy(report.submission_id, submission_id, 16);
    world_answer_t answer = world_report(self->world, unit, &report, self->arena);
    if (answer.refused) {
        scene_reasons(self, "拒收", answer.refusal.reasons, answer.refusal.reasons_count);
        return;
    }
    scene_say(self, "%s " TEXT_FORMAT "，%s第%" PRIu64 "版", answer.receipt.duplicate ? "原回执" : "回执",
              TEXT_ARGS(scene_when(self, (int64_t)answer.receipt.received_ms)), answer.verdict.accepted ? "有效，" : "退回，",
              answer.verdict.revision);
    scene_reasons(self, answer.verdict.accepted ? "附注" : "原因", answer.verdict.reasons, answer.verdict.reasons_count);
    if (answer.verdict.accepted) scene_explanations(self, answer.verdict.reasons, answer.verdict.reasons_count);
    scene_restated(self);
}

/* UNIT 试 …: would this be taken? */
static void do_check(scene_t *self, text_t unit, text_t line) {
    report_t report;
    const char *wrong = phrase_read(self->book, line, self->arena, &report);
    if (wrong != NULL) {
        scene_say(self, "读不懂：%s", wrong);
        return;
    }
    crypto_random(report.submission_id, sizeof report.submission_id);
    verdict_t verdict = world_check(self->world, unit, &report, self->arena);
    scene_say(self, "试报：%s", verdict.accepted ? "可以报送" : "会被退回");
    scene_reasons(self, verdict.accepted ? "附注" : "原因", verdict.reasons, verdict.reasons_count);
    scene_standing_figures(self, verdict.figures, verdict.figures_count);
}

/* UNIT 报 …: a new submission. UNIT 再报: the last one again, as it was. UNIT 同号 …: its id, other content. */
static bool do_report(scene_t *self, text_t unit, text_t rest) {
    text_t verb = phrase_word(&rest);
    scene_report_t *kept = kept_of(self, unit);
    if (text_is(verb, "报")) {
        crypto_random(kept->submission_id, sizeof kept->submission_id);
        snprintf(kept->line, sizeof kept->line, TEXT_FORMAT, TEXT_ARGS(rest));
        send(self, unit, rest, kept->submission_id);
    } else if (text_is(verb, "再报"))
        send(self, unit, text_of(kept->line), kept->submission_id);
    else if (text_is(verb, "同号"))
        send(self, unit, rest, kept->submission_id);
    else if (text_is(verb, "试"))
        do_check(self, unit, rest);
    else
        return false;
    return true;
}

/* 经办人 lin 统筹 nyncj */
static void do_officer(scene_t *self, text_t rest) {
    text_t officer = phrase_word(&rest), post = phrase_word(&rest), unit = phrase_word(&rest);
    office_t office = office_none;
    refusal_t refusal = {0};
    for (const word_t *word = office_words; word->name != NULL; word++)
        if (text_is(post, word->zh)) office = (office_t)word->number;
    if (!world_officer(self->world, officer, office, unit, &refusal, self->arena))
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
}

static uint64_t number_of(text_t word) {
    uint64_t number = 0;
    for (uint32_t index = 0; index < word.size && word.at[index] >= '0' && word.at[index] <= '9'; index++)
        number = number * 10 + (uint64_t)(word.at[index] - '0');
    return number;
}

/* What validation says of the command that became entry `seq`. */
static void say_ruling(scene_t *self, uint64_t seq) {
    verdict_ask_t question = {.seq = seq};
    verdict_t verdict;
    world_ask(self->world, WORLD_VALIDATION, verdict_ask_type(), &question, verdict_type(), &verdict, self->arena);
    if (verdict.revision > 0)
        scene_say(self, "第%" PRIu64 "版 %s", verdict.revision, verdict.accepted ? "已生效" : "无效");
    else
        scene_say(self, "%s", verdict.accepted ? "已生效" : "无效");
    scene_reasons(self, "原因", verdict.reasons, verdict.reasons_count);
}

/* 退回 lin rsj labor 2021-08 1 说 … */
static void decide(scene_t *self, decision_t decision, text_t rest) {
    text_t officer = phrase_word(&rest);
    report_decide_t ask = {.decision = decision, .unit = phrase_word(&rest), .task = phrase_word(&rest)};
    ask.period = phrase_word(&rest);
    ask.revision = number_of(phrase_word(&rest));
    (void)phrase_word(&rest);
    while (rest.size > 0 && rest.at[0] == ' ') rest = (text_t){rest.at + 1, rest.size - 1};
    ask.why = rest;
    uint64_t seq = 0;
    refusal_t refusal = {0};
    if (world_command_as(self->world, officer, report_decide_type(), &ask, &seq, &refusal, self->arena)) {
        say_ruling(self, seq);
        scene_restated(self);
    } else
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
}

static void do_return(scene_t *self, text_t rest) { decide(self, decision_returned, rest); }

static void do_approve(scene_t *self, text_t rest) { decide(self, decision_approved, rest); }

/* 延期 lin rsj labor 2021-08 2021-08-30 [答 N] 说 …; 不予延期 lin rsj labor 2021-08 [答 N] 说 …: N, the request that it answers */
static void extend(scene_t *self, decision_t decision, text_t rest) {
    text_t officer = phrase_word(&rest);
    extension_decide_t ask = {.decision = decision, .unit = phrase_word(&rest), .task = phrase_word(&rest)};
    ask.period = phrase_word(&rest);
    if (decision == decision_extended && !json_day_read(phrase_word(&rest), &ask.until)) ask.until = 0;
    if (text_is(phrase_word(&rest), "答")) {
        ask.request_seq = number_of(phrase_word(&rest));
        (void)phrase_word(&rest);
    }
    while (rest.size > 0 && rest.at[0] == ' ') rest = (text_t){rest.at + 1, rest.size - 1};
    ask.why = rest;
    uint64_t seq = 0;
    refusal_t refusal = {0};
    if (world_command_as(self->world, officer, extension_decide_type(), &ask, &seq, &refusal, self->arena))
        say_ruling(self, seq);
    else
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
}

static void do_extend(scene_t *self, text_t rest) { extend(self, decision_extended, rest); }

static void do_deny(scene_t *self, text_t rest) { extend(self, decision_denied, rest); }

static bool instant_word(const scene_t *self, text_t *rest, uint64_t *at_ms) {
    text_t day = phrase_word(rest), time = phrase_word(rest);
    int64_t instant;
    text_t both = arena_format(self->arena, TEXT_FORMAT " " TEXT_FORMAT, TEXT_ARGS(day), TEXT_ARGS(time));
    if (!phrase_instant(&self->plan, both, &instant)) return false;
    *at_ms = (uint64_t)instant;
    return true;
}

/* 故障 2021-08-25 22:00 2021-08-25 23:30 [UNIT] */
static void do_outage(scene_t *self, text_t rest) {
    outage_declare_t ask = {.why = text_of("网关停机")};
    refusal_t refusal = {0};
    if (!instant_word(self, &rest, &ask.from_ms) || !instant_word(self, &rest, &ask.to_ms)) {
        scene_say(self, "时刻写作 YYYY-MM-DD HH:MM");
        return;
    }
    text_t unit = phrase_word(&rest);
    ask.units = &unit;
    ask.units_count = unit.size > 0;
    if (!world_command(self->world, outage_declare_type(), &ask, &refusal, self->arena))
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
}

/* 有效期 lin UNIT FROM TO, - leaves an end open */
static void do_valid(scene_t *self, text_t rest) {
    text_t officer = phrase_word(&rest);
    unit_bound_t ask = {.unit = phrase_word(&rest), .why = text_of("机构改革")};
    uint64_t seq;
    refusal_t refusal = {0};
    if (!json_day_read(phrase_word(&rest), &ask.from)) ask.from = 0;
    if (!json_day_read(phrase_word(&rest), &ask.to)) ask.to = 0;
    if (!world_command_as(self->world, officer, unit_bound_type(), &ask, &seq, &refusal, self->arena))
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
}

static void do_revoke(scene_t *self, text_t rest) {
    key_revoked_t revoked = {.unit = phrase_word(&rest), .generation = 1};
    refusal_t refusal = {0};
    if (!world_command(self->world, key_revoked_type(), &revoked, &refusal, self->arena))
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
}

static void do_close(scene_t *self, text_t rest) {
    (void)rest;
    plan_closed_t closed = {0};
    refusal_t refusal = {0};
    if (!world_command(self->world, plan_closed_type(), &closed, &refusal, self->arena))
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
}

static void do_seal(scene_t *self, text_t rest) {
    (void)rest;
    plan_sealed_t sealed = {0};
    refusal_t refusal = {0};
    if (!world_command(self->world, plan_sealed_type(), &sealed, &refusal, self->arena))
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
}

static void do_restart(scene_t *self, text_t rest) {
    (void)rest;
    world_restart(self->world);
}

void scene_play(scene_t *self, text_t command) {
    static const struct {
        const char *word;
        void (*act)(scene_t *self, text_t rest);
    } verbs[] = {{"计划", do_plan},       {"时限", do_deadline},    {"开始", do_begin},        {"到", do_at},
                 {"关注", do_watch},      {"指标", do_target},      {"义务", do_owes},         {"吊销", do_revoke},
                 {"办结", do_close},      {"断电", do_restart},     {"状态", scene_standing},  {"严格", scene_strict},
                 {"来历", scene_history}, {"通报", scene_bulletin}, {"公示", scene_announce},  {"印发", scene_publish},
                 {"重看", scene_again},   {"重复", scene_claims},   {"认定", scene_credit},    {"数据", scene_figures},
                 {"经办人", do_officer},  {"退回", do_return},      {"通过", do_approve},      {"延期", do_extend},
                 {"不予延期", do_deny},   {"故障", do_outage},      {"有效期", do_valid},      {"停用", scene_door_down},
                 {"恢复", scene_door_up}, {"静默", scene_silence},  {"联系人", scene_contact}, {"通道", scene_route},
                 {"邮局", scene_post},    {"证明", scene_proof},     {"死信", scene_dead},      {"重发", scene_retry},
                      {"异议", scene_object},    {"答复", scene_object_answer},
                 {"跟进", scene_follows},    {"封存", do_seal},
                 {"延期申请", scene_requests},
                 {"措施", scene_measures},
                 {"措施来历", scene_measure_history}, {"内审", scene_approval}};
    text_t rest = command, word = phrase_word(&rest);
    bool early = text_is(word, "计划") || text_is(word, "开始") || text_is(word, "时限");
    early = early || (self->book != NULL && (text_is(word, "严格") || text_is(word, "内审")));
    if (self->world == NULL && !early) {
        scene_say(self, "先写“计划”和“开始”");
        return;
    }
    for (size_t index = 0; index < sizeof verbs / sizeof verbs[0]; index++) {
        if (!text_is(word, verbs[index].word)) continue;
        verbs[index].act(self, rest);
        say_warnings(self);
        return;
    }
    text_t after = rest, verb = phrase_word(&after);
    if (text_is(verb, "认领"))
        scene_answer(self, word, after);
    else if (text_is(verb, "催办"))
        scene_press(self, word, after);
    else if (text_is(verb, "请延"))
        scene_request(self, word, after);
    else if (text_is(verb, "措施"))
        scene_measure(self, word, after);
    else if (!do_report(self, word, rest))
        scene_say(self, "不认识的命令");
    say_warnings(self);
}
