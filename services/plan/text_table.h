/* Tables for the terminal, aligned by columns as they are seen. Not for numbers that must be read by programs. */
#ifndef PLAN_TEXT_TABLE_H
#define PLAN_TEXT_TABLE_H

#include "proto/base.h"

enum { TABLE_COLUMNS = 8 };

typedef struct text_row {
    struct text_row *next;
    text_t cells[TABLE_COLUMNS];
} text_row_t;

/* Rows live in `arena` until printed. */
typedef struct {
    arena_t *arena;
    uint32_t columns;
    uint32_t right; /* bit i: column i is aligned to the right */
    text_row_t *first;
    text_row_t *last;
} text_table_t;

/* Begins with its head row. */
text_table_t text_table_new(arena_t *arena, uint32_t columns, uint32_t right, const text_t *head);
void text_table_add(text_table_t *self, const text_t *cells);
/* Appends all rows to `out`, each behind `indent` blanks, without trailing blanks. */
void text_table_print(const text_table_t *self, uint32_t indent, buffer_t *out);

#endif
