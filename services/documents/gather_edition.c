/* Answers of aggregation turned into an edition: names from the plan, shares of units from the rows behind each figure. */
#include "services/documents/gather_inner.h"

#include "services/plan/calendar.h"

#include <stdlib.h>
#include <string.h>

/* A share under way: where it belongs in the plan's order, and the report counted last. */
typedef struct {
    edition_share_t share;
    uint32_t unit_index;
    uint32_t member_index;
    uint64_t last_seq;
} draft_t;

static int draft_compare(const void *a, const void *b) {
    const draft_t *one = a, *other = b;
    if (one->unit_index != other->unit_index) return one->unit_index < other->unit_index ? -1 : 1;
    return one->member_index < other->member_index ? -1 : one->member_index > other->member_index;
}

typedef struct {
    const gathering_t *self;
    const indicator_t *indicator;
    draft_t *drafts;
    uint32_t count;
    uint32_t found; /* the draft found last */
    uint32_t until; /* index of the document's period; later ones are left out */
    bool later;
} shares_t;

static draft_t *draft_add(shares_t *shares, text_t unit_id, const member_t *member) {
    const planbook_t *book = shares->self->from->book;
    const unit_t *unit = planbook_unit(book, unit_id);
    draft_t *draft = &shares->drafts[shares->count++];
    *draft = (draft_t){.share = {.unit = unit_id}, .unit_index = unit == NULL ? UINT32_MAX : planbook_unit_index(book, unit)};
    if (member == NULL) return draft;
    draft->share.member = member->id;
    draft->share.member_name = member->name;
    draft->member_index = (uint32_t)(member - shares->indicator->members);
    return draft;
}

/* Everybody whose figure counts has a share, whether or not anything was reported. */
static void drafts_begin(shares_t *shares, uint32_t rows) {
    const indicator_t *indicator = shares->indicator;
    uint32_t room = rows + indicator->contributors_count + 1;
    for (uint32_t index = 0; index < indicator->members_count; index++) room += indicator->members[index].contributors_count;
    shares->drafts = ARENA_NEW(shares->self->from->arena, draft_t, room);
    for (uint32_t unit = 0; indicator->members_count == 0 && unit < indicator->contributors_count; unit++)
        draft_add(shares, indicator->contributors[unit], NULL);
    for (uint32_t index = 0; index < indicator->members_count; index++)
        for (uint32_t unit = 0; unit < indicator->members[index].contributors_count; unit++)
            draft_add(shares, indicator->members[index].contributors[unit], &indicator->members[index]);
}

/* Rows come by unit: what is wanted is near what was found last. */
static draft_t *draft_of(shares_t *shares, const proof_row_t *row) {
    for (uint32_t step = 0; step < shares->count; step++) {
        draft_t *draft = &shares->drafts[(shares->found + step) % shares->count];
        if (!text_equal(draft->share.unit, row->unit) || !text_equal(draft->share.member, row->member)) continue;
        shares->found = (uint32_t)(draft - shares->drafts);
        return draft;
    }
    const member_t *member = row->member.size == 0 ? NULL : indicator_member(shares->indicator, row->member);
    return draft_add(shares, row->unit, member); /* an amendment took it off the list; what it reported still counts */
}

/* A person stands once, in whatever months he or she is named. */
static bool named_before(const figures_t *figures, uint32_t at) {
    for (uint32_t index = 0; index < at; index++)
        if (text_equal(figures->rows[index].unit, figures->rows[at].unit) &&
            memcmp(figures->rows[index].person, figures->rows[at].person, sizeof figures->rows[at].person) == 0)
            return true;
    return false;
}

static void share_row(shares_t *shares, const figures_t *figures, uint32_t at) {
    const proof_row_t *row = &figures->rows[at];
    const planbook_t *book = shares->self->from->book;
    const period_t *period = planbook_period(book, row->period);
    uint32_t index = period == NULL ? 0 : planbook_period_index(book, period);
    if (index > shares->until) {
        shares->later = true;
        return;
    }
    bool people = shares->indicator->measure == measure_people, opening = !people && row->fact_day != 0;
    draft_t *draft = draft_of(shares, row);
    edition_share_t *share = &draft->share;
    if (draft->last_seq != row->cause_seq) {
        share->reports++;
        share->covered += row->evidence > 0;
        draft->last_seq = row->cause_seq;
    }
    bool named = people && row->fact_day != 0 && !named_before(figures, at);
    int64_t value = people ? named && !row->contested : row->amount.given ? row->amount.value : 0;
    if (row->reported.given && row->reported.value > value && !people)
        share->contested += (uint64_t)(row->reported.value - value);
    share->contested += named && row->contested;
    share->total += (uint64_t)value;
    if (!opening && text_equal(row->period, shares->self->period)) share->month = (maybe_t){true, share->month.value + value};
}

static void shares_fill(const gathering_t *self, const indicator_t *indicator, const figures_t *figures, uint32_t until,
                        edition_target_t *target, bool *later) {
    arena_t *arena = self->from->arena;
    shares_t shares = {.self = self, .indicator = indicator, .until = until};
    drafts_begin(&shares, figures->rows_count);
    for (uint32_t index = 0; index < figures->rows_count; index++) share_row(&shares, figures, index);
    qsort(shares.drafts, shares.count, sizeof shares.drafts[0], draft_compare);
    edition_share_t *list = ARENA_NEW(arena, edition_share_t, shares.count + 1);
    for (uint32_t index = 0; index < shares.count; index++) {
        list[index] = shares.drafts[index].share;
        if (!list[index].month.given) continue;
        target->month = (maybe_t){true, target->month.value + list[index].month.value};
    }
    target->shares = list;
    target->shares_count = shares.count;
    *later = *later || shares.later;
}

/* Periods after the document's in which a fact can still fall before the target's due day. */
static uint64_t periods_left(const plan_t *plan, uint32_t until, uint32_t due) {
    uint64_t left = 0;
    for (uint32_t index = until + 1; index < plan->periods_count; index++)
        left += !plan->periods[index].confirmation && plan->periods[index].from <= due;
    return left;
}

static void target_names(const gathering_t *self, const target_changed_t *row, const indicator_t *indicator,
                         edition_target_t *target) {
    text_t *names = ARENA_NEW(self->from->arena, text_t, row->missing_count + 1);
    for (uint32_t index = 0; index < row->missing_count; index++) {
        const member_t *member = indicator_member(indicator, row->missing[index]);
        names[index] = member == NULL ? row->missing[index] : member->name;
    }
    target->behind = names;
    target->behind_count = row->missing_count;
}

static bool target_make(const gathering_t *self, uint32_t at, uint32_t until, edition_target_t *target, bool *later) {
    const target_changed_t *row = &self->targets.rows[at];
    const indicator_t *indicator = planbook_indicator(self->from->book, row->indicator);
    if (indicator == NULL) return false; /* amended away between the plan file and the ledger */
    const task_t *task = planbook_task_of(self->from->book, indicator);
    *target = (edition_target_t){.task = row->task,
                                 .indicator = row->indicator,
                                 .name = indicator->name,
                                 .measure = indicator->measure,
                                 .unit_word = indicator->unit_word,
                                 .shape = indicator->target.shape,
                                 .stretch = row->stretch,
                                 .reach = row->reach,
                                 .reported = row->reported,
                                 .tenure = row->tenure,
                                 .lamp = row->lamp,
                                 .done = row->done,
                                 .goal = row->goal,
                                 .opening = row->opening,
                                 .expected = row->expected,
                                 .contested = row->contested,
                                 .reached_day = row->reached_day,
                                 .due_ms = row->due_ms};
    uint32_t due = indicator->target.due != 0 ? indicator->target.due : task->due;
    if (row->goal > 0 && row->due_ms >= self->targets.now_ms)
        target->left = periods_left(planbook_plan(self->from->book), until, due);
    if (indicator->target.shape == shape_each) target->member_goal = indicator->target.goal;
    target_names(self, row, indicator, target);
    shares_fill(self, indicator, &self->figures[at], until, target, later);
    return true;
}

static void rows_make(const gathering_t *self, edition_t *edition) {
    const obligations_t *all = &self->obligations;
    edition_row_t *rows = ARENA_NEW(self->from->arena, edition_row_t, all->rows_count + 1);
    for (uint32_t index = 0; index < all->rows_count; index++) {
        const obligation_changed_t *row = &all->rows[index];
        const period_t *period = planbook_period(self->from->book, row->period);
        rows[index] = (edition_row_t){.unit = row->unit,
                                      .task = row->task,
                                      .period = row->period,
                                      .standing = row->standing,
                                      .timeliness = row->timeliness,
                                      .due_ms = row->due_ms,
                                      .first_valid_ms = row->first_valid_ms,
                                      .days_late = row->days_late,
                                      .revision = row->revision,
                                      .confirmation = period != NULL && period->confirmation};
    }
    edition->rows = rows;
    edition->rows_count = all->rows_count;
}

static void names_make(const gathering_t *self, edition_t *edition) {
    const plan_t *plan = planbook_plan(self->from->book);
    edition_unit_t *units = ARENA_NEW(self->from->arena, edition_unit_t, plan->units_count);
    edition_task_t *tasks = ARENA_NEW(self->from->arena, edition_task_t, plan->tasks_count);
    for (uint32_t index = 0; index < plan->units_count; index++)
        units[index] = (edition_unit_t){plan->units[index].id, plan->units[index].name, plan->units[index].kind};
    for (uint32_t index = 0; index < plan->tasks_count; index++) {
        const task_t *task = &plan->tasks[index];
        tasks[index] = (edition_task_t){.id = task->id,
                                        .number = task->number,
                                        .name = task->name,
                                        .lead = task->lead,
                                        .lead_count = task->lead_count,
                                        .responsible = task->responsible,
                                        .responsible_count = task->responsible_count,
                                        .due_ms = (uint64_t)deadline_resolve(plan, task->due).due_ms};
    }
    edition->units = units;
    edition->units_count = plan->units_count;
    edition->tasks = tasks;
    edition->tasks_count = plan->tasks_count;
}

/* The document's own span: a period, or the plan's ordinary ones from the first to the last. Returns the last one's index. */
static uint32_t span_of(const gathering_t *self, edition_t *edition) {
    const plan_t *plan = planbook_plan(self->from->book);
    const period_t *period = self->period.size == 0 ? NULL : planbook_period(self->from->book, self->period);
    uint32_t last = 0;
    for (uint32_t index = 0; index < plan->periods_count; index++)
        if (!plan->periods[index].confirmation) last = index;
    edition->from = period == NULL ? plan->from : period->from;
    edition->to = period == NULL ? plan->to : period->to;
    if (period == NULL) return plan->periods_count - 1;
    uint32_t at = planbook_period_index(self->from->book, period);
    edition->due_ms = (uint64_t)deadline_resolve(plan, period->due).due_ms;
    if (at < last) edition->next_due_ms = (uint64_t)deadline_resolve(plan, plan->periods[at + 1].due).due_ms;
    if (edition->next_due_ms < self->targets.now_ms) edition->next_due_ms = 0; /* looked back at: nothing to ask for */
    return at;
}

edition_target_t *gathered_edition(const gathering_t *self, document_kind_t kind, edition_t *edition) {
    const plan_t *plan = planbook_plan(self->from->book);
    *edition = (edition_t){.kind = kind,
                           .plan = plan->id,
                           .title = plan->title,
                           .region_name = plan->region_name,
                           .partner_name = plan->partner_name,
                           .masthead = plan->masthead,
                           .mark = plan->mark,
                           .coordinator = plan->coordinator,
                           .supervisor = plan->supervisor,
                           .period = self->period,
                           .cycle = plan->cycle,
                           .as_of = self->as_of,
                           .now_ms = self->targets.now_ms,
                           .offset_minutes = plan->offset_minutes,
                           .pace_points = plan->pace_points,
                           .score = plan->score,
                           .score_count = plan->score_count};
    uint32_t until = span_of(self, edition);
    edition_target_t *targets = ARENA_NEW(self->from->arena, edition_target_t, self->targets.rows_count + 1);
    for (uint32_t index = 0; index < self->targets.rows_count; index++)
        edition->targets_count += target_make(self, index, until, &targets[edition->targets_count], &edition->later);
    edition->targets = targets;
    names_make(self, edition);
    rows_make(self, edition);
    return targets;
}
