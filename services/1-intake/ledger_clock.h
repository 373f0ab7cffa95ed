/* The ledger's clock: which stamp an entry gets and when a tick is due. Pure: readings come from outside. */
#ifndef INTAKE_LEDGER_CLOCK_H
#define INTAKE_LEDGER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    CLOCK_AGREES, /* the wall clock moves as the steady clock does */
    CLOCK_HELD,   /* the wall clock leapt ahead: readings follow the steady clock until both agree again */
    CLOCK_BEHIND  /* the wall clock stepped back: stamps stand still until it has caught up */
} clock_trust_t;

typedef struct {
    bool rehearsal;  /* time is the last stamp; only advance_clock moves it */
    int64_t last_ms; /* stamp of the last entry */
    bool after_tick; /* the last entry was a tick: the next stamp is greater */
    clock_trust_t trust;
    bool anchored;
    int64_t anchor_wall_ms; /* the last pair of readings that agreed */
    int64_t anchor_steady_ms;
    int64_t reading_ms; /* what the clock says now */
} ledger_clock_t;

ledger_clock_t ledger_clock_new(bool rehearsal, int64_t last_ms, bool after_tick);
/* Takes a pair of readings. true: trust changed, tell the operator. The first reading after a start is believed. */
bool ledger_clock_read(ledger_clock_t *self, int64_t wall_ms, int64_t steady_ms);
int64_t ledger_clock_stamp(const ledger_clock_t *self); /* what an entry appended now carries */
int64_t ledger_clock_floor(const ledger_clock_t *self); /* the least stamp an entry may carry */
/* The tick that is due at the reading: the latest full minute after the last stamp. 0: none. Minutes that nobody was there to
 * count are not made up for: a gap between ticks is an absence. */
int64_t ledger_clock_due(const ledger_clock_t *self);
/* The next tick on the way to `to_ms` in a rehearsal: the next full hour, at last to_ms itself. 0: arrived. */
int64_t ledger_clock_next(const ledger_clock_t *self, int64_t to_ms);
void ledger_clock_passed(ledger_clock_t *self, int64_t at_ms, bool tick); /* an entry was appended */

#endif
