/* The deadlines as a calendar (.ics): what a clerk subscribes to. Pure. */
#ifndef DOCUMENTS_FEED_H
#define DOCUMENTS_FEED_H

#include "services/documents/documents.h"

/* All-day events: every deadline of a report, and of a target, of `unit` (empty: of all, named). From an edition of the whole
 * year. The same deadline has the same UID in every feed; DTEND is the day after. */
void feed_calendar(const edition_t *edition, text_t unit, arena_t *arena, buffer_t *out);

#endif
