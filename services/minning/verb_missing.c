/* `minning missing`: everything that is still missing, down to the field, by unit. */
#include "services/minning/rows.h"

#include <string.h>

/* What one unit owes, row by row. */
typedef struct {
    cli_t *cli;
    const planbook_t *book;
    const obligations_t *all;
    sheet_t sheet;
    uint32_t reports, fields, units;
} want_t;

/* A returned report is due again at an instant of its own. */
static uint64_t row_due_ms(const obligation_changed_t *row) { return row->again_ms > 0 ? row->again_ms : row->due_ms; }

static const char *state_colour(const obligation_changed_t *row) {
    return row->standing == standing_overdue ? colour_red : row->standing == standing_due ? colour_yellow : NULL;
}

static bool is_open(const obligation_changed_t *row, bool all) {
    bool later = row->standing == standing_not_due;
    return row->standing == standing_due || row->standing == standing_overdue || row->standing == standing_returned ||
           (all && later);
}

/* 41 days late, due in 3 days. */
static text_t distance(const want_t *self, const obligation_changed_t *row) {
    cli_t *cli = self->cli;
    int64_t apart_ms = (int64_t)row_due_ms(row) - (int64_t)self->all->now_ms, day_ms = 86400000;
    if (apart_ms < 0)
        return arena_format(cli->arena, cli_say(cli, "逾期 %lld 天", "%lld days over"), (long long)(-apart_ms / day_ms + 1));
    return arena_format(cli->arena, cli_say(cli, "还有 %lld 天", "%lld days left"), (long long)(apart_ms / day_ms));
}

static void add_field(want_t *self, const obligation_changed_t *row, text_t field, text_t member, text_t name, bool first) {
    cli_t *cli = self->cli;
    self->fields++;
    if (cli->json) {
        json_t *json = json_object();
        const char *const keys[] = {"unit", "task", "period", "field", "member", "name"};
        const text_t values[] = {row->unit, row->task, row->period, field, member, name};
        for (size_t index = 0; index < 6; index++)
            if (values[index].size > 0)
                json_object_set_new(json, keys[index], json_stringn(values[index].at, values[index].size));
        json_object_set_new(json, "standing", json_string(WORD_NAME(standing, row->standing)));
        json_object_set_new(json, "due_ms", json_integer((json_int_t)row->due_ms));
        if (row->due_seq > 0) json_object_set_new(json, "due_seq", json_integer((json_int_t)row->due_seq));
        if (row->again_ms > 0) json_object_set_new(json, "again_ms", json_integer((json_int_t)row->again_ms));
        cli_print_json(json);
        return;
    }
    text_t none = text_of("");
    text_t cells[] = {none,
                      first ? cli_task_name(cli, row->task) : none,
                      first ? row->period : none,
                      first ? CLI_WORD_OF(cli, standing, row->standing) : none,
                      first ? rows_due(cli, row) : none,
                      first ? distance(self, row) : none,
                      name};
    sheet_add(&self->sheet, cells, 7, state_colour(row));
}

/* An indicator with members is missing once for every member that this unit answers for. */
static void add_fields(want_t *self, const obligation_changed_t *row) {
    cli_t *cli = self->cli;
    bool first = true;
    for (uint32_t index = 0; index < row->missing_count; index++) {
        text_t field = row->missing[index];
        const indicator_t *indicator = self->book == NULL ? NULL : planbook_indicator(self->book, field);
        text_t name = indicator != NULL ? indicator->name : field;
        if (text_is(field, "progress")) name = cli_word(cli, "进展文字", "progress in words");
        uint32_t members = indicator == NULL ? 0 : indicator->members_count;
        for (uint32_t member = 0; member < members; member++) {
            const member_t *one = &indicator->members[member];
            if (!text_find(one->contributors, one->contributors_count, row->unit)) continue;
            text_t full = arena_format(cli->arena, TEXT_FORMAT " / " TEXT_FORMAT, TEXT_ARGS(name), TEXT_ARGS(one->name));
            add_field(self, row, field, one->id, full, first);
            first = false;
        }
        if (members > 0) continue;
        add_field(self, row, field, text_of(""), name, first);
        first = false;
    }
}

static void add_unit(want_t *self, const unit_t *unit, bool all) {
    bool named = false;
    for (uint32_t index = 0; index < self->all->rows_count; index++) {
        const obligation_changed_t *row = &self->all->rows[index];
        if (!text_equal(row->unit, unit->id) || !is_open(row, all)) continue;
        text_t cells[] = {unit->name};
        if (!named && !self->cli->json) sheet_add(&self->sheet, cells, 1, NULL);
        self->units += !named;
        named = true;
        self->reports++;
        add_fields(self, row);
    }
}

int verb_missing(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    const char *typed = cli_option(cli, OPTION_unit);
    obligations_ask_t ask = {.task = cli_slug(cli, OPTION_task), .period = cli_slug(cli, OPTION_period)};
    if (typed != NULL) ask.unit = cli_unit_named(cli, typed);
    if (typed != NULL && ask.unit.size == 0)
        return cli_fail(cli, EX_DATAERR, "计划中没有这个单位", "the plan has no such unit", typed);
    obligations_t all = {0};
    exit_code = rows_obligations(cli, &ask, &all);
    want_t want = {.cli = cli, .book = cli_plan(cli), .all = &all};
    if (exit_code == EXIT_WELL && want.book == NULL)
        exit_code = cli_fail(cli, EX_NOINPUT, "此账本没有计划文件", "this home keeps no plan file", "plan.yaml");
    if (exit_code != EXIT_WELL) return exit_code;
    text_t head[] = {cli_word(cli, "单位", "unit"),  cli_word(cli, "任务", "task"), cli_word(cli, "报送期", "period"),
                     cli_word(cli, "状态", "state"), cli_word(cli, "时限", "due"),  cli_word(cli, "距时限", "from now"),
                     cli_word(cli, "缺", "missing")};
    sheet_add(&want.sheet, head, 7, NULL);
    const plan_t *plan = planbook_plan(want.book);
    for (uint32_t unit = 0; unit < plan->units_count; unit++)
        add_unit(&want, &plan->units[unit], cli_option(cli, OPTION_all) != NULL);
    if (!cli->json) {
        if (want.reports > 0) sheet_print(cli, &want.sheet, stdout);
        printf(cli_say(cli, "%u 个单位，%u 份报告，%u 个栏目未填；数据截至 " TEXT_FORMAT "\n",
                       "%u units, %u reports, %u fields missing; as of " TEXT_FORMAT "\n"),
               want.units, want.reports, want.fields, TEXT_ARGS(cli_when(cli, cli_offset(cli), (int64_t)all.now_ms)));
    }
    sheet_destroy(&want.sheet);
    return EXIT_WELL;
}
