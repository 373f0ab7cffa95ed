/* `minning verify totals`: what aggregation answers, held against the ledger folded anew; every difference is told. */
#include "services/minning/ask.h"
#include "services/minning/verify.h"
#include "services/minning/walk.h"

#include <stdlib.h>
#include <string.h>

enum { EXIT_DIFFERS = 1, VERDICT_NONE = 0, VERDICT_ACCEPTED, VERDICT_OTHER, PAGE_TRIES = 10 };

typedef struct {
    cli_t *cli;
    verify_t *fold;
    walk_t *entries, *verdicts;
    uint8_t *said; /* of each ledger entry, by stream 2 */
    uint64_t said_room, folded;
    uint32_t checked, differences;
    sheet_t totals, differing;
} trial_t;

/* --- what is told --- */

static void differ(trial_t *self, const char *zh, const char *en, text_t where, text_t ours, text_t theirs) {
    cli_t *cli = self->cli;
    self->differences++;
    if (cli->json) {
        json_t *json = json_object();
        json_object_set_new(json, "what", json_string(en));
        json_object_set_new(json, "where", json_stringn(where.size > 0 ? where.at : "", where.size));
        json_object_set_new(json, "ledger", json_stringn(ours.size > 0 ? ours.at : "", ours.size));
        json_object_set_new(json, "aggregation", json_stringn(theirs.size > 0 ? theirs.at : "", theirs.size));
        cli_print_json(json);
        return;
    }
    text_t cells[] = {text_of(cli_say(cli, zh, en)), where, ours, theirs};
    if (self->differing.count < LIMIT_ROWS) sheet_add(&self->differing, cells, 4, colour_red);
}

static text_t number(const trial_t *self, uint64_t value) {
    return arena_format(self->cli->arena, "%lu", (unsigned long)value);
}

static void compare(trial_t *self, const char *zh, const char *en, text_t where, uint64_t ours, uint64_t theirs) {
    self->checked++;
    if (ours != theirs) differ(self, zh, en, where, number(self, ours), number(self, theirs));
}

/* --- the ledger up to an entry --- */

static void say(trial_t *self, uint64_t seq, uint8_t what) {
    if (seq >= self->said_room) {
        uint64_t room = seq * 2 + 1024;
        self->said = realloc(self->said, room);
        ASSERT(self->said != NULL);
        memset(self->said + self->said_room, VERDICT_NONE, room - self->said_room);
        self->said_room = room;
    }
    self->said[seq] = what;
}

static int read_verdicts(trial_t *self, uint64_t until) {
    event_t event;
    bool there = true;
    int exit_code = EXIT_WELL;
    while (exit_code == EXIT_WELL && there) {
        exit_code = walk_next(self->verdicts, until, &event, &there);
        if (exit_code != EXIT_WELL || !there) break;
        bool holds = event.kind == KIND_report_accepted || event.kind == KIND_report_returned ||
                      event.kind == KIND_report_approved || event.kind == KIND_extension_granted ||
                      event.kind == KIND_extension_denied || event.kind == KIND_credit_taken;
        bool fails = event.kind == KIND_report_refused || event.kind == KIND_decision_refused ||
                     event.kind == KIND_credit_refused || event.kind == KIND_event_skipped;
        if (holds) say(self, event.cause_seq, VERDICT_ACCEPTED);
        if (fails) say(self, event.cause_seq, VERDICT_OTHER);
    }
    return exit_code;
}

static int fold_until(trial_t *self, uint64_t until) {
    event_t event;
    bool there = true;
    if (until < self->folded)
        return cli_fail(self->cli, EX_TEMPFAIL, "汇总服务正在重建，请稍后再试", "aggregation is being rebuilt: try again later",
                        NULL);
    if (until == self->folded) return EXIT_WELL;
    uint32_t plans = verify_plans(self->fold);
    int exit_code = read_verdicts(self, until);
    while (exit_code == EXIT_WELL) {
        exit_code = walk_next(self->entries, until, &event, &there);
        if (exit_code != EXIT_WELL || !there) break;
        uint8_t said = event.seq < self->said_room ? self->said[event.seq] : VERDICT_NONE;
        bool judged =
            event.kind == KIND_report_received || event.kind == KIND_report_decided || event.kind == KIND_claim_credited;
        if (judged && said == VERDICT_NONE)
            differ(self, "报告或认定没有校验结果", "a report or decision without verdict", number(self, event.seq),
                   text_of("-"), text_of("-"));
        const char *wrong = verify_entry(self->fold, &event, said == VERDICT_ACCEPTED, walk_arena(self->entries));
        if (wrong != NULL) differ(self, "账目有疑", "an entry is wrong", number(self, event.seq), text_of(wrong), text_of("-"));
    }
    self->folded = until;
    if (verify_book(self->fold) != NULL) verify_settle(self->fold);
    if (exit_code == EXIT_WELL && plans > 0 && plans != verify_plans(self->fold))
        return cli_fail(self->cli, EX_TEMPFAIL, "计划刚刚修订，请再试一次", "the plan was amended meanwhile: try again", NULL);
    return exit_code;
}

/* --- figures --- */

/* All pages of one moment; a busy ledger may move between two of them, then again from the first. */
static int ask_figures(trial_t *self, figures_ask_t *ask, figures_t *all) {
    for (uint32_t attempt = 0; attempt < PAGE_TRIES; attempt++) {
        figures_t page = {.more = true};
        *all = (figures_t){0};
        while (page.more) {
            ask->after = page.next;
            page = (figures_t){0};
            int exit_code = ask_desk(self->cli, "aggregation", figures_ask_type(), ask, figures_type(), &page);
            if (exit_code != EXIT_WELL) return exit_code;
            if (all->rows_count > 0 && page.as_of != all->as_of) break;
            proof_row_t *rows = ARENA_NEW(self->cli->arena, proof_row_t, all->rows_count + page.rows_count + 1);
            if (all->rows_count > 0) memcpy(rows, all->rows, sizeof *rows * all->rows_count);
            if (page.rows_count > 0) memcpy(rows + all->rows_count, page.rows, sizeof *rows * page.rows_count);
            uint32_t count = all->rows_count + page.rows_count;
            *all = page;
            all->rows = rows;
            all->rows_count = count;
        }
        if (!page.more) return EXIT_WELL;
    }
    return cli_fail(self->cli, EX_TEMPFAIL, "账本变动太快，请稍后再试", "the ledger moves too fast: try again later", NULL);
}

static const verify_figure_t *figure_of(const verify_report_t *report, uint32_t indicator, uint32_t member) {
    for (uint32_t index = 0; report != NULL && index < report->figure_count; index++)
        if (report->figures[index].indicator == indicator && report->figures[index].member == member)
            return &report->figures[index];
    return NULL;
}

/* One row that a total consists of: the same report, the same amount. */
static void compare_row(trial_t *self, const task_t *task, const indicator_t *indicator, const proof_row_t *row) {
    const planbook_t *book = verify_book(self->fold);
    const unit_t *unit = planbook_unit(book, row->unit);
    const period_t *period = planbook_period(book, row->period);
    const verify_report_t *report = NULL;
    if (unit != NULL && period != NULL)
        report = verify_standing(self->fold, planbook_unit_index(book, unit), verify_task(self->fold, task->id),
                                 planbook_period_index(book, period));
    const verify_figure_t *figure =
        figure_of(report, verify_indicator(task, indicator->id), verify_member(indicator, row->member));
    text_t where = arena_format(self->cli->arena, TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT,
                                TEXT_ARGS(indicator->id), TEXT_ARGS(row->member), TEXT_ARGS(row->unit), TEXT_ARGS(row->period));
    if (figure == NULL) {
        self->checked++;
        differ(self, "多出的数据", "a row too many", where, text_of("-"), number(self, row->cause_seq));
        return;
    }
    compare(self, "所依据的报告", "the report behind a row", where, report->cause_seq, row->cause_seq);
    if (indicator->measure == measure_people) return;
    bool opening = row->fact_day != 0; /* an opening balance has a day, a month has none */
    int64_t ours = opening ? figure->opening : figure->month - figure->contested;
    int64_t reported = !opening && figure->contested > 0 ? figure->month : 0;
    compare(self, "申报数", "as reported", where, (uint64_t)reported, row->reported.given ? (uint64_t)row->reported.value : 0);
    compare(self, "一行数据", "a row", where, (uint64_t)ours, row->amount.given ? (uint64_t)row->amount.value : 0);
}

static uint32_t rows_expected(const trial_t *self, const task_t *task, const indicator_t *indicator) {
    uint32_t at = 0, task_at = verify_task(self->fold, task->id), indicator_at = verify_indicator(task, indicator->id),
             rows = 0;
    const verify_report_t *report;
    while ((report = verify_next(self->fold, &at)) != NULL)
        for (uint32_t index = 0; report->task == task_at && index < report->figure_count; index++) {
            const verify_figure_t *figure = &report->figures[index];
            if (figure->indicator != indicator_at) continue;
            rows += figure->opened + (figure->person_count > 0 ? figure->person_count : 1);
        }
    return rows;
}

static int verify_one_total(trial_t *self, const task_t *task, const indicator_t *indicator, const member_t *member) {
    cli_t *cli = self->cli;
    figures_ask_t ask = {.indicator = indicator->id, .member = member == NULL ? text_of("") : member->id};
    figures_t all;
    int exit_code = ask_figures(self, &ask, &all);
    if (exit_code == EXIT_WELL) exit_code = fold_until(self, all.as_of);
    if (exit_code != EXIT_WELL) return exit_code;
    /* of a lasting target's members there is no total: persons count for the whole */
    bool apart = member != NULL && indicator->target.shape == shape_lasting;
    int64_t ours = verify_total(self->fold, indicator, ask.member);
    text_t where = arena_format(cli->arena, TEXT_FORMAT " " TEXT_FORMAT, TEXT_ARGS(indicator->id), TEXT_ARGS(ask.member));
    if (!apart) compare(self, "合计", "total", where, (uint64_t)ours, (uint64_t)all.total.value);
    bool same = apart || ours == all.total.value;
    text_t cells[] = {indicator->name, member == NULL ? text_of("") : member->name, number(self, (uint64_t)ours),
                      number(self, (uint64_t)all.total.value),
                      text_of(same ? cli_say(cli, "● 一致", "● same") : cli_say(cli, "■ 不一致", "■ differs"))};
    sheet_add(&self->totals, cells, 5, same ? NULL : colour_red);
    if (member != NULL) return EXIT_WELL;
    for (uint32_t index = 0; index < all.rows_count; index++) compare_row(self, task, indicator, &all.rows[index]);
    compare(self, "数据行数", "number of rows", indicator->id, rows_expected(self, task, indicator), all.rows_count);
    return EXIT_WELL;
}

static int verify_figures(trial_t *self) {
    const plan_t *plan = planbook_plan(verify_book(self->fold));
    int exit_code = EXIT_WELL;
    for (uint32_t task = 0; task < plan->tasks_count; task++)
        for (uint32_t index = 0; index < plan->tasks[task].indicators_count; index++) {
            const indicator_t *indicator = &plan->tasks[task].indicators[index];
            if (exit_code == EXIT_WELL) exit_code = verify_one_total(self, &plan->tasks[task], indicator, NULL);
            for (uint32_t member = 0; exit_code == EXIT_WELL && member < indicator->members_count; member++)
                exit_code = verify_one_total(self, &plan->tasks[task], indicator, &indicator->members[member]);
        }
    return exit_code;
}

/* --- targets --- */

static void compare_target(trial_t *self, const target_changed_t *row) {
    const planbook_t *book = verify_book(self->fold);
    const indicator_t *indicator = planbook_indicator(book, row->indicator);
    const task_t *task = planbook_task(book, row->task);
    bool judged = false;
    if (indicator == NULL || task == NULL) {
        differ(self, "计划外的目标", "a target that the plan lacks", row->indicator, text_of("-"), text_of("-"));
        return;
    }
    verify_coverage_t coverage = verify_coverage(self->fold, indicator);
    compare(self, "数据份数", "figures", row->indicator, coverage.figures, row->figures);
    compare(self, "佐证覆盖", "covered by evidence", row->indicator, coverage.covered, row->covered);
    verify_target_t ours = verify_target(self->fold, task, indicator, &judged);
    if (!judged) return;
    compare(self, "完成数", "done", row->indicator, ours.done, row->done);
    compare(self, "目标数", "goal", row->indicator, ours.goal, row->goal);
    compare(self, "期初累计", "opening", row->indicator, ours.opening, row->opening);
    compare(self, "达标之日", "day reached", row->indicator, ours.reached_day, row->reached_day);
    self->checked++;
    if (ours.reach != row->reach)
        differ(self, "指标状态", "reach", row->indicator, text_of(WORD_NAME(reach, ours.reach)),
               text_of(WORD_NAME(reach, row->reach)));
    self->checked++;
    if (ours.tenure != row->tenure)
        differ(self, "在岗", "tenure", row->indicator, text_of(WORD_NAME(tenure, ours.tenure)),
               text_of(WORD_NAME(tenure, row->tenure)));
}

static int verify_targets(trial_t *self) {
    targets_ask_t ask = {0};
    targets_t page = {.more = true};
    while (page.more) {
        page = (targets_t){0};
        int exit_code = ask_desk(self->cli, "aggregation", targets_ask_type(), &ask, targets_type(), &page);
        if (exit_code == EXIT_WELL) exit_code = fold_until(self, page.as_of);
        if (exit_code != EXIT_WELL || verify_book(self->fold) == NULL) return exit_code;
        compare(self, "账本时钟", "the ledger's clock", text_of("now"), (uint64_t)verify_now_ms(self->fold), page.now_ms);
        for (uint32_t index = 0; index < page.rows_count; index++) compare_target(self, &page.rows[index]);
        ask.after += page.rows_count;
    }
    const plan_t *plan = planbook_plan(verify_book(self->fold));
    uint32_t expected = 0;
    for (uint32_t task = 0; task < plan->tasks_count; task++) expected += plan->tasks[task].indicators_count;
    compare(self, "目标行数", "number of targets", plan->id, expected, ask.after);
    return EXIT_WELL;
}

/* --- obligations --- */

static void compare_obligation(trial_t *self, const obligation_changed_t *row, uint32_t unit, uint32_t task, uint32_t period) {
    verify_obligation_t ours = verify_obligation(self->fold, unit, task, period);
    text_t where = arena_format(self->cli->arena, TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT, TEXT_ARGS(row->unit),
                                TEXT_ARGS(row->task), TEXT_ARGS(row->period));
    compare(self, "义务状态", "standing", where, ours.standing, row->standing);
    compare(self, "及时性", "timeliness", where, ours.timeliness, row->timeliness);
    compare(self, "首次收到", "first valid instant", where, ours.first_valid_ms, row->first_valid_ms);
    compare(self, "迟报天数", "days late", where, ours.days_late, row->days_late);
    compare(self, "版次", "revision", where, ours.revision, row->revision);
    compare(self, "时限", "deadline", where, ours.due_ms, row->due_ms);
    compare(self, "移动时限的条目", "entry that moved the deadline", where, ours.due_seq, row->due_seq);
    compare(self, "决定所在条目", "entry of the decision", where, ours.decided_seq, row->decided_seq);
    compare(self, "重报时限", "due again", where, ours.again_ms, row->again_ms);
}

/* The obligations of one task in one period: all units that owe it, in the order of the plan. */
static int verify_owed(trial_t *self, uint32_t task, uint32_t period) {
    const planbook_t *book = verify_book(self->fold);
    const plan_t *plan = planbook_plan(book);
    obligations_ask_t ask = {.task = plan->tasks[task].id, .period = plan->periods[period].id};
    obligations_t page = {.more = true};
    uint32_t unit = 0;
    while (page.more) {
        page = (obligations_t){0};
        int exit_code = ask_desk(self->cli, "aggregation", obligations_ask_type(), &ask, obligations_type(), &page);
        if (exit_code == EXIT_WELL) exit_code = fold_until(self, page.as_of);
        if (exit_code != EXIT_WELL) return exit_code;
        for (uint32_t index = 0; index < page.rows_count; index++, unit++) {
            while (unit < plan->units_count && !verify_owes(self->fold, unit, task, period)) unit++;
            bool same = unit < plan->units_count && text_equal(plan->units[unit].id, page.rows[index].unit);
            if (same)
                compare_obligation(self, &page.rows[index], unit, task, period);
            else
                differ(self, "义务不符", "an obligation that the plan lacks, or one is missing before it",
                       page.rows[index].unit, text_of("-"), text_of("-"));
            if (!same) return EXIT_WELL;
        }
        ask.after = page.next;
    }
    for (; unit < plan->units_count; unit++)
        if (verify_owes(self->fold, unit, task, period))
            differ(self, "缺少义务", "an obligation is missing", plan->units[unit].id, ask.task, ask.period);
    return EXIT_WELL;
}

static int verify_obligations(trial_t *self) {
    const plan_t *plan = planbook_plan(verify_book(self->fold));
    int exit_code = EXIT_WELL;
    for (uint32_t period = 0; period < plan->periods_count; period++)
        for (uint32_t task = 0; exit_code == EXIT_WELL && task < plan->tasks_count; task++)
            exit_code = verify_owed(self, task, period);
    return exit_code;
}

/* --- the verb --- */

static void tell(trial_t *self) {
    cli_t *cli = self->cli;
    if (cli->json) {
        json_t *json = json_object();
        json_object_set_new(json, "checked", json_integer(self->checked));
        json_object_set_new(json, "differences", json_integer(self->differences));
        json_object_set_new(json, "as_of", json_integer((json_int_t)self->folded));
        cli_print_json(json);
        return;
    }
    sheet_print(cli, &self->totals, stdout);
    if (self->differences > 0) {
        printf("\n");
        sheet_print(cli, &self->differing, stdout);
    }
    printf(cli_say(cli, "\n由账本前 %lu 条重算，核对 %u 项：%u 处不一致\n",
                   "\nrebuilt from %lu ledger entries, %u values compared: %u differ\n"),
           (unsigned long)self->folded, self->checked, self->differences);
}

int verb_verify_totals(cli_t *cli) {
    trial_t self = {.cli = cli, .totals = {.right = {[2] = true, [3] = true}}};
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    text_t head[] = {cli_word(cli, "指标", "indicator"), cli_word(cli, "分项", "member"),
                     cli_word(cli, "账本重算（分或数量）", "ledger (fen or units)"), cli_word(cli, "汇总服务", "aggregation"),
                     text_of("")};
    text_t differing[] = {cli_word(cli, "不一致", "difference"), cli_word(cli, "何处", "where"),
                          cli_word(cli, "账本", "ledger"), cli_word(cli, "汇总服务", "aggregation")};
    sheet_add(&self.totals, head, 5, NULL);
    sheet_add(&self.differing, differing, 4, NULL);
    self.fold = verify_new();
    exit_code = walk_open(cli, STREAM_ENTRIES, &self.entries);
    if (exit_code == EXIT_WELL) exit_code = walk_open(cli, STREAM_VERDICTS, &self.verdicts);
    if (exit_code == EXIT_WELL) exit_code = verify_targets(&self);
    if (exit_code == EXIT_WELL && verify_book(self.fold) == NULL)
        exit_code = cli_fail(cli, EX_TEMPFAIL, "账本尚无计划", "the ledger has no plan yet", NULL);
    if (exit_code == EXIT_WELL) exit_code = verify_obligations(&self);
    if (exit_code == EXIT_WELL) exit_code = verify_figures(&self);
    if (exit_code == EXIT_WELL) tell(&self);
    walk_close(&self.entries);
    walk_close(&self.verdicts);
    verify_destroy(&self.fold);
    free(self.said);
    sheet_destroy(&self.totals);
    sheet_destroy(&self.differing);
    return exit_code != EXIT_WELL ? exit_code : self.differences > 0 ? EXIT_DIFFERS : EXIT_WELL;
}
