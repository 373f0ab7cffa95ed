/* Very many at once: those who connect and say nothing, those who say it very slowly, those who all come back together, and
 * more of them than the door has descriptors. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "services/stage/clock.h"
#include "services/stage/link.h"
#include "tests/hostile/raw.h"

enum { SLOW = 50, FEW_DESCRIPTORS = 256, FILL_MS = 8000, NEWCOMER_MS = 4000 };

/* As many as the kernel lets us have, up to `wanted`. */
static uint32_t descriptors_for(uint32_t wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur > wanted + 200 ? wanted : (uint32_t)limit.rlim_cur - 200;
}

static uint32_t count_ended(zmtp_t *links, uint32_t count) {
    uint32_t ended = 0;
    for (uint32_t index = 0; index < count; index++) ended += links[index].descriptor >= 0 && zmtp_ended(&links[index], 0);
    return ended;
}

static void close_all(zmtp_t *links, uint32_t count) {
    for (uint32_t index = 0; index < count; index++) zmtp_quiet(&links[index]);
}

/* One after the other says a byte of its greeting each 100 ms; beside them the silent ones. Nobody is let stay. */
static void half_open(hostile_t *self, zmtp_t *links, uint32_t count) {
    static const uint8_t greeting[64] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1, 'C', 'U', 'R', 'V', 'E'};
    uint32_t open = 0;
    for (uint32_t index = 0; index < count; index++) open += zmtp_connect(&links[index], self->port);
    int64_t well_ms = hostile_well(self), begun_ms = clock_steady_ms();
    uint32_t ended = 0;
    for (uint32_t step = 0; step < 200 && ended < open; step++) {
        for (uint32_t slow = 0; slow < SLOW && slow < count; slow++) zmtp_write(&links[slow], &greeting[step % 64], 1);
        link_wait(NULL, 0, 100);
        if (step >= 45 && step % 5 == 0) ended = count_ended(links, count);
    }
    int64_t took_ms = clock_steady_ms() - begun_ms;
    close_all(links, count);
    hostile_say(self, ended == open && open > count / 2, "half open, slow",
                "%u connections (%d of them slow), a report meanwhile in %lld ms; %u ended within %lld ms", open, SLOW,
                (long long)well_ms, ended, (long long)took_ms);
}

static uint32_t enter_all(hostile_t *self, zmtp_t *links, uint32_t count, uint32_t hogs) {
    uint32_t entered = 0;
    for (uint32_t index = 0; index < count; index++) {
        bool in = raw_enter(self, index % hogs, &links[index]);
        if (!in) links[index].descriptor = -1;
        entered += in;
    }
    return entered;
}

static void all_come_back(hostile_t *self, zmtp_t *links, uint32_t count) {
    uint64_t links_now = 0, cut = 0, pending = 0;
    int64_t begun_ms = clock_steady_ms();
    uint32_t first = enter_all(self, links, count, HOGS - 1);
    int64_t first_ms = clock_steady_ms() - begun_ms;
    hostile_health(&links_now, &cut, &pending);
    int64_t well_ms = hostile_well(self);
    close_all(links, count);
    begun_ms = clock_steady_ms();
    uint32_t again = enter_all(self, links, count, HOGS - 1);
    int64_t again_ms = clock_steady_ms() - begun_ms;
    uint64_t rss = hostile_rss_kib(self);
    close_all(links, count);
    hostile_say(
        self, first == count && again == count, "all come back",
        "%u handshakes in %lld ms (%llu links seen, a report meanwhile in %lld ms), dropped, %u again in %lld ms; %llu MiB",
        first, (long long)first_ms, (unsigned long long)links_now, (long long)well_ms, again, (long long)again_ms,
        (unsigned long long)rss / 1024);
}

/* A unit that was not connected before is let in and served. */
static bool newcomer_served(hostile_t *self, int64_t *took_ms) {
    unit_link_t *link = NULL;
    arena_t *arena = arena_new();
    unit_outcome_t outcome = {0};
    report_t report = hostile_report(arena, 0);
    int64_t begun_ms = clock_steady_ms();
    if (unit_open(self->endpoint, self->server_public, &self->keys[1], &link) == OK)
        unit_report(link, &report, clock_wall_ms(), 15000, arena, &outcome);
    if (outcome.received) hostile_ack(self, &outcome.receipt, self->hogs[1]);
    *took_ms = clock_steady_ms() - begun_ms;
    if (link != NULL) unit_close(&link);
    arena_destroy(&arena);
    return outcome.judged;
}

/* The gateway is left with few descriptors, and more connections come than it has. */
static void no_descriptors(hostile_t *self, zmtp_t *links, bool strangers) {
    struct rlimit few = {FEW_DESCRIPTORS, FEW_DESCRIPTORS}, before;
    enum { COUNT = FEW_DESCRIPTORS + 150 };
    uint32_t entered = 0;
    int64_t newcomer_ms = 0;
    uint64_t links_now = 0, cut = 0, pending = 0;
    pid_t gateway = hostile_service(self, "gateway");
    if (prlimit(gateway, RLIMIT_NOFILE, NULL, &before) != 0) return;
    few.rlim_max = before.rlim_max;
    prlimit(gateway, RLIMIT_NOFILE, &few, NULL);
    int64_t begun_ms = clock_steady_ms();
    for (uint32_t index = 0; index < COUNT; index++) {
        links[index].descriptor = -1;
        if (clock_steady_ms() - begun_ms > FILL_MS) continue;
        bool in = strangers ? zmtp_connect(&links[index], self->port) : raw_enter(self, 0, &links[index]);
        if (!in) links[index].descriptor = -1;
        entered += in;
    }
    int64_t well_ms = hostile_well(self); /* who was connected is served on */
    bool served = newcomer_served(self, &newcomer_ms);
    bool told = hostile_health(&links_now, &cut, &pending) > 0;
    close_all(links, COUNT);
    prlimit(hostile_service(self, "gateway"), RLIMIT_NOFILE, &before, NULL);
    hostile_say(
        self, served, strangers ? "no descriptors: strangers" : "no descriptors: units",
        "%d descriptors, %u connections; a report meanwhile in %lld ms, a newcomer served=%d in %lld ms, %llu cut so far%s",
        FEW_DESCRIPTORS, entered, (long long)well_ms, served, (long long)newcomer_ms, (unsigned long long)cut,
        told ? "" : " (its health cannot be asked)");
}

void attack_crowd(hostile_t *self, uint32_t clients) {
    uint32_t count = descriptors_for(clients < 500 ? 500 : clients);
    zmtp_t *links = calloc(count, sizeof *links);
    all_come_back(self, links, count);
    no_descriptors(self, links, false);
    no_descriptors(self, links, true);
    half_open(self, links, count);
    free(links);
}
