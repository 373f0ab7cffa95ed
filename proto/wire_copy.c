/* A value with all that it points to, copied into memory of the caller: how a value outlives the bytes it was read from. */
#include "proto/wire.h"

#include <string.h>

#define AT(value, offset, type) (*(type const *)(const void *)((const uint8_t *)(value) + (offset)))

/* Everything begins at a multiple of eight, for lists hold numbers and pointers. */
static size_t whole_words(size_t size) { return (size + 7) & ~(size_t)7; }

static bool is_flat(const message_t *type) {
    for (size_t index = 0; index < type->field_count; index++) {
        const field_t *field = &type->fields[index];
        if (field->shape == FIELD_OBJECT ? !is_flat(field->sub()) : field->shape > FIELD_WORD && field->shape != FIELD_FIXED)
            return false;
    }
    return true;
}

static size_t element_size(const field_t *field) {
    if (field->shape == FIELD_LIST) return field->sub()->size;
    return field->shape == FIELD_DAYS ? sizeof(uint32_t) : sizeof(text_t);
}

static size_t list_room(const field_t *field, const void *value) {
    uint32_t count = AT(value, field->count_offset, uint32_t);
    const uint8_t *first = AT(value, field->offset, const uint8_t *);
    size_t size = element_size(field), room = whole_words(size * count);
    bool texts = field->shape == FIELD_SLUGS || field->shape == FIELD_TEXTS;
    if (!texts && (field->shape == FIELD_DAYS || is_flat(field->sub()))) return room;
    for (uint32_t index = 0; index < count; index++)
        room += texts ? whole_words(AT(first, size * index, text_t).size) : wire_room(field->sub(), first + size * index);
    return room;
}

static size_t field_room(const field_t *field, const void *value) {
    switch (field->shape) {
    case FIELD_U64:
    case FIELD_MAYBE:
    case FIELD_BOOL:
    case FIELD_DAY:
    case FIELD_WORD:
    case FIELD_FIXED: return 0;
    case FIELD_SLUG:
    case FIELD_TEXT: return whole_words(AT(value, field->offset, text_t).size);
    case FIELD_BYTES: return whole_words(AT(value, field->offset, bytes_t).size);
    case FIELD_OBJECT: return wire_room(field->sub(), (const uint8_t *)value + field->offset);
    case FIELD_SLUGS:
    case FIELD_TEXTS:
    case FIELD_DAYS:
    case FIELD_LIST: return list_room(field, value);
    }
    return 0;
}

size_t wire_room(const message_t *type, const void *value) {
    size_t room = 0;
    for (size_t index = 0; index < type->field_count; index++) room += field_room(&type->fields[index], value);
    return room;
}

/* Copies `size` bytes to the room, which moves on. NULL where there is nothing to copy. */
static void *settle(uint8_t **room, const void *from, size_t size) {
    if (size == 0) return NULL;
    void *copy = memcpy(*room, from, size);
    *room += whole_words(size);
    return copy;
}

/* `value` is a copy already, but still points to what the first one points to. */
static void settle_message(const message_t *type, uint8_t *value, uint8_t **room);

static void settle_text(text_t *text, uint8_t **room) { text->at = settle(room, text->at, text->size); }

static void settle_list(const field_t *field, uint8_t *value, uint8_t **room) {
    uint32_t count = AT(value, field->count_offset, uint32_t);
    size_t size = element_size(field);
    uint8_t *first = settle(room, AT(value, field->offset, const uint8_t *), size * count);
    memcpy(value + field->offset, &first, sizeof first);
    bool texts = field->shape == FIELD_SLUGS || field->shape == FIELD_TEXTS;
    if (!texts && (field->shape == FIELD_DAYS || is_flat(field->sub()))) return;
    for (uint32_t index = 0; index < count; index++)
        if (texts) settle_text((text_t *)(void *)(first + size * index), room);
        else settle_message(field->sub(), first + size * index, room);
}

static void settle_field(const field_t *field, uint8_t *value, uint8_t **room) {
    void *at = value + field->offset;
    switch (field->shape) {
    case FIELD_U64:
    case FIELD_MAYBE:
    case FIELD_BOOL:
    case FIELD_DAY:
    case FIELD_WORD:
    case FIELD_FIXED: return;
    case FIELD_SLUG:
    case FIELD_TEXT: settle_text(at, room); return;
    case FIELD_BYTES: ((bytes_t *)at)->at = settle(room, ((bytes_t *)at)->at, ((bytes_t *)at)->size); return;
    case FIELD_OBJECT: settle_message(field->sub(), at, room); return;
    case FIELD_SLUGS:
    case FIELD_TEXTS:
    case FIELD_DAYS:
    case FIELD_LIST: settle_list(field, value, room); return;
    }
}

static void settle_message(const message_t *type, uint8_t *value, uint8_t **room) {
    for (size_t index = 0; index < type->field_count; index++) settle_field(&type->fields[index], value, room);
}

void wire_copy(const message_t *type, const void *value, void *to, void *room) {
    uint8_t *next = room;
    memcpy(to, value, type->size);
    settle_message(type, to, &next);
}
