/* Turns bits of live stores one by one, cuts their files to every kind of length, and looks whether anybody notices. */
#include "tests/corruption/subject.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/stage/clock.h"

enum { WORKERS = 2, PAGE = 4096, HEAD = 16, META = 16 + 136, SHOWN = 12, HANG_SECONDS = 10, WRITES_EVERY = 16 };

typedef struct {
    uint64_t at; /* what is being looked at */
    uint64_t fates[FATES];
    uint32_t shown;
    bool done;
} tally_t;

/* The things to do to a store, by number: every bit, or one in `stride` of those that are not a page's head; then the cuts. */
typedef struct {
    subject_t *subject;
    uint64_t stride;
    bool cuts;
} task_of_t;

static uint64_t things_of(const task_of_t *task) { return task->cuts ? task->subject->size / 64 : task->subject->size * 8; }

static bool is_wanted(const task_of_t *task, uint64_t thing) {
    size_t page = thing / 8 / PAGE, at = thing / 8 % PAGE;
    if (task->cuts || task->stride == 1 || at < HEAD || (page < 2 && at < META)) return true;
    return (thing * UINT64_C(0x9e3779b97f4a7c15) >> 20) % task->stride == 0;
}

static fate_t look(const task_of_t *task, uint64_t thing) {
    subject_t *subject = task->subject;
    if (task->cuts) {
        static const size_t odd[] = {0, 1, 63, 64};
        size_t size = thing * 64 + odd[thing % 4] < subject->size ? thing * 64 + odd[thing % 4] : subject->size - 1;
        subject_lay(subject, size, 0, 0);
        return subject_look(subject, true); /* where only pages are gone that nothing used, it must take a write */
    }
    subject_lay(subject, subject->size, thing / 8, (uint8_t)(1 << thing % 8));
    return subject_look(subject, thing / 8 % PAGE < HEAD || thing % WRITES_EVERY == 0);
}

static void note(const task_of_t *task, tally_t *tally, fate_t fate) {
    if (fate == UNSEEN && !task->cuts && subject_takes_back(task->subject, tally->at / 8, (uint8_t)(1 << tally->at % 8)))
        fate = TAKEN_BACK;
    tally->fates[fate]++;
    bool good = fate == TAKEN_BACK || fate == SEEN_AT_START || fate == UNCHANGED || (!task->cuts && fate == SEEN_BY_SCAN);
    if (good || tally->shown++ >= SHOWN) return;
    uint64_t byte = task->cuts ? tally->at * 64 : tally->at / 8;
    printf("  VIOLATION: %s: %s %" PRIu64 " (page %" PRIu64 ", byte %" PRIu64 ", bit %" PRIu64 "): %s\n",
           subject_names[task->subject->which], task->cuts ? "cut at" : "turned a bit of byte", byte, byte / PAGE, byte % PAGE,
           tally->at % 8, fate_names[fate]);
    fflush(stdout);
}

static pid_t worker_start(const task_of_t *task, tally_t *tally, uint32_t worker, uint64_t from) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid != 0) return pid;
    char folder[OFFICE_PATH];
    if (freopen("/dev/null", "w", stderr) == NULL) _exit(74);
    snprintf(folder, sizeof folder, "%.200s.%u", task->subject->folder, worker);
    snprintf(task->subject->folder, sizeof task->subject->folder, "%s", folder);
    office_remove(folder);
    ASSERT(mkdir(folder, 0700) == 0);
    for (uint64_t thing = from; thing < things_of(task); thing++) {
        if (thing / 64 % WORKERS != worker || !is_wanted(task, thing)) continue;
        tally->at = thing;
        alarm(HANG_SECONDS);
        note(task, tally, look(task, thing));
    }
    tally->done = true;
    office_remove(folder);
    _exit(0);
}

static void worker_follow(const task_of_t *task, tally_t *tally, uint32_t worker, pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) == pid && !tally->done) {
        note(task, tally, WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? HUNG : CRASHED);
        pid = worker_start(task, tally, worker, tally->at + 1);
    }
}

static bool run(task_of_t *task) {
    int64_t begin_ms = clock_steady_ms();
    uint64_t fates[FATES] = {0}, things = 0;
    tally_t *tallies = mmap(NULL, WORKERS * sizeof *tallies, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT(tallies != MAP_FAILED);
    pid_t pids[WORKERS];
    for (uint32_t worker = 0; worker < WORKERS; worker++) pids[worker] = worker_start(task, &tallies[worker], worker, 0);
    for (uint32_t worker = 0; worker < WORKERS; worker++) {
        worker_follow(task, &tallies[worker], worker, pids[worker]);
        for (uint32_t fate = 0; fate < FATES; fate++) fates[fate] += tallies[worker].fates[fate];
    }
    munmap(tallies, WORKERS * sizeof *tallies);
    printf("corruption: %s of %zu KiB, %s:", subject_names[task->subject->which], task->subject->size / 1024,
           task->cuts          ? "file cut short"
           : task->stride == 1 ? "every bit"
                               : "bits");
    for (uint32_t fate = 0; fate < FATES; fate++) {
        things += fates[fate];
        if (fates[fate] > 0) printf(" %" PRIu64 " %s,", fates[fate], fate_names[fate]);
    }
    printf(" %" PRIu64 " in all, %" PRId64 " s\n", things, (clock_steady_ms() - begin_ms) / 1000);
    bool good = fates[UNSEEN] + fates[SPOILS_A_WRITE] + fates[CRASHED] + fates[HUNG] == 0;
    return good && things > 0 && (!task->cuts || fates[SEEN_AT_START] + fates[UNCHANGED] == things);
}

int main(int argc, char **argv) {
    bool all = argc > 1 && strcmp(argv[1], "all") == 0;
    uint64_t stride = all ? 1 : argc > 1 ? strtoull(argv[1], NULL, 10) : 401;
    uint32_t passed = 0, failed = 0;
    char folder[OFFICE_PATH];
    setvbuf(stdout, NULL, _IOLBF, 0);
    office_folder(folder, sizeof folder);
    for (uint32_t which = 0; which < SUBJECTS; which++) {
        task_of_t task = {.subject = subject_new(which, folder), .stride = stride == 0 ? 1 : stride};
        for (int cuts = 0; cuts < 2; cuts++) {
            task.cuts = cuts == 1;
            bool good = run(&task);
            passed += good;
            failed += !good;
        }
        subject_destroy(&task.subject);
        char path[OFFICE_PATH];
        snprintf(path, sizeof path, "%.200s/source", folder);
        office_remove(path);
    }
    office_remove(folder);
    printf("corruption: %u passed, %u failed\n", passed, failed);
    return failed > 0;
}
