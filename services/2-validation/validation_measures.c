/* Planned measures 帮扶措施: what stands of each, what was said of it one after the other, and what is nearly due. */
#include "services/2-validation/validation_state.h"

#include "services/plan/calendar.h"
#include "services/plan/measure.h"

#include <string.h>

static store_key_t key_measure(text_t unit, uint64_t number) {
    store_key_t key = key_new();
    key_add_text(&key, unit);
    key_add_u64(&key, number);
    return key;
}

/* --- an entry --- */

/* The unit's measures: how many, and is there one that says the same already? */
static void measures_look(turn_t *turn, measure_case_t *given, const planned_measure_t *whole) {
    store_key_t whose = key_new();
    key_add_text(&whose, given->entered->unit);
    measure_row_t row;
    scan_t scan = scan_begin(turn_txn(turn), VALIDATION_MEASURE, &whose, NULL);
    while (scan_next(&scan, turn_arena(turn), &row)) {
        given->count++;
        bool stands = row.measure.state != measure_state_withdrawn;
        if (stands && given->same == 0 && measure_equal(&row.measure, whole)) given->same = row.measure.number;
    }
    scan_end(&scan);
}

static void emit_refused(turn_t *turn, const measure_entered_t *entered, const reason_t *reasons, uint32_t count) {
    measure_refused_t refused = {.unit = entered->unit,
                                 .task = entered->measure.task,
                                 .number = entered->measure.number,
                                 .reasons = reasons,
                                 .reasons_count = count};
    memcpy(refused.submission_id, entered->submission_id, sizeof refused.submission_id);
    turn_emit(turn, measure_refused_type(), &refused);
}

static void measure_take(turn_t *turn, const measure_case_t *given, const planned_measure_t *whole) {
    const measure_entered_t *entered = given->entered;
    const plan_t *plan = planbook_plan(given->book);
    measure_taken_t taken = {.previous = given->standing.seq};
    taken.row = (measure_row_t){.unit = entered->unit,
                                .measure = *whole,
                                .revision = given->standing.revision + 1,
                                .due_ms = (uint64_t)(instant_of_day(plan, day_add(whole->due, 1), 0) - 1),
                                .seq = turn_cause(turn),
                                .at_ms = (uint64_t)given->now_ms,
                                .actor = entered->actor,
                                .since_ms = given->standing.since_ms};
    if (taken.row.revision == 1) {
        taken.row.since_ms = taken.row.at_ms;
        taken.row.measure.number = given->count + 1; /* none is ever taken away */
    }
    memcpy(taken.submission_id, entered->submission_id, sizeof taken.submission_id);
    store_key_t key = key_measure(entered->unit, taken.row.measure.number);
    turn_put(turn, VALIDATION_MEASURE, &key, &taken.row);
    turn_emit(turn, measure_taken_type(), &taken);
}

void on_measure_entered(turn_t *turn, const event_t *event) {
    measure_entered_t entered;
    const planbook_t *book = plan_book(turn);
    if (book == NULL || !turn_body(turn, event, measure_entered_type(), &entered)) return;
    measure_case_t given = {.book = book, .entered = &entered, .now_ms = turn_now_ms(turn)};
    store_key_t key = key_measure(entered.unit, entered.measure.number);
    if (entered.measure.number > 0 && !turn_get(turn, VALIDATION_MEASURE, &key, &given.standing))
        given.standing = (measure_row_t){0};
    planned_measure_t whole = measure_merged(&given.standing, &entered.measure);
    measures_look(turn, &given, &whole);
    reason_t *reasons = ARENA_NEW(turn_arena(turn), reason_t, MEASURE_REASONS);
    uint32_t count = measure_judge(&given, reasons, turn_arena(turn));
    if (count > 0) emit_refused(turn, &entered, reasons, count);
    else measure_take(turn, &given, &whole);
}

/* --- questions --- */

enum { PAGE_BYTES = 128 * 1024 }; /* of words in one answer: it also has to pass the units' door */

static uint32_t words_size(const planned_measure_t *measure) {
    return measure->item.size + measure->plan.size + measure->result.size + measure->why.size;
}

static bool is_wanted(const measures_ask_t *ask, const measure_told_t *told) {
    const planned_measure_t *measure = &told->row.measure;
    bool pressing = told->phase == measure_phase_near || told->phase == measure_phase_overdue;
    if (ask->task.size > 0 && !text_equal(ask->task, measure->task)) return false;
    if (ask->number != 0 && ask->number != measure->number) return false;
    if (ask->open_only && measure->state != measure_state_planned) return false;
    return pressing || !ask->pressing_only;
}

void answer_measures(turn_t *turn, const packet_t *packet, reply_t *reply) {
    measures_ask_t ask;
    fault_t fault;
    const planbook_t *book = plan_book(turn);
    if (book == NULL || packet_body(packet, measures_ask_type(), turn_arena(turn), &ask, &fault) != OK) return;
    if (turn_waits(turn, ask.at_least)) return;
    measure_told_t *rows = ARENA_NEW(turn_arena(turn), measure_told_t, LIMIT_ROWS);
    measures_t told = {.as_of = turn_cause(turn), .now_ms = (uint64_t)turn_now_ms(turn), .rows = rows};
    store_key_t whose = key_new();
    if (ask.unit.size > 0) key_add_text(&whose, ask.unit);
    measure_told_t row = {0};
    uint32_t size = 0;
    scan_t scan = scan_begin(turn_txn(turn), VALIDATION_MEASURE, &whose, NULL);
    for (uint64_t found = 0; !told.more && scan_next(&scan, turn_arena(turn), &row.row);) {
        row.phase = measure_phase_at(planbook_plan(book), &row.row, turn_now_ms(turn), &row.days);
        if (!is_wanted(&ask, &row) || found++ < ask.after) continue;
        size += words_size(&row.row.measure);
        told.more = told.rows_count == LIMIT_ROWS || (size > PAGE_BYTES && told.rows_count > 0);
        if (!told.more) rows[told.rows_count++] = row;
    }
    scan_end(&scan);
    reply_with(reply, measures_type(), &told);
}

/* The measure_taken that entry `seq` caused. false: it caused none. */
static bool taken_find(turn_t *turn, uint64_t seq, measure_taken_t *taken) {
    event_t event;
    fault_t fault;
    uint64_t at = seq == 0 ? 0 : txn_caused_by(turn_txn(turn), seq, turn_arena(turn), &event);
    if (at == 0 || event.kind != KIND_measure_taken) return false;
    return event_body(&event, measure_taken_type(), turn_arena(turn), taken, &fault) == OK;
}

void answer_measure_history(turn_t *turn, const packet_t *packet, reply_t *reply) {
    measure_history_ask_t ask;
    fault_t fault;
    if (packet_body(packet, measure_history_ask_type(), turn_arena(turn), &ask, &fault) != OK) return;
    if (turn_waits(turn, ask.at_least)) return;
    measure_row_t *rows = ARENA_NEW(turn_arena(turn), measure_row_t, LIMIT_CHAIN), standing;
    measure_history_t told = {.as_of = turn_cause(turn), .rows = rows};
    store_key_t key = key_measure(ask.unit, ask.number);
    measure_taken_t taken = {0};
    uint64_t seq = turn_get(turn, VALIDATION_MEASURE, &key, &standing) ? standing.seq : 0;
    for (; told.rows_count < LIMIT_CHAIN && taken_find(turn, seq, &taken); seq = taken.previous)
        rows[told.rows_count++] = taken.row;
    reply_with(reply, measure_history_type(), &told);
}
