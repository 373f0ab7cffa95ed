/* How a figure came to be what it is: every value it took, from the verdicts in stream 2; nothing is kept for it. */
#include "services/2-validation/validation_state.h"

#include "proto/verdict.h"

typedef struct {
    const history_ask_t *ask;
    text_t period, task, indicator; /* at hand */
    figure_change_t *rows;
    history_t told;
    uint64_t skip; /* rows the asker already has */
    const decision_row_t *returns; /* of the unit's reports, ascending by entry */
    uint32_t returns_count;
} history_page_t;

/* What validation said of the report at this entry. false: it was not accepted, and `previous` leads on. */
static bool accepted_at(turn_t *turn, uint64_t seq, report_accepted_t *accepted, int64_t *at_ms, uint64_t *previous) {
    event_t event;
    report_refused_t refused;
    fault_t fault;
    uint64_t at = txn_caused_by(turn_txn(turn), seq, turn_arena(turn), &event);
    *previous = 0;
    while (at != 0 && event.cause_seq == seq) {
        if (event.kind == KIND_report_accepted &&
            event_body(&event, report_accepted_type(), turn_arena(turn), accepted, &fault) == OK) {
            *previous = accepted->previous;
            *at_ms = event.at_ms;
            return true;
        }
        if (event.kind == KIND_report_refused &&
            event_body(&event, report_refused_type(), turn_arena(turn), &refused, &fault) == OK) {
            *previous = refused.previous;
            return false;
        }
        at = txn_event(turn_txn(turn), at + 1, turn_arena(turn), &event, NULL) ? at + 1 : 0;
    }
    return false;
}

/* The amount of a figure; of persons, how many rows there are. */
static maybe_t amount_in(const figure_t *figure) {
    if (figure == NULL || figure->amount.given) return figure == NULL ? (maybe_t){0} : figure->amount;
    return (maybe_t){true, figure->nil ? 0 : (int64_t)figure->items_count};
}

static const figure_t *figure_in(const report_accepted_t *report, const figure_t *like) {
    for (uint32_t index = 0; index < report->figures_count; index++)
        if (text_equal(report->figures[index].indicator, like->indicator) &&
            text_equal(report->figures[index].member, like->member))
            return &report->figures[index];
    return NULL;
}

static bool maybe_same(maybe_t a, maybe_t b) { return a.given == b.given && (!a.given || a.value == b.value); }

/* `like` names indicator and member; it stands in one of the two. false: the page is full. */
static bool change_add(history_page_t *page, const report_accepted_t *before, const report_accepted_t *now,
                       const figure_t *like, figure_change_t row) {
    const figure_t *old = figure_in(before, like), *fresh = figure_in(now, like);
    row.member = like->member;
    row.before = amount_in(old);
    row.after = amount_in(fresh);
    if (fresh != NULL) row.opening = fresh->opening;
    bool moved = !maybe_same(row.before, row.after) || (old != NULL && !maybe_same(old->opening, row.opening));
    if (!moved) return true;
    if (page->skip > 0) {
        page->skip--;
        return true;
    }
    page->told.more = page->told.rows_count == LIMIT_ROWS;
    if (!page->told.more) page->rows[page->told.rows_count++] = row;
    return !page->told.more;
}

static bool is_wanted(const history_page_t *page, const figure_t *figure) {
    return text_equal(figure->indicator, page->indicator) &&
           (page->ask->member.size == 0 || text_equal(page->ask->member, figure->member));
}

/* What one revision changed beside the one before it: its own figures, then those that it no longer states. */
static bool revision_add(history_page_t *page, const report_accepted_t *before, const report_accepted_t *now,
                         figure_change_t row) {
    for (uint32_t index = 0; index < now->figures_count; index++)
        if (is_wanted(page, &now->figures[index]) && !change_add(page, before, now, &now->figures[index], row)) return false;
    for (uint32_t index = 0; index < before->figures_count; index++) {
        const figure_t *gone = &before->figures[index];
        if (is_wanted(page, gone) && figure_in(now, gone) == NULL && !change_add(page, before, now, gone, row)) return false;
    }
    return true;
}

/* --- returns: what lay below counts again --- */

static bool is_return(const decision_row_t *row, const history_page_t *page) {
    return row->accepted && row->decision == decision_returned && text_equal(row->unit, page->ask->unit);
}

static uint32_t returns_walk(turn_t *turn, const history_page_t *page, decision_row_t *out) {
    store_key_t all = key_new();
    validation_decision_t kept;
    uint32_t count = 0;
    scan_t scan = scan_begin(turn_txn(turn), VALIDATION_DECISION, &all, NULL);
    while (scan_next(&scan, turn_arena(turn), &kept)) {
        if (!is_return(&kept.row, page)) continue;
        if (out != NULL) out[count] = kept.row;
        count++;
    }
    scan_end(&scan);
    return count;
}

static void returns_find(turn_t *turn, history_page_t *page) {
    page->returns_count = returns_walk(turn, page, NULL);
    if (page->returns_count == 0) return;
    decision_row_t *rows = ARENA_NEW(turn_arena(turn), decision_row_t, page->returns_count);
    returns_walk(turn, page, rows);
    page->returns = rows;
}

/* The returns between two entries; *standing is what counts, before and behind them. false: the page is full. */
static bool returns_add(turn_t *turn, history_page_t *page, uint64_t from, uint64_t until, report_accepted_t *standing) {
    for (uint32_t index = 0; index < page->returns_count; index++) {
        const decision_row_t *decision = &page->returns[index];
        if (decision->seq <= from || decision->seq >= until) continue;
        if (!text_equal(decision->task, page->task) || !text_equal(decision->period, page->period)) continue;
        report_accepted_t below = {0};
        int64_t at_ms;
        uint64_t previous;
        if (accepted_below(standing) == 0 || !accepted_at(turn, accepted_below(standing), &below, &at_ms, &previous))
            below = (report_accepted_t){0};
        figure_change_t row = {.cause_seq = decision->seq, .period = page->period, .task = page->task, .indicator = page->indicator,
                               .revision = below.revision, .received_ms = decision->at_ms, .returned = true};
        if (!revision_add(page, standing, &below, row)) return false;
        *standing = below;
    }
    return true;
}

/* The accepted submissions of (unit, task, period), oldest first, and the returns between them. */
static bool period_add(turn_t *turn, history_page_t *page, uint64_t newest_seq) {
    uint64_t *seqs = ARENA_NEW(turn_arena(turn), uint64_t, LIMIT_CHAIN), previous = 0, last = 0;
    report_accepted_t report, before = {0};
    int64_t at_ms = 0;
    uint32_t count = 0;
    for (uint64_t seq = newest_seq; seq != 0 && count < LIMIT_CHAIN; seq = previous)
        if (accepted_at(turn, seq, &report, &at_ms, &previous)) seqs[count++] = seq;
    page->told.cut |= previous != 0;
    for (uint32_t index = count; index-- > 0; before = report, last = seqs[index]) {
        if (last != 0 && !returns_add(turn, page, last, seqs[index], &before)) return false;
        if (!accepted_at(turn, seqs[index], &report, &at_ms, &previous)) return true;
        figure_change_t row = {.cause_seq = seqs[index],
                               .period = page->period,
                               .task = page->task,
                               .indicator = page->indicator,
                               .revision = report.revision,
                               .received_ms = report.received_ms != 0 ? report.received_ms : (uint64_t)at_ms,
                               .explained = report.explained,
                               .explained_count = report.explained_count};
        if (!revision_add(page, &before, &report, row)) return false;
    }
    return last == 0 || returns_add(turn, page, last, UINT64_MAX, &before);
}

/* All periods of one indicator. false: the page is full. */
static bool indicator_add(turn_t *turn, history_page_t *page, const plan_t *plan, const sheet_t *sheet, text_t indicator) {
    page->indicator = indicator;
    for (uint32_t index = 0; index < plan->periods_count; index++) {
        page->period = plan->periods[index].id;
        if (page->ask->period.size > 0 && !text_equal(page->ask->period, page->period)) continue;
        uint64_t newest_seq = sheet_standing(sheet, &plan->periods[index]).newest_seq;
        if (newest_seq != 0 && !period_add(turn, page, newest_seq)) return false;
    }
    return true;
}

void answer_history(turn_t *turn, const packet_t *packet, reply_t *reply) {
    history_ask_t ask;
    fault_t fault;
    if (packet_body(packet, history_ask_type(), turn_arena(turn), &ask, &fault) != OK) return;
    if (turn_waits(turn, ask.at_least)) return;
    history_page_t page = {.ask = &ask, .skip = ask.after, .told = {.as_of = turn_cause(turn)}};
    page.told.rows = page.rows = ARENA_NEW(turn_arena(turn), figure_change_t, LIMIT_ROWS);
    validation_place_t place = validation_place(plan_book(turn), ask.unit, text_of(NULL), ask.period);
    bool room = true;
    returns_find(turn, &page);
    for (uint32_t task = 0; place.unit != NULL && room && task < place.plan->tasks_count; task++) {
        const task_t *here = place.task = &place.plan->tasks[task];
        if (!task_owed_by(here, ask.unit)) continue;
        const sheet_t *sheet = sheet_of(turn, &place);
        page.task = here->id;
        for (uint32_t index = 0; room && index < here->indicators_count; index++) {
            text_t indicator = here->indicators[index].id;
            if (ask.indicator.size > 0 && !text_equal(indicator, ask.indicator)) continue;
            room = indicator_add(turn, &page, place.plan, sheet, indicator);
        }
    }
    reply_with(reply, history_type(), &page.told);
}
