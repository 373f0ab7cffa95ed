/* One LMDB environment: tables of declared records, one write transaction at a time. The only room that knows LMDB.
 * Every record carries a checksum; a record that does not match is ERR_CORRUPT. Errors stick to the transaction. */
#ifndef STAGE_STORE_H
#define STAGE_STORE_H

#include "proto/wire.h"

/* A key: parts in order, so that bytewise order is the order of the parts. */
typedef struct {
    uint8_t bytes[LIMIT_STORE_KEY];
    uint32_t size;
} store_key_t;
store_key_t key_new(void);
void key_add_text(store_key_t *self, text_t text);        /* text, then a 0 byte */
void key_add_u64(store_key_t *self, uint64_t number);     /* 8 bytes, big endian */
void key_add_bytes(store_key_t *self, const uint8_t *bytes, size_t size); /* as they are; fixed sizes only */
/* Takes the parts off again, in order. `at` starts at 0. Views into the key. */
text_t key_next_text(bytes_t key, uint32_t *at);
uint64_t key_next_u64(bytes_t key, uint32_t *at);

/* A table: its name in the environment and the message that its values are. */
typedef struct {
    const char *name;
    const message_t *(*type)(void);
} table_t;

typedef struct store store_t;
typedef struct txn txn_t;

/* Start-up barrier, in this order: lock file → open → size check → sync → reader check. `path` is a folder, made if missing.
 * ERR_LOCKED leaves the first instance untouched. Safe flags (default sync) always; readers of other threads may be open. */
err_t store_open(const char *path, const table_t *tables, size_t table_count, store_t **out);
/* What can be derived from a ledger anew: its stream is chained quickly, its write transactions keep rows at hand, and what it
 * commits outlives the process, not the machine. After a power cut (another boot, not closed before) it opens empty. */
err_t store_open_derived(const char *path, const table_t *tables, size_t table_count, store_t **out);
void store_close(store_t **self);
/* Where a derived store's write transactions read and write the rows of a table. At hand, as all are unless this is called: in
 * memory; LMDB hears of them once a commit, in the order of their keys. Straight, for rows that are touched about once a commit: in
 * LMDB. Appended: likewise, where nearly every new key lies behind all others. Between two transactions. */
typedef enum { ROWS_AT_HAND, ROWS_STRAIGHT, ROWS_APPENDED } rows_way_t;
void store_rows_go(store_t *self, size_t table, rows_way_t way);
/* Writes the file anew with only what the store holds, and blanks the old one: what was deleted is in it no more. Nobody may use
 * the store meanwhile, in any thread. ERR_FULL: there was no room for it, nothing is changed; after any other error the store is to
 * be closed. Not for derived stores. */
err_t store_rewrite(store_t *self);
/* Bytes used, and bytes it may grow to before BUSY: `used >= *size` means that less than LIMIT_STORE_RESERVE is left. */
void store_usage(store_t *self, uint64_t *used, uint64_t *size);

/* Answers one backup_ask: begins to copy the live store into the folder, in a thread of its own, or says how far that is. What
 * is committed goes on meanwhile; the copy is a snapshot, compacted, durable once it is done. From one thread, e.g. the desk. */
void store_copy_answer(store_t *self, const packet_t *ask, buffer_t *out);

txn_t *store_write(store_t *self);      /* NULL and a logged error if the store refuses; at most one at a time */
txn_t *store_read(store_t *self);       /* a snapshot; any number, any thread */
err_t txn_commit(txn_t **self);         /* ends a write transaction; not OK: nothing of it is there */
void txn_abort(txn_t **self);           /* ends either kind */
/* Its rows and events take about as much as one transaction may: memory, or the room of the map. */
bool txn_is_full(txn_t *self);
/* After ERR_FULL: has the store got more room meanwhile, so that it is worth while to try again? Later: while somebody reads, a
 * backup perhaps, it stays as it is. */
typedef enum { ROOM_NONE, ROOM_MORE, ROOM_LATER } map_room_t;
map_room_t store_more_room(store_t *self);
err_t txn_error(const txn_t *self);     /* the first error that stuck to it */
void txn_fail(txn_t *self, err_t err);

/* Keys may be empty: the one row of a table that has only one.
 * Reads into `row` (views into arena copies). false: not there, or an error stuck. */
bool txn_get(txn_t *self, size_t table, const store_key_t *key, arena_t *arena, void *row);
/* The same, and known->bytes become what known->object was read from: views into the arena. */
bool txn_get_known(txn_t *self, size_t table, const store_key_t *key, arena_t *arena, void *row, wire_known_t *known);
void txn_put(txn_t *self, size_t table, const store_key_t *key, const void *row);
/* The same; where known->object is the row itself, its bytes are copied instead of packed anew. */
void txn_put_known(txn_t *self, size_t table, const store_key_t *key, const void *row, const wire_known_t *known);
/* Puts a row where there is none. false: there is one, which is read into `there`; or an error stuck. Not in derived stores. */
bool txn_put_new(txn_t *self, size_t table, const store_key_t *key, const void *row, arena_t *arena, void *there);
/* A row of about so many bytes will be put before the commit: its page counts from now on, for txn_is_full. */
void txn_promise(txn_t *self, size_t table, uint32_t size);
void txn_delete(txn_t *self, size_t table, const store_key_t *key); /* not there: nothing happens */
void txn_clear(txn_t *self, size_t table);

/* Walks all rows whose key begins with `prefix`, from the first (or from `from`, if not NULL, inclusive), ascending:
 *     scan_t scan = scan_begin(txn, TABLE, &prefix, NULL);
 *     while (scan_next(&scan, arena, &row)) … scan.key …
 *     scan_end(&scan);
 * Rows must not be written in the table while it is walked. scan_last steps to the last row of the prefix only,
 * scan_before to the last one that does not lie behind `from`. */
typedef struct {
    txn_t *txn;
    void *cursor;
    size_t table;
    store_key_t prefix;
    bytes_t key;          /* of the row just read; valid until the next step */
    bool begun;
    store_key_t from;
} scan_t;
scan_t scan_begin(txn_t *txn, size_t table, const store_key_t *prefix, const store_key_t *from);
bool scan_next(scan_t *self, arena_t *arena, void *row);
bool scan_last(scan_t *self, arena_t *arena, void *row);
bool scan_before(scan_t *self, arena_t *arena, void *row);
void scan_end(scan_t *self);

/* The stream a store holds: events, each with its chained hash, and its head. In the same transactions as the tables. */
typedef struct {
    uint64_t seq;              /* 0: empty */
    uint8_t hash[32];
} head_t;
head_t txn_head(txn_t *self);
/* Reads everything: the whole chain, every event by its kind, every row, every fact. */
err_t store_verify(store_t *self, head_t *head);
/* The chained hash at `seq`; zeros at 0. false: not there or stuck. */
bool txn_hash(txn_t *self, uint64_t seq, uint8_t hash[32]);
/* Is this the chained hash at `seq`? Then all up to there is what it was where the hash was taken. */
bool txn_stands(txn_t *self, uint64_t seq, const uint8_t hash[32]);
/* Appends one event (header given, body encoded from value); *seq gets its number, NULL if nobody asks. A header without a
 * cause is its own: cause_seq becomes the event's seq, as in the ledger. */
void txn_append(txn_t *self, const event_t *header, const message_t *type, const void *value, uint64_t *seq);
/* `hash`: SHA-256 of known->bytes where they are a part that stands in the chain by it (proto/chain.h); NULL: nobody knows it. */
void txn_append_known(txn_t *self, const event_t *header, const message_t *type, const void *value, const wire_known_t *known,
                      const uint8_t *hash, uint64_t *seq);
void txn_append_copy(txn_t *self, const event_t *event, uint64_t *seq);
/* Reads event `seq` (views into the arena) and, if hash is not NULL, its chained hash. false: not there or stuck. */
bool txn_event(txn_t *self, uint64_t seq, arena_t *arena, event_t *event, uint8_t *hash);
/* Events as a framed batch carries them: of each its size in 4 bytes little endian, in a sealed chain the chained hash and the sum
 * beside it (LINK_SIZE bytes), and the event itself. As they lie in records. */
enum { SIZE_SIZE = 4, LINK_SIZE = 40 };
typedef struct {
    buffer_t events;
    uint8_t last_hash[32];
} events_t;
/* Gathers those after `after` up to `last`, at most max_bytes (0: LIMIT_FETCH), but at least one. Returns how many. */
uint32_t txn_events(txn_t *self, uint64_t after, uint64_t last, uint32_t max_bytes, events_t *out);
/* The first event that follows from ledger entry `cause_seq`, by halving: causes ascend in every stream. Its seq; 0: none. */
uint64_t txn_caused_by(txn_t *self, uint64_t cause_seq, arena_t *arena, event_t *event);
void txn_clear_stream(txn_t *self);     /* and all facts: what is left is an empty store */
/* Those that may be meant where this one is said to be broken, itself among them: the events of a derived stream that share its
 * record. Of the ledger it is one alone. */
typedef struct {
    uint64_t first, last;
} span_t;
span_t txn_span(txn_t *self, uint64_t seq);
/* Recomputes the chain from `from` (1: the beginning) to the head. ERR_CORRUPT: *bad is the first that is broken, see
 * txn_span. */
err_t txn_verify_chain(txn_t *self, uint64_t from, uint64_t *bad);

/* A logical dump of what is committed: every row of every table and every event of the stream as one line of text, in order,
 * then the facts that belong to the state (in_seq, in_hash). Equal states have equal dumps. */
err_t store_dump(store_t *self, const char *file);
/* Are both the same, record by record, in all that a dump tells? Without writing one. */
bool store_equals(store_t *self, store_t *other);

/* Small facts of the store by name: positions, identities. */
uint64_t txn_fact(txn_t *self, const char *name);
void txn_fact_put(txn_t *self, const char *name, uint64_t value);
bool txn_fact_bytes(txn_t *self, const char *name, uint8_t *out, size_t size);
void txn_fact_bytes_put(txn_t *self, const char *name, const uint8_t *bytes, size_t size);

#endif
