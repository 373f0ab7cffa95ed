/* A table that leaves the house as a file: columns with heads, cells of text or of exact decimal numbers; CSV or XLSX. Pure. */
#ifndef DOCUMENTS_GRID_H
#define DOCUMENTS_GRID_H

#include "proto/base.h"

enum { GRID_COLUMNS = 16 };

typedef struct {
    const char *head;
    uint32_t width; /* in characters of the default font */
    bool number;    /* cells are decimal numbers, or empty */
    bool centre;
} grid_column_t;

typedef struct grid_row {
    struct grid_row *next;
    text_t cells[GRID_COLUMNS];
} grid_row_t;

typedef struct {
    arena_t *arena;
    text_t name;  /* of the sheet, at most 31 characters */
    text_t title; /* the first line of a sheet; CSV has none */
    text_t note;  /* the second: 单位：万元, 数据截至 */
    text_t author;
    int64_t made_ms; /* the ledger's instant, never a clock's */
    const grid_column_t *columns;
    uint32_t column_count;
    grid_row_t *first;
    grid_row_t *last;
} grid_t;

void grid_add(grid_t *self, const text_t *cells);

/* Text that a spreadsheet would take for a formula (= + - @, tab, line end in front) gets an apostrophe; numbers stay numbers.
 * gb18030: for programs that do not know UTF-8; otherwise UTF-8 with BOM, by which Excel and WPS know it. CRLF.
 * ERR_SYSTEM: the C library lacks GB18030. */
err_t grid_csv(const grid_t *self, bool gb18030, buffer_t *out);
/* Strings are written as strings, so nothing is ever a formula. Heads are repeated on every printed page, A4 across.
 * ERR_SYSTEM. */
err_t grid_xlsx(const grid_t *self, buffer_t *out);

#endif
