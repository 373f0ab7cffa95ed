/* The most memory that processes have to themselves at any moment: of this one by a thread beside it, of a system's services by
 * `scale watch`. Both look again and again: what comes and goes between two looks is not seen. */
#include "tests/scale/scale.h"

#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 10, SERVICES_MOST = 16, NAME_ROOM = 64 };

memory_use_t memory_use(void) {
    memory_use_t use = {0};
    char line[1024];
    FILE *file = fopen("/proc/self/smaps", "r");
    unsigned long value;
    bool store = false; /* the map of a store is the kernel's cache of a file, given back whenever somebody wants the memory */
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (line[0] < 'A' || line[0] > 'Z') store = strstr(line, "/data.mdb") != NULL;
        if (sscanf(line, "Rss: %lu", &value) == 1) use.resident_kib += value;
        if (!store && sscanf(line, "Private_Dirty: %lu", &value) == 1) use.private_kib += value;
    }
    if (file != NULL) fclose(file);
    return use;
}

/* ---------- this process ---------- */

static _Atomic uint64_t most_kib;

static void *look_on(void *unused) {
    (void)unused;
    for (;;) {
        uint64_t now_kib = memory_use().private_kib;
        if (now_kib > most_kib) most_kib = now_kib;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000}, NULL);
    }
    return NULL;
}

void memory_follow(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, look_on, NULL) != 0) abort();
    pthread_detach(thread);
}

uint64_t memory_most_kib(void) { return most_kib; }

/* ---------- the services of a system ---------- */

typedef struct {
    char name[NAME_ROOM];
    uint64_t most_kib, now_kib;
} service_use_t;

typedef struct {
    char home[PATH_MAX];
    service_use_t services[SERVICES_MOST];
    size_t count;
} watch_t;

static bool link_read(const char *pid, const char *what, char out[PATH_MAX]) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%.20s/%s", pid, what);
    ssize_t size = readlink(path, out, PATH_MAX - 1);
    out[size < 0 ? 0 : size] = '\0';
    return size > 0;
}

/* Anonymous pages, swapped ones too: heap, stacks, transactions; not the cache of files, which LMDB's maps are. */
static uint64_t anonymous_kib(const char *pid) {
    char path[PATH_MAX], line[256];
    unsigned long value;
    uint64_t sum = 0;
    snprintf(path, sizeof path, "/proc/%.20s/status", pid);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "RssAnon: %lu", &value) == 1 || sscanf(line, "VmSwap: %lu", &value) == 1) sum += value;
    if (file != NULL) fclose(file);
    return sum;
}

static void note(watch_t *self, const char *name, uint64_t now_kib) {
    size_t at = 0;
    while (at < self->count && strcmp(self->services[at].name, name) != 0) at++;
    if (at == SERVICES_MOST) abort();
    service_use_t *service = &self->services[at];
    if (at == self->count) {
        self->count++;
        snprintf(service->name, sizeof service->name, "%s", name);
    }
    service->now_kib = now_kib;
    if (now_kib > service->most_kib) service->most_kib = now_kib;
}

/* Every program minning-… that works in the home: also those that come later, or again. */
static void look(watch_t *self) {
    DIR *folder = opendir("/proc");
    char exe[PATH_MAX], cwd[PATH_MAX];
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || !link_read(entry->d_name, "exe", exe)) continue;
        const char *name = strrchr(exe, '/');
        if (name == NULL || strncmp(name, "/minning-", 9) != 0) continue;
        if (!link_read(entry->d_name, "cwd", cwd) || strcmp(cwd, self->home) != 0) continue;
        note(self, name + 9, anonymous_kib(entry->d_name));
    }
    if (folder != NULL) closedir(folder);
}

int scale_watch(int argc, char **argv) {
    static watch_t self;
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    if (argc < 1 || realpath(argv[0], self.home) == NULL) return 64;
    do look(&self);
    while (sigtimedwait(&stop, NULL, &(struct timespec){.tv_nsec = LOOK_MS * 1000000}) != SIGTERM);
    for (size_t index = 0; index < self.count; index++)
        printf("%llu %llu %s\n", (unsigned long long)self.services[index].most_kib,
               (unsigned long long)self.services[index].now_kib, self.services[index].name);
    return 0;
}
