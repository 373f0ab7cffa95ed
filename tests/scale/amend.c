/* A plan amended in mid-year must end where a year ends that had that plan from the start: same targets, same obligations. The
 * six villages get names and a smaller goal, due days move both ways, a unit joins in October; and what cannot be amended is
 * refused. */
#include "tests/scale/scale.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/json.h"
#include "proto/plan_parts.h"
#include "services/plan/calendar.h"
#include "services/stage/home.h"
#include "tests/sim/world.h"

#define MUST(condition)                                                                                                        \
    do {                                                                                                                       \
        if (!(condition)) {                                                                                                    \
            fprintf(stderr, "amend: %s:%d: %s\n", __FILE__, __LINE__, #condition);                                             \
            exit(1);                                                                                                           \
        }                                                                                                                      \
    } while (0)

enum { FIGURES = 4, ITEMS = 8, EXPLAINED = 4 };

/* A report as it is made up. */
typedef struct {
    report_t report;
    figure_t figures[FIGURES];
    item_t items[ITEMS];
    evidence_t evidence;
    explanation_t explained[EXPLAINED];
} made_t;

static uint32_t reports_made; /* ids of both worlds agree */

static made_t *made_new(arena_t *arena, const char *task, const char *period) {
    made_t *made = ARENA_NEW(arena, made_t, 1);
    made->evidence = (evidence_t){.name = text_of("scan.pdf")};
    memset(made->evidence.sha256, 7, sizeof made->evidence.sha256);
    made->report = (report_t){.task = text_of(task),
                              .period = text_of(period),
                              .figures = made->figures,
                              .evidence = &made->evidence,
                              .evidence_count = 1,
                              .progress = text_of("进展正常")};
    static const char *const soft[EXPLAINED] = {"month_skipped", "outlier", "same_as_before", "factor_10000"};
    for (uint32_t index = 0; index < EXPLAINED; index++)
        made->explained[index] = (explanation_t){.code = text_of(soft[index]), .text = text_of("属实")};
    made->report.explanations = made->explained;
    made->report.explanations_count = EXPLAINED;
    reports_made++;
    memcpy(made->report.submission_id, &reports_made, sizeof reports_made);
    made->report.submission_id[15] = 1;
    return made;
}

static figure_t *made_add(made_t *made, const char *indicator, const char *member, int64_t amount) {
    figure_t *figure = &made->figures[made->report.figures_count++];
    *figure = (figure_t){.indicator = text_of(indicator), .member = text_of(member), .amount = {true, amount}};
    return figure;
}

static void made_send(world_t *world, const char *unit, const made_t *made, arena_t *arena) {
    world_answer_t answer = world_report(world, text_of(unit), &made->report, arena);
    if (!answer.refused && answer.verdict.accepted) return;
    const reason_t *reason = answer.refused ? answer.refusal.reasons : answer.verdict.reasons;
    fprintf(stderr, "amend: %s " TEXT_FORMAT ": " TEXT_FORMAT " " TEXT_FORMAT "\n", unit, TEXT_ARGS(made->report.task),
            TEXT_ARGS(reason->code), TEXT_ARGS(reason->path));
    exit(1);
}

static void send_sales(world_t *world, const char *unit, const char *period, int64_t fen, arena_t *arena) {
    made_t *made = made_new(arena, "consumption", period);
    made_add(made, "sales", NULL, fen);
    made_send(world, unit, made, arena);
}

static void send_pairing(world_t *world, const char *period, int64_t fen, uint64_t replaces, arena_t *arena) {
    made_t *made = made_new(arena, "pairing", period);
    made->report.replaces = replaces;
    made_add(made, "town-fund", "town-350104101", fen * 2);
    made_add(made, "village-fund", "village-1", fen);
    made_add(made, "village-fund", "village-2", fen / 2);
    made_send(world, "350104101", made, arena);
}

static void send_labor(world_t *world, const char *period, int64_t workers, arena_t *arena) {
    made_t *made = made_new(arena, "labor", period);
    made_add(made, "workers-placed", NULL, workers);
    made_add(made, "workers-poor", NULL, workers / 3);
    made_send(world, "rsj", made, arena);
}

/* Seven teachers: two of them begin late, one leaves. */
static void send_teachers(world_t *world, const char *period, arena_t *arena) {
    static const char *const names[] = {"甲", "乙", "丙", "丁", "戊", "己", "庚"};
    made_t *made = made_new(arena, "talent", period);
    figure_t *figure = made_add(made, "teachers", NULL, 0);
    figure->amount.given = false;
    figure->items = made->items;
    for (uint32_t index = 0; index < 7; index++) {
        item_t *item = &made->items[figure->items_count++];
        *item = (item_t){.key_kind = key_kind_person, .person = {.text = text_of(names[index])}};
        item->fact_day = index < 5 ? 20210825 : 20210905;
        if (index == 3) item->out_day = 20210908;
    }
    made_send(world, "jyj", made, arena);
}

static void send_transfer(world_t *world, const char *period, int64_t fen, uint32_t day, arena_t *arena) {
    made_t *made = made_new(arena, "donation", period);
    made_add(made, "raised", NULL, fen);
    figure_t *figure = made_add(made, "transferred", NULL, fen);
    figure->items = made->items;
    figure->items_count = 1;
    made->items[0] = (item_t){.key_kind = key_kind_receipt, .fact_day = day, .amount = {true, fen}};
    made->items[0].key = arena_format(arena, "R%u", day);
    made_send(world, "csh", made, arena);
}

static int64_t at(const plan_t *plan, uint32_t day, uint32_t hour) { return instant_of_day(plan, day, hour * 60); }

static void advance(world_t *world, const plan_t *plan, uint32_t day, uint32_t hour) {
    refusal_t refusal;
    arena_t *arena = arena_new();
    MUST(world_advance(world, at(plan, day, hour), &refusal, arena));
    arena_destroy(&arena);
}

/* ---------- the amendment ---------- */

static indicator_t *indicator_in(plan_t *plan, const char *id) {
    for (uint32_t task = 0; task < plan->tasks_count; task++)
        for (uint32_t index = 0; index < plan->tasks[task].indicators_count; index++)
            if (text_is(plan->tasks[task].indicators[index].id, id))
                return (indicator_t *)(uintptr_t)&plan->tasks[task].indicators[index];
    MUST(false);
    return NULL;
}

/* plan_read made the lists; nobody else has them. */
#define OWN(type, list) ((type *)(uintptr_t)(list))

static plan_t plan_amended(plan_t plan, arena_t *arena) {
    static const char *const villages[] = {"城门镇对口村甲", "城门镇对口村乙", "盖山镇对口村甲",
                                           "盖山镇对口村乙", "建新镇对口村甲", "建新镇对口村乙"};
    indicator_t *fund = indicator_in(&plan, "village-fund");
    for (uint32_t index = 0; index < 6; index++) OWN(member_t, fund->members)[index].name = text_of(villages[index]);
    fund->target.goal = 300000;                              /* 3,000 元: reached by one of the reports already sent */
    indicator_in(&plan, "raised")->target.goal = 2000000000; /* no longer reached */
    OWN(task_t, plan.tasks)[0].responsible_count--;          /* meetings: somebody owes no report any more */
    OWN(indicator_t, OWN(task_t, plan.tasks)[0].indicators)[0].contributors_count--;
    OWN(indicator_t, OWN(task_t, plan.tasks)[0].indicators)[1].contributors_count--;
    indicator_in(&plan, "transferred")->target.due = 20211010;
    indicator_in(&plan, "new-investment")->target.due = 20211130;
    indicator_in(&plan, "teachers")->target.due = 20210906;
    indicator_in(&plan, "workers-placed")->target.due = 20211031;
    OWN(task_t, plan.tasks)[6].due = 20210906;
    OWN(period_t, plan.periods)[2].due = 20211028; /* October, open when it is amended */
    unit_t *units = ARENA_NEW(arena, unit_t, plan.units_count + 1);
    memcpy(units + 1, plan.units, sizeof *units * plan.units_count); /* in front: positions must not matter */
    units[0] = (unit_t){.id = text_of("newcomer"), .name = text_of("新设管委会"), .kind = unit_kind_body, .from = 20211001};
    plan.units = units;
    plan.units_count++;
    task_t *sales = &OWN(task_t, plan.tasks)[3];
    text_t *responsible = ARENA_NEW(arena, text_t, sales->responsible_count + 1);
    memcpy(responsible, sales->responsible, sizeof *responsible * sales->responsible_count);
    responsible[sales->responsible_count] = units[0].id;
    sales->responsible = responsible;
    sales->responsible_count++;
    return plan;
}

static bool adopt(world_t *world, const plan_t *plan, uint32_t room, refusal_t *refusal, arena_t *arena) {
    plan_parts_t parts;
    fault_t fault;
    MUST(plan_parts_make(plan, room, &parts, &fault) == OK);
    for (uint32_t index = 0; index < parts.adopted.parts; index++) {
        plan_part_t part = plan_parts_at(&parts, index);
        MUST(world_command(world, plan_part_type(), &part, refusal, arena));
    }
    bool taken = world_command(world, plan_adopted_type(), &parts.adopted, refusal, arena);
    plan_parts_destroy(&parts);
    return taken;
}

/* The same but for the period: once with, once without a deadline that moves. */
static plan_t plan_half(plan_t plan, const plan_t *before, arena_t *arena) {
    period_t *periods = ARENA_NEW(arena, period_t, plan.periods_count);
    memcpy(periods, plan.periods, sizeof *periods * plan.periods_count);
    periods[2].due = before->periods[2].due;
    plan.periods = periods;
    return plan;
}

static void year(world_t *world, const plan_t *plan, const plan_t *amended, arena_t *arena) {
    reports_made = 0;
    advance(world, plan, 20210820, 10);
    send_sales(world, "nyncj", "2021-08", 1000000000, arena);
    send_sales(world, "swj", "2021-08", 500000000, arena);
    send_pairing(world, "2021-08", 500000, 0, arena);
    send_labor(world, "2021-08", 120, arena);
    advance(world, plan, 20210910, 10);
    send_teachers(world, "2021-08", arena);
    advance(world, plan, 20210924, 10);
    send_pairing(world, "2021-09", 600000, 0, arena);
    send_labor(world, "2021-09", 200, arena);
    send_transfer(world, "2021-09", 200000000, 20210920, arena);
    advance(world, plan, 20211014, 10);
    send_sales(world, "nyncj", "2021-10", 1700000000, arena);
    send_transfer(world, "2021-10", 150000000, 20211009, arena); /* in time by the old due day, late by the new one */
    refusal_t refusal;
    plan_t half = amended != NULL ? plan_half(*amended, plan, arena) : *plan;
    if (amended != NULL) MUST(adopt(world, &half, 4096, &refusal, arena)); /* in parts: the plan is larger than that */
    if (amended != NULL) world_restart(world);
    advance(world, plan, 20211018, 10);
    if (amended != NULL) MUST(adopt(world, amended, LIMIT_PLAN_PART, &refusal, arena));
    advance(world, plan, 20211027, 10);
    send_sales(world, "350104102", "2021-10", 900000, arena);
    send_pairing(world, "2021-10", 700000, 0, arena);
    advance(world, plan, 20211120, 10);
}

/* ---------- what came of it ---------- */

static void text_of_row(const message_t *type, const void *row, buffer_t *out) { wire_encode(type, row, out); }

static void row_show(const message_t *type, const void *row) {
    json_t *json = message_to_json(type, row);
    char *text = json_dumps(json, JSON_COMPACT);
    fprintf(stderr, "    %s\n", text == NULL ? "?" : text);
    free(text);
    json_decref(json);
}

static uint32_t rows_differ(const char *what, const message_t *type, const void *one, uint32_t one_count, const void *other,
                            uint32_t other_count) {
    uint32_t differing = one_count == other_count ? 0 : 1;
    if (differing > 0) fprintf(stderr, "amend: %s: %u rows and %u\n", what, one_count, other_count);
    for (uint32_t index = 0; index < one_count && index < other_count; index++) {
        buffer_t a = {0}, b = {0};
        text_of_row(type, (const uint8_t *)one + type->size * index, &a);
        text_of_row(type, (const uint8_t *)other + type->size * index, &b);
        if (a.size != b.size || memcmp(a.at, b.at, a.size) != 0) {
            differing++;
            fprintf(stderr, "amend: %s: row %u differs\n", what, index);
            row_show(type, (const uint8_t *)one + type->size * index);
            row_show(type, (const uint8_t *)other + type->size * index);
        }
        buffer_destroy(&a);
        buffer_destroy(&b);
    }
    return differing;
}

static targets_t targets_of(world_t *world, arena_t *arena) {
    targets_t told;
    world_ask(world, WORLD_AGGREGATION, targets_ask_type(), &(targets_ask_t){0}, targets_type(), &told, arena);
    /* entries have other numbers in a ledger that was amended */
    for (uint32_t index = 0; index < told.rows_count; index++)
        for (uint32_t row = 0; row < told.rows[index].proof_count; row++)
            OWN(proof_row_t, told.rows[index].proof)[row].cause_seq = 1;
    return told;
}

static obligations_t obligations_of(world_t *world, arena_t *arena) {
    obligations_t told;
    world_ask(world, WORLD_AGGREGATION, obligations_ask_type(), &(obligations_ask_t){0}, obligations_type(), &told, arena);
    return told;
}

static int order_of_texts(const void *a, const void *b) { return text_compare(*(const text_t *)a, *(const text_t *)b); }

/* What was told since, without numbers and ids, in an order of its own. */
static text_t *warnings_of(world_t *world, int64_t since_ms, uint32_t *count, arena_t *arena) {
    text_t *all = ARENA_NEW(arena, text_t, 16 * LIMIT_ROWS);
    warnings_t told;
    warnings_ask_t ask = {0};
    *count = 0;
    do {
        world_ask(world, WORLD_ALERTING, warnings_ask_type(), &ask, warnings_type(), &told, arena);
        for (uint32_t index = 0; index < told.rows_count && *count < 16 * LIMIT_ROWS; index++) {
            const warning_raised_t *row = &told.rows[index].warning;
            ask.after = told.rows[index].seq;
            if ((int64_t)told.rows[index].at_ms < since_ms) continue;
            all[(*count)++] = arena_format(arena,
                                           "%u " TEXT_FORMAT " to " TEXT_FORMAT " of " TEXT_FORMAT " " TEXT_FORMAT
                                           " " TEXT_FORMAT " " TEXT_FORMAT " due %llu%s",
                                           row->kind, TEXT_ARGS(row->rung), TEXT_ARGS(row->unit), TEXT_ARGS(row->owner),
                                           TEXT_ARGS(row->task), TEXT_ARGS(row->period), TEXT_ARGS(row->indicator),
                                           (unsigned long long)row->due_ms, told.rows[index].resolved ? ", withdrawn" : "");
        }
    } while (told.more);
    qsort(all, *count, sizeof *all, order_of_texts);
    return all;
}

static uint32_t warnings_differ(world_t *one, world_t *other, int64_t since_ms, uint32_t *count, arena_t *arena) {
    uint32_t a_count, b_count, a = 0, b = 0, differing = 0;
    const text_t *as = warnings_of(one, since_ms, &a_count, arena), *bs = warnings_of(other, since_ms, &b_count, arena);
    while (a < a_count || b < b_count) {
        int order = a == a_count ? 1 : b == b_count ? -1 : text_compare(as[a], bs[b]);
        if (order < 0) fprintf(stderr, "amend: warned only if amended: " TEXT_FORMAT "\n", TEXT_ARGS(as[a]));
        if (order > 0) fprintf(stderr, "amend: warned only from the start: " TEXT_FORMAT "\n", TEXT_ARGS(bs[b]));
        differing += order != 0;
        a += order <= 0;
        b += order >= 0;
    }
    *count = a_count;
    return differing;
}

static void refusals_hold(world_t *world, plan_t plan, arena_t *arena) {
    refusal_t refusal;
    plan_t without = plan;
    without.units_count--;
    MUST(!adopt(world, &without, LIMIT_PLAN_PART, &refusal, arena) && text_is(refusal.reasons[0].code, "plan_refused"));
    plan_adopted_t nowhere = {.parts = 3};
    memset(nowhere.hash, 9, sizeof nowhere.hash);
    MUST(!world_command(world, plan_adopted_type(), &nowhere, &refusal, arena));
    MUST(text_is(refusal.reasons[0].code, "plan_part_missing"));
    MUST(!world_command(world, plan_adopted_type(), &(plan_adopted_t){0}, &refusal, arena));
}

/* Who joins a task in November owes it from November on: what was past is nobody's new debt. */
static void joining_holds(world_t *world, plan_t plan, arena_t *arena) {
    task_t *sales = &OWN(task_t, plan.tasks)[3];
    text_t *responsible = ARENA_NEW(arena, text_t, sales->responsible_count + 1);
    memcpy(responsible, sales->responsible, sizeof *responsible * sales->responsible_count);
    responsible[sales->responsible_count++] = text_of("zzb");
    sales->responsible = responsible;
    refusal_t refusal;
    obligations_t told;
    obligations_ask_t ask = {.unit = text_of("zzb"), .task = text_of("consumption")};
    MUST(adopt(world, &plan, LIMIT_PLAN_PART, &refusal, arena));
    world_ask(world, WORLD_AGGREGATION, obligations_ask_type(), &ask, obligations_type(), &told, arena);
    MUST(told.rows_count == 2 && text_is(told.rows[0].period, "2021-11") && told.rows[0].standing == standing_due);
    MUST(text_is(told.rows[1].period, "2021-12") && told.rows[1].standing == standing_not_due);
}

static plan_t plan_of_file(const char *file, arena_t *arena) {
    text_t yaml;
    plan_t plan;
    uint32_t count;
    file_fault_t *faults = ARENA_NEW(arena, file_fault_t, PLAN_FAULTS);
    MUST(home_read(file, arena, LIMIT_PLAN_FILE, &yaml) == OK && plan_read(yaml, arena, &plan, faults, &count) == OK);
    return plan;
}

int scale_amend(int argc, char **argv) {
    const char *file = argc > 0 ? argv[0] : "deploy/plans/2021-cangshan.yaml";
    arena_t *arena = arena_new();
    plan_t before = plan_of_file(file, arena), after = plan_amended(plan_of_file(file, arena), arena);
    plan_fault_t fault = {0};
    uint32_t faults = plan_check(&after, &fault, 1);
    if (faults > 0) fprintf(stderr, "amend: %s %s\n", fault.path, fault.what);
    MUST(faults == 0);
    world_t *amended = world_new(&before, at(&before, 20210731, 0)), *founded = world_new(&after, at(&after, 20210731, 0));
    year(amended, &before, &after, arena);
    year(founded, &after, NULL, arena);
    targets_t one = targets_of(amended, arena), other = targets_of(founded, arena);
    uint32_t differing = rows_differ("targets", target_changed_type(), one.rows, one.rows_count, other.rows, other.rows_count);
    obligations_t owed = obligations_of(amended, arena), owing = obligations_of(founded, arena);
    differing +=
        rows_differ("obligations", obligation_changed_type(), owed.rows, owed.rows_count, owing.rows, owing.rows_count);
    uint32_t warned;
    differing += warnings_differ(amended, founded, at(&before, 20211019, 0), &warned, arena);
    refusals_hold(amended, after, arena);
    joining_holds(amended, after, arena);
    bool replays = world_replays(amended);
    printf("amend: %u targets, %u obligations, %u warnings since as if the plan had been so from the start: %s; replayed: %s\n",
           one.rows_count, owed.rows_count, warned, differing == 0 ? "equal" : "NOT equal", replays ? "equal" : "NOT equal");
    world_destroy(&amended);
    world_destroy(&founded);
    arena_destroy(&arena);
    return differing == 0 && replays ? 0 : 1;
}
