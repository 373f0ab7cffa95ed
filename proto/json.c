/* Message ↔ JSON, driven by the field table, with jansson. */
#include "proto/json.h"

#include "proto/crypto.h"

#include <stdio.h>
#include <string.h>

#define AT(value, offset, type) (*(type const *)(const void *)((const uint8_t *)(value) + (offset)))

/* --- days --- */

static void day_write(uint32_t day, char out[16]) {
    snprintf(out, 16, "%04u-%02u-%02u", day / 10000 % 10000, day / 100 % 100, day % 100);
}

text_t json_day_show(uint32_t day, arena_t *arena) {
    char out[16];
    day_write(day, out);
    return arena_text(arena, text_of(out));
}

bool json_day_read(text_t text, uint32_t *day) {
    if (text.size != 10 || text.at[4] != '-' || text.at[7] != '-') return false;
    *day = 0;
    for (uint32_t index = 0; index < text.size; index++) {
        if (index == 4 || index == 7) continue;
        if (text.at[index] < '0' || text.at[index] > '9') return false;
        *day = *day * 10 + (uint32_t)(text.at[index] - '0');
    }
    return day_exists(*day);
}

/* --- message → JSON --- */

static json_t *json_of_text(text_t text) {
    json_t *json = json_stringn(text.size > 0 ? text.at : "", text.size);
    return json != NULL ? json : json_string("?"); /* not UTF-8: cannot come off the wire */
}

static json_t *json_of_hex(const uint8_t *at, size_t size) {
    arena_t *arena = arena_new();
    json_t *json = json_of_text(hex_of(at, size, arena));
    arena_destroy(&arena);
    return json;
}

static json_t *json_of_day(uint32_t day) {
    char out[16];
    day_write(day, out);
    return json_string(out);
}

static json_t *json_of_list(const field_t *field, const void *value) {
    json_t *list = json_array();
    const uint8_t *first = AT(value, field->offset, const uint8_t *);
    for (uint32_t index = 0; index < AT(value, field->count_offset, uint32_t); index++) {
        json_t *one;
        if (field->shape == FIELD_LIST)
            one = message_to_json(field->sub(), first + field->sub()->size * index);
        else if (field->shape == FIELD_DAYS)
            one = json_of_day(AT(first, sizeof(uint32_t) * index, uint32_t));
        else
            one = json_of_text(AT(first, sizeof(text_t) * index, text_t));
        json_array_append_new(list, one);
    }
    return list;
}

/* NULL: the field holds its zero value. */
static json_t *json_of_number(const field_t *field, const void *value) {
    if (field->shape == FIELD_BOOL) return AT(value, field->offset, bool) ? json_true() : NULL;
    if (field->shape == FIELD_MAYBE) {
        maybe_t maybe = AT(value, field->offset, maybe_t);
        return maybe.given ? json_integer(maybe.value) : NULL;
    }
    if (field->shape == FIELD_U64) {
        uint64_t number = AT(value, field->offset, uint64_t);
        return number == 0 ? NULL : json_integer((json_int_t)number);
    }
    uint32_t small = AT(value, field->offset, uint32_t);
    if (small == 0) return NULL;
    if (field->shape == FIELD_DAY) return json_of_day(small);
    const word_t *word = word_find(field->words, small);
    return word != NULL ? json_string(word->name) : json_integer(small);
}

static json_t *json_of_field(const field_t *field, const void *value) {
    switch (field->shape) {
    case FIELD_U64:
    case FIELD_MAYBE:
    case FIELD_BOOL:
    case FIELD_DAY:
    case FIELD_WORD: return json_of_number(field, value);
    case FIELD_SLUG:
    case FIELD_TEXT: {
        text_t text = AT(value, field->offset, text_t);
        return text.size > 0 ? json_of_text(text) : NULL;
    }
    case FIELD_BYTES: {
        bytes_t bytes = AT(value, field->offset, bytes_t);
        return bytes.size > 0 ? json_of_hex(bytes.at, bytes.size) : NULL;
    }
    case FIELD_FIXED: {
        const uint8_t *at = (const uint8_t *)value + field->offset;
        return bytes_are_zero(at, field->high) ? NULL : json_of_hex(at, field->high);
    }
    case FIELD_SLUGS:
    case FIELD_TEXTS:
    case FIELD_DAYS:
    case FIELD_LIST: return AT(value, field->count_offset, uint32_t) > 0 ? json_of_list(field, value) : NULL;
    case FIELD_OBJECT: {
        json_t *object = message_to_json(field->sub(), (const uint8_t *)value + field->offset);
        if (json_object_size(object) > 0) return object;
        json_decref(object);
        return NULL;
    }
    }
    return NULL;
}

json_t *message_to_json(const message_t *type, const void *value) {
    json_t *object = json_object();
    for (size_t index = 0; index < type->field_count; index++) {
        json_t *json = json_of_field(&type->fields[index], value);
        if (json != NULL) json_object_set_new(object, type->fields[index].name, json);
    }
    return object;
}

/* --- JSON → message --- */

/* Where we are, as a chain on the C stack, and where faults go. */
typedef struct place {
    const struct place *above;
    const char *name; /* NULL: the index counts */
    size_t index;
} place_t;

typedef struct {
    arena_t *arena;
    fault_t *fault;
} filler_t;

static size_t place_write(const place_t *place, char *out, size_t room) {
    if (place == NULL) return 0;
    size_t used = place_write(place->above, out, room);
    if (used + 1 >= room) return used;
    int more = place->name == NULL ? snprintf(out + used, room - used, "[%zu]", place->index)
                                   : snprintf(out + used, room - used, "%s%s", used > 0 ? "." : "", place->name);
    return more < 0 || used + (size_t)more >= room ? room - 1 : used + (size_t)more;
}

static err_t wrong(const filler_t *filler, const place_t *place, const char *code) {
    filler->fault->code = code;
    filler->fault->path[0] = '\0';
    place_write(place, filler->fault->path, sizeof filler->fault->path);
    return ERR_BAD;
}

static err_t fill_message(const filler_t *filler, const message_t *type, const json_t *json, const place_t *place, void *value);

static text_t text_of_json(const filler_t *filler, const json_t *json) {
    return arena_text(filler->arena, (text_t){json_string_value(json), (uint32_t)json_string_length(json)});
}

/* NULL, or the code of what is wrong. */
static const char *fill_number(const filler_t *filler, const field_t *field, const json_t *json, void *out) {
    if (field->shape == FIELD_BOOL) {
        if (!json_is_boolean(json)) return "wrong_type";
        *(bool *)out = json_is_true(json);
        return NULL;
    }
    if (field->shape == FIELD_DAY || field->shape == FIELD_WORD) {
        if (!json_is_string(json)) return "wrong_type";
        text_t text = text_of_json(filler, json);
        if (field->shape == FIELD_DAY) return json_day_read(text, out) ? NULL : "bad_day";
        const word_t *word = word_named(field->words, text);
        if (word == NULL) return "unknown_word";
        *(uint32_t *)out = word->number;
        return NULL;
    }
    if (!json_is_integer(json)) return "wrong_type";
    json_int_t number = json_integer_value(json);
    if (number < 0) return "negative";
    if (field->shape == FIELD_MAYBE)
        *(maybe_t *)out = (maybe_t){true, number};
    else
        *(uint64_t *)out = (uint64_t)number;
    return NULL;
}

static const char *fill_bytes(const filler_t *filler, const field_t *field, const json_t *json, void *out) {
    if (!json_is_string(json)) return "wrong_type";
    text_t text = text_of_json(filler, json);
    if (field->shape == FIELD_SLUG || field->shape == FIELD_TEXT) {
        *(text_t *)out = text;
        return NULL;
    }
    if (field->shape == FIELD_FIXED) {
        if (text.size != field->high * 2) return "too_long";
        return hex_read(text, out, field->high) ? NULL : "wrong_type";
    }
    uint8_t *bytes = arena_take(filler->arena, text.size / 2 + 1);
    if (text.size % 2 != 0 || !hex_read(text, bytes, text.size / 2)) return "wrong_type";
    *(bytes_t *)out = (bytes_t){bytes, text.size / 2};
    return NULL;
}

static err_t fill_element(const filler_t *filler, const field_t *field, const json_t *json, const place_t *place, void *out) {
    if (field->shape == FIELD_LIST) return fill_message(filler, field->sub(), json, place, out);
    if (!json_is_string(json)) return wrong(filler, place, "wrong_type");
    text_t text = text_of_json(filler, json);
    if (field->shape == FIELD_DAYS) return json_day_read(text, out) ? OK : wrong(filler, place, "bad_day");
    *(text_t *)out = text;
    return text.size > 0 ? OK : wrong(filler, place, "too_long");
}

static err_t fill_list(const filler_t *filler, const field_t *field, const json_t *json, const place_t *place, uint8_t *value) {
    if (!json_is_array(json)) return wrong(filler, place, "wrong_type");
    size_t count = json_array_size(json);
    if (count > field->high) return wrong(filler, place, "too_many");
    size_t size = field->shape == FIELD_LIST   ? field->sub()->size
                  : field->shape == FIELD_DAYS ? sizeof(uint32_t)
                                               : sizeof(text_t);
    uint8_t *first = arena_take(filler->arena, size * (count + 1));
    for (size_t index = 0; index < count; index++) {
        err_t err =
            fill_element(filler, field, json_array_get(json, index), &(place_t){place, NULL, index}, first + size * index);
        if (err != OK) return err;
    }
    memcpy(value + field->offset, &first, sizeof first);
    *(uint32_t *)(void *)(value + field->count_offset) = (uint32_t)count;
    return OK;
}

static err_t fill_field(const filler_t *filler, const field_t *field, const json_t *json, const place_t *place,
                        uint8_t *value) {
    void *out = value + field->offset;
    const char *code = NULL;
    switch (field->shape) {
    case FIELD_U64:
    case FIELD_MAYBE:
    case FIELD_BOOL:
    case FIELD_DAY:
    case FIELD_WORD: code = fill_number(filler, field, json, out); break;
    case FIELD_SLUG:
    case FIELD_TEXT:
    case FIELD_BYTES:
    case FIELD_FIXED: code = fill_bytes(filler, field, json, out); break;
    case FIELD_OBJECT: return fill_message(filler, field->sub(), json, place, out);
    case FIELD_SLUGS:
    case FIELD_TEXTS:
    case FIELD_DAYS:
    case FIELD_LIST: return fill_list(filler, field, json, place, value);
    }
    return code == NULL ? OK : wrong(filler, place, code);
}

static const field_t *field_named(const message_t *type, const char *name) {
    for (size_t index = 0; index < type->field_count; index++)
        if (strcmp(type->fields[index].name, name) == 0) return &type->fields[index];
    return NULL;
}

static err_t fill_message(const filler_t *filler, const message_t *type, const json_t *json, const place_t *place,
                          void *value) {
    if (!json_is_object(json)) return wrong(filler, place, "wrong_type");
    json_t *object = json_incref((json_t *)(uintptr_t)json); /* the iterator's interface is not const */
    err_t err = OK;
    const char *key;
    json_t *member;
    json_object_foreach(object, key, member) {
        const field_t *field = field_named(type, key);
        place_t here = {place, field != NULL ? field->name : key, 0};
        err = field == NULL ? wrong(filler, &here, "unknown_field") : fill_field(filler, field, member, &here, value);
        if (err != OK) break;
    }
    json_decref(object);
    return err;
}

err_t message_from_json(const message_t *type, const json_t *json, arena_t *arena, void *value, fault_t *fault) {
    memset(value, 0, type->size);
    fault->code = NULL;
    fault->path[0] = '\0';
    filler_t filler = {arena, fault};
    err_t err = fill_message(&filler, type, json, NULL, value);
    return err == OK ? wire_check(type, value, fault) : err;
}

json_t *json_read(text_t text, int *line, char *what, size_t room) {
    json_error_t error;
    json_t *json = json_loadb(text.size > 0 ? text.at : "", text.size, JSON_REJECT_DUPLICATES, &error);
    if (json != NULL) return json;
    *line = error.line;
    snprintf(what, room, "%s", error.text);
    return NULL;
}
