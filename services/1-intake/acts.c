/* What units do beside reporting, on its way into the ledger: authority, privacy, once for ever; validation says if it holds. */
#include <string.h>

#include "proto/content.h"
#include "services/1-intake/state.h"
#include "services/vault/privacy.h"

/* One act on its way. */
typedef struct {
    text_t unit;
    uint8_t submission_id[16];
    uint8_t content_hash[HASH_SIZE];
    void *act;
} acting_t;

static uint64_t measure_append(visit_t *visit, text_t unit, const void *act, int64_t stamp_ms) {
    const measure_enter_t *enter = act;
    measure_entered_t entered = {.actor = visit->actor, .unit = unit, .measure = enter->measure, .replaces = enter->replaces};
    memcpy(entered.submission_id, enter->submission_id, sizeof entered.submission_id);
    return group_append(visit->intake, measure_entered_type(), &entered, stamp_ms);
}

/* What is planned is planned before the annual summary is out; what came of it can be told until the seal. */
static bool measure_is_open(visit_t *visit, const void *act) {
    const measure_enter_t *enter = act;
    return enter->measure.state == measure_state_planned ? plan_is_open(visit) : plan_is_unsealed(visit);
}

static bool request_is_open(visit_t *visit, const void *act) {
    const extension_request_t *request = act;
    return period_is_open(visit, request->period);
}

static uint64_t request_append(visit_t *visit, text_t unit, const void *act, int64_t stamp_ms) {
    const extension_request_t *request = act;
    extension_requested_t requested = {.actor = visit->actor, .unit = unit, .task = request->task, .period = request->period,
                                       .until = request->until, .why = request->why};
    memcpy(requested.submission_id, request->submission_id, sizeof requested.submission_id);
    return group_append(visit->intake, extension_requested_type(), &requested, stamp_ms);
}

/* What a unit may do; its submission id stands first in each message. */
typedef struct {
    uint32_t kind;
    const message_t *(*type)(void);
    bool (*is_open)(visit_t *visit, const void *act);            /* is its time not over? Refuses otherwise */
    bool (*holds)(visit_t *visit, text_t unit, const void *act); /* refuses otherwise; NULL: nothing but privacy to look at */
    uint64_t (*append)(visit_t *visit, text_t unit, const void *act, int64_t stamp_ms);
} act_t;
static const act_t acts[] = {
    {KIND_warning_decide, warning_decide_type, warning_answer_is_open, warning_answer_holds, warning_answer_append},
    {KIND_measure_enter, measure_enter_type, measure_is_open, NULL, measure_append},
    {KIND_extension_request, extension_request_type, request_is_open, NULL, request_append},
};

/* Its content is its kind and its canonical bytes. */
static void acting_read(visit_t *visit, const act_t *act, acting_t *acting) {
    buffer_t bytes = {0};
    packet_encode(0, act->type(), acting->act, &bytes);
    hash_of((bytes_t){bytes.at, (uint32_t)bytes.size}, acting->content_hash);
    buffer_destroy(&bytes);
    memcpy(acting->submission_id, acting->act, sizeof acting->submission_id);
    memcpy(visit->submission_id, acting->submission_id, sizeof visit->submission_id);
}

static bool is_clean(visit_t *visit, const act_t *act, const void *value) {
    reason_t *reasons = ARENA_NEW(visit->intake->arena, reason_t, LIMIT_REASONS);
    uint32_t count = privacy_findings(act->type(), value, reasons, LIMIT_REASONS, visit->intake->arena);
    if (count > 0) visit_refuse_all(visit, reasons, count);
    return count == 0;
}

static void act_append(visit_t *visit, const act_t *act, const acting_t *acting, const store_key_t *key) {
    intake_t *self = visit->intake;
    int64_t stamp_ms = group_stamp(self);
    intake_submission_t kept = {.received_ms = (uint64_t)stamp_ms};
    memcpy(kept.content_hash, acting->content_hash, sizeof kept.content_hash);
    kept.seq = act->append(visit, acting->unit, acting->act, stamp_ms);
    txn_put(self->group, TABLE_SUBMISSIONS, key, &kept);
    visit_receipt(visit, acting->unit, &kept, false);
}

/* "Same id and content → the original receipt; same id, other content → conflict", reports and acts alike. A group is open. */
static void act_take(visit_t *visit, const act_t *act, const acting_t *acting) {
    intake_t *self = visit->intake;
    store_key_t key = key_new();
    key_add_bytes(&key, acting->submission_id, sizeof acting->submission_id);
    key_add_text(&key, acting->unit);
    intake_submission_t known;
    bool there = txn_get(self->group, TABLE_SUBMISSIONS, &key, self->arena, &known);
    if (there && memcmp(known.content_hash, acting->content_hash, HASH_SIZE) != 0) {
        text_t seq = arena_format(self->arena, "%llu", (unsigned long long)known.seq);
        visit_refuse(visit, REASON_OF(conflict), text_of("submission_id"), &seq, 1);
    } else if (there)
        visit_receipt(visit, acting->unit, &known, true);
    else if (!act->is_open(visit, acting->act))
        return;
    else if (self->busy)
        visit_busy(visit);
    else
        act_append(visit, act, acting, &key);
}

/* The act inside the packet. NULL: refused. */
static const act_t *act_read(visit_t *visit, bytes_t body, acting_t *acting) {
    packet_t packet;
    fault_t fault = {0};
    if (packet_decode(body, &packet, &fault) != OK || packet.raw.size != body.size) {
        visit_refuse(visit, fault.code == NULL ? REASON_OF(malformed) : text_of(fault.code), text_of("body"), NULL, 0);
        return NULL;
    }
    for (size_t index = 0; index < sizeof acts / sizeof acts[0]; index++) {
        if (acts[index].kind != packet.kind) continue;
        acting->act = arena_take(visit->intake->arena, acts[index].type()->size);
        if (!visit_body(visit, &packet, acts[index].type(), acting->act)) return NULL;
        acting_read(visit, &acts[index], acting);
        return &acts[index];
    }
    text_t kind = arena_format(visit->intake->arena, "%u", packet.kind);
    visit_refuse(visit, REASON_OF(not_permitted), text_of("body"), &kind, 1);
    return NULL;
}

/* Who acts is known: may this be done, and does it stay out of what no ledger should hold? */
static bool act_holds(visit_t *visit, const act_t *act, const acting_t *acting) {
    if (bytes_are_zero(acting->submission_id, sizeof acting->submission_id)) {
        visit_refuse(visit, REASON_OF(missing_field), text_of("submission_id"), NULL, 0);
        return false;
    }
    if (!is_clean(visit, act, acting->act)) return false;
    return act->holds == NULL || act->holds(visit, acting->unit, acting->act);
}

void on_unit_act(visit_t *visit) {
    intake_t *self = visit->intake;
    unit_act_t ask;
    acting_t acting = {0};
    if (!visit_body(visit, &visit->packet, unit_act_type(), &ask)) return;
    acting.unit = ask.unit;
    visit->unit = unit_position(self, ask.unit);
    const act_t *act = act_read(visit, ask.body, &acting);
    if (act == NULL) return;
    if (visit->unit == UNIT_UNKNOWN || !intake_keys_in_force(self->keys, visit->unit, ask.key_generation)) {
        visit_refuse(visit, REASON_OF(unknown_key), text_of(NULL), NULL, 0);
        return;
    }
    visit->actor = (actor_t){
        .unit = ask.unit, .generation = ask.key_generation, .credential = credential_curve, .door = visit->door};
    if (act_holds(visit, act, &acting) && group_begin(self)) act_take(visit, act, &acting);
}

/* Of somebody who is logged in: no key, but a login in force for that unit. */
void on_attested_act(visit_t *visit) {
    attested_act_t ask;
    acting_t acting = {0};
    if (!visit_body(visit, &visit->packet, attested_act_type(), &ask)) return;
    acting.unit = ask.unit;
    visit->unit = unit_position(visit->intake, ask.unit);
    const act_t *act = act_read(visit, ask.body, &acting);
    if (act == NULL || !login_holds(visit, ask.login, ask.unit)) return;
    visit->actor =
        (actor_t){.officer = ask.login, .unit = ask.unit, .credential = credential_session, .door = visit->door};
    if (act_holds(visit, act, &acting)) act_take(visit, act, &acting);
}
