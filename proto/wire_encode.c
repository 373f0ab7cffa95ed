/* Struct → canonical msgpack, driven by the field table, in one pass, packed by msgpack-c: it writes the shortest heads, which
 * is what canonical means here. */
#include "proto/wire_straight.h"

#define AT(value, offset, type) (*(type const *)(const void *)((const uint8_t *)(value) + (offset)))

enum { LEAST_ROOM = 256 /* bytes a message is given at first: most need no more */ };

/* fault NULL: the value is taken as it is. Otherwise every field is checked as it is written, and the first fault is kept. */
typedef struct {
    buffer_t *out;
    fault_t *fault;
    wire_known_t known;
} writer_t;

static void put_number(buffer_t *out, uint64_t number) {
    uint8_t *at = buffer_room(out, NUMBER_ROOM);
    out->size += (size_t)(pack_uint64(at, number) - at);
}

static void put_signed(buffer_t *out, int64_t number) {
    uint8_t *at = buffer_room(out, NUMBER_ROOM);
    out->size += (size_t)(pack_int64(at, number) - at);
}

static void put_array(buffer_t *out, size_t count) {
    uint8_t *at = buffer_room(out, HEAD_ROOM);
    out->size += (size_t)(pack_array(at, count) - at);
}

static void put_text(buffer_t *out, text_t text) {
    uint8_t *at = buffer_room(out, HEAD_ROOM);
    out->size += (size_t)(pack_str(at, text.size) - at);
    buffer_add(out, text.at, text.size);
}

static void put_bytes(buffer_t *out, const uint8_t *bytes, size_t size) {
    uint8_t *at = buffer_room(out, HEAD_ROOM);
    out->size += (size_t)(pack_bin(at, size) - at);
    buffer_add(out, bytes, size);
}

static void put_true(buffer_t *out) { pack_true(buffer_room(out, 1)), out->size++; }

static void writer_fault(writer_t *self, const path_t *path, const char *code) {
    if (code != NULL && self->fault->code == NULL) wire_wrong(self->fault, path, code);
}

static size_t write_message(writer_t *self, const message_t *type, const path_t *path, const void *value);

static void write_element(writer_t *self, const field_t *field, const path_t *path, const uint8_t *first, uint32_t index) {
    if (field->shape == FIELD_LIST) {
        const message_t *sub = field->sub();
        write_message(self, sub, path, first + sub->size * index);
    } else if (field->shape == FIELD_DAYS) {
        uint32_t day = AT(first, sizeof(uint32_t) * index, uint32_t);
        if (self->fault != NULL) writer_fault(self, path, number_wrong(field, day));
        put_number(self->out, day);
    } else {
        text_t text = AT(first, sizeof(text_t) * index, text_t);
        if (self->fault != NULL) writer_fault(self, path, text_wrong(field, (const uint8_t *)text.at, text.size));
        put_text(self->out, text);
    }
}

static bool write_list(writer_t *self, const field_t *field, const path_t *path, const void *value) {
    uint32_t count = AT(value, field->count_offset, uint32_t);
    const uint8_t *first = AT(value, field->offset, const uint8_t *);
    if (count == 0) return false;
    if (self->fault != NULL) writer_fault(self, path, count_wrong(field, count));
    put_number(self->out, field->tag);
    put_array(self->out, count);
    for (uint32_t index = 0; index < count; index++) write_element(self, field, &(path_t){path, NULL, index}, first, index);
    return true;
}

/* An object that turns out empty is taken back, and with it the fields that would be missing in it. */
static bool write_object(writer_t *self, const field_t *field, const path_t *path, const void *value) {
    size_t begin = self->out->size;
    if ((const uint8_t *)value + field->offset == (const uint8_t *)self->known.object && self->known.bytes.size > 0) {
        put_number(self->out, field->tag);
        buffer_add(self->out, self->known.bytes.at, self->known.bytes.size);
        return true;
    }
    bool sound = self->fault != NULL && self->fault->code == NULL;
    put_number(self->out, field->tag);
    if (write_message(self, field->sub(), path, (const uint8_t *)value + field->offset) > 0) return true;
    self->out->size = begin;
    if (sound) self->fault->code = NULL;
    return false;
}

static bool write_number(writer_t *self, const field_t *field, const path_t *path, uint64_t number) {
    if (number == 0) return false;
    if (self->fault != NULL) writer_fault(self, path, number_wrong(field, number));
    put_number(self->out, field->tag);
    put_number(self->out, number);
    return true;
}

static bool write_maybe(writer_t *self, const field_t *field, const path_t *path, maybe_t maybe) {
    if (!maybe.given) return false;
    if (self->fault != NULL)
        writer_fault(self, path, maybe.value < 0 ? negative_wrong(field) : number_wrong(field, (uint64_t)maybe.value));
    put_number(self->out, field->tag);
    put_signed(self->out, maybe.value);
    return true;
}

static bool write_text(writer_t *self, const field_t *field, const path_t *path, text_t text) {
    if (text.size == 0) return false;
    if (self->fault != NULL) writer_fault(self, path, text_wrong(field, (const uint8_t *)text.at, text.size));
    put_number(self->out, field->tag);
    put_text(self->out, text);
    return true;
}

static bool write_bytes(writer_t *self, const field_t *field, const path_t *path, bytes_t bytes) {
    if (bytes.size == 0) return false;
    if (self->fault != NULL) writer_fault(self, path, bytes_wrong(field, bytes.size));
    put_number(self->out, field->tag);
    put_bytes(self->out, bytes.at, bytes.size);
    return true;
}

static bool write_fixed(writer_t *self, const field_t *field, const uint8_t *at) {
    if (bytes_are_zero(at, field->high)) return false;
    put_number(self->out, field->tag);
    put_bytes(self->out, at, field->high);
    return true;
}

static bool write_true(writer_t *self, const field_t *field) {
    put_number(self->out, field->tag);
    put_true(self->out);
    return true;
}

/* false: the field holds its zero value and was not written. */
static bool write_field(writer_t *self, const field_t *field, const path_t *path, const void *value) {
    switch (field->shape) {
    case FIELD_U64: return write_number(self, field, path, AT(value, field->offset, uint64_t));
    case FIELD_MAYBE: return write_maybe(self, field, path, AT(value, field->offset, maybe_t));
    case FIELD_BOOL: return AT(value, field->offset, bool) && write_true(self, field);
    case FIELD_DAY:
    case FIELD_WORD: return write_number(self, field, path, AT(value, field->offset, uint32_t));
    case FIELD_SLUG:
    case FIELD_TEXT: return write_text(self, field, path, AT(value, field->offset, text_t));
    case FIELD_BYTES: return write_bytes(self, field, path, AT(value, field->offset, bytes_t));
    case FIELD_FIXED: return write_fixed(self, field, (const uint8_t *)value + field->offset);
    case FIELD_OBJECT: return write_object(self, field, path, value);
    case FIELD_SLUGS:
    case FIELD_TEXTS:
    case FIELD_DAYS:
    case FIELD_LIST: return write_list(self, field, path, value);
    }
    return false;
}

/* The head counts what was written behind it: one byte is kept free for it, and the rare long one moves the fields up.
 * Returns the number of fields written. */
static size_t write_message(writer_t *self, const message_t *type, const path_t *path, const void *value) {
    size_t head = self->out->size, count = 0;
    buffer_room(self->out, 1);
    self->out->size++;
    for (size_t index = 0; index < type->field_count; index++) {
        const field_t *field = &type->fields[index];
        path_t here = {path, field->name, 0};
        if (write_field(self, field, &here, value))
            count++;
        else if (self->fault != NULL && field_is_required(field))
            writer_fault(self, &here, "missing_field");
    }
    ASSERT(count <= UINT16_MAX);
    if (count > HEAD_SHORT) {
        buffer_room(self->out, 2);
        uint8_t *at = self->out->at + head;
        memmove(at + 3, at + 1, self->out->size - head - 1);
        self->out->size += 2;
        at[0] = 0xde, at[1] = (uint8_t)(count >> 8), at[2] = (uint8_t)count;
    } else {
        self->out->at[head] = (uint8_t)(0x80 | count);
    }
    return count;
}

err_t wire_encode_by_table(const message_t *type, const void *value, const wire_known_t *known, buffer_t *out, fault_t *fault) {
    writer_t writer = {.out = out, .fault = fault};
    if (known != NULL) writer.known = *known;
    if (fault != NULL) fault->code = NULL;
    write_message(&writer, type, NULL, value);
    return fault == NULL || fault->code == NULL ? OK : ERR_BAD;
}

/* In ever more room, until the doubt is another's. */
static __attribute__((noinline)) bool encode_in_more(laying_t *laying, const message_t *type, const void *value, buffer_t *out) {
    uint8_t *end = NULL;
    while (end == NULL && laying->full) {
        uint8_t *at = buffer_room(out, 2 * (out->room - out->size));
        laying->limit = out->at + out->room - SPARE_ROOM;
        laying->full = false;
        end = type->lay(laying, at, value);
    }
    if (end != NULL) out->size = (size_t)(end - out->at);
    return end != NULL;
}

static inline bool straight(const message_t *type, const void *value, const wire_known_t *known, bool checks, buffer_t *out) {
    static const wire_known_t nothing = {0};
    uint8_t *at = buffer_room(out, LEAST_ROOM + SPARE_ROOM);
    laying_t laying = {out->at + out->room - SPARE_ROOM, known == NULL ? &nothing : known, checks, false};
    uint8_t *end = type->lay(&laying, at, value);
    if (end == NULL) return encode_in_more(&laying, type, value, out);
    out->size = (size_t)(end - out->at);
    return true;
}

bool wire_encode_straight(const message_t *type, const void *value, const wire_known_t *known, bool checks, buffer_t *out) {
    return straight(type, value, known, checks, out);
}

static void encode(const message_t *type, const void *value, const wire_known_t *known, buffer_t *out) {
    if (!straight(type, value, known, false, out)) wire_encode_by_table(type, value, known, out, NULL);
}

static err_t encode_checked(const message_t *type, const void *value, const wire_known_t *known, buffer_t *out, fault_t *fault) {
    fault->code = NULL;
    return straight(type, value, known, true, out) ? OK : wire_encode_by_table(type, value, known, out, fault);
}

void wire_encode(const message_t *type, const void *value, buffer_t *out) { encode(type, value, NULL, out); }

err_t wire_encode_checked(const message_t *type, const void *value, buffer_t *out, fault_t *fault) {
    return encode_checked(type, value, NULL, out, fault);
}

err_t wire_check(const message_t *type, const void *value, fault_t *fault) {
    buffer_t bytes = {0};
    err_t err = wire_encode_checked(type, value, &bytes, fault);
    buffer_destroy(&bytes);
    return err;
}

/* The head of an event or a packet counts its numbers and the body. */
static void event_header(const event_t *event, uint32_t kind, uint32_t version, buffer_t *out) {
    enum { NUMBERS = 5 };
    ASSERT(event->at_ms >= 0);
    uint8_t *at = pack_array(buffer_room(out, 1 + NUMBERS * NUMBER_ROOM), NUMBERS + 1);
    at = lay_plain(lay_plain(at, kind), version);
    at = lay_plain(lay_plain(lay_plain(at, event->epoch), event->cause_seq), (uint64_t)event->at_ms);
    out->size = (size_t)(at - out->at);
}

void event_encode(const event_t *header, const message_t *type, const void *value, buffer_t *out) {
    event_header(header, type->kind, type->version, out);
    wire_encode(type, value, out);
}

err_t event_encode_checked(const event_t *header, const message_t *type, const void *value, const wire_known_t *known,
                           buffer_t *out, fault_t *fault) {
    event_header(header, type->kind, type->version, out);
    return encode_checked(type, value, known, out, fault);
}

void event_copy(const event_t *event, buffer_t *out) {
    event_header(event, event->kind, event->version, out);
    buffer_add(out, event->body.at, event->body.size);
}

static void packet_header(uint32_t kind, uint32_t version, uint64_t request_id, buffer_t *out) {
    enum { NUMBERS = 3 };
    uint8_t *at = pack_array(buffer_room(out, 1 + NUMBERS * NUMBER_ROOM), NUMBERS + 1);
    at = lay_plain(lay_plain(lay_plain(at, kind), version), request_id);
    out->size = (size_t)(at - out->at);
}

void packet_encode(uint64_t request_id, const message_t *type, const void *value, buffer_t *out) {
    packet_header(type->kind, type->version, request_id, out);
    wire_encode(type, value, out);
}

void packet_encode_known(uint64_t request_id, const message_t *type, const void *value, const wire_known_t *known,
                         buffer_t *out) {
    packet_header(type->kind, type->version, request_id, out);
    encode(type, value, known, out);
}

void packet_copy(uint64_t request_id, const packet_t *packet, buffer_t *out) {
    packet_header(packet->kind, packet->version, request_id, out);
    buffer_add(out, packet->body.at, packet->body.size);
}
