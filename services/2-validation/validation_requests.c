/* Requests for more time 延期申请: a newer one replaces the one that waits, a decision answers it; none moves a deadline by itself. */
#include "services/2-validation/validation_state.h"

#include "services/plan/calendar.h"

#include <inttypes.h>
#include <string.h>

/* --- the rule --- */

enum { EXTENDED_DAYS = 366 }; /* behind the plan's last day: for ever is not an extension */

static text_t day_shown(uint32_t day, arena_t *arena) {
    return arena_format(arena, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
}

/* What came in time stays in time. What came late may still be given the time that it took. */
static bool is_in_time(const validation_standing_t *standing, uint64_t due_ms) {
    return standing->first_valid_ms != 0 && standing->first_valid_ms <= due_ms;
}

static uint32_t until_judge(const request_case_t *given, reason_t *reason, arena_t *arena) {
    const plan_t *plan = planbook_plan(given->book);
    bool came = given->standing.first_valid_ms != 0;
    uint32_t until = given->requested->until, last = day_add(plan->to, EXTENDED_DAYS);
    uint32_t least = day_of_instant(plan, came ? (int64_t)given->standing.first_valid_ms : given->now_ms);
    if (until == 0) return decision_reason(reason, REASON_OF(missing_field), "until", arena, NULL, 0);
    text_t days[] = {day_shown(until, arena), day_shown(least, arena)}, most = day_shown(last, arena);
    if (until < least) return decision_reason(reason, REASON_OF(until_past), "until", arena, days, 2);
    if (until > last) return decision_reason(reason, REASON_OF(until_far), "until", arena, &most, 1);
    text_t due = due_text((int64_t)plan->offset_minutes, (int64_t)given->due_ms, arena);
    bool later = (uint64_t)deadline_resolve(plan, until).due_ms > given->due_ms;
    return later ? 0 : decision_reason(reason, REASON_OF(not_later), "until", arena, &due, 1);
}

uint32_t request_judge(const request_case_t *given, reason_t *reasons, arena_t *arena) {
    const extension_requested_t *said = given->requested;
    uint32_t count = decision_owed_judge(given->book, said->unit, said->task, said->period, reasons, arena);
    if (count > 0) return count;
    if (is_in_time(&given->standing, given->due_ms))
        return decision_reason(reasons, REASON_OF(request_needless), "period", arena, &said->period, 1);
    count += until_judge(given, &reasons[count], arena);
    if (said->why.size == 0) count += decision_reason(&reasons[count], REASON_OF(missing_field), "why", arena, NULL, 0);
    const request_row_t *waits = &given->newest;
    bool same = waits->state == request_state_pending && waits->until == said->until && text_equal(waits->why, said->why);
    if (count > 0 || !same) return count;
    text_t args[] = {when_text(planbook_plan(given->book), (int64_t)waits->at_ms, arena),
                     arena_format(arena, "%" PRIu64, waits->seq)};
    return decision_reason(reasons, REASON_OF(request_known), "until", arena, args, 2);
}

/* --- an entry --- */

request_row_t request_newest(turn_t *turn, const validation_standing_t *standing) {
    request_row_t row = {0};
    store_key_t key = key_seq(standing->request_seq);
    if (standing->request_seq == 0 || !turn_get(turn, VALIDATION_REQUEST, &key, &row)) return (request_row_t){0};
    return row;
}

static void request_put(turn_t *turn, const request_row_t *row) {
    store_key_t key = key_seq(row->seq);
    turn_put(turn, VALIDATION_REQUEST, &key, row);
}

void request_answer(turn_t *turn, const request_row_t *request, const decision_row_t *decision) {
    request_row_t row = *request;
    row.state = decision->decision == decision_extended ? request_state_granted : request_state_denied;
    row.decided_seq = turn_cause(turn);
    row.decided_ms = (uint64_t)turn_now_ms(turn);
    row.officer = decision->officer;
    row.office = decision->office;
    row.answer = decision->why;
    row.due_ms = decision->due_ms;
    request_put(turn, &row);
}

static void emit_refused(turn_t *turn, const request_case_t *given, const reason_t *reasons, uint32_t count) {
    const extension_requested_t *said = given->requested;
    request_refused_t refused = {.unit = said->unit, .task = said->task, .period = said->period, .reasons = reasons,
                                 .reasons_count = count, .due_ms = given->due_ms};
    memcpy(refused.submission_id, said->submission_id, sizeof refused.submission_id);
    turn_emit(turn, request_refused_type(), &refused);
}

/* The one that waited until now is answered by the unit itself. */
static uint64_t request_replace(turn_t *turn, const request_row_t *waits) {
    if (waits->state != request_state_pending) return 0;
    request_row_t row = *waits;
    row.state = request_state_replaced;
    row.decided_seq = turn_cause(turn);
    row.decided_ms = (uint64_t)turn_now_ms(turn);
    request_put(turn, &row);
    return row.seq;
}

static void request_take(turn_t *turn, request_case_t *given) {
    const extension_requested_t *said = given->requested;
    request_row_t row = {.seq = turn_cause(turn),
                         .at_ms = (uint64_t)given->now_ms,
                         .unit = said->unit,
                         .task = said->task,
                         .period = said->period,
                         .until = said->until,
                         .why = said->why,
                         .actor = said->actor,
                         .state = request_state_pending};
    request_taken_t taken = {.unit = said->unit, .task = said->task, .period = said->period, .until = said->until,
                             .due_ms = given->due_ms, .replaced_seq = request_replace(turn, &given->newest)};
    memcpy(taken.submission_id, said->submission_id, sizeof taken.submission_id);
    request_put(turn, &row);
    given->standing.request_seq = row.seq;
    standing_put(turn, said->unit, said->task, said->period, &given->standing);
    turn_emit(turn, request_taken_type(), &taken);
}

void on_extension_requested(turn_t *turn, const event_t *event) {
    extension_requested_t requested;
    if (!turn_body(turn, event, extension_requested_type(), &requested)) return;
    request_case_t given = {.book = plan_book(turn), .requested = &requested, .now_ms = turn_now_ms(turn)};
    given.standing = standing_get(turn, requested.unit, requested.task, requested.period);
    given.newest = request_newest(turn, &given.standing);
    given.due_ms = due_of(turn, &given.standing, requested.unit, requested.period);
    reason_t *reasons = ARENA_NEW(turn_arena(turn), reason_t, DECISION_REASONS);
    uint32_t count = request_judge(&given, reasons, turn_arena(turn));
    if (count > 0) emit_refused(turn, &given, reasons, count);
    else request_take(turn, &given);
}

/* --- questions --- */

/* As it is told: one that waits for an answer that nobody needs any more, since the report came in time. */
static void request_look(turn_t *turn, request_row_t *row) {
    if (row->state != request_state_pending) return;
    validation_standing_t standing = standing_get(turn, row->unit, row->task, row->period);
    row->due_ms = due_of(turn, &standing, row->unit, row->period);
    if (is_in_time(&standing, row->due_ms)) row->state = request_state_moot;
}

static bool is_wanted(const requests_ask_t *ask, const request_row_t *row) {
    if (ask->unit.size > 0 && !text_equal(ask->unit, row->unit)) return false;
    if (ask->task.size > 0 && !text_equal(ask->task, row->task)) return false;
    if (ask->period.size > 0 && !text_equal(ask->period, row->period)) return false;
    return !ask->open_only || row->state == request_state_pending;
}

void answer_requests(turn_t *turn, const packet_t *packet, reply_t *reply) {
    requests_ask_t ask;
    fault_t fault;
    if (packet_body(packet, requests_ask_type(), turn_arena(turn), &ask, &fault) != OK) return;
    if (turn_waits(turn, ask.at_least)) return;
    request_row_t *rows = ARENA_NEW(turn_arena(turn), request_row_t, LIMIT_ROWS), row;
    requests_t told = {.as_of = turn_cause(turn), .now_ms = (uint64_t)turn_now_ms(turn), .rows = rows};
    store_key_t all = key_new(), from = key_seq(ask.after + 1);
    scan_t scan = scan_begin(turn_txn(turn), VALIDATION_REQUEST, &all, &from);
    while (!told.more && scan_next(&scan, turn_arena(turn), &row)) {
        request_look(turn, &row);
        if (!is_wanted(&ask, &row)) continue;
        told.more = told.rows_count == LIMIT_ROWS;
        if (!told.more) rows[told.rows_count++] = row;
    }
    scan_end(&scan);
    reply_with(reply, requests_type(), &told);
}

void standing_tell_request(turn_t *turn, const validation_standing_t *standing, standing_told_t *told) {
    told->request = request_newest(turn, standing);
    if (told->request.seq != 0) request_look(turn, &told->request);
}
