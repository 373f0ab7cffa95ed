/* The pile of a report's revisions: what lies below the one that counts, and what of it had been reported by a deadline. */
#include "services/3-aggregation/aggregation_state.h"

/* By the entry that lies on it: so they are written in the order in which they are laid down, all at the end of the table. */
static store_key_t below_key(uint64_t seq) {
    store_key_t key = key_new();
    key_add_u64(&key, seq);
    return key;
}

bool below_get(turn_t *turn, uint64_t seq, agg_revision_t *below) {
    store_key_t key = below_key(seq);
    if (seq != 0 && turn_get(turn, T_BELOW, &key, below)) return true;
    *below = (agg_revision_t){0};
    return false;
}

void below_put(turn_t *turn, uint64_t seq, const agg_revision_t *below, const wire_known_t *known) {
    store_key_t key = below_key(seq);
    txn_put_known(turn_txn(turn), T_BELOW, &key, below, known);
}

void below_delete(turn_t *turn, uint64_t seq) {
    store_key_t key = below_key(seq);
    turn_delete(turn, T_BELOW, &key);
}

/* What a late revision's share says of the part's day, as far as it had been reported by the deadline and stands since: the least
 * that was said of that day from the newest revision on that came in time. */
static uint64_t day_kept(turn_t *turn, const agg_revision_t *revision, const agg_share_t *share, const agg_part_t *part,
                         uint64_t due_ms) {
    uint64_t least = day_said(share, part), seq = revision->seq;
    for (uint32_t looked = 0; looked < LIMIT_REVISIONS_BACK; looked++) {
        agg_revision_t below;
        if (!below_get(turn, seq, &below)) return 0;
        uint64_t said = day_said(share_find(&below, share->indicator, share->member), part);
        if (said < least) least = said;
        if (least == 0 || below.received_ms <= due_ms) return least;
        seq = below.seq;
    }
    return 0;
}

static void share_retime(turn_t *turn, const watch_t *watch, const agg_revision_t *revision, agg_share_t *share, bool *changed) {
    uint64_t due_ms = (uint64_t)watch->aim.due_ms;
    agg_part_t *parts = ARENA_NEW(turn_arena(turn), agg_part_t, share->parts_count + 1);
    for (uint32_t index = 0; index < share->parts_count; index++) {
        agg_part_t *part = &parts[index];
        *part = share->parts[index];
        bool late = revision->received_ms > due_ms;
        part->kept = late ? day_keep(parts, index, day_kept(turn, revision, share, part, due_ms)) : 0;
        *changed = *changed || part->kept != share->parts[index].kept;
    }
    share->parts = parts;
}

bool revision_retime(turn_t *turn, const watch_t *watch, agg_revision_t *revision) {
    agg_share_t *shares = ARENA_NEW(turn_arena(turn), agg_share_t, revision->shares_count + 1);
    bool changed = false;
    for (uint32_t index = 0; index < revision->shares_count; index++) {
        shares[index] = revision->shares[index];
        if (text_equal(shares[index].indicator, watch->indicator->id))
            share_retime(turn, watch, revision, &shares[index], &changed);
    }
    revision->shares = shares;
    return changed;
}
