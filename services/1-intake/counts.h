/* Refusals counted in memory until the next tick writes them down: (unit, code, door), never their text. */
#ifndef INTAKE_COUNTS_H
#define INTAKE_COUNTS_H

#include "proto/crypto.h"
#include "proto/proto.h"

#define UNIT_UNKNOWN UINT32_MAX /* of nobody we know; otherwise a unit is its position in the plan */

typedef struct intake_counts intake_counts_t;

intake_counts_t *intake_counts_new(void);
void intake_counts_destroy(intake_counts_t **self);
/* One more. Beyond LIMIT_COUNTERS distinct ones a refusal is counted without its unit. */
void intake_counts_add(intake_counts_t *self, uint32_t unit, text_t code, door_t door, const uint8_t frame_hash[HASH_SIZE]);
uint32_t intake_counts_size(const intake_counts_t *self);
/* The counter at `index` (0-based, in order of first refusal) without its unit, which comes back in *unit. */
refusals_counted_t intake_counts_at(const intake_counts_t *self, uint32_t index, uint32_t *unit);
void intake_counts_clear(intake_counts_t *self);

#endif
