/* The bounded scan: what may be believed of untrusted msgpack before anything is decoded. */
#include "proto/wire.h"

static err_t scan_fault(fault_t *fault, const char *code) {
    fault->code = code;
    fault->path[0] = '\0';
    return ERR_BAD;
}

/* What stands behind a first byte: `width` bytes that count payload or children, or (width 0) the count is in the byte itself.
 */
typedef enum { HEAD_WRONG, HEAD_PLAIN, HEAD_BYTES, HEAD_ARRAY, HEAD_MAP } head_kind_t;
typedef struct {
    uint8_t kind;
    uint8_t width;
} head_t;

/* 0xc0 to 0xdf; nil, floats, extensions and what is never used are wrong. */
static const head_t heads[32] = {
    [0x02] = {HEAD_PLAIN, 0}, [0x03] = {HEAD_PLAIN, 0},                                                     /* false, true */
    [0x04] = {HEAD_BYTES, 1}, [0x05] = {HEAD_BYTES, 2}, [0x06] = {HEAD_BYTES, 4},                           /* bin */
    [0x0c] = {HEAD_PLAIN, 1}, [0x0d] = {HEAD_PLAIN, 2}, [0x0e] = {HEAD_PLAIN, 4}, [0x0f] = {HEAD_PLAIN, 8}, /* unsigned */
    [0x10] = {HEAD_PLAIN, 1}, [0x11] = {HEAD_PLAIN, 2}, [0x12] = {HEAD_PLAIN, 4}, [0x13] = {HEAD_PLAIN, 8}, /* signed */
    [0x19] = {HEAD_BYTES, 1}, [0x1a] = {HEAD_BYTES, 2}, [0x1b] = {HEAD_BYTES, 4},                           /* str */
    [0x1c] = {HEAD_ARRAY, 2}, [0x1d] = {HEAD_ARRAY, 4}, [0x1e] = {HEAD_MAP, 2},   [0x1f] = {HEAD_MAP, 4}};

/* What the head at `*at` announces: *payload bytes, *children objects. NULL, or the code of what is wrong. */
static const char *head_read(const uint8_t **at, const uint8_t *end, uint64_t *payload, uint64_t *children) {
    uint8_t first = *(*at)++;
    if (first <= 0x7f || first >= 0xe0) return NULL;
    if (first >= 0xa0 && first <= 0xbf) return *payload = first & 0x1f, NULL;
    if (first <= 0x8f) return *children = 2 * (uint64_t)(first & 0x0f), NULL;
    if (first <= 0x9f) return *children = first & 0x0f, NULL;
    head_t head = heads[first & 0x1f];
    if (head.kind == HEAD_WRONG) return "wrong_type";
    if (end - *at < head.width) return "malformed";
    uint64_t count = 0;
    for (uint32_t index = 0; index < head.width; index++) count = count << 8 | *(*at)++;
    if (head.kind == HEAD_BYTES) *payload = count;
    if (head.kind == HEAD_ARRAY) *children = count;
    if (head.kind == HEAD_MAP) *children = 2 * count;
    return NULL;
}

err_t wire_scan_first(bytes_t bytes, uint32_t *size, fault_t *fault) {
    uint64_t waiting[LIMIT_DEPTH + 1]; /* objects still to come, per level above the one at hand */
    uint64_t here = 1;                 /* the same, of the level at hand */
    uint32_t depth = 0;
    const uint8_t *at = bytes.at, *end = bytes_end(bytes);
    while (true) {
        while (here == 0) {
            if (depth == 0) return *size = (uint32_t)(at - bytes.at), OK;
            here = waiting[--depth];
        }
        here--;
        if (at >= end) return scan_fault(fault, "malformed");
        uint64_t payload = 0, children = 0;
        const char *code = head_read(&at, end, &payload, &children);
        if (code != NULL) return scan_fault(fault, code);
        uint64_t left = (uint64_t)(end - at);
        if (payload > left || children > left) return scan_fault(fault, "malformed");
        at += payload;
        if (children == 0) continue;
        if (depth == LIMIT_DEPTH) return scan_fault(fault, "too_deep");
        waiting[depth++] = here;
        here = children;
    }
}

err_t wire_scan(bytes_t bytes, fault_t *fault) {
    uint32_t size = 0;
    err_t err = wire_scan_first(bytes, &size, fault);
    if (err != OK) return err;
    return size == bytes.size ? OK : scan_fault(fault, "malformed");
}
