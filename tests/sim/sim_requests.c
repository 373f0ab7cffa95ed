/* Requests for more time counted once more: the newest waits, one answer, and nothing but a grant moves a deadline. */
#include "services/plan/calendar.h"
#include "tests/sim/sim_recount.h"

#include <string.h>

enum { DAYS_BEHIND = 366 }; /* the plan's last day */

/* The one that waits for this report; NULL: none does. */
static sim_request_t *waiting(recount_t *count, uint32_t unit, uint32_t task, uint32_t period) {
    for (uint32_t index = 0; index < count->request_count; index++) {
        sim_request_t *one = &count->requests[index];
        bool of_it = one->unit == unit && one->task == task && one->period == period;
        if (of_it && one->state == request_state_pending) return one;
    }
    return NULL;
}

static bool came_in_time(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period, int64_t due_ms) {
    int64_t first_ms = count->stands[unit][task][period].first_valid_ms;
    return first_ms != 0 && first_ms <= due_ms;
}

/* Owed, not there in time, and for longer than it has: until a day that is not over, or was not when it came. */
static bool may_ask(const recount_t *count, const sim_request_t *said, int64_t due_ms, int64_t now_ms) {
    const plan_t *plan = &count->sim->plan;
    int64_t first_ms = count->stands[said->unit][said->task][said->period].first_valid_ms;
    uint32_t least = day_of_instant(plan, first_ms != 0 ? first_ms : now_ms);
    if (!sim_owes(plan, said->unit, said->task, said->period)) return false;
    if (came_in_time(count, said->unit, said->task, said->period, due_ms)) return false;
    if (said->until == 0 || said->until < least || said->until > day_add(plan->to, DAYS_BEHIND)) return false;
    return said->why.size > 0 && deadline_resolve(plan, said->until).due_ms > due_ms;
}

/* Stream 2's next word on requests has to be about this entry. */
static void verdict_compare(recount_t *count, uint64_t seq, bool holds, uint64_t replaced_seq, int64_t due_ms) {
    sim_t *sim = count->sim;
    event_t event = {0};
    fault_t fault;
    request_taken_t taken;
    bool there = false;
    while (!there && txn_event(count->verdicts, ++count->request_at, sim->moment, &event, NULL))
        there = event.kind == KIND_request_taken || event.kind == KIND_request_refused;
    SIM_HOLDS(sim, "requests_are_recounted", there && event.cause_seq == seq, "entry %llu has no verdict in its place",
              (unsigned long long)seq);
    SIM_HOLDS(sim, "requests_are_recounted", (event.kind == KIND_request_taken) == holds, "entry %llu: stream 2 says %s",
              (unsigned long long)seq, holds ? "refused" : "taken");
    if (!holds) return;
    bool same = event_body(&event, request_taken_type(), sim->moment, &taken, &fault) == OK;
    SIM_HOLDS(sim, "requests_are_recounted", same && taken.replaced_seq == replaced_seq, "entry %llu replaces %llu, not %llu",
              (unsigned long long)seq, (unsigned long long)taken.replaced_seq, (unsigned long long)replaced_seq);
    SIM_HOLDS(sim, "requests_move_nothing", taken.due_ms == (uint64_t)due_ms, "entry %llu: due at %llu, not %lld",
              (unsigned long long)seq, (unsigned long long)taken.due_ms, (long long)due_ms);
}

void sim_request_count(recount_t *count, const event_t *event) {
    sim_t *sim = count->sim;
    extension_requested_t said;
    fault_t fault;
    err_t err = event_body(event, extension_requested_type(), sim->arena, &said, &fault);
    const unit_t *unit = planbook_unit(sim->book, said.unit);
    const task_t *task = planbook_task(sim->book, said.task);
    const period_t *period = planbook_period(sim->book, said.period);
    ASSERT(err == OK && count->request_count < SIM_REQUESTS);
    if (unit == NULL || task == NULL || period == NULL) { /* of a plan that is not in force yet */
        verdict_compare(count, event->seq, false, 0, 0);
        return;
    }
    sim_request_t now = {.unit = planbook_unit_index(sim->book, unit), .task = (uint32_t)(task - planbook_plan(sim->book)->tasks),
                         .period = planbook_period_index(sim->book, period), .seq = event->seq, .until = said.until,
                         .why = said.why, .state = request_state_pending};
    uint64_t moved_seq;
    int64_t looked_ms, due_ms = sim_deadline(count, now.unit, now.task, now.period, &moved_seq, &looked_ms).due_ms;
    sim_request_t *before = waiting(count, now.unit, now.task, now.period);
    bool again = before != NULL && before->until == now.until && text_equal(before->why, now.why);
    bool holds = may_ask(count, &now, due_ms, event->at_ms) && !again;
    verdict_compare(count, event->seq, holds, before == NULL ? 0 : before->seq, due_ms);
    if (!holds) return;
    if (before != NULL) before->state = request_state_replaced, before->decided_seq = event->seq;
    count->requests[count->request_count++] = now;
}

bool sim_request_waits(recount_t *count, uint32_t unit, uint32_t task, uint32_t period, uint64_t seq) {
    const sim_request_t *one = waiting(count, unit, task, period);
    return one != NULL && one->seq == seq;
}

void sim_request_answered(recount_t *count, uint32_t unit, uint32_t task, uint32_t period, bool granted, uint64_t seq) {
    sim_request_t *one = waiting(count, unit, task, period);
    ASSERT(one != NULL);
    one->state = granted ? request_state_granted : request_state_denied;
    one->decided_seq = seq;
}

/* --- at the end --- */

void sim_recount_requests(recount_t *count) {
    sim_t *sim = count->sim;
    requests_t told;
    arena_reset(sim->moment);
    sim_ask(sim, "validation", requests_ask_type(), &(requests_ask_t){0}, requests_type(), &told);
    SIM_HOLDS(sim, "requests_are_recounted", told.rows_count == count->request_count, "%u told, %u counted", told.rows_count,
              count->request_count);
    for (uint32_t index = 0; index < count->request_count; index++) {
        const sim_request_t *one = &count->requests[index];
        const request_row_t *row = &told.rows[index]; /* both in the order of the ledger */
        uint64_t moved_seq;
        int64_t looked_ms, due_ms = sim_deadline(count, one->unit, one->task, one->period, &moved_seq, &looked_ms).due_ms;
        bool pending = one->state == request_state_pending;
        bool moot = pending && came_in_time(count, one->unit, one->task, one->period, due_ms);
        request_state_t state = moot ? request_state_moot : one->state;
        bool same = row->seq == one->seq && row->state == state && row->decided_seq == one->decided_seq;
        SIM_HOLDS(sim, "requests_are_recounted", same,
                  "entry %llu is told as %u by %llu, counted %u by %llu", (unsigned long long)one->seq, (unsigned)row->state,
                  (unsigned long long)row->decided_seq, (unsigned)state, (unsigned long long)one->decided_seq);
    }
}
