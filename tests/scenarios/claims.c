/* The commands of scenarios about claims: what is claimed twice, who counts, what a figure is, reported and credited. */
#include <inttypes.h>
#include <string.h>

#include "services/minning/phrase.h"
#include "services/plan/amount.h"
#include "services/plan/key_fold.h"
#include "tests/scenarios/scenarios.h"

static text_t amount_of(const scene_t *self, text_t indicator_id, maybe_t amount) {
    const indicator_t *indicator = planbook_indicator(self->book, indicator_id);
    if (!amount.given || indicator == NULL) return text_of("–");
    return amount_show(amount.value, indicator->measure, indicator->unit_word, self->arena);
}

static text_t key_of(const claim_t *claim) {
    return claim->key_kind == key_kind_person ? text_of("(人员)") : claim->typed.size > 0 ? claim->typed : claim->key;
}

static void say_contest(scene_t *self, const contest_t *row) {
    const claim_t *first = &row->claims[0];
    scene_say(self, TEXT_FORMAT " %s " TEXT_FORMAT "：%s，%" PRIu64 "家%s" TEXT_FORMAT, TEXT_ARGS(first->indicator),
              WORD_ZH(key_kind, first->key_kind), TEXT_ARGS(key_of(first)), row->open ? "待认定" : "已认定", row->claimants,
              row->why.size > 0 ? "，" : "", TEXT_ARGS(row->why));
    for (uint32_t index = 0; index < row->claims_count; index++) {
        const claim_t *claim = &row->claims[index];
        text_t typed = claim->typed;
        if (typed.size > 0) typed = arena_format(self->arena, "，写作 " TEXT_FORMAT, TEXT_ARGS(typed));
        scene_say(self, "  %s " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " 自 " TEXT_FORMAT " " TEXT_FORMAT TEXT_FORMAT,
                  claim->contested ? "○" : "●", TEXT_ARGS(claim->unit), TEXT_ARGS(claim->period), TEXT_ARGS(claim->member),
                  TEXT_ARGS(scene_when(self, (int64_t)claim->since_ms)),
                  TEXT_ARGS(amount_of(self, claim->indicator, claim->amount)), TEXT_ARGS(typed));
    }
}

static claims_t claims_asked(scene_t *self, text_t indicator) {
    claims_ask_t ask = {.indicator = indicator};
    claims_t claims;
    world_ask(self->world, WORLD_VALIDATION, claims_ask_type(), &ask, claims_type(), &claims, self->arena);
    return claims;
}

/* 重复 [INDICATOR]: keys that more than one claims. */
void scene_claims(scene_t *self, text_t rest) {
    claims_t claims = claims_asked(self, phrase_word(&rest));
    if (claims.rows_count == 0) scene_say(self, "没有重复申报");
    for (uint32_t index = 0; index < claims.rows_count; index++) say_contest(self, &claims.rows[index]);
}

/* The claim that is meant, by unit and period; of a person by the unit alone ("-" for the key). */
static const claim_t *claim_meant(const claims_t *claims, text_t key, text_t unit, text_t period, arena_t *arena) {
    for (uint32_t index = 0; index < claims->rows_count; index++)
        for (uint32_t one = 0; one < claims->rows[index].claims_count; one++) {
            const claim_t *claim = &claims->rows[index].claims[one];
            bool same = text_equal(claim->key, key_folded(key, arena)) || (text_is(key, "-") && claim->key_kind == key_kind_person);
            if (same && text_equal(claim->unit, unit) && (claim->period.size == 0 || text_equal(claim->period, period)))
                return claim;
        }
    return NULL;
}

static void say_credit(scene_t *self, uint64_t seq) {
    verdict_ask_t ask = {.seq = seq};
    verdict_t told;
    world_ask(self->world, WORLD_VALIDATION, verdict_ask_type(), &ask, verdict_type(), &told, self->arena);
    scene_say(self, "%s", told.accepted ? "已认定" : "认定不成立");
    scene_reasons(self, "原因", told.reasons, told.reasons_count);
}

static void credit(scene_t *self, text_t officer, claim_credit_t *credit) {
    refusal_t refusal = {0};
    uint64_t seq = 0;
    if (!world_command_as(self->world, officer, claim_credit_type(), credit, &seq, &refusal, self->arena))
        scene_reasons(self, "拒收", refusal.reasons, refusal.reasons_count);
    else
        say_credit(self, seq);
}

/* 认定 OFFICER INDICATOR KEY UNIT PERIOD WHY [SEQ]: this one counts. SEQ: the entry that was looked at, where it is not today's. */
void scene_credit(scene_t *self, text_t rest) {
    text_t officer = phrase_word(&rest);
    claim_credit_t said = {.indicator = phrase_word(&rest)};
    text_t key = phrase_word(&rest);
    said.unit = phrase_word(&rest);
    text_t period = phrase_word(&rest);
    said.why = phrase_word(&rest);
    claims_t claims = claims_asked(self, said.indicator);
    const claim_t *claim = claim_meant(&claims, key, said.unit, period, self->arena);
    if (claim == NULL) { /* what the ledger says of it is the question */
        said.key_kind = key_kind_receipt;
        said.key = key;
        said.period = period;
        said.seq = 1;
        credit(self, officer, &said);
        return;
    }
    said.key_kind = claim->key_kind;
    said.key = claim->key_kind == key_kind_person ? claim->key : key; /* as it is typed here */
    memcpy(said.person, claim->person, sizeof said.person);
    said.period = claim->period;
    said.member = claim->member;
    said.seq = text_is(phrase_word(&rest), "旧") ? claim->seq - 1 : claim->seq;
    credit(self, officer, &said);
}

/* 数据 INDICATOR: the rows behind a total, reported and credited side by side. */
void scene_figures(scene_t *self, text_t rest) {
    figures_ask_t ask = {.indicator = phrase_word(&rest)};
    figures_t all;
    world_ask(self->world, WORLD_AGGREGATION, figures_ask_type(), &ask, figures_type(), &all, self->arena);
    for (uint32_t index = 0; index < all.rows_count; index++) {
        const proof_row_t *row = &all.rows[index];
        text_t reported = row->reported.given ? arena_format(self->arena, "（申报 " TEXT_FORMAT "）",
                                                             TEXT_ARGS(amount_of(self, ask.indicator, row->reported)))
                                              : text_of("");
        scene_say(self, TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT TEXT_FORMAT "%s", TEXT_ARGS(row->unit),
                  TEXT_ARGS(row->period), TEXT_ARGS(row->member), TEXT_ARGS(amount_of(self, ask.indicator, row->amount)),
                  TEXT_ARGS(reported), row->contested ? "（他单位已申报，不计入）" : "");
    }
    text_t reported = all.reported.given ? arena_format(self->arena, "，申报 " TEXT_FORMAT,
                                                        TEXT_ARGS(amount_of(self, ask.indicator, all.reported)))
                                         : text_of("");
    scene_say(self, "合计 " TEXT_FORMAT TEXT_FORMAT, TEXT_ARGS(amount_of(self, ask.indicator, all.total)), TEXT_ARGS(reported));
}
