/* Two descriptors that count: one says that there is work, the other that it is done. */
#include "services/1-intake/ink.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "proto/base.h"
#include "services/stage/watch.h"

struct ink {
    void (*work)(void *self);
    void *self;
    pthread_t thread;
    int given;
    int done;
    bool at_work;         /* the owner's */
    bool leaves;          /* set by the owner before it gives for the last time */
    atomic_bool finished; /* the work at hand */
};

static void sign_put(int sign) {
    int failed = eventfd_write(sign, 1);
    ASSERT(failed == 0);
}

/* Waits for it. */
static void sign_take(int sign) {
    eventfd_t count;
    int failed;
    do failed = eventfd_read(sign, &count);
    while (failed != 0);
}

static void *ink_run(void *argument) {
    ink_t *self = argument;
    watch_join("ink");
    while (true) {
        watch_wait();
        sign_take(self->given);
        if (self->leaves) break;
        watch_beat();
        self->work(self->self);
        atomic_store(&self->finished, true);
        sign_put(self->done);
    }
    watch_leave();
    return NULL;
}

ink_t *ink_start(void (*work)(void *self), void *owner) {
    ink_t *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    *self = (ink_t){.work = work, .self = owner, .given = eventfd(0, EFD_CLOEXEC), .done = eventfd(0, EFD_CLOEXEC)};
    if (self->given >= 0 && self->done >= 0 && pthread_create(&self->thread, NULL, ink_run, self) == 0) return self;
    if (self->given >= 0) close(self->given);
    if (self->done >= 0) close(self->done);
    free(self);
    return NULL;
}

void ink_give(ink_t *self) {
    ASSERT(!self->at_work);
    self->at_work = true;
    atomic_store(&self->finished, false);
    sign_put(self->given);
}

bool ink_is_at_work(const ink_t *self) { return self->at_work; }
bool ink_is_done(const ink_t *self) { return self->at_work && atomic_load(&self->finished); }
int ink_sign(const ink_t *self) { return self->done; }

void ink_wait(ink_t *self) {
    if (!self->at_work) return;
    watch_wait(); /* the thread itself is watched */
    sign_take(self->done);
    watch_beat();
    self->at_work = false;
}

void ink_stop(ink_t **owner) {
    ink_t *self = *owner;
    if (self == NULL) return;
    ink_wait(self);
    self->leaves = true;
    sign_put(self->given);
    pthread_join(self->thread, NULL);
    close(self->given);
    close(self->done);
    free(self);
    *owner = NULL;
}
