/* Terminal columns of UTF-8 text, after Unicode's East Asian Width (UAX #11): W and F take two. */
#include "services/plan/width.h"

typedef struct {
    uint32_t first;
    uint32_t last;
} range_t;

static const range_t wide[] = {
    {0x1100, 0x115f}, {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},
    {0xa960, 0xa97c}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},
    {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x2fffd}, {0x30000, 0x3fffd},
};
static const range_t empty[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x0300, 0x036f}, {0x200b, 0x200f}, {0x2028, 0x202e},
    {0x20d0, 0x20f0}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
};
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static bool in_ranges(const range_t *ranges, size_t count, uint32_t point) {
    for (size_t index = 0; index < count; index++)
        if (point >= ranges[index].first && point <= ranges[index].last) return true;
    return false;
}

/* The code point at *at, which moves behind it; a stray byte counts as one point of its own. */
static uint32_t point_next(text_t text, uint32_t *at) {
    uint8_t first = (uint8_t)text.at[(*at)++];
    uint32_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    if (more == 0 || *at + more > text.size) return first;
    uint32_t point = first & (0x3fu >> more);
    for (uint32_t index = 0; index < more; index++) point = point << 6 | ((uint8_t)text.at[*at + index] & 0x3fu);
    *at += more;
    return point;
}

uint32_t text_width(text_t text) {
    uint32_t columns = 0;
    for (uint32_t at = 0; at < text.size;) {
        uint32_t point = point_next(text, &at);
        if (in_ranges(empty, COUNT_OF(empty), point)) continue;
        columns += in_ranges(wide, COUNT_OF(wide), point) ? 2 : 1;
    }
    return columns;
}

static void blanks_add(buffer_t *out, uint32_t taken, uint32_t columns) {
    for (; taken < columns; taken++) buffer_add(out, " ", 1);
}

void text_pad(buffer_t *out, text_t text, uint32_t columns) {
    buffer_add(out, text.at, text.size);
    blanks_add(out, text_width(text), columns);
}

void text_pad_left(buffer_t *out, text_t text, uint32_t columns) {
    blanks_add(out, text_width(text), columns);
    buffer_add(out, text.at, text.size);
}
