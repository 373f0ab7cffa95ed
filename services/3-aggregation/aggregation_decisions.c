/* What officers decided on reports: a returned revision leaves the totals, the one below it comes back from the shelf as it was. */
#include "services/3-aggregation/aggregation_state.h"

static store_key_t shelf_key(const report_accepted_t *report) {
    store_key_t key = KEY(report->task, report->unit, report->period);
    key_add_u64(&key, report->revision);
    return key;
}

/* Every share notes the deadline that its timely amounts were told by: an amendment may move it while they lie there. */
void shelf_put(turn_t *turn, const memory_t *memory, const report_accepted_t *report, const agg_report_t *old) {
    const task_t *task = planbook_task(memory->book, report->task);
    agg_share_t *shares = ARENA_NEW(turn_arena(turn), agg_share_t, old->shares_count + 1);
    for (uint32_t index = 0; index < old->shares_count; index++) {
        shares[index] = old->shares[index];
        shares[index].due_ms = (uint64_t)memory_watch(memory, task, shares[index].indicator)->aim.due_ms;
    }
    agg_report_t row = *old;
    row.shares = shares;
    store_key_t key = shelf_key(report);
    turn_put(turn, T_SHELF, &key, &row);
}

static void share_retime(turn_t *turn, const watch_t *watch, agg_share_t *share) {
    uint64_t due_ms = (uint64_t)watch->aim.due_ms;
    agg_part_t *parts = ARENA_NEW(turn_arena(turn), agg_part_t, share->parts_count + 1);
    for (uint32_t index = 0; index < share->parts_count; index++) {
        parts[index] = share->parts[index];
        if (share->due_ms != due_ms) parts[index].timely = part_timely(&parts[index], share->due_ms, due_ms);
    }
    share->parts = parts;
    share->due_ms = 0;
}

/* What the returned revision had taken the place of. false: nothing. */
static bool shelf_take(turn_t *turn, const memory_t *memory, const report_accepted_t *report, agg_report_t *row) {
    store_key_t key = shelf_key(report);
    *row = (agg_report_t){0};
    if (!turn_get(turn, T_SHELF, &key, row)) return false;
    turn_delete(turn, T_SHELF, &key);
    const task_t *task = planbook_task(memory->book, report->task);
    agg_share_t *shares = ARENA_NEW(turn_arena(turn), agg_share_t, row->shares_count + 1);
    for (uint32_t index = 0; index < row->shares_count; index++) {
        shares[index] = row->shares[index];
        share_retime(turn, memory_watch(memory, task, shares[index].indicator), &shares[index]);
    }
    row->shares = shares;
    return true;
}

void on_report_returned(turn_t *turn, const event_t *event) {
    report_returned_t returned;
    const memory_t *memory = turn_memory(turn);
    if (!turn_body(turn, event, report_returned_type(), &returned) || memory == NULL) return;
    report_accepted_t report = {
        .unit = returned.unit, .task = returned.task, .period = returned.period, .revision = returned.revision};
    report.claims = returned.claims;
    report.claims_count = returned.claims_count;
    agg_report_t old, now;
    report_get(turn, &report, &old);
    bool there = shelf_take(turn, memory, &report, &now);
    if (there) report_contest(turn, &report, &now);
    totals_exchange(turn, &report, &old, there ? &now : NULL);
    agg_obligation_t row;
    if (!obligation_get(turn, returned.unit, returned.task, returned.period, &row)) return;
    row.standing = standing_returned;
    row.decided_seq = turn_cause(turn);
    row.again_ms = returned.again_ms;
    row.counts = returned.counts;
    row.why = returned.why;
    obligation_decide(turn, returned.unit, returned.task, returned.period, &row);
}

void on_report_approved(turn_t *turn, const event_t *event) {
    report_approved_t approved;
    agg_obligation_t row;
    if (!turn_body(turn, event, report_approved_type(), &approved) || turn_memory(turn) == NULL) return;
    if (!obligation_get(turn, approved.unit, approved.task, approved.period, &row)) return;
    row.standing = standing_approved;
    row.decided_seq = turn_cause(turn);
    obligation_decide(turn, approved.unit, approved.task, approved.period, &row);
}

void on_extension_granted(turn_t *turn, const event_t *event) {
    extension_granted_t granted;
    if (!turn_body(turn, event, extension_granted_type(), &granted) || turn_memory(turn) == NULL) return;
    obligation_extend(turn, granted.unit, granted.task, granted.period, granted.due_ms);
}

void on_outage_counted(turn_t *turn, const event_t *event) {
    outage_counted_t counted;
    if (!turn_body(turn, event, outage_counted_type(), &counted) || turn_memory(turn) == NULL) return;
    store_key_t key = key_new();
    key_add_u64(&key, turn_cause(turn));
    agg_outage_t row = {.seq = turn_cause(turn), .from_ms = counted.from_ms, .to_ms = counted.to_ms, .units = counted.units,
                        .units_count = counted.units_count};
    turn_put(turn, T_OUTAGES, &key, &row);
    turn_forget(turn);
    pass_outage(turn);
}
