/* Inside the reader of a file of reports: the table with its header understood, and what its files call of each other. */
#ifndef SHEET_BULK_INNER_H
#define SHEET_BULK_INNER_H

#include "services/sheet/bulk.h"

typedef enum { UNIT_UNSAID, UNIT_MONEY, UNIT_COUNT } unit_kind_of_column_t;

/* A column of the file. */
typedef struct {
    column_t column;
    unit_kind_of_column_t kind; /* of an amount */
    const char *word;           /* 万元, 名 */
} head_column_t;

typedef struct {
    csv_t csv;
    const planbook_t *book;
    text_t unit;
    arena_t *arena;
    head_column_t heads[LIMIT_CSV_COLUMNS];
    uint32_t head_count;
    const text_t *header;
    uint32_t body_row; /* the first row below the header, 0-based */
} table_of_reports_t;

/* Finds and reads the header. */
void bulk_head_read(table_of_reports_t *table, fault_list_t *faults);
/* The cell of a column in a row (0-based row of the file), trimmed; of several such columns the first that is filled. */
text_t table_cell(const table_of_reports_t *table, uint32_t row, column_t column, spot_t *spot, const head_column_t **head);

/* Reads all rows of one report into `out`, whose task and period are known. */
void bulk_report_fill(const table_of_reports_t *table, const task_t *task, const period_t *period, bulk_report_t *out,
                      fault_list_t *faults);

#endif
