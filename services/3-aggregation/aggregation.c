/* Stream 2 in, stream 3 out: one handler an event. What each does stands in aggregation_time, _totals and _targets. */
#include "services/3-aggregation/aggregation.h"

#include "services/3-aggregation/aggregation_state.h"

const table_t aggregation_tables[T_COUNT] = {
    [T_PLAN] = {"plan", plan_adopted_type},     [T_PASS] = {"pass", agg_pass_type},
    [T_PERIODS] = {"periods", agg_period_type}, [T_DOSSIERS] = {"dossiers", agg_dossier_type},
    [T_BELOW] = {"below", agg_shelf_type},   [T_TALLIES] = {"tallies", agg_tally_type},
    [T_DAYS] = {"days", agg_day_type},          [T_SPOTS] = {"spots", agg_spot_type},
    [T_PERSONS] = {"persons", proof_row_type},  [T_TARGETS] = {"targets", agg_told_type},
    [T_PLAN_PARTS] = {"plan_parts", plan_part_type}, [T_AIMS] = {"aims", agg_aim_type},
    [T_OUTAGES] = {"outages", agg_outage_type},
};

/* A commit writes each dossier once; a report lays down what it takes the place of. */
static const rows_way_t ways[T_COUNT] = {[T_DOSSIERS] = ROWS_STRAIGHT, [T_SPOTS] = ROWS_STRAIGHT, [T_BELOW] = ROWS_APPENDED};

const plan_tables_t aggregation_plan_tables = {T_PLAN, T_PLAN_PARTS};

static void on_plan_part(turn_t *turn, const event_t *event) {
    plan_part_t part;
    if (turn_body(turn, event, plan_part_type(), &part)) plan_keep_part(turn_txn(turn), aggregation_plan_tables, &part);
}

static void on_plan_adopted(turn_t *turn, const event_t *event) {
    plan_adopted_t adopted;
    if (!turn_body(turn, event, plan_adopted_type(), &adopted)) return;
    known_periods_t known = periods_known(turn);
    memory_forget(turn); /* before there is another plan: what is at hand belongs to the old one's indicators */
    plan_keep(turn_txn(turn), aggregation_plan_tables, &adopted);
    periods_come(turn, &known);
    pass_amend(turn); /* every indicator tells its first verdict, every period that is open already opens */
}

static void on_clock_ticked(turn_t *turn) { pass_begin(turn, false); }

static void on_plan_closed(turn_t *turn) {
    agg_pass_t pass = pass_get(turn);
    pass.closed = true;
    pass_put(turn, &pass);
    memory_forget(turn);
    pass_begin(turn, true); /* "not met, which is said only at the close" */
}

/* Judged a last time; nothing that comes, no day that passes changes anything any more. */
static void on_plan_sealed(turn_t *turn) {
    agg_pass_t pass = pass_get(turn);
    pass.sealed_ms = (uint64_t)turn_now_ms(turn);
    pass_put(turn, &pass);
    pass_begin(turn, true);
}

static void on_report_accepted(turn_t *turn, const event_t *event) {
    report_accepted_t report;
    place_t place;
    agg_obligation_t row;
    const memory_t *memory = turn_memory(turn);
    if (!turn_body(turn, event, report_accepted_type(), &report) || memory == NULL) return;
    /* validation refuses what has no place in the plan; a total has none for it */
    if (!place_find(memory, report.unit, report.task, report.period, &place)) return;
    if (totals_replace_plain(turn, &place, &report)) return;
    wire_known_t counting;
    obligation_read(turn, &place, turn_arena(turn), &row, &counting);
    obligation_report(turn, &place, &report, &row);
    totals_replace(turn, &place, &report, &row, &counting);
}

static void on_credit_taken(turn_t *turn, const event_t *event) {
    credit_taken_t taken;
    if (turn_body(turn, event, credit_taken_type(), &taken) && turn_memory(turn) != NULL) totals_credit(turn, &taken);
}

/* No figure depends on it; alerting reads stream 3 alone. */
static void on_warning_ruled(turn_t *turn, const event_t *event) {
    warning_ruled_t ruled;
    if (!turn_body(turn, event, warning_ruled_type(), &ruled) || ruled.reasons_count > 0) return;
    warning_ruling_t ruling = {.decided = ruled.decided};
    turn_emit(turn, warning_ruling_type(), &ruling);
}

static void on_claims_disputed(turn_t *turn, const event_t *event) {
    claims_disputed_t disputed;
    if (!turn_body(turn, event, claims_disputed_type(), &disputed)) return;
    disputes_changed_t changed = {.rows = disputed.rows, .rows_count = disputed.rows_count};
    turn_emit(turn, disputes_changed_type(), &changed);
}

static void apply(turn_t *turn, const event_t *event) {
    dossiers_trim(turn);
    switch (event->kind) {
    case KIND_plan_part: on_plan_part(turn, event); break;
    case KIND_plan_adopted: on_plan_adopted(turn, event); break;
    case KIND_clock_ticked: on_clock_ticked(turn); break;
    case KIND_plan_closed: on_plan_closed(turn); break;
    case KIND_plan_sealed: on_plan_sealed(turn); break;
    case KIND_report_accepted: on_report_accepted(turn, event); break;
    case KIND_credit_taken: on_credit_taken(turn, event); break;
    case KIND_warning_ruled: on_warning_ruled(turn, event); break;
    case KIND_claims_disputed: on_claims_disputed(turn, event); break;
    case KIND_report_returned: on_report_returned(turn, event); break;
    case KIND_report_approved: on_report_approved(turn, event); break;
    case KIND_extension_granted: on_extension_granted(turn, event); break;
    case KIND_outage_counted: on_outage_counted(turn, event); break;
    case KIND_extension_denied:
    case KIND_request_taken: /* asking moves no deadline */
    case KIND_request_refused:
    case KIND_measure_taken: /* in words: no figure depends on them */
    case KIND_measure_refused:
    case KIND_credit_refused:
    case KIND_decision_refused:
    case KIND_report_refused: /* nothing is burnt: it counts nowhere */
    case KIND_ledger_opened:
    case KIND_rules_activated:
    case KIND_key_registered:
    case KIND_key_revoked:
    case KIND_login_granted:
    case KIND_login_revoked:
    case KIND_officer_registered:
    case KIND_door_down:
    case KIND_door_up:
    case KIND_officer_revoked:
    case KIND_unit_bounded:
    case KIND_backup_taken:
    case KIND_ledger_restored:
    case KIND_quarantined:
    case KIND_notice_sent:
    case KIND_notice_retried:
    case KIND_notice_failed:
    case KIND_event_skipped: break;
    default: turn_unknown(turn, event); break;
    }
}

static void resume(turn_t *turn, const event_t *event, uint64_t step) {
    (void)event; /* only the passing of time takes more than one step */
    dossiers_trim(turn);
    pass_step(turn, step);
}

const role_t *aggregation_role(void) {
    static const role_t role = {.name = "aggregation",
                                .reads = STREAM_VERDICTS,
                                .writes = STREAM_TALLIES,
                                .tables = aggregation_tables,
                                .table_count = T_COUNT,
                                .ways = ways,
                                .apply = apply,
                                .resume = resume,
                                .memory_load = aggregation_memory_load,
                                .memory_destroy = aggregation_memory_destroy,
                                .settle = hands_settle,
                                .answer = aggregation_answer};
    return &role;
}
