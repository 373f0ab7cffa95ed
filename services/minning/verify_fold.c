/* The ledger read from its beginning: which report stands for whom, with the month's amount worked out anew. */
#include "services/minning/verify_inner.h"

#include "proto/crypto.h"

#include <stdlib.h>
#include <string.h>

void *verify_grown(void *old, size_t count, size_t size) {
    void *more = realloc(old, count * size);
    ASSERT(more != NULL);
    return more;
}

verify_t *verify_new(void) {
    verify_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    return self;
}

static void figures_free(verify_report_t *report) {
    for (uint32_t index = 0; index < report->figure_count; index++) {
        free(report->figures[index].parts);
        free(report->figures[index].persons);
        free(report->figures[index].claims);
    }
    free(report->figures);
    report->figures = NULL;
    report->figure_count = 0;
}

/* And all that it had taken the place of. */
static void report_free(verify_report_t *report) {
    figures_free(report);
    if (report->below == NULL) return;
    report_free(report->below); /* a pile of the revisions of one report */
    free(report->below);
    report->below = NULL;
}

void verify_destroy(verify_t **self) {
    if (*self == NULL) return;
    for (uint32_t index = 0; index < (*self)->count; index++) report_free(&(*self)->reports[index]);
    free((*self)->reports);
    free((*self)->places);
    for (uint32_t index = 0; index < (*self)->part_count; index++) free((*self)->parts[index].bytes);
    free((*self)->parts);
    free((*self)->spared);
    free((*self)->credits);
    verify_deadlines_free(*self);
    planbook_destroy(&(*self)->book);
    free(*self);
    *self = NULL;
}

const planbook_t *verify_book(const verify_t *self) { return self->book; }
int64_t verify_now_ms(const verify_t *self) { return self->now_ms; }
uint32_t verify_plans(const verify_t *self) { return self->plans; }

/* --- ordinals --- */

uint32_t verify_task(const verify_t *self, text_t id) {
    const plan_t *plan = planbook_plan(self->book);
    for (uint32_t index = 0; index < plan->tasks_count; index++)
        if (text_equal(plan->tasks[index].id, id)) return index;
    return UINT32_MAX;
}

uint32_t verify_indicator(const task_t *task, text_t id) {
    for (uint32_t index = 0; index < task->indicators_count; index++)
        if (text_equal(task->indicators[index].id, id)) return index;
    return UINT32_MAX;
}

uint32_t verify_member(const indicator_t *indicator, text_t id) {
    for (uint32_t index = 0; index < indicator->members_count; index++)
        if (text_equal(indicator->members[index].id, id)) return index + 1;
    return id.size == 0 ? 0 : UINT32_MAX;
}

/* --- what stands --- */

static uint32_t place_of(const verify_t *self, uint32_t unit, uint32_t task, uint32_t period) {
    uint64_t number = ((uint64_t)unit << 32) ^ ((uint64_t)task << 12) ^ period;
    uint32_t place = (uint32_t)((number * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (self->place_count - 1);
    for (;; place = (place + 1) & (self->place_count - 1)) {
        if (self->places[place] == 0) return place;
        const verify_report_t *report = &self->reports[self->places[place] - 1];
        if (report->unit == unit && report->task == task && report->period == period) return place;
    }
}

const verify_report_t *verify_standing(const verify_t *self, uint32_t unit, uint32_t task, uint32_t period) {
    if (self->place_count == 0) return NULL;
    uint32_t place = place_of(self, unit, task, period);
    return self->places[place] == 0 ? NULL : &self->reports[self->places[place] - 1];
}

const verify_report_t *verify_next(const verify_t *self, uint32_t *at) {
    return *at < self->count ? &self->reports[(*at)++] : NULL;
}

static void make_room(verify_t *self) {
    if (self->count < self->room) return;
    self->room = self->room == 0 ? 1024 : self->room * 2;
    self->reports = verify_grown(self->reports, self->room, sizeof *self->reports);
    free(self->places);
    self->place_count = self->room * 4;
    self->places = calloc(self->place_count, sizeof *self->places);
    ASSERT(self->places != NULL);
    for (uint32_t index = 0; index < self->count; index++) {
        const verify_report_t *report = &self->reports[index];
        self->places[place_of(self, report->unit, report->task, report->period)] = index + 1;
    }
}

/* --- the month's amount --- */

static const verify_figure_t *figure_in(const verify_report_t *report, uint32_t indicator, uint32_t member) {
    for (uint32_t index = 0; report != NULL && index < report->figure_count; index++)
        if (report->figures[index].indicator == indicator && report->figures[index].member == member)
            return &report->figures[index];
    return NULL;
}

/* 上期累计: what stands for all earlier periods, opening balances included. */
static int64_t total_before(const verify_t *self, const verify_report_t *report, uint32_t indicator, uint32_t member) {
    const plan_t *plan = planbook_plan(self->book);
    int64_t sum = 0;
    for (uint32_t period = 0; period < plan->periods_count; period++) {
        if (plan->periods[period].from >= plan->periods[report->period].from) continue;
        const verify_figure_t *figure = figure_in(verify_standing(self, report->unit, report->task, period), indicator, member);
        if (figure != NULL) sum += figure->month + figure->opening;
    }
    return sum;
}

static int64_t items_sum(const figure_t *figure) {
    int64_t sum = 0;
    for (uint32_t index = 0; index < figure->items_count; index++) sum += figure->items[index].amount.value;
    return sum;
}

static void month_of(const verify_t *self, const verify_report_t *report, const figure_t *said, verify_figure_t *figure) {
    figure->given = true;
    if (said->amount.given)
        figure->month = said->amount.value;
    else if (said->items_count > 0)
        figure->month = items_sum(said);
    else if (said->running.given)
        figure->month = said->running.value - total_before(self, report, figure->indicator, figure->member) - figure->opening;
    else
        figure->given = said->nil;
}

/* Where the facts lie: rows on their own days, what is left on the period's last day, the opening on the plan's first. */
static void parts_of(const verify_t *self, const verify_report_t *report, const figure_t *said, verify_figure_t *figure) {
    const plan_t *plan = planbook_plan(self->book);
    int64_t rest = figure->month;
    figure->parts = verify_grown(NULL, said->items_count + 2, sizeof *figure->parts);
    if (figure->opening > 0)
        figure->parts[figure->part_count++] = (struct verify_part){.day = plan->from, .amount = figure->opening};
    for (uint32_t index = 0; index < said->items_count; index++) {
        const item_t *item = &said->items[index];
        int64_t amount = item->amount.given ? item->amount.value : 1;
        if (amount > rest) amount = rest;
        uint32_t day = item->fact_day != 0 ? item->fact_day : plan->periods[report->period].to;
        if (amount > 0)
            figure->parts[figure->part_count++] = (struct verify_part){.day = day, .amount = amount, .item = index + 1};
        rest -= amount;
    }
    if (rest > 0)
        figure->parts[figure->part_count++] = (struct verify_part){.day = plan->periods[report->period].to, .amount = rest};
}

static void persons_of(const verify_report_t *report, const figure_t *said, const verify_figure_t *old,
                       verify_figure_t *figure) {
    figure->persons = verify_grown(NULL, said->items_count + 1, sizeof *figure->persons);
    for (uint32_t index = 0; index < said->items_count; index++) {
        const item_t *item = &said->items[index];
        if (bytes_are_zero(item->person.hash, 32)) continue;
        struct verify_person person = {
            .in_day = item->fact_day, .out_day = item->out_day, .since_seq = report->cause_seq, .item = index + 1};
        memcpy(person.hash, item->person.hash, 32);
        for (uint32_t before = 0; old != NULL && before < old->person_count; before++) {
            const struct verify_person *was = &old->persons[before];
            if (memcmp(was->hash, person.hash, 32) == 0 && was->in_day == person.in_day && was->out_day == person.out_day)
                person.since_seq = was->since_seq; /* said before, and said again */
        }
        figure->persons[figure->person_count++] = person;
    }
}

/* --- entries --- */

/* A file of the report itself, or one of every row. */
static bool is_covered(const report_t *said, const figure_t *one) {
    bool rows = one->items_count > 0;
    for (uint32_t index = 0; index < one->items_count; index++) rows = rows && !bytes_are_zero(one->items[index].evidence, 32);
    return rows || said->evidence_count > 0;
}

static void take_figures(const verify_t *self, const report_t *said, const verify_report_t *old, verify_report_t *report) {
    const task_t *task = &planbook_plan(self->book)->tasks[report->task];
    report->figures = calloc(said->figures_count + 1, sizeof *report->figures);
    ASSERT(report->figures != NULL);
    for (uint32_t index = 0; index < said->figures_count; index++) {
        const figure_t *one = &said->figures[index];
        uint32_t indicator = verify_indicator(task, one->indicator);
        if (indicator == UINT32_MAX) continue;
        verify_figure_t *figure = &report->figures[report->figure_count++];
        figure->indicator = indicator;
        figure->member = verify_member(&task->indicators[indicator], one->member);
        figure->opened = one->opening.given;
        figure->opening = one->opening.given ? one->opening.value : 0;
        figure->counted = one->items_count > 0;
        figure->covered = is_covered(said, one);
        bool people = figure->people = task->indicators[indicator].measure == measure_people;
        if (!people)
            month_of(self, report, one, figure);
        else if (one->nil && one->items_count == 0)
            figure->given = true;
        if (people)
            persons_of(report, one, figure_in(old, figure->indicator, figure->member), figure);
        else
            parts_of(self, report, one, figure);
        figure->counted |= figure->month > 0;
        figure->covered &= figure->counted;
        verify_claims_of(self, report, old, one, figure);
    }
}

static bool is_past(const plan_t *plan, const period_t *period, int64_t at_ms) {
    deadline_t due = deadline_resolve(plan, period->due);
    return at_ms > due.due_ms + due.grace_ms;
}

/* Calendar days behind the day it was due, at least one where the instant is behind the deadline; 0: in time. */
static uint64_t days_late(const verify_t *self, const verify_report_t *report) {
    uint64_t seq;
    int64_t looked_ms;
    deadline_t due = verify_deadline(self, report->unit, report->task, report->period, &seq, &looked_ms);
    if (report->received_ms <= due.due_ms + due.grace_ms) return 0;
    int64_t days = day_between(due.day, day_of_instant(planbook_plan(self->book), report->received_ms));
    return days < 1 ? 1 : (uint64_t)days;
}

static const char *take_report(verify_t *self, const event_t *entry, arena_t *arena) {
    report_received_t received;
    fault_t fault;
    if (event_body(entry, report_received_type(), arena, &received, &fault) != OK) return "the entry does not decode";
    if (self->book == NULL) return "a report was accepted before there was a plan";
    const report_t *said = &received.report;
    const unit_t *unit = planbook_unit(self->book, received.unit);
    const period_t *period = planbook_period(self->book, said->period);
    verify_report_t report = {.task = verify_task(self, said->task), .cause_seq = entry->seq, .revision = 1, .own_revision = 1};
    if (unit == NULL || period == NULL || report.task == UINT32_MAX)
        return "accepted, although the plan has no such obligation";
    report.unit = planbook_unit_index(self->book, unit);
    report.period = planbook_period_index(self->book, period);
    report.received_ms = received.original_received_ms != 0 ? (int64_t)received.original_received_ms : entry->at_ms;
    report.first_valid_ms = report.received_ms;
    report.days_late = days_late(self, &report);
    make_room(self);
    self->settled = false;
    uint32_t place = place_of(self, report.unit, report.task, report.period);
    verify_report_t *old = self->places[place] == 0 ? NULL : &self->reports[self->places[place] - 1];
    take_figures(self, said, old, &report);
    if (old == NULL) {
        self->places[place] = ++self->count;
        self->reports[self->count - 1] = report;
        return said->replaces == 0 ? NULL : "accepted, although there was nothing to replace";
    }
    report.revision = report.own_revision = old->revision + 1;
    report.first_valid_ms = old->first_valid_ms; /* frozen by the first valid report */
    report.days_late = old->days_late;
    const char *wrong = said->replaces == old->revision ? NULL : "accepted, although it does not replace what stands";
    bool touches = verify_credits_touch(self, old);
    if (old->decision == decision_approved) wrong = "accepted, although what it replaces is approved";
    if (old->own_revision > 0) {
        report.below = verify_grown(NULL, 1, sizeof *report.below);
        *report.below = *old;
    }
    *old = report;
    if (touches) verify_credits_lapse(self);
    return wrong;
}

/* A decision that holds: the pile of revisions loses its top, or the top is approved. */
static const char *take_decision(verify_t *self, const event_t *entry, arena_t *arena) {
    report_decided_t decided;
    fault_t fault;
    if (event_body(entry, report_decided_type(), arena, &decided, &fault) != OK) return "the decision does not decode";
    if (self->book == NULL || self->place_count == 0) return "a decision holds, although there is nothing to decide on";
    const unit_t *unit = planbook_unit(self->book, decided.unit);
    const period_t *period = planbook_period(self->book, decided.period);
    uint32_t task = verify_task(self, decided.task);
    if (unit == NULL || period == NULL || task == UINT32_MAX) return "a decision holds outside the plan";
    uint32_t place = place_of(self, planbook_unit_index(self->book, unit), task, planbook_period_index(self->book, period));
    verify_report_t *report = self->places[place] == 0 ? NULL : &self->reports[self->places[place] - 1];
    if (report == NULL || report->own_revision != decided.revision) return "a decision holds on a revision that does not count";
    report->decision = decided.decision;
    report->decided_seq = entry->seq;
    report->again_ms = 0;
    if (decided.decision != decision_returned) return NULL;
    self->settled = false;
    bool touches = verify_credits_touch(self, report);
    if (report->below != NULL) verify_claims_again(self, report, entry->seq);
    const plan_t *plan = planbook_plan(self->book);
    uint32_t day = day_of_instant(plan, entry->at_ms);
    for (uint64_t left = plan->return_days == 0 ? 3 : plan->return_days; left > 0;) {
        day = day_add(day, 1);
        left -= day_is_working(plan, day);
    }
    report->again_ms = (uint64_t)deadline_resolve(plan, day).due_ms;
    figures_free(report);
    report->own_revision = report->cause_seq = 0;
    verify_report_t *below = report->below;
    if (below != NULL) {
        report->figures = below->figures;
        report->figure_count = below->figure_count;
        report->own_revision = below->own_revision;
        report->cause_seq = below->cause_seq;
        report->received_ms = below->received_ms;
        report->below = below->below;
        free(below);
    }
    if (touches) verify_credits_lapse(self);
    return NULL;
}

/* --- plans --- */

static const char *take_part(verify_t *self, const event_t *entry, arena_t *arena) {
    plan_part_t part;
    fault_t fault;
    if (event_body(entry, plan_part_type(), arena, &part, &fault) != OK) return "a part of a plan does not decode";
    self->parts = verify_grown(self->parts, self->part_count + 1, sizeof *self->parts);
    uint8_t *bytes = verify_grown(NULL, part.bytes.size + 1, 1);
    memcpy(bytes, part.bytes.at, part.bytes.size);
    part.bytes.at = bytes;
    self->parts[self->part_count++] = (struct verify_piece){part, bytes};
    return NULL;
}

static bool part_get(void *self_, const uint8_t hash[HASH_SIZE], uint32_t index, arena_t *arena, plan_part_t *part) {
    const verify_t *self = self_;
    (void)arena;
    for (uint32_t at = self->part_count; at-- > 0;) {
        if (self->parts[at].part.index != index || memcmp(self->parts[at].part.hash, hash, HASH_SIZE) != 0) continue;
        *part = self->parts[at].part;
        return true;
    }
    return false;
}

/* The same figure by the ordinals of the new plan. false: the new plan lacks it. */
static bool figure_moved(const task_t *old, const task_t *task, verify_figure_t *figure) {
    const indicator_t *before = &old->indicators[figure->indicator];
    text_t member = figure->member == 0 ? text_of("") : before->members[figure->member - 1].id;
    uint32_t indicator = verify_indicator(task, before->id);
    if (indicator == UINT32_MAX) return false;
    figure->indicator = indicator;
    figure->member = verify_member(&task->indicators[indicator], member);
    return figure->member != UINT32_MAX;
}

static bool report_moved(const plan_t *old, const planbook_t *book, verify_report_t *report) {
    bool below = report->below == NULL || report_moved(old, book, report->below);
    const plan_t *plan = planbook_plan(book);
    const unit_t *unit = planbook_unit(book, old->units[report->unit].id);
    const period_t *period = planbook_period(book, old->periods[report->period].id);
    const task_t *task = planbook_task(book, old->tasks[report->task].id);
    if (unit == NULL || period == NULL || task == NULL) return false;
    bool moved = true;
    for (uint32_t index = 0; index < report->figure_count; index++)
        moved &= figure_moved(&old->tasks[report->task], task, &report->figures[index]);
    report->unit = planbook_unit_index(book, unit);
    report->period = planbook_period_index(book, period);
    report->task = (uint32_t)(task - plan->tasks);
    return moved && below;
}

/* Did (unit, task, period) of the new plan stand in the old one, unspared? */
static bool owed_before(const verify_t *self, const unit_t *unit, const task_t *task, const period_t *period) {
    const plan_t *old = planbook_plan(self->book);
    const unit_t *old_unit = planbook_unit(self->book, unit->id);
    const task_t *old_task = planbook_task(self->book, task->id);
    const period_t *old_period = planbook_period(self->book, period->id);
    return old_unit != NULL && old_task != NULL && old_period != NULL &&
           verify_owes(self, (uint32_t)(old_unit - old->units), (uint32_t)(old_task - old->tasks),
                       (uint32_t)(old_period - old->periods));
}

/* What an amendment makes owed when it is past already is owed by nobody. */
static uint8_t *spared_by(const verify_t *self, const planbook_t *book, int64_t at_ms) {
    const plan_t *plan = planbook_plan(book), *old = planbook_plan(self->book);
    uint8_t *spared = calloc((size_t)plan->units_count * plan->tasks_count * plan->periods_count / 8 + 1, 1);
    ASSERT(spared != NULL);
    size_t bit = 0;
    for (uint32_t unit = 0; unit < plan->units_count; unit++)
        for (uint32_t task = 0; task < plan->tasks_count; task++)
            for (uint32_t index = 0; index < plan->periods_count; index++, bit++) {
                const period_t *period = &plan->periods[index], *before = planbook_period(self->book, period->id);
                if (!is_past(plan, period, at_ms) || at_ms < instant_of_day(plan, period->from, 0)) continue;
                if (before != NULL && self->pass_ms < instant_of_day(old, before->from, 0)) continue; /* nobody was asked yet */
                if (before != NULL && !is_past(old, before, self->pass_ms)) continue;
                bool owed = owed_before(self, &plan->units[unit], &plan->tasks[task], period);
                if (!owed) spared[bit / 8] |= (uint8_t)(1u << (bit % 8));
            }
    return spared;
}

static void places_again(verify_t *self) {
    if (self->places == NULL) return;
    memset(self->places, 0, sizeof *self->places * self->place_count);
    for (uint32_t index = 0; index < self->count; index++) {
        const verify_report_t *report = &self->reports[index];
        self->places[place_of(self, report->unit, report->task, report->period)] = index + 1;
    }
}

static const char *take_plan(verify_t *self, const event_t *entry, arena_t *arena) {
    plan_adopted_t adopted;
    fault_t fault;
    plan_t plan;
    const char *wrong = NULL;
    if (event_body(entry, plan_adopted_type(), arena, &adopted, &fault) != OK) return "the plan does not decode";
    if (plan_adopted_read(&adopted, (plan_parts_source_t){self, part_get}, arena, &plan) != OK)
        return "the plan's parts do not fit";
    planbook_t *book = planbook_new(&plan);
    if (self->book != NULL) {
        uint8_t *spared = spared_by(self, book, entry->at_ms);
        free(self->spared);
        self->spared = spared;
        for (uint32_t index = 0; index < self->count; index++)
            if (!report_moved(planbook_plan(self->book), book, &self->reports[index]))
                wrong = "the amended plan lacks what was reported";
    }
    planbook_destroy(&self->book);
    self->book = book;
    self->plans++;
    places_again(self);
    verify_extensions_hold(self, entry->at_ms);
    return wrong;
}

/* No stage behind validation learns of these, not even that time has passed. */
static bool stays_in_the_ledger(uint32_t kind) {
    return kind == KIND_refusals_counted || kind == KIND_document_part || kind == KIND_document_announced ||
           kind == KIND_document_published || kind == KIND_objection_raised || kind == KIND_objection_answered;
}

const char *verify_entry(verify_t *self, const event_t *entry, bool accepted, arena_t *arena) {
    const char *wrong = NULL;
    if (!stays_in_the_ledger(entry->kind)) self->now_ms = entry->at_ms;
    if (entry->kind == KIND_plan_closed) self->closed = true;
    if (entry->kind == KIND_plan_sealed) self->sealed_ms = entry->at_ms;
    if (entry->kind == KIND_plan_part) wrong = take_part(self, entry, arena);
    if (entry->kind == KIND_plan_adopted) wrong = take_plan(self, entry, arena);
    bool passes = entry->kind == KIND_clock_ticked || entry->kind == KIND_plan_adopted || entry->kind == KIND_plan_closed;
    if ((passes && self->sealed_ms == 0) || entry->kind == KIND_plan_sealed) self->pass_ms = entry->at_ms;
    if (entry->kind == KIND_report_received && accepted) wrong = take_report(self, entry, arena);
    if (entry->kind == KIND_claim_credited && accepted) wrong = verify_credit(self, entry, arena);
    if (entry->kind == KIND_report_decided && accepted) wrong = take_decision(self, entry, arena);
    if (entry->kind == KIND_extension_decided && accepted) wrong = verify_take_extension(self, entry, arena);
    if (entry->kind == KIND_outage_declared) wrong = verify_take_outage(self, entry, arena);
    return wrong;
}
