/* HTML for the screen and for A4 paper: the page of GB/T 9704-2012 in print CSS, nothing loaded from anywhere. */
#include "services/documents/paper.h"

/* 版心 156 × 225 mm: 22 lines of 28.95 pt, 28 characters of 3号 (16 pt). 小标宋 is named, never shipped. */
static const char style[] =
    "@page{size:A4;margin:37mm 26mm 35mm 28mm}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:#e8e8e8;color:#000;font:16pt/28.95pt 'Times New Roman',FangSong_GB2312,仿宋_GB2312,FangSong,仿宋,"
    "STFangsong,'Noto Serif CJK SC','Songti SC',serif}"
    ".page{width:210mm;min-height:297mm;margin:8mm auto;padding:37mm 26mm 35mm 28mm;background:#fff;box-shadow:0 0 3mm #999}"
    "p,h1,h2,h3,h4{margin:0;font-size:16pt;font-weight:normal;text-align:justify;overflow-wrap:anywhere}"
    ".preview{border:.5mm solid #000;padding:0 2mm;margin-bottom:5mm;font-size:12pt;line-height:20pt}"
    ".masthead{color:#e60012;text-align:center;font:bold 34pt/44pt FZXiaoBiaoSong-B05S,方正小标宋简体,STZhongsong,华文中宋,"
    "'Noto Serif CJK SC',SimSun,serif;margin-bottom:8mm}"
    ".number{text-align:center;padding-bottom:4mm;border-bottom:.7mm solid #e60012;margin-bottom:14mm}"
    "h1{white-space:pre-line;text-align:center;font:22pt/32pt FZXiaoBiaoSong-B05S,方正小标宋简体,STZhongsong,华文中宋,'Noto Serif CJK "
    "SC',SimSun,serif;"
    "margin-bottom:28.95pt}"
    ".body,h2,h3,h4,.annexes{text-indent:2em}"
    "h2{font-family:SimHei,黑体,'Noto Sans CJK SC',sans-serif;break-after:avoid}"
    "h3{font-family:KaiTi_GB2312,楷体_GB2312,KaiTi,楷体,STKaiti,'Noto Serif CJK SC',serif;break-after:avoid}"
    "h4{font-weight:bold;break-after:avoid}"
    ".annexes:first-of-type{margin-top:28.95pt}"
    ".sign{text-align:right;padding-right:4em;margin-top:57.9pt;break-after:avoid}.date{text-align:right;padding-right:4em}"
    ".annex{break-before:page;font-family:SimHei,黑体,'Noto Sans CJK SC',sans-serif}"
    ".annextitle{text-align:center;font:18pt/28.95pt FZXiaoBiaoSong-B05S,方正小标宋简体,STZhongsong,'Noto Serif CJK SC',serif;"
    "margin:4mm 0}"
    "table{width:100%;border-collapse:collapse;font-size:10.5pt;line-height:14.5pt;margin:2mm 0;table-layout:fixed}"
    "thead{display:table-header-group}tr{break-inside:avoid}"
    "th,td{border:.25mm solid #000;padding:.4mm 1mm;vertical-align:middle;overflow-wrap:anywhere}"
    "th{font-weight:normal;font-family:SimHei,黑体,'Noto Sans CJK SC',sans-serif}"
    ".r{text-align:right;white-space:nowrap}.c{text-align:center}.strong td{font-weight:bold}"
    ".note{font-size:12pt;line-height:18pt;margin-top:1mm}"
    ".colophon{margin-top:20mm;border-top:.35mm solid #000;border-bottom:.35mm solid #000;padding:1mm 1em;font-size:14pt;"
    "line-height:24pt;white-space:pre-line;break-inside:avoid}"
    ".colophon span{float:right}"
    "@media print{body{background:#fff}.page{width:auto;min-height:0;margin:0;padding:0;box-shadow:none}}"
    "@media screen and (max-width:210mm){.page{width:auto;margin:0;padding:6mm}.wide{overflow-x:auto}}";

static void element(buffer_t *out, const char *tag, const char *class_name, text_t text) {
    buffer_format(out, "<%s", tag);
    if (class_name != NULL) buffer_format(out, " class=\"%s\"", class_name);
    buffer_text(out, ">");
    xml_escape(out, text);
    buffer_format(out, "</%s>\n", tag);
}

static const char *cell_class(const table_shape_t *shape, uint32_t column) {
    if ((shape->right >> column & 1) != 0) return " class=\"r\"";
    return (shape->centre >> column & 1) != 0 ? " class=\"c\"" : "";
}

static void html_table(buffer_t *out, const block_t *table) {
    const table_shape_t *shape = table->shape;
    uint32_t sum = 0;
    for (uint32_t column = 0; column < shape->columns; column++) sum += shape->shares[column];
    buffer_text(out, "<div class=\"wide\"><table><colgroup>");
    for (uint32_t column = 0; column < shape->columns; column++)
        buffer_format(out, "<col style=\"width:%u.%u%%\">", shape->shares[column] * 100 / sum,
                      shape->shares[column] * 1000 / sum % 10);
    buffer_text(out, "</colgroup><thead><tr>");
    for (uint32_t column = 0; column < shape->columns; column++) {
        buffer_text(out, "<th scope=\"col\">");
        xml_escape(out, text_of(shape->heads[column]));
        buffer_text(out, "</th>");
    }
    buffer_text(out, "</tr></thead><tbody>\n");
    for (const paper_row_t *row = table->rows; row != NULL; row = row->next) {
        buffer_text(out, row->strong ? "<tr class=\"strong\">" : "<tr>");
        for (uint32_t column = 0; column < shape->columns; column++) {
            buffer_format(out, "<td%s>", cell_class(shape, column));
            xml_escape(out, row->cells[column]);
            buffer_text(out, "</td>");
        }
        buffer_text(out, "</tr>\n");
    }
    buffer_text(out, "</tbody></table></div>\n");
}

/* What stands behind a tab stands at the right. */
static void html_colophon(buffer_t *out, text_t text) {
    uint32_t tab = 0;
    while (tab < text.size && text.at[tab] != '\t') tab++;
    buffer_text(out, "<p class=\"colophon\">");
    xml_escape(out, (text_t){text.at, tab});
    if (tab < text.size) {
        buffer_text(out, "<span>");
        xml_escape(out, (text_t){text.at + tab + 1, text.size - tab - 1});
        buffer_text(out, "</span>");
    }
    buffer_text(out, "</p>\n");
}

static void html_block(buffer_t *out, const block_t *block) {
    static const struct {
        const char *tag;
        const char *class_name;
    } elements[] = {
        [BLOCK_PREVIEW] = {"p", "preview"},   [BLOCK_MASTHEAD] = {"p", "masthead"}, [BLOCK_NUMBER] = {"p", "number"},
        [BLOCK_TITLE] = {"h1", NULL},         [BLOCK_ADDRESSEE] = {"p", NULL},      [BLOCK_PARAGRAPH] = {"p", "body"},
        [BLOCK_HEADING_1] = {"h2", NULL},     [BLOCK_HEADING_2] = {"h3", NULL},     [BLOCK_HEADING_3] = {"h4", NULL},
        [BLOCK_NOTE] = {"p", "note"},         [BLOCK_ANNEXES] = {"p", "annexes"},   [BLOCK_SIGNATURE] = {"p", "sign"},
        [BLOCK_DATE] = {"p", "date"},         [BLOCK_ANNEX] = {"p", "annex"},       [BLOCK_ANNEX_TITLE] = {"p", "annextitle"},
        [BLOCK_COLOPHON] = {"p", "colophon"},
    };
    if (block->kind == BLOCK_TABLE)
        html_table(out, block);
    else if (block->kind == BLOCK_COLOPHON)
        html_colophon(out, block->text);
    else
        element(out, elements[block->kind].tag, elements[block->kind].class_name, block->text);
}

void paper_html(const paper_t *self, buffer_t *out) {
    buffer_text(out, "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>");
    xml_escape(out, self->title);
    buffer_text(out, "</title>\n<style>");
    buffer_text(out, style);
    buffer_text(out, "</style></head><body><div class=\"page\">\n");
    for (const block_t *block = self->first; block != NULL; block = block->next) html_block(out, block);
    buffer_text(out, "</div></body></html>\n");
}
