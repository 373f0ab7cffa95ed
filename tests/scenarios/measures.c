/* Planned measures in scenarios: entered by a unit, listed, and how one came to be what it is. */
#include <string.h>

#include "services/minning/phrase.h"
#include "tests/scenarios/scenarios.h"

/* "时限=2021-10-31" → what stands behind the sign, where the word begins with `name`. */
static bool is_named(text_t word, const char *name, text_t *value) {
    size_t size = strlen(name);
    if (word.size < size || memcmp(word.at, name, size) != 0) return false;
    *value = (text_t){word.at + size, word.size - (uint32_t)size};
    return true;
}

static uint64_t number_of(text_t digits) {
    uint64_t number = 0;
    for (uint32_t index = 0; index < digits.size && digits.at[index] >= '0' && digits.at[index] <= '9'; index++)
        number = number * 10 + (uint64_t)(digits.at[index] - '0');
    return number;
}

static void word_take(scene_t *self, measure_enter_t *enter, text_t word) {
    planned_measure_t *measure = &enter->measure;
    text_t value;
    if (is_named(word, "任务=", &value)) measure->task = value;
    else if (is_named(word, "事项=", &value)) measure->item = value;
    else if (is_named(word, "计划=", &value)) measure->plan = value;
    else if (is_named(word, "成效=", &value)) measure->result = value;
    else if (is_named(word, "缘由=", &value)) measure->why = value;
    else if (is_named(word, "改第", &value)) enter->replaces = number_of(value);
    else if (is_named(word, "时限=", &value)) {
        if (!phrase_day(value, &measure->due)) scene_say(self, "日期写作 YYYY-MM-DD");
    } else if (is_named(word, "完成=", &value)) {
        measure->state = measure_state_done;
        if (!phrase_day(value, &measure->done_day)) scene_say(self, "日期写作 YYYY-MM-DD");
    } else if (text_is(word, "撤销")) measure->state = measure_state_withdrawn;
    else scene_say(self, "不认识的词");
}

/* UNIT 措施 新|N [改第R版] [任务=] [事项=] [计划=] [时限=] [完成= 成效=] [撤销] [缘由=]: what is not said stays as it stands. */
void scene_measure(scene_t *self, text_t unit, text_t rest) {
    measure_enter_t enter = {.measure = {.state = measure_state_planned, .number = number_of(phrase_word(&rest))}};
    for (text_t word = phrase_word(&rest); word.size > 0; word = phrase_word(&rest)) word_take(self, &enter, word);
    crypto_random(enter.submission_id, sizeof enter.submission_id);
    world_answer_t answer = world_act(self->world, unit, measure_enter_type(), &enter, self->arena);
    if (answer.refused) {
        scene_reasons(self, "拒收", answer.refusal.reasons, answer.refusal.reasons_count);
        return;
    }
    text_t when = scene_when(self, (int64_t)answer.receipt.received_ms);
    if (answer.verdict.accepted)
        scene_say(self, "回执 " TEXT_FORMAT "，第%llu号措施，第%llu版", TEXT_ARGS(when),
                  (unsigned long long)answer.verdict.measure, (unsigned long long)answer.verdict.revision);
    else
        scene_say(self, "回执 " TEXT_FORMAT "，不成立", TEXT_ARGS(when));
    scene_reasons(self, "原因", answer.verdict.reasons, answer.verdict.reasons_count);
}

static text_t day_shown(scene_t *self, uint32_t day) {
    return day == 0 ? text_of("–") : arena_format(self->arena, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
}

static void say_measure(scene_t *self, const measure_row_t *row, const char *phase, uint64_t days) {
    const planned_measure_t *measure = &row->measure;
    scene_say(self, TEXT_FORMAT " 第%llu号第%llu版 " TEXT_FORMAT "：" TEXT_FORMAT "｜" TEXT_FORMAT "｜时限" TEXT_FORMAT " %s %llu天 完成"
              TEXT_FORMAT " " TEXT_FORMAT,
              TEXT_ARGS(row->unit), (unsigned long long)measure->number, (unsigned long long)row->revision,
              TEXT_ARGS(measure->task), TEXT_ARGS(measure->item), TEXT_ARGS(measure->plan),
              TEXT_ARGS(day_shown(self, measure->due)), phase, (unsigned long long)days,
              TEXT_ARGS(day_shown(self, measure->done_day)), TEXT_ARGS(measure->result));
}

/* 措施 [UNIT|全部] [紧要]: what is planned; only what is nearly due or overdue. */
void scene_measures(scene_t *self, text_t rest) {
    text_t unit = phrase_word(&rest);
    measures_ask_t ask = {.pressing_only = text_is(phrase_word(&rest), "紧要")};
    measures_t told;
    if (!text_is(unit, "全部")) ask.unit = unit;
    world_ask(self->world, WORLD_VALIDATION, measures_ask_type(), &ask, measures_type(), &told, self->arena);
    for (uint32_t index = 0; index < told.rows_count; index++)
        say_measure(self, &told.rows[index].row, WORD_ZH(measure_phase, told.rows[index].phase), told.rows[index].days);
    if (told.rows_count == 0) scene_say(self, "没有");
}

/* 措施来历 UNIT N: every revision, the newest first, with who stated it and why. */
void scene_measure_history(scene_t *self, text_t rest) {
    measure_history_ask_t ask = {.unit = phrase_word(&rest), .number = number_of(phrase_word(&rest))};
    measure_history_t told;
    world_ask(self->world, WORLD_VALIDATION, measure_history_ask_type(), &ask, measure_history_type(), &told, self->arena);
    for (uint32_t index = 0; index < told.rows_count; index++) {
        const measure_row_t *row = &told.rows[index];
        scene_say(self, TEXT_FORMAT " " TEXT_FORMAT "（%s） 缘由：" TEXT_FORMAT, TEXT_ARGS(scene_when(self, (int64_t)row->at_ms)),
                  TEXT_ARGS(row->actor.unit), WORD_ZH(credential, row->actor.credential), TEXT_ARGS(row->measure.why));
        say_measure(self, row, WORD_ZH(measure_state, row->measure.state), 0);
    }
}
