/* What the files of the gatherer share. Not for other rooms. */
#ifndef DOCUMENTS_GATHER_INNER_H
#define DOCUMENTS_GATHER_INNER_H

#include "services/documents/gather.h"

typedef struct {
    const gather_t *from;
    text_t period;
    uint64_t at_least;
    uint64_t as_of; /* of the first answer; 0: none yet */
    bool moved;     /* a later answer was of another entry */
    targets_t targets;
    obligations_t obligations;
    figures_t *figures; /* of each target */
} gathering_t;

/* Turns answers into an edition. Returns its targets, to be completed. */
edition_target_t *gathered_edition(const gathering_t *self, document_kind_t kind, edition_t *edition);
/* What units said in their standing reports. */
err_t gather_voices(gathering_t *self, edition_t *edition);
/* Planned measures as of the edition's entry (gather_measures.c). */
err_t gather_measures(gathering_t *self, edition_t *edition);
/* What was objected to while it was announced, and answered, as of the edition's entry. */
err_t gather_edition_objections(gathering_t *self, edition_t *edition);
/* `rows`, of which there are `had`, and `more` behind them; `size` bytes each. */
void *gather_joined(arena_t *arena, const void *rows, uint32_t had, const void *more, uint32_t count, size_t size);
enum { GATHER_PAGES = 4096 };

#endif
