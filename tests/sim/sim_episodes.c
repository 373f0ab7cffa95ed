/* What is told anew of a report, after it was withdrawn, had a cause: an entry of the ledger that may end an episode. */
#include <string.h>

#include "tests/sim/sim_recount.h"

/* What was told last of one report, to whomever. */
typedef struct {
    text_t owner, task, period;
    uint64_t episode;
    uint64_t cause_seq; /* of its withdrawal; 0: it stands */
} told_t;

typedef struct {
    sim_t *sim;
    txn_t *ledger;
    told_t *told;
    uint32_t told_count;
    struct {
        uint8_t id[16];
        uint32_t told; /* its place */
    } *raised;
    uint32_t raised_count;
} episodes_t;

static told_t *told_find(episodes_t *self, const warning_raised_t *warning) {
    text_t owner = warning->owner.size > 0 ? warning->owner : warning->unit;
    uint32_t at = 0;
    for (; at < self->told_count; at++) {
        told_t *one = &self->told[at];
        bool same = text_equal(one->owner, owner) && text_equal(one->task, warning->task);
        if (same && text_equal(one->period, warning->period)) return one;
    }
    arena_t *arena = self->sim->arena;
    self->told[self->told_count++] = (told_t){.owner = arena_text(arena, owner),
                                              .task = arena_text(arena, warning->task),
                                              .period = arena_text(arena, warning->period)};
    return &self->told[at];
}

static bool is_of(const told_t *told, text_t unit, text_t task, text_t period) {
    return text_equal(told->owner, unit) && text_equal(told->task, task) && text_equal(told->period, period);
}

/* The first tick of its period: what an amendment moved before that, of a report that was told of already, is seen then. */
static bool is_opening(const episodes_t *self, const told_t *told, uint64_t seq, int64_t at_ms) {
    sim_t *sim = self->sim;
    const period_t *period = planbook_period(sim->book, told->period);
    int64_t opens_ms = period == NULL ? INT64_MAX : instant_of_day(&sim->plan, period->from, 0);
    event_t before = {0};
    do seq--;
    while (seq > 0 && txn_event(self->ledger, seq, sim->moment, &before, NULL) && before.kind != KIND_clock_ticked);
    return at_ms >= opens_ms && (seq == 0 || before.at_ms < opens_ms);
}

/* It came, was decided on, or has more time; or what holds for all is another: the plan, who is in it, when a door was away. */
static bool is_cause(const episodes_t *self, const told_t *told, uint64_t seq) {
    sim_t *sim = self->sim;
    event_t event;
    fault_t fault;
    report_received_t received;
    report_decided_t decided;
    extension_decided_t extended;
    bool there = txn_event(self->ledger, seq, sim->moment, &event, NULL);
    SIM_HOLDS(sim, "stream_is_readable", there, "entry %llu", (unsigned long long)seq);
    switch (event.kind) {
    case KIND_report_received:
        return event_body(&event, report_received_type(), sim->moment, &received, &fault) == OK &&
               is_of(told, received.unit, received.report.task, received.report.period);
    case KIND_report_decided:
        return event_body(&event, report_decided_type(), sim->moment, &decided, &fault) == OK &&
               is_of(told, decided.unit, decided.task, decided.period);
    case KIND_extension_decided:
        return event_body(&event, extension_decided_type(), sim->moment, &extended, &fault) == OK &&
               is_of(told, extended.unit, extended.task, extended.period);
    case KIND_clock_ticked: return is_opening(self, told, seq, event.at_ms);
    default:
        return event.kind == KIND_outage_declared || event.kind == KIND_door_up || event.kind == KIND_plan_adopted ||
               event.kind == KIND_unit_bounded;
    }
}

static void raised_take(episodes_t *self, const event_t *event) {
    warning_raised_t warning;
    fault_t fault;
    sim_t *sim = self->sim;
    err_t err = event_body(event, warning_raised_type(), sim->moment, &warning, &fault);
    ASSERT(err == OK);
    if (warning.period.size == 0) return;
    told_t *told = told_find(self, &warning);
    bool anew = told->cause_seq != 0 && warning.episode > told->episode;
    SIM_HOLDS(sim, "an_episode_has_its_cause", !anew || is_cause(self, told, told->cause_seq),
              "warning %llu: what was told of it was withdrawn by entry %llu", (unsigned long long)event->seq,
              (unsigned long long)told->cause_seq);
    told->episode = warning.episode;
    told->cause_seq = 0;
    memcpy(self->raised[self->raised_count].id, warning.id, sizeof warning.id);
    self->raised[self->raised_count++].told = (uint32_t)(told - self->told);
}

static void resolved_take(episodes_t *self, const event_t *event) {
    warning_resolved_t resolved;
    fault_t fault;
    err_t err = event_body(event, warning_resolved_type(), self->sim->moment, &resolved, &fault);
    ASSERT(err == OK);
    for (uint32_t at = self->raised_count; at > 0; at--) {
        if (memcmp(self->raised[at - 1].id, resolved.id, sizeof resolved.id) != 0) continue;
        self->told[self->raised[at - 1].told].cause_seq = event->cause_seq;
        return;
    }
}

void sim_recount_episodes(sim_t *sim) {
    txn_t *ledger = store_read(intake_store(sim->ledger.intake));
    txn_t *txn = store_read(stage_store(sim_fold_named(sim, "alerting")->stage));
    ASSERT(ledger != NULL && txn != NULL);
    uint64_t head = txn_head(txn).seq;
    episodes_t self = {.sim = sim, .ledger = ledger, .told = ARENA_NEW(sim->arena, told_t, head + 1)};
    self.raised = arena_take(sim->arena, (head + 1) * sizeof *self.raised);
    for (uint64_t seq = 1; seq <= head; seq++) {
        event_t event;
        arena_reset(sim->moment);
        bool there = txn_event(txn, seq, sim->moment, &event, NULL);
        ASSERT(there);
        event.seq = seq;
        if (event.kind == KIND_warning_raised) raised_take(&self, &event);
        if (event.kind == KIND_warning_resolved) resolved_take(&self, &event);
    }
    txn_abort(&txn);
    txn_abort(&ledger);
}
