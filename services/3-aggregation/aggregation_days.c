/* A pile by the days of its facts, and the day at which it crosses its goal, kept so that most reports need no search. */
#include "services/3-aggregation/aggregation_state.h"

static store_key_t day_key(const watch_t *watch, text_t member, uint32_t day) {
    store_key_t key = KEY(watch->indicator->id, member);
    key_add_u64(&key, day);
    return key;
}

static void day_bring(turn_t *turn, const watch_t *watch, text_t member, uint32_t day, wide_t change) {
    store_key_t key = day_key(watch, member, day);
    agg_day_t row;
    if (change == 0) return;
    if (!txn_get(turn_txn(turn), T_DAYS, &key, turn_arena(turn), &row)) row = (agg_day_t){0};
    TALLY_SET(&row, amount, TALLY_WIDE(&row, amount) + change);
    if (TALLY_WIDE(&row, amount) == 0) txn_delete(turn_txn(turn), T_DAYS, &key);
    else txn_put(turn_txn(turn), T_DAYS, &key, &row);
}

void days_settle(turn_t *turn, const watch_t *watch, hand_t *hand) {
    for (uint32_t at = 0; at < hand->days_count; at++)
        day_bring(turn, watch, own_pile, hand->days[at].day, hand->days[at].change);
    hand->days_count = 0;
}

/* Facts of few days come together: their rows hear of them once a commit. */
static void day_note(turn_t *turn, const watch_t *watch, hand_t *hand, uint32_t day, wide_t change) {
    uint32_t at = 0;
    while (at < hand->days_count && hand->days[at].day != day) at++;
    if (at == DAYS_AT_HAND) {
        days_settle(turn, watch, hand);
        at = 0;
    }
    if (at == hand->days_count) {
        hand->days[hand->days_count].day = day;
        hand->days[hand->days_count++].change = 0;
    }
    hand->days[at].change += change;
}

void pile_add(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *tally, uint32_t day, wide_t amount) {
    if (amount == 0) return;
    hand_t *hand = hand_of(turn, watch, member);
    if (hand == NULL) day_bring(turn, watch, member, day, amount);
    else day_note(turn, watch, hand, day, amount);
    if (tally->crossed == 0) return;
    if (day < tally->crossed) TALLY_SET(tally, before, TALLY_WIDE(tally, before) + amount);
    if (day <= tally->crossed) TALLY_SET(tally, through, TALLY_WIDE(tally, through) + amount);
}

/* Whoever looks at the rows of days needs all of them. */
void pile_days_settle(turn_t *turn, const watch_t *watch, text_t member) {
    hand_t *hand = hand_of(turn, watch, member);
    if (hand != NULL) days_settle(turn, watch, hand);
}

static void crossing_forget(agg_tally_t *tally) {
    tally->crossed = 0;
    TALLY_SET(tally, before, 0);
    TALLY_SET(tally, through, 0);
}

/* Adds up day after day, from `day` on, above `sum`, until the goal is reached. */
static void crossing_search(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *tally, uint32_t day, wide_t sum) {
    store_key_t prefix = KEY(watch->indicator->id, member);
    store_key_t from = day_key(watch, member, day);
    agg_day_t row;
    pile_days_settle(turn, watch, member);
    crossing_forget(tally);
    scan_t scan = scan_begin(turn_txn(turn), T_DAYS, &prefix, &from);
    while (tally->crossed == 0 && scan_next(&scan, turn_arena(turn), &row)) {
        wide_t through = sum + TALLY_WIDE(&row, amount);
        if (through >= (wide_t)watch->aim.goal) {
            uint32_t at = 0;
            key_next_text(scan.key, &at);
            key_next_text(scan.key, &at);
            tally->crossed = (uint32_t)key_next_u64(scan.key, &at);
            TALLY_SET(tally, before, sum);
            TALLY_SET(tally, through, through);
        }
        sum = through;
    }
    scan_end(&scan);
}

void pile_anew(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *tally) {
    crossing_forget(tally);
    pile_settle(turn, watch, member, tally);
}

void pile_settle(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *tally) {
    wide_t goal = (wide_t)watch->aim.goal;
    if (TALLY_WIDE(tally, total) < goal) {
        crossing_forget(tally);
        return;
    }
    bool stands = tally->crossed != 0 && TALLY_WIDE(tally, before) < goal && TALLY_WIDE(tally, through) >= goal;
    if (stands) return;
    bool later = tally->crossed != 0 && TALLY_WIDE(tally, before) < goal;
    if (later)
        crossing_search(turn, watch, member, tally, tally->crossed + 1, TALLY_WIDE(tally, through));
    else
        crossing_search(turn, watch, member, tally, 0, 0);
}
