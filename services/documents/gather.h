/* Everything that a document is made from, asked of the stages' desks until all answers are as of one ledger entry. */
#ifndef DOCUMENTS_GATHER_H
#define DOCUMENTS_GATHER_H

#include "services/documents/documents.h"
#include "services/plan/plan.h"

typedef enum { DESK_INTAKE, DESK_VALIDATION, DESK_AGGREGATION, DESK_ALERTING } gather_desk_t;

/* Who asks: the CLI over sockets, the console over its own, a test in memory. `ask` waits for the answer; ERR_MISSING: the desk
 * does not have it. Everything lives in `arena`. */
typedef struct {
    void *self;
    err_t (*ask)(void *self, gather_desk_t desk, const message_t *ask, const void *question, const message_t *answer,
                 void *value);
    arena_t *arena;
    const planbook_t *book;
    bool rehearsal;
    bool brief; /* figures and obligations only: nothing quoted, no warnings counted, no last issue; enough for errata */
    bool measures; /* planned measures too: for the ledger */
} gather_t;

/* The edition of a period (kind bulletin) or of the whole year (kind summary, period empty), as of at least that entry.
 * OK; ERR_TIMEOUT: the ledger moves too fast to be caught at one entry; or what `ask` returned. The period must be one of the
 * plan's. */
err_t gather_edition(const gather_t *from, document_kind_t kind, text_t period, uint64_t at_least, edition_t *edition);
/* from->rehearsal: does the ledger's clock move by hand? Its first entry says so, for ever. ERR_CORRUPT, or what `ask` returned. */
err_t gather_clock(gather_t *from);
/* All documents of the ledger. */
err_t gather_documents(const gather_t *from, document_kind_t kind, documents_t *documents);
const document_row_t *documents_find(const documents_t *documents, document_kind_t kind, text_t period); /* NULL: none */
/* All objections to documents of a kind (none: any), of one period and unit unless those are empty. */
err_t gather_objections(const gather_t *from, document_kind_t kind, text_t period, text_t unit, objections_t *objections);
/* What was announced of a document, or what was published. ERR_MISSING: neither row nor edition is there; else as gather_kept. */
err_t gather_row(const gather_t *from, const document_row_t *row, bool published, edition_t *edition);
/* The number that the next one of its kind has. */
uint64_t documents_next_number(const documents_t *documents, document_kind_t kind);
/* An edition out of the ledger, its hash verified; *bytes, unless NULL, is its canonical form. ERR_MISSING, ERR_CORRUPT. */
err_t gather_kept(const gather_t *from, const uint8_t hash[HASH_SIZE], uint64_t size, uint64_t parts, edition_t *edition,
                  bytes_t *bytes);

#endif
