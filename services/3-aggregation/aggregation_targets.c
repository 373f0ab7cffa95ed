/* Targets: the values a verdict needs, the rows that prove it, and telling it when it changed. */
#include "services/3-aggregation/aggregation_state.h"

#include <string.h>

static pile_t pile_of(turn_t *turn, const watch_t *watch, text_t member) {
    agg_tally_t room;
    const agg_tally_t *tally = tally_at(turn, watch, member, &room);
    return (pile_t){.total = tally_total(tally),
                    .opening = TALLY_WIDE(tally, opening),
                    .timely = TALLY_WIDE(tally, timely),
                    .crossed = tally->crossed};
}

/* What was reported and does not count. */
static wide_t contested_of(turn_t *turn, const watch_t *watch, text_t member) {
    agg_tally_t tally = tally_get(turn, watch, member);
    return TALLY_WIDE(&tally, contested);
}

static stay_t stay_of(turn_t *turn, const watch_t *watch, uint32_t crossed) {
    stay_t stay = {0};
    if (watch->aim.shape != shape_lasting) return stay;
    agg_tally_t tally = tally_get(turn, watch, own_pile);
    stay = (stay_t){.by_due = tally.staying_by_due, .all = tally.staying};
    if (crossed <= watch->aim.due_day) return stay;
    uint32_t term_last = term_last_day(crossed, watch->aim.months);
    people_t people = people_begin(turn, watch);
    tenure_of_t person;
    proof_row_t row;
    while (people_next(&people, turn_arena(turn), &person, &row))
        stay.by_crossing += person.in_day <= crossed && person_stays(&person, watch->aim.due_day, term_last);
    people_end(&people);
    return stay;
}

/* ---------- owing, missing ---------- */

static void missing_fill(turn_t *turn, const watch_t *watch, const pile_t *piles, target_changed_t *told) {
    text_t *missing = ARENA_NEW(turn_arena(turn), text_t, watch->indicator->members_count);
    for (uint32_t index = 0; index < watch->indicator->members_count && told->missing_count < LIMIT_MISSING; index++)
        if (piles[index].crossed == 0) missing[told->missing_count++] = watch->indicator->members[index].id;
    told->missing = missing;
}

static bool owes_a_member(const watch_t *watch, const pile_t *piles, text_t unit) {
    for (uint32_t index = 0; index < watch->indicator->members_count; index++) {
        const member_t *member = &watch->indicator->members[index];
        if (piles[index].crossed == 0 && text_find(member->contributors, member->contributors_count, unit)) return true;
    }
    return false;
}

/* Nothing once it is met; a broken tenure is owed again. */
static bool is_owed(const watch_t *watch, const target_changed_t *told) {
    return watch->judged && (told->reached_day == 0 || told->tenure == tenure_broken);
}

/* Who still owes; for `each` those of the members that are below. */
static void owing_fill(turn_t *turn, const watch_t *watch, const pile_t *piles, target_changed_t *told) {
    if (!is_owed(watch, told)) return;
    told->owing = watch->contributors;
    told->owing_count = watch->contributors_count;
    if (watch->aim.shape != shape_each) return;
    text_t *owing = ARENA_NEW(turn_arena(turn), text_t, watch->contributors_count);
    told->owing_count = 0;
    for (uint32_t index = 0; index < watch->contributors_count; index++)
        if (owes_a_member(watch, piles, watch->contributors[index])) owing[told->owing_count++] = watch->contributors[index];
    told->owing = owing;
}

/* ---------- proof ---------- */

typedef struct {
    proof_row_t *rows;
    uint32_t count;
} proof_t;

/* The row that a spot stands for, as the report has it now. */
static bool spot_row(turn_t *turn, const watch_t *watch, bytes_t key, proof_row_t *row) {
    uint32_t at = 0;
    key_next_text(key, &at); /* the indicator */
    key_next_text(key, &at); /* the pile */
    *row = (proof_row_t){.fact_day = (uint32_t)key_next_u64(key, &at)};
    row->unit = arena_text(turn_arena(turn), key_next_text(key, &at));
    row->period = arena_text(turn_arena(turn), key_next_text(key, &at));
    row->member = arena_text(turn_arena(turn), key_next_text(key, &at));
    bool opening = key_next_u64(key, &at) != 0;
    place_t place;
    agg_obligation_t owed;
    if (!place_find(turn_memory(turn), row->unit, watch->task->id, row->period, &place)) return false;
    if (!obligation_get(turn, &place, &owed)) return false;
    const agg_share_t *share = share_find(&owed.counting, watch->indicator->id, row->member);
    for (uint32_t index = 0; share != NULL && index < share->parts_count; index++) {
        const agg_part_t *part = &share->parts[index];
        if (part->day != row->fact_day || part->opening != opening || part->contested) continue;
        row->cause_seq = part_cause(&owed.counting, part);
        row->received_ms = part_instant(&owed.counting, part);
        row->amount = (maybe_t){true, (int64_t)part->amount};
        return true;
    }
    return false;
}

/* The rows of the day at which the pile crossed its goal. */
static void proof_of_pile(turn_t *turn, const watch_t *watch, text_t member, uint32_t crossed, proof_t *proof) {
    if (crossed == 0) return;
    store_key_t prefix = KEY(watch->indicator->id, member);
    key_add_u64(&prefix, crossed);
    agg_spot_t spot;
    scan_t scan = scan_begin(turn_txn(turn), T_SPOTS, &prefix, NULL);
    while (proof->count < LIMIT_PROOF && scan_next(&scan, turn_arena(turn), &spot))
        if (spot_row(turn, watch, scan.key, &proof->rows[proof->count])) proof->count++;
    scan_end(&scan);
}

/* Broken: who left; otherwise: who is there. */
static void proof_of_people(turn_t *turn, const watch_t *watch, const target_changed_t *told, proof_t *proof) {
    bool broken = told->tenure == tenure_broken;
    uint32_t base = told->reached_day > watch->aim.due_day ? told->reached_day : watch->aim.due_day;
    uint32_t term_last = term_last_day(base, watch->aim.months);
    people_t people = people_begin(turn, watch);
    tenure_of_t person;
    proof_row_t row;
    while (proof->count < LIMIT_PROOF && people_next(&people, turn_arena(turn), &person, &row)) {
        if (!person_counts(&person, watch->aim.due_day)) continue;
        bool left = !person_stays(&person, watch->aim.due_day, term_last);
        if (broken && (!left || person.in_day > base)) continue;
        proof->rows[proof->count++] = row;
    }
    people_end(&people);
}

static void proof_fill(turn_t *turn, const watch_t *watch, const pile_t *piles, target_changed_t *told) {
    if (!watch->judged) return;
    proof_t proof = {ARENA_NEW(turn_arena(turn), proof_row_t, LIMIT_PROOF), 0};
    if (watch->aim.shape == shape_lasting) {
        proof_of_people(turn, watch, told, &proof);
    } else if (watch->aim.shape == shape_each) {
        for (uint32_t index = 0; index < watch->indicator->members_count; index++)
            proof_of_pile(turn, watch, watch->indicator->members[index].id, piles[index].crossed, &proof);
    } else {
        proof_of_pile(turn, watch, own_pile, piles[0].crossed, &proof);
    }
    told->proof = proof.rows;
    told->proof_count = proof.count;
}

/* ---------- the verdict ---------- */

/* What the piles make of it now. `piles`: one, or for `each` one a member. */
static judgement_t verdict_now(turn_t *turn, const watch_t *watch, moment_t now, pile_t *piles, uint32_t count) {
    bool each = watch->aim.shape == shape_each;
    for (uint32_t index = 0; index < count; index++)
        piles[index] = pile_of(turn, watch, each ? watch->indicator->members[index].id : own_pile);
    stay_t stay = stay_of(turn, watch, each ? 0 : piles[0].crossed);
    return target_judgement(&watch->aim, piles, count, &stay, now, watch_pace(turn, watch, now.day));
}

static target_changed_t target_of(const watch_t *watch, const judgement_t *verdict) {
    return (target_changed_t){.task = watch->task->id,
                              .indicator = watch->indicator->id,
                              .reach = verdict->reach,
                              .reported = verdict->reported,
                              .tenure = verdict->tenure,
                              .lamp = verdict->lamp,
                              .done = wide_shown(verdict->done),
                              .goal = wide_shown(verdict->goal),
                              .opening = wide_shown(verdict->opening),
                              .expected = wide_shown(verdict->expected),
                              .reached_day = verdict->reached_day,
                              .due_ms = watch->judged ? (uint64_t)watch->due_ms : 0,
                              .stretch = watch->aim.stretch};
}

static uint32_t pile_count(const watch_t *watch) {
    return watch->aim.shape == shape_each ? watch->indicator->members_count : 1;
}

target_changed_t target_now(turn_t *turn, const watch_t *watch, moment_t now) {
    bool each = watch->aim.shape == shape_each;
    uint32_t count = pile_count(watch);
    pile_t *piles = ARENA_NEW(turn_arena(turn), pile_t, count);
    judgement_t verdict = verdict_now(turn, watch, now, piles, count);
    target_changed_t told = target_of(watch, &verdict);
    wide_t contested = 0;
    for (uint32_t index = 0; index < count; index++)
        contested += contested_of(turn, watch, each ? watch->indicator->members[index].id : own_pile);
    told.contested = wide_shown(contested);
    if (each) missing_fill(turn, watch, piles, &told);
    owing_fill(turn, watch, piles, &told);
    proof_fill(turn, watch, piles, &told);
    return told;
}

/* ---------- telling it once ---------- */

static void lists_hash(const watch_t *watch, const uint8_t owing[QUICK_SIZE], const target_changed_t *told,
                       uint8_t hash[QUICK_SIZE]) {
    buffer_t bytes = {0};
    buffer_add(&bytes, owing, QUICK_SIZE);
    texts_hash(told->missing, told->missing_count, &bytes);
    if (watch->absent_count > 0) texts_hash(watch->absent, watch->absent_count, &bytes);
    hash_quick((bytes_t){bytes.at, (uint32_t)bytes.size}, hash);
    buffer_destroy(&bytes);
}

void watch_hashes(watch_t *watch) {
    static const uint8_t nobody[QUICK_SIZE];
    const target_changed_t nothing = {0};
    lists_hash(watch, watch->contributors_hash, &nothing, watch->owed_hash);
    lists_hash(watch, nobody, &nothing, watch->settled_hash);
}

/* Of `each` any of them may owe, and any member may be missing. */
static void each_hash(turn_t *turn, const watch_t *watch, const pile_t *piles, target_changed_t *told, uint8_t hash[QUICK_SIZE]) {
    buffer_t owing = {0};
    missing_fill(turn, watch, piles, told);
    owing_fill(turn, watch, piles, told);
    texts_hash(told->owing, told->owing_count, &owing);
    lists_hash(watch, owing.at, told, hash);
    buffer_destroy(&owing);
}

/* The target as it would be told now. */
static agg_told_t told_now(turn_t *turn, const watch_t *watch, moment_t now) {
    bool each = watch->aim.shape == shape_each;
    uint32_t count = pile_count(watch);
    pile_t one, *piles = each ? ARENA_NEW(turn_arena(turn), pile_t, count) : &one;
    judgement_t verdict = verdict_now(turn, watch, now, piles, count);
    target_changed_t told = target_of(watch, &verdict);
    agg_told_t row = {.reach = told.reach,
                      .reported = told.reported,
                      .tenure = told.tenure,
                      .lamp = told.lamp,
                      .done = told.done,
                      .goal = told.goal,
                      .opening = told.opening,
                      .reached_day = told.reached_day,
                      .due_ms = told.due_ms,
                      .stretch = told.stretch};
    if (each) each_hash(turn, watch, piles, &told, row.lists);
    else memcpy(row.lists, is_owed(watch, &told) ? watch->owed_hash : watch->settled_hash, sizeof row.lists);
    return row;
}

static bool verdicts_same(const agg_told_t *a, const agg_told_t *b) {
    return a->reach == b->reach && a->reported == b->reported && a->tenure == b->tenure && a->lamp == b->lamp &&
           a->goal == b->goal && a->reached_day == b->reached_day && a->due_ms == b->due_ms && a->stretch == b->stretch &&
           memcmp(a->lists, b->lists, sizeof a->lists) == 0;
}

/* `last`: those before; of the same day and opening the same is expected. What goes by members or persons has none. */
static grounds_t grounds_now(turn_t *turn, const watch_t *watch, moment_t now, const grounds_t *last) {
    const aim_t *aim = &watch->aim;
    if (aim->shape == shape_each || aim->shape == shape_lasting) return (grounds_t){0};
    pile_t pile = pile_of(turn, watch, own_pile);
    wide_t goal = (wide_t)aim->goal;
    bool known = last->day == now.day && last->opening == pile.opening;
    grounds_t grounds = {.opening = pile.opening, .day = now.day, .crossed = pile.crossed, .closed = now.closed};
    grounds.expected = known ? last->expected : expected_progress(aim, goal, pile.opening, watch_pace(turn, watch, now.day));
    grounds.timely = pile.timely >= goal;
    grounds.ahead = pile.total >= grounds.expected;
    grounds.past = now.ms > aim->due_ms;
    return grounds;
}

static bool grounds_same(const grounds_t *a, const grounds_t *b) {
    return a->day != 0 && a->day == b->day && a->opening == b->opening && a->expected == b->expected &&
           a->crossed == b->crossed && a->timely == b->timely && a->ahead == b->ahead && a->past == b->past &&
           a->closed == b->closed;
}

void target_judge(turn_t *turn, const watch_t *watch, bool daily) {
    const memory_t *memory = turn_memory(turn);
    moment_t now = {.ms = turn_now_ms(turn), .day = memory_today(memory, turn), .closed = memory->closed};
    hand_t *hand = watch->hand;
    grounds_t grounds = grounds_now(turn, watch, now, &hand->grounds);
    if (!daily && grounds_same(&grounds, &hand->grounds)) return;
    hand->grounds = grounds;
    agg_told_t row = told_now(turn, watch, now);
    const agg_told_t *last = told_at(turn, watch);
    if (last != NULL && verdicts_same(&row, last)) {
        bool moved = row.done != last->done || row.opening != last->opening;
        /* naming all who owe at every report would drown the stream: total_changed tells a mere movement at once */
        if (!moved || !daily) return;
    }
    target_changed_t told = target_now(turn, watch, now);
    told_put(turn, watch, &row);
    turn_emit(turn, target_changed_type(), &told);
}
