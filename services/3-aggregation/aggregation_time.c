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
static void missing_fill(turn_t *turn, const memory_t *memory, const period_t *period, const task_t *task,
                         obligation_changed_t *told) {
    uint32_t unit = planbook_unit_index(memory->book, planbook_unit(memory->book, told->unit));
    const watch_t *watches = &memory->watches[memory->first_watch[memory_task_index(memory, task)]];
    text_t *missing = ARENA_NEW(turn_arena(turn), text_t, task->indicators_count + 1);
    for (uint32_t index = 0; index < task->indicators_count && told->missing_count < LIMIT_MISSING; index++) {
        const indicator_t *indicator = &task->indicators[index];
        if (!indicator->required || !watch_contributed_by(&watches[index], unit)) continue;
        if (period->confirmation && indicator->target.shape != shape_lasting) continue;
        missing[told->missing_count++] = indicator->id;
    }
    if (told->missing_count == 0) missing[told->missing_count++] = text_of("progress");
    told->missing = missing;
}

static obligation_changed_t obligation_show(turn_t *turn, const memory_t *memory, const period_t *period, const task_t *task,
                                            text_t unit, const agg_obligation_t *row) {
    obligation_changed_t told = {.unit = unit,
                                 .task = task->id,
                                 .period = period->id,
                                 .standing = row->standing,
                                 .timeliness = row->timeliness,
                                 .due_ms = (uint64_t)memory->deadlines[planbook_period_index(memory->book, period)].due_ms,
                                 .first_valid_ms = row->first_valid_ms,
                                 .days_late = row->days_late,
                                 .revision = row->revision};
    if (row->standing != standing_reported) missing_fill(turn, memory, period, task, &told);
    return told;
}

static void obligation_put(turn_t *turn, const memory_t *memory, const period_t *period, const task_t *task, text_t unit,
                           const agg_obligation_t *row) {
    store_key_t key = KEY(period->id, task->id, unit);
    turn_put(turn, T_OBLIGATIONS, &key, row);
    obligation_changed_t told = obligation_show(turn, memory, period, task, unit, row);
    turn_emit(turn, obligation_changed_type(), &told);
}

/* Then whoever owed it has a row; who came into the plan later does not owe what was past. */
static bool period_is_past(turn_t *turn, const period_t *period) {
    store_key_t key = KEY(period->id);
    agg_period_t row;
    return turn_get(turn, T_PERIODS, &key, &row) && row.past;
}

bool obligation_tell(turn_t *turn, const memory_t *memory, const period_t *period, const task_t *task, const unit_t *unit,
                     obligation_changed_t *told) {
    store_key_t key = KEY(period->id, task->id, unit->id);
    agg_obligation_t row;
    if (!turn_get(turn, T_OBLIGATIONS, &key, &row)) {
        if (!planbook_owes(memory->book, unit, task, period) || period_is_past(turn, period)) return false;
        row = (agg_obligation_t){.standing = standing_not_due, .timeliness = timeliness_pending};
    }
    *told = obligation_show(turn, memory, period, task, unit->id, &row);
    return true;
}

int64_t report_instant(const turn_t *turn, const report_accepted_t *report) {
    return report->received_ms != 0 ? (int64_t)report->received_ms : turn_now_ms(turn);
}

void obligation_report(turn_t *turn, const report_accepted_t *report) {
    const memory_t *memory = turn_memory(turn);
    const period_t *period = planbook_period(memory->book, report->period);
    const task_t *task = planbook_task(memory->book, report->task);
    store_key_t key = KEY(report->period, report->task, report->unit);
    agg_obligation_t row;
    if (!turn_get(turn, T_OBLIGATIONS, &key, &row)) row = (agg_obligation_t){0};
    if (row.standing == standing_reported && row.revision >= report->revision) return;
    row.standing = standing_reported;
    row.revision = report->revision;
    if (row.first_valid_ms == 0) { /* frozen here: no later revision touches it */
        const deadline_t *deadline = &memory->deadlines[planbook_period_index(memory->book, period)];
        punctuality_t punctuality = report_punctuality(memory->plan, deadline, report_instant(turn, report));
        row.first_valid_ms = (uint64_t)report_instant(turn, report);
        row.timeliness = punctuality.timeliness;
        row.days_late = punctuality.days_late;
    }
    obligation_put(turn, memory, period, task, report->unit, &row);
}

/* ---------- the agenda ---------- */

static bool period_is_open(turn_t *turn, const period_t *period, agg_period_t *row) {
    store_key_t key = KEY(period->id);
    return turn_get(turn, T_PERIODS, &key, row);
}

static void period_put(turn_t *turn, const memory_t *memory, const period_t *period, bool past) {
    store_key_t key = KEY(period->id);
    uint64_t due_ms = (uint64_t)memory->deadlines[planbook_period_index(memory->book, period)].due_ms;
    turn_put(turn, T_PERIODS, &key, &(agg_period_t){.past = past, .due_ms = due_ms});
}

/* What a walk over (task, unit) of a period is for. */
typedef struct {
    bool past;
    bool was_past; /* before: who did not owe it then does not owe it now */
    bool amending;
    bool moved; /* it is due at another instant: everybody who owes it is told */
} walk_t;

/* One unit of one task under an amended plan. What is reported stays as it is. */
static void obligation_amend(turn_t *turn, const memory_t *memory, const period_t *period, const task_t *task,
                             const unit_t *unit, const walk_t *walk) {
    store_key_t key = KEY(period->id, task->id, unit->id);
    agg_obligation_t row;
    bool there = turn_get(turn, T_OBLIGATIONS, &key, &row);
    bool owes = planbook_owes(memory->book, unit, task, period);
    if (there && row.standing == standing_reported) return;
    if (!there && (!owes || (walk->past && walk->was_past))) return;
    if (!owes) {
        row.standing = standing_lifted;
        row.timeliness = timeliness_pending;
        obligation_put(turn, memory, period, task, unit->id, &row);
        turn_delete(turn, T_OBLIGATIONS, &key);
        return;
    }
    row = (agg_obligation_t){.standing = walk->past ? standing_overdue : standing_due,
                             .timeliness = walk->past ? timeliness_missing : timeliness_pending};
    obligation_put(turn, memory, period, task, unit->id, &row);
}

/* One unit of one task: what a period that opens, or whose deadline is past, means for it. */
static void obligation_advance(turn_t *turn, const memory_t *memory, const period_t *period, const task_t *task,
                               const unit_t *unit, bool past) {
    store_key_t key = KEY(period->id, task->id, unit->id);
    agg_obligation_t row;
    bool there = turn_get(turn, T_OBLIGATIONS, &key, &row);
    if (there && row.standing != standing_due) return;
    if (there && !past) return;
    if (!there && !planbook_owes(memory->book, unit, task, period)) return;
    row = (agg_obligation_t){.standing = past ? standing_overdue : standing_due,
                             .timeliness = past ? timeliness_missing : timeliness_pending};
    obligation_put(turn, memory, period, task, unit->id, &row);
}

/* Walks (task, unit) of the period at hand; under an amended plan every unit, since who owed it before may owe it no more.
 * true: finished; the cursor stands in the pass otherwise. */
static bool period_advance(turn_t *turn, const memory_t *memory, agg_pass_t *pass, const walk_t *walk, uint32_t *pieces) {
    const period_t *period = &memory->plan->periods[pass->period];
    for (; pass->task < memory->plan->tasks_count; pass->task++, pass->place = 0) {
        const task_t *task = &memory->plan->tasks[pass->task];
        bool all = walk->amending && (walk->moved || duty_has_changed(turn, memory, (uint32_t)pass->task));
        if (walk->amending && !all && walk->past == walk->was_past) continue;
        uint32_t count = all ? memory->plan->units_count : memory->owers_count[pass->task];
        for (; pass->place < count; pass->place++) {
            if (*pieces == 0) return false;
            (*pieces)--;
            uint32_t place = (uint32_t)pass->place;
            const unit_t *unit = &memory->plan->units[all ? place : memory->owers[pass->task][place]];
            if (all)
                obligation_amend(turn, memory, period, task, unit, walk);
            else
                obligation_advance(turn, memory, period, task, unit, walk->past);
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
        bool amends = open && pass->amending;
        if (!opens && !amends && !(open && past && !row.past)) continue;
        walk_t walk = {.past = past, .was_past = row.past, .amending = amends};
        walk.moved = amends && row.due_ms != (uint64_t)memory->deadlines[pass->period].due_ms;
        if (!period_advance(turn, memory, pass, &walk, pieces)) return false;
        period_put(turn, memory, period, past);
    }
    return true;
}

static bool targets_advance(turn_t *turn, const memory_t *memory, agg_pass_t *pass, uint32_t *pieces) {
    for (; pass->judging && pass->watch < memory->watches_count; pass->watch++) {
        if (*pieces == 0) return false;
        (*pieces)--;
        target_judge(turn, &memory->watches[pass->watch], pass->closed, true);
    }
    return true;
}

static void earliest(int64_t *next_ms, int64_t candidate_ms, int64_t now_ms) {
    if (candidate_ms > now_ms && candidate_ms < *next_ms) *next_ms = candidate_ms;
}

/* The first instant at which time alone changes something again; a new day does in any case (序时, terms). */
static int64_t next_instant(const memory_t *memory, int64_t now_ms) {
    uint32_t today = day_of_instant(memory->plan, now_ms);
    int64_t next_ms = instant_of_day(memory->plan, day_add(today, 1), 0);
    for (uint32_t index = 0; index < memory->plan->periods_count; index++) {
        earliest(&next_ms, memory->opens_ms[index], now_ms);
        earliest(&next_ms, memory->deadlines[index].due_ms + memory->deadlines[index].grace_ms + 1, now_ms);
    }
    for (uint32_t index = 0; index < memory->watches_count; index++)
        earliest(&next_ms, memory->watches[index].aim.due_ms + 1, now_ms);
    return next_ms;
}

void pass_step(turn_t *turn, uint64_t step) {
    const memory_t *memory = turn_memory(turn);
    if (memory == NULL) return;
    agg_pass_t pass = pass_get(turn);
    uint32_t pieces = LIMIT_AGENDA_STEP;
    bool done = periods_advance(turn, memory, &pass, &pieces) && amendment_advance(turn, memory, &pass, &pieces) &&
                targets_advance(turn, memory, &pass, &pieces);
    if (done) {
        pass = (agg_pass_t){.closed = pass.closed, .next_ms = (uint64_t)next_instant(memory, turn_now_ms(turn))};
        pass_put(turn, &pass);
        return;
    }
    pass_put(turn, &pass);
    turn_continue(turn, step + 1);
}

void pass_begin(turn_t *turn, bool judging) {
    agg_pass_t pass = pass_get(turn);
    if (!judging && turn_now_ms(turn) < (int64_t)pass.next_ms) return;
    pass.period = pass.task = pass.place = pass.watch = 0;
    pass.judging = true;
    pass_put(turn, &pass);
    pass_step(turn, 0);
}

void pass_amend(turn_t *turn) {
    agg_pass_t pass = {.closed = pass_get(turn).closed, .judging = true, .amending = true};
    pass_put(turn, &pass);
    pass_step(turn, 0);
}
