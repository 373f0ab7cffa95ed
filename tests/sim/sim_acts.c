/* What units do beside reporting, right or wrong; nobody waits for what is said to them. */
#include "proto/wire.h"
#include "tests/sim/sim_recount.h"

static void act_send(sim_t *sim, uint32_t unit, const message_t *type, const void *act) {
    uint32_t generation = (uint32_t)sim->newest_generation[unit];
    buffer_t body = {0}, frame = {0};
    if (generation > 1 && sim_chance(sim, 100)) generation--; /* somebody kept the key before */
    packet_encode(0, type, act, &body);
    if (sim->login_count > 0 && sim_chance(sim, 500)) {
        sim_console_act(sim, unit, (bytes_t){body.at, (uint32_t)body.size});
        buffer_destroy(&body);
        return;
    }
    unit_act_t ask = {.unit = sim->plan.units[unit].id, .key_generation = generation == 0 ? 1 : generation,
                      .body = {body.at, (uint32_t)body.size}};
    packet_encode(0, unit_act_type(), &ask, &frame);
    sim_send(sim, ACTOR_DOOR, ACTOR_INTAKE, (bytes_t){frame.at, (uint32_t)frame.size});
    buffer_destroy(&body);
    buffer_destroy(&frame);
}

static uint32_t day_near(sim_t *sim, uint64_t span, int64_t before) {
    return day_add(day_of_instant(&sim->plan, sim->true_ms), (int64_t)sim_draw(sim, span) - before);
}

/* It answers for one of its reports. */
static void act_answer(sim_t *sim, uint32_t unit) {
    warning_decide_t decide = {.decision = warning_decision_answered,
                               .task = sim->plan.tasks[sim_draw(sim, sim->plan.tasks_count)].id,
                               .period = sim->plan.periods[sim_draw(sim, sim->plan.periods_count)].id,
                               .by = day_near(sim, 12, 2)};
    crypto_random(decide.submission_id, sizeof decide.submission_id);
    act_send(sim, unit, warning_decide_type(), &decide);
}

/* --- planned measures: as told a moment ago, or as remembered wrongly --- */

static bool validation_is_up(sim_t *sim) { return sim_fold_named(sim, "validation")->stage != NULL; }

static uint32_t last_day(const sim_t *sim) {
    uint32_t last = sim->plan.periods[sim->plan.periods_count - 1].to;
    return sim->plan.to > last ? sim->plan.to : last;
}

/* A day from today to the plan's end; now and then one that cannot be. */
static uint32_t due_of(sim_t *sim) {
    uint32_t today = day_of_instant(&sim->plan, sim->true_ms), last = last_day(sim);
    int64_t left = today < last ? day_between(today, last) : 0;
    if (sim_chance(sim, 80)) return sim_chance(sim, 300) ? 0 : day_near(sim, 90, 20);
    return day_add(today, (int64_t)sim_draw(sim, (uint64_t)left + 1));
}

static text_t some_task(sim_t *sim, uint32_t unit) {
    uint32_t task = (uint32_t)sim_draw(sim, sim->plan.tasks_count);
    for (uint32_t tries = 0; tries < 3 && !task_owed_by(&sim->plan.tasks[task], sim->plan.units[unit].id); tries++)
        task = (uint32_t)sim_draw(sim, sim->plan.tasks_count);
    return sim->plan.tasks[task].id;
}

static void measure_say(sim_t *sim, planned_measure_t *measure) {
    static const char *const items[] = {"就业专场", "展销活动", "结对走访", "干部培训", "捐赠物资"};
    static const char *const plans[] = {"分两批实施", "由镇街承办", "按月推进"};
    if (measure->number == 0 || sim_chance(sim, 300)) measure->item = text_of(items[sim_draw(sim, 5)]);
    if (sim_chance(sim, measure->number == 0 ? 920 : 500)) measure->plan = text_of(plans[sim_draw(sim, 3)]);
    if (measure->state != measure_state_planned && sim_chance(sim, 920)) measure->why = text_of("情况有变");
    if (measure->state != measure_state_done) return;
    measure->done_day = sim_chance(sim, 900) ? day_near(sim, 3, 3) : day_near(sim, 6, 2);
    if (sim_chance(sim, 900)) measure->result = text_of("已办结");
}

static measure_enter_t measure_new(sim_t *sim, uint32_t unit) {
    measure_enter_t enter = {.replaces = sim_chance(sim, 30)};
    enter.measure.state = sim_chance(sim, 850) ? measure_state_planned : measure_state_planned + (uint32_t)sim_draw(sim, 3);
    enter.measure.task = some_task(sim, unit);
    enter.measure.due = due_of(sim);
    measure_say(sim, &enter.measure);
    return enter;
}

/* Of the one that was told; under a revision that was there a while ago, or a number that never was, now and then. */
static measure_enter_t measure_change(sim_t *sim, const measure_row_t *row) {
    measure_enter_t enter = {.replaces = row->revision};
    enter.measure.number = row->measure.number + sim_chance(sim, 40);
    enter.measure.state = measure_state_planned + (uint32_t)sim_draw(sim, 5) % 3;
    if (sim_chance(sim, 120)) enter.replaces = sim_draw(sim, row->revision + 2);
    if (sim_chance(sim, 60)) enter.measure.task = some_task(sim, 0);
    if (sim_chance(sim, 500)) enter.measure.due = due_of(sim);
    measure_say(sim, &enter.measure);
    return enter;
}

static void act_measure(sim_t *sim, uint32_t unit) {
    measures_t told;
    measures_ask_t ask = {.unit = sim->plan.units[unit].id};
    if (!validation_is_up(sim) || !sim_ask_early(sim, "validation", measures_ask_type(), &ask, measures_type(), &told)) return;
    uint32_t times = sim_chance(sim, 250) ? 2 : 1; /* two clerks who do not know of one another */
    const measure_row_t *row = told.rows_count == 0 || sim_chance(sim, 350) ? NULL : &told.rows[sim_draw(sim, told.rows_count)].row;
    while (times-- > 0) {
        measure_enter_t enter = row == NULL ? measure_new(sim, unit) : measure_change(sim, row);
        crypto_random(enter.submission_id, sizeof enter.submission_id);
        act_send(sim, unit, measure_enter_type(), &enter);
        if (sim_chance(sim, 200)) act_send(sim, unit, measure_enter_type(), &enter); /* the answer was lost: once more */
        sim_trace(sim, "u%u says of measure %llu, revision %llu: %s", unit, (unsigned long long)enter.measure.number,
                  (unsigned long long)enter.replaces, WORD_EN(measure_state, enter.measure.state));
    }
}

/* --- more time --- */

/* Mostly for a report that is still owed, and mostly for longer than it has. */
static void act_request(sim_t *sim, uint32_t unit) {
    static const char *const whys[] = {"数据未到", "人员外出", ""};
    const period_t *period = &sim->plan.periods[sim_draw(sim, sim->plan.periods_count)];
    uint32_t today = day_of_instant(&sim->plan, sim->true_ms), from = period->due > today ? period->due : today;
    extension_request_t request = {.task = some_task(sim, unit),
                                   .period = period->id,
                                   .until = day_add(from, (int64_t)sim_draw(sim, 8)),
                                   .why = text_of(whys[sim_draw(sim, 13) / 6])};
    if (sim_chance(sim, 100)) request.until = sim_chance(sim, 500) ? 0 : day_near(sim, 900, 20);
    uint32_t times = sim_chance(sim, 300) ? 2 : 1; /* it asks again, for the same or for more */
    while (times-- > 0) {
        crypto_random(request.submission_id, sizeof request.submission_id);
        act_send(sim, unit, extension_request_type(), &request);
        if (request.until != 0) request.until = day_add(request.until, (int64_t)sim_draw(sim, 3));
    }
    sim_trace(sim, "u%u asks for more time for " TEXT_FORMAT, unit, TEXT_ARGS(period->id));
}

/* What the unit asked for, or something else; under the number of its request, or of one that was answered before. */
bool sim_request_choose(sim_t *sim, extension_decide_t *decide) {
    requests_t told;
    requests_ask_t ask = {.open_only = sim_chance(sim, 850)};
    if (!validation_is_up(sim) || sim_chance(sim, 200)) return false;
    if (!sim_ask_early(sim, "validation", requests_ask_type(), &ask, requests_type(), &told) || told.rows_count == 0) return false;
    const request_row_t *row = &told.rows[sim_draw(sim, told.rows_count)];
    decide->unit = arena_text(sim->arena, row->unit);
    decide->task = arena_text(sim->arena, row->task);
    decide->period = arena_text(sim->arena, row->period);
    decide->request_seq = sim_chance(sim, 950) ? row->seq : row->seq + sim_draw(sim, 3);
    if (decide->decision == decision_extended) decide->until = sim_chance(sim, 900) ? row->until : decide->until;
    return true;
}

static void (*const acts[])(sim_t *sim, uint32_t unit) = {act_answer, act_measure, act_request};

void sim_act(sim_t *sim) {
    acts[sim_draw(sim, sizeof acts / sizeof acts[0])](sim, (uint32_t)sim_draw(sim, sim->plan.units_count));
}
