/* The plan in force: founded, amended by the operator, loaded; in one entry or in parts. */
#include <string.h>

#include "proto/plan_parts.h"
#include "services/1-intake/state.h"

enum { INLINE_ROOM = LIMIT_ENTRY - 1024 };

static store_key_t key_of_part(const uint8_t hash[HASH_SIZE], uint64_t index) {
    store_key_t key = key_new();
    key_add_bytes(&key, hash, HASH_SIZE);
    key_add_u64(&key, index);
    return key;
}

/* The parts stay where they came in: in their entries. */
static bool part_get(void *txn, const uint8_t hash[HASH_SIZE], uint32_t index, arena_t *arena, plan_part_t *part) {
    store_key_t key = key_of_part(hash, index);
    intake_part_t row;
    event_t event;
    fault_t fault = {0};
    return txn_get(txn, TABLE_PARTS, &key, arena, &row) && txn_event(txn, row.seq, arena, &event, NULL) &&
           event_body(&event, plan_part_type(), arena, part, &fault) == OK;
}

static void part_keep(txn_t *txn, const plan_part_t *part, uint64_t seq) {
    store_key_t key = key_of_part(part->hash, part->index);
    txn_put(txn, TABLE_PARTS, &key, &(intake_part_t){.seq = seq});
}

static uint64_t entry_append(txn_t *txn, const event_t *header, const message_t *type, const void *value) {
    event_t own = *header;
    uint64_t seq = 0;
    own.cause_seq = 0; /* an entry is its own cause */
    txn_append(txn, &own, type, value, &seq);
    return seq;
}

void adoption_found(txn_t *txn, const event_t *header, const plan_t *plan) {
    plan_parts_t parts;
    fault_t fault;
    err_t err = plan_parts_make(plan, INLINE_ROOM, &parts, &fault);
    if (err != OK) {
        txn_fail(txn, err);
        return;
    }
    for (uint32_t index = 0; index < parts.adopted.parts; index++) {
        plan_part_t part = plan_parts_at(&parts, index);
        part_keep(txn, &part, entry_append(txn, header, plan_part_type(), &part));
    }
    txn_fact_put(txn, FACT_PLAN, entry_append(txn, header, plan_adopted_type(), &parts.adopted));
    plan_parts_destroy(&parts);
}

/* Takes the book over, and with it the keys: they stand by a unit's position in the plan. */
static void book_take(intake_t *self, txn_t *txn, planbook_t *book) {
    planbook_destroy(&self->book);
    self->book = book;
    if (self->plan_id.size == 0) self->plan_id = arena_text(self->kept, planbook_plan(book)->id); /* no amendment changes it */
    intake_keys_destroy(&self->keys);
    self->keys = intake_keys_new(planbook_plan(book)->units_count);
    arena_t *arena = arena_new();
    store_key_t all = key_new();
    scan_t scan = scan_begin(txn, TABLE_KEYS, &all, NULL);
    intake_key_t row;
    while (scan_next(&scan, arena, &row)) {
        uint32_t unit = unit_position(self, row.unit);
        if (unit == UNIT_UNKNOWN)
            txn_fail(txn, ERR_CORRUPT);
        else
            intake_keys_add(self->keys, unit, row.key, row.generation, row.revoked_seq != 0);
        arena_reset(arena);
    }
    scan_end(&scan);
    arena_destroy(&arena);
}

/* A large plan leaves tens of megabytes behind that nobody wants before the next one. */
static void plan_done(arena_t **arena) {
    arena_destroy(arena);
    memory_give_back();
}

err_t adoption_load(intake_t *self, txn_t *txn) {
    event_t event;
    fault_t fault = {0};
    plan_adopted_t adopted;
    plan_t plan;
    arena_t *arena = arena_new();
    bool there = txn_event(txn, txn_fact(txn, FACT_PLAN), arena, &event, NULL) &&
                 event_body(&event, plan_adopted_type(), arena, &adopted, &fault) == OK &&
                 plan_adopted_read(&adopted, (plan_parts_source_t){txn, part_get}, arena, &plan) == OK;
    if (there) book_take(self, txn, planbook_new(&plan));
    plan_done(&arena);
    return there ? txn_error(txn) : ERR_CORRUPT;
}

void on_plan_part(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    plan_part_t part, kept;
    if (!visit_body(visit, body, plan_part_type(), &part)) return;
    store_key_t key = key_of_part(part.hash, part.index);
    intake_part_t row;
    bool same = part_get(self->group, part.hash, (uint32_t)part.index, self->arena, &kept) && kept.bytes.size == part.bytes.size &&
                memcmp(kept.bytes.at, part.bytes.at, part.bytes.size) == 0;
    if (same && txn_get(self->group, TABLE_PARTS, &key, self->arena, &row)) { /* an earlier try brought it */
        command_obeyed(visit, command, row.seq);
        return;
    }
    uint64_t seq = group_append(self, plan_part_type(), &part, group_stamp(self));
    part_keep(self->group, &part, seq);
    command_obeyed(visit, command, seq);
}

/* As much of a sentence as an argument holds, ending with a whole character. */
static text_t argument_of(intake_t *self, const char *sentence) {
    text_t text = text_of(sentence);
    if (text.size > LIMIT_NAME) {
        text.size = LIMIT_NAME;
        while (text.size > 0 && ((uint8_t)text.at[text.size] & 0xc0) == 0x80) text.size--;
    }
    return arena_text(self->arena, text);
}

static void refuse_plan(visit_t *visit, const plan_fault_t *fault) {
    text_t args[] = {argument_of(visit->intake, fault->what_zh), argument_of(visit->intake, fault->what)};
    visit_refuse(visit, REASON_OF(plan_refused), arena_text(visit->intake->arena, text_of(fault->path)), args, 2);
}

/* The plan as an indexed book, or NULL and refused: not whole, wrong in itself, or not one that may follow. */
static planbook_t *amendment_read(visit_t *visit, const plan_adopted_t *adopted, arena_t *arena) {
    intake_t *self = visit->intake;
    plan_t plan;
    plan_fault_t fault;
    err_t err = plan_adopted_read(adopted, (plan_parts_source_t){self->group, part_get}, arena, &plan);
    if (err != OK) {
        visit_refuse(visit, err == ERR_MISSING ? REASON_OF(plan_part_missing) : REASON_OF(missing_field), text_of("plan"), NULL, 0);
        return NULL;
    }
    if (plan_check(&plan, &fault, 1) > 0) {
        refuse_plan(visit, &fault);
        return NULL;
    }
    planbook_t *book = planbook_new(&plan);
    if (plan_amend_check(self->book, book, &fault, 1) == 0) return book;
    refuse_plan(visit, &fault);
    planbook_destroy(&book);
    return NULL;
}

/* The plan in force with another validity of one unit, as a book that may follow; NULL and refused otherwise. */
static planbook_t *bounded_book(visit_t *visit, const unit_bound_t *bound, arena_t *arena) {
    intake_t *self = visit->intake;
    plan_t plan = *planbook_plan(self->book);
    plan_fault_t fault;
    unit_t *units = ARENA_NEW(arena, unit_t, plan.units_count);
    memcpy(units, plan.units, sizeof *units * plan.units_count);
    unit_t *unit = &units[unit_position(self, bound->unit)];
    unit->from = bound->from;
    unit->to = bound->to;
    plan.units = units;
    if (plan_check(&plan, &fault, 1) > 0) {
        refuse_plan(visit, &fault);
        return NULL;
    }
    planbook_t *book = planbook_new(&plan);
    if (plan_amend_check(self->book, book, &fault, 1) == 0) return book;
    refuse_plan(visit, &fault);
    planbook_destroy(&book);
    return NULL;
}

/* Appends a plan, in parts where one entry does not hold it. The seq of plan_adopted. */
static uint64_t plan_append(intake_t *self, const plan_t *plan) {
    plan_parts_t parts;
    fault_t fault;
    err_t err = plan_parts_make(plan, INLINE_ROOM, &parts, &fault);
    if (err != OK) {
        txn_fail(self->group, err);
        return 0;
    }
    for (uint32_t index = 0; index < parts.adopted.parts; index++) {
        plan_part_t part = plan_parts_at(&parts, index);
        part_keep(self->group, &part, group_append(self, plan_part_type(), &part, group_stamp(self)));
    }
    uint64_t seq = group_append(self, plan_adopted_type(), &parts.adopted, group_stamp(self));
    txn_fact_put(self->group, FACT_PLAN, seq);
    plan_parts_destroy(&parts);
    return seq;
}

/* "Units have valid-from/to": who decided it stands in an entry of its own, what follows from it is an amendment like any other. */
void on_unit_bound(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    unit_bound_t bound;
    if (!visit_body(visit, body, unit_bound_type(), &bound) || !plan_is_open(visit)) return;
    if (!remark_is_clean(visit, bound.why) || !unit_may_be_decided(visit, bound.unit)) return;
    arena_t *arena = arena_new();
    planbook_t *book = bounded_book(visit, &bound, arena);
    if (book != NULL) {
        unit_bounded_t bounded = {
            .actor = visit->actor, .unit = bound.unit, .from = bound.from, .to = bound.to, .why = bound.why};
        group_append_counts(self); /* they name units by their positions in the plan that goes */
        group_append(self, unit_bounded_type(), &bounded, group_stamp(self));
        uint64_t seq = plan_append(self, planbook_plan(book));
        book_take(self, self->group, book);
        command_obeyed(visit, command, seq);
    }
    plan_done(&arena);
}

void on_plan_adopted(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    plan_adopted_t adopted;
    if (!visit_body(visit, body, plan_adopted_type(), &adopted)) return;
    if (!plan_is_open(visit)) return;
    arena_t *arena = arena_new();
    planbook_t *book = amendment_read(visit, &adopted, arena);
    if (book != NULL) {
        group_append_counts(self); /* they name units by their positions in the plan that goes */
        uint64_t seq = group_append(self, plan_adopted_type(), &adopted, group_stamp(self));
        txn_fact_put(self->group, FACT_PLAN, seq);
        book_take(self, self->group, book);
        command_obeyed(visit, command, seq);
    }
    plan_done(&arena);
}
