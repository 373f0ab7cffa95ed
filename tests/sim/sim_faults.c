/* What goes wrong: a table of faults; each world knows a few kinds of them, by luck. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/sim.h"

static uint32_t some_fold(sim_t *sim) { return 1 + (uint32_t)sim_draw(sim, sim->fold_count); }

static void crash(sim_t *sim) {
    uint32_t which = (uint32_t)sim_draw(sim, sim->fold_count + 2);
    if (which == 0)
        sim_ledger_crash(sim);
    else if (which <= sim->fold_count)
        sim_fold_crash(sim, which);
    else
        sim_door_crash(sim);
}

static void crash_intake(sim_t *sim) { (sim_chance(sim, 300) ? sim_ledger_stop : sim_ledger_crash)(sim); }

static void power(sim_t *sim) {
    sim_trace(sim, "power fails");
    sim_ledger_crash(sim);
    for (uint32_t actor = 1; actor <= sim->fold_count; actor++) sim_fold_crash(sim, actor);
    sim_door_crash(sim);
    sim_letters_clear(sim);
}

static void second_instance(sim_t *sim) {
    sim_ledger_second(sim);
    sim_fold_second(sim, some_fold(sim));
}

static void wall_clock(sim_t *sim) {
    static const int64_t steps_ms[] = {-7200000, -600000, 600000, 3600000, 36000000};
    if (sim_chance(sim, 400))
        sim->wall_offset_ms = 0;
    else
        sim->wall_offset_ms += steps_ms[sim_draw(sim, 5)];
    sim_trace(sim, "the wall clock steps: it is off by %lld s", (long long)sim->wall_offset_ms / 1000);
}

static void disk_full(sim_t *sim) { sim->commit_fails = true; }

static void space_low(sim_t *sim) {
    if (sim->ledger.intake == NULL) return;
    bool low = sim_chance(sim, 500);
    intake_keep_free(sim->ledger.intake, low ? UINT64_MAX : 0);
    sim_trace(sim, "space at intake is %s", low ? "low" : "enough");
}

static void redis_gone(sim_t *sim) {
    sim->redis.away = !sim->redis.away && sim_chance(sim, 500);
    sim->redis.dies_after = sim->redis.away || sim_chance(sim, 300) ? 0 : 1 + (uint32_t)sim_draw(sim, 6);
    sim->redis.lose_reply = sim_chance(sim, 500);
}

/* FLUSHALL, or a start from an older snapshot. */
static void redis_loses(sim_t *sim) {
    sim_redis_t *redis = &sim->redis;
    if (redis->count == 0) return;
    redis->count = sim_chance(sim, 500) ? 0 : (uint32_t)sim_draw(sim, redis->count);
    redis->top_epoch = redis->count == 0 ? 0 : redis->entries[redis->count - 1].epoch;
    redis->top_seq = redis->count == 0 ? 0 : redis->entries[redis->count - 1].seq;
    redis->losses++;
    sim_trace(sim, "redis keeps only %u entries", redis->count);
}

static void position_lost(sim_t *sim) {
    fold_t *alerting = sim_fold_named(sim, "alerting");
    bool told = sim_chance(sim, 300);
    sim_fold_crash(sim, sim_actor_of(sim, alerting));
    sim_published_forget(sim, told);
    sim_trace(sim, "the publisher's position is lost%s", told ? ", and what it told" : "");
}

/* The place cannot be written while what is told can; then alerting dies, and Redis is in trouble too while it catches up. */
static void position_lags(sim_t *sim) {
    bool back = sim_chance(sim, 400);
    if (!back && sim_chance(sim, 600)) {
        sim_published_lag(sim, false);
        return;
    }
    sim_fold_crash(sim, sim_actor_of(sim, sim_fold_named(sim, "alerting")));
    if (back && sim_published_lag(sim, true)) sim_trace(sim, "the publisher's position lags");
    if (sim_chance(sim, 700)) redis_loses(sim);
    sim->redis.away = false;
    sim->redis.dies_after = sim_chance(sim, 700) ? 1 + (uint32_t)sim_draw(sim, 16) : 0;
}

static void store_dropped(sim_t *sim) {
    uint32_t actor = some_fold(sim);
    char path[SIM_PATH];
    sim_path_of(sim, sim_fold_of(sim, actor)->role->name, path);
    sim_fold_crash(sim, actor);
    sim_remove(path);
    sim_trace(sim, "the store of %s is gone", sim_fold_of(sim, actor)->role->name);
}

/* A copy of what is committed now, or the last copy put back in its place. */
static void store_restored(sim_t *sim) {
    fold_t *fold = sim_fold_of(sim, some_fold(sim));
    char path[SIM_PATH], name[64], copy[SIM_PATH];
    snprintf(name, sizeof name, "%s.backup", fold->role->name);
    sim_path_of(sim, fold->role->name, path);
    sim_path_of(sim, name, copy);
    if (!fold->has_backup || sim_chance(sim, 400)) {
        fold->has_backup = sim_copy(path, copy);
        return;
    }
    sim_fold_crash(sim, sim_actor_of(sim, fold));
    sim_remove(path);
    sim_copy(copy, path);
    sim_trace(sim, "an old backup of %s is put back", fold->role->name);
}

static void revocation(sim_t *sim) { sim_operator_order(sim); }

/* Somebody is forgotten: from now on the vault may not know the hash, and nothing that was counted may change. */
static void person_erased(sim_t *sim) {
    uint32_t number = (uint32_t)sim_draw(sim, sim->submission_count + 1);
    if (number == sim->submission_count || !sim->submissions[number].is_swapped) return;
    const personal_t *person = &sim->submissions[number].swapped.prepared_by;
    if (person->key_id == 0 || sim->erased_count == SIM_ERASED) return;
    vault_erase(sim->vault, person->hash);
    err_t err = vault_commit(sim->vault);
    SIM_HOLDS(sim, "commits_go_well", err == OK, "vault: %s", err_name(err));
    memcpy(sim->erased[sim->erased_count++], person->hash, HASH_SIZE);
    sim_trace(sim, "a person is erased");
}

static const struct {
    const char *name;
    void (*happens)(sim_t *sim);
    uint32_t weight;
} faults[] = {
    {"links", NULL, 0}, /* bit 0: drop, repeat; delay and reorder are always */
    {"disk_full", disk_full, 3},
    {"crash", crash, 6},
    {"crash_intake", crash_intake, 4},
    {"power", power, 1},
    {"second_instance", second_instance, 2},
    {"wall_clock", wall_clock, 2},
    {"space_low", space_low, 2},
    {"redis_gone", redis_gone, 4},
    {"redis_loses", redis_loses, 1},
    {"position_lost", position_lost, 1},
    {"store_dropped", store_dropped, 4},
    {"store_restored", store_restored, 2},
    {"revocation", revocation, 2},
    {"ledger_restored", sim_restore, 3},
    {"person_erased", person_erased, 2},
    {"position_lags", position_lags, 3},
};
enum { FAULTS = sizeof faults / sizeof faults[0] };

void sim_fault(sim_t *sim) {
    uint32_t sum = 0;
    for (uint32_t index = 0; index < FAULTS; index++)
        if ((sim->faults & 1u << index) != 0) sum += faults[index].weight;
    uint64_t pick = sim_draw(sim, sum);
    for (uint32_t index = 0; sum > 0 && index < FAULTS; index++) {
        if ((sim->faults & 1u << index) == 0) continue;
        if (pick < faults[index].weight) {
            faults[index].happens(sim);
            return;
        }
        pick -= faults[index].weight;
    }
}

void sim_heal(sim_t *sim) {
    sim->calm = true;
    sim->commit_fails = false;
    sim->redis.away = sim->redis.lose_reply = false;
    sim->redis.dies_after = 0;
    if (sim->ledger.intake != NULL) intake_keep_free(sim->ledger.intake, 0);
    sim_trace(sim, "calm");
}
