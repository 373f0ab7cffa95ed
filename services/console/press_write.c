/* What the press writes: documents in every form, the ledger, scores, the calendar, and the list of what is out, as JSON. */
#include "services/console/press.h"

#include <stdlib.h>
#include <string.h>

#include "proto/json.h"
#include "services/documents/as_json.h"
#include "services/documents/feed.h"
#include "services/documents/ledger.h"

#define MEDIA_JSON "application/json; charset=utf-8"
#define MEDIA_XLSX "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

static const struct {
    press_form_t form;
    document_form_t document;
    const char *media;
    const char *suffix;
} forms[] = {{press_form_html, FORM_HTML, "text/html; charset=utf-8", "html"},
             {press_form_docx, FORM_DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
             {press_form_json, FORM_JSON, MEDIA_JSON, "json"},
             {press_form_blocks, FORM_BLOCKS, MEDIA_JSON, "json"},
             {press_form_text, FORM_TEXT, "text/plain; charset=utf-8", "txt"}};

static void json_add(json_t *json, buffer_t *out) {
    char *text = json_dumps(json, JSON_COMPACT);
    ASSERT(text != NULL);
    buffer_text(out, text);
    free(text);
    json_decref(json);
}

/* 通报-2021-08-第1号, 年度总结, 通报-2021-08-征求意见稿 */
static text_t document_name(const edition_t *edition, const char *suffix, arena_t *arena) {
    text_t number =
        edition->number == 0 ? text_of("-征求意见稿") : arena_format(arena, "-第%llu号", (unsigned long long)edition->number);
    return arena_format(arena, "%s%s" TEXT_FORMAT TEXT_FORMAT ".%s", WORD_ZH(document_kind, edition->kind),
                        edition->period.size > 0 ? "-" : "", TEXT_ARGS(edition->period), TEXT_ARGS(number), suffix);
}

static err_t write_document(const press_ask_t *ask, const edition_t *edition, arena_t *arena, press_told_t *told,
                            buffer_t *out) {
    size_t index = 0, count = sizeof forms / sizeof forms[0];
    while (index < count && forms[index].form != ask->form) index++;
    if (index == count) index = 2; /* a document has no such form: JSON */
    told->media = text_of(forms[index].media);
    told->name = document_name(edition, forms[index].suffix, arena);
    return document_render(edition, forms[index].document, arena, out);
}

static err_t write_ledger(const press_ask_t *ask, const edition_t *edition, arena_t *arena, press_told_t *told, buffer_t *out) {
    grid_t grid = ledger_grid(edition, arena);
    bool gb = ask->form == press_form_gb18030, csv = ask->form == press_form_csv || gb;
    const char *of = edition->period.size > 0 ? "-" : "";
    text_t stem = arena_format(arena, "台账%s" TEXT_FORMAT, of, TEXT_ARGS(edition->period));
    if (ask->form == press_form_xlsx || csv) {
        told->media = text_of(csv ? gb ? "text/csv; charset=gb18030" : "text/csv; charset=utf-8" : MEDIA_XLSX);
        told->name = arena_format(arena, TEXT_FORMAT ".%s", TEXT_ARGS(stem), csv ? "csv" : "xlsx");
        return csv ? grid_csv(&grid, gb, out) : grid_xlsx(&grid, out);
    }
    told->media = text_of(MEDIA_JSON);
    told->name = arena_format(arena, TEXT_FORMAT ".json", TEXT_ARGS(stem));
    json_t *json = grid_json(&grid);
    json_object_set_new(json, "as_of", json_integer((json_int_t)edition->as_of));
    json_object_set_new(json, "now_ms", json_integer((json_int_t)edition->now_ms));
    json_add(json, out);
    return OK;
}

/* Every unit that is scored, or one. */
static err_t write_score(const press_ask_t *ask, const edition_t *edition, arena_t *arena, press_told_t *told, buffer_t *out) {
    json_t *json = json_object(), *rows = json_array();
    for (uint32_t index = 0; index < edition->units_count && edition->score_count > 0; index++) {
        text_t unit = edition->units[index].id;
        if (ask->unit.size > 0 && !text_equal(ask->unit, unit)) continue;
        score_t score = score_of(edition, unit, arena);
        json_array_append_new(rows, score_json(&score, edition, arena));
    }
    json_object_set_new(json, "as_of", json_integer((json_int_t)edition->as_of));
    json_object_set_new(json, "now_ms", json_integer((json_int_t)edition->now_ms));
    json_object_set_new(json, "rows", rows);
    told->media = text_of(MEDIA_JSON);
    told->name = text_of("计分.json");
    json_add(json, out);
    return OK;
}

err_t press_write(const press_ask_t *ask, const edition_t *edition, arena_t *arena, press_told_t *told, buffer_t *out) {
    switch (ask->work) {
    case press_work_ledger: return write_ledger(ask, edition, arena, told, out);
    case press_work_score: return write_score(ask, edition, arena, told, out);
    case press_work_calendar:
        told->media = text_of("text/calendar; charset=utf-8");
        told->name = text_of("时限.ics");
        feed_calendar(edition, ask->unit, arena, out);
        return OK;
    case press_work_document:
    case press_work_list:
    case press_work_freeze:
    case press_work_part:
    case press_work_none: break;
    }
    return write_document(ask, edition, arena, told, out);
}

/* --- what is announced, what is out --- */

static json_t *maybe_json(maybe_t value) { return value.given ? json_integer((json_int_t)value.value) : json_null(); }

static json_t *erratum_json(const erratum_t *one) {
    json_t *json = json_object();
    json_object_set_new(json, "indicator", json_stringn(one->indicator.at, one->indicator.size));
    json_object_set_new(json, "unit", json_stringn(one->unit.size > 0 ? one->unit.at : "", one->unit.size));
    json_object_set_new(json, "member", json_stringn(one->member.size > 0 ? one->member.at : "", one->member.size));
    json_object_set_new(json, "measure", json_string(WORD_NAME(measure, one->measure)));
    json_object_set_new(json, "unit_word", json_stringn(one->unit_word.size > 0 ? one->unit_word.at : "", one->unit_word.size));
    json_object_set_new(json, "month_then", maybe_json(one->month_then));
    json_object_set_new(json, "month_now", maybe_json(one->month_now));
    json_object_set_new(json, "total_then", json_integer((json_int_t)one->total_then));
    json_object_set_new(json, "total_now", json_integer((json_int_t)one->total_now));
    return json;
}

/* What has changed of a document that is out: 更正提示. */
static err_t errata_add(const gather_t *from, const document_row_t *row, uint64_t head, json_t *json) {
    edition_t then, now;
    erratum_t *errata = ARENA_NEW(from->arena, erratum_t, ERRATA);
    gather_t brief = *from;
    brief.brief = true;
    const document_published_t *told = &row->published;
    err_t err = gather_kept(from, told->hash, told->size, told->parts, &then, NULL);
    if (err == OK) err = gather_edition(&brief, row->kind, row->period, head, &now);
    if (err != OK) return err;
    json_t *list = json_array();
    uint32_t count = edition_errata(&then, &now, errata);
    for (uint32_t index = 0; index < count && index < ERRATA; index++)
        json_array_append_new(list, erratum_json(&errata[index]));
    json_object_set_new(json, "errata_count", json_integer(count));
    json_object_set_new(json, "errata", list);
    text_t shown = issue_number(&then, then.number, from->arena);
    json_object_set_new(json, "shown", json_stringn(shown.at, shown.size));
    return OK;
}

static void objections_count(const objections_t *objections, const document_row_t *row, json_t *json) {
    json_int_t all = 0, open = 0;
    for (uint32_t index = 0; index < objections->rows_count; index++) {
        const objection_row_t *one = &objections->rows[index];
        bool its = one->raised.kind == row->kind && text_equal(one->raised.period, row->period);
        all += its;
        open += its && one->answered_seq == 0;
    }
    json_object_set_new(json, "objections", json_integer(all));
    json_object_set_new(json, "objections_open", json_integer(open));
}

err_t press_list(const gather_t *from, uint64_t head, buffer_t *out) {
    documents_t documents;
    objections_t objections = {0};
    err_t err = gather_documents(from, document_kind_none, &documents);
    if (err == OK) err = gather_objections(from, document_kind_none, (text_t){0}, (text_t){0}, &objections);
    if (err != OK) return err;
    json_t *json = json_object(), *rows = json_array();
    json_object_set_new(json, "rows", rows);
    for (uint32_t index = 0; err == OK && index < documents.rows_count; index++) {
        const document_row_t *row = &documents.rows[index];
        json_t *one = message_to_json(document_row_type(), row);
        json_array_append_new(rows, one);
        objections_count(&objections, row, one);
        if (row->published_seq > 0) err = errata_add(from, row, head, one);
    }
    json_object_set_new(json, "as_of", json_integer((json_int_t)documents.as_of));
    if (err == OK)
        json_add(json, out);
    else
        json_decref(json);
    return err;
}
