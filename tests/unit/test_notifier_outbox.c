/* The outbox: once, to the right people, in time, whatever crashes. */
#include "tests/unit/outbox_world.h"

static void several_warnings_of_one_moment_to_one_person_are_one_message(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    raise_of(&world, 1, "chengmen", "sales");
    raise_of(&world, 2, "chengmen", "donation");
    raise_of(&world, 3, "gaishan", "sales"); /* nobody there */
    tick(&world, NINE);
    plan(&world);
    uint32_t slot;
    request_t request;
    assert_true(next(&world, &slot, &request));
    assert_int_equal(notices_in(&request), 2);
    assert_true(text_is(request.to, "<someone@example.org>"));
    assert_false(next(&world, &slot, &request));
    world_end(&world);
}

static void what_belongs_to_an_entry_that_is_not_wholly_here_waits_for_the_rest(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    tick(&world, NINE);
    world.entry++;
    warning_raised_t raised = warning(1, "chengmen");
    txn_t *txn = store_write(world.stream);
    event_t header = {.epoch = 1, .cause_seq = world.entry, .at_ms = NINE};
    txn_append(txn, &header, warning_raised_type(), &raised, NULL); /* the writer has not said that this is all */
    assert_int_equal(txn_commit(&txn), OK);
    uint32_t slot;
    request_t request;
    plan(&world);
    assert_false(next(&world, &slot, &request));
    raise_of(&world, 2, "chengmen", "donation");
    tick(&world, NINE + 1);
    plan(&world);
    assert_true(next(&world, &slot, &request));
    assert_int_equal(notices_in(&request), 2);
    world_end(&world);
}

static void what_the_ledger_knows_to_be_sent_is_not_sent_after_a_rebuild(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    raise_of(&world, 1, "chengmen", "sales");
    tick(&world, NINE);
    plan(&world);
    assert_int_equal(deliver_all(&world), 1);
    outbox_down(&world);
    temporary_remove(path_of(&world, "notifier")); /* the fold is derived anew */
    assert_int_equal(remove(path_of(&world, "journal")), 0); /* and this machine has forgotten all */
    outbox_up(&world);
    one_mail_one_person(&world);
    plan(&world);
    assert_int_equal(deliver_all(&world), 0);
    world_end(&world);
}

static void what_was_sent_but_not_recorded_before_a_crash_is_recorded_and_not_sent_again(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    raise_of(&world, 1, "chengmen", "sales");
    tick(&world, NINE);
    plan(&world);
    uint32_t slot;
    request_t request;
    notice_sent_t sent = {0};
    notice_failed_t failed;
    assert_true(next(&world, &slot, &request));
    answered(&world, slot, 0, 250);
    outbox_down(&world); /* the ledger has heard nothing */
    outbox_up(&world);
    one_mail_one_person(&world);
    plan(&world);
    assert_false(next(&world, &slot, &request));
    assert_int_equal(note(&world, &sent, &failed), KIND_notice_sent);
    assert_int_equal(sent.code, 250);
    assert_int_equal(note(&world, &sent, &failed), 0);
    world_end(&world);
}

static void what_may_have_been_sent_before_a_crash_is_sent_again_under_the_same_id(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    raise_of(&world, 1, "chengmen", "sales");
    raise_of(&world, 2, "chengmen", "donation");
    tick(&world, NINE);
    plan(&world);
    uint32_t slot;
    request_t first, again;
    assert_true(next(&world, &slot, &first));
    outbox_down(&world); /* no answer came */
    raise_of(&world, 3, "chengmen", "pairing");
    tick(&world, NINE + HOUR_MS);
    outbox_up(&world);
    one_mail_one_person(&world);
    plan(&world);
    assert_true(next(&world, &slot, &again));
    bool swapped = !text_equal(first.name, again.name); /* the new warning is a message of its own: either may come first */
    if (swapped) assert_true(next(&world, &slot, &again));
    assert_true(text_equal(first.name, again.name));
    assert_int_equal(notices_in(&again), 2);
    world_end(&world);
}

static void a_warning_withdrawn_before_it_was_sent_is_recorded_and_neither_it_nor_its_withdrawal_is_sent(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    raise_of(&world, 1, "chengmen", "sales");
    tick(&world, NINE);
    plan(&world);
    resolve(&world, 1, "chengmen");
    tick(&world, NINE + 1);
    plan(&world);
    uint32_t slot;
    request_t request;
    notice_sent_t sent;
    notice_failed_t failed = {0};
    assert_false(next(&world, &slot, &request));
    assert_int_equal(note(&world, &sent, &failed), KIND_notice_failed);
    assert_int_equal(failed.why, notice_why_withdrawn);
    assert_int_equal(failed.attempt, 0);
    assert_int_equal(note(&world, &sent, &failed), 0);
    world_end(&world);
}

static void who_heard_a_warning_hears_its_withdrawal(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    raise_of(&world, 1, "chengmen", "sales");
    tick(&world, NINE);
    plan(&world);
    assert_int_equal(deliver_all(&world), 1);
    resolve(&world, 1, "chengmen");
    tick(&world, NINE + 1);
    plan(&world);
    uint32_t slot;
    request_t request;
    assert_true(next(&world, &slot, &request));
    assert_int_equal(notices_in(&request), 1);
    world_end(&world);
}

static void a_later_rung_overtakes_one_that_is_still_waiting(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    raise_of(&world, 1, "chengmen", "sales");
    tick(&world, NINE);
    plan(&world);
    warning_raised_t later = warning(2, "chengmen");
    memset(later.supersedes, 1, sizeof later.supersedes);
    emit(&world, warning_raised_type(), &later);
    tick(&world, NINE + HOUR_MS);
    plan(&world);
    uint32_t slot;
    request_t request;
    notice_sent_t sent;
    notice_failed_t failed = {0};
    assert_true(next(&world, &slot, &request));
    assert_int_equal(notices_in(&request), 1);
    assert_int_equal(note(&world, &sent, &failed), KIND_notice_failed);
    assert_int_equal(failed.why, notice_why_overtaken);
    assert_int_equal(failed.parts[0].warning_id[0], 1);
    world_end(&world);
}

static void a_digest_is_one_notice_that_proves_all_warnings_in_it(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    warning_id_t ids[1];
    memset(ids[0].id, 1, sizeof ids[0].id);
    for (uint8_t number = 1; number <= 30; number++) {
        warning_raised_t raised = warning(number, "chengmen");
        memset(raised.bundle, 1, sizeof raised.bundle);
        emit(&world, warning_raised_type(), &raised);
    }
    bundle_told_t bundle = {.unit = text_of("chengmen"), .count = 30, .digest = true, .level = level_orange, .ids = ids,
                            .ids_count = 1, .zh = text_of("三十项"), .en = text_of("thirty")};
    memset(bundle.id, 1, sizeof bundle.id);
    emit(&world, bundle_told_type(), &bundle);
    tick(&world, NINE);
    plan(&world);
    uint32_t slot;
    request_t request;
    assert_true(next(&world, &slot, &request));
    assert_int_equal(notices_in(&request), 1);
    answered(&world, slot, 0, 250);
    assert_int_equal(deliver_all(&world), 0);
    notices_ask_t ask = {.silent_only = true};
    buffer_t frame = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    notices_t told;
    packet_encode(1, notices_ask_type(), &ask, &frame);
    assert_int_equal(packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault), OK);
    assert_true(stage_answer(world.stage, &packet, &out));
    assert_int_equal(packet_decode((bytes_t){out.at, (uint32_t)out.size}, &packet, &fault), OK);
    assert_int_equal(packet_body(&packet, notices_type(), world.arena, &told, &fault), OK);
    assert_int_equal(told.rows_count, 0); /* nothing has reached nobody */
    buffer_destroy(&frame);
    buffer_destroy(&out);
    world_end(&world);
}

static void a_leader_hears_only_what_stays_late(void **state) {
    (void)state;
    world_t world = world_new(false);
    route_t route = mail_route();
    contact_t boss = person(1, "boss");
    boss.boss = true;
    directory(&world, &route, 1, &boss, 1);
    raise_of(&world, 1, "chengmen", "sales");
    warning_raised_t late = warning(2, "chengmen");
    late.boss = true;
    emit(&world, warning_raised_type(), &late);
    tick(&world, NINE);
    plan(&world);
    uint32_t slot;
    request_t request;
    assert_true(next(&world, &slot, &request));
    assert_int_equal(notices_in(&request), 1);
    world_end(&world);
}

static void a_failing_server_is_tried_again_later_and_later_and_then_it_is_a_dead_letter(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    raise_of(&world, 1, "chengmen", "sales");
    tick(&world, NINE);
    plan(&world);
    uint32_t slot;
    request_t request;
    notice_sent_t sent;
    notice_failed_t failed = {0};
    text_t name = {0};
    for (uint64_t attempt = 1; attempt <= conf.attempts; attempt++) {
        assert_true(next(&world, &slot, &request));
        if (attempt > 1) assert_true(text_equal(name, request.name));
        name = request.name;
        answered(&world, slot, 28, 0);
        assert_false(next(&world, &slot, &request));
        world.now.steady_ms += 20000;
    }
    assert_false(next(&world, &slot, &request));
    assert_int_equal(note(&world, &sent, &failed), KIND_notice_failed);
    assert_int_equal(failed.why, notice_why_given_up);
    assert_int_equal(failed.attempt, conf.attempts);
    assert_int_equal(failed.transport, 28);
    assert_int_equal(outbox_state(world.outbox).dead, 1);
    world_end(&world);
}

static void tries_before_a_crash_count(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    raise_of(&world, 1, "chengmen", "sales");
    tick(&world, NINE);
    uint32_t slot, tries = 0;
    request_t request;
    notice_sent_t sent;
    notice_failed_t failed = {0};
    for (int life = 0; life < 10; life++) {
        plan(&world);
        tries += next(&world, &slot, &request);
        outbox_down(&world);
        outbox_up(&world);
        one_mail_one_person(&world);
    }
    assert_int_equal(tries, conf.attempts);
    plan(&world);
    assert_false(next(&world, &slot, &request));
    assert_int_equal(note(&world, &sent, &failed), KIND_notice_failed);
    assert_int_equal(failed.why, notice_why_given_up);
    world_end(&world);
}

static void a_mailbox_that_refuses_is_not_tried_again(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    raise_of(&world, 1, "chengmen", "sales");
    tick(&world, NINE);
    plan(&world);
    uint32_t slot;
    request_t request;
    notice_sent_t sent;
    notice_failed_t failed = {0};
    assert_true(next(&world, &slot, &request));
    answered(&world, slot, 55, 550);
    world.now.steady_ms += 1000000;
    assert_false(next(&world, &slot, &request));
    assert_int_equal(note(&world, &sent, &failed), KIND_notice_failed);
    assert_int_equal(failed.why, notice_why_refused);
    assert_int_equal(failed.code, 550);
    world_end(&world);
}

static void who_was_erased_is_written_to_no_more(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    raise_of(&world, 1, "chengmen", "sales");
    tick(&world, NINE);
    plan(&world);
    route_t route = mail_route();
    directory(&world, &route, 1, NULL, 0);
    uint32_t slot;
    request_t request;
    notice_sent_t sent;
    notice_failed_t failed = {0};
    assert_false(next(&world, &slot, &request));
    assert_int_equal(note(&world, &sent, &failed), KIND_notice_failed);
    assert_int_equal(failed.why, notice_why_unreachable);
    world_end(&world);
}

static void who_came_later_is_not_told_what_was_raised_before(void **state) {
    (void)state;
    world_t world = world_new(false);
    route_t route = mail_route();
    contact_t late = person(1, "late");
    late.since_ms = (uint64_t)NINE + 1;
    raise_of(&world, 1, "chengmen", "sales");
    tick(&world, NINE);
    directory(&world, &route, 1, &late, 1);
    plan(&world);
    assert_int_equal(deliver_all(&world), 0);
    assert_int_equal(outbox_state(world.outbox).failed, 0);
    world_end(&world);
}

static void what_is_past_its_use_is_recorded_not_sent(void **state) {
    (void)state;
    world_t world = world_new(false);
    raise_of(&world, 1, "chengmen", "sales");
    tick(&world, NINE + 80 * HOUR_MS);
    one_mail_one_person(&world);
    plan(&world);
    uint32_t slot;
    request_t request;
    notice_sent_t sent;
    notice_failed_t failed = {0};
    assert_false(next(&world, &slot, &request));
    assert_int_equal(note(&world, &sent, &failed), KIND_notice_failed);
    assert_int_equal(failed.why, notice_why_too_old);
    world_end(&world);
}

static void a_rehearsal_goes_into_the_maildir_unless_the_route_says_otherwise(void **state) {
    (void)state;
    world_t world = world_new(true);
    route_t route = mail_route();
    contact_t lin = person(1, "lin");
    uint32_t slot;
    request_t request;
    route.live = false;
    directory(&world, &route, 1, &lin, 1);
    raise_of(&world, 1, "chengmen", "sales");
    tick(&world, NINE);
    plan(&world);
    assert_true(next(&world, &slot, &request));
    assert_int_equal(request.channel, channel_sink);
    assert_true(says(&request, "X-Minning-Rehearsal: yes"));
    answered(&world, slot, 0, 0);
    route.live = true;
    directory(&world, &route, 1, &lin, 1);
    raise_of(&world, 2, "chengmen", "sales");
    tick(&world, NINE + 1);
    plan(&world);
    assert_true(next(&world, &slot, &request));
    assert_int_equal(request.channel, channel_mail);
    world_end(&world);
}

static void a_robot_is_told_no_faster_than_its_maker_allows(void **state) {
    (void)state;
    world_t world = world_new(false);
    route_t routes[26];
    for (uint32_t index = 0; index < 26; index++) {
        routes[index] = (route_t){.id = text_of("robot"), .channel = channel_dingtalk, .secret = text_of("SEC"),
                                  .url = text_of("https://robot.example.org/send?access_token=1"), .live = true};
        memset(routes[index].ref, 5, sizeof routes[index].ref);
    }
    directory(&world, routes, 1, NULL, 0);
    uint32_t slot, now = 0, later = 0;
    request_t request;
    for (uint8_t number = 1; number <= 25; number++) { /* 25 moments, each a message */
        raise_of(&world, number, "chengmen", arena_format(world.arena, "task-%u", number).at);
        tick(&world, NINE + number);
        plan(&world);
        if (!next(&world, &slot, &request)) continue;
        assert_true(says(&request, "\"msgtype\":\"text\""));
        response_t response = {.status = 200, .body = text_of("{\"errcode\":0}")};
        outbox_answered(world.outbox, slot, &response, &world.now);
        now++;
    }
    assert_int_equal(now, 20);
    world.now.steady_ms += 60000;
    while (next(&world, &slot, &request)) {
        answered(&world, slot, 28, 0);
        later++;
    }
    assert_int_equal(later, 1); /* the five that waited go as one */
    world_end(&world);
}

static void a_fold_that_was_derived_anew_with_other_numbers_is_planned_again_and_nothing_is_sent_twice(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    raise_of(&world, 1, "chengmen", "sales");
    tick(&world, NINE);
    plan(&world);
    assert_int_equal(deliver_all(&world), 1);
    stage_close(&world.stage);
    store_close(&world.stream);
    temporary_remove(path_of(&world, "notifier"));
    temporary_remove(path_of(&world, "stream"));
    assert_int_equal(store_open_derived(path_of(&world, "stream"), NULL, 0, &world.stream), OK);
    assert_int_equal(stage_open(notifier_role(), path_of(&world, "notifier"), &world.stage), OK);
    raise_of(&world, 9, "gaishan", "sales"); /* the new derivation says something else first */
    raise_of(&world, 1, "chengmen", "sales");
    raise_of(&world, 2, "chengmen", "donation");
    tick(&world, NINE);
    plan(&world);
    uint32_t slot;
    request_t request;
    assert_true(next(&world, &slot, &request));
    assert_int_equal(notices_in(&request), 1);
    assert_false(next(&world, &slot, &request));
    world_end(&world);
}

static void a_torn_tail_of_the_journal_is_cut_and_a_hole_in_it_is_not_believed(void **state) {
    (void)state;
    world_t world = world_new(false);
    one_mail_one_person(&world);
    raise_of(&world, 1, "chengmen", "sales");
    tick(&world, NINE);
    plan(&world);
    assert_int_equal(deliver_all(&world), 1);
    uint64_t size = journal_size(world.journal);
    outbox_down(&world);
    for (long cut = 1; cut < 40; cut += 7) {
        assert_int_equal(truncate(path_of(&world, "journal"), (off_t)(size - (uint64_t)cut)), 0);
        assert_int_equal(journal_open(path_of(&world, "journal"), &world.journal), OK);
        assert_true(journal_size(world.journal) < size); /* the try is still there, the result is not */
        assert_true(journal_size(world.journal) > 0);
        journal_close(&world.journal);
        size = size - (uint64_t)cut < 60 ? 60 : size;
    }
    outbox_up(&world);
    world_end(&world);
}

#define TEST(name) cmocka_unit_test(name)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(several_warnings_of_one_moment_to_one_person_are_one_message),
        TEST(what_belongs_to_an_entry_that_is_not_wholly_here_waits_for_the_rest),
        TEST(what_the_ledger_knows_to_be_sent_is_not_sent_after_a_rebuild),
        TEST(what_was_sent_but_not_recorded_before_a_crash_is_recorded_and_not_sent_again),
        TEST(what_may_have_been_sent_before_a_crash_is_sent_again_under_the_same_id),
        TEST(a_warning_withdrawn_before_it_was_sent_is_recorded_and_neither_it_nor_its_withdrawal_is_sent),
        TEST(who_heard_a_warning_hears_its_withdrawal),
        TEST(a_later_rung_overtakes_one_that_is_still_waiting),
        TEST(a_digest_is_one_notice_that_proves_all_warnings_in_it),
        TEST(a_leader_hears_only_what_stays_late),
        TEST(a_failing_server_is_tried_again_later_and_later_and_then_it_is_a_dead_letter),
        TEST(tries_before_a_crash_count),
        TEST(a_mailbox_that_refuses_is_not_tried_again),
        TEST(who_was_erased_is_written_to_no_more),
        TEST(who_came_later_is_not_told_what_was_raised_before),
        TEST(what_is_past_its_use_is_recorded_not_sent),
        TEST(a_rehearsal_goes_into_the_maildir_unless_the_route_says_otherwise),
        TEST(a_robot_is_told_no_faster_than_its_maker_allows),
        TEST(a_fold_that_was_derived_anew_with_other_numbers_is_planned_again_and_nothing_is_sent_twice),
        TEST(a_torn_tail_of_the_journal_is_cut_and_a_hole_in_it_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
