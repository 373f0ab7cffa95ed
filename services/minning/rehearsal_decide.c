/* Officers in a rehearsal: a report returned or approved, more time granted; held against what the scenario expects. */
#include "services/minning/ask.h"
#include "services/minning/phrase.h"
#include "services/minning/rehearsal.h"

#include "services/plan/calendar.h"

/* One line: OFFICER UNIT TASK PERIOD, then REVISION or DAY, then 说 and the reason. */
typedef struct {
    text_t officer, unit, task, period, what, why;
} words_t;

static words_t words_of(cli_t *cli, const act_t *act) {
    text_t rest = act->phrase;
    words_t words = {.officer = act->name};
    words.unit = cli_unit_named(cli, arena_text(cli->arena, phrase_word(&rest)).at);
    words.task = phrase_word(&rest);
    words.period = phrase_word(&rest);
    words.what = phrase_word(&rest);
    if (text_is(phrase_word(&rest), "说")) {
        while (rest.size > 0 && rest.at[0] == ' ') rest = (text_t){rest.at + 1, rest.size - 1};
        words.why = rest;
    }
    return words;
}

static err_t command_give(rehearsal_t *self, const act_t *act, const words_t *words, uint64_t *seq, refusal_t *refusal) {
    cli_t *cli = self->cli;
    command_done_t done = {0};
    report_decide_t decide = {.unit = words->unit, .task = words->task, .period = words->period, .why = words->why};
    extension_decide_t extend = {.decision = decision_extended, .unit = words->unit, .task = words->task,
                                 .period = words->period, .why = words->why};
    err_t err;
    if (act->kind == ACT_EXTEND) {
        if (!json_day_read(words->what, &extend.until)) return ERR_BAD;
        err = ask_command_by(cli, words->officer, extension_decide_type(), &extend, &done, refusal);
    } else {
        decide.decision = act->kind == ACT_RETURN ? decision_returned : decision_approved;
        if (!cli_number(arena_text(cli->arena, words->what).at, &decide.revision)) return ERR_BAD;
        err = ask_command_by(cli, words->officer, report_decide_type(), &decide, &done, refusal);
    }
    *seq = done.seq;
    return err;
}

static void outcome_tell(rehearsal_t *self, const act_t *act, const words_t *words, const char *word, const reason_t *reasons,
                         uint32_t count) {
    static const char *const zh[] = {[ACT_RETURN] = "经办退回", [ACT_APPROVE] = "经办通过", [ACT_EXTEND] = "准予延期"};
    static const char *const en[] = {[ACT_RETURN] = "returned", [ACT_APPROVE] = "approved", [ACT_EXTEND] = "extended"};
    cli_t *cli = self->cli;
    printf("  § %s " TEXT_FORMAT "  " TEXT_FORMAT " " TEXT_FORMAT " → " TEXT_FORMAT "  %s  " TEXT_FORMAT "\n",
           cli_say(cli, zh[act->kind], en[act->kind]), TEXT_ARGS(cli_unit_name(cli, words->unit)),
           TEXT_ARGS(cli_task_name(cli, words->task)), TEXT_ARGS(words->period), TEXT_ARGS(words->what), word,
           TEXT_ARGS(words->why));
    for (uint32_t index = 0; index < count; index++) cli_print_reason(cli, &reasons[index], 6, stdout);
}

static bool reasons_hold(const act_t *act, const reason_t *reasons, uint32_t count) {
    uint32_t found = 0;
    for (uint32_t code = 0; code < act->code_count; code++)
        for (uint32_t index = 0; index < count; index++) found += text_equal(reasons[index].code, act->codes[code]);
    return found >= act->code_count;
}

int rehearsal_decide(rehearsal_t *self, const act_t *act) {
    cli_t *cli = self->cli;
    words_t words = words_of(cli, act);
    uint64_t seq = 0;
    refusal_t refusal = {0};
    verdict_t verdict = {0};
    err_t err = command_give(self, act, &words, &seq, &refusal);
    if (err != OK && err != ERR_REFUSED)
        return cli_fail(cli, EX_DATAERR, "经办一行不能执行，剧本行", "an officer's line cannot be played, line",
                        arena_format(cli->arena, "%u (%s)", act->line, err_name(err)).at);
    verdict_ask_t question = {.seq = seq};
    int exit_code = EXIT_WELL;
    if (err == OK) exit_code = ask_desk(cli, "validation", verdict_ask_type(), &question, verdict_type(), &verdict);
    if (exit_code != EXIT_WELL) return exit_code;
    expect_t got = err == ERR_REFUSED ? EXPECT_TURNED_AWAY : verdict.accepted ? EXPECT_ACCEPTED : EXPECT_REFUSED;
    const reason_t *reasons = err == ERR_REFUSED ? refusal.reasons : verdict.reasons;
    uint32_t count = err == ERR_REFUSED ? refusal.reasons_count : verdict.reasons_count;
    outcome_tell(self, act, &words,
                 cli_say(cli, got == EXPECT_ACCEPTED ? "已生效" : "无效", got == EXPECT_ACCEPTED ? "it holds" : "it does not hold"),
                 reasons, count);
    if (got != act->expect || !reasons_hold(act, reasons, count))
        rehearsal_failed(self, act->line, cli_word(cli, "决定的结果不同", "the decision came out differently"));
    uint32_t day = 0;
    const plan_t *plan = planbook_plan(self->book);
    if (got == EXPECT_ACCEPTED && act->kind == ACT_EXTEND && json_day_read(words.what, &day))
        rehearsal_taken(self, words.unit, words.task, words.period)->extended_ms = deadline_resolve(plan, day).due_ms;
    return EXIT_WELL;
}
