/* Rows of a grid, and the grid as CSV. */
#include "services/documents/grid.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

void grid_add(grid_t *self, const text_t *cells) {
    grid_row_t *row = ARENA_NEW(self->arena, grid_row_t, 1);
    ASSERT(self->column_count <= GRID_COLUMNS);
    memcpy(row->cells, cells, self->column_count * sizeof *cells);
    if (self->last == NULL)
        self->first = row;
    else
        self->last->next = row;
    self->last = row;
}

/* "=1+1" typed by somebody must not be computed on the desk of who opens the file. */
static bool is_formula(text_t cell) { return cell.size > 0 && memchr("=+-@\t\r\n", cell.at[0], 7) != NULL; }

static bool wants_quotes(text_t cell) {
    for (uint32_t index = 0; index < cell.size; index++)
        if (memchr(",\"\r\n", cell.at[index], 4) != NULL) return true;
    return false;
}

static void csv_cell(buffer_t *out, text_t cell, bool number) {
    bool quotes = wants_quotes(cell);
    if (quotes) buffer_add(out, "\"", 1);
    if (!number && is_formula(cell)) buffer_add(out, "'", 1);
    for (uint32_t index = 0; index < cell.size; index++) {
        if (cell.at[index] == '"') buffer_add(out, "\"", 1);
        buffer_add(out, cell.at + index, 1);
    }
    if (quotes) buffer_add(out, "\"", 1);
}

static err_t encode_gb18030(const buffer_t *utf8, buffer_t *out) {
    iconv_t converter = iconv_open("GB18030", "UTF-8");
    if (converter == (iconv_t)-1) return ERR_SYSTEM;
    char *from = (char *)utf8->at;
    size_t left = utf8->size, room = utf8->size * 2 + 16;
    char *to = (char *)buffer_room(out, room), *begin = to;
    size_t got = iconv(converter, &from, &left, &to, &room);
    iconv_close(converter);
    if (got == (size_t)-1 || left > 0) return ERR_SYSTEM;
    out->size += (size_t)(to - begin);
    return OK;
}

err_t grid_csv(const grid_t *self, bool gb18030, buffer_t *out) {
    buffer_t text = {0};
    if (!gb18030) buffer_add(&text, "\xEF\xBB\xBF", 3);
    for (uint32_t column = 0; column < self->column_count; column++) {
        if (column > 0) buffer_add(&text, ",", 1);
        csv_cell(&text, text_of(self->columns[column].head), false);
    }
    buffer_add(&text, "\r\n", 2);
    for (const grid_row_t *row = self->first; row != NULL; row = row->next) {
        for (uint32_t column = 0; column < self->column_count; column++) {
            if (column > 0) buffer_add(&text, ",", 1);
            csv_cell(&text, row->cells[column], self->columns[column].number);
        }
        buffer_add(&text, "\r\n", 2);
    }
    err_t err = OK;
    if (gb18030)
        err = encode_gb18030(&text, out);
    else
        buffer_add(out, text.at, text.size);
    buffer_destroy(&text);
    return err;
}
