/* Plain: a revision that says one amount, where its unit has one figure to say for the task, in the place of one that said as
 * much. Nearly every report of a busy ledger is that. The rules of validation_judge() that can find anything of it are few, and
 * are asked here; whatever is not plain, or would be refused or explained, goes that way, and nothing is changed before that is
 * known. Both ways give the same bytes: tests/unit/test_validation_plain.c. */
#include "services/2-validation/validation_judge.h"
#include "services/2-validation/validation_sheet_inner.h"

#include "proto/content.h"

#include <string.h>

/* A report, and what stands in its place. */
typedef struct {
    const validation_memory_t *memory;
    const report_t *report;
    validation_place_t place;
    uint32_t at; /* its period in the plan, and of a sheet without gaps in the lists, too */
    sheet_t *sheet;
    brief_t *standing;
    month_t *months; /* all of the figure */
    uint32_t months_count;
    uint64_t due_ms;
    uint8_t body_hash[QUICK_SIZE];
} plain_t;

static bool is_simple(const indicator_t *indicator) {
    return indicator->members_count == 0 && indicator->subset_of.size == 0 && !indicator_needs_items(indicator);
}

/* The only figure that the unit has to say for the task, if it needs nothing beside its amount and nobody's name. */
static const indicator_t *plain_indicator(const validation_place_t *place) {
    const indicator_t *only = NULL;
    for (uint32_t index = 0; index < place->task->indicators_count; index++) {
        const indicator_t *indicator = &place->task->indicators[index];
        if (!planbook_contributes_any(place->book, place->task, indicator, place->unit)) continue;
        if (only != NULL || !is_simple(indicator)) return NULL;
        only = indicator;
    }
    return plan_approval(place->plan, place->task, place->unit) == approval_none ? only : NULL;
}

/* Is the sheet that of such a figure alone? The plan is asked once. */
static bool sheet_is_plain(sheet_t *self, const validation_place_t *place) {
    if (!self->plain_known) self->plain = plain_indicator(place);
    self->plain_known = true;
    bool alone = self->plain != NULL && self->series_count == 1 && self->series->history.bare;
    return alone && id_equal(self->series->history.indicator, self->plain->id);
}

static bool says_one_amount(const figure_t *figure, const indicator_t *indicator) {
    bool bare = figure->amount.given && !figure->running.given && !figure->opening.given && !figure->nil;
    return bare && figure->member.size == 0 && figure->items_count == 0 && id_equal(figure->indicator, indicator->id);
}

/* A valid revision of which nothing is known but that it is valid, and its month. */
static bool plain_standing(plain_t *self) {
    sheet_t *sheet = self->sheet;
    const series_t *series = sheet->series;
    uint32_t from = self->place.period->from, at = self->at;
    if (at >= sheet->standings_count || at >= series->history.months_count) return false;
    self->standing = &sheet->standings[at];
    self->months = series->months;
    self->months_count = series->history.months_count;
    bool there = self->standing->period_from == from && self->months[at].period_from == from;
    return there && self->standing->whole == NULL && self->standing->revision > 0;
}

/* Where the report belongs, and whether it and what stands there are plain. */
static bool plain_find(turn_t *turn, plain_t *self, const report_received_t *received) {
    const report_t *report = self->report;
    if (self->memory == NULL || report->figures_count != 1) return false;
    if (received->original_received_ms != 0) return false;
    self->place = place_meant(turn, received->unit, report->task, report->period);
    self->sheet = self->place.period == NULL ? NULL : sheet_of(turn, &self->place);
    if (self->sheet == NULL || self->place.period->confirmation || !sheet_is_plain(self->sheet, &self->place)) return false;
    self->at = planbook_period_index(self->place.book, self->place.period);
    return says_one_amount(report->figures, self->sheet->plain) && plain_standing(self);
}

/* The instant: the period is open and owed; a bulletin may show it that is out since the deadline. */
static bool plain_in_time(turn_t *turn, plain_t *self) {
    static const validation_standing_t nothing;
    const validation_place_t *place = &self->place;
    int64_t now_ms = turn_now_ms(turn);
    bool shown = self->memory->issues.issues_count > 0 && now_ms > self->memory->deadlines[self->at].due_ms;
    if (shown || now_ms < planbook_opens_ms(place->book, place->period)) return false;
    self->due_ms = due_in(turn, &nothing, place->unit->id, place->period);
    return planbook_owes(place->book, place->unit, place->task, place->period);
}

/* It replaces what stands, and says something else. */
static bool plain_revises(turn_t *turn, plain_t *self, bytes_t encoded) {
    if (self->report->replaces != self->standing->revision) return false;
    report_body_hash(self->report, encoded, turn_arena(turn), self->body_hash);
    return memcmp(self->body_hash, self->standing->body_hash, sizeof self->body_hash) != 0;
}

static bool plain_proven(const plain_t *self) {
    bool asked = self->sheet->plain->measure == measure_money || self->memory->thresholds.evidence_always;
    return self->report->evidence_count > 0 || !asked;
}

/* The amount, beside the other months. */
static bool plain_amount(const plain_t *self, const validation_past_t *past) {
    int64_t amount = self->report->figures->amount.value;
    bool fits = amount > 0 && amount <= LIMIT_TOTAL && past->others + amount <= LIMIT_TOTAL;
    return fits && plain_proven(self) && soft_is_quiet(self->sheet->plain, past, amount, &self->memory->thresholds);
}

/* The months behind this one, whose running totals all move by as much as it does. false: none does. */
static bool plain_restated(const plain_t *self, uint64_t earlier, restated_total_t *row) {
    const month_t *month = &self->months[self->at], *last = &self->months[self->months_count - 1];
    uint64_t amount = (uint64_t)self->report->figures->amount.value;
    if (month == last || month->amount == amount) return false;
    *row = (restated_total_t){.before = earlier + month->amount, .after = earlier + amount, .months = (uint64_t)(last - month)};
    row->first = period_id_of(self->place.plan, self->at + 1, month[1].period_from);
    row->last = period_id_of(self->place.plan, self->months_count - 1, last->period_from);
    return true;
}

static void plain_keep(turn_t *turn, plain_t *self) {
    brief_t *standing = self->standing;
    self->months[self->at].amount = (uint64_t)self->report->figures->amount.value;
    standing->revision++;
    standing->seq = standing->newest_seq = turn_cause(turn);
    standing->received_ms = (uint64_t)turn_now_ms(turn);
    memcpy(standing->body_hash, self->body_hash, sizeof standing->body_hash);
    sheet_touch(turn, self->sheet);
}

static void plain_emit(turn_t *turn, const plain_t *self, const brief_t *old, const restated_total_t *restated) {
    const report_t *report = self->report;
    report_accepted_t accepted = {.unit = self->place.unit->id,
                                  .task = report->task,
                                  .period = report->period,
                                  .revision = self->standing->revision,
                                  .figures = report->figures,
                                  .figures_count = 1,
                                  .due_ms = self->due_ms,
                                  .evidence = report->evidence_count,
                                  .previous = old->newest_seq,
                                  .restated = restated,
                                  .restated_count = restated != NULL};
    if (old->seq != old->newest_seq) accepted.below_seq = old->seq;
    memcpy(accepted.submission_id, report->submission_id, sizeof accepted.submission_id);
    turn_emit(turn, report_accepted_type(), &accepted);
}

bool plain_take(turn_t *turn, const report_received_t *received, bytes_t encoded) {
    plain_t plain = {.memory = turn_memory(turn), .report = &received->report};
    if (!plain_find(turn, &plain, received) || !plain_in_time(turn, &plain)) return false;
    if (!plain_revises(turn, &plain, encoded)) return false;
    const months_t own = {.begin = plain.at, .count = 1};
    validation_past_t past = validation_past_around(&plain.sheet->series->history, text_of(NULL), &own);
    if (!plain_amount(&plain, &past)) return false;
    brief_t old = *plain.standing;
    restated_total_t restated;
    bool moved = plain_restated(&plain, (uint64_t)past.before, &restated);
    plain_keep(turn, &plain);
    plain_emit(turn, &plain, &old, moved ? &restated : NULL);
    return true;
}
