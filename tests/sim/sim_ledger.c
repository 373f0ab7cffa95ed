/* Intake as an actor: frames into a turn, the group with the ink, then its receipts; between any two of these it may die. */
#include <stdlib.h>
#include <string.h>

#include "proto/receipt.h"
#include "tests/sim/sim.h"

enum { PATIENCE = 24, JUMP_SLACK_MS = 60000, TURN_FRAMES = 64, INK_COMES = 400, TURN_ENDS = 400 };

int64_t sim_wall_ms(const sim_t *sim) { return sim->true_ms + sim->wall_offset_ms; }

/* The first reading of a life is believed; no later stamp runs ahead of it by more than the steady clock has measured. */
static void clock_shown(sim_t *sim) {
    ledger_t *ledger = &sim->ledger;
    if (ledger->bound_ms != 0) return;
    int64_t last_ms = intake_now_ms(ledger->intake), wall_ms = sim_wall_ms(sim);
    ledger->bound_ms = last_ms > wall_ms ? last_ms : wall_ms;
    ledger->opened_ms = sim->true_ms;
}

void sim_ledger_found(sim_t *sim) {
    char path[SIM_PATH];
    sim_path_of(sim, "intake", path);
    err_t err = intake_found(path, &sim->opened, &sim->plan, 1, sim->true_ms);
    SIM_HOLDS(sim, "ledger_opens", err == OK, "founding: %s", err_name(err));
}

static void answer_now(void *argument, const asker_t *asker, bytes_t packet);
static void answers_keep(void *argument, const asker_t *askers, uint32_t count, bytes_t answers, const receipts_t *shared);

void sim_ledger_open(sim_t *sim) {
    char path[SIM_PATH];
    ledger_t *ledger = &sim->ledger;
    sim_path_of(sim, "intake", path);
    err_t err = intake_open(path, sim->signer_secret, &ledger->intake);
    SIM_HOLDS(sim, "ledger_opens", err == OK, "%s", err_name(err));
    err = gather_open(ledger->intake, (gather_out_t){sim, answer_now, answers_keep}, &ledger->gather);
    ASSERT(err == OK);
    ledger->bound_ms = 0;
    sim->starts++;
    ledger->lives++;
    sim_trace(sim, "intake opens, head %llu", (unsigned long long)intake_head(ledger->intake).seq);
}

void sim_ledger_crash(sim_t *sim) {
    ledger_t *ledger = &sim->ledger;
    if (ledger->intake == NULL) return;
    sim_trace(sim, "intake dies%s%s%s", sim_ledger_is_quiet(sim) ? "" : " with an open group",
              ink_is_at_work(ledger->ink) ? ink_is_done(ledger->ink) ? ", the ink dry" : ", the ink wet" : "",
              ledger->unsent ? " before its receipts" : "");
    gather_close(&ledger->gather);
    intake_close(&ledger->intake);
    buffer_clear(&ledger->later);
    ledger->asker_count = ledger->heard = 0;
    ledger->receipted = ledger->arrived = 0;
    ledger->unsent = ledger->turns = ledger->filled = false;
    memset(ledger->parked, 0, sizeof ledger->parked);
    sim->crashes++;
}

bool sim_ledger_is_quiet(const sim_t *sim) {
    const ledger_t *ledger = &sim->ledger;
    return ledger->intake != NULL && !ledger->turns && !ink_is_at_work(ledger->ink) && !intake_has_group(ledger->intake);
}

void sim_ledger_second(sim_t *sim) {
    char path[SIM_PATH];
    intake_t *second = NULL;
    if (sim->ledger.intake == NULL) return;
    sim_path_of(sim, "intake", path);
    err_t err = intake_open(path, sim->signer_secret, &second);
    SIM_HOLDS(sim, "one_instance", err == ERR_LOCKED && second == NULL, "a second intake got %s", err_name(err));
}

/* An acknowledgement says that the entry is on the disk; entries stand, and are acknowledged, in the order in which they came. */
static void receipt_check(sim_t *sim, const receipt_t *receipt, const ask_t *ask) {
    ledger_t *ledger = &sim->ledger;
    unsigned long long seq = receipt->seq;
    txn_t *txn = store_read(intake_store(ledger->intake));
    SIM_HOLDS(sim, "receipt_is_durable", txn != NULL && receipt->seq <= txn_head(txn).seq, "entry %llu", seq);
    txn_abort(&txn);
    if (receipt->seq % 8 == 0)
        SIM_HOLDS(sim, "receipt_is_signed", receipt_verify(receipt, sim->opened.signer_key), "entry %llu", seq);
    if (receipt->duplicate) return;
    SIM_HOLDS(sim, "entries_keep_the_order", receipt->seq > ledger->receipted && ask->last >= ledger->arrived,
              "entry %llu, which came as %llu, behind entry %llu and %llu", seq, (unsigned long long)ask->last,
              (unsigned long long)ledger->receipted, (unsigned long long)ledger->arrived);
    ledger->receipted = receipt->seq;
    if (ask->first > ledger->arrived) ledger->arrived = ask->first;
}

static const ask_t *ask_of(const sim_t *sim, const packet_t *packet) {
    bool known = packet->kind == KIND_receipt && packet->request_id >= 1 && packet->request_id <= sim->ask_count;
    return known ? &sim->asks[packet->request_id - 1] : NULL;
}

static receipt_t receipt_read(sim_t *sim, const packet_t *packet) {
    receipt_t receipt;
    fault_t fault;
    err_t err = packet_body(packet, receipt_type(), sim->moment, &receipt, &fault);
    SIM_HOLDS(sim, "answers_are_read", err == OK, "a receipt: %s", fault.code);
    return receipt;
}

static packet_t packet_read(sim_t *sim, bytes_t bytes) {
    packet_t packet;
    fault_t fault;
    err_t err = packet_decode(bytes, &packet, &fault);
    SIM_HOLDS(sim, "answers_are_read", err == OK, "an answer: %s", fault.code);
    return packet;
}

/* Intake gives it away. Receipts are what the world is held to. */
static void answer_given(sim_t *sim, bytes_t bytes) {
    packet_t packet = packet_read(sim, bytes);
    const ask_t *ask = ask_of(sim, &packet);
    if (ask == NULL) return;
    receipt_t receipt = receipt_read(sim, &packet);
    receipt_check(sim, &receipt, ask);
    sim_backup_check(sim, &receipt);
}

/* It is on its way. Returns its size. */
static uint32_t answer_send(sim_t *sim, uint32_t to, bytes_t bytes) {
    packet_t packet = packet_read(sim, bytes);
    const ask_t *ask = ask_of(sim, &packet);
    if (ask != NULL) {
        receipt_t receipt = receipt_read(sim, &packet);
        sim_acked(sim, ask->index, &receipt);
    }
    sim_send(sim, ACTOR_INTAKE, to, packet.raw);
    return packet.raw.size;
}

static void answer_now(void *argument, const asker_t *asker, bytes_t packet) {
    answer_given(argument, packet);
    answer_send(argument, asker->at, packet);
}

/* Whole, but they leave at a later step. */
static void answers_keep(void *argument, const asker_t *askers, uint32_t count, bytes_t answers, const receipts_t *shared) {
    sim_t *sim = argument;
    ledger_t *ledger = &sim->ledger;
    const uint8_t *next = answers.at;
    for (uint32_t index = 0; index < count; index++) {
        size_t before = ledger->later.size;
        intake_complete(shared, (bytes_t){next, askers[index].size}, &ledger->later);
        answer_given(sim, (bytes_t){ledger->later.at + before, (uint32_t)(ledger->later.size - before)});
        ledger->askers[ledger->asker_count++] = askers[index].at;
        next += askers[index].size;
    }
    SIM_HOLDS(sim, "answers_are_read", next == answers.at + answers.size, "of %u answers some have no asker", count);
    ledger->unsent |= count > 0;
}

static void answers_leave(sim_t *sim) {
    ledger_t *ledger = &sim->ledger;
    size_t at = 0;
    for (uint32_t index = 0; index < ledger->asker_count; index++)
        at += answer_send(sim, ledger->askers[index], (bytes_t){ledger->later.at + at, (uint32_t)(ledger->later.size - at)});
    buffer_clear(&ledger->later);
    ledger->asker_count = 0;
    ledger->unsent = false;
}

static void fetch_park(sim_t *sim, uint32_t from, const packet_t *packet) {
    parked_t *parked = &sim->ledger.parked[from];
    fault_t fault;
    err_t err = packet_body(packet, fetch_type(), sim->moment, &parked->fetch, &fault);
    SIM_HOLDS(sim, "answers_are_read", err == OK, "a fetch: %s", fault.code);
    parked->fetch.reader = (text_t){NULL, 0};
    parked->request_id = packet->request_id;
    parked->waits = true;
    parked->since = sim->step;
}

/* What a turn, or its end, came to. false: the process leaves. */
static bool turn_went(sim_t *sim, err_t err) {
    if (err == OK) return true;
    bool may_fail = !sim->calm || sim->ledger.filled; /* what the ink came to may be heard when it is calm */
    SIM_HOLDS(sim, "commits_go_well", may_fail && err != ERR_CORRUPT, "intake: %s", err_name(err));
    sim_trace(sim, "intake cannot commit: %s", err_name(err));
    sim_ledger_crash(sim);
    return false;
}

static bool turn_begin(sim_t *sim) {
    ledger_t *ledger = &sim->ledger;
    if (ledger->turns) return true;
    clock_shown(sim);
    ledger->turns = true;
    ledger->heard = 0;
    return turn_went(sim, gather_begin(ledger->gather, sim_wall_ms(sim), sim->true_ms));
}

static void stamps_check(sim_t *sim) {
    const ledger_t *ledger = &sim->ledger;
    if (sim->rehearsal) return;
    int64_t most_ms = ledger->bound_ms + (sim->true_ms - ledger->opened_ms) + JUMP_SLACK_MS;
    int64_t now_ms = intake_now_ms(ledger->intake);
    SIM_HOLDS(sim, "clock_is_not_believed_blindly", now_ms <= most_ms, "the ledger is %lld ms ahead of the steady clock",
              (long long)(now_ms - most_ms));
}

void sim_ledger_fills(sim_t *sim) {
    char path[SIM_PATH];
    sim_path_of(sim, "intake", path);
    sim->ledger.filled |= sim->commit_fails;
    sim_disk_fills(sim, path);
}

/* What is committed by the loop itself finds the disk full, too; what goes to the ink does so there. */
static void turn_end(sim_t *sim) {
    ledger_t *ledger = &sim->ledger;
    bool commits = intake_has_group(ledger->intake) || intake_pending(ledger->intake);
    if (commits) sim_ledger_fills(sim);
    err_t err = gather_end(ledger->gather);
    sim_disk_clears();
    ledger->turns = false;
    sim->commits += commits;
    if (turn_went(sim, err)) stamps_check(sim);
}

/* The thread of the ink comes to its turn early or late, and now and then only when the loop waits for it. */
static bool ink_comes(sim_t *sim) { return sim_chance(sim, sim->calm ? 900 : INK_COMES) && sim_ink_work(sim); }

static door_t door_of(uint32_t from) {
    switch (from) {
    case ACTOR_OPERATOR: return door_operator;
    case ACTOR_CONSOLE: return door_console;
    case ACTOR_OUTSIDE: return door_notifier;
    default: return door_gateway;
    }
}

static void arrival_note(sim_t *sim, uint64_t request_id) {
    uint64_t number = ++sim->ledger.arrivals;
    if (request_id < 1 || request_id > sim->ask_count) return;
    ask_t *ask = &sim->asks[request_id - 1];
    if (ask->life != sim->ledger.lives) ask->first = number;
    ask->life = sim->ledger.lives;
    ask->last = number;
}

bool sim_ledger_take(sim_t *sim, uint32_t from, bytes_t frame) {
    ledger_t *ledger = &sim->ledger;
    packet_t packet;
    fault_t fault;
    if (ledger->intake == NULL) return true; /* nobody there: lost */
    if (ledger->unsent) return false;
    err_t err = packet_decode(frame, &packet, &fault);
    if (err == OK && packet.kind == KIND_fetch) {
        fetch_park(sim, from, &packet);
        return true;
    }
    (void)ink_comes(sim);
    if (ledger->intake != NULL && ledger->turns && sim_chance(sim, TURN_ENDS)) turn_end(sim);
    if (ledger->intake == NULL || !turn_begin(sim)) return true;
    if (ledger->unsent || ledger->heard >= TURN_FRAMES || gather_is_full(ledger->gather)) return false;
    asker_t asker = {.at = from};
    ledger->heard++;
    if (err == OK) arrival_note(sim, packet.request_id);
    gather_frame(ledger->gather, door_of(from), &asker, frame);
    return true;
}

/* As the loop does: of what is durable, what was answered. */
static bool fetch_serve(const ledger_t *ledger, const fetch_t *fetch, arena_t *arena, batch_t *batch) {
    txn_t *txn = store_read(intake_store(ledger->intake));
    if (txn == NULL) return false;
    bool served = stream_serve(txn, STREAM_ENTRIES, gather_head(ledger->gather), fetch, arena, batch);
    batch->rooted = true;
    txn_abort(&txn);
    return served;
}

static bool fetches_serve(sim_t *sim) {
    ledger_t *ledger = &sim->ledger;
    bool any = false;
    for (uint32_t reader = 0; reader < SIM_ACTORS; reader++) {
        parked_t *parked = &ledger->parked[reader];
        if (!parked->waits) continue;
        batch_t batch = {0};
        bool served = fetch_serve(ledger, &parked->fetch, sim->moment, &batch);
        if (!served && sim->step - parked->since < PATIENCE) continue;
        buffer_t out = {0};
        packet_encode(parked->request_id, batch_type(), &batch, &out);
        sim_send(sim, ACTOR_INTAKE, reader, (bytes_t){out.at, (uint32_t)out.size});
        buffer_destroy(&out);
        parked->waits = false;
        any |= served;
    }
    return any;
}

bool sim_ledger_work(sim_t *sim) {
    ledger_t *ledger = &sim->ledger;
    if (ledger->intake == NULL) {
        sim_ledger_open(sim);
        return true;
    }
    if (ink_comes(sim)) return true;
    if (ledger->unsent) {
        answers_leave(sim);
        return true;
    }
    bool busy = !sim_ledger_is_quiet(sim);
    if (!turn_begin(sim)) return true;
    if (ledger->unsent) return true; /* of a group whose ink was dry: the turn goes on behind them */
    busy |= intake_has_group(ledger->intake) || intake_pending(ledger->intake);
    turn_end(sim);
    return ledger->intake == NULL || fetches_serve(sim) || busy;
}

void sim_ledger_stop(sim_t *sim) {
    ledger_t *ledger = &sim->ledger;
    if (ledger->intake == NULL) return;
    if (ledger->turns) turn_end(sim);
    if (ledger->intake == NULL || !turn_went(sim, gather_rest(ledger->gather))) return;
    answers_leave(sim);
    err_t err = intake_rest(ledger->intake);
    SIM_HOLDS(sim, "commits_go_well", err == OK, "intake on its way out: %s", err_name(err));
    sim_trace(sim, "intake is asked to leave");
    sim_ledger_crash(sim);
}
