/* `minning report return`, `report approve`, `decisions`: an officer decides on a report, and what came of it. */
#include "services/minning/ask.h"

#include <string.h>

/* The revision that --revision names, or the one that counts now: the officer sees in the answer which it was. */
static int revision_meant(cli_t *cli, report_decide_t *decide) {
    const char *named = cli_option(cli, OPTION_revision);
    if (named != NULL)
        return cli_number(named, &decide->revision) && decide->revision > 0
                   ? EXIT_WELL
                   : cli_fail(cli, EX_USAGE, "版次应为正整数", "a revision is a number from 1", named);
    standing_ask_t ask = {.unit = decide->unit, .task = decide->task, .period = decide->period};
    standing_told_t standing = {0};
    int exit_code = ask_desk(cli, "validation", standing_ask_type(), &ask, standing_told_type(), &standing);
    decide->revision = standing.counts;
    if (exit_code != EXIT_WELL || standing.counts > 0) return exit_code;
    return cli_fail(cli, EX_DATAERR, "没有可以决定的有效报告", "there is no valid report to decide on", cli->args[1]);
}

static int tell_ruling(cli_t *cli, const report_decide_t *decide, const verdict_t *verdict) {
    const char *zh = WORD_ZH(decision, decide->decision), *en = WORD_EN(decision, decide->decision);
    if (cli->json)
        cli_print_json(message_to_json(verdict_type(), verdict));
    else
        printf(cli_say(cli, "%s %s  " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " 第 %lu 版（第 %lu 条）\n",
                       "%s: %s  " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " revision %lu (entry %lu)\n"),
               cli_say(cli, zh, en), verdict->accepted ? cli_say(cli, "已生效", "it holds") : cli_say(cli, "无效", "it does not hold"),
               TEXT_ARGS(cli_unit_name(cli, decide->unit)), TEXT_ARGS(cli_task_name(cli, decide->task)), TEXT_ARGS(decide->period),
               (unsigned long)decide->revision, (unsigned long)verdict->seq);
    for (uint32_t index = 0; !cli->json && index < verdict->reasons_count; index++)
        cli_print_reason(cli, &verdict->reasons[index], 2, stdout);
    return verdict->accepted ? EXIT_WELL : EX_DATAERR;
}

static int decide(cli_t *cli, decision_t decision) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    report_decide_t ask = {.decision = decision,
                           .unit = cli_unit_named(cli, cli->args[0]),
                           .task = cli_task_named(cli, cli->args[1]),
                           .period = text_of(cli->args[2]),
                           .why = cli_slug(cli, OPTION_why)};
    if (ask.unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[0]);
    if (decision == decision_returned && ask.why.size == 0)
        return cli_fail(cli, EX_USAGE, "退回须写明意见", "a return has a reason", "--why TEXT");
    exit_code = revision_meant(cli, &ask);
    command_done_t done = {0};
    if (exit_code == EXIT_WELL) exit_code = ask_command_as(cli, report_decide_type(), &ask, &done);
    if (exit_code != EXIT_WELL) return exit_code;
    verdict_ask_t question = {.seq = done.seq};
    verdict_t verdict = {0};
    exit_code = ask_desk(cli, "validation", verdict_ask_type(), &question, verdict_type(), &verdict);
    return exit_code == EXIT_WELL ? tell_ruling(cli, &ask, &verdict) : exit_code;
}

int verb_report_return(cli_t *cli) { return decide(cli, decision_returned); }

int verb_report_approve(cli_t *cli) { return decide(cli, decision_approved); }

/* --- absences of ours --- */

/* "a,b" → ids of the plan. */
static int units_named(cli_t *cli, outage_declare_t *ask) {
    const char *list = cli_option(cli, OPTION_units);
    text_t *units = ARENA_NEW(cli->arena, text_t, LIMIT_UNITS);
    for (size_t size; list != NULL && *list != '\0' && ask->units_count < LIMIT_UNITS; list += size + (list[size] == ',')) {
        size = strcspn(list, ",");
        const char *name = arena_text(cli->arena, (text_t){list, (uint32_t)size}).at;
        text_t unit = cli_unit_named(cli, name);
        if (unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", name);
        units[ask->units_count++] = unit;
    }
    ask->units = units;
    return EXIT_WELL;
}

/* An operator's to declare; the root key is one. */
int verb_outage_declare(cli_t *cli) {
    outage_declare_t ask = {.why = cli_slug(cli, OPTION_why)};
    int64_t from_ms = 0, to_ms = 0;
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    if (!cli_instant(cli->args[0], cli_offset(cli), &from_ms) || !cli_instant(cli->args[1], cli_offset(cli), &to_ms))
        return cli_fail(cli, EX_USAGE, "时刻应写作 2021-08-25T22:00", "an instant is 2021-08-25T22:00", cli->args[0]);
    ask.from_ms = (uint64_t)from_ms;
    ask.to_ms = (uint64_t)to_ms;
    exit_code = units_named(cli, &ask);
    command_done_t done = {0};
    refusal_t refusal = {0};
    if (exit_code != EXIT_WELL) return exit_code;
    if (cli_option(cli, OPTION_as) != NULL) {
        exit_code = ask_command_as(cli, outage_declare_type(), &ask, &done);
    } else {
        err_t err = ask_command(cli, outage_declare_type(), &ask, &done, &refusal);
        if (err != OK) exit_code = cli_fail_err(cli, err, "intake", &refusal);
    }
    if (exit_code != EXIT_WELL) return exit_code;
    return ask_tell_done(cli, &done, "已入账（第 %lu 条），临近时限的单位补还时间\n", "in the ledger (entry %lu): the time is given back\n");
}

/* --- what was decided --- */

/* The revision that was meant, or until when. */
static text_t what_of(cli_t *cli, const decision_row_t *row) {
    if (row->revision > 0) return arena_format(cli->arena, "%lu", (unsigned long)row->revision);
    if (row->until == 0) return text_of("-");
    return arena_format(cli->arena, "→ %04u-%02u-%02u", row->until / 10000, row->until / 100 % 100, row->until % 100);
}

static void add_decision(cli_t *cli, sheet_t *sheet, const decision_row_t *row) {
    if (cli->json) {
        cli_print_json(message_to_json(decision_row_type(), row));
        return;
    }
    text_t note = row->why;
    if (!row->accepted && row->reasons_count > 0) {
        reason_t reason = row->reasons[0];
        reason_tell(&reason, cli->arena);
        note = cli->zh ? reason.zh : reason.en;
    }
    text_t cells[] = {cli_when(cli, cli_offset(cli), (int64_t)row->at_ms), CLI_WORD_OF(cli, decision, row->decision),
                      cli_unit_name(cli, row->unit), cli_task_name(cli, row->task), row->period,
                      what_of(cli, row),
                      row->officer,
                      CLI_WORD_OF(cli, office, row->office),
                      text_of(row->accepted ? cli_say(cli, "已生效", "holds") : cli_say(cli, "无效", "does not hold")), note};
    sheet_add(sheet, cells, 10, row->accepted ? NULL : colour_grey);
}

int verb_decisions(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    const char *unit = cli_option(cli, OPTION_unit);
    decisions_ask_t ask = {.task = cli_slug(cli, OPTION_task), .period = cli_slug(cli, OPTION_period)};
    if (unit != NULL) ask.unit = cli_unit_named(cli, unit);
    if (unit != NULL && ask.unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", unit);
    sheet_t sheet = {.right = {[5] = true}};
    text_t head[] = {cli_word(cli, "时间", "when"), cli_word(cli, "决定", "decision"), cli_word(cli, "单位", "unit"),
                     cli_word(cli, "任务", "task"), cli_word(cli, "报送期", "period"), cli_word(cli, "版次/延至", "revision/until"),
                     cli_word(cli, "经办人", "officer"), cli_word(cli, "职责", "office"), cli_word(cli, "效力", "effect"),
                     cli_word(cli, "意见", "why")};
    sheet_add(&sheet, head, 10, NULL);
    decisions_t page = {.more = true};
    while (exit_code == EXIT_WELL && page.more) {
        page = (decisions_t){0};
        exit_code = ask_desk(cli, "validation", decisions_ask_type(), &ask, decisions_type(), &page);
        for (uint32_t index = 0; index < page.rows_count; index++) add_decision(cli, &sheet, &page.rows[index]);
        if (page.rows_count > 0) ask.after = page.rows[page.rows_count - 1].seq;
    }
    if (exit_code == EXIT_WELL && !cli->json) sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
    return exit_code;
}

/* --- a unit's validity --- */

static bool day_or_open(const char *text, uint32_t *day) {
    *day = 0;
    return strcmp(text, "-") == 0 || json_day_read(text_of(text), day);
}

int verb_unit_valid(cli_t *cli) {
    unit_bound_t ask = {.why = cli_slug(cli, OPTION_why)};
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    ask.unit = cli_unit_named(cli, cli->args[0]);
    if (ask.unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[0]);
    if (!day_or_open(cli->args[1], &ask.from) || !day_or_open(cli->args[2], &ask.to))
        return cli_fail(cli, EX_USAGE, "日期应写作 2021-10-01，不限写 -", "a day is 2021-10-01, an open end -", cli->args[1]);
    command_done_t done = {0};
    refusal_t refusal = {0};
    if (cli_option(cli, OPTION_as) != NULL) {
        exit_code = ask_command_as(cli, unit_bound_type(), &ask, &done);
    } else {
        err_t err = ask_command(cli, unit_bound_type(), &ask, &done, &refusal);
        if (err != OK) exit_code = cli_fail_err(cli, err, "intake", &refusal);
    }
    if (exit_code != EXIT_WELL) return exit_code;
    return ask_tell_done(cli, &done, "计划已据此修订（第 %lu 条）\n", "the plan is amended by it (entry %lu)\n");
}
