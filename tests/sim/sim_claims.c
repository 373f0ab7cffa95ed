/* Claims counted once more: who names which key, since when, and whose counts, from the entries alone. */
#include <string.h>

#include "tests/sim/sim_recount.h"

static bool same_what(const saying_t *a, const saying_t *b) {
    return text_equal(a->indicator, b->indicator) && a->kind == b->kind && text_equal(a->key, b->key) &&
           memcmp(a->person, b->person, sizeof a->person) == 0;
}

/* Of a person in post a unit makes one claim, in however many months it says so. */
static bool same_claimant(const saying_t *a, const saying_t *b) {
    if (a->unit != b->unit) return false;
    return a->people || (a->period == b->period && text_equal(a->member, b->member));
}

static bool same_report(const saying_t *a, const saying_t *b) {
    return a->unit == b->unit && a->task == b->task && a->period == b->period;
}

/* --- who counts --- */

/* "The first valid claim counts": of equals the lesser id, ids in their own order. */
static bool is_earlier(const recount_t *count, const saying_t *a, const saying_t *b) {
    const plan_t *plan = &count->sim->plan;
    if (a->since_seq != b->since_seq) return a->since_seq < b->since_seq;
    int order = text_compare(plan->units[a->unit].id, plan->units[b->unit].id);
    if (order == 0 && !a->people) order = text_compare(plan->periods[a->period].id, plan->periods[b->period].id);
    if (order == 0 && !a->people) order = text_compare(a->member, b->member);
    return order < 0;
}

static const ruling_t *decision_on(const recount_t *count, const saying_t *what) {
    for (uint32_t index = 0; index < count->decision_count; index++)
        if (same_what(&count->decisions[index].saying, what)) return &count->decisions[index];
    return NULL;
}

static const saying_t *holder_of(const recount_t *count, const saying_t *what) {
    const ruling_t *decision = decision_on(count, what);
    const saying_t *holder = NULL;
    for (uint32_t index = 0; index < count->saying_count; index++) {
        const saying_t *saying = &count->sayings[index];
        if (!same_what(saying, what)) continue;
        if (decision != NULL && same_claimant(saying, &decision->saying)) return saying;
        if (holder == NULL || is_earlier(count, saying, holder)) holder = saying;
    }
    return holder;
}

bool sim_counts(const recount_t *count, uint32_t unit, uint32_t task, uint32_t period, uint32_t figure, uint32_t row) {
    for (uint32_t index = 0; index < count->saying_count; index++) {
        const saying_t *saying = &count->sayings[index];
        bool this = saying->unit == unit && saying->task == task && saying->period == period && saying->figure == figure &&
                    saying->row == row;
        if (this) return same_claimant(saying, holder_of(count, saying));
    }
    return true; /* its key may recur */
}

/* --- a report --- */

static bool is_disputed(const recount_t *count, const saying_t *what) {
    for (uint32_t index = 0; index < count->saying_count; index++)
        if (same_what(&count->sayings[index], what) && !same_claimant(&count->sayings[index], what)) return true;
    return false;
}

/* A decision is over when what it credited is withdrawn, or when nobody disputes it any more. */
static void decisions_lapse(recount_t *count) {
    uint32_t kept = 0;
    for (uint32_t index = 0; index < count->decision_count; index++) {
        const ruling_t *decision = &count->decisions[index];
        bool stands = false;
        for (uint32_t one = 0; one < count->saying_count; one++)
            stands |= same_what(&count->sayings[one], &decision->saying) && same_claimant(&count->sayings[one], &decision->saying);
        if (stands && is_disputed(count, &decision->saying)) count->decisions[kept++] = *decision;
    }
    count->decision_count = kept;
}

static void decision_reopen(recount_t *count, const saying_t *what) {
    for (uint32_t index = 0; index < count->decision_count; index++)
        count->decisions[index].open |= same_what(&count->decisions[index].saying, what);
}

/* Said already by the same claimant: since when. Of a person in post every standing month says it anew with this entry. */
static uint64_t since_of(recount_t *count, const saying_t *fresh, uint64_t now_seq) {
    uint64_t since = now_seq;
    for (uint32_t index = 0; index < count->saying_count; index++) {
        saying_t *saying = &count->sayings[index];
        if (!same_what(saying, fresh) || !same_claimant(saying, fresh)) continue;
        since = saying->since_seq;
        saying->seq = fresh->seq;
    }
    return since;
}

/* The simulation's numbers are a letter and digits; the rest is how somebody typed them. */
static text_t key_alike(const recount_t *count, text_t typed) {
    text_t key = arena_format(count->sim->arena, "K" TEXT_FORMAT, TEXT_ARGS(typed));
    char *out = arena_room(count->sim->arena, typed.size + 1);
    uint32_t size = 0;
    for (uint32_t at = 0; at < key.size; at++)
        if (at == 0 || (key.at[at] >= '0' && key.at[at] <= '9')) out[size++] = key.at[at];
    return (text_t){out, size};
}

static saying_t saying_of(const recount_t *count, const figure_t *figure, const item_t *item, bool people) {
    saying_t saying = {.people = people, .indicator = figure->indicator, .kind = item->key_kind};
    if (item->key_kind != key_kind_person) saying.key = key_alike(count, item->key);
    saying.member = people ? text_of(NULL) : figure->member;
    if (item->key_kind != key_kind_person) return saying;
    memcpy(saying.person, item->person.hash, sizeof saying.person);
    return saying;
}

void sim_claims_of(recount_t *count, uint32_t unit, uint32_t task, uint32_t period, const stand_t *stand, uint64_t now_seq) {
    const report_t *report = &stand->report;
    static saying_t fresh[SIM_SAYINGS];
    saying_t here = {.unit = unit, .task = task, .period = period};
    uint32_t fresh_count = 0, kept = 0;
    for (uint32_t figure = 0; figure < report->figures_count; figure++) {
        const figure_t *said = &report->figures[figure];
        const indicator_t *indicator = planbook_indicator(count->sim->book, said->indicator);
        for (uint32_t row = 0; row < said->items_count; row++) {
            if (!key_kind_is_unique(&count->sim->plan, said->items[row].key_kind)) continue;
            saying_t saying = saying_of(count, said, &said->items[row], indicator->measure == measure_people);
            saying.unit = unit;
            saying.task = task;
            saying.period = period;
            saying.figure = figure;
            saying.row = row;
            saying.seq = stand->seq;
            saying.since_seq = since_of(count, &saying, now_seq);
            if (saying.since_seq == now_seq) decision_reopen(count, &saying);
            ASSERT(fresh_count < SIM_SAYINGS);
            fresh[fresh_count++] = saying;
        }
    }
    for (uint32_t index = 0; index < count->saying_count; index++) /* what this report said before is replaced */
        if (!same_report(&count->sayings[index], &here)) count->sayings[kept++] = count->sayings[index];
    ASSERT(kept + fresh_count <= SIM_SAYINGS);
    memcpy(&count->sayings[kept], fresh, fresh_count * sizeof fresh[0]);
    count->saying_count = kept + fresh_count;
    decisions_lapse(count);
}

/* --- a decision --- */

static bool credit_told(recount_t *count, uint64_t seq) {
    event_t event = {0};
    bool there = false;
    while (!there && txn_event(count->verdicts, ++count->credit_at, count->sim->moment, &event, NULL))
        there = event.kind == KIND_credit_taken || event.kind == KIND_credit_refused;
    SIM_HOLDS(count->sim, "decisions_are_recounted", there && event.cause_seq == seq, "entry %llu has no verdict in its place",
              (unsigned long long)seq);
    return event.kind == KIND_credit_taken;
}

void sim_credit_count(recount_t *count, const event_t *event) {
    sim_t *sim = count->sim;
    claim_credited_t said;
    fault_t fault;
    err_t err = event_body(event, claim_credited_type(), sim->arena, &said, &fault);
    ASSERT(err == OK);
    const saying_t *meant = NULL;
    for (uint32_t index = 0; index < count->saying_count && meant == NULL; index++) {
        const saying_t *saying = &count->sayings[index];
        bool same = text_equal(saying->indicator, said.indicator) && saying->kind == said.key_kind &&
                    text_equal(saying->key, said.key) && memcmp(saying->person, said.person, sizeof said.person) == 0 &&
                    text_equal(sim->plan.units[saying->unit].id, said.unit) && text_equal(saying->member, said.member);
        text_t period = saying->people ? text_of(NULL) : sim->plan.periods[saying->period].id;
        if (same && text_equal(period, said.period)) meant = saying;
    }
    ruling_t *decision = NULL;
    for (uint32_t index = 0; meant != NULL && index < count->decision_count; index++)
        if (same_what(&count->decisions[index].saying, meant)) decision = &count->decisions[index];
    bool stands = decision != NULL && !decision->open && same_claimant(&decision->saying, meant);
    bool partial = false; /* the coordinator's own unit is one of them */
    for (uint32_t index = 0; meant != NULL && index < count->saying_count; index++)
        partial |= said.actor.office == office_coordinator && same_what(&count->sayings[index], meant) &&
                   text_equal(sim->plan.units[count->sayings[index].unit].id, said.actor.unit);
    bool taken = !partial && meant != NULL && meant->seq == said.seq && is_disputed(count, meant) && !stands;
    SIM_HOLDS(sim, "decisions_are_recounted", credit_told(count, event->seq) == taken, "entry %llu: stream 2 says %s",
              (unsigned long long)event->seq, taken ? "refused" : "taken");
    if (!taken) return;
    if (decision == NULL) {
        ASSERT(count->decision_count < SIM_DECISIONS);
        decision = &count->decisions[count->decision_count++];
    }
    *decision = (ruling_t){.saying = *meant};
}

/* --- what is told of them --- */

static uint32_t claimants_of(const recount_t *count, const saying_t *what) {
    uint32_t claimants = 0;
    for (uint32_t index = 0; index < count->saying_count; index++) {
        const saying_t *saying = &count->sayings[index];
        uint32_t before = 0;
        while (before < index && !(same_what(&count->sayings[before], saying) && same_claimant(&count->sayings[before], saying)))
            before++;
        claimants += same_what(saying, what) && before == index;
    }
    return claimants;
}

static void contest_compare(const recount_t *count, const contest_t *told) {
    const plan_t *plan = &count->sim->plan;
    const claim_t *first = &told->claims[0];
    saying_t what = {.indicator = first->indicator, .kind = first->key_kind, .key = first->key};
    memcpy(what.person, first->person, sizeof what.person);
    const saying_t *holder = holder_of(count, &what);
    const ruling_t *decision = decision_on(count, &what);
    bool same = holder != NULL && text_equal(plan->units[holder->unit].id, first->unit) && !first->contested &&
                (holder->people || text_equal(plan->periods[holder->period].id, first->period)) &&
                text_equal(holder->member, first->member) && holder->since_seq == first->since_seq && holder->seq == first->seq;
    bool open = decision == NULL || decision->open;
    SIM_HOLDS(count->sim, "claims_are_recounted",
              same && told->claimants == claimants_of(count, &what) && told->claims_count == told->claimants &&
                  told->open == open && (told->credit_seq != 0) == (decision != NULL),
              TEXT_FORMAT " of " TEXT_FORMAT " is told to count for " TEXT_FORMAT, TEXT_ARGS(first->key),
              TEXT_ARGS(first->indicator), TEXT_ARGS(first->unit));
}

void sim_each_dispute(const recount_t *count, void (*look)(void *self, const claim_t *key, text_t holder), void *self) {
    for (uint32_t index = 0; index < count->saying_count; index++) {
        const saying_t *saying = &count->sayings[index];
        const ruling_t *decision = decision_on(count, saying);
        uint32_t before = 0;
        while (before < index && !same_what(&count->sayings[before], saying)) before++;
        if (before < index || !is_disputed(count, saying) || (decision != NULL && !decision->open)) continue;
        claim_t key = {.indicator = saying->indicator, .key_kind = saying->kind, .key = saying->key};
        memcpy(key.person, saying->person, sizeof key.person);
        look(self, &key, count->sim->plan.units[holder_of(count, saying)->unit].id);
    }
}

void sim_recount_claims(const recount_t *count) {
    claims_t told;
    uint32_t disputed = 0;
    arena_reset(count->sim->moment);
    sim_ask(count->sim, "validation", claims_ask_type(), &(claims_ask_t){0}, claims_type(), &told);
    for (uint32_t index = 0; index < told.rows_count; index++) contest_compare(count, &told.rows[index]);
    for (uint32_t index = 0; index < count->saying_count; index++) {
        const saying_t *saying = &count->sayings[index];
        uint32_t before = 0;
        while (before < index && !same_what(&count->sayings[before], saying)) before++;
        disputed += before == index && is_disputed(count, saying);
    }
    SIM_HOLDS(count->sim, "claims_are_recounted", told.rows_count == disputed, "%u keys told, %u are claimed twice",
              told.rows_count, disputed);
}
