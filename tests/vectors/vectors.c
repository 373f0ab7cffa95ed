/* Prints one line per message and variant: name, variant, bytes in hex, and the value as JSON, walked without the encoder. */
#include "proto/crypto.h"
#include "proto/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Two variants of every message: `least` fills what is required with the smallest value, `full` fills every field with a large
 * one. Both are functions of the field table alone, so that a new message has its vectors without a line of test code. */
typedef enum { LEAST, FULL } variant_t;

static void fill(const message_t *type, variant_t variant, arena_t *arena, uint8_t *value);

static text_t some_text(const field_t *field, variant_t variant, arena_t *arena) {
    bool slug = field->shape == FIELD_SLUG || field->shape == FIELD_SLUGS;
    bool list = field->shape == FIELD_SLUGS || field->shape == FIELD_TEXTS;
    uint64_t high = field->shape == FIELD_SLUGS ? LIMIT_ID : field->shape == FIELD_TEXTS ? field->low : field->high;
    uint64_t low = list ? 1 : field->low;
    uint64_t size = variant == LEAST ? (low > 0 ? low : 1) : (high < 40 ? high : 40);
    if (slug) return arena_format(arena, "%.*s", (int)size, "id-7.example_of_an_identifier_of_full_len");
    text_t text = arena_format(arena, "%.*s", (int)(size - size % 3), "隆德县十二月进展情况说明材料");
    return text.size >= low && text.size > 0 ? text : arena_format(arena, "%.*s", (int)size, "ab");
}

static bool is_required(const field_t *field) {
    switch (field->shape) {
    case FIELD_MAYBE:
    case FIELD_BOOL:
    case FIELD_TEXTS:
    case FIELD_DAYS: return false;
    case FIELD_DAY:
    case FIELD_WORD:
    case FIELD_FIXED:
    case FIELD_OBJECT: return field->low == REQUIRED;
    case FIELD_U64:
    case FIELD_SLUG:
    case FIELD_TEXT:
    case FIELD_BYTES:
    case FIELD_SLUGS:
    case FIELD_LIST: return field->low > 0;
    }
    return false;
}

static void fill_list(const field_t *field, variant_t variant, arena_t *arena, uint8_t *value) {
    uint32_t count = variant == LEAST ? 1 : field->high < 3 ? (uint32_t)field->high : 3;
    size_t size = field->shape == FIELD_LIST   ? field->sub()->size
                  : field->shape == FIELD_DAYS ? sizeof(uint32_t)
                                               : sizeof(text_t);
    uint8_t *first = arena_take(arena, size * count);
    for (uint32_t index = 0; index < count; index++) {
        uint8_t *element = first + size * index;
        if (field->shape == FIELD_LIST)
            fill(field->sub(), variant, arena, element);
        else if (field->shape == FIELD_DAYS)
            *(uint32_t *)(void *)element = 20210831 + index * 100 - (index > 0);
        else
            *(text_t *)(void *)element = some_text(field, variant, arena);
    }
    memcpy(value + field->offset, &first, sizeof first);
    memcpy(value + field->count_offset, &count, sizeof count);
}

static void fill_field(const field_t *field, variant_t variant, arena_t *arena, uint8_t *value) {
    void *at = value + field->offset;
    switch (field->shape) {
    case FIELD_U64: *(uint64_t *)at = variant == FULL ? field->high : field->low; break;
    case FIELD_MAYBE: *(maybe_t *)at = (maybe_t){true, (int64_t)field->high}; break;
    case FIELD_BOOL: *(bool *)at = true; break;
    case FIELD_DAY: *(uint32_t *)at = variant == FULL ? 20240229 : 20210825; break;
    case FIELD_WORD: *(uint32_t *)at = field->words[1].number; break;
    case FIELD_SLUG:
    case FIELD_TEXT: *(text_t *)at = some_text(field, variant, arena); break;
    case FIELD_BYTES: *(bytes_t *)at = (bytes_t){(const uint8_t *)"\xff\x00\x81", field->high < 3 ? 1 : 3}; break;
    case FIELD_FIXED:
        for (size_t index = 0; index < field->high; index++) ((uint8_t *)at)[index] = (uint8_t)(0xa0 + index);
        break;
    case FIELD_OBJECT: fill(field->sub(), variant, arena, at); break;
    case FIELD_SLUGS:
    case FIELD_TEXTS:
    case FIELD_DAYS:
    case FIELD_LIST: fill_list(field, variant, arena, value); break;
    }
}

static void fill(const message_t *type, variant_t variant, arena_t *arena, uint8_t *value) {
    for (size_t index = 0; index < type->field_count; index++)
        if (variant == FULL || is_required(&type->fields[index])) fill_field(&type->fields[index], variant, arena, value);
}

static bool holds_something(const message_t *type, const uint8_t *value) {
    for (size_t index = 0; index < type->size; index++)
        if (value[index] != 0) return true;
    return false;
}

static void tell(const message_t *type, const uint8_t *value);

static void tell_bytes(const uint8_t *at, size_t size) {
    printf("\"hex:");
    for (size_t index = 0; index < size; index++) printf("%02x", at[index]);
    printf("\"");
}

static void tell_list(const field_t *field, const uint8_t *value) {
    const uint8_t *first;
    uint32_t count;
    memcpy(&first, value + field->offset, sizeof first);
    memcpy(&count, value + field->count_offset, sizeof count);
    printf("[");
    for (uint32_t index = 0; index < count; index++) {
        if (index > 0) printf(",");
        if (field->shape == FIELD_LIST)
            tell(field->sub(), first + field->sub()->size * index);
        else if (field->shape == FIELD_DAYS)
            printf("%" PRIu32, ((const uint32_t *)(const void *)first)[index]);
        else
            printf("\"" TEXT_FORMAT "\"", TEXT_ARGS(((const text_t *)(const void *)first)[index]));
    }
    printf("]");
}

static void tell_field(const field_t *field, const uint8_t *value) {
    const void *at = value + field->offset;
    switch (field->shape) {
    case FIELD_U64: printf("%" PRIu64, *(const uint64_t *)at); break;
    case FIELD_MAYBE: printf("%" PRId64, ((const maybe_t *)at)->value); break;
    case FIELD_BOOL: printf("true"); break;
    case FIELD_DAY:
    case FIELD_WORD: printf("%" PRIu32, *(const uint32_t *)at); break;
    case FIELD_SLUG:
    case FIELD_TEXT: printf("\"" TEXT_FORMAT "\"", TEXT_ARGS(*(const text_t *)at)); break;
    case FIELD_BYTES: tell_bytes(((const bytes_t *)at)->at, ((const bytes_t *)at)->size); break;
    case FIELD_FIXED: tell_bytes(at, field->high); break;
    case FIELD_OBJECT: tell(field->sub(), at); break;
    case FIELD_SLUGS:
    case FIELD_TEXTS:
    case FIELD_DAYS:
    case FIELD_LIST: tell_list(field, value); break;
    }
}

static bool is_told(const field_t *field, const uint8_t *value) {
    size_t size = 1;
    switch (field->shape) {
    case FIELD_U64: return *(const uint64_t *)(const void *)(value + field->offset) != 0;
    case FIELD_MAYBE: size = sizeof(bool); break;
    case FIELD_BOOL: size = sizeof(bool); break;
    case FIELD_DAY:
    case FIELD_WORD: size = sizeof(uint32_t); break;
    case FIELD_SLUG:
    case FIELD_TEXT:
    case FIELD_BYTES: return ((const text_t *)(const void *)(value + field->offset))->size > 0;
    case FIELD_FIXED: size = field->high; break;
    case FIELD_OBJECT: return holds_something(field->sub(), value + field->offset);
    case FIELD_SLUGS:
    case FIELD_TEXTS:
    case FIELD_DAYS:
    case FIELD_LIST: return *(const uint32_t *)(const void *)(value + field->count_offset) > 0;
    }
    return !bytes_are_zero(value + field->offset, size);
}

static void tell(const message_t *type, const uint8_t *value) {
    bool first = true;
    printf("{");
    for (size_t index = 0; index < type->field_count; index++) {
        const field_t *field = &type->fields[index];
        if (!is_told(field, value)) continue;
        printf("%s\"%" PRIu32 "\":", first ? "" : ",", field->tag);
        tell_field(field, value);
        first = false;
    }
    printf("}");
}

static int one(const message_t *type, variant_t variant) {
    arena_t *arena = arena_new();
    buffer_t bytes = {0}, again = {0};
    fault_t fault = {0};
    uint8_t *value = arena_take(arena, type->size), *back = arena_take(arena, type->size);
    fill(type, variant, arena, value);
    wire_encode(type, value, &bytes);
    bytes_t view = {bytes.at, (uint32_t)bytes.size};
    err_t err = wire_scan(view, &fault);
    if (err == OK) err = wire_decode(type, view, arena, back, &fault);
    if (err == OK) wire_encode(type, back, &again);
    bool same = err == OK && again.size == bytes.size && memcmp(again.at, bytes.at, bytes.size) == 0;
    if (!same) fprintf(stderr, "%s: %s at %s\n", type->name, fault.code == NULL ? "differs" : fault.code, fault.path);
    printf("%s\t%s\t", type->name, variant == FULL ? "full" : "least");
    for (size_t index = 0; index < bytes.size; index++) printf("%02x", bytes.at[index]);
    printf("\t");
    tell(type, value);
    printf("\n");
    buffer_destroy(&bytes);
    buffer_destroy(&again);
    arena_destroy(&arena);
    return same ? 0 : 1;
}

int main(void) {
    size_t count;
    int failures = 0;
    crypto_start();
    const message_t *const *all = message_all(&count);
    for (size_t index = 0; index < count; index++) failures += one(all[index], LEAST) + one(all[index], FULL);
    return failures == 0 ? 0 : 1;
}
