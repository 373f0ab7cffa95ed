/* Walks the ledger, judges every report anew, and holds verdicts, obligations and totals against it. */
#include "tests/sim/sim_recount.h"

#include <string.h>

void sim_ask(sim_t *sim, const char *stage, const message_t *ask, const void *question, const message_t *answer, void *value) {
    buffer_t frame = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(1, ask, question, &frame);
    err_t err = packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault);
    bool answered = err == OK && stage_answer(sim_fold_named(sim, stage)->stage, &packet, &out);
    text_t copy = arena_text(sim->moment, (text_t){(const char *)out.at, (uint32_t)out.size});
    err = packet_decode((bytes_t){(const uint8_t *)copy.at, copy.size}, &packet, &fault);
    if (err == OK) err = packet_body(&packet, answer, sim->moment, value, &fault);
    SIM_HOLDS(sim, "questions_are_answered", answered && err == OK, "%s", ask->name);
    buffer_destroy(&frame);
    buffer_destroy(&out);
}

/* Stream 2's next verdict has to be about this entry, and say the same. */
static void verdict_compare(recount_t *count, uint64_t seq, bool valid, uint64_t revision) {
    event_t event = {0};
    fault_t fault;
    bool there = false;
    while (!there && txn_event(count->verdicts, ++count->verdict_at, count->sim->moment, &event, NULL))
        there = event.kind == KIND_report_accepted || event.kind == KIND_report_refused;
    SIM_HOLDS(count->sim, "verdicts_are_recounted", there && event.cause_seq == seq, "entry %llu has no verdict in its place",
              (unsigned long long)seq);
    SIM_HOLDS(count->sim, "verdicts_are_recounted", valid == (event.kind == KIND_report_accepted),
              "entry %llu: stream 2 says %s", (unsigned long long)seq, valid ? "refused" : "accepted");
    if (!valid) return;
    report_accepted_t accepted;
    bool same = event_body(&event, report_accepted_type(), count->sim->moment, &accepted, &fault) == OK;
    SIM_HOLDS(count->sim, "verdicts_are_recounted", same && accepted.revision == revision, "entry %llu: another revision",
              (unsigned long long)seq);
}

static void report_count(recount_t *count, const event_t *event) {
    sim_t *sim = count->sim;
    report_received_t received;
    fault_t fault;
    err_t err = event_body(event, report_received_type(), sim->arena, &received, &fault);
    const unit_t *unit = planbook_unit(sim->book, received.unit);
    ASSERT(err == OK && unit != NULL);
    stand_t fresh;
    uint32_t index = planbook_unit_index(sim->book, unit);
    bool again = received.original_received_ms != 0;
    bool valid =
        sim_judge(count, index, &received.report, again ? (int64_t)received.original_received_ms : event->at_ms, &fresh);
    if (valid && fresh.revision == 1) fresh.since_ms = event->at_ms;
    verdict_compare(count, event->seq, valid, fresh.revision);
    if (!valid) return;
    const task_t *task = planbook_task(sim->book, received.report.task);
    const period_t *period = planbook_period(sim->book, received.report.period);
    uint32_t task_index = (uint32_t)(task - planbook_plan(sim->book)->tasks), at = planbook_period_index(sim->book, period);
    count->stands[index][task_index][at] = fresh;
    sim_claims_of(count, index, task_index, at, &received.report, event->seq);
}

static void ledger_count(recount_t *count) {
    sim_t *sim = count->sim;
    uint64_t head = txn_head(count->ledger).seq;
    count->ticks = ARENA_NEW(sim->arena, int64_t, head + 1);
    for (uint64_t seq = 1; seq <= head; seq++) {
        event_t event;
        arena_reset(sim->moment);
        bool there = txn_event(count->ledger, seq, sim->arena, &event, NULL);
        ASSERT(there);
        count->now_ms = event.at_ms;
        bool passes = event.kind == KIND_clock_ticked || event.kind == KIND_plan_adopted || event.kind == KIND_plan_closed;
        if (passes) count->passed_ms = event.at_ms;
        if (event.kind == KIND_clock_ticked) count->ticks[count->tick_count++] = event.at_ms;
        if (event.kind == KIND_plan_closed) count->closed_ms = event.at_ms;
        if (event.kind == KIND_report_received) report_count(count, &event);
        if (event.kind == KIND_claim_credited) sim_credit_count(count, &event);
    }
}

/* --- obligations --- */

static void obligation_compare(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period,
                               const obligations_t *told) {
    sim_t *sim = count->sim;
    const plan_t *plan = &sim->plan;
    const stand_t *stand = &count->stands[unit][task][period];
    deadline_t deadline = deadline_resolve(plan, plan->periods[period].due);
    int64_t over_ms = deadline.due_ms + deadline.grace_ms;
    bool open = count->passed_ms >= instant_of_day(plan, plan->periods[period].from, 0), past = count->passed_ms > over_ms;
    bool reported = stand->revision > 0, late = reported && stand->first_valid_ms > over_ms;
    standing_t standing = reported ? standing_reported : !open ? standing_not_due : past ? standing_overdue : standing_due;
    timeliness_t timeliness = late           ? timeliness_late
                              : reported     ? timeliness_on_time
                              : open && past ? timeliness_missing
                                             : timeliness_pending;
    int64_t days = late ? day_between(deadline.day, day_of_instant(plan, stand->first_valid_ms)) : 0;
    if (late && days < 1) days = 1;
    for (uint32_t index = 0; index < told->rows_count; index++) {
        const obligation_changed_t *row = &told->rows[index];
        bool ours = text_equal(row->unit, plan->units[unit].id) && text_equal(row->task, plan->tasks[task].id) &&
                    text_equal(row->period, plan->periods[period].id);
        if (!ours) continue;
        SIM_HOLDS(sim, "obligations_are_recounted",
                  row->standing == standing && row->timeliness == timeliness && row->revision == stand->revision &&
                      row->first_valid_ms == (uint64_t)stand->first_valid_ms && row->days_late == (uint64_t)days &&
                      row->due_ms == (uint64_t)deadline.due_ms,
                  "u%u t%u p%u: told standing %u timeliness %u revision %llu, counted %u %u %llu", unit, task, period,
                  (unsigned)row->standing, (unsigned)row->timeliness, (unsigned long long)row->revision, (unsigned)standing,
                  (unsigned)timeliness, (unsigned long long)stand->revision);
        return;
    }
    sim_fail(sim, "obligations_are_recounted", "u%u t%u p%u is owed and not told", unit, task, period);
}

static void obligations_compare(const recount_t *count) {
    sim_t *sim = count->sim;
    const plan_t *plan = &sim->plan;
    obligations_t told;
    uint32_t owed = 0;
    arena_reset(sim->moment);
    sim_ask(sim, "aggregation", obligations_ask_type(), &(obligations_ask_t){0}, obligations_type(), &told);
    for (uint32_t unit = 0; unit < plan->units_count; unit++)
        for (uint32_t task = 0; task < plan->tasks_count; task++)
            for (uint32_t period = 0; period < plan->periods_count; period++) {
                if (!task_owed_by(&plan->tasks[task], plan->units[unit].id)) continue;
                obligation_compare(count, unit, task, period, &told);
                owed++;
            }
    SIM_HOLDS(sim, "obligations_are_recounted", told.rows_count == owed, "%u rows told, %u owed", told.rows_count, owed);
}

void sim_recount(sim_t *sim) {
    recount_t *count = ARENA_NEW(sim->arena, recount_t, 1);
    count->sim = sim;
    count->ledger = store_read(intake_store(sim->ledger.intake));
    count->verdicts = store_read(stage_store(sim_fold_named(sim, "validation")->stage));
    ASSERT(count->ledger != NULL && count->verdicts != NULL);
    ledger_count(count);
    txn_abort(&count->ledger);
    txn_abort(&count->verdicts);
    obligations_compare(count);
    sim_recount_claims(count);
    sim_recount_targets(count);
    sim_recount_warnings(count);
}
