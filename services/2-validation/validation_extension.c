/* More time: an extension moves the deadline of one report, and may answer the request of its unit. */
#include "services/2-validation/validation_state.h"

#include "services/plan/calendar.h"

#include <inttypes.h>
#include <string.h>

/* A decision that names a request means the one that waits: the newest of this report. */
static bool request_waits(const extension_decided_t *decided, const request_row_t *request) {
    return request->state == request_state_pending && request->seq == decided->request_seq;
}

static uint32_t extension_judge(turn_t *turn, const extension_decided_t *decided, const request_row_t *request, uint64_t before_ms,
                                uint64_t due_ms, reason_t *reasons) {
    const planbook_t *book = plan_book(turn);
    arena_t *arena = turn_arena(turn);
    uint32_t count = decision_owed_judge(book, decided->unit, decided->task, decided->period, reasons, arena);
    if (count > 0) return count;
    text_t asked = arena_format(arena, "%" PRIu64, decided->request_seq);
    if (decided->request_seq != 0 && !request_waits(decided, request))
        count += decision_reason(&reasons[count], REASON_OF(nothing_asked), "request_seq", arena, &asked, 1);
    text_t due = due_text((int64_t)planbook_plan(book)->offset_minutes, (int64_t)before_ms, arena);
    if (decided->decision == decision_extended && due_ms <= before_ms)
        count += decision_reason(&reasons[count], REASON_OF(not_later), "until", arena, &due, 1);
    return count;
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

static void extension_do(turn_t *turn, const extension_decided_t *decided, validation_standing_t *standing, uint64_t before_ms,
                         uint64_t due_ms) {
    if (decided->decision == decision_denied) {
        emit_denied(turn, decided);
        return;
    }
    emit_granted(turn, decided, before_ms, due_ms);
    standing->due_ms = due_ms;
    standing->due_seq = turn_cause(turn);
    standing_put(turn, decided->unit, decided->task, decided->period, standing);
}

void on_extension_decided(turn_t *turn, const event_t *event) {
    extension_decided_t decided;
    if (!turn_body(turn, event, extension_decided_type(), &decided)) return;
    const planbook_t *book = plan_book(turn);
    validation_standing_t standing = standing_get(turn, decided.unit, decided.task, decided.period);
    request_row_t request = request_newest(turn, &standing);
    uint64_t before_ms = due_of(turn, &standing, decided.unit, decided.period), due_ms = 0;
    if (book != NULL && decided.until != 0) due_ms = (uint64_t)deadline_resolve(planbook_plan(book), decided.until).due_ms;
    reason_t *reasons = ARENA_NEW(turn_arena(turn), reason_t, DECISION_REASONS);
    decision_row_t row = DECISION_ROW(&decided);
    row.reasons = reasons;
    row.reasons_count = extension_judge(turn, &decided, &request, before_ms, due_ms, reasons);
    row.until = decided.until;
    row.request_seq = decided.request_seq;
    if (row.reasons_count == 0) {
        row.due_ms = due_ms;
        extension_do(turn, &decided, &standing, before_ms, due_ms);
        if (decided.request_seq != 0) request_answer(turn, &request, &row);
    }
    decision_end(turn, &row, decided.command_id);
}
