/* The virus scanner: a program of the operator's choice, fed through a pipe by a thread that waits for it, but not for ever. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/stage/clock.h"
#include "services/stage/log.h"
#include "services/vault/evidence_inner.h"

enum { LOOK_MS = 20, EXIT_CLEAN = 0, EXIT_INFECTED = 1 };

struct scanner {
    pthread_t thread;
    const evidence_settings_t *settings;
    sealed_file_t file;
    int64_t until_ms;
    pid_t pid;
    atomic_int state;
    atomic_bool leave;
};

static bool spawn_prepare(posix_spawnattr_t *attributes, posix_spawn_file_actions_t *actions, int in) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0 &&
           posix_spawnattr_setpgroup(attributes, 0) == 0 && posix_spawnattr_setsigmask(attributes, &none) == 0 &&
           posix_spawnattr_setsigdefault(attributes, &all) == 0 && posix_spawn_file_actions_adddup2(actions, in, 0) == 0 &&
           posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0) == 0 &&
           posix_spawn_file_actions_addopen(actions, 2, "/dev/null", O_WRONLY, 0) == 0 &&
           posix_spawn_file_actions_addclosefrom_np(actions, 3) == 0;
}

/* No fork after the ZeroMQ context: posix_spawn shares nothing with the child but what is listed here. */
static bool program_start(scanner_t *self, int in) {
    static char path[] = "PATH=/usr/bin:/bin", language[] = "LC_ALL=C.UTF-8";
    char *const environment[] = {path, language, NULL};
    union {
        const char *const *given;
        char *const *wanted;
    } words = {.given = self->settings->scanner};
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    int failed = spawn_prepare(&attributes, &actions, in)
                     ? posix_spawn(&self->pid, words.wanted[0], &actions, &attributes, words.wanted, environment)
                     : EINVAL;
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failed != 0) self->pid = 0;
    return failed == 0;
}

static bool over(scanner_t *self) { return atomic_load(&self->leave) || clock_steady_ms() >= self->until_ms; }

/* Feeds the program. It may stop reading early: then it is believed only if it found something. false: damaged, no time left. */
static bool feed(scanner_t *self, int out, bool *whole) {
    static const uint32_t part = 16384;
    uint8_t bytes[16384];
    for (uint64_t at = 0; at < self->file.size;) {
        uint32_t size = self->file.size - at < part ? (uint32_t)(self->file.size - at) : part;
        if (!sealed_read(&self->file, at, size, bytes)) return false;
        for (uint32_t put = 0; put < size;) {
            struct pollfd ready = {.fd = out, .events = POLLOUT};
            if (over(self)) return false;
            if (poll(&ready, 1, LOOK_MS) <= 0) continue;
            ssize_t written = write(out, bytes + put, size - put);
            *whole = !(written < 0 && errno == EPIPE);
            if (!*whole) return true;
            if (written < 0 && errno != EAGAIN && errno != EINTR) return false;
            if (written > 0) put += (uint32_t)written;
        }
        at += size;
    }
    return true;
}

/* What it says by its end; whoever takes too long is ended, with all that it started, before its number is free again. */
static scanner_state_t verdict(scanner_t *self, bool fed, bool whole) {
    siginfo_t end = {0};
    int status = 0;
    bool ended = false;
    while (fed && !ended && !over(self)) {
        ended = waitid(P_PID, (id_t)self->pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid == self->pid;
        if (!ended) poll(NULL, 0, LOOK_MS);
    }
    kill(-self->pid, SIGKILL);
    if (waitpid(self->pid, &status, 0) != self->pid || !ended || !WIFEXITED(status)) return SCAN_UNAVAILABLE;
    if (WEXITSTATUS(status) == EXIT_CLEAN && whole) return SCAN_CLEAN;
    return WEXITSTATUS(status) == EXIT_INFECTED ? SCAN_INFECTED : SCAN_UNAVAILABLE;
}

static void *scanner_run(void *argument) {
    scanner_t *self = argument;
    int ends[2] = {-1, -1};
    bool whole = true;
    scanner_state_t state = SCAN_UNAVAILABLE;
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, NULL);
    if (pipe2(ends, O_CLOEXEC) == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0 && program_start(self, ends[0])) {
        close(ends[0]);
        ends[0] = -1;
        bool fed = feed(self, ends[1], &whole);
        close(ends[1]);
        ends[1] = -1;
        state = verdict(self, fed, whole);
    }
    if (ends[0] >= 0) close(ends[0]);
    if (ends[1] >= 0) close(ends[1]);
    if (state == SCAN_UNAVAILABLE && !atomic_load(&self->leave))
        log_warn("scanner_unavailable", "program=\"%s\"", self->settings->scanner[0]);
    atomic_store(&self->state, (int)state);
    return NULL;
}

scanner_t *scanner_start(const evidence_settings_t *settings, sealed_file_t *file) {
    scanner_t *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->settings = settings;
    self->until_ms = clock_steady_ms() + settings->scan_ms;
    self->file = *file;
    if (pthread_create(&self->thread, NULL, scanner_run, self) != 0) {
        free(self);
        return NULL;
    }
    *file = (sealed_file_t){.fd = -1};
    return self;
}

scanner_state_t scanner_state(scanner_t *self) { return (scanner_state_t)atomic_load(&self->state); }

void scanner_end(scanner_t **owner) {
    scanner_t *self = *owner;
    if (self == NULL) return;
    atomic_store(&self->leave, true);
    pthread_join(self->thread, NULL);
    sealed_close(&self->file);
    free(self);
    *owner = NULL;
}
