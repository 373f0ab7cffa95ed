/* Many packets in one frame: an array around them. Many rows in one packet: a list at its end. */
#include "proto/wire.h"

#include <string.h>

enum { HEAD_ROOM = 3 /* 0xdc and two bytes that count */ };

void packets_begin(buffer_t *frame) {
    buffer_clear(frame);
    buffer_room(frame, HEAD_ROOM);
    frame->size = HEAD_ROOM;
}

bytes_t packets_end(buffer_t *frame, uint32_t count) {
    ASSERT(count > 0 && count <= UINT16_MAX && frame->size > HEAD_ROOM);
    uint32_t unused = count == 1 ? HEAD_ROOM : count < 16 ? HEAD_ROOM - 1 : 0;
    uint8_t *at = frame->at;
    if (unused == 0)
        at[0] = 0xdc, at[1] = (uint8_t)(count >> 8), at[2] = (uint8_t)count;
    else if (count > 1)
        at[unused] = (uint8_t)(0x90 | count);
    return (bytes_t){at + unused, (uint32_t)(frame->size - unused)};
}

/* Size of an array's head and its count; 0: no array begins here. */
static uint32_t array_head(bytes_t bytes, uint32_t *count) {
    if (bytes.size == 0) return 0;
    uint8_t first = bytes.at[0];
    if (first >= 0x90 && first <= 0x9f) return *count = first & 0x0f, 1;
    uint32_t width = first == 0xdc ? 2 : first == 0xdd ? 4 : 0;
    if (width == 0 || bytes.size < 1 + width) return 0;
    *count = 0;
    for (uint32_t index = 0; index < width; index++) *count = *count << 8 | bytes.at[1 + index];
    return 1 + width;
}

bytes_t packets_of(bytes_t frame, uint32_t *count) {
    uint32_t inner = 0;
    uint32_t head = array_head(frame, count);
    bytes_t rest = {frame.at + head, frame.size - head};
    if (head > 0 && *count > 0 && array_head(rest, &inner) > 0) return rest;
    *count = 1;
    return frame;
}

/* They are put behind the other fields, and the body's head, which is one byte that counts, counts one more. */
void packet_encode_rows(const message_t *type, const void *bare, bytes_t rows, uint32_t count, buffer_t *out) {
    enum { FIX_ARRAY = 0x90, ARRAY_16 = 0xdc };
    const field_t *last = &type->fields[type->field_count - 1];
    ASSERT(count > 0 && count <= LIMIT_PACKETS && last->shape == FIELD_LIST && type->field_count < 16 && last->tag < 128);
    size_t begin = out->size;
    packet_encode(0, type, bare, out);
    packet_t packet;
    fault_t fault;
    err_t err = packet_open((bytes_t){out->at + begin, (uint32_t)(out->size - begin)}, &packet, &fault);
    ASSERT(err == OK); /* we wrote it */
    out->at[out->size - packet.body.size]++;
    uint8_t tag = (uint8_t)last->tag;
    const uint8_t few[] = {tag, (uint8_t)(FIX_ARRAY | count)}, many[] = {tag, ARRAY_16, (uint8_t)(count >> 8), (uint8_t)count};
    if (count < 16) buffer_add(out, few, sizeof few);
    else buffer_add(out, many, sizeof many);
    buffer_add(out, rows.at, rows.size);
}
