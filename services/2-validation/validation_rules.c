/* A report before the rules, in order: plan, revision, figures, completeness; then the ruling. */
#include "services/2-validation/validation_judge.h"

#include "proto/crypto.h"

#include <inttypes.h>
#include <string.h>

#define DEF_FILE "services/2-validation/validation_rows.def"
#include "proto/define.h"

/* A view of at most LIMIT_NAME bytes that does not end inside a character; never empty. */
static text_t arg_of(text_t text) {
    if (text.size == 0) return text_of("–");
    if (text.size <= LIMIT_NAME) return text;
    uint32_t size = LIMIT_NAME;
    while (size > 0 && ((uint8_t)text.at[size] & 0xC0) == 0x80) size--;
    return (text_t){text.at, size};
}

static const explanation_t *explanation_of(const report_t *report, text_t code) {
    for (uint32_t index = 0; index < report->explanations_count; index++)
        if (text_equal(report->explanations[index].code, code)) return &report->explanations[index];
    return NULL;
}

static bool has_code(const faults_t *faults, text_t code) {
    for (uint32_t index = 0; index < faults->count; index++)
        if (text_equal(faults->at[index].code, code)) return true;
    return false;
}

void judge_fault(judge_t *self, text_t code, text_t path, const text_t *args, uint32_t args_count) {
    ASSERT(args_count <= LIMIT_ARGS);
    bool soft = soft_rule_exists(code);
    strictness_t how = soft ? plan_strictness(self->plan, code) : strictness_hard;
    if (how == strictness_off) return;
    soft = how == strictness_soft;
    const explanation_t *why = soft ? explanation_of(self->given->report, code) : NULL;
    faults_t *faults = why != NULL ? &self->explained : &self->faults;
    if (faults->count == LIMIT_REASONS) return;
    if (faults->at == NULL) faults->at = ARENA_NEW(self->arena, reason_t, LIMIT_REASONS);
    text_t *copies = args_count == 0 ? NULL : ARENA_NEW(self->arena, text_t, args_count);
    for (uint32_t index = 0; index < args_count; index++) copies[index] = arg_of(args[index]);
    bool first = why != NULL && !has_code(faults, code); /* one text, however many figures it explains */
    faults->at[faults->count++] = (reason_t){.code = code,
                                             .path = path,
                                             .args = copies,
                                             .args_count = args_count,
                                             .soft = soft,
                                             .explanation = first ? why->text : text_of(NULL)};
}

bool judge_is_full(const judge_t *self) { return self->faults.count == LIMIT_REASONS; }

text_t judge_shown(judge_t *self, const indicator_t *indicator, int64_t value) {
    /* 万元 with two decimals is exact in steps of 100元, 亿元 with four in steps of 1万元; rounded parts would not add up */
    enum { FEN_A_STEP = 10000, FEN_A_STEP_OF_YI = 1000000 };
    const int64_t yi = 10000000000;
    bool exact = value % (value < yi ? FEN_A_STEP : FEN_A_STEP_OF_YI) == 0;
    if (indicator->measure == measure_money && !exact) return amount_exact(value, self->arena);
    return amount_show(value, indicator->measure, indicator->unit_word, self->arena);
}

text_t judge_day(judge_t *self, uint32_t day) {
    return arena_format(self->arena, "%04" PRIu32 "-%02" PRIu32 "-%02" PRIu32, day / 10000, day / 100 % 100, day % 100);
}

text_t figure_path(judge_t *self, uint32_t figure, const char *field) {
    return arena_format(self->arena, "figures[%" PRIu32 "]%s%s", figure, field[0] == '\0' ? "" : ".", field);
}

text_t item_path(judge_t *self, uint32_t figure, uint32_t item, const char *field) {
    return arena_format(self->arena, "figures[%" PRIu32 "].items[%" PRIu32 "]%s%s", figure, item, field[0] == '\0' ? "" : ".",
                        field);
}

bool indicator_lasts(const indicator_t *indicator) { return indicator->target.shape == shape_lasting; }

bool indicator_needs_items(const indicator_t *indicator) {
    return indicator->items == need_required || indicator->target.by_fact || indicator->measure == measure_people;
}

/* Unit, task, period. false: one of them is unknown and nothing more can be said. */
static bool judge_place(judge_t *self) {
    const validation_case_t *given = self->given;
    const report_t *report = given->report;
    if (self->unit == NULL) FAULT_WITH(self, unknown_unit, text_of("unit"), given->unit);
    if (self->task == NULL) FAULT_WITH(self, unknown_task, text_of("task"), report->task);
    if (self->period == NULL) FAULT_WITH(self, unknown_period, text_of("period"), report->period);
    if (self->period != NULL && given->received_ms < planbook_opens_ms(given->place.book, self->period))
        FAULT_WITH(self, period_not_open, text_of("period"), self->period->id, judge_day(self, self->period->from));
    if (self->unit == NULL || self->task == NULL) return false;
    bool owes = self->period == NULL ? task_owed_by(self->task, self->unit->id)
                                     : planbook_owes(given->place.book, self->unit, self->task, self->period);
    if (!owes) FAULT_WITH(self, not_your_task, text_of("task"), self->task->name, self->unit->name);
    return self->period != NULL;
}

uint64_t standing_counts(const validation_standing_t *standing) {
    return standing->decision == decision_returned ? standing->counts : standing->revision;
}

uint64_t standing_counts_seq(const validation_standing_t *standing) {
    return standing->decision == decision_returned ? standing->counts_seq : standing->seq;
}

/* "Approved" means looked at and taken: what is to be changed then is returned first, so that both sides know. */
static void judge_lock(judge_t *self) {
    const validation_standing_t *standing = &self->given->standing;
    if (standing->decision != decision_approved) return;
    FAULT_WITH(self, locked, text_of("replaces"), arena_format(self->arena, "%" PRIu64, standing->revision),
               when_text(self->plan, (int64_t)standing->decided_ms, self->arena));
}

/* "填报人, 审核人, 负责人 as the plan asks": a name is its keyed hash here. */
static void judge_name(judge_t *self, const personal_t *name, const char *path, const char *zh, const char *en) {
    if (bytes_are_zero(name->hash, sizeof name->hash)) FAULT_WITH(self, name_missing, text_of(path), text_of(zh), text_of(en));
}

static void judge_names(judge_t *self) {
    const report_t *report = self->given->report;
    approval_t approval = plan_approval(self->plan, self->task, self->unit);
    if (approval == approval_none) return;
    judge_name(self, &report->prepared_by, "prepared_by", "填报人", "who prepared it");
    judge_name(self, &report->reviewed_by, "reviewed_by", "审核人", "who reviewed it");
    if (approval == approval_signed) judge_name(self, &report->signed_by, "signed_by", "负责人", "who is responsible");
}

/* Compare and set: who replaces what does not stand is told what stands. */
static void judge_revision(judge_t *self) {
    const validation_standing_t *standing = &self->given->standing;
    uint64_t replaces = self->given->report->replaces;
    if (replaces == standing->revision) return;
    bool stands = standing->revision > 0;
    FAULT_WITH(self, superseded, text_of("replaces"), arena_format(self->arena, "%" PRIu64, standing->revision),
               arena_format(self->arena, "%" PRIu64, replaces), stands ? self->unit->name : text_of("–"),
               stands ? when_text(self->plan, (int64_t)standing->received_ms, self->arena) : text_of("–"));
}

static bool has_figure(const report_t *report, text_t indicator, text_t member) {
    for (uint32_t index = 0; index < report->figures_count; index++) {
        const figure_t *figure = &report->figures[index];
        if (id_equal(figure->indicator, indicator) && text_equal(figure->member, member)) return true;
    }
    return false;
}

bool figures_name(const report_t *report, uint32_t count, text_t indicator) {
    for (uint32_t index = 0; index < count; index++)
        if (id_equal(report->figures[index].indicator, indicator)) return true;
    return false;
}

/* A required indicator: every member that this unit contributes to, or the indicator itself. */
static void judge_required(judge_t *self, const indicator_t *indicator) {
    const report_t *report = self->given->report;
    if (indicator->members_count == 0) {
        if (!has_figure(report, indicator->id, text_of(NULL)))
            FAULT_WITH(self, figure_missing, text_of("figures"), indicator->name);
        return;
    }
    for (uint32_t index = 0; index < indicator->members_count; index++) {
        const member_t *member = &indicator->members[index];
        if (!indicator_contributed_by(indicator, member->id, self->unit->id)) continue;
        if (has_figure(report, indicator->id, member->id)) continue;
        FAULT_WITH(self, figure_missing, text_of("figures"),
                   arena_format(self->arena, TEXT_FORMAT "（" TEXT_FORMAT "）", TEXT_ARGS(indicator->name),
                                TEXT_ARGS(member->name)));
    }
}

/* What this unit has to say about the task and did not. Returns the indicators that it may leave out, and did. */
static uint32_t judge_completeness(judge_t *self, text_t *missing) {
    uint32_t count = 0;
    const report_t *report = self->given->report;
    for (uint32_t index = 0; index < self->task->indicators_count; index++) {
        const indicator_t *indicator = &self->task->indicators[index];
        if (self->period->confirmation && !indicator_lasts(indicator)) continue;
        if (!planbook_contributes_any(self->given->place.book, self->task, indicator, self->unit)) continue;
        if (indicator->required) judge_required(self, indicator);
        else if (!figures_name(report, report->figures_count, indicator->id)) missing[count++] = indicator->id;
    }
    if (report->figures_count == 0 && report->progress.size == 0) FAULT(self, nothing_reported, text_of("progress"));
    return count;
}

validation_place_t validation_place(const planbook_t *book, text_t unit, text_t task, text_t period) {
    if (book == NULL) return (validation_place_t){0};
    return (validation_place_t){.book = book,
                                .plan = planbook_plan(book),
                                .unit = planbook_unit(book, unit),
                                .task = planbook_task(book, task),
                                .period = planbook_period(book, period)};
}

static judge_t judge_new(const validation_case_t *given, arena_t *arena) {
    const validation_place_t *place = &given->place;
    return (judge_t){.given = given,
                     .arena = arena,
                     .plan = place->plan,
                     .unit = place->unit,
                     .task = place->task,
                     .period = place->period};
}

static validation_ruling_t ruling_of(const judge_t *judge) {
    return (validation_ruling_t){.accepted = judge->faults.count == 0,
                                 .revision = judge->faults.count == 0 ? judge->given->standing.revision + 1 : 0,
                                 .reasons = judge->faults.at,
                                 .reasons_count = judge->faults.count,
                                 .explained = judge->explained.at,
                                 .explained_count = judge->explained.count};
}

validation_ruling_t validation_judge(const validation_case_t *given, arena_t *arena) {
    judge_t judge = judge_new(given, arena);
    const report_t *report = given->report;
    if (!judge_place(&judge)) return ruling_of(&judge);
    if (given->standing.revision > 0 && memcmp(given->body_hash, given->standing.body_hash, sizeof given->body_hash) == 0) {
        /* the answer to a repeat is that it stands, not what a second look at it would find */
        judge.faults.count = 0;
        text_t revision = arena_format(arena, "%" PRIu64, given->standing.revision);
        bool returned = given->standing.decision == decision_returned;
        judge_fault(&judge, returned ? REASON_OF(returned_unchanged) : REASON_OF(already_reported), text_of(NULL), &revision, 1);
        return ruling_of(&judge);
    }
    bool owes = judge.faults.count == 0;
    judge_revision(&judge);
    judge_lock(&judge);
    judge_names(&judge);
    if (given->skipped.size > 0) FAULT_WITH(&judge, month_skipped, text_of("period"), given->skipped);
    uint32_t count = report->figures_count;
    judge_claim_count(&judge);
    exhibit_t *exhibits = arena_room(arena, sizeof *exhibits * count);
    figure_t *figures = arena_room(arena, sizeof *figures * count);
    for (uint32_t index = 0; index < count; index++) {
        exhibits[index].norm = &figures[index];
        judge_figure(&judge, exhibits, index);
    }
    judge_subsets(&judge, exhibits, count);
    text_t *missing = arena_room(arena, sizeof *missing * judge.task->indicators_count);
    uint32_t missing_count = owes ? judge_completeness(&judge, missing) : 0;
    validation_ruling_t ruling = ruling_of(&judge);
    if (!ruling.accepted) return ruling;
    ruling.figures = figures;
    ruling.figures_count = count;
    ruling.missing = missing;
    ruling.missing_count = missing_count;
    return ruling;
}
