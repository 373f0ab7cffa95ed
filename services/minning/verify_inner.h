/* Inside the second opinion: what it keeps of the ledger. */
#ifndef MINNING_VERIFY_INNER_H
#define MINNING_VERIFY_INNER_H

#include "services/minning/verify.h"

#include "proto/plan_parts.h"
#include "services/plan/calendar.h"

struct verify {
    planbook_t *book;
    verify_report_t *reports; /* in the order of their first acceptance */
    uint32_t count, room;
    uint32_t *places; /* open addressing: 1 + index into reports */
    uint32_t place_count;
    int64_t now_ms, pass_ms; /* of the last entry; of the last entry that lets time pass */
    bool closed;
    uint32_t plans; /* adopted so far */
    struct verify_piece {
        plan_part_t part;
        uint8_t *bytes;
    } * parts; /* of plans that came in pieces */
    uint32_t part_count;
    uint8_t *spared; /* a bit a (unit, task, period): came to owe it when it was past already; NULL: nobody */
};

void *verify_grown(void *old, size_t count, size_t size); /* realloc that cannot fail */

#endif
