/* Copies by the field tables; texts and lists of ids go through a pool that knows what it has already. */
#include "services/plan/plan_copy.h"

#include <stdlib.h>
#include <string.h>

/* What was copied already, by its bytes; open addressing. A text, or a list of texts that are copied themselves. */
typedef struct {
    const void *at;
    uint32_t size; /* bytes */
} pooled_t;

typedef struct {
    arena_t *arena;
    pooled_t *slots;
    size_t room; /* a power of two */
    size_t count;
} pool_t;

static uint64_t bytes_mix(const void *at, size_t size) {
    const uint8_t *bytes = at;
    uint64_t mix = 0xcbf29ce484222325ULL ^ size;
    for (; size >= 8; bytes += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        mix = (mix ^ word) * 0x9e3779b97f4a7c15ULL;
        mix ^= mix >> 29;
    }
    for (size_t index = 0; index < size; index++) mix = (mix ^ bytes[index]) * 0x100000001b3ULL;
    return mix ^ mix >> 32;
}

static pooled_t *slot_of(pool_t *self, const void *at, uint32_t size) {
    size_t place = bytes_mix(at, size) & (self->room - 1);
    while (self->slots[place].at != NULL &&
           (self->slots[place].size != size || memcmp(self->slots[place].at, at, size) != 0))
        place = (place + 1) & (self->room - 1);
    return &self->slots[place];
}

static void pool_grow(pool_t *self) {
    pooled_t *old = self->slots;
    size_t room = self->room;
    self->room = room == 0 ? 1024 : room * 2;
    self->slots = calloc(self->room, sizeof *self->slots);
    ASSERT(self->slots != NULL);
    for (size_t index = 0; index < room; index++)
        if (old[index].at != NULL) *slot_of(self, old[index].at, old[index].size) = old[index];
    free(old);
}

static const void *pooled(pool_t *self, const void *at, uint32_t size) {
    if (size == 0) return NULL;
    if (self->count * 2 >= self->room) pool_grow(self);
    pooled_t *slot = slot_of(self, at, size);
    if (slot->at == NULL) {
        void *copy = arena_room(self->arena, size);
        memcpy(copy, at, size);
        *slot = (pooled_t){copy, size};
        self->count++;
    }
    return slot->at;
}

static void text_copy(pool_t *self, text_t *text) {
    text->at = pooled(self, text->at, text->size);
    if (text->size == 0) *text = (text_t){NULL, 0};
}

/* Equal texts have equal addresses by now, so equal lists have equal bytes. */
static const void *texts_copy(pool_t *self, const text_t *texts, uint32_t count, arena_t *passing) {
    arena_reset(passing);
    text_t *copied = ARENA_NEW(passing, text_t, count + 1);
    for (uint32_t index = 0; index < count; index++) {
        copied[index].size = texts[index].size; /* field by field: what lies between them stays zero, and lists compare */
        copied[index].at = pooled(self, texts[index].at, texts[index].size);
    }
    return pooled(self, copied, (uint32_t)(count * sizeof *copied));
}

static void message_copy(pool_t *self, const message_t *type, const void *from, void *to, arena_t *passing);

static const void *list_copy(pool_t *self, const message_t *type, const uint8_t *from, uint32_t count, arena_t *passing) {
    uint8_t *to = arena_take(self->arena, type->size * ((size_t)count + 1));
    for (uint32_t index = 0; index < count; index++)
        message_copy(self, type, from + type->size * index, to + type->size * index, passing);
    return to;
}

static void field_copy(pool_t *self, const field_t *field, const uint8_t *from, uint8_t *to, arena_t *passing) {
    const void *list = NULL;
    uint32_t count = 0;
    bool many = field->shape == FIELD_LIST || field->shape == FIELD_SLUGS || field->shape == FIELD_TEXTS ||
                field->shape == FIELD_DAYS;
    if (many) {
        memcpy(&list, from + field->offset, sizeof list);
        memcpy(&count, from + field->count_offset, sizeof count);
    }
    if (field->shape == FIELD_SLUG || field->shape == FIELD_TEXT)
        text_copy(self, (text_t *)(void *)(to + field->offset));
    else if (field->shape == FIELD_OBJECT)
        message_copy(self, field->sub(), from + field->offset, to + field->offset, passing);
    else if (field->shape == FIELD_LIST)
        list = count == 0 ? NULL : list_copy(self, field->sub(), list, count, passing);
    else if (field->shape == FIELD_DAYS)
        list = pooled(self, list, (uint32_t)(count * sizeof(uint32_t)));
    else if (many)
        list = count == 0 ? NULL : texts_copy(self, list, count, passing);
    else
        ASSERT(field->shape != FIELD_BYTES); /* a plan has none */
    if (many) memcpy(to + field->offset, &list, sizeof list);
}

static void message_copy(pool_t *self, const message_t *type, const void *from, void *to, arena_t *passing) {
    memcpy(to, from, type->size);
    for (size_t index = 0; index < type->field_count; index++) field_copy(self, &type->fields[index], from, to, passing);
}

void plan_copy(const plan_t *plan, arena_t *arena, plan_t *out) {
    pool_t pool = {.arena = arena};
    arena_t *passing = arena_new();
    message_copy(&pool, plan_type(), plan, out, passing);
    arena_destroy(&passing);
    free(pool.slots);
}
