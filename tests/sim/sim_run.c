/* One world from its founding to the end: luck says who does what next, then calm, then everything is checked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/sim.h"

enum { STEPS = 1100, DRAIN_ROUNDS = 600, ADVANCES = 5 };

static void world_make(sim_t *sim) {
    sim->luck = sim->seed * 0x2545f4914f6cdd1dULL + 1;
    sim->arena = arena_new();
    sim->moment = arena_new();
    sim->redis.arena = sim->arena;
    sim_luck_of_crypto(sim);
    sim->rehearsal = sim_chance(sim, 200);
    sim->beats = sim_chance(sim, 200);
    sim->forks = sim_chance(sim, 200);
    sim->faults =
        (uint32_t)sim_draw(sim, UINT32_MAX) & (sim_chance(sim, 500) ? UINT32_MAX : (uint32_t)sim_draw(sim, UINT32_MAX));
    if (sim_chance(sim, 30)) sim->faults = 0;
    if (sim->forks) sim->faults |= 1u << 14;
    sim->plan.offset_minutes = 480;
    sim->true_ms = instant_of_day(&sim->plan, 20210801, 0) + (int64_t)sim_draw(sim, 129600000);
    sim_plan_make(sim);
    sim->opened = (ledger_opened_t){.epoch = 1, .clock_mode = sim->rehearsal ? clock_mode_rehearsal : clock_mode_real};
    crypto_random(sim->opened.ledger_id, sizeof sim->opened.ledger_id);
    crypto_random(sim->vault_key, sizeof sim->vault_key);
    sign_keypair(sim->opened.operator_key, sim->operator_secret);
    sign_keypair(sim->opened.signer_key, sim->signer_secret);
    sim->epoch = 1;
    sim->outside.bad_luck = (uint32_t)sim_draw(sim, 24);
    sim->outside.once_more = (uint32_t)sim_draw(sim, 3);
    sim_folds_make(sim);
}

static void files_clear(sim_t *sim) {
    static const char *const names[] = {"intake", "intake.backup", "vault"};
    char path[SIM_PATH], name[64];
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        sim_path_of(sim, names[index], path);
        sim_remove(path);
    }
    for (uint32_t index = 0; index < sim->fold_count; index++) {
        static const char *const kinds[] = {"", ".backup", ".replay"};
        for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
            snprintf(name, sizeof name, "%s%s", sim->folds[index].role->name, kinds[kind]);
            sim_path_of(sim, name, path);
            sim_remove(path);
        }
    }
    sim_published_clear(sim);
    sim_path_of(sim, "notices", path);
    unlink(path);
}

static void world_open(sim_t *sim) {
    char path[SIM_PATH];
    files_clear(sim);
    sim_ledger_found(sim);
    sim_ledger_open(sim);
    for (uint32_t actor = 1; actor <= sim->fold_count; actor++) sim_fold_open(sim, actor);
    sim_path_of(sim, "vault", path);
    err_t err = vault_open(path, sim->vault_key, &sim->vault);
    SIM_HOLDS(sim, "stages_open", err == OK, "vault: %s", err_name(err));
    sim_trace(sim, "seed %llu: %u units, %u tasks, %u periods%s%s, faults %x", (unsigned long long)sim->seed,
              sim->plan.units_count, sim->plan.tasks_count, sim->plan.periods_count, sim->rehearsal ? ", rehearsal" : "",
              sim->forks ? ", forks" : "", sim->faults & 0x7fff);
}

static void world_close(sim_t *sim) {
    sim_ledger_crash(sim);
    for (uint32_t actor = 1; actor <= sim->fold_count; actor++) {
        sim_fold_crash(sim, actor);
        arena_destroy(&sim->folds[actor - 1].arena);
    }
    vault_close(&sim->vault);
    sim_letters_clear(sim);
    buffer_destroy(&sim->ledger.later);
    planbook_destroy(&sim->book);
    free(sim->redis.entries);
    free(sim->redis.rings);
    arena_destroy(&sim->arena);
    arena_destroy(&sim->moment);
}

/* --- time --- */

static void time_pass(sim_t *sim) {
    static const int64_t paces_ms[] = {20000, 300000, 3600000, 14400000, 43200000};
    int64_t pace_ms = paces_ms[sim_draw(sim, 5)];
    int64_t to_ms = sim->true_ms + 1 + (int64_t)sim_draw(sim, (uint64_t)pace_ms * 2);
    if (sim->rehearsal) {
        sim->true_ms = to_ms < sim->end_ms ? to_ms : sim->end_ms;
        if (sim->step % 4 == 0 && !sim_operator_busy(sim)) sim_operator_advance(sim, sim->true_ms);
        return;
    }
    sim->true_ms = to_ms;
}

/* --- luck decides --- */

static bool actor_work(sim_t *sim, uint32_t which) {
    if (which == 0) return sim_ledger_work(sim);
    if (which <= sim->fold_count) return sim_fold_work(sim, which);
    return which == sim->fold_count + 1 ? sim_door_work(sim) : sim_outside_work(sim);
}

/* Those that have no answer yet, the oldest first; now and then any, also one that is done. */
static void orders_push(sim_t *sim) {
    uint64_t count = 1 + sim_draw(sim, 6);
    for (uint32_t number = 0; count > 0 && number < sim->order_count; number++) {
        if (sim->orders[number].done || sim->orders[number].refused || sim_chance(sim, 200)) continue;
        sim_operator_send(sim, number);
        count--;
    }
    if (sim->order_count > 0 && sim_chance(sim, 150)) sim_operator_send(sim, (uint32_t)sim_draw(sim, sim->order_count));
}

static void step(sim_t *sim) {
    sim->step++;
    arena_reset(sim->moment);
    uint64_t what = sim_draw(sim, 1000);
    if (what < 400) {
        /* mostly the oldest: what is left lying too long makes everybody ask again */
        for (uint64_t count = 1 + sim_draw(sim, 4); count > 0 && sim->letter_count > 0; count--)
            sim_deliver(sim, sim_chance(sim, 700) ? 0 : (uint32_t)sim_draw(sim, sim->letter_count));
    } else if (what < 790) {
        uint32_t who = (uint32_t)sim_draw(sim, sim->fold_count + 3);
        for (uint64_t pieces = 1 + sim_draw(sim, 3); pieces > 0 && actor_work(sim, who);) pieces--;
    } else if (what < 825) {
        if (sim_founders_have_keys(sim)) sim_report_new(sim);
    } else if (what < 835) {
        sim_operator_credit(sim);
    } else if (what < 850) {
        if (sim->officer_count < SIM_OFFICERS) return;
        if (sim_chance(sim, 600)) sim_decision_order(sim);
        else if (sim_chance(sim, 800)) sim_extension_order(sim);
        else if (sim_chance(sim, 300)) sim_outage_order(sim);
        else if (sim_chance(sim, 500)) sim_press_order(sim);
        else sim_login_order(sim);
    } else if (what < 862) {
        if (sim->officer_count == SIM_OFFICERS) sim_operator_document(sim);
        if (sim_chance(sim, 600)) sim_retry_order(sim);
        if (sim->officer_count == SIM_OFFICERS && sim_chance(sim, 350)) sim_upkeep_order(sim);
    } else if (what < 897) {
        orders_push(sim);
    } else if (what < 978 || sim->faults == 0) {
        time_pass(sim);
    } else {
        sim_fault(sim);
    }
    if (!sim_founders_have_keys(sim) || sim_newcomer_waits(sim)) sim_operator_order(sim);
    else if (sim->officer_count < SIM_OFFICERS) sim_officer_order(sim);
    else if (sim->login_count < SIM_LOGINS && sim_chance(sim, 300)) sim_login_order(sim);
}

/* --- until nothing moves any more --- */

static bool submissions_settled(sim_t *sim) {
    for (uint32_t index = 0; index < sim->submission_count; index++) {
        const submission_t *submission = &sim->submissions[index];
        if (!submission->refused && !submission->judged) return false;
    }
    return true;
}

static bool is_idle(sim_t *sim) {
    if (!sim_ledger_is_quiet(sim) || sim->ledger.unsent) return false;
    if (intake_pending(sim->ledger.intake) || sim_operator_busy(sim) || !submissions_settled(sim)) return false;
    for (uint32_t actor = 1; actor <= sim->fold_count; actor++)
        if (!sim_fold_idle(sim, actor)) return false;
    if (!sim_outside_idle(sim)) return false;
    health_t health = {0};
    publisher_show(sim->publisher, &health);
    txn_t *txn = store_read(stage_store(sim_fold_named(sim, "alerting")->stage));
    bool told = health.published >= txn_head(txn).seq;
    txn_abort(&txn);
    return told;
}

static void round_of_all(sim_t *sim) {
    sim->step++;
    arena_reset(sim->moment);
    for (uint32_t count = sim->letter_count; count > 0 && sim->letter_count > 0; count--)
        if (!sim_deliver(sim, 0)) break;
    for (uint32_t which = 0; which <= sim->fold_count + 2; which++)
        for (uint32_t piece = 0; piece < 4; piece++)
            if (!actor_work(sim, which)) break;
    for (uint32_t index = 0; index < sim->submission_count && sim->step % 8 == 0; index++)
        if (!sim->submissions[index].acked && !sim->submissions[index].refused && sim->letter_count < 64)
            sim_sender_send(sim, index);
    if (sim->step % 16 == 0 && sim->outside.once_more > 0) sim->outside.once_more -= sim_retry_order(sim);
    for (uint32_t index = 0; index < sim->order_count && sim->step % 8 == 0; index++)
        if (!sim->orders[index].done && !sim->orders[index].refused) sim_operator_send(sim, index);
}

static void drain(sim_t *sim) {
    uint32_t rounds = 0;
    while (!is_idle(sim)) {
        SIM_HOLDS(sim, "drains_to_idle", rounds++ < DRAIN_ROUNDS,
                  "not idle after %u rounds: orders %s, reports %s, intake %s, stages %d %d %d, outside %d", DRAIN_ROUNDS,
                  sim_operator_busy(sim) ? "open" : "done", submissions_settled(sim) ? "done" : "open",
                  intake_pending(sim->ledger.intake) ? "pending" : "quiet", sim_fold_idle(sim, 1), sim_fold_idle(sim, 2),
                  sim_fold_idle(sim, 3), sim_outside_idle(sim));
        round_of_all(sim);
    }
}

/* The last tick: whatever Redis lost is noticed at a tick. */
static void last_tick(sim_t *sim) {
    sim->wall_offset_ms = 0;
    if (sim->rehearsal) {
        int64_t now_ms = intake_now_ms(sim->ledger.intake);
        sim->true_ms = (sim->true_ms > now_ms ? sim->true_ms : now_ms) + 3600000;
        sim_operator_advance(sim, sim->true_ms);
    } else {
        int64_t behind_ms = intake_now_ms(sim->ledger.intake) - sim->true_ms;
        sim->true_ms += 120000 + (behind_ms > 0 ? behind_ms : 0);
        sim_ledger_crash(sim); /* a start believes the wall clock again */
    }
    drain(sim);
}

void sim_world_run(sim_t *sim) {
    world_make(sim);
    world_open(sim);
    uint32_t steps = STEPS / 2 + (uint32_t)sim_draw(sim, STEPS);
    for (uint32_t index = 0; index < steps && (sim->rehearsal || sim->true_ms < sim->end_ms); index++) step(sim);
    for (int tries = 0; sim->forks && tries < 3; tries++) sim_restore(sim); /* the last thing that happens */
    sim_heal(sim);
    drain(sim);
    last_tick(sim);
    sim_check_all(sim);
    files_clear(sim);
    world_close(sim);
}
