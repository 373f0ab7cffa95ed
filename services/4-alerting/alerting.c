/* Alerting's handlers: one per event of stream 3, and the query for what was told. */
#include "services/4-alerting/alerting.h"

#include "services/4-alerting/alerting_claims.h"
#include "services/4-alerting/alerting_pace.h"
#include "services/4-alerting/alerting_rules.h"
#include "services/4-alerting/alerting_silence.h"
#include "services/4-alerting/alerting_subject.h"
#include "services/4-alerting/alerting_tell.h"
#include "services/plan/plan_kept.h"

#include <stdlib.h>
#include <string.h>

#define DEF_FILE "services/4-alerting/alerting.def"
#include "proto/define.h"

static const table_t tables[ALERTING_TABLES] = {
    [ALERTING_PLAN] = {"plan", plan_adopted_type},
    [ALERTING_PLAN_PARTS] = {"plan_parts", plan_part_type},
    [ALERTING_MODE] = {"mode", alerting_mode_type},
    [ALERTING_SUBJECT] = {"subject", alerting_subject_type},
    [ALERTING_AGENDA] = {"agenda", alerting_mark_type},
    [ALERTING_TARGET] = {"target", alerting_target_type},
    [ALERTING_TOLD] = {"told", warning_row_type},
    [ALERTING_TOLD_TO] = {"told_to", alerting_mark_type},
    [ALERTING_ROUND] = {"round", alerting_round_type},
    [ALERTING_SILENCES] = {"silences", silence_row_type},
};

/* The one row of MODE. */
static store_key_t only_key(void) {
    store_key_t key = key_new();
    key_add_text(&key, text_of("only"));
    return key;
}

static const plan_tables_t plan_tables = {ALERTING_PLAN, ALERTING_PLAN_PARTS};

static void *memory_load(turn_t *turn) {
    store_key_t key = only_key();
    alerting_mode_t mode = {0};
    planbook_t *book = plan_kept(turn_txn(turn), plan_tables);
    if (book == NULL) return NULL;
    turn_get(turn, ALERTING_MODE, &key, &mode);
    alerting_memory_t *memory = calloc(1, sizeof *memory);
    ASSERT(memory != NULL);
    memory->book = book;
    memory->rehearsal = mode.rehearsal;
    memory->closed = mode.closed;
    memory->sealed = mode.sealed;
    memory->away = mode.away;
    memory->arena = arena_new();
    memory->silences = silences_load(turn, memory->arena, &memory->silence_count);
    return memory;
}

static void memory_destroy(void **self) {
    alerting_memory_t *memory = *self;
    if (memory == NULL) return;
    planbook_destroy(&memory->book);
    arena_destroy(&memory->arena);
    free(memory);
    *self = NULL;
}

static alerting_mode_t mode_get(turn_t *turn) {
    store_key_t key = only_key();
    alerting_mode_t mode;
    if (turn_get(turn, ALERTING_MODE, &key, &mode)) return mode;
    return (alerting_mode_t){0};
}

static void mode_put(turn_t *turn, const alerting_mode_t *mode) {
    store_key_t key = only_key();
    turn_put(turn, ALERTING_MODE, &key, mode);
    turn_forget(turn);
}

static void on_ledger_opened(turn_t *turn, const event_t *event) {
    ledger_opened_t opened;
    if (!turn_body(turn, event, ledger_opened_type(), &opened)) return;
    alerting_mode_t mode = mode_get(turn);
    mode.rehearsal = opened.clock_mode == clock_mode_rehearsal;
    mode_put(turn, &mode);
}

static void on_plan_part(turn_t *turn, const event_t *event) {
    plan_part_t part;
    if (turn_body(turn, event, plan_part_type(), &part)) plan_keep_part(turn_txn(turn), plan_tables, &part);
}

static void on_plan_adopted(turn_t *turn, const event_t *event) {
    plan_adopted_t adopted;
    if (!turn_body(turn, event, plan_adopted_type(), &adopted)) return;
    plan_keep(turn_txn(turn), plan_tables, &adopted);
    turn_forget(turn);
    const alerting_memory_t *memory = turn_memory(turn);
    if (memory == NULL) return; /* an error stuck */
    const plan_t *plan = planbook_plan(memory->book);
    alerting_mode_t mode = mode_get(turn);
    mode.plan = arena_text(turn_arena(turn), plan->id);
    mode.coordinator = arena_text(turn_arena(turn), plan->coordinator);
    mode.offset_minutes = plan->offset_minutes;
    mode_put(turn, &mode);
}

/* The year is over: what stands stays on record; reminded is whoever confirms a posting, until the seal. */
static void on_plan_ended(turn_t *turn, bool sealed) {
    alerting_mode_t mode = mode_get(turn);
    mode.closed = true;
    mode.sealed = sealed;
    mode_put(turn, &mode);
}

static void door_set(turn_t *turn, door_t door, bool away) {
    alerting_mode_t mode = mode_get(turn);
    uint64_t bit = UINT64_C(1) << (door & 31);
    mode.away = away ? mode.away | bit : mode.away & ~bit;
    mode_put(turn, &mode);
}

static void on_door_down(turn_t *turn, const event_t *event) {
    door_down_t down;
    if (turn_body(turn, event, door_down_type(), &down)) door_set(turn, down.door, true);
}

static void on_door_up(turn_t *turn, const event_t *event) {
    door_up_t up;
    if (turn_body(turn, event, door_up_type(), &up)) door_set(turn, up.door, false);
}

static void on_clock_ticked(turn_t *turn, uint64_t step) {
    const alerting_memory_t *memory = turn_memory(turn);
    if (memory == NULL || memory->sealed) return;
    if (subject_sound_due(turn) || round_close(turn)) turn_continue(turn, step + 1);
}

static void on_obligation_changed(turn_t *turn, const event_t *event) {
    obligation_changed_t told;
    if (turn_memory(turn) == NULL || !turn_body(turn, event, obligation_changed_type(), &told)) return;
    alerting_subject_t subject = {.what = SUBJECT_REPORT, .unit = told.unit, .task = told.task, .period = told.period,
                                  .role = addressee_owner, .due_ms = told.due_ms, .missing = told.missing,
                                  .missing_count = told.missing_count};
    if (told.standing == standing_returned) {
        subject.due_ms = told.again_ms;
        subject.returned_ms = (uint64_t)turn_now_ms(turn);
        subject.why = told.why;
    }
    if (report_is_owed(told.standing)) subject_open(turn, &subject);
    else subject_close(turn, &subject, true, false);
    if (told.standing == standing_returned) (void)round_close(turn); /* told at once; one or two messages */
}

/* --- targets --- */

/* Some who are to be told of one thing. */
typedef struct {
    const recipient_t *all;
    uint32_t count;
} party_t;

/* Who is to be told of a target: while it is open, behind its pace, its tenure broken or at risk. */
typedef struct {
    target_call_t call;
    bool broken;
    party_t climbing;
    party_t pacing;
    party_t grieving;
    party_t watching;
} circle_t;

enum { PACE_OWNERS = 3 }; /* of a figure that more than these make up, no single one is behind: leads and coordinator are told */

static party_t party_of(turn_t *turn, const indicator_t *indicator, const text_t *owing, uint32_t owing_count) {
    const alerting_memory_t *memory = turn_memory(turn);
    const task_t *task = planbook_task_of(memory->book, indicator);
    uint32_t due_day = indicator->target.due != 0 ? indicator->target.due : task->due;
    party_t party = {0};
    party.all = target_recipients(memory->book, task, due_day, owing, owing_count, turn_arena(turn), &party.count);
    return party;
}

static circle_t circle_of(turn_t *turn, const target_changed_t *target, bool at_risk) {
    const alerting_memory_t *memory = turn_memory(turn);
    const indicator_t *indicator = planbook_indicator(memory->book, target->indicator);
    const task_t *task = planbook_task(memory->book, target->task);
    circle_t circle = {.call = target_call(target)};
    if (indicator == NULL || task == NULL) return (circle_t){.call = TARGET_SILENT};
    circle.broken = target->tenure == tenure_broken && target->due_ms > 0;
    if (circle.call == TARGET_OPEN) circle.climbing = party_of(turn, indicator, target->owing, target->owing_count);
    if (pace_is_watched(target))
        circle.pacing = party_of(turn, indicator, target->owing, target->owing_count <= PACE_OWNERS ? target->owing_count : 0);
    if (!circle.broken && !at_risk) return circle;
    uint32_t count;
    const text_t *all = indicator_contributors(indicator, turn_arena(turn), &count);
    if (circle.broken) circle.grieving = party_of(turn, indicator, all, count);
    else circle.watching = party_of(turn, indicator, all, count);
    return circle;
}

static void hash_party(const party_t *party, buffer_t *out) {
    buffer_add(out, &party->count, sizeof party->count);
    for (uint32_t index = 0; index < party->count; index++) {
        buffer_add(out, party->all[index].unit.at, party->all[index].unit.size);
        uint8_t role = (uint8_t)party->all[index].role;
        buffer_add(out, &role, 1); /* below every character of a slug: ends the name */
    }
}

static void circle_hash(const circle_t *circle, uint64_t due_ms, uint8_t hash[HASH_SIZE]) {
    buffer_t bytes = {0};
    uint8_t call[] = {(uint8_t)circle->call, circle->broken};
    buffer_add(&bytes, call, sizeof call);
    buffer_add(&bytes, &due_ms, sizeof due_ms);
    hash_party(&circle->climbing, &bytes);
    hash_party(&circle->pacing, &bytes);
    hash_party(&circle->grieving, &bytes);
    hash_party(&circle->watching, &bytes);
    hash_of((bytes_t){bytes.at, (uint32_t)bytes.size}, hash);
    buffer_destroy(&bytes);
}

/* The work that a changed circle means: piece after piece, in an order that does not change while it is done. */
typedef struct {
    turn_t *turn;
    const target_changed_t *target;
    const circle_t *circle;
    uint64_t from;       /* pieces of this step: from ≤ index < until */
    uint64_t until;
    uint64_t index;
} pieces_t;

static bool piece_is_ours(pieces_t *pieces) {
    bool ours = pieces->index >= pieces->from && pieces->index < pieces->until;
    pieces->index++;
    return ours;
}

static void open_all(pieces_t *pieces, subject_t what, const party_t *party) {
    for (uint32_t index = 0; index < party->count; index++) {
        if (!piece_is_ours(pieces)) continue;
        alerting_subject_t subject = {.what = what, .unit = party->all[index].unit, .task = pieces->target->task,
                                      .indicator = pieces->target->indicator, .role = party->all[index].role,
                                      .due_ms = pieces->target->due_ms};
        subject_open(pieces->turn, &subject);
    }
}

static bool is_met(const target_changed_t *target) {
    return target->reach == reach_met || target->reach == reach_met_after_due;
}

/* Everybody who was told of it and is no longer in the circle. */
static void close_rest(pieces_t *pieces, subject_t what, const party_t *party) {
    arena_t *arena = turn_arena(pieces->turn);
    store_key_t prefix = subject_prefix(what, pieces->target->indicator);
    alerting_subject_t *rest = NULL, row;
    uint32_t rest_count = 0;
    scan_t scan = scan_begin(turn_txn(pieces->turn), ALERTING_SUBJECT, &prefix, NULL);
    while (pieces->index < pieces->until && scan_next(&scan, arena, &row)) {
        if (recipient_find(party->all, party->count, row.unit) != NULL) continue;
        if (!piece_is_ours(pieces)) continue;
        if (rest == NULL) rest = arena_room(arena, sizeof *rest * LIMIT_AGENDA_STEP); /* mostly there is none */
        rest[rest_count++] = row;
    }
    scan_end(&scan);
    bool stopped = (what == SUBJECT_TARGET || what == SUBJECT_PACE) && pieces->circle->call == TARGET_STOPPED;
    bool moved = (what == SUBJECT_TARGET && pieces->circle->call == TARGET_OPEN) ||
                 (what == SUBJECT_PACE && !is_met(pieces->target));
    for (uint32_t index = 0; index < rest_count; index++) subject_close(pieces->turn, &rest[index], !stopped, moved);
}

static void circle_step(turn_t *turn, const target_changed_t *target, const circle_t *circle, uint64_t step) {
    pieces_t pieces = {turn, target, circle, step * LIMIT_AGENDA_STEP, (step + 1) * LIMIT_AGENDA_STEP, 0};
    open_all(&pieces, SUBJECT_TARGET, &circle->climbing);
    open_all(&pieces, SUBJECT_PACE, &circle->pacing);
    open_all(&pieces, SUBJECT_TENURE, &circle->grieving);
    open_all(&pieces, SUBJECT_RISK, &circle->watching);
    close_rest(&pieces, SUBJECT_TARGET, &circle->climbing);
    close_rest(&pieces, SUBJECT_PACE, &circle->pacing);
    close_rest(&pieces, SUBJECT_TENURE, &circle->grieving);
    close_rest(&pieces, SUBJECT_RISK, &circle->watching);
    if (pieces.index >= pieces.until || round_close(turn)) turn_continue(turn, step + 1);
}

static store_key_t target_key(text_t indicator) {
    store_key_t key = key_new();
    key_add_text(&key, indicator);
    return key;
}

/* Keeps the target as it is now. false: nobody else is to be told anything else than before. */
static bool target_keep(turn_t *turn, const target_changed_t *target, circle_t *circle) {
    store_key_t key = target_key(target->indicator);
    alerting_target_t before, now = {.target = *target};
    bool known = turn_get(turn, ALERTING_TARGET, &key, &before);
    now.at_risk = known && (tenure_at_risk(&before.target, target) || (before.at_risk && !tenure_risk_is_over(target)));
    now.target.proof = NULL;
    now.target.proof_count = 0;
    *circle = circle_of(turn, target, now.at_risk);
    circle_hash(circle, target->due_ms, now.circle);
    turn_put(turn, ALERTING_TARGET, &key, &now);
    return !known || memcmp(before.circle, now.circle, sizeof now.circle) != 0;
}

static void on_target_changed(turn_t *turn, const event_t *event, uint64_t step) {
    target_changed_t target;
    if (turn_memory(turn) == NULL || !turn_body(turn, event, target_changed_type(), &target)) return;
    circle_t circle;
    if (step == 0) {
        if (target_keep(turn, &target, &circle)) circle_step(turn, &target, &circle, step);
        pace_catch_up(turn, &target);
        return;
    }
    store_key_t key = target_key(target.indicator);
    alerting_target_t kept = {0};
    turn_get(turn, ALERTING_TARGET, &key, &kept);
    circle = circle_of(turn, &target, kept.at_risk);
    circle_step(turn, &target, &circle, step);
}

static void on_warning_ruling(turn_t *turn, const event_t *event) {
    warning_ruling_t ruling;
    if (turn_memory(turn) == NULL || !turn_body(turn, event, warning_ruling_type(), &ruling)) return;
    switch (ruling.decided.decision) {
    case warning_decision_answered: subject_answer(turn, &ruling.decided); break;
    case warning_decision_silenced: silence_begin(turn, &ruling.decided); break;
    case warning_decision_unsilenced: silence_end(turn, &ruling.decided); break;
    case warning_decision_reminded:
        subject_press(turn, &ruling.decided);
        (void)round_close(turn); /* one message */
        break;
    case warning_decision_none: break;
    }
}

static void apply(turn_t *turn, const event_t *event) {
    switch (event->kind) {
    case KIND_ledger_opened: on_ledger_opened(turn, event); break;
    case KIND_plan_part: on_plan_part(turn, event); break;
    case KIND_plan_adopted: on_plan_adopted(turn, event); break;
    case KIND_plan_closed: on_plan_ended(turn, false); break;
    case KIND_plan_sealed: on_plan_ended(turn, true); break;
    case KIND_clock_ticked: on_clock_ticked(turn, 0); break;
    case KIND_obligation_changed: on_obligation_changed(turn, event); break;
    case KIND_target_changed: on_target_changed(turn, event, 0); break;
    case KIND_warning_ruling: on_warning_ruling(turn, event); break;
    case KIND_disputes_changed: on_disputes_changed(turn, event, 0); break;
    case KIND_door_down: on_door_down(turn, event); break;
    case KIND_door_up: on_door_up(turn, event); break;
    case KIND_rules_activated:
    case KIND_key_registered:
    case KIND_key_revoked:
    case KIND_login_granted:
    case KIND_login_revoked:
    case KIND_officer_registered:
    case KIND_officer_revoked:
    case KIND_unit_bounded:
    case KIND_backup_taken:
    case KIND_ledger_restored:
    case KIND_quarantined:
    case KIND_notice_sent:
    case KIND_notice_retried:
    case KIND_notice_failed:
    case KIND_event_skipped:
    case KIND_total_changed: break; /* nothing to remind of */
    default: turn_unknown(turn, event); break;
    }
}

static void resume(turn_t *turn, const event_t *event, uint64_t step) {
    if (event->kind == KIND_clock_ticked) on_clock_ticked(turn, step);
    else if (event->kind == KIND_target_changed) on_target_changed(turn, event, step);
    else if (event->kind == KIND_disputes_changed) on_disputes_changed(turn, event, step);
    else turn_unknown(turn, event);
}

/* --- queries --- */

static size_t row_size(const warning_row_t *row) {
    size_t size = 512 + row->warning.zh.size + row->warning.en.size; /* 512: all the slugs and numbers */
    for (uint32_t index = 0; index < row->warning.missing_count; index++) size += row->warning.missing[index].size + 4;
    return size;
}

/* Takes a row into the answer if it was asked for. false: the page is full. */
static bool page_take(const warnings_ask_t *ask, const warning_row_t *row, warning_row_t *rows, warnings_t *page,
                      size_t *bytes) {
    if (ask->open_only && row->resolved) return true;
    size_t size = row_size(row);
    page->more = page->rows_count == LIMIT_ROWS || *bytes + size > LIMIT_BATCH;
    if (page->more) return false;
    *bytes += size;
    rows[page->rows_count++] = *row;
    return true;
}

/* All of them lie in the order of seq; those of one unit are found through TOLD_TO. */
static void on_warnings_ask(turn_t *turn, const packet_t *packet, reply_t *reply) {
    warnings_ask_t ask;
    fault_t fault;
    if (packet_body(packet, warnings_ask_type(), turn_arena(turn), &ask, &fault) != OK) return;
    if (turn_waits(turn, ask.at_least)) return;
    bool of_unit = ask.unit.size > 0;
    store_key_t prefix = key_new();
    if (of_unit) key_add_text(&prefix, ask.unit);
    store_key_t from = prefix;
    key_add_u64(&from, ask.after + 1);
    warning_row_t *rows = ARENA_NEW(turn_arena(turn), warning_row_t, LIMIT_ROWS), row;
    warnings_t page = {.as_of = turn_cause(turn), .rows = rows};
    size_t bytes = 0;
    alerting_mark_t mark;
    scan_t scan = scan_begin(turn_txn(turn), of_unit ? ALERTING_TOLD_TO : ALERTING_TOLD, &prefix, &from);
    while (of_unit ? scan_next(&scan, turn_arena(turn), &mark) : scan_next(&scan, turn_arena(turn), &row)) {
        uint32_t at = prefix.size;
        store_key_t key = key_new();
        key_add_u64(&key, key_next_u64(scan.key, &at));
        if (of_unit && !turn_get(turn, ALERTING_TOLD, &key, &row)) continue;
        if (!page_take(&ask, &row, rows, &page, &bytes)) break;
    }
    scan_end(&scan);
    reply_with(reply, warnings_type(), &page);
}

static void answer(turn_t *turn, const packet_t *ask, reply_t *reply) {
    if (ask->kind == KIND_warnings_ask) on_warnings_ask(turn, ask, reply);
    if (ask->kind == KIND_silences_ask) on_silences_ask(turn, ask, reply);
}

const role_t *alerting_role(void) {
    static const role_t role = {
        .name = "alerting",
        .reads = STREAM_TALLIES,
        .writes = STREAM_WARNINGS,
        .tables = tables,
        .table_count = ALERTING_TABLES,
        .apply = apply,
        .resume = resume,
        .memory_load = memory_load,
        .memory_destroy = memory_destroy,
        .answer = answer,
    };
    return &role;
}
