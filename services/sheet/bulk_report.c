/* The rows of one report: figures, items, words, names; every value remembers its cell. */
#include "services/sheet/bulk_inner.h"

#include "proto/crypto.h"
#include "proto/wire.h"
#include "services/plan/amount.h"

#include <string.h>

/* What is being put together. */
typedef struct {
    const table_of_reports_t *table;
    arena_t *arena;
    fault_list_t *faults;
    const task_t *task;
    const period_t *period;
    report_t *report;
    spots_t *spots;
    figure_t *figures;
    item_t **items;
    spots_t *figure_spots, *evidence_spots, *explanation_spots, *unfilled;
    spots_t **item_spots;
    evidence_t *evidence;
    explanation_t explanations[LIMIT_REASONS];
    text_t *unfilled_names;
    uint32_t figure_count, unfilled_count;
    uint32_t row;       /* at hand */
    uint32_t rows_left; /* with it */
} maker_t;

static text_t cell(const maker_t *self, column_t column, spot_t *spot) {
    return table_cell(self->table, self->row, column, spot, NULL);
}

static text_t name_of(column_t column) { return text_of(column_name(column, true)); }

static void differs(maker_t *self, column_t column, spot_t spot, spot_t other) {
    FAULT_AT(self->faults, self->arena, "cells_differ", spot, name_of(column), csv_spot_name(other, self->arena));
}

/* A text that every row of the report may repeat, and none may contradict. */
static void take_text(maker_t *self, column_t column, text_t *field) {
    spot_t spot;
    text_t text = cell(self, column, &spot);
    if (text.size == 0) return;
    if (field->size > 0 && !text_equal(*field, text)) {
        differs(self, column, spot, self->spots->at[column]);
        return;
    }
    if (field->size > 0) return;
    *field = text;
    self->spots->at[column] = spot;
}

static bool read_number(text_t text, uint64_t *number) {
    *number = 0;
    for (uint32_t at = 0; at < text.size; at++) {
        if (text.at[at] < '0' || text.at[at] > '9' || *number > 100000000) return false;
        *number = *number * 10 + (uint64_t)(text.at[at] - '0');
    }
    return true;
}

static void take_replaces(maker_t *self) {
    text_t typed = text_of("");
    uint64_t number = 0;
    take_text(self, COLUMN_replaces, &typed);
    if (typed.size == 0) return;
    spot_t spot = self->spots->at[COLUMN_replaces];
    if (!read_number(cell_plain(typed, self->arena), &number))
        FAULT_AT(self->faults, self->arena, "bad_number", spot, typed);
    else if (self->report->replaces != 0 && self->report->replaces != number)
        differs(self, COLUMN_replaces, spot, spot);
    else
        self->report->replaces = number;
}

static void check_unit(maker_t *self) {
    spot_t spot;
    text_t typed = cell(self, COLUMN_unit, &spot);
    const unit_t *unit = planbook_unit(self->table->book, self->table->unit);
    if (typed.size == 0 || unit == NULL || text_equal(typed, unit->id) || text_equal(typed, unit->name)) return;
    FAULT_AT(self->faults, self->arena, "other_unit", spot, typed, unit->name);
}

/* --- evidence and explanations --- */

static void take_evidence(maker_t *self, uint8_t sha256[32]) {
    spot_t spot, hash_spot;
    text_t name = cell(self, COLUMN_evidence, &spot), hex = cell(self, COLUMN_evidence_hash, &hash_spot);
    if (name.size == 0 && hex.size == 0) return;
    if (name.size == 0 || !hex_read(hex, sha256, HASH_SIZE)) {
        memset(sha256, 0, HASH_SIZE);
        FAULT_AT(self->faults, self->arena, "evidence_half", name.size == 0 ? spot : hash_spot, text_of(""));
        return;
    }
    uint32_t count = self->report->evidence_count;
    for (uint32_t index = 0; index < count; index++)
        if (memcmp(self->evidence[index].sha256, sha256, HASH_SIZE) == 0) return;
    if (count == LIMIT_EVIDENCE) {
        FAULT_AT(self->faults, self->arena, "too_many", spot, text_of(""));
        return;
    }
    self->evidence[count].name = name;
    memcpy(self->evidence[count].sha256, sha256, HASH_SIZE);
    self->evidence_spots[count] = (spots_t){.any = spot};
    self->evidence_spots[count].at[COLUMN_evidence] = spot;
    self->evidence_spots[count].at[COLUMN_evidence_hash] = hash_spot;
    self->report->evidence_count++;
}

static text_t soft_codes(arena_t *arena) {
    size_t count;
    const reason_text_t *all = reason_all(&count);
    text_t codes = text_of("");
    for (size_t index = 0; index < count; index++)
        if (all[index].layer == REASON_soft)
            codes = arena_format(arena, TEXT_FORMAT "%s%s", TEXT_ARGS(codes), codes.size > 0 ? ", " : "", all[index].code);
    return codes;
}

/* "no_evidence：发票随后补送". One soft code a line; a blanket excuse is none. */
static void take_explanation_line(maker_t *self, text_t line, spot_t spot) {
    static const char wide[] = "：";
    uint32_t at = 0, mark = 0;
    while (at < line.size &&
           ((line.at[at] >= 'a' && line.at[at] <= 'z') || line.at[at] == '_' || (line.at[at] >= '0' && line.at[at] <= '9')))
        at++;
    if (at < line.size && line.at[at] == ':') mark = 1;
    if (line.size - at >= sizeof wide - 1 && memcmp(line.at + at, wide, sizeof wide - 1) == 0) mark = sizeof wide - 1;
    text_t code = {line.at, at}, text = cell_trimmed((text_t){line.at + at + mark, line.size - at - mark});
    const reason_text_t *known = reason_find(code);
    if (mark == 0 || text.size == 0 || known == NULL || known->layer != REASON_soft) {
        FAULT_AT(self->faults, self->arena, "explanation_code", spot, soft_codes(self->arena));
        return;
    }
    uint32_t count = self->report->explanations_count;
    for (uint32_t index = 0; index < count; index++) {
        if (!text_equal(self->explanations[index].code, code)) continue;
        if (!text_equal(self->explanations[index].text, text))
            differs(self, COLUMN_explanation, spot, self->explanation_spots[index].any);
        return;
    }
    if (count == LIMIT_REASONS) return;
    self->explanations[count] = (explanation_t){code, text};
    self->explanation_spots[count] = (spots_t){.any = spot};
    self->explanation_spots[count].at[COLUMN_explanation] = spot;
    self->report->explanations_count++;
}

static void take_explanations(maker_t *self) {
    spot_t spot;
    text_t text = cell(self, COLUMN_explanation, &spot);
    while (text.size > 0) {
        uint32_t size = 0;
        while (size < text.size && text.at[size] != '\n') size++;
        text_t line = cell_trimmed((text_t){text.at, size});
        if (line.size > 0) take_explanation_line(self, line, spot);
        text = (text_t){text.at + size + (size < text.size), text.size - size - (size < text.size)};
    }
}

/* --- figures --- */

static const indicator_t *find_indicator(const task_t *task, text_t typed) {
    for (uint32_t index = 0; index < task->indicators_count; index++)
        if (text_equal(task->indicators[index].id, typed) || text_equal(task->indicators[index].name, typed))
            return &task->indicators[index];
    return NULL;
}

static const member_t *find_member(const indicator_t *indicator, text_t typed) {
    for (uint32_t index = 0; index < indicator->members_count; index++)
        if (text_equal(indicator->members[index].id, typed) || text_equal(indicator->members[index].name, typed))
            return &indicator->members[index];
    return NULL;
}

/* The figure of (indicator, member), made at its first row. UINT32_MAX: there is no room. */
static uint32_t figure_at(maker_t *self, const indicator_t *indicator, text_t member) {
    for (uint32_t index = 0; index < self->figure_count; index++)
        if (text_equal(self->figures[index].indicator, indicator->id) && text_equal(self->figures[index].member, member))
            return index;
    if (self->figure_count == LIMIT_FIGURES) {
        FAULT_AT(self->faults, self->arena, "too_many", ((spot_t){self->row + 1, 0}), text_of(""));
        return UINT32_MAX;
    }
    uint32_t index = self->figure_count++;
    self->figures[index].indicator = arena_text(self->arena, indicator->id);
    self->figures[index].member = arena_text(self->arena, member);
    spots_t *spots = &self->figure_spots[index];
    spots->any = (spot_t){self->row + 1, 0};
    cell(self, COLUMN_indicator, &spots->at[COLUMN_indicator]);
    cell(self, COLUMN_member, &spots->at[COLUMN_member]);
    return index;
}

/* Only a number? Then it means nothing before its column shows the unit. */
static bool is_bare(text_t typed) {
    int64_t value;
    return amount_read(typed, measure_money, NULL, &value) != NULL && amount_read(typed, measure_money, "亿元", &value) == NULL;
}

/* What a spreadsheet made unreadable: told as that, whatever the column. */
static bool is_spoilt(maker_t *self, text_t typed, spot_t spot) {
    const char *code = cell_is_error(typed) ? "cell_error" : cell_is_mangled(typed) ? "number_mangled" : NULL;
    if (code != NULL) FAULT_AT(self->faults, self->arena, code, spot, typed);
    return code != NULL;
}

static bool read_amount(maker_t *self, const indicator_t *indicator, column_t column, maybe_t *amount, spot_t *spot) {
    const head_column_t *head = NULL;
    text_t typed = table_cell(self->table, self->row, column, spot, &head);
    if (typed.size == 0) return false;
    bool money = indicator->measure == measure_money;
    bool shown = head->kind == (money ? UNIT_MONEY : UNIT_COUNT);
    const char *why = NULL, *zh = NULL;
    if (is_spoilt(self, typed, *spot)) return false;
    if (!shown && is_bare(typed)) {
        why = "a bare number: neither it nor its column shows the unit of this indicator";
        zh = "只有数字：单元格和列标题都没有写明该指标的计量单位";
    } else {
        why = amount_read(typed, indicator->measure, shown ? head->word : NULL, &amount->value);
        if (why != NULL) zh = amount_reason_zh(why);
    }
    if (why != NULL) FAULT_AT(self->faults, self->arena, "bad_amount", *spot, typed, text_of(zh), text_of(why));
    amount->given = why == NULL;
    return amount->given;
}

static void take_amount(maker_t *self, uint32_t figure, const indicator_t *indicator, column_t column, maybe_t *field) {
    maybe_t read = {0};
    spot_t spot;
    spots_t *spots = &self->figure_spots[figure];
    if (!read_amount(self, indicator, column, &read, &spot)) return;
    if (field->given && field->value != read.value) {
        differs(self, column, spot, spots->at[column]);
        return;
    }
    if (!field->given) spots->at[column] = spot;
    *field = read;
}

static void take_nil(maker_t *self, uint32_t figure) {
    spot_t spot;
    text_t typed = cell(self, COLUMN_nil, &spot);
    int yes = cell_yes(typed);
    if (yes < 0) FAULT_AT(self->faults, self->arena, "bad_yes", spot, typed);
    if (yes <= 0) return;
    self->figures[figure].nil = true;
    self->figure_spots[figure].at[COLUMN_nil] = spot;
}

/* --- items --- */

static uint32_t read_day(maker_t *self, column_t column, spots_t *spots) {
    uint32_t day = 0;
    text_t typed = cell_plain(cell(self, column, &spots->at[column]), self->arena);
    if (typed.size == 0) {
        spots->at[column] = (spot_t){0, 0};
        return 0;
    }
    if (cell_day(typed, &day) || is_spoilt(self, typed, spots->at[column])) return day;
    FAULT_AT(self->faults, self->arena, cell_is_serial(typed) ? "date_serial" : "bad_date", spots->at[column], typed);
    return 0;
}

/* A row has one key; what kind the general column 凭证号 holds is the indicator's matter. */
static void read_key(maker_t *self, const indicator_t *indicator, item_t *item, spots_t *spots) {
    static const struct {
        column_t column;
        key_kind_t kind;
    } keys[] = {{COLUMN_receipt, key_kind_receipt},
                {COLUMN_contract, key_kind_contract},
                {COLUMN_uscc, key_kind_uscc},
                {COLUMN_person, key_kind_person}};
    for (size_t index = 0; index < sizeof keys / sizeof keys[0]; index++) {
        spot_t spot;
        text_t typed = cell(self, keys[index].column, &spot);
        if (typed.size == 0) continue;
        if (item->key_kind != key_kind_none) {
            FAULT_AT(self->faults, self->arena, "two_keys", spot, text_of(""));
            return;
        }
        is_spoilt(self, typed, spot);
        if (keys[index].kind != key_kind_person) typed = cell_plain(typed, self->arena);
        spots->at[keys[index].column] = spot;
        item->key_kind = keys[index].kind;
        if (item->key_kind == key_kind_receipt && indicator->key_kind != key_kind_none &&
            indicator->key_kind != key_kind_person)
            item->key_kind = indicator->key_kind;
        if (item->key_kind == key_kind_person)
            item->person.text = typed;
        else
            item->key = typed;
    }
    bool people = indicator->measure == measure_people || indicator->key_kind == key_kind_person;
    if (item->key_kind == key_kind_none) item->key_kind = people ? key_kind_person : key_kind_receipt;
}

static void take_item(maker_t *self, uint32_t figure, const indicator_t *indicator, const uint8_t sha256[32]) {
    uint32_t count = self->figures[figure].items_count;
    if (count == LIMIT_ITEMS) {
        FAULT_AT(self->faults, self->arena, "too_many", ((spot_t){self->row + 1, 0}), text_of(""));
        return;
    }
    if (count == 0) {
        uint32_t room = self->rows_left < LIMIT_ITEMS ? self->rows_left : LIMIT_ITEMS;
        self->items[figure] = ARENA_NEW(self->arena, item_t, room);
        self->item_spots[figure] = ARENA_NEW(self->arena, spots_t, room);
    }
    item_t *item = &self->items[figure][count];
    spots_t *spots = &self->item_spots[figure][count];
    self->figures[figure].items_count++;
    spots->any = (spot_t){self->row + 1, 0};
    read_key(self, indicator, item, spots);
    uint32_t fact_day = read_day(self, COLUMN_fact_day, spots), in_day = read_day(self, COLUMN_in_day, spots);
    if (fact_day != 0 && in_day != 0 && fact_day != in_day)
        differs(self, COLUMN_in_day, spots->at[COLUMN_in_day], spots->at[COLUMN_fact_day]);
    item->fact_day = fact_day != 0 ? fact_day : in_day;
    item->out_day = read_day(self, COLUMN_out_day, spots);
    if (!read_amount(self, indicator, COLUMN_item_amount, &item->amount, &spots->at[COLUMN_item_amount]))
        item->amount = (maybe_t){0};
    if (!bytes_are_zero(sha256, HASH_SIZE)) {
        memcpy(item->evidence, sha256, HASH_SIZE);
        cell(self, COLUMN_evidence_hash, &spots->at[COLUMN_evidence_hash]);
    }
}

/* --- one row --- */

static bool any_filled(maker_t *self, const column_t *columns, size_t count, spot_t *first) {
    for (size_t index = 0; index < count; index++)
        if (cell(self, columns[index], first).size > 0) return true;
    return false;
}

static void note_unfilled(maker_t *self, const indicator_t *indicator, const member_t *member) {
    spots_t *spots = &self->unfilled[self->unfilled_count];
    *spots = (spots_t){.any = {self->row + 1, 0}};
    cell(self, COLUMN_amount, &spots->any);
    text_t name = arena_text(self->arena, indicator->name);
    if (member != NULL)
        name = arena_format(self->arena, TEXT_FORMAT "（" TEXT_FORMAT "）", TEXT_ARGS(name), TEXT_ARGS(member->name));
    self->unfilled_names[self->unfilled_count++] = name;
}

static void take_figure(maker_t *self, const uint8_t sha256[32]) {
    static const column_t items[] = {COLUMN_receipt,     COLUMN_contract, COLUMN_uscc,   COLUMN_fact_day,
                                     COLUMN_item_amount, COLUMN_person,   COLUMN_in_day, COLUMN_out_day};
    static const column_t amounts[] = {COLUMN_amount, COLUMN_running, COLUMN_opening, COLUMN_nil};
    spot_t first, spot, member_spot;
    bool item = any_filled(self, items, sizeof items / sizeof items[0], &first);
    bool amount = any_filled(self, amounts, sizeof amounts / sizeof amounts[0], item ? &spot : &first);
    text_t typed = cell(self, COLUMN_indicator, &spot), member_typed = cell(self, COLUMN_member, &member_spot);
    if (typed.size == 0) {
        if (item || amount) FAULT_AT(self->faults, self->arena, "indicator_missing", first, text_of(""));
        return;
    }
    const indicator_t *indicator = find_indicator(self->task, typed);
    if (indicator == NULL) {
        FAULT_AT(self->faults, self->arena, "unknown_indicator", spot, typed, self->task->name);
        return;
    }
    const member_t *member = find_member(indicator, member_typed);
    if (member == NULL && member_typed.size > 0) {
        FAULT_AT(self->faults, self->arena, "unknown_member", member_spot, member_typed, indicator->name);
        return;
    }
    if (!item && !amount) {
        note_unfilled(self, indicator, member);
        return;
    }
    uint32_t figure = figure_at(self, indicator, member != NULL ? member->id : text_of(""));
    if (figure == UINT32_MAX) return;
    take_amount(self, figure, indicator, COLUMN_amount, &self->figures[figure].amount);
    take_amount(self, figure, indicator, COLUMN_running, &self->figures[figure].running);
    take_amount(self, figure, indicator, COLUMN_opening, &self->figures[figure].opening);
    take_nil(self, figure);
    if (item) take_item(self, figure, indicator, sha256);
}

static void take_row(maker_t *self) {
    report_t *report = self->report;
    uint8_t sha256[HASH_SIZE] = {0};
    spot_t spot;
    cell(self, COLUMN_task, &spot);
    if (self->spots->at[COLUMN_task].row == 0) self->spots->at[COLUMN_task] = spot;
    cell(self, COLUMN_period, &spot);
    if (self->spots->at[COLUMN_period].row == 0) self->spots->at[COLUMN_period] = spot;
    check_unit(self);
    take_replaces(self);
    take_text(self, COLUMN_progress, &report->progress);
    take_text(self, COLUMN_problems, &report->problems);
    take_text(self, COLUMN_next_step, &report->next_step);
    take_text(self, COLUMN_prepared_by, &report->prepared_by.text);
    take_text(self, COLUMN_reviewed_by, &report->reviewed_by.text);
    take_text(self, COLUMN_signed_by, &report->signed_by.text);
    take_evidence(self, sha256);
    take_explanations(self);
    take_figure(self, sha256);
}

/* --- the whole --- */

static uint32_t at_most(uint32_t count, uint32_t limit) { return count < limit ? count : limit; }

/* A row makes one figure and one piece of evidence at most. */
static maker_t *maker_new(const table_of_reports_t *table, bulk_report_t *out, fault_list_t *faults) {
    arena_t *arena = table->arena;
    maker_t *self = ARENA_NEW(arena, maker_t, 1);
    *self = (maker_t){.table = table, .arena = arena, .faults = faults, .report = &out->report, .spots = &out->spots};
    uint32_t figures = at_most(out->rows_count, LIMIT_FIGURES), evidence = at_most(out->rows_count, LIMIT_EVIDENCE);
    self->figures = ARENA_NEW(arena, figure_t, figures);
    self->figure_spots = ARENA_NEW(arena, spots_t, figures);
    self->items = ARENA_NEW(arena, item_t *, figures);
    self->item_spots = ARENA_NEW(arena, spots_t *, figures);
    self->evidence = ARENA_NEW(arena, evidence_t, evidence);
    self->evidence_spots = ARENA_NEW(arena, spots_t, evidence);
    self->explanation_spots = ARENA_NEW(arena, spots_t, LIMIT_REASONS);
    self->unfilled = ARENA_NEW(arena, spots_t, out->rows_count);
    self->unfilled_names = ARENA_NEW(arena, text_t, out->rows_count);
    return self;
}

/* Sizes, characters, identifiers: what the codec would refuse is told by its cell, before anything is sent. */
static void check_form(const maker_t *self, const bulk_report_t *out) {
    report_t report = out->report;
    fault_t fault;
    memset(report.submission_id, 1, sizeof report.submission_id);
    if (wire_check(report_type(), &report, &fault) == OK) return;
    reason_t reason = {.code = text_of(fault.code), .path = text_of(fault.path)};
    spot_t spot = bulk_spot(out, &reason);
    FAULT_AT(self->faults, self->arena, fault.code, spot, text_of(fault.path));
}

void bulk_report_fill(const table_of_reports_t *table, const task_t *task, const period_t *period, bulk_report_t *out,
                      fault_list_t *faults) {
    maker_t *self = maker_new(table, out, faults);
    self->task = task;
    self->period = period;
    report_t *report = &out->report;
    report->task = arena_text(self->arena, task->id);
    report->period = arena_text(self->arena, period->id);
    for (uint32_t index = 0; index < out->rows_count; index++) {
        self->row = out->rows[index] - 1;
        self->rows_left = out->rows_count - index;
        take_row(self);
    }
    for (uint32_t index = 0; index < self->figure_count; index++) self->figures[index].items = self->items[index];
    report->figures = self->figures;
    report->figures_count = self->figure_count;
    report->evidence = self->evidence;
    report->explanations = self->explanations;
    out->figures = self->figure_spots;
    out->items = (const spots_t *const *)self->item_spots;
    out->evidence = self->evidence_spots;
    out->explanations = self->explanation_spots;
    out->unfilled = self->unfilled;
    out->unfilled_names = self->unfilled_names;
    out->unfilled_count = self->unfilled_count;
    out->blank = self->figure_count == 0 && report->progress.size == 0 && report->problems.size == 0 &&
                 report->next_step.size == 0 && report->evidence_count == 0 && report->explanations_count == 0;
    if (faults->count == 0 && !out->blank) check_form(self, out);
}
