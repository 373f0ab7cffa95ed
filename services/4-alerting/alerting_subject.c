/* Opens, tells, schedules and withdraws; every change of a subject and of its place in the agenda is made here. */
#include "services/4-alerting/alerting_subject.h"

#include "services/4-alerting/alerting_claims.h"
#include "services/4-alerting/alerting_pace.h"
#include "services/4-alerting/alerting_silence.h"
#include "services/4-alerting/alerting_tell.h"
#include "services/4-alerting/alerting_text.h"
#include "services/plan/calendar.h"

#include <stdio.h>
#include <string.h>

store_key_t subject_prefix(subject_t what, text_t indicator) {
    store_key_t key = key_new();
    key_add_u64(&key, what);
    key_add_text(&key, indicator);
    return key;
}

store_key_t subject_key(const alerting_subject_t *subject) {
    bool report = subject->what == SUBJECT_REPORT;
    store_key_t key = subject_prefix((subject_t)subject->what, report ? subject->task : subject->indicator);
    if (report) key_add_text(&key, subject->period);
    if (subject->what == SUBJECT_CLAIM) claim_key_add(&key, &subject->claim);
    key_add_text(&key, subject->unit);
    return key;
}

static void agenda_put(turn_t *turn, uint64_t at_ms, const store_key_t *subject, bool present) {
    if (at_ms == 0) return;
    store_key_t key = key_new();
    key_add_u64(&key, at_ms);
    key_add_bytes(&key, subject->bytes, subject->size);
    alerting_mark_t mark = {.mark = 1};
    if (present) turn_put(turn, ALERTING_AGENDA, &key, &mark);
    else turn_delete(turn, ALERTING_AGENDA, &key);
}

void subject_keep(turn_t *turn, alerting_subject_t *subject, uint64_t next_ms) {
    store_key_t key = subject_key(subject);
    if (subject->next_ms != next_ms) {
        agenda_put(turn, subject->next_ms, &key, false);
        agenda_put(turn, next_ms, &key, true);
        subject->next_ms = next_ms;
    }
    turn_put(turn, ALERTING_SUBJECT, &key, subject);
}

void subject_live(alerting_subject_t *subject, life_event_t event) {
    subject->life = life_next(subject->life, event);
    ASSERT(subject->life != life_none);
}

static const ladder_t *ladder_of(const plan_t *plan, const alerting_subject_t *subject) {
    return subject->what == SUBJECT_REPORT ? &plan->report_ladder : &plan->target_ladder;
}

static bool past_same(const past_t *a, const past_t *b) {
    return a->told_ms == b->told_ms && a->level == b->level && a->level_ms == b->level_ms && a->since_ms == b->since_ms;
}

static rung_choice_t ladder_choice(alerting_memory_t *memory, const ladder_t *ladder, int64_t due_ms, const past_t *past,
                                   int64_t now_ms) {
    alerting_choice_t *last = &memory->last;
    if (last->ladder == ladder && last->due_ms == due_ms && last->now_ms == now_ms && past_same(&last->past, past))
        return last->choice;
    *last = (alerting_choice_t){.ladder = ladder, .due_ms = due_ms, .now_ms = now_ms, .past = *past};
    last->choice = rung_choose(planbook_plan(memory->book), ladder, due_ms, past, now_ms);
    return last->choice;
}

static rung_choice_t subject_choice(turn_t *turn, const alerting_subject_t *subject) {
    alerting_memory_t *memory = turn_memory(turn);
    const plan_t *plan = planbook_plan(memory->book);
    uint64_t since_ms = subject->muted_ms > subject->since_ms ? subject->muted_ms : subject->since_ms; /* recorded already */
    past_t past = {.told_ms = (int64_t)subject->told_ms, .level = subject->level, .level_ms = (int64_t)subject->level_ms,
                   .since_ms = (int64_t)since_ms};
    if (subject->what == SUBJECT_PACE) return pace_choose(turn, subject);
    if (subject->what == SUBJECT_CLAIM) return claim_choose(plan, subject, turn_now_ms(turn));
    if (subject->returned_ms != 0) {
        ladder_t again = returned_ladder(plan, (int64_t)subject->returned_ms, (int64_t)subject->due_ms, turn_arena(turn));
        return rung_choose(plan, &again, (int64_t)subject->due_ms, &past, turn_now_ms(turn));
    }
    return ladder_choice(memory, ladder_of(plan, subject), (int64_t)subject->due_ms, &past, turn_now_ms(turn));
}

/* A tenure that broke, or that is at risk, has no ladder: it is told the moment it is known. */
static void tell_at_once(turn_t *turn, alerting_subject_t *subject) {
    bool broken = subject->what == SUBJECT_TENURE;
    rung_choice_t choice = {.sound = true, .level = broken ? level_red : level_blue, .after = broken};
    snprintf(choice.name, sizeof choice.name, "%s", broken ? "broken" : "risk");
    subject_tell(turn, subject, &choice);
    subject_keep(turn, subject, 0);
}

/* The unit hears of a return at once, with the objection; its ladder begins behind that. */
static void return_tell(turn_t *turn, alerting_subject_t *subject) {
    rung_choice_t back = {.sound = true, .name = "returned", .level = level_remind};
    subject_tell(turn, subject, &back);
    rung_choice_t choice = subject_choice(turn, subject);
    subject_keep(turn, subject, (uint64_t)choice.at_ms);
}

static bool same_missing(const alerting_subject_t *left, const alerting_subject_t *right) {
    if (left->missing_count != right->missing_count) return false;
    for (uint32_t index = 0; index < left->missing_count; index++)
        if (!text_equal(left->missing[index], right->missing[index])) return false;
    return true;
}

static void subject_end(turn_t *turn, alerting_subject_t *subject, bool withdrawn, bool moved) {
    bool withdraws = withdrawn && subject_stands(subject);
    if (!subject->open && !withdraws) return;
    if (withdraws) subject_withdraw(turn, subject, moved);
    if (withdrawn && subject->life != life_resolved) subject_live(subject, LIFE_settle);
    subject->open = false;
    subject_keep(turn, subject, 0);
}

/* The episode that begins: what an earlier one said is over, but for what a stopped target left standing. */
static alerting_subject_t subject_begin(turn_t *turn, const alerting_subject_t *wanted, const alerting_subject_t *old) {
    alerting_subject_t fresh = *wanted;
    fresh.open = true;
    fresh.life = life_waiting;
    fresh.episode = old == NULL ? 1 : old->raised ? old->episode + 1 : old->episode;
    fresh.since_ms = (uint64_t)turn_now_ms(turn);
    if (old == NULL) return fresh;
    fresh.next_ms = old->next_ms;
    fresh.own_seq = old->own_seq;
    fresh.above = old->above;
    fresh.above_count = old->above_count;
    return fresh;
}

/* Already open: what is missing, or as whom it is told, may be another by now. */
static void subject_renew(turn_t *turn, alerting_subject_t *old, const alerting_subject_t *wanted) {
    if (old->role == wanted->role && same_missing(old, wanted) && wanted->what != SUBJECT_CLAIM) return;
    old->claim = wanted->claim; /* the same key; another month of the unit may state it now */
    old->role = wanted->role;
    old->missing = wanted->missing;
    old->missing_count = wanted->missing_count;
    subject_keep(turn, old, old->next_ms);
}

void subject_open(turn_t *turn, const alerting_subject_t *wanted) {
    store_key_t key = subject_key(wanted);
    alerting_subject_t old = {0};
    bool known = turn_get(turn, ALERTING_SUBJECT, &key, &old);
    bool same = known && old.open && old.due_ms == wanted->due_ms && (old.returned_ms != 0) == (wanted->returned_ms != 0) &&
                text_equal(old.why, wanted->why);
    if (same) {
        subject_renew(turn, &old, wanted);
        return;
    }
    if (known && old.open) subject_end(turn, &old, true, true);
    alerting_subject_t fresh = subject_begin(turn, wanted, known ? &old : NULL);
    if (fresh.what == SUBJECT_TENURE || fresh.what == SUBJECT_RISK) {
        tell_at_once(turn, &fresh);
        return;
    }
    if (fresh.returned_ms != 0) {
        return_tell(turn, &fresh);
        return;
    }
    rung_choice_t choice = subject_choice(turn, &fresh);
    subject_keep(turn, &fresh, (uint64_t)choice.at_ms);
}

void subject_close(turn_t *turn, const alerting_subject_t *wanted, bool withdrawn, bool moved) {
    store_key_t key = subject_key(wanted);
    alerting_subject_t subject;
    if (turn_get(turn, ALERTING_SUBJECT, &key, &subject)) subject_end(turn, &subject, withdrawn, moved);
}

/* It is told, and then it waits for its next rung. */
static void subject_sound(turn_t *turn, alerting_subject_t *subject, const rung_choice_t *choice) {
    if (choice->missed_count > 0) subject_withhold(turn, subject, choice, withheld_stale);
    subject_tell(turn, subject, choice);
    rung_choice_t next = subject_choice(turn, subject);
    ASSERT(!next.sound);
    subject_keep(turn, subject, (uint64_t)next.at_ms);
}

enum { LOOK_AGAIN_MS = 3600000 }; /* while it is muted */

/* Nobody is called late, or slow, while a door is away: he may be standing in front of it. */
static withheld_t mute_of(turn_t *turn, const alerting_subject_t *subject, const rung_choice_t *choice) {
    const alerting_memory_t *memory = turn_memory(turn);
    bool late = subject->what == SUBJECT_REPORT && choice->after, slow = subject->what == SUBJECT_PACE;
    if (memory->away != 0 && (late || slow)) return withheld_outage;
    if (silence_until(turn, subject) > 0) return withheld_silenced;
    return withheld_none;
}

/* Each rung that is muted is recorded once. */
static void subject_mute(turn_t *turn, alerting_subject_t *subject, const rung_choice_t *choice, withheld_t cause) {
    if (choice->rung_ms > (int64_t)subject->muted_ms) subject_withhold(turn, subject, choice, cause);
    const alerting_memory_t *memory = turn_memory(turn);
    const plan_t *plan = planbook_plan(memory->book);
    uint64_t again_ms = (uint64_t)(turn_now_ms(turn) + LOOK_AGAIN_MS); /* a door may be back any time */
    if (cause == withheld_silenced) again_ms = (uint64_t)next_office_hour(plan, ladder_of(plan, subject), turn_now_ms(turn));
    subject_keep(turn, subject, again_ms);
}

/* Behind the close nothing is owed any more but confirmations, nothing decided but whose posting it is; a tenure has no ladder. */
static bool subject_is_over(turn_t *turn, const alerting_subject_t *subject) {
    const alerting_memory_t *memory = turn_memory(turn);
    if (!memory->closed) return false;
    const period_t *period = subject->what == SUBJECT_REPORT ? planbook_period(memory->book, subject->period) : NULL;
    const indicator_t *indicator = planbook_indicator(memory->book, subject->indicator);
    if (subject->what == SUBJECT_CLAIM) return indicator == NULL || indicator->target.shape != shape_lasting;
    return period == NULL || !period->confirmation;
}

/* One subject whose time has come: it sounds, or it is found to have to wait. Its next instant lies after now. */
static void subject_look(turn_t *turn, const store_key_t *key) {
    alerting_subject_t subject;
    if (!turn_get(turn, ALERTING_SUBJECT, key, &subject)) return;
    if (subject_is_over(turn, &subject)) {
        subject_keep(turn, &subject, 0);
        return;
    }
    if ((int64_t)subject.rest_until_ms >= turn_now_ms(turn)) { /* somebody has promised */
        subject_keep(turn, &subject, subject.rest_until_ms + 1);
        return;
    }
    rung_choice_t choice = subject_choice(turn, &subject);
    withheld_t cause = choice.sound ? mute_of(turn, &subject, &choice) : withheld_none;
    if (cause != withheld_none) subject_mute(turn, &subject, &choice, cause);
    else if (choice.sound) subject_sound(turn, &subject, &choice);
    else if (subject.what == SUBJECT_PACE) pace_rest(turn, &subject, (uint64_t)choice.at_ms);
    else subject_keep(turn, &subject, (uint64_t)choice.at_ms);
}

static void answer_take(turn_t *turn, alerting_subject_t *subject, const warning_decided_t *decided) {
    const alerting_memory_t *memory = turn_memory(turn);
    const plan_t *plan = planbook_plan(memory->book);
    warning_acknowledged_t told = {.episode = subject->episode, .unit = subject->unit, .task = subject->task,
                                   .period = subject->period, .indicator = subject->indicator, .due_ms = subject->due_ms,
                                   .by = decided->by, .rehearsal = memory->rehearsal};
    subject_live(subject, LIFE_answer);
    subject->promised = decided->by;
    subject->rest_until_ms = subject->since_ms = (uint64_t)(instant_of_day(plan, day_add(decided->by, 1), 0) - 1);
    told_answer(turn, subject->own_seq, decided->by, told.id);
    acknowledged_tell(memory->book, turn_arena(turn), &told);
    turn_emit(turn, warning_acknowledged_type(), &told);
    uint64_t next_ms = subject->next_ms == 0 ? 0 : subject->rest_until_ms + 1;
    subject_keep(turn, subject, next_ms);
}

/* A report, or everything that the unit hears about an indicator. */
void subject_answer(turn_t *turn, const warning_decided_t *decided) {
    alerting_subject_t wanted = {.unit = decided->unit, .task = decided->task, .period = decided->period,
                                 .indicator = decided->indicator}, subject;
    for (uint32_t what = SUBJECT_REPORT; what <= SUBJECT_RISK; what++) {
        if ((what == SUBJECT_REPORT) != (decided->period.size > 0)) continue;
        wanted.what = what;
        store_key_t key = subject_key(&wanted);
        if (turn_get(turn, ALERTING_SUBJECT, &key, &subject) && subject.open) answer_take(turn, &subject, decided);
    }
}

/* Told beside the ladder, which goes on as if nothing had been said: nobody is called late a day later for being pressed. */
static void press_tell(turn_t *turn, alerting_subject_t *subject, const rung_choice_t *choice) {
    alerting_subject_t before = *subject;
    subject_tell(turn, subject, choice);
    subject->told_ms = before.told_ms;
    subject->level = before.level;
    subject->level_ms = before.level_ms;
    if ((int64_t)subject->rest_until_ms < turn_now_ms(turn)) return;
    uint8_t id[16];
    subject_live(subject, LIFE_answer); /* what was promised is promised still */
    subject->promised = before.promised;
    told_answer(turn, subject->own_seq, subject->promised, id);
}

void subject_press(turn_t *turn, const warning_decided_t *decided) {
    const alerting_memory_t *memory = turn_memory(turn);
    uint32_t today = day_of_instant(planbook_plan(memory->book), turn_now_ms(turn));
    alerting_subject_t wanted = {.what = SUBJECT_REPORT, .unit = decided->unit, .task = decided->task, .period = decided->period};
    alerting_subject_t subject;
    store_key_t key = subject_key(&wanted);
    if (!turn_get(turn, ALERTING_SUBJECT, &key, &subject) || !subject.open) return;
    rung_choice_t choice = {.sound = true, .level = subject.level > level_remind ? subject.level : level_remind,
                            .after = turn_now_ms(turn) > (int64_t)subject.due_ms, .pressed_by = decided->actor.officer,
                            .why = decided->why};
    snprintf(choice.name, sizeof choice.name, "R-%u", (unsigned)today); /* once a day: so no two have one id */
    if (silence_until(turn, &subject) > 0) subject_withhold(turn, &subject, &choice, withheld_silenced);
    else press_tell(turn, &subject, &choice);
    subject_keep(turn, &subject, subject.next_ms);
}

bool subject_sound_due(turn_t *turn) {
    store_key_t *due = NULL; /* at most ticks nothing is due, and the room for a whole step costs more than the look */
    uint32_t count = 0;
    store_key_t all = key_new();
    scan_t scan = scan_begin(turn_txn(turn), ALERTING_AGENDA, &all, NULL);
    alerting_mark_t mark;
    while (count < LIMIT_AGENDA_STEP && scan_next(&scan, turn_arena(turn), &mark)) {
        uint32_t at = 0;
        if (key_next_u64(scan.key, &at) > (uint64_t)turn_now_ms(turn)) break;
        if (due == NULL) due = ARENA_NEW(turn_arena(turn), store_key_t, LIMIT_AGENDA_STEP);
        due[count] = key_new();
        key_add_bytes(&due[count++], scan.key.at + at, scan.key.size - at);
    }
    scan_end(&scan);
    for (uint32_t index = 0; index < count; index++) subject_look(turn, &due[index]);
    return count == LIMIT_AGENDA_STEP;
}
