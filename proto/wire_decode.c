/* Canonical msgpack → struct, driven by the field table: a strict reader that takes one encoding per value. */
#include "proto/wire_straight.h"

/* Long lists of ids that were read lately, and the bytes that each was read from: equal bytes are an equal list. */
enum { SHARED_LISTS = 16, SHARED_LEAST = 64 };
typedef struct {
    bytes_t bytes[SHARED_LISTS];
    void *lists[SHARED_LISTS];
    uint32_t count; /* of all there were: the oldest makes room */
} shared_t;

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    arena_t *arena;
    fault_t *fault;
    shared_t *shared; /* NULL: each list is read for itself */
} reader_t;

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
    if (code != NULL) return wire_wrong(reader->fault, path, code);
    if (wanted == TOKEN_NUMBER) *(uint32_t *)out = (uint32_t)token.number;
    else *(text_t *)out = (text_t){(const char *)token.at, (uint32_t)token.number};
    return OK;
}

static err_t read_elements(reader_t *reader, const field_t *field, const path_t *path, uint32_t count, uint8_t *first) {
    size_t size = element_size(field);
    for (uint32_t index = 0; index < count; index++) {
        err_t err = read_element(reader, field, &(path_t){path, NULL, index}, first + size * index);
        if (err != OK) return err;
    }
    return OK;
}

/* The list whose bytes, its head among them, begin at `from`, if it was read before; the reader then goes on behind it. */
static void *list_known(reader_t *reader, const uint8_t *from) {
    const shared_t *shared = reader->shared;
    for (uint32_t index = 0; index < SHARED_LISTS && index < shared->count; index++) {
        bytes_t known = shared->bytes[index];
        if (known.size > (size_t)(reader->end - from) || memcmp(known.at, from, known.size) != 0) continue;
        reader->at = from + known.size;
        return shared->lists[index];
    }
    return NULL;
}

static void list_note(reader_t *reader, const uint8_t *from, void *list) {
    uint32_t place = reader->shared->count++ % SHARED_LISTS;
    reader->shared->bytes[place] = (bytes_t){from, (uint32_t)(reader->at - from)};
    reader->shared->lists[place] = list;
}

static err_t read_list(reader_t *reader, const field_t *field, const path_t *path, uint8_t *value) {
    const uint8_t *from = reader->at;
    token_t token;
    const char *code = token_next(reader, &token);
    if (code == NULL && token.kind != TOKEN_ARRAY) code = "wrong_type";
    if (code == NULL && token.number == 0) code = "not_canonical";
    if (code == NULL) code = count_wrong(field, token.number);
    if (code != NULL) return wire_wrong(reader->fault, path, code);
    bool shares = reader->shared != NULL && field->shape == FIELD_SLUGS && token.number >= SHARED_LEAST;
    uint8_t *first = shares ? list_known(reader, from) : NULL;
    if (first == NULL) {
        first = arena_take(reader->arena, element_size(field) * token.number);
        err_t err = read_elements(reader, field, path, (uint32_t)token.number, first);
        if (err != OK) return err;
        if (shares) list_note(reader, from, first);
    }
    memcpy(value + field->offset, &first, sizeof first);
    *(uint32_t *)(void *)(value + field->count_offset) = (uint32_t)token.number;
    return OK;
}

static const char *read_number(const field_t *field, const token_t *token, void *out) {
    if (token->kind == TOKEN_NEGATIVE) return negative_wrong(field);
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
        return bytes_are_zero(token->at, token->number) ? "not_canonical" : NULL;
    }
    if (token->number == 0) return "not_canonical";
    if (text) {
        *(text_t *)out = (text_t){(const char *)token->at, (uint32_t)token->number};
        return text_wrong(field, token->at, token->number);
    }
    *(bytes_t *)out = (bytes_t){token->at, (uint32_t)token->number};
    return bytes_wrong(field, token->number);
}

static err_t read_field(reader_t *reader, const field_t *field, const path_t *path, uint8_t *value) {
    void *out = value + field->offset;
    if (field->shape >= FIELD_SLUGS && field->shape != FIELD_OBJECT) return read_list(reader, field, path, value);
    if (field->shape == FIELD_OBJECT) {
        const uint8_t *before = reader->at;
        err_t err = read_message(reader, field->sub(), path, out);
        if (err == OK && *before == 0x80) return wire_wrong(reader->fault, path, "not_canonical");
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
    return code == NULL ? OK : wire_wrong(reader->fault, path, code);
}

static err_t read_message(reader_t *reader, const message_t *type, const path_t *path, void *value) {
    token_t token;
    const char *code = token_next(reader, &token);
    if (code == NULL && token.kind != TOKEN_MAP) code = "wrong_type";
    if (code != NULL) return wire_wrong(reader->fault, path, code);
    size_t next = 0;
    for (uint64_t left = token.number; left > 0; left--) {
        token_t tag;
        code = token_next(reader, &tag);
        if (code == NULL && tag.kind != TOKEN_NUMBER) code = "wrong_type";
        if (code != NULL) return wire_wrong(reader->fault, path, code);
        for (; next < type->field_count && type->fields[next].tag < tag.number; next++)
            if (field_is_required(&type->fields[next]))
                return wire_wrong(reader->fault, &(path_t){path, type->fields[next].name, 0}, "missing_field");
        if (next == type->field_count || type->fields[next].tag != tag.number) {
            bool seen = next > 0 && type->fields[next - 1].tag >= tag.number;
            return wire_wrong(reader->fault, path, seen ? "not_canonical" : "unknown_field");
        }
        const field_t *field = &type->fields[next++];
        err_t err = read_field(reader, field, &(path_t){path, field->name, 0}, value);
        if (err != OK) return err;
    }
    for (; next < type->field_count; next++)
        if (field_is_required(&type->fields[next]))
            return wire_wrong(reader->fault, &(path_t){path, type->fields[next].name, 0}, "missing_field");
    return OK;
}

/* The place behind the message that begins at `bytes`, and is `whole` of them; NULL for any doubt, and then nothing is known. */
static inline const uint8_t *take_first(const message_t *type, bytes_t bytes, bool whole, arena_t *arena, void *value,
                                        wire_known_t *known, bool checks) {
    wire_known_t met = {known == NULL ? NULL : known->object, {NULL, 0}};
    memset(value, 0, type->size);
    taking_t taking = {bytes_end(bytes), arena, &met, checks};
    const uint8_t *end = type->take(&taking, bytes.at, value);
    if (whole && end != taking.end) end = NULL;
    if (known != NULL) known->bytes = end == NULL ? (bytes_t){NULL, 0} : met.bytes;
    return end;
}

bool wire_decode_straight(const message_t *type, bytes_t bytes, arena_t *arena, void *value, wire_known_t *known,
                          bool checks) {
    return take_first(type, bytes, true, arena, value, known, checks) != NULL;
}

static err_t decode_by_table(const message_t *type, bytes_t bytes, arena_t *arena, shared_t *shared, void *value,
                             fault_t *fault) {
    fault->code = NULL;
    memset(value, 0, type->size);
    reader_t reader = {bytes.at, bytes_end(bytes), arena, fault, shared};
    err_t err = read_message(&reader, type, NULL, value);
    if (err == OK && reader.at != reader.end) return wire_wrong(fault, NULL, "malformed");
    return err;
}

err_t wire_decode_by_table(const message_t *type, bytes_t bytes, arena_t *arena, void *value, fault_t *fault) {
    return decode_by_table(type, bytes, arena, NULL, value, fault);
}

err_t wire_decode_shared(const message_t *type, bytes_t bytes, arena_t *arena, void *value, fault_t *fault) {
    shared_t shared = {.count = 0};
    return decode_by_table(type, bytes, arena, &shared, value, fault);
}

static err_t decode(const message_t *type, bytes_t bytes, arena_t *arena, void *value, wire_known_t *known, fault_t *fault) {
    fault->code = NULL;
    if (wire_decode_straight(type, bytes, arena, value, known, true)) return OK;
    return wire_decode_by_table(type, bytes, arena, value, fault);
}

err_t wire_decode(const message_t *type, bytes_t bytes, arena_t *arena, void *value, fault_t *fault) {
    return decode(type, bytes, arena, value, NULL, fault);
}

bool wire_first(const message_t *type, bytes_t bytes, arena_t *arena, void *value) {
    return wire_decode_straight(type, bytes, arena, value, NULL, true);
}

err_t wire_decode_kept(const message_t *type, bytes_t bytes, arena_t *arena, void *value, wire_known_t *known, fault_t *fault) {
    fault->code = NULL;
    if (wire_decode_straight(type, bytes, arena, value, known, false)) return OK;
    if (known != NULL) known->bytes = (bytes_t){NULL, 0};
    return wire_decode(type, bytes, arena, value, fault);
}

static uint32_t tag_at(const message_t *type, size_t offset) {
    for (size_t index = 0; index < type->field_count; index++)
        if (type->fields[index].offset == offset) return type->fields[index].tag;
    ASSERT(false);
}

bytes_t wire_peek(const message_t *type, bytes_t map, size_t offset) {
    fault_t fault;
    uint32_t tag = tag_at(type, offset), size = 0;
    taking_t taking = {.end = bytes_end(map)};
    taken_t next = take_head(&taking, map.at);
    for (uint32_t found; next.at != NULL && (found = take_tag(&taking, &next)) <= tag; next.at += size) {
        bytes_t rest = {next.at, (uint32_t)(taking.end - next.at)};
        if (wire_scan_first(rest, &size, &fault) != OK) break;
        if (found == tag) return (bytes_t){rest.at, size};
    }
    return (bytes_t){NULL, 0};
}

uint64_t wire_peek_u64(const message_t *type, bytes_t map, size_t offset) {
    fault_t fault;
    token_t token;
    bytes_t value = wire_peek(type, map, offset);
    reader_t reader = {value.at, bytes_end(value), NULL, &fault, NULL};
    return value.size > 0 && token_next(&reader, &token) == NULL && token.kind == TOKEN_NUMBER ? token.number : 0;
}

/* The array head and its numbers in front of a body. */
static err_t read_header(reader_t *reader, uint64_t *numbers, uint32_t count) {
    token_t token;
    const char *code = token_next(reader, &token);
    if (code == NULL && (token.kind != TOKEN_ARRAY || token.number != count + 1)) code = "wrong_type";
    for (size_t index = 0; code == NULL && index < count; index++) {
        code = token_next(reader, &token);
        if (code == NULL && token.kind != TOKEN_NUMBER) code = "wrong_type";
        numbers[index] = token.number;
    }
    return code == NULL ? OK : wire_wrong(reader->fault, NULL, code);
}

/* The same, straight: where the first number stands if there is room for any; NULL for any doubt, which stays one. */
static inline const uint8_t *take_array(bytes_t whole, uint32_t count) {
    bool roomy = whole.size > 1 + count * NUMBER_ROOM && whole.at[0] == (0x90 | (count + 1));
    return roomy ? whole.at + 1 : NULL;
}

static inline const uint8_t *take_plain(const uint8_t *at, uint64_t most, uint64_t *number) {
    if (at == NULL) return NULL;
    taken_t taken = *at <= 0x7f ? (taken_t){at + 1, *at} : take_wide(at);
    *number = taken.number;
    return taken.number <= most ? taken.at : NULL;
}

/* Reads the header of one object, says where the body begins. */
static err_t framed_open(bytes_t whole, uint64_t *numbers, uint32_t count, bytes_t *body, fault_t *fault) {
    fault->code = NULL;
    reader_t reader = {whole.at, bytes_end(whole), NULL, fault, NULL};
    err_t err = read_header(&reader, numbers, count);
    if (err != OK) return err;
    if (numbers[0] > UINT32_MAX || numbers[1] > UINT32_MAX) return wire_wrong(fault, NULL, "out_of_range");
    *body = (bytes_t){reader.at, (uint32_t)(reader.end - reader.at)};
    return OK;
}

static inline bytes_t behind(const uint8_t *at, bytes_t whole) { return (bytes_t){at, whole.size - (uint32_t)(at - whole.at)}; }

static __attribute__((noinline)) err_t event_open_slowly(bytes_t whole, event_t *event, fault_t *fault) {
    uint64_t numbers[5];
    *event = (event_t){.raw = whole};
    err_t err = framed_open(whole, numbers, 5, &event->body, fault);
    if (err != OK) return err;
    if (numbers[4] > INT64_MAX) return wire_wrong(fault, NULL, "out_of_range");
    event->kind = (uint32_t)numbers[0];
    event->version = (uint32_t)numbers[1];
    event->epoch = numbers[2];
    event->cause_seq = numbers[3];
    event->at_ms = (int64_t)numbers[4];
    return OK;
}

err_t event_open(bytes_t whole, event_t *event, fault_t *fault) {
    uint64_t kind = 0, version = 0, epoch = 0, cause_seq = 0, at_ms = 0;
    const uint8_t *at = take_array(whole, 5);
    at = take_plain(take_plain(at, UINT32_MAX, &kind), UINT32_MAX, &version);
    at = take_plain(take_plain(take_plain(at, UINT64_MAX, &epoch), UINT64_MAX, &cause_seq), INT64_MAX, &at_ms);
    if (at == NULL) return event_open_slowly(whole, event, fault);
    fault->code = NULL;
    *event = (event_t){0, (uint32_t)kind, (uint32_t)version, epoch, cause_seq, (int64_t)at_ms, behind(at, whole), whole};
    return OK;
}

err_t event_decode(bytes_t bytes, event_t *event, fault_t *fault) {
    fault->code = NULL;
    err_t err = wire_scan_first(bytes, &bytes.size, fault);
    return err == OK ? event_open(bytes, event, fault) : err;
}

static __attribute__((noinline)) err_t packet_open_slowly(bytes_t whole, packet_t *packet, fault_t *fault) {
    uint64_t numbers[3];
    *packet = (packet_t){.raw = whole};
    err_t err = framed_open(whole, numbers, 3, &packet->body, fault);
    if (err != OK) return err;
    packet->kind = (uint32_t)numbers[0];
    packet->version = (uint32_t)numbers[1];
    packet->request_id = numbers[2];
    return OK;
}

err_t packet_open(bytes_t whole, packet_t *packet, fault_t *fault) {
    uint64_t kind = 0, version = 0, request_id = 0;
    const uint8_t *at = take_array(whole, 3);
    at = take_plain(take_plain(take_plain(at, UINT32_MAX, &kind), UINT32_MAX, &version), UINT64_MAX, &request_id);
    if (at == NULL) return packet_open_slowly(whole, packet, fault);
    fault->code = NULL;
    *packet = (packet_t){(uint32_t)kind, (uint32_t)version, request_id, behind(at, whole), whole};
    return OK;
}

err_t packet_decode(bytes_t bytes, packet_t *packet, fault_t *fault) {
    fault->code = NULL;
    err_t err = wire_scan_first(bytes, &bytes.size, fault);
    return err == OK ? packet_open(bytes, packet, fault) : err;
}

bool packet_first(bytes_t bytes, const message_t *type, arena_t *arena, packet_t *packet, void *value, wire_known_t *known) {
    fault_t fault;
    bool wanted = packet_open(bytes, packet, &fault) == OK && packet->kind == type->kind && packet->version == type->version;
    const uint8_t *end = wanted ? take_first(type, packet->body, false, arena, value, known, true) : NULL;
    if (end == NULL) return false;
    packet->body.size = (uint32_t)(end - packet->body.at);
    packet->raw.size = (uint32_t)(end - bytes.at);
    return true;
}

static err_t body_decode(uint32_t kind, uint32_t version, bytes_t body, const message_t *type, arena_t *arena, void *value,
                         wire_known_t *known, fault_t *fault) {
    if (known != NULL) known->bytes = (bytes_t){NULL, 0};
    if (kind != type->kind) return wire_wrong(fault, NULL, "unknown_message");
    if (version != type->version) return wire_wrong(fault, NULL, "unknown_version");
    return decode(type, body, arena, value, known, fault);
}

err_t event_body(const event_t *event, const message_t *type, arena_t *arena, void *value, fault_t *fault) {
    return body_decode(event->kind, event->version, event->body, type, arena, value, NULL, fault);
}

err_t event_body_known(const event_t *event, const message_t *type, arena_t *arena, void *value, wire_known_t *known,
                       fault_t *fault) {
    return body_decode(event->kind, event->version, event->body, type, arena, value, known, fault);
}

err_t event_body_kept(const event_t *event, const message_t *type, arena_t *arena, void *value, wire_known_t *known,
                      fault_t *fault) {
    bool ours = event->kind == type->kind && event->version == type->version;
    if (ours && wire_decode_straight(type, event->body, arena, value, known, false)) return OK;
    return event_body_known(event, type, arena, value, known, fault);
}

err_t packet_body(const packet_t *packet, const message_t *type, arena_t *arena, void *value, fault_t *fault) {
    return body_decode(packet->kind, packet->version, packet->body, type, arena, value, NULL, fault);
}

err_t packet_body_known(const packet_t *packet, const message_t *type, arena_t *arena, void *value, wire_known_t *known,
                        fault_t *fault) {
    return body_decode(packet->kind, packet->version, packet->body, type, arena, value, known, fault);
}
