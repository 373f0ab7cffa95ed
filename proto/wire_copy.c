/* A value with all that it points to, copied into memory of the caller: how a value outlives the bytes it was read from. */
#include "proto/wire_straight.h"

size_t wire_room(const message_t *type, const void *value) { return type->room == NULL ? 0 : type->room(value); }

void wire_copy(const message_t *type, const void *value, void *to, void *room) {
    memcpy(to, value, type->size);
    if (type->settle != NULL) type->settle(to, room);
}

size_t room_texts(const text_t *texts, uint32_t count) {
    size_t room = whole_words(sizeof *texts * count);
    for (uint32_t index = 0; index < count; index++) room += whole_words(texts[index].size);
    return room;
}

size_t room_list(const void *first, uint32_t count, size_t size, room_message_t *element) {
    size_t room = whole_words(size * count);
    for (uint32_t index = 0; element != NULL && index < count; index++) room += element((const uint8_t *)first + size * index);
    return room;
}

/* Copies `size` bytes to the room. NULL where there is nothing to copy. */
static inline void *settle(const void *from, size_t size, uint8_t *room) { return size == 0 ? NULL : memcpy(room, from, size); }

uint8_t *settle_text(text_t *text, uint8_t *room) {
    text->at = settle(text->at, text->size, room);
    return room + whole_words(text->size);
}

uint8_t *settle_bytes(bytes_t *bytes, uint8_t *room) {
    bytes->at = settle(bytes->at, bytes->size, room);
    return room + whole_words(bytes->size);
}

uint8_t *settle_texts(const text_t **texts, uint32_t count, uint8_t *room) {
    text_t *copies = settle(*texts, sizeof *copies * count, room);
    *texts = copies;
    room += whole_words(sizeof *copies * count);
    for (uint32_t index = 0; index < count; index++) room = settle_text(&copies[index], room);
    return room;
}

uint8_t *settle_days(const uint32_t **days, uint32_t count, uint8_t *room) {
    *days = settle(*days, sizeof **days * count, room);
    return room + whole_words(sizeof **days * count);
}

uint8_t *settle_list(const void *first, uint32_t count, size_t size, settle_message_t *element, void *out, uint8_t *room) {
    uint8_t *copies = settle(first, size * count, room);
    memcpy(out, &copies, sizeof copies);
    room += whole_words(size * count);
    for (uint32_t index = 0; element != NULL && index < count; index++) room = element(copies + size * index, room);
    return room;
}
