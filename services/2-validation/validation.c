/* Validation's handlers: load what stands, let the rules judge, keep and emit what they say. */
#include "services/2-validation/validation.h"

#include "proto/content.h"
#include "proto/verdict.h"
#include "services/2-validation/validation_claims.h"
#include "services/2-validation/validation_state.h"
#include "services/plan/calendar.h"

#include <string.h>

/* --- control entries --- */

static void on_rules_activated(turn_t *turn, const event_t *event) {
    rules_activated_t activated;
    if (!turn_body(turn, event, rules_activated_type(), &activated)) return;
    if (activated.version != VALIDATION_RULES) {
        turn_unknown(turn, event); /* this binary does not contain the rules its ledger uses */
        return;
    }
    store_key_t key = key_single();
    turn_put(turn, VALIDATION_RULES_ROW, &key, &(validation_rules_t){.version = activated.version});
}

static void on_plan_ended(turn_t *turn, bool sealed) {
    store_key_t key = key_single();
    validation_rules_t rules = {.version = VALIDATION_RULES};
    turn_get(turn, VALIDATION_RULES_ROW, &key, &rules);
    rules.closed = true;
    rules.sealed = sealed;
    turn_put(turn, VALIDATION_RULES_ROW, &key, &rules);
}

/* --- reports --- */

/* The months of every figure's indicator. */
static const validation_history_t *histories_of(turn_t *turn, const sheet_t *sheet, const report_t *report) {
    static const validation_history_t none = {0};
    validation_history_t *histories = arena_room(turn_arena(turn), sizeof *histories * report->figures_count);
    for (uint32_t index = 0; index < report->figures_count; index++)
        histories[index] = sheet == NULL ? none : sheet_history(sheet, report->figures[index].indicator);
    return histories;
}

/* Everything a ruling depends on, in one place for the fold and for the dry run. `encoded`: the report as it was read. Gives
 * the sheet of its place, or NULL. */
static sheet_t *case_fill(turn_t *turn, text_t unit, const report_t *report, bytes_t encoded, validation_case_t *given) {
    *given = (validation_case_t){.place = place_meant(turn, unit, report->task, report->period),
                                 .report = report,
                                 .unit = unit,
                                 .received_ms = turn_now_ms(turn)};
    sheet_t *sheet = sheet_of(turn, &given->place);
    given->histories = histories_of(turn, sheet, report);
    report_body_hash(report, encoded, turn_arena(turn), given->body_hash);
    standing_of(turn, sheet, &given->place, unit, report->task, report->period, &given->standing);
    if (given->standing.revision == 0) given->skipped = period_skipped(&given->place, sheet);
    return sheet;
}

/* The months that this revision states, and those of the revision before it that it no longer states. */
static restated_t histories_keep(turn_t *turn, const validation_case_t *given, const validation_ruling_t *ruling, sheet_t *sheet) {
    const report_t *report = given->report;
    stated_t stated = {&given->place, ruling->figures, report->figures, ruling->figures_count, false};
    restated_t restated = {0};
    for (uint32_t index = 0; index < report->figures_count; index++) {
        text_t indicator = report->figures[index].indicator;
        if (figures_name(report, index, indicator)) continue;
        history_exchange(turn, sheet, &stated, indicator, &restated);
    }
    if (ruling->revision == 1) return restated;
    const task_t *task = given->place.task;
    for (uint32_t index = 0; index < task->indicators_count; index++) {
        text_t indicator = task->indicators[index].id;
        if (figures_name(report, report->figures_count, indicator)) continue;
        if (sheet_history(sheet, indicator).months_count > 0) history_exchange(turn, sheet, &stated, indicator, &restated);
    }
    return restated;
}

static void verdict_keep(turn_t *turn, const validation_case_t *given, const validation_ruling_t *ruling, sheet_t *sheet) {
    validation_standing_t row = given->standing;
    row.newest_seq = turn_cause(turn);
    if (ruling->accepted) {
        row.revision = ruling->revision;
        row.seq = turn_cause(turn);
        row.received_ms = (uint64_t)given->received_ms;
        row.decision = decision_none; /* of the revision before; totals go by this one */
        row.decided_ms = row.decided_seq = row.counts = row.counts_seq = 0;
        if (ruling->revision == 1) row.first_valid_ms = row.received_ms; /* frozen: no correction moves it */
        memcpy(row.body_hash, given->body_hash, sizeof row.body_hash);
    }
    const report_t *report = given->report;
    standing_keep(turn, sheet, &given->place, given->unit, report->task, report->period, &row);
}

/* Files that the report names, and those of its rows; one file named twice counts twice. */
static uint64_t evidence_of(const report_t *report) {
    uint64_t count = report->evidence_count;
    for (uint32_t figure = 0; figure < report->figures_count; figure++)
        for (uint32_t item = 0; item < report->figures[figure].items_count; item++)
            count += !bytes_are_zero(report->figures[figure].items[item].evidence, HASH_SIZE);
    return count;
}

/* The only figure need not be named again. */
static void restated_unname(const restated_t *restated, const validation_ruling_t *ruling) {
    if (restated->count != 1 || ruling->figures_count != 1) return;
    restated_total_t *row = restated->rows;
    const figure_t *only = ruling->figures;
    bool same = id_equal(row->indicator, only->indicator) && text_equal(row->member, only->member);
    if (same) row->indicator = row->member = text_of(NULL);
}

static void emit_accepted(turn_t *turn, const validation_case_t *given, const validation_ruling_t *ruling,
                          const restated_t *restated, const claims_place_t *place) {
    const report_t *report = given->report;
    report_accepted_t accepted = {.unit = given->unit,
                                  .task = report->task,
                                  .period = report->period,
                                  .revision = ruling->revision,
                                  .figures = ruling->figures,
                                  .figures_count = ruling->figures_count,
                                  .missing = ruling->missing,
                                  .missing_count = ruling->missing_count,
                                  .explained = ruling->explained,
                                  .explained_count = ruling->explained_count,
                                  .due_ms = due_in(turn, &given->standing, given->unit, given->place.period),
                                  .evidence = evidence_of(report),
                                  .previous = given->standing.newest_seq,
                                  .restated = restated->rows,
                                  .restated_count = restated->count};
    if (given->received_ms != turn_now_ms(turn)) accepted.received_ms = (uint64_t)given->received_ms;
    uint64_t below_seq = standing_counts_seq(&given->standing);
    if (below_seq != accepted.previous) accepted.below_seq = below_seq;
    accepted.below_none = below_seq == 0 && accepted.previous != 0;
    restated_unname(restated, ruling);
    accepted.claims = place->told;
    accepted.claims_count = place->told_count;
    memcpy(accepted.submission_id, report->submission_id, sizeof accepted.submission_id);
    turn_emit(turn, report_accepted_type(), &accepted);
}

static void emit_refused(turn_t *turn, const validation_case_t *given, const validation_ruling_t *ruling) {
    const report_t *report = given->report;
    report_refused_t refused = {.unit = given->unit,
                                .task = report->task,
                                .period = report->period,
                                .reasons = ruling->reasons,
                                .reasons_count = ruling->reasons_count,
                                .due_ms = due_in(turn, &given->standing, given->unit, given->place.period),
                                .previous = given->standing.newest_seq};
    if (given->received_ms != turn_now_ms(turn)) refused.received_ms = (uint64_t)given->received_ms;
    memcpy(refused.submission_id, report->submission_id, sizeof refused.submission_id);
    turn_emit(turn, report_refused_type(), &refused);
}

/* What of the report counts once, and what that changes for others. Where neither it nor the revision before has such rows, the
 * store is not touched. */
static void claims_stand(turn_t *turn, validation_case_t *given, validation_ruling_t *ruling, claims_place_t *place) {
    uint32_t old_count = 0, count = 0;
    const claim_t *claims = claims_of(turn, place, ruling->figures, ruling->figures_count, given->received_ms, &count);
    const claim_t *old = given->standing.claims == 0 ? NULL : claims_kept(turn, place, given->standing.claims, &old_count);
    given->standing.claims = count > 0 ? ruling->revision : 0;
    if (count == 0 && old_count == 0) return;
    claims_replace(turn, place, old, old_count, claims, count);
    claims_keep(turn, place, ruling->revision, claims, count);
    claims_note(turn, ruling->figures, place->told, place->told_count, &ruling->explained, &ruling->explained_count);
}

static void report_take(turn_t *turn, const report_received_t *received, bytes_t encoded) {
    validation_case_t given;
    sheet_t *sheet = case_fill(turn, received->unit, &received->report, encoded, &given);
    if (received->original_received_ms != 0) given.received_ms = (int64_t)received->original_received_ms;
    validation_ruling_t ruling = validation_judge(&given, turn_arena(turn));
    restated_t restated = {0};
    claims_place_t place = {.unit = received->unit, .task = received->report.task, .period = received->report.period};
    if (ruling.accepted) issues_note(turn, &given, &ruling);
    if (ruling.accepted) restated = histories_keep(turn, &given, &ruling, sheet);
    if (ruling.accepted) claims_stand(turn, &given, &ruling, &place);
    verdict_keep(turn, &given, &ruling, sheet);
    if (ruling.accepted) emit_accepted(turn, &given, &ruling, &restated, &place);
    else emit_refused(turn, &given, &ruling);
    if (place.disputes_count > 0) disputes_tell(turn, &place);
}

static void on_report_received(turn_t *turn, const event_t *event, bool thoroughly) {
    report_received_t received;
    wire_known_t read = {.object = &received.report};
    if (!turn_body_known(turn, event, report_received_type(), &received, &read)) return;
    if (thoroughly || !plain_take(turn, &received, read.bytes)) report_take(turn, &received, read.bytes);
}

static void apply(turn_t *turn, const event_t *event) {
    plan_trim(turn);
    switch (event->kind) {
    case KIND_plan_part: on_plan_part_kept(turn, event); return;
    case KIND_plan_adopted: on_plan_kept(turn, event); return;
    case KIND_rules_activated: on_rules_activated(turn, event); return;
    case KIND_report_received: on_report_received(turn, event, false); return;
    case KIND_claim_credited: on_claim_credited(turn, event); return;
    case KIND_report_decided: on_report_decided(turn, event); return;
    case KIND_extension_decided: on_extension_decided(turn, event); return;
    case KIND_outage_declared: on_outage_declared(turn, event); return;
    case KIND_warning_decided: on_warning_decided(turn, event); return;
    case KIND_extension_requested: on_extension_requested(turn, event); return;
    case KIND_measure_entered: on_measure_entered(turn, event); return;
    case KIND_document_published: on_bulletin_out(turn, event); return;
    case KIND_ledger_opened:
    case KIND_key_registered:
    case KIND_key_revoked:
    case KIND_login_granted:
    case KIND_login_revoked:
    case KIND_officer_registered:
    case KIND_door_down:
    case KIND_door_up:
    case KIND_officer_revoked:
    case KIND_unit_bounded:
    case KIND_clock_ticked:
    case KIND_backup_taken:
    case KIND_ledger_restored:
    case KIND_quarantined:
    case KIND_notice_sent:
    case KIND_notice_retried:
    case KIND_notice_failed:
    case KIND_event_skipped: return;    /* passed on by the runtime */
    case KIND_plan_closed: on_plan_ended(turn, false); return;
    case KIND_plan_sealed: on_plan_ended(turn, true); return;
    case KIND_refusals_counted:
    case KIND_document_part:
    case KIND_document_announced:
    case KIND_objection_raised:
    case KIND_objection_answered: return; /* for the ledger's readers, not for the totals */
    default: turn_unknown(turn, event);
    }
}

void validation_apply_thoroughly(turn_t *turn, const event_t *event) {
    if (event->kind == KIND_report_received) {
        plan_trim(turn);
        on_report_received(turn, event, true);
    } else {
        apply(turn, event);
    }
}

/* --- queries --- */

/* The verdict of an entry as the doors tell it. false: it is not the entry of a report. `previous` may be NULL. */
static bool verdict_of(turn_t *turn, uint64_t seq, arena_t *arena, verdict_t *verdict, uint64_t *previous) {
    event_t event;
    uint64_t at = txn_caused_by(turn_txn(turn), seq, arena, &event);
    while (at != 0 && event.cause_seq == seq) {
        if (verdict_of_event(&event, arena, verdict, previous)) return true;
        at = txn_event(turn_txn(turn), at + 1, arena, &event, NULL) ? at + 1 : 0;
    }
    return decision_verdict(turn, seq, verdict);
}

/* A restore gives numbers again: what stands there may be about another report than the one that is meant. */
static bool entry_is_another(turn_t *turn, const verdict_ask_t *ask) {
    event_t event;
    if (ask->epoch == 0 || txn_caused_by(turn_txn(turn), ask->seq, turn_arena(turn), &event) == 0) return false;
    return event.cause_seq == ask->seq && event.epoch != ask->epoch;
}

static void answer_verdict(turn_t *turn, const packet_t *packet, reply_t *reply) {
    verdict_ask_t ask;
    fault_t fault;
    verdict_t verdict;
    if (packet_body(packet, verdict_ask_type(), turn_arena(turn), &ask, &fault) != OK) return;
    if (turn_waits(turn, ask.seq)) return;
    busy_t busy = {.retry_after_ms = LIMIT_BUSY_RETRY_MS};
    if (entry_is_another(turn, &ask))
        reply_with(reply, busy_type(), &busy);
    else if (verdict_of(turn, ask.seq, turn_arena(turn), &verdict, NULL))
        reply_with(reply, verdict_type(), &verdict);
    else if (turn_skipped(turn, ask.seq))
        reply_refuse(reply, REASON_OF(set_aside), "", (text_t){NULL, 0});
}

/* What intake would say; a dry run does not pass there. */
static validation_ruling_t ruling_ahead(turn_t *turn, const validation_case_t *given) {
    store_key_t key = key_single();
    validation_rules_t rules;
    bool confirms = given->place.period != NULL && given->place.period->confirmation;
    bool ended = turn_get(turn, VALIDATION_RULES_ROW, &key, &rules) && (rules.sealed || (rules.closed && !confirms));
    if (!ended) return validation_judge(given, turn_arena(turn));
    reason_t *reason = ARENA_NEW(turn_arena(turn), reason_t, 1);
    reason->code = rules.sealed ? REASON_OF(plan_is_sealed) : REASON_OF(plan_is_closed);
    return (validation_ruling_t){.reasons = reason, .reasons_count = 1};
}

/* Rows that would not count. */
static void claims_ahead(turn_t *turn, const check_ask_t *ask, validation_ruling_t *ruling) {
    claims_place_t place = {.unit = ask->unit, .task = ask->report.task, .period = ask->report.period};
    uint32_t count = 0;
    const claim_t *claims = claims_of(turn, &place, ruling->figures, ruling->figures_count, turn_now_ms(turn), &count);
    if (count > 0) claims_foresee(turn, ruling->figures, claims, count, &ruling->explained, &ruling->explained_count);
}

static void answer_check(turn_t *turn, const packet_t *packet, reply_t *reply) {
    check_ask_t ask;
    fault_t fault;
    if (packet_body(packet, check_ask_type(), turn_arena(turn), &ask, &fault) != OK) return;
    validation_case_t given;
    case_fill(turn, ask.unit, &ask.report, (bytes_t){NULL, 0}, &given);
    validation_ruling_t ruling = ruling_ahead(turn, &given);
    if (ruling.accepted) issues_note(turn, &given, &ruling);
    if (ruling.accepted) claims_ahead(turn, &ask, &ruling);
    verdict_t verdict = {.accepted = ruling.accepted,
                         .unit = ask.unit,
                         .task = ask.report.task,
                         .period = ask.report.period,
                         .revision = ruling.revision,
                         .reasons = ruling.accepted ? ruling.explained : ruling.reasons,
                         .reasons_count = ruling.accepted ? ruling.explained_count : ruling.reasons_count,
                         .due_ms = due_in(turn, &given.standing, ask.unit, given.place.period),
                         .dry_run = true};
    if (ruling.accepted) verdict.figures = figures_after(turn, &given, &ruling, &verdict.figures_count);
    memcpy(verdict.submission_id, ask.report.submission_id, sizeof verdict.submission_id);
    reply_with(reply, verdict_type(), &verdict);
}

/* Newest first, along the chain of `previous`. */
static uint32_t submissions_of(turn_t *turn, uint64_t newest_seq, verdict_t *verdicts) {
    uint32_t count = 0;
    uint64_t previous = 0;
    for (uint64_t seq = newest_seq; seq != 0 && count < LIMIT_REASONS; seq = previous)
        if (verdict_of(turn, seq, turn_arena(turn), &verdicts[count], &previous)) count++;
        else break;
    return count;
}

/* One of them, by its id, as far back as a history looks. No table is kept for it: it would cost every report a row. */
static uint32_t submission_of(turn_t *turn, uint64_t newest_seq, const uint8_t id[16], verdict_t *verdict) {
    arena_t *scratch = arena_new(); /* of one at a time: they may be large, and many */
    uint64_t seq = newest_seq, previous = 0;
    bool found = false;
    for (uint32_t looked = 0; seq != 0 && looked < LIMIT_CHAIN; looked++, seq = previous) {
        arena_reset(scratch);
        if (!verdict_of(turn, seq, scratch, verdict, &previous)) break;
        found = memcmp(verdict->submission_id, id, sizeof verdict->submission_id) == 0;
        if (found) break;
    }
    arena_destroy(&scratch);
    return found && verdict_of(turn, seq, turn_arena(turn), verdict, NULL);
}

static void answer_standing(turn_t *turn, const packet_t *packet, reply_t *reply) {
    standing_ask_t ask;
    fault_t fault;
    static const uint8_t any[16];
    if (packet_body(packet, standing_ask_type(), turn_arena(turn), &ask, &fault) != OK) return;
    if (turn_waits(turn, ask.at_least)) return;
    validation_standing_t standing = standing_get(turn, ask.unit, ask.task, ask.period);
    verdict_t *verdicts = ARENA_NEW(turn_arena(turn), verdict_t, LIMIT_REASONS);
    bool all = memcmp(ask.submission_id, any, sizeof any) == 0;
    uint32_t count = all ? submissions_of(turn, standing.newest_seq, verdicts)
                         : submission_of(turn, standing.newest_seq, ask.submission_id, verdicts);
    standing_told_t told = {.unit = ask.unit,
                            .task = ask.task,
                            .period = ask.period,
                            .revision = standing.revision,
                            .first_valid_ms = standing.first_valid_ms,
                            .due_ms = due_of(turn, &standing, ask.unit, ask.period),
                            .submissions = verdicts,
                            .submissions_count = count,
                            .seq = standing.seq};
    if (all) told.figures = figures_standing(turn, &ask, &told.figures_count);
    standing_tell_decision(turn, &standing, &told);
    standing_tell_request(turn, &standing, &told);
    reply_with(reply, standing_told_type(), &told);
}

static void answer(turn_t *turn, const packet_t *ask, reply_t *reply) {
    switch (ask->kind) {
    case KIND_verdict_ask: answer_verdict(turn, ask, reply); return;
    case KIND_check_ask: answer_check(turn, ask, reply); return;
    case KIND_standing_ask: answer_standing(turn, ask, reply); return;
    case KIND_claims_ask: answer_claims(turn, ask, reply); return;
    case KIND_decisions_ask: answer_decisions(turn, ask, reply); return;
    case KIND_history_ask: answer_history(turn, ask, reply); return;
    case KIND_follows_ask: answer_follows(turn, ask, reply); return;
    case KIND_requests_ask: answer_requests(turn, ask, reply); return;
    case KIND_measures_ask: answer_measures(turn, ask, reply); return;
    case KIND_measure_history_ask: answer_measure_history(turn, ask, reply); return;
    default: return; /* not mine: the runtime says so */
    }
}

const role_t *validation_role(void) {
    static const table_t tables[VALIDATION_TABLES] = {
        [VALIDATION_PLAN] = {"plan", plan_adopted_type},
        [VALIDATION_PLAN_PARTS] = {"plan_parts", plan_part_type},
        [VALIDATION_RULES_ROW] = {"rules", validation_rules_type},
        [VALIDATION_SHEET] = {"sheets", validation_sheet_type},
        [VALIDATION_STRAY] = {"strays", validation_standing_type},
        [VALIDATION_CLAIM] = {"claim", validation_claim_type},
        [VALIDATION_CONTEST] = {"contest", validation_contest_type},
        [VALIDATION_DISPUTE] = {"dispute", validation_dispute_type},
        [VALIDATION_CLAIMS] = {"claims", validation_claims_type},
        [VALIDATION_DECISION] = {"decision", validation_decision_type},
        [VALIDATION_ISSUES] = {"issues", validation_issues_type},
        [VALIDATION_FOLLOW] = {"follow", follow_row_type},
        [VALIDATION_MEASURE] = {"measure", measure_row_type},
        [VALIDATION_REQUEST] = {"request", request_row_type},
        [VALIDATION_OUTAGE] = {"outage", outage_counted_type},
    };
    static const rows_way_t ways[VALIDATION_TABLES] = {[VALIDATION_SHEET] = ROWS_STRAIGHT}; /* each is written once a commit */
    static const role_t role = {.name = "validation",
                                .reads = STREAM_ENTRIES,
                                .writes = STREAM_VERDICTS,
                                .tables = tables,
                                .table_count = VALIDATION_TABLES,
                                .ways = ways,
                                .apply = apply,
                                .memory_load = validation_memory_load,
                                .memory_destroy = validation_memory_destroy,
                                .settle = validation_memory_settle,
                                .answer = answer};
    return &role;
}
