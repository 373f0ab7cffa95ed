/* 通报, 公示, 印发, 重看: documents of a scenario, gathered from the world's stages by the code of the product. */
#include <string.h>

#include "services/documents/gather.h"
#include "services/minning/phrase.h"
#include "tests/scenarios/scenarios.h"

static err_t ask(void *self, gather_desk_t desk, const message_t *type, const void *question, const message_t *answer,
                 void *value) {
    static const uint32_t stages[] = {WORLD_INTAKE, WORLD_VALIDATION, WORLD_AGGREGATION, WORLD_ALERTING};
    scene_t *scene = self;
    world_ask(scene->world, stages[desk], type, question, answer, value, scene->arena);
    return OK;
}

static gather_t gather_of(scene_t *self) {
    return (gather_t){.self = self, .ask = ask, .arena = self->arena, .book = self->book};
}

static bool gathered(scene_t *self, text_t period, edition_t *edition) {
    gather_t from = gather_of(self);
    if (planbook_period(self->book, period) == NULL)
        scene_say(self, "没有这个报送期");
    else if (gather_edition(&from, document_kind_bulletin, period, 0, edition) == OK)
        return true;
    return false;
}

/* The body, without the tables behind it, and without the number of warnings, which other scenarios are about; where a word is
 * given, only the lines in which it stands. */
static void say_paper(scene_t *self, const edition_t *edition, text_t word) {
    buffer_t text = {0};
    paper_t paper = document_compose(edition, self->arena);
    paper_text(&paper, &text);
    for (size_t from = 0; from < text.size;) {
        size_t to = from;
        while (to < text.size && text.at[to] != '\n') to++;
        text_t line = {(const char *)text.at + from, (uint32_t)(to - from)};
        if (line.size >= 7 && memcmp(line.at, "附件1", strlen("附件1")) == 0) break;
        while (line.size > 0 && line.at[0] == ' ') line = (text_t){line.at + 1, line.size - 1};
        bool wanted = word.size == 0 || memmem(line.at, line.size, word.at, word.size) != NULL;
        if (wanted && line.size > 0 && memmem(line.at, line.size, "系统共发出", strlen("系统共发出")) == NULL)
            scene_say(self, TEXT_FORMAT, TEXT_ARGS(line));
        from = to + 1;
    }
    buffer_destroy(&text);
}

void scene_bulletin(scene_t *self, text_t rest) {
    edition_t edition;
    if (gathered(self, phrase_word(&rest), &edition)) say_paper(self, &edition, phrase_word(&rest));
}

/* --- into the ledger --- */

static bool command(scene_t *self, const message_t *type, const void *value) {
    refusal_t refusal = {0};
    if (world_command(self->world, type, value, &refusal, self->arena)) return true;
    for (uint32_t index = 0; index < refusal.reasons_count; index++) {
        reason_t reason = refusal.reasons[index];
        reason_tell(&reason, self->arena);
        scene_say(self, "拒收 " TEXT_FORMAT " " TEXT_FORMAT "：" TEXT_FORMAT, TEXT_ARGS(reason.code), TEXT_ARGS(reason.path),
                  TEXT_ARGS(reason.zh));
    }
    return false;
}

static bool send_part(scene_t *self, const edition_t *edition, uint8_t hash[HASH_SIZE], uint64_t *size) {
    buffer_t bytes = {0};
    edition_bytes(edition, &bytes);
    document_part_t part = {.bytes = {bytes.at, (uint32_t)bytes.size}};
    hash_of(part.bytes, part.hash);
    memcpy(hash, part.hash, HASH_SIZE);
    *size = bytes.size;
    bool sent = command(self, document_part_type(), &part);
    buffer_destroy(&bytes);
    return sent;
}

void scene_announce(scene_t *self, text_t rest) {
    edition_t edition;
    document_announced_t told = {.kind = document_kind_bulletin, .period = phrase_word(&rest), .parts = 1};
    if (!gathered(self, told.period, &edition) || !send_part(self, &edition, told.hash, &told.size)) return;
    told.as_of = edition.as_of;
    if (command(self, document_announced_type(), &told)) scene_say(self, "已公示");
}

static void hash_paper(const edition_t *edition, arena_t *arena, uint8_t html[HASH_SIZE], uint8_t docx[HASH_SIZE]) {
    buffer_t bytes = {0};
    paper_t paper = document_compose(edition, arena);
    paper_html(&paper, &bytes);
    hash_of((bytes_t){bytes.at, (uint32_t)bytes.size}, html);
    buffer_clear(&bytes);
    ASSERT(paper_docx(&paper, &bytes) == OK);
    hash_of((bytes_t){bytes.at, (uint32_t)bytes.size}, docx);
    buffer_destroy(&bytes);
}

void scene_publish(scene_t *self, text_t rest) {
    edition_t edition;
    documents_t documents;
    gather_t from = gather_of(self);
    document_published_t told = {
        .kind = document_kind_bulletin, .period = phrase_word(&rest), .parts = 1, .layout = PAPER_LAYOUT};
    if (!gathered(self, told.period, &edition) || gather_documents(&from, told.kind, &documents) != OK) return;
    edition.number = told.number = documents_next_number(&documents, told.kind);
    told.as_of = edition.as_of;
    hash_paper(&edition, self->arena, told.html_hash, told.docx_hash);
    if (!send_part(self, &edition, told.hash, &told.size) || !command(self, document_published_type(), &told)) return;
    scene_say(self, "已印发 " TEXT_FORMAT, TEXT_ARGS(issue_number(&edition, edition.number, self->arena)));
}

/* 异议 lin UNIT PERIOD [INDICATOR] 说 …: the officer enters it for the unit; – for no figure. */
void scene_object(scene_t *self, text_t rest) {
    text_t officer = phrase_word(&rest);
    documents_t documents;
    gather_t from = gather_of(self);
    objection_raise_t raise = {.kind = document_kind_bulletin, .unit = phrase_word(&rest)};
    raise.period = phrase_word(&rest);
    raise.indicator = phrase_word(&rest);
    if (text_is(raise.indicator, "–")) raise.indicator = (text_t){0};
    (void)phrase_word(&rest);
    while (rest.size > 0 && rest.at[0] == ' ') rest = (text_t){rest.at + 1, rest.size - 1};
    raise.why = rest;
    if (gather_documents(&from, raise.kind, &documents) != OK) return;
    const document_row_t *row = documents_find(&documents, raise.kind, raise.period);
    raise.announced_seq = row == NULL ? 1 : row->announced_seq;
    uint64_t seq = 0;
    refusal_t refusal = {0};
    if (world_command_as(self->world, officer, objection_raise_type(), &raise, &seq, &refusal, self->arena))
        scene_say(self, "异议已登记，第%llu条", (unsigned long long)seq);
    else
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
}

/* 答复 lin SEQ 采纳|不采纳 说 … */
void scene_object_answer(scene_t *self, text_t rest) {
    text_t officer = phrase_word(&rest), number = phrase_word(&rest), ruling = phrase_word(&rest);
    objection_answer_t answer = {.ruling = text_is(ruling, "采纳") ? objection_ruling_upheld : objection_ruling_dismissed};
    for (uint32_t index = 0; index < number.size && number.at[index] >= '0' && number.at[index] <= '9'; index++)
        answer.objection_seq = answer.objection_seq * 10 + (uint64_t)(number.at[index] - '0');
    (void)phrase_word(&rest);
    while (rest.size > 0 && rest.at[0] == ' ') rest = (text_t){rest.at + 1, rest.size - 1};
    answer.why = rest;
    uint64_t seq = 0;
    refusal_t refusal = {0};
    if (world_command_as(self->world, officer, objection_answer_type(), &answer, &seq, &refusal, self->arena))
        scene_say(self, "已答复");
    else
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
}

/* What is out, as it went out; and what has changed since. */
void scene_again(scene_t *self, text_t rest) {
    text_t period = phrase_word(&rest);
    documents_t documents;
    edition_t then, now;
    erratum_t errata[ERRATA];
    uint8_t html[HASH_SIZE], docx[HASH_SIZE];
    gather_t from = gather_of(self);
    if (gather_documents(&from, document_kind_bulletin, &documents) != OK) return;
    const document_row_t *row = documents_find(&documents, document_kind_bulletin, period);
    if (row == NULL || row->published_seq == 0) {
        scene_say(self, "尚未印发");
        return;
    }
    const document_published_t *told = &row->published;
    if (gather_kept(&from, told->hash, told->size, told->parts, &then, NULL) != OK || !gathered(self, period, &now)) return;
    hash_paper(&then, self->arena, html, docx);
    bool same = memcmp(html, told->html_hash, sizeof html) == 0 && memcmp(docx, told->docx_hash, sizeof docx) == 0;
    scene_say(self, TEXT_FORMAT " 字节%s", TEXT_ARGS(issue_number(&then, then.number, self->arena)),
              same ? "与印发时相同" : "不同");
    uint32_t count = edition_errata(&then, &now, errata);
    for (uint32_t index = 0; index < count && index < ERRATA; index++)
        scene_say(self, "更正提示 " TEXT_FORMAT " " TEXT_FORMAT " 本期 " TEXT_FORMAT " → " TEXT_FORMAT,
                  TEXT_ARGS(errata[index].indicator), TEXT_ARGS(errata[index].unit),
                  TEXT_ARGS(wording_cell(errata[index].measure, (uint64_t)errata[index].month_then.value, self->arena)),
                  TEXT_ARGS(wording_cell(errata[index].measure, (uint64_t)errata[index].month_now.value, self->arena)));
}
