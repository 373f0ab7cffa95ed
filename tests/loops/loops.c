/* Fails the first call, the second, the third … of every work, each in every way, until the work passes; and looks each time.
 */
#include "tests/loops/trouble.h"
#include "tests/loops/works.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NTH_MOST = 100000, HANG_SECONDS = 20, SHOWN = 20 };

typedef struct {
    trouble_t kind;
    uint32_t nth;
} plan_of_trouble_t;
static plan_of_trouble_t coming;

static void arm(void) { trouble_arm(coming.kind, coming.nth); }

/* What came of all loops of one kind of trouble. */
typedef struct {
    uint64_t loops, errors, deaths, unharmed, wrong;
} count_t;

static int child_of(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) != pid) {
    }
    return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int child_work(bench_t *bench, const work_t *work) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid != 0) return child_of(pid);
    if (freopen("/dev/null", "w", stderr) == NULL) _exit(74);
    alarm(HANG_SECONDS);
    err_t err = work->work(bench, arm);
    bench->told->met = trouble_disarm();
    bench->told->err = err;
    bench->told->finished = true;
    _exit(0);
}

/* In a process of its own, so that one that dies of what it finds is found. */
static int child_look(bench_t *bench, const work_t *work, char *wrong, size_t room) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid != 0) return child_of(pid);
    if (freopen("/dev/null", "w", stderr) == NULL) _exit(74);
    alarm(HANG_SECONDS);
    const char *found = work->look(bench);
    snprintf(wrong, room, "%s", found == NULL ? "" : found);
    _exit(found == NULL ? 0 : 1);
}

static void complain(count_t *count, const work_t *work, const char *what) {
    static uint32_t shown;
    count->wrong++;
    if (shown++ < SHOWN) printf("  WRONG: %s: %s at call %u: %s\n", work->name, trouble_names[coming.kind], coming.nth, what);
}

/* How a process may end: by itself, killed by our own hand, or, without memory, by its own. */
static bool end_is_allowed(int ended) {
    bool killed = coming.kind == TROUBLE_KILL_BEFORE || coming.kind == TROUBLE_KILL_AFTER;
    bool starved = coming.kind == TROUBLE_NOMEM || coming.kind == TROUBLE_NOMEM_ON;
    return ended == 0 || (killed && ended == 256 + SIGKILL) || (starved && ended == 256 + SIGABRT);
}

/* One round. false: nothing struck any more, the work passed. */
static bool round_of(bench_t *bench, const work_t *work, count_t *count) {
    char *wrong = (char *)(bench->told + 1), what[200];
    office_copy(bench->start, bench->folder);
    *bench->told = (told_t){0};
    int ended = child_work(bench, work);
    bool struck = !bench->told->finished || bench->told->met;
    count->loops += struck;
    count->deaths += !bench->told->finished;
    count->errors += bench->told->finished && bench->told->err != OK;
    count->unharmed += struck && bench->told->finished && bench->told->err == OK;
    snprintf(what, sizeof what, "the process ends with %d", ended);
    if (!end_is_allowed(ended)) complain(count, work, what);
    if (!struck && bench->told->err != OK) complain(count, work, "it fails without any trouble");
    *wrong = '\0';
    int looked = child_look(bench, work, wrong, 200);
    snprintf(what, sizeof what, "afterwards: %s (%d)", wrong, looked);
    if (looked != 0) complain(count, work, what);
    return struck;
}

static bench_t *bench_new(const work_t *work, const char *folder, void *shared) {
    bench_t *bench = calloc(1, sizeof *bench);
    ASSERT(bench != NULL);
    bench->office = office_new();
    bench->told = shared;
    snprintf(bench->start, sizeof bench->start, "%.100s/start", folder);
    snprintf(bench->folder, sizeof bench->folder, "%.100s/work", folder);
    work->begin(bench);
    return bench;
}

static void loops_of(const work_t *work, count_t counts[TROUBLE_KINDS], void *shared) {
    char folder[OFFICE_PATH];
    uint64_t loops = 0, wrong = 0;
    office_folder(folder, sizeof folder);
    bench_t *bench = bench_new(work, folder, shared);
    for (trouble_t kind = 0; kind < TROUBLE_KINDS; kind++) {
        count_t count = {0};
        coming = (plan_of_trouble_t){kind, 1};
        while (round_of(bench, work, &count) && coming.nth < NTH_MOST) coming.nth++;
        if (coming.nth == NTH_MOST) complain(&count, work, "it never passes");
        counts[kind].loops += count.loops;
        counts[kind].errors += count.errors;
        counts[kind].deaths += count.deaths;
        counts[kind].unharmed += count.unharmed;
        counts[kind].wrong += count.wrong;
        loops += count.loops;
        wrong += count.wrong;
    }
    printf("loops: %s: %" PRIu64 " troubles, %" PRIu64 " wrong\n", work->name, loops, wrong);
    office_destroy(&bench->office);
    free(bench);
    office_remove(folder);
}

int main(int argc, char **argv) {
    count_t counts[TROUBLE_KINDS] = {0};
    uint64_t loops = 0, wrong = 0;
    const char *only = argc > 1 ? argv[1] : "";
    setvbuf(stdout, NULL, _IOLBF, 0);
    void *shared = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT(shared != MAP_FAILED);
    for (size_t index = 0; index < work_count; index++)
        if (strstr(works[index].name, only) != NULL) loops_of(&works[index], counts, shared);
    for (trouble_t kind = 0; kind < TROUBLE_KINDS; kind++) {
        printf("loops: %-22s %6" PRIu64 " times: %6" PRIu64 " errors told, %5" PRIu64 " processes ended, %5" PRIu64
               " without harm, %" PRIu64 " wrong\n",
               trouble_names[kind], counts[kind].loops, counts[kind].errors, counts[kind].deaths, counts[kind].unharmed,
               counts[kind].wrong);
        loops += counts[kind].loops;
        wrong += counts[kind].wrong;
    }
    printf("loops: %" PRIu64 " passed, %" PRIu64 " failed\n", loops - wrong, wrong);
    return wrong > 0 || loops == 0;
}
