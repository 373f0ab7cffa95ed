/* Blocks in a row, and the document as plain text. */
#include "services/documents/paper.h"

#include "services/plan/text_table.h"
#include "services/plan/width.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

paper_t paper_new(arena_t *arena) { return (paper_t){.arena = arena}; }

void paper_add(paper_t *self, block_kind_t kind, text_t text) {
    block_t *block = ARENA_NEW(self->arena, block_t, 1);
    block->kind = kind;
    block->text = text;
    if (self->last == NULL)
        self->first = block;
    else
        self->last->next = block;
    self->last = block;
}

void paper_format(paper_t *self, block_kind_t kind, const char *format, ...) {
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    int size = vsnprintf(NULL, 0, format, list);
    va_end(list);
    ASSERT(size >= 0);
    char *room = arena_take(self->arena, (size_t)size + 1);
    vsnprintf(room, (size_t)size + 1, format, again);
    va_end(again);
    paper_add(self, kind, (text_t){room, (uint32_t)size});
}

void paper_table(paper_t *self, const table_shape_t *shape) {
    ASSERT(shape->columns <= PAPER_COLUMNS);
    paper_add(self, BLOCK_TABLE, (text_t){0});
    self->last->shape = shape;
}

void paper_row(paper_t *self, const text_t *cells, bool strong) {
    block_t *table = self->last;
    ASSERT(table != NULL && table->kind == BLOCK_TABLE);
    paper_row_t *row = ARENA_NEW(self->arena, paper_row_t, 1);
    memcpy(row->cells, cells, table->shape->columns * sizeof *cells);
    row->strong = strong;
    if (table->last_row == NULL)
        table->rows = row;
    else
        table->last_row->next = row;
    table->last_row = row;
}

/* --- bytes --- */

void buffer_text(buffer_t *out, const char *text) { buffer_add(out, text, strlen(text)); }

void buffer_format(buffer_t *out, const char *format, ...) {
    char room[512];
    va_list list;
    va_start(list, format);
    int size = vsnprintf(room, sizeof room, format, list);
    va_end(list);
    ASSERT(size >= 0 && (size_t)size < sizeof room);
    buffer_add(out, room, (size_t)size);
}

/* U+FFFE and U+FFFF are UTF-8, but no XML: a program that opens the file would call it damaged. */
static bool is_no_character(text_t text, uint32_t at) {
    return text.size - at >= 3 && memcmp(text.at + at, "\xEF\xBF", 2) == 0 && (uint8_t)text.at[at + 2] >= 0xBE;
}

text_t xml_clean(text_t text, arena_t *arena) {
    char *room = arena_take(arena, (size_t)text.size + 1);
    uint32_t size = 0;
    for (uint32_t at = 0; at < text.size; at++) {
        char byte = text.at[at];
        if (is_no_character(text, at))
            at += 2;
        else if ((uint8_t)byte >= 0x20 || byte == '\n' || byte == '\t')
            room[size++] = byte;
    }
    return (text_t){room, size};
}

void xml_escape(buffer_t *out, text_t text) {
    for (uint32_t index = 0; index < text.size; index++) {
        char byte = text.at[index];
        if (is_no_character(text, index)) {
            index += 2;
            continue;
        }
        switch (byte) {
        case '<': buffer_text(out, "&lt;"); break;
        case '>': buffer_text(out, "&gt;"); break;
        case '&': buffer_text(out, "&amp;"); break;
        case '"': buffer_text(out, "&quot;"); break;
        default:
            if ((uint8_t)byte >= 0x20 || byte == '\n' || byte == '\t') buffer_add(out, &byte, 1);
        }
    }
}

/* --- plain text --- */

enum { TEXT_WIDTH = 56 }; /* 28 characters */

static void text_centred(buffer_t *out, text_t text) {
    const char *end = text.size == 0 ? NULL : memchr(text.at, '\n', text.size);
    if (end != NULL) { /* a title of two lines */
        uint32_t first = (uint32_t)(end - text.at);
        text_centred(out, (text_t){text.at, first});
        text = (text_t){end + 1, text.size - first - 1};
    }
    uint32_t width = text_width(text);
    for (uint32_t pad = width < TEXT_WIDTH ? (TEXT_WIDTH - width) / 2 : 0; pad > 0; pad--) buffer_add(out, " ", 1);
    buffer_add(out, text.at, text.size);
    buffer_add(out, "\n", 1);
}

static void text_at_right(buffer_t *out, text_t text) {
    text_pad_left(out, text, TEXT_WIDTH);
    buffer_add(out, "\n", 1);
}

static void text_line(buffer_t *out, const char *indent, text_t text) {
    buffer_text(out, indent);
    if (text.size > 0) buffer_add(out, text.at, text.size);
    buffer_add(out, "\n", 1);
}

static void text_rows(buffer_t *out, const block_t *table) {
    const table_shape_t *shape = table->shape;
    uint32_t widths[PAPER_COLUMNS] = {0};
    paper_row_t head = {.next = table->rows};
    for (uint32_t column = 0; column < shape->columns; column++) head.cells[column] = text_of(shape->heads[column]);
    for (const paper_row_t *row = &head; row != NULL; row = row->next)
        for (uint32_t column = 0; column < shape->columns; column++) {
            uint32_t width = text_width(row->cells[column]);
            if (width > widths[column]) widths[column] = width;
        }
    for (const paper_row_t *row = &head; row != NULL; row = row->next) {
        for (uint32_t column = 0; column < shape->columns; column++) {
            if (column > 0) buffer_text(out, "  ");
            bool last = column + 1 == shape->columns;
            if ((shape->right >> column & 1) != 0)
                text_pad_left(out, row->cells[column], widths[column]);
            else
                text_pad(out, row->cells[column], last ? 0 : widths[column]);
        }
        while (out->size > 0 && out->at[out->size - 1] == ' ') out->size--;
        buffer_add(out, "\n", 1);
    }
}

void paper_text(const paper_t *self, buffer_t *out) {
    for (const block_t *block = self->first; block != NULL; block = block->next) {
        switch (block->kind) {
        case BLOCK_MASTHEAD:
        case BLOCK_NUMBER:
        case BLOCK_ANNEX_TITLE: text_centred(out, block->text); break;
        case BLOCK_TITLE:
            buffer_add(out, "\n", 1);
            text_centred(out, block->text);
            buffer_add(out, "\n", 1);
            break;
        case BLOCK_PREVIEW:
        case BLOCK_ADDRESSEE: text_line(out, "", block->text); break;
        case BLOCK_PARAGRAPH:
        case BLOCK_HEADING_1:
        case BLOCK_HEADING_2:
        case BLOCK_HEADING_3:
        case BLOCK_ANNEXES: text_line(out, "    ", block->text); break;
        case BLOCK_TABLE: text_rows(out, block); break;
        case BLOCK_NOTE: text_line(out, "", block->text); break;
        case BLOCK_SIGNATURE: buffer_add(out, "\n", 1); /* fall through */
        case BLOCK_DATE: text_at_right(out, block->text); break;
        case BLOCK_ANNEX:
            buffer_add(out, "\n", 1);
            text_line(out, "", block->text);
            break;
        case BLOCK_COLOPHON: text_line(out, "\n", block->text); break;
        }
    }
}
