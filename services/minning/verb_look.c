/* `minning late`, `progress`, `warnings`, `figures`: questions to aggregation and alerting. */
#include "services/minning/persons.h"
#include "services/minning/rows.h"

#include "services/plan/amount.h"

#include <string.h>

/* --- late --- */

static bool is_late(const obligation_changed_t *row) {
    return row->timeliness == timeliness_late || row->timeliness == timeliness_missing || row->standing == standing_overdue;
}

/* Rows of one unit stand together, in the order of the plan's units. */
static void add_late(cli_t *cli, sheet_t *sheet, const obligations_t *all, text_t unit) {
    bool first = true;
    for (uint32_t index = 0; index < all->rows_count; index++) {
        const obligation_changed_t *row = &all->rows[index];
        if (!text_equal(row->unit, unit) || !is_late(row)) continue;
        text_t cells[] = {first ? cli_unit_name(cli, unit) : text_of(""),
                          cli_task_name(cli, row->task),
                          row->period,
                          CLI_WORD_OF(cli, standing, row->standing),
                          rows_lateness(cli, row),
                          rows_due(cli, row),
                          rows_missing(cli, row)};
        sheet_add(sheet, cells, 7, row->standing == standing_overdue ? colour_red : colour_yellow);
        first = false;
    }
}

static void print_late(cli_t *cli, const obligations_t *all) {
    sheet_t sheet = {0};
    text_t head[] = {cli_word(cli, "单位", "unit"),  cli_word(cli, "任务", "task"),         cli_word(cli, "报送期", "period"),
                     cli_word(cli, "状态", "state"), cli_word(cli, "及时性", "timeliness"), cli_word(cli, "时限", "due"),
                     cli_word(cli, "缺", "missing")};
    sheet_add(&sheet, head, 7, NULL);
    const planbook_t *book = cli_plan(cli);
    for (uint32_t index = 0; book != NULL && index < planbook_plan(book)->units_count; index++)
        add_late(cli, &sheet, all, planbook_plan(book)->units[index].id);
    if (sheet.count == 1)
        printf("%s\n", cli_say(cli, "没有逾期", "nobody is late"));
    else
        sheet_print(cli, &sheet, stdout);
    printf(cli_say(cli, "数据截至 " TEXT_FORMAT "\n", "as of " TEXT_FORMAT "\n"),
           TEXT_ARGS(cli_when(cli, cli_offset(cli), (int64_t)all->now_ms)));
    sheet_destroy(&sheet);
}

static int unit_filter(cli_t *cli, text_t *unit) {
    const char *typed = cli_option(cli, OPTION_unit);
    if (typed == NULL) return EXIT_WELL;
    *unit = cli_unit_named(cli, typed);
    return unit->size > 0 ? EXIT_WELL : cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", typed);
}

int verb_late(cli_t *cli) {
    int exit_code = cli_enter(cli);
    obligations_ask_t ask = {.task = cli_slug(cli, OPTION_task), .period = cli_slug(cli, OPTION_period)};
    obligations_t all = {0};
    if (exit_code == EXIT_WELL) exit_code = unit_filter(cli, &ask.unit);
    if (exit_code == EXIT_WELL) exit_code = rows_obligations(cli, &ask, &all);
    if (exit_code != EXIT_WELL) return exit_code;
    if (!cli->json) {
        print_late(cli, &all);
        return EXIT_WELL;
    }
    for (uint32_t index = 0; index < all.rows_count; index++)
        if (is_late(&all.rows[index])) cli_print_json(message_to_json(obligation_changed_type(), &all.rows[index]));
    return EXIT_WELL;
}

/* --- progress --- */

int verb_progress(cli_t *cli) {
    int exit_code = cli_enter(cli);
    targets_ask_t ask = {.task = cli_slug(cli, OPTION_task)};
    targets_t targets;
    if (exit_code == EXIT_WELL) exit_code = rows_targets(cli, &ask, &targets);
    if (exit_code != EXIT_WELL) return exit_code;
    if (cli->json) {
        for (uint32_t index = 0; index < targets.rows_count; index++)
            cli_print_json(message_to_json(target_changed_type(), &targets.rows[index]));
        return EXIT_WELL;
    }
    rows_print_targets(cli, &targets, stdout);
    printf(cli_say(cli, "数据截至 " TEXT_FORMAT "\n", "as of " TEXT_FORMAT "\n"),
           TEXT_ARGS(cli_when(cli, cli_offset(cli), (int64_t)targets.now_ms)));
    return EXIT_WELL;
}

/* --- warnings --- */

int verb_warnings(cli_t *cli) {
    int exit_code = cli_enter(cli);
    warnings_ask_t ask = {.open_only = cli_option(cli, OPTION_open) != NULL};
    warnings_t all;
    if (exit_code == EXIT_WELL) exit_code = unit_filter(cli, &ask.unit);
    if (exit_code == EXIT_WELL) exit_code = rows_warnings(cli, &ask, &all);
    if (exit_code != EXIT_WELL) return exit_code;
    sheet_t sheet = {0};
    text_t head[] = {text_of("#"),
                     cli_word(cli, "时间", "when"),
                     cli_word(cli, "级别", "level"),
                     cli_word(cli, "梯次", "rung"),
                     cli_word(cli, "对象", "to"),
                     cli_word(cli, "状态", "state"),
                     cli_word(cli, "内容", "what")};
    sheet_add(&sheet, head, 7, NULL);
    for (uint32_t index = 0; index < all.rows_count; index++) {
        const warning_row_t *row = &all.rows[index];
        const warning_raised_t *told = &row->warning;
        if (cli->json) {
            cli_print_json(message_to_json(warning_row_type(), row));
            continue;
        }
        text_t cells[] = {arena_format(cli->arena, "%lu", (unsigned long)row->seq),
                          cli_when(cli, cli_offset(cli), (int64_t)row->at_ms),
                          CLI_WORD_OF(cli, level, told->level),
                          told->rung,
                          cli_unit_name(cli, told->unit),
                          text_of(row->resolved ? cli_say(cli, "已解除", "withdrawn") : cli_say(cli, "有效", "open")),
                          cli->zh ? told->zh : told->en};
        sheet_add(&sheet, cells, 7, row->resolved ? colour_grey : told->level >= level_orange ? colour_red : colour_yellow);
    }
    if (!cli->json) sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
    return EXIT_WELL;
}

/* --- figures --- */

/* What was reported stands beside what counts, where claims of others make that less. */
static text_t reported_shown(cli_t *cli, const indicator_t *indicator, const proof_row_t *row) {
    if (row->contested) return cli_word(cli, "他单位已申报，不计入", "claimed by another, does not count");
    if (!row->reported.given) return text_of("");
    bool money = indicator != NULL && indicator->measure == measure_money;
    return money ? amount_exact(row->reported.value, cli->arena)
                 : arena_format(cli->arena, "%lld", (long long)row->reported.value);
}

/* The persons behind the rows, where the indicator counts people. */
static const text_t *persons_of(cli_t *cli, const figures_t *all) {
    person_ref_t *refs = ARENA_NEW(cli->arena, person_ref_t, all->rows_count + 1);
    text_t *names = ARENA_NEW(cli->arena, text_t, all->rows_count + 1);
    for (uint32_t index = 0; index < all->rows_count; index++)
        memcpy(refs[index].hash, all->rows[index].person, sizeof refs[index].hash);
    persons_named(cli, refs, all->rows_count, names);
    return names;
}

static void add_figure(cli_t *cli, sheet_t *sheet, const indicator_t *indicator, const proof_row_t *row, text_t name) {
    text_t amount = name.size > 0 ? name : text_of("-"); /* a person is the figure */
    if (row->amount.given)
        amount = indicator != NULL && indicator->measure == measure_money
                     ? amount_exact(row->amount.value, cli->arena)
                     : arena_format(cli->arena, "%lld", (long long)row->amount.value);
    text_t explained = text_of("");
    for (uint32_t index = 0; index < row->explained_count; index++)
        explained = arena_format(cli->arena, TEXT_FORMAT "%s" TEXT_FORMAT, TEXT_ARGS(explained), index > 0 ? " " : "",
                                 TEXT_ARGS(row->explained[index]));
    text_t cells[] = {cli_unit_name(cli, row->unit),
                      row->period,
                      row->member,
                      row->fact_day == 0 ? text_of("-") : json_day_show(row->fact_day, cli->arena),
                      amount,
                      reported_shown(cli, indicator, row),
                      arena_format(cli->arena, "%lu", (unsigned long)row->cause_seq),
                      cli_when(cli, cli_offset(cli), (int64_t)row->received_ms),
                      text_of(row->evidence > 0 ? "●" : "○"),
                      explained};
    sheet_add(sheet, cells, 10, row->contested || row->reported.given ? colour_yellow : NULL);
}

/* Of the reports behind a figure, how many come with evidence. A report has several rows: each counts once. */
static void print_coverage(cli_t *cli, const figures_t *all) {
    uint32_t reports = 0, covered = 0;
    for (uint32_t index = 0; index < all->rows_count; index++) {
        uint32_t before = 0;
        while (before < index && all->rows[before].cause_seq != all->rows[index].cause_seq) before++;
        if (before < index) continue;
        reports++;
        covered += all->rows[index].evidence > 0;
    }
    int64_t tenths = rate_tenths(covered, reports);
    if (tenths >= 0)
        printf(cli_say(cli, "佐证 %u/%u 份报告（%lld.%lld%%）\n", "evidence: %u of %u reports (%lld.%lld%%)\n"), covered,
               reports, (long long)(tenths / 10), (long long)(tenths % 10));
}

int verb_figures(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    const planbook_t *book = cli_plan(cli);
    const indicator_t *indicator = cli_indicator_named(cli, cli->args[0]);
    if (book != NULL && indicator == NULL)
        return cli_fail(cli, EX_DATAERR, "计划中没有这个指标", "the plan has no such indicator", cli->args[0]);
    figures_ask_t ask = {.indicator = indicator == NULL ? text_of(cli->args[0]) : indicator->id,
                         .member = cli_slug(cli, OPTION_member)};
    figures_t all;
    exit_code = rows_figures(cli, &ask, &all);
    if (exit_code != EXIT_WELL) return exit_code;
    bool people = !cli->json && indicator != NULL && indicator->measure == measure_people;
    const text_t *names = people ? persons_of(cli, &all) : NULL;
    sheet_t sheet = {.right = {[4] = true, [5] = true, [6] = true}};
    text_t head[] = {
        cli_word(cli, "单位", "unit"),     cli_word(cli, "报送期", "period"), cli_word(cli, "分项", "member"),
        cli_word(cli, "发生日", "fact"),   cli_word(cli, "认定数额", "credited"), cli_word(cli, "申报数额", "reported"),
        cli_word(cli, "账目", "entry"),
        cli_word(cli, "收到", "received"), cli_word(cli, "佐证", "evidence"), cli_word(cli, "已说明", "explained")};
    sheet_add(&sheet, head, 10, NULL);
    for (uint32_t index = 0; index < all.rows_count; index++) {
        if (cli->json)
            cli_print_json(message_to_json(proof_row_type(), &all.rows[index]));
        else
            add_figure(cli, &sheet, indicator, &all.rows[index], names == NULL ? text_of("") : names[index]);
    }
    if (!cli->json) {
        sheet_print(cli, &sheet, stdout);
        if (all.total.given && indicator != NULL)
            printf(cli_say(cli, "合计 " TEXT_FORMAT "\n", "total " TEXT_FORMAT "\n"),
                   TEXT_ARGS(amount_show(all.total.value, indicator->measure, indicator->unit_word, cli->arena)));
        if (all.reported.given && indicator != NULL)
            printf(cli_say(cli, "申报合计 " TEXT_FORMAT "：重复申报的只计一次（见 minning claims）\n",
                           "reported " TEXT_FORMAT ": what is claimed twice counts once (see minning claims)\n"),
                   TEXT_ARGS(amount_show(all.reported.value, indicator->measure, indicator->unit_word, cli->arena)));
        print_coverage(cli, &all);
    }
    sheet_destroy(&sheet);
    return EXIT_WELL;
}
