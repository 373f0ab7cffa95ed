/* Things by their ids: an open hash table that is filled once, so that a look-up costs one look. */
#ifndef PLAN_CATALOGUE_H
#define PLAN_CATALOGUE_H

#include "proto/base.h"

typedef struct {
    text_t id;         /* a view; its text outlives the catalogue */
    const void *thing; /* NULL: the slot is free */
    const void *above; /* what it belongs to, or NULL */
} entry_t;

typedef struct {
    entry_t *slots;
    uint32_t mask;
} catalogue_t;

catalogue_t catalogue_new(arena_t *arena, uint32_t room); /* for at most `room` things, in memory of the arena */
void catalogue_add(catalogue_t *self, text_t id, const void *thing, const void *above); /* an id that is there already stays */
const entry_t *catalogue_find(const catalogue_t *self, text_t id);                      /* NULL: there is none */

#endif
