/* What a door's process takes before it opens: its lock, its bounds. */
#include "services/door/door_process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/crypto.h"
#include "proto/limits.h"
#include "services/stage/home.h"
#include "services/stage/link.h"
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

int door_main(const char *name, const char *lock, int argc, char **argv, int (*serve)(void)) {
    log_start(name);
    if (argc != 2) {
        log_error("usage", "arguments=%s", "\"<home>\"");
        return EX_USAGE;
    }
    if (home_enter(argv[1]) != OK) {
        log_error("home_missing", "home=%s", argv[1]);
        return EX_NOINPUT;
    }
    int taken = door_lock_take(lock);
    if (taken != EX_OK) return taken;
    link_watch_signals();
    crypto_start();
    (void)message_of_kind(0); /* fills its table while there is only one thread */
    door_resources_bound();
    link_start();
    int code = serve();
    link_stop();
    return code;
}
