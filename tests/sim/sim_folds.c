/* Stages as actors. Whoever stands in sim_roles is in the simulation; that is all a new stage has to do. */
#include <string.h>

#include "services/2-validation/validation.h"
#include "services/3-aggregation/aggregation.h"
#include "services/4-alerting/alerting.h"
#include "services/notifier/notifier.h"
#include "tests/sim/sim.h"

enum { PATIENCE = 24, ASK_AGAIN = 60, STRANGE_BATCHES = 3 };

static const role_t *(*const sim_roles[])(void) = {validation_role, aggregation_role, alerting_role, notifier_role};

fold_t *sim_fold_of(sim_t *sim, uint32_t actor) {
    ASSERT(actor >= 1 && actor <= sim->fold_count);
    return &sim->folds[actor - 1];
}

uint32_t sim_actor_of(const sim_t *sim, const fold_t *fold) { return (uint32_t)(fold - sim->folds) + 1; }

fold_t *sim_fold_named(sim_t *sim, const char *name) {
    for (uint32_t index = 0; index < sim->fold_count; index++)
        if (strcmp(sim->folds[index].role->name, name) == 0) return &sim->folds[index];
    ASSERT(!"a role of that name is registered");
    return NULL;
}

void sim_folds_make(sim_t *sim) {
    sim->fold_count = sizeof sim_roles / sizeof sim_roles[0];
    for (uint32_t index = 0; index < sim->fold_count; index++)
        sim->folds[index] = (fold_t){.role = sim_roles[index](), .arena = arena_new()};
    for (uint32_t index = 0; index < sim->fold_count; index++)
        for (uint32_t writer = 0; writer < sim->fold_count; writer++)
            if (sim->folds[writer].role->writes == sim->folds[index].role->reads) sim->folds[index].writer = writer + 1;
}

store_t *sim_writer_store(sim_t *sim, const fold_t *fold) {
    if (fold->writer == ACTOR_INTAKE) return sim->ledger.intake == NULL ? NULL : intake_store(sim->ledger.intake);
    stage_t *stage = sim_fold_of(sim, fold->writer)->stage;
    return stage == NULL ? NULL : stage_store(stage);
}

static bool is_alerting(const fold_t *fold) { return fold->role->writes == STREAM_WARNINGS; }

static void durable_note(fold_t *fold) {
    txn_t *txn = store_read(stage_store(fold->stage));
    if (txn == NULL) return;
    uint64_t head = txn_head(txn).seq;
    if (head > fold->ever_durable) fold->ever_durable = head;
    txn_abort(&txn);
}

void sim_fold_open(sim_t *sim, uint32_t actor) {
    fold_t *fold = sim_fold_of(sim, actor);
    char path[SIM_PATH], file[SIM_PATH];
    sim_path_of(sim, fold->role->name, path);
    err_t err = stage_open(fold->role, path, &fold->stage);
    SIM_HOLDS(sim, "stages_open", err == OK, "%s: %s", fold->role->name, err_name(err));
    static const uint32_t paces[] = {0, 0, 1, 2, 5};
    stage_pace(fold->stage, paces[sim_draw(sim, 5)]);
    durable_note(fold);
    sim->starts++;
    sim_trace(sim, "%s opens, durable head %llu", fold->role->name, (unsigned long long)fold->ever_durable);
    if (!is_alerting(fold)) return;
    redis_place_t place = {.socket = "model"};
    sim_path_of(sim, "published", file);
    sim->publisher = publisher_new(stage_store(fold->stage), &place, file);
}

void sim_fold_crash(sim_t *sim, uint32_t actor) {
    fold_t *fold = sim_fold_of(sim, actor);
    if (fold->stage == NULL) return;
    sim_trace(sim, "%s dies%s", fold->role->name, fold->open ? " with an open transaction" : "");
    if (is_alerting(fold)) publisher_destroy(&sim->publisher);
    if (fold->role->writes == STREAM_NONE) sim_outside_crash(sim); /* one process, the notifier */
    stage_close(&fold->stage);
    fold->outstanding = fold->ahead = fold->holds = fold->open = fold->quarantines_told = false;
    fold->strange = 0;
    memset(fold->parked, 0, sizeof fold->parked);
    sim->crashes++;
}

void sim_fold_second(sim_t *sim, uint32_t actor) {
    fold_t *fold = sim_fold_of(sim, actor);
    char path[SIM_PATH];
    stage_t *second = NULL;
    if (fold->stage == NULL) return;
    sim_path_of(sim, fold->role->name, path);
    err_t err = stage_open(fold->role, path, &second);
    SIM_HOLDS(sim, "one_instance", err == ERR_LOCKED && second == NULL, "a second %s got %s", fold->role->name, err_name(err));
}

/* --- what arrives --- */

/* Some of the batch at hand. Whoever failed forgets what he had asked for ahead. */
static void batch_step(sim_t *sim, fold_t *fold, err_t err) {
    uint32_t actor = sim_actor_of(sim, fold);
    if (sim->calm) stage_pace(fold->stage, 0);
    if (err == OK) err = stage_step_on(fold->stage, &fold->held);
    fold->open = err == OK;
    fold->holds = err == OK && stage_unfinished(fold->stage);
    if (err == OK) {
        fold->strange = 0;
        return;
    }
    fold->ahead = fold->outstanding = false;
    if (err == ERR_FULL && store_more_room(stage_store(fold->stage)) == ROOM_MORE) return; /* asked for again, as the loop does */
    SIM_HOLDS(sim, "stages_take_what_they_get", err == ERR_BAD || err == ERR_STORE || err == ERR_FULL, "%s: %s",
              fold->role->name, err_name(err));
    SIM_HOLDS(sim, "stages_take_what_they_get", err == ERR_BAD || (!sim->calm && (sim->faults & 2) != 0), "%s: %s",
              fold->role->name, err_name(err));
    sim_trace(sim, "%s finds a batch strange: %s", fold->role->name, err_name(err));
    if (err != ERR_BAD || ++fold->strange >= STRANGE_BATCHES) sim_fold_crash(sim, actor);
}

/* A good batch is taken whenever it comes, even if its fetch was given up, which the real reader would not do; only what a
 * writer says of itself has to answer the last question. */
static void batch_take(sim_t *sim, fold_t *fold, const packet_t *packet) {
    fault_t fault;
    bool ours = packet->request_id == fold->request_id;
    arena_reset(fold->arena);
    uint8_t *copy = arena_take(fold->arena, packet->body.size);
    memcpy(copy, packet->body.at, packet->body.size);
    packet_t kept = *packet;
    kept.body.at = copy;
    fold->holds = false;
    err_t err = packet_body(&kept, batch_type(), fold->arena, &fold->held, &fault);
    SIM_HOLDS(sim, "answers_are_read", err == OK, "a batch: %s", fault.code);
    if (ours) fold->outstanding = fold->ahead = false;
    if (fold->held.state == batch_state_ok) {
        err = stage_take(fold->stage, &fold->held);
        if (ours || err != ERR_BAD) batch_step(sim, fold, err);
        return;
    }
    if (!ours || fold->held.state != batch_state_diverged) return;
    SIM_HOLDS(sim, "nothing_diverges", sim->forked, "%s was told that it diverged", fold->role->name);
    sim_trace(sim, "%s diverged, drops its state", fold->role->name);
    err = stage_drop(fold->stage);
    fold->open = fold->ahead = false;
    if (err != OK) sim_fold_crash(sim, sim_actor_of(sim, fold));
}

bool sim_fold_take(sim_t *sim, uint32_t actor, uint32_t from, bytes_t frame) {
    fold_t *fold = sim_fold_of(sim, actor);
    packet_t packet;
    fault_t fault;
    if (fold->stage == NULL) return true;
    err_t err = packet_decode(frame, &packet, &fault);
    SIM_HOLDS(sim, "answers_are_read", err == OK, "%s: %s", fold->role->name, fault.code);
    if (packet.kind == KIND_batch) {
        if (fold->holds && (fold->ahead || sim_chance(sim, 500))) return false; /* in the middle of a batch */
        batch_take(sim, fold, &packet);
        return true;
    }
    parked_t *parked = &fold->parked[from];
    err = packet_body(&packet, fetch_type(), sim->moment, &parked->fetch, &fault);
    SIM_HOLDS(sim, "answers_are_read", err == OK, "a fetch: %s", fault.code);
    parked->fetch.reader = (text_t){NULL, 0};
    parked->request_id = packet.request_id;
    parked->waits = true;
    parked->since = sim->step;
    return true;
}

/* --- what it does of itself --- */

/* No stage keeps what follows from an event that its writer may still lose. */
static void ahead_check(sim_t *sim, fold_t *fold) {
    if (fold->writer == ACTOR_INTAKE) return;
    uint64_t durable = stage_fetch(fold->stage).ack, writer = sim_fold_of(sim, fold->writer)->ever_durable;
    SIM_HOLDS(sim, "only_durable_is_kept", durable <= writer, "%s committed %llu, its writer only %llu", fold->role->name,
              (unsigned long long)durable, (unsigned long long)writer);
}

static void fold_commit(sim_t *sim, fold_t *fold) {
    char path[SIM_PATH];
    sim_path_of(sim, fold->role->name, path);
    sim_disk_fills(sim, path);
    err_t err = stage_commit(fold->stage);
    sim_disk_clears();
    sim->commits++;
    fold->open = false;
    if (err == OK) {
        durable_note(fold);
        ahead_check(sim, fold);
        return;
    }
    if (err == ERR_FULL && store_more_room(stage_store(fold->stage)) == ROOM_MORE) {
        fold->holds = fold->ahead = fold->outstanding = false;
        return;
    }
    SIM_HOLDS(sim, "commits_go_well", !sim->calm && err != ERR_CORRUPT, "%s: %s", fold->role->name, err_name(err));
    sim_trace(sim, "%s cannot commit: %s", fold->role->name, err_name(err));
    fold->holds = fold->ahead = fold->outstanding = false;
    if (sim_chance(sim, 700)) sim_fold_crash(sim, sim_actor_of(sim, fold)); /* as the service does; or it goes on */
}

static bool fold_serve(sim_t *sim, fold_t *fold) {
    bool any = false;
    for (uint32_t reader = 0; reader < SIM_ACTORS; reader++) {
        parked_t *parked = &fold->parked[reader];
        if (!parked->waits) continue;
        batch_t batch = {0};
        bool served = stage_serve(fold->stage, &parked->fetch, sim->moment, &batch);
        if (!served && (sim->step - parked->since < PATIENCE || batch.stream == STREAM_NONE)) continue;
        buffer_t out = {0};
        packet_encode(parked->request_id, batch_type(), &batch, &out);
        sim_send(sim, sim_actor_of(sim, fold), reader, (bytes_t){out.at, (uint32_t)out.size});
        buffer_destroy(&out);
        parked->waits = false;
        any |= served;
    }
    return any;
}

static bool fold_ask(sim_t *sim, fold_t *fold) {
    if (fold->outstanding && sim->step - fold->asked < ASK_AGAIN) return false;
    static const uint32_t sizes[] = {0, 0, 1, 400, 3000};
    buffer_t out = {0};
    fold->ahead = fold->holds && sim_chance(sim, 700);
    fetch_t fetch = (fold->ahead ? stage_fetch_ahead : stage_fetch)(fold->stage);
    if (!sim->calm) fetch.max_bytes = sizes[sim_draw(sim, 5)];
    packet_encode(++fold->request_id, fetch_type(), &fetch, &out);
    sim_send(sim, sim_actor_of(sim, fold), fold->writer, (bytes_t){out.at, (uint32_t)out.size});
    buffer_destroy(&out);
    fold->outstanding = true;
    fold->asked = sim->step;
    return true;
}

bool sim_fold_work(sim_t *sim, uint32_t actor) {
    fold_t *fold = sim_fold_of(sim, actor);
    if (fold->stage == NULL) {
        sim_fold_open(sim, actor);
        return true;
    }
    if (sim_quarantines_wanted(fold)) {
        if (!sim_quarantines_take(sim, fold, fold->stage)) return false;
        fold->quarantines_told = true;
        durable_note(fold); /* what was open is committed first */
        fold->open = fold->holds = fold->ahead = fold->outstanding = false;
    }
    if (fold_ask(sim, fold)) return true;
    if (fold->holds && sim_chance(sim, 500)) {
        batch_step(sim, fold, OK);
        return true;
    }
    if (fold->open && (sim->calm || sim_chance(sim, 600))) {
        fold_commit(sim, fold);
        return true;
    }
    if (fold_serve(sim, fold)) return true;
    if (!is_alerting(fold) || fold->open) return false;
    if (sim->calm || sim_chance(sim, 300)) {
        publisher_allow(sim->publisher, stage_sure(fold->stage));
        publisher_work(sim->publisher);
    }
    if (sim->redis.away && sim->redis.dies_after == 0 && !sim->calm && sim_chance(sim, 100)) sim_fold_crash(sim, actor);
    return false;
}

bool sim_fold_idle(sim_t *sim, uint32_t actor) {
    fold_t *fold = sim_fold_of(sim, actor);
    store_t *writer = sim_writer_store(sim, fold);
    if (fold->stage == NULL || writer == NULL || fold->holds || fold->open) return false;
    txn_t *theirs = store_read(writer), *ours = store_read(stage_store(fold->stage));
    bool level = theirs != NULL && ours != NULL && txn_head(theirs).seq == txn_fact(ours, "in_seq");
    level =
        level && txn_fact(ours, "cause_seq") >= (sim->ledger.intake == NULL ? UINT64_MAX : intake_head(sim->ledger.intake).seq);
    txn_abort(&theirs);
    txn_abort(&ours);
    return level;
}
