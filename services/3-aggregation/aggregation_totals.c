/* Totals by replacement: a new revision takes out what the one before it brought and puts in what it brings itself. */
#include "services/3-aggregation/aggregation_state.h"

agg_tally_t tally_get(turn_t *turn, text_t indicator, text_t member) {
    store_key_t key = KEY(indicator, member);
    agg_tally_t tally;
    if (!turn_get(turn, T_TALLIES, &key, &tally)) tally = (agg_tally_t){0};
    return tally;
}

wide_t tally_total(const agg_tally_t *tally) { return TALLY_WIDE(tally, total); }

static wide_t given(maybe_t value) { return value.given ? (wide_t)value.value : 0; }

static wide_t share_opening(const agg_share_t *share) { return share == NULL ? 0 : given(share->opening); }
static wide_t share_total(const agg_share_t *share) { return share == NULL ? 0 : given(share->amount) + given(share->opening); }

static wide_t share_timely(const agg_share_t *share) {
    wide_t sum = 0;
    for (uint32_t index = 0; share != NULL && index < share->parts_count; index++) sum += (wide_t)share->parts[index].timely;
    return sum;
}

/* ---------- the rows of a judged pile ---------- */

static void part_write(turn_t *turn, const watch_t *watch, const report_accepted_t *report, text_t pile, text_t member,
                       const agg_part_t *part, bool there) {
    store_key_t key = KEY(watch->indicator->id, pile);
    key_add_u64(&key, part->day);
    key_add_text(&key, report->unit);
    key_add_text(&key, report->period);
    key_add_text(&key, member);
    key_add_u64(&key, part->opening);
    if (!there) {
        turn_delete(turn, T_PARTS, &key);
        return;
    }
    proof_row_t row = {.cause_seq = part->cause_seq,
                       .unit = report->unit,
                       .period = report->period,
                       .member = member,
                       .fact_day = part->day,
                       .amount = {true, (int64_t)part->amount},
                       .received_ms = part->received_ms};
    turn_put(turn, T_PARTS, &key, &row);
}

static int parts_order(const agg_part_t *a, const agg_part_t *b) {
    if (a == NULL || b == NULL) return a == NULL ? 1 : -1;
    if (a->day != b->day) return a->day < b->day ? -1 : 1;
    return (int)b->opening - (int)a->opening;
}

static void parts_replace(turn_t *turn, const watch_t *watch, const report_accepted_t *report, text_t pile,
                          const agg_share_t *old, const agg_share_t *share, agg_tally_t *tally) {
    text_t member = share != NULL ? share->member : old->member;
    uint32_t old_at = 0, new_at = 0;
    uint32_t old_count = old == NULL ? 0 : old->parts_count, new_count = share == NULL ? 0 : share->parts_count;
    while (old_at < old_count || new_at < new_count) { /* both are ordered by day, the opening first */
        const agg_part_t *was = old_at < old_count ? &old->parts[old_at] : NULL;
        const agg_part_t *is = new_at < new_count ? &share->parts[new_at] : NULL;
        int order = parts_order(was, is);
        if (order > 0) was = NULL;
        if (order < 0) is = NULL;
        old_at += was != NULL;
        new_at += is != NULL;
        bool same = was != NULL && is != NULL && was->amount == is->amount && was->cause_seq == is->cause_seq;
        if (same) continue;
        part_write(turn, watch, report, pile, member, is != NULL ? is : was, is != NULL);
        wide_t change = (is == NULL ? 0 : (wide_t)is->amount) - (was == NULL ? 0 : (wide_t)was->amount);
        pile_add(turn, watch, pile, tally, is != NULL ? is->day : was->day, change);
    }
}

/* ---------- shares ---------- */

static uint64_t share_counted(const agg_share_t *share) { return share != NULL && share->counted; }
static uint64_t share_covered(const agg_share_t *share) { return share != NULL && share->covered; }

/* Replaces `old` by `share` (either may be NULL) in one pile; gives the pile's total after it. */
static agg_tally_t pile_replace(turn_t *turn, const watch_t *watch, const report_accepted_t *report, text_t pile,
                                const agg_share_t *old, const agg_share_t *share) {
    agg_tally_t tally = tally_get(turn, watch->indicator->id, pile);
    tally.figures += share_counted(share) - share_counted(old);
    tally.covered += share_covered(share) - share_covered(old);
    if (watch->aim.shape == shape_lasting) {
        persons_replace(turn, watch, report, old, share, &tally);
    } else {
        TALLY_SET(&tally, total, tally_total(&tally) + share_total(share) - share_total(old));
        TALLY_SET(&tally, opening, TALLY_WIDE(&tally, opening) + share_opening(share) - share_opening(old));
        TALLY_SET(&tally, timely, TALLY_WIDE(&tally, timely) + share_timely(share) - share_timely(old));
        if (watch_judges(watch, pile)) parts_replace(turn, watch, report, pile, old, share, &tally);
    }
    if (watch_judges(watch, pile)) pile_settle(turn, watch, pile, &tally);
    store_key_t key = KEY(watch->indicator->id, pile);
    turn_put(turn, T_TALLIES, &key, &tally);
    return tally;
}

static bool maybe_same(maybe_t a, maybe_t b) { return a.given == b.given && (!a.given || a.value == b.value); }

static maybe_t total_shown(wide_t value) { return (maybe_t){true, (int64_t)wide_shown(value)}; }

/* A member's figure goes to the member's pile and, unless every member is judged for itself, to the indicator's own. */
static void share_replace(turn_t *turn, const watch_t *watch, const report_accepted_t *report, const agg_share_t *old,
                          const agg_share_t *share) {
    text_t member = share != NULL ? share->member : old->member, own = text_of(NULL);
    bool lasting = watch->aim.shape == shape_lasting;
    wide_t before = 0;
    if (lasting) {
        agg_tally_t tally = tally_get(turn, watch->indicator->id, own);
        before = tally_total(&tally);
    }
    agg_tally_t tally = {0};
    if (watch->aim.shape != shape_each || member.size == 0) tally = pile_replace(turn, watch, report, own, old, share);
    if (member.size > 0 && !lasting) tally = pile_replace(turn, watch, report, member, old, share);
    maybe_t none = {0};
    bool same = maybe_same(old == NULL ? none : old->amount, share == NULL ? none : share->amount) &&
                maybe_same(old == NULL ? none : old->opening, share == NULL ? none : share->opening) &&
                (!lasting || before == tally_total(&tally));
    if (same) return;
    total_changed_t told = {.indicator = watch->indicator->id,
                            .member = member,
                            .unit = report->unit,
                            .period = report->period,
                            .amount = share == NULL ? none : share->amount,
                            .total = total_shown(tally_total(&tally)),
                            .opening = total_shown(TALLY_WIDE(&tally, opening))};
    turn_emit(turn, total_changed_type(), &told);
}

static const agg_share_t *share_find(const agg_report_t *report, text_t indicator, text_t member) {
    for (uint32_t index = 0; index < report->shares_count; index++)
        if (text_equal(report->shares[index].indicator, indicator) && text_equal(report->shares[index].member, member))
            return &report->shares[index];
    return NULL;
}

/* "Whose figure counts": the contributors of the member, or of the indicator where it has no members. */
static bool figure_counts(const memory_t *memory, const watch_t *watch, text_t member, text_t unit) {
    uint32_t unit_index = planbook_unit_index(memory->book, planbook_unit(memory->book, unit));
    if (!watch_contributed_by(watch, unit_index)) return false;
    bool members = watch->indicator->members_count > 0;
    return members ? indicator_contributed_by(watch->indicator, member, unit) : member.size == 0;
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

/* One figure as it counts. false: it does not (validation lets none of these through). */
static bool share_make(turn_t *turn, const memory_t *memory, const task_t *task, const report_accepted_t *report,
                       const figure_t *figure, const agg_report_t *old, agg_share_t *share) {
    const watch_t *watch = memory_watch(memory, task, figure->indicator);
    if (watch == NULL || !figure_counts(memory, watch, figure->member, report->unit)) return false;
    const period_t *period = planbook_period(memory->book, report->period);
    const agg_share_t *before = share_find(old, figure->indicator, figure->member);
    source_t source = {.cause_seq = turn_cause(turn),
                       .received_ms = report_instant(turn, report),
                       .timely_until_ms = watch->judged ? watch->aim.due_ms : 0,
                       .plan_from = memory->plan->from,
                       .period_to = period->to};
    *share = (agg_share_t){.indicator = figure->indicator, .member = figure->member, .amount = figure->amount};
    share->opening = figure->opening;
    if (figure->nil && !figure->amount.given) share->amount = (maybe_t){true, 0};
    if (watch->aim.shape == shape_lasting)
        figure_persons(figure, &source, before, turn_arena(turn), share);
    else if (watch->judged)
        figure_parts(figure, &source, before, turn_arena(turn), share);
    return true;
}

static bool report_touches(const agg_report_t *report, text_t indicator) {
    for (uint32_t index = 0; index < report->shares_count; index++)
        if (text_equal(report->shares[index].indicator, indicator)) return true;
    return false;
}

static void shares_replace(turn_t *turn, const memory_t *memory, const task_t *task, const report_accepted_t *report,
                           const agg_report_t *old, const agg_report_t *now) {
    for (uint32_t index = 0; index < old->shares_count; index++) {
        const agg_share_t *share = &old->shares[index];
        if (share_find(now, share->indicator, share->member) == NULL)
            share_replace(turn, memory_watch(memory, task, share->indicator), report, share, NULL);
    }
    for (uint32_t index = 0; index < now->shares_count; index++) {
        const agg_share_t *share = &now->shares[index];
        const agg_share_t *before = share_find(old, share->indicator, share->member);
        share_replace(turn, memory_watch(memory, task, share->indicator), report, before, share);
    }
}

/* Soft faults that passed, each code once. */
static const text_t *codes_of(turn_t *turn, const report_accepted_t *report, uint32_t *count) {
    if (report->explained_count == 0) return NULL;
    text_t *codes = ARENA_NEW(turn_arena(turn), text_t, LIMIT_SOFT_RULES);
    for (uint32_t index = 0; index < report->explained_count && *count < LIMIT_SOFT_RULES; index++)
        if (!text_find(codes, *count, report->explained[index].code)) codes[(*count)++] = report->explained[index].code;
    return codes;
}

void totals_replace(turn_t *turn, const report_accepted_t *report) {
    const memory_t *memory = turn_memory(turn);
    const task_t *task = planbook_task(memory->book, report->task);
    store_key_t key = KEY(report->task, report->unit, report->period);
    agg_report_t old;
    bool there = turn_get(turn, T_REPORTS, &key, &old);
    if (!there) old = (agg_report_t){0};
    agg_share_t *shares = ARENA_NEW(turn_arena(turn), agg_share_t, report->figures_count);
    agg_report_t now = {.cause_seq = turn_cause(turn),
                        .received_ms = (uint64_t)report_instant(turn, report),
                        .shares = shares,
                        .evidence = report->evidence};
    bool own_files = has_own_files(report);
    now.explained = codes_of(turn, report, &now.explained_count);
    for (uint32_t index = 0; index < report->figures_count; index++) {
        const figure_t *figure = &report->figures[index];
        if (share_find(&now, figure->indicator, figure->member) != NULL) continue;
        if (!share_make(turn, memory, task, report, figure, &old, &shares[now.shares_count])) continue;
        share_cover(&shares[now.shares_count++], figure, own_files);
    }
    shares_replace(turn, memory, task, report, &old, &now);
    if (there || now.shares_count > 0) turn_put(turn, T_REPORTS, &key, &now);
    bool closed = pass_get(turn).closed;
    for (uint32_t index = 0; index < task->indicators_count; index++) {
        text_t indicator = task->indicators[index].id;
        if (report_touches(&old, indicator) || report_touches(&now, indicator))
            target_judge(turn, memory_watch(memory, task, indicator), closed, false);
    }
}
