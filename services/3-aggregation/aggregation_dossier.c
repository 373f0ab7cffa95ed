/* Dossiers: what a unit owes and has reported for one task, all periods in one row. At hand they are values: LMDB is asked once for
 * a dozen obligations, and what changes is packed once a commit. An obligation that is more than plain stays packed until somebody
 * looks at it. */
#include "services/3-aggregation/aggregation_state.h"

#include "services/stage/log.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHANGED_LEAST = 1024,
    PLAIN_SIZE = 64, /* bytes of a plain obligation in its row, about */
    PERIODS_FIRST = 4 /* a new dossier has room for */
};

struct dossier {
    uint32_t task, unit; /* by their positions in the plan */
    agg_leaf_t *leaves;  /* ascending by period */
    uint32_t leaves_count, leaves_room;
    size_t packed; /* bytes of them that are */
    bool changed;
};

static store_key_t dossier_key(const memory_t *memory, uint32_t task, uint32_t unit) {
    return KEY(memory->plan->tasks[task].id, memory->plan->units[unit].id);
}

/* ---------- one dossier ---------- */

/* Where the period's obligation is, or belongs. `guess`: its place in the plan, which is that in the dossier too where nothing is
 * missing. */
static uint32_t leaf_place(const dossier_t *self, uint32_t period_from, uint32_t guess) {
    uint32_t at = guess < self->leaves_count ? guess : self->leaves_count;
    while (at > 0 && self->leaves[at - 1].period_from >= period_from) at--;
    while (at < self->leaves_count && self->leaves[at].period_from < period_from) at++;
    return at;
}

static agg_leaf_t *leaf_of(const dossier_t *self, const place_t *place) {
    uint32_t at = leaf_place(self, place->period->from, place->period_index);
    return at < self->leaves_count && self->leaves[at].period_from == place->period->from ? &self->leaves[at] : NULL;
}

static void *dossiers_room(dossiers_t *self, size_t size) {
    self->bytes += size;
    return arena_room(self->arena, size);
}

static agg_leaf_t *leaf_add(const memory_t *memory, dossiers_t *all, dossier_t *self, const place_t *place) {
    uint32_t at = leaf_place(self, place->period->from, place->period_index);
    ASSERT(self->leaves_count < memory->plan->periods_count); /* no amendment takes any away */
    if (self->leaves_count == self->leaves_room) { /* many have few, many have all */
        bool few = self->leaves_count < PERIODS_FIRST && memory->plan->periods_count > PERIODS_FIRST;
        self->leaves_room = few ? PERIODS_FIRST : memory->plan->periods_count;
        agg_leaf_t *more = dossiers_room(all, self->leaves_room * sizeof *more);
        if (self->leaves_count > 0) memcpy(more, self->leaves, self->leaves_count * sizeof *more);
        self->leaves = more;
    }
    memmove(&self->leaves[at + 1], &self->leaves[at], (self->leaves_count - at) * sizeof *self->leaves);
    self->leaves_count++;
    self->leaves[at] = (agg_leaf_t){.period_from = place->period->from};
    return &self->leaves[at];
}

static void leaf_drop(dossier_t *self, agg_leaf_t *leaf) {
    self->packed -= leaf->obligation.size;
    size_t behind = (size_t)(self->leaves + self->leaves_count - (leaf + 1));
    memmove(leaf, leaf + 1, behind * sizeof *leaf);
    self->leaves_count--;
}

/* ---------- rows ---------- */

/* An id of the plan outlives the row that it was read from. */
static text_t indicator_kept(const watch_t *watch, text_t id, arena_t *arena) {
    return watch != NULL ? watch->indicator->id : arena_text(arena, id);
}

static void leaf_settle(const memory_t *memory, dossiers_t *all, uint32_t task, agg_leaf_t *leaf) {
    text_t id = leaf->counting.indicator;
    const watch_t *watch = id.size == 0 ? NULL : memory_watch(memory, &memory->plan->tasks[task], id);
    if (id.size > 0) leaf->counting.indicator = indicator_kept(watch, id, all->arena);
    leaf->obligation = arena_bytes(all->arena, leaf->obligation);
    all->bytes += leaf->obligation.size;
}

/* How many a row holds. false: it is broken. */
static bool leaves_count(bytes_t row, uint32_t *count) {
    uint32_t at = 0;
    agg_leaf_t leaf;
    *count = 0;
    while (leaf_take(row, &at, &leaf)) ++*count;
    return at == row.size && *count <= LIMIT_PERIODS;
}

const agg_leaf_t *dossier_leaves(turn_t *turn, const agg_dossier_t *row, arena_t *arena, uint32_t *count) {
    uint32_t at = 0;
    if (!leaves_count(row->leaves, count)) {
        log_error("dossier_unreadable", "size=%u", row->leaves.size);
        txn_fail(turn_txn(turn), ERR_CORRUPT);
        *count = 0;
    }
    agg_leaf_t *leaves = arena_room(arena, *count * sizeof *leaves);
    for (uint32_t index = 0; index < *count; index++) (void)leaf_take(row->leaves, &at, &leaves[index]);
    return leaves;
}

static dossier_t *dossier_read(turn_t *turn, const memory_t *memory, dossiers_t *all, uint32_t task, uint32_t unit) {
    agg_dossier_t row;
    store_key_t key = dossier_key(memory, task, unit);
    dossier_t *self = dossiers_room(all, sizeof *self);
    *self = (dossier_t){.task = task, .unit = unit};
    arena_reset(all->scratch);
    if (!txn_get(turn_txn(turn), T_DOSSIERS, &key, all->scratch, &row)) return self;
    const agg_leaf_t *leaves = dossier_leaves(turn, &row, all->scratch, &self->leaves_count);
    if (self->leaves_count == 0) return self;
    self->leaves_room = self->leaves_count;
    self->leaves = dossiers_room(all, self->leaves_count * sizeof *self->leaves);
    memcpy(self->leaves, leaves, self->leaves_count * sizeof *self->leaves);
    for (uint32_t index = 0; index < self->leaves_count; index++) {
        leaf_settle(memory, all, task, &self->leaves[index]);
        self->packed += self->leaves[index].obligation.size;
    }
    return self;
}

static void dossier_write(turn_t *turn, const memory_t *memory, dossier_t *self, buffer_t *packed) {
    store_key_t key = dossier_key(memory, self->task, self->unit);
    buffer_clear(packed);
    for (uint32_t index = 0; index < self->leaves_count; index++) leaf_lay(&self->leaves[index], packed);
    agg_dossier_t row = {.leaves = {packed->at, (uint32_t)packed->size}};
    if (row.leaves.size > 0) txn_put(turn_txn(turn), T_DOSSIERS, &key, &row);
    else txn_delete(turn_txn(turn), T_DOSSIERS, &key);
    self->changed = false;
}

/* ---------- all of them ---------- */

static void leaves_fetch(const dossier_t *self) { lines_fetch(self->leaves, self->leaves_count * sizeof *self->leaves); }

/* Who makes up leeway goes from month to month, and from task to task: what lies ahead is asked of memory now. */
static void dossier_enter(dossiers_t *self, const memory_t *memory, dossier_t *dossier) {
    uint32_t next = dossier->task + 1;
    self->newest = dossier;
    leaves_fetch(dossier);
    if (next == memory->plan->tasks_count || self->of[next] == NULL) return;
    lines_fetch(self->of[next][dossier->unit], sizeof *dossier); /* where it is NULL nothing happens */
}

/* In the fold alone. */
static dossier_t *dossier_of(turn_t *turn, const place_t *place) {
    memory_t *memory = turn_memory(turn);
    dossiers_t *self = &memory->dossiers;
    uint32_t task = place->task_index, units = memory->plan->units_count;
    if (self->newest != NULL && self->newest->task == task && self->newest->unit == place->unit_index) return self->newest;
    if (self->of[task] == NULL) {
        self->of[task] = dossiers_room(self, units * sizeof(dossier_t *));
        memset(self->of[task], 0, units * sizeof(dossier_t *));
    }
    dossier_t **dossier = &self->of[task][place->unit_index];
    if (*dossier == NULL) *dossier = dossier_read(turn, memory, self, task, place->unit_index);
    dossier_enter(self, memory, *dossier);
    return *dossier;
}

/* The plan's order is that of the rows, or nearly: neighbours share a page. */
static int dossiers_order(const dossier_t *one, const dossier_t *other) {
    if (one->task != other->task) return one->task < other->task ? -1 : 1;
    return one->unit < other->unit ? -1 : one->unit > other->unit;
}

/* It will be written with the next commit: its page counts from now on. */
static void dossier_change(turn_t *turn, dossiers_t *self, dossier_t *dossier) {
    if (dossier->changed) return;
    dossier->changed = true;
    if (self->changed_count == self->changed_room) {
        self->changed_room = self->changed_room == 0 ? CHANGED_LEAST : 2 * self->changed_room;
        self->changed = realloc(self->changed, self->changed_room * sizeof(dossier_t *));
        ASSERT(self->changed != NULL);
    }
    if (self->changed_count > 0 && dossiers_order(self->changed[self->changed_count - 1], dossier) > 0) self->disordered = true;
    self->changed[self->changed_count++] = dossier;
    size_t size = dossier->leaves_count * PLAIN_SIZE + dossier->packed;
    txn_promise(turn_txn(turn), T_DOSSIERS, (uint32_t)size);
}

static int dossiers_compare(const void *a, const void *b) { return dossiers_order(*(dossier_t *const *)a, *(dossier_t *const *)b); }

void dossiers_settle(turn_t *turn, memory_t *memory) {
    dossiers_t *self = &memory->dossiers;
    if (self->disordered) qsort(self->changed, self->changed_count, sizeof(dossier_t *), dossiers_compare);
    for (uint32_t index = 0; index < self->changed_count; index++) {
        if (index + 1 < self->changed_count) leaves_fetch(self->changed[index + 1]);
        dossier_write(turn, memory, self->changed[index], &self->packed);
    }
    self->changed_count = 0;
    self->disordered = false;
}

void dossiers_trim(turn_t *turn) {
    memory_t *memory = turn_memory(turn);
    dossiers_t *self = memory == NULL ? NULL : &memory->dossiers;
    if (self == NULL || self->bytes < LIMIT_DOSSIERS_AT_HAND) return;
    dossiers_settle(turn, memory);
    memset(self->of, 0, memory->plan->tasks_count * sizeof *self->of);
    self->bytes = 0;
    self->newest = NULL;
    arena_reset(self->arena);
}

void dossiers_destroy(dossiers_t *self) {
    arena_destroy(&self->arena);
    arena_destroy(&self->scratch);
    buffer_destroy(&self->packed);
    free(self->changed);
}

/* ---------- obligations ---------- */

void obligation_broken(turn_t *turn, const char *what, const fault_t *fault, err_t err) {
    log_error(what, "code=%s path=%s", fault->code, fault->path);
    txn_fail(turn_txn(turn), err);
}

bool leaf_read(turn_t *turn, const agg_leaf_t *leaf, arena_t *arena, agg_obligation_t *row, wire_known_t *counting) {
    fault_t fault;
    *counting = (wire_known_t){.object = &row->counting};
    if (leaf->obligation.size == 0) {
        *row = obligation_unfold(leaf, arena);
        return true;
    }
    if (wire_decode_kept(agg_obligation_type(), leaf->obligation, arena, row, counting, &fault) == OK) return true;
    obligation_broken(turn, "obligation_unreadable", &fault, ERR_CORRUPT);
    *row = (agg_obligation_t){0};
    return false;
}

/* In the fold it stays where it is until another is kept. A query reads the row of its snapshot. NULL: there is none. */
static const agg_leaf_t *leaf_find(turn_t *turn, const place_t *place, arena_t *arena) {
    if (turn_event(turn) != NULL) return leaf_of(dossier_of(turn, place), place);
    const memory_t *memory = turn_memory(turn);
    agg_dossier_t row;
    uint32_t count;
    store_key_t key = dossier_key(memory, place->task_index, place->unit_index);
    if (!txn_get(turn_txn(turn), T_DOSSIERS, &key, arena, &row)) return NULL;
    const agg_leaf_t *leaves = dossier_leaves(turn, &row, arena, &count);
    for (uint32_t index = 0; index < count; index++)
        if (leaves[index].period_from == place->period->from) return &leaves[index];
    return NULL;
}

bool obligation_read(turn_t *turn, const place_t *place, arena_t *arena, agg_obligation_t *row, wire_known_t *counting) {
    const agg_leaf_t *leaf = leaf_find(turn, place, arena);
    if (leaf != NULL) return leaf_read(turn, leaf, arena, row, counting);
    *row = (agg_obligation_t){0};
    *counting = (wire_known_t){.object = &row->counting};
    return false;
}

bool obligation_get(turn_t *turn, const place_t *place, agg_obligation_t *row) {
    wire_known_t counting;
    return obligation_read(turn, place, turn_arena(turn), row, &counting);
}

/* Packed, for what is not plain. */
static bool leaf_pack(turn_t *turn, dossiers_t *all, const agg_obligation_t *row, agg_leaf_t *leaf) {
    fault_t fault;
    buffer_clear(&all->packed);
    if (wire_encode_checked(agg_obligation_type(), row, &all->packed, &fault) != OK) {
        obligation_broken(turn, "obligation_invalid", &fault, ERR_BAD);
        return false;
    }
    *leaf = (agg_leaf_t){.obligation = arena_bytes(all->arena, (bytes_t){all->packed.at, (uint32_t)all->packed.size})};
    all->bytes += all->packed.size;
    return true;
}

void obligation_keep(turn_t *turn, const place_t *place, const agg_obligation_t *row) {
    memory_t *memory = turn_memory(turn);
    dossiers_t *all = &memory->dossiers;
    dossier_t *dossier = dossier_of(turn, place);
    agg_leaf_t now, *leaf = leaf_of(dossier, place);
    bool plain = obligation_fold(row, &now);
    if (!plain && !leaf_pack(turn, all, row, &now)) return;
    text_t id = now.counting.indicator;
    if (id.size > 0) now.counting.indicator = indicator_kept(place_watch(place, id), id, all->arena);
    if (leaf == NULL) leaf = leaf_add(memory, all, dossier, place);
    now.period_from = leaf->period_from;
    dossier->packed += now.obligation.size - leaf->obligation.size;
    *leaf = now;
    dossier_change(turn, all, dossier);
}

agg_leaf_t *obligation_plain(turn_t *turn, const place_t *place) {
    agg_leaf_t *leaf = leaf_of(dossier_of(turn, place), place);
    return leaf != NULL && leaf->obligation.size == 0 ? leaf : NULL;
}

void obligation_plain_changed(turn_t *turn, const place_t *place) {
    memory_t *memory = turn_memory(turn);
    dossier_change(turn, &memory->dossiers, dossier_of(turn, place));
}

void obligation_lift(turn_t *turn, const place_t *place) {
    memory_t *memory = turn_memory(turn);
    dossier_t *dossier = dossier_of(turn, place);
    agg_leaf_t *leaf = leaf_of(dossier, place);
    if (leaf == NULL) return;
    leaf_drop(dossier, leaf);
    dossier_change(turn, &memory->dossiers, dossier);
}
