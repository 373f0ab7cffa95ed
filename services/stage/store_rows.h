/* Rows at hand: what a derived store's write transactions read and wrote lately, encoded, in memory. A row that every event
 * changes reaches LMDB once a commit, and all rows reach it in the order of their keys. Included by store*.c only. */
#ifndef STAGE_STORE_ROWS_H
#define STAGE_STORE_ROWS_H

#include "proto/base.h"

/* Clean: as in the store. Absent: the store has no such row. Written, deleted: the store does not know it yet. */
typedef enum { ROW_CLEAN, ROW_ABSENT, ROW_WRITTEN, ROW_DELETED } row_state_t;

typedef struct {
    uint8_t *content;
    uint32_t size, room; /* of the content */
    uint32_t table;
    row_state_t state;
    uint32_t key_size;
    uint64_t order; /* the key's first bytes, as a number that compares as they do */
    uint8_t key[]; /* beside what is compared with it: one look, one line of the cache */
} row_t;

typedef struct rows rows_t;
rows_t *rows_new(void);
void rows_destroy(rows_t **self);
void rows_forget(rows_t *self); /* all of them: after a rollback, when the store was cleared */
/* NULL: not at hand. The view holds until the next row is kept. */
const row_t *rows_find(const rows_t *self, uint32_t table, bytes_t key);
/* Keeps what was read, if there is room. content.at NULL: there is no such row. */
void rows_read(rows_t *self, uint32_t table, bytes_t key, bytes_t content);
/* Keeps what is to be written; content.at NULL: deleted. true: the store knew the row's last state until now. */
bool rows_write(rows_t *self, uint32_t table, bytes_t key, bytes_t content);
/* The rows of a table that the store does not know yet, in the order of their keys; ROWS_ALL: of all tables, table by table. They
 * are known now: clean is to be put, absent to be deleted. The list holds until the next row is kept. */
#define ROWS_ALL UINT32_MAX
const row_t *const *rows_take(rows_t *self, uint32_t table, uint32_t *count);
bool rows_are_many(const rows_t *self); /* it is time to let the store know them */
/* After a commit: makes room if much is at hand. */
void rows_settle(rows_t *self);

#endif
