/* Which event was being applied when the process crashed, and how often: the third time the stage stands still before it.
 * A crash is an ASSERT or a fault of ours (SIGABRT, SIGSEGV, …), a hang that the watchdog ended, or an event that the role
 * refuses; not a SIGKILL from outside. What goes wrong while a role's memory becomes rows, in whatever turn, may be the work of
 * any event of the transaction: it is put down to the last one, and in the next life all of them are committed one by one, until
 * it is the last. */
#include "services/stage/stage_inner.h"

#include "services/stage/log.h"
#include "services/stage/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 128, STACK_ROOM = 65536 };

/* The event that the loop's thread has in hand; NULL between events, and in every other thread. */
static _Thread_local const link_t *volatile in_hand;
static _Thread_local volatile uint64_t in_hand_from;

/* What the signal handler writes, and where to. One stage a process. */
static crashes_t record;
static int record_file = -1;

void crashes_hold(const link_t *link, uint64_t from) {
    in_hand_from = from;
    in_hand = link;
    watch_hold(link == NULL ? 0 : link->event.seq);
}

static bool is_of(const crashes_t *crashes, const link_t *link) {
    return crashes->count > 0 && crashes->seq == link->event.seq && memcmp(crashes->hash, link->hash, HASH_SIZE) == 0;
}

/* Also from the signal handler: nothing here but memory and write(2). Not flushed: a process dies, not the machine. */
static void record_write(void) {
    ssize_t written = pwrite(record_file, &record, sizeof record, 0);
    (void)written; /* a full disk forgets a crash: one more try */
}

static void record_add(const link_t *link, uint64_t from) {
    record.count = is_of(&record, link) ? record.count + 1 : 1;
    record.from = from;
    record.seq = link->event.seq;
    memcpy(record.hash, link->hash, HASH_SIZE);
    record_write();
}

static void on_crash(int signal_number) {
    if (in_hand != NULL && record_file >= 0) record_add(in_hand, in_hand_from);
    raise(signal_number); /* SA_RESETHAND: on return it dies of it, in the frame where it stood, whoever sent the signal */
}

static void handlers_set(void) {
    static uint8_t stack[STACK_ROOM]; /* a stack that overflowed cannot run the handler */
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK)};
    for (size_t index = 0; index < sizeof signals / sizeof signals[0]; index++) sigaction(signals[index], &action, NULL);
}

/* Another program may survive what this one did not: it has three tries of its own. */
static uint64_t program_mark(void) {
    struct stat self;
    if (stat("/proc/self/exe", &self) != 0) return 1;
    return (uint64_t)self.st_size * 1000003 + (uint64_t)self.st_mtim.tv_sec * 1000000007 + (uint64_t)self.st_mtim.tv_nsec;
}

void crashes_watch(stage_t *self, const char *folder) {
    char path[PATH_ROOM];
    uint64_t program = program_mark();
    int size = snprintf(path, sizeof path, "%s/crashes", folder);
    if (size < 0 || (size_t)size >= sizeof path) return;
    record_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (record_file < 0) log_warn("crashes_uncounted", "file=%s error=\"%s\"", path, strerror(errno));
    record = (crashes_t){0};
    bool whole = record_file >= 0 && pread(record_file, &record, sizeof record, 0) == (ssize_t)sizeof record;
    if (!whole || record.program != program) record = (crashes_t){.program = program};
    self->crashes = record;
    if (record.count > 0)
        log_warn("crashed_before", "stage=%s seq=%llu count=%llu", self->role->name, (unsigned long long)record.seq,
                 (unsigned long long)record.count);
    handlers_set();
}

void crashes_add(const link_t *link, uint64_t from) {
    if (record_file >= 0 && link->event.seq != 0) record_add(link, from);
}

void crashes_survived(stage_t *self, const link_t *link) {
    if (!is_of(&self->crashes, link)) return;
    self->crashes.count = record.count = 0;
    if (record_file >= 0) record_write();
}

bool crashes_near(const stage_t *self, uint64_t seq) {
    return self->crashes.count > 0 && seq >= self->crashes.from && seq <= self->crashes.seq;
}

bool crashes_halt(const stage_t *self, const link_t *link) {
    return self->crashes.count >= LIMIT_CRASHES && is_of(&self->crashes, link);
}
