/* `minning report nil`, `report enter`: nothing changed, in one command; and a paper report entered for a unit. */
#include "services/minning/ask.h"
#include "services/minning/report_nil.h"
#include "services/minning/report_talk.h"

#include "proto/command.h"
#include "services/door/door_rules.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"

#include <string.h>

enum { PERSONAL = 1024 }; /* personal texts of one report: what one vault_keep takes */

/* Which of the three the plan does not have. */
static int tell_unknown(const cli_t *cli, const planbook_t *book, text_t unit, text_t task) {
    if (planbook_unit(book, unit) == NULL)
        return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli_option(cli, OPTION_unit));
    if (planbook_task(book, task) == NULL)
        return cli_fail(cli, EX_DATAERR, "计划中没有这项任务", "the plan has no such task", cli->args[0]);
    return cli_fail(cli, EX_DATAERR, "计划中没有这个报送期", "the plan has no such period", cli->args[1]);
}

int verb_report_nil(cli_t *cli) {
    talk_t talk = {0};
    const char *unit = cli_option(cli, OPTION_unit), *revision = cli_option(cli, OPTION_revision);
    if (unit == NULL) return cli_fail(cli, EX_USAGE, "须用 --unit 指明单位", "name the unit", "--unit U");
    crypto_start();
    int exit_code = talk_open(cli, &talk);
    const planbook_t *book = exit_code == EXIT_WELL ? talk_plan(cli, &exit_code) : NULL;
    if (exit_code == EXIT_WELL && book == NULL)
        exit_code = cli_fail(cli, EX_NOINPUT, "须用 --plan 指明计划文件", "name the plan file", "--plan FILE");
    if (exit_code == EXIT_WELL) {
        text_t id = cli_unit_named(cli, unit), task = cli_task_named(cli, cli->args[0]);
        const char *wrong = report_nil(book, id, task, text_of(cli->args[1]), cli->arena, &talk.report);
        if (wrong != NULL) exit_code = tell_unknown(cli, book, id, task);
    }
    if (exit_code == EXIT_WELL && revision != NULL && !cli_number(revision, &talk.report.replaces))
        exit_code = cli_fail(cli, EX_USAGE, "版次应为整数", "a revision is a number", revision);
    if (exit_code == EXIT_WELL) {
        uuid7_new(clock_wall_ms(), talk.report.submission_id);
        exit_code = talk_send(cli, &talk, &(receipt_t){0});
    }
    unit_close(&talk.link);
    return exit_code;
}

/* --- on a unit's behalf --- */

/* This command line is a door: no personal text goes on from here. */
static int swap_names(cli_t *cli, report_t *report) {
    text_t *texts = ARENA_NEW(cli->arena, text_t, PERSONAL);
    uint32_t count = personal_texts(report, texts, PERSONAL);
    reason_t *reasons = ARENA_NEW(cli->arena, reason_t, LIMIT_REASONS);
    refusal_t refusal = {.reasons = reasons};
    refusal.reasons_count = report_refusals(report, reasons, LIMIT_REASONS, cli->arena);
    if (refusal.reasons_count > 0) return cli_fail_err(cli, ERR_REFUSED, "minning", &refusal);
    if (count > PERSONAL) return cli_fail(cli, EX_DATAERR, "人员过多", "too many people", NULL);
    if (count == 0) return EXIT_WELL;
    vault_keep_t keep = {.texts = texts, .texts_count = count};
    vault_kept_t kept = {0};
    err_t err = link_ask(HOME_VAULT_OPERATOR, vault_keep_type(), &keep, vault_kept_type(), &kept, &refusal, cli->arena, ASK_MS);
    if (err != OK || kept.refs_count != count) return cli_fail_err(cli, err == OK ? ERR_BAD : err, "vault", &refusal);
    personal_swap(report, kept.refs, count, cli->arena);
    return EXIT_WELL;
}

int verb_report_enter(cli_t *cli) {
    text_t text;
    report_t report = {0};
    const char *unit = cli_option(cli, OPTION_unit);
    if (unit == NULL) return cli_fail(cli, EX_USAGE, "须用 --unit 指明代哪个单位录入", "say for which unit", "--unit U");
    crypto_start();
    int exit_code = cli_read_file(cli, cli->args[0], LIMIT_EDGE_FRAME * 2, &text);
    if (exit_code == EXIT_WELL) exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = talk_read(cli, text, NULL, &report);
    if (exit_code != EXIT_WELL) return exit_code;
    report_enter_t enter = {.unit = cli_unit_named(cli, unit)};
    if (enter.unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", unit);
    if (report.prepared_by.text.size == 0)
        return cli_fail(cli, EX_DATAERR, "代录须写明纸质报告的填报人", "say who prepared the paper report", "prepared_by");
    exit_code = swap_names(cli, &report);
    enter.report = report;
    receipt_t receipt = {0};
    verdict_t verdict = {0};
    if (exit_code == EXIT_WELL) exit_code = ask_receipt_as(cli, report_enter_type(), &enter, &receipt);
    verdict_ask_t question = {.seq = receipt.seq};
    if (exit_code == EXIT_WELL)
        exit_code = ask_desk(cli, "validation", verdict_ask_type(), &question, verdict_type(), &verdict);
    return exit_code == EXIT_WELL ? talk_tell(cli, &receipt, &verdict) : exit_code;
}
