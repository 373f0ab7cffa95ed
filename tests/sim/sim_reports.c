/* Reports out of luck: mostly right, now and then wrong in one of the ways that units are wrong. */
#include <string.h>

#include "proto/content.h"
#include "tests/sim/sim.h"

enum { ITEMS = 3 };

static text_t texts[][3] = {{{"张三", 6}, {"李四", 6}, {"王五", 6}}};

/* A day on which a fact may lie: from the plan's first day to today, rarely tomorrow. */
static uint32_t fact_day(sim_t *sim) {
    uint32_t today = day_of_instant(&sim->plan, sim->true_ms);
    int64_t gone = day_between(sim->plan.from, today);
    if (gone < 0 || sim_chance(sim, 20)) return day_add(today, 1);
    return day_add(sim->plan.from, (int64_t)sim_draw(sim, (uint64_t)gone + 1));
}

static void people_fill(sim_t *sim, figure_t *figure) {
    item_t *items = ARENA_NEW(sim->arena, item_t, ITEMS);
    uint32_t count = 1 + (uint32_t)sim_draw(sim, ITEMS), first = (uint32_t)sim_draw(sim, ITEMS);
    for (uint32_t index = 0; index < count; index++) {
        items[index] = (item_t){.key_kind = key_kind_person, .fact_day = fact_day(sim)};
        items[index].person.text = texts[0][(first + index) % ITEMS];
        if (sim_chance(sim, 100)) items[index].out_day = items[index].fact_day;
    }
    figure->items = items;
    figure->items_count = count;
}

/* One number, as one clerk types it or another. */
static text_t key_typed(sim_t *sim, uint64_t number) {
    static const char *const ways[] = {"k%llu", "K%llu", "ｋ%llu", "k　%llu", " K\xe2\x80\x8b%llu"};
    return arena_format(sim->arena, ways[sim_draw(sim, sizeof ways / sizeof ways[0])], (unsigned long long)number);
}

static int64_t items_fill(sim_t *sim, const indicator_t *indicator, figure_t *figure, int64_t unit) {
    item_t *items = ARENA_NEW(sim->arena, item_t, ITEMS);
    uint32_t count = 1 + (uint32_t)sim_draw(sim, ITEMS);
    uint64_t first = sim_chance(sim, 700) ? sim_draw(sim, 3) : sim_draw(sim, 1000000000); /* often one that others name too */
    int64_t sum = 0;
    for (uint32_t index = 0; index < count; index++) {
        int64_t amount = unit * (int64_t)(1 + sim_draw(sim, 40));
        items[index] = (item_t){.key_kind = indicator->key_kind == key_kind_none ? key_kind_contract : indicator->key_kind,
                                .key = key_typed(sim, first + index),
                                .fact_day = fact_day(sim),
                                .amount = {true, amount}};
        sum += amount;
    }
    figure->items = items;
    figure->items_count = count;
    return sum;
}

static void sum_fill(sim_t *sim, const indicator_t *indicator, figure_t *figure) {
    int64_t unit = indicator->measure == measure_money ? 5000 : 1;
    int64_t amount = unit * (int64_t)sim_draw(sim, 60);
    bool needs = indicator->items == need_required;
    bool has = needs || (indicator->items == need_optional && sim_chance(sim, 400));
    if (has) amount = items_fill(sim, indicator, figure, unit);
    if (!has || sim_chance(sim, 500)) figure->amount = (maybe_t){true, amount};
    if (figure->amount.given && sim_chance(sim, 30)) figure->amount.value += unit; /* perhaps the rows disagree now */
    if (sim_chance(sim, 80)) figure->running = (maybe_t){true, amount + unit * (int64_t)sim_draw(sim, 80)};
    if (!has && sim_chance(sim, 150)) { /* the running total alone, mostly above what stands */
        figure->amount = (maybe_t){0};
        figure->running = (maybe_t){true, unit * (int64_t)(60 + sim_draw(sim, 240))};
    }
    if (sim_chance(sim, indicator->opening ? 250 : 10)) figure->opening = (maybe_t){true, unit * (int64_t)sim_draw(sim, 50)};
}

static void figure_fill(sim_t *sim, const indicator_t *indicator, text_t member, figure_t *figure) {
    *figure = (figure_t){.indicator = indicator->id, .member = member};
    if (sim_chance(sim, 80))
        figure->nil = true;
    else if (indicator->measure == measure_people)
        people_fill(sim, figure);
    else
        sum_fill(sim, indicator, figure);
}

static uint32_t figures_fill(sim_t *sim, const task_t *task, text_t unit, figure_t *figures) {
    uint32_t count = 0;
    for (uint32_t index = 0; index < task->indicators_count; index++) {
        const indicator_t *indicator = &task->indicators[index];
        uint32_t piles = indicator->members_count == 0 ? 1 : indicator->members_count;
        for (uint32_t pile = 0; pile < piles; pile++) {
            text_t member = indicator->members_count == 0 ? text_of(NULL) : indicator->members[pile].id;
            bool mine = indicator_contributed_by(indicator, member, unit);
            if (!sim_chance(sim, !mine ? 15 : indicator->required ? 960 : 700)) continue;
            figure_fill(sim, indicator, member, &figures[count++]);
            if (sim_chance(sim, 10)) figure_fill(sim, indicator, member, &figures[count++]); /* the same figure twice */
        }
    }
    return count;
}

/* Nearly always everything is explained; now and then something is not, and then the soft rules decide. */
static void explain(sim_t *sim, report_t *report) {
    static const explanation_t why[] = {{{"no_evidence", 11}, {"随后补送", 12}},
                                        {{"factor_10000", 12}, {"属实", 6}},
                                        {{"outlier", 7}, {"集中采购", 12}},
                                        {{"same_as_before", 14}, {"按月定额", 12}},
                                        {{"month_skipped", 13}, {"补报中", 9}}};
    enum { CODES = sizeof why / sizeof why[0], OUTLIER = 2 };
    explanation_t *given = ARENA_NEW(sim->arena, explanation_t, CODES);
    for (uint32_t index = 0; index < CODES; index++)
        if (!sim_chance(sim, index == OUTLIER ? 300 : 80)) given[report->explanations_count++] = why[index];
    report->explanations = given;
}

static void report_fill(sim_t *sim, submission_t *submission) {
    const plan_t *plan = &sim->plan;
    const task_t *task = &plan->tasks[submission->task];
    figure_t *figures = ARENA_NEW(sim->arena, figure_t, 16);
    uint64_t known = sim->known_revision[submission->unit][submission->task][submission->period];
    report_t *report = &submission->report;
    *report = (report_t){.task = task->id,
                         .period = plan->periods[submission->period].id,
                         .replaces = known,
                         .figures = figures};
    explain(sim, report);
    report->figures_count = figures_fill(sim, task, plan->units[submission->unit].id, figures);
    if (sim_chance(sim, 950)) report->progress = arena_format(sim->arena, "进展 %u", (unsigned)sim_draw(sim, 10000));
    if (sim_chance(sim, 40)) report->replaces += 1;
    if (sim_chance(sim, 15)) report->task = text_of("t9");
    if (sim_chance(sim, 15)) report->period = text_of("p9");
    approval_t asked = plan_approval(plan, task, &plan->units[submission->unit]);
    uint32_t named = asked == approval_none ? 300 : 930;
    if (sim_chance(sim, named)) report->prepared_by.text = texts[0][sim_draw(sim, 3)];
    if (asked != approval_none && sim_chance(sim, named)) report->reviewed_by.text = texts[0][sim_draw(sim, 3)];
    if (asked == approval_signed && sim_chance(sim, named)) report->signed_by.text = texts[0][sim_draw(sim, 3)];
    memcpy(report->submission_id, submission->id, sizeof submission->id);
}

/* One that an amendment brought, and the last of what he owes. */
static void newcomer_choose(sim_t *sim, submission_t *submission) {
    const plan_t *plan = &sim->plan;
    submission->unit = sim->founders + (uint32_t)sim_draw(sim, plan->units_count - sim->founders);
    for (uint32_t index = 0; index < plan->tasks_count; index++)
        if (task_owed_by(&plan->tasks[index], plan->units[submission->unit].id)) submission->task = index;
}

/* A unit that owes the task, nearly always; a period that is open, nearly always. One place is reported for most of all: only
 * who has several months behind him can be told that this one is odd. */
static void place_choose(sim_t *sim, submission_t *submission) {
    const plan_t *plan = &sim->plan;
    bool usual = sim_chance(sim, 400);
    submission->task = usual ? 0 : (uint32_t)sim_draw(sim, plan->tasks_count);
    const task_t *task = &plan->tasks[submission->task];
    do submission->unit = (uint32_t)sim_draw(sim, plan->units_count);
    while (!task_owed_by(task, plan->units[submission->unit].id) && !sim_chance(sim, 50));
    if (usual) submission->unit = planbook_unit_index(sim->book, planbook_unit(sim->book, task->lead[0]));
    if (plan->units_count > sim->founders && sim_chance(sim, 350)) newcomer_choose(sim, submission);
    uint32_t open = 0, today = day_of_instant(plan, sim->true_ms);
    while (open < plan->periods_count && plan->periods[open].from <= today) open++;
    submission->period =
        open == 0 || sim_chance(sim, 20) ? (uint32_t)sim_draw(sim, plan->periods_count) : (uint32_t)sim_draw(sim, open);
}

void sim_report_new(sim_t *sim) {
    if (sim->submission_count == SIM_SUBMISSIONS) return;
    uint32_t number = sim->submission_count++;
    submission_t *submission = &sim->submissions[number];
    place_choose(sim, submission);
    uint64_t words[2] = {sim_draw(sim, UINT64_MAX), number + 1};
    memcpy(submission->id, words, sizeof submission->id);
    if (number > 0 && sim_chance(sim, 50)) { /* an id that is taken, often by this very unit */
        const submission_t *other = &sim->submissions[sim_draw(sim, number)];
        memcpy(submission->id, other->id, sizeof submission->id);
        if (sim_chance(sim, 700)) submission->unit = other->unit;
    }
    submission->generation = sim->newest_generation[submission->unit];
    if (submission->generation == 0) submission->generation = 1; /* a newcomer's, that nobody has registered yet */
    sim_login_choose(sim, submission);
    report_fill(sim, submission);
    sim_trace(sim, "report %u: u%u " TEXT_FORMAT " " TEXT_FORMAT " replaces %llu, %u figures, key %llu", number,
              submission->unit, TEXT_ARGS(submission->report.task), TEXT_ARGS(submission->report.period),
              (unsigned long long)submission->report.replaces, submission->report.figures_count,
              (unsigned long long)submission->generation);
    if (sim_chance(sim, 60)) { /* the same content once more under another id: another program of the same unit */
        if (sim->submission_count == SIM_SUBMISSIONS) return;
        submission_t *twin = &sim->submissions[sim->submission_count++];
        *twin = *submission;
        twin->id[15] ^= 0x80;
        memcpy(twin->report.submission_id, twin->id, sizeof twin->id);
    }
}
