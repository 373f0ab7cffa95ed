/* `minning measure add|change|done|withdraw|list|history`: planned measures 帮扶措施 of a unit, and what became of them. */
#include "services/minning/ask.h"
#include "services/minning/report_talk.h"

#include "proto/crypto.h"
#include "services/stage/clock.h"

#include <string.h>

/* --- a unit states one, by its own key through the gateway --- */

/* "2021-10-31" → 20211031; an option that is not given leaves 0. A day that does not exist is told like at the door. */
static int day_typed(cli_t *cli, option_t option, const char *path, uint32_t *day) {
    const char *typed = cli_option(cli, option);
    if (typed == NULL || json_day_read(text_of(typed), day)) return EXIT_WELL;
    reason_t reason = {.code = REASON_OF(bad_day), .path = text_of(path)};
    reason_tell(&reason, cli->arena);
    cli_print_reason(cli, &reason, 0, stderr);
    return EX_DATAERR;
}

static planned_measure_t words_typed(cli_t *cli, measure_state_t state) {
    return (planned_measure_t){.state = state,
                               .item = text_of(cli_option(cli, OPTION_item)),
                               .plan = text_of(cli_option(cli, OPTION_how)),
                               .result = text_of(cli_option(cli, OPTION_result)),
                               .why = text_of(cli_option(cli, OPTION_why))};
}

/* The revision that --revision names, or the one that stands: the unit's door is asked. */
static int revision_meant(cli_t *cli, talk_t *talk, measure_enter_t *enter) {
    const char *named = cli_option(cli, OPTION_revision);
    if (named != NULL)
        return cli_number(named, &enter->replaces) && enter->replaces > 0
                   ? EXIT_WELL
                   : cli_fail(cli, EX_USAGE, "版次应为正整数", "a revision is a number from 1", named);
    measures_ask_t ask = {.number = enter->measure.number};
    measures_t told = {0};
    refusal_t refusal = {0};
    err_t err = unit_measures(talk->link, &ask, talk->timeout_ms, cli->arena, &told, &refusal);
    if (err != OK) return cli_fail_err(cli, err, "gateway", &refusal);
    enter->replaces = told.rows_count == 0 ? 1 : told.rows[0].row.revision; /* none: let it be refused, and counted */
    return EXIT_WELL;
}

static int tell_verdict(cli_t *cli, const verdict_t *verdict) {
    if (cli->json)
        cli_print_json(message_to_json(verdict_type(), verdict));
    else if (verdict->accepted)
        printf(cli_say(cli, "第 %lu 号措施已生效，第 %lu 版，时限 " TEXT_FORMAT "（第 %lu 条）\n",
                       "measure %lu stands, revision %lu, due " TEXT_FORMAT " (entry %lu)\n"),
               (unsigned long)verdict->measure, (unsigned long)verdict->revision,
               TEXT_ARGS(cli_due(cli, cli_offset(cli), verdict->due_ms)), (unsigned long)verdict->seq);
    else
        printf("%s\n", cli_say(cli, "不成立，原状不变", "it does not hold; what stood stands"));
    for (uint32_t index = 0; index < verdict->reasons_count && !cli->json; index++)
        cli_print_reason(cli, &verdict->reasons[index], 2, stdout);
    return verdict->accepted ? EXIT_WELL : EX_DATAERR;
}

static int enter(cli_t *cli, measure_enter_t *act) {
    talk_t talk = {0};
    unit_outcome_t outcome = {0};
    crypto_start();
    uuid7_new(clock_wall_ms(), act->submission_id);
    int exit_code = talk_open(cli, &talk);
    if (exit_code == EXIT_WELL && act->measure.number > 0) exit_code = revision_meant(cli, &talk, act);
    err_t err = OK;
    if (exit_code == EXIT_WELL)
        err = unit_act(talk.link, measure_enter_type(), act, talk.timeout_ms, cli->arena, &outcome);
    unit_close(&talk.link);
    if (exit_code != EXIT_WELL) return exit_code;
    if (err == OK) return tell_verdict(cli, &outcome.verdict);
    if (outcome.received) return cli_fail(cli, EX_TEMPFAIL, "已收到，尚无结果", "received, not judged yet", NULL);
    return cli_fail_err(cli, err, "gateway", &outcome.refusal);
}

int verb_measure_add(cli_t *cli) {
    measure_enter_t act = {.measure = words_typed(cli, measure_state_planned)};
    act.measure.task = text_of(cli->args[0]);
    int exit_code = day_typed(cli, OPTION_until, "measure.due", &act.measure.due);
    return exit_code == EXIT_WELL ? enter(cli, &act) : exit_code;
}

/* Of one that stands. */
static int change(cli_t *cli, measure_state_t state) {
    measure_enter_t act = {.measure = words_typed(cli, state)};
    if (!cli_number(cli->args[0], &act.measure.number) || act.measure.number == 0 || act.measure.number > UINT32_MAX)
        return cli_fail(cli, EX_USAGE, "措施编号应为正整数", "a measure is named by its number", cli->args[0]);
    int exit_code = day_typed(cli, OPTION_until, "measure.due", &act.measure.due);
    if (exit_code == EXIT_WELL) exit_code = day_typed(cli, OPTION_on, "measure.done_day", &act.measure.done_day);
    return exit_code == EXIT_WELL ? enter(cli, &act) : exit_code;
}

int verb_measure_change(cli_t *cli) { return change(cli, measure_state_planned); }

int verb_measure_done(cli_t *cli) { return change(cli, measure_state_done); }

int verb_measure_withdraw(cli_t *cli) { return change(cli, measure_state_withdrawn); }

/* --- what is planned --- */

static text_t day_shown(cli_t *cli, uint32_t day) {
    if (day == 0) return text_of("–");
    return arena_format(cli->arena, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
}

static text_t phase_shown(cli_t *cli, const measure_told_t *told) {
    text_t word = CLI_WORD_OF(cli, measure_phase, told->phase);
    if (told->phase == measure_phase_near)
        return arena_format(cli->arena, cli_say(cli, TEXT_FORMAT "，还有 %lu 天", TEXT_FORMAT ", %lu days left"), TEXT_ARGS(word),
                            (unsigned long)told->days);
    if (told->days == 0 || told->phase == measure_phase_running) return word;
    return arena_format(cli->arena, cli_say(cli, TEXT_FORMAT " %lu 天", TEXT_FORMAT ", %lu days"), TEXT_ARGS(word),
                        (unsigned long)told->days);
}

static const char *phase_colour(measure_phase_t phase) {
    if (phase == measure_phase_overdue) return colour_red;
    if (phase == measure_phase_near || phase == measure_phase_late) return colour_yellow;
    return phase == measure_phase_withdrawn ? colour_grey : NULL;
}

static void add_measure(cli_t *cli, sheet_t *sheet, const measure_told_t *told) {
    const planned_measure_t *measure = &told->row.measure;
    if (cli->json) {
        cli_print_json(message_to_json(measure_told_type(), told));
        return;
    }
    text_t cells[] = {cli_unit_name(cli, told->row.unit),
                      arena_format(cli->arena, "%lu", (unsigned long)measure->number),
                      cli_task_name(cli, measure->task),
                      measure->item,
                      measure->plan,
                      day_shown(cli, measure->due),
                      phase_shown(cli, told),
                      day_shown(cli, measure->done_day),
                      measure->result,
                      arena_format(cli->arena, "%lu", (unsigned long)told->row.revision)};
    sheet_add(sheet, cells, 10, phase_colour(told->phase));
}

static void head_add(cli_t *cli, sheet_t *sheet) {
    text_t head[] = {cli_word(cli, "单位", "unit"),         cli_word(cli, "编号", "number"), cli_word(cli, "任务", "task"),
                     cli_word(cli, "帮扶事项", "measure"),  cli_word(cli, "帮扶计划", "plan"), cli_word(cli, "时限", "due"),
                     cli_word(cli, "状态", "state"),        cli_word(cli, "完成", "done on"), cli_word(cli, "帮扶成效", "result"),
                     cli_word(cli, "版次", "revision")};
    sheet_add(sheet, head, 10, NULL);
}

/* One page: from the desk of the home, or, for a unit with a key, from its door. */
static int page_ask(cli_t *cli, talk_t *talk, const measures_ask_t *ask, measures_t *page) {
    if (talk->link == NULL) return ask_desk(cli, "validation", measures_ask_type(), ask, measures_type(), page);
    refusal_t refusal = {0};
    err_t err = unit_measures(talk->link, ask, talk->timeout_ms, cli->arena, page, &refusal);
    return err == OK ? EXIT_WELL : cli_fail_err(cli, err, "gateway", &refusal);
}

int verb_measure_list(cli_t *cli) {
    talk_t talk = {0};
    bool abroad = cli_option(cli, OPTION_key) != NULL;
    const char *unit = abroad ? NULL : cli_option(cli, OPTION_unit);
    measures_ask_t ask = {.task = cli_slug(cli, OPTION_task),
                          .open_only = cli_option(cli, OPTION_open) != NULL,
                          .pressing_only = cli_option(cli, OPTION_pressing) != NULL};
    int exit_code = abroad ? talk_open(cli, &talk) : cli_enter(cli);
    if (exit_code == EXIT_WELL && unit != NULL) ask.unit = cli_unit_named(cli, unit);
    if (exit_code == EXIT_WELL && unit != NULL && ask.unit.size == 0)
        exit_code = cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", unit);
    sheet_t sheet = {.right = {[1] = true, [9] = true}};
    head_add(cli, &sheet);
    measures_t page = {.more = true};
    while (exit_code == EXIT_WELL && page.more) {
        page = (measures_t){0};
        exit_code = page_ask(cli, &talk, &ask, &page);
        for (uint32_t index = 0; index < page.rows_count; index++) add_measure(cli, &sheet, &page.rows[index]);
        ask.after += page.rows_count;
    }
    if (exit_code == EXIT_WELL && !cli->json && sheet.count > 1) sheet_print(cli, &sheet, stdout);
    if (exit_code == EXIT_WELL && !cli->json)
        printf(cli_say(cli, "%lu 项帮扶措施，数据截至 " TEXT_FORMAT "\n", "%lu measures, as of " TEXT_FORMAT "\n"),
               (unsigned long)ask.after, TEXT_ARGS(cli_when(cli, cli_offset(cli), (int64_t)page.now_ms)));
    sheet_destroy(&sheet);
    unit_close(&talk.link);
    return exit_code;
}

/* --- how one came to be what it is --- */

static text_t who_of(cli_t *cli, const actor_t *actor) {
    text_t how = CLI_WORD_OF(cli, credential, actor->credential);
    text_t who = actor->officer.size > 0 ? actor->officer : cli_unit_name(cli, actor->unit);
    return arena_format(cli->arena, cli_say(cli, TEXT_FORMAT "（" TEXT_FORMAT "）", TEXT_FORMAT " (" TEXT_FORMAT ")"),
                        TEXT_ARGS(who), TEXT_ARGS(how));
}

static void field_add(sheet_t *sheet, const text_t *stamp, text_t name, text_t before, text_t after) {
    if (text_equal(before, after)) return;
    text_t cells[] = {stamp[0], stamp[1], stamp[2], name, before.size > 0 ? before : text_of("–"),
                      after.size > 0 ? after : text_of("–"), stamp[3]};
    sheet_add(sheet, cells, 7, NULL);
}

/* What one revision changed, a line a field: when, who, from what to what, why. */
static void add_revision(cli_t *cli, sheet_t *sheet, const measure_row_t *before, const measure_row_t *after) {
    const planned_measure_t *old = &before->measure, *now = &after->measure;
    text_t stamp[] = {cli_when(cli, cli_offset(cli), (int64_t)after->at_ms), who_of(cli, &after->actor),
                      arena_format(cli->arena, "%lu", (unsigned long)after->revision), now->why};
    text_t state = old->state == measure_state_none ? text_of("") : CLI_WORD_OF(cli, measure_state, old->state);
    field_add(sheet, stamp, cli_word(cli, "状态", "state"), state, CLI_WORD_OF(cli, measure_state, now->state));
    field_add(sheet, stamp, cli_word(cli, "帮扶事项", "measure"), old->item, now->item);
    field_add(sheet, stamp, cli_word(cli, "帮扶计划", "plan"), old->plan, now->plan);
    field_add(sheet, stamp, cli_word(cli, "时限", "due"), day_shown(cli, old->due), day_shown(cli, now->due));
    field_add(sheet, stamp, cli_word(cli, "完成日期", "done on"), day_shown(cli, old->done_day), day_shown(cli, now->done_day));
    field_add(sheet, stamp, cli_word(cli, "帮扶成效", "result"), old->result, now->result);
}

int verb_measure_history(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    measure_history_ask_t ask = {.unit = cli_unit_named(cli, cli->args[0])};
    if (ask.unit.size == 0) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[0]);
    if (!cli_number(cli->args[1], &ask.number) || ask.number == 0 || ask.number > UINT32_MAX)
        return cli_fail(cli, EX_USAGE, "措施编号应为正整数", "a measure is named by its number", cli->args[1]);
    measure_history_t told = {0};
    exit_code = ask_desk(cli, "validation", measure_history_ask_type(), &ask, measure_history_type(), &told);
    if (exit_code == EXIT_WELL && told.rows_count == 0)
        exit_code = cli_fail(cli, EX_DATAERR, "该单位没有这一号措施", "the unit has no such measure", cli->args[1]);
    if (exit_code != EXIT_WELL) return exit_code;
    sheet_t sheet = {.right = {[2] = true}};
    text_t head[] = {cli_word(cli, "时间", "when"), cli_word(cli, "经办", "who"), cli_word(cli, "版次", "revision"),
                     cli_word(cli, "项目", "field"), cli_word(cli, "原为", "before"), cli_word(cli, "改为", "after"),
                     cli_word(cli, "缘由", "why")};
    sheet_add(&sheet, head, 7, NULL);
    for (uint32_t index = told.rows_count; index-- > 0;) {
        measure_row_t nothing = {0};
        const measure_row_t *before = index + 1 < told.rows_count ? &told.rows[index + 1] : &nothing;
        if (cli->json) cli_print_json(message_to_json(measure_row_type(), &told.rows[index]));
        else add_revision(cli, &sheet, before, &told.rows[index]);
    }
    if (!cli->json) sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
    return EXIT_WELL;
}
