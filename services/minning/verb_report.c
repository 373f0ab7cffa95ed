/* `minning report send`, `check`, `status`: a unit speaks with the gateway. */
#include "services/minning/evidence_files.h"
#include "services/minning/report_talk.h"
#include "services/plan/amount.h"
#include "services/plan/report_file.h"

#include "proto/crypto.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/link.h"
#include "services/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPORT_SECONDS = 30 };

/* --- the connection --- */

/* A file named by an option lies where the caller stood; the default lies in the home. */
static const char *full_path(cli_t *cli, option_t option, const char *fallback) {
    const char *named = cli_option(cli, option);
    if (named == NULL) return fallback;
    return named[0] == '/' ? named : arena_format(cli->arena, "/proc/self/fd/%d/%s", cli->start_dir, named).at;
}

static const char *as_typed(const cli_t *cli, option_t option, const char *fallback) {
    return cli_option(cli, option) != NULL ? cli_option(cli, option) : fallback;
}

static int load_keys(cli_t *cli, unit_key_t *key, char server[UNIT_KEY_TEXT + 1]) {
    const char *unit = cli_option(cli, OPTION_unit), *file = full_path(cli, OPTION_key, NULL);
    if (file == NULL && unit == NULL)
        return cli_fail(cli, EX_USAGE, "须用 --unit 或 --key 指明单位", "name the unit", "--unit U | --key FILE");
    if (file == NULL) {
        text_t id = cli_unit_named(cli, unit);
        if (id.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", unit);
        file = arena_format(cli->arena, "units/" TEXT_FORMAT ".key", TEXT_ARGS(id)).at;
    }
    size_t size = strlen(file);
    if (size < 5 || strcmp(file + size - 4, ".key") != 0)
        return cli_fail(cli, EX_USAGE, "密钥文件以 .key 结尾", "a key file ends in .key", file);
    const char *stem = arena_text(cli->arena, (text_t){file, (uint32_t)size - 4}).at;
    if (unit_key_load(stem, key) != OK)
        return cli_fail(cli, EX_NOINPUT, "读不到密钥", "cannot load the key", as_typed(cli, OPTION_key, file));
    const char *public_file = full_path(cli, OPTION_server, "keys/gateway.pub");
    if (unit_public_load(public_file, server) != OK)
        return cli_fail(cli, EX_NOINPUT, "读不到网关公钥", "cannot load the gateway's key",
                        as_typed(cli, OPTION_server, public_file));
    return EXIT_WELL;
}

/* A unit's own machine has no home: then everything is named by options. */
int talk_open(cli_t *cli, talk_t *talk) {
    bool abroad = cli_option(cli, OPTION_endpoint) != NULL && cli_option(cli, OPTION_server) != NULL &&
                  cli_option(cli, OPTION_key) != NULL;
    uint64_t seconds = REPORT_SECONDS;
    if (cli_option(cli, OPTION_timeout) != NULL && !cli_number(cli_option(cli, OPTION_timeout), &seconds))
        return cli_fail(cli, EX_USAGE, "秒数应为整数", "seconds are a whole number", cli_option(cli, OPTION_timeout));
    talk->cli = cli;
    talk->timeout_ms = (int64_t)seconds * 1000;
    int exit_code = abroad ? EXIT_WELL : cli_enter(cli);
    unit_key_t key;
    char server[UNIT_KEY_TEXT + 1];
    if (exit_code == EXIT_WELL) exit_code = load_keys(cli, &key, server);
    if (exit_code != EXIT_WELL) return exit_code;
    const char *endpoint = cli_option(cli, OPTION_endpoint);
    if (endpoint == NULL) endpoint = home_setting("gateway/endpoint", "tcp://127.0.0.1:7350");
    link_start();
    err_t err = unit_open(endpoint, server, &key, &talk->link);
    hash_of((bytes_t){(const uint8_t *)key.secret_text, UNIT_KEY_TEXT}, talk->secret);
    memset(&key, 0, sizeof key);
    return err == OK ? EXIT_WELL : cli_fail(cli, EX_UNAVAILABLE, "连不上网关", "cannot connect to the gateway", endpoint);
}

/* --- the report --- */

const planbook_t *talk_plan(cli_t *cli, int *exit_code) {
    const char *file = cli_option(cli, OPTION_plan);
    if (file == NULL) return cli_plan(cli);
    text_t yaml;
    plan_t plan;
    uint32_t count = 0;
    file_fault_t *faults = ARENA_NEW(cli->arena, file_fault_t, PLAN_FAULTS);
    *exit_code = cli_read_file(cli, file, LIMIT_PLAN_FILE, &yaml);
    if (*exit_code != EXIT_WELL) return NULL;
    if (plan_read(yaml, cli->arena, &plan, faults, &count) == OK) return planbook_new(&plan);
    *exit_code = cli_print_faults(cli, file, faults, count);
    return NULL;
}

int talk_read(cli_t *cli, text_t text, evidence_files_t *files, report_t *report) {
    int line = 0, exit_code = EXIT_WELL;
    char what[256];
    if (text.size == 0) return cli_fail(cli, EX_DATAERR, "文件是空的", "the file is empty", cli->args[0]);
    json_t *json = json_read(text, &line, what, sizeof what);
    if (json == NULL)
        return cli_fail(cli, EX_DATAERR, "不是有效的 JSON", "not valid JSON",
                        arena_format(cli->arena, "%s:%d: %s", cli->args[0], line, what).at);
    if (files != NULL) exit_code = evidence_files_read(cli, json, files);
    const planbook_t *book = exit_code == EXIT_WELL ? talk_plan(cli, &exit_code) : NULL;
    uint8_t fresh[16];
    uuid7_new(clock_wall_ms(), fresh);
    fault_t fault;
    const char *why = NULL;
    if (exit_code == EXIT_WELL && report_from_json(json, book, fresh, cli->arena, report, &fault, &why) != OK) {
        const char *last = strrchr(fault.path, '.');
        text_t arg = text_of(last != NULL ? last + 1 : fault.path);
        reason_t reason = {.code = text_of(fault.code), .path = text_of(fault.path), .args = &arg, .args_count = 1};
        if (why != NULL) {
            reason.zh = text_of(amount_reason_zh(why));
            reason.en = text_of(why);
        }
        exit_code = cli_fail(cli, EX_DATAERR, "报告文件有误", "the report file is wrong", cli->args[0]);
        cli_print_reason(cli, &reason, 2, stderr);
    }
    json_decref(json);
    return exit_code;
}

static int talk_begin(cli_t *cli, talk_t *talk, evidence_files_t *files) {
    text_t text;
    crypto_start();
    int exit_code = cli_read_file(cli, cli->args[0], LIMIT_EDGE_FRAME * 2, &text);
    if (exit_code == EXIT_WELL) exit_code = talk_open(cli, talk);
    return exit_code == EXIT_WELL ? talk_read(cli, text, files, &talk->report) : exit_code;
}

/* --- what is answered --- */

static void print_verdict(cli_t *cli, const verdict_t *verdict) {
    if (cli->json) return;
    text_t id = hex_of(verdict->submission_id, 16, cli->arena);
    const char *word = verdict->accepted ? cli_say(cli, "通过", "valid") : cli_say(cli, "退回", "refused");
    printf("%s%s%s  %s " TEXT_FORMAT, cli->colour ? (verdict->accepted ? colour_green : colour_red) : "", word,
           cli->colour ? "\033[0m" : "", cli_say(cli, "提交编号", "submission"), TEXT_ARGS(id));
    if (verdict->revision > 0) printf(cli_say(cli, "  第 %lu 版", "  revision %lu"), (unsigned long)verdict->revision);
    if (verdict->due_ms > 0)
        printf(cli_say(cli, "  时限 " TEXT_FORMAT, "  due " TEXT_FORMAT),
               TEXT_ARGS(cli_due(cli, cli_offset(cli), verdict->due_ms)));
    putchar('\n');
    for (uint32_t index = 0; index < verdict->reasons_count; index++)
        cli_print_reason(cli, &verdict->reasons[index], 2, stdout);
    cli_print_figures(cli, verdict->figures, verdict->figures_count);
}

static void print_receipt(cli_t *cli, const receipt_t *receipt) {
    if (cli->json) return;
    printf(cli_say(cli, "回执  第 %lu 条  收到 " TEXT_FORMAT "%s\n", "receipt  entry %lu  received " TEXT_FORMAT "%s\n"),
           (unsigned long)receipt->seq, TEXT_ARGS(cli_when(cli, cli_offset(cli), (int64_t)receipt->received_ms)),
           receipt->duplicate ? cli_say(cli, "（此前已收到）", "  (this is the original receipt)") : "");
}

static int tell_refusal(cli_t *cli, err_t err, const refusal_t *refusal) {
    if (err == ERR_REFUSED && cli->json) cli_print_json(message_to_json(refusal_type(), refusal));
    if (err == ERR_REFUSED && cli->json) return EX_DATAERR;
    if (err == ERR_TIMEOUT)
        return cli_fail(cli, EX_TEMPFAIL, "没有等到结果，请用同一提交编号再报",
                        "no verdict in time: send it again under the same submission id", NULL);
    return cli_fail_err(cli, err, "gateway", refusal);
}

static int save_receipt(cli_t *cli, const receipt_t *receipt) {
    const char *file = full_path(cli, OPTION_save_receipt, NULL);
    if (file == NULL) return EXIT_WELL;
    json_t *json = message_to_json(receipt_type(), receipt);
    char *line = json_dumps(json, JSON_COMPACT);
    err_t err = home_write(file, arena_format(cli->arena, "%s\n", line), 0644);
    free(line);
    json_decref(json);
    return err == OK ? EXIT_WELL
                     : cli_fail(cli, EX_CANTCREAT, "无法写入", "cannot write", cli_option(cli, OPTION_save_receipt));
}

static int tell_no_verdict(cli_t *cli, const talk_t *talk, const unit_outcome_t *outcome, err_t err) {
    if (err == ERR_TIMEOUT || err == ERR_BAD)
        fprintf(stderr, "submission_id " TEXT_FORMAT "\n", TEXT_ARGS(hex_of(talk->report.submission_id, 16, cli->arena)));
    if (err != ERR_TIMEOUT || !outcome->busy) return tell_refusal(cli, err, &outcome->refusal);
    text_t when = arena_format(cli->arena, "%lu ms", (unsigned long)outcome->retry_after_ms);
    return cli_fail(cli, EX_TEMPFAIL, "账本现在不接收，未留存；稍后再报",
                    "the ledger takes nothing now, nothing was kept: again after", when.at);
}

int talk_send(cli_t *cli, talk_t *talk, const receipt_t *old) {
    unit_outcome_t outcome = {0};
    err_t err =
        unit_report_with_receipt(talk->link, &talk->report, old, clock_wall_ms(), talk->timeout_ms, cli->arena, &outcome);
    int exit_code = outcome.received ? save_receipt(cli, &outcome.receipt) : EXIT_WELL;
    if (err == OK && exit_code == EXIT_WELL) return talk_tell(cli, &outcome.receipt, &outcome.verdict);
    if (outcome.received) print_receipt(cli, &outcome.receipt);
    if (outcome.judged) print_verdict(cli, &outcome.verdict);
    return err == OK ? exit_code : tell_no_verdict(cli, talk, &outcome, err);
}

int verb_report_send(cli_t *cli) {
    if (bulk_is_table(cli->args[0])) return bulk_verb(cli, cli_option(cli, OPTION_check) != NULL);
    if (cli_option(cli, OPTION_atomic) != NULL)
        return cli_fail(cli, EX_USAGE, "--atomic 只用于 .csv 文件", "--atomic is for .csv files", cli->args[0]);
    if (cli_option(cli, OPTION_check) != NULL) return verb_report_check(cli);
    talk_t talk = {0};
    receipt_t receipt = {0};
    evidence_files_t files = {0};
    int exit_code = EXIT_WELL;
    if (cli_option(cli, OPTION_receipt) != NULL) exit_code = cli_read_receipt(cli, cli_option(cli, OPTION_receipt), &receipt);
    if (exit_code == EXIT_WELL) exit_code = talk_begin(cli, &talk, &files);
    if (exit_code == EXIT_WELL) exit_code = evidence_files_send(&talk, &files, talk.report.submission_id);
    if (exit_code == EXIT_WELL) exit_code = talk_send(cli, &talk, &receipt);
    unit_close(&talk.link);
    evidence_files_close(&files);
    return exit_code;
}

int talk_tell(cli_t *cli, const receipt_t *receipt, const verdict_t *verdict) {
    print_receipt(cli, receipt);
    print_verdict(cli, verdict);
    if (cli->json) {
        json_t *json = json_object();
        json_object_set_new(json, "receipt", message_to_json(receipt_type(), receipt));
        json_object_set_new(json, "verdict", message_to_json(verdict_type(), verdict));
        cli_print_json(json);
    }
    return verdict->accepted ? EXIT_WELL : EX_DATAERR;
}

int verb_report_check(cli_t *cli) {
    if (bulk_is_table(cli->args[0])) return bulk_verb(cli, true);
    talk_t talk = {0};
    verdict_t verdict = {0};
    refusal_t refusal = {0};
    evidence_files_t files = {0};
    int exit_code = talk_begin(cli, &talk, &files);
    if (exit_code == EXIT_WELL) {
        err_t err = unit_check(talk.link, &talk.report, talk.timeout_ms, cli->arena, &verdict, &refusal);
        if (err != OK)
            exit_code = tell_refusal(cli, err, &refusal);
        else {
            exit_code = verdict.accepted ? EXIT_WELL : EX_DATAERR;
            if (cli->json) cli_print_json(message_to_json(verdict_type(), &verdict));
            print_verdict(cli, &verdict);
        }
    }
    unit_close(&talk.link);
    evidence_files_close(&files);
    return exit_code;
}

/* What was asked for last, and what was answered. */
static void print_request(cli_t *cli, const request_row_t *request) {
    if (request->seq == 0) return;
    printf(cli_say(cli, "申请延至 %04u-%02u-%02u（第 %lu 条）：%s  " TEXT_FORMAT "\n",
                   "asked for time until %04u-%02u-%02u (entry %lu): %s  " TEXT_FORMAT "\n"),
           request->until / 10000, request->until / 100 % 100, request->until % 100, (unsigned long)request->seq,
           cli_say(cli, WORD_ZH(request_state, request->state), WORD_EN(request_state, request->state)),
           TEXT_ARGS(request->answer));
}

static void print_standing(cli_t *cli, const standing_told_t *standing) {
    printf(TEXT_FORMAT "  " TEXT_FORMAT "  " TEXT_FORMAT "  %s " TEXT_FORMAT "\n",
           TEXT_ARGS(cli_unit_name(cli, standing->unit)), TEXT_ARGS(cli_task_name(cli, standing->task)),
           TEXT_ARGS(standing->period), cli_say(cli, "时限", "due"),
           TEXT_ARGS(cli_due(cli, cli_offset(cli), standing->due_ms)));
    if (standing->revision == 0)
        printf("%s\n", cli_say(cli, "尚无有效报告", "no valid report yet"));
    else
        printf(cli_say(cli, "现行第 %lu 版，首次有效报告收到于 " TEXT_FORMAT "\n",
                       "revision %lu stands; first valid report received " TEXT_FORMAT "\n"),
               (unsigned long)standing->revision, TEXT_ARGS(cli_when(cli, cli_offset(cli), (int64_t)standing->first_valid_ms)));
    cli_print_figures(cli, standing->figures, standing->figures_count);
    if (standing->decision != decision_none)
        printf(cli_say(cli, "%s：" TEXT_FORMAT "  " TEXT_FORMAT "\n", "%s: " TEXT_FORMAT "  " TEXT_FORMAT "\n"),
               cli_say(cli, WORD_ZH(decision, standing->decision), WORD_EN(decision, standing->decision)),
               TEXT_ARGS(cli_when(cli, cli_offset(cli), (int64_t)standing->decided_ms)), TEXT_ARGS(standing->why));
    if (standing->again_ms > 0)
        printf(cli_say(cli, "须于 " TEXT_FORMAT " 前重报；目前计入第 %lu 版\n",
                       "due again by " TEXT_FORMAT "; revision %lu counts now\n"),
               TEXT_ARGS(cli_due(cli, cli_offset(cli), standing->again_ms)), (unsigned long)standing->counts);
    print_request(cli, &standing->request);
    for (uint32_t index = 0; index < standing->submissions_count; index++) print_verdict(cli, &standing->submissions[index]);
}

int verb_report_status(cli_t *cli) {
    talk_t talk = {0};
    standing_told_t standing = {0};
    refusal_t refusal = {0};
    int exit_code = talk_open(cli, &talk);
    if (exit_code == EXIT_WELL) {
        status_ask_t ask = {.task = cli_task_named(cli, cli->args[0]), .period = text_of(cli->args[1])};
        err_t err = unit_status(talk.link, &ask, talk.timeout_ms, cli->arena, &standing, &refusal);
        if (err != OK)
            exit_code = tell_refusal(cli, err, &refusal);
        else if (cli->json)
            cli_print_json(message_to_json(standing_told_type(), &standing));
        else
            print_standing(cli, &standing);
    }
    unit_close(&talk.link);
    return exit_code;
}
