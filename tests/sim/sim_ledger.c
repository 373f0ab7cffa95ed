/* Intake as an actor: frames into the open group, the commit, then the receipts; between any two of these it may die. */
#include <stdlib.h>
#include <string.h>

#include "proto/receipt.h"
#include "tests/sim/sim.h"

enum { PATIENCE = 24, JUMP_SLACK_MS = 60000 };

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

void sim_ledger_open(sim_t *sim) {
    char path[SIM_PATH];
    ledger_t *ledger = &sim->ledger;
    sim_path_of(sim, "intake", path);
    err_t err = intake_open(path, sim->signer_secret, &ledger->intake);
    SIM_HOLDS(sim, "ledger_opens", err == OK, "%s", err_name(err));
    ledger->bound_ms = 0;
    sim->starts++;
    sim_trace(sim, "intake opens, head %llu", (unsigned long long)intake_head(ledger->intake).seq);
}

void sim_ledger_crash(sim_t *sim) {
    ledger_t *ledger = &sim->ledger;
    if (ledger->intake == NULL) return;
    sim_trace(sim, "intake dies%s%s", intake_has_group(ledger->intake) ? " with an open group" : "",
              ledger->unsent ? " before its receipts" : "");
    intake_close(&ledger->intake);
    buffer_clear(&ledger->later);
    ledger->asker_count = 0;
    ledger->unsent = false;
    memset(ledger->parked, 0, sizeof ledger->parked);
    sim->crashes++;
}

void sim_ledger_second(sim_t *sim) {
    char path[SIM_PATH];
    intake_t *second = NULL;
    if (sim->ledger.intake == NULL) return;
    sim_path_of(sim, "intake", path);
    err_t err = intake_open(path, sim->signer_secret, &second);
    SIM_HOLDS(sim, "one_instance", err == ERR_LOCKED && second == NULL, "a second intake got %s", err_name(err));
}

/* One packet on its way out. Receipts are what the world is held to. */
static void answer_send(sim_t *sim, uint32_t to, const packet_t *packet) {
    if (packet->kind == KIND_receipt && packet->request_id >= 1 && packet->request_id <= sim->ask_count) {
        receipt_t receipt;
        fault_t fault;
        err_t err = packet_body(packet, receipt_type(), sim->moment, &receipt, &fault);
        SIM_HOLDS(sim, "answers_are_read", err == OK, "a receipt: %s", fault.code);
        if (receipt.seq % 8 == 0)
            SIM_HOLDS(sim, "receipt_is_signed", receipt_verify(&receipt, sim->opened.signer_key), "entry %llu",
                      (unsigned long long)receipt.seq);
        sim_backup_check(sim, &receipt);
        sim_acked(sim, sim->asks[packet->request_id - 1].index, &receipt);
    }
    sim_send(sim, ACTOR_INTAKE, to, packet->raw);
}

static void answers_send(sim_t *sim, const buffer_t *answers, const uint32_t *askers, uint32_t count) {
    uint32_t index = 0;
    for (size_t at = 0; at < answers->size; index++) {
        packet_t packet;
        fault_t fault;
        err_t err = packet_decode((bytes_t){answers->at + at, (uint32_t)(answers->size - at)}, &packet, &fault);
        SIM_HOLDS(sim, "answers_are_read", err == OK && index < count, "packet %u of %u", index, count);
        at += packet.raw.size;
        answer_send(sim, askers[index], &packet);
    }
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

bool sim_ledger_take(sim_t *sim, uint32_t from, bytes_t frame) {
    ledger_t *ledger = &sim->ledger;
    packet_t packet;
    fault_t fault;
    if (ledger->intake == NULL) return true; /* nobody there: lost */
    if (ledger->unsent || ledger->asker_count >= 64) return false;
    err_t err = packet_decode(frame, &packet, &fault);
    if (err == OK && packet.kind == KIND_fetch) {
        fetch_park(sim, from, &packet);
        return true;
    }
    buffer_t now = {0};
    size_t before = ledger->later.size;
    bool pending = intake_pending(ledger->intake);
    clock_shown(sim);
    door_t door = from == ACTOR_OPERATOR ? door_operator : from == ACTOR_CONSOLE ? door_console : door_gateway;
    if (from == ACTOR_OUTSIDE) door = door_notifier;
    intake_take(ledger->intake, door, frame, sim_wall_ms(sim), sim->true_ms, &now, &ledger->later);
    if (now.size > 0) answers_send(sim, &now, &from, 1);
    if (ledger->later.size > before) ledger->askers[ledger->asker_count++] = from;
    if (!pending && intake_pending(ledger->intake)) ledger->advancing = from;
    buffer_destroy(&now);
    return true;
}

static void stamps_check(sim_t *sim) {
    const ledger_t *ledger = &sim->ledger;
    if (sim->rehearsal) return;
    int64_t most_ms = ledger->bound_ms + (sim->true_ms - ledger->opened_ms) + JUMP_SLACK_MS;
    int64_t now_ms = intake_now_ms(ledger->intake);
    SIM_HOLDS(sim, "clock_is_not_believed_blindly", now_ms <= most_ms, "the ledger is %lld ms ahead of the steady clock",
              (long long)(now_ms - most_ms));
}

static void group_commit(sim_t *sim) {
    ledger_t *ledger = &sim->ledger;
    char path[SIM_PATH];
    sim_path_of(sim, "intake", path);
    sim_disk_fills(sim, path);
    err_t err = intake_commit(ledger->intake);
    sim_disk_clears();
    sim->commits++;
    if (err != OK) {
        SIM_HOLDS(sim, "commits_go_well", !sim->calm && err != ERR_CORRUPT, "intake: %s", err_name(err));
        sim_trace(sim, "intake cannot commit: %s", err_name(err));
        sim_ledger_crash(sim);
        return;
    }
    ledger->unsent = true;
    stamps_check(sim);
}

static bool fetches_serve(sim_t *sim) {
    ledger_t *ledger = &sim->ledger;
    bool any = false;
    for (uint32_t reader = 0; reader < SIM_ACTORS; reader++) {
        parked_t *parked = &ledger->parked[reader];
        if (!parked->waits) continue;
        batch_t batch = {0};
        bool served = intake_serve(ledger->intake, &parked->fetch, sim->moment, &batch);
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
    if (ledger->unsent) {
        intake_finish(ledger->intake, &ledger->later);
        answers_send(sim, &ledger->later, ledger->askers, ledger->asker_count);
        buffer_clear(&ledger->later);
        ledger->asker_count = 0;
        ledger->unsent = false;
        return true;
    }
    clock_shown(sim);
    intake_tick(ledger->intake, sim_wall_ms(sim), sim->true_ms);
    if (intake_pending(ledger->intake) && !intake_has_group(ledger->intake)) {
        size_t before = ledger->later.size;
        intake_continue(ledger->intake, &ledger->later);
        if (ledger->later.size > before) ledger->askers[ledger->asker_count++] = ledger->advancing;
    }
    if (intake_has_group(ledger->intake)) {
        group_commit(sim);
        return true;
    }
    return fetches_serve(sim);
}
