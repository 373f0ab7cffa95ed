/* A pile by the days of its facts, and the day at which it crosses its goal, kept so that most reports need no search. */
#include "services/3-aggregation/aggregation_state.h"

static store_key_t day_key(const watch_t *watch, text_t member, uint32_t day) {
    store_key_t key = KEY(watch->indicator->id, member);
    key_add_u64(&key, day);
    return key;
}

/* Whoever looks at the rows of days needs all of them. */
static void day_settle(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *tally) {
    if (tally->late_day == 0) return;
    store_key_t key = day_key(watch, member, tally->late_day);
    agg_day_t row;
    if (!turn_get(turn, T_DAYS, &key, &row)) row = (agg_day_t){0};
    wide_t sum = TALLY_WIDE(&row, amount) + TALLY_WIDE(tally, late);
    TALLY_SET(&row, amount, sum);
    if (sum == 0) turn_delete(turn, T_DAYS, &key);
    else turn_put(turn, T_DAYS, &key, &row);
    tally->late_day = 0;
    TALLY_SET(tally, late, 0);
}

void pile_add(turn_t *turn, const watch_t *watch, text_t member, agg_tally_t *tally, uint32_t day, wide_t amount) {
    if (amount == 0) return;
    if (tally->late_day != day) day_settle(turn, watch, member, tally);
    tally->late_day = day;
    TALLY_SET(tally, late, TALLY_WIDE(tally, late) + amount);
    if (tally->crossed == 0) return;
    if (day < tally->crossed) TALLY_SET(tally, before, TALLY_WIDE(tally, before) + amount);
    if (day <= tally->crossed) TALLY_SET(tally, through, TALLY_WIDE(tally, through) + amount);
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
    day_settle(turn, watch, member, tally);
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
