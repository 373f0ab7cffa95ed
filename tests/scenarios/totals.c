/* What figures come to, in scenarios: month and running total, what was restated, explained, and how each value came to be. */
#include <inttypes.h>
#include <stdio.h>

#include "proto/verdict.h"
#include "services/minning/phrase.h"
#include "services/plan/amount.h"
#include "tests/scenarios/scenarios.h"

/* The explanation that a soft fault passed with. */
void scene_explanations(scene_t *self, const reason_t *reasons, uint32_t count) {
    for (uint32_t index = 0; index < count; index++)
        if (reasons[index].explanation.size > 0)
            scene_say(self, "说明 " TEXT_FORMAT "：" TEXT_FORMAT, TEXT_ARGS(reasons[index].code),
                      TEXT_ARGS(reasons[index].explanation));
}

static text_t amount_text(scene_t *self, text_t indicator_id, maybe_t amount) {
    const indicator_t *indicator = planbook_indicator(self->book, indicator_id);
    if (!amount.given || indicator == NULL) return text_of("–");
    if (indicator->measure == measure_money) return amount_exact(amount.value, self->arena);
    return amount_show(amount.value, indicator->measure, indicator->unit_word, self->arena);
}

/* Month and running total, and what was typed if it says something else. */
void scene_standing_figures(scene_t *self, const figure_standing_t *figures, uint32_t count) {
    for (uint32_t index = 0; index < count; index++) {
        const figure_standing_t *one = &figures[index];
        scene_say(self, "数据 " TEXT_FORMAT "%s" TEXT_FORMAT " 本月 " TEXT_FORMAT " 累计 " TEXT_FORMAT "%s",
                  TEXT_ARGS(one->indicator), one->member.size > 0 ? "/" : "", TEXT_ARGS(one->member),
                  TEXT_ARGS(amount_text(self, one->indicator, one->amount)),
                  TEXT_ARGS(amount_text(self, one->indicator, one->running)), one->stale ? " （与当时所填累计不符）" : "");
    }
}

static void scene_restated_row(scene_t *self, text_t period, const restated_total_t *row) {
    maybe_t before = {true, (int64_t)row->before}, after = {true, (int64_t)row->after};
    scene_say(self, "重述 " TEXT_FORMAT " " TEXT_FORMAT " 累计 " TEXT_FORMAT " → " TEXT_FORMAT, TEXT_ARGS(period),
              TEXT_ARGS(row->indicator), TEXT_ARGS(amount_text(self, row->indicator, before)),
              TEXT_ARGS(amount_text(self, row->indicator, after)));
    if (row->months > 0)
        scene_say(self, "  以后 %" PRIu64 " 期同增减：" TEXT_FORMAT "%s" TEXT_FORMAT, row->months, TEXT_ARGS(row->first),
                  row->months > 1 ? " 至 " : "", TEXT_ARGS(row->months > 1 ? row->last : text_of("")));
    for (uint32_t index = 0; index < row->typed_count; index++) {
        const restated_typed_t *one = &row->typed[index];
        maybe_t now = {true, (int64_t)one->after};
        scene_say(self, "  " TEXT_FORMAT " 累计现为 " TEXT_FORMAT "，与当时所填%s", TEXT_ARGS(one->period),
                  TEXT_ARGS(amount_text(self, row->indicator, now)), one->typed == one->after ? "相符" : "不符");
    }
}

/* Later running totals that the last report moved. */
void scene_restated(scene_t *self) {
    event_t event;
    restated_told_t told;
    while (world_event(self->world, WORLD_VALIDATION, &self->verdict_seq, &event, self->arena)) {
        if (!restated_of_event(&event, self->arena, &told)) continue;
        for (uint32_t index = 0; index < told.rows_count; index++)
            scene_restated_row(self, told.period, &told.rows[index]);
    }
}

/* 状态 UNIT TASK PERIOD: what stands, and how the newest valid revision was explained. */
void scene_standing(scene_t *self, text_t rest) {
    standing_ask_t ask = {.unit = phrase_word(&rest), .task = phrase_word(&rest), .period = phrase_word(&rest)};
    standing_told_t told;
    world_ask(self->world, WORLD_VALIDATION, standing_ask_type(), &ask, standing_told_type(), &told, self->arena);
    scene_say(self, "现行第%" PRIu64 "版", told.revision);
    scene_standing_figures(self, told.figures, told.figures_count);
    for (uint32_t index = 0; index < told.submissions_count; index++)
        if (told.submissions[index].accepted)
            scene_explanations(self, told.submissions[index].reasons, told.submissions[index].reasons_count);
}

/* 来历 UNIT INDICATOR [PERIOD]: every value the figure took. */
void scene_history(scene_t *self, text_t rest) {
    history_ask_t ask = {.unit = phrase_word(&rest), .indicator = phrase_word(&rest), .period = phrase_word(&rest)};
    history_t told;
    world_ask(self->world, WORLD_VALIDATION, history_ask_type(), &ask, history_type(), &told, self->arena);
    for (uint32_t index = 0; index < told.rows_count; index++) {
        const figure_change_t *row = &told.rows[index];
        scene_say(self, "%s " TEXT_FORMAT " 第%" PRIu64 "版 " TEXT_FORMAT "%s" TEXT_FORMAT " " TEXT_FORMAT " → " TEXT_FORMAT,
                  row->returned ? "退回" : "变动", TEXT_ARGS(scene_when(self, (int64_t)row->received_ms)), row->revision,
                  TEXT_ARGS(row->period), row->member.size > 0 ? " " : "", TEXT_ARGS(row->member),
                  TEXT_ARGS(amount_text(self, ask.indicator, row->before)),
                  TEXT_ARGS(amount_text(self, ask.indicator, row->after)));
        scene_explanations(self, row->explained, row->explained_count);
    }
}

/* 严格 CODE soft|hard|off: as if the plan file said so. Before 开始. */
/* 内审 须审核: the plan asks for approval inside the units. */
void scene_approval(scene_t *self, text_t rest) {
    const word_t *word = word_named(approval_words, phrase_word(&rest));
    if (word == NULL) {
        scene_say(self, "写作 内审 reviewed|signed");
        return;
    }
    self->plan.approval = (approval_t)word->number;
    planbook_destroy(&self->book);
    self->book = planbook_new(&self->plan);
}

void scene_strict(scene_t *self, text_t rest) {
    static soft_rule_t rules[LIMIT_SOFT_RULES];
    static char codes[LIMIT_SOFT_RULES][LIMIT_ID + 1];
    static uint32_t used;
    text_t code = phrase_word(&rest);
    const word_t *word = word_named(strictness_words, phrase_word(&rest));
    uint32_t count = 0;
    for (uint32_t index = 0; index < self->plan.soft_rules_count; index++)
        if (!text_equal(self->plan.soft_rules[index].code, code)) rules[count++] = self->plan.soft_rules[index];
    if (word == NULL || !soft_rule_exists(code) || count == LIMIT_SOFT_RULES) {
        scene_say(self, "写作 严格 CODE soft|hard|off");
        return;
    }
    char *kept = codes[used++ % LIMIT_SOFT_RULES];
    snprintf(kept, LIMIT_ID + 1, TEXT_FORMAT, TEXT_ARGS(code));
    rules[count] = (soft_rule_t){text_of(kept), (strictness_t)word->number};
    self->plan.soft_rules = rules;
    self->plan.soft_rules_count = count + 1;
    planbook_destroy(&self->book);
    self->book = planbook_new(&self->plan);
}
