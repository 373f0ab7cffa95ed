/* A small strict CSV reader and writer; GB18030 by the C library's iconv. */
#include "services/sheet/csv.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>

/* --- encoding --- */

/* Bytes of the UTF-8 character at `at` (RFC 3629: shortest form, no surrogates, at most U+10FFFF); 0: it is none. */
static uint32_t character_size(const uint8_t *at, uint32_t left) {
    uint8_t first = at[0];
    if (first < 0x80) return 1;
    uint32_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size > left) return 0;
    for (uint32_t next = 1; next < size; next++)
        if ((at[next] & 0xc0) != 0x80) return 0;
    bool overlong = (first == 0xe0 && at[1] < 0xa0) || (first == 0xf0 && at[1] < 0x90);
    bool beyond = (first == 0xed && at[1] > 0x9f) || (first == 0xf4 && at[1] > 0x8f);
    return overlong || beyond ? 0 : size;
}

/* The first byte that is not UTF-8; the size if all are. */
static uint32_t utf8_until(bytes_t bytes) {
    uint32_t at = 0;
    while (at < bytes.size) {
        uint32_t size = character_size(bytes.at + at, bytes.size - at);
        if (size == 0) return at;
        at += size;
    }
    return at;
}

/* OK, or ERR_BAD with the byte that is not GB18030 in *bad. */
static err_t gb18030_decode(bytes_t bytes, arena_t *arena, text_t *text, uint32_t *bad) {
    iconv_t convert = iconv_open("UTF-8", "GB18030");
    if (convert == (iconv_t)-1) return ERR_SYSTEM;
    size_t in_left = bytes.size, room = (size_t)bytes.size * 2 + 4,
           out_left = room; /* two bytes become three, four stay four */
    char *copy = arena_room(arena, in_left + 1), *in = copy, *out = arena_room(arena, room), *to = out;
    memcpy(copy, bytes.at, bytes.size);
    size_t irreversible = iconv(convert, &in, &in_left, &to, &out_left);
    iconv_close(convert);
    *bad = (uint32_t)(in - copy);
    if (irreversible != 0 || in_left != 0) return ERR_BAD;
    *text = (text_t){out, (uint32_t)(room - out_left)};
    return OK;
}

static bool starts(bytes_t bytes, const char *mark, uint32_t size) {
    return bytes.size >= size && memcmp(bytes.at, mark, size) == 0;
}

static err_t wrong(csv_fault_t *fault, const char *code, spot_t spot, text_t arg) {
    *fault = (csv_fault_t){.code = code, .spot = spot, .arg = arg};
    return ERR_BAD;
}

/* Workbooks that were renamed instead of saved as CSV, and "Unicode text". */
static const char *foreign_kind(bytes_t bytes) {
    if (starts(bytes, "PK\003\004", 4)) return "XLSX";
    if (starts(bytes, "\xd0\xcf\x11\xe0", 4)) return "XLS";
    if (starts(bytes, "\xff\xfe", 2) || starts(bytes, "\xfe\xff", 2)) return "UTF-16";
    return NULL;
}

err_t csv_decode(bytes_t bytes, arena_t *arena, text_t *text, const char **encoding, csv_fault_t *fault) {
    const char *foreign = foreign_kind(bytes);
    if (foreign != NULL) return wrong(fault, "not_csv", (spot_t){0, 0}, text_of(foreign));
    bool marked = starts(bytes, "\xef\xbb\xbf", 3);
    if (marked) bytes = (bytes_t){bytes.at + 3, bytes.size - 3};
    uint32_t until = utf8_until(bytes), bad = 0;
    *encoding = "UTF-8";
    *text = (text_t){(const char *)bytes.at, bytes.size};
    if (until == bytes.size) return OK;
    if (marked) return wrong(fault, "bad_encoding", (spot_t){0, 0}, arena_format(arena, "%u", until + 4));
    *encoding = "GB18030";
    err_t err = gb18030_decode(bytes, arena, text, &bad);
    return err == ERR_BAD ? wrong(fault, "bad_encoding", (spot_t){0, 0}, arena_format(arena, "%u", bad + 1)) : err;
}

/* --- rows --- */

typedef struct {
    text_t text;
    uint32_t at;
    arena_t *arena;
    csv_fault_t *fault;
    csv_row_t *rows;
    text_t cells[LIMIT_CSV_COLUMNS];
    uint32_t row_count, cell_count;
} parser_t;

static spot_t here(const parser_t *self) { return (spot_t){self->row_count + 1, self->cell_count + 1}; }
static bool at_end(const parser_t *self) { return self->at == self->text.size; }
static char symbol(const parser_t *self) { return self->text.at[self->at]; }
static bool ends_cell(char c) { return c == ',' || c == '\r' || c == '\n'; }

/* Steps over CRLF, LF or CR. */
static void skip_line_end(parser_t *self) {
    bool carriage = symbol(self) == '\r';
    self->at++;
    if (carriage && !at_end(self) && symbol(self) == '\n') self->at++;
}

/* Where the quoted cell that begins at `at` ends: at its closing quote, or at the end of the text. */
static uint32_t closing_quote(const parser_t *self) {
    uint32_t at = self->at + 1, size = self->text.size;
    for (; at < size; at++) {
        if (self->text.at[at] != '"') continue;
        if (at + 1 == size || self->text.at[at + 1] != '"') break;
        at++;
    }
    return at;
}

/* "" becomes one quote, CRLF and CR become LF. */
static err_t quoted_cell(parser_t *self, text_t *cell) {
    uint32_t end = closing_quote(self), used = 0;
    if (end == self->text.size) return wrong(self->fault, "quote_open", here(self), text_of(""));
    char *out = arena_room(self->arena, end - self->at);
    for (self->at++; self->at < end; self->at++) {
        bool pair = self->text.at[self->at + 1] == '\n';
        if (symbol(self) == '"') self->at++;
        if (symbol(self) == '\0') return wrong(self->fault, "not_csv", here(self), text_of("NUL"));
        if (symbol(self) != '\r')
            out[used++] = symbol(self);
        else if (!pair)
            out[used++] = '\n';
    }
    self->at++;
    if (!at_end(self) && !ends_cell(symbol(self))) return wrong(self->fault, "bad_quote", here(self), text_of(""));
    *cell = (text_t){out, used};
    return OK;
}

static err_t plain_cell(parser_t *self, text_t *cell) {
    uint32_t from = self->at;
    for (; !at_end(self) && !ends_cell(symbol(self)); self->at++) {
        if (symbol(self) == '"') return wrong(self->fault, "bad_quote", here(self), text_of(""));
        if (symbol(self) == '\0') return wrong(self->fault, "not_csv", here(self), text_of("NUL"));
    }
    *cell = (text_t){self->text.at + from, self->at - from};
    return OK;
}

/* One row; behind it `at` stands on the next one or at the end. */
static err_t row_parse(parser_t *self) {
    self->cell_count = 0;
    for (bool more = true; more;) {
        if (self->cell_count == LIMIT_CSV_COLUMNS)
            return wrong(self->fault, "too_many_columns", here(self), arena_format(self->arena, "%d", LIMIT_CSV_COLUMNS));
        text_t cell = {0};
        bool quoted = !at_end(self) && symbol(self) == '"';
        err_t err = quoted ? quoted_cell(self, &cell) : plain_cell(self, &cell);
        if (err != OK) return err;
        self->cells[self->cell_count++] = cell;
        more = !at_end(self) && symbol(self) == ',';
        if (more)
            self->at++;
        else if (!at_end(self))
            skip_line_end(self);
    }
    return OK;
}

static err_t row_keep(parser_t *self) {
    if (self->row_count == LIMIT_CSV_ROWS)
        return wrong(self->fault, "too_many_rows", (spot_t){self->row_count + 1, 0},
                     arena_format(self->arena, "%d", LIMIT_CSV_ROWS));
    text_t *cells = ARENA_NEW(self->arena, text_t, self->cell_count);
    memcpy(cells, self->cells, sizeof *cells * self->cell_count);
    self->rows[self->row_count++] = (csv_row_t){cells, self->cell_count};
    return OK;
}

/* No more rows than line ends, and one. */
static uint32_t rows_at_most(text_t text) {
    uint32_t count = 1;
    for (uint32_t at = 0; at < text.size; at++) count += text.at[at] == '\n' || text.at[at] == '\r';
    return count < LIMIT_CSV_ROWS ? count : LIMIT_CSV_ROWS;
}

err_t csv_parse(text_t text, arena_t *arena, csv_t *out, csv_fault_t *fault) {
    parser_t parser = {.text = text, .arena = arena, .fault = fault};
    parser.rows = ARENA_NEW(arena, csv_row_t, rows_at_most(text));
    err_t err = OK;
    while (err == OK && !at_end(&parser)) {
        err = row_parse(&parser);
        if (err == OK) err = row_keep(&parser);
    }
    out->rows = parser.rows;
    out->count = parser.row_count;
    return err;
}

err_t csv_read(bytes_t bytes, arena_t *arena, csv_t *out, csv_fault_t *fault) {
    text_t text = {0};
    *out = (csv_t){0};
    *fault = (csv_fault_t){0};
    err_t err = csv_decode(bytes, arena, &text, &out->encoding, fault);
    return err == OK ? csv_parse(text, arena, out, fault) : err;
}

/* --- names of cells --- */

text_t csv_column_name(uint32_t column, arena_t *arena) {
    char name[8];
    uint32_t at = sizeof name;
    for (; column > 0 && at > 0; column = (column - 1) / 26) name[--at] = (char)('A' + (column - 1) % 26);
    return arena_text(arena, (text_t){name + at, (uint32_t)sizeof name - at});
}

text_t csv_spot_name(spot_t spot, arena_t *arena) {
    if (spot.row == 0) return text_of("");
    if (spot.column == 0) return arena_format(arena, "%u", spot.row);
    return arena_format(arena, TEXT_FORMAT "%u", TEXT_ARGS(csv_column_name(spot.column, arena)), spot.row);
}

/* --- writing --- */

void csv_write_cell(buffer_t *out, text_t cell, bool first) {
    if (!first) buffer_add(out, ",", 1);
    bool formula = cell.size > 0 && memchr("=+-@\t\r", cell.at[0], 6) != NULL, quote = formula;
    for (uint32_t at = 0; at < cell.size && !quote; at++) quote = memchr("\",\r\n", cell.at[at], 4) != NULL;
    if (!quote) {
        if (cell.size > 0) buffer_add(out, cell.at, cell.size);
        return;
    }
    buffer_add(out, formula ? "\"'" : "\"", formula ? 2 : 1);
    for (uint32_t at = 0; at < cell.size; at++) {
        if (cell.at[at] == '"') buffer_add(out, "\"", 1);
        buffer_add(out, &cell.at[at], 1);
    }
    buffer_add(out, "\"", 1);
}

void csv_write_bom(buffer_t *out) { buffer_add(out, "\xef\xbb\xbf", 3); }
void csv_write_end(buffer_t *out) { buffer_add(out, "\r\n", 2); }
