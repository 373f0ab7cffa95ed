/* Struct → canonical msgpack, driven by the field table, packed by msgpack-c. */
#include "proto/wire.h"

#include <msgpack.h>
#include <string.h>

static int pack_write(void *data, const char *bytes, size_t size) {
    buffer_add(data, bytes, size);
    return 0;
}

#define AT(value, offset, type) (*(type const *)(const void *)((const uint8_t *)(value) + (offset)))

static bool is_zero(const uint8_t *at, uint64_t size) {
    for (uint64_t index = 0; index < size; index++)
        if (at[index] != 0) return false;
    return true;
}

static bool message_is_empty(const message_t *type, const void *value);

static bool field_is_empty(const field_t *field, const void *value) {
    switch (field->shape) {
    case FIELD_U64: return AT(value, field->offset, uint64_t) == 0;
    case FIELD_MAYBE: return !AT(value, field->offset, maybe_t).given;
    case FIELD_BOOL: return !AT(value, field->offset, bool);
    case FIELD_DAY:
    case FIELD_WORD: return AT(value, field->offset, uint32_t) == 0;
    case FIELD_SLUG:
    case FIELD_TEXT:
    case FIELD_BYTES: return AT(value, field->offset, text_t).size == 0;
    case FIELD_FIXED: return is_zero((const uint8_t *)value + field->offset, field->high);
    case FIELD_SLUGS:
    case FIELD_TEXTS:
    case FIELD_DAYS:
    case FIELD_LIST: return AT(value, field->count_offset, uint32_t) == 0;
    case FIELD_OBJECT: return message_is_empty(field->sub(), (const uint8_t *)value + field->offset);
    }
    return true;
}

static bool message_is_empty(const message_t *type, const void *value) {
    for (size_t index = 0; index < type->field_count; index++)
        if (!field_is_empty(&type->fields[index], value)) return false;
    return true;
}

static void pack_text(msgpack_packer *packer, text_t text) {
    msgpack_pack_str(packer, text.size);
    if (text.size > 0) msgpack_pack_str_body(packer, text.at, text.size);
}

static void pack_bytes(msgpack_packer *packer, const uint8_t *at, size_t size) {
    msgpack_pack_bin(packer, size);
    msgpack_pack_bin_body(packer, at, size);
}

static void pack_message(msgpack_packer *packer, const message_t *type, const void *value);

static void pack_list(msgpack_packer *packer, const field_t *field, const void *value) {
    uint32_t count = AT(value, field->count_offset, uint32_t);
    const uint8_t *first = AT(value, field->offset, const uint8_t *);
    msgpack_pack_array(packer, count);
    for (uint32_t index = 0; index < count; index++) {
        if (field->shape == FIELD_DAYS) msgpack_pack_uint32(packer, AT(first, sizeof(uint32_t) * index, uint32_t));
        else if (field->shape == FIELD_LIST) pack_message(packer, field->sub(), first + field->sub()->size * index);
        else pack_text(packer, AT(first, sizeof(text_t) * index, text_t));
    }
}

static void pack_field(msgpack_packer *packer, const field_t *field, const void *value) {
    msgpack_pack_uint32(packer, field->tag);
    switch (field->shape) {
    case FIELD_U64: msgpack_pack_uint64(packer, AT(value, field->offset, uint64_t)); break;
    case FIELD_MAYBE: msgpack_pack_int64(packer, AT(value, field->offset, maybe_t).value); break;
    case FIELD_BOOL: msgpack_pack_true(packer); break;
    case FIELD_DAY:
    case FIELD_WORD: msgpack_pack_uint32(packer, AT(value, field->offset, uint32_t)); break;
    case FIELD_SLUG:
    case FIELD_TEXT: pack_text(packer, AT(value, field->offset, text_t)); break;
    case FIELD_BYTES: {
        bytes_t bytes = AT(value, field->offset, bytes_t);
        pack_bytes(packer, bytes.at, bytes.size);
        break;
    }
    case FIELD_FIXED: pack_bytes(packer, (const uint8_t *)value + field->offset, field->high); break;
    case FIELD_OBJECT: pack_message(packer, field->sub(), (const uint8_t *)value + field->offset); break;
    case FIELD_SLUGS:
    case FIELD_TEXTS:
    case FIELD_DAYS:
    case FIELD_LIST: pack_list(packer, field, value); break;
    }
}

static void pack_message(msgpack_packer *packer, const message_t *type, const void *value) {
    size_t present = 0;
    for (size_t index = 0; index < type->field_count; index++) present += !field_is_empty(&type->fields[index], value);
    msgpack_pack_map(packer, present);
    for (size_t index = 0; index < type->field_count; index++)
        if (!field_is_empty(&type->fields[index], value)) pack_field(packer, &type->fields[index], value);
}

void wire_encode(const message_t *type, const void *value, buffer_t *out) {
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, pack_write);
    pack_message(&packer, type, value);
}

static void pack_header(msgpack_packer *packer, const uint64_t *numbers, size_t count) {
    msgpack_pack_array(packer, count + 1);
    for (size_t index = 0; index < count; index++) msgpack_pack_uint64(packer, numbers[index]);
}

static void event_header(const event_t *event, uint32_t kind, uint32_t version, buffer_t *out) {
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, pack_write);
    ASSERT(event->at_ms >= 0);
    uint64_t numbers[] = {kind, version, event->epoch, event->cause_seq, (uint64_t)event->at_ms};
    pack_header(&packer, numbers, sizeof numbers / sizeof numbers[0]);
}

void event_encode(const event_t *header, const message_t *type, const void *value, buffer_t *out) {
    event_header(header, type->kind, type->version, out);
    wire_encode(type, value, out);
}

void event_copy(const event_t *event, buffer_t *out) {
    event_header(event, event->kind, event->version, out);
    buffer_add(out, event->body.at, event->body.size);
}

void packet_encode(uint64_t request_id, const message_t *type, const void *value, buffer_t *out) {
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, pack_write);
    uint64_t numbers[] = {type->kind, type->version, request_id};
    pack_header(&packer, numbers, sizeof numbers / sizeof numbers[0]);
    wire_encode(type, value, out);
}
