/* Claims: what is named twice counts once; who counts, who is told, what a decision changes. */
#include "services/2-validation/validation_rules.h"
#include "tests/unit/validation_ledger.h"

#define NORTH T("350104100")
#define SOUTH T("350104101")
enum { DAY = 20210902 };

static void assert_text(text_t text, const char *wanted) {
    if (!text_is(text, wanted)) fail_msg("\"" TEXT_FORMAT "\" is not \"%s\"", TEXT_ARGS(text), wanted);
}

/* `unit` reports one receipt, or none (key empty: the plain amount). */
static uint64_t raised(ledger_t *ledger, uint8_t id, text_t unit, text_t period, uint64_t replaces, text_t key, int64_t amount) {
    report_t report = raised_report(ledger, id, period, replaces, amount);
    figure_t *figure = ARENA_NEW(ledger->arena, figure_t, 1);
    item_t *item = ARENA_NEW(ledger->arena, item_t, 1);
    *figure = report.figures[0];
    *item = item_of(key_kind_receipt, key, DAY, amount);
    figure->items = key.size > 0 ? item : NULL;
    figure->items_count = key.size > 0;
    report.figures = figure;
    uint64_t seq = ledger_report(ledger, unit, report, at_ten(ledger, 20210920));
    ledger_feed(ledger);
    verdict_t verdict = verdict_at(ledger, seq);
    if (!verdict.accepted) fail_msg("refused: " TEXT_FORMAT, TEXT_ARGS(verdict.reasons[0].code));
    return seq;
}

static claims_t contests(ledger_t *ledger, bool open_only) {
    claims_t claims;
    ledger_ask(ledger, claims_ask_type(), &(claims_ask_t){.open_only = open_only}, claims_type(), &claims);
    return claims;
}

static report_accepted_t accepted_last(ledger_t *ledger) {
    event_t event = ledger_last_of(ledger, KIND_report_accepted);
    report_accepted_t accepted;
    fault_t fault;
    assert_int_equal(event_body(&event, report_accepted_type(), ledger->arena, &accepted, &fault), OK);
    return accepted;
}

static verdict_t credits(ledger_t *ledger, text_t unit, text_t period, uint64_t seq, office_t office, text_t actor_unit) {
    claim_credited_t credited = {.indicator = T("raised"),
                                 .key_kind = key_kind_receipt,
                                 .key = T("bk-1"),
                                 .unit = unit,
                                 .period = period,
                                 .seq = seq,
                                 .why = T("已核实"),
                                 .command_id = {9},
                                 .actor = {.office = office, .unit = actor_unit, .credential = credential_signature,
                                           .door = door_operator}};
    uint64_t at = ledger_append(ledger, claim_credited_type(), &credited, at_ten(ledger, 20210921));
    ledger_feed(ledger);
    return verdict_at(ledger, at);
}

static void a_second_claim_of_a_key_is_told_to_who_makes_it_and_does_not_count(void **state) {
    ledger_t *ledger = *state;
    raised(ledger, 1, NORTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    assert_int_equal(accepted_last(ledger).claims_count, 0);
    uint64_t second = raised(ledger, 2, SOUTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    report_accepted_t accepted = accepted_last(ledger);
    assert_int_equal(accepted.claims_count, 1);
    assert_true(accepted.claims[0].contested);
    assert_true(text_equal(accepted.claims[0].unit, SOUTH));
    assert_true(text_is(accepted.explained[0].code, "claimed_first"));
    assert_true(text_is(accepted.explained[0].path, "figures[0].items[0].key"));
    assert_false(accepted.explained[0].soft);
    assert_int_equal(contests(ledger, true).rows_count, 1);
    contest_t contest = contests(ledger, true).rows[0];
    assert_int_equal(contest.claimants, 2);
    assert_true(text_equal(contest.claims[0].unit, NORTH) && !contest.claims[0].contested);
    assert_true(text_equal(contest.claims[1].unit, SOUTH) && contest.claims[1].contested);
    assert_int_equal(contest.claims[1].seq, second);
}

static void a_revision_that_withdraws_the_first_claim_frees_the_next(void **state) {
    ledger_t *ledger = *state;
    raised(ledger, 1, NORTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    raised(ledger, 2, SOUTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    raised(ledger, 3, NORTH, T("2021-09"), 1, T(""), YUAN(70));
    report_accepted_t accepted = accepted_last(ledger);
    assert_int_equal(accepted.claims_count, 1);
    assert_false(accepted.claims[0].contested);
    assert_true(text_equal(accepted.claims[0].unit, SOUTH));
    assert_int_equal(accepted.claims[0].amount.value, YUAN(100));
    assert_int_equal(contests(ledger, false).rows_count, 0);
}

static void a_claim_that_is_restated_keeps_its_age(void **state) {
    ledger_t *ledger = *state;
    uint64_t first = raised(ledger, 1, NORTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    raised(ledger, 2, SOUTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    uint64_t again = raised(ledger, 3, NORTH, T("2021-09"), 1, T("bk-1"), YUAN(120));
    contest_t contest = contests(ledger, false).rows[0];
    assert_true(text_equal(contest.claims[0].unit, NORTH));
    assert_int_equal(contest.claims[0].since_seq, first);
    assert_int_equal(contest.claims[0].seq, again);
    assert_int_equal(contest.claims[0].amount.value, YUAN(120));
}

static void one_unit_in_two_months_claims_twice(void **state) {
    ledger_t *ledger = *state;
    raised(ledger, 1, NORTH, T("2021-08"), 0, T("bk-1"), YUAN(100));
    raised(ledger, 2, NORTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    contest_t contest = contests(ledger, true).rows[0];
    assert_true(text_is(contest.claims[0].period, "2021-08"));
    assert_true(text_is(contest.claims[1].period, "2021-09") && contest.claims[1].contested);
}

static void the_coordinator_credits_one_and_that_is_told(void **state) {
    ledger_t *ledger = *state;
    raised(ledger, 1, NORTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    uint64_t second = raised(ledger, 2, SOUTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    assert_true(credits(ledger, SOUTH, T("2021-09"), second, office_coordinator, T("rensheju")).accepted);
    event_t event = ledger_last_of(ledger, KIND_credit_taken);
    credit_taken_t taken;
    fault_t fault;
    assert_int_equal(event_body(&event, credit_taken_type(), ledger->arena, &taken, &fault), OK);
    assert_int_equal(taken.claims_count, 2);
    assert_true(taken.claims[0].contested && text_equal(taken.claims[0].unit, NORTH));
    assert_true(!taken.claims[1].contested && text_equal(taken.claims[1].unit, SOUTH));
    assert_int_equal(contests(ledger, true).rows_count, 0);
    assert_int_equal(contests(ledger, false).rows_count, 1);
}

static void a_third_claim_opens_what_was_decided(void **state) {
    ledger_t *ledger = *state;
    raised(ledger, 1, NORTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    uint64_t second = raised(ledger, 2, SOUTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    credits(ledger, SOUTH, T("2021-09"), second, office_supervisor, T("rensheju"));
    raised(ledger, 3, NORTH, T("2021-08"), 0, T("bk-1"), YUAN(100));
    contest_t contest = contests(ledger, true).rows[0];
    assert_int_equal(contest.claimants, 3);
    assert_true(text_equal(contest.claims[0].unit, SOUTH)); /* what was credited counts meanwhile */
}

static void a_decision_is_over_when_what_it_credited_is_withdrawn(void **state) {
    ledger_t *ledger = *state;
    raised(ledger, 1, NORTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    uint64_t second = raised(ledger, 2, SOUTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    raised(ledger, 3, NORTH, T("2021-08"), 0, T("bk-1"), YUAN(100));
    credits(ledger, SOUTH, T("2021-09"), second, office_supervisor, T("rensheju"));
    raised(ledger, 4, SOUTH, T("2021-09"), 1, T(""), YUAN(5));
    contest_t contest = contests(ledger, true).rows[0];
    assert_true(text_equal(contest.claims[0].unit, NORTH) && text_is(contest.claims[0].period, "2021-09"));
    assert_int_equal(contest.credit_seq, 0);
}

static void a_decision_names_what_still_stands_and_is_disputed(void **state) {
    ledger_t *ledger = *state;
    uint64_t first = raised(ledger, 1, NORTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    verdict_t alone = credits(ledger, NORTH, T("2021-09"), first, office_supervisor, T("rensheju"));
    assert_true(text_is(alone.reasons[0].code, "claim_undisputed"));
    raised(ledger, 2, SOUTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    verdict_t moved = credits(ledger, NORTH, T("2021-09"), first - 1, office_supervisor, T("rensheju"));
    assert_true(text_is(moved.reasons[0].code, "claim_moved"));
    verdict_t nobody = credits(ledger, NORTH, T("2021-08"), first, office_supervisor, T("rensheju"));
    assert_true(text_is(nobody.reasons[0].code, "claim_missing"));
    assert_true(credits(ledger, NORTH, T("2021-09"), first, office_supervisor, T("rensheju")).accepted);
    verdict_t again = credits(ledger, NORTH, T("2021-09"), first, office_supervisor, T("rensheju"));
    assert_true(text_is(again.reasons[0].code, "credit_stands"));
}

static void a_coordinator_does_not_decide_on_a_key_that_its_own_unit_claims(void **state) {
    ledger_t *ledger = *state;
    raised(ledger, 1, NORTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    uint64_t second = raised(ledger, 2, SOUTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    verdict_t verdict = credits(ledger, SOUTH, T("2021-09"), second, office_coordinator, NORTH);
    assert_true(text_is(verdict.reasons[0].code, "own_unit"));
    assert_true(credits(ledger, SOUTH, T("2021-09"), second, office_supervisor, NORTH).accepted);
}

static void a_dry_run_foresees_what_would_not_count(void **state) {
    ledger_t *ledger = *state;
    raised(ledger, 1, NORTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    report_t report = raised_report(ledger, 2, T("2021-09"), 0, YUAN(100));
    figure_t *figure = ARENA_NEW(ledger->arena, figure_t, 1);
    item_t item = item_of(key_kind_receipt, T("bk-1"), DAY, YUAN(100));
    *figure = report.figures[0];
    figure->items = &item;
    figure->items_count = 1;
    report.figures = figure;
    verdict_t verdict;
    check_ask_t ask = {.unit = SOUTH, .report = report};
    ledger_ask(ledger, check_ask_type(), &ask, verdict_type(), &verdict);
    assert_true(verdict.accepted);
    assert_true(text_is(verdict.reasons[0].code, "claimed_first"));
    assert_true(text_is(verdict.reasons[0].args[1], "仓山镇"));
    assert_int_equal(contests(ledger, false).rows_count, 0);
}

/* "A contract paid in parts": its number recurs. */
static void a_key_that_recurs_is_claimed_by_anybody(void **state) {
    ledger_t *ledger = *state;
    for (uint8_t id = 1; id <= 2; id++) {
        report_t report = raised_report(ledger, id, T("2021-09"), 0, YUAN(100));
        figure_t figure = report.figures[0];
        item_t item = item_of(key_kind_contract, T("ht-1"), DAY, YUAN(100));
        figure.items = &item;
        figure.items_count = 1;
        report.figures = &figure;
        ledger_report(ledger, id == 1 ? NORTH : SOUTH, report, at_ten(ledger, 20210920));
        ledger_feed(ledger);
        assert_int_equal(accepted_last(ledger).claims_count, 0);
    }
}

/* A report of NORTH or SOUTH with one row of a receipt. */
static uint64_t receipt_at(ledger_t *ledger, uint8_t id, text_t unit, const char *typed) {
    report_t report = raised_report(ledger, id, T("2021-09"), 0, YUAN(100));
    figure_t figure = report.figures[0];
    item_t item = item_of(key_kind_receipt, text_of(typed), DAY, YUAN(100));
    figure.items = &item;
    figure.items_count = 1;
    report.figures = &figure;
    uint64_t seq = ledger_report(ledger, unit, report, at_ten(ledger, 20210920));
    ledger_feed(ledger);
    return seq;
}

static void one_number_typed_in_another_way_is_one_claim_and_each_sees_what_it_typed(void **state) {
    ledger_t *ledger = *state;
    receipt_at(ledger, 1, NORTH, "仓慈〔2021〕9号");
    uint64_t seq = receipt_at(ledger, 2, SOUTH, "仓慈[２０２１] 9号");
    report_accepted_t accepted = accepted_last(ledger);
    assert_int_equal(accepted.claims_count, 1);
    assert_true(accepted.claims[0].contested);
    assert_true(text_is(accepted.claims[0].key, "仓慈(2021)9号"));
    assert_int_equal(accepted.claims[0].typed.size, 0);
    assert_true(text_is(verdict_at(ledger, seq).reasons[0].args[0], "仓慈[２０２１] 9号"));
    claims_t told;
    ledger_ask(ledger, claims_ask_type(), &(claims_ask_t){0}, claims_type(), &told);
    assert_int_equal(told.rows_count, 1);
    assert_true(text_is(told.rows[0].claims[0].typed, "仓慈〔2021〕9号"));
    assert_true(text_is(told.rows[0].claims[1].typed, "仓慈[２０２１] 9号"));
}

/* What alerting is told of the one key, when something was told behind `after`; rows_count 0: nothing. */
static dispute_t dispute_after(ledger_t *ledger, uint64_t after) {
    event_t event = ledger_last(ledger);
    claims_disputed_t told;
    fault_t fault;
    if (event.kind != KIND_claims_disputed || event.seq <= after) return (dispute_t){0};
    assert_int_equal(event_body(&event, claims_disputed_type(), ledger->arena, &told, &fault), OK);
    assert_int_equal(told.rows_count, 1);
    return told.rows[0];
}

static void a_dispute_is_told_when_it_begins_when_another_counts_and_when_it_ends(void **state) {
    ledger_t *ledger = *state;
    raised(ledger, 1, NORTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    assert_int_equal(dispute_after(ledger, 0).claimants, 0);
    uint64_t second = raised(ledger, 2, SOUTH, T("2021-09"), 0, T("bk-1"), YUAN(100));
    dispute_t begun = dispute_after(ledger, 0);
    assert_true(begun.open && text_equal(begun.claim.unit, NORTH) && text_equal(begun.rival, SOUTH));
    assert_text(begun.claim.typed, "bk-1");
    uint64_t head = ledger_last(ledger).seq;
    raised(ledger, 3, NORTH, T("2021-08"), 0, T("bk-1"), YUAN(50)); /* one more: who was told knows already */
    assert_int_equal(dispute_after(ledger, head).claimants, 0);
    assert_true(credits(ledger, SOUTH, T("2021-09"), second, office_supervisor, T("350104104")).accepted);
    dispute_t decided = dispute_after(ledger, head);
    assert_true(!decided.open && text_equal(decided.claim.unit, SOUTH));
    head = ledger_last(ledger).seq;
    raised(ledger, 4, SOUTH, T("2021-09"), 1, T(""), YUAN(100)); /* what was credited is withdrawn: two are left */
    dispute_t again = dispute_after(ledger, head);
    assert_true(again.open && text_equal(again.claim.unit, NORTH) && again.rival.size == 0);
    head = ledger_last(ledger).seq;
    raised(ledger, 5, NORTH, T("2021-09"), 1, T(""), YUAN(100));
    dispute_t over = dispute_after(ledger, head);
    assert_true(!over.open && over.claimants == 1);
}

/* One verdict has to speak of all of them, and a verdict is one event. */
static void more_rows_than_a_verdict_can_speak_of_are_refused(void **state) {
    ledger_t *ledger = *state;
    enum { FIGURES = LIMIT_CLAIMS / LIMIT_ITEMS + 1 };
    report_t report = raised_report(ledger, 1, T("2021-09"), 0, YUAN(1));
    item_t *items = ARENA_NEW(ledger->arena, item_t, LIMIT_ITEMS);
    figure_t *figures = ARENA_NEW(ledger->arena, figure_t, FIGURES);
    for (uint32_t index = 0; index < LIMIT_ITEMS; index++)
        items[index] = item_of(key_kind_receipt, arena_format(ledger->arena, "bk-%u", index), DAY, YUAN(1));
    for (uint32_t index = 0; index < FIGURES; index++)
        figures[index] = (figure_t){.indicator = T("raised"), .items = items, .items_count = LIMIT_ITEMS};
    report.figures = figures;
    report.figures_count = FIGURES;
    uint64_t seq = ledger_report(ledger, NORTH, report, at_ten(ledger, 20210920));
    ledger_feed(ledger);
    verdict_t verdict = verdict_at(ledger, seq);
    bool told = false;
    for (uint32_t index = 0; index < verdict.reasons_count; index++) told |= text_is(verdict.reasons[index].code, "too_many");
    assert_true(!verdict.accepted && told);
}

static void a_report_without_rows_leaves_the_claims_alone(void **state) {
    ledger_t *ledger = *state;
    raised(ledger, 1, NORTH, T("2021-09"), 0, T(""), YUAN(100));
    raised(ledger, 2, NORTH, T("2021-09"), 1, T(""), YUAN(110));
    txn_t *txn = store_read(stage_store(ledger->stage));
    store_key_t all = key_new();
    validation_claims_t row;
    static const int tables[] = {VALIDATION_CLAIM, VALIDATION_CONTEST, VALIDATION_DISPUTE, VALIDATION_CLAIMS};
    for (size_t index = 0; index < sizeof tables / sizeof tables[0]; index++) {
        scan_t scan = scan_begin(txn, (size_t)tables[index], &all, NULL);
        assert_false(scan_next(&scan, ledger->arena, &row));
        scan_end(&scan);
    }
    txn_abort(&txn);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)
        TEST(a_second_claim_of_a_key_is_told_to_who_makes_it_and_does_not_count),
        TEST(a_revision_that_withdraws_the_first_claim_frees_the_next),
        TEST(a_claim_that_is_restated_keeps_its_age),
        TEST(one_unit_in_two_months_claims_twice),
        TEST(the_coordinator_credits_one_and_that_is_told),
        TEST(a_third_claim_opens_what_was_decided),
        TEST(a_decision_is_over_when_what_it_credited_is_withdrawn),
        TEST(a_decision_names_what_still_stands_and_is_disputed),
        TEST(a_coordinator_does_not_decide_on_a_key_that_its_own_unit_claims),
        TEST(a_dry_run_foresees_what_would_not_count),
        TEST(a_key_that_recurs_is_claimed_by_anybody),
        TEST(one_number_typed_in_another_way_is_one_claim_and_each_sees_what_it_typed),
        TEST(a_dispute_is_told_when_it_begins_when_another_counts_and_when_it_ends),
        TEST(more_rows_than_a_verdict_can_speak_of_are_refused),
        TEST(a_report_without_rows_leaves_the_claims_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
