/* The bounded scan: what may be believed of untrusted msgpack before anything is decoded. */
#include "proto/wire.h"

#include <string.h>

static err_t scan_fault(fault_t *fault, const char *code) {
    fault->code = code;
    fault->path[0] = '\0';
    return ERR_BAD;
}

typedef struct {
    uint64_t payload;  /* bytes of a string or bin behind the head */
    uint64_t children; /* objects behind the head */
    uint32_t head;     /* bytes of the head itself */
    const char *wrong;
} head_t;

static uint64_t big_endian(const uint8_t *at, uint32_t size) {
    uint64_t value = 0;
    for (uint32_t index = 0; index < size; index++) value = value << 8 | at[index];
    return value;
}

/* Heads of one byte: fixint, fixmap, fixarray, fixstr. */
static bool head_short(uint8_t first, head_t *head) {
    head->head = 1;
    if (first <= 0x7f || first >= 0xe0) return true;
    if (first <= 0x8f) return head->children = 2 * (uint64_t)(first & 0x0f), true;
    if (first <= 0x9f) return head->children = first & 0x0f, true;
    if (first <= 0xbf) return head->payload = first & 0x1f, true;
    return first == 0xc2 || first == 0xc3;
}

static head_t head_read(const uint8_t *at, uint32_t left) {
    head_t head = {0};
    if (head_short(at[0], &head)) return head;
    uint32_t width;
    switch (at[0]) {
    case 0xc4: case 0xd9: case 0xcc: case 0xd0: width = 1; break;
    case 0xc5: case 0xda: case 0xcd: case 0xd1: case 0xdc: case 0xde: width = 2; break;
    case 0xc6: case 0xdb: case 0xce: case 0xd2: case 0xdd: case 0xdf: width = 4; break;
    case 0xcf: case 0xd3: width = 8; break;
    default: return (head_t){.wrong = "wrong_type"}; /* nil, float, ext, never used */
    }
    if (left < 1 + width) return (head_t){.wrong = "malformed"};
    head.head = 1 + width;
    uint64_t count = big_endian(at + 1, width);
    if (at[0] <= 0xc6 || (at[0] >= 0xd9 && at[0] <= 0xdb)) head.payload = count;
    if (at[0] == 0xdc || at[0] == 0xdd) head.children = count;
    if (at[0] == 0xde || at[0] == 0xdf) head.children = 2 * count;
    return head;
}

err_t wire_scan_first(bytes_t bytes, uint32_t *size, fault_t *fault) {
    uint64_t waiting[LIMIT_DEPTH + 1] = {1}; /* objects still to come, per level */
    uint32_t depth = 0, at = 0;
    while (true) {
        while (waiting[depth] == 0) {
            if (depth == 0) return *size = at, OK;
            depth--;
        }
        waiting[depth]--;
        if (at >= bytes.size) return scan_fault(fault, "malformed");
        head_t head = head_read(bytes.at + at, bytes.size - at);
        if (head.wrong != NULL) return scan_fault(fault, head.wrong);
        at += head.head;
        uint64_t left = bytes.size - at;
        if (head.payload > left || head.children > left) return scan_fault(fault, "malformed");
        at += (uint32_t)head.payload;
        if (head.children == 0) continue;
        if (depth == LIMIT_DEPTH) return scan_fault(fault, "too_deep");
        waiting[++depth] = head.children;
    }
}

err_t wire_scan(bytes_t bytes, fault_t *fault) {
    uint32_t size = 0;
    err_t err = wire_scan_first(bytes, &size, fault);
    if (err != OK) return err;
    return size == bytes.size ? OK : scan_fault(fault, "malformed");
}
