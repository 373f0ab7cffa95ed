/* `minning deadline DATE`: when is it due, by which rule, step by step; when reminders sound; was an instant in time? */
#include "services/minning/cli.h"

#include "services/plan/deadline.h"
#include "services/stage/home.h"

#include <string.h>
#include <unistd.h>

/* One question, and the plan whose policy answers it. */
typedef struct {
    cli_t *cli;
    plan_t plan;
    bool weekends_only; /* no plan at hand: what is known of the calendar is the week */
    uint32_t day;
    bool asked_at;
    int64_t at_ms;
} question_t;

static bool read_day(const char *text, uint32_t *day) {
    int64_t at_ms;
    if (strlen(text) != 10 || !cli_instant(text, 0, &at_ms)) return false;
    *day = day_of_instant(&(plan_t){0}, at_ms);
    return *day >= 19700101 && *day <= 21991231;
}

/* The plan named, else the one of the home, else none: any person may ask. */
static int find_plan(question_t *self) {
    cli_t *cli = self->cli;
    const char *file = cli_option(cli, OPTION_plan);
    text_t yaml;
    self->plan = (plan_t){.offset_minutes = 480};
    if (file != NULL) {
        int exit_code = cli_read_file(cli, file, LIMIT_PLAN_FILE, &yaml);
        uint32_t count = 0;
        file_fault_t *faults = ARENA_NEW(cli->arena, file_fault_t, PLAN_FAULTS);
        if (exit_code != EXIT_WELL) return exit_code;
        return plan_read(yaml, cli->arena, &self->plan, faults, &count) == OK ? EXIT_WELL
                                                                              : cli_print_faults(cli, file, faults, count);
    }
    bool home = cli_option(cli, OPTION_home) != NULL || access(cli->home, F_OK) == 0;
    if (home) {
        int exit_code = cli_enter(cli);
        if (exit_code != EXIT_WELL) return exit_code;
    }
    const planbook_t *book = home ? cli_plan(cli) : NULL;
    if (book != NULL) self->plan = *planbook_plan(book);
    self->weekends_only = book == NULL;
    return EXIT_WELL;
}

/* "17:30" → 1050; "24:00" → 1440. */
static bool read_minute(const char *text, uint64_t *minute) {
    char instant[24];
    int64_t at_ms;
    if (strlen(text) != 5) return false;
    snprintf(instant, sizeof instant, "1970-01-02T%s", text);
    if (!cli_instant(instant, 0, &at_ms)) return false;
    *minute = (uint64_t)at_ms / 60000 - 1440;
    return *minute >= 1;
}

static int take_policy(question_t *self) {
    cli_t *cli = self->cli;
    const char *roll = cli_option(cli, OPTION_roll), *grace = cli_option(cli, OPTION_grace);
    const char *cutoff = cli_option(cli, OPTION_cutoff), *at = cli_option(cli, OPTION_at);
    if (roll != NULL && strcmp(roll, "none") != 0 && strcmp(roll, "forward") != 0 && strcmp(roll, "back") != 0)
        return cli_fail(cli, EX_USAGE, "--roll 只能是 none、forward、back", "--roll is none, forward or back", roll);
    if (roll != NULL) self->plan.roll = roll[0] == 'n' ? roll_none : roll[0] == 'f' ? roll_forward : roll_back;
    if (grace != NULL && (!cli_number(grace, &self->plan.grace_minutes) || self->plan.grace_minutes > 100000))
        return cli_fail(cli, EX_USAGE, "--grace 是分钟数，至多100000", "--grace is a number of minutes, at most 100000", grace);
    if (cutoff != NULL && !read_minute(cutoff, &self->plan.cutoff_minute))
        return cli_fail(cli, EX_USAGE, "--cutoff 写作 17:30", "--cutoff is written 17:30", cutoff);
    self->asked_at = at != NULL;
    if (at != NULL && !cli_instant(at, (int64_t)self->plan.offset_minutes, &self->at_ms))
        return cli_fail(cli, EX_USAGE, "时刻写作 2021-09-26T09:00", "an instant is written 2021-09-26T09:00", at);
    return EXIT_WELL;
}

static unsigned days_late(const question_t *self, const deadline_t *deadline) {
    return deadline_days_late(&self->plan, deadline, self->at_ms);
}

static bool within_grace(const question_t *self, const deadline_t *deadline) {
    return self->at_ms > deadline->due_ms && self->at_ms <= deadline->due_ms + deadline->grace_ms;
}

static void print_at(const question_t *self, const deadline_t *deadline) {
    cli_t *cli = self->cli;
    text_t when = cli_when(cli, (int64_t)self->plan.offset_minutes, self->at_ms);
    unsigned late = days_late(self, deadline);
    if (late > 0)
        printf(cli_say(cli, TEXT_FORMAT " 收到：迟报%u天\n", "received at " TEXT_FORMAT ": late by %u day(s)\n"), TEXT_ARGS(when),
               late);
    else
        printf(cli_say(cli, TEXT_FORMAT " 收到：按时%s\n", "received at " TEXT_FORMAT ": on time%s\n"), TEXT_ARGS(when),
               within_grace(self, deadline) ? cli_say(cli, "（在宽限期内）", " (within the grace)") : "");
}

static void print_rungs(const question_t *self) {
    cli_t *cli = self->cli;
    const ladder_t *ladder = &self->plan.report_ladder;
    for (uint32_t index = 0; index < ladder->rungs_count; index++) {
        const rung_t *rung = &ladder->rungs[index];
        int64_t at_ms = rung_instant(&self->plan, ladder, rung, self->day);
        uint32_t day = day_of_instant(&self->plan, at_ms);
        printf("  %-5.*s " TEXT_FORMAT " %s %s\n", (int)rung->name.size, rung->name.at,
               TEXT_ARGS(cli_when(cli, (int64_t)self->plan.offset_minutes, at_ms)), weekday_name(day, cli->zh),
               cli_say(cli, WORD_ZH(level, rung->level), WORD_EN(level, rung->level)));
    }
}

static void print_told(const question_t *self, const deadline_told_t *told) {
    cli_t *cli = self->cli;
    for (uint32_t index = 0; index < told->line_count; index++)
        printf("%u. " TEXT_FORMAT "\n", index + 1, TEXT_ARGS(cli->zh ? told->lines[index].zh : told->lines[index].en));
    if (self->weekends_only)
        printf("%s\n", cli_say(cli, "没有计划文件（--plan）：不知法定节假日与调休。",
                               "No plan is at hand (--plan): public holidays and make-up workdays are not known."));
    text_t due = cli_due(cli, (int64_t)self->plan.offset_minutes, (uint64_t)told->deadline.due_ms);
    printf(cli_say(cli, "时限：" TEXT_FORMAT "（%s）\n", "due: " TEXT_FORMAT " (%s)\n"), TEXT_ARGS(due),
           cli_say(cli, told->deadline.rule_zh, told->deadline.rule_en));
    if (self->asked_at) print_at(self, &told->deadline);
    if (self->plan.report_ladder.rungs_count == 0) return;
    printf("%s\n", cli_say(cli, "报送提醒：", "reminders of a report:"));
    print_rungs(self);
}

static json_t *json_text(text_t text) { return json_stringn(text.at, text.size); }

static void print_json(const question_t *self, const deadline_told_t *told) {
    cli_t *cli = self->cli;
    const deadline_t *deadline = &told->deadline;
    json_t *json = json_object(), *lines = json_array(), *rungs = json_array();
    json_object_set_new(json, "day", json_text(json_day_show(self->day, cli->arena)));
    json_object_set_new(json, "resolved", json_text(json_day_show(deadline->day, cli->arena)));
    json_object_set_new(json, "due_ms", json_integer(deadline->due_ms));
    json_object_set_new(json, "grace_ms", json_integer(deadline->grace_ms));
    json_object_set_new(json, "calendar_known", json_boolean(told->known && !self->weekends_only));
    for (uint32_t index = 0; index < told->line_count; index++)
        json_array_append_new(lines, json_pack("{s:o, s:o}", "zh", json_text(told->lines[index].zh), "en",
                                               json_text(told->lines[index].en)));
    json_object_set_new(json, "reasoning", lines);
    for (uint32_t index = 0; index < self->plan.report_ladder.rungs_count; index++) {
        const rung_t *rung = &self->plan.report_ladder.rungs[index];
        int64_t at_ms = rung_instant(&self->plan, &self->plan.report_ladder, rung, self->day);
        json_array_append_new(rungs, json_pack("{s:o, s:I, s:s}", "rung", json_text(rung->name), "at_ms", (json_int_t)at_ms,
                                               "level", WORD_NAME(level, rung->level)));
    }
    json_object_set_new(json, "reminders", rungs);
    if (self->asked_at) json_object_set_new(json, "days_late", json_integer(days_late(self, deadline)));
    cli_print_json(json);
}

int verb_deadline(cli_t *cli) {
    question_t self = {.cli = cli};
    if (!read_day(cli->args[0], &self.day))
        return cli_fail(cli, EX_USAGE, "日期写作 2021-09-25", "a date is written 2021-09-25", cli->args[0]);
    int exit_code = find_plan(&self);
    if (exit_code == EXIT_WELL) exit_code = take_policy(&self);
    if (exit_code != EXIT_WELL) return exit_code;
    deadline_told_t told = deadline_explain(&self.plan, self.day, cli->arena);
    if (cli->json)
        print_json(&self, &told);
    else
        print_told(&self, &told);
    return EXIT_WELL;
}
