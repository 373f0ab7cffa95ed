/* What a file is, told by its content: the permitted kinds, and what only pretends to be one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "proto/crypto.h"
#include "tests/unit/evidence_samples.h"

static const char *const word[] = {"[Content_Types].xml", "_rels/.rels", "word/document.xml"};

static file_kind_t kind_of_bytes(const void *bytes, size_t size) {
    buffer_t file = {0};
    buffer_add(&file, bytes, size);
    file_kind_t kind = sample_kind(&file);
    buffer_destroy(&file);
    return kind;
}

static file_kind_t kind_of_zip(const char *const *names, uint32_t count, uint32_t unpacked) {
    buffer_t file = {0};
    sample_zip(&file, names, count, unpacked);
    file_kind_t kind = sample_kind(&file);
    buffer_destroy(&file);
    return kind;
}

static file_kind_t kind_of_compound(const char *name, const char *inside) {
    buffer_t file = {0};
    sample_compound(&file, name, inside);
    file_kind_t kind = sample_kind(&file);
    buffer_destroy(&file);
    return kind;
}

#define KIND_OF(literal) kind_of_bytes(literal, sizeof literal - 1)

static void refused_as(file_kind_t kind, const char *code) {
    assert_int_equal(kind.type, file_type_none);
    assert_true(text_is(kind.code, code));
}

static void a_picture_and_a_pdf_are_known_by_their_first_bytes(void **state) {
    (void)state;
    assert_int_equal(KIND_OF("%PDF-1.7\n1 0 obj\n%%EOF\n").type, file_type_pdf);
    assert_int_equal(KIND_OF("\xff\xd8\xff\xe0\0\x10JFIF").type, file_type_jpeg);
    assert_int_equal(KIND_OF("\x89PNG\r\n\x1a\n\0\0\0\rIHDR").type, file_type_png);
}

static void a_pdf_that_was_cut_off_is_broken(void **state) {
    (void)state;
    refused_as(KIND_OF("%PDF-1.7\n1 0 obj\n"), "evidence_broken");
}

static void a_program_is_refused_whatever_it_is_called(void **state) {
    (void)state;
    refused_as(KIND_OF("MZ\x90\0\x03\0\0\0"), "evidence_type");
    refused_as(KIND_OF("\x7f" "ELF\x02\x01\x01"), "evidence_type");
    refused_as(KIND_OF("#!/bin/sh\nrm -rf /\n"), "evidence_type");
    refused_as(KIND_OF("MZ only letters, and no control character"), "evidence_type");
}

static void a_page_is_no_text(void **state) {
    (void)state;
    refused_as(KIND_OF("<html><script>"), "evidence_type");
    refused_as(KIND_OF("\xef\xbb\xbf  \r\n<svg onload=x>"), "evidence_type");
}

static void text_is_taken_in_utf8_and_in_gb18030(void **state) {
    (void)state;
    assert_int_equal(KIND_OF("序号,金额\r\n1,3万元\r\n").type, file_type_text);
    assert_int_equal(KIND_OF("\xd0\xf2\xba\xc5,\xbd\xf0\xb6\xee\r\n").type, file_type_text);     /* 序号,金额 in GBK */
    assert_int_equal(KIND_OF("\x81\x30\x81\x30 four bytes").type, file_type_text);
    refused_as(KIND_OF("\xff\xfe" "1\0"), "evidence_type");
    refused_as(KIND_OF("half a character \xd0"), "evidence_type");
    refused_as(KIND_OF("surrogate \xed\xa0\x80 x"), "evidence_type");
    refused_as(KIND_OF(""), "evidence_type");
}

static void a_character_may_lie_across_two_blocks(void **state) {
    buffer_t file = {0};
    (void)state;
    for (int index = 0; index < 4095; index++) sample_put(&file, "a");
    sample_put(&file, "月末");
    assert_int_equal(sample_kind(&file).type, file_type_text);
    buffer_destroy(&file);
}

static void a_zipped_document_is_known_by_what_it_lists(void **state) {
    static const char *const excel[] = {"xl/workbook.xml", "[Content_Types].xml"};
    static const char *const slides[] = {"ppt/presentation.xml", "[Content_Types].xml"};
    (void)state;
    assert_int_equal(kind_of_zip(word, 3, 100).type, file_type_docx);
    assert_int_equal(kind_of_zip(excel, 2, 100).type, file_type_xlsx);
    assert_int_equal(kind_of_zip(slides, 2, 100).type, file_type_pptx);
}

static void an_archive_that_is_no_document_is_refused(void **state) {
    static const char *const archive[] = {"setup.exe", "readme.txt"};
    (void)state;
    refused_as(kind_of_zip(archive, 2, 100), "evidence_type");
}

static void macros_are_refused_in_both_forms(void **state) {
    static const char *const zipped[] = {"[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"};
    (void)state;
    refused_as(kind_of_zip(zipped, 3, 100), "evidence_macros");
    refused_as(kind_of_compound("WordDocument", "Macros"), "evidence_macros");
    refused_as(kind_of_compound("Workbook", "_VBA_PROJECT_CUR"), "evidence_macros");
}

static void names_that_lead_out_of_the_folder_are_refused(void **state) {
    static const char *const tricks[] = {"../../etc/cron.d/x", "/etc/passwd", "word/..",  "a/../b",
                                         "C:evil",             "word\\..\\x", "word/\nx"};
    (void)state;
    for (size_t index = 0; index < sizeof tricks / sizeof tricks[0]; index++) {
        const char *names[] = {"[Content_Types].xml", "word/document.xml", tricks[index]};
        refused_as(kind_of_zip(names, 3, 100), "evidence_broken");
    }
    static const char *const dots[] = {"[Content_Types].xml", "word/document.xml", "word/..notes/a..b"};
    assert_int_equal(kind_of_zip(dots, 3, 100).type, file_type_docx);
}

static void a_document_that_unpacks_without_end_is_refused(void **state) {
    (void)state;
    refused_as(kind_of_zip(word, 3, 0xffffffffu), "evidence_broken");
    refused_as(kind_of_zip(word, 3, 64u << 20), "evidence_broken"); /* 192 MiB out of 400 bytes */
}

static void every_cut_of_a_document_is_refused(void **state) {
    buffer_t file = {0};
    (void)state;
    sample_zip(&file, word, 3, 100);
    for (size_t size = 4; size < file.size; size++) {
        buffer_t cut = {.at = file.at, .size = size};
        assert_int_equal(sample_kind(&cut).type, file_type_none);
    }
    buffer_destroy(&file);
}

static void a_name_that_differs_from_its_place_is_refused(void **state) {
    buffer_t file = {0};
    (void)state;
    sample_zip(&file, word, 3, 100);
    memcpy(file.at + 30, "[Content_Types].exe", 19); /* in the local head alone */
    refused_as(sample_kind(&file), "evidence_broken");
    buffer_destroy(&file);
}

static void an_older_document_is_known_by_the_stream_at_its_root(void **state) {
    (void)state;
    assert_int_equal(kind_of_compound("WordDocument", "Workbook").type, file_type_doc); /* a table inside a text */
    assert_int_equal(kind_of_compound("Workbook", "WordDocument").type, file_type_xls);
    assert_int_equal(kind_of_compound("PowerPoint Document", "Workbook").type, file_type_ppt);
    refused_as(kind_of_compound("__properties_version1.0", "x"), "evidence_type"); /* a mail, an installer */
    refused_as(kind_of_compound("EncryptedPackage", "x"), "evidence_broken");
}

static void a_directory_that_leads_in_circles_comes_to_an_end(void **state) {
    buffer_t file = {0};
    (void)state;
    sample_compound(&file, "x", "y");
    file.at[512 + 4] = 1, file.at[512 + 5] = file.at[512 + 6] = file.at[512 + 7] = 0; /* the directory follows itself */
    refused_as(sample_kind(&file), "evidence_broken");
    file.at[512 + 4] = 0xfe, file.at[512 + 5] = file.at[512 + 6] = file.at[512 + 7] = 0xff;
    file.at[1024 + 128 + 72] = 1, memset(file.at + 1024 + 128 + 73, 0, 3); /* a row is its own sister */
    refused_as(sample_kind(&file), "evidence_type");
    buffer_destroy(&file);
}

static void a_name_fits_its_type_or_not(void **state) {
    (void)state;
    assert_true(file_extension_fits(file_type_jpeg, text_of("照片.JPG")));
    assert_true(file_extension_fits(file_type_xls, text_of("台账.et")));
    assert_false(file_extension_fits(file_type_pdf, text_of("凭证.exe")));
    assert_false(file_extension_fits(file_type_pdf, text_of("pdf")));
    assert_false(file_extension_fits(file_type_none, text_of("a.pdf")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_and_a_pdf_are_known_by_their_first_bytes),
        cmocka_unit_test(a_pdf_that_was_cut_off_is_broken),
        cmocka_unit_test(a_program_is_refused_whatever_it_is_called),
        cmocka_unit_test(a_page_is_no_text),
        cmocka_unit_test(text_is_taken_in_utf8_and_in_gb18030),
        cmocka_unit_test(a_character_may_lie_across_two_blocks),
        cmocka_unit_test(a_zipped_document_is_known_by_what_it_lists),
        cmocka_unit_test(an_archive_that_is_no_document_is_refused),
        cmocka_unit_test(macros_are_refused_in_both_forms),
        cmocka_unit_test(names_that_lead_out_of_the_folder_are_refused),
        cmocka_unit_test(a_document_that_unpacks_without_end_is_refused),
        cmocka_unit_test(every_cut_of_a_document_is_refused),
        cmocka_unit_test(a_name_that_differs_from_its_place_is_refused),
        cmocka_unit_test(an_older_document_is_known_by_the_stream_at_its_root),
        cmocka_unit_test(a_directory_that_leads_in_circles_comes_to_an_end),
        cmocka_unit_test(a_name_fits_its_type_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
