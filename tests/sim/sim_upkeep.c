/* What the house does for itself: backups, officers who come and go, units that end, an event that a stage may skip. */
#include <string.h>

#include "services/stage/stage_inner.h"
#include "tests/sim/sim.h"

/* --- backups --- */

/* Of what is durable now. Receipts promise it from then on, and never more: sim_backup_check. */
static void backup_order(sim_t *sim) {
    if (sim->ledger.intake == NULL) return;
    head_t head = intake_head(sim->ledger.intake);
    backup_taken_t taken = {.seq = head.seq, .at_ms = (uint64_t)sim->true_ms};
    memcpy(taken.head_hash, head.hash, sizeof taken.head_hash);
    if (sim_order_new(sim, backup_taken_type(), &taken) == NULL) return;
    if (taken.seq > sim->backed_up) sim->backed_up = taken.seq;
    sim_trace(sim, "operator notes a backup up to entry %llu", (unsigned long long)taken.seq);
}

void sim_backup_check(sim_t *sim, const receipt_t *receipt) {
    SIM_HOLDS(sim, "receipts_promise_what_is_backed_up", receipt->backup_seq <= sim->backed_up,
              "the receipt of entry %llu promises %llu, %llu were copied", (unsigned long long)receipt->seq,
              (unsigned long long)receipt->backup_seq, (unsigned long long)sim->backed_up);
}

/* --- officers --- */

static const char *const officer_names[SIM_OFFICERS] = {"lin", "chen"};

text_t sim_officer_name(uint32_t officer) { return text_of(officer_names[officer]); }

static void officer_enter(sim_t *sim, uint32_t officer) {
    bool supervises = officer == 1;
    officer_registered_t entry = {.officer = sim_officer_name(officer),
                                  .office = supervises ? office_supervisor : office_coordinator,
                                  .unit = sim->plan.units[supervises ? sim->founders - 1 : 0].id,
                                  .generation = ++sim->officer_generations[officer]};
    sign_keypair(entry.key, sim->officer_secrets[officer]);
    sim_order_new(sim, officer_registered_type(), &entry);
    sim_trace(sim, "operator registers key %llu of officer %u", (unsigned long long)entry.generation, officer);
}

void sim_officer_order(sim_t *sim) { officer_enter(sim, sim->officer_count++); }

/* What he signed before is on its way; mostly he goes on with another key, and now and then with the old one. */
static void officer_change(sim_t *sim) {
    uint32_t officer = (uint32_t)sim_draw(sim, SIM_OFFICERS);
    if (officer >= sim->officer_count) return;
    officer_revoked_t entry = {.officer = sim_officer_name(officer), .generation = sim->officer_generations[officer],
                               .why = text_of("调离")};
    sim_order_new(sim, officer_revoked_type(), &entry);
    sim_trace(sim, "operator revokes officer %u", officer);
    if (sim_chance(sim, 850)) officer_enter(sim, officer);
}

static uint32_t officer_of(text_t name) {
    uint32_t officer = 0;
    while (officer < SIM_OFFICERS && !text_is(name, officer_names[officer])) officer++;
    return officer;
}

/* "Authority is decided where the entry is appended": who signs is in force there, with this very key. */
void sim_officers_walk(uint64_t in_force[SIM_OFFICERS], sim_t *sim, const event_t *event, const actor_t *actor) {
    officer_registered_t registered;
    officer_revoked_t revoked;
    fault_t fault;
    if (event_body(event, officer_registered_type(), sim->moment, &registered, &fault) == OK)
        in_force[officer_of(registered.officer)] = registered.generation;
    if (event_body(event, officer_revoked_type(), sim->moment, &revoked, &fault) == OK) in_force[officer_of(revoked.officer)] = 0;
    if (actor == NULL || actor->credential != credential_signature || actor->officer.size == 0) return;
    uint32_t officer = officer_of(actor->officer);
    bool good = officer < SIM_OFFICERS && actor->generation != 0 && in_force[officer] == actor->generation;
    SIM_HOLDS(sim, "officer_is_in_force", good, "entry %llu by key %llu of " TEXT_FORMAT, (unsigned long long)event->seq,
              (unsigned long long)actor->generation, TEXT_ARGS(actor->officer));
}

/* --- units that end --- */

static uint32_t plan_day(sim_t *sim) {
    uint64_t days = (uint64_t)day_between(sim->plan.from, sim->plan.to) + 1;
    return day_add(sim->plan.from, (int64_t)sim_draw(sim, days));
}

/* It ends on a day of the plan, or behind it, or comes only now; or all that is taken back. */
static void unit_bound_order(sim_t *sim) {
    unit_bound_t bound = {.unit = sim->plan.units[sim_draw(sim, sim->plan.units_count)].id, .why = text_of("撤并")};
    uint64_t how = sim_draw(sim, 100);
    if (how < 50) bound.to = plan_day(sim);
    else if (how < 60) bound.to = 20211231;
    if (how < 15 || (how >= 60 && how < 70)) bound.from = plan_day(sim); /* behind its end: the office is told so */
    sim_order_as(sim, (uint32_t)sim_draw(sim, SIM_OFFICERS), unit_bound_type(), &bound);
    sim_trace(sim, "an officer bounds " TEXT_FORMAT " from %u to %u", TEXT_ARGS(bound.unit), bound.from, bound.to);
}

/* --- quarantines: of what means nothing to the stage, so that nothing else changes but the numbers behind it --- */

static bool means_nothing(uint32_t kind) {
    return kind == KIND_key_registered || kind == KIND_officer_registered || kind == KIND_backup_taken ||
           kind == KIND_login_granted;
}

static void quarantine_order(sim_t *sim) {
    fold_t *fold = sim_fold_of(sim, 1 + (uint32_t)sim_draw(sim, sim->fold_count));
    store_t *writer = sim_writer_store(sim, fold);
    if (writer == NULL || fold->role->writes == STREAM_NONE) return;
    txn_t *txn = store_read(writer);
    if (txn == NULL) return;
    quarantined_t entry = {.stage = text_of(fold->role->name), .why = text_of("三次崩溃")};
    event_t event;
    uint64_t head = txn_head(txn).seq;
    for (uint32_t tries = 0; head > 0 && entry.seq == 0 && tries < 16; tries++) {
        uint64_t seq = 1 + sim_draw(sim, head);
        if (txn_event(txn, seq, sim->moment, &event, entry.hash) && means_nothing(event.kind)) entry.seq = seq;
    }
    txn_abort(&txn);
    if (entry.seq == 0 || sim_order_new(sim, quarantined_type(), &entry) == NULL) return;
    sim->forked = sim->requarantined = true; /* who has applied it derives anew, and who reads from him */
    sim_trace(sim, "operator lets %s skip %llu", fold->role->name, (unsigned long long)entry.seq);
}

/* As the loop of a stage does, before anything is applied and whenever an entry names it. false: intake is away. */
bool sim_quarantines_take(sim_t *sim, fold_t *fold, stage_t *stage) {
    if (sim->ledger.intake == NULL) return false;
    quarantines_ask_t ask = {.stage = text_of(fold->role->name)};
    quarantines_t told;
    buffer_t frame = {0}, out = {0};
    packet_t packet;
    fault_t fault;
    packet_encode(1, quarantines_ask_type(), &ask, &frame);
    err_t err = packet_decode((bytes_t){frame.at, (uint32_t)frame.size}, &packet, &fault);
    bool answered = err == OK && intake_answer(sim->ledger.intake, &packet, &out) &&
                    packet_decode((bytes_t){out.at, (uint32_t)out.size}, &packet, &fault) == OK &&
                    packet_body(&packet, quarantines_type(), sim->moment, &told, &fault) == OK;
    SIM_HOLDS(sim, "questions_are_answered", answered, "quarantines_ask");
    err = stage_quarantine(stage, told.rows, told.rows_count);
    if (err == ERR_FULL) store_more_room(stage_store(stage)); /* asked again, as the loop does */
    buffer_destroy(&frame);
    buffer_destroy(&out);
    return err == OK;
}

static uint32_t times_said(sim_t *sim, fold_t *fold, const quarantined_t *entry) {
    txn_t *own = store_read(stage_store(fold->stage));
    event_t event;
    event_skipped_t said;
    fault_t fault;
    uint32_t times = 0;
    for (uint64_t seq = 1; txn_event(own, seq, sim->moment, &event, NULL); seq++)
        times += event_body(&event, event_skipped_type(), sim->moment, &said, &fault) == OK && said.seq == entry->seq &&
                 text_equal(said.stage, entry->stage) && memcmp(said.hash, entry->hash, HASH_SIZE) == 0;
    txn_abort(&own);
    return times;
}

/* "It emits event_skipped": once for each event that is in the stage's stream as it was named, and for no other. */
void sim_quarantines_check(sim_t *sim) {
    txn_t *ledger = store_read(intake_store(sim->ledger.intake));
    event_t event;
    quarantined_t entry;
    fault_t fault;
    for (uint64_t seq = 1; txn_event(ledger, seq, sim->moment, &event, NULL); seq++) {
        uint8_t hash[HASH_SIZE];
        if (event_body(&event, quarantined_type(), sim->moment, &entry, &fault) != OK) continue;
        fold_t *fold = sim_fold_named(sim, arena_text(sim->moment, entry.stage).at);
        txn_t *read = store_read(sim_writer_store(sim, fold));
        bool meets = txn_hash(read, entry.seq, hash) && memcmp(hash, entry.hash, sizeof hash) == 0;
        txn_abort(&read);
        uint32_t times = times_said(sim, fold, &entry);
        SIM_HOLDS(sim, "what_is_skipped_is_said", times == meets, TEXT_FORMAT " skips %llu: said %u times", TEXT_ARGS(entry.stage),
                  (unsigned long long)entry.seq, times);
    }
    txn_abort(&ledger);
}

bool sim_quarantines_wanted(const fold_t *fold) { return !fold->quarantines_told || fold->stage->quarantine_news; }

/* --- who does what --- */

void sim_upkeep_order(sim_t *sim) {
    if (sim->order_count + 16 > SIM_ORDERS) return;
    uint64_t what = sim_draw(sim, 100);
    if (what < 30) backup_order(sim);
    else if (what < 50) officer_change(sim);
    else if (what < 70) sim_plan_amend_order(sim);
    else if (what < 85) unit_bound_order(sim);
    else quarantine_order(sim);
}
