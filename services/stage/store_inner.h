/* What the files of the store share: LMDB's handles. Included by store*.c only; the one place that includes lmdb.h. */
#ifndef STAGE_STORE_INNER_H
#define STAGE_STORE_INNER_H

#include "services/stage/store.h"

#include <lmdb.h>

enum { STORE_TABLES = 48, STORE_READERS = 128, RECORD_HEAD = 8 /* checksum */, STREAM_HEAD = 32 /* chained hash */ };

struct store {
    MDB_env *env;
    int lock_fd;
    MDB_dbi stream; /* seq, big endian → chained hash, event bytes */
    MDB_dbi facts;  /* name → checksum, bytes */
    MDB_dbi dbis[STORE_TABLES];
    const table_t *tables;
    size_t table_count;
    bool writing;
    buffer_t scratch; /* of the one write transaction */
    arena_t *check;   /* likewise */
    char *path;
};

struct txn {
    store_t *store;
    MDB_txn *mdb;
    bool writes;
    bool head_known;
    err_t err;
    head_t head;
};

/* An LMDB or system error number as err_t, logged with what was tried. */
err_t store_wrong(const store_t *self, int code, const char *tried);
/* The same, stuck to the transaction. */
void txn_wrong(txn_t *self, int code, const char *tried);
/* Does what was just encoded read back? If not it is our own mistake: logged, ERR_BAD sticks. */
bool txn_written_well(txn_t *self, const message_t *type, bytes_t body, const char *where);
/* The content behind a record's checksum; ERR_CORRUPT sticks if it does not match. */
bool record_open(txn_t *self, MDB_val key, MDB_val value, const char *where, bytes_t *content);
/* Decodes a record's content into `row` with views into a copy in `arena`. */
bool record_read(txn_t *self, size_t table, MDB_val key, MDB_val value, arena_t *arena, void *row);
/* LMDB takes no empty key: the only row of a table may be kept under one, it is written as one zero byte. */
MDB_val key_value(const store_key_t *key);

#endif
