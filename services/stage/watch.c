/* Looks at the threads of a service: who goes round, who waits, who hangs. */
#include "services/stage/watch.h"

#include "proto/base.h"
#include "proto/limits.h"
#include "services/stage/home.h"
#include "services/stage/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    THREADS = 16,    /* watched at once */
    DEATH_MS = 5000, /* a core of much memory takes its time; a thread that blocks the signal would take for ever */
    SECONDS_MOST = 86400
};

/* One watched thread. Even rounds: it waits; odd ones: it is busy. */
typedef struct {
    atomic_bool taken;
    pthread_t thread;
    const char *name;
    atomic_uint_fast64_t round;
    atomic_uint_fast64_t seq;
    watch_seen_t seen; /* the watchdog's */
} place_t;

static place_t places[THREADS];
static _Thread_local place_t *own;

static pthread_t watchdog;
static int stop_fd = -1;
static int look_ms;

bool watch_look(watch_seen_t *seen, uint64_t round, bool waits) {
    seen->looks = waits || seen->round != round ? 0 : seen->looks + 1;
    seen->round = round;
    return seen->looks >= WATCH_LOOKS;
}

void watch_join(const char *name) {
    for (size_t index = 0; own == NULL && index < THREADS; index++) {
        place_t *place = &places[index];
        if (atomic_exchange(&place->taken, true)) continue;
        place->thread = pthread_self();
        place->name = name;
        atomic_store(&place->seq, 0);
        own = place;
        watch_beat(); /* what it was given comes before its round */
    }
    if (own == NULL) log_warn("not_watched", "thread=%s", name);
}

void watch_leave(void) {
    if (own == NULL) return;
    watch_wait();
    atomic_store(&own->taken, false);
    own = NULL;
}

/* Only the thread itself writes its round. */
static void go_round(bool waits) {
    uint64_t round = atomic_load_explicit(&own->round, memory_order_relaxed);
    uint64_t next = (round | 1) + 1 + !waits;
    atomic_store_explicit(&own->round, next, memory_order_release);
}

void watch_beat(void) {
    if (own != NULL) go_round(false);
}

void watch_wait(void) {
    if (own != NULL) go_round(true);
}

void watch_hold(uint64_t seq) {
    if (own == NULL) return;
    atomic_store_explicit(&own->seq, seq, memory_order_relaxed);
    go_round(false);
}

/* Its own thread gets the signal: what it was about is what the handler counts, and what the core shows. */
static void end(const place_t *place) {
    log_fatal("hung", "thread=%s seq=%llu looks=%d action=abort", place->name, (unsigned long long)atomic_load(&place->seq),
              WATCH_LOOKS);
    pthread_kill(place->thread, SIGABRT);
    poll(NULL, 0, DEATH_MS);
    kill(getpid(), SIGKILL);
}

static void look_at_all(void) {
    for (size_t index = 0; index < THREADS; index++) {
        place_t *place = &places[index];
        uint64_t round = atomic_load_explicit(&place->round, memory_order_acquire);
        if (watch_look(&place->seen, round, round % 2 == 0)) end(place);
    }
}

static void *watch_run(void *argument) {
    (void)argument;
    struct pollfd stop = {.fd = stop_fd, .events = POLLIN};
    while (poll(&stop, 1, look_ms) <= 0) look_at_all();
    return NULL;
}

void watch_start(int64_t hang_ms) {
    sigset_t all, before;
    ASSERT(stop_fd < 0 && hang_ms > 0 && hang_ms <= SECONDS_MOST * 1000LL);
    look_ms = hang_ms < WATCH_LOOKS ? 1 : (int)(hang_ms / WATCH_LOOKS);
    stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int failed = stop_fd < 0 ? errno : pthread_create(&watchdog, NULL, watch_run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed == 0) return;
    log_warn("not_watched", "error=\"%s\"", strerror(failed));
    if (stop_fd >= 0) close(stop_fd);
    stop_fd = -1;
}

void watch_stop(void) {
    if (stop_fd < 0) return;
    uint64_t one = 1;
    ssize_t written = write(stop_fd, &one, sizeof one);
    (void)written; /* a fresh counter takes it */
    pthread_join(watchdog, NULL);
    close(stop_fd);
    stop_fd = -1;
}

int64_t watch_setting(void) {
    const char *setting = home_setting("watch/seconds", NULL);
    char *rest = NULL;
    unsigned long seconds = setting == NULL ? 0 : strtoul(setting, &rest, 10);
    if (setting == NULL) return LIMIT_HANG_MS;
    if (*rest == '\0' && seconds >= 1 && seconds <= SECONDS_MOST) return (int64_t)seconds * 1000;
    log_warn("setting_unusable", "setting=watch/seconds value=\"%s\"", setting);
    return LIMIT_HANG_MS;
}
