/* What became of each notice, counted once more from the ledger: sent is sent, dead letters, tries after that; none forgotten. */
#include <string.h>

#include "services/notifier/outbox_rules.h"
#include "tests/sim/sim_recount.h"

/* The last that the ledger heard of one notice. */
typedef struct {
    uint8_t outbox_id[16], message[16];
    text_t route;
    bool sent, dead, retried, over; /* over: withdrawn, overtaken, too old */
} outcome_t;

typedef struct {
    sim_t *sim;
    outcome_t *all;
    uint32_t count, room;
    uint8_t (*ids)[16]; /* of results */
    uint32_t id_count;
} outcomes_t;

static outcome_t *outcome_of(outcomes_t *self, const uint8_t id[16], bool add) {
    for (uint32_t index = 0; index < self->count; index++)
        if (memcmp(self->all[index].outbox_id, id, 16) == 0) return &self->all[index];
    if (!add) return NULL;
    ASSERT(self->count < self->room);
    memcpy(self->all[self->count].outbox_id, id, 16);
    return &self->all[self->count++];
}

static void once(outcomes_t *self, const event_t *event, const uint8_t id[16]) {
    for (uint32_t index = 0; index < self->id_count; index++)
        SIM_HOLDS(self->sim, "noted_once", memcmp(self->ids[index], id, 16) != 0, "entry %llu was noted before",
                  (unsigned long long)event->seq);
    memcpy(self->ids[self->id_count++], id, 16);
}

/* Only dead letters are tried again: of what was told to be over nothing is heard any more. */
static outcome_t *result_of(outcomes_t *self, const event_t *event, const uint8_t id[16]) {
    outcome_t *outcome = outcome_of(self, id, true);
    SIM_HOLDS(self->sim, "ends_are_ends", !outcome->over, "entry %llu tells of a notice that was over",
              (unsigned long long)event->seq);
    return outcome;
}

static bool is_dead(notice_why_t why) {
    return why == notice_why_refused || why == notice_why_given_up || why == notice_why_unreachable;
}

static void sent_take(outcomes_t *self, const event_t *event) {
    notice_sent_t sent;
    fault_t fault;
    if (event_body(event, notice_sent_type(), self->sim->arena, &sent, &fault) != OK) return;
    once(self, event, sent.id);
    for (uint32_t index = 0; index < sent.parts_count; index++)
        result_of(self, event, sent.parts[index].outbox_id)->sent = true;
}

static void failed_take(outcomes_t *self, const event_t *event) {
    notice_failed_t failed;
    fault_t fault;
    if (event_body(event, notice_failed_type(), self->sim->arena, &failed, &fault) != OK) return;
    once(self, event, failed.id);
    for (uint32_t index = 0; index < failed.parts_count; index++) {
        outcome_t *outcome = result_of(self, event, failed.parts[index].outbox_id);
        outcome->dead = is_dead(failed.why);
        outcome->over = !outcome->dead;
        outcome->retried = false;
        outcome->route = failed.route;
        memcpy(outcome->message, failed.id, sizeof outcome->message);
    }
}

static void retried_take(outcomes_t *self, const event_t *event) {
    static const uint8_t any[16];
    notice_retried_t retried;
    fault_t fault;
    if (event_body(event, notice_retried_type(), self->sim->arena, &retried, &fault) != OK) return;
    for (uint32_t index = 0; index < self->count; index++) {
        outcome_t *outcome = &self->all[index];
        if (!outcome->dead || outcome->sent) continue;
        if (memcmp(retried.message, any, 16) != 0 && memcmp(retried.message, outcome->message, 16) != 0) continue;
        if (retried.route.size > 0 && !text_equal(retried.route, outcome->route)) continue;
        outcome->dead = false;
        outcome->retried = true;
    }
}

static void ledger_take(outcomes_t *self, txn_t *ledger) {
    uint64_t head = txn_head(ledger).seq;
    self->room = (uint32_t)head * LIMIT_NOTICE_PARTS + 1;
    if (self->room > 8192) self->room = 8192;
    self->all = ARENA_NEW(self->sim->arena, outcome_t, self->room);
    self->ids = arena_take(self->sim->arena, (head + 1) * sizeof *self->ids);
    for (uint64_t seq = 1; seq <= head; seq++) {
        event_t event;
        bool there = txn_event(ledger, seq, self->sim->arena, &event, NULL);
        ASSERT(there);
        if (event.kind == KIND_notice_sent) sent_take(self, &event);
        if (event.kind == KIND_notice_failed) failed_take(self, &event);
        if (event.kind == KIND_notice_retried) retried_take(self, &event);
    }
}

/* --- the dead letters that the notifier tells --- */

static void dead_compare(outcomes_t *self) {
    sim_t *sim = self->sim;
    dead_letters_t told;
    uint32_t dead = 0;
    arena_reset(sim->moment);
    sim_ask(sim, "notifier", dead_ask_type(), &(dead_ask_t){0}, dead_letters_type(), &told);
    for (uint32_t index = 0; index < told.rows_count; index++) {
        const outcome_t *outcome = outcome_of(self, told.rows[index].result.outbox_id, false);
        bool same = outcome != NULL && outcome->dead && !outcome->sent;
        SIM_HOLDS(sim, "dead_letters_are_recounted", same, "a letter is told dead that is not");
    }
    for (uint32_t index = 0; index < self->count; index++) dead += self->all[index].dead && !self->all[index].sent;
    SIM_HOLDS(sim, "dead_letters_are_recounted", dead == told.rows_count && !told.more, "%u told, %u counted", told.rows_count,
              dead);
}

/* --- every warning has an end outside --- */

static bool has_end(outcomes_t *self, const warning_raised_t *raised, const uint8_t ref[32]) {
    notifier_told_t told = {.state = notice_state_raised, .warning = *raised};
    uint8_t id[16];
    outbox_id_of(&told, text_of("mail"), ref, id);
    const outcome_t *outcome = outcome_of(self, id, false);
    return outcome != NULL && (outcome->sent || !outcome->retried);
}

static const warning_raised_t *warning_of(const warning_raised_t *all, uint32_t count, const uint8_t id[16]) {
    for (uint32_t index = 0; index < count; index++)
        if (memcmp(all[index].id, id, 16) == 0) return &all[index];
    return NULL;
}

static bool is_about(const warning_raised_t *raised, const uint8_t ref[32], const uint8_t id[16]) {
    static const char *const routes[] = {"mail", "late"};
    bool found = false;
    for (uint32_t way = 0; way < 4 && !found; way++) {
        uint8_t own[16];
        notifier_told_t told = {.state = way < 2 ? notice_state_raised : notice_state_resolved, .warning = *raised};
        outbox_id_of(&told, text_of(routes[way % 2]), ref, own);
        found = memcmp(own, id, sizeof own) == 0;
    }
    return found;
}

/* Nobody hears, once the ledger is what it is, what some stage had derived from one that is lost. */
static void letters_follow(sim_t *sim, const warning_raised_t *all, uint32_t count) {
    for (uint32_t at = 0; at < sim->outside.notice_count; at++) {
        const sim_notice_t *notice = &sim->outside.notices[at];
        bool follows = notice->ledger_epoch < sim->epoch;
        for (uint32_t index = 0; !follows && index < count; index++) {
            const unit_t *unit = planbook_unit(sim->book, all[index].unit);
            uint8_t ref[32];
            if (unit == NULL) continue;
            sim_contact_ref(planbook_unit_index(sim->book, unit), ref);
            follows = is_about(&all[index], ref, notice->id);
        }
        SIM_HOLDS(sim, "told_follows_from_the_ledger", follows, "notice %u left", at);
    }
}

/* Of a digest the first warning tells the others. */
static void ends_compare(outcomes_t *self, txn_t *warnings) {
    sim_t *sim = self->sim;
    uint64_t head = txn_head(warnings).seq;
    warning_raised_t *all = ARENA_NEW(sim->arena, warning_raised_t, head + 1);
    uint32_t count = 0;
    for (uint64_t seq = 1; seq <= head; seq++) {
        event_t event;
        fault_t fault;
        bool there = txn_event(warnings, seq, sim->arena, &event, NULL);
        ASSERT(there);
        if (event.kind != KIND_warning_raised) continue;
        count += event_body(&event, warning_raised_type(), sim->arena, &all[count], &fault) == OK;
    }
    letters_follow(sim, all, count);
    for (uint32_t index = 0; index < count; index++) {
        const unit_t *unit = planbook_unit(sim->book, all[index].unit);
        uint32_t whose = unit == NULL ? SIM_UNITS : planbook_unit_index(sim->book, unit);
        uint8_t ref[32];
        if (whose == SIM_UNITS || !sim_contact_exists(sim, whose)) continue;
        sim_contact_ref(whose, ref);
        const warning_raised_t *first = warning_of(all, count, all[index].bundle);
        bool ended = has_end(self, &all[index], ref) || (first != NULL && has_end(self, first, ref));
        SIM_HOLDS(sim, "nothing_is_forgotten_outside", ended, "a warning to u%u, " TEXT_FORMAT ", has no end", whose,
                  TEXT_ARGS(all[index].rung));
    }
}

void sim_recount_notices(sim_t *sim) {
    outcomes_t self = {.sim = sim};
    txn_t *ledger = store_read(intake_store(sim->ledger.intake));
    txn_t *warnings = store_read(stage_store(sim_fold_named(sim, "alerting")->stage));
    ASSERT(ledger != NULL && warnings != NULL);
    ledger_take(&self, ledger);
    for (uint32_t index = 0; index < sim->outside.notice_count; index++) {
        const sim_notice_t *notice = &sim->outside.notices[index];
        const outcome_t *outcome = outcome_of(&self, notice->id, false);
        SIM_HOLDS(sim, "delivered_is_noted", !notice->delivered || (outcome != NULL && outcome->sent), "notice %u", index);
    }
    dead_compare(&self);
    ends_compare(&self, warnings);
    txn_abort(&ledger);
    txn_abort(&warnings);
}
