/* Counters of refusals: a small array, since distinct ones are few and bounded. */
#include "services/1-intake/counts.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *code; /* of reasons.def */
    uint32_t unit;
    door_t door;
    uint64_t count;
    uint8_t last_hash[HASH_SIZE];
} counter_t;

/* Codes × doors is the most that counters without a unit can be. */
enum { SPARE = 1024 };

struct intake_counts {
    uint32_t count;
    counter_t counters[LIMIT_COUNTERS + SPARE];
};

intake_counts_t *intake_counts_new(void) {
    intake_counts_t *self = malloc(sizeof *self);
    ASSERT(self != NULL);
    self->count = 0;
    return self;
}

void intake_counts_destroy(intake_counts_t **self) {
    free(*self);
    *self = NULL;
}

static counter_t *counter_find(intake_counts_t *self, uint32_t unit, const char *code, door_t door) {
    for (uint32_t index = 0; index < self->count; index++) {
        counter_t *counter = &self->counters[index];
        if (counter->unit == unit && counter->code == code && counter->door == door) return counter;
    }
    return NULL;
}

void intake_counts_add(intake_counts_t *self, uint32_t unit, text_t code, door_t door, const uint8_t frame_hash[HASH_SIZE]) {
    const reason_text_t *reason = reason_find(code);
    if (reason == NULL) reason = reason_find(REASON_OF(unknown_word));
    counter_t *counter = counter_find(self, unit, reason->code, door);
    if (counter == NULL && self->count >= LIMIT_COUNTERS) {
        unit = UNIT_UNKNOWN;
        counter = counter_find(self, unit, reason->code, door);
    }
    if (counter == NULL) {
        ASSERT(self->count < LIMIT_COUNTERS + SPARE);
        counter = &self->counters[self->count++];
        *counter = (counter_t){.code = reason->code, .unit = unit, .door = door};
    }
    if (counter->count < UINT32_MAX) counter->count++;
    memcpy(counter->last_hash, frame_hash, HASH_SIZE);
}

uint32_t intake_counts_size(const intake_counts_t *self) { return self->count; }

refusals_counted_t intake_counts_at(const intake_counts_t *self, uint32_t index, uint32_t *unit) {
    ASSERT(index < self->count);
    const counter_t *counter = &self->counters[index];
    refusals_counted_t counted = {.code = text_of(counter->code), .count = counter->count, .door = counter->door};
    memcpy(counted.last_hash, counter->last_hash, HASH_SIZE);
    *unit = counter->unit;
    return counted;
}

void intake_counts_clear(intake_counts_t *self) { self->count = 0; }
