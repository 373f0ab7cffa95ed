/* Events of stream 2 as verdicts. */
#include "proto/verdict.h"

#include <string.h>

static uint64_t instant_of(const event_t *event, uint64_t received_ms) {
    return received_ms != 0 ? received_ms : (uint64_t)event->at_ms;
}

static bool verdict_accepted(const event_t *event, arena_t *arena, verdict_t *verdict, uint64_t *previous) {
    report_accepted_t accepted;
    fault_t fault;
    if (event_body_kept(event, report_accepted_type(), arena, &accepted, NULL, &fault) != OK) return false;
    *verdict = (verdict_t){.accepted = true,
                           .unit = accepted.unit,
                           .task = accepted.task,
                           .period = accepted.period,
                           .revision = accepted.revision,
                           .reasons = accepted.explained,
                           .reasons_count = accepted.explained_count,
                           .due_ms = accepted.due_ms,
                           .received_ms = instant_of(event, accepted.received_ms),
                           .seq = event->cause_seq};
    memcpy(verdict->submission_id, accepted.submission_id, sizeof verdict->submission_id);
    *previous = accepted.previous;
    return true;
}

static bool verdict_refused(const event_t *event, arena_t *arena, verdict_t *verdict, uint64_t *previous) {
    report_refused_t refused;
    fault_t fault;
    if (event_body_kept(event, report_refused_type(), arena, &refused, NULL, &fault) != OK) return false;
    *verdict = (verdict_t){.unit = refused.unit,
                           .task = refused.task,
                           .period = refused.period,
                           .reasons = refused.reasons,
                           .reasons_count = refused.reasons_count,
                           .due_ms = refused.due_ms,
                           .received_ms = instant_of(event, refused.received_ms),
                           .seq = event->cause_seq};
    memcpy(verdict->submission_id, refused.submission_id, sizeof verdict->submission_id);
    *previous = refused.previous;
    return true;
}

static bool verdict_credited(const event_t *event, arena_t *arena, verdict_t *verdict) {
    credit_taken_t taken;
    fault_t fault;
    if (event_body(event, credit_taken_type(), arena, &taken, &fault) != OK) return false;
    *verdict = (verdict_t){.accepted = true,
                           .unit = taken.claim.unit,
                           .task = taken.task,
                           .period = taken.claim.period,
                           .received_ms = (uint64_t)event->at_ms,
                           .seq = event->cause_seq};
    memcpy(verdict->submission_id, taken.command_id, sizeof verdict->submission_id);
    return true;
}

static bool verdict_uncredited(const event_t *event, arena_t *arena, verdict_t *verdict) {
    credit_refused_t refused;
    fault_t fault;
    if (event_body(event, credit_refused_type(), arena, &refused, &fault) != OK) return false;
    *verdict = (verdict_t){.unit = refused.unit,
                           .task = refused.task,
                           .period = refused.period,
                           .reasons = refused.reasons,
                           .reasons_count = refused.reasons_count,
                           .received_ms = (uint64_t)event->at_ms,
                           .seq = event->cause_seq};
    memcpy(verdict->submission_id, refused.command_id, sizeof verdict->submission_id);
    return true;
}

/* An answer to a warning is judged like a report. */
static bool verdict_ruled(const event_t *event, arena_t *arena, verdict_t *verdict) {
    warning_ruled_t ruled;
    fault_t fault;
    if (event_body(event, warning_ruled_type(), arena, &ruled, &fault) != OK) return false;
    *verdict = (verdict_t){.accepted = ruled.reasons_count == 0,
                           .unit = ruled.decided.unit,
                           .task = ruled.decided.task,
                           .period = ruled.decided.period,
                           .reasons = ruled.reasons,
                           .reasons_count = ruled.reasons_count,
                           .received_ms = (uint64_t)event->at_ms,
                           .seq = event->cause_seq};
    memcpy(verdict->submission_id, ruled.decided.id, sizeof verdict->submission_id);
    return true;
}

static bool verdict_measure(const event_t *event, arena_t *arena, verdict_t *verdict) {
    measure_taken_t taken;
    fault_t fault;
    if (event_body(event, measure_taken_type(), arena, &taken, &fault) != OK) return false;
    *verdict = (verdict_t){.accepted = true,
                           .unit = taken.row.unit,
                           .task = taken.row.measure.task,
                           .revision = taken.row.revision,
                           .due_ms = taken.row.due_ms,
                           .received_ms = (uint64_t)event->at_ms,
                           .seq = event->cause_seq,
                           .measure = taken.row.measure.number};
    memcpy(verdict->submission_id, taken.submission_id, sizeof verdict->submission_id);
    return true;
}

static bool verdict_no_measure(const event_t *event, arena_t *arena, verdict_t *verdict) {
    measure_refused_t refused;
    fault_t fault;
    if (event_body(event, measure_refused_type(), arena, &refused, &fault) != OK) return false;
    *verdict = (verdict_t){.unit = refused.unit,
                           .task = refused.task,
                           .reasons = refused.reasons,
                           .reasons_count = refused.reasons_count,
                           .received_ms = (uint64_t)event->at_ms,
                           .seq = event->cause_seq,
                           .measure = refused.number};
    memcpy(verdict->submission_id, refused.submission_id, sizeof verdict->submission_id);
    return true;
}

static bool verdict_request(const event_t *event, arena_t *arena, verdict_t *verdict) {
    request_taken_t taken;
    fault_t fault;
    if (event_body(event, request_taken_type(), arena, &taken, &fault) != OK) return false;
    *verdict = (verdict_t){.accepted = true,
                           .unit = taken.unit,
                           .task = taken.task,
                           .period = taken.period,
                           .due_ms = taken.due_ms,
                           .received_ms = (uint64_t)event->at_ms,
                           .seq = event->cause_seq};
    memcpy(verdict->submission_id, taken.submission_id, sizeof verdict->submission_id);
    return true;
}

static bool verdict_no_request(const event_t *event, arena_t *arena, verdict_t *verdict) {
    request_refused_t refused;
    fault_t fault;
    if (event_body(event, request_refused_type(), arena, &refused, &fault) != OK) return false;
    *verdict = (verdict_t){.unit = refused.unit,
                           .task = refused.task,
                           .period = refused.period,
                           .reasons = refused.reasons,
                           .reasons_count = refused.reasons_count,
                           .due_ms = refused.due_ms,
                           .received_ms = (uint64_t)event->at_ms,
                           .seq = event->cause_seq};
    memcpy(verdict->submission_id, refused.submission_id, sizeof verdict->submission_id);
    return true;
}

bool kind_judges_a_unit(uint32_t kind) {
    return kind == KIND_report_accepted || kind == KIND_report_refused || kind == KIND_warning_ruled ||
           kind == KIND_measure_taken || kind == KIND_measure_refused || kind == KIND_request_taken ||
           kind == KIND_request_refused;
}

bool verdict_of_event(const event_t *event, arena_t *arena, verdict_t *verdict, uint64_t *previous) {
    uint64_t unwanted;
    if (previous == NULL) previous = &unwanted;
    if (event->kind == KIND_report_accepted) return verdict_accepted(event, arena, verdict, previous);
    if (event->kind == KIND_report_refused) return verdict_refused(event, arena, verdict, previous);
    *previous = 0;
    if (event->kind == KIND_credit_taken) return verdict_credited(event, arena, verdict);
    if (event->kind == KIND_credit_refused) return verdict_uncredited(event, arena, verdict);
    if (event->kind == KIND_warning_ruled) return verdict_ruled(event, arena, verdict);
    if (event->kind == KIND_measure_taken) return verdict_measure(event, arena, verdict);
    if (event->kind == KIND_request_taken) return verdict_request(event, arena, verdict);
    if (event->kind == KIND_request_refused) return verdict_no_request(event, arena, verdict);
    if (event->kind == KIND_measure_refused) return verdict_no_measure(event, arena, verdict);
    return false;
}

verdict_row_t row_of_verdict(const verdicts_t *shared, const verdict_t *verdict, uint64_t request_id) {
    return (verdict_row_t){.request_id = request_id,
                           .seq = verdict->seq,
                           .refused = !verdict->accepted,
                           .revision = verdict->revision,
                           .reasons = verdict->reasons,
                           .reasons_count = verdict->reasons_count,
                           .due_ms = {verdict->due_ms != shared->due_ms, (int64_t)verdict->due_ms},
                           .received_ms = verdict->received_ms == shared->received_ms ? 0 : verdict->received_ms};
}

void verdict_put(const verdicts_t *shared, const verdict_row_t *row, verdict_t *verdict) {
    memset(verdict, 0, sizeof *verdict);
    verdict->seq = row->seq;
    verdict->accepted = !row->refused;
    verdict->revision = row->revision;
    verdict->reasons = row->reasons;
    verdict->reasons_count = row->reasons_count;
    verdict->due_ms = row->due_ms.given ? (uint64_t)row->due_ms.value : shared->due_ms;
    verdict->received_ms = row->received_ms != 0 ? row->received_ms : shared->received_ms;
}

uint64_t accepted_below(const report_accepted_t *accepted) {
    if (accepted->below_none) return 0;
    return accepted->below_seq != 0 ? accepted->below_seq : accepted->previous;
}

/* A row that names no figure is of the only one. */
static const restated_total_t *restated_named(const report_accepted_t *accepted, arena_t *arena) {
    if (accepted->restated_count != 1 || accepted->restated[0].indicator.size > 0 || accepted->figures_count == 0)
        return accepted->restated;
    restated_total_t *row = ARENA_NEW(arena, restated_total_t, 1);
    *row = accepted->restated[0];
    row->indicator = accepted->figures[0].indicator;
    row->member = accepted->figures[0].member;
    return row;
}

bool restated_of_event(const event_t *event, arena_t *arena, restated_told_t *told) {
    report_accepted_t accepted;
    report_returned_t returned;
    fault_t fault;
    if (event->kind == KIND_report_accepted && event_body(event, report_accepted_type(), arena, &accepted, &fault) == OK)
        *told = (restated_told_t){accepted.unit, accepted.task, accepted.period, restated_named(&accepted, arena),
                                  accepted.restated_count};
    else if (event->kind == KIND_report_returned && event_body(event, report_returned_type(), arena, &returned, &fault) == OK)
        *told = (restated_told_t){returned.unit, returned.task, returned.period, returned.restated, returned.restated_count};
    else return false;
    return true;
}
