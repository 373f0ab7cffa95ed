/* Reports that the ledger could hold, folded by validation, aggregation and alerting: every one gets its verdict, no stage
 * stops. The stages stand behind an adopted plan; each input is applied to them without a commit and rolled back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/chain.h"
#include "proto/crypto.h"
#include "services/2-validation/validation.h"
#include "services/3-aggregation/aggregation.h"
#include "services/4-alerting/alerting.h"
#include "services/door/door_rules.h"
#include "services/minning/phrase.h"
#include "services/stage/serve.h"
#include "services/stage/stage.h"
#include "services/vault/privacy.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_plans.h"

enum { STAGES = 3, PERSONS = 1024, MOST_EVENTS = 64 };

/* Stream 1 as this input makes it. */
typedef struct {
    uint64_t seq;
    uint8_t hash[HASH_SIZE];
    int64_t now_ms;
    buffer_t events;
    uint32_t count, reports;
    arena_t *arena;
} entries_t;

static stage_t *stages[STAGES];
static entries_t base; /* what every input follows */

static void stop(void) {
    for (uint32_t index = 0; index < STAGES; index++) stage_close(&stages[index]);
}

static void append(entries_t *self, const message_t *type, const void *value) {
    event_t header = {.epoch = 1, .cause_seq = ++self->seq, .at_ms = self->now_ms};
    size_t begin = self->events.size;
    event_encode(&header, type, value, &self->events);
    hash_chain(CHAIN_SEALED, self->hash, (bytes_t){self->events.at + begin, (uint32_t)(self->events.size - begin)}, self->hash);
    self->count++;
}

/* Feeds a stage what its writer has, durable or not, until there is no more. */
static void feed(stage_t *stage, const batch_t *first, stage_t *writer) {
    arena_t *arena = arena_new();
    batch_t batch;
    if (first != NULL) {
        do PROMISE(stage_step(stage, first) == OK, "a stage stops at the ledger");
        while (stage_pending(stage));
    }
    while (writer != NULL) {
        arena_reset(arena);
        fetch_t fetch = stage_fetch(stage);
        fetch.tail = true;
        if (!stage_serve(writer, &fetch, arena, &batch) || (batch.count == 0 && !stage_pending(stage))) break;
        PROMISE(batch.state == batch_state_ok, "the streams part");
        batch.durable_head = batch.tail_head;
        PROMISE(stage_step(stage, &batch) == OK, "a stage stops at what the stage before it said");
    }
    arena_destroy(&arena);
}

static void fold(const entries_t *entries, uint64_t from) {
    batch_t batch = {.stream = STREAM_ENTRIES,
                     .state = batch_state_ok,
                     .from = from,
                     .count = entries->count,
                     .durable_head = entries->seq,
                     .tail_head = entries->seq,
                     .events = {entries->events.at, (uint32_t)entries->events.size}};
    memcpy(batch.last_hash, entries->hash, sizeof batch.last_hash);
    feed(stages[0], &batch, NULL);
    for (uint32_t index = 1; index < STAGES; index++) feed(stages[index], NULL, stages[index - 1]);
}

static void start(void) {
    const role_t *roles[] = {validation_role(), aggregation_role(), alerting_role()};
    for (uint32_t index = 0; index < STAGES; index++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", fuzz_folder(), roles[index]->name);
        PROMISE(stage_open(roles[index], path, &stages[index]) == OK, "no stage in %s", path);
    }
    const plan_t *plan = planbook_plan(fuzz_book());
    phrase_instant(plan, text_of("2021-08-02T09:00"), &base.now_ms);
    ledger_opened_t opened = {
        .ledger_id = {1}, .epoch = 1, .clock_mode = clock_mode_rehearsal, .operator_key = {2}, .signer_key = {3}};
    plan_adopted_t adopted = {.plan = *plan};
    rules_activated_t rules = {.version = 1};
    append(&base, ledger_opened_type(), &opened);
    append(&base, plan_adopted_type(), &adopted);
    append(&base, rules_activated_type(), &rules);
    fold(&base, 1);
    for (uint32_t index = 0; index < STAGES; index++) PROMISE(stage_commit(stages[index]) == OK, "no commit");
    buffer_destroy(&base.events);
    base.count = 0;
    atexit(stop);
}

/* As the doors pass it on: names swapped for hashes; what they would refuse is not in the ledger. */
static void append_report(entries_t *self, text_t unit, report_t report) {
    text_t texts[PERSONS];
    personal_t *refs = ARENA_NEW(self->arena, personal_t, PERSONS);
    reason_t reason;
    self->now_ms += 1000;
    memset(report.submission_id, 0, sizeof report.submission_id);
    report.submission_id[0] = 1;
    report.submission_id[15] = (uint8_t)self->count;
    report_received_t received = {.unit = unit, .door = door_gateway, .key_generation = 1, .content_hash = {1}};
    fault_t fault;
    if (planbook_unit(fuzz_book(), unit) == NULL || wire_check(report_type(), &report, &fault) != OK) return;
    uint32_t persons = personal_texts(&report, texts, PERSONS);
    if (persons > PERSONS || report_refusals(&report, &reason, 1, self->arena) > 0) return;
    for (uint32_t index = 0; index < persons; index++) {
        refs[index] = (personal_t){.key_id = 1, .commitment = {1}};
        hash_of((bytes_t){(const uint8_t *)texts[index].at, texts[index].size}, refs[index].hash);
    }
    personal_swap(&report, refs, persons, self->arena);
    if (privacy_unswapped(&report, self->arena).size > 0) return;
    received.report = report;
    append(self, report_received_type(), &received);
    self->reports++;
}

static void append_tick(entries_t *self, uint32_t hours) {
    self->now_ms += (int64_t)(hours % 1500) * 3600000;
    clock_ticked_t tick = {.at_ms = (uint64_t)self->now_ms};
    append(self, clock_ticked_type(), &tick);
}

/* UNIT TASK PERIOD …, or +HOURS, or "close". */
static void append_line(entries_t *self, text_t line) {
    report_t report;
    text_t word = phrase_word(&line);
    if (word.size > 1 && word.at[0] == '+') {
        uint32_t hours = 0;
        for (uint32_t at = 1; at < word.size && at < 6; at++) hours = hours * 10 + (uint32_t)(uint8_t)word.at[at] % 16;
        append_tick(self, hours);
    } else if (text_is(word, "close")) {
        plan_closed_t closed = {.why = text_of("年度总结已发布")};
        append(self, plan_closed_type(), &closed);
    } else if (phrase_read(fuzz_book(), line, self->arena, &report) == NULL)
        append_report(self, word, report);
}

static void append_encoded(entries_t *self, bytes_t input) {
    uint32_t unit = fuzz_byte(&input), hours = fuzz_byte(&input);
    const plan_t *plan = planbook_plan(fuzz_book());
    report_t report;
    fault_t fault;
    if (wire_decode(report_type(), input, self->arena, &report, &fault) != OK) return;
    append_tick(self, hours * 8);
    append_report(self, plan->units[unit % plan->units_count].id, report);
}

static uint32_t verdicts(arena_t *arena) {
    fetch_t fetch = {.stream = STREAM_VERDICTS, .tail = true, .reader = text_of("fuzz")};
    batch_t batch;
    uint32_t count = 0;
    PROMISE(stage_serve(stages[0], &fetch, arena, &batch), "no verdicts at all");
    uint32_t at = 0;
    uint64_t seq;
    event_t event;
    err_t err = OK;
    while (batch_next(&batch, &at, &seq, &event, &err))
        count += event.kind == KIND_report_accepted || event.kind == KIND_report_refused;
    return count;
}

FUZZ(fold) {
    if (stages[0] == NULL) start();
    entries_t entries = base;
    entries.arena = arena;
    if (input.size > 0 && input.at[0] == 0)
        append_encoded(&entries, (bytes_t){input.at + 1, input.size - 1});
    else
        for (text_t rest = fuzz_text(input); rest.size > 0 && entries.count < MOST_EVENTS;) {
            const char *end = memchr(rest.at, '\n', rest.size);
            uint32_t size = end == NULL ? rest.size : (uint32_t)(end - rest.at);
            append_line(&entries, (text_t){rest.at, size});
            rest = (text_t){rest.at + size + (end != NULL), rest.size - size - (end != NULL)};
        }
    if (entries.count == 0) return;
    fold(&entries, base.seq + 1);
    uint32_t said = verdicts(arena);
    PROMISE(said == entries.reports, "%u reports, %u verdicts", entries.reports, said);
    for (uint32_t index = 0; index < STAGES; index++) stage_rollback(stages[index]);
    buffer_destroy(&entries.events);
}
