/* `minning report template UNIT`: the file to fill in, with what the unit still owes and what it said last. */
#include "services/minning/rows.h"
#include "services/sheet/form.h"

#include <stdlib.h>
#include <string.h>

enum { INDICATORS = 1024 }; /* of one unit in one period */

static int gather_figures(cli_t *cli, form_t *form) {
    const indicator_t **list = ARENA_NEW(cli->arena, const indicator_t *, INDICATORS);
    uint32_t count = form_indicators(form, list, INDICATORS);
    form_figures_t *figures = ARENA_NEW(cli->arena, form_figures_t, INDICATORS);
    int exit_code = EXIT_WELL;
    if (count > INDICATORS) count = INDICATORS;
    for (uint32_t index = 0; exit_code == EXIT_WELL && index < count; index++) {
        figures_ask_t ask = {.indicator = list[index]->id};
        figures_t all;
        exit_code = rows_figures(cli, &ask, &all);
        if (exit_code == EXIT_WELL) figures[index] = (form_figures_t){list[index]->id, all.rows, all.rows_count};
    }
    form->figures = figures;
    form->figures_count = count;
    return exit_code;
}

static int write_form(const csv_t *table) {
    buffer_t out = {0};
    csv_write_bom(&out);
    for (uint32_t row = 0; row < table->count; row++) {
        for (uint32_t cell = 0; cell < table->rows[row].count; cell++)
            csv_write_cell(&out, table->rows[row].cells[cell], cell == 0);
        csv_write_end(&out);
    }
    int exit_code = fwrite(out.at, 1, out.size, stdout) == out.size ? EXIT_WELL : EX_IOERR;
    buffer_destroy(&out);
    return exit_code;
}

/* The period that is named; else the one in which the ledger stands, or the last that has begun. */
static int choose_period(cli_t *cli, form_t *form) {
    const char *named = cli_option(cli, OPTION_period);
    obligations_ask_t ask = {.unit = form->unit->id};
    obligations_t owed = {0};
    int exit_code = named != NULL ? EXIT_WELL : rows_obligations(cli, &ask, &owed);
    if (exit_code != EXIT_WELL) return exit_code;
    form->period = named != NULL ? cell_period(form->book, text_of(named)) : form_period(form->book, (int64_t)owed.now_ms);
    if (form->period == NULL) return cli_fail(cli, EX_DATAERR, "计划中没有这个报送期", "the plan has no such period", named);
    return EXIT_WELL;
}

int verb_report_template(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    form_t form = {.book = cli_plan(cli), .zh = cli->zh, .arena = cli->arena, .all = cli_option(cli, OPTION_all) != NULL};
    if (form.book == NULL) return cli_fail(cli, EX_NOINPUT, "此账本没有计划文件", "this home keeps no plan file", "plan.yaml");
    form.unit = planbook_unit(form.book, cli_unit_named(cli, cli->args[0]));
    if (form.unit == NULL) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[0]);
    exit_code = choose_period(cli, &form);
    if (exit_code != EXIT_WELL) return exit_code;
    obligations_ask_t ask = {.unit = form.unit->id, .period = form.period->id};
    obligations_t owed = {0};
    exit_code = rows_obligations(cli, &ask, &owed);
    form.owed = owed.rows;
    form.owed_count = owed.rows_count;
    if (exit_code == EXIT_WELL) exit_code = gather_figures(cli, &form);
    if (exit_code != EXIT_WELL) return exit_code;
    csv_t table = form_table(&form);
    exit_code = write_form(&table);
    if (exit_code == EXIT_WELL)
        fprintf(stderr,
                cli_say(cli, TEXT_FORMAT " " TEXT_FORMAT "：%u 行待填\n", TEXT_FORMAT " " TEXT_FORMAT ": %u rows to fill in\n"),
                TEXT_ARGS(form.unit->name), TEXT_ARGS(form.period->id), table.count - 1);
    return exit_code;
}
