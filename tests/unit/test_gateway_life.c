/* The gateway's life: self-test, joining and joining anew, health, leaving, a second instance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sysexits.h>

#include "services/gateway/early.h"
#include "services/gateway/edge.h"
#include "tests/unit/gateway_clerk.h"

static void a_unit_that_knocks_before_the_registry_is_loaded_gets_in_afterwards(void **state) {
    world_t *w = *state;
    report_t report = report_make();
    unit_answer_t answer;
    unit_send_report(clerk_link, &report, 0);
    for (int turn = 0; turn < 100; turn++) world_step(w); /* handshakes are answered 300 meanwhile */
    assert_false(gateway_ready(w->gateway));
    assert_false(unit_poll(clerk_link, 0, w->arena, &answer));
    assert_false(unit_refused(clerk_link));
    assert_int_equal(w->appends, 0);
    w->hold_registry = false;
    next(w, KIND_receipt);
    next(w, KIND_verdict);
}

static void the_self_test_tells_a_closed_door_from_an_open_one(void **state) {
    world_t *w = *state;
    (void)w;
    gateway_close(&w->gateway); /* the ZAP endpoint is one a process */
    zap_t *zap = NULL;
    edge_t *edge = NULL;
    unit_key_t stranger;
    uint8_t raw[UNIT_KEY_RAW];
    keys_t *keys = keys_new();
    assert_int_equal(unit_key_new(&stranger), OK);
    assert_int_equal(zap_open(&zap), OK);
    assert_int_equal(edge_open("tcp://127.0.0.1:*", w->server.secret_text, &edge), OK);
    const char *server = w->server.public_text;
    assert_int_equal(edge_try(edge, zap, keys, server, stranger.public_text, stranger.secret_text), ERR_REFUSED);
    assert_int_equal(edge_try(edge, zap, keys, server, NULL, NULL), ERR_REFUSED);
    assert_true(unit_key_raw(stranger.public_text, raw));
    assert_int_equal(keys_register(keys, text_of("a"), 1, raw), OK);
    assert_int_equal(edge_try(edge, zap, keys, server, stranger.public_text, stranger.secret_text), OK);
    edge_close(&edge);
    zap_close(&zap);
    keys_destroy(&keys);
}

static void a_verdict_that_passed_before_its_receipt_was_kept_for_it(void **state) {
    world_t *w = *state;
    w->hold_receipts = true;
    report_t report = report_make();
    unit_send_report(clerk_link, &report, 0);
    WORLD_UNTIL(w, w->held.size > 0 && w->fetched_after == w->event_count);
    server_send(w->intake, &w->held_peer, (bytes_t){w->held.at, (uint32_t)w->held.size});
    next(w, KIND_receipt);
    assert_int_equal(next(w, KIND_verdict).verdict.seq, w->seq);
    assert_int_equal(w->verdict_asks, 0);
}

/* An entry's number comes again where a restore lies between; what was said about the lost one is about another report. */
static void a_verdict_on_an_entry_that_a_restore_lost_is_given_to_nobody(void **state) {
    world_t *w = *state;
    report_passes(w);
    uint64_t seq = w->seq + 1;
    report_accepted_t lost = {.submission_id = {8}, .unit = text_of("jianxin"), .task = text_of("pairing"),
                              .period = text_of("2021-08"), .revision = 1};
    world_event(w, seq, report_accepted_type(), &lost);
    WORLD_UNTIL(w, w->fetched_after == w->event_count);
    w->epoch = 2;
    report_t report = report_make();
    unit_send_report(clerk_link, &report, 0);
    assert_int_equal(next(w, KIND_receipt).receipt.seq, seq);
    verdict_t verdict = next(w, KIND_verdict).verdict;
    assert_int_equal(verdict.seq, seq);
    assert_memory_not_equal(verdict.submission_id, lost.submission_id, sizeof lost.submission_id);
}

static void an_early_verdict_gives_way_to_a_later_one_and_a_large_one_is_not_kept(void **state) {
    (void)state;
    early_t *early = early_new();
    event_t first = {.cause_seq = 7}, found;
    buffer_t bytes = {0};
    fault_t fault;
    event_t header = {.epoch = 1, .cause_seq = 7, .at_ms = 1};
    event_encode(&header, clock_ticked_type(), &(clock_ticked_t){.at_ms = 1}, &bytes);
    assert_int_equal(event_decode((bytes_t){bytes.at, (uint32_t)bytes.size}, &first, &fault), OK);
    assert_false(early_find(early, 7, 1, &found));
    early_keep(early, &first);
    assert_true(early_find(early, 7, 1, &found));
    assert_int_equal(found.cause_seq, 7);
    assert_false(early_find(early, 7, 2, &found));
    assert_false(early_find(early, 7 + 4096, 1, &found));
    event_t later = first;
    later.cause_seq = 7 + 4096;
    early_keep(early, &later);
    assert_false(early_find(early, 7, 1, &found));
    event_t large = first;
    static const uint8_t room[5000];
    large.cause_seq = 8;
    large.raw = (bytes_t){room, sizeof room};
    early_keep(early, &large);
    assert_false(early_find(early, 8, 1, &found));
    buffer_destroy(&bytes);
    early_destroy(&early);
}

/* Its entry, of which only the receipt was heard. */
static uint64_t report_is_in(world_t *w) {
    report_t report = report_make();
    unit_send_report(clerk_link, &report, 0);
    return next(w, KIND_receipt).receipt.seq;
}

static void after_the_stream_diverged_the_door_joins_anew_and_asks_for_what_it_missed(void **state) {
    world_t *w = *state;
    report_passes(w);
    w->hold_verdicts = true;
    uint64_t seq = report_is_in(w);
    memset(w->hashes[w->event_count], 0xee, 32);
    world_revoke(w, "gaishan", 1); /* never seen as an event: it lies in the gap */
    memset(w->hashes[w->event_count], 0xdd, 32);
    assert_int_equal(next(w, KIND_verdict).verdict.seq, seq);
    w->hold_verdicts = false;
    report_passes(w);
}

/* A restore while it waits: the entry's number is another report's now, and the verdict on that one is not for who waits. */
static void who_waits_across_a_restore_is_not_given_the_verdict_on_anothers_report(void **state) {
    world_t *w = *state;
    report_passes(w);
    w->hold_verdicts = true;
    uint64_t seq = report_is_in(w);
    w->epoch = 2;
    report_accepted_t others = {.submission_id = {8}, .unit = text_of("jianxin"), .task = text_of("pairing"),
                                .period = text_of("2021-08"), .revision = 1};
    world_event(w, seq, report_accepted_type(), &others);
    WORLD_UNTIL(w, w->fetched_after == w->event_count);
    unit_answer_t answer;
    assert_false(unit_poll(clerk_link, 0, w->arena, &answer));
    memset(w->hashes[w->event_count], 0xee, 32); /* joined anew: it is asked for, as the entry of its own epoch */
    world_revoke(w, "gaishan", 1);
    memset(w->hashes[w->event_count], 0xdd, 32);
    WORLD_UNTIL(w, w->verdict_asks == 1);
    assert_int_equal(w->asked_epoch, 1);
}

static void a_batch_that_changed_on_its_way_is_told_to_nobody_and_what_it_held_is_asked_for(void **state) {
    world_t *w = *state;
    report_passes(w);
    w->spoil = true;
    uint64_t seq = report_is_in(w);
    assert_int_equal(next(w, KIND_verdict).verdict.seq, seq);
    assert_false(w->spoil);
    assert_int_equal(w->verdict_asks, 1); /* not from the stream */
    report_passes(w);
    assert_int_equal(w->verdict_asks, 1);
}

static void a_door_that_leaves_says_busy_to_new_messages(void **state) {
    world_t *w = *state;
    report_passes(w);
    gateway_refuse_new(w->gateway);
    report_t report = report_make();
    unit_send_report(clerk_link, &report, 0);
    assert_true(next(w, KIND_busy).busy.retry_after_ms > 0);
    assert_int_equal(w->appends, 1);
}

static void who_still_waits_when_the_door_closes_is_told_to_ask_again(void **state) {
    world_t *w = *state;
    unit_answer_t answer;
    w->hold_receipts = true;
    report_t report = report_make();
    uint64_t id = unit_send_report(clerk_link, &report, 0);
    WORLD_UNTIL(w, w->held.size > 0);
    assert_int_equal(gateway_pending(w->gateway), 1);
    gateway_close(&w->gateway);
    assert_true(unit_poll(clerk_link, WORLD_PATIENCE_MS, w->arena, &answer));
    assert_int_equal(answer.kind, KIND_busy);
    assert_int_equal(answer.request_id, id);
}

static bool health_take(world_t *w, client_t *client, health_t *health) {
    bytes_t frame;
    packet_t packet;
    fault_t fault;
    if (!client_receive(client, &frame)) return false;
    text_t copy = arena_text(w->arena, (text_t){(const char *)frame.at, frame.size});
    return packet_decode((bytes_t){(const uint8_t *)copy.at, copy.size}, &packet, &fault) == OK &&
           packet_body(&packet, health_type(), w->arena, health, &fault) == OK;
}

static void health_waits_for_an_entry_that_the_door_has_not_seen_yet(void **state) {
    world_t *w = *state;
    client_t *client = NULL;
    health_t health = {0};
    buffer_t packet = {0};
    uint64_t seq = w->seq + 1;
    health_ask_t ask = {.at_least = seq};
    packet_encode(5, health_ask_type(), &ask, &packet);
    assert_int_equal(client_connect("ipc://run/gateway.desk", &client), OK);
    assert_int_equal(client_send(client, (bytes_t){packet.at, (uint32_t)packet.size}), OK);
    report_passes(w);
    WORLD_UNTIL(w, health_take(w, client, &health));
    assert_true(health.ok);
    assert_true(health.cause_seq >= seq);
    assert_true(text_is(health.service, "gateway"));
    assert_int_equal(health.in_applied, w->event_count);
    client_destroy(&client);
    buffer_destroy(&packet);
}

static atomic_bool world_stops;

static void *world_run(void *world) {
    while (!atomic_load(&world_stops)) world_step(world);
    return NULL;
}

static void the_blocking_call_sends_again_after_busy_until_it_has_receipt_and_verdict(void **state) {
    world_t *w = *state;
    pthread_t thread;
    unit_outcome_t outcome;
    arena_t *arena = arena_new();
    report_t report = report_make();
    w->busy_first = 2;
    atomic_store(&world_stops, false);
    pthread_create(&thread, NULL, world_run, w);
    err_t err = unit_report(clerk_link, &report, 0, WORLD_PATIENCE_MS, arena, &outcome);
    unit_key_t stranger;
    unit_link_t *link = NULL;
    unit_outcome_t turned_away;
    err_t made = unit_key_new(&stranger);
    if (made == OK) made = unit_open(gateway_endpoint(w->gateway), w->server.public_text, &stranger, &link);
    err_t away = unit_report(link, &report, 0, 700, arena, &turned_away);
    unit_close(&link);
    atomic_store(&world_stops, true);
    pthread_join(thread, NULL);
    assert_int_equal(made, OK);
    assert_int_equal(err, OK);
    assert_true(outcome.received && outcome.judged && outcome.verdict.accepted);
    assert_int_equal(outcome.receipt.seq, w->seq);
    assert_int_equal(w->appends, 3);
    assert_int_equal(away, ERR_REFUSED);
    assert_true(text_is(turned_away.refusal.reasons[0].code, "unknown_key"));
    arena_destroy(&arena);
}

static void a_second_instance_leaves_with_75_before_it_touches_a_socket(void **state) {
    world_t *w = *state;
    assert_int_equal(home_write(HOME_CONF, text_of("gateway\n"), 0600), OK);
    int lock = open("run/gateway.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
    char program[] = "minning-gateway", here[] = ".";
    char *arguments[] = {program, here, NULL};
    assert_int_equal(gateway_main(2, arguments), EX_TEMPFAIL);
    close(lock);
    report_passes(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_unit_that_knocks_before_the_registry_is_loaded_gets_in_afterwards,
                                        world_start_unloaded, world_end),
        TEST(the_self_test_tells_a_closed_door_from_an_open_one),
        TEST(a_verdict_that_passed_before_its_receipt_was_kept_for_it),
        TEST(a_verdict_on_an_entry_that_a_restore_lost_is_given_to_nobody),
        cmocka_unit_test(an_early_verdict_gives_way_to_a_later_one_and_a_large_one_is_not_kept),
        TEST(after_the_stream_diverged_the_door_joins_anew_and_asks_for_what_it_missed),
        TEST(who_waits_across_a_restore_is_not_given_the_verdict_on_anothers_report),
        TEST(a_batch_that_changed_on_its_way_is_told_to_nobody_and_what_it_held_is_asked_for),
        TEST(a_door_that_leaves_says_busy_to_new_messages),
        TEST(who_still_waits_when_the_door_closes_is_told_to_ask_again),
        TEST(health_waits_for_an_entry_that_the_door_has_not_seen_yet),
        TEST(the_blocking_call_sends_again_after_busy_until_it_has_receipt_and_verdict),
        TEST(a_second_instance_leaves_with_75_before_it_touches_a_socket),
    };
    return cmocka_run_group_tests_name("gateway life", tests, NULL, NULL);
}
