/* What officers decided on reports: a returned revision leaves the totals, the one below it counts again as it did. */
#include "services/3-aggregation/aggregation_state.h"

/* An amendment may have moved the deadlines while it did not count. */
static void revision_retime_all(turn_t *turn, const place_t *place, agg_revision_t *revision) {
    for (uint32_t index = 0; index < place->task->indicators_count; index++)
        if (place->watches[index].judged) (void)revision_retime(turn, &place->watches[index], revision);
}

void on_report_returned(turn_t *turn, const event_t *event) {
    report_returned_t returned;
    place_t place;
    agg_obligation_t row;
    const memory_t *memory = turn_memory(turn);
    if (!turn_body(turn, event, report_returned_type(), &returned) || memory == NULL) return;
    if (!place_find(memory, returned.unit, returned.task, returned.period, &place)) return;
    if (!obligation_get(turn, &place, &row)) return;
    agg_revision_t below;
    if (below_get(turn, row.counting.seq, &below)) {
        below_delete(turn, row.counting.seq);
        revision_retime_all(turn, &place, &below);
        revision_contest(turn, &place, returned.claims, returned.claims_count, &below);
    }
    bool owes = planbook_owes(memory->book, place.unit, place.task, place.period);
    row.standing = owes ? standing_returned : standing_lifted; /* out of the totals; of whom is gone nobody does it again */
    row.decided_seq = turn_cause(turn);
    row.again_ms = returned.again_ms;
    row.counts = returned.counts;
    row.why = returned.why;
    totals_exchange(turn, &place, returned.claims, returned.claims_count, &row, &below);
    obligation_emit(turn, memory, &place, &row);
}

void on_report_approved(turn_t *turn, const event_t *event) {
    report_approved_t approved;
    place_t place;
    agg_obligation_t row;
    const memory_t *memory = turn_memory(turn);
    if (!turn_body(turn, event, report_approved_type(), &approved) || memory == NULL) return;
    if (!place_find(memory, approved.unit, approved.task, approved.period, &place)) return;
    if (!obligation_get(turn, &place, &row)) return;
    row.standing = standing_approved;
    row.decided_seq = turn_cause(turn);
    obligation_put(turn, memory, &place, &row);
}

void on_extension_granted(turn_t *turn, const event_t *event) {
    extension_granted_t granted;
    place_t place;
    const memory_t *memory = turn_memory(turn);
    if (!turn_body(turn, event, extension_granted_type(), &granted) || memory == NULL) return;
    if (!place_find(memory, granted.unit, granted.task, granted.period, &place)) return;
    obligation_extend(turn, memory, &place, granted.due_ms);
}

void on_outage_counted(turn_t *turn, const event_t *event) {
    outage_counted_t counted;
    if (!turn_body(turn, event, outage_counted_type(), &counted) || turn_memory(turn) == NULL) return;
    store_key_t key = key_new();
    key_add_u64(&key, turn_cause(turn));
    agg_outage_t row = {.seq = turn_cause(turn), .from_ms = counted.from_ms, .to_ms = counted.to_ms, .units = counted.units,
                        .units_count = counted.units_count};
    turn_put(turn, T_OUTAGES, &key, &row);
    memory_forget(turn);
    pass_outage(turn);
}
