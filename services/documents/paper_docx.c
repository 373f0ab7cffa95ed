/* DOCX by the page of GB/T 9704-2012: A4, 天头 37 mm, 订口 28 mm, 版心 156 × 225 mm, 22 lines of 28 characters. */
#include "services/documents/paper.h"

#include "services/documents/zip.h"
#include "services/plan/calendar.h"

#include <string.h>

static const zip_part_t fixed_parts[] = {
#define PART(name, content) {name, {(const uint8_t *)(content), sizeof(content) - 1}},
#include "services/documents/docx_parts.def"
#undef PART
};
enum { FIXED_PARTS = sizeof fixed_parts / sizeof fixed_parts[0], TYPE_AREA = 8844 /* twips: 156 mm */ };

/* A line end and a tab are elements of their own. */
static void run(buffer_t *out, text_t text, bool strong) {
    buffer_text(out, strong ? "<w:r><w:rPr><w:b/><w:bCs/></w:rPr>" : "<w:r>");
    for (uint32_t from = 0; from <= text.size;) {
        uint32_t to = from;
        while (to < text.size && text.at[to] != '\n' && text.at[to] != '\t') to++;
        if (from > 0) buffer_text(out, text.at[from - 1] == '\n' ? "<w:br/>" : "<w:tab/>");
        buffer_text(out, "<w:t xml:space='preserve'>");
        xml_escape(out, (text_t){text.at + from, to - from});
        buffer_text(out, "</w:t>");
        from = to + 1;
    }
    buffer_text(out, "</w:r>");
}

static void paragraph(buffer_t *out, const char *style, const char *extra, text_t text, bool strong) {
    buffer_format(out, "<w:p><w:pPr><w:pStyle w:val='%s'/>%s</w:pPr>", style, extra);
    if (text.size > 0) run(out, text, strong);
    buffer_text(out, "</w:p>");
}

static void docx_cell(buffer_t *out, uint32_t width, const char *style, const char *extra, text_t text, bool strong) {
    buffer_format(out, "<w:tc><w:tcPr><w:tcW w:w='%u' w:type='dxa'/><w:vAlign w:val='center'/></w:tcPr>", width);
    paragraph(out, style, extra, text, strong);
    buffer_text(out, "</w:tc>");
}

static const char *alignment(const table_shape_t *shape, uint32_t column) {
    if ((shape->right >> column & 1) != 0) return "<w:jc w:val='right'/>";
    return (shape->centre >> column & 1) != 0 ? "<w:jc w:val='center'/>" : "";
}

/* Columns in twips; the last takes what division leaves. */
static void widths_of(const table_shape_t *shape, uint32_t widths[PAPER_COLUMNS]) {
    uint32_t sum = 0, left = TYPE_AREA;
    for (uint32_t column = 0; column < shape->columns; column++) sum += shape->shares[column];
    for (uint32_t column = 0; column < shape->columns; column++) {
        widths[column] = column + 1 == shape->columns ? left : TYPE_AREA * shape->shares[column] / sum;
        left -= widths[column];
    }
}

static void docx_table(buffer_t *out, const block_t *table) {
    static const char *const sides[] = {"top", "left", "bottom", "right", "insideH", "insideV"};
    const table_shape_t *shape = table->shape;
    uint32_t widths[PAPER_COLUMNS];
    widths_of(shape, widths);
    buffer_format(out, "<w:tbl><w:tblPr><w:tblW w:w='%u' w:type='dxa'/><w:tblBorders>", (unsigned)TYPE_AREA);
    for (size_t side = 0; side < sizeof sides / sizeof sides[0]; side++)
        buffer_format(out, "<w:%s w:val='single' w:sz='4' w:space='0' w:color='000000'/>", sides[side]);
    buffer_text(out, "</w:tblBorders><w:tblLayout w:type='fixed'/><w:tblCellMar><w:left w:w='50' w:type='dxa'/>"
                     "<w:right w:w='50' w:type='dxa'/></w:tblCellMar></w:tblPr><w:tblGrid>");
    for (uint32_t column = 0; column < shape->columns; column++) buffer_format(out, "<w:gridCol w:w='%u'/>", widths[column]);
    buffer_text(out, "</w:tblGrid><w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>"); /* repeated on every page */
    for (uint32_t column = 0; column < shape->columns; column++)
        docx_cell(out, widths[column], "CellHead", "", text_of(shape->heads[column]), false);
    buffer_text(out, "</w:tr>");
    for (const paper_row_t *row = table->rows; row != NULL; row = row->next) {
        buffer_text(out, "<w:tr><w:trPr><w:cantSplit/></w:trPr>");
        for (uint32_t column = 0; column < shape->columns; column++)
            docx_cell(out, widths[column], "Cell", alignment(shape, column), row->cells[column], row->strong);
        buffer_text(out, "</w:tr>");
    }
    buffer_text(out, "</w:tbl>");
}

static void docx_block(buffer_t *out, const block_t *block, bool first_annex) {
    static const char *const styles[] = {
        [BLOCK_PREVIEW] = "Preview",    [BLOCK_MASTHEAD] = "Masthead",   [BLOCK_NUMBER] = "IssueNumber",
        [BLOCK_TITLE] = "Title",        [BLOCK_ADDRESSEE] = "Addressee", [BLOCK_PARAGRAPH] = "Body",
        [BLOCK_HEADING_1] = "Heading1", [BLOCK_HEADING_2] = "Heading2",  [BLOCK_HEADING_3] = "Heading3",
        [BLOCK_NOTE] = "Note",          [BLOCK_ANNEXES] = "Annexes",     [BLOCK_SIGNATURE] = "Signature",
        [BLOCK_DATE] = "DateLine",      [BLOCK_ANNEX] = "Annex",         [BLOCK_ANNEX_TITLE] = "AnnexTitle",
        [BLOCK_COLOPHON] = "Colophon",
    };
    if (block->kind == BLOCK_TABLE)
        docx_table(out, block);
    else
        paragraph(out, styles[block->kind], first_annex ? "<w:spacing w:before='579'/>" : "", block->text, false);
}

/* linePitch 579 twips are 28.95 pt: 22 lines in 225 mm. charSpace, in 4096ths of a point, presses 28 characters into 156 mm. */
static const char page[] =
    "<w:sectPr><w:footerReference w:type='default' r:id='rId4'/><w:footerReference w:type='even' r:id='rId5'/>"
    "<w:pgSz w:w='11906' w:h='16838'/>"
    "<w:pgMar w:top='2098' w:right='1474' w:bottom='1985' w:left='1588' w:header='851' w:footer='1361' w:gutter='0'/>"
    "<w:docGrid w:type='linesAndChars' w:linePitch='579' w:charSpace='-842'/></w:sectPr>";

static void document_write(const paper_t *self, buffer_t *out) {
    buffer_text(out, "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>"
                     "<w:document xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main' "
                     "xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'><w:body>");
    block_kind_t before = BLOCK_PARAGRAPH;
    for (const block_t *block = self->first; block != NULL; block = block->next) {
        docx_block(out, block, block->kind == BLOCK_ANNEXES && before != BLOCK_ANNEXES);
        before = block->kind;
    }
    if (before == BLOCK_TABLE) paragraph(out, "Note", "", (text_t){0}, false); /* a table must not be the last of a body */
    buffer_text(out, page);
    buffer_text(out, "</w:body></w:document>");
}

static void core_write(const paper_t *self, buffer_t *out) {
    int64_t seconds = self->made_ms / 1000;
    uint32_t day = day_of_number(seconds / 86400), second = (uint32_t)(seconds % 86400);
    buffer_text(out, "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>"
                     "<cp:coreProperties xmlns:cp='http://schemas.openxmlformats.org/package/2006/metadata/core-properties' "
                     "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:dcterms='http://purl.org/dc/terms/' "
                     "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><dc:title>");
    xml_escape(out, self->title);
    buffer_text(out, "</dc:title><dc:creator>");
    xml_escape(out, self->author);
    buffer_text(out, "</dc:creator>");
    static const char *const names[] = {"created", "modified"};
    for (size_t index = 0; index < 2; index++)
        buffer_format(out, "<dcterms:%s xsi:type='dcterms:W3CDTF'>%04u-%02u-%02uT%02u:%02u:%02uZ</dcterms:%s>", names[index],
                      day / 10000, day / 100 % 100, day % 100, second / 3600, second / 60 % 60, second % 60, names[index]);
    buffer_text(out, "</cp:coreProperties>");
}

/* A long part stands in pieces in docx_parts.def. Returns how many parts they make; `joined` owns what was put together. */
static uint32_t parts_join(zip_part_t *parts, buffer_t *joined) {
    size_t size = 0;
    uint32_t count = 0;
    for (size_t index = 0; index < FIXED_PARTS; index++) size += fixed_parts[index].bytes.size;
    uint8_t *room = buffer_room(joined, size); /* never moves from here on */
    for (size_t index = 0; index < FIXED_PARTS; index++) {
        const zip_part_t *piece = &fixed_parts[index];
        bool more = count > 0 && strcmp(parts[count - 1].name, piece->name) == 0;
        if (!more) parts[count++] = (zip_part_t){piece->name, {room, 0}};
        memcpy(room, piece->bytes.at, piece->bytes.size);
        parts[count - 1].bytes.size += piece->bytes.size;
        room += piece->bytes.size;
    }
    return count;
}

err_t paper_docx(const paper_t *self, buffer_t *out) {
    buffer_t document = {0}, core = {0}, joined = {0};
    document_write(self, &document);
    core_write(self, &core);
    zip_part_t parts[FIXED_PARTS + 2];
    uint32_t count = parts_join(parts, &joined);
    parts[count++] = (zip_part_t){"word/document.xml", {document.at, (uint32_t)document.size}};
    parts[count++] = (zip_part_t){"docProps/core.xml", {core.at, (uint32_t)core.size}};
    err_t err = zip_pack(parts, count, out);
    buffer_destroy(&joined);
    buffer_destroy(&document);
    buffer_destroy(&core);
    return err;
}
