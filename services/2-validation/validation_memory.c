/* What validation has in memory: the plan in force, indexed, and the absences of ours; and the entries that change them. */
#include "services/2-validation/validation_state.h"

#include "services/plan/calendar.h"
#include "services/plan/plan_kept.h"

#include <string.h>

static const plan_tables_t plan_tables = {VALIDATION_PLAN, VALIDATION_PLAN_PARTS};

static void absences_fill(turn_t *turn, validation_memory_t *memory) {
    store_key_t all = key_new();
    outage_counted_t outage;
    scan_t scan = scan_begin(turn_txn(turn), VALIDATION_OUTAGE, &all, NULL);
    while (scan_next(&scan, turn_arena(turn), &outage)) {
        uint32_t at = 0;
        absences_add(&memory->absences, memory->book, key_next_u64(scan.key, &at), &outage, memory->arena);
    }
    scan_end(&scan);
}

static void deadlines_fill(validation_memory_t *memory) {
    const plan_t *plan = planbook_plan(memory->book);
    memory->deadlines = ARENA_NEW(memory->arena, deadline_t, plan->periods_count);
    for (uint32_t index = 0; index < plan->periods_count; index++)
        memory->deadlines[index] = deadline_resolve(plan, plan->periods[index].due);
}

void *validation_memory_load(turn_t *turn) {
    planbook_t *book = plan_kept(turn_txn(turn), plan_tables);
    if (book == NULL) return NULL;
    arena_t *arena = arena_new();
    validation_memory_t *memory = ARENA_NEW(arena, validation_memory_t, 1);
    *memory = (validation_memory_t){.arena = arena, .book = book};
    deadlines_fill(memory);
    memory->thresholds = plan_thresholds(planbook_plan(book));
    store_key_t key = key_single();
    txn_get(turn_txn(turn), VALIDATION_ISSUES, &key, arena, &memory->issues);
    absences_fill(turn, memory);
    sheets_begin(turn, &memory->sheets, planbook_plan(book));
    return memory;
}

void validation_memory_settle(turn_t *turn, void *memory) { sheets_settle(turn, &((validation_memory_t *)memory)->sheets); }

void plan_trim(turn_t *turn) {
    validation_memory_t *memory = turn_memory(turn);
    if (memory != NULL) sheets_trim(turn, &memory->sheets);
}

void plan_forget(turn_t *turn) {
    void *memory = turn_memory(turn);
    if (memory != NULL) validation_memory_settle(turn, memory);
    turn_forget(turn);
}

void validation_memory_destroy(void **memory) {
    validation_memory_t *self = *memory;
    *memory = NULL;
    if (self == NULL) return;
    arena_t *arena = self->arena;
    sheets_destroy(&self->sheets);
    planbook_destroy(&self->book);
    arena_destroy(&arena);
}

const planbook_t *plan_book(turn_t *turn) {
    const validation_memory_t *memory = turn_memory(turn);
    return memory == NULL ? NULL : memory->book;
}

/* A unit's months follow one another, and so do its reports: what was looked up last is often meant again, or the period behind. */
validation_place_t place_meant(turn_t *turn, text_t unit, text_t task, text_t period) {
    validation_memory_t *memory = turn_memory(turn);
    if (memory == NULL) return (validation_place_t){0};
    validation_place_t *at = &memory->newest;
    const plan_t *plan = at->plan = planbook_plan(memory->book);
    at->book = memory->book;
    if (at->unit == NULL || !id_equal(at->unit->id, unit)) at->unit = planbook_unit(memory->book, unit);
    if (at->task == NULL || !id_equal(at->task->id, task)) at->task = planbook_task(memory->book, task);
    if (at->period != NULL && id_equal(at->period->id, period)) return *at;
    const period_t *next = at->period == NULL ? plan->periods : at->period + 1;
    bool follows = next < plan->periods + plan->periods_count && id_equal(next->id, period);
    at->period = follows ? next : planbook_period(memory->book, period);
    return *at;
}

deadline_t planned_deadline(turn_t *turn, const period_t *period) {
    const validation_memory_t *memory = turn_memory(turn);
    return memory->deadlines[planbook_period_index(memory->book, period)];
}

uint64_t due_of(turn_t *turn, const validation_standing_t *standing, text_t unit, text_t period_id) {
    const planbook_t *book = plan_book(turn);
    return due_in(turn, standing, unit, book == NULL ? NULL : planbook_period(book, period_id));
}

uint64_t due_in(turn_t *turn, const validation_standing_t *standing, text_t unit, const period_t *period) {
    const validation_memory_t *memory = turn_memory(turn);
    uint64_t seq;
    if (period == NULL) return 0;
    deadline_t deadline = memory->deadlines[planbook_period_index(memory->book, period)];
    if (memory->absences.count == 0 && (int64_t)standing->due_ms <= deadline.due_ms) return (uint64_t)deadline.due_ms;
    return (uint64_t)deadline_in_force(memory->book, deadline, unit, standing->due_ms, standing->due_seq, &memory->absences, &seq)
        .due_ms;
}

/* --- entries --- */

void on_plan_part_kept(turn_t *turn, const event_t *event) {
    plan_part_t part;
    if (turn_body(turn, event, plan_part_type(), &part)) plan_keep_part(turn_txn(turn), plan_tables, &part);
}

void on_plan_kept(turn_t *turn, const event_t *event) {
    plan_adopted_t adopted;
    if (!turn_body(turn, event, plan_adopted_type(), &adopted)) return;
    plan_forget(turn);
    plan_keep(turn_txn(turn), plan_tables, &adopted);
}

/* Intake has looked at all of it: who, when, how many. Kept for the deadlines that are told from now on; what was told of a report
 * that is in follows in aggregation. */
void on_outage_declared(turn_t *turn, const event_t *event) {
    outage_declared_t declared;
    if (!turn_body(turn, event, outage_declared_type(), &declared)) return;
    outage_counted_t counted = {
        .from_ms = declared.from_ms, .to_ms = declared.to_ms, .units = declared.units, .units_count = declared.units_count};
    memcpy(counted.command_id, declared.command_id, sizeof counted.command_id);
    store_key_t key = key_seq(turn_cause(turn));
    turn_put(turn, VALIDATION_OUTAGE, &key, &counted);
    plan_forget(turn);
    turn_emit(turn, outage_counted_type(), &counted);
}
