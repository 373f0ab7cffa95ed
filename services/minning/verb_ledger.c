/* `minning ledger`, `score`, `calendar`: the year as a table, as points, as dates. */
#include "services/minning/collect.h"

#include "services/documents/as_json.h"
#include "services/documents/feed.h"
#include "services/documents/ledger.h"

#include <string.h>

static int fail_make(cli_t *cli, err_t err) {
    return cli_fail(cli, EX_SOFTWARE, "无法生成文件", "cannot make the document", err_name(err));
}

/* The whole year, or one period of it for the column of what it brought. */
static int year(collect_t *self, cli_t *cli, edition_t *edition) {
    text_t period = cli_slug(cli, OPTION_period);
    int exit_code = collect_begin(self, cli);
    if (exit_code != EXIT_WELL) return exit_code;
    if (period.size > 0 && planbook_period(self->gather.book, period) == NULL)
        return cli_fail(cli, EX_DATAERR, "计划中没有这个报送期", "the plan has no such period", period.at);
    self->gather.measures = true;
    return collect_edition(self, document_kind_summary, period, edition);
}

/* --- ledger --- */

static void print_grid(const grid_t *grid) {
    for (const grid_row_t *row = grid->first; row != NULL; row = row->next) cli_print_json(grid_row_json(grid, row));
}

int verb_ledger(cli_t *cli) {
    collect_t self;
    edition_t edition;
    int exit_code = year(&self, cli, &edition);
    if (exit_code != EXIT_WELL) return exit_code;
    grid_t grid = ledger_grid(&edition, cli->arena);
    if (cli->json) {
        print_grid(&grid);
        return EXIT_WELL;
    }
    bool xlsx = cli_option(cli, OPTION_xlsx) != NULL;
    buffer_t out = {0};
    err_t err = xlsx ? grid_xlsx(&grid, &out) : grid_csv(&grid, cli_option(cli, OPTION_gb18030) != NULL, &out);
    exit_code = err == OK ? collect_write(cli, &out, xlsx) : fail_make(cli, err);
    buffer_destroy(&out);
    return exit_code;
}

/* --- score --- */

static void print_lines(cli_t *cli, const edition_t *edition, const score_t *score) {
    sheet_t sheet = {0};
    text_t head[] = {cli_word(cli, "项目", "rule"), cli_word(cli, "计算", "sum"), cli_word(cli, "依据", "why")};
    printf("%.*s\n", TEXT_ARGS(edition_unit_name(edition, score->unit)));
    sheet_add(&sheet, head, 3, NULL);
    for (uint32_t index = 0; index < score->count; index++) {
        const score_line_t *line = &score->lines[index];
        text_t cells[] = {line->rule->name, line->sum, line->why};
        sheet_add(&sheet, cells, 3, line->costs && line->points < 0 ? colour_red : NULL);
    }
    text_t total[] = {cli_word(cli, "得分", "score"), score_sum(score, cli->arena)};
    sheet_add(&sheet, total, 2, NULL);
    sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
}

/* All units, in the order of the plan; who owes nothing has no score. */
static void print_scores(cli_t *cli, const edition_t *edition) {
    sheet_t sheet = {.right = {[1] = true, [2] = true, [3] = true, [4] = true}};
    text_t head[] = {cli_word(cli, "单位", "unit"), cli_word(cli, "得分", "score"), cli_word(cli, "得", "gained"),
                     cli_word(cli, "满分", "possible"), cli_word(cli, "扣", "lost")};
    sheet_add(&sheet, head, 5, NULL);
    for (uint32_t index = 0; index < edition->units_count; index++) {
        score_t score = score_of(edition, edition->units[index].id, cli->arena);
        if (cli->json) cli_print_json(score_json(&score, edition, cli->arena));
        if (cli->json || !score.scored) continue;
        text_t cells[] = {edition->units[index].name, score_points(score.total, cli->arena),
                          score_points(score.gained, cli->arena), score_points(score.possible, cli->arena),
                          score_points(score.lost, cli->arena)};
        sheet_add(&sheet, cells, 5, NULL);
    }
    if (!cli->json) sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
}

int verb_score(cli_t *cli) {
    collect_t self;
    edition_t edition;
    int exit_code = year(&self, cli, &edition);
    if (exit_code != EXIT_WELL) return exit_code;
    if (edition.score_count == 0)
        return cli_fail(cli, EX_NOINPUT, "计划文件没有计分规则（score）", "the plan has no rules for a score (score)", NULL);
    if (cli->arg_count == 0)
        print_scores(cli, &edition);
    else {
        text_t unit = cli_unit_named(cli, cli->args[0]);
        if (unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[0]);
        score_t score = score_of(&edition, unit, cli->arena);
        if (cli->json)
            cli_print_json(score_json(&score, &edition, cli->arena));
        else
            print_lines(cli, &edition, &score);
    }
    if (!cli->json)
        printf(cli_say(cli, "数据截至 " TEXT_FORMAT "（第 %lu 条）\n", "as of " TEXT_FORMAT " (entry %lu)\n"),
               TEXT_ARGS(cli_when(cli, cli_offset(cli), (int64_t)edition.now_ms)), (unsigned long)edition.as_of);
    return EXIT_WELL;
}

/* --- calendar --- */

int verb_calendar(cli_t *cli) {
    collect_t self;
    edition_t edition;
    text_t unit = {0};
    int exit_code = year(&self, cli, &edition);
    if (exit_code != EXIT_WELL) return exit_code;
    if (cli->arg_count > 0) unit = cli_unit_named(cli, cli->args[0]);
    if (cli->arg_count > 0 && unit.size == 0)
        return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[0]);
    buffer_t out = {0};
    feed_calendar(&edition, unit, cli->arena, &out);
    exit_code = collect_write(cli, &out, false);
    buffer_destroy(&out);
    return exit_code;
}
