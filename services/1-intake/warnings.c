/* Answers to warnings and silences on their way into the ledger: authority and privacy here, whether they hold in validation. */
#include <string.h>

#include "proto/content.h"
#include "services/1-intake/state.h"

static warning_decided_t decided_of(const warning_decide_t *decide, const uint8_t id[16], const actor_t *actor) {
    warning_decided_t decided = {.actor = *actor, .decision = decide->decision, .unit = decide->unit, .task = decide->task,
                                 .period = decide->period, .indicator = decide->indicator, .by = decide->by,
                                 .until_ms = decide->until_ms, .why = decide->why};
    memcpy(decided.id, id, sizeof decided.id);
    memcpy(decided.silence, decide->silence, sizeof decided.silence);
    return decided;
}

/* Nobody silences what his own unit hears, unless he supervises. */
static bool is_not_own(visit_t *visit, const warning_decide_t *decide) {
    const actor_t *actor = &visit->actor;
    bool own = actor->office == office_coordinator && decide->decision == warning_decision_silenced &&
               (decide->unit.size == 0 || text_equal(actor->unit, decide->unit));
    if (own) visit_refuse(visit, REASON_OF(own_unit), text_of("unit"), &actor->unit, 1);
    return !own;
}

/* To press for a report is the coordinator's and the supervisor's. */
static bool may_press(visit_t *visit, const warning_decide_t *decide) {
    office_t office = visit->actor.office;
    bool may = decide->decision != warning_decision_reminded || office == office_coordinator || office == office_supervisor;
    text_t args[] = {text_of(WORD_ZH(office, office)), text_of(WORD_EN(office, office))};
    if (!may) visit_refuse(visit, REASON_OF(office_missing), text_of("decision"), args, 2);
    return may;
}

/* Of a period: as long as that is open. Of all else: until the seal. */
static bool answer_is_open(visit_t *visit, const warning_decide_t *decide) {
    return decide->period.size > 0 ? period_is_open(visit, decide->period) : plan_is_unsealed(visit);
}

void on_warning_decide(visit_t *visit, const command_t *command, const packet_t *body) {
    warning_decide_t decide;
    if (!visit_body(visit, body, warning_decide_type(), &decide) || !answer_is_open(visit, &decide)) return;
    if (decide.decision == warning_decision_silenced && decide.why.size == 0) {
        visit_refuse(visit, REASON_OF(missing_field), text_of("why"), NULL, 0);
        return;
    }
    if (!remark_is_clean(visit, decide.why) || !is_not_own(visit, &decide) || !may_press(visit, &decide)) return;
    warning_decided_t decided = decided_of(&decide, command->command_id, &visit->actor);
    intake_t *self = visit->intake;
    command_obeyed(visit, command, group_append(self, warning_decided_type(), &decided, group_stamp(self)));
}

/* --- from a unit: through the gateway by its key, through the console by a login of it --- */

/* An answer on its way, and who gives it. */
typedef struct {
    const warning_decide_t *decide;
    actor_t actor;
} answer_t;

/* A unit answers, and only for itself. Refuses otherwise. */
static bool answer_is_own(visit_t *visit, const answer_t *answer) {
    const warning_decide_t *decide = answer->decide;
    if (decide->decision != warning_decision_answered)
        visit_refuse(visit, REASON_OF(not_permitted), text_of("decision"), NULL, 0);
    else if (decide->unit.size > 0 && !text_equal(decide->unit, answer->actor.unit))
        visit_refuse(visit, REASON_OF(not_permitted), text_of("unit"), NULL, 0);
    else if (bytes_are_zero(decide->submission_id, sizeof decide->submission_id))
        visit_refuse(visit, REASON_OF(missing_field), text_of("submission_id"), NULL, 0);
    else
        return remark_is_clean(visit, decide->why);
    return false;
}

static void receipt_give(visit_t *visit, const answer_t *answer, const intake_submission_t *kept, bool duplicate) {
    intake_t *self = visit->intake;
    receipt_t receipt = {.epoch = self->epoch, .seq = kept->seq, .received_ms = kept->received_ms, .duplicate = duplicate};
    memcpy(receipt.submission_id, answer->decide->submission_id, sizeof receipt.submission_id);
    memcpy(receipt.ledger_id, self->opened.ledger_id, sizeof receipt.ledger_id);
    memcpy(receipt.content_hash, kept->content_hash, sizeof receipt.content_hash);
    receipt_seal(self, answer->actor.unit, &receipt, receipt.seal);
    if (kept->seq <= self->durable.seq) receipt_complete(self, &receipt); /* else with the others of its group */
    packet_encode(visit->packet.request_id, receipt_type(), &receipt, visit_buffer(visit, kept->seq));
}

static void answer_append(visit_t *visit, const answer_t *answer, const store_key_t *key, intake_submission_t *kept) {
    intake_t *self = visit->intake;
    warning_decided_t decided = decided_of(answer->decide, answer->decide->submission_id, &answer->actor);
    decided.unit = answer->actor.unit;
    int64_t stamp_ms = group_stamp(self);
    kept->received_ms = (uint64_t)stamp_ms;
    kept->seq = group_append(self, warning_decided_type(), &decided, stamp_ms);
    txn_put(self->group, TABLE_SUBMISSIONS, key, kept);
    receipt_give(visit, answer, kept, false);
}

/* Its content is its canonical bytes: the same id and content again gives the original receipt. */
static void content_hash(const warning_decide_t *decide, uint8_t hash[HASH_SIZE]) {
    buffer_t bytes = {0};
    wire_encode(warning_decide_type(), decide, &bytes);
    hash_of((bytes_t){bytes.at, (uint32_t)bytes.size}, hash);
    buffer_destroy(&bytes);
}

static void answer_take(visit_t *visit, const answer_t *answer) {
    intake_t *self = visit->intake;
    if (!answer_is_own(visit, answer) || !group_begin(self)) return;
    store_key_t key = key_new();
    key_add_bytes(&key, answer->decide->submission_id, sizeof answer->decide->submission_id);
    key_add_text(&key, answer->actor.unit);
    intake_submission_t kept = {0}, known;
    content_hash(answer->decide, kept.content_hash);
    bool there = txn_get(self->group, TABLE_SUBMISSIONS, &key, self->arena, &known);
    if (there && memcmp(known.content_hash, kept.content_hash, HASH_SIZE) != 0) {
        text_t seq = arena_format(self->arena, "%llu", (unsigned long long)known.seq);
        visit_refuse(visit, REASON_OF(conflict), text_of("submission_id"), &seq, 1);
    } else if (there)
        receipt_give(visit, answer, &known, true);
    else if (!answer_is_open(visit, answer->decide))
        return;
    else if (self->busy)
        visit_busy(visit);
    else
        answer_append(visit, answer, &key, &kept);
}

void on_decide_ask(visit_t *visit) {
    intake_t *self = visit->intake;
    decide_ask_t ask;
    if (!visit_body(visit, &visit->packet, decide_ask_type(), &ask)) return;
    memcpy(visit->submission_id, ask.decide.submission_id, sizeof visit->submission_id);
    visit->unit = unit_position(self, ask.unit);
    if (visit->unit == UNIT_UNKNOWN || !intake_keys_in_force(self->keys, visit->unit, ask.key_generation)) {
        visit_refuse(visit, REASON_OF(unknown_key), text_of(NULL), NULL, 0);
        return;
    }
    answer_t answer = {&ask.decide, {.unit = ask.unit, .generation = ask.key_generation, .credential = credential_curve}};
    answer.actor.door = visit->door;
    answer_take(visit, &answer);
}

/* The console vouches for who is logged in; whether that login may speak for the unit is decided here. */
void on_attested_decide(visit_t *visit) {
    attested_decide_t attested;
    if (!visit_body(visit, &visit->packet, attested_decide_type(), &attested)) return;
    memcpy(visit->submission_id, attested.decide.submission_id, sizeof visit->submission_id);
    visit->unit = unit_position(visit->intake, attested.unit);
    if (!login_holds(visit, attested.login, attested.unit)) return;
    answer_t answer = {&attested.decide, {.officer = attested.login, .unit = attested.unit, .credential = credential_session}};
    answer.actor.door = visit->door;
    answer_take(visit, &answer);
}
