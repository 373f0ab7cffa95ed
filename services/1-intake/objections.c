/* Objections of units to an announced document: taken while its window is open, answered by the office before it goes out. */
#include <string.h>

#include "services/1-intake/intake_rules.h"
#include "services/1-intake/state.h"

static store_key_t key_of_objection(document_kind_t kind, text_t period, uint64_t seq) {
    store_key_t key = key_new();
    key_add_u64(&key, (uint64_t)kind);
    key_add_text(&key, period);
    if (seq > 0) key_add_u64(&key, seq);
    return key;
}

/* --- raising --- */

/* Somebody of a unit speaks for that unit alone; an officer enters what a unit has handed in on paper. */
static bool unit_is_meant(visit_t *visit, objection_raise_t *raise) {
    bool of_unit = visit->actor.office == office_none;
    if (raise->unit.size == 0 && of_unit) raise->unit = visit->actor.unit;
    if (unit_position(visit->intake, raise->unit) == UNIT_UNKNOWN) {
        visit_refuse(visit, REASON_OF(unknown_unit), text_of("unit"), &raise->unit, 1);
        return false;
    }
    return !of_unit || text_equal(raise->unit, visit->actor.unit) || role_refuse(visit, visit->role, "unit");
}

static bool indicator_is_known(visit_t *visit, text_t indicator) {
    text_t args[] = {indicator, text_of("–")};
    if (indicator.size == 0 || planbook_indicator(visit->intake->book, indicator) != NULL) return true;
    visit_refuse(visit, REASON_OF(unknown_indicator), text_of("indicator"), args, 2);
    return false;
}

/* Announced, this very announcement, and its window still open at `now_ms`? Refuses otherwise. */
static bool window_is_open(visit_t *visit, const objection_raise_t *raise, int64_t now_ms) {
    intake_t *self = visit->intake;
    intake_document_t row = {0};
    (void)document_row_get(self->group, raise->kind, raise->period, self->arena, &row); /* not there: not announced */
    text_t shown = document_shown(self, raise->kind, raise->period);
    text_t until = row.announced_seq == 0 ? shown : due_told(self, row.open_until_ms);
    text_t anew[] = {shown, arena_format(self->arena, "%llu", (unsigned long long)row.announced_seq)};
    if (document_is_out(visit, &row, raise->kind, raise->period)) return false;
    if (row.announced_seq == 0)
        visit_refuse(visit, REASON_OF(document_unannounced), text_of("period"), &shown, 1);
    else if (row.announced_seq != raise->announced_seq)
        visit_refuse(visit, REASON_OF(announced_anew), text_of("announced_seq"), anew, 2);
    else if (now_ms >= (int64_t)row.open_until_ms)
        visit_refuse(visit, REASON_OF(objections_closed), text_of("period"), &until, 1);
    else
        return true;
    return false;
}

/* How many there are already, and how many of them are this unit's, within their bounds? Refuses otherwise. */
static bool there_is_room(visit_t *visit, const objection_raise_t *raise) {
    intake_t *self = visit->intake;
    uint32_t all = 0, own = 0;
    store_key_t prefix = key_of_objection(raise->kind, raise->period, 0);
    intake_objection_t row;
    scan_t scan = scan_begin(self->group, TABLE_OBJECTIONS, &prefix, NULL);
    for (; all < LIMIT_OBJECTIONS && scan_next(&scan, self->arena, &row); all++) own += text_equal(row.unit, raise->unit);
    scan_end(&scan);
    if (all < LIMIT_OBJECTIONS && own < LIMIT_OBJECTIONS_OF_UNIT) return true;
    visit_refuse(visit, REASON_OF(too_many), text_of("unit"), NULL, 0);
    return false;
}

void on_objection_raise(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    objection_raise_t raise;
    if (!visit_body(visit, body, objection_raise_type(), &raise) || !unit_is_meant(visit, &raise) ||
        !indicator_is_known(visit, raise.indicator) || !remark_is_clean(visit, raise.why))
        return;
    int64_t at_ms = group_stamp(self);
    if (!window_is_open(visit, &raise, at_ms) || !there_is_room(visit, &raise)) return;
    objection_raised_t raised = {.actor = visit->actor,
                                 .kind = raise.kind,
                                 .period = raise.period,
                                 .announced_seq = raise.announced_seq,
                                 .unit = raise.unit,
                                 .indicator = raise.indicator,
                                 .why = raise.why};
    memcpy(raised.command_id, command->command_id, sizeof raised.command_id);
    uint64_t seq = group_append(self, objection_raised_type(), &raised, at_ms);
    store_key_t key = key_of_objection(raise.kind, raise.period, seq);
    txn_put(self->group, TABLE_OBJECTIONS, &key, &(intake_objection_t){.unit = raise.unit});
    command_obeyed(visit, command, seq);
}

/* --- answering --- */

static bool raised_read(txn_t *txn, uint64_t seq, arena_t *arena, objection_raised_t *raised, uint64_t *at_ms) {
    event_t event;
    fault_t fault = {0};
    bool there = txn_event(txn, seq, arena, &event, NULL) && event.kind == KIND_objection_raised &&
                 event_body(&event, objection_raised_type(), arena, raised, &fault) == OK;
    if (there) *at_ms = (uint64_t)event.at_ms;
    return there;
}

/* The objection that is answered, not answered yet, and not of the officer's own unit. Refuses otherwise. */
static bool answer_holds(visit_t *visit, const objection_answer_t *answer, store_key_t *key, intake_objection_t *row) {
    intake_t *self = visit->intake;
    objection_raised_t raised;
    uint64_t at_ms;
    text_t seq = arena_format(self->arena, "%llu", (unsigned long long)answer->objection_seq);
    bool there = answer->objection_seq <= self->tail_seq &&
                 raised_read(self->group, answer->objection_seq, self->arena, &raised, &at_ms);
    if (there) *key = key_of_objection(raised.kind, raised.period, answer->objection_seq);
    if (!there || !txn_get(self->group, TABLE_OBJECTIONS, key, self->arena, row)) {
        visit_refuse(visit, REASON_OF(no_objection), text_of("objection_seq"), &seq, 1);
        return false;
    }
    if (row->answered_seq > 0) {
        text_t before = arena_format(self->arena, "%llu", (unsigned long long)row->answered_seq);
        visit_refuse(visit, REASON_OF(objection_answered_before), text_of("objection_seq"), &before, 1);
        return false;
    }
    return unit_may_be_decided(visit, raised.unit);
}

void on_objection_answer(visit_t *visit, const command_t *command, const packet_t *body) {
    intake_t *self = visit->intake;
    objection_answer_t answer;
    intake_objection_t row = {0};
    store_key_t key;
    if (!visit_body(visit, body, objection_answer_type(), &answer) || !remark_is_clean(visit, answer.why) ||
        !answer_holds(visit, &answer, &key, &row))
        return;
    objection_answered_t answered = {
        .actor = visit->actor, .objection_seq = answer.objection_seq, .ruling = answer.ruling, .why = answer.why};
    memcpy(answered.command_id, command->command_id, sizeof answered.command_id);
    row.answered_seq = group_append(self, objection_answered_type(), &answered, group_stamp(self));
    txn_put(self->group, TABLE_OBJECTIONS, &key, &row);
    command_obeyed(visit, command, row.answered_seq);
}

static uint64_t seq_of_key(const scan_t *scan, document_kind_t *kind, text_t *period) {
    uint32_t at = 0;
    *kind = (document_kind_t)key_next_u64(scan->key, &at);
    *period = key_next_text(scan->key, &at);
    return key_next_u64(scan->key, &at);
}

bool objections_are_answered(visit_t *visit, document_kind_t kind, text_t period) {
    intake_t *self = visit->intake;
    store_key_t prefix = key_of_objection(kind, period, 0);
    intake_objection_t row;
    uint64_t open_seq = 0;
    text_t unit = {0};
    scan_t scan = scan_begin(self->group, TABLE_OBJECTIONS, &prefix, NULL);
    while (open_seq == 0 && scan_next(&scan, self->arena, &row)) {
        if (row.answered_seq > 0) continue;
        document_kind_t of;
        text_t when;
        open_seq = seq_of_key(&scan, &of, &when);
        unit = row.unit;
    }
    scan_end(&scan);
    if (open_seq == 0) return true;
    uint32_t position = unit_position(self, unit);
    text_t args[] = {arena_format(self->arena, "%llu", (unsigned long long)open_seq),
                     position == UNIT_UNKNOWN ? unit : planbook_plan(self->book)->units[position].name};
    visit_refuse(visit, REASON_OF(objection_unanswered), text_of("period"), args, 2);
    return false;
}

/* --- the desk --- */

static void row_fill(txn_t *txn, uint64_t answered_seq, arena_t *arena, objection_row_t *row) {
    event_t event;
    fault_t fault = {0};
    (void)raised_read(txn, row->seq, arena, &row->raised, &row->at_ms);
    row->answered_seq = answered_seq;
    if (answered_seq == 0 || !txn_event(txn, answered_seq, arena, &event, NULL)) return;
    row->answered_ms = (uint64_t)event.at_ms;
    (void)event_body(&event, objection_answered_type(), arena, &row->answered, &fault);
}

static bool is_asked_for(const objections_ask_t *ask, text_t unit, text_t period) {
    return (ask->unit.size == 0 || text_equal(ask->unit, unit)) && (ask->period.size == 0 || text_equal(ask->period, period));
}

void objections_list(txn_t *txn, const objections_ask_t *ask, arena_t *arena, objections_t *told) {
    objection_row_t *rows = ARENA_NEW(arena, objection_row_t, LIMIT_ROWS);
    *told = (objections_t){.as_of = txn_head(txn).seq, .rows = rows};
    store_key_t all = key_new();
    if (ask->kind != document_kind_none) key_add_u64(&all, (uint64_t)ask->kind);
    scan_t scan = scan_begin(txn, TABLE_OBJECTIONS, &all, NULL);
    intake_objection_t kept;
    uint64_t index = 0;
    while (!told->more && scan_next(&scan, arena, &kept)) {
        document_kind_t kind;
        text_t period;
        uint64_t seq = seq_of_key(&scan, &kind, &period);
        if (!is_asked_for(ask, kept.unit, period) || index++ < ask->after) continue;
        told->more = told->rows_count == LIMIT_ROWS;
        if (told->more) break;
        objection_row_t *row = &rows[told->rows_count++];
        *row = (objection_row_t){.seq = seq};
        row_fill(txn, kept.answered_seq, arena, row);
    }
    scan_end(&scan);
}
