/* A whole system of real processes on a home of its own: what the drill and the poison test do to it. Every failure ends the
 * test. */
#ifndef DRILL_SYSTEM_H
#define DRILL_SYSTEM_H

#include "services/minning/ask.h"
#include "services/unit/unit.h"

#include <stdio.h>
#include <sys/types.h>

enum { SYSTEM_UNITS = 5, SYSTEM_PATIENCE_MS = 20000 };

typedef struct {
    char bin[4096]; /* folder of the programs */
    char plan[4096];
    char folder[64]; /* temporary; the home is <folder>/home, and it is the working directory */
    char home[96];
    char out[1 << 16]; /* what the last command printed */
    const char *units[SYSTEM_UNITS];
    unit_link_t *links[SYSTEM_UNITS];
    pid_t up;
    arena_t *arena;
    const char *name; /* of the test */
} system_t;

/* The condition, or the end of the test with the line that says so. */
#define MUST(system, condition) system_must((system), (condition), #condition, __FILE__, __LINE__)
void system_must(system_t *self, bool holds, const char *condition, const char *file, int line);
/* What came true once has come true: it is not asked again, for the next answer may be late on a busy machine. */
#define UNTIL(system, condition)                                                                                               \
    do {                                                                                                                       \
        int64_t until_ = clock_steady_ms() + SYSTEM_PATIENCE_MS;                                                               \
        bool holds_ = (condition);                                                                                             \
        while (!holds_ && clock_steady_ms() < until_) {                                                                        \
            link_wait(NULL, 0, 20);                                                                                            \
            holds_ = (condition);                                                                                              \
        }                                                                                                                      \
        system_must((system), holds_, #condition, __FILE__, __LINE__);                                                         \
    } while (0)

/* Founds a rehearsal ledger of `plan` at `start`, five units that sell, keys made. */
void system_begin(system_t *self, const char *name, const char *bin, const char *plan, const char *start);
const char *system_file(system_t *self, const char *name); /* a path beside the home */
void system_end(system_t *self);                           /* removes everything */
void system_up(system_t *self, bool wait_until_well);
void system_down(system_t *self);
void system_register(system_t *self); /* the units' keys; connections */
void system_connect(system_t *self);
void system_disconnect(system_t *self);

/* One `minning` command in the home; its exit. What it printed (both channels) is in self->out. */
int system_run(system_t *self, const char *const *words);
#define RUN(system, ...) system_run((system), (const char *const[]){__VA_ARGS__, NULL})
pid_t system_start(system_t *self, const char *const *words, const char *log); /* without waiting; words[0] is the program */
int system_finish(pid_t pid);
bool system_has(const system_t *self, const char *text); /* in self->out */
bool system_log_has(const system_t *self, const char *service, const char *text);

health_t system_health(system_t *self, const char *service);
void system_settle(system_t *self); /* until alerting and Redis have what the ledger has */
void system_advance(system_t *self, const char *instant);
void system_kill(system_t *self, const char *service); /* SIGKILL; the supervisor starts it again */

/* A report of sales for 2021-08, `fen` of it, under a fresh id. The figure lives in the arena. */
report_t system_report(system_t *self, int64_t fen);
unit_outcome_t system_send(system_t *self, uint32_t unit, const report_t *report, const receipt_t *receipt);
obligation_changed_t system_obligation(system_t *self, uint32_t unit);
uint64_t system_sales(system_t *self); /* the plan's total */
/* Replays each stage's writer into a fresh one and compares the dumps, with the system down. */
void system_replays(system_t *self);

#endif
