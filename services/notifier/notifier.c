/* The notifier's handlers, one per event of stream 4, and the proof of notification. */
#include "services/notifier/notifier.h"

#include "proto/crypto.h"
#include "services/plan/plan_kept.h"

#include <string.h>

#define DEF_FILE "services/notifier/notifier.def"
#include "proto/define.h"

static const table_t tables[NOTIFIER_TABLES] = {
    [NOTIFIER_PLAN] = {"plan", plan_adopted_type},
    [NOTIFIER_PLAN_PARTS] = {"plan_parts", plan_part_type},
    [NOTIFIER_MODE] = {"mode", notifier_mode_type},
    [NOTIFIER_TOLD] = {"told", notifier_told_type},
    [NOTIFIER_TOLD_TO] = {"told_to", notifier_place_type},
    [NOTIFIER_PLACE] = {"place", notifier_place_type},
    [NOTIFIER_RESULT] = {"result", notice_row_type},
    [NOTIFIER_MESSAGE] = {"message", notifier_place_type},
    [NOTIFIER_DEAD] = {"dead", dead_row_type},
};

/* --- keys --- */

static store_key_t only_key(void) {
    store_key_t key = key_new();
    key_add_text(&key, text_of("only"));
    return key;
}

store_key_t told_key(uint64_t seq) {
    store_key_t key = key_new();
    key_add_u64(&key, seq);
    return key;
}

static store_key_t place_key(const uint8_t warning_id[16], notice_state_t state) {
    store_key_t key = key_new();
    key_add_bytes(&key, warning_id, 16);
    key_add_u64(&key, state);
    return key;
}

store_key_t result_key(const uint8_t warning_id[16], notice_state_t state, const uint8_t outbox_id[16]) {
    store_key_t key = place_key(warning_id, state);
    key_add_bytes(&key, outbox_id, 16);
    return key;
}

store_key_t message_key(const uint8_t message_id[16]) {
    store_key_t key = key_new();
    key_add_bytes(&key, message_id, 16);
    return key;
}

/* --- for the sender --- */

notifier_mode_t notifier_mode(txn_t *txn, arena_t *arena) {
    store_key_t key = only_key();
    notifier_mode_t mode;
    if (txn_get(txn, NOTIFIER_MODE, &key, arena, &mode)) return mode;
    return (notifier_mode_t){0};
}

bool notifier_is_sure(txn_t *txn, const head_t *sure) {
    uint8_t hash[HASH_SIZE];
    if (txn == NULL || txn_fact(txn, "in_seq") != sure->seq) return false;
    txn_fact_bytes(txn, "in_hash", hash, sizeof hash);
    return memcmp(sure->hash, hash, sizeof hash) == 0;
}

static const plan_tables_t plan_tables = {NOTIFIER_PLAN, NOTIFIER_PLAN_PARTS};

planbook_t *notifier_book(txn_t *txn) { return plan_kept(txn, plan_tables); }

void notifier_messenger(txn_t *txn, const notifier_told_t *told, arena_t *arena, uint8_t id[16]) {
    store_key_t at = place_key(told->warning.bundle, notice_state_raised);
    notifier_place_t place;
    notifier_told_t first;
    memcpy(id, told->warning.id, 16);
    if (told->state != notice_state_raised || memcmp(told->warning.bundle, told->warning.id, 16) == 0) return;
    if (!txn_get(txn, NOTIFIER_PLACE, &at, arena, &place)) return;
    store_key_t key = told_key(place.seq);
    if (txn_get(txn, NOTIFIER_TOLD, &key, arena, &first) && first.digest > 0) memcpy(id, first.warning.id, 16);
}

/* --- handlers --- */

static void mode_put(turn_t *turn, notifier_mode_t mode) {
    store_key_t key = only_key();
    turn_put(turn, NOTIFIER_MODE, &key, &mode);
}

static void on_ledger_opened(turn_t *turn, const event_t *event) {
    ledger_opened_t opened;
    if (!turn_body(turn, event, ledger_opened_type(), &opened)) return;
    notifier_mode_t mode = notifier_mode(turn_txn(turn), turn_arena(turn));
    mode.rehearsal = opened.clock_mode == clock_mode_rehearsal;
    mode.epoch = event->epoch;
    mode_put(turn, mode);
}

static void on_ledger_restored(turn_t *turn, const event_t *event) {
    notifier_mode_t mode = notifier_mode(turn_txn(turn), turn_arena(turn));
    mode.epoch = event->epoch;
    mode_put(turn, mode);
}

static void on_plan_part(turn_t *turn, const event_t *event) {
    plan_part_t part;
    if (turn_body(turn, event, plan_part_type(), &part)) plan_keep_part(turn_txn(turn), plan_tables, &part);
}

static void on_plan_adopted(turn_t *turn, const event_t *event) {
    plan_adopted_t adopted;
    if (!turn_body(turn, event, plan_adopted_type(), &adopted)) return;
    plan_keep(turn_txn(turn), plan_tables, &adopted);
    notifier_mode_t mode = notifier_mode(turn_txn(turn), turn_arena(turn));
    mode.plans++;
    mode_put(turn, mode);
}

static void told_add(turn_t *turn, const event_t *event, notice_state_t state, const warning_raised_t *warning) {
    notifier_told_t told = {.seq = event->seq, .cause_seq = event->cause_seq, .at_ms = (uint64_t)event->at_ms, .state = state,
                            .warning = *warning};
    notifier_place_t place = {.seq = event->seq};
    store_key_t key = told_key(event->seq), to = key_new(), at = place_key(warning->id, state);
    turn_put(turn, NOTIFIER_TOLD, &key, &told);
    key_add_text(&to, warning->unit);
    key_add_u64(&to, event->seq);
    turn_put(turn, NOTIFIER_TOLD_TO, &to, &place);
    turn_put(turn, NOTIFIER_PLACE, &at, &place);
}

static bool told_find(turn_t *turn, const uint8_t warning_id[16], store_key_t *key, notifier_told_t *told) {
    store_key_t at = place_key(warning_id, notice_state_raised);
    notifier_place_t place;
    if (!turn_get(turn, NOTIFIER_PLACE, &at, &place)) return false;
    *key = told_key(place.seq);
    return turn_get(turn, NOTIFIER_TOLD, key, told);
}

static void on_warning_raised(turn_t *turn, const event_t *event) {
    warning_raised_t raised;
    if (turn_body(turn, event, warning_raised_type(), &raised)) told_add(turn, event, notice_state_raised, &raised);
}

/* What it withdraws learns of it: until that is sent it need not be. */
static void withdraw(turn_t *turn, const uint8_t warning_id[16], uint64_t seq) {
    store_key_t key;
    notifier_told_t told;
    if (!told_find(turn, warning_id, &key, &told)) return;
    told.withdrawn_seq = seq;
    turn_put(turn, NOTIFIER_TOLD, &key, &told);
}

static void on_warning_resolved(turn_t *turn, const event_t *event) {
    warning_resolved_t resolved;
    if (!turn_body(turn, event, warning_resolved_type(), &resolved)) return;
    warning_raised_t words = {.episode = resolved.episode, .kind = resolved.kind, .rung = resolved.rung,
                              .level = resolved.level, .unit = resolved.unit, .addressee = resolved.addressee,
                              .task = resolved.task, .period = resolved.period, .indicator = resolved.indicator,
                              .due_ms = resolved.due_ms, .zh = resolved.zh, .en = resolved.en, .owner = resolved.owner,
                              .rehearsal = resolved.rehearsal, .life = life_resolved};
    memcpy(words.id, resolved.id, sizeof words.id);
    memcpy(words.bundle, resolved.id, sizeof words.bundle);
    told_add(turn, event, notice_state_resolved, &words);
    withdraw(turn, resolved.id, event->seq);
}

static void on_warning_acknowledged(turn_t *turn, const event_t *event) {
    warning_acknowledged_t answered;
    store_key_t key;
    notifier_told_t told;
    if (!turn_body(turn, event, warning_acknowledged_type(), &answered) || !told_find(turn, answered.id, &key, &told)) return;
    told.answered_seq = event->seq;
    told.promised = answered.by;
    turn_put(turn, NOTIFIER_TOLD, &key, &told);
}

/* Of a digest the first warning is the messenger, with the digest's words; the others are told by it. A smaller bundle is put
 * together from what of it still stands when it is sent. */
static void on_bundle_told(turn_t *turn, const event_t *event) {
    bundle_told_t bundle;
    store_key_t key;
    notifier_told_t told;
    if (!turn_body(turn, event, bundle_told_type(), &bundle) || !bundle.digest) return;
    if (!told_find(turn, bundle.id, &key, &told)) return;
    told.digest = bundle.count;
    told.warning.level = bundle.level;
    told.warning.boss = bundle.boss;
    told.warning.zh = bundle.zh;
    told.warning.en = bundle.en;
    turn_put(turn, NOTIFIER_TOLD, &key, &told);
}

static bool is_dead(const notice_row_t *row) {
    if (row->sent) return false;
    return row->why == notice_why_refused || row->why == notice_why_given_up || row->why == notice_why_unreachable;
}

static void dead_count(turn_t *turn, int64_t more) {
    notifier_mode_t mode = notifier_mode(turn_txn(turn), turn_arena(turn));
    mode.dead = (uint64_t)((int64_t)mode.dead + more);
    mode_put(turn, mode);
}

/* A dead letter is one until it is sent after all, or told otherwise. */
static void dead_note(turn_t *turn, const store_key_t *key, const notice_row_t *row, const notice_part_t *part) {
    dead_row_t dead;
    bool was = turn_get(turn, NOTIFIER_DEAD, key, &dead), is = is_dead(row);
    if (!was && !is) return;
    dead = (dead_row_t){.result = *row, .state = part->state, .unit = part->unit, .rung = part->rung};
    memcpy(dead.warning_id, part->warning_id, sizeof dead.warning_id);
    if (is) turn_put(turn, NOTIFIER_DEAD, key, &dead);
    else turn_delete(turn, NOTIFIER_DEAD, key);
    if (is != was) dead_count(turn, is ? 1 : -1);
}

static void results_put(turn_t *turn, const event_t *event, notice_row_t row, const notice_part_t *parts, uint32_t count) {
    row.entry = event->cause_seq;
    row.entry_ms = (uint64_t)event->at_ms;
    for (uint32_t index = 0; index < count; index++) {
        memcpy(row.outbox_id, parts[index].outbox_id, sizeof row.outbox_id);
        store_key_t key = result_key(parts[index].warning_id, parts[index].state, parts[index].outbox_id);
        notice_row_t old;
        bool stays = !row.sent && turn_get(turn, NOTIFIER_RESULT, &key, &old) && old.sent; /* sent is sent */
        if (stays) continue;
        turn_put(turn, NOTIFIER_RESULT, &key, &row);
        dead_note(turn, &key, &row, &parts[index]);
    }
    store_key_t key = message_key(row.message);
    notifier_place_t place = {.seq = event->cause_seq};
    turn_put(turn, NOTIFIER_MESSAGE, &key, &place);
}

static void on_notice_sent(turn_t *turn, const event_t *event) {
    notice_sent_t sent;
    if (!turn_body(turn, event, notice_sent_type(), &sent)) return;
    notice_row_t row = {.route = sent.route, .channel = sent.channel, .sent = true, .attempt = sent.attempt, .code = sent.code,
                        .at_ms = sent.sent_ms};
    memcpy(row.contact, sent.contact, sizeof row.contact);
    memcpy(row.message, sent.id, sizeof row.message);
    results_put(turn, event, row, sent.parts, sent.parts_count);
}

static void on_notice_failed(turn_t *turn, const event_t *event) {
    notice_failed_t failed;
    if (!turn_body(turn, event, notice_failed_type(), &failed)) return;
    notice_row_t row = {.route = failed.route, .channel = failed.channel, .why = failed.why, .attempt = failed.attempt,
                        .code = failed.code, .transport = failed.transport, .at_ms = failed.failed_ms};
    memcpy(row.contact, failed.contact, sizeof row.contact);
    memcpy(row.message, failed.id, sizeof row.message);
    results_put(turn, event, row, failed.parts, failed.parts_count);
}

/* Its result is not the last: the sender, who looks through everything again, finds it without one. */
static void retry_one(turn_t *turn, const store_key_t *key) {
    notice_row_t row;
    turn_delete(turn, NOTIFIER_DEAD, key);
    dead_count(turn, -1);
    if (!turn_get(turn, NOTIFIER_RESULT, key, &row)) return;
    row.retried = turn_cause(turn);
    turn_put(turn, NOTIFIER_RESULT, key, &row);
}

static bool is_meant(const notice_retried_t *retried, const dead_row_t *dead) {
    static const uint8_t any[16];
    bool this_one = memcmp(retried->message, any, sizeof any) == 0 ||
                    memcmp(retried->message, dead->result.message, sizeof any) == 0;
    return this_one && (retried->route.size == 0 || text_equal(retried->route, dead->result.route));
}

static void on_notice_retried(turn_t *turn, const event_t *event, uint64_t step) {
    notice_retried_t retried;
    if (!turn_body(turn, event, notice_retried_type(), &retried)) return;
    store_key_t *keys = ARENA_NEW(turn_arena(turn), store_key_t, LIMIT_AGENDA_STEP), all = key_new();
    uint32_t count = 0;
    dead_row_t dead;
    scan_t scan = scan_begin(turn_txn(turn), NOTIFIER_DEAD, &all, NULL);
    while (count < LIMIT_AGENDA_STEP && scan_next(&scan, turn_arena(turn), &dead))
        if (is_meant(&retried, &dead)) keys[count++] = result_key(dead.warning_id, dead.state, dead.result.outbox_id);
    scan_end(&scan);
    for (uint32_t index = 0; index < count; index++) retry_one(turn, &keys[index]);
    if (count == LIMIT_AGENDA_STEP) { /* there may be more; the sender looks once all of them are back */
        turn_continue(turn, step + 1);
        return;
    }
    notifier_mode_t mode = notifier_mode(turn_txn(turn), turn_arena(turn));
    mode.retries++;
    mode_put(turn, mode);
}

static void apply(turn_t *turn, const event_t *event) {
    switch (event->kind) {
    case KIND_ledger_opened: on_ledger_opened(turn, event); break;
    case KIND_ledger_restored: on_ledger_restored(turn, event); break;
    case KIND_plan_part: on_plan_part(turn, event); break;
    case KIND_plan_adopted: on_plan_adopted(turn, event); break;
    case KIND_warning_raised: on_warning_raised(turn, event); break;
    case KIND_warning_resolved: on_warning_resolved(turn, event); break;
    case KIND_warning_acknowledged: on_warning_acknowledged(turn, event); break;
    case KIND_bundle_told: on_bundle_told(turn, event); break;
    case KIND_warning_withheld: break; /* decided not to be told: alerting keeps the proof */
    case KIND_notice_sent: on_notice_sent(turn, event); break;
    case KIND_notice_failed: on_notice_failed(turn, event); break;
    case KIND_notice_retried: on_notice_retried(turn, event, 0); break;
    default: /* all other control entries change nothing that is told outside; the runtime counts the time */
        if (!kind_is_control(event->kind)) turn_unknown(turn, event);
        break;
    }
}

static void resume(turn_t *turn, const event_t *event, uint64_t step) {
    if (event->kind == KIND_notice_retried) on_notice_retried(turn, event, step);
    else turn_unknown(turn, event);
}

/* --- the queries --- */

static bool asked_for(const notices_ask_t *ask, const notifier_told_t *told) {
    static const uint8_t any[16];
    bool this_one = memcmp(ask->warning_id, any, sizeof any) == 0 || memcmp(ask->warning_id, told->warning.id, sizeof any) == 0;
    return this_one && (ask->unit.size == 0 || text_equal(ask->unit, told->warning.unit));
}

/* Its ways outside, at most LIMIT_NOTICE_RESULTS of them. true: one of them reached somebody. */
static bool results_get(turn_t *turn, const notifier_told_t *told, notice_told_t *row) {
    notice_row_t *results = ARENA_NEW(turn_arena(turn), notice_row_t, LIMIT_NOTICE_RESULTS);
    uint8_t messenger[16];
    notifier_messenger(turn_txn(turn), told, turn_arena(turn), messenger);
    store_key_t prefix = place_key(messenger, row->state);
    bool reached = false;
    scan_t scan = scan_begin(turn_txn(turn), NOTIFIER_RESULT, &prefix, NULL);
    while (row->results_count < LIMIT_NOTICE_RESULTS && scan_next(&scan, turn_arena(turn), &results[row->results_count]))
        reached = results[row->results_count++].sent || reached;
    scan_end(&scan);
    row->results = results;
    return reached;
}

static notice_told_t row_of(const notifier_told_t *told) {
    notice_told_t row = {.seq = told->seq, .cause_seq = told->cause_seq, .at_ms = told->at_ms, .state = told->state,
                         .level = told->warning.level, .rung = told->warning.rung, .unit = told->warning.unit,
                         .zh = told->warning.zh, .en = told->warning.en, .withdrawn_seq = told->withdrawn_seq,
                         .answered_seq = told->answered_seq, .promised = told->promised};
    memcpy(row.id, told->warning.id, sizeof row.id);
    return row;
}

/* false: the page is full. */
static bool page_take(turn_t *turn, const notices_ask_t *ask, const notifier_told_t *told, notice_told_t *rows, notices_t *page,
                      size_t *bytes) {
    notice_told_t row = row_of(told);
    if (results_get(turn, told, &row) && ask->silent_only) return true;
    size_t size = 256 + row.zh.size + row.en.size + row.results_count * (size_t)256;
    page->more = page->rows_count == LIMIT_ROWS || *bytes + size > LIMIT_BATCH;
    if (page->more) return false;
    *bytes += size;
    rows[page->rows_count++] = row;
    return true;
}

static void on_notices_ask(turn_t *turn, const packet_t *packet, reply_t *reply) {
    notices_ask_t ask;
    fault_t fault;
    if (packet_body(packet, notices_ask_type(), turn_arena(turn), &ask, &fault) != OK) {
        reply_refuse(reply, text_of(fault.code), fault.path, text_of(NULL));
        return;
    }
    if (turn_waits(turn, ask.at_least)) return;
    bool of_unit = ask.unit.size > 0;
    store_key_t prefix = key_new();
    if (of_unit) key_add_text(&prefix, ask.unit);
    store_key_t from = prefix;
    key_add_u64(&from, ask.after + 1);
    notice_told_t *rows = ARENA_NEW(turn_arena(turn), notice_told_t, LIMIT_ROWS);
    notices_t page = {.as_of = turn_cause(turn), .rows = rows, .last = ask.after};
    size_t bytes = 0;
    notifier_told_t told;
    notifier_place_t place;
    scan_t scan = scan_begin(turn_txn(turn), of_unit ? NOTIFIER_TOLD_TO : NOTIFIER_TOLD, &prefix, &from);
    while (of_unit ? scan_next(&scan, turn_arena(turn), &place) : scan_next(&scan, turn_arena(turn), &told)) {
        store_key_t key = told_key(place.seq);
        if (of_unit && !turn_get(turn, NOTIFIER_TOLD, &key, &told)) continue;
        if (asked_for(&ask, &told) && !page_take(turn, &ask, &told, rows, &page, &bytes)) break;
        page.last = told.seq;
    }
    scan_end(&scan);
    reply_with(reply, notices_type(), &page);
}

static void on_dead_ask(turn_t *turn, const packet_t *packet, reply_t *reply) {
    dead_ask_t ask;
    fault_t fault;
    if (packet_body(packet, dead_ask_type(), turn_arena(turn), &ask, &fault) != OK) return;
    if (turn_waits(turn, ask.at_least)) return;
    dead_row_t *rows = ARENA_NEW(turn_arena(turn), dead_row_t, LIMIT_ROWS), row;
    dead_letters_t told = {.as_of = turn_cause(turn), .rows = rows};
    store_key_t all = key_new();
    uint64_t index = 0;
    scan_t scan = scan_begin(turn_txn(turn), NOTIFIER_DEAD, &all, NULL);
    while (!told.more && scan_next(&scan, turn_arena(turn), &row)) {
        if (index++ < ask.after) continue;
        told.more = told.rows_count == LIMIT_ROWS;
        if (!told.more) rows[told.rows_count++] = row;
    }
    scan_end(&scan);
    reply_with(reply, dead_letters_type(), &told);
}

static void answer(turn_t *turn, const packet_t *ask, reply_t *reply) {
    if (ask->kind == KIND_notices_ask) on_notices_ask(turn, ask, reply);
    if (ask->kind == KIND_dead_ask) on_dead_ask(turn, ask, reply);
}

const role_t *notifier_role(void) {
    static const role_t role = {
        .name = "notifier",
        .reads = STREAM_WARNINGS,
        .writes = STREAM_NONE,
        .tables = tables,
        .table_count = NOTIFIER_TABLES,
        .apply = apply,
        .resume = resume,
        .answer = answer,
    };
    return &role;
}
