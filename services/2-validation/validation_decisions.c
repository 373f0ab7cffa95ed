/* Decisions on reports: a return takes the revision that counts off the pile, and the one below it counts again. */
#include "services/2-validation/validation_claims.h"
#include "services/2-validation/validation_state.h"

#include "proto/verdict.h"

#include "services/plan/calendar.h"

#include <inttypes.h>
#include <string.h>

/* --- the rule --- */

uint32_t decision_reason(reason_t *reason, text_t code, const char *path, arena_t *arena, const text_t *args, uint32_t count) {
    text_t *copies = ARENA_NEW(arena, text_t, count + 1);
    if (count > 0) memcpy(copies, args, sizeof *args * count);
    *reason = (reason_t){.code = code, .path = text_of(path), .args = copies, .args_count = count};
    return 1;
}

uint32_t decision_place_judge(const planbook_t *book, text_t unit, text_t task, text_t period, reason_t *reasons, arena_t *arena) {
    uint32_t count = 0;
    if (book == NULL || planbook_unit(book, unit) == NULL)
        count += decision_reason(&reasons[count], REASON_OF(unknown_unit), "unit", arena, &unit, 1);
    if (book == NULL || planbook_task(book, task) == NULL)
        count += decision_reason(&reasons[count], REASON_OF(unknown_task), "task", arena, &task, 1);
    if (book == NULL || planbook_period(book, period) == NULL)
        count += decision_reason(&reasons[count], REASON_OF(unknown_period), "period", arena, &period, 1);
    return count;
}

uint32_t decision_owed_judge(const planbook_t *book, text_t unit, text_t task, text_t period, reason_t *reasons, arena_t *arena) {
    uint32_t count = decision_place_judge(book, unit, task, period, reasons, arena);
    if (count > 0) return count;
    const unit_t *whose = planbook_unit(book, unit);
    const task_t *what = planbook_task(book, task);
    if (planbook_owes(book, whose, what, planbook_period(book, period))) return 0;
    text_t args[] = {whose->name, what->name};
    return decision_reason(reasons, REASON_OF(not_owed), "task", arena, args, 2);
}

/* What was decided on the newest revision already, and is decided once more. */
static uint32_t repeat_judge(const decision_case_t *given, reason_t *reason, arena_t *arena) {
    const validation_standing_t *standing = &given->standing;
    if (standing->decision != given->decided->decision || standing->revision != given->decided->revision) return 0;
    bool returned = standing->decision == decision_returned;
    text_t args[] = {arena_format(arena, "%" PRIu64, standing->revision),
                     when_text(planbook_plan(given->book), (int64_t)standing->decided_ms, arena)};
    text_t code = returned ? REASON_OF(already_returned) : REASON_OF(already_approved);
    return decision_reason(reason, code, "revision", arena, args, 2);
}

/* "Decisions name the revision they mean": the one that counts, and to be approved it is the newest. */
uint32_t decision_judge(const decision_case_t *given, reason_t *reasons, arena_t *arena) {
    const report_decided_t *decided = given->decided;
    const validation_standing_t *standing = &given->standing;
    uint32_t count = decision_place_judge(given->book, decided->unit, decided->task, decided->period, reasons, arena);
    if (count > 0) return count;
    count = repeat_judge(given, reasons, arena);
    if (count > 0) return count;
    uint64_t counts = standing_counts(standing);
    bool old = decided->decision == decision_approved && standing->decision == decision_returned;
    if (counts == decided->revision && !old) return 0;
    if (counts == decided->revision) {
        text_t args[] = {arena_format(arena, "%" PRIu64, standing->revision),
                         when_text(planbook_plan(given->book), (int64_t)standing->decided_ms, arena)};
        return decision_reason(reasons, REASON_OF(newest_returned), "revision", arena, args, 2);
    }
    const unit_t *unit = planbook_unit(given->book, decided->unit);
    if (counts == 0) return decision_reason(reasons, REASON_OF(nothing_to_decide), "revision", arena, &unit->name, 1);
    text_t args[] = {arena_format(arena, "%" PRIu64, decided->revision), arena_format(arena, "%" PRIu64, counts),
                     when_text(planbook_plan(given->book), (int64_t)given->counts_since_ms, arena)};
    return decision_reason(reasons, REASON_OF(decision_stale), "revision", arena, args, 3);
}

/* --- what was said of a revision --- */

/* The report_accepted that entry `seq` caused, and when that was received. false: there is none. */
static bool accepted_find(turn_t *turn, uint64_t seq, report_accepted_t *accepted, int64_t *received_ms) {
    txn_t *txn = turn_txn(turn);
    event_t event;
    fault_t fault;
    uint64_t at = seq == 0 ? 0 : txn_caused_by(txn, seq, turn_arena(turn), &event);
    while (at != 0 && event.cause_seq == seq && event.kind != KIND_report_accepted)
        at = txn_event(txn, at + 1, turn_arena(turn), &event, NULL) ? at + 1 : 0;
    if (at == 0 || event.cause_seq != seq) return false;
    if (event_body(&event, report_accepted_type(), turn_arena(turn), accepted, &fault) != OK) return false;
    *received_ms = accepted->received_ms != 0 ? (int64_t)accepted->received_ms : event.at_ms;
    return true;
}

/* --- what a return takes away and brings back --- */

static restated_t histories_revive(turn_t *turn, const report_decided_t *decided, const report_accepted_t *below) {
    validation_place_t place = place_meant(turn, decided->unit, decided->task, decided->period);
    sheet_t *sheet = sheet_of(turn, &place);
    stated_t stated = {&place, below->figures, below->figures, below->figures_count, true};
    restated_t restated = {0};
    for (uint32_t index = 0; index < place.task->indicators_count; index++)
        history_exchange(turn, sheet, &stated, place.task->indicators[index].id, &restated);
    return restated;
}

/* The revision below the one that counts becomes the one that counts; nothing, where there is none. */
static void revision_return(turn_t *turn, const report_decided_t *decided, validation_standing_t *standing, restated_t *restated) {
    report_accepted_t top = {0}, below = {0};
    int64_t received_ms = 0;
    bool there = accepted_find(turn, standing_counts_seq(standing), &top, &received_ms);
    there = there && (accepted_below(&top) == 0 || accepted_find(turn, accepted_below(&top), &below, &received_ms));
    if (!there) txn_fail(turn_txn(turn), ERR_CORRUPT); /* what we wrote is not there */
    *restated = histories_revive(turn, decided, &below);
    standing->decision = decision_returned;
    standing->counts = below.revision;
    standing->counts_seq = accepted_below(&top);
}

/* What the returned revision claimed is withdrawn; what the one that counts again claims stands from now on. */
static void claims_revive(turn_t *turn, claims_place_t *place, validation_standing_t *standing) {
    uint32_t old_count = 0, count = 0;
    const claim_t *old = claims_kept(turn, place, standing->claims, &old_count);
    const claim_t *claims = claims_kept(turn, place, standing->counts, &count);
    standing->claims = count > 0 ? standing->counts : 0;
    if (count > 0 || old_count > 0) claims_replace(turn, place, old, old_count, claims, count);
}

/* --- the handler --- */

static void emit_refused(turn_t *turn, const decision_row_t *row, const uint8_t command_id[16]) {
    decision_refused_t refused = {.decision = row->decision,
                                  .unit = row->unit,
                                  .task = row->task,
                                  .period = row->period,
                                  .revision = row->revision,
                                  .reasons = row->reasons,
                                  .reasons_count = row->reasons_count};
    memcpy(refused.command_id, command_id, sizeof refused.command_id);
    turn_emit(turn, decision_refused_type(), &refused);
}

void decision_end(turn_t *turn, const decision_row_t *row, const uint8_t command_id[16]) {
    validation_decision_t kept = {.row = *row};
    if (row->reasons_count > 0) emit_refused(turn, row, command_id);
    kept.row.seq = turn_cause(turn);
    kept.row.at_ms = (uint64_t)turn_now_ms(turn);
    kept.row.accepted = row->reasons_count == 0;
    memcpy(kept.command_id, command_id, sizeof kept.command_id);
    store_key_t key = key_seq(turn_cause(turn));
    turn_put(turn, VALIDATION_DECISION, &key, &kept);
}

static void emit_approved(turn_t *turn, const report_decided_t *decided) {
    report_approved_t approved = {.unit = decided->unit,
                                  .task = decided->task,
                                  .period = decided->period,
                                  .revision = decided->revision,
                                  .why = decided->why,
                                  .officer = decided->actor.officer,
                                  .office = decided->actor.office};
    memcpy(approved.command_id, decided->command_id, sizeof approved.command_id);
    turn_emit(turn, report_approved_type(), &approved);
}

static void emit_returned(turn_t *turn, const report_decided_t *decided, const validation_standing_t *standing,
                          const restated_t *restated, const claims_place_t *place, uint64_t again_ms) {
    report_returned_t returned = {.unit = decided->unit,
                                  .task = decided->task,
                                  .period = decided->period,
                                  .revision = decided->revision,
                                  .why = decided->why,
                                  .again_ms = again_ms,
                                  .counts = standing->counts,
                                  .counts_seq = standing->counts_seq,
                                  .officer = decided->actor.officer,
                                  .office = decided->actor.office,
                                  .claims = place->told,
                                  .claims_count = place->told_count,
                                  .restated = restated->rows,
                                  .restated_count = restated->count};
    memcpy(returned.command_id, decided->command_id, sizeof returned.command_id);
    turn_emit(turn, report_returned_type(), &returned);
}

/* It holds: what stands changes, and stream 2 says how. Returns when a returned report is due again. */
static uint64_t decision_do(turn_t *turn, const report_decided_t *decided, validation_standing_t *standing) {
    uint64_t again_ms = 0;
    restated_t restated = {0};
    claims_place_t place = {.unit = decided->unit, .task = decided->task, .period = decided->period};
    if (decided->decision == decision_returned) {
        again_ms = (uint64_t)return_deadline(planbook_plan(plan_book(turn)), turn_now_ms(turn)).due_ms;
        revision_return(turn, decided, standing, &restated);
        claims_revive(turn, &place, standing);
        emit_returned(turn, decided, standing, &restated, &place, again_ms);
    } else {
        standing->decision = decision_approved;
        emit_approved(turn, decided);
    }
    disputes_tell(turn, &place);
    standing->decided_ms = (uint64_t)turn_now_ms(turn);
    standing->decided_seq = turn_cause(turn);
    standing_put(turn, decided->unit, decided->task, decided->period, standing);
    return again_ms;
}

void on_report_decided(turn_t *turn, const event_t *event) {
    report_decided_t decided;
    if (!turn_body(turn, event, report_decided_type(), &decided)) return;
    decision_case_t given = {.book = plan_book(turn), .decided = &decided};
    given.standing = standing_get(turn, decided.unit, decided.task, decided.period);
    report_accepted_t counting;
    accepted_find(turn, standing_counts_seq(&given.standing), &counting, &given.counts_since_ms);
    reason_t *reasons = ARENA_NEW(turn_arena(turn), reason_t, DECISION_REASONS);
    uint32_t count = decision_judge(&given, reasons, turn_arena(turn));
    decision_row_t row = DECISION_ROW(&decided);
    row.revision = decided.revision;
    row.reasons = reasons;
    row.reasons_count = count;
    if (count == 0) row.again_ms = decision_do(turn, &decided, &given.standing);
    decision_end(turn, &row, decided.command_id);
}

/* --- questions --- */

static bool wanted(text_t filter, text_t id) { return filter.size == 0 || text_equal(filter, id); }

bool decision_verdict(turn_t *turn, uint64_t seq, verdict_t *verdict) {
    validation_decision_t kept;
    store_key_t key = key_seq(seq);
    if (!turn_get(turn, VALIDATION_DECISION, &key, &kept)) return false;
    *verdict = (verdict_t){.accepted = kept.row.accepted,
                           .unit = kept.row.unit,
                           .task = kept.row.task,
                           .period = kept.row.period,
                           .revision = kept.row.revision,
                           .reasons = kept.row.reasons,
                           .reasons_count = kept.row.reasons_count,
                           .received_ms = kept.row.at_ms,
                           .seq = seq};
    memcpy(verdict->submission_id, kept.command_id, sizeof verdict->submission_id);
    return true;
}

void answer_decisions(turn_t *turn, const packet_t *packet, reply_t *reply) {
    decisions_ask_t ask;
    fault_t fault;
    if (packet_body(packet, decisions_ask_type(), turn_arena(turn), &ask, &fault) != OK) return;
    if (turn_waits(turn, ask.at_least)) return;
    decision_row_t *rows = ARENA_NEW(turn_arena(turn), decision_row_t, LIMIT_ROWS);
    decisions_t told = {.as_of = turn_cause(turn), .rows = rows};
    store_key_t all = key_new(), from = key_seq(ask.after + 1);
    validation_decision_t kept;
    scan_t scan = scan_begin(turn_txn(turn), VALIDATION_DECISION, &all, &from);
    while (!told.more && scan_next(&scan, turn_arena(turn), &kept)) {
        if (!wanted(ask.unit, kept.row.unit) || !wanted(ask.task, kept.row.task) || !wanted(ask.period, kept.row.period)) continue;
        told.more = told.rows_count == LIMIT_ROWS;
        if (!told.more) rows[told.rows_count++] = kept.row;
    }
    scan_end(&scan);
    reply_with(reply, decisions_type(), &told);
}

void standing_tell_decision(turn_t *turn, const validation_standing_t *standing, standing_told_t *told) {
    told->counts = standing_counts(standing);
    told->decision = standing->decision;
    told->decided_ms = standing->decided_ms;
    validation_decision_t kept;
    store_key_t key = key_seq(standing->decided_seq);
    if (standing->decision == decision_none || !turn_get(turn, VALIDATION_DECISION, &key, &kept)) return;
    told->why = kept.row.why;
    told->again_ms = kept.row.again_ms;
}
