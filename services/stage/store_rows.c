/* A hash table of rows with open addressing, in an arena of its own. */
#include "services/stage/store_rows.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "proto/limits.h"

enum { SLOTS_LEAST = 1024 };

typedef struct {
    uint64_t hash;
    row_t *row; /* NULL: free */
} slot_t;

struct rows {
    slot_t *slots;
    uint32_t slots_count, count;
    row_t **unknown; /* rows that the store does not know yet, each once */
    uint32_t unknown_count, unknown_room;
    const row_t **taken; /* what rows_take gave last */
    uint32_t taken_room;
    uint64_t bytes;
    arena_t *arena;
};

static void *grown(void *memory, size_t size) {
    void *more = realloc(memory, size);
    ASSERT(more != NULL);
    return more;
}

rows_t *rows_new(void) {
    rows_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    self->arena = arena_new();
    self->slots_count = SLOTS_LEAST;
    self->slots = calloc(self->slots_count, sizeof *self->slots);
    ASSERT(self->slots != NULL);
    return self;
}

void rows_destroy(rows_t **self) {
    if (*self == NULL) return;
    arena_destroy(&(*self)->arena);
    free((*self)->slots);
    free((*self)->taken);
    free((*self)->unknown);
    free(*self);
    *self = NULL;
}

void rows_forget(rows_t *self) {
    memset(self->slots, 0, self->slots_count * sizeof *self->slots);
    self->count = self->unknown_count = 0;
    self->bytes = 0;
    arena_reset(self->arena);
}

static uint64_t hash_of_key(uint32_t table, bytes_t key) { return XXH3_64bits_withSeed(key.at, key.size, table); }

/* The slot of the row, or the free one where it belongs. */
static slot_t *slot_of(const rows_t *self, uint64_t hash, uint32_t table, bytes_t key) {
    uint32_t at = (uint32_t)hash & (self->slots_count - 1);
    for (; self->slots[at].row != NULL; at = (at + 1) & (self->slots_count - 1)) {
        const row_t *row = self->slots[at].row;
        if (self->slots[at].hash == hash && row->table == table && row->key_size == key.size &&
            memcmp(row->key, key.at, key.size) == 0)
            break;
    }
    return &self->slots[at];
}

const row_t *rows_find(const rows_t *self, uint32_t table, bytes_t key) {
    return slot_of(self, hash_of_key(table, key), table, key)->row;
}

static void slots_grow(rows_t *self) {
    slot_t *old = self->slots;
    uint32_t old_count = self->slots_count;
    self->slots_count *= 2;
    self->slots = calloc(self->slots_count, sizeof *self->slots);
    ASSERT(self->slots != NULL);
    for (uint32_t index = 0; index < old_count; index++) {
        if (old[index].row == NULL) continue;
        uint32_t at = (uint32_t)old[index].hash & (self->slots_count - 1);
        while (self->slots[at].row != NULL) at = (at + 1) & (self->slots_count - 1);
        self->slots[at] = old[index];
    }
    free(old);
}

static uint64_t order_of(bytes_t key) {
    uint64_t order = 0;
    memcpy(&order, key.at, key.size < sizeof order ? key.size : sizeof order);
    return be64toh(order);
}

static row_t *row_keep(rows_t *self, uint32_t table, bytes_t key) {
    uint64_t hash = hash_of_key(table, key);
    slot_t *slot = slot_of(self, hash, table, key);
    if (slot->row != NULL) return slot->row;
    row_t *row = arena_room(self->arena, sizeof *row + key.size);
    *row = (row_t){.table = table, .state = ROW_ABSENT, .key_size = key.size, .order = order_of(key)};
    memcpy(row->key, key.at, key.size);
    *slot = (slot_t){hash, row};
    self->bytes += sizeof *row + sizeof *slot + key.size;
    if (2 * ++self->count > self->slots_count) slots_grow(self);
    return row;
}

static void content_keep(rows_t *self, row_t *row, bytes_t content) {
    if (row->room < content.size) {
        row->room = content.size + content.size / 4; /* a row that grew grows again */
        row->content = arena_room(self->arena, row->room);
        self->bytes += row->room;
    }
    row->size = content.size;
    if (content.size > 0) memcpy(row->content, content.at, content.size);
}

void rows_read(rows_t *self, uint32_t table, bytes_t key, bytes_t content) {
    if (self->bytes + content.size > LIMIT_ROWS_AT_HAND) return;
    row_t *row = row_keep(self, table, key);
    row->state = content.at == NULL ? ROW_ABSENT : ROW_CLEAN;
    content_keep(self, row, content);
}

static bool is_unknown(const row_t *row) { return row->state == ROW_WRITTEN || row->state == ROW_DELETED; }

bool rows_write(rows_t *self, uint32_t table, bytes_t key, bytes_t content) {
    row_t *row = row_keep(self, table, key);
    bool first = !is_unknown(row);
    row->state = content.at == NULL ? ROW_DELETED : ROW_WRITTEN;
    content_keep(self, row, content);
    if (!first) return false;
    if (self->unknown_count == self->unknown_room) {
        self->unknown_room = self->unknown_room == 0 ? SLOTS_LEAST / 2 : 2 * self->unknown_room;
        self->unknown = grown(self->unknown, self->unknown_room * sizeof *self->unknown);
    }
    self->unknown[self->unknown_count++] = row;
    return true;
}

/* LMDB's own order: bytes, then size. */
static int rows_order(const void *a, const void *b) {
    const row_t *one = *(const row_t *const *)a, *other = *(const row_t *const *)b;
    if (one->table != other->table) return one->table < other->table ? -1 : 1;
    if (one->order != other->order) return one->order < other->order ? -1 : 1;
    uint32_t common = one->key_size < other->key_size ? one->key_size : other->key_size;
    int order = memcmp(one->key, other->key, common);
    if (order != 0) return order;
    return one->key_size < other->key_size ? -1 : one->key_size > other->key_size;
}

const row_t *const *rows_take(rows_t *self, uint32_t table, uint32_t *count) {
    uint32_t left = 0;
    *count = 0;
    if (self->taken_room < self->unknown_count) {
        self->taken_room = self->unknown_room;
        self->taken = grown(self->taken, self->taken_room * sizeof *self->taken);
    }
    for (uint32_t index = 0; index < self->unknown_count; index++) {
        row_t *row = self->unknown[index];
        if (table != ROWS_ALL && row->table != table) {
            self->unknown[left++] = row;
            continue;
        }
        row->state = row->state == ROW_WRITTEN ? ROW_CLEAN : ROW_ABSENT;
        self->taken[(*count)++] = row;
    }
    self->unknown_count = left;
    if (*count > 1) qsort(self->taken, *count, sizeof *self->taken, rows_order);
    return self->taken;
}

bool rows_are_many(const rows_t *self) { return self->bytes > LIMIT_ROWS_AT_HAND * 3 / 4; }

void rows_settle(rows_t *self) {
    if (self->bytes > LIMIT_ROWS_AT_HAND / 2) rows_forget(self);
}
