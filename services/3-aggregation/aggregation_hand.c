/* The piles and verdicts that nearly every report touches: in memory as values between two commits, rows of the store at each. */
#include "services/3-aggregation/aggregation_state.h"

static store_key_t tally_key(const watch_t *watch, text_t member) { return KEY(watch->indicator->id, member); }
static store_key_t told_key(const watch_t *watch) { return KEY(watch->indicator->id); }

/* Of the fold only, and of an indicator's own pile: a query has its snapshot, and members may be thousands. NULL: neither. */
static hand_t *hand_of(turn_t *turn, const watch_t *watch) {
    const memory_t *memory = turn_memory(turn);
    return turn_event(turn) == NULL ? NULL : &memory->hands[watch - memory->watches];
}

bool tally_find(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *tally) {
    hand_t *hand = member.size > 0 ? NULL : hand_of(turn, watch);
    if (hand == NULL || hand->tally_state == HAND_UNKNOWN) {
        store_key_t key = tally_key(watch, member);
        bool there = turn_get(turn, T_TALLIES, &key, tally);
        if (!there) *tally = (agg_tally_t){0};
        if (hand == NULL) return there;
        hand->tally = *tally;
        hand->tally_state = there ? HAND_CLEAN : HAND_ABSENT;
    }
    *tally = hand->tally;
    return hand->tally_state != HAND_ABSENT;
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
    hand_t *hand = hand_of(turn, watch);
    hand->tally = *tally;
    hand->tally_state = HAND_CHANGED;
}

bool told_get(turn_t *turn, const watch_t *watch, agg_told_t *told) {
    hand_t *hand = hand_of(turn, watch);
    if (hand->told_state == HAND_UNKNOWN) {
        store_key_t key = told_key(watch);
        hand->told_state = turn_get(turn, T_TARGETS, &key, &hand->told) ? HAND_CLEAN : HAND_ABSENT;
    }
    *told = hand->told;
    return hand->told_state != HAND_ABSENT;
}

void told_put(turn_t *turn, const watch_t *watch, const agg_told_t *told) {
    hand_t *hand = hand_of(turn, watch);
    hand->told = *told;
    hand->told_state = HAND_CHANGED;
}

static void hand_settle(turn_t *turn, const watch_t *watch, hand_t *hand) {
    if (hand->tally_state == HAND_CHANGED) {
        store_key_t key = tally_key(watch, text_of(NULL));
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
    for (uint32_t index = 0; index < self->watches_count; index++) hand_settle(turn, &self->watches[index], &self->hands[index]);
}

void memory_forget(turn_t *turn) {
    void *memory = turn_memory(turn);
    if (memory != NULL) hands_settle(turn, memory);
    turn_forget(turn);
}
