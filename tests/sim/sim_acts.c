/* What units do beside reporting, right or wrong; nobody waits for what is said to them. */
#include "proto/wire.h"
#include "tests/sim/sim.h"

static void act_send(sim_t *sim, uint32_t unit, const message_t *type, const void *act) {
    uint32_t generation = (uint32_t)sim->newest_generation[unit];
    buffer_t body = {0}, frame = {0};
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

/* It plans a measure, or changes, finishes, withdraws one, mostly in an order that holds. */
static void act_measure(sim_t *sim, uint32_t unit) {
    static const char *const items[] = {"就业专场", "展销活动", "结对走访"};
    measure_enter_t enter = {.replaces = sim_draw(sim, 3)};
    planned_measure_t *measure = &enter.measure;
    measure->state = measure_state_planned + (uint32_t)sim_draw(sim, 3);
    measure->number = enter.replaces == 0 ? 0 : 1 + sim_draw(sim, 3);
    if (measure->number == 0) measure->task = sim->plan.tasks[sim_draw(sim, sim->plan.tasks_count)].id;
    measure->item = text_of(items[sim_draw(sim, 3)]);
    measure->plan = text_of(sim_chance(sim, 500) ? "分两批实施" : "");
    measure->due = sim_chance(sim, 800) ? day_near(sim, 60, 5) : 0;
    if (measure->state != measure_state_planned) measure->why = text_of("情况有变");
    if (measure->state == measure_state_done) {
        measure->done_day = day_near(sim, 6, 5);
        measure->result = text_of("已办结");
    }
    crypto_random(enter.submission_id, sizeof enter.submission_id);
    act_send(sim, unit, measure_enter_type(), &enter);
    if (sim_chance(sim, 200)) act_send(sim, unit, measure_enter_type(), &enter); /* the answer was lost: once more */
}

/* It asks for more time; an officer may answer some of it, by number or not. */
static void act_request(sim_t *sim, uint32_t unit) {
    extension_request_t request = {.task = sim->plan.tasks[sim_draw(sim, sim->plan.tasks_count)].id,
                                   .period = sim->plan.periods[sim_draw(sim, sim->plan.periods_count)].id,
                                   .until = sim_chance(sim, 900) ? day_near(sim, 60, 5) : 0,
                                   .why = text_of(sim_chance(sim, 900) ? "数据未到" : "")};
    crypto_random(request.submission_id, sizeof request.submission_id);
    act_send(sim, unit, extension_request_type(), &request);
    sim_trace(sim, "u%u asks for more time", unit);
}

static void (*const acts[])(sim_t *sim, uint32_t unit) = {act_answer, act_measure, act_request};

void sim_act(sim_t *sim) {
    acts[sim_draw(sim, sizeof acts / sizeof acts[0])](sim, (uint32_t)sim_draw(sim, sim->plan.units_count));
}
