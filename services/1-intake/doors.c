/* Doors beat; a silence is an entry, and so is its end. What is remembered between starts are two facts a door. */
#include <stdio.h>
#include <string.h>

#include "services/1-intake/intake_rules.h"
#include "services/1-intake/state.h"
#include "services/plan/calendar.h"
#include "services/stage/log.h"

enum { FACT_NAME = 32 };

static void fact_put(intake_t *self, const char *what, door_t door, uint64_t value) {
    char name[FACT_NAME];
    snprintf(name, sizeof name, "door_%s_%u", what, (uint32_t)door);
    txn_fact_put(self->group, name, value);
    self->group_count++; /* it is to be committed, whether an entry comes with it or not */
}

static uint64_t fact_of(txn_t *txn, const char *what, door_t door) {
    char name[FACT_NAME];
    snprintf(name, sizeof name, "door_%s_%u", what, (uint32_t)door);
    return txn_fact(txn, name);
}

/* Nobody could be heard while we were away: the last entry is the last sign of life of every door. */
void doors_load(intake_t *self, txn_t *txn) {
    for (uint32_t door = 0; door < DOOR_ROOM; door++)
        self->doors[door] = (door_state_t){.known = fact_of(txn, "known", (door_t)door) != 0,
                                           .heard_ms = self->clock.last_ms,
                                           .down_ms = (int64_t)fact_of(txn, "down", (door_t)door)};
}

static bool is_silent(const intake_t *self, const door_state_t *door) {
    return door->known && door->down_ms == 0 && door_is_away(door->heard_ms, ledger_clock_stamp(&self->clock));
}

bool doors_are_silent(const intake_t *self) {
    if (self->clock.rehearsal) return false; /* there absences are commands */
    for (uint32_t door = 0; door < DOOR_ROOM; door++)
        if (is_silent(self, &self->doors[door])) return true;
    return false;
}

static uint64_t door_goes(intake_t *self, door_t door, int64_t since_ms) {
    door_down_t down = {.door = door, .since_ms = (uint64_t)since_ms};
    uint64_t seq = group_append(self, door_down_type(), &down, group_stamp(self));
    self->doors[door].down_ms = since_ms;
    fact_put(self, "down", door, (uint64_t)since_ms);
    log_warn("door_down", "door=%s since_ms=%lld", WORD_NAME(door, door), (long long)since_ms);
    return seq;
}

/* Does any deadline of the plan lie within a day behind it? What an extension has moved is not looked at. */
static bool gives_time(const intake_t *self, int64_t from_ms, int64_t to_ms) {
    const plan_t *plan = planbook_plan(self->book);
    if (self->is_sealed || from_ms < self->closed_ms) return false; /* as in on_outage_declare */
    if (to_ms - from_ms < LIMIT_OUTAGE_LEAST_MS || txn_fact(self->group, FACT_OUTAGES) >= LIMIT_OUTAGES) return false;
    for (uint32_t index = 0; index < plan->periods_count; index++) {
        deadline_t deadline = deadline_resolve(plan, plan->periods[index].due);
        if (deadline_after_outage(plan, deadline, from_ms, to_ms).due_ms != deadline.due_ms) return true;
    }
    return false;
}

/* "A door away in the last 24 hours before a deadline gives its units the time back, and the ledger says so." Each unit may use
 * each door, so it is everybody's. */
static uint64_t outage_append(intake_t *self, door_t door, const door_up_t *up, int64_t at_ms) {
    outage_declared_t declared = {.actor = {.credential = credential_beat, .door = door}, .from_ms = up->since_ms,
                                  .to_ms = up->until_ms};
    uint64_t what[] = {door, up->since_ms, up->until_ms};
    uint8_t hash[HASH_SIZE];
    hash_of((bytes_t){(const uint8_t *)what, sizeof what}, hash);
    memcpy(declared.command_id, hash, sizeof declared.command_id);
    txn_fact_put(self->group, FACT_OUTAGES, txn_fact(self->group, FACT_OUTAGES) + 1);
    return group_append(self, outage_declared_type(), &declared, at_ms);
}

static uint64_t door_returns(intake_t *self, door_t door) {
    door_state_t *state = &self->doors[door];
    int64_t at_ms = group_stamp(self);
    door_up_t up = {.door = door, .since_ms = (uint64_t)state->down_ms, .until_ms = (uint64_t)at_ms};
    uint64_t seq = group_append(self, door_up_type(), &up, at_ms);
    log_info("door_up", "door=%s away_ms=%lld", WORD_NAME(door, door), (long long)(at_ms - state->down_ms));
    state->down_ms = 0;
    fact_put(self, "down", door, 0);
    if (gives_time(self, (int64_t)up.since_ms, at_ms)) seq = outage_append(self, door, &up, at_ms);
    return seq;
}

void doors_note(intake_t *self) {
    for (uint32_t door = 0; door < DOOR_ROOM; door++)
        if (is_silent(self, &self->doors[door])) door_goes(self, (door_t)door, self->doors[door].heard_ms);
}

void on_door_beat(visit_t *visit) {
    intake_t *self = visit->intake;
    door_state_t *state = &self->doors[visit->door];
    if (self->clock.rehearsal) return;
    if (state->known && is_silent(self, state) && group_begin(self)) door_goes(self, visit->door, state->heard_ms);
    if (!state->known && group_begin(self)) {
        state->known = true;
        fact_put(self, "known", visit->door, 1);
    }
    if (state->down_ms != 0 && group_begin(self)) door_returns(self, visit->door);
    state->heard_ms = ledger_clock_stamp(&self->clock);
}

static bool door_may(visit_t *visit, door_t door, bool down) {
    text_t code = door_refusal(visit->intake->opened.clock_mode, door);
    if (code.size == 0 && (visit->intake->doors[door].down_ms != 0) == down) code = REASON_OF(out_of_range);
    if (code.size > 0) visit_refuse(visit, code, text_of("door"), NULL, 0);
    return code.size == 0;
}

void on_door_down(visit_t *visit, const command_t *command, const packet_t *body) {
    door_down_t down;
    if (!visit_body(visit, body, door_down_type(), &down) || !door_may(visit, down.door, true)) return;
    command_obeyed(visit, command, door_goes(visit->intake, down.door, group_stamp(visit->intake)));
}

void on_door_up(visit_t *visit, const command_t *command, const packet_t *body) {
    door_up_t up;
    if (!visit_body(visit, body, door_up_type(), &up) || !door_may(visit, up.door, false)) return;
    command_obeyed(visit, command, door_returns(visit->intake, up.door));
}
