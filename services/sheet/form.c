/* Writes the table that a unit fills in: its columns, its rows, how each is filled in, and last values. */
#include "services/sheet/form.h"

#include "services/plan/calendar.h"

/* Which columns this unit needs, and the rows as they come. */
typedef struct {
    const form_t *form;
    arena_t *arena;
    bool money, count, items, people, opening; /* what its indicators take */
    csv_row_t *rows;
    uint32_t rows_count, rows_room;
} writer_t;

/* A row's cells by column; amounts are written twice, for money and for counts. */
typedef struct {
    text_t at[COLUMN_COUNT];
} form_row_t;

static const char *say(const writer_t *self, const char *zh, const char *en) { return self->form->zh ? zh : en; }

static bool wanted(const writer_t *self, column_t column) {
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

static void row_keep(writer_t *self, csv_row_t row) {
    if (self->rows_count == self->rows_room) {
        self->rows_room = self->rows_room == 0 ? 32 : self->rows_room * 2;
        csv_row_t *more = ARENA_NEW(self->arena, csv_row_t, self->rows_room);
        for (uint32_t index = 0; index < self->rows_count; index++) more[index] = self->rows[index];
        self->rows = more;
    }
    self->rows[self->rows_count++] = row;
}

static text_t head_with(const writer_t *self, column_t column, const char *unit) {
    return arena_format(self->arena, "%s(%s)", column_name(column, self->form->zh), unit);
}

static void write_row(writer_t *self, const form_row_t *row, bool head) {
    text_t *cells = ARENA_NEW(self->arena, text_t, 2 * COLUMN_COUNT);
    uint32_t used = 0;
    const char *count_word = say(self, "数量", "count");
    for (uint32_t at = 0; at < COLUMN_COUNT; at++) {
        column_t column = (column_t)at;
        if (!wanted(self, column)) continue;
        bool amount = column_is_amount(column);
        bool twice = amount && column != COLUMN_item_amount && self->money && self->count;
        bool money = self->money || !self->count;
        text_t cell = row->at[column];
        if (head && amount)
            cell = head_with(self, column, money ? "万元" : count_word);
        else if (head)
            cell = text_of(column_name(column, self->form->zh));
        cells[used++] = cell;
        if (twice) cells[used++] = head ? head_with(self, column, count_word) : text_of("");
    }
    row_keep(self, (csv_row_t){cells, used});
}

/* --- last values --- */

/* 万元, exactly: 1234567 fen is 1.234567. */
static text_t exact(writer_t *self, const indicator_t *indicator, int64_t value) {
    if (indicator->measure != measure_money)
        return arena_format(self->arena, "%lld" TEXT_FORMAT, (long long)value, TEXT_ARGS(indicator->unit_word));
    text_t text = arena_format(self->arena, "%lld.%06lld", (long long)(value / 1000000), (long long)(value % 1000000));
    while (text.at[text.size - 1] == '0') text.size--;
    if (text.at[text.size - 1] == '.') text.size--;
    return arena_format(self->arena, TEXT_FORMAT "万元", TEXT_ARGS(text));
}

static const form_figures_t *figures_of(const form_t *form, text_t indicator) {
    for (uint32_t index = 0; index < form->figures_count; index++)
        if (text_equal(form->figures[index].indicator, indicator)) return &form->figures[index];
    return NULL;
}

/* What this unit reported of a figure before the period: the newest month, and all of them with the opening balance. */
static void fill_last(writer_t *self, const indicator_t *indicator, text_t member, form_row_t *row) {
    const form_figures_t *all = figures_of(self->form, indicator->id);
    const period_t *newest = NULL;
    int64_t last = 0, sum = 0;
    uint32_t persons = 0;
    for (uint32_t index = 0; all != NULL && index < all->count; index++) {
        const proof_row_t *one = &all->rows[index];
        const period_t *period = planbook_period(self->form->book, one->period);
        bool ours = text_equal(one->unit, self->form->unit->id) && text_equal(one->member, member);
        if (!ours || period == NULL || period->from >= self->form->period->from) continue;
        persons += indicator->measure == measure_people && one->fact_day != 0;
        if (!one->amount.given) continue;
        sum += one->amount.value;
        bool month = one->fact_day == 0 && (newest == NULL || period->from > newest->from);
        if (month) last = one->amount.value;
        if (month || newest == NULL) newest = period;
    }
    if (newest != NULL) row->at[COLUMN_last] = exact(self, indicator, last);
    if (newest != NULL) row->at[COLUMN_last_running] = exact(self, indicator, sum);
    if (persons > 0) row->at[COLUMN_last_running] = arena_format(self->arena, "%u", persons);
}

/* --- rows --- */

/* How a row is filled in, with an example. */
static text_t remark_of(const writer_t *self, const indicator_t *indicator) {
    if (indicator == NULL)
        return text_of(say(self, "本任务只报进展文字，请填“进展”列", "words only: fill in the progress column"));
    const char *required = indicator->required ? say(self, "必填，没有变化请在“无变化”列填“是”；",
                                                     "required; if nothing changed write 是 under nil; ")
                                               : say(self, "选填；", "optional; ");
    const char *how = say(self, "如“3”，填在标有数量的列", "a whole number, e.g. 3");
    if (indicator->measure == measure_people)
        how = say(self, "一人一行，如 人员“王老师”、到岗日期“2021-08-20”", "one person a row, in post from 2021-08-20");
    else if (indicator->items == need_required || indicator->target.by_fact)
        how = say(self, "逐笔填写，一笔一行，如 凭证号“BK-2103”、发生日期“2021-10-29”、金额“160”",
                  "one receipt a row: BK-2103, 2021-10-29, 160");
    else if (indicator->measure == measure_money)
        how = say(self, "如“12.5”即 12.5万元，或“3000元”", "12.5 means 12.5万元; or write 3000元");
    return arena_format(self->arena, "%s%s", required, how);
}

static void add_row(writer_t *self, const obligation_changed_t *owed, const task_t *task, const indicator_t *indicator,
                    const member_t *member) {
    form_row_t row = {0};
    row.at[COLUMN_task] = task->name;
    row.at[COLUMN_period] = self->form->period->id;
    if (owed->revision > 0) row.at[COLUMN_replaces] = arena_format(self->arena, "%lu", (unsigned long)owed->revision);
    if (indicator != NULL) row.at[COLUMN_indicator] = indicator->name;
    if (member != NULL) row.at[COLUMN_member] = member->name;
    row.at[COLUMN_remark] = remark_of(self, indicator);
    if (indicator != NULL) fill_last(self, indicator, member != NULL ? member->id : text_of(""), &row);
    write_row(self, &row, false);
}

static bool reports(const form_t *form, const indicator_t *indicator) {
    if (form->period->confirmation && indicator->target.shape != shape_lasting) return false;
    return indicator_any_contributed_by(indicator, form->unit->id);
}

static void add_task(writer_t *self, const obligation_changed_t *owed, const task_t *task) {
    uint32_t before = self->rows_count;
    for (uint32_t index = 0; index < task->indicators_count; index++) {
        const indicator_t *indicator = &task->indicators[index];
        if (!reports(self->form, indicator)) continue;
        for (uint32_t member = 0; member < indicator->members_count; member++)
            if (indicator_contributed_by(indicator, indicator->members[member].id, self->form->unit->id))
                add_row(self, owed, task, indicator, &indicator->members[member]);
        if (indicator->members_count == 0) add_row(self, owed, task, indicator, NULL);
    }
    if (self->rows_count == before) add_row(self, owed, task, NULL, NULL);
}

static void note_columns(writer_t *self, const indicator_t *indicator) {
    bool people = indicator->measure == measure_people;
    self->people |= people;
    self->money |= indicator->measure == measure_money;
    self->count |= indicator->measure == measure_count;
    self->items |= !people && (indicator->items != need_none || indicator->target.by_fact);
    self->opening |= indicator->opening;
}

/* The task of a row that is to be filled in; NULL: it is not. */
static const task_t *task_owed(const form_t *self, const obligation_changed_t *row) {
    return self->all || row->standing != standing_reported ? planbook_task(self->book, row->task) : NULL;
}

uint32_t form_indicators(const form_t *self, const indicator_t **list, uint32_t room) {
    uint32_t count = 0;
    for (uint32_t index = 0; index < self->owed_count; index++) {
        const task_t *task = task_owed(self, &self->owed[index]);
        for (uint32_t at = 0; task != NULL && at < task->indicators_count; at++) {
            if (!reports(self, &task->indicators[at])) continue;
            if (count < room) list[count] = &task->indicators[at];
            count++;
        }
    }
    return count;
}

csv_t form_table(const form_t *self) {
    writer_t writer = {.form = self, .arena = self->arena};
    for (uint32_t index = 0; index < self->owed_count; index++) {
        const task_t *task = task_owed(self, &self->owed[index]);
        for (uint32_t at = 0; task != NULL && at < task->indicators_count; at++)
            if (reports(self, &task->indicators[at])) note_columns(&writer, &task->indicators[at]);
    }
    write_row(&writer, &(form_row_t){0}, true);
    for (uint32_t index = 0; index < self->owed_count; index++) {
        const task_t *task = task_owed(self, &self->owed[index]);
        if (task != NULL) add_task(&writer, &self->owed[index], task);
    }
    return (csv_t){.rows = writer.rows, .count = writer.rows_count, .encoding = "UTF-8"};
}

const period_t *form_period(const planbook_t *book, int64_t now_ms) {
    const plan_t *plan = planbook_plan(book);
    const period_t *chosen = &plan->periods[0];
    for (uint32_t index = 0; index < plan->periods_count; index++)
        if (instant_of_day(plan, plan->periods[index].from, 0) <= now_ms) chosen = &plan->periods[index];
    return chosen;
}
