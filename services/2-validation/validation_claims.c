/* Claims of keys that count once: put in the place of those before, and who counts when that changes. */
#include "services/2-validation/validation_claims.h"
#include "services/2-validation/validation_state.h"

#include "proto/crypto.h"
#include "services/plan/key_fold.h"

#include <stdlib.h>
#include <string.h>

/* --- order and keys --- */

static int number_compare(uint64_t a, uint64_t b) { return a < b ? -1 : a > b; }

static int what_compare(const claim_t *a, const claim_t *b) {
    int order = text_compare(a->indicator, b->indicator);
    if (order == 0) order = number_compare(a->key_kind, b->key_kind);
    if (order == 0) order = text_compare(a->key, b->key);
    return order != 0 ? order : memcmp(a->person, b->person, sizeof a->person);
}

int claimant_order(const claim_t *a, const claim_t *b) {
    int order = text_compare(a->unit, b->unit);
    if (order == 0) order = text_compare(a->period, b->period);
    return order != 0 ? order : text_compare(a->member, b->member);
}

static int claim_compare(const void *left, const void *right) {
    const claim_t *a = left, *b = right;
    int order = what_compare(a, b);
    if (order == 0) order = claimant_order(a, b);
    if (order == 0) order = number_compare(a->figure, b->figure);
    return order != 0 ? order : number_compare(a->item, b->item);
}

store_key_t claim_what_key(const claim_t *claim) {
    store_key_t key = key_new();
    key_add_text(&key, claim->indicator);
    key_add_u64(&key, claim->key_kind);
    if (claim->key_kind == key_kind_person) key_add_bytes(&key, claim->person, sizeof claim->person);
    else key_add_text(&key, claim->key);
    return key;
}

static store_key_t key_of_claim(const claim_t *claim) {
    store_key_t key = claim_what_key(claim);
    key_add_text(&key, claim->unit);
    key_add_text(&key, claim->period);
    key_add_text(&key, claim->member);
    return key;
}

/* What a key of either table names: the claimant too, where it goes on so far. */
claim_t claim_of_key(bytes_t key, arena_t *arena) {
    uint32_t at = 0;
    claim_t claim = {.indicator = arena_text(arena, key_next_text(key, &at))};
    claim.key_kind = (key_kind_t)key_next_u64(key, &at);
    if (claim.key_kind == key_kind_person) {
        memcpy(claim.person, key.at + at, sizeof claim.person);
        at += (uint32_t)sizeof claim.person;
    } else {
        claim.key = arena_text(arena, key_next_text(key, &at));
    }
    if (at == key.size) return claim;
    claim.unit = arena_text(arena, key_next_text(key, &at));
    claim.period = arena_text(arena, key_next_text(key, &at));
    claim.member = arena_text(arena, key_next_text(key, &at));
    return claim;
}

void claim_fill(claim_t *claim, const validation_claim_t *row) {
    claim->typed = row->typed;
    claim->fact_day = row->fact_day;
    claim->amount = row->amount;
    claim->seq = row->seq;
    claim->since_seq = row->since_seq;
    claim->since_ms = row->since_ms;
}

static store_key_t key_of_revision(const claims_place_t *place, uint64_t revision) {
    store_key_t key = key_new();
    key_add_text(&key, place->period);
    key_add_text(&key, place->task);
    key_add_text(&key, place->unit);
    key_add_u64(&key, revision);
    return key;
}

/* --- what a report claims --- */

static claim_t claim_of_item(turn_t *turn, const claims_place_t *place, const figure_t *figure, const item_t *item, bool people) {
    claim_t claim = {.indicator = figure->indicator,
                     .key_kind = item->key_kind,
                     .key = key_folded(item->key, turn_arena(turn)),
                     .unit = place->unit,
                     .period = people ? text_of(NULL) : place->period,
                     .member = people ? text_of(NULL) : figure->member,
                     .fact_day = item->fact_day,
                     .amount = item->amount,
                     .seq = turn_cause(turn)};
    if (!text_equal(claim.key, item->key)) claim.typed = item->key;
    if (item->key_kind == key_kind_person) {
        claim.key = claim.typed = text_of(NULL);
        memcpy(claim.person, item->person.hash, sizeof claim.person);
    }
    return claim;
}

static uint32_t items_of(const figure_t *figures, uint32_t count) {
    uint32_t items = 0;
    for (uint32_t index = 0; index < count; index++) items += figures[index].items_count;
    return items;
}

static const claim_t *claims_among(turn_t *turn, const claims_place_t *place, const figure_t *figures, uint32_t count,
                                   uint32_t items, int64_t received_ms, uint32_t *claims_count) {
    const planbook_t *book = plan_book(turn);
    claim_t *claims = ARENA_NEW(turn_arena(turn), claim_t, items);
    for (uint32_t index = 0; index < count; index++) {
        const figure_t *figure = &figures[index];
        const indicator_t *indicator = planbook_indicator(book, figure->indicator);
        for (uint32_t row = 0; row < figure->items_count; row++) {
            if (indicator == NULL || !key_kind_is_unique(planbook_plan(book), figure->items[row].key_kind)) continue;
            claim_t *claim = &claims[(*claims_count)++];
            *claim = claim_of_item(turn, place, figure, &figure->items[row], indicator->measure == measure_people);
            claim->since_ms = (uint64_t)received_ms;
            claim->figure = index;
            claim->item = row;
        }
    }
    if (*claims_count > 1) qsort(claims, *claims_count, sizeof *claims, claim_compare);
    return claims;
}

const claim_t *claims_of(turn_t *turn, const claims_place_t *place, const figure_t *figures, uint32_t count, int64_t received_ms,
                         uint32_t *claims_count) {
    uint32_t items = items_of(figures, count);
    *claims_count = 0;
    if (items == 0 || plan_book(turn) == NULL) return NULL;
    return claims_among(turn, place, figures, count, items, received_ms, claims_count);
}

void claims_keep(turn_t *turn, const claims_place_t *place, uint64_t revision, const claim_t *claims, uint32_t count) {
    if (count == 0) return;
    store_key_t key = key_of_revision(place, revision);
    claim_t *kept = ARENA_NEW(turn_arena(turn), claim_t, count);
    for (uint32_t index = 0; index < count; index++) {
        claim_t stands = claims[index];
        kept[index] = claims[index];
        if (claim_read(turn, &stands)) kept[index].since_ms = stands.since_ms; /* for when it comes back by a return */
    }
    turn_put(turn, VALIDATION_CLAIMS, &key, &(validation_claims_t){.claims = kept, .claims_count = count});
}

const claim_t *claims_kept(turn_t *turn, const claims_place_t *place, uint64_t revision, uint32_t *count) {
    store_key_t key = key_of_revision(place, revision);
    validation_claims_t row;
    *count = 0;
    if (revision == 0 || !turn_get(turn, VALIDATION_CLAIMS, &key, &row)) return NULL;
    *count = row.claims_count;
    return row.claims;
}

/* --- who counts --- */

claim_t contest_holder(const claim_t *what, const validation_contest_t *contest) {
    claim_t holder = *what;
    holder.unit = contest->unit;
    holder.period = contest->period;
    holder.member = contest->member;
    holder.contested = false;
    holder.typed = text_of(NULL);
    return holder;
}

bool claim_read(turn_t *turn, claim_t *claim) {
    store_key_t key = key_of_claim(claim);
    validation_claim_t row;
    if (!turn_get(turn, VALIDATION_CLAIM, &key, &row)) return false;
    claim_fill(claim, &row);
    return true;
}

void contest_hold(validation_contest_t *contest, const claim_t *holder) {
    contest->unit = holder->unit;
    contest->period = holder->period;
    contest->member = holder->member;
}

/* The claim that stands longest. Keys ascend by claimant, so that the first of equals is found first. */
static bool claim_first(turn_t *turn, const claim_t *what, claim_t *first) {
    store_key_t prefix = claim_what_key(what);
    validation_claim_t row;
    bool found = false;
    uint64_t since_seq = 0;
    scan_t scan = scan_begin(turn_txn(turn), VALIDATION_CLAIM, &prefix, NULL);
    while (scan_next(&scan, turn_arena(turn), &row)) {
        if (found && row.since_seq >= since_seq) continue;
        *first = claim_of_key(scan.key, turn_arena(turn));
        since_seq = row.since_seq;
        found = true;
    }
    scan_end(&scan);
    return found;
}

validation_contest_t contest_of(turn_t *turn, const claim_t *what) {
    store_key_t key = claim_what_key(what);
    validation_contest_t contest;
    return turn_get(turn, VALIDATION_CONTEST, &key, &contest) ? contest : (validation_contest_t){0};
}

/* --- one key, while a report takes the place of another --- */

typedef struct {
    turn_t *turn;
    const claim_t *what;         /* any claim of the key */
    validation_contest_t before; /* who counted */
    validation_contest_t after;
    bool gone, came;             /* who counted has withdrawn it; somebody is new */
} exchange_t;

static void claim_withdraw(exchange_t *self, const claim_t *claim) {
    store_key_t key = key_of_claim(claim);
    validation_claim_t row;
    if (!turn_get(self->turn, VALIDATION_CLAIM, &key, &row)) return;
    if (--row.reports > 0) { /* a person whom other months name too */
        turn_put(self->turn, VALIDATION_CLAIM, &key, &row);
        return;
    }
    turn_delete(self->turn, VALIDATION_CLAIM, &key);
    claim_t holder = contest_holder(claim, &self->before);
    self->gone |= claimant_order(&holder, claim) == 0;
    self->after.claimants--;
}

static void claim_take(exchange_t *self, const claim_t *claim, bool stays) {
    store_key_t key = key_of_claim(claim);
    validation_claim_t row = {.since_seq = turn_cause(self->turn), .since_ms = claim->since_ms};
    bool there = turn_get(self->turn, VALIDATION_CLAIM, &key, &row);
    row.reports += !stays;
    row.typed = claim->typed;
    row.fact_day = claim->fact_day;
    row.amount = claim->amount;
    row.seq = claim->seq;
    turn_put(self->turn, VALIDATION_CLAIM, &key, &row);
    self->came |= !there;
    self->after.claimants += !there;
}

static bool names(const claim_t *claims, uint32_t count, const claim_t *claim) {
    for (uint32_t index = 0; index < count; index++)
        if (claimant_order(&claims[index], claim) == 0) return true;
    return false;
}

/* Another counts now. A decision holds as long as what it credited stands, and as long as there is something to decide. */
static void contest_pass(exchange_t *self, const claim_t *claims) {
    validation_contest_t *after = &self->after;
    claim_t first;
    if (self->before.claimants == 0) contest_hold(after, &claims[0]); /* all of them are new, and in order */
    else if (claim_first(self->turn, self->what, &first)) contest_hold(after, &first);
    after->open |= after->credit_seq != 0;
    after->credit_seq = after->credit_ms = 0;
    after->why = text_of(NULL);
}

static void contest_keep(turn_t *turn, const claim_t *what, const validation_contest_t *before, validation_contest_t *after) {
    store_key_t key = claim_what_key(what);
    bool was = before->claimants >= 2, is = after->claimants >= 2;
    if (!is) *after = (validation_contest_t){after->unit, after->period, after->member, after->claimants, false, 0, 0, {0}};
    if (after->claimants > 0) turn_put(turn, VALIDATION_CONTEST, &key, after);
    else turn_delete(turn, VALIDATION_CONTEST, &key);
    if (is) turn_put(turn, VALIDATION_DISPUTE, &key, &(validation_dispute_t){.open = after->open});
    else if (was) turn_delete(turn, VALIDATION_DISPUTE, &key);
}

static void contest_settle(exchange_t *self, const claim_t *claims) {
    if (self->after.claimants > 0 && (self->gone || self->before.claimants == 0)) contest_pass(self, claims);
    if (!self->gone && !self->came && self->before.claimants == self->after.claimants) return;
    self->after.open |= self->came;
    contest_keep(self->turn, self->what, &self->before, &self->after);
}

static void tell(claims_place_t *place, claim_t *told, const claim_t *claim, bool contested) {
    claim_t *one = &told[place->told_count++];
    *one = *claim;
    one->contested = contested;
    one->typed = text_of(NULL); /* an event has a size, and the report has it */
}

static bool is_own(const claims_place_t *place, const claim_t *claim) {
    return text_equal(claim->unit, place->unit) && (claim->period.size == 0 || text_equal(claim->period, place->period));
}

static void key_replace(exchange_t *self, const claim_t *old, uint32_t old_count, const claim_t *claims, uint32_t count,
                        claims_place_t *place, claim_t *told) {
    self->before = self->after = contest_of(self->turn, self->what);
    for (uint32_t index = 0; index < old_count; index++)
        if (!names(claims, count, &old[index]) && !names(old, index, &old[index])) claim_withdraw(self, &old[index]);
    for (uint32_t index = 0; index < count; index++)
        if (!names(claims, index, &claims[index])) claim_take(self, &claims[index], names(old, old_count, &claims[index]));
    contest_settle(self, claims);
    dispute_note(self->turn, place, self->what, &self->before, &self->after, self->came ? place->unit : text_of(NULL));
    claim_t holder = contest_holder(self->what, &self->after);
    for (uint32_t index = 0; index < count; index++)
        if (claimant_order(&holder, &claims[index]) != 0) tell(place, told, &claims[index], true);
    bool freed = self->gone && self->after.claimants > 0 && !is_own(place, &holder);
    if (freed && claim_read(self->turn, &holder)) tell(place, told, &holder, false);
}

static uint32_t group_end(const claim_t *claims, uint32_t at, uint32_t count, const claim_t *what) {
    while (at < count && what_compare(&claims[at], what) == 0) at++;
    return at;
}

void claims_replace(turn_t *turn, claims_place_t *place, const claim_t *old, uint32_t old_count, const claim_t *claims,
                    uint32_t count) {
    claim_t *told = ARENA_NEW(turn_arena(turn), claim_t, (size_t)old_count + 2 * (size_t)count + 1);
    place->disputes = ARENA_NEW(turn_arena(turn), dispute_t, (size_t)old_count + count + 1);
    uint32_t old_at = 0, at = 0;
    while (old_at < old_count || at < count) { /* both are ordered by key */
        bool old_first = at == count || (old_at < old_count && what_compare(&old[old_at], &claims[at]) < 0);
        exchange_t exchange = {.turn = turn, .what = old_first ? &old[old_at] : &claims[at]};
        uint32_t old_end = group_end(old, old_at, old_count, exchange.what), end = group_end(claims, at, count, exchange.what);
        key_replace(&exchange, &old[old_at], old_end - old_at, &claims[at], end - at, place, told);
        old_at = old_end;
        at = end;
    }
    place->told = told;
}
