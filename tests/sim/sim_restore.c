/* An older copy of the ledger is put back, and says so: ledger_restored begins a new epoch; what came after the copy is lost. */
#include <string.h>
#include <unistd.h>

#include "proto/command.h"
#include "tests/sim/sim.h"

enum { RESTORES = 2 };

/* Who was told of something that is lost sends it again, mostly with the receipt that proves when it came first. */
static void acks_forget(sim_t *sim, uint64_t head) {
    for (uint32_t index = 0; index < sim->submission_count; index++) {
        submission_t *submission = &sim->submissions[index];
        submission->judged = submission->heard = false;
        if (!submission->acked || submission->seq <= head) continue;
        submission->acked = false;
        submission->carries = sim_chance(sim, 700);
        submission->lost_received_ms = submission->received_ms;
    }
    for (uint32_t index = 0; index < sim->order_count; index++) sim->orders[index].done = sim->orders[index].refused = false;
}

/* Stages restored with their ledger are derived anew; or somebody forgot them, and they find out that they have diverged. */
static void stages_prepare(sim_t *sim) {
    char path[SIM_PATH];
    bool forgotten = sim_chance(sim, 500);
    for (uint32_t actor = 1; actor <= sim->fold_count; actor++) {
        sim_fold_crash(sim, actor);
        sim_path_of(sim, sim_fold_of(sim, actor)->role->name, path);
        sim_fold_of(sim, actor)->has_backup = false; /* of an epoch that is over */
        if (!forgotten) sim_remove(path);
    }
    sim->forked |= forgotten;
    if (!forgotten && sim_chance(sim, 700)) sim_published_restore(sim);
    else if (!forgotten || sim_chance(sim, 500)) sim_published_forget(sim, !forgotten);
    sim_trace(sim, "the stages are %s", forgotten ? "left as they are" : "derived anew");
}

static void restored_declare(sim_t *sim) {
    intake_t *intake = sim->ledger.intake;
    head_t head = intake_head(intake);
    uint8_t id[16];
    buffer_t frame = {0}, now = {0}, later = {0};
    ledger_restored_t restored = {.fork_seq = head.seq, .epoch = sim->epoch + 1};
    memcpy(restored.fork_hash, head.hash, sizeof restored.fork_hash);
    crypto_random(id, sizeof id);
    command_sign(1, id, sim->opened.ledger_id, ledger_restored_type(), &restored, sim->operator_secret, &frame);
    intake_allow_restore(intake);
    intake_take(intake, door_operator, (bytes_t){frame.at, (uint32_t)frame.size}, sim_wall_ms(sim), sim->true_ms, &now, &later);
    err_t err = intake_commit(intake);
    SIM_HOLDS(sim, "a_restore_is_declared", err == OK && later.size > 0 && intake_epoch(intake) == sim->epoch + 1, "%s",
              err_name(err));
    sim->fork_seqs[sim->epoch - 1] = sim->backed_up = head.seq;
    sim->epoch++;
    buffer_destroy(&frame);
    buffer_destroy(&now);
    buffer_destroy(&later);
    acks_forget(sim, head.seq);
    sim_trace(sim, "epoch %llu begins behind entry %llu", (unsigned long long)sim->epoch, (unsigned long long)head.seq);
}

void sim_restore(sim_t *sim) {
    char path[SIM_PATH], copy[SIM_PATH];
    sim_path_of(sim, "intake", path);
    sim_path_of(sim, "intake.backup", copy);
    if (!sim->forks || sim->epoch > RESTORES) return;
    if (!sim->ledger.has_backup || sim_chance(sim, 600)) {
        sim_published_backup(sim); /* first, as `minning backup` does */
        sim->ledger.has_backup = sim_copy(path, copy);
        return;
    }
    sim_trace(sim, "the ledger is lost");
    sim_ledger_crash(sim);
    sim_door_crash(sim);
    sim_letters_clear(sim);
    stages_prepare(sim);
    sim_remove(path);
    sim_copy(copy, path);
    sim_ledger_open(sim);
    restored_declare(sim);
    sim_ledger_crash(sim);
}
