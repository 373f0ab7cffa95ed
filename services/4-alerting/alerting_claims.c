/* Keys that several claim: who is told, once, and what ends it: a credit, a withdrawal, another who counts. */
#include "services/4-alerting/alerting_claims.h"

#include "services/4-alerting/alerting_text.h"
#include "services/4-alerting/alerting_words.h"
#include "services/plan/calendar.h"

#include <stdio.h>
#include <string.h>

void claim_key_add(store_key_t *key, const claim_t *claim) {
    key_add_u64(key, claim->key_kind);
    if (claim->key_kind == key_kind_person) key_add_bytes(key, claim->person, sizeof claim->person);
    else key_add_text(key, claim->key);
}

rung_choice_t claim_choose(const plan_t *plan, const alerting_subject_t *subject, int64_t now_ms) {
    rung_choice_t choice = {.rung_ms = (int64_t)subject->since_ms, .level = level_remind};
    snprintf(choice.name, sizeof choice.name, "claim");
    if (subject->raised) return choice;
    uint32_t minute = minute_of_instant(plan, now_ms);
    choice.sound = day_is_working(plan, day_of_instant(plan, now_ms)) && minute >= plan->day_begins &&
                   (plan->day_ends == 0 || minute <= plan->day_ends);
    choice.at_ms = choice.sound ? now_ms : next_office_hour(plan, &plan->target_ladder, now_ms);
    return choice;
}

/* --- who is told --- */

/* Everybody who was told of the key, or is to be, and is not among the recipients. */
static void others_close(turn_t *turn, const alerting_subject_t *wanted, const text_t *units, uint32_t count) {
    enum { TOLD_MOST = 4 }; /* who counts and the coordinator; at a change of who counts one more */
    store_key_t prefix = subject_prefix(SUBJECT_CLAIM, wanted->indicator);
    claim_key_add(&prefix, &wanted->claim);
    alerting_subject_t rest[TOLD_MOST], row;
    uint32_t rest_count = 0;
    scan_t scan = scan_begin(turn_txn(turn), ALERTING_SUBJECT, &prefix, NULL);
    while (rest_count < TOLD_MOST && scan_next(&scan, turn_arena(turn), &row))
        if (row.open && !text_find(units, count, row.unit)) rest[rest_count++] = row;
    scan_end(&scan);
    for (uint32_t index = 0; index < rest_count; index++) subject_close(turn, &rest[index], true, count > 0);
}

static void dispute_take(turn_t *turn, const dispute_t *dispute) {
    const alerting_memory_t *memory = turn_memory(turn);
    const plan_t *plan = planbook_plan(memory->book);
    const indicator_t *indicator = planbook_indicator(memory->book, dispute->claim.indicator);
    const task_t *task = planbook_task(memory->book, dispute->task);
    if (indicator == NULL || task == NULL) return;
    uint32_t due = indicator->target.due != 0 ? indicator->target.due : task->due;
    alerting_subject_t wanted = {.what = SUBJECT_CLAIM, .task = dispute->task, .indicator = dispute->claim.indicator,
                                 .due_ms = (uint64_t)deadline_resolve(plan, due).due_ms, .claim = dispute->claim,
                                 .rival = dispute->rival};
    text_t units[2] = {dispute->claim.unit, plan->coordinator};
    uint32_t count = !dispute->open ? 0 : text_equal(units[0], units[1]) ? 1 : 2;
    others_close(turn, &wanted, units, count);
    for (uint32_t index = 0; index < count; index++) {
        wanted.unit = units[index];
        wanted.role = index == 0 ? addressee_owner : addressee_coordinator;
        subject_open(turn, &wanted);
    }
}

void on_disputes_changed(turn_t *turn, const event_t *event, uint64_t step) {
    enum { PIECES = 4, ROWS_A_STEP = LIMIT_AGENDA_STEP / PIECES };
    disputes_changed_t changed;
    if (turn_memory(turn) == NULL || !turn_body(turn, event, disputes_changed_type(), &changed)) return;
    uint64_t from = step * ROWS_A_STEP, until = from + ROWS_A_STEP;
    for (uint64_t index = from; index < until && index < changed.rows_count; index++) dispute_take(turn, &changed.rows[index]);
    if (until < changed.rows_count) turn_continue(turn, step + 1);
}

/* --- what is said --- */

void claim_warning_fill(const alerting_subject_t *subject, arena_t *arena, warning_raised_t *warning) {
    const claim_t *claim = &subject->claim;
    text_t *key = ARENA_NEW(arena, text_t, 1);
    *key = claim->typed.size > 0 ? claim->typed : claim->key.size > 0 ? claim->key : text_of("person");
    warning->claim = *claim;
    warning->rival = subject->rival;
    warning->missing = key;
    warning->missing_count = 1;
    if (!text_equal(claim->unit, subject->unit)) warning->owner = claim->unit;
}

/* 凭证号“仓慈〔2021〕9号”（2021-08） */
static text_t key_said(const warning_raised_t *warning, bool zh, arena_t *arena) {
    const claim_t *claim = &warning->claim;
    const char *kind = zh ? WORD_ZH(key_kind, claim->key_kind) : WORD_EN(key_kind, claim->key_kind);
    if (claim->key_kind == key_kind_person) return text_of(zh ? "一名在岗人员" : "a person in post");
    return arena_format(arena, zh ? "%s“" TEXT_FORMAT "”（" TEXT_FORMAT "）" : "%s \"" TEXT_FORMAT "\" (" TEXT_FORMAT ")", kind,
                        TEXT_ARGS(warning->missing[0]), TEXT_ARGS(claim->period));
}

static text_t rival_said(const planbook_t *book, const warning_raised_t *warning, bool zh, arena_t *arena) {
    text_t rival = said_unit(book, warning->rival);
    if (warning->rival.size == 0) return text_of(zh ? "另有申报" : "others claim it too");
    if (text_equal(warning->rival, warning->claim.unit)) return text_of(zh ? "该单位在别处又报了一次" : "it claims it once more elsewhere");
    return arena_format(arena, zh ? TEXT_FORMAT "也已申报" : TEXT_FORMAT " claims it too", TEXT_ARGS(rival));
}

void tell_claim(const planbook_t *book, arena_t *arena, warning_raised_t *warning) {
    bool decides = warning->addressee == addressee_coordinator;
    text_t first = said_unit(book, warning->claim.unit), task = said_task(book, warning->task);
    text_t name = said_indicator(book, warning->indicator);
    text_t tag = said_tag_zh(warning, arena), key = key_said(warning, true, arena), rival = rival_said(book, warning, true, arena);
    warning->zh = arena_format(arena, TEXT_FORMAT TEXT_FORMAT "：" TEXT_FORMAT "“" TEXT_FORMAT "”" TEXT_FORMAT "，" TEXT_FORMAT
                               "；暂由" TEXT_FORMAT "计入，%s。",
                               TEXT_ARGS(tag), TEXT_ARGS(first), TEXT_ARGS(task), TEXT_ARGS(name), TEXT_ARGS(key),
                               TEXT_ARGS(rival), TEXT_ARGS(first), decides ? "请认定" : "待统筹单位认定");
    tag = said_tag_en(warning, arena);
    key = key_said(warning, false, arena);
    rival = rival_said(book, warning, false, arena);
    warning->en = arena_format(arena, TEXT_FORMAT " " TEXT_FORMAT ": " TEXT_FORMAT ", \"" TEXT_FORMAT "\", " TEXT_FORMAT
                               ": " TEXT_FORMAT "; that of " TEXT_FORMAT " counts for now, %s.",
                               TEXT_ARGS(tag), TEXT_ARGS(first), TEXT_ARGS(task), TEXT_ARGS(name), TEXT_ARGS(key),
                               TEXT_ARGS(rival), TEXT_ARGS(first), decides ? "please decide" : "the coordinator decides");
}
