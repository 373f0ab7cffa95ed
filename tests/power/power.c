/* Cuts the power at every point of what the services wrote, in every way that a disk may have kept it, and looks. */
#include "tests/power/reel.h"
#include "tests/power/shelf.h"

#include <inttypes.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/stage/clock.h"
#include "services/stage/home.h"

enum {
    WORKERS = 16,
    GROUPS = 30,
    SHOWN = 6,
    SIGNALS_MOST = 200,
    GO_ON_EVERY = 64,
    SLICE = 50000, /* states looked at of one piece of recorded work; then the office does another */
    CONTROL = 3000 /* states in which a store that does not sync must be found out */
};

/* What a worker tells its parent, even when it dies. */
typedef struct {
    uint32_t which; /* reel, point and sample that it is looking at */
    uint32_t point, sample, must, may;
    uint64_t states, repeats, violations, refused, went_on;
    uint32_t shown;
    bool done;
} tally_t;

/* One way to run the store: with the product's flags, or with flags that must be found out. */
typedef struct {
    const char *name;
    unsigned flags;
    bool deaf;
    bool sound; /* no violation may be found; otherwise some must */
    uint32_t reels;  /* which stores are looked at, a bit each */
    bool same_boot;
} way_t;
enum { ALL_REELS = (1 << REELS) - 1, SYNCED_REELS = 1 << REEL_LEDGER | 1 << REEL_VAULT };
static const way_t modes[] = {{"as shipped", 0, false, true, ALL_REELS, false},
                              {"NOMETASYNC", MDB_NOMETASYNC, false, false, SYNCED_REELS, false},
                              {"NOSYNC", MDB_NOSYNC, false, false, SYNCED_REELS, false},
                              {"syncs that do nothing", 0, true, false, SYNCED_REELS, false},
                              {"a stage blind to boots", 0, false, false, 1 << REEL_STAGE, true}};

typedef struct {
    const way_t *mode;
    uint64_t states; /* wanted of this piece of work */
    uint64_t seed;
    uint32_t workers;
    char folder[OFFICE_PATH];
    reel_t *reel;
    uint32_t samples;
} run_t;

static void show(const run_t *run, tally_t *tally, const char *wrong) {
    tally->violations++;
    if (tally->shown++ >= SHOWN) return;
    printf("  %s: %s: %s (seed %" PRIu64 ", point %u, sample %u; promised %u, possible %u)\n",
           run->mode->sound ? "VIOLATION" : "found", reel_names[tally->which], wrong, run->seed, tally->point, tally->sample,
           tally->must, tally->may);
    fflush(stdout);
}

static void look(const run_t *run, table_top_t *top, tally_t *tally, uint32_t worker, bool resumed) {
    uint32_t from_which = tally->which, from_point = tally->point, from_sample = tally->sample;
    for (uint32_t which = from_which; which < REELS; which++) {
        if ((run->mode->reels >> which & 1) == 0) continue;
        explorer_t *explorer = explorer_new(&run->reel->tapes[which], run->seed, run->samples, worker, run->workers);
        crash_t crash;
        if (resumed && which == from_which) explorer_skip(explorer, from_point, from_sample);
        while (explorer_next(explorer, &crash)) {
            tally->which = which;
            tally->point = crash.point;
            tally->sample = crash.sample;
            tally->must = crash.must;
            tally->may = crash.may;
            tally->states++;
            const char *wrong = top_check(top, which, &crash, tally->states % GO_ON_EVERY == 0);
            if (wrong != NULL) show(run, tally, wrong);
            tally->refused = top->refused;
            tally->went_on = top->went_on;
        }
        tally->repeats += explorer_repeats(explorer);
        explorer_destroy(&explorer);
        tally->point = tally->sample = 0;
    }
    tally->done = true;
}

static pid_t worker_start(const run_t *run, tally_t *tally, uint32_t worker, uint32_t life) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid != 0) return pid;
    char folder[OFFICE_PATH + 32];
    table_top_t top;
    tape_flags = 0; /* what is looked at is opened as the product opens it */
    tape_deaf = false;
    if (freopen("/dev/null", "w", stderr) == NULL) _exit(74);
    snprintf(folder, sizeof folder, "%s/worker%u.%u", run->folder, worker, life);
    top_open(&top, run->reel, folder);
    top.same_boot = run->mode->same_boot;
    alarm(0);
    look(run, &top, tally, worker, life > 0);
    top_close(&top);
    fflush(stdout);
    _exit(0);
}

/* A worker that dies by a signal has found something; another goes on behind it. */
static void worker_follow(const run_t *run, tally_t *tally, uint32_t worker, pid_t pid) {
    int status = 0;
    for (uint32_t life = 1; waitpid(pid, &status, 0) == pid; life++) {
        if (tally->done) return;
        char wrong[64];
        snprintf(wrong, sizeof wrong, "the process dies: signal %d, exit %d", WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                 WIFEXITED(status) ? WEXITSTATUS(status) : 0);
        show(run, tally, wrong);
        if (life == SIGNALS_MOST) return;
        pid = worker_start(run, tally, worker, life);
    }
}

/* Writes that may be torn: where most states come from. */
static uint64_t writes_of(const reel_t *reel) {
    uint64_t writes = 0;
    for (uint32_t which = 0; which < REELS; which++)
        for (uint32_t index = 0; index < reel->tapes[which].count; index++)
            writes += reel->tapes[which].entries[index].kind == TAPE_WRITE;
    return writes;
}

static void tally_add(tally_t *sum, const tally_t *one) {
    sum->states += one->states;
    sum->repeats += one->repeats;
    sum->violations += one->violations;
    sum->refused += one->refused;
    sum->went_on += one->went_on;
}

/* Looks at about `states` images. */
static tally_t explore(run_t *run) {
    tally_t *tallies = mmap(NULL, run->workers * sizeof *tallies, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
            sum = {0};
    ASSERT(tallies != MAP_FAILED);
    pid_t pids[WORKERS];
    for (uint32_t worker = 0; worker < run->workers; worker++) pids[worker] = worker_start(run, &tallies[worker], worker, 0);
    for (uint32_t worker = 0; worker < run->workers; worker++) {
        worker_follow(run, &tallies[worker], worker, pids[worker]);
        tally_add(&sum, &tallies[worker]);
    }
    munmap(tallies, run->workers * sizeof *tallies);
    return sum;
}

/* Records one piece of work under the mode, and looks at its crash states. */
static tally_t run_slice(run_t *run, uint64_t *writes) {
    char folder[OFFICE_PATH];
    office_folder(run->folder, sizeof run->folder);
    snprintf(folder, sizeof folder, "%.200s/recorded", run->folder);
    ASSERT(home_make_folder(folder) == OK);
    tape_flags = run->mode->flags;
    tape_deaf = run->mode->deaf;
    run->reel = reel_record(folder, GROUPS, run->seed);
    tape_flags = 0;
    tape_deaf = false;
    *writes = writes_of(run->reel);
    run->samples = (uint32_t)(run->states * 3 / *writes + 3);
    tally_t tally = explore(run);
    reel_destroy(&run->reel);
    office_remove(run->folder);
    return tally;
}

static void slice_tell(const tally_t *sum, const run_t *run, uint64_t wanted, int64_t begin_ms) {
    if (sum->states >= wanted) return;
    printf("  %s: %" PRIu64 " of %" PRIu64 " states, %" PRIu64 " violations, %" PRId64 " s, seed %" PRIu64 "\n",
           run->mode->name, sum->states, wanted, sum->violations, (clock_steady_ms() - begin_ms) / 1000, run->seed);
}

/* At least `wanted` states, in slices: each of other work, with a seed of its own. */
static bool run_mode(const way_t *mode, uint64_t wanted, uint64_t seed, uint32_t workers) {
    int64_t begin_ms = clock_steady_ms();
    uint64_t writes = 0, slices = 0;
    tally_t sum = {0};
    while (sum.states < wanted) {
        uint64_t left = wanted - sum.states, written = 0;
        run_t run = {.mode = mode, .states = left < SLICE ? left : SLICE, .seed = seed + slices++, .workers = workers};
        tally_t tally = run_slice(&run, &written);
        writes += written;
        tally_add(&sum, &tally);
        slice_tell(&sum, &run, wanted, begin_ms);
        if (tally.states == 0 || (mode->sound && sum.violations > 0)) break;
    }
    int64_t took_ms = clock_steady_ms() - begin_ms + 1;
    bool good = sum.states > 0 && (mode->sound ? sum.violations == 0 : sum.violations > 0);
    printf("power: %s: %" PRIu64 " crash states of %" PRIu64 " writes (%" PRIu64 " repeats left out), %" PRIu64
           " worked on with, %" PRIu64 " not yet founded, %" PRIu64 " violations (%s), %" PRId64 " s, %" PRId64 " states/s\n",
           mode->name, sum.states, writes, sum.repeats, sum.went_on, sum.refused, sum.violations,
           good ? mode->sound ? "none may be" : "some must be" : "WRONG", took_ms / 1000, (int64_t)sum.states * 1000 / took_ms);
    return good;
}

int main(int argc, char **argv) {
    if (argc > 4) return fprintf(stderr, "usage: power [STATES] [SEED] [JOBS]\n"), 64;
    uint64_t states = argc > 1 ? strtoull(argv[1], NULL, 10) : 30000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    uint64_t workers = argc > 3 ? strtoull(argv[3], NULL, 10) : 2;
    if (workers == 0 || workers > WORKERS) workers = 2;
    uint32_t passed = 0, failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    setenv("MINNING_LOG", "error", 0);
    for (size_t mode = 0; mode < sizeof modes / sizeof modes[0]; mode++) {
        if (run_mode(&modes[mode], modes[mode].sound ? states : CONTROL, seed, (uint32_t)workers))
            passed++;
        else
            failed++;
    }
    (void)evidence_power(states / 8, seed, &passed, &failed); /* files that come and go, in one thread */
    (void)told_power(states / 8, seed, &passed, &failed);
    printf("power: %u passed, %u failed\n", passed, failed);
    return failed > 0;
}
