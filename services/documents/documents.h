/* Documents that leave the house: an edition in, a paper (or a sheet, a score, a feed) out. Pure: no clock, no socket, no file.
 */
#ifndef DOCUMENTS_DOCUMENTS_H
#define DOCUMENTS_DOCUMENTS_H

#include "proto/crypto.h"
#include "services/documents/paper.h"
#include "services/documents/wording.h"

/* The bulletin 通报 of a period, or the annual summary 年度总结: by edition->kind. */
paper_t document_compose(const edition_t *edition, arena_t *arena);
void bulletin_compose(const edition_t *edition, paper_t *paper);
void summary_compose(const edition_t *edition, paper_t *paper);

/* Canonical bytes and their hash: what is announced and published. */
void edition_bytes(const edition_t *edition, buffer_t *out);
err_t edition_of_bytes(bytes_t bytes, arena_t *arena, edition_t *edition); /* ERR_BAD */

/* 〔2021〕9号, the mark before it; a preview shows × in place of the number. */
text_t issue_number(const edition_t *edition, uint64_t number, arena_t *arena);

/* How many obligations of the edition are what. Rows that are not due yet stand apart. */
typedef struct {
    uint32_t owed; /* due already */
    uint32_t on_time;
    uint32_t late;
    uint32_t missing;
    uint32_t not_due;
    uint32_t returned; /* of them, returned for correction */
} punctual_t;
punctual_t edition_punctual(const edition_t *edition, text_t unit); /* unit empty: all */

/* What a published document says and what stands now: one line a figure that a later report has changed. */
typedef struct {
    text_t indicator; /* name */
    text_t unit_word;
    text_t unit;   /* name */
    text_t member; /* name */
    measure_t measure;
    maybe_t month_then, month_now;
    uint64_t total_then, total_now; /* up to the period */
} erratum_t;
enum { ERRATA = LIMIT_EDITION_CORRECTIONS };
/* `now` was gathered for the same period. Returns how many there are; the first ERRATA are told. */
uint32_t edition_errata(const edition_t *then, const edition_t *now, erratum_t errata[ERRATA]);

/* --- shared by bulletin and summary --- */
void compose_head(const edition_t *edition, paper_t *paper, text_t title);
void compose_tail(const edition_t *edition, paper_t *paper);
void compose_annexes(const edition_t *edition, paper_t *paper); /* the four tables, then 版记 */
void compose_targets_table(const edition_t *edition, paper_t *paper);
void compose_units_table(const edition_t *edition, paper_t *paper);
void compose_rows_table(const edition_t *edition, paper_t *paper);
void compose_shares_table(const edition_t *edition, paper_t *paper);
/* 一、总体情况 of both: targets by group and lamp, reports by timeliness. */
void compose_overview(const edition_t *edition, paper_t *paper);
/* What is said of one target, without its name. */
text_t target_sentence(const edition_t *edition, const edition_target_t *target, arena_t *arena);
bool row_is_due(const edition_t *edition, const edition_row_t *row);

#endif
