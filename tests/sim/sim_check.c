/* What has to hold when a world has come to rest: acks, authority, verdicts, replay, Redis, the vault. */
#include <stdio.h>
#include <string.h>

#include "proto/content.h"
#include "tests/sim/pump.h"
#include "tests/sim/sim.h"

/* --- the ledger against what was promised --- */

static void ack_check(sim_t *sim, txn_t *txn, uint32_t number) {
    const submission_t *submission = &sim->submissions[number];
    event_t event;
    report_received_t received;
    fault_t fault;
    bool there = txn_event(txn, submission->seq, sim->moment, &event, NULL) && event.kind == KIND_report_received &&
                 event_body(&event, report_received_type(), sim->moment, &received, &fault) == OK;
    SIM_HOLDS(sim, "ack_is_in_the_ledger", there, "report %u was acked as entry %llu", number,
              (unsigned long long)submission->seq);
    uint64_t instant_ms = received.original_received_ms != 0 ? received.original_received_ms : (uint64_t)event.at_ms;
    SIM_HOLDS(sim, "ack_is_in_the_ledger", instant_ms == submission->received_ms, "report %u: another instant", number);
    uint8_t hash[HASH_SIZE];
    received_content_hash(&received, sim->moment, hash);
    SIM_HOLDS(sim, "ack_is_in_the_ledger", memcmp(hash, submission->content_hash, HASH_SIZE) == 0, "report %u: another content",
              number);
    report_content_hash(&received.report, (bytes_t){NULL, 0}, sim->moment, hash);
    SIM_HOLDS(sim, "ack_is_in_the_ledger", memcmp(hash, submission->content_hash, HASH_SIZE) == 0,
              "report %u: the entry is not what its hash says", number);
    SIM_HOLDS(sim, "unit_is_authenticated", text_equal(received.unit, sim->plan.units[submission->unit].id),
              "report %u of u%u is an entry of " TEXT_FORMAT, number, submission->unit, TEXT_ARGS(received.unit));
}

typedef struct {
    uint8_t id[16];
    text_t unit;
} seen_t;

/* What the walk along the ledger remembers. */
typedef struct {
    sim_t *sim;
    sim_documents_walk_t documents;
    sim_rights_walk_t rights;
    bool in_force[SIM_UNITS][32];
    seen_t *seen;
    uint32_t seen_count;
    int64_t last_ms;
    bool after_tick;
    bool closed, sealed;
} walk_t;

static uint32_t unit_of(const sim_t *sim, text_t id) {
    const unit_t *unit = planbook_unit(sim->book, id);
    return unit == NULL ? UINT32_MAX : planbook_unit_index(sim->book, unit);
}

static void walk_report(walk_t *walk, const event_t *event) {
    sim_t *sim = walk->sim;
    report_received_t received;
    fault_t fault;
    err_t err = event_body(event, report_received_type(), sim->moment, &received, &fault);
    SIM_HOLDS(sim, "ledger_is_readable", err == OK, "entry %llu", (unsigned long long)event->seq);
    uint32_t unit = unit_of(sim, received.unit);
    bool known = received.door == door_console || /* sim_rights_walk looks at logins */
                 (unit != UINT32_MAX && received.key_generation < 32 && walk->in_force[unit][received.key_generation]);
    SIM_HOLDS(sim, "unit_is_authenticated", known, "entry %llu came with key %llu of " TEXT_FORMAT ", not in force",
              (unsigned long long)event->seq, (unsigned long long)received.key_generation, TEXT_ARGS(received.unit));
    const period_t *period = planbook_period(sim->book, received.report.period);
    bool open = !walk->closed || (!walk->sealed && period != NULL && period->confirmation);
    SIM_HOLDS(sim, "closed_is_closed", open, "entry %llu after the plan was closed", (unsigned long long)event->seq);
    for (uint32_t index = 0; index < walk->seen_count; index++)
        SIM_HOLDS(sim, "no_submission_twice",
                  memcmp(walk->seen[index].id, received.report.submission_id, 16) != 0 ||
                      !text_equal(walk->seen[index].unit, received.unit),
                  "entry %llu has an id that was there", (unsigned long long)event->seq);
    seen_t *seen = &walk->seen[walk->seen_count++];
    memcpy(seen->id, received.report.submission_id, sizeof seen->id);
    seen->unit = arena_text(sim->arena, received.unit);
    bool bare = received.report.prepared_by.text.size == 0 && received.report.reviewed_by.text.size == 0 &&
                received.report.signed_by.text.size == 0;
    for (uint32_t index = 0; index < received.report.figures_count; index++)
        for (uint32_t row = 0; row < received.report.figures[index].items_count; row++) {
            const personal_t *person = &received.report.figures[index].items[row].person;
            text_t text;
            bare = bare && person->text.size == 0;
            if (person->key_id == 0) continue;
            bool erased = false;
            for (uint32_t one = 0; one < sim->erased_count; one++)
                erased |= memcmp(sim->erased[one], person->hash, HASH_SIZE) == 0;
            SIM_HOLDS(sim, "vault_keeps", erased || vault_text(sim->vault, person->hash, sim->moment, &text), "entry %llu",
                      (unsigned long long)event->seq);
        }
    SIM_HOLDS(sim, "no_personal_text", bare, "entry %llu", (unsigned long long)event->seq);
}

static void walk_key(walk_t *walk, const event_t *event) {
    sim_t *sim = walk->sim;
    fault_t fault;
    key_registered_t registered;
    key_revoked_t revoked;
    if (event->kind == KIND_key_registered && event_body(event, key_registered_type(), sim->moment, &registered, &fault) == OK)
        walk->in_force[unit_of(sim, registered.unit)][registered.generation % 32] = true;
    if (event->kind == KIND_key_revoked && event_body(event, key_revoked_type(), sim->moment, &revoked, &fault) == OK)
        walk->in_force[unit_of(sim, revoked.unit)][revoked.generation % 32] = false;
}

/* Whose act is it, by which right, and of which period? NULL: this is no act of a unit. */
static const actor_t *act_read(sim_t *sim, const event_t *event, text_t *unit, text_t *period, bool *early) {
    actor_t *actor = ARENA_NEW(sim->moment, actor_t, 1);
    measure_entered_t measure;
    extension_requested_t request;
    warning_decided_t warning;
    fault_t fault;
    *period = (text_t){0};
    *early = false;
    if (event->kind == KIND_measure_entered && event_body(event, measure_entered_type(), sim->moment, &measure, &fault) == OK) {
        *actor = measure.actor, *unit = measure.unit;
        *early = measure.measure.state == measure_state_planned; /* what came of it can be told until the seal */
    } else if (event->kind == KIND_extension_requested &&
               event_body(event, extension_requested_type(), sim->moment, &request, &fault) == OK)
        *actor = request.actor, *unit = request.unit, *period = request.period;
    else if (event->kind == KIND_warning_decided &&
             event_body(event, warning_decided_type(), sim->moment, &warning, &fault) == OK &&
             warning.decision == warning_decision_answered)
        *actor = warning.actor, *unit = warning.unit, *period = warning.period;
    else
        return NULL;
    return actor;
}

/* By its own key in force, or by a login (sim_rights_walk looks at those); and while there is time for it. */
static void walk_act(walk_t *walk, const event_t *event) {
    text_t unit, id;
    bool early;
    const actor_t *actor = act_read(walk->sim, event, &unit, &id, &early);
    if (actor == NULL) return;
    const period_t *period = id.size == 0 ? NULL : planbook_period(walk->sim->book, id);
    bool late = period != NULL && period->confirmation;
    bool open = !walk->sealed && (!walk->closed || late || (event->kind == KIND_measure_entered && !early));
    SIM_HOLDS(walk->sim, "closed_is_closed", open, "entry %llu after the plan was closed", (unsigned long long)event->seq);
    bool own = text_equal(actor->unit, unit) && unit_of(walk->sim, unit) != UINT32_MAX;
    bool known = actor->credential == credential_session ||
                 (own && actor->generation < 32 && walk->in_force[unit_of(walk->sim, unit)][actor->generation]);
    SIM_HOLDS(walk->sim, "unit_is_authenticated", known, "entry %llu came with key %llu for " TEXT_FORMAT,
              (unsigned long long)event->seq, (unsigned long long)actor->generation, TEXT_ARGS(unit));
}

static void walk_stamp(walk_t *walk, const event_t *event) {
    int64_t least_ms = walk->last_ms + (walk->after_tick ? 1 : 0);
    bool tick = event->kind == KIND_clock_ticked;
    SIM_HOLDS(walk->sim, "stamps_ascend", event->at_ms >= least_ms, "entry %llu at %lld, the one before at %lld",
              (unsigned long long)event->seq, (long long)event->at_ms, (long long)walk->last_ms);
    if (tick && !walk->sim->rehearsal)
        SIM_HOLDS(walk->sim, "stamps_ascend", event->at_ms % LIMIT_TICK_MS == 0, "tick %llu is not on the minute",
                  (unsigned long long)event->seq);
    walk->last_ms = event->at_ms;
    walk->after_tick = tick;
}

static void ledger_walk(sim_t *sim, txn_t *txn) {
    walk_t walk = {.sim = sim, .seen = ARENA_NEW(sim->arena, seen_t, txn_head(txn).seq + 1)};
    for (uint64_t seq = 1; seq <= txn_head(txn).seq; seq++) {
        event_t event;
        arena_reset(sim->moment);
        SIM_HOLDS(sim, "ledger_is_readable", txn_event(txn, seq, sim->moment, &event, NULL), "entry %llu",
                  (unsigned long long)seq);
        if (event.kind == KIND_plan_adopted) sim_plan_take(sim, txn, seq);
        walk_stamp(&walk, &event);
        walk_key(&walk, &event);
        if (event.kind == KIND_report_received) walk_report(&walk, &event);
        walk_act(&walk, &event);
        sim_rights_walk(&walk.rights, sim, &event);
        sim_documents_walk(&walk.documents, sim, &event);
        walk.closed |= event.kind == KIND_plan_closed;
        walk.sealed |= event.kind == KIND_plan_sealed;
    }
    sim->events += txn_head(txn).seq;
}

/* What was erased is gone, though every total still counts by its hash; who was reported again since is kept again. */
static void erased_check(sim_t *sim) {
    for (uint32_t one = 0; one < sim->erased_count; one++) {
        text_t text;
        bool last = !sim->erased_again[one]; /* erased twice: it is the last time that counts */
        for (uint32_t later = one + 1; later < sim->erased_count; later++)
            last &= memcmp(sim->erased[one], sim->erased[later], HASH_SIZE) != 0;
        if (last)
            SIM_HOLDS(sim, "erased_is_gone", !vault_text(sim->vault, sim->erased[one], sim->moment, &text), "person %u", one);
    }
}

static void ledger_check(sim_t *sim) {
    txn_t *txn = store_read(intake_store(sim->ledger.intake));
    ASSERT(txn != NULL);
    ledger_walk(sim, txn);
    for (uint32_t index = 0; index < sim->submission_count; index++) {
        arena_reset(sim->moment);
        if (sim->submissions[index].acked) ack_check(sim, txn, index);
    }
    txn_abort(&txn);
}

/* --- verdicts --- */

static void verdict_check(sim_t *sim, const event_t *event) {
    for (uint32_t index = 0; index < sim->submission_count; index++) {
        const submission_t *submission = &sim->submissions[index];
        if (!submission->judged || submission->seq != event->cause_seq) continue;
        uint8_t hash[HASH_SIZE];
        hash_of(event->raw, hash);
        bool same = submission->accepted == (event->kind == KIND_report_accepted);
        same = same && (!submission->heard || memcmp(hash, submission->verdict_hash, HASH_SIZE) == 0);
        SIM_HOLDS(sim, "verdict_told_is_in_stream_2", same || sim->forked, "report %u, entry %llu", index,
                  (unsigned long long)submission->seq);
    }
}

static void verdicts_check(sim_t *sim) {
    txn_t *txn = store_read(stage_store(sim_fold_named(sim, "validation")->stage));
    ASSERT(txn != NULL);
    for (uint64_t seq = 1; seq <= txn_head(txn).seq; seq++) {
        event_t event;
        arena_reset(sim->moment);
        SIM_HOLDS(sim, "stream_is_readable", txn_event(txn, seq, sim->moment, &event, NULL), "verdict %llu",
                  (unsigned long long)seq);
        if (event.kind == KIND_report_accepted || event.kind == KIND_report_refused) verdict_check(sim, &event);
    }
    txn_abort(&txn);
}

/* --- a clean replay --- */

static void replay_check(sim_t *sim) {
    stage_t *replayed[SIM_ACTORS] = {0};
    char path[SIM_PATH], name[64], one[SIM_PATH], other[SIM_PATH];
    sim_path_of(sim, "disturbed", one);
    sim_path_of(sim, "replayed", other);
    for (uint32_t index = 0; index < sim->fold_count; index++) {
        const fold_t *fold = &sim->folds[index];
        snprintf(name, sizeof name, "%s.replay", fold->role->name);
        sim_path_of(sim, name, path);
        err_t err = stage_open(fold->role, path, &replayed[index]);
        SIM_HOLDS(sim, "replay_is_the_same", err == OK && sim_quarantines_take(sim, &sim->folds[index], replayed[index]), "%s",
                  fold->role->name);
        store_t *writer =
            fold->writer == ACTOR_INTAKE ? intake_store(sim->ledger.intake) : stage_store(replayed[fold->writer - 1]);
        if (err == OK) err = pump_from_store(replayed[index], writer, fold->role->reads, 0);
        if (err == OK && store_equals(stage_store(fold->stage), stage_store(replayed[index]))) continue;
        if (err == OK) err = stage_dump(fold->stage, one); /* to tell where they part */
        if (err == OK) err = stage_dump(replayed[index], other);
        SIM_HOLDS(sim, "replay_is_the_same", err == OK, "%s: %s", fold->role->name, err_name(err));
        SIM_HOLDS(sim, "replay_is_the_same", pump_files_equal(one, other), "%s", fold->role->name);
    }
    for (uint32_t index = 0; index < sim->fold_count; index++) stage_close(&replayed[index]);
}

static void digest_take(sim_t *sim) {
    for (uint32_t index = 0; index <= sim->fold_count; index++) {
        store_t *store = index == 0 ? intake_store(sim->ledger.intake) : stage_store(sim->folds[index - 1].stage);
        txn_t *txn = store_read(store);
        head_t head = txn_head(txn);
        uint64_t word;
        memcpy(&word, head.hash, sizeof word);
        sim->digest = (sim->digest ^ word) * 0x100000001b3ULL + sim->step;
        txn_abort(&txn);
    }
}

void sim_check_all(sim_t *sim) {
    sim_plan_in_force(sim);
    ledger_check(sim);
    erased_check(sim);
    verdicts_check(sim);
    replay_check(sim);
    sim_quarantines_check(sim);
    sim_recount(sim);
    sim_check_redis(sim);
    sim_recount_notices(sim);
    sim_seen_count(sim);
    digest_take(sim);
}
