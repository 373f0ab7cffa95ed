/* From an edition to what the ledger is told of it, and to the bytes that people see. Pure; the CLI and the console share it.
 */
#ifndef DOCUMENTS_ISSUE_H
#define DOCUMENTS_ISSUE_H

#include "services/documents/documents.h"

/* JSON: the edition; BLOCKS: the paper as JSON (as_json.h). */
typedef enum { FORM_TEXT, FORM_HTML, FORM_DOCX, FORM_JSON, FORM_BLOCKS } document_form_t;
/* Appends the document in this form. ERR_NOMEM, ERR_SYSTEM: DOCX alone. */
err_t document_render(const edition_t *edition, document_form_t form, arena_t *arena, buffer_t *out);

/* An edition in its canonical bytes, to be sent in parts. The owner calls frozen_destroy. */
typedef struct {
    buffer_t bytes;
    uint8_t hash[HASH_SIZE];
    uint64_t parts;
} frozen_t;
/* ERR_BAD: it is larger than the ledger takes. */
err_t edition_freeze(const edition_t *edition, frozen_t *frozen);
void frozen_destroy(frozen_t *frozen);
document_part_t frozen_part(const frozen_t *frozen, uint64_t index);

/* What the ledger is told, once it has the parts. */
document_announced_t announcement_of(const edition_t *edition, const frozen_t *frozen);
err_t publication_of(const edition_t *edition, const frozen_t *frozen, arena_t *arena, document_published_t *told);
/* Are these the bytes that went out? A newer layout may put the same edition otherwise. */
bool publication_is_same(const document_published_t *published, const edition_t *edition, arena_t *arena);

#endif
