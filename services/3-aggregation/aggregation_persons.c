/* Persons of lasting targets: what several reports say of one person, merged; the pile follows the person, not the row. */
#include "services/3-aggregation/aggregation_state.h"

#include <string.h>

static void presence_read(const proof_row_t *row, agg_presence_t *presence) {
    *presence = (agg_presence_t){
        .fact_day = row->fact_day, .out_day = row->out_day, .cause_seq = row->cause_seq, .received_ms = row->received_ms};
    memcpy(presence->person, row->person, sizeof presence->person);
}

static store_key_t person_prefix(const watch_t *watch, const uint8_t hash[32]) {
    store_key_t key = KEY(watch->indicator->id);
    key_add_bytes(&key, hash, 32);
    return key;
}

static tenure_of_t person_get(turn_t *turn, const watch_t *watch, const uint8_t hash[32]) {
    store_key_t prefix = person_prefix(watch, hash);
    tenure_of_t person = {0};
    proof_row_t row;
    scan_t scan = scan_begin(turn_txn(turn), T_PERSONS, &prefix, NULL);
    while (scan_next(&scan, turn_arena(turn), &row)) {
        agg_presence_t presence;
        presence_read(&row, &presence);
        person_merge(&person, &presence);
    }
    scan_end(&scan);
    return person;
}

/* What one person weighs in the pile, added (sign 1) or taken out (-1). */
static void person_weigh(turn_t *turn, const watch_t *watch, agg_tally_t *tally, const tenure_of_t *person, int sign) {
    const aim_t *aim = &watch->aim;
    if (!person_counts(person, aim->due_day)) return;
    bool stays = person_stays(person, aim->due_day, watch->term_last);
    uint64_t step = (uint64_t)(int64_t)sign; /* wraps back when it is taken out of what it was added to */
    TALLY_SET(tally, total, TALLY_WIDE(tally, total) + sign);
    if (person->received_ms <= aim->due_ms) TALLY_SET(tally, timely, TALLY_WIDE(tally, timely) + sign);
    if (stays) tally->staying += step;
    if (stays && person->in_day <= aim->due_day) tally->staying_by_due += step;
    pile_add(turn, watch, own_pile, tally, person->in_day, sign);
}

static void person_write(turn_t *turn, const watch_t *watch, const place_t *place, text_t member, const uint8_t hash[32],
                         const agg_presence_t *row) {
    store_key_t key = person_prefix(watch, hash);
    key_add_text(&key, place->unit->id);
    key_add_text(&key, place->period->id);
    key_add_text(&key, member);
    if (row == NULL) {
        turn_delete(turn, T_PERSONS, &key);
        return;
    }
    proof_row_t proof = {.cause_seq = row->cause_seq,
                         .unit = place->unit->id,
                         .period = place->period->id,
                         .member = member,
                         .fact_day = row->fact_day,
                         .out_day = row->out_day,
                         .received_ms = row->received_ms};
    memcpy(proof.person, hash, sizeof proof.person);
    turn_put(turn, T_PERSONS, &key, &proof);
}

static bool presence_same(const agg_presence_t *a, const agg_presence_t *b) {
    return a != NULL && b != NULL && a->fact_day == b->fact_day && a->out_day == b->out_day && a->cause_seq == b->cause_seq &&
           a->received_ms == b->received_ms;
}

void persons_replace(turn_t *turn, const watch_t *watch, const place_t *place, const agg_share_t *old, const agg_share_t *share,
                     agg_tally_t *tally) {
    text_t member = share != NULL ? share->member : old->member;
    uint32_t old_at = 0, new_at = 0;
    uint32_t old_count = old == NULL ? 0 : old->persons_count, new_count = share == NULL ? 0 : share->persons_count;
    while (old_at < old_count || new_at < new_count) { /* both are ordered by hash */
        const agg_presence_t *was = old_at < old_count ? &old->persons[old_at] : NULL;
        const agg_presence_t *is = new_at < new_count ? &share->persons[new_at] : NULL;
        int order = was == NULL ? 1 : is == NULL ? -1 : memcmp(was->person, is->person, sizeof is->person);
        if (order > 0) was = NULL;
        if (order < 0) is = NULL;
        old_at += was != NULL;
        new_at += is != NULL;
        if (was != NULL && was->contested) was = NULL; /* another unit's: as if this one had not named it */
        if (is != NULL && is->contested) is = NULL;
        if (presence_same(was, is) || (was == NULL && is == NULL)) continue;
        const uint8_t *hash = is != NULL ? is->person : was->person;
        tenure_of_t before = person_get(turn, watch, hash);
        person_write(turn, watch, place, member, hash, is);
        tenure_of_t after = person_get(turn, watch, hash);
        person_weigh(turn, watch, tally, &before, -1);
        person_weigh(turn, watch, tally, &after, 1);
    }
}

people_t people_begin(turn_t *turn, const watch_t *watch) {
    store_key_t prefix = KEY(watch->indicator->id);
    return (people_t){.scan = scan_begin(turn_txn(turn), T_PERSONS, &prefix, NULL)};
}

bool people_next(people_t *self, arena_t *arena, tenure_of_t *person, proof_row_t *row) {
    if (!self->pending && !scan_next(&self->scan, arena, &self->row)) return false;
    *person = (tenure_of_t){0};
    *row = self->row;
    self->pending = true;
    while (self->pending && memcmp(self->row.person, row->person, sizeof row->person) == 0) {
        agg_presence_t presence;
        presence_read(&self->row, &presence);
        person_merge(person, &presence);
        if (self->row.cause_seq == (person->out_seq != 0 ? person->out_seq : person->cause_seq)) *row = self->row;
        self->pending = scan_next(&self->scan, arena, &self->row);
    }
    row->fact_day = person->in_day;
    row->out_day = person->out_day;
    return true;
}

void people_end(people_t *self) { scan_end(&self->scan); }

/* Who counts, and who stays, goes by the due day. LIMIT_PEOPLE bounds the walk. */
void persons_anew(turn_t *turn, const watch_t *watch, agg_tally_t *tally) {
    store_key_t days = KEY(watch->indicator->id, own_pile);
    pile_days_settle(turn, watch, own_pile);
    store_key_t *keys = ARENA_NEW(turn_arena(turn), store_key_t, LIMIT_AGENDA_STEP);
    uint32_t count;
    do {
        agg_day_t day;
        count = 0;
        scan_t scan = scan_begin(turn_txn(turn), T_DAYS, &days, NULL);
        while (count < LIMIT_AGENDA_STEP && scan_next(&scan, turn_arena(turn), &day)) {
            keys[count] = key_new();
            key_add_bytes(&keys[count++], scan.key.at, scan.key.size);
        }
        scan_end(&scan);
        for (uint32_t index = 0; index < count; index++) turn_delete(turn, T_DAYS, &keys[index]);
    } while (count == LIMIT_AGENDA_STEP);
    *tally = (agg_tally_t){.figures = tally->figures, .covered = tally->covered}; /* all else of a lasting target is its persons */
    people_t people = people_begin(turn, watch);
    tenure_of_t person;
    proof_row_t row;
    while (people_next(&people, turn_arena(turn), &person, &row)) person_weigh(turn, watch, tally, &person, 1);
    people_end(&people);
}
