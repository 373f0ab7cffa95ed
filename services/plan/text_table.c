/* Rows of cells, padded to the widest cell of each column. */
#include "services/plan/text_table.h"

#include "services/plan/width.h"

text_table_t text_table_new(arena_t *arena, uint32_t columns, uint32_t right, const text_t *head) {
    ASSERT(columns > 0 && columns <= TABLE_COLUMNS);
    text_table_t self = {.arena = arena, .columns = columns, .right = right};
    text_table_add(&self, head);
    return self;
}

void text_table_add(text_table_t *self, const text_t *cells) {
    text_row_t *row = ARENA_NEW(self->arena, text_row_t, 1);
    for (uint32_t column = 0; column < self->columns; column++) row->cells[column] = cells[column];
    if (self->last == NULL)
        self->first = row;
    else
        self->last->next = row;
    self->last = row;
}

static void row_print(const text_table_t *self, const text_row_t *row, const uint32_t *widths, uint32_t indent, buffer_t *out) {
    text_pad(out, (text_t){0}, indent);
    for (uint32_t column = 0; column < self->columns; column++) {
        if (self->right >> column & 1)
            text_pad_left(out, row->cells[column], widths[column]);
        else
            text_pad(out, row->cells[column], widths[column]);
        buffer_add(out, "  ", 2);
    }
    while (out->size > 0 && out->at[out->size - 1] == ' ') out->size--;
    buffer_add(out, "\n", 1);
}

void text_table_print(const text_table_t *self, uint32_t indent, buffer_t *out) {
    uint32_t widths[TABLE_COLUMNS] = {0};
    for (const text_row_t *row = self->first; row != NULL; row = row->next)
        for (uint32_t column = 0; column < self->columns; column++) {
            uint32_t width = text_width(row->cells[column]);
            if (widths[column] < width) widths[column] = width;
        }
    for (const text_row_t *row = self->first; row != NULL; row = row->next) row_print(self, row, widths, indent, out);
}
