/* The header of a file of reports: found below titles, read across merged cells, each column with the unit that it shows. */
#include "services/sheet/bulk_inner.h"

#include "services/plan/amount.h"

#include <string.h>

/* false: the brackets name no unit. */
static bool head_unit(text_t unit, head_column_t *head, arena_t *arena) {
    static const char *const money[] = {"元", "万元", "亿元", "万", "亿", "yuan"};
    static const char *const bare[] = {"元", "万元", "亿元", "万元", "亿元", "元"};
    if (unit.size == 0) return true;
    for (size_t index = 0; index < sizeof money / sizeof money[0]; index++)
        if (text_is(unit, money[index])) {
            head->kind = UNIT_MONEY;
            head->word = bare[index];
            return true;
        }
    int64_t one = 0;
    text_t typed = arena_format(arena, "1" TEXT_FORMAT, TEXT_ARGS(unit));
    bool any = text_is(unit, "数量") || text_is(unit, "人数") || text_is(unit, "count");
    if (!any && (amount_read(typed, measure_count, NULL, &one) != NULL || one != 1)) return false;
    head->kind = UNIT_COUNT;
    head->word = arena_text(arena, unit).at;
    return true;
}

static bool has_head(const table_of_reports_t *table, column_t column) {
    for (uint32_t index = 0; index < table->head_count; index++)
        if (table->heads[index].column == column) return true;
    return false;
}

/* --- where it stands --- */

enum { TITLES = 16 }; /* rows above the header, at most: a title, the unit, who filled it in */

static text_t cell_at(const table_of_reports_t *table, uint32_t row, uint32_t column) {
    const csv_row_t *cells = &table->csv.rows[row];
    return column < cells->count ? cell_trimmed(cells->cells[column]) : text_of("");
}

static bool row_names(const table_of_reports_t *table, uint32_t row, column_t wanted, uint32_t *at) {
    for (*at = 0; *at < table->csv.rows[row].count; ++*at) {
        text_t unit;
        if (cell_column(cell_at(table, row, *at), table->arena, &unit) == wanted) return true;
    }
    return false;
}

/* The first row that names both task and period; row 1 if none does, and its faults say so. */
static uint32_t find_head(const table_of_reports_t *table) {
    uint32_t at;
    for (uint32_t row = 0; row < table->csv.count && row < TITLES; row++)
        if (row_names(table, row, COLUMN_task, &at) && row_names(table, row, COLUMN_period, &at)) return row;
    return 0;
}

/* A header of two rows: columns that were merged above, their own names below, nothing below task and period. */
static bool goes_on_below(const table_of_reports_t *table, uint32_t row) {
    uint32_t task, period, known = 0;
    if (row + 1 >= table->csv.count) return false;
    if (!row_names(table, row, COLUMN_task, &task) || !row_names(table, row, COLUMN_period, &period)) return false;
    if (cell_at(table, row + 1, task).size > 0 || cell_at(table, row + 1, period).size > 0) return false;
    for (uint32_t column = 0; column < table->csv.rows[row + 1].count; column++) {
        text_t unit, typed = cell_at(table, row + 1, column);
        if (typed.size == 0) continue;
        if (cell_column(typed, table->arena, &unit) == COLUMN_COUNT) return false;
        known++;
    }
    return known > 0;
}

/* The names of the columns, those of the lower row first. */
static void names_take(table_of_reports_t *table, uint32_t row, bool two) {
    uint32_t count = table->csv.rows[row].count;
    if (two && table->csv.rows[row + 1].count > count) count = table->csv.rows[row + 1].count;
    text_t *names = ARENA_NEW(table->arena, text_t, count + 1);
    for (uint32_t column = 0; column < count; column++) {
        names[column] = two ? cell_at(table, row + 1, column) : text_of("");
        if (names[column].size == 0) names[column] = cell_at(table, row, column);
    }
    table->header = names;
    table->head_count = count;
    table->body_row = row + (two ? 2 : 1);
}

/* A whole header in one cell: another sign stands where the commas belong. */
static bool is_parted(const table_of_reports_t *table, uint32_t row, fault_list_t *faults) {
    static const char *const signs[][3] = {{"\t", "制表符", "tabs"},
                                           {";", "分号", "semicolons"},
                                           {"；", "全角分号", "wide semicolons"},
                                           {"，", "中文逗号", "Chinese commas"},
                                           {"、", "顿号", "Chinese marks"},
                                           {"|", "竖线", "bars"}};
    text_t first = table->head_count == 0 ? text_of("") : table->header[0];
    for (size_t index = 0; index < sizeof signs / sizeof signs[0]; index++) {
        if (memmem(first.at, first.size, signs[index][0], strlen(signs[index][0])) == NULL) continue;
        FAULT_AT(faults, table->arena, "cells_parted", ((spot_t){row + 1, 1}), text_of(signs[index][1]),
                 text_of(signs[index][2]));
        return true;
    }
    return false;
}

/* --- what it says --- */

void bulk_head_read(table_of_reports_t *table, fault_list_t *faults) {
    uint32_t row = find_head(table), count;
    names_take(table, row, goes_on_below(table, row));
    if (table->head_count == 1 && is_parted(table, row, faults)) return;
    count = table->head_count;
    table->head_count = 0; /* columns already seen: none stands twice */
    for (uint32_t index = 0; index < count; index++) {
        text_t unit, typed = table->header[index];
        spot_t spot = {table->body_row, index + 1};
        head_column_t head = {.column = cell_column(typed, table->arena, &unit)};
        bool twice = head.column != COLUMN_COUNT && !column_is_amount(head.column) && has_head(table, head.column);
        if (head.column == COLUMN_COUNT && typed.size > 0) FAULT_AT(faults, table->arena, "column_unknown", spot, typed);
        if (twice) FAULT_AT(faults, table->arena, "column_twice", spot, typed);
        if (column_is_amount(head.column) && !head_unit(unit, &head, table->arena))
            FAULT_AT(faults, table->arena, "column_unit", spot, unit);
        table->heads[table->head_count++] = head;
    }
    static const column_t needed[] = {COLUMN_task, COLUMN_period};
    for (size_t index = 0; index < 2; index++) {
        text_t name =
            arena_format(table->arena, "%s (%s)", column_name(needed[index], true), column_name(needed[index], false));
        if (!has_head(table, needed[index])) FAULT_AT(faults, table->arena, "column_missing", ((spot_t){row + 1, 0}), name);
    }
}
