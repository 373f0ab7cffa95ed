/* The plan as aggregation uses it: watches, deadlines, who may owe what; derived from the plan's row in the store. */
#include "services/3-aggregation/aggregation_state.h"

#include <string.h>

store_key_t key_of(const text_t *texts, uint32_t count) {
    store_key_t key = key_new();
    for (uint32_t index = 0; index < count; index++) key_add_text(&key, texts[index]);
    return key;
}

static bool *marks_cleared(memory_t *memory) {
    memset(memory->marks, 0, memory->plan->units_count);
    return memory->marks;
}

static uint32_t marks_count(const memory_t *memory) {
    uint32_t count = 0;
    for (uint32_t unit = 0; unit < memory->plan->units_count; unit++) count += memory->marks[unit];
    return count;
}

static void units_mark(const memory_t *memory, bool *marks, const text_t *units, uint32_t count) {
    for (uint32_t index = 0; index < count; index++) {
        const unit_t *unit = planbook_unit(memory->book, units[index]);
        if (unit != NULL) marks[planbook_unit_index(memory->book, unit)] = true;
    }
}

static void contributors_mark(const memory_t *memory, bool *marks, const indicator_t *indicator) {
    units_mark(memory, marks, indicator->contributors, indicator->contributors_count);
    for (uint32_t index = 0; index < indicator->members_count; index++)
        units_mark(memory, marks, indicator->members[index].contributors, indicator->members[index].contributors_count);
}

void texts_hash(const text_t *texts, uint32_t count, buffer_t *out) {
    buffer_t bytes = {0};
    uint8_t hash[QUICK_SIZE] = {0};
    for (uint32_t index = 0; index < count; index++) {
        buffer_add(&bytes, &texts[index].size, sizeof texts[index].size);
        buffer_add(&bytes, texts[index].at, texts[index].size);
    }
    if (count > 0) hash_quick((bytes_t){bytes.at, (uint32_t)bytes.size}, hash);
    buffer_add(out, hash, sizeof hash);
    buffer_destroy(&bytes);
}

/* Thousands contribute to hundreds of indicators, and mostly the same: a list that stands for another already is taken again. */
static bool contributors_shared(memory_t *memory, watch_t *watch, const uint64_t *bits, size_t words) {
    for (const watch_t *other = memory->watches; other < watch; other++) {
        if (memcmp(other->contributes, bits, words * sizeof *bits) != 0) continue;
        watch->contributors = other->contributors;
        watch->contributors_count = other->contributors_count;
        watch->contributes = other->contributes;
        memcpy(watch->contributors_hash, other->contributors_hash, sizeof watch->contributors_hash);
        return true;
    }
    return false;
}

/* Two bits a unit, all of the first before all of the second: is it among them; and is it there when the target is due? */
static void bits_fill(memory_t *memory, const bool *marks, uint32_t due, size_t words) {
    memset(memory->bits, 0, 2 * words * sizeof *memory->bits);
    for (uint32_t unit = 0; unit < memory->plan->units_count; unit++) {
        if (!marks[unit]) continue;
        memory->bits[unit / 64] |= 1ULL << unit % 64;
        if (unit_is_there(&memory->plan->units[unit], due)) memory->bits[words + unit / 64] |= 1ULL << unit % 64;
    }
}

static void contributors_fill(memory_t *memory, watch_t *watch, const indicator_t *indicator) {
    bool *marks = marks_cleared(memory);
    contributors_mark(memory, marks, indicator);
    size_t words = memory->plan->units_count / 64 + 1;
    bits_fill(memory, marks, watch->aim.due, words);
    if (contributors_shared(memory, watch, memory->bits, 2 * words)) return;
    text_t *contributors = ARENA_NEW(memory->arena, text_t, marks_count(memory));
    uint64_t *bits = ARENA_NEW(memory->arena, uint64_t, 2 * words);
    memcpy(bits, memory->bits, 2 * words * sizeof *bits);
    for (uint32_t unit = 0; unit < memory->plan->units_count; unit++)
        if (bits[words + unit / 64] >> unit % 64 & 1) contributors[watch->contributors_count++] = memory->plan->units[unit].id;
    watch->contributors = contributors;
    watch->contributes = bits;
    buffer_t hash = {0};
    texts_hash(contributors, watch->contributors_count, &hash);
    memcpy(watch->contributors_hash, hash.at, sizeof watch->contributors_hash);
    buffer_destroy(&hash);
}

/* Contributors and leads who are not there when the target is due: alerting is told of it when they change, met or not. */
static void absent_fill(const memory_t *memory, watch_t *watch) {
    const plan_t *plan = memory->plan;
    text_t *absent = NULL; /* mostly nobody is */
    for (uint32_t unit = 0; unit < plan->units_count; unit++) {
        if (unit_is_there(&plan->units[unit], watch->aim.due)) continue;
        if (!watch_contributed_by(watch, unit) && !task_led_by(watch->task, plan->units[unit].id)) continue;
        if (absent == NULL) absent = ARENA_NEW(memory->arena, text_t, plan->units_count);
        absent[watch->absent_count++] = plan->units[unit].id;
    }
    watch->absent = absent;
}

/* A target is due when it says so, else when its task is. */
static void watch_fill(memory_t *memory, watch_t *watch, const task_t *task, const indicator_t *indicator) {
    const target_t *target = &indicator->target;
    uint32_t due = target->due != 0 ? target->due : task->due;
    deadline_t deadline = deadline_resolve(memory->plan, due);
    bool judged = target->shape != shape_none && target->goal > 0;
    *watch = (watch_t){.task = task,
                       .indicator = indicator,
                       .aim = {.shape = judged ? target->shape : shape_none,
                               .goal = target->goal,
                               .stretch = target->stretch,
                               .from = task->from,
                               .due = due,
                               .due_day = deadline.day,
                               .due_ms = deadline.due_ms + deadline.grace_ms,
                               .months = (uint32_t)target->months},
                       .due_ms = deadline.due_ms,
                       .term_last = term_last_day(deadline.day, (uint32_t)target->months),
                       .judged = judged,
                       .hand = ARENA_NEW(memory->arena, hand_t, 1)};
    contributors_fill(memory, watch, indicator);
    absent_fill(memory, watch);
    watch_hashes(watch);
}

static void owers_fill(memory_t *memory, uint32_t index) {
    const task_t *task = &memory->plan->tasks[index];
    bool *marks = marks_cleared(memory);
    units_mark(memory, marks, task->lead, task->lead_count);
    units_mark(memory, marks, task->responsible, task->responsible_count);
    for (uint32_t place = 0; place < task->indicators_count; place++)
        contributors_mark(memory, marks, &task->indicators[place]);
    memory->owers[index] = ARENA_NEW(memory->arena, uint32_t, marks_count(memory));
    for (uint32_t unit = 0; unit < memory->plan->units_count; unit++)
        if (marks[unit]) memory->owers[index][memory->owers_count[index]++] = unit;
}

static void tasks_fill(memory_t *memory) {
    const plan_t *plan = memory->plan;
    memory->owers = ARENA_NEW(memory->arena, uint32_t *, plan->tasks_count);
    memory->owers_count = ARENA_NEW(memory->arena, uint32_t, plan->tasks_count);
    memory->first_watch = ARENA_NEW(memory->arena, uint32_t, plan->tasks_count);
    uint32_t count = 0;
    for (uint32_t task = 0; task < plan->tasks_count; task++) count += plan->tasks[task].indicators_count;
    memory->watches = ARENA_NEW(memory->arena, watch_t, count);
    for (uint32_t task = 0; task < plan->tasks_count; task++) {
        owers_fill(memory, task);
        memory->first_watch[task] = memory->watches_count;
        for (uint32_t index = 0; index < plan->tasks[task].indicators_count; index++)
            watch_fill(memory, &memory->watches[memory->watches_count++], &plan->tasks[task],
                       &plan->tasks[task].indicators[index]);
    }
}

static void periods_fill(memory_t *memory) {
    const plan_t *plan = memory->plan;
    memory->deadlines = ARENA_NEW(memory->arena, deadline_t, plan->periods_count);
    memory->opens_ms = ARENA_NEW(memory->arena, int64_t, plan->periods_count);
    for (uint32_t index = 0; index < plan->periods_count; index++) {
        memory->deadlines[index] = deadline_resolve(plan, plan->periods[index].due);
        memory->opens_ms[index] = instant_of_day(plan, plan->periods[index].from, 0);
    }
}

static void absences_fill(turn_t *turn, memory_t *memory) {
    store_key_t all = key_new();
    agg_outage_t row;
    scan_t scan = scan_begin(turn_txn(turn), T_OUTAGES, &all, NULL);
    while (scan_next(&scan, turn_arena(turn), &row)) {
        outage_counted_t outage = {.from_ms = row.from_ms, .to_ms = row.to_ms, .units = row.units, .units_count = row.units_count};
        absences_add(&memory->absences, memory->book, row.seq, &outage, memory->arena);
    }
    scan_end(&scan);
}

deadline_t memory_deadline(const memory_t *memory, const place_t *place, const agg_obligation_t *row, uint64_t *seq) {
    return deadline_in_force(memory->book, memory->deadlines[place->period_index], place->unit->id, row == NULL ? 0 : row->due_ms,
                             row == NULL ? 0 : row->due_seq, &memory->absences, seq);
}

void *aggregation_memory_load(turn_t *turn) {
    planbook_t *book = plan_kept(turn_txn(turn), aggregation_plan_tables);
    if (book == NULL) return NULL;
    arena_t *arena = arena_new();
    memory_t *memory = ARENA_NEW(arena, memory_t, 1);
    memory->arena = arena;
    memory->book = book;
    memory->plan = planbook_plan(memory->book);
    memory->closed = pass_get(turn).closed;
    memory->lately = ARENA_NEW(arena, lately_t, 1);
    memory->dossiers.arena = arena_new();
    memory->dossiers.scratch = arena_new();
    memory->dossiers.of = ARENA_NEW(arena, dossier_t **, memory->plan->tasks_count);
    memory->marks = ARENA_NEW(arena, bool, memory->plan->units_count);
    memory->bits = ARENA_NEW(arena, uint64_t, 2 * ((size_t)memory->plan->units_count / 64 + 1));
    tasks_fill(memory);
    periods_fill(memory);
    absences_fill(turn, memory);
    return memory;
}

void aggregation_memory_destroy(void **memory) {
    memory_t *self = *memory;
    if (self == NULL) return;
    planbook_destroy(&self->book);
    dossiers_destroy(&self->dossiers);
    buffer_destroy(&self->shelf.laid);
    arena_t *arena = self->arena;
    arena_destroy(&arena); /* the memory itself lives in it */
    *memory = NULL;
}

uint32_t memory_task_index(const memory_t *memory, const task_t *task) {
    ASSERT(task >= memory->plan->tasks && task < memory->plan->tasks + memory->plan->tasks_count);
    return (uint32_t)(task - memory->plan->tasks);
}

static const watch_t *watch_find(const watch_t *watches, const task_t *task, text_t indicator) {
    for (uint32_t index = 0; index < task->indicators_count; index++)
        if (id_equal(task->indicators[index].id, indicator)) return &watches[index];
    return NULL;
}

const watch_t *memory_watch(const memory_t *memory, const task_t *task, text_t indicator) {
    return watch_find(&memory->watches[memory->first_watch[memory_task_index(memory, task)]], task, indicator);
}

const watch_t *place_watch(const place_t *place, text_t indicator) { return watch_find(place->watches, place->task, indicator); }

uint32_t memory_today(const memory_t *memory, const turn_t *turn) {
    enum { DAY_MS = 86400000 };
    int64_t now_ms = turn_now_ms(turn);
    lately_t *lately = memory->lately;
    if (now_ms >= lately->day_from_ms && now_ms < lately->day_to_ms) return lately->day;
    lately->day = day_of_instant(memory->plan, now_ms);
    lately->day_from_ms = instant_of_day(memory->plan, lately->day, 0);
    lately->day_to_ms = lately->day_from_ms + DAY_MS;
    return lately->day;
}

static void place_unit(const memory_t *memory, place_t *place, const unit_t *unit) {
    place->unit = unit;
    place->unit_index = planbook_unit_index(memory->book, unit);
}

static void place_task(const memory_t *memory, place_t *place, const task_t *task) {
    place->task = task;
    place->task_index = memory_task_index(memory, task);
    place->watches = &memory->watches[memory->first_watch[place->task_index]];
}

static void place_period(const memory_t *memory, place_t *place, const period_t *period) {
    place->period = period;
    place->period_index = planbook_period_index(memory->book, period);
}

place_t place_of(const memory_t *memory, const unit_t *unit, const task_t *task, const period_t *period) {
    place_t place;
    place_unit(memory, &place, unit);
    place_task(memory, &place, task);
    place_period(memory, &place, period);
    return place;
}

/* What was looked up last is looked at first: a frame brings many reports of one unit, many of them for one task. false: the plan
 * has no such thing. */
static bool lately_unit(const memory_t *memory, place_t *last, text_t id) {
    if (last->unit != NULL && id_equal(id, last->unit->id)) return true;
    const unit_t *unit = planbook_unit(memory->book, id);
    if (unit != NULL) place_unit(memory, last, unit);
    return unit != NULL;
}

static bool lately_task(const memory_t *memory, place_t *last, text_t id) {
    if (last->task != NULL && id_equal(id, last->task->id)) return true;
    const task_t *task = planbook_task(memory->book, id);
    if (task != NULL) place_task(memory, last, task);
    return task != NULL;
}

/* And the one behind it: who makes up leeway goes from month to month. */
static bool lately_period(const memory_t *memory, place_t *last, text_t id) {
    if (last->period != NULL && id_equal(id, last->period->id)) return true;
    uint32_t next = last->period == NULL ? 0 : last->period_index + 1;
    bool follows = next < memory->plan->periods_count && id_equal(id, memory->plan->periods[next].id);
    const period_t *period = follows ? &memory->plan->periods[next] : planbook_period(memory->book, id);
    if (period != NULL) place_period(memory, last, period);
    return period != NULL;
}

bool place_find(const memory_t *memory, text_t unit, text_t task, text_t period, place_t *place) {
    place_t *last = &memory->lately->place;
    if (!lately_unit(memory, last, unit) || !lately_task(memory, last, task) || !lately_period(memory, last, period)) return false;
    *place = *last;
    return true;
}

bool watch_contributed_by(const watch_t *watch, uint32_t unit_index) {
    return (watch->contributes[unit_index / 64] >> unit_index % 64 & 1) != 0;
}

bool watch_judges(const watch_t *watch, text_t member) {
    return watch->judged && (watch->aim.shape == shape_each) == (member.size > 0);
}
