/* `minning warnings proof UNIT`: "we told you on the 20th, 24th, 25th at 09:00", a sentence a thing, and what became of it. */
#include "services/minning/rows.h"

#include <string.h>

/* One row belongs to the same thing as another: a report of somebody, or an indicator. */
static bool same_thing(const warning_raised_t *a, const warning_raised_t *b) {
    bool report = a->period.size > 0;
    return text_equal(a->task, b->task) && text_equal(a->period, b->period) && text_equal(a->indicator, b->indicator) &&
           (!report || text_equal(a->owner, b->owner)) && a->due_ms == b->due_ms;
}

static bool is_wanted(cli_t *cli, const warning_raised_t *warning) {
    text_t task = cli_slug(cli, OPTION_task), period = cli_slug(cli, OPTION_period);
    return (task.size == 0 || text_equal(task, warning->task)) && (period.size == 0 || text_equal(period, warning->period));
}

/* Is it the first row of its thing? */
static bool is_first(const warnings_t *all, uint32_t at) {
    for (uint32_t index = 0; index < at; index++)
        if (same_thing(&all->rows[index].warning, &all->rows[at].warning)) return false;
    return true;
}

/* 2021-08-20 09:00 T-5 提醒, or why it was not told. */
static text_t telling(cli_t *cli, const warning_row_t *row) {
    text_t when = cli_when(cli, cli_offset(cli), (int64_t)row->at_ms);
    const char *level = cli_say(cli, WORD_ZH(level, row->warning.level), WORD_EN(level, row->warning.level));
    if (row->cause == withheld_none)
        return arena_format(cli->arena, TEXT_FORMAT " (" TEXT_FORMAT " %s)", TEXT_ARGS(when), TEXT_ARGS(row->warning.rung), level);
    return arena_format(cli->arena, TEXT_FORMAT " (" TEXT_FORMAT " %s)", TEXT_ARGS(when), TEXT_ARGS(row->warning.rung),
                        cli_say(cli, WORD_ZH(withheld, row->cause), WORD_EN(withheld, row->cause)));
}

/* What the last telling has come to. */
static text_t ending(cli_t *cli, const warning_row_t *last) {
    const char *life = cli_say(cli, WORD_ZH(life, last->life), WORD_EN(life, last->life));
    if (last->promised > 0)
        return arena_format(cli->arena, cli_say(cli, "%s，承诺 " TEXT_FORMAT, "%s, promised by " TEXT_FORMAT), life,
                            TEXT_ARGS(json_day_show(last->promised, cli->arena)));
    if (last->ended_ms == 0) return text_of(life);
    return arena_format(cli->arena, "%s " TEXT_FORMAT, life, TEXT_ARGS(cli_when(cli, cli_offset(cli), (int64_t)last->ended_ms)));
}

/* The tellings of one thing that were sent, or those that were not. */
static text_t tellings(cli_t *cli, const warnings_t *all, uint32_t first, bool sent) {
    text_t out = text_of("");
    for (uint32_t index = first; index < all->rows_count; index++) {
        const warning_row_t *row = &all->rows[index];
        if (!same_thing(&all->rows[first].warning, &row->warning) || (row->cause == withheld_none) != sent) continue;
        out = arena_format(cli->arena, TEXT_FORMAT "%s" TEXT_FORMAT, TEXT_ARGS(out), out.size == 0 ? "" : cli_say(cli, "、", ", "),
                           TEXT_ARGS(telling(cli, row)));
    }
    return out;
}

static const warning_row_t *last_of(const warnings_t *all, uint32_t first) {
    uint32_t last = first;
    for (uint32_t index = first; index < all->rows_count; index++)
        if (same_thing(&all->rows[first].warning, &all->rows[index].warning)) last = index;
    return &all->rows[last];
}

static void print_thing(cli_t *cli, const warnings_t *all, uint32_t first) {
    const warning_raised_t *thing = &all->rows[first].warning;
    text_t sent = tellings(cli, all, first, true), kept = tellings(cli, all, first, false);
    text_t whose = thing->period.size > 0 && thing->owner.size > 0 ? cli_unit_name(cli, thing->owner) : text_of("");
    text_t what = thing->period.size > 0 ? thing->period : thing->indicator;
    printf(TEXT_FORMAT "%s" TEXT_FORMAT " " TEXT_FORMAT "%s" TEXT_FORMAT "%s", TEXT_ARGS(whose), whose.size > 0 ? " " : "",
           TEXT_ARGS(cli_task_name(cli, thing->task)), TEXT_ARGS(what), cli_say(cli, "（时限 ", " (due "),
           TEXT_ARGS(cli_due(cli, cli_offset(cli), thing->due_ms)), cli_say(cli, "）：", "): "));
    if (sent.size > 0) printf(cli_say(cli, "已于 " TEXT_FORMAT " 告知；", "told on " TEXT_FORMAT "; "), TEXT_ARGS(sent));
    if (kept.size > 0) printf(cli_say(cli, "未发 " TEXT_FORMAT "；", "not sent " TEXT_FORMAT "; "), TEXT_ARGS(kept));
    printf(TEXT_FORMAT "\n", TEXT_ARGS(ending(cli, last_of(all, first))));
}

int verb_warnings_proof(cli_t *cli) {
    warnings_ask_t ask = {0};
    warnings_t all;
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    ask.unit = cli_unit_named(cli, cli->args[0]);
    if (ask.unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[0]);
    exit_code = rows_warnings(cli, &ask, &all);
    if (exit_code != EXIT_WELL) return exit_code;
    uint32_t things = 0;
    for (uint32_t index = 0; index < all.rows_count; index++) {
        if (!is_wanted(cli, &all.rows[index].warning)) continue;
        if (cli->json) cli_print_json(message_to_json(warning_row_type(), &all.rows[index]));
        else if (is_first(&all, index)) print_thing(cli, &all, index);
        things++;
    }
    if (!cli->json && things == 0) printf("%s\n", cli_say(cli, "不曾告知", "it was told nothing"));
    return EXIT_WELL;
}
