/* The door and those behind it: senders who repeat until they are answered, an operator, verdicts from the tail of stream 2. */
#include "proto/command.h"
#include "proto/content.h"
#include "services/2-validation/validation.h"
#include "tests/sim/sim_recount.h"

#include <string.h>

enum { ASK_AGAIN = 60 };

/* --- senders --- */

static personal_t kept_by_vault(sim_t *sim, const personal_t *person, uint32_t *at, const vault_kept_t *kept) {
    (void)sim;
    return person->text.size == 0 ? (personal_t){0} : kept->refs[(*at)++];
}

static void text_note(const personal_t *person, text_t *list, uint32_t *count) {
    if (person->text.size > 0) list[(*count)++] = person->text;
}

static uint32_t texts_of(const report_t *report, text_t *list) {
    uint32_t count = 0;
    text_note(&report->prepared_by, list, &count);
    text_note(&report->reviewed_by, list, &count);
    text_note(&report->signed_by, list, &count);
    for (uint32_t index = 0; index < report->figures_count; index++)
        for (uint32_t row = 0; row < report->figures[index].items_count; row++)
            text_note(&report->figures[index].items[row].person, list, &count);
    return count;
}

/* The vault is asked, and its commit stands before anything that refers to it. */
static vault_kept_t vault_ask(sim_t *sim, const text_t *list, uint32_t count) {
    buffer_t frame = {0}, now = {0}, later = {0};
    vault_keep_t keep = {.texts = list, .texts_count = count};
    vault_kept_t kept = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(1, vault_keep_type(), &keep, &frame);
    vault_take(sim->vault, (bytes_t){frame.at, (uint32_t)frame.size}, &now, &later);
    err_t err = vault_commit(sim->vault);
    SIM_HOLDS(sim, "commits_go_well", err == OK, "vault: %s", err_name(err));
    const buffer_t *said = now.size > 0 ? &now : &later;
    text_t copy = arena_text(sim->arena, (text_t){(const char *)said->at, (uint32_t)said->size});
    err = packet_decode((bytes_t){(const uint8_t *)copy.at, copy.size}, &packet, &fault);
    if (err == OK) err = packet_body(&packet, vault_kept_type(), sim->arena, &kept, &fault);
    SIM_HOLDS(sim, "answers_are_read", err == OK && kept.refs_count == count, "the vault: %s", err_name(err));
    for (uint32_t index = 0; index < kept.refs_count; index++)
        for (uint32_t one = 0; one < sim->erased_count; one++)
            sim->erased_again[one] |= memcmp(sim->erased[one], kept.refs[index].hash, HASH_SIZE) == 0;
    buffer_destroy(&frame);
    buffer_destroy(&now);
    buffer_destroy(&later);
    return kept;
}

void sim_swap(sim_t *sim, submission_t *submission) {
    const report_t *report = &submission->report;
    report_t *out = &submission->swapped;
    text_t list[64];
    uint32_t count = texts_of(report, list), at = 0;
    vault_kept_t kept = {0};
    *out = *report;
    if (count > 0) kept = vault_ask(sim, list, count);
    out->prepared_by = kept_by_vault(sim, &report->prepared_by, &at, &kept);
    out->reviewed_by = kept_by_vault(sim, &report->reviewed_by, &at, &kept);
    out->signed_by = kept_by_vault(sim, &report->signed_by, &at, &kept);
    figure_t *figures = ARENA_NEW(sim->arena, figure_t, report->figures_count + 1);
    for (uint32_t index = 0; index < report->figures_count; index++) {
        figures[index] = report->figures[index];
        item_t *items = ARENA_NEW(sim->arena, item_t, figures[index].items_count + 1);
        for (uint32_t row = 0; row < figures[index].items_count; row++) {
            items[row] = figures[index].items[row];
            items[row].person = kept_by_vault(sim, &items[row].person, &at, &kept);
        }
        figures[index].items = items;
    }
    out->figures = figures;
    report_content_hash(out, (bytes_t){NULL, 0}, sim->moment, submission->content_hash);
    submission->is_swapped = true;
}

static uint64_t ask_new(sim_t *sim, ask_kind_t kind, uint32_t index) {
    if (sim->ask_count == SIM_ASKS) return 0;
    sim->asks[sim->ask_count] = (ask_t){.kind = kind, .index = index};
    return ++sim->ask_count;
}

void sim_sender_send(sim_t *sim, uint32_t number) {
    submission_t *submission = &sim->submissions[number];
    /* a door may swap anew: other salts, the same content */
    if (!submission->is_swapped || sim_chance(sim, 100)) sim_swap(sim, submission);
    uint64_t request_id = ask_new(sim, ASK_REPORT, number);
    if (request_id == 0) return;
    if (submission->by_login) {
        sim_console_report(sim, submission, request_id);
        return;
    }
    append_ask_t ask = {
        .unit = sim->plan.units[submission->unit].id, .key_generation = submission->generation, .report = submission->swapped};
    if (submission->carries) ask.receipt = submission->receipt;
    buffer_t frame = {0};
    packet_encode(request_id, append_ask_type(), &ask, &frame);
    sim_send(sim, ACTOR_DOOR, ACTOR_INTAKE, (bytes_t){frame.at, (uint32_t)frame.size});
    buffer_destroy(&frame);
}

void sim_acked(sim_t *sim, uint32_t number, const receipt_t *receipt) {
    submission_t *submission = &sim->submissions[number];
    sim_trace(sim, "receipt for report %u: entry %llu%s", number, (unsigned long long)receipt->seq,
              receipt->duplicate ? ", a duplicate" : "");
    SIM_HOLDS(sim, "ack_names_the_content", memcmp(receipt->content_hash, submission->content_hash, HASH_SIZE) == 0,
              "report %u, entry %llu", number, (unsigned long long)receipt->seq);
    if (submission->acked)
        SIM_HOLDS(sim, "same_receipt_for_ever",
                  receipt->seq == submission->seq && receipt->received_ms == submission->received_ms,
                  "report %u was entry %llu at %llu, now entry %llu at %llu", number, (unsigned long long)submission->seq,
                  (unsigned long long)submission->received_ms, (unsigned long long)receipt->seq,
                  (unsigned long long)receipt->received_ms);
    if (submission->carries && !submission->acked)
        SIM_HOLDS(sim, "a_lost_report_keeps_its_instant", receipt->received_ms == submission->lost_received_ms,
                  "report %u was received at %llu, now at %llu", number, (unsigned long long)submission->lost_received_ms,
                  (unsigned long long)receipt->received_ms);
    submission->acked = true;
    submission->receipt = *receipt;
    submission->seq = receipt->seq;
    submission->received_ms = receipt->received_ms;
}

static void verdict_learn(sim_t *sim, submission_t *submission, bool accepted, uint64_t revision) {
    submission->judged = true;
    submission->accepted = accepted;
    submission->revision = revision;
    uint64_t *known = &sim->known_revision[submission->unit][submission->task][submission->period];
    if (accepted && revision > *known) *known = revision;
}

/* A duplicate's verdict, or one that was missed, comes from validation's desk; it may park, then it is asked again. */
static void verdict_ask(sim_t *sim, submission_t *submission) {
    fold_t *validation = sim_fold_named(sim, "validation");
    if (validation->stage == NULL) return;
    buffer_t frame = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    verdict_t verdict;
    verdict_ask_t ask = {.seq = submission->seq};
    packet_encode(7, verdict_ask_type(), &ask, &frame);
    err_t err = packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault);
    ASSERT(err == OK);
    bool answered = stage_answer(validation->stage, &packet, &out);
    err = answered ? packet_decode((bytes_t){out.at, (uint32_t)out.size}, &packet, &fault) : ERR_TIMEOUT;
    if (err == OK && packet.kind == KIND_verdict) {
        err = packet_body(&packet, verdict_type(), sim->moment, &verdict, &fault);
        SIM_HOLDS(sim, "answers_are_read", err == OK, "a verdict: %s", fault.code);
        if (memcmp(verdict.submission_id, submission->id, sizeof submission->id) == 0)
            verdict_learn(sim, submission, verdict.accepted, verdict.revision);
        else
            SIM_HOLDS(sim, "verdict_is_of_the_entry", sim->forked, "entry %llu", (unsigned long long)submission->seq);
    }
    buffer_destroy(&frame);
    buffer_destroy(&out);
}

/* --- the tail of stream 2 --- */

static void verdict_hear(sim_t *sim, const event_t *event) {
    if (event->kind != KIND_report_accepted && event->kind != KIND_report_refused) return;
    for (uint32_t index = 0; index < sim->submission_count; index++) {
        submission_t *submission = &sim->submissions[index];
        if (!submission->acked || submission->seq != event->cause_seq) continue;
        if (submission->receipt.epoch != event->epoch) continue; /* of an epoch that is over */
        report_accepted_t accepted = {0};
        fault_t fault;
        bool good = event->kind == KIND_report_accepted;
        if (good && event_body(event, report_accepted_type(), sim->moment, &accepted, &fault) != OK) continue;
        submission->heard = true;
        hash_of(event->raw, submission->verdict_hash);
        verdict_learn(sim, submission, good, accepted.revision);
    }
}

static void tail_take(sim_t *sim, const packet_t *packet) {
    watcher_t *watcher = &sim->watcher;
    batch_t batch;
    fault_t fault;
    if (packet->request_id != watcher->request_id) return; /* the answer to a fetch given up */
    err_t err = packet_body(packet, batch_type(), sim->moment, &batch, &fault);
    SIM_HOLDS(sim, "answers_are_read", err == OK, "a batch: %s", fault.code);
    watcher->outstanding = false;
    if (batch.state == batch_state_diverged) watcher->joined = false;
    if (batch.state != batch_state_ok) return;
    if (!watcher->joined) {
        watcher->joined = true;
        watcher->after = batch.from - 1;
        memcpy(watcher->hash, batch.last_hash, HASH_SIZE);
        return;
    }
    uint32_t at = 0;
    uint64_t seq = 0;
    event_t event;
    while (batch_next(&batch, &at, &seq, &event, &err)) verdict_hear(sim, &event);
    SIM_HOLDS(sim, "answers_are_read", err == OK, "events of a batch");
    if (batch.count == 0) return;
    watcher->after = seq;
    memcpy(watcher->hash, batch.last_hash, HASH_SIZE);
}

static bool tail_ask(sim_t *sim) {
    watcher_t *watcher = &sim->watcher;
    if (watcher->outstanding && sim->step - watcher->asked < ASK_AGAIN) return false;
    fetch_t fetch = {.stream = STREAM_VERDICTS,
                     .after = watcher->after,
                     .ack = watcher->after,
                     .tail = true,
                     .at_end = !watcher->joined,
                     .reader = text_of("gateway")};
    memcpy(fetch.after_hash, watcher->hash, HASH_SIZE);
    if (fetch.at_end) fetch.after = fetch.ack = 0;
    buffer_t out = {0};
    packet_encode(++watcher->request_id, fetch_type(), &fetch, &out);
    fold_t *validation = sim_fold_named(sim, "validation");
    sim_send(sim, ACTOR_DOOR, sim_actor_of(sim, validation), (bytes_t){out.at, (uint32_t)out.size});
    buffer_destroy(&out);
    watcher->outstanding = true;
    watcher->asked = sim->step;
    return true;
}

/* --- answers --- */

static void refusal_take(sim_t *sim, uint32_t number, const packet_t *packet) {
    submission_t *submission = &sim->submissions[number];
    refusal_t refusal;
    fault_t fault;
    err_t err = packet_body(packet, refusal_type(), sim->moment, &refusal, &fault);
    SIM_HOLDS(sim, "answers_are_read", err == OK && refusal.reasons_count > 0, "a refusal");
    sim_trace(sim, "report %u refused at the door: " TEXT_FORMAT, number, TEXT_ARGS(refusal.reasons[0].code));
    bool key = !submission->by_login && text_equal(refusal.reasons[0].code, REASON_OF(unknown_key));
    uint64_t newest = sim->newest_generation[submission->unit];
    if (key && newest > 0 && submission->generation != newest)
        submission->generation = newest; /* the unit takes its new key */
    else if (!submission->acked)
        submission->refused = true;
}

static void order_answer(sim_t *sim, uint32_t number, const packet_t *packet) {
    order_t *order = &sim->orders[number];
    if (packet->kind == KIND_busy) return;
    order->done |= packet->kind == KIND_command_done;
    order->refused |= packet->kind == KIND_refusal;
    if (order->done && order->registers && order->generation > sim->newest_generation[order->unit])
        sim->newest_generation[order->unit] = order->generation;
    if (order->refused && order->registers && order->unit >= sim->founders && sim->newest_generation[order->unit] == 1)
        sim->newest_generation[order->unit] = 0; /* the plan did not know the unit yet: once more, later */
    command_done_t done;
    fault_t fault;
    if (packet->kind == KIND_command_done && packet_body(packet, command_done_type(), sim->moment, &done, &fault) == OK)
        sim_documents_answered(sim, order, done.seq);
}

void sim_door_take(sim_t *sim, uint32_t from, bytes_t frame) {
    packet_t packet;
    fault_t fault;
    (void)from;
    err_t err = packet_decode(frame, &packet, &fault);
    SIM_HOLDS(sim, "answers_are_read", err == OK, "%s", fault.code);
    if (packet.kind == KIND_batch) {
        tail_take(sim, &packet);
        return;
    }
    if (packet.request_id == 0 || packet.request_id > sim->ask_count) return;
    ask_t ask = sim->asks[packet.request_id - 1];
    if (ask.kind == ASK_COMMAND)
        order_answer(sim, ask.index, &packet);
    else if (packet.kind == KIND_refusal)
        refusal_take(sim, ask.index, &packet);
}

static void beat(sim_t *sim) {
    door_beat_t sign = {.number = sim->step};
    buffer_t frame = {0};
    packet_encode(0, door_beat_type(), &sign, &frame);
    sim_send(sim, ACTOR_DOOR, ACTOR_INTAKE, (bytes_t){frame.at, (uint32_t)frame.size});
    buffer_destroy(&frame);
}

/* One who still waits for something asks again. */
bool sim_door_work(sim_t *sim) {
    bool any = tail_ask(sim);
    if (sim->beats && !sim->calm && sim_chance(sim, 300)) beat(sim);
    if (!sim->calm && sim_chance(sim, 120)) sim_act(sim);
    for (uint32_t tries = 0; tries < 3 && sim->submission_count > 0; tries++) {
        uint32_t number = (uint32_t)sim_draw(sim, sim->submission_count);
        submission_t *submission = &sim->submissions[number];
        if (submission->refused || (submission->judged && sim_chance(sim, 950))) continue;
        if (submission->acked) verdict_ask(sim, submission);
        if (!submission->acked || sim_chance(sim, 200)) sim_sender_send(sim, number);
        return true;
    }
    return any;
}

void sim_door_crash(sim_t *sim) {
    sim_trace(sim, "the door dies");
    sim->watcher = (watcher_t){.request_id = sim->watcher.request_id + 1}; /* what was on its way is for nobody */
    sim->crashes++;
}

/* --- the operator --- */

order_t *sim_order_new(sim_t *sim, const message_t *type, const void *value) {
    if (sim->order_count == SIM_ORDERS) return NULL;
    order_t *order = &sim->orders[sim->order_count++];
    uint8_t id[16];
    *order = (order_t){0};
    crypto_random(id, sizeof id);
    order->command = command_make(id, sim->opened.ledger_id, type, value, sim->operator_secret, sim->arena);
    return order;
}

void sim_operator_send(sim_t *sim, uint32_t number) {
    uint64_t request_id = ask_new(sim, ASK_COMMAND, number);
    if (request_id == 0) return;
    if (sim->orders[number].by_login) {
        sim_console_command(sim, &sim->orders[number], request_id);
        return;
    }
    buffer_t frame = {0};
    packet_encode(request_id, command_type(), &sim->orders[number].command, &frame);
    sim_send(sim, ACTOR_OPERATOR, ACTOR_INTAKE, (bytes_t){frame.at, (uint32_t)frame.size});
    buffer_destroy(&frame);
}

static void key_order(sim_t *sim, uint32_t unit, uint64_t generation) {
    key_registered_t key = {.unit = sim->plan.units[unit].id, .generation = generation};
    crypto_random(key.key, sizeof key.key);
    order_t *order = sim_order_new(sim, key_registered_type(), &key);
    if (order == NULL) return;
    order->registers = true;
    order->unit = unit;
    order->generation = generation;
    sim_trace(sim, "operator registers key %llu of u%u", (unsigned long long)generation, unit);
}

static void revoke_order(sim_t *sim, uint32_t unit, uint64_t generation) {
    key_revoked_t key = {.unit = sim->plan.units[unit].id, .generation = generation};
    order_t *order = sim_order_new(sim, key_revoked_type(), &key);
    if (order == NULL) return;
    order->revokes = true;
    sim_trace(sim, "operator revokes key %llu of u%u", (unsigned long long)generation, unit);
}

/* In a rehearsal absences are commands; what comes twice is refused. */
static void door_order(sim_t *sim, bool down) {
    door_down_t goes = {.door = door_gateway};
    door_up_t returns = {.door = door_gateway};
    sim_order_new(sim, down ? door_down_type() : door_up_type(), down ? (const void *)&goes : (const void *)&returns);
    sim_trace(sim, "operator says that the gateway is %s", down ? "away" : "back");
}

bool sim_founders_have_keys(const sim_t *sim) { return sim->newest_generation[sim->founders - 1] > 0; }

bool sim_newcomer_waits(sim_t *sim) {
    bool waits = false;
    for (uint32_t unit = sim->founders; unit < sim->plan.units_count; unit++) waits |= sim->newest_generation[unit] == 0;
    return waits && sim->order_count < SIM_ORDERS / 2 && sim_chance(sim, 150);
}

void sim_operator_order(sim_t *sim) {
    for (uint32_t unit = 0; unit < sim->plan.units_count; unit++) {
        if (sim->newest_generation[unit] > 0) continue;
        key_order(sim, unit, 1); /* first everybody gets a key */
        sim->newest_generation[unit] = 1;
        return;
    }
    uint32_t unit = (uint32_t)sim_draw(sim, sim->plan.units_count);
    uint64_t newest = sim->newest_generation[unit];
    if (sim->rehearsal && sim->beats && sim_chance(sim, 500)) door_order(sim, sim_chance(sim, 500));
    if (sim_chance(sim, 500)) key_order(sim, unit, newest + 1);
    if (sim_chance(sim, 700)) revoke_order(sim, unit, newest);
    int64_t summary_ms = sim->confirms ? instant_of_day(&sim->plan, sim->plan.to, 1440) : sim->end_ms - 4 * 86400000LL;
    if (sim->true_ms > sim->end_ms - 3 * 86400000LL && sim_chance(sim, 300)) {
        sim_order_new(sim, plan_sealed_type(), &(plan_sealed_t){.why = text_of("封存")});
        sim_trace(sim, "operator seals the plan");
    }
    if (sim->true_ms > summary_ms && sim_chance(sim, 300)) {
        plan_closed_t closed = {.why = text_of("年度办结")};
        order_t *order = sim_order_new(sim, plan_closed_type(), &closed);
        if (order != NULL) order->closes = true;
        sim_trace(sim, "operator closes the plan");
    }
}

/* Somebody's claim of what several claim, as it is told now; or as it was told a while ago. */
void sim_operator_credit(sim_t *sim) {
    enum { KEPT_FREE = 8 };
    claims_t told;
    bool full = sim->order_count + KEPT_FREE >= sizeof sim->orders / sizeof sim->orders[0];
    if (full || sim_fold_named(sim, "validation")->stage == NULL) return;
    sim_ask(sim, "validation", claims_ask_type(), &(claims_ask_t){.open_only = sim_chance(sim, 800)}, claims_type(), &told);
    if (told.rows_count == 0) return;
    const contest_t *contest = &told.rows[sim_draw(sim, told.rows_count)];
    const claim_t *claim = &contest->claims[sim_draw(sim, contest->claims_count)];
    claim_credit_t credit = {.indicator = claim->indicator,
                             .key_kind = claim->key_kind,
                             .key = claim->key,
                             .unit = claim->unit,
                             .period = claim->period,
                             .member = claim->member,
                             .seq = claim->seq + sim_chance(sim, 100),
                             .why = text_of("已核实")};
    memcpy(credit.person, claim->person, sizeof credit.person);
    sim_order_as(sim, (uint32_t)sim_draw(sim, SIM_OFFICERS), claim_credit_type(), &credit);
    sim_trace(sim, "an officer credits " TEXT_FORMAT " of " TEXT_FORMAT " to " TEXT_FORMAT, TEXT_ARGS(claim->key),
              TEXT_ARGS(claim->indicator), TEXT_ARGS(claim->unit));
}

/* Signed by one of the officers, registered or not. NULL: there are enough orders. */
order_t *sim_order_as(sim_t *sim, uint32_t officer, const message_t *type, const void *value) {
    if (sim->order_count == SIM_ORDERS) return NULL;
    order_t *order = &sim->orders[sim->order_count++];
    uint8_t id[16];
    *order = (order_t){0};
    crypto_random(id, sizeof id);
    order->command = command_make_as(sim_officer_name(officer), id, sim->opened.ledger_id, type, value,
                                     sim->officer_secrets[officer], sim->arena);
    sim_console_choose(sim, order);
    return order;
}

/* Half of them do not know what stands now: they name what they saw last, or guess. */
void sim_decision_order(sim_t *sim) {
    const plan_t *plan = &sim->plan;
    if (sim->submission_count == 0 || sim->order_count == SIM_ORDERS) return;
    const submission_t *report = &sim->submissions[sim_draw(sim, sim->submission_count)];
    uint32_t task = report->task, unit = report->unit, period = report->period, number = (uint32_t)sim_draw(sim, SIM_OFFICERS);
    uint64_t revision = sim->known_revision[unit][task][period];
    if (revision == 0 && sim_chance(sim, 900)) return;
    if (revision > 1 && sim_chance(sim, 250)) revision--;
    if (revision == 0 || sim_chance(sim, 30)) revision++;
    report_decide_t decide = {.decision = sim_chance(sim, 700) ? decision_returned : decision_approved,
                              .unit = plan->units[unit].id,
                              .task = plan->tasks[task].id,
                              .period = plan->periods[period].id,
                              .revision = revision,
                              .why = text_of("请核对后重报")};
    sim_order_as(sim, number, report_decide_type(), &decide);
    sim_trace(sim, "officer %u: %s revision %llu of u%u t%u p%u", number, WORD_EN(decision, decide.decision),
              (unsigned long long)revision, unit, task, period);
}

/* More time for somebody: mostly after the deadline in force, now and then not. */
void sim_extension_order(sim_t *sim) {
    const plan_t *plan = &sim->plan;
    if (sim->order_count == SIM_ORDERS) return;
    uint32_t task = (uint32_t)sim_draw(sim, plan->tasks_count), unit = (uint32_t)sim_draw(sim, plan->units_count);
    uint32_t period = (uint32_t)sim_draw(sim, plan->periods_count), number = (uint32_t)sim_draw(sim, SIM_OFFICERS);
    extension_decide_t decide = {.decision = sim_chance(sim, 850) ? decision_extended : decision_denied,
                                 .unit = plan->units[unit].id,
                                 .task = plan->tasks[task].id,
                                 .period = plan->periods[period].id,
                                 .why = text_of("情况属实")};
    if (decide.decision == decision_extended) decide.until = day_add(plan->periods[period].due, (int64_t)sim_draw(sim, 7) - 1);
    bool asked = sim_request_choose(sim, &decide);
    uint32_t times = asked && sim_chance(sim, 250) ? 2 : 1; /* both officers answer it */
    for (; times > 0 && sim_order_as(sim, number, extension_decide_type(), &decide) != NULL; times--) number = 1 - number;
    sim_trace(sim, "officer %u: " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " until %u, asked in %llu", number,
              TEXT_ARGS(decide.unit), TEXT_ARGS(decide.task), TEXT_ARGS(decide.period), decide.until,
              (unsigned long long)decide.request_seq);
}

/* An absence of ours that has just ended, or some time ago; of all doors or of one unit's. */
void sim_outage_order(sim_t *sim) {
    int64_t to_ms = sim->true_ms - (int64_t)sim_draw(sim, 2 * 86400000), ms = 1 + (int64_t)sim_draw(sim, 40 * 3600000);
    outage_declare_t declare = {.from_ms = (uint64_t)(to_ms - ms), .to_ms = (uint64_t)to_ms};
    text_t *unit = ARENA_NEW(sim->arena, text_t, 1);
    *unit = sim->plan.units[sim_draw(sim, sim->plan.units_count)].id;
    declare.units = unit;
    declare.units_count = sim_chance(sim, 500);
    sim_order_new(sim, outage_declare_type(), &declare);
    sim_trace(sim, "operator: away from %lld to %lld", (long long)declare.from_ms, (long long)to_ms);
}

void sim_operator_advance(sim_t *sim, int64_t to_ms) {
    advance_clock_t advance = {.to_ms = (uint64_t)to_ms};
    sim_order_new(sim, advance_clock_type(), &advance);
    sim_trace(sim, "operator advances the clock to %lld", (long long)to_ms);
}

bool sim_operator_busy(const sim_t *sim) {
    for (uint32_t index = 0; index < sim->order_count; index++)
        if (!sim->orders[index].done && !sim->orders[index].refused) return true;
    return false;
}
