/* The publisher's two files beside its store: how far Redis was told, and what. Lost, copied, put back. */
#include <unistd.h>

#include "tests/sim/sim.h"

static const char *const names[] = {"published", "published.told"}, *const copies[] = {"published.copy", "published.told.copy"};
enum { FILES = sizeof names / sizeof names[0] };

void sim_published_clear(const sim_t *sim) {
    char path[SIM_PATH];
    for (size_t file = 0; file < FILES; file++) {
        sim_path_of(sim, names[file], path);
        unlink(path);
        sim_path_of(sim, copies[file], path);
        unlink(path);
    }
}

/* What rang since may ring again, once Redis has lost it too. */
static void unheard_from(sim_t *sim, uint32_t ring) {
    for (uint32_t index = ring; index < sim->redis.ring_count; index++) sim->redis.rings[index].unheard = true;
}

void sim_published_forget(sim_t *sim, bool told) {
    char path[SIM_PATH];
    sim_path_of(sim, names[0], path);
    unlink(path);
    if (!told) return;
    sim_path_of(sim, names[1], path);
    unlink(path);
    unheard_from(sim, 0);
}

void sim_published_backup(sim_t *sim) {
    char from[SIM_PATH], to[SIM_PATH];
    for (size_t file = 0; file < FILES; file++) {
        sim_path_of(sim, names[file], from);
        sim_path_of(sim, copies[file], to);
        if (!sim_copy_file(from, to)) unlink(to);
    }
    sim->redis.backed_up = sim->redis.ring_count;
}

void sim_published_restore(sim_t *sim) {
    char from[SIM_PATH], to[SIM_PATH];
    for (size_t file = 0; file < FILES; file++) {
        sim_path_of(sim, copies[file], from);
        sim_path_of(sim, names[file], to);
        if (!sim_copy_file(from, to)) unlink(to);
    }
    unheard_from(sim, sim->redis.backed_up);
}
