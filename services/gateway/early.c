/* One place for each of the latest ledger entries, by the entry's number. */
#include "services/gateway/early.h"

#include <stdlib.h>

enum { PLACES = 4096, MOST = 4096 /* bytes of one event: almost all have a tenth of it */ };

typedef struct {
    uint64_t seq; /* 0: free */
    buffer_t raw;
} place_t;

struct early {
    place_t places[PLACES];
};

early_t *early_new(void) {
    early_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    return self;
}

void early_destroy(early_t **self) {
    if (*self == NULL) return;
    for (size_t index = 0; index < PLACES; index++) buffer_destroy(&(*self)->places[index].raw);
    free(*self);
    *self = NULL;
}

void early_keep(early_t *self, const event_t *event) {
    if (event->raw.size > MOST) return;
    place_t *place = &self->places[event->cause_seq % PLACES];
    buffer_clear(&place->raw);
    buffer_add(&place->raw, event->raw.at, event->raw.size);
    place->seq = event->cause_seq;
}

bool early_find(const early_t *self, uint64_t seq, uint64_t epoch, event_t *event) {
    const place_t *place = &self->places[seq % PLACES];
    fault_t fault;
    if (seq == 0 || place->seq != seq) return false;
    return event_decode((bytes_t){place->raw.at, (uint32_t)place->raw.size}, event, &fault) == OK && event->epoch == epoch;
}
