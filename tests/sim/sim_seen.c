/* What worlds were made of: every kind of event of the four streams, counted. What no world ever does is not simulated. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/sim.h"

static void stream_count(sim_t *sim, store_t *store, bool is_ledger) {
    txn_t *txn = store_read(store);
    ASSERT(txn != NULL);
    for (uint64_t seq = 1; seq <= txn_head(txn).seq; seq++) {
        event_t event;
        arena_reset(sim->moment);
        if (!txn_event(txn, seq, sim->moment, &event, NULL) || event.kind >= SIM_KINDS) continue;
        bool passed_on = kind_is_control(event.kind) && event.kind != KIND_event_skipped && !is_ledger;
        if (!passed_on) sim->seen[event.kind]++;
    }
    txn_abort(&txn);
}

void sim_seen_count(sim_t *sim) {
    stream_count(sim, intake_store(sim->ledger.intake), true);
    for (uint32_t index = 0; index < sim->fold_count; index++)
        if (sim->folds[index].role->writes != STREAM_NONE) stream_count(sim, stage_store(sim->folds[index].stage), false);
}

bool sim_seen_tell(const uint64_t seen[SIM_KINDS], bool all) {
    size_t count;
    bool whole = true;
    const message_t *const *messages = message_all(&count);
    for (size_t index = 0; index < count; index++) {
        const message_t *message = messages[index];
        if (message->kind == 0 || message->kind >= SIM_KINDS) continue;
        if (all)
            printf("  %3u %-22s %10llu\n", message->kind, message->name, (unsigned long long)seen[message->kind]);
        if (seen[message->kind] > 0) continue;
        printf("sim: no world has a %s: it is not simulated\n", message->name);
        whole = false;
    }
    return whole;
}
