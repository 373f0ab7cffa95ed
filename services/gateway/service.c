/* The gateway as a process: home, lock, keys, loop, leave. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/crypto.h"
#include "services/gateway/gateway.h"
#include "services/stage/clock.h"
#include "services/stage/home.h"
#include "services/stage/link.h"
#include "services/stage/log.h"
#include "services/stage/watch.h"
#include "services/unit/unit.h"

#define DEFAULT_ENDPOINT "tcp://127.0.0.1:7350"
#define LOCK_FILE "run/gateway.lock"

enum { LEAVE_MS = 1000 };

/* Held until the process ends. Two binds of one ipc path both succeed in ZeroMQ, so the lock comes first. */
static int lock_take(void) {
    int file = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0) return EX_OK;
    if (file < 0 || errno != EWOULDBLOCK) {
        log_error("lock_failed", "file=%s error=\"%s\"", LOCK_FILE, strerror(errno));
        return EX_CANTCREAT;
    }
    close(file);
    log_error("already_running", "lock=%s", LOCK_FILE);
    return EX_TEMPFAIL;
}

/* A connection takes a descriptor: as many as we may have, up to a bound. Memory has one too: whatever the guard of the
 * connections should overlook ends this process, which comes back in a second, and not the machine. A sanitizer's shadow would
 * count as memory. */
static void resources_bound(void) {
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

static void run(gateway_t *gateway) {
    bool told = false;
    watch_join("loop");
    while (gateway_step(gateway, INT32_MAX)) {
        if (!told && gateway_ready(gateway)) {
            told = true;
            log_info("ready", "endpoint=%s", gateway_endpoint(gateway));
        }
    }
    gateway_refuse_new(gateway);
    log_info("leaving", "pending=%u", gateway_pending(gateway));
    int64_t until_ms = clock_steady_ms() + LEAVE_MS;
    do gateway_step(gateway, 10);
    while (gateway_pending(gateway) > 0 && clock_steady_ms() < until_ms);
}

static int serve(void) {
    unit_key_t key;
    err_t err = unit_key_load("keys/gateway", &key);
    if (err != OK) {
        log_error("keys_unreadable", "file=keys/gateway error=%s", err_name(err));
        return EX_NOINPUT;
    }
    gateway_t *gateway = NULL;
    err = gateway_open(home_setting("gateway/endpoint", DEFAULT_ENDPOINT), key.public_text, key.secret_text, &gateway);
    explicit_bzero(&key, sizeof key);
    if (err != OK) {
        log_error("fatal", "cause=%s", err == ERR_REFUSED ? "door_would_stand_open" : err_name(err));
        return err == ERR_REFUSED ? EX_SOFTWARE : EX_OSERR;
    }
    watch_start(watch_setting());
    run(gateway);
    watch_leave();
    watch_stop();
    uint32_t unanswered = gateway_pending(gateway);
    gateway_close(&gateway);
    log_info("left", "unanswered=%u", unanswered);
    return EX_OK;
}

int gateway_main(int argc, char **argv) {
    log_start("gateway");
    if (argc != 2) {
        log_error("usage", "arguments=%s", "\"<home>\"");
        return EX_USAGE;
    }
    if (home_enter(argv[1]) != OK) {
        log_error("home_missing", "home=%s", argv[1]);
        return EX_NOINPUT;
    }
    int taken = lock_take();
    if (taken != EX_OK) return taken;
    link_watch_signals();
    crypto_start();
    resources_bound();
    link_start();
    int code = serve();
    link_stop();
    return code;
}
