/* The publisher's two files beside its store: how far Redis was told, and what. Lost, copied, put back. */
#include <unistd.h>

#include "tests/sim/sim.h"

static const char *const names[] = {"published", "published.told"}, *const copies[] = {"published.copy", "published.told.copy"};
static const char older[] = "published.older";
enum { FILES = sizeof names / sizeof names[0] };

static void older_drop(const sim_t *sim) {
    char path[SIM_PATH];
    sim_path_of(sim, older, path);
    unlink(path);
}

void sim_published_clear(const sim_t *sim) {
    char path[SIM_PATH];
    for (size_t file = 0; file < FILES; file++) {
        sim_path_of(sim, names[file], path);
        unlink(path);
        sim_path_of(sim, copies[file], path);
        unlink(path);
    }
    older_drop(sim);
}

/* As if it could not be written for a while: the place that is remembered put back, or the one at hand remembered. */
bool sim_published_lag(const sim_t *sim, bool back) {
    char place[SIM_PATH], kept[SIM_PATH];
    sim_path_of(sim, names[0], place);
    sim_path_of(sim, older, kept);
    return back ? sim_copy_file(kept, place) : sim_copy_file(place, kept);
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
    older_drop(sim); /* it was a place of that file */
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
    older_drop(sim);
    for (size_t file = 0; file < FILES; file++) {
        sim_path_of(sim, copies[file], from);
        sim_path_of(sim, names[file], to);
        if (!sim_copy_file(from, to)) unlink(to);
    }
    unheard_from(sim, sim->redis.backed_up);
}
