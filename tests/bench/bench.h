/* The benchmark's common ground: what a load is, what is measured, and what every measured system must be able to do. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdio.h>
#include <sys/types.h>

#include "proto/proto.h"

/* Every unit owes TASKS × PERIODS reports, more than the largest window: what is under way is never the same obligation twice.
 */
enum { UNITS = 64, TASKS = 86, PERIODS = 12, OBLIGATIONS = TASKS * PERIODS, SERVICES_MAX = 10, NAME_SIZE = 24 };

/* Which answer frees a place in the window. */
typedef enum { UNTIL_ACK, UNTIL_VERDICT } until_t;

typedef struct {
    uint32_t clients;  /* connections, each another unit */
    uint32_t window;   /* reports under way per connection */
    uint32_t in_frame; /* reports in one message */
    until_t until;
    int64_t seconds;
    uint64_t reports; /* not 0: so many reports instead of seconds */
} load_t;

/* Nanoseconds in buckets a thirty-second of a power of two wide. */
typedef struct {
    uint64_t buckets[64 * 32];
    uint64_t count;
} histogram_t;
void histogram_add(histogram_t *self, int64_t ns);
int64_t histogram_at(const histogram_t *self, uint32_t per_mille); /* ns; 0: empty */

/* One process under measurement, with its children where they are one system: CPU of the span, memory at its end. */
typedef struct {
    char name[NAME_SIZE];
    pid_t pid;
    bool family;
    int64_t cpu_ns, cpu_before_ns;
    int64_t private_kb; /* RssAnon: a memory map of the store is the kernel's cache, not the service's */
} process_t;

typedef struct {
    process_t at[SERVICES_MAX];
    uint32_t count;
} processes_t;

typedef struct {
    uint64_t answered; /* in the measured span, by the answer that frees the window */
    int64_t span_ns;
    histogram_t ack, whole;
    uint64_t total;               /* every report of the case, warm-up included */
    int64_t total_ns, applied_ns; /* from the first sending: to the last verdict; until all stages have applied all */
    uint64_t busy, refused;
    int64_t client_cpu_ns; /* of the sending process, over total_ns */
    processes_t processes;
} measured_t;

/* A system that takes reports. Fields a peer cannot measure stay 0. */
typedef struct {
    const char *name;
    void *(*open)(const char *folder,
                  uint64_t preload); /* started and empty but for `preload` reports; ends the process on failure */
    void (*run)(void *self, const load_t *load, measured_t *figures);
    void (*check)(void *self); /* every task's total is the sum of what was last sent for it */
    void (*close)(void **self);
} system_t;

extern const system_t system_minning, system_minning_plain, system_redis_lua, system_redis_xadd, system_postgres,
    system_redis_pooled, system_postgres_pooled;

/* What one unit still owes: which obligation is next, the newest revision of each. */
typedef struct {
    uint32_t next;
    uint32_t revisions[OBLIGATIONS];
} owed_t;

/* One report, from its first sending to its last answer. */
typedef struct {
    int64_t sent_ns;
    uint32_t obligation, revision;
    uint8_t submission_id[16];
} job_t;
int64_t owed_total(const owed_t *owed, uint32_t task); /* the amounts that stand for a task, by the rules of replacement */
job_t job_next(owed_t *owed, int64_t now_ns);
/* A report with a figure, words and a scan of its own; all else that it points to is static. */
typedef struct {
    figure_t figure;
    evidence_t scan;
    char words[56];
} job_parts_t;
void job_report(const job_t *job, report_t *report, job_parts_t *parts);
text_t name_unit(uint32_t unit); /* ids in the plan; indexes from 0 */
text_t name_task(uint32_t task);
text_t name_indicator(uint32_t task);
text_t name_period(uint32_t period);

/* The measured part of a run lies behind a warm-up: half a second, and as many answers as a full window of every client. */
typedef struct {
    int64_t begun_ns, from_ns, to_ns, length_ns, client_before_ns;
    uint64_t warm_answers, reports;
    const uint64_t *sent;
} timespan_t;
timespan_t span_begin(const load_t *load, measured_t *measured);
bool span_holds(const timespan_t *self, int64_t now_ns);     /* what is answered now is measured */
bool span_is_over(const timespan_t *self, int64_t now_ns);   /* send nothing more */
void span_answered(timespan_t *self, int64_t now_ns);        /* one place in a window became free */
void span_end(const timespan_t *self, measured_t *measured); /* the last answer is here */

/* Ends the benchmark: everything started is killed, the folder removed. */
_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *bench_option(const char *name, const char *fallback); /* of the environment */
uint64_t bench_number(const char *name, uint64_t fallback);
int64_t bench_now_ns(void);
extern char bench_programs[4096]; /* folder of the built programs */

/* process.c */
void memory_wake(uint64_t size); /* bytes that a run will write: touched once, and free again */
pid_t process_start(const char *log, char *const *arguments); /* argv[0] with a slash or on PATH; output into `log` */
int process_run(const char *log, char *const *arguments);     /* and waits; exit code */
void process_stop(pid_t pid, int signal_number);              /* and waits */
void processes_kill(void);                                    /* whatever was started and not stopped */
int64_t process_cpu_ns(pid_t pid);                            /* user and system, of all its living threads */
void processes_add(processes_t *self, const char *name, pid_t pid, bool family); /* name NULL: its own */
void processes_add_children(processes_t *self, pid_t pid);
void processes_end(processes_t *self);
void folder_remove(const char *folder);
uint64_t folder_size(const char *folder); /* bytes on disk, of all files in it */

int stages_main(const char *folder); /* the in-process benchmarks, with a home in `folder` */

#endif
