/* Processes of the measured systems: started, watched through /proc, stopped. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/sim/pump.h"

enum { STARTED_MAX = 64 };
static pid_t started[STARTED_MAX];

static void started_add(pid_t pid) {
    for (uint32_t index = 0; index < STARTED_MAX; index++) {
        if (started[index] != 0) continue;
        started[index] = pid;
        return;
    }
}

static void started_forget(pid_t pid) {
    for (uint32_t index = 0; index < STARTED_MAX; index++)
        if (started[index] == pid) started[index] = 0;
}

pid_t process_start(const char *log, char *const *arguments) {
    pid_t pid = fork();
    if (pid < 0) bench_fail("cannot fork: %s", strerror(errno));
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* nothing outlives the benchmark */
        int file = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (file >= 0) dup2(file, 1), dup2(file, 2);
        execvp(arguments[0], arguments);
        _exit(127);
    }
    started_add(pid);
    return pid;
}

static int wait_for(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    started_forget(pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int process_run(const char *log, char *const *arguments) { return wait_for(process_start(log, arguments)); }

void process_stop(pid_t pid, int signal_number) {
    kill(pid, signal_number);
    wait_for(pid);
}

void processes_kill(void) {
    for (uint32_t index = 0; index < STARTED_MAX; index++)
        if (started[index] != 0)
            process_stop(started[index], SIGINT); /* PostgreSQL would wait for our own connections at SIGTERM */
}

void folder_remove(const char *folder) { pump_remove(folder); }

static uint64_t folder_bytes;

static int file_count(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)path, (void)place;
    if (kind == FTW_F) folder_bytes += (uint64_t)status->st_blocks * 512;
    return 0;
}

uint64_t folder_size(const char *folder) {
    folder_bytes = 0;
    (void)nftw(folder, file_count, 16, FTW_PHYS); /* what comes and goes meanwhile is not missed */
    return folder_bytes;
}

/* A virtual machine gives back the memory that its guest has freed; the first touch of a page then costs 5 us more, as much as a
 * report, and whoever happens to write next would pay for it. */
void memory_wake(uint64_t size) {
    uint64_t most = (uint64_t)sysconf(_SC_AVPHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 2;
    if (size > most) size = most;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory != MAP_FAILED) munmap(memory, size);
}

static bool read_proc(pid_t pid, const char *name, char *text, size_t room) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int file = open(path, O_RDONLY);
    if (file < 0) return false;
    ssize_t size = read(file, text, room - 1);
    close(file);
    text[size > 0 ? size : 0] = '\0';
    return size > 0;
}

/* schedstat counts in nanoseconds, but for one thread; stat counts every thread, in ticks of 10 ms. */
int64_t process_cpu_ns(pid_t pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    int64_t sum = 0;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char name[300], text[128];
        snprintf(name, sizeof name, "task/%s/schedstat", entry->d_name);
        if (entry->d_name[0] != '.' && read_proc(pid, name, text, sizeof text)) sum += strtoll(text, NULL, 10);
    }
    if (folder != NULL) closedir(folder);
    return sum;
}

static int64_t status_kb(pid_t pid, const char *key) {
    char text[4096];
    if (!read_proc(pid, "status", text, sizeof text)) return 0;
    const char *line = strstr(text, key);
    return line == NULL ? 0 : strtoll(line + strlen(key), NULL, 10);
}

enum { CHILDREN_MAX = 256 };

static uint32_t children_of(pid_t parent, pid_t children[CHILDREN_MAX]) {
    char name[64], text[4096];
    uint32_t count = 0;
    snprintf(name, sizeof name, "task/%d/children", parent);
    if (!read_proc(parent, name, text, sizeof text)) return 0;
    for (char *at = text, *end; count < CHILDREN_MAX; at = end) {
        long pid = strtol(at, &end, 10);
        if (end == at) break;
        children[count++] = (pid_t)pid;
    }
    return count;
}

typedef int64_t (*figure_of_t)(pid_t pid);
static int64_t private_kb_of(pid_t pid) { return status_kb(pid, "RssAnon:"); }

static int64_t family_sum(const process_t *process, figure_of_t figure_of) {
    pid_t children[CHILDREN_MAX];
    int64_t sum = figure_of(process->pid);
    uint32_t count = process->family ? children_of(process->pid, children) : 0;
    for (uint32_t index = 0; index < count; index++) sum += figure_of(children[index]);
    return sum;
}

void processes_add(processes_t *self, const char *name, pid_t pid, bool family) {
    if (self->count == SERVICES_MAX) return;
    process_t *process = &self->at[self->count++];
    *process = (process_t){.pid = pid, .family = family};
    process->cpu_before_ns = family_sum(process, process_cpu_ns);
    char path[300] = "gone", link[64];
    snprintf(link, sizeof link, "/proc/%d/exe", pid); /* comm has fifteen characters at most */
    ssize_t size = readlink(link, path, sizeof path - 1);
    path[size > 0 ? size : 4] = '\0';
    const char *base = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
    if (strncmp(base, "minning-", 8) == 0) base += 8;
    if (strncmp(base, "redis-", 6) == 0) base = "redis"; /* Debian: one program under four names */
    snprintf(process->name, sizeof process->name, "%.23s", name == NULL ? base : name);
}

void processes_add_children(processes_t *self, pid_t pid) {
    pid_t children[CHILDREN_MAX];
    uint32_t count = children_of(pid, children);
    for (uint32_t index = 0; index < count; index++) processes_add(self, NULL, children[index], false);
}

void processes_end(processes_t *self) {
    for (uint32_t index = 0; index < self->count; index++) {
        process_t *process = &self->at[index];
        process->cpu_ns = family_sum(process, process_cpu_ns) - process->cpu_before_ns;
        process->private_kb = family_sum(process, private_kb_of);
    }
}
