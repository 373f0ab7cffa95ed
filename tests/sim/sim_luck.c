/* Luck out of a seed, the trace, and how a world ends that breaks an invariant. */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/sim.h"

sim_t *sim_now;

static uint64_t luck_next(uint64_t *state) { /* splitmix64 */
    uint64_t z = *state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

uint64_t sim_draw(sim_t *sim, uint64_t below) { return below == 0 ? 0 : luck_next(&sim->luck) % below; }

bool sim_chance(sim_t *sim, uint32_t per_mille) { return sim_draw(sim, 1000) < per_mille; }

/* --- libsodium's random bytes: keys, ids, salts --- */

static const char *source_name(void) { return "seed"; }
static uint32_t source_random(void) { return (uint32_t)luck_next(&sim_now->crypto_luck); }
static void source_bytes(void *const out, const size_t size) {
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = luck_next(&sim_now->crypto_luck);
        memcpy((uint8_t *)out + at, &word, size - at < 8 ? size - at : 8);
    }
}

void sim_luck_of_crypto(sim_t *sim) {
    static randombytes_implementation source = {
        .implementation_name = source_name, .random = source_random, .buf = source_bytes};
    sim_now = sim;
    randombytes_set_implementation(&source);
    crypto_start(); /* the first one in a process takes random bytes of its own */
    sim->crypto_luck = sim->seed ^ 0x5eedULL;
}

/* --- what is told --- */

void sim_trace(sim_t *sim, const char *format, ...) {
    char line[512];
    va_list args;
    if (!sim->traces) return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    printf("%6llu  %s\n", (unsigned long long)sim->step, line);
}

void sim_fail(const sim_t *sim, const char *invariant, const char *format, ...) {
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    printf("sim: FAILED invariant=%s seed=%llu step=%llu: %s\n", invariant, (unsigned long long)sim->seed,
           (unsigned long long)sim->step, what);
    fflush(stdout);
    _exit(3);
}
