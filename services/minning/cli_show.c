/* How things are shown to people: tables, instants, reasons, names of the adopted plan. */
#include "services/minning/cli.h"

#include "services/plan/amount.h"

#include "services/plan/calendar.h"
#include "services/plan/plan_home.h"
#include "services/plan/width.h"
#include "services/stage/home.h"

#include <stdlib.h>
#include <string.h>

const char *const colour_red = "\033[31m", *const colour_yellow = "\033[33m", *const colour_green = "\033[32m",
                  *const colour_grey = "\033[90m";

/* --- tables --- */

void sheet_add(sheet_t *sheet, const text_t *cells, size_t columns, const char *colour) {
    ASSERT(columns <= COLUMNS);
    if (sheet->count == sheet->room) {
        sheet->room = sheet->room == 0 ? 64 : sheet->room * 2;
        row_t *rows = realloc(sheet->rows, sheet->room * sizeof *rows);
        ASSERT(rows != NULL);
        sheet->rows = rows;
    }
    row_t *row = &sheet->rows[sheet->count++];
    *row = (row_t){.colour = colour};
    memcpy(row->cells, cells, columns * sizeof *cells);
    if (columns > sheet->columns) sheet->columns = columns;
}

static void print_blanks(size_t count, FILE *out) {
    for (; count > 0; count--) fputc(' ', out);
}

void sheet_print(const cli_t *cli, const sheet_t *sheet, FILE *out) {
    size_t widths[COLUMNS] = {0};
    for (size_t row = 0; row < sheet->count; row++)
        for (size_t column = 0; column < sheet->columns; column++) {
            size_t width = text_width(sheet->rows[row].cells[column]);
            if (width > widths[column]) widths[column] = width;
        }
    for (size_t row = 0; row < sheet->count; row++) {
        const row_t *one = &sheet->rows[row];
        bool coloured = cli->colour && one->colour != NULL;
        if (coloured) fputs(one->colour, out);
        for (size_t column = 0; column < sheet->columns; column++) {
            size_t pad = widths[column] - text_width(one->cells[column]);
            if (column > 0) fputs("  ", out);
            if (sheet->right[column]) print_blanks(pad, out);
            fprintf(out, TEXT_FORMAT, TEXT_ARGS(one->cells[column]));
            if (!sheet->right[column] && column + 1 < sheet->columns) print_blanks(pad, out);
        }
        fputs(coloured ? "\033[0m\n" : "\n", out);
    }
}

void sheet_destroy(sheet_t *sheet) {
    free(sheet->rows);
    *sheet = (sheet_t){0};
}

void cli_print_json(json_t *json) {
    char *line = json_dumps(json, JSON_COMPACT);
    puts(line != NULL ? line : "null");
    free(line);
    json_decref(json);
}

text_t cli_amount(const cli_t *cli, const indicator_t *indicator, maybe_t amount) {
    if (!amount.given) return text_of("–");
    if (indicator == NULL) return arena_format(cli->arena, "%lld", (long long)amount.value);
    if (indicator->measure == measure_money) return amount_exact(amount.value, cli->arena);
    return amount_show(amount.value, indicator->measure, indicator->unit_word, cli->arena);
}

void cli_print_reason(const cli_t *cli, const reason_t *reason, unsigned indent, FILE *out) {
    reason_t told = *reason;
    if (told.zh.size == 0) reason_tell(&told, cli->arena);
    text_t sentence = cli->zh ? told.zh : told.en;
    print_blanks(indent, out);
    fprintf(out, TEXT_FORMAT "%s" TEXT_FORMAT "  " TEXT_FORMAT "\n", TEXT_ARGS(told.code), told.path.size > 0 ? " @ " : "",
            TEXT_ARGS(told.path), TEXT_ARGS(sentence));
    if (told.explanation.size == 0) return;
    print_blanks(indent + 2, out);
    fprintf(out, "%s" TEXT_FORMAT "\n", cli_say(cli, "说明：", "explained: "), TEXT_ARGS(told.explanation));
}

/* Month and running total of each figure: who typed the one sees the other, in full; and what was typed and no longer agrees.
 */
void cli_print_figures(cli_t *cli, const figure_standing_t *figures, uint32_t count) {
    const planbook_t *book = cli_plan(cli);
    for (uint32_t index = 0; index < count; index++) {
        const figure_standing_t *one = &figures[index];
        const indicator_t *indicator = book == NULL ? NULL : planbook_indicator(book, one->indicator);
        const member_t *member = indicator == NULL ? NULL : indicator_member(indicator, one->member);
        text_t name = indicator == NULL ? one->indicator : indicator->name;
        text_t whose = member == NULL ? one->member : member->name;
        printf("  " TEXT_FORMAT "%s" TEXT_FORMAT "  %s " TEXT_FORMAT "  %s " TEXT_FORMAT, TEXT_ARGS(name),
               whose.size > 0 ? " / " : "", TEXT_ARGS(whose), cli_say(cli, "本月", "month"),
               TEXT_ARGS(cli_amount(cli, indicator, one->amount)), cli_say(cli, "累计", "running total"),
               TEXT_ARGS(cli_amount(cli, indicator, one->running)));
        if (one->stale)
            printf(cli_say(cli, "  ▲ 当时所填累计 " TEXT_FORMAT " 已不符（以前月份有更正）",
                           "  ▲ typed as " TEXT_FORMAT ", which no longer agrees: an earlier month was corrected"),
                   TEXT_ARGS(cli_amount(cli, indicator, one->typed)));
        putchar('\n');
    }
}

/* --- instants --- */

static bool digits(const char **at, size_t count, uint32_t *number) {
    *number = 0;
    for (; count > 0; count--, (*at)++) {
        if (**at < '0' || **at > '9') return false;
        *number = *number * 10 + (uint32_t)(**at - '0');
    }
    return true;
}

bool cli_instant(const char *text, int64_t offset_minutes, int64_t *at_ms) {
    uint32_t day = 0, hour = 0, minute = 0, second = 0;
    if (strlen(text) < 10 || !json_day_read((text_t){text, 10}, &day)) return false;
    const char *at = text + 10;
    if (*at == 'T' || *at == ' ') {
        at++;
        if (!digits(&at, 2, &hour) || *at++ != ':' || !digits(&at, 2, &minute)) return false;
        if (*at == ':') {
            at++;
            if (!digits(&at, 2, &second)) return false;
        }
    }
    bool end_of_day = hour == 24 && minute == 0 && second == 0;
    if (*at != '\0' || (hour > 23 && !end_of_day) || minute > 59 || second > 59) return false;
    int64_t minutes = day_number(day) * 1440 + hour * 60 + minute - offset_minutes;
    *at_ms = (minutes * 60 + second) * 1000;
    return *at_ms > 0;
}

text_t cli_when(const cli_t *cli, int64_t offset_minutes, int64_t at_ms) {
    if (at_ms <= 0) return text_of("-");
    int64_t minutes = at_ms / 60000 + offset_minutes;
    uint32_t day = day_of_number(minutes / 1440);
    uint32_t minute = (uint32_t)(minutes % 1440);
    return local_text(day, minute, cli->arena);
}

text_t cli_due(const cli_t *cli, int64_t offset_minutes, uint64_t due_ms) {
    return due_ms == 0 ? text_of("-") : due_text(offset_minutes, (int64_t)due_ms, cli->arena);
}

/* --- the adopted plan --- */

const planbook_t *cli_plan(cli_t *cli) {
    if (cli->book != NULL || !cli->entered) return cli->book;
    plan_t plan;
    file_fault_t *faults = ARENA_NEW(cli->arena, file_fault_t, PLAN_FAULTS);
    uint32_t count = 0;
    if (plan_home_read(cli->arena, &plan, faults, &count) == OK) cli->book = planbook_new(&plan);
    return cli->book;
}

int64_t cli_offset(cli_t *cli) {
    const planbook_t *book = cli_plan(cli);
    return book == NULL ? 480 : (int64_t)planbook_plan(book)->offset_minutes;
}

text_t cli_unit_name(cli_t *cli, text_t id) {
    const planbook_t *book = cli_plan(cli);
    const unit_t *unit = book == NULL ? NULL : planbook_unit(book, id);
    return unit == NULL ? id : unit->name;
}

text_t cli_task_name(cli_t *cli, text_t id) {
    const planbook_t *book = cli_plan(cli);
    const task_t *task = book == NULL ? NULL : planbook_task(book, id);
    return task == NULL ? id : task->name;
}

const indicator_t *cli_indicator_named(cli_t *cli, const char *text) {
    const planbook_t *book = cli_plan(cli);
    text_t wanted = text_of(text);
    const indicator_t *found = book == NULL ? NULL : planbook_indicator(book, wanted);
    const plan_t *plan = book == NULL ? NULL : planbook_plan(book);
    for (uint32_t task = 0; plan != NULL && task < plan->tasks_count; task++)
        for (uint32_t index = 0; found == NULL && index < plan->tasks[task].indicators_count; index++)
            if (text_equal(plan->tasks[task].indicators[index].name, wanted)) found = &plan->tasks[task].indicators[index];
    return found;
}

text_t cli_task_named(cli_t *cli, const char *text) {
    const planbook_t *book = cli_plan(cli);
    text_t wanted = text_of(text);
    const plan_t *plan = book == NULL ? NULL : planbook_plan(book);
    if (book != NULL && planbook_task(book, wanted) != NULL) return wanted; /* whatever other task is named so */
    for (uint32_t index = 0; plan != NULL && index < plan->tasks_count; index++)
        if (text_equal(plan->tasks[index].name, wanted)) return plan->tasks[index].id;
    return wanted;
}

text_t cli_unit_named(cli_t *cli, const char *text) {
    const planbook_t *book = cli_plan(cli);
    text_t wanted = text_of(text);
    if (book == NULL || planbook_unit(book, wanted) != NULL) return wanted; /* whatever other unit is named so */
    const plan_t *plan = planbook_plan(book);
    for (uint32_t index = 0; index < plan->units_count; index++)
        if (text_equal(plan->units[index].name, wanted)) return plan->units[index].id;
    return (text_t){0};
}
