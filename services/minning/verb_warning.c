/* `minning warning ack|silence|unsilence|silences`: who answers for a warning, what is silenced, and what came of it. */
#include "services/minning/report_talk.h"
#include "services/minning/rows.h"

#include "proto/crypto.h"
#include "services/plan/calendar.h"
#include "services/stage/clock.h"

#include <string.h>

enum { ID_DIGITS = 6, SETTLE_MS = 3000 };

/* "2021-08-31" → 20210831. */
static bool day_of(const char *text, uint32_t *day) {
    return text != NULL && strlen(text) == 10 && json_day_read(text_of(text), day);
}

/* TASK/PERIOD or TASK/INDICATOR. false: it is neither. */
static bool subject_typed(cli_t *cli, const char *typed, warning_decide_t *decide) {
    const char *slash = strchr(typed, '/');
    if (slash == NULL || slash == typed || slash[1] == '\0') return false;
    decide->task = (text_t){typed, (uint32_t)(slash - typed)};
    text_t what = text_of(slash + 1);
    const planbook_t *book = cli_plan(cli);
    bool period = book != NULL ? planbook_period(book, what) != NULL : what.at[0] >= '0' && what.at[0] <= '9';
    if (period) decide->period = what;
    else decide->indicator = what;
    return true;
}

/* By the beginning of its id: what alerting has told. The last one with it counts. */
static int subject_found(cli_t *cli, const char *typed, warning_decide_t *decide) {
    warnings_ask_t ask = {0};
    warnings_t all;
    size_t size = strlen(typed);
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL && (size < ID_DIGITS || size > 32))
        return cli_fail(cli, EX_USAGE, "预警编号至少六位十六进制，或写 任务/报送期", "at least six digits of its id, or TASK/PERIOD", typed);
    if (exit_code == EXIT_WELL) exit_code = rows_warnings(cli, &ask, &all);
    if (exit_code != EXIT_WELL) return exit_code;
    for (uint32_t index = all.rows_count; index-- > 0;) {
        const warning_raised_t *warning = &all.rows[index].warning;
        if (memcmp(hex_of(warning->id, 16, cli->arena).at, typed, size) != 0) continue;
        decide->task = warning->task;
        decide->period = warning->period;
        decide->indicator = warning->indicator;
        decide->unit = warning->period.size > 0 && warning->owner.size > 0 ? warning->owner : warning->unit;
        return EXIT_WELL;
    }
    return cli_fail(cli, EX_DATAERR, "没有这条预警", "no such warning", typed);
}

static int tell_verdict(cli_t *cli, const verdict_t *verdict, const char *zh, const char *en) {
    if (cli->json)
        cli_print_json(message_to_json(verdict_type(), verdict));
    else
        printf("%s\n", verdict->accepted ? cli_say(cli, zh, en) : cli_say(cli, "不成立", "it does not hold"));
    for (uint32_t index = 0; index < verdict->reasons_count && !cli->json; index++)
        cli_print_reason(cli, &verdict->reasons[index], 2, stdout);
    return verdict->accepted ? EXIT_WELL : EX_DATAERR;
}

/* Signed by an officer; what validation says of the entry. */
static int decide_as(cli_t *cli, const warning_decide_t *decide, const char *zh, const char *en) {
    command_done_t done;
    verdict_t verdict;
    int exit_code = ask_command_as(cli, warning_decide_type(), decide, &done);
    verdict_ask_t ask = {.seq = done.seq};
    if (exit_code == EXIT_WELL)
        exit_code = ask_desk(cli, "validation", verdict_ask_type(), &ask, verdict_type(), &verdict);
    if (exit_code != EXIT_WELL) return exit_code;
    if (verdict.accepted) (void)ask_settled(cli, done.seq, SETTLE_MS); /* so that the next question sees it */
    return tell_verdict(cli, &verdict, zh, en);
}

/* By the unit's own key, through the gateway. */
static int answer_as_unit(cli_t *cli, warning_decide_t *decide) {
    talk_t talk = {0};
    unit_outcome_t outcome = {0};
    if (cli_option(cli, OPTION_unit) == NULL && decide->unit.size > 0)
        cli->values[OPTION_unit] = arena_text(cli->arena, decide->unit).at;
    crypto_start();
    uuid7_new(clock_wall_ms(), decide->submission_id);
    decide->unit = text_of(""); /* its key says who it is */
    int exit_code = talk_open(cli, &talk);
    err_t err = OK;
    if (exit_code == EXIT_WELL)
        err = unit_act(talk.link, warning_decide_type(), decide, talk.timeout_ms, cli->arena, &outcome);
    unit_close(&talk.link);
    if (exit_code != EXIT_WELL) return exit_code;
    if (err == OK) return tell_verdict(cli, &outcome.verdict, "已认领", "acknowledged");
    if (outcome.received) return cli_fail(cli, EX_TEMPFAIL, "已收到，尚无结果", "received, not judged yet", NULL);
    return cli_fail_err(cli, err, "gateway", &outcome.refusal);
}

int verb_warning_ack(cli_t *cli) {
    warning_decide_t decide = {.decision = warning_decision_answered, .why = text_of(cli_option(cli, OPTION_why))};
    if (!day_of(cli_option(cli, OPTION_by), &decide.by))
        return cli_fail(cli, EX_USAGE, "须写 --by 2021-08-31", "--by 2021-08-31 is wanted", cli_option(cli, OPTION_by));
    int exit_code = EXIT_WELL;
    if (!subject_typed(cli, cli->args[0], &decide)) exit_code = subject_found(cli, cli->args[0], &decide);
    if (exit_code != EXIT_WELL) return exit_code;
    if (cli_option(cli, OPTION_as) == NULL) return answer_as_unit(cli, &decide);
    if (!cli->entered) exit_code = cli_enter(cli);
    const char *unit = cli_option(cli, OPTION_unit);
    if (exit_code == EXIT_WELL && unit != NULL) decide.unit = cli_unit_named(cli, unit);
    return exit_code == EXIT_WELL ? decide_as(cli, &decide, "已认领", "acknowledged") : exit_code;
}

int verb_warning_silence(cli_t *cli) {
    warning_decide_t decide = {.decision = warning_decision_silenced, .why = text_of(cli_option(cli, OPTION_why)),
                               .task = cli_slug(cli, OPTION_task), .period = cli_slug(cli, OPTION_period)};
    uint32_t day;
    if (!day_of(cli_option(cli, OPTION_until), &day))
        return cli_fail(cli, EX_USAGE, "须写 --until 2021-09-10", "--until 2021-09-10 is wanted", cli_option(cli, OPTION_until));
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    const char *unit = cli_option(cli, OPTION_unit);
    if (unit != NULL) decide.unit = cli_unit_named(cli, unit);
    if (unit != NULL && decide.unit.size == 0)
        return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", unit);
    plan_t local = {.offset_minutes = (uint64_t)cli_offset(cli)};
    decide.until_ms = (uint64_t)(instant_of_day(&local, day_add(day, 1), 0) - 1);
    return decide_as(cli, &decide, "静默生效", "silenced");
}

int verb_warning_unsilence(cli_t *cli) {
    warning_decide_t decide = {.decision = warning_decision_unsilenced, .why = text_of(cli_option(cli, OPTION_why))};
    if (!hex_read(text_of(cli->args[0]), decide.silence, sizeof decide.silence))
        return cli_fail(cli, EX_USAGE, "静默编号为32位十六进制", "a silence is named by 32 hex digits", cli->args[0]);
    int exit_code = cli_enter(cli);
    return exit_code == EXIT_WELL ? decide_as(cli, &decide, "静默已结束", "the silence is over") : exit_code;
}

static text_t or_all(cli_t *cli, text_t name, const char *zh, const char *en) {
    return name.size > 0 ? name : cli_word(cli, zh, en);
}

int verb_warning_silences(cli_t *cli) {
    silences_ask_t ask = {0};
    silences_t told = {0};
    int exit_code = cli_enter(cli);
    if (exit_code == EXIT_WELL) exit_code = ask_desk(cli, "alerting", silences_ask_type(), &ask, silences_type(), &told);
    if (exit_code != EXIT_WELL) return exit_code;
    sheet_t sheet = {0};
    text_t head[] = {cli_word(cli, "编号", "id"), cli_word(cli, "单位", "unit"), cli_word(cli, "任务", "task"),
                     cli_word(cli, "截止", "until"), cli_word(cli, "经办", "by"), cli_word(cli, "缘由", "why")};
    sheet_add(&sheet, head, 6, NULL);
    for (uint32_t index = 0; index < told.rows_count; index++) {
        const warning_decided_t *silence = &told.rows[index].silence;
        if (cli->json) cli_print_json(message_to_json(silence_row_type(), &told.rows[index]));
        text_t unit = silence->unit.size > 0 ? cli_unit_name(cli, silence->unit) : silence->unit;
        text_t task = silence->task.size > 0 ? cli_task_name(cli, silence->task) : silence->task;
        text_t cells[] = {hex_of(silence->id, 16, cli->arena), or_all(cli, unit, "全部", "all"), or_all(cli, task, "全部", "all"),
                          cli_when(cli, cli_offset(cli), (int64_t)silence->until_ms), silence->actor.officer, silence->why};
        sheet_add(&sheet, cells, 6, NULL);
    }
    if (!cli->json && told.rows_count > 0) sheet_print(cli, &sheet, stdout);
    if (!cli->json && told.rows_count == 0) printf("%s\n", cli_say(cli, "没有生效中的静默", "nothing is silenced"));
    sheet_destroy(&sheet);
    return EXIT_WELL;
}

/* `minning remind UNIT TASK PERIOD`: the office presses for a report, once a day. */
int verb_remind(cli_t *cli) {
    warning_decide_t decide = {.decision = warning_decision_reminded,
                               .period = text_of(cli->args[2]), .why = text_of(cli_option(cli, OPTION_why))};
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    decide.unit = cli_unit_named(cli, cli->args[0]);
    decide.task = cli_task_named(cli, cli->args[1]);
    if (decide.unit.size == 0)
        return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[0]);
    return decide_as(cli, &decide, "已催办", "pressed for");
}

static void follow_add(cli_t *cli, sheet_t *sheet, const follow_row_t *row) {
    text_t none = text_of("");
    uint32_t day = row->by;
    text_t by = day == 0 ? none : arena_format(cli->arena, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
    text_t cells[] = {cli_unit_name(cli, row->unit),
                      cli_task_name(cli, row->task),
                      row->period.size > 0 ? row->period : row->indicator,
                      by,
                      row->why,
                      row->promised_ms == 0 ? none : cli_when(cli, cli_offset(cli), (int64_t)row->promised_ms),
                      row->reminded_ms == 0 ? none : cli_when(cli, cli_offset(cli), (int64_t)row->reminded_ms),
                      row->reminded_by,
                      row->reminded_count == 0 ? none : arena_format(cli->arena, "%lu", (unsigned long)row->reminded_count)};
    sheet_add(sheet, cells, 9, NULL);
}

/* `minning follows`: who promised what, and who pressed for what. */
int verb_follows(cli_t *cli) {
    follows_ask_t ask = {0};
    follows_t page = {0};
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    const char *unit = cli_option(cli, OPTION_unit);
    if (unit != NULL) ask.unit = cli_unit_named(cli, unit);
    if (unit != NULL && ask.unit.size == 0)
        return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", unit);
    sheet_t sheet = {.right = {[8] = true}};
    text_t head[] = {cli_word(cli, "单位", "unit"),     cli_word(cli, "任务", "task"),     cli_word(cli, "事项", "about"),
                     cli_word(cli, "承诺", "promised"), cli_word(cli, "原因", "why"),      cli_word(cli, "认领于", "said"),
                     cli_word(cli, "催办于", "pressed"), cli_word(cli, "催办人", "by"),    cli_word(cli, "次数", "times")};
    sheet_add(&sheet, head, 9, NULL);
    do {
        exit_code = ask_desk(cli, "validation", follows_ask_type(), &ask, follows_type(), &page);
        for (uint32_t index = 0; exit_code == EXIT_WELL && index < page.rows_count; index++) {
            if (cli->json) cli_print_json(message_to_json(follow_row_type(), &page.rows[index]));
            else follow_add(cli, &sheet, &page.rows[index]);
        }
        ask.after += page.rows_count;
    } while (exit_code == EXIT_WELL && page.more && page.rows_count > 0);
    if (exit_code == EXIT_WELL && !cli->json) sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
    return exit_code;
}
