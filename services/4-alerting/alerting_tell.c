/* What is told, kept, overtaken, withheld and withdrawn; rows of TOLD follow life.def as subjects do. */
#include "services/4-alerting/alerting_tell.h"

#include "services/4-alerting/alerting_claims.h"
#include "services/4-alerting/alerting_round.h"
#include "services/4-alerting/alerting_text.h"
#include "services/plan/pace.h"

#include <string.h>

static store_key_t told_key(uint64_t seq) {
    store_key_t key = key_new();
    key_add_u64(&key, seq);
    return key;
}

/* What was told stays readable; its life goes on without it. */
static void told_move(turn_t *turn, uint64_t seq, life_event_t event, uint8_t id[16]) {
    store_key_t key = told_key(seq);
    warning_row_t row;
    if (seq == 0 || !turn_get(turn, ALERTING_TOLD, &key, &row)) return;
    if (id != NULL) memcpy(id, row.warning.id, sizeof row.warning.id);
    row.life = life_next(row.life, event);
    ASSERT(row.life != life_none);
    row.resolved = true;
    row.ended_ms = (uint64_t)turn_now_ms(turn);
    turn_put(turn, ALERTING_TOLD, &key, &row);
}

void told_answer(turn_t *turn, uint64_t seq, uint32_t by, uint8_t id[16]) {
    store_key_t key = told_key(seq);
    warning_row_t row;
    if (seq == 0 || !turn_get(turn, ALERTING_TOLD, &key, &row)) return;
    memcpy(id, row.warning.id, sizeof row.warning.id);
    row.life = life_next(row.life, LIFE_answer);
    ASSERT(row.life != life_none);
    row.promised = by;
    turn_put(turn, ALERTING_TOLD, &key, &row);
}

/* Keeps what the last emitted event of stream 4 says; its seq, 0 if the store failed (the error sticks, the batch goes back). */
static uint64_t told_keep(turn_t *turn, const warning_raised_t *warning, life_t life, withheld_t cause) {
    warning_row_t row = {.seq = txn_head(turn_txn(turn)).seq, .at_ms = (uint64_t)turn_now_ms(turn), .warning = *warning,
                         .life = life, .cause = cause, .resolved = cause != withheld_none};
    if (row.seq == 0) return 0;
    store_key_t key = told_key(row.seq), by_unit = key_new();
    turn_put(turn, ALERTING_TOLD, &key, &row);
    key_add_text(&by_unit, warning->unit);
    key_add_u64(&by_unit, row.seq);
    alerting_mark_t mark = {.mark = 1};
    turn_put(turn, ALERTING_TOLD_TO, &by_unit, &mark);
    return row.seq;
}

/* Emits the warning; *standing is its place in stream 4, what stood there is superseded. */
static void warning_emit(turn_t *turn, warning_raised_t *warning, uint64_t *standing) {
    memset(warning->supersedes, 0, sizeof warning->supersedes);
    told_move(turn, *standing, LIFE_overtake, warning->supersedes);
    round_join(turn, warning);
    turn_emit(turn, warning_raised_type(), warning);
    *standing = told_keep(turn, warning, warning->life, withheld_none);
}

static warning_kind_t kind_of(const alerting_subject_t *subject, bool after) {
    switch ((subject_t)subject->what) {
    case SUBJECT_REPORT:
        if (subject->returned_ms != 0) return warning_kind_report_returned;
        return after ? warning_kind_report_overdue : warning_kind_report_due;
    case SUBJECT_TARGET: return after ? warning_kind_target_overdue : warning_kind_target_due;
    case SUBJECT_TENURE: return warning_kind_tenure_broken;
    case SUBJECT_PACE: return warning_kind_pace_slow;
    case SUBJECT_RISK: return warning_kind_tenure_risk;
    case SUBJECT_CLAIM: return warning_kind_claim_contested;
    }
    return warning_kind_none;
}

const target_changed_t *subject_target(turn_t *turn, const alerting_subject_t *subject) {
    if (subject->what == SUBJECT_REPORT || subject->what == SUBJECT_CLAIM) return NULL;
    store_key_t key = key_new();
    key_add_text(&key, subject->indicator);
    alerting_target_t *kept = ARENA_NEW(turn_arena(turn), alerting_target_t, 1);
    kept->target.task = subject->task;
    kept->target.indicator = subject->indicator;
    turn_get(turn, ALERTING_TARGET, &key, kept);
    return &kept->target;
}

/* Of a report what it lacks; of a target the members below their goal, or the indicator itself. */
static void missing_fill(const alerting_subject_t *subject, const target_changed_t *target, warning_raised_t *warning) {
    warning->missing = target == NULL ? subject->missing : target->missing;
    warning->missing_count = target == NULL ? subject->missing_count : target->missing_count;
    if (target == NULL || (target->missing_count > 0 && subject->what == SUBJECT_TARGET)) return;
    warning->missing = &subject->indicator;
    warning->missing_count = 1;
}

/* The warning to the subject's own unit, but for its id and its sentences. */
static warning_raised_t warning_of(turn_t *turn, const alerting_subject_t *subject, const rung_choice_t *choice,
                                   const target_changed_t *target) {
    const alerting_memory_t *memory = turn_memory(turn);
    warning_raised_t warning = {.episode = subject->episode, .kind = kind_of(subject, choice->after),
                                .rung = text_of(choice->name), .level = choice->level, .unit = subject->unit,
                                .addressee = subject->role, .task = subject->task, .period = subject->period,
                                .indicator = subject->indicator, .due_ms = subject->due_ms, .rehearsal = memory->rehearsal};
    if (subject->what == SUBJECT_CLAIM) {
        claim_warning_fill(subject, turn_arena(turn), &warning);
        return warning;
    }
    missing_fill(subject, target, &warning);
    warning.pressed_by = choice->pressed_by;
    warning.why = subject->returned_ms != 0 ? subject->why : choice->why;
    if (target == NULL) return warning;
    warning.done = target->done;
    warning.goal = target->goal;
    if (subject->role != addressee_owner && target->owing_count == 1) warning.owner = target->owing[0];
    if (subject->what == SUBJECT_PACE) {
        pace_told_t pace = pace_of(memory->book, target, turn_now_ms(turn));
        warning.expected = pace.expected;
        warning.needed = pace.needed;
    }
    return warning;
}

/* Where in the list of those above this one's place is; a new one at its end. NULL: the list is full. */
static alerting_above_t *above_place(alerting_above_t *above, uint32_t *count, text_t unit) {
    for (uint32_t index = 0; index < *count; index++)
        if (text_equal(above[index].unit, unit)) return &above[index];
    if (*count == LIMIT_ABOVE) return NULL;
    above[*count] = (alerting_above_t){.unit = unit};
    return &above[(*count)++];
}

/* Leads, coordinator and supervisor hear of a late report, each as a warning of its own that names the owner. */
static void tell_above(turn_t *turn, alerting_subject_t *subject, warning_raised_t warning) {
    const alerting_memory_t *memory = turn_memory(turn);
    const plan_t *plan = planbook_plan(memory->book);
    uint32_t count = 0, kept = subject->above_count;
    const recipient_t *all = report_above(memory->book, planbook_task(memory->book, subject->task), subject->unit,
                                          warning.level, turn_arena(turn), &count);
    alerting_above_t *above = ARENA_NEW(turn_arena(turn), alerting_above_t, LIMIT_ABOVE);
    for (uint32_t index = 0; index < kept; index++) above[index] = subject->above[index];
    for (uint32_t index = 0; index < count; index++) {
        alerting_above_t *place = above_place(above, &kept, all[index].unit);
        if (place == NULL) continue;
        warning.owner = subject->unit;
        warning.unit = all[index].unit;
        warning.addressee = all[index].role;
        warning.boss = false;
        warning.life = place->seq == 0 ? life_raised : warning.life;
        warning_tell(memory->book, NULL, turn_now_ms(turn), turn_arena(turn), &warning);
        warning_sign(plan->id, 0, &warning);
        warning_emit(turn, &warning, &place->seq);
        if (place->seq == 0) kept--; /* the store failed, and this place was the last */
    }
    subject->above = above;
    subject->above_count = kept;
}

void subject_tell(turn_t *turn, alerting_subject_t *subject, const rung_choice_t *choice) {
    const alerting_memory_t *memory = turn_memory(turn);
    const target_changed_t *target = subject_target(turn, subject);
    bool louder = choice->level > subject->level;
    subject_live(subject, louder && choice->level >= level_orange && subject->life != life_waiting ? LIFE_rise : LIFE_sound);
    warning_raised_t warning = warning_of(turn, subject, choice, target);
    warning.life = subject->life;
    bool pressed = choice->pressed_by.size > 0; /* it is between the officer and the unit */
    warning.boss = choice->after && choice->level >= level_orange && subject->role == addressee_owner && !pressed;
    warning_tell(memory->book, target, turn_now_ms(turn), turn_arena(turn), &warning);
    warning_sign(planbook_plan(memory->book)->id, choice->rung_ms, &warning);
    warning_emit(turn, &warning, &subject->own_seq);
    if (subject->what == SUBJECT_REPORT && !pressed) tell_above(turn, subject, warning);
    subject->raised = true;
    subject->told_ms = (uint64_t)turn_now_ms(turn);
    subject->promised = 0;
    if (!louder) return;
    subject->level = choice->level;
    subject->level_ms = subject->told_ms;
}

void subject_withhold(turn_t *turn, alerting_subject_t *subject, const rung_choice_t *choice, withheld_t cause) {
    const alerting_memory_t *memory = turn_memory(turn);
    bool stale = cause == withheld_stale;
    warning_raised_t warning = warning_of(turn, subject, choice, subject_target(turn, subject));
    text_t *rungs = ARENA_NEW(turn_arena(turn), text_t, MISSED_SHOWN + 1);
    uint32_t count = 0;
    for (uint32_t index = 0; stale && index < choice->missed_count; index++) rungs[count++] = text_of(choice->missed[index]);
    if (!stale) rungs[count++] = text_of(choice->name);
    warning.rung = rungs[0];
    warning_sign(planbook_plan(memory->book)->id, choice->rung_ms, &warning);
    memcpy(warning.bundle, warning.id, sizeof warning.bundle);
    warning_withheld_t withheld = {.episode = subject->episode, .cause = cause, .rungs = rungs, .rungs_count = count,
                                   .unit = subject->unit, .task = subject->task, .period = subject->period,
                                   .indicator = subject->indicator, .due_ms = subject->due_ms, .rehearsal = memory->rehearsal};
    memcpy(withheld.id, warning.id, sizeof withheld.id);
    withheld_tell(memory->book, turn_arena(turn), &withheld);
    warning.zh = withheld.zh;
    warning.en = withheld.en;
    warning.life = life_next(life_waiting, stale ? LIFE_pass_by : LIFE_mute);
    turn_emit(turn, warning_withheld_type(), &withheld);
    told_keep(turn, &warning, warning.life, cause);
    if (stale) return;
    subject_live(subject, LIFE_mute);
    subject->muted_ms = (uint64_t)turn_now_ms(turn);
}

bool subject_stands(const alerting_subject_t *subject) { return subject->own_seq != 0 || subject->above_count > 0; }

static void withdraw(turn_t *turn, uint64_t seq, bool moved) {
    const alerting_memory_t *memory = turn_memory(turn);
    store_key_t key = told_key(seq);
    warning_row_t row;
    if (seq == 0 || !turn_get(turn, ALERTING_TOLD, &key, &row)) return;
    warning_resolved_t resolved = withdrawal_of(memory->book, &row.warning, moved, turn_arena(turn));
    turn_emit(turn, warning_resolved_type(), &resolved);
    told_move(turn, seq, LIFE_settle, NULL);
}

void subject_withdraw(turn_t *turn, alerting_subject_t *subject, bool moved) {
    withdraw(turn, subject->own_seq, moved);
    for (uint32_t index = 0; index < subject->above_count; index++) withdraw(turn, subject->above[index].seq, moved);
    subject->own_seq = 0;
    subject->above_count = 0;
}
