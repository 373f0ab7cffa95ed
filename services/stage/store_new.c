/* Rows that are put once and never change: looked for and put in one walk down the tree. */
#include "services/stage/store_inner.h"

#include <string.h>

/* The cursor stays where it was last: keys that fall together are found on the page it stands on. */
static MDB_cursor *cursor_of(txn_t *self, size_t table) {
    if (self->newest != NULL && self->newest_table == table) return self->newest;
    if (self->newest != NULL) mdb_cursor_close(self->newest);
    self->newest = NULL;
    self->newest_table = table;
    int code = mdb_cursor_open(self->mdb, self->store->dbis[table], &self->newest);
    if (code != 0) txn_wrong(self, code, "put_new");
    return code == 0 ? self->newest : NULL;
}

bool txn_put_new(txn_t *self, size_t table, const store_key_t *key, const void *row, arena_t *arena, void *there) {
    if (self->err != OK) return false;
    ASSERT(self->writes && self->store->rows == NULL && table < self->store->table_count);
    const table_t *kept = &self->store->tables[table];
    MDB_val name = key_value(key), value;
    MDB_cursor *cursor = cursor_of(self, table);
    if (cursor == NULL || !record_encode(self, kept, name, row, &value)) return false;
    int code = mdb_cursor_put(cursor, &name, &value, MDB_NOOVERWRITE);
    if (code == MDB_KEYEXIST) {
        record_read(self, table, key_value(key), value, arena, there);
        return false;
    }
    self->changes += 1 + (uint32_t)(value.mv_size / self->store->page_size);
    if (code != 0) txn_wrong(self, code, "put_new");
    return code == 0;
}
