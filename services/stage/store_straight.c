/* Rows that a transaction touches about once: nothing is gained by keeping them at hand, hashed and then sorted. They are written
 * where they lie, by the cursor that looked for them. */
#include "services/stage/store_inner.h"

#include <string.h>

void store_rows_go(store_t *self, size_t table, rows_way_t way) {
    ASSERT(self->derived && !self->writing && table < self->table_count);
    self->ways[table] = way;
}

/* Was this row looked for last, and found? */
static bool stands_on(MDB_cursor *cursor, MDB_val name) {
    MDB_val key, value;
    if (mdb_cursor_get(cursor, &key, &value, MDB_GET_CURRENT) != 0) return false;
    return key.mv_size == name.mv_size && memcmp(key.mv_data, name.mv_data, name.mv_size) == 0;
}

int straight_put(txn_t *self, size_t table, MDB_val name, MDB_val value) {
    MDB_cursor **looker = &self->lookers[table];
    int code = *looker != NULL ? 0 : mdb_cursor_open(self->mdb, self->store->dbis[table], looker);
    if (code != 0) return code;
    if (self->store->ways[table] == ROWS_APPENDED) {
        code = mdb_cursor_put(*looker, &name, &value, MDB_APPEND); /* no place is looked for, and pages become full */
        if (code != MDB_KEYEXIST) return code;
    }
    return mdb_cursor_put(*looker, &name, &value, stands_on(*looker, name) ? MDB_CURRENT : 0);
}
