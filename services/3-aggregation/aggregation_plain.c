/* Plain: what says one amount of one day, as nearly every report does. It is kept field by field, and a revision of it needs
 * neither shares nor parts. */
#include "services/3-aggregation/aggregation_rules.h"

/* ---------- how it is kept ---------- */

static bool part_is_plain(const agg_part_t *part, maybe_t amount) {
    return !part->opening && !part->contested && part->amount == (uint64_t)amount.value;
}

static bool share_is_plain(const agg_share_t *share) {
    maybe_t amount = share->amount;
    bool alone = share->member.size == 0 && amount.given && !share->opening.given && share->contested == 0;
    return alone && share->counted == (amount.value > 0) && share->persons_count == 0 && share->parts_count <= 1 &&
           (share->parts_count == 0 || part_is_plain(share->parts, amount));
}

bool revision_fold(const agg_revision_t *revision, agg_plain_t *plain) {
    const agg_share_t *share = revision->shares;
    bool is_plain = revision->shares_count <= 1 && revision->claims_count == 0 && revision->explained_count == 0;
    if (!is_plain || (revision->shares_count == 1 && !share_is_plain(share))) return false;
    *plain = (agg_plain_t){.seq = revision->seq, .received_ms = revision->received_ms, .evidence = revision->evidence};
    if (revision->shares_count == 0) return true;
    plain->indicator = share->indicator;
    plain->amount = (uint64_t)share->amount.value;
    plain->covered = share->covered;
    if (share->parts_count == 0) return true;
    plain->day = share->parts->day;
    plain->kept = share->parts->kept;
    plain->stated_seq = share->parts->cause_seq;
    plain->stated_ms = share->parts->received_ms;
    return true;
}

static const agg_share_t *share_unfold(const agg_plain_t *plain, arena_t *arena) {
    agg_share_t *share = ARENA_NEW(arena, agg_share_t, 1);
    share->indicator = plain->indicator;
    share->amount = (maybe_t){true, (int64_t)plain->amount};
    share->counted = plain->amount > 0;
    share->covered = plain->covered;
    if (plain->day == 0) return share;
    agg_part_t *part = arena_room(arena, sizeof *part);
    *part = (agg_part_t){.day = plain->day, .amount = plain->amount, .kept = plain->kept, .cause_seq = plain->stated_seq};
    part->received_ms = plain->stated_ms;
    share->parts = part;
    share->parts_count = 1;
    return share;
}

agg_revision_t revision_unfold(const agg_plain_t *plain, arena_t *arena) {
    agg_revision_t revision = {.seq = plain->seq, .received_ms = plain->received_ms, .evidence = plain->evidence};
    if (plain->indicator.size == 0) return revision;
    revision.shares = share_unfold(plain, arena);
    revision.shares_count = 1;
    return revision;
}

bool obligation_fold(const agg_obligation_t *row, agg_leaf_t *leaf) {
    bool decided = row->decided_seq != 0 || row->again_ms != 0 || row->counts != 0 || row->why.size > 0;
    if (decided || row->due_ms != 0 || row->due_seq != 0 || !revision_fold(&row->counting, &leaf->counting)) return false;
    leaf->obligation = (bytes_t){NULL, 0};
    leaf->standing = row->standing;
    leaf->timeliness = row->timeliness;
    leaf->first_valid_ms = row->first_valid_ms;
    leaf->days_late = (uint32_t)row->days_late;
    leaf->revision = (uint32_t)row->revision;
    return true;
}

agg_obligation_t obligation_unfold(const agg_leaf_t *leaf, arena_t *arena) {
    return (agg_obligation_t){.standing = leaf->standing,
                              .timeliness = leaf->timeliness,
                              .first_valid_ms = leaf->first_valid_ms,
                              .days_late = leaf->days_late,
                              .revision = leaf->revision,
                              .counting = revision_unfold(&leaf->counting, arena)};
}

/* ---------- a revision of it ---------- */

bool figure_is_plain(const figure_t *figure) {
    return figure->amount.given && !figure->opening.given && figure->member.size == 0 && figure->items_count == 0;
}

uint64_t plain_timely(const agg_plain_t *plain, int64_t timely_until_ms) {
    bool in_time = (int64_t)plain->received_ms <= timely_until_ms;
    return plain->day == 0 ? 0 : in_time ? plain->amount : plain->kept;
}

/* As part_date and day_keep have it, where there is one part at the most. */
static void plain_date(agg_plain_t *plain, const agg_plain_t *old, int64_t timely_until_ms) {
    if (old->day != plain->day) return;
    uint64_t timely = plain_timely(old, timely_until_ms);
    bool late = (int64_t)plain->received_ms > timely_until_ms;
    if (late) plain->kept = timely < plain->amount ? timely : plain->amount;
    if (old->amount != plain->amount) return;
    plain->stated_seq = old->stated_seq != 0 ? old->stated_seq : old->seq;
    plain->stated_ms = old->stated_ms != 0 ? old->stated_ms : old->received_ms;
}

agg_plain_t plain_revision(const figure_t *figure, const source_t *source, const agg_plain_t *old, uint64_t evidence, bool dated) {
    agg_plain_t plain = {.seq = source->cause_seq,
                         .received_ms = (uint64_t)source->received_ms,
                         .indicator = figure->indicator,
                         .amount = (uint64_t)figure->amount.value,
                         .evidence = evidence};
    plain.covered = plain.amount > 0 && evidence > 0;
    if (!dated || plain.amount == 0) return plain;
    plain.day = source->period_to;
    plain_date(&plain, old, source->timely_until_ms);
    return plain;
}
