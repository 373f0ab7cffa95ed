/* The ink without a thread: the linker takes it in the place of ink.c. Its work is done at a step of its own, when luck says so, or
 * where somebody waits for it; who dies before that leaves it undone. */
#include "services/1-intake/ink.h"

#include <stdlib.h>

#include "tests/sim/sim.h"

struct ink {
    void (*work)(void *self);
    void *self;
    bool at_work, finished;
};

enum { AT_ONCE = 80, DIES_HERE = 150, FAULT_CRASH_INTAKE = 1 << 3 };

ink_t *ink_start(void (*work)(void *self), void *owner) {
    ink_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    *self = (ink_t){.work = work, .self = owner};
    return sim_now->ledger.ink = self;
}

/* The thread: it was given a group, and has not written it yet. */
static void work_do(ink_t *self, const char *when) {
    sim_ledger_fills(sim_now);
    self->work(self->self);
    sim_disk_clears();
    self->finished = true;
    sim_now->commits++;
    sim_trace(sim_now, "the ink is dry%s", when);
}

/* In worlds where intake is killed it dies more often than elsewhere while the ink is wet, or dry and nobody has looked. */
static bool dies_here(sim_t *sim) {
    bool dies = !sim->calm && (sim->faults & FAULT_CRASH_INTAKE) != 0 && sim_chance(sim, DIES_HERE);
    if (dies) sim_ledger_crash(sim);
    return dies;
}

bool sim_ink_work(sim_t *sim) {
    ink_t *self = sim->ledger.ink;
    if (self == NULL || !self->at_work || self->finished) return false;
    if (dies_here(sim)) return true;
    work_do(self, "");
    (void)dies_here(sim);
    return true;
}

void ink_give(ink_t *self) {
    ASSERT(!self->at_work);
    self->at_work = true;
    self->finished = false;
    if (sim_chance(sim_now, AT_ONCE)) work_do(self, " at once");
}

bool ink_is_at_work(const ink_t *self) { return self->at_work; }
bool ink_is_done(const ink_t *self) { return self->at_work && self->finished; }
int ink_sign(const ink_t *self) { return self->finished; }

void ink_wait(ink_t *self) {
    if (!self->at_work) return;
    if (!self->finished) work_do(self, ", waited for");
    self->at_work = false;
}

void ink_stop(ink_t **owner) {
    if (*owner == NULL) return;
    free(*owner);
    *owner = NULL;
    sim_now->ledger.ink = NULL;
}
