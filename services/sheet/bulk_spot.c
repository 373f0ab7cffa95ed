/* From a reason's path back to its cell; ids that follow from content; and a file checked against itself. */
#include "services/sheet/bulk.h"

#include "proto/crypto.h"
#include "proto/wire.h"
#include "services/plan/amount.h"
#include "services/plan/calendar.h"

#include <string.h>

/* --- cells --- */

static bool takes(text_t *path, const char *word) {
    size_t size = strlen(word);
    if (path->size < size || memcmp(path->at, word, size) != 0) return false;
    *path = (text_t){path->at + size, path->size - (uint32_t)size};
    return true;
}

/* "figures[3]…" → 3, and what stands behind the point. */
static bool takes_index(text_t *path, const char *list, uint32_t count, uint32_t *index) {
    text_t rest = *path;
    uint32_t digits = 0;
    *index = 0;
    if (!takes(&rest, list) || !takes(&rest, "[")) return false;
    for (; digits < rest.size && rest.at[digits] >= '0' && rest.at[digits] <= '9' && digits < 6; digits++)
        *index = *index * 10 + (uint32_t)(rest.at[digits] - '0');
    rest = (text_t){rest.at + digits, rest.size - digits};
    if (digits == 0 || !takes(&rest, "]") || *index >= count) return false;
    takes(&rest, ".");
    *path = rest;
    return true;
}

typedef struct {
    const char *field;
    column_t columns[4];
    uint32_t count;
} field_columns_t;

static const field_columns_t of_report[] = {
    {"task", {COLUMN_task}, 1},           {"period", {COLUMN_period}, 1},           {"unit", {COLUMN_unit}, 1},
    {"replaces", {COLUMN_replaces}, 1},   {"progress", {COLUMN_progress}, 1},       {"problems", {COLUMN_problems}, 1},
    {"next_step", {COLUMN_next_step}, 1}, {"prepared_by", {COLUMN_prepared_by}, 1}, {"reviewed_by", {COLUMN_reviewed_by}, 1},
    {"signed_by", {COLUMN_signed_by}, 1}};
static const field_columns_t of_figure[] = {{"amount", {COLUMN_amount, COLUMN_running}, 2},
                                            {"running", {COLUMN_running}, 1},
                                            {"opening", {COLUMN_opening}, 1},
                                            {"nil", {COLUMN_nil}, 1},
                                            {"member", {COLUMN_member, COLUMN_indicator}, 2},
                                            {"items", {COLUMN_amount, COLUMN_running}, 2},
                                            {"", {COLUMN_indicator}, 1}};
static const field_columns_t of_item[] = {{"amount", {COLUMN_item_amount}, 1},
                                          {"key", {COLUMN_receipt, COLUMN_contract, COLUMN_uscc, COLUMN_person}, 4},
                                          {"person", {COLUMN_person}, 1},
                                          {"fact_day", {COLUMN_fact_day, COLUMN_in_day}, 2},
                                          {"out_day", {COLUMN_out_day}, 1},
                                          {"evidence", {COLUMN_evidence_hash}, 1},
                                          {"", {COLUMN_receipt, COLUMN_contract, COLUMN_uscc, COLUMN_person}, 4}};
static const field_columns_t of_evidence[] = {{"sha256", {COLUMN_evidence_hash}, 1}, {"", {COLUMN_evidence}, 1}};
#define FIELDS(table) (table), sizeof(table) / sizeof((table)[0])

static spot_t spot_in(const spots_t *spots, text_t field, const field_columns_t *fields, size_t count) {
    for (size_t index = 0; index < count; index++) {
        text_t rest = field;
        if (!takes(&rest, fields[index].field)) continue;
        for (uint32_t column = 0; column < fields[index].count; column++)
            if (spots->at[fields[index].columns[column]].row != 0) return spots->at[fields[index].columns[column]];
    }
    return spots->any;
}

/* A figure that is missing: where its row was left empty. */
static spot_t spot_of_missing(const bulk_report_t *report, const reason_t *reason) {
    for (uint32_t index = 0; reason->args_count > 0 && index < report->unfilled_count; index++)
        if (text_equal(report->unfilled_names[index], reason->args[0])) return report->unfilled[index].any;
    return report->spots.any;
}

spot_t bulk_spot(const bulk_report_t *report, const reason_t *reason) {
    text_t path = reason->path;
    uint32_t figure = 0, index = 0;
    takes(&path, "report.");
    if (takes_index(&path, "figures", report->report.figures_count, &figure)) {
        const figure_t *one = &report->report.figures[figure];
        if (takes_index(&path, "items", one->items_count, &index))
            return spot_in(&report->items[figure][index], path, FIELDS(of_item));
        return spot_in(&report->figures[figure], path, FIELDS(of_figure));
    }
    if (takes_index(&path, "evidence", report->report.evidence_count, &index))
        return spot_in(&report->evidence[index], path, FIELDS(of_evidence));
    if (takes_index(&path, "explanations", report->report.explanations_count, &index)) return report->explanations[index].any;
    if (text_is(path, "figures")) return spot_of_missing(report, reason);
    return spot_in(&report->spots, path, FIELDS(of_report));
}

/* --- ids --- */

void bulk_submission_id(const report_t *report, const uint8_t secret[32], uint32_t attempt, const planbook_t *book,
                        uint8_t out[16]) {
    static const char label[] = "minning report file 1";
    uint8_t hash[HASH_SIZE],
        number[4] = {(uint8_t)(attempt >> 24), (uint8_t)(attempt >> 16), (uint8_t)(attempt >> 8), (uint8_t)attempt};
    report_t bare = *report;
    buffer_t bytes = {0};
    memset(bare.submission_id, 0, sizeof bare.submission_id);
    buffer_add(&bytes, label, sizeof label);
    buffer_add(&bytes, number, sizeof number);
    wire_encode(report_type(), &bare, &bytes);
    hash_keyed(secret, (bytes_t){bytes.at, (uint32_t)bytes.size}, hash);
    buffer_destroy(&bytes);
    const period_t *period = planbook_period(book, report->period);
    int64_t ms = period == NULL ? 0 : instant_of_day(planbook_plan(book), period->from, 0);
    for (int byte = 0; byte < 6; byte++) out[byte] = (uint8_t)((uint64_t)ms >> (40 - 8 * byte));
    memcpy(out + 6, hash, 10);
    out[6] = (uint8_t)(0x70 | (out[6] & 0x0f));
    out[8] = (uint8_t)(0x80 | (out[8] & 0x3f));
}

/* --- a file against itself --- */

static const figure_t *figure_in(const bulk_report_t *report, text_t indicator, text_t member, uint32_t *place) {
    for (uint32_t index = 0; index < report->report.figures_count; index++) {
        const figure_t *figure = &report->report.figures[index];
        *place = index;
        if (text_equal(figure->indicator, indicator) && text_equal(figure->member, member)) return figure;
    }
    return NULL;
}

/* The report before `at` with the same figure; UINT32_MAX: none. */
static uint32_t earlier_report(const bulk_t *bulk, uint32_t at, text_t indicator, text_t member, uint32_t *place) {
    for (uint32_t index = at; index-- > 0;)
        if (figure_in(&bulk->reports[index], indicator, member, place) != NULL) return index;
    return UINT32_MAX;
}

static bool month_of(const figure_t *figure, int64_t *month) {
    *month = figure->amount.value;
    if (figure->amount.given || figure->nil) return true;
    for (uint32_t index = 0; index < figure->items_count; index++) {
        const maybe_t *amount = &figure->items[index].amount;
        if (!amount->given || __builtin_add_overflow(*month, amount->value, month)) return false;
    }
    return figure->items_count > 0;
}

/* Nothing that the ledger may hold stands between the two: one period follows the other. */
static bool follows(const bulk_t *bulk, uint32_t earlier, uint32_t at) {
    uint32_t before = planbook_period_index(bulk->book, planbook_period(bulk->book, bulk->reports[earlier].report.period));
    return before + 1 == planbook_period_index(bulk->book, planbook_period(bulk->book, bulk->reports[at].report.period));
}

/* What the running total of a figure of report `at` is, as far as the file alone says it. Steps back report by report. */
static bool running_of(const bulk_t *bulk, uint32_t at, uint32_t place, int64_t *running) {
    text_t indicator = bulk->reports[at].report.figures[place].indicator,
           member = bulk->reports[at].report.figures[place].member;
    *running = 0;
    while (true) {
        const figure_t *figure = &bulk->reports[at].report.figures[place];
        int64_t month = 0;
        if (figure->running.given) return !__builtin_add_overflow(*running, figure->running.value, running);
        if (!month_of(figure, &month) || __builtin_add_overflow(*running, month, running)) return false;
        if (figure->opening.given) /* it comes with the first report there is: nothing stands before it */
            return !__builtin_add_overflow(*running, figure->opening.value, running);
        uint32_t earlier = earlier_report(bulk, at, indicator, member, &place);
        if (earlier == UINT32_MAX || !follows(bulk, earlier, at)) return false; /* what the ledger holds is not known here */
        at = earlier;
    }
}

static text_t shown(int64_t value, arena_t *arena) { return arena_format(arena, "%lld", (long long)value); }

/* Compares a running total with the report that it builds on, and puts the month's amount in its place. */
static void rehearse_figure(const bulk_t *bulk, uint32_t at, figure_t *figure, uint32_t place, arena_t *arena,
                            fault_list_t *faults) {
    const bulk_report_t *report = &bulk->reports[at];
    spot_t spot = report->figures[place].at[COLUMN_running], before = {0, 0};
    uint32_t earlier_place = 0, earlier = earlier_report(bulk, at, figure->indicator, figure->member, &earlier_place);
    if (earlier == UINT32_MAX) return;
    before = bulk->reports[earlier].figures[earlier_place].any;
    if (figure->opening.given && bulk->reports[earlier].report.figures[earlier_place].opening.given)
        FAULT_AT(faults, arena, "opening_twice", report->figures[place].at[COLUMN_opening], csv_spot_name(before, arena));
    int64_t previous = 0, month = 0;
    if (!figure->running.given) return;
    bool known = !figure->opening.given && follows(bulk, earlier, at) && running_of(bulk, earlier, earlier_place, &previous);
    if (!known) {
        FAULT_AT(faults, arena, "running_alone", spot, csv_spot_name(before, arena));
        return;
    }
    text_t running = shown(figure->running.value, arena), prior = shown(previous, arena);
    bool said = month_of(figure, &month);
    if (figure->running.value < previous)
        FAULT_AT(faults, arena, "running_falls", spot, running, prior);
    else if (said && figure->running.value - previous != month)
        FAULT_AT(faults, arena, "running_disagrees", spot, running, prior, shown(month, arena));
    if (!said) figure->amount = (maybe_t){true, figure->running.value - previous};
    figure->running = (maybe_t){0};
}

const report_t *bulk_rehearsed(const bulk_t *bulk, arena_t *arena, bulk_faults_t *faults) {
    report_t *reports = ARENA_NEW(arena, report_t, bulk->count + 1);
    for (uint32_t index = 0; index < bulk->count; index++) {
        const report_t *report = &bulk->reports[index].report;
        figure_t *figures = ARENA_NEW(arena, figure_t, report->figures_count + 1);
        fault_list_t list = {0};
        for (uint32_t place = 0; place < report->figures_count; place++) {
            figures[place] = report->figures[place];
            rehearse_figure(bulk, index, &figures[place], place, arena, &list);
        }
        reports[index] = *report;
        reports[index].figures = figures;
        faults[index] = (bulk_faults_t){list.at, list.count};
    }
    return reports;
}
