/* CSV by RFC 4180: bytes of UTF-8 or GB18030 in, rows of cells as a spreadsheet counts them; and cells out. Pure. */
#ifndef SHEET_CSV_H
#define SHEET_CSV_H

#include "proto/proto.h"

/* Row and column as a spreadsheet shows them, from 1: column 2, row 7 is B7. 0: not known, or the whole row. */
typedef struct {
    uint32_t row;
    uint32_t column;
} spot_t;

typedef struct {
    const text_t *cells;
    uint32_t count;
} csv_row_t;

typedef struct {
    const csv_row_t *rows; /* empty lines too, so that rows[6] is row 7 */
    uint32_t count;
    const char *encoding; /* "UTF-8", "GB18030" */
} csv_t;

/* What is wrong: a code of file_reasons.def, where, and its value. */
typedef struct {
    const char *code;
    spot_t spot;
    text_t arg;
} csv_fault_t;

/* Strictly: a file that is UTF-8 to its last byte (with or without BOM) is UTF-8; any other is GB18030 to its last byte, or
 * refused. Nothing is replaced, nothing dropped. The text lives in the arena, without BOM. */
err_t csv_decode(bytes_t bytes, arena_t *arena, text_t *text, const char **encoding, csv_fault_t *fault);
/* Cells as they are, never evaluated: "=1+1" is four characters. Lines end with CRLF, LF or CR; a line end inside quotes
 * belongs to the cell (as LF) and does not count as a row. A quote inside an unquoted cell, text behind a closing quote, an
 * open quote at the end are faults. */
err_t csv_parse(text_t text, arena_t *arena, csv_t *out, csv_fault_t *fault);
/* Both. */
err_t csv_read(bytes_t bytes, arena_t *arena, csv_t *out, csv_fault_t *fault);

text_t csv_column_name(uint32_t column, arena_t *arena); /* 1 → A, 27 → AA */
text_t csv_spot_name(spot_t spot, arena_t *arena);       /* B7; 7 for a whole row; empty if nothing is known */

/* Appends a cell, quoted where it must be. What a spreadsheet would take for a formula gets an apostrophe in front. `first`: no
 * comma before it. */
void csv_write_cell(buffer_t *out, text_t cell, bool first);
void csv_write_bom(buffer_t *out); /* Excel and WPS take a file without it for the system's own encoding */
void csv_write_end(buffer_t *out); /* CRLF */

#endif
