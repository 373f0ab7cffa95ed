/* Stamps and ticks as values: clamped, held, hourly in a rehearsal. */
#include "services/1-intake/ledger_clock.h"

#include "proto/limits.h"

ledger_clock_t ledger_clock_new(bool rehearsal, int64_t last_ms, bool after_tick) {
    return (ledger_clock_t){.rehearsal = rehearsal, .last_ms = last_ms, .after_tick = after_tick, .reading_ms = last_ms};
}

bool ledger_clock_read(ledger_clock_t *self, int64_t wall_ms, int64_t steady_ms) {
    if (self->rehearsal) return false;
    clock_trust_t before = self->trust;
    int64_t expected_ms = self->anchored ? self->anchor_wall_ms + (steady_ms - self->anchor_steady_ms) : wall_ms;
    self->trust = wall_ms > expected_ms + LIMIT_CLOCK_JUMP_MS   ? CLOCK_HELD
                  : wall_ms < expected_ms - LIMIT_CLOCK_JUMP_MS ? CLOCK_BEHIND
                                                                : CLOCK_AGREES;
    self->reading_ms = self->trust == CLOCK_HELD ? expected_ms : wall_ms;
    if (self->trust == CLOCK_AGREES) { /* small differences are NTP's work; the anchor follows them */
        self->anchored = true;
        self->anchor_wall_ms = wall_ms;
        self->anchor_steady_ms = steady_ms;
    }
    return self->trust != before;
}

int64_t ledger_clock_floor(const ledger_clock_t *self) { return self->last_ms + (self->after_tick ? 1 : 0); }

int64_t ledger_clock_stamp(const ledger_clock_t *self) {
    int64_t least_ms = ledger_clock_floor(self);
    return !self->rehearsal && self->reading_ms > least_ms ? self->reading_ms : least_ms;
}

int64_t ledger_clock_due(const ledger_clock_t *self) {
    int64_t minute_ms = self->reading_ms - self->reading_ms % LIMIT_TICK_MS;
    return !self->rehearsal && minute_ms > self->last_ms ? minute_ms : 0;
}

int64_t ledger_clock_next(const ledger_clock_t *self, int64_t to_ms) {
    if (self->last_ms >= to_ms) return 0;
    int64_t hour_ms = self->last_ms - self->last_ms % LIMIT_REHEARSAL_TICK_MS + LIMIT_REHEARSAL_TICK_MS;
    return hour_ms < to_ms ? hour_ms : to_ms;
}

void ledger_clock_passed(ledger_clock_t *self, int64_t at_ms, bool tick) {
    self->last_ms = at_ms;
    self->after_tick = tick;
}
