/* Keys of the store: parts put one behind the other so that bytewise order is the order of the parts. */
#include "services/stage/store.h"

#include <endian.h>
#include <string.h>

store_key_t key_new(void) {
    store_key_t key;
    key.size = 0;
    return key;
}

void key_add_bytes(store_key_t *self, const uint8_t *bytes, size_t size) {
    ASSERT(size <= sizeof self->bytes - self->size);
    if (size > 0) memcpy(self->bytes + self->size, bytes, size);
    self->size += (uint32_t)size;
}

void key_add_text(store_key_t *self, text_t text) {
    ASSERT(text.size < sizeof self->bytes - self->size);
    if (text.size > 0) memcpy(self->bytes + self->size, text.at, text.size);
    self->bytes[self->size + text.size] = 0;
    self->size += text.size + 1;
}

void key_add_u64(store_key_t *self, uint64_t number) {
    uint64_t big = htobe64(number);
    key_add_bytes(self, (const uint8_t *)&big, sizeof big);
}

text_t key_next_text(bytes_t key, uint32_t *at) {
    uint32_t begin = *at < key.size ? *at : key.size;
    uint32_t end = begin;
    while (end < key.size && key.at[end] != 0) end++;
    *at = end < key.size ? end + 1 : end;
    return (text_t){(const char *)key.at + begin, end - begin};
}

uint64_t key_next_u64(bytes_t key, uint32_t *at) {
    uint64_t number = 0;
    if (*at <= key.size && key.size - *at >= sizeof number) {
        memcpy(&number, key.at + *at, sizeof number);
        *at += (uint32_t)sizeof number;
        return be64toh(number);
    }
    for (uint32_t end = *at + 8; *at < end && *at < key.size; ++*at) number = number << 8 | key.at[*at];
    return number;
}
