/* The registry in memory: which unit's keys are in force as of the last entry appended. Units are positions in the plan. */
#ifndef INTAKE_REGISTRY_H
#define INTAKE_REGISTRY_H

#include "proto/base.h"

typedef struct intake_keys intake_keys_t;

intake_keys_t *intake_keys_new(uint32_t unit_count);
void intake_keys_destroy(intake_keys_t **self);
bool intake_keys_full(const intake_keys_t *self);                      /* LIMIT_KEYS */
uint64_t intake_keys_newest(const intake_keys_t *self, uint32_t unit); /* generation; 0: none yet */
bool intake_keys_in_force(const intake_keys_t *self, uint32_t unit, uint64_t generation);
bool intake_keys_holder(const intake_keys_t *self, const uint8_t key[32], uint32_t *unit); /* revoked keys count too */
void intake_keys_add(intake_keys_t *self, uint32_t unit, const uint8_t key[32], uint64_t generation, bool revoked);
void intake_keys_revoke(intake_keys_t *self, uint32_t unit, uint64_t generation);

#endif
