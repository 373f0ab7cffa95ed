/* Totals by replacement: a new revision takes out what the one before it brought and puts in what it brings itself. */
#include "services/3-aggregation/aggregation_state.h"

#include <string.h>

wide_t tally_total(const agg_tally_t *tally) { return TALLY_WIDE(tally, total); }

static wide_t given(maybe_t value) { return value.given ? (wide_t)value.value : 0; }

static wide_t share_opening(const agg_share_t *share) { return share == NULL ? 0 : given(share->opening); }
static wide_t share_contested(const agg_share_t *share) { return share == NULL ? 0 : (wide_t)share->contested; }
/* Rules look at reported figures, totals at credited ones. */
static wide_t share_total(const agg_share_t *share) {
    return share == NULL ? 0 : given(share->amount) + given(share->opening) - share_contested(share);
}

/* Of its parts what counts and was reported in time. */
wide_t share_timely(const agg_share_t *share, uint64_t received_ms, const watch_t *watch) {
    wide_t sum = 0;
    for (uint32_t index = 0; share != NULL && index < share->parts_count; index++) {
        const agg_part_t *part = &share->parts[index];
        if (!part->contested) sum += (wide_t)part_timely(part, (int64_t)received_ms, watch->aim.due_ms);
    }
    return sum;
}

/* ---------- the rows of a judged pile ---------- */

/* The next part that counts. NULL: there are no more. */
static const agg_part_t *part_from(const agg_share_t *share, uint32_t *at) {
    uint32_t count = share == NULL ? 0 : share->parts_count;
    while (*at < count && share->parts[*at].contested) ++*at;
    return *at < count ? &share->parts[*at] : NULL;
}

/* Where the rows of a day are to be found. What a revision leaves on its day is not written again. */
static void spot_write(turn_t *turn, const watch_t *watch, const place_t *place, text_t pile, text_t member,
                       const agg_part_t *part, bool there) {
    store_key_t key = KEY(watch->indicator->id, pile);
    key_add_u64(&key, part->day);
    key_add_text(&key, place->unit->id);
    key_add_text(&key, place->period->id);
    key_add_text(&key, member);
    key_add_u64(&key, part->opening);
    if (there) turn_put(turn, T_SPOTS, &key, &(agg_spot_t){.there = true});
    else turn_delete(turn, T_SPOTS, &key);
}

static int parts_order(const agg_part_t *a, const agg_part_t *b) {
    if (a == NULL || b == NULL) return a == NULL ? 1 : -1;
    if (a->day != b->day) return a->day < b->day ? -1 : 1;
    return (int)b->opening - (int)a->opening;
}

static void parts_replace(turn_t *turn, const watch_t *watch, const place_t *place, text_t pile, const agg_share_t *old,
                          const agg_share_t *share, agg_tally_t *tally) {
    text_t member = share != NULL ? share->member : old->member;
    uint32_t old_at = 0, new_at = 0;
    for (;;) { /* both are ordered by day, the opening first */
        const agg_part_t *was = part_from(old, &old_at), *is = part_from(share, &new_at);
        if (was == NULL && is == NULL) return;
        int order = parts_order(was, is);
        if (order > 0) was = NULL;
        if (order < 0) is = NULL;
        old_at += was != NULL;
        new_at += is != NULL;
        if ((was == NULL) != (is == NULL)) spot_write(turn, watch, place, pile, member, is != NULL ? is : was, is != NULL);
        wide_t change = (is == NULL ? 0 : (wide_t)is->amount) - (was == NULL ? 0 : (wide_t)was->amount);
        pile_add(turn, watch, pile, tally, is != NULL ? is->day : was->day, change);
    }
}

/* ---------- shares ---------- */

static uint64_t share_counted(const agg_share_t *share) { return share != NULL && share->counted; }
static uint64_t share_covered(const agg_share_t *share) { return share != NULL && share->covered; }

/* What total_changed says of a pile. */
typedef struct {
    uint64_t total, opening;
    maybe_t reported; /* with what does not count, where there is some */
} pile_told_t;

static maybe_t total_shown(wide_t value) { return (maybe_t){true, (int64_t)wide_shown(value)}; }

static pile_told_t pile_told(const agg_tally_t *tally) {
    wide_t total = tally_total(tally), contested = TALLY_WIDE(tally, contested);
    pile_told_t told = {wide_shown(total), wide_shown(TALLY_WIDE(tally, opening)), {0}};
    if (contested > 0) told.reported = total_shown(total + contested);
    return told;
}

/* One figure's share is taken out, another put in (either may be NULL), of revisions received at these instants. */
typedef struct {
    const agg_share_t *old, *share;
    uint64_t old_ms, ms;
} change_t;

/* Changes one pile; what of it is told after that in *told. */
static void pile_replace(turn_t *turn, const watch_t *watch, const place_t *place, text_t pile, const change_t *change,
                         pile_told_t *told) {
    const agg_share_t *old = change->old, *share = change->share;
    agg_tally_t room, *tally = tally_at(turn, watch, pile, &room);
    tally->figures += share_counted(share) - share_counted(old);
    tally->covered += share_covered(share) - share_covered(old);
    if (watch->aim.shape == shape_lasting) {
        persons_replace(turn, watch, place, old, share, tally);
    } else {
        TALLY_SET(tally, total, tally_total(tally) + share_total(share) - share_total(old));
        TALLY_SET(tally, opening, TALLY_WIDE(tally, opening) + share_opening(share) - share_opening(old));
        TALLY_SET(tally, contested, TALLY_WIDE(tally, contested) + share_contested(share) - share_contested(old));
        TALLY_SET(tally, timely, TALLY_WIDE(tally, timely) + share_timely(share, change->ms, watch) -
                                     share_timely(old, change->old_ms, watch));
        if (watch_judges(watch, pile)) parts_replace(turn, watch, place, pile, old, share, tally);
    }
    if (watch_judges(watch, pile)) pile_settle(turn, watch, pile, tally);
    tally_put(turn, watch, pile, tally);
    *told = pile_told(tally);
}

static bool maybe_same(maybe_t a, maybe_t b) { return a.given == b.given && (!a.given || a.value == b.value); }

maybe_t share_credited(const agg_share_t *share) {
    maybe_t amount = share->amount;
    amount.value -= (int64_t)share->contested;
    return amount;
}

/* `reported`: the figure as it was reported, where that is more than what is credited. */
static void total_emit(turn_t *turn, const watch_t *watch, const place_t *place, text_t member, maybe_t amount, maybe_t reported,
                       const pile_told_t *pile) {
    total_changed_t told = {.indicator = watch->indicator->id,
                            .member = member,
                            .unit = place->unit->id,
                            .period = place->period->id,
                            .amount = amount,
                            .total = {true, (int64_t)pile->total},
                            .opening = {true, (int64_t)pile->opening},
                            .reported = reported,
                            .reported_total = pile->reported};
    turn_emit(turn, total_changed_type(), &told);
}

/* A member's figure goes to the member's pile and, unless every member is judged for itself, to the indicator's own. */
static void share_replace(turn_t *turn, const watch_t *watch, const place_t *place, const change_t *change) {
    const agg_share_t *old = change->old, *share = change->share;
    text_t member = share != NULL ? share->member : old->member;
    bool lasting = watch->aim.shape == shape_lasting;
    uint64_t before = 0;
    if (lasting) {
        agg_tally_t room;
        before = wide_shown(tally_total(tally_at(turn, watch, own_pile, &room)));
    }
    pile_told_t pile = {0};
    if (watch->aim.shape != shape_each || member.size == 0) pile_replace(turn, watch, place, own_pile, change, &pile);
    if (member.size > 0 && !lasting) pile_replace(turn, watch, place, member, change, &pile);
    maybe_t none = {0};
    bool same = maybe_same(old == NULL ? none : old->amount, share == NULL ? none : share->amount) &&
                maybe_same(old == NULL ? none : old->opening, share == NULL ? none : share->opening) &&
                share_contested(old) == share_contested(share) && (!lasting || before == pile.total);
    if (same) return;
    total_emit(turn, watch, place, member, share == NULL ? none : share_credited(share),
               share_contested(share) > 0 ? share->amount : none, &pile);
}

const agg_share_t *share_find(const agg_revision_t *revision, text_t indicator, text_t member) {
    for (uint32_t index = 0; index < revision->shares_count; index++)
        if (id_equal(revision->shares[index].indicator, indicator) && id_equal(revision->shares[index].member, member))
            return &revision->shares[index];
    return NULL;
}

/* "Whose figure counts": the contributors of the member, or of the indicator where it has no members. */
static bool figure_counts(const watch_t *watch, const place_t *place, text_t member) {
    if (!watch_contributed_by(watch, place->unit_index)) return false;
    bool members = watch->indicator->members_count > 0;
    return members ? indicator_contributed_by(watch->indicator, member, place->unit->id) : member.size == 0;
}

/* Files that the rows of a figure name. */
static uint32_t rows_with_evidence(const figure_t *figure) {
    uint32_t count = 0;
    for (uint32_t index = 0; index < figure->items_count; index++)
        count += !bytes_are_zero(figure->items[index].evidence, HASH_SIZE);
    return count;
}

/* Does the report name files of its own? It counts them together with those of its rows. They cover every figure. */
static bool has_own_files(const report_accepted_t *report) {
    uint64_t of_rows = 0;
    for (uint32_t index = 0; report->evidence > 0 && index < report->figures_count; index++)
        of_rows += rows_with_evidence(&report->figures[index]);
    return report->evidence > of_rows;
}

static void share_cover(agg_share_t *share, const figure_t *figure, bool own_files) {
    share->counted = figure->items_count > 0 || (figure->amount.given && figure->amount.value > 0);
    bool by_rows = figure->items_count > 0 && rows_with_evidence(figure) == figure->items_count;
    share->covered = share->counted && (own_files || by_rows);
}

/* The rows of one figure that do not count. NULL: all of them do. */
static contested_t contested_rows(turn_t *turn, const report_accepted_t *report, uint32_t figure) {
    bool *rows = NULL;
    uint32_t count = report->figures[figure].items_count;
    for (uint32_t index = 0; index < report->claims_count; index++) {
        const claim_t *claim = &report->claims[index];
        if (!claim->contested || claim->figure != figure || claim->item >= count) continue; /* others' that count from now on */
        if (rows == NULL) rows = ARENA_NEW(turn_arena(turn), bool, count);
        rows[claim->item] = true;
    }
    return rows;
}

static uint64_t contested_sum(const figure_t *figure, contested_t contested) {
    uint64_t sum = 0;
    for (uint32_t index = 0; contested != NULL && index < figure->items_count; index++)
        if (contested[index]) sum += figure->items[index].amount.given ? (uint64_t)figure->items[index].amount.value : 1;
    uint64_t amount = figure->amount.given ? (uint64_t)figure->amount.value : 0;
    return sum < amount ? sum : amount;
}

/* Of the claims that are told with a report its own, which do not count. */
static const claim_t *contested_of(turn_t *turn, const claim_t *told, uint32_t told_count, uint32_t *count) {
    claim_t *claims = told_count == 0 ? NULL : ARENA_NEW(turn_arena(turn), claim_t, told_count);
    *count = 0;
    for (uint32_t index = 0; index < told_count; index++)
        if (told[index].contested) claims[(*count)++] = told[index];
    return claims;
}

/* One figure as it counts. false: it does not (validation lets none of these through). */
static bool share_make(turn_t *turn, const memory_t *memory, const place_t *place, const report_accepted_t *report,
                       uint32_t figure_index, const agg_revision_t *old, agg_share_t *share) {
    const figure_t *figure = &report->figures[figure_index];
    const watch_t *watch = place_watch(place, figure->indicator);
    if (watch == NULL || !figure_counts(watch, place, figure->member)) return false;
    const agg_share_t *before = share_find(old, figure->indicator, figure->member);
    source_t source = {.old_seq = old->seq,
                       .old_received_ms = (int64_t)old->received_ms,
                       .cause_seq = turn_cause(turn),
                       .received_ms = report_instant(turn, report),
                       .timely_until_ms = watch->judged ? watch->aim.due_ms : 0,
                       .plan_from = memory->plan->from,
                       .period_to = place->period->to};
    *share = (agg_share_t){.indicator = figure->indicator, .member = figure->member, .amount = figure->amount};
    share->opening = figure->opening;
    if (figure->nil && !figure->amount.given) share->amount = (maybe_t){true, 0};
    contested_t contested = report->claims_count == 0 ? NULL : contested_rows(turn, report, figure_index);
    if (watch->aim.shape == shape_lasting) {
        figure_persons(figure, &source, before, contested, turn_arena(turn), share);
    } else if (watch->judged) {
        figure_parts(figure, &source, before, contested, turn_arena(turn), share);
    }
    if (contested != NULL) share->contested = contested_sum(figure, contested);
    return true;
}

static void shares_replace(turn_t *turn, const place_t *place, const agg_revision_t *old, const agg_revision_t *now) {
    for (uint32_t index = 0; index < old->shares_count; index++) {
        change_t change = {.old = &old->shares[index], .old_ms = old->received_ms};
        if (share_find(now, change.old->indicator, change.old->member) == NULL)
            share_replace(turn, place_watch(place, change.old->indicator), place, &change);
    }
    for (uint32_t index = 0; index < now->shares_count; index++) {
        const agg_share_t *share = &now->shares[index];
        change_t change = {.share = share, .old_ms = old->received_ms, .ms = now->received_ms};
        change.old = share_find(old, share->indicator, share->member);
        share_replace(turn, place_watch(place, share->indicator), place, &change);
    }
}

static bool revision_touches(const agg_revision_t *revision, text_t indicator) {
    for (uint32_t index = 0; index < revision->shares_count; index++)
        if (id_equal(revision->shares[index].indicator, indicator)) return true;
    return false;
}

/* Soft faults that passed, each code once. */
static const text_t *codes_of(turn_t *turn, const report_accepted_t *report, uint32_t *count) {
    if (report->explained_count == 0) return NULL;
    text_t *codes = ARENA_NEW(turn_arena(turn), text_t, LIMIT_SOFT_RULES);
    for (uint32_t index = 0; index < report->explained_count && *count < LIMIT_SOFT_RULES; index++)
        if (report->explained[index].soft && !text_find(codes, *count, report->explained[index].code))
            codes[(*count)++] = report->explained[index].code;
    return codes;
}

/* ---------- the revision that counts ---------- */

void totals_exchange(turn_t *turn, const place_t *place, const claim_t *claims, uint32_t claims_count, agg_obligation_t *row,
                     const agg_revision_t *now) {
    const agg_revision_t old = row->counting;
    shares_replace(turn, place, &old, now);
    row->counting = *now;
    obligation_keep(turn, place, row);
    for (uint32_t index = 0; index < claims_count; index++) /* before any target is judged: nothing flickers */
        if (!claims[index].contested) claim_settle(turn, &claims[index]);
    for (uint32_t index = 0; index < place->task->indicators_count; index++) {
        text_t indicator = place->task->indicators[index].id;
        if (revision_touches(&old, indicator) || revision_touches(now, indicator))
            target_judge(turn, &place->watches[index], false);
    }
}

static void shares_make(turn_t *turn, const place_t *place, const report_accepted_t *report, const agg_revision_t *old,
                        agg_revision_t *now) {
    const memory_t *memory = turn_memory(turn);
    agg_share_t *shares = ARENA_NEW(turn_arena(turn), agg_share_t, report->figures_count);
    bool own_files = has_own_files(report);
    now->shares = shares;
    for (uint32_t index = 0; index < report->figures_count; index++) {
        const figure_t *figure = &report->figures[index];
        if (share_find(now, figure->indicator, figure->member) != NULL) continue;
        if (!share_make(turn, memory, place, report, index, old, &shares[now->shares_count])) continue;
        share_cover(&shares[now->shares_count++], figure, own_files);
    }
}

void totals_replace(turn_t *turn, const place_t *place, const report_accepted_t *report, agg_obligation_t *row,
                    const wire_known_t *counting) {
    agg_revision_t now = {.received_ms = (uint64_t)report_instant(turn, report), .evidence = report->evidence};
    now.explained = codes_of(turn, report, &now.explained_count);
    now.claims = contested_of(turn, report->claims, report->claims_count, &now.claims_count);
    shares_make(turn, place, report, &row->counting, &now);
    bool there = row->counting.seq != 0;
    if (there || now.shares_count > 0) now.seq = turn_cause(turn);
    else now = (agg_revision_t){0}; /* of words alone nothing is kept */
    if (there) below_put(turn, now.seq, &row->counting, counting);
    totals_exchange(turn, place, report->claims, report->claims_count, row, &now);
}

/* ---------- the straight way ---------- */

/* Is there nothing, or a plain figure of this indicator, where the report belongs? */
static bool leaf_awaits(const agg_leaf_t *leaf, const report_accepted_t *report) {
    if (leaf == NULL || leaf->revision >= report->revision) return false;
    if (leaf->counting.seq == 0) return leaf->revision == 0;
    bool stands = leaf->standing == standing_reported && leaf->first_valid_ms != 0;
    return stands && id_equal(report->figures->indicator, leaf->counting.indicator);
}

/* The indicator of a plain report that comes first, or takes the place of a plain one. NULL: it is not that. */
static const watch_t *plain_watch(const place_t *place, const report_accepted_t *report, const agg_leaf_t *leaf) {
    bool plain = report->figures_count == 1 && report->claims_count == 0 && report->explained_count == 0;
    if (!plain || !figure_is_plain(report->figures) || !leaf_awaits(leaf, report)) return NULL;
    const watch_t *watch = place_watch(place, report->figures->indicator);
    bool whole = watch != NULL && watch->aim.shape != shape_lasting && watch->aim.shape != shape_each;
    return whole && figure_counts(watch, place, own_pile) ? watch : NULL;
}

/* Both have the same day, or none; before the first (`was` all zero) there is none. */
static void plain_exchange(turn_t *turn, const watch_t *watch, const place_t *place, const agg_plain_t *was,
                           const agg_plain_t *is) {
    hand_t *hand = hand_at(turn, watch);
    agg_tally_t *tally = &hand->tally;
    hand->tally_state = HAND_CHANGED;
    wide_t change = (wide_t)is->amount - (wide_t)was->amount;
    wide_t timely = (wide_t)plain_timely(is, watch->aim.due_ms) - (wide_t)plain_timely(was, watch->aim.due_ms);
    tally->figures += (uint64_t)(is->amount > 0) - (uint64_t)(was->amount > 0);
    tally->covered += (uint64_t)is->covered - (uint64_t)was->covered;
    TALLY_SET(tally, total, tally_total(tally) + change);
    TALLY_SET(tally, timely, TALLY_WIDE(tally, timely) + timely);
    if (is->day != was->day) spot_write(turn, watch, place, own_pile, own_pile, &(agg_part_t){.day = is->day}, true);
    if (is->day != 0) pile_add(turn, watch, own_pile, tally, is->day, change);
    if (watch->judged) pile_settle(turn, watch, own_pile, tally);
    if (change == 0 && was->seq != 0) return;
    pile_told_t pile = pile_told(tally);
    total_emit(turn, watch, place, own_pile, (maybe_t){true, (int64_t)is->amount}, (maybe_t){0}, &pile);
}

/* The obligation as the first report makes it, or a newer one. */
static void plain_report(turn_t *turn, const place_t *place, const report_accepted_t *report, agg_leaf_t *leaf) {
    if (leaf->revision == 0) {
        agg_obligation_t row = obligation_unfold(leaf, turn_arena(turn));
        obligation_report(turn, place, report, &row);
        (void)obligation_fold(&row, leaf); /* it says no more than before */
    }
    leaf->revision = (uint32_t)report->revision;
}

bool totals_replace_plain(turn_t *turn, const place_t *place, const report_accepted_t *report) {
    agg_leaf_t *leaf = obligation_plain(turn, place);
    const watch_t *watch = plain_watch(place, report, leaf);
    if (watch == NULL) return false;
    source_t source = {.cause_seq = turn_cause(turn),
                       .received_ms = report_instant(turn, report),
                       .timely_until_ms = watch->aim.due_ms,
                       .period_to = place->period->to};
    agg_plain_t was = leaf->counting, is = plain_revision(report->figures, &source, &was, report->evidence, watch->judged);
    is.indicator = watch->indicator->id; /* it outlives the event */
    if (was.seq != 0 && is.day != was.day) return false;
    plain_report(turn, place, report, leaf);
    if (was.seq != 0) below_put_plain(turn, is.seq, &was);
    plain_exchange(turn, watch, place, &was, &is);
    leaf->counting = is;
    obligation_plain_changed(turn, place);
    target_judge(turn, watch, false);
    return true;
}

/* ---------- claims of other reports ---------- */

static bool same_claim(const claim_t *a, const claim_t *b) {
    return text_equal(a->indicator, b->indicator) && text_equal(a->member, b->member) && a->key_kind == b->key_kind &&
           text_equal(a->key, b->key) && memcmp(a->person, b->person, sizeof a->person) == 0;
}

static bool has_claim(const claim_t *claims, uint32_t count, const claim_t *claim) {
    for (uint32_t index = 0; index < count; index++)
        if (same_claim(&claims[index], claim)) return true;
    return false;
}

/* The revision notes which of its claims do not count: while another counts they may begin to, or cease. */
static void revision_note(turn_t *turn, agg_revision_t *revision, const claim_t *claim) {
    claim_t *claims = ARENA_NEW(turn_arena(turn), claim_t, revision->claims_count + 1);
    uint32_t count = 0;
    for (uint32_t index = 0; index < revision->claims_count; index++)
        if (!same_claim(&revision->claims[index], claim)) claims[count++] = revision->claims[index];
    if (claim->contested) claims[count++] = *claim;
    revision->claims = claims;
    revision->claims_count = count;
}

/* Its share is replaced by one in which the claim counts, or does not. `place` NULL: the revision is not in the totals. */
static void shares_settle(turn_t *turn, const watch_t *watch, const place_t *place, const claim_t *claim,
                          agg_revision_t *revision) {
    const agg_revision_t old = *revision;
    source_t source = {.received_ms = (int64_t)old.received_ms, .timely_until_ms = watch->judged ? watch->aim.due_ms : 0};
    agg_share_t *shares = ARENA_NEW(turn_arena(turn), agg_share_t, old.shares_count + 1);
    bool touched = false;
    revision->shares = shares;
    for (uint32_t index = 0; index < old.shares_count; index++) {
        agg_share_t *share = &shares[index];
        *share = old.shares[index];
        if (!text_equal(share->indicator, claim->indicator)) continue;
        bool lasting = watch->aim.shape == shape_lasting;
        if (lasting && !share_settle_person(share, claim, turn_arena(turn))) continue;
        if (!lasting && !text_equal(share->member, claim->member)) continue;
        if (!lasting) share_settle(share, claim, &source, turn_arena(turn));
        change_t change = {&old.shares[index], share, old.received_ms, old.received_ms};
        if (place != NULL) share_replace(turn, watch, place, &change);
        touched = true;
    }
    if (touched) revision_note(turn, revision, claim);
}

void revision_contest(turn_t *turn, const place_t *place, const claim_t *claims, uint32_t claims_count, agg_revision_t *revision) {
    const claim_t *before = revision->claims;
    uint32_t before_count = revision->claims_count, now_count;
    const claim_t *now = contested_of(turn, claims, claims_count, &now_count);
    for (uint32_t index = 0; index < before_count; index++) {
        claim_t claim = before[index];
        claim.contested = false;
        if (!has_claim(now, now_count, &claim))
            shares_settle(turn, place_watch(place, claim.indicator), NULL, &claim, revision);
    }
    for (uint32_t index = 0; index < now_count; index++)
        if (!has_claim(before, before_count, &now[index]))
            shares_settle(turn, place_watch(place, now[index].indicator), NULL, &now[index], revision);
}

/* One report that makes the claim. */
static void report_settle(turn_t *turn, const memory_t *memory, const watch_t *watch, text_t period, const claim_t *claim) {
    place_t place;
    agg_obligation_t row;
    if (!place_find(memory, claim->unit, watch->task->id, period, &place)) return;
    if (!obligation_get(turn, &place, &row) || row.counting.seq == 0) return;
    shares_settle(turn, watch, &place, claim, &row.counting);
    obligation_keep(turn, &place, &row);
}

/* A person in post is claimed by a unit, whatever the month: all its reports of the task. */
static void reports_settle(turn_t *turn, const memory_t *memory, const watch_t *watch, const claim_t *claim) {
    for (uint32_t index = 0; index < memory->plan->periods_count; index++)
        report_settle(turn, memory, watch, memory->plan->periods[index].id, claim);
}

void claim_settle(turn_t *turn, const claim_t *claim) {
    const memory_t *memory = turn_memory(turn);
    const indicator_t *indicator = planbook_indicator(memory->book, claim->indicator);
    const task_t *task = indicator == NULL ? NULL : planbook_task_of(memory->book, indicator);
    if (task == NULL) return;
    const watch_t *watch = memory_watch(memory, task, claim->indicator);
    if (claim->period.size == 0) reports_settle(turn, memory, watch, claim);
    else report_settle(turn, memory, watch, claim->period, claim);
}

void totals_credit(turn_t *turn, const credit_taken_t *taken) {
    const memory_t *memory = turn_memory(turn);
    const indicator_t *indicator = planbook_indicator(memory->book, taken->claim.indicator);
    if (indicator == NULL) return;
    for (uint32_t index = 0; index < taken->claims_count; index++) claim_settle(turn, &taken->claims[index]);
    const watch_t *watch = memory_watch(memory, planbook_task_of(memory->book, indicator), indicator->id);
    if (taken->claims_count > 0) target_judge(turn, watch, false);
}
