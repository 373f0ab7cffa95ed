/* The outside: the notifier's real outbox and journal, people who get mail, a post office that fails; and who asks for dead letters
 * once more. */
#include <stdio.h>
#include <string.h>

#include "proto/crypto.h"
#include "tests/sim/sim_recount.h"

enum { ROUTES = 2, ATTEMPTS = 3 };

static fold_t *notifier_of(sim_t *sim) { return sim_fold_named(sim, "notifier"); }

/* --- people and ways --- */

bool sim_contact_exists(const sim_t *sim, uint32_t unit) { return (sim->seed + unit) % 5 != 0; }

void sim_contact_ref(uint32_t unit, uint8_t ref[32]) { memset(ref, (int)unit + 1, 32); }

/* One way for everything, and one for what has become late. */
static void directory_tell(sim_t *sim) {
    static const char *const mails[SIM_UNITS] = {"a@example.org", "b@example.org", "c@example.org",
                                                 "d@example.org", "e@example.org", "f@example.org"};
    static const char *const ids[SIM_UNITS] = {"u0", "u1", "u2", "u3", "u4", "u5"};
    route_t routes[ROUTES];
    contact_t contacts[SIM_UNITS];
    directory_t told = {.version = 1, .routes = routes, .routes_count = ROUTES, .contacts = contacts};
    for (uint32_t index = 0; index < ROUTES; index++) {
        routes[index] = (route_t){.id = text_of(index == 0 ? "mail" : "late"), .channel = channel_mail, .live = true,
                                  .url = text_of("smtps://mail.example.org"), .sender = text_of("minning@example.org"),
                                  .least = index == 0 ? level_none : level_orange};
        memset(routes[index].ref, 0x70 + (int)index, sizeof routes[index].ref);
    }
    for (uint32_t unit = 0; unit < SIM_UNITS; unit++) { /* also who comes into the plan later */
        if (!sim_contact_exists(sim, unit)) continue;
        contact_t *contact = &contacts[told.contacts_count++];
        *contact = (contact_t){.id = text_of(ids[unit]), .unit = text_of(ids[unit]), .mail = text_of(mails[unit])};
        sim_contact_ref(unit, contact->mail_ref);
    }
    outbox_directory(sim->outside.outbox, &told);
}

/* --- a life --- */

static void outside_open(sim_t *sim) {
    outbox_conf_t conf = {.retry_ms = 5000, .attempts = ATTEMPTS, .age_ms = (sim->seed % 2 == 0 ? 3 : 40) * 86400000LL};
    sim_outside_t *outside = &sim->outside;
    char path[SIM_PATH];
    sim_path_of(sim, "notices", path);
    err_t err = journal_open(path, &outside->journal);
    SIM_HOLDS(sim, "stages_open", err == OK, "the journal of notices: %s", err_name(err));
    outside->outbox = outbox_new(&conf, outside->journal);
    outside->life++;
    outside->head_taken = outside->drained = false;
    directory_tell(sim);
}

void sim_outside_crash(sim_t *sim) {
    sim_outside_t *outside = &sim->outside;
    if (outside->outbox == NULL) return;
    outbox_destroy(&outside->outbox);
    journal_close(&outside->journal);
    outside->flight_count = 0; /* whether they landed nobody knows */
    for (uint32_t index = 0; index < sim->letter_count; index++) /* its link is gone, and what was on it: back to sender */
        if (sim->letters[index].from == ACTOR_OUTSIDE) sim->letters[index].to = ACTOR_OUTSIDE;
}

/* As the sender looks: everything that the ledger held when this life began, or when the fold began to be derived anew. */
static bool is_drained(sim_t *sim) {
    sim_outside_t *outside = &sim->outside;
    txn_t *txn = store_read(stage_store(notifier_of(sim)->stage));
    uint64_t cause_seq = txn_fact(txn, "cause_seq"), epoch = notifier_mode(txn, sim->moment).epoch;
    outside->in_seq = txn_fact(txn, "in_seq");
    head_t sure = stage_sure(notifier_of(sim)->stage);
    bool is_sure = notifier_is_sure(txn, &sure);
    txn_abort(&txn);
    if (cause_seq < outside->last_cause || epoch != outside->last_epoch) outside->head_taken = false;
    outside->last_cause = cause_seq;
    outside->last_epoch = epoch;
    if (!outside->head_taken && !sim_ledger_is_quiet(sim)) return false;
    if (!outside->head_taken) {
        outside->drained_at = intake_head(sim->ledger.intake).seq;
        outside->foreign = cause_seq > outside->drained_at;
    }
    outside->head_taken = true;
    return is_sure && !outside->foreign && cause_seq >= outside->drained_at;
}

/* --- what leaves, and what comes back --- */

static sim_notice_t *notice_of(sim_t *sim, const uint8_t id[16]) {
    sim_outside_t *outside = &sim->outside;
    uint32_t at = 0;
    while (at < outside->notice_count && memcmp(outside->notices[at].id, id, 16) != 0) at++;
    ASSERT(at < SIM_NOTICES);
    if (at == outside->notice_count) memcpy(outside->notices[outside->notice_count++].id, id, 16);
    return &outside->notices[at];
}

/* "Nobody hears twice what was delivered", whatever crashed or was restored since; what is repeated keeps its message's name. */
static void leaves(sim_t *sim, const request_t *request, sim_flight_t *flight) {
    static const char mark[] = "X-Minning-Notice: ";
    for (const char *at = request->body.at; (at = strstr(at, mark)) != NULL; at++) {
        uint8_t id[16], name[QUICK_SIZE];
        bool read = hex_read((text_t){at + sizeof mark - 1, 32}, id, sizeof id);
        SIM_HOLDS(sim, "notices_are_read", read && flight->count < LIMIT_NOTICE_PARTS, "a message outside");
        sim_notice_t *notice = notice_of(sim, id);
        hash_quick((bytes_t){(const uint8_t *)request->name.at, request->name.size}, name);
        SIM_HOLDS(sim, "nobody_is_told_twice", !notice->delivered, "a notice leaves again that was delivered");
        SIM_HOLDS(sim, "repeats_keep_their_name", !notice->left || memcmp(notice->name, name, sizeof name) == 0,
                  "a notice leaves again in a message of another name");
        memcpy(notice->name, name, sizeof name);
        notice->left = true;
        notice->ledger_epoch = sim->epoch;
        flight->notices[flight->count++] = (uint32_t)(notice - sim->outside.notices);
    }
    SIM_HOLDS(sim, "notices_are_read", flight->count > 0, "an empty message");
}

static bool depart(sim_t *sim, const instants_t *now) {
    sim_outside_t *outside = &sim->outside;
    sim_flight_t flight = {0};
    request_t request;
    int64_t wait_ms;
    if (outside->flight_count == SIM_FLIGHTS) return false;
    if (!outbox_next(outside->outbox, stage_store(notifier_of(sim)->stage), now, sim->moment, &flight.slot, &request, &wait_ms))
        return false;
    leaves(sim, &request, &flight);
    outside->flights[outside->flight_count++] = flight;
    sim_trace(sim, "a message with %u notices leaves", flight.count);
    return true;
}

static bool land(sim_t *sim, const instants_t *now) {
    static const response_t delivered = {.status = 250}, silent = {.transport = 28}, refused = {.transport = 55, .status = 550};
    sim_outside_t *outside = &sim->outside;
    if (outside->flight_count == 0) return false;
    uint32_t at = (uint32_t)sim_draw(sim, outside->flight_count);
    sim_flight_t flight = outside->flights[at];
    outside->flights[at] = outside->flights[--outside->flight_count];
    uint64_t luck = outside->bad_luck == 0 ? 0 : sim_draw(sim, 100);
    bool well = luck < 45;
    if (!well) outside->bad_luck--; /* it has an end: then everybody is well again */
    for (uint32_t index = 0; well && index < flight.count; index++) outside->notices[flight.notices[index]].delivered = true;
    outbox_answered(outside->outbox, flight.slot, well ? &delivered : luck < 75 ? &silent : &refused, now);
    sim_trace(sim, "it is %s", well ? "delivered" : luck < 75 ? "not answered" : "refused");
    return true;
}

/* A result on its way to the ledger, again and again until that has it. */
static bool note(sim_t *sim) {
    sim_outside_t *outside = &sim->outside;
    const message_t *type;
    bytes_t body;
    uint64_t ticket;
    fault_t fault;
    if (sim->step - outside->noted > 40) {
        outbox_untold(outside->outbox);
        outside->noted = sim->step;
    }
    if (!outbox_note(outside->outbox, sim->moment, &type, &body, &ticket)) return false;
    void *value = arena_take(sim->moment, type->size);
    err_t err = wire_decode(type, body, sim->moment, value, &fault);
    SIM_HOLDS(sim, "answers_are_read", err == OK, "a notice: %s", fault.code);
    buffer_t frame = {0};
    packet_encode((outside->life << 32) | ticket, type, value, &frame);
    sim_send(sim, ACTOR_OUTSIDE, ACTOR_INTAKE, (bytes_t){frame.at, (uint32_t)frame.size});
    buffer_destroy(&frame);
    return true;
}

void sim_outside_take(sim_t *sim, bytes_t frame) {
    packet_t packet;
    fault_t fault;
    err_t err = packet_decode(frame, &packet, &fault);
    SIM_HOLDS(sim, "answers_are_read", err == OK, "%s", fault.code);
    bool ours = sim->outside.outbox != NULL && packet.request_id >> 32 == sim->outside.life;
    notice_noted_t noted;
    if (ours && packet.kind == KIND_notice_noted && packet_body(&packet, notice_noted_type(), sim->moment, &noted, &fault) == OK)
        outbox_noted(sim->outside.outbox, packet.request_id & UINT32_MAX, noted.seq);
}

bool sim_outside_work(sim_t *sim) {
    sim_outside_t *outside = &sim->outside;
    if (notifier_of(sim)->stage == NULL) return false;
    if (outside->outbox == NULL) outside_open(sim);
    outside->steady_ms += sim->calm ? 30000 : (int64_t)sim_draw(sim, 20000);
    instants_t now = {sim_wall_ms(sim), outside->steady_ms};
    outside->drained = is_drained(sim);
    if (outside->drained && sim_chance(sim, 600))
        outbox_plan(outside->outbox, stage_store(notifier_of(sim)->stage), outside->in_seq, &now);
    bool any = false;
    for (uint64_t pieces = 1 + sim_draw(sim, 6); pieces > 0; pieces--) {
        any |= note(sim);
        if (outside->drained && sim_chance(sim, 800)) any |= depart(sim, &now);
        if (sim->calm || sim_chance(sim, 600)) any |= land(sim, &now);
    }
    SIM_HOLDS(sim, "notices_are_read", !outbox_state(outside->outbox).broken, "the journal takes no more");
    return any;
}

bool sim_outside_idle(sim_t *sim) {
    if (sim->outside.outbox == NULL || !sim->outside.drained) return false;
    outbox_state_t state = outbox_state(sim->outside.outbox);
    return state.waiting + state.flying + state.notes == 0 && state.looked >= sim->outside.in_seq;
}

/* One dead letter, those of one way, or all. */
bool sim_retry_order(sim_t *sim) {
    dead_letters_t told;
    notice_retried_t retried = {0};
    if (sim->order_count + 16 >= SIM_ORDERS || notifier_of(sim)->stage == NULL) return false;
    bool asked = sim_ask_early(sim, "notifier", dead_ask_type(), &(dead_ask_t){0}, dead_letters_type(), &told);
    if (!asked || told.rows_count == 0) return false;
    const dead_row_t *row = &told.rows[sim_draw(sim, told.rows_count)];
    if (sim_chance(sim, 600)) memcpy(retried.message, row->result.message, sizeof retried.message);
    if (sim_chance(sim, 500)) retried.route = arena_text(sim->arena, row->result.route);
    sim_order_new(sim, notice_retried_type(), &retried);
    sim_trace(sim, "operator has dead letters tried once more");
    return true;
}
