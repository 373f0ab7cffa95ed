/* Keeps a set of processes alive: starts them in order, restarts what dies with growing pauses, stops them in reverse order. */
#ifndef MINNING_SUPERVISE_H
#define MINNING_SUPERVISE_H

#include "proto/base.h"

enum {
    SUPERVISE_PAUSE_MS = 100, /* before the first restart; doubled each time */
    SUPERVISE_PAUSE_MAX_MS = 10000,
    SUPERVISE_WELL_MS = 30000, /* having lived this long, a process is forgiven its earlier deaths */
    SUPERVISE_STEP_MS = 250,   /* when stopping, each gets this long before the next is told */
    SUPERVISE_STOP_MS = 1900,  /* then what is left is killed */
    SUPERVISE_MAX = 16
};

/* How one process is run. */
typedef struct {
    const char *name;
    const char *const *argv; /* argv[0] is a path, or a name looked for in PATH; ends with NULL */
    int death_signal;        /* what it gets if the supervisor dies: SIGTERM, SIGKILL */
} service_t;

/* Runs them until SIGTERM or SIGINT; standard output and error go to log/<name>.log below the current folder. `tell` gets one
 * line for each start, death and stop. Returns how many had to be killed at the end. Waits; no other thread may exist. */
typedef void supervise_tell_t(void *self, const char *name, const char *what, long number);
int supervise(const service_t *services, size_t count, supervise_tell_t *tell, void *self);

/* The pause before a process that lived `lived_ms` is started again, given the pause before that start (0: none). */
int64_t supervise_pause(int64_t last_pause_ms, int64_t lived_ms);

#endif
