/* Playing the acts in lockstep: the clock, then what the units do, each with its own key through the gateway. */
#include "services/minning/ask.h"
#include "services/minning/phrase.h"
#include "services/minning/rehearsal.h"

#include "proto/crypto.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/unit/unit.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { PLAY_MS = 20000, SETTLE_MS = 60000, NAMED = 64 };

/* A submission remembered under a name, to be sent again or misused. */
typedef struct {
    text_t name;
    text_t unit;
    report_t report;
} named_t;

typedef struct {
    rehearsal_t *rehearsal;
    cli_t *cli;
    unit_link_t **links; /* one a unit, opened when it first speaks */
    named_t named[NAMED];
    uint32_t named_count;
    int64_t clock_ms;
    int64_t id_ms; /* submission ids follow the ledger's own time */
} player_t;

void rehearsal_failed(rehearsal_t *self, uint32_t line, text_t what) {
    self->failures++;
    printf("  %s✗ %s %u：" TEXT_FORMAT "%s\n", self->cli->colour ? colour_red : "",
           cli_say(self->cli, "不符合预期，剧本行", "not as expected, line"), line, TEXT_ARGS(what),
           self->cli->colour ? "\033[0m" : "");
}

/* --- connections --- */

static int link_of(player_t *player, text_t unit, unit_link_t **link) {
    const planbook_t *book = player->rehearsal->book;
    uint32_t index = planbook_unit_index(book, planbook_unit(book, unit));
    if (player->links[index] == NULL) {
        unit_key_t key;
        char server[UNIT_KEY_TEXT + 1];
        const char *stem = arena_format(player->cli->arena, "units/" TEXT_FORMAT, TEXT_ARGS(unit)).at;
        err_t err = unit_key_load(stem, &key);
        if (err == OK) err = unit_public_load("keys/gateway.pub", server);
        if (err == OK)
            err = unit_open(home_setting("gateway/endpoint", "tcp://127.0.0.1:7350"), server, &key, &player->links[index]);
        if (err != OK)
            return cli_fail(player->cli, EX_NOINPUT, "单位没有密钥（minning key new）", "the unit has no key (minning key new)",
                            stem);
    }
    *link = player->links[index];
    return EXIT_WELL;
}

/* --- what the driver knows itself --- */

taken_t *rehearsal_taken(rehearsal_t *self, text_t unit, text_t task, text_t period) {
    for (uint32_t index = 0; index < self->taken_count; index++) {
        taken_t *one = &self->taken[index];
        if (text_equal(one->unit, unit) && text_equal(one->task, task) && text_equal(one->period, period)) return one;
    }
    ASSERT(self->taken_count < ACTS);
    taken_t *fresh = &self->taken[self->taken_count++];
    *fresh = (taken_t){.unit = unit, .task = task, .period = period};
    return fresh;
}

static void remember_taken(player_t *player, text_t unit, const report_t *report, int64_t received_ms) {
    taken_t *taken = rehearsal_taken(player->rehearsal, unit, report->task, report->period);
    if (taken->first_ms == 0) taken->first_ms = received_ms;
    taken->report = *report;
}

/* --- one act --- */

static void print_outcome(player_t *player, const act_t *act, text_t unit, const report_t *report, const char *mark,
                          const char *word, bool bad) {
    cli_t *cli = player->cli;
    const task_t *task = planbook_task(player->rehearsal->book, report->task);
    printf("  %s%s%s " TEXT_FORMAT "  " TEXT_FORMAT " " TEXT_FORMAT "  " TEXT_FORMAT "  %s%s\n",
           cli->colour ? (bad ? colour_red : colour_green) : "", mark, cli->colour ? "\033[0m" : "",
           TEXT_ARGS(cli_unit_name(cli, unit)), TEXT_ARGS(task != NULL ? task->number : report->task),
           TEXT_ARGS(task != NULL ? task->name : text_of("")), TEXT_ARGS(report->period), word,
           act->kind == ACT_CHECK ? cli_say(cli, "（试报）", " (dry run)") : "");
}

static bool reasons_hold(const act_t *act, const reason_t *reasons, uint32_t count) {
    for (uint32_t code = 0; code < act->code_count; code++) {
        bool found = false;
        for (uint32_t index = 0; index < count; index++) found |= text_equal(reasons[index].code, act->codes[code]);
        if (!found) return false;
    }
    return true;
}

/* What came back, in the scenario's words, held against what was expected. */
static void judge(player_t *player, const act_t *act, text_t unit, const report_t *report, err_t err,
                  const unit_outcome_t *outcome) {
    rehearsal_t *all = player->rehearsal;
    cli_t *cli = player->cli;
    const reason_t *reasons = NULL;
    uint32_t count = 0;
    expect_t got;
    if (err == ERR_REFUSED) {
        got = EXPECT_TURNED_AWAY;
        reasons = outcome->refusal.reasons;
        count = outcome->refusal.reasons_count;
        all->turned_away++;
        print_outcome(player, act, unit, report, "⊘", cli_say(cli, "拒收", "turned away"), true);
    } else if (!outcome->verdict.accepted) {
        got = EXPECT_REFUSED;
        reasons = outcome->verdict.reasons;
        count = outcome->verdict.reasons_count;
        all->refused++;
        print_outcome(player, act, unit, report, "✗", cli_say(cli, "退回", "refused"), true);
    } else if (outcome->receipt.duplicate && act->kind != ACT_REPORT) { /* a fresh id comes twice only by our own resend */
        got = EXPECT_DUPLICATE;
        all->repeated++;
        print_outcome(player, act, unit, report, "=", cli_say(cli, "此前已收到，原回执", "taken before, the original receipt"),
                      false);
    } else {
        got = EXPECT_ACCEPTED;
        all->accepted++;
        text_t word = arena_format(cli->arena, cli_say(cli, "通过 第%lu版", "valid, revision %lu"),
                                   (unsigned long)outcome->verdict.revision);
        print_outcome(player, act, unit, report, "✓", word.at, false);
        if (act->kind != ACT_CHECK) remember_taken(player, unit, report, (int64_t)outcome->receipt.received_ms);
    }
    for (uint32_t index = 0; index < count; index++) cli_print_reason(cli, &reasons[index], 6, stdout);
    static const char *const words[] = {"通过", "重复", "退回", "拒收"};
    if (got != act->expect)
        rehearsal_failed(all, act->line, arena_format(cli->arena, "%s → %s", words[act->expect], words[got]));
    else if (!reasons_hold(act, reasons, count))
        rehearsal_failed(all, act->line, cli_word(cli, "理由不同", "other reasons"));
}

static void negate(report_t *report, text_t indicator, arena_t *arena) {
    figure_t *figures = ARENA_NEW(arena, figure_t, report->figures_count + 1);
    if (report->figures_count > 0) memcpy(figures, report->figures, report->figures_count * sizeof *figures);
    for (uint32_t index = 0; index < report->figures_count; index++)
        if (text_equal(figures[index].indicator, indicator)) figures[index].amount.value = -figures[index].amount.value;
    report->figures = figures;
}

static named_t *named_of(player_t *player, text_t name) {
    for (uint32_t index = 0; index < player->named_count; index++)
        if (text_equal(player->named[index].name, name)) return &player->named[index];
    return NULL;
}

/* The report of an act: written down, or found under its name. 0, or an exit. */
static int report_of(player_t *player, const act_t *act, text_t *unit, report_t *report) {
    cli_t *cli = player->cli;
    const char *where = arena_format(cli->arena, "%u", act->line).at;
    const named_t *named = act->kind == ACT_REPEAT || act->kind == ACT_MISUSE ? named_of(player, act->name) : NULL;
    if (named == NULL && (act->kind == ACT_REPEAT || act->kind == ACT_MISUSE))
        return cli_fail(cli, EX_DATAERR, "剧本里没有这个名字，行", "the scenario has no such name, line", where);
    *unit = named == NULL ? act->unit : named->unit;
    if (act->kind == ACT_REPEAT) {
        *report = named->report;
        return EXIT_WELL;
    }
    const char *wrong = phrase_read(player->rehearsal->book, act->phrase, cli->arena, report);
    if (wrong != NULL) return cli_fail(cli, EX_DATAERR, wrong, wrong, where);
    if (act->negated.size > 0) negate(report, act->negated, cli->arena);
    if (named != NULL)
        memcpy(report->submission_id, named->report.submission_id, sizeof report->submission_id);
    else
        uuid7_new(player->id_ms++, report->submission_id);
    if (act->kind == ACT_REPORT && act->name.size > 0 && player->named_count < NAMED)
        player->named[player->named_count++] = (named_t){act->name, *unit, *report};
    return EXIT_WELL;
}

/* 办结, 封存: obeyed, or refused as the scenario expects. */
static int play_end(player_t *player, const act_t *act) {
    cli_t *cli = player->cli;
    bool seals = act->kind == ACT_SEAL;
    plan_closed_t closed = {.why = text_of("annual summary published")};
    plan_sealed_t sealed = {.why = text_of("the last tenure is over")};
    command_done_t done = {0};
    refusal_t refusal = {0};
    err_t err = ask_command(cli, seals ? plan_sealed_type() : plan_closed_type(), seals ? (const void *)&sealed : &closed, &done,
                            &refusal);
    if (err != OK && err != ERR_REFUSED) return cli_fail_err(cli, err, "intake", &refusal);
    if (err == OK)
        printf("  %s\n", seals ? cli_say(cli, "封存", "the plan is sealed") : cli_say(cli, "年度办结", "the plan is closed"));
    for (uint32_t index = 0; index < refusal.reasons_count; index++) cli_print_reason(cli, &refusal.reasons[index], 2, stdout);
    bool expected = act->expect == (err == OK ? EXPECT_ACCEPTED : EXPECT_TURNED_AWAY);
    if (!expected || !reasons_hold(act, refusal.reasons, refusal.reasons_count))
        rehearsal_failed(player->rehearsal, act->line, cli_word(cli, "办结、封存的结果不同", "the end came out differently"));
    return EXIT_WELL;
}

static int play_act(player_t *player, const act_t *act) {
    cli_t *cli = player->cli;
    if (act->kind == ACT_CLOSE || act->kind == ACT_SEAL) return play_end(player, act);
    if (act->kind == ACT_RETURN || act->kind == ACT_APPROVE || act->kind == ACT_EXTEND)
        return rehearsal_decide(player->rehearsal, act);
    text_t unit;
    report_t report;
    unit_link_t *link = NULL;
    unit_outcome_t outcome = {0};
    int exit_code = report_of(player, act, &unit, &report);
    if (exit_code == EXIT_WELL) exit_code = link_of(player, unit, &link);
    if (exit_code != EXIT_WELL) return exit_code;
    err_t err = act->kind == ACT_CHECK ? unit_check(link, &report, PLAY_MS, cli->arena, &outcome.verdict, &outcome.refusal)
                                       : unit_report(link, &report, player->clock_ms, PLAY_MS, cli->arena, &outcome);
    if (err != OK && err != ERR_REFUSED)
        return cli_fail(cli, EX_TEMPFAIL, "没有等到结果，剧本行", "no verdict, scenario line",
                        arena_format(cli->arena, "%u", act->line).at);
    judge(player, act, unit, &report, err, &outcome);
    player->rehearsal->acts_done++;
    return EXIT_WELL;
}

/* --- the clock --- */

static int advance(player_t *player, int64_t to_ms) {
    cli_t *cli = player->cli;
    advance_clock_t ask = {.to_ms = (uint64_t)to_ms};
    command_done_t done = {0};
    refusal_t refusal = {0};
    err_t err = ask_command(cli, advance_clock_type(), &ask, &done, &refusal);
    if (err != OK) return cli_fail_err(cli, err, "intake", &refusal);
    if (ask_settled(cli, done.seq, SETTLE_MS) != OK)
        return cli_fail(cli, EX_TEMPFAIL, "后续环节没有跟上", "the later stages have not caught up",
                        cli_when(cli, cli_offset(cli), to_ms).at);
    player->clock_ms = to_ms;
    player->id_ms = to_ms;
    printf("%s── " TEXT_FORMAT " ──%s\n", cli->colour ? "\033[1m" : "", TEXT_ARGS(cli_when(cli, cli_offset(cli), to_ms)),
           cli->colour ? "\033[0m" : "");
    fflush(stdout);
    return EXIT_WELL;
}

int rehearsal_play(rehearsal_t *self) {
    const plan_t *plan = planbook_plan(self->book);
    player_t player = {
        .rehearsal = self, .cli = self->cli, .links = ARENA_NEW(self->cli->arena, unit_link_t *, plan->units_count)};
    int exit_code = EXIT_WELL;
    crypto_start();
    link_start();
    for (uint32_t index = 0; exit_code == EXIT_WELL && index < self->scenario->act_count; index++) {
        const act_t *act = &self->scenario->acts[index];
        if (act->at_ms > player.clock_ms) {
            poll(NULL, 0, (int)self->pace_ms);
            exit_code = advance(&player, act->at_ms);
        }
        if (exit_code == EXIT_WELL) exit_code = play_act(&player, act);
        fflush(stdout);
    }
    for (uint32_t index = 0; index < plan->units_count; index++)
        if (player.links[index] != NULL) unit_close(&player.links[index]);
    return exit_code;
}
