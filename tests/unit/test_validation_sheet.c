/* What stands, while it is in memory alone: across commits, rollbacks, amendments, and when there is too much of it. */
#include "services/2-validation/validation_rules.h"
#include "tests/unit/validation_ledger.h"

/* Applies what waits, commits or not; what does not go in at once goes in step by step. */
static void feed(ledger_t *ledger, bool commits) {
    batch_t batch = {.stream = STREAM_ENTRIES, .state = batch_state_ok, .from = ledger->fed + 1,
                     .count = ledger->seq - ledger->fed, .durable_head = ledger->seq, .tail_head = ledger->seq,
                     .events = {ledger->waiting.at, (uint32_t)ledger->waiting.size}};
    memcpy(batch.last_hash, ledger->hash, sizeof batch.last_hash);
    do {
        assert_int_equal(stage_step(ledger->stage, &batch), OK);
        if (commits || stage_is_full(ledger->stage)) assert_int_equal(stage_commit(ledger->stage), OK);
    } while (stage_fetch(ledger->stage).after < ledger->seq);
}

static void fed(ledger_t *ledger) {
    buffer_clear(&ledger->waiting);
    ledger->fed = ledger->seq;
}

static uint64_t raised(ledger_t *ledger, uint8_t id, text_t period, uint64_t replaces, int64_t amount, uint32_t day) {
    return ledger_report(ledger, T("350104100"), raised_report(ledger, id, period, replaces, amount), at_ten(ledger, day));
}

static void adopt(ledger_t *ledger, const plan_t *plan, uint32_t day) {
    ledger->plan = *plan;
    ledger_append(ledger, plan_adopted_type(), &(plan_adopted_t){.plan = *plan}, at_ten(ledger, day));
}

/* The same plan with one period more. */
static plan_t plan_with_december(ledger_t *ledger) {
    plan_t plan = ledger->plan;
    period_t *periods = ARENA_NEW(ledger->arena, period_t, plan.periods_count + 1);
    memcpy(periods, plan.periods, 4 * sizeof *periods);
    periods[4] = (period_t){.id = T("2021-12"), .from = 20211201, .to = 20211231, .due = 20211225};
    periods[5] = plan.periods[4];
    plan.periods = periods;
    plan.periods_count++;
    return plan;
}

static void an_amendment_in_the_middle_of_a_transaction_loses_nothing(void **state) {
    ledger_t *ledger = *state;
    plan_t amended = plan_with_december(ledger);
    raised(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    adopt(ledger, &amended, 20210821);
    uint64_t second = raised(ledger, 2, T("2021-08"), 1, YUAN(120), 20210822);
    feed(ledger, true);
    assert_true(verdict_at(ledger, second).accepted);
    standing_told_t told = standing_at(ledger, T("2021-08"));
    assert_int_equal(told.revision, 2);
    assert_int_equal(told.submissions_count, 2);
    assert_int_equal(told.figures_count, 1);
    assert_int_equal(told.figures[0].running.value, YUAN(120));
}

static void what_was_not_committed_is_forgotten_and_comes_again_the_same(void **state) {
    ledger_t *ledger = *state;
    raised(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    feed(ledger, true);
    fed(ledger);
    uint64_t second = raised(ledger, 2, T("2021-08"), 1, YUAN(120), 20210822);
    feed(ledger, false);
    stage_rollback(ledger->stage);
    assert_int_equal(standing_at(ledger, T("2021-08")).revision, 1);
    feed(ledger, true);
    assert_true(verdict_at(ledger, second).accepted); /* not superseded by its own first run */
    assert_int_equal(standing_at(ledger, T("2021-08")).revision, 2);
}

static void who_asks_between_two_commits_is_told_what_is_committed(void **state) {
    ledger_t *ledger = *state;
    raised(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    feed(ledger, true);
    fed(ledger);
    raised(ledger, 2, T("2021-08"), 1, YUAN(120), 20210822);
    feed(ledger, false);
    standing_told_t told = standing_at(ledger, T("2021-08"));
    assert_int_equal(told.revision, 1);
    assert_int_equal(told.figures[0].amount.value, YUAN(100));
    assert_int_equal(stage_commit(ledger->stage), OK);
    assert_int_equal(standing_at(ledger, T("2021-08")).revision, 2);
}

/* Before there is such a period its submissions are strays; the chain of them goes on when there is. */
static void a_period_that_an_amendment_adds_remembers_who_was_too_early(void **state) {
    ledger_t *ledger = *state;
    plan_t amended = plan_with_december(ledger);
    uint64_t early = raised(ledger, 1, T("2021-12"), 0, YUAN(100), 20210820);
    uint64_t again = raised(ledger, 2, T("2021-12"), 0, YUAN(100), 20210821);
    feed(ledger, true);
    fed(ledger);
    assert_int_equal(standing_at(ledger, T("2021-12")).submissions_count, 2);
    adopt(ledger, &amended, 20211130);
    uint64_t first = raised(ledger, 3, T("2021-12"), 0, YUAN(100), 20211201);
    feed(ledger, true);
    fed(ledger);
    standing_told_t told = standing_at(ledger, T("2021-12"));
    assert_int_equal(told.submissions_count, 3);
    assert_int_equal(told.submissions[0].seq, first);
    assert_int_equal(told.submissions[1].seq, again);
    assert_int_equal(told.submissions[2].seq, early);
    uint64_t revised = raised(ledger, 4, T("2021-12"), told.revision, YUAN(110), 20211202);
    feed(ledger, true);
    told = standing_at(ledger, T("2021-12"));
    assert_int_equal(told.submissions_count, 4);
    assert_int_equal(told.submissions[0].seq, revised);
}

static void an_extension_and_its_request_stay_with_a_report_across_commits(void **state) {
    ledger_t *ledger = *state;
    extension_requested_t asked = {.submission_id = {9}, .unit = T("350104100"), .task = T("fund"), .period = T("2021-08"),
                                   .until = 20210831, .why = T("台风"),
                                   .actor = {.unit = T("350104100"), .credential = credential_curve, .door = door_gateway}};
    uint64_t request = ledger_append(ledger, extension_requested_type(), &asked, at_ten(ledger, 20210820));
    feed(ledger, true);
    fed(ledger);
    raised(ledger, 1, T("2021-08"), 0, YUAN(100), 20210821);
    feed(ledger, true);
    standing_told_t told = standing_at(ledger, T("2021-08"));
    assert_int_equal(told.revision, 1);
    assert_int_equal(told.request.seq, request);
}

/* First valid, revised, refused behind it: what a row leaves unsaid is read back as it was. */
static void what_stands_is_the_same_after_a_restart(void **state) {
    ledger_t *ledger = *state;
    uint64_t first = raised(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    uint64_t revised = raised(ledger, 2, T("2021-09"), 0, YUAN(50), 20210920);
    revised = raised(ledger, 3, T("2021-09"), 1, YUAN(60), 20210921);
    raised(ledger, 4, T("2021-10"), 0, YUAN(70), 20211020);
    uint64_t refused = raised(ledger, 5, T("2021-10"), 7, YUAN(80), 20211021);
    feed(ledger, true);
    fed(ledger);
    stage_close(&ledger->stage);
    assert_int_equal(stage_open(validation_role(), ledger->path, &ledger->stage), OK);
    standing_told_t told = standing_at(ledger, T("2021-08"));
    assert_int_equal(told.seq, first);
    assert_int_equal(told.submissions_count, 1);
    told = standing_at(ledger, T("2021-09"));
    assert_int_equal(told.seq, revised);
    assert_int_equal(told.first_valid_ms, at_ten(ledger, 20210920));
    told = standing_at(ledger, T("2021-10"));
    assert_int_equal(told.submissions[0].seq, refused);
    assert_int_equal(told.figures[0].running.value, YUAN(230));
    uint64_t last = raised(ledger, 6, T("2021-09"), 0, YUAN(90), 20211022);
    feed(ledger, true);
    verdict_t verdict = verdict_at(ledger, last);
    assert_false(verdict.accepted);
    assert_true(text_is(verdict.reasons[0].args[3], "2021-09-21 10:00")); /* since when the other one stands */
}

/* A plan of many units that owe words: more sheets than LIMIT_SHEETS_AT_HAND takes, in one transaction and in several. */
enum { MANY_UNITS = 384, MANY_TASKS = 96, SHEET_LEAST = 400 };
_Static_assert(MANY_UNITS * MANY_TASKS * SHEET_LEAST > LIMIT_SHEETS_AT_HAND, "they are not too many");

static plan_t plan_of_many(ledger_t *ledger) {
    plan_t plan = ledger->plan;
    unit_t *units = ARENA_NEW(ledger->arena, unit_t, plan.units_count + MANY_UNITS);
    task_t *tasks = ARENA_NEW(ledger->arena, task_t, plan.tasks_count + MANY_TASKS);
    text_t *ids = ARENA_NEW(ledger->arena, text_t, MANY_UNITS);
    memcpy(units, plan.units, plan.units_count * sizeof *units);
    memcpy(tasks, plan.tasks, plan.tasks_count * sizeof *tasks);
    for (uint32_t index = 0; index < MANY_UNITS; index++) {
        ids[index] = arena_format(ledger->arena, "m%03u", index);
        units[plan.units_count++] = (unit_t){.id = ids[index], .name = ids[index], .kind = unit_kind_body};
    }
    for (uint32_t index = 0; index < MANY_TASKS; index++) {
        tasks[plan.tasks_count] = tasks[3]; /* in words */
        tasks[plan.tasks_count].id = arena_format(ledger->arena, "w%03u", index);
        tasks[plan.tasks_count].responsible = ids;
        tasks[plan.tasks_count++].responsible_count = MANY_UNITS;
    }
    plan.units = units;
    plan.tasks = tasks;
    return plan;
}

/* The row that is kept of 仓山镇 and the fund. */
static validation_sheet_t row_kept(ledger_t *ledger) {
    validation_sheet_t row;
    store_key_t key = key_new();
    key_add_text(&key, T("fund"));
    key_add_text(&key, T("350104100"));
    txn_t *txn = store_read(stage_store(ledger->stage));
    assert_true(txn_get(txn, VALIDATION_SHEET, &key, ledger->arena, &row));
    txn_abort(&txn);
    return row;
}

static void a_standing_with_more_to_it_leaves_the_others_brief_and_in_their_order(void **state) {
    ledger_t *ledger = *state;
    const text_t periods[] = {T("2021-08"), T("2021-09"), T("2021-10")};
    for (uint8_t index = 0; index < 3; index++) raised(ledger, index + 1, periods[index], 0, YUAN(100 + index), 20211020);
    extension_decided_t given = {.decision = decision_extended, .unit = T("350104100"), .task = T("fund"), .period = periods[1],
                                 .until = 20211130, .why = T("w"), .command_id = {9}, .actor = {.office = office_coordinator,
                                 .credential = credential_signature, .door = door_operator}};
    ledger_append(ledger, extension_decided_type(), &given, at_ten(ledger, 20211021));
    feed(ledger, true);
    fed(ledger);
    validation_sheet_t row = row_kept(ledger);
    assert_int_equal(row.briefs.size, 2 * 56);
    assert_int_equal(row.standings_count, 1);
    assert_int_equal(row.standings[0].period_from, 20210901);
    stage_rollback(ledger->stage);
    raised(ledger, 7, periods[0], 1, YUAN(130), 20211022); /* by a memory that was read from the row */
    raised(ledger, 8, periods[2], 1, YUAN(140), 20211022);
    feed(ledger, true);
    for (uint32_t index = 0; index < 3; index++) assert_int_equal(standing_at(ledger, periods[index]).revision, index == 1 ? 1 : 2);
    assert_int_equal(standing_at(ledger, periods[2]).figures[0].running.value, YUAN(130 + 101 + 140));
}

static void a_standing_that_has_nothing_more_to_it_is_brief_again(void **state) {
    ledger_t *ledger = *state;
    report_decided_t returned = {.command_id = {9}, .decision = decision_returned, .unit = T("350104100"), .task = T("fund"),
                                 .period = T("2021-08"), .revision = 1, .why = T("w"),
                                 .actor = {.office = office_coordinator, .credential = credential_signature,
                                           .door = door_operator}};
    raised(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    ledger_append(ledger, report_decided_type(), &returned, at_ten(ledger, 20210821));
    feed(ledger, true);
    fed(ledger);
    assert_int_equal(row_kept(ledger).standings_count, 1);
    raised(ledger, 2, T("2021-08"), 1, YUAN(120), 20210822);
    feed(ledger, true);
    assert_int_equal(row_kept(ledger).standings_count, 0); /* as it would be, were it read from its row first */
    assert_int_equal(row_kept(ledger).briefs.size, 56);
}

static void months_that_say_more_than_their_amount_are_kept_whole(void **state) {
    ledger_t *ledger = *state;
    raised(ledger, 1, T("2021-08"), 0, YUAN(100), 20210820);
    feed(ledger, true);
    fed(ledger);
    validation_sheet_t row = row_kept(ledger);
    assert_int_equal(row.series_count, 1);
    assert_int_equal(row.series[0].plain.size, 12);
    assert_int_equal(row.series[0].months_count, 0);
    report_t report = raised_report(ledger, 2, T("2021-09"), 0, YUAN(50));
    ((figure_t *)(uintptr_t)report.figures)->running = GIVEN(YUAN(150));
    ledger_report(ledger, T("350104100"), report, at_ten(ledger, 20210920));
    feed(ledger, true);
    row = row_kept(ledger);
    assert_int_equal(row.series[0].plain.size, 0);
    assert_int_equal(row.series[0].months_count, 2);
    assert_int_equal(row.series[0].months[0].amount, YUAN(100));
    assert_int_equal(row.series[0].months[1].typed.value, YUAN(150));
}

static void all_report(ledger_t *ledger, uint8_t id, uint64_t replaces, text_t words) {
    for (uint32_t task = 0; task < MANY_TASKS; task++)
        for (uint32_t unit = 0; unit < MANY_UNITS; unit++) {
            report_t report = report_of(id, ledger->plan.tasks[4 + task].id, T("2021-08"), replaces);
            report.progress = words;
            ledger_report(ledger, ledger->plan.units[3 + unit].id, report, at_ten(ledger, 20210820 + id));
        }
}

static uint64_t refused_count(ledger_t *ledger) {
    uint64_t count = 0;
    event_t event;
    txn_t *txn = store_read(stage_store(ledger->stage));
    for (uint64_t seq = 1; seq <= txn_head(txn).seq; seq++) {
        arena_reset(ledger->arena);
        assert_true(txn_event(txn, seq, ledger->arena, &event, NULL));
        count += event.kind == KIND_report_refused;
    }
    txn_abort(&txn);
    return count;
}

static void more_than_memory_takes_is_let_go_and_found_again(void **state) {
    ledger_t *ledger = *state;
    plan_t many = plan_of_many(ledger);
    adopt(ledger, &many, 20210802);
    all_report(ledger, 1, 0, T("启动"));
    feed(ledger, false);
    fed(ledger);
    all_report(ledger, 2, 1, T("推进"));
    feed(ledger, true);
    assert_int_equal(refused_count(ledger), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_amendment_in_the_middle_of_a_transaction_loses_nothing),
        TEST(what_was_not_committed_is_forgotten_and_comes_again_the_same),
        TEST(who_asks_between_two_commits_is_told_what_is_committed),
        TEST(a_period_that_an_amendment_adds_remembers_who_was_too_early),
        TEST(an_extension_and_its_request_stay_with_a_report_across_commits),
        TEST(what_stands_is_the_same_after_a_restart),
        TEST(a_standing_with_more_to_it_leaves_the_others_brief_and_in_their_order),
        TEST(a_standing_that_has_nothing_more_to_it_is_brief_again),
        TEST(months_that_say_more_than_their_amount_are_kept_whole),
        TEST(more_than_memory_takes_is_let_go_and_found_again),
    };
    return cmocka_run_group_tests_name("validation sheets", tests, NULL, NULL);
}
