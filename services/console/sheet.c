/* A table of many reports at the console: checked as the command line checks a file, by the same code; and the table to fill
 * in. Nothing is kept here: the page sends each report by itself, under an id of its own. */
#include <string.h>

#include "services/console/state.h"
#include "services/door/door_rules.h"
#include "services/sheet/bulk_check.h"
#include "services/sheet/form.h"

/* A table on its way, in the memory of its request. */
typedef struct {
    csv_t csv;
    bool told; /* the page has no cells yet: it sent the text of a CSV file */
    bulk_t bulk;
    bulk_outcome_t *outcomes;
    bulk_check_t check;
    bool noted; /* intake has counted a refusal of this table */
} sheet_check_t;

/* --- cells in --- */

static bool refuse_cell(request_t *self, text_t code, const char *path) {
    reply_code(self, 422, code, path, (text_t){NULL, 0});
    return false;
}

/* {"rows": [["任务", …], …]}: texts alone, so that nobody has read them before us. */
static bool cells_of_rows(request_t *self, const json_t *list, csv_t *csv) {
    size_t count = json_array_size(list);
    if (!json_is_array(list)) return refuse_cell(self, REASON_OF(wrong_type), "rows");
    if (count > LIMIT_CSV_ROWS) return refuse_cell(self, REASON_OF(too_many), "rows");
    csv_row_t *rows = ARENA_NEW(self->arena, csv_row_t, count + 1);
    for (size_t row = 0; row < count; row++) {
        const json_t *line = json_array_get(list, row);
        size_t width = json_array_size(line);
        const char *path = arena_format(self->arena, "rows[%zu]", row).at;
        if (!json_is_array(line)) return refuse_cell(self, REASON_OF(wrong_type), path);
        if (width > LIMIT_CSV_COLUMNS) return refuse_cell(self, REASON_OF(too_many), path);
        text_t *cells = ARENA_NEW(self->arena, text_t, width + 1);
        for (size_t cell = 0; cell < width; cell++) {
            const json_t *text = json_array_get(line, cell);
            if (!json_is_string(text)) return refuse_cell(self, REASON_OF(wrong_type), path);
            cells[cell] = arena_text(self->arena, (text_t){json_string_value(text), (uint32_t)json_string_length(text)});
        }
        rows[row] = (csv_row_t){cells, (uint32_t)width};
    }
    *csv = (csv_t){.rows = rows, .count = (uint32_t)count, .encoding = "UTF-8"};
    return true;
}

/* {"csv": "…"}: the text of a file. A fault of it is told like those of its cells. */
static bool cells_of_text(request_t *self, const json_t *text, sheet_check_t *sheet) {
    csv_fault_t wrong;
    text_t typed = {json_string_value(text), (uint32_t)json_string_length(text)};
    sheet->told = true;
    if (csv_parse(arena_text(self->arena, typed), self->arena, &sheet->csv, &wrong) == OK) return true;
    sheet->csv = (csv_t){0};
    fault_list_t faults = {0};
    FAULT_AT(&faults, self->arena, wrong.code, wrong.spot, wrong.arg);
    sheet->bulk.faults = (bulk_faults_t){faults.at, faults.count};
    return true;
}

static sheet_check_t *sheet_read(request_t *self) {
    json_t *json = request_json(self);
    if (json == NULL) return NULL;
    sheet_check_t *sheet = ARENA_NEW(self->arena, sheet_check_t, 1);
    json_t *text = json_object_get(json, "csv");
    bool good = json_is_string(text) ? cells_of_text(self, text, sheet)
                                     : cells_of_rows(self, json_object_get(json, "rows"), &sheet->csv);
    json_decref(json);
    self->own = sheet;
    return good ? sheet : NULL;
}

/* --- what came of it, told --- */

static json_t *json_of(text_t text) { return json_stringn(text.size > 0 ? text.at : "", text.size); }

static json_t *faults_json(const bulk_t *bulk, const bulk_fault_t *faults, uint32_t count) {
    json_t *list = json_array();
    for (uint32_t index = 0; index < count; index++) {
        const bulk_fault_t *fault = &faults[index];
        json_t *json = message_to_json(reason_type(), &fault->reason);
        json_object_set_new(json, "row", json_integer(fault->spot.row));
        json_object_set_new(json, "column", json_integer(fault->spot.column));
        json_object_set_new(json, "header", json_of(bulk_header(bulk, fault->spot)));
        json_array_append_new(list, json);
    }
    return list;
}

static json_t *rows_json(const csv_t *csv) {
    json_t *rows = json_array();
    for (uint32_t row = 0; row < csv->count; row++) {
        json_t *cells = json_array();
        for (uint32_t cell = 0; cell < csv->rows[row].count; cell++)
            json_array_append_new(cells, json_of(csv->rows[row].cells[cell]));
        json_array_append_new(rows, cells);
    }
    return rows;
}

static json_t *outcome_json(const bulk_t *bulk, uint32_t at, const bulk_outcome_t *outcome) {
    const bulk_report_t *one = &bulk->reports[at];
    bool known = one->report.task.size > 0;
    json_t *json = json_object(), *rows = json_array(), *figures = json_array();
    for (uint32_t index = 0; index < one->rows_count; index++) json_array_append_new(rows, json_integer(one->rows[index]));
    for (uint32_t index = 0; index < outcome->figures_count; index++)
        json_array_append_new(figures, message_to_json(figure_standing_type(), &outcome->figures[index]));
    json_object_set_new(json, "rows", rows);
    json_object_set_new(json, "task", json_of(known ? one->report.task : one->task_typed));
    json_object_set_new(json, "period", json_of(known ? one->report.period : one->period_typed));
    json_object_set_new(json, "state", json_string(bulk_state_text(outcome->state)->name));
    json_object_set_new(json, "revision", json_integer((json_int_t)outcome->revision));
    json_object_set_new(json, "faults", faults_json(bulk, outcome->faults.at, outcome->faults.count));
    json_object_set_new(json, "notes", faults_json(bulk, outcome->notes.at, outcome->notes.count));
    json_object_set_new(json, "figures", figures);
    if (outcome->state == STATE_CHECKED || outcome->state == STATE_STANDING || outcome->state == STATE_REFUSED) {
        json_t *report = message_to_json(report_type(), &one->report);
        json_object_del(report, "submission_id"); /* the page gives it one, and keeps it until there is a verdict */
        json_object_set_new(json, "report", report);
    }
    return json;
}

/* 1 is A; 0: the table has no such column. */
static uint32_t column_at(const bulk_t *bulk, column_t wanted, arena_t *arena) {
    text_t unit;
    for (uint32_t index = 0; index < bulk->header_count; index++)
        if (cell_column(bulk->header[index], arena, &unit) == wanted) return index + 1;
    return 0;
}

static void sheet_reply(request_t *self) {
    const sheet_check_t *sheet = self->own;
    const bulk_t *bulk = &sheet->bulk;
    json_t *json = json_object(), *reports = json_array();
    for (uint32_t at = 0; bulk->faults.count == 0 && at < bulk->count; at++)
        json_array_append_new(reports, outcome_json(bulk, at, &sheet->outcomes[at]));
    json_object_set_new(json, "faults", faults_json(bulk, bulk->faults.at, bulk->faults.count));
    json_object_set_new(json, "reports", reports);
    json_object_set_new(json, "explanation", json_integer(column_at(bulk, COLUMN_explanation, self->arena)));
    json_object_set_new(json, "explanation_head", json_string(column_name(COLUMN_explanation, true)));
    json_object_set_new(json, "body_row", json_integer(bulk->body_row));
    json_object_set_new(json, "well", json_boolean(bulk->faults.count == 0 && bulk_check_is_well(&sheet->check)));
    if (sheet->told) json_object_set_new(json, "rows", rows_json(&sheet->csv));
    reply_json(self, 200, json);
}

/* --- the dry runs, one after the other --- */

static void sheet_step(request_t *self);

static void refuse_report(request_t *self, const reason_t *reasons, uint32_t count) {
    sheet_check_t *sheet = self->own;
    if (!sheet->noted) refusal_note(self, reasons[0].code);
    sheet->noted = true;
    bulk_check_refuse(&sheet->check, reasons, count);
}

/* Answers lean on the frame that they came in: copied first, since they outlive it. */
static void on_sheet_checked(request_t *self, const packet_t *packet) {
    sheet_check_t *sheet = self->own;
    packet_t kept;
    fault_t fault;
    verdict_t verdict;
    refusal_t refusal;
    if (packet_decode(arena_bytes(self->arena, packet->raw), &kept, &fault) != OK) {
        reply_busy(self);
        return;
    }
    if (kept.kind == KIND_refusal && packet_body(&kept, refusal_type(), self->arena, &refusal, &fault) == OK)
        bulk_check_refuse(&sheet->check, refusal.reasons, refusal.reasons_count);
    else if (answer_is(self, &kept, verdict_type(), &verdict))
        bulk_check_take(&sheet->check, &verdict);
    else
        return;
    sheet_step(self);
}

/* false: the door itself refuses it, nothing is asked. */
static bool ask_about(request_t *self, const report_t *checked) {
    report_t report = *checked;
    reason_t *reasons = ARENA_NEW(self->arena, reason_t, LIMIT_REASONS);
    text_t *texts = ARENA_NEW(self->arena, text_t, PERSONAL_TEXTS);
    fresh_id(self->console, report.submission_id);
    uint32_t count = report_refusals(&report, reasons, LIMIT_REASONS, self->arena);
    uint32_t persons = personal_texts(&report, texts, PERSONAL_TEXTS);
    if (count == 0 && persons > PERSONAL_TEXTS)
        reasons[count++] = (reason_t){.code = REASON_OF(too_many), .path = text_of("report.figures")};
    if (count > 0) {
        refuse_report(self, reasons, count);
        return false;
    }
    personal_t *refs = ARENA_NEW(self->arena, personal_t, persons + 1);
    for (uint32_t index = 0; index < persons; index++) /* as the vault lately told it: then the same content is known as that */
        if (!refs_find(self->console->refs, texts[index], self->console->now_ms, &refs[index]))
            refs_throwaway(self->console->refs, texts[index], &refs[index]);
    personal_swap(&report, refs, persons, self->arena);
    check_ask_t question = {.unit = text_of(self->who.unit), .report = report};
    ask(self, AT_VALIDATION, check_ask_type(), &question, on_sheet_checked);
    return true;
}

static void sheet_step(request_t *self) {
    sheet_check_t *sheet = self->own;
    const report_t *report;
    while ((report = bulk_check_next(&sheet->check)) != NULL)
        if (ask_about(self, report)) return;
    sheet_reply(self);
}

void on_sheet_check(request_t *self) {
    if (self->console->book == NULL) {
        reply_busy(self);
        return;
    }
    sheet_check_t *sheet = sheet_read(self);
    if (sheet == NULL) return;
    bool readable = sheet->bulk.faults.count == 0;
    if (readable) sheet->bulk = bulk_of(&sheet->csv, self->console->book, text_of(self->who.unit), self->arena);
    if (readable && sheet->bulk.count > LIMIT_SHEET_REPORTS) {
        fault_list_t faults = {0};
        text_t most = arena_format(self->arena, "%d", LIMIT_SHEET_REPORTS);
        FAULT_AT(&faults, self->arena, "too_many_reports", ((spot_t){0, 0}), most);
        sheet->bulk.faults = (bulk_faults_t){faults.at, faults.count};
    }
    sheet->outcomes = bulk_outcomes(&sheet->bulk, self->arena);
    sheet->check = bulk_check_begin(&sheet->bulk, sheet->outcomes, self->arena);
    if (sheet->bulk.faults.count > 0)
        sheet_reply(self);
    else
        sheet_step(self);
}

/* --- the table to fill in --- */

/* What was gathered so far. The plan may be replaced meanwhile: it is looked up anew at each step. */
typedef struct {
    text_t period; /* id */
    bool all, zh;
    obligations_t owed;
    form_figures_t figures[LIMIT_FORM_INDICATORS];
    uint32_t figures_count;
    proof_row_t *rows; /* of the indicator that is asked about */
    uint32_t rows_count, pages;
    uint64_t next; /* page of it */
} form_asking_t;

/* A list that lives as long as the request. */
static void *joined(request_t *self, const void *have, uint32_t have_count, const void *more, uint32_t more_count,
                    size_t size) {
    uint8_t *all = arena_take(self->arena, (have_count + more_count + 1) * size);
    if (have_count > 0) memcpy(all, have, have_count * size);
    if (more_count > 0) memcpy(all + have_count * size, more, more_count * size);
    return all;
}

static bool answer_kept(request_t *self, const packet_t *packet, const message_t *type, void *value) {
    packet_t kept;
    fault_t fault;
    if (packet_decode(arena_bytes(self->arena, packet->raw), &kept, &fault) == OK) return answer_is(self, &kept, type, value);
    reply_busy(self);
    return false;
}

/* false: the plan, the unit or the period is no more. */
static bool form_of(const request_t *self, const form_asking_t *asking, form_t *form) {
    const planbook_t *book = self->console->book;
    if (book == NULL) return false;
    *form = (form_t){.book = book, .arena = self->arena, .zh = asking->zh, .all = asking->all};
    form->unit = planbook_unit(book, text_of(self->who.unit));
    form->period = planbook_period(book, asking->period);
    form->owed = asking->owed.rows;
    form->owed_count = asking->owed.rows_count;
    form->figures = asking->figures;
    form->figures_count = asking->figures_count;
    return form->unit != NULL && form->period != NULL;
}

static void form_reply(request_t *self, const form_t *form) {
    csv_t table = form_table(form);
    json_t *json = json_object();
    json_object_set_new(json, "period", json_of(form->period->id));
    json_object_set_new(json, "now_ms", json_integer((json_int_t)((const form_asking_t *)self->own)->owed.now_ms));
    json_object_set_new(json, "rows", rows_json(&table));
    reply_json(self, 200, json);
}

static void on_form_figures(request_t *self, const packet_t *packet);

/* The next indicator whose figures are not known yet, or the table. */
static void form_step(request_t *self) {
    form_asking_t *asking = self->own;
    const indicator_t *list[LIMIT_FORM_INDICATORS];
    form_t form;
    if (!form_of(self, asking, &form)) {
        reply_busy(self);
        return;
    }
    uint32_t count = form_indicators(&form, list, LIMIT_FORM_INDICATORS);
    if (asking->figures_count == (count < LIMIT_FORM_INDICATORS ? count : LIMIT_FORM_INDICATORS)) {
        form_reply(self, &form);
        return;
    }
    asking->figures[asking->figures_count].indicator = arena_text(self->arena, list[asking->figures_count]->id);
    figures_ask_t question = {.indicator = asking->figures[asking->figures_count].indicator, .after = asking->next};
    ask(self, AT_AGGREGATION, figures_ask_type(), &question, on_form_figures);
}

static void on_form_figures(request_t *self, const packet_t *packet) {
    form_asking_t *asking = self->own;
    figures_t page;
    if (!answer_kept(self, packet, figures_type(), &page)) return;
    asking->rows = joined(self, asking->rows, asking->rows_count, page.rows, page.rows_count, sizeof *page.rows);
    asking->rows_count += page.rows_count;
    asking->next = page.next;
    if (!page.more || page.rows_count == 0) {
        form_figures_t *figures = &asking->figures[asking->figures_count++];
        figures->rows = asking->rows;
        figures->count = asking->rows_count;
        asking->rows = NULL;
        asking->rows_count = 0;
    }
    form_step(self);
}

static void on_form_owed(request_t *self, const packet_t *packet) {
    form_asking_t *asking = self->own;
    if (answer_kept(self, packet, obligations_type(), &asking->owed)) form_step(self);
}

/* The period that is named, else the newest that has begun. */
void on_sheet_template(request_t *self) {
    form_asking_t *asking = ARENA_NEW(self->arena, form_asking_t, 1);
    text_t named = request_parameter(self, "period");
    const planbook_t *book = self->console->book;
    if (book == NULL) {
        reply_busy(self);
        return;
    }
    const period_t *period = named.size > 0 ? planbook_period(book, named) : form_period(book, self->console->ledger_ms);
    if (period == NULL) {
        reply_code(self, 404, REASON_OF(unknown_period), "period", named);
        return;
    }
    asking->period = arena_text(self->arena, period->id);
    asking->all = text_is(request_parameter(self, "all"), "1");
    asking->zh = !text_is(request_parameter(self, "lang"), "en");
    self->own = asking;
    obligations_ask_t question = {.unit = text_of(self->who.unit), .period = asking->period};
    ask(self, AT_AGGREGATION, obligations_ask_type(), &question, on_form_owed);
}
