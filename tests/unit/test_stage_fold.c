/* The stage: the same ledger gives the same state and the same stream, whatever happens on the way. */
#include "stage_bench.h"

#include <signal.h>
#include <sys/wait.h>

static store_t *ledger_open(const char *path) {
    store_t *ledger;
    assert_int_equal(store_open(path, NULL, 0, &ledger), OK);
    return ledger;
}

static stage_t *counter_open(const char *path) {
    stage_t *stage;
    assert_int_equal(stage_open(&counter, path, &stage), OK);
    return stage;
}

/* A ledger with a bit of everything. */
static void ledger_fill(store_t *ledger) {
    for (uint64_t round = 0; round < 6; round++) {
        ledger_add(ledger, "a", 1 + round);
        ledger_tick(ledger);
        ledger_add(ledger, "much", 5);
        ledger_add(ledger, "b", 7);
    }
}

static void dump_and_close(stage_t **stage, const char *file) {
    assert_int_equal(stage_dump(*stage, file), OK);
    stage_close(stage);
}

static void the_undisturbed_run(store_t *ledger, const char *file) {
    stage_t *stage = counter_open("data/undisturbed");
    counter_drain(stage, ledger, 0, 1);
    dump_and_close(&stage, file);
}

static void the_stream_does_not_depend_on_where_batches_and_commits_end(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    ledger_fill(ledger);
    the_undisturbed_run(ledger, "whole.txt");
    static const struct {
        uint64_t max_bytes;
        uint32_t commit_every;
    } cuts[] = {{1, 1}, {1, 1000}, {100, 1}, {100, 3}, {300, 2}};
    for (size_t index = 0; index < sizeof cuts / sizeof cuts[0]; index++) {
        char path[32];
        snprintf(path, sizeof path, "data/cut%zu", index);
        stage_t *stage = counter_open(path);
        counter_drain(stage, ledger, cuts[index].max_bytes, cuts[index].commit_every);
        dump_and_close(&stage, "cut.txt");
        assert_same_files("whole.txt", "cut.txt");
    }
    size_t size;
    char *dump = bench_file("whole.txt", &size);
    assert_non_null(strstr(dump, "row counts a\\x00 {\"code\":\"a\",\"count\":21"));
    assert_non_null(strstr(dump, "fact in_seq 24\n"));
    free(dump);
    store_close(&ledger);
}

static void a_stage_that_was_dropped_derives_the_same_again(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    ledger_fill(ledger);
    stage_t *stage = counter_open("data/counter");
    counter_drain(stage, ledger, 100, 2);
    assert_int_equal(stage_dump(stage, "first.txt"), OK);
    assert_int_equal(stage_drop(stage), OK);
    assert_int_equal(stage_fetch(stage).after, 0);
    arena_t *arena = arena_new();
    batch_t batch;
    fetch_t all = {.stream = STREAM_VERDICTS};
    assert_false(stage_serve(stage, &all, arena, &batch));
    counter_drain(stage, ledger, 0, 1);
    dump_and_close(&stage, "second.txt");
    assert_same_files("first.txt", "second.txt");
    arena_destroy(&arena);
    store_close(&ledger);
}

static void what_was_not_committed_is_gone_and_done_again_after_a_restart(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    ledger_fill(ledger);
    the_undisturbed_run(ledger, "undisturbed.txt");
    arena_t *arena = arena_new();
    batch_t batch;
    stage_t *stage = counter_open("data/counter");
    for (int restart = 0; restart < 30; restart++) {
        if (ledger_serve(ledger, stage_fetch(stage), 120, arena, &batch)) assert_int_equal(stage_step(stage, &batch), OK);
        assert_int_equal(stage_commit(stage), OK);
        if (ledger_serve(ledger, stage_fetch(stage), 120, arena, &batch)) assert_int_equal(stage_step(stage, &batch), OK);
        uint64_t durable = stage_fetch(stage).ack;
        if (restart % 2 == 0)
            stage_rollback(stage);
        else {
            stage_close(&stage);
            stage = counter_open("data/counter");
        }
        assert_int_equal(stage_fetch(stage).after, durable);
        arena_reset(arena);
    }
    dump_and_close(&stage, "disturbed.txt");
    assert_same_files("undisturbed.txt", "disturbed.txt");
    arena_destroy(&arena);
    store_close(&ledger);
}

/* Applies two batches, commits only the first, and is gone without a word. */
static void die_between_apply_and_commit(void) {
    store_t *ledger;
    stage_t *stage;
    arena_t *arena = arena_new();
    batch_t batch;
    if (store_open("data/ledger", NULL, 0, &ledger) != OK || stage_open(&counter, "data/counter", &stage) != OK) _exit(1);
    if (!ledger_serve(ledger, stage_fetch(stage), 100, arena, &batch) || stage_step(stage, &batch) != OK) _exit(2);
    if (stage_commit(stage) != OK) _exit(3);
    if (!ledger_serve(ledger, stage_fetch(stage), 100, arena, &batch) || stage_step(stage, &batch) != OK) _exit(4);
    raise(SIGKILL);
}

static void a_process_killed_between_apply_and_commit_resumes_where_it_committed(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    ledger_fill(ledger);
    the_undisturbed_run(ledger, "undisturbed.txt");
    store_close(&ledger);
    for (int times = 0; times < 3; times++) {
        pid_t child = fork();
        if (child == 0) die_between_apply_and_commit();
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    ledger = ledger_open("data/ledger");
    stage_t *stage = counter_open("data/counter");
    assert_true(stage_fetch(stage).after > 0);
    counter_drain(stage, ledger, 0, 1);
    dump_and_close(&stage, "disturbed.txt");
    assert_same_files("undisturbed.txt", "disturbed.txt");
    store_close(&ledger);
}

static void an_agenda_goes_on_across_steps_commits_and_restarts_before_the_next_event(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    ledger_add(ledger, "a", 1);
    ledger_add(ledger, "much", 1000);
    ledger_tick(ledger);
    the_undisturbed_run(ledger, "undisturbed.txt");
    stage_t *stage = counter_open("data/counter");
    arena_t *arena = arena_new();
    batch_t batch;
    int steps = 0, open = 0;
    while (ledger_serve(ledger, stage_fetch(stage), 0, arena, &batch)) {
        assert_int_equal(stage_step(stage, &batch), OK);
        if (stage_pending(stage)) {
            open++;
            assert_int_equal(stage_fetch(stage).after, 1);
        }
        if (steps % 3 != 0) assert_int_equal(stage_commit(stage), OK);
        if (steps % 3 == 2) {
            stage_close(&stage);
            stage = counter_open("data/counter");
        }
        if (steps % 3 == 0 && steps % 2 == 1) stage_rollback(stage);
        steps++;
        arena_reset(arena);
    }
    assert_true(open > 10);
    assert_int_equal(stage_commit(stage), OK);
    dump_and_close(&stage, "agenda.txt");
    assert_same_files("undisturbed.txt", "agenda.txt");
    arena_destroy(&arena);
    store_close(&ledger);
}

static void a_tick_is_passed_on_once_behind_what_it_caused(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    ledger_add(ledger, "a", 1);
    ledger_tick(ledger);
    stage_t *stage = counter_open("data/counter");
    counter_drain(stage, ledger, 0, 1);
    arena_t *arena = arena_new();
    txn_t *txn = store_read(stage_store(stage));
    static const uint32_t kinds[] = {KIND_refusals_counted, KIND_refusals_counted, KIND_refusals_counted, KIND_clock_ticked};
    static const uint64_t causes[] = {1, 2, 2, 2};
    assert_int_equal(txn_head(txn).seq, 4);
    for (uint64_t seq = 1; seq <= 4; seq++) {
        event_t event;
        assert_true(txn_event(txn, seq, arena, &event, NULL));
        assert_int_equal(event.kind, kinds[seq - 1]);
        assert_int_equal(event.cause_seq, causes[seq - 1]);
        assert_int_equal(event.epoch, 1);
        assert_int_equal(event.at_ms, T0 + (int64_t)causes[seq - 1] - 1);
    }
    txn_abort(&txn);
    arena_destroy(&arena);
    stage_close(&stage);
    store_close(&ledger);
}

static void any_other_control_entry_is_passed_on_once_ahead_of_what_it_caused(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    event_t header = {.epoch = 1, .at_ms = T0}, event;
    txn_t *txn = store_write(ledger);
    txn_append(txn, &header, rules_activated_type(), &(rules_activated_t){.version = 3}, NULL);
    assert_int_equal(txn_commit(&txn), OK);
    stage_t *stage = counter_open("data/counter");
    counter_drain(stage, ledger, 0, 1);
    arena_t *arena = arena_new();
    txn = store_read(stage_store(stage));
    assert_int_equal(txn_head(txn).seq, 2);
    assert_true(txn_event(txn, 1, arena, &event, NULL));
    assert_int_equal(event.kind, KIND_rules_activated);
    rules_activated_t rules;
    fault_t fault;
    assert_int_equal(event_body(&event, rules_activated_type(), arena, &rules, &fault), OK);
    assert_int_equal(rules.version, 3);
    assert_true(txn_event(txn, 2, arena, &event, NULL));
    assert_int_equal(event.kind, KIND_refusals_counted);
    assert_int_equal(event.cause_seq, 1);
    txn_abort(&txn);
    arena_destroy(&arena);
    stage_close(&stage);
    store_close(&ledger);
}

static void only_what_the_writer_has_committed_is_applied(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    for (uint64_t count = 1; count <= 5; count++) ledger_add(ledger, "a", count);
    stage_t *stage = counter_open("data/counter");
    arena_t *arena = arena_new();
    batch_t batch;
    assert_true(ledger_serve(ledger, stage_fetch(stage), 0, arena, &batch));
    batch.durable_head = 3;
    assert_int_equal(stage_step(stage, &batch), OK);
    assert_int_equal(stage_fetch(stage).after, 3);
    batch.durable_head = 5;
    assert_int_equal(stage_step(stage, &batch), OK); /* the repeat of 1 to 3 is harmless */
    assert_int_equal(stage_fetch(stage).after, 5);
    assert_int_equal(stage_step(stage, &batch), OK);
    assert_int_equal(stage_fetch(stage).after, 5);
    head_t head = ledger_head(ledger);
    assert_memory_equal(stage_fetch(stage).after_hash, head.hash, 32);
    arena_destroy(&arena);
    stage_close(&stage);
    store_close(&ledger);
}

static void a_batch_that_does_not_follow_is_refused_whole(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    for (uint64_t count = 1; count <= 4; count++) ledger_add(ledger, "a", count);
    stage_t *stage = counter_open("data/counter");
    arena_t *arena = arena_new();
    batch_t good, bad;
    fetch_t fetch = stage_fetch(stage);
    assert_true(ledger_serve(ledger, fetch, 0, arena, &good));
    bad = good; /* a gap: the first is missing */
    bad.from = 2;
    assert_int_equal(stage_step(stage, &bad), ERR_BAD);
    bad = good; /* another hash at the end */
    bad.last_hash[5] ^= 1;
    assert_int_equal(stage_step(stage, &bad), ERR_BAD);
    bad = good; /* fewer events than it says */
    bad.count = 5;
    assert_int_equal(stage_step(stage, &bad), ERR_BAD);
    bad = good; /* an event changed under way */
    uint8_t *changed = arena_take(arena, good.events.size);
    memcpy(changed, good.events.at, good.events.size);
    changed[good.events.size - 1] ^= 1;
    bad.events.at = changed;
    assert_int_equal(stage_step(stage, &bad), ERR_BAD);
    bad = good; /* the first is half its head alone */
    bad.events.size = SIZE_SIZE + LINK_SIZE / 2;
    assert_int_equal(stage_step(stage, &bad), ERR_BAD);
    bad = good; /* another stream */
    bad.stream = STREAM_TALLIES;
    assert_int_equal(stage_step(stage, &bad), ERR_BAD);
    bad = good; /* half an event */
    bad.events.size -= 2;
    assert_int_equal(stage_step(stage, &bad), ERR_BAD);
    assert_int_equal(stage_fetch(stage).after, 0);
    assert_int_equal(stage_step(stage, &good), OK);
    assert_int_equal(stage_fetch(stage).after, 4);
    arena_destroy(&arena);
    stage_close(&stage);
    store_close(&ledger);
}

static void every_flipped_bit_of_a_batch_of_the_ledger_is_seen_by_its_reader(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    for (uint64_t count = 1; count <= 3; count++) ledger_add(ledger, "a", count);
    stage_t *stage = counter_open("data/counter");
    arena_t *arena = arena_new();
    batch_t good;
    fetch_t fetch = stage_fetch(stage);
    assert_true(ledger_serve(ledger, fetch, 0, arena, &good));
    bytes_t whole = good.events;
    assert_true(good.framed);
    for (uint32_t bit = 0; bit < whole.size * 8; bit++) {
        uint8_t *changed = arena_take(arena, whole.size);
        memcpy(changed, whole.at, whole.size);
        changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        good.events.at = changed;
        assert_int_equal(stage_step(stage, &good), ERR_BAD);
    }
    good.events = whole;
    assert_int_equal(stage_fetch(stage).after, 0);
    assert_int_equal(stage_step(stage, &good), OK);
    arena_destroy(&arena);
    stage_close(&stage);
    store_close(&ledger);
}

/* Nothing is shown of a batch of which one bit has changed, and the follower stands where it stood. */
static void flips_are_seen(batch_t batch, stream_t stream, head_t from, arena_t *arena) {
    bytes_t hash = {batch.last_hash, HASH_SIZE};
    bytes_t *parts[] = {&batch.events, &hash};
    head_t at = from;
    for (size_t part = 0; part < sizeof parts / sizeof parts[0]; part++) {
        bytes_t whole = *parts[part];
        for (uint32_t bit = 0; bit < whole.size * 8; bit++) {
            uint8_t *changed = arena_take(arena, whole.size + 1);
            memcpy(changed, whole.at, whole.size);
            changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
            batch_t other = batch;
            if (parts[part] == &hash) memcpy(other.last_hash, changed, HASH_SIZE);
            else other.events = (bytes_t){changed, whole.size};
            assert_false(batch_goes_on(&other, stream, &at));
        }
    }
    assert_memory_equal(&at, &from, sizeof at);
    assert_true(batch_goes_on(&batch, stream, &at));
    assert_int_equal(at.seq, from.seq + batch.count);
    assert_false(batch_goes_on(&batch, stream, &at)); /* the same once more is no going on */
}

static void every_flipped_bit_of_a_batch_is_seen_by_who_follows_the_ledger_or_what_is_derived_from_it(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    for (uint64_t count = 1; count <= 4; count++) ledger_add(ledger, "a", count);
    stage_t *stage = counter_open("data/counter");
    counter_drain(stage, ledger, 0, 1);
    arena_t *arena = arena_new();
    batch_t batch;
    fetch_t fetch = {.stream = STREAM_ENTRIES, .max_bytes = 250};
    head_t at = {0};
    assert_true(ledger_serve(ledger, fetch, 250, arena, &batch));
    assert_in_range(batch.count, 1, 3);
    flips_are_seen(batch, STREAM_ENTRIES, at, arena);
    fetch.stream = STREAM_VERDICTS;
    fetch.max_bytes = 60;
    assert_true(stage_serve(stage, &fetch, arena, &batch));
    assert_in_range(batch.count, 1, 3);
    flips_are_seen(batch, STREAM_VERDICTS, at, arena);
    assert_true(batch_goes_on(&batch, STREAM_VERDICTS, &at));
    fetch.after = at.seq;
    memcpy(fetch.after_hash, at.hash, sizeof at.hash);
    fetch.max_bytes = 0;
    assert_true(stage_serve(stage, &fetch, arena, &batch));
    flips_are_seen(batch, STREAM_VERDICTS, at, arena);
    at.hash[3] ^= 1; /* another stream before it, or none */
    assert_false(batch_goes_on(&batch, STREAM_VERDICTS, &at));
    arena_destroy(&arena);
    stage_close(&stage);
    store_close(&ledger);
}

static void an_event_of_an_unknown_kind_stops_the_stage_and_is_never_skipped(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    ledger_add(ledger, "a", 1);
    txn_t *txn = store_write(ledger);
    plan_closed_t closed = {.why = text_of("new in the next version")};
    event_t header = {.epoch = 1, .at_ms = T0};
    txn_append(txn, &header, plan_closed_type(), &closed, NULL);
    assert_int_equal(txn_commit(&txn), OK);
    stage_t *stage = counter_open("data/counter");
    arena_t *arena = arena_new();
    batch_t batch;
    assert_true(ledger_serve(ledger, stage_fetch(stage), 0, arena, &batch));
    assert_int_equal(stage_step(stage, &batch), ERR_REFUSED);
    assert_int_equal(stage_fetch(stage).after, 0); /* the batch is rolled back as a whole */
    assert_true(ledger_serve(ledger, stage_fetch(stage), 1, arena, &batch));
    assert_int_equal(stage_step(stage, &batch), OK);
    assert_int_equal(stage_commit(stage), OK);
    assert_true(ledger_serve(ledger, stage_fetch(stage), 1, arena, &batch));
    assert_int_equal(stage_step(stage, &batch), ERR_REFUSED);
    assert_int_equal(stage_fetch(stage).after, 1);
    arena_destroy(&arena);
    stage_close(&stage);
    store_close(&ledger);
}

static void a_writer_that_is_shorter_says_behind_and_one_that_differs_says_diverged(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger"), *other = ledger_open("data/other");
    for (uint64_t count = 1; count <= 3; count++) ledger_add(ledger, "a", count);
    ledger_add(other, "a", 1);
    stage_t *stage = counter_open("data/counter");
    counter_drain(stage, ledger, 0, 1);
    arena_t *arena = arena_new();
    batch_t batch;
    assert_true(ledger_serve(other, stage_fetch(stage), 0, arena, &batch));
    assert_int_equal(batch.state, batch_state_behind);
    assert_int_equal(stage_step(stage, &batch), OK); /* it waits */
    assert_int_equal(stage_fetch(stage).after, 3);
    ledger_add(other, "b", 2);
    ledger_add(other, "b", 3);
    assert_true(ledger_serve(other, stage_fetch(stage), 0, arena, &batch));
    assert_int_equal(batch.state, batch_state_diverged);
    assert_int_equal(stage_drop(stage), OK);
    counter_drain(stage, other, 0, 1);
    dump_and_close(&stage, "rebuilt.txt");
    the_undisturbed_run(other, "other.txt");
    assert_same_files("other.txt", "rebuilt.txt");
    arena_destroy(&arena);
    store_close(&ledger);
    store_close(&other);
}

static void a_tail_reader_sees_what_is_not_committed_and_others_do_not(void **state) {
    (void)state;
    store_t *ledger = ledger_open("data/ledger");
    ledger_add(ledger, "a", 1);
    stage_t *stage = counter_open("data/counter");
    arena_t *arena = arena_new();
    batch_t in, out;
    assert_true(ledger_serve(ledger, stage_fetch(stage), 0, arena, &in));
    assert_int_equal(stage_step(stage, &in), OK);
    fetch_t durable = {.stream = STREAM_VERDICTS}, tail = {.stream = STREAM_VERDICTS, .tail = true};
    assert_false(stage_serve(stage, &durable, arena, &out));
    assert_true(stage_serve(stage, &tail, arena, &out));
    assert_int_equal(out.count, 1);
    assert_int_equal(out.durable_head, 0);
    assert_int_equal(out.tail_head, 1);
    fetch_t join = {.stream = STREAM_VERDICTS, .tail = true, .at_end = true};
    assert_true(stage_serve(stage, &join, arena, &out));
    assert_int_equal(out.from, 2);
    assert_int_equal(out.count, 0);
    fetch_t next = {.stream = STREAM_VERDICTS, .tail = true, .after = out.from - 1};
    memcpy(next.after_hash, out.last_hash, sizeof next.after_hash);
    assert_false(stage_serve(stage, &next, arena, &out)); /* nothing new: it follows well */
    assert_int_equal(stage_commit(stage), OK);
    assert_true(stage_serve(stage, &durable, arena, &out));
    assert_int_equal(out.durable_head, 1);
    arena_destroy(&arena);
    stage_close(&stage);
    store_close(&ledger);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(the_stream_does_not_depend_on_where_batches_and_commits_end),
        BENCH_TEST(a_stage_that_was_dropped_derives_the_same_again),
        BENCH_TEST(what_was_not_committed_is_gone_and_done_again_after_a_restart),
        BENCH_TEST(a_process_killed_between_apply_and_commit_resumes_where_it_committed),
        BENCH_TEST(an_agenda_goes_on_across_steps_commits_and_restarts_before_the_next_event),
        BENCH_TEST(a_tick_is_passed_on_once_behind_what_it_caused),
        BENCH_TEST(any_other_control_entry_is_passed_on_once_ahead_of_what_it_caused),
        BENCH_TEST(only_what_the_writer_has_committed_is_applied),
        BENCH_TEST(a_batch_that_does_not_follow_is_refused_whole),
        BENCH_TEST(every_flipped_bit_of_a_batch_of_the_ledger_is_seen_by_its_reader),
        BENCH_TEST(every_flipped_bit_of_a_batch_is_seen_by_who_follows_the_ledger_or_what_is_derived_from_it),
        BENCH_TEST(an_event_of_an_unknown_kind_stops_the_stage_and_is_never_skipped),
        BENCH_TEST(a_writer_that_is_shorter_says_behind_and_one_that_differs_says_diverged),
        BENCH_TEST(a_tail_reader_sees_what_is_not_committed_and_others_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
