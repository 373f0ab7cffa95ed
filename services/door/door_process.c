/* What a door's process takes before it opens: its lock, its bounds. */
#include "services/door/door_process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/limits.h"
#include "services/stage/log.h"

int door_lock_take(const char *path) {
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0) return EX_OK;
    if (file < 0 || errno != EWOULDBLOCK) {
        log_error("lock_failed", "file=%s error=\"%s\"", path, strerror(errno));
        return EX_CANTCREAT;
    }
    close(file);
    log_error("already_running", "lock=%s", path);
    return EX_TEMPFAIL;
}

void door_resources_bound(void) {
    struct rlimit files, memory = {LIMIT_EDGE_MEMORY, LIMIT_EDGE_MEMORY};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max < LIMIT_DESCRIPTORS ? files.rlim_max : LIMIT_DESCRIPTORS;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0) log_warn("descriptors", "error=\"%s\"", strerror(errno));
#ifndef __SANITIZE_ADDRESS__
    if (setrlimit(RLIMIT_DATA, &memory) != 0) log_warn("memory", "error=\"%s\"", strerror(errno));
#else
    (void)memory;
#endif
}
