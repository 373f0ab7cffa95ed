/* Runs worlds: one seed, one world. usage: sim SEED WORLDS [JOBS]; one world alone is told step by step. */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/stage/clock.h"
#include "tests/sim/pump.h"
#include "tests/sim/sim.h"
#include "tests/sim/temporary.h"

enum {
    JOBS = 16,
    SEEN_WORLDS = 1000, /* so many have every kind of event in them */
    LARGE_BLOCK = 1 << 20, /* such come from the kernel: LMDB has 3 MB a store, zeroed, and touches few of it */
    WORLD_SECONDS = 60  /* of processor time: a busy machine makes no world longer */
};

/* What the workers have done, seen by all. */
typedef struct {
    uint64_t worlds, steps, starts, crashes, commits, events, warnings, reports, digest;
    uint64_t seen[SIM_KINDS];
} tally_t;

/* The process that dies in a world says in which: by an ASSERT, a wild pointer, or for want of an end. */
static void on_death(int number) {
    char line[200];
    const char *invariant = number == SIGABRT   ? "no_assert"
                            : number == SIGPROF ? "ends"
                            : number == SIGFPE  ? "no_division_by_nothing"
                                                : "no_wild_pointer";
    int size = snprintf(line, sizeof line, "sim: FAILED invariant=%s seed=%llu step=%llu: signal %d\n", invariant,
                        sim_now == NULL ? 0 : (unsigned long long)sim_now->seed,
                        sim_now == NULL ? 0 : (unsigned long long)sim_now->step, number);
    ssize_t written = write(STDOUT_FILENO, line, (size_t)size);
    (void)written;
    _exit(3);
}

static void world(uint64_t seed, const char *folder, bool traces, tally_t *tally) {
    static sim_t sim;
    memset(&sim, 0, sizeof sim);
    sim.seed = seed;
    sim.traces = traces;
    sim.seen = tally->seen;
    snprintf(sim.folder, sizeof sim.folder, "%s", folder);
    setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = WORLD_SECONDS}, NULL);
    sim_world_run(&sim);
    setitimer(ITIMER_PROF, &(struct itimerval){0}, NULL);
    tally->worlds++;
    tally->steps += sim.step;
    tally->starts += sim.starts;
    tally->crashes += sim.crashes;
    tally->commits += sim.commits;
    tally->events += sim.events;
    tally->warnings += sim.redis.ring_count;
    tally->reports += sim.submission_count;
    tally->digest ^= sim.digest;
}

static void worker(uint64_t seed, uint64_t worlds, uint64_t stride, const char *folder, tally_t *tally) {
    bool alone = worlds == 1;
    if (!alone || getenv("SIM_LOG") == NULL) {
        int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(quiet, STDERR_FILENO);
    }
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
    signal(SIGABRT, on_death);
    signal(SIGSEGV, on_death);
    signal(SIGBUS, on_death);
    signal(SIGFPE, on_death);
    signal(SIGPROF, on_death);
    for (uint64_t index = 0; index < worlds; index += stride) world(seed + index, folder, alone, tally);
    fflush(stdout);
    _exit(0);
}

static uint64_t number_of(const char *text, uint64_t otherwise) {
    return text == NULL || text[0] == '\0' ? otherwise : strtoull(text, NULL, 10);
}

static bool workers_end(pid_t *pids, uint64_t jobs) {
    bool well = true;
    for (uint64_t left = jobs; left > 0; left--) {
        int status = 0;
        wait(&status);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
        for (uint64_t index = 0; well && index < jobs; index++) kill(pids[index], SIGTERM); /* one failure is enough */
        well = false;
    }
    return well;
}

static void tally_add(tally_t *all, const tally_t *one) {
    all->worlds += one->worlds;
    all->steps += one->steps;
    all->starts += one->starts;
    all->crashes += one->crashes;
    all->commits += one->commits;
    all->events += one->events;
    all->warnings += one->warnings;
    all->reports += one->reports;
    all->digest ^= one->digest;
    for (uint32_t kind = 0; kind < SIM_KINDS; kind++) all->seen[kind] += one->seen[kind];
}

int main(int argc, char **argv) {
    uint64_t seed = number_of(argc > 1 ? argv[1] : NULL, 1), worlds = number_of(argc > 2 ? argv[2] : NULL, 2000);
    uint64_t jobs = number_of(argc > 3 ? argv[3] : NULL, 2);
    if (jobs == 0 || jobs > JOBS) jobs = JOBS;
    if (worlds < jobs) jobs = worlds;
    char folder[64];
    snprintf(folder, sizeof folder, "%s/minning-sim-XXXXXX", temporary_memory());
    if (mkdtemp(folder) == NULL) return 1;
    tally_t *tallies = mmap(NULL, sizeof *tallies * JOBS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (tallies == MAP_FAILED) return 1;
    int64_t began_ms = clock_steady_ms();
    pid_t pids[JOBS];
    for (uint64_t job = 0; job < jobs; job++) {
        char own[80];
        snprintf(own, sizeof own, "%s/%u", folder, (unsigned)job);
        mkdir(own, 0700);
        fflush(stdout);
        pids[job] = fork();
        if (pids[job] == 0) worker(seed + job, worlds - job, jobs, own, &tallies[job]);
    }
    bool well = workers_end(pids, jobs);
    int64_t spent_ms = clock_steady_ms() - began_ms;
    tally_t all = {0};
    for (uint64_t job = 0; job < jobs; job++) tally_add(&all, &tallies[job]);
    pump_remove(folder);
    printf("sim: %s, %llu worlds from seed %llu in %lld.%lld s (%lld a second): %llu steps, %llu entries, %llu reports, %llu "
           "crashes,"
           " %llu commits, %llu publishes, digest %016llx\n",
           well ? "all invariants hold" : "FAILED", (unsigned long long)all.worlds, (unsigned long long)seed,
           (long long)(spent_ms / 1000), (long long)(spent_ms / 100 % 10),
           (long long)((int64_t)all.worlds * 1000 / (spent_ms > 0 ? spent_ms : 1)), (unsigned long long)all.steps,
           (unsigned long long)all.events, (unsigned long long)all.reports, (unsigned long long)all.crashes,
           (unsigned long long)all.commits, (unsigned long long)all.warnings, (unsigned long long)all.digest);
    bool tells = getenv("SIM_SEEN") != NULL;
    if (well && (tells || all.worlds >= SEEN_WORLDS))
        well = sim_seen_tell(all.seen, tells) || tells;
    else if (!well)
        printf("sim: again, step by step: make sim SEED=<seed above> WORLDS=1\n");
    return well ? 0 : 1;
}
