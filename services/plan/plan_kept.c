/* What plan_kept.h promises. */
#include "services/plan/plan_kept.h"

#include "proto/plan_parts.h"

static store_key_t part_key(const uint8_t hash[HASH_SIZE], uint64_t index) {
    store_key_t key = key_new();
    key_add_bytes(&key, hash, HASH_SIZE);
    key_add_u64(&key, index);
    return key;
}

void plan_keep(txn_t *txn, plan_tables_t tables, const plan_adopted_t *adopted) {
    store_key_t only = key_new();
    txn_put(txn, tables.adopted, &only, adopted);
}

void plan_keep_part(txn_t *txn, plan_tables_t tables, const plan_part_t *part) {
    store_key_t key = part_key(part->hash, part->index);
    txn_put(txn, tables.parts, &key, part);
}

typedef struct {
    txn_t *txn;
    size_t table;
} parts_t;

static bool part_get(void *self, const uint8_t hash[HASH_SIZE], uint32_t index, arena_t *arena, plan_part_t *part) {
    const parts_t *parts = self;
    store_key_t key = part_key(hash, index);
    return txn_get(parts->txn, parts->table, &key, arena, part);
}

/* In an arena of its own: that of a turn would keep the room of a large plan for good. */
planbook_t *plan_kept(txn_t *txn, plan_tables_t tables) {
    store_key_t only = key_new();
    parts_t parts = {txn, tables.parts};
    plan_adopted_t adopted;
    plan_t plan;
    arena_t *arena = arena_new();
    planbook_t *book = NULL;
    if (txn_get(txn, tables.adopted, &only, arena, &adopted)) {
        err_t err = plan_adopted_read(&adopted, (plan_parts_source_t){&parts, part_get}, arena, &plan);
        if (err == OK) book = planbook_new(&plan);
        else txn_fail(txn, ERR_CORRUPT);
    }
    arena_destroy(&arena);
    return book;
}
