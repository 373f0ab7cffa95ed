/* What may be asked of aggregation: targets, obligations, figures; from a read transaction, never in the way of the fold. */
#include "services/3-aggregation/aggregation_state.h"

static bool ask_read(turn_t *turn, const packet_t *ask, const message_t *type, void *question, reply_t *reply) {
    fault_t fault = {0};
    if (packet_body(ask, type, turn_arena(turn), question, &fault) == OK) return true;
    reason_t reason = {.code = text_of(fault.code), .path = arena_text(turn_arena(turn), text_of(fault.path))};
    reason_tell(&reason, turn_arena(turn));
    reply_with(reply, refusal_type(), &(refusal_t){.reasons = &reason, .reasons_count = 1});
    return false;
}

/* Who still owes may be thousands: a page ends by bytes as well as by rows. */
static size_t target_size(const target_changed_t *row) {
    size_t size = 512 + (size_t)row->proof_count * 256 + (size_t)row->missing_count * LIMIT_ID;
    for (uint32_t index = 0; index < row->owing_count; index++) size += row->owing[index].size + 2;
    return size;
}

/* How many figures are behind a target, and with how many of them evidence came. */
static void coverage_tell(turn_t *turn, const watch_t *watch, target_changed_t *told) {
    bool by_member = watch->aim.shape == shape_each;
    uint32_t count = by_member ? watch->indicator->members_count : 1;
    for (uint32_t index = 0; index < count; index++) {
        text_t member = by_member ? watch->indicator->members[index].id : text_of(NULL);
        agg_tally_t tally = tally_get(turn, watch, member);
        told->figures += tally.figures;
        told->covered += tally.covered;
    }
}

static void answer_targets(turn_t *turn, const packet_t *ask, reply_t *reply) {
    targets_ask_t question;
    if (!ask_read(turn, ask, targets_ask_type(), &question, reply)) return;
    if (turn_waits(turn, question.at_least)) return;
    const memory_t *memory = turn_memory(turn);
    targets_t told = {.as_of = turn_cause(turn), .now_ms = (uint64_t)turn_now_ms(turn)};
    target_changed_t *rows = ARENA_NEW(turn_arena(turn), target_changed_t, LIMIT_ROWS);
    told.rows = rows;
    agg_pass_t pass = pass_get(turn);
    moment_t now = {.ms = pass.sealed_ms != 0 ? (int64_t)pass.sealed_ms : turn_now_ms(turn), .closed = pass.closed};
    if (memory != NULL) now.day = day_of_instant(memory->plan, now.ms);
    uint64_t skip = question.after;
    size_t size = 0;
    for (uint32_t index = 0; memory != NULL && !told.more && index < memory->watches_count; index++) {
        const watch_t *watch = &memory->watches[index];
        if (question.task.size > 0 && !text_equal(question.task, watch->task->id)) continue;
        if (skip > 0) {
            skip--;
            continue;
        }
        told.more = told.rows_count == LIMIT_ROWS || size > LIMIT_BATCH; /* one row past it still fits into a frame */
        if (told.more) break;
        rows[told.rows_count] = target_now(turn, watch, now);
        coverage_tell(turn, watch, &rows[told.rows_count]);
        size += target_size(&rows[told.rows_count++]);
    }
    reply_with(reply, targets_type(), &told);
}

/* ---------- obligations ---------- */

/* Places are counted through: period by period, in each all units of the first task, then of the second. A page says at which place
 * the next one begins, so that nobody goes through what he has had. */
typedef struct {
    const obligations_ask_t *question;
    obligation_changed_t *rows;
    arena_t *scratch;
    uint32_t count;
    uint64_t next; /* place of the first row that found no room; 0: each did */
} obligation_page_t;

static bool wanted(text_t filter, text_t id) { return filter.size == 0 || text_equal(filter, id); }

/* false: the page is full. */
static bool page_add(obligation_page_t *page, uint64_t at, const obligation_changed_t *row) {
    bool open = row->standing == standing_due || row->standing == standing_overdue || row->standing == standing_returned;
    if (page->question->open_only && !open) return true;
    if (page->count == LIMIT_ROWS) {
        page->next = at;
        return false;
    }
    page->rows[page->count++] = *row;
    return true;
}

/* The first of a task's owers from this unit on. */
static uint32_t ower_from(const memory_t *memory, uint32_t task, uint64_t unit) {
    uint32_t low = 0, high = memory->owers_count[task];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memory->owers[task][middle] < unit) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* One task in one period, of the units first … last. false: the page is full. */
static bool page_fill_task(turn_t *turn, const memory_t *memory, obligation_page_t *page, uint32_t period, uint32_t task,
                           uint64_t first, uint64_t last) {
    const plan_t *plan = memory->plan;
    uint64_t begin = ((uint64_t)period * plan->tasks_count + task) * plan->units_count, after = page->question->after;
    if (after > begin && after - begin > first) first = after - begin;
    for (uint32_t place = ower_from(memory, task, first); place < memory->owers_count[task]; place++) {
        uint32_t unit = memory->owers[task][place];
        if (unit > last) return true;
        obligation_changed_t row;
        place_t whose = place_of(memory, &plan->units[unit], &plan->tasks[task], &plan->periods[period]);
        if (obligation_tell(turn, memory, &whose, page->scratch, &row) && !page_add(page, begin + unit, &row)) return false;
    }
    return true;
}

static void page_fill(turn_t *turn, const memory_t *memory, obligation_page_t *page) {
    const plan_t *plan = memory->plan;
    text_t only = page->question->unit;
    const unit_t *unit = only.size == 0 ? NULL : planbook_unit(memory->book, only);
    if (only.size > 0 && unit == NULL) return;
    uint32_t first = unit == NULL ? 0 : planbook_unit_index(memory->book, unit), last = unit == NULL ? UINT32_MAX : first;
    for (uint32_t period = 0; period < plan->periods_count; period++) {
        if (!wanted(page->question->period, plan->periods[period].id)) continue;
        for (uint32_t task = 0; task < plan->tasks_count; task++)
            if (wanted(page->question->task, plan->tasks[task].id) &&
                !page_fill_task(turn, memory, page, period, task, first, last))
                return;
    }
}

static void answer_obligations(turn_t *turn, const packet_t *ask, reply_t *reply) {
    obligations_ask_t question;
    if (!ask_read(turn, ask, obligations_ask_type(), &question, reply)) return;
    if (turn_waits(turn, question.at_least)) return;
    const memory_t *memory = turn_memory(turn);
    obligation_page_t page = {.question = &question, .scratch = arena_new()};
    page.rows = ARENA_NEW(turn_arena(turn), obligation_changed_t, LIMIT_ROWS);
    if (memory != NULL) page_fill(turn, memory, &page);
    arena_destroy(&page.scratch);
    obligations_t told = {.as_of = turn_cause(turn),
                          .now_ms = (uint64_t)turn_now_ms(turn),
                          .rows = page.rows,
                          .rows_count = page.count,
                          .more = page.next > 0,
                          .next = page.next};
    reply_with(reply, obligations_type(), &told);
}

/* ---------- figures ---------- */

/* Where the next page begins: the unit (its number in the plan, from 1) in the upper half, and how many of its rows are told. */
enum { FIGURE_UNIT = 32 };

typedef struct {
    const unit_t *begin;   /* the first unit; NULL: whichever comes first */
    uint32_t unit_index;   /* of the unit at hand */
    uint32_t skip, passed; /* rows of the unit at hand: those told before, those come by */
    arena_t *scratch;      /* of the unit at hand */
    arena_t *arena;        /* what is told */
    proof_row_t *rows;
    figures_t told;
} figure_page_t;

static void figure_add(figure_page_t *page, const proof_row_t *row) {
    if (page->passed++ < page->skip || page->told.more) return;
    if (page->told.rows_count == LIMIT_ROWS) {
        page->told.more = true;
        page->told.next = (uint64_t)(page->unit_index + 1) << FIGURE_UNIT | (page->passed - 1);
        return;
    }
    void *room = arena_take(page->arena, wire_room(proof_row_type(), row) + 1);
    wire_copy(proof_row_type(), row, &page->rows[page->told.rows_count++], room);
}

/* A figure, its opening balance as a row of its own on the plan's first day; a lasting target's persons one by one. */
static void share_tell(const memory_t *memory, const agg_share_t *share, proof_row_t row, figure_page_t *page) {
    row.member = share->member;
    if (share->opening.given) {
        proof_row_t opening = row;
        opening.fact_day = memory->plan->from;
        opening.amount = share->opening;
        figure_add(page, &opening);
    }
    for (uint32_t index = 0; index < share->persons_count && !page->told.more; index++) {
        proof_row_t person = row;
        person.fact_day = share->persons[index].fact_day;
        person.out_day = share->persons[index].out_day;
        person.contested = share->persons[index].contested;
        for (size_t byte = 0; byte < sizeof person.person; byte++) person.person[byte] = share->persons[index].person[byte];
        figure_add(page, &person);
    }
    if (share->persons_count > 0) return;
    row.amount = share_credited(share);
    if (share->contested > 0) row.reported = share->amount;
    figure_add(page, &row);
}

static text_t period_named(const memory_t *memory, uint64_t period_from) {
    for (uint32_t index = 0; index < memory->plan->periods_count; index++)
        if (memory->plan->periods[index].from == period_from) return memory->plan->periods[index].id;
    return text_of(NULL);
}

/* What counts of one report; `row` names its unit. */
static void leaf_tell(turn_t *turn, const memory_t *memory, const figures_ask_t *question, const agg_leaf_t *leaf,
                      proof_row_t row, figure_page_t *page) {
    agg_obligation_t owed;
    wire_known_t known;
    const agg_revision_t *counting = &owed.counting;
    if (!leaf_read(turn, leaf, page->scratch, &owed, &known) || counting->seq == 0) return;
    row.cause_seq = counting->seq;
    row.received_ms = counting->received_ms;
    row.evidence = counting->evidence;
    row.explained = counting->explained;
    row.explained_count = counting->explained_count;
    row.period = period_named(memory, leaf->period_from);
    for (uint32_t index = 0; index < counting->shares_count && !page->told.more; index++) {
        const agg_share_t *share = &counting->shares[index];
        if (text_equal(share->indicator, question->indicator) && wanted(question->member, share->member))
            share_tell(memory, share, row, page);
    }
}

static void figures_fill(turn_t *turn, const memory_t *memory, const figures_ask_t *question, const task_t *task,
                         figure_page_t *page) {
    store_key_t prefix = KEY(task->id), from = page->begin == NULL ? prefix : KEY(task->id, page->begin->id);
    agg_dossier_t dossier;
    uint32_t count;
    scan_t scan = scan_begin(turn_txn(turn), T_DOSSIERS, &prefix, &from);
    while (!page->told.more && scan_next(&scan, page->scratch, &dossier)) {
        uint32_t at = 0;
        key_next_text(scan.key, &at);
        const unit_t *unit = planbook_unit(memory->book, key_next_text(scan.key, &at));
        if (unit == NULL) continue; /* what has an id stays in the plan */
        page->unit_index = planbook_unit_index(memory->book, unit);
        page->passed = 0;
        if (unit != page->begin) page->skip = 0;
        const agg_leaf_t *leaves = dossier_leaves(turn, &dossier, page->scratch, &count);
        for (uint32_t index = 0; index < count && !page->told.more; index++)
            leaf_tell(turn, memory, question, &leaves[index], (proof_row_t){.unit = unit->id}, page);
        arena_reset(page->scratch);
    }
    scan_end(&scan);
}

/* false: there is no such unit to begin with. */
static bool figure_page_begin(const memory_t *memory, uint64_t after, figure_page_t *page) {
    uint64_t unit = after >> FIGURE_UNIT;
    if (after == 0) return true;
    if (unit == 0 || unit > memory->plan->units_count) return false;
    page->begin = &memory->plan->units[unit - 1];
    page->skip = (uint32_t)after;
    return true;
}

/* The total as it counts, and as it was reported where that is more. */
static void total_tell(turn_t *turn, const watch_t *watch, text_t member, figures_t *told) {
    agg_tally_t tally = tally_get(turn, watch, member);
    wide_t total = tally_total(&tally), contested = TALLY_WIDE(&tally, contested);
    bool by_member = watch->aim.shape == shape_each && member.size == 0;
    for (uint32_t index = 0; by_member && index < watch->indicator->members_count; index++) {
        tally = tally_get(turn, watch, watch->indicator->members[index].id);
        total += tally_total(&tally);
        contested += TALLY_WIDE(&tally, contested);
    }
    told->total = (maybe_t){true, (int64_t)wide_shown(total)};
    if (contested > 0) told->reported = (maybe_t){true, (int64_t)wide_shown(total + contested)};
}

static void answer_figures(turn_t *turn, const packet_t *ask, reply_t *reply) {
    figures_ask_t question;
    if (!ask_read(turn, ask, figures_ask_type(), &question, reply)) return;
    if (turn_waits(turn, question.at_least)) return;
    const memory_t *memory = turn_memory(turn);
    const indicator_t *indicator = memory == NULL ? NULL : planbook_indicator(memory->book, question.indicator);
    figure_page_t page = {.arena = turn_arena(turn), .scratch = arena_new(), .told = {.as_of = turn_cause(turn)}};
    page.rows = ARENA_NEW(turn_arena(turn), proof_row_t, LIMIT_ROWS);
    page.told.rows = page.rows;
    if (indicator != NULL) {
        const task_t *task = planbook_task_of(memory->book, indicator);
        total_tell(turn, memory_watch(memory, task, indicator->id), question.member, &page.told);
        if (figure_page_begin(memory, question.after, &page)) figures_fill(turn, memory, &question, task, &page);
    }
    arena_destroy(&page.scratch);
    reply_with(reply, figures_type(), &page.told);
}

void aggregation_answer(turn_t *turn, const packet_t *ask, reply_t *reply) {
    switch (ask->kind) {
    case KIND_targets_ask: answer_targets(turn, ask, reply); break;
    case KIND_obligations_ask: answer_obligations(turn, ask, reply); break;
    case KIND_figures_ask: answer_figures(turn, ask, reply); break;
    default: break; /* not mine: the stage says so */
    }
}
