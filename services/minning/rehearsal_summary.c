/* The end of a rehearsal: what the system says, held against what the driver counted itself and what the scenario expects. */
#include "services/minning/rehearsal.h"
#include "services/minning/rows.h"

#include "services/minning/phrase.h"
#include "services/plan/amount.h"
#include "services/plan/calendar.h"
#include "services/stage/clock.h"

#include <string.h>

typedef struct {
    rehearsal_t *rehearsal;
    cli_t *cli;
    targets_t targets;
    obligations_t obligations;
    warnings_t warnings;
} closing_t;

/* On time, late, missing of one unit, or of the driver's own count of it. */
typedef struct {
    uint32_t on_time, late, missing, pending;
} counts_t;

static void failed(closing_t *self, uint32_t line, text_t what) { rehearsal_failed(self->rehearsal, line, what); }

/* --- obligations --- */

static counts_t counts_told(const closing_t *self, text_t unit) {
    counts_t counts = {0};
    for (uint32_t index = 0; index < self->obligations.rows_count; index++) {
        const obligation_changed_t *row = &self->obligations.rows[index];
        if (!text_equal(row->unit, unit)) continue;
        counts.on_time += row->timeliness == timeliness_on_time;
        counts.late += row->timeliness == timeliness_late;
        counts.missing += row->timeliness == timeliness_missing;
        counts.pending += row->timeliness == timeliness_pending || row->timeliness == timeliness_none;
    }
    return counts;
}

static int64_t first_taken(const rehearsal_t *all, text_t unit, text_t task, text_t period, deadline_t *due) {
    for (uint32_t index = 0; index < all->taken_count; index++) {
        const taken_t *one = &all->taken[index];
        if (text_equal(one->unit, unit) && text_equal(one->task, task) && text_equal(one->period, period)) {
            if (one->extended_ms > due->due_ms) due->due_ms = one->extended_ms;
            return one->first_ms;
        }
    }
    return 0;
}

/* From the plan, the calendar and the receipts alone. */
static counts_t counts_own(const closing_t *self, const unit_t *unit) {
    const rehearsal_t *all = self->rehearsal;
    const plan_t *plan = planbook_plan(all->book);
    counts_t counts = {0};
    for (uint32_t p = 0; p < plan->periods_count; p++)
        for (uint32_t t = 0; t < plan->tasks_count; t++) {
            if (!planbook_owes(all->book, unit, &plan->tasks[t], &plan->periods[p])) continue;
            deadline_t due = deadline_resolve(plan, plan->periods[p].due);
            int64_t first_ms = first_taken(all, unit->id, plan->tasks[t].id, plan->periods[p].id, &due);
            if (first_ms > 0 && first_ms <= due.due_ms + due.grace_ms)
                counts.on_time++;
            else if (first_ms > 0)
                counts.late++;
            else if ((int64_t)self->obligations.now_ms > due.due_ms + due.grace_ms)
                counts.missing++;
            else
                counts.pending++;
        }
    return counts;
}

static text_t number_text(cli_t *cli, uint32_t number) { return arena_format(cli->arena, "%u", number); }

static void tell_units(closing_t *self) {
    cli_t *cli = self->cli;
    const plan_t *plan = planbook_plan(self->rehearsal->book);
    sheet_t sheet = {.right = {false, true, true, true, true}};
    text_t head[] = {cli_word(cli, "单位", "unit"), cli_word(cli, "按时", "on time"), cli_word(cli, "迟报", "late"),
                     cli_word(cli, "未报", "missing"), cli_word(cli, "未到期", "not due")};
    sheet_add(&sheet, head, 5, NULL);
    for (uint32_t index = 0; index < plan->units_count; index++) {
        counts_t told = counts_told(self, plan->units[index].id), own = counts_own(self, &plan->units[index]);
        text_t cells[] = {plan->units[index].name, number_text(cli, told.on_time), number_text(cli, told.late),
                          number_text(cli, told.missing), number_text(cli, told.pending)};
        sheet_add(&sheet, cells, 5, told.missing > 0 ? colour_red : told.late > 0 ? colour_yellow : NULL);
        bool equal =
            told.on_time == own.on_time && told.late == own.late && told.missing == own.missing && told.pending == own.pending;
        if (!equal)
            failed(self, 0,
                   arena_format(cli->arena, TEXT_FORMAT ": %u/%u/%u/%u, own count %u/%u/%u/%u",
                                TEXT_ARGS(plan->units[index].name), told.on_time, told.late, told.missing, told.pending,
                                own.on_time, own.late, own.missing, own.pending));
    }
    sheet_print(cli, &sheet, stdout);
    sheet_destroy(&sheet);
}

/* --- totals --- */

static int64_t figure_value(const figure_t *figure) {
    if (figure->amount.given) return figure->amount.value;
    int64_t sum = 0;
    for (uint32_t index = 0; index < figure->items_count; index++)
        sum += figure->items[index].amount.given ? figure->items[index].amount.value : 0;
    return sum;
}

/* Running totals are turned into the month's by validation; the scenario gives months, so that the driver can add up alone. */
static int64_t total_own(const rehearsal_t *all, text_t indicator) {
    int64_t sum = 0;
    for (uint32_t index = 0; index < all->taken_count; index++) {
        const report_t *report = &all->taken[index].report;
        for (uint32_t at = 0; at < report->figures_count; at++) {
            const figure_t *figure = &report->figures[at];
            if (text_equal(figure->indicator, indicator))
                sum += figure_value(figure) + (figure->opening.given ? figure->opening.value : 0);
        }
    }
    return sum;
}

static int check_total(closing_t *self, const indicator_t *indicator) {
    if (indicator->measure == measure_people && indicator->items != need_none)
        return EXIT_WELL; /* persons are counted, not added */
    figures_ask_t ask = {.indicator = indicator->id};
    figures_t figures;
    int exit_code = rows_figures(self->cli, &ask, &figures);
    if (exit_code != EXIT_WELL) return exit_code;
    int64_t rows = 0, own = total_own(self->rehearsal, indicator->id), told = figures.total.given ? figures.total.value : 0;
    for (uint32_t index = 0; index < figures.rows_count; index++)
        rows += figures.rows[index].amount.given ? figures.rows[index].amount.value : 0;
    if (own != told)
        failed(self, 0,
               arena_format(self->cli->arena, TEXT_FORMAT ": total %lld, own count %lld", TEXT_ARGS(indicator->id),
                            (long long)told, (long long)own));
    if (rows > told)
        failed(self, 0,
               arena_format(self->cli->arena, TEXT_FORMAT ": rows %lld, total %lld", TEXT_ARGS(indicator->id), (long long)rows,
                            (long long)told));
    return EXIT_WELL;
}

static int check_totals(closing_t *self) {
    const plan_t *plan = planbook_plan(self->rehearsal->book);
    int exit_code = EXIT_WELL;
    for (uint32_t t = 0; t < plan->tasks_count; t++)
        for (uint32_t i = 0; exit_code == EXIT_WELL && i < plan->tasks[t].indicators_count; i++)
            exit_code = check_total(self, &plan->tasks[t].indicators[i]);
    return exit_code;
}

/* --- the 期末 lines --- */

static const target_changed_t *target_of(const closing_t *self, text_t indicator) {
    for (uint32_t index = 0; index < self->targets.rows_count; index++)
        if (text_equal(self->targets.rows[index].indicator, indicator)) return &self->targets.rows[index];
    return NULL;
}

/* NULL if `value` is what the target says under `word`; otherwise what it says. */
static const char *target_differs(closing_t *self, const target_changed_t *target, text_t word, text_t value) {
    const word_t *told = NULL;
    if (text_is(word, "状态"))
        told = word_find(reach_words, target->reach);
    else if (text_is(word, "报送"))
        told = word_find(reported_words, target->reported);
    else if (text_is(word, "在岗"))
        told = word_find(tenure_words, target->tenure);
    else if (text_is(word, "灯"))
        told = word_find(lamp_words, target->lamp);
    if (told != NULL) return text_is(value, told->zh) ? NULL : told->zh;
    if (!text_is(word, "完成")) return "?";
    const indicator_t *indicator = planbook_indicator(self->rehearsal->book, target->indicator);
    int64_t wanted = 0;
    const char *wrong = amount_read(value, indicator->measure, indicator->measure == measure_money ? NULL : "", &wanted);
    if (wrong != NULL) return wrong;
    return wanted == (int64_t)target->done
               ? NULL
               : amount_show((int64_t)target->done, indicator->measure, indicator->unit_word, self->cli->arena).at;
}

static void on_final_target(closing_t *self, uint32_t line, text_t words) {
    text_t id = phrase_word(&words);
    const target_changed_t *target = target_of(self, id);
    if (target == NULL) {
        failed(self, line, arena_format(self->cli->arena, TEXT_FORMAT "?", TEXT_ARGS(id)));
        return;
    }
    for (text_t word = phrase_word(&words); word.size > 0; word = phrase_word(&words)) {
        text_t value = phrase_word(&words);
        const char *told = target_differs(self, target, word, value);
        if (told != NULL)
            failed(self, line,
                   arena_format(self->cli->arena, TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " → %s", TEXT_ARGS(id),
                                TEXT_ARGS(word), TEXT_ARGS(value), told));
    }
}

static void on_final_unit(closing_t *self, uint32_t line, text_t words) {
    text_t name = phrase_word(&words);
    counts_t told = counts_told(self, cli_unit_named(self->cli, arena_text(self->cli->arena, name).at));
    for (text_t word = phrase_word(&words); word.size > 0; word = phrase_word(&words)) {
        text_t value = phrase_word(&words);
        uint32_t is = text_is(word, "按时")   ? told.on_time
                      : text_is(word, "迟报") ? told.late
                      : text_is(word, "未报") ? told.missing
                                              : UINT32_MAX;
        if (!text_equal(value, number_text(self->cli, is)))
            failed(self, line,
                   arena_format(self->cli->arena, TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT " → %u", TEXT_ARGS(name),
                                TEXT_ARGS(word), TEXT_ARGS(value), is));
    }
}

static void on_final_warning(closing_t *self, uint32_t line, text_t words) {
    text_t task = phrase_word(&words), rung = phrase_word(&words), unit = {0};
    bool resolved = false;
    for (text_t word = phrase_word(&words); word.size > 0; word = phrase_word(&words)) {
        if (text_is(word, "解除"))
            resolved = true;
        else
            unit = cli_unit_named(self->cli, arena_text(self->cli->arena, word).at);
    }
    for (uint32_t index = 0; index < self->warnings.rows_count; index++) {
        const warning_row_t *row = &self->warnings.rows[index];
        bool same = text_equal(row->warning.task, task) && text_equal(row->warning.rung, rung) &&
                    (unit.size == 0 || text_equal(row->warning.unit, unit));
        if (same && (!resolved || row->resolved)) return;
    }
    failed(self, line,
           arena_format(self->cli->arena, "%s " TEXT_FORMAT " " TEXT_FORMAT " " TEXT_FORMAT,
                        cli_say(self->cli, "没有这样的预警", "no such warning"), TEXT_ARGS(task), TEXT_ARGS(rung),
                        TEXT_ARGS(unit)));
}

static void check_finals(closing_t *self) {
    const scenario_t *scenario = self->rehearsal->scenario;
    for (uint32_t index = 0; index < scenario->final_count; index++) {
        text_t words = scenario->finals[index].words, word = phrase_word(&words);
        uint32_t line = scenario->finals[index].line;
        if (text_is(word, "指标"))
            on_final_target(self, line, words);
        else if (text_is(word, "单位"))
            on_final_unit(self, line, words);
        else if (text_is(word, "预警"))
            on_final_warning(self, line, words);
        else
            failed(self, line, text_of("期末 指标 | 单位 | 预警"));
    }
}

/* --- all of it --- */

static void tell_warnings(closing_t *self) {
    uint32_t by_level[5] = {0}, resolved = 0;
    for (uint32_t index = 0; index < self->warnings.rows_count; index++) {
        const warning_row_t *row = &self->warnings.rows[index];
        resolved += row->resolved;
        if (row->warning.level <= level_red) by_level[row->warning.level]++;
    }
    cli_t *cli = self->cli;
    printf(cli_say(cli, "预警 %u 次（提醒 %u，蓝 %u，橙 %u，红 %u），已解除或升级 %u 次\n",
                   "%u warnings (reminders %u, blue %u, orange %u, red %u), %u withdrawn or followed by a higher rung\n"),
           self->warnings.rows_count, by_level[level_remind], by_level[level_blue], by_level[level_orange], by_level[level_red],
           resolved);
}

static int gather(closing_t *self) {
    health_ask_t ask = {0};
    health_t health = {0};
    int exit_code = ask_desk(self->cli, "intake", health_ask_type(), &ask, health_type(), &health);
    if (exit_code != EXIT_WELL) return exit_code;
    if (ask_settled(self->cli, health.out_head, 60000) != OK)
        return cli_fail(self->cli, EX_TEMPFAIL, "后续环节没有跟上", "the later stages have not caught up", NULL);
    targets_ask_t targets = {.at_least = health.out_head};
    obligations_ask_t obligations = {.at_least = health.out_head};
    warnings_ask_t warnings = {.at_least = health.out_head};
    exit_code = rows_targets(self->cli, &targets, &self->targets);
    if (exit_code == EXIT_WELL) exit_code = rows_obligations(self->cli, &obligations, &self->obligations);
    if (exit_code == EXIT_WELL) exit_code = rows_warnings(self->cli, &warnings, &self->warnings);
    return exit_code;
}

int rehearsal_summary(rehearsal_t *self) {
    closing_t closing = {.rehearsal = self, .cli = self->cli};
    cli_t *cli = self->cli;
    int exit_code = gather(&closing);
    if (exit_code != EXIT_WELL) return exit_code;
    printf("\n%s " TEXT_FORMAT "\n\n", cli_say(cli, "════ 小结，数据截至", "════ Summary as of"),
           TEXT_ARGS(cli_when(cli, cli_offset(cli), (int64_t)closing.targets.now_ms)));
    rows_print_targets(cli, &closing.targets, stdout);
    putchar('\n');
    tell_units(&closing);
    putchar('\n');
    tell_warnings(&closing);
    exit_code = check_totals(&closing);
    check_finals(&closing);
    printf(cli_say(cli, "报送 %u 次：通过 %u，退回 %u，拒收 %u，重复 %u\n",
                   "%u sendings: %u valid, %u refused, %u turned away, %u repeated\n"),
           self->acts_done, self->accepted, self->refused, self->turned_away, self->repeated);
    if (self->failures > 0)
        printf(cli_say(cli, "%u 处不符合预期\n", "%u things are not as expected\n"), self->failures);
    else
        printf("%s\n", cli_say(cli, "全部符合预期：判定、合计、及时性、预警与剧本一致",
                               "All as expected: verdicts, totals, timeliness and warnings agree with the scenario"));
    if (exit_code == EXIT_WELL && self->failures > 0) exit_code = EX_SOFTWARE;
    return exit_code;
}

int verb_rehearse(cli_t *cli) {
    text_t text;
    int exit_code = cli_read_file(cli, cli->args[0], LIMIT_PLAN_FILE, &text);
    if (exit_code == EXIT_WELL) exit_code = cli_enter(cli);
    scenario_t scenario;
    if (exit_code == EXIT_WELL) exit_code = scenario_read(cli, cli->args[0], text, &scenario);
    if (exit_code != EXIT_WELL) return exit_code;
    rehearsal_t rehearsal = {
        .cli = cli, .book = cli_plan(cli), .scenario = &scenario, .taken = ARENA_NEW(cli->arena, taken_t, ACTS)};
    const char *pace = cli_option(cli, OPTION_pace);
    if (pace != NULL && (!cli_number(pace, &rehearsal.pace_ms) || rehearsal.pace_ms > 60000))
        return cli_fail(cli, EX_USAGE, "停顿是毫秒数", "a pace is a number of ms", pace);
    exit_code = rehearsal_play(&rehearsal);
    return exit_code == EXIT_WELL ? rehearsal_summary(&rehearsal) : exit_code;
}
