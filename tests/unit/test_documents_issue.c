/* What console and command line share: an edition frozen, named to the ledger, written down in every form, shown as JSON. */
#include "tests/unit/document_fixture.h"

#include "services/documents/as_json.h"
#include "services/documents/issue.h"
#include "services/documents/ledger.h"

static void the_parts_of_a_frozen_edition_make_up_its_bytes_and_its_hash(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena), again;
    frozen_t frozen;
    buffer_t joined = {0};
    uint8_t hash[HASH_SIZE];
    assert_int_equal(edition_freeze(&edition, &frozen), OK);
    for (uint64_t index = 0; index < frozen.parts; index++) {
        document_part_t part = frozen_part(&frozen, index);
        assert_int_equal(part.index, index);
        assert_memory_equal(part.hash, frozen.hash, HASH_SIZE);
        buffer_add(&joined, part.bytes.at, part.bytes.size);
    }
    hash_of((bytes_t){joined.at, (uint32_t)joined.size}, hash);
    assert_memory_equal(hash, frozen.hash, HASH_SIZE);
    assert_int_equal(edition_of_bytes((bytes_t){joined.at, (uint32_t)joined.size}, arena, &again), OK);
    assert_int_equal(again.as_of, edition.as_of);
    document_announced_t told = announcement_of(&edition, &frozen);
    assert_int_equal(told.parts, frozen.parts);
    assert_int_equal(told.size, joined.size);
    buffer_destroy(&joined);
    frozen_destroy(&frozen);
    arena_destroy(&arena);
}

static void an_edition_of_more_than_one_part_is_cut_where_a_part_is_full(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena);
    edition_row_t *rows = ARENA_NEW(arena, edition_row_t, 20000);
    for (uint32_t index = 0; index < 20000; index++) rows[index] = edition.rows[index % edition.rows_count];
    edition.rows = rows;
    edition.rows_count = 20000;
    frozen_t frozen;
    assert_int_equal(edition_freeze(&edition, &frozen), OK);
    assert_true(frozen.parts > 1);
    for (uint64_t index = 0; index + 1 < frozen.parts; index++)
        assert_int_equal(frozen_part(&frozen, index).bytes.size, LIMIT_DOCUMENT_PART);
    uint64_t before = (frozen.parts - 1) * LIMIT_DOCUMENT_PART;
    assert_int_equal(frozen_part(&frozen, frozen.parts - 1).bytes.size, frozen.bytes.size - before);
    frozen_destroy(&frozen);
    arena_destroy(&arena);
}

static void a_publication_names_the_bytes_that_go_out_and_no_others(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena);
    frozen_t frozen;
    document_published_t told;
    edition.number = 7;
    assert_int_equal(edition_freeze(&edition, &frozen), OK);
    assert_int_equal(publication_of(&edition, &frozen, arena, &told), OK);
    assert_int_equal(told.number, 7);
    assert_int_equal(told.layout, PAPER_LAYOUT);
    assert_true(publication_is_same(&told, &edition, arena));
    edition.number = 8;
    assert_false(publication_is_same(&told, &edition, arena));
    frozen_destroy(&frozen);
    arena_destroy(&arena);
}

static json_t *rendered(const edition_t *edition, document_form_t form, arena_t *arena) {
    buffer_t out = {0};
    int line = 0;
    char what[128];
    assert_int_equal(document_render(edition, form, arena, &out), OK);
    json_t *json = json_read((text_t){(const char *)out.at, (uint32_t)out.size}, &line, what, sizeof what);
    assert_non_null(json);
    buffer_destroy(&out);
    return json;
}

/* Nothing that stands on the paper is missing on the page, and nothing is there twice. */
static void the_blocks_of_a_paper_say_all_that_its_text_says(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena);
    json_t *json = rendered(&edition, FORM_BLOCKS, arena), *blocks = json_object_get(json, "blocks");
    paper_t paper = document_compose(&edition, arena);
    size_t index = 0;
    for (const block_t *block = paper.first; block != NULL; block = block->next, index++) {
        const json_t *shown = json_array_get(blocks, index);
        assert_non_null(json_string_value(json_object_get(shown, "kind")));
        if (block->kind != BLOCK_TABLE) {
            assert_true(text_is(block->text, json_string_value(json_object_get(shown, "text"))));
            continue;
        }
        assert_int_equal(json_array_size(json_object_get(shown, "heads")), block->shape->columns);
        size_t row = 0;
        for (const paper_row_t *at = block->rows; at != NULL; at = at->next, row++) {
            const json_t *cells = json_object_get(json_array_get(json_object_get(shown, "rows"), row), "cells");
            for (uint32_t column = 0; column < block->shape->columns; column++)
                assert_true(text_is(at->cells[column], json_string_value(json_array_get(cells, column))) ||
                            at->cells[column].size == 0);
        }
        assert_int_equal(json_array_size(json_object_get(shown, "rows")), row);
    }
    assert_int_equal(json_array_size(blocks), index);
    json_decref(json);
    arena_destroy(&arena);
}

static void the_json_of_an_edition_is_the_edition(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena), again;
    fault_t fault = {0};
    frozen_t first, second;
    json_t *json = rendered(&edition, FORM_JSON, arena);
    assert_int_equal(message_from_json(edition_type(), json, arena, &again, &fault), OK);
    assert_int_equal(edition_freeze(&edition, &first), OK);
    assert_int_equal(edition_freeze(&again, &second), OK);
    assert_memory_equal(first.hash, second.hash, HASH_SIZE);
    frozen_destroy(&first);
    frozen_destroy(&second);
    json_decref(json);
    arena_destroy(&arena);
}

static void the_ledger_as_json_has_every_row_under_its_heads(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena);
    grid_t grid = ledger_grid(&edition, arena);
    json_t *json = grid_json(&grid), *rows = json_object_get(json, "rows");
    size_t index = 0;
    for (const grid_row_t *row = grid.first; row != NULL; row = row->next, index++)
        for (uint32_t column = 0; column < grid.column_count; column++) {
            const char *cell = json_string_value(json_object_get(json_array_get(rows, index), grid.columns[column].head));
            assert_true(row->cells[column].size == 0 ? cell[0] == '\0' : text_is(row->cells[column], cell));
        }
    assert_int_equal(json_array_size(rows), index);
    assert_int_equal(json_array_size(json_object_get(json, "columns")), grid.column_count);
    json_decref(json);
    arena_destroy(&arena);
}

/* Whoever has the lines can do the sum again: what they gained and lost is what stands below them. */
static void the_lines_of_a_score_add_up_to_its_sum(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena);
    for (uint32_t unit = 0; unit < edition.units_count; unit++) {
        score_t score = score_of(&edition, edition.units[unit].id, arena);
        json_t *json = score_json(&score, &edition, arena), *lines = json_object_get(json, "lines");
        json_int_t gained = 0, lost = 0;
        for (size_t index = 0; index < json_array_size(lines); index++) {
            json_int_t points = json_integer_value(json_object_get(json_array_get(lines, index), "hundredths"));
            gained += points > 0 ? points : 0;
            lost -= points < 0 ? points : 0;
        }
        assert_int_equal(gained, json_integer_value(json_object_get(json, "gained")));
        assert_int_equal(lost, json_integer_value(json_object_get(json, "lost")));
        json_decref(json);
    }
    arena_destroy(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_of_a_frozen_edition_make_up_its_bytes_and_its_hash),
        cmocka_unit_test(an_edition_of_more_than_one_part_is_cut_where_a_part_is_full),
        cmocka_unit_test(a_publication_names_the_bytes_that_go_out_and_no_others),
        cmocka_unit_test(the_blocks_of_a_paper_say_all_that_its_text_says),
        cmocka_unit_test(the_json_of_an_edition_is_the_edition),
        cmocka_unit_test(the_ledger_as_json_has_every_row_under_its_heads),
        cmocka_unit_test(the_lines_of_a_score_add_up_to_its_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
