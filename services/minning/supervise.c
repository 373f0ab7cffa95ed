/* Processes kept alive: fork, wait, pause, start again; and all of them gone within two seconds when asked to stop. */
#include "services/minning/supervise.h"

#include "services/stage/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    const service_t *service;
    pid_t pid; /* 0: not running */
    int64_t started_ms;
    int64_t pause_ms; /* before its last start */
    int64_t again_ms; /* when to start it again */
} child_t;

typedef struct {
    child_t children[SUPERVISE_MAX];
    size_t count;
    int signals;
    bool stopping;
    supervise_tell_t *tell;
    void *tell_self;
} keeper_t;

int64_t supervise_pause(int64_t last_pause_ms, int64_t lived_ms) {
    if (last_pause_ms == 0 || lived_ms >= SUPERVISE_WELL_MS) return SUPERVISE_PAUSE_MS;
    return last_pause_ms * 2 > SUPERVISE_PAUSE_MAX_MS ? SUPERVISE_PAUSE_MAX_MS : last_pause_ms * 2;
}

/* --- one process --- */

static _Noreturn void child_run(const service_t *service, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, service->death_signal);
    if (getppid() != parent) _exit(0); /* it died in between: nobody will tell us any more */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    char path[128];
    snprintf(path, sizeof path, "log/%s.log", service->name);
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (log >= 0) {
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
    }
    if (nothing >= 0) dup2(nothing, STDIN_FILENO);
    /* execvp wants char *const[]; it does not write to them. */
    union {
        const char *const *given;
        char *const *wanted;
    } argv = {.given = service->argv};
    execvp(service->argv[0], argv.wanted);
    fprintf(stderr, "level=fatal event=exec_failed program=%s error=\"%s\"\n", service->argv[0], strerror(errno));
    _exit(127);
}

static void child_start(keeper_t *keeper, child_t *child) {
    fflush(stdout); /* or the child would print it a second time */
    fflush(stderr);
    pid_t self = getpid();
    child->started_ms = clock_steady_ms();
    child->pid = fork();
    if (child->pid == 0) child_run(child->service, self);
    if (child->pid < 0) {
        child->pid = 0;
        child->again_ms = child->started_ms + SUPERVISE_PAUSE_MAX_MS;
        keeper->tell(keeper->tell_self, child->service->name, "fork_failed", errno);
        return;
    }
    keeper->tell(keeper->tell_self, child->service->name, "started", child->pid);
}

static void child_died(keeper_t *keeper, child_t *child, int status) {
    int64_t now = clock_steady_ms();
    child->pid = 0;
    if (keeper->stopping) {
        keeper->tell(keeper->tell_self, child->service->name, "stopped", 0);
        return;
    }
    if (WIFSIGNALED(status))
        keeper->tell(keeper->tell_self, child->service->name, "killed_by_signal", WTERMSIG(status));
    else
        keeper->tell(keeper->tell_self, child->service->name, "exited", WEXITSTATUS(status));
    child->pause_ms = supervise_pause(child->pause_ms, now - child->started_ms);
    child->again_ms = now + child->pause_ms;
}

/* --- all of them --- */

static void reap(keeper_t *keeper) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t index = 0; index < keeper->count; index++)
            if (keeper->children[index].pid == pid) child_died(keeper, &keeper->children[index], status);
}

/* Starts what is due; returns the ms until the next is. */
static int64_t start_due(keeper_t *keeper) {
    int64_t now = clock_steady_ms(), next = 60000;
    for (size_t index = 0; index < keeper->count; index++) {
        child_t *child = &keeper->children[index];
        if (child->pid != 0) continue;
        if (child->again_ms <= now)
            child_start(keeper, child);
        else if (child->again_ms - now < next)
            next = child->again_ms - now;
    }
    return next;
}

/* Waits for a signal, at most `ms`. true: SIGTERM or SIGINT. */
static bool wait_signal(keeper_t *keeper, int64_t ms) {
    struct pollfd poller = {.fd = keeper->signals, .events = POLLIN};
    if (poll(&poller, 1, (int)ms) <= 0) return false;
    struct signalfd_siginfo info;
    bool asked = false;
    while (read(keeper->signals, &info, sizeof info) == (ssize_t)sizeof info) asked |= info.ssi_signo != SIGCHLD;
    return asked;
}

static bool any_alive(const keeper_t *keeper) {
    for (size_t index = 0; index < keeper->count; index++)
        if (keeper->children[index].pid != 0) return true;
    return false;
}

/* Reverse order of the flow: each gets a moment to drain before the one it writes to or reads from is told. */
static int stop_all(keeper_t *keeper) {
    keeper->stopping = true;
    int64_t begun = clock_steady_ms();
    for (size_t index = keeper->count; index-- > 0;) {
        child_t *child = &keeper->children[index];
        if (child->pid == 0) continue;
        kill(child->pid, SIGTERM);
        int64_t until = clock_steady_ms() + SUPERVISE_STEP_MS;
        while (child->pid != 0 && clock_steady_ms() < until) {
            wait_signal(keeper, until - clock_steady_ms());
            reap(keeper);
        }
    }
    while (any_alive(keeper) && clock_steady_ms() < begun + SUPERVISE_STOP_MS) {
        wait_signal(keeper, 50);
        reap(keeper);
    }
    int killed = 0;
    for (size_t index = 0; index < keeper->count; index++) {
        child_t *child = &keeper->children[index];
        if (child->pid == 0) continue;
        keeper->tell(keeper->tell_self, child->service->name, "kill", child->pid);
        kill(child->pid, SIGKILL);
        waitpid(child->pid, NULL, 0);
        child->pid = 0;
        killed++;
    }
    return killed;
}

int supervise(const service_t *services, size_t count, supervise_tell_t *tell, void *self) {
    ASSERT(count <= SUPERVISE_MAX);
    keeper_t keeper = {.count = count, .tell = tell, .tell_self = self};
    sigset_t mask, before;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGHUP);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, &before);
    keeper.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    ASSERT(keeper.signals >= 0);
    for (size_t index = 0; index < count; index++) keeper.children[index].service = &services[index];
    for (bool asked = false; !asked;) {
        int64_t next = start_due(&keeper);
        asked = wait_signal(&keeper, next);
        reap(&keeper);
    }
    int killed = stop_all(&keeper);
    close(keeper.signals);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return killed;
}
