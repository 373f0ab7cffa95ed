/* The only file that knows libxlsxwriter. */
#include "services/documents/grid.h"

#include "proto/limits.h"
#include "services/documents/paper.h"
#include "services/plan/width.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

enum {
    TITLE_ROW,
    NOTE_ROW,
    HEAD_ROW,
    FIRST_ROW,
    PAPER_A4 = 9,
    CELL_BYTES = 32000,
    PATH_ROOM = 64,
    LINE_HEIGHT = 14,
    ROW_HEIGHT_MAX = 400 /* points */
};

typedef struct {
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *title, *note, *head, *text, *centre, *number;
} pen_t;

static lxw_format *bordered(lxw_workbook *book, uint8_t align) {
    lxw_format *format = workbook_add_format(book);
    format_set_border(format, LXW_BORDER_THIN);
    format_set_font_name(format, "宋体");
    format_set_font_size(format, 10);
    format_set_align(format, LXW_ALIGN_VERTICAL_CENTER);
    if (align != LXW_ALIGN_NONE) format_set_align(format, align);
    format_set_text_wrap(format);
    return format;
}

static pen_t pen_new(lxw_workbook *book, const char *name) {
    pen_t pen = {.book = book, .sheet = workbook_add_worksheet(book, name)};
    pen.title = workbook_add_format(book);
    format_set_font_name(pen.title, "方正小标宋简体");
    format_set_font_size(pen.title, 18);
    format_set_align(pen.title, LXW_ALIGN_CENTER);
    format_set_align(pen.title, LXW_ALIGN_VERTICAL_CENTER);
    pen.note = workbook_add_format(book);
    format_set_font_name(pen.note, "宋体");
    format_set_font_size(pen.note, 10);
    format_set_align(pen.note, LXW_ALIGN_RIGHT);
    pen.head = bordered(book, LXW_ALIGN_CENTER);
    format_set_font_name(pen.head, "黑体");
    pen.text = bordered(book, LXW_ALIGN_NONE);
    pen.centre = bordered(book, LXW_ALIGN_CENTER);
    pen.number = bordered(book, LXW_ALIGN_RIGHT);
    return pen;
}

/* A sheet's cell holds 32,767 characters. */
static const char *terminated(const grid_t *grid, text_t text) {
    if (text.size > CELL_BYTES) {
        text.size = CELL_BYTES;
        while (text.size > 0 && ((uint8_t)text.at[text.size] & 0xC0) == 0x80) text.size--;
    }
    return text.size == 0 ? "" : xml_clean(text, grid->arena).at;
}

/* How the number was written is how it is shown: 3000.00 with two decimals, 300 with none. */
static lxw_format *number_format(pen_t *pen, lxw_format *formats[2], text_t cell) {
    size_t decimals = memchr(cell.at, '.', cell.size) != NULL;
    if (formats[decimals] == NULL) {
        formats[decimals] = bordered(pen->book, LXW_ALIGN_RIGHT);
        format_set_num_format(formats[decimals], decimals > 0 ? "0.00" : "0");
    }
    return formats[decimals];
}

/* Wrapped text wants its lines: not every program works heights out by itself. */
static uint32_t row_height(const grid_t *grid, const grid_row_t *row) {
    uint32_t lines = 1;
    for (uint32_t index = 0; index < grid->column_count; index++) {
        uint32_t width = grid->columns[index].width, wanted = text_width(row->cells[index]);
        uint32_t needed = (wanted + width - 1) / width;
        if (needed > lines) lines = needed;
    }
    uint32_t height = lines * LINE_HEIGHT + 4;
    return height < ROW_HEIGHT_MAX ? height : ROW_HEIGHT_MAX;
}

static lxw_error rows_write(const grid_t *grid, pen_t *pen) {
    lxw_format *formats[2] = {NULL, NULL};
    lxw_error error = LXW_NO_ERROR;
    lxw_row_t at = FIRST_ROW;
    for (const grid_row_t *row = grid->first; row != NULL && error == LXW_NO_ERROR; row = row->next, at++) {
        worksheet_set_row(pen->sheet, at, row_height(grid, row), NULL);
        for (uint32_t index = 0; index < grid->column_count && error == LXW_NO_ERROR; index++) {
            const grid_column_t *column = &grid->columns[index];
            const char *cell = terminated(grid, row->cells[index]);
            lxw_col_t place = (lxw_col_t)index;
            if (cell[0] == '\0')
                error = worksheet_write_blank(pen->sheet, at, place, pen->text);
            else if (column->number)
                error = worksheet_write_number(pen->sheet, at, place, strtod(cell, NULL),
                                               number_format(pen, formats, row->cells[index]));
            else
                error = worksheet_write_string(pen->sheet, at, place, cell, column->centre ? pen->centre : pen->text);
        }
    }
    return error;
}

/* Title, note and heads stand on every printed page; the heads stay when one scrolls. */
static lxw_error sheet_write(const grid_t *grid, pen_t *pen) {
    lxw_col_t last = (lxw_col_t)(grid->column_count - 1);
    for (uint32_t index = 0; index < grid->column_count; index++) {
        lxw_col_t place = (lxw_col_t)index;
        worksheet_set_column(pen->sheet, place, place, grid->columns[index].width, NULL);
        worksheet_write_string(pen->sheet, HEAD_ROW, place, grid->columns[index].head, pen->head);
    }
    worksheet_merge_range(pen->sheet, TITLE_ROW, 0, TITLE_ROW, last, terminated(grid, grid->title), pen->title);
    worksheet_merge_range(pen->sheet, NOTE_ROW, 0, NOTE_ROW, last, terminated(grid, grid->note), pen->note);
    worksheet_set_row(pen->sheet, TITLE_ROW, 32, NULL);
    worksheet_repeat_rows(pen->sheet, TITLE_ROW, HEAD_ROW);
    worksheet_freeze_panes(pen->sheet, FIRST_ROW, 0);
    worksheet_set_landscape(pen->sheet);
    worksheet_set_paper(pen->sheet, PAPER_A4);
    worksheet_fit_to_pages(pen->sheet, 1, 0);
    worksheet_set_footer(pen->sheet, "&C第 &P 页，共 &N 页");
    return rows_write(grid, pen);
}

/* libxlsxwriter writes files only: here one that has no name and no disk. */
static err_t file_take(int file, buffer_t *out) {
    off_t size = lseek(file, 0, SEEK_END);
    if (size <= 0 || lseek(file, 0, SEEK_SET) != 0) return ERR_SYSTEM;
    uint8_t *room = buffer_room(out, (size_t)size);
    size_t done = 0;
    while (done < (size_t)size) {
        ssize_t got = read(file, room + done, (size_t)size - done);
        if (got <= 0) return ERR_SYSTEM;
        done += (size_t)got;
    }
    out->size += done;
    return OK;
}

err_t grid_xlsx(const grid_t *self, buffer_t *out) {
    char path[PATH_ROOM];
    err_t err = ERR_SYSTEM;
    int file = memfd_create("grid", MFD_CLOEXEC);
    if (file < 0) return ERR_SYSTEM;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    lxw_workbook *book = workbook_new(path);
    if (book == NULL) goto out;
    char title[LIMIT_NAME * 4], author[LIMIT_NAME + 1]; /* the library wants them writable */
    snprintf(title, sizeof title, TEXT_FORMAT, TEXT_ARGS(self->title));
    snprintf(author, sizeof author, TEXT_FORMAT, TEXT_ARGS(self->author));
    lxw_doc_properties properties = {.title = title, .author = author, .created = (time_t)(self->made_ms / 1000)};
    pen_t pen = pen_new(book, terminated(self, self->name));
    lxw_error error = workbook_set_properties(book, &properties);
    if (error == LXW_NO_ERROR && pen.sheet != NULL) error = sheet_write(self, &pen);
    lxw_error closed = workbook_close(book); /* frees it, whatever happened */
    if (pen.sheet != NULL && error == LXW_NO_ERROR && closed == LXW_NO_ERROR) err = file_take(file, out);
out:
    close(file);
    return err;
}
