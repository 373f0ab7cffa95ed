/* An amendment: what the plan before decided is derived anew where the new one differs, as an agenda. What was judged by validation
 * stays; a report's timeliness stays; who reported, and when, stays. */
#include "services/3-aggregation/aggregation_state.h"

#include "proto/wire.h"

#include <string.h>

enum { DOSSIERS_AT_ONCE = 32 };

/* ---------- who owes what ---------- */

static void text_add(buffer_t *out, text_t text) {
    buffer_add(out, &text.size, sizeof text.size);
    buffer_add(out, text.at, text.size);
}

/* All that decides who owes a report for the task, and what it lacks. */
static agg_aim_t duty_of(const memory_t *memory, uint32_t task_index) {
    const task_t *task = &memory->plan->tasks[task_index];
    const watch_t *watches = &memory->watches[memory->first_watch[task_index]];
    buffer_t bytes = {0};
    for (uint32_t place = 0; place < memory->owers_count[task_index]; place++) {
        const unit_t *unit = &memory->plan->units[memory->owers[task_index][place]];
        uint32_t facts[] = {unit->from, unit->to, planbook_owed_by(memory->book, task, unit)};
        text_add(&bytes, unit->id);
        buffer_add(&bytes, facts, sizeof facts);
    }
    for (uint32_t index = 0; index < task->indicators_count; index++) {
        bool lasting = watches[index].aim.shape == shape_lasting;
        uint32_t facts[] = {task->indicators[index].required, lasting ? watches[index].term_last : 0};
        text_add(&bytes, task->indicators[index].id);
        buffer_add(&bytes, facts, sizeof facts);
        for (uint32_t place = 0; place < watches[index].contributors_count; place++)
            text_add(&bytes, watches[index].contributors[place]);
    }
    agg_aim_t duty = {0};
    hash_of((bytes_t){bytes.at, (uint32_t)bytes.size}, duty.owers);
    buffer_destroy(&bytes);
    return duty;
}

static store_key_t duty_key(const memory_t *memory, uint32_t task_index) {
    return KEY(text_of(NULL), memory->plan->tasks[task_index].id);
}

bool duty_has_changed(turn_t *turn, const memory_t *memory, uint32_t task_index) {
    store_key_t key = duty_key(memory, task_index);
    agg_aim_t duty = duty_of(memory, task_index), row;
    return !turn_get(turn, T_AIMS, &key, &row) || memcmp(row.owers, duty.owers, sizeof row.owers) != 0;
}

static void duties_keep(turn_t *turn, const memory_t *memory) {
    for (uint32_t task = 0; task < memory->plan->tasks_count; task++) {
        store_key_t key = duty_key(memory, task);
        agg_aim_t duty = duty_of(memory, task);
        turn_put(turn, T_AIMS, &key, &duty);
    }
}

/* ---------- piles ---------- */

static agg_aim_t aim_row(const watch_t *watch) {
    return (agg_aim_t){.shape = watch->aim.shape,
                       .goal = watch->aim.goal,
                       .due_day = watch->aim.due_day,
                       .due_ms = (uint64_t)watch->aim.due_ms,
                       .months = watch->aim.months};
}

static bool aims_same(const agg_aim_t *a, const agg_aim_t *b) {
    return a->shape == b->shape && a->goal == b->goal && a->due_day == b->due_day && a->due_ms == b->due_ms &&
           a->months == b->months;
}

static void timely_add(turn_t *turn, const watch_t *watch, text_t member, wide_t timely) {
    agg_tally_t tally = tally_get(turn, watch, member);
    TALLY_SET(&tally, timely, TALLY_WIDE(&tally, timely) + timely);
    tally_put(turn, watch, member, &tally);
}

/* The shares of one report that belong to the indicator. */
static void report_amend(turn_t *turn, const watch_t *watch, const place_t *place) {
    agg_obligation_t row;
    if (!obligation_get(turn, place, &row)) return;
    agg_revision_t *counting = &row.counting;
    bool changed = revision_retime(turn, watch, counting);
    for (uint32_t index = 0; index < counting->shares_count; index++) {
        const agg_share_t *share = &counting->shares[index];
        if (!text_equal(share->indicator, watch->indicator->id) || share->parts_count == 0) continue;
        wide_t timely = share_timely(share, counting->received_ms, watch);
        if (watch->aim.shape != shape_each || share->member.size == 0) timely_add(turn, watch, text_of(NULL), timely);
        if (share->member.size > 0) timely_add(turn, watch, share->member, timely);
    }
    if (changed) obligation_keep(turn, place, &row);
}

/* All reports of the unit for the task. */
static void dossier_amend(turn_t *turn, const memory_t *memory, const watch_t *watch, text_t id) {
    const unit_t *unit = planbook_unit(memory->book, id);
    for (uint32_t index = 0; unit != NULL && index < memory->plan->periods_count; index++) {
        place_t place = place_of(memory, unit, watch->task, &memory->plan->periods[index]);
        report_amend(turn, watch, &place);
    }
}

/* Those of the next units behind the cursor. true: there are no more. */
static bool reports_amend(turn_t *turn, memory_t *memory, const watch_t *watch, agg_pass_t *pass, uint32_t *pieces) {
    text_t *units = ARENA_NEW(turn_arena(turn), text_t, DOSSIERS_AT_ONCE);
    store_key_t prefix = KEY(watch->task->id), from = KEY(watch->task->id, pass->unit);
    uint32_t count = 0, leaves = 0;
    agg_dossier_t row;
    dossiers_settle(turn, memory); /* who walks the rows needs all of them */
    scan_t scan = scan_begin(turn_txn(turn), T_DOSSIERS, &prefix, pass->unit.size > 0 ? &from : NULL);
    while (count < DOSSIERS_AT_ONCE && *pieces > 0 && scan_next(&scan, turn_arena(turn), &row)) {
        uint32_t at = 0;
        key_next_text(scan.key, &at);
        text_t unit = key_next_text(scan.key, &at);
        if (text_equal(unit, pass->unit)) continue; /* done before */
        units[count++] = arena_text(turn_arena(turn), unit);
        (void)dossier_leaves(turn, &row, turn_arena(turn), &leaves);
        *pieces -= leaves < *pieces ? leaves : *pieces;
    }
    scan_end(&scan);
    for (uint32_t index = 0; index < count; index++) dossier_amend(turn, memory, watch, units[index]);
    if (count == 0) return *pieces > 0;
    pass->unit = units[count - 1];
    return false;
}

static uint32_t pile_count(const watch_t *watch) { return 1 + watch->indicator->members_count; }

static text_t pile_member(const watch_t *watch, uint32_t pile) {
    return pile == 0 ? text_of(NULL) : watch->indicator->members[pile - 1].id;
}

static void piles_begin(turn_t *turn, const watch_t *watch) {
    agg_tally_t tally;
    for (uint32_t pile = 0; pile < pile_count(watch); pile++) {
        text_t member = pile_member(watch, pile);
        if (!tally_find(turn, watch, member, &tally)) continue;
        TALLY_SET(&tally, timely, 0);
        tally_put(turn, watch, member, &tally);
    }
}

static void piles_end(turn_t *turn, const watch_t *watch) {
    agg_tally_t tally;
    for (uint32_t pile = 0; pile < pile_count(watch); pile++) {
        text_t member = pile_member(watch, pile);
        if (!tally_find(turn, watch, member, &tally)) continue;
        if (watch->aim.shape == shape_lasting) persons_anew(turn, watch, &tally);
        if (watch_judges(watch, member)) pile_anew(turn, watch, member, &tally);
        tally_put(turn, watch, member, &tally);
    }
}

/* true: the piles of this indicator are what the plan in force makes of its reports. */
static bool watch_amend(turn_t *turn, memory_t *memory, const watch_t *watch, agg_pass_t *pass, uint32_t *pieces) {
    store_key_t key = KEY(watch->indicator->id);
    agg_aim_t old, now = aim_row(watch);
    bool known = turn_get(turn, T_AIMS, &key, &old);
    if (known && aims_same(&old, &now)) return true;
    if (*pieces == 0) return false;
    (*pieces)--;
    if (known && watch->judged) {
        if (!pass->piling) piles_begin(turn, watch);
        pass->piling = true;
        bool dated = watch->aim.shape != shape_lasting; /* persons are weighed all together, at the end */
        while (dated && *pieces > 0 && !reports_amend(turn, memory, watch, pass, pieces)) {}
        if (dated && *pieces == 0) return false;
        piles_end(turn, watch);
        pass->piling = false;
        pass->unit = text_of(NULL);
    }
    turn_put(turn, T_AIMS, &key, &now);
    return true;
}

bool amendment_advance(turn_t *turn, memory_t *memory, agg_pass_t *pass, uint32_t *pieces) {
    if (!pass->amending) return true;
    if (pass->watch == 0 && !pass->piling) duties_keep(turn, memory);
    for (; pass->watch < memory->watches_count; pass->watch++)
        if (!watch_amend(turn, memory, &memory->watches[pass->watch], pass, pieces)) return false;
    pass->amending = false;
    pass->watch = 0;
    return true;
}
