/* Ladders, circles of recipients, ids and sentences, without a store. */
#include "tests/unit/alerting_world.h"

#include "services/4-alerting/alerting_text.h"

static const ladder_t *const reports = &world_plan.report_ladder;

static rung_choice_t choose_of(const plan_t *plan, const ladder_t *ladder, int64_t due_ms, int64_t told_ms, int64_t now_ms) {
    return rung_choose(plan, ladder, due_ms, &(past_t){.told_ms = told_ms}, now_ms);
}

static rung_choice_t choose(uint32_t due_day, int64_t told_ms, int64_t now_ms) {
    return choose_of(&world_plan, reports, (int64_t)end_of(due_day), told_ms, now_ms);
}

static void the_first_reminder_of_25_august_comes_on_friday_the_20th_at_nine(void **state) {
    (void)state;
    rung_choice_t choice = choose(20210825, 0, at(20210801, 0, 0));
    assert_false(choice.sound);
    assert_true(choice.at_ms == at(20210820, 9, 0));
    choice = choose(20210825, 0, at(20210820, 9, 0));
    assert_true(choice.sound);
    assert_string_equal(choice.name, "T-5");
    assert_int_equal(choice.level, level_remind);
}

static void of_two_rungs_on_one_day_the_later_sounds_when_they_are_equally_loud(void **state) {
    (void)state;
    /* 09-25 is a Saturday: T-1 and T-0 both fall on Friday the 24th */
    rung_choice_t choice = choose(20210925, at(20210918, 9, 0), at(20210924, 9, 0));
    assert_true(choice.sound);
    assert_string_equal(choice.name, "T-0");
    choice = choose(20210925, at(20210924, 9, 0), at(20210924, 9, 0));
    assert_false(choice.sound);
    assert_true(choice.at_ms == at(20210926, 9, 0)); /* a make-up workday */
}

static void of_two_rungs_on_one_day_the_louder_sounds_whatever_their_order(void **state) {
    (void)state;
    static const rung_t loud_first[] = {{ID("T-1"), false, 1, level_orange}, {ID("T-0"), false, 0, level_blue}};
    ladder_t ladder = {.rungs = loud_first, .rungs_count = 2, .at_minute = 540};
    rung_choice_t choice = choose_of(&world_plan, &ladder, (int64_t)end_of(20210925), 0, at(20210924, 9, 0));
    assert_true(choice.sound);
    assert_string_equal(choice.name, "T-1");
}

static void a_reminder_before_the_deadline_no_longer_holds_after_it(void **state) {
    (void)state;
    rung_choice_t choice = choose(20210825, 0, at(20210826, 8, 0));
    assert_false(choice.sound);
    assert_true(choice.at_ms == at(20210826, 9, 0));
}

static void within_the_grace_a_report_is_not_called_overdue(void **state) {
    (void)state;
    plan_t lenient = world_plan;
    lenient.grace_minutes = 12 * 60;
    rung_choice_t choice = choose_of(&lenient, reports, (int64_t)end_of(20210825), at(20210825, 9, 0), at(20210826, 9, 0));
    assert_false(choice.sound);
    assert_true(choice.at_ms == at(20210826, 12, 0));
    choice = choose_of(&lenient, reports, (int64_t)end_of(20210825), at(20210825, 9, 0), at(20210826, 12, 0));
    assert_true(choice.sound);
    assert_string_equal(choice.name, "T+1");
}

static void what_was_told_within_the_grace_does_not_silence_the_rung_behind_it(void **state) {
    (void)state;
    plan_t lenient = world_plan;
    lenient.grace_minutes = 12 * 60;
    /* T+1 would sound at nine, is moved to noon by the grace; T-0 was caught up with at ten: one day, one rung */
    int64_t told_ms = at(20210826, 10, 0);
    rung_choice_t choice = choose_of(&lenient, reports, (int64_t)end_of(20210825), told_ms, at(20210826, 13, 0));
    assert_false(choice.sound);
    assert_true(choice.at_ms == at(20210827, 9, 0));
    choice = choose_of(&lenient, reports, (int64_t)end_of(20210825), told_ms, at(20210827, 9, 0));
    assert_true(choice.sound);
    assert_string_equal(choice.name, "T+1");
}

static void what_is_due_on_a_rest_day_waits_for_the_next_working_day(void **state) {
    (void)state;
    rung_choice_t choice = choose(20210825, 0, at(20210821, 10, 0)); /* Saturday; T-5 lies behind */
    assert_false(choice.sound);
    assert_true(choice.at_ms == at(20210823, 9, 0));
}

static void what_is_due_in_the_evening_waits_for_the_morning(void **state) {
    (void)state;
    rung_choice_t choice = choose(20210825, 0, at(20210820, 17, 31));
    assert_false(choice.sound);
    assert_true(choice.at_ms == at(20210823, 9, 0));
    choice = choose(20210825, 0, at(20210820, 17, 30));
    assert_true(choice.sound);
}

static void behind_the_last_rung_it_repeats_every_week(void **state) {
    (void)state;
    rung_choice_t choice = choose(20210825, at(20210908, 9, 0), at(20210908, 9, 0));
    assert_true(choice.at_ms == at(20210915, 9, 0));
    choice = choose(20210825, at(20210908, 9, 0), at(20210915, 9, 0));
    assert_true(choice.sound);
    assert_string_equal(choice.name, "T+21");
    assert_int_equal(choice.level, level_red);
    choice = choose(20210825, at(20210915, 9, 0), at(20211206, 10, 0)); /* silent for twelve weeks: only the newest */
    assert_true(choice.sound);
    assert_string_equal(choice.name, "T+98");
}

static void a_ladder_that_never_repeats_comes_to_an_end(void **state) {
    (void)state;
    ladder_t once = *reports;
    once.repeat_days = 0;
    rung_choice_t choice = choose_of(&world_plan, &once, (int64_t)end_of(20210825), at(20210908, 9, 0), at(20210909, 9, 0));
    assert_false(choice.sound);
    assert_true(choice.at_ms == 0);
}

static void each_recipient_is_told_once_in_the_most_specific_role(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    planbook_t *book = planbook_new(&world_plan);
    uint32_t count;
    const text_t owing[] = {ID("cishan"), ID("nongye")};
    const recipient_t *all = target_recipients(book, planbook_task(book, text_of("society")), 20211031, owing, 2, arena, &count);
    assert_int_equal(count, 3);
    assert_int_equal(recipient_find(all, count, text_of("cishan"))->role, addressee_owner);
    assert_int_equal(recipient_find(all, count, text_of("gongshanglian"))->role, addressee_lead);
    assert_int_equal(recipient_find(all, count, text_of("nongye"))->role, addressee_owner);
    assert_null(recipient_find(all, count, text_of("shangwu")));
    planbook_destroy(&book);
    arena_destroy(&arena);
}

static void who_is_not_there_when_a_target_is_due_is_not_told_of_it(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    plan_t plan = world_plan;
    unit_t *bounded = ARENA_NEW(arena, unit_t, plan.units_count);
    memcpy(bounded, plan.units, sizeof *bounded * plan.units_count);
    for (uint32_t index = 0; index < plan.units_count; index++)
        if (!text_is(bounded[index].id, "nongye")) bounded[index].to = 20211030;
    plan.units = bounded;
    planbook_t *book = planbook_new(&plan);
    uint32_t count;
    const text_t owing[] = {ID("cishan"), ID("nongye")};
    const task_t *society = planbook_task(book, text_of("society"));
    const recipient_t *all = target_recipients(book, society, 20211031, owing, 2, arena, &count);
    assert_int_equal(count, 1); /* the coordinator is */
    assert_true(text_is(all->unit, "nongye"));
    (void)target_recipients(book, society, 20211030, owing, 2, arena, &count);
    assert_int_equal(count, 3);
    planbook_destroy(&book);
    arena_destroy(&arena);
}

static warning_raised_t sample(void) {
    return (warning_raised_t){.episode = 1, .kind = warning_kind_report_due, .rung = text_of("T-5"), .level = level_remind,
                              .unit = text_of("shangwu"), .addressee = addressee_owner, .task = text_of("consumption"),
                              .period = text_of("2021-08"), .due_ms = end_of(20210825)};
}

static void the_id_changes_with_every_part_of_what_it_names(void **state) {
    (void)state;
    crypto_start();
    warning_raised_t all[8];
    for (size_t index = 0; index < 8; index++) all[index] = sample();
    all[1].episode = 2;
    all[2].unit = text_of("jiaoyu");
    all[3].period = text_of("2021-09");
    all[4].due_ms++;
    all[5].rung = text_of("T-1");
    all[6].kind = warning_kind_report_overdue;
    all[7].owner = text_of("renshe");
    for (size_t index = 0; index < 8; index++) warning_sign(text_of("test-2021"), 0, &all[index]);
    for (size_t left = 0; left < 8; left++)
        for (size_t right = left + 1; right < 8; right++) assert_memory_not_equal(all[left].id, all[right].id, 16);
    warning_raised_t again = sample();
    warning_sign(text_of("test-2021"), 0, &again);
    assert_memory_equal(again.id, all[0].id, 16);
    warning_sign(text_of("test-2022"), 0, &again);
    assert_memory_not_equal(again.id, all[0].id, 16);
}

/* A reporting day that an amendment moves behind a look brings another look at the same period. */
static void two_looks_at_the_pace_of_one_period_have_two_ids(void **state) {
    (void)state;
    crypto_start();
    warning_raised_t first = sample(), second;
    first.kind = warning_kind_pace_slow;
    first.rung = text_of("pace-1");
    second = first;
    warning_sign(text_of("test-2021"), at(20210826, 9, 0), &first);
    warning_sign(text_of("test-2021"), at(20210830, 9, 0), &second);
    assert_memory_not_equal(first.id, second.id, sizeof first.id);
    warning_sign(text_of("test-2021"), at(20210826, 9, 0), &second);
    assert_memory_equal(first.id, second.id, sizeof first.id);
}

static void a_reminder_says_who_owes_what_by_when_and_what_is_missing(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    planbook_t *book = planbook_new(&world_plan);
    const text_t lacks[] = {ID("sales"), ID("progress")};
    warning_raised_t warning = sample();
    warning.missing = lacks;
    warning.missing_count = 2;
    warning_tell(book, NULL, at(20210820, 9, 0), arena, &warning);
    assert_string_equal(warning.zh.at, "【提醒】区商务局：消费帮扶 2021-08 进度报告应于8月25日24:00前报送，还有5天，"
                                       "还缺：销售额、进展文字。");
    assert_string_equal(warning.en.at, "[Reminder] 区商务局: the report on 消费帮扶 for 2021-08 is due by 24:00 on 2021-08-25, "
                                       "5 days left; still missing: 销售额 (sales), progress in words.");
    warning.kind = warning_kind_report_overdue;
    warning.level = level_blue;
    warning.rehearsal = true;
    warning_tell(book, NULL, at(20210828, 9, 0), arena, &warning);
    assert_string_equal(warning.zh.at, "【演练】【蓝色催报】区商务局：消费帮扶 2021-08 进度报告应于8月25日24:00前报送，已逾期3天，"
                                       "还缺：销售额、进展文字。");
    planbook_destroy(&book);
    arena_destroy(&arena);
}

static void a_long_list_of_what_is_missing_is_shortened(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    planbook_t *book = planbook_new(&world_plan);
    text_t lacks[LIMIT_MISSING];
    for (uint32_t index = 0; index < LIMIT_MISSING; index++) lacks[index] = arena_format(arena, "figure-%u", index);
    warning_raised_t warning = sample();
    warning.missing = lacks;
    warning.missing_count = LIMIT_MISSING;
    warning_tell(book, NULL, at(20210820, 9, 0), arena, &warning);
    assert_non_null(strstr(warning.zh.at, "figure-5等64项。"));
    assert_null(strstr(warning.zh.at, "figure-6"));
    assert_non_null(strstr(warning.en.at, "figure-5 and others, 64 in all."));
    planbook_destroy(&book);
    arena_destroy(&arena);
}

static void a_target_warning_says_goal_done_and_gap(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    planbook_t *book = planbook_new(&world_plan);
    target_changed_t target = {.task = text_of("society"), .indicator = text_of("transferred"), .reach = reach_not_yet,
                               .done = 0, .goal = 300000000, .due_ms = end_of(20211031), .owing = cishan, .owing_count = 1};
    warning_raised_t warning = {.kind = warning_kind_target_due, .level = level_orange, .rung = text_of("T-3"),
                                .unit = text_of("gongshanglian"), .addressee = addressee_lead, .task = target.task,
                                .indicator = target.indicator, .due_ms = target.due_ms};
    warning_tell(book, &target, at(20211028, 9, 0), arena, &warning);
    assert_string_equal(warning.zh.at, "【橙色预警】区工商联：社会帮扶“拨付隆德资金”须于10月31日24:00前达到300.00万元，"
                                       "目前0.00万元，还差300.00万元，还有3天；责任单位：区慈善总会。");
    planbook_destroy(&book);
    arena_destroy(&arena);
}

static void only_a_target_with_goal_and_deadline_that_is_not_stretch_is_warned_about(void **state) {
    (void)state;
    target_changed_t target = {.reach = reach_not_yet, .goal = 1, .due_ms = 1};
    assert_int_equal(target_call(&target), TARGET_OPEN);
    target.reach = reach_past_due_unknown;
    assert_int_equal(target_call(&target), TARGET_OPEN);
    target.reach = reach_not_met;
    assert_int_equal(target_call(&target), TARGET_STOPPED);
    target.reach = reach_met_after_due;
    assert_int_equal(target_call(&target), TARGET_SILENT);
    target = (target_changed_t){.reach = reach_not_yet, .goal = 1, .due_ms = 1, .stretch = true};
    assert_int_equal(target_call(&target), TARGET_SILENT);
    target = (target_changed_t){.reach = reach_not_yet, .due_ms = 1};
    assert_int_equal(target_call(&target), TARGET_SILENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_reminder_of_25_august_comes_on_friday_the_20th_at_nine),
        cmocka_unit_test(of_two_rungs_on_one_day_the_later_sounds_when_they_are_equally_loud),
        cmocka_unit_test(of_two_rungs_on_one_day_the_louder_sounds_whatever_their_order),
        cmocka_unit_test(a_reminder_before_the_deadline_no_longer_holds_after_it),
        cmocka_unit_test(within_the_grace_a_report_is_not_called_overdue),
        cmocka_unit_test(what_was_told_within_the_grace_does_not_silence_the_rung_behind_it),
        cmocka_unit_test(what_is_due_on_a_rest_day_waits_for_the_next_working_day),
        cmocka_unit_test(what_is_due_in_the_evening_waits_for_the_morning),
        cmocka_unit_test(behind_the_last_rung_it_repeats_every_week),
        cmocka_unit_test(a_ladder_that_never_repeats_comes_to_an_end),
        cmocka_unit_test(each_recipient_is_told_once_in_the_most_specific_role),
        cmocka_unit_test(who_is_not_there_when_a_target_is_due_is_not_told_of_it),
        cmocka_unit_test(the_id_changes_with_every_part_of_what_it_names),
        cmocka_unit_test(two_looks_at_the_pace_of_one_period_have_two_ids),
        cmocka_unit_test(a_reminder_says_who_owes_what_by_when_and_what_is_missing),
        cmocka_unit_test(a_long_list_of_what_is_missing_is_shortened),
        cmocka_unit_test(a_target_warning_says_goal_done_and_gap),
        cmocka_unit_test(only_a_target_with_goal_and_deadline_that_is_not_stretch_is_warned_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
