/* A file of many reports: its columns, its rows gathered into reports, every fault at its cell, ids that follow from content.
 */
#include "services/plan/calendar.h"
#include "tests/unit/bulk_table.h"

#define SHA "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const uint8_t secret[32] = {1, 2, 3};

/* --- columns --- */

static void headers_are_known_in_both_languages_and_many_spellings(void **state) {
    (void)state;
    static const struct {
        const char *typed, *unit;
        column_t column;
    } heads[] = {{"任务", "", COLUMN_task},
                 {" 本月数（万元） ", "万元", COLUMN_amount},
                 {"本月数(万元)", "万元", COLUMN_amount},
                 {"Amount (yuan)", "yuan", COLUMN_amount},
                 {"累计数（ 名 ）", "名", COLUMN_running},
                 {"期初累计", "", COLUMN_opening},
                 {"SHA-256", "", COLUMN_evidence_hash},
                 {"sha256", "", COLUMN_evidence_hash},
                 {"Prepared by", "", COLUMN_prepared_by},
                 {"prepared_by", "", COLUMN_prepared_by},
                 {"发生日期（年-月-日）", "年-月-日", COLUMN_fact_day},
                 {"存在 问题", "", COLUMN_problems},
                 {"本月数万元", "", COLUMN_COUNT},
                 {"", "", COLUMN_COUNT}};
    for (size_t index = 0; index < sizeof heads / sizeof heads[0]; index++) {
        text_t unit;
        column_t column = cell_column(text_of(heads[index].typed), cli.arena, &unit);
        if (column != heads[index].column || !text_is(unit, heads[index].unit))
            fail_msg("%s: %d", heads[index].typed, (int)column);
    }
}

static void every_column_is_found_by_its_own_names(void **state) {
    (void)state;
    for (uint32_t column = 0; column < COLUMN_COUNT; column++) {
        text_t unit;
        assert_int_equal(cell_column(text_of(column_name((column_t)column, true)), cli.arena, &unit), column);
        assert_int_equal(cell_column(text_of(column_name((column_t)column, false)), cli.arena, &unit), column);
    }
}

static void wrong_headers_stop_the_whole_file(void **state) {
    (void)state;
    refuses_file("任务,报送期,颜色\nx,y,z\n", "column_unknown", "C1");
    refuses_file("任务,报送期,任务\nx,y,z\n", "column_twice", "C1");
    refuses_file("任务,报送期,本月数(千元)\nx,y,1\n", "column_unit", "C1");
    refuses_file("任务,指标\nx,y\n", "column_missing", "1");
    refuses_file("任务,报送期\n", "no_rows", "1");
    refuses_file("任务,报送期\n,\n\n", "no_rows", "2");
    refuses_file("", "no_rows", "1");
    refuses_file("任务,报送期\nlabor,2021-08,loose\n", "row_too_long", "C2");
    refuses_file("任务,报送期\nlabor,\"2021-08\n", "quote_open", "B2");
}

/* --- rows become reports --- */

static void rows_of_one_task_and_period_are_one_report(void **state) {
    (void)state;
    bulk_t bulk = reads("任务,报送期,指标,本月数(万元),期初累计(万元),凭证号,发生日期,金额(万元),进展,填报人\r\n"
                        "社会帮扶,2021-09,募集资金,12.5,,,,,九月,张三\r\n"
                        "donation,2021-08,raised,3000元,100,,,,八月,\r\n"
                        "六、社会帮扶,2021-09,拨付隆德县资金,,,BK-1,2021/9/10,3,九月,\r\n"
                        ",,,,,,,,,\r\n"
                        "六,2021年9月,transferred,,,BK-2,20210912,4万元,,\r\n");
    assert_int_equal(bulk.count, 2);
    const report_t *first = &bulk.reports[0].report, *second = &bulk.reports[1].report;
    assert_true(text_is(first->period, "2021-08")); /* the order of the periods, not of the rows */
    assert_int_equal(first->figures[0].amount.value, 300000);
    assert_int_equal(first->figures[0].opening.value, 100000000);
    assert_true(text_is(second->task, "donation"));
    assert_int_equal(second->figures_count, 2);
    assert_int_equal(second->figures[0].amount.value, 12500000);
    assert_int_equal(second->figures[1].items_count, 2);
    assert_int_equal(second->figures[1].items[0].fact_day, 20210910);
    assert_int_equal(second->figures[1].items[1].amount.value, 4000000);
    assert_int_equal(second->figures[1].items[1].key_kind, key_kind_receipt);
    assert_true(text_is(second->progress, "九月"));
    assert_true(text_is(second->prepared_by.text, "张三"));
    assert_int_equal(bulk.reports[1].rows_count, 3);
    assert_int_equal(bulk.reports[1].rows[2], 6); /* the empty line is a row of the spreadsheet */
}

static void periods_are_known_as_spreadsheets_rewrite_them(void **state) {
    (void)state;
    static const char *const typed[] = {"2021-08",  "2021/8",   "2021年8月", "2021年08月",
                                        "2021-8-1", "2021/8/1", "2021.08",   "Aug-21"};
    for (size_t index = 0; index < sizeof typed / sizeof typed[0]; index++) {
        const period_t *period = cell_period(cli.book, text_of(typed[index]));
        if (period == NULL || !text_is(period->id, "2021-08")) fail_msg("%s", typed[index]);
    }
    static const char *const wrong[] = {"8月",      "2021",   "2021-8-2", "2020-08",   "2021-13",
                                        "2021-08-", "Foo-21", "",         "2021年8-1", "Aug-2x"};
    for (size_t index = 0; index < sizeof wrong / sizeof wrong[0]; index++)
        if (cell_period(cli.book, text_of(wrong[index])) != NULL) fail_msg("%s", wrong[index]);
}

static void days_are_read_only_where_year_month_and_day_are_clear(void **state) {
    (void)state;
    static const char *const typed[] = {"2021-10-29", "2021/10/29", "2021.10.29", "2021年10月29日", "20211029"};
    static const char *const wrong[] = {"10/29/2021", "29-10-2021", "2021-10",    "2021-02-30", "2021-10-29x",
                                        "44498",      "",           "2021-10/29", "21-10-29"};
    uint32_t day = 0;
    for (size_t index = 0; index < sizeof typed / sizeof typed[0]; index++)
        if (!cell_day(text_of(typed[index]), &day) || day != 20211029) fail_msg("%s: %u", typed[index], day);
    for (size_t index = 0; index < sizeof wrong / sizeof wrong[0]; index++)
        if (cell_day(text_of(wrong[index]), &day)) fail_msg("%s: %u", wrong[index], day);
}

static void members_persons_evidence_and_nil_have_their_columns(void **state) {
    (void)state;
    bulk_t bulk = read_as("350104101", "任务,报送期,指标,分项,本月数(万元),无变化,佐证文件,SHA-256,情况说明,修订\n"
                                       "pairing,2021-08,镇级结对帮扶资金,城门镇,10,,票据.pdf," SHA ",no_evidence：随后补送,2\n"
                                       "pairing,2021-08,village-fund,village-1,,是,,,,2\n");
    assert_int_equal(bulk.reports[0].faults.count, 0);
    const report_t *report = &bulk.reports[0].report;
    assert_true(text_is(report->figures[0].member, "town-350104101"));
    assert_true(report->figures[1].nil && !report->figures[1].amount.given);
    assert_int_equal(report->evidence[0].sha256[0], 0xaa);
    assert_true(text_is(report->explanations[0].text, "随后补送"));
    assert_int_equal(report->replaces, 2);
    bulk = read_as("jyj", "task,period,indicator,person,in_day,out_day\ntalent,2021-08,teachers,王老师,2021-08-20,\n"
                          "talent,2021-08,teachers,李老师,2021-08-21,2021-08-30\n");
    assert_int_equal(bulk.reports[0].faults.count, 0);
    assert_int_equal(bulk.reports[0].report.figures[0].items[1].out_day, 20210830);
    assert_true(text_is(bulk.reports[0].report.figures[0].items[0].person.text, "王老师"));
}

static void a_formula_in_a_text_stays_text_and_is_no_amount(void **state) {
    (void)state;
    bulk_t bulk = reads("任务,报送期,进展\nlabor,2021-08,=1+1\n");
    assert_true(text_is(bulk.reports[0].report.progress, "=1+1"));
    refuses("任务,报送期,指标,本月数(万元)\ndonation,2021-08,raised,=1+1\n", "bad_amount", "D2");
}

static void untouched_rows_of_a_template_are_no_report(void **state) {
    (void)state;
    bulk_t bulk = reads("任务,报送期,指标,本月数(万元),填报人,填写说明\ndonation,2021-08,raised,,张三,如 12.5\n");
    assert_true(bulk.reports[0].blank);
    bulk = reads("任务,报送期,指标,本月数(万元),进展\ndonation,2021-08,raised,5,好\ndonation,2021-08,拨付隆德县资金,,\n");
    assert_false(bulk.reports[0].blank);
    assert_int_equal(bulk.reports[0].report.figures_count, 1); /* missing, not nil */
    text_t name = text_of("拨付隆德县资金");
    reason_t reason = {.code = text_of("figure_missing"), .path = text_of("figures"), .args = &name, .args_count = 1};
    assert_true(text_is(csv_spot_name(bulk_spot(&bulk.reports[0], &reason), cli.arena), "D3"));
}

/* --- faults --- */

static void a_bare_number_counts_only_below_its_own_unit(void **state) {
    (void)state;
    refuses("任务,报送期,指标,本月数\ndonation,2021-08,raised,5\n", "bad_amount", "D2");
    refuses("任务,报送期,指标,本月数(名)\ndonation,2021-08,raised,5\n", "bad_amount", "D2");
    /* 12 below 万元 must never become 120,000 workers */
    refuses("任务,报送期,指标,本月数(万元)\nlabor,2021-08,workers-placed,12\n", "bad_amount", "D2");
    refuses("任务,报送期,指标,本月数\nlabor,2021-08,workers-placed,12\n", "bad_amount", "D2");
    bulk_t bulk = reads(
        "任务,报送期,指标,本月数(万元),本月数(数量)\nlabor,2021-08,workers-placed,12名,\nlabor,2021-08,workers-poor,,3\n");
    assert_int_equal(bulk.reports[0].report.figures[0].amount.value, 12);
    assert_int_equal(bulk.reports[0].report.figures[1].amount.value, 3);
}

static void every_bad_cell_is_named(void **state) {
    (void)state;
    refuses("任务,报送期,指标,本月数(万元)\ndonation,2021-08,raised,约5\n", "bad_amount", "D2");
    refuses("任务,报送期,指标,本月数(万元)\ndonation,2021-08,raised,1.2E+05\n", "number_mangled", "D2");
    refuses("任务,报送期,指标,凭证号\ndonation,2021-08,transferred,1.23457E+14\n", "number_mangled", "D2");
    refuses("任务,报送期,指标,本月数(万元)\ndonation,2021-08,nothing,5\n", "unknown_indicator", "C2");
    refuses("任务,报送期,指标,分项,本月数(万元)\ndonation,2021-08,raised,whom,5\n", "unknown_member", "D2");
    refuses("任务,报送期,本月数(万元)\ndonation,2021-08,5\n", "indicator_missing", "C2");
    refuses("任务,报送期,指标,无变化\ndonation,2021-08,raised,也许\n", "bad_yes", "D2");
    refuses("任务,报送期,指标,凭证号,发生日期\ndonation,2021-08,transferred,B-1,10/29/2021\n", "bad_date", "E2");
    refuses("任务,报送期,指标,凭证号,合同号\ndonation,2021-08,transferred,B-1,C-1\n", "two_keys", "E2");
    refuses("任务,报送期,进展,修订\ndonation,2021-08,x,一\n", "bad_number", "D2");
    refuses("任务,报送期,进展,佐证文件\ndonation,2021-08,x,票据.pdf\n", "evidence_half", "2");
    refuses("任务,报送期,进展,情况说明\ndonation,2021-08,x,情况属实\n", "explanation_code", "D2");
    refuses("任务,报送期,进展,情况说明\ndonation,2021-08,x,figure_missing: no\n", "explanation_code", "D2");
    refuses("任务,报送期,进展,单位\ndonation,2021-08,x,区工商联\n", "other_unit", "D2");
    refuses("任务,报送期,进展\ndonation,2021-08,一\ndonation,2021-08,二\n", "cells_differ", "C3");
    refuses("任务,报送期,指标,本月数(万元)\ndonation,2021-08,raised,5\ndonation,2021-08,raised,6\n", "cells_differ", "D3");
    refuses("任务,报送期,进展\n其他,2021-08,一\n", "unknown_task", "A2");
    refuses("任务,报送期,进展\ndonation,2021-7,一\n", "unknown_period", "B2");
    refuses("任务,报送期,进展\n,2021-08,一\n", "cell_missing", "A2");
}

static void several_faults_are_told_at_once(void **state) {
    (void)state;
    bulk_t bulk = read_as(
        "csh", "任务,报送期,指标,本月数(万元),累计数(万元)\ndonation,2021-08,raised,约5,多少\ndonation,2021-08,foo,1,\n");
    assert_int_equal(bulk.reports[0].faults.count, 3);
    is_fault(&bulk.reports[0].faults, 0, "bad_amount", "D2");
    is_fault(&bulk.reports[0].faults, 1, "bad_amount", "E2");
    is_fault(&bulk.reports[0].faults, 2, "unknown_indicator", "C3");
}

static void what_the_codec_would_refuse_is_told_by_its_cell(void **state) {
    (void)state;
    char *number = arena_take(cli.arena, 300);
    snprintf(number, 300, "任务,报送期,指标,凭证号,发生日期,金额(元)\ndonation,2021-08,transferred,%0*d,2021-08-02,5\n",
             LIMIT_KEY_TEXT + 1, 7);
    refuses(number, "too_long", "D2");
    char *text = arena_take(cli.arena, LIMIT_TEXT + 200);
    int used = snprintf(text, 100, "任务,报送期,进展\ndonation,2021-08,");
    memset(text + used, 'x', LIMIT_TEXT + 1);
    refuses(text, "too_long", "C2");
}

static void the_number_of_a_document_is_taken_as_it_is_printed(void **state) {
    (void)state;
    bulk_t bulk = reads("任务,报送期,指标,凭证号,发生日期,金额(元)\ndonation,2021-08,transferred,仓慈〔2021〕9号,2021-08-02,5\n");
    assert_true(text_is(bulk.reports[0].report.figures[0].items[0].key, "仓慈〔2021〕9号"));
}

static void a_reason_of_validation_finds_its_cell(void **state) {
    (void)state;
    bulk_t bulk = reads("任务,报送期,指标,累计数(万元),凭证号,发生日期,金额(万元),进展\n"
                        "donation,2021-08,raised,5,,,,\ndonation,2021-08,transferred,,B-1,2021-08-02,5,\n"
                        "donation,2021-08,transferred,,B-2,2021-08-03,6,好\n");
    static const struct {
        const char *path, *cell;
    } paths[] = {{"figures[0].running", "D2"},
                 {"figures[0].amount", "D2"},
                 {"figures[0]", "C2"},
                 {"figures[1].items", "C3"},
                 {"figures[1].items[1].fact_day", "F4"},
                 {"figures[1].items[0].key", "E3"},
                 {"report.figures[1].items[1].amount", "G4"},
                 {"figures[1].items[1]", "E4"},
                 {"progress", "H4"},
                 {"period", "B2"},
                 {"replaces", "2"},
                 {"figures[9].amount", "2"},
                 {"", "2"}};
    for (size_t index = 0; index < sizeof paths / sizeof paths[0]; index++) {
        reason_t reason = {.code = text_of("x"), .path = text_of(paths[index].path)};
        text_t cell = csv_spot_name(bulk_spot(&bulk.reports[0], &reason), cli.arena);
        if (!text_is(cell, paths[index].cell)) fail_msg("%s: " TEXT_FORMAT, paths[index].path, TEXT_ARGS(cell));
    }
}

/* --- ids --- */

static void id_of(const char *csv, uint32_t attempt, const uint8_t key[32], uint8_t id[16]) {
    bulk_t bulk = reads(csv);
    bulk_submission_id(&bulk.reports[0].report, key, attempt, cli.book, id);
}

static void an_id_follows_from_content_sender_and_attempt_alone(void **state) {
    (void)state;
    static const uint8_t other[32] = {9};
    uint8_t id[16], same[16], changed[16];
    id_of("任务,报送期,指标,本月数(万元),填报人\ndonation,2021-09,raised,5,张三\n", 0, secret, id);
    id_of("\xef\xbb\xbfperiod,task,indicator,amount,prepared_by\r\n2021年9月,六,募集资金,5万元,\"张三\"\r\n", 0, secret, same);
    assert_memory_equal(id, same, 16); /* the same content, written otherwise */
    id_of("任务,报送期,指标,本月数(万元),填报人\ndonation,2021-09,raised,6,张三\n", 0, secret, changed);
    assert_memory_not_equal(id, changed, 16);
    id_of("任务,报送期,指标,本月数(万元),填报人\ndonation,2021-09,raised,5,李四\n", 0, secret, changed);
    assert_memory_not_equal(id, changed, 16);
    id_of("任务,报送期,指标,本月数(万元),填报人\ndonation,2021-09,raised,5,张三\n", 1, secret, changed);
    assert_memory_not_equal(id, changed, 16);
    id_of("任务,报送期,指标,本月数(万元),填报人\ndonation,2021-09,raised,5,张三\n", 0, other, changed);
    assert_memory_not_equal(id, changed, 16); /* keyed: nobody can try names against it */
    uint64_t ms = 0;
    for (int byte = 0; byte < 6; byte++) ms = ms << 8 | id[byte];
    assert_int_equal(ms, instant_of_day(planbook_plan(cli.book), 20210901, 0));
    assert_int_equal(id[6] >> 4, 7);
    assert_int_equal(id[8] >> 6, 2);
}

/* --- a file against itself --- */

static void a_running_total_is_checked_against_the_month_before_it_in_the_file(void **state) {
    (void)state;
    bulk_t bulk = reads("任务,报送期,指标,本月数(万元),累计数(万元)\ndonation,2021-08,raised,5,5\ndonation,2021-09,raised,,12\n"
                        "donation,2021-10,raised,1,14\ndonation,2021-11,raised,,3\n");
    bulk_faults_t faults[4];
    const report_t *rehearsed = bulk_rehearsed(&bulk, cli.arena, faults);
    assert_true(rehearsed[0].figures[0].running.given); /* what it builds on only validation knows */
    assert_false(rehearsed[1].figures[0].running.given);
    assert_int_equal(rehearsed[1].figures[0].amount.value, 7000000);
    assert_int_equal(faults[1].count, 0);
    is_fault(&faults[2], 0, "running_disagrees", "E4");
    is_fault(&faults[3], 0, "running_falls", "E5");
    assert_true(bulk.reports[1].report.figures[0].running.given); /* what is sent is what was typed */
}

static void a_running_total_that_cannot_be_checked_says_so(void **state) {
    (void)state;
    bulk_faults_t faults[4];
    bulk_t bulk =
        reads("任务,报送期,指标,本月数(万元),累计数(万元)\ndonation,2021-08,raised,5,\ndonation,2021-09,raised,,12\n");
    bulk_rehearsed(&bulk, cli.arena, faults);
    is_fault(&faults[1], 0, "running_alone", "E3"); /* the balance before August stands in the ledger alone */
    bulk = reads("任务,报送期,指标,本月数(万元),累计数(万元)\ndonation,2021-08,raised,,5\ndonation,2021-10,raised,,12\n");
    bulk_rehearsed(&bulk, cli.arena, faults);
    is_fault(&faults[1], 0, "running_alone", "E3"); /* September may stand already */
    bulk = reads("任务,报送期,指标,本月数(万元),期初累计(万元)\ndonation,2021-08,raised,5,1\ndonation,2021-09,raised,5,1\n");
    bulk_rehearsed(&bulk, cli.arena, faults);
    is_fault(&faults[1], 0, "opening_twice", "E3");
}

static void every_file_reason_has_two_sentences(void **state) {
    (void)state;
    size_t count;
    const file_reason_t *all = file_reason_all(&count);
    for (size_t index = 0; index < count; index++) {
        assert_true(all[index].zh[0] != '\0' && all[index].en[0] != '\0');
        assert_null(reason_find(text_of(all[index].code))); /* one code, one meaning */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(headers_are_known_in_both_languages_and_many_spellings),
                                       cmocka_unit_test(every_column_is_found_by_its_own_names),
                                       cmocka_unit_test(wrong_headers_stop_the_whole_file),
                                       cmocka_unit_test(rows_of_one_task_and_period_are_one_report),
                                       cmocka_unit_test(periods_are_known_as_spreadsheets_rewrite_them),
                                       cmocka_unit_test(days_are_read_only_where_year_month_and_day_are_clear),
                                       cmocka_unit_test(members_persons_evidence_and_nil_have_their_columns),
                                       cmocka_unit_test(a_formula_in_a_text_stays_text_and_is_no_amount),
                                       cmocka_unit_test(untouched_rows_of_a_template_are_no_report),
                                       cmocka_unit_test(a_bare_number_counts_only_below_its_own_unit),
                                       cmocka_unit_test(every_bad_cell_is_named),
                                       cmocka_unit_test(several_faults_are_told_at_once),
                                       cmocka_unit_test(what_the_codec_would_refuse_is_told_by_its_cell),
                                       cmocka_unit_test(the_number_of_a_document_is_taken_as_it_is_printed),
                                       cmocka_unit_test(a_reason_of_validation_finds_its_cell),
                                       cmocka_unit_test(an_id_follows_from_content_sender_and_attempt_alone),
                                       cmocka_unit_test(a_running_total_is_checked_against_the_month_before_it_in_the_file),
                                       cmocka_unit_test(a_running_total_that_cannot_be_checked_says_so),
                                       cmocka_unit_test(every_file_reason_has_two_sentences)};
    return cmocka_run_group_tests_name("a file of many reports", tests, begin, end);
}
