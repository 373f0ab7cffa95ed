/* `minning obligations UNIT`: everything a unit owes, reported or not: state, timeliness, deadline, when it came, what is
 * missing. */
#include "services/minning/rows.h"

static const char *colour_of(const obligation_changed_t *row) {
    if (row->standing == standing_overdue || row->standing == standing_returned) return colour_red;
    if (row->standing == standing_due || row->timeliness == timeliness_late) return colour_yellow;
    return row->standing == standing_not_due ? colour_grey : NULL;
}

static void add_row(cli_t *cli, sheet_t *sheet, const obligation_changed_t *row) {
    bool reported = row->first_valid_ms != 0;
    text_t cells[] = {row->period,
                      cli_task_name(cli, row->task),
                      CLI_WORD_OF(cli, standing, row->standing),
                      rows_lateness(cli, row),
                      cli_due(cli, cli_offset(cli), row->due_ms),
                      reported ? cli_when(cli, cli_offset(cli), (int64_t)row->first_valid_ms) : text_of("–"),
                      reported ? arena_format(cli->arena, "%lu", (unsigned long)row->revision) : text_of("–"),
                      rows_missing(cli, row)};
    sheet_add(sheet, cells, 8, colour_of(row));
}

static void print_all(cli_t *cli, const obligations_t *all, text_t unit) {
    sheet_t sheet = {.right = {[6] = true}};
    uint32_t counts[standing_lifted + 1] = {0};
    text_t head[] = {cli_word(cli, "报送期", "period"), cli_word(cli, "任务", "task"),
                     cli_word(cli, "状态", "state"),    cli_word(cli, "及时性", "timeliness"),
                     cli_word(cli, "时限", "due"),      cli_word(cli, "首次有效", "first valid"),
                     cli_word(cli, "版次", "revision"), cli_word(cli, "缺", "missing")};
    sheet_add(&sheet, head, 8, NULL);
    for (uint32_t index = 0; index < all->rows_count; index++) {
        add_row(cli, &sheet, &all->rows[index]);
        if (all->rows[index].standing <= standing_lifted) counts[all->rows[index].standing]++;
    }
    sheet_print(cli, &sheet, stdout);
    printf(cli_say(cli, TEXT_FORMAT "：%u 份", TEXT_FORMAT ": %u reports"), TEXT_ARGS(cli_unit_name(cli, unit)),
           all->rows_count);
    for (uint32_t index = 1; index <= standing_lifted; index++)
        if (counts[index] > 0)
            printf("%s" TEXT_FORMAT " %u", cli_say(cli, "，", ", "), TEXT_ARGS(CLI_WORD_OF(cli, standing, index)),
                   counts[index]);
    printf(cli_say(cli, "；数据截至 " TEXT_FORMAT "\n", "; as of " TEXT_FORMAT "\n"),
           TEXT_ARGS(cli_when(cli, cli_offset(cli), (int64_t)all->now_ms)));
    sheet_destroy(&sheet);
}

int verb_obligations(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    obligations_ask_t ask = {
        .unit = cli_unit_named(cli, cli->args[0]), .task = cli_slug(cli, OPTION_task), .period = cli_slug(cli, OPTION_period)};
    if (ask.unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[0]);
    obligations_t all = {0};
    exit_code = rows_obligations(cli, &ask, &all);
    if (exit_code != EXIT_WELL) return exit_code;
    for (uint32_t index = 0; cli->json && index < all.rows_count; index++)
        cli_print_json(message_to_json(obligation_changed_type(), &all.rows[index]));
    if (!cli->json) print_all(cli, &all, ask.unit);
    return EXIT_WELL;
}
