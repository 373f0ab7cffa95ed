/* Decisions on warnings, judged; and what is remembered of them: who promised what, who pressed for it. */
#include "services/2-validation/validation_state.h"

static store_key_t key_follow(const warning_decided_t *decided) {
    store_key_t key = key_report(decided->unit, decided->task, decided->period);
    key_add_text(&key, decided->indicator);
    return key;
}

/* Newest valid revision in, and not returned. */
static bool is_reported(turn_t *turn, const warning_decided_t *decided) {
    validation_standing_t standing = standing_get(turn, decided->unit, decided->task, decided->period);
    return standing.revision > 0 && standing.decision != decision_returned;
}

static void promise_note(turn_t *turn, const warning_decided_t *decided, follow_row_t *row) {
    row->by = decided->by;
    row->why = decided->why;
    row->promised_ms = (uint64_t)turn_now_ms(turn);
    row->promised_seq = turn_cause(turn);
    row->promised_by = decided->actor.officer;
}

static void reminder_note(turn_t *turn, const warning_decided_t *decided, follow_row_t *row) {
    row->reminded_ms = (uint64_t)turn_now_ms(turn);
    row->reminded_seq = turn_cause(turn);
    row->reminded_by = decided->actor.officer;
    row->reminded_office = decided->actor.office;
    row->reminded_why = decided->why;
    row->reminded_count++;
}

void on_warning_decided(turn_t *turn, const event_t *event) {
    warning_decided_t decided;
    if (plan_book(turn) == NULL || !turn_body(turn, event, warning_decided_type(), &decided)) return;
    bool answers = decided.decision == warning_decision_answered, presses = decided.decision == warning_decision_reminded;
    store_key_t key = key_follow(&decided);
    follow_row_t row;
    if (!(answers || presses) || !turn_get(turn, VALIDATION_FOLLOW, &key, &row))
        row = (follow_row_t){
            .unit = decided.unit, .task = decided.task, .period = decided.period, .indicator = decided.indicator};
    warning_ruled_t ruled = {.decided = decided};
    ruled.reasons = warning_reasons(plan_book(turn), &decided, is_reported(turn, &decided), &row, turn_now_ms(turn),
                                    turn_arena(turn), &ruled.reasons_count);
    if (ruled.reasons_count == 0 && answers) promise_note(turn, &decided, &row);
    if (ruled.reasons_count == 0 && presses) reminder_note(turn, &decided, &row);
    if (ruled.reasons_count == 0 && (answers || presses)) turn_put(turn, VALIDATION_FOLLOW, &key, &row);
    turn_emit(turn, warning_ruled_type(), &ruled);
}

void answer_follows(turn_t *turn, const packet_t *packet, reply_t *reply) {
    follows_ask_t ask;
    fault_t fault;
    if (packet_body(packet, follows_ask_type(), turn_arena(turn), &ask, &fault) != OK) return;
    if (turn_waits(turn, ask.at_least)) return;
    follow_row_t *rows = ARENA_NEW(turn_arena(turn), follow_row_t, LIMIT_ROWS), row;
    follows_t told = {.as_of = turn_cause(turn), .rows = rows};
    store_key_t all = key_new();
    uint64_t index = 0;
    scan_t scan = scan_begin(turn_txn(turn), VALIDATION_FOLLOW, &all, NULL);
    while (!told.more && scan_next(&scan, turn_arena(turn), &row)) {
        if ((ask.unit.size > 0 && !text_equal(ask.unit, row.unit)) || index++ < ask.after) continue;
        told.more = told.rows_count == LIMIT_ROWS;
        if (!told.more) rows[told.rows_count++] = row;
    }
    scan_end(&scan);
    reply_with(reply, follows_type(), &told);
}
