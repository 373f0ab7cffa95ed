/* The watchdog of a service: a thread that neither comes back to its wait nor ends is ended, with the whole process, by SIGABRT in
 * that very thread. So a hang is a crash: counted on the event in hand (stage_crashes.c), with a core that shows where it stood.
 *
 * It counts looks, not time: a process that is stopped, starved or asleep does not look either, and is not ended for it. */
#ifndef STAGE_WATCH_H
#define STAGE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

enum { WATCH_LOOKS = 30 /* in a row that saw the same round of the same thread: it hangs */ };

/* Starts looking, WATCH_LOOKS times within `hang_ms`; in a thread of its own that blocks every signal. Once a process. */
void watch_start(int64_t hang_ms);
void watch_stop(void);
/* LIMIT_HANG_MS, or what watch/seconds in the settings says; after home_enter. */
int64_t watch_setting(void);

/* The calling thread is watched from now on, as busy; `name` stays valid. Threads that never join are not watched, and may call
 * all below. */
void watch_join(const char *name);
void watch_leave(void);
void watch_beat(void);             /* one more round: it goes on */
void watch_wait(void);             /* until the next beat it waits, or does what may take any time: not watched */
void watch_hold(uint64_t seq);     /* the event in hand, told if it hangs; 0: none. A round too. */

/* What one look remembers of one thread. true: it hangs. */
typedef struct {
    uint64_t round;
    uint32_t looks;
} watch_seen_t;
bool watch_look(watch_seen_t *seen, uint64_t round, bool waits);

#endif
