/* A document as blocks, before it is laid out: composed once, written as plain text, as HTML for print, as DOCX. Pure. */
#ifndef DOCUMENTS_PAPER_H
#define DOCUMENTS_PAPER_H

#include "proto/base.h"

/* Changes with every change of what a renderer writes for the same edition: a published document names it. */
enum { PAPER_LAYOUT = 2, PAPER_COLUMNS = 12 };

typedef enum {
    BLOCK_PREVIEW,   /* 征求意见稿 …: only on what is not published */
    BLOCK_MASTHEAD,  /* 发文机关标志, red */
    BLOCK_NUMBER,    /* 发文字号, centred, above the red line */
    BLOCK_TITLE,     /* 标题 */
    BLOCK_ADDRESSEE, /* 主送机关 */
    BLOCK_PARAGRAPH, /* 正文 */
    BLOCK_HEADING_1, /* 一、 */
    BLOCK_HEADING_2, /* （一） */
    BLOCK_HEADING_3, /* 1. */
    BLOCK_TABLE,
    BLOCK_NOTE,      /* 注：, small */
    BLOCK_ANNEXES,   /* 附件说明, one block a line */
    BLOCK_SIGNATURE, /* 发文机关署名 */
    BLOCK_DATE,      /* 成文日期 */
    BLOCK_ANNEX,     /* 附件1, on a new page */
    BLOCK_ANNEX_TITLE,
    BLOCK_COLOPHON /* 版记: 抄送, 印发; text holds lines */
} block_kind_t;

typedef struct {
    const char *heads[PAPER_COLUMNS];
    uint32_t shares[PAPER_COLUMNS]; /* widths, in parts of their sum */
    uint32_t columns;
    uint32_t right;  /* bit i: aligned to the right */
    uint32_t centre; /* bit i: centred */
} table_shape_t;

typedef struct paper_row {
    struct paper_row *next;
    text_t cells[PAPER_COLUMNS];
    bool strong; /* a total */
} paper_row_t;

typedef struct block {
    struct block *next;
    block_kind_t kind;
    text_t text;
    const table_shape_t *shape; /* BLOCK_TABLE */
    paper_row_t *rows;
    paper_row_t *last_row;
} block_t;

typedef struct {
    arena_t *arena;
    block_t *first;
    block_t *last;
    text_t title; /* of the file */
    text_t author;
    int64_t made_ms; /* the ledger's instant, never a clock's */
} paper_t;

paper_t paper_new(arena_t *arena);
void paper_add(paper_t *self, block_kind_t kind, text_t text);
void paper_format(paper_t *self, block_kind_t kind, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A table; rows are added to the newest one. `shape` outlives the paper. */
void paper_table(paper_t *self, const table_shape_t *shape);
void paper_row(paper_t *self, const text_t *cells, bool strong);

/* Each appends the whole document to `out`. The same paper gives the same bytes. */
void paper_text(const paper_t *self, buffer_t *out);
void paper_html(const paper_t *self, buffer_t *out);
err_t paper_docx(const paper_t *self, buffer_t *out); /* ERR_NOMEM, ERR_SYSTEM: libzip refused */

/* For the writers: text with < > & " escaped; control characters that XML forbids left out. */
void xml_escape(buffer_t *out, text_t text);
text_t xml_clean(text_t text, arena_t *arena); /* without what XML forbids; terminated */
void buffer_text(buffer_t *out, const char *text);
void buffer_format(buffer_t *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
