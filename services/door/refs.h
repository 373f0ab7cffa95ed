/* What the vault lately said of personal texts, by a keyed hash of the text: the texts themselves are not kept. */
#ifndef DOOR_REFS_H
#define DOOR_REFS_H

#include "proto/proto.h"

typedef struct refs refs_t;
refs_t *refs_new(int64_t keep_ms); /* what is older is asked for again: the vault may have erased it */
void refs_destroy(refs_t **self);
bool refs_find(const refs_t *self, text_t text, int64_t steady_ms, personal_t *ref);
void refs_keep(refs_t *self, text_t text, int64_t steady_ms, const personal_t *ref);
/* A hash that tells persons apart in this process only, for a dry run that keeps nothing. */
void refs_throwaway(const refs_t *self, text_t text, personal_t *ref);

#endif
