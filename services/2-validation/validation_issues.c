/* Bulletins that are out: who changes a figure that one of them shows is told so; the bulletin itself stays as it went out. */
#include "services/2-validation/validation_state.h"

#include "services/plan/calendar.h"

#include <inttypes.h>
#include <string.h>

void on_bulletin_out(turn_t *turn, const event_t *event) {
    document_published_t published;
    if (!turn_body(turn, event, document_published_type(), &published)) return;
    const planbook_t *book = plan_book(turn);
    const period_t *period = book == NULL ? NULL : planbook_period(book, published.period);
    if (published.kind != document_kind_bulletin || period == NULL) return; /* with the summary the periods close */
    store_key_t key = key_single();
    validation_issues_t row;
    if (!turn_get(turn, VALIDATION_ISSUES, &key, &row)) row = (validation_issues_t){0};
    validation_issue_t *issues = ARENA_NEW(turn_arena(turn), validation_issue_t, row.issues_count + 1);
    if (row.issues_count > 0) memcpy(issues, row.issues, row.issues_count * sizeof *issues);
    if (row.issues_count == LIMIT_PERIODS) return;
    issues[row.issues_count++] =
        (validation_issue_t){.period_from = period->from, .period = published.period, .number = published.number};
    row.issues = issues;
    turn_put(turn, VALIDATION_ISSUES, &key, &row);
    plan_forget(turn);
}

/* What stood for this very figure in the period. */
static bool is_unchanged(const validation_history_t *history, const figure_t *figure, uint32_t period_from) {
    for (uint32_t index = 0; index < history->months_count; index++) {
        const month_t *month = &history->months[index];
        if (month->gone || month->period_from != period_from || !month_is_of(month, figure->member)) continue;
        maybe_t opening = month_opening(month);
        return (int64_t)month->amount == figure->amount.value && opening.given == figure->opening.given &&
               opening.value == figure->opening.value;
    }
    return figure->amount.given && figure->amount.value == 0 && !figure->opening.given;
}

/* Persons are compared by nobody: who names them after the fact is told, be it the same ones. */
static bool moves_a_figure(const validation_case_t *given, const validation_ruling_t *ruling, uint32_t period_from) {
    for (uint32_t index = 0; index < ruling->figures_count; index++) {
        const figure_t *figure = &ruling->figures[index];
        if (figure->amount.given && !is_unchanged(&given->histories[index], figure, period_from)) return true;
        if (!figure->amount.given && figure->items_count > 0) return true;
    }
    return false;
}

/* A bulletin is out after the deadline of its period: a report that came in time is not looked up. */
static void issues_tell(turn_t *turn, const validation_issues_t *out, const validation_case_t *given, validation_ruling_t *ruling) {
    arena_t *arena = turn_arena(turn);
    const period_t *period = given->place.period;
    text_t shown = text_of(NULL);
    if (given->received_ms <= planned_deadline(turn, period).due_ms) return;
    if (ruling->explained_count >= LIMIT_REASONS) return;
    if (!moves_a_figure(given, ruling, period->from)) return;
    for (uint32_t index = 0; index < out->issues_count && shown.size < LIMIT_NAME / 2; index++) {
        const validation_issue_t *issue = &out->issues[index];
        if (issue->period_from < period->from) continue; /* it was out before there was anything to correct */
        shown = arena_format(arena, TEXT_FORMAT "%s" TEXT_FORMAT "(%" PRIu64 ")", TEXT_ARGS(shown), shown.size > 0 ? " " : "",
                             TEXT_ARGS(issue->period), issue->number);
    }
    if (shown.size == 0) return;
    reason_t *grown = ARENA_NEW(arena, reason_t, ruling->explained_count + 1);
    if (ruling->explained_count > 0) memcpy(grown, ruling->explained, ruling->explained_count * sizeof *grown);
    text_t *args = ARENA_NEW(arena, text_t, 1);
    *args = shown;
    grown[ruling->explained_count++] = (reason_t){.code = REASON_OF(already_published), .path = text_of("period"), .args = args,
                                                  .args_count = 1};
    ruling->explained = grown;
}

void issues_note(turn_t *turn, const validation_case_t *given, validation_ruling_t *ruling) {
    const validation_issues_t *out = &((const validation_memory_t *)turn_memory(turn))->issues;
    if (out->issues_count > 0) issues_tell(turn, out, given, ruling);
}
