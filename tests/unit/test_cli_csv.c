/* CSV as spreadsheets write it: quotes, line ends, encodings, cells that look like formulas; and what is refused, with its
 * cell. */
#include "services/sheet/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static arena_t *arena;

static int begin(void **state) {
    (void)state;
    arena = arena_new();
    return 0;
}

static int end(void **state) {
    (void)state;
    arena_destroy(&arena);
    return 0;
}

static bytes_t bytes_of(const char *text) { return (bytes_t){(const uint8_t *)text, (uint32_t)strlen(text)}; }

static csv_t reads(const char *text) {
    csv_t csv;
    csv_fault_t fault;
    if (csv_read(bytes_of(text), arena, &csv, &fault) != OK) fail_msg("%s: %s", text, fault.code);
    return csv;
}

static void refuses(bytes_t bytes, const char *code, uint32_t row, uint32_t column) {
    csv_t csv;
    csv_fault_t fault;
    assert_int_equal(csv_read(bytes, arena, &csv, &fault), ERR_BAD);
    assert_string_equal(fault.code, code);
    assert_int_equal(fault.spot.row, row);
    assert_int_equal(fault.spot.column, column);
}

static void is(const csv_t *csv, uint32_t row, uint32_t column, const char *expected) {
    assert_in_range(row, 1, csv->count);
    assert_in_range(column, 1, csv->rows[row - 1].count);
    text_t cell = csv->rows[row - 1].cells[column - 1];
    if (!text_is(cell, expected)) fail_msg("%u/%u is “" TEXT_FORMAT "”, not “%s”", row, column, TEXT_ARGS(cell), expected);
}

static void rows_end_with_any_line_end_and_the_last_needs_none(void **state) {
    (void)state;
    csv_t csv = reads("a,b\r\nc,d\ne,f\rg,h");
    assert_int_equal(csv.count, 4);
    is(&csv, 2, 2, "d");
    is(&csv, 3, 1, "e");
    is(&csv, 4, 2, "h");
    assert_int_equal(reads("a\r\n").count, 1);
    assert_int_equal(reads("").count, 0);
}

static void quotes_hold_commas_quotes_and_line_ends(void **state) {
    (void)state;
    csv_t csv = reads("\"a,\"\"b\"\"\",\"line 1\r\nline 2\rline 3\"\r\nnext,\"\"\r\n");
    assert_int_equal(csv.count, 2); /* a line end inside quotes begins no row */
    is(&csv, 1, 1, "a,\"b\"");
    is(&csv, 1, 2, "line 1\nline 2\nline 3");
    is(&csv, 2, 1, "next");
    is(&csv, 2, 2, "");
}

static void empty_lines_count_as_rows_as_in_a_spreadsheet(void **state) {
    (void)state;
    csv_t csv = reads("a\n\n\nb\n");
    assert_int_equal(csv.count, 4);
    is(&csv, 4, 1, "b");
    assert_int_equal(csv.rows[1].count, 1);
}

static void ragged_rows_keep_the_cells_they_have(void **state) {
    (void)state;
    csv_t csv = reads("a,b,c\nd\ne,f,g,h\n,,\n");
    assert_int_equal(csv.rows[1].count, 1);
    assert_int_equal(csv.rows[2].count, 4);
    assert_int_equal(csv.rows[3].count, 3);
}

static void cells_that_look_like_formulas_are_text(void **state) {
    (void)state;
    csv_t csv = reads("=1+1,+5,-3,@SUM(A1),\"=HYPERLINK(\"\"x\"\")\"\n");
    is(&csv, 1, 1, "=1+1");
    is(&csv, 1, 2, "+5");
    is(&csv, 1, 3, "-3");
    is(&csv, 1, 4, "@SUM(A1)");
    is(&csv, 1, 5, "=HYPERLINK(\"x\")");
}

static void stray_and_open_quotes_are_faults_with_their_cell(void **state) {
    (void)state;
    refuses(bytes_of("a,b\nc,d\"e\n"), "bad_quote", 2, 2);
    refuses(bytes_of("a,\"b\"c\n"), "bad_quote", 1, 2);
    refuses(bytes_of("a\nb,\"never\nends\n"), "quote_open", 2, 2);
    refuses(bytes_of("a,\""), "quote_open", 1, 2);
    refuses(bytes_of("\""), "quote_open", 1, 1);
}

static void utf8_is_read_with_and_without_bom(void **state) {
    (void)state;
    csv_t with = reads("\xef\xbb\xbf任务,金额\n"), without = reads("任务,金额\n");
    is(&with, 1, 1, "任务");
    is(&without, 1, 1, "任务");
    assert_string_equal(with.encoding, "UTF-8");
    assert_string_equal(without.encoding, "UTF-8");
}

static void gb18030_is_recognised_and_read_to_its_rarest_characters(void **state) {
    (void)state;
    /* 任务,区卫健局,㐀,𠀀,联通: two bytes, four bytes of the basic plane, four bytes beyond it, and the famous word that looks
     * like UTF-8 */
    csv_t csv = reads("\xc8\xce\xce\xf1,\xc7\xf8\xce\xc0\xbd\xa1\xbe\xd6,\x81\x39\xee\x39,\x95\x32\x82\x36,\xc1\xaa\xcd\xa8\n");
    assert_string_equal(csv.encoding, "GB18030");
    is(&csv, 1, 1, "任务");
    is(&csv, 1, 2, "区卫健局");
    is(&csv, 1, 3, "㐀");
    is(&csv, 1, 4, "𠀀");
    is(&csv, 1, 5, "联通");
}

static void what_is_neither_encoding_is_refused_never_mended(void **state) {
    (void)state;
    refuses(bytes_of("\xef\xbb\xbf\xc8\xce\n"), "bad_encoding", 0, 0); /* a BOM promises UTF-8 */
    refuses(bytes_of("abc,\xff\xff\n"), "bad_encoding", 0, 0);
    refuses(bytes_of("abc,\xc8"), "bad_encoding", 0, 0); /* cut in the middle of a character */
    refuses(bytes_of("\xc8\xce,\xed\xa0\x80\xff"), "bad_encoding", 0, 0);
    refuses(bytes_of("\xed\xa0\x80\n"), "bad_encoding", 0, 0);     /* half of a surrogate pair */
    refuses(bytes_of("\xf4\x90\x80\x80\n"), "bad_encoding", 0, 0); /* beyond the last character */
    refuses(bytes_of("PK\003\004xlsx"), "not_csv", 0, 0);
    refuses(bytes_of("\xd0\xcf\x11\xe0xls"), "not_csv", 0, 0);
    refuses((bytes_t){(const uint8_t *)"\xff\xfe"
                                       "a\0",
                      4},
            "not_csv", 0, 0);
    refuses((bytes_t){(const uint8_t *)"a,b\0c\n", 6}, "not_csv", 1, 2);
    refuses((bytes_t){(const uint8_t *)"a,\"b\0c\"\n", 8}, "not_csv", 1, 2);
}

static void too_many_columns_are_refused(void **state) {
    (void)state;
    char *text = arena_take(arena, LIMIT_CSV_COLUMNS + 2);
    memset(text, ',', LIMIT_CSV_COLUMNS - 1);
    assert_int_equal(reads(text).rows[0].count, LIMIT_CSV_COLUMNS);
    memset(text, ',', LIMIT_CSV_COLUMNS);
    refuses(bytes_of(text), "too_many_columns", 1, LIMIT_CSV_COLUMNS + 1);
}

static void too_many_rows_are_refused(void **state) {
    (void)state;
    char *text = arena_take(arena, LIMIT_CSV_ROWS + 2);
    memset(text, '\n', LIMIT_CSV_ROWS);
    assert_int_equal(reads(text).count, LIMIT_CSV_ROWS);
    memset(text, '\n', LIMIT_CSV_ROWS + 1);
    refuses(bytes_of(text), "too_many_rows", LIMIT_CSV_ROWS + 1, 0);
}

static void cells_are_named_as_in_a_spreadsheet(void **state) {
    (void)state;
    assert_true(text_is(csv_spot_name((spot_t){7, 2}, arena), "B7"));
    assert_true(text_is(csv_spot_name((spot_t){1, 26}, arena), "Z1"));
    assert_true(text_is(csv_spot_name((spot_t){1, 27}, arena), "AA1"));
    assert_true(text_is(csv_spot_name((spot_t){1, 703}, arena), "AAA1"));
    assert_true(text_is(csv_spot_name((spot_t){7, 0}, arena), "7"));
    assert_int_equal(csv_spot_name((spot_t){0, 0}, arena).size, 0);
}

static void what_is_written_reads_back(void **state) {
    (void)state;
    const char *const cells[] = {"plain", "", "a,b", "say \"x\"", "two\nlines", "12.5", "任务"};
    enum { CELLS = sizeof cells / sizeof cells[0] };
    buffer_t out = {0};
    csv_write_bom(&out);
    for (uint32_t index = 0; index < CELLS; index++) csv_write_cell(&out, text_of(cells[index]), index == 0);
    csv_write_end(&out);
    csv_t csv;
    csv_fault_t fault;
    assert_int_equal(csv_read((bytes_t){out.at, (uint32_t)out.size}, arena, &csv, &fault), OK);
    assert_int_equal(csv.count, 1);
    for (uint32_t index = 0; index < CELLS; index++) is(&csv, 1, index + 1, cells[index]);
    buffer_destroy(&out);
}

static void a_formula_is_written_as_text(void **state) {
    (void)state;
    buffer_t out = {0};
    csv_write_cell(&out, text_of("=cmd|' /C calc'!A0"), true);
    csv_write_cell(&out, text_of("@x"), false);
    buffer_add(&out, "", 1);
    assert_string_equal((const char *)out.at, "\"'=cmd|' /C calc'!A0\",\"'@x\"");
    buffer_destroy(&out);
}

/* Any bytes: read or refused, never more. Half of them are cut from a sound file. */
static void random_bytes_are_read_or_refused(void **state) {
    (void)state;
    static const char alphabet[] = "a,\"\r\n=\xc8\xce\xe4\xbb\xbb\x81\x30\xff";
    uint32_t dice = 12345, taken = 0;
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[24];
        uint32_t size = 0;
        for (dice = dice * 1103515245 + 12345; size < (dice >> 16) % sizeof bytes; size++) {
            dice = dice * 1103515245 + 12345;
            bytes[size] = (uint8_t)alphabet[(dice >> 16) % (sizeof alphabet - 1)];
        }
        csv_t csv;
        csv_fault_t fault;
        arena_reset(arena);
        taken += csv_read((bytes_t){bytes, size}, arena, &csv, &fault) == OK;
    }
    assert_in_range(taken, 1000, 19000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_end_with_any_line_end_and_the_last_needs_none, begin, end),
        cmocka_unit_test_setup_teardown(quotes_hold_commas_quotes_and_line_ends, begin, end),
        cmocka_unit_test_setup_teardown(empty_lines_count_as_rows_as_in_a_spreadsheet, begin, end),
        cmocka_unit_test_setup_teardown(ragged_rows_keep_the_cells_they_have, begin, end),
        cmocka_unit_test_setup_teardown(cells_that_look_like_formulas_are_text, begin, end),
        cmocka_unit_test_setup_teardown(stray_and_open_quotes_are_faults_with_their_cell, begin, end),
        cmocka_unit_test_setup_teardown(utf8_is_read_with_and_without_bom, begin, end),
        cmocka_unit_test_setup_teardown(gb18030_is_recognised_and_read_to_its_rarest_characters, begin, end),
        cmocka_unit_test_setup_teardown(what_is_neither_encoding_is_refused_never_mended, begin, end),
        cmocka_unit_test_setup_teardown(too_many_columns_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(too_many_rows_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(cells_are_named_as_in_a_spreadsheet, begin, end),
        cmocka_unit_test_setup_teardown(what_is_written_reads_back, begin, end),
        cmocka_unit_test_setup_teardown(a_formula_is_written_as_text, begin, end),
        cmocka_unit_test_setup_teardown(random_bytes_are_read_or_refused, begin, end)};
    return cmocka_run_group_tests_name("CSV", tests, NULL, NULL);
}
