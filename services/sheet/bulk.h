/* A table of many reports → reports, each value with the cell it came from, so that any fault finds its way back. Pure. */
#ifndef SHEET_BULK_H
#define SHEET_BULK_H

#include "services/plan/plan.h"
#include "services/sheet/csv.h"

#define COLUMN(name, kind, zh, en, others) COLUMN_##name,
typedef enum {
#include "services/sheet/bulk_columns.def"
    COLUMN_COUNT
} column_t;
#undef COLUMN

const char *column_name(column_t column, bool zh);
const char *column_others(column_t column); /* other spellings, with | between */
const char *column_symbol(column_t column); /* as it is declared */

/* Where the values of one thing (a report, a figure, an item) stand; row 0: nowhere. `any` is its first row. */
typedef struct {
    spot_t at[COLUMN_COUNT];
    spot_t any;
} spots_t;

typedef struct {
    spot_t spot;
    reason_t reason; /* sentences filled in */
} bulk_fault_t;

typedef struct {
    const bulk_fault_t *at;
    uint32_t count;
} bulk_faults_t;

/* One report: all rows of one (task, period), wherever they stand. */
typedef struct {
    report_t report; /* submission_id is empty */
    text_t task_typed, period_typed;
    const uint32_t *rows; /* as a spreadsheet numbers them */
    uint32_t rows_count;
    spots_t spots;
    const spots_t *figures;      /* one a figure */
    const spots_t *const *items; /* of each figure, one an item */
    const spots_t *evidence, *explanations;
    const spots_t *unfilled; /* rows that name an indicator and say nothing of it */
    const text_t *unfilled_names;
    uint32_t unfilled_count;
    uint32_t period_from; /* order of sending */
    bool blank;           /* named, and nothing filled in: not sent */
    bulk_faults_t faults; /* of its cells; any: it is not sent */
} bulk_report_t;

typedef struct {
    const bulk_report_t *reports; /* by period, then as they stand in the file */
    uint32_t count;
    bulk_faults_t faults; /* of the file as a whole; any: nothing is sent */
    const text_t *header;
    uint32_t header_count;
    uint32_t body_row; /* rows up to the end of the header */
    const char *encoding;
    const planbook_t *book;
} bulk_t;

/* `unit`: who sends; empty where that is not known, then a column 单位 is not looked at. Never fails: faults tell. Reports and
 * faults live in the arena and outlive the plan; bulk_rehearsed and bulk_submission_id look at it again. */
bulk_t bulk_read(bytes_t file, const planbook_t *book, text_t unit, arena_t *arena);
/* Of cells that came otherwise: at most LIMIT_CSV_ROWS rows of LIMIT_CSV_COLUMNS, UTF-8. */
bulk_t bulk_of(const csv_t *csv, const planbook_t *book, text_t unit, arena_t *arena);

/* The cell that a reason of validation, of the door or of the codec speaks of; its whole row where there is no such cell. */
spot_t bulk_spot(const bulk_report_t *report, const reason_t *reason);

/* A submission id that follows from content, sender and attempt alone: UUIDv7 whose instant is the period's first day, and
 * whose random part is a hash of the report, keyed by `secret` (32 bytes that only the unit has), so that nobody who reads the
 * ledger can try names against it. The same file gives the same ids, a changed report another one. */
void bulk_submission_id(const report_t *report, const uint8_t secret[32], uint32_t attempt, const planbook_t *book,
                        uint8_t out[16]);

/* The reports as they can be checked before any of them is sent: a running total that builds on an earlier report of this file
 * is compared with it here and replaced by the month's amount it stands for. Faults of report i go to faults[i]. */
const report_t *bulk_rehearsed(const bulk_t *bulk, arena_t *arena, bulk_faults_t *faults);

/* --- reasons of file_reasons.def --- */
typedef struct {
    const char *code, *zh, *en;
} file_reason_t;
const file_reason_t *file_reason_all(size_t *count);
/* args: at most LIMIT_ARGS. `code` may also be one of reasons.def. */
reason_t file_reason(const char *code, const text_t *args, uint32_t count, arena_t *arena);

/* A list of faults that grows, at most LIMIT_BULK_FAULTS. */
typedef struct {
    bulk_fault_t *at;
    uint32_t count, room;
} fault_list_t;
void fault_keep(fault_list_t *list, arena_t *arena, spot_t spot, const reason_t *reason);
void fault_add(fault_list_t *list, arena_t *arena, const char *code, spot_t spot, const text_t *args, uint32_t count);
#define FAULT_AT(list, arena, code, spot, ...)                                                                                 \
    fault_add((list), (arena), (code), (spot), (const text_t[]){__VA_ARGS__},                                                  \
              sizeof((const text_t[]){__VA_ARGS__}) / sizeof(text_t))

/* --- single cells (bulk_cell.c) --- */
text_t cell_trimmed(text_t text);
/* Full-width letters, digits and signs as the plain ones that they stand for: ＢＫ－１２ is BK-12. */
text_t cell_plain(text_t text, arena_t *arena);
/* 2021-10-29, 2021/10/29, 2021.10.29, 2021年10月29日, 20211029, 29-Oct-21; with a spreadsheet's midnight behind it. */
bool cell_day(text_t text, uint32_t *day);
bool cell_is_serial(text_t text); /* 44439: a date as spreadsheets count days; they do not agree from when */
/* A period by its id, or by year and month as spreadsheets rewrite it: 2021/8, 2021年8月, 2021-8-1, Aug-21. NULL: none, or
 * several. */
const period_t *cell_period(const planbook_t *book, text_t text);
const task_t *cell_task(const planbook_t *book, text_t text); /* id, name, number, or number and name */
/* 1 yes, 0 no or empty, -1 neither. */
int cell_yes(text_t text);
bool cell_is_mangled(text_t text); /* 1.23457E+14 */
bool cell_is_error(text_t text);   /* ####, #VALUE!: the column was too narrow, a formula failed */
/* The column a header cell names; *unit: what stands in its brackets. COLUMN_COUNT: none. */
column_t cell_column(text_t text, arena_t *arena, text_t *unit);
bool column_is_amount(column_t column);

#endif
