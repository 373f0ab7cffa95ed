/* Bulletins in a world full of faults: announced and published by the operator, and what has to hold of them in the ledger. */
#include <string.h>

#include "services/documents/documents.h"
#include "services/plan/calendar.h"
#include "tests/sim/sim.h"

/* As of the first entry, which no restore loses: what an edition holds is another test's business. */
static edition_t edition_of(const sim_t *sim, const period_t *period, uint64_t number, edition_unit_t *unit,
                            edition_task_t *task) {
    const plan_t *plan = &sim->plan;
    *unit = (edition_unit_t){plan->units[0].id, plan->units[0].name, plan->units[0].kind};
    *task = (edition_task_t){.id = plan->tasks[0].id,
                             .number = plan->tasks[0].number,
                             .name = plan->tasks[0].name,
                             .lead = plan->tasks[0].lead,
                             .lead_count = plan->tasks[0].lead_count};
    return (edition_t){.kind = document_kind_bulletin,
                       .plan = plan->id,
                       .title = plan->title,
                       .coordinator = plan->coordinator,
                       .number = number,
                       .period = period->id,
                       .from = period->from,
                       .to = period->to,
                       .cycle = plan->cycle,
                       .as_of = 1,
                       .now_ms = 1,
                       .units = unit,
                       .units_count = 1,
                       .tasks = task,
                       .tasks_count = 1};
}

static uint64_t part_order(sim_t *sim, const edition_t *edition, uint8_t hash[HASH_SIZE]) {
    buffer_t bytes = {0};
    edition_bytes(edition, &bytes);
    document_part_t part = {.bytes = {bytes.at, (uint32_t)bytes.size}};
    hash_of(part.bytes, part.hash);
    memcpy(hash, part.hash, HASH_SIZE);
    uint64_t size = bytes.size;
    sim_order_new(sim, document_part_type(), &part);
    buffer_destroy(&bytes);
    return size;
}

static uint32_t period_of(const sim_t *sim, text_t id) {
    for (uint32_t index = 0; index < sim->plan.periods_count; index++)
        if (text_equal(sim->plan.periods[index].id, id)) return index;
    return SIM_PERIODS;
}

/* What is remembered of a period stands by its number: its place may change. SIM_PERIODS: the plan does not know it. */
static uint32_t number_of(const sim_t *sim, text_t id) {
    return period_of(sim, id) == SIM_PERIODS ? SIM_PERIODS : (uint32_t)(id.at[1] - '0');
}

/* Against what the ledger announced last, or what was never announced; sent at once. */
static void objection_raise_order(sim_t *sim, const period_t *period) {
    uint32_t officer = (uint32_t)sim_draw(sim, SIM_OFFICERS);
    uint64_t announced_seq = sim->announced_seq[number_of(sim, period->id)];
    objection_raise_t raise = {.kind = document_kind_bulletin,
                               .period = period->id,
                               .announced_seq = announced_seq > 0 ? announced_seq : 1,
                               .unit = sim->plan.units[sim_draw(sim, sim->plan.units_count)].id,
                               .why = text_of("与本单位所报不符")};
    if (sim_order_as(sim, officer, objection_raise_type(), &raise) == NULL) return;
    sim_operator_send(sim, sim->order_count - 1);
    sim_trace(sim, "officer %u enters an objection to " TEXT_FORMAT, officer, TEXT_ARGS(period->id));
}

/* An answer to the objection that was heard of last, by who is guessed to be right; or one more objection. */
static void objection_order(sim_t *sim, const period_t *period) {
    uint32_t officer = (uint32_t)sim_draw(sim, SIM_OFFICERS);
    if (sim->objected_seq > 0 && sim_chance(sim, 600)) {
        objection_answer_t answer = {.objection_seq = sim->objected_seq,
                                     .ruling = sim_chance(sim, 500) ? objection_ruling_upheld : objection_ruling_dismissed,
                                     .why = text_of("已核对")};
        sim_order_as(sim, officer, objection_answer_type(), &answer);
        sim_trace(sim, "officer %u answers objection %llu", officer, (unsigned long long)sim->objected_seq);
        return;
    }
    objection_raise_order(sim, period);
}

static void announcement_order(sim_t *sim, const period_t *period) {
    edition_unit_t unit;
    edition_task_t task;
    edition_t edition = edition_of(sim, period, 0, &unit, &task);
    document_announced_t told = {.kind = document_kind_bulletin, .period = period->id, .parts = 1, .as_of = 1};
    told.size = part_order(sim, &edition, told.hash);
    sim_order_new(sim, document_announced_type(), &told);
    sim_trace(sim, "operator announces the bulletin of " TEXT_FORMAT, TEXT_ARGS(period->id));
}

/* Under the number that follows those whose publication was answered; now and then under a wrong one. */
static void publication_order(sim_t *sim, const period_t *period) {
    edition_unit_t unit;
    edition_task_t task;
    uint64_t number = sim_chance(sim, 800) ? sim->published_count + 1 : 1 + sim_draw(sim, 3);
    edition_t edition = edition_of(sim, period, number, &unit, &task);
    document_published_t told = {.kind = document_kind_bulletin,
                                 .period = period->id,
                                 .parts = 1,
                                 .as_of = 1,
                                 .number = number,
                                 .layout = PAPER_LAYOUT,
                                 .html_hash = {1},
                                 .docx_hash = {1}};
    told.size = part_order(sim, &edition, told.hash);
    sim_order_new(sim, document_published_type(), &told);
    sim_trace(sim, "operator publishes bulletin %llu, of " TEXT_FORMAT, (unsigned long long)number, TEXT_ARGS(period->id));
}

/* Mostly what follows for the bulletin at work, or for any other. Orders reach the ledger in any order, some more than once,
 * some too early: what is wrong is refused. */
void sim_operator_document(sim_t *sim) {
    enum { KEPT_FREE = 16 };
    if (sim->order_count + KEPT_FREE >= SIM_ORDERS) return;
    uint32_t at = sim_chance(sim, 700) ? sim->bulletin : (uint32_t)sim_draw(sim, sim->plan.periods_count);
    const period_t *period = &sim->plan.periods[at];
    uint64_t luck = sim_draw(sim, 100);
    bool announced = sim->announced_seq[number_of(sim, period->id)] > 0;
    if (luck < (announced ? 6 : 80)) announcement_order(sim, period);
    else if (luck < (announced ? 35 : 90)) objection_order(sim, period);
    else publication_order(sim, period);
}

/* The office learns what its order became. Who objects does so soon, or the window is over. */
void sim_documents_answered(sim_t *sim, const order_t *order, uint64_t seq) {
    packet_t body;
    fault_t fault;
    document_announced_t told;
    document_published_t out;
    if (packet_decode(order->command.body, &body, &fault) != OK) return;
    if (body.kind == KIND_objection_raise) sim->objected_seq = seq;
    if (body.kind == KIND_document_published && packet_body(&body, document_published_type(), sim->moment, &out, &fault) == OK) {
        if (out.number > sim->published_count) sim->published_count = out.number;
        sim->bulletin = (period_of(sim, out.period) + 1) % sim->plan.periods_count;
    }
    if (body.kind != KIND_document_announced || packet_body(&body, document_announced_type(), sim->moment, &told, &fault) != OK)
        return;
    uint32_t period = period_of(sim, told.period), number = number_of(sim, told.period);
    if (period == SIM_PERIODS) return;
    bool news = sim->announced_seq[number] != seq;
    sim->announced_seq[number] = seq;
    sim->bulletin = period;
    if (news && sim_chance(sim, 450) && sim->officer_count == SIM_OFFICERS) objection_raise_order(sim, &sim->plan.periods[period]);
}

/* --- along the ledger --- */

static bool part_seen(const sim_documents_walk_t *walk, const uint8_t hash[HASH_SIZE]) {
    for (uint32_t index = 0; index < walk->part_count; index++)
        if (memcmp(walk->parts[index], hash, HASH_SIZE) == 0) return true;
    return false;
}

static void walk_published(sim_documents_walk_t *walk, sim_t *sim, const event_t *event) {
    document_published_t told;
    fault_t fault;
    bool read = event_body(event, document_published_type(), sim->moment, &told, &fault) == OK;
    uint32_t period = read ? number_of(sim, told.period) : SIM_PERIODS;
    unsigned long long seq = (unsigned long long)event->seq;
    SIM_HOLDS(sim, "documents_are_whole", period < SIM_PERIODS && part_seen(walk, told.hash), "entry %llu", seq);
    SIM_HOLDS(sim, "published_once", !walk->published[period], "entry %llu publishes it again", seq);
    SIM_HOLDS(sim, "numbers_ascend", told.number == ++walk->numbers, "entry %llu has number %llu, not %llu", seq,
              (unsigned long long)told.number, (unsigned long long)walk->numbers);
    int64_t announced_ms = walk->announced_ms[period];
    int64_t open_until_ms = working_hours_after(&sim->plan, announced_ms, LIMIT_OBJECTION_HOURS);
    SIM_HOLDS(sim, "objections_first", announced_ms > 0 && event->at_ms >= open_until_ms,
              "entry %llu, announced at %lld, open until %lld, published at %lld", seq, (long long)announced_ms,
              (long long)open_until_ms, (long long)event->at_ms);
    for (uint32_t index = 0; index < walk->objection_count; index++)
        SIM_HOLDS(sim, "objections_answered", walk->objections[index].period != period || walk->objections[index].answered,
                  "entry %llu, objection %llu", seq, (unsigned long long)walk->objections[index].seq);
    walk->published[period] = true;
}

static void walk_raised(sim_documents_walk_t *walk, sim_t *sim, const event_t *event) {
    objection_raised_t raised;
    fault_t fault;
    bool read = event_body(event, objection_raised_type(), sim->moment, &raised, &fault) == OK;
    uint32_t period = read ? number_of(sim, raised.period) : SIM_PERIODS;
    unsigned long long seq = (unsigned long long)event->seq;
    SIM_HOLDS(sim, "objections_are_read", period < SIM_PERIODS && walk->objection_count < SIM_ORDERS, "entry %llu", seq);
    int64_t open_until_ms = working_hours_after(&sim->plan, walk->announced_ms[period], LIMIT_OBJECTION_HOURS);
    SIM_HOLDS(sim, "objections_in_time",
              !walk->published[period] && raised.announced_seq == walk->announced_seq[period] && event->at_ms < open_until_ms,
              "entry %llu", seq);
    walk->objections[walk->objection_count].seq = event->seq;
    walk->objections[walk->objection_count++].period = period;
}

static void walk_answered(sim_documents_walk_t *walk, sim_t *sim, const event_t *event) {
    objection_answered_t answered;
    fault_t fault;
    uint32_t at = 0;
    bool read = event_body(event, objection_answered_type(), sim->moment, &answered, &fault) == OK;
    while (read && at < walk->objection_count && walk->objections[at].seq != answered.objection_seq) at++;
    bool first = read && at < walk->objection_count && !walk->objections[at].answered;
    SIM_HOLDS(sim, "answered_once", first, "entry %llu", (unsigned long long)event->seq);
    walk->objections[at].answered = true;
}

void sim_documents_walk(sim_documents_walk_t *walk, sim_t *sim, const event_t *event) {
    fault_t fault;
    document_part_t part;
    document_announced_t told;
    if (event->kind == KIND_document_part && walk->part_count < SIM_ORDERS &&
        event_body(event, document_part_type(), sim->moment, &part, &fault) == OK)
        memcpy(walk->parts[walk->part_count++], part.hash, HASH_SIZE);
    if (event->kind == KIND_document_published) walk_published(walk, sim, event);
    if (event->kind == KIND_objection_raised) walk_raised(walk, sim, event);
    if (event->kind == KIND_objection_answered) walk_answered(walk, sim, event);
    if (event->kind != KIND_document_announced) return;
    bool read = event_body(event, document_announced_type(), sim->moment, &told, &fault) == OK;
    uint32_t period = read ? number_of(sim, told.period) : SIM_PERIODS;
    SIM_HOLDS(sim, "documents_are_whole", period < SIM_PERIODS && part_seen(walk, told.hash), "entry %llu",
              (unsigned long long)event->seq);
    SIM_HOLDS(sim, "published_once", !walk->published[period], "entry %llu announces what is out",
              (unsigned long long)event->seq);
    walk->announced_ms[period] = event->at_ms;
    walk->announced_seq[period] = event->seq;
}
