/* What the attacks do over a raw connection that a unit does over libzmq: send a report, read what is said. */
#ifndef HOSTILE_RAW_H
#define HOSTILE_RAW_H

#include "tests/hostile/hostile.h"
#include "tests/hostile/zmtp.h"

enum { RAW_ROOM = 1 << 20 };

/* The first answer of one of these kinds, or any if `kind` is 0; its packet views `room`. Returns its kind; 0: none came. */
uint32_t raw_answer(zmtp_t *link, uint32_t kind, uint8_t *room, packet_t *packet, int64_t timeout_ms);
/* The code of a refusal's first reason, or "". */
const char *raw_refusal_code(const packet_t *packet, arena_t *arena);
/* Sends a report and waits for its receipt, which is noted as `unit`'s. Returns the kind of the answer; 0: none. */
uint32_t raw_report(hostile_t *self, zmtp_t *link, const char *unit);
/* Connected and through the handshake as a registered unit. */
bool raw_enter(hostile_t *self, uint32_t hog, zmtp_t *link);

#endif
