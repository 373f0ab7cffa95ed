/* What a report takes over from the one before it in its frame: evidence files and the three names, which a unit states once for
 * all that it sends together. Pure. */
#ifndef GATEWAY_BEFORE_H
#define GATEWAY_BEFORE_H

#include "proto/wire.h"

/* The last report of a frame that states its own. */
typedef struct {
    const report_t *report; /* as it came; NULL: there was none */
    bytes_t encoded;        /* its own bytes */
    bytes_t evidence;       /* the list of them, once it was looked for; empty: there is none */
    bool looked;
    uint32_t given; /* bytes of evidence that were put in for reports of this frame: not more than a frame may have */
} before_t;

/* From now on it is the one before. What it points to must live as long. */
void before_keep(before_t *self, const report_t *report, bytes_t encoded, arena_t *arena);
/* A report that cannot be read: the next takes nothing over. */
void before_forget(before_t *self);

/* Puts into a report what it leaves to the one before; *encoded, its own bytes, becomes the bytes of the whole, or empty if they
 * are not at hand. false: *fault tells at `as_before`: missing_field, there is none before; not_canonical, it states its own;
 * too_long, the reports of this frame would be larger than a frame may be. */
bool before_take(before_t *self, report_t *report, bytes_t *encoded, arena_t *arena, fault_t *fault);

#endif
