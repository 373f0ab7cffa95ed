/* `minning report template UNIT`: the file to fill in, with what the unit still owes and what it said last. */
#include "services/sheet/bulk.h"
#include "services/minning/rows.h"

#include "services/plan/calendar.h"

#include <stdlib.h>
#include <string.h>

/* Which columns this unit needs, and the rows as they are written. */
typedef struct {
    cli_t *cli;
    const planbook_t *book;
    const unit_t *unit;
    const period_t *period;
    bool money, count, items, people, opening; /* what its indicators take */
    buffer_t out;
    uint32_t rows;
} form_t;

/* A row's cells by column; amounts are written twice, for money and for counts. */
typedef struct {
    text_t at[COLUMN_COUNT];
} form_row_t;

static bool wanted(const form_t *self, column_t column) {
    switch ((int)column) {
    case COLUMN_unit:
    case COLUMN_contract:
    case COLUMN_uscc: return false;
    case COLUMN_opening: return self->opening;
    case COLUMN_receipt:
    case COLUMN_fact_day:
    case COLUMN_item_amount: return self->items;
    case COLUMN_person:
    case COLUMN_in_day:
    case COLUMN_out_day: return self->people;
    default: return true;
    }
}

static void write_row(form_t *self, const form_row_t *row, bool head) {
    bool first = true;
    for (uint32_t column = 0; column < COLUMN_COUNT; column++) {
        if (!wanted(self, (column_t)column)) continue;
        const char *name = column_name((column_t)column, self->cli->zh);
        bool amount = column_is_amount((column_t)column);
        bool twice = amount && column != COLUMN_item_amount && self->money && self->count;
        bool money = self->money || (!self->count && amount);
        text_t cell = row->at[column];
        if (head && amount)
            cell = arena_format(self->cli->arena, "%s(%s)", name, money ? "万元" : cli_say(self->cli, "数量", "count"));
        else if (head)
            cell = text_of(name);
        csv_write_cell(&self->out, cell, first);
        first = false;
        if (!twice) continue;
        cell = head ? arena_format(self->cli->arena, "%s(%s)", name, cli_say(self->cli, "数量", "count")) : text_of("");
        csv_write_cell(&self->out, cell, false);
    }
    csv_write_end(&self->out);
}

/* --- last values --- */

/* 万元, exactly: 1234567 fen is 1.234567. */
static text_t exact(form_t *self, const indicator_t *indicator, int64_t value) {
    if (indicator->measure != measure_money)
        return arena_format(self->cli->arena, "%lld" TEXT_FORMAT, (long long)value, TEXT_ARGS(indicator->unit_word));
    text_t text = arena_format(self->cli->arena, "%lld.%06lld", (long long)(value / 1000000), (long long)(value % 1000000));
    while (text.at[text.size - 1] == '0') text.size--;
    if (text.at[text.size - 1] == '.') text.size--;
    return arena_format(self->cli->arena, TEXT_FORMAT "万元", TEXT_ARGS(text));
}

/* What this unit reported of a figure before the period: the newest month, and all of them with the opening balance. */
static int fill_last(form_t *self, const indicator_t *indicator, text_t member, form_row_t *row) {
    figures_ask_t ask = {.indicator = indicator->id, .member = member};
    figures_t all;
    int exit_code = rows_figures(self->cli, &ask, &all);
    if (exit_code != EXIT_WELL) return exit_code;
    const period_t *newest = NULL;
    int64_t last = 0, sum = 0;
    uint32_t persons = 0;
    for (uint32_t index = 0; index < all.rows_count; index++) {
        const proof_row_t *one = &all.rows[index];
        const period_t *period = planbook_period(self->book, one->period);
        bool ours = text_equal(one->unit, self->unit->id) && text_equal(one->member, member);
        if (!ours || period == NULL || period->from >= self->period->from) continue;
        persons += indicator->measure == measure_people && one->fact_day != 0;
        if (!one->amount.given) continue;
        sum += one->amount.value;
        bool month = one->fact_day == 0 && (newest == NULL || period->from > newest->from);
        if (month) last = one->amount.value;
        if (month || newest == NULL) newest = period;
    }
    if (newest != NULL) row->at[COLUMN_last] = exact(self, indicator, last);
    if (newest != NULL) row->at[COLUMN_last_running] = exact(self, indicator, sum);
    if (persons > 0) row->at[COLUMN_last_running] = arena_format(self->cli->arena, "%u", persons);
    return EXIT_WELL;
}

/* --- rows --- */

/* How a row is filled in, with an example. */
static text_t remark_of(const form_t *self, const indicator_t *indicator) {
    cli_t *cli = self->cli;
    if (indicator == NULL) return cli_word(cli, "本任务只报进展文字，请填“进展”列", "words only: fill in the progress column");
    const char *required = indicator->required ? cli_say(cli, "必填，没有变化请在“无变化”列填“是”；",
                                                         "required; if nothing changed write 是 under nil; ")
                                               : cli_say(cli, "选填；", "optional; ");
    if (indicator->measure == measure_people)
        return arena_format(
            cli->arena, "%s%s", required,
            cli_say(cli, "一人一行，如 人员“王老师”、到岗日期“2021-08-20”", "one person a row, in post from 2021-08-20"));
    if (indicator->items == need_required || indicator->target.by_fact)
        return arena_format(cli->arena, "%s%s", required,
                            cli_say(cli, "逐笔填写，一笔一行，如 凭证号“BK-2103”、发生日期“2021-10-29”、金额“160”",
                                    "one receipt a row: BK-2103, 2021-10-29, 160"));
    bool money = indicator->measure == measure_money;
    return arena_format(cli->arena, "%s%s", required,
                        money ? cli_say(cli, "如“12.5”即 12.5万元，或“3000元”", "12.5 means 12.5万元; or write 3000元")
                              : cli_say(cli, "如“3”，填在标有数量的列", "a whole number, e.g. 3"));
}

static int add_row(form_t *self, const obligation_changed_t *owed, const task_t *task, const indicator_t *indicator,
                   const member_t *member) {
    form_row_t row = {0};
    row.at[COLUMN_task] = task->name;
    row.at[COLUMN_period] = self->period->id;
    if (owed->revision > 0) row.at[COLUMN_replaces] = arena_format(self->cli->arena, "%lu", (unsigned long)owed->revision);
    if (indicator != NULL) row.at[COLUMN_indicator] = indicator->name;
    if (member != NULL) row.at[COLUMN_member] = member->name;
    row.at[COLUMN_remark] = remark_of(self, indicator);
    int exit_code = EXIT_WELL;
    if (indicator != NULL) exit_code = fill_last(self, indicator, member != NULL ? member->id : text_of(""), &row);
    write_row(self, &row, false);
    self->rows++;
    return exit_code;
}

static bool reports(const form_t *self, const indicator_t *indicator) {
    if (self->period->confirmation && indicator->target.shape != shape_lasting) return false;
    return indicator_any_contributed_by(indicator, self->unit->id);
}

static int add_task(form_t *self, const obligation_changed_t *owed, const task_t *task) {
    int exit_code = EXIT_WELL;
    uint32_t before = self->rows;
    for (uint32_t index = 0; exit_code == EXIT_WELL && index < task->indicators_count; index++) {
        const indicator_t *indicator = &task->indicators[index];
        if (!reports(self, indicator)) continue;
        for (uint32_t member = 0; exit_code == EXIT_WELL && member < indicator->members_count; member++)
            if (indicator_contributed_by(indicator, indicator->members[member].id, self->unit->id))
                exit_code = add_row(self, owed, task, indicator, &indicator->members[member]);
        if (indicator->members_count == 0) exit_code = add_row(self, owed, task, indicator, NULL);
    }
    return exit_code == EXIT_WELL && self->rows == before ? add_row(self, owed, task, NULL, NULL) : exit_code;
}

static void note_columns(form_t *self, const task_t *task) {
    for (uint32_t index = 0; index < task->indicators_count; index++) {
        const indicator_t *indicator = &task->indicators[index];
        if (!reports(self, indicator)) continue;
        bool people = indicator->measure == measure_people;
        self->people |= people;
        self->money |= indicator->measure == measure_money;
        self->count |= indicator->measure == measure_count;
        self->items |= !people && (indicator->items != need_none || indicator->target.by_fact);
        self->opening |= indicator->opening;
    }
}

/* --- which period --- */

/* The one that is named; else the one in which the ledger stands, or the last that has begun. */
static const period_t *choose_period(form_t *self, int64_t now_ms) {
    const plan_t *plan = planbook_plan(self->book);
    const char *named = cli_option(self->cli, OPTION_period);
    if (named != NULL) return cell_period(self->book, text_of(named));
    const period_t *chosen = &plan->periods[0];
    for (uint32_t index = 0; index < plan->periods_count; index++)
        if (instant_of_day(plan, plan->periods[index].from, 0) <= now_ms) chosen = &plan->periods[index];
    return chosen;
}

static bool still_owed(const obligation_changed_t *row, bool all) { return all || row->standing != standing_reported; }

static int fill_form(form_t *self, const obligations_t *owed) {
    bool all = cli_option(self->cli, OPTION_all) != NULL;
    for (uint32_t index = 0; index < owed->rows_count; index++)
        if (still_owed(&owed->rows[index], all)) note_columns(self, planbook_task(self->book, owed->rows[index].task));
    csv_write_bom(&self->out);
    write_row(self, &(form_row_t){0}, true);
    int exit_code = EXIT_WELL;
    for (uint32_t index = 0; exit_code == EXIT_WELL && index < owed->rows_count; index++)
        if (still_owed(&owed->rows[index], all))
            exit_code = add_task(self, &owed->rows[index], planbook_task(self->book, owed->rows[index].task));
    return exit_code;
}

int verb_report_template(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    form_t self = {.cli = cli, .book = cli_plan(cli)};
    if (self.book == NULL) return cli_fail(cli, EX_NOINPUT, "此账本没有计划文件", "this home keeps no plan file", "plan.yaml");
    self.unit = planbook_unit(self.book, cli_unit_named(cli, cli->args[0]));
    if (self.unit == NULL) return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", cli->args[0]);
    obligations_ask_t ask = {.unit = self.unit->id};
    obligations_t owed = {0};
    exit_code = rows_obligations(cli, &ask, &owed);
    if (exit_code != EXIT_WELL) return exit_code;
    self.period = choose_period(&self, (int64_t)owed.now_ms);
    if (self.period == NULL)
        return cli_fail(cli, EX_DATAERR, "计划中没有这个报送期", "the plan has no such period", cli_option(cli, OPTION_period));
    ask.period = self.period->id;
    exit_code = rows_obligations(cli, &ask, &owed);
    if (exit_code == EXIT_WELL) exit_code = fill_form(&self, &owed);
    if (exit_code == EXIT_WELL && fwrite(self.out.at, 1, self.out.size, stdout) != self.out.size) exit_code = EX_IOERR;
    if (exit_code == EXIT_WELL)
        fprintf(stderr,
                cli_say(cli, TEXT_FORMAT " " TEXT_FORMAT "：%u 行待填\n", TEXT_FORMAT " " TEXT_FORMAT ": %u rows to fill in\n"),
                TEXT_ARGS(self.unit->name), TEXT_ARGS(self.period->id), self.rows);
    buffer_destroy(&self.out);
    return exit_code;
}
