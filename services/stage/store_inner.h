/* What the files of the store share: LMDB's handles. Included by store*.c only; the one place that includes lmdb.h. */
#ifndef STAGE_STORE_INNER_H
#define STAGE_STORE_INNER_H

#include "proto/crypto.h"
#include "services/stage/store.h"
#include "services/stage/store_rows.h"

#include <lmdb.h>

enum { STORE_TABLES = 48, STORE_READERS = 128, RECORD_HEAD = 8 /* checksum */, STREAM_HEAD = 32 /* chained hash */ };

typedef struct copy copy_t; /* of a live store, under way or done */
void copy_destroy(copy_t **self);

struct store {
    MDB_env *env;
    int lock_fd;
    MDB_dbi stream; /* seq, big endian → chained hash, event bytes */
    MDB_dbi facts;  /* name → checksum, bytes */
    MDB_dbi dbis[STORE_TABLES];
    const table_t *tables;
    size_t table_count;
    bool writing;
    chain_t chain; /* of the stream */
    rows_t *rows;  /* at hand for write transactions; NULL: they go straight to LMDB */
    uint32_t page_size;
    uint64_t file_size; /* of data.mdb, as far as we have extended it */
    buffer_t scratch; /* of the one write transaction */
    char *path;
    copy_t *copy; /* NULL: none was asked for */
};

struct txn {
    store_t *store;
    MDB_txn *mdb;
    bool writes;
    bool head_known;
    MDB_cursor *appender; /* at the end of the stream; NULL: nothing was appended yet */
    uint32_t changes;  /* see txn_changes */
    uint64_t appended; /* bytes of events */
    struct {
        uint32_t rows;   /* written or deleted, each once */
        uint32_t leaves; /* pages its rows lay on when this began */
    } touched[STORE_TABLES];
    err_t err;
    head_t head;
};

/* Makes data.mdb, whole and durable before it has its name, if there is none; makes the names durable in any case. */
err_t store_file_make(const store_t *self);
/* Keeps some of the file's end written with zeros: a flush that finds its blocks there has no file size to flush with them. */
void store_extend(store_t *self);
/* Reads data.mdb without LMDB: metas, trees, free pages, checksums. ERR_CORRUPT names the page in the log. Of a store larger than
 * LIMIT_STORE_WALK only what the roots say, unless `whole`. Nobody may write meanwhile. */
err_t store_file_check(const store_t *self, bool whole);
/* An LMDB or system error number as err_t, logged with what was tried. */
err_t store_wrong(const store_t *self, int code, const char *tried);
/* The same, stuck to the transaction. */
void txn_wrong(txn_t *self, int code, const char *tried);
/* A value that nothing could read back was about to be kept: our own mistake, logged; ERR_BAD sticks. */
void txn_value_wrong(txn_t *self, const message_t *type, const char *where, const fault_t *fault);
/* The content behind a record's checksum; ERR_CORRUPT sticks if it does not match. */
bool record_open(txn_t *self, MDB_val key, MDB_val value, const char *where, bytes_t *content);
/* Lets LMDB know the rows of a table, or of all (ROWS_ALL), that are only at hand. Errors stick. */
void txn_rows_put(txn_t *self, uint32_t table);
/* Decodes a record's content into `row` with views into a copy in `arena`. */
bool record_read(txn_t *self, size_t table, MDB_val key, MDB_val value, arena_t *arena, void *row);
/* LMDB takes no empty key: the only row of a table may be kept under one, it is written as one zero byte. */
MDB_val key_value(const store_key_t *key);

#endif
