/* Many packets in one frame: an array around them. */
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
