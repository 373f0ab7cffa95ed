/* More time: an extension moves the deadline of one report, an absence of ours those of everybody it kept out. */
#include "services/2-validation/validation_state.h"

#include "services/plan/calendar.h"

#include <string.h>

/* --- extensions --- */

/* Everything is known and owed. */
static uint32_t place_judge(const planbook_t *book, const extension_decided_t *decided, reason_t *reasons, arena_t *arena) {
    const unit_t *unit = book == NULL ? NULL : planbook_unit(book, decided->unit);
    const task_t *task = book == NULL ? NULL : planbook_task(book, decided->task);
    const period_t *period = book == NULL ? NULL : planbook_period(book, decided->period);
    uint32_t count = 0;
    if (unit == NULL) count += decision_reason(&reasons[count], REASON_OF(unknown_unit), "unit", arena, &decided->unit, 1);
    if (task == NULL) count += decision_reason(&reasons[count], REASON_OF(unknown_task), "task", arena, &decided->task, 1);
    if (period == NULL) count += decision_reason(&reasons[count], REASON_OF(unknown_period), "period", arena, &decided->period, 1);
    if (count > 0 || planbook_owes(book, unit, task, period)) return count;
    text_t args[] = {unit->name, task->name};
    return decision_reason(reasons, REASON_OF(not_owed), "task", arena, args, 2);
}

static uint32_t extension_judge(turn_t *turn, const extension_decided_t *decided, uint64_t before_ms, uint64_t due_ms,
                                reason_t *reasons) {
    const planbook_t *book = plan_book(turn);
    uint32_t count = place_judge(book, decided, reasons, turn_arena(turn));
    if (count > 0) return count;
    if (decided->decision == decision_extended && due_ms <= before_ms) {
        text_t due = decision_instant(planbook_plan(book), before_ms, turn_arena(turn));
        return decision_reason(reasons, REASON_OF(not_later), "until", turn_arena(turn), &due, 1);
    }
    return 0;
}

static void emit_granted(turn_t *turn, const extension_decided_t *decided, uint64_t before_ms, uint64_t due_ms) {
    extension_granted_t granted = {.unit = decided->unit,
                                   .task = decided->task,
                                   .period = decided->period,
                                   .due_ms = due_ms,
                                   .before_ms = before_ms,
                                   .why = decided->why,
                                   .officer = decided->actor.officer,
                                   .office = decided->actor.office};
    memcpy(granted.command_id, decided->command_id, sizeof granted.command_id);
    turn_emit(turn, extension_granted_type(), &granted);
}

static void emit_denied(turn_t *turn, const extension_decided_t *decided) {
    extension_denied_t denied = {.unit = decided->unit,
                                 .task = decided->task,
                                 .period = decided->period,
                                 .why = decided->why,
                                 .officer = decided->actor.officer,
                                 .office = decided->actor.office};
    memcpy(denied.command_id, decided->command_id, sizeof denied.command_id);
    turn_emit(turn, extension_denied_type(), &denied);
}

static void emit_refused(turn_t *turn, const extension_decided_t *decided, const reason_t *reasons, uint32_t count) {
    decision_refused_t refused = {.decision = decided->decision,
                                  .unit = decided->unit,
                                  .task = decided->task,
                                  .period = decided->period,
                                  .reasons = reasons,
                                  .reasons_count = count};
    memcpy(refused.command_id, decided->command_id, sizeof refused.command_id);
    turn_emit(turn, decision_refused_type(), &refused);
}

static void extension_do(turn_t *turn, const extension_decided_t *decided, validation_standing_t *standing, uint64_t before_ms,
                         uint64_t due_ms) {
    if (decided->decision == decision_denied) {
        emit_denied(turn, decided);
        return;
    }
    emit_granted(turn, decided, before_ms, due_ms);
    standing->due_ms = due_ms;
    standing->due_seq = turn_cause(turn);
    store_key_t key = key_standing(decided->unit, decided->task, decided->period);
    turn_put(turn, VALIDATION_STANDING, &key, standing);
}

void on_extension_decided(turn_t *turn, const event_t *event) {
    extension_decided_t decided;
    if (!turn_body(turn, event, extension_decided_type(), &decided)) return;
    const planbook_t *book = plan_book(turn);
    validation_standing_t standing;
    store_key_t key = key_standing(decided.unit, decided.task, decided.period);
    if (!turn_get(turn, VALIDATION_STANDING, &key, &standing)) standing = (validation_standing_t){0};
    uint64_t before_ms = due_of(turn, &standing, decided.unit, decided.period), due_ms = 0;
    if (book != NULL && decided.until != 0) due_ms = (uint64_t)deadline_resolve(planbook_plan(book), decided.until).due_ms;
    reason_t *reasons = ARENA_NEW(turn_arena(turn), reason_t, DECISION_REASONS);
    uint32_t count = extension_judge(turn, &decided, before_ms, due_ms, reasons);
    if (count > 0) emit_refused(turn, &decided, reasons, count);
    else extension_do(turn, &decided, &standing, before_ms, due_ms);
    decision_row_t row = {.decision = decided.decision,
                          .unit = decided.unit,
                          .task = decided.task,
                          .period = decided.period,
                          .why = decided.why,
                          .officer = decided.actor.officer,
                          .office = decided.actor.office,
                          .reasons = reasons,
                          .reasons_count = count,
                          .until = decided.until};
    if (count == 0) row.due_ms = due_ms;
    decision_keep(turn, &row, decided.command_id);
}
