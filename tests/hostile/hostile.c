/* Hostile clients at the door of a running system: what they try, what comes of it, and that nobody else loses anything.
 * usage: hostile BIN_FOLDER PLAN [CLIENTS [ATTACK]] */
#include "tests/hostile/hostile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/crypto.h"
#include "services/stage/clock.h"
#include "services/stage/link.h"

static void run_crowd(hostile_t *system, uint32_t clients) { attack_crowd(system, clients); }
static void run_identity(hostile_t *system, uint32_t clients) { (void)clients, attack_identity(system); }
static void run_replay(hostile_t *system, uint32_t clients) { (void)clients, attack_replay(system); }
static void run_weight(hostile_t *system, uint32_t clients) { (void)clients, attack_weight(system); }
static void run_pending(hostile_t *system, uint32_t clients) { (void)clients, attack_pending(system); }
static void run_revoked(hostile_t *system, uint32_t clients) { (void)clients, attack_revoked(system); }

static const struct {
    const char *name;
    void (*run)(hostile_t *system, uint32_t clients);
} attacks[] = {{"identity", run_identity}, {"replay", run_replay},   {"weight", run_weight},
               {"crowd", run_crowd},       {"pending", run_pending}, {"revoked", run_revoked}};

int main(int argc, char **argv) {
    if (argc < 3) return fprintf(stderr, "usage: hostile BIN_FOLDER PLAN [CLIENTS [ATTACK]]\n"), 64;
    static hostile_t system;
    uint32_t clients = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 2000;
    setvbuf(stdout, NULL, _IOLBF, 0);
    crypto_start();
    link_start();
    int64_t begun_ms = clock_steady_ms();
    hostile_start(&system, argv[1], argv[2]);
    printf("hostile: %u clients at most at once; the gateway begins with %" PRIu64 " MiB\n", clients,
           hostile_rss_kib(&system) / 1024);
    hostile_well(&system);
    const char *only = argc > 4 ? argv[4] : "all";
    for (size_t index = 0; index < sizeof attacks / sizeof attacks[0]; index++)
        if (strcmp(only, "all") == 0 || strcmp(only, attacks[index].name) == 0) attacks[index].run(&system, clients);
    uint64_t peak = system.peak_kib, left = hostile_rss_kib(&system);
    hostile_finish(&system);
    printf("  the gateway held at most %" PRIu64 " MiB, %" PRIu64 " at the end; it was restarted %u times; %" PRId64
           " s in all\n",
           peak / 1024, left / 1024, system.restarts, (clock_steady_ms() - begun_ms) / 1000);
    printf("hostile: %s\n", system.failures == 0 ? "1 passed, 0 failed" : "0 passed, 1 failed");
    return system.failures == 0 ? 0 : 1;
}
