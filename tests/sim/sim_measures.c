/* Planned measures counted once more: whose, which revision, what is merged into what; against stream 2 and what is told. */
#include "services/plan/calendar.h"
#include "tests/sim/sim_recount.h"

#include <string.h>

static text_t either(text_t said, text_t before) { return said.size > 0 ? said : before; }

/* Tasks that it leads or is responsible for. */
static bool is_of_task(const plan_t *plan, text_t id, text_t unit) {
    bool found = false;
    for (uint32_t index = 0; index < plan->tasks_count; index++) {
        const task_t *task = &plan->tasks[index];
        if (!text_equal(task->id, id)) continue;
        for (uint32_t one = 0; one < task->lead_count; one++) found |= text_equal(task->lead[one], unit);
        for (uint32_t one = 0; one < task->responsible_count; one++) found |= text_equal(task->responsible[one], unit);
    }
    return found;
}

/* "What is empty stays as it stands"; what was done is not done any more where it is planned anew. */
static planned_measure_t merged(const planned_measure_t *said, const planned_measure_t *before) {
    planned_measure_t all = *said;
    bool planned = said->state == measure_state_planned;
    all.task = either(said->task, before->task);
    all.item = either(said->item, before->item);
    all.plan = either(said->plan, before->plan);
    all.due = said->due != 0 ? said->due : before->due;
    all.done_day = planned || said->done_day != 0 ? said->done_day : before->done_day;
    all.result = planned ? said->result : either(said->result, before->result);
    return all;
}

static bool words_hold(const planned_measure_t *all, const planned_measure_t *said) {
    bool done = all->state == measure_state_done, ended = all->state == measure_state_withdrawn;
    if (all->item.size == 0 || all->plan.size == 0 || all->due == 0) return false;
    if (done && (all->done_day == 0 || all->result.size == 0)) return false;
    if (said->state == measure_state_planned && (said->done_day != 0 || said->result.size > 0)) return false;
    return !ended || all->why.size > 0;
}

static bool days_hold(const plan_t *plan, const planned_measure_t *all, uint32_t due_before, uint32_t today) {
    uint32_t last = plan->to;
    for (uint32_t index = 0; index < plan->periods_count; index++)
        if (plan->periods[index].to > last) last = plan->periods[index].to;
    bool new = all->due != due_before, past = all->due < today && all->state == measure_state_planned;
    if (new && (all->due < plan->from || all->due > last || past)) return false;
    return all->done_day == 0 || (all->done_day >= plan->from && all->done_day <= today);
}

static bool same_words(const planned_measure_t *a, const planned_measure_t *b) {
    return text_equal(a->task, b->task) && text_equal(a->item, b->item) && text_equal(a->plan, b->plan) &&
           text_equal(a->result, b->result) && a->state == b->state && a->due == b->due && a->done_day == b->done_day;
}

/* The newest revision of this number; NULL: there is none. */
static sim_measure_t *newest(recount_t *count, text_t unit, uint64_t number) {
    for (uint32_t index = count->measure_count; index > 0; index--) {
        sim_measure_t *one = &count->measures[index - 1];
        if (text_equal(one->unit, unit) && one->all.number == number) return one;
    }
    return NULL;
}

static uint64_t numbers_of(recount_t *count, text_t unit) {
    uint64_t most = 0;
    while (newest(count, unit, most + 1) != NULL) most++;
    return most;
}

static bool stands_already(recount_t *count, text_t unit, const planned_measure_t *all) {
    for (uint64_t number = numbers_of(count, unit); number > 0; number--) {
        const sim_measure_t *other = newest(count, unit, number);
        if (other->all.state != measure_state_withdrawn && same_words(&other->all, all)) return true;
    }
    return false;
}

/* Compare and set: the revision that is named is the newest, and not a withdrawn one. */
static bool may_change(const sim_measure_t *before, const measure_entered_t *entered) {
    const planned_measure_t *said = &entered->measure;
    if (said->number == 0) return entered->replaces == 0 && said->state != measure_state_withdrawn;
    if (before == NULL || before->all.state == measure_state_withdrawn || before->revision != entered->replaces) return false;
    return said->task.size == 0 || text_equal(said->task, before->all.task);
}

/* Stream 2's next word on measures has to be about this entry. */
static void verdict_compare(recount_t *count, uint64_t seq, const sim_measure_t *now) {
    sim_t *sim = count->sim;
    event_t event = {0};
    fault_t fault;
    bool there = false;
    while (!there && txn_event(count->verdicts, ++count->measure_at, sim->moment, &event, NULL))
        there = event.kind == KIND_measure_taken || event.kind == KIND_measure_refused;
    SIM_HOLDS(sim, "measures_are_recounted", there && event.cause_seq == seq, "entry %llu has no verdict in its place",
              (unsigned long long)seq);
    SIM_HOLDS(sim, "measures_are_recounted", (event.kind == KIND_measure_taken) == (now != NULL), "entry %llu is %s",
              (unsigned long long)seq, now == NULL ? "taken, and does not hold" : "refused, and holds");
    measure_taken_t taken;
    if (now == NULL) return;
    bool same = event_body(&event, measure_taken_type(), sim->moment, &taken, &fault) == OK;
    same = same && taken.row.revision == now->revision && taken.row.measure.number == now->all.number;
    same = same && text_equal(taken.row.unit, now->unit) && same_words(&taken.row.measure, &now->all) && taken.row.seq == seq;
    SIM_HOLDS(sim, "measures_are_recounted", same, "entry %llu is told otherwise", (unsigned long long)seq);
}

void sim_measure_count(recount_t *count, const event_t *event) {
    sim_t *sim = count->sim;
    measure_entered_t entered;
    fault_t fault;
    err_t err = event_body(event, measure_entered_type(), sim->arena, &entered, &fault);
    ASSERT(err == OK && count->measure_count < SIM_MEASURES);
    static const planned_measure_t nothing;
    const sim_measure_t *before = entered.measure.number == 0 ? NULL : newest(count, entered.unit, entered.measure.number);
    const planned_measure_t *old = before == NULL ? &nothing : &before->all;
    sim_measure_t now = {.unit = entered.unit, .seq = event->seq, .revision = before == NULL ? 1 : before->revision + 1};
    now.all = merged(&entered.measure, old);
    bool holds = may_change(before, &entered) && is_of_task(&sim->plan, now.all.task, entered.unit) &&
                 words_hold(&now.all, &entered.measure) &&
                 days_hold(&sim->plan, &now.all, old->due, day_of_instant(&sim->plan, event->at_ms)) &&
                 !stands_already(count, entered.unit, &now.all);
    if (holds && before == NULL) now.all.number = numbers_of(count, entered.unit) + 1;
    verdict_compare(count, event->seq, holds ? &now : NULL);
    if (holds) count->measures[count->measure_count++] = now;
}

/* --- at the end --- */

static void history_compare(recount_t *count, const sim_measure_t *last) {
    sim_t *sim = count->sim;
    measure_history_t told;
    sim_ask(sim, "validation", measure_history_ask_type(),
            &(measure_history_ask_t){.unit = last->unit, .number = last->all.number}, measure_history_type(), &told);
    uint32_t at = 0;
    for (uint32_t index = count->measure_count; index > 0; index--) {
        const sim_measure_t *one = &count->measures[index - 1];
        if (!text_equal(one->unit, last->unit) || one->all.number != last->all.number) continue;
        bool same = at < told.rows_count && told.rows[at].seq == one->seq && same_words(&told.rows[at].measure, &one->all);
        SIM_HOLDS(sim, "measures_keep_their_past", same, "revision %llu", (unsigned long long)one->revision);
        at++;
    }
    SIM_HOLDS(sim, "measures_keep_their_past", at == told.rows_count, "%u revisions told, %u counted", told.rows_count, at);
}

void sim_recount_measures(recount_t *count) {
    sim_t *sim = count->sim;
    measures_t told;
    uint32_t standing = 0;
    arena_reset(sim->moment);
    sim_ask(sim, "validation", measures_ask_type(), &(measures_ask_t){0}, measures_type(), &told);
    for (uint32_t index = 0; index < count->measure_count; index++) {
        const sim_measure_t *one = &count->measures[index];
        if (newest(count, one->unit, one->all.number) != one) continue;
        bool found = false;
        for (uint32_t row = 0; row < told.rows_count; row++) {
            const measure_row_t *shown = &told.rows[row].row;
            if (!text_equal(shown->unit, one->unit) || shown->measure.number != one->all.number) continue;
            found = shown->revision == one->revision && shown->seq == one->seq && same_words(&shown->measure, &one->all);
        }
        SIM_HOLDS(sim, "measures_are_recounted", found, "measure %llu of " TEXT_FORMAT " is told otherwise",
                  (unsigned long long)one->all.number, TEXT_ARGS(one->unit));
        standing++;
    }
    SIM_HOLDS(sim, "measures_are_recounted", standing == told.rows_count, "%u told, %u counted", told.rows_count, standing);
    for (uint32_t index = 0; index < count->measure_count; index++)
        if (newest(count, count->measures[index].unit, count->measures[index].all.number) == &count->measures[index])
            history_compare(count, &count->measures[index]);
}
