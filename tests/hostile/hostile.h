/* A running system, a well-behaved unit that must be served whatever others do, and what the attacks need to know. */
#ifndef HOSTILE_HOSTILE_H
#define HOSTILE_HOSTILE_H

#include <sys/types.h>

#include "services/unit/unit.h"

/* WELL_MS: on a machine that does other things too; on a quiet one it is a few */
enum { WELL_MS = 20000, ACKS_MOST = 200000, HOGS = 8, MEBI = 1 << 20 };

typedef struct {
    uint8_t submission_id[16], content_hash[32];
    uint64_t seq;
    const char *unit;
} ack_t;

typedef struct {
    char bin[4096], home[256], endpoint[64], server_public[UNIT_KEY_TEXT + 1];
    pid_t up;
    int port;       /* a free one: two of these tests may run at once */
    arena_t *arena; /* lives as long as the test */
    /* the well-behaved unit: reports, corrects, asks, in the middle of everything */
    const char *unit;
    unit_link_t *link;
    uint64_t revision;
    /* keys that misbehave; registered all the same */
    const char *hogs[HOGS];
    unit_key_t keys[HOGS];
    ack_t *acks;
    uint32_t ack_count;
    pid_t gateway; /* as last seen */
    uint32_t restarts;
    uint64_t peak_kib; /* largest resident size of the gateway seen so far */
    uint32_t failures;
    int64_t begun_ms;
    uint32_t restarts_told;
} hostile_t;

/* system.c */
void hostile_start(hostile_t *self, const char *bin, const char *plan);
void hostile_finish(hostile_t *self);                     /* drains, stops, opens the ledger and looks for every ack */
int hostile_minning(hostile_t *self, char *const *words); /* one command; its exit code */
pid_t hostile_service(const hostile_t *self, const char *name);
uint64_t hostile_rss_kib(hostile_t *self); /* of the gateway, now; notes the peak and a restart */
uint64_t hostile_health(uint64_t *links, uint64_t *cut, uint64_t *pending); /* uptime in ms; 0: it does not answer */
void hostile_ack(hostile_t *self, const receipt_t *receipt, const char *unit);
report_t hostile_report(arena_t *arena, uint64_t replaces); /* a fresh submission, 22 units may send it */

/* The well-behaved unit sends a report: receipt and verdict within WELL_MS, else a failure is noted. Milliseconds it took. */
int64_t hostile_well(hostile_t *self);
/* Says what was tried and what came of it; `as_wanted` false counts as a failure. */
void hostile_say(hostile_t *self, bool as_wanted, const char *attack, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* attacks; each leaves no connection behind */
void attack_identity(hostile_t *self); /* who does not belong, or says he is somebody else */
void attack_revoked(hostile_t *self);
void attack_replay(hostile_t *self);
void attack_weight(hostile_t *self); /* endless messages, oversize, unread answers, growing lists, garbage */
void attack_crowd(hostile_t *self, uint32_t clients);
void attack_pending(hostile_t *self);

#endif
