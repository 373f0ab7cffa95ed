/* `minning extension request|list|grant|deny`: a unit asks for more time, an officer answers, both see what came of it. */
#include "services/minning/ask.h"
#include "services/minning/report_talk.h"

#include "proto/crypto.h"
#include "services/stage/clock.h"

/* --- a unit asks, by its own key through the gateway --- */

static int tell_request(cli_t *cli, const extension_request_t *ask, const verdict_t *verdict) {
    if (cli->json)
        cli_print_json(message_to_json(verdict_type(), verdict));
    else if (verdict->accepted)
        printf(cli_say(cli, "延期申请已收到，待答复（第 %lu 条）；现行时限 " TEXT_FORMAT " 不变\n",
                       "asked for more time, waits for an answer (entry %lu); due " TEXT_FORMAT " as before\n"),
               (unsigned long)verdict->seq, TEXT_ARGS(cli_due(cli, cli_offset(cli), verdict->due_ms)));
    else
        printf(cli_say(cli, "申请不成立：" TEXT_FORMAT " " TEXT_FORMAT "\n",
                       "the request does not hold: " TEXT_FORMAT " " TEXT_FORMAT "\n"),
               TEXT_ARGS(cli_task_name(cli, ask->task)), TEXT_ARGS(ask->period));
    for (uint32_t index = 0; !cli->json && index < verdict->reasons_count; index++)
        cli_print_reason(cli, &verdict->reasons[index], 2, stdout);
    return verdict->accepted ? EXIT_WELL : EX_DATAERR;
}

int verb_extension_request(cli_t *cli) {
    talk_t talk = {0};
    unit_outcome_t outcome = {0};
    extension_request_t ask = {.period = text_of(cli->args[1]), .why = text_of(cli_option(cli, OPTION_why))};
    if (ask.why.size == 0) return cli_fail(cli, EX_USAGE, "申请延期须写明理由", "a request has a reason", "--why TEXT");
    if (!json_day_read(cli_slug(cli, OPTION_until), &ask.until))
        return cli_fail(cli, EX_USAGE, "须写明延至哪一日", "say until which day", "--until 2021-09-03");
    crypto_start();
    uuid7_new(clock_wall_ms(), ask.submission_id);
    int exit_code = talk_open(cli, &talk);
    err_t err = OK;
    ask.task = cli_task_named(cli, cli->args[0]); /* by the plan of this home, if there is one */
    if (exit_code == EXIT_WELL)
        err = unit_act(talk.link, extension_request_type(), &ask, talk.timeout_ms, cli->arena, &outcome);
    unit_close(&talk.link);
    if (exit_code != EXIT_WELL) return exit_code;
    if (err == OK) return tell_request(cli, &ask, &outcome.verdict);
    if (outcome.received) return cli_fail(cli, EX_TEMPFAIL, "已收到，尚无结果", "received, not judged yet", NULL);
    return cli_fail_err(cli, err, "gateway", &outcome.refusal);
}

/* --- an officer answers --- */

static int tell_extension(cli_t *cli, const extension_decide_t *ask, const verdict_t *verdict) {
    if (cli->json)
        cli_print_json(message_to_json(verdict_type(), verdict));
    else
        printf(cli_say(cli, "%s %s  " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT "（第 %lu 条）\n",
                       "%s: %s  " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " (entry %lu)\n"),
               cli_say(cli, WORD_ZH(decision, ask->decision), WORD_EN(decision, ask->decision)),
               verdict->accepted ? cli_say(cli, "已生效", "it holds") : cli_say(cli, "无效", "it does not hold"),
               TEXT_ARGS(cli_unit_name(cli, ask->unit)), TEXT_ARGS(cli_task_name(cli, ask->task)), TEXT_ARGS(ask->period),
               (unsigned long)verdict->seq);
    for (uint32_t index = 0; !cli->json && index < verdict->reasons_count; index++)
        cli_print_reason(cli, &verdict->reasons[index], 2, stdout);
    return verdict->accepted ? EXIT_WELL : EX_DATAERR;
}

/* The request that waits for an answer, unless --request names one: an answer refers to it, and the unit sees that it is one. */
static int request_meant(cli_t *cli, extension_decide_t *decide) {
    const char *named = cli_option(cli, OPTION_request);
    if (named != NULL)
        return cli_number(named, &decide->request_seq)
                   ? EXIT_WELL
                   : cli_fail(cli, EX_USAGE, "申请以账本条目编号指明", "a request is named by its entry", named);
    requests_ask_t ask = {.unit = decide->unit, .task = decide->task, .period = decide->period, .open_only = true};
    requests_t told = {0};
    int exit_code = ask_desk(cli, "validation", requests_ask_type(), &ask, requests_type(), &told);
    if (exit_code != EXIT_WELL || told.rows_count == 0) return exit_code;
    decide->request_seq = told.rows[0].seq;
    if (decide->until == 0 && decide->decision == decision_extended) decide->until = told.rows[0].until; /* as it was asked for */
    return EXIT_WELL;
}

static int extend(cli_t *cli, decision_t decision) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    extension_decide_t ask = {.decision = decision,
                              .unit = cli_unit_named(cli, cli->args[0]),
                              .task = cli_task_named(cli, cli->args[1]),
                              .period = text_of(cli->args[2]),
                              .why = cli_slug(cli, OPTION_why)};
    if (ask.unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[0]);
    if (decision == decision_denied && ask.why.size == 0)
        return cli_fail(cli, EX_USAGE, "不予延期须写明理由", "a denial has a reason", "--why TEXT");
    bool dated = cli_option(cli, OPTION_until) != NULL;
    if (decision == decision_extended && dated && !json_day_read(cli_slug(cli, OPTION_until), &ask.until))
        return cli_fail(cli, EX_USAGE, "须写明延至哪一日", "say until which day", "--until 2021-09-03");
    exit_code = request_meant(cli, &ask);
    if (exit_code != EXIT_WELL) return exit_code;
    if (decision == decision_extended && ask.until == 0)
        return cli_fail(cli, EX_USAGE, "须写明延至哪一日", "say until which day", "--until 2021-09-03");
    command_done_t done = {0};
    exit_code = ask_command_as(cli, extension_decide_type(), &ask, &done);
    if (exit_code != EXIT_WELL) return exit_code;
    verdict_ask_t question = {.seq = done.seq};
    verdict_t verdict = {0};
    exit_code = ask_desk(cli, "validation", verdict_ask_type(), &question, verdict_type(), &verdict);
    return exit_code == EXIT_WELL ? tell_extension(cli, &ask, &verdict) : exit_code;
}

int verb_extension_grant(cli_t *cli) { return extend(cli, decision_extended); }

int verb_extension_deny(cli_t *cli) { return extend(cli, decision_denied); }

/* --- who asks --- */

static text_t day_shown(cli_t *cli, uint32_t day) {
    return arena_format(cli->arena, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
}

static void add_request(cli_t *cli, sheet_t *sheet, const request_row_t *row) {
    if (cli->json) {
        cli_print_json(message_to_json(request_row_type(), row));
        return;
    }
    bool waits = row->state == request_state_pending;
    text_t cells[] = {arena_format(cli->arena, "%lu", (unsigned long)row->seq),
                      cli_when(cli, cli_offset(cli), (int64_t)row->at_ms),
                      cli_unit_name(cli, row->unit),
                      cli_task_name(cli, row->task),
                      row->period,
                      row->due_ms == 0 ? text_of("–") : cli_due(cli, cli_offset(cli), row->due_ms),
                      day_shown(cli, row->until),
                      CLI_WORD_OF(cli, request_state, row->state),
                      row->why,
                      row->answer};
    sheet_add(sheet, cells, 10, waits ? colour_yellow : row->state == request_state_replaced ? colour_grey : NULL);
}

int verb_extension_list(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    const char *unit = cli_option(cli, OPTION_unit);
    requests_ask_t ask = {.task = cli_slug(cli, OPTION_task), .period = cli_slug(cli, OPTION_period),
                          .open_only = cli_option(cli, OPTION_open) != NULL};
    if (unit != NULL) ask.unit = cli_unit_named(cli, unit);
    if (unit != NULL && ask.unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", unit);
    sheet_t sheet = {.right = {[0] = true}};
    text_t head[] = {cli_word(cli, "条目", "entry"),     cli_word(cli, "时间", "when"),   cli_word(cli, "单位", "unit"),
                     cli_word(cli, "任务", "task"),      cli_word(cli, "报送期", "period"), cli_word(cli, "时限", "due"),
                     cli_word(cli, "申请延至", "wanted"), cli_word(cli, "状态", "state"),  cli_word(cli, "理由", "why"),
                     cli_word(cli, "答复", "answer")};
    sheet_add(&sheet, head, 10, NULL);
    requests_t page = {.more = true};
    while (exit_code == EXIT_WELL && page.more) {
        page = (requests_t){0};
        exit_code = ask_desk(cli, "validation", requests_ask_type(), &ask, requests_type(), &page);
        for (uint32_t index = 0; index < page.rows_count; index++) add_request(cli, &sheet, &page.rows[index]);
        if (page.rows_count > 0) ask.after = page.rows[page.rows_count - 1].seq;
    }
    if (exit_code == EXIT_WELL && !cli->json && sheet.count > 1) sheet_print(cli, &sheet, stdout);
    if (exit_code == EXIT_WELL && !cli->json && sheet.count == 1)
        printf("%s\n", cli_say(cli, "没有延期申请", "nobody asks for more time"));
    sheet_destroy(&sheet);
    return exit_code;
}
