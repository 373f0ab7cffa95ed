/* Records: rows of tables and facts, each behind its checksum; rows of derived stores by way of those at hand. */
#include "services/stage/store_inner.h"

#include "proto/crypto.h"
#include "services/stage/log.h"

#include <string.h>

enum {
    NEW_A_PAGE = 4,  /* rows that share a new page, at the least */
    ROW_LARGE = 1000 /* bytes: fewer share one, and beyond half a page each row has pages of its own */
};

MDB_val key_value(const store_key_t *key) {
    static const uint8_t only[1] = {0};
    const uint8_t *at = key->size == 0 ? only : key->bytes;
    MDB_val value = {.mv_size = key->size == 0 ? 1 : key->size};
    memcpy(&value.mv_data, &at, sizeof at); /* LMDB's field is not const, LMDB does not write through it */
    return value;
}

static bytes_t bytes_of(MDB_val value) { return (bytes_t){value.mv_data, (uint32_t)value.mv_size}; }

bool record_open(txn_t *self, MDB_val key, MDB_val value, const char *where, bytes_t *content) {
    uint64_t sum = 0;
    bool whole = value.mv_size >= RECORD_HEAD;
    if (whole) {
        memcpy(&sum, value.mv_data, sizeof sum);
        *content = (bytes_t){(const uint8_t *)value.mv_data + RECORD_HEAD, (uint32_t)(value.mv_size - RECORD_HEAD)};
        whole = sum == checksum64(bytes_of(key), *content);
    }
    if (whole) return true;
    log_error("record_corrupt", "store=%s table=%s", self->store->path, where);
    txn_fail(self, ERR_CORRUPT);
    return false;
}

static bool content_read(txn_t *self, const table_t *kept, bytes_t content, arena_t *arena, void *row, wire_known_t *known) {
    fault_t fault;
    err_t err = wire_decode_kept(kept->type(), arena_bytes(arena, content), arena, row, known, &fault);
    if (err == OK) return true;
    log_error("record_unreadable", "store=%s table=%s code=%s path=%s", self->store->path, kept->name, fault.code, fault.path);
    txn_fail(self, ERR_CORRUPT);
    return false;
}

bool record_read(txn_t *self, size_t table, MDB_val key, MDB_val value, arena_t *arena, void *row) {
    const table_t *kept = &self->store->tables[table];
    bytes_t content;
    return record_open(self, key, value, kept->name, &content) && content_read(self, kept, content, arena, row, NULL);
}

/* NULL: the table's rows go straight to LMDB. */
static rows_t *rows_of(const txn_t *self, size_t table) {
    return self->writes && self->store->ways[table] == ROWS_AT_HAND ? self->store->rows : NULL;
}

/* Rows are looked for in about the order of their keys: a cursor that stays looks at the page where it stands before it descends.
 * A reader has no transaction that lasts. */
static int record_find(txn_t *self, size_t table, MDB_val *name, MDB_val *value) {
    MDB_dbi dbi = self->store->dbis[table];
    MDB_cursor **looker = &self->lookers[table];
    if (!self->writes) return mdb_get(self->mdb, dbi, name, value);
    int code = *looker != NULL ? 0 : mdb_cursor_open(self->mdb, dbi, looker);
    return code == 0 ? mdb_cursor_get(*looker, name, value, MDB_SET) : code;
}

/* From LMDB; what was found, or that there is nothing, is at hand from now on. */
static bool row_fetch(txn_t *self, size_t table, MDB_val name, arena_t *arena, void *row, wire_known_t *known) {
    const table_t *kept = &self->store->tables[table];
    rows_t *rows = rows_of(self, table);
    bytes_t content = {NULL, 0};
    MDB_val value;
    int code = record_find(self, table, &name, &value);
    if (code != 0 && code != MDB_NOTFOUND) return txn_wrong(self, code, "get"), false;
    if (code == 0 && !record_open(self, name, value, kept->name, &content)) return false;
    if (rows != NULL) rows_read(rows, (uint32_t)table, bytes_of(name), content);
    return code == 0 && content_read(self, kept, content, arena, row, known);
}

bool txn_get(txn_t *self, size_t table, const store_key_t *key, arena_t *arena, void *row) {
    return txn_get_known(self, table, key, arena, row, NULL);
}

bool txn_get_known(txn_t *self, size_t table, const store_key_t *key, arena_t *arena, void *row, wire_known_t *known) {
    if (self->err != OK) return false;
    ASSERT(table < self->store->table_count);
    MDB_val name = key_value(key);
    rows_t *rows = rows_of(self, table);
    const row_t *at_hand = rows == NULL ? NULL : rows_find(rows, (uint32_t)table, bytes_of(name));
    if (at_hand == NULL) return row_fetch(self, table, name, arena, row, known);
    if (at_hand->state == ROW_ABSENT || at_hand->state == ROW_DELETED) return false;
    return content_read(self, &self->store->tables[table], (bytes_t){at_hand->content, at_hand->size}, arena, row, known);
}

void txn_value_wrong(txn_t *self, const message_t *type, const char *where, const fault_t *fault) {
    log_error("value_invalid", "store=%s where=%s message=%s code=%s path=%s", self->store->path, where, type->name, fault->code,
              fault->path);
    txn_fail(self, ERR_BAD);
}

/* Seals the record in scratch (its head still zero). */
static MDB_val record_seal(txn_t *self, MDB_val key) {
    buffer_t *record = &self->store->scratch;
    uint64_t sum = checksum64(bytes_of(key), (bytes_t){record->at + RECORD_HEAD, (uint32_t)(record->size - RECORD_HEAD)});
    memcpy(record->at, &sum, sizeof sum);
    return (MDB_val){.mv_size = record->size, .mv_data = record->at};
}

static uint32_t pages_of(size_t size) { return 1 + (uint32_t)(size / 4096); }

static void record_put(txn_t *self, MDB_dbi dbi, MDB_val key) {
    MDB_val value = record_seal(self, key);
    int code = mdb_put(self->mdb, dbi, &key, &value, 0);
    self->changes += pages_of(value.mv_size);
    if (code != 0) txn_wrong(self, code, "put");
}

static buffer_t *record_begin(txn_t *self) {
    static const uint8_t head[RECORD_HEAD];
    ASSERT(self->writes);
    buffer_clear(&self->store->scratch);
    buffer_add(&self->store->scratch, head, sizeof head);
    return &self->store->scratch;
}

static uint32_t leaves_of(txn_t *self, size_t table) {
    MDB_stat stat;
    int code = mdb_stat(self->mdb, self->store->dbis[table], &stat);
    if (code != 0) txn_wrong(self, code, "stat");
    return code == 0 ? (uint32_t)stat.ms_leaf_pages : 0;
}

/* However many rows are written, they touch no more pages than the table had, and those that new ones fill. Large ones are counted
 * by their size. */
void txn_promise(txn_t *self, size_t table, uint32_t size) {
    if (self->err != OK) return;
    if (size > ROW_LARGE) self->changes += pages_of(size);
    if (self->touched[table].rows++ == 0) self->touched[table].leaves = leaves_of(self, table);
    bool behind = self->store->ways[table] == ROWS_APPENDED;
    bool apart = !behind && self->touched[table].rows <= self->touched[table].leaves + 1;
    if (apart || self->touched[table].rows % NEW_A_PAGE == 0) self->changes++;
}

static void row_write(txn_t *self, size_t table, MDB_val key, bytes_t content) {
    if (rows_write(self->store->rows, (uint32_t)table, bytes_of(key), content)) txn_promise(self, table, content.size);
}

/* To LMDB at once, by the cursor that looked for it. */
static void row_lay(txn_t *self, size_t table, MDB_val key) {
    MDB_val value = record_seal(self, key);
    int code = straight_put(self, table, key, value);
    txn_promise(self, table, (uint32_t)value.mv_size);
    if (code != 0) txn_wrong(self, code, "put");
}

void txn_put(txn_t *self, size_t table, const store_key_t *key, const void *row) {
    txn_put_known(self, table, key, row, NULL);
}

void txn_put_known(txn_t *self, size_t table, const store_key_t *key, const void *row, const wire_known_t *known) {
    if (self->err != OK) return;
    ASSERT(table < self->store->table_count);
    const table_t *kept = &self->store->tables[table];
    buffer_t *record = record_begin(self);
    fault_t fault;
    bool at_hand = known != NULL && known->object == row && known->bytes.size > 0;
    if (at_hand) buffer_add(record, known->bytes.at, known->bytes.size);
    if (!at_hand && wire_encode_checked(kept->type(), row, record, &fault) != OK)
        txn_value_wrong(self, kept->type(), kept->name, &fault);
    else if (self->store->ways[table] != ROWS_AT_HAND)
        row_lay(self, table, key_value(key));
    else if (self->store->rows == NULL)
        record_put(self, self->store->dbis[table], key_value(key));
    else
        row_write(self, table, key_value(key), (bytes_t){record->at + RECORD_HEAD, (uint32_t)(record->size - RECORD_HEAD)});
}

bool record_encode(txn_t *self, const table_t *kept, MDB_val key, const void *row, MDB_val *value) {
    fault_t fault;
    buffer_t *record = record_begin(self);
    bool good = wire_encode_checked(kept->type(), row, record, &fault) == OK;
    if (good) *value = record_seal(self, key);
    else txn_value_wrong(self, kept->type(), kept->name, &fault);
    return good;
}

/* One row that was only at hand, by the cursor of its table; flags: MDB_APPEND, or 0. */
static int row_put(txn_t *self, MDB_cursor *cursor, const row_t *row, unsigned flags) {
    const uint8_t *name = row->key;
    MDB_val key = {.mv_size = row->key_size}, value;
    memcpy(&key.mv_data, &name, sizeof name); /* LMDB does not write through it */
    if (row->state == ROW_ABSENT) {
        int code = mdb_del(self->mdb, mdb_cursor_dbi(cursor), &key, NULL);
        return code == MDB_NOTFOUND ? 0 : code;
    }
    buffer_add(record_begin(self), row->content, row->size);
    value = record_seal(self, key);
    return mdb_cursor_put(cursor, &key, &value, flags);
}

/* Does the row, and with it all that follow, lie behind the last one of the table? Then no place must be looked for. */
static int lies_behind(MDB_cursor *cursor, const row_t *row, bool *behind) {
    MDB_val key, value;
    int code = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    *behind = code == MDB_NOTFOUND;
    if (code != 0) return code == MDB_NOTFOUND ? 0 : code;
    int order = memcmp(key.mv_data, row->key, key.mv_size < row->key_size ? key.mv_size : row->key_size);
    *behind = order < 0 || (order == 0 && key.mv_size < row->key_size);
    return 0;
}

/* The rows of one table, in order. */
static int table_put(txn_t *self, const row_t *const *rows, uint32_t count) {
    MDB_cursor *cursor = NULL;
    bool behind = false;
    int code = mdb_cursor_open(self->mdb, self->store->dbis[rows[0]->table], &cursor);
    if (code == 0) code = lies_behind(cursor, rows[0], &behind);
    unsigned flags = behind ? MDB_APPEND : 0;
    for (uint32_t index = 0; index < count && code == 0; index++) code = row_put(self, cursor, rows[index], flags);
    if (cursor != NULL) mdb_cursor_close(cursor);
    return code;
}

void txn_rows_put(txn_t *self, uint32_t table) {
    if (self->err != OK) return;
    uint32_t count = 0;
    const row_t *const *rows = rows_take(self->store->rows, table, &count);
    int code = 0;
    for (uint32_t begin = 0, end = 0; begin < count && code == 0; begin = end) {
        while (end < count && rows[end]->table == rows[begin]->table) end++;
        code = table_put(self, rows + begin, end - begin);
    }
    if (code != 0) txn_wrong(self, code, "put");
}

void txn_delete(txn_t *self, size_t table, const store_key_t *key) {
    if (self->err != OK) return;
    ASSERT(self->writes && table < self->store->table_count);
    MDB_val name = key_value(key);
    if (rows_of(self, table) != NULL) {
        row_write(self, table, name, (bytes_t){NULL, 0});
        return;
    }
    int code = mdb_del(self->mdb, self->store->dbis[table], &name, NULL);
    self->changes++;
    if (code != 0 && code != MDB_NOTFOUND) txn_wrong(self, code, "delete");
}

void txn_clear(txn_t *self, size_t table) {
    if (self->err != OK) return;
    ASSERT(self->writes && table < self->store->table_count);
    if (self->store->rows != NULL) txn_rows_put(self, ROWS_ALL);
    int code = mdb_drop(self->mdb, self->store->dbis[table], 0);
    if (self->store->rows != NULL) rows_forget(self->store->rows);
    if (code != 0) txn_wrong(self, code, "clear");
}

static MDB_val fact_key(const char *name) {
    MDB_val key = {.mv_size = strlen(name)};
    memcpy(&key.mv_data, &name, sizeof name);
    return key;
}

bool txn_fact_bytes(txn_t *self, const char *name, uint8_t *out, size_t size) {
    memset(out, 0, size);
    if (self->err != OK) return false;
    MDB_val key = fact_key(name), value;
    int code = mdb_get(self->mdb, self->store->facts, &key, &value);
    if (code == MDB_NOTFOUND) return false;
    if (code != 0) return txn_wrong(self, code, "fact"), false;
    bytes_t content;
    if (!record_open(self, key, value, "~facts", &content)) return false;
    if (content.size != size) return txn_fail(self, ERR_CORRUPT), false;
    memcpy(out, content.at, size);
    return true;
}

void txn_fact_bytes_put(txn_t *self, const char *name, const uint8_t *bytes, size_t size) {
    if (self->err != OK) return;
    buffer_add(record_begin(self), bytes, size);
    record_put(self, self->store->facts, fact_key(name));
}

uint64_t txn_fact(txn_t *self, const char *name) {
    uint8_t bytes[8];
    uint64_t number = 0;
    txn_fact_bytes(self, name, bytes, sizeof bytes);
    for (size_t index = 0; index < sizeof bytes; index++) number = number << 8 | bytes[index];
    return number;
}

void txn_fact_put(txn_t *self, const char *name, uint64_t value) {
    store_key_t number = key_new();
    key_add_u64(&number, value);
    txn_fact_bytes_put(self, name, number.bytes, number.size);
}
