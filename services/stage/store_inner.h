/* What the files of the store share: LMDB's handles. Included by store*.c only; the one place that includes lmdb.h. */
#ifndef STAGE_STORE_INNER_H
#define STAGE_STORE_INNER_H

#include "proto/crypto.h"
#include "services/stage/store.h"
#include "services/stage/store_rows.h"

#include <lmdb.h>
#include <pthread.h>

enum { STORE_TABLES = 48, STORE_READERS = 128, RECORD_HEAD = 8 /* checksum */ };

typedef struct copy copy_t; /* of a live store, under way or done */
void copy_destroy(copy_t **self);

struct store {
    MDB_env *env;
    int lock_fd;
    MDB_dbi stream; /* seq of the first, big endian → events: see store_group.c */
    MDB_dbi facts;  /* name → checksum, bytes */
    MDB_dbi dbis[STORE_TABLES];
    const table_t *tables;
    size_t table_count;
    rows_way_t ways[STORE_TABLES];
    bool derived;
    bool writing;
    chain_t chain;        /* of the stream */
    uint32_t record_head; /* bytes of a record of the stream before its first event, */
    uint32_t event_head;  /* and before each */
    rows_t *rows;  /* at hand for write transactions; NULL: they go straight to LMDB */
    uint32_t page_size;
    uint64_t file_size; /* of data.mdb, as far as we have extended it; of a derived store also the size of its map */
    uint64_t file_used;  /* bytes of it that were in use after the last commit; not of a derived store */
    pthread_mutex_t map_lock; /* of a derived store: guards the map against being moved under a reader */
    pthread_cond_t map_opens;
    uint32_t map_readers;
    uint32_t map_stayers; /* of these: they did not end when they were waited for last */
    uint64_t map_turn;    /* how often somebody was waited for and stayed */
    bool map_closed;      /* nobody begins to read: the map is about to grow */
    bool map_stays; /* it was to grow, and somebody read */
    uint32_t map_room;  /* pages one transaction may change: the others of the map are for what hangs on them */
    uint64_t map_used;  /* bytes in use when the last transaction began; 0: none did */
    uint64_t map_warm;  /* up to here the file behind them was written with zeros: see map_warm */
    bool map_cramped;   /* a transaction would have gone on if the map had room */
    buffer_t scratch; /* of the one write transaction */
    buffer_t group;   /* of the same: the last record of the stream, as it grows */
    char *path;
    copy_t *copy; /* NULL: none was asked for */
};

struct txn {
    store_t *store;
    MDB_txn *mdb;
    bool writes;
    bool head_known;
    uint64_t map_turn;    /* of a reader: see store_map_read */
    MDB_cursor *appender; /* at the end of the stream; NULL: nothing was appended yet */
    uint64_t group_first; /* of the group at hand: the seq of its first event */
    bool group_known;     /* it is what it would be if all were written */
    bool group_kept;      /* LMDB has a record of it, */
    bool group_changed;   /* but knows less */
    MDB_cursor *newest;   /* where txn_put_new was last; NULL: nowhere yet */
    size_t newest_table;
    MDB_cursor *lookers[STORE_TABLES]; /* of a write transaction: where a row of the table was looked for last; NULL: nowhere yet */
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
err_t store_reopen(store_t *self); /* the file that lies there now: env and tables */
/* Keeps some of the file's end written with zeros: a flush that finds its blocks there has no file size to flush with them. Not
 * behind a large commit: that writes its pages once. */
void store_extend(store_t *self);
/* The format and the boot in which a derived store was written, and whether it was closed since. Checked before anything is opened:
 * what another version wrote, or another boot and nobody closed, which may be torn, is removed; begin: before the first write;
 * end: all of it is on the disk. */
err_t store_boot_check(store_t *self);
err_t store_boot_begin(store_t *self);
void store_boot_end(store_t *self);
/* The map of a derived store: see store_map.c. */
err_t store_map_prepare(store_t *self);
uint64_t store_map_step(void);                  /* bytes */
void store_map_room(store_t *self);             /* between two write transactions: more, if it is wanted and can be had */
uint64_t store_map_read(store_t *self);          /* a reader begins; what it gives back is wanted when that one ends */
void store_map_read_end(store_t *self, uint64_t turn);
/* Reads data.mdb without LMDB: metas, trees, free pages, checksums. ERR_CORRUPT names the page in the log. Of a store larger than
 * LIMIT_STORE_WALK only what the roots say, unless `whole`. Nobody may write meanwhile. */
err_t store_file_check(const store_t *self, bool whole);
/* The name of the table that holds the stream. Another one whenever entries of the ledger come to lie otherwise: what an older
 * version wrote is refused, and not taken for damaged. Derived stores are derived anew (STORE_FORMAT). */
static inline const char *store_stream_name(const store_t *self) { return self->derived ? "~stream" : "~entries"; }
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
/* Puts a row of a table that is not kept at hand, where it lies. LMDB's code. */
int straight_put(txn_t *self, size_t table, MDB_val name, MDB_val value);
/* Encodes and seals a row in the store's scratch. false: it stuck. */
bool record_encode(txn_t *self, const table_t *kept, MDB_val key, const void *row, MDB_val *value);
/* Decodes a record's content into `row` with views into a copy in `arena`. */
bool record_read(txn_t *self, size_t table, MDB_val key, MDB_val value, arena_t *arena, void *row);
/* The events of a stream, one after the other, as they lie in its records. */
typedef struct {
    MDB_cursor *cursor;
    bytes_t record;
    uint64_t first, seq; /* of the record's first event; of the event at hand */
    uint32_t at;         /* of the record: where the event at hand ends */
    bytes_t event;
} passage_t;
bool passage_begin(txn_t *self, uint64_t seq, passage_t *walk); /* false: not there, or stuck; to be ended in any case */
bool passage_next(txn_t *self, passage_t *walk);                /* false: the end, a gap or an error; the latter two stick */
bool passage_next_record(txn_t *self, passage_t *walk);         /* the same: the first event of the next record */
void passage_end(passage_t *walk);
/* Adds the event at hand, and those behind it up to `last` or to the end of the record, as a framed batch has them, while all that
 * is in `out` fits into `room`; one fits in any case. true: all of these; false: no more fit, or an error stuck. */
bool passage_gather(txn_t *self, passage_t *walk, uint64_t last, uint32_t room, buffer_t *out, uint32_t *count);
uint64_t stream_seq_of(MDB_val key);
/* Cuts the next event out of a record; *at: 0 before the first, then where the last one ended. false: there is none, or it is not
 * whole. */
bool event_cut(const store_t *self, bytes_t record, uint32_t *at, bytes_t *event);
uint64_t events_in(const store_t *self, bytes_t record, bytes_t *last); /* 0: it is broken */
span_t record_span(txn_t *self, uint64_t seq); /* the events that share a record with this one, itself among them */
void event_broken(txn_t *self, uint64_t seq);            /* fails the transaction, and the log says where */
/* An event is to be written behind what this buffer holds; then it is added. `begin`: where it begins. */
buffer_t *bundle_begin(txn_t *self);
void bundle_add(txn_t *self, uint64_t seq, size_t begin);
void bundle_settle(txn_t *self); /* LMDB knows what is at hand */
void bundle_forget(txn_t *self);
/* LMDB takes no empty key: the only row of a table may be kept under one, it is written as one zero byte. */
MDB_val key_value(const store_key_t *key);

#endif
