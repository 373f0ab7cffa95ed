/* Canonical msgpack → struct, driven by the field table: a strict reader that takes one encoding per value. */
#include "proto/wire.h"

#include <stdio.h>
#include <string.h>

/* Where we are, as a chain on the C stack: written out only when something is wrong. */
typedef struct path {
    const struct path *above;
    const char *name; /* NULL: the index counts */
    uint32_t index;
} path_t;

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    arena_t *arena;
    fault_t *fault;
} reader_t;

static size_t path_write(const path_t *path, char *out, size_t room) {
    if (path == NULL) return 0;
    size_t used = path_write(path->above, out, room);
    if (used + 1 >= room) return used;
    int more = path->name == NULL ? snprintf(out + used, room - used, "[%u]", path->index)
                                  : snprintf(out + used, room - used, "%s%s", used > 0 ? "." : "", path->name);
    return more < 0 || used + (size_t)more >= room ? room - 1 : used + (size_t)more;
}

static err_t wrong(fault_t *fault, const path_t *path, const char *code) {
    fault->code = code;
    fault->path[0] = '\0';
    path_write(path, fault->path, sizeof fault->path);
    return ERR_BAD;
}

typedef enum {
    TOKEN_NUMBER, TOKEN_NEGATIVE, TOKEN_TEXT, TOKEN_BYTES, TOKEN_ARRAY, TOKEN_MAP, TOKEN_TRUE, TOKEN_FALSE
} token_kind_t;

typedef struct {
    token_kind_t kind;
    uint64_t number; /* value, count or size; a negative number as its two's complement */
    const uint8_t *at;
} token_t;

/* An integer of `width` bytes behind a head byte. NULL, or the code of what is wrong. */
static const char *wide(reader_t *reader, uint32_t width, uint64_t *value) {
    if ((size_t)(reader->end - reader->at) < width) return "malformed";
    *value = 0;
    for (uint32_t index = 0; index < width; index++) *value = *value << 8 | *reader->at++;
    return NULL;
}

/* The smallest value that needs this many bytes: anything below it is not the shortest form. */
static uint64_t least(uint32_t width) { return width == 1 ? 0 : width == 8 ? 1ULL << 32 : 1ULL << (4 * width); }

static const char *token_signed(reader_t *reader, uint32_t width, token_t *token) {
    uint64_t value;
    const char *code = wide(reader, width, &value);
    if (code != NULL) return code;
    if (value >> (8 * width - 1) == 0) return "not_canonical"; /* positive numbers are written unsigned */
    if (width < 8) value |= ~0ULL << (8 * width);
    uint64_t magnitude = ~value;
    uint64_t floor = width == 1 ? 32 : 1ULL << (4 * width - 1);
    token->kind = TOKEN_NEGATIVE;
    token->number = value;
    return magnitude < floor ? "not_canonical" : NULL;
}

static const char *token_sized(reader_t *reader, token_kind_t kind, uint32_t width, uint64_t floor, token_t *token) {
    token->kind = kind;
    const char *code = wide(reader, width, &token->number);
    if (code != NULL) return code;
    return token->number < floor ? "not_canonical" : NULL;
}

static const char *token_payload(reader_t *reader, token_t *token) {
    if (token->number > (uint64_t)(reader->end - reader->at)) return "malformed";
    token->at = reader->at;
    if (token->kind == TOKEN_TEXT || token->kind == TOKEN_BYTES) reader->at += token->number;
    return NULL;
}

static const char *token_long(reader_t *reader, uint8_t first, token_t *token) {
    switch (first) {
    case 0xc2: return token->kind = TOKEN_FALSE, NULL;
    case 0xc3: return token->kind = TOKEN_TRUE, NULL;
    case 0xc4: return token_sized(reader, TOKEN_BYTES, 1, 0, token);
    case 0xc5: return token_sized(reader, TOKEN_BYTES, 2, 1 << 8, token);
    case 0xc6: return token_sized(reader, TOKEN_BYTES, 4, 1 << 16, token);
    case 0xcc: return token_sized(reader, TOKEN_NUMBER, 1, 128, token);
    case 0xcd: return token_sized(reader, TOKEN_NUMBER, 2, least(2), token);
    case 0xce: return token_sized(reader, TOKEN_NUMBER, 4, least(4), token);
    case 0xcf: return token_sized(reader, TOKEN_NUMBER, 8, least(8), token);
    case 0xd0: return token_signed(reader, 1, token);
    case 0xd1: return token_signed(reader, 2, token);
    case 0xd2: return token_signed(reader, 4, token);
    case 0xd3: return token_signed(reader, 8, token);
    case 0xd9: return token_sized(reader, TOKEN_TEXT, 1, 32, token);
    case 0xda: return token_sized(reader, TOKEN_TEXT, 2, 1 << 8, token);
    case 0xdb: return token_sized(reader, TOKEN_TEXT, 4, 1 << 16, token);
    case 0xdc: return token_sized(reader, TOKEN_ARRAY, 2, 16, token);
    case 0xdd: return token_sized(reader, TOKEN_ARRAY, 4, 1 << 16, token);
    case 0xde: return token_sized(reader, TOKEN_MAP, 2, 16, token);
    case 0xdf: return token_sized(reader, TOKEN_MAP, 4, 1 << 16, token);
    default: return "wrong_type";
    }
}

static const char *token_next(reader_t *reader, token_t *token) {
    *token = (token_t){0};
    if (reader->at >= reader->end) return "malformed";
    uint8_t first = *reader->at++;
    const char *code = NULL;
    if (first <= 0x7f) *token = (token_t){.kind = TOKEN_NUMBER, .number = first};
    else if (first >= 0xe0) *token = (token_t){.kind = TOKEN_NEGATIVE, .number = (uint64_t)(int64_t)(int8_t)first};
    else if (first <= 0x8f) *token = (token_t){.kind = TOKEN_MAP, .number = first & 0x0f};
    else if (first <= 0x9f) *token = (token_t){.kind = TOKEN_ARRAY, .number = first & 0x0f};
    else if (first <= 0xbf) *token = (token_t){.kind = TOKEN_TEXT, .number = first & 0x1f};
    else code = token_long(reader, first, token);
    if (code != NULL || token->kind <= TOKEN_NEGATIVE || token->kind >= TOKEN_TRUE) return code;
    return token_payload(reader, token);
}

/* Well-formed UTF-8 without NUL and control characters other than tab and line feed (RFC 3629). */
static bool text_is_clean(const uint8_t *at, uint64_t size) {
    for (uint64_t index = 0; index < size;) {
        uint8_t first = at[index];
        uint32_t more = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
        if (first < 0x20 && first != '\n' && first != '\t') return false;
        if (first == 0x7f || (first >= 0x80 && first < 0xc2) || first > 0xf4 || index + more >= size) return false;
        for (uint32_t next = 1; next <= more; next++)
            if ((at[index + next] & 0xc0) != 0x80) return false;
        if ((first == 0xe0 && at[index + 1] < 0xa0) || (first == 0xed && at[index + 1] > 0x9f)) return false;
        if ((first == 0xf0 && at[index + 1] < 0x90) || (first == 0xf4 && at[index + 1] > 0x8f)) return false;
        if (first == 0xc2 && at[index + 1] < 0xa0) return false;
        index += more + 1;
    }
    return true;
}

static bool slug_is_clean(const uint8_t *at, uint64_t size) {
    for (uint64_t index = 0; index < size; index++) {
        uint8_t c = at[index];
        bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!good && c != '-' && c != '_' && c != '.') return false;
    }
    return true;
}

bool day_exists(uint32_t day) {
    static const uint32_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint32_t year = day / 10000, month = day / 100 % 100, date = day % 100;
    if (year < 1970 || year > 2199 || month < 1 || month > 12 || date < 1) return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return date <= lengths[month - 1] + (month == 2 && leap);
}

/* The checks of one value, shared by the reader and wire_check. NULL, or the code of what is wrong. */
static const char *number_wrong(const field_t *field, uint64_t number) {
    if (field->shape == FIELD_DAY || field->shape == FIELD_DAYS)
        return number <= UINT32_MAX && day_exists((uint32_t)number) ? NULL : "bad_day";
    if (field->shape == FIELD_WORD)
        return number <= UINT32_MAX && word_find(field->words, (uint32_t)number) != NULL ? NULL : "unknown_word";
    return number < field->low || number > field->high ? "out_of_range" : NULL;
}

static const char *text_wrong(const field_t *field, const uint8_t *at, uint64_t size) {
    bool slug = field->shape == FIELD_SLUG || field->shape == FIELD_SLUGS;
    uint64_t low = field->shape == FIELD_SLUGS || field->shape == FIELD_TEXTS ? 1 : field->low;
    uint64_t high = field->shape == FIELD_SLUGS ? LIMIT_ID : field->shape == FIELD_TEXTS ? field->low : field->high;
    if (size < low || size > high) return "too_long";
    if (slug) return slug_is_clean(at, size) ? NULL : "bad_slug";
    return text_is_clean(at, size) ? NULL : "not_text";
}

static uint64_t count_low(const field_t *field) {
    return field->shape == FIELD_SLUGS || field->shape == FIELD_LIST ? field->low : 0;
}

static err_t read_message(reader_t *reader, const message_t *type, const path_t *path, void *value);

static size_t element_size(const field_t *field) {
    if (field->shape == FIELD_LIST) return field->sub()->size;
    return field->shape == FIELD_DAYS ? sizeof(uint32_t) : sizeof(text_t);
}

static err_t read_element(reader_t *reader, const field_t *field, const path_t *path, void *out) {
    if (field->shape == FIELD_LIST) return read_message(reader, field->sub(), path, out);
    token_t token;
    const char *code = token_next(reader, &token);
    token_kind_t wanted = field->shape == FIELD_DAYS ? TOKEN_NUMBER : TOKEN_TEXT;
    if (code == NULL && token.kind != wanted) code = "wrong_type";
    if (code == NULL) code = wanted == TOKEN_NUMBER ? number_wrong(field, token.number) : text_wrong(field, token.at, token.number);
    if (code != NULL) return wrong(reader->fault, path, code);
    if (wanted == TOKEN_NUMBER) *(uint32_t *)out = (uint32_t)token.number;
    else *(text_t *)out = (text_t){(const char *)token.at, (uint32_t)token.number};
    return OK;
}

static err_t read_list(reader_t *reader, const field_t *field, const path_t *path, uint8_t *value) {
    token_t token;
    const char *code = token_next(reader, &token);
    if (code == NULL && token.kind != TOKEN_ARRAY) code = "wrong_type";
    if (code == NULL && token.number == 0) code = "not_canonical";
    if (code == NULL && (token.number > field->high || token.number < count_low(field))) code = "too_many";
    if (code != NULL) return wrong(reader->fault, path, code);
    size_t size = element_size(field);
    uint8_t *first = arena_take(reader->arena, size * token.number);
    for (uint32_t index = 0; index < token.number; index++) {
        err_t err = read_element(reader, field, &(path_t){path, NULL, index}, first + size * index);
        if (err != OK) return err;
    }
    memcpy(value + field->offset, &first, sizeof first);
    *(uint32_t *)(void *)(value + field->count_offset) = (uint32_t)token.number;
    return OK;
}

static const char *read_number(const field_t *field, const token_t *token, void *out) {
    if (token->kind == TOKEN_NEGATIVE) return field->low <= INT64_MAX ? "negative" : "out_of_range";
    if (token->kind != TOKEN_NUMBER) return "wrong_type";
    const char *code = number_wrong(field, token->number);
    if (code != NULL) return code;
    if (field->shape == FIELD_MAYBE) *(maybe_t *)out = (maybe_t){true, (int64_t)token->number};
    else if (token->number == 0) return "not_canonical";
    else if (field->shape == FIELD_U64) *(uint64_t *)out = token->number;
    else *(uint32_t *)out = (uint32_t)token->number;
    return NULL;
}

static const char *read_bytes(const field_t *field, const token_t *token, void *out) {
    bool text = field->shape == FIELD_TEXT || field->shape == FIELD_SLUG;
    if (token->kind != (text ? TOKEN_TEXT : TOKEN_BYTES)) return "wrong_type";
    if (field->shape == FIELD_FIXED) {
        if (token->number != field->high) return "too_long";
        memcpy(out, token->at, token->number);
        for (uint64_t index = 0; index < token->number; index++)
            if (token->at[index] != 0) return NULL;
        return "not_canonical";
    }
    if (token->number == 0) return "not_canonical";
    if (text) {
        *(text_t *)out = (text_t){(const char *)token->at, (uint32_t)token->number};
        return text_wrong(field, token->at, token->number);
    }
    *(bytes_t *)out = (bytes_t){token->at, (uint32_t)token->number};
    return token->number < field->low || token->number > field->high ? "too_long" : NULL;
}

static err_t read_field(reader_t *reader, const field_t *field, const path_t *path, uint8_t *value) {
    void *out = value + field->offset;
    if (field->shape >= FIELD_SLUGS && field->shape != FIELD_OBJECT) return read_list(reader, field, path, value);
    if (field->shape == FIELD_OBJECT) {
        const uint8_t *before = reader->at;
        err_t err = read_message(reader, field->sub(), path, out);
        if (err == OK && *before == 0x80) return wrong(reader->fault, path, "not_canonical");
        return err;
    }
    token_t token;
    const char *code = token_next(reader, &token);
    if (code == NULL) {
        if (field->shape == FIELD_BOOL) {
            *(bool *)out = token.kind == TOKEN_TRUE;
            code = token.kind == TOKEN_TRUE ? NULL : token.kind == TOKEN_FALSE ? "not_canonical" : "wrong_type";
        } else if (field->shape <= FIELD_WORD) code = read_number(field, &token, out);
        else code = read_bytes(field, &token, out);
    }
    return code == NULL ? OK : wrong(reader->fault, path, code);
}

static bool field_is_required(const field_t *field) {
    switch (field->shape) {
    case FIELD_U64:
    case FIELD_SLUG:
    case FIELD_TEXT:
    case FIELD_BYTES: return field->low > 0;
    case FIELD_DAY:
    case FIELD_WORD:
    case FIELD_FIXED:
    case FIELD_OBJECT: return field->low == REQUIRED;
    case FIELD_SLUGS:
    case FIELD_LIST: return field->low > 0;
    case FIELD_MAYBE:
    case FIELD_BOOL:
    case FIELD_TEXTS:
    case FIELD_DAYS: return false;
    }
    return false;
}

static err_t read_message(reader_t *reader, const message_t *type, const path_t *path, void *value) {
    token_t token;
    const char *code = token_next(reader, &token);
    if (code == NULL && token.kind != TOKEN_MAP) code = "wrong_type";
    if (code != NULL) return wrong(reader->fault, path, code);
    size_t next = 0;
    for (uint64_t left = token.number; left > 0; left--) {
        token_t tag;
        code = token_next(reader, &tag);
        if (code == NULL && tag.kind != TOKEN_NUMBER) code = "wrong_type";
        if (code != NULL) return wrong(reader->fault, path, code);
        for (; next < type->field_count && type->fields[next].tag < tag.number; next++)
            if (field_is_required(&type->fields[next]))
                return wrong(reader->fault, &(path_t){path, type->fields[next].name, 0}, "missing_field");
        if (next == type->field_count || type->fields[next].tag != tag.number) {
            bool seen = next > 0 && type->fields[next - 1].tag >= tag.number;
            return wrong(reader->fault, path, seen ? "not_canonical" : "unknown_field");
        }
        const field_t *field = &type->fields[next++];
        err_t err = read_field(reader, field, &(path_t){path, field->name, 0}, value);
        if (err != OK) return err;
    }
    for (; next < type->field_count; next++)
        if (field_is_required(&type->fields[next]))
            return wrong(reader->fault, &(path_t){path, type->fields[next].name, 0}, "missing_field");
    return OK;
}

err_t wire_decode(const message_t *type, bytes_t bytes, arena_t *arena, void *value, fault_t *fault) {
    fault->code = NULL;
    memset(value, 0, type->size);
    reader_t reader = {bytes.at, bytes.at + bytes.size, arena, fault};
    err_t err = read_message(&reader, type, NULL, value);
    if (err == OK && reader.at != reader.end) return wrong(fault, NULL, "malformed");
    return err;
}

err_t wire_check(const message_t *type, const void *value, fault_t *fault) {
    buffer_t bytes = {0};
    arena_t *arena = arena_new();
    wire_encode(type, value, &bytes);
    err_t err = wire_decode(type, (bytes_t){bytes.at, (uint32_t)bytes.size}, arena, arena_take(arena, type->size), fault);
    arena_destroy(&arena);
    buffer_destroy(&bytes);
    return err;
}

/* The array head and its numbers in front of a body. */
static err_t read_header(reader_t *reader, uint64_t *numbers, size_t count) {
    token_t token;
    const char *code = token_next(reader, &token);
    if (code == NULL && (token.kind != TOKEN_ARRAY || token.number != count + 1)) code = "wrong_type";
    for (size_t index = 0; code == NULL && index < count; index++) {
        code = token_next(reader, &token);
        if (code == NULL && token.kind != TOKEN_NUMBER) code = "wrong_type";
        numbers[index] = token.number;
    }
    return code == NULL ? OK : wrong(reader->fault, NULL, code);
}

/* Scans the first object of `bytes`, reads its header, leaves the body in *body and the whole in *raw. */
static err_t framed_decode(bytes_t bytes, uint64_t *numbers, size_t count, bytes_t *body, bytes_t *raw, fault_t *fault) {
    fault->code = NULL;
    uint32_t size = 0;
    err_t err = wire_scan_first(bytes, &size, fault);
    if (err != OK) return err;
    reader_t reader = {bytes.at, bytes.at + size, NULL, fault};
    err = read_header(&reader, numbers, count);
    if (err != OK) return err;
    if (numbers[0] > UINT32_MAX || numbers[1] > UINT32_MAX) return wrong(fault, NULL, "out_of_range");
    *body = (bytes_t){reader.at, (uint32_t)(reader.end - reader.at)};
    *raw = (bytes_t){bytes.at, size};
    return OK;
}

err_t event_decode(bytes_t bytes, event_t *event, fault_t *fault) {
    uint64_t numbers[5];
    *event = (event_t){0};
    err_t err = framed_decode(bytes, numbers, 5, &event->body, &event->raw, fault);
    if (err != OK) return err;
    if (numbers[4] > INT64_MAX) return wrong(fault, NULL, "out_of_range");
    event->kind = (uint32_t)numbers[0];
    event->version = (uint32_t)numbers[1];
    event->epoch = numbers[2];
    event->cause_seq = numbers[3];
    event->at_ms = (int64_t)numbers[4];
    return OK;
}

err_t packet_decode(bytes_t bytes, packet_t *packet, fault_t *fault) {
    uint64_t numbers[3];
    *packet = (packet_t){0};
    err_t err = framed_decode(bytes, numbers, 3, &packet->body, &packet->raw, fault);
    if (err != OK) return err;
    packet->kind = (uint32_t)numbers[0];
    packet->version = (uint32_t)numbers[1];
    packet->request_id = numbers[2];
    return OK;
}

static err_t body_decode(uint32_t kind, uint32_t version, bytes_t body, const message_t *type, arena_t *arena, void *value,
                         fault_t *fault) {
    if (kind != type->kind) return wrong(fault, NULL, "unknown_message");
    if (version != type->version) return wrong(fault, NULL, "unknown_version");
    return wire_decode(type, body, arena, value, fault);
}

err_t event_body(const event_t *event, const message_t *type, arena_t *arena, void *value, fault_t *fault) {
    return body_decode(event->kind, event->version, event->body, type, arena, value, fault);
}

err_t packet_body(const packet_t *packet, const message_t *type, arena_t *arena, void *value, fault_t *fault) {
    return body_decode(packet->kind, packet->version, packet->body, type, arena, value, fault);
}
