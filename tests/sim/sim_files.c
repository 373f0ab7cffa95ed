/* Folders and files of a world, and a disk that is full for one commit. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "services/stage/store_inner.h"
#include "tests/sim/sim.h"

enum { COPY_ROOM = 1 << 16, PAGE = 4096, MAP_STEP = 1 << 18 };

/* In the place of store_step.c: what a world keeps is small, and to have room taken from the disk and given back is most of what it
 * costs; so maps grow, and find the disk full, in nearly every world. */
uint64_t store_map_step(void) { return MAP_STEP; }

void sim_path_of(const sim_t *sim, const char *name, char path[SIM_PATH]) {
    int size = snprintf(path, SIM_PATH, "%s/%s", sim->folder, name);
    ASSERT(size > 0 && size < SIM_PATH);
}

void sim_remove(const char *folder) {
    static const char *const files[] = {"data.mdb", "lock.mdb", "lock"};
    char path[SIM_PATH + 16];
    for (size_t index = 0; index < sizeof files / sizeof files[0]; index++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[index]);
        unlink(path);
    }
}

bool sim_copy_file(const char *from, const char *to) {
    static uint8_t bytes[COPY_ROOM];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) return false;
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ASSERT(out >= 0);
    ssize_t got;
    while ((got = read(in, bytes, sizeof bytes)) > 0) {
        ssize_t put = write(out, bytes, (size_t)got);
        ASSERT(put == got);
    }
    close(in);
    close(out);
    return got == 0;
}

bool sim_copy(const char *from, const char *to) {
    char one[SIM_PATH + 16], other[SIM_PATH + 16];
    mkdir(to, 0700);
    snprintf(one, sizeof one, "%s/data.mdb", from);
    snprintf(other, sizeof other, "%s/data.mdb", to);
    return sim_copy_file(one, other);
}

/* From a random page on nothing can be written any more: the kernel itself says so, EFBIG as a full disk would say ENOSPC. */
void sim_disk_fills(sim_t *sim, const char *folder) {
    if (!sim->commit_fails || sim->calm) return;
    char path[SIM_PATH + 16];
    struct stat status;
    snprintf(path, sizeof path, "%s/data.mdb", folder);
    if (stat(path, &status) != 0) return;
    sim->commit_fails = false;
    uint64_t pages = (uint64_t)status.st_size / PAGE;
    uint64_t from = sim_chance(sim, 300) ? 0 : sim_draw(sim, pages + 2);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {.rlim_cur = from * PAGE, .rlim_max = RLIM_INFINITY};
    int failed = setrlimit(RLIMIT_FSIZE, &limit);
    ASSERT(failed == 0);
    sim_trace(sim, "the disk of %s is full behind page %llu", folder, (unsigned long long)from);
}

void sim_disk_clears(void) {
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
}
