/* What plan_parts.h promises. */
#include "proto/plan_parts.h"

#include <string.h>

/* What plan_adopted is larger than the plan that it holds. */
enum { AROUND = 64 };

static bytes_t view_of(const buffer_t *bytes) { return (bytes_t){bytes->at, (uint32_t)bytes->size}; }

err_t plan_parts_make(const plan_t *plan, uint32_t room, plan_parts_t *out, fault_t *fault) {
    *out = (plan_parts_t){0};
    *fault = (fault_t){0};
    err_t err = wire_encode_checked(plan_type(), plan, &out->bytes, fault);
    if (err == OK && out->bytes.size > LIMIT_PLAN) err = ERR_FULL;
    if (err != OK) {
        plan_parts_destroy(out);
        return err;
    }
    if (out->bytes.size + AROUND <= room) {
        buffer_destroy(&out->bytes);
        out->adopted.plan = *plan;
        return OK;
    }
    out->adopted.parts = (out->bytes.size + LIMIT_PLAN_PART - 1) / LIMIT_PLAN_PART;
    hash_of(view_of(&out->bytes), out->adopted.hash);
    return OK;
}

void plan_parts_destroy(plan_parts_t *self) {
    buffer_destroy(&self->bytes);
    *self = (plan_parts_t){0};
}

plan_part_t plan_parts_at(const plan_parts_t *self, uint32_t index) {
    ASSERT(index < self->adopted.parts);
    size_t from = (size_t)index * LIMIT_PLAN_PART, left = self->bytes.size - from;
    plan_part_t part = {.index = index, .bytes = {self->bytes.at + from, LIMIT_PLAN_PART}};
    if (left < LIMIT_PLAN_PART) part.bytes.size = (uint32_t)left;
    memcpy(part.hash, self->adopted.hash, sizeof part.hash);
    return part;
}

err_t plan_adopted_read(const plan_adopted_t *adopted, plan_parts_source_t source, arena_t *arena, plan_t *plan) {
    if (adopted->parts == 0) {
        *plan = adopted->plan;
        return plan->id.size > 0 ? OK : ERR_BAD; /* nothing was adopted */
    }
    if (adopted->plan.id.size > 0) return ERR_BAD; /* both would be two truths */
    uint8_t *bytes = arena_room(arena, (size_t)adopted->parts * LIMIT_PLAN_PART);
    uint32_t size = 0;
    arena_t *passing = arena_new();
    err_t err = OK;
    for (uint32_t index = 0; err == OK && index < adopted->parts; index++) {
        plan_part_t part;
        arena_reset(passing);
        if (!source.get(source.self, adopted->hash, index, passing, &part)) {
            err = ERR_MISSING;
            break;
        }
        if (part.bytes.size != LIMIT_PLAN_PART && index + 1 < adopted->parts) err = ERR_BAD;
        memcpy(bytes + size, part.bytes.at, part.bytes.size);
        size += part.bytes.size;
    }
    arena_destroy(&passing);
    uint8_t hash[HASH_SIZE];
    fault_t fault = {0};
    if (err == OK) hash_of((bytes_t){bytes, size}, hash);
    if (err == OK && memcmp(hash, adopted->hash, sizeof hash) != 0) err = ERR_BAD;
    return err == OK ? wire_decode_shared(plan_type(), (bytes_t){bytes, size}, arena, plan, &fault) : err;
}
