/* The looks at the pace, one behind each reporting deadline, and the watch over postings. */
#include "services/4-alerting/alerting_pace.h"

#include "services/4-alerting/alerting_tell.h"
#include "services/plan/calendar.h"
#include "services/plan/pace.h"

#include <stdio.h>

bool pace_is_watched(const target_changed_t *target) {
    return target->goal > 0 && target->due_ms > 0 && target->tenure == tenure_none && target->reach == reach_not_yet;
}

bool tenure_at_risk(const target_changed_t *before, const target_changed_t *now) {
    return now->tenure == tenure_holding && before->tenure == tenure_holding && now->done < before->done &&
           now->done == now->goal;
}

bool tenure_risk_is_over(const target_changed_t *now) { return now->tenure != tenure_holding || now->done != now->goal; }

/* When the pace of a period is looked at: the first office hour behind its deadline, grace included. */
static int64_t look_ms(const plan_t *plan, int64_t period) {
    deadline_t deadline = deadline_resolve(plan, plan->periods[period].due);
    return next_office_hour(plan, &plan->target_ladder, deadline.due_ms + deadline.grace_ms);
}

/* The first look later than now; 0: there is none any more. */
static int64_t look_next(const plan_t *plan, int64_t now_ms) {
    int64_t next_ms = 0;
    for (uint32_t index = 0; index < plan->periods_count; index++) {
        if (plan->periods[index].confirmation) continue;
        int64_t at_ms = look_ms(plan, index);
        if (at_ms > now_ms && (next_ms == 0 || at_ms < next_ms)) next_ms = at_ms;
    }
    return next_ms;
}

rung_choice_t pace_choose(turn_t *turn, const alerting_subject_t *subject) {
    const alerting_memory_t *memory = turn_memory(turn);
    const plan_t *plan = planbook_plan(memory->book);
    int64_t now_ms = turn_now_ms(turn), period = pace_period(plan, now_ms);
    rung_choice_t choice = {.at_ms = look_next(plan, now_ms)};
    if (period < 0 || look_ms(plan, period) > now_ms || look_ms(plan, period) <= (int64_t)subject->told_ms) return choice;
    const target_changed_t *target = subject_target(turn, subject);
    if (pace_after(memory->book, target, period).pace != pace_slow) return choice;
    uint32_t minute = minute_of_instant(plan, now_ms);
    bool office = day_is_working(plan, day_of_instant(plan, now_ms)) && minute >= plan->target_ladder.at_minute &&
                  (plan->day_ends == 0 || minute <= plan->day_ends);
    choice.rung_ms = look_ms(plan, period);
    choice.sound = office;
    choice.at_ms = office ? now_ms : next_office_hour(plan, &plan->target_ladder, now_ms);
    bool again = subject->own_seq != 0 && !target->stretch;
    choice.level = again ? level_orange : level_blue;
    snprintf(choice.name, sizeof choice.name, "pace-%u", (uint32_t)(period + 1));
    return choice;
}

void pace_rest(turn_t *turn, alerting_subject_t *subject, uint64_t next_ms) {
    const alerting_memory_t *memory = turn_memory(turn);
    const target_changed_t *target = subject_target(turn, subject);
    bool slow = pace_of(memory->book, target, turn_now_ms(turn)).pace == pace_slow;
    if (!slow && subject_stands(subject)) {
        subject_withdraw(turn, subject, false);
        subject_live(subject, LIFE_settle);
        subject_live(subject, LIFE_recur);
        subject->episode++;
        subject->raised = false;
        subject->level = level_none;
        subject->level_ms = 0;
    }
    subject_keep(turn, subject, next_ms);
}

void pace_catch_up(turn_t *turn, const target_changed_t *target) {
    const alerting_memory_t *memory = turn_memory(turn);
    if (!pace_is_watched(target) || pace_of(memory->book, target, turn_now_ms(turn)).pace == pace_slow) return;
    store_key_t prefix = subject_prefix(SUBJECT_PACE, target->indicator);
    alerting_subject_t *standing = NULL, row;
    uint32_t count = 0;
    scan_t scan = scan_begin(turn_txn(turn), ALERTING_SUBJECT, &prefix, NULL);
    while (count < LIMIT_AGENDA_STEP && scan_next(&scan, turn_arena(turn), &row)) {
        if (!row.open || !subject_stands(&row)) continue;
        if (standing == NULL) standing = ARENA_NEW(turn_arena(turn), alerting_subject_t, LIMIT_AGENDA_STEP);
        standing[count++] = row;
    }
    scan_end(&scan);
    for (uint32_t index = 0; index < count; index++) pace_rest(turn, &standing[index], standing[index].next_ms);
}
