/* Decisions of officers on their way into the ledger: authority here, whether they hold in validation. */
#include <stddef.h>
#include <string.h>

#include "services/1-intake/intake_rules.h"
#include "services/1-intake/state.h"
#include "services/plan/calendar.h"

bool plan_is_open_for(visit_t *visit, bool confirms) {
    const intake_t *self = visit->intake;
    bool open = !self->is_sealed && (confirms || self->closed_ms == 0);
    if (!open) visit_refuse(visit, self->is_sealed ? REASON_OF(plan_is_sealed) : REASON_OF(plan_is_closed), text_of(NULL), NULL, 0);
    return open;
}

bool plan_is_open(visit_t *visit) { return plan_is_open_for(visit, false); }
bool plan_is_unsealed(visit_t *visit) { return plan_is_open_for(visit, true); }

bool period_is_open(visit_t *visit, text_t id) {
    const intake_t *self = visit->intake;
    if (self->closed_ms == 0) return true; /* what the plan does not have is validation's to say */
    const period_t *period = planbook_period(self->book, id);
    return plan_is_open_for(visit, period != NULL && period->confirmation);
}

bool unit_may_be_decided(visit_t *visit, text_t unit) {
    uint32_t position = unit_position(visit->intake, unit);
    if (position == UNIT_UNKNOWN) {
        visit_refuse(visit, REASON_OF(unknown_unit), text_of("unit"), &unit, 1);
        return false;
    }
    text_t code = own_unit_refusal(visit->actor.office, visit->actor.unit, unit);
    if (code.size == 0) return true;
    visit_refuse(visit, code, text_of("unit"), &planbook_plan(visit->intake->book)->units[position].name, 1);
    return false;
}

/* A ledger forgets nothing: what people write is looked at before the ink. */
static bool why_holds(visit_t *visit, text_t why, bool required) {
    if (why.size > 0 || !required) return remark_is_clean(visit, why);
    visit_refuse(visit, REASON_OF(missing_field), text_of("why"), NULL, 0);
    return false;
}

void on_report_decide(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    report_decide_t decide;
    if (!visit_body(visit, body, report_decide_type(), &decide) || !period_is_open(visit, decide.period)) return;
    if (decide.decision != decision_returned && decide.decision != decision_approved) {
        visit_refuse(visit, REASON_OF(unknown_word), text_of("decision"), NULL, 0);
        return;
    }
    if (!why_holds(visit, decide.why, decide.decision == decision_returned) || !unit_may_be_decided(visit, decide.unit)) return;
    report_decided_t decided = {.actor = visit->actor,
                                .decision = decide.decision,
                                .unit = decide.unit,
                                .task = decide.task,
                                .period = decide.period,
                                .revision = decide.revision,
                                .why = decide.why};
    memcpy(decided.command_id, command->command_id, sizeof decided.command_id);
    command_obeyed(visit, command, group_append(self, report_decided_type(), &decided, group_stamp(self)));
}

enum { EXTENDED_DAYS = 366, OUTAGE_DAYS = 31 };

void on_extension_decide(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    extension_decide_t decide;
    if (!visit_body(visit, body, extension_decide_type(), &decide) || !period_is_open(visit, decide.period)) return;
    bool extends = decide.decision == decision_extended;
    if (extends && decide.until == 0) {
        visit_refuse(visit, REASON_OF(missing_field), text_of("until"), NULL, 0);
        return;
    }
    const plan_t *plan = planbook_plan(self->book);
    if (extends && decide.until > day_add(plan->to, EXTENDED_DAYS)) { /* for ever is not an extension */
        visit_refuse(visit, REASON_OF(out_of_range), text_of("until"), NULL, 0);
        return;
    }
    if (!extends && decide.decision != decision_denied) {
        visit_refuse(visit, REASON_OF(unknown_word), text_of("decision"), NULL, 0);
        return;
    }
    if (!why_holds(visit, decide.why, !extends) || !unit_may_be_decided(visit, decide.unit)) return;
    extension_decided_t decided = {.actor = visit->actor,
                                   .decision = decide.decision,
                                   .unit = decide.unit,
                                   .task = decide.task,
                                   .period = decide.period,
                                   .until = extends ? decide.until : 0,
                                   .request_seq = decide.request_seq,
                                   .why = decide.why};
    memcpy(decided.command_id, command->command_id, sizeof decided.command_id);
    command_obeyed(visit, command, group_append(self, extension_decided_type(), &decided, group_stamp(self)));
}

static bool outage_holds(visit_t *visit, const outage_declare_t *declare) {
    intake_t *self = visit->intake;
    int64_t now_ms = ledger_clock_stamp(&self->clock);
    bool right = declare->from_ms < declare->to_ms && declare->to_ms <= (uint64_t)now_ms &&
                 declare->to_ms - declare->from_ms <= (uint64_t)OUTAGE_DAYS * 86400000;
    text_t now = instant_shown(self, now_ms);
    if (!right) visit_refuse(visit, REASON_OF(outage_wrong), text_of("to_ms"), &now, 1);
    for (uint32_t index = 0; right && index < declare->units_count; index++) {
        right = unit_position(self, declare->units[index]) != UNIT_UNKNOWN;
        if (!right) visit_refuse(visit, REASON_OF(unknown_unit), text_of("units"), &declare->units[index], 1);
    }
    return right;
}

void on_outage_declare(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    outage_declare_t declare;
    if (!visit_body(visit, body, outage_declare_type(), &declare)) return;
    /* behind the close it may give time for a confirmation, before it nobody's deadline moves any more */
    if (!plan_is_open_for(visit, (int64_t)declare.from_ms >= self->closed_ms)) return;
    if (!remark_is_clean(visit, declare.why) || !outage_holds(visit, &declare)) return;
    if (txn_fact(self->group, FACT_OUTAGES) >= LIMIT_OUTAGES) {
        visit_refuse(visit, REASON_OF(too_many), text_of("body"), NULL, 0);
        return;
    }
    outage_declared_t declared = {.actor = visit->actor, .from_ms = declare.from_ms, .to_ms = declare.to_ms,
                                  .units = declare.units, .units_count = declare.units_count, .why = declare.why};
    memcpy(declared.command_id, command->command_id, sizeof declared.command_id);
    uint64_t seq = group_append(self, outage_declared_type(), &declared, group_stamp(self));
    txn_fact_put(self->group, FACT_OUTAGES, txn_fact(self->group, FACT_OUTAGES) + 1);
    command_obeyed(visit, command, seq);
}

/* "The coordinator enters a paper report for a unit": both are named, the unit's own clerk in the report, the officer beside it. */
void on_report_enter(visit_t *visit, const command_t *command, const packet_t *body) {
    report_enter_t enter;
    (void)command; /* the submission's own id makes it once: sent again it gives the original receipt */
    if (!visit_body(visit, body, report_enter_type(), &enter)) return;
    memcpy(visit->submission_id, enter.report.submission_id, sizeof visit->submission_id);
    visit->unit = unit_position(visit->intake, enter.unit);
    if (visit->unit == UNIT_UNKNOWN) {
        visit_refuse(visit, REASON_OF(unknown_unit), text_of("unit"), &enter.unit, 1);
        return;
    }
    if (bytes_are_zero(enter.report.prepared_by.hash, HASH_SIZE)) {
        visit_refuse(visit, REASON_OF(missing_field), text_of("report.prepared_by"), NULL, 0);
        return;
    }
    append_ask_t ask = {.unit = enter.unit, .report = enter.report};
    report_take(visit, &ask, wire_peek(report_enter_type(), body->body, offsetof(report_enter_t, report)));
}
