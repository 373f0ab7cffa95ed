/* Keys that several claim: who hears of it, once an episode, within office hours, and what withdraws it. */
#include "tests/unit/alerting_world.h"

/* The receipt of the transfer: whose claim counts, and who disputes it. */
static dispute_t dispute_of(const char *key, const char *unit, const char *rival, bool open) {
    claim_t claim = {.indicator = text_of("transferred"), .key_kind = key_kind_receipt, .key = text_of(key),
                     .unit = text_of(unit), .period = text_of("2021-08")};
    return (dispute_t){.claim = claim, .task = text_of("society"), .claimants = 2, .open = open, .rival = text_of(rival)};
}

static void world_dispute(world_t *world, const char *unit, const char *rival, bool open, int64_t at_ms) {
    dispute_t row = dispute_of("BK-9", unit, rival, open);
    world_tell(world, disputes_changed_type(), &(disputes_changed_t){.rows = &row, .rows_count = 1}, at_ms);
}

static void the_one_who_counts_and_the_coordinator_are_told_once(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_dispute(world, "cishan", "gongshanglian", true, at(20210810, 10, 0));
    world_pass(world, at(20210820, 10, 0));
    assert_string_equal(world_told(world), "08-10 11:00 claim_contested claim remind cishan as owner e1\n"
                                           "08-10 11:00 claim_contested claim remind nongye as coordinator e1\n");
    warning_raised_t warning = world_last(world);
    assert_true(text_is(warning.owner, "cishan"));
    assert_int_equal(warning.missing_count, 1);
    assert_true(text_is(warning.missing[0], "BK-9"));
    assert_true(text_is(warning.zh, "【提醒】区慈善总会：社会帮扶“拨付隆德资金”凭证号“BK-9”（2021-08），区工商联也已申报；暂由区慈善总会计入，请认定。"));
    world_destroy(world);
}

static void what_is_disputed_at_night_is_told_in_the_morning_of_a_working_day(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_dispute(world, "cishan", "gongshanglian", true, at(20210813, 22, 30)); /* a Friday */
    world_pass(world, at(20210816, 8, 59));
    assert_string_equal(world_told(world), "");
    world_pass(world, at(20210816, 9, 0));
    assert_non_null(strstr(world_told(world), "08-16 09:00 claim_contested claim remind cishan as owner e1\n"));
    world_destroy(world);
}

static void what_is_over_before_anybody_was_told_is_not_told(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_dispute(world, "cishan", "gongshanglian", true, at(20210813, 22, 30));
    world_dispute(world, "cishan", "", false, at(20210813, 22, 40));
    world_pass(world, at(20210817, 10, 0));
    assert_string_equal(world_told(world), "");
    world_destroy(world);
}

static void a_credit_withdraws_it_and_a_new_dispute_is_a_new_episode(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_dispute(world, "cishan", "gongshanglian", true, at(20210810, 10, 0));
    world_pass(world, at(20210810, 11, 0));
    (void)world_told(world);
    world_dispute(world, "cishan", "", false, at(20210811, 10, 0));
    assert_string_equal(world_told(world), "08-11 10:00 withdrawn claim cishan e1\n08-11 10:00 withdrawn claim nongye e1\n");
    world_dispute(world, "cishan", "gongshanglian", true, at(20210812, 10, 0));
    world_pass(world, at(20210812, 11, 0));
    assert_string_equal(world_told(world), "08-12 11:00 claim_contested claim remind cishan as owner e2\n"
                                           "08-12 11:00 claim_contested claim remind nongye as coordinator e2\n");
    world_destroy(world);
}

static void when_another_counts_it_is_the_other_who_is_told(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_dispute(world, "cishan", "gongshanglian", true, at(20210810, 10, 0));
    world_pass(world, at(20210810, 11, 0));
    (void)world_told(world);
    world_dispute(world, "gongshanglian", "", true, at(20210810, 14, 0));
    world_pass(world, at(20210810, 15, 0));
    assert_string_equal(world_told(world), "08-10 14:00 withdrawn claim cishan e1\n"
                                           "08-10 15:00 claim_contested claim remind gongshanglian as owner e1\n");
    world_destroy(world);
}

static void a_coordinator_whose_own_claim_is_disputed_hears_of_it_once(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_dispute(world, "nongye", "cishan", true, at(20210810, 10, 0));
    world_pass(world, at(20210811, 10, 0));
    assert_string_equal(world_told(world), "08-10 11:00 claim_contested claim remind nongye as owner e1\n");
    world_destroy(world);
}

static void behind_the_close_whose_posting_it_is_may_still_come_up(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    world_tell(world, plan_closed_type(), &(plan_closed_t){0}, at(20220106, 9, 0));
    world_dispute(world, "cishan", "gongshanglian", true, at(20220110, 10, 0));
    dispute_t row = dispute_of("", "jiaoyu", "cishan", true);
    row.claim.indicator = text_of("teachers");
    row.claim.key_kind = key_kind_person;
    row.claim.person[0] = 7;
    row.claim.period = text_of("");
    row.task = text_of("talent");
    world_tell(world, disputes_changed_type(), &(disputes_changed_t){.rows = &row, .rows_count = 1}, at(20220110, 10, 0));
    world_pass(world, at(20220111, 10, 0));
    assert_string_equal(world_told(world), "01-10 11:00 claim_contested claim remind jiaoyu as owner e1\n"
                                           "01-10 11:00 claim_contested claim remind nongye as coordinator e1\n");
    assert_non_null(strstr(arena_text(world->arena, world_last(world).zh).at, "一名在岗人员，区慈善总会也已申报"));
    world_destroy(world);
}

static void a_thousand_keys_of_one_report_are_two_messages(void **state) {
    (void)state;
    world_t *world = world_new(at(20210801, 0, 0));
    dispute_t *rows = ARENA_NEW(world->arena, dispute_t, LIMIT_DISPUTES);
    for (uint32_t index = 0; index < LIMIT_DISPUTES; index++)
        rows[index] = dispute_of(arena_format(world->arena, "BK-%u", index).at, "cishan", "gongshanglian", true);
    disputes_changed_t changed = {.rows = rows, .rows_count = LIMIT_DISPUTES};
    world_tell(world, disputes_changed_type(), &changed, at(20210810, 10, 0));
    world_pass(world, at(20210810, 11, 0));
    world_flush(world);
    uint32_t raised = 0, bundles = 0;
    txn_t *txn = store_read(stage_store(world->stage));
    for (uint64_t seq = 1; seq <= txn_head(txn).seq; seq++) {
        event_t event;
        assert_true(txn_event(txn, seq, world->arena, &event, NULL));
        raised += event.kind == KIND_warning_raised;
        bundles += event.kind == KIND_bundle_told;
    }
    txn_abort(&txn);
    assert_int_equal(raised, 2 * LIMIT_DISPUTES);
    assert_int_equal(bundles, 2);
    world_destroy(world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_who_counts_and_the_coordinator_are_told_once),
        cmocka_unit_test(what_is_disputed_at_night_is_told_in_the_morning_of_a_working_day),
        cmocka_unit_test(what_is_over_before_anybody_was_told_is_not_told),
        cmocka_unit_test(a_credit_withdraws_it_and_a_new_dispute_is_a_new_episode),
        cmocka_unit_test(when_another_counts_it_is_the_other_who_is_told),
        cmocka_unit_test(a_coordinator_whose_own_claim_is_disputed_hears_of_it_once),
        cmocka_unit_test(behind_the_close_whose_posting_it_is_may_still_come_up),
        cmocka_unit_test(a_thousand_keys_of_one_report_are_two_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
