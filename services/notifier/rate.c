/* A ring of instants at which tokens were spent. */
#include "services/notifier/rate.h"

/* The instant of the token spent `back` ago: 1 the last. */
static int64_t spent_at(const rate_t *self, uint32_t back) { return self->spent_ms[(self->next + RATE_MOST - back) % RATE_MOST]; }

static int64_t window_wait(const rate_t *self, uint32_t most, int64_t window_ms, int64_t now_ms) {
    if (most == 0) return 0;
    if (most > RATE_MOST) most = RATE_MOST;
    if (self->count < most) return 0;
    int64_t free_ms = spent_at(self, most) + window_ms;
    return free_ms > now_ms ? free_ms - now_ms : 0;
}

int64_t rate_wait(const rate_t *self, int64_t now_ms) {
    int64_t minute = window_wait(self, self->per_minute, RATE_MINUTE_MS, now_ms);
    int64_t second = window_wait(self, self->per_second, RATE_SECOND_MS, now_ms);
    int64_t closed = self->closed_until_ms > now_ms ? self->closed_until_ms - now_ms : 0;
    int64_t longest = minute > second ? minute : second;
    return longest > closed ? longest : closed;
}

void rate_spend(rate_t *self, int64_t now_ms) {
    self->spent_ms[self->next] = now_ms;
    self->next = (self->next + 1) % RATE_MOST;
    if (self->count < RATE_MOST) self->count++;
}

void rate_close(rate_t *self, int64_t until_ms) {
    if (until_ms > self->closed_until_ms) self->closed_until_ms = until_ms;
}
