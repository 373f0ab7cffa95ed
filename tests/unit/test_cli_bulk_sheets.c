/* What spreadsheets make of a file before a clerk sends it: titles, merged cells, wide digits, dates of their own, lost
 * numbers. */
#include "tests/unit/bulk_table.h"

/* --- where the header stands --- */

static void a_header_is_found_below_titles(void **state) {
    (void)state;
    bulk_t bulk = reads(
        "2021年9月社会帮扶报表,,,\n填报单位：区慈善总会,,,\n任务,报送期,指标,本月数(万元)\n社会帮扶,2021-09,募集资金,6\n");
    assert_int_equal(bulk.count, 1);
    assert_int_equal(bulk.reports[0].rows[0], 4);
    assert_true(text_is(csv_spot_name(bulk.reports[0].figures[0].at[COLUMN_amount], cli.arena), "D4"));
}

static void a_header_in_one_cell_is_told_by_what_parts_it(void **state) {
    (void)state;
    static const char *const signs[] = {"\t", ";", "；", "，", "、", "|"};
    for (size_t index = 0; index < sizeof signs / sizeof signs[0]; index++) {
        text_t csv = arena_format(cli.arena, "任务%s报送期%s本月数（万元）\n社会帮扶%s2021-09%s6\n", signs[index], signs[index],
                                  signs[index], signs[index]);
        bulk_t bulk = read_as("csh", csv.at);
        is_fault(&bulk.faults, 0, "cells_parted", "A1");
        assert_int_equal(bulk.faults.count, 1); /* and not, that columns are missing */
    }
    refuses_file("任务 报送期\n社会帮扶 2021-09\n", "column_unknown", "A1");
}

static void faults_of_a_header_are_told_in_its_own_row(void **state) {
    (void)state;
    refuses_file("报表,,\n任务,报送期,颜色\nx,y,z\n", "column_unknown", "C2");
    refuses_file("报表,,\n任务,报送期,任务\nx,y,z\n", "column_twice", "C2");
}

static void a_header_of_two_rows_takes_the_lower_names(void **state) {
    (void)state;
    bulk_t bulk = reads("任务,报送期,指标,本期,,明细,,\n,,,本月数(万元),累计数(万元),凭证号,发生日期,金额(万元)\n"
                        "社会帮扶,2021-09,募集资金,6,186,,,\n社会帮扶,2021-09,拨付隆德县资金,,,BK-1,2021-09-02,3\n");
    assert_int_equal(bulk.reports[0].report.figures_count, 2);
    assert_int_equal(bulk.reports[0].report.figures[0].running.value, 186000000);
    assert_int_equal(bulk.reports[0].report.figures[1].items[0].amount.value, 3000000);
}

static void a_first_row_that_is_empty_but_for_names_is_no_second_header(void **state) {
    (void)state;
    /* 进展 is a column too, and here a text: the row has no task, and its indicator is of none */
    bulk_t bulk = read_as("csh", "任务,报送期,指标,进展\n,,,已开展\n");
    assert_int_equal(bulk.count, 1);
    is_fault(&bulk.reports[0].faults, 0, "cell_missing", "A2");
}

/* --- merged cells --- */

static void a_row_below_merged_cells_goes_on_if_its_indicator_says_so(void **state) {
    (void)state;
    bulk_t bulk = reads("任务,报送期,指标,本月数(万元),无变化\n社会帮扶,2021-09,募集资金,6,\n,,拨付隆德县资金,,是\n,,,,\n");
    assert_int_equal(bulk.count, 1);
    assert_int_equal(bulk.reports[0].report.figures_count, 2);
}

static void a_row_of_another_task_below_merged_cells_is_not_guessed(void **state) {
    (void)state;
    bulk_t bulk = read_as("csh", "任务,报送期,指标,本月数(万元)\n社会帮扶,2021-09,募集资金,6\n,,宁夏特色产品销售额,7\n");
    assert_int_equal(bulk.count, 2);
    is_fault(&bulk.reports[0].faults, 0, "cell_missing", "A3"); /* without a period it comes first */
}

static void a_row_that_lacks_the_period_alone_is_not_guessed(void **state) {
    (void)state;
    bulk_t bulk = read_as("csh", "任务,报送期,指标,本月数(万元)\n社会帮扶,2021-09,募集资金,6\n社会帮扶,,拨付隆德县资金,7\n");
    is_fault(&bulk.reports[0].faults, 0, "cell_missing", "B3");
}

static void empty_rows_at_the_end_are_nothing(void **state) {
    (void)state;
    assert_int_equal(reads("任务,报送期,指标,本月数(万元)\n社会帮扶,2021-09,募集资金,6\n,,,\n　,,,\n\n").reports[0].rows_count,
                     1);
}

/* --- cells --- */

#define ROW "任务,报送期,指标,本月数(万元),凭证号,发生日期,金额(万元)\n"

static void full_width_digits_and_signs_are_plain_ones(void **state) {
    (void)state;
    bulk_t bulk = reads(ROW "社会帮扶,２０２１－０９,拨付隆德县资金,,ＢＫ－１２,２０２１／９／２,１２．５\n");
    const item_t *item = &bulk.reports[0].report.figures[0].items[0];
    assert_true(text_is(item->key, "BK-12"));
    assert_int_equal(item->fact_day, 20210902);
    assert_int_equal(item->amount.value, 12500000);
    assert_true(text_is(bulk.reports[0].report.period, "2021-09"));
}

static void dates_are_read_as_spreadsheets_write_them(void **state) {
    (void)state;
    static const char *const days[] = {"2021/9/2", "2021-9-2 0:00", "2021/09/02 00:00:00",
                                       "2-Sep-21", "02-Sep-2021",   "2021年9月2日"};
    for (size_t index = 0; index < sizeof days / sizeof days[0]; index++) {
        uint32_t day = 0;
        if (!cell_day(text_of(days[index]), &day) || day != 20210902) fail_msg("%s: %u", days[index], day);
    }
}

static void dates_that_could_be_another_day_are_refused(void **state) {
    (void)state;
    static const char *const days[] = {"9/2/2021",  "2-9-21",  "9月2日",   "2021-09-02 14:30",
                                       "31-Sep-21", "2-Sep-1", "Sep-2021", "210902"};
    for (size_t index = 0; index < sizeof days / sizeof days[0]; index++) {
        uint32_t day = 0;
        if (cell_day(text_of(days[index]), &day)) fail_msg("%s: %u", days[index], day);
    }
    refuses(ROW "社会帮扶,2021-09,拨付隆德县资金,,BK-1,44439,3\n", "date_serial", "F2");
    refuses(ROW "社会帮扶,2021-09,拨付隆德县资金,,BK-1,54439,3\n", "bad_date", "F2");
}

static void a_number_that_the_spreadsheet_lost_is_told_as_lost(void **state) {
    (void)state;
    refuses(ROW "社会帮扶,2021-09,募集资金,####,,,\n", "cell_error", "D2");
    refuses(ROW "社会帮扶,2021-09,募集资金,#VALUE!,,,\n", "cell_error", "D2");
    refuses(ROW "社会帮扶,2021-09,拨付隆德县资金,,BK-1,########,3\n", "cell_error", "F2");
    refuses(ROW "社会帮扶,2021-09,拨付隆德县资金,,1.2E+07,2021-09-02,3\n", "number_mangled", "E2");
    refuses(ROW "社会帮扶,2021-09,募集资金,1.2E+07,,,\n", "number_mangled", "D2");
}

static void a_single_number_sign_is_not_an_error_of_a_spreadsheet(void **state) {
    (void)state;
    assert_false(cell_is_error(text_of("#")));
    assert_false(cell_is_error(text_of("#1")));
    assert_true(cell_is_error(text_of("##")));
    assert_true(cell_is_error(text_of("#DIV/0!")));
}

static void a_file_of_too_many_reports_is_told_so_in_no_time(void **state) {
    (void)state;
    buffer_t csv = {0};
    char line[64];
    static const char head[] = "任务,报送期\n";
    buffer_add(&csv, head, sizeof head - 1);
    for (int row = 0; row < 40000; row++) buffer_add(&csv, line, (size_t)snprintf(line, sizeof line, "甲%d,乙%d\n", row, row));
    bulk_t bulk = bulk_read((bytes_t){csv.at, (uint32_t)csv.size}, cli.book, text_of("csh"), cli.arena);
    assert_int_equal(bulk.faults.count, 1);
    assert_true(text_is(bulk.faults.at[0].reason.code, "too_many_reports"));
    assert_int_equal(bulk.faults.at[0].spot.row, LIMIT_BULK_REPORTS + 2);
    buffer_destroy(&csv);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_too_many_reports_is_told_so_in_no_time),
        cmocka_unit_test(a_header_is_found_below_titles),
        cmocka_unit_test(a_header_in_one_cell_is_told_by_what_parts_it),
        cmocka_unit_test(faults_of_a_header_are_told_in_its_own_row),
        cmocka_unit_test(a_header_of_two_rows_takes_the_lower_names),
        cmocka_unit_test(a_first_row_that_is_empty_but_for_names_is_no_second_header),
        cmocka_unit_test(a_row_below_merged_cells_goes_on_if_its_indicator_says_so),
        cmocka_unit_test(a_row_of_another_task_below_merged_cells_is_not_guessed),
        cmocka_unit_test(a_row_that_lacks_the_period_alone_is_not_guessed),
        cmocka_unit_test(empty_rows_at_the_end_are_nothing),
        cmocka_unit_test(full_width_digits_and_signs_are_plain_ones),
        cmocka_unit_test(dates_are_read_as_spreadsheets_write_them),
        cmocka_unit_test(dates_that_could_be_another_day_are_refused),
        cmocka_unit_test(a_number_that_the_spreadsheet_lost_is_told_as_lost),
        cmocka_unit_test(a_single_number_sign_is_not_an_error_of_a_spreadsheet),
    };
    return cmocka_run_group_tests_name("bulk, from spreadsheets", tests, begin, end);
}
