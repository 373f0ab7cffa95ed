/* A file of many reports: its header, its rows gathered by (task, period), in the order in which they are to be sent. */
#include "services/sheet/bulk_inner.h"

#include "services/plan/amount.h"

#include <stdlib.h>
#include <string.h>

/* --- reasons --- */

#define FILE_REASON(code, zh, en) {#code, zh, en},
static const file_reason_t file_reasons[] = {
#include "services/sheet/file_reasons.def"
};
#undef FILE_REASON

const file_reason_t *file_reason_all(size_t *count) {
    *count = sizeof file_reasons / sizeof file_reasons[0];
    return file_reasons;
}

static text_t filled(const char *sentence, const text_t *args, uint32_t count, arena_t *arena) {
    buffer_t out = {0};
    for (const char *at = sentence; *at != '\0'; at++) {
        bool slot = at[0] == '{' && at[1] >= '1' && at[1] <= '4' && at[2] == '}';
        uint32_t index = (uint32_t)(at[1] - '1');
        if (!slot)
            buffer_add(&out, at, 1);
        else if (index < count && args[index].size > 0)
            buffer_add(&out, args[index].at, args[index].size);
        if (slot) at += 2;
    }
    text_t text = arena_text(arena, (text_t){(const char *)out.at, (uint32_t)out.size});
    buffer_destroy(&out);
    return text;
}

reason_t file_reason(const char *code, const text_t *args, uint32_t count, arena_t *arena) {
    text_t *copies = ARENA_NEW(arena, text_t, count + 1);
    for (uint32_t index = 0; index < count; index++) copies[index] = arena_text(arena, args[index]);
    reason_t reason = {.code = text_of(code), .args = copies, .args_count = count};
    for (size_t index = 0; index < sizeof file_reasons / sizeof file_reasons[0]; index++) {
        if (strcmp(file_reasons[index].code, code) != 0) continue;
        reason.zh = filled(file_reasons[index].zh, args, count, arena);
        reason.en = filled(file_reasons[index].en, args, count, arena);
        return reason;
    }
    reason_tell(&reason, arena);
    return reason;
}

void fault_keep(fault_list_t *list, arena_t *arena, spot_t spot, const reason_t *reason) {
    if (list->count == LIMIT_BULK_FAULTS) return;
    if (list->count == list->room) {
        list->room = list->room == 0 ? 8 : list->room * 2;
        bulk_fault_t *more = ARENA_NEW(arena, bulk_fault_t, list->room);
        if (list->count > 0) memcpy(more, list->at, sizeof *more * list->count);
        list->at = more;
    }
    list->at[list->count++] = (bulk_fault_t){spot, *reason};
}

void fault_add(fault_list_t *list, arena_t *arena, const char *code, spot_t spot, const text_t *args, uint32_t count) {
    reason_t reason = file_reason(code, args, count, arena);
    fault_keep(list, arena, spot, &reason);
}

text_t table_cell(const table_of_reports_t *table, uint32_t row, column_t column, spot_t *spot, const head_column_t **head) {
    const csv_row_t *cells = &table->csv.rows[row];
    text_t found = text_of("");
    *spot = (spot_t){row + 1, 0};
    for (uint32_t index = 0; index < table->head_count; index++) {
        if (table->heads[index].column != column) continue;
        text_t cell = index < cells->count ? cell_trimmed(cells->cells[index]) : text_of("");
        bool better = cell.size > 0 || spot->column == 0;
        if (found.size > 0 || !better) continue;
        found = cell;
        spot->column = index + 1;
        if (head != NULL) *head = &table->heads[index];
    }
    return found;
}

/* --- rows by report --- */

typedef struct {
    const task_t *task;
    const period_t *period;
    text_t task_typed, period_typed;
    uint32_t *rows;
    uint32_t count, room;
} group_t;

typedef struct {
    group_t *at;
    uint32_t count, room;
} groups_t;

static bool row_is_empty(const table_of_reports_t *table, uint32_t row) {
    const csv_row_t *cells = &table->csv.rows[row];
    for (uint32_t index = 0; index < cells->count; index++)
        if (cell_trimmed(cells->cells[index]).size > 0) return false;
    return true;
}

/* What stands to the right of the header belongs to nothing. */
static bool row_too_long(const table_of_reports_t *table, uint32_t row, fault_list_t *faults) {
    const csv_row_t *cells = &table->csv.rows[row];
    for (uint32_t index = table->head_count; index < cells->count; index++) {
        text_t cell = cell_trimmed(cells->cells[index]);
        if (cell.size == 0) continue;
        if (cell.size > 60) cell = text_of("…");
        FAULT_AT(faults, table->arena, "row_too_long", ((spot_t){row + 1, index + 1}), cell);
        return true;
    }
    return false;
}

static void group_add(group_t *group, uint32_t row, arena_t *arena) {
    if (group->count == group->room) {
        group->room = group->room == 0 ? 8 : group->room * 2;
        uint32_t *more = ARENA_NEW(arena, uint32_t, group->room);
        if (group->count > 0) memcpy(more, group->rows, sizeof *more * group->count);
        group->rows = more;
    }
    group->rows[group->count++] = row;
}

/* NULL: it would be one more than LIMIT_BULK_REPORTS. */
static group_t *group_of(groups_t *groups, const group_t *wanted, arena_t *arena) {
    for (uint32_t index = 0; index < groups->count; index++) {
        group_t *group = &groups->at[index];
        bool task = wanted->task != NULL ? group->task == wanted->task
                                         : group->task == NULL && text_equal(group->task_typed, wanted->task_typed);
        bool period = wanted->period != NULL ? group->period == wanted->period
                                             : group->period == NULL && text_equal(group->period_typed, wanted->period_typed);
        if (task && period) return group;
    }
    if (groups->count == LIMIT_BULK_REPORTS) return NULL;
    if (groups->count == groups->room) {
        groups->room = groups->room == 0 ? 16 : groups->room * 2;
        group_t *more = ARENA_NEW(arena, group_t, groups->room);
        if (groups->count > 0) memcpy(more, groups->at, sizeof *more * groups->count);
        groups->at = more;
    }
    groups->at[groups->count] = *wanted;
    return &groups->at[groups->count++];
}

/* A row below merged cells names neither task nor period. It belongs to the row above if its indicator says so: an indicator is
 * of one task alone. */
static bool row_goes_on(const table_of_reports_t *table, uint32_t row, const group_t *wanted, const group_t *above) {
    spot_t spot;
    text_t indicator = table_cell(table, row, COLUMN_indicator, &spot, NULL);
    if (wanted->task_typed.size > 0 || wanted->period_typed.size > 0 || above->task == NULL || above->period == NULL)
        return false;
    for (uint32_t index = 0; index < above->task->indicators_count; index++)
        if (text_equal(above->task->indicators[index].id, indicator) ||
            text_equal(above->task->indicators[index].name, indicator))
            return true;
    return false;
}

static groups_t gather(const table_of_reports_t *table, fault_list_t *faults) {
    groups_t groups = {0};
    spot_t spot;
    group_t above = {0};
    for (uint32_t row = table->body_row; row < table->csv.count; row++) {
        if (row_is_empty(table, row) || row_too_long(table, row, faults)) continue;
        group_t wanted = {.task_typed = table_cell(table, row, COLUMN_task, &spot, NULL)};
        wanted.period_typed = table_cell(table, row, COLUMN_period, &spot, NULL);
        wanted.task = cell_task(table->book, cell_plain(wanted.task_typed, table->arena));
        wanted.period = cell_period(table->book, cell_plain(wanted.period_typed, table->arena));
        if (row_goes_on(table, row, &wanted, &above)) wanted = above;
        above = wanted;
        group_t *group = group_of(&groups, &wanted, table->arena);
        if (group == NULL) {
            text_t most = arena_format(table->arena, "%d", LIMIT_BULK_REPORTS);
            FAULT_AT(faults, table->arena, "too_many_reports", ((spot_t){row + 1, 0}), most);
            break;
        }
        group_add(group, row, table->arena);
    }
    return groups;
}

static void name_fault(const table_of_reports_t *table, uint32_t row, column_t column, const char *code, fault_list_t *faults) {
    spot_t spot;
    text_t typed = table_cell(table, row, column, &spot, NULL);
    if (typed.size == 0)
        FAULT_AT(faults, table->arena, "cell_missing", spot, text_of(column_name(column, true)));
    else
        FAULT_AT(faults, table->arena, code, spot, typed);
}

static bulk_report_t report_of(const table_of_reports_t *table, const group_t *group) {
    uint32_t *rows = ARENA_NEW(table->arena, uint32_t, group->count);
    for (uint32_t index = 0; index < group->count; index++) rows[index] = group->rows[index] + 1;
    bulk_report_t report = {.task_typed = group->task_typed,
                            .period_typed = group->period_typed,
                            .rows = rows,
                            .rows_count = group->count,
                            .spots = {.any = {rows[0], 0}}};
    fault_list_t faults = {0};
    for (uint32_t index = 0; index < group->count; index++) { /* every row has its own cell to mend */
        if (group->task == NULL) name_fault(table, group->rows[index], COLUMN_task, "unknown_task", &faults);
        if (group->period == NULL) name_fault(table, group->rows[index], COLUMN_period, "unknown_period", &faults);
    }
    if (group->period != NULL) report.period_from = group->period->from;
    if (faults.count == 0) bulk_report_fill(table, group->task, group->period, &report, &faults);
    report.faults = (bulk_faults_t){faults.at, faults.count};
    return report;
}

static int by_period(const void *a, const void *b) {
    const bulk_report_t *one = a, *other = b;
    if (one->period_from != other->period_from) return one->period_from < other->period_from ? -1 : 1;
    return one->rows[0] < other->rows[0] ? -1 : one->rows[0] > other->rows[0];
}

/* The reports of a table that has at least a header and a row. */
static void reports_take(table_of_reports_t *table, bulk_t *bulk, fault_list_t *faults) {
    bulk_head_read(table, faults);
    bulk->header = table->header;
    bulk->header_count = table->head_count;
    bulk->body_row = table->body_row;
    if (faults->count > 0) return;
    groups_t groups = gather(table, faults);
    bulk_report_t *reports = ARENA_NEW(table->arena, bulk_report_t, groups.count + 1);
    for (uint32_t index = 0; index < groups.count; index++) reports[index] = report_of(table, &groups.at[index]);
    qsort(reports, groups.count, sizeof *reports, by_period);
    bulk->reports = reports;
    bulk->count = groups.count;
    if (groups.count == 0 && faults->count == 0) FAULT_AT(faults, table->arena, "no_rows", ((spot_t){2, 0}), text_of(""));
}

bulk_t bulk_of(const csv_t *csv, const planbook_t *book, text_t unit, arena_t *arena) {
    bulk_t bulk = {.book = book, .encoding = csv->encoding};
    fault_list_t faults = {0};
    table_of_reports_t *table = ARENA_NEW(arena, table_of_reports_t, 1);
    *table = (table_of_reports_t){.csv = *csv, .book = book, .unit = unit, .arena = arena};
    if (csv->count < 2)
        FAULT_AT(&faults, arena, "no_rows", ((spot_t){1, 0}), text_of(""));
    else
        reports_take(table, &bulk, &faults);
    bulk.faults = (bulk_faults_t){faults.at, faults.count};
    return bulk;
}

bulk_t bulk_read(bytes_t file, const planbook_t *book, text_t unit, arena_t *arena) {
    csv_t csv = {0};
    csv_fault_t wrong;
    fault_list_t faults = {0};
    err_t err = csv_read(file, arena, &csv, &wrong);
    if (err == OK) return bulk_of(&csv, book, unit, arena);
    if (err == ERR_BAD)
        FAULT_AT(&faults, arena, wrong.code, wrong.spot, wrong.arg);
    else
        FAULT_AT(&faults, arena, "not_csv", ((spot_t){0, 0}), text_of(err_name(err)));
    return (bulk_t){.book = book, .encoding = csv.encoding, .faults = {faults.at, faults.count}};
}
