/* Walks rows in the order of their keys. */
#include "services/stage/store_inner.h"

#include <string.h>

scan_t scan_begin(txn_t *txn, size_t table, const store_key_t *prefix, const store_key_t *from) {
    scan_t self;
    self.txn = txn;
    self.cursor = NULL;
    self.table = table;
    self.prefix.size = 0;
    self.from.size = 0;
    self.key = (bytes_t){NULL, 0};
    self.begun = false;
    ASSERT(table < txn->store->table_count);
    if (prefix != NULL) self.prefix = *prefix;
    self.from = from != NULL ? *from : self.prefix;
    if (txn->writes && txn->store->rows != NULL) txn_rows_put(txn, (uint32_t)table); /* the walk is LMDB's */
    if (txn->err != OK) return self;
    MDB_cursor *cursor = NULL;
    int code = mdb_cursor_open(txn->mdb, txn->store->dbis[table], &cursor);
    if (code != 0)
        txn_wrong(txn, code, "scan");
    else
        self.cursor = cursor;
    return self;
}

static bool has_prefix(const scan_t *self, MDB_val key) {
    return key.mv_size >= self->prefix.size && memcmp(key.mv_data, self->prefix.bytes, self->prefix.size) == 0;
}

/* The row at the cursor, if the step that led there went well and it still belongs to the prefix. */
static bool row_take(scan_t *self, int code, MDB_val key, MDB_val value, arena_t *arena, void *row) {
    if (code != 0 && code != MDB_NOTFOUND) txn_wrong(self->txn, code, "scan");
    if (code != 0 || !has_prefix(self, key)) return false;
    if (!record_read(self->txn, self->table, key, value, arena, row)) return false;
    ASSERT(key.mv_size <= sizeof self->from.bytes);
    memcpy(self->from.bytes, key.mv_data, key.mv_size); /* a copy: writes to other tables may move pages */
    self->from.size = (uint32_t)key.mv_size;
    self->key = (bytes_t){self->from.bytes, self->from.size};
    return true;
}

bool scan_next(scan_t *self, arena_t *arena, void *row) {
    if (self->cursor == NULL || self->txn->err != OK) return false;
    MDB_val key = {.mv_size = self->from.size, .mv_data = self->from.bytes}, value;
    MDB_cursor_op step = self->begun ? MDB_NEXT : self->from.size == 0 ? MDB_FIRST : MDB_SET_RANGE;
    int code = mdb_cursor_get(self->cursor, &key, &value, step);
    self->begun = true;
    return row_take(self, code, key, value, arena, row);
}

/* The smallest key behind every key of the prefix; false if there is none. */
static bool prefix_end(const store_key_t *prefix, store_key_t *end) {
    *end = *prefix;
    while (end->size > 0 && end->bytes[end->size - 1] == UINT8_MAX) end->size--;
    if (end->size == 0) return false;
    end->bytes[end->size - 1]++;
    return true;
}

bool scan_last(scan_t *self, arena_t *arena, void *row) {
    if (self->cursor == NULL || self->txn->err != OK) return false;
    store_key_t end;
    MDB_val key, value;
    int code = MDB_NOTFOUND;
    if (prefix_end(&self->prefix, &end)) {
        key = (MDB_val){.mv_size = end.size, .mv_data = end.bytes};
        code = mdb_cursor_get(self->cursor, &key, &value, MDB_SET_RANGE);
        if (code == 0)
            code = mdb_cursor_get(self->cursor, &key, &value, MDB_PREV);
        else if (code == MDB_NOTFOUND)
            code = mdb_cursor_get(self->cursor, &key, &value, MDB_LAST);
    } else {
        code = mdb_cursor_get(self->cursor, &key, &value, MDB_LAST);
    }
    self->begun = true;
    return row_take(self, code, key, value, arena, row);
}

bool scan_before(scan_t *self, arena_t *arena, void *row) {
    if (self->cursor == NULL || self->txn->err != OK) return false;
    MDB_val key = {.mv_size = self->from.size, .mv_data = self->from.bytes}, value;
    int code = mdb_cursor_get(self->cursor, &key, &value, MDB_SET_RANGE);
    bool there = code == 0 && key.mv_size == self->from.size && memcmp(key.mv_data, self->from.bytes, key.mv_size) == 0;
    if (code == MDB_NOTFOUND) code = mdb_cursor_get(self->cursor, &key, &value, MDB_LAST);
    else if (code == 0 && !there) code = mdb_cursor_get(self->cursor, &key, &value, MDB_PREV);
    self->begun = true;
    return row_take(self, code, key, value, arena, row);
}

void scan_end(scan_t *self) {
    if (self->cursor != NULL) mdb_cursor_close(self->cursor);
    self->cursor = NULL;
}
