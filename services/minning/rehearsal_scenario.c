/* Reading a scenario: lines → acts in the order of time, the monthly routine spread over the periods. */
#include "services/minning/rehearsal.h"

#include "services/minning/phrase.h"
#include "services/plan/calendar.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    uint32_t line;
    uint32_t day;
    uint32_t minute;
    text_t unit; /* empty: all who owe the task */
    text_t task;
    text_t words;
} routine_t;

typedef struct {
    text_t unit, task, period;
} exception_t;

typedef struct {
    cli_t *cli;
    const planbook_t *book;
    const plan_t *plan;
    scenario_t *out;
    int64_t clock_ms;
    routine_t *routines;
    uint32_t routine_count;
    exception_t *exceptions;
    uint32_t exception_count;
    const char *wrong;
} script_t;

static bool word_number(text_t word, uint32_t *number) {
    *number = 0;
    for (uint32_t index = 0; index < word.size && index < 9; index++) {
        if (word.at[index] < '0' || word.at[index] > '9') return false;
        *number = *number * 10 + (uint32_t)(word.at[index] - '0');
    }
    return word.size > 0 && word.size < 10;
}

static text_t unit_word(script_t *script, text_t *line) {
    text_t word = phrase_word(line);
    text_t id = cli_unit_named(script->cli, arena_text(script->cli->arena, word).at);
    if (id.size == 0) script->wrong = "no such unit in the plan";
    return id;
}

/* Takes " => …" off the end of the line. */
static void read_expectation(script_t *script, text_t *line, act_t *act) {
    const char *mark = line->size == 0 ? NULL : memmem(line->at, line->size, "=>", 2);
    if (mark == NULL) return;
    text_t rest = {mark + 2, line->size - (uint32_t)(mark - line->at) - 2};
    line->size = (uint32_t)(mark - line->at);
    while (line->size > 0 && line->at[line->size - 1] == ' ') line->size--;
    text_t word = phrase_word(&rest);
    if (text_is(word, "通过"))
        act->expect = EXPECT_ACCEPTED;
    else if (text_is(word, "重复"))
        act->expect = EXPECT_DUPLICATE;
    else if (text_is(word, "退回"))
        act->expect = EXPECT_REFUSED;
    else if (text_is(word, "拒收"))
        act->expect = EXPECT_TURNED_AWAY;
    else
        script->wrong = "expected is one of 通过 重复 退回 拒收";
    for (word = phrase_word(&rest); word.size > 0 && act->code_count < EXPECT_CODES; word = phrase_word(&rest)) {
        act->codes[act->code_count++] = word;
        if (reason_find(word) == NULL) script->wrong = "no such reason code";
    }
}

/* "=-5万元" → "=5万元" and the indicator's name: amounts as people type them are never negative, so it is put back later. */
static void read_negation(script_t *script, act_t *act) {
    const char *mark = act->phrase.size == 0 ? NULL : memmem(act->phrase.at, act->phrase.size, "=-", 2);
    if (mark == NULL) return;
    const char *begin = mark;
    while (begin > act->phrase.at && begin[-1] != ' ') begin--;
    act->negated = (text_t){begin, (uint32_t)(mark - begin)};
    text_t head = {act->phrase.at, (uint32_t)(mark - act->phrase.at) + 1};
    text_t rest = {mark + 2, act->phrase.size - head.size - 1};
    act->phrase = arena_format(script->cli->arena, TEXT_FORMAT TEXT_FORMAT, TEXT_ARGS(head), TEXT_ARGS(rest));
}

static void add_act(script_t *script, act_t act) {
    if (script->out->act_count == ACTS) {
        script->wrong = "too many acts";
        return;
    }
    read_negation(script, &act);
    act.order = script->out->act_count;
    script->out->acts[script->out->act_count++] = act;
}

/* --- one line --- */

static void on_clock(script_t *script, text_t line) {
    while (line.size > 0 && line.at[0] == ' ') line = (text_t){line.at + 1, line.size - 1};
    if (!phrase_instant(script->plan, line, &script->clock_ms)) script->wrong = "时 wants YYYY-MM-DD HH:MM";
}

static void on_routine(script_t *script, text_t line, uint32_t number) {
    routine_t routine = {.line = number};
    uint32_t hour = 0, minute = 0;
    text_t day = phrase_word(&line), time = phrase_word(&line), who = line;
    bool clock = time.size == 5 && word_number((text_t){time.at, 2}, &hour) && word_number((text_t){time.at + 3, 2}, &minute);
    if (!word_number(day, &routine.day) || !clock || hour > 23 || minute > 59) {
        script->wrong = "每月 wants DAY HH:MM UNIT TASK";
        return;
    }
    routine.minute = hour * 60 + minute;
    if (text_is(phrase_word(&who), "全体"))
        line = who;
    else
        routine.unit = unit_word(script, &line);
    routine.task = phrase_word(&line);
    routine.words = line;
    if (planbook_task(script->book, routine.task) == NULL)
        script->wrong = "no such task in the plan";
    else if (script->routine_count == ROUTINES)
        script->wrong = "too many 每月 lines";
    else
        script->routines[script->routine_count++] = routine;
}

static void on_exception(script_t *script, text_t line) {
    exception_t exception = {.unit = unit_word(script, &line)};
    exception.task = phrase_word(&line);
    exception.period = phrase_word(&line);
    if (planbook_task(script->book, exception.task) == NULL || planbook_period(script->book, exception.period) == NULL)
        script->wrong = "除 wants UNIT TASK PERIOD of the plan";
    else if (script->exception_count == ROUTINES)
        script->wrong = "too many 除 lines";
    else
        script->exceptions[script->exception_count++] = exception;
}

static void on_act(script_t *script, act_kind_t kind, text_t name, text_t line, uint32_t number) {
    act_t act = {.kind = kind, .line = number, .at_ms = script->clock_ms, .name = name};
    if (script->clock_ms == 0) script->wrong = "时 comes before the first act";
    read_expectation(script, &line, &act);
    if (kind == ACT_REPORT || kind == ACT_CHECK)
        act.unit = unit_word(script, &line);
    else if (kind != ACT_CLOSE && kind != ACT_SEAL)
        act.name = phrase_word(&line);
    while (line.size > 0 && line.at[0] == ' ') line = (text_t){line.at + 1, line.size - 1};
    act.phrase = line;
    add_act(script, act);
}

static void on_final(script_t *script, text_t line, uint32_t number) {
    if (script->out->final_count == FINALS)
        script->wrong = "too many 期末 lines";
    else
        script->out->finals[script->out->final_count++] = (final_t){number, line};
}

static void on_line(script_t *script, text_t line, uint32_t number) {
    text_t word = phrase_word(&line);
    if (word.size == 0 || word.at[0] == '#') return;
    text_t name = {0};
    if (word.size > 4 && memcmp(word.at, "报#", 4) == 0) {
        name = (text_t){word.at + 4, word.size - 4};
        word.size = 3;
    }
    if (text_is(word, "时"))
        on_clock(script, line);
    else if (text_is(word, "每月"))
        on_routine(script, line, number);
    else if (text_is(word, "除"))
        on_exception(script, line);
    else if (text_is(word, "报"))
        on_act(script, ACT_REPORT, name, line, number);
    else if (text_is(word, "试"))
        on_act(script, ACT_CHECK, name, line, number);
    else if (text_is(word, "重发"))
        on_act(script, ACT_REPEAT, name, line, number);
    else if (text_is(word, "冒用"))
        on_act(script, ACT_MISUSE, name, line, number);
    else if (text_is(word, "经办退回"))
        on_act(script, ACT_RETURN, name, line, number);
    else if (text_is(word, "经办通过"))
        on_act(script, ACT_APPROVE, name, line, number);
    else if (text_is(word, "延期"))
        on_act(script, ACT_EXTEND, name, line, number);
    else if (text_is(word, "办结"))
        on_act(script, ACT_CLOSE, name, line, number);
    else if (text_is(word, "封存"))
        on_act(script, ACT_SEAL, name, line, number);
    else if (text_is(word, "期末"))
        on_final(script, line, number);
    else
        script->wrong = "no such line";
}

/* --- the routine, spread --- */

/* {a|b|c} by the period's index, {期} {月} {单位}. */
static text_t fill(script_t *script, text_t words, const period_t *period, uint32_t index, text_t unit) {
    buffer_t out = {0};
    for (uint32_t at = 0; at < words.size; at++) {
        const char *close = words.at[at] == '{' ? memchr(words.at + at, '}', words.size - at) : NULL;
        if (close == NULL) {
            buffer_add(&out, words.at + at, 1);
            continue;
        }
        text_t inner = {words.at + at + 1, (uint32_t)(close - words.at) - at - 1}, value = inner;
        if (text_is(inner, "期"))
            value = period->id;
        else if (text_is(inner, "月"))
            value = arena_format(script->cli->arena, "%02u", period->from / 100 % 100);
        else if (text_is(inner, "单位"))
            value = unit;
        else
            for (uint32_t skip = index;; skip--) {
                const char *bar = memchr(value.at, '|', value.size);
                text_t head = {value.at, bar == NULL ? value.size : (uint32_t)(bar - value.at)};
                if (skip == 0 || bar == NULL) {
                    value = head;
                    break;
                }
                value = (text_t){bar + 1, value.size - head.size - 1};
            }
        buffer_add(&out, value.at, value.size);
        at = (uint32_t)(close - words.at);
    }
    text_t text = arena_text(script->cli->arena, (text_t){(const char *)out.at, (uint32_t)out.size});
    buffer_destroy(&out);
    return text;
}

static const routine_t *routine_for(const script_t *script, text_t unit, text_t task) {
    const routine_t *found = NULL;
    for (uint32_t index = 0; index < script->routine_count; index++) {
        const routine_t *routine = &script->routines[index];
        if (!text_equal(routine->task, task)) continue;
        if (text_equal(routine->unit, unit)) return routine;
        if (routine->unit.size == 0) found = routine;
    }
    return found;
}

static bool excepted(const script_t *script, text_t unit, text_t task, text_t period) {
    for (uint32_t index = 0; index < script->exception_count; index++) {
        const exception_t *one = &script->exceptions[index];
        if (text_equal(one->unit, unit) && text_equal(one->task, task) && text_equal(one->period, period)) return true;
    }
    return false;
}

static void spread_period(script_t *script, const period_t *period, uint32_t nth) {
    for (uint32_t t = 0; t < script->plan->tasks_count; t++)
        for (uint32_t u = 0; u < script->plan->units_count; u++) {
            const task_t *task = &script->plan->tasks[t];
            const unit_t *unit = &script->plan->units[u];
            const routine_t *routine = routine_for(script, unit->id, task->id);
            if (routine == NULL || !planbook_owes(script->book, unit, task, period)) continue;
            if (excepted(script, unit->id, task->id, period->id)) continue;
            text_t words = fill(script, routine->words, period, nth, unit->id);
            add_act(script,
                    (act_t){.kind = ACT_REPORT,
                            .line = routine->line,
                            .unit = unit->id,
                            .at_ms = instant_of_day(script->plan, period->from / 100 * 100 + routine->day, routine->minute),
                            .phrase = arena_format(script->cli->arena, TEXT_FORMAT " " TEXT_FORMAT TEXT_FORMAT,
                                                   TEXT_ARGS(task->id), TEXT_ARGS(period->id), TEXT_ARGS(words))});
        }
}

static int act_order(const void *left, const void *right) {
    const act_t *a = left, *b = right;
    if (a->at_ms != b->at_ms) return a->at_ms < b->at_ms ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

int scenario_read(cli_t *cli, const char *file, text_t text, scenario_t *out) {
    *out = (scenario_t){.acts = ARENA_NEW(cli->arena, act_t, ACTS), .finals = ARENA_NEW(cli->arena, final_t, FINALS)};
    script_t script = {.cli = cli,
                       .book = cli_plan(cli),
                       .out = out,
                       .routines = ARENA_NEW(cli->arena, routine_t, ROUTINES),
                       .exceptions = ARENA_NEW(cli->arena, exception_t, ROUTINES)};
    if (script.book == NULL)
        return cli_fail(cli, EX_NOINPUT, "此账本没有计划文件", "this home keeps no plan file", "plan.yaml");
    script.plan = planbook_plan(script.book);
    uint32_t number = 0;
    while (text.size > 0) {
        const char *end = memchr(text.at, '\n', text.size);
        uint32_t size = end == NULL ? text.size : (uint32_t)(end - text.at);
        number++;
        on_line(&script, (text_t){text.at, size}, number);
        if (script.wrong != NULL)
            return cli_fail(cli, EX_DATAERR, "剧本有误", "the scenario is wrong",
                            arena_format(cli->arena, "%s:%u: %s", file, number, script.wrong).at);
        text = (text_t){text.at + size + (end != NULL), text.size - size - (end != NULL)};
    }
    uint32_t nth = 0;
    for (uint32_t index = 0; index < script.plan->periods_count; index++)
        if (!script.plan->periods[index].confirmation) spread_period(&script, &script.plan->periods[index], nth++);
    qsort(out->acts, out->act_count, sizeof *out->acts, act_order);
    return EXIT_WELL;
}
