/* How fast a route may be used: a bucket whose every token comes back exactly a minute (a second) after it was spent, so that
 * no minute ever holds more. (A bucket that refills steadily lets twice as many through in its first minute.) Pure. */
#ifndef NOTIFIER_RATE_H
#define NOTIFIER_RATE_H

#include "proto/base.h"

enum { RATE_MINUTE_MS = 60000, RATE_SECOND_MS = 1000, RATE_MOST = 1000 };

typedef struct {
    int64_t spent_ms[RATE_MOST]; /* a ring of the newest instants */
    uint32_t next;
    uint32_t count;
    uint32_t per_minute; /* 0: no bound */
    uint32_t per_second; /* 0: no bound */
    int64_t closed_until_ms; /* the other side said that it was too fast */
} rate_t;

/* How long until the next may leave; 0: now. */
int64_t rate_wait(const rate_t *self, int64_t now_ms);
void rate_spend(rate_t *self, int64_t now_ms);
void rate_close(rate_t *self, int64_t until_ms);

#endif
