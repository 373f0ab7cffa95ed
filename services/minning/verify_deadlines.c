/* Deadlines that decisions and absences moved, worked out anew from their entries. */
#include "services/minning/verify_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct verify_extension *extension_of(const verify_t *self, uint32_t unit, uint32_t task, uint32_t period) {
    const plan_t *plan = planbook_plan(self->book);
    for (uint32_t at = self->extension_count; at-- > 0;) {
        const struct verify_extension *one = &self->extensions[at];
        if (text_is(plan->units[unit].id, one->unit) && text_is(plan->tasks[task].id, one->task) &&
            text_is(plan->periods[period].id, one->period))
            return one;
    }
    return NULL;
}

static bool concerns(const struct verify_outage *outage, text_t unit) {
    for (uint32_t index = 0; index < outage->unit_count; index++)
        if (text_is(unit, outage->units[index])) return true;
    return outage->unit_count == 0;
}

/* What of the last day before the deadline was lost is added to it, or to the end of the absence. */
static bool give_back(const struct verify_outage *outage, deadline_t *due) {
    int64_t lost_ms = 0, day_ms = 24LL * 3600 * 1000;
    if (outage->from_ms < due->due_ms && outage->to_ms > due->due_ms - day_ms) {
        int64_t begin = outage->from_ms < due->due_ms - day_ms ? due->due_ms - day_ms : outage->from_ms;
        int64_t end = outage->to_ms > due->due_ms ? due->due_ms : outage->to_ms;
        lost_ms = end - begin;
    }
    if (lost_ms <= 0) return false;
    due->due_ms = lost_ms + (outage->to_ms > due->due_ms ? outage->to_ms : due->due_ms);
    return true;
}

deadline_t verify_deadline(const verify_t *self, uint32_t unit, uint32_t task, uint32_t period, uint64_t *seq, int64_t *looked_ms) {
    const plan_t *plan = planbook_plan(self->book);
    deadline_t due = deadline_resolve(plan, plan->periods[period].due);
    const struct verify_extension *extension = extension_of(self, unit, task, period);
    *seq = 0;
    *looked_ms = 0;
    if (extension != NULL && extension->due_ms > due.due_ms) {
        due.due_ms = extension->due_ms;
        *seq = extension->seq;
        *looked_ms = extension->at_ms;
    }
    for (uint32_t index = 0; index < self->outage_count; index++) {
        const struct verify_outage *outage = &self->outages[index];
        if (!concerns(outage, plan->units[unit].id) || !give_back(outage, &due)) continue;
        *seq = outage->seq;
        if (outage->at_ms > *looked_ms) *looked_ms = outage->at_ms;
    }
    due.day = day_of_instant(plan, due.due_ms);
    return due;
}

/* The timeliness of a report follows its deadline where an entry moved that. */
static void retime(const verify_t *self, verify_report_t *report) {
    uint64_t seq;
    int64_t looked_ms;
    const plan_t *plan = planbook_plan(self->book);
    deadline_t due = verify_deadline(self, report->unit, report->task, report->period, &seq, &looked_ms);
    int64_t days = day_between(due.day, day_of_instant(plan, report->first_valid_ms));
    report->days_late = report->first_valid_ms <= due.due_ms + due.grace_ms ? 0 : days < 1 ? 1 : (uint64_t)days;
}

static void name_copy(char out[LIMIT_ID + 1], text_t name) { snprintf(out, LIMIT_ID + 1, TEXT_FORMAT, TEXT_ARGS(name)); }

const char *verify_take_extension(verify_t *self, const event_t *entry, arena_t *arena) {
    extension_decided_t decided;
    fault_t fault;
    if (event_body(entry, extension_decided_type(), arena, &decided, &fault) != OK) return "the decision does not decode";
    if (decided.decision != decision_extended) return NULL;
    const unit_t *unit = self->book == NULL ? NULL : planbook_unit(self->book, decided.unit);
    const period_t *period = self->book == NULL ? NULL : planbook_period(self->book, decided.period);
    uint32_t task = self->book == NULL ? UINT32_MAX : verify_task(self, decided.task);
    if (unit == NULL || period == NULL || task == UINT32_MAX) return "an extension holds outside the plan";
    self->extensions = verify_grown(self->extensions, self->extension_count + 1, sizeof *self->extensions);
    struct verify_extension *one = &self->extensions[self->extension_count++];
    *one = (struct verify_extension){.at_ms = entry->at_ms, .seq = entry->seq};
    one->due_ms = deadline_resolve(planbook_plan(self->book), decided.until).due_ms;
    name_copy(one->unit, decided.unit);
    name_copy(one->task, decided.task);
    name_copy(one->period, decided.period);
    verify_owe(self, planbook_unit_index(self->book, unit), task, planbook_period_index(self->book, period));
    for (uint32_t at = 0; at < self->count; at++) {
        verify_report_t *report = &self->reports[at];
        if (report->unit == planbook_unit_index(self->book, unit) && report->task == task &&
            report->period == planbook_period_index(self->book, period))
            retime(self, report);
    }
    return NULL;
}

void verify_extensions_hold(verify_t *self, int64_t at_ms) {
    const plan_t *plan = planbook_plan(self->book);
    for (uint32_t at = 0; at < self->extension_count; at++) {
        const struct verify_extension *one = &self->extensions[at];
        const unit_t *unit = planbook_unit(self->book, text_of(one->unit));
        const period_t *period = planbook_period(self->book, text_of(one->period));
        uint32_t task = verify_task(self, text_of(one->task));
        if (unit == NULL || period == NULL || task == UINT32_MAX) continue;
        uint32_t whose = planbook_unit_index(self->book, unit), when = (uint32_t)(period - plan->periods);
        uint64_t seq;
        int64_t looked_ms;
        deadline_t due = verify_deadline(self, whose, task, when, &seq, &looked_ms);
        if (at_ms <= due.due_ms + due.grace_ms) verify_owe(self, whose, task, when);
    }
}

const char *verify_take_outage(verify_t *self, const event_t *entry, arena_t *arena) {
    outage_declared_t declared;
    fault_t fault;
    if (event_body(entry, outage_declared_type(), arena, &declared, &fault) != OK) return "the absence does not decode";
    self->outages = verify_grown(self->outages, self->outage_count + 1, sizeof *self->outages);
    struct verify_outage *one = &self->outages[self->outage_count++];
    *one = (struct verify_outage){.from_ms = (int64_t)declared.from_ms, .to_ms = (int64_t)declared.to_ms, .at_ms = entry->at_ms,
                                  .seq = entry->seq, .unit_count = declared.units_count};
    one->units = verify_grown(NULL, declared.units_count + 1, sizeof *one->units);
    for (uint32_t index = 0; index < declared.units_count; index++) name_copy(one->units[index], declared.units[index]);
    for (uint32_t at = 0; self->book != NULL && at < self->count; at++) {
        uint64_t seq;
        int64_t looked_ms;
        verify_report_t *report = &self->reports[at];
        (void)verify_deadline(self, report->unit, report->task, report->period, &seq, &looked_ms);
        if (seq == entry->seq) retime(self, report);
    }
    return NULL;
}

void verify_deadlines_free(verify_t *self) {
    for (uint32_t index = 0; index < self->outage_count; index++) free(self->outages[index].units);
    free(self->outages);
    free(self->extensions);
}
