/* The piles and verdicts that nearly every report touches: in memory as values between two commits, rows of the store at each. */
#include "services/3-aggregation/aggregation_state.h"

static store_key_t tally_key(const watch_t *watch, text_t member) { return KEY(watch->indicator->id, member); }
static store_key_t told_key(const watch_t *watch) { return KEY(watch->indicator->id); }

hand_t *hand_of(turn_t *turn, const watch_t *watch, text_t member) {
    return member.size > 0 || turn_event(turn) == NULL ? NULL : watch->hand;
}

static bool tally_read(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *tally) {
    store_key_t key = tally_key(watch, member);
    if (turn_get(turn, T_TALLIES, &key, tally)) return true;
    *tally = (agg_tally_t){0};
    return false;
}

hand_t *hand_at(turn_t *turn, const watch_t *watch) {
    hand_t *hand = watch->hand;
    if (hand->tally_state == HAND_UNKNOWN)
        hand->tally_state = tally_read(turn, watch, own_pile, &hand->tally) ? HAND_CLEAN : HAND_ABSENT;
    return hand;
}

/* Its own pile in the fold. NULL: none is at hand. */
static hand_t *tally_hand(turn_t *turn, const watch_t *watch, text_t member) {
    return hand_of(turn, watch, member) == NULL ? NULL : hand_at(turn, watch);
}

bool tally_find(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *tally) {
    const hand_t *hand = tally_hand(turn, watch, member);
    if (hand == NULL) return tally_read(turn, watch, member, tally);
    *tally = hand->tally;
    return hand->tally_state != HAND_ABSENT;
}

agg_tally_t *tally_at(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *room) {
    hand_t *hand = tally_hand(turn, watch, member);
    if (hand != NULL) return &hand->tally;
    (void)tally_read(turn, watch, member, room);
    return room;
}

agg_tally_t tally_get(turn_t *turn, const watch_t *watch, text_t member) {
    agg_tally_t tally;
    (void)tally_find(turn, watch, member, &tally);
    return tally;
}

void tally_put(turn_t *turn, const watch_t *watch, text_t member, const agg_tally_t *tally) {
    if (member.size > 0) {
        store_key_t key = tally_key(watch, member);
        turn_put(turn, T_TALLIES, &key, tally);
        return;
    }
    hand_t *hand = hand_of(turn, watch, own_pile);
    if (tally != &hand->tally) hand->tally = *tally;
    hand->tally_state = HAND_CHANGED;
}

stride_t watch_pace(turn_t *turn, const watch_t *watch, uint32_t day) {
    hand_t *hand = hand_of(turn, watch, own_pile);
    if (hand == NULL) return pace_on(&watch->aim, day);
    if (hand->paced_day != day) hand->pace = pace_on(&watch->aim, day);
    hand->paced_day = day;
    return hand->pace;
}

const agg_told_t *told_at(turn_t *turn, const watch_t *watch) {
    hand_t *hand = hand_of(turn, watch, own_pile);
    if (hand->told_state == HAND_UNKNOWN) {
        store_key_t key = told_key(watch);
        hand->told_state = turn_get(turn, T_TARGETS, &key, &hand->told) ? HAND_CLEAN : HAND_ABSENT;
    }
    return hand->told_state != HAND_ABSENT ? &hand->told : NULL;
}

void told_put(turn_t *turn, const watch_t *watch, const agg_told_t *told) {
    hand_t *hand = hand_of(turn, watch, own_pile);
    hand->told = *told;
    hand->told_state = HAND_CHANGED;
}

static void hand_settle(turn_t *turn, const watch_t *watch) {
    hand_t *hand = watch->hand;
    days_settle(turn, watch, hand);
    if (hand->tally_state == HAND_CHANGED) {
        store_key_t key = tally_key(watch, own_pile);
        txn_put(turn_txn(turn), T_TALLIES, &key, &hand->tally);
        hand->tally_state = HAND_CLEAN;
    }
    if (hand->told_state == HAND_CHANGED) {
        store_key_t key = told_key(watch);
        txn_put(turn_txn(turn), T_TARGETS, &key, &hand->told);
        hand->told_state = HAND_CLEAN;
    }
}

void hands_settle(turn_t *turn, void *memory) {
    memory_t *self = memory;
    dossiers_settle(turn, self);
    below_settle(turn, self);
    for (uint32_t index = 0; index < self->watches_count; index++) hand_settle(turn, &self->watches[index]);
}

void memory_forget(turn_t *turn) {
    void *memory = turn_memory(turn);
    if (memory != NULL) hands_settle(turn, memory);
    turn_forget(turn);
}
