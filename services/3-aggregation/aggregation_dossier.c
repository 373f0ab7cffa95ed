/* Dossiers: what a unit owes and has reported for one task, all periods in one row. At hand they are values whose obligations stay
 * packed until somebody looks: LMDB is asked once for a dozen of them, and what nobody touches is neither read nor packed anew. */
#include "services/3-aggregation/aggregation_state.h"

#include "services/stage/log.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLOTS_LEAST = 1024,
    PERIODS_FIRST = 4 /* a new dossier has room for */
};

struct dossier {
    uint64_t place;     /* of its task and unit in the plan */
    agg_leaf_t *leaves; /* ascending by period */
    uint32_t leaves_count, leaves_room;
    bool changed;
};

static store_key_t dossier_key(const memory_t *memory, uint64_t place) {
    return KEY(memory->plan->tasks[place >> 32].id, memory->plan->units[(uint32_t)place].id);
}

static uint64_t place_number(const memory_t *memory, const place_t *place) {
    return (uint64_t)memory_task_index(memory, place->task) << 32 | place->unit_index;
}

/* ---------- one dossier ---------- */

/* Where the period's obligation is, or belongs. `guess`: its place in the plan, which is that in the dossier too where nothing is
 * missing. */
static uint32_t leaf_place(const dossier_t *self, uint32_t period_from, uint32_t guess) {
    if (guess < self->leaves_count && self->leaves[guess].period_from == period_from) return guess;
    uint32_t at = 0;
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

static agg_leaf_t *leaf_add(dossiers_t *all, dossier_t *self, const place_t *place) {
    uint32_t at = leaf_place(self, place->period->from, place->period_index);
    ASSERT(self->leaves_count < LIMIT_PERIODS); /* no amendment takes any away */
    if (self->leaves_count == self->leaves_room) {
        self->leaves_room = self->leaves_room == 0 ? PERIODS_FIRST : 2 * self->leaves_room;
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
    size_t behind = (size_t)(self->leaves + self->leaves_count - (leaf + 1));
    memmove(leaf, leaf + 1, behind * sizeof *leaf);
    self->leaves_count--;
}

/* ---------- rows ---------- */

static dossier_t *dossier_read(turn_t *turn, const memory_t *memory, dossiers_t *all, uint64_t place) {
    agg_dossier_t row;
    store_key_t key = dossier_key(memory, place);
    dossier_t *self = dossiers_room(all, sizeof *self);
    *self = (dossier_t){.place = place};
    if (!txn_get(turn_txn(turn), T_DOSSIERS, &key, all->arena, &row) || row.leaves_count == 0) return self;
    self->leaves_count = self->leaves_room = row.leaves_count;
    self->leaves = dossiers_room(all, row.leaves_count * sizeof *self->leaves);
    memcpy(self->leaves, row.leaves, row.leaves_count * sizeof *self->leaves);
    for (uint32_t index = 0; index < row.leaves_count; index++)
        all->bytes += row.leaves[index].obligation.size + sizeof *row.leaves; /* they are in the arena as they were read */
    return self;
}

static void dossier_write(turn_t *turn, const memory_t *memory, dossier_t *self) {
    agg_dossier_t row = {.leaves = self->leaves, .leaves_count = self->leaves_count};
    store_key_t key = dossier_key(memory, self->place);
    if (row.leaves_count > 0) txn_put(turn_txn(turn), T_DOSSIERS, &key, &row);
    else txn_delete(turn_txn(turn), T_DOSSIERS, &key);
    self->changed = false;
}

/* ---------- all of them ---------- */

static uint32_t slot_of(const dossiers_t *self, uint64_t place) {
    uint32_t mask = self->slots_count - 1, at = (uint32_t)(place * 0x9E3779B97F4A7C15u >> 32) & mask;
    while (self->slots[at].dossier != NULL && self->slots[at].place != place) at = (at + 1) & mask;
    return at;
}

static void slots_take(dossiers_t *self, uint32_t count) {
    self->slots = calloc(count, sizeof *self->slots);
    ASSERT(self->slots != NULL);
    self->slots_count = count;
}

static void slots_grow(dossiers_t *self) {
    dossiers_t old = *self;
    slots_take(self, old.slots_count == 0 ? SLOTS_LEAST : 2 * old.slots_count);
    for (uint32_t index = 0; index < old.slots_count; index++)
        if (old.slots[index].dossier != NULL) self->slots[slot_of(self, old.slots[index].place)] = old.slots[index];
    free(old.slots);
}

/* In the fold alone. */
static dossier_t *dossier_of(turn_t *turn, const place_t *place) {
    memory_t *memory = turn_memory(turn);
    dossiers_t *self = &memory->dossiers;
    uint64_t number = place_number(memory, place);
    dossier_t **newest = &self->newest[place->unit_index];
    if (*newest != NULL && (*newest)->place == number) return *newest;
    if (2 * self->count >= self->slots_count) slots_grow(self);
    uint32_t at = slot_of(self, number);
    if (self->slots[at].dossier == NULL) {
        self->slots[at].dossier = dossier_read(turn, memory, self, number);
        self->slots[at].place = number;
        self->count++;
    }
    *newest = self->slots[at].dossier;
    return *newest;
}

/* It will be written with the next commit: its page counts from now on. */
static void dossier_change(turn_t *turn, dossiers_t *self, dossier_t *dossier) {
    if (dossier->changed) return;
    dossier->changed = true;
    if (self->changed_count == self->changed_room) {
        self->changed_room = self->changed_room == 0 ? SLOTS_LEAST : 2 * self->changed_room;
        self->changed = realloc(self->changed, self->changed_room * sizeof(dossier_t *));
        ASSERT(self->changed != NULL);
    }
    if (self->changed_count > 0 && dossier->place < self->changed[self->changed_count - 1]->place) self->disordered = true;
    self->changed[self->changed_count++] = dossier;
    size_t size = 0;
    for (uint32_t index = 0; index < dossier->leaves_count; index++) size += dossier->leaves[index].obligation.size;
    txn_promise(turn_txn(turn), T_DOSSIERS, (uint32_t)size);
}

/* The plan's order is that of the rows, or nearly: neighbours share a page. */
static int place_compare(const void *a, const void *b) {
    const dossier_t *one = *(dossier_t *const *)a, *other = *(dossier_t *const *)b;
    return one->place < other->place ? -1 : one->place > other->place;
}

void dossiers_settle(turn_t *turn, memory_t *memory) {
    dossiers_t *self = &memory->dossiers;
    if (self->disordered) qsort(self->changed, self->changed_count, sizeof(dossier_t *), place_compare);
    for (uint32_t index = 0; index < self->changed_count; index++) dossier_write(turn, memory, self->changed[index]);
    self->changed_count = 0;
    self->disordered = false;
}

void dossiers_trim(turn_t *turn) {
    memory_t *memory = turn_memory(turn);
    dossiers_t *self = memory == NULL ? NULL : &memory->dossiers;
    if (self == NULL || self->bytes < LIMIT_DOSSIERS_AT_HAND) return;
    dossiers_settle(turn, memory);
    memset(self->slots, 0, self->slots_count * sizeof *self->slots);
    memset(self->newest, 0, memory->plan->units_count * sizeof *self->newest);
    self->count = 0;
    self->bytes = 0;
    arena_reset(self->arena);
}

void dossiers_destroy(dossiers_t *self) {
    arena_destroy(&self->arena);
    buffer_destroy(&self->packed);
    free(self->slots);
    free(self->changed);
}

/* ---------- obligations ---------- */

void obligation_broken(turn_t *turn, const char *what, const fault_t *fault, err_t err) {
    log_error(what, "code=%s path=%s", fault->code, fault->path);
    txn_fail(turn_txn(turn), err);
}

bool leaf_read(turn_t *turn, bytes_t packed, arena_t *arena, agg_obligation_t *row, wire_known_t *counting) {
    fault_t fault;
    *counting = (wire_known_t){.object = &row->counting};
    if (wire_decode_kept(agg_obligation_type(), packed, arena, row, counting, &fault) == OK) return true;
    obligation_broken(turn, "obligation_unreadable", &fault, ERR_CORRUPT);
    *row = (agg_obligation_t){0};
    return false;
}

/* In the fold it stays where it is until the next event: another is laid elsewhere. A query reads the row of its snapshot. Empty:
 * there is none. */
static bytes_t leaf_find(turn_t *turn, const place_t *place, arena_t *arena) {
    if (turn_event(turn) != NULL) {
        const agg_leaf_t *leaf = leaf_of(dossier_of(turn, place), place);
        return leaf == NULL ? (bytes_t){0} : leaf->obligation;
    }
    const memory_t *memory = turn_memory(turn);
    agg_dossier_t row;
    store_key_t key = dossier_key(memory, place_number(memory, place));
    if (!txn_get(turn_txn(turn), T_DOSSIERS, &key, arena, &row)) return (bytes_t){0};
    for (uint32_t index = 0; index < row.leaves_count; index++)
        if (row.leaves[index].period_from == place->period->from) return row.leaves[index].obligation;
    return (bytes_t){0};
}

bool obligation_read(turn_t *turn, const place_t *place, arena_t *arena, agg_obligation_t *row, wire_known_t *counting) {
    bytes_t packed = leaf_find(turn, place, arena);
    if (packed.size > 0) return leaf_read(turn, packed, arena, row, counting);
    *row = (agg_obligation_t){0};
    *counting = (wire_known_t){.object = &row->counting};
    return false;
}

bool obligation_get(turn_t *turn, const place_t *place, agg_obligation_t *row) {
    wire_known_t counting;
    return obligation_read(turn, place, turn_arena(turn), row, &counting);
}

void obligation_keep(turn_t *turn, const place_t *place, const agg_obligation_t *row) {
    memory_t *memory = turn_memory(turn);
    dossiers_t *all = &memory->dossiers;
    fault_t fault;
    buffer_clear(&all->packed);
    if (wire_encode_checked(agg_obligation_type(), row, &all->packed, &fault) != OK) {
        obligation_broken(turn, "obligation_invalid", &fault, ERR_BAD);
        return;
    }
    dossier_t *dossier = dossier_of(turn, place);
    agg_leaf_t *leaf = leaf_of(dossier, place);
    if (leaf == NULL) leaf = leaf_add(all, dossier, place);
    leaf->obligation = arena_bytes(all->arena, (bytes_t){all->packed.at, (uint32_t)all->packed.size});
    all->bytes += all->packed.size;
    dossier_change(turn, all, dossier);
}

void obligation_lift(turn_t *turn, const place_t *place) {
    memory_t *memory = turn_memory(turn);
    dossier_t *dossier = dossier_of(turn, place);
    agg_leaf_t *leaf = leaf_of(dossier, place);
    if (leaf == NULL) return;
    leaf_drop(dossier, leaf);
    dossier_change(turn, &memory->dossiers, dossier);
}
