/* Requests for more time in scenarios: a unit asks, the office sees what waits, the unit sees what was answered. */
#include "services/minning/phrase.h"
#include "tests/scenarios/scenarios.h"

/* UNIT 请延 TASK PERIOD DAY [why]; – for a day that is not said. */
void scene_request(scene_t *self, text_t unit, text_t rest) {
    extension_request_t request = {.task = phrase_word(&rest), .period = phrase_word(&rest)};
    if (!phrase_day(phrase_word(&rest), &request.until)) request.until = 0;
    request.why = phrase_word(&rest);
    crypto_random(request.submission_id, sizeof request.submission_id);
    world_answer_t answer = world_act(self->world, unit, extension_request_type(), &request, self->arena);
    if (answer.refused) {
        scene_reasons(self, "拒收", answer.refusal.reasons, answer.refusal.reasons_count);
        return;
    }
    scene_say(self, "回执 " TEXT_FORMAT "，第%llu条，%s，时限 " TEXT_FORMAT,
              TEXT_ARGS(scene_when(self, (int64_t)answer.receipt.received_ms)),
              (unsigned long long)answer.receipt.seq, answer.verdict.accepted ? "待答复" : "不成立",
              TEXT_ARGS(answer.verdict.due_ms == 0 ? text_of("–") : scene_due(self, answer.verdict.due_ms)));
    scene_reasons(self, "原因", answer.verdict.reasons, answer.verdict.reasons_count);
}

static void say_request(scene_t *self, const request_row_t *row) {
    scene_say(self,
              "第%llu条 " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " 申请延至%04u-%02u-%02u %s 理由：" TEXT_FORMAT
              " 答复：" TEXT_FORMAT,
              (unsigned long long)row->seq, TEXT_ARGS(row->unit), TEXT_ARGS(row->task), TEXT_ARGS(row->period), row->until / 10000,
              row->until / 100 % 100, row->until % 100, WORD_ZH(request_state, row->state), TEXT_ARGS(row->why),
              TEXT_ARGS(row->answer));
}

/* 延期申请 [UNIT|全部] [待答复] */
void scene_requests(scene_t *self, text_t rest) {
    text_t unit = phrase_word(&rest);
    requests_ask_t ask = {.open_only = text_is(phrase_word(&rest), "待答复")};
    requests_t told;
    if (!text_is(unit, "全部")) ask.unit = unit;
    world_ask(self->world, WORLD_VALIDATION, requests_ask_type(), &ask, requests_type(), &told, self->arena);
    for (uint32_t index = 0; index < told.rows_count; index++) say_request(self, &told.rows[index]);
    if (told.rows_count == 0) scene_say(self, "没有");
}
