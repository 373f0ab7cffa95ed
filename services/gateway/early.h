/* Verdicts that passed by before anybody waited for them: stream 2 may be faster than the receipt on its way from intake. Bounded
 * and volatile: what is not found here is asked of validation, which answers only when it has committed. */
#ifndef GATEWAY_EARLY_H
#define GATEWAY_EARLY_H

#include "proto/wire.h"

typedef struct early early_t;
early_t *early_new(void);
void early_destroy(early_t **self);
void early_keep(early_t *self, const event_t *event); /* a copy, if it is not large; an older one may go for it */
/* On that entry of that epoch: a restore gives numbers again. false: not here. The event is a view that holds until the next one is
 * kept. */
bool early_find(const early_t *self, uint64_t seq, uint64_t epoch, event_t *event);

#endif
