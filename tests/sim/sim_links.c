/* Links: frames on their way between actors; luck decides which one arrives next, twice, late or never. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

enum { FAULT_LINKS = 1 };

void sim_send(sim_t *sim, uint32_t from, uint32_t to, bytes_t frame) {
    if (!sim->calm && (sim->faults & FAULT_LINKS) != 0 && sim_chance(sim, 60)) {
        sim_trace(sim, "link %u->%u drops %u bytes", from, to, frame.size);
        return;
    }
    if (sim->letter_count == SIM_LETTERS) return; /* a full link loses what comes */
    sim_letter_t *letter = &sim->letters[sim->letter_count++];
    *letter = (sim_letter_t){.bytes = malloc(frame.size), .size = frame.size, .from = from, .to = to};
    ASSERT(letter->bytes != NULL);
    memcpy(letter->bytes, frame.at, frame.size);
}

static void letter_remove(sim_t *sim, uint32_t index) {
    free(sim->letters[index].bytes);
    memmove(&sim->letters[index], &sim->letters[index + 1], sizeof sim->letters[0] * (sim->letter_count - index - 1));
    sim->letter_count--;
}

bool sim_deliver(sim_t *sim, uint32_t index) {
    sim_letter_t letter = sim->letters[index];
    bytes_t frame = {letter.bytes, letter.size};
    bool taken = true;
    /* the addressee may send: letters are only added behind, this one stays in its place */
    if (letter.to == ACTOR_INTAKE)
        taken = sim_ledger_take(sim, letter.from, frame);
    else if (letter.to == ACTOR_OUTSIDE)
        sim_outside_take(sim, frame);
    else if (letter.to < ACTOR_OUTSIDE)
        taken = sim_fold_take(sim, letter.to, letter.from, frame);
    else
        sim_door_take(sim, letter.from, frame);
    if (!taken) return false;
    bool again = !sim->calm && (sim->faults & FAULT_LINKS) != 0 && sim_chance(sim, 60);
    if (!again) letter_remove(sim, index);
    return true;
}

void sim_letters_clear(sim_t *sim) {
    while (sim->letter_count > 0) letter_remove(sim, sim->letter_count - 1);
}
