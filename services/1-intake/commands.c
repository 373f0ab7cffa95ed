/* A signed command of the root key or of an officer: checked, obeyed once, answered the same for ever. */
#include <string.h>

#include "proto/command.h"
#include "services/1-intake/intake_rules.h"
#include "services/1-intake/state.h"
#include "services/plan/calendar.h"
#include "services/plan/deadline.h"
#include "services/vault/privacy.h"

static store_key_t key_of_command(const uint8_t command_id[16], text_t officer) {
    store_key_t key = key_new();
    key_add_bytes(&key, command_id, 16);
    key_add_text(&key, officer);
    return key;
}

/* Remembers that the command was obeyed and answers it, both in the open group. */
static void command_answer(intake_t *self, const advance_t *command, uint64_t seq, buffer_t *later) {
    store_key_t key = key_of_command(command->command_id, command->officer);
    intake_command_t kept = {.seq = seq, .now_ms = (uint64_t)self->clock.last_ms};
    memcpy(kept.body_hash, command->body_hash, sizeof kept.body_hash);
    txn_put(self->group, TABLE_COMMANDS, &key, &kept);
    self->group_count++; /* an advance that is there already writes nothing else */
    command_done_t done = {.seq = kept.seq, .now_ms = kept.now_ms};
    packet_encode(command->request_id, command_done_type(), &done, later);
}

static advance_t command_named(const visit_t *visit, const command_t *command) {
    advance_t named = {.request_id = visit->packet.request_id, .officer = command->officer};
    memcpy(named.command_id, command->command_id, sizeof named.command_id);
    hash_of(command->body, named.body_hash);
    return named;
}

void command_obeyed(visit_t *visit, const command_t *command, uint64_t seq) {
    advance_t named = command_named(visit, command);
    command_answer(visit->intake, &named, seq, visit->later);
}

bool remark_is_clean(visit_t *visit, text_t why) {
    const char *finding = privacy_finding(why);
    if (finding != NULL) visit_refuse(visit, text_of(finding), text_of("why"), NULL, 0);
    return finding == NULL;
}

static bool key_may_be_registered(visit_t *visit, const key_registered_t *key, uint32_t unit) {
    intake_t *self = visit->intake;
    if (unit == UNIT_UNKNOWN) {
        visit_refuse(visit, REASON_OF(unknown_unit), text_of("unit"), &key->unit, 1);
        return false;
    }
    uint64_t newest = intake_keys_newest(self->keys, unit);
    text_t code = generation_refusal(key->generation, newest);
    if (code.size > 0) {
        text_t args[] = {arena_format(self->arena, "%llu", (unsigned long long)key->generation),
                         arena_format(self->arena, "%llu", (unsigned long long)newest + 1)};
        visit_refuse(visit, code, text_of("generation"), args, 2);
        return false;
    }
    uint32_t holder;
    if (intake_keys_holder(self->keys, key->key, &holder)) {
        visit_refuse(visit, REASON_OF(key_taken), text_of("key"), &planbook_plan(self->book)->units[holder].id, 1);
        return false;
    }
    if (!intake_keys_full(self->keys)) return true;
    visit_refuse(visit, REASON_OF(too_many), text_of("key"), NULL, 0);
    return false;
}

static void on_key_registered(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    key_registered_t key;
    if (!visit_body(visit, body, key_registered_type(), &key)) return;
    uint32_t unit = unit_position(self, key.unit);
    if (!key_may_be_registered(visit, &key, unit)) return;
    uint64_t seq = group_append(self, key_registered_type(), &key, group_stamp(self));
    intake_key_t row = {.unit = key.unit, .generation = key.generation, .registered_seq = seq};
    memcpy(row.key, key.key, sizeof row.key);
    store_key_t at = key_of_unit_generation(key.unit, key.generation);
    txn_put(self->group, TABLE_KEYS, &at, &row);
    intake_keys_add(self->keys, unit, key.key, key.generation, false);
    command_obeyed(visit, command, seq);
}

static void on_key_revoked(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    key_revoked_t key;
    if (!visit_body(visit, body, key_revoked_type(), &key) || !remark_is_clean(visit, key.why)) return;
    uint32_t unit = unit_position(self, key.unit);
    intake_key_t row;
    store_key_t at = key_of_unit_generation(key.unit, key.generation);
    if (unit == UNIT_UNKNOWN || !intake_keys_in_force(self->keys, unit, key.generation) ||
        !txn_get(self->group, TABLE_KEYS, &at, self->arena, &row)) {
        visit_refuse(visit, REASON_OF(unknown_key), text_of("generation"), NULL, 0);
        return;
    }
    row.revoked_seq = group_append(self, key_revoked_type(), &key, group_stamp(self));
    txn_put(self->group, TABLE_KEYS, &at, &row);
    intake_keys_revoke(self->keys, unit, key.generation);
    command_obeyed(visit, command, row.revoked_seq);
}

static void on_plan_closed(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    plan_closed_t closed;
    if (!visit_body(visit, body, plan_closed_type(), &closed) || !remark_is_clean(visit, closed.why)) return;
    if (!plan_is_open(visit)) return;
    self->closed_ms = group_stamp(self);
    uint64_t seq = group_append(self, plan_closed_type(), &closed, self->closed_ms);
    txn_fact_put(self->group, FACT_CLOSED, seq);
    command_obeyed(visit, command, seq);
}

static int64_t period_over_ms(const plan_t *plan, const period_t *period) {
    deadline_t deadline = deadline_resolve(plan, period->due);
    int64_t over_ms = instant_of_day(plan, day_add(period->to, 1), 0), due_ms = deadline.due_ms + deadline.grace_ms + 1;
    return due_ms > over_ms ? due_ms : over_ms;
}

/* "Until the last tenure ends, then the plan is sealed": every period of confirmation is over, and so is its deadline. */
static bool seal_may(visit_t *visit) {
    intake_t *self = visit->intake;
    const plan_t *plan = planbook_plan(self->book);
    if (!plan_is_unsealed(visit)) return false;
    if (self->closed_ms == 0) {
        visit_refuse(visit, REASON_OF(plan_not_closed), text_of(NULL), NULL, 0);
        return false;
    }
    int64_t now_ms = group_stamp(self);
    for (uint32_t index = 0; index < plan->periods_count; index++) {
        const period_t *period = &plan->periods[index];
        int64_t over_ms = period_over_ms(plan, period);
        if (!period->confirmation || now_ms >= over_ms) continue;
        text_t args[] = {period->id, instant_shown(self, over_ms)};
        visit_refuse(visit, REASON_OF(seal_too_soon), text_of(NULL), args, 2);
        return false;
    }
    return true;
}

static void on_plan_sealed(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    plan_sealed_t sealed;
    if (!visit_body(visit, body, plan_sealed_type(), &sealed) || !remark_is_clean(visit, sealed.why)) return;
    if (!seal_may(visit)) return;
    uint64_t seq = group_append(self, plan_sealed_type(), &sealed, group_stamp(self));
    txn_fact_put(self->group, FACT_SEALED, seq);
    self->is_sealed = true;
    command_obeyed(visit, command, seq);
}

text_t due_told(const intake_t *self, uint64_t due_ms) {
    return due_text((int64_t)planbook_plan(self->book)->offset_minutes, (int64_t)due_ms, self->arena);
}

text_t instant_shown(const intake_t *self, int64_t at_ms) { return when_text(planbook_plan(self->book), at_ms, self->arena); }

static void on_advance_clock(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    advance_clock_t advance;
    if (!visit_body(visit, body, advance_clock_type(), &advance)) return;
    text_t code = advance_refusal(self->opened.clock_mode, self->clock.last_ms, advance.to_ms);
    if (code.size > 0) {
        text_t now = instant_shown(self, self->clock.last_ms);
        visit_refuse(visit, code, text_of("to_ms"), &now, text_equal(code, REASON_OF(time_backwards)) ? 1 : 0);
        return;
    }
    if (self->advance.active) {
        visit_busy(visit);
        return;
    }
    self->advance = command_named(visit, command);
    self->advance.officer = visit->actor.officer; /* the command is gone when the advance goes on */
    self->advance.active = true;
    self->advance.to_ms = (int64_t)advance.to_ms;
    advance_step(self, visit->later);
}

void advance_step(intake_t *self, buffer_t *later) {
    advance_t *advance = &self->advance;
    if (self->busy && self->group_count == 0) { /* what has ticked is in the ledger; the operator asks again */
        busy_t busy = {.retry_after_ms = LIMIT_BUSY_RETRY_MS};
        packet_encode(advance->request_id, busy_type(), &busy, later);
        advance->active = false;
        return;
    }
    int64_t next_ms = ledger_clock_next(&self->clock, advance->to_ms);
    if (next_ms > 0) group_append_counts(self);
    while (next_ms > 0 && self->group_count < LIMIT_GROUP) {
        group_append_tick(self, next_ms);
        next_ms = ledger_clock_next(&self->clock, advance->to_ms);
    }
    if (next_ms > 0) return;
    advance->active = false;
    command_answer(self, advance, self->tail_seq, later);
}

/* Obeyed before: the same answer. true: answered. */
static bool answered_before(visit_t *visit, const command_t *command) {
    intake_t *self = visit->intake;
    store_key_t key = key_of_command(command->command_id, command->officer);
    intake_command_t kept;
    if (!txn_get(self->group, TABLE_COMMANDS, &key, self->arena, &kept)) return false;
    uint8_t hash[HASH_SIZE];
    hash_of(command->body, hash);
    if (memcmp(hash, kept.body_hash, sizeof hash) != 0) {
        text_t seq = arena_format(self->arena, "%llu", (unsigned long long)kept.seq);
        visit_refuse(visit, REASON_OF(conflict), text_of("command_id"), &seq, 1);
        return true;
    }
    command_done_t done = {.seq = kept.seq, .now_ms = kept.now_ms, .duplicate = true};
    packet_encode(visit->packet.request_id, command_done_type(), &done, visit_buffer(visit, kept.seq));
    return true;
}

static void command_do(visit_t *visit, const command_t *command, const packet_t *body) {
    static const struct {
        uint32_t kind;
        void (*obey)(visit_t *visit, const command_t *command, const packet_t *body);
    } handlers[] = {
        {KIND_key_registered, on_key_registered},
        {KIND_key_revoked, on_key_revoked},
        {KIND_plan_closed, on_plan_closed},
        {KIND_plan_sealed, on_plan_sealed},
        {KIND_plan_part, on_plan_part},
        {KIND_plan_adopted, on_plan_adopted},
        {KIND_backup_taken, on_backup_taken},
        {KIND_quarantined, on_quarantined},
        {KIND_notice_retried, on_notice_retried},
        {KIND_ledger_restored, on_ledger_restored},
        {KIND_login_granted, on_login_granted},
        {KIND_login_revoked, on_login_revoked},
        {KIND_officer_registered, on_officer_registered},
        {KIND_officer_revoked, on_officer_revoked},
        {KIND_claim_credit, on_claim_credit},
        {KIND_report_decide, on_report_decide},
        {KIND_extension_decide, on_extension_decide},
        {KIND_outage_declare, on_outage_declare},
        {KIND_report_enter, on_report_enter},
        {KIND_unit_bound, on_unit_bound},
        {KIND_advance_clock, on_advance_clock},
        {KIND_document_part, on_document_part},
        {KIND_document_announced, on_document_announced},
        {KIND_document_published, on_document_published},
        {KIND_objection_raise, on_objection_raise},
        {KIND_objection_answer, on_objection_answer},
        {KIND_warning_decide, on_warning_decide},
        {KIND_door_down, on_door_down},
        {KIND_door_up, on_door_up},
    };
    for (size_t index = 0; index < sizeof handlers / sizeof handlers[0]; index++)
        if (handlers[index].kind == body->kind) handlers[index].obey(visit, command, body);
}

/* "Authority is decided where the entry is appended, against the registry as of that seq." */
static bool authority_of_office(visit_t *visit, uint32_t kind) {
    text_t code = office_refusal(kind, visit->actor.office);
    if (code.size == 0) return true;
    if (visit->role != login_role_none && visit->actor.office == office_none) return role_refuse(visit, visit->role, "login");
    text_t args[] = {text_of(WORD_ZH(office, visit->actor.office)), text_of(WORD_EN(office, visit->actor.office))};
    visit_refuse(visit, code, text_of("officer"), args, 2);
    return false;
}

static void command_dispatch(visit_t *visit, const command_t *command) {
    packet_t body;
    fault_t fault = {0};
    if (packet_decode(command->body, &body, &fault) != OK || body.raw.size != command->body.size) {
        visit_refuse(visit, fault.code == NULL ? REASON_OF(malformed) : text_of(fault.code), text_of("body"), NULL, 0);
        return;
    }
    text_t code = command_kind_refusal(body.kind);
    text_t kind = arena_format(visit->intake->arena, "%u", body.kind);
    if (code.size > 0)
        visit_refuse(visit, code, text_of("body"), &kind, 1);
    else if (authority_of_office(visit, body.kind))
        command_do(visit, command, &body);
}

/* Whose actor is known: answered if it was obeyed before, else dispatched. */
static void command_take(visit_t *visit, const command_t *command) {
    if (!group_begin(visit->intake) || answered_before(visit, command)) return;
    if (visit->intake->busy)
        visit_busy(visit);
    else
        command_dispatch(visit, command);
}

/* The console vouches for who is logged in; in which office, and whether that office may, is decided here. The body is the same
 * as in a signed command, and so are its handlers. */
void on_attested_command(visit_t *visit) {
    intake_t *self = visit->intake;
    attested_command_t attested;
    if (!visit_body(visit, &visit->packet, attested_command_type(), &attested) || !login_acts(visit, attested.login)) return;
    command_t command = {.body = attested.body, .officer = attested.login};
    memcpy(command.command_id, attested.command_id, sizeof command.command_id);
    memcpy(command.ledger_id, self->opened.ledger_id, sizeof command.ledger_id);
    command_take(visit, &command);
}

void on_command(visit_t *visit) {
    intake_t *self = visit->intake;
    command_t command;
    if (!visit_body(visit, &visit->packet, command_type(), &command)) return;
    if (memcmp(command.ledger_id, self->opened.ledger_id, sizeof command.ledger_id) != 0) {
        visit_refuse(visit, REASON_OF(wrong_ledger), text_of("ledger_id"), NULL, 0);
        return;
    }
    if (!actor_holds(visit, &command)) return;
    command_take(visit, &command);
}
