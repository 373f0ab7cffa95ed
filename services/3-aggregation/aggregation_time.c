/* What falls due by time alone: periods open, reports become overdue, targets are judged anew; worked off as an agenda. */
#include "services/3-aggregation/aggregation_state.h"

static store_key_t pass_key(void) {
    store_key_t key = key_new();
    key_add_u64(&key, 0);
    return key;
}

agg_pass_t pass_get(turn_t *turn) {
    store_key_t key = pass_key();
    agg_pass_t pass = {0};
    if (!turn_get(turn, T_PASS, &key, &pass)) pass = (agg_pass_t){0};
    return pass;
}

void pass_put(turn_t *turn, const agg_pass_t *pass) {
    store_key_t key = pass_key();
    turn_put(turn, T_PASS, &key, pass);
}

/* ---------- obligations ---------- */

/* What is still wanted of (unit, task, period): its figures, or words where it has none. */
static void missing_fill(turn_t *turn, const place_t *place, obligation_changed_t *told) {
    const task_t *task = place->task;
    text_t *missing = ARENA_NEW(turn_arena(turn), text_t, task->indicators_count + 1);
    for (uint32_t index = 0; index < task->indicators_count && told->missing_count < LIMIT_MISSING; index++) {
        const indicator_t *indicator = &task->indicators[index];
        if (!indicator->required || !watch_contributed_by(&place->watches[index], place->unit_index)) continue;
        if (place->period->confirmation && indicator->target.shape != shape_lasting) continue;
        missing[told->missing_count++] = indicator->id;
    }
    if (told->missing_count == 0) missing[told->missing_count++] = text_of("progress");
    told->missing = missing;
}

static obligation_changed_t obligation_show(turn_t *turn, const memory_t *memory, const place_t *place,
                                            const agg_obligation_t *row) {
    uint64_t due_seq;
    deadline_t deadline = memory_deadline(memory, place, row, &due_seq);
    obligation_changed_t told = {.unit = place->unit->id,
                                 .task = place->task->id,
                                 .period = place->period->id,
                                 .standing = row->standing,
                                 .timeliness = row->timeliness,
                                 .due_ms = (uint64_t)deadline.due_ms,
                                 .due_seq = due_seq,
                                 .first_valid_ms = row->first_valid_ms,
                                 .days_late = row->days_late,
                                 .revision = row->revision,
                                 .decided_seq = row->decided_seq,
                                 .again_ms = row->standing == standing_lifted ? 0 : row->again_ms,
                                 .why = row->why};
    if (row->again_ms != 0) told.counts = (maybe_t){true, (int64_t)row->counts};
    bool wanted = row->standing != standing_reported && row->standing != standing_approved && row->standing != standing_lifted;
    if (wanted) missing_fill(turn, place, &told);
    return told;
}

void obligation_emit(turn_t *turn, const memory_t *memory, const place_t *place, const agg_obligation_t *row) {
    obligation_changed_t told = obligation_show(turn, memory, place, row);
    turn_emit(turn, obligation_changed_type(), &told);
}

void obligation_put(turn_t *turn, const memory_t *memory, const place_t *place, const agg_obligation_t *row) {
    obligation_keep(turn, place, row);
    obligation_emit(turn, memory, place, row);
}

/* Then whoever owed it has a row; who came into the plan later does not owe what was past. */
static bool period_is_past(turn_t *turn, const period_t *period) {
    store_key_t key = KEY(period->id);
    agg_period_t row;
    return turn_get(turn, T_PERIODS, &key, &row) && row.past;
}

bool obligation_tell(turn_t *turn, const memory_t *memory, const place_t *place, arena_t *scratch, obligation_changed_t *told) {
    agg_obligation_t row;
    wire_known_t counting;
    arena_reset(scratch);
    if (!obligation_read(turn, place, scratch, &row, &counting)) {
        if (!planbook_owes(memory->book, place->unit, place->task, place->period) || period_is_past(turn, place->period))
            return false;
        row = (agg_obligation_t){.standing = standing_not_due, .timeliness = timeliness_pending};
    }
    if (row.standing == standing_lifted && row.revision == 0) return false;
    *told = obligation_show(turn, memory, place, &row);
    if (row.why.size > 0) told->why = arena_text(turn_arena(turn), row.why);
    return true;
}

int64_t report_instant(const turn_t *turn, const report_accepted_t *report) {
    return report->received_ms != 0 ? (int64_t)report->received_ms : turn_now_ms(turn);
}

void obligation_report(turn_t *turn, const place_t *place, const report_accepted_t *report, agg_obligation_t *row) {
    const memory_t *memory = turn_memory(turn);
    if (row->revision > 0 && row->revision >= report->revision) return;
    bool was_reported = row->standing == standing_reported && row->first_valid_ms != 0;
    row->standing = standing_reported;
    row->revision = report->revision;
    row->decided_seq = row->again_ms = row->counts = 0; /* what was decided was decided on the revision before */
    row->why = text_of(NULL);
    if (row->first_valid_ms == 0) { /* frozen here: no later revision touches it */
        uint64_t due_seq;
        deadline_t deadline = memory_deadline(memory, place, row, &due_seq);
        punctuality_t punctuality = report_punctuality(memory->plan, &deadline, report_instant(turn, report));
        row->first_valid_ms = (uint64_t)report_instant(turn, report);
        row->timeliness = punctuality.timeliness;
        row->days_late = punctuality.days_late;
    }
    /* of a mere newer revision nobody downstream is told: what is owed is the same; total_changed says what it changed */
    if (!was_reported) obligation_emit(turn, memory, place, row);
}

/* ---------- the agenda ---------- */

static bool period_is_open(turn_t *turn, const period_t *period, agg_period_t *row) {
    store_key_t key = KEY(period->id);
    return turn_get(turn, T_PERIODS, &key, row);
}

static void period_put(turn_t *turn, const memory_t *memory, const period_t *period, bool past, uint64_t again_ms) {
    store_key_t key = KEY(period->id);
    uint64_t due_ms = (uint64_t)memory->deadlines[planbook_period_index(memory->book, period)].due_ms;
    turn_put(turn, T_PERIODS, &key, &(agg_period_t){.past = past, .due_ms = due_ms, .again_ms = again_ms});
}

/* What a walk over (task, unit) of a period is for. */
typedef struct {
    bool past;
    bool was_past; /* before: who did not owe it then does not owe it now */
    bool opened;   /* now, or before; else only who was given more time in advance has a row */
    bool amending;
    bool moved; /* it is due at another instant: everybody who owes it is told */
} walk_t;

/* Who has more time than the others is looked at again when that is over. */
static void again_note(agg_pass_t *pass, const deadline_t *own) {
    uint64_t over_ms = (uint64_t)(own->due_ms + own->grace_ms);
    if (pass->again_ms == 0 || over_ms < pass->again_ms) pass->again_ms = over_ms;
}

/* 待报 or 逾期, by the unit's own deadline. */
static void obligation_due(agg_obligation_t *row, bool past) {
    row->standing = past ? standing_overdue : standing_due;
    row->timeliness = past ? timeliness_missing : timeliness_pending;
}

/* What is reported stays as it is; but who owes it no more has nothing to do again, until he owes it once more. */
static void reported_amend(turn_t *turn, const memory_t *memory, const place_t *place, bool owes, agg_obligation_t *row) {
    standing_t standing = owes ? standing_returned : standing_lifted;
    if (row->again_ms == 0 || row->standing == standing) return;
    row->standing = standing;
    obligation_put(turn, memory, place, row);
}

/* The row goes, unless it says that its unit was given more time: that holds if it owes it again. */
static void obligation_end(turn_t *turn, const memory_t *memory, const place_t *place, agg_obligation_t *row) {
    if (row->standing == standing_lifted) return;
    row->standing = standing_lifted;
    row->timeliness = timeliness_pending;
    obligation_put(turn, memory, place, row);
    if (row->due_seq == 0) obligation_lift(turn, place);
}

/* One unit of one task under an amended plan. */
static void obligation_amend(turn_t *turn, const memory_t *memory, agg_pass_t *pass, const place_t *place, const walk_t *walk) {
    agg_obligation_t row;
    bool there = obligation_get(turn, place, &row);
    bool owes = planbook_owes(memory->book, place->unit, place->task, place->period);
    if (there && row.revision > 0) reported_amend(turn, memory, place, owes, &row);
    if (there && row.revision > 0) return;
    if (!there && (!owes || !walk->opened || (walk->past && walk->was_past))) return;
    if (!owes) {
        obligation_end(turn, memory, place, &row);
        return;
    }
    uint64_t due_seq;
    deadline_t own = memory_deadline(memory, place, &row, &due_seq);
    bool past = deadline_is_past(&own, turn_now_ms(turn));
    if (row.standing == standing_lifted && past && walk->past && walk->was_past) return;
    if (walk->past && !past) again_note(pass, &own);
    row.standing = standing_not_due;
    if (walk->opened) obligation_due(&row, past);
    obligation_put(turn, memory, place, &row);
}

/* One unit of one task: what a period that opens, or whose deadline is past, means for it. */
static void obligation_advance(turn_t *turn, const memory_t *memory, agg_pass_t *pass, const place_t *place, const walk_t *walk) {
    agg_obligation_t row;
    bool there = obligation_get(turn, place, &row);
    if (there && row.standing != standing_due && row.standing != standing_not_due) return;
    if (!there && (walk->was_past || !planbook_owes(memory->book, place->unit, place->task, place->period))) return;
    uint64_t due_seq;
    deadline_t own = memory_deadline(memory, place, &row, &due_seq);
    bool past = deadline_is_past(&own, turn_now_ms(turn));
    if (walk->past && !past) again_note(pass, &own);
    if (there && row.standing == standing_due && !past) return;
    obligation_due(&row, past);
    obligation_put(turn, memory, place, &row);
}

/* By the deadline as it is now: a report that came between the old one and the new is in time after all. */
static void obligation_retime(turn_t *turn, const memory_t *memory, agg_pass_t *pass, const place_t *place, agg_obligation_t *row) {
    uint64_t due_seq;
    deadline_t own = memory_deadline(memory, place, row, &due_seq);
    bool past = deadline_is_past(&own, turn_now_ms(turn));
    if (row->first_valid_ms != 0) {
        punctuality_t punctuality = report_punctuality(memory->plan, &own, (int64_t)row->first_valid_ms);
        row->timeliness = punctuality.timeliness;
        row->days_late = punctuality.days_late;
    } else if (row->standing != standing_not_due) {
        obligation_due(row, past);
        if (!past) again_note(pass, &own);
    }
    obligation_put(turn, memory, place, row);
}

/* One unit of one task after an absence of ours, if that gave it time back. */
static void obligation_outage(turn_t *turn, const memory_t *memory, agg_pass_t *pass, const place_t *place) {
    agg_obligation_t row;
    uint64_t due_seq;
    if (!obligation_get(turn, place, &row) || (row.standing == standing_lifted && row.revision == 0)) return;
    (void)memory_deadline(memory, place, &row, &due_seq);
    if (due_seq == pass->outage_seq) obligation_retime(turn, memory, pass, place, &row);
}

/* Walks (task, unit) of the period at hand; under an amended plan every unit, since who owed it before may owe it no more.
 * true: finished; the cursor stands in the pass otherwise. */
static bool period_advance(turn_t *turn, const memory_t *memory, agg_pass_t *pass, const walk_t *walk, uint32_t *pieces) {
    const period_t *period = &memory->plan->periods[pass->period];
    for (; pass->task < memory->plan->tasks_count; pass->task++, pass->place = 0) {
        const task_t *task = &memory->plan->tasks[pass->task];
        bool all = walk->amending && (walk->moved || duty_has_changed(turn, memory, (uint32_t)pass->task));
        if (walk->amending && !all && (!walk->opened || walk->past == walk->was_past)) continue;
        uint32_t count = all ? memory->plan->units_count : memory->owers_count[pass->task];
        for (; pass->place < count; pass->place++) {
            if (*pieces == 0) return false;
            (*pieces)--;
            uint32_t unit = all ? (uint32_t)pass->place : memory->owers[pass->task][pass->place];
            place_t place = place_of(memory, &memory->plan->units[unit], task, period);
            if (pass->outage_seq != 0) obligation_outage(turn, memory, pass, &place);
            else if (all) obligation_amend(turn, memory, pass, &place, walk);
            else obligation_advance(turn, memory, pass, &place, walk);
        }
    }
    pass->task = pass->place = 0;
    return true;
}

/* true: every period is where it belongs at this instant. */
static bool periods_advance(turn_t *turn, const memory_t *memory, agg_pass_t *pass, uint32_t *pieces) {
    int64_t now_ms = turn_now_ms(turn);
    for (; pass->period < memory->plan->periods_count; pass->period++) {
        const period_t *period = &memory->plan->periods[pass->period];
        agg_period_t row = {0};
        bool open = period_is_open(turn, period, &row);
        bool past = deadline_is_past(&memory->deadlines[pass->period], now_ms);
        bool opens = !open && now_ms >= memory->opens_ms[pass->period];
        bool amends = pass->amending;
        bool again = open && row.again_ms != 0 && (uint64_t)now_ms > row.again_ms;
        bool looked_at = opens || amends || again || (open && past && !row.past) || (open && pass->outage_seq != 0);
        if (!looked_at) continue;
        walk_t walk = {.past = past, .was_past = row.past, .opened = open || opens, .amending = amends};
        walk.moved = amends && walk.opened && row.due_ms != (uint64_t)memory->deadlines[pass->period].due_ms;
        if (!period_advance(turn, memory, pass, &walk, pieces)) return false;
        bool sooner = pass->again_ms == 0 || row.again_ms < pass->again_ms;
        if (sooner && row.again_ms > (uint64_t)now_ms) pass->again_ms = row.again_ms;
        if (walk.opened) period_put(turn, memory, period, pass->outage_seq != 0 ? row.past : past, pass->again_ms);
        pass->again_ms = 0;
    }
    return true;
}

static bool targets_advance(turn_t *turn, const memory_t *memory, agg_pass_t *pass, uint32_t *pieces) {
    for (; pass->judging && pass->watch < memory->watches_count; pass->watch++) {
        if (*pieces == 0) return false;
        (*pieces)--;
        target_judge(turn, &memory->watches[pass->watch], true);
    }
    return true;
}

static void earliest(int64_t *next_ms, int64_t candidate_ms, int64_t now_ms) {
    if (candidate_ms > now_ms && candidate_ms < *next_ms) *next_ms = candidate_ms;
}

/* The first instant at which time alone changes something again; a new day does in any case (序时, terms). */
static int64_t next_instant(turn_t *turn, const memory_t *memory) {
    int64_t now_ms = turn_now_ms(turn);
    uint32_t today = day_of_instant(memory->plan, now_ms);
    int64_t next_ms = instant_of_day(memory->plan, day_add(today, 1), 0);
    for (uint32_t index = 0; index < memory->plan->periods_count; index++) {
        agg_period_t row = {0};
        if (period_is_open(turn, &memory->plan->periods[index], &row) && row.again_ms != 0)
            earliest(&next_ms, (int64_t)row.again_ms + 1, now_ms);
        earliest(&next_ms, memory->opens_ms[index], now_ms);
        earliest(&next_ms, memory->deadlines[index].due_ms + memory->deadlines[index].grace_ms + 1, now_ms);
    }
    for (uint32_t index = 0; index < memory->watches_count; index++)
        earliest(&next_ms, memory->watches[index].aim.due_ms + 1, now_ms);
    return next_ms;
}

void pass_step(turn_t *turn, uint64_t step) {
    memory_t *memory = turn_memory(turn);
    if (memory == NULL) return;
    agg_pass_t pass = pass_get(turn);
    uint32_t pieces = LIMIT_AGENDA_STEP;
    bool done = periods_advance(turn, memory, &pass, &pieces) && amendment_advance(turn, memory, &pass, &pieces) &&
                targets_advance(turn, memory, &pass, &pieces);
    if (done) {
        uint64_t next_ms = (uint64_t)next_instant(turn, memory);
        pass = (agg_pass_t){.closed = pass.closed, .sealed_ms = pass.sealed_ms, .next_ms = next_ms};
        pass_put(turn, &pass);
        return;
    }
    pass_put(turn, &pass);
    turn_continue(turn, step + 1);
}

void pass_begin(turn_t *turn, bool judging) {
    agg_pass_t pass = pass_get(turn);
    if (!judging && (pass.sealed_ms != 0 || turn_now_ms(turn) < (int64_t)pass.next_ms)) return;
    pass.period = pass.task = pass.place = pass.watch = 0;
    pass.judging = true;
    pass_put(turn, &pass);
    pass_step(turn, 0);
}

/* The period's walk, and the pass as a whole, come back when this deadline is over. */
static void period_again(turn_t *turn, const memory_t *memory, const period_t *period, uint64_t again_ms) {
    agg_period_t row;
    if (again_ms == 0 || !period_is_open(turn, period, &row)) return;
    if (row.again_ms == 0 || again_ms < row.again_ms) period_put(turn, memory, period, row.past, again_ms);
    agg_pass_t pass = pass_get(turn);
    if (again_ms + 1 >= pass.next_ms) return;
    pass.next_ms = again_ms + 1;
    pass_put(turn, &pass);
}

void obligation_extend(turn_t *turn, const memory_t *memory, const place_t *place, uint64_t due_ms) {
    agg_obligation_t row;
    agg_period_t open;
    if (!obligation_get(turn, place, &row)) {
        /* who came into the plan when this was past, and is given time for it, owes it by then */
        bool opened = period_is_open(turn, place->period, &open);
        row = (agg_obligation_t){.standing = opened ? standing_due : standing_not_due, .timeliness = timeliness_pending};
    }
    row.due_ms = due_ms;
    row.due_seq = turn_cause(turn);
    agg_pass_t pass = {0};
    obligation_retime(turn, memory, &pass, place, &row);
    period_again(turn, memory, place->period, pass.again_ms);
}

void pass_outage(turn_t *turn) {
    agg_pass_t pass = {.closed = pass_get(turn).closed, .judging = true, .outage_seq = turn_cause(turn)};
    pass_put(turn, &pass);
    pass_step(turn, 0);
}

known_periods_t periods_known(turn_t *turn) {
    const memory_t *memory = turn_memory(turn);
    known_periods_t known = {0};
    if (memory == NULL) return known;
    text_t *ids = ARENA_NEW(turn_arena(turn), text_t, memory->plan->periods_count);
    for (; known.count < memory->plan->periods_count; known.count++)
        ids[known.count] = arena_text(turn_arena(turn), memory->plan->periods[known.count].id);
    known.ids = ids;
    return known;
}

void periods_come(turn_t *turn, const known_periods_t *known) {
    const memory_t *memory = turn_memory(turn);
    for (uint32_t index = 0; known->count > 0 && memory != NULL && index < memory->plan->periods_count; index++) {
        const period_t *period = &memory->plan->periods[index];
        if (text_find(known->ids, known->count, period->id)) continue;
        bool open = turn_now_ms(turn) >= memory->opens_ms[index]; /* a day off may bring a deadline forward, before its period */
        if (open && deadline_is_past(&memory->deadlines[index], turn_now_ms(turn))) period_put(turn, memory, period, true, 0);
    }
}

void pass_amend(turn_t *turn) {
    agg_pass_t pass = {.closed = pass_get(turn).closed, .judging = true, .amending = true};
    pass_put(turn, &pass);
    pass_step(turn, 0);
}
