/* Papers, tables and scores as JSON. */
#include "services/documents/as_json.h"

static json_t *string_of(text_t text) { return json_stringn(text.size > 0 ? text.at : "", text.size); }

static const char *kind_name(block_kind_t kind) {
    static const char *const names[] = {
        [BLOCK_PREVIEW] = "preview",
        [BLOCK_MASTHEAD] = "masthead",
        [BLOCK_NUMBER] = "number",
        [BLOCK_TITLE] = "title",
        [BLOCK_ADDRESSEE] = "addressee",
        [BLOCK_PARAGRAPH] = "paragraph",
        [BLOCK_HEADING_1] = "heading_1",
        [BLOCK_HEADING_2] = "heading_2",
        [BLOCK_HEADING_3] = "heading_3",
        [BLOCK_TABLE] = "table",
        [BLOCK_NOTE] = "note",
        [BLOCK_ANNEXES] = "annexes",
        [BLOCK_SIGNATURE] = "signature",
        [BLOCK_DATE] = "date",
        [BLOCK_ANNEX] = "annex",
        [BLOCK_COLOPHON] = "colophon",
        [BLOCK_ANNEX_TITLE] = "annex_title",
    };
    return names[kind];
}

static json_t *places_of(uint32_t bits, uint32_t columns) {
    json_t *places = json_array();
    for (uint32_t column = 0; column < columns; column++)
        if ((bits >> column & 1) != 0) json_array_append_new(places, json_integer(column));
    return places;
}

static void table_add(const block_t *block, json_t *json) {
    json_t *heads = json_array(), *rows = json_array();
    for (uint32_t column = 0; column < block->shape->columns; column++)
        json_array_append_new(heads, json_string(block->shape->heads[column]));
    for (const paper_row_t *row = block->rows; row != NULL; row = row->next) {
        json_t *one = json_object(), *cells = json_array();
        for (uint32_t column = 0; column < block->shape->columns; column++)
            json_array_append_new(cells, string_of(row->cells[column]));
        json_object_set_new(one, "cells", cells);
        if (row->strong) json_object_set_new(one, "strong", json_true());
        json_array_append_new(rows, one);
    }
    json_object_set_new(json, "heads", heads);
    json_object_set_new(json, "right", places_of(block->shape->right, block->shape->columns));
    json_object_set_new(json, "centre", places_of(block->shape->centre, block->shape->columns));
    json_object_set_new(json, "rows", rows);
}

json_t *paper_json(const paper_t *paper) {
    json_t *json = json_object(), *blocks = json_array();
    for (const block_t *block = paper->first; block != NULL; block = block->next) {
        json_t *one = json_object();
        json_object_set_new(one, "kind", json_string(kind_name(block->kind)));
        if (block->kind == BLOCK_TABLE)
            table_add(block, one);
        else
            json_object_set_new(one, "text", string_of(block->text));
        json_array_append_new(blocks, one);
    }
    json_object_set_new(json, "title", string_of(paper->title));
    json_object_set_new(json, "blocks", blocks);
    return json;
}

json_t *grid_row_json(const grid_t *grid, const grid_row_t *row) {
    json_t *json = json_object();
    for (uint32_t column = 0; column < grid->column_count; column++)
        json_object_set_new(json, grid->columns[column].head, string_of(row->cells[column]));
    return json;
}

json_t *grid_json(const grid_t *grid) {
    json_t *json = json_object(), *columns = json_array(), *rows = json_array();
    for (uint32_t column = 0; column < grid->column_count; column++)
        json_array_append_new(
            columns, json_pack("{s:s,s:b}", "head", grid->columns[column].head, "number", (int)grid->columns[column].number));
    for (const grid_row_t *row = grid->first; row != NULL; row = row->next)
        json_array_append_new(rows, grid_row_json(grid, row));
    json_object_set_new(json, "title", string_of(grid->title));
    json_object_set_new(json, "note", string_of(grid->note));
    json_object_set_new(json, "columns", columns);
    json_object_set_new(json, "rows", rows);
    return json;
}

static json_t *line_json(const score_line_t *line) {
    json_t *json = json_object();
    json_object_set_new(json, "rule", string_of(line->rule->id));
    json_object_set_new(json, "name", string_of(line->rule->name));
    json_object_set_new(json, "basis", json_string(WORD_NAME(score_basis, line->rule->basis)));
    json_object_set_new(json, "applies", json_boolean(line->applies));
    json_object_set_new(json, "part", json_integer((json_int_t)line->part));
    json_object_set_new(json, "whole", json_integer((json_int_t)line->whole));
    json_object_set_new(json, "hundredths", json_integer((json_int_t)line->points));
    json_object_set_new(json, "sum", string_of(line->sum));
    json_object_set_new(json, "why", string_of(line->why));
    return json;
}

json_t *score_json(const score_t *score, const edition_t *edition, arena_t *arena) {
    json_t *json = json_object(), *lines = json_array();
    for (uint32_t index = 0; index < score->count; index++) json_array_append_new(lines, line_json(&score->lines[index]));
    json_object_set_new(json, "unit", string_of(score->unit));
    json_object_set_new(json, "name", string_of(edition_unit_name(edition, score->unit)));
    json_object_set_new(json, "lines", lines);
    json_object_set_new(json, "gained", json_integer(score->gained));
    json_object_set_new(json, "possible", json_integer(score->possible));
    json_object_set_new(json, "lost", json_integer(score->lost));
    if (score->scored) json_object_set_new(json, "total", json_integer(score->total));
    if (score->scored) json_object_set_new(json, "sum", string_of(score_sum(score, arena)));
    return json;
}
