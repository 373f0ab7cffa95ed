/* Walks the ledger, judges every report anew, and holds verdicts, obligations and totals against it. */
#include "tests/sim/sim_recount.h"

#include <string.h>

bool sim_ask_early(sim_t *sim, const char *stage, const message_t *ask, const void *question, const message_t *answer,
                   void *value) {
    buffer_t frame = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(1, ask, question, &frame);
    err_t err = packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault);
    bool answered = err == OK && stage_answer(sim_fold_named(sim, stage)->stage, &packet, &out);
    text_t copy = arena_text(sim->moment, (text_t){(const char *)out.at, (uint32_t)out.size});
    err = packet_decode((bytes_t){(const uint8_t *)copy.at, copy.size}, &packet, &fault);
    if (err == OK) err = packet_body(&packet, answer, sim->moment, value, &fault);
    buffer_destroy(&frame);
    buffer_destroy(&out);
    return answered && err == OK;
}

void sim_ask(sim_t *sim, const char *stage, const message_t *ask, const void *question, const message_t *answer, void *value) {
    bool answered = sim_ask_early(sim, stage, ask, question, answer, value);
    SIM_HOLDS(sim, "questions_are_answered", answered, "%s", ask->name);
}

/* Stream 2's next verdict has to be about this entry, and say the same. */
static void verdict_compare(recount_t *count, uint64_t seq, bool valid, uint64_t revision, int64_t due_ms) {
    event_t event = {0};
    fault_t fault;
    bool there = false;
    while (!there && txn_event(count->verdicts, ++count->verdict_at, count->sim->moment, &event, NULL))
        there = event.kind == KIND_report_accepted || event.kind == KIND_report_refused || event.kind == KIND_report_returned ||
                event.kind == KIND_report_approved || event.kind == KIND_decision_refused || event.kind == KIND_extension_granted ||
                event.kind == KIND_extension_denied;
    SIM_HOLDS(count->sim, "verdicts_are_recounted", there && event.cause_seq == seq, "entry %llu has no verdict in its place",
              (unsigned long long)seq);
    bool holds = event.kind != KIND_report_refused && event.kind != KIND_decision_refused;
    SIM_HOLDS(count->sim, "verdicts_are_recounted", valid == holds, "entry %llu: stream 2 says %s", (unsigned long long)seq,
              valid ? "refused" : "accepted");
    if (event.kind != KIND_report_accepted) return;
    report_accepted_t accepted;
    bool same = event_body(&event, report_accepted_type(), count->sim->moment, &accepted, &fault) == OK;
    SIM_HOLDS(count->sim, "verdicts_are_recounted", same && accepted.revision == revision, "entry %llu: another revision",
              (unsigned long long)seq);
    SIM_HOLDS(count->sim, "verdicts_tell_the_deadline", accepted.due_ms == (uint64_t)due_ms, "entry %llu: due at %llu, not %lld",
              (unsigned long long)seq, (unsigned long long)accepted.due_ms, (long long)due_ms);
}

static const figure_t *figure_like(const report_t *report, const figure_t *like, uint32_t *index) {
    for (*index = 0; *index < report->figures_count; ++*index) {
        const figure_t *figure = &report->figures[*index];
        if (text_equal(figure->indicator, like->indicator) && text_equal(figure->member, like->member)) return figure;
    }
    return NULL;
}

/* What the revision before said of a person in the very same words was said then. */
static void persons_date(stand_t *fresh, const stand_t *before, uint64_t seq) {
    for (uint32_t index = 0; index < fresh->report.figures_count; index++) {
        const figure_t *figure = &fresh->report.figures[index], *old = NULL;
        uint32_t at = 0;
        if (before->counts > 0) old = figure_like(&before->report, figure, &at);
        for (uint32_t row = 0; row < figure->items_count; row++) {
            const item_t *item = &figure->items[row];
            fresh->said_seq[index][row] = seq;
            for (uint32_t other = 0; old != NULL && other < old->items_count; other++) {
                const item_t *was = &old->items[other];
                bool same = memcmp(was->person.hash, item->person.hash, HASH_SIZE) == 0 && was->fact_day == item->fact_day;
                if (same && was->out_day == item->out_day) fresh->said_seq[index][row] = before->said_seq[at][other];
            }
        }
    }
}

/* Calendar days behind the day it was due, at least one; 0: in time. */
static int64_t days_late(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period) {
    const plan_t *plan = &count->sim->plan;
    const stand_t *stand = &count->stands[unit][task][period];
    uint64_t due_seq;
    int64_t looked_ms;
    deadline_t due = sim_deadline(count, unit, task, period, &due_seq, &looked_ms);
    if (stand->revision == 0 || stand->first_valid_ms <= due.due_ms + due.grace_ms) return 0;
    int64_t days = day_between(due.day, day_of_instant(plan, stand->first_valid_ms));
    return days < 1 ? 1 : days;
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
    if (!valid) {
        verdict_compare(count, event->seq, false, 0, 0);
        return;
    }
    const task_t *task = planbook_task(sim->book, received.report.task);
    const period_t *period = planbook_period(sim->book, received.report.period);
    uint32_t task_index = (uint32_t)(task - planbook_plan(sim->book)->tasks), at = planbook_period_index(sim->book, period);
    uint64_t due_seq;
    int64_t looked_ms;
    verdict_compare(count, event->seq, true, fresh.revision,
                    sim_deadline(count, index, task_index, at, &due_seq, &looked_ms).due_ms);
    stand_t *stand = &count->stands[index][task_index][at], before = *stand;
    if (stand->counts > 0) {
        fresh.below = ARENA_NEW(sim->arena, stand_t, 1);
        *fresh.below = *stand;
    }
    sim_quiet_end(count, index, task_index, at, event->at_ms);
    persons_date(&fresh, &before, event->seq);
    *stand = fresh;
    stand->seq = event->seq;
    if (before.revision == 0) stand->days_late = days_late(count, index, task_index, at);
    sim_recount_restated(count, event->seq, count->stands[index][task_index], at, &before, false);
    sim_claims_of(count, index, task_index, at, stand, event->seq);
}

static int64_t due_again(const plan_t *plan, int64_t at_ms) {
    uint32_t day = day_of_instant(plan, at_ms);
    for (uint64_t left = plan->return_days == 0 ? 3 : plan->return_days; left > 0;) {
        day = day_add(day, 1);
        if (day_is_working(plan, day)) left--;
    }
    return deadline_resolve(plan, day).due_ms;
}

/* A decision means the revision that counts; a second approval, or one of what lies below a returned revision, does not hold. */
static bool decision_holds(const stand_t *stand, const report_decided_t *decided) {
    if (stand->counts == 0 || stand->counts != decided->revision) return false;
    if (decided->decision == decision_approved) return stand->decision == decision_none;
    return true;
}

static void decision_count(recount_t *count, const event_t *event) {
    sim_t *sim = count->sim;
    report_decided_t decided;
    fault_t fault;
    err_t err = event_body(event, report_decided_type(), sim->arena, &decided, &fault);
    const unit_t *unit = planbook_unit(sim->book, decided.unit);
    const task_t *task = planbook_task(sim->book, decided.task);
    const period_t *period = planbook_period(sim->book, decided.period);
    ASSERT(err == OK);
    if (unit == NULL || task == NULL || period == NULL) { /* of a plan that is not in force yet */
        verdict_compare(count, event->seq, false, 0, 0);
        return;
    }
    uint32_t task_index = (uint32_t)(task - planbook_plan(sim->book)->tasks), at = planbook_period_index(sim->book, period);
    stand_t *stand = &count->stands[planbook_unit_index(sim->book, unit)][task_index][at];
    stand_t before = *stand;
    bool holds = decision_holds(stand, &decided);
    verdict_compare(count, event->seq, holds, decided.revision, 0);
    bool supervises = decided.actor.office == office_supervisor;
    SIM_HOLDS(sim, "nobody_decides_on_his_own", supervises || !text_equal(decided.actor.unit, decided.unit), "entry %llu",
              (unsigned long long)event->seq);
    if (!holds) return;
    stand->decision = decided.decision;
    stand->decided_seq = event->seq;
    if (decided.decision != decision_returned) return;
    stand->again_ms = (uint64_t)due_again(&sim->plan, event->at_ms);
    const stand_t *below = stand->below;
    stand->counts = below == NULL ? 0 : below->counts;
    stand->report = below == NULL ? (report_t){0} : below->report;
    if (below != NULL) memcpy(stand->amounts, below->amounts, sizeof stand->amounts);
    if (below != NULL) memcpy(stand->said_seq, below->said_seq, sizeof stand->said_seq);
    stand->seq = below == NULL ? 0 : below->seq;
    stand->below = below == NULL ? NULL : below->below;
    uint32_t unit_index = planbook_unit_index(sim->book, unit);
    sim_recount_restated(count, event->seq, count->stands[unit_index][task_index], at, &before, true);
    sim_claims_of(count, planbook_unit_index(sim->book, unit), task_index, at, stand, event->seq);
}

/* --- deadlines --- */

deadline_t sim_deadline(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period, uint64_t *seq, int64_t *looked_ms) {
    const plan_t *plan = &count->sim->plan;
    const stand_t *stand = &count->stands[unit][task][period];
    deadline_t due = deadline_resolve(plan, plan->periods[period].due);
    *seq = 0;
    *looked_ms = count->since_ms[unit][task][period];
    if (stand->extended_ms > due.due_ms) {
        due.due_ms = stand->extended_ms;
        *seq = stand->extended_seq;
        if (stand->extended_at_ms > *looked_ms) *looked_ms = stand->extended_at_ms;
    }
    for (uint32_t index = 0; index < count->absence_count; index++) {
        const absence_t *absence = &count->absences[index];
        const outage_declared_t *away = &absence->declared;
        if (away->units_count > 0 && !text_equal(away->units[0], plan->units[unit].id)) continue;
        int64_t lost_ms = 0; /* minute by minute would be simpler still, and too slow */
        int64_t begin = (int64_t)away->from_ms, end = (int64_t)away->to_ms, last_day = due.due_ms - 24LL * 60 * 60 * 1000;
        if (begin < last_day) begin = last_day;
        if (end > due.due_ms) end = due.due_ms;
        if (end > begin) lost_ms = end - begin;
        if (lost_ms == 0) continue;
        if ((int64_t)away->to_ms > due.due_ms) due.due_ms = (int64_t)away->to_ms;
        due.due_ms += lost_ms;
        *seq = absence->seq;
        if (absence->at_ms > *looked_ms) *looked_ms = absence->at_ms;
    }
    due.day = day_of_instant(plan, due.due_ms);
    return due;
}

static void extension_count(recount_t *count, const event_t *event) {
    sim_t *sim = count->sim;
    extension_decided_t decided;
    fault_t fault;
    err_t err = event_body(event, extension_decided_type(), sim->arena, &decided, &fault);
    const unit_t *unit = planbook_unit(sim->book, decided.unit);
    const task_t *task = planbook_task(sim->book, decided.task);
    const period_t *period = planbook_period(sim->book, decided.period);
    ASSERT(err == OK);
    if (unit == NULL || task == NULL || period == NULL) { /* of a plan that is not in force yet */
        verdict_compare(count, event->seq, false, 0, 0);
        return;
    }
    uint32_t whose = planbook_unit_index(sim->book, unit), which = (uint32_t)(task - planbook_plan(sim->book)->tasks);
    uint32_t when = planbook_period_index(sim->book, period);
    stand_t *stand = &count->stands[whose][which][when];
    uint64_t seq;
    int64_t looked_ms, until_ms = 0, due_ms = sim_deadline(count, whose, which, when, &seq, &looked_ms).due_ms;
    if (decided.decision == decision_extended) until_ms = deadline_resolve(&sim->plan, decided.until).due_ms;
    bool holds = sim_owes(&sim->plan, whose, which, when) && (decided.decision == decision_denied || until_ms > due_ms);
    if (decided.request_seq != 0) holds = holds && sim_request_waits(count, whose, which, when, decided.request_seq);
    if (holds && decided.request_seq != 0)
        sim_request_answered(count, whose, which, when, decided.decision == decision_extended, event->seq);
    verdict_compare(count, event->seq, holds, 0, 0);
    if (!holds || decided.decision == decision_denied) return;
    stand->extended_ms = until_ms;
    stand->extended_seq = event->seq;
    count->spared[whose][which][when] = false; /* who is given time for it owes it by then */
    sim_quiet_end(count, whose, which, when, event->at_ms);
    stand->extended_at_ms = event->at_ms;
    stand->days_late = days_late(count, whose, which, when);
}

static void absence_count(recount_t *count, const event_t *event) {
    fault_t fault;
    absence_t *absence = &count->absences[count->absence_count++];
    err_t err = event_body(event, outage_declared_type(), count->sim->arena, &absence->declared, &fault);
    ASSERT(err == OK);
    absence->seq = event->seq;
    absence->at_ms = event->at_ms;
    const plan_t *plan = &count->sim->plan;
    for (uint32_t unit = 0; unit < plan->units_count; unit++)
        for (uint32_t task = 0; task < plan->tasks_count; task++)
            for (uint32_t period = 0; period < plan->periods_count; period++) {
                uint64_t due_seq;
                int64_t looked_ms;
                (void)sim_deadline(count, unit, task, period, &due_seq, &looked_ms);
                if (due_seq == event->seq) count->stands[unit][task][period].days_late = days_late(count, unit, task, period);
            }
}

/* Absences come in pairs, each said once, and none lies ahead of what says it. */
static void door_count(recount_t *count, const event_t *event) {
    sim_t *sim = count->sim;
    door_down_t down = {0};
    door_up_t up = {0};
    fault_t fault;
    bool away = count->gone_count % 2 == 1;
    if (event_body(event, door_down_type(), sim->moment, &down, &fault) == OK)
        SIM_HOLDS(sim, "absences_in_pairs", !away && (int64_t)down.since_ms <= event->at_ms, "entry %llu",
                  (unsigned long long)event->seq);
    else if (event_body(event, door_up_type(), sim->moment, &up, &fault) == OK)
        SIM_HOLDS(sim, "absences_in_pairs", away && up.since_ms <= up.until_ms && (int64_t)up.until_ms == event->at_ms,
                  "entry %llu", (unsigned long long)event->seq);
    count->gone[count->gone_count++] = event->at_ms;
}

/* By when the report that is owed now has to be there: the first one, or one that was returned. */
static int64_t due_now(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period) {
    const stand_t *stand = &count->stands[unit][task][period];
    uint64_t seq;
    int64_t looked_ms;
    if (stand->decision == decision_returned) return (int64_t)stand->again_ms;
    return sim_deadline(count, unit, task, period, &seq, &looked_ms).due_ms;
}

/* A promise is about one episode: what came since, a report, a return, another deadline, that nothing was owed for a while, is none
 * of its matter. */
static void promises_look(recount_t *count, int64_t at_ms) {
    for (uint64_t index = 0; index < count->promise_count; index++) {
        promise_t *promise = &count->promises[index];
        const stand_t *stand = &count->stands[promise->unit][promise->task][promise->period];
        bool owes = sim_owes(&count->sim->plan, promise->unit, promise->task, promise->period);
        bool same = owes && stand->revision == promise->revision && stand->decided_seq == promise->decided_seq &&
                    due_now(count, promise->unit, promise->task, promise->period) == promise->due_ms;
        if (!same && promise->over_ms == INT64_MAX) promise->over_ms = at_ms;
    }
}

/* By its own reading of the rules: one's own task, a day from today to a month ahead, nothing reported yet. */
static void promise_count(recount_t *count, const event_t *event) {
    sim_t *sim = count->sim;
    warning_decided_t decided;
    fault_t fault;
    err_t err = event_body(event, warning_decided_type(), sim->moment, &decided, &fault);
    ASSERT(err == OK);
    if (decided.decision == warning_decision_reminded)
        count->presses[count->press_count++] = (press_t){.at_ms = event->at_ms,
                                                         .officer = arena_text(sim->arena, decided.actor.officer),
                                                         .unit = arena_text(sim->arena, decided.unit),
                                                         .period = arena_text(sim->arena, decided.period)};
    if (decided.decision != warning_decision_answered) return;
    const unit_t *unit = planbook_unit(sim->book, decided.unit);
    const task_t *task = planbook_task(sim->book, decided.task);
    const period_t *period = planbook_period(sim->book, decided.period);
    const plan_t *plan = planbook_plan(sim->book);
    if (unit == NULL || task == NULL || period == NULL) return;
    uint32_t today = day_of_instant(plan, event->at_ms);
    promise_t promise = {.unit = planbook_unit_index(sim->book, unit), .task = (uint32_t)(task - plan->tasks),
                         .period = planbook_period_index(sim->book, period), .at_ms = event->at_ms,
                         .until_ms = instant_of_day(plan, day_add(decided.by, 1), 0) - 1, .over_ms = INT64_MAX,
                         .open = count->passed_ms >= instant_of_day(plan, period->from, 0)};
    bool theirs = task_owed_by(task, unit->id) || text_equal(plan->coordinator, unit->id);
    bool late = decided.by < today || day_between(today, decided.by) > LIMIT_PROMISE_DAYS;
    const stand_t *stand = &count->stands[promise.unit][promise.task][promise.period];
    if (!theirs || late || (stand->revision > 0 && stand->decision != decision_returned)) return;
    promise.due_ms = due_now(count, promise.unit, promise.task, promise.period);
    promise.revision = stand->revision;
    promise.decided_seq = stand->decided_seq;
    count->promises[count->promise_count++] = promise;
}

static void ledger_count(recount_t *count) {
    sim_t *sim = count->sim;
    uint64_t head = txn_head(count->ledger).seq;
    count->ticks = ARENA_NEW(sim->arena, int64_t, head + 1);
    count->gone = ARENA_NEW(sim->arena, int64_t, head + 1);
    count->promises = ARENA_NEW(sim->arena, promise_t, head + 1);
    count->presses = ARENA_NEW(sim->arena, press_t, head + 1);
    for (uint64_t seq = 1; seq <= head; seq++) {
        event_t event;
        arena_reset(sim->moment);
        bool there = txn_event(count->ledger, seq, sim->arena, &event, NULL);
        ASSERT(there);
        count->now_ms = event.at_ms;
        if (event.kind == KIND_plan_adopted) sim_plan_count(count, &event);
        bool passes = event.kind == KIND_clock_ticked || event.kind == KIND_plan_adopted || event.kind == KIND_plan_closed;
        passes = (passes && count->sealed_ms == 0) || event.kind == KIND_plan_sealed; /* behind the seal no time passes */
        if (passes) count->passed_ms = event.at_ms;
        if (event.kind == KIND_plan_sealed) count->sealed_ms = event.at_ms;
        if (event.kind == KIND_clock_ticked) count->ticks[count->tick_count++] = event.at_ms;
        if (event.kind == KIND_plan_closed) count->closed_ms = event.at_ms;
        if (event.kind == KIND_report_received) report_count(count, &event);
        if (event.kind == KIND_claim_credited) sim_credit_count(count, &event);
        bool claims = event.kind == KIND_report_received || event.kind == KIND_claim_credited || event.kind == KIND_report_decided;
        if (claims) count->claims_ms = event.at_ms;
        if (event.kind == KIND_warning_decided) promise_count(count, &event);
        if (event.kind == KIND_report_decided) decision_count(count, &event);
        if (event.kind == KIND_measure_entered) sim_measure_count(count, &event);
        if (event.kind == KIND_extension_requested) sim_request_count(count, &event);
        if (event.kind == KIND_extension_decided) extension_count(count, &event);
        if (event.kind == KIND_outage_declared) absence_count(count, &event);
        if (event.kind == KIND_door_down || event.kind == KIND_door_up) door_count(count, &event);
        promises_look(count, event.at_ms);
    }
}

/* --- obligations --- */

static void obligation_compare(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period,
                               const obligations_t *told) {
    sim_t *sim = count->sim;
    const plan_t *plan = &sim->plan;
    const stand_t *stand = &count->stands[unit][task][period];
    uint64_t due_seq;
    int64_t looked_ms;
    deadline_t deadline = sim_deadline(count, unit, task, period, &due_seq, &looked_ms);
    if (looked_ms < count->passed_ms) looked_ms = count->passed_ms;
    int64_t over_ms = deadline.due_ms + deadline.grace_ms;
    bool open = count->passed_ms >= instant_of_day(plan, plan->periods[period].from, 0), past = looked_ms > over_ms;
    bool reported = stand->revision > 0, late = reported && stand->days_late > 0;
    bool owes = sim_owes(plan, unit, task, period);
    standing_t decided = stand->decision == decision_returned   ? owes ? standing_returned : standing_lifted
                         : stand->decision == decision_approved ? standing_approved
                                                                : standing_reported;
    standing_t standing = reported ? decided : !open ? standing_not_due : past ? standing_overdue : standing_due;
    timeliness_t timeliness = late           ? timeliness_late
                              : reported     ? timeliness_on_time
                              : open && past ? timeliness_missing
                                             : timeliness_pending;
    for (uint32_t index = 0; index < told->rows_count; index++) {
        const obligation_changed_t *row = &told->rows[index];
        bool ours = text_equal(row->unit, plan->units[unit].id) && text_equal(row->task, plan->tasks[task].id) &&
                    text_equal(row->period, plan->periods[period].id);
        if (!ours) continue;
        SIM_HOLDS(sim, "obligations_are_recounted",
                  row->standing == standing && row->timeliness == timeliness && row->revision == stand->revision &&
                      row->first_valid_ms == (uint64_t)stand->first_valid_ms && row->days_late == (uint64_t)stand->days_late &&
                      row->due_ms == (uint64_t)deadline.due_ms && row->due_seq == due_seq &&
                      row->decided_seq == stand->decided_seq &&
                      row->again_ms == (owes ? stand->again_ms : 0),
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
                if (!sim_is_owed(count, unit, task, period)) continue;
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
    sim_recount_measures(count);
    sim_recount_requests(count);
    txn_abort(&count->ledger);
    txn_abort(&count->verdicts);
    obligations_compare(count);
    sim_recount_claims(count);
    sim_recount_figures(count);
    sim_recount_targets(count);
    sim_recount_warnings(count);
    sim_recount_episodes(sim);
}
