/* Bulletin and summary: what they say of a month of a rehearsal, the same bytes every time, DOCX that any program opens. */
#include "tests/unit/document_fixture.h"

#include <time.h>

#include "tests/unit/xml_check.h"

static buffer_t made(const edition_t *edition, arena_t *arena, void (*write)(const paper_t *, buffer_t *)) {
    buffer_t out = {0};
    paper_t paper = document_compose(edition, arena);
    write(&paper, &out);
    return out;
}

static buffer_t made_docx(const edition_t *edition, arena_t *arena) {
    buffer_t out = {0};
    paper_t paper = document_compose(edition, arena);
    assert_int_equal(paper_docx(&paper, &out), OK);
    return out;
}

static bool says(const buffer_t *bytes, const char *words) {
    return memmem(bytes->at, bytes->size, words, strlen(words)) != NULL;
}

static void a_month_reads_as_the_golden_bulletin(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena);
    buffer_t text = made(&edition, arena, paper_text), html = made(&edition, arena, paper_html);
    assert_golden("tests/unit/data/bulletin-2021-09.txt", &text, arena);
    assert_golden("tests/unit/data/bulletin-2021-09.html", &html, arena);
    buffer_destroy(&text);
    buffer_destroy(&html);
    arena_destroy(&arena);
}

static void a_year_reads_as_the_golden_summary(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena);
    edition.kind = document_kind_summary;
    edition.period = (text_t){0};
    edition.from = 20210101;
    edition.to = 20211231;
    buffer_t text = made(&edition, arena, paper_text);
    assert_golden("tests/unit/data/summary-2021.txt", &text, arena);
    buffer_destroy(&text);
    arena_destroy(&arena);
}

static void confirmations_stand_beside_the_reports_of_the_year(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena);
    edition.kind = document_kind_summary;
    edition.period = (text_t){0};
    edition_row_t *rows = ARENA_NEW(arena, edition_row_t, edition.rows_count + 3);
    memcpy(rows, edition.rows, sizeof *rows * edition.rows_count);
    for (uint32_t index = 0; index < 3; index++) {
        rows[edition.rows_count + index] = edition.rows[0];
        rows[edition.rows_count + index].confirmation = true;
    }
    rows[edition.rows_count].timeliness = timeliness_late;
    rows[edition.rows_count + 2] = (edition_row_t){.unit = rows[0].unit, .task = rows[0].task, .period = rows[0].period,
                                                   .due_ms = edition.now_ms + 1, .confirmation = true};
    edition.rows = rows;
    uint32_t owed = edition_punctual(&edition, (text_t){0}).owed;
    edition.rows_count += 3;
    assert_int_equal(edition_punctual(&edition, (text_t){0}).owed, owed);
    buffer_t text = made(&edition, arena, paper_text);
    assert_true(says(&text, "另有在岗确认3份，不计入上列份数：已报2份，其中按时1份、迟报1份；未报0份，未到时限1份。"));
    buffer_destroy(&text);
    arena_destroy(&arena);
}

static void equal_editions_give_equal_bytes_in_every_time_zone(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena), again;
    buffer_t bytes = {0};
    edition_bytes(&edition, &bytes);
    assert_int_equal(edition_of_bytes((bytes_t){bytes.at, (uint32_t)bytes.size}, arena, &again), OK);
    buffer_t first = made_docx(&edition, arena);
    setenv("TZ", "America/New_York", 1);
    tzset();
    buffer_t second = made_docx(&again, arena);
    unsetenv("TZ");
    tzset();
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.at, second.at, first.size);
    buffer_destroy(&bytes);
    buffer_destroy(&first);
    buffer_destroy(&second);
    arena_destroy(&arena);
}

static uint32_t number_at(const buffer_t *bytes, size_t at, uint32_t size) {
    uint32_t number = 0;
    for (uint32_t index = 0; index < size; index++) number |= (uint32_t)bytes->at[at + index] << (8 * index);
    return number;
}

/* Parts are stored as they are, one local header (30 bytes, name, content) behind the other. */
static void every_part_of_a_docx_is_well_formed_and_bears_no_date(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena);
    buffer_t docx = made_docx(&edition, arena);
    uint32_t parts = 0;
    size_t at = 0;
    for (; at + 30 < docx.size && memcmp(docx.at + at, "PK\3\4", 4) == 0; parts++) {
        uint32_t size = number_at(&docx, at + 18, 4), name = number_at(&docx, at + 26, 2), extra = number_at(&docx, at + 28, 2);
        assert_int_equal(number_at(&docx, at + 8, 2), 0);         /* stored */
        assert_int_equal(number_at(&docx, at + 10, 4), 0x210000); /* 1980-01-01 00:00 */
        assert_int_equal(number_at(&docx, at + 22, 4), size);
        text_t xml = {(const char *)docx.at + at + 30 + name + extra, size};
        assert_true(xml_is_well_formed(xml));
        at += 30 + name + extra + size;
    }
    assert_int_equal(parts, 10);
    assert_memory_equal(docx.at + at, "PK\1\2", 4);
    assert_true(says(&docx, "w:linePitch='579'"));
    assert_true(says(&docx, "w:top='2098' w:right='1474' w:bottom='1985' w:left='1588'"));
    buffer_destroy(&docx);
    arena_destroy(&arena);
}

static void what_units_write_stays_text_in_html_and_docx(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena); /* one unit writes: =1+1 部分指标 <b>偏慢</b> & "待核" */
    buffer_t html = made(&edition, arena, paper_html), docx = made_docx(&edition, arena);
    assert_false(says(&html, "<b>偏慢"));
    assert_true(says(&html, "&lt;b&gt;偏慢&lt;/b&gt; &amp; &quot;待核&quot;"));
    assert_true(says(&docx, "&lt;b&gt;偏慢&lt;/b&gt; &amp; &quot;待核&quot;"));
    buffer_destroy(&html);
    buffer_destroy(&docx);
    arena_destroy(&arena);
}

static void what_no_xml_may_hold_is_left_out(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    buffer_t out = {0};
    xml_escape(&out, text_of("甲\x01\xEF\xBF\xBE乙\xEF\xBF\xBF\xEF\xBF\xBD\n")); /* U+FFFD is a character */
    assert_int_equal(out.size, strlen("甲乙\xEF\xBF\xBD\n"));
    assert_memory_equal(out.at, "甲乙\xEF\xBF\xBD\n", out.size);
    assert_true(text_is(xml_clean(text_of("甲\x01\xEF\xBF\xBE乙<"), arena), "甲乙<"));
    buffer_destroy(&out);
    arena_destroy(&arena);
}

static void a_note_says_where_rounded_parts_do_not_add_up(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena); /* three units with half a hundredth of 万元 each */
    buffer_t text = made(&edition, arena, paper_text);
    assert_true(
        says(&text, "注：宁夏特色产品销售额各分项四舍五入后之和为1446.03万元，合计按实数计算为1446.02万元，相差0.01万元"));
    buffer_destroy(&text);
    arena_destroy(&arena);
}

static void a_preview_says_that_it_is_one_and_an_issue_bears_its_number(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t edition = fixture_edition(arena);
    buffer_t preview = made(&edition, arena, paper_text);
    assert_true(says(&preview, "征求意见稿"));
    assert_true(says(&preview, "〔2021〕×号"));
    edition.number = 9;
    buffer_t issue = made(&edition, arena, paper_text);
    assert_false(says(&issue, "征求意见稿"));
    assert_true(says(&issue, "〔2021〕9号"));
    buffer_destroy(&preview);
    buffer_destroy(&issue);
    arena_destroy(&arena);
}

static void a_figure_that_was_corrected_since_is_an_erratum_and_nothing_else_is(void **state) {
    (void)state;
    arena_t *arena = arena_new();
    edition_t then = fixture_edition(arena), now = fixture_edition(arena);
    erratum_t errata[ERRATA];
    assert_int_equal(edition_errata(&then, &now, errata), 0);
    for (uint32_t index = 0; index < now.targets_count; index++) {
        if (!text_is(now.targets[index].indicator, "sales")) continue;
        edition_share_t *shares = ARENA_NEW(arena, edition_share_t, now.targets[index].shares_count);
        memcpy(shares, now.targets[index].shares, sizeof *shares * now.targets[index].shares_count);
        shares[4].month.value += 100;
        shares[4].total += 100;
        edition_target_t *targets = ARENA_NEW(arena, edition_target_t, now.targets_count);
        memcpy(targets, now.targets, sizeof *targets * now.targets_count);
        targets[index].shares = shares;
        now.targets = targets;
        assert_int_equal(edition_errata(&then, &now, errata), 1);
        assert_true(text_is(errata[0].indicator, "宁夏特色产品销售额"));
        assert_int_equal(errata[0].month_now.value - errata[0].month_then.value, 100);
    }
    arena_destroy(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_month_reads_as_the_golden_bulletin),
        cmocka_unit_test(a_year_reads_as_the_golden_summary),
        cmocka_unit_test(confirmations_stand_beside_the_reports_of_the_year),
        cmocka_unit_test(equal_editions_give_equal_bytes_in_every_time_zone),
        cmocka_unit_test(every_part_of_a_docx_is_well_formed_and_bears_no_date),
        cmocka_unit_test(what_units_write_stays_text_in_html_and_docx),
        cmocka_unit_test(what_no_xml_may_hold_is_left_out),
        cmocka_unit_test(a_note_says_where_rounded_parts_do_not_add_up),
        cmocka_unit_test(a_preview_says_that_it_is_one_and_an_issue_bears_its_number),
        cmocka_unit_test(a_figure_that_was_corrected_since_is_an_erratum_and_nothing_else_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
